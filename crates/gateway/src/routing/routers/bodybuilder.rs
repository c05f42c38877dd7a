//! `openrouter/bodybuilder`: writes requests. The last thing the user said is given to a model that writes chat bodies
//! for it; what it writes is checked here, so that whoever sends them on sends what this gateway understands.
//!
//! The caller pays nothing; the operator bears what the model costs (docs/decisions/2026-11-22-routers.md), so that the
//! answer is short and the model a free or a cheap one.

use canon::{Dialect, Extras, Fault, Format, Kind, Message, Part, PicoUsd, Response, Role};
use policy::{catalog::Catalog, routers::merits};
use serde_json::{Value, json};

use super::{Pool, Settings, names_router, resolve::text_of};
use crate::{
    app::{App, Core},
    clock,
    relay::{Admitted, Needs, Survey},
};

/// Tokens of the answer at most.
const ANSWER_TOKENS_MAX: u64 = 4_096;
/// Models that are named to the one that writes.
const NAMED_MAX: usize = 60;
/// Requests in an answer at most.
const REQUESTS_MAX: usize = 64;

/// Writes the request for the model that will answer it.
///
/// # Errors
/// It is wanted in pieces, or there is nothing to write a request from.
pub(super) fn prepare(core: &Core, admitted: &mut Admitted) -> Result<(), Fault> {
    let wrong = |param: &'static str, say: &'static str| {
        Fault::caller(Kind::InvalidRequest, say).with_metadata("param", param)
    };
    if admitted.request.stream {
        let say = "stream: openrouter/bodybuilder answers with one checked JSON object; ask without `stream`";
        return Err(wrong("stream", say));
    }
    let request = &admitted.request;
    if !request
        .messages
        .iter()
        .any(|message| message.role == Role::User)
    {
        let say = "messages: openrouter/bodybuilder needs a user's message that says which requests to write";
        return Err(wrong("messages", say));
    }
    let (instructions, models) = instructions(core, admitted);
    let request = &mut admitted.request;
    request
        .messages
        .retain(|message| message.role == Role::User);
    request
        .messages
        .insert(0, Message::text(Role::System, instructions));
    request.tools.clear();
    request.tool_choice = None;
    request.format = Some(Format::JsonSchema {
        name: Some("requests".to_owned()),
        description: None,
        schema: Some(schema(&models)),
        strict: None,
    });
    // The operator pays: one short answer, without thinking, searching or a dearer tier, and no fields unseen here.
    request.sampling.n = None;
    request.reasoning = None;
    request.search = None;
    request.service_tier = None;
    request.extras = Extras::NONE;
    let most = request.sampling.max_tokens.unwrap_or(ANSWER_TOKENS_MAX);
    request.sampling.max_tokens = Some(most.min(ANSWER_TOKENS_MAX));
    admitted.on_the_house = true;
    Ok(())
}

/// What the writing model is told: the form of a body, and the models that can be named in one.
fn instructions(core: &Core, admitted: &Admitted) -> (String, Vec<String>) {
    let mut models = Vec::new();
    let mut text = String::from(
        "You write request bodies for the chat completions API of a gateway. Read what the user wants and answer with \
         one JSON object and nothing else: {\"requests\": [body, …]}. A body is {\"model\": slug, \"messages\": \
         [{\"role\": \"user\", \"content\": text}]}; add \"temperature\", \"max_tokens\", \"tools\" or \
         \"response_format\" only where the user asks for something of the kind. Write one body for each model that \
         is asked for, and one where none is named. Put what the user wants to have answered into the messages, in \
         their words. Use only these models:\n",
    );
    let app = core.app();
    let snapshot = app.snapshot.load_full();
    let terms = app.terms.in_workspace(admitted.key.workspace.as_str());
    // Any plain request: what the models can do is for the bodies to use.
    let plain = canon::Request {
        messages: vec![Message::text(Role::User, "Hello")],
        ..canon::Request::default()
    };
    let needs = Needs::of(&plain);
    let survey = Survey {
        snapshot: &snapshot,
        health: &app.health,
        terms: &terms,
        settings: &app.config.routing.routers,
        request: &plain,
        needs: &needs,
        past: None,
        now: clock::now_micros(),
        seed: 0,
    };
    let pool = Pool::of(&survey, "", None, true);
    let merits = merits(&pool.candidates(), None, policy::routers::Needs::default());
    let mut order: Vec<usize> = (0..pool.models.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(merits.get(*place).map_or(0, |merit| merit.score)));
    for known in order
        .iter()
        .take(NAMED_MAX)
        .filter_map(|place| pool.models.get(*place))
    {
        let price = |price: PicoUsd| price.get() / 10_000;
        let cents = known
            .price
            .map(|(prompt, answer)| (price(prompt), price(answer)));
        let costs = match cents {
            Some((0, 0)) => "free".to_owned(),
            Some((prompt, answer)) => {
                format!("{prompt} and {answer} cents for a million tokens in and out")
            }
            None => "price unknown".to_owned(),
        };
        let thinks = if known.model.reasoning.is_some() {
            ", thinks"
        } else {
            ""
        };
        let context = known.context_length.unwrap_or(0);
        text.push_str(&format!(
            "- {}: {costs}; {context} tokens{thinks}\n",
            known.name
        ));
        models.push(known.name.clone());
    }
    (text, models)
}

