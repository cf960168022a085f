//! Flows: cloud flows of a made tenant, by the flow service, by the Power Platform API and by Dataverse.

use serde_json::{Value, json};

use super::{Kind, Made, Place, held, made};
use crate::world::Found;

impl Made {
    pub(super) fn flow_service(&self, parts: &[&str]) -> Found {
        let [
            "providers",
            "microsoft.processsimple",
            "scopes",
            "admin",
            "environments",
            id,
            rest @ ..,
        ] = parts
        else {
            return Found::Nothing;
        };
        let Some(place) = self.place_of(id) else { return Found::Nothing };
        let tenant = *self;
        match rest {
            ["v2", "flows"] => {
                made(self.scale.flows, move |number| tenant.admin_flow(place, number, false))
            }
            ["flows", flow, rest @ ..] => {
                let Some(number) = self.inside(Kind::Resource, place, flow, self.scale.flows)
                else {
                    return Found::Nothing;
                };
                match rest {
                    [] => Found::Document(self.admin_flow(place, number, true)),
                    ["permissions"] => held(vec![self.flow_permission(place, number)]),
                    ["runs"] => made(20, move |run| tenant.admin_run(place, number, run)),
                    _ => Found::Nothing,
                }
            }
            _ => Found::Nothing,
        }
    }

    fn admin_flow(&self, place: Place, number: usize, full: bool) -> Value {
        let (id, env) = (self.inner(Kind::Resource, place.number, number), self.place_id(place));
        let owner = self.id(Kind::Person, self.maker(place, number));
        let in_solution = self.solution_number(place, number).is_some();
        let mut properties = json!({"apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows", "displayName": format!("Flow {number}"), "state": state(number),
            "createdTime": self.ago(5000), "lastModifiedTime": self.ago(500), "flowSuspensionReason": "None", "templateName": "",
            "environment": {"name": env, "type": "Microsoft.ProcessSimple/environments", "id": format!("/providers/Microsoft.ProcessSimple/environments/{env}")},
            "definitionSummary": {"triggers": [{"type": "Recurrence"}], "actions": [{"type": "OpenApiConnection", "swaggerOperationId": "SendEmailV2", "api": {"name": "shared_office365"}}]},
            "creator": {"tenantId": self.tenant_id(), "objectId": owner, "userId": owner, "userType": "ActiveDirectory"}, "provisioningMethod": "FromDefinition",
            "flowFailureAlertSubscribed": false, "isManaged": false,
            "workflowEntityId": if in_solution { self.inner(Kind::Flow, place.number, number) } else { String::new() }});
        if full {
            properties["definition"] = definition();
            properties["connectionReferences"] = json!({"shared_office365": {"connectionName": "shared-office365-00000000", "source": "Embedded", "id": "/providers/Microsoft.PowerApps/apis/shared_office365"}});
        }
        json!({"name": id, "id": format!("/providers/Microsoft.ProcessSimple/environments/{env}/flows/{id}"), "type": "Microsoft.ProcessSimple/environments/flows", "properties": properties})
    }

    /// Which of the flows that Dataverse holds a flow is: every other one is held.
    fn solution_number(&self, place: Place, number: usize) -> Option<usize> {
        (number.is_multiple_of(2) && number / 2 < self.solution_flows(place)).then_some(number / 2)
    }

    fn flow_permission(&self, place: Place, number: usize) -> Value {
        let id = self.id(Kind::Person, self.maker(place, number));
        json!({"name": id, "type": "/providers/Microsoft.ProcessSimple/environments/flows/permissions", "id": format!("/providers/Microsoft.ProcessSimple/permissions/{id}"),
            "properties": {"roleName": "Owner", "permissionType": "Principal", "principal": {"id": id, "type": "User"}}})
    }

