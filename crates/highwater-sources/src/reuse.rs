//! Reuse: whether what an earlier reading told of an environment may stand for asking again.
//!
//! Guarantees that nothing stands that was not read to its end, that is older than its bound, or in an environment of
//! which any change was told: another count, another solution or flow, a newer activity. The age of a reading is that of
//! its first reading, however often it was taken over. Pure: decides, and moves nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::found::Environment;
use crate::source::{Reuse, Scope, Source};

/// Sources that are asked each time, because they tell whether anything changed in Dataverse.
const ROWS: [&str; 3] = ["dv.counts", "dv.solutions", "dv.workflows"];

/// Sources that tell whether any app changed, and lists of flows, of which one is enough.
const APPS: &str = "powerapps.apps";
const FLOWS: [&str; 2] = ["flow.admin_flows", "ppapi.cloud_flows"];

/// Whether a source is asked each time, because it tells of changes.
pub(crate) fn is_watched(source: &str) -> bool {
    ROWS.contains(&source) || source == APPS || FLOWS.contains(&source)
}

/// Tables that grow by use: their counts say nothing of a change, and their rows are read each time.
const PASSING: [&str; 3] = ["conversationtranscript", "deploymentstagerun", "flowsession"];

/// What an earlier run knew of an environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Then {
    /// Rows by table.
    pub(crate) counts: Option<BTreeMap<String, u64>>,
    /// What each watched source held, if it was read to its end.
    pub(crate) prints: BTreeMap<&'static str, u128>,
    /// What was read, by source.
    pub(crate) readings: BTreeMap<&'static str, Reading>,
}

/// One source, as an earlier run read it in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Whether it was read to its end.
    pub(crate) full: bool,
    /// When it was read first.
    pub(crate) observed_at: Timestamp,
    /// Requests that it took.
    pub(crate) pages: u64,
    /// Records.
    pub(crate) records: u64,
    /// Where its records lie in the file of the source: from which byte, and how many.
    pub(crate) at: (u64, u64),
}

/// The earlier reading that stands for asking a source of an environment; none where it has to be asked.
pub(crate) fn stands<'a>(
    source: &Source,
    environment: &Environment,
    then: Option<&'a Then>,
    now: Timestamp,
) -> Option<&'a Reading> {
    let then = then?;
    let reading = then.readings.get(source.id)?;
    let bound = match source.reuse {
        Some(bound) if reading.records == 0 || is_plain(source) => bound,
        // Nothing then and nothing now, in an environment that is as it was.
        None if reading.records == 0 && counted_none(source, environment) => Reuse::ROWS,
        _ => return None,
    };
    let days = if environment.is_production() { bound.production } else { bound.others };
    let age = now.duration_since(reading.observed_at);
    let is_young = !age.is_negative() && age <= SignedDuration::from_hours(24 * days);
    let is_unchanged = is_quiet(environment, reading.observed_at)
        && match source.scope {
            Scope::Dataverse => has_same_rows(environment, then),
            _ => has_same_lists(environment, then),
        };
    (reading.full && is_young && is_unchanged).then_some(reading)
}

/// Whether the records of a source are those of one list, so that they can be told again as one.
fn is_plain(source: &Source) -> bool {
    source.requests.iter().filter(|request| request.evidence && !request.otherwise).count() == 1
}

/// Whether the service counts no rows for a source.
fn counted_none(source: &Source, environment: &Environment) -> bool {
    source.table.and_then(|table| environment.count(table)) == Some(0)
}

/// Whether nothing was changed or used since it was read, as far as that is told.
fn is_quiet(now: &Environment, read: Timestamp) -> bool {
    now.newest.is_none_or(|newest| newest <= read)
}

/// Whether a source was read to its end then and now, and holds the same.
fn holds_same(id: &str, now: &Environment, then: &Then) -> bool {
    let told = now.prints.get(id);
    now.read.contains(id) && told.is_some() && told == then.prints.get(id)
}

/// Whether apps and flows are the same.
fn has_same_lists(now: &Environment, then: &Then) -> bool {
    holds_same(APPS, now, then) && FLOWS.into_iter().any(|id| holds_same(id, now, then))
}

