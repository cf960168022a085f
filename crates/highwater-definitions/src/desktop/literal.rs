//! Literals of a script: which look like secrets. Deliberately not here: the rules themselves; see `secret`.

use std::borrow::Cow;

use super::lexer::{Token, unescaped};
use super::statement::{Kind, Statement};
use crate::secret::{self, Rules, SecretRule};

/// Judges a comment.
pub(super) fn comment(text: &str) -> Rules {
    secret::judge_fragment(&without_references(text))
}

/// Judges every literal of a statement; one entry a suspect literal.
pub(super) fn statement(statement: &Statement<'_>) -> Vec<Rules> {
    let mut suspects = Vec::new();
    let fills_password = fills_password_field(statement);
    for (at, token) in statement.tokens.iter().enumerate() {
        let Some(raw) = token.literal() else { continue };
        let text = unescaped(raw);
        let mut rules = secret::judge_fragment(&without_references(&text));
        let computed = text.contains('%') && has_reference(&text);
        if !computed && secret::plausible(&text) {
            if named_like_secret(statement, at) {
                rules.add(SecretRule::KeyName);
            }
            if fills_password && is_filled_text(&statement.tokens, at) {
                rules.add(SecretRule::PasswordField);
            }
        }
        if !rules.is_empty() {
            suspects.push(rules);
        }
    }
    suspects
}

/// Whether a text holds `%…%`.
fn has_reference(text: &str) -> bool {
    text.split_once('%').is_some_and(|(_, rest)| rest.contains('%'))
}

/// A text with every `%…%` replaced.
fn without_references(text: &str) -> Cow<'_, str> {
    if !has_reference(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        match after.split_once('%') {
            Some((_, following)) => {
                out.push(secret::COMPUTED);
                rest = following;
            }
            None => {
                out.push('%');
                rest = after;
                break;
            }
        }
    }
    Cow::Owned(out + rest)
}

/// Whether the literal at a place stands under a name for credentials.
fn named_like_secret(statement: &Statement<'_>, at: usize) -> bool {
    let tokens = &statement.tokens;
    match statement.kind {
        Kind::Set => is_set_value(tokens, at) && set_name(tokens).is_some_and(is_secret),
        Kind::Input => {
            is_default_value(tokens, at)
                && tokens.get(2).copied().and_then(Token::word).is_some_and(is_secret)
        }
        Kind::Output | Kind::Import | Kind::Sensitive => false,
        _ => argument_name(tokens, at).is_some_and(secret::is_secret_name),
    }
}

fn is_secret(name: &str) -> bool {
    secret::is_secret_name(name) || secret::is_secret_input(name)
}

/// `SET name TO 'literal'` with nothing behind it.
fn is_set_value(tokens: &[Token<'_>], at: usize) -> bool {
    at + 1 == tokens.len() && at > 0 && tokens[at - 1].is("TO")
}

/// The name that is set: the variable, or the last key of `object['key']`.
fn set_name<'t>(tokens: &[Token<'t>]) -> Option<&'t str> {
    let to = tokens.iter().position(|token| token.is("TO"))?;
    let key = tokens[..to].iter().rev().find_map(|token| token.literal());
    key.or_else(|| tokens.get(1).copied().and_then(Token::word))
}

/// `'DefaultValue': 'literal'`.
fn is_default_value(tokens: &[Token<'_>], at: usize) -> bool {
    let key = at.checked_sub(2).and_then(|key| tokens[key].literal());
    key.is_some_and(|key| key.eq_ignore_ascii_case("DefaultValue"))
        && tokens[at - 1] == Token::Sign(':')
}

/// `Name: 'literal'`, or `@Name: 'literal'` of a called flow.
fn argument_name<'t>(tokens: &[Token<'t>], at: usize) -> Option<&'t str> {
    let colon = at.checked_sub(1).filter(|sign| tokens[*sign] == Token::Sign(':'))?;
    tokens[colon.checked_sub(1)?].word()
}

/// Whether a statement types into an element whose name says password.
fn fills_password_field(statement: &Statement<'_>) -> bool {
    let populates = statement.kind == Kind::Action
        && statement.action().to_ascii_lowercase().contains("populate");
    populates && element_name(&statement.tokens).is_some_and(says_password)
}

/// Whether a literal is what is typed.
fn is_filled_text(tokens: &[Token<'_>], at: usize) -> bool {
    let name = argument_name(tokens, at).unwrap_or_default();
    ["Text", "TextToFill"].iter().any(|text| text.eq_ignore_ascii_case(name))
}

/// The last key of an element reference such as `appmask['Screen']['Element']`.
fn element_name<'t>(tokens: &[Token<'t>]) -> Option<&'t str> {
    let mut keys = tokens.windows(3).rev().filter_map(|part| match part {
        [Token::Sign('['), Token::Literal(key), Token::Sign(']')] => Some(*key),
        _ => None,
    });
    keys.next()
}

fn says_password(element: &str) -> bool {
    let lower = element.to_lowercase();
    let words = || lower.split(|character: char| !character.is_alphanumeric());
    lower.contains("password")
        || lower.contains("passwd")
        || lower.contains("pwd")
        || words().any(|word| word == "pin")
}
