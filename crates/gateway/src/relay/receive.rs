//! Step 2: the body comes in, once it is known who sends it: up to a limit, and in time.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use canon::{Fault, Kind};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::config::Server;

/// Reads a whole body.
///
/// # Errors
/// It is too long (413), pauses for too long (408), or breaks off (400).
pub(super) async fn receive(server: &Server, mut body: Body) -> Result<Bytes, Fault> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(piece) = next(server, &mut body).await? {
        if first.len() + more.len() + piece.len() > server.body_bytes_max {
            discard(server, body).await;
            let most = server.body_bytes_max;
            let say = format!("Request payload too large: a body may have at most {most} bytes");
            return Err(Fault::caller(Kind::PayloadTooLarge, say));
        }
        // Most bodies come in one piece, which is not copied.
        if first.is_empty() {
            first = piece;
        } else {
            more.extend_from_slice(&piece);
        }
    }
    if more.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + more.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&more);
    Ok(whole.freeze())
}

/// Reads on without keeping anything: most clients read an answer only when they have sent everything, and a
/// connection closed before that takes the answer with it. Not for ever, though.
pub(super) async fn discard(server: &Server, mut body: Body) {
    let discarding = async {
        let mut left = server.body_bytes_max;
        while let Ok(Some(piece)) = next(server, &mut body).await
            && let Some(less) = left.checked_sub(piece.len())
        {
            left = less;
        }
    };
    let at_most = Duration::from_millis(server.body_timeout_ms);
    // Whoever sends more, or slower, may lose the answer.
    let _in_time = timeout(at_most, discarding).await.is_ok();
}

/// The next piece that says something.
async fn next(server: &Server, body: &mut Body) -> Result<Option<Bytes>, Fault> {
    let pause = Duration::from_millis(server.body_timeout_ms);
    loop {
        match timeout(pause, body.frame()).await {
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(piece) if !piece.is_empty() => return Ok(Some(piece)),
                // Empty pieces and trailers.
                Ok(_) | Err(_) => {}
            },
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => {
                let say = "The body broke off";
                return Err(Fault::caller(Kind::InvalidRequest, say).with_source(error));
            }
            Err(_) => {
                let say = "The body did not come in time";
                return Err(Fault::caller(Kind::Timeout, say));
            }
        }
    }
}
