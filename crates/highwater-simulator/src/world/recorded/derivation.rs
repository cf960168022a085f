//! Derivation: answers that were not recorded and follow from others that were.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::Found;
use super::super::activity::Feed;
use super::super::recording::{Recording, Told, key};
use super::Recorded;
use super::answering::answer;
use crate::asked::Asked;
use crate::host::{Service, canonical};
use crate::odata::Filter;
use crate::paging::{List, Rows};

impl Recorded {
    /// Answers that follow from others: the list of the audit feed, who one is, and which tables there are.
    pub(super) fn derived(&self, asked: &Asked, now: i64) -> Option<Found> {
        match asked.service()? {
            Service::O365 => self.activity(asked, now),
            Service::KeyVault => self.secrets(asked),
            Service::Dataverse if asked.path.ends_with("/EntityDefinitions") => {
                let rows = self.definitions(&asked.host, asked.parameter("$filter"));
                self.all_refused(&canonical(&asked.host)).or_else(|| {
                    Some(Found::List(List {
                        rows: Rows::Held(Arc::new(rows)),
                        envelope: Map::new(),
                        broken: false,
                    }))
                })
            }
            Service::Dataverse if asked.path.ends_with("/msdyn_solutioncomponentsummaries") => {
                self.summaries(asked)
            }
            Service::Dataverse if asked.path.trim_end_matches("()").ends_with("/WhoAmI") => {
                let told = json!({"BusinessUnitId": SOMEBODY, "UserId": SOMEBODY, "OrganizationId": SOMEBODY});
                self.all_refused(&canonical(&asked.host)).or(Some(Found::Document(told)))
            }
            _ => None,
        }
    }

    /// The audit feed: which contents are subscribed to, the blobs of a window, the events of a blob.
    fn activity(&self, asked: &Asked, now: i64) -> Option<Found> {
        let content = asked.path.ends_with("/subscriptions/content");
        let Some(feed) = &self.feed else {
            let refused = self.refused_nearby(asked);
            let unsubscribed = json!({"error": {"code": "AF20022", "message": "No subscription found for the specified content type"}});
            return content.then(|| refused.unwrap_or(Found::Refused(400, unsubscribed)));
        };
        if asked.path.ends_with("/subscriptions/list") {
            return Some(Found::Document(
                json!([{"contentType": "Audit.General", "status": "enabled", "webhook": null}]),
            ));
        }
        if content {
            Some(Found::List(feed.blobs(asked, now)))
        } else {
            feed.events(&asked.path).map(Found::List)
        }
    }

    /// Secrets of a vault on its own host: those that Resource Manager told of.
    fn secrets(&self, asked: &Asked) -> Option<Found> {
        let vault = asked.host.split('.').next()?;
        let tail = format!("/vaults/{vault}/secrets");
        let (_, held) = self.recording.exchanges.iter().find(|(key, _)| key.ends_with(&tail))?;
        let Found::List(List { rows, .. }) = answer(&held.iter().collect::<Vec<_>>(), None) else {
            return None;
        };
        let told = |row: Value| {
            let (name, properties) = (row["name"].as_str().unwrap_or_default(), &row["properties"]);
            json!({"id": format!("https://{}/secrets/{name}", asked.host), "contentType": properties["contentType"], "attributes": properties["attributes"], "tags": {}})
        };
        let rows = rows.cut(0, usize::MAX).into_iter().map(told).collect();
        asked.path.eq_ignore_ascii_case("/secrets").then(|| {
            Found::List(List {
                rows: Rows::Held(Arc::new(rows)),
                envelope: Map::new(),
                broken: false,
            })
        })
    }

    /// Summaries of the components of solutions, from the components themselves.
    fn summaries(&self, asked: &Asked) -> Option<Found> {
        let held = self.recording.exchanges.get(&key(
            "GET",
            &asked.host,
            "/api/data/v9.2/solutioncomponents",
        ))?;
        let Found::List(List { rows, .. }) = answer(&held.iter().collect::<Vec<_>>(), None) else {
            return None;
        };
        let filter = asked.parameter("$filter").and_then(Filter::read);
        let flows = self.rows(&asked.host, "workflows");
        let flow = |id: &Value| flows.iter().find(|flow| flow["workflowid"] == *id);
        let told =
            rows.cut(0, usize::MAX).into_iter().map(|row| summary(&row, flow(&row["objectid"])));
        let kept = told
            .filter(|row| filter.as_ref().is_none_or(|filter| filter.keeps(row).unwrap_or(true)))
            .collect();
        Some(Found::List(List {
            rows: Rows::Held(Arc::new(kept)),
            envelope: Map::new(),
            broken: false,
        }))
    }

