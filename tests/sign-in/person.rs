//! A person: browser with PKCE, device code, and refresh for every further audience.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use highwater_auth::{Audience, Error, Method, Prompt, SignIn, Token, Tokens as _};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use url::Url;

use crate::entra::{Entra, Reply, Seen, refusal, reply, token_and_refresh};
use crate::world::{PUBLIC_APPLICATION, TENANT, World, apps, graph};

const CLIENT: [(&str, &str); 1] = [("AZURE_CLIENT_ID", PUBLIC_APPLICATION)];

fn refreshing(seen: &Seen) -> Reply {
    token_and_refresh(
        &format!("{}-{}", seen.field("grant_type"), seen.number),
        &format!("refresh-{}", seen.number),
    )
}

type Asking = JoinHandle<Result<Token, Error>>;

/// Asks for a token in the browser's way and returns the address that the person is shown.
async fn browser(entra: &Entra) -> (Arc<World>, Arc<SignIn>, Asking, BTreeMap<String, String>) {
    let (world, mut prompts) = World::skewed(0);
    let sign_in = Arc::new(world.sign_in(Method::Browser, &entra.address, &CLIENT));
    let asking = ask(&sign_in);
    let Prompt::Browser { address } = prompts.recv().await.unwrap() else {
        panic!("another prompt")
    };
    let address = Url::parse(&address).unwrap();
    assert_eq!(address.path(), format!("/{TENANT}/oauth2/v2.0/authorize"));
    (world, sign_in, asking, address.query_pairs().into_owned().collect())
}

fn ask(sign_in: &Arc<SignIn>) -> Asking {
    let sign_in = Arc::clone(sign_in);
    tokio::spawn(async move { sign_in.token(&graph()).await })
}

/// The browser comes back to the loopback address; the status of what it is told.
async fn come_back(redirect: &str, pairs: &[(&str, &str)]) -> u16 {
    let mut address = Url::parse(redirect).unwrap();
    address.query_pairs_mut().extend_pairs(pairs);
    let client = highwater_auth::tls::client_builder(None).unwrap().no_proxy().build().unwrap();
    client.get(address).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_browser_brings_a_code_that_only_the_verifier_redeems() {
    let entra = Entra::start(refreshing).await;
    let (_world, sign_in, asking, asked) = browser(&entra).await;
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], PUBLIC_APPLICATION);
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], "https://graph.microsoft.com/.default offline_access openid");
    assert_eq!(
        come_back(&asked["redirect_uri"], &[("code", "the-code"), ("state", &asked["state"])])
            .await,
        200
    );
    assert_eq!(asking.await.unwrap().unwrap().reveal(), "authorization_code-0");
    let seen = &entra.seen()[0];
    assert_eq!(
        (seen.field("code"), seen.field("redirect_uri")),
        ("the-code", asked["redirect_uri"].as_str())
    );
    let challenge =
        ring::digest::digest(&ring::digest::SHA256, seen.field("code_verifier").as_bytes());
    assert_eq!(asked["code_challenge"], URL_SAFE_NO_PAD.encode(challenge));
    assert!(seen.field("code_verifier").len() >= 43);

    assert_eq!(sign_in.token(&apps()).await.unwrap().reveal(), "refresh_token-1");
    let seen = &entra.seen()[1];
    assert_eq!(seen.field("refresh_token"), "refresh-0");
    assert_eq!(seen.field("scope"), "https://service.powerapps.com/.default offline_access openid");
}

#[tokio::test]
async fn an_answer_of_another_sign_in_is_sent_away() {
    let entra = Entra::start(refreshing).await;
    let (_world, _sign_in, asking, asked) = browser(&entra).await;
    let redirect = &asked["redirect_uri"];
    assert_eq!(come_back(redirect, &[("code", "evil"), ("state", "of-somebody-else")]).await, 400);
    assert_eq!(come_back(redirect, &[("code", "evil")]).await, 400);
    assert_eq!(come_back(&format!("{redirect}/favicon.ico"), &[]).await, 404);
    assert!(!asking.is_finished() && entra.seen().is_empty());
    come_back(redirect, &[("code", "mine"), ("state", &asked["state"])]).await;
    asking.await.unwrap().unwrap();
    assert_eq!(entra.seen()[0].field("code"), "mine");
}

