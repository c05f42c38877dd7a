//! What is asked of every vendor in the table, and of what an operator configures.

use std::collections::{HashMap, HashSet};

use canon::{Dialect, ProviderId, Secret};
use dialects::{Platform, Target};
use providers::{
    ALL, Auth, Client, Configured, DataPolicy, Error, Failure, Limits, Outgoing, OwnProvider,
    Provider, Quirk, Reply, Setting, Settings, Upstream, Way, call, find,
};
use testbed::{Vendor, Wire};

use crate::{KEY, MODEL, REQUEST_ID, ask, codec, hello, own, target, vendor, wires};

fn key() -> Option<Secret<String>> {
    Some(Secret::new(KEY.to_owned()))
}

#[test]
fn ids_and_names_are_unique_and_ids_are_slugs() {
    let ids: HashSet<_> = ALL.iter().map(|provider| provider.id).collect();
    let names: HashSet<_> = ALL.iter().map(|provider| provider.name).collect();
    assert_eq!((ids.len(), names.len()), (ALL.len(), ALL.len()));
    for provider in ALL {
        assert!(provider.id.parse::<ProviderId>().is_ok(), "{}", provider.id);
        assert_eq!(find(provider.id), Some(*provider));
    }
    assert_eq!(find("nobody"), None);
}

#[test]
fn every_address_is_safe_for_a_key_and_has_no_slash_at_its_end() {
    for provider in ALL {
        let scheme = if provider.local_port.is_some() {
            "http://127.0.0.1:"
        } else {
            "https://"
        };
        assert!(provider.base_url.starts_with(scheme), "{}", provider.id);
        assert!(!provider.base_url.ends_with('/'), "{}", provider.id);
        if let Some(port) = provider.local_port {
            assert!(
                provider.base_url.contains(&format!(":{port}/")),
                "{}",
                provider.id
            );
        }
        let links = [
            provider.links.privacy,
            provider.links.terms,
            provider.links.status,
        ];
        for link in links.into_iter().flatten() {
            assert!(link.starts_with("https://"), "{}: {link}", provider.id);
        }
        let is_country =
            |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        assert!(
            provider.headquarters.is_none_or(is_country),
            "{}",
            provider.id
        );
    }
}

/// A value for every setting of every vendor.
fn settings(provider: &Provider) -> Settings {
    let mut settings = Settings::default();
    for setting in provider.settings {
        let value = setting.default.unwrap_or("unit-1");
        settings.set(setting.name, Secret::new(value.to_owned()));
    }
    settings
}

/// The vendor at its own address.
fn made(provider: &'static Provider, key: Option<Secret<String>>) -> Result<Upstream, Error> {
    let settings = settings(provider);
    Upstream::configured(
        provider,
        Configured {
            key,
            settings,
            ..Configured::default()
        },
    )
}

/// The vendors of whom at least one wire can be called.
fn called() -> impl Iterator<Item = &'static Provider> {
    let is_called = |dialect| dialects::called(dialect).is_some();
    ALL.iter().copied().filter(move |provider| {
        is_called(provider.dialect) || provider.also.iter().any(|wire| is_called(wire.dialect))
    })
}

#[test]
fn there_are_vendors_enough_to_choose_from() {
    assert!(ALL.len() >= 75, "{}", ALL.len());
}

#[test]
fn every_vendor_speaks_something_and_is_known_by_a_variable_unless_it_is_local() {
    let is_variable = |name: &&str| {
        let is_plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        name.bytes().all(is_plain) && !name.is_empty()
    };
    for provider in ALL {
        assert!(!provider.speaks.is_empty(), "{}", provider.id);
        let of_settings = provider
            .all_settings()
            .flat_map(|setting| setting.variables);
        let mut variables = provider.key_variables.iter().chain(of_settings);
        assert!(variables.all(is_variable), "{}", provider.id);
        let needs_key = provider.local_port.is_none();
        assert!(
            !needs_key || !provider.key_variables.is_empty(),
            "{}",
            provider.id
        );
    }
}

