//! The laws of the scoring as properties over the shipped rulebook.
//!
//! Numbered as in the catalogue (P1 to P16). Laws about a single vector of contributions (P3, P4, P7,
//! P8, P11) stand with the level algorithm. Law P6 is about rows and snapshots; what this crate can hold
//! of it is that statements and answers count once, however often and in whatever number they come.

#![expect(clippy::unwrap_used, reason = "a test helper may fail loudly")]

#[path = "support/evidence.rs"]
mod evidence;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use evidence::{
    any_answers, any_statements, context, exactly, facts, ideal, refined, scored, shipped,
    statement,
};
use highwater_facts::{Answer, Interval, Kind};
use highwater_score::{
    Answers, Applicability, Assessability, Attestations, Levels, Outcome, Outcomes, Pins, Reading,
    Reply, Rulebook, Scorecard, State, infer, score,
};
use proptest::prelude::*;
use proptest::sample::select;

const CASES: u32 = 48;

/// How many reorderings of the rulebook are tried.
const REORDERED: usize = 4;

/// Each threshold, and a tighter one.
const TIGHTER: [(&str, &str); 4] = [
    ("gate = 0.85", "gate = 0.95"),
    ("core = 0.5\n", "core = 0.7\n"),
    ("mean = 0.675", "mean = 0.8"),
    ("cap = 0.5", "cap = 0.65"),
];

static RULEBOOK: LazyLock<Rulebook> = LazyLock::new(shipped);
static REORDERINGS: LazyLock<Vec<Rulebook>> =
    LazyLock::new(|| (1..=REORDERED).map(reordered_rulebook).collect());
static TIGHTENED: LazyLock<Vec<Rulebook>> = LazyLock::new(|| {
    TIGHTER
        .iter()
        .map(|(loose, tight)| edited_rulebook(|text| text.replace(loose, tight)))
        .collect()
});

fn rulebook() -> &'static Rulebook {
    &RULEBOOK
}

fn inferred<'a>(answers: &Answers, attestations: &'a Attestations) -> Outcomes<'a> {
    infer(rulebook(), answers, attestations, context().evaluated_on())
}

fn levels(scorecard: &Scorecard) -> BTreeMap<String, Levels> {
    let mut levels = BTreeMap::new();
    for model in &scorecard.models {
        levels.insert(model.id.clone(), model.level);
        levels
            .extend(model.capabilities.iter().map(|c| (format!("{}.{}", model.id, c.id), c.level)));
    }
    levels
}

/// Whether evidence of higher grade overrides the statement: then the laws of refinement do not speak.
fn overridden(answers: &Answers, outcome: &Outcome, id: &str, score: f64) -> bool {
    let indicator = rulebook().indicator(id).unwrap();
    let within = |range: Interval, at: Interval| at.lo <= range.hi && range.lo <= at.hi;
    match indicator.assessability {
        _ if !outcome.applies() || outcome.applicability == Applicability::Absent => true,
        Assessability::Direct => !within(outcome.telemetry, Interval::exactly(score.min(0.67))),
        Assessability::Proxy | Assessability::Attested => {
            !within(outcome.telemetry, Interval::exactly(score))
        }
        Assessability::Hybrid => {
            let reading =
                Reading { answers, statement: Interval::exactly(score), others: &|_| None };
            indicator
                .rule
                .evaluate(&reading)
                .is_some_and(|range| !outcome.telemetry.contains(&range))
        }
    }
}

/// The statements that evidence does not override.
fn consistent(answers: &Answers, attestations: &Attestations) -> Attestations {
    let mut kept = attestations.clone();
    loop {
        let outcomes = inferred(answers, &kept);
        let before = kept.statements.len();
        let mut fine = kept.statements.clone();
        fine.retain(|s| {
            s.indicators.iter().all(|id| {
                !overridden(answers, outcomes.get(rulebook(), id).unwrap(), id, s.score())
            })
        });
        if fine.len() == before {
            return kept;
        }
        kept.statements = fine;
    }
}

/// Indicators whose own evidence or statement denies what another one implies, and all that build on
/// them. Evidence that contradicts itself in this way is no refinement.
fn torn(outcomes: &Outcomes<'_>) -> BTreeSet<String> {
    let mut torn = BTreeSet::new();
    loop {
        let before = torn.len();
        for indicator in rulebook().indicators() {
            let outcome = outcomes.get(rulebook(), &indicator.id).unwrap();
            let denies = |by: &String| {
                let by = outcomes.get(rulebook(), by).unwrap();
                let (stated, shown) =
                    (by.interval.lo > outcome.interval.hi, by.telemetry.lo > outcome.telemetry.hi);
                by.applies() && outcome.applies() && (stated || shown)
            };
            if indicator.implied_by.iter().any(denies)
                || indicator.needs().iter().any(|id| torn.contains(*id))
            {
                torn.insert(indicator.id.clone());
            }
        }
        if torn.len() == before {
            return torn;
        }
    }
}

