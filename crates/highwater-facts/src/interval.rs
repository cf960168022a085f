//! Interval: the arithmetic from counted answers to the range of values that the evidence allows.
//!
//! Pure: rules 5 and 6 of the facts, one function a kind. A range is never wider at one end than what
//! could still be true, and never NaN; infinite only where nothing bounds a count or a measure.

use crate::{Error, Interval, Kind, WhenOpen};

/// Answers of a fact's subjects, counted, or the two ends of a measure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    pub(crate) trues: u64,
    pub(crate) falses: u64,
    pub(crate) unknowns: u64,
    pub(crate) lo: Option<f64>,
    pub(crate) hi: Option<f64>,
}

/// What is missing of the population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Subjects that are missing.
    pub(crate) known: u64,
    /// Whether more may be missing whose number is not known.
    pub(crate) open: bool,
}

impl Missing {
    /// Whether anything is missing at all.
    pub(crate) const fn any(self) -> bool {
        self.known > 0 || self.open
    }
}

/// The value of a fact and whether its population is known to be empty.
pub(crate) fn value(
    kind: Kind,
    when_open: WhenOpen,
    counted: Counted,
    missing: Missing,
) -> (Option<Interval>, bool) {
    let fold = Fold {
        yes: counted.trues as f64,
        maybe: counted.unknowns as f64,
        no: counted.falses as f64,
        added: missing.known as f64,
        open: missing.open,
    };
    match (kind, when_open) {
        (Kind::Measure, _) => (measure(when_open, counted, missing), false),
        (Kind::Flag, _) => (fold.flag(missing.any()), false),
        (Kind::Count, WhenOpen::Fixed) => (Some(fold.fixed(missing.any())), false),
        (Kind::Count, WhenOpen::Many) => {
            (Some(Fold { open: missing.any(), ..fold }.count()), false)
        }
        (Kind::Count, _) => (Some(fold.count()), false),
        (Kind::Share, WhenOpen::Adds) => fold.share(),
        (Kind::Share, _) => Fold { added: 0.0, open: missing.any(), ..fold }.share(),
    }
}

/// The ends of a measure that a query gave: what is no finite number was not told.
///
/// # Errors
/// [`Error::Inverted`] when the lower end is above the upper end.
pub(crate) fn ends(
    id: &str,
    lo: Option<f64>,
    hi: Option<f64>,
) -> Result<(Option<f64>, Option<f64>), Error> {
    let (lo, hi) = (lo.filter(|end| end.is_finite()), hi.filter(|end| end.is_finite()));
    match (lo, hi) {
        (Some(lo), Some(hi)) if lo > hi => Err(Error::Inverted { id: id.to_owned(), lo, hi }),
        ends => Ok(ends),
    }
}

/// Counted answers as numbers.
#[derive(Clone, Copy)]
struct Fold {
    yes: f64,
    maybe: f64,
    no: f64,
    added: f64,
    open: bool,
}

impl Fold {
    /// `[t/n, (t+u)/n]`; nothing over nothing is empty when the population was read.
    fn share(self) -> (Option<Interval>, bool) {
        let subjects = self.yes + self.maybe + self.no + self.added;
        match (subjects > 0.0, self.open) {
            (false, open) => (None, !open),
            (true, true) => (Some(Interval { lo: 0.0, hi: 1.0 }), false),
            (true, false) => {
                let hi = (self.yes + self.maybe + self.added) / subjects;
                (Some(Interval { lo: self.yes / subjects, hi }), false)
            }
        }
    }

    /// `[t, t+u]`, without bound when an unknown number of subjects is missing.
    fn count(self) -> Interval {
        let hi = if self.open { f64::INFINITY } else { self.yes + self.maybe + self.added };
        Interval { lo: self.yes, hi }
    }

    /// `[t, t+u]`, or up to all subjects when rows behind them are missing.
    fn fixed(self, missing: bool) -> Interval {
        let no = if missing { self.no } else { 0.0 };
        Interval { lo: self.yes, hi: self.yes + self.maybe + no }
    }

    /// One subject: yes, no or either; a no holds only when nothing is missing.
    fn flag(self, missing: bool) -> Option<Interval> {
        if self.yes > 0.0 {
            return Some(Interval::exactly(1.0));
        }
        match (self.maybe > 0.0, self.no > 0.0) {
            (true, _) => Some(Interval { lo: 0.0, hi: 1.0 }),
            (false, true) if missing => Some(Interval { lo: 0.0, hi: 1.0 }),
            (false, true) => Some(Interval::exactly(0.0)),
            (false, false) => None,
        }
    }
}

