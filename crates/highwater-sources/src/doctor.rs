//! Doctor: whether each source can be read, with one small request each.
//!
//! Asks the first page of the first place; a source whose parent cannot be read is said to be unknown, not denied.
//! Writes nothing. How the findings look, and what each grant unlocks, is the command's.

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater_auth::Cloud;
use highwater_http::{Failure, Paging};
use jiff::Timestamp;
use serde::Serialize;

use crate::fill::{self, Values};
use crate::found::{Answer, Environment, Found, Object, Place};
use crate::source::{Each, Request, Scope, Source};
use crate::{Asks, Error, Plan, choice, needs};

/// What can be said of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Source id.
    pub source: &'static str,
    /// What it reads.
    pub about: &'static str,
    /// Whether it can be read.
    pub state: State,
    /// What this kind of identity needs; none where it is not served at all.
    pub grant: Option<&'static str>,
}

/// Whether a source can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum State {
    /// The first page came.
    Readable,
    /// The service says that there is none of it: it can be read.
    Absent,
    /// The service refused.
    Denied {
        /// HTTP status.
        status: u16,
        /// The vendor's words, shortened.
        reason: String,
    },
    /// The service refused, and another source of the same evidence can be read.
    Needless {
        /// The other source.
        instead: &'static str,
    },
    /// Something else went wrong.
    Failed {
        /// What.
        reason: String,
    },
    /// Not tried, and why.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// What is known while probing: the first place of each kind.
#[derive(Default)]
struct Known {
    environment: Option<Environment>,
    organisation: Option<Environment>,
    objects: BTreeMap<&'static str, (Object, Option<Environment>)>,
    named: BTreeMap<&'static str, String>,
}

/// Tries every source that the plan leads to, in an order in which parents come first.
///
/// # Errors
/// When the plan has no moment.
pub async fn doctor(
    asks: Arc<dyn Asks>,
    cloud: &Cloud,
    plan: &Plan,
) -> Result<Vec<Finding>, Error> {
    let now: Timestamp = plan.now.parse().map_err(|_| Error::Moment { now: plan.now.clone() })?;
    let mut known = Known::default();
    seed(plan, &mut known);
    let mut states: BTreeMap<&'static str, State> = BTreeMap::new();
    let mut open = needs::sources(plan);
    while !open.is_empty() {
        let (ready, later): (Vec<_>, Vec<_>) =
            open.iter().copied().partition(|source| place(source, &known).is_some());
        if ready.is_empty() {
            break; // what is left has no place
        }
        for source in ready {
            let state = probe(&asks, cloud, plan, now, source, &mut known).await;
            states.insert(source.id, state);
        }
        open = later;
    }
    needless(&mut states, plan);
    Ok(crate::sources().map(|source| finding(source, plan, states.remove(source.id))).collect())
}

/// Takes refusals back that nothing hangs on, because another source of the same evidence can be read.
fn needless(states: &mut BTreeMap<&'static str, State>, plan: &Plan) {
    let readable: Vec<&'static str> =
        states.iter().filter(|(_, state)| **state == State::Readable).map(|(id, _)| *id).collect();
    for (id, state) in states.iter_mut().filter(|(_, state)| matches!(state, State::Denied { .. }))
    {
        let stands_in = |other: &&&str| choice::is_alternative(id, other, plan.identity);
        if let Some(&instead) = readable.iter().find(stands_in) {
            *state = State::Needless { instead };
        }
    }
}

fn finding(source: &'static Source, plan: &Plan, state: Option<State>) -> Finding {
    let grant = source.grant.of(plan.identity);
    let reason = match grant {
        None => {
            format!("it does not serve this kind of identity ({})", plan.identity.word())
        }
        Some(_) if needs::is_wanted(source, plan) => unplaced(source),
        Some(_) if plan.wants(source.id) => "it is read on demand only".to_owned(),
        Some(_) => "left out by the plan".to_owned(),
    };
    let state = state.unwrap_or(State::Unknown { reason });
    Finding { source: source.id, about: source.about, state, grant }
}

/// Why a source has no place.
fn unplaced(source: &Source) -> String {
    match source.scope {
        Scope::Environment => "no environment could be read".to_owned(),
        Scope::Dataverse => "no environment with Dataverse could be read".to_owned(),
        Scope::Each(kind) | Scope::Batch { of: kind, .. } => {
            format!("of what could be read nothing names any {}", kind.replace('_', " "))
        }
        Scope::Tenant => "not tried".to_owned(),
    }
}

