//! Asked: a read, or the continuation of one, as the request that is sent.
//!
//! Guarantees that nothing but a GET or a listed POST to a host of the audience is made, and that a source cannot bring
//! credentials of its own. Adds what each paging dialect wants to hear.

use bytes::Bytes;
use http::Method as Verb;
use serde_json::{Map, Value};
use url::Url;

use crate::{Failure, Hosts, Method, Next, Paging, Read, reads};

/// A request without its token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) verb: Verb,
    pub(crate) url: Url,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Bytes>,
}

impl Asked {
    /// The request for the page of `read` at which `from` points.
    pub(crate) fn new(read: &Read, from: Option<&Next>) -> Result<Self, Failure> {
        let mut asked = Self {
            verb: if read.method == Method::Get { Verb::GET } else { Verb::POST },
            url: read.url.clone(),
            headers: headers(read)?,
            body: match &read.method {
                Method::Get => None,
                Method::Post(body) => Some(body.clone()),
            },
        };
        match from {
            None => {}
            Some(Next::Link(link)) => asked.url = followed(read, link)?,
            Some(Next::Token(token)) => asked.go_on(read.paging, token)?,
        }
        Ok(asked)
    }

    /// Refuses what must not be sent.
    pub(crate) fn guard(&self, read: &Read, hosts: &Hosts) -> Result<(), Failure> {
        if !hosts.allows(&read.audience, &self.url) {
            return Err(foreign(&self.url));
        }
        let refusal = match &self.body {
            Some(body) => reads::refusal(self.url.path(), body),
            None => None,
        };
        refusal.map_or(Ok(()), |reason| Err(Failure::NotFollowed { reason }))
    }

    /// Whether the answer has to be JSON: unless the source accepts something else.
    pub(crate) fn wants_json(&self) -> bool {
        let accept = self.headers.iter().find(|(name, _)| name == "accept");
        accept.is_none_or(|(_, value)| value.contains("json"))
    }

    /// Puts a continuation token where the dialect wants it.
    fn go_on(&mut self, paging: Paging, token: &str) -> Result<(), Failure> {
        match paging {
            Paging::ResourceGraph => self.set_option("options", "$skipToken", token),
            Paging::Inventory => self.set_option("Options", "SkipToken", token),
            _ => {
                self.url = with_parameter(&self.url, "continuationToken", token);
                Ok(())
            }
        }
    }

    fn set_option(&mut self, group: &str, name: &str, token: &str) -> Result<(), Failure> {
        let unusable =
            || Failure::Unusable { reason: "the posted body is no JSON object".to_owned() };
        let body = self.body.as_deref().ok_or_else(unusable)?;
        let mut body: Map<String, Value> = serde_json::from_slice(body).map_err(|_| unusable())?;
        let options = body.entry(group).or_insert_with(|| Value::Object(Map::new()));
        let options = options.as_object_mut().ok_or_else(unusable)?;
        options.insert(name.to_owned(), Value::String(token.to_owned()));
        self.body = Some(serde_json::to_vec(&body).map_err(|_| unusable())?.into());
        Ok(())
    }
}

/// The failure of an address that no token of the audience may go to.
pub(crate) fn foreign(url: &Url) -> Failure {
    let place = url.host_str().unwrap_or("an address without a host");
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let reason = format!("{}://{place}{port} is not a host of the audience", url.scheme());
    Failure::NotFollowed { reason }
}

/// Headers of the source, which may not bring credentials, and those that every read has.
fn headers(read: &Read) -> Result<Vec<(String, String)>, Failure> {
    const OURS: [&str; 6] = [
        "authorization",
        "cookie",
        "host",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
    ];
    let mut headers: Vec<(String, String)> = read
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect();
    if let Some((name, _)) = headers.iter().find(|(name, _)| OURS.contains(&name.as_str())) {
        return Err(Failure::NotFollowed {
            reason: format!("a source may not set the header {name}"),
        });
    }
    let has = |headers: &[(String, String)], name| headers.iter().any(|(given, _)| given == name);
    if !has(&headers, "accept") {
        headers.push(("accept".to_owned(), "application/json".to_owned()));
    }
    if matches!(read.method, Method::Post(_)) && !has(&headers, "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Ok(headers)
}

/// The address behind a next link, which may be relative. Links of vendors that leave `api-version` out get that of
/// the first request, without which they are refused.
fn followed(read: &Read, link: &str) -> Result<Url, Failure> {
    let url = read
        .url
        .join(link)
        .map_err(|_| Failure::NotFollowed { reason: "the next link is no address".to_owned() })?;
    let version = |url: &Url| {
        url.query_pairs()
            .find(|(name, _)| name.eq_ignore_ascii_case("api-version"))
            .map(|(_, value)| value.into_owned())
    };
    match version(&read.url) {
        Some(wanted) if version(&url).is_none() => Ok(with_parameter(&url, "api-version", &wanted)),
        _ => Ok(url),
    }
}

/// Sets one query parameter and leaves the others as they were written, byte by byte.
fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let kept = url.query().unwrap_or_default().split('&').filter(|pair| {
        let given = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !given.eq_ignore_ascii_case(name)
    });
    let query: Vec<String> = kept.map(str::to_owned).chain([format!("{name}={encoded}")]).collect();
    let mut url = url.clone();
    url.set_query(Some(&query.join("&")));
    url
}

