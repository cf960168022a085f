//! Coe: tables of the CoE Starter Kit.
//!
//! Columns are those of <https://learn.microsoft.com/power-platform/guidance/coe/starter-kit>, by their logical
//! names, which stay when labels change; columns that only some versions have are simply not told by the
//! others. Rows of the inventory become records of the services. What no service knows (justification,
//! risk, review) is kept beside the record. Deliberately not here: drafts of the policy editor, which are
//! no policies, and capacity of single environments, which is not the tenant's.

use highwater_snapshot::Json;

use crate::kinds::{Class, Whole};
use crate::odata::Context;
use crate::shapes::{Shape, Take, always, field, taken};

const LIST: Whole = Whole::List;
const SYNCED: Whole = Whole::Never("the kit adds these as its flows meet them, not all at once");
const SEARCH: Whole = Whole::Never("the kit's audit log starts when it was installed");

/// What a row of one of the kit's tables is; none where it is of no such table.
pub(crate) fn classify(row: Json<'_>) -> Option<Class> {
    let shape = SHAPES.iter().find(|shape| shape.knows(row));
    shape.map(|shape| shape.class(Some(row))).or_else(|| other(row))
}

/// The class of a set of the kit.
pub(crate) fn of_set(context: &Context, row: Option<Json<'_>>) -> Option<Class> {
    let shape = SHAPES.iter().find(|shape| shape.sets.contains(&context.set.as_str()))?;
    Some(shape.class(row))
}

/// Tables of the kit that feed none of ours.
fn other(row: Json<'_>) -> Option<Class> {
    let has = |column: &str| row.key(column).is_present();
    if has("admin_capacitytype") {
        let reason = "capacity of single environments says nothing of what the tenant may use";
        return Some(Class::unread("capacity in the CoE Starter Kit", reason));
    }
    if has("admin_policyid") && has("admin_scope") {
        let reason = "drafts of the policy editor, not the policies in force";
        return Some(Class::unread("policies in the CoE Starter Kit", reason));
    }
    if has("admin_rpasessionsid") || (has("admin_startedon") && has("admin_statuscode")) {
        let reason = "they tell neither how a session ran nor on which machine";
        return Some(Class::unread("sessions in the CoE Starter Kit", reason));
    }
    row.entries()
        .any(|(key, _)| key.starts_with("admin_") || key.starts_with("_admin_"))
        .then(|| Class::unused("another table of the CoE Starter Kit"))
}

/// The kit's kinds of apps, as the service calls them.
const APPS: &[(i64, &str, &str)] = &[
    (597_910_000, "canvas", "ClassicCanvasApp"),
    (597_910_001, "modeldriven", "AppModule"),
    (597_910_002, "sharepoint", "SharePointFormApp"),
    (-1, "custompage", "CustomCanvasPage"),
    (-1, "componentlibrary", "AppComponentLibrary"),
];

/// States of desktop flows as numbers of Dataverse.
const STATES: &[(i64, &str, &str)] = &[
    (-1, "activated", "1"),
    (-1, "active", "1"),
    (-1, "started", "1"),
    (-1, "suspended", "2"),
    (-1, "draft", "0"),
];

/// Columns that hold what makers and reviewers answered.
const PROCESS: &[&str] = &[
    "modifiedon",
    "admin_adminrequirementriskassessment",
    "admin_adminrequirementreviewedflow",
    "admin_adminrequirementreviewedapp",
    "admin_approvalstatus",
    "admin_makersubmittedrequirements",
    "admin_mitigationplanprovided",
    "admin_requirement_6",
    "admin_riskassessment",
    "admin_roi",
    "admin_makerrequirementbusinessimpact",
];

