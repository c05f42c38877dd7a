//! `cargo x bench`: weir, with key, limit, reservation and journal on, beside nginx as a plain proxy, in one run.
//!
//! CPU time a request and a chunk is what counts; wall clock on a shared machine is noise. Everything is on loopback,
//! every phase is bounded.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::run::{cargo, has, root, run, say, step, target};

const HELP: &str = "\
Measures weir beside nginx in one run and prints a table: added latency, CPU time, memory, time to ready.

usage: cargo x bench [--rounds N] [--scale F] [--only NAMES]
       cargo x bench dialects

  dialects      only what translating a chunk costs, for each vendor's dialect and each caller's

  --rounds N    interleaved rounds (3)
  --scale F     below 1 for a smoke run (1.0)
  --only NAMES  of direct, nginx, weir";

/// Where weir listens during a run.
const WEIR: &str = "127.0.0.1:7399";

/// Runs the command.
///
/// # Errors
/// A build fails, nginx cannot be had, or a system gives no good answer.
pub(crate) fn bench(args: &[String]) -> Result<()> {
    let mut passed_on = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rounds" | "--scale" | "--only" => {
                let value = words
                    .next()
                    .with_context(|| format!("{word} wants a value"))?;
                passed_on.extend([word.clone(), value.clone()]);
            }
            "dialects" => return pairs(),
            "--help" | "-h" => return say(HELP),
            _ => bail!("unknown argument {word}\n\n{HELP}"),
        }
    }
    let root = root();
    let work = target().join("bench");
    prepare(&root, &work)?;
    step("measuring (some minutes)")?;
    let results = work.join("results.jsonl");
    if results.exists() {
        fs::remove_file(&results)?;
    }
    let scripts = root.join("bench/scripts");
    let mut command = Command::new("python3");
    command
        .arg(scripts.join("bench.py"))
        .arg("--systems")
        .arg(work.join("systems.json"));
    command
        .arg("--out")
        .arg(&results)
        .arg("--logs")
        .arg(work.join("logs"))
        .args(passed_on);
    run(command.current_dir(&work))?;
    run(Command::new("python3")
        .arg(scripts.join("report.py"))
        .arg(&results))
}

/// What translating one chunk costs, pair by pair; needs neither network nor nginx.
fn pairs() -> Result<()> {
    cargo(&[
        "bench",
        "--quiet",
        "--package",
        "dialects",
        "--bench",
        "pairs",
    ])
}

/// Builds both sides and writes what they are started with.
fn prepare(root: &Path, work: &Path) -> Result<()> {
    step("building weir and the harness (release)")?;
    cargo(&["build", "--release", "--package", "gateway"])?;
    cargo(&[
        "build",
        "--release",
        "--manifest-path",
        "bench/Cargo.toml",
        "--target-dir",
        "bench/target",
    ])?;
    nginx()?;
    if work.exists() {
        fs::remove_dir_all(work)?;
    }
    fs::create_dir_all(work.join("run"))?;
    fs::copy(
        root.join("bench/nginx.example.conf"),
        work.join("nginx.conf"),
    )?;
    fs::write(work.join("weir.toml"), CONFIG)?;
    let weir = target().join("release/weir");
    let data = work.join("data");
    let output = Command::new(&weir)
        .args([
            "keys",
            "create",
            "--name",
            "bench",
            "--limit",
            "1000000",
            "--limit-reset",
            "monthly",
        ])
        .arg("--data")
        .arg(&data)
        .output()
        .context("cannot start weir")?;
    if !output.status.success() {
        bail!(
            "weir keys create: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let token = String::from_utf8(output.stdout)
        .context("a key that is not text")?
        .trim()
        .to_owned();
    let prefix: PathBuf = work.to_path_buf();
    let systems = json!([
        { "name": "direct", "url": "http://127.0.0.1:9100/v1/chat/completions" },
        {
            "name": "nginx",
            "start": ["nginx", "-p", prefix, "-c", work.join("nginx.conf")],
            "url": "http://127.0.0.1:8088/v1/chat/completions",
        },
        {
            "name": "weir",
            "start": [weir, "serve", "--config", work.join("weir.toml"), "--data", data, "--listen", WEIR],
            "url": format!("http://{WEIR}/api/v1/chat/completions"),
            "model": "bench/model",
            "token": token,
        },
    ]);
    fs::write(
        work.join("systems.json"),
        serde_json::to_vec_pretty(&systems)?,
    )?;
    Ok(())
}

/// One vendor, the harness's; prices, so that every request is reserved, settled and written down.
const CONFIG: &str = r#"
[log]
level = "error"

[local]
discover = false

[providers.bench]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9100/v1"
name = "Bench"

[[providers.bench.models]]
model = "bench/model"
upstream_id = "gpt-4o-mini"
context_length = 128000
max_output_tokens = 4096
input_modalities = ["text"]
output_modalities = ["text"]
price = { prompt = "0.00000015", completion = "0.0000006" }
supported_parameters = ["temperature", "max_tokens", "tools", "stop", "seed"]
"#;

/// Makes sure that nginx is there.
fn nginx() -> Result<()> {
    if has("nginx", &["-v"]) {
        return Ok(());
    }
    step("installing nginx (Debian package)")?;
    let installed = run(Command::new("apt-get").args([
        "install",
        "-y",
        "--no-install-recommends",
        "nginx-light",
    ]));
    if installed.is_err() || !has("nginx", &["-v"]) {
        bail!("nginx is needed for the comparison: install Debian's `nginx-light`");
    }
    Ok(())
}
