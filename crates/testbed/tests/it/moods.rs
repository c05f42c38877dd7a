//! Each mood does what it says, on every wire.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::seed::Seed;
use testbed::{Cut, Failure, Mood, Reply, TEXT, UsageClaim, Wire, Writes};
use tokio::time::Instant;

use crate::client::{
    Heard, WIRES, begin, begins_early, hello, is_error, moody, path, post, read, request,
    say_hello, usage, vendor, words,
};

#[tokio::test]
async fn a_script_gives_one_mood_to_each_request_and_then_the_usual_one() {
    let vendor = vendor().await;
    vendor.script([Mood::fail(503), Mood::saying("hi")]);
    let mut statuses = Vec::new();
    let mut texts = Vec::new();
    for _ in 0..3 {
        let heard = say_hello(&vendor, Wire::OpenAiChat, false).await;
        statuses.push(heard.status.as_u16());
        texts.push(heard.json().pointer("/choices/0/message/content").cloned());
    }
    assert_eq!(statuses, [503, 200, 200]);
    assert_eq!(texts, [None, Some(json!("hi")), Some(json!(TEXT))]);
}

#[tokio::test]
async fn failures_come_in_each_vendors_own_form() {
    for status in [400, 401, 402, 403, 404, 413, 429, 500, 502, 503, 529] {
        for (wire, stream) in WIRES
            .into_iter()
            .flat_map(|wire| [(wire, false), (wire, true)])
        {
            let vendor = moody(Mood::fail(status)).await;
            let heard = say_hello(&vendor, wire, stream).await;
            assert_eq!(heard.status.as_u16(), status);
            assert!(
                is_error(wire, &heard.text()),
                "{wire:?} {status}: {}",
                heard.text()
            );
            assert!(heard.header("content-type").starts_with("application/json"));
        }
    }
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let vendor = moody(Mood::rate_limited(20)).await;
    for wire in WIRES {
        let heard = say_hello(&vendor, wire, false).await;
        let google = [Wire::Gemini, Wire::VertexGemini, Wire::VertexAnthropic].contains(&wire);
        let said = heard.json().pointer("/error/details/0/retryDelay").cloned();
        assert_eq!(said, google.then(|| json!("20s")));
        let gemini = [Wire::Gemini, Wire::VertexGemini].contains(&wire);
        assert_eq!(heard.header("retry-after"), if gemini { "" } else { "20" });
    }
}

#[tokio::test]
async fn a_failure_can_have_any_body() {
    let failure = |body| Failure {
        status: 502,
        retry_after_s: None,
        body: Some(body),
    };
    let vendor = vendor().await;
    vendor.script(
        [json!("bad gateway"), json!({"odd": 1})]
            .map(|body| Mood::replying(Reply::Fail(failure(body)))),
    );
    assert_eq!(
        say_hello(&vendor, Wire::Anthropic, true).await.text(),
        "bad gateway"
    );
    assert_eq!(
        say_hello(&vendor, Wire::Anthropic, true).await.text(),
        "{\"odd\":1}"
    );
}

#[tokio::test]
async fn empty_answers_are_empty_in_four_ways() {
    // What is said at the end is all there is.
    let lone = [Wire::Gemini, Wire::VertexGemini, Wire::Ollama];
    for wire in WIRES {
        let vendor = moody(Mood::replying(Reply::EmptyBody)).await;
        for stream in [false, true] {
            let heard = say_hello(&vendor, wire, stream).await;
            assert_eq!((heard.status.as_u16(), heard.text().as_str()), (200, ""));
        }
        vendor.set_mood(Mood::replying(Reply::DoneOnly));
        assert!(say_hello(&vendor, wire, true).await.events().len() <= 1);
        vendor.set_mood(Mood::replying(Reply::NoContent));
        let whole = say_hello(&vendor, wire, false).await.json();
        let said = [
            "/choices/0/message/content",
            "/output/0",
            "/output/message/content/0",
            "/content/0",
            "/candidates/0/content",
            "/message/content",
        ];
        let said = said.iter().find_map(|path| whole.pointer(path));
        assert!(said.is_none_or(|said| *said == json!("")), "{whole}");
        let streamed = say_hello(&vendor, wire, true).await;
        assert!(
            streamed.events().len() > 1 || lone.contains(&wire),
            "{streamed:?}"
        );
        assert!(!streamed.events().concat().contains("fox"));
        assert_eq!(vendor.bill().last().unwrap().completion_tokens, 0);
    }
}

