//! `custom_connectors`: one row per custom connector of an environment.
//!
//! `powerapps.custom_connectors` lists the connectors of an environment
//! (<https://learn.microsoft.com/connectors/custom-connectors/>) and may hold shared ones, which are left out;
//! `inventory.query` counts only where a row names an environment; `powershell.connectors` are the objects of
//! `Get-AdminPowerAppConnector`, which lists custom connectors only. The host is told by the single read or the
//! definition, hardly ever by the list. Of a backend address only scheme and host are kept; signed links to the
//! definition are never read. The author stands beside the record or inside `metadata` as JSON text.

use std::borrow::Cow;

use super::asset_shares::person;
use super::gateways::embedded;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Cell, Json, Named, Record, Rows, cell};

/// Own APIs.
pub(crate) static TABLE: Table = Table {
    name: "custom_connectors",
    grain: "one row per custom connector",
    about: "own APIs",
    scope: Scope::Environment,
    key: &["environment_id", "connector_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("connector_id").required().business(),
        Column::text("display_name").business(),
        Column::text("created_by").personal(),
        Column::text("host")
            .business()
            .about("host only; needs the single GET or the definition: null from the list"),
        Column::text("scheme").about("https, http"),
        Column::bool("is_solution_aware").about("non-null = solution aware; almMode says the same"),
        Column::text("component_id")
            .business()
            .about("id of its Dataverse row, as solution components name it; '' outside Dataverse"),
        Column::bool("in_managed_solution").derived(),
        Column::text("pattern_class")
            .derived()
            .about("'' for none or Ignore; null when host or rules are unknown"),
    ],
    readings: &[
        Reading { source: "powerapps.custom_connectors", read: api },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "arg.power_platform", read: inventory },
        Reading { source: "powershell.connectors", read: powershell },
        Reading { source: "coe.connectors", read: kit },
    ],
    complete: &[&["powerapps.custom_connectors"], &["powershell.connectors"]],
    sample: Sample::Seen,
};

fn api(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.at("properties");
    let metadata = properties.at("metadata");
    // The admin form lists every connector that the environment can use.
    if properties.at("isCustomApi").flag() == Some(false) {
        return;
    }
    let (scheme, host) = address(properties);
    let environment = record.environment("properties.environment.name");
    rows.push([
        cell("environment_id", environment.or_else(|| metadata.at("environmentName").id())),
        cell("connector_id", record.at("name").segment()),
        cell("display_name", properties.at("displayName").text()),
        author(properties),
        cell("host", host),
        cell("scheme", scheme),
        cell("is_solution_aware", is_solution_aware(properties)),
        cell("component_id", metadata.at("xrmConnectorId").id_or_none()),
    ]);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.at("properties");
    let is_connector =
        record.at("type").word().as_deref() == Some("microsoft.powerplatformconnector/connectors");
    // Connectors of the catalogue belong to no environment.
    if !is_connector || !properties.at("environmentId").is_told() {
        return;
    }
    rows.push([
        cell("environment_id", properties.at("environmentId").id()),
        cell(
            "connector_id",
            properties.at("connectorId").segment().or_else(|| record.at("name").segment()),
        ),
        cell("display_name", properties.at("displayName").text()),
        person("created_by", properties.at("createdBy"), None),
    ]);
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("EnvironmentName")),
        cell(
            "connector_id",
            record.at("ConnectorName").segment().or_else(|| record.at("ConnectorId").segment()),
        ),
        cell("display_name", record.at("DisplayName").text()),
        person("created_by", record.at("CreatedBy"), None),
    ]);
}

/// Connectors of the CoE Starter Kit: one list of all, of which only own ones name an environment.
fn kit(record: &Record<'_>, rows: &mut Rows) {
    if record.at("properties.isCustomApi").flag() == Some(true) {
        api(record, rows);
    }
}

