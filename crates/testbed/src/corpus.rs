//! Reads real exchanges with model providers, recorded by third parties, from `../shared/corpus`
//! beside the repository.
//!
//! The recordings are not part of the repository. A test asks [`available`] first and, where they
//! are absent, says so and counts as skipped. A recording that is there but cannot be read is an
//! error, never a silent omission.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value;

/// One recorded request and the answer it got.
#[derive(Debug, Clone, Deserialize)]
pub struct Exchange {
    /// The folder of the provider: `openai`, `anthropic`, `gemini` …
    pub provider: String,
    /// The endpoint, with `_stream` when the answer streams; `error` for every status of 400 and
    /// above.
    pub kind: String,
    /// The file's name without `.json`; the order of [`exchanges`].
    #[serde(skip)]
    pub name: String,
    /// The endpoint as recorded; for the kind `error` it still says which endpoint was called.
    pub endpoint: String,
    /// Absent where the recording kept the answer only.
    pub request: Option<Request>,
    /// The answer.
    pub response: Response,
    /// What the exchange shows: `usage`, `tool_call`, `reasoning`, `image_in`, `midstream_error` …
    #[serde(default)]
    pub features: Vec<String>,
    /// What the recorder or the collector changed.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The public project that recorded it.
    pub source_repo: String,
}

/// A recorded request.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// `POST`, `GET` …
    pub method: String,
    /// The whole URL; keys and accounts in it are scrubbed.
    pub url: String,
    /// Header names as recorded.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON, or a string where the body was not JSON, or null where there was none.
    #[serde(default)]
    pub body: Value,
}

/// A recorded answer. Exactly one of `body`, `sse` and `base64` carries its bytes.
#[derive(Debug, Clone, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header names as recorded.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON, or a string where the body was not one JSON document (line-delimited streams, text).
    #[serde(default)]
    pub body: Value,
    /// The frames of an event stream, without their separator.
    pub sse: Option<Vec<String>>,
    /// What stood between two frames: `"\n\n"` or `"\r\n\r\n"`.
    pub sse_sep: Option<String>,
    /// What followed the last separator.
    pub sse_tail: Option<String>,
    /// Binary answers: audio, AWS event streams.
    pub base64: Option<String>,
}

/// Why a recording could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or the file could not be opened or listed.
    #[error("read {}", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a recording in the form described in the corpus' README.
    #[error("parse {}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        #[source]
        source: serde_json::Error,
    },
}

/// Where the corpus is looked for: beside the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus")
}

/// True where the recordings are at hand. A test without them prints that it skips.
#[must_use]
pub fn available() -> bool {
    root().join("INDEX.csv").is_file()
}

/// The names of the recorded providers, sorted; empty where the corpus is absent.
///
/// # Errors
/// The corpus is there but cannot be listed.
pub fn providers() -> Result<Vec<String>, Error> {
    if !available() {
        return Ok(Vec::new());
    }
    let mut names = folders(&root())?;
    names.retain(|name| name != "LICENCES");
    Ok(names)
}

/// The kinds recorded of one provider, sorted; empty where there are none.
///
/// # Errors
/// The provider's folder is there but cannot be listed.
pub fn kinds(provider: &str) -> Result<Vec<String>, Error> {
    let path = root().join(provider);
    if path.is_dir() {
        folders(&path)
    } else {
        Ok(Vec::new())
    }
}

/// The exchanges of `kind`, of one provider or (`None`) of all, sorted by provider and name; none
/// where absent.
///
/// Files are read one by one as the iterator advances.
pub fn exchanges(
    provider: Option<&str>,
    kind: &str,
) -> impl Iterator<Item = Result<Exchange, Error>> + use<> {
    let (paths, failure) = match paths(provider, kind) {
        Ok(paths) => (paths, None),
        Err(error) => (Vec::new(), Some(Err(error))),
    };
    failure
        .into_iter()
        .chain(paths.into_iter().map(|path| read(&path)))
}

/// Reads one recording.
///
/// # Errors
/// The file cannot be read or is not a recording.
pub fn read(path: &Path) -> Result<Exchange, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read {
        path: path.into(),
        source,
    })?;
    let mut exchange: Exchange = serde_json::from_slice(&bytes).map_err(|source| Error::Parse {
        path: path.into(),
        source,
    })?;
    exchange.name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(exchange)
}

// === impl Exchange ===

impl Exchange {
    /// `provider/kind/name`, for the message of a failed assertion.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}/{}", self.provider, self.kind, self.name)
    }

    /// True when the recording shows `feature`.
    #[must_use]
    pub fn shows(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

// === impl Request ===

impl Request {
    /// The body as it is sent: JSON rendered, text verbatim, empty where there was none.
    #[must_use]
    pub fn wire_bytes(&self) -> Vec<u8> {
        body_bytes(&self.body)
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

// === impl Response ===

impl Response {
    /// The body as it came over the wire.
    ///
    /// Event streams are byte-true. JSON bodies are rendered anew from the stored value: key order
    /// as stored, whitespace not the vendor's. A base64 text that does not decode gives no bytes.
    #[must_use]
    pub fn wire_bytes(&self) -> Vec<u8> {
        if let Some(frames) = &self.sse {
            let separator = self.sse_sep.as_deref().unwrap_or("\n\n");
            let mut text = frames.join(separator);
            if !frames.is_empty() {
                text.push_str(separator);
            }
            text.push_str(self.sse_tail.as_deref().unwrap_or_default());
            return text.into_bytes();
        }
        if let Some(text) = &self.base64 {
            return BASE64.decode(text).unwrap_or_default();
        }
        body_bytes(&self.body)
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

fn body_bytes(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        json @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            json.to_string().into_bytes()
        }
    }
}

fn find_header<'a>(headers: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn paths(provider: Option<&str>, kind: &str) -> Result<Vec<PathBuf>, Error> {
    let providers = match provider {
        Some(one) => vec![one.to_owned()],
        None => providers()?,
    };
    let mut paths = Vec::new();
    for provider in providers {
        let folder = root().join(provider).join(kind);
        if folder.is_dir() {
            let files = entries(&folder)?;
            paths.extend(files.into_iter().filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            }));
        }
    }
    Ok(paths)
}

fn folders(path: &Path) -> Result<Vec<String>, Error> {
    Ok(entries(path)?
        .into_iter()
        .filter(|entry| entry.is_dir())
        .filter_map(|entry| Some(entry.file_name()?.to_string_lossy().into_owned()))
        .collect())
}

fn entries(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Read {
        path: path.into(),
        source,
    };
    let mut entries = std::fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort();
    Ok(entries)
}
