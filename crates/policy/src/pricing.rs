//! Usage times price sheet: what a request cost, the most it can cost, how long an answer may be.
//!
//! Exact in pico-USD (i128), rounded up to nano-USD once, at the end. No floats. Counts are split into
//! disjoint buckets first, so that no token is paid twice; each bucket has the price of its unit, or of
//! the unit it falls back to:
//!
//! | unit | without a price of its own it costs as |
//! |---|---|
//! | cache read, cache write, audio in, image token in | a prompt token |
//! | cache write for an hour | a cache write, then a prompt token |
//! | reasoning, audio out, image token out | a completion token |
//! | everything by the piece: images, pictures, seconds, characters, requests, searches | nothing |
//!
//! Prices above a threshold hold for the whole request when its prompt has *more* tokens than the
//! threshold. Everything saturates; nothing overflows.
#![deny(clippy::float_arithmetic)]

use canon::{NanoUsd, PicoUsd, Usage};

use crate::catalog::{PriceSheet, Unit};

/// What a request cost. `prompt + completion + pieces == total`, exactly: the parts are differences of
/// rounded running sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// All of it, rounded up once.
    pub total: NanoUsd,
    /// Tokens that went in.
    pub prompt: NanoUsd,
    /// Tokens that came out.
    pub completion: NanoUsd,
    /// What is billed by the piece: the request itself, images, searches, seconds.
    pub pieces: NanoUsd,
}

/// What is counted besides tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// Images that went in.
    pub images: u64,
    /// Images that came out.
    pub pictures: u64,
    /// Seconds of audio that went in, begun ones included.
    pub audio_seconds: u64,
    /// Seconds of video that came out.
    pub video_seconds: u64,
    /// Characters that were spoken.
    pub characters: u64,
}

/// How large a request can become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// Searches that the vendor runs.
    pub web_searches: u64,
    /// The rest.
    pub pieces: Pieces,
}

/// What an answer with this usage costs.
#[must_use]
pub fn cost(sheet: &PriceSheet, usage: &Usage) -> Cost {
    cost_with(sheet, usage, Pieces::default())
}

/// What an answer with this usage and these pieces costs.
#[must_use]
pub fn cost_with(sheet: &PriceSheet, usage: &Usage, pieces: Pieces) -> Cost {
    let sum = |buckets: &[(Unit, u64)]| {
        // Most buckets of most requests are empty: their prices need not be looked up.
        let filled = buckets.iter().filter(|(_, count)| *count > 0);
        filled.fold(0_i128, |sum, (unit, count)| {
            sum.saturating_add(unit_price(sheet, *unit, usage.prompt_tokens).times(*count))
        })
    };
    let through_prompt = sum(&prompt_buckets(usage));
    let through_completion = through_prompt.saturating_add(sum(&completion_buckets(usage)));
    let through_pieces =
        through_completion.saturating_add(sum(&piece_buckets(pieces, usage.web_searches)));
    let [prompt, completion, total] =
        [through_prompt, through_completion, through_pieces].map(NanoUsd::from_pico_ceil);
    Cost {
        total,
        prompt,
        completion: completion.saturating_sub(prompt),
        pieces: total.saturating_sub(completion),
    }
}

/// The most that a request can cost whose prompt has at most so many tokens, whose answer at most so
/// many, and which shows so many images. Never below the cost of any usage within these bounds that
/// runs no searches; with searches, ask [`Bounds::ceiling`].
#[must_use]
pub fn ceiling(
    sheet: &PriceSheet,
    prompt_tokens: u64,
    completion_tokens: u64,
    images: u64,
) -> NanoUsd {
    let pieces = Pieces {
        images,
        ..Pieces::default()
    };
    Bounds {
        prompt_tokens,
        completion_tokens,
        web_searches: 0,
        pieces,
    }
    .ceiling(sheet)
}

/// The longest answer, in tokens, with which a request stays within `headroom`; `None` where already
/// the prompt does not. `u64::MAX` where answers are free.
#[must_use]
pub fn affordable_output(sheet: &PriceSheet, prompt_tokens: u64, headroom: NanoUsd) -> Option<u64> {
    Bounds {
        prompt_tokens,
        ..Bounds::default()
    }
    .affordable_output(sheet, headroom)
}

impl Bounds {
    /// The most that a request within these bounds can cost: every token at the dearest price that its
    /// bucket and its tier could give it.
    #[must_use]
    pub fn ceiling(&self, sheet: &PriceSheet) -> NanoUsd {
        let answer = self
            .dearest(sheet, &COMPLETION_UNITS)
            .times(self.completion_tokens);
        NanoUsd::from_pico_ceil(self.without_answer(sheet).saturating_add(answer))
    }

    /// The longest answer with which a request within the other bounds stays within `headroom`;
    /// `completion_tokens` is not read. `None` where the rest alone is too dear.
    #[must_use]
    pub fn affordable_output(&self, sheet: &PriceSheet, headroom: NanoUsd) -> Option<u64> {
        let rest = i128::from(headroom.get()) * 1_000 - self.without_answer(sheet);
        if rest < 0 {
            return None;
        }
        match i128::from(self.dearest(sheet, &COMPLETION_UNITS).get()) {
            0 => Some(u64::MAX),
            price => Some(u64::try_from(rest / price).unwrap_or(u64::MAX)),
        }
    }

