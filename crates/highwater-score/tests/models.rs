//! The shipped models against the published counts, against the facts, and the personas.

#![expect(clippy::unwrap_used, reason = "a test helper may fail loudly")]

#[path = "support/evidence.rs"]
mod evidence;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use evidence::{all_stated, ideal, scored, shipped, worst};
use highwater_score::{
    Answers, Assessability, Attestations, Levels, Pins, Polarity, Role, Rulebook, Scorecard, State,
    schema,
};

/// Indicators per level, and parts of headings among them: table A.1 of the catalogue.
const COUNTS: [(&str, &str, [usize; 5], usize); 14] = [
    ("automation", "EM", [1, 1, 3, 1, 1], 0),
    ("automation", "DP", [2, 3, 5, 3, 2], 0),
    ("automation", "DE", [2, 3, 5, 3, 3], 0),
    ("automation", "BT", [4, 6, 7, 6, 2], 2),
    ("automation", "DM", [5, 4, 5, 5, 3], 0),
    ("automation", "SG", [3, 6, 6, 4, 2], 2),
    ("automation", "NU", [2, 5, 2, 2, 2], 3),
    ("adoption", "SV", [4, 2, 3, 3, 4], 0),
    ("adoption", "BV", [2, 2, 3, 2, 3], 0),
    ("adoption", "AG", [2, 4, 6, 6, 2], 0),
    ("adoption", "SU", [2, 2, 2, 3, 2], 0),
    ("adoption", "NM", [2, 3, 4, 6, 4], 0),
    ("adoption", "AU", [1, 1, 3, 3, 3], 0),
    ("adoption", "FT", [2, 2, 3, 3, 2], 0),
];

#[test]
fn counts_per_model_capability_and_level_are_those_of_the_published_models() {
    let rulebook = shipped();
    let found: Vec<_> = rulebook
        .capabilities()
        .map(|(model, capability)| {
            let at = |level: u16| capability.indicators.iter().filter(|i| i.level == level).count();
            let parts = capability
                .indicators
                .iter()
                .filter(|i| i.id.ends_with(|c: char| c.is_ascii_lowercase()))
                .count();
            (model.id.as_str(), capability.code.as_str(), [100, 200, 300, 400, 500].map(at), parts)
        })
        .collect();
    assert_eq!(found, COUNTS);
    let totals = |model: &str| {
        rulebook.models().iter().find(|m| m.id == model).unwrap().indicators().count()
    };
    assert_eq!((totals("automation"), totals("adoption")), (119, 101));
    assert_eq!(
        rulebook.indicators().map(|i| &i.id).collect::<BTreeSet<_>>().len(),
        220,
        "ids are unique"
    );
    assert_eq!(rulebook.indicators().filter(|i| i.is_rated()).count(), 218);
}

/// Table A.2: achievement, limitation, direct, proxy, hybrid, attested, gate, core, supporting, cap, roll-up.
#[test]
fn polarity_assessability_and_role_are_counted_as_in_the_catalogue() {
    let rulebook = shipped();
    let count = |model: &str| {
        let all: Vec<_> =
            rulebook.models().iter().find(|m| m.id == model).unwrap().indicators().collect();
        let polarity = |p| all.iter().filter(|i| i.polarity == p).count();
        let assessability = |a| all.iter().filter(|i| i.is_rated() && i.assessability == a).count();
        let role = |r| all.iter().filter(|i| i.role == r).count();
        [
            polarity(Polarity::Achievement),
            polarity(Polarity::Limitation),
            assessability(Assessability::Direct),
            assessability(Assessability::Proxy),
            assessability(Assessability::Hybrid),
            assessability(Assessability::Attested),
            role(Role::Gate),
            role(Role::Core),
            role(Role::Supporting),
            role(Role::Cap),
            role(Role::RollUp),
        ]
    };
    assert_eq!(
        count("automation"),
        [103, 16, 62, 27, 7, 21, 6, 86, 9, 16, 2],
        "the two roll-ups are not rated"
    );
    assert_eq!(count("adoption"), [87, 14, 24, 26, 11, 40, 3, 76, 8, 14, 0]);
}

#[test]
fn capability_ids_titles_and_level_names_are_fixed() {
    let rulebook = shipped();
    let ids: Vec<&str> =
        rulebook.capabilities().map(|(_, capability)| capability.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "empower",
            "discover-plan",
            "design",
            "build-test",
            "deploy-manage",
            "secure-govern",
            "nurture",
            "strategy-and-vision",
            "business-value",
            "admin-and-governance",
            "support",
            "nurture-and-citizen-makers",
            "automation",
            "fusion-teams",
        ]
    );
    let names: Vec<&str> =
        rulebook.models().iter().filter_map(|model| model.level_name(500)).collect();
    assert_eq!(names, ["Efficient", "Leading"]);
    for (_, capability) in rulebook.capabilities() {
        let kebab = capability.title.to_lowercase().replace(" & ", "-").replace(' ', "-");
        assert_eq!(capability.id, kebab);
    }
}

/// Facts are asked in `config/facts`; every fact that a rule names must be asked there.
#[test]
fn every_fact_that_a_rule_names_is_asked() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/facts");
    let mut asked = BTreeMap::new();
    for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let table: toml::Table = toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for fact in table.get("fact").and_then(|facts| facts.as_array()).into_iter().flatten() {
            asked.insert(
                fact["id"].as_str().unwrap().to_owned(),
                fact["kind"].as_str().unwrap().to_owned(),
            );
        }
    }
    let rulebook = shipped();
    assert_eq!(rulebook.facts().len(), 165);
    if asked.is_empty() {
        println!("skipped: {} holds no facts yet", folder.display());
        return;
    }
    let missing: Vec<&str> =
        rulebook.facts().into_iter().filter(|fact| !asked.contains_key(*fact)).collect();
    assert!(missing.is_empty(), "not asked in config/facts: {missing:?}");
}

