//! What a vendor is shown: tokens that are fetched, kept and refreshed, keys that are traded, signatures.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_lc_rs::{
    encoding::AsDer as _,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use canon::{Again, Secret};
use parking_lot::Mutex;
use providers::{Client, Configured, Settings, Upstream, find};
use serde_json::{Value, json};
use testbed::{Vendor, VendorConfig, Wire};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{ask, server::response, vendor};

/// A secret that may only be seen by the token endpoint.
const SECRET: &str = "cl1ent-s3cret-do-not-print";

/// A token endpoint that keeps what it was asked.
pub(crate) struct Tokens {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl Tokens {
    /// Gives out `tok-1`, `tok-2` …, each for so many seconds.
    pub(crate) async fn start(seconds: u64) -> Self {
        let count = AtomicUsize::new(0);
        Self::answering(move |_| {
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            let body = json!({ "access_token": format!("tok-{number}"), "expires_in": seconds });
            response("200 OK", "application/json", &body.to_string())
        })
        .await
    }

    pub(crate) async fn answering(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let text = read_whole(&mut stream).await;
                let said = answer(&text);
                kept.lock().push(text);
                if stream.write_all(said.as_bytes()).await.is_ok() {
                    // The other side may be gone by now.
                    let _closed = stream.shutdown().await.is_ok();
                }
            }
        });
        Self {
            url,
            asked,
            _task: task,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().len()
    }

    pub(crate) fn last(&self) -> String {
        self.asked.lock().last().unwrap().clone()
    }
}

/// A request, or what there is of it.
async fn read_whole(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !is_whole(&text) {
        let mut piece = [0; 4_096];
        let length = stream.read(&mut piece).await.unwrap_or(0);
        if length == 0 {
            break;
        }
        text.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
    text
}

/// Whether a request is there with all of its body.
fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}