#[test]
fn no_two_vendors_are_enabled_by_the_same_variable() {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for provider in ALL {
        for variable in provider.key_variables {
            let other = owners.insert(variable, provider.id);
            assert_eq!(other, None, "{variable}: {}", provider.id);
        }
    }
}

#[test]
fn every_blank_of_an_address_is_a_setting_and_every_setting_says_what_it_is() {
    for provider in ALL {
        let wires = provider.also.iter().map(|wire| wire.base_url);
        for template in wires.chain([provider.base_url]) {
            let blanks = template.split('{').skip(1);
            for blank in blanks.map(|rest| rest.split('}').next().unwrap()) {
                let name = blank.trim_end_matches('-');
                let is_its = |setting: &&Setting| setting.name == name;
                assert!(
                    provider.settings.iter().any(|setting| is_its(&setting)),
                    "{}: {blank}",
                    provider.id
                );
            }
        }
        let names: Vec<_> = provider
            .all_settings()
            .map(|setting| setting.name)
            .collect();
        let unique: HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{}", provider.id);
        for setting in provider.all_settings() {
            assert!(setting.says.ends_with('.'), "{}", setting.name);
            let taken = [
                "enabled", "api_key", "base_url", "name", "also", "models", "dialect",
            ];
            assert!(!taken.contains(&setting.name), "{}", setting.name);
        }
    }
}

#[test]
fn every_wire_of_every_vendor_can_be_called_and_its_request_rendered() {
    for provider in called() {
        let upstream = made(provider, key()).unwrap();
        for way in upstream.ways() {
            let target = Target {
                form: way.form(),
                ..target(&upstream)
            };
            let body = codec(way.dialect())
                .render_request(&hello(true), &target, &mut Vec::new())
                .unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(body.is_object(), "{}", provider.id);
            assert!(!way.base_url().contains(['{', '}']), "{}", way.base_url());
        }
        assert_eq!(upstream.data_policy(), provider.data_policy);
        assert_eq!(
            upstream.cancel_stops_billing(),
            provider.cancel_stops_billing
        );
        assert_eq!(
            (upstream.name(), upstream.provider()),
            (provider.name, Some(provider))
        );
    }
}

#[test]
fn a_caller_is_passed_on_in_his_own_dialect_where_the_vendor_speaks_it_for_the_model() {
    let way = |id: &str, caller: Dialect, model: &str| {
        let upstream = made(find(id).unwrap(), key()).unwrap();
        upstream.way(caller, model).dialect()
    };
    let (chat, claude, gemini) = (Dialect::OpenAiChat, Dialect::Anthropic, Dialect::Gemini);
    for (id, caller, model, expected) in [
        ("deepseek", chat, "deepseek/deepseek-chat", chat),
        ("deepseek", claude, "deepseek/deepseek-chat", claude),
        ("deepseek", gemini, "deepseek/deepseek-chat", chat),
        // Claude on Vertex and on Azure is asked in one dialect only, whatever the caller speaks.
        ("google-vertex", chat, "anthropic/claude-opus-4.1", claude),
        ("google-vertex", chat, "google/gemini-2.5-pro", gemini),
        ("google-vertex", claude, "google/gemini-2.5-pro", gemini),
        ("google-vertex", claude, "meta-llama/llama-4-maverick", chat),
        ("azure", chat, "anthropic/claude-opus-4.1", claude),
        ("azure", claude, "openai/gpt-5", chat),
        // Databricks asks Claude in both.
        ("databricks", chat, "anthropic/claude-opus-4.1", chat),
        ("databricks", claude, "anthropic/claude-opus-4.1", claude),
        ("databricks", claude, "meta-llama/llama-4-maverick", chat),
        ("anthropic", chat, "anthropic/claude-opus-4.1", claude),
    ] {
        assert_eq!(way(id, caller, model), expected, "{id} {caller} {model}");
    }
}

