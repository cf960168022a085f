//! Fingerprint: the structure hash. Names, literals, order of members and layout do not matter; types, connectors,
//! operations, nesting and run-after statuses do. Deliberately not here: telling copies from templates; small flows
//! collide by nature.

use sha2::{Digest, Sha256};

use crate::cloud::action::{Action, ActionMap, ActionType, Branch};
use crate::cloud::graph::Graph;
use crate::cloud::operation::Operation;

/// A SHA-256 in lower-case hexadecimal digits.
pub(crate) type Hash = [u8; 64];

/// What an action or trigger is, in one line, lower case.
pub(crate) fn label(action: &Action<'_>, operation: &Operation) -> Vec<u8> {
    let mut label = Vec::new();
    add_label(action, operation, &mut label);
    label
}

fn add_label(action: &Action<'_>, operation: &Operation, out: &mut Vec<u8>) {
    add_lower(&action.type_name, out);
    if let Some(kind) = &action.kind {
        out.push(b':');
        add_lower(kind, out);
    }
    if action.kind_of == ActionType::Connector {
        add(out, "#");
        add(out, &operation.api);
        add(out, "/");
        add(out, &operation.name);
    }
}

fn add(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn add_lower(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() {
        out.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
    } else {
        add(out, &text.to_lowercase());
    }
}

/// The hash of a whole flow, from the labels of its triggers and the hash of its top-level map.
pub(crate) fn flow(mut trigger_labels: Vec<Vec<u8>>, top: &Hash) -> String {
    trigger_labels.sort();
    let mut text = b"trigger:".to_vec();
    text.extend(trigger_labels.join(&b','));
    text.push(b'|');
    text.extend_from_slice(top);
    hex(&Sha256::digest(&text)[..8])
}

/// The hash of a map from those of its members; also of a flow without one.
pub(crate) fn map(mut members: Vec<Hash>) -> Hash {
    members.sort_unstable();
    let mut text = Vec::with_capacity(members.len() * 65);
    for (at, member) in members.iter().enumerate() {
        text.extend((at > 0).then_some(b','));
        text.extend_from_slice(member);
    }
    digest(&text)
}

/// The hashes of a map's actions, in the order of the map. `branches` adds those of an action's own maps.
pub(crate) fn members(
    graph: &Graph<'_>,
    map: &ActionMap,
    actions: (&[Action<'_>], &[Operation]),
    branches: &dyn Fn(u32, &mut Vec<u8>),
) -> Vec<Hash> {
    let mut hashes = vec![[0u8; 64]; (map.end - map.start) as usize];
    let mut text = Vec::with_capacity(256);
    for at in &graph.order {
        text.clear();
        add_label(&actions.0[*at as usize], &actions.1[*at as usize], &mut text);
        text.push(b'|');
        branches(*at, &mut text);
        text.push(b'|');
        add_predecessors(graph, *at, (map.start, &hashes), &mut text);
        hashes[(*at - map.start) as usize] = digest(&text);
    }
    hashes
}

/// Adds predecessors and statuses, sorted. `known` are the hashes so far, and the index of the first.
fn add_predecessors(graph: &Graph<'_>, at: u32, known: (u32, &[Hash]), out: &mut Vec<u8>) {
    let first = graph.dangling.partition_point(|(to, _)| *to < at);
    let unknown = graph.dangling[first..].iter().take_while(|(to, _)| *to == at);
    let unknown = unknown.map(|(_, statuses)| (b"?".as_slice(), statuses.text()));
    let named = graph.edges_to(at).iter().map(|edge| {
        let hash = &known.1[(edge.from - known.0) as usize];
        (if edge.cyclic { b"?".as_slice() } else { &hash[..16] }, edge.statuses.text())
    });
    let mut before: Vec<(&[u8], &str)> = named.chain(unknown).collect();
    before.sort_unstable();
    for (place, (from, statuses)) in before.into_iter().enumerate() {
        out.extend((place > 0).then_some(b';'));
        out.extend_from_slice(from);
        out.push(b'=');
        add(out, statuses);
    }
}

/// Adds the branches of one action: plain ones in order, then cases and tools sorted.
pub(crate) fn branches(maps: &[ActionMap], hashes: &[Hash], range: (u32, u32), out: &mut Vec<u8>) {
    let mut found: Vec<(bool, &str, &Hash)> = Vec::new();
    for at in range.0 as usize..range.1 as usize {
        let (named, label) = match maps[at].branch {
            Branch::Actions => (false, "actions:"),
            Branch::Else => (false, "else:"),
            Branch::Default => (false, "default:"),
            Branch::Case => (true, "case:"),
            Branch::Tool => (true, "tool:"),
        };
        found.push((named, label, &hashes[at]));
    }
    found.sort_by_key(|(named, ..)| *named);
    let first = found.partition_point(|(named, ..)| !named);
    found[first..].sort_unstable();
    for (at, (_, label, hash)) in found.into_iter().enumerate() {
        out.extend((at > 0).then_some(b';'));
        add(out, label);
        out.extend_from_slice(hash);
    }
}

fn digest(text: &[u8]) -> Hash {
    let mut digits = [0u8; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(Sha256::digest(text)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    digits
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
