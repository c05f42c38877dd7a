//! What vendors mean by what they say: status, code and message to one finding. The words are those
//! that vendors were recorded to use; a word that nobody uses is not listed.

use canon::Kind;
use dialects::VendorError;

/// What a vendor means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The request is wrong: every endpoint would say so.
    Caller(Kind),
    /// The operator's account there is out of order: key, permission, money.
    Account,
    /// The vendor does not have this model, or not for this account.
    Model,
    /// The vendor is in trouble.
    Upstream(Kind),
}

/// Reads an error.
pub(super) fn find(http_status: u16, error: &VendorError) -> Finding {
    let code = error
        .code
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let status = status(http_status, error.status, &code);
    let message = error
        .message
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let is = |codes: &[&str]| codes.contains(&code.as_str());

    // Where the request is at fault, what is quoted may be the caller's: nobody's words shall put an account out of
    // order for all.
    let own = matches!(status, 400 | 422).then(|| unquoted(&message));
    let own = own.as_deref().unwrap_or(&message);
    let says_itself = |words: &[&str]| words.iter().any(|word| own.contains(word));
    if is(ACCOUNT_CODES) || says_itself(ACCOUNT_WORDS) {
        return Finding::Account;
    }
    if status < 500 || says(SPOKEN_UNDER_500) {
        if let Some(kind) = kind_of(&code, &message) {
            return Finding::Caller(kind);
        }
        if is(MODEL_CODES) || (says_itself(&["model", "deployment"]) && says_itself(MODEL_WORDS)) {
            return Finding::Model;
        }
    }
    if is(&["tool_use_failed"]) {
        // The model did not manage to call a tool; another try may.
        return Finding::Upstream(Kind::ProviderUnavailable);
    }
    if is(OVERLOADED_CODES) || says(&["overloaded", "over capacity", "at capacity"]) {
        return Finding::Upstream(Kind::ProviderOverloaded);
    }
    by_status(status)
}

/// A text without what stands in quotation marks. An apostrophe within a word is none; what has no end is not quoted.
fn unquoted(text: &str) -> String {
    let is_word = |next: Option<char>| next.is_some_and(char::is_alphanumeric);
    let mut own = String::with_capacity(text.len());
    // Marks that no longer have an end, so that nothing is searched twice.
    let mut endless = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '`', '\'']) {
        let (before, quoted) = rest.split_at(at);
        own.push_str(before);
        own.push(' ');
        let mut marks = quoted.chars();
        let mark = marks.next().unwrap_or_default();
        let inside = marks.as_str();
        rest = inside;
        if endless.contains(mark) || mark == '\'' && is_word(before.chars().next_back()) {
            continue;
        }
        let mut behind = inside
            .match_indices(mark)
            .filter_map(|(end, _)| inside.get(end + 1..));
        match behind.find(|behind| mark != '\'' || !is_word(behind.chars().next())) {
            Some(behind) => rest = behind,
            None => endless.push(mark),
        }
    }
    own.push_str(rest);
    own
}

fn by_status(status: u16) -> Finding {
    match status {
        401..=403 => Finding::Account,
        404 | 405 | 410 => Finding::Model,
        408 | 504 | 522 | 524 => Finding::Upstream(Kind::Timeout),
        413 => Finding::Caller(Kind::PayloadTooLarge),
        422 => Finding::Caller(Kind::Unprocessable),
        429 => Finding::Upstream(Kind::RateLimitExceeded),
        498 | 503 | 529 => Finding::Upstream(Kind::ProviderOverloaded),
        412 => Finding::Caller(Kind::PreconditionFailed),
        400 | 411 | 414 | 415 | 431 => Finding::Caller(Kind::InvalidRequest),
        _ => Finding::Upstream(Kind::ProviderUnavailable),
    }
}

/// The status that is meant. A vendor may say 400 or even 200 and state another in the body, or
/// only by its code.
fn status(http: u16, stated: Option<u16>, code: &str) -> u16 {
    let stated = stated
        .filter(|status| (400..600).contains(status))
        .or_else(|| status_of(code));
    match http {
        400 => stated.filter(|status| *status != 404).unwrap_or(400),
        401..600 => http,
        _ => stated.unwrap_or(502),
    }
}

/// The HTTP status that a code in lower case stands for: OpenAI's and Anthropic's types, Google's status words, AWS's
/// exceptions.
fn status_of(code: &str) -> Option<u16> {
    Some(match code {
        "invalid_request_error"
        | "invalid_argument"
        | "failed_precondition"
        | "out_of_range"
        | "validationexception" => 400,
        "authentication_error" | "unauthenticated" => 401,
        "billing_error" => 402,
        "permission_error" | "permission_denied" | "accessdeniedexception" => 403,
        "not_found_error" | "not_found" | "resourcenotfoundexception" => 404,
        "request_too_large" => 413,
        "rate_limit_error"
        | "rate_limit_exceeded"
        | "resource_exhausted"
        | "throttlingexception"
        | "toomanyrequestsexception"
        | "servicequotaexceededexception" => 429,
        "cancelled" => 499,
        "api_error"
        | "server_error"
        | "internal"
        | "internalserverexception"
        | "modelerrorexception"
        | "modelstreamerrorexception" => 500,
        "unavailable" | "serviceunavailableexception" => 503,
        "timeout_error" | "deadline_exceeded" | "modeltimeoutexception" => 504,
        "overloaded_error" => 529,
        _ => {
            return code
                .parse()
                .ok()
                .filter(|status| (400..600).contains(status));
        }
    })
}

