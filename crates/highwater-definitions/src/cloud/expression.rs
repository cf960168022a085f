//! Expression: where the text of a workflow expression ends and which quoted fragments it holds.
//! Deliberately not here: evaluating expressions.

use crate::secret::COMPUTED;

/// A string of a definition, split into what is literal and what is computed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Split<'t> {
    /// No expression: the string itself.
    Literal(&'t str),
    /// `@…`: quoted fragments only.
    Expression(Vec<&'t str>),
    /// `…@{…}…`: the text outside ([`COMPUTED`] for each expression), and quoted fragments inside.
    Mixed(String, Vec<&'t str>),
}

/// Splits a string of a definition.
pub(crate) fn split(text: &str) -> Split<'_> {
    let Some(at) = memchr::memchr(b'@', text.as_bytes()) else { return Split::Literal(text) };
    let expression = at == 0 && !text.starts_with("@@") && !text.starts_with("@{");
    if expression {
        return Split::Expression(fragments(&text[1..]));
    }
    if !text.contains("@{") { Split::Literal(text) } else { mixed(text) }
}

fn mixed(text: &str) -> Split<'_> {
    let mut outside = String::with_capacity(text.len());
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("@{") {
        outside.push_str(&rest[..start]);
        outside.push(COMPUTED);
        let inside = &rest[start + 2..];
        let end = interpolation_end(inside);
        found.extend(fragments(&inside[..end]));
        rest = inside[end..].strip_prefix('}').unwrap_or("");
    }
    outside.push_str(rest);
    Split::Mixed(outside, found)
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
fn fragments(expression: &str) -> Vec<&str> {
    expression.split('\'').skip(1).step_by(2).filter(|fragment| !fragment.is_empty()).collect()
}

/// Names in `function('name')` anywhere in a text, with the offset after the closing quote; `function` without case.
pub(crate) fn arguments<'t>(text: &'t str, function: &str) -> Vec<(&'t str, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = crate::text::find_ignore_case(text, function, at) {
        at = start + function.len();
        let rest = text[at..].trim_start();
        let Some(rest) = rest.strip_prefix('(').map(str::trim_start) else { continue };
        let Some(rest) = rest.strip_prefix('\'') else { continue };
        let name = &rest[..quoted_end(rest)];
        at = text.len() - rest.len() + name.len();
        found.push((name, at + 1));
    }
    found
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
        assert_eq!(split("plain a@b.example"), Split::Literal("plain a@b.example"));
        assert_eq!(split("@@literal"), Split::Literal("@@literal"));
        assert_eq!(split("@concat('a', variables('b'))"), Split::Expression(vec!["a", "b"]));
        let mixed = Split::Mixed(format!("x={COMPUTED}&y={COMPUTED}"), vec!["}", "k"]);
        assert_eq!(split("x=@{concat('}')}&y=@{body('k')}"), mixed);
    }

    #[test]
    fn an_unfinished_interpolation_ends_with_the_text() {
        assert_eq!(split("a@{b"), Split::Mixed(format!("a{COMPUTED}"), vec![]));
    }

    #[test]
    fn arguments_keep_doubled_quotes() {
        let found = arguments("@Parameters( 'It''s (x_Y)')['z'] parameters(1)", "parameters");
        assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["It''s (x_Y)"]);
    }
}
