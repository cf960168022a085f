//! Pages: which files together are one answer, and what may be claimed of it.
//!
//! The rules, also in `docs/import.md`: pages are told apart by a number at the end of the file name;
//! 1 to n without a gap, of which only the last is without next link, is complete. One answer without
//! next link and number is complete. A lone later page, a gap, or a last page that goes on is truncated.
//! Guarantees that taking a file away never makes a claim better: a scope is full when any one chain of
//! files proves it, so further files cannot spoil it.

use std::collections::{BTreeMap, BTreeSet};

use highwater_snapshot::{Claim, Status, Time};

use crate::kinds;

/// What one file says of one request of a source in a scope.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) source: &'static str,
    pub(crate) part: &'static str,
    pub(crate) scope: String,
    pub(crate) chain: Chain,
    /// Whether the answer goes on in another file.
    pub(crate) open: bool,
    /// Whether the wrapper would say so.
    pub(crate) paged: bool,
    /// Whether it is a list at all.
    pub(crate) list: bool,
    /// Why even a list read to its end proves nothing; none where it does.
    pub(crate) doubt: Option<String>,
    /// What the coverage has to say of it although it proves.
    pub(crate) remark: Option<String>,
    pub(crate) expected: Option<u64>,
    pub(crate) records: u64,
    /// Whether the request was made at all; one that was not has its reason as doubt.
    pub(crate) asked: bool,
    /// When it was read, where that is before the moment of the whole.
    pub(crate) observed_at: Option<Time>,
}

/// Which files a file goes with, and as which of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Chain {
    /// Folder and name without number; the exchange's source and scope where the index orders the files.
    pub(crate) stem: String,
    pub(crate) page: Option<u32>,
    /// Whether the name says "page", so that the number can mean nothing else.
    pub(crate) named: bool,
    /// Whether the index gave the order.
    pub(crate) listed: bool,
}

/// A refusal or a failure that was recorded.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) source: &'static str,
    pub(crate) scope: String,
    pub(crate) status: Status,
    pub(crate) reason: String,
}

/// The chain of a file by its name: `…-page2.json`, `…-2.json`, `…_3.json`, `… (4).json`.
pub(crate) fn chain(root: usize, name: &str) -> Chain {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_lowercase();
    let (rest, page, named) = numbered(&stem).unwrap_or((stem.clone(), None, false));
    Chain { stem: format!("{root}/{folder}/{rest}"), page, named, listed: false }
}

/// Splits the page number off a name.
fn numbered(stem: &str) -> Option<(String, Option<u32>, bool)> {
    if let Some(at) = stem.rfind("page") {
        let tail = stem[at + 4..].trim_start_matches(['-', '_', ' ', '.']);
        let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(number) = digits.parse() {
            let rest = stem[..at].trim_end_matches(['-', '_', ' ', '.']).to_owned();
            return Some((rest, Some(number), true));
        }
    }
    let bare = stem.trim_end_matches(')');
    let digits = bare.len() - bare.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let (rest, number) = bare.split_at(bare.len() - digits);
    let separated = rest.ends_with(['-', '_', ' ', '(']);
    let before = rest.trim_end_matches(['-', '_', ' ', '(']);
    // A date or a longer number is no page.
    let dated = before.ends_with(|letter: char| letter.is_ascii_digit());
    if digits == 0 || digits > 3 || !separated || dated || before.is_empty() {
        return None;
    }
    Some((before.to_owned(), number.parse().ok(), false))
}

/// One claim for every source and scope that anything was said of.
pub(crate) fn claims(pieces: &[Piece], refusals: &[Refusal]) -> Vec<Claim> {
    let pieces = unpaged(pieces);
    let mut scopes: BTreeMap<(&str, &str), Vec<&Piece>> = BTreeMap::new();
    for piece in &pieces {
        scopes.entry((piece.source, &piece.scope)).or_default().push(piece);
    }
    let mut claims: BTreeMap<(&str, &str), Claim> = scopes
        .into_iter()
        .map(|((source, scope), pieces)| ((source, scope), claim(source, scope, &pieces)))
        .collect();
    for refusal in refusals {
        let key = (refusal.source, refusal.scope.as_str());
        let refused = || Claim {
            source: refusal.source.to_owned(),
            scope: refusal.scope.clone(),
            status: refusal.status,
            pages: 0,
            expected: None,
            reason: (refusal.status != Status::Full).then(|| refusal.reason.clone()),
            observed_at: None,
        };
        let known = claims.entry(key).or_insert_with(refused);
        if known.status != Status::Full && refusal.status > known.status {
            known.status = refusal.status;
            known.reason = Some(refusal.reason.clone());
        }
    }
    claims.into_values().collect()
}

