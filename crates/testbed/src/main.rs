//! `testbed vendor`: a fake vendor in a process of its own, for demos, benches and tests that kill
//! processes.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};
use serde::de::DeserializeOwned;
use testbed::{BillRule, Mood, TEXT, Vendor, VendorConfig};

/// Fake model vendors for tests, demos and benches
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer as OpenAI, Anthropic, Gemini, Bedrock, Vertex AI, Cohere, Ollama and Replicate do
    ///
    /// Prints `listening http://ADDRESS` when it is ready and serves until it is killed.
    ///
    /// While it runs: GET /_testbed/bill, GET /_testbed/requests (?with=WORD: those with the word in
    /// their body), POST /_testbed/mood, POST /_testbed/script.
    Vendor(VendorArguments),
}

/// Where each wire is spoken, and what a mood can say; `testbed::Mood` documents each.
const MORE: &str = "\
Each form is spoken at the end of any path:
  OpenAI          /chat/completions, /responses
  Anthropic       /messages, /messages/count_tokens
  Gemini          /models/{model}:generateContent, :streamGenerateContent, :countTokens
  Vertex AI       /publishers/anthropic/models/{model}:rawPredict, :streamRawPredict
                  /publishers/google/models/{model}: as Gemini
  Bedrock         /model/{model}/converse, /converse-stream, /count-tokens
                  /model/{model}/invoke, /invoke-with-response-stream (Anthropic's form)
  Cohere          /v2/chat
  Ollama          /api/chat
  Replicate       /models/{owner}/{name}/predictions, /predictions (whole answers only)
  Models          GET /models, in the form of OpenAI, Anthropic or Gemini

A mood is a JSON object; left out, a field is healthy:
  reply           \"answer\", \"empty_body\", \"done_only\", \"no_content\", \"hang\", \"refuse\",
                  \"garbage_body\", {\"garbage_after\": EVENTS},
                  \"first_event_error\", {\"error_after\": EVENTS},
                  {\"fail\": {\"status\": 429, \"retry_after_s\": 20, \"body\": JSON}}
  latency_ms, first_token_ms, between_ms, comments
  writes          \"per_event\", \"all_at_once\", {\"bytes\": N}
  cut             {\"bytes\": N}, {\"events\": N}
  text, echo, goes_on, chunks, tool_call, tools, reasoning, redacts, cites, refuses
  caches, cached, cache_written
  usage           \"honest\", \"none\", {\"claimed\": {\"prompt\": N, \"completion\": N}}";

#[derive(Debug, clap::Args)]
#[command(after_long_help = MORE)]
struct VendorArguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// The usual mood, as JSON or as @FILE, such as '{"first_token_ms": 50, "chunks": 100}'
    #[arg(long, value_name = "JSON|@FILE")]
    mood: Option<Input<Mood>>,

    /// The moods of the first requests, a JSON list or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    script: Option<Input<Vec<Mood>>>,

    /// Append what was delivered to this file, one JSON line a request
    #[arg(long, value_name = "FILE")]
    bill: Option<PathBuf>,

    /// When a request is charged
    #[arg(long, value_enum, default_value_t = Rule::Delivered)]
    bill_rule: Rule,

    /// What it says
    #[arg(long, default_value = TEXT)]
    text: String,

    /// A model to list; can be given more than once
    #[arg(long = "model", value_name = "ID", default_value = "test-model")]
    models: Vec<String>,

    /// The only key to accept, or the access key of requests signed for Bedrock; left out, all are
    #[arg(long)]
    key: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rule {
    /// The prompt and the output tokens that were written before the end
    Delivered,
    /// Only answers that were written to their end
    Completed,
}

/// JSON from the command line, or from the file named after an `@`.
#[derive(Debug, Clone)]
struct Input<T>(T);

fn main() -> anyhow::Result<()> {
    let Command::Vendor(arguments) = Arguments::parse().command;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(VendorConfig::from(arguments)))
}

async fn serve(config: VendorConfig) -> anyhow::Result<()> {
    let vendor = Vendor::start(config).await?;
    let mut out = std::io::stdout();
    writeln!(out, "listening http://{}", vendor.address())?;
    out.flush()?;
    std::future::pending().await
}

// === impl VendorConfig ===

impl From<VendorArguments> for VendorConfig {
    fn from(arguments: VendorArguments) -> Self {
        Self {
            listen: arguments.listen,
            text: arguments.text,
            models: arguments.models,
            mood: arguments.mood.map(|Input(mood)| mood).unwrap_or_default(),
            script: arguments
                .script
                .map(|Input(moods)| moods)
                .unwrap_or_default(),
            bill_rule: match arguments.bill_rule {
                Rule::Delivered => BillRule::Delivered,
                Rule::Completed => BillRule::Completed,
            },
            bill_file: arguments.bill,
            key: arguments.key,
        }
    }
}

// === impl Input ===

impl<T: DeserializeOwned> FromStr for Input<T> {
    type Err = anyhow::Error;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let text = match given.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path).context(path.to_owned())?,
            None => given.to_owned(),
        };
        Ok(Self(serde_json::from_str(&text)?))
    }
}
