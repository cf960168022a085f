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
            digits.iter().try_fold(0_i32, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0'))
            })
        };
        let small = |at: usize| i8::try_from(number(&start[at..at + 2])?).ok();
        let year = i16::try_from(number(&start[..4])?).ok()?;
        let nanoseconds = match fraction {
            [] => 0,
            [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
                number(digits)? * 10_i32.pow(9 - u32::try_from(digits.len()).ok()?)
            }
            _ => return None,
        };
        let civil = DateTime::new(
            year,
            small(5)?,
            small(8)?,
            small(11)?,
            small(14)?,
            small(17)?,
            nanoseconds,
        );
        let moment = TimeZone::UTC.to_timestamp(civil.ok()?).ok()?;
        Some(Self(moment.as_microsecond()))
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
            date in "(0[0-9]{3}|1[0-9]{3}|2[0-9]{3}|9999)-(0[1-9]|1[0-9])-([0-3][0-9])",
            time in "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
            fraction in "(|\\.[0-9]{0,10})",
        ) {
            let text = format!("{date}T{time}{fraction}Z");
            if let Some(moment) = Time::parse_utc(text.as_bytes()) {
                let read = text.parse::<Timestamp>().unwrap();
                prop_assert_eq!(moment, Time(read.as_microsecond()), "{}", text);
            }
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