/// Takes numbers for plain names where the first file of a row does not go on: `flows-1`, `flows-2` are
/// then two answers, not two pages.
fn unpaged(pieces: &[Piece]) -> Vec<Piece> {
    let closed: BTreeSet<(&str, &str)> = pieces
        .iter()
        .filter(|piece| {
            piece.chain.page == Some(1) && piece.paged && !piece.open && !piece.chain.listed
        })
        .map(|piece| (piece.source, piece.chain.stem.as_str()))
        .collect();
    let plain = |piece: &Piece| {
        let counted = !piece.chain.named
            && !piece.chain.listed
            && closed.contains(&(piece.source, piece.chain.stem.as_str()));
        let mut piece = piece.clone();
        if counted || (!piece.list && !piece.chain.listed) {
            piece.chain.stem = format!("{}#{}", piece.chain.stem, piece.chain.page.unwrap_or(0));
            piece.chain.page = None;
        }
        piece
    };
    pieces.iter().map(plain).collect()
}

fn claim(source: &str, scope: &str, pieces: &[&Piece]) -> Claim {
    let mut parts: BTreeMap<&str, Vec<&Piece>> = BTreeMap::new();
    for piece in pieces {
        parts.entry(piece.part).or_default().push(piece);
    }
    let wanted = kinds::source(source).map_or(&[][..], |source| source.parts);
    let read: BTreeMap<&str, Result<Option<u64>, (Status, String)>> =
        parts.into_iter().map(|(part, pieces)| (part, proof(&pieces))).collect();
    // A part named `*` showed that nothing was filtered out. An answer that does not tell its part counts
    // for all of them, but where the index lists the requests of a source one by one only for one.
    // Of the pages of one request only the last does not go on: each of those stands for one request.
    let untold = pieces.iter().filter(|piece| piece.part.is_empty() && !piece.open).count();
    let listed = pieces.iter().any(|piece| piece.chain.listed)
        && kinds::source(source).is_some_and(kinds::asks_apart);
    let named = read.iter().filter(|(part, proof)| wanted.contains(part) && proof.is_ok()).count();
    let every = read.get("*").is_some_and(Result::is_ok)
        || (read.get("").is_some_and(Result::is_ok) && (!listed || untold + named >= wanted.len()));
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|part| !every && !read.get(part).is_some_and(Result::is_ok))
        .collect();
    let proven =
        if wanted.is_empty() { read.values().any(Result::is_ok) } else { missing.is_empty() };
    let unasked = pieces.iter().all(|piece| !piece.asked);
    let observed_at = pieces.iter().filter_map(|piece| piece.observed_at).min();
    let (status, reason) = match proven {
        true => (Status::Full, remark(pieces, observed_at)),
        false if unasked => (Status::None, pieces.iter().find_map(|piece| piece.doubt.clone())),
        false => shortfall(&read, &missing),
    };
    // A number that was reached says nothing more; one that was not opens what counts these records.
    let announced = if wanted.is_empty() {
        pieces.iter().filter_map(|piece| piece.expected).max()
    } else {
        None
    };
    let expected = announced.filter(|_| status != Status::Full);
    Claim {
        source: source.to_owned(),
        scope: scope.to_owned(),
        status,
        pages: pieces.len() as u64,
        expected,
        reason,
        observed_at,
    }
}

/// What has to be said of what is proven.
fn remark(pieces: &[&Piece], observed_at: Option<Time>) -> Option<String> {
    let told = pieces.iter().find_map(|piece| piece.remark.clone());
    told.or_else(|| Some(format!("as it was read at {}", observed_at?)))
}

/// The best that can be said where not everything is proven.
fn shortfall(
    read: &BTreeMap<&str, Result<Option<u64>, (Status, String)>>,
    missing: &[&str],
) -> (Status, Option<String>) {
    let mut problems: Vec<&(Status, String)> =
        read.values().filter_map(|part| part.as_ref().err()).collect();
    problems.sort();
    let unread: Vec<&str> =
        missing.iter().copied().filter(|part| !read.contains_key(part)).collect();
    let mut reasons: Vec<String> = problems.iter().map(|(_, reason)| reason.clone()).collect();
    reasons.dedup();
    if !unread.is_empty() && !read.contains_key("") {
        reasons.push(format!("nothing was read of {}", unread.join(", ")));
    }
    let status = problems.iter().map(|(status, _)| *status).max().unwrap_or(Status::Partial);
    (status, Some(reasons.join("; ")))
}

