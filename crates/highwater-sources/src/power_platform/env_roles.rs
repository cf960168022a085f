//! Roles in an environment without Dataverse:
//! `GET {bap}/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{environment}/roleAssignments`.
//!
//! Needs a registered management app or a Power Platform administrator. Where there is Dataverse the service refuses,
//! and the roles are read there.

use serde::Deserialize;

use super::ADMIN;
use crate::found::{Answer, Due, Found, Object, Place};
use crate::source::{Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "bap.env_roles",
    about: "administrators and makers of an environment without Dataverse",
    page: "https://learn.microsoft.com/power-platform/admin/database-security",
    service: "bap",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{env}/roleAssignments",
        query: &[("api-version", "2021-04-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    due,
    names: &["principal"],
    find,
    ..Source::DEFAULT
};

fn due(place: &Place<'_>) -> Due {
    let is_with = place.environment.is_some_and(|environment| environment.dataverse.is_some());
    if is_with { Due::Never } else { Due::Ask }
}

#[derive(Deserialize)]
struct Assignment {
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    principal: Principal,
}

#[derive(Deserialize)]
struct Principal {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for assignment in answer.list::<Assignment>() {
        let principal = assignment.properties.principal;
        if principal.kind.eq_ignore_ascii_case("User") {
            found.named(Object::new("principal", principal.id));
        }
    }
}
