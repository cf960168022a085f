//! Facts, each with the subjects behind it, as many as fit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use highwater_score::FactScore;
use maud::{Escaper, Markup, PreEscaped, html};

use super::{SUBJECT_BYTES, anchor, indicator_link};
use crate::dossier::{Dossier, Group, Hit, Subject};
use crate::words::{self, count, sentence};

/// Subjects of one answer that a report tries to show, most first.
const LIMITS: [usize; 8] = [200, 100, 50, 25, 10, 5, 2, 0];

/// Every fact.
pub(super) fn section(dossier: &Dossier) -> Markup {
    let facts = &dossier.scorecard.facts;
    let mut readers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for indicator in dossier.scorecard.indicators() {
        for fact in &indicator.facts {
            readers.entry(fact).or_default().push(&indicator.id);
        }
    }
    let lists = lists(dossier);
    html! {
        section #facts aria-labelledby="facts-title" {
            h2 #facts-title { "Facts" }
            p {
                "Each fact asks every subject one question. "
                @if dossier.subjects.is_some() {
                    "Who was counted stands below it; long lists are cut, and the count says of how many."
                } @else {
                    "This report was made from a scorecard alone, which holds counts and no subjects; made from the snapshot, it lists them."
                }
            }
            div #fact-tools .tools {}
            @for fact in facts {
                (one(fact, readers.get(fact.id.as_str()).map(Vec::as_slice).unwrap_or_default(), lists.get(fact.id.as_str())))
            }
        }
    }
}

fn one(fact: &FactScore, readers: &[&str], list: Option<&String>) -> Markup {
    html! {
        details .fact {
            summary {
                span .id { (words::name(&fact.id)) }
                span .title { (sentence(&fact.about)) }
                span .value { (words::value(fact)) }
            }
            div id=(anchor("f", &fact.id)) .body {
                dl .lines {
                    div { dt { "Kind" } dd { (fact.kind.as_deref().unwrap_or("not asked")) } }
                    div { dt { "Subjects" } dd { (count(fact.trues)) " yes, " (count(fact.falses)) " no, " (count(fact.unknowns)) " not told" } }
                    @if !fact.tables.is_empty() { div { dt { "Tables" } dd { (fact.tables.join(", ")) } } }
                    @if !fact.gaps.is_empty() {
                        div { dt { "Not read" } dd { ul { @for gap in fact.gaps.iter().take(20) { li { bdi { (sentence(gap)) } } } } } }
                    }
                    @if !readers.is_empty() {
                        div { dt { "Read by" } dd { @for (at, id) in readers.iter().enumerate() { @if at > 0 { ", " } (indicator_link(id)) } } }
                    }
                }
                @if let Some(list) = list { (PreEscaped(list)) }
            }
        }
    }
}

/// The lists of subjects of all facts, as long as they may be together.
fn lists(dossier: &Dossier) -> BTreeMap<&str, String> {
    let Some(subjects) = &dossier.subjects else { return BTreeMap::new() };
    let mut drawn = BTreeMap::new();
    for limit in LIMITS {
        drawn.clear();
        let mut spent = 0;
        for (fact, subjects) in subjects {
            let mut list = String::new();
            for (hit, word) in [(Hit::No, "No"), (Hit::Unknown, "Not told"), (Hit::Yes, "Yes")] {
                group(&mut list, fact, word, subjects.group(hit), limit);
            }
            spent += list.len();
            drawn.insert(fact.as_str(), list);
            if spent > SUBJECT_BYTES {
                break;
            }
        }
        if spent <= SUBJECT_BYTES {
            break;
        }
    }
    drawn
}

/// One answer's subjects. Written straight into the text: these rows are most of a large report.
fn group(list: &mut String, fact: &str, word: &str, group: &Group, limit: usize) {
    if group.count == 0 {
        return;
    }
    let shown = group.rows.len().min(limit);
    let head = html! {
        h3 {
            (word) ": " (count(group.count))
            @if u64::try_from(shown).is_ok_and(|shown| shown < group.count) {
                " " span .small { @if shown > 0 { (shown) " of them listed" } @else { "none of them listed" } }
            }
        }
    };
    list.push_str(&head.into_string());
    if shown == 0 {
        return;
    }
    let _ = write!(
        list,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{word}: subjects of {}\"><table class=\"subjects\"><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Id</th><th scope=\"col\">Records</th></tr></thead><tbody>",
        PlainText(fact)
    );
    for subject in group.rows.iter().take(limit) {
        row(list, subject);
    }
    list.push_str("</tbody></table></div>");
}

fn row(list: &mut String, subject: &Subject) {
    let label = if subject.label.is_empty() { &subject.id } else { &subject.label };
    let _ = write!(list, "<tr><td><bdi>{}</bdi></td><td><bdi>", PlainText(&words::name(label)));
    if subject.id != *label {
        let _ = write!(list, "{}", PlainText(&words::name(&subject.id)));
    }
    list.push_str("</bdi></td><td>");
    for (at, record) in subject.records.iter().take(3).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(list, "{comma}{}", PlainText(&words::name(record)));
    }
    list.push_str("</td></tr>");
}

/// Text that is escaped as it is written.
struct PlainText<'a>(&'a str);

impl std::fmt::Display for PlainText<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut escaped = String::with_capacity(self.0.len() + 8);
        Escaper::new(&mut escaped).write_str(self.0)?;
        out.write_str(&escaped)
    }
}
