//! `kill -9` at random moments, under load, against vendors in every mood: what they bill is in the ledger.
//!
//! `WEIR_KILLS` sets how often (20 where it is not set), `WEIR_TEST_SEED` repeats a run's draws.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use testbed::{
    Mood,
    seed::{Rng, Seed},
};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    audit::Audit,
    lab::{self, Lab, Leave, MODEL, PATIENCE},
};

/// Clients that ask at the same time.
const CLIENTS: u64 = 12;
/// Moods drawn for each vendor and each life of the gateway; then it is in good health.
const MOODS: usize = 600;
/// The longest wait of a vendor that is not hanging, in milliseconds.
const DELAY_MS_MAX: u64 = 200;
/// Pieces of answers after which a life of the gateway ends, at most.
const PIECES_MAX: u64 = 600;
/// A prompt of 2,000 tokens by the vendors' count: more than a mood's cached ones.
const PROMPT_BYTES: usize = 8_000;

#[tokio::test]
async fn what_is_killed_at_random_moments_loses_nothing_and_counts_nothing_twice() {
    let seed = Seed::from_environment();
    let mut rng = seed.rng();
    let lab = Lab::open().await;
    let keys = [
        lab.key("free", &[]),
        lab.key("limited", &["--limit", "1000", "--limit-reset", "daily"]),
    ];
    let mut load = Load::start(&mut rng, &keys);
    let kills = kills();
    for _ in 0..kills {
        live_and_be_killed(&lab, &mut rng, &load).await;
    }
    let (server, address) = lab.start().await;
    let seen = load.finish(address).await;
    assert!(seen.ended.len() > 10, "hardly anything was answered");
    let mut unknown = Vec::new();
    for generation in &seen.ended {
        let path = format!("/api/v1/generation?id={generation}");
        let (status, record) = lab::get(address, &path, &keys[0]).await;
        if status != 200 || record["data"]["id"] != **generation {
            unknown.push(generation);
        }
    }
    assert_eq!(server.terminate().await, Some(0), "{}", lab.log());
    settle_down(&lab).await;

    let mut audit = Audit::of(&lab);
    let figures = audit.figures();
    println!(
        "seed {}, {kills} kills, {} requests, {} answers seen to their end\n{figures}",
        seed.value(),
        seen.asked,
        seen.ended.len(),
    );
    for generation in &unknown {
        println!(
            "unknown to /generation: {generation}: {}",
            audit.tell(generation)
        );
    }
    assert_eq!(figures.lost, 0, "nano-USD are lost");
    audit.check();
    assert!(
        unknown.is_empty(),
        "{} of {} answers have no record",
        unknown.len(),
        seen.ended.len()
    );
    let (code, report) = lab.verify();
    assert_eq!(code, Some(0), "{report}");
    let (bill, cost, suspense) = audit.reconcile();
    println!("reconciled: vendors bill {bill}, ledger has {cost}, suspense {suspense} nano-USD");
    assert_eq!((bill - cost, suspense), (0, 0), "after reconciliation");
}

/// How often the gateway is killed.
fn kills() -> u32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own variable, not the product's"
    )]
    let given = std::env::var("WEIR_KILLS").ok();
    given.map_or(20, |text| text.parse().unwrap())
}

/// Starts the gateway, lets the clients at it, and kills it: one time in eight while it starts.
async fn live_and_be_killed(lab: &Lab, rng: &mut Rng, load: &Load) {
    for (_, vendor) in lab.vendors() {
        let moods: Vec<Mood> = (0..MOODS).map(|_| Mood::drawn(rng, DELAY_MS_MAX)).collect();
        vendor.script(moods);
    }
    let mut server = lab.spawn();
    let patience = if rng.chance(12) {
        Duration::from_millis(rng.below(300))
    } else {
        PATIENCE
    };
    if let Some(address) = server.ready(patience).await {
        let mut pieces = load.pieces.subscribe();
        let enough = *pieces.borrow() + 1 + rng.below(PIECES_MAX);
        load.address.send_replace(Some(address));
        // Vendors that all hang say nothing; then that is the moment.
        let reached = pieces.wait_for(|pieces| *pieces >= enough);
        drop(tokio::time::timeout(Duration::from_secs(5), reached).await);
    }
    server.kill();
    load.address.send_replace(None);
}

