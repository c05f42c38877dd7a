//! Streamed answers, both ways.

mod parse;
mod render;
mod scan;
mod steps;

pub(super) use parse::Parser;
pub(super) use render::Renderer;
