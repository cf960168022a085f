//! Answering: what recorded exchanges of one path say together to a request.

use std::sync::Arc;

use serde_json::Map;

use super::super::Found;
use super::super::recording::{Exchange, Told};
use crate::odata::Filter;
use crate::paging::{List, Rows};

/// What exchanges of one path say together, for a filter.
pub(super) fn answer(held: &[&Exchange], filter: Option<&str>) -> Found {
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
    Found::List(List { rows: Rows::Held(Arc::new(rows)), envelope, broken })
}

pub(super) fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A filter without regard to spaces and case.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}
