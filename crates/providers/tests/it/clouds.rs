//! Identities of clouds: keys and tokens that are had for a while, each from the service that gives them, asked as that
//! service wants it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use canon::Again;
use parking_lot::Mutex;
use providers::Client;
use serde_json::{Value, json};
use testbed::{Vendor, Wire};

use crate::{
    ask,
    server::{Server, response},
    signing::{Tokens, at, header, log_of, rsa, service_account},
    vendor,
};

const SECRET: &str = "s3cret-of-a-cloud-do-not-print";
/// An hour after the time of the tests, 2025-11-22 08:26:40 UTC.
const IN_AN_HOUR: &str = "2025-11-22T09:26:40Z";
const BEDROCK: (&str, Wire) = ("amazon-bedrock", Wire::Bedrock);
const VERTEX: (&str, Wire) = ("google-vertex", Wire::Gemini);

fn json(body: &Value) -> String {
    response("200 OK", "application/json", &body.to_string())
}

/// What STS answers, with the keys of a role.
fn role(id: &str) -> String {
    let body = format!(
        "<R><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
         <SessionToken>session-{id}</SessionToken><Expiration>{IN_AN_HOUR}</Expiration></Credentials></R>"
    );
    response("200 OK", "text/xml", &body)
}

/// What machines and containers answer.
fn keys(id: &str) -> String {
    json(&json!({
        "Code": "Success",
        "AccessKeyId": id,
        "SecretAccessKey": SECRET,
        "Token": format!("session-{id}"),
        "Expiration": IN_AN_HOUR,
    }))
}

fn base(tokens: &Tokens) -> String {
    tokens.url.trim_end_matches("/token").to_owned()
}

fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap()
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Who signed the last request at the vendor, and with which session.
fn signer(fake: &Vendor) -> (String, String) {
    let shown = header(fake, "authorization").unwrap();
    let (_, credential) = shown.split_once("Credential=").unwrap();
    let id = credential.split('/').next().unwrap().to_owned();
    (id, header(fake, "x-amz-security-token").unwrap_or_default())
}

#[tokio::test]
async fn a_web_identity_takes_on_a_role_and_its_token_is_read_anew_each_time() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "jwt+one\n").unwrap();
    let sts = Tokens::answering(|_| role("ASIAWEB")).await;
    let url = base(&sts);
    let given = [
        ("region", "eu-west-1"),
        ("web_identity_token_file", text(&file)),
        ("role_arn", "arn:aws:iam::1:role/weir"),
        ("sts_url", url.as_str()),
    ];
    for (number, token) in ["jwt+one", "jwt+two"].iter().enumerate() {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        let upstream = at(&fake, BEDROCK, None, &given).unwrap();
        ask(&client, &upstream, true).await.unwrap();
        ask(&client, &upstream, true).await.unwrap();
        assert_eq!(sts.count(), number + 1, "asked once");
        let asked = sts.last();
        assert!(asked.starts_with("POST / "), "{asked}");
        assert!(!asked.contains("authorization:"), "the token is the proof");
        assert_eq!(
            body(&asked),
            format!(
                "Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fweir&RoleSessionName=weir\
                 &Action=AssumeRoleWithWebIdentity&WebIdentityToken={}",
                token.replace('+', "%2B")
            )
        );
        assert_eq!(signer(&fake), ("ASIAWEB".into(), "session-ASIAWEB".into()));
        assert!(!format!("{upstream:?} {upstream:#?}").contains(SECRET));
    }
}

