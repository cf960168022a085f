//! Environments: `GET {bap}/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments`.
//!
//! Needs a registered management app or a Power Platform administrator. Everything by environment is asked of what this
//! list names, so that without it almost nothing can be read. Maker permissions are left out.

use serde::Deserialize;

use super::ADMIN;
use crate::found::{Answer, Environment, Found, Object, moment};
use crate::source::{Request, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "bap.environments",
    about: "environments with their settings, capacity and addresses",
    page: "https://learn.microsoft.com/power-platform/admin/environments-overview",
    service: "bap",
    requests: &[Request {
        path: "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments",
        query: &[
            ("api-version", "2023-06-01"),
            (
                "$expand",
                "permissions,properties.capacity,properties/billingPolicy,properties/copilotPolicies",
            ),
        ],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    names: &["environment", "principal"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Record {
    name: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    environment_sku: Option<String>,
    is_default: Option<bool>,
    created_time: Option<String>,
    created_by: Option<Principal>,
    linked_environment_metadata: Option<Linked>,
    states: Option<States>,
    governance_configuration: Option<Governance>,
    last_activity: Option<Activity>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Activity {
    last_activity: Last,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Last {
    last_activity_time: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Principal {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Linked {
    instance_api_url: Option<String>,
    instance_url: Option<String>,
    instance_state: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct States {
    management: Option<State>,
    runtime: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Governance {
    protection_level: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    let records = answer.list::<Record>();
    found.tally("environments", records.len() as u64);
    for record in records {
        if let Some(by) = &record.properties.created_by
            && by.kind.as_deref() == Some("User")
            && let Some(id) = &by.id
        {
            found.named(Object::new("principal", id));
        }
        found.environment(environment(record));
    }
}

fn environment(record: Record) -> Environment {
    let Properties {
        environment_sku,
        is_default,
        created_time,
        linked_environment_metadata,
        states,
        governance_configuration,
        last_activity,
        ..
    } = record.properties;
    let used = last_activity.and_then(|told| told.last_activity.last_activity_time);
    let linked = linked_environment_metadata.unwrap_or_default();
    let closed = closed(states.as_ref(), &linked);
    let address = linked.instance_api_url.or(linked.instance_url);
    Environment {
        is_default: is_default.unwrap_or_default(),
        is_managed: governance_configuration
            .and_then(|governance| governance.protection_level)
            .is_some_and(|level| level.eq_ignore_ascii_case("Standard")),
        sku: environment_sku.unwrap_or_default().to_lowercase(),
        created: created_time.unwrap_or_default(),
        dataverse: address
            .map(|url| url.trim_end_matches('/').to_owned())
            .filter(|url| !url.is_empty()),
        closed,
        newest: used.as_deref().and_then(moment),
        id: record.name,
        ..Environment::default()
    }
}

/// Why its Dataverse does not answer, if it is known not to.
fn closed(states: Option<&States>, linked: &Linked) -> Option<String> {
    let state = |state: Option<&State>| state.and_then(|state| state.id.clone());
    let runtime = state(states.and_then(|states| states.runtime.as_ref()));
    let management = state(states.and_then(|states| states.management.as_ref()));
    let told = [
        (runtime, &["Enabled", "AdminMode"][..]),
        (management, &["Ready", "NotSpecified"][..]),
        (linked.instance_state.clone(), &["Ready"][..]),
    ];
    told.into_iter()
        .filter_map(|(state, open)| {
            state.filter(|state| !open.iter().any(|open| open.eq_ignore_ascii_case(state)))
        })
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Place;

    fn found(text: &str) -> Vec<Environment> {
        let mut found = Found::default();
        let request = &SOURCE.requests[0];
        find(
            &Answer { request, place: Place::default(), key: "", body: text.as_bytes() },
            &mut found,
        );
        found.environments
    }

    #[test]
    fn keeps_what_reading_needs() {
        let found = found(
            r#"{"value": [
                {"name": "Default-E1", "properties": {"environmentSku": "Default", "isDefault": true,
                  "linkedEnvironmentMetadata": {"instanceApiUrl": "https://org1.api.crm4.dynamics.com/", "instanceState": "Ready"},
                  "governanceConfiguration": {"protectionLevel": "Standard"}, "states": {"runtime": {"id": "Enabled"}}}},
                {"name": "e2", "properties": {"environmentSku": "Production", "linkedEnvironmentMetadata": null,
                  "states": {"runtime": {"id": "Disabled"}}}},
                {"name": "e3"}, 7]}"#,
        );
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].dataverse.as_deref(), Some("https://org1.api.crm4.dynamics.com"));
        assert!(found[0].is_managed && found[0].is_production() && found[0].closed.is_none());
        assert_eq!(
            (found[1].sku.as_str(), found[1].closed.as_deref()),
            ("production", Some("Disabled"))
        );
        assert!(found[1].dataverse.is_none() && found[2].sku.is_empty());
    }
}
