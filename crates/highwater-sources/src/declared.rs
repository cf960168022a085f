//! Declared: every request of every source can be asked as it is declared.

use std::collections::{BTreeMap, BTreeSet};

use highwater_auth::cloud::Service;
use highwater_auth::{Audience, Cloud};
use highwater_http::{Method, Paging};
use jiff::Timestamp;
use serde_json::Value;

use crate::fill::{self, Values};
use crate::source::{Each, Request, Scope, Source};
use crate::{Identity, Plan};

/// Fields of the objects that each kind of place, or of key, has. A request that names another cannot be asked.
const FIELDS: &[(&str, &[&str])] = &[
    ("vault", &["vault_uri", "subscription"]),
    ("workspace", &["customer_id", "subscription"]),
    ("resource", &["subscription"]),
    ("organisation", &["name", "host"]),
    ("ado_project", &["organisation", "project"]),
    ("ado_repository", &["organisation", "project", "repository", "branch", "reference"]),
    ("github_repository", &["owner", "repository", "branch"]),
    ("file", &["repository", "path", "branch"]),
    ("workflow", &["path"]),
];

/// Families that are declared here; the others have tests of their own.
const FAMILIES: &[&str] = &["arg", "arm", "kv", "la", "graph", "o365", "ado", "github"];

fn ours() -> impl Iterator<Item = (&'static Source, &'static Request)> {
    let family = |id: &str| FAMILIES.contains(&id.split('.').next().unwrap());
    crate::sources()
        .filter(move |source| family(source.id))
        .flat_map(|source| source.requests.iter().map(move |request| (source, request)))
}

fn fields(kind: &str) -> &'static [&'static str] {
    FIELDS.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, fields)| fields)
}

fn values(source: &Source, request: &Request) -> Values {
    let mut texts = BTreeMap::from([("tenant", "00000000-0000-0000-0000-000000000001".to_owned())]);
    let below = "/subscriptions/00000000-0000-0000-0000-000000000901/resourceGroups/rg/providers";
    let whole = match source.scope {
        Scope::Each("workspace") => {
            format!("{below}/Microsoft.OperationalInsights/workspaces/log")
        }
        _ => format!("{below}/Microsoft.KeyVault/vaults/kv"),
    };
    let mut put = |name: &'static str| {
        let value = match name {
            "vault_uri" => "https://kv.vault.azure.net",
            "id" if source.service == "arm" => &whole,
            "path" => ".github/workflows/release.yml",
            _ => "00000000-0000-0000-0000-000000000101",
        };
        texts.insert(name, value.to_owned());
    };
    if let Scope::Each(kind) = source.scope {
        put("id");
        fields(kind).iter().copied().for_each(&mut put);
    }
    match request.each {
        Each::Once => {}
        Each::Found(kind) => {
            put("key");
            fields(kind).iter().copied().for_each(&mut put);
        }
        Each::Of(_) => put("key"),
        Each::Days(_) => ["key", "day_start", "day_end"].into_iter().for_each(&mut put),
    }
    if request.path == "{+key}" {
        let content = "https://manage.office.com/api/v1.0/t/activity/feed/audit/blob";
        texts.insert("key", content.to_owned());
    }
    let ids = match source.scope {
        Scope::Batch { .. } => vec!["00000000-0000-0000-0000-000000000102".to_owned()],
        _ => Vec::new(),
    };
    Values { texts, ids, base: None, now: "2026-11-22T06:00:00Z".parse::<Timestamp>().unwrap() }
}

fn cloud() -> Cloud {
    let service = |base: &str| Service {
        base: base.to_owned(),
        audience: Audience::new(base),
        hosts: Vec::new(),
    };
    let services = [
        ("arm", "https://management.azure.com"),
        ("graph", "https://graph.microsoft.com"),
        ("keyvault", "https://vault.azure.net"),
        ("loganalytics", "https://api.loganalytics.azure.com"),
        ("o365", "https://manage.office.com"),
        ("azure_devops", "https://dev.azure.com"),
        ("github", "https://api.github.com"),
    ];
    Cloud {
        name: "public".to_owned(),
        authority: "https://login.microsoftonline.com".to_owned(),
        services: services
            .into_iter()
            .map(|(name, base)| (name.to_owned(), service(base)))
            .collect(),
    }
}