#[tokio::test]
async fn a_profiles_role_is_taken_on_by_the_keys_of_its_source() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let sts = Tokens::answering(|asked| {
        let is_first = asked.contains("Credential=AKIATEAM/");
        role(if is_first { "ASIAONE" } else { "ASIATWO" })
    })
    .await;
    let url = base(&sts);
    let credentials =
        format!("[team]\naws_access_key_id = AKIATEAM\naws_secret_access_key = {SECRET}\n");
    let config = "[profile one]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = team\n\
        external_id = e/1\nduration_seconds = 900\nregion = us-west-2\n\
        [profile two]\nrole_arn = arn:aws:iam::2:role/two\nsource_profile = one\nrole_session_name = night\n\
        [profile round]\nrole_arn = arn:aws:iam::3:role/r\nsource_profile = about\n\
        [profile about]\nrole_arn = arn:aws:iam::3:role/r\nsource_profile = round\n\
        [profile tool]\ncredential_process = /bin/keys\n";
    let given = |profile: &'static str| {
        [
            ("region", "eu-west-1"),
            ("credentials_file", credentials.as_str()),
            ("config_file", config),
            ("sts_url", url.as_str()),
            ("profile", profile),
        ]
    };
    let upstream = at(&fake, BEDROCK, None, &given("one")).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(signer(&fake).0, "ASIAONE");
    let asked = sts.last();
    assert!(
        asked.contains("/us-west-2/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date,")
    );
    assert!(body(&asked).ends_with("&DurationSeconds=900&Action=AssumeRole&ExternalId=e%2F1"));
    // A role upon a role: the second question is signed by the first one's keys.
    let upstream = at(&fake, BEDROCK, None, &given("two")).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(signer(&fake), ("ASIATWO".into(), "session-ASIATWO".into()));
    let asked = sts.last();
    assert!(
        asked.contains("Credential=ASIAONE/")
            && asked.contains("x-amz-security-token: session-ASIAONE")
    );
    assert!(body(&asked).contains("&RoleSessionName=night&"));
    for (profile, words) in [
        ("round", "too many profiles"),
        ("tool", "credential_process is not run"),
        ("none", "there is no such profile"),
    ] {
        let error = at(&fake, BEDROCK, None, &given(profile)).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_container_shows_its_token_and_is_given_keys() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "pod-token").unwrap();
    let agent = Tokens::answering(|_| keys("ASIAPOD")).await;
    let url = format!("{}/v1/credentials", base(&agent));
    let by_file = [
        ("region", "eu-west-1"),
        ("container_url", url.as_str()),
        ("container_token_file", text(&file)),
    ];
    let by_text = [by_file[0], by_file[1], ("container_token", "ecs-token")];
    for (given, token) in [(by_file, "pod-token"), (by_text, "ecs-token")] {
        let upstream = at(&fake, BEDROCK, None, &given).unwrap();
        ask(&client, &upstream, true).await.unwrap();
        assert_eq!(signer(&fake), ("ASIAPOD".into(), "session-ASIAPOD".into()));
        let asked = agent.last();
        assert!(asked.starts_with("GET /v1/credentials "), "{asked}");
        assert!(
            asked.contains(&format!("authorization: {token}\r\n")),
            "{asked}"
        );
    }
    let public = [by_file[0], ("container_url", "http://keys.example.com/")];
    let error = at(&fake, BEDROCK, None, &public).unwrap_err().to_string();
    assert!(
        error.contains("container_url: must begin with https"),
        "{error}"
    );
}

#[tokio::test]
async fn keys_that_are_over_before_their_time_are_asked_for_anew_and_a_refused_model_is_no_such_case()
 {
    let client = Client::new().unwrap();
    for (code, questions) in [
        ("ExpiredTokenException:http://internal.amazon.com/", 2),
        ("UnrecognizedClientException", 2),
        ("AccessDeniedException", 1),
    ] {
        let agent = Tokens::answering(|_| keys("ASIAPOD")).await;
        let bedrock = Server::start(move |_| {
            format!(
                "HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: {code}\r\ncontent-length: 2\r\n\
                 connection: close\r\n\r\n{{}}"
            )
        })
        .await;
        let mut settings = providers::Settings::default();
        for (name, value) in [
            ("region", "eu-west-1"),
            ("container_url", agent.url.as_str()),
        ] {
            settings.set(name, canon::Secret::new(value.to_owned()));
        }
        let configured = providers::Configured {
            base_url: Some(format!("http://127.0.0.1:{}", bedrock.port)),
            settings,
            ..providers::Configured::default()
        };
        let vendor = providers::find("amazon-bedrock").unwrap();
        let upstream = providers::Upstream::configured(vendor, configured).unwrap();
        for _ in 0..2 {
            let failure = ask(&client, &upstream, true).await.unwrap_err();
            assert_eq!(failure.status, Some(403));
        }
        assert_eq!(agent.count(), questions, "{code}");
    }
}

