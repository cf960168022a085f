//! Literals: where the strings of a definition stand, and which of them look like secrets. One pass over the strings
//! of triggers, actions, outputs, static results and parameter defaults; schemas and metadata are passed over.
//! Deliberately not here: the rules themselves; see `secret`.

use std::borrow::Cow;

use crate::cloud::action::{Action, ActionType, Actions};
use crate::cloud::expression::{Split, fragments, is_expression, split};
use crate::json::Value;
use crate::secret::{self, Place, Rules, Survey};
use crate::text::{find_ignore_case, starts_with_ignore_case};

/// A place that looks like a secret.
pub(crate) struct Suspect<'t> {
    pub(crate) value: Value<'t>,
    pub(crate) rules: Rules,
    /// Schema name of the environment variable whose default it is.
    pub(crate) variable: Option<Cow<'t, str>>,
}

/// Every suspect of a definition, in the order of the document's sections.
pub(crate) fn suspects<'t>(definition: Value<'t>, actions: &Actions<'t>) -> Vec<Suspect<'t>> {
    let names = Names::of(definition, actions);
    let mut found = Vec::new();
    for section in ["triggers", "actions", "outputs", "staticResults"] {
        if let Some(section) = definition.get(section) {
            scan(section, &names, &mut |value, rules| {
                found.push(Suspect { value, rules, variable: None });
            });
        }
    }
    for parameter in definition.object("parameters").into_iter().flat_map(Value::children) {
        parameter_suspects(parameter, &mut found);
    }
    found
}

fn parameter_suspects<'t>(parameter: Value<'t>, found: &mut Vec<Suspect<'t>>) {
    let Some(default) = parameter.get("defaultValue") else { return };
    let metadata = parameter.object("metadata");
    let variable = metadata.and_then(|metadata| metadata.get("schemaName")).and_then(Value::filled);
    if let Some(text) = default.text() {
        let secure =
            parameter.string("type").is_some_and(|it| it.eq_ignore_ascii_case("SecureString"));
        let secret_name = secure || secret::is_secret_name(without_schema_name(&parameter.key()));
        let place = || Place { secret_name, credential: secret_name };
        let rules = judge(&text, Survey::of(text.as_bytes()), place);
        if !rules.is_empty() {
            found.push(Suspect { value: default, rules, variable });
        }
        return;
    }
    scan(default, &Names::default(), &mut |value, rules| {
        found.push(Suspect { value, rules, variable: variable.clone() });
    });
}

/// `Display (schema_Name)` without the schema name.
fn without_schema_name(name: &str) -> &str {
    let name = name.trim_end();
    match name.rfind('(') {
        Some(at) if name.ends_with(')') && at > 0 => name[..at].trim_end(),
        _ => name,
    }
}

/// Judges a string of a definition, expressions heeded. Its place is asked for only where it matters.
fn judge(text: &str, survey: Survey, place: impl Fn() -> Place) -> Rules {
    if !survey.may_hold(text) && is_plain(text.as_bytes(), &place) {
        return Rules::default();
    }
    match split(text, survey.has_at()) {
        Split::Literal(literal) => secret::judge_surveyed(literal, survey, place),
        Split::Expression(expression) => judge_fragments(expression),
        Split::Mixed(outside, expressions) => {
            let mut rules = secret::judge_rest(&outside, place());
            expressions.into_iter().for_each(|expression| rules.join(judge_fragments(expression)));
            rules
        }
    }
}

/// Whether a string is no secret as a whole, whatever its parts are.
#[inline]
fn is_plain(text: &[u8], place: impl Fn() -> Place) -> bool {
    is_expression(text) || place() == Place::default()
}

fn judge_fragments(expression: &str) -> Rules {
    let mut rules = Rules::default();
    fragments(expression, &mut |fragment| rules.join(secret::judge_fragment(fragment)));
    rules
}

/// Where a name of its own is given to strings: by index of the value, sorted.
#[derive(Default)]
struct Names {
    /// Strings that stand under the name of a variable or a Compose, and whether that name says secret.
    given: Vec<(u32, bool)>,
    /// Actions and triggers: their names are no names of members.
    actions: Vec<u32>,
}

