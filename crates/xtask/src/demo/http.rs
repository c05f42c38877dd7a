//! Just enough HTTP to show what goes over the wire: one request, and the answer's lines as they arrive.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// How long a real small model may take for its next token.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer: its status, and its body as a stream of bytes.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) generation: Option<String>,
    body: Box<dyn BufRead>,
}

/// Sends one request to a server on this machine.
pub(super) fn send(
    base: &str,
    method: &str,
    path: &str,
    key: &str,
    body: Option<&str>,
) -> Result<Answer> {
    let host = base
        .strip_prefix("http://")
        .with_context(|| format!("{base} is not an http address"))?;
    let stream = TcpStream::connect(host).with_context(|| format!("cannot connect to {base}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let body = body.unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    (&stream).write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let Some(status) = status else {
        bail!("no HTTP answer from {base}: {line:?}")
    };
    let (mut chunked, mut generation) = (false, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "transfer-encoding" => chunked = value.trim().eq_ignore_ascii_case("chunked"),
            "x-generation-id" => generation = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let body: Box<dyn BufRead> = if chunked {
        Box::new(BufReader::new(Chunks {
            reader,
            left: 0,
            ended: false,
        }))
    } else {
        Box::new(reader)
    };
    Ok(Answer {
        status,
        generation,
        body,
    })
}

impl Answer {
    /// The rest of the body, whole.
    pub(super) fn text(mut self) -> Result<String> {
        let mut text = String::new();
        self.body.read_to_string(&mut text)?;
        Ok(text)
    }

    /// The next line, as it arrives; `None` at the end.
    pub(super) fn line(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        if self.body.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(line.trim_end().to_owned()))
    }
}

/// A chunked body, taken apart.
struct Chunks<R> {
    reader: R,
    left: usize,
    ended: bool,
}

impl<R: BufRead> Read for Chunks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        if self.left == 0 {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                line.clear();
                self.reader.read_line(&mut line)?;
            }
            self.left = usize::from_str_radix(line.trim(), 16)
                .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?;
            if self.left == 0 {
                self.ended = true;
                return Ok(0);
            }
        }
        let most = buffer.len().min(self.left);
        let taken = self
            .reader
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= taken;
        Ok(taken)
    }
}
