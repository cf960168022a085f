//! Gathers what a report or a comparison needs, from a snapshot or from a scorecard.
//!
//! A snapshot is scored, and its subjects are listed; a scorecard is read as it is. Nothing is collected.

use std::collections::BTreeMap;
use std::path::Path;

use highwater_facts::{Fact, Kind, Session};
use highwater_report::diff::{self, Diff, Moved, MovedGroup, MovedSubject};
use highwater_report::dossier::{Dossier, Group, Hit, Reading, Subject, Subjects, TakenOver};
use highwater_score::{Model, Polarity, Rule, Scorecard};

use crate::args::{Evaluation, Global};
use crate::commands::earlier::reused;
use crate::config::Config;
use crate::evaluate::{self, Case, Rules, Scored};
use crate::exit::usage_error;
use crate::testimony::{self, Trust};

/// Subjects of each answer of each fact that are listed.
const LISTED: usize = 200;

/// A result that was given: evidence and all, or the scorecard alone.
pub(super) enum Given {
    /// A snapshot, scored.
    Scored(Box<Scored>),
    /// A snapshot, with the scorecard that was issued for it.
    Issued(Box<Case>, Box<Scorecard>),
    /// A scorecard.
    Scorecard(Box<Scorecard>),
}

impl Given {
    /// Opens what was named; a scorecard is told by its ending.
    pub(super) fn open(
        global: &Global,
        config: &Config,
        path: Option<&Path>,
        evaluation: &Evaluation,
    ) -> anyhow::Result<Self> {
        match path.filter(|path| is_scorecard(path)) {
            Some(path) => Ok(Self::Scorecard(Box::new(read(path)?))),
            None => {
                Ok(Self::Scored(Box::new(evaluate::score(global, config, path, evaluation, None)?)))
            }
        }
    }

    /// Opens what was named for a comparison: a snapshot is not scored again where a run has issued what that
    /// would give.
    pub(super) fn recall(
        global: &Global,
        config: &Config,
        path: &Path,
        evaluation: &Evaluation,
    ) -> anyhow::Result<Self> {
        if is_scorecard(path) {
            return Ok(Self::Scorecard(Box::new(read(path)?)));
        }
        let case = evaluate::open(global, config, Some(path), None)?;
        let trust = Trust::of(config, evaluation)?;
        let testimony =
            testimony::read(evaluation.attest.as_deref(), &case.rules.rulebook, &trust)?;
        Ok(match evaluate::issued(config, &case, &testimony)? {
            Some(card) => Self::Issued(Box::new(case), Box::new(card)),
            None => Self::Scored(Box::new(evaluate::judge(
                case,
                &config.scope,
                (None, None),
                testimony,
            )?)),
        })
    }

    /// The scorecard.
    pub(super) fn scorecard(&self) -> &Scorecard {
        match self {
            Self::Scored(scored) => &scored.scorecard,
            Self::Issued(_, scorecard) | Self::Scorecard(scorecard) => scorecard,
        }
    }

    /// The facts of its snapshot, ready to be asked; nothing for a scorecard alone. `room` is where they stay.
    fn session<'a>(
        &'a self,
        ids: &[&str],
        room: &'a mut Option<Session>,
    ) -> anyhow::Result<Option<&'a Session>> {
        Ok(match self {
            Self::Scored(scored) => Some(&scored.session),
            Self::Issued(case, _) => {
                let book = &case.rules.book;
                let known: Vec<&str> =
                    ids.iter().copied().filter(|id| book.fact(id).is_some()).collect();
                Some(room.insert(Session::open_for(book, &case.evidence, &known)?))
            }
            Self::Scorecard(_) => None,
        })
    }

    /// The models by which it was scored; none for a scorecard, which may have been scored by others.
    fn models(&self) -> Vec<Model> {
        match self {
            Self::Scored(scored) => scored.case.rules.rulebook.models().to_vec(),
            Self::Issued(case, _) => case.rules.rulebook.models().to_vec(),
            Self::Scorecard(_) => Vec::new(),
        }
    }

    /// Everything that a report shows of it.
    pub(super) fn dossier(&self, change: Option<Diff>) -> anyhow::Result<Dossier> {
        let mut dossier = Dossier::of(self.scorecard().clone());
        dossier.change = change;
        dossier.models = self.models();
        if let Self::Scored(scored) = self {
            dossier.subjects = Some(subjects(scored)?);
            dossier.readings = readings(scored);
            dossier.taken_over = reused(scored.case.snapshot.manifest())
                .map(|told| TakenOver { environments: told.environments, oldest: told.oldest });
            dossier.against = against(&scored.case.rules);
        }
        Ok(dossier)
    }
}

/// Does the same with an earlier and a later result side by side, so that both cores have work.
pub(super) fn both<T: Send>(
    old: impl FnOnce() -> anyhow::Result<T> + Send,
    new: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, T)> {
    std::thread::scope(|scope| {
        let old = scope.spawn(old);
        let new = new();
        let old = old.join().map_err(|_| anyhow::anyhow!("the thread of the first result stopped"));
        Ok((old??, new?))
    })
}

/// What changed between two results; with the subjects that moved where both are snapshots and the rules the same.
pub(super) fn compare(old: &Given, new: &Given) -> anyhow::Result<Diff> {
    let mut diff = diff::compare(old.scorecard(), new.scorecard());
    if old.scorecard().rulebook == new.scorecard().rulebook {
        let facts = diff.facts();
        let ids: Vec<&str> = facts.iter().map(String::as_str).collect();
        let (mut then, mut now) = (None, None);
        let sides = both(|| old.session(&ids, &mut then), || new.session(&ids, &mut now))?;
        if let (Some(old), Some(new)) = sides {
            tell_subjects(&mut diff, &ids, [old, new])?;
        }
    }
    Ok(diff)
}

