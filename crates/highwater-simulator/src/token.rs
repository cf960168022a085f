//! Token: bearer tokens of the simulated Entra, signed with a key of the run and read again by every service.
//!
//! The claims are those that shipped clients read. Nobody outside may check the signature: real services do not let
//! clients either.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

/// Who a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// An application of its own right.
    Application(String),
    /// A person, through an application.
    Person(String),
}

/// Signs and reads tokens.
#[derive(Debug)]
pub(crate) struct Mint {
    key: hmac::Key,
    tenant: String,
}

/// What a service needs to know of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) audience: String,
    pub(crate) expires: i64,
    /// Whether an application speaks for itself.
    pub(crate) application: bool,
    /// What tells callers apart for quotas.
    pub(crate) caller: String,
}

impl Mint {
    /// A mint for a tenant, with a key that follows from `seed`.
    pub(crate) fn new(tenant: &str, seed: u64) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes().repeat(4)),
            tenant: tenant.to_owned(),
        }
    }

    /// The tenant whose tokens these are.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// An access token for an audience.
    pub(crate) fn access(
        &self,
        identity: &Identity,
        audience: &str,
        now: i64,
        lifetime: i64,
        number: u64,
    ) -> String {
        let mut claims = json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{}/", self.tenant), "iat": now, "nbf": now, "exp": now + lifetime,
            "tid": self.tenant, "ver": "1.0", "uti": format!("simulated-{number}"), "wids": ["11648597-926c-4cf3-9c36-bcebb0ba8dcc"],
        });
        let more = match identity {
            Identity::Application(id) => {
                json!({"appid": id, "appidacr": "1", "idtyp": "app", "oid": OBJECT, "sub": OBJECT, "app_displayname": "Simulated application",
                "roles": ["Directory.Read.All", "Policy.Read.All"]})
            }
            Identity::Person(id) => {
                json!({"appid": id, "appidacr": "0", "idtyp": "user", "oid": PERSON, "sub": PERSON, "name": "Simulated Administrator",
                "upn": "administrator@contoso.example", "unique_name": "administrator@contoso.example", "scp": "user_impersonation", "amr": ["pwd", "mfa"]})
            }
        };
        if let (Value::Object(all), Value::Object(more)) = (&mut claims, more) {
            all.extend(more);
        }
        self.sign(&claims)
    }

    /// A JWT over claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let head = URL_SAFE_NO_PAD
            .encode(json!({"typ": "JWT", "alg": "HS256", "kid": "simulated"}).to_string());
        let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mark = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, text.as_bytes()));
        format!("{text}.{mark}")
    }

    /// Reads a token of this mint; `None` for anything else.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        let (text, mark) = token.rsplit_once('.')?;
        hmac::verify(&self.key, text.as_bytes(), &URL_SAFE_NO_PAD.decode(mark).ok()?).ok()?;
        let claims = payload(token)?;
        Some(Claims {
            audience: claims["aud"].as_str()?.to_owned(),
            expires: claims["exp"].as_i64()?,
            application: claims["idtyp"] == "app",
            caller: claims["oid"].as_str()?.to_owned(),
        })
    }
}

const OBJECT: &str = "00000000-0000-0000-0000-0000000000a1";
const PERSON: &str = "00000000-0000-0000-0000-0000000000b1";

/// The claims of a JWT, unchecked.
pub(crate) fn payload(token: &str) -> Option<Value> {
    let middle = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle.trim_end_matches('=')).ok()?).ok()
}

/// An audience as it is compared: host and path without scheme and closing slashes, a prefixed Dataverse address as
/// the organisation that it stands for.
pub(crate) fn audience(text: &str) -> String {
    let text = text.trim_end_matches('/').to_ascii_lowercase();
    let text = text.split_once("/~").map_or(text.as_str(), |(_, host)| host);
    let text =
        text.strip_prefix("https://").or_else(|| text.strip_prefix("api://")).unwrap_or(text);
    let host = text.split(['/', ':']).next().unwrap_or(text);
    if crate::host::service(host) == Some(crate::host::Service::Dataverse) {
        crate::host::canonical(host)
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_its_own_mint_only() {
        let mint = Mint::new("t", 1);
        let token = mint.access(
            &Identity::Application("app".into()),
            "https://graph.microsoft.com",
            100,
            60,
            1,
        );
        let claims = mint.read(&token).unwrap();
        assert_eq!(
            (claims.audience.as_str(), claims.expires, claims.application),
            ("https://graph.microsoft.com", 160, true)
        );
        assert_eq!(Mint::new("t", 2).read(&token), None);
        assert_eq!(mint.read("a.b.c"), None);
    }

    #[test]
    fn audiences_are_compared_without_scheme_slash_and_form() {
        assert_eq!(audience("https://management.azure.com//"), "management.azure.com");
        assert_eq!(audience("https://Org1.api.crm4.dynamics.com/"), "org1.crm4.dynamics.com");
        assert_eq!(
            audience("https://localhost:1/~org1.crm4.dynamics.com"),
            "org1.crm4.dynamics.com"
        );
        assert_eq!(
            audience("https://analysis.windows.net/powerbi/api"),
            "analysis.windows.net/powerbi/api"
        );
    }
}
