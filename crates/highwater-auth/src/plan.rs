//! Plan: which way of signing in the settings and variables add up to.
//!
//! Owns the order in which `auto` chooses and what each method needs. Reads the variables that Azure tools share from
//! a map it is given, and decides without asking anybody. The secret is kept apart from the description.

use std::fmt;
use std::path::PathBuf;

use url::Url;
use zeroize::Zeroizing;

use crate::{Cloud, DEFAULT_PUBLIC_CLIENT, Description, Error, Method, Settings, host};

/// What was decided: the description and, apart from it, the secret.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) description: Description,
    pub(crate) authority: Url,
    pub(crate) credential: Credential,
}

/// What an identity proves itself with.
pub(crate) enum Credential {
    Secret { tenant: String, client_id: String, secret: Zeroizing<String> },
    Certificate { tenant: String, client_id: String, path: PathBuf, send_chain: bool },
    Federated { tenant: String, client_id: String, path: PathBuf },
    ManagedIdentity { client_id: Option<String> },
    AzureCli { tenant: Option<String> },
    Browser { tenant: String, client_id: String },
    DeviceCode { tenant: String, client_id: String },
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret { .. } => "Secret",
            Self::Certificate { .. } => "Certificate",
            Self::Federated { .. } => "Federated",
            Self::ManagedIdentity { .. } => "ManagedIdentity",
            Self::AzureCli { .. } => "AzureCli",
            Self::Browser { .. } => "Browser",
            Self::DeviceCode { .. } => "DeviceCode",
        })
    }
}

impl Plan {
    pub(crate) fn new(settings: &Settings, cloud: &Cloud) -> Result<Self, Error> {
        let authority = authority(settings, cloud)?;
        let choice = Choice { settings };
        let (method, credential, because) = choice.decide()?;
        let (tenant, client_id) = credential.identity();
        let description = Description {
            method,
            credential: credential.words(),
            tenant,
            client_id,
            authority: authority.as_str().trim_end_matches('/').to_owned(),
            because,
        };
        Ok(Self { description, authority, credential })
    }
}

impl Credential {
    fn identity(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Secret { tenant, client_id, .. }
            | Self::Certificate { tenant, client_id, .. }
            | Self::Federated { tenant, client_id, .. }
            | Self::Browser { tenant, client_id }
            | Self::DeviceCode { tenant, client_id } => {
                (Some(tenant.clone()), Some(client_id.clone()))
            }
            Self::ManagedIdentity { client_id } => (None, client_id.clone()),
            Self::AzureCli { tenant } => (tenant.clone(), None),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Secret { .. } => "secret in AZURE_CLIENT_SECRET".to_owned(),
            Self::Certificate { path, .. } => format!("certificate in {}", path.display()),
            Self::Federated { path, .. } => format!("federated token in {}", path.display()),
            Self::ManagedIdentity { client_id: None } => "system-assigned".to_owned(),
            Self::ManagedIdentity { client_id: Some(_) } => "user-assigned".to_owned(),
            Self::AzureCli { .. } => "account of `az login`".to_owned(),
            Self::Browser { .. } => "a person in a browser".to_owned(),
            Self::DeviceCode { .. } => "a person with a code".to_owned(),
        }
    }
}

/// The settings, and how the choice is made among them.
struct Choice<'a> {
    settings: &'a Settings,
}

