//! Keys: made, found, refused, and nowhere kept as they are.

use canon::{Fault, Kind, NanoUsd, WorkspaceId};
use gateway::keyring::{Keyring, NewKey};
use store::{KeyPatch, Store};
use tempfile::TempDir;

fn new_key() -> NewKey {
    NewKey {
        name: "ci".to_owned(),
        management: false,
        limit: Some(NanoUsd::new(5)),
        limit_reset: None,
        include_byok_in_limit: false,
        workspace: WorkspaceId::new("default"),
        creator: None,
        expires_at: None,
    }
}

async fn open(folder: &TempDir) -> (Keyring, Store) {
    let path = folder.path().join("weir.db");
    let store = Store::open(&path.to_string_lossy()).await.unwrap();
    (Keyring::open(folder.path(), store.clone()).unwrap(), store)
}

async fn refusal(keyring: &Keyring, plaintext: &str) -> (Kind, String) {
    let fault: Fault = keyring.find(plaintext).await.unwrap_err();
    (fault.kind, fault.say.into_owned())
}

#[tokio::test]
async fn a_key_is_found_by_its_plaintext_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (keyring, _) = open(&folder).await;
    let (key, secret) = keyring.create(new_key()).await.unwrap();
    assert_eq!(*keyring.find(secret.expose()).await.unwrap(), key);
    let other = format!("sk-or-v1-{}", "0".repeat(64));
    for wrong in [
        other.as_str(),
        key.id.as_str(),
        "",
        "sk-or-v1-",
        &secret.expose().to_uppercase(),
    ] {
        let (kind, say) = refusal(&keyring, wrong).await;
        assert_eq!(kind, Kind::Authentication, "{wrong}");
        assert!(say.starts_with("Invalid API key"), "{say}");
    }
}

#[tokio::test]
async fn a_key_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let (keyring, store) = open(&folder).await;
    let (key, secret) = keyring.create(new_key()).await.unwrap();
    store.close().await;
    let (keyring, _) = open(&folder).await;
    assert_eq!(keyring.find(secret.expose()).await.unwrap().id, key.id);
}

#[tokio::test]
async fn a_key_that_is_switched_off_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (keyring, store) = open(&folder).await;
    let (key, secret) = keyring.create(new_key()).await.unwrap();
    assert!(
        keyring.find(secret.expose()).await.is_ok(),
        "and remembered"
    );
    let patch = KeyPatch {
        disabled: Some(true),
        ..KeyPatch::default()
    };
    store.keys().update(&key.id, &patch, 1).await.unwrap();
    assert_eq!(
        refusal(&keyring, secret.expose()).await.1,
        "This API key is disabled"
    );
    store.keys().delete(&key.id).await.unwrap();
    assert_eq!(
        refusal(&keyring, secret.expose()).await.1,
        "Invalid API key: there is no such key"
    );
}

#[tokio::test]
async fn a_key_ends_when_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let (keyring, _) = open(&folder).await;
    let past = NewKey {
        expires_at: Some(1),
        ..new_key()
    };
    let (_, secret) = keyring.create(past).await.unwrap();
    assert_eq!(
        refusal(&keyring, secret.expose()).await.1,
        "This API key has expired"
    );
    let far = NewKey {
        expires_at: Some(i64::MAX),
        ..new_key()
    };
    let (_, secret) = keyring.create(far).await.unwrap();
    assert!(keyring.find(secret.expose()).await.is_ok());
}

#[tokio::test]
async fn the_plaintext_is_nowhere_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (keyring, store) = open(&folder).await;
    let (_, secret) = keyring.create(new_key()).await.unwrap();
    store.close().await;
    let digits = secret.expose().strip_prefix("sk-or-v1-").unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        // Not even half of it.
        let half = &digits.as_bytes()[..32];
        assert!(!bytes.windows(half.len()).any(|window| window == half));
    }
    assert!(files >= 2, "the pepper and the database");
}

#[tokio::test]
async fn another_pepper_knows_no_key() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (keyring, store) = open(&folder).await;
    let (_, secret) = keyring.create(new_key()).await.unwrap();
    let stranger = Keyring::open(other.path(), store).unwrap();
    assert_eq!(
        refusal(&stranger, secret.expose()).await.0,
        Kind::Authentication
    );
}
