//! Words: names that say secret, literals that are no secrets, and how random a text is.

/// Ends of names for credentials, without separators, lower case.
const SECRET_ENDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "sharedkey",
    "accountkey",
    "accesstoken",
    "refreshtoken",
    "bearertoken",
    "authtoken",
    "subscriptionkey",
    "functionskey",
    "authorization",
    "connectionstring",
    "privatekey",
    "sastoken",
];

/// Names of desktop flow inputs that are credentials, as ends.
const SECRET_INPUT_ENDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secretvalue",
    "apikey",
    "accesskey",
    "accesstoken",
    "token",
    "credential",
    "credentials",
    "pin",
    "passcode",
];

/// Of those, words that other words end in too: they count alone or after a separator or capital only.
const SHORT_INPUT_NAMES: &[&str] = &["pin", "token"];

/// Literals that name a thing instead of being it.
const TRIVIAL: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "string",
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "empty",
    "value",
    "key",
    "apikey",
    "api key",
    "api-key",
    "api_key",
    "bearer",
    "basic",
    "credential",
    "credentials",
    "username",
    "securestring",
    "secureobject",
    "authentication",
    "authorization",
    "default",
    "unknown",
    "not set",
    "notset",
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client secret",
    "clientsecret",
    "anonymous",
    "required",
    "optional",
    "object",
    "integer",
    "boolean",
];

/// Parts of literals that somebody is meant to replace.
const PLACEHOLDERS: &[&str] = &[
    "replace",
    "your",
    "placeholder",
    "dummy",
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "xxx",
    "***",
    "insert-",
    "insert_",
    "insert ",
    "todo",
    "example",
    "enter-",
    "enter_",
    "enter ",
    "...",
    "…",
    "redacted",
    "sample",
    "fill-",
    "fill_",
    "fill in",
    "goes-here",
    "goes here",
    "goeshere",
    "goes_here",
    "<",
    "{{",
    "${",
    "$(",
    "#{",
];

const SEPARATORS: &[u8] = b"-_ .$";

/// Whether a name says that a credential stands there. The last segment of a path counts.
#[inline]
pub(crate) fn is_secret_name(name: impl AsRef<[u8]>) -> bool {
    let name = name.as_ref();
    let [.., before, last] = name else { return false };
    // Most names end in letters that none of the names below ends in.
    let told = ends_like_secret(before | 0x20, last | 0x20)
        || SEPARATORS.contains(last)
        || SEPARATORS.contains(before);
    told && ends_in_secret(name)
}

/// The last two letters of all the names in question.
#[inline]
fn ends_like_secret(before: u8, last: u8) -> bool {
    matches!(
        [before, last],
        [b'r' | b'w', b'd']
            | [b's' | b'e', b'e' | b't' | b'y' | b'n']
            | [b'o', b'n']
            | [b'n', b'g']
    )
}

#[inline(never)]
fn ends_in_secret(name: &[u8]) -> bool {
    let mut buffer = [0u8; NAME_TAIL];
    let tail = normalised_tail(name, &mut buffer);
    tail == b"token" || SECRET_ENDS.iter().any(|end| tail.ends_with(end.as_bytes()))
}

/// Longer than any known end by one, so that "is" and "ends in" can be told apart.
const NAME_TAIL: usize = 24;

/// The last bytes of a name's last segment, lower case, without separators.
fn normalised_tail<'b>(name: &[u8], buffer: &'b mut [u8; NAME_TAIL]) -> &'b [u8] {
    let mut at = NAME_TAIL;
    let last = name.iter().rev().take_while(|byte| **byte != b'/');
    for byte in last.filter(|byte| !SEPARATORS.contains(byte)).take(NAME_TAIL) {
        at -= 1;
        buffer[at] = byte.to_ascii_lowercase();
    }
    &buffer[at..]
}

/// Whether a desktop flow's input or variable is named like a secret.
pub(crate) fn is_secret_input(name: &str) -> bool {
    let plain: String = name.chars().filter(|character| !"-_ .$".contains(*character)).collect();
    let lower = plain.to_lowercase();
    SECRET_INPUT_ENDS.iter().filter(|end| lower.ends_with(**end)).any(|end| {
        !SHORT_INPUT_NAMES.contains(end)
            || lower.len() == end.len()
            || stands_apart(name, end.len())
    })
}

/// Whether the last letters of a name begin with a capital or after a separator.
fn stands_apart(name: &str, letters: usize) -> bool {
    let Some(at) = name.len().checked_sub(letters).filter(|at| name.is_char_boundary(*at)) else {
        return false;
    };
    let before = name[..at].chars().next_back();
    let capital = name[at..].starts_with(|first: char| first.is_ascii_uppercase());
    capital || before.is_some_and(|before| !before.is_alphabetic())
}

