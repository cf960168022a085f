//! Page: what came back, where the next one is, and why there is none.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One answer with a 2xx status.
#[derive(Clone, Debug)]
pub struct Page {
    /// Status.
    pub status: u16,
    /// Headers that a reader may need, in lower case (`date`, `etag`, `x-ms-…`).
    pub headers: Vec<(String, String)>,
    /// The body, decompressed, as the service wrote it.
    pub body: Bytes,
    /// Where the next page is, if the service says that there is one.
    pub next: Option<Next>,
}

/// Where the next page of a chain is. It can be kept and continued from by a later run; it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// A whole address, checked against the hosts of the audience.
    Link(String),
    /// A token that goes into the next request as the dialect wants it.
    Token(String),
}

/// Why a page did not come. Data, not a panic: the caller writes it down as a gap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Failure {
    /// The service refused: 401 after a fresh token, 403, or another 4xx.
    #[error("HTTP {status} {code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The vendor's error code, empty if none was told.
        code: String,
        /// The vendor's message, shortened, without secrets.
        message: String,
    },
    /// The service did not manage it in the attempts it was given: 5xx, 429 without end, resets, truncated bodies.
    #[error("gave up after {attempts} attempts: {reason}")]
    GaveUp {
        /// Attempts made.
        attempts: u32,
        /// Last status, if there was one.
        status: Option<u16>,
        /// What happened last.
        reason: String,
    },
    /// The answer is not what was asked for: HTML with 200, wrong content type, too large, not JSON.
    #[error("unusable answer: {reason}")]
    Unusable {
        /// What is wrong with it.
        reason: String,
    },
    /// A next link or redirect that must not be followed: a foreign host, a loop.
    #[error("not followed: {reason}")]
    NotFollowed {
        /// Host and why; never the whole address.
        reason: String,
    },
    /// The budget of the run does not reach.
    #[error("not asked: the budget for {service} is spent")]
    Budget {
        /// Service whose budget is spent.
        service: String,
    },
    /// Signing in failed; no request was made.
    #[error("{reason}")]
    SignIn {
        /// What to do.
        reason: String,
    },
    /// The recording that is replayed holds no such request.
    #[error("the recording holds no answer to {request}")]
    NotRecorded {
        /// Method and address.
        request: String,
    },
}

/// A body without the byte order mark that some services put before it.
pub(crate) fn without_mark(body: Bytes) -> Bytes {
    if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body }
}
