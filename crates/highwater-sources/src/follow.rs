//! Follow: one chain from its first page, or from where an earlier run left it, to its end.
//!
//! Guarantees that no page is asked twice, that a page is looked into only as it lies in the recording, and that what
//! ends a chain early is written down. Decides nothing about which chains there are.

use bytes::Bytes;
use highwater_http::{Chain as Walked, Failure, Method, Page, Read};

use crate::chain::Chain;
use crate::engine::Engine;
use crate::found::{Answer, Found, Kept, Place};
use crate::journal::{Gapped, Line, Paged, check};
use crate::source::{Request, Source};
use crate::{Error, Event};

/// Pages of one chain at most; no list of a tenant has so many.
const PAGES: u32 = 100_000;

/// How a chain ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With its last page.
    Read,
    /// With the word that there is none of it.
    Empty(Gapped),
    /// Early.
    Missing(Missing),
}

/// What was missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) gap: Gapped,
    /// The reason without ids.
    pub(crate) brief: String,
    /// Whether the service refused: another one may answer.
    pub(crate) refused: bool,
}

/// One chain to follow.
pub(crate) struct Thread<'a> {
    pub(crate) source: &'static Source,
    pub(crate) request: &'static Request,
    pub(crate) chain: Chain,
    pub(crate) read: Read,
    pub(crate) place: Place<'a>,
}

/// Follows a chain. What ended it early is returned and not yet written down.
pub(crate) async fn follow(
    engine: &Engine,
    thread: &Thread<'_>,
    found: &mut Found,
) -> Result<End, Error> {
    let (mut page, mut from) = (0, None);
    if let Some(reached) = engine.state.get(&thread.chain.digest()) {
        for number in 1..=reached.pages {
            // Paid for again, so that what is left is what it was; a run of before paid for its own.
            let _ = reached.old || thread.place.pays(thread.read.service).await;
            kept(engine, thread, number, found).await?;
        }
        if let Some(gap) = &reached.gap {
            let _ = reached.old || thread.place.pays(thread.read.service).await;
            return Ok(ended(thread.source, gap.as_ref().clone()));
        }
        if reached.pages > 0 && reached.next.is_none() {
            return Ok(End::Read);
        }
        (page, from) = (reached.pages, reached.next.clone());
    }
    let mut walked = Walked::new();
    loop {
        if let Err(failure) = walked.follow(&thread.read, from.as_ref(), PAGES) {
            return Ok(failed(thread, &failure));
        }
        if !thread.place.pays(thread.read.service).await {
            return Ok(unpaid(thread, page));
        }
        let environment = thread.place.environment.map(|environment| environment.id.as_str());
        engine.progress.tell(Event::Asked { source: thread.source.id, environment });
        let ahead = if page == 0 { engine.ahead().remove(&thread.chain.digest()) } else { None };
        let asked = match ahead {
            Some(asked) => asked,
            None => {
                let _permit = match engine.gate(thread.read.service) {
                    Some(gate) => gate.acquire().await.ok(),
                    None => None,
                };
                engine.asks.page(&thread.read, from.as_ref()).await
            }
        };
        match asked {
            Ok(answer) => {
                page += 1;
                from = answer.next.clone();
                keep(engine, thread, page, answer, found).await?;
                if from.is_none() || thread.read.paging == highwater_http::Paging::First {
                    return Ok(End::Read);
                }
            }
            Err(failure) => {
                let Some(body) = absence(thread.source, &failure) else {
                    return Ok(failed(thread, &failure));
                };
                let body = Bytes::from_static(body.as_bytes());
                let answer = Page { status: 200, headers: Vec::new(), body, next: None };
                keep(engine, thread, page + 1, answer, found).await?;
                return Ok(End::Read);
            }
        }
    }
}

