//! `cloud_flows`: one row per cloud flow.
//!
//! Dataverse rows (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/workflow>) are
//! asked first because only they name the present owner; the admin list of the flow service, the inventory and
//! PowerShell name the creator. The Power Platform API names owners by Dataverse id, which nothing here can turn into
//! a directory id, so its owners are left out.
//!
//! Traps: Dataverse says `draft` for a stopped flow too. An untold `workflowEntityId` does not mean that a flow is
//! outside solutions. Soft-deleted flows and activation copies (type 2) are no flows. A workflow whose category was
//! not told may be a flow: it is rejected and counted. Whether the Power Platform API lists flows outside Dataverse is
//! UNVERIFIED; together with Dataverse it is taken as the whole list.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Automation inventory.
pub(crate) static TABLE: Table = Table {
    name: "cloud_flows",
    grain: "one row per cloud flow",
    about: "automation inventory",
    scope: Scope::Environment,
    key: &["environment_id", "flow_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("flow_id").required().business().about("the Dataverse workflow id where there is one, else the resource id: the only id all sources share"),
        Column::text("resource_id").business().about("id used by run and permission URLs; workflowidunique is believed to be the same (UNVERIFIED)"),
        Column::text("display_name").business(),
        Column::text("state").about("started, stopped, suspended, draft; soft-deleted flows are not rows; statecode 1 = started, 0 = draft (a stopped flow too), 2 = suspended"),
        Column::bool("is_solution_aware").about("from Dataverse all rows are; a default-solution flow is aware but not in a custom solution"),
        Column::bool("in_custom_solution").derived().about("null until components were read"),
        Column::text("owner_id").personal().dataverse_user().about("inventory and admin list give the creator, not the present owner"),
        Column::text("owner_type").derived().about("user, team, serviceprincipal"),
        Column::time("created_at").required().business(),
        Column::time("modified_at").required().business(),
        Column::text("modified_by").personal().dataverse_user(),
        Column::text("template_name").about("gallery template id; null from Dataverse"),
        Column::text("flow_kind").about("cloud, agent"),
        Column::bool("is_managed"),
        Column::bool("failure_alert").about("not in Dataverse"),
        Column::text("suspension_reason").about("context"),
    ],
    readings: &[
        Reading { source: "dv.workflows", read: dataverse },
        Reading { source: "flow.admin_flows", read: admin },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "ppapi.cloud_flows", read: platform },
        Reading { source: "powershell.flows", read: powershell },
        Reading { source: "coe.flows", read: admin },
        Reading { source: "dex.flows", read: admin },
    ],
    complete: &[&["inventory.query"], &["flow.admin_flows"], &["dv.workflows", "ppapi.cloud_flows"], &["powershell.flows"], &["coe.flows"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if !is_workflow(record, CLOUD) {
        return;
    }
    let team = in_team(record);
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("flow_id", workflow_id(record)),
        cell("display_name", record.at("name").filled()),
        cell("state", dataverse_state(record)),
        cell("is_solution_aware", true),
        cell("owner_id", owner(record)),
        cell("owner_type", (team == Some(true)).then_some("team")),
        cell("created_at", record.at("createdon").time()),
        cell("modified_at", record.at("modifiedon").time()),
        cell("modified_by", record.at("_modifiedby_value").id()),
        cell("flow_kind", kind(record.at("modernflowtype").text())),
        cell("is_managed", record.at("ismanaged").flag()),
        cell("suspension_reason", dataverse_suspension(record)),
    ]);
}