/// What is wrong with the request, where the words say so.
fn kind_of(code: &str, message: &str) -> Option<Kind> {
    CALLER
        .iter()
        .find(|(_, codes, words)| {
            codes.contains(&code) || words.iter().any(|word| message.contains(word))
        })
        .map(|(kind, _, _)| *kind)
}

/// Codes and words of the requests' faults, the most particular first. All in lower case.
const CALLER: &[(Kind, &[&str], &[&str])] = &[
    (
        Kind::TokenLimitExceeded,
        &["token_limit_exceeded"],
        &["token limit exceeded"],
    ),
    (Kind::InvalidPrompt, &["invalid_prompt"], &[]),
    (
        Kind::ContextLengthExceeded,
        &[
            "context_length_exceeded",
            "exceed_context_size_error",
            "too_many_tokens",
        ],
        &[
            "maximum context length",
            "context window",
            "context length",
            "context limit",
            "context size",
            "prompt is too long",
            "too many tokens",
            "input tokens exceeded",
            "input token count",
            "tokens) is too large to process",
            "maximum prompt length",
            "input is too long",
            "exceeds the maximum number of tokens",
        ],
    ),
    (
        Kind::MaxTokensExceeded,
        &["max_tokens_exceeded"],
        &[
            "maximum allowed number of output tokens",
            "max_tokens is too large",
            "max_completion_tokens is too large",
        ],
    ),
    (
        Kind::StringTooLong,
        &["string_above_max_length"],
        &["string too long"],
    ),
    (
        Kind::ContentPolicyViolation,
        &[
            "content_policy_violation",
            "content_filter",
            "content_filter_error",
            "moderation_blocked",
            "data_inspection_failed",
            "prohibited_content",
            "responsibleaipolicyviolation",
        ],
        &[
            "content policy",
            "content management policy",
            "content filtering policy",
            "usage policies",
            "usage policy",
            "usage guidelines",
            "safety system",
            "safety_check",
            "input was flagged",
            "content exists risk",
            "considered high risk",
            "inappropriate content",
            "sensitive content",
        ],
    ),
    (
        Kind::ImageDownloadFailed,
        &["invalid_image_url", "failed_to_download_image"],
        &[
            "error while downloading",
            "failed to download",
            "cannot make get request",
            "unable to download",
        ],
    ),
    (
        Kind::UnsupportedImageFormat,
        &["invalid_image_format", "unsupported_image_media_type"],
        &[
            "unsupported image",
            "image media type",
            "supported image formats",
        ],
    ),
    (
        Kind::ImageTooLarge,
        &["image_too_large", "image_file_too_large"],
        &[
            "image exceeds",
            "image dimensions exceed",
            "image is too large",
        ],
    ),
    (
        Kind::ImageTooSmall,
        &["image_too_small"],
        &["image is too small"],
    ),
    (
        Kind::ImageNotFound,
        &["image_file_not_found", "image_not_found"],
        &["image not found"],
    ),
    (
        Kind::InvalidImage,
        &[
            "invalid_image",
            "invalid_image_file",
            "invalid_base64_image",
            "image_parse_error",
            "empty_image_file",
        ],
        &[
            "could not process image",
            "invalid image data",
            "failed to load image",
        ],
    ),
    (
        Kind::PayloadTooLarge,
        &["request_too_large"],
        &["request entity too large"],
    ),
];

/// Messages about the request that are known to come with a status of 500.
const SPOKEN_UNDER_500: &[&str] = &["tokens) is too large to process", "cannot make get request"];

const ACCOUNT_CODES: &[&str] = &[
    "insufficient_quota",
    "invalid_api_key",
    "api_key_invalid",
    "authentication_error",
    "unauthenticated",
    "billing_error",
    "billing_not_active",
    "billing_hard_limit_reached",
    "account_deactivated",
    "insufficient_balance",
    "not_enough_balance",
    "exceeded_current_quota_error",
    "arrearage",
    "unrecognizedclientexception",
    "invalidsignatureexception",
    "incompletesignatureexception",
    "missingauthenticationtokenexception",
    "expiredtokenexception",
];

const ACCOUNT_WORDS: &[&str] = &[
    "incorrect api key",
    "invalid api key",
    "api key not valid",
    "api key expired",
    "api key is invalid",
    "credit balance is too low",
    "insufficient balance",
    "insufficient credits",
    "insufficient quota",
    "balance is insufficient",
    "account is in good standing",
    "location is not supported",
];

const MODEL_CODES: &[&str] = &[
    "model_not_found",
    "invalid_model",
    "deploymentnotfound",
    "not_found_error",
    "resourcenotfoundexception",
    "resource_does_not_exist",
    "endpoint_not_found",
    "invalid version or not permitted",
    "operationnotsupported",
    "unsupported_country_region_territory",
];

/// Said of a model or a deployment.
const MODEL_WORDS: &[&str] = &[
    "does not exist",
    "not found",
    "is not supported for",
    "is not supported by",
    "is not supported. supported models",
    "unknown model",
    "invalid model",
    "model identifier is invalid",
    "not allowed to",
    "don't have access to the model",
    "end of its life",
    "not a chat model",
    "is a chat model",
];

const OVERLOADED_CODES: &[&str] = &[
    "overloaded_error",
    "overloaded",
    "capacity_exceeded",
    "engine_overloaded",
    "engine_overloaded_error",
    "modelnotreadyexception",
    "temporarily_unavailable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_not_said() {
        for (text, own) in [
            ("no 'a b' or \"c\" or `d`", "no   or   or  "),
            ("you don't and can't", "you don t and can t"),
            ("an 'end that isn't there", "an  end that isn t there"),
            ("'it's' here", "  here"),
            ("", ""),
        ] {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&unquoted(text)), words(own), "{text}");
        }
    }
}
