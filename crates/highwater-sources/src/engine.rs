//! Engine: what all parts of a run share.
//!
//! Holds who answers, where pages go, how far an earlier run came, what was counted, and which objects were named.
//! Decides nothing about order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use highwater_auth::Cloud;
use highwater_http::{Failure, Page};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::chain::Chain;
use crate::earlier::Earlier;
use crate::found::Object;
use crate::journal::{Gapped, Line, State};
use crate::purse::Treasury;
use crate::reuse::Reading;
use crate::run::Boundary;
use crate::source::{Scope, Source};
use crate::summary::{Counts, Gap};
use crate::writer::Writer;
use crate::{Asks, Error, Event, Plan, Progress};

/// Requests that are under way at once, for each service. The client waits longer where a vendor demands it.
const AT_ONCE: usize = 48;

/// Kinds of objects of which a tenant has tens of thousands.
const MANY: [&str; 3] = ["app", "flow", "plain_flow"];

/// What all parts of a run share.
pub(crate) struct Engine {
    pub(crate) asks: Arc<dyn Asks>,
    pub(crate) cloud: Cloud,
    pub(crate) plan: Plan,
    pub(crate) now: Timestamp,
    pub(crate) boundary: Boundary,
    pub(crate) progress: Arc<dyn Progress>,
    pub(crate) folder: PathBuf,
    pub(crate) state: State,
    pub(crate) writer: Writer,
    pub(crate) sources: Vec<&'static Source>,
    /// What an earlier run read.
    pub(crate) earlier: Option<Earlier>,
    gates: BTreeMap<&'static str, Semaphore>,
    /// What may be spent, where that is bounded.
    treasury: Option<Arc<Treasury>>,
    ledger: Mutex<Ledger>,
    /// First pages that were asked for together, by the digests of their chains.
    ahead: Mutex<HashMap<u128, Result<Page, Failure>>>,
    /// Environments of the tenant, once their list was read.
    environments: OnceLock<u64>,
}

