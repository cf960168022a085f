//! Judge: what an answer means for the attempt that brought it.
//!
//! Pure: waits for nothing, counts nothing. What is worth another attempt and what is not stands here and nowhere else;
//! users read the same in `docs/politeness.md`.

use std::time::{Duration, SystemTime};

use crate::fault::{self, looks_like_html};
use crate::live::Answer;
use crate::next::{self, Continuation};
use crate::told::Told;
use crate::{Failure, retry_after};

/// What to do with an answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It is what was asked for.
    Good(Continuation),
    /// It stands elsewhere.
    Moved(String),
    /// The token is not accepted (any more).
    Unauthorised,
    /// Too many requests; how long the service wants to be left alone, if it says so.
    Throttled(Option<Duration>),
    /// The service failed in a way that passes; how long to wait, if it says so.
    Later(String, Option<Duration>),
    /// The answer is not what was asked for; worth few attempts.
    Garbled(String),
    /// It will be the same next time.
    Final(Failure),
}

/// Judges an answer. `told` is what its headers say of the limits.
pub(crate) fn judge(answer: &Answer, told: &Told, wants_json: bool, now: SystemTime) -> Verdict {
    match answer.status {
        200..=299 => content(answer, wants_json),
        301 | 302 | 303 | 307 | 308 => match answer.header("location") {
            Some(location) => Verdict::Moved(location.to_owned()),
            None => Verdict::Final(unusable(format!("HTTP {} without an address", answer.status))),
        },
        401 => Verdict::Unauthorised,
        429 => Verdict::Throttled(wait(answer, told, now)),
        403 if is_throttled(told) => Verdict::Throttled(wait(answer, told, now)),
        408 | 500 | 502 | 503 | 504 => {
            Verdict::Later(sentence(answer), told.retry_after.or_else(|| in_body(answer, now)))
        }
        400..=499 => Verdict::Final(refused(answer)),
        _ => Verdict::Final(unusable(sentence(answer))),
    }
}

/// The failure of an answer that refuses.
pub(crate) fn refused(answer: &Answer) -> Failure {
    let fault = fault::read(answer);
    Failure::Refused { status: answer.status, code: fault.code, message: fault.message }
}

/// The failure of an answer that refuses a token which no other can replace; `help` says what to do.
pub(crate) fn beyond_help(answer: &Answer, help: String) -> Failure {
    let fault = fault::read(answer);
    Failure::Refused { status: answer.status, code: fault.code, message: help }
}

/// Status and what the service says of it.
pub(crate) fn sentence(answer: &Answer) -> String {
    let fault = fault::read(answer);
    let mut words = vec![format!("HTTP {}", answer.status)];
    words.extend([fault.code, fault.message].into_iter().filter(|word| !word.is_empty()));
    words.join(" ")
}

fn content(answer: &Answer, wants_json: bool) -> Verdict {
    if answer.status == 204 || !wants_json {
        return Verdict::Good(Continuation::default());
    }
    let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_page = kind.starts_with("text/html") || looks_like_html(&answer.body);
    if is_page && answer.status == 203 {
        // Azure DevOps shows its sign-in page where others answer 401.
        return Verdict::Unauthorised;
    }
    if is_page {
        return Verdict::Garbled(format!("HTTP {} with a page instead of JSON", answer.status));
    }
    let is_json =
        kind.is_empty() || kind.split(';').next().is_some_and(|kind| kind.trim().ends_with("json"));
    if !is_json {
        let kind: String = kind.chars().take(60).collect();
        return Verdict::Final(unusable(format!("content type {kind} instead of JSON")));
    }
    match next::scan(&answer.body) {
        Ok(found) => Verdict::Good(found),
        Err(reason) => Verdict::Garbled(format!("JSON is {reason}")),
    }
}

/// GitHub says 403 where others say 429: <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>
fn is_throttled(told: &Told) -> bool {
    told.retry_after.is_some() || told.remaining == Some(0)
}

/// How long to wait after a 429, by header, by what is left, or by what the body says.
fn wait(answer: &Answer, told: &Told, now: SystemTime) -> Option<Duration> {
    let until_reset = if told.remaining == Some(0) { told.resets_after } else { None };
    told.retry_after.or(until_reset).or_else(|| in_body(answer, now))
}

