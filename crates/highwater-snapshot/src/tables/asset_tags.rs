//! `asset_tags`: one row per asset and tag.
//!
//! What no service knows: how critical an app is, what a flow is for, what it saves. `tags` is Highwater's own
//! CSV with the columns `asset_id, tag, value, updated_at`; tags without a time do not count as recent. The CoE
//! Starter Kit keeps what makers answered beside its apps and flows (`coe.apps`, `coe.flows`), the Automation Kit
//! what projects should save (`kit.projects`).

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// What only the organisation or a kit knows.
pub(crate) static TABLE: Table = Table {
    name: "asset_tags",
    grain: "one row per asset and tag",
    about: "what only the organisation or a kit knows",
    scope: Scope::Tenant,
    key: &["asset_id", "tag"],
    columns: &[
        Column::text("asset_id").required().business(),
        Column::text("tag").required().about("criticality, support_tier, purpose_request, purpose_compliance, purpose_cleanup, purpose_welcome, purpose_support, purpose_governance, purpose_inventory, savings, idea, test_run, ui_exempt, template"),
        Column::text("value").business(),
        Column::text("source").about("`tags` or the kit that said it"),
        Column::time("updated_at").business().about("a savings tag counts only when younger than 180 days"),
    ],
    readings: &[
        Reading { source: "tags", read: tag },
        Reading { source: "coe.apps", read: answers },
        Reading { source: "coe.flows", read: answers },
        Reading { source: "kit.projects", read: project },
    ],
    complete: &[&["tags"]],
    sample: Sample::Unseen,
};

fn tag(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("asset_id", record.at("asset_id").id()),
        cell("tag", record.at("tag").word()),
        cell("value", record.at("value").text()),
        cell("source", "tags"),
        cell("updated_at", record.at("updated_at").time()),
    ]);
}

/// What makers and reviewers told the CoE Starter Kit of an app or a flow. The row changes with every synchronisation, so
/// its date says nothing of the answer: it is not told.
fn answers(record: &Record<'_>, rows: &mut Rows) {
    let row = record.json.key("row");
    let first = |columns: &[&str]| columns.iter().find_map(|column| row.key(column).filled());
    let criticality = first(&[
        "admin_riskassessment",
        "admin_adminrequirementriskassessment",
        "admin_makerrequirementbusinessimpact",
        "admin_requirement_6",
    ]);
    for (tag, value) in [("criticality", criticality), ("savings", first(&["admin_roi"]))] {
        if value.is_some() {
            rows.push([
                cell("asset_id", super::cloud_flows::flow_id(record)),
                cell("tag", tag),
                cell("value", value),
                cell("source", "coe"),
            ]);
        }
    }
}

/// A project of the Automation Kit: an idea, and where it has one what it should save.
fn project(record: &Record<'_>, rows: &mut Rows) {
    let savings = record.at("savings").filled();
    for (tag, value) in [("idea", record.at("status").filled()), ("savings", savings)] {
        if tag == "idea" || value.is_some() {
            rows.push([
                cell("asset_id", record.at("id").id()),
                cell("tag", tag),
                cell("value", value),
                cell("source", "automation_kit"),
                cell("updated_at", record.at("modifiedOn").time()),
            ]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn a_tag_needs_an_asset_and_a_name() {
        let text = r#"{"asset_id": "A1", "tag": "Criticality", "value": "High", "updated_at": "2026-05-06"}"#;
        let row = "asset_id=a1, tag=criticality, value=High, source=tags, updated_at=2026-05-06T00:00:00Z";
        assert_eq!(rows(&TABLE, "tags", text), [row]);
        let undated =
            r#"{"asset_id": "A1", "tag": "idea", "value": "", "updated_at": "last week"}"#;
        assert_eq!(rows(&TABLE, "tags", undated), ["asset_id=a1, tag=idea, value=, source=tags"]);
        assert!(rows(&TABLE, "tags", r#"{"asset_id": "", "tag": "idea"}"#).is_empty());
    }
}
