//! Sign-in: the chosen method behind the trait that everybody else knows.
//!
//! Guarantees that nothing is asked of anybody before the first token is wanted. Services with a token of their own
//! (GitHub) get it from their variable; all others by Entra.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::azure::Azure;
use crate::cache::{Cache, Issuer};
use crate::person::{Person, Way};
use crate::plan::{Credential, Plan};
use crate::transport::Line;
use crate::{
    Audience, Cloud, Description, Error, Settings, Surroundings, Token, Tokens, host, tls,
};

/// Services that know nothing of Entra, and the variable in which each finds its token.
const OWN_TOKENS: [(&str, &str); 1] = [("github", "GITHUB_TOKEN")];
/// A token that somebody handed over ends when it is refused, not before.
const FOR_GOOD: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A chosen way to sign in. It asks when the first token is wanted.
pub struct SignIn {
    description: Description,
    cache: Cache,
    own: BTreeMap<Audience, Own>,
    surroundings: Arc<dyn Surroundings>,
}

/// A token that a service of its own kind gets, and the variable it stands in.
#[derive(Debug)]
struct Own {
    variable: &'static str,
    token: Option<Token>,
}

impl SignIn {
    /// Decides how to sign in; see [`crate::describe`] for the decision alone.
    ///
    /// # Errors
    /// [`Error::Configuration`] if something is missing or cannot be meant, or if no HTTP client can be made.
    pub fn new(
        settings: &Settings,
        cloud: &Cloud,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Self, Error> {
        let Plan { description, authority, credential } = Plan::new(settings, cloud)?;
        let own = own_tokens(settings, cloud, surroundings.as_ref());
        let issuer = issuer(settings, authority, credential, &surroundings)?;
        Ok(Self {
            description,
            cache: Cache::new(issuer, Arc::clone(&surroundings)),
            own,
            surroundings,
        })
    }

    /// What is used: method, tenant, application, authority.
    pub const fn description(&self) -> &Description {
        &self.description
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("description", &self.description).finish_non_exhaustive()
    }
}

#[async_trait]
impl Tokens for SignIn {
    async fn token(&self, audience: &Audience) -> Result<Token, Error> {
        match self.own.get(audience) {
            None => self.cache.token(audience).await,
            Some(Own { token: Some(token), .. }) => {
                Ok(Token::new(token.reveal().to_owned(), self.surroundings.now() + FOR_GOOD))
            }
            Some(Own { variable, token: None }) => Err(Error::configuration(format!(
                "{} needs a token of its own: set {variable} to one that may read, or leave the service out",
                audience.as_str()
            ))),
        }
    }

    async fn refused(
        &self,
        audience: &Audience,
        token: &Token,
        challenge: Option<&str>,
    ) -> Result<(), Error> {
        match self.own.get(audience) {
            None => self.cache.refused(audience, token, challenge),
            Some(own) => Err(Error::refused(
                audience,
                format!("the token in {} is wrong or has expired: create a new one", own.variable),
            )),
        }
    }
}

fn own_tokens(
    settings: &Settings,
    cloud: &Cloud,
    surroundings: &dyn Surroundings,
) -> BTreeMap<Audience, Own> {
    let known = OWN_TOKENS.iter();
    known
        .filter_map(|(service, variable)| Some((cloud.services.get(*service)?, *variable)))
        .map(|(service, variable)| {
            let value = settings.variables.get(variable);
            let token =
                value.map(|value| Token::new(value.to_owned(), surroundings.now() + FOR_GOOD));
            (service.audience.clone(), Own { variable, token })
        })
        .collect()
}

fn issuer(
    settings: &Settings,
    authority: Url,
    credential: Credential,
    surroundings: &Arc<dyn Surroundings>,
) -> Result<Arc<dyn Issuer>, Error> {
    let local =
        host::is_loopback(&authority) || matches!(credential, Credential::ManagedIdentity { .. });
    let http = client(settings, local)?;
    let surroundings = Arc::clone(surroundings);
    Ok(match credential {
        Credential::Browser { tenant, client_id } => Arc::new(Person::new(
            Way::Browser,
            (&authority, &tenant, &client_id),
            http,
            surroundings,
        )?),
        Credential::DeviceCode { tenant, client_id } => Arc::new(Person::new(
            Way::DeviceCode,
            (&authority, &tenant, &client_id),
            http,
            surroundings,
        )?),
        credential => {
            let metadata = metadata(settings)?;
            let line = Arc::new(Line::new(http, Arc::clone(&surroundings), &authority, metadata));
            Arc::new(Azure { credential, authority, line, surroundings })
        }
    })
}

/// Where the endpoint of managed identities is, if not at its usual address.
fn metadata(settings: &Settings) -> Result<Option<Url>, Error> {
    let name = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    let Some(address) = settings.variables.get(name) else { return Ok(None) };
    match Url::parse(address) {
        Ok(url) if host::is_loopback(&url) => Ok(Some(url)),
        _ => Err(Error::configuration(format!(
            "{name}: `{address}` is not a loopback address; others are not supported"
        ))),
    }
}

/// A client; endpoints of this machine are not behind a proxy.
fn client(settings: &Settings, local: bool) -> Result<reqwest::Client, Error> {
    let builder = tls::client_builder(settings.ca_file.as_deref())?;
    let builder = match settings.connect_to {
        Some(address) => tls::only(builder, address),
        None if local => builder.no_proxy(),
        None => builder,
    };
    builder.build().map_err(|error| {
        Error::configuration(format!(
            "no HTTP client can be made: {error}; on a machine without certificates name a file of them with --ca-file or SSL_CERT_FILE"
        ))
    })
}
