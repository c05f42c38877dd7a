//! The command line: what `weir` can be told, one file a command.

mod chat;
mod check;
mod keys;
mod ledger;
mod models;
mod route;
mod serve;
mod terminal;

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config, Data, Loaded, Variables as _, env};

/// One API to every AI model, on your own machine.
///
/// Weir speaks OpenRouter's, OpenAI's and Anthropic's wire, chooses a provider for each request, survives its
/// failures, and keeps the books.
#[derive(Debug, Parser)]
#[command(name = "weir", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  OPENAI_API_KEY=sk-… weir serve              serve on 127.0.0.1:7300
  weir keys create --name laptop              a key for your programs
  weir chat openai/gpt-4o \"Why is the sky blue?\"
  weir route openai/gpt-4o --explain          who would serve, and why";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Keys(keys::Keys),
    Models(models::Models),
    Route(Box<route::Route>),
    Chat(chat::Chat),
    Ledger(ledger::Ledger),
}

/// Which configuration is read.
#[derive(Clone, Debug, Default, Args)]
struct ConfigFile {
    /// The configuration, a TOML file; none is needed.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Where the data are.
#[derive(Clone, Debug, Default, Args)]
struct DataFolder {
    /// The data folder [default: ./weir-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Arguments {
    /// Does what was asked, and says with which code the process shall end. Errors go to standard error.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Check(check) => check.run(),
            Command::Keys(keys) => keys.run(),
            Command::Models(models) => models.run(),
            Command::Route(route) => route.run(),
            Command::Chat(chat) => chat.run(),
            Command::Ledger(ledger) => ledger.run(),
        };
        match done {
            Ok(code) => code,
            // Whoever reads our output has had enough, as in `weir models | head`.
            Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
            Err(error) => {
                terminal::complain(&format!("weir: {error:#}"));
                ExitCode::FAILURE
            }
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl ConfigFile {
    /// The configuration; its warnings go to standard error.
    fn load(&self) -> anyhow::Result<Config> {
        let arguments = config::Arguments {
            config: self.config.clone(),
            ..config::Arguments::default()
        };
        Ok(warned(Config::load(&arguments, &env::Process)?))
    }
}

impl DataFolder {
    /// The folder: as said, else as the variable says, else the default.
    fn path(&self) -> PathBuf {
        let said = self.data.clone();
        said.or_else(|| env::Process.get(env::DATA_FOLDER).map(PathBuf::from))
            .unwrap_or_else(|| Data::default().folder)
    }
}

/// The configuration, once what was probably not meant was said.
fn warned(loaded: Loaded) -> Config {
    for warning in &loaded.warnings {
        terminal::complain(&format!("warning: {warning}"));
    }
    loaded.config
}

/// Runs a future on this thread until it ends.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .context("the runtime cannot be started")?
        .block_on(future)
}

/// Makes a folder where it is absent.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))
}
