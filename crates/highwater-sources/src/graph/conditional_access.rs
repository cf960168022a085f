//! Conditional access: `GET {graph}/v1.0/identity/conditionalAccess/policies`.
//!
//! Needs Policy.Read.All. The service counts these requests apart, one a second for the whole tenant, and does not say
//! how long to wait. Named locations and authentication contexts are left out: no table keeps them. Groups that a
//! policy includes or excludes are asked for their members.

use serde::Deserialize;

use super::LIST;
use crate::found::{Answer, Found, Object};
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.conditional_access",
    about: "policies of conditional access",
    page: "https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies",
    service: "graph",
    requests: &[Request {
        part: "policies",
        path: "/v1.0/identity/conditionalAccess/policies",
        ..LIST
    }],
    grant: Grant::both("Policy.Read.All"),
    names: &["group"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Policy {
    conditions: Option<Conditions>,
}

#[derive(Deserialize)]
struct Conditions {
    users: Option<Users>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Users {
    include_groups: Option<Vec<String>>,
    exclude_groups: Option<Vec<String>>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    let users = answer.list::<Policy>().into_iter().filter_map(|policy| policy.conditions?.users);
    for Users { include_groups, exclude_groups } in users {
        let groups = include_groups.into_iter().chain(exclude_groups).flatten();
        groups.for_each(|group| found.named(Object::new("group", group)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{found, payload};

    fn groups(page: &str) -> Vec<String> {
        found(&SOURCE, None, ("policies", ""), page).named.into_iter().map(|one| one.id).collect()
    }

    #[test]
    fn groups_of_policies_are_named_whatever_is_null() {
        let page = r#"{"value": [
            {"conditions": {"users": {"includeGroups": ["g1"], "excludeGroups": ["g2", "g1"]}}},
            {"conditions": {"users": {"includeUsers": ["All"], "includeGroups": null}}},
            {"conditions": {"users": null}}, {"conditions": null}]}"#;
        assert_eq!(groups(page), ["g1", "g2", "g1"]);
    }

    #[test]
    fn exported_policies_name_their_groups() {
        let Some(page) = payload("graph/conditional-access/policies-list.json") else { return };
        // The published example names everybody and no group.
        assert!(groups(&page).iter().all(|group| !group.is_empty()));
        let Some(policy) =
            payload("graph/conditional-access/export-CA300-service-accounts-mfa.json")
        else {
            return;
        };
        let policy = policy.trim_start_matches('\u{feff}');
        assert!(!groups(&format!("{{\"value\": [{policy}]}}")).is_empty());
    }
}
