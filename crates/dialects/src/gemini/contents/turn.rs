//! The parts of one message, and which of them each signature belongs to.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::wire::{Body, NO_SIGNATURE, Piece};

/// The parts of one message, while signatures look for theirs.
#[derive(Default)]
pub(super) struct Turn<'a> {
    pub(super) parts: Vec<Piece<'a>>,
    /// Signatures of calls, by id; other wires put them before or behind the call.
    of_calls: Vec<(&'a str, &'a str)>,
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

    /// Remembers a signature: of a call, of the part just pushed, or of one yet to come.
    pub(super) fn sign(&mut self, call: Option<&'a str>, signature: &'a str) {
        if let Some(call) = call {
            self.of_calls.push((call, signature));
            return;
        }
        match self.parts.last_mut() {
            Some(last) if last.signature.is_none() && !matches!(last.body, Body::Call { .. }) => {
                last.signature = Some(Cow::Borrowed(signature));
            }
            _ => self.early.push(signature),
        }
    }

    /// Puts the signatures where they belong and gives the parts away.
    pub(super) fn finish(&mut self, signs_calls: bool) -> Vec<Piece<'a>> {
        for (call, signature) in std::mem::take(&mut self.of_calls) {
            let place = self
                .parts
                .iter_mut()
                .find(|piece| matches!(&piece.body, Body::Call { id, .. } if *id == call));
            match place {
                Some(piece) => piece.signature = Some(Cow::Borrowed(signature)),
                None => self.orphans.push(format!("the signature of {call:?}")),
            }
        }
        for signature in std::mem::take(&mut self.early) {
            // What it signed stands behind it where the wire in between keeps thinking apart: the
            // last text or picture, as Gemini signs the end of an answer.
            let is_open = |piece: &&mut Piece<'_>| {
                let signs = matches!(
                    piece.body,
                    Body::Text(_) | Body::Inline { .. } | Body::File { .. }
                );
                signs && piece.signature.is_none()
            };
            let place = self.parts.iter_mut().rev().find(is_open);
            match place {
                Some(piece) => piece.signature = Some(Cow::Borrowed(signature)),
                None => self.parts.push(Piece {
                    signature: Some(Cow::Borrowed(signature)),
                    ..Piece::new(Body::Text(""))
                }),
            }
        }
        if signs_calls {
            self.excuse_unsigned_calls();
        }
        std::mem::take(&mut self.parts)
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
