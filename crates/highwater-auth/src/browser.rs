//! Browser: a person signs in on this machine, and the answer comes back to a port of the loopback interface.
//!
//! Guarantees that only an answer with the state of this very sign-in is taken, that its code is worthless to anybody
//! who does not know the PKCE verifier, and that nothing but loopback is listened on.
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>, RFC 7636, RFC 8252.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::basic::BasicTokenResponse;
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::person::{Person, error_of, refused, send};
use crate::{Audience, Error, Prompt, Surroundings};

/// A person has this long.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// A browser that opened a connection has this long to say what it wants.
const REQUEST_TIME: Duration = Duration::from_secs(10);
const LONGEST_REQUEST: usize = 64 * 1024;

pub(crate) async fn sign_in(
    person: &Person,
    audience: &Audience,
) -> Result<BasicTokenResponse, Error> {
    let door = Door::open().await.map_err(|error| {
        Error::configuration(format!(
            "no port of the loopback interface can be opened ({error}): use --auth device-code"
        ))
    })?;
    let redirect = RedirectUrl::new(format!("http://localhost:{}", door.port))
        .map_err(|error| Error::configuration(error.to_string()))?;
    let state = random_text(person.surroundings.as_ref());
    let verifier = PkceCodeVerifier::new(random_text(person.surroundings.as_ref()));
    let (address, _) = person
        .client
        .authorize_url(|| CsrfToken::new(state.clone()))
        .add_scopes(Person::scopes(audience))
        .add_extra_param("prompt", "select_account")
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .set_redirect_uri(Cow::Borrowed(&redirect))
        .url();
    person.surroundings.ask(&Prompt::Browser { address: address.to_string() });
    let code = tokio::select! {
        answer = door.answer(&state) => answer.map_err(|(kind, description)| refused(audience, &kind, &description))?,
        () = person.surroundings.sleep(PATIENCE) => {
            return Err(Error::refused(audience, "nobody signed in within ten minutes: run again, or use --auth device-code where there is no browser"));
        }
    };
    let http = |request| send(person.http.clone(), request);
    person
        .client
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(verifier)
        .set_redirect_uri(Cow::Borrowed(&redirect))
        .request_async(&http)
        .await
        .map_err(|error| error_of(audience, error))
}

/// 256 bits as text: 43 characters, the least that PKCE allows.
fn random_text(surroundings: &dyn Surroundings) -> String {
    let mut bytes = [0; 32];
    surroundings.random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A port of the loopback interface, where the browser brings the answer.
struct Door {
    port: u16,
    four: TcpListener,
    six: Option<TcpListener>,
}

/// What the address says to which the browser was sent.
#[derive(Debug, PartialEq, Eq)]
enum Visit {
    Code(String),
    Refusal(String, String),
    Foreign,
    Nothing,
}

impl Door {
    async fn open() -> std::io::Result<Self> {
        let four = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = four.local_addr()?.port();
        let six = TcpListener::bind(("::1", port)).await.ok();
        Ok(Self { port, four, six })
    }

    /// The code that belongs to `state`, or kind and words of a refusal. Whoever comes with another state is sent away.
    async fn answer(&self, state: &str) -> Result<String, (String, String)> {
        loop {
            let Ok(mut stream) = self.next().await else { continue };
            let read = tokio::time::timeout(REQUEST_TIME, target(&mut stream)).await;
            let Ok(Some(target)) = read else { continue };
            match visit(&target, state) {
                Visit::Code(code) => {
                    reply(&mut stream, "200 OK", "You are signed in. This window can be closed.")
                        .await;
                    return Ok(code);
                }
                Visit::Refusal(kind, description) => {
                    reply(
                        &mut stream,
                        "200 OK",
                        "The sign-in was refused; Highwater says why. This window can be closed.",
                    )
                    .await;
                    return Err((kind, description));
                }
                Visit::Foreign => {
                    tracing::warn!("an answer of another sign-in was sent away");
                    reply(
                        &mut stream,
                        "400 Bad Request",
                        "This answer belongs to another sign-in.",
                    )
                    .await;
                }
                Visit::Nothing => {
                    reply(&mut stream, "404 Not Found", "There is nothing here.").await
                }
            }
        }
    }

    async fn next(&self) -> std::io::Result<TcpStream> {
        match &self.six {
            None => self.four.accept().await.map(|(stream, _)| stream),
            Some(six) => tokio::select! {
                stream = self.four.accept() => stream.map(|(stream, _)| stream),
                stream = six.accept() => stream.map(|(stream, _)| stream),
            },
        }
    }
}

/// The address of a request: `/?code=…&state=…`.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part).await.ok()?;
        if read == 0 || request.len() > LONGEST_REQUEST {
            return None;
        }
        request.extend_from_slice(&part[..read]);
    }
    let text = String::from_utf8(request).ok()?;
    let mut words = text.lines().next()?.split(' ');
    (words.next() == Some("GET")).then(|| words.next().map(str::to_owned)).flatten()
}

fn visit(target: &str, state: &str) -> Visit {
    let Ok(url) = Url::parse("http://localhost").and_then(|base| base.join(target)) else {
        return Visit::Nothing;
    };
    let value = |name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let (code, error) = (value("code"), value("error"));
    if url.path() != "/" || (code.is_none() && error.is_none()) {
        return Visit::Nothing;
    }
    if value("state").is_none_or(|given| !same(given.as_bytes(), state.as_bytes())) {
        return Visit::Foreign;
    }
    match (code, error) {
        (_, Some(kind)) => Visit::Refusal(kind, value("error_description").unwrap_or_default()),
        (Some(code), None) => Visit::Code(code),
        (None, None) => Visit::Nothing,
    }
}

/// Compares without telling by its time where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

async fn reply(stream: &mut TcpStream, status: &str, text: &str) {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Highwater</title><p>{text}</p></html>"
    );
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // A browser that went away has nothing to be told.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
