//! What is asked of who is tried: the caller's request, or what was made of it to go on with an answer that broke off.

use canon::{Fault, Request};

use super::Meter;
use crate::relay::{
    Admitted,
    ask::{self, Asking},
    continuation::{Seam, Sequel},
    hold::Asked,
};

impl Meter {
    /// What is asked: the caller's request, or what was made of it to go on with an answer.
    pub(in crate::relay) fn go_on_with(&mut self, sequel: Sequel) {
        self.sequel = Some(Box::new(sequel));
    }

    /// How the answer to what was made of the request joins what the caller has.
    pub(in crate::relay) fn take_seam(&mut self) -> Option<Seam> {
        self.sequel.as_mut()?.seam.take()
    }

    /// What is asked of who is tried, to be fitted to a target.
    pub(in crate::relay) fn request_mut(&mut self) -> &mut Request {
        match &mut self.sequel {
            Some(sequel) => &mut sequel.request,
            None => &mut self.admitted.request,
        }
    }

    /// Fits what is asked to the target of the attempt under way. Gives back the service tier that the caller wants.
    ///
    /// # Errors
    /// As of [`Target::endpoint`].
    pub(in crate::relay) fn fit(&mut self) -> Result<Option<String>, Fault> {
        let limit = self.leg.clamped_to;
        let request = match &mut self.sequel {
            Some(sequel) => &mut sequel.request,
            None => &mut self.admitted.request,
        };
        let limit = limit.or(request.sampling.max_tokens);
        ask::fit(request, &self.leg.target, limit)
    }

    /// The call of the attempt under way.
    pub(in crate::relay) fn asking(&self) -> Asking<'_> {
        Asking {
            target: &self.leg.target,
            request: asked(&self.admitted, self.sequel.as_deref()).request,
            dialect: self.admitted.dialect,
            generation: &self.admitted.generation,
        }
    }
}

/// What is asked: the caller's request, or what was made of it.
pub(super) fn asked<'a>(admitted: &'a Admitted, sequel: Option<&'a Sequel>) -> Asked<'a> {
    match sequel {
        Some(sequel) => Asked {
            request: &sequel.request,
            bytes: admitted.body_bytes.saturating_add(sequel.added_bytes),
        },
        None => Asked {
            request: &admitted.request,
            bytes: admitted.body_bytes,
        },
    }
}