fn levels(scorecard: &Scorecard) -> BTreeMap<String, Levels> {
    scorecard
        .models
        .iter()
        .flat_map(|model| {
            model.capabilities.iter().map(|c| (format!("{}.{}", model.id, c.id), c.level))
        })
        .collect()
}

#[test]
fn nothing_known_is_everything_possible() {
    let rulebook = shipped();
    let scorecard = scored(&rulebook, &Answers::new(), &Attestations::default());
    let open = Levels { telemetry: 100, proven: 100, estimate: 100, possible: 500 };
    assert!(levels(&scorecard).values().all(|level| *level == open), "{:#?}", levels(&scorecard));
    assert!(scorecard.models.iter().all(|model| model.level == open
        && model.coverage.decided == 0.0
        && model.coverage.open == 1.0));
    assert!(
        scorecard
            .indicators()
            .all(|indicator| indicator.state == State::Unknown && indicator.confidence == 0.0)
    );
}

/// Table A.2, last columns: what perfect telemetry proves, and what it lets one estimate.
#[test]
fn ideal_telemetry_reaches_the_levels_of_the_catalogue() {
    let rulebook = shipped();
    let scorecard = scored(&rulebook, &ideal(&rulebook), &Attestations::default());
    let found: Vec<(String, u16, u16, u16)> = levels(&scorecard)
        .into_iter()
        .map(|(id, level)| (id, level.telemetry, level.proven, level.estimate))
        .collect();
    let expected = [
        ("adoption.admin-and-governance", 200, 400),
        ("adoption.automation", 200, 500),
        ("adoption.business-value", 100, 100),
        ("adoption.fusion-teams", 100, 300),
        ("adoption.nurture-and-citizen-makers", 100, 100),
        ("adoption.strategy-and-vision", 100, 100),
        ("adoption.support", 100, 100),
        ("automation.build-test", 100, 500),
        ("automation.deploy-manage", 200, 500),
        ("automation.design", 100, 500),
        ("automation.discover-plan", 100, 100),
        ("automation.empower", 200, 200),
        ("automation.nurture", 100, 100),
        ("automation.secure-govern", 200, 500),
    ];
    assert_eq!(
        found,
        expected.map(|(id, floor, estimate)| (id.to_owned(), floor, floor, estimate))
    );
}

#[test]
fn ideal_telemetry_with_every_statement_is_the_top() {
    let rulebook = shipped();
    let scorecard = scored(&rulebook, &ideal(&rulebook), &all_stated(&rulebook));
    for (id, level) in levels(&scorecard) {
        assert_eq!((level.proven, level.estimate, level.possible), (500, 500, 500), "{id}");
    }
    assert!(
        scorecard
            .models
            .iter()
            .all(|model| model.coverage.decided == 1.0 && model.limited_by.is_empty())
    );
    assert!(scorecard.contradictions.is_empty(), "{:#?}", scorecard.contradictions);
}

/// Section D.5: the ceilings under the worst telemetry, with populations present.
#[test]
fn worst_telemetry_leaves_the_ceilings_of_the_catalogue() {
    let rulebook = shipped();
    let scorecard = scored(&rulebook, &worst(&rulebook), &Attestations::default());
    let found: Vec<(String, u16)> =
        levels(&scorecard).into_iter().map(|(id, level)| (id, level.possible)).collect();
    let expected = [
        ("adoption.admin-and-governance", 100),
        ("adoption.automation", 200),
        ("adoption.business-value", 200),
        ("adoption.fusion-teams", 200),
        ("adoption.nurture-and-citizen-makers", 200),
        ("adoption.strategy-and-vision", 200),
        ("adoption.support", 400),
        ("automation.build-test", 100),
        ("automation.deploy-manage", 100),
        ("automation.design", 100),
        ("automation.discover-plan", 200),
        ("automation.empower", 500),
        ("automation.nurture", 200),
        ("automation.secure-govern", 100),
    ];
    assert_eq!(found, expected.map(|(id, ceiling)| (id.to_owned(), ceiling)));
}

#[test]
fn the_shipped_rulebook_is_the_folder_in_the_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/models");
    let read = Rulebook::from_dir(&folder, &Pins::new()).unwrap();
    assert_eq!(read.sha256(), shipped().sha256());
    assert_eq!(read.sha256().len(), 64);
}

#[test]
fn the_schema_describes_the_scorecard() {
    let schema: serde_json::Value = serde_json::from_str(&schema().unwrap()).unwrap();
    let rulebook = shipped();
    let text = scored(&rulebook, &ideal(&rulebook), &all_stated(&rulebook)).to_json().unwrap();
    let scorecard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys = |value: &serde_json::Value| {
        value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>()
    };
    assert_eq!(
        keys(&schema["properties"]).difference(&keys(&scorecard)).collect::<Vec<_>>(),
        ["statement_files"],
        "only where statements came from files"
    );
    assert!(keys(&scorecard).is_subset(&keys(&schema["properties"])));
    assert_eq!(
        keys(&schema["$defs"]["IndicatorScore"]["properties"])
            .difference(&keys(&scorecard["models"][0]["capabilities"][0]["indicators"][0]))
            .collect::<Vec<_>>(),
        ["blocks_from"],
        "only a limitation has it"
    );
    let back: Scorecard = serde_json::from_str(&text).unwrap();
    assert_eq!(back.to_json().unwrap(), text);
}
