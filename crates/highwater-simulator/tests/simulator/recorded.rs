//! Every request of the five reference tenants is answered with what was recorded, page by page and in order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use highwater_simulator::{Profile, Running};
use reqwest::Client;
use serde_json::{Value, json};

use crate::client::{client, signed, start, start_with, told, vendor};

/// One recorded exchange.
struct Exchange {
    request: String,
    status: u16,
    body: Option<Value>,
}

fn recording(profile: &str) -> Vec<Exchange> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/tenants"))
        .join(profile)
        .join("inventory");
    let index: Value =
        serde_json::from_slice(&std::fs::read(folder.join("highwater-index.json")).unwrap())
            .unwrap();
    let read =
        |file: &str| serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap();
    let entries = index["exchanges"].as_array().unwrap().iter();
    entries
        .filter_map(|entry| {
            let request = entry["request"].as_str()?.to_owned();
            Some(Exchange {
                request,
                status: u16::try_from(entry["status"].as_u64()?).unwrap(),
                body: entry["file"].as_str().map(read),
            })
        })
        .collect()
}

/// Lists by their first request: records of all pages, and whether the chain breaks off.
fn lists(exchanges: &[Exchange]) -> BTreeMap<String, (Vec<Value>, bool)> {
    let mut lists: BTreeMap<String, (Vec<Value>, bool)> = BTreeMap::new();
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    for exchange in exchanges.iter().filter(|exchange| exchange.status == 200) {
        let body = exchange.body.as_ref().unwrap();
        let Some(rows) = rows(body) else { continue };
        let first =
            open.remove(&canonical(&exchange.request)).unwrap_or_else(|| exchange.request.clone());
        let list = lists.entry(first.clone()).or_default();
        list.0.extend(rows);
        let link = body["nextLink"]
            .as_str()
            .or_else(|| body["@odata.nextLink"].as_str())
            .map(|link| format!("GET {link}"));
        let token = body["$skipToken"].as_str().map(|token| {
            let (address, sent) = exchange.request.split_once(" {").unwrap();
            let mut sent: Value = serde_json::from_str(&format!("{{{sent}")).unwrap();
            sent["options"]["$skipToken"] = token.into();
            format!("{address} {sent}")
        });
        list.1 = link.is_some() || token.is_some();
        if let Some(next) = link.or(token) {
            open.insert(canonical(&next), first);
        }
    }
    lists
}

/// A request whose body has its members in one order.
fn canonical(request: &str) -> String {
    let Some((address, sent)) = request.split_once(" {") else { return request.to_owned() };
    let sent: Value = serde_json::from_str(&format!("{{{sent}")).unwrap();
    format!("{address} {sent}")
}

fn rows(body: &Value) -> Option<Vec<Value>> {
    let list = body
        .as_array()
        .or_else(|| ["value", "data", "collection"].iter().find_map(|name| body[*name].as_array()));
    list.cloned()
}

/// Asks a recorded request and follows the chain to its end, or to the first refusal.
async fn chain(cloud: &Running, client: &Client, request: &str) -> (u16, Vec<Value>) {
    let (method, rest) = request.split_once(' ').unwrap();
    let (url, sent) =
        rest.split_once(" {").map_or((rest, None), |(url, sent)| (url, Some(format!("{{{sent}"))));
    let mut url = url.to_owned();
    let mut sent: Option<Value> = sent.map(|sent| serde_json::from_str(&sent).unwrap());
    let mut all = Vec::new();
    for _ in 0..500 {
        let mut asked = signed(cloud, client, method, &url);
        if let Some(sent) = &sent {
            asked = asked.json(sent);
        }
        let answer = asked.send().await.unwrap();
        let link = answer
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned());
        let (status, body) = told(answer).await;
        if status != 200 {
            return (status, all);
        }
        let Some(rows) = rows(&body) else { return (200, vec![body]) };
        all.extend(rows);
        let next = body["nextLink"]
            .as_str()
            .or_else(|| body["@odata.nextLink"].as_str())
            .map(str::to_owned)
            .or(link);
        match (next, body["$skipToken"].as_str(), body["continuationToken"].as_str()) {
            (Some(link), ..) => url = vendor(cloud, &link),
            (None, Some(token), _) => {
                sent.as_mut().unwrap()["options"]["$skipToken"] = token.into()
            }
            (None, None, Some(token)) => url = format!("{url}&continuationToken={token}"),
            (None, None, None) => return (200, all),
        }
    }
    panic!("{request} does not end")
}

