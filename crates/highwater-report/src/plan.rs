//! Plan: the fewest steps that would prove a level, in an order in which to take them.
//!
//! For every capability below the target it takes what stands in the way and leaves out, dearest first, what
//! the level algorithm can do without. The remaining set cannot be made smaller by leaving one out. Levels
//! are those of the one algorithm ([`levels_if`]); that a step succeeds is an assumption and is said to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use highwater_score::{
    Assumptions, CapabilityScore, IndicatorScore, Levels, Model, ModelScore, Need, Scorecard,
    State, in_the_way_if, levels_if,
};
use serde::Serialize;

use crate::actions::{Action, Ahead, Kind, short_title, towards};
use crate::effect::{Effect, best, effects};
use crate::steps::How;
use crate::text::{in_words, plain};
use crate::words::{SENTENCE, clean, counted};

/// A way to a level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Version of this shape, 1.
    pub format: u32,
    /// Model id.
    pub model: String,
    /// Model title.
    pub title: String,
    /// The level that is aimed at.
    pub target: u16,
    /// Levels now, assumptions included; the least of the capabilities that are planned for.
    pub now: Levels,
    /// Levels when every step has succeeded.
    pub then: Levels,
    /// What was assumed from the start, by indicator.
    pub assumed: Assumptions,
    /// The way of each capability that stands below the target.
    pub capabilities: Vec<Way>,
    /// The steps, in an order in which to take them.
    pub steps: Vec<Step>,
}

/// The way of one capability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    /// Capability id.
    pub capability: String,
    /// Title.
    pub title: String,
    /// Levels now, assumptions included.
    pub now: Levels,
    /// Levels when all of `needs` are settled well.
    pub then: Levels,
    /// Indicators that have to be settled well.
    pub needs: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Collect, attest or fix.
    pub kind: Kind,
    /// What to do.
    pub title: String,
    /// Why, and what is known.
    pub detail: String,
    /// Who usually does it.
    pub owner: String,
    /// How it is taken; empty where nothing is known of it.
    pub how: Vec<How>,
    /// Indicators that it settles.
    pub indicators: Vec<String>,
    /// What it moves by itself.
    pub alone: Vec<Effect>,
    /// The planned capabilities' least levels after this step and all before it, if they succeed.
    pub then: Levels,
}

/// Plans for one model, or one capability of it. Without a target, for the next level of the lowest.
///
/// # Errors
/// A sentence that says which name is unknown or why the target cannot be aimed at.
pub fn plan(
    models: &[Model],
    scorecard: &Scorecard,
    (model, capability): (&str, Option<&str>),
    target: Option<u16>,
    assumed: &Assumptions,
) -> Result<Plan, String> {
    let names = |ids: Vec<&str>| ids.join(", ");
    let rules = models.iter().find(|it| it.id == model);
    let score = scorecard.models.iter().find(|it| it.id == model);
    let (Some(rules), Some(score)) = (rules, score) else {
        let known = scorecard.models.iter().map(|it| it.id.as_str()).collect();
        return Err(format!("no model is called `{model}`: there are {}", names(known)));
    };
    let chosen: Vec<&CapabilityScore> = score
        .capabilities
        .iter()
        .filter(|it| capability.is_none_or(|wanted| wanted == it.id))
        .collect();
    if chosen.is_empty() {
        let known = score.capabilities.iter().map(|it| it.id.as_str()).collect();
        return Err(format!(
            "no capability of {model} is called `{}`: there are {}",
            capability.unwrap_or_default(),
            names(known)
        ));
    }
    let stray = assumed.keys().find(|id| !is_of(score, id));
    if let Some(stray) = stray {
        return Err(format!("{stray} is no indicator of {model}"));
    }
    let now = least(rules, &chosen, assumed);
    let scale: Vec<u16> = rules.levels.iter().map(|level| level.number).collect();
    let next = scale.iter().copied().find(|level| *level > now.proven);
    let target = target.or(next).or(scale.last().copied()).unwrap_or_default();
    if !scale.contains(&target) {
        let known: Vec<String> = scale.iter().map(u16::to_string).collect();
        return Err(format!("{target} is no level: there are {}", known.join(", ")));
    }
    let ways: Vec<Way> = chosen.iter().filter_map(|it| way(rules, it, target, assumed)).collect();
    let steps = steps(rules, scorecard, score, &chosen, (&ways, target), assumed);
    let then = steps.last().map_or(now, |step| step.then);
    Ok(Plan {
        format: 1,
        model: model.to_owned(),
        title: score.title.clone(),
        target,
        now,
        then,
        assumed: assumed.clone(),
        capabilities: ways,
        steps,
    })
}

fn is_of(model: &ModelScore, id: &str) -> bool {
    model.capabilities.iter().flat_map(|it| &it.indicators).any(|it| it.id == id)
}

/// The least levels of some capabilities, reading by reading.
fn least(model: &Model, capabilities: &[&CapabilityScore], assumed: &Assumptions) -> Levels {
    let levels: Vec<Levels> = capabilities.iter().map(|it| levels_if(model, it, assumed)).collect();
    Levels::each(|of| levels.iter().map(of).min().unwrap_or_default())
}

