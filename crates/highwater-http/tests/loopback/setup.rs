//! What every test is made of: a client whose time runs fast, and tokens that count.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use highwater_auth::{Audience, Error, Token, Tokens};
use highwater_http::{
    Bounds, Budget, Client, Clock, Event, Hosts, Limit, Limits, Method, Observer, Paging, Read,
    Settings, Tape, transport,
};

use crate::server::Server;

/// Audience of all test servers.
pub(crate) const AUDIENCE: &str = "https://service.example";

/// Tokens `token-1`, `token-2` …; another one after each refusal of the last.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) refused: AtomicU32,
    pub(crate) asked: AtomicU32,
    /// Refusals cannot be mended: more is demanded of the person.
    pub(crate) claims: bool,
}

#[async_trait]
impl Tokens for Keys {
    async fn token(&self, _: &Audience) -> Result<Token, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let number = self.refused.load(Ordering::SeqCst) + 1;
        Ok(Token::new(format!("token-{number}"), SystemTime::UNIX_EPOCH))
    }

    async fn refused(
        &self,
        audience: &Audience,
        token: &Token,
        _: Option<&str>,
    ) -> Result<(), Error> {
        if self.claims {
            let reason = "more is demanded".to_owned();
            return Err(Error::Refused { audience: audience.as_str().to_owned(), reason });
        }
        let number = self.refused.load(Ordering::SeqCst) + 1;
        if token.reveal() == format!("token-{number}") {
            self.refused.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// A clock a thousand times as fast as others.
#[derive(Debug)]
pub(crate) struct Hasty {
    start: Instant,
    dice: AtomicU64,
}

pub(crate) const HASTE: u32 = 1000;

impl Clock for Hasty {
    fn elapsed(&self) -> Duration {
        self.start.elapsed() * HASTE
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.elapsed()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(time / HASTE))
    }

    fn chance(&self) -> f64 {
        let n = u32::try_from(self.dice.fetch_add(37, Ordering::Relaxed) % 100).unwrap();
        f64::from(n) / 100.0
    }
}

/// Writes down what happens.
#[derive(Debug, Default)]
pub(crate) struct Diary(pub(crate) Mutex<Vec<String>>);

impl Observer for Diary {
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

impl Diary {
    pub(crate) fn about(&self, what: &str) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|line| line.starts_with(what)).cloned().collect()
    }
}

/// A client with its surroundings.
pub(crate) struct Rig {
    pub(crate) client: Client,
    pub(crate) keys: Arc<Keys>,
    pub(crate) diary: Arc<Diary>,
}

/// What differs between tests.
pub(crate) struct Choice {
    pub(crate) bounds: Bounds,
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
    pub(crate) claims: bool,
    pub(crate) tape: Option<Tape>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl Default for Choice {
    fn default() -> Self {
        // Machines that are busy let a loopback server wait for seconds, which are hours in the time of these tests.
        let long = Duration::from_secs(10_000_000);
        let text =
            "format = 1\n[default]\npage = \"own\"\ncounted_by = \"tenant\"\nconcurrent = 64\n";
        Self {
            bounds: Bounds { stall: long, whole: long, ..Bounds::default() },
            limits: Limits::parse(text).unwrap(),
            budget: Budget::default(),
            claims: false,
            tape: None,
            clock: None,
        }
    }
}

impl Choice {
    pub(crate) fn limit(mut self, service: &str, limit: Limit) -> Self {
        self.limits.set(service, limit);
        self
    }
}

/// A client that may read the given servers.
pub(crate) fn rig(servers: &[&Server], choice: Choice) -> Rig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = transport(reqwest::Client::builder().no_proxy().tls_certs_only([]));
    rig_with(servers, choice, http.build().unwrap())
}

/// A client with a transport of its own.
pub(crate) fn rig_with(servers: &[&Server], choice: Choice, http: reqwest::Client) -> Rig {
    let mut hosts = Hosts::new();
    for server in servers {
        hosts.allow(&Audience::new(AUDIENCE), &server.address.to_string()).unwrap();
    }
    let keys = Arc::new(Keys { claims: choice.claims, ..Keys::default() });
    let diary = Arc::new(Diary::default());
    let hasty =
        || Arc::new(Hasty { start: Instant::now(), dice: AtomicU64::new(50) }) as Arc<dyn Clock>;
    let client = Client::new(Settings {
        tokens: Arc::clone(&keys) as Arc<dyn Tokens>,
        hosts,
        limits: choice.limits,
        budget: choice.budget,
        bounds: choice.bounds,
        http,
        clock: choice.clock.unwrap_or_else(hasty),
        observer: Arc::clone(&diary) as Arc<dyn Observer>,
        tape: choice.tape,
    });
    Rig { client, keys, diary }
}

/// A client that may read one server, with nothing special about it.
pub(crate) fn plain(server: &Server) -> Rig {
    rig(&[server], Choice::default())
}

/// A GET of `path`.
pub(crate) fn get(server: &Server, path: &str, paging: Paging) -> Read {
    Read {
        service: "bap",
        scope: String::new(),
        audience: Audience::new(AUDIENCE),
        method: Method::Get,
        url: server.url(path),
        headers: Vec::new(),
        paging,
    }
}

/// A POST of `body` to `path`.
pub(crate) fn post(server: &Server, path: &str, body: &str, paging: Paging) -> Read {
    Read { method: Method::Post(body.to_owned().into()), ..get(server, path, paging) }
}

/// All pages of a read as text, and the failure that ended it.
pub(crate) async fn all(
    client: &Client,
    read: &Read,
) -> (Vec<String>, Option<highwater_http::Failure>) {
    let mut pages = client.pages(read);
    let mut texts = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => texts.push(String::from_utf8(page.body.to_vec()).unwrap()),
            Err(failure) => return (texts, Some(failure)),
        }
    }
    (texts, None)
}
