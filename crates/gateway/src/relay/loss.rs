//! What of a request a vendor cannot be told: said to the caller who asks, and kept from happening for the caller who
//! wants that.
//!
//! Dialects declare it while they write a request. For a request that does not put up with losses it is written once
//! more, before any money is held: that costs nothing where nobody asks.

use std::fmt::Write as _;

use canon::{Availability, Dialect, Fault, Kind, OnLoss, Request};
use dialects::Loss;
use http::{HeaderMap, HeaderName, HeaderValue};
use policy::catalog::Parameter;
use serde_json::{Value, json};

use super::{
    ask,
    plan::{Plan, Target},
};

/// Asks for the losses (`1`), or for none (`refuse`); in answers, what they are.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-weir-loss");
/// The most bytes of losses in a header: clients and proxies limit all headers together to some 8 KiB.
const HEADER_BYTES_MAX: usize = 2 << 10;

/// What the headers of a request say of losses.
///
/// # Errors
/// Something that has no meaning.
pub(super) fn wish(headers: &HeaderMap) -> Result<OnLoss, Fault> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(OnLoss::Silent);
    };
    match value.as_bytes() {
        b"0" | b"false" => Ok(OnLoss::Silent),
        b"1" | b"true" => Ok(OnLoss::Tell),
        b"refuse" => Ok(OnLoss::Refuse),
        _ => {
            let say = "X-Weir-Loss: expected 1 (tell what was lost), refuse (lose nothing) or 0";
            Err(Fault::caller(Kind::InvalidRequest, say))
        }
    }
}

/// The losses for a caller: `what; why, what; why`, or `none`. Commas, semicolons and whatever no header may have are
/// percent-encoded within; those that are too many are counted (`+3`).
pub(super) fn header(losses: &[Loss]) -> HeaderValue {
    let mut text = String::new();
    for (place, Loss { what, why }) in losses.iter().enumerate() {
        let between = if place == 0 { "" } else { ", " };
        let next = format!("{between}{}; {}", encoded(what), encoded(why));
        if text.len() + next.len() > HEADER_BYTES_MAX {
            // Writing to a string does not fail.
            let _written = write!(text, "{between}+{}", losses.len() - place);
            break;
        }
        text.push_str(&next);
    }
    if text.is_empty() {
        return HeaderValue::from_static("none");
    }
    // What is encoded can always be sent.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown"))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | b',' | b';' | 0..=0x1f | 0x7f.. => {
                let _written = write!(encoded, "%{byte:02X}");
            }
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

/// Keeps vendors out who cannot be told what a request demands that they are told.
#[derive(Debug)]
pub(super) struct Guard {
    demand: Demand,
    dialect: Dialect,
    /// Who was passed over, and for what.
    passed: Vec<(String, Vec<Loss>)>,
}

/// What has to reach the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    /// What can be said there.
    Nothing,
    /// Every parameter with a name in the catalogue (`provider.require_parameters`).
    Parameters,
    /// Everything (`weir.loss: refuse`).
    Everything,
}

impl Guard {
    pub(super) fn of(request: &Request, dialect: Dialect) -> Self {
        let demand = if request.routing.loss == OnLoss::Refuse {
            Demand::Everything
        } else if request.routing.preferences.require_parameters == Some(true) {
            Demand::Parameters
        } else {
            Demand::Nothing
        };
        Self {
            demand,
            dialect,
            passed: Vec::new(),
        }
    }

    /// The next target of a plan that can be told enough.
    pub(super) fn next(
        &mut self,
        plan: &mut Plan,
        request: &mut Request,
        fault: Option<&Fault>,
    ) -> Option<Target> {
        let mut target = plan.next(fault)?;
        while !self.admits(request, &target) {
            target = plan.next(None)?;
        }
        Some(target)
    }

