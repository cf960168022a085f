//! Read: every file of an import, once, into the writer.
//!
//! One file is in memory at a time. What a file holds goes to the writer record by record; what it
//! proves is kept until all files are read, because only then pages and refusals can be weighed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _};

use bumpalo::Bump;
use foldhash::quality::FixedState;
use highwater_snapshot::{Json, Names, Status, Value, Writer};

use crate::answer::Answer;
use crate::envelope::{self, Envelope, Opened};
use crate::index::{Exchange, INDEX};
use crate::kinds::Class;
use crate::pages::{self, Chain, Piece, Refusal};
use crate::report::{FileReport, Outcome, Report};
use crate::say::Say;
use crate::scuba::{self, Told};
use crate::survey::{Survey, time_of};
use crate::walk::Found;
use crate::{Error, decode, kinds, parse, sheet, terraform, workbook};

/// Reads all files of a survey into a writer, and says what every one gave.
///
/// # Errors
/// When the index is contradicted by content, or the writer cannot write. A file that cannot be read or
/// parsed is no error: it stands in the report.
pub fn read(survey: &Survey, writer: &mut Writer) -> Result<Report, Error> {
    let lasting = Bump::new();
    let listed = survey.exchanges.iter().enumerate();
    let mut reader = Reader {
        survey,
        writer,
        listed: listed
            .filter_map(|(at, (root, exchange))| Some(((*root, exchange.file.as_deref()?), at)))
            .collect(),
        pieces: Vec::new(),
        refusals: Vec::new(),
        seen: BTreeMap::new(),
        bytes: Vec::new(),
        arena: Bump::new(),
        names: Names::new(&lasting),
    };
    let mut report = Report { warnings: survey.warnings.clone(), ..Report::default() };
    for file in &survey.files {
        report.files.push(reader.file(file)?);
    }
    reader.refused();
    report.claims = pages::claims(&reader.pieces, &reader.refusals);
    for claim in &report.claims {
        reader.writer.claim(claim.clone());
    }
    Ok(report)
}

/// A run over the files of one import.
pub(crate) struct Reader<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) writer: &'a mut Writer,
    /// Exchanges by folder and file.
    listed: BTreeMap<(usize, &'a str), usize>,
    pub(crate) pieces: Vec<Piece>,
    refusals: Vec<Refusal>,
    /// Files that were read, by a mark of their text.
    seen: BTreeMap<Mark, Vec<Seen<'a>>>,
    /// The file that is being read.
    bytes: Vec<u8>,
    /// Where its documents lie.
    arena: Bump,
    /// The names of members in all files.
    pub(crate) names: Names<'a>,
}

