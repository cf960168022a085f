//! Operation: which connector an action calls, and what for. Deliberately not here: what that is worth; see `service`.

use std::borrow::Cow;

use crate::cloud::action::{Action, ActionType};
use crate::cloud::service::Service;
use crate::json::Value;

/// Connector and operation of an action, both lower case and empty when not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Operation<'t> {
    /// Last segment of the connector's id, `dynamic` when chosen at run time.
    pub(crate) api: Cow<'t, str>,
    /// Operation id, or method and path with `{}` for every parameter.
    pub(crate) name: Cow<'t, str>,
    /// What it is for.
    pub(crate) service: Service,
}

impl<'t> Operation<'t> {
    fn new(api: Cow<'t, str>, name: Cow<'t, str>) -> Self {
        let service = Service::of(&api, &name);
        Self { api, name, service }
    }
}

/// What the actions of a list call. An operation that is called in the same words again is read once.
pub(crate) struct Calls<'t> {
    /// The first is none at all.
    operations: Vec<Operation<'t>>,
    /// Place in that list, by action.
    by_action: Vec<u32>,
    /// Hosts read so far as they are written, with the place of their operation; the last [`Calls::REMEMBERED`] count.
    hosts: Vec<(&'t str, u32)>,
}

impl<'t> Calls<'t> {
    /// Flows call few operations over and over; looking further back would cost more than reading.
    const REMEMBERED: usize = 8;

    /// Reads what the actions or triggers of a list call.
    pub(crate) fn of(list: &[Action<'t>]) -> Self {
        let room = list.len().min(2 * Self::REMEMBERED);
        let mut calls = Self {
            operations: Vec::with_capacity(room + 1),
            by_action: Vec::with_capacity(list.len()),
            hosts: Vec::with_capacity(room),
        };
        calls.operations.push(Operation::default());
        for action in list {
            let place = calls.place(action);
            calls.by_action.push(place);
        }
        calls
    }

    /// What an action calls, by index; nothing for those that call no connector.
    pub(crate) fn get(&self, action: usize) -> &Operation<'t> {
        &self.operations[self.by_action[action] as usize]
    }

    /// What every action calls, in the order of the list.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Operation<'t>> {
        self.by_action.iter().map(|place| &self.operations[*place as usize])
    }

    /// The connectors that are told, in no order.
    pub(crate) fn apis(&self) -> impl Iterator<Item = &str> {
        self.operations.iter().map(|it| it.api.as_ref()).filter(|api| !api.is_empty())
    }

    fn place(&mut self, action: &Action<'t>) -> u32 {
        let inputs = action.inputs.filter(|_| action.kind_of == ActionType::Connector);
        let Some(inputs) = inputs else { return 0 };
        let host = action.host.filter(|host| host.is_object());
        let known = self.hosts.iter().rev().take(Self::REMEMBERED);
        let written = host.map_or("", Value::raw);
        if let Some((_, place)) = known.into_iter().find(|(host, _)| *host == written) {
            return *place;
        }
        let place = self.operations.len() as u32;
        if let Some(operation) = by_api_id(host) {
            self.hosts.push((written, place));
            self.operations.push(operation);
        } else {
            self.operations.push(by_inputs(inputs, host).unwrap_or_default());
        }
        place
    }
}

/// What is called where the host alone does not tell.
fn by_inputs<'t>(inputs: Value<'t>, host: Option<Value<'t>>) -> Option<Operation<'t>> {
    by_service_provider(inputs)
        .or_else(|| by_connection(inputs, host?))
        .or_else(|| by_connection_name(host?))
}

