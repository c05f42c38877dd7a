//! `weir keys`: makes, lists and revokes keys in the data folder, beside a running server or without one.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use canon::{Key, KeyId, LimitReset, NanoUsd, WorkspaceId};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use store::{ListFilter, Store};

use super::{DataFolder, block_on, make_folder, terminal};
use crate::{
    clock,
    config::{Config, Variables as _, env},
    keyring::{DEFAULT_WORKSPACE, Keyring, NewKey},
};

/// Keys on one page of the store.
const PAGE: u32 = 100;

/// Make, list and revoke keys.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir keys create --name laptop
  weir keys create --name ci --limit 5 --limit-reset daily
  weir keys create --name admin --management
  weir keys revoke 3f1a…")]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    /// List the keys, newest first. Management keys are not listed.
    List {
        #[command(flatten)]
        folder: DataFolder,
        /// The workspace.
        #[arg(long, value_name = "SLUG", default_value = DEFAULT_WORKSPACE)]
        workspace: String,
    },
    /// Revoke a key for ever. A running server refuses it within a second.
    Revoke {
        /// The key's hash, or enough of its beginning to be the only one (8 digits at least).
        hash: String,
        #[command(flatten)]
        folder: DataFolder,
    },
}

/// Make a key and print it, alone, on standard output. It is shown this once.
#[derive(Debug, Args)]
struct Create {
    /// Its name, for people.
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,
    /// A key that manages other keys, and may not infer.
    #[arg(long)]
    management: bool,
    /// The most it may spend, in USD: 0.50
    #[arg(long, value_name = "USD", value_parser = parse_limit)]
    limit: Option<NanoUsd>,
    /// When its limit starts anew, at 00:00 UTC: daily, weekly or monthly. A lifetime cap where absent.
    #[arg(long, value_name = "WINDOW", value_parser = parse_reset, requires = "limit")]
    limit_reset: Option<LimitReset>,
    /// Where it belongs.
    #[arg(long, value_name = "SLUG", default_value = DEFAULT_WORKSPACE)]
    workspace: String,
    #[command(flatten)]
    folder: DataFolder,
}

fn parse_limit(text: &str) -> Result<NanoUsd, String> {
    match text.parse::<NanoUsd>() {
        Ok(limit) if limit >= NanoUsd::ZERO => Ok(limit),
        Ok(_) => Err("a limit is 0 or more".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn parse_reset(text: &str) -> Result<LimitReset, String> {
    LimitReset::named(text).ok_or_else(|| "expected daily, weekly or monthly".to_owned())
}

impl Keys {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Create(create) => block_on(create.run())?,
            Command::List { folder, workspace } => block_on(list(&folder, &workspace))?,
            Command::Revoke { hash, folder } => block_on(revoke(&folder, &hash))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let store = open(&self.folder).await?;
        let keyring = Keyring::open(&self.folder.path(), store.clone())?;
        let new = NewKey {
            name: self.name,
            management: self.management,
            limit: self.limit,
            limit_reset: self.limit_reset,
            include_byok_in_limit: false,
            workspace: WorkspaceId::new(&self.workspace),
            creator: None,
            expires_at: None,
        };
        let (key, secret) = keyring.create(new).await?;
        store.close().await;
        terminal::say(secret.expose())?;
        terminal::aside(&format!("hash {}; the key is not shown again", key.id));
        Ok(())
    }
}

/// The store of a data folder, or the one that the variable names.
async fn open(folder: &DataFolder) -> anyhow::Result<Store> {
    let mut config = Config::default();
    config.data.folder = folder.path();
    make_folder(&config.data.folder)?;
    let url = env::Process.get(env::DATABASE_URL);
    let path = url.unwrap_or_else(|| config.database_path().to_string_lossy().into_owned());
    Store::open(&path)
        .await
        .context("the keys cannot be opened")
}

async fn every_key(store: &Store, workspace: &str) -> anyhow::Result<Vec<Key>> {
    let mut filter = ListFilter {
        workspace: WorkspaceId::new(workspace),
        include_disabled: true,
        include_expired: true,
        now: clock::now_micros(),
        offset: 0,
        limit: PAGE,
    };
    let mut keys = Vec::new();
    loop {
        let page = store.keys().list(&filter).await?;
        let is_last = page.len() < usize::try_from(PAGE)?;
        keys.extend(page);
        if is_last {
            return Ok(keys);
        }
        filter.offset += u64::from(PAGE);
    }
}

async fn list(folder: &DataFolder, workspace: &str) -> anyhow::Result<()> {
    let store = open(folder).await?;
    let keys = every_key(&store, workspace).await?;
    store.close().await;
    let heads = ["HASH", "LABEL", "LIMIT", "STATE", "MADE", "NAME"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(keys.iter().map(|key| {
        vec![
            key.id.as_str().chars().take(16).collect(),
            key.label.clone(),
            limit_of(key),
            state_of(key).to_owned(),
            day_of(key.created_at),
            key.name.clone(),
        ]
    }));
    terminal::say(&terminal::table(&rows, &[false, false, true]))?;
    Ok(())
}

fn limit_of(key: &Key) -> String {
    match (key.limit, key.limit_reset) {
        (None, _) => "-".to_owned(),
        (Some(limit), None) => format!("${limit}"),
        (Some(limit), Some(reset)) => format!("${limit} {}", reset.name()),
    }
}

fn state_of(key: &Key) -> &'static str {
    let ended = key.expires_at.is_some_and(|end| end <= clock::now_micros());
    match (key.disabled, ended) {
        (true, _) => "disabled",
        (false, true) => "expired",
        (false, false) => "active",
    }
}

fn day_of(micros: i64) -> String {
    let day = Timestamp::from_microsecond(micros).map(|time| time.to_string());
    day.unwrap_or_default().chars().take(10).collect()
}

async fn revoke(folder: &DataFolder, hash: &str) -> anyhow::Result<()> {
    let store = open(folder).await?;
    let id = match store.keys().by_id(&KeyId::new(hash)).await? {
        Some(key) => key.id,
        None => only_one(&store, hash).await?,
    };
    let deleted = store.keys().delete(&id).await?;
    store.close().await;
    if !deleted {
        bail!("there is no key with the hash {hash}");
    }
    terminal::aside(&format!("revoked {id}"));
    Ok(())
}

/// The one key whose hash begins so.
async fn only_one(store: &Store, start: &str) -> anyhow::Result<KeyId> {
    const DIGITS_MIN: usize = 8;
    if start.len() < DIGITS_MIN {
        bail!("there is no key with the hash {start}; give {DIGITS_MIN} digits of it at least");
    }
    let keys = every_key(store, DEFAULT_WORKSPACE).await?;
    let mut found = keys.iter().filter(|key| key.id.as_str().starts_with(start));
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key.id.clone()),
        (None, _) => bail!("there is no key with the hash {start}"),
        (Some(_), Some(_)) => bail!("several keys have a hash that begins with {start}"),
    }
}
