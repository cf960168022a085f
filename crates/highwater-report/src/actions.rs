//! Actions: the next steps that a scorecard itself suggests, the most telling first.
//!
//! Reads what stands in the way of every capability's next level (`next.open`), what would settle it
//! (`needs`, `gaps`) and orders it: what brings a limiting capability closer first, then by how much of the
//! way one step clears for its effort. Promises no level: whether a step really lifts one is for a new
//! scoring to say.

use std::collections::{BTreeMap, BTreeSet};

use highwater_score::{CapabilityScore, GapScore, IndicatorScore, Need, Scorecard, State};

use serde::Serialize;

use crate::steps::{self, How};
use crate::words;

/// Kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Read evidence that is missing.
    Collect,
    /// Have a person state something.
    Attest,
    /// Change something in the tenant.
    Fix,
}

impl Kind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Collect => "Collect",
            Self::Attest => "State",
            Self::Fix => "Fix",
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its kind.
    pub kind: Kind,
    /// What to do, as an imperative.
    pub title: String,
    /// Why, in a sentence or two.
    pub detail: String,
    /// Indicators in the way that it settles or improves, by id.
    pub indicators: Vec<String>,
    /// Capabilities that it brings closer, as `Model title: capability title`, in the scorecard's order.
    pub brings: Vec<String>,
    /// Whether one of them limits its model.
    pub limiting: bool,
    /// Who usually does it.
    pub owner: String,
    /// How it is taken; empty where nothing is known of it.
    pub how: Vec<How>,
    /// Ids of the models that it serves.
    models: BTreeSet<String>,
    /// Part of the way cleared, for the effort.
    worth: f64,
}

/// An indicator that stands in the way of a next level.
struct Obstacle<'a> {
    indicator: &'a IndicatorScore,
    capability: &'a CapabilityScore,
    model: &'a str,
    brings: String,
    limiting: bool,
    /// Whether the level is out of reach until something is fixed.
    barred: bool,
    /// The level that it stands before.
    level: u16,
    /// How many stand before it.
    open: usize,
}

/// Every step towards the next level of each capability, the most telling first.
pub fn actions(scorecard: &Scorecard) -> Vec<Action> {
    let mut ahead = Vec::new();
    for model in &scorecard.models {
        for capability in &model.capabilities {
            if let Some(next) = &capability.next {
                ahead.push(Ahead {
                    model: model.id.clone(),
                    capability: capability.id.clone(),
                    level: next.level,
                    open: next.open.clone(),
                });
            }
        }
    }
    towards(scorecard, &ahead)
}

/// Every step that clears some of what stands before the levels, the most telling first.
pub(crate) fn towards(scorecard: &Scorecard, ahead: &[Ahead]) -> Vec<Action> {
    let obstacles = obstacles(scorecard, ahead);
    let mut found = collecting(scorecard, &obstacles);
    found.extend(finding_out(scorecard, &obstacles));
    found.extend(stating(&obstacles));
    found.extend(fixing(&obstacles));
    found.sort_by(|a, b| {
        let first = b.limiting.cmp(&a.limiting);
        first
            .then(b.worth.total_cmp(&a.worth))
            .then(a.kind.cmp(&b.kind))
            .then(a.title.cmp(&b.title))
    });
    found
}

/// A level that is aimed at, and the indicators that stand before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ahead {
    pub(crate) model: String,
    pub(crate) capability: String,
    pub(crate) level: u16,
    pub(crate) open: Vec<String>,
}

/// The best few steps; not all of them for one model while another has steps too.
pub fn best(scorecard: &Scorecard, most: usize) -> Vec<Action> {
    let mut rest = actions(scorecard);
    let mut chosen: Vec<Action> = Vec::new();
    while chosen.len() < most && !rest.is_empty() {
        let neglected = scorecard.models.iter().map(|model| &model.id).find(|model| {
            chosen.len() + 1 == most
                && chosen.iter().all(|action| !action.models.contains(*model))
                && rest.iter().any(|action| action.models.contains(*model))
        });
        let at = neglected
            .and_then(|model| rest.iter().position(|action| action.models.contains(model)))
            .unwrap_or(0);
        chosen.push(rest.remove(at));
    }
    chosen
}

fn obstacles<'a>(scorecard: &'a Scorecard, ahead: &[Ahead]) -> Vec<Obstacle<'a>> {
    let mut found = Vec::new();
    for model in &scorecard.models {
        let several = scorecard.models.len() > 1;
        for capability in &model.capabilities {
            let aimed =
                ahead.iter().find(|it| it.model == model.id && it.capability == capability.id);
            let Some(aimed) = aimed else { continue };
            let brings = if several {
                format!("{}: {}", short_title(&model.title), capability.title)
            } else {
                capability.title.clone()
            };
            for indicator in capability.indicators.iter().filter(|it| aimed.open.contains(&it.id)) {
                found.push(Obstacle {
                    indicator,
                    capability,
                    model: &model.id,
                    brings: brings.clone(),
                    limiting: model.limited_by.contains(&capability.id),
                    barred: capability.level.possible < aimed.level,
                    level: aimed.level,
                    open: aimed.open.len(),
                });
            }
        }
    }
    found
}

