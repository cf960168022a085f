//! Person: somebody signs in once, in a browser or with a code, and every further audience follows by refresh token.
//!
//! Guarantees that a person is asked once however many audiences are waiting, and that the refresh token lives in
//! memory alone. Entra's refresh tokens stay good after they were used, so that audiences need not wait for each
//! other; a newer one replaces the older all the same.
//! <https://learn.microsoft.com/entra/identity-platform/refresh-tokens>

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthUrl, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, ErrorResponseType,
    HttpRequest, HttpResponse, RefreshToken, RequestTokenError, Scope, TokenResponse, TokenUrl,
};
use url::Url;

use crate::cache::{Issued, Issuer};
use crate::{Audience, Error, Surroundings, browser, device_code, refusal};

/// A client that knows the three addresses of Entra.
pub(crate) type Client =
    BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// A token without `expires_in` is asked for again after this time.
const UNSAID_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// What a person can answer for one resource, though the sign-in as such is good: a second factor, consent.
const STEP_UP: [u32; 7] = [50_072, 50_074, 50_076, 50_078, 50_079, 50_158, 65_001];
/// Nobody wants to be asked more often than that in one run.
const MOST_STEPS: u8 = 3;

/// How a person signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Browser,
    DeviceCode,
}

/// A person who signs in at the first audience.
pub(crate) struct Person {
    way: Way,
    pub(crate) client: Client,
    pub(crate) http: reqwest::Client,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    refresh: Mutex<Option<RefreshToken>>,
    /// Held while the person is asked; how often that was after the first time.
    asking: tokio::sync::Mutex<u8>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("way", &self.way)
            .field("client", self.client.client_id())
            .finish_non_exhaustive()
    }
}

impl Person {
    pub(crate) fn new(
        way: Way,
        (authority, tenant, client_id): (&Url, &str, &str),
        http: reqwest::Client,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Self, Error> {
        let at = |path: &str| format!("{authority}{tenant}/oauth2/v2.0/{path}");
        let wrong = |_| {
            Error::configuration(format!(
                "{authority}{tenant} is not an address of a sign-in service"
            ))
        };
        let client = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_type(oauth2::AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(at("authorize")).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(at("token")).map_err(wrong)?)
            .set_device_authorization_url(
                DeviceAuthorizationUrl::new(at("devicecode")).map_err(wrong)?,
            );
        Ok(Self {
            way,
            client,
            http,
            surroundings,
            refresh: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        })
    }

    /// The scopes that ask for `audience` and for a refresh token.
    pub(crate) fn scopes(audience: &Audience) -> Vec<Scope> {
        [audience.scope(), "offline_access".to_owned(), "openid".to_owned()]
            .into_iter()
            .map(Scope::new)
            .collect()
    }

    fn held(&self) -> Option<RefreshToken> {
        self.refresh.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, answer: &BasicTokenResponse) -> Issued {
        if let Some(refresh) = answer.refresh_token() {
            *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(refresh.clone());
        }
        Issued {
            value: answer.access_token().secret().clone().into(),
            lifetime: answer.expires_in().unwrap_or(UNSAID_LIFETIME),
        }
    }

    async fn renew(&self, audience: &Audience, refresh: &RefreshToken) -> Result<Issued, Error> {
        let http = |request| send(self.http.clone(), request);
        let answer = self
            .client
            .exchange_refresh_token(refresh)
            .add_scopes(Self::scopes(audience))
            .request_async(&http)
            .await
            .map_err(|error| error_of(audience, error))?;
        Ok(self.keep(&answer))
    }

    /// Asks the person, unless somebody else did so while this one waited.
    async fn first(&self, audience: &Audience) -> Result<Issued, Error> {
        let _asking = self.asking.lock().await;
        match self.held() {
            Some(refresh) => self.renew(audience, &refresh).await,
            None => self.ask(audience).await,
        }
    }

    /// Asks the person for what this one resource demands: the next refresh token may satisfy others as well.
    async fn again(
        &self,
        audience: &Audience,
        before: &RefreshToken,
        reason: &str,
    ) -> Result<Issued, Error> {
        let mut steps = self.asking.lock().await;
        let newer = self.held().filter(|refresh| refresh.secret() != before.secret());
        if let Some(refresh) = newer
            && let Ok(issued) = self.renew(audience, &refresh).await
        {
            return Ok(issued);
        }
        if *steps >= MOST_STEPS {
            let reason = format!("{reason}; the person was asked often enough in this run");
            return Err(Error::refused(audience, reason));
        }
        *steps += 1;
        self.ask(audience).await
    }

    async fn ask(&self, audience: &Audience) -> Result<Issued, Error> {
        let answer = match self.way {
            Way::Browser => browser::sign_in(self, audience).await?,
            Way::DeviceCode => device_code::sign_in(self, audience).await?,
        };
        Ok(self.keep(&answer))
    }
}

#[async_trait]
impl Issuer for Person {
    async fn issue(&self, audience: &Audience) -> Result<Issued, Error> {
        let Some(refresh) = self.held() else { return self.first(audience).await };
        match self.renew(audience, &refresh).await {
            Err(Error::Refused { reason, .. }) if refusal::begins_with(&reason, &STEP_UP) => {
                self.again(audience, &refresh, &reason).await
            }
            answer => answer,
        }
    }
}

/// What went wrong on the way; never says an address with its query.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("{0}")]
    Http(String),
    #[error("{0}")]
    Shape(#[from] http::Error),
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut next = std::error::Error::source(&error);
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        Self::Http(text)
    }
}

/// Sends a request of `oauth2` by our client.
pub(crate) async fn send(
    client: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, SendError> {
    let answer = client.execute(request.try_into()?).await?;
    let mut response = http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.clone_from(answer.headers());
    }
    Ok(response.body(answer.bytes().await?.to_vec())?)
}

/// An error of `oauth2` in our words. `Parse` holds the answer, which can hold tokens: it is not looked at.
pub(crate) fn error_of<E, T>(
    audience: &Audience,
    error: RequestTokenError<E, oauth2::StandardErrorResponse<T>>,
) -> Error
where
    E: std::error::Error + 'static,
    T: ErrorResponseType + AsRef<str> + fmt::Display + 'static,
{
    match error {
        RequestTokenError::ServerResponse(answer) => {
            let kind = answer.error().as_ref().to_owned();
            refused(audience, &kind, answer.error_description().map_or("", String::as_str))
        }
        RequestTokenError::Request(error) => {
            Error::unreachable(audience, refusal::scrubbed(&error.to_string()))
        }
        RequestTokenError::Parse(..) => Error::unreachable(
            audience,
            "the sign-in service answered with something that is no token: check --cloud and whether a proxy answers in its place",
        ),
        RequestTokenError::Other(text) => Error::unreachable(audience, refusal::scrubbed(&text)),
    }
}

/// A refusal by its kind (`invalid_grant`) and what the service says of it.
pub(crate) fn refused(audience: &Audience, kind: &str, description: &str) -> Error {
    let reason = refusal::reason(description).unwrap_or_else(|| match kind {
        "expired_token" | "code_expired" => "the code expired before anybody signed in with it: run again and enter the new one in time".to_owned(),
        "access_denied" | "authorization_declined" => "the person declined: run again and accept, or choose another way with --auth".to_owned(),
        "invalid_grant" => format!("the sign-in is not valid any more: sign in again{}", said(description)),
        _ => format!("the service says {}{}", refusal::scrubbed(kind), said(description)),
    });
    Error::refused(audience, reason)
}

fn said(description: &str) -> String {
    let text = refusal::scrubbed(description);
    if text.is_empty() { text } else { format!(" ({text})") }
}
