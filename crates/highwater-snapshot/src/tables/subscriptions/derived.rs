//! Derived: the questions of `config/derived/azure_graph.toml` against small tenants made of records.

use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::*;

use crate::boundary::Pseudonyms;
use crate::derive::derive;
use crate::frames::Frames;
use crate::{Json, Origin, Place, Record, Rows, TABLES, Time, Value, merge};

const VM: &str = "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/";

/// A virtual machine with one interface in a subnet.
fn machine(name: &str, public: bool) -> Vec<(&'static str, String)> {
    let address = if public { r#", "publicIPAddress": {"id": "/ip"}"# } else { "" };
    vec![
        (
            "arg.resources",
            format!(
                r#"{{"id": "{VM}{name}", "name": "{name}", "type": "microsoft.compute/virtualmachines", "tags": {{"Workload": "{name}"}},
                    "properties": {{"networkProfile": {{"networkInterfaces": [{{"id": "/nic-{name}"}}]}}}}}}"#
            ),
        ),
        (
            "arg.resources",
            format!(
                r#"{{"id": "/nic-{name}", "type": "microsoft.network/networkinterfaces", "properties": {{"virtualMachine": {{"id": "{VM}{name}"}},
                    "ipConfigurations": [{{"properties": {{"subnet": {{"id": "/v/subnets/{name}"}}{address},
                    "loadBalancerBackendAddressPools": [{{"id": "/lb-{name}/backendAddressPools/p"}}]}}}}]}}}}"#
            ),
        ),
    ]
}

fn network() -> (&'static str, String) {
    let subnet = |name: &str| {
        format!(
            r#"{{"id": "/v/subnets/{name}", "properties": {{"networkSecurityGroup": {{"id": "/nsg-{name}"}}}}}}"#
        )
    };
    let text = format!(
        r#"{{"id": "/v", "type": "microsoft.network/virtualnetworks", "properties": {{"subnets": [{}, {}],
            "virtualNetworkPeerings": [{{"properties": {{"remoteVirtualNetwork": {{"id": "/hub"}}}}}}]}}}}"#,
        subnet("rpa"),
        subnet("web")
    );
    ("arg.resources", text)
}

