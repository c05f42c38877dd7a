//! `generationConfig`: sampling, the form of the answer and how much to think.

use canon::{Dialect, Effort, Format, Reasoning, Request, Sampling};
use serde_json::{Map, Value, json};

use super::request::{DISPLAYED, OMITTED, SHOWN};
use crate::json::Object;
use crate::sound::{OPENAI_VOICES, PCM};
use crate::{Loss, Target, Thinking};

/// The most stop sequences that Gemini takes.
const STOPS_MAX: usize = 5;
/// A budget of tokens that every model that thinks by budget accepts lies between these two.
const BUDGET_MIN: u64 = 512;
/// See [`BUDGET_MIN`].
const BUDGET_MAX: u64 = 24_576;
/// The least that models accept which cannot be told to stop thinking.
const BUDGET_LEAST_OF_PRO: i64 = 128;
/// "As much as the model likes."
const BUDGET_DYNAMIC: i64 = -1;

/// Writes `generationConfig` into `body`, if there is anything to say. `extras` are fields of
/// Gemini's own.
pub(super) fn render_config(
    body: &mut Object<'_>,
    request: &Request,
    target: &Target<'_>,
    extras: Option<&Map<String, Value>>,
    loss: &mut Vec<Loss>,
) {
    let mut out = Vec::new();
    let mut config = Config {
        object: Object::open(&mut out),
        names: Vec::new(),
        drops: target.form.drops,
        loss,
    };
    config.sampling(&request.sampling);
    let has_own_schema = extras.is_some_and(|extras| extras.contains_key("responseSchema"));
    config.format(request.format.as_ref(), has_own_schema);
    config.speech(request, extras);
    config.thinking(request, target);
    for (name, value) in extras.into_iter().flatten() {
        if !config.names.contains(&name.as_str()) {
            config.object.field(name, value);
        }
    }
    config.object.close();
    if out != b"{}" {
        body.key("generationConfig").extend_from_slice(&out);
    }
}

/// The object under way, and which fields it has.
struct Config<'a, 'l> {
    object: Object<'a>,
    names: Vec<&'static str>,
    drops: &'static [&'static str],
    loss: &'l mut Vec<Loss>,
}