pub(crate) fn reads() -> Vec<(&'static Source, &'static Request, highwater_http::Read)> {
    let cloud = cloud();
    ours()
        .map(|(source, request)| {
            let service = request.service.unwrap_or(source.service);
            let read = fill::read(service, request, &values(source, request), &cloud);
            (
                source,
                request,
                read.unwrap_or_else(|why| panic!("{} {}: {why}", source.id, request.path)),
            )
        })
        .collect()
}

#[test]
fn every_placeholder_is_filled() {
    for (source, _, read) in reads() {
        let asked = read.url.to_string();
        assert!(!asked.contains("%7B") && !asked.contains('{'), "{}: {asked}", source.id);
        assert_eq!(read.url.scheme(), "https");
    }
}

#[test]
fn services_that_want_a_version_get_one() {
    for (source, _, read) in reads() {
        let host = read.url.host_str().unwrap().to_owned();
        let versions: Vec<String> = read
            .url
            .query_pairs()
            .filter(|(name, _)| name == "api-version")
            .map(|(_, value)| value.into_owned())
            .collect();
        let wants =
            ["management.azure.com", "kv.vault.azure.net", "dev.azure.com", "vsrm.dev.azure.com"];
        assert_eq!(
            versions.len(),
            usize::from(wants.contains(&host.as_str())),
            "{} {host}",
            source.id
        );
        if host == "graph.microsoft.com" {
            let path = read.url.path();
            assert!(path.starts_with("/v1.0/") || path.starts_with("/beta/"), "{path}");
        }
    }
}

/// Query parameters that each service knows. No validator knows them: a misspelt one is passed over in silence.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("management.azure.com", &["api-version"]),
    ("kv.vault.azure.net", &["api-version", "maxresults"]),
    ("api.loganalytics.azure.com", &[]),
    ("graph.microsoft.com", &["$select", "$filter", "$expand", "$top"]),
    ("manage.office.com", &["contentType", "startTime", "endTime", "PublisherIdentifier"]),
    ("api.github.com", &["per_page", "type", "recursive", "sha", "since", "ref"]),
    ("vsrm.dev.azure.com", &["api-version", "$top", "definitionId", "queryOrder"]),
    (
        "dev.azure.com",
        &[
            "api-version",
            "$top",
            "$format",
            "definitions",
            "includeAllProperties",
            "includeContent",
            "path",
            "policyType",
            "queryOrder",
            "recursionLevel",
            "refName",
            "repositoryId",
            "resourceId",
            "resourceType",
            "scopePath",
            "searchCriteria.$top",
            "searchCriteria.fromDate",
            "searchCriteria.itemVersion.version",
            "versionDescriptor.version",
        ],
    ),
];

#[test]
fn no_parameter_is_unknown_or_stands_twice() {
    for (source, _, read) in reads() {
        let host = read.url.host_str().unwrap();
        let known = PARAMETERS.iter().find(|(name, _)| *name == host).unwrap().1;
        let mut seen = BTreeSet::new();
        for (name, value) in read.url.query_pairs() {
            assert!(known.contains(&name.as_ref()), "{} asks {name} of {host}", source.id);
            assert!(
                !value.is_empty() && seen.insert(name.into_owned()),
                "{} {}",
                source.id,
                read.url
            );
        }
    }
}

