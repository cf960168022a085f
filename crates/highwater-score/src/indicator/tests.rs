//! The ten settled questions of level semantics, each on a small rulebook of its own.

use highwater_facts::{Answer, Kind};

use super::*;
use crate::Reply;
use crate::rulebook::Pins;

const MODEL: &str = r#"
format = 1
id = "m"
code = "M"
title = "Model"
edition = "1"
source = "https://learn.example/m"
fresh_days = 30
thresholds = { gate = 0.85, core = 0.5, mean = 0.675, cap = 0.5 }
ratings = { not = 0.15, partly = 0.5, largely = 0.85 }
[[level]]
number = 100
name = "Initial"
[[level]]
number = 200
name = "Repeatable"
[[capability]]
id = "c"
code = "C"
title = "C"
source = "https://learn.example/m#c"
goals = { 100 = "a", 200 = "b" }
"#;

const WORDS: &str =
    "statement_days = 365\nwhy = \"w\"\nrisk = \"r\"\nremediation = \"m\"\nowner = \"o\"\n";

const ACHIEVEMENT: &str = "polarity = \"achievement\"\nrole = \"core\"\nweight = 1\n";
const LIMITATION: &str =
    "polarity = \"limitation\"\nrole = \"cap\"\nweight = 1\nblocks_from = 200\n";

/// A rulebook whose indicators are `M-C-100-01`, `M-C-100-02` and so on.
fn rulebook(indicators: &[String]) -> Rulebook {
    let entries = indicators.iter().zip(1..).map(|(text, number)| {
        format!("[[indicator]]\nid = \"M-C-100-{number:02}\"\nlevel = 100\ntitle = \"t\"\n{text}\n{WORDS}")
    });
    let file = format!("format = 1\n{}", entries.collect::<String>());
    let texts = BTreeMap::from([
        ("m/model.toml".to_owned(), MODEL.to_owned()),
        ("m/c.toml".to_owned(), file),
    ]);
    Rulebook::from_texts(&texts, &Pins::new()).unwrap()
}

fn one(kind: &str, rest: &str) -> Rulebook {
    rulebook(&[format!("{kind}{rest}")])
}

fn fact(id: &str, value: Option<(f64, f64)>) -> (String, Answer) {
    let value = value.map(|(lo, hi)| Interval { lo, hi });
    let answer = Answer {
        id: id.to_owned(),
        kind: Kind::Share,
        value,
        empty: false,
        trues: 0,
        falses: 0,
        unknowns: 0,
        open: false,
        completeness: 1.0,
        tables: Vec::new(),
        gaps: Vec::new(),
    };
    (id.to_owned(), answer)
}

fn nothing_there(id: &str) -> (String, Answer) {
    let (id, answer) = fact(id, None);
    (id, Answer { empty: true, ..answer })
}

fn stated(number: u8, answer: Reply) -> Statement {
    Statement {
        indicators: vec![format!("M-C-100-{number:02}")],
        answer,
        by: "CoE lead".to_owned(),
        on: Date::constant(2026, 10, 1),
        expires: None,
        evidence: vec!["https://intranet.example/minutes".to_owned()],
        note: None,
    }
}

/// The outcome of the first indicator.
fn judged(rulebook: &Rulebook, answers: &[(String, Answer)], statements: &[Statement]) -> Outcome {
    let answers: Answers = answers.iter().cloned().collect();
    let attestations = Attestations { statements: statements.to_vec() };
    let outcomes = infer(rulebook, &answers, &attestations, Date::constant(2026, 11, 22));
    outcomes.get(rulebook, "M-C-100-01").unwrap().clone()
}

fn range(outcome: &Outcome) -> (f64, f64) {
    (outcome.interval.lo, outcome.interval.hi)
}

const UP: &str = "rule = { up = \"f.a\", from = 0, to = 1 }\n";

