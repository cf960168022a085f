//! Recorded: a tenant whose answers were written down.
//!
//! A request is met by method, host and path; where a path was recorded with several filters, by its filter too. A
//! filter that was not recorded is asked of the records themselves. A sibling of a refused request is refused as well:
//! a service grants rights by area, not by path.

mod answering;
mod derivation;

use std::sync::Arc;

use serde_json::{Value, json};

use self::answering::{answer, parameter};
use self::derivation::{feed, vaults};
use super::activity::Feed;
use super::recording::{Exchange, Recording, Told, key};
use super::{Found, World};
use crate::asked::Asked;
use crate::graph_query::is_of;
use crate::host::{Service, canonical};
use crate::paging::{List, Rows};
use crate::routes::{Route, Shape};

/// A recorded tenant.
pub(crate) struct Recorded {
    recording: Recording,
    hosts: Vec<String>,
    feed: Option<Feed>,
    inventory: Arc<Vec<Value>>,
    vaults: Vec<String>,
}

/// Parameters that decide what an answer holds, besides `$filter`.
const DECIDING: [&str; 2] = ["workflowId", "contentType"];

impl Recorded {
    pub(crate) fn new(mut recording: Recording) -> Self {
        let mut hosts: Vec<String> = recording
            .exchanges
            .keys()
            .filter_map(|key| Some(key.split_once(' ')?.1.split('/').next()?.to_owned()))
            .collect();
        hosts.dedup();
        let feed = feed(&recording);
        super::repository::take_apart(&mut recording);
        let inventory = Arc::new(super::derived::inventory(&recording));
        let vaults = vaults(&recording);
        Self { recording, hosts, feed, inventory, vaults }
    }

    /// Exchanges of a path that agree with a request in the parameters that decide.
    fn candidates(&self, asked: &Asked) -> Vec<&Exchange> {
        let held =
            self.recording.exchanges.get(&key(asked.method.as_str(), &asked.host, &asked.path));
        let agrees = |exchange: &&Exchange| {
            DECIDING.iter().all(|name| {
                let told = parameter(&exchange.query, name);
                told.is_none()
                    || told.map(str::to_ascii_lowercase)
                        == asked.parameter(name).map(str::to_ascii_lowercase)
            })
        };
        held.into_iter().flatten().filter(agrees).collect()
    }

    /// The refusal of the nearest request on the same host whose area this one belongs to.
    fn refused_nearby(&self, asked: &Asked) -> Option<Found> {
        let host = canonical(&asked.host);
        let on_host = || {
            self.recording.exchanges.iter().filter(|(key, _)| {
                key.split_once(' ').is_some_and(|(_, place)| place.split('/').next() == Some(&host))
            })
        };
        let area = |path: &str| {
            path.trim_matches('/')
                .rsplit_once('/')
                .map_or_else(String::new, |(area, _)| area.to_ascii_lowercase())
        };
        let own = area(&asked.path);
        // Dataverse grants table by table: there a refusal says nothing of its neighbours.
        let grants_by_area = asked.service() != Some(Service::Dataverse);
        let below = |path: &str| {
            asked.path.trim_matches('/').to_ascii_lowercase().starts_with(&format!("{path}/"))
        };
        let sibling = on_host().filter(|_| grants_by_area).find(|(key, held)| {
            let path = key.split_once('/').map_or("", |(_, path)| path);
            refused(held) && (area(path) == own || below(path))
        });
        let namespace = |path: &str| {
            path.trim_matches('/')
                .split('/')
                .take(2)
                .collect::<Vec<_>>()
                .join("/")
                .to_ascii_lowercase()
        };
        let in_namespace = || {
            on_host().filter(|(key, _)| {
                grants_by_area
                    && key
                        .split_once('/')
                        .is_some_and(|(_, path)| namespace(path) == namespace(&asked.path))
            })
        };
        let sibling = sibling.or_else(|| {
            in_namespace().next().filter(|_| in_namespace().all(|(_, held)| refused(held)))
        });
        match sibling {
            Some((_, held)) => held.first().map(|exchange| answer(&[exchange], None)),
            None => self.all_refused(&host),
        }
    }

    /// The refusal of a host on which everything that was recorded is a refusal.
    fn all_refused(&self, host: &str) -> Option<Found> {
        let region = |host: &str| {
            if host.contains(".csanalytics.") { "csanalytics".to_owned() } else { host.to_owned() }
        };
        let on_host = || {
            let of = |key: &str| {
                key.split_once(' ').and_then(|(_, place)| place.split('/').next()).map(region)
            };
            self.recording
                .exchanges
                .iter()
                .filter(move |(key, _)| of(key.as_str()) == Some(region(host)))
        };
        let (_, held) = on_host().next().filter(|_| on_host().all(|(_, held)| refused(held)))?;
        held.first().map(|exchange| answer(&[exchange], None))
    }

    /// What a region of the exports of telemetry answers to a tenant of another region: none, without a word.
    fn other_region(&self, asked: &Asked) -> Option<Found> {
        let is_of = |key: &str| key.contains(".csanalytics.") && key.ends_with(&asked.path);
        let mut held = self.recording.exchanges.iter().filter(|(key, _)| is_of(key));
        let (_, held) = held.next().filter(|_| asked.service() == Some(Service::Analytics))?;
        match answer(&held.iter().collect::<Vec<_>>(), None) {
            Found::List(list) => Some(Found::List(List { rows: Rows::default(), ..list })),
            _ => None,
        }
    }

