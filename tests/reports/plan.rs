//! Plans: they reach what they promise by the one level algorithm, and nothing in them can be left out.

use std::fs;
use std::process::Command;

use highwater_report::plan::{Plan, plan, render_text};
use highwater_score::{
    Assumptions, CapabilityScore, Polarity, Role, Rulebook, Scorecard, State, levels_if,
};

use crate::{folder, golden, scorecard};

const TENANTS: [&str; 5] = ["rudimentary", "repeatable", "defined", "capable", "denied"];

fn tenant(name: &str) -> Scorecard {
    let path = folder().join("../../fixtures/tenants").join(name).join("scorecard.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn rules() -> Rulebook {
    Rulebook::shipped(&Default::default()).unwrap()
}

fn made(scorecard: &Scorecard, model: &str, target: Option<u16>) -> Plan {
    plan(rules().models(), scorecard, (model, None), target, &Assumptions::new()).unwrap()
}

/// As good as can be, for each of these indicators.
fn good(scorecard: &Scorecard, ids: &[String]) -> Assumptions {
    let score = |id: &String| match scorecard.indicator(id).unwrap().polarity {
        Polarity::Achievement => 1.0,
        Polarity::Limitation => 0.0,
    };
    ids.iter().map(|id| (id.clone(), score(id))).collect()
}

#[test]
fn without_assumptions_the_levels_are_those_of_the_scorecard() {
    let rules = rules();
    for name in TENANTS {
        let scorecard = tenant(name);
        for (model, score) in rules.models().iter().zip(&scorecard.models) {
            assert_eq!(model.id, score.id);
            for capability in &score.capabilities {
                let levels = levels_if(model, capability, &Assumptions::new());
                assert_eq!(levels, capability.level, "{name} {}", capability.id);
            }
        }
    }
}

#[test]
fn every_way_reaches_its_level_and_needs_all_of_it() {
    let rules = rules();
    for name in TENANTS {
        let scorecard = tenant(name);
        for (model, score) in rules.models().iter().zip(&scorecard.models) {
            for target in [200, 300, 400, 500] {
                for way in made(&scorecard, &model.id, Some(target)).capabilities {
                    let capability =
                        score.capabilities.iter().find(|it| it.id == way.capability).unwrap();
                    let all = good(&scorecard, &way.needs);
                    let reached = levels_if(model, capability, &all);
                    assert_eq!(reached, way.then, "{name} {} to {target}", way.capability);
                    // A level of which nothing applies cannot be reported; the one below it can.
                    let reach = if applies(capability, target) { target } else { target - 100 };
                    assert!(reached.proven >= reach, "{name} {} to {target}", way.capability);
                    for id in &way.needs {
                        let mut fewer = all.clone();
                        fewer.remove(id);
                        let without = levels_if(model, capability, &fewer).proven;
                        assert!(without < reach, "{name} {} can do without {id}", way.capability);
                    }
                }
            }
        }
    }
}

/// Whether anything that a level asks for applies to the tenant.
fn applies(capability: &CapabilityScore, level: u16) -> bool {
    capability.indicators.iter().any(|it| {
        it.level == level
            && it.state != State::NotApplicable
            && matches!(it.role, Role::Gate | Role::Core | Role::Supporting)
    })
}

#[test]
fn the_steps_cover_every_need_and_end_at_the_target() {
    for name in TENANTS {
        let scorecard = tenant(name);
        for model in ["automation", "adoption"] {
            let plan = made(&scorecard, model, Some(300));
            let covered: Vec<&String> =
                plan.steps.iter().flat_map(|step| &step.indicators).collect();
            for way in &plan.capabilities {
                for id in &way.needs {
                    assert!(covered.contains(&id), "{name} {model}: no step for {id}");
                }
            }
            assert!(plan.then.proven >= 300, "{name} {model}: {:?}", plan.then);
        }
    }
}

#[test]
fn what_is_assumed_shortens_the_way() {
    let scorecard = scorecard("after.json");
    let plain = made(&scorecard, "automation", Some(200));
    let first = plain.capabilities[0].needs[0].clone();
    let assumed = good(&scorecard, std::slice::from_ref(&first));
    let shorter =
        plan(rules().models(), &scorecard, ("automation", None), Some(200), &assumed).unwrap();
    assert_eq!(shorter.capabilities[0].needs.len() + 1, plain.capabilities[0].needs.len());
    assert!(!shorter.capabilities[0].needs.contains(&first));
}

#[test]
fn a_plan_reads_as_it_should() {
    // Three capabilities only: their indicators are a part of those that the rules know.
    let plan = made(&scorecard("after.json"), "automation", Some(200));
    golden("plan.txt", &render_text(&plan));
}

#[test]
fn unknown_names_are_refused_with_those_that_exist() {
    let path = folder().join("fixtures/after.json");
    let path = path.to_str().unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["--model", "automaton"], "automation, adoption"),
        (&["--model", "automation", "--capability", "nurture"], "deploy-manage, secure-govern"),
        (&["--model", "automation", "--target", "250"], "200, 300"),
        (&["--model", "automation", "--assume", "AUT-DM-100-05=met"], "holds or is refuted"),
        (&["--model", "automation", "--assume", "AUT-XX-100-05=met"], "AUT-XX-100-05"),
    ];
    for (args, wanted) in cases {
        let output = Command::new(env!("CARGO_BIN_EXE_highwater"))
            .args(["plan", path])
            .args(args)
            .current_dir(std::env::temp_dir())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(wanted), "{args:?}: {said}");
    }
}
