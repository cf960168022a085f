//! Job: what a scheduled run is to do, decided before it does anything.
//!
//! Guarantees that whatever is wrong with flags or configuration is said before the first request.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::ValueEnum as _;
use highwater_runs::notify::Ready;
use highwater_runs::retention::Policy;
use highwater_snapshot::Time;

use crate::args::{Collect, Evaluation, ReportForm, Run};
use crate::commands::score::{Requirement, requirement};
use crate::config::Config;
use crate::exit::usage_error;

/// What a run is to do.
pub(super) struct Job {
    /// Directory id of the tenant, lower-case.
    pub(super) tenant: String,
    /// The moment of its start.
    pub(super) now: Time,
    /// Whether that moment was given, and stands for the clock until the end.
    given: bool,
    /// How to collect.
    pub(super) collect: Collect,
    /// Whether everything is asked, whatever an earlier run told.
    pub(super) full: bool,
    /// What goes into the evaluation.
    pub(super) evaluation: Evaluation,
    /// Formats of the report; the scorecard is always among them.
    pub(super) forms: BTreeSet<ReportForm>,
    /// Folder for a copy of the report.
    pub(super) out: Option<PathBuf>,
    /// Least levels.
    pub(super) requirements: Vec<Requirement>,
    /// What may go.
    pub(super) policy: Policy,
    /// Whom to tell.
    pub(super) channels: Vec<Ready>,
    /// The day on which the client secret ends, as configuration tells it.
    pub(super) secret_expires: Option<String>,
}

impl Job {
    /// Flags before configuration.
    pub(super) fn of(config: &Config, mut verb: Run) -> anyhow::Result<Self> {
        let ours = &config.run;
        let require = if verb.require.is_empty() { &ours.require } else { &verb.require };
        let requirements =
            require.iter().map(|text| requirement(text)).collect::<anyhow::Result<_>>()?;
        if verb.evaluation.attest.is_none() {
            verb.evaluation.attest.clone_from(&ours.attest);
        }
        let now = match verb.collect.taken_at {
            Some(moment) => moment,
            None => crate::commands::collect::now()?,
        };
        Ok(Self {
            tenant: tenant(config, &verb.collect)?,
            now,
            given: verb.collect.taken_at.is_some(),
            forms: forms(&verb.format, &ours.formats)?,
            out: verb.out.or_else(|| ours.out.clone()),
            requirements,
            policy: Policy {
                keep: verb.keep.or(ours.keep),
                keep_days: verb.keep_days.or(ours.keep_days),
            },
            channels: channels(config, &verb.notify)?,
            secret_expires: ours.secret_expires.as_deref().map(day).transpose()?,
            collect: verb.collect,
            full: verb.full,
            evaluation: verb.evaluation,
        })
    }

    /// The clock, or the moment that was given for it.
    pub(super) fn moment(&self) -> anyhow::Result<Time> {
        if self.given { Ok(self.now) } else { crate::commands::collect::now() }
    }
}

/// The tenant by its directory id: the lock of a run must not depend on how a tenant is written.
fn tenant(config: &Config, collect: &Collect) -> anyhow::Result<String> {
    let variable = std::env::var("AZURE_TENANT_ID").ok().filter(|text| !text.is_empty());
    let named = collect.access.tenant.clone().or_else(|| config.tenant.clone()).or(variable);
    match named {
        Some(id) if crate::config::is_guid(&id) => Ok(id.to_lowercase()),
        Some(other) => Err(usage_error(format!(
            "a run needs the directory id of its tenant, not `{other}`: see the overview of Microsoft Entra ID, or the first line of `highwater doctor`"
        ))),
        None => Err(usage_error("say which tenant: --tenant ID, or `tenant` in highwater.toml")),
    }
}

/// A day as configuration tells it.
fn day(text: &str) -> anyhow::Result<String> {
    match Time::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(usage_error(format!(
            "[run] secret_expires: `{text}` is no day; write it as 2027-03-01"
        ))),
    }
}

/// Formats of the report: flags, then configuration, then a page; and always the scorecard, which the next run reads.
fn forms(flags: &[ReportForm], configured: &[String]) -> anyhow::Result<BTreeSet<ReportForm>> {
    let mut forms: BTreeSet<ReportForm> = flags.iter().copied().collect();
    if forms.is_empty() {
        for word in configured {
            let form = ReportForm::from_str(word, true).map_err(|_| {
                usage_error(format!(
                    "[run] formats: `{word}` is none; use html, xlsx, csv, md, sarif, junit, oscal or json"
                ))
            })?;
            forms.insert(form);
        }
    }
    if forms.is_empty() {
        forms.insert(ReportForm::Html);
    }
    forms.insert(ReportForm::Json);
    Ok(forms)
}

/// The channels that were named, or all.
fn channels(config: &Config, named: &[String]) -> anyhow::Result<Vec<Ready>> {
    if let Some(unknown) = named.iter().find(|name| !config.notify.contains_key(*name)) {
        return Err(usage_error(format!(
            "--notify {unknown}: there is no [notify.{unknown}] in the configuration"
        )));
    }
    let wanted = config.notify.iter().filter(|(name, _)| named.is_empty() || named.contains(name));
    let variable = |name: &str| std::env::var(name).ok();
    wanted.map(|(name, channel)| Ok(channel.ready(name, variable)?)).collect()
}