/// Ninety-nine of them were under way with keys that somebody else let go of already.
#[tokio::test]
async fn a_hundred_refusals_at_once_let_go_of_the_keys_once() {
    let agent = Tokens::answering(|_| keys("ASIAPOD")).await;
    let bedrock = Server::start(move |_| {
        "HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: ExpiredTokenException\r\n\
         content-length: 2\r\nconnection: close\r\n\r\n{}"
            .to_owned()
    })
    .await;
    let mut settings = providers::Settings::default();
    for (name, value) in [
        ("region", "eu-west-1"),
        ("container_url", agent.url.as_str()),
    ] {
        settings.set(name, canon::Secret::new(value.to_owned()));
    }
    let configured = providers::Configured {
        base_url: Some(format!("http://127.0.0.1:{}", bedrock.port)),
        settings,
        ..providers::Configured::default()
    };
    let vendor = providers::find("amazon-bedrock").unwrap();
    let upstream = providers::Upstream::configured(vendor, configured).unwrap();
    let client = Client::new().unwrap();
    for _ in 0..100 {
        let failure = ask(&client, &upstream, true).await.unwrap_err();
        assert_eq!(failure.status, Some(403));
    }
    // Every two seconds at most; a slow machine may take longer than that.
    assert!(agent.count() <= 4, "{}", agent.count());
}

#[tokio::test]
async fn a_machine_is_asked_by_the_second_version_of_its_metadata_only() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let metadata = Tokens::answering(|asked| match path(asked) {
        "/latest/api/token" => response("200 OK", "text/plain", "imds-session"),
        "/latest/meta-data/iam/security-credentials/" => {
            response("200 OK", "text/plain", "node-role")
        }
        _ => keys("ASIANODE"),
    })
    .await;
    let url = base(&metadata);
    let given = [("region", "eu-west-1"), ("metadata_url", url.as_str())];
    let upstream = at(&fake, BEDROCK, None, &given).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(signer(&fake).0, "ASIANODE");
    let asked = metadata.asked.lock().clone();
    assert_eq!(asked.len(), 3);
    assert!(asked[0].starts_with("PUT /latest/api/token "));
    assert!(asked[0].contains("x-aws-ec2-metadata-token-ttl-seconds: 300"));
    assert!(asked[2].starts_with("GET /latest/meta-data/iam/security-credentials/node-role "));
    for question in &asked[1..] {
        assert!(
            question.contains("x-aws-ec2-metadata-token: imds-session"),
            "{question}"
        );
    }
    let off = [given[0], given[1], ("metadata_disabled", "true")];
    let error = at(&fake, BEDROCK, None, &off).unwrap_err().to_string();
    assert!(error.contains("needs a key"), "{error}");
}

#[tokio::test]
async fn a_sign_on_is_traded_for_keys_until_it_is_over() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let folder = tempfile::tempdir().unwrap();
    // SHA-1 of the session's name, as AWS's own tools name the file.
    let file = folder
        .path()
        .join("d25187dc137f35c88bc80ec8c3ffbdb17b5eb873.json");
    let cached = |end: &str| json!({ "accessToken": "sso-token", "expiresAt": end }).to_string();
    std::fs::write(&file, cached(IN_AN_HOUR)).unwrap();
    let portal = Tokens::answering(|_| {
        json(&json!({ "roleCredentials": {
            "accessKeyId": "ASIASSO", "secretAccessKey": SECRET, "sessionToken": "session-sso",
            "expiration": 1_763_803_600_000_i64,
        }}))
    })
    .await;
    let url = base(&portal);
    let config = "[profile dev]\nsso_session = team\nsso_account_id = 123456789012\nsso_role_name = Read Only\n\
        [sso-session team]\nsso_region = eu-north-1\nsso_start_url = https://team.example/start\n";
    let given = [
        ("region", "eu-west-1"),
        ("config_file", config),
        ("profile", "dev"),
        ("sso_cache", text(folder.path())),
        ("sso_url", url.as_str()),
    ];
    let upstream = at(&fake, BEDROCK, None, &given).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(signer(&fake), ("ASIASSO".into(), "session-sso".into()));
    let asked = portal.last();
    assert_eq!(
        path(&asked),
        "/federation/credentials?role_name=Read%20Only&account_id=123456789012"
    );
    assert!(asked.contains("x-amz-sso_bearer_token: sso-token"));
    std::fs::write(&file, cached("2025-11-22T08:00:00Z")).unwrap();
    let upstream = at(&fake, BEDROCK, None, &given).unwrap();
    let failure = ask(&client, &upstream, true).await.unwrap_err();
    assert_eq!(failure.fault.again, Again::OtherAccount);
    let log = log_of(&failure.fault);
    assert!(
        log.contains("aws sso login") && !log.contains("sso-token"),
        "{log}"
    );
}

