//! The shipped book: sound, complete, documented, and the same from a folder.

use std::path::Path;

use highwater_facts::{Error, FactBook, facts_markdown};

fn book() -> FactBook {
    FactBook::embedded().unwrap_or_else(|error| panic!("{error}"))
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/facts"))
}

#[test]
fn the_shipped_texts_are_sound_and_complete() {
    let book = book();
    assert_eq!(book.facts().len(), 165);
    assert_eq!(book.views().len(), 29);
    assert_eq!(book.digest().len(), 64);
}

#[test]
fn the_folder_gives_the_same_book() {
    let (embedded, read) = (book(), FactBook::from_dir(folder()).unwrap());
    assert_eq!(embedded.digest(), read.digest());
    assert!(embedded.facts().eq(read.facts()));
}

#[test]
fn the_page_of_facts_is_fresh() {
    let page = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/facts.md"));
    let due = facts_markdown(&book());
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        std::fs::write(page, &due).unwrap();
    }
    let found = std::fs::read_to_string(page).unwrap_or_default();
    assert!(found == due, "docs/facts.md is stale: run the tests once with HIGHWATER_BLESS=1");
}

/// Changes one file of a copy of the folder and reads it.
fn with_change(file: &str, from: &str, to: &str) -> Result<FactBook, Error> {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let mut text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == file {
            assert!(text.contains(from), "{file} does not hold {from}");
            text = text.replacen(from, to, 1);
        }
        std::fs::write(copy.path().join(name), text).unwrap();
    }
    FactBook::from_dir(copy.path())
}

fn complaint(file: &str, from: &str, to: &str) -> String {
    with_change(file, from, to)
        .map_or_else(|error| error.to_string(), |_| "no complaint".to_owned())
}

#[test]
fn a_mistake_is_told_with_file_line_and_remedy() {
    let told = complaint("gateways.toml", "kind = \"count\"", "kind = \"number\"");
    assert!(told.starts_with("gateways.toml:6: unknown variant `number`"), "{told}");
    let told = complaint("gateways.toml", "FROM gateways g", "FROM gateway g");
    assert!(
        told.starts_with("gateways.toml:11: `gateway` is neither a table nor an earlier view"),
        "{told}"
    );
    let told = complaint("gateways.toml", "id = \"gateways.count\"", "id = \"gates.count\"");
    assert!(
        told.starts_with("gateways.toml:5: `gates.count` is no fact id of this file"),
        "{told}"
    );
    let told =
        complaint("gateways.toml", "population = [\"gateways\"]", "population = [\"machines\"]");
    assert!(told.contains("names `machines` as population but does not read it"), "{told}");
    let told = complaint("gateways.toml", "about = ", "abuot = ");
    assert!(told.starts_with("gateways.toml:7: unknown field `abuot`"), "{told}");
    let told = complaint("gateways.toml", "format = 1", "format = 2");
    assert!(told.starts_with("gateways.toml:2: format 2 is not known"), "{told}");
    let told = complaint("gateways.toml", "TRUE AS hit", "TRUE AS hits");
    assert!(told.contains("does not give the columns subject, label, hit"), "{told}");
    let told = complaint("gateways.toml", "TRUE AS hit", "ROUND(1) AS hit");
    assert!(told.starts_with("gateways.toml:11: functions: ROUND(1)"), "{told}");
    let told = complaint("views.toml", "id = \"prod_envs\"", "id = \"environments\"");
    assert!(told.contains("`environments` cannot name a view"), "{told}");
}

#[test]
fn the_digest_follows_meaning_not_layout() {
    let book = book();
    let layout = with_change("gateways.toml", "FROM gateways g", "\n  FROM   gateways g").unwrap();
    assert_eq!(layout.digest(), book.digest());
    let meaning = with_change("gateways.toml", "TRUE AS hit", "FALSE AS hit").unwrap();
    assert_ne!(meaning.digest(), book.digest());
}

#[test]
fn what_a_text_reads_is_what_the_design_says() {
    let design = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/design/facts"));
    if !design.is_dir() {
        println!("skipped: the design is not beside the checkout");
        return;
    }
    let book = book();
    let guards = ["env_seen", "tenant_seen"];
    let joined =
        [("machines.group_run_share", "machine_groups"), ("makers.prod_share", "solutions")];
    let mut compared = 0;
    for entry in std::fs::read_dir(design).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let file: toml::Table = toml::from_str(&text).unwrap();
        for fact in file.get("fact").and_then(|facts| facts.as_array()).into_iter().flatten() {
            let id = fact["id"].as_str().unwrap();
            let list = |key: &str| -> Vec<&str> {
                fact[key].as_array().unwrap().iter().filter_map(|name| name.as_str()).collect()
            };
            let ours = book.fact(id).unwrap_or_else(|| panic!("{id} is missing"));
            for table in list("tables") {
                assert!(ours.tables.iter().any(|name| name == table), "{id} does not read {table}");
            }
            for view in list("views") {
                // Where a definition is asked too, one view holds both.
                let with_design = if view == "live_flows" { "live_designs" } else { view };
                let reads = |name: &String| name == view || name == with_design;
                assert!(ours.views.iter().any(reads), "{id} does not read {view}");
            }
            for table in ours.tables.iter().filter(|name| !list("tables").contains(&name.as_str()))
            {
                let known =
                    guards.contains(&table.as_str()) || joined.contains(&(id, table.as_str()));
                assert!(known, "{id} reads {table} besides");
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 165);
}
