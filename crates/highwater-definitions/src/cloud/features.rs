//! Features of a cloud flow: everything is counted here, from the lists the other modules make. Deliberately not
//! here: thresholds of maturity; `non_trivial` and `large` are the only ones, and they are part of the contract.

mod bindings;
mod failure;
mod findings;
mod trigger;

use std::collections::BTreeSet;

use crate::cloud::action::{Action, ActionType, Actions, collect};
use crate::cloud::operation::{Calls, Operation, child_target, reads_secret};
use crate::cloud::service::{self, Service};
use crate::cloud::{CloudFlow, CloudFlowFeatures, literal};
use crate::json::{Json, Value};
use crate::secret::Rules;
use crate::text::starts_with_ignore_case;

/// A definition and what it was wrapped in.
pub(crate) struct Found<'t> {
    pub(crate) definition: Value<'t>,
    pub(crate) form: &'static str,
    pub(crate) bindings: Option<Value<'t>>,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
}

/// All that the parts look at.
pub(crate) struct Flow<'t> {
    pub(crate) actions: Actions<'t>,
    pub(crate) triggers: Vec<Action<'t>>,
    /// What each action calls.
    pub(crate) calls: Calls<'t>,
    /// What each trigger calls.
    pub(crate) trigger_calls: Calls<'t>,
}

/// Reads everything a definition says.
pub(crate) fn read(found: Found<'_>, json: &Json<'_>) -> CloudFlow {
    let flow = Flow::of(found.definition);
    let mut features = CloudFlowFeatures { form: found.form, ..CloudFlowFeatures::default() };
    trigger::count(&flow, &mut features);
    let targets = count_actions(&flow, &mut features);
    let failures = failure::count(&flow, &mut features);
    let environment_variables = bindings::count(&found, &mut features);
    let urls = count_urls(&flow, &mut features);
    let suspects = literal::suspects(found.definition, &flow.actions);
    features.secret_suspect_count = suspects.len() as u64;
    features.secret_rules = all_rules(&suspects).ids();
    let variable_suspects = suspects.iter().filter(|suspect| suspect.variable.is_some()).count();
    conclude(&mut features);
    let findings = findings::list(&flow, &failures, &suspects, &urls.insecure, &features, json);
    CloudFlow {
        id: found.id,
        name: found.name,
        child_flows: targets.child_flows,
        failure_child_flows: failures.child_flows(&flow),
        desktop_flows: targets.desktop_flows,
        environment_variables,
        variable_suspect_count: variable_suspects as u64,
        http_url_count: urls.count,
        findings,
        features,
    }
}

impl<'t> Flow<'t> {
    fn of(definition: Value<'t>) -> Self {
        let actions = collect(definition.get("actions"));
        let triggers = definition.object("triggers").into_iter().flat_map(Value::children);
        let triggers: Vec<Action<'t>> = triggers
            .filter(|trigger| trigger.is_object())
            .map(|trigger| Action::read(trigger, 0))
            .collect();
        let calls = Calls::of(&actions.list);
        let trigger_calls = Calls::of(&triggers);
        Self { actions, triggers, calls, trigger_calls }
    }

    fn each(&self) -> impl Iterator<Item = (&Action<'t>, &Operation<'t>)> {
        self.actions.list.iter().zip(self.calls.iter())
    }
}

struct Targets {
    child_flows: Vec<String>,
    desktop_flows: Vec<String>,
}

fn count_actions(flow: &Flow<'_>, features: &mut CloudFlowFeatures) -> Targets {
    let mut targets = (BTreeSet::new(), BTreeSet::new());
    let mut run_modes = BTreeSet::new();
    for (action, operation) in flow.each() {
        count_shape(action, features);
        count_settings(action, features);
        count_secrets(action, operation, features);
        if action.kind_of == ActionType::Workflow {
            targets.0.extend(child_target(action));
        }
        if action.kind_of == ActionType::Connector {
            count_service(operation.service, features);
            if operation.service.runs_desktop_flow {
                features.desktop_flow_call_count += 1;
                run_modes.insert(run_mode(action));
                targets.1.extend(desktop_target(action));
            }
        }
    }
    let connectors: BTreeSet<&str> = flow.calls.apis().chain(flow.trigger_calls.apis()).collect();
    features.connector_ids = connectors.into_iter().map(str::to_owned).collect();
    features.desktop_run_modes = run_modes.into_iter().collect();
    features.child_flow_target_count = targets.0.len() as u64;
    Targets {
        child_flows: targets.0.into_iter().collect(),
        desktop_flows: targets.1.into_iter().collect(),
    }
}

