//! `[routing.routers.NAME]`: what an operator says of the routers, and routers of one's own.

use http::Uri;
use policy::routers::{Patterns, Router};

use super::section::Section;
use crate::routers::{Ranker, Rule, Setting, Settings};

/// Milliseconds that a ranker has, where nothing is said.
const TIMEOUT_MS: u64 = 200;
/// More would keep callers waiting for what is only a choice.
const TIMEOUT_MS_MAX: u64 = 10_000;
/// Letters of a router's name.
const NAME_CHARS_MAX: usize = 128;

/// Reads `[routing.routers]`.
pub(super) fn read_routers(routing: &mut Section<'_, '_>) -> Settings {
    let mut settings = Settings::new();
    let Some(mut routers) = routing.table("routers") else {
        return settings;
    };
    for (name, place) in routers.names() {
        let is_known = Router::ALL.iter().any(|router| router.name() == name);
        if !is_known && !is_own(name) {
            let known = Router::ALL.map(Router::name).join(", ");
            let say = format!(
                "expected {known}, or a name of your own such as \"my/router\", in lower case and not beginning with openrouter/"
            );
            routers.fault(place, name, say);
        }
        let Some(mut section) = routers.table(name) else {
            continue;
        };
        let setting = read_router(&mut section);
        section.end();
        settings.insert(name.to_owned(), setting);
    }
    routers.end();
    settings
}

/// `author/name`, which no model and no other router is called.
fn is_own(name: &str) -> bool {
    let plain = |part: &str| {
        let letter =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        !part.is_empty() && part.bytes().all(letter)
    };
    let parts = name.split_once('/');
    name.len() <= NAME_CHARS_MAX
        && parts.is_some_and(|(author, own)| author != "openrouter" && plain(author) && plain(own))
}

fn read_router(section: &mut Section<'_, '_>) -> Setting {
    let mut setting = Setting::default();
    if let Some(models) = section.texts("models") {
        match Patterns::new("models", models.iter().map(|(model, _)| model.as_str())) {
            Ok(patterns) => setting.models = (!patterns.is_empty()).then_some(patterns),
            Err(error) => section.fault(section.place(), "models", error.say()),
        }
    }
    if let Some((text, place)) = section.text("rule", "") {
        match Rule::compile(&text) {
            Ok(rule) => setting.rule = Some(rule),
            Err(error) => section.fault(place, "rule", error.to_string()),
        }
    }
    if section.says("ranker")
        && let Some(mut ranker) = section.table("ranker")
    {
        setting.ranker = read_ranker(&mut ranker);
        ranker.end();
    }
    setting
}

fn read_ranker(section: &mut Section<'_, '_>) -> Option<Ranker> {
    let mut timeout_ms = TIMEOUT_MS;
    section.whole("timeout_ms", "", 1..=TIMEOUT_MS_MAX, &mut timeout_ms);
    let mut send_prompt = false;
    section.flag("send_prompt", "", &mut send_prompt);
    let Some((text, place)) = section.text("url", "") else {
        if !section.says("url") {
            let say =
                "missing: expected the ranker's address, such as \"http://127.0.0.1:9000/rank\"";
            section.fault(section.place(), "url", say);
        }
        return None;
    };
    let url: Option<Uri> = text.parse().ok();
    let is_whole =
        |url: &Uri| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some();
    let Some(url) = url.filter(is_whole) else {
        let say =
            format!("expected an address such as \"http://127.0.0.1:9000/rank\", got {text:?}");
        section.fault(place, "url", say);
        return None;
    };
    Some(Ranker {
        url,
        timeout_ms,
        send_prompt,
    })
}
