//! Rules of an environment group, the newer way: `GET {ppapi}/governance/ruleBasedPolicies/environmentGroups/{group}/assignments`,
//! then each policy that is assigned.
//!
//! Needs the reader role or a registered management app. Asked only where the group's rule sets are refused.

use serde::Deserialize;

use super::READER;
use crate::found::{Answer, Found, Object};
use crate::source::{Each, Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "ppapi.group_rules",
    about: "rules of each environment group, from rule-based policies",
    page: "https://learn.microsoft.com/rest/api/power-platform/governance/rule-based-policies",
    service: "ppapi",
    scope: Scope::Each("environment_group"),
    requests: &[
        Request {
            path: "/governance/ruleBasedPolicies/environmentGroups/{id}/assignments",
            query: &[("api-version", "2024-10-01"), ("includeRuleSetCounts", "false")],
            paging: Paging::ODataNextLink,
            evidence: false,
            ..Request::GET
        },
        Request {
            path: "/governance/ruleBasedPolicies/{key}",
            query: &[("api-version", "2024-10-01")],
            each: Each::Found("assigned_policy"),
            ..Request::GET
        },
    ],
    grant: READER,
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Assignment {
    #[serde(rename = "policyId")]
    policy: String,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    if answer.key.is_empty() {
        for assignment in answer.list::<Assignment>() {
            found.key(Object::new("assigned_policy", assignment.policy));
        }
    }
}