fn count_shape(action: &Action<'_>, features: &mut CloudFlowFeatures) {
    features.action_count += 1;
    features.container_count += u64::from(action.is_container());
    features.leaf_action_count += u64::from(!action.is_container());
    features.max_depth = features.max_depth.max(u64::from(action.depth));
    match action.kind_of {
        ActionType::Scope => features.scope_count += 1,
        ActionType::If => features.condition_count += 1,
        ActionType::Switch => features.switch_count += 1,
        ActionType::Foreach => features.foreach_count += 1,
        ActionType::Until => features.until_count += 1,
        ActionType::Agent => features.ai_action_count += 1,
        ActionType::Http => features.http_action_count += 1,
        ActionType::Connector => features.connector_action_count += 1,
        ActionType::Workflow => features.child_flow_call_count += 1,
        ActionType::Response => features.response_count += 1,
        ActionType::Terminate => count_terminate(action, features),
        ActionType::Variable | ActionType::Compose | ActionType::Other => {}
    }
    features.described_action_count +=
        u64::from(action.description.and_then(Value::filled).is_some());
    features.default_name_share += f64::from(u8::from(service::is_default_name(&action.name())));
}

/// How a `Terminate` action ends the run, lower case; empty when not told or computed.
fn run_status(action: &Action<'_>) -> String {
    action.input("runStatus").and_then(Value::text).unwrap_or_default().to_lowercase()
}

fn count_terminate(action: &Action<'_>, features: &mut CloudFlowFeatures) {
    match run_status(action).as_str() {
        "failed" => features.terminate_failed_count += 1,
        "cancelled" => features.terminate_cancelled_count += 1,
        "succeeded" => features.terminate_succeeded_count += 1,
        _ => {}
    }
}

fn count_settings(action: &Action<'_>, features: &mut CloudFlowFeatures) {
    if let Some(policy) = action.retry.and_then(|policy| policy.string("type")) {
        match policy.to_ascii_lowercase().as_str() {
            "fixed" | "exponential" => features.retry_policy_count += 1,
            "none" => features.retry_none_count += 1,
            _ => {}
        }
    }
    features.timeout_count += u64::from(has_timeout(action));
    if action.kind_of == ActionType::Foreach {
        let repetitions = action.concurrency("repetitions");
        let sequential = action.has_option("Sequential") || repetitions == Some(1.0);
        features.foreach_sequential_count += u64::from(sequential);
        features.foreach_parallel_count +=
            u64::from(!sequential && repetitions.is_some_and(|it| it > 1.0));
    }
}

/// An explicit time-out; loops until and agents have one always.
fn has_timeout(action: &Action<'_>) -> bool {
    let timeout = action.limit.and_then(|limit| limit.get("timeout")).and_then(Value::filled);
    timeout.is_some() && !matches!(action.kind_of, ActionType::Until | ActionType::Agent)
}

fn count_secrets(action: &Action<'_>, operation: &Operation<'_>, features: &mut CloudFlowFeatures) {
    let (inputs, outputs) = action.secured();
    features.secure_data_count += u64::from(inputs || outputs);
    if reads_secret(action, operation) {
        features.secret_action_count += 1;
        features.secret_output_secured_count += u64::from(outputs);
        features.secure_io_count += u64::from(inputs && outputs);
    }
}

fn count_service(service: Service, features: &mut CloudFlowFeatures) {
    features.ai_action_count += u64::from(service.asks_model);
    features.approval_action_count += u64::from(service.approves);
    features.notify_action_count += u64::from(service.notifies);
    if let Some(store) = service.written_store {
        *features.write_stores.entry(store).or_default() += 1;
    }
}