/// Whether a literal could be a secret at all: long enough, no placeholder, no name of a thing.
pub(crate) fn plausible(literal: &str) -> bool {
    plausible_from(literal, 6)
}

/// As [`plausible`], with another least length.
pub(crate) fn plausible_from(literal: &str, least: usize) -> bool {
    let text = without_scheme(literal.trim());
    if text.chars().take(least).count() < least || wrapped(text) {
        return false;
    }
    let mut distinct = [0u8; 2];
    let first = text.as_bytes()[0];
    distinct[0] = first;
    let Some(second) = text.bytes().find(|byte| *byte != first) else { return false };
    distinct[1] = second;
    if text.bytes().all(|byte| distinct.contains(&byte)) {
        return false;
    }
    let lower = text.to_lowercase();
    !TRIVIAL.contains(&lower.as_str()) && !PLACEHOLDERS.iter().any(|part| lower.contains(part))
}

/// A text without a leading scheme word such as `Bearer`.
fn without_scheme(text: &str) -> &str {
    let Some((word, rest)) = text.split_once(' ') else { return text };
    let schemes = [
        "bearer",
        "basic",
        "apikey",
        "api-key",
        "token",
        "sharedkey",
        "sharedaccesssignature",
        "key",
    ];
    if schemes.iter().any(|scheme| word.trim_end_matches(':').eq_ignore_ascii_case(scheme)) {
        rest.trim_start()
    } else {
        text
    }
}

fn wrapped(text: &str) -> bool {
    [('<', '>'), ('[', ']'), ('{', '}'), ('(', ')')]
        .iter()
        .any(|(open, close)| text.starts_with(*open) && text.ends_with(*close))
}

/// Bits a character, over the text's own frequencies (Shannon).
pub(crate) fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = text.len() as f64;
    let used = counts.iter().filter(|count| **count > 0);
    used.map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum()
}

/// A single run of 32 characters or more of the base64 or hexadecimal alphabet that looks random.
pub(crate) fn looks_random(literal: &str) -> bool {
    let text = without_scheme(literal.trim());
    if text.len() < 32 {
        return false;
    }
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return entropy(text) >= 3.0;
    }
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    text.bytes().all(in_alphabet) && entropy(text) >= 4.3
}

/// A plain word: letters only, no capital but the first (or all of them).
pub(crate) fn is_word(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or("");
    let letters = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters
        && (inner.bytes().all(|byte| byte.is_ascii_lowercase())
            || text.bytes().all(|byte| byte.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Looking at the last letters first never changes what a name says.
        #[test]
        fn last_letters_are_enough(
            start in "[a-zA-Z/é_ .$-]{0,6}", end in 0..SECRET_ENDS.len(), rest in "[a-zA-Z0-9/é_ .$-]{0,2}",
            known in any::<bool>(),
        ) {
            let name = format!("{start}{}{rest}", if known { SECRET_ENDS[end] } else { "token" });
            prop_assert_eq!(is_secret_name(&name), ends_in_secret(name.as_bytes()), "{}", name);
            prop_assert_eq!(is_secret_name(&start), ends_in_secret(start.as_bytes()), "{}", start);
        }
    }

    #[test]
    fn names_are_read_by_their_end() {
        for name in [
            "password",
            "item/Password",
            "x-api-key",
            "Ocp-Apim-Subscription-Key",
            "ClientSecret",
            "token",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "secretName",
            "tokens",
            "csrfToken",
            "keyVaultName",
            "passwordResetUrl",
            "type",
            "",
            "continuation-token",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn short_input_names_stand_alone() {
        for name in
            ["PIN", "UserPin", "card_pin", "Token", "AccessToken", "LoginCredential", "Passcode"]
        {
            assert!(is_secret_input(name), "{name}");
        }
        for name in ["Shipping", "spin", "Customer", "PinCount"] {
            assert!(!is_secret_input(name), "{name}");
        }
    }

    #[test]
    fn placeholders_are_no_secrets() {
        for text in [
            "<secret>",
            "{client secret}",
            "your-key-1",
            "aaaaaaaa",
            "abababab",
            "12345",
            "Bearer token",
            "n/a",
            "XXXX-1",
        ] {
            assert!(!plausible(text), "{text}");
        }
        for text in ["k7Vt2mQz9Lr4", "Basic dXNlcjpwYXNz", "Summer2031!"] {
            assert!(plausible(text), "{text}");
        }
    }

    #[test]
    fn randomness_is_measured() {
        assert!(entropy("abcdefgh") > 2.99 && entropy("aaaa") < 0.01);
        assert!(looks_random("aB3xZ9qLm2Vt7Wk1Yp8Rn4Sd6Tf5Gh0JcE"));
        assert!(looks_random("0f1e2d3c4b5a69788796a5b4c3d2e1f0"));
        assert!(!looks_random("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"));
        assert!(!looks_random("application-json-and-odata-verbose-metadata"));
    }
}
