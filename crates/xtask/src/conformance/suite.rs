//! Running a suite in its own tool, as its users run it, and counting what came out.

use std::{
    fmt, fs,
    io::{BufRead, BufReader},
    ops::Add,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::{
    install::{Toolbox, Tools},
    stage::Stage,
};
use crate::run::say;

/// What a suite counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(
            formatter,
            "{passed} passed, {failed} failed, {skipped} skipped"
        )
    }
}

/// Runs a suite; what it says is passed on as it comes.
///
/// # Errors
/// It cannot be started, or ends without having counted its tests.
pub(super) fn run(tools: &Tools, root: &Path, stage: &Stage) -> Result<Tally> {
    let mut command = match tools.toolbox {
        Toolbox::Python => pytest(tools, root),
        Toolbox::Node => node_test(tools, root)?,
    };
    command.envs(stage.variables());
    // The clients read these too; here nothing but what a test says shall count, and nothing leaves this machine.
    for name in [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_GENAI_USE_VERTEXAI",
        "GOOGLE_GENAI_USE_ENTERPRISE",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_CLOUD_LOCATION",
        "OPENROUTER_API_KEY",
        "OPENROUTER_BASE_URL",
    ] {
        command.env_remove(name);
    }
    command
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", tools.interpreter.display()))?;
    let out = process
        .stdout
        .take()
        .context("a child without standard output")?;
    let mut count = Tally::default();
    for line in BufReader::new(out).lines() {
        let line = line.context("a suite that says no text")?;
        say(&line)?;
        match tools.toolbox {
            Toolbox::Python => read_pytest(&line, &mut count),
            Toolbox::Node => read_node(&line, &mut count),
        }
    }
    let status = process.wait()?;
    if status.success() != (count.failed == 0) || count == Tally::default() {
        bail!(
            "the clients for {} ended with {status} after {count}",
            tools.toolbox
        );
    }
    Ok(count)
}

fn pytest(tools: &Tools, root: &Path) -> Command {
    let mut command = Command::new(&tools.interpreter);
    command.args([
        "-m",
        "pytest",
        "--quiet",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        ".",
    ]);
    command
        .current_dir(root.join("conformance/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn node_test(tools: &Tools, root: &Path) -> Result<Command> {
    let folder = root.join("conformance/node");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.js"))
        .collect();
    files.sort();
    let mut command = Command::new(&tools.interpreter);
    command
        .args(["--test", "--test-reporter=spec"])
        .args(files)
        .current_dir(folder);
    Ok(command)
}

/// The last line of pytest: `3 failed, 41 passed, 1 error in 5.20s`. Other lines have no such words behind numbers.
fn read_pytest(line: &str, count: &mut Tally) {
    let Some((counts, time)) = line.trim_matches(['=', ' ']).rsplit_once(" in ") else {
        return;
    };
    if !time.starts_with(|first: char| first.is_ascii_digit()) {
        return;
    }
    for part in counts.split(", ") {
        let Some((Ok(number), word)) = part
            .split_once(' ')
            .map(|(number, word)| (number.parse::<u64>(), word))
        else {
            continue;
        };
        match word {
            "passed" => count.passed += number,
            "failed" | "error" | "errors" => count.failed += number,
            "skipped" => count.skipped += number,
            _ => {}
        }
    }
}

/// The end of Node's report: `ℹ pass 41`.
fn read_node(line: &str, count: &mut Tally) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["ℹ", word, number] = words.as_slice() else {
        return;
    };
    let Ok(number) = number.parse::<u64>() else {
        return;
    };
    match *word {
        "pass" => count.passed += number,
        "fail" | "cancelled" => count.failed += number,
        "skipped" | "todo" => count.skipped += number,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(how: fn(&str, &mut Tally), lines: &str) -> Tally {
        let mut count = Tally::default();
        lines.lines().for_each(|line| how(line, &mut count));
        count
    }

    #[test]
    fn the_last_line_of_pytest_is_counted() {
        let said = "....F\nFAILED test_x.py::test_three_in_a_row - assert 3 in 4\n1 failed, 4 passed, 2 errors in 1.02s";
        assert_eq!(
            read(read_pytest, said),
            Tally {
                passed: 4,
                failed: 3,
                skipped: 0
            }
        );
        let loud = "===== 7 passed, 1 skipped in 61.30s (0:01:01) =====";
        assert_eq!(
            read(read_pytest, loud),
            Tally {
                passed: 7,
                failed: 0,
                skipped: 1
            }
        );
        assert_eq!(read(read_pytest, "no tests ran in 0.01s"), Tally::default());
    }

    #[test]
    fn the_end_of_nodes_report_is_counted() {
        let said = "✔ a tool is called (3ms)\nℹ tests 5\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\nℹ skipped 0\nℹ todo 0";
        assert_eq!(
            read(read_node, said),
            Tally {
                passed: 3,
                failed: 2,
                skipped: 0
            }
        );
    }
}
