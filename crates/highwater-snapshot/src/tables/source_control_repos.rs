//! `source_control_repos`: one row per repository with solution source or automation code.
//!
//! A row is a repository. Its id is host, organisation, project and name (`dev.azure.com/o/p/r`,
//! `github.com/o/r`); everything below a repository is read with that id as the parent of the request.
//! `ado.repos`, `github.repos`: the lists: <https://learn.microsoft.com/rest/api/azure/devops/git/repositories/list>,
//! <https://docs.github.com/rest/repos/repos>. `ado.policies` (policies of the default branch), `github.protection`
//! (branch protection or one branch rule; the answer "Branch not protected" is evidence, a refusal is not a record).
//! `ado.items`, `github.trees`: paths, one a record or all in one. `ado.commits`, `github.commits`: the commits of
//! 180 days as one record `{"commits": [...]}`; authors are counted and not kept. `github.teams`: `{"teams": [...]}`.
//! No reading tells who owns a repository of Azure DevOps. Disabled and archived repositories are left out.

pub(crate) mod address;

use std::borrow::Cow;
use std::collections::BTreeSet;

use self::address::{ado_id, repo_id};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Version control.
pub(crate) static TABLE: Table = Table {
    name: "source_control_repos",
    grain: "one row per repository with solution source or automation code",
    about: "version control",
    scope: Scope::Organisation,
    key: &["repo_id"],
    columns: &[
        Column::text("repo_id").required().business(),
        Column::text("provider").about("azure_devops, github"),
        Column::bool("has_solution_source").derived(),
        Column::time("last_commit_at").business(),
        Column::bool("review_required").derived().about(
            "false only where policies and protections were read in full; a refusal is no reading",
        ),
        Column::int("authors_180d"),
        Column::text("owner_group").business().about("'' when only people"),
        Column::bool("is_central").business().derived(),
    ],
    readings: &[
        Reading { source: "ado.repos", read: ado },
        Reading { source: "github.repos", read: github },
        Reading { source: "ado.policies", read: policy },
        Reading { source: "github.protection", read: protection },
        Reading { source: "ado.items", read: items },
        Reading { source: "github.trees", read: items },
        Reading { source: "ado.commits", read: commits },
        Reading { source: "github.commits", read: commits },
        Reading { source: "github.teams", read: teams },
    ],
    complete: &[
        &["ado.repos", "ado.policies", "ado.items"],
        &["github.repos", "github.protection", "github.trees"],
    ],
    sample: Sample::Seen,
};

fn ado(record: &Record<'_>, rows: &mut Rows) {
    if record.at("isDisabled").flag() != Some(true) {
        rows.push([cell("repo_id", ado_id(record.json)), cell("provider", "azure_devops")]);
    }
}

fn github(record: &Record<'_>, rows: &mut Rows) {
    if record.at("archived").flag() == Some(true) {
        return;
    }
    let id = record.at("html_url").word().and_then(|url| repo_id(&url));
    rows.push([
        cell(
            "repo_id",
            id.or_else(|| Some(format!("github.com/{}", record.at("full_name").word()?))),
        ),
        cell("provider", "github"),
        cell("last_commit_at", record.at("pushed_at").time()),
    ]);
}

/// A policy of the default branch; only the one that asks for reviewers says something.
fn policy(record: &Record<'_>, rows: &mut Rows) {
    const REVIEWERS: &str = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd";
    let reviewers = record.at("type.id").id().is_some_and(|id| id == REVIEWERS);
    let holds = record.at("isEnabled").flag() == Some(true)
        && record.at("isBlocking").flag() == Some(true)
        && record.at("isDeleted").flag() != Some(true);
    if reviewers && holds {
        rows.push([cell("repo_id", record.parent()), cell("review_required", true)]);
    }
}

fn protection(record: &Record<'_>, rows: &mut Rows) {
    let open = record.at("message").word().is_some_and(|message| message == "branch not protected");
    let reviews = record.at("required_pull_request_reviews");
    let rule = record.at("type").word().is_some_and(|kind| kind == "pull_request");
    let approvals = if rule {
        record.at("parameters.required_approving_review_count")
    } else {
        reviews.at("required_approving_review_count")
    };
    let required = (reviews.is_object() || rule) && approvals.int() != Some(0);
    // A branch without classic protection may still be under rules, so only a yes is said here.
    if required || !open {
        rows.push([
            cell("repo_id", record.parent()),
            cell("review_required", required.then_some(true)),
        ]);
    }
}

fn items(record: &Record<'_>, rows: &mut Rows) {
    let tree = record.at("tree");
    let found = if tree.is_array() {
        tree.items().any(is_solution_source)
    } else {
        is_solution_source(record.json)
    };
    if found {
        rows.push([cell("repo_id", record.parent()), cell("has_solution_source", true)]);
    }
}

fn commits(record: &Record<'_>, rows: &mut Rows) {
    let commits = record.at("commits");
    if !commits.is_array() {
        return;
    }
    let author = |commit: Json<'_>| {
        ["author.email", "commit.author.email", "author.name"]
            .iter()
            .find_map(|path| commit.at(path).word())
            .map(Cow::into_owned)
    };
    let moment = |commit: Json<'_>| {
        ["committer.date", "commit.committer.date", "author.date"]
            .iter()
            .find_map(|path| commit.at(path).time())
    };
    let authors: Option<BTreeSet<String>> = commits.items().map(author).collect();
    rows.push([
        cell("repo_id", record.parent()),
        cell("last_commit_at", commits.items().filter_map(moment).max()),
        cell("authors_180d", authors.and_then(|authors| i64::try_from(authors.len()).ok())),
    ]);
}

