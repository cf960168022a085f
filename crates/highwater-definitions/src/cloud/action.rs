//! Action: the actions of a definition as a flat list, maps of actions as ranges of it. Reads every member an action
//! is judged by once. Deliberately not here: judgement.

use std::borrow::Cow;

use crate::json::{Shape, Value};
use crate::limits::MAX_DEPTH;

/// All actions of a definition. A map's children come after it, so walking backwards visits children first.
pub(crate) struct Actions<'t> {
    pub(crate) list: Vec<Action<'t>>,
    pub(crate) maps: Vec<ActionMap>,
    /// Some map was nested deeper than [`MAX_DEPTH`] and left out: the action that holds it.
    pub(crate) cut: Option<Value<'t>>,
}

/// One map of actions: the top level, or one branch of a container.
pub(crate) struct ActionMap {
    /// The actions, as a range of the list.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) branch: Branch,
    /// The action that holds the map; `None` at the top.
    pub(crate) holder: Option<u32>,
    pub(crate) depth: u32,
}

/// Which branch of its holder a map is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Branch {
    Actions,
    Else,
    Case,
    Default,
    Tool,
}

/// One action.
pub(crate) struct Action<'t> {
    pub(crate) value: Value<'t>,
    pub(crate) kind_of: ActionType,
    pub(crate) type_name: Cow<'t, str>,
    pub(crate) kind: Option<Cow<'t, str>>,
    pub(crate) inputs: Option<Value<'t>>,
    /// Of the inputs: what is called.
    pub(crate) host: Option<Value<'t>>,
    /// Of the inputs: what the operation is given.
    pub(crate) parameters: Option<Value<'t>>,
    /// Of the inputs: what happens when it fails.
    pub(crate) retry: Option<Value<'t>>,
    pub(crate) run_after: Option<Value<'t>>,
    pub(crate) limit: Option<Value<'t>>,
    pub(crate) runtime: Option<Value<'t>>,
    pub(crate) options: Option<Value<'t>>,
    pub(crate) description: Option<Value<'t>>,
    /// Branches, as a range of the maps.
    pub(crate) branches: (u32, u32),
    /// Has a member that may hold branches.
    branching: bool,
    pub(crate) depth: u32,
}

/// Types that matter; the rest is `Other`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ActionType {
    Scope,
    If,
    Switch,
    Foreach,
    Until,
    Agent,
    Http,
    Connector,
    Workflow,
    Response,
    Terminate,
    Variable,
    Compose,
    Other,
}

const TYPES: &[(&str, ActionType)] = &[
    ("openapiconnection", ActionType::Connector),
    ("compose", ActionType::Compose),
    ("if", ActionType::If),
    ("scope", ActionType::Scope),
    ("foreach", ActionType::Foreach),
    ("setvariable", ActionType::Variable),
    ("initializevariable", ActionType::Variable),
    ("incrementvariable", ActionType::Variable),
    ("decrementvariable", ActionType::Variable),
    ("appendtostringvariable", ActionType::Variable),
    ("appendtoarrayvariable", ActionType::Variable),
    ("http", ActionType::Http),
    ("httpwebhook", ActionType::Http),
    ("apimanagement", ActionType::Http),
    ("function", ActionType::Http),
    ("until", ActionType::Until),
    ("switch", ActionType::Switch),
    ("response", ActionType::Response),
    ("terminate", ActionType::Terminate),
    ("workflow", ActionType::Workflow),
    ("agent", ActionType::Agent),
    ("openapiconnectionwebhook", ActionType::Connector),
    ("openapiconnectionnotification", ActionType::Connector),
    ("apiconnection", ActionType::Connector),
    ("apiconnectionwebhook", ActionType::Connector),
    ("apiconnectionnotification", ActionType::Connector),
    ("serviceprovider", ActionType::Connector),
];

impl ActionType {
    pub(crate) fn of(name: &str) -> Self {
        TYPES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(Self::Other, |(_, it)| *it)
    }

