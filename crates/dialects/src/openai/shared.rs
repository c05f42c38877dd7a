//! What Chat Completions and Responses both say and canon has no word for: under which name the end user goes, and how
//! long a prompt is cached.

use canon::{Dialect, Extras};

use crate::{Error, Fields, openrouter::take_user};

/// The field that names the end user anew. Among the extras it is a mark: the name itself is never kept there, so that it
/// cannot reach a vendor unhashed.
pub(super) const SAFETY_IDENTIFIER: &str = "safety_identifier";
/// How long what is cached of a prompt is kept.
const CACHE_RETENTION: &str = "prompt_cache_retention";

/// Takes who the end user is, under either name; and whether it was the new one.
pub(super) fn take_end_user(fields: &mut Fields) -> Result<(Option<String>, bool), Error> {
    let renamed = fields.string(SAFETY_IDENTIFIER)?;
    Ok(match (take_user(fields)?, renamed) {
        (None, Some(user)) => (Some(user), true),
        (user, _) => (user, false),
    })
}

/// The name under which the end user goes.
pub(super) fn user_field(extras: &Extras) -> &'static str {
    let is_renamed = extras.any().is_some_and(|(dialect, extras)| {
        is_ours(dialect) && extras.contains_key(SAFETY_IDENTIFIER)
    });
    if is_renamed {
        SAFETY_IDENTIFIER
    } else {
        "user"
    }
}

/// Whether a field of this dialect means the same in both.
pub(super) fn is_shared(dialect: Dialect, name: &str) -> bool {
    is_ours(dialect) && [SAFETY_IDENTIFIER, CACHE_RETENTION].contains(&name)
}

const fn is_ours(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::OpenAiChat | Dialect::OpenAiResponses)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Call, Form, Serve, Target, Thinking, openai};

    /// What a vendor of one dialect is sent for a request in the other, and what is lost.
    fn sent(serve: &dyn Serve, call: &dyn Call, more: &Value) -> (Value, Vec<String>) {
        let mut body =
            json!({"model": "m", "input": "Hi", "messages": [{"role": "user", "content": "Hi"}]});
        let unused = if serve.dialect() == crate::Dialect::OpenAiChat {
            "input"
        } else {
            "messages"
        };
        let map = body.as_object_mut().unwrap();
        map.remove(unused);
        map.extend(more.as_object().unwrap().clone());
        let request = serve.parse_request(body.to_string().as_bytes()).unwrap();
        let target = Target {
            upstream_model: "m",
            model: "openai/m",
            form: &Form::default(),
            max_output_tokens: None,
            thinking: Thinking::Unknown,
        };
        let mut loss = Vec::new();
        let bytes = call.render_request(&request, &target, &mut loss).unwrap();
        let lost = loss.iter().map(|loss| loss.what.to_string()).collect();
        (serde_json::from_slice(&bytes).unwrap(), lost)
    }

    #[test]
    fn the_end_user_and_the_life_of_the_cache_go_from_one_to_the_other() {
        let more = json!({"safety_identifier": "u1", "prompt_cache_retention": "24h"});
        let (chat, responses) = (&openai::chat::Chat, &openai::responses::Responses);
        let pairs: [(&dyn Serve, &dyn Call); 4] = [
            (chat, chat),
            (chat, responses),
            (responses, chat),
            (responses, responses),
        ];
        for (serve, call) in pairs {
            let (body, lost) = sent(serve, call, &more);
            assert_eq!(body["safety_identifier"], "u1", "{body}");
            assert_eq!(body["prompt_cache_retention"], "24h", "{body}");
            assert_eq!(body.get("user"), None);
            assert!(lost.is_empty(), "{lost:?}");
            let (body, _) = sent(serve, call, &json!({"user": "u2"}));
            assert_eq!(body["user"], "u2");
        }
    }

    #[test]
    fn a_name_for_the_end_user_is_where_the_gateway_hashes_names() {
        let body = br#"{"messages":[{"role":"user","content":"Hi"}],"safety_identifier":"jane"}"#;
        let request = openai::chat::Chat.parse_request(body).unwrap();
        assert_eq!(request.user.as_deref(), Some("jane"));
        assert!(!format!("{:?}", request.extras).contains("jane"));
    }
}
