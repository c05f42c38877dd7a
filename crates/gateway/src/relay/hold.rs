//! Step 5: money first. The worst that an attempt may cost is set aside before a byte goes out; where the key's
//! limit does not allow it, the answer is made shorter, or refused (spec/money.md §3.3).

use canon::{AttemptId, Fault, Kind, MediaKind, NanoUsd, Part, Request, Source, ToolKind};
use policy::{catalog::Endpoint, ledger::HoldRequest, pricing};
use serde_json::Value;

use super::{Admitted, plan::Target};
use crate::{app::App, books::Hold, clock};

/// Money set aside, and how long the answer may become for it.
#[derive(Debug)]
pub(super) struct Held {
    /// Ends in a settlement, whatever happens.
    pub(super) hold: Hold,
    /// The limit of the answer to send, where it is not the caller's own.
    pub(super) clamped_to: Option<u64>,
    /// What the attempt can use; a vendor that states more is not believed.
    pub(super) most: Most,
}

/// The most tokens that one attempt can use, whatever limit it asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Most {
    pub(super) prompt: u64,
    pub(super) answer: u64,
}

/// An answer is not made shorter than this for want of money: it would be of no use.
const CLAMPED_TOKENS_MIN: u64 = 256;
/// The answer's limit where neither the caller nor the catalogue names one.
const OUTPUT_TOKENS_UNKNOWN: u64 = 131_072;
/// Tokens that vendors put around each message, at most.
const MESSAGE_FRAME_TOKENS: u64 = 16;
/// Tokens of instructions that vendors add where tools are on offer, at most.
const TOOL_FRAME_TOKENS: u64 = 1_024;
/// The smallest budget that models which think by a budget are given.
const THINKING_TOKENS_LEAST: u64 = 1_024;
/// A prompt's tokens where something in it is only named (an address, an upload) and the context is unknown.
const UNSEEN_MEDIA_TOKENS: u64 = 131_072;
/// How long after the longest call an attempt may still be settled, in microseconds.
const GRACE_MICROS: i64 = 60_000_000;
/// Another request may take the headroom between the look and the hold; then the look is taken again.
const LOOKS_MAX: usize = 3;

/// What is asked of the endpoint: the caller's request, or what is made of it to go on with an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) request: &'a Request,
    /// No prompt has more tokens than this has bytes.
    pub(super) bytes: u64,
}

