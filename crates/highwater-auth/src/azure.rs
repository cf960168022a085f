//! Azure: the credentials of `azure_identity`, on our transport and without their caches.
//!
//! Guarantees that they use the same TLS, trust and proxies as everything else, that each request builds its credential
//! anew (so that a refused token is never given out again by a cache below ours), and that their errors become ours.
//! One thing it cannot hold: for App Service, `azure_identity` reads `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` of the
//! process itself. <https://docs.rs/azure_identity>

use std::ffi::OsStr;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_core::time::OffsetDateTime;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    Executor, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use url::Url;

use crate::cache::{Issued, Issuer};
use crate::certificate::{Assertion, Certificate};
use crate::plan::Credential;
use crate::transport::Line;
use crate::{Audience, Error, Surroundings, refusal};

/// Azure CLI starts slowly, and asks Entra before it answers.
const CLI_PATIENCE: Duration = Duration::from_secs(90);

/// How often a busy or unreachable sign-in service is asked again.
const TRIES_AGAIN: u32 = 3;

/// Asks by a credential of `azure_identity`.
pub(crate) struct Azure {
    pub(crate) credential: Credential,
    pub(crate) authority: Url,
    pub(crate) line: Arc<Line>,
    pub(crate) surroundings: Arc<dyn Surroundings>,
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure")
            .field("credential", &self.credential)
            .field("authority", &self.authority.as_str())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Issuer for Azure {
    async fn issue(&self, audience: &Audience) -> Result<Issued, Error> {
        let first = self.ask(audience).await;
        match first {
            // The assertion was signed by a clock that is wrong; by now the line knows what Entra's clock says.
            Err(Error::Refused { reason, .. })
                if self.signs()
                    && refusal::begins_with(&reason, &[refusal::WRONG_TIME])
                    && self.line.skew().is_some() =>
            {
                tracing::warn!(
                    "the clock of this machine is wrong; the time of the sign-in service is used"
                );
                self.ask(audience).await
            }
            other => other,
        }
    }
}

impl Azure {
    const fn signs(&self) -> bool {
        matches!(self.credential, Credential::Certificate { .. })
    }

    async fn ask(&self, audience: &Audience) -> Result<Issued, Error> {
        let credential = self.credential(audience)?;
        let answer = credential.get_token(&[&audience.scope()], None).await;
        let token = answer.map_err(|error| self.error(audience, &error))?;
        self.issued(audience, &token)
    }

    fn credential(&self, audience: &Audience) -> Result<Arc<dyn TokenCredential>, Error> {
        let built = match &self.credential {
            Credential::Secret { tenant, client_id, secret } => {
                let options = ClientSecretCredentialOptions { client_options: self.options() };
                let secret = Secret::new(secret.to_string());
                ClientSecretCredential::new(tenant, client_id.clone(), secret, Some(options))
                    .map(shared)
            }
            Credential::Certificate { tenant, client_id, path, send_chain } => {
                let assertion =
                    self.assertion(tenant, client_id, Certificate::read(path, *send_chain)?);
                let options = self.assertion_options();
                ClientAssertionCredential::new(
                    tenant.clone(),
                    client_id.clone(),
                    assertion,
                    Some(options),
                )
                .map(shared)
            }
            Credential::Federated { tenant, client_id, path } => {
                let options = WorkloadIdentityCredentialOptions {
                    credential_options: self.assertion_options(),
                    client_id: Some(client_id.clone()),
                    tenant_id: Some(tenant.clone()),
                    token_file_path: Some(path.clone()),
                };
                WorkloadIdentityCredential::new(Some(options)).map(shared)
            }
            Credential::ManagedIdentity { client_id } => {
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                    client_options: self.options(),
                };
                ManagedIdentityCredential::new(Some(options)).map(shared)
            }
            Credential::AzureCli { tenant } => {
                AzureCliCredential::new(Some(self.cli_options(tenant.clone()))).map(shared)
            }
            Credential::Browser { .. } | Credential::DeviceCode { .. } => {
                return Err(Error::refused(audience, "this way needs a person"));
            }
        };
        built.map_err(|error| self.error(audience, &error))
    }

    fn assertion(&self, tenant: &str, client_id: &str, certificate: Certificate) -> Assertion {
        Assertion {
            certificate,
            client_id: client_id.to_owned(),
            audience: format!("{}{tenant}/oauth2/v2.0/token", self.authority),
            line: Arc::clone(&self.line),
            surroundings: Arc::clone(&self.surroundings),
        }
    }

    fn assertion_options(&self) -> ClientAssertionCredentialOptions {
        ClientAssertionCredentialOptions { client_options: self.options() }
    }

