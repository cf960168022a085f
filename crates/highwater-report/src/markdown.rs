//! Markdown: the result on one page, for a wiki or as a comment on a change.
//!
//! Stays below the 65,536 characters that a comment may have. Text from the tenant is escaped, notifies
//! nobody and makes no links.

use std::fmt::Write as _;

use highwater_score::{CapabilityScore, GapScore, ModelScore, State};

use crate::actions::{best, short_title};
use crate::diff::{self, Class, Diff};
use crate::dossier::Dossier;
use crate::findings::{Placed, placed};
use crate::words::{self, percent};

/// Rows of a long list that are shown; the rest is counted.
const ROWS: usize = 40;

/// The page.
pub fn render(dossier: &Dossier) -> String {
    let scorecard = &dossier.scorecard;
    let mut out = String::new();
    let tenant = scorecard.tenant.name.as_deref().unwrap_or(&scorecard.tenant.id);
    let _ = writeln!(out, "# Power Platform maturity of {}\n", escape(tenant));
    let _ = writeln!(
        out,
        "Read {}, judged as of {}.",
        scorecard.snapshot.taken_at, scorecard.evaluated_at
    );
    for file in &scorecard.statement_files {
        let _ = writeln!(out, "{}", escape(&crate::text::signed(file)));
    }
    for model in &scorecard.models {
        profile(&mut out, model);
    }
    out.push_str(
        "\n● proven by evidence · ◉ proven with statements · ◐ best guess · ○ still possible · – out of reach · ▪ entry level, asks for nothing\n",
    );
    steps(&mut out, dossier);
    if let Some(change) = &dossier.change {
        changes(&mut out, change);
    }
    in_the_way(&mut out, dossier);
    gaps(&mut out, dossier);
    contradictions(&mut out, dossier);
    out
}

fn profile(out: &mut String, model: &ModelScore) {
    let _ = writeln!(
        out,
        "\n## {}: {}\n",
        short_title(&model.title),
        crate::text::in_words(model.level)
    );
    let scale = model.capabilities.first().map(|it| &it.levels);
    let scale: Vec<u16> = scale.into_iter().flatten().map(|level| level.level).collect();
    let heads: Vec<String> = scale.iter().map(u16::to_string).collect();
    let _ = writeln!(out, "| Capability | {} | Decided | To settle |", heads.join(" | "));
    let _ = writeln!(out, "|---|{}---:|---|", ":-:|".repeat(scale.len()));
    for capability in &model.capabilities {
        row(out, model, capability, &scale);
    }
    for left_out in &model.out_of_scope {
        let _ = writeln!(
            out,
            "\n{} is not judged: {}",
            escape(&left_out.title),
            escape(&left_out.reason)
        );
    }
}

fn row(out: &mut String, model: &ModelScore, capability: &CapabilityScore, scale: &[u16]) {
    let of = capability.level;
    let cells: Vec<&str> = scale
        .iter()
        .map(|level| match *level {
            entry if Some(&entry) == scale.first() => "▪",
            level if level <= of.telemetry => "●",
            level if level <= of.proven => "◉",
            level if level <= of.estimate => "◐",
            level if level <= of.possible => "○",
            _ => "–",
        })
        .collect();
    let limits = model.limited_by.len() < model.capabilities.len()
        && model.limited_by.contains(&capability.id);
    let title = escape(&capability.title);
    let title = if limits { format!("**{title}** (limits)") } else { title };
    let next = capability
        .next
        .as_ref()
        .map_or_else(String::new, |next| format!("{} for {}", next.open.len(), next.level));
    let decided = percent(capability.coverage.decided);
    let _ = writeln!(out, "| {title} | {} | {decided} | {next} |", cells.join(" | "));
}

fn steps(out: &mut String, dossier: &Dossier) {
    let steps = best(&dossier.scorecard, 3);
    if steps.is_empty() {
        return;
    }
    out.push_str("\n## Best next steps\n\n");
    for (at, step) in steps.iter().enumerate() {
        let _ = writeln!(
            out,
            "{}. **{}: {}.** {} For {}.",
            at + 1,
            step.kind.word(),
            escape(&step.title),
            escape(&step.detail),
            escape(&step.brings.join(", "))
        );
        for how in &step.how {
            let _ = writeln!(out, "   - {}", escape(&how.setting));
            if let Some(path) = how.path() {
                let _ = writeln!(out, "     in {}", escape(&path));
            }
            if let Some((shell, command)) = &how.command {
                let _ = writeln!(out, "     {shell}: ``{}``", command.replace('`', "'"));
            }
        }
    }
}

