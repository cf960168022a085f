//! Service: what a connector operation is for: telling somebody, asking a model, approving, writing to a store. All of
//! it is lists; nothing here looks at a definition. Every text given is lower case.

use crate::text::holds;

/// What an operation is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Service {
    /// Tells somebody something.
    pub(crate) notifies: bool,
    /// Asks a model or an agent.
    pub(crate) asks_model: bool,
    /// Starts or awaits an approval.
    pub(crate) approves: bool,
    /// Runs a desktop flow.
    pub(crate) runs_desktop_flow: bool,
    /// Reads the value of a secret from a vault.
    pub(crate) reads_vault: bool,
    /// The store it writes to.
    pub(crate) written_store: Option<&'static str>,
}

impl Service {
    /// Of an operation of a connector.
    pub(crate) fn of(api: &str, name: &str) -> Self {
        Self {
            notifies: notifies(api, name),
            asks_model: asks_model(api, name),
            approves: matches!(api, "shared_approvals" | "approvals"),
            runs_desktop_flow: matches!(api, "shared_uiflow" | "uiflow")
                && name.starts_with("runuiflow"),
            reads_vault: holds(api, "keyvault") && names_secret(name),
            written_store: written_store(api, name),
        }
    }
}

/// Connectors of AI services, by exact id.
const AI_CONNECTORS: &[&str] = &[
    "aibuilder",
    "shared_aibuilder",
    "shared_microsoftcopilotstudio",
    "azureopenai",
    "shared_azureopenai",
    "openai",
    "shared_openai",
    "shared_cognitiveservicestextanalytics",
    "shared_cognitiveservicescomputervision",
    "shared_formrecognizer",
    "shared_azureaidocumentintelligence",
];

/// Connectors that tell somebody something, by id without `shared_`, with the words of their telling operations.
const NOTIFIERS: &[(&[&str], &[&str])] = &[
    (
        &["office365", "office365gcc", "outlook", "sendmail", "smtp", "sendgrid", "gmail"],
        &["send", "mail", "forward", "reply"],
    ),
    (&["teams", "slack"], &["post", "message", "conversation", "gatherinput", "send"]),
    (
        &["flowpush", "notifications", "notification", "twilio", "pushover"],
        &["send", "notif", "message"],
    ),
];

/// Connectors where telling means opening a ticket, an incident or an alert.
const TICKET_SYSTEMS: &[&str] = &[
    "pagerduty",
    "opsgenie",
    "servicenow",
    "service-now",
    "zendesk",
    "freshdesk",
    "jira",
    "visualstudioteamservices",
    "github",
];

const TICKETS: &[&str] = &["record", "issue", "incident", "ticket", "workitem", "alert", "event"];

/// Operations that begin like this tell nobody anything.
const SILENT: &[&str] = &[
    "get", "list", "delete", "patch", "move", "flag", "mark", "export", "search", "find", "set",
    "assign", "update", "add", "create", "when",
];

/// Operations that begin like this write to a store.
const WRITES: &[&str] = &[
    "create",
    "upload",
    "update",
    "upsert",
    "patch",
    "post",
    "put",
    "insert",
    "add",
    "append",
    "delete",
    "remove",
    "associate",
    "disassociate",
    "executeprocedure",
    "executepass",
    "copyfile",
    "movefile",
];

/// Stores by a part of the connector's id; the first that fits counts.
const STORES: &[(&str, &str)] = &[
    ("commondataservice", "dataverse"),
    ("dynamicscrm", "dataverse"),
    ("sharepointonline", "sharepoint_list"),
    ("excel", "excel"),
    ("onedrive", "onedrive"),
    ("azureblob", "blob"),
    ("datalake", "datalake"),
    ("adls", "datalake"),
    ("onelake", "datalake"),
    ("documentdb", "cosmos"),
    ("cosmos", "cosmos"),
    ("azuretables", "tables"),
    ("sql", "sql"),
    ("oracle", "sql"),
];

fn notifies(api: &str, name: &str) -> bool {
    let api = api.strip_prefix("shared_").unwrap_or(api);
    if TICKET_SYSTEMS.contains(&api) {
        let creates =
            name.starts_with("create") && TICKETS.iter().any(|ticket| holds(name, ticket));
        return creates || name.starts_with("post ");
    }
    let silent = SILENT.iter().any(|verb| name.starts_with(verb))
        || (name.starts_with("on") && holds(name, "new"));
    let words = NOTIFIERS.iter().find(|(apis, _)| apis.contains(&api)).map(|(_, words)| *words);
    !silent && words.is_some_and(|words| words.iter().any(|word| holds(name, word)))
}

fn asks_model(api: &str, name: &str) -> bool {
    let by_name = ["aibuilderpredict", "executecopilot", "runagent"]
        .iter()
        .any(|start| name.starts_with(start));
    by_name || matches!(name, "predict" | "predictv2") || AI_CONNECTORS.contains(&api)
}

/// Whether an operation of a vault reads the value of a secret.
fn names_secret(name: &str) -> bool {
    let path = name
        .find("/secrets/")
        .is_some_and(|at| name[at..].trim_end_matches('/').ends_with("/value"));
    name.starts_with("getsecret") || name.starts_with("decrypt") || path
}

fn written_store(api: &str, name: &str) -> Option<&'static str> {
    let shares = name.starts_with("createshare") || name.starts_with("createsharing");
    if shares || !WRITES.iter().any(|verb| name.starts_with(verb)) {
        return None;
    }
    let (_, store) = STORES.iter().find(|(part, _)| holds(api, part))?;
    let file = ["file", "folder", "attachment"].iter().any(|part| holds(name, part));
    Some(if *store == "sharepoint_list" && file { "sharepoint_file" } else { store })
}

