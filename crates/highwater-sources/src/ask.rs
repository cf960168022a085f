//! Ask: one source at one place, all its requests, and what they named.
//!
//! Guarantees that every place ends in pages, in a gap with its reason, or in the word that there is none of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use highwater_http::Next;

use crate::chain::Chain;
use crate::engine::Engine;
use crate::fill::{self, Values};
use crate::follow::{End, Missing, Thread, follow};
use crate::found::{Answer, Compose, Due, Found, Kept, Place};
use crate::journal::{Gapped, Line, Paged, check};
use crate::keys::{chain, keys, placed, scope};
use crate::source::{Request, Scope, Source};
use crate::taken_over::take_over;
use crate::{Error, Event};

/// Keys of one request that are asked at once.
const KEYS_AT_ONCE: usize = 8;

/// What came of a source at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Read to its end, or there is none of it.
    Read,
    /// The service refused.
    Refused,
    /// It was not read, or not to its end.
    Missing,
    /// It does not concern this place.
    Never,
}

/// Asks a source of a place, and says what came of it and what it named.
pub(crate) async fn ask(
    engine: &Engine,
    source: &'static Source,
    place: Place<'_>,
    ids: &[String],
) -> Result<(Outcome, Found), Error> {
    let place = Place { plan: Some(&engine.plan), thorough: engine.is_thorough(), ..place };
    let (environment, parent) = scope(source, place);
    match due(source, &place) {
        Due::Ask => {}
        Due::Never => return Ok((Outcome::Never, Found::default())),
        Due::Not(why) => {
            engine.not_asked(source, environment, parent, why).await?;
            return Ok((Outcome::Missing, Found::default()));
        }
        Due::Empty => {
            empty(engine, source, place).await?;
            return Ok((Outcome::Read, Found::default()));
        }
    }
    if let Some(taken_over) = take_over(engine, source, place).await? {
        return Ok(taken_over);
    }
    engine.count(source.id, |counts| counts.places += 1);
    let mut found = Found::default();
    let mut outcome = Outcome::Read;
    let (mut is_empty, mut is_told) = (true, source.made().is_some());
    let mut open: Vec<Missing> = Vec::new();
    for (number, request) in source.requests.iter().enumerate() {
        if request.otherwise && open.is_empty() {
            continue;
        }
        let ends = every_key(engine, source, (number, request), place, ids, &mut found).await?;
        let missing: Vec<Missing> = ends
            .iter()
            .filter_map(
                |end| if let End::Missing(missing) = end { Some(missing.clone()) } else { None },
            )
            .collect();
        is_told |= !missing.is_empty() || (request.evidence && !ends.is_empty());
        is_empty &= ends.iter().all(|end| matches!(end, End::Empty(_)));
        if request.otherwise && missing.is_empty() {
            open.clear(); // the other way led there
        }
        let another = source.requests.get(number + 1).is_some_and(|next| next.otherwise);
        found.refused = found.refused.or(missing.iter().find_map(|missing| missing.gap.status));
        open.extend(missing);
        if !another {
            outcome = outcome.worse(give_up(engine, source, &mut open).await?);
        }
    }
    if !is_told && outcome == Outcome::Read {
        none_named(engine, source, place).await?;
    }
    if let Some(compose) = source.made() {
        let kept = std::mem::take(&mut found.kept);
        composed(engine, source, place, compose, &kept).await?;
    }
    let read = outcome == Outcome::Read;
    engine.count(source.id, |counts| match (read, is_empty) {
        (true, true) => counts.empty += 1,
        (true, false) => counts.read += 1,
        (false, _) => counts.gaps += 1,
    });
    engine.progress.tell(Event::Done { source: source.id, read });
    Ok((outcome, found))
}

impl Outcome {
    /// The worse of two.
    fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Missing, _) | (_, Self::Missing) => Self::Missing,
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            _ => Self::Read,
        }
    }
}

/// Whether a source is asked of a place, before and after its own word.
pub(crate) fn due(source: &Source, place: &Place<'_>) -> Due {
    if source.scope == Scope::Dataverse {
        let Some(environment) = place.environment else { return Due::Never };
        if environment.dataverse.is_none() {
            return Due::Never;
        }
        if environment.closed.is_some() {
            return Due::Not("the environment is not in operation");
        }
        let word = (source.due)(place);
        // A count is up to a day old. Where asking everything costs little it is not believed.
        let counted = source.table.and_then(|table| environment.count(table));
        let none = counted == Some(0) && !place.thorough;
        return if word == Due::Ask && none { Due::Empty } else { word };
    }
    (source.due)(place)
}

/// Writes down what was missed, and says how bad it is.
async fn give_up(
    engine: &Engine,
    source: &'static Source,
    open: &mut Vec<Missing>,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Read;
    for missing in open.drain(..) {
        outcome = outcome.worse(if missing.refused { Outcome::Refused } else { Outcome::Missing });
        engine.gap(source.id, missing.gap, missing.brief).await?;
    }
    Ok(outcome)
}

