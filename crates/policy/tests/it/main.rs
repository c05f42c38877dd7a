//! The laws of policy, one module a subject.

#[cfg(test)]
mod affinity;
mod catalog;
mod health;
#[cfg(test)]
mod ledger;
mod measure;
mod places;
mod pricing;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod routers;
mod routing;
mod storm;
#[cfg(test)]
mod terms;
