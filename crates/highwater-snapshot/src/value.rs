//! Value: a JSON value that was read in place, or made of such.
//!
//! Owns the tree in which records are looked at. What a reader put into an arena is borrowed and costs
//! nothing to leave behind; what was made on the way owns its members. Members keep their order, also
//! where a name stands twice. Knows nothing of what a name means: [`crate::Json`] looks things up.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::Name;

/// Any JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'v> {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number: whole where it is written so and fits 64 bits, else a double.
    Number(serde_json::Number),
    /// A text.
    Str(Text<'v>),
    /// A list.
    Array(List<'v, Self>),
    /// An object.
    Object(Object<'v>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'v> {
    /// Its name.
    pub name: Name<'v>,
    /// Its value.
    pub value: Value<'v>,
}

/// A text, read or made. Derefs to the text itself.
#[derive(Clone, Debug)]
pub enum Text<'v> {
    /// Borrowed from where it was read. Whether it is known to be plain: it has no control character and none of
    /// [`TELLING`].
    Read(&'v str, bool),
    /// Made on the way.
    Made(Box<str>),
}

/// Bytes of which one stands in every text that JSON escapes, every credential that is no JSON web token, and every
/// address of a person.
pub const TELLING: [u8; 5] = [b'"', b'\\', b'=', b'B', b'@'];

/// Members in a row, read or made.
#[derive(Clone, Debug)]
pub enum List<'v, T> {
    /// Read in place: they lie in an arena.
    Read(&'v [T]),
    /// Made on the way.
    Made(Box<Vec<T>>),
}

/// The members of an object in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Object<'v>(pub List<'v, Member<'v>>);

impl<'v> Text<'v> {
    /// A text that was read. What is called plain is written into snapshots without a closer look: whoever calls it
    /// so has seen all of its bytes.
    #[inline]
    pub fn read(text: &'v str, plain: bool) -> Self {
        debug_assert!(
            !plain || text.bytes().all(|byte| byte >= b' ' && !TELLING.contains(&byte)),
            "{text:?} is called plain"
        );
        Self::Read(text, plain)
    }

    /// Whether it is known to have no control character and none of [`TELLING`].
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self, Self::Read(_, true))
    }

    /// The text, borrowed where it was read.
    pub fn into_cow(self) -> Cow<'v, str> {
        match self {
            Self::Read(text, _) => Cow::Borrowed(text),
            Self::Made(text) => Cow::Owned(text.into()),
        }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            Self::Read(text, _) => text,
            Self::Made(text) => text,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T> Deref for List<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Read(members) => members,
            Self::Made(members) => members,
        }
    }
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self::Read(&[])
    }
}

impl<T> From<Vec<T>> for List<'_, T> {
    fn from(made: Vec<T>) -> Self {
        Self::Made(Box::new(made))
    }
}

impl<T: PartialEq> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'a, T> IntoIterator for &'a List<'_, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'v> Object<'v> {
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'v>)> + Clone {
        self.0.iter().map(|member| (&*member.name, &member.value))
    }

    /// The first member of exactly that name.
    pub fn get(&self, name: &str) -> Option<&Value<'v>> {
        self.0.iter().find(|member| *member.name == *name).map(|member| &member.value)
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Str(Text::Read(text, false))
    }
}

impl<'v> From<Cow<'v, str>> for Value<'v> {
    fn from(text: Cow<'v, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Str(Text::Made(text.into()))
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<&Value<'_>> for serde_json::Value {
    fn from(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::Str(text) => Self::String(text.to_string()),
            Value::Array(items) => items.iter().map(Self::from).collect(),
            Value::Object(object) => {
                object.iter().map(|(name, value)| (name.to_owned(), Self::from(value))).collect()
            }
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items.iter()),
            Self::Object(object) => serializer.collect_map(object.iter()),
        }
    }
}

impl<'de: 'v, 'v> Deserialize<'de> for Value<'v> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

/// Reads a value from any format that says what comes.
struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::from(text.to_owned()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut read: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = read.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(List::from(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut read: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Key(name), value)) = read.next_entry()? {
            members.push(Member { name: Name::from(name), value });
        }
        Ok(Value::Object(Object(List::from(members))))
    }
}

/// A name, borrowed where it is written without escapes.
struct Key<'v>(Cow<'v, str>);

impl<'de: 'v, 'v> Deserialize<'de> for Key<'v> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(Reading)? {
            Value::Str(name) => Ok(Self(name.into_cow())),
            _ => Err(serde::de::Error::custom("a name that is no text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        let text = r#"{"a\n":[1,-2,3.5,1e300,"x\"y",{"a":null,"a":true}],"":{}}"#;
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), text.replace("1e300", "1e+300"));
        assert_eq!(serde_json::Value::from(&value)[""], serde_json::json!({}));
    }

    #[test]
    fn values_are_small() {
        assert_eq!((size_of::<Value<'_>>(), size_of::<Member<'_>>()), (24, 48));
    }

    #[test]
    fn read_and_made_are_the_same_where_they_say_the_same() {
        let items = [Value::Null, Value::Bool(true)];
        let (read, made) = (List::Read(&items), List::from(items.to_vec()));
        assert_eq!(Value::Array(read), Value::Array(made));
    }
}
