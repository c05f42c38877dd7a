//! The books under load, after crashes, and on a disk that is full.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use canon::{
    AttemptId, Dialect, Fault, Generation, GenerationId, Key, KeyId, Kind, LimitReset, NanoUsd,
    ProviderId, Usage, Window, WorkspaceId,
};
use futures_util::future::join_all;
use gateway::books::{
    self, Books, Durability, Error, Hold, HoldRequest, Posted, ReasonForEstimate, Settlement,
};
use store::{Store, journal};
use tempfile::TempDir;

/// A Thursday in February 2024, 20:00 UTC.
const NOW: i64 = 1_709_236_800_000_000;
/// Far enough ahead that the books' own thread, which reads the real clock, sweeps nothing.
const NEVER: i64 = i64::MAX;

fn usd(nano: i64) -> NanoUsd {
    NanoUsd::new(nano)
}

fn key(limit: Option<i64>) -> Key {
    Key {
        id: KeyId::new("key"),
        name: String::new(),
        label: String::new(),
        disabled: false,
        management: false,
        limit: limit.map(usd),
        limit_reset: Some(LimitReset::Monthly),
        include_byok_in_limit: false,
        workspace: WorkspaceId::new("default"),
        creator: None,
        created_at: 0,
        updated_at: None,
        expires_at: None,
    }
}

fn open_store(dir: &Path) -> Store {
    let path = dir.join("weir.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(Store::open(path.to_str().unwrap()))
        .unwrap()
}

fn open(dir: &Path) -> Arc<Books> {
    Books::open(dir, Durability::Process, NOW, open_store(dir)).unwrap()
}

fn hold(books: &Arc<Books>, key: &Key, number: usize, amount: i64) -> Result<Hold, Fault> {
    hold_until(books, key, (number, amount), NEVER)
}

fn hold_until(
    books: &Arc<Books>,
    key: &Key,
    (number, amount): (usize, i64),
    deadline: i64,
) -> Result<Hold, Fault> {
    let provider: ProviderId = "acme".parse().unwrap();
    let request = HoldRequest {
        attempt: AttemptId {
            generation: generation_id(number),
            number: 0,
        },
        key,
        provider: &provider,
        amount: usd(amount),
        deadline,
        price_version: 1,
    };
    books.hold(&request, NOW)
}

/// As whoever is about to send something waits for it.
fn written(hold: Hold) -> Hold {
    runtime().block_on(hold.durable()).unwrap();
    hold
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

fn generation_id(number: usize) -> GenerationId {
    GenerationId::new(&format!("gen-{number}"))
}

fn settled(charged: i64) -> Settlement {
    Settlement {
        charged: usd(charged),
        upstream_cost: usd(charged),
        generation: None,
    }
}

fn recorded(number: usize) -> Settlement {
    Settlement {
        generation: canon::Record::of(&generation(number)).map(Box::new),
        ..settled(1)
    }
}

fn generation(number: usize) -> Generation {
    Generation {
        id: generation_id(number),
        key: KeyId::new("key"),
        workspace: WorkspaceId::new("default"),
        created_at: NOW,
        dialect: Dialect::Anthropic,
        model: "acme/small".to_owned(),
        requested_model: None,
        provider: Some("Acme".to_owned()),
        upstream_id: None,
        streamed: false,
        cancelled: false,
        finish_reason: None,
        native_finish_reason: None,
        first_token_ms: None,
        latency_ms: 1,
        generation_ms: None,
        usage: Usage::default(),
        usage_estimated: false,
        cost: usd(1),
        upstream_cost: usd(1),
        cache_discount: NanoUsd::ZERO,
        media_prompt: 0,
        audio_prompt: 0,
        media_completion: 0,
        is_byok: false,
        user: None,
        session_id: None,
        referer: None,
        title: None,
        user_agent: None,
        attempts: Vec::new(),
        route: None,
        error: None,
    }
}

fn spent(books: &Books) -> i64 {
    books.spent(&KeyId::new("key"), Window::Lifetime).get()
}

fn in_database(dir: &Path, number: usize) -> bool {
    let store = open_store(dir);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(store.generations().by_id(&generation_id(number)))
        .unwrap()
        .is_some()
}

/// A data folder with the journal as it is on the disk now: what a `kill -9` leaves behind.
fn as_after_a_crash(dir: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    fs::create_dir(copy.path().join("journal")).unwrap();
    for file in fs::read_dir(dir.join("journal")).unwrap() {
        let file = file.unwrap();
        fs::copy(
            file.path(),
            copy.path().join("journal").join(file.file_name()),
        )
        .unwrap();
    }
    copy
}

#[test]
fn five_hundred_holds_at_once_never_pass_the_limit() {
    const LIMIT: i64 = 1_000;
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    let (key, charged) = (key(Some(LIMIT)), AtomicI64::new(0));
    let spend = &|number: usize| {
        let Ok(hold) = hold(&books, &key, number, 90) else {
            return;
        };
        let spent = spent(&books);
        assert!(spent + 90 <= LIMIT, "{spent}");
        let taken = match number % 4 {
            0 => {
                hold.void(NOW);
                0
            }
            1 => {
                drop(hold);
                90
            }
            _ => {
                hold.settle(settled(13), NOW);
                13
            }
        };
        charged.fetch_add(taken, Ordering::SeqCst);
    };
    std::thread::scope(|scope| {
        for thread in 0..20 {
            let numbers = thread * 25..(thread + 1) * 25;
            scope.spawn(move || numbers.for_each(spend));
        }
    });
    assert_eq!(books.open_attempts(), 0);
    assert_eq!(spent(&books), charged.load(Ordering::SeqCst));
    assert!(
        spent(&books) > LIMIT - 90 && spent(&books) <= LIMIT,
        "{}",
        spent(&books)
    );
    books.close();
    assert!(books::verify(dir.path()).unwrap().is_sound());
}

#[test]
fn over_the_limit_is_402_with_the_limit_its_window_and_what_is_left() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    let key = key(Some(5_000_000_000));
    assert_eq!(books.headroom(&key, NOW), key.limit);
    let _held = hold(&books, &key, 1, 4_000_000_000).unwrap();
    assert_eq!(books.headroom(&key, NOW), Some(usd(1_000_000_000)));
    let fault = hold(&books, &key, 2, 1_500_000_000).unwrap_err();
    assert_eq!(fault.kind, Kind::PaymentRequired);
    assert!(
        fault.say.contains("$1 of the monthly limit of $5 is left"),
        "{fault}"
    );
    assert!(fault.say.contains("up to $1.5"), "{fault}");
    assert_eq!(books.headroom(&self::key(None), NOW), None);
}

#[test]
fn a_hold_that_is_dropped_is_charged_by_what_was_set_aside() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    drop(hold(&books, &key(None), 1, 70).unwrap());
    assert_eq!((spent(&books), books.open_attempts()), (70, 0));
}

