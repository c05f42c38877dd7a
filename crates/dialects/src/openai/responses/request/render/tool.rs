//! Tools, the choice among them and the form of the answer. What is written here for vendors is also what answers
//! repeat to callers.

use canon::{Format, Request, Tool, ToolChoice, ToolKind};
use serde_json::{Value, json};

use super::{Body, FOREIGN, render_mark};
use crate::{Loss, json::Object, openai::responses::DIALECT};

/// What a schema without a name is called; the dialect demands one.
const SCHEMA_NAME: &str = "response";

impl Body<'_> {
    /// Writes `tools` and what depends on them.
    pub(super) fn tools(&mut self, request: &Request) {
        let mut said = Vec::with_capacity(request.tools.len());
        for (index, tool) in request.tools.iter().enumerate() {
            let is_foreign =
                |extras: &canon::Extras| extras.any().is_some_and(|(from, _)| from != DIALECT);
            match &tool.kind {
                ToolKind::Native { dialect, .. } if *dialect != DIALECT => {
                    let what = format!("tools[{index}]");
                    self.loss.push(Loss::new(what, "a tool of another dialect"));
                    continue;
                }
                ToolKind::Function { .. } | ToolKind::Custom { .. } | ToolKind::Native { .. } => {}
            }
            if tool.cache.is_some() && !self.form.cache_marks {
                let what = format!("tools[{index}].cache_control");
                let why = "this provider has no cache breakpoints";
                self.loss.push(Loss::new(what, why));
            }
            if is_foreign(&tool.extras) {
                self.loss
                    .push(Loss::new(format!("tools[{index}]"), FOREIGN));
            }
            said.push(tool);
        }
        let has_tools = !said.is_empty() && self.takes("tools");
        if has_tools {
            let mut list = self.object.array("tools");
            for tool in said {
                let mut object = list.object();
                render_tool(tool, &mut object);
                if let Some(mark) = tool.cache
                    && self.form.cache_marks
                {
                    render_mark(mark, &mut object);
                }
                object.close();
            }
            list.close();
        }
        match &request.tool_choice {
            None => {}
            // Vendors refuse a choice among no tools, and it says nothing.
            Some(ToolChoice::Auto | ToolChoice::None) if !has_tools => {}
            Some(choice) => match tool_choice(choice) {
                Some(value) => self.optional("tool_choice", Some(value)),
                None => self
                    .loss
                    .push(Loss::new("tool_choice", "a choice of another dialect")),
            },
        }
        if has_tools {
            self.optional("parallel_tool_calls", request.parallel_tool_calls);
        }
    }

    /// Writes `text`: the form of the answer and its length in words.
    pub(super) fn text(&mut self, request: &Request) {
        let extras = request.extras.of(DIALECT).and_then(|it| it.get("text"));
        let extras = extras.and_then(Value::as_object);
        let format = request.format.as_ref().filter(|format| match format {
            Format::Text | Format::JsonObject | Format::JsonSchema { .. } => true,
            Format::Grammar(_) | Format::Python => {
                let why = "this dialect has no answers of this form";
                self.loss.push(Loss::new("response_format", why));
                false
            }
        });
        let is_said = format.is_some() || request.verbosity.is_some() || extras.is_some();
        if !is_said || !self.takes("text") {
            return;
        }
        let mut text = self.object.object("text");
        if let Some(format) = format {
            render_format(format, text.object("format"));
        }
        text.optional("verbosity", request.verbosity.as_deref());
        for (name, value) in extras.into_iter().flatten() {
            text.field(name, value);
        }
        text.close();
    }
}

/// Writes the fields of a tool.
pub(in crate::openai::responses) fn render_tool(tool: &Tool, object: &mut Object<'_>) {
    match &tool.kind {
        ToolKind::Function {
            name,
            description,
            parameters,
            strict,
        } => {
            object.field("type", "function");
            object.field("name", name);
            object.optional("description", description.as_deref());
            object.optional("parameters", parameters.as_ref());
            object.optional("strict", *strict);
        }
        ToolKind::Custom {
            name,
            description,
            format,
        } => {
            object.field("type", "custom");
            object.field("name", name);
            object.optional("description", description.as_deref());
            object.optional("format", format.as_ref());
        }
        ToolKind::Native { value, .. } => {
            for (name, value) in value.as_object().into_iter().flatten() {
                object.field(name, value);
            }
        }
    }
    for (name, value) in tool.extras.of(DIALECT).into_iter().flatten() {
        object.field(name, value);
    }
}

/// A choice among tools as it is written; `None` where it is of another dialect.
pub(in crate::openai::responses) fn tool_choice(choice: &ToolChoice) -> Option<Value> {
    Some(match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(name) => json!({"type": "function", "name": name}),
        ToolChoice::Custom(name) => json!({"type": "custom", "name": name}),
        ToolChoice::Allowed { required, names } => {
            let tool = |name| json!({"type": "function", "name": name});
            let tools: Vec<Value> = names.iter().map(tool).collect();
            let mode = if *required { "required" } else { "auto" };
            json!({"type": "allowed_tools", "mode": mode, "tools": tools})
        }
        ToolChoice::Native { dialect, value } if *dialect == DIALECT => value.clone(),
        ToolChoice::Native { .. } => return None,
    })
}

/// Writes the form of the answer.
pub(in crate::openai::responses) fn render_format(format: &Format, mut object: Object<'_>) {
    match format {
        Format::JsonObject => object.field("type", "json_object"),
        Format::JsonSchema {
            name,
            description,
            schema,
            strict,
        } => {
            object.field("type", "json_schema");
            object.field("name", name.as_deref().unwrap_or(SCHEMA_NAME));
            object.optional("description", description.as_deref());
            object.optional("schema", schema.as_ref());
            object.optional("strict", *strict);
        }
        // The others have no form here, and are reported where a vendor is meant.
        Format::Text | Format::Grammar(_) | Format::Python => object.field("type", "text"),
    }
    object.close();
}