    /// Whether a target can be told enough; noted where it cannot.
    pub(super) fn admits(&mut self, request: &mut Request, target: &Target) -> bool {
        if self.demand == Demand::Nothing {
            return true;
        }
        let lost = self.lost(request, target);
        if lost.is_empty() {
            return true;
        }
        self.passed.push((target.upstream.name().to_owned(), lost));
        false
    }

    /// What this target cannot be told, of what is demanded.
    fn lost(&self, request: &mut Request, target: &Target) -> Vec<Loss> {
        let mut lost = ask::losses(request, target, self.dialect);
        if self.demand == Demand::Parameters {
            lost.retain(|loss| is_parameter(&loss.what));
        }
        lost
    }

    /// Nobody can be told enough, or there is nobody.
    pub(super) fn nobody(self, requested: &[String]) -> Fault {
        if self.passed.is_empty() {
            return Fault::ours("a plan without a target");
        }
        let (field, advice) = if self.demand == Demand::Everything {
            ("weir.loss", "or do not refuse losses")
        } else {
            (
                "provider.require_parameters",
                "or do not require parameters",
            )
        };
        let mut names: Vec<&str> = self.all().map(|loss| &*loss.what).collect();
        names.sort_unstable();
        names.dedup();
        let detail = format!("leave out {}, {advice}", names.join(", "));
        let say = format!(
            "No endpoints found for {} that can be told the whole request: `{field}`: {detail}",
            requested.join(", ")
        );
        let losses = self.passed.iter().flat_map(|(provider, lost)| {
            let row =
                move |loss: &Loss| json!({"provider": provider, "what": loss.what, "why": loss.why});
            lost.iter().map(row)
        });
        let losses: Vec<Value> = losses.collect();
        let mut affected_providers: Vec<String> =
            self.passed.iter().map(|(name, _)| name.clone()).collect();
        affected_providers.sort_unstable();
        affected_providers.dedup();
        let mut fault = Fault::caller(Kind::NotFound, say).with_metadata("losses", losses);
        fault.availability = Some(Box::new(Availability {
            code: "constraint_filtered",
            requested_models: requested.to_vec(),
            affected_providers,
            excluded_by: vec!["require_parameters"],
            constraint: Some((field.to_owned(), detail)),
            ..Availability::default()
        }));
        fault
    }

    fn all(&self) -> impl Iterator<Item = &Loss> {
        self.passed.iter().flat_map(|(_, lost)| lost)
    }
}

/// Whether a field, or the one it stands in, is a parameter that the catalogue has a name for.
fn is_parameter(what: &str) -> bool {
    let root = what.split(['.', '[']).next().unwrap_or(what);
    Parameter::named(root).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_written_into_one_header() {
        let losses = [
            Loss::new("top_k", "no such field"),
            Loss::new("messages[1].name, é", "dropped; unknown"),
        ];
        assert_eq!(
            header(&losses),
            "top_k; no such field, messages[1].name%2C %C3%A9; dropped%3B unknown"
        );
        assert_eq!(header(&[]), "none");
    }

    #[test]
    fn a_header_of_losses_has_a_limit_and_says_what_is_left_out() {
        let losses = vec![Loss::new("x".repeat(100), "too long"); 50];
        let header = header(&losses);
        assert!(header.len() < HEADER_BYTES_MAX + 16, "{}", header.len());
        let text = header.to_str().unwrap();
        let shown = text.matches("too long").count();
        assert!(text.ends_with(&format!(", +{}", 50 - shown)), "{text}");
        let long = [Loss::new("y".repeat(HEADER_BYTES_MAX), "long")];
        assert_eq!(super::header(&long), "+1");
    }

    #[test]
    fn a_parameter_is_known_by_its_root() {
        for parameter in ["top_k", "reasoning.effort", "logit_bias", "tools[0].strict"] {
            assert!(is_parameter(parameter), "{parameter}");
        }
        assert!(!is_parameter("messages[0].name"));
        assert!(!is_parameter("metadata"));
    }
}
