//! Evaluate: from an opened snapshot to answers and a scorecard.
//!
//! Owns the wiring that `score`, `explain` and `sql` share. Pure but for the files it is told to read:
//! no network, and no clock but the snapshot's or the one given.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use highwater_facts::{Evidence, FactBook, Session};
use highwater_score::{
    Answers, Context, Rulebook, Scorecard, SourceGap, StatementFile, Tenant, Tool,
};
use highwater_snapshot::{Manifest, Snapshot, Status, TABLES, Time};
use jiff::Timestamp;

use crate::args::{Evaluation, Global};
use crate::config::{Config, Scope};
use crate::exit::usage_error;
use crate::place;
use crate::testimony::{self, Testimony, Trust};

/// Permissions by source.
const GRANTS: &str = include_str!("../../../config/grants.toml");

/// The facts and models in force.
pub(crate) struct Rules {
    /// Fact and view texts.
    pub(crate) book: FactBook,
    /// Models.
    pub(crate) rulebook: Rulebook,
}

/// A snapshot with everything that evaluating it needs.
pub(crate) struct Case {
    /// The snapshot.
    pub(crate) snapshot: Snapshot,
    /// Its tables, seen from the moment of evaluation.
    pub(crate) evidence: Evidence,
    /// The facts and models in force.
    pub(crate) rules: Rules,
}

/// A case and what came out of it.
pub(crate) struct Scored {
    /// The case.
    pub(crate) case: Case,
    /// Its facts, ready to be asked again: for subjects, and for those that moved.
    pub(crate) session: Session,
    /// The answers to all facts.
    pub(crate) answers: Answers,
    /// The result.
    pub(crate) scorecard: Scorecard,
}

/// Reads the built-in rules, or those of `--rulebook`.
pub(crate) fn rules(global: &Global) -> anyhow::Result<Rules> {
    let pins = BTreeMap::new();
    match &global.rulebook {
        None => Ok(Rules { book: FactBook::embedded()?, rulebook: Rulebook::shipped(&pins)? }),
        Some(folder) => {
            let (facts, models) = (folder.join("facts"), folder.join("models"));
            let book =
                if facts.is_dir() { FactBook::from_dir(&facts)? } else { FactBook::embedded()? };
            let rulebook = if models.is_dir() {
                Rulebook::from_dir(&models, &pins)?
            } else {
                Rulebook::shipped(&pins)?
            };
            if !facts.is_dir() && !models.is_dir() {
                return Err(usage_error(format!(
                    "{} has neither `facts` nor `models`: see config/ of the source",
                    folder.display()
                )));
            }
            Ok(Rules { book, rulebook })
        }
    }
}

/// Opens a snapshot for evaluation at a moment.
pub(crate) fn open(
    global: &Global,
    config: &Config,
    path: Option<&Path>,
    as_of: Option<Time>,
) -> anyhow::Result<Case> {
    case(global, open_snapshot(config, path)?, as_of)
}

/// Makes a case of a snapshot that is open.
pub(crate) fn case(
    global: &Global,
    snapshot: Snapshot,
    as_of: Option<Time>,
) -> anyhow::Result<Case> {
    // The rules take as long to read as a small snapshot.
    std::thread::scope(|scope| {
        let rules = scope.spawn(|| rules(global));
        let mut evidence = Evidence::from_frames(snapshot.tables(as_of)?)?;
        if snapshot.is_large() {
            evidence = evidence.large();
        }
        let rules = rules
            .join()
            .map_err(|_| anyhow::anyhow!("the thread that reads the rules stopped"))??;
        Ok(Case { snapshot, evidence, rules })
    })
}

/// Opens the snapshot that was named, or the newest of the store.
pub(crate) fn open_snapshot(config: &Config, path: Option<&Path>) -> anyhow::Result<Snapshot> {
    let path = path.map_or_else(|| config.store(None), PathBuf::from);
    Ok(Snapshot::open(&place::local(config, &path, place::Wanted::Newest)?)?)
}

/// Answers every fact and scores the models.
pub(crate) fn score(
    global: &Global,
    config: &Config,
    path: Option<&Path>,
    evaluation: &Evaluation,
    model: Option<&str>,
) -> anyhow::Result<Scored> {
    let case = open(global, config, path, evaluation.as_of)?;
    let trust = Trust::of(config, evaluation)?;
    let testimony = testimony::read(evaluation.attest.as_deref(), &case.rules.rulebook, &trust)?;
    judge(case, &config.scope, (evaluation.as_of, model), testimony)
}

/// The scorecard that a run issued for a snapshot of a store, where scoring it now would give the same; see
/// [`Scorecard::is_of`]. Its statements are those of the files that it names.
pub(crate) fn issued(
    config: &Config,
    case: &Case,
    testimony: &Testimony,
) -> anyhow::Result<Option<Scorecard>> {
    let folder = case.snapshot.folder();
    let id = folder.file_name().and_then(|name| name.to_str()?.strip_prefix("snapshot="));
    let (Some(id), Some(tenant)) = (id, folder.parent()) else { return Ok(None) };
    let path = tenant.join("reports").join(id).join("scorecard.json");
    let Ok(text) = std::fs::read(path) else { return Ok(None) };
    let Ok(card) = serde_json::from_slice::<Scorecard>(&text) else { return Ok(None) };
    let context = context(&config.scope, case, (None, None), testimony.files.clone())?;
    Ok(Some(card).filter(|card| card.is_of(&case.rules.rulebook, &context)))
}

