//! Testing: one answer for one source, without a run.

use std::path::PathBuf;

use crate::found::{Answer, Composed, Found, Object, Place};
use crate::source::Source;

/// What a source finds in an answer to the request of a part, at an object, for a key.
pub(crate) fn found(
    source: &Source,
    at: Option<&Object>,
    (part, key): (&str, &str),
    body: &str,
) -> Found {
    let mut found = Found::default();
    let place = Place { object: at, ..Place::default() };
    let request = source.requests.iter().find(|request| request.part == part).unwrap();
    (source.find)(&Answer { request, place, key, body: body.as_bytes() }, &mut found);
    found
}

/// What a source makes of answers, told as part, key and body.
pub(crate) fn composed(source: &Source, at: &Object, told: &[(&str, &str, &str)]) -> Vec<Composed> {
    let place = Place { object: Some(at), ..Place::default() };
    let answers: Vec<Answer<'_>> = told
        .iter()
        .map(|(part, key, body)| {
            let request = source.requests.iter().find(|request| request.part == *part).unwrap();
            Answer { request, place, key, body: body.as_bytes() }
        })
        .collect();
    source.compose.unwrap()(&place, &answers)
}

/// A published or recorded answer beside the checkout; none, with a word, where it is not there.
pub(crate) fn payload(name: &str) -> Option<String> {
    let folder =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/payloads"));
    let text = std::fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        println!("skipped: no payload {name} beside the checkout");
    }
    text
}
