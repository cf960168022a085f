//! Failure: run-after, handlers and their strength, try/catch/finally, and the fingerprint, which needs the same
//! graphs. Maps are visited from the innermost out, once each.

use std::collections::BTreeSet;

use crate::cloud::action::{Action, ActionMap, ActionType};
use crate::cloud::expression::arguments;
use crate::cloud::features::{Flow, has_timeout, run_status};
use crate::cloud::fingerprint::Fingerprint;
use crate::cloud::graph::{Graph, Role, Statuses, roles};
use crate::cloud::operation::{Operation, child_target};
use crate::cloud::{CloudFlowFeatures, ErrorHandling};
use crate::json::Value;
use crate::text::starts_with_ignore_case;

/// What failure handling was found, by index of the action.
#[derive(Default)]
pub(super) struct Failures {
    /// Handlers that do nothing anybody would notice.
    pub(super) swallowed: Vec<u32>,
    /// Catch scopes that cover one of failure and time-out only.
    pub(super) incomplete: Vec<u32>,
    /// Actions that run when something failed: members of regions and status checks, and all inside them.
    on_failure: Vec<bool>,
}

/// What a subtree or region holds.
#[derive(Clone, Copy, Default)]
struct Holds {
    strong: bool,
    weak: bool,
}

impl Holds {
    fn own(action: &Action<'_>) -> Self {
        let ends = action.kind_of == ActionType::Terminate
            && matches!(run_status(action).as_str(), "failed" | "cancelled");
        let calls = matches!(action.kind_of, ActionType::Response | ActionType::Workflow)
            || action.kind_of.is_remote();
        Self { strong: ends || calls, weak: action.kind_of == ActionType::Variable }
    }

    fn join(&mut self, other: Self) {
        self.strong |= other.strong;
        self.weak |= other.weak;
    }

    fn strength(self) -> ErrorHandling {
        match self {
            Self { strong: true, .. } => ErrorHandling::Strong,
            Self { weak: true, .. } => ErrorHandling::Weak,
            Self { .. } => ErrorHandling::None,
        }
    }
}

/// Counts everything about failures, and makes the fingerprint.
pub(super) fn count(flow: &Flow<'_>, features: &mut CloudFlowFeatures) -> Failures {
    let (list, maps) = (&flow.actions.list, &flow.actions.maps);
    let mut failures = Failures { on_failure: vec![false; list.len()], ..Failures::default() };
    let mut subtrees: Vec<Holds> = list.iter().map(Holds::own).collect();
    let mut fingerprint = Fingerprint::of(maps, list.len());
    let mut outcomes = None;
    let mut graph = Graph::with_room(list.len());
    for at in (0..maps.len()).rev() {
        let map = &maps[at];
        graph.read(list, map);
        add_branches(flow, map, &mut subtrees);
        count_edges(flow, &graph, features);
        features.parallel_branch_count += graph.parallel_branches();
        if graph.minds_failure() {
            Judged::of(flow, map, &graph, &subtrees, &mut outcomes).count(features, &mut failures);
        }
        fingerprint.add_map(at, &graph, list, &flow.calls);
    }
    let triggers = flow.triggers.iter().zip(flow.trigger_calls.iter());
    features.structure_hash = fingerprint.flow(triggers);
    failures.spread(maps);
    features.try_catch = features.scope_catch_count > 0;
    features.notify_on_failure = failures.any(flow, |action, operation| {
        action.kind_of == ActionType::Connector && operation.service.notifies
    });
    features.child_call_on_failure =
        failures.any(flow, |action, _| action.kind_of == ActionType::Workflow);
    failures
}

/// Adds what the branches of each action of a map hold; those maps come later in the list and are complete.
fn add_branches(flow: &Flow<'_>, map: &ActionMap, subtrees: &mut [Holds]) {
    for at in map.start..map.end {
        let branches = flow.actions.list[at as usize].branches;
        for inner in &flow.actions.maps[branches.0 as usize..branches.1 as usize] {
            let mut held = Holds::default();
            subtrees[inner.start as usize..inner.end as usize]
                .iter()
                .for_each(|inside| held.join(*inside));
            subtrees[at as usize].join(held);
        }
    }
}

fn count_edges(flow: &Flow<'_>, graph: &Graph, features: &mut CloudFlowFeatures) {
    let (mut other, mut failed) = (None, None);
    for edge in &graph.edges {
        if edge.statuses != Statuses::SUCCEEDED && other != Some(edge.to) {
            features.run_after_nonsuccess_count += 1;
            other = Some(edge.to);
        }
        if edge.statuses.on_failure() && failed != Some(edge.to) {
            features.run_after_failed_count += 1;
            failed = Some(edge.to);
        }
        let timed = edge.statuses.has(Statuses::TIMED_OUT)
            && has_timeout(&flow.actions.list[edge.from as usize]);
        features.timeout_handled_count += u64::from(timed);
    }
}

