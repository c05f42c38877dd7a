//! Tools: what is on offer, what the model calls and what comes back.

use serde_json::Value;

use super::{CacheMark, Extras, Part};
use crate::Dialect;

/// A tool on offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// What kind of tool.
    pub kind: ToolKind,
    /// Prompt cache breakpoint behind this tool.
    pub cache: Option<CacheMark>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}

/// What kind of tool is on offer.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolKind {
    /// A function of the caller's.
    Function {
        /// Its name.
        name: String,
        /// What it does.
        description: Option<String>,
        /// JSON Schema of its arguments.
        parameters: Option<Value>,
        /// Whether the vendor must guarantee the schema.
        strict: Option<bool>,
    },
    /// A tool of the caller's that takes free text (OpenAI's `custom` tools).
    Custom {
        /// Its name.
        name: String,
        /// What it does.
        description: Option<String>,
        /// The form its input must have (`{"type":"text"}`, or a grammar with `syntax` and `definition`), flat,
        /// as OpenAI Responses writes it.
        format: Option<Value>,
    },
    /// A tool that only one dialect has (a vendor's own web search, bash …), whole.
    Native {
        /// The dialect it is from.
        dialect: Dialect,
        /// The tool as it came.
        value: Value,
    },
}

/// Which tools may or must be used.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// None of them.
    None,
    /// At least one.
    Required,
    /// This function.
    Function(String),
    /// This custom tool.
    Custom(String),
    /// One of these functions, or (unless `required`) none.
    Allowed {
        /// Whether at least one must be called.
        required: bool,
        /// Their names.
        names: Vec<String>,
    },
    /// A choice that only one dialect has, whole.
    Native {
        /// The dialect it is from.
        dialect: Dialect,
        /// The choice as it came.
        value: Value,
    },
}

/// The model calls a function.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// The id its result refers to.
    pub id: String,
    /// The function.
    pub name: String,
    /// Its arguments as JSON text, byte for byte as they came; of a custom tool, its input, which is free text.
    pub arguments: String,
    /// Whether it is a custom tool.
    pub custom: bool,
    /// Prompt cache breakpoint behind this call.
    pub cache: Option<CacheMark>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}

/// What a tool said.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// The call it answers.
    pub call_id: String,
    /// Text, images, files. May be empty.
    pub parts: Vec<Part>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// Prompt cache breakpoint behind this result.
    pub cache: Option<CacheMark>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}
