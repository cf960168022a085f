//! Bundle: what goes into a `.zip` beside the snapshot, and the list that holds it together.
//!
//! `bundle.json` names every file of the bundle with its digest, and everything that the scoring was told
//! beside the snapshot, so that somebody else can repeat it. A signature covers this list, and thereby all.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use highwater_report::html;
use highwater_snapshot::{Snapshot, Time};
use serde::{Deserialize, Serialize};

use super::dossier::Given;
use crate::args::{Global, Pack};
use crate::config::{Config, Scope};
use crate::evaluate;
use crate::exit::usage_error;
use crate::sign::{self, PrivateKey, PublicKey};
use crate::testimony::{self, Trust};

/// Name of the list.
pub(super) const LIST: &str = "bundle.json";
/// Name of the scorecard.
pub(super) const SCORECARD: &str = "scorecard.json";
/// Name of the report.
pub(super) const REPORT: &str = "report.html";
/// Version of the list's shape.
const FORMAT: u32 = 1;

/// A file of a bundle: name and bytes.
pub(super) type File = (String, Vec<u8>);

/// The content of `bundle.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    format: u32,
    /// Version of the program that packed.
    pub(super) version: String,
    /// How it was scored; `null` where nothing was.
    pub(super) scoring: Option<Scoring>,
    /// Digest of every file but this one and its signature.
    pub(super) files: BTreeMap<String, String>,
}

/// Everything that a scoring was told beside snapshot and statements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scoring {
    /// Digest of the rules.
    pub(super) rulebook: String,
    /// The moment of evaluation, where it is not the snapshot's own.
    as_of: Option<String>,
    /// Capabilities that were not judged, each with its reason.
    out_of_scope: BTreeMap<String, String>,
    /// Keys whose signatures of statements were trusted, PEM.
    trusted_keys: Vec<String>,
}

impl List {
    /// Reads a list.
    pub(super) fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        let list: Self = serde_json::from_slice(bytes).map_err(|error| {
            usage_error(format!("{LIST} of the bundle is damaged ({error}): have it packed again"))
        })?;
        if list.format != FORMAT {
            return Err(usage_error(format!(
                "{LIST} of the bundle has format {}, and this program reads {FORMAT}: update highwater",
                list.format
            )));
        }
        Ok(list)
    }

    /// Name of the file of statements, if one is enclosed.
    pub(super) fn statements(&self) -> Option<&str> {
        self.files.keys().map(String::as_str).find(|name| {
            ["attestations.toml", "attestations.xlsx", "attestations.csv"]
                .iter()
                .any(|known| known == name)
        })
    }
}

impl Scoring {
    /// The moment of evaluation that was named.
    pub(super) fn as_of(&self) -> anyhow::Result<Option<Time>> {
        self.as_of
            .as_deref()
            .map(|text| Time::parse(text).context("the bundle's moment of evaluation is none"))
            .transpose()
    }

    /// What was left out.
    pub(super) fn scope(&self) -> Scope {
        Scope {
            out_of_scope: self.out_of_scope.keys().cloned().collect(),
            reasons: self.out_of_scope.clone(),
        }
    }

    /// Whose signatures were trusted.
    pub(super) fn trust(&self) -> anyhow::Result<Trust> {
        let mut keys = Vec::new();
        for text in &self.trusted_keys {
            keys.extend(PublicKey::read(Path::new(LIST), text)?);
        }
        Ok(Trust { keys, required: false })
    }
}

/// Everything that was asked for beside the snapshot; the list and its signature where there is any.
pub(super) fn enclose(
    global: &Global,
    config: &Config,
    snapshot: Snapshot,
    verb: &Pack,
) -> anyhow::Result<Vec<File>> {
    let key = verb.sign.as_deref().map(super::sign::read_key).transpose()?;
    let mut files = statements(verb)?;
    let mut digests: BTreeMap<String, String> = snapshot
        .manifest()
        .files
        .iter()
        .map(|(name, entry)| (name.clone(), entry.sha256.clone()))
        .collect();
    digests.insert("manifest.json".to_owned(), snapshot.digest().to_owned());
    let scoring = if verb.scorecard || verb.report {
        let (scoring, made) = score(global, config, snapshot, verb)?;
        files.extend(made);
        Some(scoring)
    } else {
        None
    };
    if files.is_empty() && key.is_none() {
        return Ok(files);
    }
    digests.extend(files.iter().map(|(name, bytes)| (name.clone(), sign::digest(bytes))));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let list = List { format: FORMAT, version, scoring, files: digests };
    let list = (serde_json::to_string_pretty(&list)? + "\n").into_bytes();
    if let Some(key) = key {
        files.push((
            sign::beside(Path::new(LIST)).display().to_string(),
            signed(&key, &list, verb)?,
        ));
    }
    files.push((LIST.to_owned(), list));
    Ok(files)
}

fn signed(key: &PrivateKey, list: &[u8], verb: &Pack) -> anyhow::Result<Vec<u8>> {
    let moment = super::sign::moment(verb.on).to_string();
    Ok(key.sign(list, &moment).to_json()?.into_bytes())
}

/// The file of statements under the name that bundles use, and its signature.
fn statements(verb: &Pack) -> anyhow::Result<Vec<File>> {
    let Some(path) = &verb.evaluation.attest else { return Ok(Vec::new()) };
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| usage_error(format!("cannot read {}: {error}", path.display())))
    };
    let known = ["xlsx", "csv"]
        .into_iter()
        .find(|known| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(known)));
    let ending = known.unwrap_or("toml");
    let name = format!("attestations.{ending}");
    let mut files = vec![(name.clone(), read(path)?)];
    let beside = sign::beside(path);
    if beside.is_file() {
        files.push((format!("{name}.sig"), read(&beside)?));
    }
    Ok(files)
}

fn score(
    global: &Global,
    config: &Config,
    snapshot: Snapshot,
    verb: &Pack,
) -> anyhow::Result<(Scoring, Vec<File>)> {
    let case = evaluate::case(global, snapshot, verb.evaluation.as_of)?;
    let trust = Trust::of(config, &verb.evaluation)?;
    let testimony =
        testimony::read(verb.evaluation.attest.as_deref(), &case.rules.rulebook, &trust)?;
    let scored = evaluate::judge(case, &config.scope, (verb.evaluation.as_of, None), testimony)?;
    let scoring = Scoring {
        rulebook: scored.scorecard.rulebook.sha256.clone(),
        as_of: verb.evaluation.as_of.map(|time| time.to_string()),
        out_of_scope: config.scope.reasons.clone(),
        trusted_keys: trust.keys.iter().map(PublicKey::pem).collect(),
    };
    let given = Given::Scored(Box::new(scored));
    let mut files = Vec::new();
    if verb.scorecard {
        files.push((SCORECARD.to_owned(), given.scorecard().to_json()?.into_bytes()));
    }
    if verb.report {
        files.push((REPORT.to_owned(), report(&given)?));
    }
    Ok((scoring, files))
}

/// The report of a bundle: of this snapshot alone, so that it can be made again from it.
pub(super) fn report(given: &Given) -> anyhow::Result<Vec<u8>> {
    Ok(html::render(&given.dossier(None)?).into_bytes())
}
