//! The clients as their authors publish them, in pinned versions, installed once into this folder.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context, Result, bail};

use crate::run::say;

/// The oldest Node that the pinned clients run on.
const NODE_MIN: u32 = 20;

/// How package tools say that they reached nobody, in their own words.
const OUT_OF_REACH: &[&str] = &[
    "NewConnectionError",
    "ConnectTimeoutError",
    "ConnectionError",
    "Failed to establish a new connection",
    "from versions: none",
    "ProxyError",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "ENETUNREACH",
    "network request",
];

/// Whose clients.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Toolbox {
    Python,
    Node,
}

/// Installed clients.
pub(super) struct Tools {
    pub(super) toolbox: Toolbox,
    /// What runs them.
    pub(super) interpreter: PathBuf,
}

/// What came of an installation that ended well or reached nobody.
enum Outcome {
    Ready(Tools),
    OutOfReach,
}

impl fmt::Display for Toolbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Python => "Python",
            Self::Node => "Node",
        })
    }
}

/// Installs what is not there yet. A package index that cannot be reached costs its suite, and is said.
///
/// # Errors
/// Python or Node is missing or too old, or an installation fails though the index was reached.
pub(super) fn install(root: &Path, work: &Path) -> Result<Vec<Tools>> {
    let mut ready = Vec::new();
    for (toolbox, outcome) in [
        (Toolbox::Python, python(root, work)?),
        (Toolbox::Node, node(root, work)?),
    ] {
        match outcome {
            Outcome::Ready(tools) => ready.push(tools),
            Outcome::OutOfReach => say(&format!(
                "   SKIPPED: the clients for {toolbox} are not installed and their package index cannot be reached"
            ))?,
        }
    }
    Ok(ready)
}

/// A virtual environment with the clients of `conformance/python/requirements.txt`.
fn python(root: &Path, work: &Path) -> Result<Outcome> {
    let requirements = root.join("conformance/python/requirements.txt");
    let venv = work.join("venv");
    let interpreter = venv.join("bin/python");
    let stamp = Stamp::of(venv.join("installed.txt"), &[&requirements])?;
    let ready = Outcome::Ready(Tools {
        toolbox: Toolbox::Python,
        interpreter: interpreter.clone(),
    });
    if stamp.matches() && interpreter.exists() {
        return Ok(ready);
    }
    say("   installing the clients for Python into target/conformance/venv")?;
    output(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
    )
    .and_then(|output| succeeded("python3 -m venv", &output))
    .context("Python 3 with its module venv is needed (Debian: python3-venv)")?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    let installed = output(Command::new(&interpreter).args(pip).arg(&requirements))?;
    if is_out_of_reach(&installed) {
        return Ok(Outcome::OutOfReach);
    }
    succeeded("pip install", &installed)?;
    stamp.write()?;
    Ok(ready)
}

/// `conformance/node/node_modules`, exactly as the lock file says.
fn node(root: &Path, work: &Path) -> Result<Outcome> {
    let folder = root.join("conformance/node");
    let version = output(Command::new("node").arg("--version"))
        .with_context(|| format!("Node {NODE_MIN} or newer is needed"))?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|it| it.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MIN) {
        bail!("Node {NODE_MIN} or newer is needed, and this is {version}");
    }
    let files = [
        folder.join("package.json"),
        folder.join("package-lock.json"),
    ];
    let stamp = Stamp::of(work.join("node-installed.txt"), &[&files[0], &files[1]])?;
    let ready = Outcome::Ready(Tools {
        toolbox: Toolbox::Node,
        interpreter: PathBuf::from("node"),
    });
    if stamp.matches() && folder.join("node_modules").is_dir() {
        return Ok(ready);
    }
    say("   installing the clients for Node into conformance/node/node_modules")?;
    // Scripts of packages are none of a test's business.
    let npm = [
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ];
    let installed = output(Command::new("npm").args(npm).current_dir(&folder))
        .context("npm is needed; it comes with Node")?;
    if is_out_of_reach(&installed) {
        return Ok(Outcome::OutOfReach);
    }
    succeeded("npm ci", &installed)?;
    stamp.write()?;
    Ok(ready)
}

/// What was installed, as the text of the files that asked for it: where it is the same, nothing is to do.
struct Stamp {
    path: PathBuf,
    wanted: String,
}

impl Stamp {
    fn of(path: PathBuf, files: &[&Path]) -> Result<Self> {
        let mut wanted = String::new();
        for file in files {
            wanted += &fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
        }
        Ok(Self { path, wanted })
    }

    fn matches(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|found| found == self.wanted)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.wanted)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn output(command: &mut Command) -> Result<Output> {
    let name = format!("{:?}", command.get_program());
    command
        .output()
        .with_context(|| format!("cannot start {name}"))
}

fn is_out_of_reach(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    !output.status.success() && OUT_OF_REACH.iter().any(|words| said.contains(words))
}

fn succeeded(name: &str, output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("{name} ended with {}:\n{}", output.status, said.trim())
}
