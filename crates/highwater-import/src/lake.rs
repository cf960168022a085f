//! Lake: files of the Data Export to Azure Data Lake, one object a line.
//!
//! Knows the records of apps, flows, connections, environments and their daily use, whatever the folders
//! are called (<https://learn.microsoft.com/power-platform/admin/self-service-analytics-schema-definition>).
//! Files of deleted environments stay in the lake and one file an environment may be missing, so none of
//! it proves that something is not there. What the export is known to get wrong (how widely an app is
//! shared) is not read.

use highwater_snapshot::Json;

use crate::kinds::{Class, Whole};
use crate::shapes::{Shape, Take, always, field, taken};

const FILES: Whole =
    Whole::Never("the lake keeps one file an environment, and a missing one does not show");

/// What a record of the export is; none where it is no such record.
pub(crate) fn classify(row: Json<'_>) -> Option<Class> {
    if let Some(shape) = SHAPES.iter().find(|shape| shape.knows(row)) {
        return Some(shape.class(Some(row)));
    }
    let has = |column: &str| row.key(column).is_present();
    (has("connectionrefId") && has("connectorType")).then(|| {
        let reason = "they do not say whether an app or a flow uses the connection";
        Class::unread("connection references of the Data Export", reason)
    })
}

pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        source: "dex.environments",
        sets: &[],
        known_by: &[&["environmentName", "environmentState", "tenantGuid"]],
        lacks: &[],
        gone: &[],
        fields: &[
            field("name", "environmentId"),
            field("properties.displayName", "environmentName"),
            field("properties.description", "purpose"),
            field("properties.environmentSku", "environmentType"),
            field("properties.isDefault", "isDefault"),
            field("properties.azureRegion", "environmentRegion"),
            field("properties.createdTime", "createdTime"),
            field("properties.createdBy.id", "createdPrincipalId"),
            taken("properties.provisioningState", "deletedTime", Take::If("Deleted")),
            field("properties.linkedEnvironmentMetadata.instanceUrl", "cdsInstanceUrl"),
            field("properties.linkedEnvironmentMetadata.resourceId", "cdsInstanceId"),
            field("properties.linkedEnvironmentMetadata.securityGroupId", "securityGroup"),
        ],
        keep: &[],
        whole: FILES,
    },
    Shape {
        source: "dex.flows",
        sets: &[],
        known_by: &[&["resourceId", "events_created_timestamp"]],
        lacks: &[],
        gone: &[],
        fields: &[
            field("name", "resourceId"),
            field("properties.workflowEntityId", "workflowEntityId"),
            field("properties.displayName", "name"),
            field("properties.state", "lifecycleState"),
            field("properties.createdTime", "events_created_timestamp"),
            field("properties.lastModifiedTime", "events_modified_timestamp"),
            field("properties.environment.name", "environmentId"),
            field("properties.creator.objectId", "events_created_principalId"),
            field("properties.templateName", "templateName"),
            field("properties.flowFailureAlertSubscribed", "flowFailureAlertSubscribed"),
            field("properties.flowSuspensionReason", "flowSuspensionReason"),
        ],
        keep: &[],
        whole: FILES,
    },
    Shape {
        source: "dex.apps",
        sets: &[],
        known_by: &[
            &["resourceId", "appPlanClassification"],
            &["resourceId", "lastEnabledTime"],
            &["resourceId", "createdPrincipalId", "subType"],
        ],
        lacks: &["events_created_timestamp"],
        gone: &[],
        fields: &[
            field("name", "resourceId"),
            field("appType", "subType"),
            field("properties.displayName", "name"),
            field("properties.createdTime", "createdTime"),
            field("properties.createdBy.id", "createdPrincipalId"),
            field("properties.lastModifiedTime", "lastModifiedTime"),
            field("properties.owner.id", "owner"),
            field("properties.almMode", "almMode"),
            field("properties.environment.name", "environmentId"),
        ],
        keep: &[],
        whole: FILES,
    },
    Shape {
        source: "dex.connections",
        sets: &[],
        known_by: &[&["connectionId", "connectionName", "apiId"]],
        lacks: &[],
        gone: &["deletedTime"],
        fields: &[
            field("name", "connectionId"),
            field("name", "connectionName"),
            field("properties.apiId", "apiId"),
            field("properties.createdTime", "createdTime"),
            field("properties.createdBy.id", "owner"),
            field("properties.environment.name", "environmentId"),
        ],
        keep: &[],
        whole: FILES,
    },
    Shape {
        source: "dex.flow_usage",
        sets: &[],
        known_by: &[&["resourceId", "timeAccessed", "runs"]],
        lacks: &[],
        gone: &[],
        fields: &[
            field("flow", "resourceId"),
            field("environmentId", "environmentId"),
            field("day", "timeAccessed"),
            field("status", "status"),
            field("runs", "runs"),
        ],
        keep: &[],
        whole: FILES,
    },
    Shape {
        source: "dex.app_usage",
        sets: &[],
        known_by: &[&["appId", "sessionId", "timeAccessed"]],
        lacks: &[],
        gone: &[],
        fields: &[
            always("Operation", "LaunchPowerApp"),
            field("Id", "sessionId"),
            field("CreationTime", "timeAccessed"),
            field("AppName", "appId"),
            field("EnvironmentId", "environmentId"),
        ],
        keep: &[],
        whole: FILES,
    },
];

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;
    use crate::kinds;

    #[test]
    fn records_are_known_by_their_columns() {
        for (text, wanted) in [
            (
                r#"{"environmentId": "e", "environmentName": "n", "environmentState": "Ready", "tenantGuid": "t"}"#,
                "dex.environments",
            ),
            (
                r#"{"resourceId": "f", "environmentId": "e", "events_created_timestamp": "x"}"#,
                "dex.flows",
            ),
            (
                r#"{"resourceId": "a", "environmentId": "e", "appPlanClassification": "Standard"}"#,
                "dex.apps",
            ),
            (r#"{"resourceId": "f", "timeAccessed": "x", "runs": 3}"#, "dex.flow_usage"),
            (
                r#"{"appId": "a", "sessionId": "s", "timeAccessed": "x", "tenantGuid": "t"}"#,
                "dex.app_usage",
            ),
            (
                r#"{"connectionrefId": "c", "connectorType": "x"}"#,
                "connection references of the Data Export",
            ),
        ] {
            let row: Value<'_> = serde_json::from_str(text).unwrap();
            assert_eq!(classify(Json::new(&row)).map_or("", |class| class.what), wanted, "{text}");
        }
        for shape in SHAPES {
            assert!(kinds::source(shape.source).is_some(), "{}", shape.source);
        }
    }
}