/// Asserts that the second scoring lies inside the first, indicator, capability and model.
fn narrower(
    wide: (&Answers, &Attestations),
    narrow: (&Answers, &Attestations),
) -> Result<(), TestCaseError> {
    let (before, after) = (inferred(wide.0, wide.1), inferred(narrow.0, narrow.1));
    let torn = torn(&after);
    for indicator in rulebook().indicators().filter(|indicator| !torn.contains(&indicator.id)) {
        let (a, b) = (
            before.get(rulebook(), &indicator.id).unwrap(),
            after.get(rulebook(), &indicator.id).unwrap(),
        );
        prop_assert!(
            !b.applies() || a.interval.contains(&b.interval),
            "{}: {a:?} then {b:?}",
            indicator.id
        );
        prop_assert!(a.applies() || !b.applies(), "{} became applicable", indicator.id);
    }
    let (before, after) = (
        levels(&scored(rulebook(), wide.0, wide.1)),
        levels(&scored(rulebook(), narrow.0, narrow.1)),
    );
    let homes: BTreeSet<String> = torn
        .iter()
        .filter_map(|id| rulebook().home(id))
        .map(|(m, c)| format!("{}.{}", m.id, c.id))
        .collect();
    for (id, a) in before.iter().filter(|(id, _)| !homes.iter().any(|home| home.starts_with(*id))) {
        let b = after[id];
        prop_assert!(
            a.telemetry <= b.telemetry && a.proven <= b.proven && b.possible <= a.possible,
            "{id}: {a:?} then {b:?}"
        );
    }
    Ok(())
}

