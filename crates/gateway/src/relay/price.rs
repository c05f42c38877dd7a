//! What a usage costs at a target, what is counted where the vendor counts nothing, and what of its counts can be.

use canon::{NanoUsd, Part, Request, Tool, ToolKind, Usage};
use policy::{
    catalog::{PriceSheet, Unit},
    pricing::{self, Cost},
};
use serde_json::Value;

use super::{hold::Most, plan::Target, record};

/// Bytes of text that count as one token where the vendor counted none: an estimate on the safe side
/// (spec/money.md §3.3: bytes/2).
const BYTES_A_TOKEN_LEAST: u64 = 2;

/// Searches of one answer that are believed; research that takes minutes makes a hundred.
const SEARCHES_POSSIBLE: u64 = 1_000;

/// Tokens that something which is no text counts as in an estimate: what vendors make of a larger picture.
const MEDIA_TOKENS: u64 = 1_500;

/// What a usage costs; nothing where the price is unknown.
pub(super) fn cost(target: &Target, usage: &Usage) -> Cost {
    sheet(target).map_or_else(Cost::default, |sheet| pricing::cost(sheet, usage))
}

/// A cost cut to the most that it can be; the parts add up to the total, as before.
pub(super) fn at_most(cost: Cost, most: NanoUsd) -> Cost {
    let total = cost.total.min(most);
    let prompt = cost.prompt.min(total);
    let completion = cost.completion.min(total.saturating_sub(prompt));
    Cost {
        total,
        prompt,
        completion,
        pieces: total.saturating_sub(prompt).saturating_sub(completion),
    }
}

/// The part of a cost that so many of so many bytes have, rounded up.
pub(super) fn share(cost: NanoUsd, (part, whole): (u64, u64)) -> NanoUsd {
    if part >= whole {
        return cost;
    }
    let share = i128::from(cost.get()) * i128::from(part);
    let share = (share + i128::from(whole) - 1) / i128::from(whole);
    NanoUsd::new(i64::try_from(share).unwrap_or(cost.get()))
}

/// Tokens by our own count: of the prompt, and of an answer of so many bytes. Who wanted the web searched and has words
/// of an answer has had a search.
pub(super) fn counted(request: &Request, answer_bytes: u64) -> Usage {
    Usage {
        web_searches: u64::from(request.search.is_some() && answer_bytes > 0),
        prompt_tokens: record::prompt_bytes(request).div_ceil(BYTES_A_TOKEN_LEAST),
        completion_tokens: answer_bytes.div_ceil(BYTES_A_TOKEN_LEAST),
        ..Usage::default()
    }
}

/// Tokens of a prompt by our own count, for callers who ask before they send it: on the safe side too.
pub(super) fn estimated(request: &Request) -> u64 {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let media = parts
        .filter(|part| matches!(part, Part::Media { .. }))
        .count();
    let media = u64::try_from(media).unwrap_or(u64::MAX);
    let tools = request.tools.iter().map(tool_bytes).sum::<u64>();
    let bytes = record::prompt_bytes(request).saturating_add(tools);
    let text = bytes.div_ceil(BYTES_A_TOKEN_LEAST);
    text.saturating_add(media.saturating_mul(MEDIA_TOKENS))
}