/// Whether any chain of files proves a part, and the records it announced; else the best reason why not.
fn proof(pieces: &[&Piece]) -> Result<Option<u64>, (Status, String)> {
    let mut chains: BTreeMap<&str, Vec<&Piece>> = BTreeMap::new();
    for piece in pieces {
        chains.entry(&piece.chain.stem).or_default().push(piece);
    }
    let mut problem: Option<(Status, String)> = None;
    for mut chain in chains.into_values() {
        chain.sort_by_key(|piece| piece.chain.page.unwrap_or(0));
        match whole(&chain) {
            Ok(expected) => return Ok(expected),
            Err(found) => problem = Some(problem.map_or(found.clone(), |known| known.min(found))),
        }
    }
    Err(problem.unwrap_or((Status::Partial, "nothing was read".into())))
}

/// Whether the pages of one chain are a whole answer.
fn whole(chain: &[&Piece]) -> Result<Option<u64>, (Status, String)> {
    if chain.iter().any(|piece| piece.chain.listed) {
        return listed(chain);
    }
    let mut problem = None;
    for piece in chain.iter().filter(|piece| piece.chain.page.is_none()) {
        match run(&[piece]) {
            Ok(expected) => return Ok(expected),
            Err(found) => problem = Some(found),
        }
    }
    if let (Some(problem), true) =
        (&problem, chain.iter().all(|piece| piece.chain.page.is_none() && !piece.open))
    {
        return Err(problem.clone());
    }
    match pages(chain) {
        Err(found) => Err(problem.map_or(found.clone(), |known| known.min(found))),
        proven => proven,
    }
}

/// Whether numbered pages lead from the first to one that does not go on.
fn pages(chain: &[&Piece]) -> Result<Option<u64>, (Status, String)> {
    let mut by_number: BTreeMap<u32, Vec<&Piece>> = BTreeMap::new();
    for piece in chain.iter().copied().filter(|piece| piece.paged) {
        let opening = piece.chain.page.is_none() && piece.open;
        if let Some(page) = piece.chain.page.or(opening.then_some(1)) {
            by_number.entry(page).or_default().push(piece);
        }
    }
    if by_number.is_empty() {
        let reason = "arrays with a number in their name do not say whether they are all pages";
        return Err((Status::Truncated, reason.into()));
    }
    // Several files may be the same page: any of them may be the one that counts. What they announce is tried from the
    // least on, and of those that announce no more the one with most records.
    let bounds: BTreeSet<Option<u64>> =
        by_number.values().flatten().map(|piece| piece.expected).collect();
    let mut problem = (Status::Partial, "nothing was read".to_owned());
    for bound in bounds {
        match through(&by_number, bound) {
            Err(found) => problem = found,
            proven => return proven,
        }
    }
    Err(problem)
}

/// As [`pages`], of the files that announce no more than a bound.
fn through(
    by_number: &BTreeMap<u32, Vec<&Piece>>,
    bound: Option<u64>,
) -> Result<Option<u64>, (Status, String)> {
    let mut read: Vec<&Piece> = Vec::new();
    for number in 1.. {
        let Some(variants) = by_number.get(&number) else {
            return Err((Status::Truncated, format!("page {number} is missing")));
        };
        let variants = || variants.iter().copied().filter(|piece| piece.expected <= bound);
        let mut problem = None;
        for last in variants().filter(|piece| !piece.open) {
            match run(&[read.as_slice(), &[last]].concat()) {
                Ok(expected) => return Ok(expected),
                Err(found) => problem = Some(found),
            }
        }
        let onward = variants().filter(|piece| piece.open);
        let best =
            onward.min_by_key(|piece| (piece.doubt.is_some(), std::cmp::Reverse(piece.records)));
        match (best, problem) {
            (Some(piece), _) => read.push(piece),
            (None, Some(problem)) => return Err(problem),
            (None, None) => break,
        }
    }
    Err((Status::Partial, "nothing was read".into()))
}

/// Files in the order in which the index lists them.
fn listed(chain: &[&Piece]) -> Result<Option<u64>, (Status, String)> {
    let doubt = chain.iter().find_map(|piece| piece.doubt.clone());
    if let Some(doubt) = doubt {
        return Err((Status::Partial, doubt));
    }
    if chain.last().is_some_and(|piece| piece.open) {
        return Err((Status::Truncated, "the last page has a next link".into()));
    }
    enough(chain)
}

