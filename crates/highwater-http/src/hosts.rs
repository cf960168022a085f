//! Hosts: which addresses may be read with tokens of which audience.
//!
//! Guarantees that an address outside the list is never let in: https only (http on loopback), no user name in it, the
//! port that is written, and a wildcard that stands for exactly one whole label. Resolves no names.

use std::collections::BTreeMap;

use highwater_auth::Audience;
use url::{Host, Url};

use crate::Error;

/// Audience of services whose tokens are for the very host that is read (Dataverse).
const OWN_ORIGIN: &str = "{origin}";

/// Host patterns by audience.
///
/// A pattern is a host name, with `*` for exactly one label and `#` at the end of a label for any run of digits, and a
/// port where it is not the one of the scheme: `*.crm#.dynamics.com`, `127.0.0.1:8443`. Patterns of the audience
/// `{origin}` let every organisation be read with tokens for itself and no other.
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

/// https, or http on this machine; and no user name, behind which a host can be hidden.
fn is_safe(url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn matches(pattern: &str, url: &Url) -> bool {
    let (name, port) = split_port(pattern);
    let wanted = port.or_else(|| if url.scheme() == "http" { Some(80) } else { Some(443) });
    url.port_or_known_default() == wanted
        && url.host_str().is_some_and(|host| same_labels(name, host))
}

fn same_labels(pattern: &str, host: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) =
        (pattern.split('.').collect(), host.split('.').collect());
    wanted.len() == given.len()
        && wanted.iter().zip(&given).all(|(wanted, given)| same_label(wanted, given))
}

fn same_label(wanted: &str, given: &str) -> bool {
    if wanted == "*" {
        return !given.is_empty();
    }
    match wanted.strip_suffix('#') {
        Some(name) => given
            .strip_prefix(name)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())),
        None => wanted == given,
    }
}

fn split_port(pattern: &str) -> (&str, Option<u16>) {
    match pattern.rsplit_once(':') {
        Some((name, port)) => port.parse().map_or((pattern, None), |port| (name, Some(port))),
        None => (pattern, None),
    }
}

/// What is wrong with a pattern, if something is.
fn fault(pattern: &str) -> Option<String> {
    let (name, _) = split_port(pattern);
    if name.starts_with('[') {
        return Url::parse(&format!("https://{pattern}/")).err().map(|error| error.to_string());
    }
    let labels: Vec<&str> = name.split('.').collect();
    if let Some(label) = labels.iter().find(|label| !is_label(label)) {
        return Some(format!("`{label}` is no label"));
    }
    let fixed = labels.iter().rev().take_while(|label| !label.contains(['*', '#'])).count();
    let needed = if labels.last() == Some(&"localhost") { 1 } else { labels.len().min(2) };
    (fixed < needed).then(|| "its last two labels must be names".to_owned())
}

fn is_label(label: &str) -> bool {
    let name = label.strip_suffix('#').unwrap_or(label);
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    label == "*" || (!name.is_empty() && name.bytes().all(is_name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn whatever_matches_is_under_the_vendors_domain(host in "[a-z0-9.*#-]{0,20}(\\.dynamics\\.com)?(\\.evil)?") {
            if let Ok(url) = Url::parse(&format!("https://{host}/"))
                && matches("*.crm#.dynamics.com", &url)
            {
                let name = url.host_str().unwrap();
                prop_assert!(name.ends_with(".dynamics.com"));
                prop_assert_eq!(name.split('.').count(), 4);
            }
        }

        #[test]
        fn plain_http_is_for_loopback_only(host in "[a-z]{1,9}(\\.[a-z]{1,9}){0,3}") {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            prop_assert_eq!(is_safe(&url), host == "localhost" || host.ends_with(".localhost"));
        }
    }
}
