//! `dlp_policy_environments`: one row per data policy and environment that it names.
//!
//! <https://learn.microsoft.com/power-platform/admin/wp-data-loss-prevention>. From the policy itself; whether the
//! list includes or excludes is `dlp_policies.environment_type`. A policy for all environments names none.

use std::borrow::Cow;

use super::dlp_policies::{definition, policy_id};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Inclusion or exclusion list, to be read with environment_type.
pub(crate) static TABLE: Table = Table {
    name: "dlp_policy_environments",
    grain: "one row per policy and environment named by it",
    about: "inclusion or exclusion list, to be read with environment_type",
    scope: Scope::Tenant,
    key: &["policy_id", "environment_id"],
    columns: &[
        Column::text("policy_id").required().business(),
        Column::text("environment_id").required().business().about("lower-case"),
    ],
    readings: &[
        Reading { source: "gov.dlp_policy", read: policy },
        Reading { source: "gov.dlp_list", read: policy },
        Reading { source: "powershell.dlp", read: powershell },
    ],
    complete: &[&["gov.dlp_list"], &["gov.dlp_policy"], &["powershell.dlp"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    push(policy_id(record).as_ref(), definition(record).at("environments"), rows);
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    push(record.at("PolicyName").id().as_ref(), record.at("Environments"), rows);
}

fn push(policy: Option<&Cow<'_, str>>, environments: Json<'_>, rows: &mut Rows) {
    for environment in environments.items() {
        let id = environment.at("name").id().or_else(|| environment.at("id").segment());
        rows.push([cell("policy_id", policy.cloned()), cell("environment_id", id)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn environments_are_named_by_name_or_path() {
        let text = r#"{"policyDefinition": {"name": "P1", "environments": [{"name": "Default-E1"},
            {"id": "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/E2"}, {"type": "x"}]}}"#;
        assert_eq!(
            rows(&TABLE, "gov.dlp_list", text),
            ["policy_id=p1, environment_id=default-e1", "policy_id=p1, environment_id=e2"]
        );
        assert!(
            rows(
                &TABLE,
                "gov.dlp_list",
                r#"{"policyDefinition": {"name": "P1", "environments": "x"}}"#
            )
            .is_empty()
        );
    }
}
