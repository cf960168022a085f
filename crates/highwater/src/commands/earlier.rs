//! Earlier: whether a run may go by a snapshot, and what it says of places that were read.
//!
//! Guarantees that a run goes only by a snapshot that is whole, of the same tenant, cloud, plan and pseudonyms, and not of
//! a later moment. Which of its places stand is decided where they are read (`highwater-sources`).

use std::path::Path;

use highwater_runs::Reused;
use highwater_snapshot::{Manifest, Pseudonyms, Reach, Snapshot, Status, Time};
use highwater_sources::{Earlier, EarlierPlace, Plan};
use serde_json::Value;

/// Key under which the collection of a manifest holds the mark of the pseudonyms.
pub(super) const PEOPLE: &str = "people";

/// What a snapshot told, for a run with its pages in a folder; or why the run cannot go by it.
pub(super) fn earlier(
    (path, run): (&Path, &Path),
    moment: Time,
    plan: &Plan,
    people: &Pseudonyms,
) -> anyhow::Result<Result<Earlier, String>> {
    let snapshot = Snapshot::open(path)?;
    if let Err(why) = fits(snapshot.manifest(), moment, plan, people) {
        return Ok(Err(why));
    }
    if !snapshot.verify()?.is_empty() {
        return Ok(Err("it is damaged, see highwater verify".to_owned()));
    }
    let Some(mut reaches) = snapshot.reaches()? else {
        return Ok(Err("an older version took it".to_owned()));
    };
    reaches.sort_by_key(|reach| reach.first);
    let id = snapshot.manifest().taken_at.folder();
    let mut earlier = Earlier::of(run, &id, snapshot.digest())?;
    for (source, records) in Earlier::wanted() {
        let of = reaches.iter().filter(|reach| reach.source == source);
        let places: Vec<(&Reach, String)> =
            of.map(|reach| (reach, reach.observed_at.to_string())).collect();
        hand_over(&snapshot, &mut earlier, (source, records), &places)?;
    }
    Ok(Ok(earlier))
}

/// What was taken over from an earlier snapshot instead of being asked.
pub(super) fn reused(manifest: &Manifest) -> Option<Reused> {
    let told = manifest.collection.as_ref()?.get("reused")?;
    serde_json::from_value(told.clone()).ok().filter(|told: &Reused| told.places > 0)
}

/// Why a run cannot go by a snapshot.
fn fits(manifest: &Manifest, moment: Time, plan: &Plan, people: &Pseudonyms) -> Result<(), String> {
    let told = |key: &str| {
        let told = manifest.collection.as_ref().and_then(|told| told.get(key));
        told.and_then(Value::as_str)
    };
    let wrong = [
        (manifest.tenant.id != plan.tenant.to_lowercase(), "it is of another tenant"),
        (manifest.taken_at >= moment, "it is not older than this run"),
        (manifest.collection.is_none(), "it was imported and not collected"),
        (
            told("plan") != Some(plan.reading().as_str()),
            "it was collected by another plan: other sources, environments, kind of identity, or another version",
        ),
        (
            told(PEOPLE) != people.mark().as_deref(),
            "its pseudonyms are made with another key, or people are named in one of the two",
        ),
    ];
    wrong.iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, why)| Err((*why).to_owned()))
}

/// Hands over the places of a source, with their records where they are needed.
fn hand_over(
    snapshot: &Snapshot,
    earlier: &mut Earlier,
    (source, records): (&str, bool),
    places: &[(&Reach, String)],
) -> anyhow::Result<()> {
    let mut lines = if records { snapshot.raw_lines(source)? } else { None };
    let mut passed = 0;
    let mut firsts = places.iter().map(|(reach, _)| reach.first);
    let told = places.iter().map(|(reach, observed_at)| EarlierPlace {
        environment: &reach.scope,
        full: reach.status == Status::Full,
        observed_at,
        pages: reach.pages,
        records: reach.records,
    });
    earlier.add(source, told, |place| {
        let first = firsts.next().unwrap_or_default();
        let Some(lines) = lines.as_mut().filter(|_| place.records > 0) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for line in lines.by_ref() {
            passed += 1;
            if passed >= first {
                found.push(line?);
            }
            if found.len() as u64 == place.records {
                return Ok(found);
            }
        }
        Err(std::io::Error::other("a record is missing in the snapshot"))
    })?;
    Ok(())
}
