//! Batch: many reads of Graph in one request, each with an answer of its own.
//!
//! Guarantees that a batch is never a short cut round the limits: every part counts, paths with limits of their own
//! are asked one by one, and a part that is told to wait is asked again later, without the parts that are done.
//! <https://learn.microsoft.com/graph/json-batching>

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use crate::asked::Asked;
use crate::client::Inner;
use crate::fetch::{Step, Tries};
use crate::judge::{self, Verdict, judge};
use crate::live::Answer;
use crate::page::without_mark;
use crate::{Client, Failure, Method, Page, Paging, Read, next, told};

/// The one version of which batches are read; `config/reads.toml` lists its path.
const VERSION: &str = "/v1.0";

/// A read that stands in a batch.
struct Part<'a> {
    place: usize,
    read: &'a Read,
    asked: Asked,
    tries: Tries,
}

/// What came of a part: its page or failure, or that it is to be asked again after a while.
enum Outcome<'a> {
    Done(usize, Result<Page, Failure>),
    Again(Part<'a>, Duration),
}

impl Client {
    /// First pages of many reads, in the order of the reads. What the service lets be batched is; the rest is asked one
    /// by one, as is everything whose service knows no batches.
    ///
    /// One part's failure is no other's.
    pub async fn batch(&self, reads: &[Read]) -> Vec<Result<Page, Failure>> {
        let inner = self.inner();
        let mut done: BTreeMap<usize, Result<Page, Failure>> = BTreeMap::new();
        let (mut pending, single) = inner.sort_out(reads, &mut done);
        let single = single
            .into_iter()
            .map(|place| async move { (place, self.page(&reads[place], None).await) });
        done.extend(join_all(single).await);
        while !pending.is_empty() {
            let mut pause = Duration::ZERO;
            let rounds = chunks(std::mem::take(&mut pending), inner.limiter.limits());
            let outcomes = join_all(rounds.into_iter().map(|chunk| inner.round(chunk))).await;
            for outcome in outcomes.into_iter().flatten() {
                match outcome {
                    Outcome::Done(place, result) => {
                        if let Err(failure) = &result {
                            inner.failed(&reads[place], failure);
                        }
                        done.insert(place, result);
                    }
                    Outcome::Again(part, wait) => {
                        pause = pause.max(wait);
                        pending.push(part);
                    }
                }
            }
            if let Some(part) = pending.first() {
                inner.pause(part.read, pause).await;
            }
        }
        done.into_values().collect()
    }
}

/// Parts that may stand in one batch together, as many as the service lets.
fn chunks<'a>(parts: Vec<Part<'a>>, limits: &crate::Limits) -> Vec<Vec<Part<'a>>> {
    let mut groups: BTreeMap<(&str, &str, String), Vec<Vec<Part<'a>>>> = BTreeMap::new();
    for part in parts {
        let most = limits.of(part.read.service).batch;
        let origin = format!(
            "{} {}",
            part.read.audience.as_str(),
            part.asked.url.origin().ascii_serialization()
        );
        let group = groups.entry((part.read.service, &part.read.scope, origin)).or_default();
        match group.last_mut() {
            Some(chunk) if chunk.len() < most => chunk.push(part),
            _ => group.push(vec![part]),
        }
    }
    groups.into_values().flatten().collect()
}

