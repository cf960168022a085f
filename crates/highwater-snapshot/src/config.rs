//! Config: what only the organisation knows, as far as tables need it.
//!
//! Owns the `[lists]`, `[numbers]`, `[stages]` and `[organisations]` sections of the configuration file
//! and how patterns name environments. Reads no file: the command does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Lists by kind. A kind that is missing was not told; an empty list means "we have none".
pub type Lists = BTreeMap<String, Vec<String>>;

/// What the organisation told about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Ids, names or patterns by kind, such as `production_environment`.
    pub lists: Lists,
    /// Numbers by name, such as `audit_retention_days`.
    pub numbers: BTreeMap<String, f64>,
    /// Name patterns by stage: `dev`, `test`, `prod`.
    pub stages: BTreeMap<String, Vec<String>>,
    /// Organisations by system, or `"none"` for a system that is not used: `azure_devops`, `github`,
    /// `azure`, `intune`.
    pub organisations: BTreeMap<String, Organisations>,
}

/// The organisations of one system, or the statement that the system is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Organisations {
    /// `"none"`: the system is not used.
    Word(String),
    /// Names of organisations to read.
    Names(Vec<String>),
}

/// Kinds that may stand in `[lists]`.
pub(crate) const LIST_KINDS: &[&str] = &[
    "accepts_platform_encryption",
    "automation_resource_group",
    "automation_subscription",
    "automation_tag",
    "binding_standard",
    "capacity_alert",
    "central_pipelines_host",
    "central_template",
    "champions_group",
    "coe_group",
    "community_group",
    "excluded_environment",
    "kit_alm",
    "kit_core",
    "kit_governance",
    "kit_nurture",
    "kit_value",
    "production_environment",
    "professional_group",
    "report",
    "retained_environment",
    "role_admin",
    "role_maker",
    "role_reader",
];

/// Systems that may stand in `[organisations]`.
pub(crate) const SYSTEMS: &[&str] = &["azure", "azure_devops", "github", "intune"];

impl Config {
    /// Says what is wrong with the configuration, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        for kind in self.lists.keys() {
            if !LIST_KINDS.contains(&kind.as_str()) {
                return Err(format!(
                    "[lists] has no kind `{kind}`; the kinds are {}",
                    LIST_KINDS.join(", ")
                ));
            }
        }
        for stage in self.stages.keys() {
            if !["dev", "test", "prod"].contains(&stage.as_str()) {
                return Err(format!(
                    "[stages] has no stage `{stage}`; the stages are dev, test, prod"
                ));
            }
        }
        for (system, organisations) in &self.organisations {
            if !SYSTEMS.contains(&system.as_str()) {
                return Err(format!(
                    "[organisations] has no system `{system}`; the systems are {}",
                    SYSTEMS.join(", ")
                ));
            }
            if let Organisations::Word(word) = organisations
                && word != "none"
            {
                return Err(format!(
                    "[organisations] {system} = \"{word}\": give a list of names, or \"none\""
                ));
            }
        }
        Ok(())
    }

    /// Whether the organisation said that it does not use a system.
    pub(crate) fn is_unused(&self, system: &str) -> bool {
        matches!(self.organisations.get(system), Some(Organisations::Word(_)))
    }

    /// The organisations of a system that are to be read.
    pub(crate) fn organisations_of(&self, system: &str) -> &[String] {
        match self.organisations.get(system) {
            Some(Organisations::Names(names)) => names,
            _ => &[],
        }
    }

    /// Whether a list names something by id, name or pattern (`*` for any run of characters).
    pub(crate) fn names(&self, kind: &str, id: &str, name: &str) -> bool {
        self.lists
            .get(kind)
            .is_some_and(|list| list.iter().any(|entry| matches(entry, id) || matches(entry, name)))
    }

    /// The one stage whose patterns match a name; none where no stage or several match.
    pub(crate) fn stage(&self, name: &str) -> Option<&str> {
        let mut stages = self
            .stages
            .iter()
            .filter(|(_, patterns)| patterns.iter().any(|pattern| matches(pattern, name)));
        match (stages.next(), stages.next()) {
            (Some((stage, _)), None) => Some(stage),
            _ => None,
        }
    }
}

/// Whether `text` matches a pattern in which `*` stands for any run of characters; case is ignored.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.trim().to_lowercase(), text.trim().to_lowercase());
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        assert!(matches("prd-*", "PRD-Finance") && matches("*", "") && matches("a*b*c", "axxbyyc"));
        assert!(
            !matches("prd-*", "my-prd-1") && !matches("a*b", "acb2") && !matches("abc", "abcd")
        );
        assert!(!matches("ab*b", "ab"));
    }

    #[test]
    fn a_name_of_two_stages_has_none() {
        let mut config = Config::default();
        config.stages.insert("dev".into(), vec!["*dev*".into()]);
        config.stages.insert("prod".into(), vec!["*prod*".into()]);
        assert_eq!(config.stage("Finance Dev"), Some("dev"));
        assert_eq!(config.stage("dev to prod"), None);
        assert_eq!(config.stage("Finance"), None);
    }

    #[test]
    fn unknown_kinds_are_named_with_the_known_ones() {
        let config =
            Config { lists: [("coe_groups".to_owned(), vec![])].into(), ..Config::default() };
        let problem = config.check().unwrap_err();
        assert!(problem.contains("coe_groups") && problem.contains("coe_group,"), "{problem}");
    }
}
