//! Everything that can go wrong with one answer, and what becomes of it.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use highwater_http::{Bounds, Failure, Paging};

use crate::server::{Reply, Server, json, kind, with};
use crate::setup::{Choice, get, plain, rig};

const GOOD: &str = r#"{"value":[1]}"#;

/// Answers `bad` so many times, and well after that.
async fn after(times: usize, bad: Reply) -> Server {
    Server::start(move |n, _| if n < times { bad.clone() } else { json(GOOD) }).await
}

#[tokio::test]
async fn what_passes_is_asked_again() {
    for bad in [
        with(408, &[], "{}"),
        with(429, &[("retry-after", "5")], "{}"),
        with(500, &[], "{}"),
        with(502, &[], "<html>"),
        with(503, &[("retry-after", "00:00:05")], "{}"),
        with(504, &[], ""),
        Reply::Reset,
        Reply::ResetInside(b"{\"value\":".to_vec()),
        Reply::Truncated(b"{\"value\":".to_vec()),
        kind(200, "text/html", "<html>gateway</html>"),
        kind(200, "application/json", "<!DOCTYPE html>"),
        json(r#"{"value":["#),
        json(""),
    ] {
        let server = after(2, bad.clone()).await;
        let rig = plain(&server);
        let page = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap();
        assert_eq!(page.body, GOOD, "{bad:?}");
        assert_eq!(server.count(), 3, "{bad:?}");
        let meter = &rig.client.meter().services["bap"];
        assert_eq!((meter.calls, meter.attempts, meter.failures, meter.spent), (1, 3, 0, 3));
        assert_eq!(rig.diary.about("Retrying").len(), 2, "{bad:?}");
        assert!(meter.waited_ms > 0, "{bad:?} {meter:?}");
    }
}

#[tokio::test]
async fn what_never_passes_is_given_up_after_so_many_attempts() {
    for (bad, status, times) in [
        (with(503, &[], r#"{"error":{"code":"Busy","message":"later"}}"#), Some(503), 8),
        (with(429, &[("retry-after", "1")], ""), Some(429), 20),
        (Reply::Reset, None, 8),
        (Reply::Truncated(b"{".to_vec()), None, 8),
    ] {
        let server = after(usize::MAX, bad.clone()).await;
        let rig = plain(&server);
        let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
        let Failure::GaveUp { attempts, status: told, reason } = &failure else {
            panic!("{bad:?} {failure}")
        };
        assert_eq!((*attempts, *told), (times, status), "{bad:?}");
        assert_eq!(u32::try_from(server.count()).unwrap(), times);
        assert!(!reason.is_empty());
        assert_eq!(rig.client.meter().services["bap"].failures, 1);
    }
}

#[tokio::test]
async fn what_stays_is_asked_once() {
    for status in [400, 403, 404, 409, 410] {
        let body = r#"{"error":{"code":"Nope","message":"because of sig=CANARY"}}"#;
        let server = after(usize::MAX, with(status, &[], body)).await;
        let rig = plain(&server);
        let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await;
        let message = "because of sig=(redacted)".to_owned();
        assert_eq!(
            failure.unwrap_err(),
            Failure::Refused { status, code: "Nope".to_owned(), message }
        );
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn answers_of_another_kind_are_unusable() {
    for (bad, requests) in [
        (kind(200, "text/csv", "a,b"), 1),
        (kind(200, "text/html; charset=utf-8", "<html>"), 3),
        (json(r#"{"value":[}"#), 3),
        (with(304, &[], ""), 1),
        (with(505, &[], ""), 1),
    ] {
        let server = after(usize::MAX, bad.clone()).await;
        let rig = plain(&server);
        let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
        assert!(matches!(failure, Failure::Unusable { .. }), "{bad:?} {failure}");
        assert_eq!(server.count(), requests, "{bad:?}");
    }
}

#[tokio::test]
async fn a_source_may_want_something_else_than_json() {
    let server = after(0, json("")).await;
    let other = Server::start(|_, _| kind(200, "text/plain", "steps:\n- task: a")).await;
    let rig = rig(&[&server, &other], Choice::default());
    let mut read = get(&other, "/azure-pipelines.yml", Paging::None);
    read.headers = vec![("Accept", "text/plain".to_owned())];
    let page = rig.client.page(&read, None).await.unwrap();
    assert_eq!(page.body, "steps:\n- task: a");
}

#[tokio::test]
async fn a_byte_order_mark_is_tolerated() {
    let server = after(0, json("")).await;
    let marked = Server::start(|_, _| json("\u{feff}{\"value\":[],\"nextLink\":\"/b\"}")).await;
    let rig = rig(&[&server, &marked], Choice::default());
    let page = rig.client.page(&get(&marked, "/a", Paging::NextLink), None).await.unwrap();
    assert!(page.body.starts_with(b"{"));
    assert!(page.next.is_some());
}

#[tokio::test]
async fn a_token_that_expires_is_replaced_once() {
    let server = Server::start(|n, seen| {
        let expired = n >= 2 && seen.authorization() == "Bearer token-1";
        if expired { with(401, &[("www-authenticate", "Bearer")], "") } else { json(GOOD) }
    })
    .await;
    let rig = plain(&server);
    let read = get(&server, "/a", Paging::None);
    for _ in 0..5 {
        rig.client.page(&read, None).await.unwrap();
    }
    assert_eq!(rig.keys.refused.load(Ordering::SeqCst), 1);
    assert_eq!(server.count(), 6);
    assert_eq!(server.seen()[5].authorization(), "Bearer token-2");
}

#[tokio::test]
async fn a_token_that_is_refused_twice_is_refused() {
    let body = r#"{"error":{"code":"InvalidToken","message":"no"}}"#;
    for bad in [with(401, &[], body), kind(203, "text/html", "<html>Sign in")] {
        let server = after(usize::MAX, bad).await;
        let rig = plain(&server);
        let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
        assert!(matches!(failure, Failure::Refused { status: 401 | 203, .. }), "{failure}");
        assert_eq!(server.count(), 2);
        assert_eq!(rig.keys.refused.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_demand_that_only_a_person_can_meet_ends_the_read() {
    let server =
        after(usize::MAX, with(401, &[("www-authenticate", "Bearer claims=\"e30\"")], "")).await;
    let rig = rig(&[&server], Choice { claims: true, ..Choice::default() });
    let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused { status: 401, .. }), "{failure}");
    assert_eq!(server.count(), 1);
}

/// Zeroes in gzip; a thousandth of what comes out of it.
fn bomb(megabytes: usize) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..megabytes {
        gzip.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    gzip.finish().unwrap()
}

fn gzip(body: Vec<u8>) -> Reply {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("content-encoding", "gzip".to_owned()),
    ];
    Reply::Answer(200, headers, body)
}

#[tokio::test]
async fn compressed_answers_are_read_up_to_a_size() {
    let mut small = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    small.write_all(GOOD.as_bytes()).unwrap();
    let (small, large) = (small.finish().unwrap(), bomb(64));
    assert!(large.len() < 1 << 17, "{}", large.len());
    let server = Server::start(move |_, seen| {
        gzip(if seen.target == "/small" { small.clone() } else { large.clone() })
    })
    .await;
    let bounds = Bounds { body: 4 << 20, ..Choice::default().bounds };
    let rig = rig(&[&server], Choice { bounds, ..Choice::default() });
    let page = rig.client.page(&get(&server, "/small", Paging::None), None).await.unwrap();
    assert_eq!(page.body, GOOD);
    let failure = rig.client.page(&get(&server, "/bomb", Paging::None), None).await.unwrap_err();
    assert_eq!(failure, Failure::Unusable { reason: "larger than 4 MiB".to_owned() });
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_compressed_answer_that_is_cut_off_is_asked_again() {
    let whole = bomb(1);
    let cut = whole[..whole.len() / 2].to_vec();
    let server =
        Server::start(move |n, _| if n == 0 { gzip(cut.clone()) } else { json(GOOD) }).await;
    let rig = plain(&server);
    let page = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap();
    assert_eq!((page.body.as_ref(), server.count()), (GOOD.as_bytes(), 2));
}

#[tokio::test]
async fn silence_and_dripping_have_an_end() {
    for (bad, stall, whole, wanted) in [
        (Reply::Silence, 300, 3000, "nothing came for 300 s"),
        (Reply::Drip(Duration::from_millis(20)), 3_000_000, 600, "not done after 600 s"),
        (Reply::Truncated(b"{".to_vec()), 3_000_000, 600_000, "the body broke off"),
    ] {
        let server = after(usize::MAX, bad).await;
        let bounds = Bounds {
            attempts: 2,
            stall: Duration::from_secs(stall),
            whole: Duration::from_secs(whole),
            ..Bounds::default()
        };
        let rig = rig(&[&server], Choice { bounds, ..Choice::default() });
        let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
        let Failure::GaveUp { attempts: 2, reason, .. } = failure else { panic!("{failure}") };
        assert!(reason.starts_with(wanted), "{reason}");
    }
}

#[tokio::test]
async fn an_answer_that_is_late_but_comes_is_good() {
    let server = Server::start(|_, _| Reply::Late(Duration::from_millis(50), GOOD.into())).await;
    let rig = plain(&server);
    assert!(rig.client.page(&get(&server, "/a", Paging::None), None).await.is_ok());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn waits_have_a_bound_even_if_a_service_asks_for_more() {
    let server = after(usize::MAX, with(429, &[("retry-after", "86400")], "{}")).await;
    let rig = plain(&server);
    let read = get(&server, "/a", Paging::None);
    let failure = rig.client.page(&read, None).await.unwrap_err();
    assert!(matches!(failure, Failure::GaveUp { attempts: 1, status: Some(429), .. }), "{failure}");
    // Who comes later is not made to wait for a day either, and sends nothing.
    let failure = rig.client.page(&read, None).await.unwrap_err();
    assert!(matches!(failure, Failure::GaveUp { attempts: 0, .. }), "{failure}");
    assert_eq!(server.count(), 1);
    assert_eq!(rig.client.meter().services["bap"].spent, 1);
}

#[tokio::test]
async fn a_host_that_is_not_there_is_given_up() {
    let server = after(0, json("")).await;
    let rig = plain(&server);
    let read = get(&server, "/a", Paging::None);
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let failure = rig.client.page(&read, None).await.unwrap_err();
    assert!(matches!(failure, Failure::GaveUp { attempts: 8, status: None, .. }), "{failure}");
}

#[tokio::test]
async fn no_event_holds_a_token_or_a_query() {
    let server =
        after(1, with(429, &[("retry-after", "3")], r#"{"message":"Bearer CANARY"}"#)).await;
    let rig = plain(&server);
    rig.client.page(&get(&server, "/a?sig=CANARY", Paging::None), None).await.unwrap();
    let diary = rig.diary.0.lock().unwrap().join("\n");
    assert!(diary.contains("Sent") && diary.contains("Waiting") && diary.contains("Retrying"));
    assert!(!diary.contains("CANARY") && !diary.contains("token-1"), "{diary}");
}
