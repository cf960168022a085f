//! Reading: a request that is allowed becomes what the world knows of it, in the shape of its path.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::cloud::{Cloud, line};
use crate::combined;
use crate::graph_query;
use crate::host::Service;
use crate::odata::shown;
use crate::paging::{self, List, Page, Rows};
use crate::refusal;
use crate::routes::{Dialect, Route, Shape};
use crate::settings::Unrecorded;
use crate::token::Claims;
use crate::world::Found;

/// A request that is allowed.
pub(crate) struct Call<'a> {
    pub(crate) service: Service,
    pub(crate) asked: &'a Asked,
    pub(crate) route: &'a Route,
    pub(crate) claims: Option<&'a Claims>,
    /// Whether a page begins with the last record of the page before.
    pub(crate) overlap: bool,
}

/// Answers a request.
pub(crate) fn read(cloud: &Cloud, call: &Call<'_>) -> Answer {
    let asked = call.asked;
    match call.route.shape {
        Shape::Batch => combined::batch(cloud, asked),
        Shape::ByIds => combined::by_ids(cloud, asked),
        Shape::Query => graph_query::resources(cloud, asked, call.claims),
        Shape::Inventory => graph_query::inventory(cloud, asked, call.claims),
        Shape::Counts => combined::counts(cloud, asked),
        Shape::Logs => combined::logs(),
        Shape::Object | Shape::Array => document(cloud, call),
        Shape::List(dialect) | Shape::Optional(dialect) => list(cloud, call, dialect),
    }
}

fn document(cloud: &Cloud, call: &Call<'_>) -> Answer {
    let (service, asked) = (call.service, call.asked);
    let array = call.route.shape == Shape::Array;
    match cloud.world.find(asked, call.route, cloud.now()) {
        Found::Document(body) => Answer::json(projected(service, asked, body)),
        Found::List(List { rows, .. }) if array => Answer::json(rows.cut(0, usize::MAX).into()),
        Found::List(List { rows, envelope, .. }) => {
            let mut body = envelope;
            body.insert("value".to_owned(), rows.cut(0, usize::MAX).into());
            Answer::json(body.into())
        }
        Found::Nothing if array => nothing(cloud, call, || Answer::json(json!([]))),
        Found::Nothing => nothing(cloud, call, || refusal::missing(service, asked)),
        other => refused(service, other),
    }
}

fn list(cloud: &Cloud, call: &Call<'_>, dialect: Dialect) -> Answer {
    let (service, asked) = (call.service, call.asked);
    let mut page = match paging::asked_for(asked, dialect, cloud.settings.page_size) {
        Ok(page) => page,
        Err(text) => return refusal::parameter(service, "$skiptoken", &text),
    };
    match cloud.world.find(asked, call.route, cloud.now()) {
        Found::List(list) => {
            if list.broken && page.start >= list.rows.len() && page.start > 0 {
                return Answer::error(
                    503,
                    "ServiceUnavailable",
                    "The service is temporarily unavailable.",
                )
                .header("retry-after", "1");
            }
            let again = usize::from(call.overlap && page.start > 0);
            page = Page { start: page.start - again, size: page.size.saturating_add(again) };
            paging::answer(asked, dialect, &list, page, |row| projected(service, asked, row))
        }
        Found::Document(body) => Answer::json(body),
        Found::Nothing if matches!(call.route.shape, Shape::Optional(_)) => {
            cloud.meter.unrecorded(line(asked));
            refusal::nowhere(Some(service), asked)
        }
        Found::Nothing => nothing(cloud, call, || {
            paging::answer(
                asked,
                dialect,
                &empty(service, asked),
                Page { start: 0, size: 1 },
                |row| row,
            )
        }),
        other => refused(service, other),
    }
}

/// What stands in for a request of which nothing is known.
fn nothing(cloud: &Cloud, call: &Call<'_>, none: impl FnOnce() -> Answer) -> Answer {
    cloud.meter.unrecorded(line(call.asked));
    let application_at_flow =
        call.service == Service::Flow && call.claims.is_some_and(|claims| claims.application);
    if application_at_flow || cloud.settings.unrecorded == Unrecorded::Refused {
        refusal::forbidden(call.service)
    } else {
        none()
    }
}

/// A refusal, a request that was never made, or an answer of a shape that the path has not.
pub(crate) fn refused(service: Service, found: Found) -> Answer {
    match found {
        Found::Refused(401, body) => Answer::with(401, body).header("www-authenticate", "Bearer"),
        Found::Refused(status, body) => Answer::with(status, body),
        _ => refusal::forbidden(service),
    }
}

fn empty(service: Service, asked: &Asked) -> List {
    let mut envelope = Map::new();
    if service == Service::Dataverse || service == Service::Graph {
        let set = asked.path.rsplit('/').next().unwrap_or_default();
        let depth = if service == Service::Graph { 1 } else { 3 };
        let root =
            asked.path.trim_matches('/').split('/').take(depth).collect::<Vec<_>>().join("/");
        envelope.insert(
            "@odata.context".to_owned(),
            format!("https://{}/{root}/$metadata#{set}", asked.host).into(),
        );
    }
    List { rows: Rows::default(), envelope, broken: false }
}

/// A record as the request wants to see it.
fn projected(service: Service, asked: &Asked, record: Value) -> Value {
    let (select, expand) = (asked.parameter("$select"), asked.parameter("$expand"));
    match service {
        Service::Dataverse => {
            let set = asked.path.rsplit('/').next().unwrap_or_default();
            shown(
                &record,
                select,
                expand,
                |_, value| value.is_array() || value.is_object(),
                &primary(set),
            )
        }
        Service::Graph => {
            shown(&record, select, expand, |name, _| NAVIGATION.contains(&name), "id")
        }
        Service::PowerBi => shown(
            &record,
            select,
            expand,
            |name, _| matches!(name, "permissions" | "memberGateways"),
            "id",
        ),
        _ => record,
    }
}

/// Properties of Graph that are only there when they are expanded.
const NAVIGATION: [&str; 4] = ["assignments", "principal", "resourceRoleScopes", "managedDevices"];

/// The primary column of an entity set, which is always shown: `workflows` has `workflowid`.
pub(crate) fn primary(set: &str) -> String {
    let single = match set {
        _ if set.ends_with("ies") => format!("{}y", &set[..set.len() - 3]),
        _ if set.ends_with("sses") => set[..set.len() - 2].to_owned(),
        _ => set.trim_end_matches('s').to_owned(),
    };
    format!("{single}id")
}
