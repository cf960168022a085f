//! `attest check`: says whether a file of statements can be used, who signed it, and what each is worth.

use std::process::ExitCode;

use anyhow::Context as _;
use highwater_report::counted;
use highwater_report::text::{plain, signed};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::args::{AttestVerb, Evaluation, Global};
use crate::config::Config;
use crate::testimony::{self, Trust};
use crate::{evaluate, output};

pub(crate) fn run(global: &Global, verb: &AttestVerb) -> anyhow::Result<ExitCode> {
    let (file, as_of) = match verb {
        AttestVerb::Check { file, as_of } => (file, as_of),
        AttestVerb::Init { result, evaluation, limit, out, format } => {
            return super::statements::init(
                global,
                result.as_deref(),
                evaluation,
                (*limit, out.as_deref(), *format),
            );
        }
        AttestVerb::Status { result, evaluation } => {
            return super::statements::status(global, result.as_deref(), evaluation);
        }
        AttestVerb::Keygen { out } => return super::sign::keygen(out),
        AttestVerb::Sign { file, key, on } => {
            return super::sign::sign(global, file.as_deref(), key, *on);
        }
        AttestVerb::Verify { file, trusted_key } => {
            return super::sign::verify(global, file.as_deref(), trusted_key);
        }
    };
    let rules = evaluate::rules(global)?;
    let trust = Trust::of(&Config::load(global)?, &Evaluation::default())?;
    let testimony = testimony::read(Some(file), &rules.rulebook, &trust)?;
    let statements = testimony.statements;
    let now = match as_of {
        Some(time) => {
            Timestamp::from_microsecond(time.0).context("--as-of is outside the calendar")?
        }
        None => Timestamp::now(),
    };
    let today = now.to_zoned(TimeZone::UTC).date();
    let live = statements.live(&rules.rulebook, today);
    let mut text = format!(
        "{}: {} with a live statement on {today}\n",
        plain(&file.display().to_string()),
        counted(live.len(), "indicator")
    );
    for (indicator, statement) in &live {
        let title =
            rules.rulebook.indicator(indicator).map_or("", |indicator| indicator.title.as_str());
        let expires = statement.expiry(indicator, &rules.rulebook);
        let link = if statement.has_link() {
            ""
        } else {
            "  no evidence named: counts as largely at most"
        };
        text.push_str(&format!("  {indicator}  until {expires}  {title}{link}\n"));
    }
    for file in &testimony.files {
        text.push_str(&format!("{}\n", signed(file)));
    }
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}