/// Whether counts, solutions and flows are the same.
fn has_same_rows(now: &Environment, then: &Then) -> bool {
    let lasting = |counts: &Option<BTreeMap<String, u64>>| {
        let mut counts = counts.clone()?;
        counts.retain(|table, _| !PASSING.contains(&table.as_str()));
        Some(counts)
    };
    let counted = lasting(&now.counts);
    counted.is_some()
        && counted == lasting(&then.counts)
        && ROWS.into_iter().all(|id| holds_same(id, now, then))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 24 * 3600;
    const NOW: i64 = 1_800_000_000;

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn watched() -> impl Iterator<Item = &'static str> {
        crate::sources().map(|source| source.id).filter(|id| is_watched(id))
    }

    fn environment(sku: &str) -> Environment {
        Environment {
            sku: sku.into(),
            counts: Some(
                [("workflow".into(), 3), ("bot".into(), 0), ("flowsession".into(), 9)].into(),
            ),
            prints: watched().map(|id| (id, 7)).collect(),
            read: watched().collect(),
            newest: Some(moment(NOW - 40 * DAY)),
            ..Environment::default()
        }
    }

    fn then(age: i64) -> Then {
        let Environment { counts, prints, .. } = environment("");
        let reading = Reading {
            full: true,
            observed_at: moment(NOW - age),
            pages: 2,
            records: 5,
            at: (0, 1),
        };
        let readings = crate::sources().map(|source| (source.id, reading)).collect();
        Then { counts, prints, readings }
    }

    fn source(id: &str) -> &'static Source {
        crate::source(id).unwrap()
    }

    fn is_reused(id: &str, environment: &Environment, then: &Then) -> bool {
        stands(source(id), environment, Some(then), moment(NOW)).is_some()
    }

    #[test]
    fn what_did_not_change_stands_up_to_its_bound() {
        for (sku, days) in [("production", 7), ("default", 30), ("sandbox", 30), ("", 30)] {
            let environment = environment(sku);
            assert!(is_reused("dv.roles", &environment, &then(days * DAY)), "{sku}");
            assert!(!is_reused("dv.roles", &environment, &then(days * DAY + 1)), "{sku}");
        }
        let default = Environment { is_default: true, ..environment("default") };
        assert!(!is_reused("dv.roles", &default, &then(8 * DAY)));
        // A reading of the future is none.
        assert!(!is_reused("dv.roles", &environment("sandbox"), &then(-1)));
        assert!(stands(source("dv.roles"), &environment("sandbox"), None, moment(NOW)).is_none());
    }

    #[test]
    fn what_passes_or_tells_of_changes_is_read_each_time() {
        let (environment, then) = (environment("sandbox"), then(DAY));
        let read = [
            "dv.counts",
            "dv.organization",
            "dv.solutions",
            "dv.workflows",
            "dv.users",
            "dv.teams",
            "dv.sessions",
            "dv.flow_runs",
            "dv.transcripts",
            "dv.pipeline_runs",
            "dv.environment_variables",
            "dv.machines",
            "bap.environments",
            "powerapps.apps",
        ];
        for id in read {
            assert!(!is_reused(id, &environment, &then), "{id}");
        }
    }

    #[test]
    fn nothing_then_and_nothing_now_stands_for_what_passes_too() {
        let mut now = environment("sandbox");
        let mut then = then(DAY);
        then.readings.get_mut("dv.sessions").unwrap().records = 0;
        assert!(!is_reused("dv.sessions", &now, &then));
        now.counts.as_mut().unwrap().insert("flowsession".into(), 0);
        assert!(is_reused("dv.sessions", &now, &then));
        now.counts.as_mut().unwrap().remove("flowsession");
        assert!(!is_reused("dv.sessions", &now, &then));
    }

    #[test]
    fn connections_stand_for_a_week_where_apps_and_flows_are_the_same() {
        let id = "powerapps.connections";
        for days in [7, 8] {
            let stands = is_reused(id, &environment("sandbox"), &then(days * DAY));
            assert_eq!(stands, days == 7);
        }
        let changed = |change: &dyn Fn(&mut Environment)| {
            let mut now = environment("sandbox");
            change(&mut now);
            !is_reused(id, &now, &then(DAY))
        };
        assert!(changed(&|now| *now.prints.get_mut(APPS).unwrap() += 1));
        assert!(changed(&|now| now.read.retain(|id| *id != APPS)));
        assert!(changed(&|now| now.newest = Some(moment(NOW))));
        // One of the two lists of flows is asked.
        assert!(!changed(&|now| now.read.retain(|id| *id != FLOWS[0])));
        assert!(changed(&|now| now.read.retain(|id| !FLOWS.contains(id))));
        // What Dataverse counts says nothing of connections.
        assert!(!changed(&|now| now.counts = None));
    }

    #[test]
    fn lists_that_are_told_apart_are_taken_over_only_where_they_are_empty() {
        let now = environment("sandbox");
        let mut then = then(DAY);
        assert!(!is_reused("dv.pipelines", &now, &then));
        then.readings.get_mut("dv.pipelines").unwrap().records = 0;
        assert!(is_reused("dv.pipelines", &now, &then));
    }

    /// One thing that tells of a change, or of something that was not read.
    fn disturb(kind: usize, at: usize, by: u64, now: &mut Environment, then: &mut Then) {
        let watched = ROWS[at % ROWS.len()];
        match kind {
            0 => *now.counts.as_mut().unwrap().get_mut("workflow").unwrap() += by,
            1 => drop(now.counts.as_mut().unwrap().insert(format!("table{by}"), 0)),
            2 => now.counts = None,
            3 => then.counts = None,
            4 => *now.prints.get_mut(watched).unwrap() += u128::from(by),
            5 => drop(now.read.remove(watched)),
            6 => drop(then.prints.remove(watched)),
            7 => now.newest = Some(moment(NOW - DAY + i64::try_from(by).unwrap())),
            8 => then.readings.values_mut().for_each(|reading| reading.full = false),
            _ => drop(now.prints.remove(watched)),
        }
    }

    proptest! {
        #[test]
        fn whatever_tells_of_a_change_or_was_not_read_is_read_again(
            kinds in prop::collection::vec((0_usize..10, 0_usize..3, 1_u64..90), 1..4),
            production in any::<bool>(),
        ) {
            let mut now = environment(if production { "production" } else { "sandbox" });
            let mut then = then(DAY);
            let of_rows = |source: &&'static Source| source.scope == Scope::Dataverse;
            for source in crate::sources().filter(|source| source.reuse.is_some()) {
                let is_list = is_plain(source);
                prop_assert_eq!(stands(source, &now, Some(&then), moment(NOW)).is_some(), is_list);
            }
            for (kind, at, by) in kinds {
                // Each disturbs what another has not taken away.
                if now.counts.is_some() && ROWS.iter().all(|id| now.prints.contains_key(id)) {
                    disturb(kind, at, by, &mut now, &mut then);
                }
            }
            for source in crate::sources().filter(of_rows) {
                prop_assert!(stands(source, &now, Some(&then), moment(NOW)).is_none(), "{}", source.id);
            }
        }

        #[test]
        fn however_often_it_is_taken_over_nothing_stands_beyond_its_bound(
            steps in prop::collection::vec(1_i64..9, 1..40), production in any::<bool>(),
        ) {
            let environment = environment(if production { "production" } else { "sandbox" });
            let bound = if production { 7 } else { 30 };
            let (mut day, mut read) = (0, 0);
            for step in steps {
                day += step;
                let mut then = then(0);
                for reading in then.readings.values_mut() {
                    reading.observed_at = moment(NOW + read * DAY);
                }
                let now = moment(NOW + day * DAY);
                let kept = stands(source("dv.roles"), &environment, Some(&then), now);
                prop_assert_eq!(kept.is_some(), day - read <= bound);
                // What stands keeps its first moment; what does not is read now.
                read = kept.map_or(day, |_| read);
                prop_assert!(day - read <= bound);
            }
        }
    }
}
