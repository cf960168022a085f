//! Method: which of the ways to sign in is used, and with what.
//!
//! Owns the words of `--auth`, what the command says about signing in, and the description that `doctor` prints. How
//! the choice is made stands in `plan.rs`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::plan::Plan;
use crate::{Cloud, Error, Variables};

/// Public client of Azure CLI, which the Azure libraries also use when a person signs in without an application of
/// the organisation's own. <https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in>
pub const DEFAULT_PUBLIC_CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// A way to sign in, as in `--auth`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The first that the variables allow: secret, certificate, federated token, managed identity, Azure CLI.
    #[default]
    Auto,
    /// An application with a secret, a certificate or a federated token.
    ServicePrincipal,
    /// The identity that Azure gave to the machine.
    ManagedIdentity,
    /// An application that a Kubernetes service account stands for.
    WorkloadIdentity,
    /// Whoever is signed in to Azure CLI.
    AzureCli,
    /// A person in a browser on this machine.
    Browser,
    /// A person in a browser on any device.
    DeviceCode,
}

impl Method {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Auto,
        Self::ServicePrincipal,
        Self::ManagedIdentity,
        Self::WorkloadIdentity,
        Self::AzureCli,
        Self::Browser,
        Self::DeviceCode,
    ];

    /// The word of `--auth`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::ServicePrincipal => "service-principal",
            Self::ManagedIdentity => "managed-identity",
            Self::WorkloadIdentity => "workload-identity",
            Self::AzureCli => "azure-cli",
            Self::Browser => "browser",
            Self::DeviceCode => "device-code",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|method| method.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|method| method.as_str()).collect();
            Error::configuration(format!(
                "there is no sign-in method `{word}`: use one of {}",
                known.join(", ")
            ))
        })
    }
}

/// What the command says about signing in.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which way.
    pub method: Method,
    /// Tenant, by id or domain; otherwise `AZURE_TENANT_ID`.
    pub tenant: Option<String>,
    /// Application, by its client id; otherwise `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// Certificates to trust beside the system's store.
    pub ca_file: Option<PathBuf>,
    /// The one address at which all hosts are, see [`crate::tls::only`].
    pub connect_to: Option<std::net::SocketAddr>,
    /// Environment variables: the `AZURE_*` that Azure tools share, `GITHUB_TOKEN`, `IDENTITY_ENDPOINT` and its like.
    pub variables: Variables,
}

/// What would be used, for `doctor`. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The method that is used; never [`Method::Auto`].
    pub method: Method,
    /// With what and where from: `secret in AZURE_CLIENT_SECRET`.
    pub credential: String,
    /// Tenant, where the method needs or was given one.
    pub tenant: Option<String>,
    /// Client id of the application, where the method has one.
    pub client_id: Option<String>,
    /// Where Entra is asked.
    pub authority: String,
    /// Why this one: what was asked for, or what `auto` found.
    pub because: String,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.method, self.credential)?;
        if let Some(client_id) = &self.client_id {
            write!(f, ", application {client_id}")?;
        }
        if let Some(tenant) = &self.tenant {
            write!(f, ", tenant {tenant}")?;
        }
        write!(f, ", at {}; {}", self.authority, self.because)
    }
}

/// What would be used to sign in, and why; asks nobody.
///
/// # Errors
/// [`Error::Configuration`] if something is missing or cannot be meant; the text says what to set.
pub fn describe(settings: &Settings, cloud: &Cloud) -> Result<Description, Error> {
    Plan::new(settings, cloud).map(|plan| plan.description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_word_of_its_own() {
        for method in Method::ALL {
            assert_eq!(method.as_str().parse::<Method>().unwrap(), method);
        }
        assert!("magic".parse::<Method>().unwrap_err().to_string().contains("device-code"));
    }
}
