//! Text: what a piece of SQL says before it runs: its one query, and the relations it reads.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Query, Statement, TableFactor, Visit, Visitor, visit_expressions, visit_relations,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};

/// Why a text is not one query, and the line of it, counted from 1, when the parser told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) what: String,
    pub(crate) line: usize,
}

/// Parses exactly one SELECT statement.
pub(crate) fn parse(sql: &str) -> Result<Query, Broken> {
    let mut statements = Parser::parse_sql(&GenericDialect, sql).map_err(|error| broken(&error))?;
    match (statements.pop(), statements.len()) {
        (Some(Statement::Query(query)), 0) => Ok(*query),
        (Some(_), 0) => Err(Broken { what: "it is no SELECT".to_owned(), line: 1 }),
        (found, more) => Err(Broken {
            what: format!("it holds {} statements", more + usize::from(found.is_some())),
            line: 1,
        }),
    }
}

/// Tables and views that the query reads, names of its own CTEs left out.
pub(crate) fn relations(query: &Query) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let _ = visit_relations(query, |name| {
        found.insert(name.to_string());
        ControlFlow::<()>::Continue(())
    });
    for name in cte_names(query) {
        found.remove(&name);
    }
    found
}

/// Evidence tables that a column of `tenant_seen` or `env_seen` stands for, sorted.
pub(crate) fn seen(query: &Query) -> Vec<String> {
    let mut flags = BTreeSet::new();
    let mut found = BTreeSet::new();
    let _ = visit_relations_with_alias(query, &mut flags);
    let _ = visit_expressions(query, |expr| {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [alias, column] = parts.as_slice()
            && flags.contains(&alias.value)
            && highwater_snapshot::table(&column.value).is_some()
        {
            found.insert(column.value.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    found.into_iter().collect()
}

/// Aliases under which the query reads the tables that say what was read.
fn visit_relations_with_alias(query: &Query, aliases: &mut BTreeSet<String>) -> ControlFlow<()> {
    struct Aliases<'a>(&'a mut BTreeSet<String>);
    impl Visitor for Aliases<'_> {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            if let TableFactor::Table { name, alias: Some(alias), .. } = factor
                && ["tenant_seen", "env_seen"].contains(&name.to_string().as_str())
            {
                self.0.insert(alias.name.value.clone());
            }
            ControlFlow::Continue(())
        }
    }
    query.visit(&mut Aliases(aliases))
}

/// Names that the query gives to its own common table expressions.
pub(crate) fn cte_names(query: &Query) -> Vec<String> {
    let tables = query.with.iter().flat_map(|with| &with.cte_tables);
    tables.map(|cte| cte.alias.name.value.clone()).collect()
}

fn broken(error: &ParserError) -> Broken {
    let what = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => "it is nested too deeply".to_owned(),
    };
    let line = what
        .split_once("Line: ")
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .unwrap_or(1);
    Broken { what, line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_leave_out_the_names_of_ctes() {
        let sql = "WITH x AS (SELECT a.id AS id FROM apps a) SELECT x.id AS id FROM x JOIN (SELECT e.id AS id FROM envs e) y ON x.id = y.id";
        let read: Vec<String> = relations(&parse(sql).unwrap()).into_iter().collect();
        assert_eq!(read, ["apps", "envs"]);
    }

    #[test]
    fn anything_but_one_select_is_refused() {
        assert_eq!(parse("DROP TABLE apps").unwrap_err().what, "it is no SELECT");
        assert_eq!(parse("SELECT 1; SELECT 2").unwrap_err().what, "it holds 2 statements");
        assert_eq!(parse("").unwrap_err().what, "it holds 0 statements");
    }

    #[test]
    fn a_broken_text_names_its_line() {
        assert_eq!(parse("SELECT a\nFROM t\nWHERE WHERE b").unwrap_err().line, 3);
    }
}
