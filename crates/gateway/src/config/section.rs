//! Reading a section setting by setting: what is taken is checked, what nobody takes is a fault.
//!
//! A setting's value comes from its variable, else from the file, else it stays at its default. Faults are
//! collected, so that one run shows all of them.

use std::{ops::RangeInclusive, path::Path, str::FromStr};

use toml::de::{DeTable, DeValue};

use super::{
    env::Variables,
    nearest::nearest,
    problem::{Place, Problem},
    raw::{Raw, RawValue, shown},
};

/// What reading a configuration needs and gathers.
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
    pub(super) variables: &'a dyn Variables,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    /// Every setting asked for, by its full name, with its variable.
    pub(super) settings: Vec<(String, String)>,
}

/// One table of the file, or none where it is absent.
pub(super) struct Section<'r, 'a> {
    pub(super) reading: &'r mut Reading<'a>,
    name: String,
    table: Option<&'a DeTable<'a>>,
    place: Place,
    known: Vec<String>,
}

impl<'a> Reading<'a> {
    /// The place of a byte of the file.
    pub(super) fn place(&self, byte: usize) -> Place {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place::File {
            path: self.path.to_path_buf(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
        }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, place: Place, setting: String, say: String) {
        self.problems.push(Problem {
            place,
            setting,
            say,
        });
    }

    /// Notes something that is allowed and probably not meant.
    pub(super) fn warn(&mut self, place: Place, setting: String, say: String) {
        self.warnings.push(Problem {
            place,
            setting,
            say,
        });
    }
}

impl<'r, 'a> Section<'r, 'a> {
    /// A table of its own.
    pub(super) fn new(
        reading: &'r mut Reading<'a>,
        name: String,
        table: Option<&'a DeTable<'a>>,
        place: Place,
    ) -> Self {
        Self {
            reading,
            name,
            table,
            place,
            known: Vec::new(),
        }
    }