fn changes(out: &mut String, change: &Diff) {
    let _ = writeln!(out, "\n## What changed since {}\n", escape(&change.old.evaluated_at));
    for warning in &change.warnings {
        let _ = writeln!(out, "> {warning}\n");
    }
    let _ = writeln!(out, "{}\n", diff::summary(change));
    let urgent = change.indicators.iter().take(ROWS);
    for it in urgent {
        let bold = matches!(it.class, Class::Worse | Class::Expired | Class::LostSight);
        let mark = if bold { "**" } else { "" };
        let causes: Vec<String> =
            it.causes.iter().take(3).map(|cause| escape(&diff::cause_words(cause))).collect();
        let _ = writeln!(
            out,
            "- {mark}{}{mark}: {} {}: {} → {}; {}",
            it.class.words(),
            it.id,
            escape(&it.title),
            diff::result_words(it.old),
            diff::result_words(it.new),
            causes.join("; ")
        );
    }
    more(out, change.indicators.len());
}

fn in_the_way(out: &mut String, dossier: &Dossier) {
    let waiting: Vec<Placed<'_>> =
        placed(&dossier.scorecard).into_iter().filter(Placed::blocks).collect();
    if waiting.is_empty() {
        return;
    }
    out.push_str("\n## In the way of a next level\n\n");
    out.push_str("| Indicator | | State | What to do | Who |\n|---|---|---|---|---|\n");
    for it in waiting.iter().take(ROWS) {
        let indicator = it.indicator;
        let open = indicator.state == State::Unknown && !indicator.needs.is_empty();
        let ahead = if open {
            crate::csv::settling(&indicator.needs)
        } else {
            indicator.remediation.clone()
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            indicator.id,
            escape(&indicator.title),
            words::state(indicator.state),
            escape(&ahead),
            escape(&indicator.owner)
        );
    }
    more(out, waiting.len());
}

fn gaps(out: &mut String, dossier: &Dossier) {
    let mut gaps: Vec<&GapScore> =
        dossier.scorecard.gaps.iter().filter(|gap| !gap.unlocks.is_empty()).collect();
    gaps.sort_by(|a, b| b.unlocks.len().cmp(&a.unlocks.len()).then(a.source.cmp(&b.source)));
    if gaps.is_empty() {
        return;
    }
    out.push_str("\n## Not read\n\n| Source | What happened | Grant | Open indicators |\n|---|---|---|---:|\n");
    for gap in gaps.iter().take(ROWS) {
        let _ = writeln!(
            out,
            "| {} | {}: {} | {} | {} |",
            escape(&gap.source),
            escape(&gap.status),
            escape(&gap.reason),
            escape(gap.grant.as_deref().unwrap_or("not known")),
            gap.unlocks.len()
        );
    }
    more(out, gaps.len());
}

fn contradictions(out: &mut String, dossier: &Dossier) {
    let found = &dossier.scorecard.contradictions;
    if found.is_empty() {
        return;
    }
    out.push_str("\n## Statements that the evidence speaks against\n\n");
    for it in found.iter().take(ROWS) {
        let _ = writeln!(out, "- {}: {}", it.indicator, escape(&it.reason));
    }
    more(out, found.len());
}

fn more(out: &mut String, all: usize) {
    if all > ROWS {
        let _ = writeln!(out, "\n{} more are not shown.", all - ROWS);
    }
}

/// Text that is only text: on one line, without marks of Markdown, HTML, links or mentions.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in words::clean(text, 300).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // A sign that draws nothing keeps a name from being called.
            '@' => out.push_str("@\u{2060}"),
            _ => out.push(c),
        }
    }
    // And an address from being a link.
    out.replace("://", ":\u{2060}//").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_text() {
        assert_eq!(
            escape("| a\n# [x](https://y) <b> @all"),
            "\\| a \\# \\[x\\](https:\u{2060}//y) &lt;b&gt; @\u{2060}all"
        );
        assert_eq!(escape("Automation: Design"), "Automation: Design");
    }
}
