//! `connections`: one row per connection.
//!
//! `powerapps.connections` is the admin list of an environment
//! (<https://learn.microsoft.com/power-apps/maker/canvas-apps/add-manage-connections>), `powershell.connections` the
//! objects of `Get-AdminPowerAppConnection`. What a connection signs in with is told by the name of its parameter
//! set; the values behind it (`connectionParameters*`) are secrets and never read. Where the record names no set,
//! the catalogue decides for connectors with one kind of sign-in (`config/derived/power_platform.toml`).

use std::borrow::Cow;

use super::asset_shares::person;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Who connects to what.
pub(crate) static TABLE: Table = Table {
    name: "connections",
    grain: "one row per connection",
    about: "who connects to what",
    scope: Scope::Environment,
    key: &["environment_id", "connector_id", "connection_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("connector_id").required(),
        Column::text("connection_id").required().business(),
        Column::text("owner_id").personal(),
        Column::text("status").about("connected, error; error wins where a connection has several"),
        Column::time("created_at").business(),
        Column::bool("is_shareable"),
        Column::text("parameter_set").about(
            "names a sign-in kind, never its values; connectionParameters* are secret and dropped",
        ),
        Column::text("credential_kind")
            .derived()
            .about("vault, secret, oauth, none or null when unknown: from the parameter set, else from connectors.sign_in"),
    ],
    readings: &[
        Reading { source: "powerapps.connections", read: api },
        Reading { source: "powershell.connections", read: powershell },
        Reading { source: "dex.connections", read: api },
    ],
    complete: &[&["powerapps.connections"], &["powershell.connections"]],
    sample: Sample::Seen,
};

fn api(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.at("properties");
    let set = properties.at("connectionParametersSet.name");
    rows.push([
        cell("environment_id", record.environment("properties.environment.name")),
        cell(
            "connector_id",
            after(record.at("id"), "apis").or_else(|| properties.at("apiId").segment()),
        ),
        cell("connection_id", record.at("name").id()),
        person("owner_id", properties.at("createdBy"), Some("")),
        cell("status", status(properties.at("statuses"))),
        cell("created_at", properties.at("createdTime").time()),
        cell("is_shareable", properties.at("allowSharing").flag()),
        cell("parameter_set", set.filled()),
        cell("credential_kind", set.word().and_then(|set| credential_kind(&set))),
    ]);
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("EnvironmentName")),
        cell("connector_id", record.at("ConnectorName").segment()),
        cell("connection_id", record.at("ConnectionName").id()),
        person("owner_id", record.at("CreatedBy"), Some("")),
        cell("status", status(record.at("Statuses"))),
        cell("created_at", record.at("CreatedTime").time()),
    ]);
}

/// The first error, else the first status.
fn status(statuses: Json<'_>) -> Option<Cow<'_, str>> {
    let words: Vec<_> = statuses.items().filter_map(|status| status.at("status").word()).collect();
    let error = words.iter().find(|word| word.as_ref() == "error").cloned();
    error.or_else(|| words.into_iter().next())
}

/// What a parameter set of that name holds. Sets are named by connector authors: only telling words count.
fn credential_kind(set: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| set.contains(word));
    if has(&["vault"]) {
        Some("vault")
    } else if has(&["managedidentity"]) {
        Some("oauth")
    } else if has(&[
        "serviceprincipal",
        "oauthsp",
        "cert",
        "key",
        "basic",
        "password",
        "windows",
        "sqlauth",
        "secret",
    ]) {
        Some("secret")
    } else if has(&["oauth"]) {
        Some("oauth")
    } else if has(&["anonymous", "noauth"]) {
        Some("none")
    } else {
        None
    }
}

/// The segment of a path that follows the one of that name, as an id.
pub(super) fn after<'v>(path: Json<'v>, name: &str) -> Option<Cow<'v, str>> {
    let path = path.id()?;
    let mut segments = path.split('/').skip_while(|segment| *segment != name);
    let found = segments.nth(1).filter(|segment| !segment.is_empty())?;
    Some(Cow::Owned(found.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn a_connection_names_its_sign_in_and_never_its_values() {
        let text = r#"{"name": "C1", "id": "/providers/Microsoft.PowerApps/apis/shared_sql/connections/C1", "properties": {
            "statuses": [{"status": "Connected"}, {"status": "Error", "target": "token"}], "connectionParameters": {"server": "canary"},
            "connectionParametersSet": {"name": "keyBasedAuth", "values": {"key": {"value": "canary"}}},
            "createdBy": {"id": "U1", "type": "User"}, "createdTime": "2026-01-01T00:00:00Z", "allowSharing": false,
            "environment": {"name": "Default-E1"}}}"#;
        assert_eq!(
            rows(&TABLE, "powerapps.connections", text),
            [
                "environment_id=default-e1, connector_id=shared_sql, connection_id=c1, owner_id=u1, status=error, \
              created_at=2026-01-01T00:00:00Z, is_shareable=false, parameter_set=keyBasedAuth, credential_kind=secret"
            ]
        );
    }

    #[test]
    fn without_a_set_the_credential_is_open() {
        let text = r#"{"ConnectionName": "C2", "ConnectorName": "shared_office365", "EnvironmentName": "E1", "Statuses": "System.Object[]",
            "CreatedBy": "@{id=U2; displayName=B}", "CreatedTime": 5}"#;
        assert_eq!(
            rows(&TABLE, "powershell.connections", text),
            ["environment_id=e1, connector_id=shared_office365, connection_id=c2, owner_id=u2"]
        );
    }

    #[test]
    fn names_of_parameter_sets() {
        let kinds =
            ["azureKeyVault", "oauthSP", "oauth", "managedIdentityAuth", "Anonymous", "custom 7"];
        let told: Vec<_> = kinds.iter().map(|set| credential_kind(&set.to_lowercase())).collect();
        assert_eq!(
            told,
            [Some("vault"), Some("secret"), Some("oauth"), Some("oauth"), Some("none"), None]
        );
    }
}
