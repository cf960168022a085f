//! Entra: a sign-in service on loopback that answers what a test tells it, and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub(crate) const CORRELATION: &str = "00000000-0000-0000-0000-00000000c001";

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    /// How many came before it.
    pub(crate) number: usize,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

/// Status, further headers, body.
pub(crate) type Reply = (u16, Vec<(&'static str, String)>, String);

#[derive(Debug)]
pub(crate) struct Entra {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Entra {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (answer, book) = (Arc::new(answer), Arc::clone(&seen));
        let app = Router::new().fallback(move |request: Request<Body>| {
            let (answer, book) = (Arc::clone(&answer), Arc::clone(&book));
            async move {
                let mut one = read(request).await;
                {
                    let mut book = book.lock().unwrap();
                    one.number = book.len();
                    book.push(one.clone());
                }
                // Callers that come at the same time find it busy.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                let (status, headers, body) = answer(&one);
                let response =
                    Response::builder().status(status).header("content-type", "application/json");
                headers
                    .into_iter()
                    .fold(response, |response, (name, value)| response.header(name, value))
                    .body(Body::from(body))
                    .unwrap()
            }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, seen, task }
    }

    /// One that gives tokens `token-0`, `token-1` … to whoever asks.
    pub(crate) async fn generous() -> Self {
        Self::start(|seen| token(&format!("token-{}", seen.number), 3599)).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Entra {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(request: Request<Body>) -> Seen {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let headers = parts.headers.iter();
    Seen {
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        form: pairs(&bytes),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
            .collect(),
        number: 0,
    }
}

fn pairs(bytes: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

pub(crate) fn token(value: &str, seconds: u64) -> Reply {
    reply(
        200,
        json!({"token_type": "Bearer", "access_token": value, "expires_in": seconds, "ext_expires_in": seconds}),
    )
}

pub(crate) fn token_and_refresh(value: &str, refresh: &str) -> Reply {
    reply(
        200,
        json!({"token_type": "Bearer", "access_token": value, "expires_in": 3599, "refresh_token": refresh}),
    )
}

/// A refusal as Entra words it.
pub(crate) fn refusal(status: u16, kind: &str, code: u32, text: &str) -> Reply {
    let description = format!(
        "AADSTS{code}: {text} Trace ID: 00000000-0000-0000-0000-00000000a001 Correlation ID: {CORRELATION} Timestamp: 2026-11-22 06:00:00Z"
    );
    reply(
        status,
        json!({"error": kind, "error_description": description, "error_codes": [code], "correlation_id": CORRELATION}),
    )
}

pub(crate) fn reply(status: u16, body: Value) -> Reply {
    (status, Vec::new(), body.to_string())
}
