//! An external ranker: a server of the operator's that is told what could serve a request, and says in which order.
//!
//! It is asked before anything else is done for the request, so it has little time. Nothing of what was said in the
//! conversation leaves for it unless the operator allows that.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use providers::Client;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::facts::{ModelFacts, RequestFacts};

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// Where a ranker is, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranker {
    /// Its address, from the configuration.
    pub url: Uri,
    /// Milliseconds for it to answer.
    pub timeout_ms: u64,
    /// Whether it is shown what the user said last.
    pub send_prompt: bool,
}

/// What it is told.
#[derive(Debug, Serialize)]
pub(super) struct Question<'a> {
    pub(super) request: &'a RequestFacts<'a>,
    pub(super) models: &'a [ModelFacts<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    models: Vec<String>,
}

/// Why it gave no answer, for the log.
#[derive(Debug)]
pub(super) enum Failure {
    Slow,
    Unreachable(providers::SendError),
    Refused(u16),
    Unreadable,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow => formatter.write_str("it took too long"),
            Self::Unreachable(error) => write!(formatter, "it was not reached: {error}"),
            Self::Refused(status) => write!(formatter, "it answered {status}"),
            Self::Unreadable => formatter.write_str("expected {\"models\": [names]}"),
        }
    }
}

impl Ranker {
    /// Asks it. Dropping the future ends the call.
    pub(super) async fn ask(
        &self,
        client: &Client,
        question: &Question<'_>,
    ) -> Result<Vec<String>, Failure> {
        let body = serde_json::to_vec(question).map_err(|_| Failure::Unreadable)?;
        let request = Request::post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Failure::Unreadable)?;
        let limit = Duration::from_millis(self.timeout_ms);
        let answered = timeout(limit, async {
            let sent = client.send(request, limit).await;
            let response = sent.map_err(Failure::Unreachable)?;
            if !response.status().is_success() {
                return Err(Failure::Refused(response.status().as_u16()));
            }
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
            let read = body.collect().await.map_err(|_| Failure::Unreadable)?;
            let answer: Result<Answer, _> = serde_json::from_slice(&read.to_bytes());
            Ok(answer.map_err(|_| Failure::Unreadable)?.models)
        });
        answered.await.map_err(|_| Failure::Slow)?
    }
}
