//! Text: the profile as a table that one can read in a terminal.
//!
//! Owns layout and colour only. Shows proven, estimate and possible at once, because a single number
//! would hide what was not read.

use std::fmt::Write as _;

use highwater_score::{CapabilityScore, Levels, ModelScore, Scorecard, State, StatementFile};

use crate::words::{NAME, clean, counted};

/// How to lay the text out.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// The profile of every model, what limits it, and where sight was missing.
pub fn render(scorecard: &Scorecard, style: Style) -> String {
    let mut out = String::new();
    header(&mut out, scorecard, style);
    for model in &scorecard.models {
        out.push('\n');
        profile(&mut out, model, style);
    }
    legend(&mut out, style);
    out.push('\n');
    sight(&mut out, scorecard, style);
    statements(&mut out, scorecard, style);
    out
}

fn header(out: &mut String, scorecard: &Scorecard, style: Style) {
    let name = scorecard
        .tenant
        .name
        .as_deref()
        .map_or_else(String::new, |name| format!("{} ", plain(name)));
    let _ =
        writeln!(out, "{}", style.strong(&format!("Tenant {name}{}", plain(&scorecard.tenant.id))));
    let snapshot = &scorecard.snapshot;
    let _ = writeln!(
        out,
        "snapshot {}  evaluated as of {}  rules {}",
        plain(&snapshot.id),
        scorecard.evaluated_at,
        short(&scorecard.rulebook.sha256)
    );
}

fn profile(out: &mut String, model: &ModelScore, style: Style) {
    let limits: Vec<&str> = model
        .capabilities
        .iter()
        .filter(|capability| model.limited_by.contains(&capability.id))
        .map(|capability| capability.title.as_str())
        .collect();
    let _ = writeln!(out, "{}: {}", style.strong(&model.title), in_words(model.level));
    match limits.len() {
        0 => {}
        few if few <= 3 => {
            let _ = writeln!(out, "limited by {}", limits.join(", "));
        }
        many => {
            let _ = writeln!(out, "limited by {many} of {} capabilities", model.capabilities.len());
        }
    }
    let wide = model
        .capabilities
        .iter()
        .map(|capability| capability.title.chars().count())
        .max()
        .unwrap_or(0);
    let scale = scale(model);
    let heads: Vec<String> = scale.iter().map(|level| format!("{level:^5}")).collect();
    let _ = writeln!(
        out,
        "\n  {:wide$}  {}  proven  about  at most  decided  next",
        "",
        heads.join(" ")
    );
    for capability in &model.capabilities {
        row(out, capability, &scale, wide, style);
    }
    for left_out in &model.out_of_scope {
        let _ =
            writeln!(out, "  {:wide$}  not judged: {}", left_out.title, plain(&left_out.reason));
    }
}

fn row(out: &mut String, capability: &CapabilityScore, scale: &[u16], wide: usize, style: Style) {
    let bars: Vec<String> = scale.iter().map(|level| style.bar(*level, capability.level)).collect();
    let levels = capability.level;
    let next = capability.next.as_ref().map_or_else(String::new, |next| {
        let open = next.open.len();
        format!("{}: {open} to settle", next.level)
    });
    let decided = percent(capability.coverage.decided);
    let line = format!(
        "  {:wide$}  {}  {:>6}  {:>5}  {:>7}  {:>7}  {next}",
        capability.title,
        bars.join(" "),
        levels.proven,
        levels.estimate,
        levels.possible,
        decided
    );
    let _ = writeln!(out, "{}", line.trim_end());
}

fn legend(out: &mut String, style: Style) {
    let sample = Levels { telemetry: 200, proven: 200, estimate: 300, possible: 400 };
    let shown: Vec<String> =
        [(200, "proven"), (300, "estimated"), (400, "still possible"), (500, "out of reach")]
            .into_iter()
            .map(|(level, word)| format!("{} {word}", style.bar(level, sample)))
            .collect();
    let _ = writeln!(out, "\n  {}", shown.join("   "));
}

