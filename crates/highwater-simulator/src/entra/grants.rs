//! Grants: what each way of signing in has to prove.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Entra, Fields, refused};
use crate::answer::Answer;
use crate::asked::Asked;
use crate::token::{Identity, payload};

impl Entra {
    /// A client that proves itself by secret or assertion.
    pub(super) fn client(&self, asked: &Asked, fields: &Fields, now: i64) -> Result<(), Answer> {
        if fields.get("client_id").is_none_or(String::is_empty) {
            return Err(refused(
                "invalid_request",
                900_144,
                "The request body must contain the following parameter: 'client_id'.",
            ));
        }
        if let Some(assertion) = fields.get("client_assertion") {
            let claims = payload(assertion).unwrap_or(Value::Null);
            let meant = claims["aud"].as_str().is_some_and(|audience| {
                audience.contains("/oauth2/")
                    || audience.contains(&asked.host)
                    || audience == "api://AzureADTokenExchange"
            });
            let valid = claims["exp"].as_i64().is_none_or(|until| until > now);
            return if meant && valid {
                Ok(())
            } else {
                Err(refused(
                    "invalid_client",
                    700_024,
                    "Client assertion is not within its valid time range, or not meant for this endpoint.",
                ))
            };
        }
        match (fields.get("client_secret"), &self.secret) {
            (None, _) => Err(refused(
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            )),
            (Some(told), Some(right)) if told == right => Ok(()),
            (Some(told), None) if !told.is_empty() => Ok(()),
            _ => Err(refused(
                "invalid_client",
                7_000_215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
            )),
        }
    }

    /// Whoever brings a code and the proof that it is theirs.
    pub(super) fn code(&self, fields: &Fields) -> Result<Identity, Answer> {
        let told = fields.get("code").and_then(|code| self.lock().codes.remove(code));
        let Some(code) = told else {
            return Err(refused(
                "invalid_grant",
                54_005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
            ));
        };
        let of = |name: &str| fields.get(name).map_or("", String::as_str);
        if of("redirect_uri") != code.redirect || of("client_id") != code.client {
            return Err(refused(
                "invalid_client",
                50_011,
                "The reply address of the request does not match the one that the code was issued for.",
            ));
        }
        let proven = code.challenge.is_none_or(|challenge| {
            URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier").as_bytes())) == challenge
        });
        if proven {
            Ok(Identity::Person(code.client))
        } else {
            Err(refused(
                "invalid_grant",
                501_481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            ))
        }
    }

    /// Whoever signed in on another device.
    pub(super) fn device(&self, fields: &Fields) -> Result<Identity, Answer> {
        let Some(code) = fields.get("device_code").or_else(|| fields.get("code")) else {
            return Err(refused(
                "invalid_request",
                900_144,
                "The request body must contain the following parameter: 'device_code'.",
            ));
        };
        let mut open = self.lock();
        let Some(device) = open.devices.get_mut(code) else {
            return Err(refused(
                "expired_token",
                70_020,
                "The provided value for the input parameter 'device_code' is not valid or has expired.",
            ));
        };
        if device.polls < self.polls {
            device.polls += 1;
            return Err(refused(
                "authorization_pending",
                70_016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            ));
        }
        let client = device.client.clone();
        open.devices.remove(code);
        Ok(Identity::Person(client))
    }

    /// Whoever signed in before.
    pub(super) fn refresh(&self, fields: &Fields) -> Result<Identity, Answer> {
        let mut open = self.lock();
        let known = fields.get("refresh_token").and_then(|token| {
            if self.single_use {
                open.refresh.remove(token)
            } else {
                open.refresh.get(token).cloned()
            }
        });
        known.map(Identity::Person).ok_or_else(|| {
            refused(
                "invalid_grant",
                70_000,
                "The provided grant has expired or was revoked. Sign in again.",
            )
        })
    }
}