impl Choice<'_> {
    fn decide(&self) -> Result<(Method, Credential, String), Error> {
        let method = self.settings.method;
        let asked = format!("asked for with --auth {method}");
        Ok(match method {
            Method::Auto => return self.auto(),
            Method::ServicePrincipal => (method, self.service_principal()?, asked),
            Method::ManagedIdentity => (method, self.managed_identity(), asked),
            Method::WorkloadIdentity => (method, self.federated("workload-identity")?, asked),
            Method::AzureCli => (method, self.azure_cli(), asked),
            Method::Browser => {
                let (tenant, client_id) = self.person()?;
                (method, Credential::Browser { tenant, client_id }, asked)
            }
            Method::DeviceCode => {
                let (tenant, client_id) = self.person()?;
                (method, Credential::DeviceCode { tenant, client_id }, asked)
            }
        })
    }

    fn auto(&self) -> Result<(Method, Credential, String), Error> {
        for (variable, method) in [
            ("AZURE_CLIENT_SECRET", Method::ServicePrincipal),
            ("AZURE_CLIENT_CERTIFICATE_PATH", Method::ServicePrincipal),
            ("AZURE_FEDERATED_TOKEN_FILE", Method::WorkloadIdentity),
            ("IDENTITY_ENDPOINT", Method::ManagedIdentity),
        ] {
            if !self.settings.variables.has(variable) {
                continue;
            }
            let because = format!("chosen because {variable} is set");
            let credential = match method {
                Method::ServicePrincipal => self.service_principal()?,
                Method::WorkloadIdentity => self.federated("workload-identity")?,
                _ => self.managed_identity(),
            };
            return Ok((method, credential, because));
        }
        let because = "chosen because no variable names another identity".to_owned();
        Ok((Method::AzureCli, self.azure_cli(), because))
    }

    fn service_principal(&self) -> Result<Credential, Error> {
        let variables = &self.settings.variables;
        if let Some(secret) = variables.get("AZURE_CLIENT_SECRET") {
            let (tenant, client_id) = self.application("service-principal")?;
            return Ok(Credential::Secret {
                tenant,
                client_id,
                secret: Zeroizing::new(secret.to_owned()),
            });
        }
        if let Some(path) = variables.get("AZURE_CLIENT_CERTIFICATE_PATH") {
            let (tenant, client_id) = self.application("service-principal")?;
            let send_chain = variables
                .get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
                .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"));
            return Ok(Credential::Certificate {
                tenant,
                client_id,
                path: path.into(),
                send_chain,
            });
        }
        if variables.has("AZURE_FEDERATED_TOKEN_FILE") {
            return self.federated("service-principal");
        }
        Err(missing(
            "service-principal",
            "AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE",
        ))
    }

    fn federated(&self, method: &str) -> Result<Credential, Error> {
        let Some(path) = self.settings.variables.get("AZURE_FEDERATED_TOKEN_FILE") else {
            return Err(missing(
                method,
                "AZURE_FEDERATED_TOKEN_FILE, which a cluster with workload identity sets",
            ));
        };
        let (tenant, client_id) = self.application(method)?;
        Ok(Credential::Federated { tenant, client_id, path: path.into() })
    }

    fn managed_identity(&self) -> Credential {
        Credential::ManagedIdentity { client_id: self.client_id().map(str::to_owned) }
    }

    fn azure_cli(&self) -> Credential {
        Credential::AzureCli { tenant: self.tenant().map(str::to_owned) }
    }

    fn application(&self, method: &str) -> Result<(String, String), Error> {
        let Some(tenant) = self.tenant() else {
            return Err(missing(method, "--tenant or AZURE_TENANT_ID"));
        };
        let Some(client_id) = self.client_id() else {
            return Err(missing(method, "AZURE_CLIENT_ID"));
        };
        Ok((checked_tenant(tenant)?, client_id.to_owned()))
    }

    fn person(&self) -> Result<(String, String), Error> {
        let tenant = checked_tenant(self.tenant().unwrap_or("organizations"))?;
        Ok((tenant, self.client_id().unwrap_or(DEFAULT_PUBLIC_CLIENT).to_owned()))
    }

    fn tenant(&self) -> Option<&str> {
        self.settings.tenant.as_deref().or_else(|| self.settings.variables.get("AZURE_TENANT_ID"))
    }

    fn client_id(&self) -> Option<&str> {
        self.settings
            .client_id
            .as_deref()
            .or_else(|| self.settings.variables.get("AZURE_CLIENT_ID"))
    }
}

fn missing(method: &str, what: &str) -> Error {
    Error::configuration(format!(
        "sign-in with {method} needs {what}: set it, or choose another way with --auth"
    ))
}

fn checked_tenant(tenant: &str) -> Result<String, Error> {
    let fine = !tenant.is_empty()
        && tenant.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
    if fine {
        return Ok(tenant.to_owned());
    }
    Err(Error::configuration(format!(
        "`{tenant}` is no tenant: give its id (a GUID) or one of its domains (contoso.onmicrosoft.com)"
    )))
}

