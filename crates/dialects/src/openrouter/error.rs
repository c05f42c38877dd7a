//! The base error body (spec/inference.md §6.1, §6.7).

use canon::Availability;

use super::METADATA;
use crate::{ErrorBody, json::Object};

/// Appends `{"error":{"code":…,"message":…,"metadata":{…}}}`.
pub fn render_error(error: &ErrorBody<'_>, out: &mut Vec<u8>) {
    let mut body = Object::open(out);
    render_error_object(error, body.key("error"));
    body.optional(METADATA, error.router);
    body.close();
}

/// Appends the object under `error`: also what a broken stream says in its last chunk.
pub(crate) fn render_error_object(error: &ErrorBody<'_>, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.field("code", &error.status);
    object.field("message", error.message);
    if let Some(availability) = error.availability {
        // The two fields that OpenRouter's own examples of such errors have instead of `code`.
        object.field("error_type", error.kind.name());
        object.field("http_status", &error.status);
        render_availability(availability, object.key("availability"));
    }
    render_metadata(error, object.key("metadata"));
    object.close();
}

/// Appends the `metadata` object: `error_type`, the vendor's code (never with a 500, which says nothing of
/// what is inside) and whatever else the caller may read.
pub fn render_metadata(error: &ErrorBody<'_>, out: &mut Vec<u8>) {
    let mut metadata = Object::open(out);
    metadata.field("error_type", error.kind.name());
    if error.status != 500 {
        metadata.optional("provider_code", error.provider_code);
    }
    for (name, value) in error.metadata.into_iter().flatten() {
        if name != "error_type" && name != "provider_code" {
            metadata.field(name, value);
        }
    }
    metadata.close();
}

/// Appends why no endpoint could serve. What does not apply is left out.
pub fn render_availability(availability: &Availability, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.field("code", availability.code);
    object.field("retryable", &availability.retryable);
    object.optional("retry_after", availability.retry_after_s);
    object.field("requested_models", &availability.requested_models);
    let lists = [
        ("affected_providers", &availability.affected_providers),
        ("fallback_models", &availability.fallback_models),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            object.field(name, list);
        }
    }
    if !availability.excluded_by.is_empty() {
        object.field("excluded_by", &availability.excluded_by);
    }
    if let Some((field, detail)) = &availability.constraint {
        let mut constraint = object.object("constraint");
        constraint.field("field", field);
        constraint.field("detail", detail);
        constraint.close();
    }
    let docs_url = format!("/docs/errors#{}", availability.code);
    object.field("docs_url", &docs_url);
    object.close();
}
