//! Boundary: what never enters a snapshot, and what enters only as a pseudonym.
//!
//! Guarantees that raw records carry no secret value (signed links, keys, tokens, variable values,
//! definitions) and no name or address of a person unless plain names were asked for. Works by key
//! names and by the look of values; it would rather drop too much. Does not touch typed rows beyond
//! hashing personal ids: readings never ask for secrets.

use std::borrow::Cow;

use serde_json_borrow::Value;
use sha2::{Digest, Sha256};

/// How people appear: as they are, or as keyed hashes.
#[derive(Clone)]
pub struct Pseudonyms {
    key: Option<Vec<u8>>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.key.is_some() { "Pseudonyms(keyed)" } else { "Pseudonyms(plain)" })
    }
}

impl Pseudonyms {
    /// People are replaced by a hash keyed with `key`, which stays with the owner of the store.
    pub fn keyed(key: impl Into<Vec<u8>>) -> Self {
        Self { key: Some(key.into()) }
    }

    /// People appear as the services name them.
    pub const fn plain() -> Self {
        Self { key: None }
    }

    /// Whether people are replaced.
    pub const fn hides(&self) -> bool {
        self.key.is_some()
    }

    /// The pseudonym of a personal id: `p-` and 32 hexadecimal digits, equal for equal ids. "Told and
    /// none" stays empty.
    pub(crate) fn hide<'v>(&self, id: Cow<'v, str>) -> Cow<'v, str> {
        let Some(key) = &self.key else { return id };
        if id.is_empty() {
            return id;
        }
        let mut inner = Sha256::new();
        inner.update(pad(key, 0x36));
        inner.update(id.trim().to_lowercase());
        let mut outer = Sha256::new();
        outer.update(pad(key, 0x5c));
        outer.update(inner.finalize());
        let digest = outer.finalize();
        Cow::Owned(format!("p-{}", hex(&digest[..16])))
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// HMAC's key block: the key (hashed when longer than a block) against a pad byte.
fn pad(key: &[u8], byte: u8) -> [u8; 64] {
    let mut block = [byte; 64];
    let hashed = Sha256::digest(key);
    let key = if key.len() > 64 { hashed.as_slice() } else { key };
    for (slot, key) in block.iter_mut().zip(key) {
        *slot ^= key;
    }
    block
}

/// A record as it may be kept: secrets dropped, people hidden.
pub(crate) fn scrub<'v>(value: &'v Value<'v>, people: &Pseudonyms) -> Value<'v> {
    scrub_at(value, people, "", false)
}

/// Text that stands where a value was dropped.
pub(crate) const DROPPED: &str = "(dropped)";

fn scrub_at<'v>(
    value: &'v Value<'v>,
    people: &Pseudonyms,
    key: &str,
    in_person: bool,
) -> Value<'v> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::Str(text) => scrub_text(text, people, key, in_person),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| scrub_at(item, people, key, in_person)).collect())
        }
        Value::Object(object) => {
            let person = in_person || names_person(key);
            let members: Vec<(&str, Value<'v>)> = object
                .iter()
                .map(|(name, member)| {
                    let kept = if is_secret_key(name, key) && !is_harmless(member) {
                        Value::Str(Cow::Borrowed(DROPPED))
                    } else {
                        scrub_at(member, people, name, person)
                    };
                    (name, kept)
                })
                .collect();
            Value::Object(members.into())
        }
    }
}

fn scrub_text<'v>(text: &'v str, people: &Pseudonyms, key: &str, in_person: bool) -> Value<'v> {
    if looks_secret(text) {
        return Value::Str(Cow::Borrowed(DROPPED));
    }
    if people.hides() {
        if is_address_key(key) || (in_person && is_name_key(key)) || looks_like_address(text) {
            return Value::Str(Cow::Borrowed("(person)"));
        }
        if (in_person && is_id_key(key)) || is_person_id_key(key) {
            return Value::Str(people.hide(Cow::Borrowed(text)));
        }
    }
    Value::Str(Cow::Borrowed(text))
}

/// Keys whose values are secret, or hold secrets, or are definitions that are kept only when asked for.
fn is_secret_key(name: &str, parent: &str) -> bool {
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
        "key",
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
        "secret",
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
    const VALUE_PARENTS: &[&str] =
        &["environmentvariabledefinition_environmentvariablevalue", "sink"];
    let name = name.to_ascii_lowercase();
    if name == "key" || name == "value" || name == "secret" {
        return VALUE_PARENTS.contains(&parent.to_ascii_lowercase().as_str());
    }
    SECRET.binary_search(&name.as_str()).is_ok()
}

/// Values that cannot be a secret although their key sounds like one.
fn is_harmless(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether a text looks like a credential whatever its key says.
pub(crate) fn looks_secret(text: &str) -> bool {
    const MARKS: &[&str] = &[
        "sig=",
        "AccountKey=",
        "SharedAccessKey=",
        "SharedAccessSignature=",
        "-----BEGIN",
        "Password=",
        "password=",
        "Pwd=",
        "client_secret=",
        "Bearer ey",
    ];
    MARKS.iter().any(|mark| text.contains(mark)) || is_json_web_token(text)
}

fn is_json_web_token(text: &str) -> bool {
    text.starts_with("eyJ")
        && text.len() > 40
        && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

fn names_person(key: &str) -> bool {
    const PEOPLE: &[&str] =
        &["actor", "author", "creator", "initiatedby", "owner", "principal", "usedby", "user"];
    let key = key.to_ascii_lowercase();
    key.ends_with("by") || PEOPLE.binary_search(&key.as_str()).is_ok()
}

fn is_name_key(key: &str) -> bool {
    ["displayname", "name", "fullname", "givenname", "surname", "uniquename"]
        .contains(&key.to_ascii_lowercase().as_str())
}

fn is_id_key(key: &str) -> bool {
    ["id", "objectid", "userid", "puid", "descriptor"].contains(&key.to_ascii_lowercase().as_str())
}

fn is_person_id_key(key: &str) -> bool {
    ["ownerid", "azureactivedirectoryobjectid", "principalid", "userkey", "sessionusersid"]
        .contains(&key.to_ascii_lowercase().as_str())
}

fn is_address_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
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
    .contains(&key.as_str())
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
        serde_json::to_string(&scrub(&value, people)).unwrap()
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
    fn the_keyed_hash_is_hmac_sha256() {
        let hidden = Pseudonyms::keyed(*b"key")
            .hide(Cow::Borrowed("the quick brown fox jumps over the lazy dog"));
        let again = Pseudonyms::keyed(*b"key")
            .hide(Cow::Borrowed(" The quick brown fox jumps over the lazy dog"));
        assert_eq!(hidden, again);
        assert_ne!(
            hidden,
            Pseudonyms::keyed(*b"other")
                .hide(Cow::Borrowed("the quick brown fox jumps over the lazy dog"))
        );
        assert_eq!(Pseudonyms::keyed(*b"key").hide(Cow::Borrowed("")), "");
    }

    #[test]
    fn key_lists_are_sorted_for_binary_search() {
        assert!(
            is_secret_key("clientSecret", "")
                && is_secret_key("token", "")
                && is_secret_key("accessKey", "")
        );
        assert!(names_person("user") && names_person("actor") && names_person("lastModifiedBy"));
    }
}
