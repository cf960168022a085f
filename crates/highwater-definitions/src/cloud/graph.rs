//! Graph: the run-after edges of one map of actions, and which of its actions handle failures.
//!
//! The terms are those of `docs/definitions.md`: a *catch edge* runs on failure only, an *always edge* on failure and
//! success alike; an action that can only run after a failure is in the *failure-only set*; one that joins it by a
//! catch edge is a *handler*. Guarantees: time linear in actions and edges; cycles and dangling names are ignored.
//! Deliberately not here: what a handler does; `features` brings that along as facts of subtrees.

use std::borrow::Cow;

use crate::cloud::action::{Action, ActionMap};
use crate::json::{Shape, Value};

/// A set of run-after statuses.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Statuses(u8);

impl Statuses {
    pub(crate) const SUCCEEDED: Self = Self(1);
    pub(crate) const FAILED: Self = Self(2);
    pub(crate) const SKIPPED: Self = Self(4);
    pub(crate) const TIMED_OUT: Self = Self(8);
    const NAMES: [(&'static str, Self); 4] = [
        ("succeeded", Self::SUCCEEDED),
        ("failed", Self::FAILED),
        ("skipped", Self::SKIPPED),
        ("timedout", Self::TIMED_OUT),
    ];

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Names, lower case, sorted, joined by commas.
    pub(crate) fn text(self) -> &'static str {
        const TEXTS: [&str; 16] = [
            "",
            "succeeded",
            "failed",
            "failed,succeeded",
            "skipped",
            "skipped,succeeded",
            "failed,skipped",
            "failed,skipped,succeeded",
            "timedout",
            "succeeded,timedout",
            "failed,timedout",
            "failed,succeeded,timedout",
            "skipped,timedout",
            "skipped,succeeded,timedout",
            "failed,skipped,timedout",
            "failed,skipped,succeeded,timedout",
        ];
        TEXTS[usize::from(self.0 & 15)]
    }

    /// Runs on failure.
    pub(crate) fn on_failure(self) -> bool {
        self.has(Self::FAILED) || self.has(Self::TIMED_OUT)
    }

    /// Runs on failure only.
    pub(crate) fn is_catch(self) -> bool {
        self.on_failure() && !self.has(Self::SUCCEEDED)
    }

    /// Runs on failure and success alike.
    pub(crate) fn is_always(self) -> bool {
        self.on_failure() && self.has(Self::SUCCEEDED)
    }

    fn read(list: Value<'_>) -> Self {
        let mut found = Self::default();
        let mut told = false;
        for text in list.children().filter_map(Value::text) {
            told = true;
            let known = Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
            found.0 |= known.map_or(0, |(_, status)| status.0);
        }
        if told && list.shape() == Shape::Array { found } else { Self::SUCCEEDED }
    }
}

/// One edge, as indexes into the list of all actions.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) statuses: Statuses,
    /// Part of a cycle: known, but never followed.
    pub(crate) cyclic: bool,
}

/// The edges of one map, sorted by follower, and its actions in order. Made once, read for one map after the other.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) edges: Vec<Edge>,
    /// Every action after those it runs after.
    pub(crate) order: Vec<u32>,
    /// Statuses of entries that name no action of the map, with the action that has them.
    pub(crate) dangling: Vec<(u32, Statuses)>,
    start: u32,
    /// Where the edges of each action begin; one more at the end.
    starts: Vec<u32>,
}

impl Graph {
    /// Of no map so far, with room for maps of some actions.
    pub(crate) fn with_room(actions: usize) -> Self {
        Self {
            edges: Vec::with_capacity(actions),
            order: Vec::with_capacity(actions),
            starts: Vec::with_capacity(actions + 1),
            ..Self::default()
        }
    }

