//! Microsoft Graph: people, groups, licences, roles, conditional access, Intune, discovery; and the activity feed.
//!
//! Every request names the fields that it needs, because Graph gives much more of people than any table keeps. None
//! needs an advanced filter, and with it `ConsistencyLevel`. Policies of conditional access are counted apart by the
//! service, one request a second for the whole tenant: they are one short list and have a service name of their own.

mod access_packages;
mod app_discovery;
mod conditional_access;
mod cross_tenant;
mod deleted_users;
mod devices;
mod group_members;
mod groups;
mod intune_apps;
mod intune_detected_apps;
mod intune_policies;
mod o365_activity;
mod roles;
mod skus;
mod user_licences;
mod users;

use highwater_http::Paging;

use crate::source::{Request, Source};

/// The sources of this family.
pub(crate) const SOURCES: &[&Source] = &[
    &skus::SOURCE,
    &user_licences::SOURCE,
    &groups::SOURCE,
    &conditional_access::SOURCE,
    &group_members::SOURCE,
    &cross_tenant::SOURCE,
    &roles::SOURCE,
    &access_packages::SOURCE,
    &intune_apps::SOURCE,
    &intune_policies::SOURCE,
    &devices::SOURCE,
    &intune_detected_apps::SOURCE,
    &app_discovery::SOURCE,
    &deleted_users::SOURCE,
    &users::SOURCE,
    &o365_activity::SOURCE,
];

/// A list that goes on by `@odata.nextLink`.
const LIST: Request = Request { paging: Paging::ODataNextLink, ..Request::GET };