#[tokio::test]
async fn a_person_who_is_refused_or_never_comes_ends_the_wait() {
    let entra = Entra::start(refreshing).await;
    let (_world, _sign_in, asking, asked) = browser(&entra).await;
    let words = "AADSTS53003: Access has been blocked by Conditional Access policies.";
    let pairs =
        [("error", "access_denied"), ("error_description", words), ("state", &asked["state"])];
    assert_eq!(come_back(&asked["redirect_uri"], &pairs).await, 200);
    let error = asking.await.unwrap().unwrap_err().to_string();
    assert!(error.contains("conditional access blocks"), "{error}");

    let (world, _sign_in, asking, _) = browser(&entra).await;
    world.impatience.notify_one();
    let error = asking.await.unwrap().unwrap_err().to_string();
    assert!(error.contains("nobody signed in") && error.contains("device-code"), "{error}");
    assert!(entra.seen().is_empty());
}

#[tokio::test]
async fn a_person_is_asked_once_for_all_audiences() {
    let entra = Entra::start(refreshing).await;
    let (world, mut prompts) = World::skewed(0);
    let sign_in = Arc::new(world.sign_in(Method::Browser, &entra.address, &CLIENT));
    let first = ask(&sign_in);
    let Prompt::Browser { address } = prompts.recv().await.unwrap() else {
        panic!("another prompt")
    };
    let second = Arc::clone(&sign_in);
    let second = tokio::spawn(async move { second.token(&apps()).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let asked: BTreeMap<_, _> = Url::parse(&address).unwrap().query_pairs().into_owned().collect();
    come_back(&asked["redirect_uri"], &[("code", "c"), ("state", &asked["state"])]).await;
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert!(prompts.try_recv().is_err(), "a second prompt");
    assert_eq!(entra.seen()[1].field("grant_type"), "refresh_token");
}

#[tokio::test]
async fn a_refresh_token_that_ended_asks_for_a_new_sign_in() {
    let entra = Entra::start(|seen| match seen.field("grant_type") {
        "refresh_token" => refusal(
            400,
            "invalid_grant",
            700_082,
            "The refresh token has expired due to inactivity.",
        ),
        _ => refreshing(seen),
    })
    .await;
    let (_world, sign_in, asking, asked) = browser(&entra).await;
    come_back(&asked["redirect_uri"], &[("code", "c"), ("state", &asked["state"])]).await;
    asking.await.unwrap().unwrap();
    let error = sign_in.token(&apps()).await.unwrap_err().to_string();
    assert!(error.contains("AADSTS700082") && error.contains("sign in again"), "{error}");
}

#[tokio::test]
async fn a_second_factor_for_one_resource_asks_the_person_once_more() {
    let entra =
        Entra::start(|seen| match (seen.field("grant_type"), seen.field("refresh_token")) {
            ("refresh_token", "refresh-0") => refusal(
                400,
                "interaction_required",
                50_076,
                "You must use multi-factor authentication.",
            ),
            _ => refreshing(seen),
        })
        .await;
    let (world, mut prompts) = World::skewed(0);
    let sign_in = Arc::new(world.sign_in(Method::Browser, &entra.address, &CLIENT));
    for (audience, given) in [(graph(), "authorization_code-0"), (apps(), "authorization_code-2")] {
        let asking = Arc::clone(&sign_in);
        let asking = tokio::spawn(async move { asking.token(&audience).await });
        let Prompt::Browser { address } = prompts.recv().await.unwrap() else {
            panic!("another prompt")
        };
        let asked: BTreeMap<_, _> =
            Url::parse(&address).unwrap().query_pairs().into_owned().collect();
        come_back(&asked["redirect_uri"], &[("code", "c"), ("state", &asked["state"])]).await;
        assert_eq!(asking.await.unwrap().unwrap().reveal(), given);
    }
    // What the person showed then is good for the others.
    let third = Audience::new("https://management.azure.com");
    let token = tokio::time::timeout(Duration::from_secs(20), sign_in.token(&third)).await;
    assert_eq!(token.unwrap().unwrap().reveal(), "refresh_token-3");
    assert!(prompts.try_recv().is_err());
}

#[tokio::test]
async fn a_person_is_not_asked_without_end() {
    let entra = Entra::start(|seen| match seen.field("grant_type") {
        "refresh_token" => refusal(
            400,
            "interaction_required",
            50_076,
            "You must use multi-factor authentication.",
        ),
        _ => refreshing(seen),
    })
    .await;
    let (world, mut prompts) = World::skewed(0);
    let sign_in = Arc::new(world.sign_in(Method::Browser, &entra.address, &CLIENT));
    for number in 0..4 {
        let (asking, audience) =
            (Arc::clone(&sign_in), Audience::new(format!("https://{number}.example")));
        let asking = tokio::spawn(async move { asking.token(&audience).await });
        let Prompt::Browser { address } = prompts.recv().await.unwrap() else {
            panic!("another prompt")
        };
        let asked: BTreeMap<_, _> =
            Url::parse(&address).unwrap().query_pairs().into_owned().collect();
        come_back(&asked["redirect_uri"], &[("code", "c"), ("state", &asked["state"])]).await;
        asking.await.unwrap().unwrap();
    }
    let error = sign_in.token(&graph()).await.unwrap_err().to_string();
    assert!(error.contains("AADSTS50076") && error.contains("often enough"), "{error}");
}

fn device(pending: usize, then: fn(&Seen) -> Reply) -> impl Fn(&Seen) -> Reply {
    move |seen| match seen.number {
        0 => reply(
            200,
            json!({"device_code": "a-device-code", "user_code": "ABCD-EFGH", "verification_uri": "https://login.example/device", "expires_in": 900, "interval": 5}),
        ),
        1 => refusal(400, "slow_down", 50_196, "Too fast."),
        number if number <= pending => {
            refusal(400, "authorization_pending", 70_016, "Pending end-user authorization.")
        }
        _ => then(seen),
    }
}

async fn with_device(
    then: fn(&Seen) -> Reply,
    pending: usize,
) -> (Arc<World>, UnboundedReceiver<Prompt>, Entra, Result<Token, Error>) {
    let entra = Entra::start(device(pending, then)).await;
    let (world, prompts) = World::skewed(0);
    let sign_in = world.sign_in(Method::DeviceCode, &entra.address, &CLIENT);
    let answer = sign_in.token(&graph()).await;
    (world, prompts, entra, answer)
}

#[tokio::test]
async fn a_device_code_is_waited_for_as_the_service_allows() {
    let (world, mut prompts, entra, answer) = with_device(refreshing, 3).await;
    assert_eq!(answer.unwrap().reveal(), "urn:ietf:params:oauth:grant-type:device_code-4");
    let shown = prompts.recv().await.unwrap().to_string();
    assert!(
        shown.contains("https://login.example/device")
            && shown.contains("ABCD-EFGH")
            && shown.contains("15 minutes"),
        "{shown}"
    );
    assert!(!shown.contains("a-device-code"));
    assert_eq!(*world.sleeps.lock().unwrap(), [Duration::from_secs(10); 3]);
    let seen = entra.seen();
    assert_eq!(seen[0].path, format!("/{TENANT}/oauth2/v2.0/devicecode"));
    assert_eq!(
        seen[0].field("scope"),
        "https://graph.microsoft.com/.default offline_access openid"
    );
    assert_eq!(seen[4].field("device_code"), "a-device-code");
}

#[tokio::test]
async fn a_device_code_that_nobody_enters_expires() {
    let (world, _, entra, answer) = with_device(refreshing, usize::MAX).await;
    let error = answer.unwrap_err().to_string();
    assert!(error.contains("expired"), "{error}");
    let waited: Duration = world.sleeps.lock().unwrap().iter().sum();
    assert!(waited > Duration::from_secs(890) && waited < Duration::from_secs(930), "{waited:?}");
    assert!(entra.seen().len() < 100);
}

#[tokio::test]
async fn a_device_code_can_be_declined_or_found_expired() {
    for (then, words) in [
        (
            (|_| refusal(400, "authorization_declined", 70_017, "The user declined."))
                as fn(&Seen) -> Reply,
            "AADSTS70017",
        ),
        (|_| reply(400, json!({"error": "authorization_declined"})), "declined"),
        (|_| reply(400, json!({"error": "expired_token"})), "expired before"),
        (
            |_| refusal(400, "expired_token", 70_020, "This device code has expired."),
            "enter the new code",
        ),
    ] {
        let (_, _, _, answer) = with_device(then, 1).await;
        let error = answer.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
