//! The ways between bytes and events: cut anywhere, short, and in other words.

pub(crate) mod chunking;
pub(crate) mod content;
pub(crate) mod emulation;
pub(crate) mod events;
pub(crate) mod short;
pub(crate) mod whole;
