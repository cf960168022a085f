//! Fan-out: Dataverse, organisation by organisation, within the budget of the day.
//!
//! Where the budget reaches for certain, all environments are read at once. Else they are read by importance, round by
//! round, and a round begins only for as many as the budget pays; the others are gaps that say "budget". The choice
//! depends on answers alone, never on which of them came first.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::Error;
use crate::engine::Engine;
use crate::found::Environment;
use crate::source::Source;
use crate::visit::Visit;

/// Environments that are read at once.
const AT_ONCE: usize = 32;
/// Requests that hardly any environment exceeds: the budget certainly reaches if it holds so many for each.
const AMPLE: u64 = 60;

/// Reads the sources of every organisation.
pub(crate) async fn fan_out(
    engine: &Engine,
    sources: &[&'static Source],
    mut environments: Vec<Environment>,
) -> Result<(), Error> {
    environments.sort_by_cached_key(|environment| importance(engine, environment));
    let budget = engine.plan.budget.get("dataverse").copied();
    let visits = environments.into_iter().map(|environment| Visit::new(environment, sources));
    match budget {
        Some(budget) if budget < AMPLE.saturating_mul(visits.len() as u64) => {
            frugal(engine, visits.collect(), budget).await
        }
        _ => {
            stream::iter(visits)
                .map(Ok)
                .try_for_each_concurrent(AT_ONCE, |mut visit| async move {
                    visit.all(engine).await.map(drop)
                })
                .await
        }
    }
}

/// Smaller is more important; environments of the same class are in the order of their ids.
fn importance(engine: &Engine, environment: &Environment) -> (u8, String) {
    let class = match environment.sku.as_str() {
        _ if engine.plan.first.iter().any(|id| id.eq_ignore_ascii_case(&environment.id)) => 0,
        _ if environment.is_default => 1,
        "production" if environment.is_managed => 2,
        "production" => 3,
        "sandbox" => 4,
        "teams" => 6,
        "developer" => 7,
        "trial" | "subscriptionbasedtrial" => 8,
        _ => 5,
    };
    (class, environment.id.to_lowercase())
}

/// Reads one class of environments after the other, as far as the budget reaches.
async fn frugal(engine: &Engine, visits: Vec<Visit>, mut budget: u64) -> Result<(), Error> {
    let mut visits = visits.into_iter().peekable();
    while let Some(first) = visits.next() {
        let class = importance(engine, &first.environment).0;
        let mut open = vec![first];
        while let Some(visit) =
            visits.next_if(|visit| importance(engine, &visit.environment).0 == class)
        {
            open.push(visit);
        }
        budget = one_class(engine, open, budget).await?;
    }
    Ok(())
}

/// Reads environments of one class round by round; returns what is left of the budget.
async fn one_class(engine: &Engine, mut open: Vec<Visit>, mut budget: u64) -> Result<u64, Error> {
    let mut is_short = false;
    while !open.is_empty() {
        let mut left = budget;
        let (mut paid, mut cut) = (Vec::new(), Vec::new());
        for visit in open {
            match left.checked_sub(visit.price(engine)) {
                Some(rest) if cut.is_empty() => {
                    left = rest;
                    paid.push(visit);
                }
                _ => cut.push(visit),
            }
        }
        is_short |= !cut.is_empty();
        for mut visit in cut {
            visit.cut(engine, "budget").await?;
        }
        let read: Vec<(Visit, u64)> = stream::iter(paid)
            .map(|mut visit| async move {
                let spent = visit.step(engine).await?;
                Ok::<_, Error>((visit, spent))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        budget = budget.saturating_sub(read.iter().map(|(_, spent)| spent).sum());
        open = read.into_iter().map(|(visit, _)| visit).filter(Visit::is_open).collect();
    }
    // What was kept from the more important ones is not given to the less important ones.
    Ok(if is_short { 0 } else { budget })
}