fn object(kind: &str, id: &str, properties: &str) -> (&'static str, String) {
    ("arg.resources", format!(r#"{{"id": "{id}", "type": "{kind}", "properties": {properties}}}"#))
}

/// All tables of a tenant of which `records` were read, with lists configured and tables read in full.
fn tenant(records: &[(&str, String)], lists: &[(&str, &str)], seen: &[&str]) -> Frames {
    let mut rows: BTreeMap<&str, Rows> = TABLES
        .iter()
        .map(|table| (table.name, Rows::new(table, Arc::new(Pseudonyms::plain()))))
        .collect();
    for (number, (source, text)) in records.iter().enumerate() {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        let place = Place::default();
        let record = Record::new(Json::new(&value), &place);
        for table in TABLES {
            for (rank, reading) in
                table.readings.iter().enumerate().filter(|(_, reading)| reading.source == *source)
            {
                let origin = Origin {
                    source: (*source).into(),
                    record_no: number as i64 + 1,
                    observed_at: Time(0),
                };
                let rows = rows.get_mut(table.name).unwrap();
                rows.begin(&origin, u32::try_from(rank).unwrap());
                (reading.read)(&record, rows);
            }
        }
    }
    let mut frames: Frames = TABLES
        .iter()
        .map(|table| {
            (
                table.name,
                merge::merge(table, rows.remove(table.name).unwrap().take_frame().unwrap())
                    .unwrap(),
            )
        })
        .collect();
    let flags = crate::table("tenant_seen").unwrap().columns.iter().skip(1);
    let flags: Vec<Column> = flags
        .map(|column| Column::new(column.name.into(), [seen.contains(&column.name)]))
        .collect();
    frames.insert("tenant_seen", DataFrame::new(1, flags).unwrap());
    let kinds: Vec<&str> = lists.iter().map(|(kind, _)| *kind).collect();
    let values: Vec<&str> = lists.iter().map(|(_, value)| *value).collect();
    let declared = vec!["config_lists"; kinds.len()];
    frames.insert("config_lists", df!("kind" => &kinds, "value" => values).unwrap());
    frames.insert("coverage", df!("table_name" => &declared, "scope_id" => kinds, "status" => vec!["full"; declared.len()]).unwrap());
    derive(&mut frames).unwrap();
    frames
}

/// One cell of the row whose key (its last part) is `id`.
fn told(frames: &Frames, table: &str, id: &str, column: &str) -> String {
    let frame = &frames[table];
    let keys = crate::table(table).unwrap().key;
    let ids = frame.column(keys[0]).unwrap().str().unwrap();
    let at = (0..frame.height())
        .find(|at| ids.get(*at) == Some(id))
        .unwrap_or_else(|| panic!("{table} has no {id}"));
    match frame.column(column).unwrap().get(at).unwrap() {
        AnyValue::String(text) => text.to_owned(),
        value => value.to_string(),
    }
}

#[test]
fn hosts_of_machines_are_automation_and_what_they_use_follows() {
    let mut records = [machine("rpa", true), machine("web", false)].concat();
    records.push(network());
    for name in ["rpa", "web"] {
        records.push(object(
            "microsoft.network/networksecuritygroups",
            &format!("/nsg-{name}"),
            r#"{"subnets": [{}]}"#,
        ));
        records.push(object("microsoft.network/loadbalancers", &format!("/lb-{name}"), "{}"));
    }
    let subnet = r#"{"ipConfigurations": [{"properties": {"subnet": {"id": "/hub/subnets/azurebastionsubnet"}}}]}"#;
    records.push(object("microsoft.network/bastionhosts", "/b", subnet));
    let all = ["vms", "vm_scale_sets", "subnets", "machines", "gateways"];
    let frames = tenant(&records, &[("automation_tag", "workload=rpa")], &all);
    let vm = |name: &str, column: &str| told(&frames, "vms", &format!("{VM}{name}"), column);
    assert_eq!([vm("rpa", "is_automation"), vm("web", "is_automation")], ["true", "false"]);
    assert_eq!([vm("rpa", "has_public_ip"), vm("web", "has_public_ip")], ["true", "false"]);
    assert_eq!(
        [vm("rpa", "nsg_id"), vm("rpa", "behind_bastion"), vm("rpa", "disk_encryption_set")],
        ["/nsg-rpa", "true", "false"]
    );
    for (table, prefix) in
        [("nsgs", "/nsg-"), ("subnets", "/v/subnets/"), ("load_balancers", "/lb-")]
    {
        assert_eq!(
            told(&frames, table, &format!("{prefix}rpa"), "is_automation"),
            "true",
            "{table}"
        );
        assert_eq!(
            told(&frames, table, &format!("{prefix}web"), "is_automation"),
            "false",
            "{table}"
        );
    }
}

#[test]
fn nothing_is_denied_while_machines_are_not_all_known() {
    let mut records = machine("web", false);
    records.push(network());
    records.push(object(
        "microsoft.network/networksecuritygroups",
        "/nsg-web",
        r#"{"subnets": [{}]}"#,
    ));
    records.push(object("microsoft.network/loadbalancers", "/lb-web", "{}"));
    records.push(object("microsoft.storage/storageaccounts", "/sa", "{}"));
    records.push(object("microsoft.network/trafficmanagerprofiles", "/tm", "{}"));
    let frames = tenant(&records, &[], &["vms", "vm_scale_sets", "subnets", "gateways"]);
    let web = format!("{VM}web");
    for (table, id) in [
        ("vms", web.as_str()),
        ("nsgs", "/nsg-web"),
        ("load_balancers", "/lb-web"),
        ("storage_accounts", "/sa"),
        ("traffic_managers", "/tm"),
    ] {
        assert_eq!(told(&frames, table, id, "is_automation"), "null", "{table}");
    }
    assert_eq!(
        told(&frames, "subnets", "/v/subnets/rpa", "is_automation"),
        "false",
        "an empty subnet holds no machine"
    );
    assert_eq!(told(&frames, "subnets", "/v/subnets/web", "is_automation"), "null");
    let outside =
        [records, vec![("arg.subscriptions", r#"{"subscriptionId": "s"}"#.to_owned())]].concat();
    let frames = tenant(&outside, &[("automation_subscription", "other")], &[]);
    assert_eq!(told(&frames, "vms", &web, "is_automation"), "false");
}

#[test]
fn alerts_are_live_when_a_group_reaches_somebody() {
    let vm = format!("{VM}rpa");
    let alert = |id: &str, scope: &str, actions: &str| {
        object(
            "microsoft.insights/metricalerts",
            id,
            &format!(r#"{{"enabled": true, "scopes": ["{scope}"], "actions": {actions}}}"#),
        )
    };
    let group = |id: &str, enabled: bool| {
        object(
            "microsoft.insights/actiongroups",
            id,
            &format!(r#"{{"enabled": {enabled}, "emailReceivers": [{{"status": "Enabled"}}]}}"#),
        )
    };
    let records = [
        machine("rpa", false),
        vec![
            alert("/live", &vm, r#"[{"actionGroupId": "/off"}, {"actionGroupId": "/on"}]"#),
            alert("/dead", "/other", r#"[{"actionGroupId": "/off"}]"#),
            alert("/none", "/subscriptions/s/resourceGroups/RG", "[]"),
            alert("/open", "/other", r#"[{"actionGroupId": "/unseen"}]"#),
            group("/on", true),
            group("/off", false),
        ],
    ]
    .concat();
    let lists = [("automation_resource_group", "rg"), ("capacity_alert", "dead")];
    let frames = tenant(&records, &lists, &["vms", "telemetry_exports"]);
    let column = |column: &str| {
        ["/live", "/dead", "/none", "/open"].map(|id| told(&frames, "alerts", id, column))
    };
    assert_eq!(column("has_live_action"), ["true", "false", "false", "null"]);
    assert_eq!(column("is_automation"), ["true", "false", "true", "false"]);
    assert_eq!(column("watches_capacity"), ["false", "true", "false", "false"]);
}

#[test]
fn insights_standards_and_connectors() {
    let association = |vm: &str, rule: &str| {
        object(
            "microsoft.insights/datacollectionruleassociations",
            &format!("/{vm}/providers/microsoft.insights/datacollectionruleassociations/a"),
            &format!(r#"{{"dataCollectionRuleId": "/{rule}"}}"#),
        )
    };
    let rule = |id: &str, stream: &str| {
        object(
            "microsoft.insights/datacollectionrules",
            id,
            &format!(r#"{{"dataFlows": [{{"streams": ["{stream}"]}}]}}"#),
        )
    };
    let standard = "/subscriptions/s/providers/microsoft.security/regulatorycompliancestandards/";
    let records = [
        association("a", "insights"),
        association("b", "syslog"),
        association("c", "unseen"),
        rule("/insights", "Microsoft-InsightsMetrics"),
        rule("/syslog", "Microsoft-Syslog"),
        (
            "arg.resources",
            format!(r#"{{"id": "{standard}PCI-DSS-4", "name": "PCI-DSS-4", "properties": {{}}}}"#),
        ),
        object(
            "microsoft.securityinsights/onboardingstates",
            "/w/providers/microsoft.securityinsights/onboardingStates/default",
            "{}",
        ),
    ];
    let frames = tenant(&records, &[("binding_standard", "pci-dss")], &["sentinel_workspaces"]);
    assert_eq!(
        ["/a", "/b", "/c"].map(|vm| told(&frames, "vm_insights", vm, "has_insights")),
        ["true", "false", "null"]
    );
    assert_eq!(told(&frames, "regulatory_standards", "s", "is_binding"), "true");
    assert_eq!(told(&frames, "sentinel_workspaces", "/w", "pp_connectors"), "0");
    let frames = tenant(&records, &[], &[]);
    assert_eq!(told(&frames, "regulatory_standards", "s", "is_binding"), "null");
    assert_eq!(told(&frames, "sentinel_workspaces", "/w", "pp_connectors"), "null");
}

#[test]
fn what_only_a_configured_group_makes_automation() {
    let id = |kind: &str, name: &str| {
        format!("/subscriptions/s/resourcegroups/{name}/providers/microsoft.{kind}/x")
    };
    let objects = |name: &str| {
        [
            (
                "web/sites",
                "web_sites",
                r#"{"defaultHostName": "x.example", "hostNames": ["x.example"]}"#,
            ),
            ("storage/storageaccounts", "storage_accounts", "{}"),
            ("network/trafficmanagerprofiles", "traffic_managers", "{}"),
            ("compute/virtualmachinescalesets", "vm_scale_sets", "{}"),
        ]
        .map(|(kind, table, body)| {
            (table, id(kind, name), object(&format!("microsoft.{kind}"), &id(kind, name), body))
        })
    };
    let records: Vec<_> = [objects("rpa"), objects("shop")]
        .concat()
        .into_iter()
        .map(|(_, _, record)| record)
        .collect();
    let flags = |lists: &[(&str, &str)], name: &str| {
        let frames = tenant(&records, lists, &["telemetry_exports", "custom_connectors"]);
        objects(name).map(|(table, id, _)| told(&frames, table, &id, "is_automation"))
    };
    assert_eq!(flags(&[("automation_resource_group", "rpa")], "rpa"), ["true"; 4]);
    assert_eq!(flags(&[("automation_resource_group", "rpa")], "shop"), ["false"; 4]);
    assert_eq!(flags(&[], "shop"), ["null"; 4]);
}

#[test]
fn secrets_hear_of_their_vault_and_repositories_of_policies() {
    let vault = "/subscriptions/s/resourcegroups/r/providers/microsoft.keyvault/vaults/v";
    let secret = format!(r#"{{"id": "{vault}/secrets/db", "properties": {{"attributes": {{}}}}}}"#);
    let events = format!(r#"{{"properties": {{"topic": "{vault}", "filter": {{}}}}}}"#);
    let records = [
        ("arm.key_vault_secrets", secret),
        ("arm.event_subscriptions", events),
        ("github.repos", r#"{"full_name": "contoso/alm"}"#.to_owned()),
    ];
    let frames =
        tenant(&records, &[], &["environment_variables", "credentials", "source_control_repos"]);
    assert_eq!(told(&frames, "key_vault_secrets", vault, "rotation_event"), "true");
    assert_eq!(told(&frames, "key_vault_secrets", vault, "is_referenced"), "false");
    assert_eq!(told(&frames, "key_vaults", vault, "is_referenced"), "false");
    let columns = ["has_solution_source", "review_required", "is_central"];
    assert_eq!(
        columns.map(|column| told(
            &frames,
            "source_control_repos",
            "github.com/contoso/alm",
            column
        )),
        ["false", "false", "null"]
    );
}

#[test]
fn groups_grant_access_when_something_names_them() {
    let records = [
        ("graph.groups", r#"{"id": "makers", "assignedLicenses": [{"skuId": "a"}]}"#.to_owned()),
        ("graph.groups", r#"{"id": "golf", "assignedLicenses": []}"#.to_owned()),
        ("graph.groups", r#"{"id": "coe"}"#.to_owned()),
        ("graph.users", r#"{"id": "u1", "userType": "Member"}"#.to_owned()),
    ];
    let frames = tenant(&records, &[("coe_group", "coe"), ("professional_group", "golf")], &[]);
    assert_eq!(
        ["makers", "golf", "coe"].map(|id| told(&frames, "groups", id, "grants_access")),
        ["true", "true", "true"]
    );
    assert_eq!(told(&frames, "groups", "golf", "member_count"), "null");
    assert_eq!(told(&frames, "principals", "u1", "is_professional"), "null");
    let frames = tenant(&records, &[], &[]);
    assert_eq!(
        ["golf", "coe"].map(|id| told(&frames, "groups", id, "grants_access")),
        ["false", "false"]
    );
}
