//! Every fault does what it says, and nothing beside it.

use std::time::{Duration, Instant};

use highwater_simulator::{Fault, Running};
use reqwest::Client;
use serde_json::Value;

use crate::client::{builder, client, get, signed, start_with, told, vendor};

const GROUPS: &str = "https://graph.microsoft.com/v1.0/groups";
const WORKFLOWS: &str = "https://orgfinanceprodu.api.crm4.dynamics.com/api/data/v9.2/workflows";

async fn with(faults: &str) -> (Running, Client) {
    let faults = Fault::list(faults).unwrap();
    let cloud = start_with("capable", |settings| {
        settings.faults = faults;
        settings.page_size = Some(3);
        settings.canaries = true;
    })
    .await;
    let client = client(&cloud);
    (cloud, client)
}

#[tokio::test]
async fn a_storm_of_429_passes() {
    let (cloud, client) = with("throttle 7 on graph times 2; unavailable on dataverse each 1; forbidden on arm; expired on bap times 1").await;
    for _ in 0..2 {
        let answer = signed(&cloud, &client, "GET", GROUPS).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()),
            (429, "7")
        );
    }
    assert_eq!(get(&cloud, &client, GROUPS).await.0, 200);
    assert_eq!(get(&cloud, &client, WORKFLOWS).await.0, 503);
    assert_eq!(get(&cloud, &client, WORKFLOWS).await.0, 200);
    let vaults = "https://management.azure.com/subscriptions/x/resources?api-version=2021-04-01";
    assert_eq!(get(&cloud, &client, vaults).await.0, 403);
    let tenant = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/tenant?api-version=2021-04-01";
    let spent = signed(&cloud, &client, "GET", tenant).send().await.unwrap();
    assert_eq!(spent.status(), 401);
    assert!(spent.headers().contains_key("www-authenticate"));
    assert_eq!(get(&cloud, &client, tenant).await.0, 200);
    let counts = cloud.requests();
    assert_eq!(
        (counts.by_status["graph 429"], counts.by_status["graph 200"], counts.total()),
        (2, 1, 8)
    );
    cloud.stop().await;
}

#[tokio::test]
async fn bodies_break_off() {
    let (cloud, newer) = with("reset on graph; truncate on dataverse").await;
    let older = builder(&cloud).http1_only().build().unwrap();
    for client in [newer, older] {
        for url in [GROUPS, WORKFLOWS] {
            let answer = signed(&cloud, &client, "GET", url).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{url}");
            assert!(answer.bytes().await.is_err(), "{url}");
        }
    }
    cloud.stop().await;
}

#[tokio::test]
async fn every_fault_strikes_every_family_and_the_cloud_lives_on() {
    let urls = [
        "https://api.powerapps.com/providers/Microsoft.PowerApps/scopes/admin/environments/00000000-0000-0000-0000-401000000002/apps?api-version=2016-11-01",
        WORKFLOWS,
        "https://management.azure.com/subscriptions/00000000-0000-0000-0000-409000000001/resourceGroups/rg-robots/providers/Microsoft.KeyVault/vaults/kv-robots-prod/secrets?api-version=2021-04-01-preview",
        GROUPS,
        "https://api.github.com/orgs/fabrikam/repos?per_page=100",
    ];
    let (calm, plain) = with("").await;
    let mut right = Vec::new();
    for url in urls {
        right.push(outcome(&calm, &plain, url).await);
    }
    calm.stop().await;
    for kind in Fault::kinds() {
        let (cloud, client) = with(&format!(
            "{} each 1",
            if matches!(kind, "drip" | "gzip-bomb") {
                format!("{kind} 1")
            } else {
                kind.to_owned()
            }
        ))
        .await;
        for (url, right) in urls.iter().zip(&right) {
            let struck = outcome(&cloud, &client, url).await;
            let silent = matches!(kind, "drip" | "duplicates")
                || (kind == "foreign-link" && url.contains("github"));
            assert_eq!(struck == *right, silent && struck == *right, "{kind} did nothing to {url}");
            assert_eq!(outcome(&cloud, &client, url).await, *right, "{kind} stays with {url}");
        }
        cloud.stop().await;
    }
}

/// Status, content type, links and body of an answer; nothing of the body where it breaks off.
async fn outcome(
    cloud: &Running,
    client: &Client,
    url: &str,
) -> (u16, Option<String>, Option<String>) {
    let answer = signed(cloud, client, "GET", url).send().await.unwrap();
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let (status, told) = (answer.status().as_u16(), header("content-type") + &header("link"));
    let body = answer
        .text()
        .await
        .ok()
        .map(|text| text.replace(&format!("localhost:{}", cloud.address.port()), "localhost"));
    (status, Some(told.replace(&format!("localhost:{}", cloud.address.port()), "localhost")), body)
}

#[tokio::test]
async fn what_comes_is_not_what_was_asked_for() {
    let (cloud, client) = with("html on graph; content-type on dataverse").await;
    let page = signed(&cloud, &client, "GET", GROUPS).send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), page.headers()["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let rows = signed(&cloud, &client, "GET", WORKFLOWS).send().await.unwrap();
    assert_eq!(rows.headers()["content-type"], "application/octet-stream");
    assert!(told(rows).await.1["value"].is_array());
    cloud.stop().await;
}

