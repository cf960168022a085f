//! Known sheets: what command-line tools and scripts write as sheets, known by their columns.
//!
//! Most tools keep a few columns of a list in a sheet: enough to know what it is, too little to be
//! evidence. Such sheets are named with the way to export more. What scripts of the community write is
//! read where it names things by their ids.

use highwater_snapshot::Json;

use crate::kinds::{Class, Whole};
use crate::shapes::{Shape, Take, always, field, taken};

/// What the columns of a sheet say it is; none where they say nothing.
pub(crate) fn classify(columns: Json<'_>) -> Option<Class> {
    if let Some(shape) = SCRIPTS.iter().find(|shape| shape.knows(columns)) {
        return Some(shape.class(None));
    }
    let count = columns.entries().count();
    let fits = |known: &&(bool, &[&str], &str, &str)| {
        let (exactly, names, ..) = **known;
        names.iter().all(|name| columns.key(name).is_present())
            && (!exactly || names.len() == count)
    };
    NAMED.iter().find(fits).map(|(.., what, reason)| Class::unread(what, reason))
}

const DEFAULTS: &str =
    "the sheet keeps default columns only, too few for evidence: export JSON (`--output json`)";

/// Sheets that are no evidence: whether these are all columns, the columns, what it is, why it is not read.
const NAMED: &[(bool, &[&str], &str, &str)] = &[
    (
        true,
        &["name", "id", "type", "displayName"],
        "a list of flows of the CLI for Microsoft 365",
        DEFAULTS,
    ),
    (true, &["name", "displayName"], "a list of names of the CLI for Microsoft 365", DEFAULTS),
    (true, &["id", "name"], "a list of gateways of the CLI for Microsoft 365", DEFAULTS),
    (true, &["roleName", "id", "type"], "owners of a flow of the CLI for Microsoft 365", DEFAULTS),
    (
        true,
        &["name", "startTime", "status"],
        "runs of a flow of the CLI for Microsoft 365",
        DEFAULTS,
    ),
    (
        true,
        &["uniquename", "version", "publisher"],
        "a list of solutions of the CLI for Microsoft 365",
        DEFAULTS,
    ),
    (
        true,
        &["SchemaName", "EntitySetName", "LogicalName", "IsManaged"],
        "a list of tables of the CLI for Microsoft 365",
        "no table needs it",
    ),
    (
        false,
        &["walkMeOptOut", "disableEnvironmentCreationByNonAdminUsers"],
        "tenant settings of the CLI for Microsoft 365",
        DEFAULTS,
    ),
    (
        true,
        &["CreationTime", "UserId", "Operation", "ObjectId"],
        "audit events of the CLI for Microsoft 365",
        DEFAULTS,
    ),
    (
        false,
        &["Control ID", "Requirement", "Result", "Criticality"],
        "a ScubaGear report",
        "verdicts without evidence: import ProviderSettingsExport or ScubaResults",
    ),
    (
        false,
        &["DisplayName", "OwnerUPN", "Environment", "AppName"],
        "an inventory of a community script",
        "it names environments by display name only, which is no id: export JSON",
    ),
];

const SCRIPT: Whole = Whole::Never("a script's sheet does not say what it was asked for");

/// Sheets of community scripts, with their spellings.
pub(crate) const SCRIPTS: &[Shape] = &[
    Shape {
        source: "powershell.environments",
        sets: &[],
        known_by: &[&["EnvironmentId", "EnvironmentCreatedTime", "IsDefault"]],
        lacks: &["EnvironmentName", "AppName", "FlowName"],
        gone: &[],
        fields: &[
            field("EnvironmentName", "EnvironmentId"),
            field("DisplayName", "Environment"),
            field("Location", "Location"),
            field("CreatedTime", "EnvironmentCreatedTime"),
            field("EnvironmentType", "EnvironmentType"),
            taken("EnvironmentType", "IsDefault", Take::If("Default")),
            field("IsDefault", "IsDefault"),
        ],
        keep: &[],
        whole: SCRIPT,
    },
    Shape {
        source: "o365.activity",
        sets: &[],
        known_by: &[
            &["EnvironemtnName", "Operation", "CreationTime"],
            &["EnvironmentName", "Operation", "CreationTime", "AppName"],
        ],
        lacks: &["AuditData", "Workload"],
        gone: &[],
        fields: &[
            field("CreationTime", "CreationTime"),
            field("Operation", "Operation"),
            field("UserId", "UserId"),
            field("AppName", "AppName"),
            field("EnvironmentName", "EnvironemtnName"),
            field("EnvironmentName", "EnvironmentName"),
            always("Workload", "PowerApps"),
        ],
        keep: &[],
        whole: SCRIPT,
    },
    Shape {
        source: "training",
        sets: &[],
        known_by: &[&["maker", "certificate"]],
        lacks: &["principal_id"],
        gone: &[],
        fields: &[
            field("principal_id", "maker"),
            field("certificate", "certificate"),
            field("expires_on", "expires_on"),
            field("issued_on", "issued_on"),
            field("issued_on", "date"),
        ],
        keep: &[],
        whole: Whole::List,
    },
    Shape {
        source: "powerapps.connectors",
        sets: &[],
        known_by: &[&["Name", "Type", "Id", "Native"]],
        lacks: &[],
        gone: &[],
        fields: &[field("name", "Id"), field("properties.displayName", "Name")],
        keep: &[],
        whole: SCRIPT,
    },
];

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;
    use crate::values::{member, object};

    fn class(columns: &[&'static str]) -> Option<Class> {
        let header = object(columns.iter().map(|name| member(name, Value::Null)).collect());
        classify(Json::new(&header))
    }

    #[test]
    fn sheets_of_default_columns_are_named_and_not_read() {
        for columns in [&["name", "displayName"][..], &["id", "name"], &["roleName", "id", "type"]]
        {
            assert!(class(columns).unwrap().unused.unwrap().contains("JSON"), "{columns:?}");
        }
        assert!(class(&["name", "displayName", "criticality"]).is_none());
    }

    #[test]
    fn scripts_are_read_in_their_own_spelling() {
        let events = ["EnvironemtnName", "Operation", "AppName", "UserId", "CreationTime"];
        assert_eq!(class(&events).unwrap().what, "o365.activity");
        let environments = [
            "EnvironmentCreatedTime",
            "Location",
            "Environment",
            "EnvironmentOwner",
            "EnvironmentId",
            "IsDefault",
        ];
        assert_eq!(class(&environments).unwrap().what, "powershell.environments");
        assert_eq!(class(&["maker", "certificate", "date"]).unwrap().what, "training");
    }
}
