//! `principals`: one row per directory object that owns, made or administers something.
//!
//! A row is a directory object behind an asset or a role: <https://learn.microsoft.com/graph/api/directoryobject-getbyids>
//! and `/users` (`graph.users`), `/directory/deletedItems` (`graph.deleted_users`).
//! `graph.unresolved` is Highwater's own record `{"id": "..."}` for an id that neither of them returned
//! although both were read in full: such an owner is gone; it counts as a user because facts take owners for
//! people unless told otherwise. `training` is an own CSV (`principal_id`, `certificate`, `expires_on`).
//! People are pseudonymised; service principals and groups are not. Names and addresses are never kept.
//! Traps: a plain `/users` answer has no `@odata.type`, and without `$select` no `accountEnabled`.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Named, Record, Rows, Time, cell, plain};

/// People and service principals behind the assets.
pub(crate) static TABLE: Table = Table {
    name: "principals",
    grain: "one row per directory object that owns, made or administers something",
    about: "people and service principals behind the assets",
    scope: Scope::Tenant,
    key: &["principal_id"],
    columns: &[
        Column::text("principal_id").required().personal(),
        Column::text("kind").required().about("user, serviceprincipal, group"),
        Column::bool("account_enabled").about("not found by getByIds and found among deleted items, or not found at all after a full read = false with is_deleted = true"),
        Column::bool("is_deleted"),
        Column::text("user_type").about("member, guest"),
        Column::text("department").business().about("small groups identify people: departments with fewer than 3 makers are shown as other"),
        Column::bool("is_professional").business().derived().about("null when no such list is configured: then everybody counts as citizen maker"),
        Column::time("certified_until").personal().about("import only; null = no record"),
        Column::bool("has_training_record").personal().derived().about("null when no training file was imported"),
    ],
    readings: &[Reading { source: "graph.users", read: object }, Reading { source: "graph.deleted_users", read: deleted }, Reading { source: "graph.unresolved", read: unresolved }, Reading { source: "training", read: training }, Reading { source: "coe.makers", read: kit }],
    complete: &[&["graph.users", "graph.deleted_users"]],
    sample: Sample::Seen,
};

fn object(record: &Record<'_>, rows: &mut Rows) {
    let Some(kind) = kind(record.json) else { return };
    rows.push([
        id(record.json, kind),
        cell("kind", kind),
        cell("account_enabled", record.at("accountEnabled").flag()),
        cell("is_deleted", record.at("deletedDateTime").is_told()),
        cell("user_type", record.at("userType").word()),
        cell("department", record.at("department").filled()),
    ]);
}

fn deleted(record: &Record<'_>, rows: &mut Rows) {
    let Some(kind) = kind(record.json) else { return };
    rows.push([
        id(record.json, kind),
        cell("kind", kind),
        cell("account_enabled", false),
        cell("is_deleted", true),
        cell("user_type", record.at("userType").word()),
    ]);
}

fn unresolved(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        id(record.json, "user"),
        cell("kind", "user"),
        cell("account_enabled", false),
        cell("is_deleted", true),
    ]);
}

/// Makers of the CoE Starter Kit. An orphaned one was not found in the directory; one that was found may be disabled.
fn kit(record: &Record<'_>, rows: &mut Rows) {
    let application = record.at("isServicePrincipal").flag() == Some(true);
    let orphaned = record.at("isOrphaned").flag();
    let (kind, principal) = if application {
        ("serviceprincipal", plain("principal_id", record.at("id").id()))
    } else {
        ("user", cell("principal_id", record.at("id").id()))
    };
    rows.push([
        principal,
        cell("kind", kind),
        cell("account_enabled", orphaned.filter(|orphaned| *orphaned).map(|_| false)),
        cell("is_deleted", orphaned),
        cell("department", record.at("department").filled()),
    ]);
}

