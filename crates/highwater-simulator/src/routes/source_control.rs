//! Paths of GitHub and Azure DevOps.

use super::{Dialect, Route, list, object};
use crate::host::Service;

/// A list of Azure DevOps.
const fn set(path: &'static str, parameters: &'static [&'static str]) -> Route {
    list(Service::AzureDevOps, path, Dialect::Continuation, parameters)
}

pub(super) const ROUTES: &[Route] = &[
    list(Service::GitHub, "/orgs/{}/repos", Dialect::LinkHeader, &["type", "sort", "direction"]),
    object(Service::GitHub, "/repos/{}/{}/branches/{}/protection", &[]),
    list(Service::GitHub, "/repos/{}/{}/rules/branches/{}", Dialect::LinkHeader, &[]),
    object(Service::GitHub, "/repos/{}/{}/git/trees/{}", &["recursive"]),
    list(
        Service::GitHub,
        "/repos/{}/{}/commits",
        Dialect::LinkHeader,
        &["sha", "path", "since", "until", "author"],
    ),
    list(Service::GitHub, "/repos/{}/{}/actions/workflows", Dialect::Counted("workflows"), &[]),
    list(
        Service::GitHub,
        "/repos/{}/{}/actions/workflows/{}/runs",
        Dialect::Counted("workflow_runs"),
        &["branch", "event", "status", "created"],
    ),
    list(Service::GitHub, "/repos/{}/{}/environments", Dialect::Counted("environments"), &[]),
    list(Service::GitHub, "/repos/{}/{}/contents/.github/workflows", Dialect::LinkHeader, &["ref"]),
    object(Service::GitHub, "/repos/{}/{}/contents/.github/workflows/{}", &["ref"]),
    set("/{}/_apis/projects", &["$skip", "stateFilter"]),
    set("/{}/_apis/extensionmanagement/installedextensions", &[]),
    set("/{}/{}/_apis/git/repositories", &[]),
    set("/{}/{}/_apis/git/repositories/{}/items", &["scopePath", "recursionLevel"]),
    set("/{}/{}/_apis/git/repositories/{}/pullrequests", &["searchCriteria.status", "$skip"]),
    set("/{}/{}/_apis/policy/configurations", &["policyType", "scope"]),
    set("/{}/{}/_apis/pipelines", &["orderBy"]),
    set("/{}/{}/_apis/build/definitions", &["includeAllProperties"]),
    object(Service::AzureDevOps, "/{}/{}/_apis/build/definitions/{}", &[]),
    set("/{}/{}/_apis/build/builds", &["definitions", "queryOrder", "minTime"]),
    set("/{}/{}/_apis/release/definitions", &["$expand"]),
    object(Service::AzureDevOps, "/{}/{}/_apis/release/definitions/{}", &[]),
    set("/{}/{}/_apis/pipelines/checks/configurations", &["resourceType", "resourceId", "$expand"]),
    set("/{}/{}/_apis/serviceendpoint/endpoints", &[]),
    set("/{}/{}/_apis/distributedtask/variablegroups", &[]),
    set("/{}/{}/_apis/distributedtask/environments", &[]),
];
