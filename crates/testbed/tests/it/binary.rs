//! The binary: its line, its admin routes, and a bill that outlives a killed process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use hyper::StatusCode;
use serde_json::{Value, json};
use testbed::{Cut, Mood, Wire};
use tokio::net::TcpStream;

use crate::client::{Heard, WIRES, begin, hello, path, read, request};

/// A vendor in a process of its own, killed when dropped.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_testbed"))
            .arg("vendor")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim_end()
            .strip_prefix("listening http://")
            .unwrap()
            .to_owned();
        Self { child, address }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Heard {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let asking = request(method, path, body.to_string());
        read(begin(stream, asking).await.unwrap()).await.unwrap()
    }

    async fn hello(&self, wire: Wire) -> Heard {
        self.send("POST", path(wire, true), &hello(wire, true))
            .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: nothing is flushed on the way out.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn the_bill_outlives_a_killed_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bill.jsonl");
    let process = Process::start(&["--bill", file.to_str().unwrap(), "--text", "one two three"]);
    process.hello(Wire::OpenAiChat).await;
    process.hello(Wire::Gemini).await;
    drop(process);
    let bill = testbed::read_bill(&file).unwrap();
    assert_eq!(
        bill.iter()
            .map(|entry| entry.completion_tokens)
            .collect::<Vec<_>>(),
        [3, 3]
    );
}

#[tokio::test]
async fn moods_are_set_over_the_admin_routes_and_on_the_command_line() {
    let process = Process::start(&["--mood", r#"{"text": "first"}"#]);
    assert!(
        process
            .hello(Wire::Anthropic)
            .await
            .text()
            .contains("first")
    );
    let script = json!([Mood::fail(529), Mood::cutting(Cut::Events(1))]);
    let set = process.send("POST", "/_testbed/script", &script).await;
    assert_eq!(set.status, StatusCode::OK);
    process
        .send("POST", "/_testbed/mood", &json!({"text": "second"}))
        .await;
    assert_eq!(process.hello(Wire::Anthropic).await.status.as_u16(), 529);
    assert!(!process.hello(Wire::Anthropic).await.whole);
    assert!(
        process
            .hello(Wire::Anthropic)
            .await
            .text()
            .contains("second")
    );

    let bill = process
        .send("GET", "/_testbed/bill", &Value::Null)
        .await
        .json();
    let statuses: Vec<_> = bill
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["status"].clone())
        .collect();
    assert_eq!(statuses, [200, 529, 200, 200]);
    let requests = process
        .send("GET", "/_testbed/requests", &Value::Null)
        .await
        .json();
    assert_eq!(requests[3]["path"], "/v1/messages");

    let refused = process
        .send("POST", "/_testbed/mood", &json!({"txet": "x"}))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("txet"));
    assert_eq!(
        process
            .send("GET", "/_testbed/x", &Value::Null)
            .await
            .status
            .as_u16(),
        404
    );
}

#[test]
fn a_wrong_mood_on_the_command_line_is_explained() {
    let output = Command::new(env!("CARGO_BIN_EXE_testbed"))
        .args(["vendor", "--mood", r#"{"latency": 5}"#])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("unknown field `latency`"), "{said}");
}

#[test]
fn the_help_names_every_field_of_a_mood() {
    let output = Command::new(env!("CARGO_BIN_EXE_testbed"))
        .args(["vendor", "--help"])
        .output();
    let help = String::from_utf8(output.unwrap().stdout).unwrap();
    let mood = serde_json::to_value(Mood::default()).unwrap();
    let unnamed: Vec<_> = mood
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| !help.contains(name.as_str()))
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}

#[test]
fn the_help_names_the_end_of_every_path_that_is_served() {
    let output = Command::new(env!("CARGO_BIN_EXE_testbed"))
        .args(["vendor", "--help"])
        .output();
    let help = String::from_utf8(output.unwrap().stdout).unwrap();
    for (wire, stream) in WIRES
        .into_iter()
        .flat_map(|wire| [(wire, false), (wire, true)])
    {
        let place = path(wire, stream).split('?').next().unwrap();
        let end = place.rsplit([':', '/']).next().unwrap();
        assert!(help.contains(end), "{place}");
    }
    for end in ["/count_tokens", ":countTokens", "/count-tokens"] {
        assert!(help.contains(end), "{end}");
    }
}
