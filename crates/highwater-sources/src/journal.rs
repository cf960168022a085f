//! Journal: which pages are safe, one line each, so that a run can go on where it was killed.
//!
//! Guarantees that a line stands only when its page has its name, and that a page counts only if it is what its line
//! says: one that a power cut took or tore is asked again, as is that of a torn last line. Owns the lines; who writes
//! them is the writer.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use highwater_http::Next;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::chain::{Chain, first_half};

/// Name of the journal in the folder of a recording; hidden, so that an import does not read it.
pub(crate) const JOURNAL: &str = ".journal";

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// What the run is; the first line.
    Run(Header),
    /// A page is safe.
    Page(Box<Paged>),
    /// Something was not read.
    Gap(Box<Gapped>),
    /// The run goes on: gaps so far that may be asked again are void, because they are told again.
    Resumed {},
    /// The run came to its end: what follows is of a later one, with a budget of its own.
    End {},
}

/// What a run is. Only the same run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) tenant: String,
    pub(crate) identity: String,
    pub(crate) cloud: String,
    pub(crate) plan: String,
    /// The moment of the run.
    pub(crate) now: String,
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paged {
    pub(crate) chain: Chain,
    pub(crate) page: u32,
    pub(crate) status: u16,
    /// Whether it is evidence, listed in the index.
    pub(crate) evidence: bool,
    /// What was asked.
    pub(crate) asked: String,
    /// Where the next page is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Next>,
    /// Digest of the page as it was written: 32 hexadecimal digits.
    #[serde(default)]
    pub(crate) check: String,
    /// Requests that the run had spent on this service by then, repeated ones included.
    #[serde(default)]
    pub(crate) spent: u64,
    /// Where it comes from, if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reused: Option<Again>,
}

/// What an earlier run read and this one did not ask again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Again {
    /// The snapshot in which it stands.
    pub(crate) from: String,
    /// When it was read first, RFC 3339.
    pub(crate) observed_at: String,
}

/// Something that was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gapped {
    pub(crate) chain: Chain,
    /// HTTP status, if one was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    pub(crate) reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) asked: String,
    /// Whether a later run asks again: the service may answer then.
    #[serde(default)]
    pub(crate) again: bool,
    /// Where it comes from, if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reused: Option<Again>,
}

/// How far a chain came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reached {
    /// Pages that are safe.
    pub(crate) pages: u32,
    /// Where it goes on; none at its end.
    pub(crate) next: Option<Next>,
    /// Whether it is of a run that came to its end.
    pub(crate) old: bool,
    /// Why it ended early, for good.
    pub(crate) gap: Option<Box<Gapped>>,
}

/// How far all chains came, by their digests.
pub(crate) type State = HashMap<u128, Reached>;

/// What a journal tells.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) header: Header,
    pub(crate) state: State,
    /// Requests that a run which did not end has spent, by service.
    pub(crate) spent: BTreeMap<&'static str, u64>,
    /// Bytes of whole lines.
    pub(crate) whole: u64,
}

/// The digest of a page: 32 hexadecimal digits.
pub(crate) fn check(body: &[u8]) -> String {
    format!("{:032x}", first_half(&Sha256::digest(body)))
}

/// Reads the header and hands every later whole line on; returns the header and the length of what is whole.
pub(crate) fn read(
    folder: &Path,
    mut each: impl FnMut(Line) -> Result<(), Error>,
) -> Result<(Header, u64), Error> {
    let path = folder.join(JOURNAL);
    let missing = || Error::NoJournal { path: folder.to_owned() };
    let file = File::open(&path).map_err(|_| missing())?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let (mut header, mut whole, mut number) = (None, 0, 0);
    let mut text = Vec::new();
    loop {
        text.clear();
        let length = reader.read_until(b'\n', &mut text).map_err(Error::io(&path))?;
        if text.last() != Some(&b'\n') {
            break; // the end, or a line that was torn
        }
        number += 1;
        let damaged =
            |reason: String| Error::Damaged { path: folder.to_owned(), line: number, reason };
        match (serde_json::from_slice(&text), header.is_some()) {
            (Ok(Line::Run(found)), false) => header = Some(found),
            (Ok(Line::Run(_)), true) => return Err(damaged("a second beginning".into())),
            (Ok(line), true) => each(line)?,
            (Ok(_), false) => return Err(damaged("the beginning is missing".into())),
            (Err(error), _) => return Err(damaged(error.to_string())),
        }
        whole += length as u64;
    }
    Ok((header.ok_or_else(missing)?, whole))
}

/// How far an earlier run came. Pages that are gone, or not what they were, are asked again.
pub(crate) fn state(folder: &Path) -> Result<Told, Error> {
    let (mut state, mut spent) = (State::new(), BTreeMap::<&'static str, u64>::new());
    let (header, whole) = read(folder, |line| {
        match line {
            Line::Page(page) => {
                if let Some(service) = service(&page.chain) {
                    let so_far = spent.entry(service).or_default();
                    *so_far = page.spent.max(*so_far);
                }
                let reached = state.entry(page.chain.digest()).or_default();
                if page.page == reached.pages + 1 && is_whole(folder, &page) {
                    *reached = Reached { pages: page.page, next: page.next, gap: None, old: false };
                }
            }
            Line::Gap(gap) if !gap.again => {
                let digest = gap.chain.digest();
                state.entry(digest).or_default().gap = Some(gap);
            }
            Line::End {} => {
                state.values_mut().for_each(|reached| reached.old = true);
                spent.clear();
            }
            Line::Gap(_) | Line::Run(_) | Line::Resumed {} => {}
        }
        Ok(())
    })?;
    Ok(Told { header, state, spent, whole })
}

/// Whether a page is on the disk as its line says.
fn is_whole(folder: &Path, page: &Paged) -> bool {
    let body = fs::read(folder.join(page.chain.file(page.page, page.evidence)));
    body.is_ok_and(|body| check(&body) == page.check)
}

/// The service that a chain asks.
fn service(chain: &Chain) -> Option<&'static str> {
    let source = crate::source(&chain.source)?;
    let own = source.requests.get(chain.request).and_then(|request| request.service);
    Some(own.unwrap_or(source.service))
}
