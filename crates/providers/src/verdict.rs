//! What a failure means: whose fault, whether and where to try again, what the caller may hear. The
//! only place that reads a vendor's status, headers and error bodies.
//!
//! Three readers are told apart. The caller hears a vendor's own words only where the request is at
//! fault, with addresses, keys and accounts taken out. The log hears the vendor's words only about
//! the account and the model, where an operator must act: words about a request may quote it.
//! Routing hears [`Again`].

mod scrub;
mod wait;
mod words;

use std::{borrow::Cow, error::Error};

use canon::{Again, Blame, Fault, Kind};
use dialects::VendorError;
use http::HeaderMap;

use self::words::Finding;
use crate::{Upstream, auth::TokenError, call::Unread};

/// What a vendor answered instead of an answer; for the log.
#[derive(Debug, thiserror::Error)]
#[error("{provider} answered {status}{detail}")]
struct Answered {
    provider: String,
    status: u16,
    /// Its code in brackets and its words behind a colon, as far as there are any.
    detail: String,
}

/// What went wrong without an answer; for the log.
#[derive(Debug, thiserror::Error)]
enum Silent {
    #[error("{provider}: {what} did not come in time")]
    Late {
        provider: String,
        what: &'static str,
    },
    #[error("{provider} could not be reached")]
    Unreachable {
        provider: String,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("{provider}: the connection broke")]
    Broken {
        provider: String,
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    #[error("{provider}: the answer could not be read")]
    Garbage {
        provider: String,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("{provider}: the answer says nothing")]
    Empty { provider: String },
    #[error("{provider}: no credentials")]
    Unsigned {
        provider: String,
        source: TokenError,
    },
    #[error("{provider}: the model's name makes no address")]
    Unaddressable { provider: String },
}

/// Judges an error answer: an error status, or an error under a good one.
#[must_use]
pub fn judge(upstream: &Upstream, status: u16, headers: &HeaderMap, error: &VendorError) -> Fault {
    let after_ms = wait::asked_for(headers, error.retry_after_ms);
    let named = with_named_kind(headers, error);
    let error = named.as_ref().unwrap_or(error);
    let finding = words::find(status, error);
    let mut fault = match finding {
        Finding::Caller(kind) => caller(upstream, kind, error),
        Finding::Account => upstreams(upstream, Kind::ProviderUnavailable, Again::OtherAccount),
        Finding::Upstream(kind) => upstreams(upstream, kind, Again::Elsewhere { after_ms }),
        Finding::Model => upstreams(
            upstream,
            Kind::ProviderUnavailable,
            Again::Elsewhere { after_ms: None },
        ),
    };
    let code = error.code.as_deref().filter(|code| scrub::is_code(code));
    fault.provider_code = code.map(Box::from);
    let mut detail = code.map_or_else(String::new, |code| format!(" ({code})"));
    let speaks_of_us = matches!(finding, Finding::Account | Finding::Model) || status == 429;
    if let Some(message) = error.message.as_deref().filter(|_| speaks_of_us) {
        detail.push_str(": ");
        detail.push_str(&scrub::scrub(message, upstream.secrets()));
    }
    fault.with_source(Answered {
        provider: upstream.id().to_string(),
        status,
        detail,
    })
}

/// AWS names the kind of an error in a header, with an address behind it, and only says the rest in the body.
fn with_named_kind(headers: &HeaderMap, error: &VendorError) -> Option<VendorError> {
    let kind = headers.get("x-amzn-errortype")?.to_str().ok()?;
    let kind = kind.split([':', '#']).find(|kind| !kind.is_empty())?;
    error.code.is_none().then(|| VendorError {
        code: Some(kind.to_owned()),
        ..error.clone()
    })
}

/// How long a vendor that answers wants to be left alone from here on: a budget of its is exhausted
/// (`x-ratelimit-remaining-requests: 0`).
pub(crate) fn rest_ahead(headers: &HeaderMap) -> Option<u64> {
    wait::exhausted_for(headers)
}

/// Judges an error that a vendor states within a stream.
pub(crate) fn in_stream(upstream: &Upstream, error: &VendorError) -> Box<Fault> {
    Box::new(judge(upstream, 200, &HeaderMap::new(), error))
}

/// The dialect cannot say the request.
pub(crate) fn unsayable(error: dialects::Error) -> Box<Fault> {
    let again = match error {
        // A provider with another dialect may be able to.
        dialects::Error::Unsayable { .. } => Again::Elsewhere { after_ms: None },
        dialects::Error::Json { .. }
        | dialects::Error::Field { .. }
        | dialects::Error::Missing { .. } => Again::Never,
    };
    Box::new(Fault::new(
        Kind::InvalidRequest,
        Blame::Caller,
        again,
        error.to_string(),
    ))
}

/// The vendor's name of the model cannot stand in an address.
pub(crate) fn unaddressable(upstream: &Upstream) -> Box<Fault> {
    silent(
        upstream,
        Kind::ProviderUnavailable,
        Silent::Unaddressable {
            provider: upstream.id().to_string(),
        },
    )
}

/// There is nothing to show the vendor. A refusal stays until somebody acts; anything else may pass.
pub(crate) fn unsigned(upstream: &Upstream, error: TokenError) -> Box<Fault> {
    let again = match &error {
        TokenError::Refused { status, .. } if (400..500).contains(status) && *status != 429 => {
            Again::OtherAccount
        }
        TokenError::Garbage
        | TokenError::Unsendable
        | TokenError::File { .. }
        | TokenError::Over(_) => Again::OtherAccount,
        TokenError::Refused { .. } | TokenError::Unreachable(_) | TokenError::Late => {
            Again::Elsewhere { after_ms: None }
        }
    };
    let provider = upstream.id().to_string();
    let source = Silent::Unsigned {
        provider,
        source: error,
    };
    Box::new(upstreams(upstream, Kind::ProviderUnavailable, again).with_source(source))
}

/// A wait reached its end.
pub(crate) fn timed_out(upstream: &Upstream, what: &'static str) -> Box<Fault> {
    silent(
        upstream,
        Kind::Timeout,
        Silent::Late {
            provider: upstream.id().to_string(),
            what,
        },
    )
}

/// No connection.
pub(crate) fn unreachable(
    upstream: &Upstream,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> Box<Fault> {
    silent(
        upstream,
        Kind::ProviderUnavailable,
        Silent::Unreachable {
            provider: upstream.id().to_string(),
            source: source.into(),
        },
    )
}

/// The connection broke before there was an answer.
pub(crate) fn broken(
    upstream: &Upstream,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> Box<Fault> {
    cut(upstream, Some(source.into()))
}

/// The connection broke, or the bytes ended before the answer did.
pub(crate) fn cut(upstream: &Upstream, source: Option<Box<dyn Error + Send + Sync>>) -> Box<Fault> {
    silent(
        upstream,
        Kind::ProviderUnavailable,
        Silent::Broken {
            provider: upstream.id().to_string(),
            source,
        },
    )
}

/// A whole answer could not be read to its end.
pub(crate) fn unreadable(upstream: &Upstream, error: Unread) -> Box<Fault> {
    match error {
        Unread::Broken(source) => cut(upstream, Some(source.into())),
        Unread::TooLong(_) => garbage(upstream, error),
    }
}

/// The answer is none of this dialect.
pub(crate) fn garbage(
    upstream: &Upstream,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> Box<Fault> {
    silent(
        upstream,
        Kind::ProviderUnavailable,
        Silent::Garbage {
            provider: upstream.id().to_string(),
            source: source.into(),
        },
    )
}

/// The answer says nothing.
pub(crate) fn empty(upstream: &Upstream) -> Box<Fault> {
    silent(
        upstream,
        Kind::ProviderUnavailable,
        Silent::Empty {
            provider: upstream.id().to_string(),
        },
    )
}

fn silent(upstream: &Upstream, kind: Kind, source: Silent) -> Box<Fault> {
    let again = Again::Elsewhere { after_ms: None };
    Box::new(upstreams(upstream, kind, again).with_source(source))
}

/// The provider's fault; the caller hears who it was and what kind of trouble it is in.
fn upstreams(upstream: &Upstream, kind: Kind, again: Again) -> Fault {
    let name = upstream.name();
    let say: Cow<'static, str> = if kind == Kind::RateLimitExceeded {
        format!("{name} is rate-limited upstream. Please retry shortly.").into()
    } else if kind == Kind::ProviderOverloaded {
        format!("{name} is overloaded. Please retry shortly.").into()
    } else if kind == Kind::Timeout {
        format!("{name} did not answer in time").into()
    } else {
        "Provider returned error".into()
    };
    Fault::new(kind, Blame::Upstream(upstream.id().clone()), again, say)
        .with_metadata("provider_name", name)
}

/// The request's fault, in the vendor's words as far as they are fit to hear.
fn caller(upstream: &Upstream, kind: Kind, error: &VendorError) -> Fault {
    let said = error
        .message
        .as_deref()
        .map(|message| scrub::scrub(message, upstream.secrets()))
        .filter(|message| !message.is_empty());
    let say = said.map_or(Cow::Borrowed("Invalid request parameters"), Cow::Owned);
    Fault::caller(kind, say).with_metadata("provider_name", upstream.name())
}
