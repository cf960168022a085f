//! `environments`: one row per environment, deleted ones kept with `is_deleted`.
//!
//! `bap.environments` is the admin list of <https://learn.microsoft.com/power-platform/admin/environments-overview>
//! with its `$expand`; `inventory.query` and `arg.power_platform` are rows of
//! <https://learn.microsoft.com/power-platform/admin/inventory-schema>; `powershell.environments` are the
//! objects of `Get-AdminPowerAppEnvironment` (and the six columns ScubaGear keeps) without their `Internal`.
//!
//! A record is full when its type is that of the admin list and `properties.states` is an object: a maker's list
//! of the same shape says less, and exports that cut nested values cut that one too. Only then does a missing
//! group, governance block, Dataverse link or network policy mean that there is none.
//! Traps: `instanceApiUrl` is the parent of every Dataverse read; PowerShell's provisioning state says
//! `Succeeded` with and without Dataverse, only the database type tells them apart; the welcome text is not kept.

use std::borrow::Cow;

use super::asset_shares::{is_platform, person};
use super::tenant_isolation_rules::printed;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Time, Value, cell};

/// The denominator of most governance facts and the parent of every environment read.
pub(crate) static TABLE: Table = Table {
    name: "environments",
    grain: "one row per environment, deleted ones kept with is_deleted",
    about: "the denominator of most governance facts and the parent of every environment read",
    scope: Scope::Tenant,
    key: &["environment_id"],
    columns: &[
        Column::text("environment_id").required().business().about("lower-case; the default keeps its `default-` prefix"),
        Column::text("display_name").business().about("ScubaGear deletes non-ASCII letters"),
        Column::text("description").business().about("null when the key is absent; an empty string means told and empty"),
        Column::text("sku").required().about("lower-case: production, sandbox, trial, developer, default, teams, subscriptionbasedtrial, support, platform; inventory says `Dataverse for Teams` = teams"),
        Column::bool("is_default").required().about("the record's own flag, else the id prefix `default-`"),
        Column::bool("is_deleted").required().about("deleted and disabled ones may still be listed"),
        Column::text("region"),
        Column::time("created_at").required().business(),
        Column::text("created_by").personal().about("may be the literal SYSTEM; the null GUID in inventory = platform"),
        Column::text("created_by_type").about("User, ServicePrincipal, NotSpecified; SYSTEM is normalised to `system`"),
        Column::text("creation_type").about("User, DefaultTenant, Developer..."),
        Column::bool("has_dataverse").about("object present = true; null, or missing in a full record = false; a truncated export leaves it open"),
        Column::text("instance_url").business().about("parent of every Dataverse read; strip the trailing slash"),
        Column::text("organization_id").business(),
        Column::text("security_group_id").business().about("empty or all-zero GUID = told and none, stored as ''; absent with Dataverse present = null"),
        Column::text("group_id").business().about("absent in a full BAP record = told and none, stored as ''"),
        Column::text("protection_level").about("standard = managed, basic = not; inventory bool is mapped; absent in a full BAP record = basic"),
        Column::text("solution_checker_mode").about("lower-case none, warn, block; values are strings and case varies; only on managed environments"),
        Column::text("limit_sharing_mode").about("context only"),
        Column::bool("has_maker_welcome").about("true when the welcome text or link is not empty, false when one was told and none is; the text itself is not kept"),
        Column::text("disaster_recovery").about("enabled / disabled; absent on a Dataverse production environment of a full record = disabled (UNVERIFIED)"),
        Column::bool("network_injected").about("true when Linked; absent in a full record = false"),
        Column::bool("customer_managed_key").about("context only"),
        Column::int("backup_retention_days").about("ISO duration P7D, P14D, P28D to days; context: the window, not a proof"),
        Column::time("backups_available_from").about("automatic window starts here"),
        Column::time("last_activity_at").business().about("only with the $select form; otherwise null"),
        Column::text("stage_by_name").business().derived().about("dev, test or prod from the configured name patterns; null when no pattern matches"),
        Column::bool("declared_production").business().derived().about("listed in config_lists kind `production_environment`"),
        Column::bool("declared_retained").business().derived().about("listed in config_lists kind `retained_environment`"),
    ],
    readings: &[
        Reading { source: "bap.environments", read: bap },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "arg.power_platform", read: inventory },
        Reading { source: "powershell.environments", read: powershell },
        Reading { source: "coe.environments", read: bap },
        Reading { source: "dex.environments", read: bap },
    ],
    complete: &[&["bap.environments"], &["inventory.query"], &["arg.power_platform"], &["powershell.environments"], &["coe.environments"]],
    sample: Sample::Seen,
};

