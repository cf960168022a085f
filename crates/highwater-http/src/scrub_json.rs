//! Scrubbing of JSON: a document without the secrets in it, otherwise byte by byte the same.
//!
//! Guarantees that values under the names of secrets, and texts that look like secrets, do not stand in the result, at
//! any depth and inside texts that are JSON themselves. Needs no tree: what it holds is the result. What is no JSON is
//! scrubbed as a text.

use std::borrow::Cow;

use crate::scrub::{self, GONE};

/// A document without its secrets.
pub(crate) fn document(text: &str) -> String {
    let mut walk = Walk { rest: text, kept: String::with_capacity(text.len()), open: Vec::new() };
    if walk.run().is_some() { walk.kept } else { scrub::text(text).into_owned() }
}

/// An object or array that is open.
#[derive(Clone, Copy, Default)]
struct Open {
    object: bool,
    /// The next text is a key.
    key_next: bool,
    /// Every scalar in here is a secret.
    secret: bool,
    /// `key` and `value` are secrets in here.
    holder: bool,
    /// What the key that was read last means.
    key: Key,
}

/// What a key means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Key {
    secret: bool,
    holder: bool,
    /// A place in a chain of pages, which looks like a secret and is none.
    place: bool,
}

struct Walk<'a> {
    rest: &'a str,
    kept: String,
    open: Vec<Open>,
}

impl<'a> Walk<'a> {
    /// Nothing if the text is no JSON.
    fn run(&mut self) -> Option<()> {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '{' | '[' => self.enter(c == '{'),
                '}' | ']' => {
                    self.open.pop()?;
                    self.copy(1);
                }
                ',' => {
                    if let Some(open) = self.open.last_mut() {
                        open.key_next = open.object;
                    }
                    self.copy(1);
                }
                '"' => self.string()?,
                ':' | ' ' | '\n' | '\r' | '\t' => self.copy(1),
                _ => self.scalar()?,
            }
        }
        self.open.is_empty().then_some(())
    }

    fn copy(&mut self, bytes: usize) {
        let (done, rest) = self.rest.split_at(bytes);
        self.kept.push_str(done);
        self.rest = rest;
    }

    fn enter(&mut self, object: bool) {
        let outer = self.open.last().copied().unwrap_or_default();
        let secret = outer.secret || (outer.object && outer.key.secret);
        // An array of holders holds what a holder holds.
        let holder = if outer.object { outer.key.holder } else { outer.holder };
        self.open.push(Open { object, key_next: object, secret, holder, key: Key::default() });
        self.copy(1);
    }

    fn string(&mut self) -> Option<()> {
        let length = string_length(self.rest)?;
        let (raw, rest) = self.rest.split_at(length);
        self.rest = rest;
        let value = unescaped(raw)?;
        let open = self.open.last_mut();
        if let Some(open) = open
            && open.key_next
        {
            open.key_next = false;
            open.key = key(&value, open.holder);
            self.kept.push_str(raw);
            return Some(());
        }
        let meaning = self.meaning();
        match clean(&value, meaning) {
            Some(clean) => self.kept.push_str(&serde_json::to_string(&clean).ok()?),
            None => self.kept.push_str(raw),
        }
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Option<()> {
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
        let end = end.unwrap_or(self.rest.len());
        if end == 0 {
            return None;
        }
        let number = self.rest.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if number && self.meaning().secret {
            self.kept.push('0');
            self.rest = &self.rest[end..];
        } else {
            self.copy(end);
        }
        Some(())
    }

    fn meaning(&self) -> Key {
        let open = self.open.last().copied().unwrap_or_default();
        let key = if open.object { open.key } else { Key::default() };
        Key { secret: open.secret || key.secret, ..key }
    }
}

/// What stands instead of a text, if anything has to.
fn clean(value: &str, meaning: Key) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    if meaning.secret || is_callback(value) {
        return Some(GONE.to_owned());
    }
    let clean = if value.trim_start().starts_with(['{', '[']) {
        Cow::Owned(document(value))
    } else if meaning.place {
        scrub::place(value)
    } else {
        scrub::text(value)
    };
    (clean != value).then(|| clean.into_owned())
}

/// An address that starts a flow by itself.
fn is_callback(value: &str) -> bool {
    value.contains("/paths/invoke") || (value.contains("/triggers/") && value.contains("sig="))
}

fn key(name: &str, in_holder: bool) -> Key {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let place =
        ["skiptoken", "continuationtoken", "deltatoken", "nextlink", "deltalink", "pagetoken"]
            .iter()
            .any(|end| plain.ends_with(end));
    let held = in_holder && ["key", "value"].contains(&plain.as_str());
    let holder = ["environmentvariablevalue", "environmentvariablevalues", "sink", "authorization"]
        .iter()
        .any(|end| plain.ends_with(end));
    Key { secret: held || (!place && is_secret(&plain)), holder, place }
}