impl Names {
    fn of<'t>(definition: Value<'t>, actions: &Actions<'t>) -> Self {
        let room = actions.list.len() + 4;
        let mut names = Self { given: Vec::with_capacity(room), actions: Vec::with_capacity(room) };
        for action in &actions.list {
            names.actions.push(action.value.index());
            names.add(action);
        }
        names.actions.extend(
            definition.get("triggers").into_iter().flat_map(Value::children).map(Value::index),
        );
        names.actions.sort_unstable();
        names.given.sort_by_key(|(at, _)| *at);
        names
    }

    fn add(&mut self, action: &Action<'_>) {
        let Some(inputs) = action.inputs else { return };
        match action.kind_of {
            ActionType::Compose => self.give(inputs, is_secret_compose(&action.name())),
            ActionType::Variable => {
                let listed = inputs.get("variables").into_iter().flat_map(Value::children);
                for variable in listed.chain([inputs]) {
                    if let (Some(name), Some(value)) =
                        (variable.string("name"), variable.get("value"))
                    {
                        self.give(value, secret::is_secret_name(name.as_bytes()));
                    }
                }
            }
            _ => {}
        }
    }

    /// Gives a name to a string, or to the strings of an array.
    fn give(&mut self, value: Value<'_>, secret_name: bool) {
        if value.is_text() {
            self.given.push((value.index(), secret_name));
        } else {
            let texts = value.children().filter(|child| child.is_text() && !child.has_key());
            self.given.extend(texts.map(|text| (text.index(), secret_name)));
        }
    }

    fn is_action(&self, value: Value<'_>) -> bool {
        let in_map =
            value.parent().is_some_and(|map| map.is_named("actions") || map.is_named("triggers"));
        in_map && self.actions.binary_search(&value.index()).is_ok()
    }
}

/// Whether the name of a Compose action, without that word, says secret.
fn is_secret_compose(name: &str) -> bool {
    const WORD: &str = "compose";
    let rest = if starts_with_ignore_case(name, WORD) { &name[WORD.len()..] } else { name };
    if rest.is_ascii() && find_ignore_case(rest, WORD, 0).is_none() {
        return secret::is_secret_name(rest);
    }
    secret::is_secret_name(name.to_lowercase().replace(WORD, ""))
}

/// Walks the strings below a value, in order.
fn scan<'t>(section: Value<'t>, names: &Names, report: &mut dyn FnMut(Value<'t>, Rules)) {
    let (mut at, end) = (section.index(), section.end());
    let mut given = &names.given[names.given.partition_point(|(index, _)| *index < at)..];
    let mut credentials_until = 0;
    while at < end {
        let value = section.sibling(at);
        match member(value) {
            Member::Describing if !names.is_action(value) => {
                at = value.end();
                continue;
            }
            Member::Credentials => credentials_until = credentials_until.max(value.end()),
            _ => {}
        }
        if let Some((raw, escaped)) = value.raw_text()
            && raw.len() >= secret::SHORTEST
        {
            while let [(index, _), rest @ ..] = given
                && *index < at
            {
                given = rest;
            }
            let given = given.first().filter(|(index, _)| *index == at).map(|(_, secret)| *secret);
            let rules =
                judge_raw(value, raw, escaped, || place(value, given, at < credentials_until));
            if !rules.is_empty() {
                report(value, rules);
            }
        }
        at += 1;
    }
}

/// Judges a string as written; most of them are done with after one look at their bytes.
#[inline]
fn judge_raw(value: Value<'_>, raw: &[u8], escaped: bool, place: impl Fn() -> Place) -> Rules {
    if !escaped {
        let survey = Survey::of(raw);
        let plain = !survey.allows_any(raw.len()) && is_plain(raw, &place);
        return if plain { Rules::default() } else { judge(value.raw(), survey, place) };
    }
    let text = value.text().unwrap_or_default();
    if text.len() < secret::SHORTEST {
        return Rules::default();
    }
    judge(&text, Survey::of(text.as_bytes()), place)
}

/// What a member's name says about what stands below it.
enum Member {
    /// Describes data instead of holding it.
    Describing,
    /// Credentials are expected there.
    Credentials,
    Other,
}

#[inline]
fn member(value: Value<'_>) -> Member {
    // By length first: most names are of another.
    const LENGTHS: u32 = 1 << 6 | 1 << 7 | 1 << 8 | 1 << 13 | 1 << 14 | 1 << 19;
    if LENGTHS.checked_shr(value.raw_key_len() as u32).unwrap_or(0) & 1 == 0 {
        return Member::Other;
    }
    match value.raw_key_bytes() {
        b"schema"
        | b"$schema"
        | b"metadata"
        | b"runAfter"
        | b"headersSchema"
        | b"evaluatedRecurrence" => Member::Describing,
        name if name.eq_ignore_ascii_case(b"headers") => Member::Credentials,
        name if name.eq_ignore_ascii_case(b"authentication") => Member::Credentials,
        _ => Member::Other,
    }
}

#[inline]
fn place(value: Value<'_>, given: Option<bool>, credential: bool) -> Place {
    let secret_name = match given {
        Some(secret_name) => secret_name,
        None if value.has_key() => secret::is_secret_name(value.raw_key_bytes()),
        None => array_name(value).is_some_and(secret::is_secret_name),
    };
    Place { secret_name, credential: credential || (given.is_some() && secret_name) }
}

