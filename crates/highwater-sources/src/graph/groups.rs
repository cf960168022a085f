//! Groups: `GET {graph}/v1.0/groups`.
//!
//! Needs Group.Read.All. What makes a group automatic (rule and state of the rule), which products it hands out,
//! whether it is a team. `assignedLicenses` comes only when it is named. Owners, descriptions, mail addresses and
//! conversations are not asked for. Groups that hand out products are asked for their members.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::LIST;
use crate::found::{Answer, Found, Object};
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.groups",
    about: "groups, how they fill and what they hand out",
    page: "https://learn.microsoft.com/graph/api/group-list",
    service: "graph",
    requests: &[Request {
        path: "/v1.0/groups",
        query: &[
            (
                "$select",
                "id,displayName,groupTypes,securityEnabled,membershipRule,membershipRuleProcessingState,assignedLicenses,resourceProvisioningOptions",
            ),
            ("$top", "999"),
        ],
        ..LIST
    }],
    grant: Grant::both("Group.Read.All"),
    names: &["group"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    id: String,
    #[serde(default)]
    assigned_licenses: Vec<IgnoredAny>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for group in answer.list::<Group>() {
        if !group.assigned_licenses.is_empty() {
            found.named(Object { rank: 1, ..Object::new("group", group.id) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn groups_that_hand_out_products_are_asked_for_members() {
        let page = r#"{"value": [{"id": "g1", "assignedLicenses": [{"skuId": "s", "disabledPlans": []}]},
            {"id": "g2", "assignedLicenses": []}, {"id": "g3"}]}"#;
        let named = found(&SOURCE, None, ("", ""), page).named;
        let ids: Vec<&str> = named.iter().map(|group| group.id.as_str()).collect();
        assert_eq!(ids, ["g1"]);
    }
}
