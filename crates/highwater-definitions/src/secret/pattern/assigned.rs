//! Assigned values: `name=value` and `name: value` inside of a text, where the name says what the value is.

use super::{is_base64, is_token, leading};
use crate::secret::word::{entropy, is_word, plausible, plausible_from};
use crate::secret::{COMPUTED, Rules, SecretRule};

/// Names before `=` or `:` and what is assigned to them.
pub(super) fn assigned(text: &str, rules: &mut Rules) {
    let listed = memchr::memchr(b';', text.as_bytes()).is_some();
    for at in memchr::memchr2_iter(b'=', b':', text.as_bytes()) {
        let mut buffer = [0u8; LONGEST_NAME];
        let Some(name) = name_before(text, at, &mut buffer) else { continue };
        let assignment = Assignment { text, at, name, listed };
        for (rule, fires) in ASSIGNED {
            if !rules.has(*rule) && fires(&assignment) {
                rules.add(*rule);
            }
        }
    }
}

/// Whether anything is assigned to a known name: what [`assigned`] looks at closer.
pub(super) fn assigns(text: &str) -> bool {
    memchr::memchr2_iter(b'=', b':', text.as_bytes())
        .any(|at| name_before(text, at, &mut [0u8; LONGEST_NAME]).is_some())
}

/// Whether these are the last letters of a known name.
#[inline]
fn end_a_name(one: u8, other: u8) -> bool {
    matches!(
        [one | 0x20, other | 0x20],
        [b'i', b'g'] | [b'e', b'y' | b'n' | b't'] | [b'd', b'e'] | [b'r' | b'w', b'd']
    )
}

/// Whether a byte may stand between a name and what follows it.
fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'"' | b'\'' | b'\\')
}

type Fires = fn(&Assignment<'_>) -> bool;

const ASSIGNED: &[(SecretRule, Fires)] = &[
    (SecretRule::SasSignature, is_sas),
    (SecretRule::AccountKey, is_account_key),
    (SecretRule::QueryKey, is_query_key),
    (SecretRule::ConnectionString, is_connection_password),
    (SecretRule::BodyKeyValue, is_body_value),
];

/// Names that any rule below asks for, lower case, without quotes.
const NAMES: &[&str] = &[
    "sig",
    "accountkey",
    "sharedaccesskey",
    "code",
    "key",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "access_token",
    "subscription-key",
    "client_secret",
    "clientsecret",
    "client-secret",
    "password",
    "pwd",
    "secret",
];

const LONGEST_NAME: usize = 16;

struct Assignment<'t> {
    text: &'t str,
    /// Offset of the `=` or `:`.
    at: usize,
    name: &'static str,
    /// The text holds a `;`, as connection strings do.
    listed: bool,
}

/// The known name that ends right before an offset, quotes and a few blanks between them allowed.
#[inline]
fn name_before(text: &str, at: usize, buffer: &mut [u8; LONGEST_NAME]) -> Option<&'static str> {
    let before = &text.as_bytes()[..at];
    let skipped = before.iter().rev().take(5).take_while(|byte| is_between(**byte)).count();
    let before = &before[..at - skipped];
    let [.., one, other] = before else { return None };
    if !end_a_name(*one, *other) {
        return None;
    }
    let before = &before[before.len().saturating_sub(LONGEST_NAME)..];
    let length = before.iter().rev().take_while(|byte| is_token(**byte)).count();
    let tail = &before[before.len() - length..];
    let lower = &mut buffer[..tail.len()];
    lower.copy_from_slice(tail);
    lower.make_ascii_lowercase();
    let fits = |name: &&&str| {
        let whole = lower.len() == name.len() && lower == name.as_bytes();
        // `db_password=`, `user-password:`; `design=` is no `sig=`.
        whole
            || (lower.ends_with(name.as_bytes())
                && name.len() > 5
                && ends_a_word(lower, name.len()))
    };
    NAMES.iter().filter(fits).max_by_key(|name| name.len()).copied()
}

fn ends_a_word(word: &[u8], letters: usize) -> bool {
    matches!(word[word.len() - letters - 1], b'_' | b'-') || word.ends_with(b"password")
}

