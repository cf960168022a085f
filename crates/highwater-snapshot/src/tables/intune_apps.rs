//! `intune_apps`: one row per managed app that carries the desktop runtime.
//!
//! A row is an application that Intune deploys, as `/deviceAppManagement/mobileApps` gives it with its
//! assignments expanded: <https://learn.microsoft.com/graph/api/resources/intune-apps-mobileapp>. The request
//! asks for names with Power Automate; an import may hold others.
//! The desktop runtime is a Windows application named so, or one whose installer is: the mobile apps of the same
//! name are not. Vendor examples hold placeholder values only, so the recognition by name is UNVERIFIED.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Managed deployment.
pub(crate) static TABLE: Table = Table {
    name: "intune_apps",
    grain: "one row per managed app that carries the desktop runtime",
    about: "managed deployment",
    scope: Scope::Tenant,
    key: &["app_id"],
    columns: &[
        Column::text("app_id").required().business(),
        Column::text("display_name").business(),
        Column::bool("is_desktop_runtime"),
        Column::int("required_assignments"),
    ],
    readings: &[Reading { source: "graph.intune_apps", read: app }],
    complete: &[&["graph.intune_apps"]],
    sample: Sample::Seen,
};

fn app(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("app_id", record.at("id").id()),
        cell("display_name", record.at("displayName").filled()),
        cell("is_desktop_runtime", is_desktop_runtime(record)),
        cell("required_assignments", required_assignments(record)),
    ]);
}

fn is_desktop_runtime(record: &Record<'_>) -> Option<bool> {
    let paths = [
        "displayName",
        "msiInformation.productName",
        "productName",
        "fileName",
        "setupFilePath",
        "installCommandLine",
        "packageIdentifier",
    ];
    let texts: Vec<String> = paths
        .iter()
        .filter_map(|path| record.at(path).word())
        .map(|text| text.replace([' ', '.', '-', '_'], ""))
        .collect();
    if texts.is_empty() {
        return None;
    }
    if !texts.iter().any(|text| text.contains("powerautomate")) {
        return Some(false);
    }
    let kind = record.json.key("@odata.type").word()?;
    let kind = kind.rsplit('.').next()?;
    match kind {
        "mobileapp" => None,
        _ => Some(
            ["win32", "windows", "winget", "microsoftstore"]
                .iter()
                .any(|start| kind.starts_with(start)),
        ),
    }
}

/// Assignments that install without being asked; none where nothing is assigned at all.
fn required_assignments(record: &Record<'_>) -> Option<i64> {
    let assignments = record.at("assignments");
    if assignments.is_array() {
        let required = assignments
            .items()
            .filter(|item| item.at("intent").word().as_deref() == Some("required"));
        return i64::try_from(required.count()).ok();
    }
    (record.at("isAssigned").flag() == Some(false)).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn the_desktop_runtime_and_the_mobile_app() {
        let desktop = r##"{"@odata.type": "#microsoft.graph.win32LobApp", "id": "A1", "displayName": "Power Automate for desktop",
            "assignments": [{"intent": "required"}, {"intent": "available"}]}"##;
        assert_eq!(
            rows(&TABLE, "graph.intune_apps", desktop),
            [
                "app_id=a1, display_name=Power Automate for desktop, is_desktop_runtime=true, required_assignments=1"
            ]
        );
        let mobile = r##"{"@odata.type": "#microsoft.graph.iosVppApp", "id": "A2", "displayName": "Power Automate", "isAssigned": false}"##;
        assert_eq!(
            rows(&TABLE, "graph.intune_apps", mobile),
            [
                "app_id=a2, display_name=Power Automate, is_desktop_runtime=false, required_assignments=0"
            ]
        );
    }

    #[test]
    fn without_type_or_assignments_nothing_is_claimed() {
        let bare =
            r#"{"id": "A3", "displayName": "Power Automate", "assignments": "System.Object[]"}"#;
        assert_eq!(
            rows(&TABLE, "graph.intune_apps", bare),
            ["app_id=a3, display_name=Power Automate"]
        );
    }
}
