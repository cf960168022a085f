//! CloudFlow: what one Workflow Definition Language document says. The types stand here; `envelope` finds the
//! definition in what it came wrapped in, `action` lists its actions, `graph` judges run-after, `operation` knows
//! connectors, `literal` looks for secrets, `fingerprint` makes the structure hash, `features` counts.

mod action;
mod envelope;
mod expression;
mod features;
mod fingerprint;
mod graph;
mod literal;
mod operation;
mod service;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::Finding;

pub(crate) use envelope::{read, read_text};
pub(crate) use fingerprint::hex;

/// One cloud flow as its definition describes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CloudFlow {
    /// Id from the envelope (`workflowid`, `name` of the flow API), lower case, braces dropped. `None`: not told.
    pub id: Option<String>,
    /// Display name from the envelope. `None`: not told.
    pub name: Option<String>,
    /// What is counted and judged.
    pub features: CloudFlowFeatures,
    /// Flows called (`Workflow` actions), lower case, sorted, distinct.
    pub child_flows: Vec<String>,
    /// Flows called when something failed: a caller notifies if one of these has `notify_action_count > 0`.
    pub failure_child_flows: Vec<String>,
    /// Desktop flows called by literal id, lower case, sorted, distinct.
    pub desktop_flows: Vec<String>,
    /// Schema names of the environment variables the definition declares, sorted, distinct.
    pub environment_variables: Vec<String>,
    /// Of the places that look like a literal secret, defaults of environment variables: exports write a variable's
    /// value into every flow that uses it, so that one secret stands in many flows.
    pub variable_suspect_count: u64,
    /// Literal `http://` and `https://` endpoints under `inputs`.
    pub http_url_count: u64,
    /// What to look at, by place; at most [`crate::limits::MAX_FINDINGS`].
    pub findings: Vec<Finding>,
}

/// How well failures are handled, best first in the order of strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorHandling {
    /// Nothing runs on failure that anybody would notice.
    #[default]
    None,
    /// Only variables are written.
    Weak,
    /// The flow ends as failed, replies, or calls something.
    Strong,
}

