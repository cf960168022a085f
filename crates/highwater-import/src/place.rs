//! Place: environment, parent and scope of a record, from what the record itself says.
//!
//! Ids are lower-case. What the record does not say is left open; the index, `--as` or the address of
//! the answer may tell it.

use std::borrow::Cow;

use highwater_snapshot::Json;

use crate::kinds::{self, About, Source};

/// The columns of a sheet that say where a row was read.
pub(crate) const COLUMNS: &[&str] = &[
    "deploymentenvironmentid",
    "EnvironmentName",
    "environmentId",
    "id",
    "name",
    "FlowName",
    "AppName",
    "url",
];

/// The environment that a record names.
pub(crate) fn environment<'v>(record: Json<'v>) -> Option<Cow<'v, str>> {
    // A Dataverse row may name environments that it is about; where it stands, the address of the answer tells.
    if record.key("deploymentenvironmentid").is_present() {
        return None;
    }
    let names = [
        "EnvironmentName",
        "properties.environment.name",
        "properties.environmentId",
        "environmentId",
    ];
    let mut paths = ["id", "properties.scope", "links.environment.path"].into_iter();
    let mut path = || paths.find_map(|path| after(&record.at(path).id()?, "environments"));
    names.into_iter().find_map(|path| record.at(path).id()).or_else(|| path().map(Cow::Owned))
}

/// The object that a record belongs to, as its source counts them.
pub(crate) fn parent(source: &str, record: Json<'_>) -> Option<String> {
    let after = |name| after(&record.key("id").id()?, name);
    let before = |mark| before(&record.key("id").id()?, mark);
    let owned = |json: Json<'_>| json.id().map(Cow::into_owned);
    match source {
        "flow.definition" => owned(record.key("name")),
        "flow.permissions" | "flow.runs" => {
            after("flows").or_else(|| owned(record.key("FlowName")))
        }
        "powerapps.app_permissions" => after("apps").or_else(|| owned(record.key("AppName"))),
        "gov.dlp_policy" => {
            owned(record.at("policyDefinition.name")).or_else(|| owned(record.key("name")))
        }
        "gov.group_rulesets" => {
            let values = || record.at("environmentFilter.values").items();
            values()
                .find(|value| {
                    value.key("type").word().is_some_and(|kind| kind == "environmentgroup")
                })
                .and_then(|group| owned(group.key("id")))
        }
        "arm.key_vault_secrets" => before("/secrets/"),
        "arm.diagnostic_settings" => {
            before("/providers/microsoft.insights/").or_else(|| before("/providers/"))
        }
        "arm.event_subscriptions" => before("/providers/microsoft.eventgrid/eventsubscriptions"),
        "arm.sentinel" => before("/providers/microsoft.securityinsights/"),
        "github.protection" | "github.trees" | "github.commits" | "github.teams" => github(record),
        _ => None,
    }
}

/// The scope in which a record was read: what the claims of its source count.
pub(crate) fn scope(
    source: &Source,
    record: Json<'_>,
    environment: Option<&str>,
    parent: Option<&str>,
) -> Option<String> {
    match source.about {
        About::Tenant => Some(String::new()),
        About::Environment => environment.map(ToOwned::to_owned),
        About::Asset => kinds::asset_scope(environment, parent),
        About::Parent => parent.map(ToOwned::to_owned),
        About::Subscription => {
            let id = record.key("id").id();
            let path = id.as_deref().and_then(|id| after(id, "subscriptions"));
            path.or_else(|| record.key("subscriptionId").id().map(Cow::into_owned))
        }
        About::Organisation => organisation(source.id, record, parent),
    }
}

/// The organisation that a parent such as `github.com/contoso/app` belongs to.
pub(crate) fn organisation_of(source: &str, parent: Option<&str>) -> Option<String> {
    organisation(source, Json::NULL, Some(parent?))
}

/// The organisation of a source-control system, as configuration names it.
fn organisation(source: &str, record: Json<'_>, parent: Option<&str>) -> Option<String> {
    let urls = ["remoteUrl", "webUrl", "html_url", "url"];
    let url = parent
        .map(|parent| Cow::Owned(parent.to_owned()))
        .or_else(|| urls.iter().find_map(|key| record.key(key).id()))?;
    let rest = url.split_once("://").map_or(url.as_ref(), |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let mut segments = rest.split('/');
    let host = segments.next()?;
    if source.starts_with("ado.") {
        let name = host.strip_suffix(".visualstudio.com").or_else(|| segments.next())?;
        return Some(format!("azure_devops/{name}"));
    }
    let first = segments.next()?;
    let name = if first == "repos" { segments.next()? } else { first };
    Some(format!("github/{name}"))
}

/// `github.com/owner/name` from the address of an answer about a repository.
fn github(record: Json<'_>) -> Option<String> {
    let url = record.key("url").id()?;
    let mut segments = url.split_once("/repos/")?.1.split('/');
    Some(format!("github.com/{}/{}", segments.next()?, segments.next()?))
}

/// The segment after a name in a path: the id of the object of that kind.
fn after(path: &str, name: &str) -> Option<String> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.by_ref().find(|segment| *segment == name)?;
    segments.next().map(ToOwned::to_owned)
}

/// What stands before a mark in an id, with a leading slash.
fn before(id: &str, mark: &str) -> Option<String> {
    let kept = &id[..id.rfind(mark)?];
    (!kept.is_empty()).then(|| format!("/{}", kept.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;

    fn with<T>(text: &str, check: impl FnOnce(Json<'_>) -> T) -> T {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        check(Json::new(&value))
    }

    #[test]
    fn paths_tell_environment_and_parent() {
        with(
            r#"{"id": "/providers/Microsoft.ProcessSimple/environments//Default-E1/flows/F1/runs/R"}"#,
            |record| {
                assert_eq!(environment(record).as_deref(), Some("default-e1"));
                assert_eq!(parent("flow.runs", record).as_deref(), Some("f1"));
            },
        );
        with(
            r#"{"id": "subscriptions/S/x/providers/Microsoft.KeyVault/vaults/V/secrets/n"}"#,
            |record| {
                let vault = "/subscriptions/s/x/providers/microsoft.keyvault/vaults/v";
                assert_eq!(parent("arm.key_vault_secrets", record).as_deref(), Some(vault));
            },
        );
    }

    #[test]
    fn organisations_are_named_as_in_the_configuration() {
        let source = |id| kinds::source(id).unwrap();
        with(r#"{"remoteUrl": "https://Fabrikam@dev.azure.com/Fabrikam/P/_git/R"}"#, |record| {
            assert_eq!(
                scope(source("ado.repos"), record, None, None).as_deref(),
                Some("azure_devops/fabrikam")
            );
        });
        with(
            r#"{"url": "https://api.github.com/repos/Contoso/R/branches/main/protection"}"#,
            |record| {
                assert_eq!(
                    scope(source("github.repos"), record, None, None).as_deref(),
                    Some("github/contoso")
                );
                assert_eq!(
                    parent("github.protection", record).as_deref(),
                    Some("github.com/contoso/r")
                );
            },
        );
    }
}
