//! `role_assignments`: one row per principal, role and scope.
//!
//! Directory roles with their schedules (<https://learn.microsoft.com/graph/api/resources/unifiedroleassignmentscheduleinstance>),
//! applications registered for administration, the platform's own role assignments, Dataverse roles of users and teams,
//! and the two roles of environments without Dataverse.
//!
//! Traps: a plain `roleAssignments` record does not say whether it is permanent; it is taken as such, so the collector
//! asks for it only where schedules are refused for want of a licence. Principals must be expanded: without a type a
//! record is rejected. Members that hold a role through a group are left out, the group stands for them. A role held
//! over an administrative unit says nothing of the platform. A registered application is named by its application id,
//! not by its directory object. Environment groups have no rows.

use std::borrow::Cow;

use super::dataverse_users::is_application;
use super::security_roles::class;
use super::teams::kind as team_kind;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Named, Record, Rows, cell, plain};

/// Who may do what.
pub(crate) static TABLE: Table = Table {
    name: "role_assignments",
    grain: "one row per principal, role and scope",
    about: "who may do what",
    scope: Scope::Environment,
    key: &["scope_id", "role_key", "role_id", "principal_id", "assignment_type"],
    columns: &[
        Column::text("scope_id").required().business().about("tenant id or environment id"),
        Column::text("role_key").required().about("power_platform_admin, dynamics_admin, global_admin, management_app, environment_admin, environment_maker, system_administrator, platform_owner, platform_contributor, platform_access_admin, platform_reader, directory_role (any other), custom_role (any other)"),
        Column::text("role_id").required().business(),
        Column::text("principal_id").required().personal(),
        Column::text("assignment_type").required().about("permanent, active, eligible; activated = active"),
        Column::text("scope_kind").required().about("tenant, environment"),
        Column::text("role_class").derived().about("as security_roles.class; null where neither the name nor the configuration tells"),
        Column::text("principal_type").required().about("user, group, serviceprincipal, team, tenant (everybody)"),
        Column::text("via_team_kind").about("'' = direct"),
        Column::text("role_name").business().about("lower-case name of a Dataverse role"),
    ],
    readings: &[
        Reading { source: "graph.roles", read: directory },
        Reading { source: "bap.management_apps", read: application },
        Reading { source: "ppapi.role_assignments", read: platform },
        Reading { source: "dv.users", read: users },
        Reading { source: "dv.teams", read: teams },
        Reading { source: "bap.env_roles", read: environment },
    ],
    complete: &[&["dv.users", "dv.teams"], &["bap.env_roles"]],
    sample: Sample::Seen,
};

fn directory(record: &Record<'_>, rows: &mut Rows) {
    let elsewhere = record.at("directoryScopeId").text().is_some_and(|scope| scope != "/");
    if elsewhere || record.at("memberType").word().as_deref() == Some("group") {
        return; // an administrative unit; a member of a group that has a row of its own
    }
    let role = record.at("roleDefinitionId").id();
    let kind = record.at("principal").key("@odata.type").word();
    let kind = kind
        .as_deref()
        .and_then(|kind| principal_type(kind.trim_start_matches("#microsoft.graph.")));
    rows.push([
        cell("scope_id", record.tenant()),
        cell("role_key", role.as_deref().map(directory_role)),
        cell("role_id", role),
        principal(kind, record.at("principalId").id()),
        cell("assignment_type", schedule(record)),
        cell("scope_kind", "tenant"),
        cell("role_class", "admin"),
        cell("principal_type", kind),
        cell("via_team_kind", ""),
    ]);
}

fn application(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("scope_id", record.tenant()),
        cell("role_key", "management_app"),
        cell("role_id", "management_app"),
        plain("principal_id", record.at("applicationId").id()),
        cell("assignment_type", "permanent"),
        cell("scope_kind", "tenant"),
        cell("role_class", "admin"),
        cell("principal_type", "serviceprincipal"),
        cell("via_team_kind", ""),
    ]);
}

