//! Dataverse: what only an organisation's own tables tell, environment by environment.
//!
//! Owns the registry of the family, the headers that every query has, and what makes an environment busy. Every query
//! names its columns: secrets (keys, values, transcripts) are never selected.

mod agents;
mod apps;
mod flows;
mod git;
mod people;
mod pipelines;
mod probe;
mod robots;
mod solutions;

use highwater_http::Paging;

use crate::found::{Due, Environment, Place};
use crate::source::{Grant, Request, Scope, Source};

/// The sources of this family.
pub(crate) const SOURCES: &[&Source] = &[
    &probe::COUNTS,
    &probe::ORGANIZATION,
    &solutions::SOLUTIONS,
    &people::USERS,
    &people::TEAMS,
    &people::ROLES,
    &flows::WORKFLOWS,
    &flows::RUNS,
    &solutions::COMPONENTS,
    &solutions::LAYERS,
    &solutions::REFERENCES,
    &solutions::VARIABLES,
    &apps::MODULES,
    &agents::BOTS,
    &agents::TRANSCRIPTS,
    &agents::MODELS,
    &agents::PROCESSES,
    &robots::SESSIONS,
    &robots::MACHINES,
    &robots::GROUPS,
    &robots::QUEUES,
    &robots::CREDENTIALS,
    &pipelines::PIPELINES,
    &pipelines::RUNS,
    &git::SOURCE,
];

/// Headers of a query: large pages, and labels beside the numbers of choices.
const HEADERS: &[(&str, &str)] = &[
    ("OData-MaxVersion", "4.0"),
    ("OData-Version", "4.0"),
    (
        "Prefer",
        "odata.maxpagesize=5000,odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\"",
    ),
];

/// A query whose pages follow one another.
const QUERY: Request = Request { headers: HEADERS, paging: Paging::ODataNextLink, ..Request::GET };

/// A source of every organisation, asked when it is known what the organisation holds.
const ROWS: Source = Source {
    service: "dataverse",
    scope: Scope::Dataverse,
    after: &["dv.counts", "dv.solutions", "dv.workflows"],
    ..Source::DEFAULT
};

/// What a person or an application needs to read tables.
const fn reads(tables: &'static str) -> Grant {
    Grant { application: Some(tables), delegated: Some(tables) }
}

/// Status of a table that comes with a solution, where the solution is not installed.
const NOT_INSTALLED: &[u16] = &[404];

/// Solutions of one's own or flows, or nobody knows: the environment is more than a database.
fn is_busy(environment: &Environment) -> bool {
    let knows = |mark| environment.marks.contains(mark);
    let no_flows = knows("flows_read") || environment.count("workflow") == Some(0);
    knows("custom_solution") || knows("flow") || !knows("solutions_read") || !no_flows
}

/// Environments that are more than a database.
fn busy(place: &Place<'_>) -> Due {
    match place.environment {
        Some(environment) if place.thorough || is_busy(environment) => Due::Ask,
        Some(_) => Due::Not("the environment holds no solution of its own and no flow"),
        None => Due::Never,
    }
}

/// Environments that are more than a database, and production.
fn busy_or_production(place: &Place<'_>) -> Due {
    match place.environment {
        Some(environment) if environment.is_production() => Due::Ask,
        _ => busy(place),
    }
}

/// Production only.
fn production(place: &Place<'_>) -> Due {
    match place.environment {
        Some(environment) if place.thorough || environment.is_production() => Due::Ask,
        Some(_) => Due::Not("only production environments are asked"),
        None => Due::Never,
    }
}
