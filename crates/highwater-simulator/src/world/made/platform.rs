//! Platform: what the administration hosts tell of a made tenant.

use serde_json::{Value, json};

use super::{Kind, Made, Place, author, held, made};
use crate::asked::Asked;
use crate::paging::Rows;
use crate::world::Found;

const CONNECTORS: [&str; 12] = [
    "shared_sharepointonline",
    "shared_office365",
    "shared_teams",
    "shared_excelonlinebusiness",
    "shared_commondataserviceforapps",
    "shared_sql",
    "shared_uiflow",
    "shared_keyvault",
    "shared_approvals",
    "shared_twitter",
    "shared_dropbox",
    "shared_sendmail",
];

impl Made {
    pub(super) fn bap(&self, parts: &[&str], asked: &Asked) -> Found {
        let tenant = *self;
        match parts {
            ["providers", "microsoft.businessappplatform", "tenant"] => Found::Document(
                json!({"tenantId": self.tenant_id(), "state": "Enabled", "location": "europe",
                "aadCountryGeo": "europe", "dataStorageGeo": "europe", "defaultEnvironmentGeo": "europe", "aadDataBoundary": "none", "fedRAMPHighCertificationRequired": false}),
            ),
            ["providers", "microsoft.businessappplatform", "scopes", "admin", "environments"] => {
                made(self.scale.environments, move |number| {
                    tenant.environment(tenant.place(number))
                })
            }
            [
                "providers",
                "microsoft.businessappplatform",
                "scopes",
                "admin",
                "environments",
                id,
            ] => self
                .place_of(id)
                .map_or(Found::Nothing, |place| Found::Document(self.environment(place))),
            ["providers", "microsoft.businessappplatform", "environmentgroups"] => {
                made(self.groups_of_environments(), move |number| {
                    json!({
                "id": tenant.id(Kind::EnvironmentGroup, number as u64), "displayName": format!("Group {number}"), "description": "", "parentGroupId": null, "childrenGroupIds": [],
                "createdTime": tenant.ago(9000), "createdBy": author(&tenant, 1)})
                })
            }
            ["providers", "microsoft.businessappplatform", "lifecycleoperations"] => {
                self.operations(asked)
            }
            ["providers", "microsoft.businessappplatform", "adminapplications"] => {
                held(vec![json!({"applicationId": self.id(Kind::Other, 1)})])
            }
            ["providers", "microsoft.businessappplatform", "listtenantsettings"] => {
                Found::Document(settings())
            }
            [
                "providers",
                "powerplatform.governance",
                "v1",
                "tenants",
                _,
                "tenantisolationpolicy",
            ] => Found::Document(
                json!({"properties": {"tenantId": self.tenant_id(), "isDisabled": true, "allowedTenants": []}}),
            ),
            ["providers", "powerplatform.governance", "v2", "policies"] => made(
                self.policies(),
                move |number| json!({"policyDefinition": tenant.policy(number, false)}),
            ),
            ["providers", "powerplatform.governance", "v2", "policies", id] => {
                match self.number(Kind::Policy, id).and_then(|number| usize::try_from(number).ok())
                {
                    Some(number) if number < self.policies() => {
                        Found::Document(self.policy(number, true))
                    }
                    _ => Found::Nothing,
                }
            }
            [
                "providers",
                "powerplatform.governance",
                "v1",
                "connectors",
                "metadata",
                "unblockable",
            ] => held(vec![
                json!({"id": "/providers/Microsoft.PowerApps/apis/shared_approvals", "metadata": {"unblockable": true}}),
            ]),
            _ => Found::Nothing,
        }
    }

