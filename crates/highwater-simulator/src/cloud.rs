//! Cloud: one request becomes one answer, whatever connection it came on.
//!
//! The order is that of the vendors: host, method, token, quota, path, parameters, and only then the world.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Body};
use crate::asked::Asked;
use crate::entra::Entra;
use crate::host::Service;
use crate::meter::Meter;
use crate::odata::{Filter, shown};
use crate::paging::{self, List, Page, Rows};
use crate::refusal;
use crate::rewrite;
use crate::routes::{self, Dialect, Led, Route, Shape};
use crate::settings::{Settings, Unrecorded};
use crate::token::{Claims, audience};
use crate::world::{Found, World};

/// A simulated cloud: its tenant, its sign-in, its memory of what was asked.
pub(crate) struct Cloud {
    pub(crate) settings: Settings,
    pub(crate) world: Box<dyn World>,
    pub(crate) entra: Entra,
    pub(crate) meter: Arc<Meter>,
    pub(crate) begun: Instant,
}

impl Cloud {
    /// Unix time now.
    pub(crate) fn now(&self) -> i64 {
        self.settings.now.saturating_add(i64::try_from(self.begun.elapsed().as_secs()).unwrap_or(0))
    }

    /// Answers a request.
    pub(crate) fn answer(&self, asked: &Asked) -> Answer {
        let Some(service) = asked.service() else {
            self.meter.unknown(format!("host {}", asked.host));
            return refusal::nowhere(None, asked);
        };
        if !self.world.knows(&asked.host) {
            self.meter.unknown(format!("host {}", asked.host));
            return refusal::nowhere(Some(service), asked);
        }
        let mut answer = if service == Service::Entra {
            self.signed_in(asked)
        } else {
            self.service(service, asked)
        };
        if let Body::Json(body) = &mut answer.body {
            rewrite::links(body, &asked.form);
        }
        answer
    }

    fn signed_in(&self, asked: &Asked) -> Answer {
        self.entra.answer(asked, self.now()).unwrap_or_else(|| {
            self.meter.unknown(line(asked));
            refusal::nowhere(Some(Service::Entra), asked)
        })
    }

    fn service(&self, service: Service, asked: &Asked) -> Answer {
        if asked.method != "GET" && asked.method != "POST" {
            self.meter.violation(line(asked));
            return refusal::method(asked);
        }
        let route = match routes::find(service, asked.method == "POST", &asked.path) {
            Led::To(route) => route,
            Led::WrongMethod => {
                self.meter.violation(line(asked));
                return refusal::method(asked);
            }
            Led::Nowhere => {
                if asked.method == "POST" {
                    self.meter.violation(line(asked));
                    return refusal::method(asked);
                }
                self.meter.unknown(line(asked));
                return refusal::nowhere(Some(service), asked);
            }
        };
        let claims = match self.claims(service, asked, route) {
            Ok(claims) => claims,
            Err(refused) => return refused,
        };
        if let Err(refused) = self.parameters(service, asked, route) {
            return refused;
        }
        self.read(service, asked, route, claims.as_ref())
    }

    /// Reads the token; `None` for services whose tokens are not Entra's.
    fn claims(
        &self,
        service: Service,
        asked: &Asked,
        route: &Route,
    ) -> Result<Option<Claims>, Answer> {
        if route.path == "/metadata/endpoints" {
            return Ok(None);
        }
        let refused =
            |fault| refusal::unauthorised(service, fault, self.world.tenant(), &asked.host);
        let header = asked.header("authorization").unwrap_or_default();
        if service == Service::AzureDevOps && header.starts_with("Basic ") {
            return Ok(None);
        }
        let token = header
            .strip_prefix("Bearer ")
            .or_else(|| header.strip_prefix("bearer "))
            .unwrap_or_default();
        if token.is_empty() {
            return Err(refused(refusal::Fault::Missing));
        }
        let claims = self.entra.mint.read(token);
        if service == Service::GitHub {
            // A token of GitHub's own is opaque; one of Entra's does not belong here.
            return if claims.is_none() {
                Ok(None)
            } else {
                Err(refused(refusal::Fault::Audience))
            };
        }
        let claims = claims.ok_or_else(|| refused(refusal::Fault::Invalid))?;
        if claims.expires <= self.now() {
            return Err(refused(refusal::Fault::Expired));
        }
        let told = audience(&claims.audience);
        let meant = service.audiences().contains(&told.as_str())
            || (service == Service::Dataverse && told == crate::host::canonical(&asked.host));
        if meant { Ok(Some(claims)) } else { Err(refused(refusal::Fault::Audience)) }
    }

    /// Refuses parameters that the path does not take, and reports them.
    fn parameters(&self, service: Service, asked: &Asked, route: &Route) -> Result<(), Answer> {
        if let Some((name, value)) = asked.query.iter().find(|(name, _)| !route.takes(name)) {
            self.meter.unknown(format!("parameter {name} of {}", line(asked)));
            return Err(refusal::parameter(service, name, value));
        }
        if route.needs_version() && asked.parameter("api-version").is_none_or(str::is_empty) {
            return Err(refusal::version(service));
        }
        let odata = matches!(service, Service::Dataverse | Service::Graph);
        if let Some(filter) =
            asked.parameter("$filter").filter(|filter| odata && Filter::read(filter).is_none())
        {
            self.meter.unknown(format!("$filter {filter} of {}", line(asked)));
            return Err(refusal::parameter(service, "$filter", filter));
        }
        Ok(())
    }