/// When a certificate ends: where only the day of issue is told, a year after it, as the vendor's role-based
/// certificates do unless renewed.
fn certified_until(record: &Record<'_>) -> Option<Time> {
    let issued = record.at("issued_on").time();
    record.at("expires_on").time().or_else(|| issued.map(|day| day.days_before(-365)))
}

fn training(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("principal_id", record.at("principal_id").id()),
        cell("kind", "user"),
        cell("certified_until", certified_until(record)),
        cell("has_training_record", true),
    ]);
}

/// The kind of a directory object; none for devices, contacts and directory roles.
pub(crate) fn kind(object: Json<'_>) -> Option<&'static str> {
    let Some(told) = object.key("@odata.type").word() else {
        let application =
            object.at("servicePrincipalType").is_told() || object.at("appId").is_told();
        let group =
            object.at("groupTypes").is_present() || object.at("securityEnabled").is_present();
        return Some(if application {
            "serviceprincipal"
        } else if group {
            "group"
        } else {
            "user"
        });
    };
    ["user", "serviceprincipal", "group"]
        .into_iter()
        .find(|kind| told.rsplit('.').next() == Some(*kind))
}

fn id<'v>(object: Json<'v>, kind: &str) -> Named<'v> {
    let id: Option<Cow<'v, str>> = object.at("id").id();
    if kind == "user" { cell("principal_id", id) } else { plain("principal_id", id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn kinds_come_from_the_type_or_from_the_fields() {
        let user = r##"{"@odata.type": "#microsoft.graph.user", "id": "U1", "accountEnabled": true, "userType": "Member", "department": "Finance"}"##;
        assert_eq!(
            rows(&TABLE, "graph.users", user),
            [
                "principal_id=u1, kind=user, account_enabled=true, is_deleted=false, user_type=member, department=Finance"
            ]
        );
        assert_eq!(
            rows(&TABLE, "graph.users", r#"{"id": "S1", "appId": "a", "accountEnabled": "?"}"#),
            ["principal_id=s1, kind=serviceprincipal, is_deleted=false"]
        );
        assert!(
            rows(
                &TABLE,
                "graph.users",
                r##"{"@odata.type": "#microsoft.graph.device", "id": "D1"}"##
            )
            .is_empty()
        );
    }

    #[test]
    fn deleted_and_trained_people() {
        assert_eq!(
            rows(
                &TABLE,
                "graph.deleted_users",
                r#"{"id": "U2", "deletedDateTime": "2026-11-01T00:00:00Z"}"#
            ),
            ["principal_id=u2, kind=user, account_enabled=false, is_deleted=true"]
        );
        assert_eq!(
            rows(
                &TABLE,
                "training",
                r#"{"principal_id": "u3", "certificate": "App maker", "expires_on": "2027-01-01"}"#
            ),
            [
                "principal_id=u3, kind=user, certified_until=2027-01-01T00:00:00Z, has_training_record=true"
            ]
        );
    }

    #[test]
    fn a_certificate_without_an_end_lasts_a_year() {
        let text = r#"{"principal_id": "U3", "certificate": "PL-900", "issued_on": "2026-01-02"}"#;
        assert_eq!(
            rows(&TABLE, "training", text),
            [
                "principal_id=u3, kind=user, certified_until=2027-01-02T00:00:00Z, has_training_record=true"
            ]
        );
    }

    #[test]
    fn a_maker_of_the_kit_is_gone_or_was_found() {
        let gone = r#"{"id": "U1", "isOrphaned": true, "isServicePrincipal": false, "department": "Logistics"}"#;
        assert_eq!(
            rows(&TABLE, "coe.makers", gone),
            [
                "principal_id=u1, kind=user, account_enabled=false, is_deleted=true, department=Logistics"
            ]
        );
        let found = r#"{"id": "A1", "isOrphaned": false, "isServicePrincipal": true}"#;
        assert_eq!(
            rows(&TABLE, "coe.makers", found),
            ["principal_id=a1, kind=serviceprincipal, is_deleted=false"]
        );
    }
}
