//! Routes: every path that the simulated services know, with the parameters that each takes and how it pages.
//!
//! Written from the vendors' references as data. What is not here is answered as the vendor answers an unknown path and
//! is reported to the tests.

mod azure;
mod dataverse;
mod directory;
mod platform;
mod source_control;

use crate::host::Service;

/// A path of a service.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) service: Service,
    /// Whether it is asked by POST (a read all the same).
    pub(crate) post: bool,
    /// Segments; `{}` stands for any one of them, `{+}` at the start for one or more.
    pub(crate) path: &'static str,
    /// Parameters besides those that every path of the service takes.
    pub(crate) parameters: &'static [&'static str],
    pub(crate) shape: Shape,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One document; 404 where there is none.
    Object,
    /// A bare array, in one piece.
    Array,
    /// A list in pages.
    List(Dialect),
    /// A table that not every organisation has: 404 where nothing is known of it.
    Optional(Dialect),
    /// Several requests in one.
    Batch,
    /// Objects by their ids.
    ByIds,
    /// A query of Resource Graph.
    Query,
    /// A query of the inventory of the Power Platform API.
    Inventory,
    /// Numbers of rows of tables.
    Counts,
    /// A query of Log Analytics.
    Logs,
}

/// How a list goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `value` and an absolute `nextLink`.
    NextLink,
    /// `value` and an absolute `@odata.nextLink`.
    OData,
    /// `collection` and `continuationToken`.
    Collection,
    /// A bare array and a `Link` header (GitHub).
    LinkHeader,
    /// `{total_count, <name>: []}` and a `Link` header (GitHub).
    Counted(&'static str),
    /// `count`, `value` and the header `x-ms-continuationtoken` (Azure DevOps).
    Continuation,
    /// A bare array and the header `NextPageUri` (activity feed).
    NextPageUri,
    /// `value` in one piece.
    Whole,
}

/// What the path of a request led to.
pub(crate) enum Led {
    To(&'static Route),
    /// The path is known, but not by this method.
    WrongMethod,
    Nowhere,
}

/// Finds the route of a request.
pub(crate) fn find(service: Service, post: bool, path: &str) -> Led {
    let mut known = false;
    for route in all().filter(|route| route.service == service && fits(route.path, path)) {
        if route.post == post {
            return Led::To(route);
        }
        known = true;
    }
    if known { Led::WrongMethod } else { Led::Nowhere }
}

/// Whether every organisation of Dataverse has an entity set; others come with a feature.
pub(crate) fn is_everywhere(set: &str) -> bool {
    let led = find(Service::Dataverse, false, &format!("/api/data/v9.2/{set}"));
    matches!(led, Led::To(Route { shape: Shape::List(_), .. }))
}

fn all() -> impl Iterator<Item = &'static Route> {
    [platform::ROUTES, dataverse::ROUTES, azure::ROUTES, directory::ROUTES, source_control::ROUTES]
        .into_iter()
        .flatten()
}

/// Whether a path has the form of a pattern, letters in either case.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let pattern = match pattern.strip_prefix("/{+}") {
        Some(tail) => {
            let tail_length =
                tail.trim_matches('/').split('/').filter(|part| !part.is_empty()).count();
            if parts.len() <= tail_length {
                return false;
            }
            parts.drain(..parts.len() - tail_length);
            tail
        }
        None => pattern,
    };
    let wanted: Vec<&str> = pattern.trim_matches('/').split('/').collect();
    wanted.len() == parts.len()
        && wanted.iter().zip(&parts).all(|(want, part)| {
            (*want == "{}" && !part.is_empty()) || want.eq_ignore_ascii_case(part)
        })
}

impl Route {
    /// Whether the path takes a parameter.
    pub(crate) fn takes(&self, name: &str) -> bool {
        let common: &[&str] = match self.service {
            Service::Bap | Service::PowerApps | Service::Flow => {
                &["api-version", "$skiptoken", "$top"]
            }
            Service::PpApi => &["api-version", "$skiptoken"],
            Service::Dataverse => match self.shape {
                Shape::List(_) | Shape::Optional(_) => &[
                    "$select",
                    "$filter",
                    "$expand",
                    "$top",
                    "$orderby",
                    "$count",
                    "$apply",
                    "$skiptoken",
                ],
                _ => &[],
            },
            Service::Graph => match self.shape {
                Shape::List(_) => {
                    &["$select", "$filter", "$expand", "$top", "$orderby", "$count", "$skiptoken"]
                }
                Shape::Object => &["$select", "$expand"],
                _ => &[],
            },
            Service::Arm => &["api-version", "$skiptoken"],
            Service::KeyVault => &["api-version", "maxresults", "$skiptoken"],
            Service::AzureDevOps => &["api-version", "continuationToken", "$top"],
            Service::GitHub => &["per_page", "page"],
            _ => &[],
        };
        common.iter().chain(self.parameters).any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether a request without `api-version` is refused.
    pub(crate) fn needs_version(&self) -> bool {
        match self.service {
            Service::Arm
            | Service::KeyVault
            | Service::PpApi
            | Service::PowerApps
            | Service::Flow => true,
            Service::Bap => !self.path.contains("PowerPlatform.Governance"),
            _ => false,
        }
    }
}

/// A GET that answers a list.
const fn list(
    service: Service,
    path: &'static str,
    dialect: Dialect,
    parameters: &'static [&'static str],
) -> Route {
    Route { service, post: false, path, parameters, shape: Shape::List(dialect) }
}

/// A GET that answers one document.
const fn object(
    service: Service,
    path: &'static str,
    parameters: &'static [&'static str],
) -> Route {
    Route { service, post: false, path, parameters, shape: Shape::Object }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_segment_by_segment() {
        assert!(fits("/a/{}/c", "/a/b/C"));
        assert!(!fits("/a/{}/c", "/a/b/d"));
        assert!(!fits("/a/{}", "/a"));
        assert!(fits("/{+}/providers/x", "/subscriptions/1/providers/x"));
        assert!(!fits("/{+}/providers/x", "/providers/x"));
    }

    #[test]
    fn a_path_known_by_another_method_is_told_apart() {
        assert!(matches!(
            find(Service::Bap, true, "/providers/Microsoft.BusinessAppPlatform/listTenantSettings"),
            Led::To(_)
        ));
        assert!(matches!(
            find(
                Service::Bap,
                false,
                "/providers/Microsoft.BusinessAppPlatform/listTenantSettings"
            ),
            Led::WrongMethod
        ));
        assert!(matches!(find(Service::Bap, false, "/providers/x"), Led::Nowhere));
    }
}
