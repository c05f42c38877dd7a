//! One endpoint of a plan, and on which wire it is asked.

use std::sync::Arc;

use canon::{Dialect, Fault};
use policy::catalog::{Endpoint, Model};
use providers::{Upstream, Way};

use crate::{affinity::Kept, snapshot::Snapshot};

/// One endpoint to call.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) endpoint: usize,
    pub(super) rests: bool,
    pub(super) searches: bool,
    /// The conversation that it answers, so that it is remembered who did.
    pub(in crate::relay) kept: Option<Kept>,
    /// Tokens that the request is expected to use.
    pub(in crate::relay) tokens: u64,
    /// The provider behind it.
    pub upstream: Arc<Upstream>,
}

impl Target {
    /// The endpoint as the catalogue knows it.
    ///
    /// # Errors
    /// It is not in the catalogue; a fault of ours.
    pub fn endpoint(&self) -> Result<&Endpoint, Fault> {
        let endpoint = self.snapshot.catalog.all_endpoints().get(self.endpoint);
        endpoint.ok_or_else(|| Fault::ours("a plan names an endpoint that is not in its catalogue"))
    }

    /// The model as the catalogue knows it.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        let endpoint = self.snapshot.catalog.all_endpoints().get(self.endpoint)?;
        self.snapshot.catalog.model(endpoint.model.as_str())
    }

    /// The wire to ask it on, for a caller of this dialect.
    ///
    /// # Errors
    /// As of [`Target::endpoint`].
    pub fn way(&self, caller: Dialect) -> Result<&Way, Fault> {
        let endpoint = self.endpoint()?;
        if self.searches
            && let Some(way) = self.upstream.searching_way(endpoint.model.as_str())
        {
            return Ok(way);
        }
        let wanted = if endpoint.responses_only {
            Dialect::OpenAiResponses
        } else {
            caller
        };
        Ok(self.upstream.way(wanted, endpoint.model.as_str()))
    }

    /// Whether it rested when the plan was made: then it is the last resort.
    #[must_use]
    pub const fn rests(&self) -> bool {
        self.rests
    }

    /// Its index in the catalogue.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.endpoint
    }
}
