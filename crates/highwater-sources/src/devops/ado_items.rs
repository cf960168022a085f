//! Files of the default branch: `GET {azure_devops}/{organisation}/{project}/_apis/git/repositories/{repository}/items`.
//!
//! Needs `vso.code`. Paths only: contents are not asked for. The answer has no pages.

use super::has_branch;
use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "ado.items",
    about: "paths of the files of a repository",
    page: "https://learn.microsoft.com/rest/api/azure/devops/git/items/list",
    service: "azure_devops",
    scope: Scope::Each("ado_repository"),
    requests: &[Request {
        path: "/{organisation}/{project}/_apis/git/repositories/{repository}/items",
        query: &[
            ("scopePath", "/"),
            ("recursionLevel", "Full"),
            ("versionDescriptor.version", "{branch}"),
            ("api-version", "7.1"),
        ],
        ..Request::GET
    }],
    grant: Grant::both("vso.code"),
    due: has_branch,
    ..Source::DEFAULT
};