fn bap(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.at("properties");
    let full = is_full(record);
    let id = record.at("name").id();
    let sku = sku(properties.at("environmentSku"));
    let link = properties.at("linkedEnvironmentMetadata");
    let has_dataverse = linked(link, full);
    let governance = properties.at("governanceConfiguration");
    let settings = governance.at("settings.extendedSettings");
    let created_by = properties.at("createdBy");
    rows.push([
        cell("environment_id", id.clone()),
        cell("display_name", properties.at("displayName").text()),
        cell("description", properties.at("description").text()),
        cell("sku", sku.clone()),
        cell("is_default", is_default(properties.at("isDefault"), id.as_deref())),
        cell("is_deleted", is_deleted(properties)),
        cell("region", region(properties)),
        cell("created_at", properties.at("createdTime").time()),
        person("created_by", created_by, Some("system")),
        cell("created_by_type", creator_type(created_by)),
        cell("creation_type", properties.at("creationType").word()),
        cell("has_dataverse", has_dataverse),
        cell(
            "instance_url",
            url(link.at("instanceApiUrl")).or_else(|| url(link.at("instanceUrl"))),
        ),
        cell("organization_id", link.at("resourceId").id()),
        cell("security_group_id", link.at("securityGroupId").id_or_none()),
        cell("group_id", group(properties, full)),
        cell("protection_level", protection(governance, full)),
        cell("solution_checker_mode", settings.at("solutionCheckerMode").word()),
        cell("limit_sharing_mode", settings.at("limitSharingMode").word()),
        cell("has_maker_welcome", welcome(settings)),
        cell("disaster_recovery", recovery(properties, full, has_dataverse, sku.as_deref())),
        cell("network_injected", injected(properties.at("enterprisePolicies"), full)),
        cell(
            "customer_managed_key",
            field(properties.at("protectionStatus"), "keyManagedBy").map(|by| by == "customer"),
        ),
        cell("backup_retention_days", days(properties.at("retentionPeriod"))),
        cell("backups_available_from", available_from(properties.at("retentionDetails"))),
        cell(
            "last_activity_at",
            properties.at("lastActivity.lastActivity.lastActivityTime").time(),
        ),
    ]);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    // The query answers for every type of resource; the other types belong to other tables.
    if record.at("type").word().as_deref() != Some("microsoft.powerplatform/environments") {
        return;
    }
    let properties = record.at("properties");
    let id = record.at("name").id();
    let created_by = properties.at("createdBy");
    rows.push([
        cell("environment_id", id.clone()),
        cell("display_name", properties.at("displayName").text()),
        cell("sku", sku(properties.at("environmentType"))),
        cell("is_default", is_default(properties.at("isDefault"), id.as_deref())),
        cell("is_deleted", false),
        cell("region", record.at("location").word()),
        cell("created_at", properties.at("createdAt").time()),
        person("created_by", created_by, Some("system")),
        cell("created_by_type", creator_type(created_by)),
        cell("group_id", properties.at("environmentGroupId").id_or_none()),
        cell(
            "protection_level",
            properties
                .at("isManaged")
                .flag()
                .map(|managed| if managed { "standard" } else { "basic" }),
        ),
    ]);
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    let id = record.at("EnvironmentName").id();
    let created_by = record.at("CreatedBy");
    let database = record.at("CommonDataServiceDatabaseType").word();
    rows.push([
        cell("environment_id", id.clone()),
        cell("display_name", record.at("DisplayName").text()),
        cell("description", record.at("Description").text()),
        cell("sku", sku(record.at("EnvironmentType"))),
        cell("is_default", is_default(record.at("IsDefault"), id.as_deref())),
        cell("is_deleted", false),
        cell("region", record.at("Location").word()),
        cell("created_at", record.at("CreatedTime").time()),
        person("created_by", created_by, Some("system")),
        cell("created_by_type", creator_type(created_by)),
        cell("creation_type", record.at("CreationType").word()),
        cell("has_dataverse", database.map(|database| database != "none")),
        cell("organization_id", record.at("OrganizationId").id()),
        cell(
            "security_group_id",
            record
                .at("SecurityGroupId")
                .id()
                .and_then(|_| record.at("SecurityGroupId").id_or_none()),
        ),
        cell("backup_retention_days", days(record.at("RetentionPeriod"))),
    ]);
}

/// Whether what the record does not say is not there: an admin's reading, nothing of it cut off.
fn is_full(record: &Record<'_>) -> bool {
    let kind = record.at("type").word();
    let admin =
        kind.is_some_and(|kind| kind == "microsoft.businessappplatform/scopes/environments");
    admin && record.at("properties.states").is_object()
}

