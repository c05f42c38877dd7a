//! What a known vendor is told beyond its key: the settings of its address and of other credentials.

use std::path::Path;

use canon::Secret;
use providers::{Configured, Error, Setting, SettingKind, Settings, Upstream};

use super::Provider;
use crate::config::{env, env::Variables, problem::Place, secret, section::Section};

/// Where the home folder is; clouds' own tools keep credentials below it.
const HOME: &str = "HOME";

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
    for setting in vendor.all_settings() {
        let variable = env::of_provider(vendor.id, setting.name);
        let value = match section.text(setting.name, &variable) {
            Some((text, place)) => written(section, setting, (text, place)),
            None if named || setting.kind == SettingKind::Text => elsewhere(section, setting),
            None => None,
        };
        if let Some(value) = value {
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
    if setting.kind == SettingKind::Text {
        return Some(Secret::new(text));
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

/// A setting as the vendor's own tools have it: in a variable, or in a file below the home folder.
fn elsewhere(section: &mut Section<'_, '_>, setting: &Setting) -> Option<Secret<String>> {
    let variables = section.reading.variables;
    let found = setting
        .variables
        .iter()
        .find_map(|name| Some((*name, variables.get(name)?)));
    let below_home = match setting.kind {
        SettingKind::Text => return found.map(|(_, text)| Secret::new(text)),
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

/// Whether the vendor can be called with what was given; else why not, as a fault where the vendor is named and as a
/// warning where only its key was found.
pub(super) fn is_usable(
    section: &mut Section<'_, '_>,
    vendor: &'static providers::Provider,
    (provider, listed, named): (&Provider, bool, bool),
) -> bool {
    let made = Upstream::configured(vendor, provider.configured());
    let place = section.place();
    let Err(error) = made else { return true };
    let name = match &error {
        Error::NoKey { .. } => {
            if listed {
                let path = section.path_of("api_key");
                let say = format!("no key is set, so this vendor is not enabled ({error})");
                section.reading.warn(place, path, say);
            }
            return false;
        }
        Error::Setting { setting, .. } | Error::Unusable { setting, .. } => setting,
        Error::Address { .. } => "base_url",
        Error::Key { .. } | Error::Id { .. } | Error::Dialect { .. } => "api_key",
    };
    if named {
        section.fault(place, name, error.to_string());
    } else {
        let path = section.path_of(name);
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