#[test]
fn at_another_address_a_vendor_speaks_its_first_wire_and_those_that_are_named() {
    let deepseek = find("deepseek").unwrap();
    let configured = |also| Configured {
        base_url: Some("http://127.0.0.1:9/v1".to_owned()),
        also,
        ..Configured::default()
    };
    let upstream = Upstream::configured(deepseek, configured(Vec::new())).unwrap();
    let ways: Vec<_> = upstream.ways().map(providers::Way::base_url).collect();
    assert_eq!(ways, ["http://127.0.0.1:9/v1"]);
    let also = vec![(
        Dialect::Anthropic,
        "http://127.0.0.1:9/anthropic".to_owned(),
    )];
    let upstream = Upstream::configured(deepseek, configured(also)).unwrap();
    let way = upstream.way(Dialect::Anthropic, "deepseek/deepseek-chat");
    assert_eq!(way.base_url(), "http://127.0.0.1:9/anthropic");
    // Its own address, written out, is no other one.
    let upstream = Upstream::known(deepseek, Some("https://api.deepseek.com/"), key()).unwrap();
    assert!(upstream.ways().count() > 1);
}

/// The address of the fake vendor that speaks a wire with these quirks.
fn fake_url(fake: &Vendor, provider: &Provider, (dialect, quirks): (Dialect, &[Quirk])) -> String {
    let on = |platform| quirks.contains(&Quirk::On(platform));
    let (_, wire) = wires().find(|(known, _)| *known == dialect).unwrap();
    if on(Platform::Vertex) {
        return fake.base_url(Wire::VertexAnthropic);
    }
    if on(Platform::Bedrock) {
        return fake.base_url(Wire::BedrockAnthropic);
    }
    if provider.auth == Auth::Google && dialect == Dialect::Gemini {
        return format!("{}/publishers/google", fake.base_url(Wire::VertexGemini));
    }
    fake.base_url(wire)
}

/// The vendor with all its wires, at the fake vendor's addresses.
fn faked(fake: &Vendor, provider: &'static Provider, settings: Settings) -> Upstream {
    let url = |dialect, quirks| fake_url(fake, provider, (dialect, quirks));
    let is_called = |dialect| dialects::called(dialect).is_some();
    let base_url = is_called(provider.dialect).then(|| url(provider.dialect, provider.quirks));
    let wires = provider.also.iter().filter(|wire| is_called(wire.dialect));
    let also = wires.map(|wire| (wire.dialect, url(wire.dialect, wire.quirks)));
    let key = settings.is_empty().then(|| Secret::new(KEY.to_owned()));
    Upstream::configured(
        provider,
        Configured {
            base_url: base_url.or_else(|| Some("http://127.0.0.1:9".to_owned())),
            key,
            settings,
            also: also.collect(),
        },
    )
    .unwrap()
}

/// Asks on one wire.
async fn ask_on(
    client: &Client,
    (upstream, way): (&Upstream, &Way),
    stream: bool,
) -> Result<Reply, Failure> {
    let target = Target {
        form: way.form(),
        ..target(upstream)
    };
    let outgoing = Outgoing {
        upstream,
        way,
        target,
        request: &hello(stream),
        limits: &Limits::default(),
        request_id: REQUEST_ID,
        now_s: 1_763_800_000,
        loss: &mut Vec::new(),
    };
    call(client, outgoing).await
}

/// What shows the key on a wire, and how.
fn shown(auth: Auth) -> (&'static str, String) {
    match auth {
        Auth::Bearer | Auth::Aws(_) | Auth::Databricks | Auth::Snowflake => {
            ("authorization", format!("Bearer {KEY}"))
        }
        Auth::Header(name) => (name, KEY.to_owned()),
        Auth::Azure => ("api-key", KEY.to_owned()),
        Auth::Google => ("x-goog-api-key", KEY.to_owned()),
        Auth::Ibm => panic!("the key is traded for a token (signing.rs)"),
        Auth::Query(_) => panic!("no known vendor forces the key into its address"),
    }
}

