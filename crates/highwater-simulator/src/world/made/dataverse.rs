//! Dataverse: what the organisation of a made environment holds.

use serde_json::{Value, json};

use super::{Kind, Made, Place, held, made};
use crate::world::Found;

const ROLES: [&str; 6] = [
    "System Administrator",
    "System Customizer",
    "Environment Maker",
    "Basic User",
    "Support User",
    "Service Reader",
];
/// Desktop flows, machines and runs of an environment with robots.
const DESKTOPS: usize = 4;
const MACHINES: usize = 3;
const SESSIONS: usize = 200;

impl Made {
    pub(super) fn organisation(&self, place: Place, parts: &[&str]) -> Found {
        let tenant = *self;
        let ["api", "data", "v9.2", set] = parts else { return Found::Nothing };
        let flows = self.solution_flows(place);
        let robots = |count: usize| if place.robots { count } else { 0 };
        let busy = |count: usize| if place.busy { count } else { 0 };
        match *set {
            "organizations" => held(vec![
                json!({"@odata.etag": "W/\"1\"", "organizationid": self.id(Kind::Unit, place.number as u64), "name": format!("Environment {}", place.number),
                "languagecode": 1033, "isauditenabled": place.busy, "isuseraccessauditenabled": place.busy, "isreadauditenabled": false, "auditretentionperiodv2": 30,
                "plugintracelogsetting": 0, "enableipbasedfirewallrule": false, "createdon": self.ago(2000)}),
            ]),
            "systemusers" => made(8 + busy(100), move |number| tenant.system_user(place, number)),
            "roles" => made(ROLES.len(), move |number| {
                json!({"@odata.etag": "W/\"1\"", "roleid": tenant.inner(Kind::Role, place.number, number), "name": ROLES[number], "ismanaged": true,
                "_parentrootroleid_value": tenant.inner(Kind::Role, place.number, number), "_businessunitid_value": tenant.id(Kind::Unit, place.number as u64)})
            }),
            "teams" => made(1 + busy(3), move |number| tenant.team(place, number)),
            "workflows" => made(flows + robots(DESKTOPS), move |number| {
                if number < flows {
                    tenant.workflow(place, number)
                } else {
                    tenant.desktop(place, number - flows)
                }
            }),
            "solutions" => made(2 + busy(2), move |number| tenant.solution(place, number)),
            "solutioncomponents" => made(busy(flows), move |number| {
                json!({"@odata.etag": "W/\"1\"", "solutioncomponentid": tenant.inner(Kind::Component, place.number, number),
                "_solutionid_value": tenant.inner(Kind::Solution, place.number, 2), "objectid": tenant.inner(Kind::Flow, place.number, number * 2), "componenttype": 29,
                "rootcomponentbehavior": 0, "ismetadata": false, "createdon": tenant.ago(4000), "modifiedon": tenant.ago(500)})
            }),
            "connectionreferences" => made(busy(4), move |number| {
                json!({"@odata.etag": "W/\"1\"", "connectionreferenceid": tenant.inner(Kind::Reference, place.number, number),
                "connectionreferencelogicalname": format!("cts_reference{number}"), "connectorid": "/providers/Microsoft.PowerApps/apis/shared_office365", "statecode": 0, "statuscode": 1,
                "ismanaged": false, "connectionid": tenant.inner(Kind::Connection, place.number, number).replace('-', "")})
            }),
            "environmentvariabledefinitions" => made(busy(3), move |number| {
                json!({"@odata.etag": "W/\"1\"", "environmentvariabledefinitionid": tenant.inner(Kind::Variable, place.number, number),
                "schemaname": format!("cts_Variable{number}"), "displayname": format!("Variable {number}"), "type": 100_000_000, "secretstore": 0, "defaultvalue": null, "ismanaged": false,
                "environmentvariabledefinition_environmentvariablevalue": []})
            }),
            "bots" => made(busy(1), move |number| {
                json!({"@odata.etag": "W/\"1\"", "botid": tenant.inner(Kind::Bot, place.number, number), "name": "Helper", "schemaname": "cts_helper", "statecode": 0,
                "statuscode": 1, "createdon": tenant.ago(4000), "modifiedon": tenant.ago(500), "publishedon": tenant.ago(500), "ismanaged": false})
            }),
            "flowmachines" => made(robots(MACHINES), move |number| {
                json!({"@odata.etag": "W/\"1\"", "flowmachineid": tenant.inner(Kind::Machine, place.number, number), "name": format!("RPA{number:02}"),
                "hostingtype": 0, "agentversion": "2.60.00182.26230", "lastheartbeatdate": tenant.ago(1), "statecode": 0, "statuscode": 1, "createdon": tenant.ago(4000),
                "_flowmachinegroupid_value": tenant.inner(Kind::MachineGroup, place.number, 0)})
            }),
            "flowmachinegroups" => made(robots(1), move |number| {
                json!({"@odata.etag": "W/\"1\"", "flowmachinegroupid": tenant.inner(Kind::MachineGroup, place.number, number), "name": "Robots",
                "flowgrouptype": 545_940_001, "managementtype": 0, "maxmanagedmachinecount": null, "createdon": tenant.ago(4000), "statecode": 0, "statuscode": 1})
            }),
            "flowsessions" => made(robots(SESSIONS), move |number| {
                json!({"@odata.etag": "W/\"1\"", "flowsessionid": tenant.inner(Kind::Session, place.number, number),
                "_regardingobjectid_value": tenant.inner(Kind::Desktop, place.number, number % DESKTOPS), "startedon": tenant.ago(number as u64 * 3 + 1),
                "completedon": tenant.ago(number as u64 * 3), "statecode": 0, "statuscode": if number.is_multiple_of(20) { 8 } else { 4 }, "runmode": 2,
                "_machineid_value": tenant.inner(Kind::Machine, place.number, number % MACHINES), "_machinegroupid_value": tenant.inner(Kind::MachineGroup, place.number, 0)})
            }),
            _ => Found::Nothing,
        }
    }