    /// 404 for an organisation or a repository of which nothing was recorded.
    fn nobody(&self, asked: &Asked) -> Option<Found> {
        let depth = match asked.service()? {
            Service::GitHub if asked.path.starts_with("/repos/") => 3,
            Service::GitHub => 2,
            Service::AzureDevOps => 1,
            _ => return None,
        };
        let head: Vec<&str> = asked.path.trim_matches('/').split('/').take(depth).collect();
        let head = key("GET", &asked.host, &format!("/{}", head.join("/")));
        let known = self.recording.exchanges.keys().any(|key| {
            key.strip_prefix(&head).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        (!known).then(|| Found::Refused(404, json!({"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})))
    }
}

fn of_types(rows: &Rows, types: &[String]) -> Rows {
    Rows::Held(Arc::new(
        rows.cut(0, usize::MAX).into_iter().filter(|row| is_of(row, types)).collect(),
    ))
}

fn refused(held: &[Exchange]) -> bool {
    held.iter().all(|exchange| matches!(exchange.status, 401 | 403))
}

impl World for Recorded {
    fn tenant(&self) -> String {
        self.recording.tenant.clone()
    }

    fn find(&self, asked: &Asked, route: &Route, now: i64) -> Found {
        if let Some(found) = self.derived(asked, now) {
            return found;
        }
        let held = self.candidates(asked);
        if held.is_empty()
            && let Some(found) = self.other_region(asked)
        {
            return found;
        }
        if held.is_empty() {
            let refused = match route.shape {
                Shape::Optional(_) => self.all_refused(&canonical(&asked.host)),
                _ => self.refused_nearby(asked).or_else(|| self.nobody(asked)),
            };
            return refused.unwrap_or(Found::Nothing);
        }
        let found = answer(&held, asked.parameter("$filter"));
        if asked.service() == Some(Service::Dataverse) {
            super::expansion::expanded(&self.recording, asked, found)
        } else {
            found
        }
    }

    fn graph_rows(&self, table: &str, types: &[String]) -> Result<Rows, Found> {
        let key =
            key("POST", "management.azure.com", "/providers/Microsoft.ResourceGraph/resources");
        let all: Vec<&Exchange> =
            self.recording.exchanges.get(&key).into_iter().flatten().collect();
        let first = |query: &str| query.split_whitespace().next().map(str::to_ascii_lowercase);
        let queried =
            |exchange: &&&Exchange| exchange.sent["query"].as_str().and_then(first) == first(table);
        let met: Vec<&Exchange> = all.iter().filter(queried).copied().collect();
        let refused = !all.is_empty() && all.iter().all(|exchange| exchange.status >= 400);
        match answer(if met.is_empty() && refused { &all } else { &met }, None) {
            Found::List(List { rows, .. }) => Ok(of_types(&rows, types)),
            Found::Nothing => Ok(Rows::default()),
            refused => Err(refused),
        }
    }

    fn inventory(&self, types: &[String]) -> Rows {
        of_types(&Rows::Held(self.inventory.clone()), types)
    }

    fn objects(&self, ids: &[&str]) -> Result<Vec<Value>, Found> {
        let held = |method: &str, path: &str| {
            let key = key(method, "graph.microsoft.com", path);
            let all: Vec<&Exchange> =
                self.recording.exchanges.get(&key).into_iter().flatten().collect();
            answer(&all, None)
        };
        let wanted = |row: &&Value| {
            row["id"]
                .as_str()
                .is_some_and(|id| ids.iter().any(|wanted| wanted.eq_ignore_ascii_case(id)))
        };
        let mut found: Vec<Value> = match held("POST", "/v1.0/directoryObjects/getByIds") {
            Found::List(List { rows: Rows::Held(rows), .. }) => {
                rows.iter().filter(wanted).cloned().collect()
            }
            Found::List(_) | Found::Document(_) | Found::Nothing => Vec::new(),
            refused => return Err(refused),
        };
        // Groups were listed, not asked for by their ids; they are objects of the directory all the same.
        if let Found::List(List { rows: Rows::Held(rows), .. }) = held("GET", "/v1.0/groups") {
            let groups = rows.iter().filter(wanted).map(|row| {
                let mut row = row.clone();
                row["@odata.type"] = "#microsoft.graph.group".into();
                row
            });
            found.extend(groups);
        }
        Ok(found)
    }

    fn refusal(&self, asked: &Asked) -> Option<Found> {
        self.all_refused(&canonical(&asked.host))
    }

    fn count(&self, host: &str, set: &str) -> Option<usize> {
        let held =
            self.recording.exchanges.get(&key("GET", host, &format!("/api/data/v9.2/{set}")))?;
        held.iter().filter(|exchange| exchange.status == 200).find_map(|exchange| {
            match &exchange.told {
                Told::List(rows, _) => Some(rows.len()),
                _ => None,
            }
        })
    }

    fn knows(&self, host: &str) -> bool {
        let host = canonical(host);
        match crate::host::service(&host) {
            Some(Service::Dataverse) => self.hosts.contains(&host),
            Some(Service::KeyVault) => self.vaults.contains(&host),
            _ => true,
        }
    }
}
