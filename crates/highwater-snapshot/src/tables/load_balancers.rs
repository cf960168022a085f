//! `load_balancers`: one row per load balancer.
//!
//! A row is a load balancer: <https://learn.microsoft.com/azure/templates/microsoft.network/loadbalancers>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`.
//! `is_automation` follows from the configured resource groups, or from virtual machines in one of its pools.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Health probes.
pub(crate) static TABLE: Table = Table {
    name: "load_balancers",
    grain: "one row per load balancer",
    about: "health probes",
    scope: Scope::Subscription,
    key: &["balancer_id"],
    columns: &[
        Column::text("balancer_id").required().business(),
        Column::text("subscription_id").business(),
        Column::int("probe_count"),
        Column::text("resource_group").business(),
        Column::bool("is_automation").business().derived(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.network/loadbalancers") {
        return;
    }
    let (balancer, full) = (arm::properties(record.json), arm::is_full(record.json));
    rows.push([
        cell("balancer_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("probe_count", arm::len_or_zero(balancer.at("probes"), full)),
        cell("resource_group", arm::resource_group(record)),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn probes_are_counted_in_full_objects() {
        let id = r#""id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/loadBalancers/l""#;
        let row = "balancer_id=/subscriptions/s/resourcegroups/r/providers/microsoft.network/loadbalancers/l, subscription_id=s";
        let told = |rest: &str| rows(&TABLE, "arg.resources", &format!("{{{id}{rest}}}"));
        assert_eq!(
            told(r#", "properties": {"probes": [{}]}"#),
            [format!("{row}, probe_count=1, resource_group=r")]
        );
        assert_eq!(
            told(r#", "properties": {}"#),
            [format!("{row}, probe_count=0, resource_group=r")]
        );
        assert_eq!(
            told(r#", "properties": {"probes": "System.Object[]"}"#),
            [format!("{row}, probe_count=0, resource_group=r")]
        );
        assert_eq!(told(""), [format!("{row}, resource_group=r")]);
    }
}
