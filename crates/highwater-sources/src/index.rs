//! Index: `highwater-index.json` from the journal, in an order that depends on the answers alone.
//!
//! Guarantees that exchanges are sorted by source, place, request and page, whatever the order in which they came,
//! and that memory does not grow with their number: lines are sorted in runs on the disk and merged. Written at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Lines, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::chain::Chain;
use crate::journal::{self, Gapped, Header, Line, Paged};
use crate::recording::{private, private_folder, replace};

/// Name of the index, as the import looks for it.
pub(crate) const INDEX: &str = "highwater-index.json";
/// Lines that are sorted in memory.
const RUN: usize = 10_000;
/// Folder of sorted runs; hidden.
const SORTED: &str = ".sorted";

/// One line to be sorted. The order of the fields is the order of the index.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Item {
    chain: Chain,
    /// Pages in their order; a gap comes after them.
    page: u32,
    /// Number of the line: where two lines say the same, the later one is true.
    line: u64,
    status: Option<u16>,
    reason: Option<String>,
    asked: String,
    evidence: bool,
    open: bool,
    /// When it was read, where an earlier run did.
    observed_at: Option<String>,
}

/// One exchange, as the import reads it.
#[derive(Serialize)]
struct Exchange<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    source: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    environment: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    parent: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    part: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    request: &'a str,
}

/// Writes the index of a recording from its journal.
pub(crate) fn write(folder: &Path, header: &Header) -> Result<(), Error> {
    let sorted = folder.join(SORTED);
    private_folder(&sorted)?;
    let runs = sort(folder, &sorted)?;
    let path = folder.join(INDEX);
    replace(&path, |file| {
        let mut out = BufWriter::new(file);
        head(&mut out, header)?;
        let mut first = true;
        merge(
            &runs,
            |item, out: &mut BufWriter<&mut File>| {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                exchange(item, out)
            },
            &mut out,
        )?;
        out.write_all(b"\n]}\n")?;
        out.flush()
    })?;
    fs::remove_dir_all(&sorted).map_err(Error::io(&sorted))
}

fn head(out: &mut impl Write, header: &Header) -> std::io::Result<()> {
    let text = |text: &str| serde_json::to_string(text).map_err(std::io::Error::other);
    write!(
        out,
        "{{\"format\": 1, \"tenant\": {}, \"taken_at\": {}, \"cloud\": {}, \"identity\": {}, \"exchanges\": [",
        text(&header.tenant)?,
        text(&header.now)?,
        text(&header.cloud)?,
        text(&header.identity)?
    )
}

fn exchange(item: &Item, out: &mut impl Write) -> std::io::Result<()> {
    let gap = item.page == u32::MAX;
    let exchange = Exchange {
        file: (!gap).then(|| item.chain.file(item.page, item.evidence)),
        source: &item.chain.source,
        environment: &item.chain.environment,
        parent: &item.chain.parent,
        part: part(&item.chain),
        status: item.status.filter(|status| gap || *status != 200),
        reason: item.reason.as_deref(),
        observed_at: item.observed_at.as_deref(),
        request: &item.asked,
    };
    serde_json::to_writer(out, &exchange).map_err(std::io::Error::other)
}

/// Which part of its source a chain reads, as its request declares it.
fn part(chain: &Chain) -> &'static str {
    let request =
        crate::source(&chain.source).and_then(|source| source.requests.get(chain.request));
    request.map_or("", |request| request.part)
}

/// Sorts the lines of the journal in runs on the disk.
fn sort(folder: &Path, sorted: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut resumed, mut number) = (0, 0_u64);
    journal::read(folder, |line| {
        number += 1;
        if matches!(line, Line::Resumed {}) {
            resumed = number;
        }
        Ok(())
    })?;
    let (mut items, mut runs, mut number) = (Vec::new(), Vec::new(), 0);
    journal::read(folder, |line| {
        number += 1;
        let is_void = number < resumed && matches!(&line, Line::Gap(gap) if gap.again);
        items.extend(item(line, number).filter(|_| !is_void));
        if items.len() >= RUN {
            runs.push(spill(&mut items, &sorted.join(runs.len().to_string()))?);
        }
        Ok(())
    })?;
    runs.push(spill(&mut items, &sorted.join(runs.len().to_string()))?);
    Ok(runs)
}

