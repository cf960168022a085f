//! Pieces: sheets, and files too large for memory, on their way into the writer batch by batch.
//!
//! Guarantees that a file gives the same rows and proves the same in pieces as in one: what is counted and
//! what is proven is kept until the file ends. A large file that stands twice is read twice, which changes
//! nothing, because rows of one key are one row.

use std::fs::File;
use std::io::{BufRead, Read};

use bumpalo::Bump;
use highwater_snapshot::{List, Names, Value};

use crate::Error;
use crate::answer::{Answer, Counted};
use crate::cells::Batch;
use crate::envelope::{self, Envelope, Opened};
use crate::fast::{self, Plain};
use crate::index::Exchange;
use crate::kinds::Hand;
use crate::pages::Chain;
use crate::plan::{Ground, Plan};
use crate::read::{Reader, better, chain_of, lose};
use crate::report::{FileReport, Outcome};
use crate::say::Say;
use crate::sheet::Sheet;
use crate::stream::{self, Pieces};
use crate::walk::Found;
use crate::workbook::Page;
use crate::{place, sheet, sniff};

/// Bytes of records that are in memory together.
pub(crate) const BATCH: usize = 256 << 10;

impl Reader<'_> {
    /// Reads a file that is too large for memory.
    pub(crate) fn pieces(
        &mut self,
        found: &Found,
        exchange: Option<(usize, &Exchange)>,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let (mut source, note) = match stream::decoded(|| File::open(&found.path)) {
            Ok(opened) => opened,
            Err(error) => return Ok(Outcome::Failed(error.to_string())),
        };
        report.notes.extend(note.map(ToOwned::to_owned));
        let chain = chain_of(found, exchange);
        let exchange = exchange.map(|(_, exchange)| exchange);
        let start = match source.fill_buf() {
            Ok(start) => String::from_utf8_lossy(&start[..start.len().min(16)]).into_owned(),
            Err(error) => return Ok(Outcome::Failed(error.to_string())),
        };
        if start.is_empty() {
            return Ok(Outcome::Failed("the file is empty".into()));
        }
        if sheet::is_sheet(found.extension().as_deref(), &start) {
            self.sheet(found, sheet::open(source), exchange, &chain, report)
        } else {
            self.records(found, source, exchange, &chain, report)
        }
    }

    /// Reads the sheets of a workbook.
    pub(crate) fn workbook(
        &mut self,
        found: &Found,
        pages: &[Page],
        exchange: Option<(usize, &Exchange)>,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let mut outcome = Outcome::NotRecognised("an empty workbook".into());
        for page in pages {
            let chain = chain_of(found, exchange);
            let chain = Chain { stem: format!("{}#{}", chain.stem, page.name), ..chain };
            let told = exchange.map(|(_, exchange)| exchange);
            let next = self.sheet(found, sheet::whole(&page.text), told, &chain, report)?;
            if pages.len() > 1 {
                lose(report, &format!("sheet {}", page.name), &next);
            }
            outcome = better(next, outcome);
        }
        Ok(outcome)
    }

    /// Reads a sheet of any size.
    pub(crate) fn sheet(
        &mut self,
        found: &Found,
        opened: Result<Sheet<'_, impl Read>, String>,
        exchange: Option<&Exchange>,
        chain: &Chain,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let mut sheet = match opened {
            Ok(sheet) => sheet,
            Err(reason) => return Ok(Outcome::Failed(reason)),
        };
        let header = sniff::header(&sheet.columns()).map(Box::new);
        // Where somebody says what the rows are they may be handed on as they stand.
        let free = exchange.is_none() && self.survey.stated.is_none() && sheet.is_unique();
        let (lasting, mut arena) = (Bump::new(), Bump::new());
        let mut plan = None;
        if let (true, Some(Hand::Shaped(shape))) = (free, header.as_ref().map(|class| class.hand)) {
            let columns = shape.columns();
            let asked = columns.iter().map(String::as_str).chain(place::COLUMNS.iter().copied());
            if sheet.only(&asked.collect::<Vec<_>>()) {
                plan = Plan::of(shape, &sheet.names(), &mut self.names, &lasting);
            }
        }
        let (mut counted, mut say, mut read) = (Counted::default(), exchange.map(Say::of), 0);
        let document = Value::Null;
        let (mut problem, mut rows) = (None, Batch::default());
        loop {
            rows = sheet.batch(BATCH, rows).unwrap_or_else(|reason| {
                problem = Some(reason);
                Batch::default()
            });
            if rows.is_empty() {
                break;
            }
            let order = self.survey.date_order;
            arena.reset();
            let ground = Ground { arena: &arena, lookups: &self.survey.lookups };
            let told = |row, at| sheet.told(row, at, order);
            let (records, gone) = match &plan {
                Some(plan) => plan.records(rows.rows(), told, ground),
                None => (sheet.records(&rows, order), 0),
            };
            let list = Envelope::list(records.iter().collect());
            let (unique, mut header) = (sheet.is_unique(), header.clone());
            if let (Some(_), Some(class)) = (&plan, &mut header) {
                class.hand = Hand::Record; // what the rows stand for is made already
                counted.gone(class.what, "csv", gone);
            }
            let envelope = Envelope { wrapper: "csv", header, unique, ..list };
            let mut answer = self.piece(envelope, &document, chain, say.take(), read);
            self.feed(found, &mut answer, &mut counted)?;
            (say, read) = (answer.say, answer.read + gone);
        }
        let envelope = Envelope { wrapper: "csv", header, ..Envelope::list(Vec::new()) };
        let mut answer = self.piece(envelope, &document, chain, say, read);
        let ragged = sheet.ragged();
        let torn =
            (ragged > 0).then(|| format!("{ragged} rows do not have one cell for each column"));
        answer.doubt = problem.clone().or(torn);
        let outcome = if read == 0 {
            self.answer(found, answer, report)?
        } else {
            self.finish(&answer, counted, report)?
        };
        if let Some(part) = report.parts.last_mut().filter(|_| ragged > 0) {
            part.records += ragged;
            *part.dropped.entry("not one cell for each column".into()).or_default() += ragged;
        }
        report.notes.extend(problem.map(|reason| format!("the rest was not read: {reason}")));
        Ok(outcome)
    }

    fn records(
        &mut self,
        found: &Found,
        source: impl Read,
        exchange: Option<&Exchange>,
        chain: &Chain,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let mut pieces = Pieces::new(source);
        let (mut counted, mut say, mut read) = (Counted::default(), exchange.map(Say::of), 0);
        let document = Value::Null;
        let mut arena = Bump::new();
        let problem = loop {
            arena.reset();
            let batch = match pieces.batch(BATCH) {
                Ok(Some(batch)) => batch,
                Ok(None) => break None,
                Err(reason) => break Some(reason),
            };
            let (records, unique) = match list(&batch, &arena, &mut self.names) {
                Ok(list) => list,
                Err(error) => break Some(format!("not valid JSON: {error}")),
            };
            let around = pieces.envelope();
            let around = serde_json::from_str(&around).unwrap_or(Value::Null);
            let Some(mut envelope) = empty(&around, pieces.lines) else {
                break Some("a recorded error".to_owned());
            };
            (envelope.records, envelope.unique) = (records.iter().collect(), unique);
            if envelope.records.is_empty() {
                continue;
            }
            let mut answer = self.piece(envelope, &document, chain, say.take(), read);
            self.feed(found, &mut answer, &mut counted)?;
            (say, read) = (answer.say, answer.read);
        };
        if pieces.banner {
            report.notes.push("text before the JSON was left out".to_owned());
        }
        let around = pieces.envelope();
        let around = serde_json::from_str(&around).unwrap_or(Value::Null);
        let Some(envelope) = empty(&around, pieces.lines) else {
            return Ok(Outcome::Recorded("a recorded error".to_owned()));
        };
        if let (Some(reason), 0) = (&problem, read) {
            return Ok(Outcome::Failed(reason.clone()));
        }
        let mut answer = self.piece(envelope, &document, chain, say, read);
        answer.doubt.clone_from(&problem);
        report.notes.extend(problem.map(|reason| format!("the rest was not read: {reason}")));
        if read == 0 {
            self.answer(found, answer, report)
        } else {
            self.finish(&answer, counted, report)
        }
    }

    fn piece<'v>(
        &self,
        envelope: Envelope<'v>,
        document: &'v Value<'v>,
        chain: &Chain,
        say: Option<Say>,
        read: u64,
    ) -> Answer<'v> {
        let chain = chain.clone();
        let told = say.as_ref().and_then(|say| say.observed_at);
        let observed_at = told.unwrap_or(self.survey.taken_at);
        Answer { envelope, document, chain, say, doubt: None, observed_at, read }
    }
}

/// The members of a JSON list, and whether it is known that no object in them has a key twice.
fn list<'t, 'n: 't>(
    text: &'t str,
    arena: &'t Bump,
    names: &mut Names<'n>,
) -> serde_json::Result<(List<'t, Value<'t>>, bool)> {
    if let Some(Plain { mut documents, unique }) = fast::documents(text, arena, names)
        && let (Some(Value::Array(records)), true) = (documents.pop(), documents.is_empty())
    {
        return Ok((records, unique));
    }
    serde_json::from_str::<Vec<_>>(text).map(|records| (List::from(records), false))
}

/// What stands around records, without them; none where that is an error.
fn empty<'v>(around: &'v Value<'v>, lines: bool) -> Option<Envelope<'v>> {
    if lines {
        return Some(Envelope { wrapper: "lines", ..Envelope::list(Vec::new()) });
    }
    match envelope::open(around) {
        Opened::Records(envelope) if envelope.paged => {
            let bare = matches!(around, Value::Object(members) if members.len() == 1);
            // A bare list does not say whether it goes on.
            Some(if bare { Envelope::list(Vec::new()) } else { envelope })
        }
        Opened::Records(_) => Some(Envelope::list(Vec::new())),
        _ => None,
    }
}
