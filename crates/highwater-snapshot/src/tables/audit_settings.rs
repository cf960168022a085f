//! `audit_settings`: one row per Dataverse environment.
//!
//! The one row of Dataverse's `organization` table, a few of its 800 columns
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/organization>).

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Audit switches.
pub(crate) static TABLE: Table = Table {
    name: "audit_settings",
    grain: "one row per Dataverse environment",
    about: "audit switches",
    scope: Scope::Dataverse,
    key: &["environment_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::bool("is_audit_enabled"),
        Column::bool("is_user_access_audit_enabled"),
        Column::bool("is_read_audit_enabled"),
        Column::int("retention_days").about("-1 = for ever, stored as 36500"),
        Column::text("plugin_trace").about("context"),
        Column::bool("ip_firewall").about("context"),
    ],
    readings: &[Reading { source: "dv.organization", read: dataverse }],
    complete: &[&["dv.organization"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("is_audit_enabled", record.at("isauditenabled").flag()),
        cell("is_user_access_audit_enabled", record.at("isuseraccessauditenabled").flag()),
        cell("is_read_audit_enabled", record.at("isreadauditenabled").flag()),
        cell(
            "retention_days",
            record
                .at("auditretentionperiodv2")
                .int()
                .map(|days| if days < 0 { FOR_EVER } else { days }),
        ),
        cell("plugin_trace", record.at("plugintracelogsetting").int().and_then(plugin_trace)),
        cell("ip_firewall", record.at("enableipbasedfirewallrule").flag()),
    ]);
}

/// Days that stand for "kept for ever".
const FOR_EVER: i64 = 36_500;

fn plugin_trace(number: i64) -> Option<&'static str> {
    match number {
        0 => Some("off"),
        1 => Some("exception"),
        2 => Some("all"),
        _ => None,
    }
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
    fn minus_one_is_for_ever() {
        let organisation = r#"{"isauditenabled": true, "isuseraccessauditenabled": false, "isreadauditenabled": null,
            "auditretentionperiodv2": -1, "plugintracelogsetting": 2, "enableipbasedfirewallrule": false}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.organization", &place(), organisation),
            [
                "environment_id=e1, is_audit_enabled=true, is_user_access_audit_enabled=false, retention_days=36500, plugin_trace=all, ip_firewall=false"
            ]
        );
        let wrong = r#"{"isauditenabled": 1, "auditretentionperiodv2": "ever", "plugintracelogsetting": 9}"#;
        assert_eq!(rows_at(&TABLE, "dv.organization", &place(), wrong), ["environment_id=e1"]);
    }
}
