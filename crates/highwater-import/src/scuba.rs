//! Scuba: the provider export of ScubaGear, which holds answers of several requests.
//!
//! Splits an export into its answers. A list counts as read to its end only when the export says that
//! its command succeeded; a command that failed leaves an empty list behind, which proves nothing.

use highwater_snapshot::{Json, Value};

/// One answer inside an export.
#[derive(Debug)]
pub(crate) struct Section<'v> {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    pub(crate) value: &'v Value<'v>,
    pub(crate) told: Told,
}

/// What the export says of the command behind an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Succeeded,
    Failed,
    Nothing,
}

/// Answers that tables read: key, source and the commands of both generations.
const SECTIONS: [(&str, &str, &[&str]); 6] = [
    (
        "environment_creation",
        "bap.tenant_settings",
        &["get-tenantsettings", "get-powerplatformtenantsettingsrest"],
    ),
    (
        "environment_list",
        "powershell.environments",
        &["get-adminpowerappenvironment", "get-powerplatformenvironmentsrest"],
    ),
    ("dlp_policies", "gov.dlp_list", &["get-dlppolicy", "get-powerplatformdlppoliciesrest"]),
    (
        "tenant_isolation",
        "gov.tenant_isolation",
        &["get-powerapptenantisolationpolicy", "get-powerplatformtenantisolationrest"],
    ),
    ("license_information", "graph.skus", &["get-mgbetasubscribedsku", "get-mgsubscribedsku"]),
    (
        "conditional_access_policies",
        "graph.conditional_access",
        &["get-mgbetaidentityconditionalaccesspolicy", "get-mgidentityconditionalaccesspolicy"],
    ),
];

/// The provider export in a document: the document itself, or the `Raw` part of the results.
pub(crate) fn export<'v>(document: Json<'v>) -> Option<Json<'v>> {
    let raw = document.key("Raw");
    let export = if raw.is_object() { raw } else { document };
    let header = export.key("module_version").is_told() && export.key("timestamp_zulu").is_told();
    let only_sections = || {
        let mut keys = export.entries().peekable();
        keys.peek().is_some() && keys.all(|(key, value)| value.is_array() && is_section(key))
    };
    (header || only_sections()).then_some(export)
}

/// The answers of an export, and how many others it holds that no table needs.
pub(crate) fn sections<'v>(export: Json<'v>) -> (Vec<Section<'v>>, usize) {
    let (good, bad) =
        (commands(export, "_successful_commands"), commands(export, "_unsuccessful_commands"));
    let mut sections = Vec::new();
    for (name, source, wanted) in SECTIONS {
        let Some(value) = export.key(name).value() else { continue };
        let among =
            |list: &[String]| wanted.iter().any(|command| list.iter().any(|told| told == command));
        let told = match (among(&bad), among(&good)) {
            (true, _) => Told::Failed,
            (false, true) => Told::Succeeded,
            (false, false) => Told::Nothing,
        };
        sections.push(Section { name, source, value, told });
    }
    let all = export.entries().filter(|(_, value)| value.is_array() || value.is_object()).count();
    let lists = export.entries().filter(|(key, _)| key.ends_with("_commands")).count();
    (sections.into_iter().collect(), all.saturating_sub(lists).saturating_sub(known(export)))
}

fn known(export: Json<'_>) -> usize {
    SECTIONS.iter().filter(|(name, ..)| export.key(name).is_present()).count()
}

fn is_section(key: &str) -> bool {
    const OTHERS: [&str; 2] = ["authorization_policies", "service_plans"];
    SECTIONS.iter().any(|(name, ..)| *name == key) || OTHERS.contains(&key)
}

fn commands(export: Json<'_>, suffix: &str) -> Vec<String> {
    let exact = |key: &str| {
        key.ends_with(suffix)
            && (suffix != "_successful_commands" || !key.ends_with("_unsuccessful_commands"))
    };
    export
        .entries()
        .filter(|(key, _)| exact(key))
        .flat_map(|(_, list)| {
            list.items().filter_map(|command| command.word().map(std::borrow::Cow::into_owned))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_that_succeeded_prove_anything() {
        let text = r#"{"module_version": "1.7.0", "timestamp_zulu": "2026-01-02T03:04:05Z", "environment_list": [], "dlp_policies": [],
            "tenant_isolation": [], "teams_meetings": [], "powerplatform_successful_commands": ["Get-AdminPowerAppEnvironment"],
            "powerplatform_unsuccessful_commands": ["Get-DlpPolicy"]}"#;
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        let (sections, others) = sections(export(Json::new(&value)).unwrap());
        let told: Vec<_> = sections.iter().map(|section| (section.name, section.told)).collect();
        let wanted = [
            ("environment_list", Told::Succeeded),
            ("dlp_policies", Told::Failed),
            ("tenant_isolation", Told::Nothing),
        ];
        assert_eq!((told.as_slice(), others), (wanted.as_slice(), 1));
    }

    #[test]
    fn results_carry_the_export_inside() {
        let text = r#"{"MetaData": {}, "Results": {}, "Raw": {"module_version": "1", "timestamp_zulu": "x", "environment_list": []}}"#;
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        assert!(export(Json::new(&value)).unwrap().key("environment_list").is_array());
        let other: Value<'_> = serde_json::from_str("{\"value\": []}").unwrap();
        assert!(export(Json::new(&other)).is_none());
    }
}
