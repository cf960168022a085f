//! `environment_variables`: one row per definition.
//!
//! Dataverse table `environmentvariabledefinition` with its values expanded
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/environmentvariabledefinition>).
//!
//! Values never become cells. Of a secret kept in a key vault the path of the vault and the name of the secret are read
//! from the reference; of any other variable it is only said whether its value looks like a credential: by pattern, or
//! by a telling name with a plausible value. Trap: plain variables carry a `secretstore` too, it means nothing there.

use std::borrow::Cow;

use crate::boundary::looks_secret;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Settings and secrets.
pub(crate) static TABLE: Table = Table {
    name: "environment_variables",
    grain: "one row per definition",
    about: "settings and secrets",
    scope: Scope::Dataverse,
    key: &["environment_id", "variable_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("variable_id").required().business(),
        Column::text("schema_name").business(),
        Column::text("type").required().about("string 100000000, number 1, boolean 2, json 3, data_source 4, secret 100000005"),
        Column::text("secret_store").required().about("key_vault 0, dataverse 1; '' unless secret"),
        Column::text("vault_id").required().business().about("'' when the store is not a vault; an ARM path, lower-case; any other value is dropped at the boundary (secret)"),
        Column::text("secret_name").required().business().about("name only; '' when the store is not a vault"),
        Column::bool("looks_secret").about("computed before the value is dropped"),
    ],
    readings: &[
        Reading { source: "dv.environment_variables", read: dataverse },
    ],
    complete: &[&["dv.environment_variables"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let kind = record.at("type").int().and_then(kind);
    let is_secret = kind == Some("secret");
    let name = record.at("schemaname").filled();
    let values = values(record);
    let store = if is_secret { record.at("secretstore").int().and_then(store) } else { Some("") };
    let in_vault = match store {
        Some("key_vault") => values.as_deref().map(vault_reference),
        Some(_) => Some((String::new(), String::new())),
        None => None,
    };
    let (vault, secret) = in_vault.unzip();
    let suspect = values
        .filter(|_| !is_secret)
        .map(|values| values.iter().any(|value| is_suspect(name.as_deref(), value)));
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("variable_id", record.at("environmentvariabledefinitionid").id()),
        cell("schema_name", name.as_deref().map(str::to_lowercase)),
        cell("type", kind),
        cell("secret_store", store),
        cell("vault_id", vault),
        cell("secret_name", secret),
        cell("looks_secret", suspect),
    ]);
}

fn kind(number: i64) -> Option<&'static str> {
    match number {
        100_000_000 => Some("string"),
        100_000_001 => Some("number"),
        100_000_002 => Some("boolean"),
        100_000_003 => Some("json"),
        100_000_004 => Some("data_source"),
        100_000_005 => Some("secret"),
        _ => None,
    }
}

fn store(number: i64) -> Option<&'static str> {
    match number {
        0 => Some("key_vault"),
        1 => Some("dataverse"),
        _ => None,
    }
}

/// The current values, then the default; none where neither was told.
fn values<'v>(record: &Record<'v>) -> Option<Vec<Cow<'v, str>>> {
    let current = record.at("environmentvariabledefinition_environmentvariablevalue");
    let default = record.at("defaultvalue");
    if !current.is_array() && !default.is_present() {
        return None;
    }
    let mut values: Vec<Cow<'v, str>> =
        current.items().filter_map(|value| value.at("value").filled()).collect();
    values.extend(default.filled());
    Some(values)
}

