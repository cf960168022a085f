//! `app_discovery`: one row per discovery stream.
//!
//! A row is a stream of discovered cloud traffic of Defender for Cloud Apps (beta):
//! <https://learn.microsoft.com/graph/api/resources/security-clouddiscoveryreport>. Documentation names every
//! scalar a string and no recorded answer was at hand: field names are UNVERIFIED and read leniently.
//! `app_count` is told only where the details of the stream were attached to the record (`apps`). Which people
//! used an application is not kept.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, Time, cell};

/// Shadow IT visibility.
pub(crate) static TABLE: Table = Table {
    name: "app_discovery",
    grain: "one row per discovery stream",
    about: "shadow IT visibility",
    scope: Scope::Tenant,
    key: &["stream_id"],
    columns: &[
        Column::text("stream_id").required().business(),
        Column::time("last_data_at"),
        Column::int("app_count").about("displayed apps, not people"),
    ],
    readings: &[Reading { source: "graph.app_discovery", read: stream }],
    complete: &[&["graph.app_discovery"]],
    sample: Sample::Unseen,
};

fn stream(record: &Record<'_>, rows: &mut Rows) {
    let moments = ["lastDataReceivedDateTime", "lastDataReceivedTimestamp"];
    let counts = ["apps", "aggregatedAppsDetails"];
    rows.push([
        cell("stream_id", record.at("id").id()),
        // The year 1 stands for "never".
        cell(
            "last_data_at",
            moments
                .into_iter()
                .find_map(|path| record.at(path).time())
                .map(|moment| moment.max(Time::NEVER)),
        ),
        cell("app_count", counts.into_iter().find_map(|path| record.at(path).len())),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn streams_with_and_without_data() {
        let fresh = r#"{"id": "S1", "displayName": "Firewall", "lastDataReceivedDateTime": "2026-11-20T00:00:00Z", "apps": [{"id": "1"}]}"#;
        assert_eq!(
            rows(&TABLE, "graph.app_discovery", fresh),
            ["stream_id=s1, last_data_at=2026-11-20T00:00:00Z, app_count=1"]
        );
        let never = r#"{"id": "S2", "lastDataReceivedDateTime": "0001-01-01T00:00:00Z"}"#;
        assert_eq!(
            rows(&TABLE, "graph.app_discovery", never),
            ["stream_id=s2, last_data_at=1970-01-01T00:00:00Z"]
        );
        assert_eq!(
            rows(&TABLE, "graph.app_discovery", r#"{"id": "S3", "lastDataReceivedDateTime": 7}"#),
            ["stream_id=s3"]
        );
    }
}
