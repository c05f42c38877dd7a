//! A laboratory: two fake vendors behind one model, the real binary in front of them, and a client that may
//! hang up.

use std::{
    convert::Infallible,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use gateway::{config::Config, snapshot::Snapshot};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use policy::catalog::PriceSheet;
use serde_json::Value;
use tempfile::TempDir;
use testbed::{Vendor, VendorConfig, Wire};
use tokio::{
    net::TcpStream,
    sync::{oneshot, watch},
};

/// The model that both vendors serve.
pub(crate) const MODEL: &str = "lab/storm";
/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Two vendors, a data folder and a configuration that joins them.
pub(crate) struct Lab {
    /// Speaks OpenAI's dialect.
    pub(crate) alpha: Vendor,
    /// Speaks Anthropic's dialect.
    pub(crate) beta: Vendor,
    folder: TempDir,
}

impl Lab {
    pub(crate) async fn open() -> Self {
        let start = || Vendor::start(VendorConfig::default());
        let lab = Self {
            alpha: start().await.unwrap(),
            beta: start().await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(lab.config_path(), lab.config()).unwrap();
        lab
    }

    /// The vendors by their ids in the configuration.
    pub(crate) fn vendors(&self) -> [(&'static str, &Vendor); 2] {
        [("alpha", &self.alpha), ("beta", &self.beta)]
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What a vendor charges, as the product reads it.
    pub(crate) fn prices(&self, provider: &str) -> PriceSheet {
        let nothing = std::collections::BTreeMap::new();
        let parsed = Config::parse(&self.config(), Path::new("weir.toml"), &nothing).unwrap();
        let snapshot = Snapshot::of(&parsed.config, Vec::new()).unwrap();
        let endpoints = snapshot.catalog.all_endpoints().iter();
        let mut own = endpoints.filter(|endpoint| endpoint.provider.as_str() == provider);
        own.next().unwrap().prices.clone().unwrap()
    }

    /// The binary, on this laboratory's data and nothing of the environment.
    pub(crate) fn weir(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command
            .env_clear()
            .env("WEIR_DATA_FOLDER", self.data())
            .env("WEIR_LOCAL_DISCOVER", "false")
            .stdin(Stdio::null());
        command
    }

    /// Makes a key.
    pub(crate) fn key(&self, name: &str, more: &[&str]) -> String {
        let mut command = self.weir();
        let output = command.args(["keys", "create", "--name", name]).args(more);
        let output = output.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What `weir ledger verify` says, and its exit code.
    pub(crate) fn verify(&self) -> (Option<i32>, String) {
        let output = self.weir().args(["ledger", "verify"]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    /// Starts the gateway; [`Server::ready`] says when it serves.
    pub(crate) fn spawn(&self) -> Server {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("weir.log"));
        let mut command = self.weir();
        let command = command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(self.config_path())
            .env("WEIR_SERVER_THREADS", "2")
            .stdout(Stdio::piped())
            .stderr(log.unwrap());
        let mut child = command.spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let (sender, ready) = oneshot::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // A server that was killed while it started says nothing.
            drop(BufReader::new(out).read_line(&mut line));
            let address = line.trim().rsplit_once("http://");
            let _heard = sender.send(address.and_then(|(_, address)| address.parse().ok()));
        });
        Server { child, ready }
    }

    /// Starts the gateway and waits until it serves.
    pub(crate) async fn start(&self) -> (Server, SocketAddr) {
        let mut server = self.spawn();
        let address = server.ready(PATIENCE).await;
        let log = || std::fs::read_to_string(self.folder.path().join("weir.log"));
        (
            server,
            address.unwrap_or_else(|| panic!("weir does not start: {:?}", log())),
        )
    }

    /// What the gateway logged, over all its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("weir.log")).unwrap_or_default()
    }

    fn config_path(&self) -> PathBuf {
        self.folder.path().join("weir.toml")
    }

    /// Two prices, so that a mistaken vendor shows; short waits, so that a vendor that hangs is given up on.
    fn config(&self) -> String {
        let models = "context_length = 65536\nmax_output_tokens = 4096";
        let alpha = self.alpha.base_url(Wire::OpenAiChat);
        let beta = self.beta.base_url(Wire::Anthropic);
        format!(
            r#"[server]
grace_ms = 500
keep_alive_ms = 300
[upstream]
first_byte_ms = 1500
whole_ms = 2000
idle_ms = 1500
data_gap_ms = 2000
total_ms = 6000
[routing]
outage_window_ms = 50
[providers.alpha]
dialect = "openai-chat"
base_url = "{alpha}"
[[providers.alpha.models]]
model = "{MODEL}"
{models}
price = {{ prompt = "0.0000025", completion = "0.00001", cache_read = "0.00000025", reasoning = "0.000011" }}
[providers.beta]
dialect = "anthropic"
base_url = "{beta}"
[[providers.beta.models]]
model = "{MODEL}"
{models}
price = {{ prompt = "0.000003", completion = "0.000015", cache_read = "0.0000003", cache_write = "0.00000375" }}
"#
        )
    }
}

/// A running gateway, killed when dropped.
pub(crate) struct Server {
    child: Child,
    ready: oneshot::Receiver<Option<SocketAddr>>,
}

impl Server {
    /// Where it serves; `None` where it does not yet after so long, or ended.
    pub(crate) async fn ready(&mut self, patience: Duration) -> Option<SocketAddr> {
        let line = tokio::time::timeout(patience, &mut self.ready).await;
        line.ok()?.ok()?
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: the exit code after the drain.
    pub(crate) async fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.unwrap().success());
        let (sender, ended) = oneshot::channel();
        // Vendors and clients of this thread must run while the drain waits for them.
        std::thread::spawn(move || {
            let _heard = sender.send(self.child.wait().unwrap().code());
        });
        tokio::time::timeout(PATIENCE, ended)
            .await
            .unwrap()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended where all went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// When a client hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    Never,
    /// After so many pieces of the answer's body.
    AfterPieces(usize),
    /// Where the head of the answer has not come within so long.
    Within(Duration),
}

/// What a client got.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) generation: Option<String>,
    /// `X-Weir-Max-Tokens`.
    pub(crate) max_tokens: Option<u64>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its end.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether the caller saw the end of a good answer: of a whole one, or of a stream in either dialect.
    pub(crate) fn ended(&self) -> bool {
        let text = String::from_utf8_lossy(&self.body);
        let streamed =
            text.starts_with("data:") || text.starts_with("event:") || text.starts_with(':');
        let end = text.contains("data: [DONE]") || text.contains("event: message_stop");
        self.status == StatusCode::OK && if streamed { end } else { self.whole }
    }
}

/// Sends one request over a connection of its own. `pieces` counts what comes. `None` where nothing came back.
pub(crate) async fn send(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
    leave: Leave,
    pieces: &watch::Sender<u64>,
) -> Option<Answer> {
    let stream = TcpStream::connect(address).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    // What was received is read to its end though the connection has ended.
    let driver = async {
        drop(connection.await);
        std::future::pending::<Infallible>().await
    };
    let exchange = async {
        let asked = sender.send_request(request);
        let response = match leave {
            Leave::Within(patience) => tokio::time::timeout(patience, asked).await.ok()?.ok()?,
            Leave::Never | Leave::AfterPieces(_) => asked.await.ok()?,
        };
        Some(receive(response, leave, pieces).await)
    };
    tokio::select! {
        biased;
        answer = exchange => answer,
        never = driver => match never {},
    }
}

async fn receive(
    response: http::Response<hyper::body::Incoming>,
    leave: Leave,
    pieces: &watch::Sender<u64>,
) -> Answer {
    let (head, mut body) = response.into_parts();
    let text = |name: &str| head.headers.get(name)?.to_str().ok();
    let mut answer = Answer {
        status: head.status,
        generation: text("x-generation-id").map(str::to_owned),
        max_tokens: text("x-weir-max-tokens").and_then(|limit| limit.parse().ok()),
        ..Answer::default()
    };
    let mut came = 0;
    loop {
        if leave == Leave::AfterPieces(came) {
            return answer;
        }
        match body.frame().await {
            Some(Ok(frame)) => {
                came += 1;
                pieces.send_modify(|pieces| *pieces += 1);
                answer.body.extend(frame.into_data().unwrap_or_default());
            }
            Some(Err(_)) => return answer,
            None => {
                answer.whole = true;
                return answer;
            }
        }
    }
}

/// A request with a key and a JSON body.
pub(crate) fn post(path: &str, key: &str, body: &Value) -> Request<Full<Bytes>> {
    let request = Request::builder().method(Method::POST).uri(path);
    signed(request, key)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap()
}

/// What a GET gives: its status and its JSON.
pub(crate) async fn get(address: SocketAddr, path: &str, key: &str) -> (StatusCode, Value) {
    let request = signed(Request::builder().uri(path), key);
    let request = request.body(Full::default()).unwrap();
    let answer = send(address, request, Leave::Never, &watch::Sender::new(0)).await;
    let answer = answer.unwrap();
    assert!(answer.whole);
    (answer.status, answer.json())
}

fn signed(request: http::request::Builder, key: &str) -> http::request::Builder {
    request
        .header(header::HOST, "localhost")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
}
