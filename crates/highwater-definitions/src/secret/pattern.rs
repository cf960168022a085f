//! Patterns: shapes of credentials, wherever they stand. Hand-written scanners, each linear: a run that led nowhere is
//! not looked at again, and no more than [`MAX_VALUE`] bytes of an assigned value are judged.
//! Deliberately not here: names of members and variables.

use memchr::memmem;

use super::word::{entropy, is_word, plausible, plausible_from};
use super::{COMPUTED, Rules, SecretRule};

/// Bytes of one assigned value that are looked at.
const MAX_VALUE: usize = 128;

const EQUALS: u16 = 1;
const COLON: u16 = 2;
const AT: u16 = 4;
const DOT: u16 = 8;
const DASH: u16 = 16;
const UNDERSCORE: u16 = 32;
const TILDE: u16 = 64;
const BLANK: u16 = 128;
const CAPITAL_A: u16 = 256;
const CAPITAL_I: u16 = 512;

const CLASSES: [u16; 256] = classes();

const fn classes() -> [u16; 256] {
    let mut classes = [0u16; 256];
    classes[b'=' as usize] = EQUALS;
    classes[b':' as usize] = COLON;
    classes[b'@' as usize] = AT;
    classes[b'.' as usize] = DOT;
    classes[b'-' as usize] = DASH;
    classes[b'_' as usize] = UNDERSCORE;
    classes[b'~' as usize] = TILDE;
    classes[b' ' as usize] = BLANK;
    classes[b'A' as usize] = CAPITAL_A;
    classes[b'I' as usize] = CAPITAL_I;
    classes
}

/// Every pattern that a text holds.
pub(super) fn rules(text: &str) -> Rules {
    let mut rules = Rules::default();
    if text.len() < 8 {
        return rules;
    }
    let present = text.bytes().fold(0, |present, byte| present | CLASSES[usize::from(byte)]);
    let has = |wanted: u16| present & wanted == wanted;
    let mut check = |needed: u16, rule: SecretRule, holds: fn(&str) -> bool| {
        if has(needed) && holds(text) {
            rules.add(rule);
        }
    };
    check(DOT, SecretRule::Jwt, holds_jwt);
    check(COLON | AT, SecretRule::UrlCredentials, holds_url_credentials);
    check(DASH | BLANK, SecretRule::PrivateKey, holds_private_key);
    check(CAPITAL_A | CAPITAL_I, SecretRule::AwsKey, holds_aws_key);
    check(UNDERSCORE, SecretRule::GithubToken, holds_github_token);
    check(DASH, SecretRule::SlackToken, holds_slack_token);
    check(CAPITAL_A | CAPITAL_I, SecretRule::GoogleKey, holds_google_key);
    check(DOT, SecretRule::SendgridKey, holds_sendgrid_key);
    check(TILDE, SecretRule::EntraSecret, holds_entra_secret);
    check(BLANK, SecretRule::AuthHeader, holds_auth_header);
    if present & (EQUALS | COLON) != 0 {
        assigned(text, &mut rules);
    }
    rules
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The run of bytes of a class from an offset on.
fn run(text: &str, from: usize, class: fn(u8) -> bool) -> &str {
    let bytes = text.as_bytes().get(from..).unwrap_or_default();
    let length = bytes.iter().take_while(|byte| class(**byte)).count();
    text.get(from..from + length).unwrap_or("")
}

/// Calls back with the offset after each occurrence of a prefix that begins a word; the callback says how far it
/// looked, and the search goes on from there.
fn after_each(text: &str, prefix: &str, mut holds: impl FnMut(usize) -> Result<(), usize>) -> bool {
    let finder = memmem::Finder::new(prefix);
    let mut from = 0;
    while let Some(found) = text.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
        let start = from + found;
        let begins = start == 0 || !text.as_bytes()[start - 1].is_ascii_alphanumeric();
        from = start + prefix.len();
        if begins {
            match holds(from) {
                Ok(()) => return true,
                Err(looked) => from = from.max(looked),
            }
        }
    }
    false
}