/// Tables of which the more telling come first: rows of the others point to them.
pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        source: "coe.environments",
        sets: &["admin_environments"],
        known_by: &[&["admin_environmentname"]],
        lacks: &[],
        gone: &[],
        fields: &[
            field("name", "admin_environmentname"),
            field("properties.displayName", "admin_displayname"),
            field("properties.description", "admin_environmentpurpose"),
            field("properties.environmentSku", "admin_environmentsku"),
            field("properties.azureRegion", "admin_region"),
            field("properties.createdTime", "admin_environmentcreatedon"),
            taken("properties.provisioningState", "admin_environmentdeleted", Take::If("Deleted")),
            taken("properties.linkedEnvironmentMetadata", "admin_hascds", Take::NullUnless),
            field(
                "properties.linkedEnvironmentMetadata.instanceUrl",
                "admin_environmentcdsinstanceurl",
            ),
        ],
        keep: &["modifiedon", "admin_environmentisorphaned", "admin_excusefrominventory"],
        whole: LIST,
    },
    Shape {
        source: "coe.connection_references",
        sets: &["admin_connectionreferences", "admin_powerappsconnectionreferences"],
        known_by: &[&["admin_flow>", "admin_connector>"], &["admin_app>", "admin_connector>"]],
        lacks: &["admin_flowid", "admin_appid"],
        gone: &[],
        fields: &[
            taken("environment", "admin_flow>", Take::FlowEnvironment),
            taken("flow", "admin_flow>", Take::Flow),
            taken("connector", "admin_connector>", Take::Connector),
        ],
        keep: &[],
        whole: SYNCED,
    },
    Shape {
        source: "coe.flows",
        sets: &["admin_flows"],
        known_by: &[
            &["admin_flowid", "admin_flowstate"],
            &["admin_flowid", "admin_flowcreatedon"],
            &["admin_flowid", "admin_displayname"],
        ],
        lacks: &["admin_flowactiondetailid"],
        gone: &["admin_flowdeleted", "admin_flowdeletedon"],
        fields: &[
            field("name", "admin_flowid"),
            field("properties.workflowEntityId", "admin_workflowentityid"),
            field("properties.displayName", "admin_displayname"),
            field("properties.state", "admin_flowstate"),
            field("properties.createdTime", "admin_flowcreatedon"),
            field("properties.lastModifiedTime", "admin_flowmodifiedon"),
            taken("properties.environment.name", "admin_flowenvironmentid", Take::Environment),
            taken("properties.environment.name", "admin_flowenvironment>", Take::Environment),
            taken("properties.creator.objectId", "admin_derivedowner>", Take::Row),
            taken("properties.creator.objectId", "admin_flowcreator>", Take::Row),
        ],
        keep: PROCESS,
        whole: LIST,
    },
    Shape {
        source: "o365.activity",
        sets: &["admin_auditlogs"],
        known_by: &[&["admin_operation", "admin_creationtime"]],
        lacks: &["admin_powerappstype"],
        gone: &[],
        fields: &[
            field("Id", "admin_auditlogid"),
            field("CreationTime", "admin_creationtime"),
            field("Operation", "admin_operation"),
            field("AppName", "admin_appid"),
            always("Workload", "PowerApps"),
        ],
        keep: &[],
        whole: SEARCH,
    },
    Shape {
        source: "coe.apps",
        sets: &["admin_apps"],
        known_by: &[
            &["admin_appid", "admin_powerappstype"],
            &["admin_appid", "admin_appcreatedon"],
            &["admin_appid", "admin_displayname"],
        ],
        lacks: &["admin_operation"],
        gone: &["admin_appdeleted", "admin_appdeletedon"],
        fields: &[
            field("name", "admin_appid"),
            taken("appType", "admin_powerappstype", Take::Choice(APPS)),
            field("properties.displayName", "admin_displayname"),
            field("properties.createdTime", "admin_appcreatedon"),
            field("properties.lastModifiedTime", "admin_appmodifiedon"),
            field("properties.lastPublishTime", "admin_apppublished"),
            field("properties.lastLaunchedTime", "admin_applastlaunchedon"),
            field("properties.usersLast30Days", "admin_mau"),
            field("properties.sharedUsersCount", "admin_appsharedusers"),
            field("properties.sharedGroupsCount", "admin_appsharedgroups"),
            taken("properties.usesPremiumApi", "admin_usespremiumapi", Take::Flag),
            taken("properties.usesCustomApi", "admin_usescustomapi", Take::Flag),
            taken("properties.environment.name", "admin_appenvironmentid", Take::Environment),
            taken("properties.environment.name", "admin_appenvironment>", Take::Environment),
            taken("properties.owner.id", "admin_appowner>", Take::Row),
        ],
        keep: PROCESS,
        whole: LIST,
    },
    Shape {
        source: "coe.connectors",
        sets: &["admin_connectors"],
        known_by: &[
            &["admin_connectorid", "admin_tier"],
            &["admin_connectorid", "admin_iscustomapi"],
        ],
        lacks: &[],
        gone: &["admin_connectordeleted"],
        fields: &[
            field("name", "admin_id"),
            field("name", "admin_name"),
            field("properties.displayName", "admin_displayname"),
            field("properties.tier", "admin_tier"),
            field("properties.publisher", "admin_publisher"),
            taken("properties.isCustomApi", "admin_iscustomapi", Take::Flag),
            field("properties.swagger.host", "admin_customconnectorhost"),
            taken(
                "properties.environment.name",
                "admin_environmentcustomconnector>",
                Take::Environment,
            ),
        ],
        keep: &["modifiedon", "admin_adminrequirementreviewedconnector"],
        whole: SYNCED,
    },
    Shape {
        source: "coe.desktop_flows",
        sets: &["admin_rpas"],
        known_by: &[&["admin_rpaid", "admin_rpacreatedon"], &["admin_rpaid", "admin_rpastate"]],
        lacks: &[],
        gone: &["admin_rpadeleted", "admin_rpadeletedon"],
        fields: &[
            field("workflowid", "admin_rpaid"),
            field("name", "admin_displayname"),
            field("uiflowtype", "admin_uiflowtype"),
            taken("statecode", "admin_rpastate", Take::Choice(STATES)),
            field("createdon", "admin_rpacreatedon"),
            field("modifiedon", "admin_rpamodifiedon"),
            field("clientdata", "admin_clientdatajson"),
            taken("environmentid", "admin_desktopflowenvironment>", Take::Environment),
            // A directory id here, where Dataverse has one of its own.
            taken("ownerid", "admin_rpaowner>", Take::Row),
            always("category", "6"),
        ],
        keep: &["admin_rpaisorphaned"],
        whole: SYNCED,
    },
    Shape {
        source: "coe.flow_runs",
        sets: &["cat_cloudflowrunses"],
        known_by: &[&["cat_flow>", "cat_starttime"]],
        lacks: &[],
        gone: &[],
        fields: &[
            taken("environmentId", "cat_flow>", Take::FlowEnvironment),
            taken("workflowid", "cat_flow>", Take::Flow),
            field("name", "cat_cloudflowrunsid"),
            field("flowrunid", "cat_cloudflowrunid"),
            field("status", "cat_status"),
            field("starttime", "cat_starttime"),
        ],
        keep: &[],
        whole: SYNCED,
    },
    Shape {
        source: "coe.makers",
        sets: &["admin_makers"],
        known_by: &[
            &["admin_makerid", "admin_makerisorphaned"],
            &["admin_makerid", "admin_userprincipalname"],
            &["admin_makerid", "admin_department"],
        ],
        lacks: &["admin_flowid", "admin_appid", "admin_environmentname"],
        gone: &[],
        fields: &[
            field("id", "admin_makerid"),
            taken("isServicePrincipal", "admin_userisserviceprinciple", Take::Flag),
            taken("isOrphaned", "admin_makerisorphaned", Take::Flag),
            field("department", "admin_department"),
        ],
        keep: &[],
        whole: SYNCED,
    },
    Shape {
        source: "coe.agents",
        sets: &["admin_pvas"],
        known_by: &[
            &["admin_pvaid", "admin_displayname"],
            &["admin_pvaid", "admin_pvaenvironment>"],
        ],
        lacks: &[],
        gone: &["admin_pvadeleted", "admin_pvadeletedon"],
        fields: &[
            always("type", "microsoft.copilotstudio/agents"),
            field("name", "admin_pvaid"),
            field("properties.botId", "admin_pvaid"),
            field("properties.displayName", "admin_displayname"),
            field("properties.lastPublishedAt", "admin_pvapublishedon"),
            field("properties.lastUsed", "admin_pvalastlaunchedon"),
            taken("properties.environmentId", "admin_pvaenvironment>", Take::Environment),
        ],
        keep: &[],
        whole: SYNCED,
    },
];

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;
    use crate::kinds;

    fn what(text: &str) -> &'static str {
        let row: Value<'_> = serde_json::from_str(text).unwrap();
        classify(Json::new(&row)).map_or("", |class| class.what)
    }

    #[test]
    fn tables_are_known_by_logical_names() {
        for (text, wanted) in [
            (r#"{"admin_environmentname": "e", "admin_environmentid": "r"}"#, "coe.environments"),
            (r#"{"admin_flowid": "f", "admin_flowstate": "Started"}"#, "coe.flows"),
            (r#"{"admin_appid": "a", "admin_powerappstype": 597910000}"#, "coe.apps"),
            (
                r#"{"admin_appid": "a", "admin_operation": "LaunchPowerApp", "admin_creationtime": "x"}"#,
                "o365.activity",
            ),
            (
                r#"{"_admin_flow_value": "f", "_admin_connector_value": "c"}"#,
                "coe.connection_references",
            ),
            (r#"{"admin_makerid": "m", "admin_makerisorphaned": "yes"}"#, "coe.makers"),
            (r#"{"admin_rpaid": "d", "admin_rpastate": "Activated"}"#, "coe.desktop_flows"),
            (
                r#"{"cat_cloudflowrunsid": "x", "_cat_flow_value": "f", "cat_starttime": "t"}"#,
                "coe.flow_runs",
            ),
            (r#"{"admin_portalid": "p"}"#, "another table of the CoE Starter Kit"),
        ] {
            assert_eq!(what(text), wanted, "{text}");
        }
        assert_eq!(what(r#"{"name": "x", "administrator": true}"#), "");
    }

    #[test]
    fn every_shape_is_of_a_source_and_told_by_one_table_only() {
        for shape in SHAPES {
            assert!(kinds::source(shape.source).is_some(), "{}", shape.source);
        }
    }
}
