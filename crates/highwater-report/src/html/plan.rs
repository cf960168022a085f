//! The action plan: every step towards the next level of each capability, how it is taken and what it moves.

use maud::{Markup, html};

use super::indicator_link;
use crate::actions::{Action, actions};
use crate::dossier::Dossier;
use crate::effect::{self, effects};
use crate::steps::How;
use crate::words::{self, counted};

/// Most steps that are shown; the rest is counted.
const STEPS: usize = 60;

/// The plan; nothing where nothing is left to do.
pub(super) fn section(dossier: &Dossier) -> Markup {
    let steps = actions(&dossier.scorecard);
    html! {
        @if !steps.is_empty() {
            section #plan aria-labelledby="plan-title" {
                h2 #plan-title { "Action plan" }
                p {
                    (counted(steps.len(), "step")) " towards the next level of each capability, the most telling first. "
                    "What a step moves is what the levels would be if it alone settled what it is about."
                }
                ol .plan {
                    @for step in steps.iter().take(STEPS) { li { (entry(dossier, step)) } }
                }
                @if steps.len() > STEPS { p { (counted(steps.len() - STEPS, "step")) " beyond these; `highwater plan` shows them." } }
            }
        }
    }
}

fn entry(dossier: &Dossier, step: &Action) -> Markup {
    html! {
        details .step {
            summary {
                span .tag { (step.kind.word()) } " " bdi { (words::sentence(&step.title)) }
                " " span .small { (words::sentence(&step.owner)) }
            }
            p { bdi { (words::sentence(&step.detail)) } }
            (hows(&step.how))
            (moves(dossier, step))
            p .small { @for (at, id) in step.indicators.iter().enumerate() { @if at > 0 { ", " } (indicator_link(id)) } }
        }
    }
}

/// How the step is taken.
fn hows(hows: &[How]) -> Markup {
    html! {
        @for how in hows {
            div .how {
                p { strong { (how.setting) } }
                @if !how.place.is_empty() {
                    p .place {
                        @for (at, place) in how.place.iter().enumerate() {
                            @if at > 0 { span aria-hidden="true" { " › " } span .quiet { ", then " } }
                            (place)
                        }
                    }
                }
                @if let Some((shell, command)) = &how.command {
                    p .small { (shell) ":" }
                    pre tabindex="0" { code { (command) } }
                }
                @if let Some(note) = &how.note { p .small { (note) } }
            }
        }
    }
}

fn moves(dossier: &Dossier, step: &Action) -> Markup {
    let about = (step.kind, step.indicators.as_slice());
    let found = effects(&dossier.models, &dossier.scorecard, about, &Default::default());
    html! {
        @if !dossier.models.is_empty() {
            @if found.is_empty() { p .small { (effect::NONE) } }
            @else { ul .moves { @for it in &found { li { (it.words()) } } } }
        }
    }
}
