//! The registry: sound declarations, and the page that is made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use highwater_sources::{Scope, Source, markdown, sources};

#[test]
fn ids_are_unique_and_say_their_family() {
    let ids: Vec<&str> = sources().map(|source| source.id).collect();
    let unique: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    assert!(ids.iter().all(|id| id.split('.').count() == 2));
}

#[test]
fn every_declaration_is_whole() {
    for source in sources() {
        let Source { id, about, page, service, requests, grant, .. } = source;
        assert!(!about.is_empty() && !about.ends_with('.'), "{id}");
        assert!(page.starts_with("https://"), "{id}");
        assert!(!service.is_empty() && !requests.is_empty(), "{id}");
        assert!(grant.application.is_some() || grant.delegated.is_some(), "{id}");
        assert!(!requests[0].otherwise, "{id}: the first request stands in for none");
        for request in *requests {
            assert!(
                request.path.starts_with('/')
                    || request.path.starts_with("https://")
                    || request.path.starts_with('{'),
                "{id}"
            );
            assert!(!request.path.contains('?'), "{id}: parameters belong into `query`");
        }
        for after in source.after {
            assert!(
                sources().any(|other| other.id == *after),
                "{id} waits for {after}, which is none"
            );
        }
    }
}

#[test]
fn every_kind_that_is_asked_for_is_named_by_somebody() {
    let named: BTreeSet<&str> = sources().flat_map(|source| source.names).copied().collect();
    for source in sources() {
        if let Scope::Each(kind) = source.scope {
            let configured = ["organisation", "group", "workspace"].contains(&kind);
            assert!(named.contains(kind) || configured, "{}: nothing names a {kind}", source.id);
        }
    }
}

#[test]
fn dataverse_queries_name_their_columns_and_no_secret() {
    let secrets = [
        "primarykeypackage",
        "content",
        "input",
        "sessionusername",
        "internalemailaddress",
        "fullname",
        "encryptedvalue",
    ];
    for source in sources().filter(|source| source.service == "dataverse") {
        for request in source.requests {
            let parameter = |name: &str| {
                request.query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
            };
            let columns = parameter("$select").or(parameter("$apply")).or(parameter("@p"));
            // The sets of process mining are found by name: their columns differ by version.
            let found = request.path == "/api/data/v9.2/{key}";
            assert!(
                columns.is_some() || found,
                "{}: {} selects everything",
                source.id,
                request.path
            );
            let selected: BTreeSet<&str> = columns.unwrap_or_default().split(',').collect();
            for secret in secrets {
                assert!(!selected.contains(secret), "{} selects {secret}", source.id);
            }
            assert!(parameter("$top").is_none(), "{}: $top stops paging", source.id);
            if let Some(expand) = parameter("$expand") {
                assert!(expand.contains("$select="), "{}: {expand} expands everything", source.id);
            }
        }
    }
}

/// How the import counts the sources, from its own list.
fn kinds() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../highwater-import/src/kinds.rs");
    let text = std::fs::read_to_string(path).unwrap();
    let list =
        text.split("const SOURCES: &[Source] = &[").nth(1).unwrap().split("\n];").next().unwrap();
    let words =
        ["tenant", "environment", "installed", "parent", "asset", "subscription", "organisation"];
    let mut found = BTreeMap::new();
    for word in words {
        for rest in list.split(&format!("{word}(\"")).skip(1) {
            found.insert(rest.split('"').next().unwrap().to_owned(), word.to_owned());
        }
    }
    found
}

#[test]
fn the_import_knows_every_source_and_counts_it_alike() {
    let kinds = kinds();
    assert!(kinds.len() > 90, "{}", kinds.len());
    for source in sources() {
        // Asked on demand; no table keeps it yet.
        if source.id == "la.freshness" {
            continue;
        }
        let about = kinds
            .get(source.id)
            .unwrap_or_else(|| panic!("the import does not know {}", source.id));
        let alike = match source.scope {
            Scope::Tenant => ["tenant", "subscription"].contains(&about.as_str()),
            Scope::Batch { .. } => about == "tenant",
            Scope::Environment | Scope::Dataverse => {
                ["environment", "installed"].contains(&about.as_str())
            }
            Scope::Each(_) => ["parent", "asset", "organisation"].contains(&about.as_str()),
        };
        assert!(alike, "{}: {:?} is counted by {about}", source.id, source.scope);
        let installed = about == "installed";
        assert!(!installed || source.none_on.contains(&404), "{}: 404 means none", source.id);
    }
}

#[test]
fn every_placeholder_has_a_value() {
    let mut fields: BTreeSet<String> =
        ["tenant", "env", "id", "key", "ids", "now", "day_start", "day_end"]
            .map(ToOwned::to_owned)
            .into();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text: String = std::fs::read_to_string(path).unwrap().split_whitespace().collect();
            fields.extend(
                text.split(".with(\"")
                    .skip(1)
                    .map(|rest| rest.split('"').next().unwrap().to_owned()),
            );
        }
    }
    for source in sources() {
        for request in source.requests {
            let texts = [request.path]
                .into_iter()
                .chain(request.body)
                .chain(request.query.iter().map(|(_, value)| *value));
            for name in texts.flat_map(placeholders) {
                let is_moment =
                    name.strip_prefix("ago_").is_some_and(|ago| ago.ends_with(['d', 'h']));
                assert!(
                    is_moment || fields.contains(&name),
                    "{}: nothing fills {{{name}}}",
                    source.id
                );
            }
        }
    }
}

/// Names in braces, without the braces of JSON.
fn placeholders(text: &str) -> Vec<String> {
    let names = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.trim_start_matches('+')));
    let plain = |name: &&str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    names.filter(plain).map(ToOwned::to_owned).collect()
}

#[test]
fn the_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sources.md");
    let wanted = markdown();
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/sources.md is stale: run the tests once with HIGHWATER_BLESS=1 and read the difference"
    );
}
