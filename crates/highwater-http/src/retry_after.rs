//! Retry-After: how long a service asks to be left alone, in all the ways vendors write it.
//!
//! Guarantees that whatever a service writes, the result is a finite wait or nothing. Does not bound it: the client's
//! patience does.

use std::time::{Duration, SystemTime};

/// The longest wait that is understood; what is longer is taken for it.
const LONGEST: f64 = 366.0 * 86_400.0;

/// Seconds (`5`, `2.5`), an HTTP date, a clock time (`00:00:05`, `1.00:00:05`) or an ISO 8601 duration (`PT1M5S`).
///
/// `now` is what a date is measured against: the `Date` header of the same answer where it has one, so that the clocks
/// need not agree. A date that has passed is no wait at all.
pub(crate) fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    seconds(value)
        .or_else(|| clock_time(value))
        .or_else(|| iso_duration(value))
        .or_else(|| date(value, now))
}

/// What a message says: "… Try again in 5 seconds."
/// <https://learn.microsoft.com/azure/api-management/rate-limit-policy>
pub(crate) fn in_message(message: &str) -> Option<Duration> {
    let lower = message.to_ascii_lowercase();
    let at = ["try again in ", "retry in ", "retry after "]
        .iter()
        .find_map(|phrase| lower.find(phrase).map(|at| at + phrase.len()))?;
    let mut words = lower[at..].split_whitespace();
    let amount: f64 = words.next()?.trim_end_matches(['.', ',', 's']).parse().ok()?;
    let unit = words.next().unwrap_or("seconds");
    let factor = match unit.trim_end_matches(['.', ',', '"', '}']).trim_end_matches('s') {
        "minute" | "min" => 60.0,
        "hour" => 3600.0,
        "millisecond" | "m" => 0.001,
        _ => 1.0,
    };
    bounded(amount * factor)
}

fn seconds(value: &str) -> Option<Duration> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { value.parse().ok().and_then(bounded) } else { None }
}

fn date(value: &str, now: SystemTime) -> Option<Duration> {
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(now).unwrap_or(Duration::ZERO))
}

/// `[days.]hours:minutes:seconds[.fraction]`, as .NET writes a time span.
fn clock_time(value: &str) -> Option<Duration> {
    let mut parts = value.splitn(3, ':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let whole = [days, hours, minutes].map(number);
    let [Some(days), Some(hours), Some(minutes)] = whole else { return None };
    bounded(days * 86_400.0 + hours * 3600.0 + minutes * 60.0 + number(seconds)?)
}

/// `P[nD]T[nH][nM][nS]`.
fn iso_duration(value: &str) -> Option<Duration> {
    let rest = value.strip_prefix(['P', 'p'])?.to_ascii_uppercase();
    let (days, time) = rest.split_once('T').unwrap_or((&rest, ""));
    let total =
        sum(days, &[('D', 86_400.0)])? + sum(time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    if rest.bytes().any(|byte| byte.is_ascii_digit()) { bounded(total) } else { None }
}

fn sum(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    for (unit, factor) in units {
        if let Some((amount, rest)) = text.split_once(*unit) {
            total += number(amount)? * factor;
            text = rest;
        }
    }
    text.is_empty().then_some(total)
}

/// A number that is written with digits and at most one point; no sign, no exponent.
fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { text.parse().ok() } else { None }
}

fn bounded(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn secs(value: &str) -> Option<f64> {
        parse(value, NOW).map(|time| time.as_secs_f64())
    }

    #[test]
    fn every_spelling_is_understood() {
        for (value, wanted) in [
            ("5", 5.0),
            (" 120 ", 120.0),
            ("2.5", 2.5),
            ("0", 0.0),
            ("00:00:05", 5.0),
            ("00:01:05.5", 65.5),
            ("1.02:00:00", 93_600.0),
            ("PT5S", 5.0),
            ("PT1M5S", 65.0),
            ("P1DT1H", 90_000.0),
            ("pt0.5s", 0.5),
            ("Thu, 01 Jan 1970 00:00:07 GMT", 7.0),
            ("Thursday, 01-Jan-70 00:00:07 GMT", 7.0),
            ("Thu Jan  1 00:00:07 1970", 7.0),
        ] {
            assert_eq!(secs(value), Some(wanted), "{value}");
        }
    }

    #[test]
    fn what_is_no_time_is_nothing() {
        for value in
            ["", "-5", "soon", "NaN", "inf", "1e9", "P", "PT", "PTS", "::", "5:5", "P5", "1:2:3:4"]
        {
            assert_eq!(secs(value), None, "{value}");
        }
    }

    #[test]
    fn a_date_that_has_passed_is_no_wait() {
        let later = NOW + Duration::from_secs(60);
        assert_eq!(parse("Thu, 01 Jan 1970 00:00:07 GMT", later), Some(Duration::ZERO));
    }

    #[test]
    fn messages_name_times_too() {
        for (message, wanted) in [
            ("Rate limit is exceeded. Try again in 2 seconds.", Some(2.0)),
            (
                "Out of call volume quota. Quota will be replenished, try again in 3 minutes.",
                Some(180.0),
            ),
            ("Please retry after 30s", Some(30.0)),
            ("Please try again later.", None),
            ("", None),
        ] {
            assert_eq!(in_message(message).map(|t| t.as_secs_f64()), wanted, "{message}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_breaks_it(value in "\\PC{0,40}") {
            if let Some(time) = parse(&value, NOW) {
                prop_assert!(time.as_secs_f64() <= 253_402_300_800.0);
            }
            let _ = in_message(&value);
        }

        #[test]
        fn whole_seconds_mean_the_same_in_every_spelling(s in 0_u32..2_000_000) {
            let wanted = Some(f64::from(s));
            prop_assert_eq!(secs(&s.to_string()), wanted);
            prop_assert_eq!(secs(&format!("PT{s}S")), wanted);
            let (d, h, m, r) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
            prop_assert_eq!(secs(&format!("{d}.{h:02}:{m:02}:{r:02}")), wanted);
            prop_assert_eq!(secs(&format!("P{d}DT{h}H{m}M{r}S")), wanted);
            let date = httpdate::fmt_http_date(NOW + Duration::from_secs(u64::from(s)));
            prop_assert_eq!(secs(&date), wanted);
        }
    }
}
