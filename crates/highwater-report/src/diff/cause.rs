//! Causes: everything between two scorecards that can have moved an indicator.
//!
//! Looks at the rule itself, the statements, the facts that it reads and the indicators that it follows.
//! Says what is seen; which of several causes weighs most is not decided here.

use std::collections::{BTreeMap, BTreeSet};

use highwater_score::{AttestationScore, FactScore, IndicatorScore, Scorecard};
use serde::Serialize;

use super::moved::Moved;
use crate::words;

/// One thing that can have moved an indicator.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// Its rule, level, role or weight differs, one of its facts asks something else, or it is judged in one scorecard only.
    Rule,
    /// A statement counts now that did not count before, or has another answer.
    Attested {
        /// Who stated it.
        by: String,
        /// When.
        on: String,
        /// The answer.
        answer: String,
    },
    /// A statement has run out.
    Expired {
        /// Who had stated it.
        by: String,
        /// First day on which it no longer counts.
        on: String,
    },
    /// A statement is no longer in the file.
    Withdrawn {
        /// Who had stated it.
        by: String,
    },
    /// A fact is known less exactly than before.
    Lost(FactMove),
    /// A fact is known more exactly than before.
    Regained(FactMove),
    /// A fact has another value.
    Evidence(FactMove),
    /// Another indicator moved that this one follows.
    Follows {
        /// Its id.
        indicator: String,
    },
    /// Nothing in the scorecards explains it.
    Unexplained,
}

/// A fact that moved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactMove {
    /// Fact id.
    pub fact: String,
    /// Value before, in words.
    pub old: String,
    /// Value now, in words.
    pub new: String,
    /// Yes, no and not told before.
    pub old_counts: [u64; 3],
    /// Yes, no and not told now.
    pub new_counts: [u64; 3],
    /// What could be read less well, or again, one sentence each.
    pub gaps: Vec<String>,
    /// Subjects whose answer changed; `null` when only scorecards were compared.
    pub subjects: Option<Moved>,
}

impl Cause {
    /// The fact that moved, where it is one.
    pub fn fact(&self) -> Option<&FactMove> {
        match self {
            Self::Lost(it) | Self::Regained(it) | Self::Evidence(it) => Some(it),
            _ => None,
        }
    }

    pub(super) fn fact_mut(&mut self) -> Option<&mut FactMove> {
        match self {
            Self::Lost(it) | Self::Regained(it) | Self::Evidence(it) => Some(it),
            _ => None,
        }
    }
}

/// Two scorecards, prepared to be asked for causes.
pub(super) struct Causes<'a> {
    old_facts: BTreeMap<&'a str, &'a FactScore>,
    new_facts: BTreeMap<&'a str, &'a FactScore>,
    old_statements: Statements<'a>,
    new_statements: Statements<'a>,
    /// Indicators whose result differs.
    moved: BTreeSet<&'a str>,
}

/// Statements by indicator and status.
type Statements<'a> = BTreeMap<(&'a str, &'a str), &'a AttestationScore>;

impl<'a> Causes<'a> {
    pub(super) fn new(old: &'a Scorecard, new: &'a Scorecard) -> Self {
        let moved = new.indicators().filter(|indicator| {
            old.indicator(&indicator.id).is_some_and(|before| {
                (before.state, before.interval) != (indicator.state, indicator.interval)
            })
        });
        Self {
            old_facts: facts(old),
            new_facts: facts(new),
            old_statements: statements(old),
            new_statements: statements(new),
            moved: moved.map(|indicator| indicator.id.as_str()).collect(),
        }
    }

    /// Every cause that can be seen for an indicator that stands in both scorecards.
    pub(super) fn of(&self, old: &IndicatorScore, new: &IndicatorScore) -> Vec<Cause> {
        let mut found = Vec::new();
        if rule(old) != rule(new) || new.facts.iter().any(|fact| self.is_asked_otherwise(fact)) {
            found.push(Cause::Rule);
        }
        found.extend(self.statement(&new.id));
        let read: BTreeSet<&str> = old.facts.iter().chain(&new.facts).map(String::as_str).collect();
        found.extend(read.into_iter().filter_map(|fact| self.fact(fact)));
        let followed = |id: &&str| {
            *id != new.id
                && new.reasons.iter().chain(&old.reasons).any(|reason| mentions(reason, id))
        };
        found.extend(
            self.moved
                .iter()
                .copied()
                .filter(followed)
                .map(|id| Cause::Follows { indicator: id.to_owned() }),
        );
        if found.is_empty() {
            found.push(Cause::Unexplained);
        }
        found
    }

