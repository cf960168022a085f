//! Asked: one request, brought to the vendor's host and path whichever way it came in.
//!
//! Requests come with the vendor's host mapped to loopback (form a), or with the host as first part of the path of
//! `https://localhost:PORT/~HOST/…` (form b). Links in answers are written in the form in which the request came.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use serde_json::Value;

use crate::host;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// The vendor's host, in lower case and without port.
    pub(crate) host: String,
    /// The path after the host, decoded, with doubled slashes made one.
    pub(crate) path: String,
    /// Parameters, decoded, in their order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How links must look for this client.
    pub(crate) form: Form,
}

/// How a client reaches hosts, and so how links to them must be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By their names, with this port (empty where it is the usual one; else `:8443`).
    Mapped(String),
    /// Behind `https://localhost:PORT`.
    Prefixed(String),
}

/// The host that signs people and applications in.
const SIGN_IN: &str = "login.microsoftonline.com";

impl Form {
    /// The address of a host for this client, without a slash at the end.
    pub(crate) fn address(&self, host: &str) -> String {
        match self {
            Self::Mapped(port) => format!("https://{host}{port}"),
            Self::Prefixed(base) => format!("{base}/~{host}"),
        }
    }
}

impl Form {
    /// Scheme, host and port that a client speaks to when it reaches a host.
    pub(crate) fn origin(&self, host: &str) -> String {
        match self {
            Self::Mapped(port) => format!("https://{host}{port}"),
            Self::Prefixed(base) => base.clone(),
        }
    }
}

impl Asked {
    /// Takes the request line, headers and body apart.
    pub(crate) fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let authority = uri.authority().map(ToString::to_string).or_else(|| {
            headers.get(header::HOST).and_then(|value| value.to_str().ok()).map(str::to_owned)
        });
        let authority = authority.unwrap_or_default().to_ascii_lowercase();
        let raw = collapse(uri.path());
        let (host, path, form) = match raw.strip_prefix("/~") {
            Some(rest) => {
                let (host, path) = rest
                    .split_once('/')
                    .map_or((rest, String::from("/")), |(host, path)| (host, format!("/{path}")));
                (host.to_ascii_lowercase(), path, Form::Prefixed(format!("https://{authority}")))
            }
            None => {
                let (host, port) = authority
                    .split_once(':')
                    .map_or((authority.as_str(), String::new()), |(host, port)| {
                        (host, format!(":{port}"))
                    });
                // Without a host in the path, loopback itself is the place to sign in: some clients replace the path of
                // the authority that they are given.
                match host {
                    "localhost" | "127.0.0.1" => {
                        (SIGN_IN.to_owned(), raw, Form::Prefixed(format!("https://{authority}")))
                    }
                    _ => (host.to_owned(), raw, Form::Mapped(port)),
                }
            }
        };
        let query = url::form_urlencoded::parse(uri.query().unwrap_or("").as_bytes())
            .into_owned()
            .collect();
        Self { method, host, path: decode(&path), query, headers, body, form }
    }

    /// The service that is asked.
    pub(crate) fn service(&self) -> Option<host::Service> {
        host::service(&self.host)
    }

    /// The value of a parameter; names are compared without regard to case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as form fields.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// This address with some parameters replaced: `None` takes one away.
    pub(crate) fn link(&self, change: &[(&str, Option<&str>)]) -> String {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        let kept = self
            .query
            .iter()
            .filter(|(key, _)| !change.iter().any(|(name, _)| key.eq_ignore_ascii_case(name)));
        for (key, value) in kept {
            text.append_pair(key, value);
        }
        for (key, value) in change {
            if let Some(value) = value {
                text.append_pair(key, value);
            }
        }
        let query = text.finish().replace('+', "%20");
        let path = encode(&self.path);
        let address = self.form.address(&self.host);
        if query.is_empty() {
            format!("{address}{path}")
        } else {
            format!("{address}{path}?{query}")
        }
    }
}

/// Doubled slashes as one: shipped clients send them.
fn collapse(path: &str) -> String {
    let mut told = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !told.ends_with('/') {
            told.push(letter);
        }
    }
    told
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let raw = path.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let digit =
            |offset: usize| raw.get(at + offset).and_then(|byte| (*byte as char).to_digit(16));
        match (raw[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (byte, _, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encode(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'%' | b' ' | b'?' | b'#' | b'"' | b'<' | b'>' | 0..=31 | 127..=255 => {
                format!("%{byte:02X}")
            }
            _ => char::from(byte).to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(uri: &str) -> Asked {
        Asked::new(Method::GET, &uri.parse().unwrap(), HeaderMap::new(), Bytes::new())
    }

    #[test]
    fn both_forms_reach_the_same_host_and_path() {
        let mapped = asked("https://api.bap.microsoft.com:8443//providers/x?a=1%202");
        let prefixed = asked("https://localhost:8443/~api.bap.microsoft.com/providers/x?a=1%202");
        assert_eq!(
            (mapped.host.as_str(), mapped.path.as_str()),
            ("api.bap.microsoft.com", "/providers/x")
        );
        assert_eq!(
            (prefixed.host.as_str(), prefixed.path.as_str()),
            ("api.bap.microsoft.com", "/providers/x")
        );
        assert_eq!(mapped.link(&[]), "https://api.bap.microsoft.com:8443/providers/x?a=1%202");
        assert_eq!(
            prefixed.link(&[("a", None), ("b", Some("é"))]),
            "https://localhost:8443/~api.bap.microsoft.com/providers/x?b=%C3%A9"
        );
    }

    #[test]
    fn loopback_itself_is_where_to_sign_in() {
        let asked = asked("https://localhost:8443/tenant/oauth2/v2.0/token");
        assert_eq!(
            (asked.host.as_str(), asked.path.as_str()),
            ("login.microsoftonline.com", "/tenant/oauth2/v2.0/token")
        );
        assert_eq!(
            asked.link(&[]),
            "https://localhost:8443/~login.microsoftonline.com/tenant/oauth2/v2.0/token"
        );
    }

    #[test]
    fn paths_are_decoded_and_written_again() {
        let asked = asked("https://graph.microsoft.com/v1.0/x%20y(a='b')");
        assert_eq!(asked.path, "/v1.0/x y(a='b')");
        assert_eq!(asked.link(&[]), "https://graph.microsoft.com/v1.0/x%20y(a='b')");
    }
}
