//! Environment groups: `GET {bap}/providers/Microsoft.BusinessAppPlatform/environmentGroups`.
//!
//! Needs a registered management app or a Power Platform administrator. Their rules are read group by group.

use serde::Deserialize;

use super::ADMIN;
use crate::found::{Answer, Found, Object};
use crate::source::{Request, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "bap.environment_groups",
    about: "environment groups",
    page: "https://learn.microsoft.com/power-platform/admin/environment-groups",
    service: "bap",
    requests: &[Request {
        path: "/providers/Microsoft.BusinessAppPlatform/environmentGroups",
        query: &[("api-version", "2021-04-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    names: &["environment_group"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Group {
    id: String,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for group in answer.list::<Group>() {
        // Some answers give the whole path as the id.
        let id = group.id.rsplit('/').next().unwrap_or_default();
        found.child(Object::new("environment_group", id));
    }
}
