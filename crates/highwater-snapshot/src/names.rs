//! Names: what the name of a member gives away of its value.
//!
//! Owns the judgement which names stand for secrets and which for people. A name is judged once: readers
//! lay the names that they meet beside the records ([`Names`]), because a tenant's records have millions of
//! names and some hundred different ones. Does not look at values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Deref;

use bumpalo::Bump;

use crate::at_rest::is_credential;

/// The name of a member.
#[derive(Clone, Debug)]
pub struct Name<'v> {
    text: Cow<'v, str>,
    /// Where it was met before.
    known: Option<&'v Known<'v>>,
}

/// A name that was met, with what it means.
#[derive(Debug)]
pub struct Known<'v> {
    text: &'v str,
    judged: Judged<&'v [u8]>,
    /// What is written, with anything behind it: so many bytes are copied faster than their exact number.
    padded: [u8; PADDED],
}

const PADDED: usize = 32;

/// The names that were met, by their texts. They live as long as the arena in which they lie.
#[derive(Debug)]
pub struct Names<'v> {
    arena: &'v Bump,
    met: HashMap<&'v str, &'v Known<'v>, foldhash::fast::RandomState>,
}

/// Different names that are remembered; hostile records have any number.
const REMEMBERED: usize = 4096;

impl<'v> Names<'v> {
    /// No names yet.
    pub fn new(arena: &'v Bump) -> Self {
        Self { arena, met: HashMap::default() }
    }

    /// A name that was met before, or is remembered from now on; one that is not worth that lies in
    /// another arena.
    pub fn meet<'t>(&mut self, text: &str, otherwise: &'t Bump) -> &'t Known<'t>
    where
        'v: 't,
    {
        if let Some(known) = self.met.get(text) {
            return known;
        }
        if !is_worth(text, self.met.len()) {
            return Known::laid(text, otherwise);
        }
        let known = Known::laid(text, self.arena);
        self.met.insert(known.text, known);
        known
    }
}

/// Ids that stand for names hardly come again.
fn is_worth(text: &str, known: usize) -> bool {
    known < REMEMBERED && !text.bytes().any(|byte| byte.is_ascii_digit())
}

impl<'v> Known<'v> {
    /// Judges a name and lays it into an arena.
    fn laid(text: &str, arena: &'v Bump) -> &'v Self {
        let Judged { written, means } = Judged::new(text);
        let mut padded = [0; PADDED];
        padded.iter_mut().zip(&written).for_each(|(slot, byte)| *slot = *byte);
        let judged = Judged { written: &*arena.alloc_slice_copy(&written), means };
        arena.alloc(Known { text: arena.alloc_str(text), judged, padded })
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        let written = self.judged.written;
        if written.len() > PADDED {
            return out.extend_from_slice(written);
        }
        let end = out.len() + written.len();
        out.extend_from_slice(&self.padded);
        out.truncate(end);
    }

    /// The name itself.
    pub const fn text(&self) -> &'v str {
        self.text
    }
}

impl Deref for Name<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'v> From<Cow<'v, str>> for Name<'v> {
    fn from(text: Cow<'v, str>) -> Self {
        Self { text, known: None }
    }
}

impl<'v> From<&'v str> for Name<'v> {
    fn from(text: &'v str) -> Self {
        Self::from(Cow::Borrowed(text))
    }
}

impl<'v> From<&'v Known<'v>> for Name<'v> {
    #[inline]
    fn from(known: &'v Known<'v>) -> Self {
        Self { text: Cow::Borrowed(known.text), known: Some(known) }
    }
}

/// Whether two texts are the same: most names are short, and are compared as two words that may lie over
/// each other.
#[inline]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && match one.len() {
            0..4 => one.iter().zip(other).all(|(one, other)| one == other),
            4..8 => ends::<4>(one) == ends::<4>(other),
            8..=16 => ends::<8>(one) == ends::<8>(other),
            _ => one == other,
        }
}

/// The first and the last bytes of a text.
#[inline]
fn ends<const N: usize>(bytes: &[u8]) -> Option<([u8; N], [u8; N])> {
    Some((*bytes.first_chunk()?, *bytes.last_chunk()?))
}

/// How JSON writes a name, and what it means.
#[derive(Clone, Copy, Debug)]
struct Judged<T> {
    /// With its colon.
    written: T,
    means: Key,
}

impl Judged<Vec<u8>> {
    fn new(name: &str) -> Self {
        let mut written = Vec::new();
        // Writing a text into memory does not fail.
        let _ = serde_json::to_writer(&mut written, name);
        written.push(b':');
        Self { written, means: judge(&name.to_ascii_lowercase()) }
    }
}

/// Names that no reader met, as far as they were judged.
#[derive(Debug, Default)]
pub(crate) struct Made(HashMap<String, Judged<Vec<u8>>, foldhash::fast::RandomState>);

