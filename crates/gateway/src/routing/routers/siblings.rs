//! Names that lead to a model of another name: what thinks or answers faster under a slug of its own, and `~…-latest`
//! where the model behind it cannot do what was asked of the one before it.

use std::borrow::Cow;

use canon::{Effort, Fault, Kind, Reasoning, Request};
use policy::catalog;
use serde_json::Value;

use super::pool::is_off;
use crate::{relay::Survey, snapshot::Snapshot};

/// `openrouter/fusion` is not there yet; OpenRouter's own is passed on to where it is configured.
pub(super) fn refuse_fusion(survey: &Survey<'_>, name: &str) -> Result<(), Fault> {
    let stem = name.split(':').next().unwrap_or(name);
    let is_fusion = matches!(stem, "openrouter/fusion" | "openrouter/fusion-flash");
    let mut upstreams = survey.snapshot.upstreams.keys();
    if !is_fusion || upstreams.any(|provider| provider.as_str() == "openrouter") {
        return Ok(());
    }
    let say = format!(
        "{stem} is not supported yet: it needs server tools; name a model, or openrouter/auto"
    );
    Err(Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "model"))
}

/// The name that a request leads to: `…-fast` for `speed: "fast"`, `…-pro` for `reasoning.mode: "pro"`, where there is
/// such a model.
pub(super) fn of<'a>(survey: &Survey<'_>, name: &'a str) -> Cow<'a, str> {
    let request = survey.request;
    let asks = |fields: Option<&serde_json::Map<String, Value>>, name: &str, word: &str| {
        fields
            .and_then(|fields| fields.get(name))
            .and_then(Value::as_str)
            == Some(word)
    };
    let fields = request.extras.any().map(|(_, fields)| fields);
    let tier = request.service_tier.as_deref();
    let is_fast = asks(fields, "speed", "fast") || matches!(tier, Some("fast" | "priority"));
    let reasoning = request.reasoning.as_ref().and_then(|own| own.extras.any());
    let is_pro = asks(reasoning.map(|(_, fields)| fields), "mode", "pro");
    let (stem, suffixes) = name.split_at(name.find(':').unwrap_or(name.len()));
    let sibling = |ending: &str| {
        let sibling = format!("{stem}-{ending}{suffixes}");
        survey
            .snapshot
            .catalog
            .resolve(&sibling)
            .map(|_| Cow::Owned(sibling))
    };
    let fast = is_fast && stem.starts_with("anthropic/claude-opus");
    let pro = is_pro && stem.starts_with("openai/gpt-");
    let found = if fast { sibling("fast") } else { None };
    let found = found.or_else(|| if pro { sibling("pro") } else { None });
    found.unwrap_or(Cow::Borrowed(name))
}

/// Fits a request that asks its model not to think to a model that must (spec/inference.md §7.6): behind a `~…-latest`
/// name it thinks as little as it can; a model named itself cannot be asked that.
pub(super) fn fit(snapshot: &Snapshot, request: &mut Request) -> Result<(), Fault> {
    let Some(reasoning) = request.reasoning.as_ref().filter(|own| is_off(own)) else {
        return Ok(());
    };
    let Some(name) = request.model.as_deref() else {
        return Ok(());
    };
    let resolved = snapshot.catalog.resolve(name);
    let own = resolved
        .as_ref()
        .and_then(|found| found.model.reasoning.as_ref());
    let Some(own) = own.filter(|own| own.mandatory) else {
        return Ok(());
    };
    if name.starts_with('~') {
        let least = least(own);
        let fitted = Reasoning {
            effort: Some(least),
            enabled: None,
            max_tokens: None,
            ..reasoning.clone()
        };
        request.reasoning = Some(fitted);
        return Ok(());
    }
    if reasoning.effort != Some(Effort::None) {
        return Ok(());
    }
    let say =
        format!("reasoning.effort: {name} always thinks; leave `none` out, or ask for a little");
    Err(Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "reasoning.effort"))
}

/// The least that a model can think.
fn least(own: &catalog::Reasoning) -> Effort {
    let efforts = own.efforts.iter().copied();
    let least = efforts.filter(|effort| *effort != Effort::None).min();
    least.unwrap_or(Effort::Low)
}
