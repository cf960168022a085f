//! `group_members`: one row per group and member.
//!
//! A row is a member of a group, nested groups resolved, from `/groups/{id}/transitiveMembers`:
//! <https://learn.microsoft.com/graph/api/group-list-transitivemembers>. The group is the parent of the request.
//! Nested groups themselves, devices and contacts are left out: they are no people and own nothing.
//! Trap: `userType` and `accountEnabled` come only when selected.

use super::principals::kind;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell, plain};

/// Community, champions, CoE, CA scope.
pub(crate) static TABLE: Table = Table {
    name: "group_members",
    grain: "one row per group and member",
    about: "community, champions, CoE, CA scope",
    scope: Scope::Group,
    key: &["group_id", "principal_id"],
    columns: &[
        Column::text("group_id").required().business(),
        Column::text("principal_id").required().personal(),
        Column::bool("is_human"),
        Column::bool("account_enabled"),
    ],
    readings: &[Reading { source: "graph.group_members", read: member }],
    complete: &[&["graph.group_members"]],
    sample: Sample::Seen,
};

fn member(record: &Record<'_>, rows: &mut Rows) {
    let id = record.at("id").id();
    let (principal, is_human) = match kind(record.json) {
        Some("user") => {
            (cell("principal_id", id), record.at("userType").word().map(|kind| kind == "member"))
        }
        Some("serviceprincipal") => (plain("principal_id", id), Some(false)),
        _ => return,
    };
    rows.push([
        cell("group_id", record.parent().or_else(|| record.at("groupId").id())),
        principal,
        cell("is_human", is_human),
        cell("account_enabled", record.at("accountEnabled").flag()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn rows(json: &str) -> Vec<String> {
        rows_at(
            &TABLE,
            "graph.group_members",
            &Place { parent: Some("g1".into()), ..Place::default() },
            json,
        )
    }

    #[test]
    fn people_guests_and_applications() {
        let user = r##"{"@odata.type": "#microsoft.graph.user", "id": "U1", "userType": "Member", "accountEnabled": true}"##;
        assert_eq!(
            rows(user),
            ["group_id=g1, principal_id=u1, is_human=true, account_enabled=true"]
        );
        let guest = r#"{"id": "U2", "userType": "Guest"}"#;
        assert_eq!(rows(guest), ["group_id=g1, principal_id=u2, is_human=false"]);
        let application = r##"{"@odata.type": "#microsoft.graph.servicePrincipal", "id": "S1"}"##;
        assert_eq!(rows(application), ["group_id=g1, principal_id=s1, is_human=false"]);
        assert!(rows(r##"{"@odata.type": "#microsoft.graph.group", "id": "G2"}"##).is_empty());
    }

    #[test]
    fn a_member_without_its_type_may_be_a_guest() {
        assert_eq!(rows(r#"{"id": "U3", "accountEnabled": []}"#), ["group_id=g1, principal_id=u3"]);
    }
}
