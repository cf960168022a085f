//! Envelope: what stands around records, and what it says of them.
//!
//! Knows `value` lists with their next links, query results with skip tokens, bare arrays, single
//! objects, batches and recorded error bodies. Says whether the answer goes on elsewhere and how many
//! records were announced; leaves what the records are to others.

use std::borrow::Cow;

use highwater_snapshot::{Json, Value};

use crate::kinds::Class;

/// Records with what stood around them.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<'v> {
    pub(crate) wrapper: &'static str,
    /// `@odata.context` of the list.
    pub(crate) context: Option<Cow<'v, str>>,
    pub(crate) records: Vec<&'v Value<'v>>,
    /// Whether the answer goes on: a next link or skip token is left open.
    pub(crate) open: bool,
    /// Whether the envelope would say so, as arrays and single objects cannot.
    pub(crate) paged: bool,
    /// Whether this is a list; a single object may be one of many.
    pub(crate) list: bool,
    /// Records that the service said there are.
    pub(crate) expected: Option<u64>,
    /// What the columns of a sheet say of every row.
    pub(crate) header: Option<Box<Class>>,
    /// Whether it is known that no object in the records has a key twice.
    pub(crate) unique: bool,
}

impl<'v> Envelope<'v> {
    /// A bare list, which does not say whether it goes on.
    pub(crate) const fn list(records: Vec<&'v Value<'v>>) -> Self {
        Self {
            wrapper: "array",
            context: None,
            records,
            open: false,
            paged: false,
            list: true,
            expected: None,
            header: None,
            unique: false,
        }
    }
}