pub(super) fn hold(
    app: &App,
    admitted: &Admitted,
    asked: Asked<'_>,
    (target, number): (&Target, u8),
) -> Result<Held, Fault> {
    let endpoint = target.endpoint()?;
    let bounds = Bounds::of(asked, endpoint);
    let mut refused = None;
    for _ in 0..LOOKS_MAX {
        let now = clock::now_micros();
        let (amount, clamped_to) = bounds.fit(app, admitted, endpoint, now)?;
        let total_micros = i64::try_from(app.config.upstream.total_ms)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000);
        let request = HoldRequest {
            attempt: AttemptId {
                generation: admitted.generation.clone(),
                number,
            },
            key: &admitted.key,
            provider: &endpoint.provider,
            amount,
            deadline: now
                .saturating_add(total_micros)
                .saturating_add(GRACE_MICROS),
            price_version: PRICE_VERSION,
        };
        match app.books.hold(&request, now) {
            Ok(hold) => {
                return Ok(Held {
                    hold,
                    clamped_to,
                    most: bounds.most(endpoint),
                });
            }
            Err(fault) if fault.kind == Kind::PaymentRequired => refused = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Err(refused.unwrap_or_else(|| Fault::ours("a hold was neither made nor refused")))
}

/// Which prices the amounts of this process are computed with: those compiled in.
const PRICE_VERSION: u32 = 1;

/// The most tokens an attempt can use.
struct Bounds {
    prompt: u64,
    answer: u64,
    answers: u64,
    images: u64,
    searches: u64,
}

impl Bounds {
    fn of(asked: Asked<'_>, endpoint: &Endpoint) -> Self {
        let request = asked.request;
        let (images, unseen) = media_of(request);
        let searches = searches_of(request);
        // What a search finds stands in the prompt, too.
        let unseen = unseen || searches > 0;
        let messages = u64::try_from(request.messages.len()).unwrap_or(u64::MAX);
        let frames = messages
            .saturating_mul(MESSAGE_FRAME_TOKENS)
            .saturating_add(64);
        let tools = if request.tools.is_empty() {
            0
        } else {
            TOOL_FRAME_TOKENS
        };
        // A token is at least one byte.
        let seen = asked.bytes.saturating_add(frames).saturating_add(tools);
        let seen = if unseen {
            seen.saturating_add(UNSEEN_MEDIA_TOKENS)
        } else {
            seen
        };
        let prompt = match endpoint.context_length {
            Some(context) if unseen => context,
            Some(context) => seen.min(context),
            None => seen,
        };
        let most = endpoint
            .max_output_tokens
            .or(endpoint.context_length)
            .unwrap_or(OUTPUT_TOKENS_UNKNOWN);
        // Dialects that count thinking apart add its budget to the caller's limit.
        let thinks = request
            .reasoning
            .as_ref()
            .filter(|reasoning| reasoning.enabled != Some(false));
        let budget = thinks.map_or(0, |reasoning| {
            reasoning.max_tokens.unwrap_or(0).max(THINKING_TOKENS_LEAST)
        });
        let limit = request
            .sampling
            .max_tokens
            .map(|limit| limit.saturating_add(budget));
        let answer = limit.map_or(most, |limit| limit.min(most.max(1)).max(1));
        Self {
            prompt,
            answer,
            answers: request.sampling.n.unwrap_or(1).max(1),
            images,
            searches,
        }
    }

    /// What is possible at all: a vendor may ignore the limit of the answer, and its own tools may add to the prompt,
    /// but the model has an end.
    fn most(&self, endpoint: &Endpoint) -> Most {
        let context = endpoint.context_length.unwrap_or(UNSEEN_MEDIA_TOKENS);
        let limits = endpoint.max_output_tokens.max(endpoint.context_length);
        let answer = limits.unwrap_or(OUTPUT_TOKENS_UNKNOWN).max(self.answer);
        Most {
            prompt: self.prompt.max(context),
            answer: answer.saturating_mul(self.answers),
        }
    }

    /// The amount to set aside, and the answer's limit where it must be shorter than asked for.
    fn fit(
        &self,
        app: &App,
        admitted: &Admitted,
        endpoint: &Endpoint,
        now: i64,
    ) -> Result<(NanoUsd, Option<u64>), Fault> {
        let Some(sheet) = &endpoint.prices else {
            return if admitted.key.limit.is_some() {
                let say = format!(
                    "{} has no known price, so a key with a limit cannot call it; set its price in the configuration",
                    endpoint.model
                );
                Err(Fault::caller(Kind::PermissionDenied, say))
            } else {
                Ok((NanoUsd::ZERO, None))
            };
        };
        let tokens = self.answer.saturating_mul(self.answers);
        let worst = self.cost(tokens).ceiling(sheet);
        let Some(headroom) = app.books.headroom(&admitted.key, now) else {
            return Ok((worst, None));
        };
        if worst <= headroom {
            return Ok((worst, None));
        }
        let affordable = self.cost(0).affordable_output(sheet, headroom);
        let answer = affordable.unwrap_or(0) / self.answers;
        if answer < CLAMPED_TOKENS_MIN {
            // Too little is left; the books say it in their own words, with the figures.
            return Ok((worst, None));
        }
        let tokens = answer.saturating_mul(self.answers);
        Ok((self.cost(tokens).ceiling(sheet), Some(answer)))
    }

    /// What is paid for, with an answer of so many tokens.
    fn cost(&self, tokens: u64) -> pricing::Bounds {
        pricing::Bounds {
            prompt_tokens: self.prompt,
            completion_tokens: tokens,
            web_searches: self.searches,
            pieces: pricing::Pieces {
                images: self.images,
                ..pricing::Pieces::default()
            },
        }
    }
}

/// How many images a request shows, and whether anything in it is only named, so that its size is not seen.
fn media_of(request: &Request) -> (u64, bool) {
    fn count(parts: &[Part], images: &mut u64, unseen: &mut bool) {
        for part in parts {
            match part {
                Part::Media { media, .. } => {
                    *images += u64::from(media.kind == MediaKind::Image);
                    *unseen |= matches!(media.source, Source::Url(_) | Source::Upload(_));
                }
                Part::ToolResult(result) => count(&result.parts, images, unseen),
                Part::Text(_)
                | Part::Reasoning(_)
                | Part::ToolCall(_)
                | Part::Refusal(_)
                | Part::Other { .. } => {}
            }
        }
    }
    let (mut images, mut unseen) = (0, false);
    for message in &request.messages {
        count(&message.parts, &mut images, &mut unseen);
    }
    (images, unseen)
}

/// How often the vendor may search the web for a request, at most: by a wish of the caller's, or by a tool of the
/// vendor's own.
fn searches_of(request: &Request) -> u64 {
    let wish = request.search.as_ref().map(|search| search.max_uses);
    let tools = request.tools.iter().filter_map(|tool| match &tool.kind {
        ToolKind::Native { value, .. } => is_search(value).then(|| value["max_uses"].as_u64()),
        ToolKind::Function { .. } | ToolKind::Custom { .. } => None,
    });
    let each = tools
        .chain(wish)
        .map(|uses| uses.unwrap_or(dialects::SEARCHES_MOST));
    each.fold(0, u64::saturating_add)
}

/// Whether a vendor's own tool searches the web: `web_search…`, `googleSearch` and their like.
fn is_search(tool: &Value) -> bool {
    let names = tool.as_object().into_iter().flat_map(|tool| tool.keys());
    let mut words = names.map(String::as_str).chain(tool["type"].as_str());
    words.any(|word| word.to_ascii_lowercase().contains("search"))
}