/// What was counted and named.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) sources: BTreeMap<&'static str, Counts>,
    pub(crate) gaps: BTreeMap<(&'static str, String), u64>,
    /// Records by what they are counted as and by source.
    pub(crate) tally: BTreeMap<(&'static str, &'static str), u64>,
    /// Objects to ask at the end, and those that were asked.
    pub(crate) named: BTreeSet<Object>,
    pub(crate) asked: BTreeSet<(&'static str, String)>,
    /// Ids to ask in batches at the end.
    pub(crate) batches: BTreeMap<&'static str, BTreeSet<String>>,
    /// Objects of kinds of which only so many are asked, most important first, and how many more there were.
    pub(crate) limited: BTreeMap<&'static str, (BTreeSet<Object>, u64)>,
    /// Tables whose rows are fewer than the probe counted: environments by table.
    pub(crate) short: BTreeMap<String, u64>,
    pub(crate) environments: u64,
    /// What was taken over.
    pub(crate) reused: TakenOver,
}

/// What was taken over from an earlier run.
#[derive(Debug, Default)]
pub(crate) struct TakenOver {
    pub(crate) environments: BTreeSet<String>,
    /// Sources in environments.
    pub(crate) places: u64,
    /// Requests that were not made.
    pub(crate) requests: u64,
    /// When the oldest of it was read.
    pub(crate) oldest: Option<Timestamp>,
}

/// What a run is made of.
pub(crate) struct Parts {
    pub(crate) asks: Arc<dyn Asks>,
    pub(crate) cloud: Cloud,
    pub(crate) plan: Plan,
    pub(crate) now: Timestamp,
    pub(crate) boundary: Boundary,
    pub(crate) progress: Arc<dyn Progress>,
    pub(crate) folder: PathBuf,
    pub(crate) state: State,
    pub(crate) writer: Writer,
    pub(crate) sources: Vec<&'static Source>,
    pub(crate) earlier: Option<Earlier>,
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Self {
        let services = crate::sources().flat_map(|source| {
            let own = source.requests.iter().filter_map(|request| request.service);
            own.chain([source.service])
        });
        let gates = services.map(|service| (service, Semaphore::new(AT_ONCE))).collect();
        let pools = parts.plan.pools();
        let treasury = (!pools.is_empty()).then(|| Treasury::new(pools));
        Self {
            asks: parts.asks,
            cloud: parts.cloud,
            plan: parts.plan,
            now: parts.now,
            boundary: parts.boundary,
            progress: parts.progress,
            folder: parts.folder,
            state: parts.state,
            writer: parts.writer,
            sources: parts.sources,
            earlier: parts.earlier,
            gates,
            treasury,
            ledger: Mutex::new(Ledger::default()),
            ahead: Mutex::default(),
            environments: OnceLock::new(),
        }
    }

    /// Notes how many environments there are.
    pub(crate) fn set_environments(&self, environments: u64) {
        let _ = self.environments.set(environments);
        self.ledger().environments = environments;
    }

    /// Whether the tenant is small enough to ask every environment everything.
    pub(crate) fn is_thorough(&self) -> bool {
        self.environments
            .get()
            .is_some_and(|environments| *environments <= self.plan.thorough_up_to)
    }

    /// What pays for these sources, where the requests to one of their services are bounded.
    pub(crate) fn paid(&self, sources: &[&'static Source]) -> Option<&Arc<Treasury>> {
        let treasury = self.treasury.as_ref()?;
        let services = sources.iter().flat_map(|source| {
            let own = source.requests.iter().filter_map(|request| request.service);
            own.chain([source.service])
        });
        services.into_iter().any(|service| treasury.covers(service)).then_some(treasury)
    }

    /// How many objects of a kind are asked at most, after everything else; none where they are asked at once.
    ///
    /// Where their requests are bounded they come last, so that lists are not given up for the details of some.
    pub(crate) fn most(&self, kind: &str) -> Option<u64> {
        let of = |source: &&&'static Source| matches!(source.scope, Scope::Each(of) if of == kind);
        let services = self.sources.iter().filter(of).map(|source| source.service);
        let bounded = services.filter_map(|service| self.plan.budget.get(service).copied());
        let bounded = bounded.chain(self.plan.total).min().filter(|_| MANY.contains(&kind));
        self.plan.most.get(kind).copied().or(bounded)
    }

    /// The gate of a service.
    pub(crate) fn gate(&self, service: &str) -> Option<&Semaphore> {
        self.gates.get(service)
    }

    /// First pages that were asked for together and not taken yet.
    pub(crate) fn ahead(&self) -> MutexGuard<'_, HashMap<u128, Result<Page, Failure>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts something of a source.
    pub(crate) fn count(&self, source: &'static str, change: impl FnOnce(&mut Counts)) {
        change(self.ledger().sources.entry(source).or_default());
    }

    /// Tells that work was found.
    pub(crate) fn expect(&self, source: &'static str, places: u64) {
        self.progress.tell(Event::Expected { source, places });
    }

    /// Writes down what was not read. `brief` is the reason without ids, by which gaps are counted.
    pub(crate) async fn gap(
        &self,
        source: &'static str,
        gap: Gapped,
        brief: String,
    ) -> Result<(), Error> {
        *self.ledger().gaps.entry((source, brief)).or_default() += 1;
        let known = self.state.get(&gap.chain.digest());
        if known.is_some_and(|known| known.gap.as_deref() == Some(&gap)) {
            return Ok(());
        }
        self.writer.keep(None, Line::Gap(Box::new(gap))).await
    }

    /// Writes down that a source was not asked, and why.
    pub(crate) async fn not_asked(
        &self,
        source: &'static Source,
        environment: Option<&str>,
        parent: Option<&str>,
        why: &str,
    ) -> Result<(), Error> {
        let lower = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
        let chain = Chain {
            source: source.id.to_owned(),
            environment: lower(environment),
            parent: lower(parent),
            ..Chain::default()
        };
        self.count(source.id, |counts| {
            counts.places += 1;
            counts.gaps += 1;
        });
        self.progress.tell(Event::Done { source: source.id, read: false });
        let reason = format!("not asked: {why}");
        let gap = Gapped {
            chain,
            status: None,
            reason: reason.clone(),
            again: true,
            ..Gapped::default()
        };
        self.gap(source.id, gap, reason).await
    }

    /// Counts a place that was taken over, and the requests that it would have cost.
    pub(crate) fn took_over(
        &self,
        source: &'static str,
        environment: &str,
        reading: &Reading,
        requests: u64,
    ) {
        let mut ledger = self.ledger();
        let counts = ledger.sources.entry(source).or_default();
        counts.places += 1;
        counts.reused += 1;
        let reused = &mut ledger.reused;
        reused.environments.insert(environment.to_lowercase());
        reused.places += 1;
        reused.requests += requests;
        let oldest = reused.oldest.get_or_insert(reading.observed_at);
        *oldest = reading.observed_at.min(*oldest);
    }

    /// Writes down that a source was not asked because its organisation refuses this reader everything.
    pub(crate) async fn refused(
        &self,
        source: &'static Source,
        environment: &str,
        status: u16,
    ) -> Result<(), Error> {
        let chain = Chain {
            source: source.id.to_owned(),
            environment: environment.to_lowercase(),
            ..Chain::default()
        };
        self.count(source.id, |counts| {
            counts.places += 1;
            counts.gaps += 1;
        });
        self.progress.tell(Event::Done { source: source.id, read: false });
        let reason =
            format!("not asked: the organisation refused everything else with HTTP {status}");
        let gap = Gapped {
            chain,
            status: Some(status),
            reason: reason.clone(),
            again: true,
            ..Gapped::default()
        };
        self.gap(source.id, gap, reason).await
    }

    /// Gaps for the summary, most frequent first.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let ledger = self.ledger();
        let mut gaps: Vec<Gap> = ledger
            .gaps
            .iter()
            .map(|((source, reason), places)| Gap {
                source,
                reason: reason.clone(),
                places: *places,
            })
            .collect();
        gaps.sort_by(|a, b| {
            b.places.cmp(&a.places).then_with(|| (a.source, &a.reason).cmp(&(b.source, &b.reason)))
        });
        gaps
    }
}
