//! At rest: a page as a collector may write it to disk before it becomes rows.
//!
//! Guarantees that credentials which a service hands out beside its records (signed links, tokens, keys, passwords)
//! never reach the disk. Definitions and values of environment variables pass whole, because only their readings can say
//! what is in them; the collector keeps such pages where only its owner can read them and removes them when the snapshot
//! is made. Does not hide people: readings do, once.

use crate::Value;
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::boundary::{DROPPED, looks_secret};

/// Keys whose values are credentials whatever they look like.
const CREDENTIALS: &[&str] = &[
    "access_token",
    "accesskey",
    "accesstoken",
    "accountkey",
    "apikey",
    "authorization",
    "basictriggerurl",
    "callbackurl",
    "client_secret",
    "clientsecret",
    "connectionstring",
    "flowtriggeruri",
    "gatewaysalt",
    "gatewaywitnessstring",
    "id_token",
    "passphrase",
    "password",
    "primarykey",
    "primarykeypackage",
    "privatekey",
    "pwd",
    "refresh_token",
    "refreshtoken",
    "sas",
    "sastoken",
    "secondarykey",
    "secretvalue",
    "sharedaccesskey",
];

/// Keys below which everything belongs to a definition or is the value of a variable.
const WHOLE: &[&str] = &[
    "clientdata",
    "definition",
    "script",
    "defaultvalue",
    "environmentvariabledefinition_environmentvariablevalue",
];

/// The page without credentials, as JSON with the same keys in the same order.
///
/// # Errors
///
/// The text is not JSON.
pub fn without_credentials(page: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let page = page.strip_prefix(b"\xef\xbb\xbf").unwrap_or(page);
    let value: Value<'_> = serde_json::from_slice(page)?;
    serde_json::to_vec(&Kept(&value))
}

/// One value of a page, without credentials.
struct Kept<'a>(&'a Value<'a>);

impl Serialize for Kept<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.0.serialize(serializer),
            Value::Str(text) if looks_secret(text) => serializer.serialize_str(DROPPED),
            Value::Str(text) => serializer.serialize_str(text),
            Value::Array(items) => {
                let mut kept = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    kept.serialize_element(&Kept(item))?;
                }
                kept.end()
            }
            Value::Object(object) => {
                let mut kept = serializer.serialize_map(None)?;
                for (name, value) in object.iter() {
                    match meaning(name, value) {
                        Meaning::Credential => kept.serialize_entry(name, DROPPED)?,
                        Meaning::Whole => kept.serialize_entry(name, value)?,
                        Meaning::Plain => kept.serialize_entry(name, &Kept(value))?,
                    }
                }
                kept.end()
            }
        }
    }
}

/// Whether a name, in lower case, is that of a credential.
pub(crate) fn is_credential(name: &str) -> bool {
    CREDENTIALS.contains(&name)
}

/// Whether everything below a name, in lower case, belongs to a definition or is the value of a variable.
pub(crate) fn is_whole(name: &str) -> bool {
    WHOLE.contains(&name)
}

enum Meaning {
    Credential,
    Whole,
    Plain,
}

fn meaning(name: &str, value: &Value<'_>) -> Meaning {
    let is_any = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    match value {
        Value::Str(text) if !text.is_empty() && is_any(CREDENTIALS) => Meaning::Credential,
        Value::Null | Value::Bool(_) | Value::Number(_) => Meaning::Plain,
        _ if is_any(WHOLE) => Meaning::Whole,
        _ => Meaning::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(page: &str) -> String {
        String::from_utf8(without_credentials(page.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn credentials_never_reach_the_disk() {
        let page = r#"{"value":[{"name":"f1","PrimaryKeyPackage":"canary1","inputsLink":{"uri":"https://x.example/?sig=canary2"},
            "properties":{"flowTriggerUri":"https://canary3.example","apiKey":"canary4","note":"AccountKey=canary5","password":""}}],
            "nextLink":"https://x.example/?sig=canary6"}"#;
        let kept = kept(page);
        assert!(!kept.contains("canary"), "{kept}");
        assert!(
            kept.contains(r#""nextLink":"(dropped)""#) && kept.contains(r#""password":"""#),
            "{kept}"
        );
    }

    #[test]
    fn definitions_pass_whole_and_everything_else_is_untouched() {
        let page = r#"{"value":[{"clientdata":"{\"uri\":\"https://x.example/?sig=abc\"}","state":1,"big":12345678901234567890123,
            "definition":{"actions":{"a":{"password":"p"}}},"list":[null,true,1.5e3,"ä\n"]}]}"#;
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&kept(page)), same(page));
        assert!(without_credentials(b"<html>").is_err());
        assert_eq!(kept("\u{feff}[]"), "[]");
    }
}