/// Hash and length of a text, and what was stated of it.
type Mark = (u64, usize, Option<(&'static str, Option<String>, Option<String>)>);

/// A file that was read, and the pieces that it gave.
struct Seen<'a> {
    found: &'a Found,
    pieces: std::ops::Range<usize>,
}

impl<'a> Reader<'a> {
    fn file(&mut self, found: &'a Found) -> Result<FileReport, Error> {
        let about = std::fs::metadata(&found.path).ok();
        let mut report = FileReport {
            path: found.name.clone(),
            bytes: about.as_ref().map_or(0, std::fs::Metadata::len),
            written: about.and_then(|about| about.modified().ok()).and_then(time_of),
            told_at: None,
            outcome: Outcome::Read,
            parts: Vec::new(),
            notes: Vec::new(),
        };
        report.outcome = match (&found.skipped, found.name == INDEX) {
            (Some(reason), _) => Outcome::NotRecognised(reason.clone()),
            (None, true) => Outcome::Index,
            (None, false) => self.content(found, &mut report)?,
        };
        Ok(report)
    }

    /// The exchange of a file, with its place in the index.
    fn exchange(&self, found: &Found) -> Option<(usize, &'a Exchange)> {
        let at = *self.listed.get(&(found.root, found.name.as_str()))?;
        self.survey.exchanges.get(at).map(|(_, exchange)| (at, exchange))
    }

    fn content(&mut self, found: &'a Found, report: &mut FileReport) -> Result<Outcome, Error> {
        let listed = self.exchange(found);
        if let Some((_, exchange)) =
            listed.filter(|(_, exchange)| !exchange.is_answer() && !is_evidence(exchange))
        {
            return Ok(Outcome::Recorded(format!(
                "{} was answered with {}",
                exchange.source.id,
                exchange.status.unwrap_or_default()
            )));
        }
        let outcome = match self.package(found, listed, report)? {
            Some(outcome) => outcome,
            None => self.text(found, listed, report)?,
        };
        if let Some((at, exchange)) = listed
            && let Outcome::Failed(reason)
            | Outcome::NotRecognised(reason)
            | Outcome::Recorded(reason) = &outcome
        {
            self.refuse(
                (at, found.root),
                exchange,
                Status::Failed,
                format!("{}: {reason}", found.name),
            );
        }
        Ok(outcome)
    }

    fn text(
        &mut self,
        found: &'a Found,
        exchange: Option<(usize, &Exchange)>,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        if found.inside.is_none() && report.bytes >= self.survey.stream_from {
            return self.pieces(found, exchange, report);
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        let outcome = match found.read(&mut bytes) {
            Ok(()) => self.whole(found, &bytes, exchange, report),
            Err(error) => Ok(Outcome::Failed(error.to_string())),
        };
        self.bytes = bytes;
        outcome
    }

    /// Reads a file that is in memory.
    fn whole(
        &mut self,
        found: &'a Found,
        bytes: &[u8],
        exchange: Option<(usize, &Exchange)>,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        if let Some(pages) = workbook::pages_of(bytes) {
            return match pages {
                Ok(pages) => self.workbook(found, &pages, exchange, report),
                Err(reason) => Ok(Outcome::Failed(reason)),
            };
        }
        let decoded = match decode::decode(bytes) {
            Ok(decoded) => decoded,
            Err(reason) => return Ok(Outcome::Failed(reason)),
        };
        report.notes.extend(decoded.note.map(ToOwned::to_owned));
        let chain = chain_of(found, exchange);
        let exchange = exchange.map(|(_, exchange)| exchange);
        let mark = mark(&decoded.text, exchange);
        let mut alike = self.seen.get(&mark).into_iter().flatten();
        if let Some(first) = alike.find(|seen| holds(seen.found, &decoded.text)) {
            let again: Vec<Piece> = self.pieces[first.pieces.clone()]
                .iter()
                .map(|piece| {
                    let part = exchange.and_then(|told| told.part).unwrap_or(piece.part);
                    Piece { chain: chain.clone(), part, ..piece.clone() }
                })
                .collect();
            let name = first.found.name.clone();
            self.pieces.extend(again);
            return Ok(Outcome::SameAs(name));
        }
        let start = self.pieces.len();
        if sheet::is_sheet(found.extension().as_deref(), &decoded.text) {
            let outcome =
                self.sheet(found, sheet::whole(&decoded.text), exchange, &chain, report)?;
            self.remember(mark, found, start);
            return Ok(outcome);
        }
        let mut arena = std::mem::take(&mut self.arena);
        let outcome = match parse::parse(&decoded.text, &arena, &mut self.names) {
            Ok(parsed) => {
                report.notes.extend(parsed.note.map(ToOwned::to_owned));
                self.documents(found, &parsed, exchange, &chain, report)?
            }
            Err(problem) => unparsed(found, problem),
        };
        arena.reset();
        self.arena = arena;
        if let Some((source, part)) = exchange.and_then(|told| Some((told.source.id, told.part?))) {
            let own = self.pieces[start..].iter_mut().filter(|piece| piece.source == source);
            own.for_each(|piece| piece.part = part);
        }
        self.remember(mark, found, start);
        Ok(outcome)
    }

    fn remember(&mut self, mark: Mark, found: &'a Found, start: usize) {
        let pieces = start..self.pieces.len();
        self.seen.entry(mark).or_default().push(Seen { found, pieces });
    }

    pub(crate) fn documents(
        &mut self,
        found: &Found,
        parsed: &parse::Parsed<'_>,
        exchange: Option<&Exchange>,
        chain: &Chain,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let (documents, unique) = (&parsed.documents, parsed.unique);
        let lines = documents.len() > 1
            && documents.iter().all(|document| {
                matches!(envelope::open(document), Opened::Records(envelope) if !envelope.list)
            });
        let say = exchange.map(Say::of);
        if lines {
            let envelope =
                Envelope { wrapper: "lines", unique, ..Envelope::list(documents.iter().collect()) };
            let answer = self.made(envelope, &documents[0], chain, say.as_ref());
            return self.answer(found, answer, report);
        }
        let answers: Vec<_> =
            documents.iter().map(|document| (document, opened(document, unique))).collect();
        let mut outcome: Option<Outcome> = None;
        let several = answers.len() > 1;
        for (number, (document, opened)) in (1_u32..).zip(answers) {
            // Documents in a row are the pages of one answer.
            let mut chain = chain.clone();
            if several && chain.page.is_none() {
                chain.page = Some(number);
                chain.named = true;
            }
            let next = match scuba::export(Json::new(document)) {
                Some(export) if exchange.is_none() => self.scuba(found, export, &chain, report)?,
                None if exchange.is_none() && terraform::is_terraform(Json::new(document)) => {
                    self.terraform(found, Json::new(document), &chain, report)?
                }
                _ => self.opened(found, document, opened, &chain, say.as_ref(), report)?,
            };
            if several {
                lose(report, &format!("document {number}"), &next);
            }
            outcome = Some(outcome.map_or(next.clone(), |known| better(known, next)));
        }
        Ok(outcome.unwrap_or_else(|| Outcome::NotRecognised("an empty file".into())))
    }

    fn opened(
        &mut self,
        found: &Found,
        document: &Value<'_>,
        opened: Opened<'_>,
        chain: &Chain,
        say: Option<&Say>,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        match opened {
            Opened::Nothing(reason) => Ok(Outcome::NotRecognised(reason.into())),
            Opened::Error(_) if say.is_some_and(|say| say.source.id == "github.protection") => {
                let Opened::Records(envelope) = only(document) else { return Ok(Outcome::Read) };
                self.answer(found, self.made(envelope, document, chain, say), report)
            }
            Opened::Error(code) => Ok(Outcome::Recorded(format!(
                "a recorded error ({code}); to count it as refused, say in {INDEX} which request it answered"
            ))),
            Opened::Batch(answers) => {
                let mut outcome = Outcome::NotRecognised("a batch without answers".into());
                for (status, body) in answers {
                    if (200..300).contains(&status) {
                        let next =
                            self.opened(found, body, envelope::open(body), chain, say, report)?;
                        lose(report, "one answer of the batch", &next);
                        outcome = better(next, outcome);
                    } else {
                        report.notes.push(format!("one answer of the batch is the error {status}"));
                    }
                }
                Ok(outcome)
            }
            Opened::Records(envelope) => {
                self.answer(found, self.made(envelope, document, chain, say), report)
            }
        }
    }

    fn made<'v>(
        &self,
        envelope: Envelope<'v>,
        document: &'v Value<'v>,
        chain: &Chain,
        say: Option<&Say>,
    ) -> Answer<'v> {
        Answer {
            envelope,
            document,
            chain: chain.clone(),
            say: say.cloned(),
            doubt: None,
            observed_at: say.and_then(|say| say.observed_at).unwrap_or(self.survey.taken_at),
            read: 0,
        }
    }

    fn scuba(
        &mut self,
        found: &Found,
        export: Json<'_>,
        chain: &Chain,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let observed_at = export
            .key("timestamp_zulu")
            .time()
            .unwrap_or(self.survey.taken_at)
            .min(self.survey.taken_at);
        report.told_at = export.key("timestamp_zulu").time();
        let (sections, others) = scuba::sections(export);
        if others > 0 {
            report
                .notes
                .push(format!("{others} other parts of the ScubaGear export feed no table"));
        }
        let mut outcome = Outcome::NoTable;
        for section in sections {
            let Some(source) = kinds::source(section.source) else { continue };
            if section.told == Told::Failed {
                let reason = format!("the command behind {} failed", section.name);
                let scope = String::new();
                self.refusals.push(Refusal {
                    source: source.id,
                    scope,
                    status: Status::Failed,
                    reason,
                });
            }
            let Opened::Records(mut envelope) = envelope::open(section.value) else { continue };
            (envelope.wrapper, envelope.list) = ("scubagear", true);
            let stem = format!("{}#{}", chain.stem, section.name);
            let doubt = (section.told != Told::Succeeded).then(|| {
                format!(
                    "the export does not say that the command behind {} succeeded",
                    section.name
                )
            });
            let empty = envelope.records.is_empty();
            let say =
                empty.then_some(Say { source, environment: None, parent: None, observed_at: None });
            let chain = Chain { stem, ..Chain::default() };
            let answer = Answer {
                envelope,
                document: section.value,
                chain,
                say,
                doubt,
                observed_at,
                read: 0,
            };
            let next = self.answer(found, answer, report)?;
            lose(report, section.name, &next);
            outcome = better(next, outcome);
        }
        Ok(outcome)
    }

    fn terraform(
        &mut self,
        found: &Found,
        state: Json<'_>,
        chain: &Chain,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let (sections, others) = terraform::sections(state);
        if others > 0 {
            report.notes.push(format!("{others} other resources of the state feed no table"));
        }
        let mut outcome = Outcome::NoTable;
        for section in sections {
            let Some(source) = kinds::source(section.source) else { continue };
            let texts: Vec<String> = section.records.iter().map(ToString::to_string).collect();
            let records: Vec<Value<'_>> =
                texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
            let class = match section.doubt {
                Some(doubt) => Class::some(source.id, doubt),
                None => Class::list(source.id),
            };
            // Policies say of themselves how much they tell.
            let header =
                (source.id != "gov.dlp_policy" || section.doubt.is_some()).then(|| Box::new(class));
            let list = Envelope::list(records.iter().collect());
            let document = Value::Null;
            let environment = section.environment.clone();
            let answer = Answer {
                envelope: Envelope { wrapper: "terraform", header, ..list },
                document: &document,
                chain: Chain {
                    stem: format!("{}#{}", chain.stem, section.name),
                    ..Chain::default()
                },
                say: environment.map(|id| Say {
                    source,
                    environment: Some(id),
                    parent: None,
                    observed_at: None,
                }),
                doubt: None,
                observed_at: self.survey.taken_at,
                read: 0,
            };
            if answer.envelope.records.is_empty() {
                report.notes.push(format!("{}: an empty list", section.name));
                continue;
            }
            let next = self.answer(found, answer, report)?;
            lose(report, &section.name, &next);
            outcome = better(next, outcome);
        }
        Ok(outcome)
    }

    fn refuse(
        &mut self,
        (at, root): (usize, usize),
        exchange: &Exchange,
        status: Status,
        reason: String,
    ) {
        // A file that the index lists is missing from its chain, whatever the others prove.
        let source = exchange.source.id;
        let scope = exchange.scope();
        self.pieces.push(missing(at, root, exchange, reason.clone()));
        self.refusals.push(Refusal { source, scope, status, reason });
    }

    /// Exchanges without an answer: refused, failed, or listed and not there.
    fn refused(&mut self) {
        let files: BTreeSet<(usize, &str)> = self
            .survey
            .files
            .iter()
            .filter(|file| file.skipped.is_none())
            .map(|file| (file.root, file.name.as_str()))
            .collect();
        for (at, (root, exchange)) in self.survey.exchanges.iter().enumerate() {
            let there = exchange.file.as_deref().is_some_and(|name| files.contains(&(*root, name)));
            let told = exchange.reason.clone();
            let Some(code) = exchange.status else {
                let piece = missing(at, *root, exchange, told.unwrap_or_default());
                self.pieces.push(Piece { asked: false, ..piece });
                continue;
            };
            match code {
                200..300 if there => {}
                204 if exchange.is_none() => {
                    let piece = missing(at, *root, exchange, String::new());
                    self.pieces.push(Piece { doubt: None, remark: told, ..piece });
                }
                200..300 => self.refuse(
                    (at, *root),
                    exchange,
                    Status::Failed,
                    told.unwrap_or_else(|| "file missing".into()),
                ),
                401 | 403 => self.refuse(
                    (at, *root),
                    exchange,
                    Status::Denied,
                    told.unwrap_or_else(|| format!("the service answered {code}")),
                ),
                404 if is_evidence(exchange) && there => {}
                404 if exchange.source.none_on_404 => self.refusals.push(Refusal {
                    source: exchange.source.id,
                    scope: exchange.scope(),
                    status: Status::Full,
                    reason: String::new(),
                }),
                _ => self.refuse(
                    (at, *root),
                    exchange,
                    Status::Failed,
                    told.unwrap_or_else(|| format!("the service answered {code}")),
                ),
            }
        }
    }
}

