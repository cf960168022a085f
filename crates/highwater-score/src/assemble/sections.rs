//! The sections beside the models: facts and statements, each in one fixed order.

use std::collections::BTreeMap;

use highwater_facts::{Answer, Kind};

use crate::Statement;
use crate::attestation::Fate;
use crate::rulebook::Rulebook;
use crate::scorecard::{AttestationScore, FactScore};

use super::rounded;

/// A fact as it was observed; what it asks is added by the caller.
pub(super) fn fact(id: &str, answer: &Answer) -> FactScore {
    let kind = match answer.kind {
        Kind::Share => "share",
        Kind::Count => "count",
        Kind::Flag => "flag",
        Kind::Measure => "measure",
    };
    let value =
        answer.value.filter(|range| !answer.empty && range.lo.is_finite() && range.lo <= range.hi);
    FactScore {
        id: id.to_owned(),
        kind: Some(kind.to_owned()),
        value: value
            .map(|range| (rounded(range.lo), range.hi.is_finite().then(|| rounded(range.hi)))),
        empty: answer.empty,
        trues: answer.trues,
        falses: answer.falses,
        unknowns: answer.unknowns,
        tables: answer.tables.clone(),
        gaps: answer.gaps.clone(),
        about: String::new(),
        question: String::new(),
    }
}

/// Indicators of one statement that share a fate stand together; the same statement twice stands once.
pub(super) fn statements(
    fates: &[(&Statement, &str, Fate)],
    rulebook: &Rulebook,
) -> Vec<AttestationScore> {
    let mut groups: BTreeMap<(*const Statement, Fate, String), AttestationScore> = BTreeMap::new();
    for (statement, id, fate) in fates {
        let expires = statement.expiry(id, rulebook).to_string();
        let key = (std::ptr::from_ref(*statement), *fate, expires.clone());
        let entry = groups.entry(key).or_insert_with(|| AttestationScore {
            indicators: Vec::new(),
            status: fate.word().to_owned(),
            expires,
            answer: statement.answer.word().to_owned(),
            by: statement.by.clone(),
            on: statement.on.to_string(),
            evidence: statement.evidence.clone(),
            note: statement.note.clone(),
        });
        entry.indicators.push((*id).to_owned());
    }
    let mut entries: Vec<AttestationScore> = groups.into_values().collect();
    for entry in &mut entries {
        entry.indicators.sort();
    }
    entries.sort();
    entries.dedup();
    entries
}

/// The newest statement that does not count, by indicator.
pub(super) fn lapsed<'a>(
    fates: &[(&'a Statement, &'a str, Fate)],
) -> BTreeMap<&'a str, &'a Statement> {
    let mut newest: BTreeMap<&str, &Statement> = BTreeMap::new();
    for (statement, id, fate) in fates {
        let counts = matches!(fate, Fate::Expired | Fate::NotYet);
        if counts && newest.get(id).is_none_or(|known| known.on < statement.on) {
            newest.insert(id, statement);
        }
    }
    newest
}
