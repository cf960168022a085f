//! Secrets of a vault, by the vault itself: `GET {vault}/secrets`.
//!
//! Needs Key Vault Reader or an access policy with `list` on secrets, and a way through the vault's firewall. Asked only
//! on demand: `arm.key_vault_secrets` tells the same with a smaller right. Names and attributes, never a value: the
//! address of a single secret is not among the requests.

use highwater_http::Paging;

use crate::found::{Due, Place};
use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "kv.secrets",
    about: "names and expiry dates of the secrets of each vault, from the vault",
    page: "https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets",
    service: "keyvault",
    scope: Scope::Each("vault"),
    requests: &[Request {
        path: "{+vault_uri}/secrets",
        query: &[("api-version", "7.4"), ("maxresults", "25")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: Grant::both("Key Vault Reader, or an access policy with list on secrets"),
    on_demand: true,
    due,
    ..Source::DEFAULT
};

fn due(place: &Place<'_>) -> Due {
    let address = place.object.and_then(|vault| vault.fields.get("vault_uri"));
    if address.is_none_or(String::is_empty) {
        Due::Not("the address of the vault is not told")
    } else {
        Due::Ask
    }
}
