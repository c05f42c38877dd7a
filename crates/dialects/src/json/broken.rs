//! Where a document breaks that is no JSON: by byte, and by the path of what was being read.

use std::fmt::Write as _;

use crate::Error;

/// Where in the body JSON breaks, by byte and by path.
pub(crate) fn json_error(body: &[u8], error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason)
        .to_owned();
    let lines_before = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1));
    let byte = lines_before
        .map(<[u8]>::len)
        .sum::<usize>()
        .saturating_add(error.column())
        .min(body.len());
    let byte = if error.is_eof() {
        body.len()
    } else {
        byte.saturating_sub(1)
    };
    let path = path_at(body.get(..byte).unwrap_or(body));
    Error::Json { byte, path, reason }
}

/// The path of the value that a broken document breaks off in: a scan over the containers still open.
fn path_at(body: &[u8]) -> String {
    enum Open {
        Object { key: Option<String> },
        Array { index: usize },
    }
    let mut open: Vec<Open> = Vec::new();
    let mut last_string: Option<String> = None;
    let mut bytes = body.iter().copied().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => open.push(Open::Object { key: None }),
            b'[' => open.push(Open::Array { index: 0 }),
            b'}' | b']' => drop(open.pop()),
            b':' => {
                if let Some(Open::Object { key }) = open.last_mut() {
                    *key = last_string.take();
                }
            }
            b',' => match open.last_mut() {
                Some(Open::Object { key }) => *key = None,
                Some(Open::Array { index }) => *index += 1,
                None => {}
            },
            b'"' => {
                let mut end = body.len();
                let mut escaped = false;
                for (inside, byte) in bytes.by_ref() {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => {
                            end = inside;
                            break;
                        }
                        _ => {}
                    }
                }
                let text = body.get(at + 1..end).unwrap_or_default();
                last_string = Some(String::from_utf8_lossy(text).into_owned());
            }
            _ => {}
        }
    }
    let mut path = String::new();
    for container in open {
        match container {
            Open::Object { key: Some(key) } if path.is_empty() => path = key,
            Open::Object { key: Some(key) } => {
                let _infallible = write!(path, ".{key}");
            }
            Open::Object { key: None } => {}
            Open::Array { index } => {
                let _infallible = write!(path, "[{index}]");
            }
        }
    }
    path
}
