//! Json: a cursor into a record that was read, where what is missing is simply not told.
//!
//! Owns the lenient reading of values: ids lower-case, times in UTC, flags as text, PowerShell's
//! placeholders for what it cut off. A value of the wrong type is not told, never guessed.

use std::borrow::Cow;

use crate::names::same;
use crate::{Member, Time, Value};

/// A place in a record; [`Json::NULL`] where the path leads nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Json<'v>(Option<&'v Value<'v>>);

impl<'v> Json<'v> {
    /// Nothing was told.
    pub const NULL: Self = Self(None);

    /// A cursor at `value`.
    pub const fn new(value: &'v Value<'v>) -> Self {
        Self(Some(value))
    }

    /// The value under the cursor.
    pub const fn value(self) -> Option<&'v Value<'v>> {
        self.0
    }

    /// Follows a dotted path of keys, such as `properties.owner.id`. Keys are matched exactly, else
    /// without regard to ASCII case, because exports rewrite them.
    pub fn at(self, path: &str) -> Self {
        let (mut json, mut rest) = (self, path);
        while let Some(dot) = memchr::memchr(b'.', rest.as_bytes()) {
            json = json.key(&rest[..dot]);
            if json.0.is_none() {
                return json;
            }
            rest = &rest[dot + 1..];
        }
        json.key(rest)
    }

    /// One key, which may itself hold dots.
    pub fn key(self, key: &str) -> Self {
        let Some(Value::Object(object)) = self.0 else { return Self::NULL };
        let exact = |member: &&Member<'_>| same(member.name.as_bytes(), key.as_bytes());
        let alike = |member: &&Member<'_>| member.name.eq_ignore_ascii_case(key);
        let found = object.0.iter().find(exact).or_else(|| object.0.iter().find(alike));
        Self(found.map(|member| &member.value))
    }

    /// Whether the record holds the key at all, even as null.
    pub const fn is_present(self) -> bool {
        self.0.is_some()
    }

    /// Whether something other than null, and other than a cut-off placeholder, was told.
    pub fn is_told(self) -> bool {
        match self.0 {
            None | Some(Value::Null) => false,
            Some(Value::Str(text)) => !is_placeholder(text),
            Some(_) => true,
        }
    }

    /// Whether the value is null in so many words.
    pub const fn is_null(self) -> bool {
        matches!(self.0, Some(Value::Null))
    }

    /// Text as it stands, trimmed; an empty text is told and empty. Numbers are text too.
    pub fn text(self) -> Option<Cow<'v, str>> {
        match self.0? {
            Value::Str(text) if is_placeholder(text) => None,
            Value::Str(text) => Some(Cow::Borrowed(text.trim())),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// Text that is not empty.
    pub fn filled(self) -> Option<Cow<'v, str>> {
        self.text().filter(|text| !text.is_empty())
    }