fn holds_jwt(text: &str) -> bool {
    after_each(text, "eyJ", |at| {
        let mut end = at;
        for part in 0..3 {
            let segment = run(text, end, is_token);
            end += segment.len();
            let dotted = text.as_bytes().get(end) == Some(&b'.');
            if segment.len() < 10 || (part < 2 && !dotted) {
                return Err(end);
            }
            end += 1;
        }
        Ok(())
    })
}

fn holds_url_credentials(text: &str) -> bool {
    after_each_plain(text, "://", |at| {
        let authority = run(text, at, |byte| {
            byte > b' ' && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'\\')
        });
        let Some((credentials, host)) = authority.rsplit_once('@') else {
            return Err(at + authority.len());
        };
        let password = credentials.split_once(':').map_or("", |(_, password)| password);
        let fits = !host.is_empty() && plausible_from(password, 4) && !password.contains(COMPUTED);
        if fits { Ok(()) } else { Err(at + authority.len()) }
    })
}

/// As [`after_each`], for prefixes that need not begin a word.
fn after_each_plain(
    text: &str,
    prefix: &str,
    mut holds: impl FnMut(usize) -> Result<(), usize>,
) -> bool {
    let finder = memmem::Finder::new(prefix);
    let mut from = 0;
    while let Some(found) = text.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
        from += found + prefix.len();
        match holds(from) {
            Ok(()) => return true,
            Err(looked) => from = from.max(looked),
        }
    }
    false
}

fn holds_private_key(text: &str) -> bool {
    after_each_plain(text, "-----BEGIN ", |at| {
        let label = run(text, at, |byte| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
        });
        let body = at + label.len() + "-----".len();
        let rest =
            text.get(body..).unwrap_or("").trim_start_matches(['\\', 'n', 'r', '\n', '\r', ' ']);
        let keyed = label.ends_with("PRIVATE KEY") && run(rest, 0, is_base64).len() >= 16;
        if keyed { Ok(()) } else { Err(at + label.len()) }
    })
}

fn holds_aws_key(text: &str) -> bool {
    ["AKIA", "ASIA"].iter().any(|prefix| {
        after_each(text, prefix, |at| {
            let key = run(text, at, |byte| byte.is_ascii_alphanumeric());
            let fits = key.len() == 16
                && !key.bytes().any(|byte| byte.is_ascii_lowercase())
                && plausible(key);
            if fits { Ok(()) } else { Err(at + key.len()) }
        })
    })
}

fn holds_github_token(text: &str) -> bool {
    let classic = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"];
    let mut kinds = classic.iter().map(|prefix| (*prefix, 36)).chain([("github_pat_", 22)]);
    kinds.any(|(prefix, least)| {
        after_each(text, prefix, |at| {
            let token = run(text, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if token.len() >= least && plausible(token) { Ok(()) } else { Err(at + token.len()) }
        })
    })
}

fn holds_slack_token(text: &str) -> bool {
    after_each(text, "xox", |at| {
        let token = run(text, at, is_token);
        let kind =
            token.starts_with(['a', 'b', 'e', 'o', 'p', 'r', 's']) && token[1..].starts_with('-');
        let digits = token.bytes().filter(u8::is_ascii_digit).count();
        if kind && token.len() >= 16 && digits >= 4 && plausible(token) {
            Ok(())
        } else {
            Err(at + token.len())
        }
    })
}

fn holds_google_key(text: &str) -> bool {
    after_each(text, "AIza", |at| {
        let key = run(text, at, is_token);
        if key.len() == 35 && plausible(key) { Ok(()) } else { Err(at + key.len()) }
    })
}

fn holds_sendgrid_key(text: &str) -> bool {
    after_each(text, "SG.", |at| {
        let id = run(text, at, is_token);
        let end = at + id.len();
        let secret =
            if text.as_bytes().get(end) == Some(&b'.') { run(text, end + 1, is_token) } else { "" };
        if id.len() >= 16 && secret.len() >= 32 && plausible(secret) { Ok(()) } else { Err(end) }
    })
}

/// Three characters, `7Q~` or `8Q~`, and 31 to 34 more.
fn holds_entra_secret(text: &str) -> bool {
    let in_secret =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'~' | b'-');
    memmem::find_iter(text.as_bytes(), "Q~").any(|at| {
        let Some(start) = at.checked_sub(4) else { return false };
        let before = &text.as_bytes()[start..at];
        let head =
            before[..3].iter().all(|byte| in_secret(*byte)) && matches!(before[3], b'7' | b'8');
        let begins = start == 0 || !text.as_bytes()[start - 1].is_ascii_alphanumeric();
        let rest =
            text.as_bytes()[at + 2..].iter().take(36).take_while(|byte| in_secret(**byte)).count();
        head && begins && (31..=34).contains(&rest)
    })
}

