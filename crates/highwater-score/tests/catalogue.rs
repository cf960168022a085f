//! The shipped models against the research catalogue, when that lies beside the checkout.
//!
//! The catalogue writes rules as formulas. A small evaluator of those formulas, independent of the
//! product's, must agree with the nested rules on thousands of random evidence.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test helper may fail loudly")]

#[path = "support/evidence.rs"]
mod evidence;

use std::collections::BTreeSet;
use std::path::PathBuf;

use evidence::{any_answers, shipped};
use highwater_facts::Interval;
use highwater_score::{Answers, Indicator, Population, Reading, Rule, Rulebook, WhenZero};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

fn catalogue() -> Option<Vec<Value>> {
    let path = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/reference/indicators.json"
    ));
    if !path.exists() {
        println!("skipped: the catalogue is not beside the checkout");
        return None;
    }
    let text = std::fs::read_to_string(path).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    Some(whole["indicators"].as_array().unwrap().clone())
}

/// A formula of the catalogue.
#[derive(Debug)]
struct Call {
    name: String,
    calls: Vec<Self>,
    words: Vec<String>,
}

fn parse(text: &str) -> Call {
    let mut rest = text.trim();
    let call = parse_call(&mut rest);
    assert_eq!(rest.trim(), "", "{text}");
    call
}

fn parse_call(rest: &mut &str) -> Call {
    let (name, tail) = rest.split_once('(').unwrap();
    let mut call = Call { name: name.trim().to_owned(), calls: Vec::new(), words: Vec::new() };
    *rest = tail;
    loop {
        *rest = rest.trim_start_matches([' ', ',']);
        if let Some(tail) = rest.strip_prefix(')') {
            *rest = tail;
            return call;
        }
        let end = rest.find(['(', ')', ',']).unwrap();
        if rest[end..].starts_with('(') {
            call.calls.push(parse_call(rest));
        } else {
            call.words.push(rest[..end].trim().trim_matches('\'').to_owned());
            *rest = &rest[end..];
        }
    }
}

/// What a formula gives: `None` when all that it reads has no denominator.
fn value(
    call: &Call,
    answers: &Answers,
    statement: (f64, f64),
    other: (f64, f64),
) -> Option<(f64, f64)> {
    let number = |index: usize| call.words[index].parse::<f64>().unwrap();
    let rising = |score: &dyn Fn(f64) -> f64| match answers.get(&call.words[0]) {
        Some(answer) if answer.empty => None,
        Some(answer) => Some(answer.value.map_or((0.0, 1.0), |range| {
            let (a, b) = (score(range.lo), score(range.hi));
            if a <= b { (a, b) } else { (b, a) }
        })),
        None => Some((0.0, 1.0)),
    };
    let slope = |x: f64| {
        if x <= number(1) {
            0.0
        } else if x >= number(2) {
            1.0
        } else {
            (x - number(1)) / (number(2) - number(1))
        }
    };
    match call.name.as_str() {
        "up" => rising(&slope),
        "dn" => rising(&|x| 1.0 - slope(x)),
        "ge" => rising(&|x| f64::from(u8::from(x >= number(1)))),
        "le" => rising(&|x| f64::from(u8::from(x <= number(1)))),
        "yes" => rising(&|x| x),
        "no" => rising(&|x| 1.0 - x),
        "att" => Some(statement),
        "ind" => Some(other),
        list => {
            let parts: Vec<(f64, f64)> =
                call.calls.iter().filter_map(|c| value(c, answers, statement, other)).collect();
            let ends = |pick: &dyn Fn(Vec<f64>) -> f64| {
                (
                    pick(parts.iter().map(|p| p.0).collect()),
                    pick(parts.iter().map(|p| p.1).collect()),
                )
            };
            if parts.is_empty() {
                return None;
            }
            Some(match list {
                "all_" => ends(&|v| v.into_iter().fold(1.0, f64::min)),
                "any_" => ends(&|v| v.into_iter().fold(0.0, f64::max)),
                "mean" => ends(&|v| v.iter().sum::<f64>() / v.len() as f64),
                unknown => panic!("{unknown}"),
            })
        }
    }
}

fn agree(rule: &Rule, formula: &str, answers: &Answers, statement: Interval, other: Interval) {
    let ours = rule.evaluate(&Reading { answers, statement, others: &|_| Some(other) });
    let theirs =
        value(&parse(formula), answers, (statement.lo, statement.hi), (other.lo, other.hi));
    match (ours, theirs) {
        (None, None) => {}
        (Some(a), Some(b)) => assert!(
            (a.lo - b.0).abs() < 1e-9 && (a.hi - b.1).abs() < 1e-9,
            "{formula}: {a:?} {b:?}"
        ),
        other => panic!("{formula}: {other:?}"),
    }
}

