//! Error: what can go wrong between a fact's text and its answer.

use std::path::PathBuf;

/// Why facts could not be read or answered. Every message says what, where and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A fact file or its folder could not be read.
    #[error("cannot read {path}: {source}; name a folder with views.toml and one .toml file a family", path = path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A fact or view is not written as it must be.
    #[error("{file}:{line}: {what}; {fix}")]
    Text {
        /// File name inside the folder of facts.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// How to put it right.
        fix: String,
    },
    /// No fact of that id.
    #[error("no fact is called `{id}`{hint}; `highwater facts` lists them all")]
    UnknownFact {
        /// The id asked for.
        id: String,
        /// `, did you mean …` or empty.
        hint: String,
    },
    /// A query names a table that is neither evidence nor a view.
    #[error("no table or view is called `{name}`{hint}; `highwater tables` lists them all")]
    UnknownTable {
        /// The name asked for.
        name: String,
        /// `, did you mean …` or empty.
        hint: String,
    },
    /// A query is not one SELECT statement.
    #[error("this is not one SELECT statement: {what}; only reading is possible")]
    NotAQuery {
        /// What the reader of SQL said.
        what: String,
    },
    /// The engine refused or failed a query.
    #[error(
        "the query of `{name}` failed: {message}; check its columns against `highwater tables`"
    )]
    Query {
        /// Fact id, view id or `sql`.
        name: String,
        /// What the engine said, on one line.
        message: String,
    },
    /// A frame does not have the type that its table demands.
    #[error(
        "table `{table}`, column `{column}`: {found} where {expected} is due; write the snapshot anew"
    )]
    Column {
        /// Table name.
        table: String,
        /// Column name.
        column: String,
        /// Type found.
        found: String,
        /// Type that the table declares.
        expected: String,
    },
    /// A frame could not be opened or read.
    #[error(
        "table `{table}` cannot be read: {message}; `highwater verify` tells whether the snapshot is whole"
    )]
    Frame {
        /// Table name.
        table: String,
        /// What the engine said, on one line.
        message: String,
    },
    /// A measure gave a lower end above its upper end.
    #[error("fact `{id}` gave the impossible range {lo} to {hi}; its text must be corrected")]
    Inverted {
        /// Fact id.
        id: String,
        /// Lower end.
        lo: f64,
        /// Upper end.
        hi: f64,
    },
}

impl Error {
    /// An engine error with the query's name, on one line.
    pub(crate) fn query(name: &str, error: &polars::error::PolarsError) -> Self {
        Self::Query { name: name.to_owned(), message: one_line(&error.to_string()) }
    }

    /// An engine error with the table's name, on one line.
    pub(crate) fn frame(table: &str, error: &polars::error::PolarsError) -> Self {
        Self::Frame { table: table.to_owned(), message: one_line(&error.to_string()) }
    }
}

/// The first line of an engine's message: the rest is its plan.
fn one_line(message: &str) -> String {
    message
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("no reason given")
        .to_owned()
}

/// `, did you mean …` for the known name closest to `name`, or nothing when none is close.
pub(crate) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|other| (distance(name, other), other))
        .min()
        .filter(|(far, _)| *far <= name.len().div_ceil(3))
        .map(|(_, other)| format!(", did you mean `{other}`"))
        .unwrap_or_default()
}

/// Number of single-letter edits between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (corner + usize::from(x != *y)).min(above + 1).min(row[j] + 1);
            corner = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_the_closest_and_stay_silent_when_far() {
        assert_eq!(hint("clod_flows", ["cloud_flows", "apps"]), ", did you mean `cloud_flows`");
        assert_eq!(hint("zebra", ["cloud_flows", "apps"]), "");
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("flow", "flows"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
