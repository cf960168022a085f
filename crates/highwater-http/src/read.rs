//! Read: one question to a service, and how its pages go on.

use bytes::Bytes;
use highwater_auth::Audience;
use url::Url;

/// One question to a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Service by its name in `config/clouds.toml` (`bap`, `graph`, `dataverse` …); limits and budgets are kept by it.
    pub service: &'static str,
    /// Within the service, what the vendor counts by: a Dataverse organisation, a subscription; empty where by tenant.
    pub scope: String,
    /// Audience of the token.
    pub audience: Audience,
    /// How it is asked.
    pub method: Method,
    /// Whole address of the first page.
    pub url: Url,
    /// Headers beside those that every read has (`Prefer`, `ConsistencyLevel` …).
    pub headers: Vec<(&'static str, String)>,
    /// How further pages are found.
    pub paging: Paging,
}

/// How a question is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// GET.
    Get,
    /// POST of a JSON body, to a path that only reads.
    Post(Bytes),
}

/// How the service says that there is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// It does not: one answer is all.
    None,
    /// The newest page is enough; what it says of further ones is kept and not followed.
    First,
    /// `nextLink` in the body (Azure, Power Apps, Power Automate).
    NextLink,
    /// `@odata.nextLink` in the body (Graph, Dataverse).
    ODataNextLink,
    /// `$skipToken` in the body, sent back in `options.$skipToken` of the posted body (Resource Graph).
    ResourceGraph,
    /// `skipToken` in the body, sent back in `Options.SkipToken` of the posted body (Power Platform inventory).
    Inventory,
    /// `continuationToken` in the body, sent back as the query parameter of that name (Power Platform API).
    ContinuationToken,
    /// `x-ms-continuationtoken` header, sent back as `continuationToken` (Azure DevOps).
    ContinuationHeader,
    /// `Link: <…>; rel="next"` header (GitHub).
    LinkHeader,
    /// `NextPageUri` header (Office 365 activity feed).
    NextPageUri,
}
