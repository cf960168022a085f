//! Evidence beside the facts: gaps and what closes them, statements, contradictions, sources and their cost.

use highwater_score::{AttestationScore, GapScore, Scorecard};
use maud::{Markup, html};

use super::{foreign, indicator_link};
use crate::dossier::{Dossier, Reading};
use crate::words::{self, count, counted, sentence};

/// Most statements that are shown; the rest is counted.
const STATEMENTS: usize = 500;
/// Days before its expiry from which a statement is called due.
const SOON: &str = "expires within 60 days";

/// Gaps, statements, contradictions and sources.
pub(super) fn sections(dossier: &Dossier) -> Markup {
    let scorecard = &dossier.scorecard;
    html! {
        (gaps(scorecard))
        (statements(scorecard))
        (contradictions(scorecard))
        (sources(dossier))
    }
}

fn gaps(scorecard: &Scorecard) -> Markup {
    let mut sorted: Vec<&GapScore> = scorecard.gaps.iter().collect();
    sorted.sort_by(|a, b| b.unlocks.len().cmp(&a.unlocks.len()).then(a.source.cmp(&b.source)));
    html! {
        @if !sorted.is_empty() {
            section #gaps aria-labelledby="gaps-title" {
                h2 #gaps-title { "Gaps" }
                p { "What was not read, and what would close it. A gap is never evidence: it keeps answers open. Those that would tell most stand first." }
                div .scroll tabindex="0" role="region" aria-label="Table of gaps" {
                    table {
                        thead { tr {
                            th scope="col" { "Source" } th scope="col" { "What happened" }
                            th scope="col" { "Grant that closes it" } th scope="col" { "Open indicators that need it" }
                        } }
                        tbody { @for gap in sorted { (gap_row(gap)) } }
                    }
                }
            }
        }
    }
}

fn gap_row(gap: &GapScore) -> Markup {
    html! {
        tr {
            th scope="row" { code { (words::name(&gap.source)) } }
            td { span .tag .plain { (words::name(&gap.status)) } " " bdi { (sentence(&gap.reason)) } }
            td { @match &gap.grant { Some(grant) => { (foreign(grant)) } None => { span .small { "not known" } } } }
            td {
                @match gap.unlocks.len() {
                    0 => { span .small { "none" } }
                    1..=3 => { (ids(&gap.unlocks)) }
                    many => { details { summary { (many) } (ids(&gap.unlocks)) } }
                }
            }
        }
    }
}

fn ids(ids: &[String]) -> Markup {
    html! { @for (at, id) in ids.iter().enumerate() { @if at > 0 { ", " } (indicator_link(id)) } }
}

fn statements(scorecard: &Scorecard) -> Markup {
    let all = &scorecard.attestations;
    html! {
        @if !all.is_empty() {
            section #statements aria-labelledby="statements-title" {
                h2 #statements-title { "Statements" }
                p { "What people stated, and until when it counts. Statements fill what evidence leaves open; they never override it." }
                @for file in &scorecard.statement_files { p { (crate::text::signed(file)) } }
                div .scroll tabindex="0" role="region" aria-label="Table of statements" {
                    table {
                        thead { tr {
                            th scope="col" { "By" } th scope="col" { "Answer" } th scope="col" { "On" } th scope="col" { "Counts until" }
                            th scope="col" { "Indicators" } th scope="col" { "Evidence and remark" }
                        } }
                        tbody { @for statement in all.iter().take(STATEMENTS) { (statement_row(statement, scorecard)) } }
                    }
                }
                @if all.len() > STATEMENTS { p { (counted(all.len() - STATEMENTS, "statement")) " beyond these, not shown." } }
            }
        }
    }
}

fn statement_row(statement: &AttestationScore, scorecard: &Scorecard) -> Markup {
    let standing = match statement.status.as_str() {
        "live" if is_soon(&statement.expires, &scorecard.evaluated_at) => Some(SOON),
        "live" => None,
        "expired" => Some("expired"),
        "superseded" => Some("superseded"),
        "not_yet" => Some("made later"),
        _ => Some("does not count"),
    };
    html! {
        tr {
            th scope="row" { (foreign(&statement.by)) }
            td { (words::name(&statement.answer)) }
            td .date { (words::name(&statement.on)) }
            td .date { (words::name(&statement.expires)) @if let Some(standing) = standing { " " span .tag { (standing) } } }
            td { (ids(&statement.indicators)) }
            td {
                @for (at, link) in statement.evidence.iter().take(20).enumerate() { @if at > 0 { ", " } (evidence_link(link)) }
                @if statement.evidence.is_empty() { span .small { "no evidence named: counts as largely at most" } }
                @if let Some(note) = &statement.note { p .small { bdi { (sentence(note)) } } }
            }
        }
    }
}

