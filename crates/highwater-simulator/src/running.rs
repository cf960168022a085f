//! Running: a simulated cloud that has been started, and what can be asked of it from outside.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::certificate::Authority;
use crate::cloud::Cloud;
use crate::entra::Entra;
use crate::meter::{Meter, Requests};
use crate::quota::Quotas;
use crate::server::{self, Side};
use crate::settings::{Profile, Settings};
use crate::strike::Strikes;
use crate::world::made::Made;
use crate::world::recorded::Recorded;
use crate::world::{World, recording};
use crate::{Error, canary, token};

/// Starts simulated clouds.
#[derive(Clone, Copy, Debug)]
pub struct Simulator;

/// A simulated cloud that has been started. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The certificate of its authority, in PEM, for clients to trust.
    pub ca_pem: String,
    /// The tenant's id.
    pub tenant: String,
    meter: Arc<Meter>,
    seed: u64,
    now: i64,
    canaries: bool,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Reads the tenant, listens, and serves on tasks of the current runtime.
    ///
    /// # Errors
    /// [`Error`] where the tenant cannot be read or the address cannot be listened on.
    pub async fn start(settings: Settings) -> Result<Running, Error> {
        let world = world(&settings)?;
        let tenant = world.tenant();
        let authority = Arc::new(Authority::new()?);
        let acceptor = server::acceptor(authority.clone())?;
        let (listener, address) = server::listen(settings.listen).await?;
        let (foreign, foreign_address) =
            server::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let meter = Arc::new(Meter::default());
        let (stop, stopped) = watch::channel(false);
        let (seed, now, canaries) = (settings.seed, settings.now, settings.canaries);
        let cloud = Arc::new(Cloud {
            entra: Entra::new(&settings, &tenant),
            world,
            meter: meter.clone(),
            begun: Instant::now(),
            strikes: Strikes::new(settings.faults.clone(), seed),
            quotas: Quotas::new(settings.quota.clone()),
            foreign: format!("https://127.0.0.1:{}", foreign_address.port()),
            settings,
        });
        let strangers =
            server::serve(foreign, acceptor.clone(), cloud.clone(), Side::Foreign, stopped.clone());
        let vendors = server::serve(listener, acceptor, cloud, Side::Vendors, stopped);
        let task = tokio::spawn(async move {
            tokio::join!(vendors, strangers);
        });
        Ok(Running {
            address,
            ca_pem: authority.pem().to_owned(),
            tenant,
            meter,
            seed,
            now,
            canaries,
            stop,
            task,
        })
    }
}

fn world(settings: &Settings) -> Result<Box<dyn World>, Error> {
    match &settings.profile {
        Profile::Made(scale) => Ok(Box::new(Made::new(*scale, settings.seed, settings.now))),
        profile => Ok(Box::new(Recorded::new(recording::read(profile)?))),
    }
}

/// Names, hosts and audiences of the services, as [`Running::cloud_table`] writes them.
const SERVICES: [(&str, &str, &str); 15] = [
    (
        "analytics",
        "{region}.csanalytics.powerplatform.microsoft.com",
        "https://adminanalytics.powerplatform.microsoft.com",
    ),
    ("arm", "management.azure.com", "https://management.azure.com"),
    ("azure_devops", "dev.azure.com", "499b84ac-1321-427f-aa17-267ca6975798"),
    ("bap", "api.bap.microsoft.com", "https://service.powerapps.com"),
    ("dataverse", "{organisation}.crm{n}.dynamics.com", "{origin}"),
    ("flow", "api.flow.microsoft.com", "https://service.flow.microsoft.com"),
    ("github", "api.github.com", "https://api.github.com"),
    ("governance", "{id-2}.{level}.api.powerplatform.com", "https://api.powerplatform.com"),
    ("graph", "graph.microsoft.com", "https://graph.microsoft.com"),
    ("keyvault", "{vault}.vault.azure.net", "https://vault.azure.net"),
    ("loganalytics", "api.loganalytics.azure.com", "https://api.loganalytics.io"),
    ("o365", "manage.office.com", "https://manage.office.com"),
    ("powerapps", "api.powerapps.com", "https://service.powerapps.com"),
    ("powerbi", "api.powerbi.com", "https://analysis.windows.net/powerbi/api"),
    ("ppapi", "api.powerplatform.com", "https://api.powerplatform.com"),
];

impl Running {
    /// The base address of a vendor's host, for clients that cannot map names: `https://localhost:PORT/~HOST`.
    #[must_use]
    pub fn base(&self, host: &str) -> String {
        format!("https://localhost:{}/~{host}", self.address.port())
    }

    /// A table `[cloud.simulated]` that leads every service here, in TOML: `base` and `audience` by the name of the
    /// service, parts in braces left to whoever asks.
    #[must_use]
    pub fn cloud_table(&self) -> String {
        let authority = self.base("login.microsoftonline.com");
        let mut text = format!(
            "[cloud.simulated]\nauthority = \"{authority}\"\n\n[cloud.simulated.services]\n"
        );
        for (name, host, audience) in SERVICES {
            let _ = writeln!(
                text,
                "{name} = {{ base = \"{}\", audience = \"{audience}\" }}",
                self.base(host)
            );
        }
        text
    }

    /// A bearer token of an application for an audience, valid for an hour from the start.
    #[must_use]
    pub fn token(&self, audience: &str) -> String {
        token::Mint::new(&self.tenant, self.seed).access(
            &token::Identity::Application("00000000-0000-0000-0000-0000000000e1".to_owned()),
            audience,
            self.now,
            3600,
            0,
        )
    }

    /// Counts of what was asked so far.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.meter.requests()
    }

    /// Hosts, paths, parameters and filters that the vendor would not know.
    #[must_use]
    pub fn unknown(&self) -> Vec<String> {
        self.list(0)
    }

    /// Requests that are fine, but of which the tenant's recording knows nothing.
    #[must_use]
    pub fn unrecorded(&self) -> Vec<String> {
        self.list(1)
    }

    /// Requests that were no reads.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.list(2)
    }

    /// What reached a host that no link or redirect may lead a client to, each with or without a token.
    #[must_use]
    pub fn foreign(&self) -> Vec<String> {
        self.list(3)
    }

    /// Secrets that answers may carry, where the settings plant them; none otherwise.
    #[must_use]
    pub fn canaries(&self) -> Vec<&'static str> {
        if self.canaries { canary::ALL.to_vec() } else { Vec::new() }
    }

    fn list(&self, at: usize) -> Vec<String> {
        self.meter.lists().into_iter().nth(at).unwrap_or_default()
    }

    /// Stops: no new connections, answers under way are finished.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}
