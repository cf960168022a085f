//! What if: the level of a scored capability, were some indicators known to be otherwise.
//!
//! Uses the one level algorithm over the results that a scorecard holds, so that a plan never promises what
//! a new scoring would not give. Deliberately absent: evidence, rules and implications between indicators;
//! an assumption is about one indicator alone.

use std::collections::BTreeMap;

use crate::indicator::contribution;
use crate::level::{self, Item, Levels};
use crate::model::{Model, Role};
use crate::scorecard::{CapabilityScore, IndicatorScore, State};

/// Scores in `[0, 1]` that are assumed, by indicator id: how far it is met, or for a limitation how true it
/// is. What is not applicable stays so.
pub type Assumptions = BTreeMap<String, f64>;

/// The levels that the capability would reach. `telemetry` is what it is: an assumption is no evidence.
pub fn levels_if(model: &Model, capability: &CapabilityScore, assumed: &Assumptions) -> Levels {
    let reached = |of: fn(&IndicatorScore) -> (f64, f64)| {
        level::reached(model, &items(capability, assumed, of))
    };
    Levels {
        telemetry: capability.level.telemetry,
        proven: reached(|it| (it.interval[0], it.interval[1])),
        estimate: reached(|it| (it.estimate, it.estimate)),
        possible: reached(|it| (it.interval[1], it.interval[0])),
    }
}

/// Ids of the indicators that would keep a level from being proven, lower levels aside, by id.
pub fn in_the_way_if<'a>(
    model: &Model,
    capability: &'a CapabilityScore,
    assumed: &Assumptions,
    level: u16,
) -> Vec<&'a str> {
    let items = items(capability, assumed, |it| (it.interval[0], it.interval[1]));
    level::in_the_way(model, &items, level)
}

/// Applicable indicators for the level algorithm. `of` gives what counts for an achievement and for a
/// limitation.
fn items<'a>(
    capability: &'a CapabilityScore,
    assumed: &Assumptions,
    of: fn(&IndicatorScore) -> (f64, f64),
) -> Vec<Item<'a>> {
    let rated = capability
        .indicators
        .iter()
        .filter(|it| it.role != Role::RollUp && it.state != State::NotApplicable);
    rated
        .map(|it| {
            let (achievement, limitation) = of(it);
            let found = if it.blocks_from.is_some() { limitation } else { achievement };
            let score = assumed.get(&it.id).copied().unwrap_or(found);
            Item {
                id: &it.id,
                level: it.level,
                role: it.role,
                weight: f64::from(it.weight),
                blocks_from: it.blocks_from,
                contribution: contribution(it.polarity, score),
            }
        })
        .collect()
}
