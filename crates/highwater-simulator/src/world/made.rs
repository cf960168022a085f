//! Made: a tenant of any size that nobody recorded, made up record by record from a seed.
//!
//! Every record follows from the seed and its number alone, so that a list asked twice is the same list and nothing is
//! held in memory. Sizes are those of real tenants: most environments are small, a few are busy, two thirds have
//! Dataverse.

mod azure;
mod dataverse;
mod directory;
mod flows;
mod platform;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Found, World};
use crate::asked::Asked;
use crate::graph_query::is_of;
use crate::host::{Service, canonical};
use crate::odata::Filter;
use crate::paging::{List, Rows};
use crate::routes::Route;
use crate::settings::Scale;

/// A made tenant. Cheap to copy: it holds numbers only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(super) scale: Scale,
    seed: u64,
    now: i64,
}

/// Kinds of things that have ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tenant = 0x01,
    Person = 0x02,
    Group = 0x03,
    Environment = 0x10,
    EnvironmentGroup = 0x12,
    Operation = 0x13,
    App = 0x20,
    Flow = 0x21,
    Resource = 0x22,
    Desktop = 0x23,
    Run = 0x24,
    Bot = 0x25,
    Machine = 0x30,
    MachineGroup = 0x31,
    Session = 0x32,
    Solution = 0x40,
    Component = 0x41,
    Variable = 0x43,
    Reference = 0x46,
    SystemUser = 0x50,
    Team = 0x51,
    Role = 0x52,
    Unit = 0x53,
    Policy = 0x70,
    Connection = 0x71,
    Subscription = 0x90,
    Other = 0xF0,
}

/// Numbers of things inside an environment: at most so many of a kind.
const INSIDE: u64 = 1 << 20;

/// One environment of the tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) dataverse: bool,
    /// A busy environment holds what quiet ones do not: bots, variables, more people.
    pub(super) busy: bool,
    /// Desktop flows run here.
    pub(super) robots: bool,
    pub(super) sku: &'static str,
}

impl Made {
    pub(crate) const fn new(scale: Scale, seed: u64, now: i64) -> Self {
        Self { scale, seed, now }
    }

    /// The id of a thing; the number can be read from it again.
    pub(super) fn id(&self, kind: Kind, number: u64) -> String {
        let seed = u32::try_from(self.seed & 0xFFFF_FFFF).unwrap_or(0);
        format!("{seed:08x}-{:04x}-4000-8000-{number:012x}", kind as u16)
    }

    /// The id of a thing inside an environment.
    pub(super) fn inner(&self, kind: Kind, place: usize, number: usize) -> String {
        self.id(kind, place as u64 * INSIDE + number as u64)
    }

    /// The number in an id of a kind.
    pub(super) fn number(&self, kind: Kind, id: &str) -> Option<u64> {
        let number = u64::from_str_radix(id.rsplit('-').next()?, 16).ok()?;
        (self.id(kind, number) == id.to_ascii_lowercase()).then_some(number)
    }

    /// The number of a thing inside an environment.
    pub(super) fn inside(&self, kind: Kind, place: Place, id: &str, most: usize) -> Option<usize> {
        let number = self.number(kind, id)?;
        let within = usize::try_from(number % INSIDE).ok()?;
        (number / INSIDE == place.number as u64 && within < most).then_some(within)
    }

    /// A number by chance that follows from the seed: below `most`.
    pub(super) fn chance(&self, kind: Kind, number: u64, most: u64) -> u64 {
        let mut mixed = self.seed
            ^ (kind as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ number.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most.max(1)
    }

    /// A moment so many hours ago, with seven digits behind the second.
    pub(super) fn ago(&self, hours: u64) -> String {
        let now = Timestamp::from_second(self.now).unwrap_or(Timestamp::UNIX_EPOCH);
        let hours = i64::try_from(hours).unwrap_or(0);
        let moment =
            now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::UNIX_EPOCH);
        moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    pub(super) fn tenant_id(&self) -> String {
        self.id(Kind::Tenant, 1)
    }

    /// An environment by its number.
    pub(super) fn place(&self, number: usize) -> Place {
        let dataverse = number == 0 || self.chance(Kind::Environment, number as u64, 3) < 2;
        let sku = match number % 20 {
            0 if number == 0 => "Default",
            0 | 5 | 10 => "Production",
            1..=4 => "Sandbox",
            _ => "Developer",
        };
        Place {
            number,
            dataverse,
            busy: dataverse && number.is_multiple_of(3),
            robots: dataverse && number.is_multiple_of(25),
            sku,
        }
    }

    /// The id of an environment.
    pub(super) fn place_id(&self, place: Place) -> String {
        if place.number == 0 {
            format!("Default-{}", self.tenant_id())
        } else {
            self.id(Kind::Environment, place.number as u64)
        }
    }

    /// An environment by its id.
    pub(super) fn place_of(&self, id: &str) -> Option<Place> {
        if id.eq_ignore_ascii_case(&format!("default-{}", self.tenant_id())) {
            return Some(self.place(0));
        }
        let number = usize::try_from(self.number(Kind::Environment, id)?).ok()?;
        (number > 0 && number < self.scale.environments).then(|| self.place(number))
    }

    /// The host of an environment's organisation.
    pub(super) fn host(place: Place) -> String {
        format!("org{:06}", place.number)
    }

    /// An environment by the host of its organisation.
    pub(super) fn place_at(&self, host: &str) -> Option<Place> {
        let host = canonical(host);
        let number: usize =
            host.strip_suffix(".crm4.dynamics.com")?.strip_prefix("org")?.parse().ok()?;
        let place = (number < self.scale.environments).then(|| self.place(number))?;
        place.dataverse.then_some(place)
    }

    /// How many cloud flows of an environment Dataverse holds: every other one.
    pub(super) const fn solution_flows(&self, place: Place) -> usize {
        if place.dataverse { self.scale.flows / 2 } else { 0 }
    }

    /// Somebody who made things in an environment.
    pub(super) fn maker(&self, place: Place, number: usize) -> u64 {
        let people = self.people() as u64;
        self.chance(Kind::Person, place.number as u64 * INSIDE + number as u64, people.min(40) + 1)
            .wrapping_add(place.number as u64 * 7)
            % people
    }

    /// How many people the directory has.
    pub(super) const fn people(&self) -> usize {
        200 + self.scale.environments * 10
    }
}

/// A list of records that are made when they are asked for.
pub(super) fn made(count: usize, make: impl Fn(usize) -> Value + Send + Sync + 'static) -> Found {
    Found::List(List {
        rows: Rows::Made(count, Arc::new(make)),
        envelope: Map::new(),
        broken: false,
    })
}

/// A list of a few records.
pub(super) fn held(rows: Vec<Value>) -> Found {
    Found::List(List { rows: Rows::Held(Arc::new(rows)), envelope: Map::new(), broken: false })
}

impl World for Made {
    fn tenant(&self) -> String {
        self.tenant_id()
    }

