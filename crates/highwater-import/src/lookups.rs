//! Lookups: what rows of a kit's tables point to.
//!
//! Tables of Dataverse name each other by row ids. Which environment, connector or flow stands behind such
//! an id only the row itself says, so these rows are learned before anything is read. What was not
//! imported stays unknown: an id that leads nowhere is never taken for what it points to.

use std::collections::BTreeMap;

use highwater_snapshot::{Json, Time};

use crate::flow_tables::FlowTables;
use crate::shapes::column_of;

/// Rows by their ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookups {
    environments: BTreeMap<String, String>,
    connectors: BTreeMap<String, String>,
    flows: BTreeMap<String, Flow>,
    /// Tables of flows that are read only when a row points to a flow.
    pub(crate) later: FlowTables,
    inventory: Inventory,
}

/// A flow that rows point to.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) id: String,
    pub(crate) environment: String,
}

/// What the kit says of its own inventory.
#[derive(Clone, Debug, Default)]
struct Inventory {
    /// Whether any row told whether its environment is left out.
    told: bool,
    /// Whether an environment is left out.
    excused: bool,
    newest: Option<Time>,
}

/// After so many days without a change to any environment's row the inventory counts as stale.
const STALE_DAYS: i64 = 7;

impl Lookups {
    /// The columns of a sheet that are asked for.
    pub(crate) const COLUMNS: &[&str] = &[
        "admin_environmentname",
        "admin_environmentid",
        "admin_excusefrominventory",
        "modifiedon",
        "admin_flowid",
        "admin_flowstate",
        "admin_flowenvironment",
        "admin_flowenvironmentid",
        "_admin_flowenvironment_value",
        "admin_workflowentityid",
        "admin_connectorid",
        "admin_id",
        "admin_name",
    ];

    /// Columns without which a sheet tells of flows alone.
    pub(crate) const BEYOND_FLOWS: &[&str] = &["admin_environmentname", "admin_connectorid"];

    /// Notes what a row of a kit's table says of others.
    pub(crate) fn learn(&mut self, row: Json<'_>) {
        let id = |column: &str| column_of(row, column).id().map(std::borrow::Cow::into_owned);
        if let Some(name) = id("admin_environmentname") {
            self.learn_environment(row, name, id("admin_environmentid"));
        } else if let Some(flow) = id("admin_flowid").filter(|_| is_flow(row)) {
            let environment =
                id("admin_flowenvironmentid").or_else(|| id("admin_flowenvironment>"));
            let told = id("admin_workflowentityid").filter(|id| !id.is_empty());
            if let Some(environment) = environment {
                let named = Flow { id: told.unwrap_or_else(|| flow.clone()), environment };
                self.flows.insert(flow, named);
            }
        } else if let Some(connector) = id("admin_connectorid") {
            let name = column_of(row, "admin_id").segment().or_else(|| row.key("admin_name").id());
            if let Some(name) = name.filter(|name| name.starts_with("shared_")) {
                self.connectors.insert(connector, name.into_owned());
            }
        }
    }

    fn learn_environment(&mut self, row: Json<'_>, name: String, id: Option<String>) {
        let excused = column_of(row, "admin_excusefrominventory");
        self.inventory.told |= excused.is_present();
        self.inventory.excused |= excused.flag() == Some(true) || excused.int() == Some(1);
        self.inventory.newest = self.inventory.newest.max(row.key("modifiedon").time());
        if let Some(id) = id {
            self.environments.insert(id, name);
        }
    }

    /// The environment of a row, by the row's id.
    pub(crate) fn environment(&self, row: &str) -> Option<&str> {
        self.environments.get(row).map(String::as_str)
    }

    /// The connector of a row.
    pub(crate) fn connector(&self, row: &str) -> Option<&str> {
        self.connectors.get(row).map(String::as_str)
    }

    /// The flow of a row.
    pub(crate) fn flow(&self, row: &str) -> Option<&Flow> {
        self.flows.get(row).or_else(|| self.later.flow(row, self))
    }

    /// The flows that were learned, which lead to environments that others know.
    pub(crate) fn into_flows(mut self, others: &Self) -> BTreeMap<String, Flow> {
        for flow in self.flows.values_mut() {
            flow.settle(&others.environments);
        }
        self.flows
    }

    /// Resolves what rows that were learned point to; called once all are known.
    pub(crate) fn settle(&mut self) {
        for flow in self.flows.values_mut() {
            flow.settle(&self.environments);
        }
    }

    /// Why the kit's lists of apps and flows may lack some; none where its own rows speak against it.
    pub(crate) fn doubt(&self, taken_at: Time) -> Option<&'static str> {
        match &self.inventory {
            Inventory { excused: true, .. } => {
                Some("the kit leaves out environments that are excused from its inventory")
            }
            Inventory { told: false, .. } => {
                Some("no table of environments says that none is excused from the kit's inventory")
            }
            Inventory { newest, .. } => newest
                .is_none_or(|newest| newest.days_until(taken_at) > STALE_DAYS)
                .then_some("the kit's inventory is older than seven days, or does not say how old"),
        }
    }
}

impl Flow {
    fn settle(&mut self, environments: &BTreeMap<String, String>) {
        if let Some(name) = environments.get(&self.environment) {
            self.environment.clone_from(name);
        }
    }
}

/// Rows of other tables point to flows by a column of the same name.
fn is_flow(row: Json<'_>) -> bool {
    [
        "admin_flowstate",
        "admin_flowenvironment",
        "admin_flowenvironmentid",
        "_admin_flowenvironment_value",
    ]
    .iter()
    .any(|column| row.key(column).is_present())
}

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;

    fn learned(rows: &[&str]) -> Lookups {
        let mut lookups = Lookups::default();
        for text in rows {
            let row: Value<'_> = serde_json::from_str(text).unwrap();
            lookups.learn(Json::new(&row));
        }
        lookups.settle();
        lookups
    }

    #[test]
    fn rows_lead_to_what_they_are_of() {
        let lookups = learned(&[
            r#"{"admin_flowid": "F1", "_admin_flowenvironment_value": "R1", "admin_workflowentityid": "W1"}"#,
            r#"{"admin_environmentid": "R1", "admin_environmentname": "Default-E1"}"#,
            r#"{"admin_connectorid": "C1", "admin_id": "/providers/Microsoft.PowerApps/apis/shared_sql"}"#,
        ]);
        assert_eq!(lookups.environment("r1"), Some("default-e1"));
        assert_eq!(lookups.connector("c1"), Some("shared_sql"));
        let flow = lookups.flow("f1").unwrap();
        assert_eq!((flow.id.as_str(), flow.environment.as_str()), ("w1", "default-e1"));
        assert!(lookups.environment("r2").is_none());
    }

    #[test]
    fn an_inventory_is_whole_only_when_it_says_so() {
        let now = Time::parse("2026-11-22T00:00:00Z").unwrap();
        let fresh = r#"{"admin_environmentname": "e1", "admin_excusefrominventory": false, "modifiedon": "2026-11-21T00:00:00Z"}"#;
        assert_eq!(learned(&[fresh]).doubt(now), None);
        assert!(learned(&[]).doubt(now).is_some());
        let left_out = fresh.replace("false", "true");
        assert!(learned(&[fresh, &left_out]).doubt(now).unwrap().contains("excused"));
        let stale = fresh.replace("2026-11-21", "2026-09-01");
        assert!(learned(&[&stale]).doubt(now).unwrap().contains("older"));
    }
}
