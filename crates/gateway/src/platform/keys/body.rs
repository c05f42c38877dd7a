//! The bodies of `POST /keys` and `PATCH /keys/{hash}`: every fault names its field.

use canon::{Fault, Kind, LimitReset, NanoUsd, WorkspaceId};
use dialects::Fields;
use jiff::Timestamp;
use serde_json::{Map, Value};
use store::KeyPatch;

use crate::keyring::{DEFAULT_WORKSPACE, NewKey};

/// The longest name of a key or a workspace, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// Reads the body of `POST /keys`. `now` is in microseconds since 1970.
///
/// # Errors
/// A field is missing, wrong or unknown.
pub(super) fn parse_new(body: &[u8], now: i64) -> Result<NewKey, Fault> {
    let mut fields = Fields::parse(body).map_err(refused)?;
    let name = fields.required_string("name").map_err(refused)?;
    let limit = parse_limit(&mut fields)?;
    let limit_reset = parse_limit_reset(&mut fields)?;
    let byok = fields.bool("include_byok_in_limit").map_err(refused)?;
    let expires_at = match fields.string("expires_at").map_err(refused)? {
        Some(text) => Some(parse_end(&text, now)?),
        None => None,
    };
    let workspace = fields.string("workspace_id").map_err(refused)?;
    let creator = fields.string("creator_user_id").map_err(refused)?;
    if creator.as_deref() == Some("") {
        return Err(wrong("creator_user_id", "a string that is not empty"));
    }
    refuse_the_rest(fields)?;
    Ok(NewKey {
        name: checked_name(name)?,
        management: false,
        limit,
        limit_reset,
        include_byok_in_limit: byok.unwrap_or(false),
        workspace: match workspace {
            Some(text) => checked_workspace(&text)?,
            None => WorkspaceId::new(DEFAULT_WORKSPACE),
        },
        creator,
        expires_at,
    })
}

/// Reads the body of `PATCH /keys/{hash}`: absent stays, `null` clears.
///
/// # Errors
/// A field is wrong, unknown or cannot be changed.
pub(super) fn parse_patch(body: &[u8]) -> Result<KeyPatch, Fault> {
    let mut fields = Fields::parse(body).map_err(refused)?;
    // Fields takes null for absent, which is where a patch tells them apart.
    let written: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let clears = |name: &str| written.get(name).is_some_and(Value::is_null);
    for name in ["expires_at", "workspace_id", "creator_user_id"] {
        if written.contains_key(name) {
            let say = format!("`{name}` cannot be changed: make a new key");
            return Err(Fault::caller(Kind::InvalidRequest, say).with_metadata("param", name));
        }
    }
    for (name, expected) in [
        ("name", "a string"),
        ("disabled", "true or false"),
        ("include_byok_in_limit", "true or false"),
    ] {
        if clears(name) {
            return Err(wrong(name, expected));
        }
    }
    let patch = KeyPatch {
        name: fields
            .string("name")
            .map_err(refused)?
            .map(checked_name)
            .transpose()?,
        disabled: fields.bool("disabled").map_err(refused)?,
        limit: match parse_limit(&mut fields)? {
            None => clears("limit").then_some(None),
            limit => Some(limit),
        },
        limit_reset: match parse_limit_reset(&mut fields)? {
            None => clears("limit_reset").then_some(None),
            reset => Some(reset),
        },
        include_byok_in_limit: fields.bool("include_byok_in_limit").map_err(refused)?,
    };
    refuse_the_rest(fields)?;
    Ok(patch)
}

/// The name of a key.
///
/// # Errors
/// It is empty or too long.
fn checked_name(name: String) -> Result<String, Fault> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(wrong("name", "a string of 1 to 256 bytes"));
    }
    Ok(name)
}

fn checked_workspace(text: &str) -> Result<WorkspaceId, Fault> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.bytes().all(fits) {
        return Err(wrong("workspace_id", "the id of a workspace"));
    }
    Ok(WorkspaceId::new(text))
}

fn parse_limit(fields: &mut Fields) -> Result<Option<NanoUsd>, Fault> {
    let Some(number) = fields.number("limit").map_err(refused)? else {
        return Ok(None);
    };
    match number.to_string().parse::<NanoUsd>() {
        Ok(limit) if limit >= NanoUsd::ZERO => Ok(Some(limit)),
        _ => Err(wrong(
            "limit",
            "USD, 0 or more, with at most nine decimal places",
        )),
    }
}

