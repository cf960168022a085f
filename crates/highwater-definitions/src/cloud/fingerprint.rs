//! Fingerprint: the structure hash. Names, literals, order of members and layout do not matter; types, connectors,
//! operations, nesting and run-after statuses do. Deliberately not here: telling copies from templates; small flows
//! collide by nature.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::cloud::action::{Action, ActionMap, ActionType, Branch};
use crate::cloud::graph::Graph;
use crate::cloud::operation::Operation;

/// What an action or trigger is, in one line, lower case.
pub(crate) fn label(action: &Action<'_>, operation: Option<&Operation>) -> String {
    let mut label = action.type_name.to_lowercase();
    if let Some(kind) = &action.kind {
        label.push(':');
        label.push_str(&kind.to_lowercase());
    }
    if let Some(operation) = operation.filter(|_| action.kind_of == ActionType::Connector) {
        let _ = write!(label, "#{}/{}", operation.api, operation.name);
    }
    label
}

/// The hash of a whole flow, from the labels of its triggers and the hash of its top-level map.
pub(crate) fn flow(mut trigger_labels: Vec<String>, top: &str) -> String {
    trigger_labels.sort();
    let text = format!("trigger:{}|{top}", trigger_labels.join(","));
    hex(&Sha256::digest(text.as_bytes())[..8])
}

/// The hash of a map from those of its members; also of a flow without one.
pub(crate) fn map(members: &[String]) -> String {
    let mut members: Vec<&str> = members.iter().map(String::as_str).collect();
    members.sort_unstable();
    digest(&members.join(","))
}

/// The hashes of a map's actions, in the order of the map. `map_hashes` holds those of all maps further down.
pub(crate) fn members(
    graph: &Graph<'_>,
    map: &ActionMap,
    labels: &[String],
    branches: &dyn Fn(u32) -> String,
) -> Vec<String> {
    let mut hashes = vec![String::new(); (map.end - map.start) as usize];
    for at in &graph.order {
        let mut before: Vec<String> = Vec::new();
        for edge in graph.edges_to(*at) {
            let from =
                if edge.cyclic { "?" } else { &hashes[(edge.from - map.start) as usize][..16] };
            before.push(format!("{from}={}", edge.statuses.text()));
        }
        let first = graph.dangling.partition_point(|(to, _)| to < at);
        let unknown = graph.dangling[first..].iter().take_while(|(to, _)| to == at);
        before.extend(unknown.map(|(_, statuses)| format!("?={}", statuses.text())));
        before.sort();
        let text = format!("{}|{}|{}", labels[*at as usize], branches(*at), before.join(";"));
        hashes[(*at - map.start) as usize] = digest(&text);
    }
    hashes
}

/// The branches of one action: plain ones in order, then cases and tools sorted.
pub(crate) fn branches(maps: &[ActionMap], hashes: &[String], range: (u32, u32)) -> String {
    let mut plain = Vec::new();
    let mut named = Vec::new();
    for at in range.0..range.1 {
        let hash = &hashes[at as usize];
        match maps[at as usize].branch {
            Branch::Actions => plain.push(format!("actions:{hash}")),
            Branch::Else => plain.push(format!("else:{hash}")),
            Branch::Default => plain.push(format!("default:{hash}")),
            Branch::Case => named.push(format!("case:{hash}")),
            Branch::Tool => named.push(format!("tool:{hash}")),
        }
    }
    named.sort();
    plain.append(&mut named);
    plain.join(";")
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
