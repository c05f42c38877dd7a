//! What vendors' errors are taken for: every recorded one, and the forms that were not recorded.

use canon::{Again, Blame, Dialect, Fault, Kind};
use dialects::VendorError;
use providers::verdict::judge;
use testbed::corpus;

use crate::{KEY, codec, own, wires};

/// What an error is taken for.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// The caller's, of this kind.
    Caller(Kind),
    /// The provider's, of this kind.
    Upstream(Kind),
    /// The operator's account is out of order.
    Account,
}

fn taken(fault: &Fault) -> Taken {
    match (&fault.blame, fault.again) {
        (Blame::Caller, Again::Never) => Taken::Caller(fault.kind),
        (Blame::Upstream(_), Again::Elsewhere { .. }) => Taken::Upstream(fault.kind),
        (Blame::Upstream(_), Again::OtherAccount) => {
            assert_eq!(fault.kind, Kind::ProviderUnavailable);
            Taken::Account
        }
        (blame, again) => panic!("{blame:?} and {again:?} do not fit together"),
    }
}

/// Words of recorded errors and what they mean, read by a person; the first that fits counts.
const BY_WORDS: &[(&str, Taken)] = &[
    (
        "maximum context length",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        "exceeds the context window",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        "input token count",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        "too many tokens",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        "Input Tokens Exceeded",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        "input (4002 tokens)",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        "Error while downloading",
        Taken::Caller(Kind::ImageDownloadFailed),
    ),
    (
        "cannot make GET request",
        Taken::Caller(Kind::ImageDownloadFailed),
    ),
    (
        "unsupported image",
        Taken::Caller(Kind::UnsupportedImageFormat),
    ),
    ("Invalid image data", Taken::Caller(Kind::InvalidImage)),
    ("Failed to load image", Taken::Caller(Kind::InvalidImage)),
    ("Incorrect API key", Taken::Account),
    ("API_KEY_INVALID", Taken::Account),
    (
        "RESOURCE_EXHAUSTED",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
    (
        "Invalid model: ",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        "model identifier is invalid",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        "have access to the model",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    ("does not exist", Taken::Upstream(Kind::ProviderUnavailable)),
    (
        "are not allowed to",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        "did not call a tool",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    ("CachedContent not found", Taken::Account),
];

fn expected(status: u16, body: &str) -> Taken {
    let by_words = BY_WORDS.iter().find(|(words, _)| body.contains(words));
    match (by_words, status) {
        (Some((_, Taken::Caller(kind))), _) => Taken::Caller(*kind),
        (Some((_, Taken::Upstream(kind))), _) => Taken::Upstream(*kind),
        (Some((_, Taken::Account)), _) | (None, 401..=403) => Taken::Account,
        (None, 400) => Taken::Caller(Kind::InvalidRequest),
        (None, 429) => Taken::Upstream(Kind::RateLimitExceeded),
        (None, 404 | 500 | 501) => Taken::Upstream(Kind::ProviderUnavailable),
        (None, other) => panic!("nobody has read an error of status {other} yet: {body}"),
    }
}

#[test]
fn every_recorded_error_is_taken_for_what_it_is() {
    if !corpus::available() {
        println!("skipped: the corpus is not beside the repository");
        return;
    }
    let mut judged = 0;
    let mut wrong = Vec::new();
    for exchange in corpus::exchanges(None, "error") {
        let exchange = exchange.unwrap();
        let dialect = match exchange.provider.as_str() {
            "anthropic" => Dialect::Anthropic,
            "gemini" | "vertex" => Dialect::Gemini,
            _ => Dialect::OpenAiChat,
        };
        // Some bodies were recorded compressed and cannot be read.
        if dialects::called(dialect).is_none() || exchange.response.base64.is_some() {
            continue;
        }
        judged += 1;
        let status = exchange.response.status;
        let body = exchange.response.wire_bytes();
        let error = codec(dialect).parse_error(status, &body);
        let upstream = own(dialect, "https://lab.example/v1");
        let headers = exchange
            .response
            .headers
            .iter()
            .filter_map(|(name, value)| {
                Some((name.parse::<http::HeaderName>().ok()?, value.parse().ok()?))
            });
        let fault = judge(&upstream, status, &headers.collect(), &error);
        let text = String::from_utf8_lossy(&body);
        if taken(&fault) != expected(status, &text) {
            wrong.push(format!(
                "{}: {status} {text}\n  taken for {fault:?}",
                exchange.label()
            ));
        }
        for private in ["://", "sk-", "org-", KEY] {
            assert!(
                !fault.say.contains(private),
                "{}: {}",
                exchange.label(),
                fault.say
            );
            let logged = fault.source.as_ref().unwrap().to_string();
            assert!(!logged.contains(private), "{}: {logged}", exchange.label());
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {judged}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(judged > 10, "{judged}");
}

fn said(status: u16, code: &str, message: &str) -> Fault {
    let (dialect, _) = wires().next().unwrap();
    let error = VendorError {
        code: (!code.is_empty()).then(|| code.to_owned()),
        message: (!message.is_empty()).then(|| message.to_owned()),
        ..VendorError::default()
    };
    judge(
        &own(dialect, "https://lab.example/v1"),
        status,
        &http::HeaderMap::new(),
        &error,
    )
}

/// Status, code, message and meaning of errors as vendors document them.
const DOCUMENTED: &[(u16, &str, &str, Taken)] = &[
    (
        429,
        "insufficient_quota",
        "You exceeded your current quota",
        Taken::Account,
    ),
    (
        429,
        "rate_limit_exceeded",
        "Rate limit reached",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
    (402, "", "Insufficient Balance", Taken::Account),
    (
        400,
        "invalid_request_error",
        "Your credit balance is too low",
        Taken::Account,
    ),
    (403, "permission_error", "", Taken::Account),
    (
        529,
        "overloaded_error",
        "Overloaded",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (
        200,
        "overloaded_error",
        "Overloaded",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (
        200,
        "rate_limit_error",
        "",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
    (
        200,
        "",
        "something odd",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        500,
        "api_error",
        "Internal",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        503,
        "",
        "The engine is currently overloaded",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (504, "", "", Taken::Upstream(Kind::Timeout)),
    (408, "", "", Taken::Upstream(Kind::Timeout)),
    (409, "", "", Taken::Upstream(Kind::ProviderUnavailable)),
    (301, "", "", Taken::Upstream(Kind::ProviderUnavailable)),
    (
        413,
        "request_too_large",
        "",
        Taken::Caller(Kind::PayloadTooLarge),
    ),
    (422, "", "extra field", Taken::Caller(Kind::Unprocessable)),
    (
        400,
        "content_policy_violation",
        "",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (
        400,
        "invalid_request_error",
        "Output blocked by content filtering policy",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (
        400,
        "invalid_request_error",
        "prompt is too long: 208310 tokens > 200000 maximum",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        400,
        "invalid_request_error",
        "max_tokens: 99999 > 8192, which is the maximum allowed number of output tokens",
        Taken::Caller(Kind::MaxTokensExceeded),
    ),
    (
        400,
        "",
        "image exceeds 5 MB maximum",
        Taken::Caller(Kind::ImageTooLarge),
    ),
    (
        404,
        "model_not_found",
        "no",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        400,
        "",
        "temperature must be <= 2",
        Taken::Caller(Kind::InvalidRequest),
    ),
];

#[test]
fn errors_that_were_not_recorded_are_taken_for_what_vendors_document() {
    for (status, code, message, meaning) in DOCUMENTED {
        let fault = said(*status, code, message);
        assert_eq!(taken(&fault), *meaning, "{status} {code} {message}");
    }
}

#[test]
fn the_caller_hears_the_vendors_words_only_about_the_request() {
    let request = said(
        400,
        "bad",
        "Invalid 'x' for sk-abc123 at https://api.lab.example/v1, see lab.example",
    );
    assert_eq!(request.say, "Invalid 'x' for *** at ***, see ***");
    for (status, message) in [
        (401, "key kEy-4f9c-do-not-print"),
        (500, "stack trace"),
        (429, "org-1 is slow"),
    ] {
        let fault = said(status, "", message);
        for word in message.split(' ').filter(|word| word.len() > 4) {
            assert!(!fault.say.contains(word), "{}", fault.say);
        }
        assert_eq!(fault.metadata.as_ref().unwrap()["provider_name"], "Lab");
    }
}

#[test]
fn the_log_hears_the_vendors_words_about_the_account_but_not_about_a_request() {
    let logged = |fault: Fault| fault.source.unwrap().to_string();
    let account = logged(said(
        402,
        "",
        "Insufficient Balance of kEy-4f9c-do-not-print",
    ));
    assert_eq!(account, "lab answered 402: Insufficient Balance of ***");
    assert_eq!(
        logged(said(400, "bad", "cannot read 'my secret diary'")),
        "lab answered 400 (bad)"
    );
    assert_eq!(
        logged(said(500, "", "panic at 'my secret diary'")),
        "lab answered 500"
    );
}

#[test]
fn a_code_is_passed_on_unless_it_could_be_something_else() {
    assert_eq!(
        said(400, "bad_thing", "").provider_code.as_deref(),
        Some("bad_thing")
    );
    for code in ["sk-abc", "two words", "https://x", ""] {
        assert_eq!(said(400, code, "").provider_code, None, "{code}");
    }
}