/// The name of the array that a string stands in.
fn array_name(value: Value<'_>) -> Option<&[u8]> {
    let array = value.parent()?;
    array.has_key().then(|| array.raw_key_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cloud::action::collect;
    use crate::json::Json;

    fn found(definition: &str) -> Vec<(String, Vec<&'static str>)> {
        let json = Json::read(definition).unwrap();
        let actions = collect(json.root().get("actions"));
        let suspects = suspects(json.root(), &actions);
        suspects.iter().map(|suspect| (suspect.value.pointer(), suspect.rules.ids())).collect()
    }

    proptest! {
        /// A quick look at the bytes of a string never drops what a close look at all of its parts finds.
        #[test]
        fn a_quick_look_misses_nothing(
            texts in prop::collection::vec(prop::collection::vec(part(), 0..6), 1..5), escaped in any::<bool>(),
        ) {
            let texts: Vec<String> = texts.iter().map(|parts| parts.concat()).collect();
            let mut written = serde_json::to_string(&texts).unwrap();
            if escaped {
                written = written.replace(':', "\\u003a").replace('_', "\\u005F");
            }
            let definition = format!(r#"{{"actions":{{"A":{{"type":"Http","inputs":{written}}}}}}}"#);
            let every = texts.iter().enumerate().map(|(at, text)| {
                (format!("/actions/A/inputs/{at}"), thorough(text).ids())
            });
            let expected: Vec<_> = every.filter(|(_, rules)| !rules.is_empty()).collect();
            prop_assert_eq!(found(&definition), expected, "{}", definition);
        }
    }

    fn thorough(text: &str) -> Rules {
        let of_expression = |expression| {
            let mut rules = Rules::default();
            fragments(expression, &mut |fragment: &str| rules.join(secret::thorough(fragment)));
            rules
        };
        match split(text, true) {
            Split::Literal(literal) => secret::thorough(literal),
            Split::Expression(expression) => of_expression(expression),
            Split::Mixed(outside, expressions) => {
                let mut rules = secret::thorough(&outside);
                expressions.into_iter().for_each(|it| rules.join(of_expression(it)));
                rules
            }
        }
    }

    fn part() -> impl Strategy<Value = String> {
        const KNOWN: &[&str] = &[
            "@{",
            "}",
            "@concat('",
            "', '",
            "')",
            "https://u:F1x-ture@h.test",
            "ghp_NotARealTokenHighwaterFixture0000001",
            "eyJhbGciOiJub25lIn0.",
            "eyJzdWIiOiJmaXh0dXJlIn0.NotARealSignature_01",
            "AKIAHIGHWATERFIX0001",
            "Basic ",
            "BEARER ",
            "aGlnaHdhdGVyOmZpeHR1cmU5OQ==",
            "xoxb-000000000000-HighwaterFixture",
            "AIzaNotARealKey-HighwaterFixture_000000",
            "SG.HighwaterFixture0000.NotARealKeyNotARealKeyNotARealKey0000000000",
            "Ab18Q~NotARealSecretHighwaterFixture0",
            "?sig=HighwaterFixture0123456789",
            "password: F1xture-9",
            "-----BEGIN PRIVATE KEY-----TUlJTm90QVJlYWxLZXk0",
            " ",
            "x",
            "'",
            "\"",
            "\\",
            "é",
        ];
        prop::sample::select(KNOWN).prop_map(str::to_owned)
    }

    #[test]
    fn variables_and_compose_lend_their_names() {
        let text = r#"{"actions":{
            "Compose_client_secret":{"type":"Compose","inputs":"uV4xTq9Zr2"},
            "Compose_title":{"type":"Compose","inputs":"uV4xTq9Zr2"},
            "I":{"type":"InitializeVariable","inputs":{"variables":[{"name":"ApiKey","type":"string","value":"uV4xTq9Zr2"}]}},
            "S":{"type":"SetVariable","inputs":{"name":"title","value":"uV4xTq9Zr2"}},
            "A":{"type":"AppendToArrayVariable","inputs":{"name":"pwd","value":["uV4xTq9Zr2"]}}}}"#;
        let pointers: Vec<String> = found(text).into_iter().map(|(pointer, _)| pointer).collect();
        let expected = [
            "/actions/Compose_client_secret/inputs",
            "/actions/I/inputs/variables/0/value",
            "/actions/A/inputs/value/0",
        ];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn an_action_called_schema_is_no_schema() {
        let text = r#"{"actions":{"schema":{"type":"Http","inputs":{"password":"uV4xTq9Zr2","schema":{"password":"uV4xTq9Zr2"}}}}}"#;
        assert_eq!(found(text).len(), 1);
    }

    #[test]
    fn secure_strings_count_as_secrets_by_type() {
        let text = r#"{"parameters":{"p":{"type":"securestring","defaultValue":"uV4xTq9Zr2"},
            "q":{"type":"String","defaultValue":{"inner":{"password":"uV4xTq9Zr2"}}},
            "Api Key (x_Other)":{"type":"String","defaultValue":"uV4xTq9Zr2"}}}"#;
        let expected = [
            "/parameters/p/defaultValue",
            "/parameters/q/defaultValue/inner/password",
            "/parameters/Api Key (x_Other)/defaultValue",
        ];
        assert_eq!(
            found(text).iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(),
            expected
        );
    }
}
