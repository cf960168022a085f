//! Batches of Graph, part by part.

use std::time::Duration;

use highwater_http::{Failure, Limit, Next, Page, Paging, PathLimit, Read};
use serde_json::{Value, json as value};

use crate::server::{Reply, Seen, Server, json, with};
use crate::setup::{Choice, HASTE, Rig, get, rig};

const BATCH: &str = "/v1.0/$batch";

fn graph(limit: Limit, server: &Server) -> Rig {
    rig(&[server], Choice::default().limit("graph", limit))
}

fn twenty() -> Limit {
    Limit { batch: 20, ..Limit::default() }
}

fn reads(server: &Server, paths: &[&str]) -> Vec<Read> {
    let read = |path: &&str| Read { service: "graph", ..get(server, path, Paging::ODataNextLink) };
    paths.iter().map(read).collect()
}

/// Answers each part by its address, last part first.
fn parts(seen: &Seen, answer: impl Fn(&str) -> Value) -> Reply {
    let asked: Value = serde_json::from_str(&seen.body).unwrap();
    let responses: Vec<Value> = asked["requests"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|part| {
            assert_eq!(part["method"], "GET");
            let mut response = answer(part["url"].as_str().unwrap());
            response["id"] = part["id"].clone();
            response
        })
        .collect();
    json(&value!({ "responses": responses }).to_string())
}

fn good(body: Value) -> Value {
    value!({"status": 200, "headers": {"Content-Type": "application/json"}, "body": body})
}

fn texts(pages: &[Result<Page, Failure>]) -> Vec<String> {
    pages
        .iter()
        .map(|page| String::from_utf8(page.as_ref().unwrap().body.to_vec()).unwrap())
        .collect()
}

