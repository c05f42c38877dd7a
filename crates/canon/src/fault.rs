//! Why a request could not be served, whose fault that is, and what may be done about it.

use std::{borrow::Cow, error::Error, fmt};

use serde_json::{Map, Value};

use crate::{ProviderId, RouterMetadata};

/// Why a request could not be served. The one shape in which errors cross from crate to crate.
pub struct Fault {
    /// What went wrong.
    pub kind: Kind,
    /// Whose fault it is.
    pub blame: Blame,
    /// Whether another try makes sense, and where.
    pub again: Again,
    /// What the caller may hear. Never an address, a key or another tenant's data.
    pub say: Cow<'static, str>,
    /// The vendor's own code for it (`insufficient_quota`), shown as `provider_code`.
    pub provider_code: Option<Box<str>>,
    /// More that the caller may read, as `error.metadata`.
    pub metadata: Option<Box<Map<String, Value>>>,
    /// Why no endpoint could serve, where that is the reason.
    pub availability: Option<Box<Availability>>,
    /// How the request was routed, where the caller asked to see it (`openrouter_metadata`).
    pub router: Option<Box<RouterMetadata>>,
    /// What only the log may hear.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong: OpenRouter's vocabulary of `error_type` (spec/inference.md §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the names are the vocabulary; spec/inference.md §6.2 explains them"
)]
pub enum Kind {
    Authentication,
    ContentPolicyViolation,
    ContextLengthExceeded,
    ImageDownloadFailed,
    ImageNotFound,
    ImageTooLarge,
    ImageTooSmall,
    InvalidImage,
    InvalidPrompt,
    InvalidRequest,
    MaxTokensExceeded,
    NotFound,
    PayloadTooLarge,
    PaymentRequired,
    PermissionDenied,
    PreconditionFailed,
    ProviderOverloaded,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
    Server,
    StringTooLong,
    Timeout,
    TokenLimitExceeded,
    Unmapped,
    Unprocessable,
    UnsupportedImageFormat,
}

/// Whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The request's.
    Caller,
    /// This provider's.
    Upstream(ProviderId),
    /// Weir's.
    Us,
}

/// Whether another try makes sense, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// No: the same request fails everywhere.
    Never,
    /// At another endpoint. The endpoint that failed asks to be left alone for so long.
    Elsewhere {
        /// Milliseconds, where the vendor said (Retry-After).
        after_ms: Option<u64>,
    },
    /// At another endpoint, and the account behind this one is out of order (bad key, no quota): every
    /// endpoint that uses the same key will fail too.
    OtherAccount,
}

/// Why no endpoint could serve (spec/inference.md §6.7).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Availability {
    /// One of the eleven codes.
    pub code: &'static str,
    /// Whether a later try may succeed.
    pub retryable: bool,
    /// Seconds until then.
    pub retry_after_s: Option<u64>,
    /// What was asked for.
    pub requested_models: Vec<String>,
    /// Providers that were looked at.
    pub affected_providers: Vec<String>,
    /// What excluded them, from the fixed vocabulary.
    pub excluded_by: Vec<&'static str>,
    /// What would work instead.
    pub fallback_models: Vec<String>,
    /// The field that excluded them, and how to change it.
    pub constraint: Option<(String, String)>,
}

impl Fault {
    /// A fault with what the caller may hear and nothing else.
    pub fn new(kind: Kind, blame: Blame, again: Again, say: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            blame,
            again,
            say: say.into(),
            provider_code: None,
            metadata: None,
            availability: None,
            router: None,
            source: None,
        }
    }

    /// The caller's fault; no other endpoint would take it.
    pub fn caller(kind: Kind, say: impl Into<Cow<'static, str>>) -> Self {
        Self::new(kind, Blame::Caller, Again::Never, say)
    }

    /// A provider's fault; another may serve.
    pub fn upstream(provider: ProviderId, kind: Kind, say: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            kind,
            Blame::Upstream(provider),
            Again::Elsewhere { after_ms: None },
            say,
        )
    }

    /// Our fault. The caller hears no more than that; the log hears why.
    pub fn ours(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut fault = Self::new(
            Kind::Server,
            Blame::Us,
            Again::Never,
            "Internal Server Error",
        );
        fault.source = Some(source.into());
        fault
    }

    /// The same with what only the log may hear.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with one more field for the caller to read.
    #[must_use]
    pub fn with_metadata(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metadata
            .get_or_insert_default()
            .insert(name.to_owned(), value.into());
        self
    }
}

impl Kind {
    /// Every kind, in alphabetical order.
    pub const ALL: &[Self] = &[
        Self::Authentication,
        Self::ContentPolicyViolation,
        Self::ContextLengthExceeded,
        Self::ImageDownloadFailed,
        Self::ImageNotFound,
        Self::ImageTooLarge,
        Self::ImageTooSmall,
        Self::InvalidImage,
        Self::InvalidPrompt,
        Self::InvalidRequest,
        Self::MaxTokensExceeded,
        Self::NotFound,
        Self::PayloadTooLarge,
        Self::PaymentRequired,
        Self::PermissionDenied,
        Self::PreconditionFailed,
        Self::ProviderOverloaded,
        Self::ProviderUnavailable,
        Self::RateLimitExceeded,
        Self::Refusal,
        Self::Server,
        Self::StringTooLong,
        Self::Timeout,
        Self::TokenLimitExceeded,
        Self::Unmapped,
        Self::Unprocessable,
        Self::UnsupportedImageFormat,
    ];

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Its name on the wire, `error_type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::ContentPolicyViolation => "content_policy_violation",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::ImageDownloadFailed => "image_download_failed",
            Self::ImageNotFound => "image_not_found",
            Self::ImageTooLarge => "image_too_large",
            Self::ImageTooSmall => "image_too_small",
            Self::InvalidImage => "invalid_image",
            Self::InvalidPrompt => "invalid_prompt",
            Self::InvalidRequest => "invalid_request",
            Self::MaxTokensExceeded => "max_tokens_exceeded",
            Self::NotFound => "not_found",
            Self::PayloadTooLarge => "payload_too_large",
            Self::PaymentRequired => "payment_required",
            Self::PermissionDenied => "permission_denied",
            Self::PreconditionFailed => "precondition_failed",
            Self::ProviderOverloaded => "provider_overloaded",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::RateLimitExceeded => "rate_limit_exceeded",
            Self::Refusal => "refusal",
            Self::Server => "server",
            Self::StringTooLong => "string_too_long",
            Self::Timeout => "timeout",
            Self::TokenLimitExceeded => "token_limit_exceeded",
            Self::Unmapped => "unmapped",
            Self::Unprocessable => "unprocessable",
            Self::UnsupportedImageFormat => "unsupported_image_format",
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("kind", &self.kind)
            .field("blame", &self.blame)
            .field("again", &self.again)
            .field("say", &self.say)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
