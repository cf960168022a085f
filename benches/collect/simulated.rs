//! Simulated: the cloud in a process of its own, which ends when its input does.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use highwater_simulator::{Profile, Scale, Settings, Simulator};
use serde_json::{Value, json};

use crate::{cpu_seconds, number, peak_mib};

/// Size of a made tenant, and how late its answers come.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) environments: usize,
    /// Of each environment.
    pub(crate) flows: usize,
    /// Of each environment.
    pub(crate) apps: usize,
    /// Milliseconds.
    pub(crate) latency: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { environments, flows, apps, latency } = self;
        let (flows, apps) = (environments * flows, environments * apps);
        write!(f, "{environments} environments, {flows} flows, {apps} apps, {latency} ms latency")
    }
}

/// A cloud that was started.
pub(crate) struct Cloud {
    child: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
    /// Address, tenant and certificate.
    pub(crate) about: Value,
}

impl Cloud {
    pub(crate) fn start(size: Size) -> Self {
        let words = |name: &str, number: usize| [name.to_owned(), number.to_string()];
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--role", "simulator"])
            .args(words("--environments", size.environments))
            .args(words("--flows", size.flows))
            .args(words("--apps", size.apps))
            .args(words("--latency", size.latency))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let about = serde_json::from_str(&line).unwrap();
        Self { child, input, output, about }
    }

    /// Ends it; what it was asked.
    pub(crate) fn stop(mut self) -> Value {
        drop(self.input);
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        self.child.wait().unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

/// The role of the child.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let scale = Scale {
            environments: number("--environments", 1),
            flows: number("--flows", 1),
            apps: number("--apps", 1),
        };
        let mut settings = Settings::new(Profile::Made(scale), jiff::Timestamp::now().as_second());
        settings.latency = Duration::from_millis(number("--latency", 0) as u64);
        let running = Simulator::start(settings).await.unwrap();
        say(&json!({"address": running.address.to_string(), "tenant": running.tenant, "ca": running.ca_pem}));
        let end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        end.await.unwrap().unwrap();
        let requests = running.requests();
        let refused: Vec<String> = requests
            .by_status
            .iter()
            .filter(|(status, _)| !status.ends_with(" 200"))
            .map(|(status, count)| format!("{status}: {count}"))
            .collect();
        say(&json!({"requests": requests.total(), "by_service": requests.by_service, "refused": refused,
            "unknown": running.unknown().len(), "peak_mib": peak_mib(), "cpu_s": cpu_seconds()}));
        running.stop().await;
    });
}

pub(crate) fn say(value: &Value) {
    println!("{value}");
    std::io::stdout().flush().unwrap();
}