    fn read(
        &self,
        service: Service,
        asked: &Asked,
        route: &Route,
        claims: Option<&Claims>,
    ) -> Answer {
        match route.shape {
            Shape::Batch => crate::combined::batch(self, asked),
            Shape::ByIds => crate::combined::by_ids(self, asked),
            Shape::Query => crate::combined::query(self, asked),
            Shape::Inventory => crate::combined::inventory(claims),
            Shape::Counts => crate::combined::counts(self, asked),
            Shape::Logs => Answer::json(
                json!({"tables": [{"name": "PrimaryResult", "columns": [{"name": "Type", "type": "string"}, {"name": "last", "type": "datetime"}, {"name": "n", "type": "long"}], "rows": []}]}),
            ),
            Shape::Object | Shape::Array => self.document(service, asked, route, claims),
            Shape::List(dialect) | Shape::Optional(dialect) => {
                self.list(service, asked, route, dialect, claims)
            }
        }
    }

    fn document(
        &self,
        service: Service,
        asked: &Asked,
        route: &Route,
        claims: Option<&Claims>,
    ) -> Answer {
        match self.world.find(asked, route) {
            Found::Document(body) => Answer::json(projected(service, asked, body)),
            Found::List(List { rows, .. }) if route.shape == Shape::Array => {
                Answer::json(rows.cut(0, usize::MAX).into())
            }
            Found::List(List { rows, envelope, .. }) => {
                let mut body = envelope;
                body.insert("value".to_owned(), rows.cut(0, usize::MAX).into());
                Answer::json(body.into())
            }
            Found::Nothing if route.shape == Shape::Array => {
                self.nothing(service, asked, claims, || Answer::json(json!([])))
            }
            Found::Nothing => {
                self.nothing(service, asked, claims, || refusal::missing(service, asked))
            }
            other => refused(service, other),
        }
    }

    fn list(
        &self,
        service: Service,
        asked: &Asked,
        route: &Route,
        dialect: Dialect,
        claims: Option<&Claims>,
    ) -> Answer {
        let page = match paging::asked_for(asked, dialect, self.settings.page_size) {
            Ok(page) => page,
            Err(text) => return refusal::parameter(service, "$skiptoken", &text),
        };
        match self.world.find(asked, route) {
            Found::List(mut list) => {
                if list.broken && page.start >= list.rows.len() && page.start > 0 {
                    return Answer::error(
                        503,
                        "ServiceUnavailable",
                        "The service is temporarily unavailable.",
                    )
                    .header("retry-after", "1");
                }
                if let Rows::Held(rows) = &mut list.rows {
                    *rows = std::mem::take(rows)
                        .into_iter()
                        .map(|row| projected(service, asked, row))
                        .collect();
                }
                paging::answer(asked, dialect, &list, page)
            }
            Found::Document(body) => Answer::json(body),
            Found::Nothing if matches!(route.shape, Shape::Optional(_)) => {
                self.meter.unrecorded(line(asked));
                refusal::nowhere(Some(service), asked)
            }
            Found::Nothing => self.nothing(service, asked, claims, || {
                paging::answer(asked, dialect, &empty(service, asked), Page { start: 0, size: 1 })
            }),
            other => refused(service, other),
        }
    }

    /// What stands in for a request of which nothing is known.
    pub(crate) fn nothing(
        &self,
        service: Service,
        asked: &Asked,
        claims: Option<&Claims>,
        none: impl FnOnce() -> Answer,
    ) -> Answer {
        self.meter.unrecorded(line(asked));
        let application_at_flow =
            service == Service::Flow && claims.is_some_and(|claims| claims.application);
        if application_at_flow || self.settings.unrecorded == Unrecorded::Refused {
            refusal::forbidden(service)
        } else {
            none()
        }
    }
}

/// A refusal, an exhaustion, or an answer of a shape that the path has not.
pub(crate) fn refused(service: Service, found: Found) -> Answer {
    match found {
        Found::Refused(401, body) => {
            let mut answer = Answer::with(401, body);
            answer.headers.push(("www-authenticate", "Bearer".to_owned()));
            answer
        }
        Found::Refused(status, body) => Answer::with(status, body),
        _ => refusal::throttled(service, 1),
    }
}

fn empty(service: Service, asked: &Asked) -> List {
    let mut envelope = Map::new();
    if service == Service::Dataverse || service == Service::Graph {
        let set = asked.path.rsplit('/').next().unwrap_or_default();
        let root = asked
            .path
            .trim_matches('/')
            .split('/')
            .take(if service == Service::Graph { 1 } else { 3 })
            .collect::<Vec<_>>()
            .join("/");
        envelope.insert(
            "@odata.context".to_owned(),
            format!("https://{}/{root}/$metadata#{set}", asked.host).into(),
        );
    }
    List { rows: Rows::Held(Vec::new()), envelope, broken: false }
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
        Service::Graph => shown(
            &record,
            select,
            expand,
            |name, _| {
                matches!(
                    name,
                    "assignments" | "principal" | "resourceRoleScopes" | "managedDevices"
                )
            },
            "id",
        ),
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

/// The primary column of an entity set, which is always shown: `workflows` has `workflowid`.
fn primary(set: &str) -> String {
    let single = match set {
        _ if set.ends_with("ies") => format!("{}y", &set[..set.len() - 3]),
        _ if set.ends_with("sses") => set[..set.len() - 2].to_owned(),
        _ => set.trim_end_matches('s').to_owned(),
    };
    format!("{single}id")
}

/// A request in one line, for lists and counters.
pub(crate) fn line(asked: &Asked) -> String {
    format!("{} {}{}", asked.method, asked.host, asked.path)
}
