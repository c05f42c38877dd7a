//! How long the first token may take, by what kind of model it is.

use canon::Request;

use crate::catalog::Model;

/// How long the first token may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A model that cannot think.
    Fast,
    /// One that can, and was not asked to.
    Normal,
    /// One that thinks before it answers, perhaps without showing it.
    Reasoning,
}

impl Class {
    /// The class of a request to a model; one that the catalogue does not know is `Normal`.
    #[must_use]
    pub fn of(model: Option<&Model>, request: &Request) -> Self {
        let Some(model) = model else {
            return Self::Normal;
        };
        let wish = request.reasoning.as_ref();
        let asked = wish.map(|wish| wish.enabled != Some(false));
        match &model.reasoning {
            None => Self::Fast,
            Some(own) if own.mandatory || asked == Some(true) => Self::Reasoning,
            Some(own) if own.default_effort.is_some() && asked.is_none() => Self::Reasoning,
            Some(_) => Self::Normal,
        }
    }
}