impl Inner {
    /// Parts of batches, and places of reads that have to be asked alone. What must not be asked is done already.
    fn sort_out<'a>(
        &self,
        reads: &'a [Read],
        done: &mut BTreeMap<usize, Result<Page, Failure>>,
    ) -> (Vec<Part<'a>>, Vec<usize>) {
        let (mut parts, mut single) = (Vec::new(), Vec::new());
        for (place, read) in reads.iter().enumerate() {
            let limit = self.limiter.limits().of(read.service);
            let path = read.url.path();
            let fits = limit.batch > 1
                && read.method == Method::Get
                && limit.path(path).is_none()
                && path.starts_with("/v1.0/");
            if !fits {
                single.push(place);
                continue;
            }
            self.counters.count(read.service, |meter| meter.calls += 1);
            let asked = Asked::new(read, None)
                .and_then(|asked| asked.guard(read, &self.hosts).map(|()| asked));
            match asked {
                Ok(asked) => parts.push(Part { place, read, asked, tries: Tries::default() }),
                Err(failure) => {
                    self.failed(read, &failure);
                    done.insert(place, Err(failure));
                }
            }
        }
        (parts, single)
    }

    /// Asks the parts of one batch once.
    async fn round<'a>(&self, parts: Vec<Part<'a>>) -> Vec<Outcome<'a>> {
        let sent = self.clock.elapsed();
        let answers = self.ask_together(&parts).await;
        let mut answers = match answers {
            Ok(answers) => answers,
            Err(failure) => {
                let failed = |part: Part<'a>| Outcome::Done(part.place, Err(failure.clone()));
                return parts.into_iter().map(failed).collect();
            }
        };
        parts
            .into_iter()
            .enumerate()
            .map(|(at, part)| {
                let answer = answers.remove(&at.to_string());
                self.outcome(part, answer, sent)
            })
            .collect()
    }

    /// Sends one batch; the answers by the id of their part.
    async fn ask_together(&self, parts: &[Part<'_>]) -> Result<BTreeMap<String, Answer>, Failure> {
        let Some(first) = parts.first() else { return Ok(BTreeMap::new()) };
        let unusable = |reason: &str| Failure::Unusable { reason: reason.to_owned() };
        let requests: Vec<Request<'_>> =
            parts.iter().enumerate().map(|(id, part)| Request::new(id, part)).collect();
        let body = serde_json::to_vec(&Requests { requests }).map_err(|_| unusable("no batch"))?;
        let read = Read {
            url: batch_url(&first.asked.url),
            method: Method::Post(body.into()),
            headers: Vec::new(),
            paging: Paging::None,
            ..first.read.clone()
        };
        let fetched = self.fetch(&read, Asked::new(&read, None)?, parts.len()).await?;
        let body = without_mark(fetched.answer.body);
        let responses: Responses<'_> = serde_json::from_slice(&body)
            .map_err(|_| unusable("the answer is not that of a batch"))?;
        Ok(responses.responses.into_iter().map(Response::answer).collect())
    }

    fn outcome<'a>(
        &self,
        mut part: Part<'a>,
        answer: Option<Answer>,
        sent: Duration,
    ) -> Outcome<'a> {
        part.tries.attempts += 1;
        let step = match answer {
            Some(answer) => self.part_step(&mut part, answer, sent),
            None => {
                let reason = "the batch left this part out".to_owned();
                self.again(part.read, &mut part.tries, reason, None).map(Err)
            }
        };
        match step {
            Ok(Ok(page)) => Outcome::Done(part.place, Ok(page)),
            Ok(Err(Step::Again(wait))) => Outcome::Again(part, wait),
            Ok(Err(Step::Done(_))) => Outcome::Again(part, Duration::ZERO),
            Err(failure) => Outcome::Done(part.place, Err(failure)),
        }
    }

    /// What the answer to a part leads to: its page, or another step.
    fn part_step(
        &self,
        part: &mut Part<'_>,
        mut answer: Answer,
        sent: Duration,
    ) -> Result<Result<Page, Step>, Failure> {
        let (read, tries) = (part.read, &mut part.tries);
        tries.status = Some(answer.status);
        let now = self.clock.now();
        let told = told::read(&answer.headers, now);
        if !part.asked.wants_json() {
            answer.body = decoded(answer.body);
        }
        match judge(&answer, &told, part.asked.wants_json(), now) {
            Verdict::Good(found) => {
                let Answer { status, headers, body } = answer;
                let next = next::find(read.paging, found, &headers);
                Ok(Ok(Page { status, headers, body, next }))
            }
            Verdict::Final(failure) => Err(failure),
            Verdict::Unauthorised => Err(judge::refused(&answer)),
            Verdict::Moved(_) => {
                Err(Failure::NotFollowed { reason: "a redirect in a batch".to_owned() })
            }
            Verdict::Throttled(wait) => {
                self.counters.count(read.service, |meter| meter.throttled += 1);
                let hold = self.hold(tries, wait);
                self.limiter.throttled(read, part.asked.url.path(), sent, hold);
                self.throttled(read, tries, &answer, hold).map(Err)
            }
            Verdict::Later(reason, wait) => self.again(read, tries, reason, wait).map(Err),
            Verdict::Garbled(reason) => self.garbled(read, tries, reason).map(Err),
        }
    }
}

fn batch_url(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_path(&format!("{VERSION}/$batch"));
    url.set_query(None);
    url
}

/// Bodies that are not JSON stand in a batch as base64.
fn decoded(body: Bytes) -> Bytes {
    let text: Option<String> = serde_json::from_slice(&body).ok();
    match text {
        Some(text) => BASE64_STANDARD.decode(&text).map_or(Bytes::from(text), Bytes::from),
        None => body,
    }
}

#[derive(Serialize)]
struct Requests<'a> {
    requests: Vec<Request<'a>>,
}

#[derive(Serialize)]
struct Request<'a> {
    id: String,
    method: &'static str,
    url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, &'a str>,
}

impl<'a> Request<'a> {
    fn new(id: usize, part: &'a Part<'_>) -> Self {
        let url = &part.asked.url;
        let path = url.path().strip_prefix(VERSION).unwrap_or(url.path());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let usual = |name: &str, value: &str| name == "accept" && value == "application/json";
        let headers =
            part.asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self {
            id: id.to_string(),
            method: "GET",
            url: format!("{path}{query}"),
            headers: headers.filter(|(name, value)| !usual(name, value)).collect(),
        }
    }
}

#[derive(Deserialize)]
struct Responses<'a> {
    #[serde(borrow)]
    responses: Vec<Response<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    id: serde_json::Value,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, serde_json::Value>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

impl Response<'_> {
    fn answer(self) -> (String, Answer) {
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let headers =
            self.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value)));
        let body = self.body.map(|body| Bytes::copy_from_slice(body.get().as_bytes()));
        let answer = Answer {
            status: self.status,
            headers: headers.collect(),
            body: body.unwrap_or_default(),
        };
        (text(self.id), answer)
    }
}
