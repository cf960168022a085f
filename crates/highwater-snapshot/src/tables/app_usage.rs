//! `app_usage`: one row per app with any usage that was told.
//!
//! Launches come from the unified audit log (`o365.activity`, operation `LaunchPowerApp`:
//! <https://learn.microsoft.com/power-platform/admin/logging-power-apps>) and are folded ([`LAUNCHES`], [`FOLD`]), so
//! that no launch of a person is kept. The feed reaches back a few days and exports break off silently, hence
//! launches are a lower bound, users and departments are not told from them, and no app is said to be never
//! launched. `ppapi.advisor` (UNVERIFIED, field names only) tells when a resource was last accessed, but only
//! of resources that it recommends to look at: it completes nothing.

use super::audit_events;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, Time, cell};

/// Launches; separate because it comes from other sources than the inventory.
pub(crate) static TABLE: Table = Table {
    name: "app_usage",
    grain: "one row per app with any usage record",
    about: "launches; separate because it comes from other sources than the inventory",
    scope: Scope::Tenant,
    key: &["environment_id", "app_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("app_id").required().business(),
        Column::time("last_launched_at").business().about("the admin app payload does NOT carry it; never launched = 1970-01-01, only where the usage source covers the whole window"),
        Column::int("launches_30d").about("lower bound: the audit feed may have holes"),
        Column::int("users_30d").about("null from the audit feed, whose distinct users would be a lower bound taken for a count"),
        Column::int("departments_30d").about("null unless per-user launches were read"),
    ],
    readings: &[
        Reading { source: "ppapi.advisor", read: advisor },
        Reading { source: "coe.apps", read: kit },
    ],
    complete: &[&["o365.activity"]],
    sample: Sample::Seen,
};

/// Single launches on their way into [`TABLE`].
pub(crate) static LAUNCHES: Table = Table {
    name: "app_launches",
    grain: "one row per launch",
    about: "what app_usage is folded from; not kept",
    scope: Scope::Tenant,
    key: &["app_id", "event_id"],
    columns: &[
        Column::text("app_id").required(),
        Column::text("event_id").required(),
        Column::text("environment_id").about("null where the event names none: then the app's own"),
        Column::time("launched_at").required(),
    ],
    readings: &[
        Reading { source: "o365.activity", read: launch },
        Reading { source: "dex.app_usage", read: launch },
    ],
    complete: &[],
    sample: Sample::Seen,
};

/// [`LAUNCHES`] as rows of [`TABLE`].
pub(crate) const FOLD: &str = "
SELECT u.environment_id AS environment_id, u.app_id AS app_id, MAX(u.launched_at) AS last_launched_at,
CAST(COUNT(CASE WHEN u.launched_at >= u.d30 THEN 1 END) AS BIGINT) AS launches_30d,
MIN(u.source_id) AS source_id, MIN(u.record_no) AS record_no, MAX(u.observed_at) AS observed_at
FROM (SELECT COALESCE(l.environment_id, a.app_environment) AS environment_id, l.app_id AS app_id, l.launched_at AS launched_at,
l.source_id AS source_id, l.record_no AS record_no, l.observed_at AS observed_at, k.d30 AS d30
FROM app_launches l LEFT JOIN (SELECT p.app_id AS launched_app, MIN(p.environment_id) AS app_environment FROM apps p GROUP BY p.app_id) a
ON l.app_id = a.launched_app CROSS JOIN clock k) u
WHERE u.environment_id IS NOT NULL GROUP BY u.environment_id, u.app_id
";

fn launch(record: &Record<'_>, rows: &mut Rows) {
    // The feed holds every audited operation of the tenant.
    if record.at("Operation").word().as_deref() != Some("launchpowerapp") {
        return;
    }
    rows.push([
        cell("app_id", audit_events::resource_id(record)),
        cell("event_id", audit_events::event_id(record)),
        cell("environment_id", audit_events::environment_id(record)),
        cell("launched_at", record.at("CreationTime").time()),
    ]);
}

/// Apps of the CoE Starter Kit, which keeps the last launch that its audit log told. An app without one may have been
/// launched before the log was read.
fn kit(record: &Record<'_>, rows: &mut Rows) {
    let launched = record.at("properties.lastLaunchedTime").time();
    let users = record.at("properties.usersLast30Days").int();
    if launched.is_none() && users.is_none() {
        return;
    }
    rows.push([
        cell("environment_id", record.environment("properties.environment.name")),
        cell("app_id", record.at("name").id()),
        cell("last_launched_at", launched),
        cell("users_30d", users),
    ]);
}

fn advisor(record: &Record<'_>, rows: &mut Rows) {
    let accessed = record.at("lastAccessedDate").time().filter(|at| *at > Time::NEVER);
    let is_app = record
        .at("resourceType")
        .word()
        .is_some_and(|kind| kind.contains("app") && !kind.contains("flow"));
    // Recommendations name flows and environments too, and apps without saying when they were used.
    if !is_app || accessed.is_none() {
        return;
    }
    rows.push([
        cell("environment_id", record.environment("environmentId")),
        cell("app_id", record.at("resourceId").segment()),
        cell("last_launched_at", accessed),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn only_launches_are_launches() {
        let text = r#"{"Id": "Ev1", "CreationTime": "2026-01-02T03:04:05", "Operation": "LaunchPowerApp", "Workload": "PowerApps",
            "UserId": "ada@contoso.example", "AppName": "A1", "AdditionalInfo": "{\"environmentName\":\"Default-E1\"}"}"#;
        assert_eq!(
            rows(&LAUNCHES, "o365.activity", text),
            [
                "app_id=a1, event_id=ev1, environment_id=default-e1, launched_at=2026-01-02T03:04:05Z"
            ]
        );
        assert!(
            rows(&LAUNCHES, "o365.activity", r#"{"Operation": "DeletePowerApp", "AppName": "A1"}"#)
                .is_empty()
        );
    }

    #[test]
    fn the_advisor_tells_the_last_access_of_apps() {
        let text = r#"{"environmentId": "E1", "resourceId": "A1", "resourceType": "CanvasApp", "lastAccessedDate": "2026-01-02T00:00:00Z"}"#;
        assert_eq!(
            rows(&TABLE, "ppapi.advisor", text),
            ["environment_id=e1, app_id=a1, last_launched_at=2026-01-02T00:00:00Z"]
        );
        let unused = r#"{"environmentId": "E1", "resourceId": "A1", "resourceType": "CanvasApp", "lastAccessedDate": "0001-01-01T00:00:00Z"}"#;
        assert!(rows(&TABLE, "ppapi.advisor", unused).is_empty());
    }
}
