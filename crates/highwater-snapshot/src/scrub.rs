//! Scrub: a record as it may be kept, written while it is walked.
//!
//! Guarantees that what a key or a text gives away as a secret is dropped, and that people are hidden where
//! the snapshot hides them, whatever the record looks like. What a key means is judged once and
//! remembered, because a tenant's records have millions of keys and some hundred different ones.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json_borrow::Value;

use crate::boundary::{DROPPED, Pseudonyms, looks_secret};

/// What keys mean, as far as they were met.
#[derive(Debug, Default)]
pub(crate) struct Keys(RefCell<HashMap<String, Key, foldhash::fast::RandomState>>);

/// What one key says of its value.
#[derive(Clone, Copy, Debug, Default)]
struct Key {
    /// The value is a secret, holds secrets, or is a definition that is kept only when asked for.
    secret: bool,
    /// The value is a secret below some parents: `key`, `value`, `secret`.
    value: bool,
    /// Below it `key`, `value` and `secret` are secrets.
    value_parent: bool,
    /// The object is a person.
    person: bool,
    /// The text is an address of a person.
    address: bool,
    /// The text is a name, of a person where the object is one.
    name: bool,
    /// The text is an id, of a person where the object is one.
    id: bool,
    /// The text is the id of a person.
    person_id: bool,
}

/// Different keys that are remembered; hostile records have any number.
const REMEMBERED: usize = 4096;

impl Keys {
    fn of(&self, name: &str) -> Key {
        if let Some(key) = self.0.borrow().get(name) {
            return *key;
        }
        let key = judge(&name.to_ascii_lowercase());
        let mut known = self.0.borrow_mut();
        if known.len() < REMEMBERED {
            known.insert(name.to_owned(), key);
        }
        key
    }
}

/// A record as it may be kept, ready to be written as JSON.
pub(crate) fn scrub<'a>(
    value: &'a Value<'a>,
    people: &'a Pseudonyms,
    keys: &'a Keys,
) -> impl Serialize {
    Scrubbed { value, key: Key::default(), in_person: false, rules: Rules { people, keys } }
}

#[derive(Clone, Copy)]
struct Rules<'a> {
    people: &'a Pseudonyms,
    keys: &'a Keys,
}

/// One value below a key.
struct Scrubbed<'a> {
    value: &'a Value<'a>,
    key: Key,
    in_person: bool,
    rules: Rules<'a>,
}

impl Serialize for Scrubbed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.value.serialize(serializer),
            Value::Str(text) => serializer.serialize_str(&self.text(text)),
            Value::Array(items) => {
                let mut kept = serializer.serialize_seq(Some(items.len()))?;
                for value in items {
                    kept.serialize_element(&Scrubbed { value, ..*self })?;
                }
                kept.end()
            }
            Value::Object(object) => {
                let in_person = self.in_person || self.key.person;
                let mut kept = serializer.serialize_map(None)?;
                for (name, value) in object.iter() {
                    let key = self.rules.keys.of(name);
                    let secret = key.secret || (key.value && self.key.value_parent);
                    if secret && !is_harmless(value) {
                        kept.serialize_entry(name, DROPPED)?;
                    } else {
                        kept.serialize_entry(name, &Scrubbed { value, key, in_person, ..*self })?;
                    }
                }
                kept.end()
            }
        }
    }
}

impl Scrubbed<'_> {
    fn text<'v>(&self, text: &'v str) -> Cow<'v, str> {
        if looks_secret(text) {
            return Cow::Borrowed(DROPPED);
        }
        let (key, people) = (self.key, self.rules.people);
        if people.hides() {
            if key.address || (self.in_person && key.name) || looks_like_address(text) {
                return Cow::Borrowed("(person)");
            }
            if (self.in_person && key.id) || key.person_id {
                return people.hide(Cow::Borrowed(text));
            }
        }
        Cow::Borrowed(text)
    }
}

/// What a key in lower case means.
fn judge(name: &str) -> Key {
    let value = matches!(name, "key" | "value" | "secret");
    Key {
        secret: !value && is_secret_key(name),
        value,
        value_parent: ["environmentvariabledefinition_environmentvariablevalue", "sink"]
            .contains(&name),
        person: names_person(name),
        address: is_address_key(name),
        name: ["displayname", "name", "fullname", "givenname", "surname", "uniquename"]
            .contains(&name),
        id: ["id", "objectid", "userid", "puid", "descriptor"].contains(&name),
        person_id: [
            "ownerid",
            "azureactivedirectoryobjectid",
            "principalid",
            "userkey",
            "sessionusersid",
        ]
        .contains(&name),
    }
}

/// Keys whose values are secret, or hold secrets, or are definitions that are kept only when asked for.
fn is_secret_key(name: &str) -> bool {
    const SECRET: &[&str] = &[
        "access_token",
        "accesskey",
        "accesstoken",
        "accountkey",
        "adminusername",
        "apikey",
        "assertion",
        "authorization",
        "basictriggerurl",
        "callbackurl",
        "client_secret",
        "clientdata",
        "clientsecret",
        "connectionparameters",
        "connectionparametersset",
        "connectionstring",
        "customdata",
        "defaultvalue",
        "definition",
        "ethernetmacaddress",
        "flowtriggeruri",
        "gatewaysalt",
        "gatewaywitnessstring",
        "id_token",
        "imei",
        "inputslink",
        "outputslink",
        "passphrase",
        "password",
        "phonenumber",
        "primarykey",
        "primarykeypackage",
        "privatekey",
        "pwd",
        "refresh_token",
        "refreshtoken",
        "sas",
        "sastoken",
        "script",
        "secondarykey",
        "secretvalue",
        "serialnumber",
        "serviceuri",
        "sharedaccesskey",
        "token",
        "userdata",
        "variables",
        "wifimacaddress",
        "yaml",
    ];
    SECRET.binary_search(&name).is_ok()
}

/// Values that cannot be a secret although their key sounds like one.
fn is_harmless(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    }
}

fn names_person(key: &str) -> bool {
    const PEOPLE: &[&str] =
        &["actor", "author", "creator", "initiatedby", "owner", "principal", "usedby", "user"];
    key.ends_with("by") || PEOPLE.binary_search(&key).is_ok()
}

fn is_address_key(key: &str) -> bool {
    [
        "userprincipalname",
        "email",
        "mail",
        "upn",
        "sessionusername",
        "domainname",
        "internalemailaddress",
        "fullname",
        "jobtitle",
        "mobilephone",
    ]
    .contains(&key)
        || key.ends_with("upn")
        || key.ends_with("email")
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
    use super::*;

    fn scrubbed(text: &str, people: &Pseudonyms) -> String {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        serde_json::to_string(&scrub(&value, people, &Keys::default())).unwrap()
    }

    #[test]
    fn secrets_are_dropped_whatever_they_are_called() {
        let kept = scrubbed(
            r#"{"sink": {"key": "k1canary", "type": "x"}, "url": "https://x.example/?sv=1&sig=canary2", "password": "canary3",
                "a": {"connectionParameters": {"token": "canary4"}}, "note": "AccountKey=canary5canary", "state": "On"}"#,
            &Pseudonyms::plain(),
        );
        assert!(!kept.contains("canary"), "{kept}");
        assert!(kept.contains(r#""state":"On""#), "{kept}");
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
    fn key_lists_are_sorted_for_binary_search() {
        assert!(
            is_secret_key("clientsecret") && is_secret_key("token") && is_secret_key("accesskey")
        );
        assert!(names_person("user") && names_person("actor") && names_person("lastmodifiedby"));
    }
}
