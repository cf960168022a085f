//! Client: a plain HTTPS client that trusts the authority of one simulated cloud.

use std::collections::BTreeMap;
use std::time::Duration;

use highwater_simulator::{Profile, Running, Settings, Simulator};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, redirect};
use serde_json::Value;

/// 1 November 2026, the moment at which the reference tenants were read.
pub(crate) const NOW: i64 = 1_793_512_800;

/// Starts a cloud.
pub(crate) async fn start(profile: &str) -> Running {
    start_with(profile, |_| {}).await
}

/// Starts a cloud with changed settings.
pub(crate) async fn start_with(profile: &str, change: impl FnOnce(&mut Settings)) -> Running {
    let mut settings = Settings::new(Profile::named(profile).unwrap(), NOW);
    change(&mut settings);
    Simulator::start(settings).await.unwrap()
}

/// A client that trusts the cloud and follows no redirects.
pub(crate) fn client(cloud: &Running) -> Client {
    builder(cloud).build().unwrap()
}

/// Such a client, to be changed.
pub(crate) fn builder(cloud: &Running) -> ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = [Certificate::from_pem(cloud.ca_pem.as_bytes()).unwrap()];
    Client::builder()
        .tls_certs_only(trusted)
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .no_proxy()
}

/// The address of a vendor's URL at this cloud.
pub(crate) fn at(cloud: &Running, url: &str) -> String {
    let (host, rest) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    format!("{}/{rest}", cloud.base(host))
}

/// The audience that a host's tokens are for.
pub(crate) fn audience(host: &str) -> String {
    let known: BTreeMap<&str, &str> = BTreeMap::from([
        ("api.bap.microsoft.com", "https://service.powerapps.com/"),
        ("api.powerapps.com", "https://service.powerapps.com/"),
        ("api.flow.microsoft.com", "https://service.flow.microsoft.com/"),
        ("api.powerbi.com", "https://analysis.windows.net/powerbi/api"),
        ("graph.microsoft.com", "https://graph.microsoft.com"),
        ("management.azure.com", "https://management.azure.com/"),
        ("manage.office.com", "https://manage.office.com"),
    ]);
    match known.get(host) {
        Some(told) => (*told).to_owned(),
        None if host.ends_with("api.powerplatform.com") => {
            "https://api.powerplatform.com".to_owned()
        }
        None if host.contains(".csanalytics.") => {
            "https://adminanalytics.powerplatform.microsoft.com".to_owned()
        }
        None if host.ends_with(".vault.azure.net") => "https://vault.azure.net".to_owned(),
        None => format!("https://{host}"),
    }
}

/// A request with the right token for a vendor's URL.
pub(crate) fn signed(cloud: &Running, client: &Client, method: &str, url: &str) -> RequestBuilder {
    let host = url.strip_prefix("https://").unwrap().split('/').next().unwrap();
    let token = if host == "api.github.com" {
        "ghs_simulated".to_owned()
    } else {
        cloud.token(&audience(host))
    };
    client.request(method.parse().unwrap(), at(cloud, url)).bearer_auth(token)
}

/// Status and document of a vendor's URL.
pub(crate) async fn get(cloud: &Running, client: &Client, url: &str) -> (u16, Value) {
    told(signed(cloud, client, "GET", url).send().await.unwrap()).await
}

/// Status and document of an answer.
pub(crate) async fn told(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// The vendor's form of an address that an answer of this cloud gave.
pub(crate) fn vendor(cloud: &Running, link: &str) -> String {
    let head = format!("https://localhost:{}/~", cloud.address.port());
    format!(
        "https://{}",
        link.strip_prefix(&head)
            .unwrap_or_else(|| panic!("{link} does not lead back to the cloud"))
    )
}
