//! Dates: what spreadsheets and consoles write instead of a moment.
//!
//! `22.11.2026 06:00` can be read in one way. `03/04/2026` can be read in two: the order is taken from other
//! cells of the import that allow only one (`22/11/2026`), whatever file they stand in, or from the person
//! who imports. Where neither says so, or the cells contradict each other, such a date is not told. Times
//! without a zone are taken for UTC, so a day may be off by one.

use std::borrow::Cow;

/// Which number of `03/04/2026` is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `22/11/2026`.
    DayFirst,
    /// `11/22/2026`.
    MonthFirst,
}

/// What the dates of an import say of their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    day_first: bool,
    month_first: bool,
    /// Dates that can be read in both ways were met.
    open: bool,
}

impl Orders {
    /// Notes what the dates of a text say; cells end at quotes, separators and line ends.
    pub(crate) fn learn(&mut self, text: &[u8]) {
        for at in memchr::memchr_iter(b'/', text) {
            let start = at.saturating_sub(2);
            let start = if text[start..at].first().is_some_and(u8::is_ascii_digit) {
                start
            } else {
                start + 1
            };
            if start >= at || start > 0 && !is_edge(text[start - 1]) {
                continue;
            }
            let end = text.len().min(at + 8);
            let Some((first, second)) = numbers(&text[start..end]) else { continue };
            match (first > 12, second > 12) {
                (true, false) => self.day_first = true,
                (false, true) => self.month_first = true,
                (false, false) if first != second => self.open = true,
                _ => {}
            }
        }
    }

    /// The order, where the dates agree on one.
    pub(crate) const fn order(self) -> Option<DateOrder> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// Whether dates were met that cannot be read without an order that nothing tells.
    pub(crate) const fn is_open(self) -> bool {
        self.open && self.order().is_none()
    }
}

const fn is_edge(byte: u8) -> bool {
    matches!(byte, b'"' | b',' | b';' | b'\t' | b'\n' | b'\r' | b'\'')
}

/// Day and month of `d/m/yyyy` in either order.
fn numbers(text: &[u8]) -> Option<(u8, u8)> {
    let slash = text.iter().position(|byte| *byte == b'/')?;
    let rest = &text[slash + 1..];
    let next = rest.iter().position(|byte| *byte == b'/')?;
    let year = rest.get(next + 1..next + 5)?;
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u8>().ok();
    let plain = year.iter().all(u8::is_ascii_digit);
    plain.then_some(())?;
    Some((number(&text[..slash])?, number(&rest[..next])?))
}

/// A cell as it is, or as a moment in RFC 3339 where it is a date of another form.
pub(crate) fn plain(cell: &str, order: Option<DateOrder>) -> Cow<'_, str> {
    let bytes = cell.as_bytes();
    let short = (8..=32).contains(&bytes.len()) && bytes[0].is_ascii_digit();
    let marked = || bytes[1..3].iter().any(|byte| matches!(byte, b'/' | b'.'));
    if short && marked() {
        rewritten(cell, order).map_or(Cow::Borrowed(cell), Cow::Owned)
    } else {
        Cow::Borrowed(cell)
    }
}

