//! Records are kept once, with how far they are shipped.

use std::sync::Arc;

use canon::{EntryId, GenerationId};
use store::Store;
use tempfile::TempDir;

use crate::some::generation;

async fn store(dir: &TempDir) -> Store {
    Store::open(dir.path().join("weir.db").to_str().unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_batch_may_be_sent_again() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    let batch: Vec<_> = (1..=1_200)
        .map(|number| Arc::new(canon::Record::of(&generation(number)).unwrap()))
        .collect();
    for _ in 0..2 {
        store
            .generations()
            .ship(7, EntryId(2_400), &batch)
            .await
            .unwrap();
    }
    for number in [1, 500, 1_200] {
        let id = GenerationId::new(&format!("gen-{number}"));
        let found = store.generations().by_id(&id).await.unwrap();
        assert_eq!(found, Some(generation(number)));
    }
    let none = store
        .generations()
        .by_id(&GenerationId::new("gen-0"))
        .await
        .unwrap();
    assert_eq!(none, None);
}

#[tokio::test]
async fn what_is_shipped_is_kept_for_each_journal_and_never_falls() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    assert_eq!(
        store.generations().shipped(u64::MAX).await.unwrap(),
        EntryId(0)
    );
    for through in [5, 3] {
        store
            .generations()
            .ship(u64::MAX, EntryId(through), &[])
            .await
            .unwrap();
    }
    assert_eq!(
        store.generations().shipped(u64::MAX).await.unwrap(),
        EntryId(5)
    );
    assert_eq!(store.generations().shipped(1).await.unwrap(), EntryId(0));
}

#[tokio::test]
async fn records_survive_closing_and_opening() {
    let dir = TempDir::new().unwrap();
    let first = store(&dir).await;
    first
        .generations()
        .ship(
            1,
            EntryId(1),
            &[Arc::new(canon::Record::of(&generation(1)).unwrap())],
        )
        .await
        .unwrap();
    first.close().await;
    let again = store(&dir).await;
    let found = again
        .generations()
        .by_id(&GenerationId::new("gen-1"))
        .await
        .unwrap();
    assert_eq!(found, Some(generation(1)));
}

#[tokio::test]
async fn records_since_a_moment_come_page_by_page_each_once() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    let mut all: Vec<_> = (1..=10).map(generation).collect();
    for (place, generation) in all.iter_mut().enumerate() {
        // Two of each moment, and shipped in another order than they came.
        generation.created_at = i64::try_from(place / 2).unwrap();
    }
    let batch = all.iter().rev();
    let batch: Vec<_> = batch
        .map(|generation| Arc::new(canon::Record::of(generation).unwrap()))
        .collect();
    let generations = store.generations();
    generations.ship(7, EntryId(10), &batch).await.unwrap();
    let mut found = Vec::new();
    loop {
        let page = generations.since(1, found.last(), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        found.extend(page);
    }
    let mut wanted = all.split_off(2);
    wanted.sort_by_key(|one| (one.created_at, one.id.to_string()));
    assert_eq!(found, wanted);
}
