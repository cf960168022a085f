//! Pipelines of a project: `GET {azure_devops}/{organisation}/{project}/_apis/build/definitions` and
//! `GET https://vsrm.dev.azure.com/{organisation}/{project}/_apis/release/definitions`, then files, runs and checks.
//!
//! Needs `vso.build`, `vso.release` and `vso.code`. Build definitions come whole (`includeAllProperties`), so that none
//! is asked for by itself; releases tell their tasks only one by one. Files are read where they lie in Azure Repos, runs
//! and checks only of pipelines that have to do with Power Platform. Variables, logs and the people who ran something
//! are not kept.

mod compose;
mod find;
mod shapes;

use highwater_http::Paging;

use super::ADO;
use crate::source::{Each, Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "ado.pipelines",
    about: "build and release pipelines with Power Platform steps",
    page: "https://learn.microsoft.com/rest/api/azure/devops/build/definitions/list",
    service: "azure_devops",
    scope: Scope::Each("ado_project"),
    requests: REQUESTS,
    grant: Grant::both("vso.build, vso.release, vso.code"),
    find: find::find,
    compose: Some(compose::compose),
    ..Source::DEFAULT
};

const LIST: Request = Request { evidence: false, ..ADO };

const REQUESTS: &[Request] = &[
    Request {
        part: "definitions",
        path: "/{organisation}/{project}/_apis/build/definitions",
        query: &[("includeAllProperties", "true"), ("$top", "200"), ("api-version", "7.1")],
        ..LIST
    },
    Request {
        part: "file",
        path: "/{organisation}/{project}/_apis/git/repositories/{repository}/items",
        query: &[
            ("path", "{path}"),
            ("includeContent", "true"),
            ("$format", "json"),
            ("versionDescriptor.version", "{branch}"),
            ("api-version", "7.1"),
        ],
        each: Each::Found("file"),
        paging: Paging::None,
        ..LIST
    },
    Request {
        part: "builds",
        path: "/{organisation}/{project}/_apis/build/builds",
        query: &[
            ("definitions", "{key}"),
            ("queryOrder", "finishTimeDescending"),
            ("$top", "100"),
            ("api-version", "7.1"),
        ],
        each: Each::Found("used_definition"),
        paging: Paging::First,
        ..LIST
    },
    Request {
        part: "environments",
        path: "/{organisation}/{project}/_apis/distributedtask/environments",
        query: &[("$top", "200"), ("api-version", "7.1-preview.1")],
        each: Each::Found("with_environments"),
        ..LIST
    },
    Request {
        part: "checks",
        path: "/{organisation}/{project}/_apis/pipelines/checks/configurations",
        query: &[
            ("resourceType", "environment"),
            ("resourceId", "{key}"),
            ("api-version", "7.1-preview.1"),
        ],
        each: Each::Found("environment"),
        paging: Paging::None,
        ..LIST
    },
    Request {
        part: "releases",
        path: "https://vsrm.dev.azure.com/{organisation}/{project}/_apis/release/definitions",
        query: &[("$top", "200"), ("api-version", "7.1")],
        ..LIST
    },
    Request {
        part: "release",
        path: "https://vsrm.dev.azure.com/{organisation}/{project}/_apis/release/definitions/{key}",
        query: &[("api-version", "7.1")],
        each: Each::Found("release"),
        paging: Paging::None,
        ..LIST
    },
    Request {
        part: "deployments",
        path: "https://vsrm.dev.azure.com/{organisation}/{project}/_apis/release/deployments",
        query: &[
            ("definitionId", "{key}"),
            ("queryOrder", "descending"),
            ("$top", "100"),
            ("api-version", "7.1"),
        ],
        each: Each::Found("used_release"),
        paging: Paging::First,
        ..LIST
    },
];
