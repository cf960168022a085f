//! The first screen: both profiles at once, what limits them, what to do next.

use highwater_score::{
    CapabilityScore, Coverage, IndicatorScore, Levels, ModelScore, Scorecard, State,
};
use maud::{Markup, html};

use super::{anchor, bar, foreign, indicator_link};
use crate::actions::{Action, best, short_title};
use crate::dossier::Dossier;
use crate::words::{self, counted, percent};

/// Whose report it is and what it stands on.
pub(super) fn masthead(dossier: &Dossier) -> Markup {
    let scorecard = &dossier.scorecard;
    html! {
        header {
            p .product { "Highwater" }
            h1 {
                "Power Platform maturity of "
                @match &scorecard.tenant.name {
                    Some(name) => { (foreign(name)) }
                    None => { "tenant " span .guid { (foreign(&scorecard.tenant.id)) } }
                }
            }
            p .stand {
                @if scorecard.tenant.name.is_some() { "Tenant " (foreign(&scorecard.tenant.id)) ". " }
                "Read " (day(&scorecard.snapshot.taken_at.to_string()))
                ", judged as of " (day(&scorecard.evaluated_at)) "."
            }
        }
    }
}

/// A moment as people read it, with the exact one behind it.
pub(super) fn day(moment: &str) -> Markup {
    let shown = match (moment.get(..10), moment.get(11..16)) {
        (Some(day), Some(hour)) => format!("{day} {hour} UTC"),
        _ => words::name(moment),
    };
    html! { time datetime=(words::name(moment)) { (shown) } }
}

/// Models, next steps, and how much was decided.
pub(super) fn overview(dossier: &Dossier) -> Markup {
    let scorecard = &dossier.scorecard;
    html! {
        section #overview .executive aria-labelledby="overview-title" {
            h2 #overview-title .quiet { "Overview" }
            div .models { @for model in &scorecard.models { (profile(model)) } }
            (legend())
            div .below {
                (next_steps(scorecard))
                (standing(dossier))
            }
        }
    }
}

fn profile(model: &ModelScore) -> Markup {
    let id = anchor("model", &model.id);
    html! {
        section .model aria-labelledby=(id) {
            h3 id=(id) { (short_title(&model.title)) }
            p .verdict { (verdict(model)) }
            (heat_map(model))
            (coverage(&short_title(&model.title), model.coverage))
        }
    }
}

/// The level in one line, the number first.
fn verdict(model: &ModelScore) -> Markup {
    let level = model.level;
    html! {
        span .number { (level.proven) }
        span .range {
            strong {
                @if scale(model).first() == Some(&level.proven) { "the entry level" } @else { "proven" }
                @if let Some(name) = level_name(model, level.proven) { " (" (name) ")" } ". "
            }
            @if level.proven == level.possible {
                "No unknown can raise it; something has to change first. "
            } @else {
                @if level.estimate > level.proven { "Best guess " (level.estimate) "; at most " }
                @else { "At most " }
                (level.possible) " if every unknown turns out well. "
            }
            (limit(model))
            @if model.median.proven > level.proven { " The middle capability stands at " (model.median.proven) "." }
        }
    }
}

fn level_name(model: &ModelScore, level: u16) -> Option<&str> {
    let levels = model.capabilities.iter().flat_map(|capability| &capability.levels);
    levels.into_iter().find(|it| it.level == level).map(|it| it.name.as_str())
}

fn limit(model: &ModelScore) -> Markup {
    let limits: Vec<&CapabilityScore> =
        model.capabilities.iter().filter(|it| model.limited_by.contains(&it.id)).collect();
    html! {
        @match limits.len() {
            0 => { "No capability limits it." }
            some if some > 1 && some == model.capabilities.len() => { "All " (some) " capabilities stand at this level." }
            some if some > 3 => { "Limited by " (some) " of " (model.capabilities.len()) " capabilities." }
            _ => {
                "Limited by "
                @for (at, capability) in limits.iter().enumerate() {
                    @if at > 0 { ", " }
                    a href={ "#" (capability_anchor(model, capability)) } { (capability.title) }
                }
                "."
            }
        }
    }
}

