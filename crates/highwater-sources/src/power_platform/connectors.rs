//! Connectors: the catalogue, `GET {powerapps}/providers/Microsoft.PowerApps/apis`, and the custom ones of an
//! environment, `GET {powerapps}/providers/Microsoft.PowerApps/scopes/admin/environments/{environment}/apis`.
//!
//! Needs a registered management app or a Power Platform administrator. Their definitions are not asked for.

use super::ADMIN;
use crate::source::{Request, Reuse, Scope, Source};
use highwater_http::Paging;

pub(crate) static CATALOGUE: Source = Source {
    id: "powerapps.connectors",
    about: "connectors of the catalogue with their tier and publisher",
    page: "https://learn.microsoft.com/connectors/connector-reference/",
    service: "powerapps",
    requests: &[Request {
        path: "/providers/Microsoft.PowerApps/apis",
        query: &[
            ("api-version", "2019-05-01"),
            ("showApisWithToS", "true"),
            ("hideDlpExemptApis", "true"),
            ("showAllDlpEnforceableApis", "true"),
            ("$filter", "environment eq '~Default'"),
        ],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};

pub(crate) static CUSTOM: Source = Source {
    id: "powerapps.custom_connectors",
    about: "custom connectors of an environment",
    page: "https://learn.microsoft.com/connectors/custom-connectors/",
    service: "powerapps",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/providers/Microsoft.PowerApps/scopes/admin/environments/{env}/apis",
        query: &[("api-version", "2016-11-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    reuse: Some(Reuse::CONNECTIONS),
    ..Source::DEFAULT
};
