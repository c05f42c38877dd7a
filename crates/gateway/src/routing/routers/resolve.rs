//! From the names that a caller wrote to models: each router gives way to those it chooses.

use std::borrow::Cow;

use canon::{
    Availability, Fault, Kind, Message, Part, Request, Role, Route, Stage, StageKind, Strategy,
    Tool, ToolKind,
};
use policy::routers::{
    self, AutoSettings, Candidate, Choice, Merit, Needs, Nothing, Pick, Place, Router, Sight, Task,
    Wish, classify,
};
use serde_json::Value;

use super::{
    Aside, Asked, Pool, Ranking,
    ballot::{self, By},
    plugins, siblings,
};
use crate::relay::Survey;

/// The names of models, and what chose them.
#[derive(Debug)]
pub(crate) struct Named {
    /// Models, each once, in the order in which they are tried.
    pub(crate) names: Vec<String>,
    /// How the first router chose, if one did.
    pub(crate) route: Route,
    /// Who chose.
    pub(crate) by: Option<By>,
    /// Its ranking, where that was asked for.
    pub(crate) ranking: Option<Box<Ranking>>,
}

/// Whether a name is a router's.
pub(crate) fn names_router(settings: &super::Settings, name: &str) -> bool {
    Asked::named(settings, name).is_some()
}

/// Resolves the names that a caller wrote.
///
/// # Errors
/// A router has nothing to choose from.
pub(crate) fn resolve(
    survey: &Survey<'_>,
    requested: &[String],
    aside: &Aside,
) -> Result<Named, Fault> {
    let mut named = Named {
        names: Vec::with_capacity(requested.len()),
        route: Route::default(),
        by: None,
        ranking: None,
    };
    let add = |names: &mut Vec<String>, name: Cow<'_, str>| {
        if !names.iter().any(|known| *known == name) {
            names.push(name.into_owned());
        }
    };
    for name in requested {
        let Some(asked) = Asked::named(survey.settings, name) else {
            siblings::refuse_fusion(survey, name)?;
            add(&mut named.names, siblings::of(survey, name));
            continue;
        };
        let chosen = choose(survey, &asked, name, aside)?;
        for chosen in chosen.names {
            add(&mut named.names, Cow::Owned(chosen));
        }
        if named.route.router.is_none() {
            named.route = route(&asked, chosen.task, chosen.by);
            named.by = Some(chosen.by);
            named.ranking = chosen.ranking;
        }
    }
    Ok(named)
}

/// What one router chose.
struct Chosen {
    names: Vec<String>,
    task: Option<Task>,
    by: By,
    ranking: Option<Box<Ranking>>,
}

fn choose(
    survey: &Survey<'_>,
    asked: &Asked<'_>,
    name: &str,
    aside: &Aside,
) -> Result<Chosen, Fault> {
    let with_free = matches!(asked.router, Some(Router::Free | Router::Bodybuilder));
    let models = asked.setting.and_then(|setting| setting.models.as_ref());
    let mut pool = Pool::of(survey, asked.suffix, models, with_free);
    let plugins = &survey.request.routing.plugins;
    let settings = if asked.is_auto() {
        plugins::auto_settings(plugins, asked.router)
    } else {
        AutoSettings::default()
    };
    pool.models
        .retain(|known| settings.admits(known.model.slug.as_str()));
    if pool.models.is_empty() {
        return Err(nothing(survey, name));
    }
    let task = task_of(survey.request, asked);
    let needs = needs_of(survey.request);
    let candidates = pool.candidates();
    let merits = routers::merits(&candidates, task, needs);
    let voted = ballot::vote(survey, asked, (name, aside), (&pool, &merits, task));
    let pinned = pinned(survey.request);
    let (picks, chosen) = match voted.places {
        Some(places) => {
            let pinned = pinned.filter(|_| settings.pin_model);
            named_picks(
                &places,
                &merits,
                pinned.and_then(|pinned| pool.place(pinned)),
            )
        }
        None => {
            let wish = Wish {
                task,
                settings: &settings,
                pinned,
                sticky: survey.remembered(asked.slug),
                needs,
                prompt_tokens: survey.needs.prompt_tokens,
            };
            let choice = built_in(survey, asked, &wish, &candidates, &merits);
            let choice = choice.map_err(|Nothing| nothing(survey, name))?;
            (choice.picks, choice.chosen)
        }
    };
    let names = picks.iter().take(chosen);
    let names = names
        .filter_map(|pick| pool.name(pick.candidate).map(str::to_owned))
        .collect();
    let ranking = aside
        .explains()
        .then(|| Box::new(Ranking::of(name, (task, voted.by), (&pool, &picks))));
    Ok(Chosen {
        names,
        task,
        by: voted.by,
        ranking,
    })
}