    /// Calls something beyond the flow engine.
    pub(crate) fn is_remote(self) -> bool {
        matches!(self, Self::Http | Self::Connector)
    }

    fn is_container(self) -> bool {
        matches!(
            self,
            Self::Scope | Self::If | Self::Switch | Self::Foreach | Self::Until | Self::Agent
        )
    }
}

impl<'t> Action<'t> {
    /// A trigger or an action, without its branches.
    pub(crate) fn read(value: Value<'t>, depth: u32) -> Self {
        let mut action = Self {
            value,
            kind_of: ActionType::Other,
            type_name: Cow::Borrowed(""),
            kind: None,
            inputs: None,
            host: None,
            parameters: None,
            retry: None,
            run_after: None,
            limit: None,
            runtime: None,
            options: None,
            description: None,
            branches: (0, 0),
            branching: false,
            depth,
        };
        for member in value.children() {
            action.take(member);
        }
        if let Some(inputs) = action.inputs.filter(|inputs| inputs.is_object()) {
            inputs.children().for_each(|input| action.take_input(input));
        }
        action.kind_of = ActionType::of(&action.type_name);
        action
    }

    /// Keeps what is asked for of every action; the last of equal names counts, as in [`Value::get`].
    fn take_input(&mut self, input: Value<'t>) {
        match input.key_bytes().as_ref() {
            b"host" => self.host = Some(input),
            b"parameters" => self.parameters = Some(input),
            b"retryPolicy" => self.retry = Some(input),
            _ => {}
        }
    }

    fn take(&mut self, member: Value<'t>) {
        match member.key_bytes().as_ref() {
            b"type" => self.type_name = member.text().unwrap_or_default(),
            b"kind" => self.kind = member.filled(),
            b"inputs" => self.inputs = Some(member),
            b"runAfter" => self.run_after = Some(member),
            b"limit" => self.limit = Some(member),
            b"runtimeConfiguration" => self.runtime = Some(member),
            b"operationOptions" => self.options = Some(member),
            b"description" => self.description = Some(member),
            b"actions" | b"else" | b"default" | b"cases" | b"tools" => self.branching = true,
            _ => {}
        }
    }

    pub(crate) fn name(&self) -> Cow<'t, str> {
        self.value.key()
    }

    /// Holds actions, by type or by shape.
    pub(crate) fn is_container(&self) -> bool {
        self.kind_of.is_container() || self.branches.1 > self.branches.0
    }

    /// A member of `inputs`.
    pub(crate) fn input(&self, name: &str) -> Option<Value<'t>> {
        self.inputs?.get(name)
    }

    /// Whether `operationOptions` holds an option.
    pub(crate) fn has_option(&self, wanted: &str) -> bool {
        let options = self.options.and_then(Value::text).unwrap_or_default();
        options.split(',').any(|option| option.trim().eq_ignore_ascii_case(wanted))
    }

    /// A number of `runtimeConfiguration.concurrency`.
    pub(crate) fn concurrency(&self, name: &str) -> Option<f64> {
        self.runtime?.object("concurrency")?.get(name)?.number()
    }

    /// Whether `runtimeConfiguration.secureData` names inputs and outputs.
    pub(crate) fn secured(&self) -> (bool, bool) {
        let secure = self.runtime.and_then(|runtime| runtime.object("secureData"));
        let Some(properties) = secure.and_then(|secure| secure.get("properties")) else {
            return (false, false);
        };
        let holds = |wanted: &str| {
            let texts = properties.children().filter_map(Value::text);
            properties.shape() == Shape::Array
                && texts.into_iter().any(|text| text.eq_ignore_ascii_case(wanted))
        };
        (holds("inputs"), holds("outputs"))
    }
}