#[test]
fn question_1_no_lift_while_applicability_is_open_or_when_nothing_is_there() {
    let implied = format!(
        "{ACHIEVEMENT}assessability = \"direct\"\n{UP}implied_by = [\"M-C-100-02\"]\n\
         population = {{ fact = \"f.n\", at_least = 5, when_zero = \"not_applicable\" }}"
    );
    let by = format!(
        "{ACHIEVEMENT}assessability = \"direct\"\nrule = {{ at_least = \"f.b\", value = 1 }}"
    );
    let rulebook = rulebook(&[implied, by]);
    let there = fact("f.b", Some((1.0, 1.0)));
    let lifted = judged(&rulebook, &[there.clone(), fact("f.n", Some((9.0, 9.0)))], &[]);
    assert_eq!((range(&lifted), lifted.source), ((1.0, 1.0), Source::Implied));
    let open = judged(&rulebook, std::slice::from_ref(&there), &[]);
    assert_eq!((range(&open), open.applicability), ((0.0, 1.0), Applicability::Open));
    let empty =
        judged(&rulebook, &[there, fact("f.n", Some((9.0, 9.0))), nothing_there("f.a")], &[]);
    assert_eq!((empty.state, empty.applicability), (State::NotApplicable, Applicability::No));
}

#[test]
fn question_2_telemetry_wins_over_a_lower_statement_also_by_implication() {
    let attested = format!(
        "{ACHIEVEMENT}assessability = \"attested\"\nrule = {{ attested = true }}\nimplied_by = [\"M-C-100-02\"]"
    );
    let by = format!(
        "{ACHIEVEMENT}assessability = \"direct\"\nrule = {{ at_least = \"f.b\", value = 1 }}"
    );
    let rulebook = rulebook(&[attested, by]);
    let outcome = judged(&rulebook, &[fact("f.b", Some((1.0, 1.0)))], &[stated(1, Reply::Not)]);
    assert_eq!(
        (range(&outcome), outcome.contradiction),
        ((1.0, 1.0), Some(Contradiction::StatedLess))
    );
    let direct = one(ACHIEVEMENT, &format!("assessability = \"direct\"\n{UP}"));
    let low = judged(&direct, &[fact("f.a", Some((0.1, 0.1)))], &[stated(1, Reply::Fully)]);
    assert_eq!((range(&low), low.contradiction), ((0.1, 0.1), Some(Contradiction::StatedMore)));
}

#[test]
fn question_3_a_limitation_of_one_half_holds() {
    let rulebook = one(LIMITATION, &format!("assessability = \"direct\"\n{UP}"));
    let state = |lo, hi| judged(&rulebook, &[fact("f.a", Some((lo, hi)))], &[]).state;
    assert_eq!(
        [state(0.5, 0.9), state(0.1, 0.4999), state(0.1, 0.5)],
        [State::Holds, State::Refuted, State::Unknown]
    );
    let gate = one(
        "polarity = \"achievement\"\nrole = \"gate\"\nweight = 1\n",
        &format!("assessability = \"direct\"\n{UP}"),
    );
    let state = |value| judged(&gate, &[fact("f.a", Some((value, value)))], &[]).state;
    assert_eq!([state(0.85), state(0.84), state(0.15)], [State::Met, State::Partly, State::NotMet]);
}

#[test]
fn question_4_a_hybrid_is_estimated_as_if_fully_stated() {
    let rule = "assessability = \"hybrid\"\nstrength = 0.6\nrule = { all = [{ attested = true }, { up = \"f.a\", from = 0, to = 1 }] }";
    let rulebook = one(ACHIEVEMENT, rule);
    let outcome = judged(&rulebook, &[fact("f.a", Some((0.5, 0.8)))], &[]);
    assert_eq!((range(&outcome), outcome.estimate, outcome.hinted), ((0.0, 0.8), 0.3, true));
    assert_eq!(judged(&rulebook, &[], &[]).estimate, 0.0, "no credit for silence");
    let with = judged(&rulebook, &[fact("f.a", Some((0.5, 0.8)))], &[stated(1, Reply::Fully)]);
    assert_eq!((range(&with), with.estimate, with.source), ((0.5, 0.8), 0.5, Source::Attested));
}

const FEW: &str = "population = { fact = \"f.n\", at_least = 5, when_zero = \"not_applicable\" }\n";

