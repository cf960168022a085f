//! `defender_plans`: one row per subscription and plan.
//!
//! A row is a plan of Microsoft Defender for Cloud: <https://learn.microsoft.com/azure/templates/microsoft.security/pricings>
//! (`arg.security`, the table `securityresources` of Resource Graph, or an import).

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Threat protection.
pub(crate) static TABLE: Table = Table {
    name: "defender_plans",
    grain: "one row per subscription and plan",
    about: "threat protection",
    scope: Scope::Subscription,
    key: &["subscription_id", "plan"],
    columns: &[
        Column::text("subscription_id").required().business(),
        Column::text("plan").required(),
        Column::text("tier").about("free, standard"),
    ],
    readings: &[
        Reading { source: "arg.security", read: plan },
        Reading { source: "arg.resources", read: plan },
    ],
    complete: &[&["arg.security"]],
    sample: Sample::Seen,
};

fn plan(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.security/pricings") {
        rows.push([
            cell("subscription_id", arm::subscription(record)),
            cell("plan", record.at("name").id()),
            cell("tier", arm::properties(record.json).at("pricingTier").word()),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn plans_of_a_subscription() {
        let plan = r#"{"id": "/subscriptions/S/providers/Microsoft.Security/pricings/KeyVaults", "name": "KeyVaults", "type": "Microsoft.Security/pricings",
            "properties": {"pricingTier": "Standard"}}"#;
        assert_eq!(
            rows(&TABLE, "arg.security", plan),
            ["subscription_id=s, plan=keyvaults, tier=standard"]
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", &plan.replace(r#""Standard""#, "{}")),
            ["subscription_id=s, plan=keyvaults"]
        );
        assert!(
            rows(
                &TABLE,
                "arg.security",
                &plan.replace("Security/pricings\"", "Security/assessments\"")
            )
            .is_empty()
        );
    }
}