/// Adds the subjects that moved.
fn tell_subjects(diff: &mut Diff, ids: &[&str], sides: [&Session; 2]) -> anyhow::Result<()> {
    let asked = |id: &&str| sides.iter().all(|side| side.asks(id));
    let ids: Vec<&str> = ids.iter().copied().filter(asked).collect();
    for (fact, ways) in highwater_facts::moved_each(sides, &ids, diff::NAMED)? {
        let groups = ways.into_iter().map(|((before, after), group)| {
            (diff::way(before.map(said), after.map(said)), moved_group(group))
        });
        diff.tell(&fact, &Moved { groups: groups.collect() });
    }
    Ok(())
}

fn moved_group(group: highwater_facts::MovedGroup) -> MovedGroup {
    let first = group.first.into_iter().map(|(id, label)| MovedSubject { id, label });
    MovedGroup { count: group.count, first: first.collect() }
}

const fn said(hit: highwater_facts::Hit) -> Hit {
    match hit {
        highwater_facts::Hit::Yes => Hit::Yes,
        highwater_facts::Hit::No => Hit::No,
        highwater_facts::Hit::Unknown => Hit::Unknown,
    }
}

/// Whether a path names a scorecard, which is told by its ending.
fn is_scorecard(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) && path.is_file()
}

/// Reads a scorecard.
pub(super) fn read(path: &Path) -> anyhow::Result<Scorecard> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage_error(format!("cannot read {}: {error}", path.display())))?;
    let scorecard: Scorecard = serde_json::from_str(&text).map_err(|error| {
        usage_error(format!(
            "{} is no scorecard: {error}; write one with `highwater score --format json`",
            path.display()
        ))
    })?;
    if scorecard.format != 1 {
        return Err(usage_error(format!(
            "{} has format {}, and this program reads format 1: use the program that wrote it",
            path.display(),
            scorecard.format
        )));
    }
    Ok(scorecard)
}

/// The subjects behind every fact that has any, up to [`LISTED`] of each answer.
fn subjects(scored: &Scored) -> anyhow::Result<BTreeMap<String, Subjects>> {
    let Rules { book, .. } = &scored.case.rules;
    let has_any =
        |id: &str| scored.answers.get(id).is_some_and(|it| it.trues + it.falses + it.unknowns > 0);
    let ids: Vec<&str> =
        book.facts().map(|fact| fact.id.as_str()).filter(|id| has_any(id)).collect();
    let found = highwater_facts::subjects_each(&scored.session, &ids, LISTED)?;
    found
        .into_iter()
        .filter_map(|(id, rows)| {
            let fact = book.fact(&id)?;
            Some(grouped(scored, fact, rows).map(|subjects| (id, subjects)))
        })
        .collect()
}

/// The subjects of a fact by answer, each with the records that it was read from.
fn grouped(
    scored: &Scored,
    fact: &Fact,
    mut found: Vec<highwater_facts::Subject>,
) -> anyhow::Result<Subjects> {
    let Some(answer) = scored.answers.get(&fact.id) else { return Ok(Subjects::default()) };
    let mut records = super::explain::records(scored, fact, &found)?;
    let mut group = |hit: highwater_facts::Hit, count: u64| {
        let rows = found.extract_if(.., |row| row.hit == hit).map(|row| Subject {
            records: records.remove(&row.subject).unwrap_or_default(),
            id: row.subject,
            label: row.label,
        });
        Group { count, rows: rows.collect() }
    };
    Ok(Subjects {
        yes: group(highwater_facts::Hit::Yes, answer.trues),
        no: group(highwater_facts::Hit::No, answer.falses),
        unknown: group(highwater_facts::Hit::Unknown, answer.unknowns),
    })
}

fn readings(scored: &Scored) -> Vec<Reading> {
    let sources = &scored.case.snapshot.manifest().sources;
    let readings = sources.iter().map(|(source, entry)| Reading {
        source: source.clone(),
        status: entry.status.word().to_owned(),
        calls: entry.calls,
        pages: entry.pages,
        records: entry.records,
        expected: entry.expected,
        gap: entry.gap.clone(),
    });
    readings.collect()
}

/// Which answer of each fact counts against each indicator: the one that its rule does not ask for, and
/// the one that it asks for where the indicator is a limitation. Where a rule wants a number of subjects,
/// those that do not count are not against it.
fn against(rules: &Rules) -> BTreeMap<String, BTreeMap<String, Hit>> {
    let mut found = BTreeMap::new();
    for indicator in rules.rulebook.indicators() {
        let limitation = indicator.polarity == Polarity::Limitation;
        let mut facts = BTreeMap::new();
        indicator.rule.visit(&mut |term| {
            let (fact, wants_yes) = match term {
                Rule::Up { fact, .. } | Rule::AtLeast { fact, .. } => (fact, true),
                Rule::Down { fact, .. } | Rule::AtMost { fact, .. } => (fact, false),
                Rule::Is { fact, value } => (fact, *value),
                _ => return,
            };
            let against = if wants_yes == limitation { Hit::Yes } else { Hit::No };
            let number = rules.book.fact(fact).is_some_and(|fact| fact.kind == Kind::Count);
            if !(number && against == Hit::No) {
                facts.entry(fact.clone()).or_insert(against);
            }
        });
        found.insert(indicator.id.clone(), facts);
    }
    found
}