fn by_api_id(host: Option<Value<'_>>) -> Option<Operation<'_>> {
    let host = host?;
    let id = host.get("apiId")?.filled()?;
    let api = if id.starts_with('@') { connection_key(id) } else { last_segment(id) };
    Some(Operation::new(api, lower(host.string("operationId"))))
}

fn by_service_provider(inputs: Value<'_>) -> Option<Operation<'_>> {
    let provider = inputs.object("serviceProviderConfiguration")?;
    let api = last_segment(provider.string("serviceProviderId")?);
    Some(Operation::new(api, lower(provider.string("operationId"))))
}

/// Logic Apps and older flows: the connection says which connector, method and path which operation.
fn by_connection<'t>(inputs: Value<'t>, host: Value<'t>) -> Option<Operation<'t>> {
    let named = host
        .object("connection")
        .and_then(|connection| connection.get("name"))
        .and_then(Value::filled);
    let reference = || {
        let connection =
            host.object("connection").and_then(|connection| connection.get("referenceName"));
        connection.or_else(|| host.get("referenceName")).and_then(Value::filled)
    };
    let api = match named {
        Some(name) => connection_key(name),
        None => without_suffix(reference()?),
    };
    let method = lower(inputs.string("method"));
    let path = inputs.string("path").map(|path| without_parameters(&path)).unwrap_or_default();
    let name = format!("{method} {path}").trim().to_lowercase();
    Some(Operation::new(api, Cow::Owned(name)))
}

fn by_connection_name(host: Value<'_>) -> Option<Operation<'_>> {
    let api = without_suffix(host.get("connectionName")?.filled()?);
    Some(Operation::new(api, lower(host.string("operationId"))))
}

fn lower(text: Option<Cow<'_, str>>) -> Cow<'_, str> {
    in_lower_case(part(text.unwrap_or_default(), trimmed))
}

/// Without blanks around it, which is how most ids are written.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// As it is where nothing changes, which is what most ids are.
fn in_lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(text.to_lowercase());
    }
    let changes = text.bytes().any(|byte| byte.is_ascii_uppercase());
    if changes { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

/// A part of a text, borrowed where that is.
fn part<'t>(text: Cow<'t, str>, cut: fn(&str) -> &str) -> Cow<'t, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text)),
        Cow::Owned(text) => Cow::Owned(cut(&text).to_owned()),
    }
}

fn last_segment(id: Cow<'_, str>) -> Cow<'_, str> {
    in_lower_case(part(id, |id| {
        let id = trimmed(id).trim_end_matches('/');
        memchr::memrchr(b'/', id.as_bytes()).map_or(id, |at| &id[at + 1..])
    }))
}

/// The key in `…'$connections'…['key']`; `dynamic` for any other expression.
fn connection_key(expression: Cow<'_, str>) -> Cow<'_, str> {
    if !expression.starts_with('@') {
        return without_suffix(last_segment(expression));
    }
    let key = crate::text::find(&expression, "'$connections'").and_then(|at| {
        let rest = &expression[at + "'$connections'".len()..];
        let rest = &rest[crate::text::find(rest, "['")? + 2..];
        crate::text::find(rest, "']").map(|end| &rest[..end])
    });
    match key {
        Some(key) => without_suffix(Cow::Owned(key.to_owned())),
        None => Cow::Borrowed("dynamic"),
    }
}

/// Drops the local number of a connection name: `shared_sql_1`, `shared_sql-1`, `shared_sql_#workflowname#`.
fn without_suffix(name: Cow<'_, str>) -> Cow<'_, str> {
    part(in_lower_case(part(name, trimmed)), |name| {
        if let Some(plain) = name.strip_suffix("_#workflowname#") {
            return plain;
        }
        let plain = name.trim_end_matches(|character: char| character.is_ascii_digit());
        let numbered = plain.len() < name.len() && plain.len() > 1 && plain.ends_with(['_', '-']);
        if numbered { &plain[..plain.len() - 1] } else { name }
    })
}

/// A path with `{}` for every `@{…}`.
fn without_parameters(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(start) = rest.find("@{") {
        out.push_str(&rest[..start]);
        out.push_str("{}");
        let inside = &rest[start + 2..];
        rest = &inside[super::expression::interpolation_end(inside)..];
        rest = rest.strip_prefix('}').unwrap_or(rest);
    }
    out + rest
}

/// The flow a `Workflow` action calls: lower case, braces dropped.
pub(crate) fn child_target(action: &Action<'_>) -> Option<String> {
    let host = action.host?;
    let direct = host.get("workflowReferenceName").and_then(Value::filled);
    let target = direct.or_else(|| host.object("workflow")?.get("id")?.filled())?;
    Some(crate::text::plain_id(&target))
}

/// Whether the action reads the value of a secret from a vault.
pub(crate) fn reads_secret(action: &Action<'_>, operation: &Operation<'_>) -> bool {
    if action.kind_of != ActionType::Connector {
        return action.kind_of == ActionType::Http
            && action.input("uri").and_then(Value::text).is_some_and(|uri| is_vault(&uri));
    }
    let called = || action.parameters.and_then(|parameters| parameters.string("actionName"));
    operation.service.reads_vault
        || (operation.name == "performunboundaction"
            && called().is_some_and(|it| {
                it.eq_ignore_ascii_case("RetrieveEnvironmentVariableSecretValue")
            }))
}

fn is_vault(uri: &str) -> bool {
    let Some(at) = crate::text::find_ignore_case(uri, ".vault.azure.", 0) else { return false };
    let rest = &uri[at + ".vault.azure.".len()..];
    ["net", "cn", "us"]
        .iter()
        .any(|end| crate::text::starts_with_ignore_case(rest, &format!("{end}/secrets/")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cloud::action::collect;
    use crate::json::Json;

    proptest! {
        /// What is read once is what each action calls.
        #[test]
        fn calls_are_those_of_every_action_alone(which in prop::collection::vec(0usize..HOSTS.len(), 0..40)) {
            let actions = which.iter().enumerate().map(|(at, host)| {
                format!(r#""A{at}":{{"type":"ApiConnection","inputs":{{"method":"GET","path":"/{at}","host":{}}}}}"#, HOSTS[*host])
            });
            let text = format!("{{{}}}", actions.collect::<Vec<_>>().join(","));
            let json = Json::read(&text).unwrap();
            let list = collect(Some(json.root())).list;
            let calls = Calls::of(&list);
            prop_assert_eq!(calls.iter().count(), list.len());
            for (at, action) in list.into_iter().enumerate() {
                let alone = Calls::of(&[action]);
                prop_assert_eq!(calls.get(at), alone.get(0));
            }
        }
    }

    /// More than are remembered; those without a connector's id are told by what stands beside them.
    const HOSTS: [&str; 13] = [
        "null",
        "{}",
        r#"{"connectionName":"shared_sql"}"#,
        r#"{"connection":{"name":"@parameters('$connections')['sql_1']['connectionId']"}}"#,
        r#"{"apiId":"/apis/shared_a","operationId":"X"}"#,
        r#"{"apiId":"/apis/shared_a","operationId":"Y"}"#,
        r#"{"apiId":"/apis/shared_b"}"#,
        r#"{"apiId":"/apis/shared_c"}"#,
        r#"{"apiId":"/apis/shared_d"}"#,
        r#"{"apiId":"/apis/shared_e"}"#,
        r#"{"apiId":"/apis/shared_f"}"#,
        r#"{"apiId":"/apis/shared_g"}"#,
        r#"{"apiId":"/apis/shared_keyvault","operationId":"GetSecret"}"#,
    ];

    fn of(inputs: &str) -> (String, String) {
        let text = format!(r#"{{"type":"ApiConnection","inputs":{inputs}}}"#);
        let json = Json::read(&text).unwrap();
        let calls = Calls::of(&[Action::read(json.root(), 1)]);
        let found = calls.get(0);
        (found.api.to_string(), found.name.to_string())
    }

    fn pair(api: &str, name: &str) -> (String, String) {
        (api.to_owned(), name.to_owned())
    }

    #[test]
    fn the_api_id_wins_over_the_connection_name() {
        let host = r#"{"host":{"apiId":"/providers/x/apis/Shared_SQL","connectionName":"shared_other","operationId":"GetItems"}}"#;
        assert_eq!(of(host), pair("shared_sql", "getitems"));
    }

    #[test]
    fn connections_of_logic_apps_are_read_from_the_expression() {
        let host = r#"{"host":{"connection":{"name":"@parameters('$connections')['servicebus_1']['connectionId']"}},
            "method":"Post","path":"/@{encodeURIComponent(concat('a}','b'))}/messages/@{1}"}"#;
        assert_eq!(of(host), pair("servicebus", "post /{}/messages/{}"));
        let other =
            r#"{"host":{"connection":{"name":"@variables('which')"}},"method":"get","path":"/x"}"#;
        assert_eq!(of(other), pair("dynamic", "get /x"));
        assert_eq!(
            of(r#"{"host":{"connection":{"referenceName":"office365-2"}}}"#),
            pair("office365", "")
        );
    }

    #[test]
    fn what_is_missing_stays_empty() {
        assert_eq!(of("null"), pair("", ""));
        assert_eq!(
            of(r#"{"host":{"connectionName":"shared_teams-1","operationId":"X"}}"#),
            pair("shared_teams", "x")
        );
        let provider = r#"{"serviceProviderConfiguration":{"serviceProviderId":"/serviceProviders/AzureBlob","operationId":"readBlob"}}"#;
        assert_eq!(of(provider), pair("azureblob", "readblob"));
    }
}