fn admin(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.json.key("properties");
    let state = properties.key("state").word();
    if state.as_deref() == Some("deleted") {
        return; // the recycle bin
    }
    let (id, entity) =
        (record.json.key("name").id(), properties.key("workflowEntityId").id_or_none());
    let creator = properties.key("creator");
    rows.push([
        cell("environment_id", record.environment("properties.environment.name")),
        cell("flow_id", entity.clone().filter(|id| !id.is_empty()).or_else(|| id.clone())),
        cell("resource_id", id),
        cell("display_name", properties.key("displayName").filled()),
        cell("state", state_word(state)),
        cell("is_solution_aware", entity.map(|id| !id.is_empty())),
        cell("owner_id", creator.key("objectId").id_or_none()),
        cell("owner_type", owner_type(creator.key("userType").word())),
        cell("created_at", properties.key("createdTime").time()),
        cell("modified_at", properties.key("lastModifiedTime").time()),
        cell("template_name", properties.key("templateName").id_or_none()),
        cell("is_managed", properties.key("isManaged").flag()),
        cell("failure_alert", properties.key("flowFailureAlertSubscribed").flag()),
        cell("suspension_reason", properties.key("flowSuspensionReason").word()),
    ]);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    let kind = match record.at("type").word().as_deref() {
        Some("microsoft.powerautomate/cloudflows") => "cloud",
        Some("microsoft.powerautomate/agentflows" | "microsoft.powerautomate/m365agentflows") => {
            "agent"
        }
        _ => return, // another resource
    };
    let owner = record.at("properties.ownerId");
    rows.push([
        cell("environment_id", record.environment("properties.environmentId")),
        cell("flow_id", flow_id(record)),
        cell("resource_id", record.at("name").id()),
        cell("display_name", record.at("properties.displayName").filled()),
        cell("state", state_word(record.at("properties.status").word())),
        cell("is_solution_aware", is_aware(record)),
        cell(
            "owner_id",
            if owner.is_object() { owner.at("id").id_or_none() } else { owner.id_or_none() },
        ),
        cell("created_at", record.at("properties.createdAt").time()),
        cell("modified_at", record.at("properties.lastModifiedAt").time()),
        cell("modified_by", record.at("properties.lastModifiedBy").id()),
        cell("flow_kind", kind),
    ]);
}

fn platform(record: &Record<'_>, rows: &mut Rows) {
    let state = state_word(record.at("stateCode").word());
    rows.push([
        cell("environment_id", record.environment("environmentId")),
        cell("flow_id", record.at("workflowId").id()),
        cell("resource_id", record.at("resourceId").id()),
        cell("display_name", record.at("name").filled()),
        cell("state", state),
        cell(
            "owner_type",
            record
                .at("owningTeam")
                .id_or_none()
                .is_some_and(|team| !team.is_empty())
                .then_some("team"),
        ),
        cell("created_at", record.at("createdOn").time()),
        cell("modified_at", record.at("modifiedOn").time()),
        cell("flow_kind", kind(record.at("modernFlowType").text())),
        cell(
            "suspension_reason",
            record.at("statusCode").word().filter(|_| state == Some("suspended")),
        ),
    ]);
}

/// Objects of `Get-AdminFlow` whose `Internal` was cut off. `Enabled` is false for stopped and suspended flows alike.
fn powershell(record: &Record<'_>, rows: &mut Rows) {
    let entity = record.at("WorkflowEntityId").id_or_none();
    let id = entity.clone().filter(|id| !id.is_empty()).or_else(|| record.at("FlowName").id());
    rows.push([
        cell("environment_id", record.environment("EnvironmentName")),
        cell("flow_id", id),
        cell("resource_id", record.at("FlowName").id()),
        cell("display_name", record.at("DisplayName").filled()),
        cell("state", record.at("Enabled").flag().filter(|enabled| *enabled).map(|_| "started")),
        cell("is_solution_aware", entity.map(|id| !id.is_empty())),
        cell("owner_id", record.at("CreatedBy.objectId").id_or_none()),
        cell("owner_type", owner_type(record.at("CreatedBy.userType").word())),
        cell("created_at", record.at("CreatedTime").time()),
        cell("modified_at", record.at("LastModifiedTime").time()),
    ]);
}

/// Dataverse's category of cloud flows.
pub(crate) const CLOUD: i64 = 5;
/// Dataverse's category of desktop flows.
pub(crate) const DESKTOP: i64 = 6;

