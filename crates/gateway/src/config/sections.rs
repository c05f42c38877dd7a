//! Each section of the configuration: its settings, their units, defaults and bounds.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use canon::{OnBreak, Secret, Sort};

use policy::affinity::Evidence;

use super::{
    check_database, env,
    section::Section,
    terms::{self, Aliases, EndpointRule},
};

/// The longest time that most settings may have.
pub(super) const HOUR_MS: u64 = 3_600_000;

/// `[server]`: how callers are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where to listen. Default `127.0.0.1:7300`; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that serve. Default 0: one per core.
    pub threads: usize,
    /// Bytes of a request's body. Default 64 MiB.
    pub body_bytes_max: usize,
    /// Milliseconds for the headers of a request to arrive. Default 10 s.
    pub header_timeout_ms: u64,
    /// Milliseconds between two pieces of a request's body. Default 30 s.
    pub body_timeout_ms: u64,
    /// Milliseconds for answers under way after SIGTERM. Default 30 s.
    pub drain_timeout_ms: u64,
    /// Milliseconds for which a stream's status is held back while providers are tried; then comments keep the
    /// connection open under status 200. Default 10 s.
    pub grace_ms: u64,
    /// Milliseconds between comments in a silent stream. Default 10 s.
    pub keep_alive_ms: u64,
}

/// `[data]`: what is kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The folder of everything that is kept. Default `./weir-data`; made where absent.
    pub folder: PathBuf,
    /// What acknowledged money survives. Default `process`.
    pub durability: Durability,
}

/// What an acknowledged line of the journal survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of this process, by `kill -9` too: written to the operating system.
    #[default]
    Process,
    /// The end of power: flushed to the disk.
    Power,
}

/// `[database]`: where keys and generations are.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// `sqlite:PATH`. Absent: SQLite inside the data folder.
    pub url: Option<Secret<String>>,
}

/// `[routing]`: how endpoints are chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Routing {
    /// Milliseconds for which an endpoint that failed is tried last. Default 30 s.
    pub outage_window_ms: u64,
    /// What becomes of a stream that breaks off behind its first token, where a request does not say. Default: it ends
    /// in an error.
    pub on_break: OnBreak,
    /// Milliseconds without a first token after which a second endpoint is asked, where a request does not say.
    /// Default 0: never.
    pub hedge_after_ms: u64,
    /// When a conversation that nobody named stays where its prompt cache is warm. Default: once a hit was seen.
    pub affinity: Evidence,
    /// Terms for endpoints. Default: none.
    pub endpoints: Vec<EndpointRule>,
    /// Names of one's own for models. Default: none.
    pub aliases: Aliases,
    /// What holds for routers, and routers of one's own. Default: none.
    pub routers: crate::routers::Settings,
    /// What holds for every request: `only`, `ignore`, `data_collection`, `zdr` and `sort`. A request may narrow the
    /// first four further, and sort otherwise. Default: nothing.
    pub preferences: canon::Preferences,
}

/// `[limits]`: how many of anything there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once, over all cores. Default 10 000.
    pub connections_max: usize,
}

/// `[log]`: what is logged, to standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or such a word for each part: `info,providers=debug`. Default `info`.
    pub level: String,
    /// The form of a line. Default `text`.
    pub format: LogFormat,
}

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `[local]`: model servers on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Whether to look for them at their usual ports. Default true.
    pub discover: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7300)),
            threads: 0,
            body_bytes_max: 64 << 20,
            header_timeout_ms: 10_000,
            body_timeout_ms: 30_000,
            drain_timeout_ms: 30_000,
            grace_ms: 10_000,
            keep_alive_ms: 10_000,
        }
    }
}

impl Server {
    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut server = root.section("server");
        let address = "an address and a port, like \"127.0.0.1:7300\" or \"[::]:7300\"";
        server.parsed("listen", env::SERVER_LISTEN, address, &mut self.listen);
        server.whole("threads", env::SERVER_THREADS, 0..=1_024, &mut self.threads);
        let bytes = 1_024..=1 << 30;
        server.whole(
            "body_bytes_max",
            env::SERVER_BODY_BYTES_MAX,
            bytes,
            &mut self.body_bytes_max,
        );
        let (header, drain) = (env::SERVER_HEADER_TIMEOUT_MS, env::SERVER_DRAIN_TIMEOUT_MS);
        server.whole(
            "header_timeout_ms",
            header,
            1..=HOUR_MS,
            &mut self.header_timeout_ms,
        );
        server.whole(
            "body_timeout_ms",
            env::SERVER_BODY_TIMEOUT_MS,
            1..=HOUR_MS,
            &mut self.body_timeout_ms,
        );
        server.whole(
            "drain_timeout_ms",
            drain,
            0..=HOUR_MS,
            &mut self.drain_timeout_ms,
        );
        server.whole(
            "grace_ms",
            env::SERVER_GRACE_MS,
            0..=HOUR_MS,
            &mut self.grace_ms,
        );
        // Clients and proxies give up a silent connection after about 15 s at the earliest.
        server.whole(
            "keep_alive_ms",
            env::SERVER_KEEP_ALIVE_MS,
            100..=15_000,
            &mut self.keep_alive_ms,
        );
        server.end();
    }
}

