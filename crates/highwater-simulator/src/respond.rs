//! Respond: an answer as bytes on a connection, whole or spoiled.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use futures_util::stream;
use http::{HeaderValue, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;

use crate::answer::{Answer, Body, Effect};

/// A body on its way.
pub(crate) type Outgoing = UnsyncBoxBody<Bytes, io::Error>;

/// Bytes that a dripping body gives at a time.
const DROP: usize = 64;
/// Bytes that a truncated body lacks.
const LACKING: usize = 512;

/// The answer as a response, and how long its body is.
pub(crate) fn response(answer: Answer) -> (Response<Outgoing>, usize) {
    let (status, effect) = (answer.code(), answer.effect);
    let (kind, bytes) = match answer.body {
        Body::Empty => (None, Bytes::new()),
        Body::Json(value) => {
            (Some("application/json; charset=utf-8"), Bytes::from(value.to_string()))
        }
        Body::Text(kind, text) => (Some(kind), Bytes::from(text)),
    };
    let length = bytes.len();
    let (body, announced) = body(effect, bytes);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Some(kind) = kind {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(if effect == Effect::ContentType {
                "application/octet-stream"
            } else {
                kind
            }),
        );
    }
    if let Some(announced) = announced {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    }
    if matches!(effect, Effect::GzipBomb(_)) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(name, value);
        }
    }
    (response, length)
}

/// The body, and the length that is announced for it where that is not its own.
fn body(effect: Effect, bytes: Bytes) -> (Outgoing, Option<usize>) {
    let length = bytes.len();
    match effect {
        Effect::None | Effect::ContentType => (whole(bytes), None),
        Effect::Reset => (ending(bytes.slice(..length / 2), true), Some(length.max(2))),
        Effect::Truncate => (ending(bytes, false), Some(length + LACKING)),
        Effect::Drip(pause) => (dripping(bytes, Duration::from_millis(pause)), Some(length)),
        Effect::GzipBomb(size) => (whole(bomb(size).into()), None),
    }
}

fn whole(bytes: Bytes) -> Outgoing {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// Some bytes, a moment for them to leave, and then the end: of the connection, or of the body alone.
fn ending(bytes: Bytes, with_connection: bool) -> Outgoing {
    let parts = stream::unfold(Some(bytes), move |state| async move {
        match state {
            Some(bytes) if !bytes.is_empty() => Some((Ok(Frame::data(bytes)), Some(Bytes::new()))),
            Some(_) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                with_connection
                    .then(|| (Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
            }
            None => None,
        }
    });
    StreamBody::new(parts).boxed_unsync()
}

fn dripping(bytes: Bytes, pause: Duration) -> Outgoing {
    let parts = stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let drop = rest.split_to(rest.len().min(DROP));
        Some((Ok::<_, io::Error>(Frame::data(drop)), rest))
    });
    StreamBody::new(parts).boxed_unsync()
}

/// A JSON document of so many MiB of blanks, compressed: one compressed MiB, repeated.
fn bomb(size: u64) -> Vec<u8> {
    let (head, blanks, tail) = (b"{\"value\":[".as_slice(), vec![b' '; 1 << 20], b"]}".as_slice());
    let mut told = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    told.extend(deflated(head, FlushCompress::Full));
    let block = deflated(&blanks, FlushCompress::Full);
    let (mut sum, mut of_block, mut of_tail) = (Crc::new(), Crc::new(), Crc::new());
    sum.update(head);
    of_block.update(&blanks);
    of_tail.update(tail);
    for _ in 0..size {
        told.extend_from_slice(&block);
        sum.combine(&of_block);
    }
    told.extend(deflated(tail, FlushCompress::Finish));
    sum.combine(&of_tail);
    told.extend(sum.sum().to_le_bytes());
    told.extend(sum.amount().to_le_bytes());
    told
}

/// Bytes as part of a compressed stream that needs nothing of what came before.
fn deflated(bytes: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut told = Vec::with_capacity(bytes.len() + 64);
    // Compressing into memory that is large enough cannot fail; an empty part is what would be left if it did.
    let _ = Compress::new(Compression::fast(), false).compress_vec(bytes, &mut told, flush);
    told
}