/// The id of a capability's section.
pub(super) fn capability_anchor(model: &ModelScore, capability: &CapabilityScore) -> String {
    anchor("c", &format!("{}-{}", model.id, capability.id))
}

fn heat_map(model: &ModelScore) -> Markup {
    let scale = scale(model);
    html! {
        table .heat {
            caption .quiet { "What is proven, estimated and still possible, by capability and level" }
            thead {
                tr {
                    th scope="col" { "Capability" }
                    @for level in &scale { th .lv scope="col" { (level) } }
                    th .wide scope="col" { "Decided" }
                    th .wide scope="col" { "To settle" }
                }
            }
            tbody { @for capability in &model.capabilities { (heat_row(model, capability, &scale)) } }
            @if !model.out_of_scope.is_empty() {
                tbody {
                    @for left_out in &model.out_of_scope {
                        tr .left-out {
                            th scope="row" { (left_out.title) }
                            td colspan=(scale.len() + 2) { "Not judged: " bdi { (words::sentence(&left_out.reason)) } }
                        }
                    }
                }
            }
        }
    }
}

fn heat_row(model: &ModelScore, capability: &CapabilityScore, scale: &[u16]) -> Markup {
    let limits = model.limited_by.contains(&capability.id)
        && model.limited_by.len() < model.capabilities.len();
    let next = next_level(capability);
    let decided = percent(capability.coverage.decided);
    html! {
        tr .limits[limits] {
            th scope="row" {
                a href={ "#" (capability_anchor(model, capability)) } { (capability.title) }
                @if limits { " " span .tag { "limits" } }
                span .narrow { (decided) " decided" @if !next.is_empty() { ", " (next) " to settle" } }
            }
            @for level in scale { (cell(*level, scale, capability.level)) }
            td .wide .num { (decided) }
            td .wide .next { (next) }
        }
    }
}

fn next_level(capability: &CapabilityScore) -> String {
    capability
        .next
        .as_ref()
        .map_or_else(String::new, |next| format!("{} for {}", next.open.len(), next.level))
}

/// One cell: the sign, the pattern and the words all say the same.
fn cell(level: u16, scale: &[u16], of: Levels) -> Markup {
    let (class, words) = if scale.first() == Some(&level) {
        ("entry", "entry level, asks for nothing")
    } else if level <= of.telemetry {
        ("proven", "proven by evidence")
    } else if level <= of.proven {
        ("stated", "proven with statements")
    } else if level <= of.estimate {
        ("estimate", "estimated")
    } else if level <= of.possible {
        ("possible", "still possible")
    } else {
        ("out", "out of reach")
    };
    html! { td .lv { (swatch(class)) span .quiet { (words) } } }
}

fn swatch(class: &str) -> Markup {
    html! { span .cell .{ "k-" (class) } aria-hidden="true" { i {} } }
}

const LEGEND: [(&str, &str); 6] = [
    ("entry", "Entry level, asks for nothing"),
    ("proven", "Proven by evidence"),
    ("stated", "Proven with statements"),
    ("estimate", "Best guess, not proven"),
    ("possible", "Still possible"),
    ("out", "Out of reach as it is"),
];

fn legend() -> Markup {
    html! {
        ul .legend aria-label="Legend" {
            @for (class, words) in LEGEND { li { (swatch(class)) span { (words) } } }
        }
    }
}

fn coverage(title: &str, coverage: Coverage) -> Markup {
    let parts = [
        ("by-evidence", "evidence", coverage.telemetry),
        ("by-statement", "statements", coverage.attested),
        ("by-hint", "hinted", coverage.proxy),
        ("by-nothing", "open", coverage.open),
    ];
    // Rounded together, so that what stands on the page adds up.
    let shown = words::percent_parts(parts.map(|(_, _, share)| share));
    let told: Vec<String> = parts
        .iter()
        .zip(shown)
        .filter(|(_, shown)| *shown > 0)
        .map(|((_, words, _), shown)| format!("{shown} % {words}"))
        .collect();
    let words = format!("{} % decided: {}", shown[0] + shown[1], told.join(", "));
    let drawn: Vec<(&str, f64)> = parts.iter().map(|(class, _, share)| (*class, *share)).collect();
    html! {
        p .coverage { (bar(&drawn, &format!("{title}: {words}"))) span aria-hidden="true" { (words) } }
    }
}

