//! Why bytes are not what they should be: where, what was found, what is allowed.

/// Why bytes are not what they should be. `Display` is fit for the caller's ears.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON at all.
    #[error("the body is not valid JSON: {reason} at byte {byte}{}", at_path(.path))]
    Json {
        /// Offset of the first byte that does not fit, from 0.
        byte: usize,
        /// How far the structure was understood (`messages[2].content`), where known.
        path: String,
        /// What is wrong, in a few words.
        reason: String,
    },
    /// A field has the wrong type or a value that is not allowed.
    #[error("`{path}`: expected {expected}, got {found}")]
    Field {
        /// Where (`messages[2].content`).
        path: String,
        /// What is allowed.
        expected: String,
        /// What was there: a type, or a short value.
        found: String,
    },
    /// A field that must be there is not.
    #[error("`{path}` is missing: expected {expected}")]
    Missing {
        /// Where.
        path: String,
        /// What is allowed.
        expected: String,
    },
    /// The dialect cannot say it, and leaving it out would answer another question.
    #[error("{what} cannot be sent to this model: {why}")]
    Unsayable {
        /// What (`messages[0].content[1]: a document`).
        what: String,
        /// Why not.
        why: &'static str,
    },
}

fn at_path(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(" (in `{path}`)")
    }
}

impl Error {
    /// The same error with its place in other words.
    pub(crate) fn renamed(mut self, name: impl FnOnce(&str) -> String) -> Self {
        let place = match &mut self {
            Self::Json { path, .. } | Self::Field { path, .. } | Self::Missing { path, .. } => path,
            Self::Unsayable { what, .. } => what,
        };
        *place = name(place);
        self
    }

    /// The field it is about, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Json { path, .. } | Self::Field { path, .. } | Self::Missing { path, .. } => {
                Some(path)
            }
            Self::Unsayable { .. } => None,
        }
    }
}
