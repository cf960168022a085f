//! Lint of expressions: which nodes the portable subset knows, judged one node at a time.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DuplicateTreatment, ExactNumberInfo, Expr, Function,
    FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};

use crate::lint::{
    CASTS, COUNTS, DATES, DIVISION, FUNCTIONS, LITERALS, NAMES, OPERATORS, PATTERNS, PROVENANCE,
    Rule, SUBQUERIES, SUMS, WINDOWS,
};

/// What the expression around another one does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Coalesce,
    Arithmetic,
    Other,
}

/// What an expression is to its parts; parentheses hand on what is around them.
pub(crate) fn tag(expr: &Expr, parent: Tag) -> Tag {
    match expr {
        Expr::Nested(_) => parent,
        Expr::Function(function) if name(function) == "COALESCE" => Tag::Coalesce,
        Expr::BinaryOp { op, .. } if is_arithmetic(op) => Tag::Arithmetic,
        _ => Tag::Other,
    }
}

/// The rule that this node breaks by itself, if any, and what to show.
pub(crate) fn check_expr(expr: &Expr, parent: Tag) -> Option<(&'static Rule, String)> {
    let rule: &'static Rule = match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => return check_name(expr),
        Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::InList { .. } | Expr::Nested(_) => {
            return None;
        }
        Expr::Case { operand: None, .. } => return None,
        Expr::Value(value) if is_portable(&value.value) => return None,
        Expr::Value(_) => &LITERALS,
        Expr::Cast { kind: CastKind::Cast, data_type, array: false, format: None, .. }
            if is_portable_type(data_type) =>
        {
            return None;
        }
        Expr::Cast { .. } | Expr::Convert { .. } => &CASTS,
        Expr::BinaryOp { left, op: BinaryOperator::Divide, right } if !is_ratio(left, right) => {
            &DIVISION
        }
        Expr::BinaryOp { op, .. } if is_arithmetic(op) || is_logical(op) => return None,
        Expr::Function(function) => return check_function(function, parent),
        Expr::Subquery(_)
        | Expr::Exists { .. }
        | Expr::InSubquery { .. }
        | Expr::InUnnest { .. } => &SUBQUERIES,
        Expr::Interval(_)
        | Expr::Extract { .. }
        | Expr::AtTimeZone { .. }
        | Expr::TypedString { .. } => &DATES,
        Expr::Like { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            &PATTERNS
        }
        Expr::Ceil { .. } | Expr::Floor { .. } | Expr::Substring { .. } | Expr::Trim { .. } => {
            &FUNCTIONS
        }
        Expr::Position { .. } | Expr::Overlay { .. } | Expr::Collate { .. } => &FUNCTIONS,
        _ => &OPERATORS,
    };
    Some((rule, expr.to_string()))
}

/// What an ON clause holds besides equalities of qualified columns of two relations.
pub(crate) fn check_on(on: &Expr) -> Option<String> {
    match on {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            check_on(left).or_else(|| check_on(right))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let sides = (relation_of(left), relation_of(right));
            (!matches!(sides, (Some(a), Some(b)) if a != b)).then(|| on.to_string())
        }
        other => Some(other.to_string()),
    }
}

/// Whether the expression is a count that was not cast.
pub(crate) fn bare_count(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if name(function) == "COUNT")
}

/// Whether the expression is a NULL without a type.
pub(crate) fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

/// Names without a qualifier in the expression, derived tables left out.
pub(crate) fn idents(expr: &Expr, found: &mut Vec<String>) {
    if let Expr::Identifier(name) = expr {
        found.push(name.value.clone());
    }
    parts(expr, &mut |part| idents(part, found));
}

/// Columns of the expression that no aggregate encloses.
pub(crate) fn loose_columns(expr: &Expr, found: &mut Vec<String>) {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => found.push(expr.to_string()),
        Expr::Function(function) if is_aggregate(function) => {}
        _ => parts(expr, &mut |part| loose_columns(part, found)),
    }
}

/// Whether the expression aggregates anything.
pub(crate) fn aggregates(expr: &Expr) -> bool {
    let mut any = matches!(expr, Expr::Function(function) if is_aggregate(function));
    parts(expr, &mut |part| any = any || aggregates(part));
    any
}

fn check_name(expr: &Expr) -> Option<(&'static Rule, String)> {
    let parts = match expr {
        Expr::Identifier(part) => std::slice::from_ref(part),
        Expr::CompoundIdentifier(parts) => parts.as_slice(),
        _ => return None,
    };
    let odd = |part: &sqlparser::ast::Ident| {
        part.quote_style.is_some() || part.value.chars().any(|c| c.is_ascii_uppercase())
    };
    let told_by = ["source_id", "record_no", "observed_at"];
    if parts.last().is_some_and(|part| told_by.contains(&part.value.as_str())) {
        return Some((&PROVENANCE, expr.to_string()));
    }
    (parts.len() > 2 || parts.iter().any(odd)).then(|| (&NAMES, expr.to_string()))
}

