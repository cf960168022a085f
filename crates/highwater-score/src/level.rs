//! From indicators to levels: one algorithm, used for every capability and every reading of the evidence.
//!
//! Levels are staged: a level is reached when its own requirements and those of all lower levels hold.
//! The lowest level is the entry and asks nothing. One vector of contributions gives one level; four
//! vectors give *telemetry ≤ proven ≤ estimate ≤ possible*, because every step is monotone.
//! Deliberately absent: averaging between levels, and any use of confidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::indicator::satisfies;
use crate::model::{Model, Role};

/// A level as a range. `telemetry ≤ proven ≤ estimate ≤ possible`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Levels {
    /// What the tenant proves by itself.
    pub telemetry: u16,
    /// What evidence and statements prove.
    pub proven: u16,
    /// Best supported guess; to be shown with the coverage.
    pub estimate: u16,
    /// What could still be, if every unknown turned out well.
    pub possible: u16,
}

impl Levels {
    /// One number for each of the four readings.
    pub fn each(mut of: impl FnMut(fn(&Self) -> u16) -> u16) -> Self {
        Self {
            telemetry: of(|levels| levels.telemetry),
            proven: of(|levels| levels.proven),
            estimate: of(|levels| levels.estimate),
            possible: of(|levels| levels.possible),
        }
    }
}

/// An applicable indicator as the algorithm sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Item<'a> {
    pub id: &'a str,
    pub level: u16,
    pub role: Role,
    pub weight: f64,
    /// For a limitation: the level from which it blocks.
    pub blocks_from: Option<u16>,
    /// What it contributes, in `[0, 1]`; more is always better.
    pub contribution: f64,
}

/// The weight of the mean clause among the requirements of a level.
const MEAN_WEIGHT: f64 = 3.0;

/// Progress stays below a whole level until the level is reached.
const ALMOST: f64 = 0.99;

/// Whether the own requirements of a level hold, lower levels aside.
pub(crate) fn satisfied(model: &Model, items: &[Item<'_>], level: u16) -> bool {
    let requirements = items.iter().filter(|item| is_required(item, level));
    requirements.into_iter().all(|item| satisfies(model, item.role, item.contribution))
        && mean(items, level).is_none_or(|mean| mean >= model.thresholds.mean)
}

/// The level that a vector of contributions reaches.
pub(crate) fn reached(model: &Model, items: &[Item<'_>]) -> u16 {
    let mut scale = model.levels.iter().map(|level| level.number);
    let entry = scale.next().unwrap_or_default();
    scale
        .take_while(|level| satisfied(model, items, *level))
        .filter(|level| items.iter().any(|item| item.level == *level && is_rated_achievement(item)))
        .last()
        .unwrap_or(entry)
}

/// The first level above `current` whose requirements do not hold.
pub(crate) fn next(model: &Model, items: &[Item<'_>], current: u16) -> Option<u16> {
    model
        .levels
        .iter()
        .map(|level| level.number)
        .find(|level| *level > current && !satisfied(model, items, *level))
}

/// Part of the way to the next level that can be reported.
///
/// Normally that is the level above: what its requirements reach of their thresholds. Levels without any
/// applicable achievement lie on the way as steps of equal length, so that more never shows as less.
pub(crate) fn progress(model: &Model, items: &[Item<'_>], current: u16) -> f64 {
    let above: Vec<u16> =
        model.levels.iter().map(|level| level.number).filter(|level| *level > current).collect();
    let reportable =
        |level: &u16| items.iter().any(|item| item.level == *level && is_rated_achievement(item));
    let steps = above.iter().position(reportable).map_or(above.len(), |position| position + 1);
    let mut gone = 0.0;
    for level in above.iter().take(steps) {
        if !satisfied(model, items, *level) {
            gone += fulfilment(model, items, *level).min(ALMOST);
            break;
        }
        gone += 1.0;
    }
    let steps = u32::try_from(steps).unwrap_or(u32::MAX);
    if steps == 0 { 0.0 } else { (gone / f64::from(steps)).min(ALMOST) }
}

/// Weighted mean of what the requirements of a level reach of their thresholds; the level's own mean is
/// one more requirement.
fn fulfilment(model: &Model, items: &[Item<'_>], level: u16) -> f64 {
    let part = |score: f64, threshold: f64| {
        if threshold > 0.0 { (score / threshold).min(1.0) } else { 1.0 }
    };
    let mut reached = 0.0;
    let mut whole = 0.0;
    for item in items.iter().filter(|item| is_required(item, level)) {
        reached += item.weight * part(item.contribution, threshold(model, item.role));
        whole += item.weight;
    }
    if let Some(mean) = mean(items, level) {
        reached += MEAN_WEIGHT * part(mean, model.thresholds.mean);
        whole += MEAN_WEIGHT;
    }
    if whole > 0.0 { reached / whole } else { 0.0 }
}

/// Ids of the indicators that keep a level from being satisfied.
pub(crate) fn in_the_way<'a>(model: &Model, items: &[Item<'a>], level: u16) -> Vec<&'a str> {
    let short = mean(items, level).is_some_and(|mean| mean < model.thresholds.mean);
    let mut ids: Vec<&str> = items
        .iter()
        .filter(|item| {
            let requirement =
                is_required(item, level) && !satisfies(model, item.role, item.contribution);
            let weighs = short && item.level == level && is_rated_achievement(item);
            requirement || weighs && item.contribution < model.thresholds.mean
        })
        .map(|item| item.id)
        .collect();
    ids.sort_unstable();
    ids
}

/// Least of several levels, reading by reading.
pub(crate) fn least(levels: &[Levels]) -> Option<Levels> {
    (!levels.is_empty()).then(|| Levels::each(|of| levels.iter().map(of).min().unwrap_or_default()))
}

/// Middle of several levels, reading by reading; the lower of two middles.
pub(crate) fn median(levels: &[Levels]) -> Option<Levels> {
    let middle = levels.len().checked_sub(1)? / 2;
    Some(Levels::each(|of| {
        let mut numbers: Vec<u16> = levels.iter().map(of).collect();
        numbers.sort_unstable();
        numbers.get(middle).copied().unwrap_or_default()
    }))
}

fn is_required(item: &Item<'_>, level: u16) -> bool {
    match item.role {
        Role::Gate | Role::Core => item.level == level,
        Role::Cap => item.blocks_from.is_some_and(|from| from <= level),
        Role::Supporting | Role::RollUp => false,
    }
}

fn is_rated_achievement(item: &Item<'_>) -> bool {
    matches!(item.role, Role::Gate | Role::Core | Role::Supporting)
}

/// Weighted mean of a level's achievements. Limitations are left out: they cost nothing below the level
/// that they block, and a refuted one adds nothing.
fn mean(items: &[Item<'_>], level: u16) -> Option<f64> {
    let rated = items.iter().filter(|item| item.level == level && is_rated_achievement(item));
    let (sum, weight) = rated.fold((0.0, 0.0), |(sum, weight), item| {
        (sum + item.weight * item.contribution, weight + item.weight)
    });
    (weight > 0.0).then(|| sum / weight)
}

fn threshold(model: &Model, role: Role) -> f64 {
    match role {
        Role::Gate => model.thresholds.gate,
        Role::Cap => model.thresholds.cap,
        Role::Core | Role::Supporting | Role::RollUp => model.thresholds.core,
    }
}

#[cfg(test)]
mod tests;
