//! `apps`: one row per app.
//!
//! `powerapps.apps` is the admin list of an environment (canvas apps, custom pages, component libraries and
//! SharePoint forms: <https://learn.microsoft.com/power-platform/admin/admin-manage-apps>), `dv.app_modules` the
//! model-driven apps of its Dataverse
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/appmodule>),
//! `inventory.query` all kinds (<https://learn.microsoft.com/power-platform/admin/inventory-schema>), and
//! `powershell.apps` what is left of `Get-AdminPowerApp` without its `Internal`.
//!
//! Traps: a model-driven app is keyed by its app module id, which the inventory keeps beside its own resource id;
//! launches are in none of these (`app_usage`). First party means that the platform itself created the app, or
//! that a managed app module bears a prefix of Microsoft's publishers; `isHeroApp` only says that an
//! administrator promoted the app, so it is not read.

use super::asset_shares::{is_platform, person};
use super::connections::after;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// What makers built.
pub(crate) static TABLE: Table = Table {
    name: "apps",
    grain: "one row per app",
    about: "what makers built",
    scope: Scope::Environment,
    key: &["environment_id", "app_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("app_id").required().business().about("a model-driven app has an app module id and, in inventory, a resource id: keyed by app module id"),
        Column::text("kind").required().about("canvas, model, code, page, sharepoint_form, component_library; the admin app API lists canvas only"),
        Column::text("display_name").business(),
        Column::text("owner_id").personal().dataverse_user().about("GUID or object; Dataverse ids go through dataverse_users; platform or SYSTEM owner = ''"),
        Column::time("created_at").required().business(),
        Column::time("modified_at").required().business(),
        Column::text("modified_by").personal().dataverse_user().about("SYSTEM and platform accounts become null"),
        Column::time("published_at").business(),
        Column::int("shared_users").about("Data Export values are often 0 or wrong"),
        Column::int("shared_groups"),
        Column::bool("uses_premium"),
        Column::bool("uses_custom"),
        Column::text("alm_mode").about("solution / environment: cheap sign of solution awareness"),
        Column::bool("is_first_party").required().about("created by the platform, or a managed app module of Microsoft's publishers"),
        Column::bool("quarantined").about("context"),
    ],
    readings: &[
        Reading { source: "powerapps.apps", read: canvas },
        Reading { source: "dv.app_modules", read: module },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "arg.power_platform", read: inventory },
        Reading { source: "powershell.apps", read: powershell },
        Reading { source: "coe.apps", read: canvas },
        Reading { source: "dex.apps", read: canvas },
    ],
    complete: &[&["powerapps.apps", "dv.app_modules"], &["inventory.query"], &["arg.power_platform"], &["coe.apps"]],
    sample: Sample::Seen,
};

fn canvas(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.at("properties");
    rows.push([
        cell(
            "environment_id",
            record
                .environment("properties.environment.name")
                .or_else(|| after(record.at("id"), "environments")),
        ),
        cell("app_id", record.at("name").id()),
        cell("kind", canvas_kind(record)),
        cell("display_name", properties.at("displayName").text()),
        person("owner_id", properties.at("owner"), Some("")),
        cell("created_at", properties.at("createdTime").time()),
        cell("modified_at", properties.at("lastModifiedTime").time()),
        person("modified_by", properties.at("lastModifiedBy"), None),
        cell("published_at", properties.at("lastPublishTime").time()),
        cell("shared_users", properties.at("sharedUsersCount").int()),
        cell("shared_groups", properties.at("sharedGroupsCount").int()),
        cell("uses_premium", properties.at("usesPremiumApi").flag()),
        cell("uses_custom", properties.at("usesCustomApi").flag()),
        cell("alm_mode", properties.at("almMode").word()),
        cell("is_first_party", is_platform(properties.at("createdBy"))),
        cell("quarantined", quarantined(properties)),
    ]);
}