/// Writes the records that are made of all answers at a place.
async fn composed(
    engine: &Engine,
    source: &'static Source,
    place: Place<'_>,
    compose: Compose,
    kept: &[Kept],
) -> Result<(), Error> {
    let answers: Vec<Answer<'_>> = kept
        .iter()
        .map(|kept| Answer { request: kept.request, place, key: &kept.key, body: &kept.body })
        .collect();
    let mut pages: BTreeMap<Chain, Vec<Bytes>> = BTreeMap::new();
    for record in compose(&place, &answers) {
        let own = chain(source, source.requests.len(), place, "");
        let parent = record.parent.map_or(own.parent.clone(), |parent| parent.to_lowercase());
        pages.entry(Chain { parent, ..own }).or_default().push(record.body.into());
    }
    for (chain, bodies) in pages {
        let last = u32::try_from(bodies.len()).unwrap_or(u32::MAX);
        for (page, body) in (1_u32..).zip(bodies) {
            let next = (page < last).then(|| Next::Token((page + 1).to_string()));
            let file = chain.file(page, true);
            let chain = chain.clone();
            let body = (engine.boundary)(source.id, body);
            let check = check(&body);
            let line =
                Paged { chain, page, status: 200, evidence: true, next, check, ..Paged::default() };
            engine.writer.keep(Some((file, body)), Line::Page(Box::new(line))).await?;
        }
    }
    Ok(())
}

/// What stands in the coverage where a count took the place of reading.
const COUNTED: &str = "counted and not read: the service's count of no rows may be a day old";

/// Writes down that the probe counted nothing.
async fn empty(engine: &Engine, source: &'static Source, place: Place<'_>) -> Result<(), Error> {
    // Evidence that is made of several answers is said once, by the first request.
    let speaks = |(number, request): &(usize, &Request)| {
        (request.evidence && !request.otherwise) || (source.compose.is_some() && *number == 0)
    };
    for (number, _) in source.requests.iter().enumerate().filter(speaks) {
        let gap = none(chain(source, number, place, ""), COUNTED);
        word(engine, gap).await?;
    }
    engine.count(source.id, |counts| {
        counts.places += 1;
        counts.empty += 1;
    });
    engine.progress.tell(Event::Done { source: source.id, read: true });
    Ok(())
}

/// Writes down that what leads to the evidence was read and names none of it.
async fn none_named(
    engine: &Engine,
    source: &'static Source,
    place: Place<'_>,
) -> Result<(), Error> {
    let last = source.requests.len().saturating_sub(1);
    word(engine, none(chain(source, last, place, ""), "what leads to it names none")).await
}

/// The word that there is none of it, where no request was needed to know.
fn none(chain: Chain, reason: &str) -> Gapped {
    let reason = reason.to_owned();
    Gapped { chain, status: Some(204), reason, ..Gapped::default() }
}

/// Writes down that there is none of it, once.
async fn word(engine: &Engine, gap: Gapped) -> Result<(), Error> {
    let known = engine.state.get(&gap.chain.digest());
    if known.is_some_and(|known| known.gap.is_some()) {
        return Ok(());
    }
    engine.writer.keep(None, Line::Gap(Box::new(gap))).await
}

/// One request for all its keys; ends in the order of the keys.
async fn every_key(
    engine: &Engine,
    source: &'static Source,
    (number, request): (usize, &'static Request),
    place: Place<'_>,
    ids: &[String],
    found: &mut Found,
) -> Result<Vec<End>, Error> {
    let keys = keys(engine, source, request, (found, place), ids);
    let threads = keys
        .into_iter()
        .map(|(key, values)| one(engine, source, (number, request), place, key, values));
    let answered: Vec<(End, Found)> =
        stream::iter(threads).buffered(place.at_once(KEYS_AT_ONCE)).try_collect().await?;
    let mut ends = Vec::with_capacity(answered.len());
    for (end, named) in answered {
        found.absorb(named);
        ends.push(end);
    }
    Ok(ends)
}

/// One request for one key.
async fn one(
    engine: &Engine,
    source: &'static Source,
    (number, request): (usize, &'static Request),
    place: Place<'_>,
    key: String,
    values: Values,
) -> Result<(End, Found), Error> {
    let values = placed(values, source, place);
    let chain = chain(source, number, place, &key);
    let service = request.service.unwrap_or(source.service);
    let mut found = Found::default();
    let read = match fill::read(service, request, &values, &engine.cloud) {
        Ok(read) => read,
        Err(reason) => {
            let reason = format!("not asked: {reason}");
            let gap = Gapped {
                chain,
                status: None,
                reason: reason.clone(),
                again: true,
                ..Gapped::default()
            };
            return Ok((End::Missing(Missing { gap, brief: reason, refused: false }), found));
        }
    };
    let end = follow(engine, &Thread { source, request, chain, read, place }, &mut found).await?;
    if let End::Empty(gap) = &end {
        word(engine, gap.clone()).await?;
    }
    Ok((end, found))
}

#[cfg(test)]
mod tests;