    /// Recorded rows of an entity set.
    fn rows(&self, host: &str, set: &str) -> Vec<Value> {
        let held =
            self.recording.exchanges.get(&key("GET", host, &format!("/api/data/v9.2/{set}")));
        match answer(&held.into_iter().flatten().collect::<Vec<_>>(), None) {
            Found::List(List { rows, .. }) => rows.cut(0, usize::MAX),
            _ => Vec::new(),
        }
    }

    /// The tables of an organisation, as far as their rows were recorded.
    fn definitions(&self, host: &str, filter: Option<&str>) -> Vec<Value> {
        let head = key("GET", host, "/api/data/v9.2/");
        let sets = self
            .recording
            .exchanges
            .keys()
            .filter_map(|key| key.strip_prefix(&head)?.strip_prefix('/'));
        let filter = filter.and_then(Filter::read);
        sets.map(|set| json!({"LogicalName": crate::reading::primary(set).trim_end_matches("id"), "EntitySetName": set, "MetadataId": SOMEBODY}))
            .filter(|row| filter.as_ref().is_none_or(|filter| filter.keeps(row).unwrap_or(true)))
            .collect()
    }
}

const SOMEBODY: &str = "00000000-0000-0000-0000-0000000000f1";

/// A component as the summary of its solution tells of it; `flow` is the workflow that it is, if it is one.
fn summary(row: &Value, flow: Option<&Value>) -> Value {
    let kind = &row["componenttype"];
    let of_flow = |name: &str| flow.map_or(Value::Null, |flow| flow[name].clone());
    json!({"msdyn_solutionid": row["_solutionid_value"], "msdyn_objectid": row["objectid"], "msdyn_componenttype": kind,
        "msdyn_componentlogicalname": kind.as_i64().and_then(logical), "msdyn_name": of_flow("name"), "msdyn_subtype": null,
        "msdyn_workflowcategory": of_flow("category"), "msdyn_modifiedon": row["modifiedon"], "msdyn_createdon": row["createdon"]})
}

/// Logical name of the components of a type; numbers from 10000 on differ by organisation.
const fn logical(kind: i64) -> Option<&'static str> {
    Some(match kind {
        1 => "entity",
        29 => "workflow",
        59 => "savedqueryvisualization",
        60 => "systemform",
        61 => "webresource",
        66 => "customcontrol",
        80 => "appmodule",
        91 => "pluginassembly",
        300 => "canvasapp",
        372 => "connector",
        380 => "environmentvariabledefinition",
        401 => "msdyn_aimodel",
        _ => return None,
    })
}

/// Hosts of the vaults that Resource Graph told of.
pub(super) fn vaults(recording: &Recording) -> Vec<String> {
    let key = key("POST", "management.azure.com", "/providers/Microsoft.ResourceGraph/resources");
    let lists = recording.exchanges.get(&key).into_iter().flatten().filter_map(|exchange| {
        if let Told::List(rows, _) = &exchange.told { Some(rows) } else { None }
    });
    let address = |row: &Value| {
        Some(url::Url::parse(row["properties"]["vaultUri"].as_str()?).ok()?.host_str()?.to_owned())
    };
    lists.flat_map(|rows| rows.iter().filter_map(address)).collect()
}

/// The recorded events of the audit feed.
pub(super) fn feed(recording: &Recording) -> Option<Feed> {
    let of_feed = |key: &str| {
        key.starts_with("GET manage.office.com/") && key.contains("/activity/feed/audit/")
    };
    let mut lists = recording
        .exchanges
        .iter()
        .filter(|(key, _)| of_feed(key))
        .flat_map(|(_, held)| held)
        .peekable();
    lists.peek()?;
    let rows = lists.filter_map(|exchange| {
        if let Told::List(rows, _) = &exchange.told { Some(rows.iter().cloned()) } else { None }
    });
    Some(Feed::new(rows.flatten()))
}
