//! Speed of importing: JSON or CSV in, snapshot with Parquet and raw records out, in MB/s and MB/s per core.
//!
//! Generates lists of apps and flows as the admin APIs return them, and tables of flows as the CoE Starter Kit
//! exports them (own content in the vendor's shape: all 80 columns that its `admin_flow` declares since version
//! 4.29.5, by `Entities/admin_Flow/Entity.xml` of its core components in
//! <https://github.com/microsoft/coe-starter-kit>, most of them empty or a flag), imports them once, and reads the
//! same files with `serde_json::Value` and with the `csv` crate alone as named peers. `--pieces 1` reads the files in pieces,
//! as files too large for memory are. Asserts nothing about time.
//!
//! `cargo bench -p highwater --bench import [-- --megabytes 300 --rounds 3 --peer 1 --sheets 1 --pieces 0]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops at the first surprise"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() {
    let (wanted, rounds) = (given("--megabytes", 300), given("--rounds", 3));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench");
    let sheets = given("--sheets", 0) == 1;
    let kind = if sheets { "kit" } else { "import" };
    let files = root.join(format!("{kind}-{wanted}"));
    if !files.join("done").is_file() {
        if sheets { generate_sheets(&files, wanted) } else { generate(&files, wanted) }
    }
    let bytes: u64 = list(&files)
        .iter()
        .map(|path| std::fs::metadata(path).map_or(0, |about| about.len()))
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a size for display")]
    let megabytes = bytes as f64 / 1e6;
    for round in 1..=rounds {
        let staging = root.join("import-staging");
        let _ = std::fs::remove_dir_all(&staging);
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let options = highwater_import::Options {
            tenant: Some("bench".into()),
            stream_from: if given("--pieces", 0) == 1 { 0 } else { u64::MAX },
            ..highwater_import::Options::default()
        };
        let imported =
            highwater_import::import(std::slice::from_ref(&files), &staging, &options).unwrap();
        let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        let (records, rows) = imported.report.totals();
        println!(
            "round {round}: {megabytes:.0} MB, {records} records, {rows} rows in {wall:.2} s wall, {cpu:.2} s CPU: {:.0} MB/s, {:.0} MB/s per core, peak {} MiB",
            megabytes / wall,
            megabytes / cpu,
            peak_mib()
        );
        let _ = std::fs::remove_dir_all(&staging);
    }
    if given("--peer", 1) == 1 {
        if sheets { sheet_peer(&files, megabytes) } else { peer(&files, megabytes) }
    }
}

/// Rows alone, with the crate that everybody else reads sheets with.
fn sheet_peer(files: &Path, megabytes: f64) {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut cells = 0;
    for path in list(files) {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).unwrap() {
            cells += row.len();
        }
    }
    println!(
        "peer, {cells} cells with the csv crate alone: {:.0} MB/s, {:.0} MB/s per core",
        megabytes / start.elapsed().as_secs_f64(),
        megabytes / (cpu_seconds() - cpu)
    );
}

/// Parsing alone, with the tree that most programs use.
fn peer(files: &Path, megabytes: f64) {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    for path in list(files) {
        let text = std::fs::read(path).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        drop(value);
    }
    println!(
        "peer, parsing alone with serde_json::Value: {:.0} MB/s, {:.0} MB/s per core",
        megabytes / start.elapsed().as_secs_f64(),
        megabytes / (cpu_seconds() - cpu)
    );
}

/// The number after an argument.
fn given(name: &str, otherwise: usize) -> usize {
    let number = std::env::args().skip_while(|arg| arg != name).nth(1);
    number.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json" || kind == "csv"))
        .collect();
    found.sort();
    found
}

fn generate(folder: &Path, megabytes: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let mut environments = String::from("{\"value\": [");
    let mut written = 0;
    let mut number = 0;
    while written < megabytes * 1_000_000 {
        let environment = format!("00000000-0000-4000-8000-{number:012}");
        let _ = write!(
            environments,
            "{}{}",
            if number == 0 { "" } else { "," },
            environment_record(&environment, number)
        );
        let flows: Vec<String> =
            (0..500).map(|flow| flow_record(&environment, number * 1000 + flow)).collect();
        let apps: Vec<String> =
            (0..150).map(|app| app_record(&environment, number * 1000 + app)).collect();
        for (kind, records) in [("flows", flows), ("apps", apps)] {
            let text = format!("{{\"value\": [{}]}}", records.join(","));
            written += text.len();
            std::fs::write(folder.join(format!("{kind}-of-{environment}.json")), text).unwrap();
        }
        number += 1;
    }
    environments.push_str("]}");
    std::fs::write(folder.join("environments.json"), environments).unwrap();
    std::fs::write(folder.join("done"), "").unwrap();
}

