//! `component_layers`: one row per managed production component checked for layers.
//!
//! Dataverse's virtual table `msdyn_componentlayer`: one request a component, off by default; no recorded payload was at
//! hand. One answer holds all layers of a component, so a component with an answer and without a layer named Active has
//! none (a derivation); a single layer cannot say that.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Drift in production.
pub(crate) static TABLE: Table = Table {
    name: "component_layers",
    grain: "one row per managed production component checked for layers",
    about: "drift in production",
    scope: Scope::Dataverse,
    key: &["environment_id", "component_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("component_id").required().business(),
        Column::bool("has_active_layer").derived().about(
            "true from a layer named Active; false once all layers of the component were told",
        ),
    ],
    readings: &[Reading { source: "dv.component_layers", read: dataverse }],
    complete: &[&["dv.component_layers"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let solution = record.at("msdyn_solutionname").word();
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("component_id", record.at("msdyn_componentid").id().or_else(|| record.parent())),
        cell("has_active_layer", solution.filter(|solution| solution == "active").map(|_| true)),
    ]);
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
    fn one_layer_alone_never_says_no() {
        let layer = |solution: &str| {
            rows_at(
                &TABLE,
                "dv.component_layers",
                &place(),
                &format!(r#"{{"msdyn_componentid": "{{C1}}", "msdyn_solutionname": {solution}}}"#),
            )
        };
        assert_eq!(
            layer(r#""Active""#),
            ["environment_id=e1, component_id=c1, has_active_layer=true"]
        );
        assert_eq!(layer(r#""Contoso_Core""#), ["environment_id=e1, component_id=c1"]);
        assert_eq!(layer("7"), ["environment_id=e1, component_id=c1"]);
    }
}