fn platform(record: &Record<'_>, rows: &mut Rows) {
    let scope = record.at("scope").id().unwrap_or_default();
    let (scope_kind, scope_id) =
        match scope.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
            ["tenants", tenant] => ("tenant", *tenant),
            ["tenants", _, "environments", environment] | ["environments", environment] => {
                ("environment", *environment)
            }
            _ => return, // an environment group
        };
    let role = record.at("roleDefinitionId").id();
    let (key, class) = role.as_deref().map(platform_role).unzip();
    let kind = record.at("principalType").word();
    let kind = kind.as_deref().and_then(principal_type);
    rows.push([
        cell("scope_id", scope_id.to_owned()),
        cell("role_key", key),
        cell("role_id", role),
        principal(kind, record.at("principalObjectId").id()),
        cell(
            "assignment_type",
            if record.at("expiresOn").is_told() { "active" } else { "permanent" },
        ),
        cell("scope_kind", scope_kind),
        cell("role_class", class.flatten()),
        cell("principal_type", kind),
        cell("via_team_kind", ""),
    ]);
}

fn users(record: &Record<'_>, rows: &mut Rows) {
    let object = record.at("azureactivedirectoryobjectid").id_or_none();
    if record.at("isdisabled").flag() == Some(true) || object.as_deref() == Some("") {
        return; // nobody who could sign in
    }
    let kind = if is_application(record) == Some(true) { "serviceprincipal" } else { "user" };
    let holder = Holder { principal: object, kind, via: Some("") };
    dataverse_roles(record, "systemuserroles_association", &holder, rows);
}

fn teams(record: &Record<'_>, rows: &mut Rows) {
    let group =
        record.at("azureactivedirectoryobjectid").id_or_none().filter(|group| !group.is_empty());
    let kind = if group.is_some() { "group" } else { "team" };
    let holder = Holder {
        principal: group.or_else(|| record.at("teamid").id()),
        kind,
        via: team_kind(record),
    };
    dataverse_roles(record, "teamroles_association", &holder, rows);
}

fn environment(record: &Record<'_>, rows: &mut Rows) {
    let (key, class) = match record.at("properties.roleDefinition.name").word().as_deref() {
        Some("environmentadmin") => ("environment_admin", Some("admin")),
        Some("environmentmaker") => ("environment_maker", Some("maker")),
        _ => ("custom_role", None),
    };
    let kind = record.at("properties.principal.type").word();
    let kind = kind.as_deref().and_then(principal_type);
    rows.push([
        cell("scope_id", record.environment("properties.scope")),
        cell("role_key", key),
        cell("role_id", record.at("properties.roleDefinition.name").id()),
        principal(kind, record.at("properties.principal.id").id()),
        cell("assignment_type", "permanent"),
        cell("scope_kind", "environment"),
        cell("role_class", class),
        cell("principal_type", kind),
        cell("via_team_kind", ""),
    ]);
}

/// Who holds Dataverse roles, and through which kind of team.
struct Holder<'v> {
    principal: Option<Cow<'v, str>>,
    kind: &'static str,
    via: Option<&'static str>,
}

fn dataverse_roles(record: &Record<'_>, roles: &str, holder: &Holder<'_>, rows: &mut Rows) {
    for role in record.at(roles).items() {
        let name = role.at("name").filled();
        rows.push([
            cell("scope_id", record.environment("environmentid")),
            cell("role_key", dataverse_role(name.as_deref())),
            cell("role_id", role.at("roleid").id()),
            principal(Some(holder.kind), holder.principal.clone()),
            cell("assignment_type", "permanent"),
            cell("scope_kind", "environment"),
            cell("role_class", name.as_deref().and_then(class)),
            cell("principal_type", holder.kind),
            cell("via_team_kind", holder.via),
            cell("role_name", name.as_deref().map(str::to_lowercase)),
        ]);
    }
}

/// People are pseudonymised, groups, applications and teams are not.
fn principal<'v>(kind: Option<&str>, id: Option<Cow<'v, str>>) -> Named<'v> {
    if kind.is_none_or(|kind| kind == "user") {
        cell("principal_id", id)
    } else {
        plain("principal_id", id)
    }
}

fn principal_type(word: &str) -> Option<&'static str> {
    match word {
        "user" => Some("user"),
        "group" | "securitygroup" => Some("group"),
        "serviceprincipal" | "applicationuser" | "application" => Some("serviceprincipal"),
        "tenant" => Some("tenant"),
        _ => None,
    }
}

