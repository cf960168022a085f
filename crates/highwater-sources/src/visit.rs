//! Visit: one environment, round by round, until none of its sources is left.
//!
//! A round asks the sources that wait for no other; what they showed (counts, solutions, kits) decides what the next
//! round asks.

use std::collections::BTreeMap;

use crate::Error;
use crate::ask::{ask, due};
use crate::engine::Engine;
use crate::found::{Due, Environment, Place};
use crate::source::Source;
use crate::tree::at;

/// An environment that is being read.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) environment: Environment,
    open: Vec<&'static Source>,
    refused: BTreeMap<&'static str, u16>,
}

/// Where all of these are refused, nobody let the reader into the organisation: the rest would be refused too.
const DOORS: [&str; 4] = ["dv.counts", "dv.organization", "dv.solutions", "dv.workflows"];

impl Visit {
    /// A visit that asks these sources.
    pub(crate) fn new(environment: Environment, sources: &[&'static Source]) -> Self {
        Self { environment, open: sources.to_vec(), refused: BTreeMap::new() }
    }

    /// Whether something is left to ask.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Sources that wait for no other.
    fn ready(&self) -> Vec<&'static Source> {
        let waits = |source: &Source| self.open.iter().any(|open| source.after.contains(&open.id));
        let ready: Vec<_> = self.open.iter().copied().filter(|source| !waits(source)).collect();
        // A circle of wishes must not stop the run.
        if ready.is_empty() { self.open.clone() } else { ready }
    }

    fn place<'a>(&'a self, engine: &'a Engine) -> Place<'a> {
        Place {
            environment: Some(&self.environment),
            object: None,
            plan: Some(&engine.plan),
            thorough: engine.is_thorough(),
        }
    }

    /// Asks one round; returns the requests that it cost.
    pub(crate) async fn step(&mut self, engine: &Engine) -> Result<u64, Error> {
        let ready = self.ready();
        let place = Place { environment: Some(&self.environment), ..Place::default() };
        let shown = at(engine, &ready, place).await?;
        self.open.retain(|open| !ready.iter().any(|ready| ready.id == open.id));
        self.environment.marks.extend(shown.marks);
        self.environment.keys.extend(shown.keys);
        self.environment.read.extend(shown.read);
        self.refused.extend(shown.refused);
        if let Some(status) = self.is_shut() {
            self.shut(engine, status).await?;
        }
        if !shown.counts.is_empty() {
            self.environment.counts.get_or_insert_default().extend(shown.counts);
        }
        Ok(shown.spent)
    }

    /// The status with which all doors were shut, if they were.
    fn is_shut(&self) -> Option<u16> {
        let refused = |door: &&str| matches!(self.refused.get(*door), Some(401 | 403));
        DOORS.iter().all(refused).then(|| self.refused.get("dv.solutions").copied()).flatten()
    }

    /// Writes down for what is left that it would be refused.
    async fn shut(&mut self, engine: &Engine, status: u16) -> Result<(), Error> {
        let open = std::mem::take(&mut self.open);
        let place = self.place(engine);
        for source in open {
            if due(source, &place) == Due::Ask {
                engine.refused(source, &self.environment.id, status).await?;
            } else {
                ask(engine, source, place, &[]).await?; // says so itself, without a request
            }
        }
        Ok(())
    }

    /// Asks all rounds; returns the requests that they cost.
    pub(crate) async fn all(&mut self, engine: &Engine) -> Result<u64, Error> {
        let mut spent = 0;
        while self.is_open() {
            spent += self.step(engine).await?;
        }
        Ok(spent)
    }

    /// Requests that the next round will need, as far as the probe tells.
    pub(crate) fn price(&self, engine: &Engine) -> u64 {
        let place = self.place(engine);
        let due = self.ready().into_iter().filter(|source| due(source, &place) == Due::Ask);
        due.map(|source| {
            let rows = source.table.and_then(|table| self.environment.count(table)).unwrap_or(1);
            let page = if source.id == "dv.workflows" { 50 } else { 5_000 };
            let pages = if source.filtered { 1 } else { rows.div_ceil(page).max(1) };
            pages + (source.requests.len() as u64).saturating_sub(1)
        })
        .sum()
    }

    /// Gives up what is left: what would have been asked is a gap.
    pub(crate) async fn cut(&mut self, engine: &Engine, why: &str) -> Result<(), Error> {
        let open = std::mem::take(&mut self.open);
        let place = self.place(engine);
        for source in open {
            if due(source, &place) == Due::Ask {
                engine.not_asked(source, Some(&self.environment.id), None, why).await?;
                for kind in source.names {
                    crate::tree::orphans(engine, kind, Some(&self.environment.id)).await?;
                }
            } else {
                ask(engine, source, place, &[]).await?; // says so itself, without a request
            }
        }
        Ok(())
    }
}
