//! The routers: what a request is about, who is chosen, and who never is.

mod choices;
mod tasks;