/// Ids of the built-in directory roles that administer the platform.
fn directory_role(role: &str) -> &'static str {
    match role {
        "11648597-926c-4cf3-9c36-bcebb0ba8dcc" => "power_platform_admin",
        "44367163-eba1-44c3-98af-f5787879f96a" => "dynamics_admin",
        "62e90394-69f5-4237-9190-012177145e10" => "global_admin",
        _ => "directory_role",
    }
}

/// The platform's built-in roles with their duty class.
fn platform_role(role: &str) -> (&'static str, Option<&'static str>) {
    match role {
        "0cb07c69-1631-4725-ab35-e59e001c51ea" => ("platform_owner", Some("admin")),
        "ff954d61-a89a-4fbe-ace9-01c367b89f87" => ("platform_contributor", Some("admin")),
        "95e94555-018c-447b-8691-bdac8e12211e" => ("platform_access_admin", Some("admin")),
        "c886ad2e-27f7-4874-8381-5849b8d8a090" => ("platform_reader", Some("reader")),
        _ => ("custom_role", None),
    }
}

fn dataverse_role(name: Option<&str>) -> &'static str {
    match name.map(str::to_lowercase).as_deref() {
        Some("system administrator") => "system_administrator",
        Some("environment maker") => "environment_maker",
        _ => "custom_role",
    }
}

