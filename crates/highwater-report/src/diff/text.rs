//! A comparison as text for a terminal, a mail or a log.

use std::fmt::Write as _;

use super::{Cause, Class, Diff, FactMove, IndicatorMove, LevelMove, Moved, Result};
use crate::text::{in_words, plain};
use crate::words::{self, counted, percents};

/// The whole comparison; the most urgent class first.
pub fn render(diff: &Diff) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "Tenant {}\nfrom {} ({})\nto   {} ({})",
        plain(&diff.new.tenant),
        diff.old.evaluated_at,
        plain(&diff.old.snapshot),
        diff.new.evaluated_at,
        plain(&diff.new.snapshot)
    );
    for warning in &diff.warnings {
        let _ = writeln!(out, "mind: {warning}");
    }
    let _ = writeln!(out, "\n{}", summary(diff));
    if !diff.levels.is_empty() {
        out.push_str("\nlevels\n");
    }
    for it in &diff.levels {
        level(&mut out, it);
    }
    for class in Class::ALL {
        of_class(&mut out, diff, class);
    }
    if !diff.sources.is_empty() {
        let _ = writeln!(out, "\n{} read differently", counted(diff.sources.len(), "source"));
    }
    for it in &diff.sources {
        let _ = writeln!(out, "  {}: {} \u{2192} {}", plain(&it.source), it.old, it.new);
    }
    out
}

/// The news of a comparison, at most so many lines: levels that moved, then indicators whose state did, the most urgent
/// first. Names no subject.
pub fn headlines(diff: &Diff, most: usize) -> Vec<String> {
    let levels = diff.levels.iter().map(|it| {
        format!("{}: {} \u{2192} {}", plain(&it.title), in_words(it.old), in_words(it.new))
    });
    let turned = diff.indicators.iter().filter(|it| it.is_news()).map(|it| {
        let (old, new) = (result(it.old), result(it.new));
        format!("{}: {} {}: {old} \u{2192} {new}", it.class.words(), it.id, plain(&it.title))
    });
    let mut lines: Vec<String> = levels.chain(turned).collect();
    if lines.len() > most {
        let left = lines.len() - most + 1;
        lines.truncate(most - 1);
        lines.push(format!("and {left} more"));
    }
    lines
}

/// The comparison in one line.
pub fn summary(diff: &Diff) -> String {
    let parts: Vec<String> = Class::ALL
        .iter()
        .filter_map(|class| Some(format!("{} {}", diff.counts.get(class)?, class.words())))
        .collect();
    match (diff.levels.len(), parts.is_empty()) {
        (0, true) => "Nothing moved.".to_owned(),
        (0, false) => format!("{}; no level moved.", parts.join(", ")),
        (levels, true) => format!("{} moved.", counted(levels, "level")),
        (levels, false) => format!("{}; {} moved.", parts.join(", "), counted(levels, "level")),
    }
}

fn level(out: &mut String, it: &LevelMove) {
    let because: Vec<&str> = it.because.iter().map(|class| class.words()).collect();
    let _ = writeln!(out, "  {}", it.title);
    let _ = write!(out, "    {}  \u{2192}  {}", in_words(it.old), in_words(it.new));
    if !because.is_empty() {
        let _ = write!(out, "  ({})", because.join(", "));
    }
    out.push('\n');
}

fn of_class(out: &mut String, diff: &Diff, class: Class) {
    let moves: Vec<&IndicatorMove> =
        diff.indicators.iter().filter(|it| it.class == class).collect();
    if moves.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{} ({})", class.words(), moves.len());
    for it in moves {
        let _ = writeln!(out, "  {}  {}", it.id, it.title);
        let _ = writeln!(out, "    {}  \u{2192}  {}", result(it.old), result(it.new));
        for cause in &it.causes {
            let _ = writeln!(out, "    - {}", cause_words(cause));
            if let Some(Moved { groups }) = cause.fact().and_then(|it| it.subjects.as_ref()) {
                for (way, group) in groups {
                    let names: Vec<String> =
                        group.first.iter().take(5).map(|it| plain(&it.label)).collect();
                    let more = group.count.saturating_sub(5);
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    let _ =
                        writeln!(out, "        {} {way}: {}{more}", group.count, names.join(", "));
                }
            }
        }
    }
}

/// A result in words; the score only where the state does not already say it.
pub(crate) fn result(result: Option<Result>) -> String {
    let Some(Result { state, interval }) = result else { return "not judged".to_owned() };
    let said = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]].contains(&interval);
    if said {
        words::state(state).to_owned()
    } else {
        format!("{} ({})", words::state(state), percents(interval))
    }
}

pub(crate) fn cause_words(cause: &Cause) -> String {
    match cause {
        Cause::Rule => "the rule differs, or it was judged in one of the two only".to_owned(),
        Cause::Attested { by, on, answer } => format!("stated {answer} by {} on {on}", plain(by)),
        Cause::Expired { by, on } => format!("the statement of {} ran out on {on}", plain(by)),
        Cause::Withdrawn { by } => format!("the statement of {} is no longer there", plain(by)),
        Cause::Lost(it) => format!("seen less well: {}", fact_words(it, "now ")),
        Cause::Regained(it) => format!("seen better: {}", fact_words(it, "before, ")),
        Cause::Evidence(it) => fact_words(it, ""),
        Cause::Follows { indicator } => format!("follows {indicator}"),
        Cause::Unexplained => "nothing in the two scorecards explains it".to_owned(),
    }
}

fn fact_words(it: &FactMove, when: &str) -> String {
    let counts: Vec<String> = ["yes", "no", "not told"]
        .into_iter()
        .zip(it.old_counts.iter().zip(&it.new_counts))
        .filter(|(_, (old, new))| old != new)
        .map(|(word, (old, new))| format!("{word} {old} \u{2192} {new}"))
        .collect();
    let counts =
        if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    let gaps: String =
        it.gaps.iter().take(3).map(|gap| format!("; {when}{}", plain(gap))).collect();
    format!("{} {} \u{2192} {}{counts}{gaps}", it.fact, it.old, it.new)
}