fn module(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentId")),
        cell("app_id", record.at("appmoduleid").id()),
        cell("kind", "model"),
        cell("display_name", record.at("name").text()),
        cell(
            "owner_id",
            record.at("_ownerid_value").id().or_else(|| record.at("_createdby_value").id()),
        ),
        cell("created_at", record.at("createdon").time()),
        cell("modified_at", record.at("modifiedon").time()),
        cell("modified_by", record.at("_modifiedby_value").id()),
        cell("published_at", record.at("publishedon").time()),
        cell("is_first_party", is_microsoft_module(record)),
    ]);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.at("properties");
    // The query answers for every type of resource; the other types belong to other tables.
    let Some(kind) = inventory_kind(record) else { return };
    let module = if kind == "model" { properties.at("appModuleId").id() } else { None };
    rows.push([
        cell("environment_id", record.environment("properties.environmentId")),
        cell("app_id", module.or_else(|| record.at("name").id())),
        cell("kind", kind),
        cell("display_name", properties.at("displayName").text()),
        person("owner_id", properties.at("ownerId"), Some("")),
        cell("created_at", properties.at("createdAt").time()),
        cell("modified_at", properties.at("lastModifiedAt").time()),
        person("modified_by", properties.at("lastModifiedBy"), None),
        cell("is_first_party", is_platform(properties.at("createdBy"))),
        cell("quarantined", properties.at("isQuarantined").flag()),
    ]);
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("EnvironmentName")),
        cell("app_id", record.at("AppName").id()),
        cell("kind", "canvas"),
        cell("display_name", record.at("DisplayName").text()),
        person("owner_id", record.at("Owner"), Some("")),
        cell("created_at", record.at("CreatedTime").time()),
        cell("modified_at", record.at("LastModifiedTime").time()),
        cell("is_first_party", false),
    ]);
}

