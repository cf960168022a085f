//! Fold: tables that count many events, made of events that a snapshot does not keep.
//!
//! Guarantees that an event counts once however often it was read, and that rows told by other sources
//! stay and are only filled up. Each fold is one question in the portable SQL subset, which sees the
//! events, the clock of the snapshot and all merged tables. Events on disk are folded batch by batch: those that are
//! counted together are in one batch.

use polars::prelude::*;
use polars::sql::SQLContext;

use crate::frames::{self, Frames};
use crate::loader;
use crate::rows::RANK;
use crate::spill::{self, Spill};
use crate::tables::{app_usage, audit_events, flow_run_stats};
use crate::{Error, Rows, Table, Time, merge, parquet};

/// How the events of one table become rows of another.
pub(crate) struct Fold {
    /// The events, keyed so that repetitions fall together.
    pub(crate) events: &'static Table,
    /// The table that is kept.
    pub(crate) into: &'static Table,
    /// What is the same in all events that are counted together.
    by: &'static [&'static str],
    sql: &'static str,
}

/// All folds.
pub(crate) static FOLDS: &[Fold] = &[
    Fold {
        events: &flow_run_stats::RUNS,
        into: &flow_run_stats::TABLE,
        by: &["environment_id"],
        sql: flow_run_stats::FOLD,
    },
    Fold {
        events: &app_usage::LAUNCHES,
        into: &app_usage::TABLE,
        by: &["app_id"],
        sql: app_usage::FOLD,
    },
    Fold {
        events: &audit_events::EVENTS,
        into: &audit_events::TABLE,
        by: &["day"],
        sql: audit_events::FOLD,
    },
];

/// Folds the events, given in the order of [`FOLDS`], into the merged tables.
pub(crate) fn fold(
    frames: &mut Frames,
    events: Vec<Rows>,
    spill: &mut Spill,
    as_of: Time,
) -> Result<(), Error> {
    for (fold, rows) in FOLDS.iter().zip(events) {
        if rows.is_empty() && !spill.holds(fold.events) {
            continue;
        }
        spill.merge(rows, frames, |events| merge::merge(fold.events, events))?;
        if frames.is_large(fold.events.name) && !fold.events.key.starts_with(fold.by) {
            spill.reorder(fold.events, fold.by, frames)?;
        }
        let folded = fold_batches(fold, frames, spill, as_of)?;
        frames.remove(fold.events.name);
        add(fold.into, folded, frames, spill)?;
    }
    Ok(())
}

/// Folds the events of one table; gives the rows that do not wait on disk.
fn fold_batches(
    fold: &Fold,
    frames: &Frames,
    spill: &mut Spill,
    as_of: Time,
) -> Result<DataFrame, Error> {
    let (events, wrap) = (fold.events.name, || Error::table(fold.events.name));
    let mut context = context(fold, frames, as_of).map_err(wrap())?;
    let columns = frames::named(fold.events, fold.sql);
    let (mut waiting, mut folded, mut seen) = (DataFrame::default(), DataFrame::default(), 0);
    for batch in frames.batches(events, &columns) {
        let batch = batch.map_err(wrap())?;
        seen += batch.height();
        waiting.vstack_mut_owned(batch).map_err(wrap())?;
        // Events that are counted with the last ones may follow.
        let whole = match seen == frames.height(events) {
            true => waiting.height(),
            false => spill::last_begins(fold.by, &waiting).map_err(wrap())?,
        };
        context.register(events, waiting.slice(0, whole).lazy());
        waiting = waiting.slice(parquet::offset(whole), waiting.height());
        let rows = ask(fold, &mut context).and_then(|rows| shaped(fold.into, rows, 0));
        let more = rows.and_then(|rows| folded.vstack_mut_owned(rows).map(drop));
        more.map_err(wrap())?;
        keep_room(fold.into, &mut folded, spill)?;
    }
    Ok(folded)
}

