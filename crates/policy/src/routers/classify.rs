//! What a request is about: by the words of the last thing the user said, the tools on offer and what else is there.
//!
//! Words add up what they weigh for each kind of task ([`super::cues`]); those at the beginning, where people say what
//! they want, weigh double. What looks like code speaks for code; without it, words that also have an everyday meaning
//! (`fix`, `review`) weigh half. The same request is always about the same: no network, no chance, no clock.

use super::{
    Task,
    cues::{CUES, Sign},
};

/// What is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight<'a> {
    /// The standing instructions, if any.
    pub system: &'a str,
    /// The last thing that the user said.
    pub user: &'a str,
    /// What the user said before that.
    pub before: &'a str,
    /// Names of the tools on offer.
    pub tools: &'a [&'a str],
    /// How many answers of tools the conversation has since the user spoke.
    pub tool_results: usize,
    /// Images or files are shown.
    pub media: bool,
    /// The answer must have the form of a schema.
    pub schema: bool,
}

/// Of a text, so many bytes are read at its beginning …
const HEAD_BYTES: usize = 700;
/// … and so many at its end.
const TAIL_BYTES: usize = 200;
/// Words at the beginning of a text, which weigh double.
const OPENING_WORDS: usize = 8;
/// A turn of fewer words is read together with the one before it: `and in Rust?`
const SHORT_WORDS: usize = 6;
const TASKS: usize = 30;

/// What a request is about; `None` where it says nothing at all.
#[must_use]
pub fn classify(sight: &Sight<'_>) -> Option<Task> {
    let mut sum = Sum::default();
    let words = sum.read(sight.user, 4);
    if words < SHORT_WORDS {
        sum.read(sight.before, 2);
    }
    sum.read(sight.system, 1);
    sum.look(sight.user);
    sum.tools(sight);
    sum.settle();
    let said = words > 0 || !sight.before.trim().is_empty() || !sight.system.trim().is_empty();
    if let Some(best) = sum.best() {
        return Some(best);
    }
    let asks = sight.user.trim_end().ends_with(['?', '？']);
    match (said || sight.media, asks || sight.media) {
        (false, _) => None,
        (true, true) => Some(Task::Knowledge),
        // What says much and asks nothing is more than small talk.
        (true, false) if words > 40 => Some(Task::Knowledge),
        (true, false) => Some(Task::Conversation),
    }
}

/// What was found, in quarters.
#[derive(Default)]
struct Sum {
    code: i32,
    tasks: [i32; TASKS],
}

impl Sum {
    fn add(&mut self, sign: Sign, weight: i32) {
        match sign {
            Sign::Code => self.code += weight,
            Sign::Is(task) => {
                if let Some(sum) = self.tasks.get_mut(task as usize) {
                    *sum += weight;
                }
            }
        }
    }

    fn of(&self, task: Task) -> i32 {
        self.tasks.get(task as usize).copied().unwrap_or(0)
    }

    /// Adds up the words of a text; says how many there were.
    fn read(&mut self, text: &str, factor: i32) -> usize {
        let head = upto(text, HEAD_BYTES);
        let rest = text.get(head.len()..).unwrap_or_default();
        let words = self.words(head, factor, true);
        if !rest.is_empty() {
            self.words(last(rest, TAIL_BYTES), factor, false);
        }
        words
    }

