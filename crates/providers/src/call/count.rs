//! Asking a vendor how many tokens a prompt has: a call like any other, without an answer to wait for and without a
//! bill.

use bytes::Bytes;
use canon::Fault;
use tokio::time::{Instant, timeout_at};

use super::{Attempt, Failure, Message, Outgoing, Sent, address, body::collect};
use crate::{Client, verdict};

/// The most that is read of a count.
const COUNT_BYTES_MAX: usize = 64 << 10;

/// Asks a vendor to count the tokens of a prompt. Whether its wire has words for that says [`crate::Way::counts`].
///
/// Dropping the future hangs up.
///
/// # Errors
/// As of [`super::call`].
pub async fn count(client: &Client, outgoing: Outgoing<'_>) -> Result<u64, Failure> {
    let Outgoing {
        upstream,
        way,
        target,
        request,
        limits,
        request_id,
        now_s,
        loss,
    } = outgoing;
    let started = Instant::now();
    let counting = way.codec().counting();
    let (Some(counting), Some(uri)) = (counting, way.count_uri(target.upstream_model)) else {
        let fault = Fault::ours("a count is asked for where nobody counts");
        return Err(Failure::unsent(Box::new(fault)));
    };
    let body = dialects::render_count((way.codec(), counting), request, &target, loss)
        .map_err(|error| Failure::unsent(verdict::unsayable(error)))?;
    let body = Bytes::from(body);
    let head = Message {
        stream: false,
        request_id,
        body: body.clone(),
    };
    let mut message = address((upstream, way), &target, head)?;
    *message.uri_mut() = uri;
    let signed = way.signer().sign(client, &mut message, (&body, now_s));
    signed
        .await
        .map_err(|error| Failure::unsent(verdict::unsigned(upstream, error)))?;
    drop(body);
    let attempt = Attempt {
        upstream,
        way,
        limits,
        started,
        stream: false,
        short: None,
        emulation: None,
    };
    let (head, body) = attempt.send(client, message).await?.into_parts();
    let status = head.status.as_u16();
    if !head.status.is_success() {
        return Err(attempt.refused(status, &head.headers, body).await);
    }
    let failed = |fault| Failure {
        fault,
        status: Some(status),
        sent: Sent::Maybe,
    };
    let bytes = timeout_at(attempt.patience(), collect(body, COUNT_BYTES_MAX))
        .await
        .map_err(|_| failed(verdict::timed_out(upstream, "answer")))?
        .map_err(|error| failed(verdict::unreadable(upstream, error)))?;
    counting
        .parse_count(&bytes)
        .map_err(|error| failed(verdict::garbage(upstream, error)))
}