/// The team that administers a repository; `''` where only people do.
fn teams(record: &Record<'_>, rows: &mut Rows) {
    let teams = record.at("teams");
    if !teams.is_array() {
        return;
    }
    let owns = |team: &Json<'_>| {
        team.at("permission").word().is_some_and(|right| right == "admin" || right == "maintain")
    };
    let mut owners: Vec<Cow<'_, str>> =
        teams.items().filter(owns).filter_map(|team| team.at("slug").word()).collect();
    owners.sort();
    rows.push([
        cell("repo_id", record.parent()),
        cell("owner_group", Some(owners.into_iter().next().unwrap_or_default())),
    ]);
}

/// Whether a path is part of an unpacked solution or of a project that builds one.
fn is_solution_source(item: Json<'_>) -> bool {
    let Some(path) = item.at("path").word() else { return false };
    let path = format!("/{}", path.trim_start_matches('/'));
    path.ends_with("/other/solution.xml")
        || path.ends_with("/solution.yml")
        || path.ends_with(".cdsproj")
        || path.ends_with(".msapp")
        || (path.contains("/workflows/")
            && path.ends_with(".json")
            && !path.starts_with("/.github/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::Place;
    use crate::testing::{rows, rows_at};

    fn below(source: &str, json: &str) -> Vec<String> {
        rows_at(
            &TABLE,
            source,
            &Place { parent: Some("github.com/contoso/alm".into()), ..Place::default() },
            json,
        )
    }

    #[test]
    fn ids_of_both_hosts() {
        let ado = r#"{"name": "Alm", "project": {"name": "Coe"}, "remoteUrl": "https://contoso@dev.azure.com/contoso/Coe/_git/Alm"}"#;
        let disabled = ado.replace(r#""name": "Alm""#, r#""name": "Alm", "isDisabled": true"#);
        assert!(rows(&TABLE, "ado.repos", &disabled).is_empty());
        assert_eq!(
            rows(&TABLE, "ado.repos", ado),
            ["repo_id=dev.azure.com/contoso/coe/alm, provider=azure_devops"]
        );
        let github = r#"{"full_name": "Contoso/Alm", "html_url": "https://github.com/Contoso/Alm", "pushed_at": "2026-11-01T00:00:00Z"}"#;
        assert_eq!(
            rows(&TABLE, "github.repos", github),
            [
                "repo_id=github.com/contoso/alm, provider=github, last_commit_at=2026-11-01T00:00:00Z"
            ]
        );
        assert!(
            rows(&TABLE, "github.repos", r#"{"full_name": "a/b", "archived": true}"#).is_empty()
        );
    }

    #[test]
    fn reviews_are_told_when_they_are_required() {
        let policy = r#"{"type": {"id": "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"}, "isEnabled": true, "isBlocking": true}"#;
        assert_eq!(
            below("ado.policies", policy),
            ["repo_id=github.com/contoso/alm, review_required=true"]
        );
        assert!(
            below(
                "ado.policies",
                &policy.replace(r#""isBlocking": true"#, r#""isBlocking": false"#)
            )
            .is_empty()
        );
        let reviews =
            r#"{"required_pull_request_reviews": {"required_approving_review_count": 1}}"#;
        assert_eq!(
            below("github.protection", reviews),
            ["repo_id=github.com/contoso/alm, review_required=true"]
        );
        assert!(below("github.protection", r#"{"message": "Branch not protected"}"#).is_empty());
        assert_eq!(
            below("github.protection", r#"{"required_status_checks": {}}"#),
            ["repo_id=github.com/contoso/alm"]
        );
    }

    #[test]
    fn sources_commits_and_teams() {
        assert_eq!(
            below("github.trees", r#"{"tree": [{"path": "src/Other/Solution.xml"}]}"#),
            ["repo_id=github.com/contoso/alm, has_solution_source=true"]
        );
        assert!(below("ado.items", r#"{"path": "/.github/workflows/x.json"}"#).is_empty());
        let commits = r#"{"commits": [{"author": {"email": "A@contoso.example"}, "committer": {"date": "2026-11-02T00:00:00Z"}},
            {"commit": {"author": {"email": "a@contoso.example"}, "committer": {"date": "2026-10-02T00:00:00Z"}}}]}"#;
        assert_eq!(
            below("github.commits", commits),
            ["repo_id=github.com/contoso/alm, last_commit_at=2026-11-02T00:00:00Z, authors_180d=1"]
        );
        assert_eq!(
            below("github.commits", r#"{"commits": [{}]}"#),
            ["repo_id=github.com/contoso/alm"]
        );
        assert_eq!(
            below("github.teams", r#"{"teams": [{"slug": "Makers", "permission": "pull"}]}"#),
            ["repo_id=github.com/contoso/alm, owner_group="]
        );
        assert_eq!(
            below("github.teams", r#"{"teams": [{"slug": "Makers", "permission": "admin"}]}"#),
            ["repo_id=github.com/contoso/alm, owner_group=makers"]
        );
    }
}