fn check_function(function: &Function, parent: Tag) -> Option<(&'static Rule, String)> {
    let shown = || function.to_string();
    if function.over.is_some() {
        return Some((&WINDOWS, shown()));
    }
    let known = ["COUNT", "SUM", "MIN", "MAX", "MEDIAN", "COALESCE", "NULLIF", "CONCAT"];
    let odd = function.filter.is_some()
        || function.null_treatment.is_some()
        || !function.within_group.is_empty();
    let name = name(function);
    if !known.contains(&name.as_str()) {
        let clock = ["NOW", "CURRENT_TIMESTAMP", "CURRENT_DATE", "DATE_TRUNC", "DATEDIFF", "DATE"];
        let like = ["REGEXP_LIKE", "REGEXP_MATCHES", "STARTS_WITH"];
        let rule = if clock.contains(&name.as_str()) {
            &DATES
        } else if like.contains(&name.as_str()) {
            &PATTERNS
        } else {
            &FUNCTIONS
        };
        return Some((rule, shown()));
    }
    if odd || (name != "COUNT" && is_distinct(function)) {
        return Some((&FUNCTIONS, shown()));
    }
    match name.as_str() {
        "COUNT" if parent == Tag::Arithmetic => Some((&COUNTS, shown())),
        "SUM" if parent != Tag::Coalesce => Some((&SUMS, shown())),
        "SUM" if args(function).any(|arg| !is_summable(arg)) => Some((&SUMS, shown())),
        _ => None,
    }
}

/// Whether a SUM over the expression is of columns, not of literals or conditions.
fn is_summable(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::InList { .. } => false,
        Expr::BinaryOp { op, .. } => is_arithmetic(op),
        Expr::Nested(inner) => is_summable(inner),
        Expr::Case { conditions, else_result, .. } => conditions
            .iter()
            .map(|when| &when.result)
            .chain(else_result.as_deref())
            .all(|result| is_null(result) || is_summable(result)),
        _ => true,
    }
}

fn is_ratio(left: &Expr, right: &Expr) -> bool {
    let double = matches!(left, Expr::Cast { data_type: DataType::Double(_), .. });
    let safe = match right {
        Expr::Function(function) => name(function) == "NULLIF",
        Expr::Value(value) => matches!(&value.value, Value::Number(number, _) if number != "0"),
        _ => false,
    };
    double && safe
}

fn is_portable(value: &Value) -> bool {
    match value {
        Value::Number(number, long) => !long && number.bytes().all(|byte| byte.is_ascii_digit()),
        Value::SingleQuotedString(text) => !text.contains('\\'),
        Value::Boolean(_) | Value::Null => true,
        _ => false,
    }
}

fn is_portable_type(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Double(ExactNumberInfo::None) | DataType::BigInt(None) | DataType::Boolean
    )
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Divide)
}

fn is_logical(op: &BinaryOperator) -> bool {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    matches!(op, And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

fn is_aggregate(function: &Function) -> bool {
    ["COUNT", "SUM", "MIN", "MAX", "MEDIAN"].contains(&name(function).as_str())
}

fn is_distinct(function: &Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list)
        if list.duplicate_treatment == Some(DuplicateTreatment::Distinct))
}

fn name(function: &Function) -> String {
    function.name.to_string().to_ascii_uppercase()
}

fn relation_of(side: &Expr) -> Option<&str> {
    match side {
        Expr::CompoundIdentifier(parts) if parts.len() == 2 => Some(&parts[0].value),
        _ => None,
    }
}

fn args(function: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

/// Calls `f` with every direct part of an expression of the portable subset.
fn parts<'e>(expr: &'e Expr, f: &mut dyn FnMut(&'e Expr)) {
    match expr {
        Expr::IsNull(inner) | Expr::IsNotNull(inner) | Expr::Nested(inner) => f(inner),
        Expr::Cast { expr, .. } => f(expr),
        Expr::UnaryOp { expr, .. } => f(expr),
        Expr::InList { expr, list, .. } => {
            f(expr);
            list.iter().for_each(f);
        }
        Expr::BinaryOp { left, right, .. } => {
            f(left);
            f(right);
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            operand.iter().for_each(|part| f(part));
            for when in conditions {
                f(&when.condition);
                f(&when.result);
            }
            else_result.iter().for_each(|part| f(part));
        }
        Expr::Function(function) => args(function).for_each(f),
        _ => {}
    }
}
