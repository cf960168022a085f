//! Needs: which sources a plan leads to.
//!
//! What is wanted needs its parents; what is not wanted, or does not serve this kind of identity, is said and not left
//! out in silence.

use std::collections::BTreeSet;

use crate::choice::is_alternative;
use crate::engine::Engine;
use crate::source::{Scope, Source};
use crate::{Error, Plan};

/// The sources that a plan asks: the wanted ones and all that lead to them.
pub(crate) fn sources(plan: &Plan) -> Vec<&'static Source> {
    let serves = |source: &&'static Source| source.grant.of(plan.identity).is_some();
    let mut needed: BTreeSet<&str> = crate::sources()
        .filter(serves)
        .filter(|source| is_wanted(source, plan))
        .map(|source| source.id)
        .collect();
    loop {
        let leads = |source: &&'static Source| {
            crate::sources()
                .filter(|other| needed.contains(other.id))
                .any(|other| leads_to(source, other))
        };
        let more: Vec<&str> = crate::sources()
            .filter(serves)
            .filter(|source| !needed.contains(source.id))
            .filter(leads)
            .map(|source| source.id)
            .collect();
        if more.is_empty() {
            break;
        }
        needed.extend(more);
    }
    crate::sources().filter(|source| needed.contains(source.id)).collect()
}

/// Whether a plan wants a source for its own sake.
pub(crate) fn is_wanted(source: &Source, plan: &Plan) -> bool {
    let named = plan.extra.contains(source.id) || plan.only.contains(source.id);
    plan.wants(source.id) && (!source.on_demand || named)
}

/// Whether a source must be asked so that another one can be.
fn leads_to(source: &Source, other: &Source) -> bool {
    let names = match other.scope {
        Scope::Each(kind) | Scope::Batch { of: kind, .. } => source.names.contains(&kind),
        Scope::Environment | Scope::Dataverse => source.id == "bap.environments",
        Scope::Tenant => false,
    };
    names || other.after.contains(&source.id)
}

/// Writes down which sources are not asked at all.
pub(crate) async fn say(engine: &Engine) -> Result<(), Error> {
    let plan = &engine.plan;
    for source in crate::sources() {
        if engine.sources.iter().any(|asked| asked.id == source.id) {
            continue;
        }
        let identity = plan.identity;
        let answered =
            engine.sources.iter().any(|asked| is_alternative(asked.id, source.id, identity));
        if source.grant.of(identity).is_none() {
            engine
                .not_asked(
                    source,
                    None,
                    None,
                    &format!("it does not serve this kind of identity ({})", identity.word()),
                )
                .await?;
        } else if source.on_demand && plan.wants(source.id) {
            engine.not_asked(source, None, None, "it is read on demand only").await?;
        } else if !answered {
            engine.not_asked(source, None, None, "left out by the plan").await?;
        }
    }
    Ok(())
}
