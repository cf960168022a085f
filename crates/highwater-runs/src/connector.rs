//! Connector: object storage is reached with the HTTP client of this program.
//!
//! Guarantees that requests to Azure go to the one host of the account, whatever an answer says, so that its token
//! cannot reach another; that redirects are not followed; and that `--ca-file` and proxies hold here too.

use std::fmt;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};

/// Gives the store our client.
#[derive(Clone)]
pub(crate) struct Ours {
    /// The client.
    pub(crate) http: reqwest::Client,
    /// The only host, with its port where it has one; any where there is none.
    pub(crate) only: Option<String>,
}

impl fmt::Debug for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ours").field("only", &self.only).finish_non_exhaustive()
    }
}

impl HttpConnector for Ours {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// A request to a host that must not be asked.
#[derive(Debug, thiserror::Error)]
#[error("a request to another host than {0} was not sent")]
struct Foreign(String);

#[async_trait]
impl HttpService for Ours {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let host = request.uri().authority().map(|it| it.as_str().to_owned());
        if let Some(only) = &self.only
            && host.as_ref() != Some(only)
        {
            return Err(HttpError::new(HttpErrorKind::Unknown, Foreign(only.clone())));
        }
        let request = request.map(reqwest::Body::wrap);
        let request = reqwest::Request::try_from(request).map_err(told)?;
        let answer = self.http.execute(request).await.map_err(told)?;
        let answer: http::Response<reqwest::Body> = answer.into();
        Ok(answer.map(|body| HttpResponseBody::new(body.map_err(told))))
    }
}

/// An error of the client in the terms of the store, which decide whether it asks again.
fn told(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_decode() {
        HttpErrorKind::Decode
    } else if error.is_request() || error.is_body() {
        HttpErrorKind::Interrupted
    } else {
        HttpErrorKind::Unknown
    };
    HttpError::new(kind, error.without_url())
}