/// The columns of the kit's table of flows, those of Dataverse itself included.
const FLOW_COLUMNS: &[&str] = &[
    "admin_adminrequirementreviewedflow",
    "admin_adminrequirementriskassessment",
    "admin_adminrequirementriskassessmentstate",
    "admin_city",
    "admin_company",
    "admin_compliancerequestedon",
    "admin_containsplaintextpassword",
    "admin_country",
    "admin_department",
    "admin_derivedowner",
    "admin_displayname",
    "admin_flowarchiverequestignoredsince",
    "admin_flowconnections",
    "admin_flowcontainsbrokenconnections",
    "admin_flowcreatedon",
    "admin_flowcreator",
    "admin_flowcreatorupn",
    "admin_flowdeleted",
    "admin_flowdeletedon",
    "admin_flowdescription",
    "admin_flowenvironment",
    "admin_flowenvironmentdisplayname",
    "admin_flowenvironmentexcusedfromarchival",
    "admin_flowenvironmentid",
    "admin_flowexcusedfromarchival",
    "admin_flowid",
    "admin_flowidstring",
    "admin_flowispublished",
    "admin_flowlastrunon",
    "admin_flowmakerdisplayname",
    "admin_flowmodifiedon",
    "admin_flowpendingsuspensionon",
    "admin_flowpendingsuspensionpowerappplanexcluded",
    "admin_flowpendingsuspensionreason",
    "admin_flowqueriedon",
    "admin_flowsharededitors",
    "admin_flowsharedgroups",
    "admin_flowsharedguesteditor",
    "admin_flowsharedguestuser",
    "admin_flowsharedusers",
    "admin_flowstate",
    "admin_flowsuspensionreason",
    "admin_inventoryme",
    "admin_inventorymyflowactiondetails",
    "admin_issolutionflow",
    "admin_makerrequirementdependencies",
    "admin_makersubmittedrequirements",
    "admin_mitigationplanprovided",
    "admin_recordguidasstring",
    "admin_recordmodified",
    "admin_referencedresources_dvtables",
    "admin_referencedresources_services",
    "admin_referencedresources_sharepointsite",
    "admin_requirement_1",
    "admin_requirement_2",
    "admin_tempconnectionstringresetcomplete",
    "admin_tempisworkflowentityupdated",
    "admin_templatename",
    "admin_workflowentityid",
    "cr5d5_flowisorphaned",
    "cr5d5_flowtrigger",
    "createdby",
    "createdon",
    "createdonbehalfby",
    "importsequencenumber",
    "modifiedby",
    "modifiedon",
    "modifiedonbehalfby",
    "overriddencreatedon",
    "ownerid",
    "owningbusinessunit",
    "owningteam",
    "owninguser",
    "processid",
    "stageid",
    "statecode",
    "statuscode",
    "timezoneruleversionnumber",
    "traversedpath",
    "utcconversiontimezonecode",
];

