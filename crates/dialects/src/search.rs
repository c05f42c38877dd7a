//! Search of the web by the vendor itself: each dialect's own tool for it.
//!
//! Where the facts are from (read 2026-11-22): platform.openai.com/docs/guides/tools-web-search,
//! docs.claude.com/en/docs/agents-and-tools/tool-use/web-search-tool, ai.google.dev/gemini-api/docs/google-search,
//! docs.x.ai/docs/guides/tools/search-tools, docs.perplexity.ai/guides/search-domain-filters.

use canon::{Dialect, Extras, Request, Search, Tool, ToolKind};
use serde_json::{Map, Value, json};

use crate::{Error, Form, Loss, unsaid::FOREIGN};

/// What the wish is called in errors and losses.
const WISH: &str = "plugins: web";
/// Searches in one answer, at most, where the caller sets no limit: each is billed.
pub const SEARCHES_MOST: u64 = 5;

/// The request with the vendor's own search on offer; `None` where nothing is to be searched, or the request is handed
/// on as it is (OpenRouter searches by itself).
///
/// # Errors
/// The vendor has no search of its own on this wire, or none that keeps to these domains.
pub(crate) fn offered(
    dialect: Dialect,
    form: &Form,
    request: &Request,
    loss: &mut Vec<Loss>,
) -> Result<Option<Request>, Error> {
    let Some(search) = &request.search else {
        return Ok(None);
    };
    if form.openrouter {
        return Ok(None);
    }
    if !form.searches {
        return Err(unsayable("the vendor has no search of its own here"));
    }
    lose_words(search, loss);
    if request.tools.iter().any(|tool| is_search(tool, dialect)) {
        return Ok(offered_by_caller(search, request, dialect, loss));
    }
    let mut request = request.clone();
    match dialect {
        Dialect::OpenAiResponses => {
            request
                .tools
                .push(native(dialect, responses_tool(search, loss)));
            limit_calls(search, &mut request.extras, loss);
        }
        Dialect::Anthropic => {
            request.tools.push(native(dialect, anthropic_tool(search)?));
        }
        Dialect::Gemini => {
            if !search.include_domains.is_empty() || !search.exclude_domains.is_empty() {
                return Err(unsayable("Google's search keeps to no domains"));
            }
            lose(search.location.is_some(), "user_location", loss);
            lose(search.max_uses.is_some(), "max_uses", loss);
            request
                .tools
                .push(native(dialect, json!({ "googleSearch": {} })));
        }
        Dialect::OpenAiChat => {
            lose(search.max_uses.is_some(), "max_uses", loss);
            always_searching(search, &mut request.extras, loss);
        }
        Dialect::OpenAiCompletions
        | Dialect::Bedrock
        | Dialect::Cohere
        | Dialect::Ollama
        | Dialect::Replicate => return Err(unsayable("the dialect has no search")),
    }
    Ok(Some(request))
}

/// Whether a tool is the vendor's own search already: a second one of its name would be refused.
fn is_search(tool: &Tool, dialect: Dialect) -> bool {
    let ToolKind::Native { dialect: of, value } = &tool.kind else {
        return false;
    };
    let names_it = || {
        let kind = value["type"].as_str().unwrap_or_default();
        kind.starts_with("web_search")
            || value.get("googleSearch").is_some()
            || value.get("google_search").is_some()
    };
    *of == dialect && names_it()
}

/// The caller's own tool stands as it was written; how the plugin would have it is lost, but for how often.
fn offered_by_caller(
    search: &Search,
    request: &Request,
    dialect: Dialect,
    loss: &mut Vec<Loss>,
) -> Option<Request> {
    let limits = |search: &Search| Search {
        max_uses: search.max_uses,
        ..Search::default()
    };
    if *search != limits(search)
        || (search.max_uses.is_some() && dialect != Dialect::OpenAiResponses)
    {
        let why = "the request offers the vendor's own search itself, with settings of its own";
        loss.push(Loss::new(WISH.to_owned(), why));
    }
    (dialect == Dialect::OpenAiResponses).then(|| {
        let mut request = request.clone();
        limit_calls(search, &mut request.extras, loss);
        request
    })
}

fn native(dialect: Dialect, value: Value) -> Tool {
    Tool {
        kind: ToolKind::Native { dialect, value },
        cache: None,
        extras: Extras::NONE,
    }
}

fn unsayable(why: &'static str) -> Error {
    Error::Unsayable {
        what: WISH.to_owned(),
        why,
    }
}

fn lose(is_lost: bool, field: &str, loss: &mut Vec<Loss>) {
    if is_lost {
        let why = "the vendor's own search has no such setting";
        loss.push(Loss::new(format!("{WISH}: {field}"), why));
    }
}

/// What only a search in front of the model could heed.
fn lose_words(search: &Search, loss: &mut Vec<Loss>) {
    lose(search.prompt.is_some(), "search_prompt", loss);
    lose(search.max_results.is_some(), "max_results", loss);
}