/// Whether a Dataverse workflow is the definition of a flow of that category, or may be one.
pub(crate) fn is_workflow(record: &Record<'_>, category: i64) -> bool {
    record.at("type").int().is_none_or(|kind| kind == 1)
        && record.at("category").int().is_none_or(|told| told == category)
}

/// The id of a Dataverse workflow; not told where the category was not.
pub(crate) fn workflow_id<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    record.at("category").int()?;
    record.at("workflowid").id()
}

/// The id of a flow of the flow service or the inventory: that of its Dataverse row where it has one.
pub(crate) fn flow_id<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    let entity = record.at("properties.workflowEntityId").id_or_none().filter(|id| !id.is_empty());
    entity.or_else(|| record.at("name").id())
}

/// The owner of a Dataverse row; `''` where a team owns it, because a team is no person.
pub(crate) fn owner<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    if in_team(record) == Some(true) {
        Some(Cow::Borrowed(""))
    } else {
        record.at("_ownerid_value").id()
    }
}

fn in_team(record: &Record<'_>) -> Option<bool> {
    record.at("_owningteam_value").id_or_none().map(|team| !team.is_empty())
}

fn is_aware(record: &Record<'_>) -> Option<bool> {
    record.at("properties.workflowEntityId").id_or_none().map(|id| !id.is_empty())
}

