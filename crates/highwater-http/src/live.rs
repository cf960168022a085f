//! Live: one request over the network, and its answer.
//!
//! Guarantees that nothing is followed or repeated behind the back of the client. Judges no answer.

use std::time::Duration;

use bytes::Bytes;
use highwater_auth::Token;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::asked::Asked;
use crate::body::{self, Broken, said};
use crate::{Bounds, Clock};

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The first header of that name, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// A builder made fit for a [`crate::Client`]: no redirects, no repetition, no `Referer`; gzip is accepted. What trusts
/// whom, proxies and the user agent are up to the caller.
pub fn transport(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(true)
        .connect_timeout(Duration::from_secs(30))
}

/// Sends a request and reads its answer.
pub(crate) async fn exchange(
    http: &reqwest::Client,
    asked: &Asked,
    token: &Token,
    bounds: &Bounds,
    clock: &dyn Clock,
) -> Result<Answer, Broken> {
    let began = clock.elapsed();
    let request = request(http, asked, token)?;
    let first = bounds.stall.min(bounds.whole);
    let mut response = tokio::select! {
        biased;
        response = http.execute(request) => response.map_err(|error| failed(&error))?,
        () = clock.sleep(first) => return Err(Broken::Lost(body::stalled(bounds, bounds.whole))),
    };
    if *response.url() != asked.url {
        return Err(Broken::Foreign("the transport followed a redirect by itself".to_owned()));
    }
    let status = response.status().as_u16();
    let headers = headers(&response);
    let body = body::read(&mut response, bounds, clock, began).await?;
    Ok(Answer { status, headers, body })
}

fn request(
    http: &reqwest::Client,
    asked: &Asked,
    token: &Token,
) -> Result<reqwest::Request, Broken> {
    let mut request = http.request(asked.verb.clone(), asked.url.clone());
    for (name, value) in &asked.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| lost(&error))?;
        let value = HeaderValue::from_str(value).map_err(|error| lost(&error))?;
        request = request.header(name, value);
    }
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
        .map_err(|error| lost(&error))?;
    bearer.set_sensitive(true);
    request = request.header(AUTHORIZATION, bearer);
    if let Some(body) = &asked.body {
        request = request.body(body.clone());
    }
    request.build().map_err(|error| lost(&error))
}

/// Failures of certificates are told apart by their words; the layers between hide their types.
fn failed(error: &dyn std::error::Error) -> Broken {
    let said = said(error);
    if said.contains("certificate") {
        let hint = "is the authority in the system's store or in --ca-file?";
        return Broken::Untrusted(format!("{said}; {hint}"));
    }
    Broken::Lost(said)
}

fn lost(error: &dyn std::error::Error) -> Broken {
    Broken::Lost(said(error))
}

fn headers(response: &reqwest::Response) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_is_not_trusted_is_told_apart() {
        let error = |text: &str| std::io::Error::other(text.to_owned());
        let bad = failed(&error("invalid peer certificate: UnknownIssuer"));
        assert!(matches!(bad, Broken::Untrusted(reason) if reason.contains("--ca-file")));
        assert_eq!(failed(&error("reset")), Broken::Lost("reset".to_owned()));
    }
}
