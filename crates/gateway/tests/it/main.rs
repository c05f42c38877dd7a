//! The gateway tested from outside: its configuration, its keys, and the whole of it behind HTTP.

#[cfg(test)]
mod config;
#[cfg(test)]
mod keyring;
