//! A rule: judgement over facts, built from a closed set of terms and kept as data.
//!
//! Every term is monotone on intervals, so that better evidence only ever narrows a result.
//! Deliberately absent: expressions, scripts, arithmetic between facts. Where these terms do not
//! suffice, a fact is missing.

use std::collections::BTreeMap;

use highwater_facts::{Answer, Interval};
use serde::{Deserialize, Serialize};

mod text;

use text::Text;

/// Nothing is known of a score.
pub(crate) const ANYTHING: Interval = Interval { lo: 0.0, hi: 1.0 };

/// One term of a rule. Its value is an interval inside `[0, 1]`.
///
/// In a model file a term is a small table: `{ up = "dlp.env_covered_share", from = 0.5, to = 0.9 }`,
/// `{ at_least = "dlp.policy_count", value = 1 }`, `{ is = "coe.core_active" }`, `{ all = [ … ] }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub enum Rule {
    /// Rises linearly from 0 at `from` to 1 at `to`.
    Up {
        /// Fact id.
        fact: String,
        /// Value at which the score begins to rise.
        from: f64,
        /// Value from which the score is full.
        to: f64,
    },
    /// Falls linearly from 1 at `from` to 0 at `to`.
    Down {
        /// Fact id.
        fact: String,
        /// Value up to which the score is full.
        from: f64,
        /// Value from which the score is nothing.
        to: f64,
    },
    /// 1 if the fact is at least `value`, else 0.
    AtLeast {
        /// Fact id.
        fact: String,
        /// The least value that counts.
        value: f64,
    },
    /// 1 if the fact is at most `value`, else 0.
    AtMost {
        /// Fact id.
        fact: String,
        /// The greatest value that counts.
        value: f64,
    },
    /// 1 if the flag has the wanted value, else 0.
    Is {
        /// Fact id.
        fact: String,
        /// The wanted value.
        value: bool,
    },
    /// The least of the terms.
    All(Vec<Self>),
    /// The greatest of the terms.
    Any(Vec<Self>),
    /// The average of the terms.
    Mean(Vec<Self>),
    /// The live statement about this indicator.
    Attested,
    /// The result of another indicator.
    Indicator(String),
}

/// What a rule is read against.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The observed facts.
    pub answers: &'a BTreeMap<String, Answer>,
    /// The statement about the indicator; `[0, 1]` where there is none.
    pub statement: Interval,
    /// Results of the indicators that came before, `None` for one that does not apply.
    pub others: &'a dyn Fn(&str) -> Option<Interval>,
}

impl Rule {
    /// The score that the evidence allows, or `None` when every term is about nothing.
    ///
    /// A share or measure without any subjects drops out: it is neutral in `all` and `mean`, and
    /// nothing in `any`. That stays monotone, because a dropped term lies between 0 and 1.
    pub fn evaluate(&self, reading: &Reading<'_>) -> Option<Interval> {
        match self {
            Self::Up { fact, from, to } => observe(reading, fact, |value| ramp(value, *from, *to)),
            Self::Down { fact, from, to } => {
                observe_falling(reading, fact, |value| 1.0 - ramp(value, *from, *to))
            }
            Self::AtLeast { fact, value } => observe(reading, fact, |seen| step(seen >= *value)),
            Self::AtMost { fact, value } => {
                observe_falling(reading, fact, |seen| step(seen <= *value))
            }
            Self::Is { fact, value: true } => observe(reading, fact, |seen| seen.clamp(0.0, 1.0)),
            Self::Is { fact, value: false } => {
                observe_falling(reading, fact, |seen| 1.0 - seen.clamp(0.0, 1.0))
            }
            Self::All(terms) => fold(terms, reading, f64::min),
            Self::Any(terms) => fold(terms, reading, f64::max),
            Self::Mean(terms) => mean(terms, reading),
            Self::Attested => Some(reading.statement),
            Self::Indicator(id) => (reading.others)(id),
        }
    }

    /// Whether the best evidence is not enough for full marks as long as nobody states it.
    #[must_use]
    pub fn waits_for_a_statement(&self) -> bool {
        match self {
            Self::Attested => true,
            Self::All(terms) | Self::Mean(terms) => terms.iter().any(Self::waits_for_a_statement),
            Self::Any(terms) => !terms.is_empty() && terms.iter().all(Self::waits_for_a_statement),
            _ => false,
        }
    }