fn in_body(answer: &Answer, now: SystemTime) -> Option<Duration> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let inner = body.get("error").filter(|error| error.is_object()).unwrap_or(&body);
    let value = ["retryAfter", "retry_after", "retryAfterSeconds", "RetryAfter"]
        .iter()
        .find_map(|name| inner.get(name).or_else(|| body.get(name)));
    let spelled = match value {
        Some(serde_json::Value::String(text)) => retry_after::parse(text, now),
        Some(serde_json::Value::Number(number)) => retry_after::parse(&number.to_string(), now),
        _ => None,
    };
    spelled.or_else(|| retry_after::in_message(&fault::read(answer).message))
}

const fn unusable(reason: String) -> Failure {
    Failure::Unusable { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::told;

    fn verdict(status: u16, headers: &[(&str, &str)], body: &str) -> Verdict {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let now = SystemTime::UNIX_EPOCH;
        let told = told::read(&headers, now);
        judge(&Answer { status, headers, body: body.to_owned().into() }, &told, true, now)
    }

    const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

    #[test]
    fn what_was_asked_for_is_good() {
        assert!(matches!(verdict(200, &[JSON], "{}"), Verdict::Good(_)));
        assert!(matches!(verdict(200, &[], "[]"), Verdict::Good(_)));
        assert!(matches!(verdict(204, &[], ""), Verdict::Good(_)));
        let odata = ("content-type", "application/vnd.github+json");
        assert!(matches!(verdict(200, &[odata], "[]"), Verdict::Good(_)));
    }

    #[test]
    fn what_passes_is_tried_again() {
        for status in [408, 500, 502, 503, 504] {
            assert!(matches!(verdict(status, &[JSON], "{}"), Verdict::Later(..)), "{status}");
        }
        for (headers, body) in [
            (vec![("content-type", "text/html")], "<html>"),
            (vec![JSON], "<!DOCTYPE html>"),
            (vec![JSON], "{\"value\":["),
            (vec![JSON], ""),
        ] {
            assert!(matches!(verdict(200, &headers, body), Verdict::Garbled(_)), "{body}");
        }
    }

    #[test]
    fn what_stays_is_not() {
        for status in [400, 403, 404, 405, 409, 410, 422] {
            assert!(
                matches!(verdict(status, &[JSON], "{}"), Verdict::Final(Failure::Refused { .. })),
                "{status}"
            );
        }
        let csv = ("content-type", "text/csv");
        assert!(matches!(verdict(200, &[csv], "a,b"), Verdict::Final(Failure::Unusable { .. })));
        assert!(matches!(verdict(304, &[], ""), Verdict::Final(Failure::Unusable { .. })));
        assert!(matches!(verdict(302, &[], ""), Verdict::Final(Failure::Unusable { .. })));
        assert!(matches!(verdict(501, &[], ""), Verdict::Final(Failure::Unusable { .. })));
    }

    #[test]
    fn a_sign_in_page_is_a_refused_token() {
        assert_eq!(verdict(203, &[("content-type", "text/html")], "<html>"), Verdict::Unauthorised);
        assert_eq!(verdict(401, &[], ""), Verdict::Unauthorised);
    }

    #[test]
    fn waits_are_found_in_header_reset_and_body() {
        let secs = |seconds| Verdict::Throttled(Some(Duration::from_secs(seconds)));
        assert_eq!(verdict(429, &[("retry-after", "7")], "{}"), secs(7));
        assert_eq!(
            verdict(
                429,
                &[("x-ms-user-quota-remaining", "0"), ("x-ms-user-quota-resets-after", "00:00:05")],
                ""
            ),
            secs(5)
        );
        assert_eq!(verdict(429, &[], r#"{"error":{"code":"x","retryAfter":"PT9S"}}"#), secs(9));
        assert_eq!(
            verdict(429, &[], r#"{"message":"Rate limit is exceeded. Try again in 2 seconds."}"#),
            secs(2)
        );
        assert_eq!(verdict(429, &[], "{}"), Verdict::Throttled(None));
        assert_eq!(verdict(403, &[("retry-after", "60")], "{}"), secs(60));
        assert_eq!(
            verdict(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")], "{}"),
            secs(30)
        );
    }
}
