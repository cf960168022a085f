//! A small tenant that answers like the vendor: pages, refusals, and answers in any order.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use highwater_auth::cloud::Service;
use highwater_auth::{Audience, Cloud};
use highwater_http::{Failure, Method, Next, Page, Read};
use highwater_sources::Asks;
use serde_json::{Value, json};

pub(crate) const TENANT: &str = "00000000-0000-0000-0000-0000000000aa";
pub(crate) const NOW: &str = "2026-11-22T06:00:00Z";

/// One environment of the tenant.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    pub(crate) id: &'static str,
    pub(crate) sku: &'static str,
    pub(crate) dataverse: bool,
    pub(crate) flows: usize,
}

/// The tenant.
pub(crate) struct Tenant {
    pub(crate) environments: Vec<Env>,
    /// Parts of addresses that are refused, with the status.
    pub(crate) refused: BTreeMap<String, u16>,
    /// Orders the answers.
    pub(crate) seed: u64,
    /// Records on a page.
    pub(crate) page: usize,
    pub(crate) asked: Mutex<Vec<String>>,
    /// Whether the inventory forgets an environment.
    pub(crate) forgets: bool,
}

pub(crate) fn environments() -> Vec<Env> {
    let env = |id, sku, dataverse, flows| Env { id, sku, dataverse, flows };
    vec![
        env("Default-00000000-0000-0000-0000-0000000000aa", "Default", true, 3),
        env("00000000-0000-0000-0000-000000000101", "Production", true, 5),
        env("00000000-0000-0000-0000-000000000102", "Sandbox", true, 0),
        env("00000000-0000-0000-0000-000000000103", "Developer", false, 1),
    ]
}

impl Tenant {
    pub(crate) fn new() -> Self {
        Self {
            environments: environments(),
            refused: BTreeMap::new(),
            seed: 0,
            page: 2,
            asked: Mutex::new(Vec::new()),
            forgets: false,
        }
    }

    pub(crate) fn refusing(parts: &[(&str, u16)]) -> Self {
        let refused = parts.iter().map(|(part, status)| ((*part).to_owned(), *status)).collect();
        Self { refused, ..Self::new() }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// How often an address with this part was asked.
    pub(crate) fn times(&self, part: &str) -> usize {
        self.requests().iter().filter(|asked| asked.contains(part)).count()
    }

    fn env(&self, path: &str) -> Option<&Env> {
        self.environments.iter().find(|env| path.contains(env.id) || path.contains(&host(env.id)))
    }

    /// The records of a list, or one document.
    fn records(&self, path: &str, body: &str) -> Option<Answer> {
        let env = self.env(path);
        let last = path.split('?').next()?.rsplit('/').next()?;
        Some(match last {
            "environments" => Answer::List("value", self.environments.iter().map(environment).collect()),
            "tenant" => Answer::One(json!({"tenantId": TENANT, "defaultEnvironmentGeo": "Europe"})),
            "policies" => Answer::List("value", (1..=3).map(|n| json!({"policyDefinition": {"name": format!("policy-{n}"), "defaultConnectorsClassification": "General"}})).collect()),
            "environmentGroups" => Answer::List("value", vec![json!({"id": "00000000-0000-0000-0000-000000000901", "displayName": "Finance"})]),
            "ruleSets" => Answer::List("value", vec![json!({"id": "r1", "parameters": [], "environmentFilter": {}, "lastModified": NOW})]),
            "apps" => Answer::List("value", apps(env?)),
            "permissions" if path.contains("/apps/") => Answer::List("value", vec![json!({"id": path, "properties": {"roleName": "CanView"}})]),
            "cloudFlows" => Answer::List("value", flows(env?)),
            "flows" => Answer::List("value", admin_flows(env?)),
            "flowRuns" | "runs" => Answer::List("value", vec![json!({"name": "run1"}), json!({"name": "run2"}), json!({"name": "run3"})]),
            "advisorRecommendations" => Answer::List("value", vec![json!({"scenario": "UnusedApps"})]),
            "query" => Answer::List("data", inventory(self, body)),
            "RetrieveTotalRecordCount(EntityNames=@p)" => Answer::One(counts(env?)),
            "solutions" => Answer::List("value", vec![
                json!({"solutionid": "00000000-0000-0000-0000-000000000501", "uniquename": "Claims", "ismanaged": env?.sku == "Production"}),
                json!({"solutionid": "00000000-0000-0000-0000-000000000502", "uniquename": "msdyn_Base", "ismanaged": true, "publisherid": {"uniquename": "microsoftdynamics"}}),
            ]),
            "workflows" => Answer::List("value", (0..env?.flows).map(|n| json!({"workflowid": format!("w{n}"), "category": 5})).collect()),
            "solutioncomponents" => Answer::List("value", vec![
                json!({"_solutionid_value": "00000000-0000-0000-0000-000000000501", "objectid": "00000000-0000-0000-0000-000000000601", "componenttype": 29}),
                json!({"_solutionid_value": "00000000-0000-0000-0000-000000000501", "objectid": "00000000-0000-0000-0000-000000000602", "componenttype": 10030}),
            ]),
            "systemusers" => Answer::List("value", vec![json!({"systemuserid": "u1", "azureactivedirectoryobjectid": "00000000-0000-0000-0000-000000000701"})]),
            "deploymentpipelines" | "deploymentstages" | "deploymentenvironments" | "deploymentstageruns" => return None,
            _ => Answer::List("value", vec![]),
        })
    }
}

enum Answer {
    One(Value),
    List(&'static str, Vec<Value>),
}

pub(crate) fn host(id: &str) -> String {
    format!("org{}.api.crm4.dynamics.com", &id[id.len() - 3..])
}

fn environment(env: &Env) -> Value {
    let linked = env.dataverse.then(
        || json!({"instanceApiUrl": format!("https://{}", host(env.id)), "instanceState": "Ready"}),
    );
    json!({"name": env.id, "properties": {
        "environmentSku": env.sku, "isDefault": env.sku == "Default", "createdTime": "2024-01-01T00:00:00Z",
        "createdBy": {"id": "00000000-0000-0000-0000-000000000702", "type": "User"},
        "linkedEnvironmentMetadata": linked}})
}

fn apps(env: &Env) -> Vec<Value> {
    (0..3).map(|n| json!({"name": format!("{}-app{n}", env.sku.to_lowercase()), "properties": {"sharedUsersCount": n, "sharedGroupsCount": 0}})).collect()
}

fn flows(env: &Env) -> Vec<Value> {
    (0..env.flows).map(|n| json!({"workflowId": format!("w{n}"), "modifiedOn": format!("2026-0{}-01T00:00:00Z", n + 1)})).collect()
}

fn admin_flows(env: &Env) -> Vec<Value> {
    (0..env.flows)
        .map(|n| json!({"name": format!("f{n}"), "properties": {"workflowEntityId": (n > 0).then(|| format!("w{n}")), "state": "Started"}}))
        .collect()
}

fn inventory(tenant: &Tenant, body: &str) -> Vec<Value> {
    if body.contains("microsoft.powerplatform/environments'") {
        tenant
            .environments
            .iter()
            .skip(usize::from(tenant.forgets))
            .map(|env| json!({"type": "microsoft.powerplatform/environments", "name": env.id}))
            .collect()
    } else {
        vec![]
    }
}

fn counts(env: &Env) -> Value {
    let tables = [
        "workflow",
        "flowsession",
        "flowmachine",
        "flowmachinegroup",
        "workqueue",
        "credential",
        "deploymentpipeline",
        "deploymentstagerun",
    ];
    let values = [env.flows, env.flows, 0, 0, 0, 0, 0, 0];
    json!({"EntityRecordCountCollection": {"Keys": tables, "Values": values}})
}

#[async_trait]
impl Asks for Tenant {
    fn spent(&self, service: &str) -> u64 {
        if service == "dataverse" { self.times("dynamics.com") as u64 } else { 0 }
    }

