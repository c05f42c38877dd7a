//! Whether an answer says anything.

use canon::{Event, FinishReason, Part, Response};

/// Whether a whole answer says anything: something in a choice, or why there is nothing.
pub(super) fn says_something(response: &Response) -> bool {
    response.choices.iter().any(|choice| {
        let has_content = choice.parts.iter().any(|part| match part {
            Part::Text(text) => !text.text.is_empty(),
            Part::Refusal(text) => !text.is_empty(),
            Part::Media { .. }
            | Part::Reasoning(_)
            | Part::ToolCall(_)
            | Part::ToolResult(_)
            | Part::Other { .. } => true,
        });
        has_content
            || choice
                .finish
                .is_some_and(|finish| finish != FinishReason::Error)
    })
}

/// Whether an event shows that an answer is on its way.
pub(super) fn shows_life(event: &Event) -> bool {
    match event {
        Event::Text { text, .. } | Event::Refusal { text, .. } => !text.is_empty(),
        Event::Reasoning(_)
        | Event::ToolCall { .. }
        | Event::ToolArguments { .. }
        | Event::Citation { .. }
        | Event::Media { .. }
        | Event::Other { .. }
        | Event::Finish { .. } => true,
        Event::Start { .. } | Event::Logprobs { .. } | Event::Usage(_) | Event::Fault(_) => false,
    }
}

/// Whether an event ends an answer that has not begun.
pub(super) fn has_failed(event: &Event) -> bool {
    match event {
        Event::Finish { reason, .. } => *reason == FinishReason::Error,
        Event::Start { .. }
        | Event::Text { .. }
        | Event::Refusal { .. }
        | Event::Reasoning(_)
        | Event::ToolCall { .. }
        | Event::ToolArguments { .. }
        | Event::Citation { .. }
        | Event::Media { .. }
        | Event::Logprobs { .. }
        | Event::Other { .. }
        | Event::Usage(_)
        | Event::Fault(_) => false,
    }
}