#[tokio::test]
async fn a_role_that_is_refused_says_the_code_and_nothing_of_the_token() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, SECRET).unwrap();
    let sts = Tokens::answering(|_| {
        let body = format!("<E><Code>AccessDenied</Code><Message>{SECRET}</Message></E>");
        response("403 Forbidden", "text/xml", &body)
    })
    .await;
    let url = base(&sts);
    let given = [
        ("region", "eu-west-1"),
        ("web_identity_token_file", text(&file)),
        ("role_arn", "arn:aws:iam::1:role/weir"),
        ("sts_url", url.as_str()),
    ];
    let upstream = at(&fake, BEDROCK, None, &given).unwrap();
    let failure = ask(&client, &upstream, true).await.unwrap_err();
    assert_eq!(failure.fault.again, Again::OtherAccount);
    let log = log_of(&failure.fault);
    assert!(
        log.contains("403 (AccessDenied)") && !log.contains(SECRET),
        "{log}"
    );
    // A file that is gone is somebody's to bring back.
    std::fs::remove_file(&file).unwrap();
    let upstream = at(&fake, BEDROCK, None, &given).unwrap();
    let failure = ask(&client, &upstream, true).await.unwrap_err();
    assert_eq!(failure.fault.again, Again::OtherAccount);
    let log = log_of(&failure.fault);
    assert!(
        log.contains("web_identity_token_file cannot be read"),
        "{log}"
    );
}

#[tokio::test]
async fn what_still_holds_is_refreshed_beside_the_requests_and_holds_none_up() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    // The first token comes at once, every later one only when it is let through.
    let (through, gate) = mpsc::channel();
    through.send(()).unwrap();
    let (gate, count) = (Mutex::new(gate), AtomicUsize::new(0));
    let tokens = Tokens::answering(move |_| {
        let waited = gate.lock().recv_timeout(Duration::from_secs(60));
        waited.unwrap();
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        json(&json!({ "access_token": format!("tok-{number}"), "expires_in": 400 }))
    });
    // On a thread of its own, so that its waiting is nobody else's.
    let tokens = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let tokens = runtime.block_on(tokens);
        (runtime, tokens)
    });
    let (runtime, tokens) = tokens.join().unwrap();
    let (url, asked) = (tokens.url.clone(), Arc::clone(&tokens.asked));
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let _kept = tokens;
            std::future::pending::<()>().await;
        });
    });
    let given = [("token_url", url.as_str())];
    let watson = ("watsonx", Wire::OpenAiChat);
    let upstream = at(&fake, watson, Some("ibm-key"), &given).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(header(&fake, "authorization").unwrap(), "Bearer tok-1");
    // Three quarters of its life are over.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(320)).await;
    tokio::time::resume();
    for _ in 0..3 {
        ask(&client, &upstream, true).await.unwrap();
        assert_eq!(
            header(&fake, "authorization").unwrap(),
            "Bearer tok-1",
            "not held up"
        );
    }
    through.send(()).unwrap();
    for _ in 0..10_000 {
        ask(&client, &upstream, true).await.unwrap();
        if header(&fake, "authorization").unwrap() == "Bearer tok-2" {
            break;
        }
    }
    assert_eq!(header(&fake, "authorization").unwrap(), "Bearer tok-2");
    assert_eq!(asked.lock().len(), 2, "asked once for many requests");
}

