//! Hosts: which environment answers at which Dataverse address.
//!
//! Built from the environments of the whole import before anything else is read. An address that two
//! environments claim belongs to none.

use std::collections::{BTreeMap, BTreeSet};

use highwater_snapshot::Json;

/// Environment ids by host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hosts {
    environments: BTreeMap<String, BTreeSet<String>>,
}

impl Hosts {
    /// The columns of a sheet that are asked for.
    pub(crate) const COLUMNS: &[&str] = &[
        "admin_environmentname",
        "EnvironmentId",
        "name",
        "EnvironmentUrl",
        "dataverseInstanceUrl",
        "admin_environmentcdsinstanceurl",
        "cdsInstanceUrl",
    ];

    /// Notes the addresses that a record tells of an environment.
    pub(crate) fn learn(&mut self, record: Json<'_>) {
        let internal = record.key("Internal");
        let record = if internal.key("properties").is_object() { internal } else { record };
        let link = record.at("properties.linkedEnvironmentMetadata");
        let urls = [
            link.key("instanceApiUrl"),
            link.key("instanceUrl"),
            record.key("EnvironmentUrl"),
            record.key("dataverseInstanceUrl"),
            record.key("admin_environmentcdsinstanceurl"),
            record.key("cdsInstanceUrl"),
        ];
        // Most records tell no address.
        if !urls.iter().any(|url| url.is_told()) {
            return;
        }
        let ids = [
            record.key("admin_environmentname"),
            record.key("EnvironmentId"),
            record.key("environmentId"),
            record.key("name"),
        ];
        let Some(id) = ids.into_iter().find_map(Json::id) else { return };
        for host in urls.into_iter().filter_map(|url| host(&url.id()?)) {
            self.environments.entry(host).or_default().insert(id.clone().into_owned());
        }
    }

    /// The one environment that answers at a host.
    pub(crate) fn environment(&self, host: &str) -> Option<&str> {
        let environments = self.environments.get(&bare(host))?;
        let mut environments = environments.iter();
        match (environments.next(), environments.next()) {
            (Some(environment), None) => Some(environment),
            _ => None,
        }
    }
}

fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    rest.split(['/', ':']).next().filter(|host| !host.is_empty()).map(bare)
}

/// The host without the label of its programming interface: `org.api.crm4…` and `org.crm4…` are one.
fn bare(host: &str) -> String {
    host.to_lowercase().replacen(".api.", ".", 1)
}

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;

    fn learned(texts: &[&str]) -> Hosts {
        let mut hosts = Hosts::default();
        for text in texts {
            let value: Value<'_> = serde_json::from_str(text).unwrap();
            hosts.learn(Json::new(&value));
        }
        hosts
    }

    #[test]
    fn both_addresses_lead_to_the_environment() {
        let hosts = learned(&[
            r#"{"name": "E1", "properties": {"linkedEnvironmentMetadata": {"instanceApiUrl": "https://Org1.api.crm4.dynamics.com/"}}}"#,
            r#"{"EnvironmentId": "e2", "EnvironmentUrl": "https://org2.crm.dynamics.com/"}"#,
        ]);
        assert_eq!(hosts.environment("org1.crm4.dynamics.com"), Some("e1"));
        assert_eq!(hosts.environment("org2.api.crm.dynamics.com"), Some("e2"));
        assert_eq!(hosts.environment("org3.crm.dynamics.com"), None);
    }

    #[test]
    fn an_address_of_two_environments_is_of_none() {
        let two = r#"{"EnvironmentId": "e3", "EnvironmentUrl": "https://org2.crm.dynamics.com"}"#;
        let hosts = learned(&[two, &two.replace("e3", "e4")]);
        assert_eq!(hosts.environment("org2.crm.dynamics.com"), None);
    }
}
