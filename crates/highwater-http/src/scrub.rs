//! Scrub: texts without the secrets in them.
//!
//! Guarantees that signatures, keys, passwords and tokens that stand in a text by their usual names or look do not
//! stand in the result. Would rather take too much. What stays of an address stays readable, so that a recording can be
//! found again by it.

use std::borrow::Cow;

use url::Url;

/// What stands where a secret stood.
pub(crate) const GONE: &str = "(redacted)";

/// Names before a `=` whose value is a secret, in lower case; `$skiptoken` and its like are none.
const NAMES: [&str; 19] = [
    "sig",
    "signature",
    "code",
    "key",
    "api_key",
    "apikey",
    "subscription-key",
    "accountkey",
    "sharedaccesskey",
    "sharedaccesssignature",
    "password",
    "pwd",
    "secret",
    "client_secret",
    "access_token",
    "refresh_token",
    "id_token",
    "client_assertion",
    "instrumentationkey",
];

/// Whether a name before a `=`, in a query or in a connection string, is that of a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || name.ends_with("secret") || name.ends_with("password")
}

/// A text without its secrets.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.contains("-----BEGIN") {
        return Cow::Borrowed(GONE);
    }
    if !text.contains(['=', '%']) && !text.contains("eyJ") && !mentions_bearer(text) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut after_bearer = false;
    for (word, separator) in words(text) {
        if after_bearer && !word.is_empty() {
            kept.push_str(GONE);
        } else {
            kept.push_str(&clean_word(word));
        }
        after_bearer = (after_bearer && word.is_empty()) || word.eq_ignore_ascii_case("bearer");
        kept.push_str(separator);
    }
    Cow::Owned(kept)
}

/// A place in a chain of pages without signatures; what else looks like a token is what the place consists of.
pub(crate) fn place(text: &str) -> Cow<'_, str> {
    if !text.contains('=') {
        return Cow::Borrowed(text);
    }
    match Url::parse(text) {
        Ok(address) => Cow::Owned(url(&address).into()),
        Err(_) => self::text(text),
    }
}

/// The value of a header without its secrets; the name is in lower case.
pub(crate) fn header<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    const SECRET: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
    const PLACES: [&str; 4] = ["x-ms-continuationtoken", "link", "location", "nextpageuri"];
    let ends = ["-key", "-secret", "-token", "-password"].iter().any(|end| name.ends_with(end));
    if SECRET.contains(&name) || ends {
        return Cow::Borrowed(GONE);
    }
    if PLACES.contains(&name) { place(value) } else { text(value) }
}

fn mentions_bearer(text: &str) -> bool {
    text.as_bytes().windows(7).any(|window| window.eq_ignore_ascii_case(b"bearer "))
}

/// Words with the separator after each.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(is_separator).unwrap_or(rest.len());
        let after = rest[end..].chars().next().map_or(end, |c| end + c.len_utf8());
        let (word, separator) = (&rest[..end], &rest[end..after]);
        rest = &rest[after..];
        Some((word, separator))
    })
}

const fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '&' | ';' | ',' | '"' | '\'' | '?' | '<' | '>' | '(' | ')' | '{' | '}' | '#')
}

/// A word without its secret: `name=value` of a secret name, a token, or a signature in an encoded address.
fn clean_word(word: &str) -> Cow<'_, str> {
    match word.split_once('=') {
        Some((name, value)) if !value.is_empty() && hides(bare(name), value) => {
            Cow::Owned(format!("{name}={GONE}"))
        }
        _ if is_json_web_token(word) || has_encoded_signature(word) => Cow::Borrowed(GONE),
        _ => Cow::Borrowed(word),
    }
}

/// A name without what stands before it in an address or a sentence.
fn bare(name: &str) -> &str {
    name.rsplit(['/', ':', '.']).next().unwrap_or(name)
}

fn hides(name: &str, value: &str) -> bool {
    is_secret_name(name) || is_json_web_token(value) || has_encoded_signature(value)
}

fn has_encoded_signature(text: &str) -> bool {
    text.as_bytes().windows(6).any(|window| window.eq_ignore_ascii_case(b"sig%3d"))
}

/// Three parts in base64url, the first of which begins like `{"`.
fn is_json_web_token(word: &str) -> bool {
    word.find("eyJ").is_some_and(|at| {
        let token = &word[at..];
        token.len() > 20 && token.bytes().filter(|byte| *byte == b'.').count() >= 1
    })
}

/// An address without its secrets.
pub(crate) fn url(url: &Url) -> Url {
    let mut clean = url.clone();
    if let Some(query) = url.query() {
        let pairs: Vec<String> = query.split('&').map(pair).collect();
        clean.set_query(Some(&pairs.join("&")));
    }
    clean
}

/// A parameter that says where in a chain of pages an address is.
fn is_place(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("skiptoken") || name.ends_with("continuationtoken")
}

fn pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) if is_place(name) => pair.to_owned(),
        Some((name, value)) if !value.is_empty() && hides(name, value) => format!("{name}={GONE}"),
        _ => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (given, wanted) in [
            (
                "https://x.example/?sv=1&sig=abc%2F&se=2",
                "https://x.example/?sv=1&sig=(redacted)&se=2",
            ),
            ("Server=x;Password=y=z;Timeout=5", "Server=x;Password=(redacted);Timeout=5"),
            (
                "DefaultEndpointsProtocol=https;AccountKey=abc+/==",
                "DefaultEndpointsProtocol=https;AccountKey=(redacted)",
            ),
            (
                "Authorization: Bearer  opaque and more",
                "Authorization: Bearer  (redacted) and more",
            ),
            ("got eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln here", "got (redacted) here"),
            ("-----BEGIN PRIVATE KEY-----\nabc", "(redacted)"),
            ("a?u=https%3A%2F%2Fx%3Fsig%3Dabc", "a?u=(redacted)"),
            ("client_secret=abc", "client_secret=(redacted)"),
            (
                "?$skiptoken=abc&continuationToken=def&a=b",
                "?$skiptoken=abc&continuationToken=def&a=b",
            ),
            ("bearer of news=good", "bearer (redacted) news=good"),
            ("nothing to hide, 100 %", "nothing to hide, 100 %"),
        ] {
            assert_eq!(text(given), wanted, "{given}");
        }
    }

    #[test]
    fn addresses_keep_what_they_are_found_by() {
        let clean = |address: &str| url(&Url::parse(address).unwrap()).to_string();
        assert_eq!(
            clean("https://x.example/a?api-version=1&sig=CANARY&$skiptoken=t"),
            "https://x.example/a?api-version=1&sig=(redacted)&$skiptoken=t"
        );
        assert_eq!(clean("https://x.example/a"), "https://x.example/a");
    }

    proptest! {
        #[test]
        fn a_secret_never_stays(before in "[a-z =&;?.,:/-]{0,20}", after in "( [a-z =&;?]{0,20})?", at in 0_usize..NAMES.len()) {
            let given = format!("{before}&{}=CANARY0123456789{after}", NAMES[at]);
            prop_assert!(!text(&given).contains("CANARY"), "{given}");
        }

        #[test]
        fn scrubbing_twice_changes_nothing(given in "\\PC{0,60}") {
            let once = text(&given).into_owned();
            let twice = text(&once).into_owned();
            prop_assert_eq!(once, twice);
        }
    }
}
