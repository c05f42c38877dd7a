//! What every fuzz target holds: the bytes may be anything; what comes out is whole JSON or one clear error, the same
//! wherever the bytes were cut, and never a panic.

pub mod framing;

use canon::{Event, Kind, NanoUsd, Usage};
use dialects::framing::{Framing, Item, Reader};
use dialects::{
    CALLED, Dialect, ErrorBody, Form, Frame, ParseStream, Receipt, SERVED, Serve, Short, Stamp,
    Step, Target, Thinking, called, served,
};
use serde_json::Value;

/// Above it, what is written is out of proportion to what was read: bytes for each byte read, and at least.
const BYTES_PER_BYTE_MAX: usize = 400;
const BYTES_MIN: usize = 1 << 16;
/// The limit of a frame.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// A vendor's stream. The first byte says where the bytes are cut.
pub fn stream(dialect: Dialect, data: &[u8]) {
    let Some((cut, bytes)) = data.split_first() else {
        return;
    };
    let call = called(dialect).expect("a dialect that is called");
    let form = Form::default();
    let framing = match call.framing(&form) {
        // Checksums stop every mutation; the frames themselves are what is fuzzed here.
        Framing::AwsEventStream => Framing::Sse,
        other => other,
    };
    let read = |long: Box<dyn ParseStream>, pieces: &[&[u8]]| read(framing, long, pieces);
    let whole = read(call.stream(&form), &[bytes]);
    let place = bytes.len() * usize::from(*cut) / 256;
    let (before, behind) = bytes.split_at(place);
    let pieces = read(call.stream(&form), &[before, behind]);
    assert_eq!(
        format!("{whole:?}"),
        format!("{pieces:?}"),
        "cut at {place}"
    );
    let short = read(Box::new(Short::new(call.stream(&form))), &[bytes]);
    assert_eq!(format!("{whole:?}"), format!("{short:?}"), "the short way");
    for serve in SERVED {
        let (steps, _) = read(call.stream(&form), &[bytes]);
        let out = serve_steps(*serve, steps);
        assert_frames(&out);
        assert_proportion(bytes, &out);
    }
}

/// A vendor's whole answer, and error.
pub fn answer(dialect: Dialect, data: &[u8]) {
    let call = called(dialect).expect("a dialect that is called");
    let _said = call.parse_error(500, data);
    match call.parse_response(data) {
        Ok(response) => {
            for serve in SERVED {
                let mut out = Vec::new();
                let receipt = receipt_of(response.usage.clone().unwrap_or_default());
                serve.render_response(&response, &stamp(), &receipt, &mut out);
                assert_json(&out);
                assert_proportion(data, &out);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A caller's request.
pub fn request(dialect: Dialect, data: &[u8]) {
    let serve = served(dialect).expect("a dialect that is served");
    let request = match serve.parse_request(data) {
        Ok(request) => request,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let _echo = serve.echo(&request);
    let form = Form::default();
    for call in CALLED {
        for thinking in [Thinking::Effort, Thinking::Budget, Thinking::Adaptive] {
            let target = Target {
                upstream_model: "x",
                model: "acme/x",
                form: &form,
                max_output_tokens: Some(8192),
                thinking,
            };
            let mut loss = Vec::new();
            match call.render_request(&request, &target, &mut loss) {
                Ok(body) => {
                    assert_json(&body);
                    assert_proportion(data, &body);
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}

// === streams ===

/// What a stream says, and the error that ends it.
type Said = (Vec<Step>, Option<String>);

fn read(framing: Framing, mut stream: Box<dyn ParseStream>, pieces: &[&[u8]]) -> Said {
    let mut reader = Reader::new(framing, FRAME_BYTES_MAX);
    let mut steps = Vec::new();
    for piece in pieces {
        if let Err(error) = reader.push(piece) {
            return (steps, Some(error.to_string()));
        }
        if let Err(error) = drain(&mut reader, stream.as_mut(), &mut steps) {
            return (steps, Some(error));
        }
    }
    reader.close();
    let error = drain(&mut reader, stream.as_mut(), &mut steps).err();
    let _ended = stream.is_complete();
    (steps, error)
}

fn drain(
    reader: &mut Reader,
    stream: &mut dyn ParseStream,
    steps: &mut Vec<Step>,
) -> Result<(), String> {
    while let Some(item) = reader.next().map_err(|error| error.to_string())? {
        if let Item::Frame(Frame { event, data }) = item {
            let frame = Frame { event, data };
            stream
                .frame(&frame, steps)
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn serve_steps(serve: &dyn Serve, steps: Vec<Step>) -> Vec<u8> {
    let mut stream = serve.stream(stamp());
    let mut out = Vec::new();
    let mut usage = Usage::default();
    for step in steps {
        match step {
            Step::Event(event) => {
                if let Event::Usage(counts) = &event {
                    usage.clone_from(counts);
                }
                stream.event(event, &mut out);
            }
            Step::Error(error) => {
                let body = ErrorBody {
                    status: 502,
                    kind: Kind::ProviderUnavailable,
                    message: "Provider returned error",
                    provider_code: error.code.as_deref(),
                    metadata: None,
                    availability: None,
                    generation: None,
                    router: None,
                };
                stream.fault(&body, &mut out);
                return out;
            }
            Step::End => break,
        }
    }
    stream.finish(&receipt_of(usage), &mut out);
    out
}

// === what must hold ===

/// Every frame that a caller reads is JSON, or the end marker.
fn assert_frames(out: &[u8]) {
    let mut reader = Reader::new(Framing::Sse, usize::MAX);
    reader.push(out).unwrap();
    while let Some(item) = reader.next().unwrap() {
        if let Item::Frame(frame) = item
            && &*frame.data != b"[DONE]"
        {
            assert_json(&frame.data);
        }
    }
    assert!(!reader.close(), "a frame without an end");
}

fn assert_json(out: &[u8]) {
    if let Err(error) = serde_json::from_slice::<Value>(out) {
        // What was nested as deep as JSON may be read comes out one level deeper.
        let is_deep = error.to_string().contains("recursion limit");
        assert!(is_deep, "{error}: {}", String::from_utf8_lossy(out));
    }
}

fn assert_proportion(read: &[u8], written: &[u8]) {
    let most = BYTES_MIN + read.len() * BYTES_PER_BYTE_MAX;
    assert!(
        written.len() <= most,
        "{} from {}",
        written.len(),
        read.len()
    );
}

fn stamp() -> Stamp {
    Stamp {
        generation: "gen-1760000000-example".to_owned(),
        created: 1_760_000_000,
        model: "acme/small".to_owned(),
        provider: "Acme".to_owned(),
        echo: None,
    }
}

fn receipt_of(usage: Usage) -> Receipt {
    Receipt {
        usage,
        cost: NanoUsd::new(12_500),
        ..Receipt::default()
    }
}
