//! DesktopFlow: what a Robin script says. The types stand here; `lexer` cuts the text into statements, `statement`
//! tells what one is, `parser` follows blocks and error handlers, `features` counts, `package` unwraps scripts.

mod features;
mod lexer;
mod literal;
mod package;
mod parser;
mod statement;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::Finding;

pub(crate) use features::{looks_like_script, read};
pub(crate) use package::{DesktopRow, rows, script};

/// The script of a desktop flow, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DesktopScript {
    /// The script's text.
    Known(String),
    /// The row or file holds a stub only: counted, its features stay unknown.
    Unknown,
}

/// One desktop flow as its script describes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DesktopFlow {
    /// What is counted and judged.
    pub features: DesktopFlowFeatures,
    /// Desktop flows called (`External.RunFlow`), lower case, sorted, distinct.
    pub child_flows: Vec<String>,
    /// What to look at, by line; at most [`crate::limits::MAX_FINDINGS`].
    pub findings: Vec<Finding>,
}

/// The features of one desktop flow. Names and types are a contract (see `docs/definitions.md`).
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DesktopFlowFeatures {
    /// Executable statements outside error handlers, not disabled.
    pub action_count: u64,
    /// Executable statements inside error handlers.
    pub handler_statement_count: u64,
    /// Disabled statements.
    pub disabled_count: u64,
    /// All three together.
    pub statement_count: u64,
    /// Most blocks open at an action, at least 1.
    pub max_depth: u64,
    /// Subflows.
    pub subflow_count: u64,
    /// Of those, called.
    pub called_subflow_count: u64,
    /// Of those, never called.
    pub uncalled_subflow_count: u64,
    /// Calls of subflows.
    pub subflow_call_count: u64,
    /// Calls of other desktop flows.
    pub child_desktop_call_count: u64,
    /// Distinct desktop flows called.
    pub child_desktop_target_count: u64,
    /// Modules that are not the vendor's, lower case, sorted.
    pub custom_modules: Vec<String>,
    /// Actions of those.
    pub custom_action_count: u64,
    /// Calls of cloud connectors.
    pub cloud_connector_call_count: u64,
    /// Actions on web pages, windows, mouse and keyboard.
    pub ui_action_count: u64,
    /// Actions a module, lower case.
    pub modules: BTreeMap<String, u64>,
    /// Error handlers of single actions (groups, not arms).
    pub on_error_count: u64,
    /// Of those, with a retry.
    pub on_error_retry_count: u64,
    /// Of those, with a statement.
    pub on_error_handled_count: u64,
    /// Of those, with neither.
    pub on_error_ignored_count: u64,
    /// Blocks.
    pub block_count: u64,
    /// Blocks with an error handler.
    pub on_block_error_count: u64,
    /// Of those, with a statement in it.
    pub on_block_error_handled_count: u64,
    /// Of those, without.
    pub on_block_error_empty_count: u64,
    /// Silent handlers after which the last error is read.
    pub error_read_after_count: u64,
    /// Reads of the last error.
    pub get_last_error_count: u64,
    /// Errors thrown.
    pub throw_count: u64,
    /// Labels.
    pub label_count: u64,
    /// Jumps to labels.
    pub goto_count: u64,
    /// Errors are handled, retried, or read.
    pub error_handling: bool,
    /// Fifteen actions or more.
    pub non_trivial: bool,
    /// Two called subflows, a called desktop flow or a custom module.
    pub modular: bool,
    /// Inputs.
    pub input_count: u64,
    /// Outputs.
    pub output_count: u64,
    /// Names marked as sensitive.
    pub sensitive_count: u64,
    /// Inputs named like a secret.
    pub secret_like_input_count: u64,
    /// Of those, marked as sensitive.
    pub secret_like_input_sensitive_count: u64,
    /// Inputs and variables named like a secret.
    pub secret_like_name_count: u64,
    /// Of those, marked as sensitive.
    pub secret_like_name_sensitive_count: u64,
    /// Places that look like a literal secret.
    pub secret_suspect_count: u64,
    /// Rules that fired, sorted, distinct.
    pub secret_rules: Vec<&'static str>,
    /// Hosts of literal addresses a browser is sent to, sorted, distinct.
    pub ui_hosts: Vec<String>,
    /// File names of literal applications, lower case, sorted, distinct.
    pub ui_apps: Vec<String>,
    /// Surplus or missing `END`s.
    pub unbalanced: u64,
    /// Fingerprint of the sequence of keywords and actions, 16 hex digits.
    pub structure_hash: String,
}
