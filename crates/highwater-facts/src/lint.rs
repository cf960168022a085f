//! Lint: the portable subset of SQL in which facts are written, as rules over the syntax tree.
//!
//! Every rule names the trap it keeps out. What passes gives the same rows in Polars, DuckDB and
//! Spark; the tests in `tests/portability` hold it to that. Types are not checked here: a text that
//! compares text with numbers fails when it runs over the empty tables.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr,
    SetOperator, SetQuantifier, TableFactor, Visit, Visitor,
};

use crate::lint_expr::{
    Tag, aggregates, bare_count, check_expr, check_on, idents, is_null, loose_columns, tag,
};

/// One rule of the portable subset.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// Short name, shown with every breach.
    pub id: &'static str,
    /// Why the rule exists.
    pub reason: &'static str,
    /// What to write instead.
    pub fix: &'static str,
}

/// A place where a text leaves the portable subset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// The offending piece of SQL.
    pub found: String,
}

macro_rules! rules {
    ($($name:ident $id:literal $reason:literal $fix:literal)*) => {
        $(pub(crate) static $name: Rule = Rule { id: $id, reason: $reason, fix: $fix };)*
        /// Every rule, in the order in which they are documented.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    STATEMENT "one-select" "facts only read" "write one SELECT statement"
    ALIASES "aliases" "column names of an unnamed expression differ between engines" "give every selected column an alias, and name columns instead of *"
    QUALIFIERS "qualifiers" "an unqualified name that two relations have is ambiguous in Polars, or silently one of them" "write alias.column wherever two relations are joined"
    NAMES "names" "engines fold and quote names differently" "use lower-case names without quotes"
    JOINS "joins" "other joins are missing in an engine or slow in one" "use JOIN, LEFT JOIN or CROSS JOIN, one relation after FROM"
    ON "join-conditions" "Polars refuses constants, functions and lone booleans in ON" "join on equal columns of the two sides, joined by AND"
    SUBQUERIES "subqueries" "correlated and scalar subqueries, EXISTS and IN (SELECT …) are missing or hundredfold slow in Polars" "join a derived table instead"
    WINDOWS "windows" "Polars takes one sort direction only, and frames differ" "aggregate in a derived table and join it"
    ORDER "order" "row order is undefined; the runner sorts by subject" "leave ORDER BY, LIMIT and the like out"
    SETS "set-operations" "EXCEPT, INTERSECT and VALUES treat NULL and duplicates differently" "use UNION ALL or UNION"
    GROUPING "grouping" "a column beside an aggregate that is not grouped is an error in one engine and any value in another" "group by every column that is selected outside an aggregate"
    FUNCTIONS "functions" "other functions differ in name or result" "use COUNT, SUM, MIN, MAX, MEDIAN, COALESCE, NULLIF or CONCAT"
    DATES "dates" "date arithmetic and the present moment differ between engines" "compare with the columns of clock, or read ages"
    PROVENANCE "provenance" "source_id, record_no and observed_at say where a row came from, not what is in the tenant" "name a column of the table's own"
    PATTERNS "patterns" "LIKE escapes and regular expressions differ; a backslash is eaten without a word" "match while importing and store a flag"
    SUMS "sums" "SUM over nothing is 0 in Polars and NULL in Spark; SUM of 32-bit literals overflows in Polars; SUM of booleans fails in Spark" "write COALESCE(SUM(column), 0), and COUNT(CASE WHEN … THEN 1 END) to count"
    COUNTS "count-arithmetic" "COUNT is unsigned 32-bit in Polars: a difference below zero wraps to four billion" "cast to BIGINT before calculating with a count"
    DIVISION "division" "integer division and division by zero differ between engines" "write CAST(a AS DOUBLE) / NULLIF(b, 0)"
    CASTS "casts" "other casts differ in rounding, or make decimals that lose digits" "cast to DOUBLE, BIGINT or BOOLEAN only"
    LITERALS "literals" "decimals lose digits, and backslashes, dates and prefixed texts are read differently" "use whole numbers, plain texts, TRUE, FALSE and NULL"
    NULLS "typed-nulls" "a bare NULL column has no type in one engine and VOID in another" "write CAST(NULL AS BOOLEAN)"
    OPERATORS "operators" "other operators differ in meaning or precedence" "use = <> < <= > >= + - * / AND OR IS NULL IN and searched CASE"
}

/// Every breach in a text, sorted; a text that does not parse is one breach.
pub fn lint(sql: &str) -> Vec<Breach> {
    match crate::text::parse(sql) {
        Ok(query) => lint_query(&query),
        Err(broken) => vec![Breach { rule: &STATEMENT, found: broken.what }],
    }
}

/// Every breach in a query, sorted.
pub(crate) fn lint_query(query: &Query) -> Vec<Breach> {
    let mut walk = Walk::default();
    let _ = query.visit(&mut walk);
    let suspects = walk.calculated.intersection(&walk.bare_counts);
    walk.breaches.extend(suspects.map(|name| Breach { rule: &COUNTS, found: name.clone() }));
    walk.breaches.into_iter().collect()
}

/// What the walk over one query has seen.
#[derive(Default)]
struct Walk {
    breaches: BTreeSet<Breach>,
    /// What the expressions around the present one are, outermost first.
    around: Vec<Tag>,
    /// Output names of uncast counts.
    bare_counts: BTreeSet<String>,
    /// Names of columns that are operands of arithmetic.
    calculated: BTreeSet<String>,
}

impl Walk {
    fn breach(&mut self, rule: &'static Rule, found: &dyn ToString) {
        self.breaches.insert(Breach { rule, found: found.to_string() });
    }
}

impl Visitor for Walk {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let Query {
            order_by, limit_clause, fetch, locks, for_clause, settings, format_clause, ..
        } = query;
        let ordered = order_by.is_some() || limit_clause.is_some() || fetch.is_some();
        let odd = !locks.is_empty() || for_clause.is_some() || settings.is_some();
        if ordered || odd || format_clause.is_some() || !query.pipe_operators.is_empty() {
            self.breach(&ORDER, &query);
        }
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            self.breach(&SETS, &"WITH RECURSIVE");
        }
        self.set_operations(&query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.odd_clauses(select);
        self.projection(select);
        self.from(select);
        self.qualifiers(select);
        self.grouping(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let parent = self.around.last().copied().unwrap_or(Tag::Other);
        if let Some((rule, found)) = check_expr(expr, parent) {
            self.breach(rule, &found);
        }
        let own = tag(expr, parent);
        if parent == Tag::Arithmetic
            && let Expr::Identifier(name) = expr
        {
            self.calculated.insert(name.value.clone());
        }
        if parent == Tag::Arithmetic
            && let Expr::CompoundIdentifier(parts) = expr
        {
            self.calculated.extend(parts.last().map(|part| part.value.clone()));
        }
        self.around.push(own);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        self.around.pop();
        ControlFlow::Continue(())
    }
}

impl Walk {
    fn set_operations(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Select(_) => {}
            SetExpr::Query(query) => self.set_operations(&query.body),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let plain = matches!(set_quantifier, SetQuantifier::All | SetQuantifier::None);
                if *op != SetOperator::Union || !plain {
                    self.breach(&SETS, &format!("{op} {set_quantifier}"));
                }
                self.set_operations(left);
                self.set_operations(right);
            }
            other => self.breach(&SETS, &other),
        }
    }

    fn odd_clauses(&mut self, select: &Select) {
        let sorted = !select.sort_by.is_empty() || !select.cluster_by.is_empty();
        if select.top.is_some() || sorted || !select.distribute_by.is_empty() {
            self.breach(&ORDER, &select);
        }
        if select.qualify.is_some() || !select.named_window.is_empty() {
            self.breach(&WINDOWS, &select);
        }
        let odd =
            select.into.is_some() || !select.lateral_views.is_empty() || select.prewhere.is_some();
        if odd || !select.connect_by.is_empty() || select.value_table_mode.is_some() {
            self.breach(&OPERATORS, &select);
        }
        if matches!(select.distinct, Some(Distinct::On(_))) {
            self.breach(&GROUPING, &"DISTINCT ON");
        }
    }

    fn projection(&mut self, select: &Select) {
        for item in &select.projection {
            let SelectItem::ExprWithAlias { expr, alias } = item else {
                self.breach(&ALIASES, &item);
                continue;
            };
            self.name(&alias.value, alias.quote_style);
            if is_null(expr) {
                self.breach(&NULLS, &item);
            }
            if bare_count(expr) {
                self.bare_counts.insert(alias.value.clone());
            }
        }
    }

    fn from(&mut self, select: &Select) {
        if select.from.len() > 1 {
            self.breach(&JOINS, &"a comma in FROM");
        }
        for table in &select.from {
            self.relation(&table.relation);
            for join in &table.joins {
                self.relation(&join.relation);
                self.join(&join.join_operator);
            }
        }
    }

    fn relation(&mut self, relation: &TableFactor) {
        let alias = match relation {
            TableFactor::Table { name, alias, args: None, sample: None, .. } => {
                self.name(&name.to_string(), None);
                alias
            }
            TableFactor::Derived { lateral: false, alias: alias @ Some(_), .. } => alias,
            other => return self.breach(&JOINS, &other),
        };
        if let Some(alias) = alias {
            self.name(&alias.name.value, alias.name.quote_style);
        }
    }

    fn join(&mut self, join: &JoinOperator) {
        match join {
            JoinOperator::CrossJoin(JoinConstraint::None) => {}
            JoinOperator::Join(JoinConstraint::On(on))
            | JoinOperator::Left(JoinConstraint::On(on)) => {
                if let Some(found) = check_on(on) {
                    self.breach(&ON, &found);
                }
            }
            other => {
                self.breach(&JOINS, &format!("{other:?}").split('(').next().unwrap_or_default());
            }
        }
    }

    fn qualifiers(&mut self, select: &Select) {
        let joins: usize = select.from.iter().map(|table| table.joins.len()).sum();
        if joins == 0 {
            return;
        }
        let items = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, .. } => Some(expr),
            _ => None,
        });
        let mut bare = Vec::new();
        for expr in items.chain(&select.selection).chain(grouped(select)).chain(&select.having) {
            idents(expr, &mut bare);
        }
        for name in bare {
            self.breach(&QUALIFIERS, &name);
        }
    }

    fn grouping(&mut self, select: &Select) {
        let keys: Vec<String> = grouped(select).map(ToString::to_string).collect();
        let plain_keys = grouped(select)
            .all(|key| matches!(key, Expr::Identifier(_) | Expr::CompoundIdentifier(_)));
        let all = matches!(select.group_by, GroupByExpr::All(_));
        let modified =
            matches!(&select.group_by, GroupByExpr::Expressions(_, more) if !more.is_empty());
        if all || modified || !plain_keys {
            self.breach(&GROUPING, &select.group_by);
        }
        if select.having.is_some() && keys.is_empty() {
            self.breach(&GROUPING, &"HAVING without GROUP BY");
        }
        let exprs: Vec<&Expr> = select
            .projection
            .iter()
            .filter_map(|item| match item {
                SelectItem::ExprWithAlias { expr, .. } => Some(expr),
                _ => None,
            })
            .chain(&select.having)
            .collect();
        if keys.is_empty() && !exprs.iter().any(|expr| aggregates(expr)) {
            return;
        }
        let mut loose = Vec::new();
        for expr in exprs {
            loose_columns(expr, &mut loose);
        }
        for column in loose.into_iter().filter(|column| !keys.contains(column)) {
            self.breach(&GROUPING, &column);
        }
    }

    fn name(&mut self, name: &str, quote: Option<char>) {
        if quote.is_some()
            || name.chars().any(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        {
            self.breach(&NAMES, &name);
        }
    }
}

fn grouped(select: &Select) -> impl Iterator<Item = &Expr> {
    match &select.group_by {
        GroupByExpr::Expressions(keys, _) => keys.iter(),
        GroupByExpr::All(_) => [].iter(),
    }
}
