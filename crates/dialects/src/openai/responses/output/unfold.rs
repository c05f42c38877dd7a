//! A whole answer as the steps it would have come in: what writes streams writes whole answers, too.

use canon::{Event, Part, ReasoningDelta, Response, ToolCall};

/// Gives out the steps of the first answer.
pub(in crate::openai::responses) fn unfold(response: &Response, out: &mut impl FnMut(Event)) {
    let Some(choice) = response.choices.iter().find(|choice| choice.index == 0) else {
        return;
    };
    let mut logprobs = choice.logprobs.clone();
    let is_text = |part: &Part| matches!(part, Part::Text(_));
    let last_text = choice.parts.iter().rposition(is_text);
    let mut calls = 0;
    for (place, part) in choice.parts.iter().enumerate() {
        let block = u32::try_from(place).unwrap_or(u32::MAX);
        if let Part::ToolCall(call) = part {
            unfold_call(call, calls, out);
            calls = calls.saturating_add(1);
        } else {
            unfold_part(part, block, out);
        }
        if last_text == Some(place)
            && let Some(logprobs) = logprobs.take()
        {
            out(Event::Logprobs {
                choice: 0,
                logprobs,
            });
        }
    }
    if let Some(reason) = choice.finish {
        out(Event::Finish {
            choice: 0,
            reason,
            native: choice.native_finish.clone(),
            stop_sequence: choice.stop_sequence.clone(),
        });
    }
}

fn unfold_call(call: &ToolCall, index: u32, out: &mut impl FnMut(Event)) {
    out(Event::ToolCall {
        choice: 0,
        index,
        id: call.id.clone(),
        name: call.name.clone(),
        custom: call.custom,
        extras: call.extras.clone(),
    });
    out(Event::ToolArguments {
        choice: 0,
        index,
        fragment: call.arguments.clone(),
    });
}

fn unfold_part(part: &Part, block: u32, out: &mut impl FnMut(Event)) {
    match part {
        Part::Text(text) => {
            out(Event::Text {
                choice: 0,
                block,
                text: text.text.clone(),
            });
            for citation in &text.citations {
                out(Event::Citation {
                    choice: 0,
                    block,
                    citation: citation.clone(),
                });
            }
        }
        Part::Refusal(text) => out(Event::Refusal {
            choice: 0,
            text: text.clone(),
        }),
        Part::Reasoning(part) => out(Event::Reasoning(ReasoningDelta {
            choice: 0,
            block,
            body: part.body.clone(),
            id: part.id.clone(),
            format: part.format.clone(),
        })),
        Part::Media { media, .. } => out(Event::Media {
            choice: 0,
            media: media.clone(),
        }),
        Part::Other { dialect, value } => out(Event::Other {
            choice: 0,
            dialect: *dialect,
            value: value.clone(),
        }),
        // Calls are numbered; results of tools are not part of answers.
        Part::ToolCall(_) | Part::ToolResult(_) => {}
    }
}
