//! Host: which service a host name belongs to, and whose tokens that service takes.
//!
//! Public cloud only: other clouds are reached with the same service names under other hosts, which a client configures.

/// A service of the simulated cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Entra,
    Bap,
    PowerApps,
    Flow,
    PpApi,
    PowerBi,
    Analytics,
    Dataverse,
    Graph,
    Arm,
    KeyVault,
    LogAnalytics,
    O365,
    AzureDevOps,
    GitHub,
}

const BY_NAME: [(&str, Service); 17] = [
    ("login.microsoftonline.com", Service::Entra),
    ("login.windows.net", Service::Entra),
    ("login.microsoft.com", Service::Entra),
    ("api.bap.microsoft.com", Service::Bap),
    ("api.powerapps.com", Service::PowerApps),
    ("api.flow.microsoft.com", Service::Flow),
    ("api.powerplatform.com", Service::PpApi),
    ("api.powerbi.com", Service::PowerBi),
    ("graph.microsoft.com", Service::Graph),
    ("management.azure.com", Service::Arm),
    ("api.loganalytics.azure.com", Service::LogAnalytics),
    ("api.loganalytics.io", Service::LogAnalytics),
    ("manage.office.com", Service::O365),
    ("dev.azure.com", Service::AzureDevOps),
    ("vsrm.dev.azure.com", Service::AzureDevOps),
    ("extmgmt.dev.azure.com", Service::AzureDevOps),
    ("api.github.com", Service::GitHub),
];

const BY_TAIL: [(&str, Service); 6] = [
    (".api.bap.microsoft.com", Service::Bap),
    (".api.powerapps.com", Service::PowerApps),
    (".api.flow.microsoft.com", Service::Flow),
    (".api.powerplatform.com", Service::PpApi),
    (".csanalytics.powerplatform.microsoft.com", Service::Analytics),
    (".vault.azure.net", Service::KeyVault),
];

/// The service that a host belongs to.
pub(crate) fn service(host: &str) -> Option<Service> {
    let named = BY_NAME.iter().find(|(name, _)| *name == host);
    let tailed = || {
        BY_TAIL
            .iter()
            .find(|(tail, _)| host.strip_suffix(tail).is_some_and(|head| !head.is_empty()))
    };
    named
        .or_else(tailed)
        .map(|(_, service)| *service)
        .or_else(|| is_dataverse(host).then_some(Service::Dataverse))
}

/// `org.crm4.dynamics.com` and `org.api.crm4.dynamics.com`.
fn is_dataverse(host: &str) -> bool {
    let Some(head) = host.strip_suffix(".dynamics.com") else { return false };
    let Some((organisation, region)) = head.rsplit_once('.') else { return false };
    !organisation.is_empty()
        && region
            .strip_prefix("crm")
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A Dataverse host without the `api` label that some of its addresses carry; other hosts as they are.
pub(crate) fn canonical(host: &str) -> String {
    let short = host.replacen(".api.crm", ".crm", 1);
    if is_dataverse(&short) { short } else { host.to_owned() }
}

impl Service {
    /// All services.
    pub(crate) const ALL: [Self; 15] = [
        Self::Entra,
        Self::Bap,
        Self::PowerApps,
        Self::Flow,
        Self::PpApi,
        Self::PowerBi,
        Self::Analytics,
        Self::Dataverse,
        Self::Graph,
        Self::Arm,
        Self::KeyVault,
        Self::LogAnalytics,
        Self::O365,
        Self::AzureDevOps,
        Self::GitHub,
    ];

    /// The name that settings, faults and counters use.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Bap => "bap",
            Self::PowerApps => "powerapps",
            Self::Flow => "flow",
            Self::PpApi => "ppapi",
            Self::PowerBi => "powerbi",
            Self::Analytics => "analytics",
            Self::Dataverse => "dataverse",
            Self::Graph => "graph",
            Self::Arm => "arm",
            Self::KeyVault => "keyvault",
            Self::LogAnalytics => "loganalytics",
            Self::O365 => "o365",
            Self::AzureDevOps => "azure_devops",
            Self::GitHub => "github",
        }
    }

    /// Audiences of tokens that the service takes, without scheme and slash. The audience of Azure Resource Manager
    /// is tolerated where shipped clients send it.
    pub(crate) const fn audiences(self) -> &'static [&'static str] {
        match self {
            Self::Bap | Self::PowerApps => &[
                "service.powerapps.com",
                "api.bap.microsoft.com",
                "475226c6-020e-4fb2-8a90-7a972cbfc1d4",
                "management.azure.com",
            ],
            Self::Flow => &[
                "service.flow.microsoft.com",
                "service.powerapps.com",
                "7df0a125-d3be-4c96-aa54-591f83ff541c",
                "management.azure.com",
            ],
            Self::PpApi => &["api.powerplatform.com", "8578e004-a5c6-46e7-913e-12f58912df43"],
            Self::PowerBi => &["analysis.windows.net/powerbi/api"],
            Self::Analytics => &["adminanalytics.powerplatform.microsoft.com"],
            Self::Graph => &["graph.microsoft.com", "00000003-0000-0000-c000-000000000000"],
            Self::Arm => &["management.azure.com", "management.core.windows.net"],
            Self::KeyVault => &["vault.azure.net"],
            Self::LogAnalytics => &["api.loganalytics.azure.com", "api.loganalytics.io"],
            Self::O365 => &["manage.office.com"],
            Self::AzureDevOps => &["499b84ac-1321-427f-aa17-267ca6975798"],
            Self::Entra | Self::Dataverse | Self::GitHub => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_belong_to_services() {
        assert_eq!(service("api.bap.microsoft.com"), Some(Service::Bap));
        assert_eq!(service("org1.api.crm4.dynamics.com"), Some(Service::Dataverse));
        assert_eq!(service("org1.crm.dynamics.com"), Some(Service::Dataverse));
        assert_eq!(service("0123.ab.tenant.api.powerplatform.com"), Some(Service::PpApi));
        assert_eq!(service("kv.vault.azure.net"), Some(Service::KeyVault));
        assert_eq!(service(".vault.azure.net"), None);
        assert_eq!(service("crm4.dynamics.com"), None);
        assert_eq!(service("evil.example"), None);
    }

    #[test]
    fn an_organisation_has_one_canonical_host() {
        assert_eq!(canonical("org1.api.crm4.dynamics.com"), "org1.crm4.dynamics.com");
        assert_eq!(canonical("org1.crm4.dynamics.com"), "org1.crm4.dynamics.com");
        assert_eq!(canonical("europe.api.bap.microsoft.com"), "europe.api.bap.microsoft.com");
    }
}
