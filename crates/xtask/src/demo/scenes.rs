//! The scenes of the show. Each checks what it shows.

use std::{
    io::{IsTerminal, Write},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Stage, http, parts};
use crate::run::{say, step, target};

/// A model that both fake vendors serve.
pub(super) const STORY: &str = "demo/story";

/// The model of the first scenes: the real one where it is there.
pub(super) fn model_of(stage: &Stage) -> &'static str {
    if stage.model.is_some() {
        parts::MODEL
    } else {
        STORY
    }
}

/// Plays every scene; says how many went wrong.
pub(super) fn play(stage: &Stage) -> Result<usize> {
    type Scene = (&'static str, fn(&Stage) -> Result<()>);
    let scenes: &[Scene] = &[
        ("a streamed chat, as an OpenAI client sees it", chat),
        ("the same model through Anthropic's dialect", messages),
        ("failover: the cheapest provider is down", failover),
        ("a key that hits its limit", limit),
        ("why a request goes where it goes", route),
        ("the ledger, replayed and checked", ledger),
    ];
    let mut wrong = 0;
    for (title, scene) in scenes {
        say("")?;
        step(title)?;
        if let Err(error) = scene(stage) {
            wrong += 1;
            say(&format!("   went wrong: {error:#}"))?;
        }
    }
    Ok(wrong)
}

fn chat(stage: &Stage) -> Result<()> {
    let body = json!({
        "model": model_of(stage), "stream": true, "max_tokens": 48, "seed": 7,
        "messages": [{ "role": "user", "content": "Why do rivers flow to the sea? Answer in one sentence." }],
    });
    let began = Instant::now();
    let mut answer = http::send(
        &stage.weir.address,
        "POST",
        "/api/v1/chat/completions",
        &stage.key,
        Some(&body.to_string()),
    )?;
    let status = answer.status;
    if status != 200 {
        bail!("status {status}: {}", answer.text()?);
    }
    let (mut first, mut last, mut done) = (None, Value::Null, false);
    let (mut provider, mut last_text) = (String::new(), String::new());
    print("   ")?;
    while let Some(line) = answer.line()? {
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        if data == "[DONE]" {
            done = true;
            break;
        }
        let chunk: Value = serde_json::from_str(data)
            .with_context(|| format!("a chunk that is not JSON: {data}"))?;
        if let Some(text) = chunk
            .pointer("/choices/0/delta/content")
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
        {
            first.get_or_insert_with(|| began.elapsed());
            print(&text.replace('\n', "\n   "))?;
        }
        if let Some(name) = chunk.get("provider").and_then(Value::as_str) {
            provider = name.to_owned();
        }
        last = chunk;
        data.clone_into(&mut last_text);
    }
    say("")?;
    ensure!(done, "the stream ended without [DONE]");
    let usage = last.get("usage").context("the last chunk has no usage")?;
    let tokens = usage
        .get("completion_tokens")
        .and_then(Value::as_u64)
        .context("no count of tokens")?;
    let first = first.context("no token came")?;
    let generating = began.elapsed().saturating_sub(first).as_micros().max(1);
    let rate = u128::from(tokens) * 1_000_000 / generating;
    let cost = decimal_of(&last_text, "cost").context("no cost")?;
    say(&dim(&format!(
        "   provider {provider} · {tokens} tokens · {cost} USD · first token after {} ms · {rate} tokens/s",
        first.as_millis()
    )))
}

fn messages(stage: &Stage) -> Result<()> {
    let body = json!({
        "model": model_of(stage), "stream": true, "max_tokens": 32,
        "messages": [{ "role": "user", "content": "Name one river." }],
    });
    let mut answer = http::send(
        &stage.weir.address,
        "POST",
        "/api/v1/messages",
        &stage.key,
        Some(&body.to_string()),
    )?;
    let status = answer.status;
    if status != 200 {
        bail!("status {status}: {}", answer.text()?);
    }
    let (mut text, mut events, mut stop) = (String::new(), Vec::new(), None);
    while let Some(line) = answer.line()? {
        if let Some(name) = line.strip_prefix("event: ") {
            if events.last().is_none_or(|last: &String| last != name) {
                events.push(name.to_owned());
            }
        } else if let Some(data) = line.strip_prefix("data: ") {
            let event: Value = serde_json::from_str(data)?;
            text += event
                .pointer("/delta/text")
                .and_then(Value::as_str)
                .unwrap_or_default();
            stop = event
                .pointer("/delta/stop_reason")
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or(stop);
        }
    }
    say(&format!("   {}", text.trim().replace('\n', "\n   ")))?;
    say(&dim(&format!(
        "   {} · stop_reason {}",
        events.join(" → "),
        stop.as_deref().unwrap_or("-")
    )))?;
    ensure!(!text.is_empty(), "no text came");
    ensure!(
        events.last().is_some_and(|last| last == "message_stop"),
        "the stream ended without message_stop"
    );
    Ok(())
}

fn failover(stage: &Stage) -> Result<()> {
    let body = json!({
        "model": STORY, "provider": { "order": ["brittle", "steady"] },
        "messages": [{ "role": "user", "content": "Tell me about rivers." }],
    });
    let answer = http::send(
        &stage.weir.address,
        "POST",
        "/api/v1/chat/completions",
        &stage.key,
        Some(&body.to_string()),
    )?;
    let (status, id) = (answer.status, answer.generation.clone());
    let text = answer.text()?;
    ensure!(status == 200, "status {status}: {text}");
    let reply: Value = serde_json::from_str(&text)?;
    let said = reply
        .pointer("/choices/0/message/content")
        .and_then(Value::as_str)
        .context("no content")?;
    say(&format!("   {said}"))?;
    let id = id.context("no X-Generation-Id")?;
    let record = http::send(
        &stage.weir.address,
        "GET",
        &format!("/api/v1/generation?id={id}"),
        &stage.key,
        None,
    )?
    .text()?;
    let record: Value = serde_json::from_str(&record)?;
    let attempts = record
        .pointer("/data/provider_responses")
        .and_then(Value::as_array)
        .context("no attempts recorded")?;
    for (number, attempt) in attempts.iter().enumerate() {
        let field = |name: &str| {
            attempt
                .get(name)
                .map_or_else(String::new, |value| value.to_string().replace('"', ""))
        };
        say(&dim(&format!(
            "   attempt {}: {} → {}, {} ms",
            number + 1,
            field("provider_name"),
            field("status"),
            field("latency")
        )))?;
    }
    ensure!(
        attempts.len() == 2,
        "{} attempts instead of 2",
        attempts.len()
    );
    ensure!(
        reply
            .get("provider")
            .is_some_and(|provider| provider == "Steady"),
        "served by {:?}",
        reply.get("provider")
    );
    Ok(())
}

fn limit(stage: &Stage) -> Result<()> {
    let body = json!({ "model": STORY, "messages": [{ "role": "user", "content": "Tell me everything." }] });
    let answer = http::send(
        &stage.weir.address,
        "POST",
        "/api/v1/chat/completions",
        &stage.poor_key,
        Some(&body.to_string()),
    )?;
    let status = answer.status;
    let text = answer.text()?;
    say(&format!("   {status} {text}"))?;
    ensure!(status == 402, "status {status} instead of 402");
    Ok(())
}

fn route(stage: &Stage) -> Result<()> {
    weir(
        stage,
        &["route", STORY, "--explain", "--config"],
        &stage.config,
    )
}

fn ledger(stage: &Stage) -> Result<()> {
    weir(stage, &["ledger", "verify", "--data"], &stage.data)
}

/// Runs one of weir's commands and shows what it says.
fn weir(_stage: &Stage, args: &[&str], path: &std::path::Path) -> Result<()> {
    let output = Command::new(target().join("debug/weir"))
        .args(args)
        .arg(path)
        .output();
    let output = output.context("cannot start weir")?;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        say(&format!("   {line}"))?;
    }
    if !output.status.success() {
        bail!(
            "weir {} ended with {}: {}",
            args.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush().context("cannot write to standard output")
}

/// A number as it was written: an amount of money goes through no float.
fn decimal_of<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{name}\":"))?;
    rest.split([',', '}']).next()
}

/// Grey on a terminal.
fn dim(text: &str) -> String {
    if std::io::stdout().is_terminal() {
        format!("\u{1b}[2m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