fn holds_auth_header(text: &str) -> bool {
    ["bearer ", "basic "].iter().any(|scheme| {
        let mut at = 0;
        while let Some(found) = crate::text::find_ignore_case(text, scheme, at) {
            at = found + scheme.len();
            let begins = found == 0 || !text.as_bytes()[found - 1].is_ascii_alphanumeric();
            let blanks = run(text, at, |byte| byte == b' ').len();
            let token = run(text, at + blanks, |byte| {
                is_base64(byte) || matches!(byte, b'.' | b'_' | b'~' | b'-')
            });
            let judged = &token[..token.len().min(MAX_VALUE)];
            at += blanks;
            if begins
                && token.len() >= 12
                && !is_word(judged)
                && plausible(judged)
                && entropy(judged) >= 3.0
            {
                return true;
            }
        }
        false
    })
}

/// Names before `=` or `:` and what is assigned to them.
fn assigned(text: &str, rules: &mut Rules) {
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
fn name_before(text: &str, at: usize, buffer: &mut [u8; LONGEST_NAME]) -> Option<&'static str> {
    let before = &text.as_bytes()[at.saturating_sub(LONGEST_NAME + 6)..at];
    let skipped = before
        .iter()
        .rev()
        .take(5)
        .take_while(|byte| matches!(byte, b' ' | b'"' | b'\'' | b'\\'))
        .count();
    let before = &before[..before.len() - skipped];
    let length = before.iter().rev().take_while(|byte| is_token(**byte)).count();
    let word = &before[before.len() - length..];
    let tail = &word[word.len().saturating_sub(LONGEST_NAME)..];
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

/// The first bytes of a text that are of a class, no more than [`MAX_VALUE`].
fn leading(text: &str, class: impl Fn(u8) -> bool) -> &str {
    let length = text.bytes().take(MAX_VALUE).take_while(|byte| class(*byte)).count();
    &text[..text.floor_char_boundary(length)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<&'static str> {
        rules(text).ids()
    }

    #[test]
    fn assignments_need_the_whole_name() {
        assert_eq!(ids("https://x.example/?a=1&sig=Zk3vQ8wT1nYc7RbXe5LmJp2H"), ["sas-signature"]);
        assert!(ids("design=Zk3vQ8wT1nYc7RbXe5LmJp2H").is_empty());
        assert!(ids("postcode=Zk3vQ8wT1nYc7RbXe5LmJp2H").is_empty());
        assert!(ids("https://x.test/?key=@{1}").is_empty());
    }

    #[test]
    fn prose_is_no_secret() {
        for text in [
            "Your password: please ask the desk",
            "Basic authentication is off",
            "the secret: patience!",
        ] {
            assert!(ids(text).is_empty(), "{text}");
        }
        assert_eq!(ids("{\"user\":\"u\",\"password\": \"Tr0ub4dor-9\"}"), ["body-key-value"]);
        assert_eq!(ids("{\\\"client_secret\\\":\\\"Tr0ub4dor-9xyz\\\"}"), ["body-key-value"]);
    }

    #[test]
    fn scanners_stay_linear() {
        for part in [
            "eyJ",
            "sig=",
            "sig=todo=",
            "://a:b",
            "Basic ",
            "password: ",
            "AKIA",
            "xox",
            "Q~",
            "-----BEGIN ",
        ] {
            let begun = std::time::Instant::now();
            let _ = rules(&part.repeat(100_000));
            // Were it quadratic, it would take hours.
            assert!(begun.elapsed().as_secs() < 60, "{part}: {:?}", begun.elapsed());
        }
    }
}
