//! Streamed answers, both ways.

mod open;
mod parse;
mod render;
mod scan;
mod steps;

pub(super) use parse::Parser;
pub(super) use render::Renderer;
