//! The management API: what an organisation sees and changes of its own, in OpenRouter's shapes.

pub mod generations;
pub mod keys;

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use canon::{Dialect, Fault, Kind};
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::timeout;

use crate::{config::Server, refusal};

/// The longest body of a management request, in bytes.
const BODY_BYTES_MAX: usize = 64 << 10;

/// What a handler decided, as an answer.
pub(crate) fn answer(decided: Result<(StatusCode, Value), Fault>) -> Response {
    match decided {
        Ok((status, value)) => (status, Json(value)).into_response(),
        Err(fault) => refusal::respond(&fault, Dialect::OpenAiChat, None),
    }
}

/// The whole body of a management request. It is short, so all of it must come in the time of a pause.
async fn whole(server: &Server, body: Body) -> Result<Bytes, Fault> {
    let collecting = Limited::new(body, BODY_BYTES_MAX).collect();
    let at_most = Duration::from_millis(server.body_timeout_ms);
    let Ok(collected) = timeout(at_most, collecting).await else {
        return Err(Fault::caller(
            Kind::Timeout,
            "The body did not come in time",
        ));
    };
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let say = format!(
                "Request payload too large: the body may have at most {BODY_BYTES_MAX} bytes"
            );
            Err(Fault::caller(Kind::PayloadTooLarge, say))
        }
        Err(error) => {
            Err(Fault::caller(Kind::InvalidRequest, "The body broke off").with_source(error))
        }
    }
}

/// A time as the wire has it: ISO 8601, UTC, microseconds.
fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |time| time.to_string())
}

/// What is not there. Also said of what belongs to someone else, so that nobody learns what exists.
fn not_found(what: &str) -> Fault {
    Fault::caller(
        Kind::NotFound,
        format!("Resource not found: there is no such {what}"),
    )
}