/// What one capability needs; nothing where it has the level already.
fn way(
    model: &Model,
    capability: &CapabilityScore,
    target: u16,
    assumed: &Assumptions,
) -> Option<Way> {
    let now = levels_if(model, capability, assumed);
    if now.proven >= target {
        return None;
    }
    let scale = model.levels.iter().map(|level| level.number).filter(|level| *level <= target);
    let blocking: BTreeSet<&str> =
        scale.flat_map(|level| in_the_way_if(model, capability, assumed, level)).collect();
    let mut candidates: Vec<&IndicatorScore> =
        capability.indicators.iter().filter(|it| blocking.contains(it.id.as_str())).collect();
    let mut settled = assumed.clone();
    settled.extend(candidates.iter().map(|it| (it.id.clone(), best(it))));
    let reach = levels_if(model, capability, &settled).proven.min(target);
    // Leave out what the level can do without: the dearest first, of equals the one that weighs least.
    candidates.sort_by(|a, b| {
        effort(b).cmp(&effort(a)).then(a.weight.cmp(&b.weight)).then(b.id.cmp(&a.id))
    });
    let mut needs: BTreeSet<String> = candidates.iter().map(|it| it.id.clone()).collect();
    for candidate in candidates {
        let mut without = settled.clone();
        without.remove(&candidate.id);
        if assumed.contains_key(&candidate.id) {
            continue;
        }
        if levels_if(model, capability, &without).proven >= reach {
            settled = without;
            needs.remove(&candidate.id);
        }
    }
    Some(Way {
        capability: capability.id.clone(),
        title: capability.title.clone(),
        now,
        then: levels_if(model, capability, &settled),
        needs: needs.into_iter().collect(),
    })
}

/// How dear it is to settle an indicator: a statement, a reading, a change, more subjects.
fn effort(indicator: &IndicatorScore) -> u8 {
    match (indicator.state, indicator.needs.first()) {
        (State::Unknown, Some(Need::Attest)) => 1,
        (State::Unknown, Some(Need::Collect { .. })) => 2,
        (_, Some(Need::Sample { .. })) => 4,
        _ => 3,
    }
}

/// Steps that cover what is needed, each with the levels that stand when it and all before it succeeded.
fn steps(
    model: &Model,
    scorecard: &Scorecard,
    score: &ModelScore,
    chosen: &[&CapabilityScore],
    (ways, target): (&[Way], u16),
    assumed: &Assumptions,
) -> Vec<Step> {
    let ahead: Vec<Ahead> = ways
        .iter()
        .map(|way| Ahead {
            model: score.id.clone(),
            capability: way.capability.clone(),
            level: target,
            open: way.needs.clone(),
        })
        .collect();
    let actions = ordered(towards(scorecard, &ahead));
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for id in actions.iter().flat_map(|action| &action.indicators) {
        *open.entry(id.clone()).or_insert(0) += 1;
    }
    let mut settled = assumed.clone();
    let mut steps = Vec::new();
    for action in actions {
        for id in &action.indicators {
            let left = open.entry(id.clone()).or_insert(1);
            *left = left.saturating_sub(1);
            if *left == 0
                && let Some(indicator) = scorecard.indicator(id)
            {
                settled.insert(id.clone(), best(indicator));
            }
        }
        let about = (action.kind, action.indicators.as_slice());
        let alone = effects(std::slice::from_ref(model), scorecard, about, assumed);
        steps.push(Step {
            alone: alone
                .into_iter()
                .filter(|it| ways.iter().any(|way| way.capability == it.capability))
                .collect(),
            how: action.how,
            kind: action.kind,
            title: action.title,
            detail: action.detail,
            owner: action.owner,
            indicators: action.indicators,
            then: least(model, chosen, &settled),
        });
    }
    steps
}

/// Where a statement alone would settle an indicator, no reading is asked for; a step without any indicator
/// left is none.
fn ordered(mut actions: Vec<Action>) -> Vec<Action> {
    let stated: BTreeSet<String> = actions
        .iter()
        .filter(|action| action.kind == Kind::Attest)
        .flat_map(|action| action.indicators.clone())
        .collect();
    for action in actions.iter_mut().filter(|action| action.kind == Kind::Collect) {
        action.indicators.retain(|id| !stated.contains(id));
    }
    actions.retain(|action| !action.indicators.is_empty());
    actions
}

/// The plan as text.
pub fn render_text(plan: &Plan) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} to level {}: {}",
        short_title(&plan.title),
        plan.target,
        in_words(plan.now)
    );
    for (id, score) in &plan.assumed {
        let _ = writeln!(out, "assumed: {id} = {score}");
    }
    if plan.capabilities.is_empty() {
        let _ = writeln!(out, "Nothing is left to do: level {} is proven.", plan.target);
        return out;
    }
    out.push('\n');
    for way in &plan.capabilities {
        let _ = writeln!(out, "  {}  {}", way.title, in_words(way.now));
        let short = if way.then.proven < plan.target {
            "  (nothing that the level asks for applies here)"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "    {} to settle: {}; then {} proven{short}",
            way.needs.len(),
            way.needs.join(", "),
            way.then.proven
        );
    }
    let _ = writeln!(out, "\n{}, if each succeeds:\n", counted(plan.steps.len(), "step"));
    let mut before = plan.now;
    for (at, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(out, "{:>3}. {}: {}", at + 1, step.kind.word(), plain(&step.title));
        let _ = writeln!(out, "     {}", clean(&step.detail, SENTENCE));
        for line in step.how.iter().flat_map(How::lines) {
            let _ = writeln!(out, "     - {line}");
        }
        for effect in &step.alone {
            let _ = writeln!(out, "     alone: {}", effect.words());
        }
        let _ = writeln!(out, "     {} ({})", step.indicators.join(", "), plain(&step.owner));
        if step.then != before {
            let _ = writeln!(out, "     \u{2192} {}", in_words(step.then));
        }
        before = step.then;
    }
    out
}