    /// Whether a fact of the same name is another question now; not where a scorecard does not tell.
    fn is_asked_otherwise(&self, fact: &str) -> bool {
        match (self.old_facts.get(fact), self.new_facts.get(fact)) {
            (Some(old), Some(new)) => {
                !old.question.is_empty() && !new.question.is_empty() && old.question != new.question
            }
            _ => false,
        }
    }

    fn statement(&self, id: &str) -> Option<Cause> {
        let live = |statements: &Statements<'a>| statements.get(&(id, "live")).copied();
        match (live(&self.old_statements), live(&self.new_statements)) {
            (None, None) => None,
            (Some(old), Some(new))
                if (&old.by, &old.on, &old.answer) == (&new.by, &new.on, &new.answer) =>
            {
                None
            }
            (_, Some(new)) => Some(Cause::Attested {
                by: new.by.clone(),
                on: new.on.clone(),
                answer: new.answer.clone(),
            }),
            (Some(old), None) => Some(match self.new_statements.get(&(id, "expired")) {
                Some(lapsed) => {
                    Cause::Expired { by: lapsed.by.clone(), on: lapsed.expires.clone() }
                }
                None => Cause::Withdrawn { by: old.by.clone() },
            }),
        }
    }

    fn fact(&self, id: &str) -> Option<Cause> {
        let (old, new) = (self.old_facts.get(id)?, self.new_facts.get(id)?);
        let same = (old.value, old.empty, old.unknowns) == (new.value, new.empty, new.unknowns)
            && (old.trues, old.falses) == (new.trues, new.falses);
        if same {
            return None;
        }
        let (before, after) = (width(old), width(new));
        let other = |a: &FactScore, b: &FactScore| -> Vec<String> {
            a.gaps.iter().filter(|gap| !b.gaps.contains(gap)).cloned().collect()
        };
        let mut moved = FactMove {
            fact: id.to_owned(),
            old: words::value(old),
            new: words::value(new),
            old_counts: [old.trues, old.falses, old.unknowns],
            new_counts: [new.trues, new.falses, new.unknowns],
            gaps: Vec::new(),
            subjects: None,
        };
        if after > before {
            moved.gaps = other(new, old);
            Some(Cause::Lost(moved))
        } else if after < before {
            moved.gaps = other(old, new);
            Some(Cause::Regained(moved))
        } else {
            Some(Cause::Evidence(moved))
        }
    }
}

/// What makes the rule of an indicator: anything but its result and its words.
fn rule(indicator: &IndicatorScore) -> impl PartialEq + '_ {
    (
        (indicator.level, indicator.polarity, indicator.role, indicator.weight),
        indicator.blocks_from,
        (&indicator.rule, &indicator.facts),
    )
}

/// How much of a fact is not known: 0 when exact, infinite when nothing is.
fn width(fact: &FactScore) -> f64 {
    match fact.value {
        _ if fact.empty => 0.0,
        None => f64::INFINITY,
        Some((_, None)) => f64::MAX,
        Some((lo, Some(hi))) => hi - lo,
    }
}

/// Whether a sentence names an indicator, and not merely one whose id starts the same.
fn mentions(sentence: &str, id: &str) -> bool {
    sentence.match_indices(id).any(|(at, _)| {
        sentence[at + id.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric())
    })
}

fn facts(scorecard: &Scorecard) -> BTreeMap<&str, &FactScore> {
    scorecard.facts.iter().map(|fact| (fact.id.as_str(), fact)).collect()
}

/// The newest statement of each status for each indicator.
fn statements(scorecard: &Scorecard) -> Statements<'_> {
    let mut found: Statements<'_> = BTreeMap::new();
    for statement in &scorecard.attestations {
        for id in &statement.indicators {
            let entry = found.entry((id, &statement.status)).or_insert(statement);
            if entry.on < statement.on {
                *entry = statement;
            }
        }
    }
    found
}
