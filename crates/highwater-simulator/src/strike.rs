//! Strike: which fault, if any, befalls a request, and what it makes of the answer.
//!
//! Chance is decided by the seed, the request and how often it came, so that a run with the same requests meets the
//! same faults in whatever order they come.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::answer::{Answer, Body, Effect};
use crate::asked::Asked;
use crate::fault::{Fault, Kind};
use crate::host::Service;
use crate::paging::{Page, token_of};
use crate::refusal;
use crate::routes::{Dialect, Shape};

/// Faults and how often they struck.
#[derive(Debug)]
pub(crate) struct Strikes {
    faults: Vec<Fault>,
    seed: u64,
    counts: Mutex<Vec<Count>>,
}

#[derive(Clone, Debug, Default)]
struct Count {
    met: u32,
    struck: u32,
    of: BTreeMap<String, u32>,
}

impl Strikes {
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let counts = Mutex::new(vec![Count::default(); faults.len()]);
        Self { faults, seed, counts }
    }

    /// The first fault that strikes a request.
    pub(crate) fn choose(&self, service: Service, asked: &Asked) -> Option<&Fault> {
        if self.faults.is_empty() {
            return None;
        }
        let place = format!("{}{}", asked.host, asked.path);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let strikes = |(fault, count): &(&Fault, &mut Count)| {
            count.struck < fault.times.unwrap_or(u32::MAX) && fault.fits(service, &place)
        };
        for (fault, count) in self.faults.iter().zip(counts.iter_mut()).filter(strikes) {
            count.met += 1;
            if count.met <= fault.after {
                continue;
            }
            let line = format!("{} {place} {:?}", asked.method, asked.query);
            let number = count.of.entry(line.clone()).or_default();
            *number += 1;
            if *number <= fault.each.unwrap_or(u32::MAX) && self.lot(&line, *number) < fault.chance
            {
                count.struck += 1;
                return Some(fault);
            }
        }
        None
    }

    /// A number from 0 to 1 that follows from the seed, the request and how often it came.
    fn lot(&self, line: &str, number: u32) -> f64 {
        let digest = Sha256::digest(format!("{}\n{line}\n{number}", self.seed));
        let mut first = [0; 4];
        first.copy_from_slice(&digest[..4]);
        f64::from(u32::from_be_bytes(first)) / f64::from(u32::MAX)
    }

    /// The field that a change of the schema is about.
    fn field(&self, fault: &Fault, record: &Value) -> Option<String> {
        let fields = record.as_object()?;
        if let Some(name) = &fault.field {
            return Some(name.clone());
        }
        let names: Vec<&String> = fields.keys().filter(|name| !name.contains('@')).collect();
        let at = usize::try_from(self.seed).unwrap_or(0) % names.len().max(1);
        names.get(at).map(|name| (*name).clone())
    }

    /// What a fault makes of an answer.
    pub(crate) fn spoil(
        &self,
        fault: &Fault,
        asked: &Asked,
        shape: Option<Shape>,
        foreign: &str,
        mut answer: Answer,
    ) -> Answer {
        match fault.kind {
            Kind::Reset => answer.effect = Effect::Reset,
            Kind::Truncate => answer.effect = Effect::Truncate,
            Kind::Drip(pause) => answer.effect = Effect::Drip(pause),
            Kind::GzipBomb(size) => answer.effect = Effect::GzipBomb(size),
            Kind::ContentType => answer.effect = Effect::ContentType,
            Kind::Html => return Answer::text(200, "text/html; charset=utf-8", PAGE.to_owned()),
            Kind::Loop => lead(&mut answer, asked, shape, &asked.link(&[])),
            Kind::ForeignLink => lead(
                &mut answer,
                asked,
                shape,
                &format!("{foreign}{}?$skiptoken=foreign", asked.path),
            ),
            Kind::UnknownFields => records(&mut answer, |record| {
                record["xUnheardOf"] = json!({"deep": [1, "two", null]})
            }),
            Kind::ChangedType => {
                let name = first(&answer).and_then(|record| self.field(fault, record));
                records(&mut answer, |record| {
                    if let Some(value) =
                        name.as_ref().and_then(|name| record.get_mut(name.as_str()))
                    {
                        *value = other_type(value);
                    }
                });
            }
            Kind::MissingField => {
                let name = first(&answer).and_then(|record| self.field(fault, record));
                records(&mut answer, |record| {
                    if let (Some(name), Some(fields)) = (&name, record.as_object_mut()) {
                        fields.remove(name);
                    }
                });
            }
            _ => {}
        }
        answer
    }
}

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in to your account</title></head><body><form action=\"/login\"></form></body></html>\n";

