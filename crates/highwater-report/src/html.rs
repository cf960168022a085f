//! HTML: the report as one file that asks nobody for anything.
//!
//! Guarantees: no outside request (a content security policy forbids all but the inline style and script,
//! by their digests), the same dossier gives the same bytes, the essentials need no script, and the file
//! stays below 5 MB whatever the tenant holds: lists are cut where their share of it is spent, and say so.

use highwater_score::Scorecard;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::dossier::Dossier;
use crate::words::name;

mod capability;
mod change;
mod evidence;
mod fact;
mod overview;
mod plan;
mod trend;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Bytes that lists of subjects may take together.
pub(crate) const SUBJECT_BYTES: usize = 3_000_000;

/// The whole page.
pub fn render(dossier: &Dossier) -> String {
    let scorecard = &dossier.scorecard;
    let title = format!("Maturity of {}", tenant(scorecard));
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ (scorecard.tool.name) " " (scorecard.tool.version) };
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a .skip href="#content" { "Skip to the content" }
                (overview::masthead(dossier))
                (contents(dossier))
                main #content tabindex="-1" {
                    (overview::overview(dossier))
                    (change::section(dossier))
                    (plan::section(dossier))
                    (trend::section(dossier))
                    (capability::sections(dossier))
                    (evidence::sections(dossier))
                    (fact::section(dossier))
                }
                (colophon(scorecard))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The name of the tenant, or its id.
fn tenant(scorecard: &Scorecard) -> String {
    name(scorecard.tenant.name.as_deref().unwrap_or(&scorecard.tenant.id))
}

/// Nothing may be loaded; the style and the script of this page alone may run.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

fn contents(dossier: &Dossier) -> Markup {
    let scorecard = &dossier.scorecard;
    let mut entries = vec![("overview", "Overview")];
    if dossier.change.is_some() {
        entries.push(("changes", "What changed"));
    }
    if !crate::actions::actions(scorecard).is_empty() {
        entries.push(("plan", "Plan"));
    }
    if trend::shown(dossier).is_some() {
        entries.push(("trend", "Trend"));
    }
    entries.push(("capabilities", "Capabilities"));
    if !scorecard.gaps.is_empty() {
        entries.push(("gaps", "Gaps"));
    }
    if !scorecard.attestations.is_empty() {
        entries.push(("statements", "Statements"));
    }
    if !dossier.readings.is_empty() {
        entries.push(("sources", "Sources"));
    }
    entries.push(("facts", "Facts"));
    html! {
        nav aria-label="Contents" {
            ul { @for (id, title) in entries { li { a href={ "#" (id) } { (title) } } } }
        }
    }
}

fn colophon(scorecard: &Scorecard) -> Markup {
    html! {
        footer {
            p {
                "Made by " (scorecard.tool.name) " " (scorecard.tool.version) " from snapshot "
                code { (name(&scorecard.snapshot.id)) } ", digest " code .digest { (name(&scorecard.snapshot.sha256)) }
                ", with the rules " code .digest { (name(&scorecard.rulebook.sha256)) } "."
            }
            p {
                @for model in &scorecard.models {
                    @let edition = scorecard.rulebook.models.iter().find(|it| it.id == model.id);
                    (model.title) @if let Some(edition) = edition { ", edition " (edition.edition) } ". "
                }
                "The models are published by Microsoft; the wording here is our own."
            }
        }
    }
}

/// A name from the tenant: isolated, so that its direction stays its own.
fn foreign(text: &str) -> Markup {
    html! { bdi { (name(text)) } }
}

/// The id of an element, made of characters that need no escape in a link.
fn anchor(kind: &str, id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    format!("{kind}-{}", id.chars().take(100).map(safe).collect::<String>())
}

/// A link to an indicator of this page.
fn indicator_link(id: &str) -> Markup {
    html! { a .id href={ "#" (anchor("i", id)) } { (name(id)) } }
}

/// A bar of stacked parts, each a class and a share of one. Sizes stand in attributes, not in styles.
fn bar(parts: &[(&str, f64)], label: &str) -> Markup {
    let mut at = 0.0;
    let mut placed = Vec::new();
    for (class, share) in parts.iter().filter(|(_, share)| *share > 0.0) {
        placed.push((*class, at, share * 100.0));
        at += share * 100.0;
    }
    html! {
        svg .bar viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (class, x, wide) in placed {
                rect class=(class) x={ (format!("{x:.2}")) } y="0" width={ (format!("{wide:.2}")) } height="4" {}
            }
        }
    }
}

/// SHA-256 in Base64, as a content security policy wants it.
fn digest(text: &str) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in Sha256::digest(text.as_bytes()).chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for place in 0..4 {
            if place > three.len() {
                out.push('=');
            } else {
                let at = (bits >> (18 - 6 * place)) & 63;
                out.push(char::from(SIGNS[at as usize]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_base64_as_browsers_expect_it() {
        // The digest of the empty text, as every browser's documentation shows it.
        assert_eq!(digest(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn an_anchor_needs_no_escape() {
        assert_eq!(anchor("i", "AUT-SG-200-01"), "i-AUT-SG-200-01");
        assert_eq!(anchor("f", "a\"><script>"), "f-a---script-");
    }

    #[test]
    fn style_and_script_cannot_end_early() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</script"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
