//! Choice: which of several sources of the same evidence is asked, for each kind of identity.
//!
//! The first that answers is enough; where it is refused the next is asked. What is not here is asked beside all
//! others.

use crate::source::{Identity, Source};

/// Sources of the same evidence, best first.
struct Choice {
    application: &'static [&'static str],
    delegated: &'static [&'static str],
}

const CHOICES: &[Choice] = &[
    // Rules of environment groups: the tenant's own host has the values, the newer service only names.
    Choice {
        application: &["gov.group_rulesets", "ppapi.group_rules"],
        delegated: &["gov.group_rulesets", "ppapi.group_rules"],
    },
    // Cloud flows of an environment: the older service lists those outside Dataverse too, but is made for people.
    Choice {
        application: &["ppapi.cloud_flows", "flow.admin_flows"],
        delegated: &["flow.admin_flows", "ppapi.cloud_flows"],
    },
    // Runs of a flow.
    Choice {
        application: &["ppapi.flow_runs", "flow.runs"],
        delegated: &["flow.runs", "ppapi.flow_runs"],
    },
    // The inventory of a tenant, which answers people only.
    Choice { application: &[], delegated: &["inventory.query", "arg.power_platform"] },
    // Secrets of a vault: their names without access to the vault, or from the vault itself.
    Choice {
        application: &["arm.key_vault_secrets", "kv.secrets"],
        delegated: &["arm.key_vault_secrets", "kv.secrets"],
    },
];

/// Sources that are asked one after the other until one answers.
pub(crate) type Group = Vec<&'static Source>;

/// Puts sources that offer the same evidence into one group, best first; others stay alone. The order of the groups
/// is that of the sources.
pub(crate) fn groups(sources: &[&'static Source], identity: Identity) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut taken: Vec<&str> = Vec::new();
    for source in sources {
        if taken.contains(&source.id) {
            continue;
        }
        let ids = CHOICES
            .iter()
            .map(|choice| match identity {
                Identity::Application => choice.application,
                Identity::Delegated => choice.delegated,
            })
            .find(|ids| ids.contains(&source.id));
        let group: Group = match ids {
            None => vec![source],
            Some(ids) => ids
                .iter()
                .filter_map(|id| sources.iter().copied().find(|source| source.id == *id))
                .collect(),
        };
        taken.extend(group.iter().map(|source| source.id));
        groups.push(group);
    }
    groups
}

/// Whether the answer of one source makes another of the same evidence needless.
pub(crate) fn is_alternative(one: &str, other: &str, identity: Identity) -> bool {
    CHOICES.iter().any(|choice| {
        let ids = match identity {
            Identity::Application => choice.application,
            Identity::Delegated => choice.delegated,
        };
        one != other && ids.contains(&one) && ids.contains(&other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first_for_each_kind_of_identity() {
        let all: Vec<&'static Source> = crate::sources().collect();
        let first = |identity, id: &str| {
            let groups = groups(&all, identity);
            let group = groups
                .into_iter()
                .find(|group| group.iter().any(|source| source.id == id))
                .unwrap();
            group.into_iter().map(|source| source.id).collect::<Vec<_>>()
        };
        assert_eq!(first(Identity::Application, "flow.runs"), ["ppapi.flow_runs", "flow.runs"]);
        assert_eq!(first(Identity::Delegated, "flow.runs"), ["flow.runs", "ppapi.flow_runs"]);
        assert_eq!(first(Identity::Application, "bap.tenant"), ["bap.tenant"]);
    }

    #[test]
    fn every_source_is_in_one_group() {
        for identity in [Identity::Application, Identity::Delegated] {
            let all: Vec<&'static Source> = crate::sources().collect();
            let grouped: Vec<&str> =
                groups(&all, identity).into_iter().flatten().map(|source| source.id).collect();
            let unique: std::collections::BTreeSet<&&str> = grouped.iter().collect();
            assert_eq!((grouped.len(), unique.len()), (all.len(), all.len()));
        }
    }
}
