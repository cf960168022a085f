//! `gateways`: one row per on-premises data gateway cluster.
//!
//! `powerbi.gateway_clusters` (<https://learn.microsoft.com/rest/api/power-bi/gateways>) is either the cluster list
//! with its members (UNVERIFIED shape) or the older list of single gateways that the caller administers, which
//! says nothing of further members. Host and version stand in `gatewayAnnotation`, a JSON text; its witness,
//! salt and the public key are never read.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Value, cell};

/// On-premises reach.
pub(crate) static TABLE: Table = Table {
    name: "gateways",
    grain: "one row per gateway cluster",
    about: "on-premises reach",
    scope: Scope::Tenant,
    key: &["gateway_id"],
    columns: &[
        Column::text("gateway_id").required().business(),
        Column::text("display_name").business(),
        Column::int("member_count").about("v1 lists a single gateway: 1 is then unknown, so null"),
        Column::text("host_name").business().about(
            "lower-case; of the first member; witness and salt beside it are secret and dropped",
        ),
        Column::text("version"),
        Column::text("status"),
    ],
    readings: &[Reading { source: "powerbi.gateway_clusters", read: cluster }],
    complete: &[&["powerbi.gateway_clusters"]],
    sample: Sample::Seen,
};

fn cluster(record: &Record<'_>, rows: &mut Rows) {
    let members = record.at("memberGateways");
    let first = members.items().next().unwrap_or(Json::NULL);
    let annotated = |key: &str| {
        let of = |holder: Json<'_>| {
            embedded(holder, |annotation| annotation.at(key).filled().map(Cow::into_owned))
        };
        of(record.at("gatewayAnnotation"))
            .or_else(|| of(first.at("annotation")))
            .or_else(|| of(first.at("gatewayAnnotation")))
    };
    rows.push([
        cell("gateway_id", record.at("id").id()),
        cell("display_name", record.at("name").text().or_else(|| record.at("displayName").text())),
        cell("member_count", members.len().filter(|members| *members > 0)),
        cell("host_name", annotated("gatewayMachine").map(|host| host.to_lowercase())),
        cell(
            "version",
            annotated("gatewayVersion")
                .or_else(|| first.at("version").filled().map(Cow::into_owned)),
        ),
        cell("status", status(record, members)),
    ]);
}

/// The worst status of the members: the first that is not live, else live.
fn status<'v>(record: &Record<'v>, members: Json<'v>) -> Option<Cow<'v, str>> {
    let words: Vec<_> = members.items().filter_map(|member| member.at("status").word()).collect();
    let down = words
        .iter()
        .find(|word| !matches!(word.as_ref(), "live" | "online" | "installed"))
        .cloned();
    down.or_else(|| words.into_iter().next()).or_else(|| record.at("gatewayStatus").word())
}

/// Reads an object that may stand as such or as JSON text.
pub(super) fn embedded<T>(holder: Json<'_>, read: impl FnOnce(Json<'_>) -> Option<T>) -> Option<T> {
    if holder.is_object() {
        return read(holder);
    }
    let text = holder.filled()?;
    let value: Value<'_> = serde_json::from_str(&text).ok()?;
    read(Json::new(&value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn a_single_gateway_says_nothing_of_members() {
        let text = r#"{"id": "G1", "gatewayId": 0, "name": "Plant", "type": "Resource", "publicKey": {"modulus": "canary"},
            "gatewayAnnotation": "{\"gatewayVersion\":\"3000.1.2\",\"gatewayMachine\":\"HOST1\",\"gatewaySalt\":\"canary\"}"}"#;
        assert_eq!(
            rows(&TABLE, "powerbi.gateway_clusters", text),
            ["gateway_id=g1, display_name=Plant, host_name=host1, version=3000.1.2"]
        );
    }

    #[test]
    fn a_cluster_is_as_well_as_its_worst_member() {
        let text = r#"{"id": "G2", "name": "Pair", "memberGateways": [{"status": "Live", "version": "3000.2"}, {"status": "Offline"}],
            "gatewayAnnotation": "not json"}"#;
        assert_eq!(
            rows(&TABLE, "powerbi.gateway_clusters", text),
            ["gateway_id=g2, display_name=Pair, member_count=2, version=3000.2, status=offline"]
        );
    }
}
