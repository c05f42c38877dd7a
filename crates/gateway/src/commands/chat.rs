//! `weir chat`: a conversation in the terminal, through a gateway that runs.

mod answer;

use std::{
    io::{self, BufRead as _, IsTerminal as _, Read as _},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use canon::Secret;
use clap::Args;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use providers::Client;
use serde_json::{Value, json};

use self::answer::Answer;
use super::{block_on, terminal};
use crate::config::{Variables as _, env};

/// Where a gateway is unless said otherwise.
const URL_DEFAULT: &str = "http://127.0.0.1:7300";
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest prompt and the longest refusal that are read, in bytes.
const TEXT_BYTES_MAX: usize = 8 << 20;

/// Talk with a model through a running gateway (WEIR_URL, WEIR_API_KEY).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir chat openai/gpt-4o \"Why is the sky blue?\"
  git diff | weir chat anthropic/claude-sonnet-4.5 \"Review this:\"
  weir chat openai/gpt-4o                      a conversation; ends with Ctrl-D

Environment:
  WEIR_URL      the gateway [default: http://127.0.0.1:7300]
  WEIR_API_KEY  a key, as `weir keys create` makes them")]
pub(super) struct Chat {
    /// The model, author/name.
    model: String,
    /// What to ask; what is piped in is put behind it.
    prompt: Option<String>,
}

struct Conversation {
    client: Client,
    url: String,
    key: Secret<String>,
    model: String,
    messages: Vec<Value>,
}

impl Chat {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let key = env::Process.get(env::API_KEY).context(
            "WEIR_API_KEY is not set: make a key with `weir keys create --name chat` and set it",
        )?;
        let url = env::Process.get(env::URL);
        let mut conversation = Conversation {
            client: Client::new()?,
            url: base(&url.unwrap_or_else(|| URL_DEFAULT.to_owned())),
            key: Secret::new(key),
            model: self.model,
            messages: Vec::new(),
        };
        let piped = if io::stdin().is_terminal() {
            String::new()
        } else {
            piped()?
        };
        let prompt = [self.prompt.unwrap_or_default(), piped].join("\n");
        if prompt.trim().is_empty() {
            return block_on(conversation.converse());
        }
        block_on(async {
            conversation.ask(prompt.trim()).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// The gateway's address without what clients append to it.
pub(super) fn base(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix("/v1").unwrap_or(url);
    url.strip_suffix("/api").unwrap_or(url).to_owned()
}

/// What is piped in.
fn piped() -> anyhow::Result<String> {
    let mut text = String::new();
    let limit = u64::try_from(TEXT_BYTES_MAX)?;
    let read = io::stdin().lock().take(limit + 1).read_to_string(&mut text);
    read.context("standard input cannot be read")?;
    if text.len() > TEXT_BYTES_MAX {
        bail!("standard input has more than {TEXT_BYTES_MAX} bytes");
    }
    Ok(text)
}

impl Conversation {
    /// One question after the other, until the input ends.
    async fn converse(&mut self) -> anyhow::Result<ExitCode> {
        let mut lines = io::stdin().lock().lines();
        loop {
            terminal::piece("> ")?;
            let Some(line) = lines.next() else {
                terminal::say("")?;
                return Ok(ExitCode::SUCCESS);
            };
            let line = line.context("standard input cannot be read")?;
            if line.trim().is_empty() {
                continue;
            }
            // A refusal ends the turn, not the conversation.
            if let Err(error) = self.ask(line.trim()).await {
                terminal::complain(&format!("weir: {error:#}"));
            }
        }
    }

    /// Asks, shows the answer as it comes, and remembers both. A question that failed is forgotten.
    async fn ask(&mut self, prompt: &str) -> anyhow::Result<()> {
        self.messages
            .push(json!({ "role": "user", "content": prompt }));
        match self.answer().await {
            Ok(text) => {
                self.messages
                    .push(json!({ "role": "assistant", "content": text }));
                Ok(())
            }
            Err(error) => {
                self.messages.pop();
                Err(error)
            }
        }
    }

    async fn answer(&self) -> anyhow::Result<String> {
        let body = json!({
            "model": self.model,
            "messages": self.messages,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        let request = Request::post(format!("{}/api/v1/chat/completions", self.url))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.key.expose()),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .context("WEIR_URL or WEIR_API_KEY cannot be sent")?;
        let mut answer = Answer::begin();
        let response = self.client.send(request, CONNECT).await;
        let response = response.with_context(|| format!("no gateway answers at {}", self.url))?;
        let status = response.status();
        if !status.is_success() {
            let body = Limited::new(response.into_body(), TEXT_BYTES_MAX)
                .collect()
                .await;
            let bytes = body
                .map(http_body_util::Collected::to_bytes)
                .unwrap_or_default();
            bail!("{}: {}", status.as_u16(), answer::refusal(&bytes));
        }
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.context("the answer broke off")?;
            if let Some(bytes) = frame.data_ref() {
                for text in answer.take(bytes)? {
                    terminal::piece(&text)?;
                }
            }
        }
        terminal::say("")?;
        terminal::aside(&answer.summary());
        Ok(answer.into_text())
    }
}
