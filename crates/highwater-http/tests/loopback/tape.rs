//! Recordings: whole after every exchange, without a secret, and enough to answer the same reads again.

use std::path::Path;

use highwater_http::{Failure, Paging, Recorder, Replay, Tape};
use serde_json::Value;

use crate::server::{Reply, Server, json, kind, with};
use crate::setup::{Choice, all, get, post, rig};

/// A secret that must be found nowhere.
const CANARY: &str = "CANARY-5up3r-s3cr3t";

fn tape(path: &Path) -> Choice {
    Choice { tape: Some(Tape::Record(Recorder::create(path).unwrap())), ..Choice::default() }
}

fn replayed(path: &Path) -> Choice {
    Choice { tape: Some(Tape::Replay(Replay::open(path).unwrap())), ..Choice::default() }
}

/// Answers that hold secrets wherever services put them.
async fn leaky() -> Server {
    Server::start(|n, seen| match (n, seen.target.split('?').next().unwrap()) {
        (0, _) => with(429, &[("retry-after", "2"), ("set-cookie", CANARY)], "{}"),
        (1, _) => Reply::Reset,
        (_, "/flows") if seen.parameter("page").is_none() => {
            let body = format!(
                r#"{{"value":[{{"flowTriggerUri":"https://x.example/paths/invoke?a={CANARY}",
                "properties":{{"connectionString":"{CANARY}","accessToken":"{CANARY}","name":"kept ééééééééééééééééééééé",
                "inputsLink":{{"uri":"https://x.example/run?sv=1&sig={CANARY}"}},
                "text":"{{\"password\":\"{CANARY}\"}}"}}}}],
                "nextLink":"/flows?page=2&sig={CANARY}"}}"#
            );
            with(200, &[("x-api-key", CANARY), ("etag", "kept")], &body)
        }
        (_, "/flows") => json(r#"{"value":[2]}"#),
        (_, "/binary") => {
            Reply::Answer(200, vec![("content-type", "image/png".to_owned())], vec![0xff, 0, 0xfe])
        }
        (_, "/denied") => {
            with(403, &[], &format!(r#"{{"error":{{"code":"No","message":"sig={CANARY}"}}}}"#))
        }
        (_, "/html") => kind(200, "text/html", &format!("<a href='?sig={CANARY}'>")),
        _ => json(&format!(r#"{{"data":[],"asked":{}}}"#, seen.body)),
    })
    .await
}

/// Asks everything; what came of it.
async fn everything(rig: &crate::setup::Rig, server: &Server) -> Vec<String> {
    let mut came = Vec::new();
    let flows = get(server, &format!("/flows?$top=2&code={CANARY}"), Paging::NextLink);
    came.push(format!("{:?}", all(&rig.client, &flows).await));
    for path in ["/denied", "/html"] {
        came.push(format!(
            "{:?}",
            rig.client.page(&get(server, path, Paging::None), None).await.unwrap_err()
        ));
    }
    let mut binary = get(server, "/binary", Paging::None);
    binary.headers =
        vec![("Accept", "image/png".to_owned()), ("x-functions-key", CANARY.to_owned())];
    came.push(format!("{:?}", rig.client.page(&binary, None).await.unwrap().body));
    for query in ["a", "b"] {
        let body = format!(r#"{{"query":"{query}","secret":"{CANARY}"}}"#);
        let read = post(server, "/resourcequery/resources/query", &body, Paging::Inventory);
        came.push(format!("{:?}", rig.client.page(&read, None).await.unwrap().body));
    }
    came
}

#[tokio::test]
async fn what_was_recorded_is_replayed_and_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.har");
    let server = leaky().await;
    let recording = rig(&[&server], tape(&path));
    let live = everything(&recording, &server).await;
    recording.client.finish_recording().unwrap();
    let requests = server.count();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("CANARY"), "{text}");
    assert!(!text.contains("token-1"), "{text}");
    assert!(text.contains("kept") && text.contains("%24top=2") | text.contains("$top=2"));

    let replay = rig(&[&server], replayed(&path));
    let again = everything(&replay, &server).await;
    assert_eq!(server.count(), requests, "nothing is sent");
    assert_eq!(replay.keys.asked.load(std::sync::atomic::Ordering::SeqCst), 0, "nobody signs in");
    // The live answers hold the secrets, the replayed ones what stands in their place.
    assert_eq!(again[3], live[3]);
    for (at, (live, again)) in live.iter().zip(&again).enumerate() {
        assert!(!again.contains("CANARY"), "{again}");
        assert_eq!(
            live.contains("Failure") | live.contains("Refused"),
            again.contains("Failure") | again.contains("Refused"),
            "{at}"
        );
    }
    assert!(again[0].contains("kept") && again[0].contains("[2]"), "{}", again[0]);
    assert!(again[4].contains(r#"\"a\""#) && again[5].contains(r#"\"b\""#), "{again:?}");
}

#[tokio::test]
async fn a_recording_is_a_har_that_others_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.har");
    let server = leaky().await;
    let recording = rig(&[&server], tape(&path));
    assert_eq!(
        read(&path)["log"]["entries"],
        serde_json::json!([]),
        "whole before the first exchange"
    );
    everything(&recording, &server).await;
    let har = read(&path);
    assert_eq!(har["log"]["version"], "1.2");
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), server.count());
    for entry in entries {
        for key in ["startedDateTime", "time", "request", "response", "cache", "timings"] {
            assert!(!entry[key].is_null(), "{key} {entry}");
        }
        for key in [
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        ] {
            assert!(!entry["request"][key].is_null(), "{key} {entry}");
        }
        for key in [
            "status",
            "statusText",
            "httpVersion",
            "cookies",
            "headers",
            "content",
            "redirectURL",
            "headersSize",
            "bodySize",
        ] {
            assert!(!entry["response"][key].is_null(), "{key} {entry}");
        }
        assert!(entry["startedDateTime"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(entries[0]["response"]["status"], 429);
    assert_eq!(entries[1]["response"]["status"], 0);
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn a_recording_survives_a_kill_up_to_the_exchange_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.har");
    let server = leaky().await;
    everything(&rig(&[&server], tape(&path)), &server).await;
    let whole = std::fs::read(&path).unwrap();
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap();
    let cut_path = folder.path().join("cut.har");
    // Without its last line end it is whole all the same.
    for length in (head..whole.len() - 1).step_by(97) {
        std::fs::write(&cut_path, &whole[..length]).unwrap();
        let replay = Replay::open(&cut_path).unwrap();
        assert!(replay.is_cut_off());
    }
    assert!(!Replay::open(&path).unwrap().is_cut_off());
    // Cut within the last entry: all others answer.
    let last = whole.windows(2).rposition(|pair| pair == b",\n").unwrap();
    std::fs::write(&cut_path, &whole[..last + 40]).unwrap();
    let replay = rig(&[&server], replayed(&cut_path));
    let flows = get(&server, &format!("/flows?$top=2&code={CANARY}"), Paging::NextLink);
    let (pages, failure) = all(&replay.client, &flows).await;
    assert_eq!((pages.len(), failure), (2, None));
}

#[tokio::test]
async fn a_recording_is_gone_on_with_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.har");
    let server = Server::start(|_, seen| json(&format!("[{:?},\"éé\"]", seen.target))).await;
    let reads: Vec<_> =
        ["/a", "/b", "/c"].iter().map(|path| get(&server, path, Paging::None)).collect();
    let recording = rig(&[&server], tape(&path));
    for read in &reads[..2] {
        recording.client.page(read, None).await.unwrap();
    }
    let whole = std::fs::read(&path).unwrap();
    let last = whole.windows(2).rposition(|pair| pair == b",\n").unwrap();
    let e = whole.windows(2).rposition(|pair| pair == "é".as_bytes()).unwrap();
    for (length, entries) in [
        (whole.len(), 3),
        (whole.len() - 3, 3),
        (e + 1, 2),
        (last + 40, 2),
        (last, 2),
        (last + 1, 2),
    ] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let tape = Some(Tape::Record(Recorder::resume(&path).unwrap()));
        let resumed = rig(&[&server], Choice { tape, ..Choice::default() });
        assert!(read(&path)["log"]["entries"].is_array(), "whole again before anything is added");
        resumed.client.page(&reads[2], None).await.unwrap();
        let har = read(&path);
        let entries_now = har["log"]["entries"].as_array().unwrap();
        assert_eq!(entries_now.len(), entries, "{length}");
        assert!(entries_now[entries - 1]["request"]["url"].as_str().unwrap().ends_with("/c"));
    }
    std::fs::write(&path, "{}").unwrap();
    assert!(Recorder::resume(&path).is_err());
    assert!(Recorder::resume(folder.path().join("new.har")).is_ok());
}

#[tokio::test]
async fn a_replay_is_strict() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.har");
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_, _| {
        json(&count.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_string())
    })
    .await;
    let query = |body: &str| post(&server, "/resourcequery/resources/query", body, Paging::None);
    let recording = rig(&[&server], tape(&path));
    let read = get(&server, "/a?x=1", Paging::None);
    for read in [&read, &read, &query(r#"{"a":1,"b":2}"#)] {
        recording.client.page(read, None).await.unwrap();
    }
    let replay = rig(&[&server], replayed(&path));
    for wanted in ["0", "1"] {
        assert_eq!(replay.client.page(&read, None).await.unwrap().body, wanted);
    }
    for missing in [
        read.clone(),
        get(&server, "/a?x=2", Paging::None),
        get(&server, "/a", Paging::None),
        query(r#"{"a":1}"#),
    ] {
        let failure = replay.client.page(&missing, None).await.unwrap_err();
        assert!(matches!(failure, Failure::NotRecorded { .. }), "{failure}");
    }
    let same = query(r#"{ "b": 2, "a": 1 }"#);
    assert_eq!(replay.client.page(&same, None).await.unwrap().body, "2");
    assert_eq!(server.count(), 3);
}

#[test]
fn recordings_are_not_written_over_and_foreign_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.har");
    std::fs::write(&path, "{}").unwrap();
    assert!(Recorder::create(&path).is_err());
    for text in ["{}", "", "[]", "{\"log\":{}}", "{\"log\":{\"entries\":[{}]}}"] {
        std::fs::write(&path, text).unwrap();
        let error = Replay::open(&path).unwrap_err().to_string();
        assert!(error.starts_with("recording "), "{text} {error}");
    }
}

#[tokio::test]
async fn a_har_of_a_browser_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("browser.har");
    let server = Server::start(|_, _| json("{}")).await;
    let url = server.url("/a");
    let har = serde_json::json!({"log": {"version": "1.2", "creator": {"name": "browser", "version": "1"}, "pages": [], "entries": [{
        "startedDateTime": "2026-11-22T06:00:00.000Z", "time": 12.5, "_priority": "High",
        "request": {"method": "GET", "url": url.as_str(), "httpVersion": "h2", "cookies": [], "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0},
        "response": {"status": 200, "statusText": "", "httpVersion": "h2", "cookies": [], "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"size": 2, "mimeType": "application/json", "text": "W10=", "encoding": "base64"}, "redirectURL": "", "headersSize": -1, "bodySize": 2},
        "cache": {}, "timings": {"send": 0, "wait": 12, "receive": 0}}]}});
    std::fs::write(&path, serde_json::to_string_pretty(&har).unwrap()).unwrap();
    let replay = rig(&[&server], replayed(&path));
    let page = replay.client.page(&get(&server, "/a", Paging::None), None).await.unwrap();
    assert_eq!(page.body, "[]");
}
