//! A made tenant costs no memory, however large it is. In a process of its own, because that is what is measured.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use highwater_simulator::{Profile, Running, Scale, Settings, Simulator};
use reqwest::{Certificate, Client};
use serde_json::Value;

const NOW: i64 = 1_793_512_800;

/// Asks for all environments, and for the flows of every hundredth; how many there were of both.
async fn read(cloud: &Running, client: &Client) -> (usize, usize) {
    let token = cloud.token("https://service.powerapps.com");
    let get = async |url: &str| {
        client.get(url).bearer_auth(&token).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let (mut environments, mut flows) = (0, 0);
    let mut next = Some(cloud.base("api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments?api-version=2023-06-01"));
    while let Some(url) = next {
        let page = get(&url).await;
        for environment in page["value"].as_array().unwrap() {
            if environments % 100 == 0 {
                let list = format!(
                    "api.flow.microsoft.com/providers/Microsoft.ProcessSimple/scopes/admin/environments/{}/v2/flows?api-version=2016-11-01",
                    environment["name"].as_str().unwrap()
                );
                flows += get(&cloud.base(&list)).await["value"].as_array().unwrap().len();
            }
            environments += 1;
        }
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    (environments, flows)
}

async fn measured(environments: usize) -> usize {
    let scale = Scale { environments, flows: 250, apps: 7 };
    let cloud = Simulator::start(Settings::new(Profile::Made(scale), NOW)).await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = [Certificate::from_pem(cloud.ca_pem.as_bytes()).unwrap()];
    let client = Client::builder().tls_certs_only(trusted).no_proxy().build().unwrap();
    assert_eq!(read(&cloud, &client).await, (environments, environments.div_ceil(100) * 250));
    cloud.stop().await;
    resident()
}

#[tokio::test]
async fn size_costs_no_memory() {
    let small = measured(300).await;
    let large = measured(6_000).await;
    let grown = large.saturating_sub(small);
    println!("{} MiB after 300 environments, {} MiB after 6,000", small >> 20, large >> 20);
    assert!(grown < 8 << 20, "{} KiB more for twenty times as many environments", grown >> 10);
}

/// Resident memory of this process; 0 where the system does not tell.
fn resident() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