/// A link only where it is one; anything else stays text.
fn evidence_link(link: &str) -> Markup {
    let is_link =
        (link.starts_with("https://") || link.starts_with("http://")) && link.len() < 2_000;
    html! {
        @if is_link { a href=(link) rel="noopener noreferrer" { (foreign(link)) } } @else { (foreign(link)) }
    }
}

/// Whether a day lies within 60 days of a moment. Both are written year first.
fn is_soon(expires: &str, moment: &str) -> bool {
    match (days(expires), days(moment)) {
        (Some(expires), Some(now)) => (0..=60).contains(&(expires - now)),
        _ => false,
    }
}

/// Days since the first of March of the year 0, of a date written `2026-11-01…`.
fn days(text: &str) -> Option<i64> {
    let mut parts = text.get(..10)?.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day)
}

fn contradictions(scorecard: &Scorecard) -> Markup {
    html! {
        @if !scorecard.contradictions.is_empty() {
            section #contradictions aria-labelledby="contradictions-title" {
                h2 #contradictions-title { "Contradictions" }
                p { "Where evidence speaks against a statement. The evidence counts; the statement needs another look." }
                ul { @for it in &scorecard.contradictions {
                    li { (indicator_link(&it.indicator)) ": " bdi { (sentence(&it.reason)) } }
                } }
            }
        }
    }
}

fn sources(dossier: &Dossier) -> Markup {
    let readings = &dossier.readings;
    let calls: u64 = readings.iter().map(|it| it.calls).sum();
    let records: u64 = readings.iter().map(|it| it.records).sum();
    html! {
        @if !readings.is_empty() {
            section #sources aria-labelledby="sources-title" {
                h2 #sources-title { "Sources" }
                p {
                    (counted(readings.len(), "source")) " gave " (count(records)) @if records == 1 { " record" } @else { " records" } ", for "
                    (super::overview::day(&dossier.scorecard.snapshot.taken_at.to_string())) ". "
                    @if calls > 0 { "The reading cost " (count(calls)) @if calls == 1 { " request." } @else { " requests." } }
                    @else { "They were imported from files, without a single request." }
                    @if let Some(kept) = &dossier.taken_over {
                        " Of " (count(kept.environments)) @if kept.environments == 1 { " environment" } @else { " environments" }
                        " no change was told: readings of an earlier run stand for them, the oldest of " (super::overview::day(&kept.oldest)) "."
                    }
                }
                details .group {
                    summary { "Every source" }
                    div .scroll tabindex="0" role="region" aria-label="Table of sources" {
                        table {
                            thead { tr {
                                th scope="col" { "Source" } th scope="col" { "Read" } th .num scope="col" { "Requests" }
                                th .num scope="col" { "Pages or files" } th .num scope="col" { "Records" } th scope="col" { "Missing" }
                            } }
                            tbody { @for reading in readings { (source_row(reading)) } }
                        }
                    }
                }
            }
        }
    }
}

fn source_row(reading: &Reading) -> Markup {
    html! {
        tr {
            th scope="row" { code { (words::name(&reading.source)) } }
            td { (words::name(&reading.status)) }
            td .num { (count(reading.calls)) }
            td .num { (count(reading.pages)) }
            td .num { (count(reading.records)) @if let Some(expected) = reading.expected { " of " (count(expected)) } }
            td { @if let Some(gap) = &reading.gap { bdi { (sentence(gap)) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_days_are_soon_across_a_year() {
        assert!(is_soon("2026-12-31", "2026-11-01T06:00:00Z"));
        assert!(is_soon("2027-01-10", "2026-12-01T06:00:00Z"));
        assert!(!is_soon("2027-01-01", "2026-11-01T06:00:00Z"));
        assert!(!is_soon("2026-10-31", "2026-11-01T06:00:00Z"));
        assert!(!is_soon("soon", "2026-11-01T06:00:00Z"));
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(!evidence_link("javascript:alert(1)").into_string().contains("href"));
        assert!(evidence_link("https://a.example/?a=\"b").into_string().contains("&quot;"));
    }
}
