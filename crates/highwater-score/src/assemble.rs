//! From outcomes to the scorecard: levels, coverage, confidence, gaps and statements, in fixed order.
//!
//! Puts together what `indicator.rs` and `level.rs` found out; judges nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use highwater_facts::Interval;
use sha2::{Digest, Sha256};

use crate::indicator::{Outcome, Outcomes, contribution};
use crate::level::{self, Item, Levels};
use crate::model::{Capability, Indicator, Model};
use crate::needs::{improving, needs};
use crate::reasons::{disagreement, reasons};
use crate::rulebook::Rulebook;
use crate::scorecard::{
    CapabilityScore, ContradictionScore, FORMAT, FactScore, GapScore, IndicatorScore, LevelScore,
    ModelEdition, ModelScore, Next, OutOfScope, RulebookScore, Scorecard, State,
};
use crate::words::in_words;
use crate::{Answers, Attestations, Context, Statement};

mod sections;
mod trust;

use sections::{fact, lapsed, statements};
use trust::{confidence, coverage};

/// Everything that the parts of a scorecard are made from.
struct Parts<'a> {
    rulebook: &'a Rulebook,
    answers: &'a Answers,
    outcomes: &'a Outcomes<'a>,
    context: &'a Context,
    /// Confidence by position in the rulebook.
    confidence: Vec<f64>,
    /// The newest statement that does not count, by indicator.
    lapsed: BTreeMap<&'a str, &'a Statement>,
}

/// Builds the scorecard.
pub(crate) fn assemble(
    rulebook: &Rulebook,
    answers: &Answers,
    attestations: &Attestations,
    outcomes: &Outcomes<'_>,
    context: &Context,
) -> Scorecard {
    let fates = attestations.fates(rulebook, context.evaluated_on());
    let confidence = confidence(rulebook, answers, outcomes, context);
    let parts = Parts { rulebook, answers, outcomes, context, confidence, lapsed: lapsed(&fates) };
    let models: Vec<&Model> =
        rulebook.models().iter().filter(|model| context.wants(&model.id)).collect();
    let editions = models
        .iter()
        .map(|model| ModelEdition { id: model.id.clone(), edition: model.edition.clone() });
    Scorecard {
        format: FORMAT,
        tool: context.tool.clone(),
        tenant: context.tenant.clone(),
        snapshot: context.snapshot.clone(),
        rulebook: RulebookScore {
            sha256: rules(rulebook.sha256(), &context.questions),
            models: editions.collect(),
        },
        evaluated_at: context.evaluated_at.to_string(),
        models: models.iter().filter_map(|model| parts.model(model)).collect(),
        facts: parts.facts(&models),
        gaps: parts.gaps(&models),
        attestations: statements(&fates, rulebook),
        statement_files: context.statement_files.clone(),
        contradictions: parts.contradictions(&models),
    }
}

