//! Entra: sign-in pages and the token endpoint of the simulated tenant.
//!
//! Knows the grants that shipped clients use: client credentials by secret and by assertion, authorisation code with
//! PKCE, device code and refresh. Consent is given by itself; passwords are not known at all.

mod grants;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::settings::Settings;
use crate::token::{Identity, Mint};

/// The state of sign-ins of one run.
#[derive(Debug)]
pub(crate) struct Entra {
    pub(crate) mint: Mint,
    lifetime: i64,
    single_use: bool,
    polls: u32,
    secret: Option<String>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    number: u64,
    codes: BTreeMap<String, Code>,
    devices: BTreeMap<String, Device>,
    refresh: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Code {
    client: String,
    redirect: String,
    challenge: Option<String>,
}

#[derive(Debug)]
struct Device {
    client: String,
    /// What the code was asked for; asking for the token need not say it again.
    scope: String,
    polls: u32,
}

/// Fields of a form by name.
type Fields = BTreeMap<String, String>;

impl Entra {
    /// The sign-in of a tenant.
    pub(crate) fn new(settings: &Settings, tenant: &str) -> Self {
        Self {
            mint: Mint::new(tenant, settings.seed),
            lifetime: i64::try_from(settings.token_lifetime.as_secs()).unwrap_or(3599),
            single_use: settings.single_use_refresh,
            polls: settings.device_polls,
            secret: settings.client_secret.clone(),
            open: Mutex::default(),
        }
    }

    /// Answers a request to the sign-in host; `None` where there is no such page.
    pub(crate) fn answer(&self, asked: &Asked, now: i64) -> Option<Answer> {
        let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["common", "discovery", "instance"] => Some(instances(asked)),
            [tenant, "v2.0", ".well-known", "openid-configuration"] => {
                Some(self.configuration(asked, tenant))
            }
            [_, "discovery", "v2.0", "keys"] => Some(Answer::json(json!({"keys": []}))),
            [_, "oauth2", "v2.0", "authorize"] => Some(self.authorize(asked)),
            [_, "oauth2", "v2.0", "devicecode"] if asked.method == "POST" => {
                Some(self.device_code(asked))
            }
            [tenant, "oauth2", "v2.0", "token"] if asked.method == "POST" => {
                Some(self.token(asked, tenant, now))
            }
            _ => None,
        }
    }