#[test]
fn question_5_a_small_sample_is_unknown_and_halves_the_estimate() {
    let few = fact("f.n", Some((3.0, 3.0)));
    let direct = one(ACHIEVEMENT, &format!("assessability = \"direct\"\n{UP}{FEW}"));
    let outcome =
        judged(&direct, &[few.clone(), fact("f.a", Some((0.8, 0.8)))], &[stated(1, Reply::Fully)]);
    assert_eq!(
        (range(&outcome), outcome.estimate, outcome.state),
        ((0.0, 1.0), 0.4, State::Unknown)
    );
    let empty = judged(&direct, &[few.clone(), nothing_there("f.a")], &[]);
    assert_eq!((range(&empty), empty.applicability), ((0.0, 1.0), Applicability::TooFew));
    let proxy = one(ACHIEVEMENT, &format!("assessability = \"proxy\"\nstrength = 0.5\n{UP}{FEW}"));
    let decided = judged(&proxy, std::slice::from_ref(&few), &[stated(1, Reply::Largely)]);
    assert_eq!((range(&decided), decided.state), ((0.67, 0.67), State::Met));
    let limitation = one(LIMITATION, &format!("assessability = \"direct\"\n{UP}{FEW}"));
    let refuted = judged(&limitation, &[few, fact("f.a", Some((0.0, 0.0)))], &[]);
    assert_eq!(
        refuted.estimate, 0.5,
        "half the credit, so a limitation refuted by a small sample still blocks"
    );
}

#[test]
fn question_6_a_refuter_over_nothing_refutes_nothing() {
    let rule = format!(
        "assessability = \"proxy\"\nstrength = 0.5\n{UP}refuted_by = {{ up = \"f.r\", from = 0, to = 0.1 }}"
    );
    let rulebook = one(ACHIEVEMENT, &rule);
    let known = fact("f.a", Some((1.0, 1.0)));
    assert_eq!(
        range(&judged(
            &rulebook,
            &[known.clone(), nothing_there("f.r")],
            &[stated(1, Reply::Fully)]
        )),
        (1.0, 1.0)
    );
    let refuted =
        judged(&rulebook, &[known, fact("f.r", Some((0.0, 0.0)))], &[stated(1, Reply::Fully)]);
    assert_eq!(
        (range(&refuted), refuted.contradiction, refuted.source),
        ((0.0, 0.0), Some(Contradiction::StatedMore), Source::Telemetry)
    );
}

#[test]
fn question_7_a_population_share_over_nothing_counts_as_none() {
    let population = "population = { fact = \"f.n\", above = 0, when_zero = \"not_applicable\" }";
    let rulebook = one(ACHIEVEMENT, &format!("assessability = \"direct\"\n{UP}{population}"));
    let known = fact("f.a", Some((1.0, 1.0)));
    assert_eq!(
        judged(&rulebook, &[known.clone(), nothing_there("f.n")], &[]).state,
        State::NotApplicable
    );
    assert_eq!(
        judged(&rulebook, &[known.clone(), fact("f.n", Some((0.01, 0.01)))], &[]).state,
        State::Met
    );
    assert_eq!(
        judged(&rulebook, &[known, fact("f.n", Some((0.0, 0.01)))], &[]).applicability,
        Applicability::Open
    );
}

#[test]
fn question_8_an_unknown_limitation_is_estimated_to_hold() {
    let attested = one(LIMITATION, "assessability = \"attested\"\nrule = { attested = true }");
    assert_eq!(judged(&attested, &[], &[]).estimate, 1.0);
    let direct = one(LIMITATION, &format!("assessability = \"direct\"\n{UP}"));
    assert_eq!(judged(&direct, &[fact("f.a", Some((0.2, 0.7)))], &[]).estimate, 0.7);
    let proxy = one(LIMITATION, &format!("assessability = \"proxy\"\nstrength = 0.8\n{UP}"));
    assert_eq!(judged(&proxy, &[], &[]).estimate, 1.0);
    assert_eq!(judged(&proxy, &[fact("f.a", Some((1.0, 1.0)))], &[]).estimate, 0.8);
    assert_eq!(judged(&proxy, &[fact("f.a", Some((0.0, 0.0)))], &[]).estimate, 0.0);
}