fn run_mode(action: &Action<'_>) -> String {
    let mode =
        action.parameters.and_then(|parameters| parameters.get("runMode")).and_then(Value::filled);
    match mode {
        None => "unset".to_owned(),
        Some(mode) if mode.contains('@') => "dynamic".to_owned(),
        Some(mode) => mode.to_lowercase(),
    }
}

fn desktop_target(action: &Action<'_>) -> Option<String> {
    let id = action.parameters?.get("uiFlowId")?.filled()?;
    (!id.contains('@')).then(|| crate::text::plain_id(&id))
}

/// Endpoints under `inputs` and its direct parts.
struct Urls<'t> {
    count: u64,
    insecure: Vec<Value<'t>>,
}

const URL_NAMES: &[&str] = &["uri", "url", "request/url", "requesturi", "baseurl", "endpoint"];
const URL_PARTS: &[&str] = &["subscribe", "unsubscribe", "parameters"];

fn count_urls<'t>(flow: &Flow<'t>, features: &mut CloudFlowFeatures) -> Urls<'t> {
    let mut urls = Urls { count: 0, insecure: Vec::new() };
    for action in flow.triggers.iter().chain(&flow.actions.list) {
        let mut parts = [None; URL_PARTS.len()];
        for member in action.inputs.into_iter().flat_map(Value::children) {
            if member.is_text() {
                urls.add(member);
            } else if let Some(at) = URL_PARTS.iter().position(|part| member.is_named(part)) {
                parts[at] = Some(member);
            }
        }
        let parts = parts.into_iter().flatten().filter(|part| part.is_object());
        parts
            .flat_map(Value::children)
            .filter(|member| member.is_text())
            .for_each(|it| urls.add(it));
    }
    features.insecure_url_count = urls.insecure.len() as u64;
    urls
}

fn is_url_name(member: Value<'_>) -> bool {
    // Their lengths first: most names are of another.
    matches!(member.raw_key_len(), 3 | 7 | 8 | 10 | 11)
        && URL_NAMES.iter().any(|known| known.eq_ignore_ascii_case(member.raw_key()))
}

impl<'t> Urls<'t> {
    fn add(&mut self, member: Value<'t>) {
        if !is_url_name(member) {
            return;
        }
        let url = member.text().unwrap_or_default();
        let plain = starts_with_ignore_case(&url, "http://");
        self.count += u64::from(plain || starts_with_ignore_case(&url, "https://"));
        if plain && !is_loopback(&url["http://".len()..]) {
            self.insecure.push(member);
        }
    }
}

fn is_loopback(authority: &str) -> bool {
    let rest = authority.to_ascii_lowercase();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        rest.strip_prefix(host)
            .is_some_and(|after| after.is_empty() || after.starts_with([':', '/', '?', '#']))
    })
}

fn all_rules(suspects: &[literal::Suspect<'_>]) -> Rules {
    let mut rules = Rules::default();
    suspects.iter().for_each(|suspect| rules.join(suspect.rules));
    rules
}

/// What follows from the counts.
fn conclude(features: &mut CloudFlowFeatures) {
    features.remote_call_count = features.http_action_count + features.connector_action_count;
    features.non_trivial = features.action_count >= 5;
    features.large = features.action_count >= 20;
    let careful = features.retry_policy_count > 0 || features.timeout_handled_count > 0;
    features.retry_ok = (features.remote_call_count > 0).then_some(careful);
    features.concurrency_settings =
        features.foreach_parallel_count + features.trigger_concurrency_count;
    features.concurrency_configured =
        features.concurrency_settings > 0 || features.parallel_branch_count > 0;
    let callable = matches!(features.trigger_class, Some("manual" | "app" | "http" | "agent"));
    features.callable_as_child = callable && features.response_count > 0;
    features.modular = features.child_flow_call_count > 0 || features.scope_count >= 2;
    let stores = features.write_stores.iter();
    let main = stores
        .max_by_key(|(store, writes)| (**writes, service::scales(store) == Some(true), **store));
    features.main_store = main.map(|(store, _)| *store);
    features.scalable_store = features.main_store.and_then(service::scales);
    if features.action_count > 0 {
        let share = features.default_name_share / features.action_count as f64;
        features.default_name_share = (share * 10_000.0).round() / 10_000.0;
    }
}
