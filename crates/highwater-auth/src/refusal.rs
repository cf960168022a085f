//! Refusal: what Entra says when it gives no token, as a sentence that says what to do.
//!
//! Owns the table `config/sign-in-errors.toml` and the removal of whatever could be a secret from foreign text. Keeps
//! the correlation id and the time, by which Microsoft's support finds the request.
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// A signed statement was dated by a wrong clock.
pub(crate) const WRONG_TIME: u32 = 700_024;

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

/// Whether a sentence of [`reason`] is about one of these codes.
pub(crate) fn begins_with(reason: &str, codes: &[u32]) -> bool {
    reason.starts_with("AADSTS") && code(reason).is_some_and(|code| codes.contains(&code))
}

/// Foreign text without whatever could be a secret, on one line and not too long: of a longer one the beginning and the
/// end, where a chain of causes names its root.
pub(crate) fn scrubbed(text: &str) -> String {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| if is_harmless(word) { word } else { "…" }).collect();
    let line = words.join(" ");
    let chars: Vec<char> = line.chars().collect();
    if chars.len() <= LONGEST_TEXT {
        return line;
    }
    let (head, tail) = (&chars[..LONGEST_TEXT / 2], &chars[chars.len() - LONGEST_TEXT / 2..]);
    head.iter().chain(&['…']).chain(tail).collect()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "Trace ID: 00000000-0000-0000-0000-00000000a001 Correlation ID: 00000000-0000-0000-0000-00000000c001 Timestamp: 2026-11-22 06:00:00Z";

    #[test]
    fn the_table_can_be_read_and_knows_the_common_codes() {
        let table: Table = toml::from_str(TABLE).unwrap();
        assert_eq!(table.format, 1);
        assert_eq!(table.error.len(), SENTENCES.len(), "a code stands twice");
        for code in [
            7_000_215, 7_000_222, 7_000_229, 7_000_112, 7_000_218, 700_016, 700_024, 700_027,
            700_213, 70_021, 70_002, 70_008, 70_016, 70_043, 700_082, 1_000_502, 50_034, 50_053,
            50_057, 50_058, 50_076, 50_079, 50_105, 50_126, 50_158, 50_173, 53_000, 53_003,
            530_003, 65_001, 65_002, 650_052, 650_057, 500_011, 90_002, 90_072, 90_094, 900_023,
            500_121,
        ] {
            assert!(SENTENCES.contains_key(&code), "{code}");
        }
    }

    #[test]
    fn sentences_are_fragments_that_say_what_and_what_next() {
        for (code, sentence) in SENTENCES.iter() {
            for text in [&sentence.what, &sentence.next] {
                assert!(
                    !text.ends_with('.') && text.len() > 10 && text.trim() == text,
                    "{code}: {text}"
                );
                assert!(
                    !text.starts_with(char::is_uppercase) || text.starts_with("GUID"),
                    "{code}: {text}"
                );
            }
        }
    }

    #[test]
    fn a_known_code_is_said_in_our_words_with_its_trace() {
        let text = format!(
            "AADSTS7000215: Invalid client secret provided.\r\n{}",
            TRACE.replace(" Corr", "\r\nCorr")
        );
        let reason = reason(&text).unwrap();
        assert!(
            reason.starts_with("AADSTS7000215: the client secret is wrong; put the value"),
            "{reason}"
        );
        assert!(
            reason.ends_with(
                "(correlation id 00000000-0000-0000-0000-00000000c001, 2026-11-22 06:00:00Z)"
            ),
            "{reason}"
        );
        assert!(begins_with(&reason, &[7_000_215]) && !begins_with(&reason, &[70_002]));
    }

    #[test]
    fn an_unknown_code_keeps_the_words_of_the_service() {
        let reason = reason(&format!("AADSTS99999: Something new happened. {TRACE}")).unwrap();
        assert!(reason.starts_with("AADSTS99999: Something new happened."), "{reason}");
        assert!(reason.contains("c001") && !reason.contains("a001"), "{reason}");
    }

    #[test]
    fn a_text_without_a_code_has_no_reason() {
        assert_eq!(reason("invalid_client"), None);
        assert_eq!(reason("AADSTS: nothing"), None);
    }

    #[test]
    fn addresses_stay_and_secrets_go() {
        let text = format!(
            "see https://learn.microsoft.com/{} or client_secret=abc {}",
            "a".repeat(80),
            "b".repeat(80)
        );
        let shown = scrubbed(&text);
        assert!(
            shown.contains("https://learn") && !shown.contains("abc") && !shown.contains("bbb"),
            "{shown}"
        );
        assert_eq!(scrubbed("two\nlines \t here"), "two lines here");
        let chain =
            format!("cannot send: {}: invalid peer certificate", "because of that ".repeat(60));
        let told = scrubbed(&chain);
        assert!(told.starts_with("cannot send") && told.ends_with("invalid peer certificate"));
        assert_eq!(told.chars().count(), LONGEST_TEXT + 1);
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in ".{0,200}", tail in "[ -~]{0,80}") {
            let _ = scrubbed(&text);
            let _ = reason(&text);
            let _ = reason(&format!("AADSTS{tail} Correlation ID:{text} Timestamp:{tail}"));
        }

        #[test]
        fn what_looks_like_a_token_never_stays(before in "[a-z ]{0,40}", secret in "[A-Za-z0-9_-]{10,200}", after in "[a-z ]{0,40}") {
            let text = format!("{before} eyJ{secret} client_secret={secret}Z {after}");
            prop_assert!(!scrubbed(&text).contains(&secret));
            let said = reason(&format!("AADSTS99999: {text}")).unwrap();
            prop_assert!(!said.contains(&secret));
        }
    }
}
