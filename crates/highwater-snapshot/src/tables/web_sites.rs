//! `web_sites`: one row per web or function app.
//!
//! A row is a web application or a function application: <https://learn.microsoft.com/azure/templates/microsoft.web/sites>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. Deployment slots are left out.
//! The lists leave most of `siteConfig` null; then the TLS version is not told. `is_automation` follows from the
//! configured resource groups, or from custom connectors that call the default host name; a site with further
//! names may be called by one of those.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Endpoints used by automation.
pub(crate) static TABLE: Table = Table {
    name: "web_sites",
    grain: "one row per web or function app",
    about: "endpoints used by automation",
    scope: Scope::Subscription,
    key: &["site_id"],
    columns: &[
        Column::text("site_id").required().business(),
        Column::text("subscription_id").business(),
        Column::bool("https_only"),
        Column::text("min_tls").about("often null in Resource Graph"),
        Column::text("resource_group").business(),
        Column::text("host_name").business().about("the default host name"),
        Column::int("host_count").about("with the default one"),
        Column::bool("is_automation").business().derived(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.web/sites") {
        return;
    }
    let site = arm::properties(record.json);
    rows.push([
        cell("site_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("https_only", site.at("httpsOnly").flag()),
        cell("min_tls", site.at("siteConfig.minTlsVersion").word()),
        cell("resource_group", arm::resource_group(record)),
        cell("host_name", site.at("defaultHostName").word()),
        cell("host_count", site.at("hostNames").len()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn sites_and_slots() {
        let site = r#"{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Web/sites/f", "type": "Microsoft.Web/sites", "kind": "functionapp",
            "properties": {"httpsOnly": true, "defaultHostName": "F.azurewebsites.net", "hostNames": ["f.azurewebsites.net"], "siteConfig": {"minTlsVersion": null}}}"#;
        let row = "site_id=/subscriptions/s/resourcegroups/r/providers/microsoft.web/sites/f, subscription_id=s";
        assert_eq!(
            rows(&TABLE, "arg.resources", site),
            [format!(
                "{row}, https_only=true, resource_group=r, host_name=f.azurewebsites.net, host_count=1"
            )]
        );
        assert!(
            rows(&TABLE, "arg.resources", &site.replace("Web/sites\"", "Web/sites/slots\""))
                .is_empty()
        );
        let odd = r#"{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Web/sites/f", "properties": {"httpsOnly": 1}}"#;
        assert_eq!(rows(&TABLE, "arg.resources", odd), [format!("{row}, resource_group=r")]);
    }
}
