//! Taken over: a place that is not asked, because what an earlier run read of it stands.
//!
//! Guarantees that its pages lie in the recording like those that were asked, with the moment of their first reading and
//! the snapshot they come from, and that a resumed run finds them and writes none twice. Asks nobody, spends nothing.

use bytes::Bytes;
use highwater_http::Next;

use crate::ask::Outcome;
use crate::chain::Chain;
use crate::earlier::{Earlier, page};
use crate::engine::Engine;
use crate::follow::look_into;
use crate::found::{Found, Place};
use crate::journal::{Again, Gapped, Line, Paged, check};
use crate::keys::chain;
use crate::reuse::{self, Reading};
use crate::source::{Each, Request, Source};
use crate::{Error, Event};

/// Records on a page.
const TOGETHER: usize = 2_000;

/// Takes a place over where its earlier reading stands; none where the source has to be asked.
pub(crate) async fn take_over(
    engine: &Engine,
    source: &'static Source,
    place: Place<'_>,
) -> Result<Option<(Outcome, Found)>, Error> {
    let (Some(earlier), Some(environment)) = (&engine.earlier, place.environment) else {
        return Ok(None);
    };
    let then = earlier.then(&environment.id);
    let Some(reading) = reuse::stands(source, environment, then, engine.now) else {
        return Ok(None);
    };
    let again =
        Again { from: earlier.snapshot.clone(), observed_at: reading.observed_at.to_string() };
    let mut found = Found::default();
    if reading.records == 0 {
        none(engine, source, place, &again).await?;
    } else {
        pages(engine, (earlier, reading), source, place, (&again, &mut found)).await?;
    }
    engine.took_over(source.id, &environment.id, reading, cost(source, reading));
    engine.progress.tell(Event::Done { source: source.id, read: true });
    Ok(Some((Outcome::Read, found)))
}

/// The requests of a source whose answers are evidence, with their numbers.
fn evidence(source: &'static Source) -> impl Iterator<Item = (usize, &'static Request)> {
    let is_evidence = |(_, request): &(usize, &Request)| request.evidence && !request.otherwise;
    source.requests.iter().enumerate().filter(is_evidence)
}

/// Requests that asking again would cost at least: those that lead there, and the pages of before.
fn cost(source: &'static Source, reading: &Reading) -> u64 {
    let once = |evidence: bool| {
        let asked = source.requests.iter().filter(|request| !request.otherwise);
        let asked = asked.filter(|request| request.each == Each::Once);
        asked.filter(|request| request.evidence == evidence).count() as u64
    };
    once(false) + if reading.records > 0 { reading.pages } else { once(true) }
}

/// Writes down that there was none of it.
async fn none(
    engine: &Engine,
    source: &'static Source,
    place: Place<'_>,
    again: &Again,
) -> Result<(), Error> {
    for (number, _) in evidence(source) {
        let chain = chain(source, number, place, "");
        if engine.state.get(&chain.digest()).is_some_and(|known| known.gap.is_some()) {
            continue;
        }
        let reason = format!("none, as it was read at {}", again.observed_at);
        let gap = Gapped {
            chain,
            status: Some(204),
            reason,
            again: false,
            reused: Some(again.clone()),
            ..Gapped::default()
        };
        engine.writer.keep(None, Line::Gap(Box::new(gap))).await?;
    }
    Ok(())
}

/// Writes its records down again.
async fn pages(
    engine: &Engine,
    (earlier, reading): (&Earlier, &Reading),
    source: &'static Source,
    place: Place<'_>,
    (again, found): (&Again, &mut Found),
) -> Result<(), Error> {
    let Some((number, request)) = evidence(source).next() else { return Ok(()) };
    let chain = chain(source, number, place, "");
    let known = engine.state.get(&chain.digest()).map_or(0, |reached| reached.pages);
    let lines = earlier.lines(source, reading)?;
    let last = u32::try_from(lines.len().div_ceil(TOGETHER)).unwrap_or(u32::MAX);
    for (number, lines) in (1_u32..).zip(lines.chunks(TOGETHER)) {
        let body = Bytes::from(page(lines));
        look_into(source, request, place, &body, found);
        if number > known {
            let next = (number < last).then(|| Next::Token((number + 1).to_string()));
            keep(engine, chain.clone(), (number, next), body, again).await?;
        }
    }
    Ok(())
}

async fn keep(
    engine: &Engine,
    chain: Chain,
    (page, next): (u32, Option<Next>),
    body: Bytes,
    again: &Again,
) -> Result<(), Error> {
    let file = chain.file(page, true);
    let check = check(&body);
    let asked = format!("reused from the snapshot {}", again.from);
    let line = Paged {
        chain,
        page,
        status: 200,
        evidence: true,
        asked,
        next,
        check,
        reused: Some(again.clone()),
        ..Paged::default()
    };
    engine.writer.keep(Some((file, body)), Line::Page(Box::new(line))).await
}
