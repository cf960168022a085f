//! Answer: the records of one answer on their way into the writer.
//!
//! Every record is classified, placed and handed on, or counted with the reason why not. What the
//! answer proves is noted by request and scope; whether that is everything is weighed when all files
//! are read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use highwater_snapshot::{Json, Place, Time, Value};

use crate::envelope::Envelope;
use crate::index::INDEX;
use crate::kinds::{self, About, Class, Hand, PACKAGE, Route, Source, Whole};
use crate::lookups::Lookups;
use crate::odata::{self, Context};
use crate::pages::{Chain, Piece};
use crate::read::Reader;
use crate::report::{FileReport, Outcome, Part};
use crate::say::{self, Say};
use crate::sniff::{self, Sniffed};
use crate::values::{Handed, columns, member, object};
use crate::walk::Found;
use crate::{Error, inventory, place, shapes};

/// One answer on its way into the writer.
pub(crate) struct Answer<'v> {
    pub(crate) envelope: Envelope<'v>,
    /// The whole document, where the page itself is the record.
    pub(crate) document: &'v Value<'v>,
    pub(crate) chain: Chain,
    pub(crate) say: Option<Say>,
    /// Why it proves nothing even when read to its end.
    pub(crate) doubt: Option<String>,
    pub(crate) observed_at: Time,
    /// Records that were handed on so far, where the answer comes in pieces.
    pub(crate) read: u64,
}

