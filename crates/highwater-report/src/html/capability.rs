//! Capabilities, their levels and their indicators, each with rule, reasons, facts and next step.

use std::collections::BTreeMap;

use highwater_score::{
    AttestationScore, CapabilityScore, FactScore, GapScore, IndicatorScore, LevelScore, ModelScore,
    Need, Source, State,
};
use maud::{Markup, html};

use super::overview::capability_anchor;
use super::{anchor, foreign};
use crate::actions::short_title;
use crate::diff::IndicatorMove;
use crate::dossier::{Dossier, Hit};
use crate::words::{self, count, percent, sentence};

/// What an indicator's lines are looked up in.
struct Desk<'a> {
    dossier: &'a Dossier,
    facts: BTreeMap<&'a str, &'a FactScore>,
    moves: BTreeMap<&'a str, &'a IndicatorMove>,
    statements: BTreeMap<&'a str, Vec<&'a AttestationScore>>,
}

/// Every capability of every model.
pub(super) fn sections(dossier: &Dossier) -> Markup {
    let scorecard = &dossier.scorecard;
    let mut statements: BTreeMap<&str, Vec<&AttestationScore>> = BTreeMap::new();
    for statement in &scorecard.attestations {
        for id in &statement.indicators {
            statements.entry(id).or_default().push(statement);
        }
    }
    let moves = dossier.change.iter().flat_map(|change| &change.indicators);
    let desk = Desk {
        dossier,
        facts: scorecard.facts.iter().map(|fact| (fact.id.as_str(), fact)).collect(),
        moves: moves.map(|it| (it.id.as_str(), it)).collect(),
        statements,
    };
    html! {
        section #capabilities aria-labelledby="capabilities-title" {
            h2 #capabilities-title { "Capabilities" }
            div #indicator-tools .tools {}
            @for model in &scorecard.models {
                h3 .model-title { (short_title(&model.title)) }
                @for capability in &model.capabilities { (desk.capability(model, capability)) }
            }
        }
    }
}

