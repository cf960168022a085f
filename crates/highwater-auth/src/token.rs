//! Token: the one place in which a bearer token lives, and who gives them.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::Error;

/// The resource a token is for, as Entra names it, without `/.default`: `https://graph.microsoft.com`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Audience(String);

impl Audience {
    /// An audience; a slash at its end belongs to it where the vendor writes one.
    pub fn new(resource: impl Into<String>) -> Self {
        Self(resource.into())
    }

    /// The resource.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scope that asks for everything the application was granted on this resource.
    pub fn scope(&self) -> String {
        format!("{}/.default", self.0)
    }
}

/// A bearer token. It shows nothing of itself in `Debug`, and its memory is cleared when it is dropped.
#[derive(Clone)]
pub struct Token {
    value: Zeroizing<String>,
    expires_at: SystemTime,
}

impl Token {
    /// A token and the moment at which it ends.
    pub fn new(value: String, expires_at: SystemTime) -> Self {
        Self { value: Zeroizing::new(value), expires_at }
    }

    /// The secret, for the `Authorization` header and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// When it ends.
    pub const fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Whoever gives tokens. Cached by audience; many callers at once cause one request.
#[async_trait]
pub trait Tokens: fmt::Debug + Send + Sync {
    /// A token for an audience that is good for a few more minutes.
    async fn token(&self, audience: &Audience) -> Result<Token, Error>;

    /// A service answered 401 to `token`: the next call gives another one. `challenge` is the value of
    /// `WWW-Authenticate`, which can demand claims that only a person can satisfy; that is an error.
    async fn refused(
        &self,
        audience: &Audience,
        token: &Token,
        challenge: Option<&str>,
    ) -> Result<(), Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_nothing_of_itself() {
        let token = Token::new("eyJ0eXAi.canary.sig".to_owned(), SystemTime::UNIX_EPOCH);
        assert!(!format!("{token:?}").contains("canary"));
        assert_eq!(token.reveal(), "eyJ0eXAi.canary.sig");
    }
}
