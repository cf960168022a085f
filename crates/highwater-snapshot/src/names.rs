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
use crate::boundary::Marks;

/// The name of a member.
#[derive(Clone, Debug)]
pub struct Name<'v>(Written<'v>);

/// How a name is held, always with its look.
#[derive(Clone, Debug)]
enum Written<'v> {
    /// Met before.
    Known(Look, &'v Known<'v>),
    Read(Look, &'v str),
    Made(Look, Box<str>),
}

/// A number that is the same for names which differ in the case of ASCII letters alone, and rarely for others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look(u32);

impl Look {
    /// The look of a name.
    #[inline]
    pub fn of(name: &str) -> Self {
        const CASE: u32 = 0x2020_2020;
        let bytes = name.as_bytes();
        let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => (u32::from_le_bytes(*first), u32::from_le_bytes(*last)),
            _ => bytes.iter().fold((0, 0), |(all, _), byte| (all << 8 | u32::from(*byte), 0)),
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "names that are so long may look alike"
        )]
        let length = (name.len() as u32).wrapping_mul(0x9e37_79b1);
        Self((first | CASE).rotate_left(7) ^ (last | CASE) ^ length)
    }

    /// One bit of a word.
    pub const fn bit(self) -> u64 {
        1 << (self.0.wrapping_mul(0x9e37_79b1) >> 26)
    }
}

/// A name that was met, with what it means.
#[derive(Debug)]
pub struct Known<'v> {
    text: &'v str,
    look: Look,
    /// Whether it is remembered.
    lasting: bool,
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
            return Known::laid(text, false, otherwise);
        }
        let known = Known::laid(text, true, self.arena);
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
    fn laid(text: &str, lasting: bool, arena: &'v Bump) -> &'v Self {
        let Judged { written, means } = Judged::new(text);
        let mut padded = [0; PADDED];
        padded.iter_mut().zip(&written).for_each(|(slot, byte)| *slot = *byte);
        let judged = Judged { written: &*arena.alloc_slice_copy(&written), means };
        arena.alloc(Known {
            text: arena.alloc_str(text),
            look: Look::of(text),
            lasting,
            judged,
            padded,
        })
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

    /// Whether it is remembered beyond the records that it was met in.
    pub const fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// How it looks.
    pub const fn look(&self) -> Look {
        self.look
    }
}

impl Deref for Name<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match &self.0 {
            Written::Known(_, known) => known.text,
            Written::Read(_, text) => text,
            Written::Made(_, text) => text,
        }
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Name<'_> {
    /// How it looks.
    pub(crate) const fn look(&self) -> Look {
        match self.0 {
            Written::Known(look, _) | Written::Read(look, _) | Written::Made(look, _) => look,
        }
    }
}

impl<'v> From<Cow<'v, str>> for Name<'v> {
    fn from(text: Cow<'v, str>) -> Self {
        let look = Look::of(&text);
        Self(match text {
            Cow::Borrowed(text) => Written::Read(look, text),
            Cow::Owned(text) => Written::Made(look, text.into()),
        })
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
        Self(Written::Known(known.look, known))
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
            17..=32 => ends::<16>(one) == ends::<16>(other),
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
    /// With a comma before it and its colon.
    written: T,
    means: Key,
}

impl Judged<Vec<u8>> {
    fn new(name: &str) -> Self {
        let mut written = Vec::with_capacity(name.len() + 4);
        written.push(b',');
        if Marks::of(name).escaped() {
            // Writing a text into memory does not fail.
            let _ = serde_json::to_writer(&mut written, name);
        } else {
            written.push(b'"');
            written.extend_from_slice(name.as_bytes());
            written.push(b'"');
        }
        written.push(b':');
        Self { written, means: judge(&name.to_ascii_lowercase()) }
    }
}

/// Names that no reader met, as far as they were judged.
#[derive(Debug, Default)]
pub(crate) struct Made(HashMap<String, Judged<Vec<u8>>, foldhash::fast::RandomState>);