#[tokio::test]
async fn garbage_is_not_json() {
    for wire in WIRES {
        let vendor = moody(Mood::replying(Reply::GarbageBody)).await;
        for stream in [false, true] {
            let heard = say_hello(&vendor, wire, stream).await;
            assert!(heard.status.is_success() && heard.text().starts_with("<html>"));
        }
        vendor.set_mood(Mood::default());
        let clean = say_hello(&vendor, wire, true).await.events().len();
        vendor.set_mood(Mood::replying(Reply::GarbageAfter(3)));
        let events = say_hello(&vendor, wire, true).await.events();
        assert_eq!(events.len(), clean + 1);
        let broken =
            |event: &&String| *event != "[DONE]" && serde_json::from_str::<Value>(event).is_err();
        assert_eq!(events.iter().position(|event| broken(&event)), Some(3));
        assert_eq!(events.iter().filter(broken).count(), 1);
    }
}

#[tokio::test]
async fn errors_come_first_or_in_the_middle_of_a_stream() {
    for wire in WIRES {
        // The Responses form fails twice: the stream, then the response in it.
        let errors = 1 + usize::from(wire == Wire::OpenAiResponses);
        let vendor = moody(Mood::replying(Reply::FirstEventError)).await;
        let events = say_hello(&vendor, wire, true).await.events();
        assert!(
            events.len() == errors && is_error(wire, &events[0]),
            "{events:?}"
        );
        vendor.set_mood(Mood::replying(Reply::ErrorAfter(4)));
        let heard = say_hello(&vendor, wire, true).await;
        let events = heard.events();
        assert!(
            events.len() == 4 + errors && is_error(wire, &events[4]),
            "{events:?}"
        );
        assert!(heard.whole && heard.status.is_success());
        let whole = say_hello(&vendor, wire, false).await;
        assert!(whole.status.is_success() && is_error(wire, &whole.text()));
    }
}

#[tokio::test]
async fn a_cut_breaks_the_connection_after_exactly_those_bytes() {
    for wire in WIRES {
        let vendor = vendor().await;
        let clean = say_hello(&vendor, wire, true).await;
        assert!(clean.whole);
        for (cut, writes) in [
            (0, Writes::PerEvent),
            (1, Writes::AllAtOnce),
            (333, Writes::Bytes(7)),
        ] {
            vendor.set_mood(Mood {
                writes,
                ..Mood::cutting(Cut::Bytes(cut))
            });
            let heard = say_hello(&vendor, wire, true).await;
            assert!(!heard.whole, "{wire:?} {cut}");
            // Ids and times differ from request to request, never in length.
            assert_eq!(heard.bytes().len(), cut);
        }
        vendor.set_mood(Mood::cutting(Cut::Events(2)));
        let heard = say_hello(&vendor, wire, true).await;
        assert_eq!((heard.whole, heard.events().len()), (false, 2));
        vendor.set_mood(Mood::cutting(Cut::Bytes(40)));
        let heard = say_hello(&vendor, wire, false).await;
        assert_eq!((heard.whole, heard.bytes().len()), (false, 40));
    }
}

