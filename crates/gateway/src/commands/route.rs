//! `weir route`: who would serve a request, in which order, why, and for what price; why one that was served went where
//! it went; and what if it had been planned otherwise. Nothing is sent.

mod ask;
mod figures;
mod order;
mod past;
mod recording;
mod replay;

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, anyhow, bail};
use canon::{Dialect, Request, WorkspaceId};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::figures::Figures;
use super::{ConfigFile, DataFolder, block_on, terminal};
use crate::{
    clock,
    config::Config,
    health::Board,
    relay::{self, Moment, Plan, Scene},
    routers::Aside,
    snapshot::{self, Snapshot},
    terms::Terms,
};

/// Show which endpoints would serve a request, in which order and why. Sends nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir route openai/gpt-4o --explain
  weir route deepseek/deepseek-chat:floor
  weir route openrouter/auto --explain --prompt 'Why does this loop never end?'
  weir route meta-llama/llama-3.3-70b-instruct --prefs '{\"only\":[\"groq\"],\"zdr\":true}' --json
  weir route --request body.json --explain --seed 7
  weir route --generation gen-1764000000-0123456789
  weir route --record day.jsonl --since 24h
  weir route --replay day.jsonl --config other.toml --against /etc/weir.toml")]
pub(super) struct Route {
    /// The model, author/name, suffixes and all.
    #[arg(required_unless_present_any = ["request", "generation", "record", "replay"])]
    model: Option<String>,
    /// The `provider` object of the request.
    #[arg(long, value_name = "JSON")]
    prefs: Option<String>,
    /// A whole request, as it would be sent to /chat/completions; - reads it from standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "prefs", "plugins"])]
    request: Option<PathBuf>,
    /// Also say why each has its place, who may not serve and why, and, where WEIR_URL names a running gateway, what that
    /// one has measured.
    #[arg(long)]
    explain: bool,
    /// What the user says, for routers, which choose by it.
    #[arg(long, value_name = "TEXT", default_value = "Hello")]
    prompt: String,
    /// The `plugins` of the request.
    #[arg(long, value_name = "JSON")]
    plugins: Option<String>,
    /// What chance is drawn from; the same number draws the same order.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Why this request that was served went where it went: asked of the gateway at WEIR_URL with WEIR_API_KEY, else
    /// looked up in the data folder.
    #[arg(long, value_name = "ID", conflicts_with_all = ["model", "request"])]
    generation: Option<String>,
    /// Write what decided where served requests went, without a word of them, for --replay.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "request", "generation"])]
    record: Option<PathBuf>,
    /// From when on to record: 90m, 24h, 7d, or a time as 2026-11-22T08:00:00Z.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_since)]
    since: i64,
    /// What if: play recorded requests through the configuration, and compare.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "request", "generation", "record"])]
    replay: Option<PathBuf>,
    /// Another configuration to compare with.
    #[arg(long, value_name = "FILE", requires = "replay")]
    against: Option<PathBuf>,
    /// The workspace whose terms hold.
    #[arg(long, value_name = "ID", default_value = "default")]
    workspace: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    folder: DataFolder,
}

/// A configuration, ready to plan in.
#[derive(Debug)]
struct Room {
    /// What it is called in comparisons.
    name: String,
    config: Config,
    snapshot: Arc<Snapshot>,
    terms: Terms,
}

