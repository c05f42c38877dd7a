//! Where each wire is spoken, and what a path says beside it.

use super::wire::Wire;

/// A wire, what stands in its paths, and how they end. The first match counts.
const PLACES: [(Wire, &str, &[&str]); 11] = [
    (Wire::OpenAiChat, "", &["/chat/completions"]),
    (Wire::OpenAiResponses, "", &["/responses"]),
    (
        Wire::Anthropic,
        "",
        &["/messages", "/messages/count_tokens"],
    ),
    (
        Wire::Bedrock,
        MODEL,
        &["/converse", "/converse-stream", "/count-tokens"],
    ),
    (
        Wire::BedrockAnthropic,
        MODEL,
        &["/invoke", "/invoke-with-response-stream"],
    ),
    (
        Wire::VertexAnthropic,
        "/publishers/anthropic/models/",
        &[":rawPredict", ":streamRawPredict"],
    ),
    (Wire::VertexGemini, "/publishers/google/models/", &GEMINI),
    (Wire::Gemini, MODELS, &GEMINI),
    (Wire::Cohere, "", &["/v2/chat"]),
    (Wire::Ollama, "", &["/api/chat"]),
    (Wire::Replicate, "", &["/predictions"]),
];
const GEMINI: [&str; 3] = [":generateContent", ":streamGenerateContent", ":countTokens"];
/// Before a model in a path of Bedrock.
const MODEL: &str = "/model/";
/// The operation of Bedrock that counts, in the form of any other.
pub(crate) const BEDROCK_COUNT: &str = "count-tokens";
/// Before a model in a path of Google.
const MODELS: &str = "/models/";

/// Whose platform a form is spoken on, where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// The vendor's own.
    Own,
    Bedrock,
    Vertex,
}

/// The wire that is spoken at `path`, whatever stands in front of what is known.
pub(crate) fn wire_at(path: &str) -> Option<Wire> {
    let spoken = |holds: &str, ends: &[&str]| {
        path.contains(holds) && ends.iter().any(|end| ends_in(path, end))
    };
    PLACES
        .iter()
        .find(|(_, holds, ends)| spoken(holds, ends))
        .map(|(wire, ..)| *wire)
}

/// Whether a path ends in `end`, and not in an address and an end that both have its beginning.
fn ends_in(path: &str, end: &str) -> bool {
    let beginning = end.rfind('/').and_then(|last| end.get(..last));
    let doubled = |rest: &str| beginning.is_some_and(|it| !it.is_empty() && rest.ends_with(it));
    path.strip_suffix(end).is_some_and(|rest| !doubled(rest))
}

/// Model and operation in a path of Bedrock: `/model/{model}/{operation}`.
pub(crate) fn bedrock(path: &str) -> Option<(String, &str)> {
    let (_, rest) = path.rsplit_once(MODEL)?;
    let (model, operation) = rest.rsplit_once('/')?;
    Some((decoded(model), operation))
}

/// Model and method in a path of Google: `/models/{model}:{method}`.
pub(crate) fn google(path: &str) -> Option<(String, &str)> {
    let (_, rest) = path.rsplit_once(MODELS)?;
    let (model, method) = rest.rsplit_once(':')?;
    Some((decoded(model), method))
}

/// Model in a path of Replicate: `/models/{owner}/{name}/predictions`.
pub(crate) fn replicate(path: &str) -> Option<String> {
    let (_, rest) = path.split_once(MODELS)?;
    rest.strip_suffix("/predictions").map(decoded)
}

/// Text without its percent signs. One that stands for nothing is kept.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).filter(|code| !code.starts_with('+'));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(b'%');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_its_wire_its_model_and_what_is_asked_of_it() {
        let converse = "/model/us.amazon.nova-micro-v1%3A0/converse-stream";
        assert_eq!(wire_at(converse), Some(Wire::Bedrock));
        let model = "us.amazon.nova-micro-v1:0".to_owned();
        assert_eq!(bedrock(converse), Some((model, "converse-stream")));
        let location = "/v1/projects/p/locations/global/publishers";
        let claude = format!("{location}/anthropic/models/claude-x%4020250219:streamRawPredict");
        assert_eq!(wire_at(&claude), Some(Wire::VertexAnthropic));
        let model = "claude-x@20250219".to_owned();
        assert_eq!(google(&claude), Some((model, "streamRawPredict")));
        let gemini = format!("{location}/google/models/gemini-x:countTokens");
        assert_eq!(wire_at(&gemini), Some(Wire::VertexGemini));
        assert_eq!(wire_at("/v1beta/models/x:countTokens"), Some(Wire::Gemini));
        assert_eq!(wire_at("/api/chat"), Some(Wire::Ollama));
        let llama = "/v1/models/meta/llama%2Dx/predictions";
        assert_eq!(wire_at(llama), Some(Wire::Replicate));
        assert_eq!(replicate(llama), Some("meta/llama-x".to_owned()));
        assert_eq!(wire_at("/v1/predictions"), Some(Wire::Replicate));
        assert_eq!(replicate("/v1/predictions"), None);
        assert_eq!(wire_at("/api/api/chat"), None);
        assert_eq!(wire_at("/v2/v2/chat"), None);
        assert_eq!(wire_at("/v1/chat"), None);
        assert_eq!(wire_at("/invoke"), None);
    }

    #[test]
    fn percent_signs_that_stand_for_nothing_are_kept() {
        assert_eq!(decoded("a%2Fb%zz%+1%%4"), "a/b%zz%+1%%4");
        assert_eq!(decoded("gr%C3%B6%C3%9Fer"), "größer");
    }
}
