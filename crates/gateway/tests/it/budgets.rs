//! A key's limit holds, whatever happens at once; what it cannot pay for is made shorter or refused, and who hangs up
//! pays for what came.

use std::net::SocketAddr;

use canon::{EntryKind, GenerationId, NanoUsd, Window};
use gateway::{clock, keyring::NewKey};
use http::StatusCode;
use policy::ledger::Ledger;
use serde_json::{Value, json};
use store::journal;
use testbed::{Mood, Vendor, VendorConfig, Wire};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    house::{House, new_key},
    lab::{self, Answer, Lab, Leave, MODEL, PATIENCE},
};

const CHAT: &str = "/api/v1/chat/completions";
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

fn question(stream: bool, max_tokens: u64) -> Value {
    json!({
        "model": MODEL,
        "messages": [{"role": "user", "content": "What does the fox do?"}],
        "stream": stream,
        "max_tokens": max_tokens,
        "provider": {"only": ["alpha"]},
    })
}

async fn ask(address: SocketAddr, key: &str, body: &Value) -> Answer {
    let request = lab::post(CHAT, key, body);
    let answer = lab::send(address, request, Leave::Never, &watch::Sender::new(0)).await;
    answer.unwrap()
}

/// A record, once it is there.
async fn record_of(address: SocketAddr, key: &str, generation: &str) -> Value {
    let path = format!("/api/v1/generation?id={generation}");
    let look = async {
        loop {
            let (status, record) = lab::get(address, &path, key).await;
            if status == 200 {
                return record["data"].clone();
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}

#[tokio::test]
async fn two_hundred_requests_at_once_never_pass_the_limit() {
    let lab = Lab::open().await;
    // Nine of the reservations below, a hundred answers.
    let limit = NanoUsd::new(12_000_000);
    let key = lab.key("small", &["--limit", &limit.to_string()]);
    lab.alpha.set_mood(Mood {
        first_token_ms: 20,
        between_ms: 2,
        ..Mood::default()
    });
    let (server, address) = lab.start().await;
    let mut asking = JoinSet::new();
    for number in 0..200 {
        let key = key.clone();
        asking.spawn(async move { ask(address, &key, &question(number % 2 == 0, 64)).await });
    }
    let (mut served, mut refused) = (0, 0);
    while let Some(answer) = asking.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            StatusCode::OK => {
                assert!(answer.ended(), "{answer:?}");
                served += 1;
            }
            StatusCode::PAYMENT_REQUIRED => {
                assert_refused(&answer);
                refused += 1;
            }
            other => panic!("{other}: {answer:?}"),
        }
    }
    // One after the other, what reservations held back while many were under way is spent to the end.
    let last = loop {
        let answer = ask(address, &key, &question(false, 64)).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        served += 1;
    };
    assert_eq!(last.status, StatusCode::PAYMENT_REQUIRED);
    assert_refused(&last);
    let calls = lab.alpha.bill().len();
    assert_eq!(server.terminate().await, Some(0));

    assert!(
        served > 30 && refused > 20,
        "{served} served, {refused} refused"
    );
    assert_eq!(calls, served, "what is refused does not reach the vendor");
    let (peak, spent) = peak_and_spent(&lab);
    println!("limit {limit}, peak of spent and reserved {peak}, spent {spent}, served {served}");
    assert!(peak <= limit, "{peak} of {limit}");
    // What is left does not pay for one more.
    let left = limit.get() - spent.get();
    assert!((0..2_000_000).contains(&left), "{left} nano-USD are left");
}

/// The most that the only key had spent and set aside at any entry of the journal, and what it has spent.
fn peak_and_spent(lab: &Lab) -> (NanoUsd, NanoUsd) {
    let mut ledger = Ledger::default();
    let (mut peak, mut spent) = (NanoUsd::ZERO, NanoUsd::ZERO);
    let mut owner = None;
    for read in journal::read(&lab.data().join("journal")).unwrap().entries {
        let (_, entry) = read.unwrap();
        if let EntryKind::Reserve { key, .. } = &entry.kind {
            owner = Some(key.clone());
        }
        ledger.apply(&entry).unwrap();
        let tally = ledger.tally(owner.as_ref().unwrap(), Window::Lifetime);
        peak = peak.max(tally.spent.saturating_add(tally.reserved));
        spent = tally.spent;
    }
    (peak, spent)
}

fn assert_refused(answer: &Answer) {
    let body = answer.json();
    assert_eq!(body["error"]["code"], 402, "{body}");
    assert_eq!(body["error"]["metadata"]["error_type"], "payment_required");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Key limit exceeded: $"), "{message}");
}

#[tokio::test]
async fn what_the_key_cannot_pay_in_full_is_made_shorter_and_says_so() {
    let lab = Lab::open().await;
    let key = lab.key("short", &["--limit", "0.006"]);
    let (_server, address) = lab.start().await;
    let answer = ask(address, &key, &question(false, 4_000)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let limit = answer.max_tokens.unwrap();
    assert!((256..4_000).contains(&limit), "{limit}");
    let sent = lab.alpha.requests()[0].json();
    let asked = [&sent["max_completion_tokens"], &sent["max_tokens"]];
    assert!(asked.contains(&&json!(limit)), "{limit} is not in {sent}");
    let streamed = ask(address, &key, &question(true, 4_000)).await;
    assert!(
        streamed.ended() && streamed.max_tokens.unwrap() < limit,
        "{streamed:?}"
    );
    let within = ask(address, &key, &question(false, 100)).await;
    assert_eq!((within.status, within.max_tokens), (StatusCode::OK, None));
}

#[tokio::test]
async fn a_key_without_headroom_is_refused_before_anybody_is_called() {
    let lab = Lab::open().await;
    let key = lab.key("poor", &["--limit", "0.001"]);
    let (_server, address) = lab.start().await;
    for stream in [false, true] {
        let answer = ask(address, &key, &question(stream, 4_000)).await;
        assert_eq!(answer.status, StatusCode::PAYMENT_REQUIRED, "{answer:?}");
        assert_refused(&answer);
    }
    assert!(lab.alpha.requests().is_empty() && lab.beta.requests().is_empty());
    // What it can pay for is served all the same.
    let short = ask(address, &key, &question(false, 16)).await;
    assert_eq!(short.status, StatusCode::OK, "{short:?}");
}

#[tokio::test]
async fn a_fallback_that_cannot_be_paid_leaves_the_first_failure_and_its_record() {
    let lab = Lab::open().await;
    lab.alpha.set_mood(Mood::fail(500));
    // Enough for a call of alpha's, not for one of beta's, whose tokens are dearer.
    let key = lab.key("tight", &["--limit", "0.0035"]);
    let (_server, address) = lab.start().await;
    let mut body = question(false, 200);
    body["provider"] = json!({"order": ["alpha", "beta"]});
    let answer = ask(address, &key, &body).await;
    assert_eq!(
        (answer.status, answer.max_tokens),
        (StatusCode::BAD_GATEWAY, None),
        "{answer:?}"
    );
    let record = record_of(address, &key, &answer.generation.unwrap()).await;
    assert_eq!(record["usage"], 0, "{record}");
    assert_eq!(
        record["provider_responses"].as_array().unwrap().len(),
        1,
        "{record}"
    );
    assert!(lab.beta.requests().is_empty());
}

#[tokio::test]
async fn a_limit_begins_anew_with_its_window() {
    let vendor = Vendor::start(VendorConfig::default()).await.unwrap();
    let house = House::open(&format!(
        r#"[providers.alpha]
dialect = "openai-chat"
base_url = "{}"
[[providers.alpha.models]]
model = "{MODEL}"
context_length = 65536
max_output_tokens = 4096
price = {{ prompt = "0.0000025", completion = "0.00001" }}
"#,
        vendor.base_url(Wire::OpenAiChat)
    ))
    .await;
    let limit = NanoUsd::new(1_500_000);
    let daily = NewKey {
        limit: Some(limit),
        limit_reset: Some(canon::LimitReset::Daily),
        ..new_key("daily", false)
    };
    let (key, secret) = house.app.keyring.create(daily).await.unwrap();
    let (status, refusal) = loop {
        let body = question(false, 16);
        let (status, answer) = house.ask(secret.expose(), "POST", CHAT, body).await;
        if status != StatusCode::OK {
            break (status, answer);
        }
    };
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED);
    let message = refusal["error"]["message"].as_str().unwrap();
    assert!(message.contains("daily limit of $0.0015"), "{message}");
    let now = clock::now_micros();
    let left = house.app.books.headroom(&key, now).unwrap();
    assert!(left < NanoUsd::new(limit.get() / 2), "{left}");
    assert_eq!(house.app.books.headroom(&key, now + DAY), Some(limit));
    let spending = house.app.books.spending(&key.id, now + DAY);
    assert_eq!(spending.day, NanoUsd::ZERO);
    assert!(spending.lifetime > NanoUsd::ZERO);
}

#[tokio::test]
async fn who_hangs_up_in_the_middle_pays_for_what_came_and_is_seen_to_have_left() {
    let lab = Lab::open().await;
    let key = lab.key("leaver", &[]);
    lab.alpha.set_mood(Mood {
        between_ms: 200,
        ..Mood::saying("One two three four five six seven eight nine ten eleven twelve.")
    });
    let (_server, address) = lab.start().await;
    let request = lab::post(CHAT, &key, &question(true, 64));
    let left = lab::send(
        address,
        request,
        Leave::AfterPieces(3),
        &watch::Sender::new(0),
    )
    .await;
    let generation = left.unwrap().generation.unwrap();
    let record = record_of(address, &key, &generation).await;
    assert_eq!(record["cancelled"], true, "{record}");
    let tokens = record["tokens_completion"].as_u64().unwrap();
    assert!((1..100).contains(&tokens), "{record}");
    assert!(record["usage"].as_f64().unwrap() > 0.0, "{record}");
    let bill = tokio::time::timeout(PATIENCE, lab.alpha.bill_of(1))
        .await
        .unwrap();
    assert!(!bill[0].completed, "the vendor is told: {:?}", bill[0]);
    assert!(
        bill[0].completion_tokens <= tokens,
        "{:?} {record}",
        bill[0]
    );
}

#[tokio::test]
async fn who_hangs_up_before_the_first_token_pays_the_prompt() {
    let lab = Lab::open().await;
    let key = lab.key("early", &[]);
    lab.alpha.set_mood(Mood::hang());
    let (_server, address) = lab.start().await;
    let request = lab::post(CHAT, &key, &question(true, 64));
    let pieces = watch::Sender::new(0);
    let asking = lab::send(address, request, Leave::Never, &pieces);
    tokio::select! {
        answer = asking => panic!("answered: {answer:?}"),
        _arrived = lab.alpha.requests_of(1) => {}
    }
    let sent = lab.alpha.requests();
    let generation = sent[0].header("x-request-id").unwrap();
    let record = record_of(address, &key, generation).await;
    assert_eq!(record["cancelled"], true, "{record}");
    assert_eq!(record["tokens_completion"], 0, "{record}");
    assert!(record["tokens_prompt"].as_u64().unwrap() > 0, "{record}");
    assert!(record["usage"].as_f64().unwrap() > 0.0, "{record}");
}

#[tokio::test]
async fn a_whole_answer_whose_caller_left_is_finished_and_settled() {
    let lab = Lab::open().await;
    let key = lab.key("impatient", &[]);
    lab.alpha.set_mood(Mood {
        first_token_ms: 300,
        ..Mood::default()
    });
    let (server, address) = lab.start().await;
    let request = lab::post(CHAT, &key, &question(false, 64));
    let pieces = watch::Sender::new(0);
    let asking = lab::send(address, request, Leave::Never, &pieces);
    tokio::select! {
        answer = asking => panic!("answered: {answer:?}"),
        _arrived = lab.alpha.requests_of(1) => {}
    }
    let bill = tokio::time::timeout(PATIENCE, lab.alpha.bill_of(1))
        .await
        .unwrap();
    assert!(bill[0].completed, "{:?}", bill[0]);
    let generation = bill[0].idempotency.clone().unwrap();
    let record = record_of(address, &key, &generation).await;
    assert_eq!(record["cancelled"], false, "{record}");
    assert_eq!(record["tokens_completion"], bill[0].completion_tokens);
    assert_eq!(server.terminate().await, Some(0));
    let mut settled = Vec::new();
    for read in journal::read(&lab.data().join("journal")).unwrap().entries {
        let (_, entry) = read.unwrap();
        if matches!(entry.kind, EntryKind::Settle { .. }) {
            settled.push(entry.attempt.generation);
        }
    }
    assert_eq!(settled, [GenerationId::new(&generation)]);
}
