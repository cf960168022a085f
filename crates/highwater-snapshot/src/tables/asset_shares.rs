//! `asset_shares`: one row per app or flow, principal and role.
//!
//! `powerapps.app_permissions` (<https://learn.microsoft.com/power-apps/maker/canvas-apps/share-app>) and
//! `flow.permissions` (<https://learn.microsoft.com/power-automate/create-team-flows>) answer for one asset, which
//! is the parent of the request, else the id's path. A principal of type Tenant is everyone. Only people are
//! pseudonymised: groups, applications and the tenant keep their ids. The owner of a flow in Dataverse is a
//! column of `cloud_flows`, not a row here.

use std::borrow::Cow;

use super::connections::after;
use super::tenant_isolation_rules::printed;
use crate::json::ZERO_GUID;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Named, Record, Rows, cell, plain};

/// Owners, co-owners, sharing with everyone.
pub(crate) static TABLE: Table = Table {
    name: "asset_shares",
    grain: "one row per asset, principal and role",
    about: "owners, co-owners, sharing with everyone",
    scope: Scope::Environment,
    key: &["environment_id", "asset_kind", "asset_id", "principal_id", "role"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("asset_kind").required().about("app, flow"),
        Column::text("asset_id").required().business(),
        Column::text("principal_id").required().personal(),
        Column::text("role").required().about("owner, edit, view; CanViewWithShare = view"),
        Column::text("principal_type")
            .required()
            .about("user, group, tenant, serviceprincipal; tenant = everyone"),
    ],
    readings: &[
        Reading { source: "powerapps.app_permissions", read: app },
        Reading { source: "flow.permissions", read: flow },
    ],
    complete: &[
        &["powerapps.app_permissions", "flow.permissions"],
        &["powerapps.app_permissions", "dv.users"],
    ],
    sample: Sample::Seen,
};

fn app(record: &Record<'_>, rows: &mut Rows) {
    share(record, "app", "apps", rows);
}

fn flow(record: &Record<'_>, rows: &mut Rows) {
    share(record, "flow", "flows", rows);
}

fn share(record: &Record<'_>, kind: &'static str, segment: &str, rows: &mut Rows) {
    let principal = record.at("properties.principal");
    let path = [record.at("id"), record.at("properties.scope")];
    let in_path = |name: &str| path.into_iter().find_map(|path| after(path, name));
    rows.push([
        cell(
            "environment_id",
            record.place.environment.clone().map(Cow::Owned).or_else(|| in_path("environments")),
        ),
        cell("asset_kind", kind),
        cell("asset_id", record.parent().or_else(|| in_path(segment))),
        person("principal_id", principal, None),
        cell("role", role(record.at("properties.roleName"))),
        cell("principal_type", principal.at("type").word()),
    ]);
}

fn role(name: Json<'_>) -> Option<Cow<'_, str>> {
    let name = name.word()?;
    Some(match name.as_ref() {
        "canedit" => Cow::Borrowed("edit"),
        "canview" | "canviewwithshare" | "canread" => Cow::Borrowed("view"),
        _ => name,
    })
}

/// A principal from an object with an id, or from a bare id. People are pseudonymised where the column is
/// personal; groups, applications and tenants are not. `platform` is written for the platform itself.
pub(super) fn person<'v>(
    column: &'static str,
    who: Json<'v>,
    platform: Option<&'static str>,
) -> Named<'v> {
    if is_platform(who) {
        return plain(column, platform.map(Cow::Borrowed));
    }
    let is_user = who.at("type").word().is_none_or(|kind| kind == "user" || kind == "notspecified");
    if is_user { cell(column, id(who)) } else { plain(column, id(who)) }
}

/// Whether an author is the platform: the id `SYSTEM`, the null GUID, or the display name `SYSTEM`.
pub(super) fn is_platform(who: Json<'_>) -> bool {
    let named =
        who.at("displayName").text().is_some_and(|name| name.eq_ignore_ascii_case("system"));
    named || id(who).is_some_and(|id| id == "system" || id == ZERO_GUID)
}

fn id(who: Json<'_>) -> Option<Cow<'_, str>> {
    let told = who.id().or_else(|| who.at("id").id()).or_else(|| who.at("objectId").id());
    told.or_else(|| printed(who, "id").map(|id| Cow::Owned(id.to_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    #[test]
    fn everyone_is_the_tenant() {
        let place =
            Place { environment: Some("e1".into()), parent: Some("a1".into()), ..Place::default() };
        let text = r#"{"name": "T1", "properties": {"roleName": "CanViewWithShare", "principal": {"id": "T1", "type": "Tenant"}}}"#;
        assert_eq!(
            rows_at(&TABLE, "powerapps.app_permissions", &place, text),
            [
                "environment_id=e1, asset_kind=app, asset_id=a1, principal_id=t1, role=view, principal_type=tenant"
            ]
        );
    }

    #[test]
    fn the_path_names_environment_and_asset() {
        let flow = r#"{"id": "/providers/Microsoft.ProcessSimple/environments/Default-E1/flows/F1/permissions/U1",
            "properties": {"roleName": "Owner", "principal": {"id": "U1", "type": "User"}}}"#;
        assert_eq!(
            rows(&TABLE, "flow.permissions", flow),
            [
                "environment_id=default-e1, asset_kind=flow, asset_id=f1, principal_id=u1, role=owner, principal_type=user"
            ]
        );
        let app = r#"{"id": "/providers/Microsoft.PowerApps/apps/A1/permissions/U1", "properties": {"roleName": "CanEdit",
            "scope": "/providers/Microsoft.PowerApps/environments/E1/apps/A1", "principal": {"id": "U1", "type": "User"}}}"#;
        assert_eq!(
            rows(&TABLE, "powerapps.app_permissions", app),
            [
                "environment_id=e1, asset_kind=app, asset_id=a1, principal_id=u1, role=edit, principal_type=user"
            ]
        );
        assert!(
            rows(
                &TABLE,
                "flow.permissions",
                r#"{"properties": {"principal": {"id": 5}, "roleName": []}}"#
            )
            .is_empty()
        );
    }
}
