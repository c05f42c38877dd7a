//! Where keys come from, and how they are had.

use std::time::Duration;

use serde_json::Value;

use super::{Keys, Machine, container::Container, sso::Session, sts::Role};
use crate::{
    Client,
    auth::token::{Fetching, Source, TokenError, life_until},
};

/// How long keys are kept that never end: where somebody writes them anew, that is seen.
const FOREVER: Duration = Duration::from_hours(24);

/// Where keys come from.
#[derive(Debug)]
pub(super) enum Origin {
    /// They were given.
    Fixed(Keys),
    /// A role that is taken on.
    Role(Box<Role>),
    /// A container's own address.
    Container(Container),
    /// The machine.
    Machine(Machine),
    /// A user who signed on once.
    Session(Session),
}

impl Source for Origin {
    type Good = Keys;

    fn fetch<'a>(&'a self, client: &'a Client, now_s: i64) -> Fetching<'a, Keys> {
        Box::pin(async move {
            match self {
                Self::Fixed(keys) => Ok((keys.clone(), FOREVER)),
                Self::Role(role) => role.keys(client, now_s).await,
                Self::Container(container) => container.keys(client, now_s).await,
                Self::Machine(machine) => machine.keys(client, now_s).await,
                Self::Session(session) => session.keys(client, now_s).await,
            }
        })
    }
}

/// Keys as machines and containers give them.
pub(super) fn parse(body: &[u8], now_s: i64) -> Result<(Keys, Duration), TokenError> {
    let read = || {
        let body: Value = serde_json::from_slice(body).ok()?;
        let member = |name: &str| body.get(name)?.as_str().filter(|text| !text.is_empty());
        let keys = Keys::new(
            member("AccessKeyId")?,
            member("SecretAccessKey")?,
            member("Token"),
        );
        let life = member("Expiration").map(|time| life_until(time, now_s));
        Some((keys, life.unwrap_or(Some(FOREVER))?))
    };
    read().ok_or(TokenError::Garbage)
}
