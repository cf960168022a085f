//! Patterns: shapes of credentials, wherever they stand. Hand-written scanners, each linear: a run that led nowhere is
//! not looked at again, and no more than [`MAX_VALUE`] bytes of an assigned value are judged.
//! Deliberately not here: names of members and variables.

mod assigned;

use super::word::{entropy, is_word, plausible, plausible_from};
use super::{COMPUTED, Rules, SecretRule};

use assigned::{assigned, assigns};

/// Bytes of one assigned value that are looked at.
const MAX_VALUE: usize = 128;

/// Texts shorter than this hold no pattern.
const SHORTEST: usize = 8;

/// Bytes without which a pattern cannot be there; cheap to look for all at once.
const CLASS_BYTES: [u8; 16] = *b"=:@.-_~ AIJGxzgh";
const EQUALS: u16 = 1;
const COLON: u16 = 1 << 1;
const AT: u16 = 1 << 2;
const DOT: u16 = 1 << 3;
const DASH: u16 = 1 << 4;
const UNDERSCORE: u16 = 1 << 5;
const TILDE: u16 = 1 << 6;
const BLANK: u16 = 1 << 7;
const CAPITAL_A: u16 = 1 << 8;
const CAPITAL_I: u16 = 1 << 9;
const CAPITAL_J: u16 = 1 << 10;
const CAPITAL_G: u16 = 1 << 11;
const SMALL_X: u16 = 1 << 12;
const SMALL_Z: u16 = 1 << 13;
const SMALL_G: u16 = 1 << 14;
const SMALL_H: u16 = 1 << 15;

const CLASSES: [u16; 256] = classes();

const fn classes() -> [u16; 256] {
    let mut classes = [0u16; 256];
    let mut at = 0;
    while at < CLASS_BYTES.len() {
        classes[CLASS_BYTES[at] as usize] = 1 << at;
        at += 1;
    }
    classes
}

type Holds = fn(&str) -> bool;

/// A pattern: the classes it needs, the least length of a text that holds one, what a text must hold for it to be
/// worth a closer look (cheap), and the look itself.
struct Pattern {
    needed: u16,
    least: usize,
    hinted: Holds,
    rule: SecretRule,
    holds: Holds,
}

const fn pattern(
    needed: u16,
    least: usize,
    hinted: Holds,
    rule: SecretRule,
    holds: Holds,
) -> Pattern {
    Pattern { needed, least, hinted, rule, holds }
}

const PATTERNS: [Pattern; 10] = [
    pattern(DOT | CAPITAL_J, 32, |text| find(text, "yJ", 0).is_some(), SecretRule::Jwt, holds_jwt),
    pattern(
        COLON | AT,
        10,
        hints_url_credentials,
        SecretRule::UrlCredentials,
        holds_url_credentials,
    ),
    pattern(
        DASH | BLANK | CAPITAL_G | CAPITAL_I,
        40,
        |_| true,
        SecretRule::PrivateKey,
        holds_private_key,
    ),
    pattern(
        CAPITAL_A | CAPITAL_I,
        20,
        |text| find(text, "IA", 0).is_some(),
        SecretRule::AwsKey,
        holds_aws_key,
    ),
    pattern(
        UNDERSCORE | SMALL_G | SMALL_H,
        33,
        hints_github_token,
        SecretRule::GithubToken,
        holds_github_token,
    ),
    pattern(
        DASH | SMALL_X,
        18,
        |text| find(text, "ox", 0).is_some(),
        SecretRule::SlackToken,
        holds_slack_token,
    ),
    pattern(CAPITAL_A | CAPITAL_I | SMALL_Z, 39, |_| true, SecretRule::GoogleKey, holds_google_key),
    pattern(
        DOT | CAPITAL_G,
        52,
        |text| find(text, "SG.", 0).is_some(),
        SecretRule::SendgridKey,
        holds_sendgrid_key,
    ),
    pattern(TILDE, 37, |_| true, SecretRule::EntraSecret, holds_entra_secret),
    pattern(BLANK, 18, hints_auth_header, SecretRule::AuthHeader, holds_auth_header),
];

/// What tokens begin with. Looked for by its first letter, which is rarer than the `_` of names.
fn hints_github_token(text: &str) -> bool {
    // With less than this behind it, it is no token.
    let starts = &text.as_bytes()[..text.len().saturating_sub(32)];
    memchr::memchr_iter(b'g', starts).any(|at| {
        let rest = &text.as_bytes()[at + 1..];
        matches!(rest, [b'h', _, b'_', ..]) || rest.starts_with(b"ithub_pat_")
    })
}

/// The name of a scheme and a blank. Looked for by its first letter, which is rare.
fn hints_auth_header(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'b', b'B', bytes).any(|at| {
        let word = &bytes[at + 1..];
        let is =
            |rest: &[u8]| word.get(..rest.len()).is_some_and(|it| it.eq_ignore_ascii_case(rest));
        is(b"earer ") || is(b"asic ")
    })
}

/// An `@` where a URL has its host; the `@` of an expression counts.
fn hints_url_credentials(text: &str) -> bool {
    after_each_plain(text, "://", |at| {
        let authority = run(text, at, in_authority);
        if memchr::memchr(b'@', authority.as_bytes()).is_some() { Ok(()) } else { Err(at) }
    })
}

fn in_authority(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'\\')
}

/// Patterns that the lower eight classes a text holds allow, a bit each; and the upper ones.
const ALLOWED: [[u16; 256]; 2] = [allowed(0), allowed(8)];

