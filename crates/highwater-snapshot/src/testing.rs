//! Testing: shows what a reading makes of one record. Compiled for tests only.

use std::sync::Arc;

use polars::prelude::*;

use crate::boundary::Pseudonyms;
use crate::{Claim, Json, Origin, Place, Record, Rows, Status, Table, Time};

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