/// Eligible, active for a time, or permanent.
fn schedule(record: &Record<'_>) -> Option<&'static str> {
    if record.at("roleEligibilityScheduleId").is_told() {
        return Some("eligible");
    }
    match record.at("assignmentType").word().as_deref() {
        Some("eligible") => Some("eligible"),
        Some("activated") => Some("active"),
        Some("assigned") if record.at("endDateTime").is_told() => Some("active"),
        Some("assigned") | None => Some("permanent"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::tables::pipeline_stages::derived;
    use crate::testing::{rows, rows_at};

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    const ADMIN: &str = "11648597-926c-4cf3-9c36-bcebb0ba8dcc";

    fn role(rest: &str) -> Vec<String> {
        let text = format!(
            r##"{{"principalId": "A1", "roleDefinitionId": "{ADMIN}", "directoryScopeId": "/", "principal": {{"@odata.type": "#microsoft.graph.user"}}{rest}}}"##
        );
        rows(&TABLE, "graph.roles", &text)
    }

    #[test]
    fn schedules_say_how_a_role_is_held() {
        assert_eq!(
            role(r#", "assignmentType": "Assigned", "endDateTime": null"#),
            [format!(
                "scope_id=t0, role_key=power_platform_admin, role_id={ADMIN}, principal_id=a1, assignment_type=permanent, scope_kind=tenant, \
                 role_class=admin, principal_type=user, via_team_kind="
            )]
        );
        for (rest, how) in [
            (r#", "assignmentType": "Assigned", "endDateTime": "2027-01-01T00:00:00Z""#, "active"),
            (r#", "assignmentType": "Activated""#, "active"),
            (r#", "roleEligibilityScheduleId": "e1""#, "eligible"),
            ("", "permanent"),
        ] {
            assert!(role(rest)[0].contains(&format!("assignment_type={how}")), "{rest}");
        }
        assert!(role(r#", "memberType": "Group""#).is_empty());
    }

    #[test]
    fn a_principal_without_a_type_is_rejected() {
        let text = format!(
            r#"{{"principalId": "a1", "roleDefinitionId": "{ADMIN}", "directoryScopeId": "/"}}"#
        );
        assert!(rows(&TABLE, "graph.roles", &text).is_empty());
    }

    #[test]
    fn platform_roles_name_their_scope() {
        let reader = r#"{"scope": "/tenants/T0/environments/E1", "principalType": "ApplicationUser", "principalObjectId": "S1",
            "roleDefinitionId": "C886AD2E-27f7-4874-8381-5849b8d8a090", "expiresOn": null}"#;
        assert_eq!(
            rows(&TABLE, "ppapi.role_assignments", reader),
            [
                "scope_id=e1, role_key=platform_reader, role_id=c886ad2e-27f7-4874-8381-5849b8d8a090, principal_id=s1, \
              assignment_type=permanent, scope_kind=environment, role_class=reader, principal_type=serviceprincipal, via_team_kind="
            ]
        );
        let group = reader.replace("/environments/E1", "/environmentGroups/G1");
        assert!(rows(&TABLE, "ppapi.role_assignments", &group).is_empty());
        assert!(
            rows(&TABLE, "bap.management_apps", r#"{"applicationId": "App1"}"#)[0]
                .contains("principal_id=app1")
        );
    }

    #[test]
    fn every_dataverse_role_of_a_user_is_a_row() {
        let user = r#"{"systemuserid": "u1", "azureactivedirectoryobjectid": "A1", "applicationid": null, "isdisabled": false,
            "systemuserroles_association": [{"roleid": "R1", "name": "System Administrator"}, {"roleid": "R2", "name": "Contoso Clerk"}]}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.users", &place(), user),
            [
                "scope_id=e1, role_key=system_administrator, role_id=r1, principal_id=a1, assignment_type=permanent, scope_kind=environment, \
                 role_class=admin, principal_type=user, via_team_kind=, role_name=system administrator",
                "scope_id=e1, role_key=custom_role, role_id=r2, principal_id=a1, assignment_type=permanent, scope_kind=environment, \
                 principal_type=user, via_team_kind=, role_name=contoso clerk",
            ]
        );
        for gone in [
            user.replace("\"isdisabled\": false", "\"isdisabled\": true"),
            user.replace("\"A1\"", "null"),
        ] {
            assert!(rows_at(&TABLE, "dv.users", &place(), &gone).is_empty());
        }
    }

    #[test]
    fn a_team_stands_for_its_group() {
        let team = r#"{"teamid": "t1", "teamtype": 2, "azureactivedirectoryobjectid": "G1", "teamroles_association": [{"roleid": "R1", "name": "Environment Maker"}]}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.teams", &place(), team),
            [
                "scope_id=e1, role_key=environment_maker, role_id=r1, principal_id=g1, assignment_type=permanent, scope_kind=environment, \
              role_class=maker, principal_type=group, via_team_kind=entra_security, role_name=environment maker"
            ]
        );
    }

    #[test]
    fn environments_without_dataverse_have_two_roles() {
        let maker = r#"{"properties": {"scope": "/providers/Microsoft.BusinessAppPlatform/environments/E2", "principal": {"id": "A1", "type": "User"},
            "roleDefinition": {"name": "EnvironmentMaker"}}}"#;
        assert_eq!(
            rows(&TABLE, "bap.env_roles", maker),
            [
                "scope_id=e2, role_key=environment_maker, role_id=environmentmaker, principal_id=a1, assignment_type=permanent, \
              scope_kind=environment, role_class=maker, principal_type=user, via_team_kind="
            ]
        );
    }

    #[test]
    fn the_organisation_classifies_roles_by_name_or_id() {
        let roles = polars::df!(
            "scope_id" => ["e1", "e1", "e1", "e1"],
            "role_key" => ["custom_role", "custom_role", "custom_role", "system_administrator"],
            "role_id" => ["r1", "r2", "r3", "r4"],
            "principal_id" => ["a1", "a1", "a1", "a1"],
            "assignment_type" => ["permanent", "permanent", "permanent", "permanent"],
            "role_name" => ["contoso clerk", "contoso auditor", "contoso other", "system administrator"],
            "role_class" => [None, None, None, Some("admin")],
        );
        let lists = polars::df!(
            "kind" => ["role_maker", "role_reader", "role_reader"],
            "value" => ["contoso clerk", "r2", "system administrator"],
        );
        let frames =
            derived(vec![("role_assignments", roles.unwrap()), ("config_lists", lists.unwrap())]);
        let classes: Vec<Option<&str>> = frames["role_assignments"]
            .column("role_class")
            .unwrap()
            .str()
            .unwrap()
            .iter()
            .collect();
        assert_eq!(classes, [Some("maker"), Some("reader"), None, Some("admin")]);
    }
}
