//! Keys are found, changed and removed, here and in another process.

use canon::{Key, KeyId, LimitReset, NanoUsd, WorkspaceId};
use store::{Error, KeyPatch, ListFilter, Store};
use tempfile::TempDir;

async fn store(dir: &TempDir) -> Store {
    let path = dir.path().join("weir.db");
    Store::open(&format!("sqlite:{}", path.display()))
        .await
        .unwrap()
}

fn key(number: u8) -> Key {
    Key {
        id: KeyId::new(&format!("{number:064x}")),
        name: format!("key {number}"),
        label: "sk-or-v1-abc...123".to_owned(),
        disabled: false,
        management: false,
        limit: Some(NanoUsd::new(5_000_000_000)),
        limit_reset: Some(LimitReset::Weekly),
        include_byok_in_limit: true,
        workspace: WorkspaceId::new("default"),
        creator: Some("ann".to_owned()),
        created_at: i64::from(number),
        updated_at: None,
        expires_at: Some(1_000 + i64::from(number)),
    }
}

fn filter() -> ListFilter {
    ListFilter {
        workspace: WorkspaceId::new("default"),
        include_disabled: false,
        include_expired: false,
        now: 0,
        offset: 0,
        limit: 100,
    }
}

#[tokio::test]
async fn a_key_is_found_as_it_was_made() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    assert_eq!(store.keys().by_digest(&[1; 32]).await.unwrap(), None);
    store.keys().create(&key(1), &[1; 32]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(
            store.keys().by_digest(&[1; 32]).await.unwrap().as_deref(),
            Some(&key(1))
        );
    }
    assert_eq!(store.keys().by_id(&key(1).id).await.unwrap(), Some(key(1)));
    let bare = Key {
        limit: None,
        limit_reset: None,
        creator: None,
        expires_at: None,
        ..key(2)
    };
    store.keys().create(&bare, &[2; 32]).await.unwrap();
    assert_eq!(store.keys().by_id(&bare.id).await.unwrap(), Some(bare));
}

#[tokio::test]
async fn two_keys_never_share_an_id_or_a_secret() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    store.keys().create(&key(1), &[1; 32]).await.unwrap();
    for (number, digest) in [(1, [2; 32]), (2, [1; 32])] {
        let error = store
            .keys()
            .create(&key(number), &digest)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Exists), "{error}");
    }
}

#[tokio::test]
async fn a_change_touches_what_it_names_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    store.keys().create(&key(1), &[1; 32]).await.unwrap();
    assert!(store.keys().by_digest(&[1; 32]).await.unwrap().is_some());
    let patch = KeyPatch {
        limit: Some(None),
        disabled: Some(true),
        ..KeyPatch::default()
    };
    let changed = store
        .keys()
        .update(&key(1).id, &patch, 77)
        .await
        .unwrap()
        .unwrap();
    let expected = Key {
        limit: None,
        disabled: true,
        updated_at: Some(77),
        ..key(1)
    };
    assert_eq!(changed, expected);
    assert_eq!(
        store.keys().by_digest(&[1; 32]).await.unwrap().as_deref(),
        Some(&expected)
    );
    let patch = KeyPatch {
        name: Some("other".to_owned()),
        limit: Some(Some(NanoUsd::new(1))),
        limit_reset: Some(Some(LimitReset::Daily)),
        include_byok_in_limit: Some(false),
        disabled: Some(false),
    };
    let changed = store
        .keys()
        .update(&key(1).id, &patch, 78)
        .await
        .unwrap()
        .unwrap();
    let expected = Key {
        name: "other".to_owned(),
        limit: Some(NanoUsd::new(1)),
        limit_reset: Some(LimitReset::Daily),
        include_byok_in_limit: false,
        updated_at: Some(78),
        ..key(1)
    };
    assert_eq!(changed, expected);
    let nobody = store.keys().update(&key(9).id, &patch, 78).await.unwrap();
    assert_eq!(nobody, None);
}

#[tokio::test]
async fn a_deleted_key_is_gone_at_once() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    store.keys().create(&key(1), &[1; 32]).await.unwrap();
    assert!(store.keys().by_digest(&[1; 32]).await.unwrap().is_some());
    assert!(store.keys().delete(&key(1).id).await.unwrap());
    assert_eq!(store.keys().by_digest(&[1; 32]).await.unwrap(), None);
    assert!(!store.keys().delete(&key(1).id).await.unwrap());
}

