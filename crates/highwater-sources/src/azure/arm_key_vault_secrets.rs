//! Secrets of a vault, by Resource Manager: `GET {arm}{vault}/secrets`.
//!
//! Needs Reader on the vault and no right on its data plane; the firewall of the vault does not stand in the way. Names
//! and attributes of current versions only: neither this call nor any other of this program returns a value. Keys and
//! certificates are left out. That secrets made on the data plane all show here is UNVERIFIED (`kv.secrets` tells).

use highwater_http::Paging;

use super::READER;
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arm.key_vault_secrets",
    about: "names and expiry dates of the secrets of each vault",
    page: "https://learn.microsoft.com/rest/api/keyvault/keyvault/secrets/list",
    service: "arm",
    scope: Scope::Each("vault"),
    requests: &[Request {
        path: "{+id}/secrets",
        query: &[("api-version", "2021-04-01-preview")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: READER,
    ..Source::DEFAULT
};
