//! The scorecard's sections: the documented keys, gaps, statements, contradictions, reasons and needs.

#![expect(clippy::unwrap_used, reason = "a test helper may fail loudly")]

#[path = "support/evidence.rs"]
mod evidence;

use std::collections::BTreeSet;

use evidence::{answer, context, exactly, ideal, scored, shipped, statement};
use highwater_facts::{Answer, Interval, Kind};
use highwater_score::{
    Answers, Attestations, Need, Reply, Rulebook, Source, SourceGap, State, score,
};
use serde_json::Value;

fn json(rulebook: &Rulebook, answers: &Answers, attestations: &Attestations) -> Value {
    serde_json::from_str(&scored(rulebook, answers, attestations).to_json().unwrap()).unwrap()
}

/// Every key that the contract shows must be there, in each of its places.
#[test]
fn the_documented_keys_are_there() {
    let rulebook = shipped();
    let stated = Attestations { statements: vec![statement("AUT-EM-300-01", Reply::Fully, true)] };
    let card = json(&rulebook, &ideal(&rulebook), &stated);
    let has = |at: &Value, keys: &[&str]| {
        let found: BTreeSet<&str> = at.as_object().unwrap().keys().map(String::as_str).collect();
        for key in keys {
            assert!(found.contains(key), "{key} in {found:?}");
        }
    };
    has(
        &card,
        &[
            "format",
            "tool",
            "tenant",
            "snapshot",
            "rulebook",
            "evaluated_at",
            "models",
            "facts",
            "gaps",
            "attestations",
        ],
    );
    has(&card["snapshot"], &["id", "taken_at", "sha256"]);
    assert_eq!(card["snapshot"]["taken_at"], "2026-11-22T06:00:00Z");
    assert_eq!(card["evaluated_at"], "2026-11-22T06:00:00Z");
    has(&card["rulebook"]["models"][0], &["id", "edition"]);
    let model = &card["models"][0];
    has(model, &["id", "title", "level", "limited_by", "coverage", "capabilities"]);
    has(&model["level"], &["telemetry", "proven", "estimate", "possible"]);
    has(&model["coverage"], &["decided", "telemetry", "attested", "proxy", "open"]);
    let capability = &model["capabilities"][5];
    has(
        capability,
        &["id", "code", "title", "level", "progress", "coverage", "next", "indicators"],
    );
    has(&capability["next"], &["level", "open"]);
    has(
        &capability["indicators"][0],
        &[
            "id",
            "level",
            "title",
            "polarity",
            "role",
            "weight",
            "state",
            "interval",
            "estimate",
            "source",
            "confidence",
            "facts",
            "reasons",
            "remediation",
            "owner",
        ],
    );
    has(
        &card["facts"][0],
        &["id", "kind", "value", "empty", "for", "against", "unknown", "tables", "gaps"],
    );
    has(&card["attestations"][0], &["indicators", "status", "expires"]);
}

