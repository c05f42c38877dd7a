//! The functions that a candidate calls: whole, or with arguments that come in pieces.

use canon::Event;

use super::{Candidate, push};
use crate::gemini::partial::{self, Arguments};
use crate::{Error, Fields, Step};

impl Candidate {
    pub(super) fn call(
        &mut self,
        mut call: Fields,
        signature: Option<String>,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        self.open = None;
        let is_begun = self.partial.is_some() && !call.has("name");
        let goes_on = call.bool("willContinue")? == Some(true);
        let pieces = call.objects("partialArgs")?.unwrap_or_default();
        if !is_begun {
            self.end_partial(out);
            self.begin_call(&mut call, signature, out)?;
            self.partial = Some(Arguments::new(call.json_text("args")));
        }
        if let Some(args) = &mut self.partial {
            for piece in pieces {
                partial::add(args.pieces(), piece)?;
            }
        }
        if !goes_on {
            self.end_partial(out);
        }
        Ok(())
    }

    fn begin_call(
        &mut self,
        call: &mut Fields,
        signature: Option<String>,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        let (choice, index) = (self.number, self.calls);
        self.calls += 1;
        let id = call
            .string("id")?
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| format!("{}{index}", self.id_stem));
        let name = call.required_string("name")?;
        self.sign(|| id.clone(), signature, out);
        push(
            out,
            Event::ToolCall {
                choice,
                index,
                id,
                name,
                custom: false,
                extras: canon::Extras::NONE,
            },
        );
        Ok(())
    }

    /// The arguments of the last call are whole.
    pub(super) fn end_partial(&mut self, out: &mut Vec<Step>) {
        if let Some(args) = self.partial.take() {
            let fragment = args.into_text();
            let (choice, index) = (self.number, self.calls.saturating_sub(1));
            push(
                out,
                Event::ToolArguments {
                    choice,
                    index,
                    fragment,
                },
            );
        }
    }
}
