//! Issued: whether a scorecard that was written earlier is what scoring again would give.
//!
//! A scorecard is a function of the snapshot, the rules, the statements and the circumstances, and it names all of
//! them. Only where every one is the same does it stand for a scoring; whatever is in doubt is scored again.

use std::collections::BTreeSet;

use crate::assemble::rules;
use crate::scorecard::FORMAT;
use crate::{Context, Rulebook, Scorecard};

impl Scorecard {
    /// Whether scoring with this rulebook, in these circumstances and with the statements of their files, would give
    /// this scorecard again. The digest of a snapshot's manifest stands for everything in the snapshot.
    pub fn is_of(&self, rulebook: &Rulebook, context: &Context) -> bool {
        self.format == FORMAT
            && self.tool == context.tool
            && self.tenant == context.tenant
            && self.snapshot == context.snapshot
            && !self.snapshot.sha256.is_empty()
            && self.evaluated_at == context.evaluated_at.to_string()
            && self.rulebook.sha256 == rules(rulebook.sha256(), &context.questions)
            && self.statement_files == context.statement_files
            && self.judged() == judged(rulebook, context)
    }

    /// Every capability of the models, with the reason why it is not judged where it is not.
    fn judged(&self) -> BTreeSet<(&str, &str, Option<&str>)> {
        let mut found = BTreeSet::new();
        for model in &self.models {
            let judged = model.capabilities.iter().map(|it| (it.id.as_str(), None));
            let out =
                model.out_of_scope.iter().map(|it| (it.id.as_str(), Some(it.reason.as_str())));
            found.extend(judged.chain(out).map(|(id, reason)| (model.id.as_str(), id, reason)));
        }
        found
    }
}

fn judged<'a>(
    rulebook: &'a Rulebook,
    context: &'a Context,
) -> BTreeSet<(&'a str, &'a str, Option<&'a str>)> {
    let wanted = rulebook.capabilities().filter(|(model, _)| context.wants(&model.id));
    let judged = wanted.map(|(model, capability)| {
        let reason = context.scope.reason(&model.id, &capability.id);
        (model.id.as_str(), capability.id.as_str(), reason)
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Answers, Attestations, Scope, Snapshot, StatementFile, Tenant, Tool, score};

    fn context(rulebook: &Rulebook, out_of_scope: &[&str]) -> Context {
        let named: Vec<String> = out_of_scope.iter().map(|&key| key.to_owned()).collect();
        let reasons = named.iter().map(|key| (key.clone(), "bought".to_owned())).collect();
        let moment = "2026-11-01T06:00:00Z".parse().unwrap();
        Context {
            tool: Tool { name: "highwater".to_owned(), version: "1".to_owned() },
            tenant: Tenant { id: "t".to_owned(), name: None },
            snapshot: Snapshot { id: "s".to_owned(), taken_at: moment, sha256: "ab".to_owned() },
            evaluated_at: moment,
            models: None,
            scope: Scope::new(rulebook, &named, &reasons).unwrap(),
            gaps: Vec::new(),
            about: BTreeMap::new(),
            questions: BTreeMap::from([("env.count".to_owned(), "1".to_owned())]),
            statement_files: Vec::new(),
        }
    }

    #[test]
    fn a_scorecard_is_of_its_own_circumstances_and_of_no_others() {
        let rulebook = Rulebook::shipped(&BTreeMap::new()).unwrap();
        let ours = context(&rulebook, &["automation.empower"]);
        let card = score(&rulebook, &Answers::new(), &Attestations::default(), &ours);
        let read: Scorecard = serde_json::from_str(&card.to_json().unwrap()).unwrap();
        assert!(card.is_of(&rulebook, &ours) && read.is_of(&rulebook, &ours));
        let changes: [fn(&mut Context); 8] = [
            |it| it.tool.version.push('0'),
            |it| it.tenant.id.push('0'),
            |it| it.snapshot.sha256.push('0'),
            |it| it.snapshot.sha256.clear(),
            |it| it.evaluated_at += jiff::SignedDuration::from_secs(1),
            |it| it.models = Some(BTreeSet::from(["automation".to_owned()])),
            |it| it.questions.insert("env.count".to_owned(), "2".to_owned()).map_or((), drop),
            |it| {
                let file = StatementFile { sha256: "cd".to_owned(), signature: None };
                it.statement_files.push(file);
            },
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut other = ours.clone();
            change(&mut other);
            assert!(!card.is_of(&rulebook, &other), "change {at}");
        }
        assert!(!card.is_of(&rulebook, &context(&rulebook, &[])));
        assert!(!card.is_of(&rulebook, &context(&rulebook, &["automation.nurture"])));
        let mut without = card;
        without.snapshot.sha256.clear();
        let mut nameless = ours;
        nameless.snapshot.sha256.clear();
        assert!(!without.is_of(&rulebook, &nameless));
    }
}
