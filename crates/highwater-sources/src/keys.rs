//! Keys: for what a request is asked once each at a place, and the values that fill it.
//!
//! Pure: the same answers give the same keys in the same order, so that a resumed run asks the same.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::chain::Chain;
use crate::engine::Engine;
use crate::fill::{self, Values};
use crate::found::{Found, Object, Place};
use crate::source::{Each, Request, Scope, Source};

/// Keys of a request, and the values that each adds.
pub(crate) fn keys(
    engine: &Engine,
    source: &Source,
    request: &Request,
    (found, place): (&Found, Place<'_>),
    ids: &[String],
) -> Vec<(String, Values)> {
    let with = |key: &str, texts: BTreeMap<&'static str, String>| {
        let mut values = fill::values(&engine.plan, engine.now);
        values.texts.extend(texts);
        if !key.is_empty() {
            values.texts.insert("key", key.to_owned());
        }
        (key.to_owned(), values)
    };
    if let Scope::Batch { size, .. } = source.scope {
        let chunks = ids.chunks(size.max(1)).zip(1_u32..);
        return chunks
            .map(|(ids, number)| {
                let (key, mut values) = with(&format!("{number:05}"), BTreeMap::new());
                values.ids = ids.to_vec();
                (key, values)
            })
            .collect();
    }
    match request.each {
        Each::Once => vec![with("", BTreeMap::new())],
        Each::Of(keys) => keys.iter().map(|key| with(key, BTreeMap::new())).collect(),
        Each::Found(kind) => {
            let earlier = place.environment.into_iter().flat_map(|environment| &environment.keys);
            let named: BTreeMap<String, &Object> = earlier
                .chain(&found.keys)
                .filter(|key| key.kind == kind)
                .map(|key| (key.id.to_lowercase(), key))
                .collect();
            named
                .into_iter()
                .map(|(key, object)| {
                    let mut values = with(&key, object.fields.clone()).1;
                    values.texts.insert("key", object.id.clone());
                    (key, values)
                })
                .collect()
        }
        Each::Days(days) => (0..i64::from(days))
            .filter_map(|day| day_of(engine.now, day))
            .map(|(key, texts)| with(&key, texts))
            .collect(),
    }
}

/// The day so many times 24 hours before a moment.
pub(crate) fn day_of(
    now: Timestamp,
    before: i64,
) -> Option<(String, BTreeMap<&'static str, String>)> {
    let end = now.checked_sub(SignedDuration::from_hours(24 * before)).ok()?;
    let start = end.checked_sub(SignedDuration::from_hours(24)).ok()?;
    let plain = |moment: Timestamp| format!("{moment:.0}").trim_end_matches('Z').to_owned();
    let texts = BTreeMap::from([("day_start", plain(start)), ("day_end", plain(end))]);
    Some((format!("{:05}", before + 1), texts))
}

/// The values with those of the place.
pub(crate) fn placed(mut values: Values, source: &Source, place: Place<'_>) -> Values {
    if let Some(environment) = place.environment {
        values.texts.insert("env", environment.id.clone());
        if source.service == "dataverse" {
            values.base.clone_from(&environment.dataverse);
        }
    }
    if let Some(object) = place.object {
        values.texts.extend(object.fields.clone());
        values.texts.insert("id", object.id.clone());
        if let Some(environment) = &object.environment {
            values.texts.insert("env", environment.clone());
        }
    }
    values
}

/// The chain of a request at a place.
pub(crate) fn chain(source: &Source, request: usize, place: Place<'_>, key: &str) -> Chain {
    let (environment, parent) = scope(source, place);
    Chain {
        source: source.id.to_owned(),
        environment: environment.unwrap_or_default().to_lowercase(),
        parent: parent.unwrap_or_default().to_lowercase(),
        request,
        key: key.to_owned(),
    }
}

/// Environment and parent, as the index names the scope of a source.
pub(crate) fn scope<'a>(source: &Source, place: Place<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let environment = place.environment.map(|environment| environment.id.as_str());
    match source.scope {
        Scope::Tenant | Scope::Batch { .. } => (None, None),
        Scope::Environment | Scope::Dataverse => (environment, None),
        Scope::Each(_) => {
            let object = place.object;
            let own = object.and_then(|object| object.environment.as_deref());
            (own.or(environment), object.map(|object| object.id.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_one_another_without_a_gap() {
        let now: Timestamp = "2026-11-22T06:00:00Z".parse().unwrap();
        let days: Vec<_> = (0..3).filter_map(|day| day_of(now, day)).collect();
        let of = |day: usize, name: &str| days[day].1[name].clone();
        assert_eq!(
            (of(0, "day_end"), of(0, "day_start")),
            ("2026-11-22T06:00:00".into(), "2026-11-21T06:00:00".into())
        );
        assert_eq!(of(1, "day_end"), of(0, "day_start"));
        assert_eq!(of(2, "day_end"), of(1, "day_start"));
        assert_eq!(days[2].0, "00003");
    }
}
