//! Cloud: hosts and audiences of a Microsoft cloud, as data.
//!
//! Owns which host a service has, which audience its tokens are for and which hosts may see such a token. The data
//! stands in `config/clouds.toml`; a `[cloud.NAME]` table of the configuration replaces any part of it. Sends nothing.

use std::collections::BTreeMap;

use url::Url;

use crate::cloud_table::{CloudTable, built_in};
use crate::{Audience, Error, host};

/// Names of all services. A cloud may lack some of them.
pub const SERVICES: [&str; 15] = [
    "analytics",
    "arm",
    "azure_devops",
    "bap",
    "dataverse",
    "flow",
    "github",
    "governance",
    "graph",
    "keyvault",
    "loganalytics",
    "o365",
    "powerapps",
    "powerbi",
    "ppapi",
];

/// Audience of services whose tokens are for the organisation that is read (Dataverse).
const OWN_ORIGIN: &str = "{origin}";

/// One service of a cloud: where it is and whom its tokens are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Base address without a slash at the end; may hold parts in braces, see [`Service::base_with`].
    pub base: String,
    /// Audience of its tokens; `{origin}` where it is the origin that is read, see [`Service::audience_at`].
    pub audience: Audience,
    /// Host patterns that may be read with tokens of this audience (`*.crm#.dynamics.com`), that of `base` included.
    /// `*` is exactly one label, `#` any run of digits.
    pub hosts: Vec<String>,
}

/// A cloud: services by name (`bap`, `ppapi`, `powerapps`, `flow`, `graph`, `arm` …, see [`SERVICES`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Its name, as in `--cloud`.
    pub name: String,
    /// Where Entra is, without a slash at the end: `https://login.microsoftonline.com`.
    pub authority: String,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
}

impl Cloud {
    /// A cloud by its name: `public`, `gcc`, `gcc-high`, `dod` or `china`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for another name.
    pub fn named(name: &str) -> Result<Self, Error> {
        let mut clouds = built_in()?;
        let known: Vec<String> = clouds.keys().cloned().collect();
        let Some(table) = clouds.remove(name) else {
            return Err(Error::configuration(format!(
                "there is no cloud `{name}`: use one of {}, or describe it in a [cloud.{name}] table of highwater.toml",
                known.join(", ")
            )));
        };
        let empty =
            Self { name: name.to_owned(), authority: String::new(), services: BTreeMap::new() };
        table.applied_to(empty)
    }

    /// A cloud as the table `[cloud.NAME]` of `highwater.toml` describes it. What the table leaves out is taken from
    /// the built-in cloud that its key `like` names; without that key from the cloud of the same name, or `public`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for unknown keys and services, and for addresses that are neither https nor loopback.
    pub fn with_overrides(name: &str, table: &toml::Table) -> Result<Self, Error> {
        let at = |reason: String| {
            Error::configuration(format!("[cloud.{name}] in highwater.toml: {reason}"))
        };
        let table: CloudTable = table
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| at(error.message().to_owned()))?;
        let like = table.like.clone().unwrap_or_else(|| {
            if built_in().is_ok_and(|clouds| clouds.contains_key(name)) {
                name.to_owned()
            } else {
                "public".to_owned()
            }
        });
        let mut cloud = Self::named(&like).map_err(|error| at(error.to_string()))?;
        name.clone_into(&mut cloud.name);
        table.applied_to(cloud)
    }

    /// A service by name.
    ///
    /// # Errors
    /// [`Error::Configuration`] if this cloud has none of that name.
    pub fn service(&self, name: &str) -> Result<&Service, Error> {
        self.services.get(name).ok_or_else(|| {
            Error::configuration(format!(
                "cloud {0} has no known host for {name}: if it does, say where in [cloud.{0}.services.{name}] of highwater.toml",
                self.name
            ))
        })
    }

    /// Services that answer at `url`, each with the audience that its tokens have there, in the order of their names.
    /// Empty where no token of ours may go.
    pub fn services_at(&self, url: &Url) -> Vec<(&str, Audience)> {
        self.services
            .iter()
            .filter(|(_, service)| service.is_at(url))
            .map(|(name, service)| (name.as_str(), service.audience_at(url)))
            .collect()
    }

    /// Whether a token of `audience` may be sent to `url`.
    pub fn allows(&self, audience: &Audience, url: &Url) -> bool {
        self.services.values().any(|service| service.is_at(url) && service.accepts(audience, url))
    }
}

impl Service {
    /// The base address with its parts in braces filled: `[("vault", "kv-contoso")]`. Names that it does not have are
    /// passed over; a part that nobody fills stays as it is.
    pub fn base_with(&self, parts: &[(&str, &str)]) -> String {
        parts.iter().fold(self.base.clone(), |base, (name, value)| {
            base.replace(&format!("{{{name}}}"), value)
        })
    }

