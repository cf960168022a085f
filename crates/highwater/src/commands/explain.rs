//! `explain`: follows a verdict down to the records.
//!
//! Shows the rule, the facts that it reads, the subjects that count for and against, and which record of
//! which source each subject came from. Everything stands in the snapshot; nothing is fetched.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use highwater_facts::{Answer, Fact, Hit, Kind, Subject};
use highwater_report::text::plain;
use highwater_score::{IndicatorScore, Need};
use serde_json::{Value, json};

use crate::args::{Explain, Global, TextOrJson};
use crate::config::Config;
use crate::evaluate::Scored;
use crate::exit::usage_error;
use crate::{evaluate, output};

/// A subject and the records behind it.
type Traced = (Subject, Vec<String>);

/// The subjects of one fact, each with the records behind it.
struct Followed<'a> {
    fact: &'a Fact,
    answer: Option<&'a Answer>,
    groups: Vec<(Hit, u64, Vec<Traced>)>,
}

pub(crate) fn run(global: &Global, config: &Config, verb: &Explain) -> anyhow::Result<ExitCode> {
    let scored = evaluate::score(global, config, verb.snapshot.as_deref(), &verb.evaluation, None)?;
    let indicator = scored.scorecard.indicator(&verb.id).cloned();
    let known = |id: &str| scored.case.rules.book.fact(id);
    let facts: Vec<&Fact> = match (&indicator, known(&verb.id)) {
        (Some(indicator), _) => indicator.facts.iter().filter_map(|id| known(id)).collect(),
        (None, Some(fact)) => vec![fact],
        (None, None) => return Err(unknown(&scored, &verb.id)),
    };
    let followed = facts
        .into_iter()
        .map(|fact| follow(&scored, fact, verb.limit))
        .collect::<anyhow::Result<Vec<_>>>()?;
    match verb.format {
        TextOrJson::Text => {
            output::write(&as_text(&scored, indicator.as_ref(), &followed, verb.limit))?
        }
        TextOrJson::Json => {
            let facts: Vec<Value> = followed.iter().map(|followed| fact_json(followed)).collect();
            let document = json!({ "indicator": indicator, "facts": facts });
            output::write(&(serde_json::to_string_pretty(&document)? + "\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(scored: &Scored, id: &str) -> anyhow::Error {
    let rulebook = &scored.case.rules.rulebook;
    if rulebook.indicator(id).is_some() {
        return usage_error(format!("{id} is out of scope: the configuration says why"));
    }
    let start: String = id.chars().take(6).collect();
    let ids = rulebook
        .indicators()
        .map(|indicator| indicator.id.as_str())
        .chain(scored.case.rules.book.facts().map(|fact| fact.id.as_str()));
    let near: Vec<&str> = ids
        .filter(|known| {
            !start.is_empty() && known.to_lowercase().starts_with(&start.to_lowercase())
        })
        .take(8)
        .collect();
    let hint = if near.is_empty() {
        "list them with `highwater indicators` and `highwater facts`".to_owned()
    } else {
        format!("near it are {}", near.join(", "))
    };
    usage_error(format!("no indicator and no fact is called `{}`: {hint}", plain(id)))
}

fn follow<'a>(scored: &'a Scored, fact: &'a Fact, limit: usize) -> anyhow::Result<Followed<'a>> {
    let mut groups = Vec::new();
    for hit in [Hit::Yes, Hit::No, Hit::Unknown] {
        let found = highwater_facts::subjects(
            &scored.case.rules.book,
            &scored.case.evidence,
            &fact.id,
            Some(hit),
            limit,
        )?;
        let count = match hit {
            Hit::Yes => found.yes,
            Hit::No => found.no,
            Hit::Unknown => found.unknown,
        };
        let mut records = records(scored, fact, &found.rows)?;
        let rows = found.rows.into_iter().map(|subject| {
            let records = records.remove(&subject.subject).unwrap_or_default();
            (subject, records)
        });
        groups.push((hit, count, rows.collect()));
    }
    Ok(Followed { fact, answer: scored.answers.get(&fact.id), groups })
}

/// The records behind subjects: rows of the population tables whose key is the subject.
pub(super) fn records(
    scored: &Scored,
    fact: &Fact,
    subjects: &[Subject],
) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if subjects.is_empty() {
        return Ok(found);
    }
    let wanted: Vec<String> = subjects
        .iter()
        .map(|subject| format!("'{}'", subject.subject.replace('\'', "''")))
        .collect();
    for name in &fact.population {
        let Some(table) = highwater_snapshot::table(name) else { continue };
        if table.scope == highwater_snapshot::Scope::Snapshot {
            continue;
        }
        let keys: Vec<String> = table.key.iter().map(|key| format!("t.{key}")).collect();
        let whole = if keys.len() == 1 {
            keys[0].clone()
        } else {
            format!("CONCAT({})", keys.join(", ':', "))
        };
        let sql = format!(
            "SELECT {whole} AS subject, t.source_id AS source_id, t.record_no AS record_no FROM {name} t WHERE {whole} IN ({})",
            wanted.join(", ")
        );
        let frame = highwater_facts::query(&scored.case.rules.book, &scored.case.evidence, &sql)?;
        for at in 0..frame.height() {
            let cell = |column: &str| -> anyhow::Result<Value> {
                Ok(super::sql::value(&frame.column(column)?.get(at)?))
            };
            if let (Value::String(subject), Value::String(source), Value::Number(record)) =
                (cell("subject")?, cell("source_id")?, cell("record_no")?)
            {
                found.entry(subject).or_default().push(format!("{source} record {record}"));
            }
        }
    }
    Ok(found)
}

fn as_text(
    scored: &Scored,
    indicator: Option<&IndicatorScore>,
    followed: &[Followed<'_>],
    limit: usize,
) -> String {
    let mut out = String::new();
    if let Some(indicator) = indicator {
        indicator_text(&mut out, scored, indicator);
    }
    for one in followed {
        fact_text(&mut out, scored, one, limit, indicator.is_none());
    }
    if let Some(source) = followed
        .iter()
        .flat_map(|one| &one.groups)
        .flat_map(|(_, _, rows)| rows)
        .flat_map(|(_, records)| records)
        .next()
    {
        let file = source.split(' ').next().unwrap_or_default();
        let _ = writeln!(
            out,
            "records stand in {}",
            scored.case.snapshot.folder().join(format!("raw/{file}.ndjson.zst")).display()
        );
    }
    out
}

fn indicator_text(out: &mut String, scored: &Scored, indicator: &IndicatorScore) {
    let [lo, hi] = indicator.interval;
    let state = serde_json::to_value(indicator.state)
        .ok()
        .and_then(|state| state.as_str().map(|word| word.replace('_', " ")))
        .unwrap_or_default();
    let _ = writeln!(out, "{}  {}", indicator.id, indicator.title);
    let _ = writeln!(
        out,
        "level {}: {state}  score [{lo}, {hi}]  estimate {}  confidence {}",
        indicator.level, indicator.estimate, indicator.confidence
    );
    let _ = writeln!(out, "\nrule: {}", indicator.rule);
    for reason in &indicator.reasons {
        let _ = writeln!(out, "  - {}", plain(reason));
    }
    for need in &indicator.needs {
        let _ = writeln!(out, "  to settle it: {}", need_text(need));
    }
    let _ = writeln!(out, "fix: {} ({})", indicator.remediation, indicator.owner);
    for gap in scored.scorecard.gaps.iter().filter(|gap| gap.unlocks.contains(&indicator.id)) {
        let grant =
            gap.grant.as_deref().map_or_else(String::new, |grant| format!("; grant: {grant}"));
        let _ = writeln!(
            out,
            "not read: {} ({}): {}{grant}",
            gap.source,
            gap.status,
            plain(&gap.reason)
        );
    }
    let _ = writeln!(out, "published at {}\n", indicator.link);
}

fn need_text(need: &Need) -> String {
    match need {
        Need::Collect { facts, tables } => {
            format!("collect {} (for {})", tables.join(", "), facts.join(", "))
        }
        Need::Attest => "a statement of a person".to_owned(),
        Need::Sample { fact, minimum } => format!("at least {minimum} of {fact}"),
        Need::Fix { facts, statement: false } => format!("improve {}", facts.join(", ")),
        Need::Fix { facts, statement: true } => {
            format!("improve {}; a statement has to go with it", facts.join(", "))
        }
    }
}

fn fact_text(
    out: &mut String,
    scored: &Scored,
    followed: &Followed<'_>,
    limit: usize,
    whole: bool,
) {
    let Followed { fact, answer, groups } = followed;
    let _ = writeln!(out, "{}  {}", fact.id, fact.about);
    let _ = writeln!(out, "  value: {}", value_text(fact, *answer));
    for gap in answer.iter().flat_map(|answer| &answer.gaps) {
        let _ = writeln!(out, "  gap: {}", plain(gap));
    }
    for (hit, count, rows) in groups.iter().filter(|(_, count, _)| *count > 0) {
        let word = match hit {
            Hit::Yes => "for",
            Hit::No => "against",
            Hit::Unknown => "unknown",
        };
        let _ = writeln!(out, "  {count} {word}");
        for (subject, records) in rows {
            let label = if subject.label.is_empty() || subject.label == subject.subject {
                String::new()
            } else {
                format!("  {}", plain(&subject.label))
            };
            let from = if records.is_empty() {
                String::new()
            } else {
                format!("  [{}]", records.join(", "))
            };
            let _ = writeln!(out, "    {}{label}{from}", plain(&subject.subject));
        }
        if usize::try_from(*count).is_ok_and(|count| count > limit) {
            let _ = writeln!(out, "    … more with --limit {count}");
        }
    }
    if whole {
        let readers: Vec<&str> = scored
            .case
            .rules
            .rulebook
            .readers(&fact.id)
            .iter()
            .map(|indicator| indicator.id.as_str())
            .collect();
        let _ = writeln!(out, "  read by {}\n\n{}\n", readers.join(", "), fact.sql.trim());
    } else {
        out.push('\n');
    }
}

fn value_text(fact: &Fact, answer: Option<&Answer>) -> String {
    let Some(answer) = answer else { return "not asked".to_owned() };
    if answer.empty {
        return "none: there are no subjects, and that is known".to_owned();
    }
    let Some(value) = answer.value else { return "unknown: it could not be observed".to_owned() };
    let show = |number: f64| {
        if fact.kind == Kind::Share {
            format!("{:.1} %", number * 100.0)
        } else {
            format!("{}", (number * 100.0).round() / 100.0)
        }
    };
    let unit = fact.unit.as_deref().map_or_else(String::new, |unit| format!(" {unit}"));
    if value.lo.total_cmp(&value.hi).is_eq() {
        return format!("{}{unit}", show(value.lo));
    }
    let hi = if value.hi.is_finite() { show(value.hi) } else { "any number".to_owned() };
    format!("between {} and {hi}{unit}", show(value.lo))
}

fn fact_json(followed: &Followed<'_>) -> Value {
    let groups = followed.groups.iter().map(|(hit, count, rows)| {
        let word = match hit {
            Hit::Yes => "for",
            Hit::No => "against",
            Hit::Unknown => "unknown",
        };
        let rows: Vec<Value> = rows.iter().map(|(subject, records)| json!({ "subject": subject.subject, "label": subject.label, "records": records })).collect();
        (word.to_owned(), json!({ "count": count, "subjects": rows }))
    });
    let value = followed
        .answer
        .and_then(|answer| answer.value)
        .map(|value| json!([value.lo, value.hi.is_finite().then_some(value.hi)]));
    json!({ "id": followed.fact.id, "kind": followed.fact.kind, "about": followed.fact.about, "value": value,
        "gaps": followed.answer.map(|answer| &answer.gaps), "sql": followed.fact.sql, "subjects": groups.collect::<serde_json::Map<_, _>>() })
}
