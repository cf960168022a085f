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
    list(Service::GitHub, "/repos/{}/{}/teams", Dialect::LinkHeader, &[]),
    list(Service::GitHub, "/repos/{}/{}/contents/.github/workflows", Dialect::LinkHeader, &["ref"]),
    object(Service::GitHub, "/repos/{}/{}/contents/{}", &["ref"]),
    object(Service::GitHub, "/repos/{}/{}/contents/{}/{}", &["ref"]),
    object(Service::GitHub, "/repos/{}/{}/contents/{}/{}/{}", &["ref"]),
    object(Service::GitHub, "/repos/{}/{}/contents/{}/{}/{}/{}", &["ref"]),
    set("/{}/_apis/projects", &["$skip", "stateFilter"]),
    set("/{}/_apis/git/repositories", &["includeLinks", "includeHidden"]),
    set("/{}/_apis/extensionmanagement/installedextensions", &["includeDisabledExtensions"]),
    set("/{}/{}/_apis/git/repositories", &["includeLinks", "includeHidden"]),
    set("/{}/{}/_apis/git/repositories/{}/items", ITEMS),
    set("/{}/{}/_apis/git/repositories/{}/commits", COMMITS),
    set(
        "/{}/{}/_apis/git/repositories/{}/pullrequests",
        &["searchCriteria.status", "searchCriteria.minTime", "$skip"],
    ),
    set("/{}/{}/_apis/policy/configurations", &["policyType", "scope"]),
    set("/{}/{}/_apis/git/policy/configurations", &["repositoryId", "refName", "policyType"]),
    set("/{}/{}/_apis/pipelines", &["orderBy"]),
    set(
        "/{}/{}/_apis/build/definitions",
        &["includeAllProperties", "repositoryId", "repositoryType"],
    ),
    object(Service::AzureDevOps, "/{}/{}/_apis/build/definitions/{}", &[]),
    set(
        "/{}/{}/_apis/build/builds",
        &["definitions", "queryOrder", "minTime", "maxTime", "resultFilter", "statusFilter"],
    ),
    set("/{}/{}/_apis/release/definitions", &["$expand"]),
    object(Service::AzureDevOps, "/{}/{}/_apis/release/definitions/{}", &[]),
    set(
        "/{}/{}/_apis/release/deployments",
        &["definitionId", "queryOrder", "minStartedTime", "deploymentStatus"],
    ),
    set("/{}/{}/_apis/pipelines/checks/configurations", &["resourceType", "resourceId", "$expand"]),
    set("/{}/{}/_apis/serviceendpoint/endpoints", &["type"]),
    set("/{}/{}/_apis/distributedtask/variablegroups", &["groupName"]),
    set("/{}/{}/_apis/distributedtask/environments", &["name"]),
];

/// Parameters of the files of a repository.
const ITEMS: &[&str] = &[
    "scopePath",
    "path",
    "recursionLevel",
    "includeContent",
    "$format",
    "versionDescriptor.version",
    "versionDescriptor.versionType",
];

/// Parameters of the commits of a repository.
const COMMITS: &[&str] = &[
    "searchCriteria.fromDate",
    "searchCriteria.toDate",
    "searchCriteria.itemVersion.version",
    "searchCriteria.$top",
    "searchCriteria.$skip",
    "$skip",
];
