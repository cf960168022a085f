//! Needs of Azure DevOps and GitHub.
//!
//! Pages: <https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/oauth> and
//! <https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens>. An
//! application of Azure DevOps is a member of the organisation with Readers in each project; scopes bound a person's token.

use super::right::{devops, github};
use super::{Need, Ways, both};

const CODE: Ways = &[&[devops("vso.code")]];
const CONTENTS: Ways = &[&[github("contents: read")]];
const ADMINISTRATION: Ways = &[&[github("administration: read")]];

pub(super) const NEEDS: &[Need] = &[
    both("ado.repos", "vso.code, vso.build, vso.release (read)", CODE),
    both("ado.policies", "vso.code", CODE),
    both("ado.items", "vso.code", CODE),
    both("ado.commits", "vso.code", CODE),
    both(
        "ado.pipelines",
        "vso.build, vso.release, vso.code",
        &[&[devops("vso.build"), devops("vso.release"), devops("vso.code")]],
    ),
    both(
        "github.repos",
        "fine-grained token: metadata, contents, actions, administration = read",
        &[&[github("metadata: read")]],
    ),
    both("github.protection", "administration: read", ADMINISTRATION),
    both("github.trees", "contents: read", CONTENTS),
    both("github.commits", "contents: read", CONTENTS),
    both("github.teams", "administration: read", ADMINISTRATION),
    both(
        "github.workflows",
        "actions: read, contents: read",
        &[&[github("actions: read"), github("contents: read")]],
    ),
];
