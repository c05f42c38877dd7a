//! The grammar of Responses streams as a state machine: which event may come when, what brackets what, and that the
//! end repeats what the pieces said (spec/inference.md §4.3, hard point 13).

mod mutants;
mod streams;

use std::collections::BTreeMap;

use serde_json::Value;

/// How strictly a stream is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Every event has a number, from 0 on. Streams recorded before there were numbers have none at all.
    is_numbered: bool,
    /// All events name the same answer, and those of an item the same item. GitHub's gateway gives each event
    /// ids of its own.
    has_stable_ids: bool,
    /// The last event repeats all items. ChatGPT's own backend leaves them out.
    repeats_items: bool,
}

impl Rules {
    /// What we write.
    pub(super) const OURS: Self = Self {
        is_numbered: true,
        has_stable_ids: true,
        repeats_items: true,
    };
}

/// A stream under way.
#[derive(Debug)]
struct Machine {
    rules: Rules,
    events: u64,
    response: Option<String>,
    items: Vec<Item>,
    has_ended: bool,
}

/// An item under way or done.
#[derive(Debug)]
struct Item {
    id: String,
    kind: String,
    parts: Vec<Part>,
    summaries: Vec<Part>,
    arguments: String,
    /// The item as it was when done.
    done: Option<Value>,
}

/// A part of an item, under way or done.
#[derive(Debug)]
struct Part {
    kind: String,
    text: String,
    annotations: usize,
    is_done: bool,
}

/// Says at which event a stream breaks the grammar, and how.
pub(super) fn check(frames: &[Value], rules: Rules) -> Result<(), String> {
    let mut machine = Machine {
        rules,
        events: 0,
        response: None,
        items: Vec::new(),
        has_ended: false,
    };
    for (place, frame) in frames.iter().enumerate() {
        machine
            .event(frame)
            .map_err(|why| format!("event {place} ({}): {why}", frame["type"]))?;
    }
    if machine.has_ended {
        Ok(())
    } else {
        Err("the stream has no end".to_owned())
    }
}

fn ensure(is_so: bool, why: impl Into<String>) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(why.into()) }
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    let found = &value[name];
    found.as_str().ok_or_else(|| format!("{name} is {found}"))
}

fn index(frame: &Value, name: &str) -> Result<usize, String> {
    let found = frame[name]
        .as_u64()
        .ok_or_else(|| format!("{name} is {}", frame[name]))?;
    usize::try_from(found).map_err(|error| error.to_string())
}