/// Pages from the first to one that does not go on.
fn run(pages: &[&Piece]) -> Result<Option<u64>, (Status, String)> {
    if let Some(doubt) = pages.iter().find_map(|piece| piece.doubt.clone()) {
        return Err((Status::Partial, doubt));
    }
    if pages.last().is_some_and(|piece| piece.open) {
        return Err((Status::Truncated, "the answer goes on in a page that was not read".into()));
    }
    enough(pages)
}

fn enough(pages: &[&Piece]) -> Result<Option<u64>, (Status, String)> {
    let expected = pages.iter().filter_map(|piece| piece.expected).max();
    let records: u64 = pages.iter().map(|piece| piece.records).sum();
    match expected {
        Some(expected) if expected > records => {
            Err((Status::Truncated, format!("{records} of {expected} records were read")))
        }
        expected => Ok(expected),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(name: &str, open: bool) -> Piece {
        Piece {
            source: "bap.environments",
            part: "",
            scope: String::new(),
            chain: chain(0, name),
            open,
            paged: true,
            list: true,
            doubt: None,
            remark: None,
            expected: None,
            records: 2,
            asked: true,
            observed_at: None,
        }
    }

    fn status(pieces: &[Piece]) -> Status {
        claims(pieces, &[]).first().map_or(Status::None, |claim| claim.status)
    }

    #[test]
    fn numbers_at_the_end_of_a_name_are_pages() {
        let page = |name| (chain(0, name).page, chain(0, name).named);
        assert_eq!(page("flows-page2.json"), (Some(2), true));
        assert_eq!(page("flows_page_03.json"), (Some(3), true));
        assert_eq!(page("list-page1-nextlink.json"), (Some(1), true));
        assert_eq!(page("flows-2.json"), (Some(2), false));
        assert_eq!(page("flows_3.json"), (Some(3), false));
        assert_eq!(page("flows (4).json"), (Some(4), false));
        for plain in [
            "flows.json",
            "list-2020.json",
            "flows-2026-11-22.json",
            "v2.json",
            "admin-list-v2.json",
            "7.json",
        ] {
            assert_eq!(page(plain), (None, false), "{plain}");
        }
    }

    #[test]
    fn another_file_of_the_same_page_spoils_nothing() {
        let told = |name: &str, open: bool, records: u64, expected: Option<u64>| Piece {
            records,
            expected,
            ..piece(name, open)
        };
        let whole = [told("b.json", true, 2, Some(3)), told("b-2.json", false, 2, Some(3))];
        assert_eq!(status(&whole), Status::Full);
        let [first, last] = whole;
        assert_eq!(status(&[first, last, told("b.json", true, 0, None)]), Status::Full);
    }

    #[test]
    fn pages_without_gap_are_complete() {
        assert_eq!(status(&[piece("a.json", false)]), Status::Full);
        assert_eq!(status(&[piece("a.json", true)]), Status::Truncated);
        assert_eq!(
            status(&[piece("a-page1.json", true), piece("a-page2.json", false)]),
            Status::Full
        );
        assert_eq!(status(&[piece("a.json", true), piece("a-2.json", false)]), Status::Full);
        assert_eq!(
            status(&[piece("a-page1.json", true), piece("a-page3.json", false)]),
            Status::Truncated
        );
        assert_eq!(status(&[piece("a-page2.json", false)]), Status::Truncated);
        assert_eq!(
            status(&[piece("a-page1.json", true), piece("a-page2.json", true)]),
            Status::Truncated
        );
        assert_eq!(status(&[piece("a-1.json", true), piece("b-2.json", false)]), Status::Truncated);
    }

    #[test]
    fn arrays_cannot_be_told_to_be_all_pages() {
        let array = |name: &str| Piece { paged: false, ..piece(name, false) };
        assert_eq!(status(&[array("a.json")]), Status::Full);
        assert_eq!(status(&[array("a-1.json"), array("a-2.json")]), Status::Truncated);
    }

    #[test]
    fn a_refusal_does_not_spoil_what_was_read() {
        let refusal = Refusal {
            source: "bap.environments",
            scope: String::new(),
            status: Status::Denied,
            reason: "403".into(),
        };
        let refusals = [refusal];
        assert_eq!(claims(&[piece("a.json", false)], &refusals)[0].status, Status::Full);
        assert_eq!(claims(&[piece("a.json", true)], &refusals)[0].status, Status::Denied);
        assert_eq!(claims(&[], &refusals)[0].status, Status::Denied);
    }

    #[test]
    fn every_request_of_a_source_must_be_read() {
        let of =
            |part: &'static str| Piece { source: "graph.cross_tenant", part, ..piece(part, false) };
        assert_eq!(status(&[of("default")]), Status::Partial);
        assert_eq!(status(&[of("default"), of("partners")]), Status::Full);
    }

    #[test]
    fn pages_of_one_request_do_not_stand_for_several() {
        let of = |part: &'static str, at: u32, open| Piece {
            source: "graph.roles",
            part,
            chain: Chain { stem: "index".into(), page: Some(at), named: false, listed: true },
            ..piece("", open)
        };
        let [first, second, third] = kinds::source("graph.roles").unwrap().parts else {
            panic!("three lists of roles")
        };
        // Two pages of the first list, the second of them empty, and the second list: the third is missing.
        let told = [of(first, 0, true), of("", 1, false), of(second, 2, false)];
        assert_eq!(status(&told), Status::Truncated);
        assert_eq!(status(&[of("", 0, true), of("", 1, true), of("", 2, false)]), Status::Partial);
        let whole = [of(first, 0, false), of("", 1, false), of(third, 2, false)];
        assert_eq!(status(&whole), Status::Full);
    }

    #[test]
    fn what_was_not_asked_is_not_read_and_says_why() {
        let listed =
            |at: u32| Chain { stem: "index".into(), page: Some(at), named: false, listed: true };
        let reason = "not asked: the budget is spent";
        let unasked = Piece {
            doubt: Some(reason.into()),
            asked: false,
            chain: listed(9),
            ..piece("", false)
        };
        let claimed = |pieces: &[Piece]| claims(pieces, &[]).remove(0);
        let none = claimed(std::slice::from_ref(&unasked));
        assert_eq!((none.status, none.reason.as_deref()), (Status::None, Some(reason)));
        let page = Piece { chain: listed(0), ..piece("", false) };
        let begun = claimed(&[page, unasked.clone()]);
        assert_eq!((begun.status, begun.reason.as_deref()), (Status::Partial, Some(reason)));
        assert_eq!(claimed(&[piece("a.json", false), unasked]).status, Status::Full);
    }

    #[test]
    fn a_count_is_no_reading_and_the_claim_says_so() {
        let counted = Piece { remark: Some("counted".into()), ..piece("", false) };
        let claim = claims(&[counted], &[]).remove(0);
        assert_eq!((claim.status, claim.reason.as_deref()), (Status::Full, Some("counted")));
    }

    #[test]
    fn announced_records_must_be_there() {
        let announced = |name: &str, open| Piece { expected: Some(4), ..piece(name, open) };
        assert_eq!(status(&[announced("a.json", false)]), Status::Truncated);
        assert_eq!(
            status(&[announced("a-page1.json", true), announced("a-page2.json", false)]),
            Status::Full
        );
    }

    proptest! {
        #[test]
        fn taking_a_file_away_never_makes_a_claim_full(
            files in proptest::collection::vec(("(a|b)(-page[1-4]|-[1-3]|)", any::<bool>(), any::<bool>(), 0_u64..3), 1..7),
            gone in any::<prop::sample::Index>(),
        ) {
            let pieces: Vec<Piece> = files.iter().map(|(name, open, paged, records)| Piece {
                paged: *paged,
                records: *records,
                expected: (*records == 2).then_some(3),
                open: *open && *paged,
                ..piece(&format!("{name}.json"), false)
            }).collect();
            let mut fewer = pieces.clone();
            fewer.remove(gone.index(pieces.len()));
            let (before, after) = (status(&pieces), status(&fewer));
            prop_assert!(before == Status::Full || after != Status::Full, "{before:?} became {after:?}");
        }

        #[test]
        fn the_order_of_files_does_not_matter(
            files in proptest::collection::vec(("(a|b)(-page[1-4]|-[1-3]|)", any::<bool>()), 1..7).prop_shuffle(),
        ) {
            let pieces: Vec<Piece> = files.iter().map(|(name, open)| piece(&format!("{name}.json"), *open)).collect();
            let mut sorted = pieces.clone();
            sorted.sort_by(|a, b| a.chain.cmp(&b.chain).then(a.open.cmp(&b.open)));
            prop_assert_eq!(status(&pieces), status(&sorted));
        }
    }
}
