//! What an answer used. Anthropic counts cached and written tokens apart from `input_tokens`; canon counts them in.

use canon::Usage;
use serde_json::{Map, Value};

use super::wire::DIALECT;
use crate::{Error, Fields, Receipt, json::Object, openrouter, tier};

/// Fields that are ours to write, never a vendor's to pass on.
const OURS: &[&str] = &["cost", "cost_details", "is_byok"];

/// The counts as the wire has them. A stream states them twice, the second time in full or in part.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    output: u64,
    thinking: u64,
    web_searches: u64,
    service_tier: Option<String>,
    compacted: Compacted,
}

/// What it took to sum up a conversation that grew too long: billed, and not in the counts of the answer, which are
/// those of the other `iterations` alone (<https://platform.claude.com/docs/en/build-with-claude/compaction>, read
/// 2026-11).
#[derive(Clone, Copy, Debug, Default)]
struct Compacted {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    output: u64,
}

impl Compacted {
    /// The sum over the iterations that were compactions. What cannot be true counts as not stated.
    fn of(iterations: Option<&Value>) -> Self {
        let mut sum = Self::default();
        let is_compaction = |iteration: &&Value| {
            iteration
                .get("type")
                .is_some_and(|kind| kind == "compaction")
        };
        let iterations = iterations.and_then(Value::as_array);
        for iteration in iterations.into_iter().flatten().filter(is_compaction) {
            let count = |path: &str| iteration.pointer(path).and_then(Value::as_u64).unwrap_or(0);
            let short = count("/cache_creation/ephemeral_5m_input_tokens");
            let long = count("/cache_creation/ephemeral_1h_input_tokens");
            let write = count("/cache_creation_input_tokens").max(short.saturating_add(long));
            for (sum, more) in [
                (&mut sum.input, count("/input_tokens")),
                (&mut sum.cache_read, count("/cache_read_input_tokens")),
                (&mut sum.cache_write, write),
                (&mut sum.cache_write_1h, long.min(write)),
                (&mut sum.output, count("/output_tokens")),
            ] {
                *sum = sum.saturating_add(more);
            }
        }
        sum
    }

    /// All tokens of prompts.
    fn prompt(&self) -> u64 {
        let cached = self.cache_read.saturating_add(self.cache_write);
        self.input.saturating_add(cached)
    }

    /// The usage without it.
    fn taken_from(self, usage: &Usage) -> Usage {
        let short = self.cache_write.saturating_sub(self.cache_write_1h);
        Usage {
            prompt_tokens: usage.prompt_tokens.saturating_sub(self.prompt()),
            completion_tokens: usage.completion_tokens.saturating_sub(self.output),
            cached_tokens: usage.cached_tokens.saturating_sub(self.cache_read),
            cache_write_tokens: usage.cache_write_tokens.saturating_sub(short),
            cache_write_1h_tokens: usage
                .cache_write_1h_tokens
                .saturating_sub(self.cache_write_1h),
            ..usage.clone()
        }
    }
}

impl Counts {
    /// Takes in a usage object; returns what canon has no name for.
    ///
    /// # Errors
    /// A count is no whole number of 0 or more.
    pub(super) fn update(&mut self, mut fields: Fields) -> Result<Map<String, Value>, Error> {
        // The last word counts, except that a zero does not take back tokens of the prompt: some vendors
        // state those only once.
        let stated = |fields: &mut Fields, name: &str| {
            Ok::<_, Error>(fields.u64(name)?.filter(|count| *count > 0))
        };
        update(&mut self.input, stated(&mut fields, "input_tokens")?);
        let read = stated(&mut fields, "cache_read_input_tokens")?;
        update(&mut self.cache_read, read);
        let write = stated(&mut fields, "cache_creation_input_tokens")?;
        update(&mut self.cache_write, write);
        if let Some(mut split) = fields.object("cache_creation")? {
            let short = split.u64("ephemeral_5m_input_tokens")?.unwrap_or(0);
            let long = split.u64("ephemeral_1h_input_tokens")?.unwrap_or(0);
            if short.saturating_add(long) > 0 {
                self.cache_write_1h = long;
                self.cache_write = self.cache_write.max(short.saturating_add(long));
            }
        }
        update(&mut self.output, fields.u64("output_tokens")?);
        if let Some(mut details) = fields.object("output_tokens_details")? {
            update(&mut self.thinking, details.u64("thinking_tokens")?);
        }
        if let Some(tools) = fields.peek("server_tool_use").cloned() {
            let mut tools = Fields::from_value(tools, fields.path_of("server_tool_use"))?;
            update(&mut self.web_searches, tools.u64("web_search_requests")?);
        }
        let tier = fields.string("service_tier")?.map(tier::parse);
        self.service_tier = tier.or(self.service_tier.take());
        if let Some(iterations) = fields.peek("iterations") {
            self.compacted = Compacted::of(Some(iterations));
        }
        let mut rest = fields.into_map();
        rest.retain(|name, _| !OURS.contains(&name.as_str()));
        Ok(rest)
    }