    fn admin_run(&self, place: Place, number: usize, run: usize) -> Value {
        let id = format!("08580{:08}{number:06}{run:04}CU00", place.number);
        json!({"name": id, "id": format!("/providers/Microsoft.ProcessSimple/environments/{}/flows/{}/runs/{id}", self.place_id(place), self.inner(Kind::Resource, place.number, number)),
            "type": "Microsoft.ProcessSimple/environments/flows/runs",
            "properties": {"startTime": self.ago(run as u64 * 30 + 1), "endTime": self.ago(run as u64 * 30 + 1), "status": if run.is_multiple_of(9) { "Failed" } else { "Succeeded" },
                "trigger": {"name": "Recurrence", "status": "Succeeded"}}})
    }

    /// One of the cloud flows that Dataverse holds, as the Power Platform API tells it.
    pub(super) fn platform_flow(&self, place: Place, held: usize) -> Value {
        let number = held * 2;
        let owner = self.inner(Kind::SystemUser, place.number, number % 8);
        json!({"workflowId": self.inner(Kind::Flow, place.number, number), "resourceId": self.inner(Kind::Resource, place.number, number), "name": format!("Flow {number}"),
            "modernFlowType": "PowerAutomateFlow", "stateCode": "Activated", "statusCode": "Activated", "createdOn": self.ago(5000), "createdBy": owner, "modifiedOn": self.ago(500),
            "modifiedBy": owner, "ownerId": owner, "owningUser": owner, "owningBusinessUnit": self.id(Kind::Unit, place.number as u64), "partitionId": null})
    }

    pub(super) fn platform_run(&self, place: Place, number: usize, run: usize) -> Value {
        json!({"name": format!("08580{:08}{number:06}{run:04}CU00", place.number), "workflowId": self.inner(Kind::Flow, place.number, number), "startTime": self.ago(run as u64 * 50 + 1),
            "endTime": self.ago(run as u64 * 50 + 1), "status": if run.is_multiple_of(7) { "Failed" } else { "Succeeded" }, "triggerType": "Scheduled", "duration": 43_000})
    }

    /// A cloud flow as Dataverse holds it, its definition as text.
    pub(super) fn workflow(&self, place: Place, held: usize) -> Value {
        let number = held * 2;
        let owner = self.inner(Kind::SystemUser, place.number, number % 8);
        let data = json!({"properties": {"connectionReferences": {"shared_office365": {"runtimeSource": "embedded", "api": {"name": "shared_office365"}}}, "definition": definition()},
            "schemaVersion": "1.0.0.0"});
        json!({"@odata.etag": "W/\"1\"", "workflowid": self.inner(Kind::Flow, place.number, number), "workflowidunique": self.inner(Kind::Run, place.number, number), "category": 5, "type": 1,
            "name": format!("Flow {number}"), "description": null, "statecode": 1, "statuscode": 2, "createdon": self.ago(5000), "modifiedon": self.ago(500), "_ownerid_value": owner,
            "_owninguser_value": owner, "_owningteam_value": null, "_createdby_value": owner, "_modifiedby_value": owner, "ismanaged": false, "modernflowtype": 0, "componentstate": 0,
            "solutionid": self.inner(Kind::Solution, place.number, 1), "clientdata": data.to_string()})
    }
}

const fn state(number: usize) -> &'static str {
    if number.is_multiple_of(11) { "Stopped" } else { "Started" }
}

fn definition() -> Value {
    json!({"$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#", "contentVersion": "1.0.0.0",
        "parameters": {"$connections": {"defaultValue": {}, "type": "Object"}}, "triggers": {"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Day", "interval": 1}}},
        "actions": {"Try": {"type": "Scope", "runAfter": {}, "actions": {"Send": {"type": "OpenApiConnection", "runAfter": {}, "inputs": {"host": {"connectionName": "shared_office365",
            "operationId": "SendEmailV2", "apiId": "/providers/Microsoft.PowerApps/apis/shared_office365"}, "parameters": {}}}}},
            "Catch": {"type": "Terminate", "runAfter": {"Try": ["Failed", "TimedOut"]}, "inputs": {"runStatus": "Failed"}}}})
}