/// Lets rows wait on disk when they are too many.
fn keep_room(table: &'static Table, rows: &mut DataFrame, spill: &mut Spill) -> Result<(), Error> {
    if rows.height() > spill.room { spill.add(table, std::mem::take(rows)) } else { Ok(()) }
}

/// Adds folded rows to those that were told; they are trusted first.
fn add(
    into: &'static Table,
    mut both: DataFrame,
    frames: &mut Frames,
    spill: &mut Spill,
) -> Result<(), Error> {
    let columns = frames::all(into);
    for told in frames.batches(into.name, &columns) {
        let told = told.and_then(|told| shaped(into, told, 1));
        let more = told.and_then(|told| both.vstack_mut_owned(told).map(drop));
        more.map_err(Error::table(into.name))?;
        keep_room(into, &mut both, spill)?;
    }
    frames.remove(into.name);
    spill.merge_frame(into, both, frames, |both| merge::merge(into, both))
}

/// What a fold sees beside the events.
fn context(fold: &Fold, frames: &Frames, as_of: Time) -> PolarsResult<SQLContext> {
    let clock = loader::clock_frames(&Frames::new(), as_of)
        .map_err(|error| PolarsError::ComputeError(error.to_string().into()))?;
    let context = frames.context(fold.sql, fold.events.name)?;
    for (name, frame) in clock {
        context.register(name, frame.lazy());
    }
    Ok(context)
}

/// The events as rows of the table that is kept.
fn ask(fold: &Fold, context: &mut SQLContext) -> PolarsResult<DataFrame> {
    context
        .execute(fold.sql)?
        .collect_with_engine(Engine::InMemory)
        .map(|result| result.unwrap_single())
}

