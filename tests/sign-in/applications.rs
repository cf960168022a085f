//! Applications and machines: secret, certificate, federated token, managed identity, Azure CLI.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use highwater_auth::{Error, Method, Surroundings as _, Tokens as _};
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::entra::{CORRELATION, Entra, Seen, refusal, reply, token};
use crate::world::{APPLICATION, TENANT, World, graph};

const KEY: &str = include_str!("../../fixtures/sign-in/key-for-tests-only.pem");

/// A folder with `app.pem`: the key and a certificate for it, which DER it has, and the public key.
fn certificate() -> (tempfile::TempDir, PathBuf, Vec<u8>, Vec<u8>) {
    let key = rcgen::KeyPair::from_pem(KEY).unwrap();
    let made = rcgen::CertificateParams::new(vec!["app.contoso.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.pem");
    std::fs::write(&path, format!("{KEY}{}", made.pem())).unwrap();
    (folder, path, made.der().to_vec(), key.public_key_raw().to_vec())
}

fn part(assertion: &str, number: usize) -> Value {
    let part = assertion.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn a_secret_is_sent_to_the_tenants_token_address() {
    let entra = Entra::generous().await;
    let world = World::new();
    let found = world.application(&entra.address).token(&graph()).await.unwrap();
    assert_eq!(found.reveal(), "token-0");
    let left = found.expires_at().duration_since(world.now()).unwrap();
    assert!((Duration::from_secs(3590)..=Duration::from_secs(3600)).contains(&left), "{left:?}");
    let seen = &entra.seen()[0];
    assert_eq!(seen.path, format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(seen.field("grant_type"), "client_credentials");
    assert_eq!(seen.field("scope"), "https://graph.microsoft.com/.default");
    assert_eq!(
        (seen.field("client_id"), seen.field("client_secret")),
        (APPLICATION, "a-secret-of-the-test")
    );
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_whom_to_ask() {
    let entra = Entra::start(|_| {
        refusal(401, "invalid_client", 7_000_222, "The provided client secret keys are expired.")
    })
    .await;
    let error = World::new().application(&entra.address).token(&graph()).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Refused { .. }), "{text}");
    for part in [
        "AADSTS7000222",
        "has expired",
        "create a new secret",
        CORRELATION,
        "2026-11-22 06:00:00Z",
        "graph.microsoft.com",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[tokio::test]
async fn a_page_instead_of_a_token_is_no_token() {
    let entra =
        Entra::start(|_| (200, Vec::new(), "<html>sign in to the proxy</html>".to_owned())).await;
    let error = World::new().application(&entra.address).token(&graph()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn nobody_at_the_address_is_said_so() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = World::new().application(&address).token(&graph()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("did not answer"), "{error}");
}

#[tokio::test]
async fn a_certificate_signs_a_statement_that_others_can_check() {
    let (_folder, path, der, public) = certificate();
    let entra = Entra::generous().await;
    let world = World::new();
    let variables = [
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_CLIENT_CERTIFICATE_PATH", path.to_str().unwrap()),
        ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true"),
    ];
    let sign_in = world.sign_in(Method::ServicePrincipal, &entra.address, &variables);
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "token-0");
    let seen = &entra.seen()[0];
    assert_eq!(
        seen.field("client_assertion_type"),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let assertion = seen.field("client_assertion");
    let (header, payload) = (part(assertion, 0), part(assertion, 1));
    let thumbprint = ring::digest::digest(&ring::digest::SHA256, &der);
    assert_eq!(header["alg"], "PS256");
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(thumbprint));
    assert_eq!(header["x5c"][0], STANDARD.encode(&der));
    assert_eq!(payload["aud"], format!("{}/{TENANT}/oauth2/v2.0/token", entra.address));
    assert_eq!((&payload["iss"], &payload["sub"]), (&json!(APPLICATION), &json!(APPLICATION)));
    let now = seconds(world.now());
    assert!(payload["nbf"].as_u64().unwrap() < now && payload["exp"].as_u64().unwrap() > now);
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
}

#[tokio::test]
async fn a_statement_dated_by_a_wrong_clock_is_dated_anew() {
    let (_folder, path, ..) = certificate();
    let entra = Entra::start(|seen: &Seen| {
        let payload = part(seen.field("client_assertion"), 1);
        let now = seconds(SystemTime::now());
        let fits =
            payload["nbf"].as_u64().unwrap() <= now && now < payload["exp"].as_u64().unwrap();
        if fits {
            token("fits", 3599)
        } else {
            refusal(
                401,
                "invalid_client",
                700_024,
                "Client assertion is not within its valid time range.",
            )
        }
    })
    .await;
    let (world, _) = World::skewed(-2 * 3600);
    let variables = [
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_CLIENT_CERTIFICATE_PATH", path.to_str().unwrap()),
    ];
    let sign_in = world.sign_in(Method::ServicePrincipal, &entra.address, &variables);
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "fits");
    assert_eq!(entra.seen().len(), 2);
}

#[tokio::test]
async fn a_certificate_file_that_will_not_do_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.pem");
    let encrypted = KEY.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (text, words) in
        [(KEY, "no certificate"), ("PFX", "openssl pkcs12"), (encrypted.as_str(), "encrypted")]
    {
        std::fs::write(&path, text).unwrap();
        let variables = [
            ("AZURE_CLIENT_ID", APPLICATION),
            ("AZURE_CLIENT_CERTIFICATE_PATH", path.to_str().unwrap()),
        ];
        let sign_in =
            World::new().sign_in(Method::ServicePrincipal, "http://127.0.0.1:1", &variables);
        let error = sign_in.token(&graph()).await.unwrap_err();
        assert!(
            matches!(error, Error::Configuration(_)) && error.to_string().contains(words),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_federated_token_is_handed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "a-federated-token").unwrap();
    for method in [Method::ServicePrincipal, Method::WorkloadIdentity, Method::Auto] {
        let entra = Entra::generous().await;
        let variables = [
            ("AZURE_CLIENT_ID", APPLICATION),
            ("AZURE_FEDERATED_TOKEN_FILE", path.to_str().unwrap()),
        ];
        let sign_in = World::new().sign_in(method, &entra.address, &variables);
        assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "token-0");
        assert_eq!(entra.seen()[0].field("client_assertion"), "a-federated-token");
    }
}

#[tokio::test]
async fn a_managed_identity_is_asked_for_by_its_own_clock() {
    let metadata = Entra::start(|seen| {
        let ends = seconds(SystemTime::now()) + 3600;
        let mut reply = reply(200, json!({"access_token": "managed", "expires_on": ends.to_string(), "resource": "r", "token_type": "Bearer"}));
        assert_eq!(seen.headers.get("metadata").map(String::as_str), Some("true"));
        reply.1.push(("date", httpdate::fmt_http_date(SystemTime::now())));
        reply
    })
    .await;
    let (world, _) = World::skewed(0);
    let variables = [
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &metadata.address),
    ];
    let sign_in =
        world.sign_in(Method::ManagedIdentity, "https://login.microsoftonline.com", &variables);
    let found = sign_in.token(&graph()).await.unwrap();
    assert_eq!(found.reveal(), "managed");
    let left = found.expires_at().duration_since(world.now()).unwrap().as_secs();
    assert!((3590..=3610).contains(&left), "{left}");
    let seen = &metadata.seen()[0];
    assert_eq!(seen.path, "/metadata/identity/oauth2/token");
    assert_eq!(seen.query.get("resource").map(String::as_str), Some("https://graph.microsoft.com"));
    assert_eq!(seen.query.get("client_id").map(String::as_str), Some(APPLICATION));
}

#[tokio::test]
async fn an_identity_that_is_not_assigned_is_said_so() {
    let metadata = Entra::start(|_| {
        reply(400, json!({"error": "invalid_request", "error_description": "Identity not found"}))
    })
    .await;
    let variables = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", metadata.address.as_str())];
    let sign_in = World::new().sign_in(
        Method::ManagedIdentity,
        "https://login.microsoftonline.com",
        &variables,
    );
    let error = sign_in.token(&graph()).await.unwrap_err().to_string();
    assert!(error.contains("no such identity is assigned"), "{error}");
}

#[tokio::test]
async fn azure_cli_is_asked_for_one_audience_and_tenant() {
    let world = World::new();
    let ends = seconds(SystemTime::now()) + 3600;
    let answer = json!({"accessToken": "of-the-cli", "expiresOn": "2026-11-22 07:00:00.000000", "expires_on": ends, "subscription": "", "tenant": TENANT, "tokenType": "Bearer"});
    *world.cli.lock().unwrap() = (0, answer.to_string(), String::new());
    let sign_in = world.sign_in(Method::Auto, "https://login.microsoftonline.com", &[]);
    assert_eq!(sign_in.description().method, Method::AzureCli);
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "of-the-cli");
    let commands = world.commands.lock().unwrap();
    assert_eq!(commands.len(), 1);
    assert!(
        commands[0].contains("--scope https://graph.microsoft.com/.default")
            && commands[0].contains(TENANT),
        "{}",
        commands[0]
    );
}

#[tokio::test]
async fn azure_cli_without_anybody_says_what_to_do() {
    for (code, stderr, words) in [
        (127, "az: command not found", "not installed"),
        (1, "ERROR: Please run 'az login' to setup account.", "az login"),
        (
            1,
            "ERROR: AADSTS50076: Due to a configuration change you must use multi-factor authentication. Correlation ID: 00000000-0000-0000-0000-00000000c001",
            "second factor",
        ),
    ] {
        let world = World::new();
        *world.cli.lock().unwrap() = (code, String::new(), stderr.to_owned());
        let sign_in = world.sign_in(Method::AzureCli, "https://login.microsoftonline.com", &[]);
        let error = sign_in.token(&graph()).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
