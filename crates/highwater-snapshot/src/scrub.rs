//! Scrub: a record as it may be kept, written while it is walked.
//!
//! Guarantees that what a key or a text gives away as a secret is dropped, and that people are hidden where
//! the snapshot hides them, whatever the record looks like. What a name means stands in `names.rs`; a text
//! is looked at closely only where its bytes allow that there is something to find.

use std::borrow::Cow;

use crate::boundary::{DROPPED, Marks, Pseudonyms, begins_token};
use crate::names::{Key, Made};
use crate::{Member, Text, Value};

/// Writes a record of a source as it may be kept, as JSON without spaces.
pub(crate) fn scrub(
    source: &str,
    value: &Value<'_>,
    people: &Pseudonyms,
    names: &mut Made,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let below = Below { in_person: is_person(source, value), ..Below::default() };
    Scrubber { people, names, out, about: about(value) }.value(value, below)
}

struct Scrubber<'a> {
    people: &'a Pseudonyms,
    names: &'a mut Made,
    out: &'a mut Vec<u8>,
    /// Id of the person whom the record is about: services also write it into names and paths.
    about: Option<&'a str>,
}

/// Where a value stands.
#[derive(Clone, Copy, Default)]
struct Below {
    key: Key,
    in_person: bool,
}

impl Below {
    /// Whether a text may be hidden for where it stands.
    const fn is_personal(self) -> bool {
        self.in_person || self.key.says(Key::PERSON.or(Key::ADDRESS).or(Key::PERSON_ID))
    }
}

impl Scrubber<'_> {
    fn value(&mut self, value: &Value<'_>, below: Below) -> serde_json::Result<()> {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Number(_) => serde_json::to_writer(&mut *self.out, value)?,
            Value::Str(text) => self.read(text, below)?,
            Value::Array(items) => {
                self.out.push(b'[');
                for (at, value) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    self.value(value, below)?;
                }
                self.out.push(b']');
            }
            Value::Object(object) => {
                let in_person = below.in_person || below.key.says(Key::PERSON);
                let start = self.out.len();
                for Member { name, value } in &object.0 {
                    let key = self.names.write(name, self.out);
                    let at = Below { key, in_person };
                    match value {
                        _ if key.says(Self::GUARDED) => self.guarded(value, at, below)?,
                        Value::Str(text) => self.read(text, at)?,
                        value => self.value(value, at)?,
                    }
                }
                // The comma before the first member makes room for the brace.
                match self.out.get_mut(start) {
                    Some(comma) => *comma = b'{',
                    None => self.out.push(b'{'),
                }
                self.out.push(b'}');
            }
        }
        Ok(())
    }

    /// What keys say whose values may have to be dropped.
    const GUARDED: Key = Key::SECRET.or(Key::VALUE).or(Key::PARAMETER_SET);

    /// A value whose key is guarded, below another key.
    fn guarded(&mut self, value: &Value<'_>, at: Below, below: Below) -> serde_json::Result<()> {
        let in_parent = at.key.says(Key::VALUE) && below.key.says(Key::VALUE_PARENT);
        if let Some(set) = set_name(at.key, value) {
            self.out.extend_from_slice(b"{\"name\":");
            self.text(set, Below::default())?;
            self.out.push(b'}');
        } else if (at.key.says(Key::SECRET) || in_parent) && !is_harmless(value) {
            self.plain(DROPPED);
        } else {
            self.value(value, at)?;
        }
        Ok(())
    }

    /// Most texts are plain and nobody's: they are written as they are.
    #[inline]
    fn read(&mut self, text: &Text<'_>, below: Below) -> serde_json::Result<()> {
        if text.is_plain() && self.about.is_none() && !below.is_personal() && !begins_token(text) {
            self.plain(text);
            return Ok(());
        }
        self.text(text, below)
    }

    fn text(&mut self, text: &str, below: Below) -> serde_json::Result<()> {
        let marks = Marks::of(text);
        if marks.secret(text) {
            self.plain(DROPPED);
        } else if self.people.hides()
            && let Some(named) = self.about.and_then(|id| renamed(text, id, self.people))
        {
            serde_json::to_writer(&mut *self.out, &named)?;
        } else if self.people.hides()
            && let Some(hidden) = hidden(text, &marks, below, self.people)
        {
            serde_json::to_writer(&mut *self.out, hidden.as_ref())?;
        } else if marks.escaped() {
            serde_json::to_writer(&mut *self.out, text)?;
        } else {
            self.plain(text);
        }
        Ok(())
    }

    /// A text that JSON writes as it is.
    #[inline]
    fn plain(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }
}