/// The same for a case that is open and statements that were read.
pub(crate) fn judge(
    case: Case,
    scope: &Scope,
    (as_of, model): (Option<Time>, Option<&str>),
    testimony: Testimony,
) -> anyhow::Result<Scored> {
    let context = context(scope, &case, (as_of, model), testimony.files)?;
    let session = Session::open(&case.rules.book, &case.evidence)?;
    let answers = highwater_facts::answers(&session)?;
    let rulebook = &case.rules.rulebook;
    let scorecard = highwater_score::score(rulebook, &answers, &testimony.statements, &context);
    Ok(Scored { case, session, answers, scorecard })
}

fn context(
    scope: &Scope,
    case: &Case,
    (as_of, model): (Option<Time>, Option<&str>),
    statement_files: Vec<StatementFile>,
) -> anyhow::Result<Context> {
    let manifest = case.snapshot.manifest();
    let rulebook = &case.rules.rulebook;
    let known: Vec<&str> = rulebook.models().iter().map(|model| model.id.as_str()).collect();
    if let Some(model) = model
        && !known.contains(&model)
    {
        return Err(usage_error(format!("--model {model}: the models are {}", known.join(", "))));
    }
    let scope = highwater_score::Scope::new(rulebook, &scope.out_of_scope, &scope.reasons)?;
    Ok(Context {
        tool: Tool {
            name: manifest.tool.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        tenant: Tenant { id: manifest.tenant.id.clone(), name: manifest.tenant.name.clone() },
        snapshot: highwater_score::Snapshot {
            id: manifest.taken_at.folder(),
            taken_at: timestamp(manifest.taken_at)?,
            sha256: case.snapshot.digest().to_owned(),
        },
        evaluated_at: timestamp(as_of.unwrap_or(manifest.taken_at))?,
        models: model.map(|model| BTreeSet::from([model.to_owned()])),
        scope,
        gaps: gaps(manifest)?,
        about: case.rules.book.facts().map(|fact| (fact.id.clone(), fact.about.clone())).collect(),
        questions: case.rules.book.questions().clone(),
        statement_files,
    })
}

fn timestamp(time: Time) -> anyhow::Result<Timestamp> {
    Timestamp::from_microsecond(time.0).with_context(|| format!("{time} is outside the calendar"))
}

/// Sources that were not read in full, and preferred sources of incomplete tables that were not read at
/// all.
pub(crate) fn gaps(manifest: &Manifest) -> anyhow::Result<Vec<SourceGap>> {
    #[derive(serde::Deserialize)]
    struct Grants {
        grant: BTreeMap<String, String>,
    }
    let grants: Grants = toml::from_str(GRANTS)?;
    let status =
        |table: &str| manifest.tables.get(table).map_or(Status::Full, |entry| entry.status);
    let gap = |source: &str, how: Status, reason: String| SourceGap {
        source: source.to_owned(),
        status: how.word().to_owned(),
        reason,
        grant: grants.grant.get(source).cloned(),
        // A table that another source told in full misses nothing.
        tables: fed_by(source).into_iter().filter(|table| status(table) != Status::Full).collect(),
    };
    let mut found: BTreeMap<String, SourceGap> = BTreeMap::new();
    for (source, entry) in manifest.sources.iter().filter(|(_, entry)| entry.status != Status::Full)
    {
        let reason = entry
            .gap
            .clone()
            .unwrap_or_else(|| "nothing says that it was read to its end".to_owned());
        found.insert(source.clone(), gap(source, entry.status, reason));
    }
    for table in TABLES {
        if status(table.name) == Status::Full {
            continue;
        }
        // The way of reading that was begun, else the preferred one.
        let begun = |sources: &&&[&str]| {
            sources.iter().filter(|source| manifest.sources.contains_key(**source)).count()
        };
        let preferred = table.complete.iter().rev().max_by_key(begun).copied();
        for source in preferred.into_iter().flatten() {
            if !manifest.sources.contains_key(*source) {
                found
                    .entry((*source).to_owned())
                    .or_insert_with(|| gap(source, Status::None, "it was not read".to_owned()));
            }
        }
    }
    Ok(found.into_values().filter(|gap| !gap.tables.is_empty()).collect())
}

/// Tables that a source helps to complete.
fn fed_by(source: &str) -> Vec<String> {
    let feeds = |table: &&highwater_snapshot::Table| {
        table.complete.iter().any(|alternative| alternative.contains(&source))
            || table.readings.iter().any(|reading| reading.source == source)
    };
    TABLES.iter().copied().filter(feeds).map(|table| table.name.to_owned()).collect()
}
