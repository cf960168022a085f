//! `pipeline_stages`: one row per stage.
//!
//! Dataverse table `deploymentstage` of the host environment, with its target expanded
//! (`$expand=targetdeploymentenvironmentid($select=environmentid)`). No recorded payload was at hand; names as public
//! scripts use them. Stages that are switched off are left out.
//!
//! A stage names the stage before it, not its place: order and number of stages are derivations along
//! `previous_stage_id` (a pipeline has at most seven stages), the source environment is that of the pipeline.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Order and target of deployments.
pub(crate) static TABLE: Table = Table {
    name: "pipeline_stages",
    grain: "one row per stage",
    about: "order and target of deployments",
    scope: Scope::PipelinesHost,
    key: &["stage_id"],
    columns: &[
        Column::text("stage_id").required().business(),
        Column::text("pipeline_id").business(),
        Column::text("host_environment_id").business(),
        Column::int("stage_order")
            .derived()
            .about("place along previous_stage_id, first = 1; null where the chain is broken"),
        Column::int("stage_count").derived(),
        Column::text("target_environment_id").required().business(),
        Column::text("source_environment_id")
            .business()
            .derived()
            .about("development environment of the pipeline"),
        Column::bool("approval_required")
            .about("a step before the deployment, or a delegated deployment"),
        Column::text("previous_stage_id").business().about("'' = the first stage"),
    ],
    readings: &[Reading { source: "dv.pipelines", read: dataverse }],
    complete: &[&["dv.pipelines"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if !record.at("deploymentstageid").is_told()
        || record.at("deploymentstagerunid").is_told()
        || record.at("statecode").int() == Some(1)
    {
        return; // a pipeline, an environment or a run; or a stage that is switched off
    }
    rows.push([
        cell("stage_id", record.at("deploymentstageid").id()),
        cell("pipeline_id", record.at("_deploymentpipelineid_value").id()),
        cell("host_environment_id", record.environment("environmentid")),
        cell(
            "target_environment_id",
            record.at("targetdeploymentenvironmentid.environmentid").id(),
        ),
        cell("approval_required", approval(record)),
        cell("previous_stage_id", record.at("_previousdeploymentstageid_value").id_or_none()),
    ]);
}

/// A step before the deployment, or a delegated deployment: somebody else must let it pass.
fn approval(record: &Record<'_>) -> Option<bool> {
    let gates = ["predeploymentsteprequired", "isdelegateddeployment"]
        .map(|column| record.at(column).flag());
    if gates.contains(&Some(true)) {
        return Some(true);
    }
    gates.iter().all(Option::is_some).then_some(false)
}

/// All tables, empty but for the given rows and columns, with every derived column filled.
#[cfg(test)]
pub(crate) fn derived(told: Vec<(&str, polars::prelude::DataFrame)>) -> crate::frames::Frames {
    use polars::prelude::*;

    let mut frames: crate::frames::Frames =
        crate::TABLES.iter().map(|table| (table.name, crate::merge::empty(table))).collect();
    for (name, rows) in told {
        let table = crate::table(name).unwrap();
        let all = crate::merge::empty(table);
        let cells = all.columns().iter().map(|column| {
            let known = rows.column(column.name()).is_ok();
            let cell = if known { col(column.name().clone()) } else { lit(NULL) };
            cell.cast(column.dtype().clone()).alias(column.name().clone())
        });
        let cells: Vec<Expr> = cells.collect();
        frames.insert(table.name, rows.lazy().select(cells).collect().unwrap());
    }
    crate::derive::derive(&mut frames).unwrap();
    frames
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;
    use polars::df;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    fn stage(rest: &str) -> Vec<String> {
        rows_at(
            &TABLE,
            "dv.pipelines",
            &place(),
            &format!(r#"{{"deploymentstageid": "S2", {rest}}}"#),
        )
    }

    #[test]
    fn names_the_stage_before_and_the_target() {
        assert_eq!(
            stage(
                r#""_deploymentpipelineid_value": "P1", "_previousdeploymentstageid_value": "S1", "predeploymentsteprequired": false,
                   "isdelegateddeployment": true, "targetdeploymentenvironmentid": {"environmentid": "E2"}"#
            ),
            [
                "stage_id=s2, pipeline_id=p1, host_environment_id=e1, target_environment_id=e2, approval_required=true, previous_stage_id=s1"
            ]
        );
        assert_eq!(
            stage(
                r#""_previousdeploymentstageid_value": null, "predeploymentsteprequired": false, "targetdeploymentenvironmentid": {"environmentid": "e2"}"#
            ),
            ["stage_id=s2, host_environment_id=e1, target_environment_id=e2, previous_stage_id="]
        );
    }

    #[test]
    fn a_stage_without_a_target_is_rejected() {
        assert!(stage(r#""_deploymentpipelineid_value": "p1""#).is_empty());
        assert!(
            stage(r#""statecode": 1, "targetdeploymentenvironmentid": {"environmentid": "e2"}"#)
                .is_empty()
        );
        assert!(
            rows_at(&TABLE, "dv.pipelines", &place(), r#"{"deploymentpipelineid": "p1"}"#)
                .is_empty()
        );
    }

    #[test]
    fn the_order_follows_the_stages_before() {
        let stages = df!(
            "stage_id" => ["s1", "s2", "s3", "lost"],
            "pipeline_id" => ["p1", "p1", "p1", "p2"],
            "previous_stage_id" => ["s3", "", "s2", "gone"],
            "target_environment_id" => ["e4", "e2", "e3", "e5"],
        );
        let pipelines = df!("pipeline_id" => ["p1"], "source_environment_id" => ["e1"]);
        let frames =
            derived(vec![("pipeline_stages", stages.unwrap()), ("pipelines", pipelines.unwrap())]);
        let stages = &frames["pipeline_stages"];
        let orders: Vec<Option<i64>> =
            stages.column("stage_order").unwrap().i64().unwrap().iter().collect();
        assert_eq!(orders, [Some(3), Some(1), Some(2), None]);
        let counts: Vec<Option<i64>> =
            stages.column("stage_count").unwrap().i64().unwrap().iter().collect();
        assert_eq!(counts, [Some(3), Some(3), Some(3), Some(1)]);
        let sources: Vec<Option<&str>> =
            stages.column("source_environment_id").unwrap().str().unwrap().iter().collect();
        assert_eq!(sources, [Some("e1"), Some("e1"), Some("e1"), None]);
    }
}
