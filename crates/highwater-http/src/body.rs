//! Body: bytes of an answer, with an end to them.
//!
//! Guarantees that no answer takes more memory or time than its bounds, however little was sent for it: what counts is
//! what comes out of the decompression.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::{Bounds, Clock};

/// Why a body did not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Broken {
    /// The connection broke, or nothing came for too long: worth another attempt.
    Lost(String),
    /// More than anybody would send: not worth another one.
    TooLarge(String),
    /// The host cannot prove who it is: it will not be able to next time either.
    Untrusted(String),
    /// It came from elsewhere: the transport follows redirects, which it must not.
    Foreign(String),
}

/// Reads a body. `began` is when the attempt began.
pub(crate) async fn read(
    response: &mut reqwest::Response,
    bounds: &Bounds,
    clock: &dyn Clock,
    began: Duration,
) -> Result<Bytes, Broken> {
    let mut body = BytesMut::new();
    loop {
        let left = (began + bounds.whole).saturating_sub(clock.elapsed());
        let chunk = tokio::select! {
            biased;
            chunk = response.chunk() => chunk,
            () = clock.sleep(left.min(bounds.stall)) => return Err(Broken::Lost(stalled(bounds, left))),
        };
        match chunk {
            Ok(Some(chunk)) if body.len() + chunk.len() > bounds.body => {
                return Err(Broken::TooLarge(format!("larger than {} MiB", bounds.body >> 20)));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(error) => {
                return Err(Broken::Lost(format!("the body broke off: {}", said(&error))));
            }
        }
    }
}

/// What to say when time ran out with `left` of the whole to go.
pub(crate) fn stalled(bounds: &Bounds, left: Duration) -> String {
    if left <= bounds.stall {
        format!("not done after {} s", bounds.whole.as_secs())
    } else {
        format!("nothing came for {} s", bounds.stall.as_secs())
    }
}

/// The innermost cause of an error, which names neither address nor content.
pub(crate) fn said(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
