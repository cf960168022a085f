//! A token never leaves for a host that is not of its audience, and nothing that could change a tenant is sent.

use highwater_http::{Failure, Next, Paging};

use crate::server::{Server, json, with};
use crate::setup::{Choice, all, get, plain, post, rig};

async fn foreign() -> Server {
    Server::start(|_, _| json(r#"{"value":["stolen"]}"#)).await
}

#[tokio::test]
async fn a_next_link_to_a_foreign_host_is_refused_and_reported() {
    let foreign = foreign().await;
    let link = foreign.url("/next").to_string();
    let server =
        Server::start(move |_, _| json(&format!(r#"{{"value":[1],"nextLink":"{link}"}}"#))).await;
    let rig = plain(&server);
    let (pages, failure) = all(&rig.client, &get(&server, "/a", Paging::NextLink)).await;
    assert_eq!(pages.len(), 1);
    let Some(Failure::NotFollowed { reason }) = failure else { panic!("{failure:?}") };
    assert!(reason.contains("127.0.0.1") && !reason.contains("/next"), "{reason}");
    assert_eq!(foreign.count(), 0, "not even a request without a token");
    assert_eq!(rig.client.meter().services["bap"].failures, 1);
}

#[tokio::test]
async fn a_next_link_within_the_hosts_of_the_audience_is_followed() {
    let other = Server::start(|_, seen| {
        assert_eq!(seen.authorization(), "Bearer token-1");
        json(r#"{"value":[2]}"#)
    })
    .await;
    let link = other.url("/next").to_string();
    let server =
        Server::start(move |_, _| json(&format!(r#"{{"value":[1],"nextLink":"{link}"}}"#))).await;
    let rig = rig(&[&server, &other], Choice::default());
    let (pages, failure) = all(&rig.client, &get(&server, "/a", Paging::NextLink)).await;
    assert_eq!((pages.len(), failure), (2, None));
}

#[tokio::test]
async fn a_redirect_to_a_foreign_host_is_refused() {
    for status in [301, 302, 303, 307, 308] {
        let foreign = foreign().await;
        let location = foreign.url("/elsewhere").to_string();
        let server = Server::start(move |_, _| with(status, &[("location", &location)], "")).await;
        let rig = plain(&server);
        let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
        assert!(matches!(failure, Failure::NotFollowed { .. }), "{failure}");
        assert_eq!((server.count(), foreign.count()), (1, 0));
    }
}

#[tokio::test]
async fn a_redirect_within_the_audience_is_followed_a_few_times() {
    let server = Server::start(|_, seen| match seen.target.as_str() {
        "/a" => with(302, &[("location", "/b")], ""),
        "/b" => with(307, &[("location", "b2?x=1")], ""),
        "/b2?x=1" => json("{}"),
        round => with(302, &[("location", round)], ""),
    })
    .await;
    let rig = plain(&server);
    assert!(rig.client.page(&get(&server, "/a", Paging::None), None).await.is_ok());
    assert_eq!(server.count(), 3);
    let failure = rig.client.page(&get(&server, "/round", Paging::None), None).await.unwrap_err();
    assert_eq!(failure, Failure::NotFollowed { reason: "too many redirects".to_owned() });
    assert_eq!(server.count(), 3 + 6);
}

#[tokio::test]
async fn a_posted_read_is_never_redirected() {
    let server = Server::start(|_, _| with(307, &[("location", "/delete")], "")).await;
    let rig = plain(&server);
    let read = post(&server, "/resourcequery/resources/query", "{}", Paging::Inventory);
    let failure = rig.client.page(&read, None).await.unwrap_err();
    assert_eq!(failure, Failure::NotFollowed { reason: "a redirect of a POST".to_owned() });
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn nothing_but_listed_reads_is_posted() {
    let server = Server::start(|_, _| json("{}")).await;
    let rig = plain(&server);
    for (path, body) in [
        ("/v1.0/users", "{}"),
        ("/providers/Microsoft.BusinessAppPlatform/deleteTenant", "{}"),
        ("/v1.0/$batch", r#"{"requests":[{"id":"1","method":"DELETE","url":"/users/1"}]}"#),
        ("/resourcequery/resources/query", "no json"),
    ] {
        let failure = rig.client.page(&post(&server, path, body, Paging::None), None).await;
        assert!(matches!(failure, Err(Failure::NotFollowed { .. })), "{path}");
    }
    assert_eq!(server.count(), 0);
    assert_eq!(rig.client.meter().services["bap"].spent, 0);
}

#[tokio::test]
async fn addresses_that_only_look_right_are_refused_before_a_token_is_asked_for() {
    let server = Server::start(|_, _| json("{}")).await;
    let rig = plain(&server);
    let read = get(&server, "/a", Paging::NextLink);
    let port = server.address.port();
    for link in [
        format!("http://127.0.0.1:{port}@foreign.example/"),
        format!("http://user:password@127.0.0.1:{port}/"),
        format!("https://127.0.0.1.foreign.example:{port}/"),
        format!("http://127.0.0.1:{}/", port.wrapping_add(1)),
        "//foreign.example/next".to_owned(),
        "http://foreign.example/next".to_owned(),
        "file:///etc/hosts".to_owned(),
        "http://[".to_owned(),
    ] {
        let failure = rig.client.page(&read, Some(&Next::Link(link.clone()))).await;
        assert!(matches!(failure, Err(Failure::NotFollowed { .. })), "{link} {failure:?}");
    }
    assert_eq!(server.count(), 0);
    assert_eq!(rig.keys.asked.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_transport_that_follows_redirects_by_itself_is_noticed() {
    let server = Server::start(|_, seen| match seen.target.as_str() {
        "/a" => with(302, &[("location", "/b")], ""),
        _ => json("{}"),
    })
    .await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let careful =
        highwater_http::transport(reqwest::Client::builder().no_proxy().tls_certs_only([]));
    let careless = careful.redirect(reqwest::redirect::Policy::limited(5)).build().unwrap();
    let rig = crate::setup::rig_with(&[&server], Choice::default(), careless);
    let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
    assert!(matches!(failure, Failure::NotFollowed { .. }), "{failure}");
}
