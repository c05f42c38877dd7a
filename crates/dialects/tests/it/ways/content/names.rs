//! The name of a speaker stands before what is said, wherever models know no names: for answers and for counts.

use canon::Request;
use dialects::{CALLED, Dialect, Form, Target, Thinking, render_count};
use serde_json::json;

use super::{asked, sent};

fn named() -> Request {
    asked(
        Dialect::OpenAiChat,
        &json!({"messages": [
            {"role": "user", "name": "Ada", "content": "hello"},
            {"role": "assistant", "name": "Bot", "content": "hi"},
            {"role": "user", "name": "Eve", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]},
        ]}),
    )
}

#[test]
fn a_name_stands_before_the_words_once_or_is_reported() {
    for call in CALLED {
        let dialect = call.dialect();
        let (body, loss) = sent(dialect, &named());
        let text = body.to_string();
        assert_eq!(text.matches("Ada: hello").count(), 1, "{dialect}: {text}");
        assert_eq!(text.matches("Bot: hi").count(), 1, "{dialect}: {text}");
        let lost: Vec<_> = loss.iter().map(|loss| &*loss.what).collect();
        assert!(lost.contains(&"messages[2].name"), "{dialect}: {lost:?}");
    }
}

#[test]
fn a_count_is_asked_for_in_the_words_of_the_answer() {
    let form = Form::default();
    let target = Target {
        upstream_model: "x",
        model: "acme/x",
        form: &form,
        max_output_tokens: None,
        thinking: Thinking::Unknown,
    };
    for dialect in [Dialect::Anthropic, Dialect::Gemini] {
        let call = dialects::called(dialect).unwrap();
        let counting = call.counting().unwrap();
        let body = render_count((call, counting), &named(), &target, &mut Vec::new()).unwrap();
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("Ada: hello"), "{dialect}: {text}");
    }
}
