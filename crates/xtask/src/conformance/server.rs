//! A server in a process of its own: started, heard saying its address, logged, and stopped by its id.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// How long a server may take to say its address.
const START_MAX: Duration = Duration::from_secs(60);
/// How often a server that was asked to stop is looked at, and how many times.
const STOP_LOOK: Duration = Duration::from_millis(50);
const STOP_LOOKS: u32 = 200;

/// A running server. Dropped, it is killed.
pub(super) struct Server {
    name: String,
    process: Child,
    /// `http://ADDRESS:PORT`, without a slash at the end.
    pub(super) address: String,
}

impl Server {
    /// Starts a server that says `http://…` in a line of its output; all it says goes to the file `log`.
    pub(super) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file.try_clone()?)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let out = process
            .stdout
            .take()
            .context("a child without standard output")?;
        let mut server = Self {
            name: name.to_owned(),
            process,
            address: String::new(),
        };
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || copy(BufReader::new(out), file, &said));
        server.address = match heard.recv_timeout(START_MAX) {
            Ok(address) => address,
            Err(RecvTimeoutError::Timeout) => {
                bail!(
                    "{name} did not say its address in {} s",
                    START_MAX.as_secs()
                )
            }
            Err(RecvTimeoutError::Disconnected) => {
                let words = std::fs::read_to_string(log).unwrap_or_default();
                bail!("{name} ended instead of serving:\n{}", words.trim())
            }
        };
        Ok(server)
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub(super) fn stop(mut self) -> Result<ExitStatus> {
        let pid = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        asked.with_context(|| format!("cannot ask {} to stop", self.name))?;
        for _ in 0..STOP_LOOKS {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(STOP_LOOK);
        }
        bail!(
            "{} did not stop {} s after SIGTERM",
            self.name,
            (STOP_LOOK * STOP_LOOKS).as_secs()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, and there is nobody left to tell.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Copies lines to the log for as long as there are any, and tells the first address among them.
fn copy(out: impl BufRead, mut log: File, said: &mpsc::Sender<String>) {
    for line in out.lines().map_while(Result::ok) {
        if let Some(address) = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
        {
            // Only the first is waited for.
            drop(said.send(address.trim_end_matches('/').to_owned()));
        }
        if writeln!(log, "{line}").is_err() {
            return;
        }
    }
}
