//! Agents, AI and mining: `bots`, `conversationtranscripts` (counted), `msdyn_aimodels`, and the sets of process
//! mining.
//!
//! Needs read access to these tables. Contents of conversations are never asked for: the service counts them by agent.
//! Tables that come with a solution answer 404 where it is not installed.

use serde::Deserialize;

use super::{NOT_INSTALLED, QUERY, ROWS, busy, reads};
use crate::found::{Answer, Due, Found, Object, Place};
use crate::source::{Each, Request, Reuse, Source};

pub(crate) static BOTS: Source = Source {
    id: "dv.bots",
    about: "agents and chatbots",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/bot",
    requests: &[Request {
        path: "/api/data/v9.2/bots",
        query: &[(
            "$select",
            "botid,name,schemaname,statecode,publishedon,ismanaged,_ownerid_value",
        )],
        ..QUERY
    }],
    grant: reads("prvReadbot"),
    table: Some("bot"),
    none_on: NOT_INSTALLED,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

pub(crate) static TRANSCRIPTS: Source = Source {
    id: "dv.transcripts",
    about: "numbers of conversations of the last 90 days by agent",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/conversationtranscript",
    requests: &[Request {
        path: "/api/data/v9.2/conversationtranscripts",
        query: &[(
            "$apply",
            "filter(conversationstarttime ge {ago_90d})/groupby((_bot_conversationtranscriptid_value),aggregate($count as n))",
        )],
        ..QUERY
    }],
    grant: reads("prvReadconversationtranscript"),
    none_on: NOT_INSTALLED,
    table: Some("conversationtranscript"),
    due: with_agents,
    filtered: true,
    ..ROWS
};

pub(crate) static MODELS: Source = Source {
    id: "dv.ai_models",
    about: "AI models and prompts of the organisation's own",
    page: "https://learn.microsoft.com/ai-builder/",
    requests: &[Request {
        path: "/api/data/v9.2/msdyn_aimodels",
        query: &[
            (
                "$select",
                "msdyn_aimodelid,msdyn_name,statecode,statuscode,_msdyn_activerunconfigurationid_value,ismanaged",
            ),
            ("$filter", "iscustomizable/Value eq true"),
        ],
        ..QUERY
    }],
    grant: reads("prvReadmsdyn_AIModel"),
    none_on: NOT_INSTALLED,
    table: Some("msdyn_aimodel"),
    due: busy,
    filtered: true,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

pub(crate) static PROCESSES: Source = Source {
    id: "dv.process_mining",
    about: "mined processes and tasks",
    page: "https://learn.microsoft.com/power-automate/process-mining-overview",
    requests: &[
        Request {
            path: "/api/data/v9.2/EntityDefinitions",
            query: &[
                ("$select", "LogicalName,EntitySetName"),
                (
                    "$filter",
                    "LogicalName eq 'msdyn_pmprocess' or LogicalName eq 'msdyn_pminferredtask' or LogicalName eq 'msdyn_processminingprocess'",
                ),
            ],
            evidence: false,
            ..QUERY
        },
        Request { path: "/api/data/v9.2/{key}", each: Each::Found("set"), ..QUERY },
    ],
    grant: reads("prvReadmsdyn_pm*"),
    none_on: NOT_INSTALLED,
    due: busy,
    find: sets,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

/// Environments that hold agents, or where nobody counted them.
fn with_agents(place: &Place<'_>) -> Due {
    match place.environment.and_then(|environment| environment.count("bot")) {
        Some(0) => Due::Empty,
        _ => Due::Ask,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    entity_set_name: Option<String>,
}

fn sets(answer: &Answer<'_>, found: &mut Found) {
    if answer.key.is_empty() {
        for set in answer
            .list::<Definition>()
            .into_iter()
            .filter_map(|definition| definition.entity_set_name)
        {
            found.key(Object::new("set", set));
        }
    }
}
