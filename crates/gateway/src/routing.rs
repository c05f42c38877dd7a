//! What the choice of an endpoint rests on, beside the request: what is known of each endpoint, what the operator wants,
//! where a conversation is warm, which models a router means; and how it is told afterwards.

pub mod affinity;
pub mod explain;
pub mod health;
pub mod routers;
pub mod terms;