#[test]
fn every_rule_and_refuter_means_what_its_formula_means() {
    let Some(rows) = catalogue() else { return };
    let rulebook = shipped();
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(64) });
    let statement = prop_oneof![
        Just(Interval { lo: 0.0, hi: 1.0 }),
        (0.0..=1.0_f64).prop_map(Interval::exactly)
    ];
    runner
        .run(
            &(any_answers(&rulebook), statement.clone(), statement),
            |(answers, statement, other)| {
                for row in &rows {
                    let indicator = rulebook.indicator(row["id"].as_str().unwrap()).unwrap();
                    agree(
                        &indicator.rule,
                        row["formula"].as_str().unwrap(),
                        &answers,
                        statement,
                        other,
                    );
                    match (row["refuted_by"].as_str().unwrap(), &indicator.refuted_by) {
                        ("", None) => {}
                        (formula, Some(rule)) => agree(rule, formula, &answers, statement, other),
                        (formula, None) => panic!("{}: refuter {formula} is lost", indicator.id),
                    }
                }
                Ok(())
            },
        )
        .unwrap();
}

/// Every column that decides something; the wording is ours and may differ.
#[test]
fn every_decisive_column_is_that_of_the_catalogue() {
    let Some(rows) = catalogue() else { return };
    let rulebook = shipped();
    assert_eq!(rows.len(), rulebook.indicators().count());
    for row in &rows {
        let id = row["id"].as_str().unwrap();
        let indicator = rulebook.indicator(id).unwrap();
        let word = |value: Value| value.as_str().unwrap().to_owned();
        assert_eq!(row["level"], indicator.level, "{id}");
        assert_eq!(row["title"], indicator.title.as_str(), "{id}");
        assert_eq!(
            row["polarity"],
            word(serde_json::to_value(indicator.polarity).unwrap()).as_str(),
            "{id}"
        );
        assert_eq!(
            row["role"],
            word(serde_json::to_value(indicator.role).unwrap()).as_str(),
            "{id}"
        );
        assert_eq!(
            row["assessability"],
            word(serde_json::to_value(indicator.assessability).unwrap()).as_str(),
            "{id}"
        );
        assert_eq!(row["weight"], indicator.weight, "{id}");
        assert_eq!(row["blocks_from"].as_u64(), indicator.blocks_from.map(u64::from), "{id}");
        assert_eq!(row["proxy_strength"].as_f64(), indicator.strength, "{id}");
        assert_eq!(row["attestation_ttl_days"], indicator.statement_days, "{id}");
        assert_eq!(row["applies_when"], population(indicator.population.as_ref()).as_str(), "{id}");
        assert_eq!(implied(&rulebook, row), indicator.implied_by, "{id}");
        let listed: BTreeSet<&str> =
            row["facts"].as_array().unwrap().iter().map(|fact| fact.as_str().unwrap()).collect();
        assert_eq!(listed, indicator.facts().into_iter().collect(), "{id}");
    }
}

fn population(population: Option<&Population>) -> String {
    let Some(population) = population else { return String::new() };
    let zero = match population.when_zero {
        WhenZero::NotApplicable => "na",
        WhenZero::NotMet => "zero",
        WhenZero::Unknown => "unk",
    };
    format!(
        "{}{}{};{zero}",
        population.fact,
        if population.exclusive { ">" } else { ">=" },
        population.minimum
    )
}

/// One row of the catalogue is implied by a roll-up. Roll-ups change nothing (law 8), so it is left out.
fn implied(rulebook: &Rulebook, row: &Value) -> Vec<String> {
    let named =
        row["implied_by"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
    named.filter(|id| rulebook.indicator(id).is_some_and(Indicator::is_rated)).collect()
}

/// The published wording belongs to its author: no sentence of it may stand in our files.
#[test]
fn no_published_sentence_is_copied() {
    let Some(rows) = catalogue() else { return };
    let rulebook = shipped();
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let ours: Vec<Vec<String>> = rulebook
        .indicators()
        .flat_map(|i| [&i.title, &i.why, &i.risk, &i.remediation])
        .chain(rulebook.capabilities().flat_map(|(_, capability)| capability.goals.values()))
        .map(|text| words(text))
        .collect();
    for row in &rows {
        for key in ["seed_text", "goal"] {
            for run in words(row[key].as_str().unwrap()).windows(7) {
                let copied = ours.iter().find(|text| text.windows(7).any(|ours| ours == run));
                assert!(copied.is_none(), "{}: {run:?} in {copied:?}", row["id"]);
            }
        }
    }
}
