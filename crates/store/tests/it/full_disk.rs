//! A disk that takes nothing more, for real: a child process under a limit on file sizes (`ulimit
//! -f`), with the signal ignored so that writes fail with an error.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use canon::EntryId;
use store::journal::{self, Durability, Error, Journal};
use tempfile::TempDir;

use crate::some::entry;

const DIR: &str = "WEIR_TEST_FULL_DISK";
/// In blocks of 512 or 1,024 bytes, as the shell counts.
const LIMIT_BLOCKS: u32 = 256;

#[test]
fn a_full_disk_stops_the_journal_without_a_trace_of_the_failed_entry() {
    if let Some(dir) = env::var_os(DIR) {
        fill(&PathBuf::from(dir));
        return;
    }
    let dir = TempDir::new().unwrap();
    let name = "full_disk::a_full_disk_stops_the_journal_without_a_trace_of_the_failed_entry";
    let child = Command::new("sh")
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {LIMIT_BLOCKS}; exec \"$@\""),
            "sh",
        ])
        .arg(env::current_exe().unwrap())
        .args(["--exact", name])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
    // Nothing is torn: what the child saw accepted is what is there.
    let accepted: usize = fs::read_to_string(dir.path().join("accepted"))
        .unwrap()
        .parse()
        .unwrap();
    let (mut journal, replay) = Journal::open(dir.path(), Durability::Process).unwrap();
    assert!(replay.torn.is_none());
    assert_eq!(replay.entries.map(Result::unwrap).count(), accepted);
    journal.append(&entry(1)).unwrap();
    journal.write().unwrap();
}

/// In the child: writes until the disk is full, and on.
fn fill(dir: &Path) {
    let (mut journal, _) = Journal::open(dir, Durability::Process).unwrap();
    let mut accepted = 0;
    let error = loop {
        journal.append(&entry(accepted + 1)).unwrap();
        match journal.write() {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Io { doing: "write", .. }), "{error}");
    assert!(accepted > 2);
    // What comes now waits behind it.
    journal.append(&entry(accepted + 2)).unwrap();
    assert!(matches!(journal.write(), Err(Error::Broken { .. })));
    assert!(journal.broken().is_some());
    // The disk is still full, and says so.
    assert!(journal.heal().is_err());
    assert!(journal.broken().is_some());
    let there: Vec<_> = journal::read(dir)
        .unwrap()
        .entries
        .map(Result::unwrap)
        .collect();
    assert_eq!(there.len() as u64, accepted);
    // Room elsewhere is room: a new segment takes what the old one did not, once it is healed, and no
    // snapshot stands for what waited.
    assert!(journal.rotate().unwrap().is_none());
    journal.heal().unwrap();
    assert_eq!(
        (journal.written(), journal.broken()),
        (EntryId(accepted + 2), None)
    );
    fs::write(dir.join("accepted"), (accepted + 2).to_string()).unwrap();
}