impl Desk<'_> {
    fn capability(&self, model: &ModelScore, capability: &CapabilityScore) -> Markup {
        let id = capability_anchor(model, capability);
        let open = capability.next.iter().flat_map(|next| &next.open).cloned().collect::<Vec<_>>();
        html! {
            details .capability {
                summary {
                    h4 { (capability.title) }
                    span .levels { (crate::text::in_words(capability.level)) }
                    span .small { (percent(capability.coverage.decided)) " decided" }
                }
                div id=(id) .body {
                    @if let Some(next) = &capability.next {
                        p .ahead {
                            "For level " (next.level) ", "
                            @if open.is_empty() { "its mean has to rise." } @else {
                                (words::counted(open.len(), "indicator")) " to settle: "
                                @for (at, id) in open.iter().enumerate() {
                                    @if at > 0 { ", " } (super::indicator_link(id))
                                }
                                ". " (percent(capability.progress)) " of the way is done."
                            }
                        }
                    } @else { p .ahead { "Nothing is missing for a next level." } }
                    @for level in &capability.levels { (self.level(capability, level, &open)) }
                    (self.unlisted(capability, &open))
                }
            }
        }
    }

    fn level(&self, capability: &CapabilityScore, level: &LevelScore, open: &[String]) -> Markup {
        let own: Vec<&IndicatorScore> =
            capability.indicators.iter().filter(|it| it.level == level.level).collect();
        let standing = match level.requirements {
            State::Met => "its requirements hold",
            State::Unknown => "its requirements are open",
            _ => "its requirements do not hold",
        };
        html! {
            section .level {
                h5 { (level.level) " " (level.name) ": " span .small { (standing) } }
                @if !level.goal.is_empty() { p .goal { (level.goal) } }
                @for indicator in own { (self.indicator(indicator, open)) }
            }
        }
    }

    /// Indicators of levels that the capability does not describe; a scorecard of other making may have some.
    fn unlisted(&self, capability: &CapabilityScore, open: &[String]) -> Markup {
        let known = |level: u16| capability.levels.iter().any(|it| it.level == level);
        html! {
            @for indicator in capability.indicators.iter().filter(|it| !known(it.level)) {
                (self.indicator(indicator, open))
            }
        }
    }

    fn indicator(&self, indicator: &IndicatorScore, open: &[String]) -> Markup {
        let class = state_class(indicator.state);
        let blocks = open.contains(&indicator.id);
        let role = words::role(indicator.role);
        html! {
            details .indicator data-state=(class) data-way[blocks] {
                summary {
                    span .state .(class) { span .mark .(class) aria-hidden="true" {} (words::state(indicator.state)) }
                    span .id { (words::name(&indicator.id)) }
                    span .title { (indicator.title) }
                    @if blocks { span .tag { "in the way" } }
                    @if indicator.role != highwater_score::Role::Core { span .tag .plain { (role) } }
                    @if matches!(indicator.source, Source::Attested | Source::Substituted) { span .tag .plain { "stated" } }
                }
                div id=(anchor("i", &indicator.id)) .body { (self.body(indicator, blocks)) }
            }
        }
    }

    fn body(&self, indicator: &IndicatorScore, blocks: bool) -> Markup {
        html! {
            (self.ahead(indicator, blocks))
            dl .lines {
                (line("Result", html! {
                    (words::score(indicator))
                    @if indicator.state != State::NotApplicable {
                        "; from " (words::source(indicator.source)) ", confidence " (percent(indicator.confidence))
                    }
                }))
                (line("Rule", html! { (rule(&sentence(&indicator.rule))) }))
                @if let Some(from) = indicator.blocks_from {
                    (line("Blocks", html! { "level " (from) " and above, as long as it holds" }))
                }
                @if !indicator.reasons.is_empty() {
                    (line("Because", html! { ul { @for reason in &indicator.reasons { li { bdi { (sentence(reason)) } } } } }))
                }
                @if let Some(it) = self.moves.get(indicator.id.as_str()) {
                    (line("Since last time", html! { (it.class.words()) ul { @for cause in &it.causes { li { (super::change::cause_line(cause)) } } } }))
                }
                @for statement in self.statements.get(indicator.id.as_str()).into_iter().flatten() {
                    (line("Stated", html! {
                        em { (statement.answer) } " by " (foreign(&statement.by)) " on " (statement.on)
                        ", counts until " (statement.expires) " (" (statement.status.replace('_', " ")) ")"
                    }))
                }
                @if !indicator.why.is_empty() { (line("Why this rule", html! { (sentence(&indicator.why)) })) }
                @if !indicator.risk.is_empty() { (line("May mislead by", html! { (sentence(&indicator.risk)) })) }
                @if indicator.link.starts_with("https://") {
                    (line("Published", html! { a href=(indicator.link) rel="noopener noreferrer" { "the model's own page" } }))
                }
            }
            (self.facts(indicator))
        }
    }

    /// What to do, first of all.
    fn ahead(&self, indicator: &IndicatorScore, blocks: bool) -> Markup {
        let done = words::is_done(indicator.state);
        if done && !blocks {
            return html! {};
        }
        let open = indicator.state == State::Unknown;
        html! {
            div .todo {
                @if done { p { "Met, yet too low for the mean that its level asks for." } }
                @for need in &indicator.needs { p { strong { (need_title(need)) } (need_words(need)) } }
                p {
                    strong { @if open { "If it falls short: " } @else { "To improve it: " } }
                    (indicator.remediation) " "
                    span .small { "Usually " (indicator.owner) "." }
                }
                @if !done { (self.unread(indicator)) }
            }
        }
    }

    /// Sources that were not read in full and that would tell it.
    fn unread(&self, indicator: &IndicatorScore) -> Markup {
        let gaps = &self.dossier.scorecard.gaps;
        let gaps: Vec<&GapScore> =
            gaps.iter().filter(|gap| gap.unlocks.contains(&indicator.id)).collect();
        html! {
            @for gap in gaps.iter().take(5) {
                p {
                    strong { "Not read: " }
                    code { (words::name(&gap.source)) } " (" (words::name(&gap.status)) ")"
                    @if let Some(grant) = &gap.grant { "; grant " (foreign(grant)) }
                    "."
                }
            }
            @if gaps.len() > 5 {
                p { "And " (words::counted(gaps.len() - 5, "unread source")) " more, see " a href="#gaps" { "gaps" } "." }
            }
        }
    }

    fn facts(&self, indicator: &IndicatorScore) -> Markup {
        let known: Vec<&FactScore> =
            indicator.facts.iter().filter_map(|id| self.facts.get(id.as_str()).copied()).collect();
        let against = self.dossier.against.get(&indicator.id);
        html! {
            @if !known.is_empty() {
                div .scroll tabindex="0" role="region" aria-label={ "Facts of " (words::name(&indicator.id)) } {
                    table .facts {
                        thead { tr {
                            th scope="col" { "Fact" } th scope="col" { "Value" }
                            th .num scope="col" { "Yes" } th .num scope="col" { "No" } th .num scope="col" { "Not told" }
                        } }
                        tbody {
                            @for fact in known {
                                @let bad = against.and_then(|it| it.get(&fact.id)).copied();
                                tr {
                                    th scope="row" {
                                        a href={ "#" (anchor("f", &fact.id)) } { (fact.id) }
                                        @if !fact.about.is_empty() { span .about { (sentence(&fact.about)) } }
                                    }
                                    td { (words::value(fact)) }
                                    (tally(fact.trues, bad == Some(Hit::Yes)))
                                    (tally(fact.falses, bad == Some(Hit::No)))
                                    (tally(fact.unknowns, false))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

const fn need_title(need: &Need) -> &'static str {
    match need {
        Need::Fix { .. } => "Falls short: ",
        _ => "To settle it: ",
    }
}

fn need_words(need: &Need) -> String {
    match need {
        Need::Fix { facts, statement: false } => format!("{}.", facts.join(", ")),
        Need::Fix { facts, statement: true } => {
            format!("{}; a statement has to go with it.", facts.join(", "))
        }
        other => words::need(other),
    }
}

/// A rule in words as a list, one line a term, as its brackets nest.
fn rule(words: &str) -> Markup {
    let inner = words.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(words);
    let heading = ["all of: ", "one of: ", "on average: "]
        .into_iter()
        .find_map(|heading| Some((heading, inner.strip_prefix(heading)?)));
    html! {
        @match heading {
            Some((heading, rest)) => {
                (heading.trim_end_matches(": "))
                ul { @for term in terms(rest) { li { (rule(term)) } } }
            }
            None => (words),
        }
    }
}

/// The terms of a rule: what stands between semicolons outside all brackets.
fn terms(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_u32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[start..].trim());
    found
}

fn tally(value: u64, against: bool) -> Markup {
    let against = against && value > 0;
    html! { td .num { (count(value)) @if against { span .against { "against" } } } }
}

fn line(term: &str, words: Markup) -> Markup {
    html! { div { dt { (term) } dd { (words) } } }
}

/// The class of a state: met and overcome look alike, and so do not met and still holding.
pub(super) const fn state_class(state: State) -> &'static str {
    match state {
        State::Met | State::Refuted => "s-met",
        State::Partly => "s-partly",
        State::NotMet | State::Holds => "s-against",
        State::Unknown => "s-unknown",
        State::NotApplicable => "s-na",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_nests_as_its_brackets_do() {
        let words = "all of: a is at least 1; (one of: b rises from 0 to 1; a statement says so)";
        let list = rule(words).into_string();
        assert_eq!(
            list,
            "all of<ul><li>a is at least 1</li><li>one of<ul><li>b rises from 0 to 1</li><li>a statement says so</li></ul></li></ul>"
        );
        assert_eq!(
            rule("x (y) is at least 2; <z>").into_string(),
            "x (y) is at least 2; &lt;z&gt;"
        );
    }
}
