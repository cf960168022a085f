//! The level algorithm on small examples, and its laws over vectors of the shipped models.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::rulebook::{Pins, Rulebook};

static SHIPPED: LazyLock<Rulebook> = LazyLock::new(|| Rulebook::shipped(&Pins::new()).unwrap());

/// The frame of a shipped model: its scale and thresholds.
fn model() -> Model {
    frame(&SHIPPED.models()[0])
}

fn item(level: u16, role: Role, contribution: f64) -> Item<'static> {
    Item {
        id: "X",
        level,
        role,
        weight: 2.0,
        blocks_from: (role == Role::Cap).then_some(level + 100),
        contribution,
    }
}

#[test]
fn the_entry_level_asks_nothing() {
    assert_eq!(reached(&model(), &[]), 100);
    assert_eq!(reached(&model(), &[item(100, Role::Core, 0.0)]), 100);
}

#[test]
fn levels_are_staged() {
    let items =
        [item(200, Role::Core, 1.0), item(300, Role::Core, 0.0), item(400, Role::Core, 1.0)];
    assert_eq!(reached(&model(), &items), 200);
    assert_eq!(next(&model(), &items, 200), Some(300));
}

/// Settled question 3: a gate and the mean need at least, core and cap more than their threshold.
#[test]
fn thresholds_are_exact_at_their_edges() {
    let model = model();
    let alone = |role, score| {
        satisfied(&model, &[item(200, role, score), item(200, Role::Supporting, 1.0)], 200)
    };
    assert_eq!([alone(Role::Gate, 0.85), alone(Role::Gate, 0.8499)], [true, false]);
    assert_eq!([alone(Role::Core, 0.5001), alone(Role::Core, 0.5)], [true, false]);
    let mean = |score| satisfied(&model, &[item(200, Role::Supporting, score)], 200);
    assert_eq!([mean(0.675), mean(0.6749)], [true, false]);
    let cap = |score| satisfied(&model, &[item(100, Role::Cap, score)], 200);
    assert_eq!(
        [cap(0.5001), cap(0.5)],
        [true, false],
        "a limitation of truth exactly 0.5 still blocks"
    );
}

#[test]
fn a_limitation_blocks_from_its_level_and_costs_nothing_below() {
    let model = model();
    let late = Item { blocks_from: Some(400), ..item(200, Role::Cap, 0.0) };
    let core = [200, 300, 400].map(|level| item(level, Role::Core, 1.0));
    let with = |cap: Item<'static>| reached(&model, &[core[0], core[1], core[2], cap]);
    assert_eq!(with(late), 300);
    assert_eq!(with(Item { contribution: 1.0, ..late }), 400);
    assert_eq!(in_the_way(&model, &[late], 400), ["X"]);
}

#[test]
fn a_level_without_applicable_achievements_is_passed_and_never_reported() {
    let items = [item(200, Role::Core, 1.0), item(400, Role::Core, 1.0)];
    assert_eq!(reached(&model(), &items), 400, "300 is empty and passed");
    assert_eq!(
        reached(&model(), &items[..1]),
        200,
        "300 to 500 hold, yet nothing is there to hold"
    );
    assert_eq!(progress(&model(), &items[..1], 200), ALMOST);
}

#[test]
fn progress_weighs_requirements_and_the_mean() {
    let items = [item(200, Role::Gate, 0.425), item(200, Role::Core, 1.0)];
    let mean: f64 = (0.425 + 1.0) / 2.0;
    let expected = (2.0 * 0.5 + 2.0 * 1.0 + 3.0 * (mean / 0.675).min(1.0)) / 7.0;
    assert!((progress(&model(), &items, 100) - expected).abs() < 1e-12);
    assert_eq!(progress(&model(), &[item(500, Role::Core, 1.0)], 500), 0.0);
}

#[test]
fn least_and_median_are_taken_reading_by_reading() {
    let levels = [(100, 300), (200, 200), (300, 500), (400, 400)]
        .map(|(proven, possible)| Levels { telemetry: 100, proven, estimate: proven, possible });
    assert_eq!(least(&levels).map(|l| (l.proven, l.possible)), Some((100, 200)));
    assert_eq!(
        median(&levels).map(|l| (l.proven, l.possible)),
        Some((200, 300)),
        "the lower middle"
    );
    assert_eq!(median(&levels[..3]).map(|l| (l.proven, l.possible)), Some((200, 300)));
    assert_eq!(least(&[]), None);
}

/// A capability of the shipped models with any contributions; an indicator in three may not apply.
fn vectors() -> impl Strategy<Value = (Model, Vec<Item<'static>>)> {
    let models: &'static [Model] = SHIPPED.models();
    let capabilities: Vec<_> =
        models.iter().flat_map(|m| m.capabilities.iter().map(move |c| (m, c))).collect();
    prop::sample::select(capabilities).prop_flat_map(|(model, capability)| {
        let number = capability.indicators.len();
        let score = prop_oneof![
            Just(0.0),
            Just(0.5),
            Just(0.85),
            Just(1.0),
            0.0..=1.0_f64,
            Just(1.0),
            Just(1.0)
        ];
        (prop::collection::vec(score, number), prop::collection::vec(0..3_u8, number)).prop_map(
            move |(scores, there)| {
                let rated = capability
                    .indicators
                    .iter()
                    .zip(scores)
                    .zip(there)
                    .filter(|((i, _), there)| i.is_rated() && *there > 0);
                let items = rated.map(|((i, contribution), _)| Item {
                    id: &i.id,
                    level: i.level,
                    role: i.role,
                    weight: f64::from(i.weight),
                    blocks_from: i.blocks_from,
                    contribution,
                });
                (frame(model), items.collect())
            },
        )
    })
}

