//! Sharing: many callers, one request; renewal in time; what follows a 401.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use highwater_auth::{Audience, Error, Method, Token, Tokens as _};

use crate::entra::{Entra, Reply, refusal, token};
use crate::world::{APPLICATION, World, apps, graph};

#[tokio::test]
async fn many_callers_at_once_cause_one_request() {
    let entra = Entra::generous().await;
    let sign_in = Arc::new(World::new().application(&entra.address));
    let callers: Vec<_> = (0..50)
        .map(|number| {
            let sign_in = Arc::clone(&sign_in);
            let audience = if number % 2 == 0 { graph() } else { apps() };
            tokio::spawn(async move { sign_in.token(&audience).await.unwrap().reveal().to_owned() })
        })
        .collect();
    let mut given = Vec::new();
    for caller in callers {
        given.push(caller.await.unwrap());
    }
    assert_eq!(entra.seen().len(), 2);
    assert!(given.iter().step_by(2).all(|token| *token == given[0]));
    assert_ne!(given[0], given[1]);
}

#[tokio::test]
async fn callers_share_a_failure_and_ask_again_later() {
    let entra = Entra::start(|_| {
        refusal(401, "invalid_client", 7_000_215, "Invalid client secret provided.")
    })
    .await;
    let world = World::new();
    let sign_in = Arc::new(world.application(&entra.address));
    let callers: Vec<_> = (0..20)
        .map(|_| Arc::clone(&sign_in))
        .map(|sign_in| tokio::spawn(async move { sign_in.token(&graph()).await.unwrap_err() }))
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap().to_string().contains("AADSTS7000215"));
    }
    assert_eq!(entra.seen().len(), 1, "a wrong secret is not tried again and again");
    world.advance(Duration::from_secs(61));
    sign_in.token(&graph()).await.unwrap_err();
    assert_eq!(entra.seen().len(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_nothing_with_it() {
    let entra = Entra::generous().await;
    let sign_in = World::new().application(&entra.address);
    let cut = tokio::time::timeout(Duration::from_millis(1), sign_in.token(&graph())).await;
    assert!(cut.is_err());
    assert!(sign_in.token(&graph()).await.is_ok());
}

#[tokio::test]
async fn a_token_is_renewed_some_minutes_before_its_end() {
    let entra = Entra::generous().await;
    let world = World::new();
    let sign_in = world.application(&entra.address);
    let first = sign_in.token(&graph()).await.unwrap();
    world.advance(Duration::from_secs(3599 - 301));
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), first.reveal());
    world.advance(Duration::from_secs(2));
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "token-1");
}

#[tokio::test]
async fn the_time_of_day_does_not_matter() {
    for ahead in [-86_400, 86_400] {
        let entra = Entra::generous().await;
        let (world, _) = World::skewed(ahead);
        let sign_in = world.application(&entra.address);
        sign_in.token(&graph()).await.unwrap();
        world.advance(Duration::from_secs(3000));
        sign_in.token(&graph()).await.unwrap();
        assert_eq!(entra.seen().len(), 1);
        world.advance(Duration::from_secs(599));
        sign_in.token(&graph()).await.unwrap();
        assert_eq!(entra.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_short_lived_token_is_used_for_most_of_its_life() {
    let entra = Entra::start(|seen| token(&format!("token-{}", seen.number), 60)).await;
    let world = World::new();
    let sign_in = world.application(&entra.address);
    sign_in.token(&graph()).await.unwrap();
    world.advance(Duration::from_secs(40));
    sign_in.token(&graph()).await.unwrap();
    assert_eq!(entra.seen().len(), 1);
    world.advance(Duration::from_secs(10));
    sign_in.token(&graph()).await.unwrap();
    assert_eq!(entra.seen().len(), 2);
}

/// Gives one token, and none while `down`.
async fn failing(down: &Arc<AtomicBool>) -> Entra {
    let down = Arc::clone(down);
    Entra::start(move |seen| -> Reply {
        if down.load(Ordering::Relaxed) {
            refusal(400, "temporarily_unavailable", 90_033, "A transient error has occurred.")
        } else {
            token(&format!("token-{}", seen.number), 3599)
        }
    })
    .await
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_old_token_until_its_end() {
    let down = Arc::new(AtomicBool::new(false));
    let entra = failing(&down).await;
    let world = World::new();
    let sign_in = world.application(&entra.address);
    sign_in.token(&graph()).await.unwrap();
    down.store(true, Ordering::Relaxed);
    world.advance(Duration::from_secs(3599 - 200));
    for _ in 0..5 {
        assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "token-0");
    }
    assert_eq!(entra.seen().len(), 2, "the failure is not asked for again at once");
    world.advance(Duration::from_secs(180));
    assert!(matches!(sign_in.token(&graph()).await, Err(Error::Refused { .. })));
    down.store(false, Ordering::Relaxed);
    world.advance(Duration::from_secs(61));
    assert!(sign_in.token(&graph()).await.unwrap().reveal().starts_with("token-"));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_only_if_it_is_still_held() {
    let entra = Entra::generous().await;
    let world = World::new();
    let sign_in = world.application(&entra.address);
    let old = sign_in.token(&graph()).await.unwrap();
    sign_in.refused(&graph(), &old, Some("Bearer error=\"invalid_token\"")).await.unwrap();
    let new = sign_in.token(&graph()).await.unwrap();
    assert_eq!(new.reveal(), "token-1");
    // Those who still held the old one report it as well: nothing is asked for again.
    for _ in 0..5 {
        sign_in.refused(&graph(), &old, None).await.unwrap();
    }
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "token-1");
    let error = sign_in.refused(&graph(), &new, None).await.unwrap_err().to_string();
    assert!(error.contains("fresh token"), "{error}");
    assert_eq!(entra.seen().len(), 2);
    // Much later it may have ended early: that is another matter.
    world.advance(Duration::from_secs(120));
    sign_in.refused(&graph(), &new, None).await.unwrap();
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), "token-2");
}

#[tokio::test]
async fn a_claims_challenge_is_for_a_person() {
    let entra = Entra::generous().await;
    let sign_in = World::new().application(&entra.address);
    let held = sign_in.token(&graph()).await.unwrap();
    let challenge = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19\"";
    let error = sign_in.refused(&graph(), &held, Some(challenge)).await.unwrap_err().to_string();
    assert!(error.contains("--auth browser") && error.contains("c1"), "{error}");
    assert_eq!(sign_in.token(&graph()).await.unwrap().reveal(), held.reveal());
}

#[tokio::test]
async fn a_service_with_a_token_of_its_own_needs_no_entra() {
    let github = Audience::new("https://api.github.com");
    let variables = [
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_CLIENT_SECRET", "s"),
        ("GITHUB_TOKEN", "of-github"),
    ];
    let sign_in = World::new().sign_in(Method::Auto, "http://127.0.0.1:1", &variables);
    assert_eq!(sign_in.token(&github).await.unwrap().reveal(), "of-github");
    let given = Token::new("of-github".to_owned(), SystemTime::UNIX_EPOCH);
    let error = sign_in.refused(&github, &given, None).await.unwrap_err().to_string();
    assert!(error.contains("GITHUB_TOKEN"), "{error}");
    let without = World::new().sign_in(Method::Auto, "http://127.0.0.1:1", &variables[..2]);
    let error = without.token(&github).await.unwrap_err();
    assert!(
        matches!(error, Error::Configuration(_)) && error.to_string().contains("GITHUB_TOKEN"),
        "{error}"
    );
}