#[tokio::test]
async fn links_and_redirects_lead_astray() {
    let (cloud, client) = with("loop on graph; foreign-link on dataverse; redirect on bap times 1; foreign-redirect on powerapps").await;
    let (_, page) = get(&cloud, &client, GROUPS).await;
    let link = page["@odata.nextLink"].as_str().unwrap();
    assert_eq!(vendor(&cloud, link), GROUPS);
    let (_, rows) = get(&cloud, &client, WORKFLOWS).await;
    let foreign = rows["@odata.nextLink"].as_str().unwrap();
    assert!(foreign.starts_with("https://127.0.0.1:"), "{foreign}");
    assert_eq!(cloud.foreign(), Vec::<String>::new());
    assert_eq!(client.get(foreign).bearer_auth("told").send().await.unwrap().status(), 200);
    assert_eq!(cloud.foreign(), ["GET /api/data/v9.2/workflows with a token"]);
    let tenant = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/tenant?api-version=2021-04-01";
    let same = signed(&cloud, &client, "GET", tenant).send().await.unwrap();
    assert_eq!(same.status(), 307);
    assert_eq!(vendor(&cloud, same.headers()["location"].to_str().unwrap()), tenant);
    assert_eq!(get(&cloud, &client, tenant).await.0, 200);
    let apps = "https://api.powerapps.com/providers/Microsoft.PowerApps/apis?api-version=2019-05-01&$filter=environment%20eq%20'~Default'";
    let away = signed(&cloud, &client, "GET", apps).send().await.unwrap();
    assert!(away.headers()["location"].to_str().unwrap().starts_with("https://127.0.0.1:"));
    cloud.stop().await;
}

#[tokio::test]
async fn the_schema_drifts() {
    let (calm, plain) = with("").await;
    let (_, right) = get(&calm, &plain, GROUPS).await;
    let (cloud, client) = with("unknown-fields on graph times 1; changed-type field displayName on graph times 1; missing-field field id on graph times 1; changed-type on graph times 1").await;
    let (_, more) = get(&cloud, &client, GROUPS).await;
    assert!(
        more["value"].as_array().unwrap().iter().all(|row| row["xUnheardOf"]["deep"].is_array())
    );
    let (_, changed) = get(&cloud, &client, GROUPS).await;
    assert_eq!(changed["value"][0]["displayName"]["value"], right["value"][0]["displayName"]);
    let (_, missing) = get(&cloud, &client, GROUPS).await;
    assert!(
        missing["value"][0].get("id").is_none() && missing["value"][0]["displayName"].is_string()
    );
    let (_, chosen) = get(&cloud, &client, GROUPS).await;
    assert_ne!(chosen["value"], right["value"]);
    calm.stop().await;
    cloud.stop().await;
}

#[tokio::test]
async fn records_come_twice_over_pages() {
    let (cloud, client) = with("duplicates on graph").await;
    let (_, first) = get(&cloud, &client, GROUPS).await;
    let (_, second) =
        get(&cloud, &client, &vendor(&cloud, first["@odata.nextLink"].as_str().unwrap())).await;
    assert_eq!(first["value"][2], second["value"][0]);
    assert_eq!(second["value"].as_array().unwrap().len(), 4);
    cloud.stop().await;
}

#[tokio::test]
async fn bodies_swell_or_drip() {
    let (cloud, client) = with("gzip-bomb 8 on graph; drip 40 on dataverse:*/workqueues").await;
    let packed = builder(&cloud).no_gzip().build().unwrap();
    let answer = signed(&cloud, &packed, "GET", GROUPS).send().await.unwrap();
    let announced: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    assert!(announced < 1 << 20, "{announced}");
    let unpacked =
        signed(&cloud, &client, "GET", GROUPS).send().await.unwrap().bytes().await.unwrap();
    assert!(unpacked.len() > 8 << 20, "{}", unpacked.len());
    assert_eq!(serde_json::from_slice::<Value>(&unpacked).unwrap()["value"], serde_json::json!([]));
    let begun = Instant::now();
    let (status, _) = get(
        &cloud,
        &client,
        "https://orgfinanceprodu.api.crm4.dynamics.com/api/data/v9.2/workqueues",
    )
    .await;
    assert_eq!(status, 200);
    assert!(begun.elapsed() > Duration::from_millis(120), "{:?}", begun.elapsed());
    cloud.stop().await;
}

#[tokio::test]
async fn chance_follows_from_the_seed() {
    let run = async || {
        let (cloud, client) = with("unavailable on graph chance 50%").await;
        let mut told = Vec::new();
        for _ in 0..24 {
            told.push(get(&cloud, &client, GROUPS).await.0);
        }
        cloud.stop().await;
        told
    };
    let (one, other) = (run().await, run().await);
    assert_eq!(one, other);
    assert!(one.contains(&503) && one.contains(&200), "{one:?}");
}

#[tokio::test]
async fn secrets_are_planted_where_vendors_have_them() {
    let (cloud, client) = with("").await;
    let text = get(&cloud, &client, WORKFLOWS).await.1.to_string();
    assert!(
        cloud.canaries().iter().any(|secret| text.contains(secret)),
        "no canary in definitions"
    );
    let connections = "https://api.powerapps.com/providers/Microsoft.PowerApps/scopes/admin/environments/Default-00000000-0000-0000-0000-400000000001/connections?api-version=2016-11-01";
    let text = get(&cloud, &client, connections).await.1.to_string();
    assert!(
        cloud.canaries().iter().any(|secret| text.contains(secret)),
        "no canary in connections"
    );
    cloud.stop().await;
}