    /// The base address for one tenant, where the service has a host for each (`governance`).
    /// <https://learn.microsoft.com/power-platform/admin/programmability-authentication-v2>
    pub fn tenant_base(&self, tenant: &str) -> String {
        self.level_base("tenant", tenant)
    }

    /// The base address for one environment, where the service has a host for each (`governance`).
    pub fn environment_base(&self, environment: &str) -> String {
        self.level_base("environment", environment)
    }

    /// Audience of tokens for `url`: that of the service, or the origin of `url` where each has its own.
    pub fn audience_at(&self, url: &Url) -> Audience {
        if self.has_own_origins() {
            Audience::new(url.origin().ascii_serialization())
        } else {
            self.audience.clone()
        }
    }

    /// Whether `url` is an address of this service: https (http on loopback only) and a host on its list.
    pub fn is_at(&self, url: &Url) -> bool {
        host::is_safe(url) && self.hosts.iter().any(|pattern| host::matches(pattern, url))
    }

    fn accepts(&self, audience: &Audience, url: &Url) -> bool {
        if !self.has_own_origins() {
            return *audience == self.audience;
        }
        Url::parse(audience.as_str()).is_ok_and(|own| organisation(&own) == organisation(url))
    }

    fn has_own_origins(&self) -> bool {
        self.audience.as_str() == OWN_ORIGIN
    }

    fn level_base(&self, level: &str, id: &str) -> String {
        let id: String = id.chars().filter(|c| *c != '-').flat_map(char::to_lowercase).collect();
        let base = self.base.replace("{level}", level);
        [1, 2].iter().fold(base, |base, &n| {
            let at = id.char_indices().rev().nth(n - 1).map_or(0, |(at, _)| at);
            base.replace(&format!("{{id-{n}}}"), &format!("{}.{}", &id[..at], &id[at..]))
        })
    }
}