fn item(line: Line, number: u64) -> Option<Item> {
    match line {
        Line::Page(page) => {
            let Paged { chain, page, status, evidence, asked, next, reused, .. } = *page;
            let open = next.is_some();
            Some(Item {
                chain,
                page,
                line: number,
                status: Some(status),
                reason: None,
                asked,
                evidence,
                open,
                observed_at: reused.map(|again| again.observed_at),
            })
        }
        Line::Gap(gap) => {
            let Gapped { chain, status, reason, asked, again: _, reused } = *gap;
            let reason = Some(reason).filter(|reason| !reason.is_empty());
            Some(Item {
                chain,
                page: u32::MAX,
                line: number,
                status,
                reason,
                asked,
                evidence: true,
                open: false,
                observed_at: reused.map(|again| again.observed_at),
            })
        }
        Line::Run(_) | Line::Resumed {} | Line::End {} => None,
    }
}

fn spill(items: &mut Vec<Item>, path: &Path) -> Result<PathBuf, Error> {
    items.sort_unstable();
    let file = private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(path)
        .map_err(Error::io(path))?;
    let mut out = BufWriter::new(file);
    for item in items.drain(..) {
        serde_json::to_writer(&mut out, &item)
            .map_err(std::io::Error::other)
            .map_err(Error::io(path))?;
        out.write_all(b"\n").map_err(Error::io(path))?;
    }
    out.flush().map_err(Error::io(path))?;
    Ok(path.to_owned())
}

/// Hands the lines that are true in the end on, in their order.
fn merge<W: Write>(
    runs: &[PathBuf],
    mut each: impl FnMut(&Item, &mut W) -> std::io::Result<()>,
    out: &mut W,
) -> std::io::Result<()> {
    let mut readers: Vec<Lines<BufReader<File>>> = runs
        .iter()
        .map(|run| File::open(run).map(|file| BufReader::new(file).lines()))
        .collect::<Result<_, _>>()?;
    let mut heads: BinaryHeap<Reverse<(Item, usize)>> = BinaryHeap::new();
    for run in 0..readers.len() {
        advance(&mut readers, run, &mut heads)?;
    }
    let (mut last, mut ended): (Option<Item>, Option<Chain>) = (None, None);
    while let Some(Reverse((item, run))) = heads.pop() {
        advance(&mut readers, run, &mut heads)?;
        if let Some(last) = last.take()
            && (&last.chain, last.page) != (&item.chain, item.page)
        {
            hand_on(&last, &mut ended, &mut each, out)?;
        }
        last = Some(item);
    }
    last.map_or(Ok(()), |last| hand_on(&last, &mut ended, &mut each, out))
}

/// Hands one line on, unless its chain came to its end without it (a gap of an earlier attempt), or it is no evidence.
fn hand_on<W: Write>(
    item: &Item,
    ended: &mut Option<Chain>,
    each: &mut impl FnMut(&Item, &mut W) -> std::io::Result<()>,
    out: &mut W,
) -> std::io::Result<()> {
    let is_gap = item.page == u32::MAX;
    if ended.as_ref() == Some(&item.chain) {
        return Ok(());
    }
    if !is_gap && !item.open {
        *ended = Some(item.chain.clone());
    }
    if item.evidence { each(item, out) } else { Ok(()) }
}

fn advance(
    readers: &mut [Lines<BufReader<File>>],
    run: usize,
    heads: &mut BinaryHeap<Reverse<(Item, usize)>>,
) -> std::io::Result<()> {
    if let Some(line) = readers.get_mut(run).and_then(Iterator::next) {
        let item = serde_json::from_str(&line?).map_err(std::io::Error::other)?;
        heads.push(Reverse((item, run)));
    }
    Ok(())
}
