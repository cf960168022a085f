//! Hosts: which addresses may be read with tokens of which audience.
//!
//! Guarantees that an address outside the list is never let in: patterns and addresses are judged by
//! [`highwater_auth::host`]. Resolves no names.

use std::collections::BTreeMap;

use highwater_auth::Audience;
use highwater_auth::host::{fault, is_safe, matches};
use url::Url;

use crate::Error;

/// Audience of services whose tokens are for the very host that is read (Dataverse).
const OWN_ORIGIN: &str = "{origin}";

/// Host patterns by audience.
///
/// Patterns are those of [`highwater_auth::host`]. Patterns of the audience `{origin}` let every organisation be read with
/// tokens for itself and no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    by_audience: BTreeMap<Audience, Vec<String>>,
}

impl Hosts {
    /// No host at all.
    pub const fn new() -> Self {
        Self { by_audience: BTreeMap::new() }
    }

    /// Lets hosts of `pattern` be read with tokens of `audience`.
    ///
    /// # Errors
    /// [`Error::Pattern`] for a pattern that is none, or whose last two labels are not names.
    pub fn allow(&mut self, audience: &Audience, pattern: &str) -> Result<(), Error> {
        if let Some(reason) = fault(pattern) {
            return Err(Error::Pattern { pattern: pattern.to_owned(), reason });
        }
        self.by_audience.entry(audience.clone()).or_default().push(pattern.to_owned());
        Ok(())
    }

    /// Whether a token of `audience` may be sent to `url`.
    pub fn allows(&self, audience: &Audience, url: &Url) -> bool {
        is_safe(url) && (self.listed(audience, url) || self.is_own(audience, url))
    }

    fn listed(&self, audience: &Audience, url: &Url) -> bool {
        audience.as_str() != OWN_ORIGIN && self.any(audience, url)
    }

    fn is_own(&self, audience: &Audience, url: &Url) -> bool {
        let Ok(own) = Url::parse(audience.as_str()) else { return false };
        organisation(&own) == organisation(url) && self.any(&Audience::new(OWN_ORIGIN), url)
    }

    fn any(&self, audience: &Audience, url: &Url) -> bool {
        self.by_audience
            .get(audience)
            .is_some_and(|patterns| patterns.iter().any(|pattern| matches(pattern, url)))
    }
}

/// Scheme, host and port of a Dataverse organisation; `contoso.api.crm4…` and `contoso.crm4…` are one.
fn organisation(url: &Url) -> Option<(String, String, Option<u16>)> {
    let host = url.host_str()?;
    let host = match host.split_once(".api.") {
        Some((name, rest)) if !name.contains('.') => format!("{name}.{rest}"),
        _ => host.to_owned(),
    };
    Some((url.scheme().to_owned(), host, url.port_or_known_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let mut hosts = Hosts::new();
        let graph = Audience::new("https://graph.microsoft.com");
        hosts.allow(&graph, "graph.microsoft.com").unwrap();
        let arm = Audience::new("https://management.azure.com");
        hosts.allow(&arm, "management.azure.com").unwrap();
        let own = Audience::new(OWN_ORIGIN);
        hosts.allow(&own, "*.crm#.dynamics.com").unwrap();
        hosts.allow(&own, "*.api.crm#.dynamics.com").unwrap();
        hosts
    }

    fn allowed(audience: &str, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| hosts().allows(&Audience::new(audience), &url))
    }

    #[test]
    fn a_token_goes_to_hosts_of_its_audience_only() {
        let graph = "https://graph.microsoft.com";
        assert!(allowed(graph, "https://graph.microsoft.com/v1.0/users"));
        assert!(allowed(graph, "https://GRAPH.microsoft.com:443/v1.0/users"));
        for foreign in [
            "https://management.azure.com/",
            "http://graph.microsoft.com/",
            "https://graph.microsoft.com:8443/",
            "https://graph.microsoft.com.evil.example/",
            "https://graph.microsoft.com@evil.example/",
            "https://user@graph.microsoft.com/",
            "https://evil-graph.microsoft.com/",
            "https://graph.microsoft.com./",
            "ftp://graph.microsoft.com/",
        ] {
            assert!(!allowed(graph, foreign), "{foreign}");
        }
        assert!(!allowed("https://unknown.example", "https://unknown.example/"));
    }

    #[test]
    fn an_organisation_is_read_with_its_own_token() {
        let contoso = "https://contoso.crm4.dynamics.com";
        assert!(allowed(contoso, "https://contoso.crm4.dynamics.com/api/data/v9.2/roles"));
        assert!(allowed(contoso, "https://contoso.api.crm4.dynamics.com/api/data/v9.2/roles"));
        assert!(!allowed(contoso, "https://fabrikam.crm4.dynamics.com/"));
        assert!(!allowed(contoso, "https://contoso.crm5.dynamics.com/"));
        assert!(!allowed("https://evil.example", "https://evil.example/"));
        assert!(!allowed(OWN_ORIGIN, "https://contoso.crm4.dynamics.com/"));
    }

    #[test]
    fn patterns_that_would_let_in_too_much_are_refused() {
        let audience = Audience::new("a");
        for pattern in
            ["*", "*.com", "a.*.com", "", "A.example.com", "a..b", "x/y", "a b.example.com"]
        {
            assert!(Hosts::new().allow(&audience, pattern).is_err(), "{pattern}");
        }
        for pattern in
            ["localhost:1", "*.localhost:1", "127.0.0.1:1", "[::1]:1", "*.vault.azure.net"]
        {
            assert!(Hosts::new().allow(&audience, pattern).is_ok(), "{pattern}");
        }
    }
}
