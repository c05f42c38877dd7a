//! The journal gives back what it took: whole, in order, or with an error that names the place.

use std::{fs, path::Path};

use canon::{Entry, EntryId};
use proptest::prelude::*;
use store::journal::{self, Durability, Error, Journal, Replay};

use crate::some::{entry, folder};

fn open(dir: &Path) -> (Journal, Replay) {
    Journal::open(dir, Durability::Process).unwrap()
}

fn entries(replay: Replay) -> Vec<(EntryId, Entry)> {
    replay.entries.map(Result::unwrap).collect()
}

/// Entries as they were written, numbered from `first`.
fn written(numbers: std::ops::RangeInclusive<u64>) -> Vec<(EntryId, Entry)> {
    numbers
        .map(|number| (EntryId(number), entry(number)))
        .collect()
}

fn append(journal: &mut Journal, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        assert_eq!(journal.append(&entry(number)).unwrap(), EntryId(number));
        journal.write().unwrap();
    }
}

fn segment(dir: &Path, number: u64) -> std::path::PathBuf {
    dir.join(format!("{number:010}.wal"))
}

#[test]
fn entries_come_back_in_order_after_every_opening() {
    let dir = folder();
    let (mut journal, replay) = open(dir.path());
    assert_eq!((entries(replay), journal.epoch()), (vec![], 1));
    append(&mut journal, 1..=5);
    let id = journal.id();
    drop(journal);
    let (mut journal, replay) = open(dir.path());
    assert_eq!(entries(replay), written(1..=5));
    assert_eq!((journal.epoch(), journal.id()), (2, id));
    append(&mut journal, 6..=7);
    drop(journal);
    let (journal, replay) = open(dir.path());
    assert_eq!(entries(replay), written(1..=7));
    drop(journal);
    // Opened without an append: the epoch still rises, and no file is left behind for it.
    let (journal, replay) = open(dir.path());
    assert_eq!((entries(replay).len(), journal.epoch()), (7, 4));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
}

#[test]
fn a_second_writer_is_told_which_folder_is_in_use() {
    let dir = folder();
    let (journal, _) = open(dir.path());
    let error = Journal::open(dir.path(), Durability::Process).unwrap_err();
    assert!(matches!(&error, Error::Locked { dir: locked } if locked == dir.path()));
    assert!(error.to_string().contains(dir.path().to_str().unwrap()));
    drop(journal);
    open(dir.path());
}

#[test]
fn a_journal_cut_at_any_byte_gives_a_prefix_and_goes_on() {
    let source = folder();
    let (mut journal, _) = open(source.path());
    append(&mut journal, 1..=3);
    drop(journal);
    let bytes = fs::read(segment(source.path(), 1)).unwrap();
    let mut ends = vec![44];
    let mut at = 44;
    while at < bytes.len() {
        at += 16
            + usize::try_from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap();
        ends.push(at);
    }
    for cut in 0..=bytes.len() {
        let dir = folder();
        fs::write(segment(dir.path(), 1), &bytes[..cut]).unwrap();
        let whole = ends
            .iter()
            .filter(|end| **end <= cut)
            .count()
            .saturating_sub(1) as u64;
        let before = journal::read(dir.path()).unwrap();
        assert_eq!(entries(before), written(1..=whole), "read, cut at {cut}");
        let (mut journal, replay) = open(dir.path());
        let torn = replay.torn.clone();
        assert_eq!(entries(replay), written(1..=whole), "cut at {cut}");
        assert_eq!(torn.is_some(), !ends.contains(&cut), "cut at {cut}");
        if let Some(torn) = torn {
            // What is cut off is kept aside, not thrown away.
            let aside = fs::read(torn.file.with_extension("torn")).unwrap();
            assert_eq!(aside, bytes[usize::try_from(torn.offset).unwrap()..cut]);
        }
        append(&mut journal, whole + 1..=whole + 1);
        drop(journal);
        assert_eq!(
            entries(open(dir.path()).1),
            written(1..=whole + 1),
            "again, cut at {cut}"
        );
    }
}

#[test]
fn a_bad_record_before_the_last_segment_is_refused_with_file_and_offset() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    append(&mut journal, 1..=2);
    drop(journal);
    let (mut journal, _) = open(dir.path());
    append(&mut journal, 3..=3);
    drop(journal);
    let path = segment(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (_journal, mut replay) = open(dir.path());
    assert_eq!(replay.entries.next().unwrap().unwrap().0, EntryId(1));
    let error = replay.entries.next().unwrap().unwrap_err();
    assert!(
        matches!(&error, Error::Damaged { file, offset, .. } if *file == path && *offset > 44),
        "{error}"
    );
    assert!(replay.entries.next().is_none());
}

