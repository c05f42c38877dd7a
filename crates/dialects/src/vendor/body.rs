//! The body of a request under way: fields that this vendor refuses are left out, and reported.

use serde::Serialize;

use crate::{Loss, Target, json::Object};

/// A request's outermost object, with what becomes of fields that cannot be sent.
pub(crate) struct Body<'a, 'l> {
    /// The object.
    pub(crate) object: Object<'a>,
    /// What was lost so far.
    pub(crate) loss: &'l mut Vec<Loss>,
    drops: &'static [&'static str],
}

impl<'a, 'l> Body<'a, 'l> {
    /// Begins a body for this target.
    pub(crate) fn open(out: &'a mut Vec<u8>, target: &Target<'_>, loss: &'l mut Vec<Loss>) -> Self {
        Self {
            object: Object::open(out),
            loss,
            drops: target.form.drops,
        }
    }

    /// Whether a field can be written: it is there, and this vendor takes it.
    pub(crate) fn takes(&mut self, name: &'static str, is_there: bool) -> bool {
        let is_refused = is_there && self.drops.contains(&name);
        if is_refused {
            self.lose(name, "this vendor refuses it");
        }
        is_there && !is_refused
    }

    /// Writes a field.
    pub(crate) fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        if self.takes(name, true) {
            self.object.field(name, value);
        }
    }

    /// Writes a field that may be absent.
    pub(crate) fn optional<T: Serialize>(&mut self, name: &'static str, value: Option<T>) {
        if let Some(value) = value {
            self.field(name, &value);
        }
    }

    /// Reports a loss.
    pub(crate) fn lose(&mut self, what: &'static str, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }

    /// Ends the body.
    pub(crate) fn close(self) {
        self.object.close();
    }
}
