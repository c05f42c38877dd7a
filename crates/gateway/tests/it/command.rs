//! The binary as people and scripts use it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use gateway::clock;

fn weir(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    // Keys in the environment of whoever runs the tests would enable vendors.
    command
        .env_clear()
        .env("WEIR_DATA_FOLDER", data)
        .env("WEIR_LOCAL_DISCOVER", "false");
    command.stdin(Stdio::null());
    command
}

fn run(data: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = weir(data).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn help_and_version_are_as_expected() {
    let folder = tempfile::tempdir().unwrap();
    let (code, help, _) = run(folder.path(), &["--help"]);
    assert_eq!(code, Some(0));
    for command in [
        "serve", "check", "keys", "models", "route", "chat", "ledger",
    ] {
        assert!(help.contains(command), "{command}");
        let (code, help, _) = run(folder.path(), &[command, "--help"]);
        assert_eq!(code, Some(0));
        assert!(help.contains("Usage: weir"), "{help}");
    }
    let (_, version, _) = run(folder.path(), &["--version"]);
    assert_eq!(version, format!("weir {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run(folder.path(), &["serv"]).0, Some(2));
}

#[test]
fn check_says_every_fault_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weir.toml");
    std::fs::write(
        &file,
        "[server]\nthreads = \"x\"\n[data]\nfolders = \"y\"\n",
    )
    .unwrap();
    let path = file.to_string_lossy();
    let (code, out, err) = run(&folder.path().join("data"), &["check", "--config", &path]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.contains(":2:11: `server.threads`") && err.contains(":4:1: `data.folders`"),
        "{err}"
    );
    std::fs::write(&file, "[server]\nthreads = 1\n").unwrap();
    let (code, out, _) = run(&folder.path().join("data"), &["check", "--config", &path]);
    assert_eq!(code, Some(0));
    assert!(out.contains("sound"), "{out}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_new_key_stands_alone_on_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "keys",
        "create",
        "--name",
        "ci",
        "--limit",
        "0.5",
        "--limit-reset",
        "daily",
    ];
    let (code, key, _) = run(folder.path(), &arguments);
    assert_eq!(code, Some(0));
    assert!(
        key.starts_with("sk-or-v1-") && key.len() == 74 && key.ends_with('\n'),
        "{key}"
    );
    let (_, listed, _) = run(folder.path(), &["keys", "list"]);
    assert!(
        listed.contains("ci") && listed.contains("$0.5 daily"),
        "{listed}"
    );
    assert!(!listed.contains(key.trim()));
    let hash = listed.lines().nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(run(folder.path(), &["keys", "revoke", hash]).0, Some(0));
    let (code, _, err) = run(folder.path(), &["keys", "revoke", hash]);
    assert_eq!(code, Some(1));
    assert!(err.contains("there is no key"), "{err}");
    for wrong in [
        &["--limit", "-1"],
        &["--limit", "1e-10"],
        &["--limit-reset", "daily"],
    ] {
        let arguments = [&["keys", "create", "--name", "x"], wrong.as_slice()].concat();
        assert_eq!(run(folder.path(), &arguments).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn the_catalogue_and_the_route_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = run(folder.path(), &["models", "--search", "gpt-4o", "--json"]);
    assert_eq!(code, Some(0));
    let models: serde_json::Value = serde_json::from_str(&out).unwrap();
    let slug = models[0]["model"].as_str().unwrap().to_owned();
    let (_, table, _) = run(folder.path(), &["models", "--search", "gpt-4o"]);
    assert!(
        table.starts_with("MODEL") && table.contains(&slug),
        "{table}"
    );
    let (code, _, err) = run(folder.path(), &["route", &slug]);
    assert_eq!(code, Some(1), "nobody is configured");
    assert!(err.starts_with("weir: "), "{err}");
    let route = |arguments: &[&str]| {
        let mut command = weir(folder.path());
        let command = command
            .env("OPENAI_API_KEY", "sk-x")
            .arg("route")
            .arg(&slug)
            .args(arguments);
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, explained) = route(&["--explain"]);
    assert_eq!(code, Some(0));
    assert!(
        explained.contains("openai") && explained.contains("WHY"),
        "{explained}"
    );
    let shown: serde_json::Value =
        serde_json::from_str(&route(&["--json", "--explain"]).1).unwrap();
    assert_eq!(shown["order"][0]["provider"], "openai");
    assert!(shown["order"][0]["why"].is_string());
    assert_eq!(route(&["--prefs", "{\"only\":[]}"]).0, Some(1));
    assert_eq!(route(&["--prefs", "{"]).0, Some(1));
}

/// A server of its own, ended with SIGTERM or, where a test fails, by force.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut command = weir(data);
        let command = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("WEIR_SERVER_THREADS", "1");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").unwrap().1.to_owned();
        Self { child, address }
    }

    /// The status of `GET /api/v1/key` with this key.
    fn status(&self, key: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "GET /api/v1/key HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended where all went well.
        drop(self.child.kill());
    }
}

#[test]
fn a_route_shows_what_a_running_gateway_has_measured() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let route = |url: &str| {
        let mut command = weir(folder.path());
        let command = command.env("OPENAI_API_KEY", "sk-x").env("WEIR_URL", url);
        let output = command
            .args(["route", "openai/gpt-4o", "--explain"])
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, out, err) = route(&format!("http://{}/api/v1", server.address));
    assert_eq!(code, Some(0), "{err}");
    let mut lines = out.lines();
    let heads = lines.next().unwrap();
    assert!(
        heads.contains("STATE") && heads.contains("TOKENS/S"),
        "{heads}"
    );
    assert!(lines.next().unwrap().contains(" well "), "{out}");
    let (code, out, err) = route("http://127.0.0.1:9");
    assert_eq!(code, Some(0));
    assert!(err.contains("no gateway answers"), "{err}");
    assert!(out.contains("WHY") && !out.contains("STATE"), "{out}");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn keys_made_and_revoked_beside_a_running_server_count_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = run(folder.path(), &["keys", "create", "--name", "x"]).1;
    let key = key.trim();
    assert_eq!(server.status(key), 200);
    let hash = run(folder.path(), &["keys", "list"]).1;
    let hash = hash.lines().nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(run(folder.path(), &["keys", "revoke", hash]).0, Some(0));
    let revoked_at = clock::now_micros();
    while server.status(key) != 401 {
        assert!(
            clock::now_micros() - revoked_at < 5_000_000,
            "still accepted after five seconds"
        );
    }
    let (code, report, _) = run(folder.path(), &["ledger", "verify"]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(server.terminate(), Some(0), "SIGTERM drains and ends well");
}