#[tokio::test]
async fn every_way_of_writing_carries_the_same_text() {
    let fable = "Größe ✓ 😀 und mehr";
    for wire in WIRES {
        for writes in [
            Writes::PerEvent,
            Writes::AllAtOnce,
            Writes::Bytes(1),
            Writes::Bytes(11),
        ] {
            let vendor = moody(Mood {
                writes,
                ..Mood::saying(fable)
            })
            .await;
            let heard = say_hello(&vendor, wire, true).await;
            assert_eq!(spoken(wire, &heard), fable);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn delays_are_kept_to_the_millisecond_on_a_paused_clock() {
    let mood = Mood {
        latency_ms: 70,
        first_token_ms: 500,
        between_ms: 10,
        ..Mood::default()
    };
    for wire in WIRES {
        let vendor = moody(mood.clone()).await;
        let started = Instant::now();
        let asking = request("POST", path(wire, true), hello(wire, true).to_string());
        let answering = begin(vendor.connect(), asking).await.unwrap();
        assert_eq!(started.elapsed(), Duration::from_millis(70));
        let heard = read(answering).await.unwrap();
        // The first event does not wait where it says nothing yet, and the wait for the first token
        // stands for one pause.
        let pauses = heard.events().len() - 1 - usize::from(begins_early(wire));
        let pauses = u64::try_from(pauses).unwrap();
        assert_eq!(
            started.elapsed(),
            Duration::from_millis(570 + 10 * pauses),
            "{wire:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_is_obeyed_over_a_real_socket_too() {
    let vendor = moody(Mood {
        latency_ms: 5,
        between_ms: 3,
        ..Mood::default()
    })
    .await;
    let patience = Duration::from_millis(500);
    for _ in 0..20 {
        let started = Instant::now();
        let asking = say_hello(&vendor, Wire::OpenAiChat, true);
        let heard = tokio::time::timeout(patience, asking).await.unwrap();
        let pauses = u64::try_from(heard.events().len() - 1).unwrap();
        assert_eq!(started.elapsed(), Duration::from_millis(5 + 3 * pauses));
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_hangs_never_answers() {
    let vendor = moody(Mood::hang()).await;
    let asking = request("POST", path(Wire::Gemini, false), "{}".to_owned());
    let day = Duration::from_secs(86_400);
    let answer = tokio::time::timeout(day, begin(vendor.connect(), asking)).await;
    assert!(answer.is_err());
    let bill = vendor.bill_of(1).await;
    assert_eq!(
        (bill[0].status, bill[0].client_left_after_events),
        (0, Some(0))
    );
}

#[tokio::test]
async fn a_refusing_vendor_closes_new_and_kept_connections() {
    let vendor = vendor().await;
    vendor.script([Mood::refuse()]);
    let refused = post(&vendor, path(Wire::Anthropic, false), &json!({})).await;
    assert!(refused.is_err());
    assert_eq!((vendor.refused(), vendor.requests().len()), (1, 0));
    // In memory there is nothing to accept, so the refusal comes after the request.
    vendor.script([Mood::refuse()]);
    let asking = request("POST", path(Wire::Anthropic, false), "{}".to_owned());
    assert!(begin(vendor.connect(), asking).await.is_err());
    assert_eq!((vendor.refused(), vendor.requests().len()), (1, 1));
    assert!(!vendor.bill_of(1).await[0].completed);
    assert!(
        say_hello(&vendor, Wire::Anthropic, false)
            .await
            .status
            .is_success()
    );
}

#[tokio::test]
async fn comments_come_before_the_first_event_of_a_stream_only() {
    let vendor = moody(Mood {
        comments: 3,
        ..Mood::default()
    })
    .await;
    for wire in WIRES {
        let heard = say_hello(&vendor, wire, true).await;
        let bytes = heard.bytes();
        let comment = b": keep-alive\n\n".as_slice();
        assert_eq!(bytes.starts_with(&comment.repeat(3)), wire.is_sse());
        let comments = bytes.windows(comment.len()).filter(|it| *it == comment);
        assert_eq!(comments.count(), if wire.is_sse() { 3 } else { 0 });
        assert_eq!(spoken(wire, &heard), TEXT);
        assert!(say_hello(&vendor, wire, false).await.json().is_object());
    }
}

#[tokio::test]
async fn claims_about_usage_can_be_absurd_or_missing() {
    for wire in WIRES {
        let (prompt, completion) = usage(wire);
        let vendor = vendor().await;
        let told = |heard: &Heard| {
            let body = heard.json();
            (
                body.pointer(prompt).cloned(),
                body.pointer(completion).cloned(),
            )
        };
        let honest = say_hello(&vendor, wire, false).await;
        assert_eq!(told(&honest), (Some(json!(3)), Some(json!(9))));
        vendor.set_mood(Mood::claiming(-5, i64::MAX));
        let absurd = say_hello(&vendor, wire, false).await;
        assert_eq!(told(&absurd), (Some(json!(-5)), Some(json!(i64::MAX))));
        assert_eq!(vendor.bill().last().unwrap().completion_tokens, 9);
        vendor.set_mood(Mood {
            usage: UsageClaim::None,
            ..Mood::default()
        });
        assert_eq!(told(&say_hello(&vendor, wire, false).await), (None, None));
        for event in say_hello(&vendor, wire, true).await.values() {
            for place in [prompt, completion] {
                assert!(!has(&event, place.rsplit('/').next().unwrap()), "{event}");
            }
        }
    }
}

/// Whether a member of this name stands anywhere in `value`.
fn has(value: &Value, name: &str) -> bool {
    let listed = value.as_array().into_iter().flatten();
    let members = value.as_object().into_iter().flatten();
    members
        .map(|(other, inner)| other == name || has(inner, name))
        .chain(listed.map(|inner| has(inner, name)))
        .any(|found| found)
}

#[tokio::test]
async fn cached_tokens_are_told_in_each_vendors_words() {
    let mood = Mood {
        cached: 40,
        cache_written: 2,
        ..Mood::default()
    };
    let vendor = moody(mood).await;
    let openai = say_hello(&vendor, Wire::OpenAiChat, false).await.json();
    assert_eq!(openai["usage"]["prompt_tokens"], 42);
    assert_eq!(
        openai["usage"]["prompt_tokens_details"]["cached_tokens"],
        40
    );
    let anthropic = say_hello(&vendor, Wire::Anthropic, false).await.json();
    assert_eq!(anthropic["usage"]["input_tokens"], 0);
    assert_eq!(anthropic["usage"]["cache_read_input_tokens"], 40);
    assert_eq!(
        anthropic["usage"]["cache_creation"]["ephemeral_5m_input_tokens"],
        2
    );
    let gemini = say_hello(&vendor, Wire::Gemini, false).await.json();
    assert_eq!(gemini["usageMetadata"]["cachedContentTokenCount"], 40);
    let responses = say_hello(&vendor, Wire::OpenAiResponses, false)
        .await
        .json();
    let details = json!({"cached_tokens": 40, "cache_write_tokens": 2});
    assert_eq!(responses["usage"]["input_tokens_details"], details);
    let bedrock = say_hello(&vendor, Wire::Bedrock, false).await.json();
    assert_eq!(bedrock["usage"]["inputTokens"], 0);
    assert_eq!(bedrock["usage"]["cacheReadInputTokens"], 40);
    assert_eq!(bedrock["usage"]["cacheWriteInputTokens"], 2);
    assert_eq!(bedrock["usage"]["totalTokens"], 42 + 9);
    let cohere = say_hello(&vendor, Wire::Cohere, false).await.json();
    assert_eq!(cohere["usage"]["cached_tokens"], 40);
    let entry = &vendor.bill()[0];
    assert_eq!(
        (
            entry.prompt_tokens,
            entry.cached_tokens,
            entry.cache_written_tokens
        ),
        (42, 40, 2)
    );
}

#[tokio::test]
async fn the_number_of_chunks_can_be_set() {
    for (wire, chunks) in WIRES.into_iter().zip([1, 5, 44].into_iter().cycle()) {
        let vendor = moody(Mood {
            chunks: Some(chunks),
            ..Mood::default()
        })
        .await;
        let heard = say_hello(&vendor, wire, true).await;
        assert_eq!(spoken(wire, &heard), TEXT);
        let billed = vendor.bill()[0].completion_tokens;
        assert_eq!(billed, u64::try_from(chunks).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_storm_every_request_is_entered_once_and_nothing_hangs_but_hangs() {
    let seed = Seed::from_environment();
    let mut rng = seed.rng();
    let vendor = vendor().await;
    let patience = Duration::from_secs(3_600);
    for number in 1..=300 {
        let mood = Mood::drawn(&mut rng, 200);
        let hangs = mood.reply == Reply::Hang;
        vendor.script([mood.clone()]);
        let wire = rng.choose(&WIRES).copied().unwrap();
        let stream = rng.chance(50);
        let asking = request("POST", path(wire, stream), hello(wire, stream).to_string());
        let answered = async { read(begin(vendor.connect(), asking).await?).await };
        let answer = tokio::time::timeout(patience, answered).await;
        assert_eq!(answer.is_err(), hangs, "{number} {mood:?}");
        let entry = vendor.bill_of(number).await.pop().unwrap();
        assert_eq!(entry.request_id, number);
        if let Ok(Ok(heard)) = answer {
            assert_eq!(heard.status.as_u16(), entry.status);
            assert_eq!(heard.whole, entry.completed, "{mood:?}");
        }
    }
}

/// The text of a streamed answer.
fn spoken(wire: Wire, heard: &Heard) -> String {
    let (_, place) = words(wire);
    let said = heard.values();
    said.iter()
        .filter_map(|event| event.pointer(place)?.as_str())
        .collect()
}
