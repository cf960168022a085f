//! Parser: follows blocks, subflows and error handlers through the statements of a script, and says of each statement
//! where it stands. Guarantees: linear, never fails; surplus and missing `END`s are counted.
//! Deliberately not here: counting actions; see `features`.

use super::statement::{Kind, Statement};

/// Executable statements after a silent handler within which the last error may be read.
const READ_WITHIN: u32 = 3;

/// What is open.
enum Open {
    /// `IF`, `LOOP`, `SWITCH`.
    Plain,
    /// `BLOCK` and whether its handler is there, and silent.
    Block { handled: Option<bool> },
    /// `ON BLOCK ERROR` up to its `END`, and whether it holds a statement.
    BlockHandler { filled: bool },
    /// `ON ERROR` and its arms up to their `END`.
    Handler { filled: bool, retry: bool },
}

/// Where a statement stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// Inside an error handler.
    pub(super) in_handler: bool,
    /// Open `IF`, `LOOP`, `SWITCH` and `BLOCK`.
    pub(super) depth: u64,
}

/// What was found on the way.
#[derive(Default)]
pub(super) struct Handlers {
    pub(super) on_error: u64,
    pub(super) retried: u64,
    pub(super) handled: u64,
    pub(super) ignored: u64,
    pub(super) blocks: u64,
    pub(super) on_block_error: u64,
    pub(super) block_handled: u64,
    pub(super) block_empty: u64,
    /// Silent handlers after which the last error is read.
    pub(super) read_after: u64,
    /// Surplus and missing `END`s.
    pub(super) unbalanced: u64,
}

/// Walks a script.
#[derive(Default)]
pub(super) struct Parser {
    open: Vec<Open>,
    /// Places of the open handlers in `open`.
    handlers: Vec<usize>,
    /// Silent handlers, and how many more statements count for them.
    silent: Vec<u32>,
    pub(super) found: Handlers,
}

impl Parser {
    /// Takes the next statement; says where it stands.
    pub(super) fn next(&mut self, statement: &Statement<'_>) -> Standing {
        if matches!(statement.kind, Kind::Function | Kind::EndFunction) {
            self.end_subflow();
        }
        let standing = Standing { in_handler: !self.handlers.is_empty(), depth: self.depth() };
        if statement.is_executable() && !statement.disabled {
            self.executed(statement);
        }
        match statement.kind {
            Kind::Block => self.open_block(statement),
            Kind::OnError => self.open_handler(statement),
            Kind::OnBlockError => self.open_block_handler(),
            Kind::End => self.close(),
            _ if statement.opens() => self.open.push(Open::Plain),
            _ => {}
        }
        standing
    }

    /// The script is over.
    pub(super) fn finish(mut self) -> Handlers {
        self.end_subflow();
        self.found
    }

    fn depth(&self) -> u64 {
        (self.open.len() - self.handlers.len()) as u64
    }

    fn end_subflow(&mut self) {
        while !self.open.is_empty() {
            self.found.unbalanced += 1;
            self.close();
        }
        self.silent.clear();
    }

    fn executed(&mut self, statement: &Statement<'_>) {
        let handler = self.handlers.last().and_then(|place| self.open.get_mut(*place));
        if let Some(Open::Handler { filled, .. } | Open::BlockHandler { filled }) = handler {
            *filled = true;
        }
        if statement.kind == Kind::Error {
            self.found.read_after += self.silent.len() as u64;
            self.silent.clear();
        }
        self.silent.iter_mut().for_each(|left| *left -= 1);
        self.silent.retain(|left| *left > 0);
    }

    fn open_block(&mut self, statement: &Statement<'_>) {
        self.found.blocks += u64::from(!statement.disabled);
        self.open.push(Open::Block { handled: None });
    }

    fn open_handler(&mut self, statement: &Statement<'_>) {
        if let Some(Open::Handler { retry, .. }) = self.open.last_mut() {
            *retry |= statement.has_retry();
            return;
        }
        self.handlers.push(self.open.len());
        self.open.push(Open::Handler { filled: false, retry: statement.has_retry() });
    }

    fn open_block_handler(&mut self) {
        if matches!(self.open.last(), Some(Open::BlockHandler { .. })) {
            return;
        }
        self.handlers.push(self.open.len());
        self.open.push(Open::BlockHandler { filled: false });
    }

    fn close(&mut self) {
        match self.open.pop() {
            None => self.found.unbalanced += 1,
            Some(Open::Plain) => {}
            Some(Open::Handler { filled, retry }) => self.close_handler(filled, retry),
            Some(Open::BlockHandler { filled }) => self.close_block_handler(filled),
            Some(Open::Block { handled }) => {
                if handled == Some(false) {
                    self.silent.push(READ_WITHIN);
                }
            }
        }
    }

    fn close_handler(&mut self, filled: bool, retry: bool) {
        self.handlers.pop();
        self.found.on_error += 1;
        self.found.retried += u64::from(retry);
        self.found.handled += u64::from(filled);
        if !filled && !retry {
            self.found.ignored += 1;
            self.silent.push(READ_WITHIN);
        }
    }

    fn close_block_handler(&mut self, filled: bool) {
        self.handlers.pop();
        self.found.on_block_error += 1;
        self.found.block_handled += u64::from(filled);
        self.found.block_empty += u64::from(!filled);
        if let Some(Open::Block { handled }) = self.open.last_mut() {
            *handled = Some(filled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::{LineKind, lines};
    use super::*;

    fn walk(script: &str) -> Handlers {
        let mut parser = Parser::default();
        for line in lines(script).iter().filter(|line| line.kind == LineKind::Statement) {
            parser.next(&Statement::read(line.text, line.line));
        }
        parser.finish()
    }

    #[test]
    fn ends_are_balanced_a_subflow() {
        let found = walk("IF A THEN\nFUNCTION F GLOBAL\nEND\nWAIT 1\nEND FUNCTION\nLOOP\nEND\n");
        assert_eq!(found.unbalanced, 2);
    }

    #[test]
    fn a_read_counts_for_three_statements() {
        let silent = "A.B\nON ERROR\nEND\n";
        assert_eq!(walk(&format!("{silent}WAIT 1\nWAIT 1\nERROR => E\n")).read_after, 1);
        assert_eq!(walk(&format!("{silent}WAIT 1\nWAIT 1\nWAIT 1\nERROR => E\n")).read_after, 0);
        assert_eq!(
            walk(&format!("{silent}FUNCTION F GLOBAL\nERROR => E\nEND FUNCTION")).read_after,
            0
        );
    }
}