/// A refusal that is evidence itself: an unprotected branch answers 404.
fn is_evidence(exchange: &Exchange) -> bool {
    exchange.source.id == "github.protection" && exchange.status == Some(404)
}

/// What stands in its chain for an answer that is not there.
fn missing(at: usize, root: usize, exchange: &Exchange, reason: String) -> Piece {
    Piece {
        source: exchange.source.id,
        part: exchange.part.unwrap_or_default(),
        scope: exchange.scope(),
        chain: listed(at, root, exchange),
        open: false,
        paged: true,
        list: true,
        doubt: Some(reason),
        remark: None,
        expected: None,
        records: 0,
        asked: true,
        observed_at: exchange.observed_at,
    }
}

/// The chain of files that an index lists for one request, in its order.
pub(crate) fn listed(at: usize, root: usize, exchange: &Exchange) -> Chain {
    let part = exchange.part.unwrap_or_default();
    let stem = format!("index/{root}/{}/{}/{part}", exchange.source.id, exchange.scope());
    Chain { stem, page: u32::try_from(at).ok(), named: false, listed: true }
}

/// Which files a file goes with.
pub(crate) fn chain_of(found: &Found, exchange: Option<(usize, &Exchange)>) -> Chain {
    match exchange {
        Some((at, exchange)) => listed(at, found.root, exchange),
        None => pages::chain(found.root, &found.name),
    }
}

