//! Host: which addresses a pattern means, in `config/clouds.toml` and wherever hosts are listed.
//!
//! A pattern is a host name, with `*` for exactly one label and `#` at the end of a label for any run of digits, and a
//! port where it is not the one of the scheme: `*.crm#.dynamics.com`, `127.0.0.1:8443`. Guarantees that no name outside
//! the vendor's domain can match, and that a port which was not written is the one of the scheme. Resolves no names.

use url::{Host, Url};

/// Whether `url` may be read at all: https, or http on a loopback address, and no user name in it, behind which a host
/// can be hidden.
#[must_use]
pub fn is_safe(url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
}

/// Whether the host of `url` is this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or ::1.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether the host and the port of `url` are those of `pattern`.
#[must_use]
pub fn matches(pattern: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let (name, port) = split_port(pattern);
    let wanted = port.or_else(|| if url.scheme() == "http" { Some(80) } else { Some(443) });
    url.port_or_known_default() == wanted && same_labels(name, host)
}

/// What is wrong with a pattern, if something is: it is no host, or its last two labels are not names.
#[must_use]
pub fn fault(pattern: &str) -> Option<String> {
    let (name, _) = split_port(pattern);
    let labels: Vec<&str> = name.split('.').collect();
    if name.starts_with('[') {
        return Url::parse(&format!("https://{pattern}/")).err().map(|error| error.to_string());
    }
    if let Some(label) = labels.iter().find(|label| !is_label(label)) {
        return Some(format!("`{label}` is no label: a name, `*`, or a name that ends in `#`"));
    }
    let fixed = labels.iter().rev().take_while(|label| !label.contains(['*', '#'])).count();
    let needed = if labels.last() == Some(&"localhost") { 1 } else { labels.len().min(2) };
    (fixed < needed).then(|| "its last two labels must be names".to_owned())
}

fn is_label(label: &str) -> bool {
    if label == "*" {
        return true;
    }
    let name = label.strip_suffix('#').unwrap_or(label);
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn same_labels(pattern: &str, host: &str) -> bool {
    let mut wanted = pattern.split('.');
    let mut given = host.split('.');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if same_label(wanted, given) => {}
            _ => return false,
        }
    }
}

fn same_label(wanted: &str, given: &str) -> bool {
    if wanted == "*" {
        return !given.is_empty();
    }
    match wanted.strip_suffix('#') {
        Some(name) => {
            given.strip_prefix(name).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
        }
        None => wanted == given,
    }
}

fn split_port(pattern: &str) -> (&str, Option<u16>) {
    match pattern.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (pattern, None),
        },
        _ => (pattern, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches_text(pattern: &str, url: &str) -> bool {
        matches(pattern, &Url::parse(url).unwrap())
    }

    #[test]
    fn a_wildcard_is_one_whole_label() {
        assert!(matches_text("*.crm#.dynamics.com", "https://contoso.crm4.dynamics.com/api"));
        assert!(matches_text("*.crm#.dynamics.com", "https://contoso.crm.dynamics.com"));
        assert!(matches_text("*.crm#.dynamics.com", "https://CONTOSO.crm11.Dynamics.com"));
        for evil in [
            "https://contoso.crm4.evil-dynamics.com",
            "https://evil-dynamics.com",
            "https://contoso.crm4.dynamics.com.evil.example",
            "https://contoso.crmx.dynamics.com",
            "https://contoso.crm4x.dynamics.com",
            "https://crm4.dynamics.com",
            "https://a.b.crm4.dynamics.com",
            "https://.crm4.dynamics.com",
            "https://contoso.crm4.dynamics.com.",
            "https://contoso.crm4.dynamics.com:8443",
            "https://evil.example/contoso.crm4.dynamics.com",
            "https://evil.example#contoso.crm4.dynamics.com",
        ] {
            let matched = Url::parse(evil).is_ok_and(|url| matches("*.crm#.dynamics.com", &url));
            assert!(!matched, "{evil}");
        }
    }

    #[test]
    fn a_port_has_to_be_the_one_that_is_written() {
        assert!(matches_text("127.0.0.1:8080", "http://127.0.0.1:8080/a"));
        assert!(!matches_text("127.0.0.1:8080", "http://127.0.0.1:8081/a"));
        assert!(!matches_text("127.0.0.1", "http://127.0.0.1:8080/a"));
        assert!(matches_text("[::1]:8080", "http://[::1]:8080/a"));
        assert!(matches_text("graph.microsoft.com", "https://graph.microsoft.com:443/v1.0"));
        assert!(matches_text("graph.microsoft.com:443", "https://graph.microsoft.com/v1.0"));
        assert!(!matches_text("graph.microsoft.com", "http://graph.microsoft.com:443/v1.0"));
    }

    #[test]
    fn plain_http_is_for_loopback_and_user_names_for_nobody() {
        let safe = |url: &str| is_safe(&Url::parse(url).unwrap());
        assert!(safe("https://graph.microsoft.com"));
        assert!(safe("http://127.0.0.1:1/"));
        assert!(safe("http://localhost:1/"));
        assert!(safe("http://graph.localhost:1/"));
        assert!(safe("http://[::1]:1/"));
        assert!(!safe("http://graph.microsoft.com"));
        assert!(!safe("http://evil-localhost/"));
        assert!(!safe("https://graph.microsoft.com@evil.example/"));
        assert!(!safe("file:///etc/passwd"));
    }

    #[test]
    fn patterns_that_are_too_wide_are_faults() {
        for wide in [
            "*",
            "*.com",
            "a.*.com",
            "crm#.com",
            "",
            "a..b",
            "a b.example.com",
            "Upper.example.com",
        ] {
            assert!(fault(wide).is_some(), "{wide}");
        }
        for fine in [
            "localhost",
            "localhost:8080",
            "*.localhost:1",
            "127.0.0.1:1",
            "[::1]:1",
            "*.vault.azure.net",
            "*.crm#.dynamics.com",
        ] {
            assert_eq!(fault(fine), None, "{fine}");
        }
    }

    proptest! {
        #[test]
        fn plain_http_is_for_loopback_only(host in "[a-z]{1,9}(\\.[a-z]{1,9}){0,3}") {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            prop_assert_eq!(is_safe(&url), host == "localhost" || host.ends_with(".localhost"));
        }

        #[test]
        fn only_names_under_the_vendors_domain_match(host in "[a-z0-9-]{1,12}(\\.[a-z0-9-]{1,12}){0,4}(\\.com|\\.dynamics\\.com)?") {
            if let Ok(url) = Url::parse(&format!("https://{host}/"))
                && matches("*.crm#.dynamics.com", &url)
            {
                let name = url.host_str().unwrap();
                prop_assert!(name.ends_with(".dynamics.com"));
                prop_assert_eq!(name.split('.').count(), 4);
            }
        }

        #[test]
        fn a_name_matches_itself(host in "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9]{0,8}){1,4}") {
            let url = Url::parse(&format!("https://{host}/")).unwrap();
            prop_assert!(matches(&host, &url));
            let evil = format!("evil-{host}");
            prop_assert!(!matches(&evil, &url));
        }
    }
}