impl<'t> Assignment<'t> {
    fn is_equals(&self) -> bool {
        self.text.as_bytes()[self.at] == b'='
    }

    /// The value right after the sign, as far as its bytes are of a class.
    fn value(&self, class: fn(u8) -> bool) -> &'t str {
        let rest = &self.text[self.at + 1..];
        leading(rest, class)
    }

    /// The value as a part of a connection string: quoted, or up to the next `;`.
    fn part(&self) -> &'t str {
        let rest = &self.text[self.at + 1..];
        if let Some(inner) = rest.strip_prefix('\'') {
            return leading(inner, |byte| byte != b'\'');
        }
        self.value(|byte| !matches!(byte, b';' | b'"' | b'&' | b'\n' | b'\r'))
    }

    /// Whether the name is a parameter of a URL's query.
    fn in_query(&self) -> bool {
        let name = self.at - self.name.len();
        self.is_equals() && name > 0 && matches!(self.text.as_bytes()[name - 1], b'?' | b'&')
    }
}

fn is_query_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'%' | b'+' | b'/' | b'_' | b'=' | b'-' | b'.' | b'~')
}

fn is_sas(assignment: &Assignment<'_>) -> bool {
    assignment.name == "sig" && assignment.is_equals() && {
        let value = assignment.value(is_query_byte);
        value.len() >= 20 && plausible(value)
    }
}

fn is_account_key(assignment: &Assignment<'_>) -> bool {
    matches!(assignment.name, "accountkey" | "sharedaccesskey") && assignment.is_equals() && {
        let value = assignment.value(is_base64);
        value.len() >= 40 && plausible(value)
    }
}

fn is_query_key(assignment: &Assignment<'_>) -> bool {
    let (least, randomness) = match assignment.name {
        "code" | "key" | "token" if assignment.in_query() => (20, 3.5),
        "api_key" | "apikey" | "api-key" | "access_token" | "subscription-key"
        | "client_secret" => (16, 3.0),
        _ => return false,
    };
    let value = assignment.value(is_query_byte);
    assignment.is_equals()
        && value.len() >= least
        && plausible(value)
        && entropy(value) >= randomness
}

fn is_connection_password(assignment: &Assignment<'_>) -> bool {
    let asked = assignment.listed
        && assignment.is_equals()
        && matches!(assignment.name, "password" | "pwd");
    asked && plausible_from(assignment.part().trim(), 4)
}

/// Names whose literal values are suspect in any text.
const BODY_NAMES: &[&str] = &[
    "password",
    "client_secret",
    "clientsecret",
    "client-secret",
    "api_key",
    "apikey",
    "api-key",
    "secret",
];

fn is_body_value(assignment: &Assignment<'_>) -> bool {
    if !BODY_NAMES.contains(&assignment.name) {
        return false;
    }
    let rest = &assignment.text[assignment.at + 1..];
    let blanks = leading(rest, |byte| byte == b' ').len();
    let rest = &rest[blanks..];
    let quotes = leading(rest, |byte| matches!(byte, b'\\' | b'"' | b'\'')).len();
    let value = leading(&rest[quotes..], |byte| {
        byte > b' ' && !matches!(byte, b'"' | b'\'' | b'&' | b',' | b';' | b'}' | b'\\' | b'|')
    });
    // Prose such as `password: please ask` and types such as `"password": "string"` are no secrets.
    let prose = is_word(value.trim_end_matches(['.', '!', '?', ':']));
    let replaced = value.starts_with(['{', '<', '[', '(']) || value.contains(COMPUTED);
    !prose && !replaced && plausible(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_told_by_its_last_letters() {
        for name in NAMES {
            let text = format!("{}\\\": x", name.to_uppercase());
            let at = text.find(':').unwrap();
            assert_eq!(name_before(&text, at, &mut [0u8; LONGEST_NAME]), Some(*name), "{text}");
            assert!(assigns(&text), "{text}");
        }
        assert!(!assigns("design=1") && !assigns("=") && !assigns("g=1"));
    }
}