impl Machine {
    fn event(&mut self, frame: &Value) -> Result<(), String> {
        ensure(!self.has_ended, "comes behind the end")?;
        let number = &frame["sequence_number"];
        if self.rules.is_numbered {
            ensure(
                *number == self.events,
                format!("has number {number}, not {}", self.events),
            )?;
        } else {
            ensure(number.is_null(), "has a number, unlike others")?;
        }
        self.events += 1;
        let kind = text(frame, "type")?;
        if self.response.is_none() {
            ensure(kind == "response.created", "comes before the beginning")?;
            self.response = Some(text(&frame["response"], "id")?.to_owned());
            return self.whole(&frame["response"], "in_progress");
        }
        match kind {
            "response.in_progress" => {
                ensure(self.items.is_empty(), "comes behind the first item")?;
                self.whole(&frame["response"], "in_progress")
            }
            "error" => Ok(()),
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.has_ended = true;
                let status = kind.strip_prefix("response.").unwrap_or_default();
                self.whole(&frame["response"], status)?;
                self.end(&frame["response"], status)
            }
            "response.output_item.added" => self.added(frame),
            "response.output_item.done" => self.done(frame),
            _ => self.piece(kind, frame),
        }
    }

    /// The answer as a whole, wherever it stands.
    fn whole(&self, response: &Value, status: &str) -> Result<(), String> {
        let id = self.response.as_deref();
        if self.rules.has_stable_ids {
            ensure(response["id"].as_str() == id, "is of another answer")?;
        }
        ensure(response["object"] == "response", "holds no response")?;
        ensure(
            response["status"] == status,
            format!("says {}", response["status"]),
        )?;
        let is_right = match status {
            "failed" => response["error"]["code"].is_string(),
            "incomplete" => response["incomplete_details"]["reason"].is_string(),
            _ => response["error"].is_null() && response["incomplete_details"].is_null(),
        };
        ensure(is_right, "error or incomplete_details do not fit")
    }

    fn added(&mut self, frame: &Value) -> Result<(), String> {
        let place = index(frame, "output_index")?;
        ensure(
            place == self.items.len(),
            format!("item {place} is out of turn"),
        )?;
        let item = &frame["item"];
        let id = text(item, "id")?;
        ensure(!id.is_empty(), "has no id")?;
        ensure(
            self.items.iter().all(|known| known.id != id),
            "has the id of another item",
        )?;
        self.items.push(Item {
            id: id.to_owned(),
            kind: text(item, "type")?.to_owned(),
            parts: Vec::new(),
            summaries: Vec::new(),
            arguments: String::new(),
            done: None,
        });
        Ok(())
    }

    fn piece(&mut self, kind: &str, frame: &Value) -> Result<(), String> {
        let place = index(frame, "output_index")?;
        let item = self
            .items
            .get_mut(place)
            .ok_or("is of an item that never began")?;
        ensure(item.done.is_none(), "is of an item that is done")?;
        if self.rules.has_stable_ids {
            ensure(frame["item_id"] == *item.id, "names another item")?;
        }
        match kind {
            "response.content_part.added" => begin(
                &mut item.parts,
                index(frame, "content_index")?,
                &frame["part"],
            ),
            "response.reasoning_summary_part.added" => begin(
                &mut item.summaries,
                index(frame, "summary_index")?,
                &frame["part"],
            ),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                item.arguments.push_str(text(frame, "delta")?);
                Ok(())
            }
            "response.function_call_arguments.done" => item.called(frame, "arguments"),
            "response.custom_tool_call_input.done" => item.called(frame, "input"),
            _ => item.part(kind, frame),
        }
    }

    fn done(&mut self, frame: &Value) -> Result<(), String> {
        let place = index(frame, "output_index")?;
        let item = self
            .items
            .get_mut(place)
            .ok_or("is of an item that never began")?;
        ensure(item.done.is_none(), "was done before")?;
        let whole = &frame["item"];
        ensure(
            whole["type"] == *item.kind,
            "became an item of another kind",
        )?;
        if self.rules.has_stable_ids {
            ensure(whole["id"] == *item.id, "became another item")?;
        }
        let is_open = |part: &Part| !part.is_done;
        let mut parts = item.parts.iter().chain(&item.summaries);
        ensure(!parts.any(is_open), "has a part that is not done")?;
        match &*item.kind {
            "message" => same(&item.parts, &whole["content"], true)?,
            "reasoning" => {
                same(
                    &item.summaries,
                    &whole["summary"],
                    !item.summaries.is_empty(),
                )?;
                same(&item.parts, &whole["content"], !item.parts.is_empty())?;
            }
            "function_call" => {
                ensure(whole["arguments"] == *item.arguments, "has other arguments")?
            }
            "custom_tool_call" => ensure(whole["input"] == *item.arguments, "has another input")?,
            _ => {}
        }
        item.done = Some(whole.clone());
        Ok(())
    }

    fn end(&self, response: &Value, status: &str) -> Result<(), String> {
        let output = response["output"].as_array().ok_or("has no items")?;
        if status != "failed" {
            let is_open = |item: &Item| item.done.is_none();
            ensure(!self.items.iter().any(is_open), "leaves an item open")?;
        }
        if !self.rules.repeats_items || status == "failed" {
            return Ok(());
        }
        ensure(
            output.len() == self.items.len(),
            "repeats another number of items",
        )?;
        for (item, repeated) in self.items.iter().zip(output) {
            let done = item.done.as_ref().ok_or("repeats an open item")?;
            ensure(
                repeated == done,
                format!("repeats another item: {repeated} for {done}"),
            )?;
        }
        Ok(())
    }
}

