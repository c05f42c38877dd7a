//! After a fault: again, elsewhere, or stop. The only place that acts on [`canon::Again`].

use canon::{Again, Fault, Kind};

use super::{Plan, Target, Why};

/// What to do after a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try this one.
    Try(Target),
    /// Nothing is left, or nothing would help.
    Stop,
}

impl Plan {
    /// Who would be asked next, where it is an endpoint of the same model as the last one and not one of last resort:
    /// to be asked beside it. [`Plan::next`] takes it.
    #[must_use]
    pub fn beside(&self) -> Option<&Target> {
        let last = self.targets.get(self.next.checked_sub(1)?)?;
        let next = self.targets.get(self.next)?;
        (next.rank == last.rank && next.why != Why::Resting).then_some(next)
    }

    /// The first to try, or the next one after `fault`.
    ///
    /// A fault that another endpoint of the same model may not have leads to the next endpoint. A fault of the
    /// request itself (too long, refused for its content) leads to the next *model* of the caller's list, where
    /// there is one (spec/inference.md §7.4).
    pub fn next(&mut self, fault: Option<&Fault>) -> Next {
        let rank = match fault {
            None => 0,
            Some(fault) => {
                let failed = self
                    .next
                    .checked_sub(1)
                    .and_then(|failed| self.targets.get(failed));
                let failed = failed.map_or(0, |target| target.rank);
                match fault.again {
                    Again::Elsewhere { .. } | Again::OtherAccount => 0,
                    Again::Never if another_model_may_do(fault.kind) => failed + 1,
                    Again::Never => return Next::Stop,
                }
            }
        };
        let left = self.targets.get(self.next..).unwrap_or_default();
        let Some(skipped) = left.iter().position(|target| target.rank >= rank) else {
            return Next::Stop;
        };
        self.next += skipped + 1;
        self.targets
            .get(self.next - 1)
            .cloned()
            .map_or(Next::Stop, Next::Try)
    }
}

/// Faults of the request that depend on the model.
const fn another_model_may_do(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ContextLengthExceeded
            | Kind::MaxTokensExceeded
            | Kind::TokenLimitExceeded
            | Kind::StringTooLong
            | Kind::ContentPolicyViolation
            | Kind::Refusal
            | Kind::InvalidRequest
            | Kind::InvalidPrompt
            | Kind::Unprocessable
            | Kind::InvalidImage
            | Kind::ImageTooLarge
            | Kind::ImageTooSmall
            | Kind::UnsupportedImageFormat
            | Kind::PayloadTooLarge
    )
}
