//! What may be spent, and what it cost.

use std::collections::BTreeMap;

use highwater_http::{Budget, Failure, Limits, Meter, Paging, Read};

use crate::server::{Server, json, with};
use crate::setup::{Choice, get, rig};

fn dataverse(server: &Server) -> Read {
    Read { service: "dataverse", ..get(server, "/api/data/v9.2/roles", Paging::None) }
}

#[tokio::test]
async fn nothing_is_sent_once_a_pool_is_spent() {
    let server = Server::start(|_, _| json("{}")).await;
    let budget = Budget {
        services: BTreeMap::from([("dataverse".to_owned(), 25_000)]),
        spent: BTreeMap::from([("dataverse".to_owned(), 24_998)]),
        ..Budget::default()
    };
    let rig = rig(&[&server], Choice { budget, ..Choice::default() });
    let read = dataverse(&server);
    for _ in 0..2 {
        rig.client.page(&read, None).await.unwrap();
    }
    let failure = rig.client.page(&read, None).await.unwrap_err();
    assert_eq!(failure, Failure::Budget { service: "dataverse".to_owned() });
    assert_eq!(server.count(), 2);
    rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap();
    let meter = rig.client.meter();
    let spent = &meter.services["dataverse"];
    assert_eq!((spent.calls, spent.attempts, spent.spent, spent.left), (3, 2, 25_000, Some(0)));
    assert_eq!(meter.services["bap"].left, None);
}

#[tokio::test]
async fn repeated_requests_are_paid_for_too() {
    let server = Server::start(|_, _| with(503, &[], "")).await;
    let budget = Budget { total: Some(3), ..Budget::default() };
    let rig = rig(&[&server], Choice { budget, ..Choice::default() });
    let failure = rig.client.page(&get(&server, "/a", Paging::None), None).await.unwrap_err();
    assert_eq!(failure, Failure::Budget { service: "bap".to_owned() });
    assert_eq!(server.count(), 3);
    assert_eq!(rig.client.meter().left, Some(0));
}

#[tokio::test]
async fn what_a_run_spent_before_it_was_killed_counts() {
    let server = Server::start(|_, _| json("{}")).await;
    let budget = Budget { total: Some(3), ..Budget::default() };
    let rig = rig(&[&server], Choice { budget, ..Choice::default() });
    rig.client.has_spent("bap", 2);
    let read = get(&server, "/a", Paging::None);
    rig.client.page(&read, None).await.unwrap();
    let failure = rig.client.page(&read, None).await.unwrap_err();
    assert_eq!(failure, Failure::Budget { service: "bap".to_owned() });
    assert_eq!((server.count(), rig.client.spent("bap"), rig.client.spent("graph")), (1, 3, 0));
}

#[test]
fn the_vendors_pools_are_the_budget_to_begin_with() {
    let budget = Budget::of(&Limits::built_in().unwrap(), Some(500));
    assert_eq!(budget.services, BTreeMap::from([("dataverse".to_owned(), 25_000)]));
    assert_eq!(budget.total, Some(500));
}

#[tokio::test]
async fn the_meter_is_written_in_one_order() {
    let server = Server::start(|_, _| json(r#"{"value":[]}"#)).await;
    let rig = rig(&[&server], Choice::default());
    for service in ["graph", "arm", "bap"] {
        let read = Read { service, ..get(&server, "/a", Paging::None) };
        rig.client.page(&read, None).await.unwrap();
    }
    let meter = rig.client.meter();
    let text = serde_json::to_string(&meter).unwrap();
    let back: Meter = serde_json::from_str(&text).unwrap();
    assert_eq!(back, meter);
    let names: Vec<_> = back.services.keys().map(String::as_str).collect();
    assert_eq!(names, ["arm", "bap", "graph"]);
    assert!(text.starts_with(r#"{"services":{"arm":{"calls":1,"#), "{text}");
}
