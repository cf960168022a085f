//! Testing: shows what a reading makes of one record. Compiled for tests only.

use std::sync::Arc;

use polars::prelude::{AnyValue, DataFrame};

use crate::boundary::Pseudonyms;
use crate::table::Type;
use crate::{
    Cell, Claim, Column, Json, Made, Origin, Place, Record, Rows, Status, Table, Time, cell,
};

/// A source of which a scope was read on one page.
pub(crate) fn claim(source: &str, scope: &str, status: Status) -> Claim {
    Claim {
        source: source.into(),
        scope: scope.into(),
        status,
        pages: 1,
        expected: None,
        reason: None,
        observed_at: None,
    }
}

/// The rows that one record gives, as `column=value` texts with told columns only.
pub(crate) fn rows(table: &'static Table, source: &str, json: &str) -> Vec<String> {
    rows_at(table, source, &Place { tenant: Some("t0".into()), ..Place::default() }, json)
}

/// As [`rows`], for a record that was read at a place.
pub(crate) fn rows_at(
    table: &'static Table,
    source: &str,
    place: &Place,
    json: &str,
) -> Vec<String> {
    let frame = frame(table, source, place, json);
    (0..frame.height())
        .map(|at| {
            let told = table.columns.iter().filter_map(|column| {
                let value = frame.column(column.name).unwrap().get(at).unwrap();
                (!matches!(value, AnyValue::Null))
                    .then(|| format!("{}={}", column.name, show(&value)))
            });
            told.collect::<Vec<_>>().join(", ")
        })
        .collect()
}

fn frame(table: &'static Table, source: &str, place: &Place, json: &str) -> DataFrame {
    let value: crate::Value<'_> = serde_json::from_str(json).unwrap();
    let reading = table.readings.iter().find(|reading| reading.source == source);
    let reading = reading.unwrap_or_else(|| panic!("{} has no reading of {source}", table.name));
    let mut rows = Rows::new(table, Arc::new(Pseudonyms::plain()));
    rows.begin(&Origin { source: source.into(), record_no: 1, observed_at: Time(0) }, 0);
    (reading.read)(&Record::new(Json::new(&value), place), &mut rows);
    rows.take_frame().unwrap()
}

fn show(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Datetime(moment, _, _) | AnyValue::DatetimeOwned(moment, _, _) => {
            Time(*moment).to_string()
        }
        other => other.to_string(),
    }
}

/// A flow as a source told it: environment, flow, trust, state and owner.
pub(crate) type Flow = (u8, u8, u32, Option<u8>, Option<u8>);

/// Flows as they wait to be merged; so many records came before.
pub(crate) fn flows(flows: &[Flow], before: i64) -> DataFrame {
    let table = crate::table("cloud_flows").unwrap();
    let mut rows = Rows::new(table, Arc::new(Pseudonyms::plain()));
    for (number, (environment, flow, rank, state, owner)) in (before + 1..).zip(flows) {
        let origin = Origin { source: format!("s{rank}"), record_no: number, observed_at: Time(0) };
        rows.begin(&origin, *rank);
        rows.push([
            cell("environment_id", format!("e{environment}")),
            cell("flow_id", format!("f{flow}")),
            cell("state", state.map(|state| format!("state {state}"))),
            cell("owner_id", owner.map(|owner| format!("owner {owner} of a flow"))),
            cell("created_at", Time(1)),
            cell("modified_at", Time(2)),
        ]);
    }
    rows.take_frame().unwrap()
}

const WORDS: &[&str] = &["", "a", "b", "e1", "e2", "user", "cloud_flow", "started", "canvas"];

/// Pushes a row of what the dice show: there are few values, and so many of each part of a key, so that rows meet.
pub(crate) fn push_any(rows: &mut Rows, source: usize, number: i64, mut dice: u64, keys: u64) {
    let table = rows.table();
    let rank = source % table.readings.len().max(1);
    let source = table.readings.get(rank).map_or("told", |reading| reading.source);
    let observed_at = Time(i64::try_from(dice % 3).unwrap());
    let origin = Origin { source: source.to_owned(), record_no: number, observed_at };
    rows.begin(&origin, u32::try_from(rank).unwrap());
    rows.push(table.columns.iter().map(|column| {
        dice = (dice ^ (dice >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let values = if table.key.contains(&column.name) { keys } else { 11 };
        (column.name, any_cell(column, (dice >> 7) % values))
    }));
}

/// What a cell holds by the dice.
pub(crate) fn any_cell(column: &Column, dice: u64) -> Cell<'static> {
    let derived = column.made == Made::Derived;
    if (dice > 7 && !column.required) || (derived && dice > 2) {
        return Cell::Null;
    }
    let word = WORDS[usize::try_from(dice).unwrap() % WORDS.len()];
    match column.kind {
        Type::Text => Cell::Text(word.into()),
        Type::Bool => Cell::Bool(dice.is_multiple_of(2)),
        Type::Int => Cell::Int(i64::try_from(dice).unwrap() - 1),
        Type::Float => Cell::Float(if dice == 0 { 0.5 } else { 2.0 }),
        Type::Time => Cell::Time(Time(i64::try_from(dice).unwrap() * 40 * 24 * Time::HOUR)),
        Type::List => Cell::List(vec![word.to_owned()]),
    }
}