impl Config<'_, '_> {
    fn set<T: serde::Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        if self.drops.contains(&name) {
            self.lose(name, "this vendor refuses it");
            return;
        }
        self.names.push(name);
        self.object.field(name, value);
    }

    fn set_some<T: serde::Serialize>(&mut self, name: &'static str, value: Option<&T>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn lose(&mut self, what: &'static str, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }

    fn sampling(&mut self, sampling: &Sampling) {
        self.set_some("maxOutputTokens", sampling.max_tokens.as_ref());
        self.set_some("temperature", sampling.temperature.as_ref());
        self.set_some("topP", sampling.top_p.as_ref());
        self.set_some("topK", sampling.top_k.as_ref());
        self.set_some("seed", sampling.seed.as_ref());
        self.set_some("presencePenalty", sampling.presence_penalty.as_ref());
        self.set_some("frequencyPenalty", sampling.frequency_penalty.as_ref());
        self.set_some("candidateCount", sampling.n.as_ref());
        if sampling.logprobs == Some(true) {
            self.set("responseLogprobs", &true);
            self.set_some("logprobs", sampling.top_logprobs.as_ref());
        }
        let stops: Vec<&String> = sampling.stop.iter().take(STOPS_MAX).collect();
        if !stops.is_empty() {
            self.set("stopSequences", &stops);
        }
        if sampling.stop.len() > STOPS_MAX {
            self.lose("stop", "only the first five stop sequences are taken");
        }
        let unknown = [
            ("min_p", sampling.min_p.is_some()),
            ("top_a", sampling.top_a.is_some()),
            ("repetition_penalty", sampling.repetition_penalty.is_some()),
            ("logit_bias", sampling.logit_bias.is_some()),
        ];
        for (name, is_set) in unknown {
            if is_set {
                self.lose(name, "this dialect has no such parameter");
            }
        }
    }

    /// A schema in Google's own form stands among the extra fields.
    fn format(&mut self, format: Option<&Format>, has_own_schema: bool) {
        match format {
            None | Some(Format::Text) => {}
            Some(Format::JsonObject) => self.set("responseMimeType", "application/json"),
            Some(Format::JsonSchema {
                name,
                description,
                schema,
                strict: _,
            }) => {
                self.set("responseMimeType", "application/json");
                // JSON Schema as it is; `responseSchema` would want it translated into OpenAPI's
                // subset.
                if !has_own_schema {
                    self.set_some("responseJsonSchema", schema.as_ref());
                }
                if name.is_some() {
                    self.lose(
                        "response_format.json_schema.name",
                        "schemas have no names here",
                    );
                }
                if description.is_some() {
                    let what = "response_format.json_schema.description";
                    self.lose(what, "schemas have no descriptions of their own here");
                }
            }
            Some(Format::Grammar(_) | Format::Python) => {
                self.lose("response_format", "answers are free text or JSON here");
            }
        }
    }

    /// The kinds of output and the voice. An answer is either words or sound here, and sound has one form.
    fn speech(&mut self, request: &Request, extras: Option<&Map<String, Value>>) {
        let mut names: Vec<String> = request
            .modalities
            .iter()
            .map(|name| name.to_uppercase())
            .collect();
        if names.len() > 1 && names.iter().any(|name| name == "AUDIO") {
            names.retain(|name| name == "AUDIO");
            self.lose("modalities", "what is spoken is not written down here");
        }
        if !names.is_empty() {
            self.set("responseModalities", &names);
        }
        let Some(speech) = &request.speech else {
            return;
        };
        let is_other_form = |format: &String| format != PCM;
        if speech.format.as_ref().is_some_and(is_other_form) {
            self.lose("audio.format", "sound comes as PCM of 16 bits at 24 kHz");
        }
        if speech.extras.of(Dialect::Gemini).is_none() && !speech.extras.is_empty() {
            self.lose(
                "audio (other fields)",
                "only the dialect it came from has it",
            );
        }
        if extras.is_some_and(|extras| extras.contains_key("speechConfig")) {
            return;
        }
        match speech.voice.as_deref() {
            None => {}
            Some(voice) if OPENAI_VOICES.contains(&voice) => {
                self.lose("audio.voice", "there is no such voice here");
            }
            Some(voice) => self.set(
                "speechConfig",
                &json!({"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}),
            ),
        }
    }

    fn thinking(&mut self, request: &Request, target: &Target<'_>) {
        let Some(reasoning) = &request.reasoning else {
            return;
        };
        let display = reasoning.display.as_deref();
        let is_sayable = matches!(display, None | Some(DISPLAYED | OMITTED));
        if reasoning.summary.is_some() || !is_sayable {
            self.lose("reasoning.summary", "there is one kind of summary here");
        }
        let own = reasoning.extras.of(Dialect::Gemini);
        if own.is_none() && !reasoning.extras.is_empty() {
            self.lose("reasoning", "some of it only the dialect it came from has");
        }
        let is_off = reasoning.enabled == Some(false) || reasoning.effort == Some(Effort::None);
        let target = Target {
            thinking: thinking_of(target, reasoning),
            ..*target
        };
        if target.thinking == Thinking::Unknown {
            if !is_off {
                self.lose("reasoning", "this model is not known to think");
            }
            return;
        }
        let mut thinking = Map::new();
        match amount(reasoning, is_off, request.sampling.max_tokens, &target) {
            Amount::ModelDecides => {}
            Amount::Level(level) => {
                thinking.insert("thinkingLevel".to_owned(), level.into());
            }
            Amount::Budget(tokens) => {
                thinking.insert("thinkingBudget".to_owned(), tokens.into());
            }
        }
        if is_off && !can_stop(&target) {
            let why = "this model always thinks; the least is asked for";
            self.lose("reasoning.effort", why);
        }
        if !is_off {
            let is_shown = reasoning.exclude != Some(true) && display != Some(OMITTED);
            thinking.insert(SHOWN.to_owned(), is_shown.into());
        }
        for (name, value) in own.into_iter().flatten() {
            thinking.insert(name.clone(), value.clone());
        }
        if !thinking.is_empty() {
            self.set("thinkingConfig", &thinking);
        }
    }
}

/// How the model is told to think; where nobody knows, a caller who says how to show it does.
fn thinking_of(target: &Target<'_>, reasoning: &Reasoning) -> Thinking {
    let is_own = reasoning.display.is_some();
    match (target.thinking, is_own, reasoning.effort) {
        (Thinking::Unknown, true, Some(_)) => Thinking::Effort,
        (Thinking::Unknown, true, None) => Thinking::Budget,
        (thinking, _, _) => thinking,
    }
}

/// How much to think, in Gemini's words.
enum Amount {
    ModelDecides,
    Level(&'static str),
    Budget(i64),
}

fn amount(reasoning: &Reasoning, is_off: bool, limit: Option<u64>, target: &Target<'_>) -> Amount {
    let is_by_budget = target.thinking == Thinking::Budget;
    if is_off {
        return match (is_by_budget, is_pro(target)) {
            (true, true) => Amount::Budget(BUDGET_LEAST_OF_PRO),
            (true, false) => Amount::Budget(0),
            (false, _) => Amount::Level(level(Effort::Minimal, target)),
        };
    }
    if let Some(tokens) = reasoning.max_tokens {
        return Amount::Budget(i64::try_from(tokens).unwrap_or(i64::MAX));
    }
    let effort = match (reasoning.effort, reasoning.enabled, reasoning.adaptive) {
        (Some(effort), _, _) => effort,
        (None, _, true) if is_by_budget => return Amount::Budget(BUDGET_DYNAMIC),
        (None, Some(true), false) => Effort::Medium,
        // Only what to show was said.
        (None, _, _) => return Amount::ModelDecides,
    };
    if !is_by_budget {
        return Amount::Level(level(effort, target));
    }
    // The share of the whole answer, within what every model accepts.
    let whole = limit.or(target.max_output_tokens).unwrap_or(BUDGET_MAX);
    let share = whole.saturating_mul(effort.percent()) / 100;
    let tokens = share.clamp(BUDGET_MIN, BUDGET_MAX);
    Amount::Budget(i64::try_from(tokens).unwrap_or(BUDGET_DYNAMIC))
}

/// Gemini 3 has four levels; its Pro models lack the least.
fn level(effort: Effort, target: &Target<'_>) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal if is_pro(target) => "low",
        Effort::None | Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    }
}

/// Whether thinking can be turned off: on models with a budget, but for the Pro ones.
fn can_stop(target: &Target<'_>) -> bool {
    target.thinking == Thinking::Budget && !is_pro(target)
}

fn is_pro(target: &Target<'_>) -> bool {
    target.upstream_model.contains("-pro")
}
