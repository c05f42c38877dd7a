//! Where the turns of a conversation stand in the body that its caller wrote: canon splits and joins turns, and an error
//! must name a place that the caller knows.

use super::{Message, Part};

/// Where each turn and each part of it stands. No part of what is asked: any two are equal. Empty where the caller's
/// dialect has the turns as canon has them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    turns: Vec<Turn>,
    /// How many turns of ours stand before the caller's.
    ahead: usize,
}

/// What a dialect calls an item of the conversation, and what it is made of.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The field it stands in: `input`, `contents`, `system`.
    pub list: &'static str,
    /// Its number there; none where the field is the item.
    pub number: Option<usize>,
    /// The field of its parts, where it has a list of them: `content`, `parts`.
    pub parts: Option<&'static str>,
}

/// Where the parts of one turn stand: items, and the number of the part in its item.
#[derive(Clone, Debug, Default)]
struct Turn(Vec<(Item, usize)>);

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Places {
    /// Notes that what is new in `messages` since the last note comes from this item. `is_made` tells the parts that
    /// the reader made of others and that have no number of their own.
    pub fn note(&mut self, messages: &[Message], item: Item, is_made: impl Fn(&Part) -> bool) {
        let first = self.turns.len().saturating_sub(1);
        let mut number = 0;
        for (index, message) in messages.iter().enumerate().skip(first) {
            if self.turns.len() <= index {
                self.turns.push(Turn::default());
            }
            let Some(turn) = self.turns.get_mut(index) else {
                return;
            };
            for part in message.parts.iter().skip(turn.0.len()) {
                turn.0.push((item, number));
                number += usize::from(!is_made(part));
            }
            if message.parts.is_empty() && turn.0.is_empty() {
                turn.0.push((item, 0));
            }
        }
    }

    /// Notes that a turn of ours was put before the caller's.
    pub fn put_ahead(&mut self) {
        self.ahead = self.ahead.saturating_add(1);
    }

    /// A path in canon's words (`messages[2].content[0].detail`) in the caller's. What begins otherwise stays as it is.
    #[must_use]
    pub fn name(&self, path: &str) -> String {
        self.renamed(path).unwrap_or_else(|| path.to_owned())
    }

    fn renamed(&self, path: &str) -> Option<String> {
        let (turn, rest) = number(path.strip_prefix("messages[")?)?;
        let turn = turn.checked_sub(self.ahead)?;
        let part = rest.strip_prefix(".content[").and_then(number);
        let Some(places) = self.turns.get(turn) else {
            return Some(format!("messages[{turn}]{rest}"));
        };
        let (place, rest) = match part {
            Some((part, rest)) => (places.0.get(part), rest),
            None => (None, rest),
        };
        if let Some((item, number)) = place {
            return Some(match item.parts {
                Some(parts) => format!("{}.{parts}[{number}]{rest}", item.name()),
                None => format!("{}{rest}", item.name()),
            });
        }
        let (item, _) = places.0.first()?;
        Some(format!("{}{rest}", item.name()))
    }
}

impl Item {
    fn name(&self) -> String {
        match self.number {
            Some(number) => format!("{}[{number}]", self.list),
            None => self.list.to_owned(),
        }
    }
}

/// `2].content` as 2 and `.content`.
fn number(text: &str) -> Option<(usize, &str)> {
    let (number, rest) = text.split_once(']')?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn a_place_is_named_as_the_caller_wrote_it() {
        let mut places = Places::default();
        let mut messages = vec![Message::text(Role::System, "a")];
        let item = |list, number, parts| Item {
            list,
            number,
            parts,
        };
        let is_made = |part: &Part| matches!(part, Part::Refusal(_));
        places.note(&messages, item("instructions", None, None), is_made);
        messages.push(Message::text(Role::Assistant, "b"));
        places.note(&messages, item("input", Some(0), Some("content")), is_made);
        // Joined to the turn before, with a part that the reader made.
        let more = [
            Part::Refusal(String::new()),
            Part::text("c"),
            Part::text("d"),
        ];
        messages[1].parts.extend(more);
        places.note(&messages, item("input", Some(1), Some("content")), is_made);
        messages.push(Message::text(Role::User, "e"));
        places.note(&messages, item("input", Some(2), None), is_made);
        for (canon, callers) in [
            ("messages[0]", "instructions"),
            ("messages[0].content[0]", "instructions"),
            ("messages[1].name", "input[0].name"),
            (
                "messages[1].content[0].detail",
                "input[0].content[0].detail",
            ),
            (
                "messages[1].content[3]: a document",
                "input[1].content[1]: a document",
            ),
            ("messages[2].content[0]", "input[2]"),
            ("messages[9].content[0]", "messages[9].content[0]"),
            ("stop", "stop"),
            ("messages", "messages"),
        ] {
            assert_eq!(places.name(canon), callers);
        }
        places.put_ahead();
        assert_eq!(places.name("messages[1]"), "instructions");
        assert_eq!(places.name("messages[0]"), "messages[0]");
        let mut none = Places::default();
        none.put_ahead();
        assert_eq!(
            none.name("messages[2].content[0]"),
            "messages[1].content[0]"
        );
    }
}
