//! What is kept for good says as much as before, and holds nothing that it must not.

use serde_json::{Value, json};

use super::*;
use crate::Place;
use crate::testing::rows_at;

const CANARY: &str = "uV4xTq9Zr2Kd";

fn kept(page: &Value) -> Value {
    let text = for_good(page.to_string().as_bytes()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains(CANARY), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Rows that a record gives before and after.
fn same_rows(table: &'static crate::Table, source: &'static str, record: &Value) -> Vec<String> {
    let place = Place { environment: Some("e1".into()), ..Place::default() };
    let rows = rows_at(table, source, &place, &record.to_string());
    assert_eq!(rows_at(table, source, &place, &kept(record).to_string()), rows, "{record}");
    rows
}

#[test]
fn definitions_count_as_before() {
    let actions = json!({
        "Ask": {"type": "Http", "inputs": {"method": "GET", "uri": format!("http://x.example/a?code={CANARY}AB12cd"),
            "authentication": {"type": "Raw", "value": format!("Bearer {CANARY}AB12cd34")}}},
        "Sign": {"type": "Compose", "inputs": {"password": CANARY, "user": "somebody"}, "runAfter": {"Ask": ["Succeeded"]}},
        "Read": {"type": "Compose", "inputs": "@parameters('x')", "runAfter": {"Sign": ["Succeeded"]}},
    });
    let definition = json!({"triggers": {"r": {"type": "Recurrence", "recurrence": {"frequency": "Day", "interval": 1}}}, "actions": actions,
        "parameters": {"key": {"type": "String", "defaultValue": format!("AccountKey={CANARY};x")}}});
    let data = json!({"properties": {"definition": definition, "connectionReferences": {}}});
    let row = json!({"category": 5, "type": 1, "workflowid": "w1", "name": "n", "clientdata": data.to_string()});
    let rows = same_rows(&crate::tables::flow_definitions::TABLE, "dv.workflows", &row);
    assert!(rows[0].contains("insecure_url_count=1"), "{rows:?}");
    assert!(!rows[0].contains("secret_suspects=0"), "{rows:?}");
    let row = json!({"workflowId": "w1", "definition": definition.to_string()});
    same_rows(&crate::tables::flow_definitions::TABLE, "ppapi.cloud_flows", &row);
    let flow = json!({"name": "w1", "properties": {"displayName": "n", "definition": definition, "flowTriggerUri": CANARY}});
    same_rows(&crate::tables::flow_definitions::TABLE, "flow.definition", &flow);
}

#[test]
fn scripts_count_as_before() {
    let script = format!(
        "# password: {CANARY}\nSET Password TO '{CANARY}'\nSET Title TO 'Ledger of today'\n\
         Web.LaunchChrome Url: 'https://ledger.example' UserName: 'robot' Password: '{CANARY}'\nCALL Clean\n\
         FUNCTION Clean GLOBAL\nSET x TO 1\nEND FUNCTION\n"
    );
    let row = json!({"category": 6, "type": 1, "workflowid": "d1", "definition": Value::from(script).to_string(), "clientdata": "{}"});
    let rows = same_rows(&crate::tables::desktop_flow_definitions::TABLE, "dv.workflows", &row);
    assert!(rows[0].contains("secret_suspects=3"), "{rows:?}");
}

#[test]
fn variables_say_as_much_as_before() {
    let vault =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/Sap";
    for (name, kind, value) in [
        ("cts_Password", 100_000_000, CANARY),
        ("cts_Password", 100_000_000, "<your password>"),
        ("cts_Password", 100_000_000, "true"),
        ("cts_Title", 100_000_000, CANARY),
        ("cts_Link", 100_000_000, "Server=x;Password=uV4xTq9Zr2Kd"),
        ("cts_Sap", 100_000_005, vault),
        ("cts_Sap", 100_000_005, CANARY),
        ("cts_None", 100_000_000, ""),
    ] {
        for current in [true, false] {
            let values = if current { json!([{"value": value}]) } else { json!([]) };
            let default = if current { Value::Null } else { value.into() };
            let row = json!({"environmentvariabledefinitionid": "v1", "schemaname": name, "type": kind, "secretstore": 0, "defaultvalue": default,
                "environmentvariabledefinition_environmentvariablevalue": values});
            same_rows(
                &crate::tables::environment_variables::TABLE,
                "dv.environment_variables",
                &row,
            );
        }
    }
}

#[test]
fn credentials_go_and_what_only_sounds_like_them_stays() {
    let page = json!({"value": [{"name": "shared_sql", "properties": {"connectionParameters": {
            "token": {"type": "oauthSetting"}, "password": {"type": "securestring", "value": CANARY}}, "primaryKey": CANARY}}],
        "sink": {"key": CANARY, "id": "kept"}, "inputsLink": {"uri": format!("https://x.example/?sig={CANARY}")},
        "nextLink": format!("https://x.example/?a=1&sig={CANARY}&$skiptoken=eyJhIjoxfQ.eyJhIjoxfQ.kept")});
    let clean = kept(&page);
    let parameters = &clean["value"][0]["properties"]["connectionParameters"];
    assert_eq!(parameters["token"]["type"], "oauthSetting");
    assert_eq!(parameters["password"], json!({"type": "securestring", "value": DROPPED}));
    assert_eq!(clean["sink"]["id"], "kept");
    assert_eq!(
        clean["nextLink"],
        "https://x.example/?a=1&sig=(redacted)&$skiptoken=eyJhIjoxfQ.eyJhIjoxfQ.kept"
    );
    assert!(for_good(b"<html>").is_err());
}

#[test]
fn what_was_kept_is_kept_again() {
    let page = json!({"value": [{"schemaname": "cts_Key", "defaultvalue": CANARY}, {"key": "kept", "n": 1.5}]});
    let once = kept(&page);
    assert_eq!(kept(&once), once);
}
