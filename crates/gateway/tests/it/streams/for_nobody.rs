//! What is read for nobody has limits: how many streams at once, and how much of each.

use std::time::Duration;

use http::header;
use testbed::Mood;

use super::streaming::{metered, taste};
use crate::stage::{Answer, Stage};

/// As many as are read at once.
const AT_ONCE: usize = 64;

/// How many drains ended so, once there are as many as `count` in all.
async fn ended(stage: &Stage, outcome: &str, count: u64) -> u64 {
    let read = async || {
        let request = http::Request::get("/metrics")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", stage.house.manager),
            )
            .body(axum::body::Body::empty());
        let answer = Answer::read(stage.house.call(request.unwrap()).await).await;
        let lines = answer.text.lines();
        let found = lines.filter_map(|line| line.strip_prefix("weir_drains_total{outcome=\""));
        let parsed = found.map(|line| {
            let (name, count) = line.split_once("\"} ").unwrap();
            (name.to_owned(), count.parse::<u64>().unwrap())
        });
        parsed.collect::<Vec<_>>()
    };
    let waiting = async {
        loop {
            let all = read().await;
            if all.iter().map(|(_, count)| count).sum::<u64>() >= count {
                let of = all.into_iter().find(|(name, _)| name == outcome);
                return of.map_or(0, |(_, count)| count);
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .unwrap()
}

#[tokio::test]
async fn no_more_than_sixty_four_streams_are_read_for_nobody_at_once() {
    let stage = metered().await;
    stage.vendor("alpha").set_mood(Mood {
        between_ms: 60,
        chunks: Some(40),
        text: Some("word ".repeat(40)),
        ..Mood::default()
    });
    let leaving = (0..AT_ONCE + 3).map(|_| taste(&stage));
    futures_util::future::join_all(leaving).await;
    assert_eq!(ended(&stage, "refused", 3).await, 3);
    let all = u64::try_from(AT_ONCE + 3).unwrap();
    assert_eq!(ended(&stage, "finished", all).await, all - 3);
    let bill = stage.vendor("alpha").bill_of(all).await;
    let whole = bill.iter().filter(|one| one.completed).count();
    assert_eq!(whole, AT_ONCE, "the others were hung up on");
    assert_eq!(stage.house.app.books.open_attempts(), 0);
}

#[tokio::test]
async fn no_more_than_four_mebibytes_of_a_stream_are_read_for_nobody() {
    let stage = metered().await;
    stage.vendor("alpha").set_mood(Mood {
        chunks: Some(60),
        text: Some("x".repeat(6 << 20)),
        ..Mood::default()
    });
    taste(&stage).await;
    assert_eq!(ended(&stage, "aborted", 1).await, 1);
    let bill = stage.vendor("alpha").bill_of(1).await;
    assert!(!bill[0].completed, "it was hung up on");
    assert_eq!(stage.house.app.books.open_attempts(), 0);
}
