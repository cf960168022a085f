//! What changed since an earlier scorecard.

use maud::{Markup, html};

use super::overview::day;
use super::{foreign, indicator_link};
use crate::diff::{Cause, Class, Diff, FactMove, IndicatorMove, LevelMove};
use crate::dossier::Dossier;
use crate::words::{self, counted};

/// The whole comparison; nothing where no earlier scorecard was given.
pub(super) fn section(dossier: &Dossier) -> Markup {
    let Some(change) = &dossier.change else { return html! {} };
    html! {
        section #changes .executive aria-labelledby="changes-title" {
            h2 #changes-title { "What changed since " (day(&change.old.evaluated_at)) }
            @for warning in &change.warnings { p .warning { strong { "Mind: " } (warning) } }
            @if change.indicators.is_empty() && change.levels.is_empty() {
                p { "No result moved." }
            } @else {
                p { (crate::diff::summary(change)) }
                (levels(&change.levels))
                @for class in Class::ALL { (of_class(change, class)) }
            }
            @if !change.sources.is_empty() { (sources(change)) }
        }
    }
}

/// The comparison in one sentence, with a link to the rest.
pub(super) fn in_short(change: &Diff) -> Markup {
    html! {
        a href="#changes" { "Since " (change.old.evaluated_at.get(..10).unwrap_or("then")) }
        ": " (crate::diff::summary(change))
    }
}

fn levels(moves: &[LevelMove]) -> Markup {
    html! {
        @if !moves.is_empty() {
            div .scroll tabindex="0" role="region" aria-label="Levels that moved" {
                table {
                    thead { tr { th scope="col" { "Level of" } th scope="col" { "Before" } th scope="col" { "Now" } th scope="col" { "Among the causes" } } }
                    tbody {
                        @for it in moves {
                            tr {
                                th scope="row" { (it.title) }
                                td { (crate::text::in_words(it.old)) }
                                td { (crate::text::in_words(it.new)) }
                                td { (it.because.iter().map(|class| class.words()).collect::<Vec<_>>().join(", ")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn of_class(change: &Diff, class: Class) -> Markup {
    let moves: Vec<&IndicatorMove> =
        change.indicators.iter().filter(|it| it.class == class).collect();
    let urgent = matches!(class, Class::Worse | Class::Expired | Class::LostSight);
    html! {
        @if !moves.is_empty() {
            details .group open[urgent] {
                summary { strong { (moves.len()) " " (class.words()) } }
                ul .moves { @for it in moves { li { (indicator_move(it)) } } }
            }
        }
    }
}

/// One indicator that moved, with its causes.
pub(super) fn indicator_move(it: &IndicatorMove) -> Markup {
    html! {
        (indicator_link(&it.id)) " " (it.title) ": "
        (crate::diff::result_words(it.old)) " \u{2192} " strong { (crate::diff::result_words(it.new)) }
        ul { @for cause in &it.causes { li { (cause_line(cause)) } } }
    }
}

/// A cause as a sentence.
pub(super) fn cause_line(cause: &Cause) -> Markup {
    html! {
        @match cause {
            Cause::Rule => { "The rule differs, or it was judged in one of the two only." }
            Cause::Attested { by, on, answer } => { "Stated " em { (answer) } " by " (foreign(by)) " on " (on) "." }
            Cause::Expired { by, on } => { "The statement of " (foreign(by)) " ran out on " (on) "." }
            Cause::Withdrawn { by } => { "The statement of " (foreign(by)) " is no longer there." }
            Cause::Lost(it) => { "Seen less well: " (fact_move(it, "Now: ")) }
            Cause::Regained(it) => { "Seen better: " (fact_move(it, "Before: ")) }
            Cause::Evidence(it) => { (fact_move(it, "")) }
            Cause::Follows { indicator } => { "Follows " (indicator_link(indicator)) "." }
            Cause::Unexplained => { "Nothing in the two scorecards explains it." }
        }
    }
}

fn fact_move(it: &FactMove, when: &str) -> Markup {
    html! {
        a href={ "#" (super::anchor("f", &it.fact)) } { (it.fact) } " "
        (it.old) " \u{2192} " (it.new) "."
        @for gap in it.gaps.iter().take(3) { " " (when) bdi { (words::sentence(gap)) } "." }
        @if let Some(moved) = &it.subjects {
            ul {
                @for (way, group) in &moved.groups {
                    li {
                        (words::count(group.count)) " " (way) ": "
                        @for (at, subject) in group.first.iter().enumerate() {
                            @if at > 0 { ", " } (foreign(&subject.label))
                        }
                        @let shown = u64::try_from(group.first.len()).unwrap_or(u64::MAX);
                        @if group.count > shown { " and " (words::count(group.count - shown)) " more" }
                    }
                }
            }
        }
    }
}

fn sources(change: &Diff) -> Markup {
    html! {
        details .group {
            summary { strong { (counted(change.sources.len(), "source")) " read differently" } }
            ul .moves {
                @for it in &change.sources { li { code { (words::name(&it.source)) } " " (it.old) " \u{2192} " (it.new) } }
            }
        }
    }
}
