//! JUnit: a test case an indicator, for pipelines that show tests.
//!
//! Met is passed, not met or met in part is failed; unknown and not applicable are skipped, because unknown
//! is neither. Follows the schema that build servers share (`testsuites`, `testsuite`, `testcase`).

use std::fmt::Write as _;

use highwater_score::{CapabilityScore, IndicatorScore, ModelScore, State};

use crate::actions::short_title;
use crate::dossier::Dossier;
use crate::words;

/// The document.
pub fn render(dossier: &Dossier) -> String {
    let scorecard = &dossier.scorecard;
    let mut suites = String::new();
    for model in &scorecard.models {
        for capability in &model.capabilities {
            suite(&mut suites, model, capability, &scorecard.evaluated_at);
        }
    }
    let all: Vec<&IndicatorScore> = scorecard.indicators().collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"highwater\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"0\">\n{suites}</testsuites>\n",
        all.len(),
        failures(&all)
    )
}

fn failures(indicators: &[&IndicatorScore]) -> usize {
    indicators.iter().filter(|it| is_failure(it.state)).count()
}

const fn is_failure(state: State) -> bool {
    matches!(state, State::NotMet | State::Partly | State::Holds)
}

const fn is_skipped(state: State) -> bool {
    matches!(state, State::Unknown | State::NotApplicable)
}

fn suite(out: &mut String, model: &ModelScore, capability: &CapabilityScore, moment: &str) {
    let own: Vec<&IndicatorScore> = capability.indicators.iter().collect();
    let skipped = own.iter().filter(|it| is_skipped(it.state)).count();
    // The schema knows no zone; the moment is in UTC.
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}: {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\" timestamp=\"{}\">",
        attribute(&short_title(&model.title)),
        attribute(&capability.title),
        own.len(),
        failures(&own),
        attribute(moment.get(..19).unwrap_or(moment))
    );
    let levels = capability.level;
    out.push_str("    <properties>\n");
    for (name, level) in [
        ("telemetry", levels.telemetry),
        ("proven", levels.proven),
        ("estimate", levels.estimate),
        ("possible", levels.possible),
    ] {
        let _ = writeln!(out, "      <property name=\"level.{name}\" value=\"{level}\"/>");
    }
    out.push_str("    </properties>\n");
    for indicator in own {
        case(out, model, capability, indicator);
    }
    out.push_str("  </testsuite>\n");
}

fn case(
    out: &mut String,
    model: &ModelScore,
    capability: &CapabilityScore,
    indicator: &IndicatorScore,
) {
    let _ = write!(
        out,
        "    <testcase name=\"{} {}\" classname=\"{}.{}.{}\" time=\"0\"",
        attribute(&indicator.id),
        attribute(&indicator.title),
        attribute(&model.id),
        attribute(&capability.id),
        indicator.level
    );
    let says = format!("{}: {}", words::state(indicator.state), words::score(indicator));
    if is_failure(indicator.state) {
        let _ = writeln!(
            out,
            ">\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n    </testcase>",
            attribute(&says),
            crate::csv::word(&indicator.state),
            attribute(&body(indicator))
        );
    } else if is_skipped(indicator.state) {
        let needs = crate::csv::settling(&indicator.needs);
        let _ = writeln!(
            out,
            ">\n      <skipped message=\"{}\"/>\n    </testcase>",
            attribute(format!("{says}. {needs}").trim())
        );
    } else {
        out.push_str("/>\n");
    }
}

fn body(indicator: &IndicatorScore) -> String {
    let mut lines = vec![format!("rule: {}", words::sentence(&indicator.rule))];
    lines.extend(indicator.reasons.iter().map(|reason| words::sentence(reason)));
    lines.push(format!("to improve it: {} ({})", indicator.remediation, indicator.owner));
    lines.join("\n")
}

/// Text for an attribute or an element. What XML cannot hold has been taken out before.
fn attribute(text: &str) -> String {
    let mut out = String::new();
    for line in text.split('\n') {
        if !out.is_empty() {
            out.push('\n');
        }
        for c in words::sentence(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&apos;"),
                _ => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_gone() {
        assert_eq!(attribute("]]>\u{0}\u{fffe}<a b='c'>"), "]]&gt;  &lt;a b=&apos;c&apos;&gt;");
    }
}
