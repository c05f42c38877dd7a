//! The official clients, unmodified, against a running weir in front of fake vendors.
//!
//! What a client's own validation refuses, a user of that client cannot use: so the judge of the wire is not ours.

mod bills;
mod install;
mod server;
mod settings;
mod stage;
mod suite;

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use self::{
    install::{Toolbox, Tools},
    stage::Stage,
    suite::Tally,
};
use crate::run::{root, say, step, target};

/// Installs the clients, sets the stage, runs both suites, and asks of the traces whether all was in order.
///
/// # Errors
/// Something is missing or does not start, a test fails, a key stands in the log, or the books do not balance.
pub(crate) fn conformance() -> Result<()> {
    let root = root();
    let work = target().join("conformance");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    step("official clients")?;
    let tools = install::install(&root, &work)?;
    if tools.is_empty() {
        return say(
            "conformance: 0 passed, 0 failed, 2 skipped (suites: no client could be installed)",
        );
    }
    let stage = Stage::set(&work)?;
    let outcome = play(&tools, &root, &stage);
    // Whatever happened, what was started is stopped and looked at: a suite that died may have died of it.
    let aftermath = stage.strike();
    let (tally, skipped) = outcome?;
    say(&format!("conformance: {tally}{skipped}"))?;
    aftermath?;
    if tally.failed > 0 || tally.passed == 0 {
        bail!("official clients: {tally}; weir's log is target/conformance/weir.log");
    }
    Ok(())
}

/// Runs the suites whose clients are there, and says which are not.
fn play(tools: &[Tools], root: &Path, stage: &Stage) -> Result<(Tally, String)> {
    let mut tally = Tally::default();
    let mut skipped = String::new();
    for toolbox in [Toolbox::Python, Toolbox::Node] {
        if let Some(tools) = tools.iter().find(|tools| tools.toolbox == toolbox) {
            step(&format!("official clients: {toolbox}"))?;
            tally = tally + suite::run(tools, root, stage)?;
        } else {
            tally.skipped += 1;
            skipped += &format!(" (all of {toolbox}: not installed)");
        }
    }
    Ok((tally, skipped))
}
