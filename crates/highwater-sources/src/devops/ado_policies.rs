//! Policies of the default branch: `GET {azure_devops}/{organisation}/{project}/_apis/git/policy/configurations`.
//!
//! Needs `vso.code`. Only policies that ask for a number of reviewers, and only those that apply to the branch: the
//! service works out which of the project's rules do.

use super::{ADO, has_branch};
use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "ado.policies",
    about: "whether the default branch asks for reviews",
    page: "https://learn.microsoft.com/rest/api/azure/devops/git/policy-configurations/get",
    service: "azure_devops",
    scope: Scope::Each("ado_repository"),
    requests: &[Request {
        path: "/{organisation}/{project}/_apis/git/policy/configurations",
        query: &[
            ("repositoryId", "{repository}"),
            ("refName", "{reference}"),
            ("policyType", "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"),
            ("api-version", "7.1"),
        ],
        ..ADO
    }],
    grant: Grant::both("vso.code"),
    due: has_branch,
    ..Source::DEFAULT
};
