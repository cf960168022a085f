//! Client: whoever asks for pages, with all politeness in it.
//!
//! One client is one identity. Owns what is shared between reads: tokens, limits, budget, meter, recording.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use highwater_auth::{Token, Tokens};

use crate::asked::Asked;
use crate::body::Broken;
use crate::budget::Purse;
use crate::limiter::Limiter;
use crate::live::{self, Answer};
use crate::meter::Counters;
use crate::next;
use crate::observer::{Event, Observer};
use crate::page::without_mark;
use crate::{
    Bounds, Budget, Clock, Failure, Hosts, Limits, Meter, Next, Page, Pages, Paging, Read,
    Recorder, Replay,
};

/// What a client is made of.
#[derive(Debug)]
pub struct Settings {
    /// Whoever gives tokens; the identity.
    pub tokens: Arc<dyn Tokens>,
    /// Which hosts may be read with tokens of which audience.
    pub hosts: Hosts,
    /// How fast services may be read.
    pub limits: Limits,
    /// How many requests may be spent.
    pub budget: Budget,
    /// How long and how often anything is tried.
    pub bounds: Bounds,
    /// The network, made with [`crate::transport`].
    pub http: reqwest::Client,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Whoever wants to know what happens.
    pub observer: Arc<dyn Observer>,
    /// A recording that is written or replayed.
    pub tape: Option<Tape>,
}

/// What is done with a recording.
#[derive(Debug)]
pub enum Tape {
    /// Every exchange is written down, without its secrets.
    Record(Recorder),
    /// Every answer comes from the recording; nothing is sent, no token is asked for, nothing waits.
    Replay(Replay),
}

/// Asks for pages. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) hosts: Hosts,
    pub(crate) bounds: Bounds,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) limiter: Limiter,
    pub(crate) purse: Purse,
    pub(crate) counters: Counters,
    http: reqwest::Client,
    tape: Option<Tape>,
}

impl Client {
    /// A client for one identity.
    pub fn new(settings: Settings) -> Self {
        let Settings { tokens, hosts, limits, budget, bounds, http, clock, observer, tape } =
            settings;
        let limiter = Limiter::new(limits, Arc::clone(&clock), Arc::clone(&observer));
        let inner = Inner {
            tokens,
            hosts,
            bounds,
            clock,
            observer,
            limiter,
            purse: Purse::new(budget),
            counters: Counters::default(),
            http,
            tape,
        };
        Self { inner: Arc::new(inner) }
    }

    /// One page of a read: the first, or the one at which `from` points.
    ///
    /// # Errors
    /// A [`Failure`], which says why the page did not come; nothing of it is a secret.
    pub async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure> {
        self.inner.counters.count(read.service, |meter| meter.calls += 1);
        let page = self.inner.page(read, from).await;
        if let Err(failure) = &page {
            self.inner.failed(read, failure);
        }
        page
    }

    /// The pages of a read, one after the other, until there are no more, one fails, or the chain goes in circles.
    pub const fn pages<'a>(&'a self, read: &'a Read) -> Pages<'a> {
        Pages::new(self, read)
    }

    /// Counts what a run had spent of its budget before it was killed.
    pub fn has_spent(&self, service: &str, requests: u64) {
        self.inner.purse.has_spent(service, requests);
    }

    /// Requests of a service that were spent, with those of before.
    pub fn spent(&self, service: &str) -> u64 {
        self.inner.purse.of(service).0
    }

    /// What reading cost so far.
    pub fn meter(&self) -> Meter {
        let mut services = self.inner.counters.services();
        for (name, meter) in &mut services {
            (meter.spent, meter.left) = self.inner.purse.of(name);
        }
        Meter { services, left: self.inner.purse.left() }
    }

    /// Puts the recording safely on the disk, if one is written.
    ///
    /// # Errors
    /// [`crate::Error::Recording`] if an exchange could not be written; those before it are in the file.
    pub fn finish_recording(&self) -> Result<(), crate::Error> {
        match &self.inner.tape {
            Some(Tape::Record(recorder)) => recorder.finish(),
            _ => Ok(()),
        }
    }

    /// Bounds of every read.
    pub fn bounds(&self) -> &Bounds {
        &self.inner.bounds
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure> {
        let asked = Asked::new(read, from)?;
        let fetched = self.fetch(read, asked, 1).await?;
        let Answer { status, headers, body } = fetched.answer;
        if read.paging == Paging::None && fetched.found.goes_on() {
            let (service, path) = (read.service, read.url.path());
            tracing::warn!(
                service,
                path,
                "the answer says that there is more, and nobody will ask for it"
            );
        }
        let next = next::find(read.paging, fetched.found, &headers);
        Ok(Page { status, headers, body: without_mark(body), next })
    }

    pub(crate) fn failed(&self, read: &Read, failure: &Failure) {
        self.counters.count(read.service, |meter| meter.failures += 1);
        self.observer.event(&Event::Failed { service: read.service, failure });
    }

    pub(crate) const fn is_replay(&self) -> bool {
        matches!(self.tape, Some(Tape::Replay(_)))
    }

    pub(crate) const fn replay(&self) -> Option<&Replay> {
        match &self.tape {
            Some(Tape::Replay(replay)) => Some(replay),
            _ => None,
        }
    }

    pub(crate) async fn send(&self, asked: &Asked, token: &Token) -> Result<Answer, Broken> {
        live::exchange(&self.http, asked, token, &self.bounds, self.clock.as_ref()).await
    }

    /// Writes an exchange into the recording, if there is one.
    pub(crate) fn write_down(
        &self,
        asked: &Asked,
        result: &Result<Answer, Broken>,
        started: SystemTime,
        took: Duration,
    ) {
        if let Some(Tape::Record(recorder)) = &self.tape {
            recorder.write(asked, result, started, took);
        }
    }
}