fn parse_limit_reset(fields: &mut Fields) -> Result<Option<LimitReset>, Fault> {
    let Some(name) = fields.string("limit_reset").map_err(refused)? else {
        return Ok(None);
    };
    match LimitReset::named(&name) {
        Some(reset) => Ok(Some(reset)),
        None => Err(wrong("limit_reset", "daily, weekly, monthly or null")),
    }
}

/// When a key ends. Only UTC: an offset is more often a mistake than meant.
fn parse_end(text: &str, now: i64) -> Result<i64, Fault> {
    let is_utc = ["Z", "z", "+00:00", "-00:00"]
        .iter()
        .any(|utc| text.ends_with(utc));
    let expected = "a time in UTC to come, like 2027-01-31T23:59:59Z";
    let end = text.parse::<Timestamp>().ok().filter(|_| is_utc);
    let end = end
        .map(Timestamp::as_microsecond)
        .filter(|micros| *micros > now);
    end.ok_or_else(|| wrong("expires_at", expected))
}

/// What nobody took is a slip that would go unnoticed.
fn refuse_the_rest(fields: Fields) -> Result<(), Fault> {
    match fields.into_map().keys().next() {
        None => Ok(()),
        Some(name) => {
            let say = format!("`{name}`: there is no such field");
            Err(Fault::caller(Kind::InvalidRequest, say).with_metadata("param", name.as_str()))
        }
    }
}

fn wrong(name: &str, expected: &str) -> Fault {
    let say = format!("`{name}`: expected {expected}");
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", name)
}

fn refused(error: dialects::Error) -> Fault {
    let param = error.path().unwrap_or_default().to_owned();
    Fault::caller(Kind::InvalidRequest, error.to_string()).with_metadata("param", param)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000_000;

    fn say(body: &str) -> String {
        parse_new(body.as_bytes(), NOW)
            .unwrap_err()
            .say
            .into_owned()
    }

    #[test]
    fn a_limit_is_kept_to_the_nano_dollar() {
        let new = parse_new(br#"{"name":"a","limit":0.000000001}"#, NOW).unwrap();
        assert_eq!(new.limit, Some(NanoUsd::new(1)));
        let new = parse_new(br#"{"name":"a","limit":12.5,"limit_reset":"weekly"}"#, NOW).unwrap();
        assert_eq!(new.limit, Some(NanoUsd::new(12_500_000_000)));
        assert_eq!(new.limit_reset, Some(LimitReset::Weekly));
    }

    #[test]
    fn every_fault_names_its_field() {
        for (body, field) in [
            ("{}", "name"),
            (r#"{"name":""}"#, "name"),
            (r#"{"name":5}"#, "name"),
            (r#"{"name":"a","limit":-1}"#, "limit"),
            (r#"{"name":"a","limit":1e-10}"#, "limit"),
            (r#"{"name":"a","limit":"5"}"#, "limit"),
            (r#"{"name":"a","limit_reset":"yearly"}"#, "limit_reset"),
            (
                r#"{"name":"a","expires_at":"2030-01-01T00:00:00+02:00"}"#,
                "expires_at",
            ),
            (
                r#"{"name":"a","expires_at":"2020-01-01T00:00:00Z"}"#,
                "expires_at",
            ),
            (r#"{"name":"a","workspace_id":""}"#, "workspace_id"),
            (r#"{"name":"a","creator_user_id":""}"#, "creator_user_id"),
            (r#"{"name":"a","limits":5}"#, "limits"),
        ] {
            assert!(
                say(body).contains(&format!("`{field}`")),
                "{body}: {}",
                say(body)
            );
        }
        assert!(say("{").contains("JSON"), "{}", say("{"));
    }

    #[test]
    fn a_patch_tells_null_from_absent() {
        let patch = parse_patch(br#"{"limit":null,"disabled":true}"#).unwrap();
        assert_eq!((patch.limit, patch.disabled), (Some(None), Some(true)));
        assert_eq!((patch.limit_reset, patch.name), (None, None));
        for body in [
            r#"{"name":null}"#,
            r#"{"workspace_id":"x"}"#,
            r#"{"expires_at":null}"#,
        ] {
            assert!(parse_patch(body.as_bytes()).is_err(), "{body}");
        }
    }
}
