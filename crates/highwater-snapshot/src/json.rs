//! Json: a cursor into a record that was read, where what is missing is simply not told.
//!
//! Owns the lenient reading of values: ids lower-case, times in UTC, flags as text, PowerShell's
//! placeholders for what it cut off. A value of the wrong type is not told, never guessed.

use std::borrow::Cow;

use wide::u8x16;

use crate::names::{Look, same};
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
        while let Some(dot) = dot(rest) {
            json = json.key(&rest[..dot]);
            if json.0.is_none() {
                return json;
            }
            rest = &rest[dot + 1..];
        }
        json.key(rest)
    }

    /// One key, which may itself hold dots.
    #[inline]
    pub fn key(self, key: &str) -> Self {
        // How a key looks is known beforehand where the key is.
        self.like(key, Look::of(key))
    }

    #[inline(never)]
    fn like(self, key: &str, look: Look) -> Self {
        let Some(Value::Object(object)) = self.0 else { return Self::NULL };
        let mut alike = None;
        for Member { name, value } in object.0.iter().filter(|member| member.name.look() == look) {
            if same(name.as_bytes(), key.as_bytes()) {
                return Self(Some(value));
            }
            if alike.is_none() && name.eq_ignore_ascii_case(key) {
                alike = Some(value);
            }
        }
        Self(alike)
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
            Value::Str(text) => Some(Cow::Borrowed(trim(text))),
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

    /// Whether the text is a word, in any case.
    pub fn says(self, word: &str) -> bool {
        self.text().is_some_and(|text| text.eq_ignore_ascii_case(word))
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
                let text = trim(text);
                let is = |word: &str| text.eq_ignore_ascii_case(word);
                if is("true") || is("yes") {
                    Some(true)
                } else if is("false") || is("no") {
                    Some(false)
                } else {
                    None
                }
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
            Value::Str(text) => Time::parse(trim(text)),
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
    // Most texts begin with another letter.
    if text.as_bytes().first().is_some_and(|first| is_ink(*first) && !matches!(first, b'@' | b'S'))
    {
        return false;
    }
    let text = text.trim_start();
    text.starts_with("@{")
        || text.starts_with("System.Object[")
        || text.starts_with("System.Collections.")
}

/// A text without the spaces around it; most have none.
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if is_ink(*first) && is_ink(*last) => text,
        _ => text.trim(),
    }
}

/// Whether a byte is a character of its own that can be seen.
const fn is_ink(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~')
}

/// Where the first dot of a path stands. Most paths are one short key.
fn dot(path: &str) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let bytes = path.as_bytes();
    // The lowest high bit that is left marks the first dot.
    let first = |block: &[u8; 8]| {
        let word = u64::from_le_bytes(*block) ^ (ONES * u64::from(b'.'));
        let dots = word.wrapping_sub(ONES) & !word & (ONES << 7);
        (dots != 0).then_some(dots.trailing_zeros() as usize / 8)
    };
    let Some(end) = bytes.last_chunk() else { return bytes.iter().position(|byte| *byte == b'.') };
    for (at, block) in (0..).step_by(8).zip(bytes.as_chunks().0) {
        if let Some(found) = first(block) {
            return Some(at + found);
        }
    }
    // What is left behind the last whole block is looked at together with what stands before it.
    first(end).map(|found| bytes.len() - 8 + found)
}

fn unbrace(text: &str) -> &str {
    text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text)
}

fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    match letters(text.as_bytes()) {
        (true, false) => text,
        (true, true) => Cow::Owned(text.to_ascii_lowercase()),
        _ if text.chars().any(char::is_uppercase) => Cow::Owned(text.to_lowercase()),
        _ => text,
    }
}

/// Whether all bytes are ASCII, and whether any is a capital letter of it.
fn letters(bytes: &[u8]) -> (bool, bool) {
    let Some(end) = bytes.last_chunk() else {
        return (bytes.is_ascii(), bytes.iter().any(u8::is_ascii_uppercase));
    };
    // What is left behind the last whole block is looked at together with what stands before it.
    let (mut all, mut upper) = (u8x16::splat(0), u8x16::splat(0));
    for block in bytes.as_chunks::<16>().0.iter().chain([end]) {
        let block = u8x16::new(*block);
        all |= block;
        upper |= block.simd_ge(u8x16::splat(b'A')) & block.simd_le(u8x16::splat(b'Z'));
    }
    (all.to_bitmask() == 0, upper.to_bitmask() != 0)
}

fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the largest exact double")]
    (number.fract() == 0.0 && number.abs() <= LIMIT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn quick_looks_see_what_slow_ones_see(text in "[ -~\t]{0,40}\\PC{0,4}", space in "\\s?") {
            let text = format!("{space}{text}{space}");
            prop_assert_eq!(trim(&text), text.trim());
            prop_assert_eq!(dot(&text), text.find('.'));
            let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
            prop_assert_eq!(letters(text.as_bytes()), (text.is_ascii(), upper));
        }
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