/// Keeps a page and looks into it.
async fn keep(
    engine: &Engine,
    thread: &Thread<'_>,
    number: u32,
    answer: Page,
    found: &mut Found,
) -> Result<(), Error> {
    let source = thread.source.id;
    let body: Bytes = (engine.boundary)(source, answer.body);
    let evidence = thread.request.evidence;
    let newest = thread.read.paging == highwater_http::Paging::First;
    let line = Paged {
        chain: thread.chain.clone(),
        page: number,
        status: answer.status,
        evidence,
        asked: asked(&thread.read),
        next: answer.next.filter(|_| !newest),
        check: check(&body),
        spent: engine.asks.spent(thread.read.service),
        reused: None,
    };
    let file = thread.chain.file(number, evidence);
    engine.writer.keep(Some((file, body.clone())), Line::Page(Box::new(line))).await?;
    engine.count(source, |counts| {
        counts.pages += 1;
        counts.bytes += body.len() as u64;
    });
    engine.progress.tell(Event::Answered { source, bytes: body.len() });
    look(thread, &body, found);
    Ok(())
}

/// Looks into a page that an earlier run kept.
async fn kept(
    engine: &Engine,
    thread: &Thread<'_>,
    number: u32,
    found: &mut Found,
) -> Result<(), Error> {
    let path = engine.folder.join(thread.chain.file(number, thread.request.evidence));
    let body = Bytes::from(tokio::fs::read(&path).await.map_err(Error::io(&path))?);
    engine.count(thread.source.id, |counts| counts.kept += 1);
    engine.progress.tell(Event::Kept { source: thread.source.id });
    look(thread, &body, found);
    Ok(())
}

/// Looks into a page that was asked for no key.
pub(crate) fn look_into(
    source: &Source,
    request: &'static Request,
    place: Place<'_>,
    body: &Bytes,
    found: &mut Found,
) {
    (source.find)(&Answer { request, place, key: "", body }, found);
    found.rows += crate::items::items::<serde::de::IgnoredAny>(body).len() as u64;
}

fn look(thread: &Thread<'_>, body: &Bytes, found: &mut Found) {
    let key = thread.chain.key.as_str();
    (thread.source.find)(
        &Answer { request: thread.request, place: thread.place, key, body },
        found,
    );
    if thread.source.made().is_some() {
        found.kept.push(Kept { request: thread.request, key: key.to_owned(), body: body.clone() });
    }
    if thread.source.service == "dataverse" {
        found.rows += crate::items::items::<serde::de::IgnoredAny>(body).len() as u64;
    }
}

/// What was asked, as the index says it.
fn asked(read: &Read) -> String {
    match read.method {
        Method::Get => format!("GET {}", read.url),
        Method::Post(_) => format!("POST {}", read.url),
    }
}

/// The answer that a refusal stands for.
fn absence(source: &Source, failure: &Failure) -> Option<&'static str> {
    let Failure::Refused { status, message, .. } = failure else { return None };
    source.stands_for(*status, message)
}

fn failed(thread: &Thread<'_>, failure: &Failure) -> End {
    let (status, again) = match failure {
        Failure::Refused { status, .. } => (Some(*status), [401, 408, 425, 429].contains(status)),
        Failure::GaveUp { status, .. } => (*status, true),
        _ => (None, true),
    };
    let reason = failure.to_string();
    let chain = thread.chain.clone();
    ended(
        thread.source,
        Gapped { chain, status, reason, asked: asked(&thread.read), again, reused: None },
    )
}

/// The end of a chain for whose next page nothing was left.
fn unpaid(thread: &Thread<'_>, pages: u32) -> End {
    let reason = if pages == 0 { "not asked: budget" } else { "not asked further: budget" };
    let gap = Gapped {
        chain: thread.chain.clone(),
        status: None,
        reason: reason.to_owned(),
        again: true,
        ..Gapped::default()
    };
    End::Missing(Missing { gap, brief: reason.to_owned(), refused: false })
}

/// How a chain with a gap ended.
fn ended(source: &Source, gap: Gapped) -> End {
    let none = gap.status.is_some_and(|status| status == 204 || source.none_on.contains(&status));
    if none {
        return End::Empty(Gapped { again: false, ..gap });
    }
    let refused = gap.status.is_some_and(|status| (400..500).contains(&status));
    End::Missing(Missing { brief: brief(&gap), refused, gap })
}

/// A reason without ids.
fn brief(gap: &Gapped) -> String {
    gap.status.map_or_else(|| gap.reason.clone(), |status| format!("HTTP {status}"))
}
