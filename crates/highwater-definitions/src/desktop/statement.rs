//! Statement: what one line of a script is. Unknown keywords are actions; nothing is an error.
//! Deliberately not here: what encloses it; see `parser`.

use super::lexer::{Token, tokens};

/// What a statement does to the flow of control.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    If,
    ElseIf,
    Else,
    Loop,
    Switch,
    Case,
    Default,
    Block,
    OnError,
    OnBlockError,
    End,
    Function,
    EndFunction,
    Label,
    Goto,
    Call,
    Set,
    Error,
    Throw,
    Wait,
    /// `EXIT …`, `NEXT LOOP`, and every keyword not known.
    Other,
    /// `Module.Action`.
    Action,
    Sensitive,
    Input,
    Output,
    Import,
    /// No statement at all, such as a lone bracket.
    Nothing,
}

/// One statement with its parts.
pub(super) struct Statement<'t> {
    pub(super) kind: Kind,
    pub(super) disabled: bool,
    pub(super) tokens: Vec<Token<'t>>,
    pub(super) line: u32,
}

const KEYWORDS: &[(&str, Kind)] = &[
    ("IF", Kind::If),
    ("ELSE", Kind::Else),
    ("LOOP", Kind::Loop),
    ("SWITCH", Kind::Switch),
    ("CASE", Kind::Case),
    ("DEFAULT", Kind::Default),
    ("BLOCK", Kind::Block),
    ("ON", Kind::OnError),
    ("END", Kind::End),
    ("FUNCTION", Kind::Function),
    ("LABEL", Kind::Label),
    ("GOTO", Kind::Goto),
    ("CALL", Kind::Call),
    ("SET", Kind::Set),
    ("ERROR", Kind::Error),
    ("THROW", Kind::Throw),
    ("WAIT", Kind::Wait),
    ("IMPORT", Kind::Import),
];

impl<'t> Statement<'t> {
    /// Reads a line.
    pub(super) fn read(text: &'t str, line: u32) -> Self {
        let mut tokens = tokens(text);
        let disabled = tokens.len() > 1 && tokens[0].is("DISABLE");
        if disabled {
            tokens.remove(0);
        }
        Self { kind: kind(&tokens), disabled, tokens, line }
    }

    /// Whether it does something when run.
    pub(super) fn is_executable(&self) -> bool {
        matches!(
            self.kind,
            Kind::If
                | Kind::ElseIf
                | Kind::Loop
                | Kind::Switch
                | Kind::Case
                | Kind::Goto
                | Kind::Call
                | Kind::Set
                | Kind::Error
                | Kind::Throw
                | Kind::Wait
                | Kind::Other
                | Kind::Action
        )
    }

    /// Whether it opens something that an `END` closes.
    pub(super) fn opens(&self) -> bool {
        matches!(self.kind, Kind::If | Kind::Loop | Kind::Switch | Kind::Block)
    }

    /// The name after the keyword: a word or a literal, quotes dropped.
    pub(super) fn name(&self) -> &'t str {
        let name = self.tokens.get(1).copied();
        name.and_then(|token| token.word().or(token.literal())).unwrap_or_default()
    }

    /// `Module.Action.Variant` as written; empty for anything but actions.
    pub(super) fn action(&self) -> &'t str {
        let first = self.tokens.first().copied().and_then(Token::word);
        first.filter(|_| matches!(self.kind, Kind::Action | Kind::Throw)).unwrap_or_default()
    }

    /// Arguments: every `Name: literal`, the name and what follows it.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&'t str, &[Token<'t>])> {
        self.tokens.windows(2).enumerate().filter_map(|(at, pair)| match pair {
            [Token::Word(name), Token::Sign(':')] => Some((*name, &self.tokens[at + 2..])),
            _ => None,
        })
    }

    /// The literal of a named argument, if a literal is all it is.
    pub(super) fn literal_argument(&self, wanted: &str) -> Option<&'t str> {
        let mut found = self.arguments().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.find_map(|(_, rest)| rest.first().copied().and_then(Token::literal))
    }

    /// Modules that the statement uses, as written: its own, and those in the parentheses of conditions.
    pub(super) fn modules(&self) -> Vec<&'t str> {
        if self.kind == Kind::Action {
            return vec![module(self.action())];
        }
        if !matches!(self.kind, Kind::If | Kind::ElseIf | Kind::Loop | Kind::Wait) {
            return Vec::new();
        }
        let conditions = self.tokens.windows(4).filter_map(|part| match part {
            [Token::Sign('('), Token::Word(action), Token::Word(_), Token::Sign(':')]
                if action.contains('.') =>
            {
                Some(module(action))
            }
            _ => None,
        });
        conditions.collect()
    }

    /// What it adds to the fingerprint: keyword or action name, lower case.
    pub(super) fn label(&self) -> String {
        let word = |at: usize| {
            self.tokens.get(at).copied().and_then(Token::word).unwrap_or_default().to_lowercase()
        };
        match self.kind {
            Kind::ElseIf => "else if".to_owned(),
            Kind::EndFunction => "end function".to_owned(),
            Kind::OnError if self.has_retry() => "on error repeat".to_owned(),
            Kind::OnError => "on error".to_owned(),
            Kind::OnBlockError => "on block error".to_owned(),
            _ => word(0),
        }
    }

    /// `ON ERROR REPEAT …`.
    pub(super) fn has_retry(&self) -> bool {
        self.kind == Kind::OnError && self.tokens.get(2).is_some_and(|token| token.is("REPEAT"))
    }
}

