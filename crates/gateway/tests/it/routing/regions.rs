//! One vendor at several places: regions and accounts, each an endpoint of its own.

use gateway::config::{Config, DEFAULT_FILE};
use http::StatusCode;
use serde_json::{Value, json};
use testbed::{Mood, Vendor, VendorConfig, Wire};

use crate::house::House;

/// A model that Google serves in its regions.
const MODEL: &str = "google/gemini-2.5-flash";
const US: &str = "google-vertex/us-east5";
const EU: &str = "google-vertex/europe-west1";

/// Two regions of a cloud, each a fake vendor with a key of its own that says its name.
struct Cloud {
    house: House,
    us: Vendor,
    eu: Vendor,
}

async fn region(name: &str) -> Vendor {
    let config = VendorConfig {
        key: Some(format!("key-of-{name}")),
        text: format!("hello from {name}"),
        ..VendorConfig::default()
    };
    Vendor::start(config).await.unwrap()
}

impl Cloud {
    async fn open() -> Self {
        let (us, eu) = (region("us-east5").await, region("europe-west1").await);
        let house = House::open(&format!(
            r#"
[providers.google-vertex]
project = "p"
regions = ["us-east5", "europe-west1"]
api_key = "key-of-us-east5"
[providers.google-vertex.places.us-east5]
base_url = "{}"
[providers.google-vertex.places.europe-west1]
base_url = "{}"
api_key = "key-of-europe-west1"
"#,
            us.base_url(Wire::Gemini),
            eu.base_url(Wire::Gemini)
        ))
        .await;
        Self { house, us, eu }
    }

    async fn ask(&self, provider: Value) -> (StatusCode, Value) {
        let body = json!({
            "model": MODEL,
            "messages": [{"role": "user", "content": "Where are you?"}],
            "provider": provider,
        });
        let path = "/api/v1/chat/completions";
        self.house.ask(&self.house.key.1, "POST", path, body).await
    }

    /// What is said to a request with this `provider`.
    async fn said(&self, provider: Value) -> String {
        let (status, answer) = self.ask(provider.clone()).await;
        assert_eq!(status, StatusCode::OK, "{provider}: {answer}");
        let said = &answer["choices"][0]["message"]["content"];
        said.as_str().unwrap().to_owned()
    }

    fn asked(&self) -> (usize, usize) {
        (self.us.requests().len(), self.eu.requests().len())
    }
}

#[tokio::test]
async fn each_region_is_an_endpoint_with_a_slug_of_its_own() {
    let cloud = Cloud::open().await;
    let path = format!("/api/v1/models/{MODEL}/endpoints");
    let (_, listed) = cloud.house.get(&path).await;
    let listed = listed["data"]["endpoints"].as_array().unwrap();
    let shown = |endpoint: &Value, name: &str| endpoint[name].as_str().unwrap().to_owned();
    let tags: Vec<_> = listed.iter().map(|one| shown(one, "tag")).collect();
    assert!(
        tags.contains(&US.to_owned()) && tags.contains(&EU.to_owned()),
        "{tags:?}"
    );
    assert!(!tags.contains(&"google-vertex".to_owned()), "{tags:?}");
    assert!(
        listed
            .iter()
            .all(|one| shown(one, "provider_name") == "Google")
    );
    for (slug, hello) in [(US, "hello from us-east5"), (EU, "hello from europe-west1")] {
        for provider in [
            json!({ "only": [slug] }),
            json!({ "order": [slug, "google-vertex"] }),
            json!({ "order": [slug], "allow_fallbacks": false }),
            json!({ "only": [slug.to_ascii_uppercase()] }),
        ] {
            assert_eq!(cloud.said(provider.clone()).await, hello, "{provider}");
        }
        let other = if slug == US { EU } else { US };
        assert_eq!(cloud.said(json!({ "ignore": [other] })).await, hello);
    }
    for nobody in ["google-vertex/us-west1", "google-vertex/us", "us-east5"] {
        let (status, answer) = cloud.ask(json!({ "only": [nobody] })).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
    }
}

