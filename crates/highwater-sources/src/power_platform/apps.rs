//! Canvas apps: `GET {powerapps}/providers/Microsoft.PowerApps/scopes/admin/environments/{environment}/apps`.
//!
//! Needs a registered management app or a Power Platform administrator. Model-driven apps are not in this list: they
//! are read in Dataverse. Who may use an app is asked only for apps that are shared.

use serde::Deserialize;

use super::ADMIN;
use crate::found::{Answer, Found, Object};
use crate::source::{Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "powerapps.apps",
    about: "canvas apps of an environment",
    page: "https://learn.microsoft.com/power-platform/admin/powerapps-powershell",
    service: "powerapps",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/providers/Microsoft.PowerApps/scopes/admin/environments/{env}/apps",
        query: &[("api-version", "2016-11-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    names: &["app", "principal"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct App {
    name: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    owner: Option<Owner>,
    shared_users_count: Option<u64>,
    shared_groups_count: Option<u64>,
    last_modified_time: Option<String>,
}

#[derive(Deserialize)]
struct Owner {
    id: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for app in answer.list::<App>() {
        found.tally("canvas apps", 1);
        let Properties { owner, shared_users_count, shared_groups_count, last_modified_time } =
            app.properties;
        found.changed(last_modified_time.as_deref());
        found.holds(&[&app.name, last_modified_time.as_deref().unwrap_or_default()]);
        if let Some(id) = owner.and_then(|owner| owner.id) {
            found.named(Object::new("principal", id));
        }
        // Where the counts are not told nobody knows: ask.
        let told = shared_users_count.is_some() || shared_groups_count.is_some();
        let shared =
            shared_users_count.unwrap_or_default() + shared_groups_count.unwrap_or_default() > 0;
        if shared || !told {
            found.child(Object::new("app", app.name));
        }
    }
}