/// The two ends as given; missing rows take away the end that they could move.
fn measure(when_open: WhenOpen, counted: Counted, missing: Missing) -> Option<Interval> {
    let (mut lo, mut hi) = (counted.lo, counted.hi);
    if missing.any() {
        if when_open != WhenOpen::Lowers {
            hi = None;
        }
        if when_open != WhenOpen::Raises {
            lo = None;
        }
    }
    if lo.is_none() && hi.is_none() {
        return None;
    }
    let hi = hi.unwrap_or(f64::INFINITY);
    Some(Interval { lo: lo.unwrap_or(0.0).min(hi), hi })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn counted(trues: u64, falses: u64, unknowns: u64) -> Counted {
        Counted { trues, falses, unknowns, lo: None, hi: None }
    }

    const fn missing(known: u64, open: bool) -> Missing {
        Missing { known, open }
    }

    fn of(kind: Kind, when_open: WhenOpen, from: Counted, gone: Missing) -> Option<(f64, f64)> {
        value(kind, when_open, from, gone).0.map(|range| (range.lo, range.hi))
    }

    #[test]
    fn a_share_counts_the_unknown_for_and_against() {
        let share = |from, gone| of(Kind::Share, WhenOpen::Adds, from, gone);
        assert_eq!(share(counted(1, 2, 1), missing(0, false)), Some((0.25, 0.5)));
        assert_eq!(share(counted(1, 2, 1), missing(4, false)), Some((0.125, 0.75)));
        assert_eq!(share(counted(1, 2, 1), missing(4, true)), Some((0.0, 1.0)));
        assert_eq!(share(counted(0, 0, 0), missing(2, false)), Some((0.0, 1.0)));
    }

    #[test]
    fn a_share_over_nothing_is_empty_only_when_all_was_read() {
        let share = |gone| value(Kind::Share, WhenOpen::Adds, counted(0, 0, 0), gone);
        assert_eq!(share(missing(0, false)), (None, true));
        assert_eq!(share(missing(0, true)), (None, false));
    }

    #[test]
    fn a_share_whose_missing_rows_can_be_anything_is_wide_open() {
        assert_eq!(
            of(Kind::Share, WhenOpen::Many, counted(3, 1, 0), missing(1, false)),
            Some((0.0, 1.0))
        );
        assert_eq!(
            of(Kind::Share, WhenOpen::Many, counted(3, 1, 0), missing(0, false)),
            Some((0.75, 0.75))
        );
    }

    #[test]
    fn a_count_keeps_its_lower_end() {
        let count = |gone| of(Kind::Count, WhenOpen::Adds, counted(2, 5, 1), gone);
        assert_eq!(count(missing(0, false)), Some((2.0, 3.0)));
        assert_eq!(count(missing(7, false)), Some((2.0, 10.0)));
        assert_eq!(count(missing(7, true)), Some((2.0, f64::INFINITY)));
        assert_eq!(
            of(Kind::Count, WhenOpen::Fixed, counted(2, 2, 1), missing(9, true)),
            Some((2.0, 5.0))
        );
        assert_eq!(
            of(Kind::Count, WhenOpen::Fixed, counted(2, 2, 1), missing(0, false)),
            Some((2.0, 3.0))
        );
    }

    #[test]
    fn a_flag_is_no_only_when_nothing_is_missing() {
        let flag = |from, gone| of(Kind::Flag, WhenOpen::Adds, from, gone);
        assert_eq!(flag(counted(1, 0, 0), missing(0, true)), Some((1.0, 1.0)));
        assert_eq!(flag(counted(0, 1, 0), missing(0, false)), Some((0.0, 0.0)));
        assert_eq!(flag(counted(0, 1, 0), missing(1, false)), Some((0.0, 1.0)));
        assert_eq!(flag(counted(0, 0, 1), missing(0, false)), Some((0.0, 1.0)));
        assert_eq!(flag(counted(0, 0, 0), missing(0, false)), None);
    }

    #[test]
    fn a_measure_loses_the_end_that_missing_rows_could_move() {
        let from = |lo, hi| Counted { lo, hi, ..Counted::default() };
        let measure = |when, gone| of(Kind::Measure, when, from(Some(3.0), Some(5.0)), gone);
        assert_eq!(measure(WhenOpen::Raises, missing(0, false)), Some((3.0, 5.0)));
        assert_eq!(measure(WhenOpen::Raises, missing(1, false)), Some((3.0, f64::INFINITY)));
        assert_eq!(measure(WhenOpen::Lowers, missing(0, true)), Some((0.0, 5.0)));
        assert_eq!(measure(WhenOpen::Either, missing(0, true)), None);
        let half = of(Kind::Measure, WhenOpen::Raises, from(Some(3.0), None), missing(0, false));
        assert_eq!(half, Some((3.0, f64::INFINITY)));
        assert_eq!(of(Kind::Measure, WhenOpen::Raises, from(None, None), missing(0, false)), None);
    }

    #[test]
    fn ends_that_are_no_numbers_were_not_told() {
        assert_eq!(ends("x", Some(f64::NAN), Some(f64::INFINITY)).unwrap(), (None, None));
        assert_eq!(ends("x", Some(1.0), Some(2.0)).unwrap(), (Some(1.0), Some(2.0)));
        assert!(ends("x", Some(2.0), Some(1.0)).is_err());
    }
}
