//! `conditional_access_policies`: one row per policy.
//!
//! A row is a conditional access policy:
//! <https://learn.microsoft.com/graph/api/resources/conditionalaccesspolicy>. ScubaGear's export holds the same
//! objects with PascalCase keys and `/Date(ms)/` moments.
//! Whether the Office 365 application group contains Power Platform services is UNVERIFIED, and a filter over
//! applications cannot be resolved here: both leave `targets_power_platform` unknown. Report-only policies are
//! kept as `report_only`: a plan, not a control.
//! Traps: nearly every branch may be null or an empty list; `locations` that include all and exclude none are no
//! condition.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Access conditions.
pub(crate) static TABLE: Table = Table {
    name: "conditional_access_policies",
    grain: "one row per policy",
    about: "access conditions",
    scope: Scope::Tenant,
    key: &["policy_id"],
    columns: &[
        Column::text("policy_id").required().business(),
        Column::text("display_name").business(),
        Column::text("state").required().about("enabled, disabled, report_only"),
        Column::bool("targets_power_platform").about("a Power Platform application id, or All without excluding them, or Office365 (UNVERIFIED member); applicationFilter = null"),
        Column::bool("all_users"),
        Column::bool("has_user_scope"),
        Column::bool("has_device_condition"),
        Column::bool("has_location_condition"),
        Column::list("grant_controls"),
        Column::bool("blocks"),
    ],
    readings: &[Reading { source: "graph.conditional_access", read: policy }],
    complete: &[&["graph.conditional_access"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    let conditions = record.at("conditions");
    // Named locations are read by the same source; they have neither state nor conditions.
    if !conditions.is_present() && !record.at("state").is_present() {
        return;
    }
    let (users, controls) = (conditions.at("users"), controls(record));
    rows.push([
        cell("policy_id", record.at("id").id()),
        cell("display_name", record.at("displayName").filled()),
        cell("state", state(record)),
        cell("targets_power_platform", targets(conditions.at("applications"))),
        cell("all_users", users.is_object().then(|| holds(users.at("includeUsers"), "all"))),
        cell("has_user_scope", users.is_object().then(|| has_user_scope(users))),
        cell(
            "has_device_condition",
            conditions.is_object().then(|| has_device(conditions, controls.as_deref())),
        ),
        cell("has_location_condition", conditions.is_object().then(|| has_location(conditions))),
        cell(
            "blocks",
            controls.as_ref().map(|controls| controls.iter().any(|control| control == "block")),
        ),
        cell("grant_controls", controls),
    ]);
}

/// Services behind Power Apps and Power Automate; a policy that covers neither does not target the platform.
const CORE: [&str; 2] =
    ["7df0a125-d3be-4c96-aa54-591f83ff541c", "475226c6-020e-4fb2-8a90-7a972cbfc1d4"];

/// Further applications of the platform: Dataverse, its admin centre, Power Apps, its API.
const FURTHER: [&str; 4] = [
    "00000007-0000-0000-c000-000000000000",
    "065d9450-1e87-434e-ac2f-69af271549ed",
    "4e291c71-d680-4d0e-9640-0a3358e31177",
    "8578e004-a5c6-46e7-913e-12f58912df43",
];

fn state<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    record.at("state").word().map(|state| match &*state {
        "enabledforreportingbutnotenforced" => Cow::Borrowed("report_only"),
        _ => state,
    })
}

fn targets(applications: Json<'_>) -> Option<bool> {
    if !applications.is_object() {
        return None;
    }
    let (include, exclude) =
        (applications.at("includeApplications"), applications.at("excludeApplications"));
    let excluded = |id: &&str| holds(exclude, id);
    let named = CORE.iter().chain(&FURTHER).any(|id| holds(include, id) && !excluded(id));
    if named {
        return Some(true);
    }
    let filtered = applications.at("applicationFilter").is_told();
    if holds(include, "all") {
        return match CORE.iter().filter(|id| excluded(id)).count() {
            0 if filtered || holds(exclude, "office365") => None,
            0 => Some(true),
            count => (count == CORE.len()).then_some(false),
        };
    }
    if filtered || holds(include, "office365") { None } else { Some(false) }
}

fn has_user_scope(users: Json<'_>) -> bool {
    let lists = ["includeGroups", "excludeGroups", "includeRoles", "excludeRoles"];
    let named = |list: Json<'_>| {
        list.items()
            .filter_map(Json::word)
            .any(|word| !["all", "none", "guestsorexternalusers"].contains(&&*word))
    };
    lists.iter().any(|list| users.at(list).len() > Some(0))
        || named(users.at("includeUsers"))
        || named(users.at("excludeUsers"))
}