    fn system_user(&self, place: Place, number: usize) -> Value {
        let person = self.maker(place, number);
        json!({"@odata.etag": "W/\"1\"", "systemuserid": self.inner(Kind::SystemUser, place.number, number), "fullname": format!("Person {person}"),
            "azureactivedirectoryobjectid": self.id(Kind::Person, person), "applicationid": null, "isdisabled": false, "accessmode": 0, "azurestate": 0, "caltype": 7,
            "domainname": format!("person{person}@contoso.example"), "_businessunitid_value": self.id(Kind::Unit, place.number as u64), "islicensed": true, "createdon": self.ago(4000),
            "systemuserroles_association": [{"roleid": self.inner(Kind::Role, place.number, number % ROLES.len()), "name": ROLES[number % ROLES.len()]}]})
    }

    fn team(&self, place: Place, number: usize) -> Value {
        json!({"@odata.etag": "W/\"1\"", "teamid": self.inner(Kind::Team, place.number, number), "name": format!("Team {number}"), "teamtype": if number == 0 { 0 } else { 2 },
            "azureactivedirectoryobjectid": if number == 0 { Value::Null } else { self.id(Kind::Group, number as u64).into() }, "isdefault": number == 0, "membershiptype": 0,
            "_businessunitid_value": self.id(Kind::Unit, place.number as u64), "createdon": self.ago(4000),
            "teamroles_association": [{"roleid": self.inner(Kind::Role, place.number, 2), "name": ROLES[2]}]})
    }

    fn desktop(&self, place: Place, number: usize) -> Value {
        let owner = self.inner(Kind::SystemUser, place.number, number % 8);
        json!({"@odata.etag": "W/\"1\"", "workflowid": self.inner(Kind::Desktop, place.number, number), "category": 6, "type": 1, "name": format!("Robot {number}"), "description": null,
            "statecode": 1, "statuscode": 2, "uiflowtype": 2, "schemaversion": "2022.08", "createdon": self.ago(4000), "modifiedon": self.ago(800), "_ownerid_value": owner,
            "_owninguser_value": owner, "_createdby_value": owner, "_modifiedby_value": owner, "ismanaged": false, "componentstate": 0, "clientdata": "{}", "definition": "\"WAIT 1\""})
    }

    fn solution(&self, place: Place, number: usize) -> Value {
        let (unique, publisher) = match number {
            0 => ("Default", "DefaultPublisher"),
            1 => ("msdyn_FlowMakerPortal", "microsoftdynamics"),
            _ => ("ContosoProduct", "contoso"),
        };
        json!({"@odata.etag": "W/\"1\"", "solutionid": self.inner(Kind::Solution, place.number, number), "uniquename": unique, "friendlyname": unique, "version": "1.0.0.0",
            "ismanaged": place.sku == "Production" && number > 0, "isvisible": true, "installedon": self.ago(3000), "createdon": self.ago(3000), "modifiedon": self.ago(900),
            "publisherid": {"publisherid": self.id(Kind::Other, number as u64), "uniquename": publisher, "friendlyname": publisher, "customizationprefix": "cts"}})
    }
}
