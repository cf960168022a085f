//! Effect: how far one step by itself moves the levels of the capabilities that it is about.
//!
//! Asks the one level algorithm twice: were everything that the step settles found well, and were it found
//! badly. That a step settles what it is about is an assumption, and every format says so.

use highwater_score::{Assumptions, IndicatorScore, Levels, Model, Polarity, Scorecard, levels_if};
use serde::Serialize;

use crate::actions::{Kind, short_title};
use crate::text::in_words;

/// What one step does to one capability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Model id.
    pub model: String,
    /// Capability id.
    pub capability: String,
    /// Title, with the model's where there are several.
    pub title: String,
    /// Levels now.
    pub now: Levels,
    /// Levels if what the step settles turns out well.
    pub well: Levels,
    /// Levels if it turns out badly; `null` for a change, which is made to turn out well.
    pub badly: Option<Levels>,
}

/// A score that is as good as can be.
pub(crate) const fn best(indicator: &IndicatorScore) -> f64 {
    match indicator.polarity {
        Polarity::Achievement => 1.0,
        Polarity::Limitation => 0.0,
    }
}

/// What a step about these indicators does by itself, to each capability whose levels it moves.
pub(crate) fn effects(
    models: &[Model],
    scorecard: &Scorecard,
    (kind, indicators): (Kind, &[String]),
    assumed: &Assumptions,
) -> Vec<Effect> {
    let mut found = Vec::new();
    for score in &scorecard.models {
        let Some(model) = models.iter().find(|model| model.id == score.id) else { continue };
        for capability in &score.capabilities {
            let about: Vec<&IndicatorScore> =
                capability.indicators.iter().filter(|it| indicators.contains(&it.id)).collect();
            if about.is_empty() {
                continue;
            }
            let settled = |well: bool| {
                let mut all = assumed.clone();
                all.extend(
                    about
                        .iter()
                        .map(|it| (it.id.clone(), if well { best(it) } else { 1.0 - best(it) })),
                );
                levels_if(model, capability, &all)
            };
            let now = levels_if(model, capability, assumed);
            let (well, badly) = (settled(true), (kind != Kind::Fix).then(|| settled(false)));
            if well == now && badly.is_none_or(|badly| badly == now) {
                continue;
            }
            let title = match scorecard.models.len() {
                1 => capability.title.clone(),
                _ => format!("{}: {}", short_title(&score.title), capability.title),
            };
            found.push(Effect {
                model: score.id.clone(),
                capability: capability.id.clone(),
                title,
                now,
                well,
                badly,
            });
        }
    }
    found
}

impl Effect {
    /// The effect in one sentence.
    pub fn words(&self) -> String {
        let now = in_words(self.now);
        let well = in_words(self.well);
        match self.badly {
            Some(badly) if badly != self.now && self.well != self.now => {
                format!(
                    "{}: {now}; then {well} if it turns out well, {} if badly",
                    self.title,
                    in_words(badly)
                )
            }
            Some(badly) if badly != self.now => {
                format!(
                    "{}: {now}; still so if it turns out well, {} if badly",
                    self.title,
                    in_words(badly)
                )
            }
            _ => format!("{}: {now}; then {well}", self.title),
        }
    }
}

/// What is said of a step that moves no level by itself.
pub(crate) const NONE: &str = "Moves no level by itself.";
