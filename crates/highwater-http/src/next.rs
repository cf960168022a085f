//! Next: where an answer says that there is more.
//!
//! Guarantees that a whole answer is well-formed JSON before anything of it is believed; empty links and tokens mean
//! the end. Reads the answer once and keeps nothing of it but the continuation.

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::{Next, Paging, links};

/// Continuations of a JSON answer, as far as they are texts that are not empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Continuation {
    link: Option<String>,
    skip_token: Option<String>,
    continuation_token: Option<String>,
}

/// Reads an answer that has to be JSON.
pub(crate) fn scan(body: &[u8]) -> Result<Continuation, String> {
    let text = std::str::from_utf8(body).map_err(|_| "not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_str(text);
    let found = reader.deserialize_any(Scan).map_err(|error| position(&error))?;
    reader.end().map_err(|error| position(&error))?;
    Ok(found)
}

/// Where the next page is, by the dialect of the read.
pub(crate) fn find(
    paging: Paging,
    found: Continuation,
    headers: &[(String, String)],
) -> Option<Next> {
    let header = |name: &str| {
        headers
            .iter()
            .find(|(given, value)| given == name && !value.trim().is_empty())
            .map(|(_, value)| value.trim().to_owned())
    };
    let link_header = || header("link").and_then(|value| links::next(&value).map(str::to_owned));
    match paging {
        Paging::None => None,
        Paging::NextLink | Paging::ODataNextLink => found.link.map(Next::Link),
        Paging::First => found.link.or_else(link_header).map(Next::Link),
        Paging::ResourceGraph | Paging::Inventory => found.skip_token.map(Next::Token),
        Paging::ContinuationToken => found.continuation_token.map(Next::Token),
        Paging::ContinuationHeader => header("x-ms-continuationtoken").map(Next::Token),
        Paging::LinkHeader => link_header().map(Next::Link),
        Paging::NextPageUri => header("nextpageuri").map(Next::Link),
    }
}

/// What is wrong with an answer, without a word of what it says.
fn position(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "cut off" } else { "not well-formed" };
    format!("{what} at line {} column {}", error.line(), error.column())
}

struct Scan;

impl<'de> Visitor<'de> for Scan {
    type Value = Continuation;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Continuation, A::Error> {
        let mut found = Continuation::default();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let Some(place) = found.place(&key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value::<Loose>()?.0;
            if value.is_some() {
                *place = value;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Continuation, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Continuation::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Continuation, E> {
        Ok(Continuation::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Continuation, E> {
        Ok(Continuation::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Continuation, E> {
        Ok(Continuation::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Continuation, E> {
        Ok(Continuation::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Continuation, E> {
        Ok(Continuation::default())
    }

    fn visit_unit<E>(self) -> Result<Continuation, E> {
        Ok(Continuation::default())
    }
}

impl Continuation {
    /// Whether the answer says in any way that there is more.
    pub(crate) const fn goes_on(&self) -> bool {
        self.link.is_some() || self.skip_token.is_some() || self.continuation_token.is_some()
    }

    /// Where a key of the answer belongs; vendors do not agree on capitals.
    fn place(&mut self, key: &str) -> Option<&mut Option<String>> {
        let is = |names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name));
        if is(&["nextLink", "@odata.nextLink", "odata.nextLink"]) {
            Some(&mut self.link)
        } else if is(&["$skipToken", "skipToken"]) {
            Some(&mut self.skip_token)
        } else if is(&["continuationToken"]) {
            Some(&mut self.continuation_token)
        } else {
            None
        }
    }
}

/// A text that is not empty, or anything else.
struct Loose(Option<String>);

impl<'de> serde::Deserialize<'de> for Loose {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = match value {
            serde_json::Value::String(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        };
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(paging: Paging, body: &str) -> Option<Next> {
        find(paging, scan(body.as_bytes()).unwrap(), &[])
    }

    fn after(paging: Paging, name: &str, value: &str) -> Option<Next> {
        find(paging, Continuation::default(), &[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn every_spelling_of_a_link_is_found() {
        let link = Some(Next::Link("https://a.example/2".to_owned()));
        for key in ["nextLink", "@odata.nextLink", "odata.nextLink", "@odata.nextlink", "NextLink"]
        {
            let body =
                format!(r#"{{"value":[{{"nextLink":"no"}}],"{key}":"https://a.example/2"}}"#);
            assert_eq!(next(Paging::NextLink, &body), link, "{key}");
            assert_eq!(next(Paging::ODataNextLink, &body), link, "{key}");
            assert_eq!(next(Paging::First, &body), link, "{key}");
            assert_eq!(next(Paging::None, &body), None);
        }
    }

    #[test]
    fn tokens_are_found_where_their_dialect_puts_them() {
        let token = Some(Next::Token("t".to_owned()));
        assert_eq!(next(Paging::ResourceGraph, r#"{"$skipToken":"t","data":[]}"#), token);
        assert_eq!(next(Paging::Inventory, r#"{"skipToken":"t","data":[]}"#), token);
        assert_eq!(next(Paging::ContinuationToken, r#"{"continuationToken":"t"}"#), token);
        assert_eq!(after(Paging::ContinuationHeader, "x-ms-continuationtoken", "t"), token);
        let link = Some(Next::Link("https://a.example/2".to_owned()));
        assert_eq!(after(Paging::NextPageUri, "nextpageuri", "https://a.example/2"), link);
        assert_eq!(after(Paging::LinkHeader, "link", "<https://a.example/2>; rel=\"next\""), link);
    }

    #[test]
    fn nothing_empty_goes_on() {
        for body in [
            r#"{"value":[]}"#,
            r#"{"nextLink":null}"#,
            r#"{"nextLink":""}"#,
            r#"{"nextLink":"  "}"#,
            r#"{"nextLink":{}}"#,
            "[]",
            "[1,2]",
            "null",
            "1",
            "\"x\"",
        ] {
            assert_eq!(next(Paging::NextLink, body), None, "{body}");
        }
        assert_eq!(next(Paging::ResourceGraph, r#"{"$skipToken":""}"#), None);
        assert_eq!(after(Paging::ContinuationHeader, "x-ms-continuationtoken", " "), None);
        assert_eq!(after(Paging::LinkHeader, "link", "<https://a.example/2>; rel=\"last\""), None);
    }

    #[test]
    fn what_is_no_json_is_said_without_its_words() {
        for (body, wanted) in [
            (r#"{"value":["secret""#, "cut off at line 1 column 18"),
            ("", "cut off at line 1 column 0"),
            (r#"{"a":1} x"#, "not well-formed at line 1 column 9"),
            ("<html>", "not well-formed at line 1 column 1"),
        ] {
            assert_eq!(scan(body.as_bytes()), Err(wanted.to_owned()));
        }
        assert_eq!(scan(b"\"\xff\""), Err("not UTF-8".to_owned()));
    }

    #[test]
    fn deep_nesting_is_walked() {
        let body = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(scan(body.as_bytes()).is_ok());
    }
}
