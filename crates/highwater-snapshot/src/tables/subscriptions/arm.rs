//! Arm: what all Azure Resource Manager objects share: type, id, place, tags, properties.
//!
//! Guarantees one form of an id whatever service or tool wrote it: lower-case, with a leading slash,
//! without a trailing one. Reads the shape of the API (`properties` below the object) and the one that
//! `az ... -o json` writes for some types (`properties` merged into the object).
//!
//! Objects without any properties, as the generic resource list gives them, are not full: what they lack
//! is not told. See <https://learn.microsoft.com/azure/azure-resource-manager/management/overview>.

use std::borrow::Cow;

use crate::{Json, Record};

/// Whether the object is of a type such as `microsoft.network/networksecuritygroups`; the type is taken
/// from the id where the object does not say it.
pub(crate) fn is(record: &Record<'_>, kind: &str) -> bool {
    match record.at("type").filled() {
        Some(told) => told.eq_ignore_ascii_case(kind),
        None => {
            record.at("id").id().is_some_and(|id| kind_of(&id).is_some_and(|found| found == kind))
        }
    }
}

/// The properties of an object: below `properties`, else the object itself.
pub(crate) fn properties(json: Json<'_>) -> Json<'_> {
    let below = json.at("properties");
    if below.is_object() { below } else { json }
}

/// Whether the object carries its properties at all, so that an absent one means its default.
pub(crate) fn is_full(json: Json<'_>) -> bool {
    json.at("properties").is_object() || json.at("provisioningState").is_told()
}

/// An id in its one form.
pub(crate) fn id(json: Json<'_>) -> Option<Cow<'_, str>> {
    normalise(json.id()?)
}

/// An id that a full object may lack: `''` is told and none.
pub(crate) fn id_or_none(json: Json<'_>, full: bool) -> Option<Cow<'_, str>> {
    if json.is_told() {
        json.id().map_or(Some(Cow::Borrowed("")), normalise)
    } else {
        full.then_some(Cow::Borrowed(""))
    }
}

/// The subscription that the object is in.
pub(crate) fn subscription<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    record
        .at("subscriptionId")
        .id()
        .or_else(|| after(&id(record.at("id"))?, "subscriptions").map(Cow::Owned))
}

/// The resource group that the object is in.
pub(crate) fn resource_group<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    record
        .at("resourceGroup")
        .id()
        .or_else(|| after(&id(record.at("id"))?, "resourcegroups").map(Cow::Owned))
}

/// The resource that an extension object such as a diagnostic setting belongs to: of the request, else
/// what stands before the last `/providers/` of its id.
pub(crate) fn extended<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    if let Some(parent) = record.parent() {
        return normalise(parent);
    }
    before(&id(record.at("id"))?, "/providers/")
}

/// What stands before the last `mark` of an id.
pub(crate) fn before<'v>(id: &str, mark: &str) -> Option<Cow<'v, str>> {
    id.rfind(mark).map(|at| Cow::Owned(id[..at].to_owned()))
}

/// `name` and `name=value` of every tag, lower-case and sorted; none in a full object without tags.
pub(crate) fn tags(record: &Record<'_>) -> Option<Vec<String>> {
    let tags = record.at("tags");
    if !tags.is_object() {
        return is_full(record.json).then(Vec::new);
    }
    let mut found = Vec::new();
    for (name, value) in tags.entries().filter(|(name, _)| !name.starts_with('$')) {
        let name = name.to_lowercase();
        found.push(format!("{name}={}", value.word().unwrap_or_default()));
        found.push(name);
    }
    found.sort();
    Some(found)
}

/// A flag whose absence from a full object means `absent`.
pub(crate) fn flag_or(json: Json<'_>, full: bool, absent: bool) -> Option<bool> {
    if json.is_told() { json.flag() } else { full.then_some(absent) }
}

/// Number of members of a list that a full object leaves out when it is empty.
pub(crate) fn len_or_zero(json: Json<'_>, full: bool) -> Option<i64> {
    if json.is_told() { json.len() } else { full.then_some(0) }
}

/// The one member of a list of ids: `''` when a full object has none, not told when there are several.
pub(crate) fn only(mut ids: Vec<String>, full: bool) -> Option<String> {
    ids.sort();
    ids.dedup();
    match ids.len() {
        0 => full.then(String::new),
        1 => ids.pop(),
        _ => None,
    }
}

fn normalise(id: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let bare = id.trim_matches('/');
    if bare.is_empty() {
        return None;
    }
    if id.starts_with('/') && id.len() == bare.len() + 1 {
        return Some(id);
    }
    Some(Cow::Owned(format!("/{bare}")))
}

fn after(id: &str, segment: &str) -> Option<String> {
    let mut parts = id.split('/');
    parts.by_ref().find(|part| *part == segment)?;
    parts.next().filter(|part| !part.is_empty()).map(ToOwned::to_owned)
}

/// `microsoft.x/parents/children` from `.../providers/microsoft.x/parents/p/children/c`.
fn kind_of(id: &str) -> Option<String> {
    let (_, rest) = id.rsplit_once("/providers/")?;
    let mut parts = rest.trim_end_matches('/').split('/');
    let service = parts.next()?;
    let kinds: Vec<&str> = parts.step_by(2).collect();
    (!kinds.is_empty()).then(|| format!("{service}/{}", kinds.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;

    fn with(text: &str, check: impl FnOnce(&Record<'_>)) {
        let value: crate::Value<'_> = serde_json::from_str(text).unwrap();
        check(&Record::new(Json::new(&value), &Place::default()));
    }

    #[test]
    fn ids_have_one_form_and_tell_their_place() {
        with(
            r#"{"id": "Subscriptions/S1/resourcegroups/RG/providers/Microsoft.Web/sites/A/"}"#,
            |record| {
                assert_eq!(
                    id(record.at("id")).as_deref(),
                    Some("/subscriptions/s1/resourcegroups/rg/providers/microsoft.web/sites/a")
                );
                assert_eq!(subscription(record).as_deref(), Some("s1"));
                assert_eq!(resource_group(record).as_deref(), Some("rg"));
                assert_eq!(
                    extended(record).as_deref(),
                    Some("/subscriptions/s1/resourcegroups/rg")
                );
                assert!(
                    is(record, "microsoft.web/sites") && !is(record, "microsoft.web/sites/slots")
                );
            },
        );
    }

    #[test]
    fn absent_means_something_only_in_a_full_object() {
        with(r#"{"id": "/x", "properties": {"on": "maybe"}}"#, |record| {
            let (body, full) = (properties(record.json), is_full(record.json));
            assert_eq!(flag_or(body.at("off"), full, false), Some(false));
            assert_eq!(flag_or(body.at("on"), full, false), None);
            assert_eq!(id_or_none(body.at("nsg.id"), full).as_deref(), Some(""));
            assert_eq!(len_or_zero(body.at("rules"), full), Some(0));
        });
        with(r#"{"id": "/x"}"#, |record| {
            assert_eq!(flag_or(record.at("off"), is_full(record.json), false), None);
            assert_eq!(tags(record), None);
        });
    }

    #[test]
    fn tags_stand_with_and_without_their_value() {
        with(r#"{"tags": {"Workload": "RPA", "$type": "x", "a": ""}}"#, |record| {
            assert_eq!(tags(record).unwrap(), ["a", "a=", "workload", "workload=rpa"]);
        });
        assert_eq!(only(vec!["b".into(), "b".into()], true).as_deref(), Some("b"));
        assert_eq!(only(vec!["b".into(), "c".into()], true), None);
    }
}
