//! Claims: what a token says about whom it was given to, for `doctor`.
//!
//! Decodes and does not verify: the words help a person to see which identity was used, and nothing is decided by
//! them. Keeps nothing of the token but the claims named here.
//! <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::Token;

/// What a token of Entra says. A claim that is absent is empty or `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// Whom the token is for: a resource or an application id.
    pub aud: Option<String>,
    /// Tenant.
    pub tid: Option<String>,
    /// Object id of the user or the service principal.
    pub oid: Option<String>,
    /// Application: `appid` of version 1 tokens, `azp` of version 2.
    #[serde(alias = "azp")]
    pub appid: Option<String>,
    /// `app` where an application acts for itself, `user` where a person does.
    pub idtyp: Option<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    /// Delegated permissions, separated by spaces.
    pub scp: Option<String>,
    /// Directory roles of a person, as template ids.
    pub wids: Vec<String>,
}

impl Claims {
    /// The claims of a token; `None` if it is opaque, as those of GitHub are.
    pub fn of(token: &Token) -> Option<Self> {
        let payload = token.reveal().split('.').nth(1)?;
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Delegated permissions, one by one.
    pub fn scopes(&self) -> Vec<&str> {
        self.scp.as_deref().unwrap_or_default().split_whitespace().collect()
    }

    /// Whether an application acts for itself: `idtyp` says so, or there are no delegated permissions.
    pub fn is_application(&self) -> bool {
        match self.idtyp.as_deref() {
            Some(kind) => kind == "app",
            None => self.scp.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> Token {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        Token::new(format!("eyJ0eXAiOiJKV1QifQ.{payload}.c2ln"), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn an_application_shows_its_roles() {
        let claims = Claims::of(&token(
            r#"{"aud":"https://graph.microsoft.com","idtyp":"app","appid":"a","oid":"o","tid":"t","roles":["User.Read.All"],"exp":1}"#,
        ))
        .unwrap();
        assert!(claims.is_application());
        assert_eq!(claims.roles, ["User.Read.All"]);
        assert_eq!((claims.appid.as_deref(), claims.tid.as_deref()), (Some("a"), Some("t")));
    }

    #[test]
    fn a_person_shows_scopes() {
        let claims =
            Claims::of(&token(r#"{"azp":"a","scp":"User.Read  Group.Read.All"}"#)).unwrap();
        assert!(!claims.is_application());
        assert_eq!(claims.scopes(), ["User.Read", "Group.Read.All"]);
        assert_eq!(claims.appid.as_deref(), Some("a"));
    }

    #[test]
    fn an_opaque_token_has_none() {
        assert_eq!(Claims::of(&Token::new("ghp_opaque".to_owned(), SystemTime::UNIX_EPOCH)), None);
        assert_eq!(Claims::of(&token("[1]")), None);
    }

    proptest! {
        #[test]
        fn nothing_that_calls_itself_a_token_is_a_panic(text in ".{0,80}") {
            let _ = Claims::of(&Token::new(text, SystemTime::UNIX_EPOCH));
        }
    }
}