/// Bytes of a tool as it is told to the model.
fn tool_bytes(tool: &Tool) -> u64 {
    let length = |text: Option<&str>| text.map_or(0, str::len);
    let written = |value: Option<&Value>| value.map_or(0, |value| value.to_string().len());
    let bytes = match &tool.kind {
        ToolKind::Function {
            name,
            description,
            parameters: form,
            ..
        }
        | ToolKind::Custom {
            name,
            description,
            format: form,
        } => name.len() + length(description.as_deref()) + written(form.as_ref()),
        ToolKind::Native { value, .. } => written(Some(value)),
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Whether what a vendor states can be: its parts fit, it is within what the request and the model allow, and an
/// answer of so many bytes was not for nothing.
pub(super) fn is_possible(usage: &Usage, most: Most, answer_bytes: u64) -> bool {
    let for_nothing =
        usage.prompt_tokens == 0 || (usage.completion_tokens == 0 && answer_bytes > 0);
    usage.is_plausible()
        && !for_nothing
        && usage.prompt_tokens <= most.prompt
        && usage.completion_tokens <= most.answer
        && usage.web_searches <= SEARCHES_POSSIBLE
}

/// What reading from the prompt cache saved, less what writing it cost more than plain tokens.
pub(super) fn cache_discount(target: &Target, usage: &Usage) -> NanoUsd {
    let Some(sheet) = sheet(target) else {
        return NanoUsd::ZERO;
    };
    let at = |unit| sheet.price_at(unit, usage.prompt_tokens);
    let Some(plain) = at(Unit::Prompt) else {
        return NanoUsd::ZERO;
    };
    let saved = [
        (Unit::CacheRead, usage.cached_tokens),
        (Unit::CacheWrite, usage.cache_write_tokens),
        (Unit::CacheWrite1h, usage.cache_write_1h_tokens),
    ]
    .into_iter()
    .map(|(unit, tokens)| plain.times(tokens) - at(unit).unwrap_or(plain).times(tokens));
    NanoUsd::from_pico_ceil(saved.sum())
}

fn sheet(target: &Target) -> Option<&PriceSheet> {
    target.endpoint().ok()?.prices.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_is_cut_still_adds_up() {
        let [total, prompt, completion, pieces] = [10, 6, 3, 1].map(NanoUsd::new);
        let whole = Cost {
            total,
            prompt,
            completion,
            pieces,
        };
        assert_eq!(at_most(whole, NanoUsd::new(10)), whole);
        for (most, parts) in [(9, [6, 3, 0]), (7, [6, 1, 0]), (4, [4, 0, 0]), (0, [0; 3])] {
            let cut = at_most(whole, NanoUsd::new(most));
            assert_eq!(cut.total, NanoUsd::new(most));
            let [prompt, completion, pieces] = parts.map(NanoUsd::new);
            assert_eq!(
                (cut.prompt, cut.completion, cut.pieces),
                (prompt, completion, pieces)
            );
        }
    }

    #[test]
    fn only_what_can_be_is_believed() {
        let most = Most {
            prompt: 100,
            answer: 50,
        };
        let usage = |prompt_tokens, completion_tokens| Usage {
            prompt_tokens,
            completion_tokens,
            ..Usage::default()
        };
        assert!(is_possible(&usage(100, 50), most, 7));
        assert!(
            is_possible(&usage(1, 0), most, 0),
            "an answer that says nothing"
        );
        for (wrong, bytes) in [
            (usage(101, 50), 7),
            (usage(100, 51), 7),
            (usage(0, 50), 7),
            (usage(100, 0), 7),
            (usage(0, 0), 0),
            (usage(u64::MAX, u64::MAX), 7),
        ] {
            assert!(!is_possible(&wrong, most, bytes), "{wrong:?}");
        }
        let cached = Usage {
            cached_tokens: 11,
            ..usage(10, 1)
        };
        assert!(!is_possible(&cached, most, 7));
        let searched = |web_searches| Usage {
            web_searches,
            ..usage(10, 1)
        };
        assert!(is_possible(&searched(100), most, 7));
        assert!(!is_possible(&searched(1_000_000), most, 7));
    }

    #[test]
    fn who_wanted_a_search_and_left_within_the_answer_has_had_one() {
        let request = Request {
            search: Some(canon::Search::default()),
            ..Request::default()
        };
        assert_eq!(counted(&request, 7).web_searches, 1);
        assert_eq!(counted(&request, 0).web_searches, 0);
        assert_eq!(counted(&Request::default(), 7).web_searches, 0);
    }
}