    fn configuration(&self, asked: &Asked, tenant: &str) -> Answer {
        let base = format!("{}/{tenant}", asked.form.address(&asked.host));
        Answer::json(json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{base}/discovery/v2.0/keys"), "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"], "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"], "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": format!("{}/{}/v2.0", asked.form.address(&asked.host), self.mint.tenant()), "request_uri_parameter_supported": false,
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"), "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "http_logout_supported": true, "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
            "tenant_region_scope": "EU", "cloud_instance_name": "microsoftonline.com", "cloud_graph_host_name": "graph.windows.net", "msgraph_host": "graph.microsoft.com",
        }))
    }

    /// Consents at once and sends the browser back with a code.
    fn authorize(&self, asked: &Asked) -> Answer {
        let of = |name: &str| asked.parameter(name).unwrap_or_default().to_owned();
        let redirect = of("redirect_uri");
        let back = url::Url::parse(&redirect)
            .ok()
            .filter(|url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")));
        let Some(mut back) = back else {
            return Answer::text(
                400,
                "text/html; charset=utf-8",
                page(
                    "AADSTS50011: The redirect URI of the request does not match a registered one.",
                ),
            );
        };
        if of("response_type") != "code" || of("client_id").is_empty() {
            back.query_pairs_mut().append_pair("error", "invalid_request").append_pair(
                "error_description",
                "AADSTS900144: response_type and client_id are required.",
            );
            return Answer::empty(302).header("location", back.to_string());
        }
        let challenge = asked.parameter("code_challenge").map(str::to_owned);
        let code = self.next("code");
        self.lock()
            .codes
            .insert(code.clone(), Code { client: of("client_id"), redirect, challenge });
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &of("state"))
            .append_pair("session_state", "00000000-0000-0000-0000-0000000000c1");
        Answer::empty(302).header("location", back.to_string())
    }

    fn device_code(&self, asked: &Asked) -> Answer {
        let fields: Fields = asked.fields().into_iter().collect();
        let Some(client) = fields.get("client_id") else {
            return refused(
                "invalid_request",
                900_144,
                "The request body must contain the parameter 'client_id'.",
            );
        };
        let device = self.next("device");
        self.lock().devices.insert(
            device.clone(),
            Device {
                client: client.clone(),
                scope: fields.get("scope").cloned().unwrap_or_default(),
                polls: 0,
            },
        );
        Answer::json(json!({
            "user_code": "SIMULATED", "device_code": device, "verification_uri": "https://microsoft.com/devicelogin", "expires_in": 900, "interval": 1,
            "message": "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code SIMULATED to authenticate.",
        }))
    }

    fn token(&self, asked: &Asked, tenant: &str, now: i64) -> Answer {
        let mut fields: Fields = asked.fields().into_iter().collect();
        if let Some(device) = fields.get("device_code").and_then(|code| self.scope_of(code)) {
            fields.entry("scope".to_owned()).or_insert(device);
        }
        let of = |name: &str| fields.get(name).map_or("", String::as_str);
        if !self.knows(tenant) {
            return refused(
                "invalid_request",
                90_002,
                &format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
                ),
            );
        }
        let granted = match of("grant_type") {
            "client_credentials" => self
                .client(asked, &fields, now)
                .map(|()| Identity::Application(of("client_id").to_owned())),
            "authorization_code" => self.code(&fields),
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => self.device(&fields),
            "refresh_token" => self.refresh(&fields),
            other => Err(refused(
                "unsupported_grant_type",
                70_003,
                &format!("The app requested an unsupported grant type '{other}'."),
            )),
        };
        match granted {
            Ok(identity) => self.grant(&identity, &fields, now),
            Err(refusal) => refusal,
        }
    }

    fn scope_of(&self, device_code: &str) -> Option<String> {
        self.lock().devices.get(device_code).map(|device| device.scope.clone())
    }

    fn knows(&self, tenant: &str) -> bool {
        tenant == self.mint.tenant()
            || matches!(tenant, "common" | "organizations")
            || tenant.ends_with(".example")
            || tenant.ends_with(".onmicrosoft.com")
    }

    fn grant(&self, identity: &Identity, fields: &Fields, now: i64) -> Answer {
        let scope = fields.get("scope").map_or("", String::as_str);
        let Some(audience) = scope.split(' ').find_map(audience_of) else {
            return refused(
                "invalid_scope",
                70_011,
                &format!(
                    "The provided value for the input parameter 'scope' is not valid. The scope '{scope}' does not exist."
                ),
            );
        };
        if matches!(identity, Identity::Application(_)) && !scope.ends_with("/.default") {
            return refused(
                "invalid_scope",
                1_002_012,
                &format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed."
                ),
            );
        }
        let number = self.number();
        let mut told = json!({
            "token_type": "Bearer", "expires_in": self.lifetime, "ext_expires_in": self.lifetime,
            "access_token": self.mint.access(identity, &audience, now, self.lifetime, number),
        });
        if let Identity::Person(client) = identity {
            let token = self.next("refresh");
            self.lock().refresh.insert(token.clone(), client.clone());
            told["refresh_token"] = token.into();
            told["scope"] = scope.into();
            told["id_token"] = self.mint.sign(&json!({"aud": client, "tid": self.mint.tenant(), "iat": now, "exp": now + self.lifetime, "preferred_username": "administrator@contoso.example",
                "iss": format!("https://login.microsoftonline.com/{}/v2.0", self.mint.tenant()), "oid": "00000000-0000-0000-0000-0000000000b1", "sub": "simulated"})).into();
        }
        Answer::json(told).header("cache-control", "no-store, no-cache")
    }

    fn next(&self, kind: &str) -> String {
        format!("simulated-{kind}-{:08}", self.number())
    }

    fn number(&self) -> u64 {
        let mut open = self.lock();
        open.number += 1;
        open.number
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The resource that a scope is about: `https://graph.microsoft.com/.default` is about `https://graph.microsoft.com`.
fn audience_of(scope: &str) -> Option<String> {
    let resource = match scope {
        "openid" | "profile" | "email" | "offline_access" | "" => return None,
        _ => scope.rsplit_once('/').map_or("https://graph.microsoft.com", |(resource, _)| resource),
    };
    Some(resource.to_owned())
}

fn instances(asked: &Asked) -> Answer {
    let tenant = asked
        .parameter("authorization_endpoint")
        .and_then(|text| url::Url::parse(text).ok()?.path_segments()?.next().map(str::to_owned));
    Answer::json(json!({
        "tenant_discovery_endpoint": format!("{}/{}/v2.0/.well-known/openid-configuration", asked.form.address(&asked.host), tenant.unwrap_or_else(|| "common".to_owned())),
        "api-version": "1.1",
        "metadata": [{"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
                      "aliases": ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]}],
    }))
}

/// A refusal in the form of the token endpoint.
fn refused(error: &str, code: u32, message: &str) -> Answer {
    let status = if error == "invalid_client" { 401 } else { 400 };
    Answer::with(
        status,
        json!({
            "error": error, "error_description": format!("AADSTS{code}: {message} Trace ID: 00000000-0000-0000-0000-0000000000d1 Correlation ID: 00000000-0000-0000-0000-0000000000d2"),
            "error_codes": [code], "timestamp": "2026-11-01 06:00:00Z", "trace_id": "00000000-0000-0000-0000-0000000000d1", "correlation_id": "00000000-0000-0000-0000-0000000000d2",
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        }),
    )
}

fn page(message: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body><p>{message}</p></body></html>"
    )
}