fn has_device(conditions: Json<'_>, controls: Option<&[String]>) -> bool {
    let platforms = conditions.at("platforms");
    conditions.at("devices.deviceFilter").is_told()
        || ["includePlatforms", "excludePlatforms"]
            .iter()
            .any(|list| platforms.at(list).len() > Some(0))
        || controls.is_some_and(|controls| {
            controls
                .iter()
                .any(|control| control == "compliantdevice" || control == "domainjoineddevice")
        })
}

fn has_location(conditions: Json<'_>) -> bool {
    let (include, exclude) =
        (conditions.at("locations.includeLocations"), conditions.at("locations.excludeLocations"));
    let anywhere = include.len() == Some(1) && holds(include, "all");
    exclude.len() > Some(0)
        || (include.len() > Some(0) && !anywhere)
        || ["signInRiskLevels", "userRiskLevels"]
            .iter()
            .any(|list| conditions.at(list).len() > Some(0))
}

/// The grant controls; a policy may have none and only limit sessions.
fn controls(record: &Record<'_>) -> Option<Vec<String>> {
    let grant = record.at("grantControls");
    if grant.is_null() {
        return Some(Vec::new());
    }
    let list = grant.at("builtInControls");
    let mut controls: Vec<String> = list
        .is_array()
        .then(|| list.items().filter_map(Json::word).map(Cow::into_owned).collect())?;
    if grant.at("authenticationStrength").is_object() {
        controls.push("authenticationstrength".to_owned());
    }
    Some(controls)
}

fn holds(list: Json<'_>, word: &str) -> bool {
    list.items().any(|item| item.word().as_deref() == Some(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn a_full_policy() {
        let policy = r#"{"id": "P1", "displayName": "Makers", "state": "enabledForReportingButNotEnforced",
            "conditions": {"applications": {"includeApplications": ["7DF0A125-d3be-4c96-aa54-591f83ff541c"], "excludeApplications": []},
                "users": {"includeUsers": [], "includeGroups": ["g1"], "excludeUsers": []},
                "platforms": null, "devices": null, "signInRiskLevels": ["high"],
                "locations": {"includeLocations": ["All"], "excludeLocations": []}},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"], "authenticationStrength": null}}"#;
        assert_eq!(
            rows(&TABLE, "graph.conditional_access", policy),
            [
                "policy_id=p1, display_name=Makers, state=report_only, targets_power_platform=true, all_users=false, has_user_scope=true, \
              has_device_condition=true, has_location_condition=true, grant_controls=[\"mfa\", \"compliantdevice\"], blocks=false"
            ]
        );
    }

    #[test]
    fn exports_in_pascal_case_and_session_policies() {
        let policy = r#"{"Id": "P2", "State": "enabled", "GrantControls": null, "Conditions": {"Applications":
            {"IncludeApplications": ["All"], "ExcludeApplications": [], "ApplicationFilter": null},
            "Users": {"IncludeUsers": ["All"]}, "Platforms": null, "Locations": null}}"#;
        assert_eq!(
            rows(&TABLE, "graph.conditional_access", policy),
            [
                "policy_id=p2, state=enabled, targets_power_platform=true, all_users=true, has_user_scope=false, \
              has_device_condition=false, has_location_condition=false, grant_controls=[], blocks=false"
            ]
        );
    }

    #[test]
    fn what_cannot_be_resolved_is_not_told() {
        let targets = |applications: &str| {
            let text = format!(
                r#"{{"id": "p", "state": "enabled", "conditions": {{"applications": {applications}}}}}"#
            );
            rows(&TABLE, "graph.conditional_access", &text)[0]
                .contains("targets_power_platform=")
                .then(|| {
                    rows(&TABLE, "graph.conditional_access", &text)[0]
                        .contains("targets_power_platform=true")
                })
        };
        assert_eq!(targets(r#"{"includeApplications": ["Office365"]}"#), None);
        assert_eq!(
            targets(
                r#"{"includeApplications": ["All"], "excludeApplications": ["475226c6-020e-4fb2-8a90-7a972cbfc1d4"]}"#
            ),
            None
        );
        assert_eq!(targets(r#"{"includeApplications": ["None"]}"#), Some(false));
        assert_eq!(targets("7"), None);
        let location = r#"{"id": "L1", "displayName": "Berlin", "isTrusted": true}"#;
        assert!(rows(&TABLE, "graph.conditional_access", location).is_empty());
    }
}
