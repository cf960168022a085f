//! Signing in by every grant, and what services say to tokens that are missing, foreign or spent.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use highwater_simulator::Running;
use reqwest::Client;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::{at, client, get, start, start_with, told};

async fn token(cloud: &Running, client: &Client, fields: &[(&str, &str)]) -> (u16, Value) {
    let address =
        at(cloud, &format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", cloud.tenant));
    told(client.post(address).form(fields).send().await.unwrap()).await
}

#[tokio::test]
async fn an_application_signs_in_by_secret() {
    let cloud =
        start_with("denied", |settings| settings.client_secret = Some("right".into())).await;
    let client = client(&cloud);
    let fields = |secret| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", "app"),
            ("client_secret", secret),
            ("scope", "https://service.powerapps.com//.default"),
            ("client_info", "1"),
        ]
    };
    let (status, wrong) = token(&cloud, &client, &fields("wrong")).await;
    assert_eq!(status, 401);
    assert!(wrong["error_description"].as_str().unwrap().starts_with("AADSTS7000215"));
    let (status, right) = token(&cloud, &client, &fields("right")).await;
    assert_eq!(status, 200);
    let address = at(
        &cloud,
        "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/tenant?api-version=2021-04-01",
    );
    let (status, body) = told(
        client
            .get(address)
            .bearer_auth(right["access_token"].as_str().unwrap())
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!((status, body["tenantId"].as_str()), (200, Some(cloud.tenant.as_str())));
    cloud.stop().await;
}

#[tokio::test]
async fn a_person_signs_in_with_proof_of_the_code() {
    let cloud = start("denied").await;
    let client = client(&cloud);
    let verifier = "v".repeat(50);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let page = at(
        &cloud,
        &format!("https://login.microsoftonline.com/{}/oauth2/v2.0/authorize", cloud.tenant),
    );
    let redirect = "http://localhost:1234/back";
    let scope = "https://graph.microsoft.com/.default offline_access openid";
    let query = [
        ("client_id", "public"),
        ("response_type", "code"),
        ("redirect_uri", redirect),
        ("scope", scope),
        ("state", "s"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let code = async || {
        let answer = client.get(&page).query(&query).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(location.starts_with(redirect) && location.contains("state=s"), "{location}");
        url::Url::parse(&location)
            .unwrap()
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1
            .into_owned()
    };
    let first = code().await;
    let fields = |code, verifier| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", "public"),
            ("redirect_uri", redirect),
            ("code", code),
            ("code_verifier", verifier),
            ("scope", scope),
        ]
    };
    assert_eq!(
        token(&cloud, &client, &fields(&first, "another")).await.1["error"],
        "invalid_grant"
    );
    let second = code().await;
    let (status, granted) = token(&cloud, &client, &fields(&second, &verifier)).await;
    assert_eq!(status, 200);
    assert_eq!(
        token(&cloud, &client, &fields(&second, &verifier)).await.0,
        400,
        "a code is good once"
    );
    let refresh = granted["refresh_token"].as_str().unwrap();
    let again = [
        ("grant_type", "refresh_token"),
        ("client_id", "public"),
        ("refresh_token", refresh),
        ("scope", "https://service.powerapps.com/.default"),
    ];
    let (status, more) = token(&cloud, &client, &again).await;
    assert_eq!(status, 200);
    assert_ne!(more["refresh_token"], granted["refresh_token"]);
    cloud.stop().await;
}

#[tokio::test]
async fn a_device_is_signed_in_after_a_while() {
    let cloud = start_with("denied", |settings| settings.single_use_refresh = true).await;
    let client = client(&cloud);
    let address = at(&cloud, "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode");
    let (_, device) = told(
        client
            .post(address)
            .form(&[("client_id", "public"), ("scope", "https://graph.microsoft.com/.default")])
            .send()
            .await
            .unwrap(),
    )
    .await;
    let code = device["device_code"].as_str().unwrap();
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "public"),
        ("device_code", code),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    assert_eq!(token(&cloud, &client, &fields).await.1["error"], "authorization_pending");
    let (status, granted) = token(&cloud, &client, &fields).await;
    assert_eq!(status, 200);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", "public"),
        ("refresh_token", granted["refresh_token"].as_str().unwrap()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    assert_eq!(token(&cloud, &client, &refresh).await.0, 200);
    assert_eq!(
        token(&cloud, &client, &refresh).await.1["error"],
        "invalid_grant",
        "a token that is good once was used twice"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn tokens_are_checked_by_every_service() {
    let cloud =
        start_with("denied", |settings| settings.token_lifetime = Duration::from_secs(1)).await;
    let client = client(&cloud);
    let url = "https://graph.microsoft.com/v1.0/groups";
    let plain = client.get(at(&cloud, url)).send().await.unwrap();
    assert_eq!(plain.status(), 401);
    assert!(plain.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    let foreign = client
        .get(at(&cloud, url))
        .bearer_auth(cloud.token("https://vault.azure.net"))
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 401);
    let bap = at(
        &cloud,
        "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/tenant?api-version=2021-04-01",
    );
    let tolerated = client
        .get(&bap)
        .bearer_auth(cloud.token("https://management.azure.com/"))
        .send()
        .await
        .unwrap();
    assert_eq!(tolerated.status(), 200);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("client_secret", "x"),
        ("scope", "https://service.powerapps.com/.default"),
    ];
    let short =
        token(&cloud, &client, &fields).await.1["access_token"].as_str().unwrap().to_owned();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let (status, body) = told(client.get(&bap).bearer_auth(short).send().await.unwrap()).await;
    assert_eq!((status, body["error"]["code"].as_str()), (401, Some("ExpiredAuthenticationToken")));
    cloud.stop().await;
}

#[tokio::test]
async fn what_no_vendor_knows_is_answered_and_reported() {
    let cloud = start("defined").await;
    let client = client(&cloud);
    assert_eq!(get(&cloud, &client, "https://evil.example/x").await.0, 404);
    assert_eq!(get(&cloud, &client, "https://graph.microsoft.com/v1.0/unheard").await.0, 404);
    assert_eq!(
        get(&cloud, &client, "https://graph.microsoft.com/v1.0/groups?$fliter=x").await.0,
        400
    );
    assert_eq!(
        get(&cloud, &client, "https://graph.microsoft.com/v1.0/groups?$filter=id%20like%20x")
            .await
            .0,
        400
    );
    assert_eq!(cloud.unknown().len(), 4, "{:?}", cloud.unknown());
    let answer =
        crate::client::signed(&cloud, &client, "DELETE", "https://graph.microsoft.com/v1.0/groups")
            .send()
            .await
            .unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(cloud.violations(), ["DELETE graph.microsoft.com/v1.0/groups"]);
    cloud.stop().await;
}

/// A token of a person, by device code.
pub(crate) async fn person(cloud: &Running, client: &Client, scope: &str) -> String {
    let address = at(cloud, "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode");
    let (_, device) = told(
        client
            .post(address)
            .form(&[("client_id", "public"), ("scope", scope)])
            .send()
            .await
            .unwrap(),
    )
    .await;
    let fields = [
        ("grant_type", "device_code"),
        ("client_id", "public"),
        ("device_code", device["device_code"].as_str().unwrap()),
        ("scope", scope),
    ];
    token(cloud, client, &fields).await;
    token(cloud, client, &fields).await.1["access_token"].as_str().unwrap().to_owned()
}