    pub(super) fn environment(&self, place: Place) -> Value {
        let id = self.place_id(place);
        let host = Self::host(place);
        let number = place.number as u64;
        let created = self.ago(2000 + self.chance(Kind::Environment, number + 1_000_000, 15_000));
        let managed = place.sku == "Production" || number.is_multiple_of(4);
        let mut properties = json!({
            "tenantId": self.tenant_id(), "azureRegion": "westeurope", "displayName": format!("Environment {number}"), "description": "", "createdTime": created,
            "createdBy": author(self, self.maker(place, 0)), "lastModifiedTime": self.ago(400), "provisioningState": "Succeeded", "creationType": "User",
            "environmentSku": place.sku, "isDefault": number == 0, "databaseType": if place.dataverse { "CommonDataService" } else { "None" },
            "runtimeEndpoints": {"microsoft.BusinessAppPlatform": "https://europe.api.bap.microsoft.com", "microsoft.PowerApps": "https://europe.api.powerapps.com",
                "microsoft.Flow": "https://emea.api.flow.microsoft.com"},
            "retentionPeriod": "P7D", "states": {"management": {"id": "Ready"}, "runtime": {"id": "Enabled"}}, "updateCadence": {"id": "Moderate"},
            "protectionStatus": {"keyManagedBy": "Microsoft"}, "connectedGroups": [],
            "governanceConfiguration": {"protectionLevel": if managed { "Standard" } else { "Basic" }},
        });
        if place.dataverse {
            properties["linkedEnvironmentMetadata"] = json!({"resourceId": self.id(Kind::Unit, number), "friendlyName": format!("Environment {number}"), "uniqueName": format!("unq{number:08}"),
                "domainName": host, "version": "9.2.26103.00154", "instanceUrl": format!("https://{host}.crm4.dynamics.com/"),
                "instanceApiUrl": format!("https://{host}.api.crm4.dynamics.com"), "baseLanguage": 1033, "instanceState": "Ready", "createdTime": self.ago(2000),
                "backgroundOperationsState": "Enabled", "platformSku": "Standard", "securityGroupId": self.id(Kind::Group, number % 20)});
        }
        if self.groups_of_environments() > 0 && number.is_multiple_of(2) {
            properties["parentEnvironmentGroup"] = json!({"id": self.id(Kind::EnvironmentGroup, number % self.groups_of_environments() as u64)});
        }
        json!({"id": format!("/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{id}"), "type": "Microsoft.BusinessAppPlatform/scopes/environments",
            "location": "europe", "name": id, "properties": properties})
    }

    const fn groups_of_environments(&self) -> usize {
        if self.scale.environments < 10 {
            0
        } else if self.scale.environments / 60 < 2 {
            2
        } else if self.scale.environments / 60 > 120 {
            120
        } else {
            self.scale.environments / 60
        }
    }

    const fn policies(&self) -> usize {
        if self.scale.environments / 38 > 150 { 150 } else { 3 + self.scale.environments / 38 }
    }

    fn policy(&self, number: usize, full: bool) -> Value {
        let one = self.place_id(self.place(number % self.scale.environments.max(1)));
        let scope = if number == 0 { "AllEnvironments" } else { "OnlyEnvironments" };
        let named = if number == 0 {
            json!([])
        } else {
            json!([{"id": format!("/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{one}"), "name": one,
            "type": "Microsoft.BusinessAppPlatform/scopes/environments"}])
        };
        let mut policy = json!({"name": self.id(Kind::Policy, number as u64), "displayName": format!("Policy {number}"), "defaultConnectorsClassification": "General",
            "environmentType": scope, "environments": named, "createdBy": {"displayName": "Person 1"}, "createdTime": self.ago(9000), "lastModifiedTime": self.ago(900),
            "etag": "00000000-0000-0000-0000-000000000000", "isLegacySchemaVersion": false});
        if !full {
            return policy;
        }
        let of = |classification: &str, from: usize, to: usize| {
            let rows: Vec<Value> = CONNECTORS[from..to].iter().map(|id| json!({"id": format!("/providers/Microsoft.PowerApps/apis/{id}"), "name": id, "type": "providers/Microsoft.PowerApps/apis"})).collect();
            json!({"classification": classification, "connectors": rows})
        };
        policy["connectorGroups"] =
            json!([of("Confidential", 0, 4), of("General", 4, 9), of("Blocked", 9, 12)]);
        json!({"policyDefinition": policy, "customConnectorUrlPatternsDefinition": {"rules": []}})
    }

    fn operations(&self, asked: &Asked) -> Found {
        let Some(place) =
            asked.parameter("$filter").and_then(|filter| self.place_of(filter.split('\'').nth(1)?))
        else {
            return held(Vec::new());
        };
        held(vec![
            json!({"id": self.inner(Kind::Operation, place.number, 0), "type": {"id": "Create"}, "typeDisplayName": "Create", "state": {"id": "Succeeded"},
            "createdDateTime": self.ago(5000), "lastActionDateTime": self.ago(5000), "requestedBy": author(self, self.maker(place, 0)), "stages": []}),
        ])
    }

