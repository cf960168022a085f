//! Refusal: what Entra says when it gives no token, as a sentence that says what to do.
//!
//! Owns the table `config/sign-in-errors.toml` and the removal of whatever could be a secret from foreign text. Keeps
//! the correlation id and the time, by which Microsoft's support finds the request.
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// How the sentence begins when a signed statement was dated by a wrong clock.
pub(crate) const WRONG_TIME: &str = "AADSTS700024";

const TABLE: &str = include_str!("../../../config/sign-in-errors.toml");
/// Longer runs of characters without a space are taken for secrets, unless they are addresses.
const LONGEST_WORD: usize = 60;
const LONGEST_TEXT: usize = 400;

static SENTENCES: LazyLock<BTreeMap<u32, Sentence>> = LazyLock::new(sentences);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    format: u32,
    error: Vec<Sentence>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    code: u32,
    what: String,
    next: String,
}

/// The sentence for a text in which Entra names an error code; `None` if it names none.
pub(crate) fn reason(text: &str) -> Option<String> {
    let code = code(text)?;
    let said = SENTENCES.get(&code).map_or_else(
        || format!("AADSTS{code}: {}", first_sentence(text, code)),
        |sentence| format!("AADSTS{code}: {}; {}", sentence.what, sentence.next),
    );
    Some(match trace(text) {
        Some(trace) => format!("{said} ({trace})"),
        None => said,
    })
}

/// Foreign text without whatever could be a secret, on one line and not too long.
pub(crate) fn scrubbed(text: &str) -> String {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| if is_harmless(word) { word } else { "…" }).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn is_harmless(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_pair = ["secret=", "token=", "assertion=", "code=", "password=", "sig="]
        .iter()
        .any(|name| lower.contains(name));
    let is_token =
        word.contains("eyJ") || (word.chars().count() > LONGEST_WORD && !lower.contains("://"));
    !is_pair && !is_token
}

/// The table; a table that cannot be read is an empty one, which a test rules out.
fn sentences() -> BTreeMap<u32, Sentence> {
    let table: Option<Table> = toml::from_str(TABLE).ok().filter(|table: &Table| table.format == 1);
    let sentences = table.map(|table| table.error).unwrap_or_default();
    sentences.into_iter().map(|sentence| (sentence.code, sentence)).collect()
}

/// The first `AADSTS12345` of a text.
fn code(text: &str) -> Option<u32> {
    text.match_indices("AADSTS").find_map(|(at, name)| {
        let rest = &text[at + name.len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..digits].parse().ok()
    })
}

fn first_sentence(text: &str, code: u32) -> String {
    let after = text.split_once(&format!("AADSTS{code}")).map_or(text, |(_, after)| after);
    let after = after.trim_start_matches([':', ' ']);
    let end = ["Trace ID:", "Correlation ID:", "Timestamp:", "\r", "\n"]
        .iter()
        .filter_map(|mark| after.find(mark))
        .min()
        .unwrap_or(after.len());
    scrubbed(&after[..end])
}

/// Correlation id and time, where the text has them.
fn trace(text: &str) -> Option<String> {
    let after = |mark: &str| text.split_once(mark).map(|(_, after)| after.trim_start());
    let id = after("Correlation ID:")
        .map(|rest| {
            rest.chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect::<String>()
        })
        .filter(|id| id.len() == 36);
    let time = after("Timestamp:")
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_digit() || "-:TZ. ".contains(*c))
                .collect::<String>()
        })
        .map(|time| time.trim().to_owned())
        .filter(|time| (19..=28).contains(&time.len()));
    match (id, time) {
        (Some(id), Some(time)) => Some(format!("correlation id {id}, {time}")),
        (Some(id), None) => Some(format!("correlation id {id}")),
        _ => None,
    }
}