#[tokio::test]
async fn the_base_slug_means_every_region_and_a_region_that_is_down_is_replaced() {
    let cloud = Cloud::open().await;
    cloud.us.script([Mood::fail(503)]);
    let only = json!({ "only": ["google-vertex"], "order": [US] });
    assert_eq!(cloud.said(only).await, "hello from europe-west1");
    assert_eq!(cloud.asked(), (1, 1));
    // What failed was one region: the other one is first now, and stays so.
    for _ in 0..6 {
        let by_name = json!({ "only": ["Google"] });
        assert_eq!(cloud.said(by_name).await, "hello from europe-west1");
    }
    assert_eq!(cloud.asked(), (1, 7));
    // Whoever wants that region alone hears what is wrong with it.
    cloud.us.script([Mood::fail(503)]);
    let closed = json!({ "order": [US], "allow_fallbacks": false });
    let (status, answer) = cloud.ask(closed).await;
    assert!(status.is_server_error(), "{answer}");
    assert_eq!(cloud.asked(), (2, 7));
}

#[tokio::test]
async fn who_asks_how_a_request_went_is_told_the_region_that_answered() {
    let cloud = Cloud::open().await;
    cloud.us.script([Mood::fail(503)]);
    let body = json!({
        "model": MODEL,
        "messages": [{"role": "user", "content": "Where are you?"}],
        "provider": { "order": [US, EU] },
    });
    let request = http::Request::post("/api/v1/chat/completions")
        .header(
            http::header::AUTHORIZATION,
            format!("Bearer {}", cloud.house.key.1),
        )
        .header("x-openrouter-metadata", "enabled");
    let request = request
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    let answer = crate::stage::Answer::read(cloud.house.call(request).await)
        .await
        .json();
    let shown = &answer["openrouter_metadata"];
    assert_eq!(shown["region"], "europe-west1", "{answer}");
    assert_eq!(shown["attempt"], 2);
    let available = shown["endpoints"]["available"].as_array().unwrap();
    let selected: Vec<_> = available
        .iter()
        .map(|one| one["selected"] == true)
        .collect();
    assert_eq!(selected, [false, true], "{shown}");
}

#[tokio::test]
async fn a_key_that_is_refused_rests_alone_and_the_vendors_other_account_serves() {
    let (first, second) = (region("first").await, region("second").await);
    let house = House::open(&format!(
        r#"
[providers.openai.places.first]
base_url = "{}"
api_key = "revoked"
[providers.openai.places.second]
base_url = "{}"
api_key = "key-of-second"
"#,
        first.base_url(Wire::OpenAiChat),
        second.base_url(Wire::OpenAiChat)
    ))
    .await;
    let ask = async |model: &str, provider: Value| {
        let body = json!({
            "model": model,
            "messages": [{"role": "user", "content": "Whose key?"}],
            "provider": provider,
        });
        let path = "/api/v1/chat/completions";
        house.ask(&house.key.1, "POST", path, body).await
    };
    for _ in 0..12 {
        let order = json!({ "order": ["openai/first"] });
        let (status, answer) = ask("openai/gpt-4o", order).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    let refused = first.requests().len();
    assert!((1..12).contains(&refused), "it rests: {refused}");
    assert_eq!(second.requests().len(), 12);
    // The account rests, not one model of it.
    let (status, _) = ask("openai/gpt-4o-mini", json!({ "order": ["openai/first"] })).await;
    assert_eq!((status, first.requests().len()), (StatusCode::OK, refused));
}

#[tokio::test]
async fn a_region_shows_the_price_that_holds_there() {
    let house = House::open(
        r#"
[providers.google-vertex]
project = "p"
api_key = "k"
regions = ["global", "europe-west1"]
[providers.amazon-bedrock]
api_key = "k"
regions = ["eu-west-1"]
[providers.amazon-bedrock.places.anywhere]
region = "eu-west-1"
area = "global"
"#,
    )
    .await;
    let (_, listed) = house
        .get("/api/v1/models/anthropic/claude-opus-4.7/endpoints")
        .await;
    let listed = listed["data"]["endpoints"].as_array().unwrap();
    let mut prices: Vec<_> = listed
        .iter()
        .map(|one| {
            (
                one["tag"].as_str().unwrap(),
                one["pricing"]["prompt"].as_str().unwrap(),
            )
        })
        .filter(|(tag, _)| tag.matches('/').count() == 1)
        .collect();
    prices.sort_unstable();
    assert_eq!(
        prices,
        [
            ("amazon-bedrock/anywhere", "0.000005"),
            ("amazon-bedrock/eu-west-1", "0.0000055"),
            ("google-vertex/europe-west1", "0.0000055"),
            ("google-vertex/global", "0.000005"),
        ]
    );
}

fn parse(text: &str, pairs: &[(&str, &str)]) -> Result<gateway::config::Loaded, Vec<String>> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let variables: std::collections::BTreeMap<_, _> = pairs.collect();
    let parsed = Config::parse(text, std::path::Path::new("weir.toml"), &variables);
    parsed.map_err(|problems| problems.0.iter().map(ToString::to_string).collect())
}

