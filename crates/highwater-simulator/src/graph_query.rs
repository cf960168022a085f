//! Graph query: queries of Resource Graph and of the inventory, as far as administrators' queries go.
//!
//! Understood are the table and the types that a query names in quotes. What else it asks for (columns, order, other
//! conditions) is not: rows come whole and in the order of the tenant.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::cloud::Cloud;
use crate::host::Service;
use crate::paging::{Page, Rows, token, token_of};
use crate::reading::refused;
use crate::refusal;
use crate::token::Claims;

/// A query of Resource Graph, a page at a time. Applications see nothing of the Power Platform's table there.
pub(crate) fn resources(cloud: &Cloud, asked: &Asked, claims: Option<&Claims>) -> Answer {
    let body = asked.json();
    let Some(text) = body["query"].as_str().filter(|text| !text.trim().is_empty()) else {
        return Answer::with(
            400,
            json!({"error": {"code": "BadRequest", "message": "Please provide below info when asking for support.",
            "details": [{"code": "InvalidQuery", "message": "Query is invalid. It is empty."}]}}),
        );
    };
    let table = text
        .split(|letter: char| letter.is_whitespace() || letter == '|')
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    let (types, options) = (quoted_types(text), &body["options"]);
    let rows = if table.eq_ignore_ascii_case("PowerPlatformResources") {
        let hidden = claims.is_none_or(|claims| claims.application);
        if hidden { Ok(Rows::default()) } else { Ok(cloud.world.inventory(&types)) }
    } else {
        cloud.world.graph_rows(table, &types)
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(found) => return refused(Service::Arm, found),
    };
    let page = match page(
        cloud,
        options["$top"].as_u64().unwrap_or(100),
        options["$skipToken"].as_str(),
    ) {
        Ok(page) => page,
        Err(text) => return refusal::parameter(Service::Arm, "$skipToken", &text),
    };
    let (data, next) = cut(&rows, page);
    let mut told = json!({"totalRecords": rows.len(), "count": data.len(), "resultTruncated": if next.is_some() { "true" } else { "false" }, "facets": [], "data": data});
    if let Some(next) = next {
        told["$skipToken"] = next.into();
    }
    Answer::json(told)
}

/// A query of the inventory of the Power Platform API, which does not take applications.
pub(crate) fn inventory(cloud: &Cloud, asked: &Asked, claims: Option<&Claims>) -> Answer {
    if claims.is_none_or(|claims| claims.application) {
        return Answer::error(
            403,
            "Forbidden",
            "Application only tokens are not supported by this API.",
        );
    }
    let body = asked.json();
    if body["TableName"]
        .as_str()
        .is_none_or(|name| !name.eq_ignore_ascii_case("PowerPlatformResources"))
    {
        return Answer::error(400, "BadRequest", "TableName must be PowerPlatformResources.");
    }
    let rows = cloud.world.inventory(&quoted_types(&body["Clauses"].to_string()));
    let options = &body["Options"];
    let page = match page(
        cloud,
        options["Top"].as_u64().unwrap_or(1000),
        options["SkipToken"].as_str().filter(|text| !text.is_empty()),
    ) {
        Ok(page) => page,
        Err(text) => return refusal::parameter(Service::PpApi, "SkipToken", &text),
    };
    let (data, next) = cut(&rows, page);
    Answer::json(
        json!({"totalRecords": rows.len(), "count": data.len(), "resultTruncated": i32::from(next.is_some()), "skipToken": next, "data": data}),
    )
}

fn page(cloud: &Cloud, top: u64, text: Option<&str>) -> Result<Page, String> {
    let wanted = usize::try_from(top).unwrap_or(1000).clamp(1, 1000);
    let size = cloud.settings.page_size.map_or(wanted, |most| wanted.min(most)).max(1);
    text.map_or(Ok(Page { start: 0, size }), |text| token(text).ok_or_else(|| text.to_owned()))
}

fn cut(rows: &Rows, page: Page) -> (Vec<Value>, Option<String>) {
    let end = page.start.saturating_add(page.size).min(rows.len());
    (
        rows.cut(page.start, end),
        (end < rows.len()).then(|| token_of(Page { start: end, size: page.size })),
    )
}

/// Types of resources that a query names in quotes.
fn quoted_types(text: &str) -> Vec<String> {
    text.split('\'')
        .skip(1)
        .step_by(2)
        .filter(|part| part.contains('/') && !part.starts_with('/'))
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Whether a row is of one of some types; of any where none are named.
pub(crate) fn is_of(row: &Value, types: &[String]) -> bool {
    types.is_empty()
        || row["type"].as_str().is_some_and(|kind| types.contains(&kind.to_ascii_lowercase()))
}