#[cfg(test)]
mod tests {
    use highwater_auth::Audience;

    use super::*;

    fn read(url: &str, method: Method, paging: Paging) -> Read {
        Read {
            service: "arm",
            scope: String::new(),
            audience: Audience::new("https://management.azure.com"),
            method,
            url: Url::parse(url).unwrap(),
            headers: Vec::new(),
            paging,
        }
    }

    fn url_after(first: &str, paging: Paging, next: Next) -> String {
        Asked::new(&read(first, Method::Get, paging), Some(&next)).unwrap().url.to_string()
    }

    #[test]
    fn tokens_keep_the_parameters_of_the_first_request() {
        let first = "https://a.example/x?limit=5&$filter=a%20eq%20'b'";
        let next = Next::Token("a b/+=".to_owned());
        assert_eq!(
            url_after(first, Paging::ContinuationToken, next),
            "https://a.example/x?limit=5&$filter=a%20eq%20%27b%27&continuationToken=a+b%2F%2B%3D"
        );
        let again = "https://a.example/x?continuationToken=old&top=1";
        assert_eq!(
            url_after(again, Paging::ContinuationHeader, Next::Token("new".to_owned())),
            "https://a.example/x?top=1&continuationToken=new"
        );
    }

    #[test]
    fn links_are_taken_as_they_are() {
        let first = "https://a.example/x/y?api-version=1&$top=2";
        for (link, wanted) in [
            (
                "https://b.example/z?api-version=2&$skiptoken=%7b",
                "https://b.example/z?api-version=2&$skiptoken=%7b",
            ),
            ("https://b.example/z?$skiptoken=a", "https://b.example/z?$skiptoken=a&api-version=1"),
            ("/w?Api-Version=3", "https://a.example/w?Api-Version=3"),
            ("?api-version=1&p=2", "https://a.example/x/y?api-version=1&p=2"),
        ] {
            assert_eq!(url_after(first, Paging::NextLink, Next::Link(link.to_owned())), wanted);
        }
        let bare = "https://a.example/users";
        assert_eq!(
            url_after(
                bare,
                Paging::ODataNextLink,
                Next::Link("https://a.example/users?$skiptoken=1".to_owned())
            ),
            "https://a.example/users?$skiptoken=1"
        );
    }

    #[test]
    fn skip_tokens_go_into_the_posted_body() {
        let body = |text: &str, paging| {
            let read = read("https://a.example/q", Method::Post(text.to_owned().into()), paging);
            let asked = Asked::new(&read, Some(&Next::Token("t".to_owned()))).ok()?;
            serde_json::from_slice::<Value>(&asked.body?).ok()
        };
        assert_eq!(
            body(r#"{"query":"q","options":{"$top":9}}"#, Paging::ResourceGraph),
            Some(serde_json::json!({"query": "q", "options": {"$top": 9, "$skipToken": "t"}}))
        );
        assert_eq!(
            body(r#"{"TableName":"x"}"#, Paging::Inventory),
            Some(serde_json::json!({"TableName": "x", "Options": {"SkipToken": "t"}}))
        );
        assert_eq!(body("[]", Paging::Inventory), None);
    }

    #[test]
    fn a_source_brings_no_credentials() {
        let mut read = read("https://a.example/q", Method::Get, Paging::None);
        read.headers = vec![("Authorization", "Bearer x".to_owned())];
        assert!(matches!(Asked::new(&read, None), Err(Failure::NotFollowed { .. })));
        read.headers = vec![("Prefer", "odata.maxpagesize=5".to_owned())];
        let asked = Asked::new(&read, None).unwrap();
        assert!(asked.wants_json());
        assert_eq!(asked.headers[0], ("prefer".to_owned(), "odata.maxpagesize=5".to_owned()));
        read.headers = vec![("Accept", "text/plain".to_owned())];
        assert!(!Asked::new(&read, None).unwrap().wants_json());
    }

    #[test]
    fn nothing_unlisted_is_posted() {
        let mut hosts = Hosts::new();
        hosts
            .allow(&Audience::new("https://management.azure.com"), "management.azure.com")
            .unwrap();
        let guard = |path: &str, method| {
            let read = read(&format!("https://management.azure.com{path}"), method, Paging::None);
            Asked::new(&read, None).unwrap().guard(&read, &hosts)
        };
        let post = || Method::Post("{}".into());
        assert_eq!(guard("/providers/Microsoft.ResourceGraph/resources", post()), Ok(()));
        assert_eq!(guard("/subscriptions", Method::Get), Ok(()));
        assert!(guard("/subscriptions", post()).is_err());
    }
}