    fn words(&mut self, text: &str, factor: i32, opens: bool) -> usize {
        let mut buffers = [Word::default(), Word::default()];
        let mut count = 0;
        let mut words = text.split(|letter: char| letter.is_ascii() && !is_of_word(letter));
        let mut next = move || {
            words.find_map(|word| {
                let word = word.trim_matches(|letter: char| {
                    !letter.is_alphanumeric() && !matches!(letter, '+' | '#')
                });
                (!word.is_empty()).then_some(word)
            })
        };
        let [current, following] = &mut buffers;
        let Some(first) = next() else { return 0 };
        current.set(first);
        loop {
            let behind = next();
            following.set(behind.unwrap_or_default());
            let weight = if opens && count < OPENING_WORDS {
                factor * 2
            } else {
                factor
            };
            if let Some(cue) = CUES.get(current.as_str()) {
                for (sign, own) in &cue.alone {
                    self.add(*sign, own * weight);
                }
                let phrases = cue.phrases.iter();
                for (_, sign, own) in phrases.filter(|(next, ..)| *next == following.as_str()) {
                    self.add(*sign, own * weight);
                }
            }
            count += 1;
            if behind.is_none() {
                return count;
            }
            std::mem::swap(current, following);
        }
    }

    /// What a text looks like, whatever it says. Most texts have none of the marks, and one look at their bytes says so.
    fn look(&mut self, text: &str) {
        let seen = upto(text, HEAD_BYTES);
        let mut there = [false; 128];
        let mut marks = 0;
        for byte in seen.bytes() {
            marks += usize::from(matches!(
                byte,
                b'{' | b'}' | b'(' | b')' | b';' | b'=' | b'<' | b'>' | b'[' | b']'
            ));
            if let Some(place) = there.get_mut(usize::from(byte)) {
                *place = true;
            }
        }
        let is_there = |byte: u8| there.get(usize::from(byte)) == Some(&true);
        let has = |mark: u8, pieces: &[&str]| {
            is_there(mark) && pieces.iter().any(|piece| seen.contains(piece))
        };
        if has(b'`', &["```"]) {
            self.code += 20;
        }
        if marks * 20 > seen.len() && marks > 6 {
            self.code += 16;
        }
        if has(b'\n', &["\n@@ ", "\n+++ "]) || has(b'-', &["diff --git"]) {
            self.add(Sign::Is(Task::CodeReview), 16);
            self.code += 8;
        }
        if has(b'\\', &["\\frac", "\\int", "\\sum"]) || has(b'^', &["^2", "^n"]) {
            self.add(Sign::Is(Task::Math), 24);
        }
        let operators = [b'+', b'*', b'=', b'^', b'/'];
        if operators.into_iter().any(is_there) && is_sum(seen) {
            self.add(Sign::Is(Task::Math), 20);
        }
        if has(b'S', &["SELECT "]) && has(b'F', &["FROM "]) {
            self.add(Sign::Is(Task::CodeSql), 24);
        }
        if has(b'*', &["*"]) && seen.trim_start().starts_with('*') && seen.matches('*').count() >= 2
        {
            self.add(Sign::Is(Task::Roleplay), 16);
        }
        if has(b'<', &["</div>", "<html"]) || has(b'=', &["className="]) {
            self.add(Sign::Is(Task::CodeFrontend), 16);
            self.code += 8;
        }
    }

    /// What the tools on offer, and their use so far, say.
    fn tools(&mut self, sight: &Sight<'_>) {
        if sight.tools.is_empty() {
            if sight.schema {
                self.add(Sign::Is(Task::DataExtraction), 8);
            }
            return;
        }
        let mut kinds = Kinds::default();
        for name in sight.tools.iter().take(64) {
            kinds.add(name);
        }
        if kinds.codes() {
            self.code += 12;
            self.add(Sign::Is(Task::CodeFiles), 10 * i32::from(kinds.edits));
            self.add(Sign::Is(Task::CodeShell), 8 * i32::from(kinds.runs));
            self.add(Sign::Is(Task::CodeRepository), 6 * i32::from(kinds.scans));
            return;
        }
        if kinds.searches {
            self.add(Sign::Is(Task::AgentWebSearch), 24);
        }
        if kinds.remembers {
            self.add(Sign::Is(Task::AgentMemory), 20);
        }
        let (task, weight) = match sight.tool_results {
            0 => (Task::AgentTools, 24),
            1 => (Task::AgentTools, 16),
            _ => (Task::AgentWorkflow, 40),
        };
        self.add(Sign::Is(task), weight);
        self.add(Sign::Is(Task::AgentWorkflow), 8);
    }