impl Made {
    /// Writes a name with a comma before it and its colon, and says what it means.
    #[inline]
    pub(crate) fn write(&mut self, name: &Name<'_>, out: &mut Vec<u8>) -> Key {
        if let Written::Known(_, known) = name.0 {
            known.write(out);
            return known.judged.means;
        }
        self.made(name, out)
    }

    fn made(&mut self, text: &str, out: &mut Vec<u8>) -> Key {
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

/// What a name says of its value: a set of the flags below.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Key(u16);

impl Key {
    /// The value is a secret, holds secrets, or is a definition that is kept only when asked for.
    pub(crate) const SECRET: Self = Self(1);
    /// The value is a secret below some parents: `key`, `value`, `secret`.
    pub(crate) const VALUE: Self = Self(1 << 1);
    /// Below it `key`, `value` and `secret` are secrets.
    pub(crate) const VALUE_PARENT: Self = Self(1 << 2);
    /// The value is a set of parameters of a connection: secret but for its name, which is that of a kind of sign-in.
    pub(crate) const PARAMETER_SET: Self = Self(1 << 3);
    /// The object is a person.
    pub(crate) const PERSON: Self = Self(1 << 4);
    /// The text is an address of a person.
    pub(crate) const ADDRESS: Self = Self(1 << 5);
    /// The text is a name, of a person where the object is one.
    pub(crate) const NAME: Self = Self(1 << 6);
    /// The text is an id, of a person where the object is one.
    pub(crate) const ID: Self = Self(1 << 7);
    /// The text is the id of a person.
    pub(crate) const PERSON_ID: Self = Self(1 << 8);

    /// Whether it says any of these.
    pub(crate) const fn says(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// All that either says.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This, where it is so.
    const fn when(self, is: bool) -> Self {
        if is { self } else { Self(0) }
    }
}

/// What a key in lower case means.
pub(crate) fn judge(name: &str) -> Key {
    const VALUES: [&str; 3] = ["key", "value", "secret"];
    const PARENTS: [&str; 2] = ["environmentvariabledefinition_environmentvariablevalue", "sink"];
    const PEOPLES_NAMES: [&str; 6] =
        ["displayname", "name", "fullname", "givenname", "surname", "uniquename"];
    const IDS: [&str; 5] = ["id", "objectid", "userid", "puid", "descriptor"];
    const IDS_OF_PEOPLE: [&str; 7] = [
        "ownerid",
        "azureactivedirectoryobjectid",
        "createdbyprincipalobjectid",
        "principalid",
        "principal_id",
        "userkey",
        "sessionusersid",
    ];
    let value = VALUES.contains(&name);
    [
        Key::SECRET.when(!value && is_secret_key(name)),
        Key::VALUE.when(value),
        Key::VALUE_PARENT.when(PARENTS.contains(&name)),
        Key::PARAMETER_SET.when(name == "connectionparametersset"),
        Key::PERSON.when(names_person(name)),
        Key::ADDRESS.when(is_address_key(name)),
        Key::NAME.when(PEOPLES_NAMES.contains(&name)),
        Key::ID.when(IDS.contains(&name)),
        Key::PERSON_ID.when(IDS_OF_PEOPLE.contains(&name)),
    ]
    .into_iter()
    .fold(Key::default(), Key::or)
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
        fn texts_are_the_same_where_all_their_bytes_are(one in "[ab]{0,40}", other in "[ab]{0,40}") {
            prop_assert!(same(one.as_bytes(), one.as_bytes()));
            prop_assert_eq!(same(one.as_bytes(), other.as_bytes()), one == other);
        }

        #[test]
        fn names_that_differ_in_case_alone_look_alike(name in "[ -~]{0,12}\\PC{0,4}") {
            prop_assert_eq!(Look::of(&name), Look::of(&name.to_ascii_uppercase()));
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
                let means = made.write(&read, &mut known);
                prop_assert_eq!(means, made.write(&Name::from(name.as_str()), &mut other));
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
            let key = keys.write(&Name::from(name), &mut out);
            keys.write(&Name::from(name), &mut out);
            assert_eq!(out, format!(",\"{name}\":,\"{name}\":").into_bytes());
            assert_eq!(key.says(Key::PERSON), name != "password");
            assert_eq!(key.says(Key::SECRET), name == "password");
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