    fn find(&self, asked: &Asked, _route: &Route, _now: i64) -> Found {
        let lower = asked.path.trim_matches('/').to_ascii_lowercase();
        let parts: Vec<&str> = lower.split('/').collect();
        let found = match asked.service() {
            Some(Service::Bap) => self.bap(&parts, asked),
            Some(Service::PowerApps) => self.power_apps(&parts),
            Some(Service::Flow) => self.flow_service(&parts),
            Some(Service::PpApi) => self.platform_api(&parts, asked),
            Some(Service::Dataverse) => self
                .place_at(&asked.host)
                .map_or(Found::Nothing, |place| self.organisation(place, &parts)),
            Some(Service::Graph) => self.directory(&parts, asked),
            Some(Service::Arm) => self.resource_manager(&parts),
            Some(Service::KeyVault) => self.vault_secrets(&asked.host, &parts),
            _ => Found::Nothing,
        };
        filtered(found, asked)
    }

    fn graph_rows(&self, table: &str, types: &[String]) -> Result<Rows, Found> {
        let rows = self.azure_rows(table).cut(0, usize::MAX);
        Ok(Rows::Held(Arc::new(rows.into_iter().filter(|row| is_of(row, types)).collect())))
    }

    fn objects(&self, ids: &[&str]) -> Result<Vec<Value>, Found> {
        Ok(ids.iter().filter_map(|id| self.object(id)).collect())
    }

    fn refusal(&self, _asked: &Asked) -> Option<Found> {
        None
    }

    fn count(&self, host: &str, set: &str) -> Option<usize> {
        match self.organisation(self.place_at(host)?, &["api", "data", "v9.2", set]) {
            Found::List(list) => Some(list.rows.len()),
            // What every organisation has is there, and empty.
            _ => crate::routes::is_everywhere(set).then_some(0),
        }
    }

    fn knows(&self, host: &str) -> bool {
        match crate::host::service(host) {
            Some(Service::Dataverse) => self.place_at(host).is_some(),
            Some(Service::KeyVault) => self.vault_at(host).is_some(),
            _ => true,
        }
    }

    fn inventory(&self, types: &[String]) -> Rows {
        self.inventory_rows(types)
    }
}

/// Records that the filter of a request keeps: in Dataverse, where lists are those of one environment and short.
fn filtered(found: Found, asked: &Asked) -> Found {
    let odata = asked.service() == Some(Service::Dataverse);
    let filter = asked.parameter("$filter").filter(|_| odata).and_then(Filter::read);
    match (found, filter) {
        (Found::List(list), Some(filter)) => {
            let rows = list
                .rows
                .cut(0, usize::MAX)
                .into_iter()
                .filter(|row| filter.keeps(row).unwrap_or(true))
                .collect();
            Found::List(List { rows: Rows::Held(Arc::new(rows)), ..list })
        }
        (found, _) => found,
    }
}

/// A person or a service as an author.
pub(super) fn author(tenant: &Made, person: u64) -> Value {
    json!({"id": tenant.id(Kind::Person, person), "displayName": format!("Person {person}"), "type": "User", "tenantId": tenant.tenant_id(),
        "email": format!("person{person}@contoso.example"), "userPrincipalName": format!("person{person}@contoso.example")})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_what_they_are_of() {
        let tenant = Made::new(Scale::of(100), 7, 0);
        let place = tenant.place(42);
        let flow = tenant.inner(Kind::Resource, 42, 9);
        assert_eq!(tenant.inside(Kind::Resource, place, &flow, 18), Some(9));
        assert_eq!(tenant.inside(Kind::Resource, place, &flow, 9), None);
        assert_eq!(tenant.inside(Kind::Resource, tenant.place(41), &flow, 18), None);
        assert_eq!(tenant.number(Kind::Flow, &flow), None);
        assert_eq!(tenant.place_of(&tenant.place_id(place)).unwrap().number, 42);
        assert_eq!(tenant.place_of(&tenant.place_id(tenant.place(0))).unwrap().number, 0);
        assert!(tenant.place_of(&tenant.id(Kind::Environment, 100)).is_none());
    }

    #[test]
    fn two_thirds_have_dataverse() {
        let tenant = Made::new(Scale::of(35_000), 1, 0);
        let with = (0..35_000).filter(|number| tenant.place(*number).dataverse).count();
        assert!((22_000..25_000).contains(&with), "{with}");
    }
}