/// What was counted of one answer.
#[derive(Default)]
pub(crate) struct Counted {
    parts: BTreeMap<(&'static str, Scope), Part>,
    tallies: BTreeMap<(&'static str, Request, Scope), Tally>,
    /// Records that were not read, by reason.
    lost: BTreeMap<String, u64>,
    /// Where the last record was read; most are read where the one before was.
    place: Place,
    /// What was wrong with the first of them.
    problem: Option<Outcome>,
}

/// A scope; none for the whole tenant, because comparing two empty texts takes processors long.
type Scope = Option<String>;

/// One of several requests of a source; none where there is one alone, for the same reason.
type Request = Option<&'static str>;

/// What was counted of one request of a source in a scope.
#[derive(Default)]
struct Tally {
    records: u64,
    doubt: Option<String>,
}

const NO_ROW: &str = "gave no row: a required value is missing, or no table needs this one";
const UNREAD: &str = "kept, but no table reads it";
const OPEN_SCOPE: &str =
    "which environment or object it was read from is not told: say so in highwater-index.json";

impl Reader<'_> {
    /// Reads one answer: classifies its records, hands them on, counts them.
    pub(crate) fn answer(
        &mut self,
        found: &Found,
        mut answer: Answer<'_>,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let context = answer.envelope.context.as_deref().and_then(odata::context);
        let context = context.as_ref();
        if answer.say.is_none() {
            answer.say = self.asserted(found, &answer, context);
        }
        if let Some(say) = &answer.say {
            say.check(&found.name, &answer.envelope, context, &self.survey.hosts)?;
        }
        if answer.envelope.records.is_empty() {
            return self.empty(&answer, context, report);
        }
        let mut counted = Counted::default();
        self.feed(found, &mut answer, &mut counted)?;
        self.finish(&answer, counted, report)
    }

    /// Hands on the records of an answer, or of a piece of it.
    pub(crate) fn feed(
        &mut self,
        found: &Found,
        answer: &mut Answer<'_>,
        counted: &mut Counted,
    ) -> Result<(), Error> {
        let context = answer.envelope.context.as_deref().and_then(odata::context);
        let context = context.as_ref();
        if answer.say.is_none() {
            answer.say = self.asserted(found, answer, context);
        }
        if let Some(say) = &answer.say {
            say.check(&found.name, &answer.envelope, context, &self.survey.hosts)?;
        }
        answer.read += answer.envelope.records.len() as u64;
        let environment = answer.say.as_ref().and_then(|say| say.environment.clone());
        let environment = environment.or_else(|| self.environment_of(context));
        for record in &answer.envelope.records {
            match say::classify(record, &answer.envelope, context, answer.say.as_ref()) {
                Ok(class) => {
                    self.record(record, class, answer, environment.as_deref(), counted)?;
                    if class.hand == Hand::Page && is_page(answer) {
                        break; // the page was handed on as a whole
                    }
                }
                Err(outcome) => {
                    *counted.lost.entry(reason(&outcome)).or_default() += 1;
                    counted.problem = counted.problem.take().or(Some(outcome));
                }
            }
        }
        Ok(())
    }

    /// Notes what an answer proves, and reports what it gave.
    pub(crate) fn finish(
        &mut self,
        answer: &Answer<'_>,
        mut counted: Counted,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        if let Some(say) = &answer.say
            && counted.tallies.is_empty()
            && counted.problem.is_none()
            && !kinds::asks_apart(say.source)
        {
            // Answered, but with nothing that a table reads.
            counted.tallies.insert((say.source.id, None, scoped(&say.scope())), Tally::default());
        }
        if !counted.lost.is_empty() {
            let reason =
                format!("{} records could not be read", counted.lost.values().sum::<u64>());
            counted.tallies.values_mut().for_each(|tally| tally.doubt = Some(reason.clone()));
        }
        for ((source, part, scope), tally) in std::mem::take(&mut counted.tallies) {
            let (part, scope) = (part.unwrap_or_default(), scope.unwrap_or_default());
            self.note(answer, (source, part), scope, tally);
        }
        if counted.parts.is_empty() {
            return Ok(counted.problem.unwrap_or(Outcome::NoTable));
        }
        if answer.envelope.open && !answer.chain.listed && answer.chain.page.is_none() {
            report.notes.push("it has a next link: number its pages -page1, -page2 …".into());
        }
        Ok(counted.report(report))
    }

    /// What `--as` says of an answer that content leaves open.
    fn asserted(
        &self,
        found: &Found,
        answer: &Answer<'_>,
        context: Option<&Context>,
    ) -> Option<Say> {
        let stated = self.survey.stated.as_ref().filter(|stated| stated.source.id != PACKAGE)?;
        let fits = match answer.envelope.records.first() {
            None => sniff::empty(context).is_none_or(|class| class.leads_to(stated.source.id)),
            Some(record) => match sniff::sniff(record, context, answer.envelope.list) {
                Sniffed::Is(class) => class.leads_to(stated.source.id),
                Sniffed::Several(candidates) => candidates.contains(&stated.source.id),
                Sniffed::Nothing(_) => found.given,
            },
        };
        fits.then(|| Say::stated(stated))
    }

    /// An answer without records is evidence only when it is known what was asked for.
    fn empty(
        &mut self,
        answer: &Answer<'_>,
        context: Option<&Context>,
        report: &mut FileReport,
    ) -> Result<Outcome, Error> {
        let told = sniff::empty(context);
        let said = answer.say.as_ref().map(|say| kinds::stated_as(say.source, told));
        let Some(class) = said.or(told) else {
            let reason =
                format!("an empty list does not say what was asked for: say so in {INDEX}");
            return Ok(Outcome::NotRecognised(reason));
        };
        let Some(route) = class.routes[0] else { return Ok(Outcome::NoTable) };
        let Some(scope) = self.empty_scope(answer, context, route) else {
            let source = route.source;
            let reason = format!(
                "an empty list of {source}: which environment or object it is of is not told"
            );
            return Ok(Outcome::NotRecognised(reason));
        };
        let mut part = Part::of(route.source, answer.envelope.wrapper, &scope);
        // A page without any record is still the page of its flow.
        if class.hand == Hand::Page && is_page(answer) {
            let mut place = Place::default();
            self.place(route.source, [Json::NULL; 2], answer, None, &mut place);
            let rows = self.writer.record(
                route.source,
                &scope,
                &place,
                answer.observed_at,
                answer.document,
            )?;
            part.rows = rows as u64;
        }
        report.parts.push(part);
        let doubt = doubt(route, answer);
        self.note(answer, (route.source, route.part), scope, Tally { records: 0, doubt });
        Ok(Outcome::Read)
    }

    fn empty_scope(
        &self,
        answer: &Answer<'_>,
        context: Option<&Context>,
        route: Route,
    ) -> Option<String> {
        if let Some(say) = &answer.say {
            return Some(say.scope());
        }
        match kinds::source(route.source)?.about {
            About::Tenant => Some(String::new()),
            About::Environment => self.environment_of(context),
            _ => None,
        }
    }

    /// The environment that answers at the address of an answer.
    fn environment_of(&self, context: Option<&Context>) -> Option<String> {
        let context = context.filter(|context| context.dataverse)?;
        self.survey.hosts.environment(&context.host).map(ToOwned::to_owned)
    }

    /// Hands one record to the readings of its sources.
    fn record(
        &mut self,
        record: &Value<'_>,
        class: Class,
        answer: &Answer<'_>,
        environment: Option<&str>,
        counted: &mut Counted,
    ) -> Result<(), Error> {
        let powershell = class.hand == Hand::Internal || class.what.starts_with("powershell.");
        let wrapper = if powershell { "powershell" } else { answer.envelope.wrapper };
        if let Some(reason) = class.unused {
            counted.unused(class.what, wrapper, reason, 1);
            return Ok(());
        }
        let handed = hand(record, class, answer, &self.survey.lookups);
        // A row of a kit says itself of which environment it is: it was read from that of the kit.
        let shaped = matches!(class.hand, Hand::Shaped(_));
        let environment = environment.filter(|_| !shaped);
        let (json, value) = (Json::new(record), handed.value());
        let mut place = std::mem::take(&mut counted.place);
        for route in class.routes.iter().flatten() {
            let Some(source) = kinds::source(route.source) else { continue };
            self.place(source.id, [json, Json::new(value)], answer, environment, &mut place);
            let told = scope(source, Json::new(value), &place, answer);
            let scope = told.as_deref().unwrap_or_default();
            let rows = self.writer.record(source.id, scope, &place, answer.observed_at, value)?;
            let part = counted.part(source.id, wrapper, scope);
            part.unused = None;
            part.records += 1;
            part.rows += rows as u64;
            if rows == 0 {
                let reason = if self.writer.knows(source.id) { NO_ROW } else { UNREAD };
                *part.dropped.entry(reason.to_owned()).or_default() += 1;
            }
            let part = Some(route.part).filter(|part| !part.is_empty());
            let tally = counted.tallies.entry((route.source, part, scoped(scope)));
            let tally = tally.or_default();
            let page = class.hand == Hand::Page && is_page(answer);
            tally.records += if page { answer.envelope.records.len() as u64 } else { 1 };
            if tally.doubt.is_none() {
                tally.doubt = doubt(*route, answer)
                    .or_else(|| self.kit_doubt(source.id))
                    .or_else(|| told.is_none().then(|| OPEN_SCOPE.to_owned()));
            }
        }
        counted.place = place;
        Ok(())
    }

    /// Why a list of the kit's inventory may lack some.
    fn kit_doubt(&self, source: &str) -> Option<String> {
        let inventory = matches!(source, "coe.apps" | "coe.flows");
        let doubt = || self.survey.lookups.doubt(self.survey.taken_at);
        if inventory { doubt().map(ToOwned::to_owned) } else { None }
    }

    /// Says where a record was read, which is handed on as a value.
    fn place(
        &self,
        source: &str,
        [record, value]: [Json<'_>; 2],
        answer: &Answer<'_>,
        environment: Option<&str>,
        place: &mut Place,
    ) {
        let say = answer.say.as_ref();
        let said = say.and_then(|say| say.environment.as_deref());
        let environment = environment.or(said).map(Cow::Borrowed);
        let environment = environment
            .or_else(|| place::environment(record))
            .or_else(|| place::environment(value));
        let parent = say
            .and_then(|say| say.parent.clone())
            .or_else(|| place::parent(source, value))
            .or_else(|| place::parent(source, record));
        let tenant = Some(self.survey.tenant.as_str()).filter(|tenant| *tenant != "unknown");
        put(&mut place.tenant, tenant.map(Cow::Borrowed));
        put(&mut place.environment, environment);
        place.parent = parent;
    }

    /// Keeps what an answer proves of one request in one scope.
    fn note(
        &mut self,
        answer: &Answer<'_>,
        (source, part): (&'static str, &'static str),
        scope: String,
        tally: Tally,
    ) {
        let all = answer.read;
        let page = kinds::stated_hand(source) == Hand::Page && answer.envelope.paged;
        self.pieces.push(Piece {
            source,
            part,
            scope,
            chain: answer.chain.clone(),
            // A page of runs says itself that more runs follow; only the newest page is asked for.
            open: answer.envelope.open && !page,
            paged: answer.envelope.paged,
            list: answer.envelope.list,
            doubt: tally.doubt.or_else(|| answer.doubt.clone()),
            remark: None,
            // The record of a page is the page: announced runs are no announced records.
            expected: answer.envelope.expected.filter(|_| !page),
            // Members that no table needs were read all the same.
            records: answer.envelope.expected.map_or(tally.records, |_| tally.records.max(all)),
            asked: true,
            observed_at: answer.say.as_ref().and_then(|say| say.observed_at),
        });
    }
}

impl Counted {
    fn part(&mut self, kind: &'static str, wrapper: &str, scope: &str) -> &mut Part {
        let key = (kind, scoped(scope));
        self.parts.entry(key).or_insert_with(|| Part::of(kind, wrapper, scope))
    }

    /// Counts records that no table takes; of a kind that tables do take, some may be left out.
    fn unused(&mut self, what: &'static str, wrapper: &str, reason: &str, records: u64) {
        let part = self.part(what, wrapper, "");
        if part.records == 0 {
            part.unused = Some(reason.to_owned());
        }
        part.records += records;
        *part.dropped.entry(reason.to_owned()).or_default() += records;
    }

    /// Counts rows of a foreign table that are marked as deleted.
    pub(crate) fn gone(&mut self, what: &'static str, wrapper: &str, rows: u64) {
        if rows > 0 {
            self.unused(what, wrapper, shapes::GONE, rows);
        }
    }

    /// Adds what was counted to a file's report.
    fn report(self, report: &mut FileReport) -> Outcome {
        let read = self.parts.values().any(|part| part.unused.is_none());
        for part in self.parts.into_values() {
            let same = |known: &&mut Part| known.kind == part.kind && known.scope == part.scope;
            match report.parts.iter_mut().find(same) {
                Some(known) => known.add(part),
                None => report.parts.push(part),
            }
        }
        if let Some(part) = report.parts.last_mut() {
            for (reason, count) in self.lost {
                part.records += count;
                *part.dropped.entry(reason).or_default() += count;
            }
        }
        if read { Outcome::Read } else { Outcome::NoTable }
    }
}

/// Whether the answer can be handed on as a whole: one that comes in pieces cannot, and gives its records one by one.
const fn is_page(answer: &Answer<'_>) -> bool {
    answer.envelope.paged && !matches!(answer.document, Value::Null)
}

/// What the readings get of a record.
fn hand<'a, 'v>(
    record: &'a Value<'v>,
    class: Class,
    answer: &'a Answer<'_>,
    lookups: &'a Lookups,
) -> Handed<'a, 'v>
where
    'v: 'a,
{
    match class.hand {
        Hand::Record => Handed::Read(record),
        Hand::Internal => match record {
            Value::Object(object) => {
                object.get("Internal").map_or(Handed::Read(record), Handed::Read)
            }
            _ => Handed::Read(record),
        },
        Hand::Resource => inventory::resource(record),
        Hand::Pipeline => Handed::Made(object(vec![member("pipeline", record.clone())])),
        Hand::Audit => match Json::new(record).key("AuditData").value() {
            Some(Value::Str(text)) => {
                serde_json::from_str(text).map_or(Handed::Read(record), Handed::Made)
            }
            _ => Handed::Read(record),
        },
        Hand::Shaped(shape) => Handed::Made(shape.record(Json::new(record), lookups)),
        Hand::Columns => Handed::Made(columns(record)),
        Hand::Page if is_page(answer) => Handed::Made(answer.document.clone()),
        Hand::Page => Handed::Read(record),
    }
}

fn scoped(scope: &str) -> Scope {
    (!scope.is_empty()).then(|| scope.to_owned())
}

/// Puts a text in the room of another.
fn put(into: &mut Option<String>, told: Option<Cow<'_, str>>) {
    match (into.as_mut(), told) {
        (Some(into), Some(Cow::Borrowed(told))) => told.clone_into(into),
        (_, told) => *into = told.map(Cow::into_owned),
    }
}

fn scope(
    source: &'static Source,
    value: Json<'_>,
    place: &Place,
    answer: &Answer<'_>,
) -> Option<String> {
    match &answer.say {
        Some(say) if say.source.id == source.id => Some(say.scope()),
        _ => place::scope(source, value, place.environment.as_deref(), place.parent.as_deref()),
    }
}

/// Why an answer proves nothing even when read to its end; none where it does.
fn doubt(route: Route, answer: &Answer<'_>) -> Option<String> {
    match route.whole {
        Whole::One => None,
        Whole::List if answer.envelope.list => None,
        Whole::List => Some("a single object does not say that it is the only one".into()),
        Whole::Never(reason) => Some(reason.into()),
    }
}

fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::NotRecognised(reason) | Outcome::Failed(reason) => reason.clone(),
        other => other.to_string(),
    }
}
