//! Repository: what is recorded of a repository of GitHub as one document, taken apart into the answers that GitHub gives.
//!
//! A recording keeps a workflow with its file, its runs and the rules of the environments that it deploys to, and the
//! teams and commits of a repository under their names.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::recording::{Exchange, Recording, Told};

/// Replaces what was recorded as one document by the answers of single requests.
pub(crate) fn take_apart(recording: &mut Recording) {
    unwrap(recording, "teams", |team| team);
    unwrap(recording, "commits", |commit| json!({"sha": "0".repeat(40), "commit": commit}));
    workflows(recording);
}

/// The list that a document holds under a name, where the path ends in that name.
fn unwrap(recording: &mut Recording, name: &str, shape: fn(Value) -> Value) {
    let here = |key: &str| {
        key.starts_with("GET api.github.com/repos/") && key.ends_with(&format!("/{name}"))
    };
    let exchanges = recording.exchanges.iter_mut().filter(|(key, _)| here(key));
    for exchange in exchanges.flat_map(|(_, held)| held) {
        let Told::Document(body) = &mut exchange.told else { continue };
        if let Value::Array(rows) = body[name].take() {
            let rows = rows.into_iter().map(shape).collect();
            exchange.told = Told::List(Arc::new(rows), Map::new());
        }
    }
}

/// Workflows as their list, their files, their runs and the environments of the repository.
fn workflows(recording: &mut Recording) {
    let composed = |exchange: &Exchange| matches!(&exchange.told, Told::Document(body) if body["pipeline"].is_object());
    let places: Vec<String> = recording
        .exchanges
        .iter()
        .filter(|(_, held)| held.iter().any(composed))
        .map(|(key, _)| key.clone())
        .collect();
    for place in places {
        let held = recording.exchanges.remove(&place).unwrap_or_default();
        let root = place.trim_end_matches("/actions/workflows").to_owned();
        let documents: Vec<Value> = held
            .into_iter()
            .filter_map(
                |exchange| if let Told::Document(body) = exchange.told { Some(body) } else { None },
            )
            .collect();
        let pipelines: Vec<Value> =
            documents.iter().map(|document| document["pipeline"].clone()).collect();
        let entries = pipelines
            .iter()
            .map(|pipeline| entry(&root, pipeline["path"].as_str().unwrap_or_default()))
            .collect();
        add(
            recording,
            format!("{root}/contents/.github/workflows"),
            Told::List(Arc::new(entries), Map::new()),
        );
        let rules = documents
            .iter()
            .filter_map(|document| document["checks"].as_array())
            .flatten()
            .cloned()
            .collect();
        add(recording, format!("{root}/environments"), Told::List(Arc::new(rules), Map::new()));
        for document in documents {
            let path = document["pipeline"]["path"].as_str().unwrap_or_default();
            let mut file = entry(&root, path);
            file["encoding"] = "base64".into();
            file["content"] = STANDARD.encode(document["yaml"].as_str().unwrap_or_default()).into();
            add(
                recording,
                format!("{root}/contents/{path}").to_ascii_lowercase().replacen("get ", "GET ", 1),
                Told::Document(file),
            );
            let runs = document["runs"].as_array().cloned().unwrap_or_default();
            add(
                recording,
                format!("{root}/actions/workflows/{}/runs", document["pipeline"]["id"]),
                Told::List(Arc::new(runs), Map::new()),
            );
        }
        add(recording, place, Told::List(Arc::new(pipelines), Map::new()));
    }
}

fn add(recording: &mut Recording, key: String, told: Told) {
    let exchange =
        Exchange { query: Vec::new(), sent: Value::Null, status: 200, told, broken: false };
    recording.exchanges.entry(key).or_default().push(exchange);
}

/// A file as the list of a folder shows it; `root` is the key of the repository.
fn entry(root: &str, path: &str) -> Value {
    let address = root.trim_start_matches("GET ");
    json!({"name": path.rsplit('/').next(), "path": path, "sha": "0".repeat(40), "size": 812, "type": "file", "url": format!("https://{address}/contents/{path}"),
        "git_url": format!("https://{address}/git/blobs/{}", "0".repeat(40)), "download_url": null})
}