    /// In pico-USD.
    fn without_answer(&self, sheet: &PriceSheet) -> i128 {
        let prompt = self.dearest(sheet, &PROMPT_UNITS).times(self.prompt_tokens);
        let pieces = piece_buckets(self.pieces, self.web_searches);
        pieces.iter().fold(prompt, |sum, (unit, count)| {
            sum.saturating_add(self.dearest(sheet, &[*unit]).times(*count))
        })
    }

    /// The highest price among the units, on small prompts and above every threshold within reach.
    fn dearest(&self, sheet: &PriceSheet, units: &[Unit]) -> PicoUsd {
        let within_reach = |threshold: &u64| *threshold < self.prompt_tokens;
        let thresholds = sheet
            .above()
            .iter()
            .map(|tier| tier.prompt_tokens)
            .filter(within_reach);
        let tiers = thresholds.map(|threshold| threshold.saturating_add(1));
        std::iter::once(0)
            .chain(tiers)
            .flat_map(|tokens| {
                units
                    .iter()
                    .map(move |unit| unit_price(sheet, *unit, tokens))
            })
            .max()
            .unwrap_or(PicoUsd::ZERO)
    }
}

/// The units that a token of the prompt can be.
const PROMPT_UNITS: [Unit; 6] = [
    Unit::Prompt,
    Unit::CacheRead,
    Unit::CacheWrite,
    Unit::CacheWrite1h,
    Unit::Audio,
    Unit::ImageToken,
];

/// The units that a token of the answer can be.
const COMPLETION_UNITS: [Unit; 4] = [
    Unit::Completion,
    Unit::Reasoning,
    Unit::AudioOutput,
    Unit::ImageOutput,
];

/// The price of a unit, or of what it falls back to.
fn unit_price(sheet: &PriceSheet, unit: Unit, prompt_tokens: u64) -> PicoUsd {
    let fallbacks: &[Unit] = match unit {
        Unit::CacheRead | Unit::CacheWrite | Unit::Audio | Unit::ImageToken => &[Unit::Prompt],
        Unit::CacheWrite1h => &[Unit::CacheWrite, Unit::Prompt],
        Unit::AudioCache => &[Unit::CacheRead, Unit::Prompt],
        Unit::Reasoning | Unit::AudioOutput | Unit::ImageOutput => &[Unit::Completion],
        Unit::Prompt
        | Unit::Completion
        | Unit::Image
        | Unit::Picture
        | Unit::AudioSecond
        | Unit::VideoSecond
        | Unit::Character
        | Unit::Request
        | Unit::WebSearch => &[],
    };
    let mut candidates = std::iter::once(&unit).chain(fallbacks);
    candidates
        .find_map(|unit| sheet.price_at(*unit, prompt_tokens))
        .unwrap_or(PicoUsd::ZERO)
}

/// The prompt's tokens, each in one bucket. A part that does not fit into what is left is cut, dearest
/// parts first, so that the buckets always add up to the prompt: a cached image is a cached token.
fn prompt_buckets(usage: &Usage) -> [(Unit, u64); 6] {
    let mut left = usage.prompt_tokens;
    let [hour, write, read, audio, image] = [
        usage.cache_write_1h_tokens,
        usage.cache_write_tokens,
        usage.cached_tokens,
        usage.audio_prompt_tokens,
        usage.image_prompt_tokens,
    ]
    .map(|part| take(&mut left, part));
    [
        (Unit::CacheWrite1h, hour),
        (Unit::CacheWrite, write),
        (Unit::CacheRead, read),
        (Unit::Audio, audio),
        (Unit::ImageToken, image),
        (Unit::Prompt, left),
    ]
}

/// The answer's tokens, each in one bucket.
fn completion_buckets(usage: &Usage) -> [(Unit, u64); 4] {
    let mut left = usage.completion_tokens;
    let [image, audio, reasoning] = [
        usage.image_completion_tokens,
        usage.audio_completion_tokens,
        usage.reasoning_tokens,
    ]
    .map(|part| take(&mut left, part));
    [
        (Unit::ImageOutput, image),
        (Unit::AudioOutput, audio),
        (Unit::Reasoning, reasoning),
        (Unit::Completion, left),
    ]
}

fn piece_buckets(pieces: Pieces, web_searches: u64) -> [(Unit, u64); 7] {
    [
        (Unit::Request, 1),
        (Unit::Image, pieces.images),
        (Unit::Picture, pieces.pictures),
        (Unit::AudioSecond, pieces.audio_seconds),
        (Unit::VideoSecond, pieces.video_seconds),
        (Unit::Character, pieces.characters),
        (Unit::WebSearch, web_searches),
    ]
}

fn take(left: &mut u64, part: u64) -> u64 {
    let taken = part.min(*left);
    *left -= taken;
    taken
}