/// Puts what configuration names with what is known.
fn seed(plan: &Plan, known: &mut Known) {
    for source in crate::sources() {
        if let Scope::Each(kind) = source.scope
            && let Some(id) = plan.named.get(kind).and_then(|ids| ids.first())
        {
            known.objects.entry(kind).or_insert_with(|| (crate::run::configured(kind, id), None));
        }
    }
}

/// The first place of a source; none where nothing is known of one.
fn place<'a>(source: &Source, known: &'a Known) -> Option<Place<'a>> {
    let nowhere = Place { thorough: true, ..Place::default() };
    match source.scope {
        Scope::Tenant => Some(nowhere),
        Scope::Environment => known
            .environment
            .as_ref()
            .map(|environment| Place { environment: Some(environment), ..nowhere }),
        Scope::Dataverse => known
            .organisation
            .as_ref()
            .map(|environment| Place { environment: Some(environment), ..nowhere }),
        Scope::Each(kind) => known.objects.get(kind).map(|(object, environment)| Place {
            object: Some(object),
            environment: environment.as_ref(),
            ..nowhere
        }),
        Scope::Batch { of, .. } => known.named.get(of).map(|_| nowhere),
    }
}

/// Asks the first page of the first request that needs nothing else.
async fn probe(
    asks: &Arc<dyn Asks>,
    cloud: &Cloud,
    plan: &Plan,
    now: Timestamp,
    source: &'static Source,
    known: &mut Known,
) -> State {
    let Some(at) = place(source, known) else {
        return State::Unknown { reason: "nothing leads to it".to_owned() };
    };
    let mut found = Found::default();
    let mut state = State::Unknown { reason: "no request of it stands alone".to_owned() };
    for request in source.requests {
        let Some(values) = values(plan, now, source, request, at, known) else { continue };
        let service = request.service.unwrap_or(source.service);
        state = match fill::read(service, request, &values, cloud) {
            Err(reason) => State::Unknown { reason },
            Ok(mut read) => {
                read.paging =
                    if read.paging == Paging::None { Paging::None } else { Paging::First };
                match asks.page(&read, None).await {
                    Ok(page) => {
                        let answer = Answer { request, place: at, key: "", body: &page.body };
                        (source.find)(&answer, &mut found);
                        State::Readable
                    }
                    Err(failure) => refused(source, &failure),
                }
            }
        };
        let denied = matches!(state, State::Denied { .. });
        if !denied {
            break;
        }
    }
    let environment = at.environment.cloned();
    learn(found, environment, known);
    state
}

/// Values for a request that can be asked at once; none where it needs an answer of the same source.
fn values(
    plan: &Plan,
    now: Timestamp,
    source: &Source,
    request: &Request,
    place: Place<'_>,
    known: &Known,
) -> Option<Values> {
    let mut values = fill::values(plan, now);
    match request.each {
        Each::Once => {}
        Each::Of(keys) => {
            values.texts.insert("key", (*keys.first()?).to_owned());
        }
        Each::Days(_) => values.texts.extend(crate::keys::day_of(now, 0)?.1),
        Each::Found(_) => return None,
    }
    if let Scope::Batch { of, .. } = source.scope {
        values.ids = vec![known.named.get(of)?.clone()];
    }
    Some(crate::keys::placed(values, source, place))
}

fn refused(source: &Source, failure: &Failure) -> State {
    match failure {
        Failure::Refused { status, .. } if source.none_on.contains(status) => State::Absent,
        Failure::Refused { status, message, .. }
            if source.stands_for(*status, message).is_some() =>
        {
            State::Absent
        }
        Failure::Refused { status, code, message } => {
            State::Denied { status: *status, reason: format!("{code} {message}").trim().to_owned() }
        }
        other => State::Failed { reason: other.to_string() },
    }
}

/// Keeps the first of each kind that was named.
fn learn(found: Found, environment: Option<Environment>, known: &mut Known) {
    for each in found.environments {
        let open = each.closed.is_none();
        if each.dataverse.is_some() && open && known.organisation.is_none() {
            known.organisation = Some(each.clone());
        }
        if known
            .environment
            .as_ref()
            .is_none_or(|first| !first.is_production() && each.is_production())
        {
            known.environment = Some(each);
        }
    }
    for mut object in found.children.into_iter().chain(found.named) {
        if object.environment.is_none() {
            object.environment = environment.as_ref().map(|environment| environment.id.clone());
        }
        known.named.entry(object.kind).or_insert_with(|| object.id.clone());
        known.objects.entry(object.kind).or_insert_with(|| (object, None));
    }
}
