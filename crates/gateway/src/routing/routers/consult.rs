//! What is done for a router before a request is planned: what it cannot serve is refused, a ranker is asked, and a
//! request for the body builder is written for the model that will answer it.

use canon::{Dialect, Fault, Kind, Role};
use policy::routers::{Router, merits};
use tracing::warn;

use super::{
    Asked, Pool, Ranker, ballot, bodybuilder,
    facts::RequestFacts,
    ranker::Question,
    resolve::{about, text_of},
    siblings,
};
use crate::{
    app::Core,
    clock,
    relay::{Admitted, Needs as RequestNeeds, Survey},
};

/// More models than anybody names; it bounds the work of a request that nobody means well.
pub(crate) const MODELS_MAX: usize = 32;

/// What is known beside the request itself.
#[derive(Debug, Default)]
pub struct Aside {
    /// The id of the key.
    key: String,
    /// The workspace.
    workspace: String,
    /// Whether the ranking is wanted for people.
    explains: bool,
    advice: Vec<Advice>,
}

/// What a ranker said of a router.
#[derive(Debug)]
pub(crate) struct Advice {
    /// The router, as the caller wrote it.
    name: String,
    /// Models, best first; `None` where it gave no answer.
    models: Option<Vec<String>>,
}

impl Aside {
    /// Nothing; but the ranking is wanted for people.
    #[must_use]
    pub fn explaining() -> Self {
        Self {
            explains: true,
            ..Self::default()
        }
    }

    /// The id of the key, empty where there is none.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The workspace, empty where there is none.
    pub(super) fn workspace(&self) -> &str {
        &self.workspace
    }

    /// Whether the ranking is wanted for people.
    pub(super) const fn explains(&self) -> bool {
        self.explains
    }

    /// What the ranker of a router said, where it has one: `Some(None)` where it failed.
    pub(super) fn advice_for(&self, name: &str) -> Option<Option<&[String]>> {
        let advice = self.advice.iter().find(|advice| advice.name == name)?;
        Some(advice.models.as_deref())
    }
}

/// Prepares a request whose models may be routers. Takes no time where none is.
///
/// # Errors
/// A router cannot serve such a request.
pub(crate) async fn consult(core: &Core, admitted: &mut Admitted) -> Result<Aside, Fault> {
    let app = core.app();
    let mut aside = Aside::default();
    let named = admitted
        .request
        .model
        .iter()
        .chain(&admitted.request.routing.models);
    // A name that comes again is asked about once; who names too many is refused with the plan.
    let mut names: Vec<String> = Vec::new();
    for name in named {
        if names.len() < MODELS_MAX && !names.contains(name) {
            names.push(name.clone());
        }
    }
    let settings = &app.config.routing.routers;
    let asked = names
        .iter()
        .filter_map(|name| Some((name, Asked::named(settings, name)?)));
    let asked: Vec<(&String, Asked<'_>)> = asked.collect();
    siblings::fit(&app.snapshot.load(), &mut admitted.request)?;
    if asked.is_empty() {
        return Ok(aside);
    }
    aside.key = admitted.key.id.to_string();
    aside.workspace = admitted.key.workspace.to_string();
    if admitted.dialect == Dialect::OpenAiCompletions
        && asked.iter().any(|(_, asked)| asked.is_auto())
    {
        let say = "openrouter/auto needs `messages`: use /chat/completions";
        return Err(Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "model"));
    }
    let builds = |asked: &Asked<'_>| asked.router == Some(Router::Bodybuilder);
    if asked.iter().any(|(_, asked)| builds(asked)) {
        // What answers is not charged: nobody may choose that beside it.
        if asked.len() < names.len() || !asked.iter().all(|(_, asked)| builds(asked)) {
            let say = "models: openrouter/bodybuilder stands alone; name no other model beside it";
            return Err(Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "models"));
        }
        bodybuilder::prepare(core, admitted)?;
    }
    for (name, asked) in asked {
        let Some(ranker) = asked.setting.and_then(|setting| setting.ranker.as_ref()) else {
            continue;
        };
        // Boxed, for it is seldom and large: every request passes here.
        let models = Box::pin(ask(core, admitted, (&asked, ranker), &aside)).await;
        aside.advice.push(Advice {
            name: name.clone(),
            models,
        });
    }
    Ok(aside)
}

/// Asks a ranker. What it says is looked at when the request is planned.
async fn ask(
    core: &Core,
    admitted: &Admitted,
    (asked, ranker): (&Asked<'_>, &Ranker),
    aside: &Aside,
) -> Option<Vec<String>> {
    let (app, request) = (core.app(), &admitted.request);
    let snapshot = app.snapshot.load_full();
    let needs = RequestNeeds::of(request);
    let terms = app.terms.in_workspace(aside.workspace());
    let survey = || Survey {
        snapshot: &snapshot,
        health: &app.health,
        terms: &terms,
        settings: &app.config.routing.routers,
        request,
        needs: &needs,
        past: None,
        now: clock::now_micros(),
        seed: 0,
    };
    let models = asked.setting.and_then(|setting| setting.models.as_ref());
    let pool = Pool::of(
        &survey(),
        asked.suffix,
        models,
        asked.router == Some(Router::Free),
    );
    let task = about(request);
    let merits = merits(&pool.candidates(), task, policy::routers::Needs::default());
    let models = ballot::facts(&pool, &merits);
    let mut users = request.messages.iter().rev();
    let user = users.find(|message| message.role == Role::User);
    let prompt = user.filter(|_| ranker.send_prompt).map(text_of);
    let question = Question {
        request: &RequestFacts::of(request, asked.slug, aside, (task, needs.prompt_tokens)),
        models: &models,
        prompt: prompt.as_deref(),
    };
    match ranker.ask(core.client(), &question).await {
        Ok(names) => Some(names),
        Err(error) => {
            warn!(router = asked.slug, %error, "the ranker was not followed");
            None
        }
    }
}
