//! `machines`: one row per registered machine.
//!
//! Dataverse table `flowmachine`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/flowmachine>). No recorded payload
//! was at hand; names and numbers are those of the reference.
//!
//! The agent's version carries the day of its build: `2.61.148.25282` was built on day 282 of 2025 and released some
//! days later. That day stands for the release; versions of another form stay unknown.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, Time, cell};

/// Where desktop flows run.
pub(crate) static TABLE: Table = Table {
    name: "machines",
    grain: "one row per registered machine",
    about: "where desktop flows run",
    scope: Scope::Dataverse,
    key: &["environment_id", "machine_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("machine_id").required().business(),
        Column::text("host_name")
            .required()
            .business()
            .about("lower-case, domain cut; the machine name is the host name unless renamed"),
        Column::text("hosting").required().about("customer 0, hosted 1, cloud_pc 2"),
        Column::text("agent_version"),
        Column::time("agent_released_at").about(
            "day of the build, some days before the release; null when the version does not tell",
        ),
        Column::time("last_seen_at").business(),
        Column::text("machine_group_id").business().about("'' = told and none"),
        Column::time("created_at").business(),
        Column::text("created_by").personal().dataverse_user(),
        Column::bool("created_by_app")
            .application_of("created_by")
            .about("true = application user"),
        Column::text("state"),
    ],
    readings: &[
        Reading { source: "dv.machines", read: dataverse },
        Reading { source: "kit.machines", read: dataverse },
    ],
    complete: &[&["dv.machines"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let version = record.at("agentversion").filled();
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("machine_id", record.at("flowmachineid").id()),
        cell("host_name", record.at("name").filled().and_then(|name| host_name(&name))),
        cell("hosting", record.at("hostingtype").int().and_then(hosting)),
        cell("agent_released_at", version.as_deref().and_then(built_on)),
        cell("agent_version", version),
        cell("last_seen_at", record.at("lastheartbeatdate").time()),
        cell("machine_group_id", record.at("_flowmachinegroupid_value").id_or_none()),
        cell("created_at", record.at("createdon").time()),
        cell("created_by", record.at("_createdby_value").id()),
        cell("state", label(record, "statuscode")),
    ]);
}

/// An option as the service labels it, else by its number.
pub(crate) fn label<'v>(record: &Record<'v>, column: &str) -> Option<Cow<'v, str>> {
    let labelled =
        record.json.key(&format!("{column}@OData.Community.Display.V1.FormattedValue")).word();
    labelled.or_else(|| record.at(column).word())
}

/// Lower-case, without a domain before or after it.
fn host_name(name: &str) -> Option<String> {
    let bare = name.rsplit('\\').next().unwrap_or(name);
    let bare = bare.split('.').next().unwrap_or(bare).trim().to_lowercase();
    (!bare.is_empty()).then_some(bare)
}

fn hosting(kind: i64) -> Option<&'static str> {
    match kind {
        0 => Some("customer"),
        1 => Some("hosted"),
        2 => Some("cloud_pc"),
        _ => None,
    }
}

/// The day of the build in the last part of a version: two digits of the year, three of the day in it.
fn built_on(version: &str) -> Option<Time> {
    let [_, _, _, build] = version.split('.').collect::<Vec<_>>().try_into().ok()?;
    if build.len() != 5 || !build.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (year, day): (i64, i64) = (build[..2].parse().ok()?, build[2..].parse().ok()?);
    let new_year = Time::parse(&format!("20{year:02}-01-01"))?;
    let next_year = Time::parse(&format!("20{:02}-01-01", year + 1))?;
    let built = new_year.days_before(1 - day);
    (day >= 1 && built < next_year).then_some(built)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn cuts_the_domain_and_knows_the_build_day() {
        let machine = r#"{"flowmachineid": "M1", "name": "CONTOSO\\RPA01.contoso.example", "hostingtype": 0, "agentversion": "2.61.00148.25282",
            "lastheartbeatdate": "2026-11-21T00:00:00Z", "_flowmachinegroupid_value": null, "createdon": "2026-01-02T00:00:00Z",
            "_createdby_value": "U1", "statuscode": 1, "statuscode@OData.Community.Display.V1.FormattedValue": "Active"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.machines", &place(), machine),
            [
                "environment_id=e1, machine_id=m1, host_name=rpa01, hosting=customer, agent_version=2.61.00148.25282, \
              agent_released_at=2025-10-09T00:00:00Z, last_seen_at=2026-11-21T00:00:00Z, machine_group_id=, \
              created_at=2026-01-02T00:00:00Z, created_by=u1, state=active"
            ]
        );
        let bare = r#"{"flowmachineid": "m1", "name": "RPA02", "hostingtype": 1, "agentversion": {"major": 2}}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.machines", &place(), bare),
            ["environment_id=e1, machine_id=m1, host_name=rpa02, hosting=hosted"]
        );
    }

    #[test]
    fn versions_of_another_form_have_no_build_day() {
        for version in [
            "",
            "2.61",
            "2.61.148.252",
            "2.61.148.25000",
            "2.61.148.25366",
            "2.61.148.2x282",
            "1.2.3.4.25282",
        ] {
            assert_eq!(built_on(version), None, "{version}");
        }
        assert_eq!(built_on("2.51.349.24366"), Time::parse("2024-12-31"));
    }
}
