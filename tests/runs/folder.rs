//! Runs into a folder store: what is left behind, who may run, whom it tells, and what it exports.

use std::fs;
use std::process::Stdio;

use crate::listener::Listener;
use crate::world::{TENANT, World, code, err, json, moment, out};

#[test]
fn a_run_leaves_a_snapshot_a_report_a_record_and_one_line() {
    let world = World::new("[run]\nformats = [\"md\"]\nkeep = 5\n");
    let day = world.day("");
    let output = day.run(&moment(0), &["--out", "latest"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let last = out(&output).lines().last().unwrap().to_owned();
    let start = format!("highwater run ok tenant={TENANT} snapshot=2026-11-01T06-00-00Z adoption=");
    assert!(last.starts_with(&start) && last.ends_with("age=0s"), "{last}");
    let reports = world.store().join(format!("tenant={TENANT}/reports/2026-11-01T06-00-00Z"));
    for file in ["scorecard.json", "report.md"] {
        assert_eq!(
            fs::read(reports.join(file)).unwrap(),
            fs::read(world.path("latest").join(file)).unwrap()
        );
    }
    let record = &world.records()[0];
    assert_eq!((&record["outcome"], &record["code"]), (&"ok".into(), &0.into()));
    assert!(record["cost"]["requests"].as_u64().unwrap() > 50, "{record}");
    let output = day.run(&moment(1), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let record = &world.records()[1];
    assert_eq!(record["before"], "2026-11-01T06-00-00Z", "{record}");

    let output = world.verb(&["status", "--store", "store", "--as-of", &moment(2)]);
    assert!(
        out(&output).contains("newest snapshot 2026-11-02T06-00-00Z, 24 hours old"),
        "{}",
        out(&output)
    );
    let output = world.verb(&["status", "--store", "store", "--format", "json"]);
    let standing: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(standing[0]["snapshots"], 2);
    assert_eq!(standing[0]["runs"][0]["run"], "2026-11-02T06-00-00Z");
}

#[test]
fn of_two_that_are_started_together_one_works() {
    let world = World::new("");
    let day = world.day("");
    let begin = |moment| {
        let mut command = day.command(moment, &[]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let (first, second) = (begin(&moment(0)), begin(&moment(1)));
    let ended = [first, second].map(|child| child.wait_with_output().unwrap());
    let said = |word: &str| {
        ended
            .iter()
            .filter(|output| out(output).starts_with(&format!("highwater run {word} ")))
            .count()
    };
    for output in &ended {
        assert_eq!(code(output), 0, "{}", err(output));
    }
    assert_eq!((said("ok"), said("busy")), (1, 1), "{ended:?}");
    assert_eq!(world.snapshots().len(), 1);
    assert!(ended.iter().any(|output| err(output).contains("another run of tenant")));
}

#[test]
fn gates_and_failures_have_their_codes_and_are_told_once() {
    let world = World::new("");
    let listener = Listener::start();
    world.configure(&format!(
        "[notify.team]\nkind = \"slack\"\nurl = \"http://{0}/slack/canary\"\n\
         [notify.cards]\nkind = \"teams\"\nurl_env = \"CARDS\"\non = \"always\"\n\
         [notify.gone]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/canary\"\non = \"failure\"\n",
        listener.address
    ));
    let cards = format!("http://{}/cards/canary", listener.address);
    let run = |day: u32, faults: &str, more: &[&str]| {
        world.day(faults).command(&moment(day), more).env("CARDS", &cards).output().unwrap()
    };
    let output = run(0, "", &["--require", "automation=500"]);
    assert_eq!(code(&output), 5, "{}", err(&output));
    assert!(out(&output).contains("highwater run below "), "{}", out(&output));
    // Nobody serves the third: the run says so, without its address, and is none the worse for it.
    assert!(err(&output).contains("[notify.gone] was not told"), "{}", err(&output));
    let output = run(1, "", &["--require", "automation=100"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let output = run(2, "", &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let output = run(3, "", &["--auth-that-is-none"]);
    assert_eq!(code(&output), 2);
    let paths: Vec<String> = listener.posted().into_iter().map(|it| it.path).collect();
    let count = |path: &str| paths.iter().filter(|it| *it == path).count();
    // Slack hears of the fall below, and of the recovery; the cards hear of every run.
    assert_eq!((count("/slack/canary"), count("/cards/canary")), (2, 3), "{paths:?}");
    for record in world.records() {
        assert!(!record.to_string().contains("canary"), "{record}");
    }
    let record = &world.records()[0];
    assert_eq!(record["messages"]["team"], "sent");
    let card = listener.posted().into_iter().find(|it| it.path.starts_with("/cards")).unwrap();
    let card: serde_json::Value = serde_json::from_slice(&card.body).unwrap();
    assert_eq!(card["attachments"][0]["content"]["type"], "AdaptiveCard");
}

#[test]
fn who_cannot_sign_in_fails_with_3_and_keeps_what_there_was() {
    let world = World::new("");
    let day = world.day("");
    assert_eq!(code(&day.run(&moment(0), &[])), 0);
    let mut command =
        day.command(&moment(1), &["--client-id", "00000000-0000-0000-0000-0000000000e1"]);
    // The last `--auth` that is given would win; the environment names a managed identity that nobody serves.
    command.env("AZURE_CLIENT_SECRET", "");
    let words: Vec<String> = command
        .get_args()
        .map(|word| word.to_string_lossy().replace("device-code", "service-principal"))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = world.command(&words).env_remove("AZURE_CLIENT_SECRET").output().unwrap();
    assert!([2, 3].contains(&code(&output)), "{}", err(&output));
    let last = out(&output).lines().last().unwrap().to_owned();
    assert!(last.starts_with("highwater run failed ") && last.contains("step=collect"), "{last}");
    assert!(
        last.contains("snapshot=2026-11-01T06-00-00Z") && last.contains("age=86400s"),
        "{last}"
    );
    assert_eq!(world.snapshots().len(), 1);
    let output = world.verb(&["status", "--store", "store"]);
    assert!(out(&output).contains("failed, in a row: 1"), "{}", out(&output));
    // When a secret ends only configuration can tell.
    for (told, ends) in
        [("", "ends on a day that is not told"), ("2026-11-20", "ends on 2026-11-20, in 17 days")]
    {
        if !told.is_empty() {
            world.configure(&format!("[run]\nsecret_expires = \"{told}\"\n"));
        }
        let output = world.command(&words).env("AZURE_CLIENT_SECRET", "canary").output().unwrap();
        assert!(out(&output).starts_with("highwater run "), "{}", err(&output));
        let output = world.verb(&["status", "--store", "store", "--as-of", &moment(1)]);
        let secret = format!("client secret in AZURE_CLIENT_SECRET {ends}");
        assert!(out(&output).contains(&secret), "{}", out(&output));
        assert!(!out(&output).contains("canary"));
    }
}

#[test]
fn a_run_exports_its_spans_and_numbers() {
    let world = World::new("");
    let listener = Listener::start();
    let output = world
        .day("")
        .command(&moment(0), &["--log-format", "json", "-v"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", listener.address))
        .env("OTEL_SERVICE_NAME", "maturity")
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    let posted = listener.posted();
    let all = |path: &str| -> Vec<u8> {
        posted.iter().filter(|it| it.path == path).flat_map(|it| it.body.clone()).collect()
    };
    assert!(posted.iter().all(|it| it.head.contains("application/x-protobuf")));
    let holds =
        |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|it| it == word.as_bytes());
    let (traces, metrics) = (all("/v1/traces"), all("/v1/metrics"));
    for word in ["maturity", "run", "collect", "score", "request", "dataverse", TENANT] {
        assert!(holds(&traces, word), "{word} is in no span");
    }
    for word in [
        "highwater.requests",
        "highwater.gaps",
        "highwater.snapshot.age",
        "highwater.level",
        "highwater.runs",
    ] {
        assert!(holds(&metrics, word), "{word} is in no metric");
    }
    let logged = err(&output);
    let step =
        logged.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    assert!(step.filter(|line| line["fields"]["step"] == "collect").count() >= 2, "{logged}");
}

#[test]
fn pages_of_another_day_are_not_gone_on_with() {
    let world = World::new("");
    let day = world.day("");
    let mut run = day.start(&moment(0), &[]);
    let pages = world.store().join(".collecting").join(TENANT);
    while !pages.is_dir() && run.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let output = day.run(&moment(3), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(world.snapshots(), ["2026-11-04T06-00-00Z"]);
    let records = world.records();
    assert_eq!(records[0]["outcome"], "interrupted", "{}", records[0]);
    assert_eq!(
        json(&world.store().join(format!("tenant={TENANT}/runs/2026-11-04T06-00-00Z.json")))["continued"],
        0
    );
}
