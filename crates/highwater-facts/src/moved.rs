//! Moved: the subjects of a fact whose answer is another one in later evidence.
//!
//! Guarantees exact counts, and of every way to move the first by id. The answers of both sides stay columns
//! of the engine and are walked side by side in the order of ids, so that a million subjects cost one pass, no
//! index and no list; what is named leaves it. Does not say why a subject moved, nor whether that is good.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use polars::prelude::*;

use crate::run::on_two_threads;
use crate::session::Session;
use crate::subjects::{Row, asked, each};
use crate::{Error, Fact, Hit, Kind};

/// How a subject moved: its answer before and now; none where it was not there.
pub type Way = (Option<Hit>, Option<Hit>);

/// Subjects that moved the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MovedGroup {
    /// How many there are.
    pub count: u64,
    /// Id and label of the first of them by id: as it is now, or was where it is gone.
    pub first: Vec<(String, String)>,
}

/// The subjects of some facts whose answer differs between an earlier and a later evidence, by fact and way; up to
/// `named` of each way are named. Measures have no subjects and stand for nothing here.
///
/// # Errors
/// [`Error::UnknownFact`] for a fact that was not made ready on both sides, [`Error::Query`] when the engine fails.
pub fn moved_each(
    [old, new]: [&Session; 2],
    ids: &[&str],
    named: usize,
) -> Result<BTreeMap<String, BTreeMap<Way, MovedGroup>>, Error> {
    let before: BTreeMap<&str, &Fact> =
        old.expect(ids)?.into_iter().map(|fact| (fact.id.as_str(), fact)).collect();
    let mut facts = new.expect(ids)?;
    facts.retain(|fact| fact.kind != Kind::Measure);
    let found = on_two_threads(&facts, |fact| {
        let then = before.get(fact.id.as_str()).copied().unwrap_or(fact);
        let (old, new) = (in_order(old, then)?, in_order(new, fact)?);
        let ways = ways([&old, &new], named).map_err(|error| Error::query(&fact.id, &error));
        Ok((fact.id.clone(), ways?))
    })?;
    Ok(found.into_iter().collect())
}

/// Every subject of a fact in the order of ids.
fn in_order(session: &Session, fact: &Fact) -> Result<DataFrame, Error> {
    let found = asked(session, fact)?;
    let sorted = match found.column("subject").and_then(|ids| Ok(ids.str()?.iter().is_sorted())) {
        // Rows of a snapshot are sorted by their keys, and the engine mostly keeps their order.
        Ok(true) => Ok(found),
        Ok(false) => found.sort(["subject"], SortMultipleOptions::default()),
        Err(error) => Err(error),
    };
    sorted.map_err(|error| Error::query(&fact.id, &error))
}

/// Walks two answers, each in the order of ids.
fn ways(sides: [&DataFrame; 2], named: usize) -> PolarsResult<BTreeMap<Way, MovedGroup>> {
    let [old, new] = sides.map(each);
    let (mut old, mut new) = (old?.peekable(), new?.peekable());
    let mut found = BTreeMap::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok(found),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.0.cmp(after.0),
        };
        let before = if order.is_gt() { None } else { old.next() };
        let after = if order.is_lt() { None } else { new.next() };
        note(&mut found, before, after, named);
    }
}

fn note(
    found: &mut BTreeMap<Way, MovedGroup>,
    before: Option<Row<'_>>,
    after: Option<Row<'_>>,
    named: usize,
) {
    let hit = |row: Option<Row<'_>>| row.map(|row| row.2);
    let way = (hit(before), hit(after));
    let Some((id, label, _)) = after.or(before).filter(|_| way.0 != way.1) else { return };
    let group = found.entry(way).or_default();
    group.count += 1;
    if group.first.len() < named {
        group.first.push((id.to_owned(), label.unwrap_or(id).to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subjects as `+yes -no ?unknown`, in the order given.
    fn side(text: &str) -> DataFrame {
        let words: Vec<&str> = text.split_whitespace().collect();
        let ids: Vec<&str> = words.iter().map(|word| &word[1..]).collect();
        let hits = words.iter().map(|word| match word.as_bytes()[0] {
            b'+' => Some(true),
            b'-' => Some(false),
            _ => None,
        });
        let labels: Vec<Option<String>> =
            ids.iter().map(|id| (*id != "nameless").then(|| id.to_uppercase())).collect();
        df!["subject" => ids, "label" => labels, "hit" => hits.collect::<Vec<_>>()].unwrap()
    }

    fn counts(old: &str, new: &str) -> Vec<(Way, u64)> {
        let found = ways([&side(old), &side(new)], 1).unwrap();
        found.into_iter().map(|(way, group)| (way, group.count)).collect()
    }

    #[test]
    fn every_way_is_told_apart() {
        let (yes, no, unknown) = (Some(Hit::Yes), Some(Hit::No), Some(Hit::Unknown));
        assert_eq!(
            counts("+a +b -c ?d +f", "+a -b -c +d -e"),
            [((None, no), 1), ((yes, None), 1), ((yes, no), 1), ((unknown, yes), 1)]
        );
        assert_eq!(counts("+a -b", "+a -b"), []);
        assert_eq!(counts("", ""), []);
    }

    #[test]
    fn the_first_are_named_and_the_rest_is_counted() {
        let found = ways([&side("+a +b +nameless"), &side("-a -b -nameless +z")], 2).unwrap();
        let group = &found[&(Some(Hit::Yes), Some(Hit::No))];
        assert_eq!(group.count, 3);
        assert_eq!(group.first, [("a", "A"), ("b", "B")].map(|(a, b)| (a.into(), b.into())));
        let found = ways([&side("+nameless"), &side("")], 2).unwrap();
        let group = &found[&(Some(Hit::Yes), None)];
        assert_eq!(group.first, [("nameless".to_owned(), "nameless".to_owned())]);
    }
}
