//! Search of the web, run by whoever serves the request.

use serde_json::{Map, Value};

/// A wish that the web be searched for the answer (`plugins: [{"id": "web"}]`, `:online`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// Searches in one answer, at most.
    pub max_uses: Option<u64>,
    /// Results of one search, at most.
    pub max_results: Option<u64>,
    /// What the model is told about the results.
    pub prompt: Option<String>,
    /// Only pages of these domains, where there are any. `*.` in front means any subdomain, a path narrows.
    pub include_domains: Vec<String>,
    /// No pages of these domains.
    pub exclude_domains: Vec<String>,
    /// Where the user is, about: `{type: "approximate", city, region, country, timezone}`.
    pub location: Option<Map<String, Value>>,
}