/// Waits until the vendors have ended, and billed, everything that arrived.
async fn settle_down(lab: &Lab) {
    for (provider, vendor) in lab.vendors() {
        let arrived = vendor.requests().last().map_or(0, |last| last.number);
        let billed = tokio::time::timeout(PATIENCE, vendor.bill_of(arrived)).await;
        assert!(billed.is_ok(), "{provider} does not come to an end");
    }
}

/// Clients that ask, in many ways, for as long as the test runs.
struct Load {
    address: watch::Sender<Option<SocketAddr>>,
    pieces: Arc<watch::Sender<u64>>,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    clients: JoinSet<()>,
}

/// What clients saw.
#[derive(Debug, Default)]
struct Seen {
    asked: u64,
    /// Requests whose answer came to its end.
    ended: Vec<String>,
}

impl Load {
    fn start(rng: &mut Rng, keys: &[String; 2]) -> Self {
        let mut load = Self {
            address: watch::Sender::new(None),
            pieces: Arc::new(watch::Sender::new(0)),
            stop: Arc::default(),
            seen: Arc::default(),
            clients: JoinSet::new(),
        };
        for _ in 0..CLIENTS {
            let client = Client {
                rng: rng.fork(),
                keys: keys.clone(),
                address: load.address.subscribe(),
                pieces: Arc::clone(&load.pieces),
                stop: Arc::clone(&load.stop),
                seen: Arc::clone(&load.seen),
            };
            load.clients.spawn(client.run());
        }
        load
    }

    /// Lets every client come to an end of its own, at a gateway that is not killed any more.
    async fn finish(&mut self, address: SocketAddr) -> Seen {
        self.address.send_replace(Some(address));
        let mut pieces = self.pieces.subscribe();
        let enough = *pieces.borrow() + PIECES_MAX;
        let reached = pieces.wait_for(|pieces| *pieces >= enough);
        drop(tokio::time::timeout(PATIENCE, reached).await);
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.seen.lock())
    }
}

struct Client {
    rng: Rng,
    keys: [String; 2],
    address: watch::Receiver<Option<SocketAddr>>,
    pieces: Arc<watch::Sender<u64>>,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
}

impl Client {
    async fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            let known = *self.address.wait_for(Option::is_some).await.unwrap();
            let Some(address) = known else { continue };
            let (path, body) = self.draw();
            let key = self.rng.choose(&self.keys).unwrap();
            let request = lab::post(path, key, &body);
            let leave = self.leave();
            self.seen.lock().asked += 1;
            match lab::send(address, request, leave, &self.pieces).await {
                Some(answer) if answer.ended() => {
                    self.seen.lock().ended.extend(answer.generation);
                }
                Some(_) => {}
                // Killed, or about to be: the next life has another address.
                None if leave == Leave::Never => self.next_life(address).await,
                None => {}
            }
        }
    }

    async fn next_life(&mut self, dead: SocketAddr) {
        let other = |address: &Option<SocketAddr>| *address != Some(dead);
        let changed = self.address.wait_for(other);
        drop(tokio::time::timeout(Duration::from_secs(1), changed).await);
    }

    fn leave(&mut self) -> Leave {
        match self.rng.below(20) {
            0..=2 => Leave::AfterPieces(usize::try_from(self.rng.below(12)).unwrap()),
            3 => Leave::Within(Duration::from_millis(self.rng.below(300))),
            _ => Leave::Never,
        }
    }

    /// A request, in either dialect.
    fn draw(&mut self) -> (&'static str, Value) {
        let rng = &mut self.rng;
        let words = format!(
            "{:08} {}",
            rng.below(100_000_000),
            "word ".repeat(PROMPT_BYTES / 5)
        );
        let mut body = json!({
            "model": MODEL,
            "messages": [{"role": "user", "content": words}],
            "stream": rng.chance(70),
            "max_tokens": 16 + rng.below(512),
        });
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let offers = rng.chance(30);
        if rng.chance(50) {
            if offers {
                body["tools"] = json!([{"name": "weather", "input_schema": schema}]);
            }
            return ("/api/v1/messages", body);
        }
        if offers {
            let function = json!({"name": "weather", "parameters": schema});
            body["tools"] = json!([{"type": "function", "function": function}]);
        }
        if rng.chance(30) {
            body.as_object_mut().unwrap().remove("max_tokens");
        }
        ("/api/v1/chat/completions", body)
    }
}
