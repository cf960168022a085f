//! `dlp_custom_connector_patterns`: one row per data policy and URL pattern for custom connectors.
//!
//! <https://learn.microsoft.com/power-platform/admin/dlp-custom-connector-parity>. From the policy in full.
//! Patterns are tried in their order and the first that matches decides; `Ignore` is a class of its own and
//! mostly stands on the last pattern, `*`. Which connector a pattern reaches is `custom_connectors.pattern_class`.

use super::dlp_policies::policy_id;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Custom connectors under policy.
pub(crate) static TABLE: Table = Table {
    name: "dlp_custom_connector_patterns",
    grain: "one row per policy and URL pattern",
    about: "custom connectors under policy",
    scope: Scope::Policy,
    key: &["policy_id", "rule_order"],
    columns: &[
        Column::text("policy_id").required().business(),
        Column::int("rule_order").required(),
        Column::text("pattern").business(),
        Column::text("classification").about("confidential, general, blocked, ignore"),
    ],
    readings: &[Reading { source: "gov.dlp_policy", read: policy }],
    complete: &[&["gov.dlp_policy"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    for rule in record.at("customConnectorUrlPatternsDefinition.rules").items() {
        rows.push([
            cell("policy_id", policy_id(record)),
            cell("rule_order", rule.at("order").int()),
            cell("pattern", rule.at("pattern").text()),
            cell("classification", rule.at("customConnectorRuleClassification").word()),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn a_pattern_without_an_order_is_no_rule() {
        let text = r#"{"policyDefinition": {"name": "P1"}, "customConnectorUrlPatternsDefinition": {"rules": [
            {"order": 1, "customConnectorRuleClassification": "Confidential", "pattern": "https://*.contoso.example"},
            {"order": 2, "customConnectorRuleClassification": "Ignore", "pattern": "*"},
            {"pattern": "https://fabrikam.example"}]}}"#;
        assert_eq!(
            rows(&TABLE, "gov.dlp_policy", text),
            [
                "policy_id=p1, rule_order=1, pattern=https://*.contoso.example, classification=confidential",
                "policy_id=p1, rule_order=2, pattern=*, classification=ignore",
            ]
        );
    }
}