/// Levels that the model rates, the entry level included.
fn scale(model: &ModelScore) -> Vec<u16> {
    let mut scale: Vec<u16> = model
        .capabilities
        .iter()
        .flat_map(|it| {
            it.levels.iter().map(|level| level.level).chain(it.indicators.iter().map(|i| i.level))
        })
        .collect();
    scale.sort_unstable();
    scale.dedup();
    scale
}

fn next_steps(scorecard: &Scorecard) -> Markup {
    let steps = best(scorecard, 3);
    html! {
        section .steps aria-labelledby="steps-title" {
            h3 #steps-title { "Three best next steps" }
            @if steps.is_empty() {
                p { "Nothing stands in the way of a next level." }
            }
            ol { @for step in &steps { (step_card(step)) } }
        }
    }
}

fn step_card(step: &Action) -> Markup {
    html! {
        li {
            p .step-title { span .tag { (step.kind.word()) } " " bdi { (words::sentence(&step.title)) } }
            p { bdi { (words::sentence(&step.detail)) } }
            p .small {
                (brings(&step.brings)) ". " (step.owner) ". "
                @for (at, id) in step.indicators.iter().take(4).enumerate() {
                    @if at > 0 { ", " } (indicator_link(id))
                }
                @if step.indicators.len() > 4 { " and " (step.indicators.len() - 4) " more" }
            }
        }
    }
}

fn brings(capabilities: &[String]) -> String {
    match capabilities {
        [a, b, rest @ ..] if rest.len() > 1 => format!("{a}, {b} and {} more", rest.len()),
        _ => capabilities.join(", "),
    }
}

/// How many indicators stand where, and what else to know before trusting the levels.
fn standing(dossier: &Dossier) -> Markup {
    let scorecard = &dossier.scorecard;
    let indicators: Vec<&IndicatorScore> = scorecard.indicators().collect();
    let count =
        |wanted: &[State]| indicators.iter().filter(|it| wanted.contains(&it.state)).count();
    let rows = [
        ("s-met", "met or overcome", count(&[State::Met, State::Refuted])),
        ("s-partly", "partly met", count(&[State::Partly])),
        ("s-against", "not met, or still holding", count(&[State::NotMet, State::Holds])),
        ("s-unknown", "unknown", count(&[State::Unknown])),
        ("s-na", "not applicable", count(&[State::NotApplicable])),
    ];
    html! {
        section .standing aria-labelledby="standing-title" {
            h3 #standing-title { (counted(indicators.len(), "indicator")) }
            dl .tally {
                @for (class, words, count) in rows {
                    div { dt { span .mark .(class) aria-hidden="true" {} (words) } dd { (count) } }
                }
            }
            (caveats(dossier))
        }
    }
}

fn caveats(dossier: &Dossier) -> Markup {
    let scorecard = &dossier.scorecard;
    let gaps = scorecard.gaps.iter().filter(|gap| !gap.unlocks.is_empty()).count();
    let expired = scorecard.attestations.iter().filter(|it| it.status == "expired").count();
    let contradictions = scorecard.contradictions.len();
    html! {
        ul .caveats {
            @if gaps > 0 {
                li { a href="#gaps" { (counted(gaps, "source")) } " not read in full, which leaves indicators open." }
            }
            @if contradictions > 0 {
                li { a href="#contradictions" { (counted(contradictions, "statement")) } " spoken against by evidence; the evidence counts." }
            }
            @if expired > 0 {
                li { a href="#statements" { (counted(expired, "statement")) } " expired and no longer counted." }
            }
            @if let Some(change) = &dossier.change {
                li { (super::change::in_short(change)) }
            }
        }
    }
}
