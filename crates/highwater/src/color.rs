//! Colour: only on a terminal, never where `NO_COLOR` is set.

use std::io::IsTerminal;

/// Whether stdout takes colour.
pub(crate) fn wanted() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    std::io::stdout().is_terminal() && !refused && !dumb
}

/// Columns of the terminal, or a width that suits files and pipes.
pub(crate) fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
    told.unwrap_or(100).clamp(60, 160)
}
