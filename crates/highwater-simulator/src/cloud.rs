//! Cloud: one request becomes one answer, whatever connection it came on.
//!
//! The order is that of the vendors: host, method, token, quota, path, parameters, and only then the world.

use std::sync::Arc;
use std::time::Instant;

use crate::answer::{Answer, Body};
use crate::asked::Asked;
use crate::canary;
use crate::entra::Entra;
use crate::fault::Kind;
use crate::host::Service;
use crate::meter::Meter;
use crate::odata::Filter;
use crate::quota::Quotas;
use crate::reading::{self, Call};
use crate::refusal;
use crate::rewrite;
use crate::routes::{self, Led, Route, Shape};
use crate::settings::Settings;
use crate::strike::{self, Strikes};
use crate::token::{Claims, audience};
use crate::world::World;

/// A simulated cloud: its tenant, its sign-in, its memory of what was asked.
pub(crate) struct Cloud {
    pub(crate) settings: Settings,
    pub(crate) world: Box<dyn World>,
    pub(crate) entra: Entra,
    pub(crate) meter: Arc<Meter>,
    pub(crate) begun: Instant,
    pub(crate) strikes: Strikes,
    pub(crate) quotas: Quotas,
    /// Address of the foreign host.
    pub(crate) foreign: String,
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
        let fault = self.strikes.choose(Service::Entra, asked);
        if let Some(answer) = fault.and_then(|fault| {
            strike::instead(fault, Service::Entra, asked, self.entra.mint.tenant(), &self.foreign)
        }) {
            return answer;
        }
        let answer = self.entra.answer(asked, self.now()).unwrap_or_else(|| {
            self.meter.unknown(line(asked));
            refusal::nowhere(Some(Service::Entra), asked)
        });
        match fault {
            Some(fault) => self.strikes.spoil(fault, asked, None, &self.foreign, answer),
            None => answer,
        }
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
        let caller = claims.as_ref().map_or("", |claims| claims.caller.as_str());
        let left = match self.quotas.take(service, asked, caller) {
            Ok(left) => left,
            Err(refused) => return refused,
        };
        let answer = self.struck(service, asked, route, claims.as_ref());
        let graph = route.shape == Shape::Query;
        if let Some(left) = left { left.told(service, graph, answer) } else { answer }
    }

    /// Reads, unless a fault stands in the way, and spoils what was read, if a fault says so.
    fn struck(
        &self,
        service: Service,
        asked: &Asked,
        route: &Route,
        claims: Option<&Claims>,
    ) -> Answer {
        let fault =
            if route.shape == Shape::Batch { None } else { self.strikes.choose(service, asked) };
        if let Some(answer) = fault.and_then(|fault| {
            strike::instead(fault, service, asked, self.entra.mint.tenant(), &self.foreign)
        }) {
            return answer;
        }
        let overlap = fault.is_some_and(|fault| fault.kind == Kind::Duplicates);
        let mut answer = reading::read(self, &Call { service, asked, route, claims, overlap });
        if self.settings.canaries && answer.status == 200 {
            canary::plant(service, asked, &mut answer);
        }
        match fault {
            Some(fault) => {
                self.strikes.spoil(fault, asked, Some(route.shape), &self.foreign, answer)
            }
            None => answer,
        }
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
            |fault| refusal::unauthorised(service, fault, self.entra.mint.tenant(), &asked.host);
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
            || (service == Service::Dataverse && is_own_audience(asked, &told));
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
}

/// Whether an audience is an organisation's own: its address, or the origin of the cloud where it stands in the path.
fn is_own_audience(asked: &Asked, told: &str) -> bool {
    let origin = asked.form.origin(&asked.host);
    told == crate::host::canonical(&asked.host) || told == audience(&origin)
}

/// A request in one line, for lists and counters.
pub(crate) fn line(asked: &Asked) -> String {
    format!("{} {}{}", asked.method, asked.host, asked.path)
}