fn is_secret(name: &str) -> bool {
    const WHOLE: [&str; 9] = [
        "sig",
        "pwd",
        "authorization",
        "cookie",
        "setcookie",
        "sastoken",
        "primarykey",
        "secondarykey",
        "keypackage",
    ];
    const ENDS: [&str; 15] = [
        "password",
        "secret",
        "secrettext",
        "secretvalue",
        "token",
        "apikey",
        "accesskey",
        "accountkey",
        "sharedkey",
        "privatekey",
        "instrumentationkey",
        "keypackage",
        "connectionstring",
        "callbackurl",
        "triggeruri",
    ];
    WHOLE.contains(&name) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Length of the text at the beginning, both quotes included.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('\\') {
        serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
    } else {
        raw.get(1..raw.len() - 1).map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn scrubbed(value: &Value) -> Value {
        serde_json::from_str(&document(&value.to_string())).unwrap()
    }

    #[test]
    fn secrets_go_by_their_names() {
        let given = json!({
            "value": [{
                "name": "flow",
                "properties": {
                    "flowTriggerUri": "CANARY", "state": "Started", "clientSecret": "CANARY",
                    "connectionParametersSet": {"values": {"password": {"value": "CANARY", "n": 7}}},
                    "accessToken": "CANARY", "primaryKeyPackage": "CANARY", "key": "kept", "tokenType": "Bearer",
                },
                "environmentvariabledefinition_environmentvariablevalue": [{"value": "CANARY", "schemaname": "a"}],
            }],
            "$skipToken": "eyJhIjoxfQ.eyJhIjoxfQ.kept-token",
        });
        let clean = scrubbed(&given);
        let text = clean.to_string();
        assert!(!text.contains("CANARY"), "{text}");
        assert_eq!(clean["$skipToken"], given["$skipToken"]);
        assert_eq!(clean["value"][0]["properties"]["state"], "Started");
        assert_eq!(clean["value"][0]["properties"]["key"], "kept");
        assert_eq!(clean["value"][0]["properties"]["tokenType"], "Bearer");
        let values = &clean["value"][0]["properties"]["connectionParametersSet"]["values"];
        assert_eq!(values["password"], json!({"value": GONE, "n": 0}));
    }

    #[test]
    fn secrets_go_by_their_look() {
        let inner = json!({"uri": "https://x.example/?sig=CANARY", "n": 1.50}).to_string();
        let given = json!({
            "a": "https://logic.example/workflows/1/triggers/manual/paths/invoke?x=CANARY",
            "b": "Endpoint=sb://x/;SharedAccessKey=CANARY",
            "c": ["eyJhbGciOiJub25lIn0.CANARY.x"],
            "d": inner,
            "@odata.nextLink": "https://x.example/?$skiptoken=kept&sig=CANARY",
        });
        let text = scrubbed(&given).to_string();
        assert!(!text.contains("CANARY"), "{text}");
        assert!(text.contains("$skiptoken=kept"));
        assert!(text.contains("1.5"));
    }

    #[test]
    fn everything_else_stays_byte_by_byte() {
        for text in [
            "{ \"a\" : [1.50, 1e400, -0, true, null, \"\\u00e9\\n\"], \"b\":{} }\r\n",
            "[]",
            "\"x\"",
            "12345678901234567890123",
            "",
        ] {
            assert_eq!(document(text), text);
        }
        assert_eq!(document("no json sig=CANARY"), "no json sig=(redacted)");
        assert_eq!(document("{\"a\":\"sig=CANARY\""), "{\"a\":\"sig=(redacted)\"");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\é]{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_result_is_json_with_the_same_keys(value in any_json()) {
            let clean = scrubbed(&value);
            prop_assert_eq!(shape(&clean), shape(&value));
        }

        #[test]
        fn scrubbing_twice_changes_nothing(value in any_json()) {
            let once = document(&value.to_string());
            prop_assert_eq!(document(&once), once);
        }

        #[test]
        fn nothing_that_is_written_breaks_it(text in "[\\[\\]{}\",:\\\\ a1=]{0,40}") {
            let _ = document(&text);
        }
    }

    /// A value with its keys and kinds only; texts may be JSON and change, so they are left out.
    fn shape(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(shape).collect(),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(k, v)| (k.clone(), shape(v))).collect())
            }
            Value::String(_) => json!("text"),
            Value::Number(_) => json!(0),
            other => other.clone(),
        }
    }
}
