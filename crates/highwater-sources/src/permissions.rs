//! Permissions: the pages and scripts by which somebody lets Highwater read, made from the declarations.
//!
//! Owns `config/grants.toml`, `docs/permissions.md` and everything below `deploy/permissions`; a test keeps them fresh.
//! Writes no file itself. What a grant unlocks beyond its sources is told by whoever knows tables and facts.

mod page;
mod scripts;

use std::collections::{BTreeMap, BTreeSet};

use crate::grants::{Need, Plane, Right, Ways, needs};

/// What is known of the evidence behind the sources, by names.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Tables by the source that fills them.
    pub tables: BTreeMap<String, BTreeSet<String>>,
    /// Facts by the table that they look at.
    pub facts: BTreeMap<String, BTreeSet<String>>,
    /// Indicators by the fact that they rest on.
    pub indicators: BTreeMap<String, BTreeSet<String>>,
}

/// What a right leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Unlocks {
    sources: BTreeSet<&'static str>,
    tables: BTreeSet<String>,
    facts: BTreeSet<String>,
    indicators: BTreeSet<String>,
}

/// Every generated file by its path from the top of the repository.
pub fn files(evidence: &Evidence) -> BTreeMap<&'static str, String> {
    let mut files = scripts::files();
    files.insert("config/grants.toml", grants());
    files.insert("docs/permissions.md", page::page(evidence));
    files
}

/// `config/grants.toml`: what a source needs, in words.
fn grants() -> String {
    let mut text = String::from(
        "# What has to be granted so that each source can be read, least privilege first. Generated from the declarations of\n\
         # the sources; docs/permissions.md says the same with what each grant unlocks.\n\n[grant]\n",
    );
    for need in needs() {
        text.push_str(&format!("\"{}\" = \"{}\"\n", need.source, need.words));
    }
    text
}

/// The smallest way for an application, or for a person where applications are not let in.
fn least(need: &Need) -> &'static [Right] {
    let first = |ways: Ways| ways.first().copied();
    first(need.application).or_else(|| first(need.delegated)).unwrap_or_default()
}

/// Rights of a plane that the smallest ways name, with the sources that name them.
fn least_of(plane: Plane) -> BTreeMap<Right, BTreeSet<&'static str>> {
    let mut rights: BTreeMap<Right, BTreeSet<&'static str>> = BTreeMap::new();
    for need in needs() {
        for right in least(need).iter().filter(|right| right.plane == plane) {
            rights.entry(*right).or_default().insert(need.source);
        }
    }
    rights
}

/// Rights that another one includes: the smaller one need not be granted beside it.
const INCLUDED: &[(&str, &str)] = &[("GroupMember.Read.All", "Group.Read.All")];

/// Names of the rights of a plane that are granted, without those that others include.
fn granted(plane: Plane) -> Vec<&'static str> {
    let names: BTreeSet<&str> = least_of(plane).keys().map(|right| right.name).collect();
    let included =
        |name: &str| INCLUDED.iter().any(|(small, large)| *small == name && names.contains(large));
    names.iter().copied().filter(|name| !included(name)).collect()
}

impl Evidence {
    /// What sources lead to.
    fn unlocks(&self, sources: &BTreeSet<&'static str>) -> Unlocks {
        fn all<'a>(
            map: &'a BTreeMap<String, BTreeSet<String>>,
            keys: impl Iterator<Item = &'a str>,
        ) -> BTreeSet<String> {
            keys.filter_map(|key| map.get(key)).flatten().cloned().collect()
        }
        let tables = all(&self.tables, sources.iter().copied());
        let facts = all(&self.facts, tables.iter().map(String::as_str));
        let indicators = all(&self.indicators, facts.iter().map(String::as_str));
        Unlocks { sources: sources.clone(), tables, facts, indicators }
    }
}
