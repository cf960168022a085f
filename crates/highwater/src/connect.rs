//! Connection: who signs in, to which cloud, and the client that reads as that identity.
//!
//! Owns how flags, configuration and environment become a sign-in and a client. Reads nothing itself but the one token
//! that shows early whether signing in works.

mod person;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use highwater_auth::{
    Audience, Claims, Cloud, Description, Error as AuthError, Method, SignIn, Token, Tokens,
    Variables, tls,
};
use highwater_http::{
    Bounds, Budget, Client, Hosts, Limits, Observer, Recorder, Replay, Running, Settings, Tape,
};
use highwater_runs::{Address, Service};
use highwater_sources::Identity;

use crate::args::Access;
use crate::config::Config;
use crate::exit::{sign_in_error, usage_error};

/// A client and what is known of the identity behind it.
pub(crate) struct Connection {
    /// Reads as the identity.
    pub(crate) client: Client,
    /// The cloud that is read.
    pub(crate) cloud: Cloud,
    /// Kind of identity.
    pub(crate) identity: Identity,
    /// Directory id of the tenant.
    pub(crate) tenant: String,
    /// How it signed in; none where a recording is replayed.
    pub(crate) description: Option<Description>,
    /// What the first token says of the identity.
    pub(crate) claims: Option<Claims>,
    /// What may be spent.
    pub(crate) budget: Budget,
}

/// What a connection is made for.
pub(crate) struct Purpose {
    /// Requests in all, if they are bounded.
    pub(crate) budget: Option<u64>,
    /// Recording to write.
    pub(crate) record: Option<PathBuf>,
    /// Whether the recording of an earlier part of the run is gone on with.
    pub(crate) resume: bool,
    /// Recording to answer from.
    pub(crate) replay: Option<PathBuf>,
    /// Whoever wants to know what happens.
    pub(crate) observer: Arc<dyn Observer>,
}

/// Signs in and makes the client.
pub(crate) async fn connect(
    access: &Access,
    config: &Config,
    purpose: Purpose,
) -> anyhow::Result<Connection> {
    tls::install();
    let cloud = config.cloud(access.cloud.as_deref())?;
    let wanted = access.tenant.clone().or_else(|| config.tenant.clone());
    let tape = tape(&purpose)?;
    let signed = match purpose.replay {
        Some(_) => Signed::nobody(access, wanted)?,
        None => sign_in(access, &cloud, wanted).await?,
    };
    let limits = Limits::built_in()?;
    let mut budget = Budget::of(&limits, purpose.budget);
    budget.services.extend(config.budgets());
    let client = Client::new(Settings {
        tokens: signed.tokens,
        hosts: hosts(&cloud)?,
        limits,
        budget: budget.clone(),
        bounds: Bounds::default(),
        http: highwater_http::transport(builder(access)?).build()?,
        clock: Arc::new(Running::new(SystemTime::now(), seed()?)),
        observer: purpose.observer,
        tape,
    });
    Ok(Connection {
        client,
        cloud,
        identity: signed.identity,
        tenant: signed.tenant,
        description: signed.description,
        claims: signed.claims,
        budget,
    })
}

/// What reaches object storage: for Azure as whoever signs in, or the emulator of this machine.
pub(crate) fn storage(
    access: &Access,
    config: &Config,
    address: &Address,
) -> anyhow::Result<highwater_runs::remote::Access> {
    tls::install();
    let cloud = config.cloud(access.cloud.as_deref())?;
    let emulator = emulator()?;
    let signs_in = matches!(address.service, Service::Azure { .. }) && emulator.is_none();
    let tokens: Option<Arc<dyn Tokens>> = if signs_in {
        let wanted = access.tenant.clone().or_else(|| config.tenant.clone());
        let signed =
            SignIn::new(&settings(access, wanted), &cloud, Arc::new(person::Here::default()));
        Some(Arc::new(signed.map_err(|error| sign_in_error(&error))?))
    } else {
        None
    };
    let suffix = match cloud.authority.rsplit('.').next() {
        Some("us") => "core.usgovcloudapi.net",
        Some("cn") => "core.chinacloudapi.cn",
        _ => "core.windows.net",
    };
    Ok(highwater_runs::remote::Access {
        tokens,
        http: builder(access)?.build()?,
        suffix: suffix.to_owned(),
        emulator,
    })
}

/// The emulator of Azure storage that the environment names; on this machine alone.
fn emulator() -> anyhow::Result<Option<url::Url>> {
    const NAME: &str = "AZURITE_BLOB_STORAGE_URL";
    let Some(text) = std::env::var(NAME).ok().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let wrong = |problem: String| usage_error(format!("{NAME}: {problem}"));
    let url: url::Url = text.parse().map_err(|error| wrong(format!("no address: {error}")))?;
    let here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    if here {
        Ok(Some(url))
    } else {
        Err(wrong("an emulator is on this machine: 127.0.0.1".into()))
    }
}

fn settings(access: &Access, tenant: Option<String>) -> highwater_auth::Settings {
    highwater_auth::Settings {
        method: access.auth,
        tenant,
        client_id: access.client_id.clone(),
        ca_file: access.ca_file.clone(),
        variables: variables(access),
        connect_to: access.via,
    }
}

/// Who signed in.
struct Signed {
    tokens: Arc<dyn Tokens>,
    identity: Identity,
    tenant: String,
    description: Option<Description>,
    claims: Option<Claims>,
}

