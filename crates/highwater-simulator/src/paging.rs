//! Paging: a list of records cut into pages, in the dialect of the vendor.
//!
//! Where a page begins is kept in the token itself, so that the server remembers nothing and a page asked for twice is
//! the same twice.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::host::Service;
use crate::routes::Dialect;

/// Records of a list: held, or made one by one when they are asked for.
#[derive(Clone)]
pub(crate) enum Rows {
    Held(Arc<Vec<Value>>),
    Made(usize, Arc<dyn Fn(usize) -> Value + Send + Sync>),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Held(Arc::default())
    }
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Held(rows) => rows.len(),
            Self::Made(count, _) => *count,
        }
    }

    /// Records from `start` to before `end`.
    pub(crate) fn cut(&self, start: usize, end: usize) -> Vec<Value> {
        let end = end.min(self.len());
        match self {
            Self::Held(rows) => rows.get(start..end).unwrap_or_default().to_vec(),
            Self::Made(_, make) => (start..end).map(|at| make(at)).collect(),
        }
    }
}

/// A list on its way to become pages.
pub(crate) struct List {
    pub(crate) rows: Rows,
    /// Members of the envelope besides the records, as the vendor writes them on every page.
    pub(crate) envelope: Map<String, Value>,
    /// Whether the chain breaks off behind the last record: the page that comes then never arrives.
    pub(crate) broken: bool,
}

/// Where a page begins and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) start: usize,
    pub(crate) size: usize,
}

/// Reads the token of a page; `None` where it is none of ours.
pub(crate) fn token(text: &str) -> Option<Page> {
    let told = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (start, size) = told.split_once(':')?;
    Some(Page { start: start.parse().ok()?, size: size.parse().ok().filter(|size| *size > 0)? })
}

/// Writes the token of a page.
pub(crate) fn token_of(page: Page) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{}", page.start, page.size))
}

/// The page that a request asks for; an error where its token or its numbers are not understood.
pub(crate) fn asked_for(
    asked: &Asked,
    dialect: Dialect,
    most: Option<usize>,
) -> Result<Page, String> {
    let name = parameter(asked, dialect);
    let cap = |size: usize| most.map_or(size, |most| size.min(most)).max(1);
    if dialect == Dialect::LinkHeader || matches!(dialect, Dialect::Counted(_)) {
        let size = cap(number(asked, "per_page")?.unwrap_or(30).clamp(1, 100));
        return Ok(Page {
            start: number(asked, "page")?.unwrap_or(1).max(1).saturating_sub(1) * size,
            size,
        });
    }
    if let Some(text) = asked.parameter(name) {
        return token(text).ok_or_else(|| text.to_owned());
    }
    if dialect == Dialect::Whole {
        return Ok(Page { start: 0, size: usize::MAX });
    }
    let (usual, largest) = sizes(asked);
    let wanted = match asked.service() {
        Some(Service::Dataverse) => preferred(asked).or(number(asked, "$top")?),
        Some(Service::KeyVault) => number(asked, "maxresults")?,
        _ => number(asked, "$top")?.or_else(|| preferred(asked)),
    };
    Ok(Page { start: 0, size: cap(wanted.unwrap_or(usual).clamp(1, largest)) })
}

/// Usual and largest page of a service.
fn sizes(asked: &Asked) -> (usize, usize) {
    match asked.service() {
        Some(Service::Dataverse) => (5000, 5000),
        Some(Service::Graph) => (100, 999),
        Some(Service::KeyVault) => (25, 25),
        Some(Service::PpApi | Service::AzureDevOps) => (100, 1000),
        Some(Service::Arm) => (1000, 1000),
        Some(Service::O365) => (200, 200),
        _ => (250, 250),
    }
}

fn number(asked: &Asked, name: &str) -> Result<Option<usize>, String> {
    asked.parameter(name).map(|text| text.parse().map_err(|_| text.to_owned())).transpose()
}

/// `Prefer: odata.maxpagesize=50`, beside whatever else is preferred.
fn preferred(asked: &Asked) -> Option<usize> {
    let told = asked.header("prefer")?;
    told.split([',', ';'])
        .find_map(|part| part.trim().strip_prefix("odata.maxpagesize=")?.trim().parse().ok())
}

/// The parameter that carries the token.
fn parameter(asked: &Asked, dialect: Dialect) -> &'static str {
    match (dialect, asked.service()) {
        (Dialect::Collection | Dialect::Continuation, _) => "continuationToken",
        (Dialect::NextPageUri, _) => "nextPage",
        _ => "$skiptoken",
    }
}

/// One page of a list as an answer; `show` is how a record looks to who asked.
pub(crate) fn answer(
    asked: &Asked,
    dialect: Dialect,
    list: &List,
    page: Page,
    show: impl Fn(Value) -> Value,
) -> Answer {
    let end = page.start.saturating_add(page.size).min(list.rows.len());
    let limited = asked.service() == Some(Service::Dataverse) && asked.parameter("$top").is_some();
    let more = (end < list.rows.len() || list.broken) && !limited && dialect != Dialect::Whole;
    let next = more.then(|| token_of(Page { start: end, size: page.size }));
    let rows: Vec<Value> = list.rows.cut(page.start, end).into_iter().map(show).collect();
    let link = next.as_deref().map(|next| asked.link(&[(parameter(asked, dialect), Some(next))]));
    let mut body = list.envelope.clone();
    match dialect {
        Dialect::NextLink | Dialect::OData => {
            if let Some(link) = link {
                body.insert(
                    if dialect == Dialect::OData { "@odata.nextLink" } else { "nextLink" }
                        .to_owned(),
                    link.into(),
                );
            }
            body.insert("value".to_owned(), rows.into());
            Answer::json(body.into())
        }
        Dialect::Whole => {
            body.insert("value".to_owned(), rows.into());
            Answer::json(body.into())
        }
        Dialect::Collection => {
            body.insert("collection".to_owned(), rows.into());
            body.insert("continuationToken".to_owned(), next.map_or(Value::Null, Value::from));
            Answer::json(body.into())
        }
        Dialect::Continuation => {
            let told = Answer::json(json!({"count": rows.len(), "value": rows}));
            if let Some(next) = next { told.header("x-ms-continuationtoken", next) } else { told }
        }
        Dialect::NextPageUri => {
            let told = Answer::json(rows.into());
            if let Some(link) = link { told.header("nextpageuri", link) } else { told }
        }
        Dialect::LinkHeader => {
            numbered(asked, Answer::json(rows.into()), page, end < list.rows.len())
        }
        Dialect::Counted(name) => {
            let told = Answer::json(json!({"total_count": list.rows.len(), name: rows}));
            numbered(asked, told, page, end < list.rows.len())
        }
    }
}

/// GitHub's `Link` header.
fn numbered(asked: &Asked, told: Answer, page: Page, more: bool) -> Answer {
    if !more {
        return told;
    }
    let next = (page.start / page.size + 2).to_string();
    told.header("link", format!("<{}>; rel=\"next\"", asked.link(&[("page", Some(&next))])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_says_where_a_page_begins(start in 0_usize..1_000_000, size in 1_usize..5000) {
            let page = Page { start, size };
            prop_assert_eq!(token(&token_of(page)), Some(page));
        }

        #[test]
        fn a_foreign_token_is_refused(text in "[a-z0-9]{1,20}") {
            if let Some(page) = token(&text) {
                prop_assert!(page.size > 0);
            }
        }
    }
}
