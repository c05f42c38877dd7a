//! What is known of a vendor: a value, no code.

use dialects::Dialect;

use crate::{Auth, Quirk, vendors};

/// A vendor: its address, its key scheme, its quirks and what it says about data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its slug, as OpenRouter writes it.
    pub id: &'static str,
    /// How it is shown, as OpenRouter shows it.
    pub name: &'static str,
    /// Its wire format.
    pub dialect: Dialect,
    /// What stands before the dialect's paths; no slash at the end.
    pub base_url: &'static str,
    /// How it is shown its key.
    pub auth: Auth,
    /// Environment variables that its users know the key by, the first that is set wins.
    pub key_variables: &'static [&'static str],
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

/// Something that a vendor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Answers in a conversation.
    Chat,
    /// Text to vectors.
    Embeddings,
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

impl DataPolicy {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        training: None,
        retains_days: None,
    };
}