#[test]
fn values_of_facts_are_written_as_the_contract_says() {
    let mut answers = Answers::new();
    let mut add = |answer: Answer| answers.insert(answer.id.clone(), answer);
    add(exactly("ca.policy_count", Kind::Count, 2.0));
    add(answer("flows.count", Kind::Count, Some(Interval { lo: 3.0, hi: f64::INFINITY }), false));
    add(answer("audit.unified_on", Kind::Flag, Some(Interval { lo: 0.0, hi: 1.0 }), false));
    add(answer("az.nsg_share", Kind::Share, None, true));
    add(answer(
        "dlp.env_covered_share",
        Kind::Share,
        Some(Interval { lo: 1.0 / 3.0, hi: 0.5 }),
        false,
    ));
    let card = json(&shipped(), &answers, &Attestations::default());
    let value = |id: &str| {
        card["facts"].as_array().unwrap().iter().find(|fact| fact["id"] == id).unwrap().clone()
    };
    assert_eq!(value("ca.policy_count")["value"].to_string(), "[2,2]");
    assert_eq!(value("flows.count")["value"].to_string(), "[3,null]");
    assert_eq!(value("audit.unified_on")["value"].to_string(), "[0,1]");
    assert_eq!(
        (value("az.nsg_share")["value"].clone(), value("az.nsg_share")["empty"].clone()),
        (Value::Null, Value::Bool(true))
    );
    assert_eq!(value("dlp.env_covered_share")["value"].to_string(), "[0.3333,0.5]");
    let unasked = value("capacity.alerting_on");
    assert_eq!(
        (unasked["value"].clone(), unasked["empty"].clone(), unasked["kind"].clone()),
        (Value::Null, Value::Bool(false), Value::Null)
    );
    let ids: Vec<&str> =
        card["facts"].as_array().unwrap().iter().map(|fact| fact["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted() && ids.len() == 165);
}

#[test]
fn a_gap_names_the_open_indicators_that_it_would_unlock() {
    let rulebook = shipped();
    let mut answers = ideal(&rulebook);
    for (fact, answer) in answers.iter_mut().filter(|(fact, _)| fact.starts_with("ca.")) {
        answer.value = None;
        assert_eq!(answer.tables, ["ca"], "{fact}");
    }
    let mut context = context();
    let gap = |source: &str, tables: &[&str]| SourceGap {
        source: source.to_owned(),
        status: "denied".to_owned(),
        reason: "HTTP 403".to_owned(),
        grant: Some("Policy.Read.All".to_owned()),
        tables: tables.iter().map(|table| (*table).to_owned()).collect(),
    };
    context.gaps =
        vec![gap("graph.conditional_access", &["ca"]), gap("azure.none", &["nothing_reads_this"])];
    let card = score(&rulebook, &answers, &Attestations::default(), &context);
    assert_eq!(
        card.gaps.iter().map(|gap| gap.source.as_str()).collect::<Vec<_>>(),
        ["azure.none", "graph.conditional_access"]
    );
    assert!(card.gaps[0].unlocks.is_empty());
    assert!(
        card.gaps[1].unlocks.contains(&"AUT-SG-200-01".to_owned()),
        "{:?}",
        card.gaps[1].unlocks
    );
    for id in &card.gaps[1].unlocks {
        assert!(
            rulebook.indicator(id).unwrap().facts().iter().any(|fact| fact.starts_with("ca.")),
            "{id}"
        );
    }
}

#[test]
fn a_contradiction_is_shown_with_the_indicator_and_on_its_own() {
    let rulebook = shipped();
    let mut answers = ideal(&rulebook);
    for fact in rulebook.indicator("ADO-AG-200-03").unwrap().facts() {
        let kind = answers[fact].kind;
        answers.insert(fact.to_owned(), exactly(fact, kind, 0.0));
    }
    let stated = Attestations { statements: vec![statement("ADO-AG-200-03", Reply::Fully, true)] };
    let card = scored(&rulebook, &answers, &stated);
    let indicator = card.indicator("ADO-AG-200-03").unwrap();
    assert_eq!((indicator.state, indicator.source), (State::NotMet, Source::Telemetry));
    assert_eq!(card.contradictions.len(), 1);
    assert!(indicator.reasons.contains(&card.contradictions[0].reason), "{:?}", indicator.reasons);
    assert!(card.contradictions[0].reason.starts_with("CoE lead stated fully on 2026-10-01"));
}

#[test]
fn statements_are_listed_with_their_fate_and_day_of_expiry() {
    let rulebook = shipped();
    let both = highwater_score::Statement {
        indicators: vec!["AUT-EM-400-01".to_owned(), "AUT-EM-300-01".to_owned()],
        ..statement("", Reply::Fully, true)
    };
    let mut context = context();
    context.evaluated_at = "2027-05-01T00:00:00Z".parse().unwrap();
    let card =
        score(&rulebook, &Answers::new(), &Attestations { statements: vec![both] }, &context);
    let listed: Vec<_> = card
        .attestations
        .iter()
        .map(|a| (a.indicators.join(" "), a.status.as_str(), a.expires.as_str()))
        .collect();
    assert_eq!(
        listed,
        [
            ("AUT-EM-300-01".to_owned(), "expired", "2027-03-30"),
            ("AUT-EM-400-01".to_owned(), "live", "2027-10-01")
        ]
    );
    let reasons = &card.indicator("AUT-EM-300-01").unwrap().reasons;
    assert_eq!(reasons[0], "the statement of CoE lead expired on 2027-03-30");
}

#[test]
fn reasons_and_needs_say_what_is_known_and_what_would_decide() {
    let rulebook = shipped();
    let mut answers = ideal(&rulebook);
    let share =
        Answer { trues: 31, falses: 19, ..exactly("community.member_share", Kind::Share, 0.02) };
    answers.insert(share.id.clone(), share);
    let card = scored(&rulebook, &answers, &Attestations::default());
    let proxy = card.indicator("AUT-EM-300-02").unwrap();
    assert_eq!(proxy.needs, [Need::Attest]);
    assert_eq!(proxy.reasons[0], "only a statement decides; the evidence moves the estimate");
    assert!(
        proxy.reasons.contains(
            &"community.member_share is 0.02 (31 yes, 19 no), worth 0 (full marks from 0.4)"
                .to_owned()
        ),
        "{:?}",
        proxy.reasons
    );

    let few = exactly("makers.active_count", Kind::Count, 3.0);
    answers.insert(few.id.clone(), few);
    let card = scored(&rulebook, &answers, &Attestations::default());
    let small = card.indicator("AUT-EM-300-02").unwrap();
    assert_eq!(small.reasons[0], "sample too small: makers.active_count is 3, needed at least 5");
    assert_eq!(
        small.needs,
        [Need::Sample { fact: "makers.active_count".to_owned(), minimum: 5.0 }, Need::Attest]
    );

    answers.remove("makers.active_count");
    let card = scored(&rulebook, &answers, &Attestations::default());
    let open = card.indicator("AUT-EM-300-02").unwrap();
    assert_eq!(
        open.reasons[0],
        "whether it applies is open: makers.active_count was not observed, needed at least 5"
    );
    assert_eq!(
        open.needs,
        [Need::Collect { facts: vec!["makers.active_count".to_owned()], tables: Vec::new() }]
    );

    answers
        .insert("mining.active_count".to_owned(), exactly("mining.active_count", Kind::Count, 0.0));
    let card = scored(&rulebook, &answers, &Attestations::default());
    assert_eq!(
        card.indicator("AUT-DP-400-03").unwrap().needs,
        [Need::Fix { facts: vec!["mining.active_count".to_owned()], statement: false }]
    );
}

#[test]
fn every_judged_indicator_has_a_reason_and_everything_unknown_a_need() {
    let rulebook = shipped();
    for answers in [Answers::new(), ideal(&rulebook), evidence::worst(&rulebook)] {
        for indicator in scored(&rulebook, &answers, &Attestations::default()).indicators() {
            assert!(!indicator.reasons.is_empty(), "{indicator:?}");
            let rated = rulebook.indicator(&indicator.id).unwrap().is_rated();
            assert!(
                !rated || indicator.state != State::Unknown || !indicator.needs.is_empty(),
                "{indicator:?}"
            );
        }
    }
}

#[test]
fn confidence_follows_grade_age_and_completeness() {
    let rulebook = shipped();
    let mut answers = ideal(&rulebook);
    let confidence = |answers: &Answers, attestations: &Attestations, at: &str, id: &str| {
        let mut context = context();
        context.evaluated_at = at.parse().unwrap();
        score(&rulebook, answers, attestations, &context).indicator(id).unwrap().confidence
    };
    let (now, later, old) =
        ("2026-11-22T06:00:00Z", "2027-01-06T06:00:00Z", "2028-01-01T00:00:00Z");
    let none = Attestations::default();
    assert_eq!(
        [now, later, old].map(|at| confidence(&answers, &none, at, "AUT-DP-400-03")),
        [1.0, 0.75, 0.5]
    );
    answers.get_mut("mining.active_count").unwrap().completeness = 0.8;
    assert_eq!(confidence(&answers, &none, now, "AUT-DP-400-03"), 0.8);
    assert_eq!(confidence(&answers, &none, now, "AUT-EM-300-02"), 0.7, "the strength of a proxy");
    let stated = |linked| Attestations {
        statements: vec![statement("AUT-EM-400-01", Reply::Fully, linked)],
    };
    assert_eq!(confidence(&answers, &stated(true), now, "AUT-EM-400-01"), 0.8);
    assert_eq!(confidence(&answers, &stated(false), now, "AUT-EM-400-01"), 0.5);
}

#[test]
fn one_model_can_be_asked_for() {
    let mut context = context();
    context.models = Some(BTreeSet::from(["adoption".to_owned()]));
    let card = score(&shipped(), &Answers::new(), &Attestations::default(), &context);
    assert_eq!(card.models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["adoption"]);
    assert_eq!(card.rulebook.models.len(), 1);
    assert_eq!(card.indicators().count(), 101);
}
