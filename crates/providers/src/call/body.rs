//! Bodies: to their end or to a limit, and what kind they are.

use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// Why a body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// The connection broke.
    #[error("the answer broke off")]
    Broken(#[source] hyper::Error),
    /// It is longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// Reads a body to its end.
pub(super) async fn collect(mut body: Incoming, bytes_max: usize) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Unread::Broken)?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > bytes_max {
                return Err(Unread::TooLong(bytes_max));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

/// Reads the beginning of a body, as far as it comes.
pub(super) async fn collect_up_to(mut body: Incoming, bytes_max: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < bytes_max
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Some(data) = frame.data_ref() {
            let room = bytes_max - bytes.len();
            bytes.extend_from_slice(data.get(..room).unwrap_or(data));
        }
    }
    bytes
}

/// Whether the head says that this is something else than an event stream, or than JSON where the vendor answers in
/// one piece. Vendors that do not say are believed.
pub(super) fn is_not_a_stream(headers: &HeaderMap, comes_whole: bool) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let is = |other: &[u8]| {
        let kind = kind.as_bytes().get(..other.len());
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(other))
    };
    is(b"text/html") || is(b"application/problem+json") || (!comes_whole && is(b"application/json"))
}