impl Made {
    /// Writes a name with its colon, with a comma before it unless it is the first, and says what it means.
    pub(crate) fn write(&mut self, name: &Name<'_>, first: bool, out: &mut Vec<u8>) -> Key {
        if !first {
            out.push(b',');
        }
        if let Some(known) = name.known {
            known.write(out);
            return known.judged.means;
        }
        let text: &str = name;
        if let Some(judged) = self.0.get(text) {
            out.extend_from_slice(&judged.written);
            return judged.means;
        }
        let judged = Judged::new(text);
        out.extend_from_slice(&judged.written);
        let means = judged.means;
        if is_worth(text, self.0.len()) {
            self.0.insert(text.to_owned(), judged);
        }
        means
    }
}

/// What a name says of its value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Key {
    /// The value is a secret, holds secrets, or is a definition that is kept only when asked for.
    pub(crate) secret: bool,
    /// The value is a secret below some parents: `key`, `value`, `secret`.
    pub(crate) value: bool,
    /// Below it `key`, `value` and `secret` are secrets.
    pub(crate) value_parent: bool,
    /// The value is a set of parameters of a connection: secret but for its name, which is that of a kind of sign-in.
    pub(crate) parameter_set: bool,
    /// The object is a person.
    pub(crate) person: bool,
    /// The text is an address of a person.
    pub(crate) address: bool,
    /// The text is a name, of a person where the object is one.
    pub(crate) name: bool,
    /// The text is an id, of a person where the object is one.
    pub(crate) id: bool,
    /// The text is the id of a person.
    pub(crate) person_id: bool,
}

/// What a key in lower case means.
pub(crate) fn judge(name: &str) -> Key {
    let value = matches!(name, "key" | "value" | "secret");
    Key {
        secret: !value && is_secret_key(name),
        value,
        value_parent: ["environmentvariabledefinition_environmentvariablevalue", "sink"]
            .contains(&name),
        parameter_set: name == "connectionparametersset",
        person: names_person(name),
        address: is_address_key(name),
        name: ["displayname", "name", "fullname", "givenname", "surname", "uniquename"]
            .contains(&name),
        id: ["id", "objectid", "userid", "puid", "descriptor"].contains(&name),
        person_id: [
            "ownerid",
            "azureactivedirectoryobjectid",
            "createdbyprincipalobjectid",
            "principalid",
            "principal_id",
            "userkey",
            "sessionusersid",
        ]
        .contains(&name),
    }
}

/// Keys whose values are secret, or hold secrets, or are definitions that are kept only when asked for: credentials,
/// which are not even written to disk, and these.
fn is_secret_key(name: &str) -> bool {
    const SECRET: &[&str] = &[
        "adminusername",
        "assertion",
        "clientdata",
        "connectionparameters",
        "connectionparametersset",
        "customdata",
        "defaultvalue",
        "definition",
        "ethernetmacaddress",
        "imei",
        "inputslink",
        "outputslink",
        "phonenumber",
        "script",
        "serialnumber",
        "serviceuri",
        "token",
        "userdata",
        "variables",
        "wifimacaddress",
        "yaml",
    ];
    is_credential(name) || SECRET.binary_search(&name).is_ok()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_the_same_where_all_their_bytes_are(one in "[ab]{0,20}", other in "[ab]{0,20}") {
            prop_assert!(same(one.as_bytes(), one.as_bytes()));
            prop_assert_eq!(same(one.as_bytes(), other.as_bytes()), one == other);
        }
    }

    proptest! {
        #[test]
        fn a_name_that_was_met_is_written_and_judged_as_any_other(
            names in proptest::collection::vec("(created|last|\u{fc}|[\"\\\\]|[a-z]{0,40}|[0-9])(By|upn|key|value|Token|)", 1..9),
        ) {
            let (arena, file) = (Bump::new(), Bump::new());
            let (mut met, mut made) = (Names::new(&arena), Made::default());
            for name in names.iter().chain(&names) {
                let (mut known, mut other) = (Vec::new(), Vec::new());
                let read = Name::from(met.meet(name, &file));
                let means = made.write(&read, false, &mut known);
                prop_assert_eq!(means, made.write(&Name::from(name.as_str()), false, &mut other));
                prop_assert_eq!((&*read, known), (name.as_str(), other));
            }
        }
    }

    #[test]
    fn keys_are_known_however_many_there_are() {
        let letters = |number: usize| {
            number.to_string().bytes().map(|digit| char::from(digit + 49)).collect::<String>()
        };
        let names: Vec<String> = (0..REMEMBERED * 2).map(|number| letters(number) + "By").collect();
        let mut keys = Made::default();
        for name in names
            .iter()
            .map(String::as_str)
            .chain(["createdBy", "password"])
            .cycle()
            .take(3 * REMEMBERED)
        {
            let mut out = Vec::new();
            let key = keys.write(&Name::from(name), true, &mut out);
            keys.write(&Name::from(name), false, &mut out);
            assert_eq!(out, format!("\"{name}\":,\"{name}\":").into_bytes());
            assert_eq!((key.person, key.secret), (name != "password", name == "password"));
        }
        assert!(keys.0.len() <= REMEMBERED);
    }

    #[test]
    fn key_lists_are_sorted_for_binary_search() {
        assert!(
            is_secret_key("clientsecret") && is_secret_key("token") && is_secret_key("accesskey")
        );
        assert!(names_person("user") && names_person("actor") && names_person("lastmodifiedby"));
    }
}
