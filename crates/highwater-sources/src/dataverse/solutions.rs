//! Solutions and what is in them: `solutions`, `solutioncomponents`, `connectionreferences`,
//! `environmentvariabledefinitions` with their values.
//!
//! Needs read access to these tables. Layers (`msdyn_componentlayers`) cost a request for every component and are asked
//! on demand only. Components are asked only of solutions that are not the vendor's. Values of
//! variables are asked for because a variable of type secret holds the path of its vault; what looks like a secret is
//! dropped before anything is written.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{QUERY, ROWS, busy, production, reads};
use crate::found::{Answer, Due, Found, Object, Place};
use crate::source::{Each, Request, Reuse, Source};

pub(crate) static SOLUTIONS: Source = Source {
    id: "dv.solutions",
    about: "visible solutions with their publishers",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/solution",
    requests: &[Request {
        path: "/api/data/v9.2/solutions",
        query: &[
            (
                "$select",
                "solutionid,uniquename,friendlyname,version,ismanaged,isvisible,installedon,modifiedon,createdon,_modifiedby_value",
            ),
            ("$filter", "isvisible eq true"),
            ("$expand", "publisherid($select=friendlyname,uniquename,customizationprefix)"),
        ],
        ..QUERY
    }],
    grant: reads("prvReadSolution, prvReadPublisher"),
    after: &["dv.counts"],
    find,
    ..ROWS
};

pub(crate) static COMPONENTS: Source = Source {
    id: "dv.solution_components",
    about: "components of solutions that are not the vendor's",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/solutioncomponent",
    requests: &[
        Request {
            path: "/api/data/v9.2/solutioncomponents",
            query: &[
                (
                    "$select",
                    "solutioncomponentid,componenttype,objectid,modifiedon,_solutionid_value,_createdby_value,_modifiedby_value",
                ),
                ("$filter", "{filter}"),
            ],
            each: Each::Found("custom_solutions"),
            ..QUERY
        },
        Request {
            path: "/api/data/v9.2/msdyn_solutioncomponentsummaries",
            query: &[
                (
                    "$select",
                    "msdyn_solutionid,msdyn_objectid,msdyn_componenttype,msdyn_componentlogicalname,msdyn_name,msdyn_subtype,\
msdyn_workflowcategory,msdyn_modifiedon",
                ),
                ("$filter", "msdyn_solutionid eq {key}"),
            ],
            each: Each::Found("custom_solution"),
            otherwise: true,
            ..QUERY
        },
    ],
    grant: reads("prvReadSolution"),
    due: listed,
    find: components,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

pub(crate) static REFERENCES: Source = Source {
    id: "dv.connection_references",
    about: "connection references",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/connectionreference",
    requests: &[Request {
        path: "/api/data/v9.2/connectionreferences",
        query: &[(
            "$select",
            "connectionreferenceid,connectionreferencelogicalname,connectorid,connectionid,ismanaged",
        )],
        ..QUERY
    }],
    grant: reads("prvReadconnectionreference"),
    table: Some("connectionreference"),
    due: busy,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

pub(crate) static VARIABLES: Source = Source {
    id: "dv.environment_variables",
    about: "environment variables and where their secrets are kept",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/environmentvariabledefinition",
    requests: &[Request {
        path: "/api/data/v9.2/environmentvariabledefinitions",
        query: &[
            ("$select", "environmentvariabledefinitionid,schemaname,type,secretstore,defaultvalue"),
            ("$expand", "environmentvariabledefinition_environmentvariablevalue($select=value)"),
        ],
        ..QUERY
    }],
    grant: reads("prvReadEnvironmentVariableDefinition, prvReadEnvironmentVariableValue"),
    table: Some("environmentvariabledefinition"),
    due: busy,
    ..ROWS
};

pub(crate) static LAYERS: Source = Source {
    id: "dv.component_layers",
    about: "layers of managed components, one request for each",
    page: "https://learn.microsoft.com/power-apps/maker/data-platform/solution-layers",
    requests: &[Request {
        path: "/api/data/v9.2/msdyn_componentlayers",
        query: &[
            ("$select", "msdyn_componentid,msdyn_solutionname"),
            (
                "$filter",
                "(msdyn_componentid eq '{key}' and msdyn_solutioncomponentname eq '{kind}')",
            ),
        ],
        each: Each::Found("component"),
        ..QUERY
    }],
    grant: reads("prvReadmsdyn_componentlayer"),
    on_demand: true,
    after: &["dv.counts", "dv.solutions", "dv.workflows", "dv.solution_components"],
    due: production,
    ..ROWS
};

/// Busy environments whose solutions are all known.
fn listed(place: &Place<'_>) -> Due {
    match (busy(place), place.environment) {
        (Due::Ask, Some(environment)) if !environment.read.contains("dv.solutions") => {
            Due::Not("the list of the solutions was not read")
        }
        (due, _) => due,
    }
}

#[derive(Deserialize)]
struct Solution {
    solutionid: String,
    uniquename: Option<String>,
    ismanaged: Option<bool>,
    version: Option<String>,
    modifiedon: Option<String>,
    publisherid: Option<Publisher>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Publisher {
    uniquename: Option<String>,
    friendlyname: Option<String>,
    customizationprefix: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    found.mark("solutions_read");
    let all: Vec<Solution> = answer.list();
    for Solution { solutionid, version, modifiedon, .. } in &all {
        let [version, modified] =
            [version, modifiedon].map(|told| told.as_deref().unwrap_or_default());
        found.holds(&[solutionid, version, modified]);
        found.changed(modifiedon.as_deref());
    }
    let own: Vec<Solution> = all.into_iter().filter(is_own).collect();
    for together in own.chunks(TOGETHER) {
        let clauses: Vec<String> = together
            .iter()
            .map(|solution| format!("_solutionid_value eq {}", solution.solutionid))
            .collect();
        let first = together.first().map_or("", |solution| solution.solutionid.as_str());
        found.key(Object::new("custom_solutions", first).with("filter", clauses.join(" or ")));
    }
    for solution in own {
        found.mark("custom_solution");
        let managed = if solution.ismanaged == Some(true) { "yes" } else { "" };
        found.key(Object::new("custom_solution", solution.solutionid).with("managed", managed));
    }
}

/// Solutions whose components are asked for in one request: the address must not grow too long.
const TOGETHER: usize = 40;

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "_solutionid_value")]
    solution: Option<String>,
    objectid: Option<String>,
    componenttype: Option<i64>,
}

