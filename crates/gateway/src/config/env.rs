//! Every environment variable that Weir reads, and the only place that reads one.

use std::collections::BTreeMap;

/// Where variables come from: the process, or a map in tests.
pub trait Variables {
    /// The value of a variable; `None` where it is unset, empty or not UTF-8.
    fn get(&self, name: &str) -> Option<String>;

    /// The names of all that are set, in any order.
    fn names(&self) -> Vec<String>;
}

/// The variables of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Process;

impl Variables for Process {
    fn get(&self, name: &str) -> Option<String> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect()
    }
}

impl Variables for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name)
            .filter(|value| !value.is_empty())
            .cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = concat!("WEIR_", stringify!($name));)+

        /// Every variable of Weir's own, with its explanation, in the order of the configuration.
        pub const ALL: &[(&str, &str)] =
            &[$((concat!("WEIR_", stringify!($name)), concat!($($doc),+))),+];
    };
}

variables! {
    /// The configuration file, where `--config` is not given.
    CONFIG;
    /// Where to listen, `address:port`.
    SERVER_LISTEN;
    /// Threads that serve; 0 means one per core.
    SERVER_THREADS;
    /// Bytes that the body of a request may have.
    SERVER_BODY_BYTES_MAX;
    /// Milliseconds that a client may take to send the headers of a request.
    SERVER_HEADER_TIMEOUT_MS;
    /// Milliseconds that a client may pause while it sends a body.
    SERVER_BODY_TIMEOUT_MS;
    /// Milliseconds that answers under way get to finish after SIGTERM.
    SERVER_DRAIN_TIMEOUT_MS;
    /// Milliseconds that the status of a stream is held back while providers are tried.
    SERVER_GRACE_MS;
    /// Milliseconds between comments that keep a silent stream open.
    SERVER_KEEP_ALIVE_MS;
    /// The folder of everything that is kept.
    DATA_FOLDER;
    /// What acknowledged money survives: `process` or `power`.
    DATA_DURABILITY;
    /// The address of the database.
    DATABASE_URL;
    /// Milliseconds to connect to a provider.
    UPSTREAM_CONNECT_MS;
    /// Milliseconds until a provider's stream says something.
    UPSTREAM_FIRST_BYTE_MS;
    /// The same for a model that cannot think.
    UPSTREAM_FIRST_BYTE_FAST_MS;
    /// The same for a model that thinks before it answers.
    UPSTREAM_FIRST_BYTE_REASONING_MS;
    /// Milliseconds until a provider's whole answer is there, where it is not streamed.
    UPSTREAM_WHOLE_MS;
    /// Milliseconds between two bytes of a provider.
    UPSTREAM_IDLE_MS;
    /// Milliseconds between two events of a provider that say something.
    UPSTREAM_DATA_GAP_MS;
    /// Milliseconds for one whole call of a provider.
    UPSTREAM_TOTAL_MS;
    /// Bytes that a provider's answer may have.
    UPSTREAM_RESPONSE_BYTES_MAX;
    /// Bytes that one event of a provider's stream may have.
    UPSTREAM_FRAME_BYTES_MAX;
    /// Calls to providers for one request.
    UPSTREAM_ATTEMPTS_MAX;
    /// Milliseconds for which a failing endpoint is tried last.
    ROUTING_OUTAGE_WINDOW_MS;
    /// What becomes of a stream that breaks off: `fail` or `continue`.
    ROUTING_ON_BREAK;
    /// Milliseconds without a first token after which a second endpoint is asked; 0 means never.
    ROUTING_HEDGE_AFTER_MS;
    /// When conversations stay where their prompt cache is warm: `observed`, `expected` or `off`.
    ROUTING_AFFINITY;
    /// Connections that may be open at once.
    LIMITS_CONNECTIONS_MAX;
    /// How much is logged.
    LOG_LEVEL;
    /// The form of a line of the log: `text` or `json`.
    LOG_FORMAT;
    /// Whether model servers on this machine are looked for.
    LOCAL_DISCOVER;
    /// The gateway that `weir chat` talks to.
    URL;
    /// The key that `weir chat` uses.
    API_KEY;
}

/// What the variables of one provider begin with: `WEIR_PROVIDERS_<ID>_`, the id in capitals, with `_` for
/// what is neither a letter nor a digit.
pub const PROVIDERS: &str = "WEIR_PROVIDERS_";

/// The variable of one setting of a provider.
#[must_use]
pub fn of_provider(provider: &str, setting: &str) -> String {
    let capital = |byte: char| {
        if byte.is_ascii_alphanumeric() {
            byte.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    let id: String = provider.chars().map(capital).collect();
    let setting: String = setting.chars().map(capital).collect();
    format!("{PROVIDERS}{id}_{setting}")
}
