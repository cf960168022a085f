//! Inventory: `POST {ppapi}/resourcequery/resources/query`, one query for each type of resource; a read.
//!
//! Needs a Power Platform or Dynamics 365 administrator who signed in: applications are refused. Types that no table
//! reads (sites, usage records) are left out. Its environments stand in where the administration service refuses its own
//! list; it does not tell where their Dataverse is.

use serde::Deserialize;

use crate::found::{Answer, Environment, Found};
use crate::source::{Each, Grant, Request, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "inventory.query",
    about: "environments, apps, flows, agents and connectors of the whole tenant",
    page: "https://learn.microsoft.com/power-platform/admin/inventory-api",
    service: "ppapi",
    requests: &[Request {
        path: "/resourcequery/resources/query",
        query: &[("api-version", "2024-10-01")],
        body: Some(
            r#"{"TableName": "PowerPlatformResources",
"Clauses": [{"$type": "where", "FieldName": "type", "Operator": "==", "Values": ["'{key}'"]}],
"Options": {"Top": 1000, "Skip": 0, "SkipToken": ""}}"#,
        ),
        paging: Paging::Inventory,
        each: Each::Of(TYPES),
        ..Request::GET
    }],
    grant: Grant::delegated("Power Platform Administrator with ResourceQuery.Resources.Read"),
    names: &["environment"],
    find,
    ..Source::DEFAULT
};

/// Types of resources that tables read.
const TYPES: &[&str] = &[
    "microsoft.powerplatform/environments",
    "microsoft.powerplatform/environmentgroups",
    "microsoft.powerapps/canvasapps",
    "microsoft.powerapps/modeldrivenapps",
    "microsoft.powerapps/codeapps",
    "microsoft.powerautomate/cloudflows",
    "microsoft.powerautomate/agentflows",
    "microsoft.powerautomate/m365agentflows",
    "microsoft.copilotstudio/agents",
    "microsoft.powerplatformconnector/connectors",
];

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    environment_type: Option<String>,
    created_at: Option<String>,
    is_managed: Option<bool>,
    environment_id: Option<String>,
    last_modified_at: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for resource in answer.list::<Resource>() {
        let Properties { environment_id, last_modified_at, .. } = &resource.properties;
        if let Some(environment) = environment_id {
            found.changed_in(environment, last_modified_at.as_deref());
        }
        match resource.kind.to_lowercase().as_str() {
            "microsoft.powerplatform/environments" => {
                found.tally("environments", 1);
                found.environment(environment(resource));
            }
            "microsoft.powerapps/canvasapps" => found.tally("canvas apps", 1),
            _ => {}
        }
    }
}

/// An environment without the address of its Dataverse.
fn environment(resource: Resource) -> Environment {
    let Properties { environment_type, created_at, is_managed, .. } = resource.properties;
    let sku = environment_type.unwrap_or_default().to_lowercase();
    Environment {
        id: resource.name.unwrap_or_default(),
        is_default: sku == "default",
        is_managed: is_managed.unwrap_or_default(),
        sku,
        created: created_at.unwrap_or_default(),
        ..Environment::default()
    }
}