#[test]
fn a_place_takes_from_its_vendor_what_it_does_not_say_and_credentials_as_a_whole() {
    let text = r#"
[providers.azure]
api_key = "shared"
resource = "main"
[providers.azure.places.sweden]
region = "swedencentral"
area = "eu"
[providers.azure.places.texas]
resource = "texas"
tenant_id = "t"
client_id = "c"
client_secret = "env:TEXAS"
[providers.azure.places.west]
resource = "west"
api_key = "own"
[providers.azure.places.idle]
enabled = false
"#;
    let config = parse(text, &[("TEXAS", "hidden")]).unwrap().config;
    let azure = &config.providers["azure"];
    let names: Vec<_> = azure
        .places
        .iter()
        .map(|place| place.name.as_str())
        .collect();
    assert_eq!(names, ["sweden", "texas", "west"]);
    let [sweden, texas, west] = azure.places.as_slice() else {
        panic!("{names:?}")
    };
    assert_eq!(sweden.api_key.as_ref().unwrap().expose(), "shared");
    assert_eq!(sweden.location.region.as_deref(), Some("swedencentral"));
    assert_eq!(sweden.location.area, Some("eu"));
    assert_eq!(sweden.settings.get("resource"), Some("main"));
    assert!(texas.api_key.is_none(), "the client is shown, not the key");
    assert_eq!(texas.settings.get("client_secret"), Some("hidden"));
    assert_eq!(west.api_key.as_ref().unwrap().expose(), "own");
    let accounts: Vec<_> = azure.places.iter().map(|place| place.account).collect();
    assert_eq!(accounts, [0, 1, 2]);
    assert!(!format!("{config:?}").contains("hidden"));
}

#[test]
fn regions_of_one_key_are_one_account_and_a_key_of_its_own_another() {
    let text = "[providers.amazon-bedrock]\napi_key = \"a\"\nregions = [\"eu-west-1\", \"us-east-1\", \"us-west-2\"]\n\
        [providers.amazon-bedrock.places.us-west-2]\napi_key = \"b\"\n";
    let config = parse(text, &[]).unwrap().config;
    let places = &config.providers["amazon-bedrock"].places;
    let mut found: Vec<_> = places
        .iter()
        .map(|place| (place.settings.get("region").unwrap(), place.account))
        .collect();
    found.sort_unstable();
    let of = |region: &str| found.iter().find(|(name, _)| *name == region).unwrap().1;
    assert_eq!(found.len(), 3);
    assert_eq!(of("eu-west-1"), of("us-east-1"));
    assert_ne!(of("eu-west-1"), of("us-west-2"));
}