    /// Reads the edges of a map; what was read before is forgotten.
    pub(crate) fn read(&mut self, list: &[Action<'_>], map: &ActionMap) {
        let members = &list[map.start as usize..map.end as usize];
        self.start = map.start;
        self.edges.clear();
        self.dangling.clear();
        self.starts.clear();
        let names = Names::of(members);
        for (to, action) in (map.start..).zip(members) {
            self.starts.push(self.edges.len() as u32);
            self.add_edges(action.run_after, to, &names);
        }
        self.starts.push(self.edges.len() as u32);
        self.sort();
    }

    fn add_edges(&mut self, run_after: Option<Value<'_>>, to: u32, names: &Names<'_, '_>) {
        for entry in run_after.into_iter().filter(|it| it.is_object()).flat_map(Value::children) {
            let statuses = Statuses::read(entry);
            match names.find(&entry.key()) {
                Some(at) => {
                    let from = self.start + at;
                    self.edges.push(Edge { from, to, statuses, cyclic: false });
                }
                None => self.dangling.push((to, statuses)),
            }
        }
    }

    /// The edges into an action.
    pub(crate) fn edges_to(&self, to: u32) -> &[Edge] {
        let at = (to - self.start) as usize;
        &self.edges[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Orders the actions; what is left over is in or behind a cycle.
    fn sort(&mut self) {
        let size = self.starts.len() - 1;
        self.order.clear();
        if self.edges.iter().all(|edge| edge.from < edge.to) {
            self.order.extend(self.start..self.start + size as u32);
            return;
        }
        let open: Vec<u32> = self.starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let followers = self.followers(size);
        let left = self.release(open, &followers);
        if self.order.len() < size {
            self.break_cycles(&left, &followers);
            self.order.clear();
            let mut open = vec![0u32; size];
            for edge in self.edges.iter().filter(|edge| !edge.cyclic) {
                open[(edge.to - self.start) as usize] += 1;
            }
            let followers = self.followers(size);
            self.release(open, &followers);
        }
        let start = self.start;
        self.order.iter_mut().for_each(|at| *at += start);
    }

    /// Kahn's algorithm: orders (from 0) every action whose predecessors were. The edges that each action still waits for.
    fn release(&mut self, mut open: Vec<u32>, followers: &Followers) -> Vec<u32> {
        self.order.extend((0..open.len() as u32).filter(|at| open[*at as usize] == 0));
        let mut next = 0;
        while let Some(at) = self.order.get(next).copied() {
            next += 1;
            for to in followers.of(at) {
                open[*to as usize] -= 1;
                if open[*to as usize] == 0 {
                    self.order.push(*to);
                }
            }
        }
        open
    }

    /// For each action (from 0) the actions that follow it, an entry an edge.
    fn followers(&self, size: usize) -> Followers {
        let mut starts = vec![0u32; size + 1];
        let edges = || self.edges.iter().filter(|edge| !edge.cyclic);
        for edge in edges() {
            starts[(edge.from - self.start) as usize] += 1;
        }
        let mut end = 0;
        for start in &mut starts {
            end += *start;
            *start = end;
        }
        let mut list = vec![0u32; end as usize];
        for edge in edges() {
            let start = &mut starts[(edge.from - self.start) as usize];
            *start -= 1;
            list[*start as usize] = edge.to - self.start;
        }
        Followers { starts, list }
    }

    /// Marks the edges between actions that are left over from both ends: independent of the order of names.
    fn break_cycles(&mut self, open: &[u32], followers: &Followers) {
        let mut left: Vec<bool> = open.iter().map(|count| *count > 0).collect();
        let still = |at: u32| followers.of(at).iter().filter(|to| left[**to as usize]).count();
        let mut ahead: Vec<usize> = (0..left.len() as u32).map(still).collect();
        let mut ends: Vec<u32> = (0..left.len() as u32)
            .filter(|at| left[*at as usize] && ahead[*at as usize] == 0)
            .collect();
        while let Some(end) = ends.pop() {
            left[end as usize] = false;
            for edge in self.edges_to(end + self.start) {
                let from = (edge.from - self.start) as usize;
                ahead[from] = ahead[from].saturating_sub(1);
                if left[from] && ahead[from] == 0 {
                    ends.push(from as u32);
                }
            }
        }
        let start = self.start;
        for edge in &mut self.edges {
            edge.cyclic = left[(edge.from - start) as usize] && left[(edge.to - start) as usize];
        }
    }

    /// Branches beyond the first of every group that starts together.
    pub(crate) fn parallel_branches(&self) -> u64 {
        let edges = || self.edges.iter().filter(|edge| edge.statuses.has(Statuses::SUCCEEDED));
        let mut beyond = 0;
        // Of actions that run one after the other, each is followed by one.
        if !edges().is_sorted_by(|one, next| one.from < next.from) {
            let mut followed = vec![false; self.starts.len() - 1];
            for edge in edges() {
                let from = &mut followed[(edge.from - self.start) as usize];
                beyond += u64::from(std::mem::replace(from, true));
            }
        }
        let starting = self.starts.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        beyond + starting.saturating_sub(1)
    }

    /// Whether anything runs on failure.
    pub(crate) fn minds_failure(&self) -> bool {
        self.edges.iter().any(|edge| edge.statuses.on_failure())
    }
}

/// The followers of every action, in one list.
struct Followers {
    starts: Vec<u32>,
    list: Vec<u32>,
}

impl Followers {
    fn of(&self, at: u32) -> &[u32] {
        &self.list[self.starts[at as usize] as usize..self.starts[at as usize + 1] as usize]
    }
}

/// The actions of a map by name; the last one of that name counts.
enum Names<'a, 't> {
    Few(&'a [Action<'t>]),
    /// Sorted, so that time stays linear (but for a logarithm) however many there are.
    Many(Vec<(Cow<'t, str>, u32)>),
}

impl<'a, 't> Names<'a, 't> {
    const FEW: usize = 16;

    fn of(members: &'a [Action<'t>]) -> Self {
        if members.len() <= Self::FEW {
            return Self::Few(members);
        }
        let names = members.iter().map(Action::name);
        let mut names: Vec<(Cow<'t, str>, u32)> = names.zip(0..).collect();
        names.sort();
        Self::Many(names)
    }

    fn find(&self, name: &str) -> Option<u32> {
        match self {
            Self::Few(members) => {
                members.iter().rposition(|action| action.value.is_named(name)).map(|at| at as u32)
            }
            Self::Many(names) => {
                let after = names.partition_point(|(known, _)| known.as_ref() <= name);
                let (known, at) = names.get(after.checked_sub(1)?)?;
                (known == name).then_some(*at)
            }
        }
    }
}

/// What an action is to failures.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Role {
    /// Runs after a failure only.
    pub(crate) failure_only: bool,
    /// Of those, one that a catch edge leads to.
    pub(crate) handler: bool,
    /// No handler, and some edge runs on failure and success alike.
    pub(crate) continues: bool,
}

/// The roles of a map's actions, in the order of the map.
pub(crate) fn roles(graph: &Graph) -> Vec<Role> {
    let mut roles = vec![Role::default(); graph.starts.len() - 1];
    for to in &graph.order {
        let edges = graph.edges_to(*to).iter().filter(|edge| !edge.cyclic);
        let mut role = Role::default();
        for edge in edges {
            let from_failure = roles[(edge.from - graph.start) as usize].failure_only;
            let skipped = edge.statuses.has(Statuses::SKIPPED);
            role.handler |= edge.statuses.is_catch() && !(from_failure && skipped);
            role.failure_only |= from_failure && !skipped;
            role.continues |= edge.statuses.is_always();
        }
        role.failure_only |= role.handler;
        role.continues &= !role.handler;
        roles[(*to - graph.start) as usize] = role;
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::action::collect;
    use crate::json::Json;

    fn with<T>(text: &str, check: impl Fn(&Graph) -> T) -> T {
        let json = Json::read(text).unwrap();
        let actions = collect(Some(json.root()));
        let mut graph = Graph::default();
        graph.read(&actions.list, &actions.maps[0]);
        check(&graph)
    }

    #[test]
    fn statuses_are_read_without_case() {
        let text = r#"{"A":{},"B":{"runAfter":{"A":["FAILED","succeeded","Odd"]}},"C":{"runAfter":{"A":["Odd"]}}}"#;
        let texts = with(text, |graph| {
            graph.edges.iter().map(|edge| edge.statuses.text()).collect::<Vec<_>>()
        });
        assert_eq!(texts, ["failed,succeeded", ""]);
    }

    #[test]
    fn cycles_are_cut_and_the_rest_is_ordered() {
        let text = r#"{"X":{"runAfter":{"Y":[]}},"Y":{"runAfter":{"X":[]}},"Behind":{"runAfter":{"X":[]}},
            "Before":{},"Self":{"runAfter":{"Self":["Failed"],"Before":[]}}}"#;
        let (order, cyclic) = with(text, |graph| {
            (graph.order.clone(), graph.edges.iter().filter(|edge| edge.cyclic).count())
        });
        assert_eq!(order.len(), 5);
        assert_eq!(cyclic, 3);
        let place = |at: u32| order.iter().position(|it| *it == at);
        assert!(place(0) < place(2) && place(3) < place(4));
    }

    #[test]
    fn a_success_path_through_skipped_handlers_is_no_handler() {
        let text = r#"{"T":{},"C":{"runAfter":{"T":["Failed","Skipped"]}},
            "R":{"runAfter":{"C":["Failed","Skipped","TimedOut"]}},"N":{"runAfter":{"C":["Succeeded"]}}}"#;
        let found = with(text, |graph| {
            roles(graph).iter().map(|role| (role.failure_only, role.handler)).collect::<Vec<_>>()
        });
        assert_eq!(found, [(false, false), (true, true), (false, false), (true, false)]);
    }
}