/// What a document is, before its records are looked at.
#[derive(Debug)]
pub(crate) enum Opened<'v> {
    Records(Envelope<'v>),
    /// A recorded error: code and message.
    Error(String),
    /// Answers of several requests, each a document of its own.
    Batch(Vec<(i64, &'v Value<'v>)>),
    /// Nothing that could hold records.
    Nothing(&'static str),
}

/// Keys that only envelopes have beside their records.
const NEXT: [&str; 8] = [
    "@odata.nextLink",
    "nextLink",
    "odata.nextLink",
    "skipToken",
    "$skipToken",
    "skip_token",
    "continuationToken",
    "NextPageUri",
];

/// Opens a document.
pub(crate) fn open<'v>(document: &'v Value<'v>) -> Opened<'v> {
    let json = Json::new(document);
    match document {
        Value::Array(items) => array(items),
        Value::Object(_) if is_error(json) => Opened::Error(error_text(json)),
        Value::Object(_) if is_batch(json) => Opened::Batch(batch(json)),
        Value::Object(_) => match list_of(json) {
            Some((wrapper, items)) => Opened::Records(list(json, wrapper, items)),
            None if json.key("value").is_object() && json.key("value").key("value").is_array() => {
                json.key("value").value().map_or(Opened::Nothing("an empty envelope"), open)
            }
            None => Opened::Records(single(document)),
        },
        _ => Opened::Nothing("neither an object nor an array"),
    }
}

fn array<'v>(items: &'v [Value<'v>]) -> Opened<'v> {
    let pages: Vec<Envelope<'v>> = items
        .iter()
        .filter_map(|item| {
            list_of(Json::new(item))
                .map(|(wrapper, records)| list(Json::new(item), wrapper, records))
        })
        .collect();
    if !items.is_empty() && pages.len() == items.len() {
        return Opened::Records(join(pages));
    }
    Opened::Records(Envelope::list(items.iter().collect()))
}

/// Pages that one file holds in their order.
fn join(pages: Vec<Envelope<'_>>) -> Envelope<'_> {
    let mut whole: Option<Envelope<'_>> = None;
    for page in pages {
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => {
                whole.records.extend(page.records);
                whole.open = page.open;
                whole.expected = whole.expected.max(page.expected);
            }
        }
    }
    whole.unwrap_or_else(|| Envelope::list(Vec::new()))
}

fn single<'v>(document: &'v Value<'v>) -> Envelope<'v> {
    Envelope {
        wrapper: "object",
        context: Json::new(document).key("@odata.context").filled(),
        records: vec![document],
        open: false,
        paged: false,
        list: false,
        expected: None,
        header: None,
        unique: false,
    }
}

/// The records of an envelope, when the object is one.
fn list_of<'v>(json: Json<'v>) -> Option<(&'static str, &'v [Value<'v>])> {
    let Some(Value::Object(object)) = json.value() else { return None };
    let own = |key: &str| {
        object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    };
    let looks_like_record =
        ["id", "name", "properties", "type"].iter().any(|key| own(key).is_some());
    if looks_like_record {
        return None;
    }
    match (own("value"), own("data"), own("collection")) {
        (Some(Value::Array(items)), ..) => Some(("value", items)),
        (None, Some(Value::Array(items)), _) => {
            let counted =
                ["totalRecords", "total_records", "count", "skipToken", "$skipToken", "skip_token"];
            counted.iter().any(|key| own(key).is_some()).then_some(("query", items))
        }
        (None, None, Some(Value::Array(items))) => Some(("collection", items)),
        _ => None,
    }
}

fn list<'v>(json: Json<'v>, wrapper: &'static str, items: &'v [Value<'v>]) -> Envelope<'v> {
    let open = NEXT.iter().any(|key| json.key(key).filled().is_some())
        || json.key("resultTruncated").word().is_some_and(|word| word == "true");
    let counts = ["totalRecords", "total_records", "@odata.count", "count"];
    let expected = counts
        .iter()
        .find_map(|key| json.key(key).int())
        .and_then(|count| u64::try_from(count).ok());
    Envelope {
        wrapper,
        context: json.key("@odata.context").filled(),
        records: items.iter().collect(),
        open,
        paged: true,
        list: true,
        expected,
        header: None,
        unique: false,
    }
}

fn is_error(json: Json<'_>) -> bool {
    let error = json.key("error");
    let plain =
        error.is_object() && (error.key("code").is_told() || error.key("message").is_told());
    plain || (json.key("message").is_told() && json.key("documentation_url").is_told())
}

fn error_text(json: Json<'_>) -> String {
    let code = json.at("error.code").filled();
    let code =
        code.or_else(|| json.key("message").filled()).unwrap_or(Cow::Borrowed("without a code"));
    code.chars().take(80).collect()
}

fn is_batch(json: Json<'_>) -> bool {
    let mut answers = json.key("responses").items().peekable();
    answers.peek().is_some() && answers.all(|answer| answer.key("status").int().is_some())
}

fn batch<'v>(json: Json<'v>) -> Vec<(i64, &'v Value<'v>)> {
    let answers = json.key("responses").items();
    answers
        .filter_map(|answer| Some((answer.key("status").int()?, answer.key("body").value()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(text: &str, check: impl FnOnce(Opened<'_>) -> T) -> T {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        check(open(&value))
    }

    fn records(text: &str) -> (&'static str, usize, bool, bool, Option<u64>) {
        with(text, |opened| match opened {
            Opened::Records(e) => (e.wrapper, e.records.len(), e.open, e.list, e.expected),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn lists_say_whether_they_go_on() {
        assert_eq!(
            records(r#"{"value": [{}], "nextLink": "https://x"}"#),
            ("value", 1, true, true, None)
        );
        assert_eq!(
            records(r#"{"value": [], "nextLink": null, "@odata.count": 3}"#),
            ("value", 0, false, true, Some(3))
        );
        assert_eq!(
            records(r#"{"totalRecords": 9, "count": 1, "skipToken": "t", "data": [{}]}"#),
            ("query", 1, true, true, Some(9))
        );
        assert_eq!(
            records(r#"{"count": 1, "data": [{}], "skip_token": null, "total_records": 1}"#),
            ("query", 1, false, true, Some(1))
        );
        assert_eq!(
            records(r#"[{"value": [{}], "nextLink": "x"}, {"value": [{}]}]"#),
            ("value", 2, false, true, None)
        );
        assert_eq!(records(r#"{"value": {"value": [{}]}}"#), ("value", 1, false, true, None));
    }

    #[test]
    fn a_record_with_a_value_is_no_list() {
        assert_eq!(records(r#"{"name": "x", "value": []}"#), ("object", 1, false, false, None));
        assert_eq!(records("[]"), ("array", 0, false, true, None));
    }

    #[test]
    fn errors_and_batches_are_told_apart() {
        with(r#"{"error": {"code": "Forbidden", "message": "no"}}"#, |opened| {
            assert!(matches!(opened, Opened::Error(code) if code == "Forbidden"));
        });
        with(r#"{"responses": [{"id": "1", "status": 200, "body": {"value": []}}]}"#, |opened| {
            assert!(matches!(opened, Opened::Batch(answers) if answers.len() == 1));
        });
    }
}
