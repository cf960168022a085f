//! Many reads at once against servers that count.
//!
//! That a rate is held exactly, and nearly used up, is shown in virtual time beside the limiter; here the network is
//! in between, so only what a busy machine cannot spoil is asserted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use highwater_http::{Limit, Paging, PathLimit, Rate, Running};

use crate::server::{Reply, Server, json, with};
use crate::setup::{Choice, get, rig};

fn real_time() -> Option<Arc<dyn highwater_http::Clock>> {
    Some(Arc::new(Running::new(std::time::SystemTime::UNIX_EPOCH, 1)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_rate_is_held() {
    let server = Server::start(|_, _| json("{}")).await;
    let time = Duration::from_millis(500);
    let limit = Limit {
        quota: Some(Rate::Window { requests: 40, time }),
        concurrent: 64,
        ..Limit::default()
    };
    let rig =
        rig(&[&server], Choice { clock: real_time(), ..Choice::default().limit("bap", limit) });
    let read = get(&server, "/a", Paging::None);
    let began = Instant::now();
    let pages = join_all((0..160).map(|_| rig.client.page(&read, None))).await;
    let took = began.elapsed();
    assert!(pages.iter().all(Result::is_ok));
    // The fourth window begins after three whole ones, and never earlier.
    assert!(took >= 3 * time, "{took:?}");
    println!("160 reads at 40 in {time:?}: {took:?}, at least {:?}", 3 * time);
    let meter = &rig.client.meter().services["bap"];
    assert_eq!((meter.attempts, meter.throttled), (160, 0));
    assert!(meter.waits >= 3 && meter.waited_ms >= 1000, "{meter:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_are_under_way_than_may_be() {
    let late = Duration::from_millis(20);
    let server = Server::start(move |_, _| Reply::Late(late, b"{}".to_vec())).await;
    let limit = Limit { concurrent: 3, ..Limit::default() };
    let rig = rig(&[&server], Choice::default().limit("bap", limit));
    let read = get(&server, "/a", Paging::None);
    let pages = join_all((0..40).map(|_| rig.client.page(&read, None))).await;
    assert!(pages.iter().all(Result::is_ok));
    let mut arrived: Vec<Instant> = server.seen().iter().map(|seen| seen.at).collect();
    arrived.sort();
    // The fourth arrives after one of the three before it was answered, and none is answered earlier than this.
    let closest = arrived.windows(4).map(|four| four[3] - four[0]).min().unwrap();
    assert!(closest >= late, "{closest:?}");
}

/// Refuses what is more than `requests` in `time`, as vendors do.
fn police(
    requests: usize,
    time: Duration,
) -> impl Fn(usize, &crate::server::Seen) -> Reply + Send + Sync {
    let recent: Mutex<VecDeque<Instant>> = Mutex::default();
    move |_, seen| {
        let mut recent = recent.lock().unwrap();
        while recent.front().is_some_and(|at| seen.at.duration_since(*at) > time) {
            recent.pop_front();
        }
        if recent.len() >= requests {
            return with(429, &[("retry-after-ms", "200")], r#"{"message":"slow down"}"#);
        }
        recent.push_back(seen.at);
        json("{}")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_429_storm_ends_with_every_page_read() {
    let server = Server::start(police(20, Duration::from_millis(200))).await;
    let bounds = highwater_http::Bounds { attempts: 30, ..Choice::default().bounds };
    let limit = Limit { concurrent: 32, ..Limit::default() };
    let choice = Choice { clock: real_time(), bounds, ..Choice::default().limit("bap", limit) };
    let rig = rig(&[&server], choice);
    let read = get(&server, "/a", Paging::None);
    let pages = join_all((0..200).map(|_| rig.client.page(&read, None))).await;
    assert!(pages.iter().all(Result::is_ok));
    let meter = &rig.client.meter().services["bap"];
    println!("200 reads through a storm: {meter:?}");
    assert!(meter.throttled >= 1, "an unknown limit has to be met to be known");
    assert!(meter.throttled <= 100, "everybody waits when one is told to: {meter:?}");
    assert_eq!(meter.attempts, 200 + meter.throttled);
}

#[tokio::test]
async fn everybody_of_a_count_waits_and_nobody_else() {
    let server = Server::start(|n, _| {
        if n == 0 { with(429, &[("retry-after", "1000")], "{}") } else { json("{}") }
    })
    .await;
    let bounds = highwater_http::Bounds {
        patience: Duration::from_secs(1_000_000),
        ..Choice::default().bounds
    };
    let limit = Limit { by_scope: true, ..Limit::default() };
    let rig = rig(&[&server], Choice { bounds, ..Choice::default().limit("dataverse", limit) });
    let organisation = |scope: &str| highwater_http::Read {
        service: "dataverse",
        scope: scope.to_owned(),
        ..get(&server, &format!("/{scope}"), Paging::None)
    };
    let (contoso, fabrikam) = (organisation("contoso"), organisation("fabrikam"));
    let held = async {
        let began = Instant::now();
        rig.client.page(&contoso, None).await.unwrap();
        rig.client.page(&contoso, None).await.unwrap();
        began.elapsed()
    };
    let free = async {
        while server.count() == 0 {
            tokio::task::yield_now().await;
        }
        rig.client.page(&fabrikam, None).await.unwrap();
        server.seen().last().unwrap().target.clone()
    };
    let (held, last) = tokio::join!(held, free);
    assert_eq!(last, "/fabrikam", "it did not wait for the other one");
    assert!(held >= Duration::from_secs(1), "a thousand seconds of the fast clock: {held:?}");
}

#[tokio::test]
async fn what_services_say_is_left_slows_them_down() {
    let server = Server::start(|n, _| {
        let left = 2_usize.saturating_sub(n % 3).to_string();
        let headers = [
            ("x-ms-user-quota-remaining", left.as_str()),
            ("x-ms-user-quota-resets-after", "00:02:00"),
        ];
        with(200, &headers, "{}")
    })
    .await;
    let rig = rig(&[&server], Choice::default());
    let read = get(&server, "/a", Paging::None);
    let began = Instant::now();
    for _ in 0..6 {
        rig.client.page(&read, None).await.unwrap();
    }
    let meter = &rig.client.meter().services["bap"];
    assert_eq!(meter.throttled, 0);
    // Not the sum of the waits: on a busy machine a part of the time passes by itself.
    let least = Duration::from_secs(2 * 120) / crate::setup::HASTE;
    assert!(
        began.elapsed() >= least && meter.waits >= 2,
        "it waited for the resets without being told: {meter:?}"
    );
}

#[tokio::test]
async fn a_path_with_a_limit_of_its_own_holds_back_nothing_else() {
    let server = Server::start(|_, _| json("{}")).await;
    let time = Duration::from_secs(600);
    let slow = PathLimit { quota: Some(Rate::Window { requests: 1, time }), concurrent: 1 };
    let limit = Limit { paths: vec![("/v1.0/identity".to_owned(), slow)], ..Limit::default() };
    let rig = rig(&[&server], Choice::default().limit("bap", limit));
    let (access, users) =
        (get(&server, "/v1.0/identity/x", Paging::None), get(&server, "/v1.0/users", Paging::None));
    let began = Instant::now();
    let (_, quick) =
        tokio::join!(join_all((0..3).map(|_| rig.client.page(&access, None))), async {
            join_all((0..20).map(|_| rig.client.page(&users, None))).await;
            server.seen().iter().filter(|seen| seen.target == access.url.path()).count()
        });
    assert!(began.elapsed() >= 2 * time / crate::setup::HASTE);
    assert!(quick <= 2, "the others were done while these waited");
}
