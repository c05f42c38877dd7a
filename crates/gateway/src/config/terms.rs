//! `[[routing.endpoints]]`, `[routing.aliases]` and `[workspaces.NAME.routing]`: the operator's terms for endpoints, names
//! of one's own for models, and both for one workspace.

use std::{collections::BTreeMap, num::NonZeroU16};

use canon::Preferences;
use policy::terms::{Pattern, Rule};
use toml::de::DeValue;

use super::{problem::Place, raw::RawValue, section::Section, sections::read_preferences};

/// Names of one's own for models.
pub type Aliases = BTreeMap<String, Alias>;

/// What a name of one's own stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The models, the first one first, each with where it stands.
    pub models: Vec<(String, Place)>,
}

/// What an operator says of some endpoints, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRule {
    /// What is said.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// The full name of its `match`: `routing.endpoints[0].match`.
    pub setting: String,
}

/// `[workspaces.NAME]`: what holds for the requests of one workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workspace {
    /// As in [`super::Routing`]; the gateway's own hold as well.
    pub preferences: Preferences,
    /// Read behind the gateway's own, so that what these say holds. Their caps are of this workspace alone.
    pub endpoints: Vec<EndpointRule>,
    /// These go before the gateway's own.
    pub aliases: Aliases,
}

/// The largest weight; more is a preference.
const WEIGHT_MAX: u64 = 1_000;
/// The most of anything a minute.
const PER_MINUTE_MAX: u64 = 1_000_000_000_000;
/// Requests at once; more are never open.
const CONCURRENCY_MAX: u64 = 1_000_000;
/// Letters of an alias.
const ALIAS_CHARS_MAX: usize = 128;

/// Reads `[[….endpoints]]`.
pub(super) fn read_endpoints(section: &mut Section<'_, '_>) -> Vec<EndpointRule> {
    let path = section.path_of("endpoints");
    let tables = section.tables("endpoints");
    let mut rules = Vec::with_capacity(tables.len());
    for (number, (table, place)) in tables.into_iter().enumerate() {
        let name = format!("{path}[{number}]");
        let mut section = Section::new(section.reading, name, Some(table), place.clone());
        rules.extend(read_endpoint(&mut section, place));
        section.end();
    }
    rules
}

/// Reads one; `None` where it does not say which endpoints it means. Every other fault is noted too.
fn read_endpoint(section: &mut Section<'_, '_>, place: Place) -> Option<EndpointRule> {
    let (pattern, place) = read_pattern(section, place);
    let mut rule = Rule::default();
    let mut weight: Option<u16> = None;
    section.optional_whole("weight", 1..=WEIGHT_MAX, &mut weight);
    rule.weight = weight.and_then(NonZeroU16::new);
    section.optional_flag("prefer", &mut rule.prefer);
    section.optional_flag("disabled", &mut rule.disabled);
    let limits = &mut rule.limits;
    let (requests, tokens) = ("requests_per_minute", "tokens_per_minute");
    section.optional_whole(
        requests,
        1..=PER_MINUTE_MAX,
        &mut limits.requests_per_minute,
    );
    section.optional_whole(tokens, 1..=PER_MINUTE_MAX, &mut limits.tokens_per_minute);
    let concurrency = &mut limits.concurrency_max;
    section.optional_whole("concurrency_max", 1..=CONCURRENCY_MAX, concurrency);
    rule.pattern = pattern?;
    Some(EndpointRule {
        rule,
        place,
        setting: section.path_of("match"),
    })
}

fn read_pattern(section: &mut Section<'_, '_>, whole: Place) -> (Option<Pattern>, Place) {
    match section.text("match", "") {
        None => {
            if !section.says("match") {
                let say = "missing: expected MODEL@PROVIDER, such as \"openai/gpt-4o@azure\" or \"@azure\"";
                section.fault(whole.clone(), "match", say);
            }
            (None, whole)
        }
        Some((text, place)) => match text.parse::<Pattern>() {
            Ok(pattern) => (Some(pattern), place),
            Err(error) => {
                section.fault(place.clone(), "match", format!("{error}, got {text:?}"));
                (None, place)
            }
        },
    }
}

/// Reads `[….aliases]`.
pub(super) fn read_aliases(section: &mut Section<'_, '_>) -> Aliases {
    let mut aliases = Aliases::new();
    let Some(mut section) = section.table("aliases") else {
        return aliases;
    };
    for (name, place) in section.names() {
        let raw = section.raw(name, "").map(|raw| raw.value);
        if name.is_empty() || name.len() > ALIAS_CHARS_MAX || name.contains([':', ' ', '@']) {
            let say = format!(
                "expected a name of up to {ALIAS_CHARS_MAX} letters without colons, spaces and at signs"
            );
            section.fault(place, name, say);
            continue;
        }
        let is_list = matches!(raw, Some(RawValue::File(DeValue::Array(_))));
        let models = if is_list {
            section.texts(name).unwrap_or_default()
        } else {
            section.text(name, "").into_iter().collect()
        };
        if is_list && models.is_empty() {
            section.fault(place, name, "expected at least one model");
        }
        aliases.insert(name.to_owned(), Alias { models });
    }
    section.end();
    aliases
}

/// Reads `[workspaces.…]`.
pub(super) fn read_workspaces(root: &mut Section<'_, '_>) -> BTreeMap<String, Workspace> {
    let mut workspaces = BTreeMap::new();
    let Some(mut section) = root.table("workspaces") else {
        return workspaces;
    };
    for (name, _) in section.names() {
        let Some(mut own) = section.table(name) else {
            continue;
        };
        let mut workspace = Workspace::default();
        if let Some(mut routing) = own.table("routing") {
            read_preferences(&mut routing, &mut workspace.preferences);
            workspace.endpoints = read_endpoints(&mut routing);
            workspace.aliases = read_aliases(&mut routing);
            routing.end();
        }
        own.end();
        workspaces.insert(name.to_owned(), workspace);
    }
    section.end();
    workspaces
}