fn built_in(
    survey: &Survey<'_>,
    asked: &Asked<'_>,
    wish: &Wish<'_>,
    candidates: &[Candidate<'_>],
    merits: &[Merit],
) -> Result<Choice, Nothing> {
    let places = match asked.router {
        Some(Router::Free) => routers::choose_free(candidates, survey.seed)?,
        Some(Router::Pareto) => {
            let settings = plugins::pareto_settings(&survey.request.routing.plugins);
            let fastest = asked.suffix.split(':').any(|suffix| suffix == "nitro");
            routers::choose_pareto(settings, candidates, fastest)?
        }
        Some(Router::Auto | Router::AutoBeta | Router::Bodybuilder) | None => {
            return routers::choose(wish, candidates);
        }
    };
    let (picks, chosen) = named_picks(&places, merits, None);
    Ok(Choice {
        task: wish.task,
        picks,
        chosen,
    })
}

/// Places that somebody named, in that order; the pinned one first.
fn named_picks(places: &[usize], merits: &[Merit], pinned: Option<usize>) -> (Vec<Pick>, usize) {
    let first = pinned.map(|place| (place, Place::Pinned));
    let others = places.iter().filter(|place| Some(**place) != pinned);
    let others = others.map(|place| (*place, Place::Band));
    let picks = first
        .into_iter()
        .chain(others)
        .map(|(candidate, place)| Pick {
            candidate,
            merit: merits.get(candidate).copied().unwrap_or_default(),
            cost: None,
            place,
        });
    let picks: Vec<Pick> = picks.collect();
    let count = picks.len();
    (picks, count)
}

fn route(asked: &Asked<'_>, task: Option<Task>, by: By) -> Route {
    let strategy = match asked.router {
        Some(Router::Auto | Router::AutoBeta) | None => Strategy::Auto,
        Some(Router::Free) => Strategy::Free,
        Some(Router::Pareto) => Strategy::Pareto,
        Some(Router::Bodybuilder) => Strategy::Bodybuilder,
    };
    let mut pipeline = Vec::new();
    if asked.is_auto() {
        let plugin = asked
            .router
            .and_then(Router::plugin)
            .unwrap_or("auto-router");
        let mut stage = Stage::new(StageKind::Plugin, plugin);
        if let Some(task) = task {
            stage = stage.with("task_type", task.tag());
        }
        if by != By::BuiltIn {
            stage = stage.with("chosen_by", by.name());
        }
        if !stage.data.is_empty() {
            pipeline.push(stage);
        }
    }
    Route {
        strategy,
        router: Some(asked.slug.to_owned()),
        pipeline,
        ..Route::default()
    }
}

/// Nobody is left to choose from (spec/inference.md §6.6).
fn nothing(survey: &Survey<'_>, name: &str) -> Fault {
    let say = if survey.snapshot.upstreams.is_empty() {
        format!("No endpoints found for {name}: no provider is configured")
    } else {
        Nothing.to_string()
    };
    let mut fault = Fault::caller(Kind::NotFound, say);
    fault.availability = Some(Box::new(Availability {
        code: "no_endpoints",
        requested_models: vec![name.to_owned()],
        ..Availability::default()
    }));
    fault
}

fn needs_of(request: &Request) -> Needs {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let is_media = |part: &Part| matches!(part, Part::Media { .. });
    Needs {
        tools: !request.tools.is_empty(),
        vision: parts.into_iter().any(is_media),
    }
}

/// What a request is about, for the routers that ask.
fn task_of(request: &Request, asked: &Asked<'_>) -> Option<Task> {
    match asked.router {
        Some(Router::Pareto) => Some(Task::CodeGeneral),
        Some(Router::Bodybuilder) => Some(Task::DataTransformation),
        Some(Router::Auto | Router::AutoBeta | Router::Free) | None => about(request),
    }
}

/// What a request is about.
pub(super) fn about(request: &Request) -> Option<Task> {
    let mut users = request
        .messages
        .iter()
        .rev()
        .filter(|message| message.role == Role::User);
    let user = users.next().map(text_of).unwrap_or_default();
    let before = users.next().map(text_of).unwrap_or_default();
    let is_system = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let system = request.messages.iter().find(is_system);
    let results = request.messages.iter().rev();
    let results = results.take_while(|message| message.role != Role::User);
    let tools: Vec<&str> = request.tools.iter().filter_map(tool_name).collect();
    classify(&Sight {
        system: &system.map(text_of).unwrap_or_default(),
        user: &user,
        before: &before,
        tools: &tools,
        tool_results: results.filter(|message| message.role == Role::Tool).count(),
        media: needs_of(request).vision,
        schema: matches!(request.format, Some(canon::Format::JsonSchema { .. })),
    })
}

/// The name of a tool; of a vendor's own its kind (`web_search_20250305`, `bash`).
fn tool_name(tool: &Tool) -> Option<&str> {
    match &tool.kind {
        ToolKind::Function { name, .. } | ToolKind::Custom { name, .. } => Some(name),
        ToolKind::Native { value, .. } => value.get("type").and_then(Value::as_str),
    }
}

/// What a message says, as far as it is looked at.
pub(super) fn text_of(message: &Message) -> Cow<'_, str> {
    let mut texts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.text.as_str()),
        Part::Media { .. }
        | Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => None,
    });
    let Some(first) = texts.next() else {
        return Cow::Borrowed("");
    };
    texts.fold(Cow::Borrowed(first), |mut all, text| {
        let all_text = all.to_mut();
        all_text.push('\n');
        all_text.push_str(text);
        all
    })
}

/// The model of the last answer, where the caller sends it along.
fn pinned(request: &Request) -> Option<&str> {
    let mut answers = request.messages.iter().rev();
    let last = answers.find(|message| message.role == Role::Assistant)?;
    let (_, extras) = last.extras.any()?;
    extras.get("model").and_then(Value::as_str)
}
