//! What a vendor lacks and can be had of it in other words, both ways: the request is put differently, and the answer is
//! put back.
//!
//! - A custom tool takes free text; elsewhere tools take JSON. It is offered as a function of one text, `input`, and
//!   what the model writes there is the caller's free text again. A grammar for it can only be asked for in words.
//! - The name of a speaker stands before what is said.
//! - An answer of a form that the vendor cannot promise (some JSON object, a schema, a grammar) is asked for in words.
//! - Where only some of the tools may be called, the others are not offered.

mod wishes;

use canon::{Event, Message, Part, Request, Response, Role, Tool, ToolChoice, ToolKind};
use serde_json::Value;

use self::wishes::{
    has_custom_call, in_words, is_named, is_spoken, leave_out_others, name_before_text,
    tools_as_functions, voices_as_words,
};
use crate::{Error, Frame, Loss, ParseStream, Step};

/// The name of the one argument.
const INPUT: &str = "input";

/// What a vendor lacks, of the things that can be had in other words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Tools that take free text.
    pub custom_tools: bool,
    /// Answers that are some JSON object.
    pub json_object: bool,
    /// Answers of a JSON Schema.
    pub json_schema: bool,
    /// Answers of a grammar, or in a programming language.
    pub grammar: bool,
    /// What a model said aloud before, known by id.
    pub voices: bool,
    /// A choice among some of the tools on offer.
    pub allowed_tools: bool,
    /// Names of speakers.
    pub names: bool,
}

/// Puts an answer back into the caller's words.
#[derive(Clone, Debug, Default)]
pub struct Emulation {
    /// Names of the custom tools.
    customs: Vec<String>,
    /// Calls of them whose arguments are still coming: choice, number of the call, JSON so far.
    open: Vec<(u32, u32, String)>,
}

impl Emulation {
    /// The request in other words, where something in it is lacking; what is not guaranteed that way is added to `loss`.
    #[must_use]
    pub fn of(lacks: Lacks, request: &Request, loss: &mut Vec<Loss>) -> Option<(Request, Self)> {
        let is_custom = |tool: &Tool| matches!(tool.kind, ToolKind::Custom { .. });
        let customs = lacks.custom_tools
            && (request.tools.iter().any(is_custom)
                || request.messages.iter().any(has_custom_call));
        let form = request
            .format
            .as_ref()
            .and_then(|format| in_words(lacks, format));
        let allowed =
            lacks.allowed_tools && matches!(request.tool_choice, Some(ToolChoice::Allowed { .. }));
        let names = lacks.names && request.messages.iter().any(is_named);
        let spoken = request
            .messages
            .iter()
            .any(|message| is_spoken(lacks, message));
        if !customs && form.is_none() && !names && !allowed && !spoken {
            return None;
        }
        let mut request = request.clone();
        let mut emulation = Self::default();
        if customs {
            emulation.customs = tools_as_functions(&mut request, loss);
        }
        if names {
            for (turn, message) in request.messages.iter_mut().enumerate() {
                name_before_text(turn, message, loss);
            }
        }
        if spoken {
            voices_as_words(lacks, &mut request, loss);
        }
        if allowed {
            leave_out_others(&mut request);
        }
        if let Some((words, why)) = form {
            request.format = None;
            request
                .messages
                .insert(0, Message::text(Role::System, words));
            request.places.put_ahead();
            loss.push(Loss::new("response_format", why));
        }
        Some((request, emulation))
    }

    /// Puts a whole answer back.
    pub fn whole(&self, response: &mut Response) {
        let parts = response
            .choices
            .iter_mut()
            .flat_map(|choice| &mut choice.parts);
        for part in parts {
            if let Part::ToolCall(call) = part
                && self.is_custom(&call.name)
            {
                call.custom = true;
                if let Some(input) = input_of(&call.arguments) {
                    call.arguments = input;
                }
            }
        }
    }

    /// Puts a streamed answer back. The free text of a call comes in one piece, when the answer ends.
    #[must_use]
    pub fn stream(self, stream: Box<dyn ParseStream>) -> Box<dyn ParseStream> {
        if self.customs.is_empty() {
            return stream;
        }
        Box::new(Emulated {
            stream,
            emulation: self,
        })
    }

    /// Puts back the steps from `begin` on.
    fn steps(&mut self, steps: &mut Vec<Step>, begin: usize) {
        for mut step in steps.split_off(begin.min(steps.len())) {
            match &mut step {
                Step::Event(Event::ToolCall {
                    choice,
                    index,
                    name,
                    custom,
                    ..
                }) if self.is_custom(name) => {
                    *custom = true;
                    self.open.push((*choice, *index, String::new()));
                }
                Step::Event(Event::ToolArguments {
                    choice,
                    index,
                    fragment,
                }) => {
                    if let Some(open) = self.open_call(*choice, *index) {
                        open.push_str(fragment);
                        continue;
                    }
                }
                Step::Event(Event::Finish { choice, .. }) => {
                    let choice = *choice;
                    self.close(|open| open == choice, steps);
                }
                Step::End => self.close(|_| true, steps),
                Step::Event(_) | Step::Error(_) => {}
            }
            steps.push(step);
        }
    }

    fn is_custom(&self, name: &str) -> bool {
        self.customs.iter().any(|custom| custom == name)
    }

    fn open_call(&mut self, choice: u32, index: u32) -> Option<&mut String> {
        let call = self
            .open
            .iter_mut()
            .find(|open| (open.0, open.1) == (choice, index))?;
        Some(&mut call.2)
    }

    /// Gives out what was held back for these choices.
    fn close(&mut self, which: impl Fn(u32) -> bool, steps: &mut Vec<Step>) {
        for (choice, index, arguments) in self.open.extract_if(.., |open| which(open.0)) {
            let fragment = input_of(&arguments).unwrap_or(arguments);
            if !fragment.is_empty() {
                steps.push(Step::Event(Event::ToolArguments {
                    choice,
                    index,
                    fragment,
                }));
            }
        }
    }
}

/// A streamed answer, put back.
struct Emulated {
    stream: Box<dyn ParseStream>,
    emulation: Emulation,
}

impl ParseStream for Emulated {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let begin = out.len();
        let read = self.stream.frame(frame, out);
        self.emulation.steps(out, begin);
        read
    }

    fn heard(&mut self, choice: u32, text: &str) {
        self.stream.heard(choice, text);
    }

    fn is_complete(&self) -> bool {
        self.stream.is_complete()
    }
}

/// The free text in a function's arguments; `None` where the model wrote something else.
fn input_of(arguments: &str) -> Option<String> {
    let mut arguments: Value = serde_json::from_str(arguments).ok()?;
    match arguments.get_mut(INPUT).map(Value::take) {
        Some(Value::String(input)) => Some(input),
        _ => None,
    }
}
