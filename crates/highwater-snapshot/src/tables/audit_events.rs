//! `audit_events`: one row per day, workload, operation, environment, resource and kind of actor.
//!
//! Events of the unified audit log (`o365.activity`:
//! <https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema>), folded from
//! single events ([`EVENTS`], [`FOLD`]) so that nobody's activity is kept. Only the workloads of Power Platform
//! and Power BI are taken. The environment stands in a property collection, in JSON text, or in the address of
//! the flow, depending on the workload; times are UTC without saying so; the feed may repeat an event.
//! Spellings of many operations are UNVERIFIED, so nothing is selected by them.

use std::borrow::Cow;

use super::connections::after;
use super::gateways::embedded;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Time, cell};

/// Activity over time.
pub(crate) static TABLE: Table = Table {
    name: "audit_events",
    grain: "one row per day, workload, operation, environment, resource and actor type",
    about: "activity over time",
    scope: Scope::Tenant,
    key: &["day", "workload", "operation", "environment_id", "resource_id", "actor_type"],
    columns: &[
        Column::time("day").required().business(),
        Column::text("workload")
            .required()
            .about("powerapps, microsoftflow, powerplatform, dataverse, powerbi"),
        Column::text("operation")
            .required()
            .about("lower-case; spellings of the flow operations UNVERIFIED"),
        Column::text("environment_id").required().business().about("'' when the event names none"),
        Column::text("resource_id").required().business().about("''"),
        Column::text("actor_type")
            .required()
            .about("user, admin, application, system; `unknown` when not told"),
        Column::int("events"),
        Column::int("actors").about("the keys themselves are not kept"),
        Column::time("last_at").required().business(),
    ],
    readings: &[],
    complete: &[&["o365.activity"]],
    sample: Sample::Seen,
};

/// Single events on their way into [`TABLE`].
pub(crate) static EVENTS: Table = Table {
    name: "audit_records",
    grain: "one row per event",
    about: "what audit_events is folded from; not kept",
    scope: Scope::Tenant,
    key: &["event_id"],
    columns: &[
        Column::text("event_id").required(),
        Column::time("day").required(),
        Column::time("at").required(),
        Column::text("workload").required(),
        Column::text("operation").required(),
        Column::text("environment_id").required().about("'' when the event names none"),
        Column::text("resource_id").required().about("''"),
        Column::text("actor_type").required().about("user, admin, application, system, unknown"),
        Column::text("actor_id").personal(),
    ],
    readings: &[Reading { source: "o365.activity", read: event }],
    complete: &[],
    sample: Sample::Seen,
};

/// [`EVENTS`] as rows of [`TABLE`].
pub(crate) const FOLD: &str = "
SELECT e.day AS day, e.workload AS workload, e.operation AS operation, e.environment_id AS environment_id,
e.resource_id AS resource_id, e.actor_type AS actor_type, CAST(COUNT(*) AS BIGINT) AS events,
CAST(COUNT(DISTINCT e.actor_id) AS BIGINT) AS actors, MAX(e.at) AS last_at,
MIN(e.source_id) AS source_id, MIN(e.record_no) AS record_no, MAX(e.observed_at) AS observed_at
FROM audit_records e GROUP BY e.day, e.workload, e.operation, e.environment_id, e.resource_id, e.actor_type
";

fn event(record: &Record<'_>, rows: &mut Rows) {
    // The feed holds every audited operation of the tenant, mostly of mail and documents.
    let Some(workload) = workload(record) else { return };
    let at = record.at("CreationTime").time();
    rows.push([
        cell("event_id", event_id(record)),
        cell("day", at.map(|at| Time(at.0 - at.0.rem_euclid(Time::DAY)))),
        cell("at", at),
        cell("workload", workload),
        cell("operation", record.at("Operation").word()),
        cell("environment_id", environment_id(record).unwrap_or_default()),
        cell("resource_id", resource_id(record).unwrap_or_default()),
        cell("actor_type", actor_type(record.at("UserType"))),
        cell("actor_id", record.at("UserKey").id().or_else(|| record.at("UserId").id())),
    ]);
}

