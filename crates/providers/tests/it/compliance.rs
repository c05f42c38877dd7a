//! What is asked of every vendor in the table, and of what an operator configures.

use std::collections::HashSet;

use canon::{Dialect, ProviderId, Secret};
use providers::{ALL, Auth, Client, DataPolicy, Error, OwnProvider, Quirk, Upstream, find};

use crate::{KEY, MODEL, ask, codec, hello, own, target, vendor, wires};

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

#[test]
fn every_vendor_speaks_something_and_is_known_by_a_variable_unless_it_is_local() {
    for provider in ALL {
        assert!(!provider.speaks.is_empty(), "{}", provider.id);
        let is_variable = |name: &&str| {
            name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && !name.is_empty()
        };
        assert!(
            provider.key_variables.iter().all(is_variable),
            "{}",
            provider.id
        );
        let needs_key = provider.local_port.is_none();
        assert!(
            !needs_key || !provider.key_variables.is_empty(),
            "{}",
            provider.id
        );
    }
}

#[test]
fn every_vendor_can_be_called_and_its_request_rendered() {
    for provider in ALL.iter().filter(|p| dialects::called(p.dialect).is_some()) {
        let upstream = Upstream::known(provider, None, key()).unwrap();
        let request = hello(true);
        let body = codec(provider.dialect)
            .render_request(&request, &target(&upstream), &mut Vec::new())
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(body.is_object(), "{}", provider.id);
        assert_eq!(upstream.base_url(), provider.base_url);
        assert_eq!(upstream.data_policy(), provider.data_policy);
        assert_eq!(
            upstream.cancel_stops_billing(),
            provider.cancel_stops_billing
        );
        assert_eq!(
            (upstream.name(), upstream.provider()),
            (provider.name, Some(*provider))
        );
    }
}

#[tokio::test]
async fn the_key_is_in_one_header_and_nowhere_else() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    for provider in ALL {
        let Some((_, wire)) = wires().find(|(dialect, _)| *dialect == provider.dialect) else {
            continue;
        };
        let base_url = vendor.base_url(wire);
        let upstream = Upstream::known(provider, Some(&base_url), key()).unwrap();
        assert!(
            !format!("{upstream:?} {upstream:#?}").contains(KEY),
            "{}",
            provider.id
        );
        assert!(
            ask(&client, &upstream, true).await.is_ok(),
            "{}",
            provider.id
        );

        let sent = vendor.requests().pop().unwrap();
        assert!(!sent.path.contains(KEY), "{}: {}", provider.id, sent.path);
        assert!(
            !String::from_utf8_lossy(&sent.body).contains(KEY),
            "{}",
            provider.id
        );
        let (name, value) = match provider.auth {
            Auth::Bearer | Auth::Aws(_) | Auth::Databricks | Auth::Snowflake => {
                ("authorization", format!("Bearer {KEY}"))
            }
            Auth::Header(name) => (name, KEY.to_owned()),
            Auth::Azure => ("api-key", KEY.to_owned()),
            Auth::Google => ("x-goog-api-key", KEY.to_owned()),
            // The key is traded for a token, elsewhere.
            Auth::Ibm => continue,
        };
        for (header, shown) in &sent.headers {
            let shown = shown.to_str().unwrap();
            assert_eq!(
                shown.contains(KEY),
                header == name,
                "{}: {header}",
                provider.id
            );
            assert!(
                header != name || shown == value,
                "{}: {header}: {shown}",
                provider.id
            );
        }
        for quirk in provider.quirks {
            if let Quirk::Header(name, value) = quirk {
                assert_eq!(sent.headers[*name], *value, "{}", provider.id);
            }
        }
        assert_eq!(
            sent.headers["accept-encoding"], "identity",
            "{}",
            provider.id
        );
    }
}

#[test]
fn every_quirk_and_every_auth_is_somebodys() {
    let quirks = || ALL.iter().flat_map(|provider| provider.quirks);
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
    };
    assert_eq!(quirks().map(kind).collect::<HashSet<_>>().len(), 10);
    assert!(ALL.iter().any(|provider| provider.auth == Auth::Bearer));
    for dialect in Dialect::ALL {
        let usual = Auth::usual(*dialect);
        assert!(
            ALL.iter().any(|p| p.dialect == *dialect && p.auth == usual),
            "{dialect}"
        );
    }
    // A vendor has a quirk once.
    for provider in ALL {
        let kinds: HashSet<_> = provider.quirks.iter().map(kind).collect();
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
    for provider in ALL.iter().filter(|p| dialects::called(p.dialect).is_some()) {
        let result = Upstream::known(provider, None, None);
        if provider.local_port.is_some() {
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
        assert!(!upstream.cancel_stops_billing());
    }
}

#[test]
fn an_id_or_a_key_that_cannot_be_sent_is_refused_and_the_key_not_shown() {
    let (dialect, _) = wires().next().unwrap();
    let own = |id: &str, key: &str| {
        Upstream::own(OwnProvider {
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
        let base_url = vendor
            .base_url(wire)
            .replace(wire.prefix(), &format!("/team{}", wire.prefix()));
        assert!(
            ask(&client, &own(dialect, &base_url), false).await.is_ok(),
            "{dialect}"
        );
        let path = vendor.requests().pop().unwrap().path;
        assert!(
            path.starts_with(&format!("/team{}/", wire.prefix())),
            "{path}"
        );
        assert_eq!(path.contains(MODEL), dialect == Dialect::Gemini, "{path}");
    }
}
