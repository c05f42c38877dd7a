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
    (
        "is not supported. Supported models",
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

/// The dialect, or the one whose reader of errors takes them in whatever form.
fn spoken(dialect: Dialect) -> Dialect {
    dialects::called(dialect).map_or(Dialect::OpenAiChat, |_| dialect)
}

/// The headers of a recorded answer.
fn headers_of(exchange: &corpus::Exchange) -> http::HeaderMap {
    let headers = exchange.response.headers.iter();
    headers
        .filter_map(|(name, value)| {
            Some((name.parse::<http::HeaderName>().ok()?, value.parse().ok()?))
        })
        .collect()
}

/// What each vendor's errors mean, all recorded ones, one line for all that are alike.
#[test]
fn recorded_errors_by_vendor_status_and_code_are_what_the_table_says() {
    if !corpus::available() {
        println!("skipped: the corpus is not beside the repository");
        return;
    }
    let mut table = std::collections::BTreeMap::<String, usize>::new();
    for exchange in corpus::exchanges(None, "error") {
        let exchange = exchange.unwrap();
        if exchange.response.base64.is_some() {
            continue;
        }
        let status = exchange.response.status;
        // Its reader takes errors of whatever form, so that the table holds for all vendors.
        let dialect = Dialect::OpenAiChat;
        let error = codec(dialect).parse_error(status, &exchange.response.wire_bytes());
        let upstream = own(dialect, "https://lab.example/v1");
        let fault = judge(&upstream, status, &headers_of(&exchange), &error);
        let code = fault.provider_code.as_deref().unwrap_or("-");
        let meaning = format!("{:?}", taken(&fault));
        let provider = &exchange.provider;
        let line = format!("{provider:<12} {status} {code:<34} {meaning}");
        *table.entry(line).or_default() += 1;
    }
    let lines: Vec<_> = table
        .into_iter()
        .map(|(line, count)| format!("{line} ×{count}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
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
            "bedrock" => spoken(Dialect::Bedrock),
            "cohere" => spoken(Dialect::Cohere),
            "ollama" => spoken(Dialect::Ollama),
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
        let fault = judge(&upstream, status, &headers_of(&exchange), &error);
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
    // Replicate: titles and details.
    (
        401,
        "Unauthenticated",
        "You did not pass a valid authentication token",
        Taken::Account,
    ),
    (
        402,
        "Insufficient credit",
        "You have insufficient credit to run this model.",
        Taken::Account,
    ),
    (
        404,
        "Not found",
        "The requested resource could not be found.",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        422,
        "Invalid version or not permitted",
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        422,
        "Input validation failed",
        "- input.top_p: Must be at most 1",
        Taken::Caller(Kind::Unprocessable),
    ),
    (
        429,
        "",
        "Request was throttled. Your rate limit resets in ~30s.",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
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
    // AWS, by its exceptions; within a stream they come without a status.
    (
        429,
        "ThrottlingException",
        "Too many requests",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
    (
        200,
        "throttlingException",
        "Too many requests",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
    (
        400,
        "ServiceQuotaExceededException",
        "",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
    (
        429,
        "ModelNotReadyException",
        "",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (
        200,
        "serviceUnavailableException",
        "",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (
        424,
        "ModelErrorException",
        "",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        200,
        "modelStreamErrorException",
        "",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        408,
        "ModelTimeoutException",
        "",
        Taken::Upstream(Kind::Timeout),
    ),
    (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
        Taken::Account,
    ),
    (400, "UnrecognizedClientException", "", Taken::Account),
    (
        404,
        "ResourceNotFoundException",
        "Could not resolve the foundation model",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        400,
        "ValidationException",
        "Input is too long for requested model.",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    // Google, by its status words.
    (
        400,
        "FAILED_PRECONDITION",
        "User location is not supported for the API use.",
        Taken::Account,
    ),
    (
        200,
        "UNAVAILABLE",
        "The model is overloaded",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (200, "DEADLINE_EXCEEDED", "", Taken::Upstream(Kind::Timeout)),
    (
        200,
        "INTERNAL",
        "",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        403,
        "PERMISSION_DENIED",
        "Vertex AI API has not been used in project 1",
        Taken::Account,
    ),
    // Azure.
    (
        400,
        "content_filter",
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (
        400,
        "ResponsibleAIPolicyViolation",
        "",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (
        400,
        "OperationNotSupported",
        "The chatCompletion operation does not work with the specified model",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    // Databricks and Snowflake.
    (
        404,
        "ENDPOINT_NOT_FOUND",
        "no such endpoint",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        400,
        "RESOURCE_DOES_NOT_EXIST",
        "",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        429,
        "REQUEST_LIMIT_EXCEEDED",
        "",
        Taken::Upstream(Kind::RateLimitExceeded),
    ),
    (
        503,
        "TEMPORARILY_UNAVAILABLE",
        "",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (403, "390303", "Invalid OAuth access token.", Taken::Account),
    (
        400,
        "",
        "unknown model \"x\"",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    // Cohere, Ollama, routers.
    (
        400,
        "TOO_MANY_TOKENS",
        "too many tokens",
        Taken::Caller(Kind::ContextLengthExceeded),
    ),
    (
        404,
        "",
        "model 'x' not found",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    (
        400,
        "model_not_supported",
        "The requested model 'x' is not supported by any provider you have enabled.",
        Taken::Upstream(Kind::ProviderUnavailable),
    ),
    // Makers in China.
    (
        400,
        "invalid_request_error",
        "Content Exists Risk",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (
        400,
        "DataInspectionFailed",
        "Input data may contain inappropriate content.",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (
        400,
        "1301",
        "may contain unsafe or sensitive content",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (429, "exceeded_current_quota_error", "", Taken::Account),
    (
        429,
        "engine_overloaded_error",
        "",
        Taken::Upstream(Kind::ProviderOverloaded),
    ),
    (
        400,
        "Arrearage",
        "Access denied, please make sure your account is in good standing.",
        Taken::Account,
    ),
    // xAI and OpenAI.
    (
        403,
        "",
        "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_CSAM",
        Taken::Caller(Kind::ContentPolicyViolation),
    ),
    (
        400,
        "invalid_prompt",
        "Invalid prompt",
        Taken::Caller(Kind::InvalidPrompt),
    ),
    (
        400,
        "token_limit_exceeded",
        "",
        Taken::Caller(Kind::TokenLimitExceeded),
    ),
    (412, "", "", Taken::Caller(Kind::PreconditionFailed)),
];

#[test]
fn aws_names_the_kind_of_an_error_in_a_header() {
    let dialect = Dialect::OpenAiChat;
    let name = "x-amzn-errortype".parse::<http::HeaderName>().unwrap();
    for (kind, meaning) in [
        (
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
            Taken::Upstream(Kind::RateLimitExceeded),
        ),
        ("UnrecognizedClientException", Taken::Account),
        (":", Taken::Caller(Kind::InvalidRequest)),
    ] {
        let headers = http::HeaderMap::from_iter([(name.clone(), kind.parse().unwrap())]);
        let error = codec(dialect).parse_error(400, b"{\"message\":\"no\"}");
        let fault = judge(
            &own(dialect, "https://lab.example/v1"),
            400,
            &headers,
            &error,
        );
        assert_eq!(taken(&fault), meaning, "{kind}");
        let code = fault.provider_code.as_deref().unwrap_or_default();
        assert!(kind.starts_with(code) && !code.contains(':'), "{code}");
    }
}

#[test]
fn errors_that_were_not_recorded_are_taken_for_what_vendors_document() {
    for (status, code, message, meaning) in DOCUMENTED {
        let fault = said(*status, code, message);
        assert_eq!(taken(&fault), *meaning, "{status} {code} {message}");
    }
}

#[test]
fn what_a_vendor_quotes_of_a_request_says_nothing_about_account_or_model() {
    for quoted in [
        "invalid api key",
        "your credit balance is too low",
        "the model does not exist",
    ] {
        for message in [
            format!("Invalid value: '{quoted}'. Supported values are: 'auto' and 'none'."),
            format!("tool_choice: unknown variant `{quoted}`, expected one of `auto`, `none`"),
            format!("{{\"loc\": [\"body\"], \"input\": \"{quoted}\"}}"),
        ] {
            let fault = said(400, "", &message);
            let meaning = Taken::Caller(Kind::InvalidRequest);
            assert_eq!(taken(&fault), meaning, "{message}");
        }
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