fn authority(settings: &Settings, cloud: &Cloud) -> Result<Url, Error> {
    let text = settings.variables.get("AZURE_AUTHORITY_HOST").unwrap_or(&cloud.authority);
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let wrong = |reason: &str| {
        Error::configuration(format!(
            "AZURE_AUTHORITY_HOST or authority of cloud {}: `{text}` {reason}",
            cloud.name
        ))
    };
    let url = Url::parse(&whole).map_err(|_| wrong("is not an address"))?;
    if !host::is_safe(&url) {
        return Err(wrong("must be https; plain http is accepted for loopback addresses only"));
    }
    if url.path() != "/" {
        return Err(wrong("must be a host without a path"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe;

    const TENANT: &str = "00000000-0000-0000-0000-000000000101";
    const CLIENT: &str = "00000000-0000-0000-0000-000000000201";

    fn settings(method: Method, pairs: &[(&str, &str)]) -> Settings {
        let variables = pairs.iter().copied().collect();
        Settings { method, variables, ..Settings::default() }
    }

    fn described(method: Method, pairs: &[(&str, &str)]) -> Result<Description, Error> {
        describe(&settings(method, pairs), &Cloud::named("public").unwrap())
    }

    #[test]
    fn auto_takes_the_first_that_the_variables_allow() {
        let all = [
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", CLIENT),
            ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/var/token"),
            ("AZURE_CLIENT_CERTIFICATE_PATH", "/var/app.pem"),
            ("AZURE_CLIENT_SECRET", "canary"),
        ];
        let words: Vec<String> = (2..=all.len())
            .rev()
            .map(|n| described(Method::Auto, &all[..n]).unwrap())
            .map(|found| format!("{}: {}", found.method, found.credential))
            .collect();
        assert_eq!(
            words,
            [
                "service-principal: secret in AZURE_CLIENT_SECRET",
                "service-principal: certificate in /var/app.pem",
                "workload-identity: federated token in /var/token",
                "managed-identity: user-assigned",
                "azure-cli: account of `az login`",
            ]
        );
    }

    #[test]
    fn a_description_says_all_but_the_secret() {
        let pairs = [
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", CLIENT),
            ("AZURE_CLIENT_SECRET", "canary"),
        ];
        let plan =
            Plan::new(&settings(Method::Auto, &pairs), &Cloud::named("dod").unwrap()).unwrap();
        assert_eq!(
            plan.description.to_string(),
            format!(
                "service-principal (secret in AZURE_CLIENT_SECRET), application {CLIENT}, tenant {TENANT}, at https://login.microsoftonline.us; chosen because AZURE_CLIENT_SECRET is set"
            )
        );
        assert!(!format!("{plan:?} {:?}", settings(Method::Auto, &pairs)).contains("canary"));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (method, pairs, part) in [
            (Method::ServicePrincipal, &[][..], "AZURE_CLIENT_SECRET"),
            (Method::ServicePrincipal, &[("AZURE_CLIENT_SECRET", "s")], "AZURE_TENANT_ID"),
            (
                Method::ServicePrincipal,
                &[("AZURE_CLIENT_SECRET", "s"), ("AZURE_TENANT_ID", TENANT)],
                "AZURE_CLIENT_ID",
            ),
            (Method::WorkloadIdentity, &[], "AZURE_FEDERATED_TOKEN_FILE"),
            (Method::Auto, &[("AZURE_CLIENT_SECRET", "s")], "AZURE_TENANT_ID"),
            (Method::Browser, &[("AZURE_TENANT_ID", "a/b")], "no tenant"),
        ] {
            let error = described(method, pairs).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_person_needs_no_application() {
        let found = described(Method::Browser, &[]).unwrap();
        assert_eq!(found.client_id.as_deref(), Some(DEFAULT_PUBLIC_CLIENT));
        assert_eq!(found.tenant.as_deref(), Some("organizations"));
    }

    #[test]
    fn the_authority_may_be_a_host_or_an_address() {
        let at = |value| {
            described(Method::Browser, &[("AZURE_AUTHORITY_HOST", value)])
                .map(|found| found.authority)
        };
        assert_eq!(at("login.microsoftonline.us").unwrap(), "https://login.microsoftonline.us");
        assert_eq!(
            at("https://login.chinacloudapi.cn/").unwrap(),
            "https://login.chinacloudapi.cn"
        );
        assert_eq!(at("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        assert!(at("http://login.example").unwrap_err().to_string().contains("loopback"));
        assert!(at("https://login.example/tenant").unwrap_err().to_string().contains("path"));
    }
}