/// The admin list holds everything that is drawn on a canvas; without a type it is a canvas app.
fn canvas_kind(record: &Record<'_>) -> &'static str {
    if record
        .at("properties.embeddedApp.type")
        .word()
        .is_some_and(|kind| kind.contains("sharepoint"))
    {
        return "sharepoint_form";
    }
    if record.at("isAppComponentLibrary").flag() == Some(true) {
        return "component_library";
    }
    let kind = record.at("appType").word().or_else(|| record.at("properties.appType").word());
    match kind.as_deref() {
        Some("customcanvaspage") => "page",
        Some("appcomponentlibrary" | "componentlibrary") => "component_library",
        Some("sharepointformapp") => "sharepoint_form",
        Some("appmodule") => "model",
        _ => "canvas",
    }
}

fn inventory_kind(record: &Record<'_>) -> Option<&'static str> {
    let sub_type = record.at("properties.subType").word();
    let sub_type = sub_type.as_deref();
    match record.at("type").word()?.strip_prefix("microsoft.powerapps/")? {
        "canvasapps" if sub_type == Some("customcanvaspage") => Some("page"),
        "canvasapps" => Some("canvas"),
        "modeldrivenapps" => Some("model"),
        "apps" if matches!(sub_type, Some("copilotcanvasapp" | "powerappsapp")) => Some("canvas"),
        "codeapps" | "apps" => Some("code"),
        _ => None,
    }
}

/// UNVERIFIED spelling of the released state; any other word is a quarantine.
fn quarantined(properties: Json<'_>) -> Option<bool> {
    let state =
        properties.at("executionRestrictions.appQuarantineState.quarantineStatus").word()?;
    Some(!matches!(state.as_ref(), "unquarantined" | "notquarantined" | "none"))
}

/// A managed module whose unique name bears a prefix of Microsoft's own publishers.
fn is_microsoft_module(record: &Record<'_>) -> bool {
    let name = record.at("uniquename").word();
    let named =
        name.is_some_and(|name| MICROSOFT_PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
    record.at("ismanaged").flag() == Some(true) && named
}

/// Customisation prefixes under which Microsoft ships model-driven apps.
const MICROSOFT_PREFIXES: [&str; 8] =
    ["adx_", "cds_", "microsoft", "msdyn", "msfp_", "mspcat_", "mspp_", "powerpagesmanagement"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    #[test]
    fn a_canvas_app_tells_its_sharing_and_hides_the_platform() {
        let text = r#"{"name": "A1", "appType": "ClassicCanvasApp", "properties": {"displayName": "Leave", "owner": {"id": "U1", "type": "User"},
            "createdBy": {"id": "U1", "type": "User"}, "createdTime": "2026-01-01T00:00:00Z", "lastModifiedTime": "2026-01-02T00:00:00Z",
            "lastModifiedBy": {"id": "00000000-0000-0000-0000-0000000000ff", "displayName": "SYSTEM", "type": "User"},
            "sharedUsersCount": 3, "sharedGroupsCount": 0, "usesPremiumApi": true, "almMode": "Solution", "isHeroApp": true,
            "environment": {"name": "Default-E1"}}}"#;
        assert_eq!(
            rows(&TABLE, "powerapps.apps", text),
            [
                "environment_id=default-e1, app_id=a1, kind=canvas, display_name=Leave, owner_id=u1, created_at=2026-01-01T00:00:00Z, \
              modified_at=2026-01-02T00:00:00Z, shared_users=3, shared_groups=0, uses_premium=true, alm_mode=solution, \
              is_first_party=false"
            ]
        );
    }

    #[test]
    fn the_kinds_of_the_admin_list_are_told_apart() {
        let kind = |more: &str| {
            let text = format!(
                r#"{{"name": "a", "id": "/scopes/admin/environments/E1/apps/a", {more}
                "properties": {{"createdTime": "2026-01-01T00:00:00Z", "lastModifiedTime": "2026-01-01T00:00:00Z"}}}}"#
            );
            rows(&TABLE, "powerapps.apps", &text)[0].split(", ").nth(2).unwrap().to_owned()
        };
        assert_eq!(kind(r#""appType": "CustomCanvasPage","#), "kind=page");
        assert_eq!(kind(r#""isAppComponentLibrary": true,"#), "kind=component_library");
        assert_eq!(kind(""), "kind=canvas");
    }

    #[test]
    fn a_model_driven_app_is_one_app_in_both_sources() {
        let inventory = r#"{"type": "microsoft.powerapps/modeldrivenapps", "name": "resource-1", "properties": {"appModuleId": "M1",
            "environmentId": "E1", "createdAt": "2026-01-01T00:00:00Z", "lastModifiedAt": "2026-01-01T00:00:00Z", "displayName": "Cases",
            "createdBy": "00000000-0000-0000-0000-000000000000", "ownerId": {"id": "U1", "email": "x"}}}"#;
        assert_eq!(
            rows(&TABLE, "inventory.query", inventory),
            [
                "environment_id=e1, app_id=m1, kind=model, display_name=Cases, owner_id=u1, created_at=2026-01-01T00:00:00Z, \
              modified_at=2026-01-01T00:00:00Z, is_first_party=true"
            ]
        );
        let place = Place { environment: Some("e1".into()), ..Place::default() };
        let module = r#"{"appmoduleid": "{M1}", "name": "Cases", "uniquename": "msdyn_Cases", "ismanaged": true, "createdon": "2026-01-01T00:00:00Z",
            "modifiedon": "2026-01-01T00:00:00Z", "_createdby_value": "U9"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.app_modules", &place, module),
            [
                "environment_id=e1, app_id=m1, kind=model, display_name=Cases, owner_id=u9, created_at=2026-01-01T00:00:00Z, \
              modified_at=2026-01-01T00:00:00Z, is_first_party=true"
            ]
        );
        assert!(
            rows(
                &TABLE,
                "inventory.query",
                r#"{"type": "microsoft.powerautomate/cloudflows", "name": "f1"}"#
            )
            .is_empty()
        );
    }
}
