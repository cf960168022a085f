//! Recorded: a tenant whose answers were written down.
//!
//! A request is met by method, host and path; where a path was recorded with several filters, by its filter too. A
//! filter that was not recorded is asked of the records themselves. A sibling of a refused request is refused as well:
//! a service grants rights by area, not by path.

use serde_json::{Map, Value};

use super::recording::{Exchange, Recording, Told, key};
use super::{Found, World};
use crate::asked::Asked;
use crate::host::{Service, canonical};
use crate::odata::Filter;
use crate::paging::{List, Rows};
use crate::routes::{Route, Shape};

/// A recorded tenant.
pub(crate) struct Recorded {
    recording: Recording,
    hosts: Vec<String>,
}

/// Parameters that decide what an answer holds, besides `$filter`.
const DECIDING: [&str; 2] = ["workflowId", "contentType"];

impl Recorded {
    pub(crate) fn new(recording: Recording) -> Self {
        let mut hosts: Vec<String> = recording
            .exchanges
            .keys()
            .filter_map(|key| Some(key.split_once(' ')?.1.split('/').next()?.to_owned()))
            .collect();
        hosts.dedup();
        Self { recording, hosts }
    }

    /// Exchanges of a path that agree with a request in the parameters that decide.
    fn candidates(&self, asked: &Asked) -> Vec<&Exchange> {
        let held =
            self.recording.exchanges.get(&key(asked.method.as_str(), &asked.host, &asked.path));
        let agrees = |exchange: &&Exchange| {
            DECIDING.iter().all(|name| {
                let told = parameter(&exchange.query, name);
                told.is_none()
                    || told.map(str::to_ascii_lowercase)
                        == asked.parameter(name).map(str::to_ascii_lowercase)
            })
        };
        held.into_iter().flatten().filter(agrees).collect()
    }

    /// The refusal of the nearest request on the same host whose area this one belongs to.
    fn refused_nearby(&self, asked: &Asked) -> Option<Found> {
        let host = canonical(&asked.host);
        let on_host = || {
            self.recording.exchanges.iter().filter(|(key, _)| {
                key.split_once(' ').is_some_and(|(_, place)| place.split('/').next() == Some(&host))
            })
        };
        let area = |path: &str| {
            path.trim_matches('/')
                .rsplit_once('/')
                .map_or_else(String::new, |(area, _)| area.to_ascii_lowercase())
        };
        let own = area(&asked.path);
        let sibling = on_host().find(|(key, held)| {
            let path = key.split_once('/').map_or("", |(_, path)| path);
            refused(held)
                && (area(path) == own
                    || asked
                        .path
                        .trim_matches('/')
                        .to_ascii_lowercase()
                        .starts_with(&format!("{path}/")))
        });
        let whole = || on_host().next().filter(|_| on_host().all(|(_, held)| refused(held)));
        let (_, held) = sibling.or_else(whole)?;
        held.first().map(|exchange| answer(&[exchange], None))
    }
}

fn refused(held: &[Exchange]) -> bool {
    held.iter().all(|exchange| matches!(exchange.status, 401 | 403))
}

impl World for Recorded {
    fn tenant(&self) -> &str {
        &self.recording.tenant
    }

    fn find(&self, asked: &Asked, route: &Route) -> Found {
        let held = self.candidates(asked);
        if held.is_empty() {
            let refused = if matches!(route.shape, Shape::Optional(_)) {
                None
            } else {
                self.refused_nearby(asked)
            };
            return refused.unwrap_or(Found::Nothing);
        }
        answer(&held, asked.parameter("$filter"))
    }

    fn graph_rows(&self, table: &str) -> Result<Vec<Value>, Found> {
        let held = self.recording.exchanges.get(&key(
            "POST",
            "management.azure.com",
            "/providers/Microsoft.ResourceGraph/resources",
        ));
        let all: Vec<&Exchange> = held.into_iter().flatten().collect();
        let queried = |exchange: &&&Exchange| {
            exchange.sent["query"]
                .as_str()
                .and_then(|query| query.split_whitespace().next())
                .is_some_and(|told| told.eq_ignore_ascii_case(table))
        };
        let met: Vec<&Exchange> = all.iter().filter(queried).copied().collect();
        let met = if met.is_empty()
            && !all.is_empty()
            && all.iter().all(|exchange| exchange.status >= 400)
        {
            all
        } else {
            met
        };
        match answer(&met, None) {
            Found::List(List { rows, .. }) => Ok(rows.cut(0, usize::MAX)),
            Found::Nothing => Ok(Vec::new()),
            refused => Err(refused),
        }
    }