#[test]
fn a_missing_segment_is_refused() {
    let dir = folder();
    for number in 1..=3 {
        let (mut journal, _) = open(dir.path());
        append(&mut journal, number..=number);
    }
    fs::remove_file(segment(dir.path(), 2)).unwrap();
    let (_journal, replay) = open(dir.path());
    let error = replay.entries.last().unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Gap {
                expected: 2,
                found: 3,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_snapshot_stands_for_what_came_before_it() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    append(&mut journal, 1..=4);
    let mark = journal.rotate().unwrap().unwrap();
    append(&mut journal, 5..=6);
    // Not written yet: everything is replayed.
    assert_eq!(entries(journal::read(dir.path()).unwrap()), written(1..=6));
    mark.write(b"state").unwrap();
    let replay = journal::read(dir.path()).unwrap();
    assert_eq!(replay.snapshot.as_deref(), Some(&b"state"[..]));
    assert_eq!(entries(replay), written(5..=6));
    // Entries before it are still there for shipping, until they are shipped.
    let shipped = |after: u64| -> Vec<_> {
        journal::read_after(dir.path(), EntryId(after))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert_eq!(shipped(2), written(3..=6));
    assert_eq!(journal::prune(dir.path(), EntryId(3)).unwrap(), 0);
    assert_eq!(journal::prune(dir.path(), EntryId(4)).unwrap(), 1);
    assert!(!segment(dir.path(), 1).exists());
    assert_eq!(shipped(5), written(6..=6));
    drop(journal);
    let (mut journal, replay) = open(dir.path());
    assert_eq!(replay.snapshot.as_deref(), Some(&b"state"[..]));
    assert_eq!(entries(replay), written(5..=6));
    append(&mut journal, 7..=7);
}

#[test]
fn a_damaged_snapshot_is_passed_over_while_the_entries_are_still_there() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    append(&mut journal, 1..=2);
    journal.rotate().unwrap().unwrap().write(b"first").unwrap();
    append(&mut journal, 3..=3);
    journal.rotate().unwrap().unwrap().write(b"second").unwrap();
    append(&mut journal, 4..=4);
    drop(journal);
    let path = dir.path().join("0000000003.snapshot");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let (_journal, replay) = open(dir.path());
    assert_eq!(replay.snapshot.as_deref(), Some(&b"first"[..]));
    assert_eq!(entries(replay), written(3..=4));
}

#[test]
fn many_entries_are_one_write() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    for number in 1..=9 {
        journal.append(&entry(number)).unwrap();
    }
    assert_eq!(
        (journal.written(), journal.last()),
        (EntryId(0), EntryId(9))
    );
    journal.write().unwrap();
    assert_eq!(
        (journal.written(), journal.last()),
        (EntryId(9), EntryId(9))
    );
    // One that was never written is not there.
    journal.append(&entry(10)).unwrap();
    drop(journal);
    assert_eq!(entries(open(dir.path()).1), written(1..=9));
}

#[test]
fn an_entry_that_is_withdrawn_leaves_its_number_to_the_next() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    append(&mut journal, 1..=1);
    journal.append(&entry(2)).unwrap();
    let wrong = journal.append(&entry(7)).unwrap();
    // Neither what is written nor what is not the last can be withdrawn.
    journal.withdraw(EntryId(1));
    journal.withdraw(EntryId(2));
    journal.withdraw(wrong);
    append(&mut journal, 3..=3);
    drop(journal);
    assert_eq!(entries(open(dir.path()).1), written(1..=3));
}

#[tokio::test]
async fn with_power_durability_an_entry_waits_for_the_disk() {
    let dir = folder();
    let (mut journal, _) = Journal::open(dir.path(), Durability::Power).unwrap();
    let syncing = journal.syncing();
    for number in 1..=20 {
        let id = journal.append(&entry(number)).unwrap();
        journal.write().unwrap();
        syncing.synced(id).await.unwrap();
        if number == 10 {
            journal.rotate().unwrap();
        }
    }
    let never = EntryId(21);
    drop(journal);
    assert!(matches!(
        syncing.synced(never).await,
        Err(Error::Broken { .. })
    ));
}

#[tokio::test]
async fn with_process_durability_an_entry_reaches_the_disk_in_the_background() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    let syncing = journal.syncing();
    let id = journal.append(&entry(1)).unwrap();
    journal.write().unwrap();
    syncing.synced(id).await.unwrap();
    syncing.on_disk(id).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_bit_in_the_last_segment_gives_a_prefix_or_an_error(
        count in 1..12_u64,
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let dir = folder();
        let (mut journal, _) = open(dir.path());
        append(&mut journal, 1..=count);
        drop(journal);
        let path = segment(dir.path(), 1);
        let mut bytes = fs::read(&path).unwrap();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).unwrap();
        match Journal::open(dir.path(), Durability::Process) {
            // The header is no longer that of this segment.
            Err(error) => prop_assert!(at < 44, "{error} at {at}"),
            Ok((_journal, replay)) => {
                prop_assert!(at >= 44);
                prop_assert!(replay.torn.is_some());
                let entries = entries(replay);
                let whole = entries.len() as u64;
                prop_assert!(whole < count);
                prop_assert_eq!(entries, written(1..=whole));
            }
        }
    }

    #[test]
    fn any_prefix_of_the_files_replays_to_a_prefix_of_the_entries(
        batches in prop::collection::vec(0..6_u64, 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let dir = folder();
        let mut last = 0;
        for batch in &batches {
            let (mut journal, _) = open(dir.path());
            append(&mut journal, last + 1..=last + batch);
            last += batch;
        }
        let mut segments: Vec<_> = fs::read_dir(dir.path()).unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "wal"))
            .collect();
        segments.sort();
        let newest = segments.last().unwrap();
        let bytes = fs::read(newest).unwrap();
        fs::write(newest, &bytes[..cut.index(bytes.len() + 1)]).unwrap();
        let (_journal, replay) = open(dir.path());
        let entries = entries(replay);
        let whole = entries.len() as u64;
        prop_assert!(whole <= last);
        prop_assert_eq!(entries, written(1..=whole));
    }
}