impl<'a> Parts<'a> {
    /// Capabilities of the model that are judged.
    fn judged<'m>(&self, model: &'m Model) -> impl Iterator<Item = &'m Capability> {
        model
            .capabilities
            .iter()
            .filter(|capability| self.context.scope.reason(&model.id, &capability.id).is_none())
    }

    fn model(&self, model: &Model) -> Option<ModelScore> {
        let capabilities: Vec<CapabilityScore> =
            self.judged(model).map(|c| self.capability(model, c)).collect();
        let applicable: Vec<Levels> = self
            .judged(model)
            .zip(&capabilities)
            .filter(|(capability, _)| self.rated(capability).any(|(_, outcome)| outcome.applies()))
            .map(|(_, score)| score.level)
            .collect();
        let entry = model.levels.first().map(|level| level.number)?;
        let top = model.levels.last().map(|level| level.number)?;
        let lowest = Levels::each(|_| entry);
        let level = level::least(&applicable).unwrap_or(lowest);
        let limiting =
            |score: &&CapabilityScore| score.level.proven == level.proven && level.proven < top;
        Some(ModelScore {
            id: model.id.clone(),
            title: model.title.clone(),
            level,
            median: level::median(&applicable).unwrap_or(lowest),
            limited_by: capabilities
                .iter()
                .filter(limiting)
                .map(|score| score.id.clone())
                .collect(),
            coverage: coverage(self.judged(model).flat_map(|capability| self.rated(capability))),
            capabilities,
            out_of_scope: self.out_of_scope(model),
        })
    }

    fn out_of_scope(&self, model: &Model) -> Vec<OutOfScope> {
        let excluded = model.capabilities.iter().filter_map(|capability| {
            let reason = self.context.scope.reason(&model.id, &capability.id)?.to_owned();
            let Capability { id, code, title, .. } = capability.clone();
            Some(OutOfScope { id, code, title, reason })
        });
        excluded.collect()
    }

    fn rated<'m>(
        &'m self,
        capability: &'m Capability,
    ) -> impl Iterator<Item = (&'m Indicator, &'m Outcome)> {
        let outcome = |indicator: &Indicator| self.outcomes.get(self.rulebook, &indicator.id);
        capability
            .indicators
            .iter()
            .filter(|i| i.is_rated())
            .filter_map(move |i| outcome(i).map(|o| (i, o)))
    }

    fn items<'m>(
        &'m self,
        capability: &'m Capability,
        score: fn(&Outcome) -> (f64, f64),
    ) -> Vec<Item<'m>> {
        let rated = self.rated(capability).filter(|(_, outcome)| outcome.applies());
        rated.map(|(indicator, outcome)| item(indicator, score(outcome))).collect()
    }

    fn capability(&self, model: &Model, capability: &Capability) -> CapabilityScore {
        let telemetry = self.items(capability, |o| (o.telemetry.lo, o.telemetry.hi));
        let proven = self.items(capability, |o| (o.interval.lo, o.interval.hi));
        let estimate = self.items(capability, |o| (o.estimate, o.estimate));
        let possible = self.items(capability, |o| (o.interval.hi, o.interval.lo));
        let level = Levels {
            telemetry: level::reached(model, &telemetry),
            proven: level::reached(model, &proven),
            estimate: level::reached(model, &estimate),
            possible: level::reached(model, &possible),
        };
        let next = level::next(model, &proven, level.proven).map(|next| Next {
            level: next,
            open: level::in_the_way(model, &proven, next).into_iter().map(str::to_owned).collect(),
        });
        let open = next.as_ref().map(|next| next.open.clone()).unwrap_or_default();
        CapabilityScore {
            id: capability.id.clone(),
            code: capability.code.clone(),
            title: capability.title.clone(),
            level,
            progress: rounded(level::progress(model, &proven, level.proven)),
            coverage: coverage(self.rated(capability)),
            next,
            levels: self.levels(model, capability, &proven, &possible),
            indicators: self.indicators(capability, &open),
        }
    }

    /// The indicators; those in `open` that are met and still hold a mean down say what would lift them.
    fn indicators(&self, capability: &Capability, open: &[String]) -> Vec<IndicatorScore> {
        let scores = capability.indicators.iter().filter_map(|indicator| {
            let mut score = self.indicator(capability, indicator)?;
            if score.needs.is_empty() && open.contains(&score.id) {
                score.needs = improving(indicator, self.answers);
            }
            Some(score)
        });
        scores.collect()
    }

    fn levels(
        &self,
        model: &Model,
        capability: &Capability,
        proven: &[Item<'_>],
        possible: &[Item<'_>],
    ) -> Vec<LevelScore> {
        let standing = |number: u16| match (
            level::satisfied(model, proven, number),
            level::satisfied(model, possible, number),
        ) {
            (true, _) => State::Met,
            (false, true) => State::Unknown,
            (false, false) => State::NotMet,
        };
        let entry = model.levels.first().map(|level| level.number);
        let each = model.levels.iter().map(|level| LevelScore {
            level: level.number,
            name: level.name.clone(),
            goal: capability.goals.get(&level.number.to_string()).cloned().unwrap_or_default(),
            requirements: if Some(level.number) == entry {
                State::Met
            } else {
                standing(level.number)
            },
            coverage: coverage(
                self.rated(capability).filter(|(indicator, _)| indicator.level == level.number),
            ),
        });
        each.collect()
    }

    fn indicator(&self, capability: &Capability, indicator: &Indicator) -> Option<IndicatorScore> {
        let position = self.rulebook.position(&indicator.id)?;
        let outcome = self.outcomes.at(position);
        let lapsed = self.lapsed.get(indicator.id.as_str()).copied();
        let day = self.context.evaluated_on();
        Some(IndicatorScore {
            id: indicator.id.clone(),
            level: indicator.level,
            title: indicator.title.clone(),
            polarity: indicator.polarity,
            role: indicator.role,
            weight: indicator.weight,
            blocks_from: indicator.blocks_from,
            state: outcome.state,
            interval: pair(outcome.interval),
            estimate: rounded(outcome.estimate),
            source: outcome.source,
            confidence: rounded(self.confidence[position]),
            facts: indicator.facts().into_iter().map(str::to_owned).collect(),
            reasons: reasons(self.rulebook, self.answers, self.outcomes, indicator, lapsed, day),
            remediation: indicator.remediation.clone(),
            owner: indicator.owner.clone(),
            needs: needs(self.rulebook, self.answers, self.outcomes, &indicator.id),
            rule: in_words(&indicator.rule, &|_| None),
            why: indicator.why.clone(),
            risk: indicator.risk.clone(),
            link: capability.source.clone(),
        })
    }

    /// Facts that the judged capabilities read, and every other fact that was answered.
    fn facts(&self, models: &[&Model]) -> Vec<FactScore> {
        let read = self.judged_indicators(models).flat_map(|(_, indicator)| indicator.facts());
        let ids: BTreeSet<&str> = read.chain(self.answers.keys().map(String::as_str)).collect();
        ids.into_iter().map(|id| self.fact(id)).collect()
    }

    fn fact(&self, id: &str) -> FactScore {
        let about = self.context.about.get(id).cloned().unwrap_or_default();
        let question = self.context.questions.get(id).cloned().unwrap_or_default();
        match self.answers.get(id) {
            Some(answer) => FactScore { about, question, ..fact(id, answer) },
            None => FactScore {
                id: id.to_owned(),
                kind: None,
                value: None,
                empty: false,
                trues: 0,
                falses: 0,
                unknowns: 0,
                tables: Vec::new(),
                gaps: Vec::new(),
                about,
                question,
            },
        }
    }

    fn judged_indicators<'m>(
        &'m self,
        models: &'m [&'m Model],
    ) -> impl Iterator<Item = (&'m Model, &'m Indicator)> {
        models.iter().flat_map(|model| {
            self.judged(model).flat_map(|c| c.indicators.iter().map(|i| (*model, i)))
        })
    }

    fn gaps(&self, models: &[&Model]) -> Vec<GapScore> {
        let mut gaps = self.context.gaps.clone();
        gaps.sort();
        let grants: Vec<Option<String>> =
            gaps.iter().map(|gap| gap.root(&gaps).grant.clone()).collect();
        let each = gaps.into_iter().zip(grants).map(|(gap, grant)| {
            let feeds = |fact: &str| {
                let tables = self
                    .answers
                    .get(fact)
                    .map(|answer| answer.tables.as_slice())
                    .unwrap_or_default();
                tables.iter().any(|table| gap.tables.contains(table))
            };
            let open =
                self.judged_indicators(models).filter(|(_, indicator)| self.is_open(indicator));
            let waiting = open.filter(|(_, indicator)| indicator.facts().into_iter().any(feeds));
            let unlocks: BTreeSet<&str> =
                waiting.map(|(_, indicator)| indicator.id.as_str()).collect();
            let unlocks = unlocks.into_iter().map(str::to_owned).collect();
            GapScore { unlocks, source: gap.source, status: gap.status, reason: gap.reason, grant }
        });
        each.collect()
    }

    fn is_open(&self, indicator: &Indicator) -> bool {
        let outcome = self.outcomes.get(self.rulebook, &indicator.id);
        indicator.is_rated()
            && outcome.is_some_and(|outcome| outcome.applies() && !outcome.decided_by_telemetry)
    }

    fn contradictions(&self, models: &[&Model]) -> Vec<ContradictionScore> {
        let mut found: Vec<ContradictionScore> = self
            .judged_indicators(models)
            .filter_map(|(_, indicator)| {
                let outcome = self.outcomes.get(self.rulebook, &indicator.id)?;
                let statement = self.outcomes.statement(&indicator.id)?;
                Some(ContradictionScore {
                    reason: disagreement(indicator, outcome, statement, outcome.contradiction?),
                    indicator: indicator.id.clone(),
                    by: statement.by.clone(),
                    on: statement.on.to_string(),
                    answer: statement.answer.word().to_owned(),
                    evidence: pair(outcome.telemetry),
                })
            })
            .collect();
        found.sort_by(|a, b| a.indicator.cmp(&b.indicator));
        found
    }
}

/// Digest of models and facts together; the models' own where nothing is known of the facts.
pub(crate) fn rules(models: &str, questions: &BTreeMap<String, String>) -> String {
    if questions.is_empty() {
        return models.to_owned();
    }
    let mut hash = Sha256::new();
    hash.update(format!("models {models}\n"));
    for (fact, question) in questions {
        hash.update(format!("fact {fact} {question}\n"));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An indicator for the level algorithm. `score` is what counts for an achievement and for a limitation.
fn item(indicator: &Indicator, (achievement, limitation): (f64, f64)) -> Item<'_> {
    let score = if indicator.blocks_from.is_some() { limitation } else { achievement };
    Item {
        id: &indicator.id,
        level: indicator.level,
        role: indicator.role,
        weight: f64::from(indicator.weight),
        blocks_from: indicator.blocks_from,
        contribution: contribution(indicator.polarity, score),
    }
}

fn pair(interval: Interval) -> [f64; 2] {
    [rounded(interval.lo), rounded(interval.hi)]
}

/// Four decimals, and no negative zero.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0 + 0.0
}