fn author<'v>(properties: Json<'v>) -> Named<'v> {
    let beside = person("created_by", properties.at("createdBy"), None);
    if beside.1 != Cell::Null {
        return beside;
    }
    let inside =
        embedded(properties.at("metadata.createdBy"), |who| who.at("id").id().map(Cow::into_owned));
    cell("created_by", inside)
}

/// Scheme and host of the backend, from wherever the record tells it.
fn address(properties: Json<'_>) -> (Option<String>, Option<String>) {
    let urls = [properties.at("backendService.serviceUrl"), properties.at("metadata.serviceUrl")];
    if let Some((scheme, host)) = urls.into_iter().find_map(split_url) {
        return (Some(scheme), Some(host));
    }
    let definition = properties.at("swagger");
    let host = definition.at("host").id().and_then(|host| bare_host(&host));
    let mut schemes = definition.at("schemes").items();
    let scheme = match (schemes.next().and_then(Json::word), schemes.next()) {
        (Some(scheme), None) => Some(scheme.into_owned()),
        _ => None,
    };
    (scheme, host)
}

fn split_url(url: Json<'_>) -> Option<(String, String)> {
    let url = url.id()?;
    let (scheme, rest) = url.split_once("://")?;
    Some((scheme.to_owned(), bare_host(rest)?))
}

/// The host alone, without user, port and path.
fn bare_host(rest: &str) -> Option<String> {
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

fn is_solution_aware(properties: Json<'_>) -> Option<bool> {
    if properties.at("metadata.xrmConnectorId").filled().is_some() {
        return Some(true);
    }
    let mode = properties.at("metadata.almMode").word().or_else(|| properties.at("almMode").word());
    match mode.as_deref() {
        Some("solution") => Some(true),
        Some("environment") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn only_scheme_and_host_of_the_backend_are_kept() {
        let text = r#"{"name": "shared_orders-1", "properties": {"displayName": "Orders", "isCustomApi": true,
            "environment": {"name": "Default-E1"}, "backendService": {"serviceUrl": "HTTPS://user:pw@Api.Contoso.example:8443/v1?k=1"},
            "metadata": {"xrmConnectorId": "{C1}", "createdBy": "{\"id\":\"U1\",\"displayName\":\"A\"}"}}}"#;
        assert_eq!(
            rows(&TABLE, "powerapps.custom_connectors", text),
            [
                "environment_id=default-e1, connector_id=shared_orders-1, display_name=Orders, created_by=u1, host=api.contoso.example, \
              scheme=https, is_solution_aware=true, component_id=c1"
            ]
        );
    }

    #[test]
    fn the_list_leaves_the_host_open_and_shared_connectors_out() {
        let text = r#"{"name": "shared_orders-2", "properties": {"metadata": {"environmentName": "E1", "xrmConnectorId": null,
            "almMode": "Environment", "serviceUrl": null}, "createdBy": {"id": "U1", "type": "User"}}}"#;
        assert_eq!(
            rows(&TABLE, "powerapps.custom_connectors", text),
            [
                "environment_id=e1, connector_id=shared_orders-2, created_by=u1, is_solution_aware=false, component_id="
            ]
        );
        assert!(
            rows(
                &TABLE,
                "powerapps.custom_connectors",
                r#"{"name": "shared_sql", "properties": {"isCustomApi": false}}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn a_definition_tells_the_scheme_only_when_there_is_one() {
        let with = |schemes: &str| {
            let text = format!(
                r#"{{"name": "c", "properties": {{"environment": {{"name": "e"}}, "swagger": {{"host": "API.contoso.example", "schemes": {schemes}}}}}}}"#
            );
            rows(&TABLE, "powerapps.custom_connectors", &text).remove(0)
        };
        assert_eq!(
            with(r#"["https"]"#),
            "environment_id=e, connector_id=c, host=api.contoso.example, scheme=https"
        );
        assert_eq!(
            with(r#"["http", "https"]"#),
            "environment_id=e, connector_id=c, host=api.contoso.example"
        );
    }
}
