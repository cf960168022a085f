//! Role assignments of the platform's own roles: `GET {ppapi}/authorization/roleAssignments`.
//!
//! Needs the reader role. Definitions of the roles are left out: the built-in ones are known by their ids.

use serde::Deserialize;

use super::READER;
use crate::found::{Answer, Found, Object};
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "ppapi.role_assignments",
    about: "who holds the platform's own roles at the tenant",
    page: "https://learn.microsoft.com/rest/api/power-platform/authorization/role-assignments",
    service: "ppapi",
    requests: &[Request {
        path: "/authorization/roleAssignments",
        query: &[("api-version", "2024-10-01")],
        ..Request::GET
    }],
    grant: READER,
    names: &["principal"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    principal_object_id: String,
    principal_type: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for assignment in answer.list::<Assignment>() {
        let kind = assignment.principal_type.unwrap_or_default().to_lowercase();
        if kind == "user" {
            found.named(Object::new("principal", assignment.principal_object_id));
        }
    }
}