#[test]
fn after_a_crash_open_attempts_are_charged_in_full_and_settled_ones_exactly() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    let key = key(None);
    hold(&books, &key, 1, 100).unwrap().settle(settled(40), NOW);
    hold(&books, &key, 2, 100).unwrap().void(NOW);
    let under_way = written(hold(&books, &key, 3, 100).unwrap());
    let copy = as_after_a_crash(dir.path());
    under_way.settle(settled(1), NOW);
    let beside = books::verify(copy.path()).unwrap();
    assert_eq!((beside.open.len(), beside.entries), (1, 5));

    let after = open(copy.path());
    assert_eq!((spent(&after), after.open_attempts()), (140, 0));
    assert_eq!(after.spending(&key.id, NOW).day, usd(140));
    after.close();
    let report = books::verify(copy.path()).unwrap();
    assert!(report.is_sound());
    assert_eq!(
        (report.open.len(), report.provisional, report.entries),
        (0, 1, 6)
    );
    // And a second crash changes nothing more.
    let again = as_after_a_crash(copy.path());
    assert_eq!(spent(&open(again.path())), 140);
}

#[test]
fn a_crash_at_any_moment_never_loses_what_was_settled_nor_passes_the_limit() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    let key = key(Some(500));
    let mut settled_so_far = 0;
    let mut open_holds = Vec::new();
    for number in 0..30 {
        match hold(&books, &key, number, 60) {
            Ok(hold) => open_holds.push(written(hold)),
            Err(fault) => assert_eq!(fault.kind, Kind::PaymentRequired),
        }
        if number % 3 == 2
            && let Some(hold) = open_holds.pop()
        {
            hold.settle(settled(17), NOW);
            settled_so_far += 17;
        }
        let copy = as_after_a_crash(dir.path());
        let report = books::verify(copy.path()).unwrap();
        assert!(report.is_sound());
        let books = open(copy.path());
        let expected = settled_so_far + 60 * i64::try_from(open_holds.len()).unwrap();
        assert_eq!(spent(&books), expected);
        assert!(expected <= 500);
    }
    assert!(settled_so_far > 0);
}

