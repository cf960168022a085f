//! Speed and size of reports, for a scorecard of full size whose lists of subjects are as long as they get.
//!
//! What a tenant of any size adds to a report is bounded by the lists that are kept, so that this is the
//! largest there is. Where `large_tenant` has left its Parquet files, the lists of a report are gathered from
//! them, and `diff` compares two snapshots of that tenant a day apart, end to end.
//!
//! `cargo bench -p highwater --bench reports`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops at the first surprise"
)]

#[path = "reports/second_day.rs"]
mod second_day;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use highwater_facts::{Evidence, FactBook, Session};
use highwater_report::dossier::{Group, Hit, Subject, Subjects};
use highwater_report::{Dossier, csv, html, junit, markdown, oscal, sarif, xlsx};

fn main() {
    let dossier = dossier();
    let mut whole = 0.0;
    let mut time = |name: &str, make: &dyn Fn(&Dossier) -> usize| {
        let mut best = f64::MAX;
        let mut size = 0;
        for _ in 0..3 {
            let start = Instant::now();
            size = make(&dossier);
            best = best.min(start.elapsed().as_secs_f64());
        }
        whole += best;
        println!("{name:<9} {best:>7.3} s  {size:>9} bytes");
    };
    time("html", &|it| html::render(it).len());
    time("xlsx", &|it| xlsx::render(it).unwrap().len());
    time("csv", &|it| csv::render(it).iter().map(|(_, text)| text.len()).sum());
    time("markdown", &|it| markdown::render(it).len());
    time("junit", &|it| junit::render(it).len());
    time("sarif", &|it| sarif::render(it).unwrap().len());
    time("oscal", &|it| oscal::render(it).unwrap().len());
    time("json", &|it| it.scorecard.to_json().unwrap().len());
    println!("all       {whole:>7.3} s");
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench");
    let large = bench.join("large-1");
    if !large.join("done").is_file() {
        println!(
            "skipped: the bench `large_tenant` makes the tables of 1,000,000 flows; run it first"
        );
        return;
    }
    gather(&large);
    second_day::measure(&large, &bench.join("second-day"));
}

/// The scorecard of a reference tenant, each fact with 200 subjects of every answer, all of them against.
fn dossier() -> Dossier {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/tenants/rudimentary/scorecard.json");
    let text = std::fs::read_to_string(path).unwrap();
    let mut dossier = Dossier::of(serde_json::from_str(&text).unwrap());
    let rows: Vec<Subject> = (0..200)
        .map(|at| Subject {
            id: format!("00000000-0000-0000-0000-301000000004:00000000-0000-0000-0000-{at:012}"),
            label: format!("Approve invoices of department {at}"),
            records: vec![format!("dv.workflows record {at}")],
        })
        .collect();
    let group = Group { count: 1_000_000, rows };
    let all = Subjects { yes: group.clone(), no: group.clone(), unknown: group };
    dossier.subjects =
        Some(dossier.scorecard.facts.iter().map(|fact| (fact.id.clone(), all.clone())).collect());
    for indicator in dossier.scorecard.indicators() {
        let facts: BTreeMap<String, Hit> =
            indicator.facts.iter().map(|fact| (fact.clone(), Hit::No)).collect();
        dossier.against.insert(indicator.id.clone(), facts);
    }
    dossier
}

/// Gathers from a real large snapshot what a report lists: answers, and the first subjects of each.
fn gather(folder: &Path) {
    let book = FactBook::embedded().unwrap();
    let evidence = Evidence::from_parquet(folder).unwrap().large();
    let start = Instant::now();
    let session = Session::open(&book, &evidence).unwrap();
    println!("open      {:>7.3} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let answers = highwater_facts::answers(&session).unwrap();
    println!("answer    {:>7.3} s  {} facts", start.elapsed().as_secs_f64(), answers.len());
    let has_any =
        |id: &str| answers.get(id).is_some_and(|it| it.trues + it.falses + it.unknowns > 0);
    let ids: Vec<&str> =
        book.facts().map(|fact| fact.id.as_str()).filter(|id| has_any(id)).collect();
    let start = Instant::now();
    let listed = highwater_facts::subjects_each(&session, &ids, 200).unwrap();
    let rows: usize = listed.values().map(Vec::len).sum();
    println!("list      {:>7.3} s  {rows} subjects", start.elapsed().as_secs_f64());
}
