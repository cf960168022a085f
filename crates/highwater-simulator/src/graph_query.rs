//! Graph query: queries of Resource Graph over the rows of a table, as far as administrators' queries go.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::cloud::Cloud;
use crate::host::Service;
use crate::paging::{Page, token, token_of};
use crate::reading::refused;
use crate::refusal;

/// Answers a query, a page at a time.
pub(crate) fn answer(cloud: &Cloud, _asked: &Asked, text: &str, options: &Value) -> Answer {
    let table = text.split_whitespace().next().unwrap_or_default();
    let rows = match cloud.world.graph_rows(table) {
        Ok(rows) => rows,
        Err(found) => return refused(Service::Arm, found),
    };
    let types = quoted_types(text);
    let rows: Vec<Value> = rows
        .into_iter()
        .filter(|row| {
            types.is_empty()
                || row["type"]
                    .as_str()
                    .is_some_and(|kind| types.contains(&kind.to_ascii_lowercase()))
        })
        .collect();
    let wanted =
        usize::try_from(options["$top"].as_u64().unwrap_or(100)).unwrap_or(100).clamp(1, 1000);
    let size = cloud.settings.page_size.map_or(wanted, |most| wanted.min(most)).max(1);
    let page = match options["$skipToken"].as_str() {
        None => Page { start: 0, size },
        Some(text) => match token(text) {
            Some(page) => page,
            None => return refusal::parameter(Service::Arm, "$skipToken", text),
        },
    };
    let end = (page.start + page.size).min(rows.len());
    let part = rows.get(page.start..end).unwrap_or_default();
    let mut told = json!({"totalRecords": rows.len(), "count": part.len(), "resultTruncated": "false", "facets": [], "data": part});
    if end < rows.len() {
        told["$skipToken"] = token_of(Page { start: end, size: page.size }).into();
        told["resultTruncated"] = "true".into();
    }
    Answer::json(told)
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
