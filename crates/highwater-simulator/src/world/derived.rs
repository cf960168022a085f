//! Derived: the inventory of a recorded tenant, put together from the lists of its services.
//!
//! What the services tell of environments, apps and flows is what the inventory would tell of them, in its own words.

use serde_json::{Value, json};

use super::recording::{Recording, Told};

/// Rows of the inventory: environments, apps and cloud flows.
pub(super) fn inventory(recording: &Recording) -> Vec<Value> {
    let mut rows = Vec::new();
    for (key, held) in &recording.exchanges {
        let shape: Option<fn(&Value) -> Value> = match key.as_str() {
            _ if key.ends_with("/scopes/admin/environments") => Some(environment),
            _ if key.contains("api.powerapps.com/") && key.ends_with("/apps") => Some(app),
            _ if key.contains("api.flow.microsoft.com/") && key.ends_with("/v2/flows") => {
                Some(flow)
            }
            _ => None,
        };
        let Some(shape) = shape else { continue };
        for exchange in held.iter().filter(|exchange| exchange.status == 200) {
            if let Told::List(list, _) = &exchange.told {
                rows.extend(list.iter().map(|row| with_tenant(shape(row), &recording.tenant)));
            }
        }
    }
    rows
}

fn with_tenant(mut row: Value, tenant: &str) -> Value {
    row["tenantId"] = tenant.into();
    row["id"] = format!(
        "/tenants/{tenant}/providers/{}/{}",
        row["type"].as_str().unwrap_or_default(),
        row["name"].as_str().unwrap_or_default()
    )
    .into();
    row
}

fn environment(row: &Value) -> Value {
    let told = &row["properties"];
    json!({"name": row["name"], "type": "microsoft.powerplatform/environments", "location": row["location"], "properties": {
        "displayName": told["displayName"], "createdAt": told["createdTime"], "createdBy": told["createdBy"]["id"], "lastModifiedAt": told["lastModifiedTime"],
        "environmentType": told["environmentSku"], "isManaged": told["governanceConfiguration"]["protectionLevel"] == "Standard", "environmentGroupId": told["parentEnvironmentGroup"]["id"]}})
}

fn app(row: &Value) -> Value {
    let told = &row["properties"];
    json!({"name": row["name"], "type": "microsoft.powerapps/canvasapps", "location": row["appLocation"], "properties": {
        "displayName": told["displayName"], "createdAt": told["createdTime"], "createdBy": told["createdBy"]["id"], "ownerId": told["owner"]["id"],
        "environmentId": told["environment"]["name"], "lastModifiedAt": told["lastModifiedTime"], "lastModifiedBy": told["lastModifiedBy"]["id"]}})
}

fn flow(row: &Value) -> Value {
    let told = &row["properties"];
    json!({"name": row["name"], "type": "microsoft.powerautomate/cloudflows", "location": "europe", "properties": {
        "displayName": told["displayName"], "createdAt": told["createdTime"], "createdBy": told["creator"]["objectId"], "ownerId": told["creator"]["objectId"],
        "environmentId": told["environment"]["name"], "lastModifiedAt": told["lastModifiedTime"], "lastModifiedBy": told["creator"]["objectId"],
        "workflowEntityId": told["workflowEntityId"]}})
}