#[test]
fn question_9_a_statement_stands_in_for_missing_evidence_and_is_capped() {
    let rulebook = one(ACHIEVEMENT, &format!("assessability = \"direct\"\n{UP}"));
    let missing = judged(&rulebook, &[], &[stated(1, Reply::Fully)]);
    assert_eq!(
        (range(&missing), missing.source, missing.telemetry),
        ((0.67, 0.67), Source::Substituted, ANYTHING)
    );
    let partial = judged(&rulebook, &[fact("f.a", Some((0.2, 0.4)))], &[stated(1, Reply::Fully)]);
    assert_eq!(range(&partial), (0.4, 0.4), "inside what the evidence allows");
    let known = judged(&rulebook, &[fact("f.a", Some((0.9, 0.9)))], &[stated(1, Reply::Fully)]);
    assert_eq!((range(&known), known.source), ((0.9, 0.9), Source::Telemetry));
}

#[test]
fn question_10_decided_is_one_rating_class() {
    let rulebook = one(ACHIEVEMENT, &format!("assessability = \"direct\"\n{UP}"));
    let decided = |lo, hi| judged(&rulebook, &[fact("f.a", Some((lo, hi)))], &[]).decided;
    assert_eq!(
        [decided(0.0, 0.15), decided(0.15, 0.16), decided(0.51, 0.85), decided(0.86, 1.0)],
        [true, false, true, true]
    );
    assert!(!decided(0.6, 0.9), "met either way, yet between two classes");
}

#[test]
fn a_population_that_is_absent_can_mean_not_met_or_unknown() {
    let with = |zero: &str| {
        let population =
            format!("population = {{ fact = \"f.n\", at_least = 1, when_zero = \"{zero}\" }}");
        one(ACHIEVEMENT, &format!("assessability = \"direct\"\n{UP}{population}"))
    };
    let none = [fact("f.n", Some((0.0, 0.0))), fact("f.a", Some((1.0, 1.0)))];
    assert_eq!(judged(&with("not_met"), &none, &[]).state, State::NotMet);
    assert_eq!(judged(&with("unknown"), &none, &[]).state, State::Unknown);
    assert_eq!(judged(&with("not_applicable"), &none, &[]).state, State::NotApplicable);
}

#[test]
fn dropped_terms_are_neutral_in_all_and_mean_and_nothing_in_any() {
    let rule = |list: &str| {
        format!(
            "assessability = \"direct\"\nrule = {{ {list} = [{{ up = \"f.a\", from = 0, to = 1 }}, {{ up = \"f.b\", from = 0, to = 1 }}] }}"
        )
    };
    for list in ["all", "any", "mean"] {
        let rulebook = one(ACHIEVEMENT, &rule(list));
        let half = judged(&rulebook, &[nothing_there("f.a"), fact("f.b", Some((0.4, 0.4)))], &[]);
        assert_eq!(range(&half), (0.4, 0.4), "{list}");
        let none = judged(&rulebook, &[nothing_there("f.a"), nothing_there("f.b")], &[]);
        assert_eq!(none.state, State::NotApplicable, "{list}");
    }
}

#[test]
fn an_implication_lifts_the_estimate_too() {
    let attested = format!(
        "{ACHIEVEMENT}assessability = \"attested\"\nrule = {{ attested = true }}\nimplied_by = [\"M-C-100-02\"]"
    );
    let by = format!("{ACHIEVEMENT}assessability = \"proxy\"\nstrength = 0.6\n{UP}");
    let outcome = judged(&rulebook(&[attested, by]), &[fact("f.a", Some((1.0, 1.0)))], &[]);
    assert_eq!((range(&outcome), outcome.estimate), ((0.0, 1.0), 0.6));
}

#[test]
fn numbers_that_make_no_sense_count_as_nothing() {
    let rulebook = one(ACHIEVEMENT, &format!("assessability = \"direct\"\n{UP}"));
    for value in [(f64::NAN, 1.0), (1.0, 0.0), (0.0, f64::NAN)] {
        assert_eq!(range(&judged(&rulebook, &[fact("f.a", Some(value))], &[])), (0.0, 1.0));
    }
}
