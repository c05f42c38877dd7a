//! A value before it is checked: as the file or a variable has it.

use toml::de::DeValue;

use super::problem::Place;

/// A value before it is checked, and where it stands.
pub(super) struct Raw<'a> {
    pub(super) place: Place,
    pub(super) value: RawValue<'a>,
}

/// A value of the file or of a variable.
pub(super) enum RawValue<'a> {
    File(&'a DeValue<'a>),
    Variable(String),
}

impl Raw<'_> {
    /// The value as a text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            RawValue::File(value) => value.as_str(),
            RawValue::Variable(text) => Some(text),
        }
    }

    /// The value as a whole number of 0 or more.
    pub(super) fn whole(&self) -> Option<u64> {
        match &self.value {
            RawValue::File(value) => {
                let number = value.as_integer()?;
                u64::from_str_radix(number.as_str(), number.radix()).ok()
            }
            RawValue::Variable(text) => text.replace('_', "").parse().ok(),
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match &self.value {
            RawValue::File(value) => value.as_bool(),
            RawValue::Variable(text) => text.parse().ok(),
        }
    }

    /// The value in a few words, for a message.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            RawValue::File(value) => shown(value),
            RawValue::Variable(text) => format!("{text:?}"),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            RawValue::File(value) => value.type_str(),
            RawValue::Variable(_) => "string",
        }
    }
}

/// A value in a few words, for a message.
pub(super) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
