//! Cloud: hosts and audiences of a Microsoft cloud, as data.
//!
//! Owns which host a service has and which audience its tokens are for. The data stands in `config/clouds.toml`.

use std::collections::BTreeMap;

use crate::Audience;

/// One service of a cloud: where it is and whom its tokens are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Base address without a slash at the end; may hold `{tenant}`-like parts, which the caller fills.
    pub base: String,
    /// Audience of its tokens.
    pub audience: Audience,
    /// Further host patterns that may be read with tokens of this audience (`*.crm4.dynamics.com`).
    pub hosts: Vec<String>,
}

/// A cloud: services by name (`bap`, `ppapi`, `powerapps`, `flow`, `graph`, `arm` …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Its name, as in `--cloud`.
    pub name: String,
    /// Where Entra is: `https://login.microsoftonline.com`.
    pub authority: String,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
}
