//! Power Platform: the administration services, tenant-wide and by environment.

mod bap_tenant;
mod gov_dlp_list;
mod gov_dlp_policy;

use crate::source::{Grant, Source};

/// What lets in on the administration hosts.
const ADMIN: Grant = Grant {
    application: Some("registered management app"),
    delegated: Some("Power Platform Administrator"),
};

/// The sources of this family.
pub(crate) const SOURCES: &[&Source] =
    &[&bap_tenant::SOURCE, &gov_dlp_list::SOURCE, &gov_dlp_policy::SOURCE];