/// A recorded document as the cloud gives it: addresses lead to the cloud.
fn rewritten(cloud: &Running, value: &Value) -> Value {
    let text = value.to_string();
    let parts: Vec<&str> = text.split("https://").collect();
    let mut told = parts[0].to_owned();
    for part in &parts[1..] {
        let host = part
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-')))
            .next()
            .unwrap();
        let known = [
            ".dynamics.com",
            ".vault.azure.net",
            "api.powerplatform.com",
            "api.bap.microsoft.com",
            "api.powerapps.com",
            "api.flow.microsoft.com",
        ];
        let known = known.iter().any(|tail| host.ends_with(tail))
            || ["graph.microsoft.com", "management.azure.com", "api.github.com"].contains(&host);
        told += &if known {
            format!("{}{}", cloud.base(host), &part[host.len()..])
        } else {
            format!("https://{part}")
        };
    }
    serde_json::from_str(&told).unwrap()
}

/// A document, or the rows of the list that was recorded as one.
fn single(body: &Value) -> Vec<Value> {
    let commit = |commit: &Value| json!({"sha": "0".repeat(40), "commit": commit});
    match (body["teams"].as_array(), body["commits"].as_array()) {
        (Some(teams), _) => teams.clone(),
        (_, Some(commits)) => commits.iter().map(commit).collect(),
        _ => vec![body.clone()],
    }
}

async fn as_recorded(cloud: &Running, profile: &str) {
    let (client, exchanges) = (client(cloud), recording(profile));
    let lists = lists(&exchanges);
    let mut asked = 0;
    for (request, (rows, broken)) in &lists {
        let (status, got) = chain(cloud, &client, request).await;
        let wanted: Vec<Value> = rows.iter().map(|row| rewritten(cloud, row)).collect();
        assert_eq!(got.len(), wanted.len(), "{profile}: {request}");
        assert_eq!(got, wanted, "{profile}: {request}");
        assert_eq!(status, if *broken { 503 } else { 200 }, "{profile}: {request}");
        asked += 1;
    }
    for exchange in exchanges.iter().filter(|exchange| {
        exchange.status != 200 || exchange.body.as_ref().is_some_and(|body| rows(body).is_none())
    }) {
        let (status, got) = chain(cloud, &client, &exchange.request).await;
        if exchange.body.as_ref().is_some_and(|body| body["pipeline"].is_object()) {
            continue; // kept as one document of several answers; see `combined`
        }
        let not_protected =
            exchange.body.as_ref().is_some_and(|body| body["message"] == "Branch not protected");
        let wanted = match exchange.status {
            _ if not_protected => 404,
            429 => 403, // was never asked: nothing is known, and no wait would change that
            status => status,
        };
        assert_eq!(status, wanted, "{profile}: {}", exchange.request);
        if let (200, Some(body)) = (status, &exchange.body) {
            assert_eq!(got, single(&rewritten(cloud, body)), "{profile}: {}", exchange.request);
        }
        asked += 1;
    }
    assert!(asked > 80, "{profile}: only {asked} were asked");
    assert_eq!(cloud.unknown(), Vec::<String>::new(), "{profile}");
    assert_eq!(cloud.violations(), Vec::<String>::new(), "{profile}");
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_recorded() {
    for profile in Profile::NAMES {
        let cloud = start(profile).await;
        as_recorded(&cloud, profile).await;
        cloud.stop().await;
    }
}

#[tokio::test]
async fn smaller_pages_hold_the_same_records() {
    for profile in ["capable", "repeatable"] {
        let cloud = start_with(profile, |settings| settings.page_size = Some(3)).await;
        as_recorded(&cloud, profile).await;
        cloud.stop().await;
    }
}