#[test]
fn what_is_wrong_with_places_is_said_with_its_place() {
    let bedrock = "[providers.amazon-bedrock]\napi_key = \"k\"\n";
    for (text, words) in [
        ("[providers.openai]\napi_key = \"k\"\nregions = [\"eu\"]\n".to_owned(), "has no region"),
        (format!("{bedrock}regions = []\n"), "at least one region"),
        (format!("{bedrock}regions = [\"eu-west-1\", \"eu-west-1\"]\n"), "stands here twice"),
        (format!("{bedrock}regions = [\"EU west\"]\n"), "1 to 64 characters"),
        (format!("{bedrock}regions = \"eu-west-1\"\n"), "expected a list of strings"),
        (
            format!("{bedrock}[providers.amazon-bedrock.places.flex]\n"),
            "`amazon-bedrock/flex` is the slug of a tier",
        ),
        (
            format!("{bedrock}[providers.amazon-bedrock.places.a]\nregoin = \"eu-west-1\"\n"),
            "did you mean `region`?",
        ),
        (
            format!("{bedrock}[providers.amazon-bedrock.places.a]\narea = \"europe\"\n"),
            "expected \"global\" or \"eu\"",
        ),
        (
            "[providers.azure]\napi_key = \"k\"\nresource = \"a\"\n[providers.azure.places.b]\nresource = \"/\"\n".to_owned(),
            "providers.azure.places.b.resource",
        ),
        (
            "[providers.lab]\ndialect = \"openai-chat\"\n[providers.lab.places.a]\n".to_owned(),
            "needs an address",
        ),
    ] {
        let said = parse(&text, &[]).unwrap_err();
        assert_eq!(said.len(), 1, "{text}: {said:?}");
        assert!(said[0].contains(words), "{said:?}");
    }
}

#[test]
fn a_vendor_of_ones_own_may_be_at_several_addresses() {
    let text = "[providers.lab]\ndialect = \"openai-chat\"\nregion = \"cellar\"\n\
        [providers.lab.places.a]\nbase_url = \"http://127.0.0.1:9/v1\"\n\
        [providers.lab.places.b]\nbase_url = \"http://127.0.0.1:10/v1\"\nregion = \"attic\"\n\
        [[providers.lab.models]]\nmodel = \"lab/small\"\n";
    let config = parse(text, &[]).unwrap().config;
    let snapshot = gateway::snapshot::Snapshot::of(&config, Vec::new()).unwrap();
    let model = snapshot.catalog.model("lab/small").unwrap();
    let found: Vec<_> = snapshot
        .catalog
        .endpoints(model)
        .iter()
        .map(|endpoint| {
            let upstream = snapshot.upstream(endpoint).unwrap();
            (
                &*endpoint.tag,
                endpoint.region(),
                upstream.base_url(),
                endpoint.account().1,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("lab/a", Some("cellar"), "http://127.0.0.1:9/v1", 0),
            ("lab/b", Some("attic"), "http://127.0.0.1:10/v1", 1),
        ]
    );
}

#[test]
fn the_command_explains_the_order_of_both_regions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weir.toml");
    let text = "[providers.google-vertex]\nproject = \"p\"\napi_key = \"k\"\n\
        regions = [\"us-east5\", \"europe-west1\"]\n[local]\ndiscover = false\n";
    std::fs::write(&file, text).unwrap();
    let route = |more: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_weir"))
            .env_clear()
            .env("WEIR_DATA_FOLDER", folder.path())
            .args(["route", MODEL, "--explain", "--config"])
            .arg(&file)
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let explained = route(&[]);
    assert!(
        explained.contains(US) && explained.contains(EU),
        "{explained}"
    );
    let only = format!("{{\"only\":[\"{EU}\"]}}");
    let shown: Value = serde_json::from_str(&route(&["--json", "--prefs", &only])).unwrap();
    assert_eq!(shown["order"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(shown["order"][0]["endpoint"], EU);
}

#[test]
fn the_file_of_defaults_shows_how_places_are_written() {
    for word in [
        "regions = [",
        ".places.",
        "area = ",
        "role_arn",
        "federated_token_file",
    ] {
        assert!(DEFAULT_FILE.contains(word), "{word}");
    }
}
