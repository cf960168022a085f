//! Findings: the subjects that count against an indicator, one row each, for the formats that list them.
//!
//! Only indicators that the evidence decides against, or meets in part, have findings. What is not told is
//! never one.

use std::collections::BTreeMap;

use highwater_score::{CapabilityScore, IndicatorScore, ModelScore, Scorecard, State};

use crate::dossier::{Dossier, Subject};

/// An indicator and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) model: &'a ModelScore,
    pub(crate) capability: &'a CapabilityScore,
    pub(crate) indicator: &'a IndicatorScore,
}

impl Placed<'_> {
    /// Whether it stands in the way of the capability's next level.
    pub(crate) fn blocks(&self) -> bool {
        self.capability.next.as_ref().is_some_and(|next| next.open.contains(&self.indicator.id))
    }
}

/// Every indicator in the order of the scorecard.
pub(crate) fn placed(scorecard: &Scorecard) -> Vec<Placed<'_>> {
    let mut found = Vec::new();
    for model in &scorecard.models {
        for capability in &model.capabilities {
            for indicator in &capability.indicators {
                found.push(Placed { model, capability, indicator });
            }
        }
    }
    found
}

/// The subjects that count against an indicator, by one fact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) fact: &'a str,
    /// All of them.
    pub(crate) count: u64,
    /// Those that were listed; none where only a scorecard was given.
    pub(crate) subjects: &'a [Subject],
}

/// What counts against an indicator; nothing where it is met or not decided.
pub(crate) fn findings<'a>(
    dossier: &'a Dossier,
    indicator: &'a IndicatorScore,
) -> Vec<Finding<'a>> {
    if !matches!(indicator.state, State::NotMet | State::Partly | State::Holds) {
        return Vec::new();
    }
    let none = BTreeMap::new();
    let against = dossier.against.get(&indicator.id).unwrap_or(&none);
    let of = |fact: &'a String| -> Option<Finding<'a>> {
        let hit = against.get(fact)?;
        let group = dossier.subjects.as_ref()?.get(fact)?.group(*hit);
        (group.count > 0).then_some(Finding { fact, count: group.count, subjects: &group.rows })
    };
    indicator.facts.iter().filter_map(of).collect()
}