    /// The same in canon's terms.
    pub(super) fn usage(&self) -> Usage {
        let more = &self.compacted;
        let write_1h = self.cache_write_1h.min(self.cache_write);
        let write = self.cache_write.saturating_sub(write_1h);
        let more_write = more.cache_write.saturating_sub(more.cache_write_1h);
        let prompt_tokens = self
            .input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(more.prompt());
        Usage {
            prompt_tokens,
            completion_tokens: self.output.saturating_add(more.output),
            cached_tokens: self.cache_read.saturating_add(more.cache_read),
            cache_write_tokens: write.saturating_add(more_write),
            cache_write_1h_tokens: write_1h.saturating_add(more.cache_write_1h),
            reasoning_tokens: self.thinking,
            web_searches: self.web_searches,
            service_tier: self.service_tier.clone(),
            ..Usage::default()
        }
    }
}

fn update(count: &mut u64, stated: Option<u64>) {
    if let Some(stated) = stated {
        *count = stated;
    }
}

/// Reads the usage of a whole answer, and what canon has no name for.
pub(super) fn parse(fields: Fields) -> Result<(Usage, Map<String, Value>), Error> {
    let mut counts = Counts::default();
    let rest = counts.update(fields)?;
    Ok((counts.usage(), rest))
}

/// Writes the usage with its cost; `rest` is what the same dialect said besides.
pub(super) fn render(receipt: &Receipt, rest: Option<&Map<String, Value>>, out: &mut Vec<u8>) {
    render_counts(&receipt.usage, rest, out);
    out.push(b',');
    openrouter::render_cost(receipt, out);
    out.push(b'}');
}

/// Writes the usage as far as it is known when an answer begins.
pub(super) fn render_start(usage: &Usage, rest: Option<&Map<String, Value>>, out: &mut Vec<u8>) {
    render_counts(usage, rest, out);
    out.push(b'}');
}

/// All but the closing brace.
fn render_counts(usage: &Usage, rest: Option<&Map<String, Value>>, out: &mut Vec<u8>) {
    let iterations = rest.and_then(|rest| rest.get("iterations"));
    let usage = &Compacted::of(iterations).taken_from(usage);
    let write = usage
        .cache_write_tokens
        .saturating_add(usage.cache_write_1h_tokens);
    let apart = usage.cached_tokens.saturating_add(write);
    let mut object = Object::open(out);
    object.field("input_tokens", &usage.prompt_tokens.saturating_sub(apart));
    object.field("cache_creation_input_tokens", &write);
    object.field("cache_read_input_tokens", &usage.cached_tokens);
    let mut split = object.object("cache_creation");
    split.field("ephemeral_5m_input_tokens", &usage.cache_write_tokens);
    split.field("ephemeral_1h_input_tokens", &usage.cache_write_1h_tokens);
    split.close();
    object.field("output_tokens", &usage.completion_tokens);
    let mut details = object.object("output_tokens_details");
    details.field("thinking_tokens", &usage.reasoning_tokens);
    details.close();
    render_server_tools(usage, rest, &mut object);
    let tier = usage.service_tier.as_deref().map(tier::render);
    object.field("service_tier", &tier);
    if !rest.is_some_and(|rest| rest.contains_key("inference_geo")) {
        object.null("inference_geo");
    }
    for (name, value) in rest.into_iter().flatten() {
        if name != "server_tool_use" {
            object.field(name, value);
        }
    }
}

fn render_server_tools(usage: &Usage, rest: Option<&Map<String, Value>>, object: &mut Object<'_>) {
    let own = rest.and_then(|rest| rest.get("server_tool_use"));
    match own {
        Some(own) => object.field("server_tool_use", own),
        None if usage.web_searches > 0 => {
            let mut tools = object.object("server_tool_use");
            tools.field("web_search_requests", &usage.web_searches);
            tools.field("web_fetch_requests", &0);
            tools.close();
        }
        None => object.null("server_tool_use"),
    }
}

/// The usage fields of this dialect that stand in the extras of an answer.
pub(super) fn rest_of(extras: &canon::Extras) -> Option<&Map<String, Value>> {
    extras.of(DIALECT)?.get("usage")?.as_object()
}