#[test]
fn a_second_process_is_refused() {
    let dir = TempDir::new().unwrap();
    let _books = open(dir.path());
    let second = Books::open(dir.path(), Durability::Process, NOW, open_store(dir.path()));
    assert!(matches!(
        second,
        Err(Error::Journal(journal::Error::Locked { .. }))
    ));
}

#[test]
fn a_record_is_found_at_once_and_later_in_the_database() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    // Stopped, so that nothing is shipped behind the test's back.
    books.close();
    hold(&books, &key(None), 1, 5)
        .unwrap()
        .settle(recorded(1), NOW);
    let (charged, reason) = (usd(2), ReasonForEstimate::ClientLeft);
    let estimated = hold(&books, &key(None), 2, 5).unwrap();
    estimated.provisional(
        charged,
        reason,
        canon::Record::of(&generation(2)).map(Box::new),
        NOW,
    );
    for number in [1, 2] {
        assert_eq!(
            books
                .find_generation(&generation_id(number))
                .map(|record| record.read().unwrap()),
            Some(generation(number))
        );
        assert!(!in_database(dir.path(), number));
    }
    drop(books);
    // The next process ships what this one did not.
    let next = open(dir.path());
    next.close();
    assert!(in_database(dir.path(), 1) && in_database(dir.path(), 2));
    hold(&next, &key(None), 3, 5)
        .unwrap()
        .settle(recorded(3), NOW);
    drop(next);
    let last = open(dir.path());
    hold(&last, &key(None), 4, 5)
        .unwrap()
        .settle(recorded(4), NOW);
    last.close();
    assert!(in_database(dir.path(), 3) && in_database(dir.path(), 4));
    assert_eq!(last.find_generation(&generation_id(4)), None);
}

#[test]
fn an_attempt_past_its_deadline_is_charged_and_a_late_settlement_corrects_it() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    books.close();
    let held = hold_until(&books, &key(None), (1, 80), NOW + 10).unwrap();
    let void = hold_until(&books, &key(None), (2, 80), NOW + 10).unwrap();
    assert_eq!(books.sweep(NOW + 10), 0);
    assert_eq!(books.sweep(NOW + 11), 2);
    assert_eq!(
        (spent(&books), books.open_attempts(), books.sweep(NOW + 12)),
        (160, 0, 0)
    );
    held.settle(settled(30), NOW + 13);
    void.void(NOW + 13);
    assert_eq!(spent(&books), 30);
    assert!(books::verify(dir.path()).unwrap().is_sound());
}

#[test]
fn a_negative_cost_is_not_believed() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    let negative = Settlement {
        charged: usd(-9),
        ..recorded(1)
    };
    hold(&books, &key(None), 1, 50)
        .unwrap()
        .settle(negative, NOW);
    let upstream = Settlement {
        upstream_cost: usd(-9),
        ..settled(1)
    };
    hold(&books, &key(None), 2, 50)
        .unwrap()
        .settle(upstream, NOW);
    assert_eq!((spent(&books), books.open_attempts()), (100, 0));
    books.close();
    assert!(in_database(dir.path(), 1));
}

#[test]
fn a_short_journal_means_what_the_long_one_meant() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    for number in 0..20 {
        hold(&books, &key(None), number, 50)
            .unwrap()
            .settle(recorded(number), NOW);
    }
    let under_way = written(hold(&books, &key(None), 20, 50).unwrap());
    let long = books::verify(dir.path()).unwrap();
    assert_eq!(long.replayed.settled, 20);
    books.close();
    books.rotate().unwrap();
    let short = books::verify(dir.path()).unwrap();
    assert_eq!(short.replayed, books::Counts::default());
    assert_eq!(
        (short.entries, &short.open, &short.accounts),
        (long.entries, &long.open, &long.accounts)
    );
    assert!(
        !dir.path().join("journal/0000000001.wal").exists(),
        "shipped, so removed"
    );
    under_way.settle(settled(30), NOW);
    drop(books);
    let books = open(dir.path());
    assert_eq!(spent(&books), 20 + 30);
}