/// A part begins.
fn begin(parts: &mut Vec<Part>, place: usize, part: &Value) -> Result<(), String> {
    ensure(place == parts.len(), format!("part {place} is out of turn"))?;
    ensure(
        parts.last().is_none_or(|part| part.is_done),
        "begins inside another part",
    )?;
    parts.push(Part {
        kind: text(part, "type")?.to_owned(),
        text: words(part).to_owned(),
        annotations: 0,
        is_done: false,
    });
    Ok(())
}

/// What a part says.
fn words(part: &Value) -> &str {
    let of = |name: &str| part[name].as_str();
    of("text").or(of("refusal")).unwrap_or_default()
}

/// Whether a list of an item says what its parts said.
fn same(parts: &[Part], list: &Value, must: bool) -> Result<(), String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if !must {
        return ensure(list.is_empty(), "has parts that nobody told of");
    }
    ensure(list.len() == parts.len(), "has another number of parts")?;
    for (part, whole) in parts.iter().zip(list) {
        ensure(words(whole) == part.text, "says something else in the end")?;
        let annotations = whole["annotations"].as_array().map_or(0, Vec::len);
        ensure(annotations == part.annotations, "has other annotations")?;
    }
    Ok(())
}

impl Item {
    fn called(&self, frame: &Value, name: &str) -> Result<(), String> {
        ensure(
            frame[name] == *self.arguments,
            "says other arguments than its pieces",
        )
    }

    /// An event inside a part; of items without parts, a step of a vendor's own tool.
    fn part(&mut self, kind: &str, frame: &Value) -> Result<(), String> {
        let events: BTreeMap<&str, (&str, &str)> = BTreeMap::from([
            ("response.output_text.delta", ("output_text", "delta")),
            ("response.output_text.done", ("output_text", "text")),
            (
                "response.output_text.annotation.added",
                ("output_text", "annotation"),
            ),
            ("response.refusal.delta", ("refusal", "delta")),
            ("response.refusal.done", ("refusal", "refusal")),
            ("response.reasoning_text.delta", ("reasoning_text", "delta")),
            ("response.reasoning_text.done", ("reasoning_text", "text")),
            ("response.content_part.done", ("", "part")),
            (
                "response.reasoning_summary_text.delta",
                ("summary_text", "delta"),
            ),
            (
                "response.reasoning_summary_text.done",
                ("summary_text", "text"),
            ),
            ("response.reasoning_summary_part.done", ("", "part")),
        ]);
        let Some((wanted, field)) = events.get(kind) else {
            let own = format!("response.{}", self.kind);
            return ensure(kind.starts_with(&own), "belongs to no item of this kind");
        };
        let (parts, name) = if kind.contains("reasoning_summary") {
            (&mut self.summaries, "summary_index")
        } else {
            (&mut self.parts, "content_index")
        };
        let part = parts
            .get_mut(index(frame, name)?)
            .ok_or("is of a part that never began")?;
        ensure(!part.is_done, "is of a part that is done")?;
        ensure(
            wanted.is_empty() || part.kind == *wanted,
            "is of a part of another kind",
        )?;
        let value = &frame[*field];
        match *field {
            "delta" => {
                let delta = value.as_str().ok_or("has no delta")?;
                ensure(!delta.is_empty(), "says nothing")?;
                part.text.push_str(delta);
            }
            "annotation" => {
                ensure(value.is_object(), "has no annotation")?;
                ensure(
                    frame["annotation_index"] == part.annotations,
                    "is out of turn",
                )?;
                part.annotations += 1;
            }
            "part" => {
                ensure(value["type"] == *part.kind, "became a part of another kind")?;
                ensure(
                    words(value) == part.text,
                    "says something else than its pieces",
                )?;
                part.is_done = true;
            }
            _ => ensure(*value == *part.text, "says something else than its pieces")?,
        }
        Ok(())
    }
}