/// The frame with all columns of the table, unnamed ones not told, and a rank of trust.
fn shaped(table: &'static Table, frame: DataFrame, rank: u32) -> PolarsResult<DataFrame> {
    let wanted = merge::empty(table);
    let named = frame.get_column_names_owned();
    let columns = wanted.schema().iter().map(|(name, kind)| {
        let value =
            if named.contains(name) { col(name.clone()) } else { lit(NULL).alias(name.clone()) };
        value.cast(kind.clone())
    });
    let columns: Vec<Expr> = columns.chain([lit(rank).alias(RANK)]).collect();
    frame.lazy().select(columns).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::boundary::Pseudonyms;
    use crate::testing::{any_cell, push_any};
    use crate::{Json, Origin, Place, Record, cell};

    const NOW: &str = "2026-03-01T00:00:00Z";

    fn place() -> Place {
        Place { environment: Some("e1".into()), parent: Some("f1".into()), ..Place::default() }
    }

    /// What a table says after records of one source were folded, by told columns.
    fn folded(
        into: &str,
        source: &str,
        place: &Place,
        records: &[&str],
        known: Frames,
    ) -> Vec<String> {
        let mut frames = known;
        let events = FOLDS.iter().map(|fold| {
            let mut rows = Rows::new(fold.events, Arc::new(Pseudonyms::plain()));
            let reading = fold.events.readings.iter().find(|reading| reading.source == source);
            for (text, no) in records.iter().zip(1..) {
                let value = serde_json::from_str(text).unwrap();
                let observed_at = Time::parse(NOW).unwrap();
                rows.begin(&Origin { source: source.into(), record_no: no, observed_at }, 0);
                if let Some(reading) = reading {
                    (reading.read)(&Record::new(Json::new(&value), place), &mut rows);
                }
            }
            rows
        });
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(folder.path(), usize::MAX);
        fold(&mut frames, events.collect(), &mut spill, Time::parse(NOW).unwrap()).unwrap();
        let Some(frame) = frames.get(into) else { return Vec::new() };
        let columns = crate::table(into).unwrap().columns;
        let row = |at: usize| {
            let told = columns.iter().filter_map(|column| {
                match frame.column(column.name).unwrap().get(at).unwrap() {
                    AnyValue::Null => None,
                    AnyValue::Datetime(moment, ..) | AnyValue::DatetimeOwned(moment, ..) => {
                        Some(format!("{}={}", column.name, Time(moment)))
                    }
                    value => Some(format!("{}={}", column.name, value.str_value())),
                }
            });
            told.collect::<Vec<_>>().join(", ")
        };
        (0..frame.height()).map(row).collect()
    }

    #[test]
    fn runs_count_once_and_an_open_page_is_a_lower_bound() {
        let page = r#"{"value": [{"name": "R1", "properties": {"startTime": "2026-02-28T00:00:00Z", "status": "Succeeded"}},
            {"name": "R2", "properties": {"startTime": "2026-02-20T00:00:00Z", "status": "TimedOut"}},
            {"name": "R3", "properties": {"startTime": "2026-01-05T00:00:00Z", "status": "Succeeded"}}], "nextLink": "https://next"}"#;
        let counts = "environment_id=e1, flow_id=f1, window_days=28, runs_30d=2, success_30d=1, failed_30d=1, success_90d=2, \
                      last_run_at=2026-02-28T00:00:00Z, last_success_at=2026-02-28T00:00:00Z, more_runs=true";
        assert_eq!(
            folded(
                "flow_run_stats",
                "flow.runs",
                &place(),
                &[page, page],
                Frames::new().with_flows()
            ),
            [counts]
        );
    }

    #[test]
    fn an_empty_last_page_says_never() {
        let never = "environment_id=e1, flow_id=f1, window_days=28, runs_30d=0, success_30d=0, failed_30d=0, success_90d=0, \
                     last_run_at=1970-01-01T00:00:00Z, last_success_at=1970-01-01T00:00:00Z, more_runs=false";
        let flows = Frames::new().with_flows();
        assert_eq!(
            folded("flow_run_stats", "ppapi.flow_runs", &place(), &[r#"{"value": []}"#], flows),
            [never]
        );
    }

    #[test]
    fn an_exported_run_finds_its_flow_by_the_resource_id() {
        let run = r#"{"name": "R1", "id": "/x/environments/E1/flows/RESOURCE/runs/R1", "properties": {"startTime": "2026-02-28T00:00:00Z",
            "status": "Failed"}}"#;
        let found = folded(
            "flow_run_stats",
            "flow.runs",
            &Place::default(),
            &[run],
            Frames::new().with_flows(),
        );
        assert!(
            found.len() == 1 && found[0].starts_with("environment_id=e1, flow_id=f1,"),
            "{found:?}"
        );
        assert!(
            found[0].ends_with("last_run_at=2026-02-28T00:00:00Z, more_runs=true"),
            "{found:?}"
        );
    }

    #[test]
    fn events_are_counted_by_day_and_launches_by_app() {
        let at = |id: &str, at: &str, user: &str| {
            format!(
                r#"{{"Id": "{id}", "CreationTime": "{at}", "Operation": "LaunchPowerApp", "Workload": "PowerApps", "UserType": 0,
                "UserKey": "{user}", "AppName": "A1", "EnvironmentName": "E1"}}"#
            )
        };
        let (one, two, three) = (
            at("1", "2026-02-28T01:00:00", "u1"),
            at("2", "2026-02-28T02:00:00", "u2"),
            at("3", "2026-01-02T00:00:00", "u1"),
        );
        let records = [one.as_str(), &two, &two, &three];
        let apps = || Frames::from_iter([("apps", merge::empty(crate::table("apps").unwrap()))]);
        assert_eq!(
            folded("audit_events", "o365.activity", &Place::default(), &records, apps()),
            [
                "day=2026-01-02T00:00:00Z, workload=powerapps, operation=launchpowerapp, environment_id=e1, resource_id=a1, \
                 actor_type=user, events=1, actors=1, last_at=2026-01-02T00:00:00Z",
                "day=2026-02-28T00:00:00Z, workload=powerapps, operation=launchpowerapp, environment_id=e1, resource_id=a1, \
                 actor_type=user, events=2, actors=2, last_at=2026-02-28T02:00:00Z",
            ]
        );
        assert_eq!(
            folded("app_usage", "o365.activity", &Place::default(), &records, apps()),
            ["environment_id=e1, app_id=a1, last_launched_at=2026-02-28T02:00:00Z, launches_30d=2"]
        );
    }

    #[test]
    fn a_launch_without_an_environment_is_one_of_the_apps_own() {
        let launch = r#"{"Id": "1", "CreationTime": "2026-02-28T01:00:00", "Operation": "LaunchPowerApp", "Workload": "PowerApps",
            "UserType": 0, "UserKey": "u1", "AppName": "A1"}"#;
        let apps = df!("environment_id" => ["e1"], "app_id" => ["a1"]).unwrap();
        let usage = |apps| {
            let known = Frames::from_iter([("apps", apps)]);
            folded("app_usage", "o365.activity", &Place::default(), &[launch], known)
        };
        assert_eq!(
            usage(apps.clone()),
            ["environment_id=e1, app_id=a1, last_launched_at=2026-02-28T01:00:00Z, launches_30d=1"]
        );
        assert!(usage(apps.head(Some(0))).is_empty(), "nobody knows where the app is");
    }

    /// All merged tables after as many events of any content, of which so many waited in memory.
    fn folded_in(room: usize, seed: u64, events: u64) -> Vec<DataFrame> {
        let folder = tempfile::tempdir().unwrap();
        let (mut spill, mut frames) = (Spill::new(folder.path(), room), Frames::new());
        let no_people = || Arc::new(Pseudonyms::plain());
        for name in ["apps", "cloud_flows", "app_usage"] {
            let mut rows = Rows::new(crate::table(name).unwrap(), no_people());
            (1..30).for_each(|no| push_any(&mut rows, 0, no, no.unsigned_abs() << 20, 5));
            let table = rows.table();
            spill.merge(rows, &mut frames, |rows| merge::merge(table, rows)).unwrap();
        }
        let mut told = Vec::new();
        for fold in FOLDS {
            let mut rows = Rows::new(fold.events, no_people());
            for no in 0..events {
                let mut dice = (seed ^ no).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let (no, at) = (i64::try_from(no).unwrap(), Time(0));
                let origin = Origin { source: "told".into(), record_no: no, observed_at: at };
                rows.begin(&origin, 0);
                rows.push(fold.events.columns.iter().map(|column| {
                    dice = (dice ^ (dice >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    // Events are many, and what they tell is much the same.
                    match column.name {
                        "event_id" | "run_id" => cell(column.name, (dice % 60).to_string()),
                        name => (name, any_cell(column, (dice >> 7) % 3)),
                    }
                }));
                if rows.len() > room {
                    spill.add(fold.events, rows.take_frame().unwrap()).unwrap();
                }
            }
            told.push(rows);
        }
        fold(&mut frames, told, &mut spill, Time(300 * 24 * Time::HOUR)).unwrap();
        let all = |fold: &Fold| frames.columns(fold.into.name, &frames::all(fold.into));
        FOLDS.iter().map(|fold| all(fold).unwrap().unwrap()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn events_on_disk_are_folded_like_events_in_memory(
            seed in any::<u64>(),
            events in 1..120_u64,
            room in 2_usize..20,
        ) {
            let wanted = folded_in(usize::MAX, seed, events);
            for (found, wanted) in folded_in(room, seed, events).iter().zip(&wanted) {
                prop_assert!(found.equals_missing(wanted), "{found} is not {wanted}");
            }
        }
    }

    trait Known {
        fn with_flows(self) -> Self;
    }

    impl Known for Frames {
        /// One flow whose resource id differs from its id.
        fn with_flows(mut self) -> Self {
            let flow =
                df!("environment_id" => ["e1"], "flow_id" => ["f1"], "resource_id" => ["resource"])
                    .unwrap();
            self.insert("cloud_flows", flow);
            self
        }
    }
}