/// The vault and the name of the secret in the first value.
fn vault_reference(values: &[Cow<'_, str>]) -> (String, String) {
    values.first().and_then(|value| reference(value)).unwrap_or_default()
}

/// A vault and the name of a secret: an ARM path as far as `/secrets/`, and what follows.
fn reference(value: &str) -> Option<(String, String)> {
    let path = value.to_lowercase();
    let (vault, secret) = path.split_once("/secrets/")?;
    let is_vault = vault.starts_with("/subscriptions/") && vault.contains("/vaults/");
    is_vault.then(|| (vault.to_owned(), secret.split('/').next().unwrap_or_default().to_owned()))
}

/// The path of a secret in a vault, and nothing more of the value that holds it.
pub(crate) fn vault_path(value: &str) -> Option<String> {
    reference(value).map(|(vault, secret)| format!("{vault}/secrets/{secret}"))
}

fn is_suspect(name: Option<&str>, value: &str) -> bool {
    looks_secret(value) || (name.is_some_and(is_telling) && is_plausible(value))
}

/// Whether a name without its prefix ends like that of a credential.
fn is_telling(schema_name: &str) -> bool {
    const ENDS: &[&str] = &[
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "key",
        "accesstoken",
        "refreshtoken",
        "bearertoken",
        "authtoken",
        "sastoken",
        "authorization",
        "connectionstring",
    ];
    let bare = schema_name.split_once('_').map_or(schema_name, |(_, bare)| bare);
    let bare: String =
        bare.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    bare == "token" || ENDS.iter().any(|end| bare.ends_with(end))
}

/// Whether a value could be a credential: no path of a vault, no placeholder, no everyday word.
pub(crate) fn is_plausible(value: &str) -> bool {
    const WORDS: &[&str] =
        &["password", "secret", "token", "string", "none", "null", "true", "false"];
    const PLACEHOLDERS: &[&str] = &[
        "replace",
        "your-",
        "your_",
        "<",
        "placeholder",
        "dummy",
        "changeme",
        "xxx",
        "***",
        "insert-",
        "todo",
        "example",
        "enter-",
        "...",
    ];
    let value = value.trim().to_lowercase();
    let distinct: std::collections::BTreeSet<char> = value.chars().collect();
    let wrapped = [('<', '>'), ('[', ']'), ('{', '}'), ('(', ')')]
        .iter()
        .any(|(open, close)| value.starts_with(*open) && value.ends_with(*close));
    value.chars().count() >= 6
        && distinct.len() > 2
        && !wrapped
        && !value.starts_with("/subscriptions/")
        && !WORDS.contains(&value.as_str())
        && !PLACEHOLDERS.iter().any(|word| value.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    fn variable(rest: &str) -> Vec<String> {
        let text = format!(r#"{{"environmentvariabledefinitionid": "V1", {rest}}}"#);
        rows_at(&TABLE, "dv.environment_variables", &place(), &text)
    }

    #[test]
    fn keeps_the_vault_and_never_the_value() {
        let secret = r#""schemaname": "cts_Sap", "type": 100000005, "secretstore": 0, "defaultvalue": null,
            "environmentvariabledefinition_environmentvariablevalue": [{"value":
            "/subscriptions/S/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/Contoso/secrets/Sap/v2"}]"#;
        assert_eq!(
            variable(secret),
            [
                "environment_id=e1, variable_id=v1, schema_name=cts_sap, type=secret, secret_store=key_vault, \
              vault_id=/subscriptions/s/resourcegroups/rg/providers/microsoft.keyvault/vaults/contoso, secret_name=sap"
            ]
        );
        let elsewhere = r#""schemaname": "cts_Sap", "type": 100000005, "secretstore": 0, "defaultvalue": "canary-value""#;
        let row = variable(elsewhere);
        assert!(
            row[0].ends_with("vault_id=, secret_name=") && !row[0].contains("canary"),
            "{row:?}"
        );
    }

    #[test]
    fn a_secret_whose_reference_was_not_told_is_rejected() {
        assert!(variable(r#""type": 100000005, "secretstore": 0"#).is_empty());
        assert!(variable(r#""type": 100000005, "defaultvalue": "x""#).is_empty());
    }

    #[test]
    fn plain_values_are_judged_and_dropped() {
        let plain = |name: &str, value: &str| {
            let row = variable(&format!(
                r#""schemaname": "{name}", "type": 100000000, "secretstore": 1, "defaultvalue": {value}"#
            ));
            assert_eq!(row.len(), 1);
            row[0].split("looks_secret=").nth(1).map(str::to_owned)
        };
        assert_eq!(plain("cts_ApiKey", r#""a8f3k2m9q0""#).as_deref(), Some("true"));
        assert_eq!(plain("cts_ApiKey", r#""<your key>""#).as_deref(), Some("false"));
        assert_eq!(
            plain("cts_Link", r#""https://x.example/?sig=abcdefghijklmnopqrstuvwxyz""#).as_deref(),
            Some("true")
        );
        assert_eq!(plain("cts_BaseUrl", r#""https://contoso.example""#).as_deref(), Some("false"));
        assert_eq!(plain("cts_BaseUrl", "null").as_deref(), Some("false"));
        assert_eq!(
            variable(r#""type": 100000000"#),
            [
                "environment_id=e1, variable_id=v1, type=string, secret_store=, vault_id=, secret_name="
            ]
        );
    }
}
