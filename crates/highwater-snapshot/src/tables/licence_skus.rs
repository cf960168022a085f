//! `licence_skus`: one row per subscribed SKU.
//!
//! A row is a product that the tenant subscribed to:
//! <https://learn.microsoft.com/graph/api/resources/subscribedsku>. ScubaGear's `license_information` holds the
//! same objects with other casing.
//! Which products are Power Platform products, and which of those are paid, is told by their part numbers:
//! <https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference>. Office and Microsoft 365
//! suites with seeded rights are not Power Platform products. Trial, viral, free, developer and baseline plans
//! are not paid.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// What was bought.
pub(crate) static TABLE: Table = Table {
    name: "licence_skus",
    grain: "one row per subscribed SKU",
    about: "what was bought",
    scope: Scope::Tenant,
    key: &["sku_id"],
    columns: &[
        Column::text("sku_id").required(),
        Column::text("sku_part_number"),
        Column::int("consumed"),
        Column::int("purchased"),
        Column::bool("is_power_platform").required(),
        Column::bool("is_paid").required(),
    ],
    readings: &[Reading { source: "graph.skus", read: sku }],
    complete: &[&["graph.skus"]],
    sample: Sample::Seen,
};

fn sku(record: &Record<'_>, rows: &mut Rows) {
    let part = record.at("skuPartNumber").filled();
    let number = part.as_deref().map(str::to_uppercase);
    rows.push([
        cell("sku_id", record.at("skuId").id()),
        cell("sku_part_number", part),
        cell("consumed", record.at("consumedUnits").int()),
        cell("purchased", record.at("prepaidUnits.enabled").int()),
        cell("is_power_platform", number.as_deref().map(is_power_platform)),
        cell(
            "is_paid",
            number.as_deref().map(|number| is_power_platform(number) && !is_free(number)),
        ),
    ]);
}

/// Beginnings of the part numbers of Power Platform products.
const PRODUCTS: &[&str] = &[
    "CCIBOTS",
    "CDSAICAPACITY",
    "CDS_DB_CAPACITY",
    "CDS_FILE_CAPACITY",
    "CDS_LOG_CAPACITY",
    "COPILOT_STUDIO",
    "FLOW_",
    "MICROSOFT_COPILOT_STUDIO",
    "POWERAPPS_",
    "POWERAUTOMATE_",
    "POWERFLOW",
    "POWER_APPS_",
    "POWER_AUTOMATE_",
    "POWER_PAGES_",
    "POWER_VIRTUAL_AGENTS",
    "VIRTUAL_AGENT_",
];

/// Parts of the part numbers of plans that nobody pays for.
const FREE: &[&str] =
    &["VIRAL", "TRIAL", "_FREE", "_DEV", "_TEST", "PRIVPREV", "PER_APP_IW", "INDIVIDUAL_USER"];

fn is_power_platform(number: &str) -> bool {
    PRODUCTS.iter().any(|product| number.starts_with(product))
}

fn is_free(number: &str) -> bool {
    FREE.iter().any(|part| number.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn paid_free_and_foreign_products() {
        let premium = r#"{"skuId": "EDA1941C-0000-0000-0000-000000000001", "skuPartNumber": "POWERAUTOMATE_ATTENDED_RPA",
            "consumedUnits": 14, "prepaidUnits": {"enabled": 25, "suspended": 0}}"#;
        assert_eq!(
            rows(&TABLE, "graph.skus", premium),
            [
                "sku_id=eda1941c-0000-0000-0000-000000000001, sku_part_number=POWERAUTOMATE_ATTENDED_RPA, consumed=14, purchased=25, \
              is_power_platform=true, is_paid=true"
            ]
        );
        assert!(
            is_power_platform("FLOW_FREE")
                && is_free("FLOW_FREE")
                && is_free("POWERAPPS_DEV")
                && !is_free("POWERAPPS_PER_USER")
        );
        assert!(!is_power_platform("ENTERPRISEPREMIUM") && !is_power_platform("SPE_E5"));
    }

    #[test]
    fn exports_write_the_keys_in_another_case() {
        let scuba = r#"{"SkuPartNumber": "FLOW_FREE", "SkuId": "A", "ConsumedUnits": "0", "PrepaidUnits": {"Enabled": null}}"#;
        assert_eq!(
            rows(&TABLE, "graph.skus", scuba),
            [
                "sku_id=a, sku_part_number=FLOW_FREE, consumed=0, is_power_platform=true, is_paid=false"
            ]
        );
        assert!(
            rows(&TABLE, "graph.skus", r#"{"skuId": "A"}"#).is_empty(),
            "a product without a part number cannot be classified"
        );
    }
}