fn rewritten(cell: &str, order: Option<DateOrder>) -> Option<String> {
    let (date, time) = match cell.split_once([' ', ',', 'T']) {
        Some((date, time)) => (date, time.trim_start_matches([' ', ','])),
        None => (cell, ""),
    };
    let mark = if date.contains('/') { '/' } else { '.' };
    let mut parts = date.split(mark);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let number = |text: &str| text.parse::<u32>().ok();
    let (first, second) = (number(first)?, number(second)?);
    let order = match (mark, first > 12, second > 12) {
        ('.', ..) | (_, true, false) => DateOrder::DayFirst,
        (_, false, true) => DateOrder::MonthFirst,
        _ if first == second => DateOrder::DayFirst,
        _ => order?,
    };
    let (day, month) = if order == DateOrder::DayFirst { (first, second) } else { (second, first) };
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day);
    let (hour, minute, second) = clock(time)?;
    valid.then(|| format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// `6:05`, `06:05:09`, `6:05:09 PM`; midnight where there is no time.
fn clock(time: &str) -> Option<(u32, u32, u32)> {
    if time.is_empty() {
        return Some((0, 0, 0));
    }
    let upper = time.trim().to_ascii_uppercase();
    let (bare, half) = match upper.strip_suffix("AM") {
        Some(bare) => (bare, Some(0)),
        None => upper.strip_suffix("PM").map_or((upper.as_str(), None), |bare| (bare, Some(12))),
    };
    let mut parts = bare.trim().split(':').map(|part| part.parse::<u32>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().map_or(Some(0), |second| second)?;
    let hour = half.map_or(hour, |half| hour % 12 + half);
    (parts.next().is_none() && hour < 24 && minute < 60 && second < 60)
        .then_some((hour, minute, second))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_that_say_their_order_are_read() {
        for (cell, wanted) in [
            ("22.11.2026 06:05", "2026-11-22T06:05:00Z"),
            ("3.4.2026", "2026-04-03T00:00:00Z"),
            ("22/11/2026 06:05:09", "2026-11-22T06:05:09Z"),
            ("11/22/2026, 6:05:09 PM", "2026-11-22T18:05:09Z"),
            ("12/13/2026 12:00:00 AM", "2026-12-13T00:00:00Z"),
            ("04/04/2026", "2026-04-04T00:00:00Z"),
        ] {
            assert_eq!(plain(cell, None), wanted);
        }
    }

    #[test]
    fn dates_of_two_readings_need_an_order() {
        assert_eq!(plain("03/04/2026", None), "03/04/2026");
        assert_eq!(plain("03/04/2026", Some(DateOrder::DayFirst)), "2026-04-03T00:00:00Z");
        assert_eq!(plain("03/04/2026", Some(DateOrder::MonthFirst)), "2026-03-04T00:00:00Z");
    }

    #[test]
    fn what_is_no_date_stays() {
        for cell in [
            "2026-11-22T06:00:00Z",
            "1.0.0.0",
            "2.61.148.25282",
            "10/20/30",
            "3/4 cup of",
            "",
            "22.13.2026",
        ] {
            assert_eq!(plain(cell, Some(DateOrder::DayFirst)), cell);
        }
    }

    #[test]
    fn an_import_tells_the_order_by_any_of_its_dates() {
        let learned = |texts: &[&str]| {
            let mut orders = Orders::default();
            texts.iter().for_each(|text| orders.learn(text.as_bytes()));
            orders
        };
        assert_eq!(
            learned(&["a,\"03/04/2026\"\n", "b;22/11/2026"]).order(),
            Some(DateOrder::DayFirst)
        );
        assert_eq!(learned(&["\"5/23/2026 6:00\""]).order(), Some(DateOrder::MonthFirst));
        assert!(learned(&["x,03/04/2026"]).is_open());
        assert!(learned(&["x,22/11/2026,5/23/2026,3/4/2026"]).is_open());
        assert!(!learned(&["/providers/x/22/11/2026", "https://x/1/2/2026"]).is_open());
    }

    proptest! {
        #[test]
        fn no_cell_makes_it_panic(cell in "[0-9/.: ,APMTü]{0,20}", text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = plain(&cell, Some(DateOrder::DayFirst));
            Orders::default().learn(&text);
        }

        #[test]
        fn every_day_is_read_back(day in 1_u32..=28, month in 1_u32..=12, hour in 0_u32..24) {
            let wanted = format!("2026-{month:02}-{day:02}T{hour:02}:30:00Z");
            let (half, shown) = (if hour < 12 { "AM" } else { "PM" }, if hour % 12 == 0 { 12 } else { hour % 12 });
            let american = format!("{month}/{day}/2026 {shown}:30 {half}");
            prop_assert!(plain(&american, Some(DateOrder::MonthFirst)) == wanted);
            let german = format!("{day}.{month}.2026 {hour}:30");
            prop_assert!(plain(&german, None) == wanted);
        }
    }
}