/// A file of credentials of another house.
fn external(url: &str, source: &Value) -> Value {
    json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": url,
        "credential_source": source,
    })
}

/// The fields of the last form that was posted.
fn fields(request: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = body(request)
        .split('&')
        .map(|pair| pair.split_once('=').unwrap());
    pairs
        .map(|(name, value)| (name.to_owned(), decode(value)))
        .collect()
}

fn field(request: &str, name: &str) -> String {
    let fields = fields(request);
    fields
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
}

#[tokio::test]
async fn another_houses_token_out_of_a_file_or_an_address_is_traded_for_googles() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwt");
    std::fs::write(&file, "{\"id_token\":\"jwt-file\"}").unwrap();
    let google = Tokens::answering(|asked| match path(asked) {
        "/metadata" => response("200 OK", "text/plain", "jwt-url\n"),
        _ => json(&json!({ "access_token": "google-token", "expires_in": 3_600 })),
    })
    .await;
    let by_file = json!({ "file": text(&file), "format": { "type": "json", "subject_token_field_name": "id_token" } });
    let by_url =
        json!({ "url": format!("{}/metadata", base(&google)), "headers": { "Metadata": "True" } });
    for (source, token) in [(by_file, "jwt-file"), (by_url, "jwt-url")] {
        let credentials = external(&google.url, &source).to_string();
        let given = [("credentials", credentials.as_str())];
        let upstream = at(&fake, VERTEX, None, &given).unwrap();
        ask(&client, &upstream, true).await.unwrap();
        assert_eq!(
            header(&fake, "authorization").unwrap(),
            "Bearer google-token"
        );
        let asked = google.last();
        let said = fields(&asked);
        let said: Vec<_> = said
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                (
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange"
                ),
                (
                    "audience",
                    "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"
                ),
                ("scope", "https://www.googleapis.com/auth/cloud-platform"),
                (
                    "requested_token_type",
                    "urn:ietf:params:oauth:token-type:access_token"
                ),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
                ("subject_token", token),
            ]
        );
    }
    let asked = google.asked.lock();
    assert!(
        asked
            .iter()
            .any(|it| it.starts_with("GET /metadata ") && it.contains("metadata: True"))
    );
}

/// Checks a signed question to AWS who asks.
fn check_question(token: &str, id: &str, region: &str) {
    let token = fields(&format!("\r\n\r\nt={token}"))[0].1.clone();
    assert!(!token.contains(SECRET));
    let question: Value = serde_json::from_str(&token).unwrap();
    assert_eq!(
        question["url"],
        format!("https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15")
    );
    let shown = |name: &str| {
        let headers = question["headers"].as_array().unwrap();
        let found = headers.iter().find(|it| it["key"] == name);
        found.map(|it| it["value"].as_str().unwrap().to_owned())
    };
    let proof = shown("authorization").unwrap();
    assert!(
        proof.contains(&format!(
            "Credential={id}/20251122/{region}/sts/aws4_request"
        )),
        "{proof}"
    );
    assert!(proof.contains("host;x-amz-date;"), "{proof}");
    assert!(
        proof.contains(";x-goog-cloud-target-resource,")
            || proof.contains("x-goog-cloud-target-resource, ")
    );
    assert_eq!(
        shown("host").unwrap(),
        format!("sts.{region}.amazonaws.com")
    );
    assert!(
        shown("x-goog-cloud-target-resource")
            .unwrap()
            .starts_with("//iam.googleapis.com/")
    );
    assert_eq!(shown("x-amz-security-token").is_some(), id == "ASIANODE");
}

