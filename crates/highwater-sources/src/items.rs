//! Items: the records of a page, one at a time, whatever the wrapper is called.
//!
//! Guarantees that only the wanted fields of one record are in memory at a time. A record of another shape is left
//! out, because extractors only look for what others are asked for.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The records of a page.
pub(crate) fn items<T: DeserializeOwned>(body: &[u8]) -> Vec<T> {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    // What was read before a fault is still true.
    let _ = Wrapper { found: &mut found }.deserialize(&mut reader);
    found
}

/// A list, or an object that holds one.
struct Wrapper<'a, T> {
    found: &'a mut Vec<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Wrapper<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Wrapper<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element::<Lenient<T>>()? {
            self.found.extend(item.0);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<String>()? {
            if ["value", "collection", "data", "objectresult"]
                .contains(&key.to_lowercase().as_str())
            {
                object.next_value_seed(Wrapper { found: &mut *self.found })?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A record, or nothing where it has another shape.
struct Lenient<T>(Option<T>, PhantomData<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let raw = <Box<serde_json::value::RawValue>>::deserialize(reader)?;
        Ok(Self(serde_json::from_str(raw.get()).ok(), PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    fn names(text: &str) -> Vec<String> {
        items::<Named>(text.as_bytes()).into_iter().map(|item| item.name).collect()
    }

    #[test]
    fn every_wrapper_is_opened() {
        assert_eq!(
            names(r#"{"value": [{"name": "a", "x": [1]}, {"name": "b"}], "nextLink": "n"}"#),
            ["a", "b"]
        );
        assert_eq!(names(r#"{"collection": [{"name": "a"}]}"#), ["a"]);
        assert_eq!(names(r#"[{"name": "a"}]"#), ["a"]);
        assert_eq!(names(r#"{"value": null}"#), Vec::<String>::new());
    }

    #[test]
    fn other_shapes_are_left_out() {
        assert_eq!(names(r#"{"value": [1, {"name": 2}, {"name": "b"}]}"#), ["b"]);
        assert_eq!(names(r#"{"value": [{"name": "a"}, {"na"#), ["a"]);
        assert_eq!(names("<html>"), Vec::<String>::new());
    }
}