#[tokio::test]
async fn on_every_wire_of_every_vendor_the_key_is_in_one_header_and_nowhere_else() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let mut asked = 0;
    for provider in called().filter(|provider| provider.auth != Auth::Ibm) {
        let upstream = faked(&fake, provider, Settings::default());
        assert!(!format!("{upstream:?} {upstream:#?}").contains(KEY));
        let first = (provider.dialect, provider.auth, provider.quirks);
        let auth = |wire: &providers::Wire| wire.auth.unwrap_or(provider.auth);
        let also = provider.also.iter();
        let also = also.map(|wire| (wire.dialect, auth(wire), wire.quirks));
        for (dialect, auth, quirks) in std::iter::once(first).chain(also) {
            let Some(way) = upstream.ways().find(|way| way.dialect() == dialect) else {
                continue;
            };
            for stream in [false, true] {
                let reply = ask_on(&client, (&upstream, way), stream).await;
                assert!(reply.is_ok(), "{} {dialect}: {reply:?}", provider.id);
                asked += 1;
                check(&fake, provider, (auth, quirks));
            }
        }
    }
    assert!(asked > 200, "{asked}");
}

/// What the last request showed.
fn check(fake: &Vendor, provider: &Provider, (auth, quirks): (Auth, &[Quirk])) {
    let id = provider.id;
    let sent = fake.requests().pop().unwrap();
    assert!(!sent.path.contains(KEY), "{id}: {}", sent.path);
    assert!(!String::from_utf8_lossy(&sent.body).contains(KEY), "{id}");
    let (name, value) = shown(auth);
    assert_eq!(sent.headers[name], value, "{id}");
    for (header, shown) in &sent.headers {
        let shows = shown.to_str().unwrap().contains(KEY);
        assert_eq!(shows, header == name, "{id}: {header}");
    }
    for quirk in quirks {
        if let Quirk::Header(name, value) = quirk {
            assert_eq!(sent.headers[*name], *value, "{id}");
        }
    }
    assert_eq!(sent.headers["accept-encoding"], "identity", "{id}");
}

#[tokio::test]
async fn an_access_key_of_aws_signs_every_request_and_is_never_sent() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let mut settings = Settings::default();
    settings.set("access_key_id", Secret::new("AKIDEXAMPLE".to_owned()));
    settings.set("secret_access_key", Secret::new(KEY.to_owned()));
    settings.set("session_token", Secret::new("session".to_owned()));
    let upstream = faked(&fake, find("amazon-bedrock").unwrap(), settings);
    assert!(!format!("{upstream:?}").contains(KEY));
    for way in upstream
        .ways()
        .filter(|way| !way.base_url().ends_with(":9"))
    {
        ask_on(&client, (&upstream, way), true).await.unwrap();
        let sent = fake.requests().pop().unwrap();
        let shown = sent.headers["authorization"].to_str().unwrap();
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20251122/us-east-1/bedrock/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=";
        assert!(shown.starts_with(scope), "{shown}");
        assert_eq!(sent.headers["x-amz-date"], "20251122T082640Z");
        assert_eq!(sent.headers["x-amz-security-token"], "session");
        assert!(
            sent.headers
                .values()
                .all(|value| !value.to_str().unwrap().contains(KEY))
        );
    }
}

