//! `desktop_run_peaks`: one row per day.
//!
//! Made by the loader from `desktop_flow_runs`: a sweep over starts and ends, in which a session without an end runs to
//! the clock. No reading, because no single session knows its neighbours.

use std::collections::BTreeMap;

use crate::Time;
use crate::table::{Column, Sample, Scope, Table};

/// Most sessions at once, computed when sessions are normalised.
pub(crate) static TABLE: Table = Table {
    name: "desktop_run_peaks",
    grain: "one row per day",
    about: "most sessions at once, computed when sessions are normalised",
    scope: Scope::Tenant,
    key: &["day"],
    columns: &[Column::time("day").required(), Column::int("peak")],
    readings: &[],
    complete: &[&["dv.sessions"]],
    sample: Sample::Made,
};

/// Most sessions at once, by day: a sweep over starts and ends in the order of time. A session without an end runs to
/// the clock; at the same moment an end comes before a start; a day without events carries what ran on.
pub(crate) fn peaks(
    sessions: impl IntoIterator<Item = (Time, Option<Time>)>,
    as_of: Time,
) -> BTreeMap<Time, i64> {
    let mut events: Vec<(i64, i64)> = Vec::new();
    for (started, ended) in sessions.into_iter().filter(|(started, _)| *started <= as_of) {
        let end = ended.unwrap_or(as_of).0.min(as_of.0).max(started.0 + 1);
        events.extend([(started.0, 1), (end, -1)]);
    }
    events.sort_unstable();
    let mut peaks = BTreeMap::new();
    let mut running = 0;
    let mut last_day = None;
    for (at, change) in events {
        let ends_before = i64::from(change < 0); // what ends at midnight ran on the day before only
        let day = (at - ends_before).div_euclid(Time::DAY);
        for carried in last_day.map_or(day, |last| last + 1)..=day {
            peaks.insert(Time(carried * Time::DAY), running);
        }
        last_day = Some(day);
        running += change;
        peaks.entry(Time(day * Time::DAY)).and_modify(|peak: &mut i64| *peak = running.max(*peak));
    }
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn sessions_over_midnight_count_on_both_days() {
        let sessions = [
            (at("2026-11-01T10:00:00Z"), Some(at("2026-11-01T11:00:00Z"))),
            (at("2026-11-01T11:00:00Z"), Some(at("2026-11-01T12:00:00Z"))),
            (at("2026-11-01T23:00:00Z"), Some(at("2026-11-03T01:00:00Z"))),
            (at("2026-11-01T23:30:00Z"), None),
        ];
        let peaks = peaks(sessions, at("2026-11-03T06:00:00Z"));
        let told: Vec<(String, i64)> =
            peaks.iter().map(|(day, peak)| (day.to_string(), *peak)).collect();
        assert_eq!(
            told,
            [
                ("2026-11-01T00:00:00Z".to_owned(), 2),
                ("2026-11-02T00:00:00Z".to_owned(), 2),
                ("2026-11-03T00:00:00Z".to_owned(), 2),
            ]
        );
    }

    #[test]
    fn nothing_ran_nothing_peaked() {
        assert!(peaks([], Time(0)).is_empty());
        assert!(peaks([(Time(5), None)], Time(4)).is_empty());
    }

    proptest! {
        /// The peak of a day is the most sessions that ran at any start in it, or at its beginning.
        #[test]
        fn agrees_with_counting_at_every_start(sessions in proptest::collection::vec((0_i64..96, 1_i64..48), 0..20)) {
            let times: Vec<(Time, Option<Time>)> = sessions
                .iter()
                .map(|(start, length)| (Time(start * Time::HOUR), Some(Time((start + length) * Time::HOUR))))
                .collect();
            let as_of = Time(1000 * Time::HOUR);
            let found = peaks(times.clone(), as_of);
            let running = |moment: i64| {
                times.iter().filter(|(start, end)| start.0 <= moment && end.is_some_and(|end| moment < end.0)).count() as i64
            };
            for (day, peak) in &found {
                let hours = (0..24).map(|hour| running(day.0 + hour * Time::HOUR));
                prop_assert_eq!(hours.max().unwrap_or(0), *peak);
            }
            let days: i64 = found.len() as i64;
            if let (Some((first, _)), Some((last, _))) = (found.first_key_value(), found.last_key_value()) {
                prop_assert_eq!(first.days_until(*last) + 1, days);
            }
        }
    }
}