impl Default for Data {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("./weir-data"),
            durability: Durability::default(),
        }
    }
}

impl Data {
    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut data = root.section("data");
        match data.text("folder", env::DATA_FOLDER) {
            Some((folder, place)) if folder.is_empty() => {
                data.fault(place, "folder", "expected a folder, got an empty string");
            }
            Some((folder, _)) => self.folder = PathBuf::from(folder),
            None => {}
        }
        let allowed = [
            ("process", Durability::Process),
            ("power", Durability::Power),
        ];
        if let Some(durability) = data.word("durability", env::DATA_DURABILITY, &allowed) {
            self.durability = durability;
        }
        data.end();
    }
}

impl Database {
    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut database = root.section("database");
        if let Some((url, place)) = database.text("url", env::DATABASE_URL) {
            match check_database(&url) {
                Ok(url) => self.url = Some(url),
                Err(say) => database.fault(place, "url", say),
            }
        }
        database.end();
    }
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            outage_window_ms: 30_000,
            on_break: OnBreak::Fail,
            hedge_after_ms: 0,
            affinity: Evidence::default(),
            endpoints: Vec::new(),
            aliases: Aliases::new(),
            routers: crate::routers::Settings::new(),
            preferences: canon::Preferences::default(),
        }
    }
}

impl Routing {
    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut routing = root.section("routing");
        let window = env::ROUTING_OUTAGE_WINDOW_MS;
        routing.whole(
            "outage_window_ms",
            window,
            0..=HOUR_MS,
            &mut self.outage_window_ms,
        );
        let breaks = [("fail", OnBreak::Fail), ("continue", OnBreak::Continue)];
        if let Some(on_break) = routing.word("on_break", env::ROUTING_ON_BREAK, &breaks) {
            self.on_break = on_break;
        }
        routing.whole(
            "hedge_after_ms",
            env::ROUTING_HEDGE_AFTER_MS,
            0..=600_000,
            &mut self.hedge_after_ms,
        );
        read_preferences(&mut routing, &mut self.preferences);
        let affinities = [
            ("observed", Evidence::Observed),
            ("expected", Evidence::Expected),
            ("off", Evidence::Off),
        ];
        if let Some(affinity) = routing.word("affinity", env::ROUTING_AFFINITY, &affinities) {
            self.affinity = affinity;
        }
        self.endpoints = terms::read_endpoints(&mut routing);
        self.aliases = terms::read_aliases(&mut routing);
        self.routers = super::router::read_routers(&mut routing);
        routing.end();
    }
}

/// What holds for every request, of the gateway or of a workspace.
pub(super) fn read_preferences(
    routing: &mut Section<'_, '_>,
    preferences: &mut canon::Preferences,
) {
    let names = |named: Vec<(String, _)>| named.into_iter().map(|(name, _)| name).collect();
    preferences.only = routing.texts("only").map(names);
    preferences.ignore = routing.texts("ignore").map(names).unwrap_or_default();
    let collection = [("allow", false), ("deny", true)];
    preferences.deny_data_collection = routing.word("data_collection", "", &collection);
    routing.optional_flag("zdr", &mut preferences.zdr);
    let sorts = [
        ("price", Sort::Price),
        ("throughput", Sort::Throughput),
        ("latency", Sort::Latency),
        ("exacto", Sort::Exacto),
    ];
    preferences.sort = routing.word("sort", "", &sorts);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
        }
    }
}

impl Limits {
    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut limits = root.section("limits");
        let connections = env::LIMITS_CONNECTIONS_MAX;
        limits.whole(
            "connections_max",
            connections,
            1..=1_000_000,
            &mut self.connections_max,
        );
        limits.end();
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::default(),
        }
    }
}

impl Log {
    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut log = root.section("log");
        if let Some((level, place)) = log.text("level", env::LOG_LEVEL) {
            match level.parse::<tracing_subscriber::filter::Targets>() {
                Ok(_) => self.level = level,
                Err(_) => log.fault(
                    place,
                    "level",
                    "expected error, warn, info, debug or trace, or such a word for each part: \
                     \"info,providers=debug\"",
                ),
            }
        }
        let allowed = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        if let Some(format) = log.word("format", env::LOG_FORMAT, &allowed) {
            self.format = format;
        }
        log.end();
    }
}

impl Default for Local {
    fn default() -> Self {
        Self { discover: true }
    }
}

impl Local {
    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut local = root.section("local");
        local.flag("discover", env::LOCAL_DISCOVER, &mut self.discover);
        local.end();
    }
}
