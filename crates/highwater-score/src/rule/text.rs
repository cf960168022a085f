//! How a term is written in a model file: one small table with one named term.
//!
//! Reads every key of every term, so that a mistake is answered with what the term needs instead.

use serde::{Deserialize, Serialize};

use super::Rule;

/// A term as it is written in a model file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<Vec<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    any: Option<Vec<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<Vec<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attested: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    indicator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Operand>,
}

/// What a fact is compared with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Operand {
    Flag(bool),
    Number(f64),
}

impl TryFrom<Text> for Rule {
    type Error = String;

    fn try_from(text: Text) -> Result<Self, String> {
        match text.operands()? {
            Operands { ramp: Some((from, to)), operand: None } => text.ramp(from, to),
            Operands { ramp: None, operand: Some(Operand::Number(value)) } => {
                text.comparison(value)
            }
            Operands { ramp: None, operand: Some(Operand::Flag(value)) } => match text.is {
                Some(fact) => Ok(Self::Is { fact, value }),
                None => {
                    Err("`value = true` or `false` belongs to `is`; a comparison needs a number"
                        .to_owned())
                }
            },
            Operands { ramp: None, operand: None } => text.plain(),
            Operands { ramp: Some(_), operand: Some(_) } => {
                Err("a ramp has `from` and `to`, no `value`".to_owned())
            }
        }
    }
}

/// The numbers of a term.
struct Operands {
    ramp: Option<(f64, f64)>,
    operand: Option<Operand>,
}

impl Text {
    fn operands(&self) -> Result<Operands, String> {
        let named = [
            self.up.is_some(),
            self.down.is_some(),
            self.at_least.is_some(),
            self.at_most.is_some(),
            self.is.is_some(),
            self.all.is_some(),
            self.any.is_some(),
            self.mean.is_some(),
            self.attested.is_some(),
            self.indicator.is_some(),
        ];
        if named.into_iter().filter(|present| *present).count() != 1 {
            return Err("a term needs exactly one of `up`, `down`, `at_least`, `at_most`, `is`, `all`, `any`, `mean`, \
                        `attested`, `indicator`"
                .to_owned());
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) if from < to => {
                Ok(Operands { ramp: Some((from, to)), operand: self.value })
            }
            (None, None) => Ok(Operands { ramp: None, operand: self.value }),
            _ => {
                Err("a ramp needs both `from` and `to`, and `from` must be the smaller one"
                    .to_owned())
            }
        }
    }

    fn ramp(self, from: f64, to: f64) -> Result<Rule, String> {
        match (self.up, self.down) {
            (Some(fact), None) => Ok(Rule::Up { fact, from, to }),
            (None, Some(fact)) => Ok(Rule::Down { fact, from, to }),
            _ => Err("`from` and `to` belong to `up` and `down` only".to_owned()),
        }
    }

    fn comparison(self, value: f64) -> Result<Rule, String> {
        match (self.at_least, self.at_most) {
            _ if !value.is_finite() => Err("`value` must be a finite number".to_owned()),
            (Some(fact), None) => Ok(Rule::AtLeast { fact, value }),
            (None, Some(fact)) => Ok(Rule::AtMost { fact, value }),
            _ => Err("a number in `value` belongs to `at_least` and `at_most` only".to_owned()),
        }
    }

    fn plain(self) -> Result<Rule, String> {
        match self {
            Self { is: Some(fact), .. } => Ok(Rule::Is { fact, value: true }),
            Self { all: Some(terms), .. } if !terms.is_empty() => Ok(Rule::All(terms)),
            Self { any: Some(terms), .. } if !terms.is_empty() => Ok(Rule::Any(terms)),
            Self { mean: Some(terms), .. } if !terms.is_empty() => Ok(Rule::Mean(terms)),
            Self { attested: Some(true), .. } => Ok(Rule::Attested),
            Self { indicator: Some(id), .. } => Ok(Rule::Indicator(id)),
            Self { attested: Some(false), .. } => Err("`attested` can only be true".to_owned()),
            Self { at_least: Some(_), .. } | Self { at_most: Some(_), .. } => {
                Err("add `value = <number>`".to_owned())
            }
            Self { up: Some(_), .. } | Self { down: Some(_), .. } => {
                Err("add `from = <number>, to = <number>`".to_owned())
            }
            _ => Err("a list of terms must not be empty".to_owned()),
        }
    }
}

impl From<Rule> for Text {
    fn from(rule: Rule) -> Self {
        let text = Self::default();
        match rule {
            Rule::Up { fact, from, to } => {
                Self { up: Some(fact), from: Some(from), to: Some(to), ..text }
            }
            Rule::Down { fact, from, to } => {
                Self { down: Some(fact), from: Some(from), to: Some(to), ..text }
            }
            Rule::AtLeast { fact, value } => {
                Self { at_least: Some(fact), value: Some(Operand::Number(value)), ..text }
            }
            Rule::AtMost { fact, value } => {
                Self { at_most: Some(fact), value: Some(Operand::Number(value)), ..text }
            }
            Rule::Is { fact, value } => {
                Self { is: Some(fact), value: Some(Operand::Flag(value)), ..text }
            }
            Rule::All(terms) => Self { all: Some(terms), ..text },
            Rule::Any(terms) => Self { any: Some(terms), ..text },
            Rule::Mean(terms) => Self { mean: Some(terms), ..text },
            Rule::Attested => Self { attested: Some(true), ..text },
            Rule::Indicator(id) => Self { indicator: Some(id), ..text },
        }
    }
}