    pub(super) fn power_apps(&self, parts: &[&str]) -> Found {
        let tenant = *self;
        match parts {
            ["providers", "microsoft.powerapps", "apis"] => {
                held(CONNECTORS.iter().map(|id| connector(id)).collect())
            }
            [
                "providers",
                "microsoft.powerapps",
                "scopes",
                "admin",
                "environments",
                id,
                rest @ ..,
            ] => {
                let Some(place) = self.place_of(id) else { return Found::Nothing };
                match rest {
                    ["apps"] => made(self.scale.apps, move |number| tenant.app(place, number)),
                    ["apps", app, "permissions"] => {
                        match self.inside(Kind::App, place, app, self.scale.apps) {
                            Some(number) => held(vec![
                                self.permission(app, self.maker(place, number), "Owner"),
                                self.permission(app, self.maker(place, number + 1), "CanView"),
                            ]),
                            None => Found::Nothing,
                        }
                    }
                    ["connections"] => {
                        made(self.scale.apps * 2, move |number| tenant.connection(place, number))
                    }
                    ["apis"] => held(Vec::new()),
                    _ => Found::Nothing,
                }
            }
            _ => Found::Nothing,
        }
    }

    fn app(&self, place: Place, number: usize) -> Value {
        let id = self.inner(Kind::App, place.number, number);
        let (env, who) = (self.place_id(place), author(self, self.maker(place, number)));
        let api = CONNECTORS[number % CONNECTORS.len()];
        json!({"name": id, "id": format!("/providers/Microsoft.PowerApps/scopes/admin/environments/{env}/apps/{id}"), "type": "Microsoft.PowerApps/scopes/admin/apps",
            "tags": {"primaryDeviceWidth": "1366"}, "appLocation": "europe", "appType": "ClassicCanvasApp",
            "properties": {"appVersion": self.ago(700), "displayName": format!("App {number}"), "owner": who, "createdBy": who, "lastModifiedBy": who, "status": "Ready",
                "createdTime": self.ago(5000), "lastModifiedTime": self.ago(600), "lastPublishTime": self.ago(600), "sharedGroupsCount": 0, "sharedUsersCount": number % 5,
                "connectionReferences": {"one": {"id": format!("/providers/Microsoft.PowerApps/apis/{api}"), "displayName": api}}, "authorizationReferences": [], "databaseReferences": {},
                "environment": {"id": format!("/providers/Microsoft.PowerApps/environments/{env}"), "name": env}, "almMode": "Environment", "usesPremiumApi": number.is_multiple_of(3),
                "usesCustomApi": false, "usesOnPremiseGateway": false, "bypassConsent": false, "isFeaturedApp": false, "isHeroApp": false}})
    }

    fn permission(&self, app: &str, person: u64, role: &str) -> Value {
        let id = self.id(Kind::Person, person);
        json!({"name": id, "id": format!("/providers/Microsoft.PowerApps/apps/{app}/permissions/{id}"), "type": "Microsoft.PowerApps/apps/permissions",
            "properties": {"roleName": role, "principal": author(self, person), "notifyShareTargetOption": "NotSpecified"}})
    }

    fn connection(&self, place: Place, number: usize) -> Value {
        let name = self.inner(Kind::Connection, place.number, number).replace('-', "");
        let api = CONNECTORS[number % CONNECTORS.len()];
        json!({"name": name, "id": format!("/providers/Microsoft.PowerApps/apis/{api}/connections/{name}"), "type": "Microsoft.PowerApps/apis/connections",
            "properties": {"apiId": format!("/providers/Microsoft.PowerApps/apis/{api}"), "displayName": "A connection", "statuses": [{"status": "Connected"}],
                "createdBy": author(self, self.maker(place, number)), "createdTime": self.ago(4000), "lastModifiedTime": self.ago(3000), "allowSharing": false}})
    }