#[test]
fn the_report_says_what_the_journal_adds_up_to() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    let end = Settlement {
        charged: usd(40),
        upstream_cost: usd(55),
        generation: None,
    };
    hold(&books, &key(None), 1, 100).unwrap().settle(end, NOW);
    let _open = written(hold(&books, &key(None), 2, 1_000_000_000).unwrap());
    let report = books::verify(dir.path()).unwrap();
    let said: Vec<_> = report
        .to_string()
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    let expected = [
        "entries 3",
        "since the snapshot 2 reserved, 1 settled, 0 voided, 0 estimated",
        "open attempts 1 ($1 set aside)",
        "estimates 0 that may still be corrected",
        "wallet of default -0.00000004",
        "cost of acme 0.000000055",
        "insurance -0.000000015",
        "sum 0",
        "every invariant holds",
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_many_note_in_one_turn_is_written_for_all_of_them_and_what_nobody_awaits_at_once() {
    let dir = TempDir::new().unwrap();
    let books = open(dir.path());
    let settled_on_disk = || books::verify(dir.path()).unwrap().replayed.settled;
    let held: Vec<_> = (1..=20)
        .map(|number| hold(&books, &key(None), number, 5).unwrap())
        .collect();
    let durable = runtime().block_on(join_all(held.iter().map(Hold::durable)));
    assert!(durable.iter().all(Result::is_ok));
    let mut posted: Vec<_> = held
        .into_iter()
        .map(|hold| hold.settling(settled(1), NOW))
        .collect();
    assert_eq!(spent(&books), 20);
    let last = posted.pop().unwrap();
    runtime().block_on(join_all(posted.into_iter().map(Posted::written)));
    // The last was noted in the same turn.
    assert_eq!(settled_on_disk(), 20);
    drop(last);
    let hold = hold(&books, &key(None), 21, 5).unwrap();
    drop(hold.settling(settled(1), NOW));
    assert_eq!(settled_on_disk(), 21);
}

#[test]
fn with_power_durability_a_hold_waits_for_the_disk() {
    let dir = TempDir::new().unwrap();
    let store = open_store(dir.path());
    let books = Books::open(dir.path(), Durability::Power, NOW, store).unwrap();
    let held = hold(&books, &key(None), 1, 5).unwrap();
    written(held).void(NOW);
}

const FULL_DISK: &str = "WEIR_TEST_BOOKS_FULL_DISK";
/// In blocks of 512 or 1,024 bytes, as the shell counts.
const LIMIT_BLOCKS: u32 = 1_024;

/// In a child process under a limit on file sizes, with the signal ignored so that writes fail with
/// an error.
#[test]
fn on_a_full_disk_nothing_is_served_and_nothing_that_was_served_is_forgotten() {
    if let Some(dir) = env::var_os(FULL_DISK) {
        run_into_a_full_disk(&PathBuf::from(dir));
        return;
    }
    let dir = TempDir::new().unwrap();
    let name = "books::on_a_full_disk_nothing_is_served_and_nothing_that_was_served_is_forgotten";
    let child = Command::new("sh")
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {LIMIT_BLOCKS}; exec \"$@\""),
            "sh",
        ])
        .arg(env::current_exe().unwrap())
        .args(["--exact", name])
        .env(FULL_DISK, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
    let report = books::verify(dir.path()).unwrap();
    assert!(report.is_sound());
    assert_eq!(report.open, []);
    assert_eq!(spent(&open(dir.path())), 7);
}

fn run_into_a_full_disk(dir: &Path) {
    let books = open(dir);
    let mut holds = Vec::new();
    let runtime = runtime();
    let (unwritten, fault) = loop {
        let hold = hold(&books, &key(None), holds.len(), 50).unwrap();
        match runtime.block_on(hold.durable()) {
            Ok(()) => holds.push(hold),
            Err(fault) => break (hold, fault),
        }
    };
    assert_eq!(fault.kind, Kind::ProviderOverloaded);
    assert!(books.broken().is_some());
    unwritten.void(NOW);
    let refused = hold(&books, &key(None), holds.len() + 1, 50).unwrap_err();
    assert_eq!(refused.kind, Kind::ProviderOverloaded);
    let last = holds.pop().unwrap();
    last.settle(settled(7), NOW);
    holds.into_iter().for_each(|hold| hold.void(NOW));
    // What waits in memory counts already.
    assert_eq!((spent(&books), books.open_attempts()), (7, 0));
    // A new segment has room again; the books' thread notices by itself.
    books.rotate().unwrap();
    while books.broken().is_some() {
        std::thread::yield_now();
    }
    assert_eq!(spent(&books), 7);
    drop(hold(&books, &key(None), usize::MAX, 0).unwrap());
    books.close();
}