#[tokio::test]
async fn twenty_reads_are_one_request_and_come_back_in_order() {
    let server = Server::start(|_, seen| {
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", BATCH));
        parts(seen, |url| good(value!({"url": url})))
    })
    .await;
    let rig = graph(twenty(), &server);
    let paths: Vec<String> = (0..45).map(|n| format!("/v1.0/groups/{n}?$select=id")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let pages = rig.client.batch(&reads(&server, &paths)).await;
    let wanted: Vec<String> =
        (0..45).map(|n| format!(r#"{{"url":"/groups/{n}?$select=id"}}"#)).collect();
    assert_eq!(texts(&pages), wanted);
    assert_eq!(server.count(), 3);
    let meter = &rig.client.meter().services["graph"];
    assert_eq!((meter.calls, meter.attempts, meter.spent), (45, 3, 45));
}

#[tokio::test]
async fn one_parts_failure_is_no_others() {
    let server = Server::start(|_, seen| {
        parts(seen, |url| match url {
            "/denied" => value!({"status": 403, "body": {"error": {"code": "Authorization_RequestDenied", "message": "no"}}}),
            "/gone" => value!({"status": 404}),
            "/on" => good(value!({"value": [], "@odata.nextLink": "https://graph.example/next"})),
            _ => good(value!({})),
        })
    })
    .await;
    let rig = graph(twenty(), &server);
    let pages = rig
        .client
        .batch(&reads(&server, &["/v1.0/a", "/v1.0/denied", "/v1.0/gone", "/v1.0/on"]))
        .await;
    assert!(pages[0].is_ok());
    let refused = |status| move |page: &Result<Page, Failure>| matches!(page, Err(Failure::Refused { status: s, .. }) if *s == status);
    assert!(refused(403)(&pages[1]) && refused(404)(&pages[2]), "{pages:?}");
    let next = pages[3].as_ref().unwrap().next.clone();
    assert_eq!(next, Some(Next::Link("https://graph.example/next".to_owned())));
    assert_eq!(server.count(), 1);
    assert_eq!(rig.client.meter().services["graph"].failures, 2);
}

#[tokio::test]
async fn parts_that_have_to_wait_are_asked_again_alone() {
    let server = Server::start(|n, seen| {
        parts(seen, |url| match (n, url) {
            (0, "/slow") => value!({"status": 429, "headers": {"Retry-After": "7"}, "body": {"error": {"code": "TooManyRequests"}}}),
            (0 | 1, "/down") => value!({"status": 503, "headers": {}}),
            _ => good(value!({"url": url})),
        })
    })
    .await;
    let rig = graph(twenty(), &server);
    let pages = rig.client.batch(&reads(&server, &["/v1.0/slow", "/v1.0/a", "/v1.0/down"])).await;
    assert!(pages.iter().all(Result::is_ok), "{pages:?}");
    let asked: Vec<usize> = server
        .seen()
        .iter()
        .map(|seen| {
            serde_json::from_str::<Value>(&seen.body).unwrap()["requests"].as_array().unwrap().len()
        })
        .collect();
    assert_eq!(asked, [3, 2, 1]);
    let meter = &rig.client.meter().services["graph"];
    assert_eq!((meter.calls, meter.attempts, meter.throttled, meter.spent), (3, 3, 1, 6));
    let waited = server.seen()[1].at.duration_since(server.seen()[0].at);
    assert!(waited >= Duration::from_secs(7) / HASTE, "{waited:?}");
}

#[tokio::test]
async fn parts_are_given_up_as_reads_are() {
    let server = Server::start(|_, seen| {
        parts(seen, |url| if url == "/down" { value!({"status": 503}) } else { good(value!({})) })
    })
    .await;
    let rig = graph(twenty(), &server);
    let pages = rig.client.batch(&reads(&server, &["/v1.0/down", "/v1.0/a"])).await;
    assert!(
        matches!(pages[0], Err(Failure::GaveUp { attempts: 8, status: Some(503), .. })),
        "{pages:?}"
    );
    assert!(pages[1].is_ok());
    assert_eq!(server.count(), 8);
}

#[tokio::test]
async fn a_part_that_is_left_out_is_asked_again() {
    let server = Server::start(|n, seen| {
        if n == 0 { json(r#"{"responses":[]}"#) } else { parts(seen, |_| good(value!({}))) }
    })
    .await;
    let rig = graph(twenty(), &server);
    let pages = rig.client.batch(&reads(&server, &["/v1.0/a"])).await;
    assert!(pages[0].is_ok());
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_batch_as_a_whole_fails_for_all() {
    let server = Server::start(|n, _| match n {
        0 => with(400, &[], r#"{"error":{"code":"BadRequest","message":"no"}}"#),
        _ => json(r#"{"answers":[]}"#),
    })
    .await;
    let rig = graph(twenty(), &server);
    for _ in 0..2 {
        let pages = rig.client.batch(&reads(&server, &["/v1.0/a", "/v1.0/b"])).await;
        assert!(pages.iter().all(Result::is_err), "{pages:?}");
    }
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn what_must_not_be_batched_is_asked_alone() {
    let server = Server::start(|_, seen| {
        if seen.target == BATCH {
            parts(seen, |_| good(value!({"batched": true})))
        } else {
            json("{}")
        }
    })
    .await;
    let own = PathLimit { quota: None, concurrent: 1 };
    let limit = Limit { paths: vec![("/v1.0/identity".to_owned(), own)], ..twenty() };
    let rig = graph(limit, &server);
    let paths = ["/v1.0/users", "/v1.0/identity/conditionalAccess/policies", "/beta/security/x"];
    let mut reads = reads(&server, &paths);
    reads.push(get(&server, "/other", Paging::None));
    let foreign = url::Url::parse("https://foreign.example/v1.0/users").unwrap();
    reads.push(Read { url: foreign, ..reads[0].clone() });
    let pages = rig.client.batch(&reads).await;
    assert_eq!(texts(&pages[..4]), [r#"{"batched":true}"#, "{}", "{}", "{}"]);
    assert!(matches!(pages[4], Err(Failure::NotFollowed { .. })));
    assert_eq!(server.count(), 4);
}