    /// Where the table begins.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// The full name of a setting.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.name.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.name)
        }
    }

    /// Notes a fault of one setting.
    pub(super) fn fault(&mut self, place: Place, name: &str, say: impl Into<String>) {
        let setting = self.path_of(name);
        self.reading.fault(place, setting, say.into());
    }

    /// The names in the table of the file, with their places.
    pub(super) fn names(&self) -> Vec<(&'a str, Place)> {
        let keys = self.table.into_iter().flat_map(|table| table.keys());
        keys.map(|key| (key.get_ref().as_ref(), self.reading.place(key.span().start)))
            .collect()
    }

    /// Whether the file says something under this name.
    pub(super) fn says(&self, name: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(name))
    }

    /// Takes a value as it stands; an empty `variable` means that it has none.
    pub(super) fn raw(&mut self, name: &str, variable: &str) -> Option<Raw<'a>> {
        self.known.push(name.to_owned());
        if !variable.is_empty() {
            let setting = self.path_of(name);
            self.reading.settings.push((setting, variable.to_owned()));
            if let Some(value) = self.reading.variables.get(variable) {
                let place = Place::Variable(variable.to_owned());
                return Some(Raw {
                    place,
                    value: RawValue::Variable(value),
                });
            }
        }
        let value = self.table?.get(name)?;
        let place = self.reading.place(value.span().start);
        Some(Raw {
            place,
            value: RawValue::File(value.get_ref()),
        })
    }

    /// A whole number within bounds, both allowed.
    pub(super) fn whole<T: TryFrom<u64>>(
        &mut self,
        name: &str,
        variable: &str,
        within: RangeInclusive<u64>,
        into: &mut T,
    ) {
        let Some(raw) = self.raw(name, variable) else {
            return;
        };
        let number = raw.whole().filter(|number| within.contains(number));
        if let Some(number) = number.and_then(|number| T::try_from(number).ok()) {
            *into = number;
        } else {
            let (low, high) = within.into_inner();
            let say = format!(
                "expected a whole number from {low} to {high}, got {}",
                raw.shown()
            );
            self.fault(raw.place, name, say);
        }
    }

    /// A whole number that may be absent and has no variable.
    pub(super) fn optional_whole<T: TryFrom<u64> + Default>(
        &mut self,
        name: &str,
        within: RangeInclusive<u64>,
        into: &mut Option<T>,
    ) {
        if self.says(name) {
            let mut number = T::default();
            self.whole(name, "", within, &mut number);
            *into = Some(number);
        } else {
            self.known.push(name.to_owned());
        }
    }

    /// True or false, which may be absent and has no variable.
    pub(super) fn optional_flag(&mut self, name: &str, into: &mut Option<bool>) {
        if self.says(name) {
            let mut flag = false;
            self.flag(name, "", &mut flag);
            *into = Some(flag);
        } else {
            self.known.push(name.to_owned());
        }
    }

    /// True or false.
    pub(super) fn flag(&mut self, name: &str, variable: &str, into: &mut bool) {
        let Some(raw) = self.raw(name, variable) else {
            return;
        };
        if let Some(flag) = raw.flag() {
            *into = flag;
        } else {
            let say = format!("expected true or false, got {}", raw.shown());
            self.fault(raw.place, name, say);
        }
    }

    /// A text, with its place.
    pub(super) fn text(&mut self, name: &str, variable: &str) -> Option<(String, Place)> {
        let raw = self.raw(name, variable)?;
        if let Some(text) = raw.text() {
            return Some((text.to_owned(), raw.place));
        }
        // What stands there may be a secret written without quotes, so it is not repeated.
        let say = format!("expected a string, got {}", raw.kind());
        self.fault(raw.place, name, say);
        None
    }

    /// A text that stands for something else; `expected` says what is allowed.
    pub(super) fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        variable: &str,
        expected: &str,
        into: &mut T,
    ) {
        let Some(raw) = self.raw(name, variable) else {
            return;
        };
        if let Some(value) = raw.text().and_then(|text| text.parse().ok()) {
            *into = value;
        } else {
            let say = format!("expected {expected}, got {}", raw.shown());
            self.fault(raw.place, name, say);
        }
    }

    /// One word out of a few.
    pub(super) fn word<T: Copy>(
        &mut self,
        name: &str,
        variable: &str,
        allowed: &[(&str, T)],
    ) -> Option<T> {
        let raw = self.raw(name, variable)?;
        let found = raw
            .text()
            .and_then(|text| allowed.iter().find(|(word, _)| *word == text));
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let words: Vec<String> = allowed
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        let say = format!("expected {}, got {}", words.join(" or "), raw.shown());
        self.fault(raw.place, name, say);
        None
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<(String, Place)>> {
        let raw = self.raw(name, "")?;
        let RawValue::File(DeValue::Array(list)) = raw.value else {
            let say = format!("expected a list of strings, got {}", raw.shown());
            self.fault(raw.place, name, say);
            return None;
        };
        let mut texts = Vec::with_capacity(list.len());
        for item in list {
            let place = self.reading.place(item.span().start);
            if let DeValue::String(text) = item.get_ref() {
                texts.push((text.clone().into_owned(), place));
            } else {
                let say = format!("expected a string, got {}", shown(item.get_ref()));
                self.fault(place, name, say);
            }
        }
        Some(texts)
    }

    /// A table within this one, where there is one.
    pub(super) fn table(&mut self, name: &str) -> Option<Section<'_, 'a>> {
        let raw = self.raw(name, "")?;
        let path = self.path_of(name);
        if let RawValue::File(DeValue::Table(table)) = raw.value {
            return Some(Section::new(self.reading, path, Some(table), raw.place));
        }
        let say = format!("expected a table, got {}", raw.shown());
        self.fault(raw.place, name, say);
        None
    }

    /// A table within this one; as an empty one where there is none, so that its variables are read all the same.
    pub(super) fn section(&mut self, name: &str) -> Section<'_, 'a> {
        let place = self.place();
        let path = self.path_of(name);
        let found = self.raw(name, "");
        let (table, place) = match found {
            None => (None, place),
            Some(Raw {
                place,
                value: RawValue::File(DeValue::Table(table)),
            }) => (Some(table), place),
            Some(raw) => {
                let say = format!("expected a table, written [{path}], got {}", raw.shown());
                self.fault(raw.place.clone(), name, say);
                (None, raw.place)
            }
        };
        Section::new(self.reading, path, table, place)
    }

    /// A list of tables, each with its place.
    pub(super) fn tables(&mut self, name: &str) -> Vec<(&'a DeTable<'a>, Place)> {
        let Some(raw) = self.raw(name, "") else {
            return Vec::new();
        };
        let RawValue::File(DeValue::Array(list)) = raw.value else {
            let path = self.path_of(name);
            let say = format!(
                "expected tables, each under [[{path}]], got {}",
                raw.shown()
            );
            self.fault(raw.place, name, say);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(list.len());
        for item in list {
            let place = self.reading.place(item.span().start);
            if let DeValue::Table(table) = item.get_ref() {
                tables.push((table, place));
            } else {
                let say = format!("expected a table, got {}", shown(item.get_ref()));
                self.fault(place, name, say);
            }
        }
        tables
    }

    /// The end: whatever the file has beyond what was taken is a fault.
    pub(super) fn end(mut self) {
        for (name, place) in self.names() {
            if self.known.iter().any(|known| known == name) {
                continue;
            }
            let near = nearest(name, self.known.iter().map(String::as_str));
            let say = match near {
                Some(near) => format!("there is no such setting; did you mean `{near}`?"),
                None => format!(
                    "there is no such setting; allowed: {}",
                    self.known.join(", ")
                ),
            };
            self.fault(place, name, say);
        }
    }
}