/// One map with the roles of its actions and the strength of their regions.
struct Judged<'g, 't> {
    flow: &'g Flow<'t>,
    map: &'g ActionMap,
    graph: &'g Graph,
    roles: Vec<Role>,
    /// What runs when a member of the failure-only set ran, in the order of the map.
    regions: Vec<Holds>,
    /// Strength of each action as a status check, in the order of the map.
    checks: Vec<ErrorHandling>,
}

impl<'g, 't> Judged<'g, 't> {
    fn of(
        flow: &'g Flow<'t>,
        map: &'g ActionMap,
        graph: &'g Graph,
        subtrees: &[Holds],
        outcomes: &mut Option<Outcomes>,
    ) -> Self {
        let roles = roles(graph);
        let mut regions = subtrees[map.start as usize..map.end as usize].to_vec();
        let checks = status_checks(flow, map, &roles, &regions, outcomes);
        for to in graph.order.iter().rev() {
            for edge in graph.edges_to(*to) {
                let (from, to) = ((edge.from - map.start) as usize, (edge.to - map.start) as usize);
                if follows_in_region(&roles, from, to, edge.statuses) && !edge.cyclic {
                    let held = regions[to];
                    regions[from].join(held);
                }
            }
        }
        Self { flow, map, graph, roles, regions, checks }
    }

    fn count(&self, features: &mut CloudFlowFeatures, failures: &mut Failures) {
        for (at, role) in self.roles.iter().enumerate() {
            let action = self.map.start + at as u32;
            if role.handler {
                let strength = self.regions[at].strength();
                features.catch_handler_count += 1;
                features.error_handling = features.error_handling.max(strength);
                if strength == ErrorHandling::None {
                    features.swallowed_handler_count += 1;
                    failures.swallowed.push(action);
                }
            }
            features.continue_on_error_count += u64::from(role.continues);
            features.error_handling = features.error_handling.max(self.checks[at]);
            failures.on_failure[action as usize] =
                role.handler || self.checks[at] > ErrorHandling::None;
        }
        self.mark_regions(failures);
        self.count_scopes(features, failures);
    }

    /// Marks what follows a handler within the failure-only set.
    fn mark_regions(&self, failures: &mut Failures) {
        for to in &self.graph.order {
            let marked = self.graph.edges_to(*to).iter().any(|edge| {
                let (from, to) =
                    ((edge.from - self.map.start) as usize, (edge.to - self.map.start) as usize);
                !edge.cyclic
                    && follows_in_region(&self.roles, from, to, edge.statuses)
                    && failures.on_failure[edge.from as usize]
            });
            failures.on_failure[*to as usize] |= marked;
        }
    }

    fn is_scope(&self, at: u32) -> bool {
        self.flow.actions.list[at as usize].kind_of == ActionType::Scope
    }

    fn role(&self, at: u32) -> Role {
        self.roles[(at - self.map.start) as usize]
    }

    /// Try, catch and finally scopes.
    fn count_scopes(&self, features: &mut CloudFlowFeatures, failures: &mut Failures) {
        let checked = self.checked();
        let mut caught = BTreeSet::new();
        let mut complete = BTreeSet::new();
        let mut catching = BTreeSet::new();
        for edge in self.graph.edges.iter().filter(|edge| edge.statuses.is_catch() && !edge.cyclic)
        {
            let scopes =
                self.is_scope(edge.from) && self.is_scope(edge.to) && self.role(edge.to).handler;
            let acts =
                self.regions[(edge.to - self.map.start) as usize].strength() > ErrorHandling::None;
            if scopes && (acts || checked.contains(&edge.to) || checked.contains(&edge.from)) {
                caught.insert(edge.from);
                catching.insert(edge.to);
                if edge.statuses.has(Statuses::FAILED) && edge.statuses.has(Statuses::TIMED_OUT) {
                    complete.insert(edge.from);
                } else {
                    failures.incomplete.push(edge.to);
                }
            }
        }
        features.scope_catch_count += caught.len() as u64;
        features.scope_catch_complete_count += complete.len() as u64;
        features.finally_count += self.finally_scopes(&catching, &caught);
    }

    /// Actions on which a status check hangs by an always edge.
    fn checked(&self) -> BTreeSet<u32> {
        let edges =
            self.graph.edges.iter().filter(|edge| edge.statuses.is_always() && !edge.cyclic);
        let checks = edges
            .filter(|edge| self.checks[(edge.to - self.map.start) as usize] > ErrorHandling::None);
        checks.map(|edge| edge.from).collect()
    }

