//! Every kind of error in every dialect that is served: one page to look at.

use std::fmt::Write as _;

use canon::{Availability, Kind};
use dialects::{ErrorBody, SERVED};
use serde_json::Value;

/// The HTTP status of a kind (spec/inference.md §6.2). Written here again on purpose: the gateway
/// has its own table.
const fn status_of(kind: Kind) -> u16 {
    match kind {
        Kind::Authentication => 401,
        Kind::PaymentRequired => 402,
        Kind::PermissionDenied => 403,
        Kind::NotFound | Kind::ImageNotFound => 404,
        Kind::PreconditionFailed => 412,
        Kind::PayloadTooLarge => 413,
        Kind::Unprocessable => 422,
        Kind::RateLimitExceeded => 429,
        Kind::Server | Kind::Unmapped => 500,
        Kind::ProviderUnavailable => 502,
        Kind::ProviderOverloaded => 503,
        Kind::Timeout => 504,
        Kind::ContentPolicyViolation
        | Kind::ContextLengthExceeded
        | Kind::ImageDownloadFailed
        | Kind::ImageTooLarge
        | Kind::ImageTooSmall
        | Kind::InvalidImage
        | Kind::InvalidPrompt
        | Kind::InvalidRequest
        | Kind::MaxTokensExceeded
        | Kind::Refusal
        | Kind::StringTooLong
        | Kind::TokenLimitExceeded
        | Kind::UnsupportedImageFormat => 400,
    }
}

#[test]
fn every_kind_of_error_in_every_served_dialect_looks_as_its_snapshot_says() {
    let metadata = serde_json::Map::from_iter([("reasons".to_owned(), Value::from(vec!["why"]))]);
    let availability = Availability {
        code: "constraint_filtered",
        retryable: false,
        requested_models: vec!["acme/small".to_owned()],
        excluded_by: vec!["max_price"],
        constraint: Some(("provider.max_price".to_owned(), "raise it".to_owned())),
        ..Availability::default()
    };
    let mut page = String::new();
    for serve in SERVED {
        for &kind in Kind::ALL {
            let mut error = ErrorBody {
                status: status_of(kind),
                kind,
                message: "What the caller may hear: \"quoted\"",
                provider_code: Some("vendor_code"),
                metadata: None,
                availability: None,
                generation: Some("gen-1760000000-example"),
                router: None,
            };
            if kind == Kind::PermissionDenied {
                error.metadata = Some(&metadata);
                error.generation = None;
            }
            if kind == Kind::NotFound {
                error.availability = Some(&availability);
            }
            let mut out = Vec::new();
            serve.render_error(&error, &mut out);
            let body: Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(body.to_string().as_bytes(), out, "one JSON object");
            writeln!(page, "{} {} {body}", serve.dialect(), kind.name()).unwrap();
        }
    }
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("every_kind_in_every_served_dialect", page);
    });
}

#[test]
fn a_500_never_says_what_the_vendor_called_it() {
    for serve in SERVED {
        let error = ErrorBody {
            status: 500,
            kind: Kind::Server,
            message: "Internal Server Error",
            provider_code: Some("secret_code"),
            metadata: None,
            availability: None,
            generation: None,
            router: None,
        };
        let mut out = Vec::new();
        serve.render_error(&error, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("secret_code"), "{text}");
    }
}