    fn objects(&self, ids: &[&str]) -> Result<Vec<Value>, Found> {
        let held = self.recording.exchanges.get(&key(
            "POST",
            "graph.microsoft.com",
            "/v1.0/directoryObjects/getByIds",
        ));
        let all: Vec<&Exchange> = held.into_iter().flatten().collect();
        match answer(&all, None) {
            Found::List(List { rows: Rows::Held(rows), .. }) => Ok(rows
                .into_iter()
                .filter(|row| {
                    row["id"]
                        .as_str()
                        .is_some_and(|id| ids.iter().any(|wanted| wanted.eq_ignore_ascii_case(id)))
                })
                .collect()),
            Found::List(_) | Found::Document(_) | Found::Nothing => Ok(Vec::new()),
            refused => Err(refused),
        }
    }

    fn count(&self, host: &str, set: &str) -> Option<usize> {
        let held =
            self.recording.exchanges.get(&key("GET", host, &format!("/api/data/v9.2/{set}")))?;
        held.iter().filter(|exchange| exchange.status == 200).find_map(|exchange| {
            match &exchange.told {
                Told::List(rows, _) => Some(rows.len()),
                _ => None,
            }
        })
    }

    fn knows(&self, host: &str) -> bool {
        let host = canonical(host);
        match crate::host::service(&host) {
            Some(Service::Dataverse) => self.hosts.contains(&host),
            Some(Service::KeyVault) => true,
            _ => true,
        }
    }
}

/// What exchanges of one path say together, for a filter.
fn answer(held: &[&Exchange], filter: Option<&str>) -> Found {
    let exact = held
        .iter()
        .find(|exchange| parameter(&exchange.query, "$filter").map(plain) == filter.map(plain));
    match (exact, held) {
        (Some(exchange), _) => whole(exchange),
        (None, []) => Found::Nothing,
        (None, [only]) if !matches!(only.told, Told::List(..)) || only.status != 200 => whole(only),
        (None, all) => asked_of_records(all, filter),
    }
}

fn whole(exchange: &Exchange) -> Found {
    match &exchange.told {
        Told::Silence => Found::Exhausted,
        Told::Document(body) if exchange.status >= 400 => {
            Found::Refused(exchange.status, body.clone())
        }
        // GitHub tells "not protected" as a document of its own, recorded as what it is.
        Told::Document(body) if body["status"] == "404" => Found::Refused(404, body.clone()),
        Told::Document(body) => Found::Document(body.clone()),
        Told::List(rows, envelope) => Found::List(List {
            rows: Rows::Held(rows.clone()),
            envelope: envelope.clone(),
            broken: exchange.broken,
        }),
    }
}

/// Records of all exchanges that a filter keeps. What a record does not show is kept, unless the exchange it comes from
/// was itself filtered by it: then it belongs to that filter and to no other.
fn asked_of_records(held: &[&Exchange], filter: Option<&str>) -> Found {
    let parsed = filter.and_then(Filter::read);
    let mut rows = Vec::new();
    let mut envelope = Map::new();
    for exchange in held {
        let own = parameter(&exchange.query, "$filter").and_then(Filter::read);
        let Told::List(list, head) = &exchange.told else { continue };
        envelope.clone_from(head);
        let missing = match (&own, &parsed) {
            (Some(own), Some(parsed)) => {
                !own.properties().iter().any(|name| parsed.properties().contains(name))
            }
            _ => true,
        };
        rows.extend(
            list.iter()
                .filter(|row| {
                    parsed.as_ref().is_none_or(|filter| filter.keeps(row).unwrap_or(missing))
                })
                .cloned(),
        );
    }
    let broken = held.iter().any(|exchange| exchange.broken);
    Found::List(List { rows: Rows::Held(rows), envelope, broken })
}

fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A filter without regard to spaces and case.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}
