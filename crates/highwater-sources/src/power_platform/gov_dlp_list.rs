//! Data policies: `GET {bap}/providers/PowerPlatform.Governance/v2/policies`.
//!
//! Needs a registered management app or a Power Platform administrator. The list leaves the connector groups out, so
//! that each policy is read by itself afterwards.

use serde::Deserialize;

use super::ADMIN;
use crate::found::{Answer, Found, Object};
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "gov.dlp_list",
    about: "data policies",
    page: "https://learn.microsoft.com/power-platform/admin/wp-data-loss-prevention",
    service: "bap",
    requests: &[Request {
        path: "/providers/PowerPlatform.Governance/v2/policies",
        ..Request::GET
    }],
    grant: ADMIN,
    names: &["policy"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Policy {
    #[serde(rename = "policyDefinition")]
    definition: Definition,
}

#[derive(Deserialize)]
struct Definition {
    name: String,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for policy in answer.list::<Policy>() {
        found.child(Object::new("policy", policy.definition.name));
    }
}
