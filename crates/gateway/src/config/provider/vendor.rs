//! What a known vendor is told beyond its key: the settings of its address and of other credentials.

use std::path::Path;

use canon::Secret;
use providers::{Configured, Error, Setting, SettingKind, Settings, Upstream};

use super::Provider;
use crate::config::{env, env::Variables, problem::Place, secret, section::Section};

/// Where the home folder is; clouds' own tools keep credentials below it.
const HOME: &str = "HOME";

/// What lies about yields to what the configuration says: where it writes the first, the others do not count as clouds'
/// own tools have them, so that parts of two accounts are never mixed.
const YIELDING: [(&str, &[&str]); 5] = [
    ("access_key_id", &["session_token"]),
    ("aws_access_key_id", &["aws_session_token"]),
    (
        "profile",
        &[
            "access_key_id",
            "secret_access_key",
            "session_token",
            "role_arn",
            "web_identity_token_file",
        ],
    ),
    (
        "web_identity_token_file",
        &["access_key_id", "secret_access_key", "session_token"],
    ),
    ("federated_token_file", &["client_secret"]),
];

/// Whether the configuration says by what else than a key this vendor is shown who asks: then a key that lies about is
/// not meant.
pub(super) fn says_credentials(section: &Section<'_, '_>, vendor: &providers::Provider) -> bool {
    let chooses = |setting: &&Setting| {
        setting.kind != SettingKind::Text
            || matches!(setting.name, "access_key_id" | "profile" | "role_arn")
    };
    let mut choosing = vendor.auth.settings().iter().filter(chooses);
    choosing.any(|setting| is_written(section, vendor, setting.name))
}

/// Whether the file or Weir's own variable has a setting.
fn is_written(section: &Section<'_, '_>, vendor: &providers::Provider, name: &str) -> bool {
    let variables = section.reading.variables;
    section.says(name) || variables.get(&env::of_provider(vendor.id, name)).is_some()
}

/// Whether the variables say anything about this vendor that is Weir's own to read.
pub(super) fn is_named(vendor: &providers::Provider, variables: &dyn Variables) -> bool {
    let ours = super::SETTINGS.iter().copied();
    let its = vendor.all_settings().map(|setting| setting.name);
    ours.chain(its)
        .any(|name| variables.get(&env::of_provider(vendor.id, name)).is_some())
}

/// Reads the settings. Of a vendor that nobody names, only what anyone may read: its key is enough.
pub(super) fn read(
    section: &mut Section<'_, '_>,
    vendor: &providers::Provider,
    named: bool,
) -> Settings {
    let mut settings = Settings::default();
    let yields: Vec<&str> = YIELDING
        .iter()
        .filter(|(name, _)| is_written(section, vendor, name))
        .flat_map(|(_, yielding)| yielding.iter().copied())
        .collect();
    for setting in vendor.all_settings() {
        let variable = env::of_provider(vendor.id, setting.name);
        let value = match section.text(setting.name, &variable) {
            Some((text, place)) => written(section, setting, (text, place)),
            None if yields.contains(&setting.name) => None,
            None if named || is_open(setting) => elsewhere(section, setting),
            None => None,
        };
        if let Some(value) = value {
            settings.set(setting.name, value);
        }
    }
    settings
}

/// Reads the settings that a place of a vendor says itself.
pub(super) fn read_written(
    section: &mut Section<'_, '_>,
    vendor: &providers::Provider,
) -> Settings {
    let mut settings = Settings::default();
    for setting in vendor.all_settings() {
        let said = section.text(setting.name, "");
        if let Some(value) = said.and_then(|said| written(section, setting, said)) {
            settings.set(setting.name, value);
        }
    }
    settings
}

/// A setting as the file or Weir's own variable has it.
fn written(
    section: &mut Section<'_, '_>,
    setting: &Setting,
    (text, place): (String, Place),
) -> Option<Secret<String>> {
    if is_open(setting) {
        let path = matches!(setting.kind, SettingKind::Path(_));
        let bare = text.strip_prefix("file:").filter(|_| path);
        return Some(Secret::new(bare.map_or(text.clone(), str::to_owned)));
    }
    match secret::document(&text, section.reading.variables) {
        Ok(resolved) => {
            if resolved.literal && matches!(setting.kind, SettingKind::File(_)) {
                let say = "expected \"file:PATH\" or \"env:NAME\"";
                section.fault(place, setting.name, say);
                return None;
            }
            if resolved.literal && matches!(place, Place::File { .. }) {
                let say = "a secret in the open: write \"env:NAME\" or \"file:PATH\"".to_owned();
                let path = section.path_of(setting.name);
                section.reading.warn(place, path, say);
            }
            Some(resolved.secret)
        }
        Err(say) => {
            section.fault(place, setting.name, say);
            None
        }
    }
}