/// Whether a store scales; `None` where that depends.
pub(crate) fn scales(store: &str) -> Option<bool> {
    match store {
        "dataverse" | "sql" | "blob" | "datalake" | "cosmos" | "tables" => Some(true),
        "excel" | "sharepoint_list" => Some(false),
        _ => None,
    }
}

/// Names the designers give by themselves, lower case, without number; the shortest first.
const DEFAULT_NAMES: &[&str] = &[
    "http",
    "join",
    "delay",
    "scope",
    "until",
    "select",
    "switch",
    "compose",
    "do_until",
    "for_each",
    "get_item",
    "response",
    "condition",
    "get_items",
    "list_rows",
    "terminate",
    "parse_json",
    "add_to_time",
    "create_file",
    "create_item",
    "delay_until",
    "delete_item",
    "update_file",
    "update_item",
    "current_time",
    "delete_a_row",
    "filter_array",
    "http_webhook",
    "set_variable",
    "update_a_row",
    "add_a_new_row",
    "apply_to_each",
    "get_past_time",
    "send_an_email",
    "get_a_row_by_id",
    "get_future_time",
    "create_csv_table",
    "get_file_content",
    "run_a_child_flow",
    "convert_time_zone",
    "create_html_table",
    "get_file_metadata",
    "decrement_variable",
    "increment_variable",
    "respond_to_copilot",
    "send_an_email_(v2)",
    "get_my_profile_(v2)",
    "initialize_variable",
    "initialize_variables",
    "get_user_profile_(v2)",
    "add_a_row_into_a_table",
    "perform_a_bound_action",
    "append_to_array_variable",
    "append_to_string_variable",
    "perform_an_unbound_action",
    "get_files_(properties_only)",
    "list_rows_present_in_a_table",
    "respond_to_a_powerapp_or_flow",
    "respond_to_a_power_app_or_flow",
    "start_and_wait_for_an_approval",
    "post_message_in_a_chat_or_channel",
    "send_an_http_request_to_sharepoint",
    "run_a_flow_built_with_power_automate_for_desktop",
];

/// Of those names, the first of each length or longer.
const FIRST_OF_LENGTH: [usize; 64] = {
    let mut first = [0; 64];
    let (mut length, mut at) = (0, 0);
    while length < first.len() {
        while at < DEFAULT_NAMES.len() && DEFAULT_NAMES[at].len() < length {
            at += 1;
        }
        first[length] = at;
        length += 1;
    }
    first
};

/// Whether the designer named the action.
pub(crate) fn is_default_name(name: &str) -> bool {
    let name = name.as_bytes();
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let plain = match &name[..name.len() - digits] {
        [plain @ .., b'_' | b' '] if digits > 0 => plain,
        _ => name,
    };
    let same =
        |one: u8, other: u8| one == if other == b' ' { b'_' } else { other.to_ascii_lowercase() };
    let first = FIRST_OF_LENGTH.get(plain.len()).copied().unwrap_or(DEFAULT_NAMES.len());
    let candidates = DEFAULT_NAMES[first..].iter().take_while(|known| known.len() == plain.len());
    candidates
        .into_iter()
        .any(|known| known.bytes().zip(plain).all(|(one, other)| same(one, *other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_is_told_from_reading() {
        for (api, name) in [
            ("shared_office365", "sendemailv2"),
            ("office365", "post /v2/mail"),
            ("shared_teams", "postmessagetoconversation"),
            ("shared_visualstudioteamservices", "createworkitem"),
            ("shared_flowpush", "sendnotification"),
            ("shared_jira", "post /issue"),
        ] {
            assert!(notifies(api, name), "{api} {name}");
        }
        for (api, name) in [
            ("shared_office365", "getemailsv3"),
            ("shared_office365", "onnewemailv3"),
            ("shared_office365", "flagemail"),
            ("shared_office365users", "sendsomething"),
            ("shared_teams", "createachannel"),
            ("shared_jira", "listissues"),
            ("shared_github", "createbranch"),
        ] {
            assert!(!notifies(api, name), "{api} {name}");
        }
    }

    #[test]
    fn stores_are_told_by_connector_and_operation() {
        let cases = [
            ("shared_sharepointonline", "createattachment", Some("sharepoint_file")),
            ("shared_sharepointonline", "postitem", Some("sharepoint_list")),
            ("shared_sharepointonline", "createsharinglink", None),
            ("shared_documentdb", "upsertdocument", Some("cosmos")),
            ("shared_azureblob", "get_file", None),
            ("shared_sql", "executeprocedure_v2", Some("sql")),
            ("shared_office365", "postitem", None),
        ];
        for (api, name, store) in cases {
            assert_eq!(written_store(api, name), store, "{api} {name}");
        }
    }

    #[test]
    fn default_names_may_carry_a_number() {
        assert!(DEFAULT_NAMES.is_sorted_by_key(|name| name.len()));
        assert!(DEFAULT_NAMES.iter().all(|name| is_default_name(name)));
        assert!(!is_default_name("") && !is_default_name(&"x".repeat(200)));
        assert!(
            is_default_name("Compose_2")
                && is_default_name("Apply_to_each")
                && is_default_name("HTTP")
        );
        assert!(is_default_name("Send an email (V2)_3"));
        assert!(!is_default_name("Compose_invoice") && !is_default_name("Step_2"));
    }
}
