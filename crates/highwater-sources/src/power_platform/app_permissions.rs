//! Who may use an app:
//! `GET {powerapps}/providers/Microsoft.PowerApps/scopes/admin/environments/{environment}/apps/{app}/permissions`.
//!
//! Needs a registered management app or a Power Platform administrator. Asked only for apps that are shared.

use super::ADMIN;
use crate::source::{Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "powerapps.app_permissions",
    about: "with whom each shared app is shared",
    page: "https://learn.microsoft.com/power-apps/maker/canvas-apps/share-app",
    service: "powerapps",
    scope: Scope::Each("app"),
    requests: &[Request {
        path: "/providers/Microsoft.PowerApps/scopes/admin/environments/{env}/apps/{id}/permissions",
        query: &[("api-version", "2022-11-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};