    pub(super) fn platform_api(&self, parts: &[&str], asked: &Asked) -> Found {
        let tenant = *self;
        match parts {
            ["gateway", "cluster"] => Found::Document(
                json!({"geoName": "emea", "environment": "Prod", "clusterNumber": "107"}),
            ),
            ["powerautomate", "environments", id, "cloudflows"] => match self.place_of(id) {
                Some(place) => made(self.solution_flows(place), move |number| {
                    tenant.platform_flow(place, number)
                }),
                None => Found::Nothing,
            },
            ["powerautomate", "environments", id, "flowruns"] => {
                match (self.place_of(id), asked.parameter("workflowId")) {
                    (Some(place), Some(flow)) => {
                        match self.inside(Kind::Flow, place, flow, self.scale.flows) {
                            Some(number) => {
                                made(10, move |run| tenant.platform_run(place, number, run))
                            }
                            None => held(Vec::new()),
                        }
                    }
                    _ => Found::Nothing,
                }
            }
            ["licensing", "tenantcapacity"] => Found::Document(
                json!({"tenantId": self.tenant_id(), "licenseModelType": "StorageDriven",
                "capacitySummary": {"status": "Available", "finOpsStatus": "None"}, "tenantCapacities": []}),
            ),
            _ => held(Vec::new()),
        }
    }

    /// The inventory: environments, then apps, then cloud flows, as far as their types are asked for.
    pub(super) fn inventory_rows(&self, types: &[String]) -> Rows {
        let tenant = *self;
        let (places, apps, flows) = (self.scale.environments, self.scale.apps, self.scale.flows);
        let all = [
            ("microsoft.powerplatform/environments", places),
            ("microsoft.powerapps/canvasapps", places * apps),
            ("microsoft.powerautomate/cloudflows", places * flows),
        ];
        let wanted: Vec<(&'static str, usize)> = all
            .into_iter()
            .filter(|(kind, _)| types.is_empty() || types.iter().any(|told| told == kind))
            .collect();
        let total = wanted.iter().map(|(_, count)| count).sum();
        let make = move |at: usize| {
            let mut rest = at;
            for (kind, count) in &wanted {
                if rest < *count {
                    return tenant.inventoried(kind, rest);
                }
                rest -= count;
            }
            Value::Null
        };
        Rows::Made(total, std::sync::Arc::new(make))
    }

    /// One row of the inventory: the number of the thing among all of its kind.
    fn inventoried(&self, kind: &str, at: usize) -> Value {
        let (each, of) = match kind {
            "microsoft.powerplatform/environments" => (1, None),
            "microsoft.powerapps/canvasapps" => (self.scale.apps, Some(Kind::App)),
            _ => (self.scale.flows, Some(Kind::Resource)),
        };
        let (place, number) = (self.place(at / each.max(1)), at % each.max(1));
        let name =
            of.map_or_else(|| self.place_id(place), |of| self.inner(of, place.number, number));
        let owner = self.id(Kind::Person, self.maker(place, number));
        json!({"id": format!("/tenants/{}/providers/{kind}/{name}", self.tenant_id()), "name": name, "type": kind, "location": "europe", "tenantId": self.tenant_id(),
            "properties": {"displayName": format!("Number {number}"), "createdAt": self.ago(5000), "createdBy": owner, "ownerId": owner, "environmentId": self.place_id(place),
                "lastModifiedAt": self.ago(600), "lastModifiedBy": owner, "environmentType": place.sku, "isManaged": place.sku == "Production"}})
    }
}

fn connector(id: &str) -> Value {
    json!({"name": id, "id": format!("/providers/Microsoft.PowerApps/apis/{id}"), "type": "Microsoft.PowerApps/apis",
        "properties": {"displayName": &id[7..], "tier": "Standard", "publisher": "Microsoft", "isCustomApi": false, "metadata": {"source": "marketplace"}, "capabilities": ["actions"]}})
}

fn settings() -> Value {
    json!({"walkMeOptOut": false, "disableEnvironmentCreationByNonAdminUsers": true, "disableTrialEnvironmentCreationByNonAdminUsers": true,
        "disableCapacityAllocationByEnvironmentAdmins": false, "powerPlatform": {"powerApps": {"disableShareWithEveryone": false, "enableGuestsToMake": false},
        "governance": {"disableAdminDigest": false, "disableDeveloperEnvironmentCreationByNonAdminUsers": false, "enableDefaultEnvironmentRouting": true},
        "licensing": {"storageCapacityConsumptionWarningThreshold": 85}}})
}