fn subset(attestations: &Attestations, keep: &[bool]) -> Attestations {
    let kept = attestations.statements.iter().zip(keep.iter().cycle()).filter(|(_, keep)| **keep);
    Attestations { statements: kept.map(|(statement, _)| statement.clone()).collect() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn p1_levels_are_ordered_and_on_the_scale(answers in any_answers(rulebook()), attestations in any_statements(rulebook())) {
        let scorecard = scored(rulebook(), &answers, &attestations);
        for (id, l) in levels(&scorecard) {
            prop_assert!(100 <= l.telemetry && l.telemetry <= l.proven && l.proven <= l.estimate && l.estimate <= l.possible && l.possible <= 500, "{id}: {l:?}");
            prop_assert!([l.telemetry, l.proven, l.estimate, l.possible].iter().all(|n| n % 100 == 0));
        }
        for model in &scorecard.models {
            prop_assert_eq!(model.level.proven, model.capabilities.iter().map(|c| c.level.proven).min().unwrap());
            for c in &model.capabilities {
                prop_assert!((0.0..=0.99).contains(&c.progress));
                let parts = c.coverage.telemetry + c.coverage.attested + c.coverage.proxy + c.coverage.open;
                prop_assert!((parts - 1.0).abs() < 3e-4, "{:?}", c.coverage);
                prop_assert_eq!(c.next.is_none(), c.progress == 0.0 && c.level.proven == 500 || c.progress == 0.99 && c.next.is_none());
            }
        }
        for i in scorecard.indicators() {
            prop_assert!(0.0 <= i.interval[0] && i.interval[0] <= i.interval[1] && i.interval[1] <= 1.0);
            prop_assert!(i.state == State::NotApplicable || i.interval[0] <= i.estimate && i.estimate <= i.interval[1], "{i:?}");
            prop_assert!((0.0..=1.0).contains(&i.confidence));
        }
    }

    #[test]
    fn p2_better_evidence_narrows(
        old in any_answers(rulebook()),
        fresh in any_answers(rulebook()),
        picks in prop::collection::vec(0.0..1.0_f64, 7..40),
        attestations in any_statements(rulebook()),
        keep in prop::collection::vec(any::<bool>(), 3..11),
    ) {
        let new = refined(&old, &fresh, &picks);
        let all = consistent(&new, &attestations);
        narrower((&old, &subset(&all, &keep)), (&new, &all))?;
    }

    #[test]
    fn p4_what_becomes_known_stays_within_what_was_possible(
        old in any_answers(rulebook()),
        fresh in any_answers(rulebook()),
        fact in select(facts(rulebook())),
    ) {
        let mut unknown = old;
        unknown.remove(&fact.0);
        let mut known = unknown.clone();
        known.extend(fresh.get(&fact.0).map(|answer| (fact.0.clone(), answer.clone())));
        let none = Attestations::default();
        narrower((&unknown, &none), (&known, &none))?;
    }

    #[test]
    fn p5_order_changes_no_byte(
        answers in any_answers(rulebook()),
        attestations in any_statements(rulebook()).prop_flat_map(|a| (Just(a.statements.clone()), Just(a.statements).prop_shuffle())),
        turn in 0..REORDERED,
    ) {
        let (one, other) = (Attestations { statements: attestations.0 }, Attestations { statements: attestations.1 });
        let reordered = &REORDERINGS[turn];
        prop_assert_eq!(reordered.sha256(), rulebook().sha256());
        let first = scored(rulebook(), &answers, &one).to_json().unwrap();
        prop_assert_eq!(first, scored(reordered, &answers, &other).to_json().unwrap());
    }

    #[test]
    fn p6_repetition_changes_nothing(answers in any_answers(rulebook()), attestations in any_statements(rulebook()), times in 2..5_u64) {
        let twice = Attestations { statements: attestations.statements.iter().chain(&attestations.statements).cloned().collect() };
        let first = scored(rulebook(), &answers, &attestations);
        prop_assert_eq!(first.to_json().unwrap(), scored(rulebook(), &answers, &twice).to_json().unwrap());
        let many: Answers = answers.into_iter().map(|(id, a)| (id, Answer { trues: a.trues * times, falses: a.falses * times, ..a })).collect();
        prop_assert_eq!(levels(&first), levels(&scored(rulebook(), &many, &attestations)));
    }

    #[test]
    fn p10_losing_a_source_never_raises_proven_nor_lowers_possible(
        answers in any_answers(rulebook()),
        attestations in any_statements(rulebook()),
        lost in prop::collection::btree_set(select(facts(rulebook()).into_iter().map(|(f, _)| f.split('.').next().unwrap().to_owned()).collect::<Vec<_>>()), 1..6),
    ) {
        let less: Answers = answers.iter().filter(|(id, _)| !lost.contains(id.split('.').next().unwrap())).map(|(id, a)| (id.clone(), a.clone())).collect();
        let attestations = consistent(&answers, &attestations);
        narrower((&less, &attestations), (&answers, &attestations))?;
        let none = Attestations::default();
        narrower((&less, &none), (&answers, &none))?;
    }

    #[test]
    fn p12_the_same_input_gives_the_same_bytes(answers in any_answers(rulebook()), attestations in any_statements(rulebook())) {
        let first = scored(rulebook(), &answers, &attestations).to_json().unwrap();
        prop_assert_eq!(&first, &scored(&shipped(), &answers, &attestations).to_json().unwrap());
        let back: Scorecard = serde_json::from_str(&first).unwrap();
        prop_assert_eq!(first, back.to_json().unwrap());
    }

    #[test]
    fn p13_statements_never_lower_what_telemetry_proves_and_expire(answers in any_answers(rulebook()), attestations in any_statements(rulebook())) {
        let without = levels(&scored(rulebook(), &answers, &Attestations::default()));
        let with = levels(&scored(rulebook(), &answers, &attestations));
        for (id, level) in &with {
            prop_assert!(level.telemetry == without[id].proven && level.proven >= without[id].proven, "{id}: {level:?} {:?}", without[id]);
        }
        let mut late = context();
        late.evaluated_at = "2030-01-01T00:00:00Z".parse().unwrap();
        let expired = score(rulebook(), &answers, &attestations, &late);
        prop_assert_eq!(levels(&expired), without);
        prop_assert!(expired.attestations.iter().all(|entry| entry.status == "expired"));
    }

    #[test]
    fn p14_tighter_thresholds_never_raise_a_level(
        answers in any_answers(rulebook()),
        attestations in any_statements(rulebook()),
        which in 0..TIGHTER.len(),
    ) {
        let tight = &TIGHTENED[which];
        prop_assert_ne!(tight.sha256(), rulebook().sha256());
        let (loose, tight) = (levels(&scored(rulebook(), &answers, &attestations)), levels(&scored(tight, &answers, &attestations)));
        for (id, level) in &loose {
            let after = tight[id];
            prop_assert!(after.telemetry <= level.telemetry && after.proven <= level.proven && after.possible <= level.possible, "{id}");
        }
    }

    #[test]
    fn p15_a_sample_below_its_minimum_is_unknown(answers in any_answers(rulebook()), part in 0.0..1.0_f64) {
        for indicator in rulebook().indicators() {
            let Some(population) = &indicator.population else { continue };
            if population.exclusive || population.minimum < 2.0 { continue }
            let few = 1.0 + ((population.minimum - 1.0) * part).floor().min(population.minimum - 2.0);
            let mut answers = answers.clone();
            answers.insert(population.fact.clone(), exactly(&population.fact, Kind::Count, few));
            let none = Attestations::default();
            let outcome = inferred(&answers, &none).get(rulebook(), &indicator.id).unwrap().clone();
            prop_assert_eq!(outcome.state, State::Unknown, "{} with {} of {}", indicator.id, few, population.minimum);
        }
    }

    #[test]
    fn p16_implication_is_a_fixpoint(answers in any_answers(rulebook()), attestations in any_statements(rulebook())) {
        let outcomes = inferred(&answers, &attestations);
        for indicator in rulebook().indicators() {
            let outcome = outcomes.get(rulebook(), &indicator.id).unwrap();
            if outcome.applicability != Applicability::Yes { continue }
            for by in &indicator.implied_by {
                let by = outcomes.get(rulebook(), by).unwrap();
                prop_assert!(!by.applies() || outcome.interval.lo >= by.interval.lo.min(outcome.interval.hi));
                prop_assert!(!by.applies() || outcome.telemetry.lo >= by.telemetry.lo.min(outcome.telemetry.hi));
            }
        }
    }
}

#[test]
fn p9_no_evidence_is_open_and_complete_evidence_with_statements_is_the_top() {
    let empty = scored(rulebook(), &Answers::new(), &Attestations::default());
    let full = scored(rulebook(), &ideal(rulebook()), &evidence::all_stated(rulebook()));
    for model in empty.models.iter().flat_map(|model| &model.capabilities) {
        assert_eq!(
            (model.level.proven, model.level.possible, model.coverage.decided),
            (100, 500, 0.0),
            "{}",
            model.id
        );
    }
    for model in full.models.iter().flat_map(|model| &model.capabilities) {
        assert_eq!(
            (model.level.proven, model.level.possible, model.coverage.decided),
            (500, 500, 1.0),
            "{}",
            model.id
        );
    }
}

/// The laws above would hold of a scoring that decides nothing: random evidence must decide a good part.
#[test]
fn random_evidence_decides_in_both_directions() {
    let best = scored(rulebook(), &ideal(rulebook()), &Attestations::default());
    let worst = scored(rulebook(), &evidence::worst(rulebook()), &Attestations::default());
    let count =
        |scorecard: &Scorecard, state| scorecard.indicators().filter(|i| i.state == state).count();
    assert!(count(&best, State::Met) > 80 && count(&best, State::Refuted) > 15);
    assert!(count(&worst, State::NotMet) > 70 && count(&worst, State::Holds) > 10);
    let stated = Attestations { statements: vec![statement("AUT-EM-400-01", Reply::Fully, true)] };
    let one = scored(rulebook(), &Answers::new(), &stated);
    assert_eq!(one.indicator("AUT-EM-400-01").unwrap().state, State::Met);
}

fn folder() -> BTreeMap<String, String> {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/models");
    let mut texts = BTreeMap::new();
    for model in ["automation", "adoption"] {
        for file in std::fs::read_dir(format!("{models}/{model}"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            let label = format!("{model}/{}", file.file_name().unwrap().to_string_lossy());
            texts.insert(label, std::fs::read_to_string(file).unwrap());
        }
    }
    texts
}

fn edited_rulebook(edit: impl Fn(&str) -> String) -> Rulebook {
    let texts = folder().into_iter().map(|(file, text)| (file, edit(&text))).collect();
    Rulebook::from_texts(&texts, &Pins::new()).unwrap()
}

/// The same rulebook with the indicators of every file rotated and the folders renamed.
fn reordered_rulebook(turn: usize) -> Rulebook {
    let texts = folder().into_iter().map(|(file, text)| {
        let mut parts: Vec<&str> = text.split("[[indicator]]").collect();
        let head = parts.remove(0);
        if !parts.is_empty() {
            let by = turn % parts.len();
            parts.rotate_left(by);
            parts.reverse();
        }
        let body: String = parts.iter().map(|part| format!("[[indicator]]{part}\n")).collect();
        let file = file.replace("automation/", "a-model/").replace("adoption/", "z-model/");
        (file, if body.is_empty() { text.clone() } else { format!("{head}{body}") })
    });
    Rulebook::from_texts(&texts.collect(), &Pins::new()).unwrap()
}
