//! `doctor`: signs in, asks every source once, and says which grants are missing, what each would unlock and how it is
//! given. Reads little, keeps nothing, and exits with 0: a missing grant is a finding, not a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use highwater_report::text::plain;
use highwater_snapshot::TABLES;
use highwater_sources::{Finding, Identity, Plan, Plane, Right, State, need};
use serde_json::json;

use super::collect::{Asked, now};
use crate::args::{Doctor, Global, TextOrJson};
use crate::config::Config;
use crate::connect::{Connection, Purpose, connect};
use crate::{evaluate, output};

pub(crate) fn run(global: &Global, config: &Config, verb: &Doctor) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime for the network")?;
    let (connection, findings) = runtime.block_on(probe(config, verb))?;
    let rules = evaluate::rules(global)?;
    let missing = missing(&connection, &findings, &rules);
    match verb.format {
        TextOrJson::Text => output::write(&text(&connection, &findings, &missing))?,
        TextOrJson::Json => {
            let missing: Vec<_> = missing.iter().map(Missing::json).collect();
            let whole = json!({ "tenant": connection.tenant, "identity": connection.identity, "sources": findings, "missing": missing });
            output::write(&(serde_json::to_string_pretty(&whole)? + "\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn probe(config: &Config, verb: &Doctor) -> anyhow::Result<(Connection, Vec<Finding>)> {
    let purpose = Purpose {
        budget: None,
        record: None,
        resume: false,
        replay: None,
        observer: Arc::new(highwater_http::Silent),
    };
    let connection = connect(&verb.access, config, purpose).await?;
    let mut plan = Plan::new(&connection.tenant, connection.identity, now()?.to_string());
    plan.named = config.named();
    plan.first = config.first();
    let asks = Arc::new(Asked(connection.client.clone()));
    let findings = highwater_sources::doctor(asks, &connection.cloud, &plan).await?;
    Ok((connection, findings))
}

/// One grant that is missing, and what hangs on it.
struct Missing {
    grant: String,
    rights: Vec<Right>,
    sources: Vec<(&'static str, String)>,
    facts: usize,
    indicators: usize,
}

impl Missing {
    fn json(&self) -> serde_json::Value {
        let sources: BTreeMap<&str, &str> =
            self.sources.iter().map(|(id, reason)| (*id, reason.as_str())).collect();
        json!({ "grant": self.grant, "how": self.how(), "sources": sources, "facts": self.facts, "indicators": self.indicators })
    }

    /// What it would unlock.
    fn worth(&self) -> String {
        match (self.facts, self.indicators) {
            (0, _) => "no question reads what it shows; it stays in the tables".to_owned(),
            (facts, indicators) => {
                format!("would unlock {facts} facts and {indicators} indicators")
            }
        }
    }

    /// How the grant is given, one line each.
    fn how(&self) -> Vec<String> {
        let mut by_plane: BTreeMap<Plane, Vec<&str>> = BTreeMap::new();
        for right in &self.rights {
            by_plane.entry(right.plane).or_default().push(right.name);
        }
        by_plane.into_iter().map(|(plane, names)| command(plane, &names)).collect()
    }
}

/// The scripts of the repository that give a right; they only show what they would do unless told to `--apply`.
fn command(plane: Plane, names: &[&str]) -> String {
    let named = names.join(", ");
    match plane {
        Plane::Graph | Plane::Activity | Plane::PlatformApi => {
            format!("deploy/permissions/grant-graph.sh (application permission {named})")
        }
        Plane::Azure => format!("deploy/permissions/grant-azure.sh (role {named})"),
        Plane::ManagementApplication | Plane::PlatformRole => {
            format!("deploy/permissions/register-management-app.sh ({named})")
        }
        Plane::Dataverse => {
            format!("deploy/permissions/dataverse-application-user.sh ({named})")
        }
        Plane::AzureDevOps => format!("deploy/permissions/azure-devops.md ({named})"),
        Plane::GitHub => format!("deploy/permissions/github.md ({named})"),
        Plane::DirectoryRole | Plane::PowerBi => format!("a directory administrator gives {named}"),
    }
}

/// Refused sources by the grant that each needs, those that unlock most first.
fn missing(connection: &Connection, findings: &[Finding], rules: &evaluate::Rules) -> Vec<Missing> {
    let mut by_grant: BTreeMap<&str, Missing> = BTreeMap::new();
    for finding in findings {
        let State::Denied { status, reason } = &finding.state else { continue };
        let words = finding.grant.unwrap_or("no grant is known");
        let known = by_grant.entry(words).or_insert_with(|| Missing {
            grant: words.to_owned(),
            rights: rights(finding.source, connection.identity),
            sources: Vec::new(),
            facts: 0,
            indicators: 0,
        });
        known.sources.push((finding.source, format!("HTTP {status}: {reason}")));
    }
    let mut missing: Vec<Missing> = by_grant.into_values().collect();
    for one in &mut missing {
        let ids: BTreeSet<&str> = one.sources.iter().map(|(id, _)| *id).collect();
        (one.facts, one.indicators) = unlocked(&ids, rules);
    }
    missing.sort_by_key(|one| std::cmp::Reverse((one.indicators, one.facts)));
    missing
}

/// The smallest set of rights that lets this kind of identity read a source.
fn rights(source: &str, identity: Identity) -> Vec<Right> {
    let Some(need) = need(source) else { return Vec::new() };
    let ways = match identity {
        Identity::Application => need.application,
        Identity::Delegated => need.delegated,
    };
    ways.first().map_or_else(Vec::new, |way| way.to_vec())
}

/// Facts that read tables of these sources, and indicators that read those facts.
fn unlocked(sources: &BTreeSet<&str>, rules: &evaluate::Rules) -> (usize, usize) {
    let feeds = |table: &&&highwater_snapshot::Table| {
        table.readings.iter().any(|reading| sources.contains(reading.source))
    };
    let tables: BTreeSet<&str> = TABLES.iter().filter(feeds).map(|table| table.name).collect();
    let facts: Vec<&str> = rules
        .book
        .facts()
        .filter(|fact| fact.tables.iter().any(|table| tables.contains(table.as_str())))
        .map(|fact| fact.id.as_str())
        .collect();
    let readers = facts.iter().flat_map(|fact| rules.rulebook.readers(fact));
    let indicators: BTreeSet<&str> = readers.map(|indicator| indicator.id.as_str()).collect();
    (facts.len(), indicators.len())
}

fn text(connection: &Connection, findings: &[Finding], missing: &[Missing]) -> String {
    let mut out = format!("tenant {}\n", connection.tenant);
    if let Some(description) = &connection.description {
        let _ = writeln!(out, "signed in with {description}");
    }
    if let Some(claims) = &connection.claims {
        let granted = if claims.is_application() {
            claims.roles.join(", ")
        } else {
            claims.scopes().join(", ")
        };
        let granted = if granted.is_empty() { "none in the token" } else { &granted };
        let _ = writeln!(out, "permissions in the token: {}", plain(granted));
    }
    let count = |wanted: fn(&State) -> bool| {
        findings.iter().filter(|finding| wanted(&finding.state)).count()
    };
    let readable = count(|state| matches!(state, State::Readable | State::Absent));
    let denied = count(|state| matches!(state, State::Denied { .. }));
    let failed = count(|state| matches!(state, State::Failed { .. }));
    let needless = count(|state| matches!(state, State::Needless { .. }));
    let unknown = count(|state| matches!(state, State::Unknown { .. }));
    let _ = writeln!(
        out,
        "\n{} sources: {readable} readable, {needless} not needed, {denied} refused, {failed} failed, {unknown} not tried",
        findings.len()
    );
    for one in missing {
        let _ = writeln!(out, "\nmissing: {}\n  {}", one.grant, one.worth());
        for (source, reason) in &one.sources {
            let _ = writeln!(out, "  {source}: {}", plain(reason));
        }
        for how in one.how() {
            let _ = writeln!(out, "  give it with {how}");
        }
    }
    others(&mut out, findings);
    if missing.is_empty() && failed == 0 {
        out.push_str("\nnothing is missing: highwater collect can begin\n");
    }
    out
}

/// What failed and what was not tried, by its reason.
fn others(out: &mut String, findings: &[Finding]) {
    let mut reasons: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for finding in findings {
        match &finding.state {
            State::Failed { reason } => {
                reasons.entry(("failed", reason)).or_default().push(finding.source);
            }
            State::Unknown { reason } => {
                reasons.entry(("not tried", reason)).or_default().push(finding.source);
            }
            State::Needless { instead } => {
                reasons
                    .entry(("refused and not needed, because this is read", instead))
                    .or_default()
                    .push(finding.source);
            }
            _ => {}
        }
    }
    for ((word, reason), sources) in reasons {
        let _ = writeln!(out, "\n{word}: {}\n  {}", plain(reason), sources.join(", "));
    }
}
