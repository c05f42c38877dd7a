//! What is known of a vendor: a value, no code.

use dialects::Dialect;

use crate::{Auth, Quirk, Setting, vendors};

/// A vendor: its address, its key scheme, its quirks and what it says about data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its slug, as OpenRouter writes it.
    pub id: &'static str,
    /// How it is shown, as OpenRouter shows it.
    pub name: &'static str,
    /// The wire format it is best asked in.
    pub dialect: Dialect,
    /// What stands before the dialect's paths; no slash at the end. A word in braces (`{region}`) is the setting of
    /// that name.
    pub base_url: &'static str,
    /// Which of its models are asked there.
    pub takes: Models,
    /// The other wire formats it speaks, the better ones first.
    pub also: &'static [Wire],
    /// What its addresses are made of.
    pub settings: &'static [Setting],
    /// How it is shown its key.
    pub auth: Auth,
    /// Environment variables that its users know the key by, the first that is set wins.
    pub key_variables: &'static [&'static str],
    /// Those variables open more than models (a whole cloud account, experiments, a git host) and are set where nobody
    /// means this vendor: they count only where the configuration names it.
    pub general_key: bool,
    /// What it offers.
    pub speaks: &'static [Task],
    /// How it differs from the reference of its dialect.
    pub quirks: &'static [Quirk],
    /// Whether hanging up stops the bill (spec/inference.md §2.4). Unknown counts as no.
    pub cancel_stops_billing: bool,
    /// What it does with data.
    pub data_policy: DataPolicy,
    /// Where it says so.
    pub links: Links,
    /// Country of its seat, ISO 3166-1 alpha-2.
    pub headquarters: Option<&'static str>,
    /// It runs on the operator's machine, on this port unless told otherwise, and needs no key.
    pub local_port: Option<u16>,
}

/// A further wire format of a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Which.
    pub dialect: Dialect,
    /// What stands before the dialect's paths, as in [`Provider::base_url`].
    pub base_url: &'static str,
    /// How it is shown the key, where not as on the vendor's first wire.
    pub auth: Option<Auth>,
    /// Which of the vendor's models are asked there.
    pub takes: Models,
    /// How it differs from the reference of its dialect.
    pub quirks: &'static [Quirk],
}

/// Which models a wire takes, by their author (`anthropic` in `anthropic/claude-opus-4.1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Models {
    /// All.
    All,
    /// Those of these authors.
    Of(&'static [&'static str]),
    /// All but those of these authors.
    AllBut(&'static [&'static str]),
}

/// Something that a vendor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Answers in a conversation.
    Chat,
    /// Text to vectors.
    Embeddings,
    /// Texts in the order in which they fit a question.
    Rerank,
    /// Text to pictures.
    Images,
    /// Text to sound.
    Speech,
    /// Sound to text.
    Transcription,
}

/// What a provider does with the data it is sent. `None` is unknown, and never means no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataPolicy {
    /// Whether models are trained on it.
    pub training: Option<bool>,
    /// For how many days it is kept.
    pub retains_days: Option<u32>,
}

/// Where a vendor says what it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Its privacy policy.
    pub privacy: Option<&'static str>,
    /// Its terms of service.
    pub terms: Option<&'static str>,
    /// Its status page.
    pub status: Option<&'static str>,
}

/// The vendor of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Provider> {
    vendors::ALL
        .iter()
        .copied()
        .find(|provider| provider.id == id)
}

impl Provider {
    /// What most vendors are: OpenAI chat for a key in `Authorization`, of whom no more is known. What is not known
    /// counts as the worst.
    pub(crate) const OPENAI_LIKE: Self = Self {
        id: "",
        name: "",
        dialect: Dialect::OpenAiChat,
        base_url: "",
        takes: Models::All,
        also: &[],
        settings: &[],
        auth: Auth::Bearer,
        key_variables: &[],
        general_key: false,
        speaks: &[Task::Chat],
        quirks: &[Quirk::AskForUsage],
        cancel_stops_billing: false,
        data_policy: DataPolicy::UNKNOWN,
        links: Links {
            privacy: None,
            terms: None,
            status: None,
        },
        headquarters: None,
        local_port: None,
    };

    /// Every setting it has: those of its addresses and those of its credentials.
    pub fn all_settings(&self) -> impl Iterator<Item = &'static Setting> + use<> {
        self.settings.iter().chain(self.auth.settings())
    }
}

impl Wire {
    /// A wire as the dialect's reference vendor speaks it, for all models, with the vendor's own key scheme.
    pub(crate) const fn new(dialect: Dialect, base_url: &'static str) -> Self {
        Self {
            dialect,
            base_url,
            auth: None,
            takes: Models::All,
            quirks: Quirk::usual(dialect),
        }
    }

    /// The same for some models only.
    pub(crate) const fn of(self, takes: Models) -> Self {
        Self { takes, ..self }
    }

    /// The same with another key scheme.
    pub(crate) const fn with_auth(self, auth: Auth) -> Self {
        Self {
            auth: Some(auth),
            ..self
        }
    }
}

impl Models {
    /// Whether this model (`author/slug`) is among them.
    #[must_use]
    pub fn has(self, model: &str) -> bool {
        let author = model.split('/').next().unwrap_or_default();
        match self {
            Self::All => true,
            Self::Of(authors) => authors.contains(&author),
            Self::AllBut(authors) => !authors.contains(&author),
        }
    }
}

impl DataPolicy {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        training: None,
        retains_days: None,
    };
}
