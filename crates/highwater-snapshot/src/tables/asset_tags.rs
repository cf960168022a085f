//! `asset_tags`: one row per asset and tag.
//!
//! What no service knows: how critical an app is, what a flow is for, what it saves. `tags` is Highwater's own
//! CSV with the columns `asset_id, tag, value, updated_at`; tags without a time do not count as recent. Tags
//! of the CoE Starter Kit and the Automation Kit come with their importers.

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
