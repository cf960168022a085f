//! `pipelines`: one row per deployment pipeline.
//!
//! Dataverse table `deploymentpipeline` of the host environment, with its development environments expanded
//! (`$expand=deploymentpipeline_deploymentenvironment($select=environmentid,environmenttype)`). The source also reads
//! stages and environments: records of those are not of this table. Pipelines that are switched off are left out. No
//! recorded payload was at hand; names as public scripts use them.
//!
//! The owning group is a derivation over `teams`: a team without a directory group stands for itself.

use std::borrow::Cow;

use super::cloud_flows::owner;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Native ALM.
pub(crate) static TABLE: Table = Table {
    name: "pipelines",
    grain: "one row per deployment pipeline",
    about: "native ALM",
    scope: Scope::PipelinesHost,
    key: &["pipeline_id"],
    columns: &[
        Column::text("pipeline_id").required().business(),
        Column::text("host_environment_id").business(),
        Column::text("display_name").business(),
        Column::text("owner_id").personal().dataverse_user(),
        Column::text("owner_team_id")
            .business()
            .derived()
            .about("the owning group, '' when a person owns it"),
        Column::text("owning_team_id").business().about("Dataverse team; '' when a person owns it"),
        Column::text("source_environment_id")
            .business()
            .about("development environment; of several the first by id"),
    ],
    readings: &[Reading { source: "dv.pipelines", read: dataverse }],
    complete: &[&["dv.pipelines"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let is_other = ["deploymentstageid", "deploymentenvironmentid", "deploymentstagerunid"]
        .iter()
        .any(|id| record.at(id).is_told());
    if is_other || record.at("statecode").int() == Some(1) {
        return; // a stage, an environment or a run; or a pipeline that is switched off
    }
    rows.push([
        cell("pipeline_id", record.at("deploymentpipelineid").id()),
        cell("host_environment_id", record.environment("environmentid")),
        cell("display_name", record.at("name").filled()),
        cell("owner_id", owner(record)),
        cell("owning_team_id", record.at("_owningteam_value").id_or_none()),
        cell("source_environment_id", source(record)),
    ]);
}

/// `environmenttype` of development environments.
const DEVELOPMENT: i64 = 200_000_000;

/// The development environment; of several the first by id.
fn source<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    let linked = record.at("deploymentpipeline_deploymentenvironment").items();
    let sources = linked
        .filter(|linked| linked.at("environmenttype").int().is_none_or(|kind| kind == DEVELOPMENT));
    sources.filter_map(|linked| linked.at("environmentid").id()).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn reads_the_owner_and_the_source() {
        let pipeline = r#"{"deploymentpipelineid": "P1", "name": "Core", "statecode": 0, "_ownerid_value": "T1", "_owningteam_value": "T1",
            "deploymentpipeline_deploymentenvironment": [{"environmentid": "E9", "environmenttype": 200000001},
            {"environmentid": "E3", "environmenttype": 200000000}, {"environmentid": "E2", "environmenttype": 200000000}]}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.pipelines", &place(), pipeline),
            [
                "pipeline_id=p1, host_environment_id=e1, display_name=Core, owner_id=, owning_team_id=t1, source_environment_id=e2"
            ]
        );
        let bare = r#"{"deploymentpipelineid": "P1", "name": 7.5, "_ownerid_value": "U1"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.pipelines", &place(), bare),
            ["pipeline_id=p1, host_environment_id=e1, display_name=7.5, owner_id=u1"]
        );
    }

    #[test]
    fn stages_and_environments_are_not_pipelines() {
        for other in [
            r#"{"deploymentstageid": "s1", "_deploymentpipelineid_value": "p1"}"#,
            r#"{"deploymentenvironmentid": "d1", "environmentid": "e2"}"#,
            r#"{"deploymentpipelineid": "p1", "statecode": 1}"#,
        ] {
            assert!(rows_at(&TABLE, "dv.pipelines", &place(), other).is_empty(), "{other}");
        }
    }
}
