//! What is gathered in the engine is what comparing and sorting whole lists gives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use highwater_facts::{
    Evidence, FactBook, Hit, Kind, MovedGroup, Session, Subject, Way, moved_each, query,
    subjects_each,
};

use crate::data::{Recipe, World};

static BOOK: LazyLock<FactBook> = LazyLock::new(|| FactBook::embedded().unwrap());

/// Subjects of a fact by id.
type Everybody = BTreeMap<String, (String, Hit)>;

/// The whole list of a fact.
fn everybody(evidence: &Evidence, sql: &str) -> Everybody {
    let found = query(&BOOK, evidence, sql).unwrap();
    let text = |name: &str| found.column(name).unwrap().str().unwrap();
    let hits = found.column("hit").unwrap().bool().unwrap();
    let rows = text("subject").iter().zip(text("label").iter()).zip(hits.iter());
    rows.map(|((id, label), hit)| {
        let hit = match hit {
            Some(true) => Hit::Yes,
            Some(false) => Hit::No,
            None => Hit::Unknown,
        };
        (id.unwrap().to_owned(), (label.unwrap_or(id.unwrap()).to_owned(), hit))
    })
    .collect()
}

/// The comparison of two whole lists, one id after the other.
fn compared(old: &Everybody, new: &Everybody, named: usize) -> BTreeMap<Way, MovedGroup> {
    let mut found: BTreeMap<Way, MovedGroup> = BTreeMap::new();
    let mut ids: Vec<&String> = old.keys().chain(new.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let (before, after) = (old.get(id), new.get(id));
        let way = (before.map(|it| it.1), after.map(|it| it.1));
        if way.0 != way.1 {
            let group = found.entry(way).or_default();
            group.count += 1;
            if group.first.len() < named {
                let label = &after.or(before).unwrap().0;
                group.first.push((id.clone(), label.clone()));
            }
        }
    }
    found
}

/// The first `limit` of each answer.
fn first(all: &Everybody, limit: usize) -> Vec<Subject> {
    let mut met: BTreeMap<Hit, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (subject, (label, hit)) in all.clone() {
        let met = met.entry(hit).or_default();
        *met += 1;
        if *met <= limit {
            found.push(Subject { subject, label, hit });
        }
    }
    found
}

#[test]
fn what_is_gathered_in_the_engine_is_what_whole_lists_say() {
    let world = |seed| World::random(Recipe { seed, rows: 12, nulls: 25, holes: 0 });
    let evidence = [30, 31].map(|seed| world(seed).evidence());
    let [old, new] = evidence.each_ref().map(|it| Session::open(&BOOK, it).unwrap());
    let ids: Vec<&str> = BOOK.facts().map(|fact| fact.id.as_str()).collect();
    let found = moved_each([&old, &new], &ids, 3).unwrap();
    let listed = subjects_each(&new, &ids, 2).unwrap();
    let (mut moved, mut ways, mut facts) = (0, BTreeSet::new(), 0);
    for fact in BOOK.facts().filter(|fact| fact.kind != Kind::Measure) {
        let [old, new] = evidence.each_ref().map(|evidence| everybody(evidence, &fact.sql));
        let wanted = compared(&old, &new, 3);
        assert_eq!(found[&fact.id], wanted, "{}", fact.id);
        assert_eq!(listed[&fact.id], first(&new, 2), "{}", fact.id);
        moved += wanted.values().map(|group| group.count).sum::<u64>();
        ways.extend(wanted.into_keys());
        facts += 1;
    }
    assert_eq!(found.len(), facts, "measures have no subjects");
    assert!(moved > 200, "only {moved} subjects moved");
    assert_eq!(ways.len(), 12, "every way is met: {ways:?}");
}
