//! Features of a desktop flow: everything is counted here, from the statements in their order.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::lexer::{LineKind, Token, lines, proper, unescaped};
use super::parser::{Handlers, Parser, Standing};
use super::statement::{Kind, Statement, module};
use super::{DesktopFlow, DesktopFlowFeatures, literal};
use crate::finding::{Finding, Rule};
use crate::limits::MAX_FINDINGS;
use crate::secret::{Rules, is_secret_input};

/// Modules that ship with the designer, lower case.
const VENDOR_MODULES: &[&str] = &[
    "activedirectory",
    "aibuilder",
    "aws",
    "azure",
    "clipboard",
    "cmd",
    "compression",
    "conditionals",
    "credentials",
    "cryptography",
    "cyberark",
    "database",
    "datetime",
    "display",
    "email",
    "excel",
    "exchange",
    "external",
    "file",
    "flowcontrol",
    "folder",
    "ftp",
    "googlecognitive",
    "ibmcognitive",
    "logging",
    "loops",
    "microsoftcognitive",
    "mouseandkeyboard",
    "ocr",
    "outlook",
    "pdf",
    "powerautomatesecretvariables",
    "sap",
    "scripting",
    "services",
    "sharepoint",
    "system",
    "terminalemulation",
    "text",
    "uiautomation",
    "variables",
    "web",
    "webautomation",
    "word",
    "workqueues",
    "workstation",
    "xml",
];

const UI_MODULES: &[&str] = &["webautomation", "uiautomation", "mouseandkeyboard"];

/// What a script says.
pub(crate) fn read(script: &str) -> DesktopFlow {
    let script = proper(script);
    let mut count = Count::default();
    let mut parser = Parser::default();
    for line in lines(&script) {
        match line.kind {
            LineKind::Comment => count.suspect(literal::comment(line.text), line.line),
            LineKind::Annotation => {
                let annotation = Statement::read(line.text, line.line);
                literal::statement(&annotation)
                    .into_iter()
                    .for_each(|rules| count.suspect(rules, line.line));
            }
            LineKind::Statement => {
                let statement = Statement::read(line.text, line.line);
                let standing = parser.next(&statement);
                count.take(&statement, standing);
            }
        }
    }
    count.finish(&parser.finish())
}

/// Whether a text is a script rather than prose. A named file needs one telling statement, any other mostly such.
pub(crate) fn looks_like_script(text: &str, named: bool) -> bool {
    let (mut telling, mut other) = (0u32, 0u32);
    for line in
        lines(&proper(text)).iter().filter(|line| line.kind != LineKind::Comment).take(LOOKED_AT)
    {
        let statement = Statement::read(line.text, line.line);
        if line.kind == LineKind::Annotation || tells(&statement) {
            telling += 1;
        } else {
            other += 1;
        }
    }
    if named { telling > 0 && telling * 4 >= other } else { telling >= 3 && telling > other }
}

/// Statements that are enough to tell a script.
const LOOKED_AT: usize = 200;

/// Whether prose would not begin like this: keywords in capitals, actions of the vendor's modules, headers.
fn tells(statement: &Statement<'_>) -> bool {
    let first = statement.tokens.first().copied().and_then(Token::word).unwrap_or_default();
    match statement.kind {
        Kind::Nothing => false,
        Kind::Action => VENDOR_MODULES.contains(&module(&first.to_lowercase())),
        Kind::Sensitive | Kind::Input | Kind::Output => true,
        Kind::Other => matches!(first, "EXIT" | "NEXT"),
        _ => first.bytes().all(|byte| byte.is_ascii_uppercase()) || statement.kind == Kind::Throw,
    }
}

#[derive(Default)]
struct Count {
    features: DesktopFlowFeatures,
    rules: Rules,
    findings: Vec<Finding>,
    subflows: BTreeSet<String>,
    called: BTreeSet<String>,
    children: BTreeSet<String>,
    hosts: BTreeSet<String>,
    apps: BTreeSet<String>,
    sensitive: BTreeSet<String>,
    /// Inputs named like a secret, with their lines.
    inputs: Vec<(String, u32)>,
    /// Inputs and variables named like a secret.
    names: BTreeSet<String>,
    labels: Sha256,
}

impl Count {
    fn suspect(&mut self, rules: Rules, line: u32) {
        if rules.is_empty() {
            return;
        }
        self.features.secret_suspect_count += 1;
        self.rules.join(rules);
        rules.list().for_each(|rule| self.find(Rule::Secret(rule), line));
    }

