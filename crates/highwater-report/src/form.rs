//! Form: the statements worth asking for, most valuable first, as a file to fill in.
//!
//! Every entry is commented out, so that the file holds no statement until a person makes one. Asks nothing
//! that evidence or a live statement has settled.

use std::fmt::Write as _;

use highwater_score::{Need, Scorecard, State};

use crate::actions::short_title;
use crate::findings::{Placed, placed};
use crate::words::{clean, sentence};

pub mod sheet;

/// The form. `most` bounds the number of questions; what is left out is counted.
pub fn render(scorecard: &Scorecard, most: usize) -> String {
    let questions = questions(scorecard);
    let mut out = String::from(
        "# Statements worth asking for now, the most telling first. To make one, take the `#` from its lines,\n\
         # fill in answer (not, partly, largely or fully), by and evidence, and check the file with\n\
         # `highwater attest check`. Without evidence an answer counts as largely at most.\n\
         format = 1\n",
    );
    let on = scorecard.evaluated_at.get(..10).unwrap_or("2026-01-01");
    for (at, question) in questions.iter().take(most).enumerate() {
        entry(&mut out, at + 1, question, on);
    }
    if questions.is_empty() {
        out.push_str("\n# Nothing: no open indicator waits for a statement.\n");
    } else if questions.len() > most {
        let _ =
            writeln!(out, "\n# {} more are open; --limit asks for more.", questions.len() - most);
    }
    out
}

/// Indicators that a statement would settle: before a limiting capability's next level first, then before
/// any next level, then the rest; within each by how few stand there, by level, weight and id.
fn questions(scorecard: &Scorecard) -> Vec<Placed<'_>> {
    let mut found: Vec<Placed<'_>> = placed(scorecard)
        .into_iter()
        .filter(|it| it.indicator.state == State::Unknown)
        .filter(|it| it.indicator.needs.contains(&Need::Attest))
        .collect();
    let open =
        |it: &Placed<'_>| it.capability.next.as_ref().map_or(usize::MAX, |next| next.open.len());
    found.sort_by(|a, b| {
        rank(a)
            .cmp(&rank(b))
            .then(open(a).cmp(&open(b)))
            .then(a.indicator.level.cmp(&b.indicator.level))
            .then(b.indicator.weight.cmp(&a.indicator.weight))
            .then(a.indicator.id.cmp(&b.indicator.id))
    });
    found
}

fn rank(it: &Placed<'_>) -> u8 {
    match (it.blocks(), it.model.limited_by.contains(&it.capability.id)) {
        (true, true) => 0,
        (true, false) => 1,
        (false, _) => 2,
    }
}

/// What an indicator stands in the way of, as the end of a sentence.
fn standing(it: &Placed<'_>) -> &'static str {
    match rank(it) {
        0 => ", in the way of a level that limits its model",
        1 => ", in the way of its next level",
        _ => "",
    }
}

fn entry(out: &mut String, number: usize, it: &Placed<'_>, on: &str) {
    let indicator = it.indicator;
    let standing = standing(it);
    let _ = writeln!(
        out,
        "\n# {number}. {}: {}, level {}{standing}",
        short_title(&it.model.title),
        it.capability.title,
        indicator.level
    );
    comment(out, "Is it so", &indicator.title);
    comment(out, "Why it is asked", &indicator.why);
    for reason in indicator.reasons.iter().take(3) {
        comment(out, "Seen", reason);
    }
    comment(out, "May mislead by", &indicator.risk);
    comment(out, "Usually known by", &indicator.owner);
    let _ = writeln!(
        out,
        "#[[attestation]]\n#indicators = [\"{}\"]\n#answer = \"\"\n#by = \"\"\n#on = {on}\n#evidence = [\"\"]",
        clean(&indicator.id, 60).replace(['\\', '"'], "")
    );
}

fn comment(out: &mut String, what: &str, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(out, "# {what}: {}", sentence(text));
    }
}
