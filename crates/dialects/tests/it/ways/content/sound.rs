//! Spoken answers reach every caller: as sound where the dialect has a form for it, else as their words.

use dialects::Dialect;
use serde_json::{Value, json};

use super::{asked, sent, streamed, told};

const PCM: &str = "audio/L16;codec=pcm;rate=24000";

/// OpenAI speaks in pieces: the id, words, bytes (padded piece by piece), until when the id is good.
fn openai_chunks() -> Vec<Value> {
    let chunk = |audio: Value| json!({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"audio": audio}}]});
    vec![
        json!({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": null}}]}),
        chunk(json!({"id": "audio_1", "transcript": "Good "})),
        chunk(json!({"data": "AAECAw=="})),
        chunk(json!({"transcript": "day."})),
        chunk(json!({"data": "BAUGBw=="})),
        chunk(json!({"expires_at": 1_770_000_000})),
        json!({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ]
}

fn gemini_answer() -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": [
        {"inlineData": {"mimeType": PCM, "data": "AAECAwQFBgc="}}]}, "finishReason": "STOP", "index": 0}]})
}

#[test]
fn a_voice_of_openai_reaches_callers_of_gemini_as_sound_and_words() {
    let whole = json!({"id": "c1", "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": null,
        "audio": {"id": "audio_1", "data": "AAECAwQFBgc=", "transcript": "Good day.", "expires_at": 1}}}]});
    let answer = told(Dialect::OpenAiChat, &whole.to_string(), Dialect::Gemini);
    assert_eq!(
        answer["candidates"][0]["content"]["parts"],
        json!([{"text": "Good day."}, {"inlineData": {"mimeType": PCM, "data": "AAECAwQFBgc="}}])
    );

    let frames = streamed(Dialect::OpenAiChat, &openai_chunks(), Dialect::Gemini);
    let parts = |frame: &Value| frame["candidates"][0]["content"]["parts"].clone();
    let said: Vec<Value> = frames.iter().map(parts).collect();
    assert_eq!(
        said,
        [
            json!([{"text": "Good "}]),
            json!([{"inlineData": {"mimeType": PCM, "data": "AAEC"}}]),
            json!([{"text": "day."}]),
            json!([{"inlineData": {"mimeType": PCM, "data": "AwQF"}}]),
            json!([{"inlineData": {"mimeType": PCM, "data": "Bgc="}}]),
            json!([{"text": ""}]),
        ]
    );
}

#[test]
fn a_voice_of_gemini_reaches_callers_of_chat() {
    let answer = told(
        Dialect::Gemini,
        &gemini_answer().to_string(),
        Dialect::OpenAiChat,
    );
    assert_eq!(
        answer["choices"][0]["message"]["audio"],
        json!({"data": "AAECAwQFBgc=", "format": "pcm16"})
    );

    let piece = |data: &str| {
        json!({"candidates": [{"content": {"role": "model", "parts": [
        {"inlineData": {"mimeType": PCM, "data": data}}]}, "index": 0}]})
    };
    let end = json!({"candidates": [{"finishReason": "STOP", "index": 0}]});
    let frames = [piece("AAECAw=="), piece("BAUGBw=="), end];
    let chunks = streamed(Dialect::Gemini, &frames, Dialect::OpenAiChat);
    let data = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["audio"]["data"].as_str());
    assert_eq!(data.collect::<String>(), "AAECAwQFBgc=");
}

#[test]
fn what_chat_says_of_a_voice_comes_back_to_callers_of_chat() {
    let chunks = streamed(Dialect::OpenAiChat, &openai_chunks(), Dialect::OpenAiChat);
    let audio: Vec<&Value> = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["delta"]["audio"])
        .filter(|audio| !audio.is_null())
        .collect();
    assert_eq!(
        audio,
        [
            &json!({"id": "audio_1"}),
            &json!({"transcript": "Good "}),
            &json!({"data": "AAEC"}),
            &json!({"transcript": "day."}),
            &json!({"data": "AwQF"}),
            &json!({"expires_at": 1_770_000_000}),
            &json!({"data": "Bgc="}),
        ]
    );
}

