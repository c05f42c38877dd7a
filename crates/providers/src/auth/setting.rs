//! What an operator may say about a vendor beyond its key and its address.

use std::collections::BTreeMap;

use canon::Secret;

/// One setting of a vendor, as `[providers.ID]` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Environment variables that the vendor's users know it by, the first that is set wins.
    pub variables: &'static [&'static str],
    /// What it holds.
    pub kind: SettingKind,
    /// What holds where nothing is said.
    pub default: Option<&'static str>,
    /// One sentence for the operator.
    pub says: &'static str,
}

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// A text that anyone may read.
    Text,
    /// A secret, or a reference to one.
    Secret,
    /// The content of a file. The configuration refers to it (`"file:PATH"`), a variable holds its path, and where
    /// neither says anything it may lie at this path below the home folder (empty: nowhere).
    File(&'static str),
    /// A path, for what is read again and again because others write it anew. Where neither the configuration nor a
    /// variable names it, it may be this one below the home folder (empty: nowhere).
    Path(&'static str),
}

/// What was given, by name. `Debug` shows names only.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<&'static str, Secret<String>>);

impl Setting {
    /// A text without a default.
    pub(crate) const fn text(
        name: &'static str,
        variables: &'static [&'static str],
        says: &'static str,
    ) -> Self {
        Self {
            name,
            variables,
            kind: SettingKind::Text,
            default: None,
            says,
        }
    }

    /// A secret.
    pub(crate) const fn secret(
        name: &'static str,
        variables: &'static [&'static str],
        says: &'static str,
    ) -> Self {
        Self {
            kind: SettingKind::Secret,
            ..Self::text(name, variables, says)
        }
    }

    /// The content of a file.
    pub(crate) const fn file(
        name: &'static str,
        variables: &'static [&'static str],
        below_home: &'static str,
        says: &'static str,
    ) -> Self {
        Self {
            kind: SettingKind::File(below_home),
            ..Self::text(name, variables, says)
        }
    }

    /// A path.
    pub(crate) const fn path(
        name: &'static str,
        variables: &'static [&'static str],
        below_home: &'static str,
        says: &'static str,
    ) -> Self {
        Self {
            kind: SettingKind::Path(below_home),
            ..Self::text(name, variables, says)
        }
    }

    /// The same with a default.
    pub(crate) const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }
}

impl Settings {
    /// Takes down a value; an empty one counts as none.
    pub fn set(&mut self, name: &'static str, value: Secret<String>) {
        if !value.expose().is_empty() {
            self.0.insert(name, value);
        }
    }

    /// Forgets a value.
    pub fn unset(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Takes over every value of others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose().as_str())
    }

    /// The same, as it was given.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret<String>> {
        self.0.get(name).cloned()
    }

    /// Whether nothing was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every value that `settings` calls a secret.
    pub(crate) fn secrets<'a>(
        &'a self,
        settings: impl Iterator<Item = &'static Setting> + 'a,
    ) -> impl Iterator<Item = &'a str> {
        settings
            .filter(|setting| setting.kind == SettingKind::Secret)
            .filter_map(|setting| self.get(setting.name))
    }
}
