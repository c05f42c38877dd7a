//! The binary on a real port: callers who hang up, dawdle or send garbage, and an end without loss.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use testbed::{Mood, Vendor, Wire};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::stage::{PAIR, cast, message, question};

const LONE: &[(&str, Wire)] = &[("alpha", Wire::OpenAiChat)];
/// Longer than anything here takes, shorter than a person waits.
const SOON: Duration = Duration::from_secs(10);

/// A running binary in front of fake vendors of this process.
struct Gateway {
    child: Child,
    address: String,
    key: String,
    vendors: Vec<(&'static str, Vendor)>,
    _folder: TempDir,
}

impl Gateway {
    async fn start(who: &[(&'static str, Wire)], settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (vendors, config) = cast(who).await;
        let file = folder.path().join("weir.toml");
        std::fs::write(&file, format!("{settings}\n{config}")).unwrap();
        let weir = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
            command
                .env_clear()
                .env("WEIR_DATA_FOLDER", folder.path().join("data"))
                .env("WEIR_LOCAL_DISCOVER", "false")
                .env("WEIR_SERVER_THREADS", "2")
                .args(arguments)
                .stdin(Stdio::null());
            command
        };
        let made = weir(&["keys", "create", "--name", "x"]).output().unwrap();
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let path = file.to_string_lossy();
        let mut serve = weir(&["serve", "--listen", "127.0.0.1:0", "--config", &path]);
        let mut child = serve
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit_once("http://").unwrap().1.to_owned();
        Self {
            child,
            address,
            key,
            vendors,
            _folder: folder,
        }
    }

    fn alpha(&self) -> &Vendor {
        &self.vendors[0].1
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// A request as bytes.
    fn request(&self, path: &str, body: &Value) -> String {
        let body = body.to_string();
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        )
    }

    /// Sends a streamed question, and returns once the answer has begun.
    async fn begin(&self) -> (TcpStream, String) {
        let mut stream = self.connect().await;
        let request = self.request("/v1/chat/completions", &question(true));
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        while !text.contains("\"content\":\"alpha") {
            let mut bytes = [0; 4_096];
            let read = timeout(SOON, stream.read(&mut bytes))
                .await
                .unwrap()
                .unwrap();
            assert!(read > 0, "{text}");
            text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        (stream, text)
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Its exit code and its log, once it has ended.
    async fn ended(mut self) -> (Option<i32>, String) {
        let mut child = std::mem::replace(&mut self.child, Command::new("true").spawn().unwrap());
        let waiting = tokio::task::spawn_blocking(move || {
            let mut log = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut log)
                .unwrap();
            (child.wait().unwrap().code(), log)
        });
        timeout(SOON, waiting).await.unwrap().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Already ended where all went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Everything until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    drop(timeout(SOON, stream.read_to_end(&mut bytes)).await.unwrap());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn slowly(between_ms: u64) -> Mood {
    Mood {
        between_ms,
        ..Mood::default()
    }
}

#[tokio::test]
async fn sigterm_lets_a_running_stream_finish_and_takes_no_new_callers() {
    let gateway = Gateway::start(LONE, "").await;
    gateway.alpha().set_mood(slowly(60));
    let (mut stream, begun) = gateway.begin().await;
    let mut idle = gateway.connect().await;
    gateway.terminate();
    assert_eq!(rest(&mut idle).await, "", "an idle connection is closed");
    assert!(!begun.contains("[DONE]"));
    let refused = async { while TcpStream::connect(&gateway.address).await.is_ok() {} };
    timeout(SOON, refused).await.unwrap();
    let whole = begun + &rest(&mut stream).await;
    assert!(
        whole.contains(" world") && whole.contains("data: [DONE]"),
        "{whole}"
    );
    assert!(!whole.contains("\"error\""), "{whole}");
    let (code, log) = gateway.ended().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn sigterm_lets_a_whole_answer_arrive() {
    let gateway = Gateway::start(LONE, "").await;
    gateway.alpha().set_mood(Mood {
        latency_ms: 300,
        ..Mood::default()
    });
    let mut stream = gateway.connect().await;
    let request = gateway.request("/v1/chat/completions", &question(false));
    stream.write_all(request.as_bytes()).await.unwrap();
    timeout(SOON, gateway.alpha().requests_of(1)).await.unwrap();
    gateway.terminate();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("alpha says hello"),
        "{answer}"
    );
    let (code, log) = gateway.ended().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn a_stream_that_outlasts_the_drain_is_cut_and_paid() {
    let gateway = Gateway::start(LONE, "[server]\ndrain_timeout_ms = 100\n").await;
    gateway.alpha().set_mood(slowly(30_000));
    let mut stream = gateway.connect().await;
    let request = gateway.request("/v1/chat/completions", &question(true));
    stream.write_all(request.as_bytes()).await.unwrap();
    timeout(SOON, gateway.alpha().requests_of(1)).await.unwrap();
    gateway.terminate();
    rest(&mut stream).await;
    let (code, log) = gateway.ended().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn a_caller_who_hangs_up_ends_the_call_within_a_second() {
    let gateway = Gateway::start(LONE, "").await;
    gateway.alpha().set_mood(slowly(5_000));
    for begun in 1..=2 {
        let mut stream = gateway.connect().await;
        let request = gateway.request("/v1/chat/completions", &question(true));
        stream.write_all(request.as_bytes()).await.unwrap();
        if begun == 2 {
            // Before the status, too.
            gateway.alpha().set_mood(Mood::hang());
        }
        timeout(SOON, gateway.alpha().requests_of(begun))
            .await
            .unwrap();
        drop(stream);
        let bill = timeout(Duration::from_secs(1), gateway.alpha().bill_of(begun)).await;
        assert!(
            bill.unwrap()
                .last()
                .unwrap()
                .client_left_after_events
                .is_some()
        );
    }
}

#[tokio::test]
async fn who_sends_no_headers_is_shown_the_door() {
    let gateway = Gateway::start(
        LONE,
        "[server]\nheader_timeout_ms = 100\nbody_timeout_ms = 100\n",
    )
    .await;
    let mut silent = gateway.connect().await;
    let mut slow = gateway.connect().await;
    slow.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-")
        .await
        .unwrap();
    rest(&mut silent).await;
    rest(&mut slow).await;
    let mut unfinished = gateway.connect().await;
    let request = gateway.request("/v1/chat/completions", &question(true));
    unfinished
        .write_all(&request.as_bytes()[..request.len() - 1])
        .await
        .unwrap();
    let answer = rest(&mut unfinished).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn garbage_on_a_connection_harms_nobody_else() {
    let gateway = Gateway::start(LONE, "").await;
    let good = gateway.request("/v1/chat/completions", &question(false));
    for garbage in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000)),
        format!("{good}\u{1}\u{2} garbage behind a good request\r\n\r\n"),
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n{}".to_owned(),
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
    ] {
        let mut stream = gateway.connect().await;
        // It may close before it has read everything.
        drop(stream.write_all(garbage.as_bytes()).await);
        drop(stream.shutdown().await);
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("panicked"), "{answer}");
    }
    let mut stream = gateway.connect().await;
    let last = good.replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1);
    stream
        .write_all(format!("{good}{last}").as_bytes())
        .await
        .unwrap();
    let answers = rest(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
    gateway.terminate();
    let (code, log) = gateway.ended().await;
    assert_eq!(code, Some(0));
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn nothing_of_keys_addresses_or_prompts_is_logged() {
    let gateway = Gateway::start(
        PAIR,
        "[log]\nlevel = \"info,gateway=debug,providers=debug\"\n",
    )
    .await;
    for mood in [
        Mood::fail(401),
        Mood::fail(429),
        Mood::fail(400),
        Mood::refuse(),
        Mood::default(),
    ] {
        for (_, vendor) in &gateway.vendors {
            vendor.set_mood(mood.clone());
        }
        for (path, body) in [
            ("/v1/chat/completions", question(true)),
            ("/v1/messages", message(false)),
        ] {
            let mut stream = gateway.connect().await;
            let request = gateway.request(path, &body).replacen(
                "\r\n\r\n",
                "\r\nconnection: close\r\n\r\n",
                1,
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1"), "{answer}");
        }
    }
    let addresses: Vec<String> = gateway
        .vendors
        .iter()
        .map(|(_, vendor)| vendor.address().to_string())
        .collect();
    let key = gateway.key.clone();
    gateway.terminate();
    let (code, log) = gateway.ended().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("alpha"), "failures are logged: {log}");
    for secret in ["key-of-", "What does the fox", "says hello", &key]
        .into_iter()
        .chain(addresses.iter().map(String::as_str))
    {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn more_connections_than_allowed_are_turned_away() {
    let gateway = Gateway::start(LONE, "[limits]\nconnections_max = 2\n").await;
    let health = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = gateway.connect().await;
        stream.write_all(health).await.unwrap();
        stream.read_u8().await.unwrap();
        kept.push(stream);
    }
    let mut third = gateway.connect().await;
    assert_eq!(rest(&mut third).await, "", "there is no room for it");
    drop(kept);
    let room = async {
        loop {
            let mut stream = gateway.connect().await;
            drop(stream.write_all(health).await);
            if stream.read_u8().await.is_ok() {
                break;
            }
        }
    };
    timeout(SOON, room).await.unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let gateway = Gateway::start(LONE, "").await;
    let folder = tempfile::tempdir().unwrap();
    let mut second = Command::new(env!("CARGO_BIN_EXE_weir"));
    second
        .env_clear()
        .env("WEIR_DATA_FOLDER", folder.path())
        .env("WEIR_LOCAL_DISCOVER", "false")
        .args(["serve", "--listen", &gateway.address]);
    let output = second.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains(&gateway.address), "{log}");
}