#[test]
fn every_quirk_and_every_auth_is_somebodys() {
    let of_wires = |provider: &&'static Provider| provider.also.iter().flat_map(|wire| wire.quirks);
    let quirks = || {
        let first = ALL.iter().flat_map(|provider| provider.quirks);
        first.chain(ALL.iter().flat_map(of_wires))
    };
    let kind = |quirk: &Quirk| match quirk {
        Quirk::Drops(_) => 0,
        Quirk::MaxCompletionTokens => 1,
        Quirk::OpenRouter => 2,
        Quirk::ReasoningField(_) => 3,
        Quirk::RandomSeed => 4,
        Quirk::DeveloperRole => 5,
        Quirk::AskForUsage => 6,
        Quirk::RequiredIsAny => 7,
        Quirk::CacheMarks => 8,
        Quirk::Header(..) => 9,
        Quirk::On(_) => 10,
        Quirk::CustomTools => 11,
        Quirk::Searches => 12,
    };
    assert_eq!(quirks().map(kind).collect::<HashSet<_>>().len(), 13);
    for auth in [
        Auth::Bearer,
        Auth::Aws("bedrock"),
        Auth::Google,
        Auth::Azure,
        Auth::Databricks,
        Auth::Snowflake,
        Auth::Ibm,
    ] {
        assert!(ALL.iter().any(|p| p.auth == auth), "{auth:?}");
    }
    for dialect in dialects::CALLED.iter().map(|call| call.dialect()) {
        let also = |p: &&&Provider| p.also.iter().any(|wire| wire.dialect == dialect);
        let is_its = |p: &&&Provider| p.dialect == dialect || also(p);
        assert!(ALL.iter().any(|p| is_its(&p)), "{dialect}");
    }
    // A vendor has a quirk once, and each header.
    for provider in ALL {
        let header = |quirk: &Quirk| {
            let Quirk::Header(name, _) = quirk else {
                return None;
            };
            Some(*name)
        };
        let once = |quirk: &Quirk| (kind(quirk), header(quirk));
        let kinds: HashSet<_> = provider.quirks.iter().map(once).collect();
        assert_eq!(kinds.len(), provider.quirks.len(), "{}", provider.id);
    }
}

#[test]
fn what_is_not_known_of_a_data_policy_is_none() {
    assert_eq!(DataPolicy::UNKNOWN, DataPolicy::default());
    assert_eq!(find("openrouter").unwrap().data_policy, DataPolicy::UNKNOWN);
    assert_eq!(find("google-ai-studio").unwrap().data_policy.training, None);
}

#[test]
fn a_vendor_without_its_key_says_which_variable_would_do() {
    for provider in called() {
        let result = made(provider, None);
        // On a cloud's machine, the machine itself is known.
        let is_cloud = matches!(provider.auth, Auth::Google | Auth::Azure | Auth::Aws(_));
        if provider.local_port.is_some() || is_cloud {
            assert!(result.is_ok(), "{}", provider.id);
            continue;
        }
        let error = result.unwrap_err();
        assert!(matches!(error, Error::NoKey { .. }), "{error}");
        assert!(
            error.to_string().contains(provider.key_variables[0]),
            "{error}"
        );
    }
}

#[test]
fn a_vendor_without_a_setting_of_its_address_says_which_variable_would_do() {
    for provider in called() {
        let needs = |setting: &&Setting| setting.default.is_none();
        let Some(setting) = provider.settings.iter().find(needs) else {
            continue;
        };
        let error = Upstream::known(provider, None, key())
            .unwrap_err()
            .to_string();
        assert!(error.contains(setting.name), "{error}");
        assert!(error.contains(setting.variables[0]), "{error}");
    }
}

#[test]
fn an_address_that_cannot_be_called_is_refused_and_not_repeated() {
    let (dialect, _) = wires().next().unwrap();
    for base_url in [
        "",
        "api.example.com/v1",
        "ftp://example.com",
        "https://",
        "https://name:pa55@example.com/v1",
        "https://example.com/v1?key=pa55",
        "https://example.com/v1#pa55",
        "http://example.com/v1",
        "https://exa mple.com",
    ] {
        let error = Upstream::own(OwnProvider {
            auth: None,
            id: "lab".to_owned(),
            name: "Lab".to_owned(),
            dialect,
            base_url: base_url.to_owned(),
            also: Vec::new(),
            key: key(),
            data_policy: DataPolicy::UNKNOWN,
        })
        .unwrap_err();
        assert!(
            matches!(error, Error::Address { .. }),
            "{base_url}: {error}"
        );
        assert!(!error.to_string().contains("pa55"), "{error}");
    }
    for base_url in [
        "https://example.com",
        "http://10.0.0.7:8000/v1/",
        "http://ollama:11434/v1",
    ] {
        let upstream = own(dialect, base_url);
        assert_eq!(upstream.base_url(), base_url.trim_end_matches('/'));
        assert!(upstream.cancel_stops_billing());
        assert!(!upstream.cancelling(false).cancel_stops_billing());
    }
}

