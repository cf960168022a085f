//! Expression: where the text of a workflow expression ends and which quoted fragments it holds.
//! Deliberately not here: evaluating expressions.

use crate::secret::COMPUTED;

/// A string of a definition, split into what is literal and what is computed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Split<'t> {
    /// No expression: the string itself.
    Literal(&'t str),
    /// `@…`: the expression.
    Expression(&'t str),
    /// `…@{…}…`: the text outside ([`COMPUTED`] for each expression), and the expressions.
    Mixed(String, Vec<&'t str>),
}

/// Splits a string of a definition; `signed` when it holds an `@` anywhere.
pub(crate) fn split(text: &str, signed: bool) -> Split<'_> {
    if !signed {
        return Split::Literal(text);
    }
    if is_expression(text.as_bytes()) {
        return Split::Expression(&text[1..]);
    }
    if next_interpolation(text).is_some() { mixed(text) } else { Split::Literal(text) }
}

/// Whether a string is an expression as a whole: `@…`, but not `@@…` or `@{…}`.
#[inline]
pub(crate) fn is_expression(text: &[u8]) -> bool {
    text.first() == Some(&b'@') && !matches!(text, [_, b'@' | b'{', ..])
}

fn mixed(text: &str) -> Split<'_> {
    let mut outside = String::with_capacity(text.len());
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = next_interpolation(rest) {
        outside.push_str(&rest[..start]);
        outside.push(COMPUTED);
        let inside = &rest[start + 2..];
        let end = interpolation_end(inside);
        found.push(&inside[..end]);
        rest = inside[end..].strip_prefix('}').unwrap_or("");
    }
    outside.push_str(rest);
    Split::Mixed(outside, found)
}

fn next_interpolation(text: &str) -> Option<usize> {
    memchr::memchr_iter(b'@', text.as_bytes()).find(|at| text.as_bytes().get(at + 1) == Some(&b'{'))
}

/// Where the expression after `@{` ends: at its closing brace, quotes and nested braces heeded, or at the end.
pub(crate) fn interpolation_end(inside: &str) -> usize {
    let mut depth = 0u32;
    let mut quoted = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted && depth == 0 => return at,
            b'}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    inside.len()
}

/// The texts between single quotes. A doubled quote splits a text in two, which no rule minds.
pub(crate) fn fragments<'t>(expression: &'t str, report: &mut impl FnMut(&'t str)) {
    let mut opened = None;
    for (at, byte) in expression.bytes().chain([b'\'']).enumerate() {
        if byte != b'\'' {
            continue;
        }
        match opened.take() {
            Some(start) if at - start >= SHORTEST => report(&expression[start..at]),
            Some(_) => {}
            None => opened = Some(at + 1),
        }
    }
}

/// Fragments shorter than this hold no pattern.
const SHORTEST: usize = 8;

/// Names in `function('name')` anywhere in a text, with the offset after the closing quote; `function` (lower case)
/// without case, as long as all but its first letter are of one case.
pub(crate) fn arguments<'t>(
    text: &'t str,
    function: &'static str,
) -> impl Iterator<Item = (&'t str, usize)> {
    let tail = &function.as_bytes()[1..];
    let lower = ends_of(text.as_bytes(), tail.to_vec());
    let upper = std::iter::once_with(|| ends_of(text.as_bytes(), tail.to_ascii_uppercase()));
    std::iter::once(lower).chain(upper).flat_map(move |ends| {
        let mut from = 0;
        ends.filter_map(move |end| {
            let first = text.as_bytes().get(end - function.len())?;
            if end < from || !first.eq_ignore_ascii_case(&function.as_bytes()[0]) {
                return None;
            }
            let quoted = text[end..].trim_start().strip_prefix('(')?.trim_start();
            let rest = quoted.strip_prefix('\'')?;
            let name = &rest[..quoted_end(rest)];
            from = text.len() - rest.len() + name.len();
            Some((name, (from + 1).min(text.len())))
        })
    })
}

/// Where a text ends in another, but for its beginning.
fn ends_of(text: &[u8], wanted: Vec<u8>) -> impl Iterator<Item = usize> {
    let length = wanted.len();
    let starts = memchr::memmem::find_iter(text, &wanted).into_owned();
    starts.filter(|at| *at > 0).map(move |at| at + length)
}

/// Where a quoted text ends; a doubled quote belongs to it.
fn quoted_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\'', &bytes[at..]) {
        at += found;
        if bytes.get(at + 1) != Some(&b'\'') {
            return at;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_expressions_and_mixtures_are_told_apart() {
        assert_eq!(split("plain a@b.example", true), Split::Literal("plain a@b.example"));
        assert_eq!(split("@@literal", true), Split::Literal("@@literal"));
        assert_eq!(
            split("@concat('fragment', variables('b'))", true),
            Split::Expression("concat('fragment', variables('b'))")
        );
        let mixed = Split::Mixed(
            format!("x={COMPUTED}&y={COMPUTED}"),
            vec!["concat('}}}}}}}}')", "body('k')"],
        );
        assert_eq!(split("x=@{concat('}}}}}}}}')}&y=@{body('k')}", true), mixed);
    }

    #[test]
    fn an_unfinished_interpolation_ends_with_the_text() {
        assert_eq!(split("a@{b", true), Split::Mixed(format!("a{COMPUTED}"), vec!["b"]));
    }

    #[test]
    fn fragments_are_what_stands_in_quotes() {
        let mut found = Vec::new();
        fragments("concat('a fragment', variables('b'), 'unfinished", &mut |fragment| {
            found.push(fragment);
        });
        assert_eq!(found, ["a fragment", "unfinished"]);
    }

    #[test]
    fn arguments_keep_doubled_quotes() {
        let text = "@Parameters( 'It''s (x_Y)')['z'] parameters(1) PARAMETERS('Z')";
        let found: Vec<&str> = arguments(text, "parameters").map(|(name, _)| name).collect();
        assert_eq!(found, ["It''s (x_Y)", "Z"]);
    }
}
