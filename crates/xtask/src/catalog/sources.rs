//! The packages, each read into `Quote`s by its own file.

pub(super) mod genai;
pub(super) mod litellm;
pub(super) mod pi_ai;
pub(super) mod rates;

/// The packages' names, in the order in which their prices are believed for a vendor's own API.
pub(super) const LITELLM: &str = "litellm";
pub(super) const RATES: &str = "rates";
pub(super) const GENAI: &str = "genai-prices";
pub(super) const PI_AI: &str = "@earendil-works/pi-ai";
pub(super) const TOKENCOST: &str = "tokencostauto";
