//! Fan-out: every environment, and with it the organisation behind it.
//!
//! Where nothing is bounded, the administration services and Dataverse are read side by side; where an earlier run is gone
//! by, one after the other, because lists of apps and flows tell of changes. Where requests are
//! bounded, environments are read by importance, each paid for by itself: what the budget does not reach is a gap that
//! says "budget". What is reached depends on answers alone, never on which of them came first.

use std::sync::Arc;

use futures_util::{StreamExt, TryFutureExt as _, TryStreamExt, stream};

use crate::Error;
use crate::engine::Engine;
use crate::found::Environment;
use crate::purse::{Purse, Treasury};
use crate::source::{Scope, Source};
use crate::visit::Visit;

/// Environments that are read at once on the administration services.
const ENVIRONMENTS_AT_ONCE: usize = 64;
/// Organisations that are read at once.
const ORGANISATIONS_AT_ONCE: usize = 32;
/// Requests that hardly any environment exceeds.
const AMPLE: u64 = 64;

/// Reads what is asked of every environment.
pub(crate) async fn fan_out(
    engine: &Engine,
    mut environments: Vec<Environment>,
) -> Result<(), Error> {
    environments.sort_by_cached_key(|environment| importance(engine, environment));
    let of = |scope: Scope| -> Vec<&'static Source> {
        engine.sources.iter().copied().filter(|source| source.scope == scope).collect()
    };
    let (admin, dataverse) = (of(Scope::Environment), of(Scope::Dataverse));
    let mut organisations = environments.clone();
    organisations.retain(|environment| environment.dataverse.is_some());
    for (sources, places) in [(&admin, environments.len()), (&dataverse, organisations.len())] {
        sources.iter().for_each(|source| engine.expect(source.id, places as u64));
    }
    // Objects that answers name are asked with the environment.
    let beside: Vec<&'static Source> = engine
        .sources
        .iter()
        .copied()
        .filter(|source| matches!(source.scope, Scope::Environment | Scope::Each(_)))
        .collect();
    if let Some(treasury) = engine.paid(&beside) {
        return paid(engine, treasury, environments, &[&admin, &dataverse]).await;
    }
    if engine.earlier.is_some() && engine.paid(&dataverse).is_none() {
        let families = [&admin, &dataverse];
        return stream::iter(environments)
            .map(Ok)
            .try_for_each_concurrent(ENVIRONMENTS_AT_ONCE, |environment| {
                in_turn(engine, environment, &families, None)
            })
            .await;
    }
    let visits = free(engine, &admin, environments, ENVIRONMENTS_AT_ONCE);
    let organisations = async {
        match engine.paid(&dataverse) {
            Some(treasury) => paid(engine, treasury, organisations, &[&dataverse]).await,
            None => free(engine, &dataverse, organisations, ORGANISATIONS_AT_ONCE).await,
        }
    };
    futures_util::try_join!(visits, organisations).map(drop)
}

/// Reads environments side by side.
async fn free(
    engine: &Engine,
    sources: &[&'static Source],
    environments: Vec<Environment>,
    at_once: usize,
) -> Result<(), Error> {
    stream::iter(environments)
        .map(Ok)
        .try_for_each_concurrent(at_once, |environment| {
            Visit::new(environment, sources).all(engine, None).map_ok(drop)
        })
        .await
}

/// Reads environments by importance, as far as the budget reaches; of each, one family of sources after the other.
async fn paid(
    engine: &Engine,
    treasury: &Arc<Treasury>,
    environments: Vec<Environment>,
    families: &[&Vec<&'static Source>],
) -> Result<(), Error> {
    let read = |environment: Environment, purse: Purse| async move {
        in_turn(engine, environment, families, Some(&purse)).await
    };
    treasury.spend(AMPLE, environments, read).await
}

/// Reads one family of sources after the other; a later one knows of the changes that an earlier one told.
async fn in_turn(
    engine: &Engine,
    mut environment: Environment,
    families: &[&Vec<&'static Source>],
    purse: Option<&Purse>,
) -> Result<(), Error> {
    for sources in families {
        let told = Visit::new(environment.clone(), sources).all(engine, purse).await?;
        environment.newest = told.newest;
    }
    Ok(())
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