/// Every action under a top-level `actions` member.
pub(crate) fn collect(top: Option<Value<'_>>) -> Actions<'_> {
    // An action takes some 400 bytes: too much room costs less than growing.
    let room = top.map_or(0, |top| top.raw_len() / 256) + 8;
    let mut actions =
        Actions { list: Vec::with_capacity(room), maps: Vec::with_capacity(room / 2), cut: None };
    let mut waiting: Vec<Value<'_>> = Vec::with_capacity(room / 2);
    if let Some(top) = top.filter(|top| top.is_object()) {
        waiting.push(top);
        actions.maps.push(ActionMap {
            start: 0,
            end: 0,
            branch: Branch::Actions,
            holder: None,
            depth: 1,
        });
    }
    let mut next = 0;
    while let Some(map) = waiting.get(next).copied() {
        read_map(&mut actions, &mut waiting, map, next);
        next += 1;
    }
    actions
}

fn read_map<'t>(
    actions: &mut Actions<'t>,
    waiting: &mut Vec<Value<'t>>,
    map: Value<'t>,
    at: usize,
) {
    let depth = actions.maps[at].depth;
    let start = actions.list.len() as u32;
    for value in map.children().filter(|value| value.is_object()) {
        let holder = actions.list.len() as u32;
        let mut action = Action::read(value, depth);
        let first = actions.maps.len() as u32;
        let branches = if action.branching { branches(value) } else { Vec::new() };
        for (branch, value) in branches {
            if depth >= MAX_DEPTH {
                actions.cut = actions.cut.or(Some(action.value));
                continue;
            }
            actions.maps.push(ActionMap {
                start: 0,
                end: 0,
                branch,
                holder: Some(holder),
                depth: depth + 1,
            });
            waiting.push(value);
        }
        action.branches = (first, actions.maps.len() as u32);
        actions.list.push(action);
    }
    let end = actions.list.len() as u32;
    let map = &mut actions.maps[at];
    (map.start, map.end) = (start, end);
}

/// The maps an action holds, in the order in which the format defines them.
fn branches(action: Value<'_>) -> Vec<(Branch, Value<'_>)> {
    let mut found = Vec::new();
    let mut add = |branch, holder: Option<Value<'_>>| {
        found.extend(
            holder.and_then(|holder| holder.object("actions")).map(|map| (branch, map.index())),
        );
    };
    for member in action.children().filter(|member| member.is_object()) {
        match member.raw_key() {
            "actions" => add(Branch::Actions, Some(action)),
            "else" => add(Branch::Else, Some(member)),
            "default" => add(Branch::Default, Some(member)),
            "cases" => member.children().for_each(|case| add(Branch::Case, Some(case))),
            "tools" => member.children().for_each(|tool| add(Branch::Tool, Some(tool))),
            _ => {}
        }
    }
    found.sort_by_key(|(branch, _)| *branch);
    found.dedup_by_key(|(_, at)| *at);
    found.into_iter().map(|(branch, at)| (branch, action.sibling(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn counted(text: &str) -> (usize, u32) {
        let json = Json::read(text).unwrap();
        let actions = collect(Some(json.root()));
        (actions.list.len(), actions.list.iter().map(|action| action.depth).max().unwrap_or(0))
    }

    #[test]
    fn every_branch_is_walked() {
        let text = r#"{"S":{"type":"Switch","cases":{"a":{"actions":{"A":{}}}},"default":{"actions":{"D":{}}}},
            "I":{"type":"If","actions":{},"else":{"actions":{"E":{"type":"Agent","tools":{"t":{"actions":{"T":{}}}}}}}},
            "no action":1}"#;
        assert_eq!(counted(text), (6, 3));
    }

    #[test]
    fn nesting_is_cut_off_and_said() {
        let levels = MAX_DEPTH as usize + 5;
        let text = r#"{"a":{"actions":"#.repeat(levels) + "{}" + &"}}".repeat(levels);
        let json = Json::read(&text).unwrap();
        let actions = collect(Some(json.root()));
        assert_eq!(actions.list.len(), MAX_DEPTH as usize);
        assert!(actions.cut.is_some());
    }
}
