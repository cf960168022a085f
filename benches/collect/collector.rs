//! Collector: a run in a process of its own, over HTTPS, with the client and the limits of the command.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use highwater_auth::{
    Cloud as Services, Method, Prompt, Settings as SignInSettings, SignIn, Surroundings, tls,
};
use highwater_http::{
    Bounds, Budget, Client, Failure, Hosts, Limit, Limits, Next, Page, Read, Running, Settings,
    Silent,
};
use highwater_sources::{Asks, Identity, Plan, Recording, Run, Summary};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::bound::Asked;
use crate::simulated::{Cloud, say};
use crate::{cpu_seconds, given, number, peak_mib};

/// Collects from a cloud into a folder.
pub(crate) fn child(cloud: &Cloud, folder: &Path, latency: usize, extra: &[&str]) -> Value {
    let ca_file = folder.with_extension("pem");
    std::fs::write(&ca_file, cloud.about["ca"].as_str().unwrap()).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--role", "collector", "--address", cloud.about["address"].as_str().unwrap()])
        .args(["--tenant", cloud.about["tenant"].as_str().unwrap(), "--ca-file"])
        .arg(&ca_file)
        .arg("--into")
        .arg(folder)
        .args(["--latency", &latency.to_string()])
        .args(extra)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    std::fs::remove_file(&ca_file).unwrap();
    assert!(output.status.success(), "the collector failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The role of the child.
pub(crate) fn run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let latency = Duration::from_millis(number("--latency", 0) as u64);
    let limits = limits();
    let client = client(limits.clone());
    let together =
        if std::env::args().any(|arg| arg == "--serial") { 1 } else { Semaphore::MAX_PERMITS };
    let counting =
        Arc::new(Counting { client, asked: Asked::default(), turn: Semaphore::new(together) });
    let start = Instant::now();
    let summary = runtime.block_on(collect(counting.clone()));
    let wall = start.elapsed().as_secs_f64();
    let pages: u64 = summary.sources.values().map(|counts| counts.pages).sum();
    say(&json!({"wall_s": wall, "cpu_s": cpu_seconds(), "peak_mib": peak_mib(), "pages": pages,
        "audiences": counting.asked.audiences(), "bounds": counting.asked.bounds(&limits, latency)}));
}

async fn collect(asks: Arc<Counting>) -> Summary {
    let mut plan =
        Plan::new(given("--tenant").unwrap(), Identity::Application, "2026-11-01T06:00:00Z");
    if let Some(most) = given("--most") {
        plan.most = BTreeMap::from([("flow".to_owned(), most.parse().unwrap())]);
    }
    if !std::env::args().any(|arg| arg == "--unlimited") {
        // The daily pool of Dataverse, as the command plans it: paid for in a fixed order.
        plan.budget = BTreeMap::from([("dataverse".to_owned(), 24_500)]);
    }
    let recording =
        Recording::create(Path::new(&given("--into").unwrap()), &plan, "public").unwrap();
    let cloud = Services::named("public").unwrap();
    Run::new(asks, cloud, plan, recording, Arc::new(|_, body| body)).run().await.unwrap()
}

/// The vendors' limits; with `--unlimited` none, so that only memory is measured.
fn limits() -> Limits {
    let mut limits = Limits::built_in().unwrap();
    if std::env::args().any(|arg| arg == "--unlimited") {
        for service in Services::named("public").unwrap().services.keys() {
            let batch = limits.of(service).batch;
            limits.set(service, Limit { concurrent: 64, batch, ..Limit::default() });
        }
    }
    limits
}

fn client(limits: Limits) -> Client {
    tls::install();
    let cloud = Services::named("public").unwrap();
    let (address, ca_file) =
        (given("--address").unwrap().parse().unwrap(), given("--ca-file").unwrap());
    let variables = [
        ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-0000000000e1"),
        ("AZURE_CLIENT_SECRET", "simulated"),
        ("GITHUB_TOKEN", "simulated"),
    ];
    let settings = SignInSettings {
        method: Method::ServicePrincipal,
        tenant: given("--tenant"),
        client_id: None,
        ca_file: Some(ca_file.clone().into()),
        variables: variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
        connect_to: Some(address),
    };
    let here = Arc::new(Here(Instant::now()));
    let mut hosts = Hosts::new();
    for service in cloud.services.values() {
        for pattern in &service.hosts {
            hosts.allow(&service.audience, pattern).unwrap();
        }
    }
    let builder = tls::client_builder(Some(Path::new(&ca_file))).unwrap();
    Client::new(Settings {
        tokens: Arc::new(SignIn::new(&settings, &cloud, here).unwrap()),
        hosts,
        limits,
        budget: Budget::default(),
        bounds: Bounds::default(),
        http: highwater_http::transport(tls::only(builder, address)).build().unwrap(),
        clock: Arc::new(Running::new(SystemTime::now(), 1)),
        observer: Arc::new(Silent),
        tape: None,
    })
}

/// Asks with the client, and counts what is asked.
struct Counting {
    client: Client,
    asked: Asked,
    turn: Semaphore,
}

#[async_trait]
impl Asks for Counting {
    async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure> {
        let _turn = self.turn.acquire().await.unwrap();
        let page = self.client.page(read, from).await;
        self.asked.count(read, from.is_some(), page.as_ref().is_ok_and(|page| page.next.is_some()));
        page
    }

    async fn pages(&self, reads: &[Read]) -> Vec<Result<Page, Failure>> {
        let _turn = self.turn.acquire().await.unwrap();
        let pages = self.client.batch(reads).await;
        for (read, page) in reads.iter().zip(&pages) {
            self.asked.count(read, false, page.as_ref().is_ok_and(|page| page.next.is_some()));
        }
        pages
    }

    fn spent(&self, service: &str) -> u64 {
        self.client.spent(service)
    }

    fn meter(&self) -> Value {
        serde_json::to_value(self.client.meter()).unwrap()
    }
}

/// The clock of this machine; nobody is asked for anything.
#[derive(Debug)]
struct Here(Instant);

#[async_trait]
impl Surroundings for Here {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn ask(&self, _: &Prompt) {}
}