/// Whether the record itself is a person: a user of the directory.
fn is_person(source: &str, value: &Value<'_>) -> bool {
    const USERS: &[&str] =
        &["coe.makers", "graph.deleted_users", "graph.user_licences", "graph.users"];
    let Value::Object(record) = value else { return false };
    match record.get("@odata.type") {
        Some(Value::Str(kind)) => kind.ends_with(".user"),
        _ => {
            USERS.contains(&source)
                && record.get("servicePrincipalType").is_none()
                && !matches!(record.get("isServicePrincipal"), Some(Value::Bool(true)))
        }
    }
}

/// Id of the person to whom something is granted, where the record is such a grant.
fn about<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    let member = |value: &'v Value<'_>, name: &str| match value {
        Value::Object(object) => object.get(name),
        _ => None,
    };
    let text = |value: &'v Value<'_>| match value {
        Value::Str(text) => Some(text.as_ref()),
        _ => None,
    };
    let inner = member(value, "properties").unwrap_or(value);
    if let Some(id) = member(inner, "principalObjectId").and_then(text) {
        let kind = member(inner, "principalType").and_then(text).unwrap_or_default();
        return (is_guid(id) && kind == "User").then_some(id);
    }
    let principal = member(inner, "principal")?;
    let kind = member(principal, "type").and_then(text).unwrap_or_default();
    let id = member(principal, "id").and_then(text)?;
    (is_guid(id) && !["Group", "Tenant"].contains(&kind)).then_some(id)
}

/// A text in which the id of a person stands, with the pseudonym in its place.
fn renamed(text: &str, id: &str, people: &Pseudonyms) -> Option<String> {
    let (folded, id) = (text.to_ascii_lowercase(), id.to_ascii_lowercase());
    let pseudonym = people.hide(Cow::Borrowed(&id));
    let mut named = String::new();
    let mut from = 0;
    for (at, found) in folded.match_indices(&id) {
        named.push_str(&text[from..at]);
        named.push_str(&pseudonym);
        from = at + found.len();
    }
    (from > 0).then(|| {
        named.push_str(&text[from..]);
        named
    })
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Text that stands where a person was named.
const PERSON: &str = "(person)";

/// What stands for a text that names a person.
fn hidden<'v>(
    text: &'v str,
    marks: &Marks,
    below: Below,
    people: &Pseudonyms,
) -> Option<Cow<'v, str>> {
    if matches!(text, DROPPED | PERSON) {
        return None; // it stands for something already
    }
    let Below { key, in_person } = below;
    let address = key.says(Key::ADDRESS) || (in_person && key.says(Key::NAME));
    if address || (marks.address() && looks_like_address(text)) {
        return Some(Cow::Borrowed(PERSON));
    }
    let id = (in_person && key.says(Key::ID))
        || key.says(Key::PERSON_ID)
        || (key.says(Key::PERSON) && is_guid(text));
    id.then(|| people.hide(Cow::Borrowed(text)))
}

/// The name of a set of parameters, which is all that is kept of it.
fn set_name<'v>(key: Key, value: &'v Value<'_>) -> Option<&'v str> {
    let (true, Value::Object(set)) = (key.says(Key::PARAMETER_SET), value) else { return None };
    match set.get("name") {
        Some(Value::Str(name)) => Some(name.as_ref()),
        _ => None,
    }
}

/// Values that cannot be a secret although their key sounds like one.
fn is_harmless(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    }
}

