//! Every dialect in which services say that there is more.

use highwater_http::{Failure, Next, Paging};

use crate::server::{Reply, Seen, Server, json, with};
use crate::setup::{all, get, plain, post};

/// Three pages by a number that `place` finds in the request and `more` puts into the answer.
async fn three(place: fn(&Seen) -> Option<u32>, more: fn(u32) -> Reply) -> Server {
    Server::start(move |_, seen| match place(seen) {
        Some(page @ 1..3) => more(page + 1),
        None => more(1),
        _ => json(r#"{"value":["last"],"nextLink":"","@odata.nextLink":null,"skipToken":""}"#),
    })
    .await
}

fn page_parameter(seen: &Seen) -> Option<u32> {
    seen.parameter("page").map(|page| page.parse().unwrap())
}

async fn walks(server: &Server, paging: Paging) -> Vec<String> {
    let rig = plain(server);
    let (pages, failure) = all(&rig.client, &get(server, "/a?api-version=7&$top=2", paging)).await;
    assert_eq!((pages.len(), failure), (4, None), "{paging:?}");
    assert_eq!(rig.client.meter().services["bap"].calls, 4);
    server.seen().into_iter().map(|seen| seen.target).collect()
}

#[tokio::test]
async fn links_in_bodies_are_followed_in_every_spelling() {
    let bodies: [fn(u32) -> Reply; 4] = [
        |n| json(&format!(r#"{{"value":[{n}],"nextLink":"/a?page={n}"}}"#)),
        |n| json(&format!(r#"{{"@odata.nextLink":"/a?page={n}&api-version=8","value":[]}}"#)),
        |n| json(&format!(r#"{{"value":[],"odata.nextLink":"/a?page={n}"}}"#)),
        |n| json(&format!(r#"{{"value":[],"@odata.nextlink":"/a?page={n}"}}"#)),
    ];
    for body in bodies {
        for paging in [Paging::NextLink, Paging::ODataNextLink] {
            let server = three(page_parameter, body).await;
            let targets = walks(&server, paging).await;
            assert!(targets[3].starts_with("/a?page=3"), "{targets:?}");
            assert!(targets[3].contains("api-version="), "{targets:?}");
        }
    }
}

#[tokio::test]
async fn links_in_headers_are_followed() {
    let server = three(page_parameter, |n| {
        let link = format!("</a?page={n}>; rel=\"next\", </a?page=9>; rel=\"last\"");
        with(200, &[("link", &link)], "[1]")
    })
    .await;
    walks(&server, Paging::LinkHeader).await;
    let server =
        three(page_parameter, |n| with(200, &[("NextPageUri", &format!("/a?page={n}"))], "[1]"))
            .await;
    walks(&server, Paging::NextPageUri).await;
}

#[tokio::test]
async fn tokens_go_back_with_the_parameters_of_the_first_request() {
    let place = |seen: &Seen| seen.parameter("continuationToken").map(|t| t.parse().unwrap());
    let server =
        three(place, |n| json(&format!(r#"{{"collection":[],"continuationToken":"{n}"}}"#))).await;
    let targets = walks(&server, Paging::ContinuationToken).await;
    assert_eq!(targets[3], "/a?api-version=7&$top=2&continuationToken=3");
    let server =
        three(place, |n| with(200, &[("x-ms-continuationtoken", &n.to_string())], "{}")).await;
    let targets = walks(&server, Paging::ContinuationHeader).await;
    assert_eq!(targets[3], "/a?api-version=7&$top=2&continuationToken=3");
}

#[tokio::test]
async fn skip_tokens_go_back_in_the_body() {
    for (paging, path, body, group, name) in [
        (
            Paging::ResourceGraph,
            "/providers/Microsoft.ResourceGraph/resources?api-version=1",
            r#"{"query":"resources | order by id","options":{"resultFormat":"objectArray","$top":1000}}"#,
            "options",
            "$skipToken",
        ),
        (
            Paging::Inventory,
            "/resourcequery/resources/query?api-version=1",
            r#"{"TableName":"PowerPlatformResources","Options":{"Top":1000}}"#,
            "Options",
            "SkipToken",
        ),
    ] {
        let server = Server::start(move |_, seen| {
            let asked: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
            match asked[group][name].as_str() {
                None => json(r#"{"data":[1],"$skipToken":"t/2=","resultTruncated":"false"}"#),
                Some("t/2=") => json(r#"{"data":[2],"skipToken":"t3","resultTruncated":1}"#),
                _ => json(r#"{"data":[3],"skipToken":""}"#),
            }
        })
        .await;
        let rig = plain(&server);
        let (pages, failure) = all(&rig.client, &post(&server, path, body, paging)).await;
        assert_eq!((pages.len(), failure), (3, None));
        let last: serde_json::Value = serde_json::from_str(&server.seen()[2].body).unwrap();
        let mut first: serde_json::Value = serde_json::from_str(body).unwrap();
        first[group][name] = "t3".into();
        assert_eq!(last, first, "everything else stays as it was asked");
    }
}

#[tokio::test]
async fn the_newest_page_is_enough_where_a_source_says_so() {
    let server = three(page_parameter, |n| json(&format!(r#"{{"nextLink":"/a?page={n}"}}"#))).await;
    let rig = plain(&server);
    let read = get(&server, "/a", Paging::First);
    let page = rig.client.page(&read, None).await.unwrap();
    assert_eq!(page.next, Some(Next::Link("/a?page=1".to_owned())));
    let (pages, failure) = all(&rig.client, &read).await;
    assert_eq!((pages.len(), failure), (1, None));
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_chain_is_gone_on_with_where_another_run_stopped() {
    let server = three(page_parameter, |n| json(&format!(r#"{{"nextLink":"/a?page={n}"}}"#))).await;
    let rig = plain(&server);
    let read = get(&server, "/a", Paging::NextLink);
    let first = rig.client.page(&read, None).await.unwrap();
    let kept = serde_json::to_string(&first.next).unwrap();
    let again: Option<Next> = serde_json::from_str(&kept).unwrap();
    let second = rig.client.page(&read, again.as_ref()).await.unwrap();
    assert_eq!(second.next, Some(Next::Link("/a?page=2".to_owned())));
}

#[tokio::test]
async fn chains_that_go_in_circles_are_noticed() {
    let itself: fn(&Seen) -> Reply = |_| json(r#"{"value":[1],"nextLink":"/a"}"#);
    let pair: fn(&Seen) -> Reply = |seen| {
        let other = if seen.target == "/b" { "/c" } else { "/b" };
        json(&format!(r#"{{"value":[1],"nextLink":"{other}"}}"#))
    };
    for (answer, requests) in [(itself, 1), (pair, 3)] {
        let server = Server::start(move |_, seen| answer(seen)).await;
        let rig = plain(&server);
        let (pages, failure) = all(&rig.client, &get(&server, "/a", Paging::NextLink)).await;
        assert_eq!((pages.len(), server.count()), (requests, requests));
        let Some(Failure::NotFollowed { reason }) = failure else { panic!("{failure:?}") };
        assert!(reason.contains("loop"), "{reason}");
    }
    let server = Server::start(|_, _| json(r#"{"data":[],"skipToken":"same"}"#)).await;
    let rig = plain(&server);
    let read = post(&server, "/resourcequery/resources/query", "{}", Paging::Inventory);
    let (pages, failure) = all(&rig.client, &read).await;
    assert_eq!(pages.len(), 2);
    assert!(matches!(failure, Some(Failure::NotFollowed { .. })));
}