/// What a document is; its records may be known to have no key twice.
fn opened<'v>(document: &'v Value<'v>, unique: bool) -> Opened<'v> {
    match envelope::open(document) {
        Opened::Records(envelope) => Opened::Records(Envelope { unique, ..envelope }),
        other => other,
    }
}

/// A document as a single record, even where it looks like an error.
fn only<'v>(document: &'v Value<'v>) -> Opened<'v> {
    Opened::Records(Envelope { wrapper: "object", list: false, ..Envelope::list(vec![document]) })
}

/// What texts that are the same have in common, with what was stated of them.
fn mark(text: &str, exchange: Option<&Exchange>) -> Mark {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(text.as_bytes());
    let stated = exchange.map(|exchange| {
        (exchange.source.id, exchange.environment.clone(), exchange.parent.clone())
    });
    (hasher.finish(), text.len(), stated)
}

/// Whether a file still holds a text.
fn holds(found: &Found, text: &str) -> bool {
    let mut bytes = Vec::new();
    let read = found.read(&mut bytes);
    read.is_ok() && decode::decode(&bytes).is_ok_and(|decoded| decoded.text == text)
}

fn unparsed(found: &Found, problem: parse::Problem) -> Outcome {
    match (found.extension().as_deref(), problem) {
        (_, parse::Problem::NoJson) => Outcome::NotRecognised("it holds no JSON".into()),
        (Some("json" | "jsonl" | "ndjson"), parse::Problem::Broken(reason)) => {
            Outcome::Failed(reason)
        }
        (_, parse::Problem::Broken(reason)) => {
            Outcome::NotRecognised(format!("no JSON export: {reason}"))
        }
    }
}

/// Notes what became of one of several answers in a file, where it was not read.
pub(crate) fn lose(report: &mut FileReport, what: &str, outcome: &Outcome) {
    if !matches!(outcome, Outcome::Read | Outcome::NoTable) {
        report.notes.push(format!("{what}: {outcome}"));
    }
}

/// The more telling of two outcomes of one file.
pub(crate) fn better(one: Outcome, other: Outcome) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Read => 0,
        Outcome::NoTable => 1,
        Outcome::Ambiguous { .. } => 2,
        _ => 3,
    };
    if rank(&other) < rank(&one) { other } else { one }
}
