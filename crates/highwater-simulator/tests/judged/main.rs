//! Microsoft's own validator judges what Resource Manager and Resource Graph of the simulated cloud are asked and say.
//!
//! The OpenAPI files stand in `../shared` beside the checkout and the validator is installed by `tests/run.sh`; where
//! one of them is missing the test says so and proves nothing. Secrets of vaults by Resource Manager are in none of the
//! files, so nobody judges them here.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "what was skipped or judged is shown to people")]

use std::path::{Path, PathBuf};
use std::process::Command;

use highwater_simulator::{Fault, Profile, Running, Scale, Settings, Simulator};
use reqwest::{Certificate, Client};
use serde_json::{Map, Value, json};

const NOW: i64 = 1_793_512_800;
const ARM: &str = "https://management.azure.com";
const SPECIFICATIONS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/openapi");

#[tokio::test]
async fn the_vendors_validator_has_nothing_against_it() {
    let Some((validator, specifications)) = judges() else { return };
    let mut exchanges = Vec::new();
    recorded(&mut exchanges).await;
    made(&mut exchanges).await;
    refused(&mut exchanges).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("exchanges.json");
    std::fs::write(&file, Value::from(exchanges).to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judged/judge.cjs");
    let told = Command::new("node")
        .arg(script)
        .arg(validator)
        .arg(specifications)
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    println!("{text}");
    assert!(told.status.success(), "{text}\n{}", String::from_utf8_lossy(&told.stderr));
    assert!(text.lines().filter(|line| line.starts_with("right: ")).count() >= 18, "{text}");
}

/// Where the validator and the files are; `None` where one is missing.
fn judges() -> Option<(PathBuf, PathBuf)> {
    let Some(validator) = std::env::var_os("HIGHWATER_TEST_JUDGES")
        .map(PathBuf::from)
        .filter(|folder| folder.join("node_modules/oav").is_dir())
    else {
        println!("skipped: the vendor's validator is not installed (tests/run.sh installs it)");
        return None;
    };
    let specifications = PathBuf::from(SPECIFICATIONS);
    if !specifications.is_dir() {
        println!("skipped: there are no OpenAPI files in ../shared beside the checkout");
        return None;
    }
    Some((validator, specifications))
}

async fn start(profile: Profile, faults: &str) -> (Running, Client) {
    let mut settings = Settings::new(profile, NOW);
    settings.faults = Fault::list(faults).unwrap();
    settings.page_size = Some(5);
    let cloud = Simulator::start(settings).await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = [Certificate::from_pem(cloud.ca_pem.as_bytes()).unwrap()];
    let client = Client::builder().tls_certs_only(trusted).no_proxy().build().unwrap();
    (cloud, client)
}

/// Asks, and keeps the exchange as the validator wants it.
async fn ask(cloud: &Running, client: &Client, path: &str, sent: Option<Value>) -> Value {
    let url = format!("{ARM}{path}");
    let method = if sent.is_some() { "POST" } else { "GET" };
    let token = cloud.token("https://management.azure.com");
    let mut request = client
        .request(method.parse().unwrap(), format!("{}{path}", cloud.base("management.azure.com")))
        .bearer_auth(token);
    if let Some(sent) = &sent {
        request = request.json(sent);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16().to_string();
    let headers: Map<String, Value> = answer
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let body: Value = answer.json().await.unwrap_or(Value::Null);
    let query: Map<String, Value> = url::Url::parse(&url)
        .unwrap()
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    json!({
        "name": format!("{method} {path}: {status}"),
        "request": {"method": method, "url": url, "query": query, "headers": {"content-type": "application/json"}, "body": sent},
        "response": {"statusCode": status, "headers": headers, "body": body},
    })
}

const GRAPH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";

fn query(text: &str, token: Option<&str>) -> Value {
    let mut query =
        json!({"query": text, "options": {"resultFormat": "objectArray", "$top": 1000}});
    if let Some(token) = token {
        query["options"]["$skipToken"] = token.into();
    }
    query
}

async fn recorded(exchanges: &mut Vec<Value>) {
    let (cloud, client) = start(Profile::Named("capable".into()), "").await;
    let all = "resources | project id, name, type, properties | order by id asc";
    let first = ask(&cloud, &client, GRAPH, Some(query(all, None))).await;
    let token = first["response"]["body"]["$skipToken"].as_str().unwrap().to_owned();
    exchanges.push(first);
    exchanges.push(ask(&cloud, &client, GRAPH, Some(query(all, Some(&token)))).await);
    for table in [
        "resourcecontainers",
        "insightsresources",
        "recoveryservicesresources",
        "securityresources",
        "unheardresources",
    ] {
        exchanges.push(
            ask(&cloud, &client, GRAPH, Some(query(&format!("{table} | project id, type"), None)))
                .await,
        );
    }
    let group =
        "/subscriptions/00000000-0000-0000-0000-409000000001/resourceGroups/rg-robots/providers";
    for resource in
        ["Microsoft.KeyVault/vaults/kv-robots-prod", "Microsoft.Compute/virtualMachines/FABRPA01"]
    {
        exchanges.push(ask(&cloud, &client, &format!("{group}/{resource}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview"), None).await);
    }
    cloud.stop().await;
    let (cloud, client) = start(Profile::Named("defined".into()), "").await;
    let group = "/subscriptions/00000000-0000-0000-0000-309000000001/resourceGroups/rg-automation/providers";
    for kind in ["onboardingStates", "dataConnectors", "alertRules"] {
        let path = format!(
            "{group}/Microsoft.OperationalInsights/workspaces/log-automation/providers/Microsoft.SecurityInsights/{kind}?api-version=2021-03-01-preview"
        );
        exchanges.push(ask(&cloud, &client, &path, None).await);
    }
    cloud.stop().await;
}

async fn made(exchanges: &mut Vec<Value>) {
    let (cloud, client) = start(Profile::Made(Scale::of(100)), "").await;
    let first = ask(
        &cloud,
        &client,
        GRAPH,
        Some(query("resources | project id, name, type, properties", None)),
    )
    .await;
    exchanges.push(first);
    cloud.stop().await;
}

async fn refused(exchanges: &mut Vec<Value>) {
    for (profile, faults) in [
        ("denied", ""),
        ("capable", "throttle on arm"),
        ("capable", "expired on arm"),
        ("capable", "unavailable on arm"),
    ] {
        let (cloud, client) = start(Profile::Named(profile.into()), faults).await;
        exchanges
            .push(ask(&cloud, &client, GRAPH, Some(query("resources | project id", None))).await);
        cloud.stop().await;
    }
    let (cloud, client) = start(Profile::Named("capable".into()), "").await;
    exchanges.push(ask(&cloud, &client, GRAPH, Some(query(" ", None))).await);
    cloud.stop().await;
}