/// How much was decided, and what kept the rest open.
fn sight(out: &mut String, scorecard: &Scorecard, style: Style) {
    let states: Vec<State> = scorecard.indicators().map(|indicator| indicator.state).collect();
    let count = |wanted: &[State]| states.iter().filter(|state| wanted.contains(state)).count();
    let _ = writeln!(
        out,
        "{} indicators: {} met or overcome, {} partly, {} not met or holding, {} unknown, {} not applicable",
        states.len(),
        count(&[State::Met, State::Refuted]),
        count(&[State::Partly]),
        count(&[State::NotMet, State::Holds]),
        count(&[State::Unknown]),
        count(&[State::NotApplicable]),
    );
    let mut gaps: Vec<_> = scorecard.gaps.iter().filter(|gap| !gap.unlocks.is_empty()).collect();
    gaps.sort_by_key(|gap| (usize::MAX - gap.unlocks.len(), gap.source.clone()));
    if gaps.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{}",
        style.strong(&format!(
            "{} not read in full. Those that would tell most:",
            counted(gaps.len(), "source")
        ))
    );
    for gap in gaps.iter().take(5) {
        let grant = gap
            .grant
            .as_deref()
            .map_or_else(String::new, |grant| format!("; grant: {}", plain(grant)));
        let line = format!(
            "  {} ({}): {} open indicator{} it{grant}",
            gap.source,
            gap.status,
            gap.unlocks.len(),
            if gap.unlocks.len() == 1 { " reads" } else { "s read" }
        );
        let _ = writeln!(out, "{}", cut(&line, style.width));
    }
}

fn statements(out: &mut String, scorecard: &Scorecard, style: Style) {
    let expired =
        scorecard.attestations.iter().filter(|statement| statement.status == "expired").count();
    if expired > 0 {
        let _ = writeln!(out, "\n{} expired and no longer counted", counted(expired, "statement"));
    }
    for file in &scorecard.statement_files {
        let _ = writeln!(out, "\n{}", signed(file));
    }
    if scorecard.contradictions.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong("Statements that the evidence speaks against:"));
    for contradiction in &scorecard.contradictions {
        let _ = writeln!(out, "  {}: {}", contradiction.indicator, plain(&contradiction.reason));
    }
}

fn scale(model: &ModelScore) -> Vec<u16> {
    let mut scale: Vec<u16> = model
        .capabilities
        .iter()
        .flat_map(|capability| &capability.indicators)
        .map(|indicator| indicator.level)
        .collect();
    scale.sort_unstable();
    scale.dedup();
    scale
}

/// A range of levels in words: `200`, or `200 proven, about 300, at most 400`.
pub fn in_words(level: Levels) -> String {
    let proven = match level.proven {
        ENTRY => format!("{ENTRY} (entry level)"),
        proven => format!("{proven} proven"),
    };
    if level.proven == level.possible {
        return proven;
    }
    format!("{proven}, about {}, at most {}", level.estimate, level.possible)
}

/// Who vouches for a file of statements, as a sentence.
pub fn signed(file: &StatementFile) -> String {
    match &file.signature {
        None => "The statements are not signed.".to_owned(),
        Some(by) => format!(
            "The statements were signed by key {} at {}, {}.",
            plain(&by.key),
            plain(&by.signed_at),
            if by.trusted { "which is trusted" } else { "which nobody here has called trusted" }
        ),
    }
}

/// The level that asks for nothing: to prove it says nothing.
const ENTRY: u16 = 100;

/// Text from outside on one line, without control characters and direction marks, so that a name cannot
/// redraw the terminal.
pub fn plain(text: &str) -> String {
    clean(text, NAME)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        line.to_owned()
    } else {
        line.chars().take(width.saturating_sub(1)).collect::<String>() + "…"
    }
}

impl Style {
    fn strong(self, text: &str) -> String {
        if self.color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// One cell of the profile. The signs differ in shape, so that colour is never needed.
    fn bar(self, level: u16, of: Levels) -> String {
        let (sign, color) = if level <= of.proven {
            ("█████", "32")
        } else if level <= of.estimate {
            ("▒▒▒▒▒", "33")
        } else if level <= of.possible {
            ("░░░░░", "36")
        } else {
            ("  ·  ", "90")
        };
        if self.color { format!("\u{1b}[{color}m{sign}\u{1b}[0m") } else { sign.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_redraw_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c\n"), "a [2Jb c ");
        assert_eq!(plain(&"x".repeat(10_000)).chars().count(), 200);
    }

    #[test]
    fn the_signs_differ_without_colour() {
        let style = Style { color: false, width: 80 };
        let levels = Levels { telemetry: 100, proven: 200, estimate: 300, possible: 400 };
        let signs: Vec<String> =
            [200, 300, 400, 500].iter().map(|level| style.bar(*level, levels)).collect();
        assert_eq!(signs, ["█████", "▒▒▒▒▒", "░░░░░", "  ·  "]);
    }
}