    fn find(&mut self, rule: Rule, line: u32) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding {
                entry: None,
                line,
                pointer: None,
                rule,
                environment_variable: None,
            });
        }
    }

    fn take(&mut self, statement: &Statement<'_>, standing: Standing) {
        literal::statement(statement)
            .into_iter()
            .for_each(|rules| self.suspect(rules, statement.line));
        self.header(statement);
        if statement.disabled {
            self.features.disabled_count += u64::from(statement.is_executable());
            return;
        }
        self.label(statement);
        if statement.is_executable() && standing.in_handler {
            self.features.handler_statement_count += 1;
        } else if statement.is_executable() {
            self.features.action_count += 1;
            self.features.max_depth = self.features.max_depth.max(standing.depth).max(1);
        }
        self.keyword(statement);
        self.modules(statement);
        if statement.kind == Kind::Action {
            self.action(statement);
        }
    }

    /// Header lines hold no structure: names and types of inputs change without the flow changing.
    fn label(&mut self, statement: &Statement<'_>) {
        let header = matches!(
            statement.kind,
            Kind::Sensitive
                | Kind::Input
                | Kind::Output
                | Kind::Import
                | Kind::Nothing
                | Kind::Label
        );
        if !header {
            self.labels.update(statement.label().as_bytes());
            self.labels.update(b"\n");
        }
    }

    fn header(&mut self, statement: &Statement<'_>) {
        let name =
            || statement.tokens.get(2).copied().and_then(|token| token.word().or(token.literal()));
        match statement.kind {
            Kind::Sensitive => {
                let names = statement
                    .tokens
                    .iter()
                    .skip(2)
                    .filter_map(|token| token.word().or(token.literal()));
                self.sensitive.extend(names.map(str::to_lowercase));
            }
            Kind::Input => {
                self.features.input_count += 1;
                if let Some(name) = name().filter(|name| is_secret_input(name)) {
                    self.inputs.push((name.to_lowercase(), statement.line));
                    self.names.insert(name.to_lowercase());
                }
            }
            Kind::Output => self.features.output_count += 1,
            Kind::Set => {
                let name = statement
                    .tokens
                    .get(1)
                    .copied()
                    .and_then(Token::word)
                    .filter(|name| is_secret_input(name));
                self.names.extend(name.map(str::to_lowercase));
            }
            _ => {}
        }
    }

    fn keyword(&mut self, statement: &Statement<'_>) {
        match statement.kind {
            Kind::Function => {
                self.features.subflow_count += 1;
                self.subflows.insert(statement.name().to_lowercase());
            }
            Kind::Call => {
                self.features.subflow_call_count += 1;
                self.called.insert(statement.name().to_lowercase());
            }
            Kind::Error => self.features.get_last_error_count += 1,
            Kind::Throw => self.features.throw_count += 1,
            Kind::Label => self.features.label_count += 1,
            Kind::Goto => self.features.goto_count += 1,
            _ => {}
        }
    }

    fn modules(&mut self, statement: &Statement<'_>) {
        let throwing = (statement.kind == Kind::Throw).then(|| module(statement.action()));
        for name in statement.modules().into_iter().chain(throwing.filter(|name| !name.is_empty()))
        {
            let name = name.to_lowercase();
            self.features.ui_action_count += u64::from(UI_MODULES.contains(&name.as_str()));
            *self.features.modules.entry(name).or_default() += 1;
        }
    }

    fn action(&mut self, statement: &Statement<'_>) {
        let name = statement.action().to_lowercase();
        self.features.custom_action_count += u64::from(!VENDOR_MODULES.contains(&module(&name)));
        match name.as_str() {
            "external.runflow" => {
                self.features.child_desktop_call_count += 1;
                let target = statement.literal_argument("FlowId").map(crate::text::plain_id);
                self.children.extend(target);
            }
            other if other.starts_with("external.invokecloudconnector") => {
                self.features.cloud_connector_call_count += 1;
            }
            _ => {}
        }
        let goes =
            name.split('.').any(|part| part.starts_with("launch") || part.contains("gotowebpage"));
        if goes {
            self.hosts.extend(statement.literal_argument("Url").and_then(host));
        }
        self.apps.extend(statement.literal_argument("ApplicationPath").and_then(file_name));
    }

    fn finish(mut self, handlers: &Handlers) -> DesktopFlow {
        self.copy_handlers(handlers);
        self.copy_names();
        let it = &mut self.features;
        it.statement_count = it.action_count + it.handler_statement_count + it.disabled_count;
        it.called_subflow_count = self.subflows.intersection(&self.called).count() as u64;
        it.uncalled_subflow_count = it.subflow_count.saturating_sub(it.called_subflow_count);
        it.child_desktop_target_count = self.children.len() as u64;
        let custom = it.modules.keys().filter(|name| !VENDOR_MODULES.contains(&name.as_str()));
        it.custom_modules = custom.cloned().collect();
        it.non_trivial = it.action_count >= 15;
        it.modular = it.called_subflow_count >= 2
            || it.child_desktop_call_count > 0
            || !it.custom_modules.is_empty();
        it.secret_rules = self.rules.ids();
        it.ui_hosts = self.hosts.into_iter().collect();
        it.ui_apps = self.apps.into_iter().collect();
        it.structure_hash = crate::cloud::hex(&self.labels.finalize()[..8]);
        self.findings.sort();
        DesktopFlow {
            features: self.features,
            child_flows: self.children.into_iter().collect(),
            findings: self.findings,
        }
    }

    fn copy_handlers(&mut self, handlers: &Handlers) {
        let it = &mut self.features;
        it.on_error_count = handlers.on_error;
        it.on_error_retry_count = handlers.retried;
        it.on_error_handled_count = handlers.handled;
        it.on_error_ignored_count = handlers.ignored;
        it.block_count = handlers.blocks;
        it.on_block_error_count = handlers.on_block_error;
        it.on_block_error_handled_count = handlers.block_handled;
        it.on_block_error_empty_count = handlers.block_empty;
        it.error_read_after_count = handlers.read_after;
        it.unbalanced = handlers.unbalanced;
        it.error_handling =
            handlers.handled + handlers.retried + handlers.block_handled + handlers.read_after > 0;
        if it.action_count >= 15 && !it.error_handling {
            self.find(Rule::NoErrorHandling, 1);
        }
    }

    fn copy_names(&mut self) {
        let it = &mut self.features;
        it.sensitive_count = self.sensitive.len() as u64;
        it.secret_like_input_count = self.inputs.len() as u64;
        it.secret_like_name_count = self.names.len() as u64;
        it.secret_like_name_sensitive_count =
            self.names.intersection(&self.sensitive).count() as u64;
        let inputs = std::mem::take(&mut self.inputs);
        for (name, line) in &inputs {
            if self.sensitive.contains(name) {
                self.features.secret_like_input_sensitive_count += 1;
            } else {
                self.find(Rule::InputNotSensitive, *line);
            }
        }
    }
}

