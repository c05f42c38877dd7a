//! Streamed answers: events of this dialect to canon's and back.

mod event;
mod item;
mod read;
mod render;

pub(super) use read::Reader;
pub(super) use render::Renderer;
