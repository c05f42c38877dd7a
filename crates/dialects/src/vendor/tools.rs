//! Tools for dialects that know functions and perhaps tools of their own: what is on offer, which of it may be used,
//! and calls whose arguments must be objects.

use std::borrow::Cow;

use canon::{CacheMark, Dialect, Request, Tool, ToolCall, ToolChoice, ToolKind};
use serde_json::{Value, json};

use crate::{
    Loss,
    json::object_text,
    unsaid::{FOREIGN, lose_extras},
};

/// What can be offered.
#[derive(Debug)]
pub(crate) struct Offer<'a> {
    /// The caller's functions; where the caller allows only some of them, these.
    pub(crate) functions: Vec<Function<'a>>,
    /// Tools that only this dialect has, whole.
    pub(crate) natives: Vec<&'a Value>,
    /// Which of them may or must be used.
    pub(crate) choice: Choice<'a>,
}

/// A function on offer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function<'a> {
    /// Where it stands among the request's tools.
    pub(crate) index: usize,
    pub(crate) name: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) parameters: Option<&'a Value>,
    pub(crate) strict: Option<bool>,
    pub(crate) cache: Option<CacheMark>,
}

/// Which tools may or must be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// The model decides; said or not.
    Auto,
    /// None of them.
    Never,
    /// At least one.
    Any,
    /// This one.
    One(&'a str),
}

impl<'a> Offer<'a> {
    /// What the request offers in terms of `dialect`; the rest is added to `loss`.
    pub(crate) fn of(request: &'a Request, dialect: Dialect, loss: &mut Vec<Loss>) -> Self {
        let mut offer = Self {
            functions: Vec::new(),
            natives: Vec::new(),
            choice: Choice::Auto,
        };
        for (index, tool) in request.tools.iter().enumerate() {
            lose_extras(&tool.extras, dialect, &format!("tools[{index}]"), loss);
            offer.add(index, tool, dialect, loss);
        }
        offer.choose(request.tool_choice.as_ref(), loss);
        offer
    }

    /// Whether there is nothing on offer.
    pub(crate) const fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.natives.is_empty()
    }

    /// Leaves only this function on offer: for dialects that can demand a call, but not of which.
    pub(crate) fn keep_only(&mut self, name: &str) {
        self.functions.retain(|function| function.name == name);
        self.natives.clear();
    }

    fn add(&mut self, index: usize, tool: &'a Tool, own: Dialect, loss: &mut Vec<Loss>) {
        let why = match &tool.kind {
            ToolKind::Function {
                name,
                description,
                parameters,
                strict,
            } => {
                self.functions.push(Function {
                    index,
                    name,
                    description: description.as_deref(),
                    parameters: parameters.as_ref(),
                    strict: *strict,
                    cache: tool.cache,
                });
                return;
            }
            ToolKind::Native { dialect, value } if *dialect == own => {
                self.natives.push(value);
                return;
            }
            ToolKind::Native { .. } => FOREIGN,
            ToolKind::Custom { .. } => "tools take JSON here, and this one free text",
        };
        loss.push(Loss::new(format!("tools[{index}]"), why));
    }

    fn choose(&mut self, choice: Option<&'a ToolChoice>, loss: &mut Vec<Loss>) {
        let is_demand = match choice {
            None | Some(ToolChoice::Auto | ToolChoice::None) => false,
            Some(ToolChoice::Allowed { required, .. }) => *required,
            Some(_) => true,
        };
        self.choice = match choice {
            None | Some(ToolChoice::Auto) => Choice::Auto,
            Some(ToolChoice::None) => Choice::Never,
            Some(ToolChoice::Required) => Choice::Any,
            Some(ToolChoice::Function(name)) => Choice::One(name),
            Some(ToolChoice::Allowed { required, names }) => {
                // Those that may not be used are not offered.
                let is_allowed = |name: &str| names.iter().any(|allowed| allowed == name);
                self.functions.retain(|function| is_allowed(function.name));
                if *required { Choice::Any } else { Choice::Auto }
            }
            Some(ToolChoice::Custom(_) | ToolChoice::Native { .. }) => {
                loss.push(Loss::new("tool_choice", FOREIGN));
                Choice::Auto
            }
        };
        if is_demand && self.is_empty() && self.choice != Choice::Auto {
            loss.push(Loss::new("tool_choice", "there is no tool to choose"));
            self.choice = Choice::Auto;
        }
    }
}

/// The arguments of a call at `at` as the text of an object; other text is packed into one, and reported.
pub(crate) fn arguments<'a>(call: &'a ToolCall, at: &str, loss: &mut Vec<Loss>) -> Cow<'a, str> {
    let (name, why) = if call.custom {
        ("input", "free text, sent as a text in an object")
    } else if let Some(object) = object_text(&call.arguments) {
        return Cow::Borrowed(object);
    } else {
        ("arguments", "no JSON object; sent as a text in one")
    };
    loss.push(Loss::new(format!("{at}.arguments"), why));
    Cow::Owned(json!({ name: call.arguments }).to_string())
}
