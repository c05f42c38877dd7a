//! The parts of one message, and which of them each signature belongs to.

use std::{borrow::Cow, collections::HashMap};

use serde_json::{Map, Value};

use super::super::signature::{Place, Waiting};
use super::super::wire::{Body, NO_SIGNATURE, Piece};

/// The parts of one message, while signatures look for theirs.
#[derive(Default)]
pub(super) struct Turn<'a> {
    pub(super) parts: Vec<Piece<'a>>,
    /// Signatures of calls, by id; other wires put them before or behind the call.
    of_calls: Vec<(&'a str, &'a str)>,
    /// Signatures of text and pictures, by their places.
    waiting: Waiting<&'a str>,
    /// Signatures that stand before any part they could belong to.
    early: Vec<&'a str>,
    /// Signatures whose call is missing, filled by [`Turn::finish`].
    pub(super) orphans: Vec<String>,
}

impl<'a> Turn<'a> {
    pub(super) fn push(&mut self, body: Body<'a>) {
        self.push_with(body, None);
    }

    pub(super) fn push_with(&mut self, body: Body<'a>, extras: Option<&'a Map<String, Value>>) {
        self.parts.push(Piece {
            extras,
            ..Piece::new(body)
        });
    }

    /// Remembers a signature: of what its id names, of the part just pushed, or of one yet to come.
    pub(super) fn sign(&mut self, id: Option<&'a str>, signature: &'a str) {
        if let Some(id) = id {
            match Place::of(id) {
                Some(place) => self.waiting.add(place, signature),
                None => self.of_calls.push((id, signature)),
            }
            return;
        }
        match self.parts.last_mut() {
            Some(last) if last.signature.is_none() && !matches!(last.body, Body::Call { .. }) => {
                last.signature = Some(Cow::Borrowed(signature));
            }
            _ => self.early.push(signature),
        }
    }

    /// Puts a signature on the thought just pushed, if there is one that waits for it.
    pub(super) fn sign_thought(&mut self, signature: Option<&'a str>) -> bool {
        let last = self
            .parts
            .last_mut()
            .filter(|last| last.signature.is_none() && matches!(last.body, Body::Thought(_)));
        let (Some(last), Some(signature)) = (last, signature) else {
            return false;
        };
        last.signature = Some(Cow::Borrowed(signature));
        true
    }

    /// Puts the signatures where they belong and gives the parts away.
    pub(super) fn finish(&mut self, signs_calls: bool) -> Vec<Piece<'a>> {
        self.sign_calls();
        self.sign_places();
        self.sign_ends();
        if signs_calls {
            self.excuse_unsigned_calls();
        }
        std::mem::take(&mut self.parts)
    }

    /// Puts signatures on the calls that they name.
    fn sign_calls(&mut self) {
        if self.of_calls.is_empty() {
            return;
        }
        let mut calls = HashMap::new();
        for piece in &mut self.parts {
            if let Body::Call { id, .. } = piece.body {
                calls.entry(id).or_insert(piece);
            }
        }
        for (call, signature) in std::mem::take(&mut self.of_calls) {
            match calls.get_mut(call) {
                Some(piece) => piece.signature = Some(Cow::Borrowed(signature)),
                None => self.orphans.push(format!("the signature of {call:?}")),
            }
        }
    }

    /// Puts signatures on the very text or picture they came on; text that was joined since is cut again.
    fn sign_places(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        for piece in std::mem::take(&mut self.parts) {
            match piece.body {
                Body::Text(text) if piece.signature.is_none() => {
                    for (number, (text, signature)) in
                        self.waiting.text(text).into_iter().enumerate()
                    {
                        self.parts.push(Piece {
                            signature: signature.map(Cow::Borrowed),
                            extras: piece.extras.filter(|_| number == 0),
                            ..Piece::new(Body::Text(text))
                        });
                    }
                }
                Body::Inline { .. } | Body::File { .. } => {
                    let signature = self.waiting.media().map(Cow::Borrowed);
                    let signature = signature.or(piece.signature);
                    self.parts.push(Piece { signature, ..piece });
                }
                Body::Text(_)
                | Body::Thought(_)
                | Body::Call { .. }
                | Body::Result { .. }
                | Body::Native(_) => self.parts.push(piece),
            }
        }
        if self.waiting.is_at_begin() {
            // There is no text at all: an empty part that was signed is one again.
            for (text, signature) in self.waiting.text("") {
                if let Some(signature) = signature {
                    self.parts.push(Piece {
                        signature: Some(Cow::Borrowed(signature)),
                        ..Piece::new(Body::Text(text))
                    });
                }
            }
        }
        self.early.extend(self.waiting.rest());
    }

    /// Puts signatures whose parts nobody names where Gemini signs an answer: each on the last text or picture that has
    /// none, else on an empty part.
    fn sign_ends(&mut self) {
        let is_open = |piece: &Piece<'_>| {
            let signs = matches!(
                piece.body,
                Body::Text(_) | Body::Inline { .. } | Body::File { .. }
            );
            signs && piece.signature.is_none()
        };
        let mut early = std::mem::take(&mut self.early).into_iter();
        let open = self.parts.iter_mut().rev().filter(|piece| is_open(piece));
        for (piece, signature) in open.zip(early.by_ref()) {
            piece.signature = Some(Cow::Borrowed(signature));
        }
        self.parts.extend(early.map(|signature| Piece {
            signature: Some(Cow::Borrowed(signature)),
            ..Piece::new(Body::Text(""))
        }));
    }

    /// The first of parallel calls carries the signature; one that another vendor's model made has
    /// none.
    fn excuse_unsigned_calls(&mut self) {
        let is_call = |piece: &&mut Piece<'_>| matches!(piece.body, Body::Call { .. });
        if let Some(first) = self.parts.iter_mut().find(is_call)
            && first.signature.is_none()
        {
            first.signature = Some(Cow::Borrowed(NO_SIGNATURE));
        }
    }
}