/// What stands in a column of the kit's table of flows, as the maker portal exports it.
fn flow_cell(column: &str, id: usize, environment: &str) -> String {
    let person = id % 5000;
    match column {
        "admin_flowid" | "admin_flowidstring" | "admin_recordguidasstring" => {
            format!("10000000-0000-4000-8000-{id:012}")
        }
        "admin_displayname" => format!("Approve invoice {id}"),
        "admin_flowdescription" => {
            "\"Sends what is due for approval to the person who owns the cost centre, once a day.\""
                .into()
        }
        "admin_flowstate" => "Started".into(),
        "admin_flowenvironment" | "admin_flowenvironmentid" => environment.into(),
        "admin_flowenvironmentdisplayname" => format!("Environment {}", id / 10_000),
        "admin_derivedowner" | "admin_flowcreator" => {
            format!("20000000-0000-4000-8000-{person:012}")
        }
        "admin_flowcreatorupn" => format!("person{person}@contoso.example"),
        "admin_flowmakerdisplayname" => format!("Person {person}"),
        "admin_flowconnections" => "SharePoint; Office 365 Outlook".into(),
        "admin_flowcreatedon" => "2025-03-01T08:00:00Z".into(),
        "admin_flowmodifiedon" => "2026-10-01T08:00:00Z".into(),
        "createdon" => "2025-03-02T00:00:00Z".into(),
        "modifiedon" | "admin_recordmodified" => "2026-11-21T00:00:00Z".into(),
        "admin_city" => "Utrecht".into(),
        "admin_country" => "Netherlands".into(),
        "admin_department" => "Finance".into(),
        "admin_company" => "Contoso".into(),
        "admin_requirement_1" => "Replaces a form on paper".into(),
        "cr5d5_flowisorphaned" => "no".into(),
        "cr5d5_flowtrigger" => "Recurrence".into(),
        "createdby" | "modifiedby" | "ownerid" | "owninguser" => {
            "50000000-0000-4000-8000-000000000001".into()
        }
        "owningbusinessunit" => "50000000-0000-4000-8000-000000000002".into(),
        "statecode" | "statuscode" => "Active".into(),
        "admin_flowsharededitors" | "admin_flowsharedusers" => "1".into(),
        "admin_flowsharedgroups" | "timezoneruleversionnumber" => "0".into(),
        "admin_flowispublished" => "true".into(),
        "admin_adminrequirementreviewedflow"
        | "admin_containsplaintextpassword"
        | "admin_flowcontainsbrokenconnections"
        | "admin_flowdeleted"
        | "admin_flowenvironmentexcusedfromarchival"
        | "admin_flowexcusedfromarchival"
        | "admin_flowpendingsuspensionpowerappplanexcluded"
        | "admin_flowsharedguesteditor"
        | "admin_flowsharedguestuser"
        | "admin_inventoryme"
        | "admin_inventorymyflowactiondetails"
        | "admin_issolutionflow"
        | "admin_makersubmittedrequirements"
        | "admin_mitigationplanprovided"
        | "admin_tempconnectionstringresetcomplete" => "false".into(),
        _ => String::new(),
    }
}

