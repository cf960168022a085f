//! What changed, and why: each class, and goldens in both forms.

use highwater_report::diff::{Cause, Class, compare, render_text};
use highwater_report::history::{history, render_text as render_history};
use highwater_score::Scorecard;

use crate::{golden, scorecard};

#[test]
fn a_month_reads_as_it_should() {
    let diff = compare(&scorecard("before.json"), &scorecard("after.json"));
    golden("diff.txt", &render_text(&diff));
    golden("diff.json", &(serde_json::to_string_pretty(&diff).unwrap() + "\n"));
}

#[test]
fn nothing_changes_between_equal_scorecards() {
    let after = scorecard("after.json");
    let diff = compare(&after, &after);
    assert!(diff.indicators.is_empty() && diff.levels.is_empty() && diff.warnings.is_empty());
    assert!(render_text(&diff).contains("Nothing moved."));
}

/// The class of one indicator.
fn class(before: &Scorecard, after: &Scorecard, id: &str) -> Class {
    let diff = compare(before, after);
    diff.indicators.iter().find(|it| it.id == id).unwrap().class
}

#[test]
fn backwards_every_class_turns_round() {
    let (before, after) = (scorecard("before.json"), scorecard("after.json"));
    let cases = [
        ("AUT-DM-200-03", Class::Worse, Class::Better),
        ("AUT-SG-400-02", Class::Better, Class::Worse),
        ("AUT-SG-200-01", Class::RegainedSight, Class::LostSight),
        ("ADO-FT-200-01", Class::Attested, Class::Expired),
        ("ADO-FT-100-01", Class::Expired, Class::Attested),
        ("AUT-SG-500-02", Class::RuleChanged, Class::RuleChanged),
    ];
    for (id, forwards, backwards) in cases {
        assert_eq!(class(&before, &after, id), forwards, "{id}");
        assert_eq!(class(&after, &before, id), backwards, "{id} backwards");
    }
}

#[test]
fn lost_sight_is_never_called_worse() {
    // Everything that was known of conditional access is gone, and nothing else moved.
    let after = scorecard("after.json");
    let mut blind = after.clone();
    let before = scorecard("before.json");
    for fact in &mut blind.facts {
        if let Some(unseen) = before.facts.iter().find(|it| it.id == fact.id && it.value.is_none())
        {
            *fact = unseen.clone();
        }
    }
    for model in &mut blind.models {
        for indicator in model.capabilities.iter_mut().flat_map(|it| &mut it.indicators) {
            if indicator.id == "AUT-SG-200-01" {
                *indicator = before.indicator("AUT-SG-200-01").unwrap().clone();
            }
        }
    }
    let diff = compare(&after, &blind);
    assert_eq!(diff.counts.into_iter().collect::<Vec<_>>(), [(Class::LostSight, 1)]);
    let causes = &diff.indicators[0].causes;
    assert!(causes.iter().all(|cause| matches!(cause, Cause::Lost(_))), "{causes:?}");
}

#[test]
fn a_change_that_nothing_explains_is_said_to_be_unexplained() {
    let after = scorecard("after.json");
    let mut other = after.clone();
    let indicator = &mut other.models[0].capabilities[0].indicators[0];
    indicator.interval = [0.25, 0.25];
    let diff = compare(&after, &other);
    assert_eq!(diff.indicators.len(), 1);
    assert_eq!(diff.indicators[0].causes, [Cause::Unexplained]);
}

#[test]
fn a_fact_that_asks_something_else_is_a_changed_rule() {
    let before = scorecard("after.json");
    let mut after = before.clone();
    let fact = after.indicator("AUT-SG-200-01").unwrap().facts[0].clone();
    let ask = |scorecard: &mut Scorecard, question: &str| {
        let asked = scorecard.facts.iter_mut().find(|it| it.id == fact).unwrap();
        asked.question = question.to_owned();
    };
    let (mut before, interval) = (before, [0.25, 0.25]);
    for model in &mut after.models {
        for indicator in model.capabilities.iter_mut().flat_map(|it| &mut it.indicators) {
            if indicator.id == "AUT-SG-200-01" {
                indicator.interval = interval;
            }
        }
    }
    ask(&mut before, "a");
    ask(&mut after, "a");
    assert_ne!(class(&before, &after, "AUT-SG-200-01"), Class::RuleChanged);
    ask(&mut after, "b");
    assert_eq!(class(&before, &after, "AUT-SG-200-01"), Class::RuleChanged);
    // An older scorecard does not tell what it asked: that is no change.
    ask(&mut before, "");
    assert_ne!(class(&before, &after, "AUT-SG-200-01"), Class::RuleChanged);
}

#[test]
fn two_tenants_are_not_a_history() {
    let after = scorecard("after.json");
    let mut other = after.clone();
    other.tenant.id = "00000000-0000-0000-0000-000000000002".to_owned();
    assert!(compare(&after, &other).warnings[0].contains("different tenants"));
    let backwards = compare(&after, &scorecard("before.json"));
    assert!(backwards.warnings.iter().any(|warning| warning.contains("later one")));
}

#[test]
fn history_is_in_order_and_says_where_rules_changed() {
    let scorecards = [scorecard("after.json"), scorecard("before.json")];
    let found = history("00000000-0000-0000-0000-300000000001", &scorecards);
    golden("history.txt", &render_history(&found, 8));
    assert_eq!(found.points[0].evaluated_at, "2026-10-01T06:00:00Z");
}
