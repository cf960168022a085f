//! Cloud flows, as the flow service lists them:
//! `GET {flow}/providers/Microsoft.ProcessSimple/scopes/admin/environments/{environment}/v2/flows`.
//!
//! Needs a Power Platform administrator who signed in; applications are tried where the newer list is refused. The list
//! holds no definitions: flows outside Dataverse are asked for theirs, the others are read in Dataverse.

use serde::Deserialize;

use crate::found::{Answer, Found, Object};
use crate::source::{Grant, Request, Scope, Source};
use highwater_http::Paging;

/// What lets in on the flow host.
pub(super) const PERSON: Grant = Grant {
    application: Some("registered management app (best effort: made for people)"),
    delegated: Some("Power Platform Administrator"),
};

pub(crate) static SOURCE: Source = Source {
    id: "flow.admin_flows",
    about: "cloud flows of an environment, in and outside Dataverse",
    page: "https://learn.microsoft.com/power-automate/web-api",
    service: "flow",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{env}/v2/flows",
        query: &[("api-version", "2016-11-01"), ("$top", "250")],
        headers: &[("x-ms-api-context-type", "Admin")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: PERSON,
    names: &["flow", "plain_flow", "principal"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Flow {
    name: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    workflow_entity_id: Option<String>,
    state: Option<String>,
    last_modified_time: Option<String>,
    creator: Option<Creator>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creator {
    object_id: Option<String>,
    user_type: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for flow in answer.list::<Flow>() {
        found.tally("cloud flows", 1);
        let Properties { workflow_entity_id, state, last_modified_time, creator } = flow.properties;
        let [told, changed] =
            [&state, &last_modified_time].map(|told| told.as_deref().unwrap_or_default());
        found.holds(&[&flow.name, told, changed]);
        found.changed(Some(changed));
        if let Some(creator) = creator
            && creator.user_type.as_deref() != Some("ServicePrincipal")
            && let Some(id) = creator.object_id
        {
            found.named(Object::new("principal", id));
        }
        if state.as_deref() == Some("Deleted") {
            continue;
        }
        let modified = last_modified_time.as_deref().unwrap_or_default();
        let rank = super::ppapi_flows::rank(answer.place, modified);
        let entity = workflow_entity_id.filter(|id| !id.is_empty());
        let workflow = entity.clone().unwrap_or_else(|| flow.name.clone());
        let object = |kind| Object {
            rank,
            ..Object::new(kind, flow.name.clone()).with("workflow", workflow.clone())
        };
        found.child(object("flow"));
        if entity.is_none() {
            found.child(object("plain_flow"));
        }
    }
}