impl Route {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(id) = &self.generation {
            return self.explain_past(id);
        }
        if let Some(path) = &self.record {
            let data = self.folder.path();
            let count = block_on(recording::record(&data, self.since, path))?;
            terminal::aside(&format!("{count} requests in {}", path.display()));
            return Ok(ExitCode::SUCCESS);
        }
        let room = Room::of(&self.file)?;
        if let Some(path) = &self.replay {
            let against = self.against.clone().map(|config| ConfigFile {
                config: Some(config),
            });
            let against = against.as_ref().map(Room::of).transpose()?;
            let seed = self.seed.unwrap_or(1);
            return replay::run(path, (room, against), (seed, self.json));
        }
        self.explain(&room)
    }

    /// Who would serve a request.
    fn explain(&self, room: &Room) -> anyhow::Result<ExitCode> {
        let mut request = self.asked()?;
        let terms = room.terms.in_workspace(&self.workspace);
        relay::wish_search(&mut request, &terms)?;
        let plan = match self.plan(room, &request) {
            Ok(plan) => plan,
            Err(fault) => {
                terminal::complain(&format!("weir: {fault}"));
                return Ok(ExitCode::FAILURE);
            }
        };
        let figures = if self.explain {
            figures_of(&room.snapshot, &plan)
        } else {
            None
        };
        let shown = (self.explain, figures.as_ref());
        if self.json {
            let shown = order::json_of((&room.snapshot, &request), &plan, shown);
            terminal::say(&serde_json::to_string_pretty(&shown)?)?;
        } else {
            terminal::say(&order::table_of(&room.snapshot, &plan, shown))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn plan(&self, room: &Room, request: &Request) -> Result<Plan, canon::Fault> {
        // Nobody has been called, so nobody has failed.
        let board = Board::new(&room.snapshot.catalog, room.config.routing.outage_window_ms);
        let workspace = WorkspaceId::new(&self.workspace);
        let scene = Scene {
            health: &board,
            terms: &room.terms.in_workspace(workspace.as_str()),
            affinity: None,
            workspace: &workspace,
            moment: self.seed.map(|seed| Moment { now: None, seed }),
            routers: &room.config.routing.routers,
            aside: &Aside::explaining(),
        };
        relay::plan_in(Arc::clone(&room.snapshot), scene, request)
    }

    /// Why a request that was served went where it went.
    fn explain_past(&self, id: &str) -> anyhow::Result<ExitCode> {
        let explained = block_on(past::find(id, &self.folder.path()))?;
        terminal::say(&if self.json {
            serde_json::to_string_pretty(&explained)?
        } else {
            past::table_of(&explained)
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// The request that is asked about, read as if it had come in.
    fn asked(&self) -> anyhow::Result<Request> {
        if let Some(path) = &self.request {
            let body = text_of(path)?;
            return parsed(&body).with_context(|| format!("{} is no request", path.display()));
        }
        let read = |text: Option<&str>, name, none| match text {
            Some(text) => serde_json::from_str(text).with_context(|| format!("{name} is not JSON")),
            None => Ok(none),
        };
        let body: Value = json!({
            "model": self.model,
            "messages": [{ "role": "user", "content": self.prompt }],
            "provider": read(self.prefs.as_deref(), "--prefs", json!({}))?,
            "plugins": read(self.plugins.as_deref(), "--plugins", json!([]))?,
        });
        parsed(&body.to_string())
    }
}

impl Room {
    fn of(file: &ConfigFile) -> anyhow::Result<Self> {
        let config = file.load()?;
        let snapshot = block_on(async {
            let found = snapshot::discover(&config).await;
            Ok(Arc::new(Snapshot::of(&config, found)?))
        })?;
        let terms = Terms::of(&config, &snapshot.catalog);
        let name = match &file.config {
            Some(path) => path.display().to_string(),
            None => "defaults".to_owned(),
        };
        Ok(Self {
            name,
            config,
            snapshot,
            terms,
        })
    }
}

/// A request for /chat/completions, as if it had come in.
fn parsed(body: &str) -> anyhow::Result<Request> {
    let serve = dialects::served(Dialect::OpenAiChat)
        .ok_or_else(|| anyhow!("the dialect of the request is not served"))?;
    let request = serve.parse_request(body.as_bytes())?;
    crate::routers::check_plugins(&request.routing.plugins)?;
    Ok(request)
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// What a running gateway has measured of the endpoints of a plan. The order stands without it.
fn figures_of(snapshot: &Snapshot, plan: &Plan) -> Option<Figures> {
    let targets = plan.order().targets.iter();
    let found = targets.filter_map(|target| order::endpoint(snapshot, target.endpoint));
    let mut models: Vec<&str> = found.map(|endpoint| endpoint.model.as_str()).collect();
    models.dedup();
    block_on(Figures::read(&models)).unwrap_or_else(|error| {
        terminal::complain(&format!("weir: without measured figures: {error:#}"));
        None
    })
}

/// A moment in microseconds since 1970: a time, or how long ago.
fn parse_since(text: &str) -> Result<i64, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_microsecond());
    }
    let ago = ago_of(text).map_err(|error| error.to_string())?;
    Ok(clock::now_micros().saturating_sub(ago))
}

/// `90m`, in microseconds.
fn ago_of(text: &str) -> anyhow::Result<i64> {
    const UNITS: [(char, i64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let found = UNITS.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(*unit)?.parse::<u32>().ok()?;
        Some(i64::from(number) * seconds * 1_000_000)
    });
    match found {
        Some(ago) => Ok(ago),
        None => bail!("expected a time as 2026-11-22T08:00:00Z, or how long ago: 90m, 24h, 7d"),
    }
}