    async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure> {
        let body = match &read.method {
            Method::Get => String::new(),
            Method::Post(body) => String::from_utf8_lossy(body).into_owned(),
        };
        let at: usize = match from {
            Some(Next::Token(token)) => token.parse().unwrap(),
            Some(Next::Link(_)) => panic!("this tenant gives no links"),
            None => 0,
        };
        let address = read.url.to_string();
        self.asked.lock().unwrap().push(format!("{address}#{at}{body}"));
        wait(self.seed, &address, at).await;
        if let Some((_, status)) =
            self.refused.iter().find(|(part, _)| format!("{address}#{at}").contains(*part))
        {
            return Err(refusal(*status));
        }
        let plain = address.split('?').next().unwrap();
        let (value, next) = match self.records(plain, &body).ok_or_else(|| refusal(404))? {
            Answer::One(value) => (value, None),
            Answer::List(key, records) => {
                let end = (at + self.page).min(records.len());
                let more = (end < records.len()).then(|| end.to_string());
                (json!({key: &records[at..end], "nextLink": more}), more)
            }
        };
        Ok(Page {
            status: 200,
            headers: Vec::new(),
            body: Bytes::from(value.to_string()),
            next: next.map(Next::Token),
        })
    }
}

fn refusal(status: u16) -> Failure {
    if status >= 500 {
        return Failure::GaveUp {
            attempts: 4,
            status: Some(status),
            reason: "the service is away".into(),
        };
    }
    Failure::Refused { status, code: "Refused".into(), message: "not for you".into() }
}

/// A pause that depends on the seed, so that answers come in another order.
async fn wait(seed: u64, address: &str, at: usize) {
    if seed > 0 {
        let mut mixed = seed ^ (at as u64);
        for byte in address.bytes() {
            mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        tokio::time::sleep(Duration::from_micros(mixed % 3000)).await;
    }
}

/// A cloud with all services at made-up addresses.
pub(crate) fn cloud() -> Cloud {
    let plain = [
        "arm",
        "azure_devops",
        "bap",
        "flow",
        "github",
        "graph",
        "loganalytics",
        "o365",
        "powerapps",
        "powerbi",
        "ppapi",
    ];
    let mut services: BTreeMap<String, Service> = plain
        .iter()
        .map(|name| ((*name).to_owned(), service(&format!("https://{name}.contoso.example"))))
        .collect();
    services
        .insert("governance".into(), service("https://{id/2}.{level}.governance.contoso.example"));
    services.insert("analytics".into(), service("https://{region}.analytics.contoso.example"));
    services.insert("keyvault".into(), service("https://{vault}.vault.contoso.example"));
    services.insert(
        "dataverse".into(),
        Service {
            audience: Audience::new("{origin}"),
            ..service("https://{organisation}.crm.contoso.example")
        },
    );
    Cloud { name: "public".into(), authority: "https://login.contoso.example".into(), services }
}

fn service(base: &str) -> Service {
    Service { base: base.to_owned(), audience: Audience::new(base), hosts: Vec::new() }
}