impl Signed {
    /// Nobody: a recording answers, and needs no token.
    fn nobody(access: &Access, tenant: Option<String>) -> anyhow::Result<Self> {
        let tenant = tenant.ok_or_else(|| {
            usage_error("a recording does not say of which tenant it is: give --tenant")
        })?;
        let person = matches!(access.auth, Method::Browser | Method::DeviceCode);
        let identity = if person { Identity::Delegated } else { Identity::Application };
        Ok(Self { tokens: Arc::new(NoTokens), identity, tenant, description: None, claims: None })
    }
}

async fn sign_in(access: &Access, cloud: &Cloud, wanted: Option<String>) -> anyhow::Result<Signed> {
    let signed =
        SignIn::new(&settings(access, wanted.clone()), cloud, Arc::new(person::Here::default()))
            .map_err(|error| sign_in_error(&error))?;
    let description = signed.description().clone();
    let first = cloud.service("bap").map_err(|error| sign_in_error(&error))?.audience.clone();
    let token = signed.token(&first).await.map_err(|error| sign_in_error(&error))?;
    let claims = Claims::of(&token);
    let told = claims.as_ref().and_then(|claims| claims.tid.clone());
    let application = claims.as_ref().is_none_or(Claims::is_application);
    Ok(Signed {
        tokens: Arc::new(signed),
        identity: if application { Identity::Application } else { Identity::Delegated },
        tenant: tenant(wanted, told)?,
        description: Some(description),
        claims,
    })
}

/// The environment, or what stands for it.
fn variables(access: &Access) -> Variables {
    if access.variables.is_empty() {
        return std::env::vars().collect();
    }
    access.variables.iter().map(|(name, value)| (*name, value.clone())).collect()
}

/// The tenant: the one of the token. A different one that was asked for by its id is an error.
fn tenant(wanted: Option<String>, told: Option<String>) -> anyhow::Result<String> {
    let is_id =
        |text: &str| text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    match (wanted, told) {
        (Some(wanted), Some(told)) if is_id(&wanted) && !wanted.eq_ignore_ascii_case(&told) => {
            Err(usage_error(format!(
                "the sign-in is of tenant {told}, not {wanted}: sign in to the other tenant, or change --tenant"
            )))
        }
        (_, Some(told)) => Ok(told.to_lowercase()),
        (Some(wanted), None) => Ok(wanted.to_lowercase()),
        (None, None) => {
            Err(usage_error("say which tenant: --tenant ID, or `tenant` in highwater.toml"))
        }
    }
}

/// Which hosts may see tokens of which audience.
fn hosts(cloud: &Cloud) -> anyhow::Result<Hosts> {
    let mut hosts = Hosts::new();
    for service in cloud.services.values() {
        for pattern in &service.hosts {
            hosts
                .allow(&service.audience, pattern)
                .with_context(|| format!("cloud {}", cloud.name))?;
        }
    }
    Ok(hosts)
}

fn builder(access: &Access) -> anyhow::Result<reqwest::ClientBuilder> {
    let builder = tls::client_builder(access.ca_file.as_deref())
        .map_err(|error| usage_error(&error))?
        .user_agent(concat!("highwater/", env!("CARGO_PKG_VERSION")));
    Ok(match access.via {
        Some(address) => tls::only(builder, address),
        None => builder,
    })
}

fn tape(purpose: &Purpose) -> anyhow::Result<Option<Tape>> {
    match (&purpose.record, &purpose.replay) {
        (Some(path), None) => {
            let recorder =
                if purpose.resume { Recorder::resume(path)? } else { Recorder::create(path)? };
            let kept = recorder.keeping(|page| highwater_snapshot::for_good(page).ok());
            Ok(Some(Tape::Record(kept)))
        }
        (None, Some(path)) => Ok(Some(Tape::Replay(Replay::open(path)?))),
        _ => Ok(None),
    }
}

/// A seed for the jitter of waits.
fn seed() -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Gives no token: a recording needs none.
#[derive(Debug)]
struct NoTokens;

#[async_trait::async_trait]
impl Tokens for NoTokens {
    async fn token(&self, audience: &Audience) -> Result<Token, AuthError> {
        Err(AuthError::Configuration(format!(
            "a replay asks nobody for a token for {}",
            audience.as_str()
        )))
    }

    async fn refused(&self, _: &Audience, _: &Token, _: Option<&str>) -> Result<(), AuthError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "00000000-0000-0000-0000-0000000000aa";
    const OTHER: &str = "00000000-0000-0000-0000-0000000000bb";

    #[test]
    fn the_tenant_is_that_of_the_token() {
        let of = |wanted: Option<&str>, told: Option<&str>| {
            tenant(wanted.map(ToOwned::to_owned), told.map(ToOwned::to_owned))
        };
        assert_eq!(of(Some("contoso.example"), Some(ONE)).unwrap(), ONE);
        assert_eq!(of(None, Some(ONE)).unwrap(), ONE);
        assert_eq!(of(Some(ONE), None).unwrap(), ONE);
        let said = of(Some(OTHER), Some(ONE)).unwrap_err().to_string();
        assert!(said.contains(ONE) && said.contains(OTHER), "{said}");
        assert!(of(None, None).is_err());
    }
}
