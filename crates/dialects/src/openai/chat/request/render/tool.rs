//! Tools, the choice among them and the form of the answer, for a vendor.

use canon::{Dialect, Format, Request, Tool, ToolChoice, ToolKind};
use serde_json::{Map, Value};

use super::{Body, FOREIGN, render_mark};
use crate::{
    Form, Loss,
    json::{Array, Object},
};

/// What a schema without a name is called; the dialect demands one.
const SCHEMA_NAME: &str = "response";

impl Body<'_> {
    /// Writes `tools` and what depends on them.
    pub(super) fn tools(&mut self, request: &Request) {
        let mut said = Vec::with_capacity(request.tools.len());
        for (index, tool) in request.tools.iter().enumerate() {
            match &tool.kind {
                ToolKind::Native { dialect, .. } if *dialect != Dialect::OpenAiChat => {
                    let what = format!("tools[{index}]");
                    self.loss.push(Loss::new(what, "a tool of another dialect"));
                }
                ToolKind::Function { .. } | ToolKind::Custom { .. } | ToolKind::Native { .. } => {
                    said.push((index, tool));
                }
            }
        }
        let has_tools = !said.is_empty() && self.takes("tools");
        if has_tools {
            let mut list = self.object.array("tools");
            for (index, tool) in said {
                report(tool, index, self.form, self.loss);
                render_tool(tool, self.form, &mut list);
            }
            list.close();
        }
        self.tool_choice(request.tool_choice.as_ref(), has_tools);
        if has_tools {
            self.optional("parallel_tool_calls", request.parallel_tool_calls);
        }
    }

    fn tool_choice(&mut self, choice: Option<&ToolChoice>, has_tools: bool) {
        match choice {
            None => {}
            // Vendors refuse a choice among no tools, and it says nothing.
            Some(ToolChoice::Auto | ToolChoice::None) if !has_tools => {}
            Some(ToolChoice::Auto) => self.optional("tool_choice", Some("auto")),
            Some(ToolChoice::None) => self.optional("tool_choice", Some("none")),
            Some(ToolChoice::Required) => {
                let word = if self.form.required_is_any {
                    "any"
                } else {
                    "required"
                };
                self.optional("tool_choice", Some(word));
            }
            Some(ToolChoice::Function(name)) => {
                let choice = serde_json::json!({"type": "function", "function": {"name": name}});
                self.optional("tool_choice", Some(choice));
            }
            Some(ToolChoice::Custom(name)) => {
                let choice = serde_json::json!({"type": "custom", "custom": {"name": name}});
                self.optional("tool_choice", Some(choice));
            }
            Some(ToolChoice::Allowed { required, names }) => {
                let tools: Vec<_> = names
                    .iter()
                    .map(|name| serde_json::json!({"type": "function", "function": {"name": name}}))
                    .collect();
                let mode = if *required { "required" } else { "auto" };
                let allowed = serde_json::json!({"mode": mode, "tools": tools});
                let choice = serde_json::json!({"type": "allowed_tools", "allowed_tools": allowed});
                self.optional("tool_choice", Some(choice));
            }
            Some(ToolChoice::Native {
                dialect: Dialect::OpenAiChat,
                value,
            }) => self.optional("tool_choice", Some(value)),
            Some(ToolChoice::Native { .. }) => {
                let loss = Loss::new("tool_choice", "a choice of another dialect");
                self.loss.push(loss);
            }
        }
    }

    /// Writes `response_format`.
    pub(super) fn format(&mut self, format: Option<&Format>) {
        let Some(format) = format else { return };
        if !self.takes("response_format") {
            return;
        }
        let mut object = self.object.object("response_format");
        match format {
            Format::Text => object.field("type", "text"),
            Format::JsonObject => object.field("type", "json_object"),
            Format::Python => object.field("type", "python"),
            Format::Grammar(grammar) => {
                object.field("type", "grammar");
                object.field("grammar", grammar);
            }
            Format::JsonSchema {
                name,
                description,
                schema,
                strict,
            } => {
                object.field("type", "json_schema");
                let mut inner = object.object("json_schema");
                inner.field("name", name.as_deref().unwrap_or(SCHEMA_NAME));
                inner.optional("description", description.as_deref());
                inner.optional("schema", schema.as_ref());
                inner.optional("strict", *strict);
                inner.close();
            }
        }
        object.close();
    }
}

fn report(tool: &Tool, index: usize, form: &Form, loss: &mut Vec<Loss>) {
    if tool.cache.is_some() && !form.cache_marks {
        let what = format!("tools[{index}].cache_control");
        loss.push(Loss::new(what, "this provider has no cache breakpoints"));
    }
    if tool
        .extras
        .any()
        .is_some_and(|(dialect, _)| dialect != Dialect::OpenAiChat)
    {
        loss.push(Loss::new(format!("tools[{index}]"), FOREIGN));
    }
}

fn render_tool(tool: &Tool, form: &Form, list: &mut Array<'_>) {
    let mut object = list.object();
    match &tool.kind {
        ToolKind::Function {
            name,
            description,
            parameters,
            strict,
        } => {
            object.field("type", "function");
            let extras = tool.extras.of(Dialect::OpenAiChat);
            let mut function = object.object("function");
            function.field("name", name);
            function.optional("description", description.as_deref());
            function.optional("parameters", parameters.as_ref());
            function.optional("strict", *strict);
            for (name, value) in inner(extras, "function").into_iter().flatten() {
                function.field(name, value);
            }
            function.close();
            for (name, value) in extras.into_iter().flatten() {
                if name != "function" {
                    object.field(name, value);
                }
            }
        }
        ToolKind::Custom {
            name,
            description,
            format,
        } => {
            object.field("type", "custom");
            let extras = tool.extras.of(Dialect::OpenAiChat);
            let mut custom = object.object("custom");
            custom.field("name", name);
            custom.optional("description", description.as_deref());
            if let Some(format) = format {
                render_custom_format(format, custom.key("format"));
            }
            for (name, value) in inner(extras, "custom").into_iter().flatten() {
                custom.field(name, value);
            }
            custom.close();
            for (name, value) in extras.into_iter().flatten() {
                if name != "custom" {
                    object.field(name, value);
                }
            }
        }
        ToolKind::Native { value, .. } => {
            for (name, value) in value.as_object().into_iter().flatten() {
                object.field(name, value);
            }
        }
    }
    if let Some(mark) = tool.cache
        && form.cache_marks
    {
        render_mark(mark, &mut object);
    }
    object.close();
}

/// The form of a custom tool's input: a grammar stands in an object of its own here.
fn render_custom_format(format: &Value, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    let is_grammar = format.get("type").and_then(Value::as_str) == Some("grammar");
    let mut grammar = Map::new();
    for (name, value) in format.as_object().into_iter().flatten() {
        if is_grammar && name != "type" {
            grammar.insert(name.clone(), value.clone());
        } else {
            object.field(name, value);
        }
    }
    if is_grammar {
        object.field("grammar", &grammar);
    }
    object.close();
}

/// The fields left over from an object inside the one these extras are of.
pub(super) fn inner<'a>(
    extras: Option<&'a Map<String, Value>>,
    name: &str,
) -> Option<&'a Map<String, Value>> {
    extras?.get(name)?.as_object()
}