    /// Lets what looks like code speak for code, and halves everyday words where nothing does.
    fn settle(&mut self) {
        // A word or two that also mean something else are no code yet.
        const CODE_MIN: i32 = 8;
        let is_code = self.code >= CODE_MIN;
        let bonus = if is_code { self.code.min(24) } else { 0 };
        for task in Task::all().filter(|task| task.is_code()) {
            let Some(sum) = self.tasks.get_mut(task as usize) else {
                continue;
            };
            let stands_alone = matches!(
                task,
                Task::CodeSql | Task::CodeDevops | Task::CodeFrontend | Task::CodeShell
            );
            if is_code {
                *sum += if *sum > 0 || task == Task::CodeGeneral {
                    bonus
                } else {
                    0
                };
            } else if !stands_alone {
                *sum /= 2;
            }
        }
    }

    fn best(&self) -> Option<Task> {
        // One weak word is not enough to go by.
        const LEAST: i32 = 6;
        let mut best = None;
        for task in Task::all() {
            let sum = self.of(task);
            if sum >= LEAST && best.is_none_or(|(most, _)| sum > most) {
                best = Some((sum, task));
            }
        }
        best.map(|(_, task)| task)
    }
}

/// What tools are for, by their names.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is seen by itself")]
struct Kinds {
    edits: bool,
    runs: bool,
    scans: bool,
    searches: bool,
    remembers: bool,
}

impl Kinds {
    fn add(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        let has = |pieces: &[&str]| pieces.iter().any(|piece| name.contains(piece));
        self.edits |= has(&[
            "edit",
            "str_replace",
            "write_file",
            "read_file",
            "apply_patch",
            "file_write",
        ]);
        self.runs |= has(&["bash", "shell", "terminal", "exec", "run_command"]);
        self.scans |= has(&["grep", "glob", "list_dir", "codebase", "find_references"]);
        self.searches |= has(&[
            "web_search",
            "websearch",
            "search_web",
            "browse",
            "fetch_url",
            "google",
        ]);
        self.remembers |= has(&["memory", "remember", "recall"]);
    }

    const fn codes(self) -> bool {
        self.edits || self.scans || self.runs
    }
}

/// A word in lower case, in place.
#[derive(Default)]
struct Word {
    bytes: [u8; 32],
    length: usize,
}

impl Word {
    /// A word that is too long to be in the table is none.
    fn set(&mut self, word: &str) {
        self.length = 0;
        if word.len() > self.bytes.len() {
            return;
        }
        for (place, byte) in self.bytes.iter_mut().zip(word.bytes()) {
            *place = byte.to_ascii_lowercase();
        }
        self.length = word.len();
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

const fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || matches!(letter, '\'' | '-' | '_' | '+' | '#' | '.' | '/' | ';')
}

/// `12 * 7`, `3x + 4 = 19`: digits around an operator.
fn is_sum(text: &str) -> bool {
    let bytes = upto(text, 400).as_bytes();
    let near = |at: usize, step: isize| {
        let mut at = at.checked_add_signed(step)?;
        if bytes.get(at) == Some(&b' ') {
            at = at.checked_add_signed(step)?;
        }
        bytes.get(at).copied()
    };
    bytes.iter().enumerate().any(|(at, byte)| {
        let is_operator = matches!(byte, b'+' | b'*' | b'=' | b'^')
            || (*byte == b'/' && near(at, 1) != Some(b'/'));
        let digit = |found: Option<u8>| found.is_some_and(|found| found.is_ascii_digit());
        let left = near(at, -1);
        let symbol = matches!(left, Some(b'x' | b'y' | b'n' | b')'));
        is_operator && digit(near(at, 1)) && (digit(left) || symbol)
    })
}

fn upto(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn last(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}
