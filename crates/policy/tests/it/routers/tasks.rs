//! What requests are about: 180 prompts in our own words.

use std::collections::BTreeMap;

use policy::routers::{Sight, Task, classify};

/// A labelled prompt.
struct Prompt<'a> {
    held: bool,
    task: Task,
    tools: Vec<&'a str>,
    tool_results: usize,
    text: &'a str,
}

fn prompts() -> Vec<Prompt<'static>> {
    let lines = include_str!("prompts.txt").lines();
    let mut all = Vec::new();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.splitn(4, '|').collect();
        let [set, tag, tools, text] = fields[..] else {
            panic!("{line}");
        };
        let (tools, results) = match tools.split_once(" (") {
            Some((tools, results)) => (tools, results.trim_end_matches(')').parse().unwrap()),
            None => (tools, 0),
        };
        all.push(Prompt {
            held: set == "held",
            task: Task::tagged(tag).unwrap_or_else(|| panic!("{tag}")),
            tools: tools.split(',').filter(|tool| !tool.is_empty()).collect(),
            tool_results: results,
            text,
        });
    }
    all
}

fn found(prompt: &Prompt<'_>) -> Option<Task> {
    classify(&Sight {
        user: prompt.text,
        tools: &prompt.tools,
        tool_results: prompt.tool_results,
        ..Sight::default()
    })
}

#[test]
fn nine_prompts_of_ten_are_classified_as_people_label_them() {
    let prompts = prompts();
    let mut right: BTreeMap<bool, (u32, u32)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for prompt in &prompts {
        let (good, all) = right.entry(prompt.held).or_default();
        *all += 1;
        let found = found(prompt);
        if found == Some(prompt.task) {
            *good += 1;
        } else {
            let tag = found.map_or("-", Task::tag);
            wrong.push(format!(
                "held={} {} for {}: {}",
                prompt.held,
                tag,
                prompt.task.tag(),
                prompt.text
            ));
        }
    }
    println!("{right:?}\n{}", wrong.join("\n"));
    assert!(prompts.len() >= 180);
    for (held, (good, all)) in right {
        let least = if held { 85 } else { 90 };
        assert!(good * 100 >= all * least, "held={held}: {good} of {all}");
    }
    for task in Task::all() {
        assert!(
            prompts.iter().any(|prompt| prompt.task == task),
            "{}",
            task.tag()
        );
    }
}
