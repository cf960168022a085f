//! Visit: one environment, round by round, until none of its sources is left.
//!
//! A round asks the sources that wait for no other; what they showed (counts, solutions, kits) decides what the next
//! round asks.

use std::collections::BTreeMap;

use crate::Error;
use crate::ask::{ask, due};
use crate::engine::Engine;
use crate::found::{Due, Environment, Place};
use crate::purse::Purse;
use crate::reuse::is_watched;
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

    /// Sources that wait for no other; what may be taken over waits for all that tells of changes.
    fn ready(&self, engine: &Engine) -> Vec<&'static Source> {
        let taken_over = |source: &Source| engine.earlier.is_some() && source.reuse.is_some();
        let waits = |source: &Source| {
            self.open.iter().any(|open| {
                source.after.contains(&open.id) || (taken_over(source) && is_watched(open.id))
            })
        };
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
            purse: None,
        }
    }

    /// Asks one round.
    async fn step(&mut self, engine: &Engine, purse: Option<&Purse>) -> Result<(), Error> {
        let ready = self.ready(engine);
        let environment = Some(&self.environment);
        let place = Place { environment, purse, ..Place::default() };
        let shown = at(engine, &ready, place).await?;
        self.open.retain(|open| !ready.iter().any(|ready| ready.id == open.id));
        self.environment.marks.extend(shown.marks);
        self.environment.keys.extend(shown.keys);
        self.environment.read.extend(shown.read);
        self.environment.prints.extend(shown.prints);
        self.environment.newest = self.environment.newest.max(shown.newest);
        self.refused.extend(shown.refused);
        if let Some(status) = self.is_shut() {
            self.shut(engine, status).await?;
        }
        if !shown.counts.is_empty() {
            self.environment.counts.get_or_insert_default().extend(shown.counts);
        }
        Ok(())
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

    /// Asks all rounds, and says what they told of the environment.
    pub(crate) async fn all(
        mut self,
        engine: &Engine,
        purse: Option<&Purse>,
    ) -> Result<Environment, Error> {
        while !self.open.is_empty() {
            self.step(engine, purse).await?;
        }
        Ok(self.environment)
    }
}