const fn allowed(shift: u32) -> [u16; 256] {
    let mut allowed = [0u16; 256];
    let mut present = 0;
    while present < 256 {
        let mut at = 0;
        while at < PATTERNS.len() {
            let needed = (PATTERNS[at].needed >> shift) & 255;
            if needed & present as u16 == needed {
                allowed[present] |= 1 << at;
            }
            at += 1;
        }
        present += 1;
    }
    allowed
}

/// Patterns that fit into a text of some length, a bit each; longer texts are as the last.
const FITTING: [u16; 64] = {
    let mut fitting = [0u16; 64];
    let mut length = 0;
    while length < 64 {
        let mut at = 0;
        while at < PATTERNS.len() {
            if length >= PATTERNS[at].least {
                fitting[length] |= 1 << at;
            }
            at += 1;
        }
        length += 1;
    }
    fitting
};

/// Which of the bytes that matter a text holds: one pass, before any other look.
#[derive(Clone, Copy)]
pub(crate) struct Survey(u16);

impl Survey {
    #[inline]
    pub(crate) fn of(text: &[u8]) -> Self {
        let with = |present: u16, byte: &u8| present | CLASSES[usize::from(*byte)];
        let (blocks, rest) = text.as_chunks::<8>();
        let present = blocks.iter().fold(0, |present, block| present | block.iter().fold(0, with));
        Self(rest.iter().fold(present, with))
    }

    /// Whether the bytes of any pattern are in a text of that length; most texts are done with after this.
    #[inline]
    pub(crate) fn allows_any(self, length: usize) -> bool {
        self.has_assignment() || self.allowed(length) != 0
    }

    /// Whether any pattern can be in the text or in a part of it.
    pub(crate) fn may_hold(self, text: &str) -> bool {
        text.len() >= SHORTEST
            && ((self.has_assignment() && assigns(text)) || self.suggested(text).next().is_some())
    }

    fn has_assignment(self) -> bool {
        self.0 & (EQUALS | COLON) != 0
    }

    /// Patterns whose bytes are there and that fit, a bit each.
    #[inline]
    fn allowed(self, length: usize) -> u16 {
        let [low, high] = self.0.to_le_bytes().map(usize::from);
        ALLOWED[0][low] & ALLOWED[1][high] & FITTING[length.min(FITTING.len() - 1)]
    }

    /// Patterns worth a closer look.
    fn suggested(self, text: &str) -> impl Iterator<Item = &'static Pattern> {
        let mut left = self.allowed(text.len());
        let allowed = std::iter::from_fn(move || {
            let at = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            PATTERNS.get(at as usize)
        });
        allowed.filter(|it| (it.hinted)(text))
    }

    /// Holds an `@`.
    pub(crate) fn has_at(self) -> bool {
        self.0 & AT != 0
    }
}

/// Every pattern that a text holds.
pub(super) fn rules(text: &str) -> Rules {
    if text.len() < SHORTEST {
        Rules::default()
    } else {
        surveyed(text, Survey::of(text.as_bytes()))
    }
}

/// As [`rules`], of a text that was surveyed already.
pub(super) fn surveyed(text: &str, survey: Survey) -> Rules {
    let mut rules = Rules::default();
    for it in survey.suggested(text).filter(|it| (it.holds)(text)) {
        rules.add(it.rule);
    }
    if survey.has_assignment() {
        assigned(text, &mut rules);
    }
    rules
}

/// As [`rules`], without a survey: every pattern is looked for.
#[cfg(test)]
pub(crate) fn thorough(text: &str) -> Rules {
    let mut rules = Rules::default();
    for it in PATTERNS.iter().filter(|it| (it.holds)(text)) {
        rules.add(it.rule);
    }
    assigned(text, &mut rules);
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
    let mut from = 0;
    while let Some(start) = find(text, prefix, from) {
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

/// Where a short text occurs next. Its second byte is what is looked for: rarer than the first in all that is sought.
fn find(text: &str, wanted: &str, mut from: usize) -> Option<usize> {
    let (bytes, wanted) = (text.as_bytes(), wanted.as_bytes());
    loop {
        let at = from + 1 + memchr::memchr(wanted[1], bytes.get(from + 1..)?)?;
        if bytes[at - 1..].starts_with(wanted) {
            return Some(at - 1);
        }
        from = at;
    }
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
        let authority = run(text, at, in_authority);
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
    let mut from = 0;
    while let Some(start) = find(text, prefix, from) {
        from = start + prefix.len();
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

/// `ghp_` and its like, `github_pat_`: found by the `_` before the token.
fn holds_github_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'_', bytes).any(|end| {
        let least = match &bytes[..end] {
            [.., b'g', b'h', b'p' | b'o' | b'u' | b's' | b'r'] => 36,
            before if before.ends_with(b"github_pat") => 22,
            _ => return false,
        };
        let start = end - if least == 36 { 3 } else { 10 };
        let begins = start == 0 || !bytes[start - 1].is_ascii_alphanumeric();
        let token = leading(&text[end + 1..], |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        begins && token.len() >= least && plausible(token)
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
    memchr::memchr_iter(b'~', text.as_bytes()).any(|tilde| {
        let Some(at) = tilde.checked_sub(1).filter(|at| text.as_bytes()[*at] == b'Q') else {
            return false;
        };
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
        while let Some(found) = find_scheme(text, scheme, at) {
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

/// Where a scheme occurs next, without case; found by its blank.
fn find_scheme(text: &str, scheme: &str, from: usize) -> Option<usize> {
    let ends = memchr::memchr_iter(b' ', text.as_bytes().get(from..)?).map(|at| from + at + 1);
    let mut starts =
        ends.filter_map(|end| end.checked_sub(scheme.len())).filter(|start| *start >= from);
    starts.find(|start| {
        text.as_bytes()[*start..*start + scheme.len()].eq_ignore_ascii_case(scheme.as_bytes())
    })
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