fn sku(told: Json<'_>) -> Option<Cow<'_, str>> {
    told.word()
        .map(|word| if word == "dataverse for teams" { Cow::Borrowed("teams") } else { word })
}

fn is_default(told: Json<'_>, id: Option<&str>) -> Option<bool> {
    told.flag().or_else(|| id.map(|id| id.starts_with("default-")))
}

/// An environment that is listed and not marked exists; the marks seen are words with `delet` in them.
fn is_deleted(properties: Json<'_>) -> bool {
    let marks = [properties.at("states.management.id"), properties.at("provisioningState")];
    marks.into_iter().any(|mark| mark.word().is_some_and(|word| word.contains("delet")))
}

fn region(properties: Json<'_>) -> Option<Cow<'_, str>> {
    properties.at("azureRegion").word().or_else(|| properties.at("azureRegionHint").word())
}

fn creator_type(created_by: Json<'_>) -> Option<Cow<'_, str>> {
    if is_platform(created_by) {
        Some(Cow::Borrowed("system"))
    } else {
        created_by.at("type").word()
    }
}

/// An object, even one that was printed instead of nested, is a database; null is none.
fn linked(link: Json<'_>, full: bool) -> Option<bool> {
    match link.value() {
        Some(Value::Object(_)) => Some(true),
        Some(Value::Str(text)) if text.starts_with("@{") => Some(true),
        Some(Value::Null) => Some(false),
        None if full => Some(false),
        _ => None,
    }
}

fn url(told: Json<'_>) -> Option<String> {
    told.id().map(|url| url.trim_end_matches('/').to_owned()).filter(|url| !url.is_empty())
}

fn group(properties: Json<'_>, full: bool) -> Option<Cow<'_, str>> {
    let group = properties.at("parentEnvironmentGroup");
    let none = full && (!group.is_present() || group.is_null());
    if none { Some(Cow::Borrowed("")) } else { group.at("id").id_or_none() }
}

fn protection(governance: Json<'_>, full: bool) -> Option<Cow<'_, str>> {
    let none = full && (!governance.is_present() || governance.is_null());
    if none { Some(Cow::Borrowed("basic")) } else { field(governance, "protectionLevel") }
}

/// True where either text is there, false where one was told and none is.
fn welcome(settings: Json<'_>) -> Option<bool> {
    let texts =
        [settings.at("makerOnboardingMarkdown").text(), settings.at("makerOnboardingUrl").text()];
    texts.into_iter().flatten().map(|text| !text.is_empty()).max()
}

/// UNVERIFIED: a production environment with Dataverse that says nothing of recovery has it off.
fn recovery<'v>(
    properties: Json<'v>,
    full: bool,
    has_dataverse: Option<bool>,
    sku: Option<&str>,
) -> Option<Cow<'v, str>> {
    let recovery = properties.at("states.disasterRecovery");
    let off =
        full && !recovery.is_present() && has_dataverse == Some(true) && sku == Some("production");
    if off { Some(Cow::Borrowed("disabled")) } else { recovery.at("id").word() }
}

fn injected(policies: Json<'_>, full: bool) -> Option<bool> {
    let network = policies.at("vnets");
    let none = !policies.is_present()
        || policies.is_null()
        || policies.is_object() && (!network.is_present() || network.is_null());
    if none {
        full.then_some(false)
    } else {
        network.at("linkStatus").word().map(|status| status == "linked")
    }
}

/// Whole days of an ISO 8601 duration such as `P7D`, or of a bare number.
fn days(told: Json<'_>) -> Option<i64> {
    told.int().or_else(|| told.word()?.strip_prefix('p')?.strip_suffix('d')?.parse().ok())
}

fn available_from(details: Json<'_>) -> Option<Time> {
    details
        .at("backupsAvailableFromDateTime")
        .time()
        .or_else(|| Time::parse(printed(details, "backupsAvailableFromDateTime")?))
}

/// A word of an object, also of one that PowerShell printed.
fn field<'v>(object: Json<'v>, key: &str) -> Option<Cow<'v, str>> {
    object
        .at(key)
        .word()
        .or_else(|| printed(object, key).map(|text| Cow::Owned(text.to_ascii_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    const FULL: &str = r#"{"type": "Microsoft.BusinessAppPlatform/scopes/environments", "name": "Default-00000000-0000-0000-0000-0000000000AA", "properties": {
        "displayName": "Contoso", "description": "", "azureRegion": "westeurope", "environmentSku": "Production",
        "createdTime": "2026-01-02T03:04:05Z", "createdBy": {"id": "SYSTEM", "displayName": "SYSTEM", "type": "NotSpecified"},
        "linkedEnvironmentMetadata": {"resourceId": "O1", "instanceApiUrl": "https://Contoso.api.crm4.dynamics.com/",
            "securityGroupId": "00000000-0000-0000-0000-000000000000"},
        "retentionPeriod": "P28D", "protectionStatus": {"keyManagedBy": "Customer"},
        "states": {"management": {"id": "Ready"}, "runtime": {"id": "Enabled"}},
        "enterprisePolicies": {"vnets": {"linkStatus": "Linked"}},
        "governanceConfiguration": {"protectionLevel": "Standard",
            "settings": {"extendedSettings": {"solutionCheckerMode": "Warn", "makerOnboardingUrl": "https://contoso.example/hello"}}}}}"#;

    #[test]
    fn a_full_record_tells_what_is_missing() {
        assert_eq!(
            rows(&TABLE, "bap.environments", FULL),
            [
                "environment_id=default-00000000-0000-0000-0000-0000000000aa, display_name=Contoso, description=, sku=production, \
              is_default=true, is_deleted=false, region=westeurope, created_at=2026-01-02T03:04:05Z, created_by=system, \
              created_by_type=system, has_dataverse=true, instance_url=https://contoso.api.crm4.dynamics.com, organization_id=o1, \
              security_group_id=, group_id=, protection_level=standard, solution_checker_mode=warn, has_maker_welcome=true, \
              disaster_recovery=disabled, network_injected=true, customer_managed_key=true, backup_retention_days=28"
            ]
        );
    }

    #[test]
    fn a_record_that_was_cut_leaves_open_what_it_does_not_say() {
        let cut = r#"{"type": "Microsoft.BusinessAppPlatform/scopes/environments", "name": "e1", "properties": {"environmentSku": "Sandbox", "createdTime": "2026-01-02T03:04:05Z",
            "createdBy": "@{id=SYSTEM; displayName=SYSTEM; type=NotSpecified}", "states": "@{management=; runtime=}",
            "governanceConfiguration": "@{protectionLevel=Basic}", "retentionPeriod": 7}}"#;
        assert_eq!(
            rows(&TABLE, "bap.environments", cut),
            [
                "environment_id=e1, sku=sandbox, is_default=false, is_deleted=false, created_at=2026-01-02T03:04:05Z, \
              created_by=system, created_by_type=system, protection_level=basic, backup_retention_days=7"
            ]
        );
    }

    #[test]
    fn a_maker_s_list_does_not_say_what_is_missing() {
        let maker = FULL
            .replace("BusinessAppPlatform/scopes", "PowerApps")
            .replace(r#""enterprisePolicies""#, r#""other""#);
        let row = rows(&TABLE, "bap.environments", &maker).remove(0);
        assert!(!row.contains(" group_id="), "{row}");
        assert!(!row.contains("network_injected") && !row.contains("disaster_recovery"), "{row}");
    }

    #[test]
    fn the_inventory_maps_its_own_words() {
        let row = r#"{"type": "microsoft.powerplatform/environments", "name": "E2", "location": "europe", "properties": {
            "environmentType": "Dataverse for Teams", "isManaged": false, "createdAt": "2026-01-02T03:04:05Z",
            "createdBy": "00000000-0000-0000-0000-000000000000", "environmentGroupId": ""}}"#;
        assert_eq!(
            rows(&TABLE, "inventory.query", row),
            [
                "environment_id=e2, sku=teams, is_default=false, is_deleted=false, region=europe, created_at=2026-01-02T03:04:05Z, \
              created_by=system, created_by_type=system, group_id=, protection_level=basic"
            ]
        );
        assert!(
            rows(
                &TABLE,
                "inventory.query",
                r#"{"type": "microsoft.powerapps/canvasapps", "name": "a1"}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn powershell_tells_dataverse_by_the_database_type() {
        let text = r#"{"EnvironmentName": "E3", "EnvironmentType": "Trial", "CreatedTime": "2026-01-02T03:04:05Z", "IsDefault": "False",
            "CommonDataServiceDatabaseProvisioningState": "Succeeded", "CommonDataServiceDatabaseType": "None",
            "CreatedBy": {"id": "U1", "type": "User"}, "RetentionPeriod": [7]}"#;
        assert_eq!(
            rows(&TABLE, "powershell.environments", text),
            [
                "environment_id=e3, sku=trial, is_default=false, is_deleted=false, created_at=2026-01-02T03:04:05Z, created_by=u1, \
              created_by_type=user, has_dataverse=false"
            ]
        );
    }
}
