//! Reading a rulebook: mistakes are found with file, line and advice; a newer edition is data alone.

#![expect(clippy::unwrap_used, reason = "a test helper may fail loudly")]

#[path = "support/evidence.rs"]
mod evidence;

use std::collections::BTreeMap;

use evidence::{context, shipped};
use highwater_score::{Answers, Attestations, Error, Pins, Rule, Rulebook, Scope, in_words, score};

fn texts() -> BTreeMap<String, String> {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/models/adoption");
    let files = std::fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|f| {
            (
                format!("adoption/{}", f.file_name().unwrap().to_string_lossy()),
                std::fs::read_to_string(f).unwrap(),
            )
        })
        .collect()
}

/// The adoption model alone: what reaches into the other model is cut.
fn alone() -> BTreeMap<String, String> {
    let cut = |text: String| {
        text.lines()
            .filter(|line| !(line.starts_with("implied_by") && line.contains("AUT-")))
            .map(|l| format!("{l}\n"))
            .collect()
    };
    texts().into_iter().map(|(file, text)| (file, cut(text))).collect()
}

fn mistakes(texts: &BTreeMap<String, String>) -> Vec<String> {
    match Rulebook::from_texts(texts, &Pins::new()) {
        Err(Error::Rulebook(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn edited(file: &str, from: &str, to: &str) -> Vec<String> {
    let mut texts = alone();
    let text = texts.get_mut(file).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    mistakes(&texts)
}

#[test]
fn a_model_stands_alone_when_nothing_reaches_out() {
    let rulebook = Rulebook::from_texts(&alone(), &Pins::new()).unwrap();
    assert_eq!((rulebook.models().len(), rulebook.indicators().count()), (1, 101));
}

#[test]
fn mistakes_are_reported_with_file_line_and_advice() {
    let support = "adoption/support.toml";
    let cases = [
        (
            edited(
                support,
                "{ up = \"community.member_share\", from = 0.05, to = 0.3 }",
                "{ upp = \"x\" }",
            ),
            "support.toml:",
            "unknown field `upp`",
        ),
        (
            edited(support, "from = 0.05, to = 0.3", "from = 0.3, to = 0.05"),
            "support.toml:",
            "`from` must be the smaller one",
        ),
        (
            edited(support, "role = \"core\"", "role = \"corr\""),
            "support.toml:",
            "unknown variant `corr`",
        ),
        (
            edited(support, "id = \"ADO-SU-200-01\"", "id = \"ADO-SU-200-02\""),
            "support.toml:",
            "ADO-SU-200-02 stands twice",
        ),
        (
            edited(support, "id = \"ADO-SU-200-01\"", "id = \"ADO-SV-200-09\""),
            "support.toml:43: ADO-SV-200-09:",
            "must be `ADO-SU-200-`",
        ),
        (
            edited(support, "[\"ADO-SU-300-01\"]", "[\"ADO-SU-300-99\"]"),
            "support.toml:43: ADO-SU-200-01:",
            "no model in use has",
        ),
        (
            edited(support, "[\"ADO-SU-300-01\"]", "[\"ADO-SU-200-01\"]"),
            "support.toml:43: ADO-SU-200-01:",
            "depends on itself",
        ),
        (
            edited(support, "[\"ADO-SU-300-01\"]", "[\"ADO-SU-100-01\"]"),
            "support.toml:43: ADO-SU-200-01:",
            "only achievements",
        ),
        (
            edited(support, "blocks_from = 200", "blocks_from = 100"),
            "support.toml:4: ADO-SU-100-01:",
            "above its own",
        ),
        (
            edited(support, "strength = 0.6", "strength = 1.6"),
            "support.toml:4: ADO-SU-100-01:",
            "between 0 and 1",
        ),
        (
            edited(support, "at_least = 5, when_zero", "at_least = 0, when_zero"),
            "support.toml:",
            "either `at_least`",
        ),
        (edited(support, "format = 1", "format = 2"), "support.toml:1:", "`format` must be 1"),
        (
            edited("adoption/model.toml", "gate = 0.85", "gate = 1.85"),
            "model.toml:",
            "between 0 and 1",
        ),
        (
            edited("adoption/model.toml", "id = \"support\"", "id = \"help\""),
            "adoption/help.toml:",
            "missing",
        ),
    ];
    for (found, place, reason) in cases {
        assert!(
            found.iter().any(|line| line.contains(place) && line.contains(reason)),
            "{place} {reason} in {found:#?}"
        );
    }
}

#[test]
fn a_file_that_no_model_names_is_a_mistake_not_silence() {
    let mut texts = alone();
    texts.insert("adoption/extra.toml".to_owned(), "format = 1\nindicator = []\n".to_owned());
    assert!(mistakes(&texts)[0].contains("names no such capability"));
    assert!(mistakes(&BTreeMap::new())[0].contains("no `<folder>/model.toml` found"));
}

#[test]
fn a_newer_edition_is_a_folder_and_can_be_pinned() {
    let mut texts = alone();
    let newer: Vec<_> = texts
        .iter()
        .map(|(file, text)| {
            (
                file.replace("adoption/", "adoption-2025/"),
                text.replace("edition = \"2024\"", "edition = \"2025-04\"")
                    .replace("gate = 0.85", "gate = 0.9"),
            )
        })
        .collect();
    texts.extend(newer);
    let newest = Rulebook::from_texts(&texts, &Pins::new()).unwrap();
    assert_eq!((newest.models().len(), newest.models()[0].edition.as_str()), (1, "2025-04"));
    let pins = Pins::from([("adoption".to_owned(), "2024".to_owned())]);
    let pinned = Rulebook::from_texts(&texts, &pins).unwrap();
    assert_eq!(
        (pinned.models()[0].edition.as_str(), pinned.models()[0].thresholds.gate),
        ("2024", 0.85)
    );
    assert_ne!(pinned.sha256(), newest.sha256());
    let unknown = Pins::from([("adoption".to_owned(), "1999".to_owned())]);
    assert!(Rulebook::from_texts(&texts, &unknown).unwrap_err().to_string().contains("known are"));
}

#[test]
fn layout_and_comments_leave_the_digest_alone() {
    let commented = alone()
        .into_iter()
        .map(|(file, text)| (file, format!("# a remark\n\n{text}\n# another\n")))
        .collect();
    let (one, other) = (
        Rulebook::from_texts(&alone(), &Pins::new()).unwrap(),
        Rulebook::from_texts(&commented, &Pins::new()).unwrap(),
    );
    assert_eq!(one.sha256(), other.sha256());
}

#[test]
fn facts_lead_to_indicators_and_back() {
    let rulebook = shipped();
    let readers: Vec<&str> =
        rulebook.readers("community.member_share").iter().map(|i| i.id.as_str()).collect();
    assert!(
        readers.contains(&"AUT-EM-300-02") && readers.contains(&"ADO-SU-200-01"),
        "{readers:?}"
    );
    let indicator = rulebook.indicator("AUT-EM-300-02").unwrap();
    assert_eq!(indicator.facts(), ["community.member_share", "makers.active_count"]);
    let (model, capability) = rulebook.home("AUT-EM-300-02").unwrap();
    assert_eq!((model.id.as_str(), capability.id.as_str()), ("automation", "empower"));
    let words = in_words(&indicator.rule, &|_| Some("Share of makers in the group.".to_owned()));
    assert_eq!(words, "share of makers in the group rises from 0.05 to 0.4");
}

#[test]
fn a_rule_survives_writing_and_reading() {
    for indicator in shipped().indicators() {
        let text = serde_json::to_string(&indicator.rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), indicator.rule);
    }
}

#[test]
fn capabilities_out_of_scope_are_named_and_not_judged() {
    let rulebook = shipped();
    let (empower, why) = ("automation.empower".to_owned(), "bought as a service".to_owned());
    let scope = Scope::new(
        &rulebook,
        std::slice::from_ref(&empower),
        &BTreeMap::from([(empower.clone(), why.clone())]),
    )
    .unwrap();
    let mut context = context();
    context.scope = scope;
    let scorecard = score(&rulebook, &Answers::new(), &Attestations::default(), &context);
    let automation = &scorecard.models[0];
    assert_eq!(
        (automation.capabilities.len(), automation.out_of_scope[0].reason.as_str()),
        (6, why.as_str())
    );
    assert!(scorecard.indicator("AUT-EM-300-01").is_none());
    assert!(!automation.limited_by.contains(&"empower".to_owned()));
}

#[test]
fn a_scope_needs_known_capabilities_reasons_and_something_left() {
    let rulebook = shipped();
    let refused = |keys: &[&str], reasons: &[(&str, &str)]| {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let reasons =
            reasons.iter().map(|(key, why)| ((*key).to_owned(), (*why).to_owned())).collect();
        Scope::new(&rulebook, &keys, &reasons).unwrap_err().to_string()
    };
    assert!(refused(&["automation.empowr"], &[]).contains("is no capability"));
    assert!(
        refused(&["automation.empower"], &[("automation.empower", " ")]).contains("has no reason")
    );
    assert!(refused(&[], &[("automation.empower", "x")]).contains("is not listed"));
    let all: Vec<String> =
        rulebook.models()[1].capabilities.iter().map(|c| format!("adoption.{}", c.id)).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|key| (key.as_str(), "x")).collect();
    assert!(
        refused(&all.iter().map(|(key, _)| *key).collect::<Vec<_>>(), &all)
            .contains("no capability left")
    );
}