#[tokio::test]
async fn a_workload_on_aws_proves_itself_to_google_by_a_question_it_does_not_send() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let google = Tokens::answering(|asked| match path(asked) {
        "/latest/api/token" => response("200 OK", "text/plain", "imds-session"),
        "/zone" => response("200 OK", "text/plain", "eu-west-1b"),
        "/roles" => response("200 OK", "text/plain", "node-role"),
        "/roles/node-role" => keys("ASIANODE"),
        _ => json(&json!({ "access_token": "google-token", "expires_in": 3_600 })),
    })
    .await;
    let base = base(&google);
    let source = json!({
        "environment_id": "aws1",
        "region_url": format!("{base}/zone"),
        "url": format!("{base}/roles"),
        "imdsv2_session_token_url": format!("{base}/latest/api/token"),
        "regional_cred_verification_url":
            "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    });
    let credentials = external(&google.url, &source).to_string();
    let by_machine = vec![("credentials", credentials.as_str())];
    let by_keys = vec![
        by_machine[0],
        ("aws_access_key_id", "AKIAENV"),
        ("aws_secret_access_key", SECRET),
        ("aws_region", "us-east-2"),
    ];
    for (given, id, region) in [
        (by_machine, "ASIANODE", "eu-west-1"),
        (by_keys, "AKIAENV", "us-east-2"),
    ] {
        let upstream = at(&fake, VERTEX, None, &given).unwrap();
        ask(&client, &upstream, true).await.unwrap();
        check_question(&field(&google.last(), "subject_token"), id, region);
    }
    let metadata: Vec<_> = google
        .asked
        .lock()
        .iter()
        .map(|it| path(it).to_owned())
        .collect();
    assert_eq!(
        metadata[..5],
        [
            "/latest/api/token",
            "/zone",
            "/latest/api/token",
            "/roles",
            "/roles/node-role"
        ]
    );
}

#[tokio::test]
async fn who_may_act_for_a_service_account_has_tokens_in_its_name() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let google = Tokens::answering(|asked| match path(asked) {
        "/impersonate" => json(&json!({ "accessToken": "in-its-name", "expireTime": IN_AN_HOUR })),
        _ => json(&json!({ "access_token": "own-token", "expires_in": 3_600 })),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwt");
    std::fs::write(&file, "jwt").unwrap();
    let url = format!("{}/impersonate", base(&google));
    let mut federated = external(&google.url, &json!({ "file": text(&file) }));
    federated["service_account_impersonation_url"] = json!(url);
    federated["service_account_impersonation"] = json!({ "token_lifetime_seconds": 600 });
    let (pem, _) = rsa();
    let source: Value = serde_json::from_str(&service_account(&pem, &google.url)).unwrap();
    let named = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": url,
        "delegates": ["first@p.example"],
        "source_credentials": source,
    });
    let asked_for = |file: &Value, wanted: Value| {
        let (file, client, fake, google) = (file.to_string(), &client, &fake, &google);
        async move {
            let given = [("credentials", file.as_str())];
            let upstream = at(fake, VERTEX, None, &given).unwrap();
            ask(client, &upstream, true).await.unwrap();
            assert_eq!(header(fake, "authorization").unwrap(), "Bearer in-its-name");
            let asked = google.last();
            assert!(asked.contains("authorization: Bearer own-token"), "{asked}");
            let said: Value = serde_json::from_str(body(&asked)).unwrap();
            assert_eq!(said, wanted);
        }
    };
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    asked_for(&federated, json!({ "scope": [scope], "lifetime": "600s" })).await;
    let wanted = json!({ "scope": [scope], "lifetime": "3600s", "delegates": ["first@p.example"] });
    asked_for(&named, wanted).await;
}

#[tokio::test]
async fn a_user_of_another_house_refreshes_at_googles_sts() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let google = Tokens::start(3_600).await;
    let file = json!({
        "type": "external_account_authorized_user",
        "token_url": google.url,
        "client_id": "app",
        "client_secret": SECRET,
        "refresh_token": "refresh",
    })
    .to_string();
    let upstream = at(&fake, VERTEX, None, &[("credentials", file.as_str())]).unwrap();
    ask(&client, &upstream, true).await.unwrap();
    assert_eq!(header(&fake, "authorization").unwrap(), "Bearer tok-1");
    let asked = google.last();
    assert!(asked.contains("authorization: Basic "), "{asked}");
    assert_eq!(
        body(&asked),
        "grant_type=refresh_token&refresh_token=refresh"
    );
}

