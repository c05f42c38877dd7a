//! Addresses with blanks: `https://bedrock-runtime.{region}.amazonaws.com`.

use canon::Secret;

use super::Error;
use crate::{Provider, Settings};

/// A blank that could not be filled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blank {
    /// Nothing was given for it.
    Empty(String),
    /// What was given can be no part of an address.
    Odd(String),
}

/// Fills in the blanks. `{region-}` is the region and a dash behind it, and nothing where the region is `global`:
/// so Google names its hosts.
pub(super) fn fill(template: &str, settings: &Settings) -> Result<String, Blank> {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let (blank, behind) = behind.split_once('}').unwrap_or((behind, ""));
        let name = blank.trim_end_matches('-');
        let value = settings
            .get(name)
            .ok_or_else(|| Blank::Empty(name.to_owned()))?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if value.starts_with('.') || !value.bytes().all(is_plain) {
            return Err(Blank::Odd(name.to_owned()));
        }
        if name == blank {
            text.push_str(value);
        } else if value != "global" {
            text.push_str(value);
            text.push('-');
        }
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

/// Adds the defaults of what was not given, and takes off what tools write around a host.
pub(super) fn complete(provider: &'static Provider, settings: &mut Settings) {
    for setting in provider.all_settings() {
        if let (None, Some(default)) = (settings.get(setting.name), setting.default) {
            settings.set(setting.name, Secret::new(default.to_owned()));
        }
    }
    for setting in provider.settings {
        let bare = settings
            .get(setting.name)
            .and_then(|value| value.strip_prefix("https://"))
            .map(|value| value.trim_end_matches('/').to_owned());
        if let Some(bare) = bare {
            settings.set(setting.name, Secret::new(bare));
        }
    }
}

impl Blank {
    /// The same as an error about a vendor.
    pub(super) fn of(self, provider: &'static Provider) -> Error {
        let (Self::Empty(name) | Self::Odd(name)) = &self;
        let known = provider
            .all_settings()
            .find(|setting| setting.name == name.as_str());
        let provider = provider.id.to_owned();
        let setting = known.map_or("a blank of its address", |known| known.name);
        match self {
            Self::Empty(_) => Error::Setting {
                provider,
                setting,
                variables: known.map_or(&[], |known| known.variables),
            },
            Self::Odd(_) => Error::Unusable {
                provider,
                setting,
                why: "only letters, digits, dots, dashes and underscores can stand in an address",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &'static str, value: &str) -> Settings {
        let mut settings = Settings::default();
        settings.set(name, Secret::new(value.to_owned()));
        settings
    }

    #[test]
    fn blanks_are_filled_and_a_global_region_has_no_host_of_its_own() {
        let template = "https://{region-}aiplatform.googleapis.com/v1/locations/{region}";
        for (region, address) in [
            (
                "us-east5",
                "https://us-east5-aiplatform.googleapis.com/v1/locations/us-east5",
            ),
            (
                "global",
                "https://aiplatform.googleapis.com/v1/locations/global",
            ),
        ] {
            assert_eq!(fill(template, &given("region", region)).unwrap(), address);
        }
        assert_eq!(
            fill("https://a.b/c", &Settings::default()).unwrap(),
            "https://a.b/c"
        );
    }

    #[test]
    fn a_value_cannot_lead_to_another_host() {
        for value in ["evil.com/", "a@b", "a?b", "..", "a b", "a#"] {
            let odd = fill("https://{region}.amazonaws.com", &given("region", value));
            assert_eq!(odd, Err(Blank::Odd("region".to_owned())), "{value}");
        }
        let empty = fill("https://{region}.amazonaws.com", &Settings::default());
        assert_eq!(empty, Err(Blank::Empty("region".to_owned())));
    }
}
