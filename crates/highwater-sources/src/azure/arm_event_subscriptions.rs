//! Event subscriptions of a vault: `GET {arm}{vault}/providers/Microsoft.EventGrid/eventSubscriptions`.
//!
//! Needs Reader on the vault. They tell whether the approaching expiry of a secret starts something. Addresses of
//! webhooks are not in this answer (they need an action of their own, which is never called).

use highwater_http::Paging;

use super::READER;
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arm.event_subscriptions",
    about: "what each vault notifies, and of which events",
    page: "https://learn.microsoft.com/rest/api/eventgrid/controlplane/event-subscriptions/list-by-resource",
    service: "arm",
    scope: Scope::Each("vault"),
    requests: &[Request {
        path: "{+id}/providers/Microsoft.EventGrid/eventSubscriptions",
        query: &[("api-version", "2020-06-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: READER,
    ..Source::DEFAULT
};
