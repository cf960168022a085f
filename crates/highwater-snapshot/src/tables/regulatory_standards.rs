//! `regulatory_standards`: one row per subscription and standard.
//!
//! A row is a compliance standard as Microsoft Defender for Cloud assesses a subscription:
//! <https://learn.microsoft.com/rest/api/defenderforcloud/regulatory-compliance-standards/list>
//! (`arg.security`, the table `securityresources` of Resource Graph, or an import). The type is written in the
//! singular and in the plural. Versions are part of the name: the configured list is matched by its beginning.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Compliance results.
pub(crate) static TABLE: Table = Table {
    name: "regulatory_standards",
    grain: "one row per subscription and standard",
    about: "compliance results",
    scope: Scope::Subscription,
    key: &["subscription_id", "standard"],
    columns: &[
        Column::text("subscription_id").required().business(),
        Column::text("standard").required().about("match the configured list by prefix"),
        Column::text("state"),
        Column::int("passed"),
        Column::int("failed"),
        Column::bool("is_binding").business().derived(),
    ],
    readings: &[
        Reading { source: "arg.security", read: standard },
        Reading { source: "arg.resources", read: standard },
    ],
    complete: &[&["arg.security"]],
    sample: Sample::Seen,
};

fn standard(record: &Record<'_>, rows: &mut Rows) {
    let kinds = [
        "microsoft.security/regulatorycompliancestandards",
        "microsoft.security/regulatorycompliancestandard",
    ];
    if !kinds.iter().any(|kind| arm::is(record, kind)) {
        return;
    }
    let body = arm::properties(record.json);
    rows.push([
        cell("subscription_id", arm::subscription(record)),
        cell("standard", record.at("name").id()),
        cell("state", body.at("state").word()),
        cell("passed", body.at("passedControls").int()),
        cell("failed", body.at("failedControls").int()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn results_of_a_standard() {
        let standard = r#"{"id": "/subscriptions/S/providers/Microsoft.Security/regulatoryComplianceStandards/PCI-DSS-4", "name": "PCI-DSS-4",
            "type": "Microsoft.Security/regulatoryComplianceStandard", "properties": {"state": "Failed", "passedControls": 7, "failedControls": "4"}}"#;
        assert_eq!(
            rows(&TABLE, "arg.security", standard),
            ["subscription_id=s, standard=pci-dss-4, state=failed, passed=7, failed=4"]
        );
        let bare = r#"{"id": "/subscriptions/S/providers/Microsoft.Security/regulatoryComplianceStandards/PCI-DSS-4", "name": "PCI-DSS-4", "properties": {"state": []}}"#;
        assert_eq!(rows(&TABLE, "arg.security", bare), ["subscription_id=s, standard=pci-dss-4"]);
    }
}