/// The module of an action's name.
pub(super) fn module(action: &str) -> &str {
    action.split('.').next().unwrap_or_default()
}

fn kind(tokens: &[Token<'_>]) -> Kind {
    let second = |keyword: &str| tokens.get(1).is_some_and(|token| token.is(keyword));
    let word = match tokens.first() {
        Some(Token::Word(word)) => *word,
        Some(Token::Sign('@')) => return header(tokens),
        _ => return Kind::Nothing,
    };
    if word.contains('.') {
        let throws = word.to_ascii_lowercase().starts_with("flowcontrol.throw");
        return if throws { Kind::Throw } else { Kind::Action };
    }
    let known = KEYWORDS
        .iter()
        .find(|(keyword, _)| keyword.eq_ignore_ascii_case(word))
        .map(|(_, kind)| *kind);
    match known {
        Some(Kind::Else) if second("IF") => Kind::ElseIf,
        Some(Kind::End) if second("FUNCTION") => Kind::EndFunction,
        Some(Kind::OnError) if second("BLOCK") => Kind::OnBlockError,
        Some(Kind::OnError) if !second("ERROR") => Kind::Other,
        Some(kind) => kind,
        None => Kind::Other,
    }
}

fn header(tokens: &[Token<'_>]) -> Kind {
    match tokens
        .get(1)
        .copied()
        .and_then(Token::word)
        .unwrap_or_default()
        .to_ascii_uppercase()
        .as_str()
    {
        "SENSITIVE" => Kind::Sensitive,
        "INPUT" => Kind::Input,
        "OUTPUT" => Kind::Output,
        _ => Kind::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(lines: &[&str]) -> Vec<Kind> {
        lines.iter().map(|line| Statement::read(line, 1).kind).collect()
    }

    #[test]
    fn keywords_and_actions_are_told_apart() {
        let lines = [
            "IF A = 1 THEN",
            "else if B THEN",
            "END FUNCTION",
            "ON BLOCK ERROR all",
            "ON ERROR REPEAT 1 TIMES",
            "Excel.Close",
            "EXIT LOOP",
            "FlowControl.ThrowCustomError X: 1",
            "@INPUT A : {}",
            ")",
        ];
        let expected = [
            Kind::If,
            Kind::ElseIf,
            Kind::EndFunction,
            Kind::OnBlockError,
            Kind::OnError,
            Kind::Action,
            Kind::Other,
            Kind::Throw,
            Kind::Input,
            Kind::Nothing,
        ];
        assert_eq!(kinds(&lines), expected);
    }

    #[test]
    fn conditions_may_hold_an_action() {
        let wait = Statement::read("WAIT (WebAutomation.Wait.ForText Text: 'x') FOR 5", 1);
        assert_eq!(wait.modules(), ["WebAutomation"]);
        assert!(Statement::read("IF (File.Name) = 'a' THEN", 1).modules().is_empty());
    }
}
