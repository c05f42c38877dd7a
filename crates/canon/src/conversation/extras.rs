//! Unknown fields, tagged with the dialect they came from.

use serde_json::{Map, Value};

use crate::Dialect;

/// Fields of one object that canon has no name for. One pointer wide, and empty nearly always.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extras(Option<Box<(Dialect, Map<String, Value>)>>);

impl Extras {
    /// No extra fields.
    pub const NONE: Self = Self(None);

    /// The fields left over from an object of this dialect.
    #[must_use]
    pub fn new(dialect: Dialect, fields: Map<String, Value>) -> Self {
        if fields.is_empty() {
            Self(None)
        } else {
            Self(Some(Box::new((dialect, fields))))
        }
    }

    /// The fields, if they came from this dialect; another dialect must report them as lost.
    #[must_use]
    pub fn of(&self, dialect: Dialect) -> Option<&Map<String, Value>> {
        self.0
            .as_ref()
            .filter(|extras| extras.0 == dialect)
            .map(|extras| &extras.1)
    }

    /// Where the fields came from and what they are.
    #[must_use]
    pub fn any(&self) -> Option<(Dialect, &Map<String, Value>)> {
        self.0.as_ref().map(|extras| (extras.0, &extras.1))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds one field. Fields of another dialect that were here before are dropped: an object has one origin.
    pub fn insert(&mut self, dialect: Dialect, name: &str, value: Value) {
        match &mut self.0 {
            Some(extras) if extras.0 == dialect => {
                extras.1.insert(name.to_owned(), value);
            }
            _ => {
                let mut fields = Map::new();
                fields.insert(name.to_owned(), value);
                self.0 = Some(Box::new((dialect, fields)));
            }
        }
    }
}