/// The scale and thresholds of a model, without its capabilities.
fn frame(model: &Model) -> Model {
    let Model { format, fresh_days, thresholds, ratings, .. } = *model;
    let text = String::new;
    let (id, code, title, edition, source) = (text(), text(), text(), text(), text());
    let (levels, capabilities) = (model.levels.clone(), Vec::new());
    Model {
        format,
        id,
        code,
        title,
        edition,
        source,
        fresh_days,
        thresholds,
        ratings,
        levels,
        capabilities,
    }
}

fn shown(model: &Model, items: &[Item<'_>]) -> f64 {
    let level = reached(model, items);
    f64::from(level) + 100.0 * progress(model, items, level)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn p3_more_never_lowers_level_or_progress((model, items) in vectors(), which in any::<prop::sample::Index>(), by in 0.0..=1.0_f64) {
        prop_assume!(!items.is_empty());
        let mut more = items.clone();
        let raised = &mut more[which.index(items.len())];
        raised.contribution = (raised.contribution + by).min(1.0);
        prop_assert!(reached(&model, &more) >= reached(&model, &items));
        prop_assert!(shown(&model, &more) >= shown(&model, &items) - 1e-9);
    }

    #[test]
    fn p4_removal_lies_between_nothing_and_everything((model, items) in vectors(), which in any::<prop::sample::Index>()) {
        prop_assume!(!items.is_empty());
        let position = which.index(items.len());
        let with = |score| {
            let mut items = items.clone();
            items[position].contribution = score;
            satisfied_levels(&model, &items)
        };
        let mut without = items.clone();
        without.remove(position);
        prop_assert!(with(0.0) <= satisfied_levels(&model, &without) && satisfied_levels(&model, &without) <= with(1.0));
        let mut full = items.clone();
        full[position].contribution = 1.0;
        prop_assert!(reached(&model, &without) <= reached(&model, &full));
    }

    #[test]
    fn p7_limitations_act_from_their_level_only((model, items) in vectors(), truth in 0.0..=1.0_f64) {
        for position in (0..items.len()).filter(|p| items[*p].role == Role::Cap) {
            let from = items[position].blocks_from.unwrap();
            let mut changed = items.clone();
            changed[position].contribution = truth;
            for level in model.scale().into_iter().filter(|level| *level < from) {
                prop_assert_eq!(satisfied(&model, &changed, level), satisfied(&model, &items, level));
            }
            changed[position].contribution = 1.0;
            let refuted = (reached(&model, &changed), standing(&model, &changed));
            changed.remove(position);
            prop_assert_eq!(refuted, (reached(&model, &changed), standing(&model, &changed)));
        }
    }

    #[test]
    fn p8_roll_ups_change_nothing((model, items) in vectors(), level in prop::sample::select(vec![200_u16, 300, 400, 500]), score in 0.0..=1.0_f64) {
        let mut more = items.clone();
        more.push(item(level, Role::RollUp, score));
        prop_assert_eq!(reached(&model, &more), reached(&model, &items));
        prop_assert_eq!(shown(&model, &more), shown(&model, &items));
    }

    #[test]
    fn p11_an_empty_level_is_never_the_result((model, items) in vectors(), level in prop::sample::select(vec![200_u16, 300, 400, 500])) {
        let without: Vec<Item<'_>> = items.iter().filter(|item| item.level != level).copied().collect();
        prop_assert_ne!(reached(&model, &without), level);
        let higher: Vec<Item<'_>> = without.iter().map(|item| Item { contribution: 1.0, ..*item }).collect();
        let top = higher.iter().filter(|item| item.role != Role::Cap).map(|item| item.level).max().unwrap_or(100);
        prop_assert_eq!(reached(&model, &higher), top.max(100), "levels above may be");
    }

    #[test]
    fn tighter_thresholds_never_raise_a_level((model, items) in vectors(), by in 0.0..0.15_f64, which in 0..4_usize) {
        let mut tight = model.clone();
        let t = &mut tight.thresholds;
        *[&mut t.gate, &mut t.core, &mut t.mean, &mut t.cap][which] += by;
        prop_assert!(reached(&tight, &items) <= reached(&model, &items));
    }
}

/// How many levels hold from the bottom, reported or not.
fn satisfied_levels(model: &Model, items: &[Item<'_>]) -> usize {
    model.scale().into_iter().skip(1).take_while(|level| satisfied(model, items, *level)).count()
}

/// Which levels hold by themselves.
fn standing(model: &Model, items: &[Item<'_>]) -> Vec<bool> {
    model.scale().into_iter().skip(1).map(|level| satisfied(model, items, level)).collect()
}