/// The answer of a fault that lets the request come to nothing at all.
pub(crate) fn instead(
    fault: &Fault,
    service: Service,
    asked: &Asked,
    tenant: &str,
    foreign: &str,
) -> Option<Answer> {
    Some(match fault.kind {
        Kind::Throttle(seconds) => refusal::throttled(service, seconds),
        Kind::Unavailable => {
            Answer::error(503, "ServiceUnavailable", "The service is temporarily unavailable.")
        }
        Kind::Expired => {
            refusal::unauthorised(service, refusal::Fault::Expired, tenant, &asked.host)
        }
        Kind::Forbidden => refusal::forbidden(service),
        Kind::Redirect => Answer::empty(307).header("location", asked.link(&[])),
        Kind::ForeignRedirect => {
            Answer::empty(307).header("location", format!("{foreign}{}", asked.path))
        }
        _ => return None,
    })
}

/// Lets the answer lead on to an address, in the dialect of its list.
fn lead(answer: &mut Answer, asked: &Asked, shape: Option<Shape>, address: &str) {
    let Some(Shape::List(dialect) | Shape::Optional(dialect)) = shape else {
        if let (Some(Shape::Query), Body::Json(body)) = (shape, &mut answer.body) {
            let told = asked.json()["options"]["$skipToken"]
                .as_str()
                .map_or_else(|| token_of(Page { start: 0, size: 1 }), str::to_owned);
            body["$skipToken"] = told.into();
        }
        return;
    };
    let name = match dialect {
        Dialect::LinkHeader | Dialect::Counted(_) => {
            answer.headers.retain(|(name, _)| *name != "link");
            answer.headers.push(("link", format!("<{address}>; rel=\"next\"")));
            return;
        }
        Dialect::NextPageUri => {
            answer.headers.retain(|(name, _)| *name != "nextpageuri");
            answer.headers.push(("nextpageuri", address.to_owned()));
            return;
        }
        Dialect::Continuation => {
            answer.headers.retain(|(name, _)| *name != "x-ms-continuationtoken");
            answer.headers.push((
                "x-ms-continuationtoken",
                asked
                    .parameter("continuationToken")
                    .map_or_else(|| token_of(Page { start: 0, size: 1 }), str::to_owned),
            ));
            return;
        }
        Dialect::Collection => "continuationToken",
        Dialect::OData => "@odata.nextLink",
        Dialect::NextLink | Dialect::Whole => "nextLink",
    };
    let told = if dialect == Dialect::Collection {
        asked
            .parameter("continuationToken")
            .map_or_else(|| token_of(Page { start: 0, size: 1 }), str::to_owned)
    } else {
        address.to_owned()
    };
    if let Body::Json(Value::Object(body)) = &mut answer.body {
        body.insert(name.to_owned(), told.into());
    }
}

/// The records of an answer: those of its list, or the document itself.
pub(crate) fn records(answer: &mut Answer, change: impl Fn(&mut Value)) {
    let Body::Json(body) = &mut answer.body else { return };
    if let Value::Array(items) = body {
        items.iter_mut().filter(|item| item.is_object()).for_each(change);
        return;
    }
    let list = LISTS.iter().find(|name| body.get(**name).is_some_and(Value::is_array));
    match list {
        Some(name) => body[*name]
            .as_array_mut()
            .into_iter()
            .flatten()
            .filter(|item| item.is_object())
            .for_each(change),
        None if body.is_object() => change(body),
        None => {}
    }
}

const LISTS: [&str; 6] =
    ["value", "data", "collection", "workflows", "workflow_runs", "environments"];

fn first(answer: &Answer) -> Option<&Value> {
    let Body::Json(body) = &answer.body else { return None };
    if let Some(items) = body.as_array() {
        return items.first();
    }
    match LISTS.iter().find_map(|name| body[*name].as_array()) {
        Some(items) => items.first(),
        None => Some(body),
    }
}

fn other_type(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({"value": text}),
        Value::Number(number) => number.to_string().into(),
        Value::Bool(told) => told.to_string().into(),
        Value::Null => json!(0),
        Value::Array(_) | Value::Object(_) => "changed".into(),
    }
}
