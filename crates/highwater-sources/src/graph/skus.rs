//! Products: `GET {graph}/v1.0/subscribedSkus`.
//!
//! Needs LicenseAssignment.Read.All, or the broader Organization.Read.All. Every product that is listed is asked for
//! its holders afterwards, those of Power Platform first. The answer has no pages.

use serde::Deserialize;

use crate::found::{Answer, Found, Object};
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.skus",
    about: "products that the tenant bought",
    page: "https://learn.microsoft.com/graph/api/subscribedsku-list",
    service: "graph",
    requests: &[Request { path: "/v1.0/subscribedSkus", ..Request::GET }],
    grant: Grant::both("LicenseAssignment.Read.All, or Organization.Read.All"),
    names: &["sku"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    sku_id: String,
    #[serde(default)]
    sku_part_number: String,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for product in answer.list::<Product>() {
        let rank = if is_power_platform(&product.sku_part_number) { 0 } else { 1 };
        found.child(Object { rank, ..Object::new("sku", product.sku_id) });
    }
}

/// Only an order: every product is asked for.
fn is_power_platform(number: &str) -> bool {
    let number = number.to_ascii_uppercase().replace('_', "");
    ["POWER", "FLOW", "CDS", "VIRTUALAGENT", "CCIBOTS", "COPILOTSTUDIO"]
        .iter()
        .any(|part| number.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{found, payload};

    #[test]
    fn every_product_is_asked_for_and_power_platform_first() {
        let page = r#"{"value": [{"skuId": "E3", "skuPartNumber": "ENTERPRISEPACK"}, {"skuId": "F1", "skuPartNumber": "FLOW_PER_USER"},
            {"skuId": "P1", "skuPartNumber": "POWERAPPS_PER_USER"}, {"skuPartNumber": "X"}]}"#;
        let children = found(&SOURCE, None, ("", ""), page).children;
        let told: Vec<(&str, u64)> =
            children.iter().map(|child| (child.id.as_str(), child.rank)).collect();
        assert_eq!(told, [("E3", 1), ("F1", 0), ("P1", 0)]);
    }

    #[test]
    fn published_products_are_found() {
        let Some(page) = payload("graph/subscribed-skus/list.json") else { return };
        assert!(!found(&SOURCE, None, ("", ""), &page).children.is_empty());
    }
}