/// An organisation answers at `contoso.crm.…` and `contoso.api.crm.…`; tokens for the one are good at the other.
fn organisation(url: &Url) -> (String, Vec<String>, Option<u16>) {
    let mut labels: Vec<String> =
        url.host_str().unwrap_or_default().split('.').map(str::to_owned).collect();
    if labels.len() > 3 && labels[1] == "api" {
        labels.remove(1);
    }
    (url.scheme().to_owned(), labels, url.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn overridden(text: &str) -> Result<Cloud, Error> {
        Cloud::with_overrides("mine", &toml::from_str(text).unwrap())
    }

    #[test]
    fn all_five_clouds_can_be_read_and_have_the_services_they_must_have() {
        for name in ["public", "gcc", "gcc-high", "dod", "china"] {
            let cloud = Cloud::named(name).unwrap();
            assert!(cloud.authority.starts_with("https://login."), "{name}");
            for service in [
                "bap",
                "ppapi",
                "powerapps",
                "flow",
                "dataverse",
                "governance",
                "graph",
                "arm",
                "keyvault",
                "github",
            ] {
                let service = cloud.service(service).unwrap();
                assert!(service.base.starts_with("https://"), "{name} {}", service.base);
                assert!(!service.hosts.is_empty());
            }
        }
        for service in SERVICES {
            assert!(Cloud::named("public").unwrap().service(service).is_ok(), "{service}");
        }
        let error = Cloud::named("publik").unwrap_err().to_string();
        assert!(error.contains("gcc-high") && error.contains("[cloud.publik]"), "{error}");
    }

    #[test]
    fn a_service_that_a_cloud_lacks_is_said_to_lack() {
        let error = Cloud::named("china").unwrap().service("analytics").unwrap_err().to_string();
        assert!(error.contains("[cloud.china.services.analytics]"), "{error}");
    }

    #[test]
    fn every_service_may_be_read_where_its_base_address_says() {
        for name in ["public", "gcc", "gcc-high", "dod", "china"] {
            let cloud = Cloud::named(name).unwrap();
            for (service, at) in &cloud.services {
                let base = at
                    .base_with(&[
                        ("organisation", "contoso"),
                        ("n", "4"),
                        ("vault", "kv"),
                        ("region", "weu"),
                        ("level", "tenant"),
                    ])
                    .replace("{id-2}", "a.b")
                    .replace("{id-1}", "a.b");
                let base = url(&base);
                assert!(cloud.allows(&at.audience_at(&base), &base), "{name} {service} {base}");
                assert!(
                    cloud.services_at(&base).iter().any(|(name, _)| name == service),
                    "{name} {service}"
                );
            }
        }
    }

    #[test]
    fn a_token_goes_to_hosts_of_its_own_audience_only() {
        let cloud = Cloud::named("public").unwrap();
        let graph = &cloud.service("graph").unwrap().audience;
        assert!(cloud.allows(graph, &url("https://graph.microsoft.com/v1.0/users")));
        for elsewhere in [
            "https://management.azure.com/",
            "https://graph.microsoft.com.evil.example/",
            "https://evil.example/",
            "http://graph.microsoft.com/",
            "https://graph.microsoft.com:8443/",
            "https://graph.microsoft.com@evil.example/",
        ] {
            assert!(!cloud.allows(graph, &url(elsewhere)), "{elsewhere}");
        }
    }

    #[test]
    fn an_organisation_gets_tokens_of_its_own_alone() {
        let cloud = Cloud::named("public").unwrap();
        let contoso = url("https://contoso.crm4.dynamics.com/api/data/v9.2/");
        let audience = cloud.service("dataverse").unwrap().audience_at(&contoso);
        assert_eq!(audience.as_str(), "https://contoso.crm4.dynamics.com");
        assert!(cloud.allows(&audience, &contoso));
        assert!(
            cloud.allows(&audience, &url("https://contoso.api.crm4.dynamics.com/api/data/v9.2/"))
        );
        assert!(!cloud.allows(&audience, &url("https://fabrikam.crm4.dynamics.com/")));
        assert!(!cloud.allows(&audience, &url("https://contoso.crm.dynamics.com/")));
        assert_eq!(cloud.services_at(&contoso), [("dataverse", audience)]);
    }

    #[test]
    fn a_tenant_and_an_environment_have_hosts_of_their_own() {
        let public = Cloud::named("public").unwrap();
        let service = public.service("governance").unwrap();
        assert_eq!(
            service.tenant_base("00000000-0000-0000-0000-0000000001AB"),
            "https://000000000000000000000000000001.ab.tenant.api.powerplatform.com"
        );
        assert_eq!(
            service.environment_base("Default-00000000-0000-0000-0000-0000000001ab"),
            "https://default000000000000000000000000000001.ab.environment.api.powerplatform.com"
        );
        let china = Cloud::named("china").unwrap();
        assert_eq!(
            china.service("governance").unwrap().tenant_base("00000000-0000-0000-0000-0000000001ab"),
            "https://0000000000000000000000000000001a.b.tenant.api.powerplatform.partner.microsoftonline.cn"
                .replacen("0000000000000000000000000000001a", "000000000000000000000000000001a", 1)
        );
        let ppapi = &public.service("ppapi").unwrap().audience;
        assert!(
            public
                .allows(ppapi, &url(&service.tenant_base("00000000-0000-0000-0000-0000000001ab")))
        );
    }

    #[test]
    fn any_part_can_be_overridden() {
        let cloud = overridden(
            r#"
            like = "gcc"
            authority = "http://127.0.0.1:8080"
            services.graph = { base = "http://127.0.0.1:8081/graph/", audience = "urn:graph" }
            services.arm = { hosts = ["management.contoso.example"] }
            "#,
        )
        .unwrap();
        assert_eq!(cloud.name, "mine");
        assert_eq!(cloud.authority, "http://127.0.0.1:8080");
        let graph = cloud.service("graph").unwrap();
        assert_eq!(
            (graph.base.as_str(), graph.audience.as_str()),
            ("http://127.0.0.1:8081/graph", "urn:graph")
        );
        assert!(cloud.allows(&graph.audience, &url("http://127.0.0.1:8081/v1.0")));
        assert!(!cloud.allows(&graph.audience, &url("https://graph.microsoft.com/v1.0")));
        let arm = &cloud.service("arm").unwrap().audience;
        assert!(cloud.allows(arm, &url("https://management.contoso.example/")));
        assert!(cloud.allows(arm, &url("https://management.azure.com/")));
        assert_eq!(cloud.service("bap").unwrap().base, "https://gov.api.bap.microsoft.us");
    }

    #[test]
    fn a_table_of_the_name_of_a_cloud_changes_that_cloud() {
        let table = toml::from_str("services.graph = { audience = \"urn:graph\" }").unwrap();
        let cloud = Cloud::with_overrides("dod", &table).unwrap();
        assert_eq!(cloud.service("graph").unwrap().base, "https://dod-graph.microsoft.us");
        assert_eq!(cloud.service("graph").unwrap().audience.as_str(), "urn:graph");
    }

    #[test]
    fn what_cannot_be_meant_is_an_error_that_names_it() {
        for (text, part) in [
            ("autority = \"https://login.example\"", "autority"),
            ("like = \"publik\"", "publik"),
            ("authority = \"http://login.example\"", "loopback"),
            ("authority = \"login.example\"", "not an address"),
            ("services.grpah = { base = \"https://a.example\" }", "grpah"),
            ("services.graph = { bas = \"https://a.example\" }", "bas"),
            ("services.graph = { base = \"http://a.example\" }", "services.graph"),
            ("services.graph = { base = \"https://a.example?x=1\" }", "path"),
            ("services.graph = { hosts = [\"*.example\"] }", "*.example"),
            ("services.graph = { audience = \"a b\" }", "resource"),
            ("like = \"china\"\nservices.analytics = { audience = \"a\" }", "base"),
        ] {
            let error = overridden(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