#[test]
fn only_reads_are_posted() {
    const POSTED: [&str; 3] = [
        "/providers/Microsoft.ResourceGraph/resources",
        "/v1.0/directoryObjects/getByIds",
        "/v1/workspaces/00000000-0000-0000-0000-000000000101/query",
    ];
    for (source, request, read) in reads() {
        let Method::Post(body) = &read.method else {
            assert_eq!(request.body, None);
            continue;
        };
        assert!(POSTED.contains(&read.url.path()), "{} posts to {}", source.id, read.url);
        let body: Value = serde_json::from_slice(body).unwrap();
        assert!(body.is_object(), "{}", source.id);
    }
}

#[test]
fn queries_of_resource_graph_page_safely() {
    let queries =
        reads().into_iter().filter(|(_, request, _)| request.paging == Paging::ResourceGraph);
    let mut count = 0;
    for (source, _, read) in queries {
        let Method::Post(body) = &read.method else { panic!("{} is not posted", source.id) };
        let body: Value = serde_json::from_slice(body).unwrap();
        let query = body["query"].as_str().unwrap();
        let (_, projected) = query.rsplit_once("| project ").unwrap();
        assert!(
            projected.starts_with("id, ") && projected.ends_with("| order by id asc"),
            "{query}"
        );
        for word in ["| limit", "| take", "| top", "| sample", "| summarize", "mv-expand", "join"] {
            assert!(!query.contains(word), "{}: {word} ends the pages", source.id);
        }
        let quoted: Vec<&str> = query.split('\'').skip(1).step_by(2).collect();
        assert!(
            quoted.iter().all(|kind| *kind == kind.to_lowercase()),
            "types are lower-case: {query}"
        );
        assert_eq!(body["options"]["resultFormat"], "objectArray");
        assert_eq!(body["options"]["$top"], 1000);
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn values_of_secrets_are_never_asked_for() {
    for (source, _, read) in reads() {
        let path = read.url.path().to_lowercase();
        if let Some((_, rest)) = path.split_once("/secrets") {
            assert_eq!(rest, "", "{} asks for one secret", source.id);
        }
        for word in
            ["listkeys", "listsecrets", "listcallbackurl", "getfullurl", "/keys", "appsettings"]
        {
            assert!(!path.contains(word), "{} asks {path}", source.id);
        }
    }
}

#[test]
fn people_are_asked_for_by_named_fields_only() {
    for (source, request, _) in reads() {
        let of_people = ["/v1.0/users", "/transitiveMembers", "/getByIds", "/microsoft.graph.user"];
        if !of_people.iter().any(|path| request.path.ends_with(path)) {
            continue;
        }
        let selected = request.query.iter().find(|(name, _)| *name == "$select").unwrap().1;
        for field in selected.split(',') {
            let plain = [
                "id",
                "accountEnabled",
                "userType",
                "department",
                "createdDateTime",
                "deletedDateTime",
                "licenseAssignmentStates",
            ];
            assert!(plain.contains(&field), "{} asks for {field}", source.id);
        }
    }
}

#[test]
fn what_is_asked_each_is_named_by_somebody() {
    let named: BTreeSet<&str> =
        crate::sources().flat_map(|source| source.names.iter().copied()).collect();
    for (source, _) in ours() {
        let (Scope::Each(kind) | Scope::Batch { of: kind, .. }) = source.scope else { continue };
        let planned = kind == "organisation";
        assert!(planned || named.contains(kind), "nothing names a {kind} for {}", source.id);
    }
}

#[test]
fn applications_and_people_are_told_what_they_need() {
    for (source, _) in ours() {
        let told = source.grant.of(Identity::Delegated);
        assert!(told.is_some_and(|told| !told.is_empty()), "{}", source.id);
        assert!(source.page.starts_with("https://"), "{}", source.id);
    }
    assert!(Plan::new("t", Identity::Application, "n").wants("graph.users"));
}

#[test]
fn what_is_composed_is_asked_without_evidence_and_the_other_way_round() {
    for source in crate::sources() {
        let silent = source.requests.iter().all(|request| !request.evidence);
        assert_eq!(silent, source.compose.is_some(), "{}", source.id);
    }
}