    fn finally_scopes(&self, catching: &BTreeSet<u32>, caught: &BTreeSet<u32>) -> u64 {
        let edges = self.graph.edges.iter().filter(|edge| !edge.cyclic && self.is_scope(edge.to));
        let finals = edges.filter(|edge| {
            let succeeded = edge.statuses.has(Statuses::SUCCEEDED);
            let after_catch = catching.contains(&edge.from) && edge.statuses.has(Statuses::SKIPPED);
            let after_try = caught.contains(&edge.from) && edge.statuses.has(Statuses::FAILED);
            succeeded && (after_catch || after_try)
        });
        finals.map(|edge| edge.to).collect::<BTreeSet<_>>().len() as u64
    }
}

/// Whether an edge stays within the region of a handler.
fn follows_in_region(roles: &[Role], from: usize, to: usize, statuses: Statuses) -> bool {
    roles[from].failure_only && roles[to].failure_only && !statuses.has(Statuses::SKIPPED)
}

/// Strength of those actions that run always and ask how a sibling ended.
fn status_checks(
    flow: &Flow<'_>,
    map: &ActionMap,
    roles: &[Role],
    subtrees: &[Holds],
    outcomes: &mut Option<Outcomes>,
) -> Vec<ErrorHandling> {
    let mut checks = vec![ErrorHandling::None; roles.len()];
    let mut names: Option<BTreeSet<String>> = None;
    for (at, role) in roles.iter().enumerate() {
        let strength = subtrees[at].strength();
        if !role.continues || strength == ErrorHandling::None {
            continue;
        }
        let members = &flow.actions.list[map.start as usize..map.end as usize];
        let names = names.get_or_insert_with(|| {
            members.iter().map(|action| action.name().to_lowercase()).collect()
        });
        let asked = outcomes.get_or_insert_with(|| Outcomes::of(flow));
        let own = members[at].name().to_lowercase();
        if asked.within(members[at].value).any(|name| *name != own && names.contains(name)) {
            checks[at] = strength;
        }
    }
    checks
}

/// Which actions' outcomes expressions ask for, by index of the text, sorted.
struct Outcomes(Vec<(u32, String)>);

impl Outcomes {
    fn of(flow: &Flow<'_>) -> Self {
        let mut found = Vec::new();
        let top =
            flow.actions.maps.first().and_then(|map| flow.actions.list.get(map.start as usize));
        let section = top.and_then(|action| action.value.parent());
        let texts = section
            .into_iter()
            .flat_map(|all| (all.index()..all.end()).map(move |at| all.sibling(at)));
        for value in texts.filter(|value| {
            value.is_text() && memchr::memchr(b'@', value.raw().as_bytes()).is_some()
        }) {
            let text = value.text().unwrap_or_default();
            let mut add =
                |name: &str| found.push((value.index(), name.replace("''", "'").to_lowercase()));
            arguments(&text, "result").for_each(|(name, _)| add(name));
            arguments(&text, "actions").for_each(|(name, _)| add(name));
            arguments(&text, "outputs")
                .filter(|(_, end)| asks_status(&text[*end..]))
                .for_each(|(name, _)| add(name));
        }
        Self(found)
    }

    fn within(&self, value: Value<'_>) -> impl Iterator<Item = &String> {
        let first = self.0.partition_point(|(at, _)| *at < value.index());
        let end = value.end();
        self.0[first..].iter().take_while(move |(at, _)| *at < end).map(|(_, name)| name)
    }
}

/// Whether `)?['statusCode']` follows.
fn asks_status(rest: &str) -> bool {
    let rest = rest.trim_start().strip_prefix(')').unwrap_or("").trim_start();
    starts_with_ignore_case(rest.strip_prefix('?').unwrap_or(rest), "['statusCode']")
}

impl Failures {
    /// What is inside of something that runs on failure runs on failure too. Maps come after their holders.
    fn spread(&mut self, maps: &[ActionMap]) {
        for map in maps {
            if map.holder.is_some_and(|holder| self.on_failure[holder as usize]) {
                self.on_failure[map.start as usize..map.end as usize].fill(true);
            }
        }
    }

    fn any(&self, flow: &Flow<'_>, fits: impl Fn(&Action<'_>, &Operation<'_>) -> bool) -> bool {
        flow.each()
            .zip(&self.on_failure)
            .any(|((action, operation), on_failure)| *on_failure && fits(action, operation))
    }

    /// Flows called when something failed, sorted, distinct.
    pub(super) fn child_flows(&self, flow: &Flow<'_>) -> Vec<String> {
        let failing =
            flow.actions.list.iter().zip(&self.on_failure).filter(|(_, on_failure)| **on_failure);
        let calls = failing.filter(|(action, _)| action.kind_of == ActionType::Workflow);
        calls
            .filter_map(|(action, _)| child_target(action))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}
