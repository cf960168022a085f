//! Time: a moment in UTC, in microseconds since 1970. Never reads a clock.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// "Told, and never": what a `last_…` column holds when nothing happened in a window read in full.
    pub const NEVER: Self = Self(0);

    /// Microseconds of one hour.
    pub const HOUR: i64 = 3_600_000_000;
    /// Microseconds of one day.
    pub const DAY: i64 = 24 * Self::HOUR;

    /// Reads RFC 3339 (a missing zone is UTC), a plain date, or `/Date(milliseconds)/`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(moment) = Self::parse_utc(text.as_bytes()) {
            return Some(moment);
        }
        if let Some(rest) = text.strip_prefix("/Date(") {
            let number = rest.split([')', '+']).next()?;
            return number.parse::<i64>().ok()?.checked_mul(1000).map(Self);
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(Self(moment.as_microsecond()));
        }
        if !text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let civil: DateTime = text.parse().ok()?;
        let moment = TimeZone::UTC.to_ambiguous_timestamp(civil).unambiguous().ok()?;
        Some(Self(moment.as_microsecond()))
    }

    /// Reads the form that nearly all services write, `2026-11-22T06:00:00.1234567Z`; none for any other.
    fn parse_utc(text: &[u8]) -> Option<Self> {
        let (start, rest) = text.split_first_chunk::<19>()?;
        let (b'Z', fraction) = rest.split_last()? else { return None };
        let marks = [start[4], start[7], start[10], start[13], start[16]];
        if marks != *b"--T::" {
            return None;
        }
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_i64, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
            })
        };
        let two = |at: usize| number(&start[at..at + 2]);
        let nanoseconds = match fraction {
            [] => 0,
            [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
                number(digits)? * 10_i64.pow(9 - u32::try_from(digits.len()).ok()?)
            }
            _ => return None,
        };
        let days = days(number(&start[..4])?, two(5)?, two(8)?)?;
        let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
        let is_clock = hour < 24 && minute < 60 && second < 60;
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
        is_clock.then_some(Self(seconds * 1_000_000 + nanoseconds / 1000))
    }

    /// This moment less a number of days.
    pub const fn days_before(self, days: i64) -> Self {
        Self(self.0 - days * Self::DAY)
    }

    /// Whole days from this moment to a later one.
    pub const fn days_until(self, later: Self) -> i64 {
        (later.0 - self.0).div_euclid(Self::DAY)
    }

    /// As `2026-11-22T06-00-00Z`, for the name of a snapshot folder.
    pub fn folder(self) -> String {
        self.to_string().replace(':', "-")
    }
}

/// Days from 1970-01-01 to a date; none for one that is not there, or is of a time that nobody tells of.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1970..9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // Years are counted from March on, so that the day that a leap year has more is its last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = years / 4 - years / 100 + years / 400;
    Some(years * 365 + leaps + (months * 153 + 2) / 5 + day - 719_469)
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not a moment in RFC 3339"))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_usual_form_is_read_as_any_other(
            date in "(0[0-9]{3}|19[6-9][0-9]|2[0-9]{3}|[0-9]{2}00|999[89])-(0[1-9]|1[0-9])-([0-3][0-9])",
            time in "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
            fraction in "(|\\.[0-9]{0,10})",
        ) {
            let text = format!("{date}T{time}{fraction}Z");
            let read = text.parse::<Timestamp>().ok().map(|read| Time(read.as_microsecond()));
            if let Some(moment) = Time::parse_utc(text.as_bytes()) {
                prop_assert_eq!(Some(moment), read, "{}", text);
            }
            prop_assert_eq!(Time::parse(&text), read, "{}", text);
        }
    }

    #[test]
    fn reads_the_forms_that_services_write() {
        let noon = Time::parse("2026-11-22T12:00:00Z").unwrap();
        assert_eq!(Time::parse("2026-11-22T12:00:00.0000000Z"), Some(noon));
        assert_eq!(Time::parse("2026-11-22T13:00:00+01:00"), Some(noon));
        assert_eq!(Time::parse("2026-11-22T12:00:00"), Some(noon));
        assert_eq!(Time::parse("2026-11-22 12:00:00"), Some(noon));
        assert_eq!(Time::parse("/Date(1795348800000)/"), Some(noon));
        assert_eq!(Time::parse("22/11/2026"), None);
        assert_eq!(Time::parse("yesterday"), None);
        assert_eq!(noon.folder(), "2026-11-22T12-00-00Z");
    }
}
