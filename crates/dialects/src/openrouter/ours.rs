//! What a request asks of Weir alone: the `weir` object. OpenRouter has none.

use canon::{Hedge, OnBreak, OnLoss};
use serde_json::Value;

use crate::{Error, Fields, fields::wrong};

/// The `weir` object, read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ours {
    pub(super) loss: OnLoss,
    pub(super) on_break: Option<OnBreak>,
    pub(super) hedge: Option<Hedge>,
}

impl Ours {
    /// Takes `weir`. A misspelt wish would be dropped without a word, so other fields are refused.
    pub(super) fn take(fields: &mut Fields) -> Result<Self, Error> {
        let Some(mut ours) = fields.object("weir")? else {
            return Ok(Self::default());
        };
        let read = Self {
            loss: take_loss(&mut ours)?,
            on_break: take_on_break(&mut ours)?,
            hedge: take_hedge(&mut ours)?,
        };
        nothing_else(ours, "only the fields loss, on_break and hedge")?;
        Ok(read)
    }
}

/// `true` to hear what a vendor could not be told, `"refuse"` to do without such vendors.
fn take_loss(ours: &mut Fields) -> Result<OnLoss, Error> {
    match ours.value("loss") {
        None | Some(Value::Bool(false)) => Ok(OnLoss::Silent),
        Some(Value::Bool(true)) => Ok(OnLoss::Tell),
        Some(Value::String(word)) if word == "refuse" => Ok(OnLoss::Refuse),
        Some(other) => Err(ours.wrong("loss", "true, false or \"refuse\"", &other)),
    }
}

fn take_on_break(ours: &mut Fields) -> Result<Option<OnBreak>, Error> {
    match ours.string("on_break")?.as_deref() {
        None => Ok(None),
        Some("fail") => Ok(Some(OnBreak::Fail)),
        Some("continue") => Ok(Some(OnBreak::Continue)),
        Some(other) => Err(ours.wrong("on_break", "\"fail\" or \"continue\"", &other.into())),
    }
}

/// `{"after_ms": 800}`, or `false` where the gateway hedges by itself and this request shall not be.
fn take_hedge(ours: &mut Fields) -> Result<Option<Hedge>, Error> {
    const EXPECTED: &str = "false or {\"after_ms\": milliseconds}";
    let path = ours.path_of("hedge");
    match ours.value("hedge") {
        None => Ok(None),
        Some(Value::Bool(false)) => Ok(Some(Hedge::Off)),
        Some(value @ Value::Object(_)) => {
            let mut hedge = Fields::from_value(value, path)?;
            let wait = hedge.value("after_ms");
            let Some(wait) = wait else {
                return Err(hedge.missing("after_ms", "milliseconds, from 1 to 600000"));
            };
            let ms = wait.as_u64().and_then(|ms| u32::try_from(ms).ok());
            let Some(ms) = ms.filter(|ms| (1..=600_000).contains(ms)) else {
                return Err(hedge.wrong("after_ms", "milliseconds, from 1 to 600000", &wait));
            };
            nothing_else(hedge, "only the field after_ms")?;
            Ok(Some(Hedge::After { ms }))
        }
        Some(other) => Err(wrong(&path, EXPECTED, &other)),
    }
}

fn nothing_else(fields: Fields, expected: &str) -> Result<(), Error> {
    let path = fields.path().to_owned();
    match fields.into_map().into_iter().next() {
        None => Ok(()),
        Some((name, value)) => Err(wrong(&format!("{path}.{name}"), expected, &value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(body: &str) -> Result<Ours, Error> {
        Ours::take(&mut Fields::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn what_becomes_of_losses_is_one_of_three() {
        let loss = |body| ours(body).map(|ours| ours.loss);
        assert_eq!(loss("{}").unwrap(), OnLoss::Silent);
        assert_eq!(loss(r#"{"weir":{}}"#).unwrap(), OnLoss::Silent);
        assert_eq!(loss(r#"{"weir":{"loss":true}}"#).unwrap(), OnLoss::Tell);
        let refuse = r#"{"weir":{"loss":"refuse"}}"#;
        assert_eq!(loss(refuse).unwrap(), OnLoss::Refuse);
    }

    #[test]
    fn a_break_and_a_late_token_are_answered_as_asked() {
        let read = ours(r#"{"weir":{"on_break":"continue","hedge":{"after_ms":800}}}"#).unwrap();
        assert_eq!(read.on_break, Some(OnBreak::Continue));
        assert_eq!(read.hedge, Some(Hedge::After { ms: 800 }));
        let read = ours(r#"{"weir":{"on_break":"fail","hedge":false}}"#).unwrap();
        assert_eq!(read.on_break, Some(OnBreak::Fail));
        assert_eq!(read.hedge, Some(Hedge::Off));
    }

    #[test]
    fn every_other_wish_is_refused_by_its_path() {
        for (wrong, path) in [
            (r#"{"weir":{"loss":"none"}}"#, "weir.loss"),
            (r#"{"weir":{"lost":true}}"#, "weir.lost"),
            (r#"{"weir":true}"#, "weir"),
            (r#"{"weir":{"on_break":"retry"}}"#, "weir.on_break"),
            (r#"{"weir":{"hedge":true}}"#, "weir.hedge"),
            (r#"{"weir":{"hedge":{}}}"#, "weir.hedge.after_ms"),
            (
                r#"{"weir":{"hedge":{"after_ms":0}}}"#,
                "weir.hedge.after_ms",
            ),
            (
                r#"{"weir":{"hedge":{"after_ms":800,"n":2}}}"#,
                "weir.hedge.n",
            ),
        ] {
            assert_eq!(ours(wrong).unwrap_err().path(), Some(path), "{wrong}");
        }
    }
}