#[tokio::test]
async fn azure_takes_another_houses_token_and_asks_machines_and_app_services() {
    let (client, fake) = (Client::new().unwrap(), vendor().await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("federated");
    std::fs::write(&file, "k8s.jwt").unwrap();
    let entra = Tokens::answering(|asked| {
        // An App Service says only when the token ends.
        let life = if asked.contains("2019-08-01") {
            json!({ "access_token": "az-token", "expires_on": "1763803600" })
        } else {
            json!({ "access_token": "az-token", "expires_in": "3600" })
        };
        json(&life)
    })
    .await;
    let (base, azure) = (base(&entra), ("azure", Wire::OpenAiChat));
    let scope = "https%3A%2F%2Fcognitiveservices.azure.com";
    let federated = vec![
        ("tenant_id", "t-1"),
        ("client_id", "app"),
        ("authority_host", base.as_str()),
        ("federated_token_file", text(&file)),
    ];
    let machine = vec![("token_url", entra.url.as_str()), ("client_id", "mine")];
    let identity = format!("{base}/msi/token");
    let service = vec![
        ("identity_url", identity.as_str()),
        ("identity_header", SECRET),
    ];
    for (given, first, shown, said) in [
        (
            federated,
            "POST /t-1/oauth2/v2.0/token ".to_owned(),
            "content-type: application/x-www-form-urlencoded".to_owned(),
            format!(
                "grant_type=client_credentials&client_id=app&client_assertion_type=\
                 urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                 &scope={scope}%2F.default&client_assertion=k8s.jwt"
            ),
        ),
        (
            machine,
            format!("GET /token?api-version=2018-02-01&resource={scope}&client_id=mine "),
            "metadata: true".to_owned(),
            String::new(),
        ),
        (
            service,
            format!("GET /msi/token?api-version=2019-08-01&resource={scope} "),
            format!("x-identity-header: {SECRET}"),
            String::new(),
        ),
    ] {
        let before = entra.count();
        let upstream = at(&fake, azure, None, &given).unwrap();
        ask(&client, &upstream, true).await.unwrap();
        ask(&client, &upstream, true).await.unwrap();
        assert_eq!(entra.count(), before + 1, "{first}");
        assert_eq!(header(&fake, "authorization").unwrap(), "Bearer az-token");
        let asked = entra.last();
        assert!(asked.starts_with(&first), "{asked}");
        assert!(asked.contains(&format!("{shown}\r\n")), "{asked}");
        assert_eq!(body(&asked), said);
        assert!(!format!("{upstream:?}").contains(SECRET));
    }
}

#[test]
fn what_a_file_of_credentials_lacks_is_named() {
    let fake = "http://127.0.0.1:9/v1beta";
    let good = external(
        "https://sts.googleapis.com/v1/token",
        &json!({ "file": "/run/jwt" }),
    );
    for (path, value, words) in [
        ("/audience", Value::Null, "audience is missing"),
        (
            "/credential_source",
            json!({}),
            "must be a file, a url or aws1",
        ),
        (
            "/credential_source",
            json!({ "executable": { "command": "x" } }),
            "executables",
        ),
        (
            "/credential_source",
            json!({ "file": "/f", "format": { "type": "json" } }),
            "subject_token_field_name is missing",
        ),
        (
            "/credential_source",
            json!({ "environment_id": "aws1" }),
            "no access key of AWS",
        ),
        (
            "/token_url",
            json!("http://sts.example.com"),
            "must begin with https",
        ),
        (
            "/type",
            json!("impersonated_service_account"),
            "source_credentials is missing",
        ),
    ] {
        let mut file = good.clone();
        *file.pointer_mut(path).unwrap() = value;
        let mut settings = providers::Settings::default();
        settings.set("credentials", canon::Secret::new(file.to_string()));
        let configured = providers::Configured {
            base_url: Some(fake.to_owned()),
            settings,
            ..providers::Configured::default()
        };
        let vendor = providers::find("google-vertex").unwrap();
        let error = providers::Upstream::configured(vendor, configured).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