/// The workload, by name or, where an export has the number alone, by record type.
fn workload(record: &Record<'_>) -> Option<&'static str> {
    let of = |word: &str| match word {
        "powerapps" | "powerappsapp" | "powerappsplan" | "45" | "46" => Some("powerapps"),
        "microsoftflow" | "30" => Some("microsoftflow"),
        "powerplatform" | "powerplatformadministratoractivity" => Some("powerplatform"),
        "dataverse" | "dynamics365" | "crm" | "21" => Some("dataverse"),
        "powerbi" | "powerbiaudit" | "20" => Some("powerbi"),
        _ => None,
    };
    let told = record.at("Workload").word();
    told.map_or_else(|| record.at("RecordType").word().and_then(|kind| of(&kind)), |word| of(&word))
}

/// The id of an event; exports without ids are told apart by moment, operation and resource.
pub(super) fn event_id(record: &Record<'_>) -> Option<String> {
    let told = record.at("Id").id().map(Cow::into_owned);
    told.or_else(|| {
        let (at, operation) = (record.at("CreationTime").time()?, record.at("Operation").word()?);
        Some(format!("{at} {operation} {}", resource_id(record).unwrap_or_default()))
    })
}

/// The environment that an event names.
pub(super) fn environment_id(record: &Record<'_>) -> Option<String> {
    let plain =
        ["EnvironmentName", "EnvironmentId"].into_iter().find_map(|key| record.at(key).segment());
    let told =
        plain.or_else(|| property(record, "powerplatform.analytics.resource.environment.id"));
    let told = told.or_else(|| after(record.at("FlowDetailsUrl"), "environments"));
    told.map(Cow::into_owned).or_else(|| {
        embedded(record.at("AdditionalInfo"), |info| {
            ["environmentName", "environmentId"]
                .into_iter()
                .find_map(|key| info.at(key).segment())
                .map(Cow::into_owned)
        })
    })
}

/// The app, flow, report, dashboard or dataset that an event is about.
pub(super) fn resource_id(record: &Record<'_>) -> Option<String> {
    let plain = ["AppName", "AppId", "ReportId", "DashboardId", "DatasetId"]
        .into_iter()
        .find_map(|key| record.at(key).segment());
    let told = plain.or_else(|| after(record.at("FlowDetailsUrl"), "flows"));
    let properties = [
        "powerplatform.analytics.resource.power_app.id",
        "powerplatform.analytics.resource.power_automate.flow.id",
    ];
    told.or_else(|| properties.into_iter().find_map(|name| property(record, name)))
        .map(Cow::into_owned)
}

fn property<'v>(record: &Record<'v>, name: &str) -> Option<Cow<'v, str>> {
    let named = |entry: &Json<'v>| entry.at("Name").text().is_some_and(|told| told == name);
    record.at("PropertyCollection").items().find(named)?.at("Value").segment()
}

/// The kind of actor, by the audit schema's number or its name.
fn actor_type(told: Json<'_>) -> &'static str {
    match told.word().as_deref() {
        Some("0" | "1" | "regular" | "reserved") => "user",
        Some("2" | "3" | "admin" | "dcadmin") => "admin",
        Some("4" | "7" | "8" | "system" | "custompolicy" | "systempolicy") => "system",
        Some("5" | "6" | "application" | "serviceprincipal") => "application",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn an_event_finds_its_environment_wherever_it_stands() {
        let flow = r#"{"Id": "Ev1", "CreationTime": "2026-01-02T03:04:05", "Operation": "CreateFlow", "RecordType": 30, "UserType": 0,
            "UserKey": "K1", "FlowDetailsUrl": "https://admin.example/environments/Default-E1/flows/F1/details"}"#;
        assert_eq!(
            rows(&EVENTS, "o365.activity", flow),
            [
                "event_id=ev1, day=2026-01-02T00:00:00Z, at=2026-01-02T03:04:05Z, workload=microsoftflow, operation=createflow, \
              environment_id=default-e1, resource_id=f1, actor_type=user, actor_id=k1"
            ]
        );
        let admin = r#"{"CreationTime": "2026-01-02T03:04:05", "Operation": "Restore", "Workload": "PowerPlatform", "UserType": 5,
            "PropertyCollection": [{"Name": "powerplatform.analytics.resource.environment.id", "Value": "E2"}]}"#;
        assert_eq!(
            rows(&EVENTS, "o365.activity", admin),
            [
                "event_id=2026-01-02T03:04:05Z restore , day=2026-01-02T00:00:00Z, at=2026-01-02T03:04:05Z, workload=powerplatform, \
              operation=restore, environment_id=e2, resource_id=, actor_type=application"
            ]
        );
    }

    #[test]
    fn other_workloads_and_events_without_a_moment_are_no_rows() {
        let mail = r#"{"Id": "Ev2", "CreationTime": "2026-01-02T03:04:05", "Operation": "Send", "Workload": "Exchange", "RecordType": 30}"#;
        assert!(rows(&EVENTS, "o365.activity", mail).is_empty());
        let undated = r#"{"Id": "Ev3", "CreationTime": 5, "Operation": "CreateFlow", "Workload": "MicrosoftFlow"}"#;
        assert!(rows(&EVENTS, "o365.activity", undated).is_empty());
    }
}
