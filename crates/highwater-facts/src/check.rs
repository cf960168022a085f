//! Check: whether one fact or view is written as the book demands.

use highwater_snapshot::{Scope as TableScope, table};
use sqlparser::ast::{Query, SelectItem, SetExpr};

use crate::book::{Fact, FactEntry, Place, View, ViewEntry, WhenOpen, follow};
use crate::lint::lint_query;
use crate::text::{cte_names, parse, relations, seen};
use crate::{Error, Kind};

/// A view, if its text is sound and reads only tables and the views before it.
pub(crate) fn check_view(
    place: &Place<'_>,
    entry: ViewEntry,
    known: &[View],
) -> Result<View, Error> {
    let at = entry.id.span().start;
    let id = entry.id.into_inner();
    if !is_name(&id) || table(&id).is_some() || known.iter().any(|view| view.id == id) {
        let what = format!("`{id}` cannot name a view");
        return Err(place.error(at, what, "use a new name of lower-case letters, digits and _"));
    }
    let (sql, query) = checked_text(place, &entry.sql, known)?;
    let (tables, views) = follow(&relations(&query), known);
    Ok(View { id, about: entry.about, kept: entry.kept, sql, tables, views })
}

/// A fact, if its text is sound and its declarations fit its kind.
pub(crate) fn check_fact(
    place: &Place<'_>,
    entry: FactEntry,
    known: &[View],
) -> Result<Fact, Error> {
    let at = entry.id.span().start;
    let fail = |what: String, fix: &str| Err(place.error(at, what, fix));
    let id = entry.id.into_inner();
    let family = place.file.trim_end_matches(".toml");
    if !id.split_once('.').is_some_and(|(head, tail)| head == family && is_name(tail)) {
        return fail(
            format!("`{id}` is no fact id of this file"),
            "write family.name, the family being the file's name",
        );
    }
    let measure = entry.kind == Kind::Measure;
    let ((Some(text), None, false) | (None, Some(text), true)) =
        (&entry.subjects, &entry.measure, measure)
    else {
        return fail(
            format!("`{id}` does not ask as its kind demands"),
            "give a measure `measure`, all others `subjects`",
        );
    };
    if let Err((what, fix)) =
        declared(&entry.kind, entry.when_open, entry.unit.is_some(), entry.subjects_per_row)
    {
        return fail(format!("`{id}` {what}"), fix);
    }
    let (sql, query) = checked_text(place, text, known)?;
    let due: &[&str] = if measure { &["lo", "hi"] } else { &["subject", "label", "hit"] };
    if output(&query) != due {
        return fail(
            format!("`{id}` does not give the columns {}", due.join(", ")),
            "name exactly these columns, in this order",
        );
    }
    let (tables, views) = follow(&relations(&query), known);
    if let Some(name) = foreign(&entry.population, &tables) {
        return fail(
            format!("`{id}` names `{name}` as population but does not read it"),
            "name evidence tables that the query reads",
        );
    }
    if let Some(list) = entry.lists.iter().find(|list| !sql.contains(&format!("'{list}'"))) {
        return fail(
            format!("`{id}` names the list `{list}` but does not read it"),
            "take the list out, or read it from config_lists",
        );
    }
    Ok(Fact {
        id,
        kind: entry.kind,
        about: entry.about,
        note: entry.note,
        population: entry.population,
        lists: entry.lists,
        scope: entry.scope,
        when_open: entry.when_open,
        subjects_per_row: entry.subjects_per_row.unwrap_or(1),
        collectable: entry.collectable,
        unit: entry.unit,
        sql,
        tables,
        views,
        seen: seen(&query),
        file: place.file.to_owned(),
    })
}

/// Whether an evidence table is made by the loader, so that it is always there.
pub(crate) fn is_made(name: &str) -> bool {
    table(name).is_some_and(|table| table.scope == TableScope::Snapshot)
}

/// The text trimmed and parsed, if it obeys the portable subset and reads only what is known.
fn checked_text(
    place: &Place<'_>,
    text: &toml::Spanned<String>,
    known: &[View],
) -> Result<(String, Query), Error> {
    let at = text.span().start;
    let sql = text.get_ref().trim_end().to_owned();
    let first = usize::from(place.text[at..].starts_with("\"\"\"\n"));
    let query = parse(&sql).map_err(|broken| {
        let below = first + broken.line - 1;
        place.error_below(at, below, broken.what, "write one SELECT in the portable subset")
    })?;
    if let Some(breach) = lint_query(&query).into_iter().next() {
        let what = format!("{}: {}", breach.rule.id, breach.found);
        return Err(place.error_below(at, first, what, breach.rule.fix));
    }
    let is_known = |name: &str| table(name).is_some() || known.iter().any(|view| view.id == name);
    if let Some(name) = cte_names(&query).into_iter().find(|name| is_known(name)) {
        let what = format!("the CTE `{name}` hides a table or view of that name");
        return Err(place.error_below(at, first, what, "give the CTE another name"));
    }
    match relations(&query).into_iter().find(|name| !is_known(name)) {
        None => Ok((sql, query)),
        Some(name) => {
            let what = format!("`{name}` is neither a table nor an earlier view");
            Err(place.error_below(at, first, what, "name a table, or move the view up"))
        }
    }
}

/// Whether unit, openness and fan-out fit the kind; else what is wrong and how to put it right.
fn declared(
    kind: &Kind,
    open: WhenOpen,
    unit: bool,
    per_row: Option<u64>,
) -> Result<(), (&'static str, &'static str)> {
    let measure = *kind == Kind::Measure;
    let moves = matches!(open, WhenOpen::Raises | WhenOpen::Lowers | WhenOpen::Either);
    if measure != unit {
        return Err(("and its unit do not fit", "give a measure a unit, and nothing else one"));
    }
    if measure != moves {
        return Err((
            "and its when_open do not fit",
            "write raises, lowers or either for a measure, adds, many or fixed otherwise",
        ));
    }
    if per_row.is_some_and(|rows| rows < 2 || open != WhenOpen::Adds) {
        return Err((
            "has an idle subjects_per_row",
            "leave it out where a row is one subject or when_open is not adds",
        ));
    }
    Ok(())
}

/// The first population table that the query does not read, or that is no evidence. Facts over
/// `ages` name the tables that the loader made the ages from.
fn foreign<'p>(population: &'p [String], tables: &[String]) -> Option<&'p String> {
    let made_from = tables.iter().any(|name| name == "ages");
    population.iter().find(|name| {
        is_made(name) || table(name).is_none() || !(made_from || tables.contains(name))
    })
}

/// Names of the columns that the query gives; of its first branch, for a union.
pub(crate) fn output(query: &Query) -> Vec<&str> {
    let mut body = &*query.body;
    while let SetExpr::SetOperation { left, .. } = body {
        body = left;
    }
    let SetExpr::Select(select) = body else { return Vec::new() };
    let aliases = select.projection.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.as_str()),
        _ => None,
    });
    aliases.collect()
}

/// Lower-case letters, digits and `_`, a letter first.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