/// Host of a literal web address, lower case; `None` when part of it is computed, or when it is no web address
/// (`about:blank`, `file:///…`, `mailto:…`).
fn host(literal: &str) -> Option<String> {
    let address = unescaped(literal);
    let rest = match address.trim().split_once(':') {
        Some((scheme, rest))
            if ["http", "https"].iter().any(|it| it.eq_ignore_ascii_case(scheme)) =>
        {
            rest.trim_start_matches('/')
        }
        // A port, as in `portal.example:8443`.
        Some((_, rest)) if !rest.starts_with(|digit: char| digit.is_ascii_digit()) => return None,
        _ => address.trim(),
    };
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = if host.starts_with('[') { host } else { host.split(':').next()? };
    let literal = !host.is_empty() && !host.contains(['%', ' ', '\n']);
    literal.then(|| host.trim().to_lowercase())
}

/// File name of a literal path, lower case; `None` when it is computed.
fn file_name(literal: &str) -> Option<String> {
    let path = unescaped(literal);
    let name = path.trim_matches(['"', ' ']).rsplit(['/', '\\']).next()?.trim().to_lowercase();
    (!name.is_empty() && !name.contains('%')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_applications_are_read_from_literals() {
        assert_eq!(host("https://User@Portal.Example:8443/x?y").as_deref(), Some("portal.example"));
        assert_eq!(host("https://%Host%/x"), None);
        assert_eq!(host("Portal.Example:8443/x").as_deref(), Some("portal.example"));
        assert_eq!(host("www.portal.example").as_deref(), Some("www.portal.example"));
        for none in ["about:blank", "file:///C:/x.html", "edge://settings", "mailto:a@b.example"] {
            assert_eq!(host(none), None, "{none}");
        }
        assert_eq!(file_name("C:\\\\Tools\\\\Ledger.exe").as_deref(), Some("ledger.exe"));
        assert_eq!(file_name("%App%"), None);
    }

    #[test]
    fn any_text_is_read() {
        for script in [
            "",
            "END",
            "ON ERROR",
            "'''",
            "@INPUT",
            "SET",
            "CALL",
            "FUNCTION",
            "%%",
            "@@",
            "BLOCK\nON BLOCK ERROR",
        ] {
            let _ = read(script);
        }
    }
}