/// Tables of the CoE Starter Kit.
fn generate_sheets(folder: &Path, megabytes: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let mut environments = String::from(
        "admin_environmentid,admin_environmentname,admin_displayname,admin_environmentsku,admin_environmentcreatedon,admin_excusefrominventory,modifiedon\r\n",
    );
    let (mut written, mut number) = (0, 0);
    while written < megabytes * 1_000_000 {
        let environment = format!("00000000-0000-4000-8000-{number:012}");
        let _ = write!(
            environments,
            "{environment},{environment},Environment {number},Sandbox,2025-01-01T00:00:00Z,false,2026-11-21T00:00:00Z\r\n"
        );
        let mut text = format!("{}\r\n", FLOW_COLUMNS.join(","));
        for flow in 0..10_000 {
            let cell = |column: &&str| flow_cell(column, number * 10_000 + flow, &environment);
            text.push_str(&FLOW_COLUMNS.iter().map(cell).collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        written += text.len();
        std::fs::write(folder.join(format!("flows-of-{environment}.csv")), text).unwrap();
        number += 1;
    }
    std::fs::write(folder.join("environments.csv"), environments).unwrap();
    std::fs::write(folder.join("done"), "").unwrap();
}

fn environment_record(id: &str, number: usize) -> String {
    format!(
        r#"{{"id": "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{id}", "type": "Microsoft.BusinessAppPlatform/scopes/environments", "location": "europe", "name": "{id}", "properties": {{"displayName": "Environment {number}", "createdTime": "2025-01-01T00:00:00Z", "environmentSku": "Sandbox", "isDefault": false, "states": {{"management": {{"id": "Ready"}}}}, "linkedEnvironmentMetadata": {{"instanceApiUrl": "https://org{number}.api.crm.dynamics.com"}}}}}}"#
    )
}

fn flow_record(environment: &str, number: usize) -> String {
    let id = format!("10000000-0000-4000-8000-{number:012}");
    format!(
        r#"{{"name": "{id}", "id": "/providers/Microsoft.ProcessSimple/environments/{environment}/flows/{id}", "type": "Microsoft.ProcessSimple/environments/flows", "properties": {{"apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows", "displayName": "Approve invoice {number}", "userType": "Owner", "state": "Started", "createdTime": "2025-03-01T08:00:00.1234567Z", "lastModifiedTime": "2026-10-01T08:00:00.1234567Z", "flowSuspensionReason": "None", "templateName": "", "environment": {{"name": "{environment}", "type": "Microsoft.ProcessSimple/environments", "id": "/providers/Microsoft.ProcessSimple/environments/{environment}"}}, "definitionSummary": {{"triggers": [{{"type": "Recurrence", "kind": "Recurrence", "metadata": {{"operationMetadataId": "{id}"}}}}], "actions": [{{"type": "OpenApiConnection", "swaggerOperationId": "GetItems", "api": {{"name": "shared_sharepointonline", "id": "/providers/Microsoft.PowerApps/apis/shared_sharepointonline", "type": "/providers/Microsoft.PowerApps/apis"}}}}, {{"type": "Foreach"}}, {{"type": "If"}}, {{"type": "OpenApiConnection", "swaggerOperationId": "SendEmailV2", "api": {{"name": "shared_office365", "id": "/providers/Microsoft.PowerApps/apis/shared_office365", "type": "/providers/Microsoft.PowerApps/apis"}}}}], "description": "Sends what is due for approval to the person who owns the cost centre."}}, "creator": {{"tenantId": "00000000-0000-4000-8000-000000000001", "objectId": "20000000-0000-4000-8000-{:012}", "userId": "20000000-0000-4000-8000-{:012}", "userType": "ActiveDirectory"}}, "flowFailureAlertSubscribed": true, "provisioningMethod": "FromDefinition", "isManaged": false, "workflowEntityId": "30000000-0000-4000-8000-{number:012}"}}}}"#,
        number % 5000,
        number % 5000
    )
}

fn app_record(environment: &str, number: usize) -> String {
    let id = format!("40000000-0000-4000-8000-{number:012}");
    format!(
        r#"{{"name": "{id}", "id": "/providers/Microsoft.PowerApps/apps/{id}", "type": "Microsoft.PowerApps/apps", "tags": {{"primaryDeviceWidth": "1366", "primaryDeviceHeight": "768", "sienaVersion": "20261001T080000Z-3.26104.0"}}, "properties": {{"appVersion": "2026-10-01T08:00:00Z", "createdByClientVersion": {{"major": 3, "minor": 26104, "build": 0}}, "owner": {{"id": "20000000-0000-4000-8000-{:012}", "displayName": "Person {number}", "email": "person{number}@contoso.example", "type": "User", "tenantId": "00000000-0000-4000-8000-000000000001"}}, "createdTime": "2025-03-01T08:00:00.1234567Z", "lastModifiedTime": "2026-10-01T08:00:00.1234567Z", "displayName": "Inspection {number}", "description": "Records what was found on site.", "sharedGroupsCount": 1, "sharedUsersCount": 12, "usesPremiumApi": false, "usesCustomApi": false, "usesOnPremiseGateway": false, "almMode": "Environment", "connectionReferences": {{"60000000-0000-4000-8000-{number:012}": {{"id": "/providers/microsoft.powerapps/apis/shared_office365users", "displayName": "Office 365 Users", "dataSources": ["Office365Users"], "apiTier": "Standard"}}, "70000000-0000-4000-8000-{number:012}": {{"id": "/providers/microsoft.powerapps/apis/shared_sharepointonline", "displayName": "SharePoint", "dataSources": ["Inspections"], "apiTier": "Standard"}}}}, "environment": {{"id": "/providers/Microsoft.PowerApps/environments/{environment}", "name": "{environment}"}}, "isFeaturedApp": false, "isHeroApp": false, "bypassConsent": false}}, "appLocation": "europe", "appType": "ClassicCanvasApp"}}"#,
        number % 5000
    )
}

/// User and system time of this process, in seconds.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
}
