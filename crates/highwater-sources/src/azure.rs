//! Azure: Resource Graph first, then what it does not hold, resource by resource.
//!
//! A query sees what the reader may see and leaves the rest out in silence, so the list of subscriptions is always read
//! with it. Partial answers for tenants with too many subscriptions are not asked for (`allowPartialScopes`): a refusal
//! is known to be one. `arg.nsg_rules` of the table documentation has no file here: rules and subnets stand in the
//! records of `arg.resources`, which is read anyway.

mod arg_insights;
mod arg_power_platform;
mod arg_recovery;
mod arg_resources;
mod arg_security;
mod arg_subscriptions;
mod arm_diagnostic_settings;
mod arm_event_subscriptions;
mod arm_key_vault_secrets;
mod arm_sentinel;
mod kv_secrets;
mod la_freshness;

use highwater_http::Paging;

use crate::source::{Grant, Request, Source};

/// The sources of this family.
pub(crate) const SOURCES: &[&Source] = &[
    &arg_subscriptions::SOURCE,
    &arg_resources::SOURCE,
    &arg_insights::SOURCE,
    &arg_recovery::SOURCE,
    &arg_security::SOURCE,
    &arg_power_platform::SOURCE,
    &arm_key_vault_secrets::SOURCE,
    &kv_secrets::SOURCE,
    &arm_event_subscriptions::SOURCE,
    &arm_diagnostic_settings::SOURCE,
    &arm_sentinel::SOURCE,
    &la_freshness::SOURCE,
];

/// What lets in on Resource Graph and on most of Resource Manager.
const READER: Grant = Grant::both("Reader");

/// A query to Resource Graph; the body is added. `POST` because queries are long: nothing is written by it.
const QUERY: Request = Request {
    path: "/providers/Microsoft.ResourceGraph/resources",
    query: &[("api-version", "2021-03-01")],
    paging: Paging::ResourceGraph,
    ..Request::GET
};

/// The body of a query: records as objects, pages as long as they may be. A query keeps `id` and is ordered by it:
/// otherwise the service gives no token for the next page, or pages that overlap.
macro_rules! body {
    ($($query:literal),+ $(,)?) => {
        Some(concat!(
            r#"{"query":""#,
            $($query,)+
            r#"","options":{"resultFormat":"objectArray","$top":1000}}"#
        ))
    };
}
use body;