#[tokio::test]
async fn a_server_of_ones_own_is_shown_its_key_as_the_operator_says() {
    const ODD: &str = "k&y=/?#\u{e4}";
    let client = Client::new().unwrap();
    for (word, auth) in Auth::WORDS {
        let fake = vendor().await;
        let (dialect, wire) = wires().next().unwrap();
        let is_query = matches!(auth, Auth::Query(_));
        let upstream = Upstream::own(OwnProvider {
            auth: Some(*auth),
            id: "lab".to_owned(),
            name: "Lab".to_owned(),
            dialect,
            base_url: fake.base_url(wire),
            also: Vec::new(),
            key: Some(Secret::new(if is_query { ODD } else { KEY }.to_owned())),
            data_policy: DataPolicy::UNKNOWN,
        })
        .unwrap();
        assert!(!format!("{upstream:?}").contains(ODD), "{word}");
        let way = upstream.ways().next().unwrap();
        ask_on(&client, (&upstream, way), false).await.unwrap();
        let sent = fake.requests().pop().unwrap();
        if is_query {
            assert!(
                sent.path.ends_with("?key=k%26y%3D%2F%3F%23%C3%A4"),
                "{}",
                sent.path
            );
            assert!(sent.headers.get("authorization").is_none());
            let quoting = dialects::VendorError {
                message: Some(format!("cannot POST {}", sent.path)),
                ..dialects::VendorError::default()
            };
            let fault =
                providers::verdict::judge(&upstream, 400, &http::HeaderMap::new(), &quoting);
            assert!(fault.say.contains("cannot POST"), "{}", fault.say);
            assert!(!format!("{fault:?}").contains("k%26y"), "{fault:?}");
        } else {
            let (name, value) = shown(*auth);
            assert_eq!(sent.headers.get(name).unwrap().to_str().unwrap(), value);
            assert!(!sent.path.contains(KEY), "{word}");
        }
    }
}

#[test]
fn an_id_or_a_key_that_cannot_be_sent_is_refused_and_the_key_not_shown() {
    let (dialect, _) = wires().next().unwrap();
    let own = |id: &str, key: &str| {
        Upstream::own(OwnProvider {
            auth: None,
            id: id.to_owned(),
            name: "Lab".to_owned(),
            dialect,
            base_url: "https://example.com".to_owned(),
            also: Vec::new(),
            key: Some(Secret::new(key.to_owned())),
            data_policy: DataPolicy::UNKNOWN,
        })
    };
    assert!(matches!(own("Lab", KEY), Err(Error::Id { .. })));
    let error = own("lab", "pa55\nword").unwrap_err();
    assert!(
        matches!(error, Error::Key { .. }) && !error.to_string().contains("pa55"),
        "{error}"
    );
}

#[tokio::test]
async fn the_base_address_may_have_a_path_and_the_model_may_be_part_of_it() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    for (dialect, wire) in wires() {
        let host = vendor.base_url(wire);
        let host = host.strip_suffix(wire.prefix()).unwrap();
        let base_url = format!("{host}/team{}", wire.prefix());
        assert!(
            ask(&client, &own(dialect, &base_url), false).await.is_ok(),
            "{dialect}"
        );
        let path = vendor.requests().pop().unwrap().path;
        assert!(
            path.starts_with(&format!("/team{}/", wire.prefix())),
            "{path}"
        );
        let names_it = matches!(
            dialect,
            Dialect::Gemini | Dialect::Bedrock | Dialect::Replicate
        );
        assert_eq!(path.contains(MODEL), names_it, "{path}");
    }
}
