//! Transport: how `azure_identity` reaches an identity endpoint through our own client.
//!
//! Guarantees that plain http is spoken to loopback alone (`azure_identity` knows https addresses only, so a loopback
//! authority is shown to it as https and put back here), and notes how far the endpoint's clock is from ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use azure_core::http::headers::HeaderName;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use url::Url;

use crate::{Surroundings, host};

const DATE: HeaderName = HeaderName::from_static("date");
const UNKNOWN: i64 = i64::MIN;
/// The `Date` header counts seconds; less is no difference.
const NEGLIGIBLE: i64 = 2;

/// A client, the addresses it puts back, and the difference of the clocks.
#[derive(Debug)]
pub(crate) struct Line {
    client: reqwest::Client,
    surroundings: Arc<dyn Surroundings>,
    moved: Vec<(String, Url)>,
    skew: AtomicI64,
}

impl Line {
    /// A line on which `authority` and, if given, the endpoint of managed identities are at loopback addresses.
    pub(crate) fn new(
        client: reqwest::Client,
        surroundings: Arc<dyn Surroundings>,
        authority: &Url,
        metadata: Option<Url>,
    ) -> Self {
        let mut moved = Vec::new();
        if authority.scheme() == "http" && host::is_loopback(authority) {
            moved.push((as_https(authority), authority.clone()));
        }
        if let Some(metadata) = metadata.filter(host::is_loopback) {
            moved.push(("http://169.254.169.254".to_owned(), metadata));
        }
        Self { client, surroundings, moved, skew: AtomicI64::new(UNKNOWN) }
    }

    /// The address of an authority as `azure_identity` accepts it.
    pub(crate) fn shown(&self, authority: &Url) -> String {
        let moved = self.moved.iter().find(|(_, to)| to == authority);
        moved.map_or_else(|| authority.to_string(), |(shown, _)| shown.clone())
    }

    /// Seconds that the endpoint's clock is before ours, once it answered.
    pub(crate) fn skew(&self) -> Option<i64> {
        Some(self.skew.load(Ordering::Relaxed)).filter(|skew| *skew != UNKNOWN)
    }

    /// A time of this machine as the endpoint would say it, as far as it is known.
    pub(crate) fn corrected(&self, here: SystemTime) -> SystemTime {
        match self.skew() {
            Some(skew) if skew >= 0 => here + Duration::from_secs(skew.unsigned_abs()),
            Some(skew) => here - Duration::from_secs(skew.unsigned_abs()),
            None => here,
        }
    }

    fn note_date(&self, response: &AsyncRawResponse) {
        let date = response.headers().get_optional_str(&DATE);
        let Some(there) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
            return;
        };
        let here = self.surroundings.now();
        let ahead = match there.duration_since(here) {
            Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or(0),
            Err(behind) => -i64::try_from(behind.duration().as_secs()).unwrap_or(0),
        };
        self.skew.store(if ahead.abs() <= NEGLIGIBLE { 0 } else { ahead }, Ordering::Relaxed);
    }
}

#[async_trait]
impl HttpClient for Line {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let origin = request.url().origin().ascii_serialization();
        let to = self.moved.iter().find(|(from, _)| *from == origin).map(|(_, to)| to);
        let response = match to.and_then(|to| put_back(request, to)) {
            Some(request) => self.client.execute_request(&request).await?,
            None => self.client.execute_request(request).await?,
        };
        self.note_date(&response);
        Ok(response)
    }
}

fn put_back(request: &Request, to: &Url) -> Option<Request> {
    let mut request = request.clone();
    let url = request.url_mut();
    url.set_scheme(to.scheme()).ok()?;
    url.set_host(to.host_str()).ok()?;
    url.set_port(to.port()).ok()?;
    Some(request)
}

fn as_https(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(80);
    format!("https://{}:{port}", url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use azure_core::http::Method;
    use azure_core::http::headers::Headers;

    use super::*;
    use crate::Prompt;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    #[derive(Debug)]
    struct Fixed;

    #[async_trait]
    impl Surroundings for Fixed {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + NOW
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        async fn sleep(&self, _: Duration) {}
        fn random(&self, _: &mut [u8]) {}
        fn ask(&self, _: &Prompt) {}
    }

    fn line(authority: &str) -> (Line, Url) {
        let client = crate::tls::client_builder(None).unwrap().build().unwrap();
        let authority = Url::parse(authority).unwrap();
        (Line::new(client, Arc::new(Fixed), &authority, None), authority)
    }

    fn answered(line: &Line, date: SystemTime) {
        let mut headers = Headers::new();
        headers.insert(DATE, httpdate::fmt_http_date(date));
        line.note_date(&AsyncRawResponse::from_bytes(
            azure_core::http::StatusCode::Ok,
            headers,
            "",
        ));
    }

    #[test]
    fn a_loopback_authority_is_shown_as_https_and_put_back() {
        let (line, authority) = line("http://127.0.0.1:8080");
        assert_eq!(line.shown(&authority), "https://127.0.0.1:8080");
        let shown = Url::parse("https://127.0.0.1:8080/tenant/oauth2/v2.0/token").unwrap();
        let request = put_back(&Request::new(shown, Method::Post), &authority).unwrap();
        assert_eq!(request.url().as_str(), "http://127.0.0.1:8080/tenant/oauth2/v2.0/token");
    }

    #[test]
    fn another_authority_is_left_alone() {
        let (line, authority) = line("https://login.microsoftonline.com");
        assert_eq!(line.shown(&authority), "https://login.microsoftonline.com/");
        assert!(line.moved.is_empty());
    }

    #[test]
    fn the_clock_of_the_endpoint_corrects_ours() {
        let (line, _) = line("https://login.microsoftonline.com");
        let here = SystemTime::UNIX_EPOCH + NOW;
        assert_eq!((line.skew(), line.corrected(here)), (None, here));
        for (there, skew) in [
            (here + Duration::from_secs(7200), 7200),
            (here - Duration::from_secs(7200), -7200),
            (here + Duration::from_secs(1), 0),
        ] {
            answered(&line, there);
            assert_eq!(line.skew(), Some(skew));
        }
        answered(&line, here - Duration::from_secs(60));
        assert_eq!(line.corrected(here), here - Duration::from_secs(60));
    }
}