/// How often is said beside the tools: `max_tool_calls` counts those that the vendor runs.
fn limit_calls(search: &Search, extras: &mut Extras, loss: &mut Vec<Loss>) {
    const LIMIT: &str = "max_tool_calls";
    let responses = Dialect::OpenAiResponses;
    let most = search.max_uses.unwrap_or(SEARCHES_MOST);
    let own = extras.of(responses).and_then(|own| own.get(LIMIT));
    // A larger one of the caller's would let it search more often than money is set aside for.
    let is_less = own.is_some_and(|own| own.as_u64().is_none_or(|own| own <= most));
    if !is_less {
        add(extras, (responses, LIMIT, most.into()), loss);
    }
}

/// Adds a field, which drops those of another dialect: they are lost here as they are without a search.
fn add(extras: &mut Extras, (dialect, name, value): (Dialect, &str, Value), loss: &mut Vec<Loss>) {
    if let Some((_, fields)) = extras.any().filter(|(other, _)| *other != dialect) {
        loss.extend(fields.keys().map(|name| Loss::new(name.clone(), FOREIGN)));
    }
    extras.insert(dialect, name, value);
}

/// OpenAI and xAI.
fn responses_tool(search: &Search, loss: &mut Vec<Loss>) -> Value {
    let mut tool = Map::new();
    tool.insert("type".to_owned(), "web_search".into());
    lose(!search.exclude_domains.is_empty(), "exclude_domains", loss);
    if !search.include_domains.is_empty() {
        let domains = domains_of(&search.include_domains, "include_domains", loss);
        tool.insert("filters".to_owned(), json!({ "allowed_domains": domains }));
    }
    if let Some(location) = &search.location {
        tool.insert("user_location".to_owned(), Value::Object(location.clone()));
    }
    Value::Object(tool)
}

/// Anthropic takes either list, not both.
fn anthropic_tool(search: &Search) -> Result<Value, Error> {
    let mut tool = Map::new();
    tool.insert("type".to_owned(), "web_search_20250305".into());
    tool.insert("name".to_owned(), "web_search".into());
    let uses = search.max_uses.unwrap_or(SEARCHES_MOST);
    tool.insert("max_uses".to_owned(), uses.into());
    let (wanted, unwanted) = (&search.include_domains, &search.exclude_domains);
    match (wanted.is_empty(), unwanted.is_empty()) {
        (true, true) => {}
        (false, true) => {
            let domains = plain(wanted).collect();
            tool.insert("allowed_domains".to_owned(), domains);
        }
        (true, false) => {
            let domains = plain(unwanted).collect();
            tool.insert("blocked_domains".to_owned(), domains);
        }
        (false, false) => {
            return Err(unsayable(
                "Anthropic's search keeps to some domains or away from some, not both",
            ));
        }
    }
    if let Some(location) = &search.location {
        tool.insert("user_location".to_owned(), Value::Object(location.clone()));
    }
    Ok(Value::Object(tool))
}

/// Perplexity searches whether asked or not: only how is said.
fn always_searching(search: &Search, extras: &mut Extras, loss: &mut Vec<Loss>) {
    let wanted = plain(&search.include_domains);
    let unwanted = plain(&search.exclude_domains).map(|domain| {
        let domain = domain.as_str().unwrap_or_default();
        Value::from(format!("-{domain}"))
    });
    let domains: Vec<Value> = wanted.chain(unwanted).collect();
    let chat = Dialect::OpenAiChat;
    if !domains.is_empty() {
        let filter = (chat, "search_domain_filter", Value::Array(domains));
        add(extras, filter, loss);
    }
    if let Some(location) = &search.location {
        let mut place = location.clone();
        place.remove("type");
        let place = json!({ "user_location": place });
        add(extras, (chat, "web_search_options", place), loss);
    }
}

/// A domain stands for its subdomains everywhere.
fn plain(domains: &[String]) -> impl Iterator<Item = Value> + '_ {
    let bare = |domain: &'_ String| domain.strip_prefix("*.").unwrap_or(domain).to_owned();
    domains.iter().map(move |domain| Value::from(bare(domain)))
}

