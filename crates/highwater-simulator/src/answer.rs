//! Answer: what a service says, before it becomes bytes on a connection.

use http::StatusCode;
use serde_json::{Value, json};

/// An answer of a service.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    pub(crate) effect: Effect,
}

/// What befalls a body on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Effect {
    #[default]
    None,
    /// The connection breaks in the middle.
    Reset,
    /// Less comes than was announced.
    Truncate,
    /// A few bytes at a time, so many milliseconds apart.
    Drip(u64),
    /// A compressed body of so many MiB instead.
    GzipBomb(u64),
    /// A content type that says nothing.
    ContentType,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    /// Text with its content type.
    Text(&'static str, String),
}

impl Answer {
    /// A document with status 200.
    pub(crate) fn json(value: Value) -> Self {
        Self::with(200, value)
    }

    /// A document with a status.
    pub(crate) fn with(status: u16, value: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(value), effect: Effect::None }
    }

    /// A status and nothing else.
    pub(crate) const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty, effect: Effect::None }
    }

    /// Text of a type.
    pub(crate) const fn text(status: u16, kind: &'static str, text: String) -> Self {
        Self { status, headers: Vec::new(), body: Body::Text(kind, text), effect: Effect::None }
    }

    /// The envelope that most of the hosts wrap an error in.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::with(status, json!({"error": {"code": code, "message": message}}))
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The status as the protocol's own type.
    pub(crate) fn code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
