//! `cargo x fuzz`: every target of `fuzz/`, each for a minute, from our own examples and recorded traffic.
//!
//! The targets hold no unsafe code, so no sanitizer is needed, and without one the pinned stable toolchain builds them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
};

use anyhow::{Context, Result, anyhow, bail};

use crate::run::{has, root, run, say, step};

const HELP: &str = "\
Runs every fuzz target for a minute: framings, streams, whole answers and requests of each dialect. Needs cargo-fuzz
(`cargo install cargo-fuzz --locked`) and a C++ compiler, for libFuzzer; no nightly toolchain.

usage: cargo x fuzz [--seconds N] [--jobs N] [--only PART] [--as-built]

  --seconds N   for each target (60)
  --jobs N      targets at a time (1)
  --only PART   targets with this in their name
  --as-built    the targets and seeds of the last run";

/// A larger input makes each try slow and finds nothing new.
const INPUT_BYTES_MAX: usize = 16 << 10;
/// A try that takes longer is a finding.
const TRY_SECONDS_MAX: usize = 10;

struct Options {
    seconds: u64,
    jobs: usize,
    only: String,
    as_built: bool,
}

/// What became of one target.
struct Outcome {
    target: String,
    executions: String,
    edges: String,
    /// Where the input is that broke it.
    finding: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// cargo-fuzz is not there, a target does not build, or an input breaks one.
pub(crate) fn fuzz(args: &[String]) -> Result<()> {
    let Some(options) = parse(args)? else {
        return say(HELP);
    };
    if !has("cargo", &["fuzz", "--version"]) {
        bail!("cargo-fuzz is needed: `cargo install cargo-fuzz --locked`");
    }
    let folder = root().join("fuzz");
    if !options.as_built {
        build(&folder)?;
    }
    step("fuzzing")?;
    let outcomes = all(&folder, &options)?;
    say("| target | executions | edges | finding |\n|---|---|---|---|")?;
    for outcome in &outcomes {
        let finding = outcome.finding.as_deref().unwrap_or("none");
        say(&format!(
            "| {} | {} | {} | {finding} |",
            outcome.target, outcome.executions, outcome.edges
        ))?;
    }
    let broken = outcomes.iter().filter(|outcome| outcome.finding.is_some());
    match broken.count() {
        0 => Ok(()),
        count => bail!(
            "{count} targets broke; run one again with its input: `cargo fuzz run --sanitizer none TARGET FILE`"
        ),
    }
}

/// Whether what the targets share still builds against the crates; no test of the workspace does that.
///
/// # Errors
/// It does not.
pub(crate) fn check() -> Result<()> {
    run(Command::new("cargo")
        .args(["check", "--quiet", "--lib", "--examples"])
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(root().join("fuzz")))
}

/// Builds the targets, and writes their seeds.
fn build(folder: &Path) -> Result<()> {
    let seeds = folder.join("corpus/seeds");
    step("seeds, from examples and recorded traffic")?;
    if seeds.exists() {
        fs::remove_dir_all(&seeds)?;
    }
    run(Command::new("cargo")
        .args(["run", "--quiet", "--example", "seeds", "--"])
        .arg(&seeds)
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(folder))?;
    step("building the targets")?;
    run(Command::new("cargo")
        .args(["fuzz", "build", "--sanitizer", "none"])
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(folder))?;
    Ok(())
}

fn parse(args: &[String]) -> Result<Option<Options>> {
    let mut options = Options {
        seconds: 60,
        jobs: 1,
        only: String::new(),
        as_built: false,
    };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} wants a value"))
        };
        match word.as_str() {
            "--seconds" => {
                options.seconds = value()?.parse().context("--seconds wants a number")?
            }
            "--jobs" => options.jobs = value()?.parse().context("--jobs wants a number")?,
            "--only" => options.only.clone_from(value()?),
            "--as-built" => options.as_built = true,
            "--help" | "-h" => return Ok(None),
            _ => bail!("unknown argument {word}\n\n{HELP}"),
        }
    }
    Ok(Some(options))
}

/// Runs the targets, some at a time.
fn all(folder: &Path, options: &Options) -> Result<Vec<Outcome>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(folder.join("fuzz_targets"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if name.contains(&options.only) {
            targets.push(name.into_owned());
        }
    }
    targets.sort();
    let binaries = binaries(folder)?;
    let waiting = Mutex::new(targets.into_iter());
    let work = || {
        let next = || waiting.lock().map_or(None, |mut waiting| waiting.next());
        let done = std::iter::from_fn(next)
            .map(|target| one(folder, &binaries.join(&target), target, options.seconds));
        done.collect::<Result<Vec<Outcome>>>()
    };
    let mut outcomes = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        for worker in workers {
            let done = worker.join().map_err(|_| anyhow!("a worker panicked"))?;
            outcomes.extend(done?);
        }
        Ok::<(), anyhow::Error>(())
    })?;
    outcomes.sort_by(|left, right| left.target.cmp(&right.target));
    Ok(outcomes)
}

/// Where cargo-fuzz puts what it builds: below the name of the machine.
fn binaries(folder: &Path) -> Result<PathBuf> {
    let output = Command::new("rustc")
        .arg("-vV")
        .current_dir(folder)
        .output()
        .context("cannot start rustc")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say what machine this is")?;
    Ok(folder.join("target").join(host).join("release"))
}

fn one(folder: &Path, binary: &Path, target: String, seconds: u64) -> Result<Outcome> {
    let found = folder.join("corpus").join(&target);
    let seeds = folder.join("corpus/seeds").join(&target);
    let artifacts = folder.join("artifacts").join(&target);
    for folder in [&found, &seeds, &artifacts] {
        fs::create_dir_all(folder)?;
    }
    let output = Command::new(binary)
        .args([&found, &seeds])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={TRY_SECONDS_MAX}"))
        .arg("-print_final_stats=1")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let word_behind = |mark: &str| {
        let behind = said.rsplit_once(mark).map(|(_, behind)| behind);
        behind
            .and_then(|behind| behind.split_whitespace().next())
            .unwrap_or("?")
            .to_owned()
    };
    let finding = (!output.status.success()).then(|| {
        let panic = said.lines().find(|line| line.contains("panicked at"));
        let why = panic.unwrap_or("it did not end well");
        format!("{why}: {}", word_behind("Test unit written to "))
    });
    say(&format!(
        "   {target}: {}",
        finding.as_deref().unwrap_or("none")
    ))?;
    Ok(Outcome {
        target,
        executions: word_behind("stat::number_of_executed_units:"),
        edges: word_behind(" cov: "),
        finding,
    })
}