/// The form of an answer. The models are named in it, so that whoever keeps to it names none that is not there.
fn schema(models: &[String]) -> Value {
    let text = json!({ "type": "string" });
    let message = json!({
        "type": "object",
        "properties": {
            "role": { "type": "string", "enum": ["user", "system", "assistant"] },
            "content": text,
        },
        "required": ["role", "content"],
    });
    let body = json!({
        "type": "object",
        "properties": {
            "model": { "type": "string", "enum": models },
            "messages": { "type": "array", "minItems": 1, "items": message },
        },
        "required": ["model", "messages"],
    });
    json!({
        "type": "object",
        "properties": { "requests": { "type": "array", "minItems": 1, "items": body } },
        "required": ["requests"],
    })
}

/// Checks what was written, and leaves nothing else in the answer. Does nothing to other answers.
///
/// # Errors
/// It is not what it should be.
pub(crate) fn finish(app: &App, admitted: &Admitted, response: &mut Response) -> Result<(), Fault> {
    if !admitted.on_the_house {
        return Ok(());
    }
    for choice in &mut response.choices {
        let message = Message {
            role: Role::Assistant,
            parts: std::mem::take(&mut choice.parts),
            name: None,
            extras: Extras::NONE,
        };
        let snapshot = app.snapshot.load();
        let settings = &app.config.routing.routers;
        let written = checked(&snapshot.catalog, settings, &text_of(&message));
        let written = written.map_err(|what| {
            let say = format!("The model that writes requests wrote none that can be sent: {what}");
            Fault::new(
                Kind::ProviderUnavailable,
                canon::Blame::Us,
                canon::Again::Never,
                say,
            )
        })?;
        choice.parts = vec![Part::text(written)];
    }
    Ok(())
}

/// The requests of an answer in their own words, each understood as if it had come in.
fn checked(catalog: &Catalog, settings: &Settings, text: &str) -> Result<String, String> {
    let object = text.find('{').zip(text.rfind('}'));
    let object = object.and_then(|(from, to)| text.get(from..=to));
    let value: Value = object
        .and_then(|object| serde_json::from_str(object).ok())
        .ok_or("it is no JSON object")?;
    let bodies = value.get("requests").and_then(Value::as_array);
    let bodies = bodies.filter(|bodies| (1..=REQUESTS_MAX).contains(&bodies.len()));
    let bodies = bodies.ok_or("it has no list `requests`")?;
    let serve = dialects::served(Dialect::OpenAiChat).ok_or("nobody reads it")?;
    for (place, body) in bodies.iter().enumerate() {
        let request = serve.parse_request(body.to_string().as_bytes());
        let request = request.map_err(|error| format!("requests[{place}]: {error}"))?;
        let name = request.model.as_deref().unwrap_or_default();
        if catalog.resolve(name).is_none() && !names_router(settings, name) {
            return Err(format!("requests[{place}]: there is no model {name:?}"));
        }
    }
    Ok(json!({ "requests": bodies }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        checked(&Catalog::embedded(), &Settings::new(), text)
    }

    #[test]
    fn requests_are_found_among_words_and_given_out_alone() {
        let text = r#"Here: {"requests": [{"model": "openrouter/auto", "messages": [{"role": "user", "content": "Hi"}]}]}."#;
        let alone = r#"{"requests":[{"model":"openrouter/auto","messages":[{"role":"user","content":"Hi"}]}]}"#;
        assert_eq!(read(text).as_deref(), Ok(alone));
    }

    #[test]
    fn what_cannot_be_sent_is_not_given_out() {
        for (text, say) in [
            ("I would rather not.", "no JSON object"),
            (r#"{"requests": []}"#, "no list"),
            (
                r#"{"requests": [{"model": "nobody/knows", "messages": [{"role": "user", "content": "Hi"}]}]}"#,
                "there is no model \"nobody/knows\"",
            ),
            (
                r#"{"requests": [{"model": "openrouter/auto", "messages": "Hi"}]}"#,
                "requests[0]",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(say), "{text}: {error}");
        }
    }
}
