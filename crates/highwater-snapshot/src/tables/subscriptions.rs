//! `subscriptions`: one row per subscription seen.
//!
//! A row is a subscription that the reader could see. Resource Graph leaves out what the caller may not read
//! without a word, so this list says what "everything in Azure" means in a snapshot.
//! `arg.subscriptions` is the query over `resourcecontainers`; the answers of
//! <https://learn.microsoft.com/rest/api/resources/subscriptions/list> and of `az account list` are read too.

pub(crate) mod arm;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod samples;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Denominator of every Azure read.
pub(crate) static TABLE: Table = Table {
    name: "subscriptions",
    grain: "one row per subscription seen",
    about: "denominator of every Azure read",
    scope: Scope::Tenant,
    key: &["subscription_id"],
    columns: &[
        Column::text("subscription_id").required().business(),
        Column::text("display_name").business(),
        Column::bool("in_scope").business().derived(),
    ],
    readings: &[
        Reading { source: "arg.subscriptions", read: subscription },
        Reading { source: "arg.resources", read: resource },
    ],
    complete: &[&["arg.subscriptions"]],
    sample: Sample::Seen,
};

fn subscription(record: &Record<'_>, rows: &mut Rows) {
    let id = record.at("subscriptionId").id().or_else(|| record.at("id").segment());
    let name = record.at("displayName").filled().or_else(|| record.at("name").filled());
    // The API's object is called by its id.
    let name = name.filter(|name| id.as_ref().is_none_or(|id| !id.eq_ignore_ascii_case(name)));
    rows.push([cell("subscription_id", id), cell("display_name", name)]);
}

/// An object of the subscription type among other resources.
fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.resources/subscriptions") {
        subscription(record, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn the_three_shapes() {
        let graph = r#"{"id": "/subscriptions/S1", "name": "Automation", "type": "microsoft.resources/subscriptions", "subscriptionId": "S1"}"#;
        assert_eq!(
            rows(&TABLE, "arg.subscriptions", graph),
            ["subscription_id=s1, display_name=Automation"]
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", graph),
            ["subscription_id=s1, display_name=Automation"]
        );
        let api = r#"{"id": "/subscriptions/S2", "subscriptionId": "S2", "displayName": "Test", "state": "Enabled"}"#;
        assert_eq!(
            rows(&TABLE, "arg.subscriptions", api),
            ["subscription_id=s2, display_name=Test"]
        );
        let az = r#"{"id": "S3", "name": "Prod", "isDefault": true}"#;
        assert_eq!(
            rows(&TABLE, "arg.subscriptions", az),
            ["subscription_id=s3, display_name=Prod"]
        );
    }

    #[test]
    fn other_resources_are_no_subscriptions() {
        assert!(
            rows(
                &TABLE,
                "arg.resources",
                r#"{"id": "/subscriptions/s1/x", "type": "microsoft.web/sites"}"#
            )
            .is_empty()
        );
        assert_eq!(
            rows(&TABLE, "arg.subscriptions", r#"{"id": "/subscriptions/s4", "name": {}}"#),
            ["subscription_id=s4"]
        );
    }
}
