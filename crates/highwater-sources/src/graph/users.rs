//! Owners: `POST {graph}/v1.0/directoryObjects/getByIds`, a thousand ids a request.
//!
//! Asks only for the principals that other answers name, not for the directory. `POST` because of the number of ids:
//! nothing is written. User.Read.All tells of people; the vendor's page names Directory.Read.All, which also tells of
//! groups and applications. That fields can be selected here is UNVERIFIED; names and mail addresses are not asked for.

use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.users",
    about: "owners, makers and other principals that answers name",
    page: "https://learn.microsoft.com/graph/api/directoryobject-getbyids",
    service: "graph",
    scope: Scope::Batch { of: "principal", size: 1000 },
    requests: &[Request {
        path: "/v1.0/directoryObjects/getByIds",
        query: &[("$select", "id,accountEnabled,userType,department,createdDateTime")],
        body: Some(r#"{"ids":{ids},"types":["user","group","servicePrincipal"]}"#),
        ..Request::GET
    }],
    grant: Grant::both("User.Read.All, or Directory.Read.All"),
    ..Source::DEFAULT
};