/// Without those that only a path tells apart.
fn domains_of(domains: &[String], field: &str, loss: &mut Vec<Loss>) -> Vec<Value> {
    let has_path = |domain: &Value| domain.as_str().is_some_and(|text| text.contains('/'));
    let (narrow, whole): (Vec<Value>, Vec<Value>) = plain(domains).partition(has_path);
    if narrow.is_empty() {
        return whole;
    }
    let why = "paths are left out here: the whole domain is searched";
    loss.push(Loss::new(format!("{WISH}: {field}"), why));
    let domain_of = |domain: Value| {
        let text = domain.as_str().unwrap_or_default();
        Value::from(text.split('/').next().unwrap_or_default())
    };
    whole
        .into_iter()
        .chain(narrow.into_iter().map(domain_of))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool_of(dialect: Dialect, search: Search) -> (Value, Extras, Vec<Loss>) {
        let form = Form {
            searches: true,
            ..Form::default()
        };
        let request = Request {
            search: Some(search),
            ..Request::default()
        };
        let mut loss = Vec::new();
        let offered = offered(dialect, &form, &request, &mut loss)
            .unwrap()
            .unwrap();
        let tool = offered.tools.first().map(|tool| match &tool.kind {
            ToolKind::Native { value, .. } => value.clone(),
            other @ (ToolKind::Function { .. } | ToolKind::Custom { .. }) => panic!("{other:?}"),
        });
        (tool.unwrap_or_default(), offered.extras, loss)
    }

    #[test]
    fn openai_searches_as_often_as_its_tools_may_run() {
        let search = Search {
            include_domains: vec!["*.example.org".to_owned(), "example.net/blog".to_owned()],
            exclude_domains: vec!["example.com".to_owned()],
            ..Search::default()
        };
        let (tool, extras, loss) = tool_of(Dialect::OpenAiResponses, search);
        let domains = json!(["example.org", "example.net"]);
        let filters = json!({ "allowed_domains": domains });
        assert_eq!(tool, json!({"type": "web_search", "filters": filters}));
        let own = extras.of(Dialect::OpenAiResponses).unwrap();
        assert_eq!(own["max_tool_calls"], 5);
        let lost: Vec<&str> = loss.iter().map(|loss| &*loss.what).collect();
        assert_eq!(
            lost,
            [
                "plugins: web: exclude_domains",
                "plugins: web: include_domains"
            ]
        );
    }

    #[test]
    fn perplexity_is_told_only_where() {
        let search = Search {
            include_domains: vec!["example.org".to_owned()],
            exclude_domains: vec!["example.com".to_owned()],
            ..Search::default()
        };
        let (tool, extras, _) = tool_of(Dialect::OpenAiChat, search);
        assert_eq!(tool, Value::Null);
        let own = extras.of(Dialect::OpenAiChat).unwrap();
        assert_eq!(
            own["search_domain_filter"],
            json!(["example.org", "-example.com"])
        );
    }

    #[test]
    fn a_limit_of_the_callers_does_not_let_it_search_more_often_than_is_paid_for() {
        for (own, uses, sent) in [
            (json!(100), None, SEARCHES_MOST),
            (json!(100), Some(2), 2),
            (json!(1), Some(2), 1),
        ] {
            let form = Form {
                searches: true,
                ..Form::default()
            };
            let responses = Dialect::OpenAiResponses;
            let mut request = Request {
                search: Some(Search {
                    max_uses: uses,
                    ..Search::default()
                }),
                ..Request::default()
            };
            request.extras.insert(responses, "max_tool_calls", own);
            let offered = offered(responses, &form, &request, &mut Vec::new());
            let offered = offered.unwrap().unwrap();
            assert_eq!(
                offered.extras.of(responses).unwrap()["max_tool_calls"],
                sent
            );
        }
    }

    #[test]
    fn fields_of_another_dialect_are_named_where_the_search_drops_them() {
        let form = Form {
            searches: true,
            ..Form::default()
        };
        let mut request = Request {
            search: Some(Search::default()),
            ..Request::default()
        };
        request
            .extras
            .insert(Dialect::OpenAiChat, "a_field", 1.into());
        let mut loss = Vec::new();
        offered(Dialect::OpenAiResponses, &form, &request, &mut loss).unwrap();
        let lost: Vec<_> = loss.iter().map(|lost| &*lost.what).collect();
        assert_eq!(lost, ["a_field"]);
    }

    #[test]
    fn a_search_that_the_caller_offers_itself_is_not_offered_twice() {
        for (dialect, tool) in [
            (
                Dialect::Anthropic,
                json!({"type": "web_search_20250305", "name": "web_search"}),
            ),
            (Dialect::OpenAiResponses, json!({"type": "web_search"})),
            (Dialect::Gemini, json!({"googleSearch": {}})),
        ] {
            let form = Form {
                searches: true,
                ..Form::default()
            };
            let request = Request {
                search: Some(Search::default()),
                tools: vec![native(dialect, tool)],
                ..Request::default()
            };
            let mut loss = Vec::new();
            let offered = offered(dialect, &form, &request, &mut loss).unwrap();
            let tools = offered.map_or(request.tools.len(), |offered| offered.tools.len());
            assert_eq!((tools, loss.len()), (1, 0), "{dialect:?}");
            let far = Request {
                search: Some(Search {
                    include_domains: vec!["example.org".to_owned()],
                    ..Search::default()
                }),
                ..request
            };
            super::offered(dialect, &form, &far, &mut loss).unwrap();
            assert_eq!(loss.len(), 1, "{dialect:?}");
        }
    }

    #[test]
    fn a_vendor_without_a_search_is_no_vendor_for_the_wish() {
        let request = Request {
            search: Some(Search::default()),
            ..Request::default()
        };
        let chat = Dialect::OpenAiChat;
        let refused = offered(chat, &Form::default(), &request, &mut Vec::new());
        assert!(matches!(refused, Err(Error::Unsayable { .. })));
    }
}
