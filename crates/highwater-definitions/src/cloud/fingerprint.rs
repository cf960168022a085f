//! Fingerprint: the structure hash. Names, literals, order of members and layout do not matter; types, connectors,
//! operations, nesting and run-after statuses do. Deliberately not here: telling copies from templates; small flows
//! collide by nature.

use sha2::{Digest, Sha256};

use crate::cloud::action::{Action, ActionMap, ActionType, Branch};
use crate::cloud::graph::{Edge, Graph, Statuses};
use crate::cloud::operation::{Calls, Operation};

type Hash = [u8; 32];

/// Hashes of a definition's maps, made from the innermost out. Maps come after their holders, so the last comes first.
pub(crate) struct Fingerprint<'m> {
    maps: &'m [ActionMap],
    hashes: Vec<Hash>,
    /// The actions of the map at hand, in its order.
    members: Vec<Hash>,
    text: Vec<u8>,
}

impl<'m> Fingerprint<'m> {
    /// Of no map so far, with room for maps of some actions.
    pub(crate) fn of(maps: &'m [ActionMap], actions: usize) -> Self {
        let hashes = vec![Hash::default(); maps.len()];
        let members = Vec::with_capacity(actions);
        Self { maps, hashes, members, text: Vec::with_capacity(512) }
    }

    /// Adds the map at an index; those that its actions hold were added before.
    pub(crate) fn add_map(
        &mut self,
        at: usize,
        graph: &Graph,
        list: &[Action<'_>],
        calls: &Calls<'_>,
    ) {
        let start = self.maps[at].start;
        self.members.clear();
        self.members.resize((self.maps[at].end - start) as usize, Hash::default());
        for action in &graph.order {
            self.text.clear();
            add_label(&list[*action as usize], calls.get(*action as usize), &mut self.text);
            self.text.push(b'|');
            self.add_branches(list[*action as usize].branches);
            self.text.push(b'|');
            add_predecessors(graph, *action, (start, &self.members), &mut self.text);
            self.members[(*action - start) as usize] = Sha256::digest(&self.text).into();
        }
        self.hashes[at] = self.map();
    }

    /// The hash of the map at hand.
    fn map(&mut self) -> Hash {
        self.members.sort_unstable();
        self.text.clear();
        for (place, member) in self.members.iter().enumerate() {
            self.text.extend((place > 0).then_some(b','));
            add_hex(&mut self.text, member);
        }
        Sha256::digest(&self.text).into()
    }

    /// The hash of the whole flow, once all maps are added.
    pub(crate) fn flow<'a, 't: 'a>(
        mut self,
        triggers: impl Iterator<Item = (&'a Action<'t>, &'a Operation<'t>)>,
    ) -> String {
        self.members.clear();
        let top = self.hashes.first().copied().unwrap_or_else(|| self.map());
        let mut labels: Vec<Vec<u8>> =
            triggers.map(|(it, operation)| label(it, operation)).collect();
        labels.sort();
        self.text.clear();
        add(&mut self.text, "trigger:");
        for (place, label) in labels.iter().enumerate() {
            self.text.extend((place > 0).then_some(b','));
            self.text.extend_from_slice(label);
        }
        self.text.push(b'|');
        add_hex(&mut self.text, &top);
        hex(&Sha256::digest(&self.text)[..8])
    }

    /// Adds the branches of one action: plain ones in order, then cases and tools sorted.
    fn add_branches(&mut self, (first, end): (u32, u32)) {
        if first == end {
            return;
        }
        let mut found: Vec<(bool, &str, &Hash)> = Vec::new();
        for at in first as usize..end as usize {
            let (named, label) = match self.maps[at].branch {
                Branch::Actions => (false, "actions:"),
                Branch::Else => (false, "else:"),
                Branch::Default => (false, "default:"),
                Branch::Case => (true, "case:"),
                Branch::Tool => (true, "tool:"),
            };
            found.push((named, label, &self.hashes[at]));
        }
        found.sort_by_key(|(named, ..)| *named);
        let plain = found.partition_point(|(named, ..)| !named);
        found[plain..].sort_unstable();
        for (at, (_, label, hash)) in found.into_iter().enumerate() {
            self.text.extend((at > 0).then_some(b';'));
            add(&mut self.text, label);
            add_hex(&mut self.text, hash);
        }
    }
}

/// What an action or trigger is, in one line, lower case.
fn label(action: &Action<'_>, operation: &Operation<'_>) -> Vec<u8> {
    let mut label = Vec::with_capacity(64);
    add_label(action, operation, &mut label);
    label
}

fn add_label(action: &Action<'_>, operation: &Operation<'_>, out: &mut Vec<u8>) {
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

/// Adds predecessors and statuses, sorted. `known` are the hashes so far, and the index of the first.
fn add_predecessors(graph: &Graph, at: u32, known: (u32, &[Hash]), out: &mut Vec<u8>) {
    let before = |edge: &Edge| match edge.cyclic {
        true => None,
        false => Some(&known.1[(edge.from - known.0) as usize][..8]),
    };
    let first = graph.dangling.partition_point(|(to, _)| *to < at);
    let unknown = graph.dangling[first..].iter().take_while(|(to, _)| *to == at);
    if let ([only], None) = (graph.edges_to(at), unknown.clone().next()) {
        return add_predecessor(before(only), only.statuses, out);
    }
    let unknown = unknown.map(|(_, statuses)| (None, *statuses));
    let named = graph.edges_to(at).iter().map(|edge| (before(edge), edge.statuses));
    let mut all: Vec<(Option<&[u8]>, Statuses)> = named.chain(unknown).collect();
    // The order of their texts: `?` comes after digits and before letters.
    all.sort_by_cached_key(|(from, statuses)| {
        let mut text = Vec::new();
        add_predecessor(*from, *statuses, &mut text);
        text
    });
    for (place, (from, statuses)) in all.into_iter().enumerate() {
        out.extend((place > 0).then_some(b';'));
        add_predecessor(from, statuses, out);
    }
}

fn add_predecessor(from: Option<&[u8]>, statuses: Statuses, out: &mut Vec<u8>) {
    match from {
        Some(hash) => add_hex(out, hash),
        None => out.push(b'?'),
    }
    out.push(b'=');
    add(out, statuses.text());
}

fn add_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut digits = [0u8; 64];
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = DIGITS[usize::from(*byte)];
    }
    out.extend_from_slice(&digits[..bytes.len() * 2]);
}

/// The two lower-case digits of every byte.
const DIGITS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut all = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        all[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    all
};

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| DIGITS[usize::from(*byte)]).map(char::from).collect()
}