    /// Fact ids that the rule reads, each once, in the order of the text.
    pub fn facts(&self) -> Vec<&str> {
        let mut facts = Vec::new();
        self.visit(&mut |term| {
            if let Some(fact) = term.fact()
                && !facts.contains(&fact)
            {
                facts.push(fact);
            }
        });
        facts
    }

    /// Whether a statement takes part.
    pub fn asks_for_statement(&self) -> bool {
        let mut asks = false;
        self.visit(&mut |term| asks |= matches!(term, Self::Attested));
        asks
    }

    /// Ids of the indicators that the rule reads.
    pub fn indicators(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        self.visit(&mut |term| {
            if let Self::Indicator(id) = term {
                ids.push(id.as_str());
            }
        });
        ids
    }

    /// Calls `seen` for this term and every term below it, in the order of the text.
    pub fn visit<'a>(&'a self, seen: &mut dyn FnMut(&'a Self)) {
        seen(self);
        if let Self::All(terms) | Self::Any(terms) | Self::Mean(terms) = self {
            for term in terms {
                term.visit(seen);
            }
        }
    }

    /// The fact that this very term reads.
    pub fn fact(&self) -> Option<&str> {
        match self {
            Self::Up { fact, .. }
            | Self::Down { fact, .. }
            | Self::AtLeast { fact, .. }
            | Self::AtMost { fact, .. }
            | Self::Is { fact, .. } => Some(fact),
            Self::All(_) | Self::Any(_) | Self::Mean(_) | Self::Attested | Self::Indicator(_) => {
                None
            }
        }
    }
}

/// What was observed of a fact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seen {
    /// A range of values.
    Range(Interval),
    /// A share or measure that has no subjects at all.
    Empty,
    /// Nothing.
    Nothing,
}

/// What was observed of a fact; numbers that make no sense count as nothing.
pub(crate) fn seen(answers: &BTreeMap<String, Answer>, fact: &str) -> Seen {
    match answers.get(fact) {
        Some(answer) if answer.empty => Seen::Empty,
        Some(Answer { value: Some(range), .. }) if range.lo <= range.hi => Seen::Range(*range),
        _ => Seen::Nothing,
    }
}

fn observe(reading: &Reading<'_>, fact: &str, rising: impl Fn(f64) -> f64) -> Option<Interval> {
    match seen(reading.answers, fact) {
        Seen::Range(range) => Some(Interval { lo: rising(range.lo), hi: rising(range.hi) }),
        Seen::Nothing => Some(ANYTHING),
        Seen::Empty => None,
    }
}

fn observe_falling(
    reading: &Reading<'_>,
    fact: &str,
    falling: impl Fn(f64) -> f64,
) -> Option<Interval> {
    observe(reading, fact, falling)
        .map(|Interval { lo, hi }| Interval { lo: lo.min(hi), hi: lo.max(hi) })
}

/// How far a value has come from `from` to `to`, to nine places: half of the way must be one half, however
/// the ends are written in binary.
fn ramp(value: f64, from: f64, to: f64) -> f64 {
    let way = ((value - from) / (to - from)).clamp(0.0, 1.0);
    (way * 1e9).round() / 1e9
}

fn step(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

fn fold(terms: &[Rule], reading: &Reading<'_>, pick: fn(f64, f64) -> f64) -> Option<Interval> {
    let values = terms.iter().filter_map(|term| term.evaluate(reading));
    values.reduce(|a, b| Interval { lo: pick(a.lo, b.lo), hi: pick(a.hi, b.hi) })
}

fn mean(terms: &[Rule], reading: &Reading<'_>) -> Option<Interval> {
    let mut sum = Interval { lo: 0.0, hi: 0.0 };
    let mut number = 0_u32;
    for value in terms.iter().filter_map(|term| term.evaluate(reading)) {
        sum = Interval { lo: sum.lo + value.lo, hi: sum.hi + value.hi };
        number += 1;
    }
    let number = f64::from(number);
    (number > 0.0).then(|| Interval { lo: sum.lo / number, hi: sum.hi / number })
}
