//! `capacity`: one row per kind of capacity or add-on.
//!
//! `ppapi.capacity` is the tenant's capacity
//! (<https://learn.microsoft.com/power-platform/admin/capacity-storage>), one record with all kinds, or one
//! currency report of an add-on (<https://learn.microsoft.com/rest/api/power-platform/>); single kinds are read
//! too. Consumption is the rated figure, which is what the service charges, else the actual one. The year 1
//! stands for "never measured" and is not told.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Time, cell};

/// Entitlement against use.
pub(crate) static TABLE: Table = Table {
    name: "capacity",
    grain: "one row per capacity or add-on type",
    about: "entitlement against use",
    scope: Scope::Tenant,
    key: &["capacity_type"],
    columns: &[
        Column::text("capacity_type").required(),
        Column::text("unit"),
        Column::float("entitled"),
        Column::float("consumed"),
        Column::text("status"),
        Column::time("updated_at").business(),
    ],
    readings: &[Reading { source: "ppapi.capacity", read: capacity }],
    complete: &[&["ppapi.capacity"]],
    sample: Sample::Seen,
};

fn capacity(record: &Record<'_>, rows: &mut Rows) {
    let kinds = record.at("tenantCapacities");
    if kinds.is_array() {
        kinds.items().for_each(|kind| push(kind, rows));
    } else if record.at("currencyType").is_told() {
        push_add_on(record.json, rows);
    } else {
        push(record.json, rows);
    }
}

fn push(kind: Json<'_>, rows: &mut Rows) {
    let consumption = kind.at("consumption");
    let measured = |name: &str| consumption.at(name).time().filter(|at| *at > Time::NEVER);
    rows.push([
        cell("capacity_type", kind.at("capacityType").word()),
        cell("unit", kind.at("capacityUnits").word()),
        cell("entitled", kind.at("totalCapacity").float()),
        cell(
            "consumed",
            consumption.at("rated").float().or_else(|| consumption.at("actual").float()),
        ),
        cell("status", kind.at("status").word()),
        cell("updated_at", measured("ratedUpdatedOn").or_else(|| measured("actualUpdatedOn"))),
    ]);
}

fn push_add_on(report: Json<'_>, rows: &mut Rows) {
    rows.push([
        cell("capacity_type", report.at("currencyType").word()),
        cell("entitled", report.at("purchased").float()),
        cell("consumed", report.at("consumed.unitsConsumed").float()),
        cell(
            "updated_at",
            report.at("consumed.lastUpdatedDay").time().filter(|at| *at > Time::NEVER),
        ),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn every_kind_is_a_row_and_the_year_one_is_not_told() {
        let text = r#"{"tenantId": "t", "tenantCapacities": [
            {"capacityType": "Database", "capacityUnits": "MB", "totalCapacity": 1024.0, "status": "Available",
             "consumption": {"actual": 600.0, "rated": 512.5, "actualUpdatedOn": "2026-01-01T00:00:00+00:00"}},
            {"capacityType": "ApiCallCount", "totalCapacity": 9, "consumption": {"actual": 1, "actualUpdatedOn": "0001-01-01T00:00:00+00:00"}},
            {"capacityType": null, "totalCapacity": 1}]}"#;
        assert_eq!(
            rows(&TABLE, "ppapi.capacity", text),
            [
                "capacity_type=database, unit=mb, entitled=1024.0, consumed=512.5, status=available, updated_at=2026-01-01T00:00:00Z",
                "capacity_type=apicallcount, entitled=9.0, consumed=1.0",
            ]
        );
    }

    #[test]
    fn add_ons_come_as_currencies() {
        let text = r#"{"currencyType": "AI", "purchased": 1000, "allocated": 10, "consumed": {"unitsConsumed": 40}}"#;
        assert_eq!(
            rows(&TABLE, "ppapi.capacity", text),
            ["capacity_type=ai, entitled=1000.0, consumed=40.0"]
        );
        let unread = r#"{"currencyType": "AI", "purchased": {"n": 1}}"#;
        assert_eq!(rows(&TABLE, "ppapi.capacity", unread), ["capacity_type=ai"]);
    }
}
