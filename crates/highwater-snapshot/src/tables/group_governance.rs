//! `group_governance`: one row per group and governing object.
//!
//! A row is an access package that hands out a group, or an access review of a group:
//! <https://learn.microsoft.com/graph/api/resources/accesspackage> with its resource role scopes expanded, and
//! <https://learn.microsoft.com/graph/api/resources/accessreviewscheduledefinition>. Both are records of
//! `graph.access_packages` and are told apart by their fields; the beta names of the scopes are read too.
//! Reviews that name no single group (all guests of all groups) are left out.
//! Trap: a one-off review has a recurrence without a pattern.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Lifecycle of access.
pub(crate) static TABLE: Table = Table {
    name: "group_governance",
    grain: "one row per group and governing object",
    about: "lifecycle of access",
    scope: Scope::Tenant,
    key: &["group_id", "kind", "object_id"],
    columns: &[
        Column::text("group_id").required().business(),
        Column::text("kind").required().about("access_package, access_review"),
        Column::text("object_id").required().business(),
        Column::bool("is_recurring").required(),
    ],
    readings: &[Reading { source: "graph.access_packages", read: governing }],
    complete: &[&["graph.access_packages"]],
    sample: Sample::Seen,
};

fn governing(record: &Record<'_>, rows: &mut Rows) {
    if record.at("scope").is_object() || record.at("instanceEnumerationScope").is_object() {
        review(record, rows);
        return;
    }
    for role_scope in record.at("resourceRoleScopes").items() {
        package(record, role_scope.at("scope"), role_scope.at("role"), rows);
    }
    for role_scope in record.at("accessPackageResourceRoleScopes").items() {
        package(
            record,
            role_scope.at("accessPackageResourceScope"),
            role_scope.at("accessPackageResourceRole"),
            rows,
        );
    }
}

fn package(record: &Record<'_>, scope: Json<'_>, role: Json<'_>, rows: &mut Rows) {
    let system = scope.at("originSystem").word().or_else(|| role.at("originSystem").word());
    if system.is_some_and(|system| system != "aadgroup") {
        return;
    }
    rows.push([
        cell("group_id", scope.at("originId").id()),
        cell("kind", "access_package"),
        cell("object_id", record.at("id").id()),
        cell("is_recurring", false),
    ]);
}

fn review(record: &Record<'_>, rows: &mut Rows) {
    let queries = ["instanceEnumerationScope.query", "scope.query"];
    let Some(group) = queries.into_iter().find_map(|path| group_of(record.at(path))) else {
        return;
    };
    let recurrence = record.at("settings.recurrence");
    rows.push([
        cell("group_id", group),
        cell("kind", "access_review"),
        cell("object_id", record.at("id").id()),
        cell("is_recurring", recurrence.is_present().then(|| recurrence.at("pattern").is_told())),
    ]);
}

/// The group of a query such as `/groups/{id}/transitiveMembers` or `/v1.0/groups/{id}/members/...`.
fn group_of(query: Json<'_>) -> Option<Cow<'_, str>> {
    let query = query.id()?;
    let rest = query.split("/groups/").nth(1)?;
    let id = rest.split(['/', '?']).next()?;
    (id.len() == 36).then(|| Cow::Owned(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn packages_name_groups_by_their_role_scopes() {
        let package = r#"{"id": "P1", "resourceRoleScopes": [
            {"role": {"originSystem": "AadGroup"}, "scope": {"originId": "00000000-0000-0000-0000-000000000001"}},
            {"scope": {"originId": "https://contoso.example/sites/x", "originSystem": "SharePointOnline"}}]}"#;
        assert_eq!(
            rows(&TABLE, "graph.access_packages", package),
            [
                "group_id=00000000-0000-0000-0000-000000000001, kind=access_package, object_id=p1, is_recurring=false"
            ]
        );
        assert!(
            rows(&TABLE, "graph.access_packages", r#"{"id": "P2", "displayName": "Empty"}"#)
                .is_empty()
        );
    }

    #[test]
    fn only_reviews_with_a_pattern_recur() {
        let review = |settings: &str| {
            let text = format!(
                r#"{{"id": "R1", "scope": {{"query": "/groups/00000000-0000-0000-0000-000000000001/transitiveMembers"}}, "settings": {settings}}}"#
            );
            rows(&TABLE, "graph.access_packages", &text)
        };
        let row = "group_id=00000000-0000-0000-0000-000000000001, kind=access_review, object_id=r1, is_recurring=";
        assert_eq!(
            review(r#"{"recurrence": {"pattern": {"type": "weekly"}}}"#),
            [format!("{row}true")]
        );
        assert_eq!(review(r#"{"recurrence": {"pattern": null}}"#), [format!("{row}false")]);
        assert!(review("{}").is_empty(), "a review that does not tell its recurrence is rejected");
    }
}
