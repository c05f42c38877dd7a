//! The configuration: file, variables and command line become one checked value, or every fault at once.
//!
//! What is said twice is taken from the command line, else from the variable, else from the file, else from the
//! defaults. `weir.default.toml` lists every setting; a test keeps it true.

pub mod env;
mod model;
mod nearest;
mod problem;
mod provider;
mod raw;
mod router;
mod secret;
mod section;
mod sections;
mod terms;
mod upstream;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use canon::{ProviderId, Secret};
use toml::de::DeTable;

pub(crate) use self::nearest::nearest;
use self::section::{Reading, Section};
pub use self::{
    env::Variables,
    model::Model,
    problem::{Place, Problem, Problems},
    provider::{Location, Place as ProviderPlace, Provider},
    sections::{Data, Database, Durability, Limits, Local, Log, LogFormat, Routing, Server},
    terms::{Alias, Aliases, EndpointRule, Workspace},
    upstream::Upstream,
};

/// Every setting with its unit and default, as a file.
pub const DEFAULT_FILE: &str = include_str!("../../../weir.default.toml");

/// The checked configuration. `Debug` shows no secret.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// How callers are served.
    pub server: Server,
    /// What is kept, and where.
    pub data: Data,
    /// The database.
    pub database: Database,
    /// How providers are called.
    pub upstream: Upstream,
    /// How endpoints are chosen.
    pub routing: Routing,
    /// How many of anything there may be.
    pub limits: Limits,
    /// What is logged.
    pub log: Log,
    /// Model servers on this machine.
    pub local: Local,
    /// Enabled providers, by id: vendors with a key, and vendors of one's own.
    pub providers: BTreeMap<ProviderId, Provider>,
    /// What holds for single workspaces, by their ids.
    pub workspaces: BTreeMap<String, Workspace>,
}

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--database`.
    pub database: Option<String>,
}

/// A checked configuration and what about it was probably not meant.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Allowed, and probably not meant.
    pub warnings: Vec<Problem>,
    /// Every setting that was asked for, by its full name, with its variable.
    pub settings: Vec<(String, String)>,
}

// === impl Config ===

impl Config {
    /// Reads file, variables and command line.
    ///
    /// # Errors
    /// Every fault found.
    pub fn load(arguments: &Arguments, variables: &dyn Variables) -> Result<Loaded, Problems> {
        let path = arguments
            .config
            .clone()
            .or_else(|| variables.get(env::CONFIG).map(PathBuf::from));
        let text = match &path {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?
            }
            None => String::new(),
        };
        let path = path.unwrap_or_default();
        let mut loaded = Self::parse(&text, &path, variables)?;
        loaded
            .config
            .apply(arguments)
            .map_err(|problem| Problems(vec![problem]))?;
        Ok(loaded)
    }

    /// Reads a file's text and variables. `path` is for messages.
    ///
    /// # Errors
    /// Every fault found.
    pub fn parse(text: &str, path: &Path, variables: &dyn Variables) -> Result<Loaded, Problems> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reading = Reading {
            text,
            path,
            variables,
            problems: Vec::new(),
            warnings: Vec::new(),
            settings: Vec::new(),
        };
        for error in errors {
            let place = reading.place(error.span().map_or(0, |span| span.start));
            reading.fault(
                place,
                String::new(),
                format!("not TOML: {}", error.message()),
            );
        }
        if !reading.problems.is_empty() {
            return Err(Problems(reading.problems));
        }
        let mut config = Self::default();
        config.read(&mut reading, table.get_ref());
        warn_of_strange_variables(&mut reading, &config);
        reading
            .problems
            .sort_by(|one, other| one.place.cmp(&other.place));
        if reading.problems.is_empty() {
            Ok(Loaded {
                config,
                warnings: reading.warnings,
                settings: reading.settings,
            })
        } else {
            Err(Problems(reading.problems))
        }
    }

    /// The file of the database inside the data folder, or the one that was asked for.
    #[must_use]
    pub fn database_path(&self) -> PathBuf {
        let url = self.database.url.as_ref().map(|url| url.expose().as_str());
        match url.and_then(sqlite_path) {
            Some(path) => path,
            None => self.data.folder.join("weir.db"),
        }
    }

    fn read<'a>(&mut self, reading: &mut Reading<'a>, table: &'a DeTable<'a>) {
        let whole = reading.place(0);
        let mut root = Section::new(reading, String::new(), Some(table), whole);
        self.server.read(&mut root);
        self.data.read(&mut root);
        self.database.read(&mut root);
        self.upstream.read(&mut root);
        self.routing.read(&mut root);
        self.limits.read(&mut root);
        self.log.read(&mut root);
        self.local.read(&mut root);
        self.providers = provider::read(&mut root);
        self.workspaces = terms::read_workspaces(&mut root);
        root.end();
    }

    /// The command line has the last word.
    fn apply(&mut self, arguments: &Arguments) -> Result<(), Problem> {
        if let Some(folder) = &arguments.data {
            self.data.folder.clone_from(folder);
        }
        if let Some(listen) = arguments.listen {
            self.server.listen = listen;
        }
        if let Some(url) = &arguments.database {
            self.database.url = Some(check_database(url).map_err(|say| Problem {
                place: Place::Argument("--database"),
                setting: String::new(),
                say,
            })?);
        }
        Ok(())
    }
}

/// Checks the address of a database.
fn check_database(url: &str) -> Result<Secret<String>, String> {
    if sqlite_path(url).is_some() {
        return Ok(Secret::new(url.to_owned()));
    }
    // The address may hold a password, so it is not repeated.
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    if matches!(scheme, "postgres" | "postgresql") {
        return Err("this version keeps its data in SQLite: expected sqlite:PATH".to_owned());
    }
    Err("expected the address of a SQLite file, sqlite:PATH".to_owned())
}

fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty()).then(|| PathBuf::from(path))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problems {
    let place = Place::Whole(path.to_path_buf());
    Problems(vec![Problem {
        place,
        setting: String::new(),
        say: format!("cannot be read: {error}"),
    }])
}

/// A variable of ours that means nothing is a slip that would go unnoticed.
fn warn_of_strange_variables(reading: &mut Reading<'_>, config: &Config) {
    let mut known: Vec<String> = env::ALL
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let vendors = providers::ALL.iter().map(|vendor| vendor.id);
    for id in vendors.chain(config.providers.keys().map(AsRef::as_ref)) {
        known.extend(
            provider::SETTINGS
                .iter()
                .map(|name| env::of_provider(id, name)),
        );
    }
    for vendor in providers::ALL {
        let settings = vendor.all_settings();
        known.extend(settings.map(|setting| env::of_provider(vendor.id, setting.name)));
    }
    for name in reading.variables.names() {
        if !name.starts_with("WEIR_") || known.contains(&name) {
            continue;
        }
        let say = match nearest(&name, known.iter().map(String::as_str)) {
            Some(near) => format!("Weir has no such variable; did you mean {near}?"),
            None => "Weir has no such variable".to_owned(),
        };
        reading.warn(Place::Variable(name), String::new(), say);
    }
}
