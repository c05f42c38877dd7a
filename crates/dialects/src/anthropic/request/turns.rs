//! Messages into a system prompt and turns.
//!
//! - System messages at the start become `system`. Later ones stay where they are on models that take them there
//!   (behind a user's turn), and else become text of the user's, which is reported.
//! - Results of tools are turns of their own in canon; here all results of one answer stand in one user turn,
//!   together with what the user said next. Other turns are left as they came: Anthropic joins neighbours itself.

use canon::{Extras, Message, Part, Request, Role};

use serde_json::Value;

use super::parts::{Block, Speaker, render_content, sayable};
use crate::{
    Error, Loss,
    anthropic::{
        claude::Claude,
        wire::{join, lose_foreign, render_tail},
    },
    json::{Array, Object},
};

/// The conversation as this wire has it.
#[derive(Debug, Default)]
pub(super) struct Prompt<'a> {
    system: Vec<Block<'a>>,
    turns: Vec<Turn<'a>>,
    /// What must wait until the results of tools are complete.
    waiting: Vec<Block<'a>>,
}

#[derive(Debug)]
struct Turn<'a> {
    speaker: Speaker,
    blocks: Vec<Block<'a>>,
    /// Whether it began with results of tools.
    has_results: bool,
    extras: &'a Extras,
}

impl<'a> Prompt<'a> {
    /// Arranges the messages; what cannot be said is added to `loss`.
    ///
    /// # Errors
    /// Something that cannot be left out.
    pub(super) fn of(
        request: &'a Request,
        claude: Claude,
        loss: &mut Vec<Loss>,
    ) -> Result<Self, Error> {
        let messages = request.messages.as_slice();
        let is_system = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
        let mut leading = messages.iter().take_while(is_system).count();
        if leading == messages.len() {
            // Nothing but standing instructions: the last one is what is asked.
            leading = leading.saturating_sub(1);
        }
        let mut prompt = Self::default();
        for (index, message) in messages.iter().enumerate() {
            let next = messages.get(index + 1).map(|message| message.role);
            let speaker = match message.role {
                Role::System | Role::Developer if index < leading => Speaker::System,
                Role::System | Role::Developer => {
                    prompt.later_system(message, index, (claude, next), loss)?;
                    continue;
                }
                Role::User | Role::Tool => Speaker::User,
                Role::Assistant => Speaker::Assistant,
            };
            let blocks = blocks_of(message, speaker, index, loss)?;
            if index < leading {
                prompt.system.extend(blocks);
                continue;
            }
            if message.role != Role::Tool {
                prompt.release();
            }
            prompt.push(message, speaker, blocks, index, loss);
        }
        prompt.release();
        prompt.trim_prefill(loss);
        Ok(prompt)
    }

    /// A system message behind the start.
    fn later_system(
        &mut self,
        message: &'a Message,
        index: usize,
        (claude, next): (Claude, Option<Role>),
        loss: &mut Vec<Loss>,
    ) -> Result<(), Error> {
        let behind_user = self
            .turns
            .last()
            .is_some_and(|turn| turn.speaker == Speaker::User);
        let behind_result = self.turns.last().is_some_and(Turn::ends_in_server_result);
        let fits = (behind_user || behind_result) && matches!(next, None | Some(Role::Assistant));
        if claude.takes_system_turns() && fits && self.waiting.is_empty() {
            let blocks = blocks_of(message, Speaker::System, index, loss)?;
            self.push(message, Speaker::System, blocks, index, loss);
            return Ok(());
        }
        let at = format!("messages[{index}]");
        loss.push(Loss::new(join(&at, "role"), "sent as the user's words"));
        let mut blocks = blocks_of(message, Speaker::User, index, loss)?;
        blocks.retain(|block| !matches!(block.part, Part::Other { .. }));
        if next == Some(Role::Tool) {
            self.waiting.extend(blocks);
        } else if behind_user && let Some(turn) = self.turns.last_mut() {
            turn.blocks.extend(blocks);
        } else {
            self.push(message, Speaker::User, blocks, index, loss);
        }
        Ok(())
    }

    fn push(
        &mut self,
        message: &'a Message,
        speaker: Speaker,
        blocks: Vec<Block<'a>>,
        index: usize,
        loss: &mut Vec<Loss>,
    ) {
        if blocks.is_empty() {
            let at = format!("messages[{index}]");
            loss.push(Loss::new(at, "nothing is left of it that can be said"));
            return;
        }
        let joins = speaker == Speaker::User;
        if let Some(last) = self.turns.last_mut()
            && joins
            && last.has_results
        {
            last.blocks.extend(blocks);
            // What the user says ends the turn.
            last.has_results = message.role == Role::Tool;
            return;
        }
        self.turns.push(Turn {
            speaker,
            blocks,
            has_results: message.role == Role::Tool,
            extras: &message.extras,
        });
    }

    /// What waited goes behind the results.
    fn release(&mut self) {
        if let Some(turn) = self.turns.last_mut() {
            turn.blocks.append(&mut self.waiting);
        }
    }

    /// Anthropic refuses a last turn of the model's own that ends in white space.
    fn trim_prefill(&mut self, loss: &mut Vec<Loss>) {
        let Some(turn) = self.turns.last_mut() else {
            return;
        };
        if turn.speaker != Speaker::Assistant {
            return;
        }
        if let Some(block) = turn.blocks.last_mut()
            && let Part::Text(text) = block.part
            && text.text.ends_with(char::is_whitespace)
        {
            block.trim = true;
            loss.push(Loss::new(
                block.at.clone(),
                "white space at its end was cut off",
            ));
        }
    }

    /// Writes `system`, where there is any.
    ///
    /// # Errors
    /// Something that cannot be left out.
    pub(super) fn render_system(
        &self,
        body: &mut Object<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<(), Error> {
        if self.system.is_empty() {
            return Ok(());
        }
        render_content(&self.system, body.key("system"), loss)
    }

    /// Writes `messages`.
    ///
    /// # Errors
    /// Something that cannot be left out.
    pub(super) fn render_turns(
        &self,
        body: &mut Object<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<(), Error> {
        let mut list: Array<'_> = body.array("messages");
        for turn in &self.turns {
            let mut object = list.object();
            let role = match turn.speaker {
                Speaker::System => "system",
                Speaker::User => "user",
                Speaker::Assistant => "assistant",
            };
            object.field("role", role);
            render_content(&turn.blocks, object.key("content"), loss)?;
            render_tail(None, turn.extras, &mut object);
            object.close();
        }
        list.close();
        Ok(())
    }
}

impl Turn<'_> {
    /// Whether the model's turn ends in the result of a tool that Anthropic ran: as good as a user's turn.
    fn ends_in_server_result(&self) -> bool {
        let Some(Part::Other { value, .. }) = self.blocks.last().map(|block| block.part) else {
            return false;
        };
        let kind = value.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.ends_with("_tool_result"))
    }
}

/// The sayable parts of a message.
fn blocks_of<'a>(
    message: &'a Message,
    speaker: Speaker,
    index: usize,
    loss: &mut Vec<Loss>,
) -> Result<Vec<Block<'a>>, Error> {
    let at = format!("messages[{index}]");
    lose_foreign(&message.extras, &at, loss);
    sayable(&message.parts, speaker, &join(&at, "content"), loss)
}
