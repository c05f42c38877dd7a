//! Our own examples, `fixtures/wire/<dialect>/<case>/`, for machines without the corpus.

use std::fs;
use std::path::{Path, PathBuf};

use dialects::Dialect;

use crate::ways::events;

/// One example.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The dialect it is written in.
    pub(crate) dialect: Dialect,
    /// The name of its folder.
    pub(crate) case: String,
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// What is in the file asked for.
    pub(crate) bytes: Vec<u8>,
}

/// Every example of a stream, as the bytes that come over the wire. Binary ones are kept as lines (see [`events`]).
pub(crate) fn streams() -> Vec<Fixture> {
    let mut found = with_file("stream.sse");
    found.extend(with_file("stream.ndjson"));
    found.extend(with_file("stream.json"));
    for mut fixture in with_file("stream.aws.jsonl") {
        fixture.bytes = events::encode_lines(&fixture.bytes);
        found.push(fixture);
    }
    found
}

/// Every example that has a file of this name (`request.json`, `response.json`, `stream.sse`), in
/// order.
pub(crate) fn with_file(name: &str) -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire");
    let mut found = Vec::new();
    for &dialect in Dialect::ALL {
        let Ok(entries) = fs::read_dir(root.join(dialect.name())) else {
            continue;
        };
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders {
            if let Ok(bytes) = fs::read(folder.join(name)) {
                let case = folder.file_name().unwrap().to_string_lossy().into_owned();
                found.push(Fixture {
                    dialect,
                    case,
                    folder,
                    bytes,
                });
            }
        }
    }
    assert!(!found.is_empty(), "no fixture has a {name}");
    found
}
