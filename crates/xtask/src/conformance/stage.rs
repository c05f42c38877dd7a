//! The stage: fake vendors, a weir in front of them, and three keys. Afterwards its traces are read.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{
    bills,
    server::Server,
    settings::{METERED, MOODS, VENDOR_KEY_VARIABLE, render},
};
use crate::run::{say, step, target};

/// The only key that the fake vendors accept. It stands in no configuration and must stand in no log.
const VENDOR_KEY: &str = "vendor-key-that-only-weir-may-know";
/// What every key of weir's begins with; the digits that follow are the secret.
const KEY_PREFIX: &str = "sk-or-v1-";
/// Digits of a key that nobody writes by chance.
const KEY_DIGITS: usize = 16;

/// Everything that runs. Dropped, it is ended.
pub(super) struct Stage {
    weir: Server,
    vendors: Vec<Server>,
    keys: Keys,
    binary: PathBuf,
    data: PathBuf,
    work: PathBuf,
    log: PathBuf,
}

struct Keys {
    usual: String,
    management: String,
    limited: String,
}

impl Stage {
    /// Starts the vendors, makes the keys and starts weir, on free ports of this machine.
    ///
    /// # Errors
    /// Something does not start.
    pub(super) fn set(work: &Path) -> Result<Self> {
        step("fake vendors and weir")?;
        let binary = target().join("debug/weir");
        let mut vendors = Vec::new();
        for (suffix, mood) in MOODS {
            vendors.push(start_vendor(work, suffix, mood)?);
        }
        let data = work.join("data");
        if data.exists() {
            fs::remove_dir_all(&data)
                .with_context(|| format!("cannot empty {}", data.display()))?;
        }
        let config = work.join("weir.toml");
        let addresses: Vec<String> = vendors
            .iter()
            .map(|vendor| vendor.address.clone())
            .collect();
        fs::write(&config, render(&addresses))?;
        let keys = Keys {
            usual: make_key(&binary, &data, &["--name", "conformance"])?,
            management: make_key(&binary, &data, &["--name", "management", "--management"])?,
            limited: make_key(
                &binary,
                &data,
                &["--name", "limited", "--limit", "0.000001"],
            )?,
        };
        let log = work.join("weir.log");
        let mut command = weir(&binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&config);
        command
            .arg("--data")
            .arg(&data)
            .env(VENDOR_KEY_VARIABLE, VENDOR_KEY);
        let weir = Server::start("weir", &mut command, &log)?;
        say(&format!(
            "   weir at {}, before {} vendors",
            weir.address,
            vendors.len()
        ))?;
        Ok(Self {
            weir,
            vendors,
            keys,
            binary,
            data,
            work: work.to_path_buf(),
            log,
        })
    }

    /// What a suite is told: `WEIR_URL`, the keys, and where the healthy vendor shows what it was asked.
    pub(super) fn variables(&self) -> [(&'static str, &str); 5] {
        [
            ("WEIR_URL", &self.weir.address),
            ("WEIR_API_KEY", &self.keys.usual),
            ("WEIR_MANAGEMENT_KEY", &self.keys.management),
            ("WEIR_LIMITED_KEY", &self.keys.limited),
            (
                "VENDOR_URL",
                self.vendors.first().map_or("", |vendor| &vendor.address),
            ),
        ]
    }

    /// Stops weir as an operator does, reads its log for secrets, and has it verify its own books.
    ///
    /// # Errors
    /// It does not end well, a key stands in the log, or the books do not balance.
    pub(super) fn strike(self) -> Result<()> {
        step("afterwards")?;
        let status = self.weir.stop()?;
        if !status.success() {
            bail!(
                "weir ended with {status} after SIGTERM; its log is {}",
                self.log.display()
            );
        }
        let bytes =
            fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        let log = String::from_utf8_lossy(&bytes);
        if let Some(line) = secret_in(&log) {
            bail!("line {line} of {} shows a key", self.log.display());
        }
        say("   weir drained and ended; no key is in its log")?;
        let verified = weir(&self.binary)
            .args(["ledger", "verify", "--data"])
            .arg(&self.data)
            .output()?;
        let report = String::from_utf8_lossy(&verified.stdout);
        if !verified.status.success() {
            bail!(
                "weir ledger verify ended with {}:\n{report}",
                verified.status
            );
        }
        let mut charged = BTreeMap::new();
        for suffix in METERED {
            bills::read(&bill_of(&self.work, suffix), suffix, &mut charged)?;
        }
        bills::compare(&charged, &report)?;
        say(&format!(
            "   its books balance, and agree with the bills of {} vendors to the nano-dollar",
            charged.len()
        ))
    }
}

/// Where a vendor writes its bill.
fn bill_of(work: &Path, suffix: &str) -> PathBuf {
    work.join(format!("vendor{suffix}.bill.jsonl"))
}

/// Starts a vendor in a mood, with an empty bill.
fn start_vendor(work: &Path, suffix: &str, mood: &str) -> Result<Server> {
    let bill = bill_of(work, suffix);
    fs::write(&bill, "").with_context(|| format!("cannot write {}", bill.display()))?;
    let name = format!("vendor{suffix}");
    let mut command = Command::new(target().join("debug/testbed"));
    command
        .args(["vendor", "--key", VENDOR_KEY, "--mood", mood, "--bill"])
        .arg(&bill);
    Server::start(&name, &mut command, &work.join(format!("{name}.log")))
}

/// weir, without what the caller's environment would tell it.
fn weir(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear();
    command
}

/// Makes a key; nothing of it is printed.
fn make_key(binary: &Path, data: &Path, args: &[&str]) -> Result<String> {
    let made = weir(binary)
        .args(["keys", "create"])
        .args(args)
        .arg("--data")
        .arg(data)
        .output();
    let made = made.with_context(|| format!("cannot start {}", binary.display()))?;
    if !made.status.success() {
        bail!(
            "weir keys create: {}",
            String::from_utf8_lossy(&made.stderr).trim()
        );
    }
    let key = String::from_utf8(made.stdout)
        .context("a key that is not text")?
        .trim()
        .to_owned();
    if secret_in(&key).is_none() {
        bail!("weir keys create printed something else than a key");
    }
    Ok(key)
}

/// The number of the first line with a key of weir's or of the vendors' in it, whoever made it.
fn secret_in(text: &str) -> Option<usize> {
    let has_key = |line: &str| {
        let after = line.split(KEY_PREFIX).skip(1);
        let digits = |rest: &str| rest.chars().take_while(char::is_ascii_hexdigit).count();
        line.contains(VENDOR_KEY) || after.map(digits).any(|digits| digits >= KEY_DIGITS)
    };
    text.lines().position(has_key).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_key_is_a_secret_and_its_label_is_not() {
        let key = format!("{KEY_PREFIX}{}", "0e1f".repeat(16));
        assert_eq!(secret_in(&format!("fine\nkey={key} used")), Some(2));
        assert_eq!(
            secret_in(&format!("Authorization: Bearer {VENDOR_KEY}")),
            Some(1)
        );
        assert_eq!(secret_in("key sk-or-v1-0e1f...1f0e made"), None);
        assert_eq!(secret_in(""), None);
    }
}
