//! The gateway tested from outside: its configuration, its keys, and the whole of it behind HTTP.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod books;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod command;
#[cfg(test)]
mod config;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod forwarding;
#[cfg(test)]
mod house;
#[cfg(test)]
mod keyring;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod models;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod streams;
