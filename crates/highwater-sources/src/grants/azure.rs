//! Needs of Azure.
//!
//! Pages: <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles>. Roles are assigned at the
//! management group that is audited, or lower. None of them reads the value of a secret.

use super::right::{ADMINISTRATOR, azure, directory};
use super::{Need, Ways, both};

const READER: Ways = &[&[azure("Reader")]];

pub(super) const NEEDS: &[Need] = &[
    both("arg.subscriptions", "Reader at the audited management group", READER),
    both("arg.resources", "Reader", READER),
    both("arg.nsg_rules", "Reader", READER),
    both("arg.insights", "Reader", READER),
    both("arg.recovery", "Reader", READER),
    both("arg.security", "Security Reader", &[&[azure("Security Reader")], &[azure("Reader")]]),
    both("arm.key_vault_secrets", "Reader", READER),
    both(
        "kv.secrets",
        "Key Vault Reader or access policy secrets:list",
        &[&[azure("Key Vault Reader")]],
    ),
    both("arm.event_subscriptions", "Reader", READER),
    both("arm.diagnostic_settings", "Reader", READER),
    both(
        "arm.sentinel",
        "Microsoft Sentinel Reader or Reader",
        &[&[azure("Microsoft Sentinel Reader")], &[azure("Reader")]],
    ),
    both("la.freshness", "Log Analytics Reader", &[&[azure("Log Analytics Reader")]]),
    Need {
        source: "arg.power_platform",
        words: "Power Platform Administrator or Global Reader",
        application: &[],
        delegated: &[&[directory("Global Reader")], &[ADMINISTRATOR]],
    },
];