    /// An enumeration value: lower-case, not empty.
    pub fn word(self) -> Option<Cow<'v, str>> {
        self.filled().map(lower)
    }

    /// An id: lower-case, braces of a GUID dropped, not empty.
    pub fn id(self) -> Option<Cow<'v, str>> {
        let text = self.filled()?;
        let bare = match text {
            Cow::Borrowed(text) => Cow::Borrowed(unbrace(text)),
            Cow::Owned(text) => Cow::Owned(unbrace(&text).to_owned()),
        };
        Some(lower(bare))
    }

    /// The last segment of a path such as `/providers/Microsoft.PowerApps/apis/shared_sql`, as an id.
    pub fn segment(self) -> Option<Cow<'v, str>> {
        let id = self.id()?;
        let last = id.trim_end_matches('/').rsplit('/').next()?;
        Some(Cow::Owned(last.to_owned())).filter(|last: &Cow<'_, str>| !last.is_empty())
    }

    /// An id that may be told and none: `''` for null, an empty text or the all-zero GUID.
    pub fn id_or_none(self) -> Option<Cow<'v, str>> {
        if !self.is_present() {
            return None;
        }
        if let Some(Value::Str(text)) = self.0
            && is_placeholder(text)
        {
            return None;
        }
        match self.id() {
            Some(id) if id != ZERO_GUID => Some(id),
            _ => Some(Cow::Borrowed("")),
        }
    }

    /// A flag: true or false, also as the texts that spreadsheets and PowerShell write.
    pub fn flag(self) -> Option<bool> {
        match self.0? {
            Value::Bool(flag) => Some(*flag),
            Value::Str(text) => {
                let is = |word: &&str| text.trim().eq_ignore_ascii_case(word);
                let told = |words: [&str; 2]| words.iter().any(is);
                told(["true", "yes"]).then_some(true).or(told(["false", "no"]).then_some(false))
            }
            _ => None,
        }
    }

    /// A whole number, also as text.
    pub fn int(self) -> Option<i64> {
        match self.0? {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::Str(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A finite real number, also as text.
    pub fn float(self) -> Option<f64> {
        let number = match self.0? {
            Value::Number(number) => number.as_f64()?,
            Value::Str(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// A moment: RFC 3339 with or without zone (then UTC), `/Date(ms)/`.
    pub fn time(self) -> Option<Time> {
        match self.0? {
            Value::Str(text) => Time::parse(text.trim()),
            _ => None,
        }
    }

    /// A moment written as whole seconds since 1970.
    pub fn unix_seconds(self) -> Option<Time> {
        self.int().and_then(|seconds| seconds.checked_mul(1_000_000)).map(Time)
    }

    /// The members of an array; none for anything else.
    pub fn items(self) -> impl Iterator<Item = Json<'v>> + Clone {
        let items: &[Value<'v>] = match self.0 {
            Some(Value::Array(items)) => items,
            _ => &[],
        };
        items.iter().map(Json::new)
    }

    /// Number of members, where the value is an array.
    pub fn len(self) -> Option<i64> {
        match self.0? {
            Value::Array(items) => i64::try_from(items.len()).ok(),
            _ => None,
        }
    }

    /// Whether the value is an array without members.
    pub fn is_empty(self) -> bool {
        self.len() == Some(0)
    }

    /// Whether the value is an array.
    pub const fn is_array(self) -> bool {
        matches!(self.0, Some(Value::Array(_)))
    }

    /// Whether the value is an object.
    pub const fn is_object(self) -> bool {
        matches!(self.0, Some(Value::Object(_)))
    }

    /// The members of an object; none for anything else.
    pub fn entries(self) -> impl Iterator<Item = (&'v str, Json<'v>)> {
        let object = match self.0 {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        };
        object
            .into_iter()
            .flat_map(|object| object.iter().map(|(key, value)| (key, Json::new(value))))
    }
}

/// The GUID that services write for "none".
pub(crate) const ZERO_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// What PowerShell prints where `ConvertTo-Json` or `Export-Csv` cut a nested value off.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("@{")
        || text.starts_with("System.Object[")
        || text.starts_with("System.Collections.")
}

fn unbrace(text: &str) -> &str {
    text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text)
}

fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    // Without an early end the compiler looks at many bytes at once.
    let (all, upper) = text
        .bytes()
        .fold((0, false), |(all, upper), byte| (all | byte, upper | byte.is_ascii_uppercase()));
    match (all.is_ascii(), upper) {
        (true, false) => text,
        (true, true) => Cow::Owned(text.to_ascii_lowercase()),
        _ if text.chars().any(char::is_uppercase) => Cow::Owned(text.to_lowercase()),
        _ => text,
    }
}

fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the largest exact double")]
    (number.fract() == 0.0 && number.abs() <= LIMIT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(text: &str, check: impl FnOnce(Json<'_>) -> T) -> T {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        check(Json::new(&value))
    }

    #[test]
    fn paths_ignore_case_only_when_the_exact_key_is_missing() {
        with(r#"{"Name": 1, "name": 2, "A": {"B": true}}"#, |json| {
            assert_eq!(json.at("name").int(), Some(2));
            assert_eq!(json.at("a.b").flag(), Some(true));
            assert!(!json.at("a.b.c").is_present());
        });
    }

    #[test]
    fn what_powershell_cut_off_is_not_told() {
        with(r#"{"x": "@{a=1}", "y": "System.Object[]", "z": ""}"#, |json| {
            assert_eq!(json.at("x").text(), None);
            assert!(!json.at("y").is_told());
            assert_eq!(json.at("x").id_or_none(), None);
            assert_eq!(json.at("z").id_or_none().as_deref(), Some(""));
            assert_eq!(json.at("missing").id_or_none(), None);
        });
    }

    #[test]
    fn wrong_types_are_not_told() {
        with(r#"{"n": [1], "t": {"a": 1}, "f": 7, "big": 1e300}"#, |json| {
            assert_eq!(json.at("n").int(), None);
            assert_eq!(json.at("t").text(), None);
            assert_eq!(json.at("f").flag(), None);
            assert_eq!(json.at("big").int(), None);
        });
    }

    #[test]
    fn ids_are_lower_case_without_braces() {
        with(
            r#"{"g": "{ABC}", "p": "/a/B/", "z": "00000000-0000-0000-0000-000000000000"}"#,
            |json| {
                assert_eq!(json.at("g").id().as_deref(), Some("abc"));
                assert_eq!(json.at("p").segment().as_deref(), Some("b"));
                assert_eq!(json.at("z").id_or_none().as_deref(), Some(""));
            },
        );
    }
}