/// The features of one cloud flow. Names and types are a contract (see `docs/definitions.md`); `None` is "not told"
/// or "does not apply", as each field says.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CloudFlowFeatures {
    /// How it was wrapped: `properties`, `definition`, `bare` or `arm`.
    pub form: &'static str,
    /// Triggers.
    pub trigger_count: u64,
    /// Type of the first trigger, lower case; empty without trigger.
    pub trigger_type: String,
    /// Kind of the first trigger, lower case; empty when it has none.
    pub trigger_kind: String,
    /// `http`, `app`, `agent`, `manual`, `schedule`, `push`, `poll` or `other`; `None` without trigger.
    pub trigger_class: Option<&'static str>,
    /// Triggers with a URL of their own.
    pub http_trigger_count: u64,
    /// Of those, open to anyone who has the URL.
    pub http_open_trigger_count: u64,
    /// `all`, `all_implicit`, `tenant`, `user` or `other`; `None` without HTTP trigger.
    pub trigger_auth: Option<&'static str>,
    /// Trigger conditions.
    pub trigger_condition_count: u64,
    /// Actions at any depth, containers included.
    pub action_count: u64,
    /// Actions that hold actions.
    pub container_count: u64,
    /// The other actions.
    pub leaf_action_count: u64,
    /// Deepest nesting; top level is 1, no action 0.
    pub max_depth: u64,
    /// Scopes.
    pub scope_count: u64,
    /// Conditions (`If`).
    pub condition_count: u64,
    /// Switches.
    pub switch_count: u64,
    /// `Foreach` loops.
    pub foreach_count: u64,
    /// `Until` loops.
    pub until_count: u64,
    /// Five actions or more.
    pub non_trivial: bool,
    /// Twenty actions or more.
    pub large: bool,
    /// Branches that run side by side, beyond the first of each group.
    pub parallel_branch_count: u64,
    /// Actions with a run-after entry other than exactly Succeeded.
    pub run_after_nonsuccess_count: u64,
    /// Actions with Failed or TimedOut in a run-after entry. Not the same as handling errors.
    pub run_after_failed_count: u64,
    /// Actions that run on failure only.
    pub catch_handler_count: u64,
    /// Actions that run on failure and on success alike.
    pub continue_on_error_count: u64,
    /// Handlers that do nothing anybody would notice.
    pub swallowed_handler_count: u64,
    /// Best strength over handlers and status checks.
    pub error_handling: ErrorHandling,
    /// Scopes with a catch scope that does something.
    pub scope_catch_count: u64,
    /// Of those, caught for failure and time-out.
    pub scope_catch_complete_count: u64,
    /// Scopes that run after a caught scope whatever its outcome.
    pub finally_count: u64,
    /// `scope_catch_count > 0`.
    pub try_catch: bool,
    /// Somebody is told when something failed.
    pub notify_on_failure: bool,
    /// A child flow is called when something failed.
    pub child_call_on_failure: bool,
    /// `Terminate` as Failed.
    pub terminate_failed_count: u64,
    /// `Terminate` as Cancelled.
    pub terminate_cancelled_count: u64,
    /// `Terminate` as Succeeded.
    pub terminate_succeeded_count: u64,
    /// HTTP actions.
    pub http_action_count: u64,
    /// Connector actions.
    pub connector_action_count: u64,
    /// HTTP and connector actions.
    pub remote_call_count: u64,
    /// Actions with an explicit fixed or exponential retry policy.
    pub retry_policy_count: u64,
    /// Actions with retries switched off.
    pub retry_none_count: u64,
    /// Actions with an explicit time-out.
    pub timeout_count: u64,
    /// Followers that run when such an action timed out.
    pub timeout_handled_count: u64,
    /// Whether retries or time-outs are thought of; `None` without remote call.
    pub retry_ok: Option<bool>,
    /// `Foreach` loops set to more than one repetition at a time.
    pub foreach_parallel_count: u64,
    /// `Foreach` loops set to one at a time.
    pub foreach_sequential_count: u64,
    /// Triggers set to more than one run at a time.
    pub trigger_concurrency_count: u64,
    /// Triggers set to one run at a time.
    pub trigger_single_count: u64,
    /// Parallel loops and triggers by setting.
    pub concurrency_settings: u64,
    /// Any parallelism by setting or by branches.
    pub concurrency_configured: bool,
    /// Actions that read a secret's value from a vault.
    pub secret_action_count: u64,
    /// Of those, with secured outputs.
    pub secret_output_secured_count: u64,
    /// Of those, with secured inputs and outputs.
    pub secure_io_count: u64,
    /// Actions with any secured data.
    pub secure_data_count: u64,
    /// Places that look like a literal secret.
    pub secret_suspect_count: u64,
    /// Rules that fired, sorted, distinct.
    pub secret_rules: Vec<&'static str>,
    /// Endpoints over plain `http://`.
    pub insecure_url_count: u64,
    /// Connection bindings.
    pub connection_binding_count: u64,
    /// Of those, through a connection reference.
    pub connection_reference_count: u64,
    /// Of those, the rest.
    pub connection_embedded_count: u64,
    /// Bindings that use the invoker's connection; overlaps the two before.
    pub connection_invoker_count: u64,
    /// Environment variables declared.
    pub env_var_count: u64,
    /// Of those, used.
    pub env_var_used_count: u64,
    /// Connector ids of actions and triggers, sorted, distinct; `dynamic` when chosen at run time.
    pub connector_ids: Vec<String>,
    /// Actions that call an AI model or agent.
    pub ai_action_count: u64,
    /// Approval actions.
    pub approval_action_count: u64,
    /// Actions that tell somebody something.
    pub notify_action_count: u64,
    /// Calls of child flows.
    pub child_flow_call_count: u64,
    /// Distinct child flows.
    pub child_flow_target_count: u64,
    /// `Response` actions.
    pub response_count: u64,
    /// Can be called by another flow and replies.
    pub callable_as_child: bool,
    /// Calls of desktop flows.
    pub desktop_flow_call_count: u64,
    /// Their run modes, sorted, distinct: `attended`, `unattended`, `dynamic`, `unset`.
    pub desktop_run_modes: Vec<String>,
    /// Writing actions a store.
    pub write_stores: BTreeMap<&'static str, u64>,
    /// The store with most writes; `None` without write.
    pub main_store: Option<&'static str>,
    /// Whether it scales; `None` without write or where it cannot be said.
    pub scalable_store: Option<bool>,
    /// Calls a child flow or has two scopes.
    pub modular: bool,
    /// Share of actions that kept the designer's default name, 0 to 1; 0 without actions.
    pub default_name_share: f64,
    /// Actions with a description.
    pub described_action_count: u64,
    /// Structural fingerprint, 16 hex digits.
    pub structure_hash: String,
}