/// A known vendor in the place of which the fake vendor stands.
pub(crate) fn at(
    fake: &Vendor,
    (id, wire): (&str, Wire),
    key: Option<&str>,
    given: &[(&'static str, &str)],
) -> Result<Upstream, providers::Error> {
    let mut settings = Settings::default();
    for (name, value) in given {
        settings.set(name, Secret::new((*value).to_owned()));
    }
    Upstream::configured(
        find(id).unwrap(),
        Configured {
            base_url: Some(fake.base_url(wire)),
            key: key.map(|key| Secret::new(key.to_owned())),
            settings,
            also: Vec::new(),
        },
    )
}

/// A header of the last request at the fake vendor.
pub(crate) fn header(fake: &Vendor, name: &str) -> Option<String> {
    let sent = fake.requests().pop().unwrap();
    Some(sent.headers.get(name)?.to_str().unwrap().to_owned())
}

/// A new RSA key in PEM form, and its public half.
pub(crate) fn rsa() -> (String, Vec<u8>) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let begin = "-----BEGIN PRIVATE KEY-----";
    let pem = format!("{begin}\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    (pem, pair.public_key().as_ref().to_vec())
}

/// The claims of a signed token, once its signature is found good.
fn claims(token: &str, public: &[u8]) -> Value {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    assert_eq!(head["alg"], "RS256");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

pub(crate) fn service_account(pem: &str, url: &str) -> String {
    json!({
        "type": "service_account",
        "client_email": "weir@project.example",
        "private_key_id": "key-7",
        "private_key": pem,
        "token_uri": url,
    })
    .to_string()
}

#[tokio::test]
async fn a_token_is_fetched_once_and_shown_with_every_call() {
    let (client, fake, tokens) = (
        Client::new().unwrap(),
        vendor().await,
        Tokens::start(3_600).await,
    );
    let given = [
        ("client_id", "app"),
        ("client_secret", SECRET),
        ("token_url", tokens.url.as_str()),
    ];
    for id in ["azure", "databricks"] {
        let upstream = at(&fake, (id, Wire::OpenAiChat), None, &given).unwrap();
        let before = tokens.count();
        for _ in 0..3 {
            ask(&client, &upstream, true).await.unwrap();
        }
        assert_eq!(tokens.count(), before + 1, "{id}");
        let shown = header(&fake, "authorization").unwrap();
        assert_eq!(shown, format!("Bearer tok-{}", before + 1), "{id}");
        assert!(
            !format!("{upstream:?} {upstream:#?}").contains(SECRET),
            "{id}"
        );
    }
    let asked = tokens.asked.lock();
    assert!(asked[0].contains("client_secret=cl1ent-s3cret-do-not-print&scope=https%3A%2F%2Fcog"));
    let basic = STANDARD.encode(format!("app:{SECRET}"));
    assert!(asked[1].contains(&format!("authorization: Basic {basic}")));
    assert!(asked[1].ends_with("grant_type=client_credentials&scope=all-apis"));
}

#[tokio::test]
async fn a_thousand_callers_at_once_make_one_question() {
    let (client, fake, tokens) = (
        Client::new().unwrap(),
        vendor().await,
        Tokens::start(3_600).await,
    );
    let given = [("token_url", tokens.url.as_str())];
    let upstream = at(
        &fake,
        ("watsonx", Wire::OpenAiChat),
        Some("ibm-key"),
        &given,
    )
    .unwrap();
    let calls = (0..50).map(|_| ask(&client, &upstream, false));
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(tokens.count(), 1);
    assert!(
        tokens.last().ends_with(
            "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=ibm-key"
        )
    );
    assert_eq!(header(&fake, "authorization").unwrap(), "Bearer tok-1");
}

#[tokio::test]
async fn a_token_is_fetched_anew_before_it_ends() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    // A token of no length is at its end as soon as it is there.
    let tokens = Tokens::start(0).await;
    let given = [("token_url", tokens.url.as_str())];
    let upstream = at(
        &fake,
        ("watsonx", Wire::OpenAiChat),
        Some("ibm-key"),
        &given,
    )
    .unwrap();
    for number in 1..=3 {
        ask(&client, &upstream, true).await.unwrap();
        let shown = header(&fake, "authorization").unwrap();
        assert_eq!(shown, format!("Bearer tok-{number}"));
    }
}

#[tokio::test]
async fn a_token_that_the_vendor_refuses_is_fetched_anew() {
    let (client, tokens) = (Client::new().unwrap(), Tokens::start(3_600).await);
    let fake = Vendor::start(VendorConfig {
        key: Some("tok-2".to_owned()),
        ..VendorConfig::default()
    })
    .await
    .unwrap();
    let given = [("token_url", tokens.url.as_str())];
    let upstream = at(
        &fake,
        ("watsonx", Wire::OpenAiChat),
        Some("ibm-key"),
        &given,
    )
    .unwrap();
    let failure = ask(&client, &upstream, true).await.unwrap_err();
    assert_eq!(failure.status, Some(401));
    ask(&client, &upstream, true).await.unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(tokens.count(), 2);
}

#[tokio::test]
async fn a_refusal_moves_on_to_another_account_and_is_not_asked_for_again_at_once() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let tokens = Tokens::answering(|_| {
        let body = json!({ "error": "invalid_client", "error_description": SECRET });
        response("401 Unauthorized", "application/json", &body.to_string())
    })
    .await;
    let given = [
        ("client_id", "app"),
        ("client_secret", SECRET),
        ("token_url", tokens.url.as_str()),
    ];
    let upstream = at(&fake, ("azure", Wire::OpenAiChat), None, &given).unwrap();
    for _ in 0..3 {
        let failure = ask(&client, &upstream, true).await.unwrap_err();
        assert_eq!(failure.fault.again, Again::OtherAccount);
        assert_eq!(failure.sent, providers::Sent::Nothing);
        let log = log_of(&failure.fault);
        assert!(log.contains("401 (invalid_client)"), "{log}");
        assert!(!log.contains(SECRET), "{log}");
    }
    assert_eq!((tokens.count(), fake.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_is_nobodys_fault_and_another_provider_may_do() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    for (status, body, words) in [
        ("503 Busy", "{}", "answered 503"),
        ("200 OK", "{\"token\":1}", "holds no token"),
        ("200 OK", "<html>", "holds no token"),
    ] {
        let body = body.to_owned();
        let said = response(status, "application/json", &body);
        let tokens = Tokens::answering(move |_| said.clone()).await;
        let given = [("token_url", tokens.url.as_str())];
        let upstream = at(
            &fake,
            ("watsonx", Wire::OpenAiChat),
            Some("ibm-key"),
            &given,
        )
        .unwrap();
        let failure = ask(&client, &upstream, true).await.unwrap_err();
        assert!(matches!(
            failure.fault.again,
            Again::Elsewhere { .. } | Again::OtherAccount
        ));
        let log = log_of(&failure.fault);
        assert!(log.contains(words), "{log}");
    }
}

/// The whole chain of a fault, as the log shows it.
pub(crate) fn log_of(fault: &canon::Fault) -> String {
    let mut text = fault.to_string();
    let mut source = std::error::Error::source(fault);
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_service_account_of_google_signs_its_claims() {
    let (client, fake, tokens) = (
        Client::new().unwrap(),
        vendor().await,
        Tokens::start(3_600).await,
    );
    let (pem, public) = rsa();
    let file = service_account(&pem, &tokens.url);
    let given = [("credentials", file.as_str())];
    let upstream = at(&fake, ("google-vertex", Wire::Gemini), None, &given).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(header(&fake, "authorization").unwrap(), "Bearer tok-1");
    let asked = tokens.last();
    let (form, assertion) = asked.rsplit_once("&assertion=").unwrap();
    assert!(form.ends_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"));
    let claims = claims(assertion, &public);
    assert_eq!(claims["iss"], "weir@project.example");
    assert_eq!(claims["aud"], tokens.url.as_str());
    assert_eq!(
        claims["scope"],
        "https://www.googleapis.com/auth/cloud-platform"
    );
    assert_eq!(
        (claims["iat"].as_i64(), claims["exp"].as_i64()),
        (Some(1_763_800_000), Some(1_763_803_600))
    );
}

#[tokio::test]
async fn a_users_own_google_credentials_and_a_machines_identity_are_traded_too() {
    let (client, fake, tokens) = (
        Client::new().unwrap(),
        vendor().await,
        Tokens::start(3_600).await,
    );
    let file = json!({
        "type": "authorized_user",
        "client_id": "app",
        "client_secret": SECRET,
        "refresh_token": "1//ref resh",
    })
    .to_string();
    let given = [("credentials", file.as_str()), ("token_url", &tokens.url)];
    let upstream = at(&fake, ("google-vertex", Wire::Gemini), None, &given).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert!(
        tokens.last().ends_with("&refresh_token=1%2F%2Fref%20resh"),
        "{}",
        tokens.last()
    );
    let given = [("token_url", tokens.url.as_str())];
    let upstream = at(&fake, ("google-vertex", Wire::Gemini), None, &given).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(header(&fake, "authorization").unwrap(), "Bearer tok-2");
    let asked = tokens.last();
    assert!(asked.starts_with("GET /token ") && asked.contains("metadata-flavor: Google"));
}

#[tokio::test]
async fn a_key_pair_of_snowflake_signs_tokens_of_its_own() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let (pem, public) = rsa();
    // A variable may hold the key in one line.
    let one_line = pem.replace('\n', "\\n");
    for pem in [pem.as_str(), one_line.as_str()] {
        let given = [
            ("account", "org-acc.eu"),
            ("user", "weir"),
            ("private_key", pem),
        ];
        let upstream = at(&fake, ("snowflake", Wire::OpenAiChat), None, &given).unwrap();
        ask(&client, &upstream, true).await.unwrap();
        let shown = header(&fake, "authorization").unwrap();
        let claims = claims(shown.strip_prefix("Bearer ").unwrap(), &public);
        assert_eq!(claims["sub"], "ORG-ACC.WEIR");
        let issuer = claims["iss"].as_str().unwrap();
        let fingerprint = issuer.strip_prefix("ORG-ACC.WEIR.SHA256:").unwrap();
        assert_eq!(STANDARD.decode(fingerprint).unwrap().len(), 32);
        let kind = header(&fake, "x-snowflake-authorization-token-type");
        assert_eq!(kind.unwrap(), "KEYPAIR_JWT");
    }
    let upstream = at(&fake, ("snowflake", Wire::OpenAiChat), Some("pat-1"), &[]).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(header(&fake, "authorization").unwrap(), "Bearer pat-1");
    let kind = header(&fake, "x-snowflake-authorization-token-type");
    assert_eq!(kind.unwrap(), "PROGRAMMATIC_ACCESS_TOKEN");
}

#[tokio::test]
async fn credentials_that_cannot_be_used_are_refused_by_name_and_never_shown() {
    let fake = vendor().await;
    let (pem, _) = rsa();
    let half = [("tenant_id", "t"), ("client_id", "app")];
    let half_a_key = [("access_key_id", "AKIA")];
    let no_profile = [("credentials_file", "[a]\nb=c"), ("profile", "staging")];
    let file = |text: &'static str| [("credentials", text)];
    let encrypted = [
        ("account", "a"),
        ("user", "u"),
        (
            "private_key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END",
        ),
    ];
    let no_user = [("account", "a"), ("private_key", pem.as_str())];
    let public_url = [
        ("client_id", "app"),
        ("client_secret", SECRET),
        ("token_url", "http://login.example.com/token"),
    ];
    for (id, given, words) in [
        ("azure", &half[..], "client_secret"),
        ("databricks", &half[1..], "client_secret"),
        ("azure", &public_url[..], "token_url: must begin with https"),
        (
            "amazon-bedrock",
            &half_a_key[..],
            "secret_access_key or AWS_SECRET",
        ),
        ("amazon-bedrock", &no_profile[..], "no such profile"),
        ("google-vertex", &file("{"), "credentials: not valid JSON"),
        (
            "google-vertex",
            &file("{}"),
            "service_account or authorized_user",
        ),
        (
            "google-vertex",
            &file("{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":\"no\"}"),
            "PEM",
        ),
        ("snowflake", &encrypted[..], "encrypted"),
        ("snowflake", &no_user[..], "user or SNOWFLAKE_USER"),
    ] {
        let error = match at(&fake, (id, Wire::OpenAiChat), None, given) {
            Err(error) => error.to_string(),
            // Nobody speaks its wire yet.
            Ok(_) if dialects::called(find(id).unwrap().dialect).is_none() => continue,
            Ok(_) => panic!("{id}: taken, and should say {words}"),
        };
        assert!(error.contains(words), "{id}: {error}");
        assert!(error.contains(id) && !error.contains(SECRET), "{error}");
        assert!(!error.contains(pem.lines().nth(1).unwrap()), "{error}");
    }
}