#[tokio::test]
async fn keys_are_listed_newest_first_without_those_not_asked_for() {
    let dir = TempDir::new().unwrap();
    let store = store(&dir).await;
    let elsewhere = Key {
        workspace: WorkspaceId::new("other"),
        ..key(3)
    };
    let management = Key {
        management: true,
        ..key(4)
    };
    let disabled = Key {
        disabled: true,
        ..key(5)
    };
    for (number, key) in [key(1), key(2), elsewhere, management, disabled]
        .iter()
        .enumerate()
    {
        let digest = [u8::try_from(number).unwrap(); 32];
        store.keys().create(key, &digest).await.unwrap();
    }
    let numbers = async |filter: ListFilter| -> Vec<i64> {
        let keys = store.keys().list(&filter).await.unwrap();
        keys.iter().map(|key| key.created_at).collect()
    };
    assert_eq!(numbers(filter()).await, [2, 1]);
    assert_eq!(
        numbers(ListFilter {
            include_disabled: true,
            ..filter()
        })
        .await,
        [5, 2, 1]
    );
    assert_eq!(
        numbers(ListFilter {
            now: 1_001,
            ..filter()
        })
        .await,
        [2]
    );
    let expired = ListFilter {
        now: 1_001,
        include_expired: true,
        ..filter()
    };
    assert_eq!(numbers(expired).await, [2, 1]);
    assert_eq!(
        numbers(ListFilter {
            offset: 1,
            ..filter()
        })
        .await,
        [1]
    );
    assert_eq!(
        numbers(ListFilter {
            limit: 1,
            ..filter()
        })
        .await,
        [2]
    );
}

#[tokio::test]
async fn what_another_process_changes_is_noticed() {
    let dir = TempDir::new().unwrap();
    let (here, there) = (store(&dir).await, store(&dir).await);
    assert_eq!(here.keys().by_digest(&[1; 32]).await.unwrap(), None);
    there.keys().create(&key(1), &[1; 32]).await.unwrap();
    there.keys().create(&key(2), &[2; 32]).await.unwrap();
    let until = async |wanted: fn(Option<&Key>) -> bool| loop {
        let found = here.keys().by_digest(&[1; 32]).await.unwrap();
        if wanted(found.as_deref()) {
            return;
        }
        tokio::task::yield_now().await;
    };
    let noticed = async {
        until(|key| key.is_some()).await;
        let patch = KeyPatch {
            disabled: Some(true),
            ..KeyPatch::default()
        };
        there.keys().update(&key(1).id, &patch, 1).await.unwrap();
        until(|key| key.is_some_and(|key| key.disabled)).await;
        there.keys().delete(&key(1).id).await.unwrap();
        until(|key| key.is_none()).await;
    };
    let within = std::time::Duration::from_secs(20);
    tokio::select! {
        () = here.watch() => unreachable!("watching never ends"),
        done = tokio::time::timeout(within, noticed) => done.unwrap(),
    }
    assert!(here.keys().by_digest(&[2; 32]).await.unwrap().is_some());
}

#[tokio::test]
async fn who_falls_behind_by_too_many_changes_forgets_everything() {
    let dir = TempDir::new().unwrap();
    let (here, there) = (store(&dir).await, store(&dir).await);
    there.keys().create(&key(1), &[1; 32]).await.unwrap();
    assert_eq!(
        here.keys().by_digest(&[1; 32]).await.unwrap().as_deref(),
        Some(&key(1))
    );
    // Another process disables the key; the row that would tell is removed, as after ten thousand
    // changes.
    let patch = KeyPatch {
        disabled: Some(true),
        ..KeyPatch::default()
    };
    there.keys().update(&key(1).id, &patch, 1).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("weir.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("DELETE FROM key_changes")
        .execute(&pool)
        .await
        .unwrap();
    there.keys().create(&key(2), &[2; 32]).await.unwrap();
    let noticed = async {
        loop {
            let found = here.keys().by_digest(&[1; 32]).await.unwrap();
            if found.is_some_and(|key| key.disabled) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let within = std::time::Duration::from_secs(20);
    tokio::select! {
        () = here.watch() => unreachable!("watching never ends"),
        done = tokio::time::timeout(within, noticed) => done.unwrap(),
    }
}

#[tokio::test]
async fn another_kind_of_database_is_named_in_the_error() {
    let error = Store::open("postgres://localhost/weir").await.unwrap_err();
    assert!(error.to_string().contains("\"postgres\""), "{error}");
}