fn looks_like_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && !text.contains(char::is_whitespace)
        && !text.contains('/')
        && domain.contains('.')
        && !domain.contains('@')
        && !domain.ends_with('.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::boundary::looks_secret;
    use crate::names::judge;

    fn scrubbed(text: &str, people: &Pseudonyms) -> String {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        let mut out = Vec::new();
        scrub("", &value, people, &mut Made::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The same rules in the plainest words: nothing is remembered, every text is looked at closely.
    fn plainly(value: &Value<'_>, below: Below, people: &Pseudonyms) -> String {
        let written = |text: &str| serde_json::to_string(text).unwrap();
        match value {
            Value::Str(text) if looks_secret(text) => written(DROPPED),
            Value::Str(text) => {
                let (key, person) = (below.key, below.in_person);
                if people.hides() && !matches!(text.as_ref(), DROPPED | PERSON) {
                    if key.says(Key::ADDRESS)
                        || (person && key.says(Key::NAME))
                        || looks_like_address(text)
                    {
                        return written("(person)");
                    }
                    if (person && key.says(Key::ID))
                        || key.says(Key::PERSON_ID)
                        || (key.says(Key::PERSON) && is_guid(text))
                    {
                        return written(&people.hide(Cow::Borrowed(text)));
                    }
                }
                written(text)
            }
            Value::Array(items) => {
                let items: Vec<_> =
                    items.iter().map(|value| plainly(value, below, people)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(object) => {
                let in_person = below.in_person || below.key.says(Key::PERSON);
                let members = object.iter().map(|(name, value)| {
                    let key = judge(&name.to_ascii_lowercase());
                    let secret = key.says(Key::SECRET)
                        || (key.says(Key::VALUE) && below.key.says(Key::VALUE_PARENT));
                    let kept = if let Some(set) = set_name(key, value) {
                        let set = Value::from(set);
                        format!("{{\"name\":{}}}", plainly(&set, Below::default(), people))
                    } else if secret && !is_harmless(value) {
                        written(DROPPED)
                    } else {
                        plainly(value, Below { key, in_person }, people)
                    };
                    format!("{}:{kept}", written(name))
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            other => serde_json::to_string(other).unwrap(),
        }
    }

    /// Keys that mean something, keys that mean nothing, and keys that are escaped or ids.
    const NAMES: &[&str] = &[
        "name",
        "id",
        "owner",
        "createdBy",
        "email",
        "ownerId",
        "sink",
        "key",
        "value",
        "token",
        "definition",
        "connectionParametersSet",
        "Password",
        "state",
        "0a1b",
        "quo\"ted",
        "n\u{e4}me",
        "line\nbreak",
        "",
    ];
    const TEXTS: &[&str] = &[
        "",
        "plain",
        "ada@contoso.example",
        "a@b",
        "https://x.example/?sv=1&sig=abc",
        "Started",
        "a \"quoted\" text that is longer than sixteen bytes",
        "tab\tand\nline",
        "back\\slash",
        "-----BEGIN KEY-----",
        DROPPED,
        PERSON,
        "Bearer eyJ",
        "gr\u{fc}\u{df}e",
        "\u{7f}",
        "a=b",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl",
    ];

    /// The same with one fraction for all: a long one may lose its last digit whenever it is read.
    fn coarse(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Number(number) if number.is_f64() => 0.5.into(),
            serde_json::Value::Array(items) => items.into_iter().map(coarse).collect(),
            serde_json::Value::Object(members) => {
                members.into_iter().map(|(name, value)| (name, coarse(value))).collect()
            }
            other => other,
        }
    }

    fn values() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            proptest::sample::select(TEXTS).prop_map(serde_json::Value::from),
            "\\PC{0,20}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let name =
                prop_oneof![proptest::sample::select(NAMES).prop_map(str::to_owned), "[ -~]{1,4}"];
            let members = proptest::collection::btree_map(name, inner.clone(), 0..6);
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
                members.prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_remembered_and_skipped_changes_nothing(
            records in proptest::collection::vec(values(), 1..4),
            hides in any::<bool>(),
        ) {
            let people = if hides { Pseudonyms::keyed(*b"key") } else { Pseudonyms::plain() };
            let mut names = Made::default();
            for record in records {
                let text = record.to_string();
                let value: Value<'_> = serde_json::from_str(&text).unwrap();
                let mut out = Vec::new();
                scrub("", &value, &people, &mut names, &mut out).unwrap();
                prop_assert_eq!(
                    String::from_utf8(out).unwrap(),
                    plainly(&value, Below::default(), &people)
                );
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_scrubbed_stays_as_it_is(
            record in values(),
            hides in any::<bool>(),
            source in proptest::sample::select(vec!["", "graph.users", "dv.teams"]),
            principal in proptest::option::of("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ) {
            let people = if hides { Pseudonyms::keyed(*b"key") } else { Pseudonyms::plain() };
            let mut record = coarse(record);
            // A user of the directory is no grant to a user.
            let principal = principal.filter(|_| source != "graph.users");
            if let (Some(object), Some(id)) = (record.as_object_mut(), principal) {
                object.insert("principalType".into(), "User".into());
                object.insert("name".into(), format!("/of/{id}/x").into());
                object.insert("principalObjectId".into(), id.into());
            }
            let again = |text: &str| {
                let value: Value<'_> = serde_json::from_str(text).unwrap();
                let mut out = Vec::new();
                scrub(source, &value, &people, &mut Made::default(), &mut out).unwrap();
                String::from_utf8(out).unwrap()
            };
            let once = again(&record.to_string());
            prop_assert_eq!(again(&once), once);
        }
    }

    #[test]
    fn secrets_are_dropped_whatever_they_are_called() {
        let kept = scrubbed(
            r#"{"sink": {"key": "k1canary", "type": "x"}, "url": "https://x.example/?sv=1&sig=canary2", "password": "canary3",
                "a": {"connectionParameters": {"token": "canary4"}}, "note": "AccountKey=canary5canary", "state": "On",
                "connectionParametersSet": {"name": "keyBasedAuth", "values": {"key": {"value": "canary6"}}}}"#,
            &Pseudonyms::plain(),
        );
        assert!(!kept.contains("canary"), "{kept}");
        assert!(kept.contains(r#""state":"On""#), "{kept}");
        assert!(kept.ends_with(r#""connectionParametersSet":{"name":"keyBasedAuth"}}"#), "{kept}");
    }

    #[test]
    fn people_are_hidden_and_stay_joinable() {
        let people = Pseudonyms::keyed(*b"key");
        let text = r#"{"owner": {"id": "U1", "displayName": "Ada", "email": "ada@contoso.example"}, "displayName": "Invoices",
            "createdBy": {"id": "u1"}, "ownerId": "u1", "upn": "ada@contoso.example"}"#;
        let kept = scrubbed(text, &people);
        assert!(
            !kept.contains("Ada") && !kept.contains("contoso") && kept.contains("Invoices"),
            "{kept}"
        );
        let pseudonym = people.hide(Cow::Borrowed("u1"));
        assert_eq!(kept.matches(pseudonym.as_ref()).count(), 3, "{kept}");
    }

    #[test]
    fn a_record_that_is_a_person_or_about_one_hides_its_id_everywhere() {
        let people = Pseudonyms::keyed(*b"key");
        let kept = |source: &str, text: &str| {
            let value: Value<'_> = serde_json::from_str(text).unwrap();
            let mut out = Vec::new();
            scrub(source, &value, &people, &mut Made::default(), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let id = "00000000-0000-0000-0000-0000000000Ab";
        let pseudonym = people.hide(Cow::Borrowed(id));
        let grant = format!(
            r#"{{"name": "{id}", "id": "/apps/A1/permissions/{}", "properties": {{"principal": {{"id": "{id}", "type": "User"}}}}}}"#,
            id.to_lowercase()
        );
        let shown = kept("powerapps.app_permissions", &grant);
        assert_eq!(shown.matches(pseudonym.as_ref()).count(), 3, "{shown}");
        assert!(shown.contains("/apps/A1/permissions/p-"), "{shown}");
        for (source, record) in [
            ("graph.users", format!(r#"{{"id": "{id}", "accountEnabled": true}}"#)),
            (
                "graph.group_members",
                format!(r##"{{"@odata.type": "#microsoft.graph.user", "id": "{id}"}}"##),
            ),
            ("powerapps.app_permissions", format!(r#"{{"properties": {{"createdBy": "{id}"}}}}"#)),
            ("training", format!(r#"{{"principal_id": "{id}", "certificate": "PL-500"}}"#)),
            ("coe.makers", format!(r#"{{"id": "{id}", "isServicePrincipal": false}}"#)),
            (
                "ppapi.role_assignments",
                format!(r#"{{"principalType": "User", "principalObjectId": "{id}"}}"#),
            ),
            (
                "ppapi.role_assignments",
                format!(r#"{{"principalType": "Group", "createdByPrincipalObjectId": "{id}"}}"#),
            ),
            ("coe.desktop_flows", format!(r#"{{"workflowid": "f", "ownerid": "{id}"}}"#)),
        ] {
            let shown = kept(source, &record);
            assert!(shown.contains(pseudonym.as_ref()) && !shown.contains(id), "{source}: {shown}");
        }
        for (source, record) in [
            (
                "graph.users",
                format!(
                    r##"{{"@odata.type": "#microsoft.graph.servicePrincipal", "id": "{id}"}}"##
                ),
            ),
            ("graph.groups", format!(r#"{{"id": "{id}"}}"#)),
            ("coe.makers", format!(r#"{{"id": "{id}", "isServicePrincipal": true}}"#)),
            (
                "ppapi.role_assignments",
                format!(r#"{{"principalType": "Group", "principalObjectId": "{id}"}}"#),
            ),
            ("bap.environments", format!(r#"{{"createdBy": "SYSTEM", "name": "{id}"}}"#)),
        ] {
            assert!(kept(source, &record).contains(id), "{source}");
        }
    }
}
