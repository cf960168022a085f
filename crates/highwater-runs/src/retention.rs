//! Retention: which snapshots may go.
//!
//! Guarantees that the newest snapshot stays, and that the newest good one stays, whatever was asked for. Decides
//! only; whoever keeps the snapshots removes them.

/// How long snapshots are kept. What no rule keeps goes; without a rule everything stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// So many, the newest.
    pub keep: Option<usize>,
    /// Those that are not older than so many days.
    pub keep_days: Option<u32>,
}

/// Microseconds of a day.
const DAY: i64 = 24 * 3_600_000_000;

/// Which of `moments` (microseconds since 1970, the oldest first) may go at `now`. `good` tells whether the snapshot at
/// an index is whole; it is asked from the newest on, until one is.
pub fn removable(
    policy: Policy,
    moments: &[i64],
    now: i64,
    mut good: impl FnMut(usize) -> bool,
) -> Vec<usize> {
    if policy.keep.is_none() && policy.keep_days.is_none() {
        return Vec::new();
    }
    let count = moments.len();
    let counted = |index: usize| policy.keep.is_some_and(|keep| index + keep.max(1) >= count);
    let young = |index: usize| {
        let age = now.saturating_sub(moments[index]);
        policy.keep_days.is_some_and(|days| age <= i64::from(days) * DAY)
    };
    let mut going: Vec<usize> = (0..count)
        .filter(|index| index + 1 < count && !counted(*index) && !young(*index))
        .collect();
    if going.is_empty() {
        return going;
    }
    match (0..count).rev().find(|index| good(*index)) {
        // With nothing good left to stand on, nothing is taken away.
        None => Vec::new(),
        Some(last_good) => {
            going.retain(|index| *index != last_good);
            going
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: &[i64]) -> Vec<i64> {
        days.iter().map(|day| day * DAY).collect()
    }

    #[test]
    fn count_and_age_each_keep_what_they_name() {
        let moments = days(&[1, 2, 3, 4, 5]);
        let gone =
            |keep, keep_days| removable(Policy { keep, keep_days }, &moments, 5 * DAY, |_| true);
        assert_eq!(gone(None, None), [] as [usize; 0]);
        assert_eq!(gone(Some(2), None), [0, 1, 2]);
        assert_eq!(gone(None, Some(1)), [0, 1, 2]);
        assert_eq!(gone(Some(1), Some(3)), [0]);
        assert_eq!(gone(Some(0), None), [0, 1, 2, 3]);
        assert_eq!(gone(Some(9), None), [] as [usize; 0]);
    }

    #[test]
    fn the_last_good_one_stays_and_without_one_nothing_goes() {
        let moments = days(&[1, 2, 3, 4]);
        let policy = Policy { keep: Some(1), keep_days: None };
        assert_eq!(removable(policy, &moments, 900 * DAY, |index| index == 1), [0, 2]);
        assert_eq!(removable(policy, &moments, 900 * DAY, |_| false), [] as [usize; 0]);
    }
}