/// Components of managed solutions, where their layers are wanted.
fn components(answer: &Answer<'_>, found: &mut Found) {
    let (Some(plan), Some(environment)) = (answer.place.plan, answer.place.environment) else {
        return;
    };
    if !plan.extra.contains(LAYERS.id) {
        return;
    }
    let managed: BTreeSet<&str> = environment
        .keys
        .iter()
        .filter(|key| {
            key.kind == "custom_solution"
                && key.fields.get("managed").is_some_and(|told| told == "yes")
        })
        .map(|key| key.id.as_str())
        .collect();
    for component in answer.list::<Component>() {
        let Component { solution: Some(solution), objectid: Some(id), componenttype: Some(kind) } =
            component
        else {
            continue;
        };
        if managed.contains(solution.as_str())
            && let Some((_, name)) = LAYERED.iter().find(|(number, _)| *number == kind)
        {
            found.key(Object::new("component", id).with("kind", *name));
        }
    }
}

/// Types of components whose layers are asked for, as the table of layers names them.
const LAYERED: &[(i64, &str)] = &[
    (1, "Entity"),
    (29, "Workflow"),
    (60, "SystemForm"),
    (61, "WebResource"),
    (80, "AppModule"),
    (300, "CanvasApp"),
    (380, "EnvironmentVariableDefinition"),
];

/// Whether a solution may be the organisation's own. Too many are better than too few.
fn is_own(solution: &Solution) -> bool {
    let name = solution.uniquename.as_deref().unwrap_or_default().to_lowercase();
    let is_everywhere = ["default", "active", "basic"].contains(&name.as_str())
        || solution.solutionid.eq_ignore_ascii_case("00000001-0000-0000-0001-00000000009b");
    if is_everywhere {
        return false;
    }
    solution.ismanaged != Some(true) || !solution.publisherid.as_ref().is_some_and(is_vendor)
}

fn is_vendor(publisher: &Publisher) -> bool {
    let names = [&publisher.uniquename, &publisher.friendlyname];
    let by_name =
        names.into_iter().flatten().any(|name| name.to_lowercase().starts_with("microsoft"));
    let prefix = publisher.customizationprefix.as_deref().unwrap_or_default().to_lowercase();
    by_name || ["msdyn", "mspp", "msft", "adx", "mscrm"].contains(&prefix.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> bool {
        is_own(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn the_vendors_solutions_are_not_ones_own() {
        assert!(!own(r#"{"solutionid": "s", "uniquename": "Default", "ismanaged": false}"#));
        assert!(!own(
            r#"{"solutionid": "s", "uniquename": "msdynce_Base", "ismanaged": true, "publisherid": {"uniquename": "microsoftdynamics"}}"#
        ));
        assert!(own(r#"{"solutionid": "s", "uniquename": "Claims", "ismanaged": false}"#));
        assert!(own(
            r#"{"solutionid": "s", "uniquename": "Claims", "ismanaged": true, "publisherid": {"uniquename": "contoso", "customizationprefix": "cts"}}"#
        ));
    }
}