#[test]
fn callers_without_a_form_for_sound_read_its_words() {
    let whole = json!({"id": "c1", "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": null, "audio": {"id": "a", "data": "AAEC", "transcript": "Good day."}}}]});
    for (caller, place) in [
        (Dialect::OpenAiResponses, "/output/0/content/0/text"),
        (Dialect::Anthropic, "/content/0/text"),
        (Dialect::OpenAiCompletions, "/choices/0/text"),
    ] {
        let answer = told(Dialect::OpenAiChat, &whole.to_string(), caller);
        assert_eq!(
            answer.pointer(place),
            Some(&json!("Good day.")),
            "{caller}: {answer}"
        );
        let frames = streamed(Dialect::OpenAiChat, &openai_chunks(), caller);
        let text: String = frames
            .iter()
            .filter_map(|frame| {
                let is_text = frame["type"] == "response.output_text.delta";
                let text = is_text.then(|| frame["delta"].as_str()).flatten();
                text.or(frame["delta"]["text"].as_str())
                    .or(frame["choices"][0]["text"].as_str())
            })
            .collect();
        assert_eq!(text, "Good day.", "{caller}");
    }
}

#[test]
fn how_to_speak_is_asked_for_in_the_vendors_words() {
    let chat = |voice: &str, format: &str| {
        let body = json!({
            "messages": [{"role": "user", "content": "Say hi."}],
            "modalities": ["text", "audio"],
            "audio": {"voice": voice, "format": format},
        });
        sent(Dialect::Gemini, &asked(Dialect::OpenAiChat, &body))
    };
    let (body, loss) = chat("Kore", "pcm16");
    let config = &body["generationConfig"];
    assert_eq!(config["responseModalities"], json!(["AUDIO"]));
    assert_eq!(
        config.pointer("/speechConfig/voiceConfig/prebuiltVoiceConfig/voiceName"),
        Some(&json!("Kore"))
    );
    let lost: Vec<_> = loss.iter().map(|loss| &*loss.what).collect();
    assert_eq!(lost, ["modalities"]);
    let (body, loss) = chat("alloy", "mp3");
    assert_eq!(body["generationConfig"].get("speechConfig"), None);
    let lost: Vec<_> = loss.iter().map(|loss| &*loss.what).collect();
    assert_eq!(lost, ["modalities", "audio.format", "audio.voice"]);

    let gemini = json!({
        "contents": [{"parts": [{"text": "Say hi."}]}],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}},
        },
    });
    let request = asked(Dialect::Gemini, &gemini);
    let (body, loss) = sent(Dialect::OpenAiChat, &request);
    assert_eq!(body["modalities"], json!(["text", "audio"]));
    assert_eq!(body["audio"], json!({"voice": "alloy", "format": "pcm16"}));
    assert_eq!(loss.len(), 1, "{loss:?}");
    let (body, loss) = sent(Dialect::Gemini, &request);
    assert_eq!(body["generationConfig"], gemini["generationConfig"]);
    assert_eq!(loss, []);
}

#[test]
fn what_was_said_aloud_goes_back_by_id_or_in_words() {
    let voice =
        json!({"id": "audio_1", "data": "AAEC", "transcript": "Good day.", "expires_at": 1});
    let body = |audio: &Value| {
        json!({"messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": null, "audio": audio},
            {"role": "user", "content": "and now?"}]})
    };
    let request = asked(Dialect::OpenAiChat, &body(&voice));
    let (sent_chat, loss) = sent(Dialect::OpenAiChat, &request);
    assert_eq!(sent_chat["messages"][1]["audio"], json!({"id": "audio_1"}));
    assert_eq!(loss, []);
    for dialect in [
        Dialect::Anthropic,
        Dialect::Gemini,
        Dialect::OpenAiResponses,
        Dialect::Bedrock,
        Dialect::Cohere,
        Dialect::Ollama,
        Dialect::Replicate,
    ] {
        let (body, loss) = sent(dialect, &request);
        let text = body.to_string();
        assert!(text.contains("Good day."), "{dialect}: {text}");
        assert!(!text.contains("AAEC"), "{dialect}: {text}");
        let is_told = loss
            .iter()
            .any(|loss| loss.what == "messages[1].content[0]");
        assert!(is_told, "{dialect}: {loss:?}");
    }
    // An id alone means something to its vendor only.
    let request = asked(Dialect::OpenAiChat, &body(&json!({"id": "audio_1"})));
    let (body, _) = sent(Dialect::OpenAiChat, &request);
    assert_eq!(body["messages"][1]["audio"], json!({"id": "audio_1"}));
    let (_, loss) = sent(Dialect::Gemini, &request);
    assert!(
        loss.iter().any(|loss| loss.what == "messages[1].audio"),
        "{loss:?}"
    );
}
