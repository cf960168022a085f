//! Probe: how many rows the tables of an organisation hold, `GET …/RetrieveTotalRecordCount(EntityNames=@p)?@p=[…]`, and
//! the settings of the organisation, `GET …/organizations`.
//!
//! Needs an application user, or a user, with read access to the tables. Where a table that comes with a solution makes
//! the whole call fail, only tables that every organisation has are counted. The numbers are up to a day old.

use serde::Deserialize;

use super::{HEADERS, QUERY, ROWS, reads};
use crate::found::{Answer, Found};
use crate::source::{Request, Source};

pub(crate) static COUNTS: Source = Source {
    id: "dv.counts",
    about: "numbers of rows by table, which decide what else is asked",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/retrievetotalrecordcount",
    requests: &[
        Request {
            path: "/api/data/v9.2/RetrieveTotalRecordCount(EntityNames=@p)",
            query: &[(
                "@p",
                r#"["workflow","flowsession","flowmachine","flowmachinegroup","workqueue","credential","connectionreference","environmentvariabledefinition","appmodule","bot","conversationtranscript","msdyn_aimodel","sourcecontrolbranchconfiguration","deploymentpipeline","deploymentstagerun"]"#,
            )],
            headers: HEADERS,
            ..Request::GET
        },
        Request {
            path: "/api/data/v9.2/RetrieveTotalRecordCount(EntityNames=@p)",
            query: &[(
                "@p",
                r#"["workflow","flowsession","flowmachine","flowmachinegroup","workqueue","connectionreference","environmentvariabledefinition","appmodule"]"#,
            )],
            headers: HEADERS,
            otherwise: true,
            ..Request::GET
        },
    ],
    grant: reads("application user or user with organisation-wide read on the counted tables"),
    after: &[],
    find: counts,
    ..ROWS
};

pub(crate) static ORGANIZATION: Source = Source {
    id: "dv.organization",
    about: "audit, trace and firewall settings of an organisation",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/organization",
    requests: &[Request {
        path: "/api/data/v9.2/organizations",
        query: &[(
            "$select",
            "organizationid,isauditenabled,isuseraccessauditenabled,isreadauditenabled,auditretentionperiodv2,\
plugintracelogsetting,enableipbasedfirewallrule",
        )],
        ..QUERY
    }],
    grant: reads("prvReadOrganization"),
    after: &["dv.counts"],
    ..ROWS
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Counts {
    entity_record_count_collection: Pairs,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pairs {
    keys: Vec<String>,
    values: Vec<u64>,
}

fn counts(answer: &Answer<'_>, found: &mut Found) {
    if let Some(Counts { entity_record_count_collection: Pairs { keys, values } }) = answer.one() {
        for (table, rows) in keys.into_iter().zip(values) {
            found.count(table.to_lowercase(), rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Place;

    #[test]
    fn keys_and_values_are_pairs() {
        let body = br#"{"EntityRecordCountCollection": {"Count": 2, "IsReadOnly": false, "Keys": ["Workflow", "bot"], "Values": [3, 0]}}"#;
        let mut found = Found::default();
        let request = &COUNTS.requests[0];
        counts(&Answer { request, place: Place::default(), key: "", body }, &mut found);
        assert_eq!(
            found.counts.into_iter().collect::<Vec<_>>(),
            [("bot".to_owned(), 0), ("workflow".to_owned(), 3)]
        );
    }
}