/// `Power Platform automation maturity model` as `Automation`.
pub(crate) fn short_title(title: &str) -> String {
    let core = title.trim_start_matches("Power Platform ").trim_end_matches(" maturity model");
    let mut chars = core.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl Obstacle<'_> {
    /// The part of the way to the next level that it stands for.
    fn part(&self) -> f64 {
        1.0 / f64::from(u32::try_from(self.open.max(1)).unwrap_or(u32::MAX))
    }

    fn needs(&self, wanted: impl Fn(&Need) -> bool) -> bool {
        self.indicator.needs.iter().any(wanted)
    }
}

/// Builds a step from the obstacles that it clears.
fn action(
    kind: Kind,
    (title, detail, how): (String, String, Vec<How>),
    effort: f64,
    cleared: &[&Obstacle<'_>],
) -> Action {
    let gain: f64 = cleared
        .iter()
        // What cannot lift the level before something else is fixed comes after that.
        .map(|it| it.part() * if it.barred && kind != Kind::Fix { 0.5 } else { 1.0 })
        .sum();
    let owners: BTreeSet<&str> = cleared.iter().map(|it| it.indicator.owner.as_str()).collect();
    Action {
        kind,
        title,
        detail,
        indicators: cleared.iter().map(|it| it.indicator.id.clone()).collect(),
        brings: brings(cleared),
        limiting: cleared.iter().any(|it| it.limiting),
        owner: owners.into_iter().collect::<Vec<_>>().join(", "),
        how,
        models: cleared.iter().map(|it| it.model.to_owned()).collect(),
        worth: gain / effort,
    }
}

/// What comes closer, and how much of what stands before it is cleared, such as `Automation: Empower (1 of
/// 3 for level 400)`.
fn brings(cleared: &[&Obstacle<'_>]) -> Vec<String> {
    let mut counts: Vec<(&Obstacle<'_>, usize)> = Vec::new();
    for obstacle in cleared {
        match counts.iter_mut().find(|(known, _)| known.brings == obstacle.brings) {
            Some((_, count)) => *count += 1,
            None => counts.push((obstacle, 1)),
        }
    }
    let words = counts.into_iter().map(|(obstacle, count)| {
        let Obstacle { brings, level, open, .. } = obstacle;
        format!("{brings} ({count} of {open} for level {level})")
    });
    words.collect()
}

/// One step a grant, or a source that has to be read again.
fn collecting(scorecard: &Scorecard, obstacles: &[Obstacle<'_>]) -> Vec<Action> {
    let mut groups: BTreeMap<(bool, String), Vec<&GapScore>> = BTreeMap::new();
    for gap in &scorecard.gaps {
        let refused = matches!(gap.status.as_str(), "denied" | "none");
        let key = match &gap.grant {
            Some(grant) if refused => (true, grant.clone()),
            _ => (false, gap.reason.clone()),
        };
        groups.entry(key).or_default().push(gap);
    }
    let steps = groups.into_iter().filter_map(|((grant, words), gaps)| {
        let unlocks: BTreeSet<&str> =
            gaps.iter().flat_map(|gap| &gap.unlocks).map(String::as_str).collect();
        let cleared: Vec<&Obstacle<'_>> = obstacles
            .iter()
            .filter(|it| unlocks.contains(it.indicator.id.as_str()))
            .filter(|it| it.needs(|need| matches!(need, Need::Collect { .. })))
            .collect();
        if cleared.is_empty() {
            return None;
        }
        let sources: Vec<&str> = gaps.iter().map(|gap| gap.source.as_str()).collect();
        let listed = few(&sources);
        let never = gaps.iter().all(|gap| gap.status == "none");
        let title = match (grant, never) {
            (true, _) => format!("Grant {}", words::sentence(&words)),
            (false, true) => format!("Read {listed}"),
            (false, false) => format!("Read again: {listed}"),
        };
        let why = if grant { format!("Reads {listed}.") } else { told(&words) };
        let unlocked = words::counted(unlocks.len(), "open indicator");
        let detail = format!(
            "{why} {unlocked} read it, {} of them in the way of a next level.",
            cleared.len()
        );
        let keys =
            gaps.iter().map(|gap| (gap.source.as_str(), gap.grant.as_deref().unwrap_or_default()));
        // What was refused has to be granted; what only failed has to be read again.
        let how = if grant { steps::collecting(keys) } else { Vec::new() };
        let mut step = action(Kind::Collect, (title, detail, how), 1.0, &cleared);
        step.owner = "Whoever runs the collection".to_owned();
        Some(step)
    });
    steps.collect()
}

/// One step a set of facts that nobody refused and that yet are not known: what was asked does not tell them.
fn finding_out(scorecard: &Scorecard, obstacles: &[Obstacle<'_>]) -> Vec<Action> {
    let promised: BTreeSet<&str> =
        scorecard.gaps.iter().flat_map(|gap| &gap.unlocks).map(String::as_str).collect();
    let mut groups: BTreeMap<&[String], Vec<&Obstacle<'_>>> = BTreeMap::new();
    for obstacle in obstacles {
        let told = obstacle.needs(|need| *need == Need::Attest);
        for need in obstacle.indicator.needs.iter().filter(|_| !told) {
            if let Need::Collect { facts, .. } = need
                && !promised.contains(obstacle.indicator.id.as_str())
            {
                groups.entry(facts).or_default().push(obstacle);
            }
        }
    }
    let about = |id: &String| {
        let fact = scorecard.facts.iter().find(|fact| fact.id == *id);
        fact.map(|fact| fact.about.trim_end_matches('.'))
            .filter(|about| !about.is_empty())
            .unwrap_or(id)
            .to_owned()
    };
    let steps = groups.into_iter().map(|(facts, cleared)| {
        let title = format!("Find out: {}", facts.iter().map(about).collect::<Vec<_>>().join("; "));
        let needs: BTreeSet<String> = cleared
            .iter()
            .flat_map(|it| &it.indicator.needs)
            .filter(|need| matches!(need, Need::Collect { .. }))
            .map(words::need)
            .collect();
        let needs: Vec<String> = needs.into_iter().collect();
        let detail = format!("{} What was read so far does not tell it.", needs.join(" "));
        let how = steps::telling(facts.iter().map(String::as_str));
        action(Kind::Collect, (title, detail, how), 1.0, &cleared)
    });
    steps.collect()
}

/// What happened, as a sentence.
fn told(reason: &str) -> String {
    let reason = words::sentence(reason);
    let mut chars = reason.trim_end_matches('.').chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

fn few(names: &[&str]) -> String {
    match names {
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            format!("{a}, {b}, {c} and {} more", rest.len())
        }
        _ => names.join(", "),
    }
}

/// One step a capability: the statements that its next level waits for.
fn stating(obstacles: &[Obstacle<'_>]) -> Vec<Action> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Obstacle<'_>>> = BTreeMap::new();
    for obstacle in obstacles.iter().filter(|it| it.needs(|need| *need == Need::Attest)) {
        let key = (obstacle.model, obstacle.capability.id.as_str());
        groups.entry(key).or_default().push(obstacle);
    }
    let steps = groups.into_values().map(|cleared| {
        let things = cleared.len();
        let titles: Vec<&str> = cleared.iter().map(|it| it.indicator.title.as_str()).collect();
        let title = match titles.as_slice() {
            [one] => format!("Say whether this holds: {one}"),
            _ => format!("Answer {things} questions about {}", cleared[0].capability.title),
        };
        let detail = match titles.as_slice() {
            [_] => "Only a person can say it; one statement with date and evidence settles it."
                .to_owned(),
            _ => format!("{}.", titles.join("; ")),
        };
        let things = u32::try_from(things).unwrap_or(u32::MAX);
        action(
            Kind::Attest,
            (title, detail, steps::stating()),
            0.5 + 0.5 * f64::from(things),
            &cleared,
        )
    });
    steps.collect()
}

/// One step an indicator that the evidence decides against, or that is met yet holds the mean down.
fn fixing(obstacles: &[Obstacle<'_>]) -> Vec<Action> {
    let steps = obstacles.iter().filter_map(|obstacle| {
        let indicator = obstacle.indicator;
        let short = matches!(indicator.state, State::NotMet | State::Partly | State::Holds);
        let weak = indicator.state == State::Met;
        let few = obstacle.needs(|need| matches!(need, Need::Sample { .. }))
            && !obstacle.needs(|need| *need == Need::Attest);
        if !(short || weak || few) {
            return None;
        }
        let standing = if weak {
            format!(
                "met at {}, yet below the mean of its level",
                words::percents(indicator.interval)
            )
        } else if few {
            indicator.needs.iter().map(words::need).collect::<Vec<_>>().join(" ")
        } else {
            format!(
                "{}, score {}",
                words::state(indicator.state),
                words::percents(indicator.interval)
            )
        };
        let title = indicator.remediation.trim_end_matches('.').to_owned();
        let detail = format!("{}: {standing}.", indicator.title.trim_end_matches('.'));
        let mut detail = detail.replace("..", ".");
        if obstacle.needs(|need| matches!(need, Need::Fix { statement: true, .. })) {
            detail.push_str(
                " A statement has to go with it: evidence and statement decide together.",
            );
        }
        let effort = if weak { 3.0 } else { 1.5 };
        let short = indicator.needs.iter().flat_map(|need| match need {
            Need::Fix { facts, .. } => facts.as_slice(),
            _ => &[],
        });
        let how = steps::fixing(short.map(String::as_str));
        Some(action(Kind::Fix, (title, detail, how), effort, &[obstacle]))
    });
    steps.collect()
}