fn dataverse_state(record: &Record<'_>) -> Option<&'static str> {
    match record.at("statecode").int()? {
        0 => Some("draft"),
        1 => Some("started"),
        2 => Some("suspended"),
        _ => None,
    }
}

/// The number of `Quarantined` is UNVERIFIED: the fifth of the names in the order of the Power Platform API.
fn dataverse_suspension(record: &Record<'_>) -> Option<&'static str> {
    match record.at("statuscode").int()? {
        3 => Some("companydlpviolation"),
        4 => Some("quarantined"),
        _ => None,
    }
}

fn state_word(word: Option<Cow<'_, str>>) -> Option<&'static str> {
    match word?.as_ref() {
        "started" | "published" | "activated" => Some("started"),
        "stopped" => Some("stopped"),
        "suspended" => Some("suspended"),
        "draft" => Some("draft"),
        _ => None,
    }
}

fn kind(modern: Option<Cow<'_, str>>) -> Option<&'static str> {
    match modern?.to_ascii_lowercase().as_str() {
        "0" | "powerautomateflow" => Some("cloud"),
        "1" | "agentflow" => Some("agent"),
        _ => None,
    }
}

fn owner_type(word: Option<Cow<'_, str>>) -> Option<&'static str> {
    match word?.as_ref() {
        "activedirectory" | "user" => Some("user"),
        "serviceprincipal" => Some("serviceprincipal"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn dataverse_names_the_present_owner() {
        let flow = r#"{"category": 5, "type": 1, "statecode": 0, "workflowid": "00000000-0000-0000-0000-0000000000F1",
            "name": "Invoices", "createdon": "2026-01-02T00:00:00Z", "modifiedon": "2026-02-02T00:00:00Z", "ismanaged": false,
            "_ownerid_value": "u1", "_owningteam_value": null, "_modifiedby_value": "u2", "modernflowtype": 0}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.workflows", &place(), flow),
            [
                "environment_id=e1, flow_id=00000000-0000-0000-0000-0000000000f1, display_name=Invoices, state=draft, \
              is_solution_aware=true, owner_id=u1, created_at=2026-01-02T00:00:00Z, modified_at=2026-02-02T00:00:00Z, \
              modified_by=u2, flow_kind=cloud, is_managed=false"
            ]
        );
        let owned = flow.replace(r#""_owningteam_value": null"#, r#""_owningteam_value": "t1""#);
        let owned = rows_at(&TABLE, "dv.workflows", &place(), &owned);
        assert!(owned[0].contains("owner_id=, owner_type=team"), "{owned:?}");
    }

    #[test]
    fn other_workflows_and_deleted_flows_are_no_rows() {
        let none: [String; 0] = [];
        let desktop = r#"{"category": 6, "workflowid": "w", "createdon": "2026-01-02", "modifiedon": "2026-01-02"}"#;
        assert_eq!(rows_at(&TABLE, "dv.workflows", &place(), desktop), none);
        let untold =
            r#"{"workflowid": "w", "createdon": "2026-01-02", "modifiedon": "2026-01-02"}"#;
        assert_eq!(rows_at(&TABLE, "dv.workflows", &place(), untold), none);
        let deleted = r#"{"name": "f", "properties": {"state": "Deleted", "createdTime": "2026-01-02", "lastModifiedTime": "2026-01-02"}}"#;
        assert_eq!(rows_at(&TABLE, "flow.admin_flows", &place(), deleted), none);
    }

    #[test]
    fn an_untold_entity_id_says_nothing_of_solutions() {
        let flow = r#"{"name": "F1", "properties": {"displayName": "Daily", "state": "Started", "createdTime": "2026-01-02T00:00:00Z",
            "lastModifiedTime": "2026-01-03T00:00:00Z", "environment": {"name": "Default-T"},
            "creator": {"objectId": "U1", "userType": "ActiveDirectory"}, "flowFailureAlertSubscribed": true}}"#;
        assert_eq!(
            rows(&TABLE, "flow.admin_flows", flow),
            [
                "environment_id=default-t, flow_id=f1, resource_id=f1, display_name=Daily, state=started, owner_id=u1, owner_type=user, \
              created_at=2026-01-02T00:00:00Z, modified_at=2026-01-03T00:00:00Z, failure_alert=true"
            ]
        );
        let aware = flow.replace(r#""state""#, r#""workflowEntityId": "W1", "state""#);
        let aware = rows(&TABLE, "flow.admin_flows", &aware);
        assert!(
            aware[0].contains("flow_id=w1, resource_id=f1")
                && aware[0].contains("is_solution_aware=true"),
            "{aware:?}"
        );
    }

    #[test]
    fn inventory_platform_and_powershell_tell_what_they_know() {
        let inventory = r#"{"name": "F1", "type": "microsoft.powerautomate/agentflows", "properties": {"environmentId": "E1", "status": 7,
            "createdAt": "2026-01-02T00:00:00Z", "lastModifiedAt": "2026-01-03T00:00:00Z",
            "ownerId": "00000000-0000-0000-0000-000000000000"}}"#;
        assert_eq!(
            rows(&TABLE, "inventory.query", inventory),
            [
                "environment_id=e1, flow_id=f1, resource_id=f1, owner_id=, created_at=2026-01-02T00:00:00Z, \
              modified_at=2026-01-03T00:00:00Z, flow_kind=agent"
            ]
        );
        let platform = r#"{"workflowId": "W1", "resourceId": "F1", "stateCode": "Suspended", "statusCode": "CompanyDLPViolation",
            "ownerId": "u1", "createdOn": "2026-01-02T00:00:00Z", "modifiedOn": "2026-01-03T00:00:00Z"}"#;
        assert_eq!(
            rows_at(&TABLE, "ppapi.cloud_flows", &place(), platform),
            [
                "environment_id=e1, flow_id=w1, resource_id=f1, state=suspended, created_at=2026-01-02T00:00:00Z, \
              modified_at=2026-01-03T00:00:00Z, suspension_reason=companydlpviolation"
            ]
        );
        let cut = r#"{"FlowName": "F1", "Enabled": "False", "EnvironmentName": "E1", "CreatedBy": "@{objectId=u1}",
            "CreatedTime": "2026-01-02T00:00:00Z", "LastModifiedTime": "2026-01-03T00:00:00Z"}"#;
        assert_eq!(
            rows(&TABLE, "powershell.flows", cut),
            [
                "environment_id=e1, flow_id=f1, resource_id=f1, created_at=2026-01-02T00:00:00Z, modified_at=2026-01-03T00:00:00Z"
            ]
        );
    }
}