/// Whether anyone may read it.
const fn is_open(setting: &Setting) -> bool {
    matches!(setting.kind, SettingKind::Text | SettingKind::Path(_))
}

/// A path below the home folder, where there is something.
fn existing(variables: &dyn Variables, below_home: &str) -> Option<String> {
    if below_home.is_empty() {
        return None;
    }
    let path = Path::new(&variables.get(HOME)?).join(below_home);
    path.exists().then(|| path.to_str().map(str::to_owned))?
}

/// A setting as the vendor's own tools have it: in a variable, or in a file below the home folder.
fn elsewhere(section: &mut Section<'_, '_>, setting: &Setting) -> Option<Secret<String>> {
    let variables = section.reading.variables;
    let found = setting
        .variables
        .iter()
        .find_map(|name| Some((*name, variables.get(name)?)));
    let below_home = match setting.kind {
        SettingKind::Text => return found.map(|(_, text)| Secret::new(text)),
        SettingKind::Path(below_home) => {
            let text = found.map(|(_, text)| text);
            let text = text.or_else(|| existing(variables, below_home));
            return text.map(Secret::new);
        }
        SettingKind::Secret => "",
        SettingKind::File(below_home) => below_home,
    };
    let (place, reference) = match found {
        Some((name, _)) if setting.kind == SettingKind::Secret => {
            (Place::Variable(name.to_owned()), format!("env:{name}"))
        }
        Some((name, path)) => (Place::Variable(name.to_owned()), format!("file:{path}")),
        None if below_home.is_empty() => return None,
        None => {
            let path = Path::new(&variables.get(HOME)?).join(below_home);
            if !path.is_file() {
                return None;
            }
            let path = path.to_str()?.to_owned();
            (section.place(), format!("file:{path}"))
        }
    };
    match secret::document(&reference, variables) {
        Ok(resolved) => Some(resolved.secret),
        Err(say) => {
            section.fault(place, setting.name, say);
            None
        }
    }
}

/// Whether the vendor can be called with what was given, at each of its places; else why not, as a fault where the
/// vendor is named and as a warning where only its key was found.
pub(super) fn is_usable(
    section: &mut Section<'_, '_>,
    vendor: &'static providers::Provider,
    (provider, listed, named): (&Provider, bool, bool),
) -> bool {
    if provider.places.is_empty() {
        let made = Upstream::configured(vendor, provider.configured());
        return made.map_or_else(
            |error| refuse(section, &error, "", (listed, named)),
            |_| true,
        );
    }
    let mut all = true;
    for place in &provider.places {
        if let Err(error) = Upstream::configured(vendor, place.configured()) {
            let below = format!("places.{}.", place.name);
            all &= refuse(section, &error, &below, (listed, named));
        }
    }
    all
}

/// Says why a vendor cannot be called; `below` is its place, with a dot behind it.
fn refuse(
    section: &mut Section<'_, '_>,
    error: &Error,
    below: &str,
    (listed, named): (bool, bool),
) -> bool {
    let place = section.place();
    let name = match error {
        Error::NoKey { .. } => {
            if listed {
                let path = section.path_of(&format!("{below}api_key"));
                let say = format!("no key is set, so this vendor is not enabled ({error})");
                section.reading.warn(place, path, say);
            }
            return false;
        }
        Error::Setting { setting, .. } | Error::Unusable { setting, .. } => setting,
        Error::Address { .. } => "base_url",
        Error::Key { .. } | Error::Id { .. } | Error::Dialect { .. } => "api_key",
    };
    let name = format!("{below}{name}");
    if named {
        section.fault(place, &name, error.to_string());
    } else {
        let path = section.path_of(&name);
        section.reading.warn(place, path, error.to_string());
    }
    false
}

impl Provider {
    /// The same for the crate that calls known vendors.
    #[must_use]
    pub fn configured(&self) -> Configured {
        Configured {
            base_url: self.base_url.clone(),
            key: self.api_key.clone(),
            settings: self.settings.clone(),
            also: self.also.clone(),
        }
    }
}