    fn cli_options(&self, tenant_id: Option<String>) -> AzureCliCredentialOptions {
        let executor: Arc<dyn Executor> = Arc::new(Runner(Arc::clone(&self.surroundings)));
        AzureCliCredentialOptions {
            tenant_id,
            executor: Some(executor),
            ..AzureCliCredentialOptions::default()
        }
    }

    fn options(&self) -> ClientOptions {
        let mut custom = CustomConfiguration::default();
        custom.authority_host = self.line.shown(&self.authority);
        ClientOptions {
            cloud: Some(Arc::new(custom.into())),
            transport: Some(Transport::new(Arc::clone(&self.line) as Arc<_>)),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                max_retries: TRIES_AGAIN,
                ..ExponentialRetryOptions::default()
            }),
            ..ClientOptions::default()
        }
    }

    /// How long a token lives. `azure_identity` says at which time of day it ends: by the clock of this machine, to
    /// which it added the lifetime, or by that of the endpoint (managed identity), which is compared with its `Date`.
    fn issued(&self, audience: &Audience, token: &AccessToken) -> Result<Issued, Error> {
        let by_endpoint = matches!(self.credential, Credential::ManagedIdentity { .. });
        let here = SystemTime::from(OffsetDateTime::now_utc());
        let reference = if by_endpoint { self.line.corrected(here) } else { here };
        match SystemTime::from(token.expires_on).duration_since(reference) {
            Ok(lifetime) if !lifetime.is_zero() => {
                Ok(Issued { value: token.token.secret().to_owned().into(), lifetime })
            }
            _ => Err(Error::refused(
                audience,
                "the endpoint gave a token that has ended: compare the clocks of both machines",
            )),
        }
    }

    fn error(&self, audience: &Audience, error: &azure_core::Error) -> Error {
        let text = error.to_string();
        if let Some(reason) = refusal::reason(&text) {
            return Error::refused(audience, reason);
        }
        if let Credential::AzureCli { .. } = self.credential {
            return Error::refused(audience, cli_words(&text));
        }
        if let Credential::ManagedIdentity { .. } = self.credential {
            return managed_words(audience, error, &text);
        }
        if is_network(error) {
            return Error::unreachable(
                audience,
                format!("{} did not answer: {}", self.authority, refusal::scrubbed(&causes(error))),
            );
        }
        let said = text.split("To troubleshoot").next().unwrap_or_default();
        let said = refusal::scrubbed(said);
        let authority = &self.authority;
        Error::refused(
            audience,
            format!(
                "{authority} named no reason; see whether a proxy or firewall answered in its place ({said})"
            ),
        )
    }
}

fn shared<T: TokenCredential + 'static>(credential: Arc<T>) -> Arc<dyn TokenCredential> {
    credential
}

fn cli_words(text: &str) -> String {
    let said = refusal::scrubbed(text);
    if text.contains("not found on PATH") {
        "Azure CLI is not installed or not on the PATH: install it and run `az login`, or choose another way with --auth (without a browser: device-code)".to_owned()
    } else if text.contains("az login") {
        format!("nobody is signed in to Azure CLI: run `az login` for this tenant; it says: {said}")
    } else {
        format!("Azure CLI gave no token: {said}")
    }
}

fn managed_words(audience: &Audience, error: &azure_core::Error, text: &str) -> Error {
    if text.contains("has not been assigned") {
        return Error::refused(
            audience,
            "no such identity is assigned to this machine: assign one in Azure, or set AZURE_CLIENT_ID to the client id of the one that is (and leave it unset for the system-assigned)",
        );
    }
    let said = refusal::scrubbed(&causes(error));
    if is_network(error) {
        let words = "the identity endpoint did not answer: managed identity works on Azure machines only; choose another way with --auth";
        return Error::unreachable(audience, format!("{words} ({said})"));
    }
    Error::refused(audience, said)
}

fn is_network(error: &azure_core::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<azure_core::Error>()
            && matches!(
                error.kind(),
                ErrorKind::Io | ErrorKind::Connection | ErrorKind::DataConversion
            )
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error and what caused it, each said once.
fn causes(error: &azure_core::Error) -> String {
    let mut texts: Vec<String> = vec![error.to_string()];
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

/// Runs Azure CLI by what the command lent.
#[derive(Debug)]
struct Runner(Arc<dyn Surroundings>);

#[async_trait]
impl Executor for Runner {
    async fn run(
        &self,
        program: &OsStr,
        arguments: &[&OsStr],
    ) -> std::io::Result<std::process::Output> {
        match tokio::time::timeout(CLI_PATIENCE, self.0.run(program, arguments)).await {
            Ok(output) => output,
            Err(_) => Err(std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                format!("`az` did not answer within {} seconds", CLI_PATIENCE.as_secs()),
            )),
        }
    }
}
