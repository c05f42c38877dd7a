//! Who is asked, who is left alone, and what is measured of it.

mod affinity;
mod failover;
mod figures;
mod health;
mod metadata;
mod preferences;
mod regions;
mod replay;
mod routers;
mod search;
mod storm;
mod terms;
