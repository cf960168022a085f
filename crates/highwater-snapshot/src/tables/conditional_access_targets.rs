//! `conditional_access_targets`: one row per policy, direction and principal.
//!
//! A row is one principal that a conditional access policy includes or excludes: `conditions.users` of
//! <https://learn.microsoft.com/graph/api/resources/conditionalaccessusers>. People are pseudonymised; groups,
//! roles (by role template id) and the words for everybody and guests are not. `None` gives no row.
//! Named locations, which the same source reads, give no rows.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell, plain};

/// Who is in scope.
pub(crate) static TABLE: Table = Table {
    name: "conditional_access_targets",
    grain: "one row per policy, direction and principal",
    about: "who is in scope",
    scope: Scope::Tenant,
    key: &["policy_id", "direction", "target_kind", "target_id"],
    columns: &[
        Column::text("policy_id").required().business(),
        Column::text("direction").required().about("include, exclude"),
        Column::text("target_kind").required().about("user, group, role, all, guests"),
        Column::text("target_id").required().personal().about("`all` for All"),
    ],
    readings: &[Reading { source: "graph.conditional_access", read: targets }],
    complete: &[&["graph.conditional_access"]],
    sample: Sample::Seen,
};

fn targets(record: &Record<'_>, rows: &mut Rows) {
    for direction in ["include", "exclude"] {
        let list = |what: &str| record.at("conditions.users").at(&format!("{direction}{what}"));
        for user in list("Users").items().filter_map(Json::id) {
            match &*user {
                "none" => {}
                "all" => push(record, rows, direction, "all", user),
                "guestsorexternalusers" => push(record, rows, direction, "guests", user),
                _ => rows.push([
                    cell("policy_id", record.at("id").id()),
                    cell("direction", direction),
                    cell("target_kind", "user"),
                    cell("target_id", user),
                ]),
            }
        }
        for (what, kind) in [("Groups", "group"), ("Roles", "role")] {
            for id in list(what).items().filter_map(Json::id) {
                push(record, rows, direction, kind, id);
            }
        }
        if list("GuestsOrExternalUsers").is_object() {
            push(record, rows, direction, "guests", Cow::Borrowed("guestsorexternalusers"));
        }
    }
}

/// A row about something that is no person.
fn push<'v>(
    record: &Record<'v>,
    rows: &mut Rows,
    direction: &'static str,
    kind: &'static str,
    id: Cow<'v, str>,
) {
    rows.push([
        cell("policy_id", record.at("id").id()),
        cell("direction", direction),
        cell("target_kind", kind),
        plain("target_id", Some(id)),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn one_row_for_each_principal() {
        let policy = r#"{"id": "P1", "conditions": {"users": {"includeUsers": ["All"], "excludeUsers": ["U1", "GuestsOrExternalUsers"],
            "includeGroups": [], "excludeGroups": ["G1"], "includeRoles": null, "excludeRoles": ["R1"],
            "includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bCollaborationGuest"}}}}"#;
        assert_eq!(
            rows(&TABLE, "graph.conditional_access", policy),
            [
                "policy_id=p1, direction=include, target_kind=all, target_id=all",
                "policy_id=p1, direction=include, target_kind=guests, target_id=guestsorexternalusers",
                "policy_id=p1, direction=exclude, target_kind=user, target_id=u1",
                "policy_id=p1, direction=exclude, target_kind=guests, target_id=guestsorexternalusers",
                "policy_id=p1, direction=exclude, target_kind=group, target_id=g1",
                "policy_id=p1, direction=exclude, target_kind=role, target_id=r1",
            ]
        );
        let nobody = r#"{"id": "P2", "conditions": {"users": {"includeUsers": ["None"], "includeGroups": 7}}}"#;
        assert!(rows(&TABLE, "graph.conditional_access", nobody).is_empty());
    }
}
