//! World: a tenant that can be changed from day to day, and the binary that runs against it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use highwater_simulator::{Fault, Profile, Running, Settings, Simulator};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Id of the reference tenant that these tests read.
pub(crate) const TENANT: &str = "00000000-0000-0000-0000-200000000001";

/// A folder with a tenant, a store and a configuration.
pub(crate) struct World {
    /// The folder in which the binary runs.
    pub(crate) folder: tempfile::TempDir,
    runtime: Runtime,
}

/// A day on which the cloud answers.
pub(crate) struct Day<'a> {
    world: &'a World,
    running: Running,
}

impl World {
    /// The tenant `repeatable`, copied, and a configuration that holds what the organisation says and `more`.
    pub(crate) fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = root().join("fixtures/tenants/repeatable");
        copy(&own.join("inventory"), &folder.path().join("tenant"));
        let says = fs::read_to_string(own.join("highwater.toml")).unwrap();
        fs::write(folder.path().join("own.toml"), says).unwrap();
        let world = Self { folder, runtime: Runtime::new().unwrap() };
        world.configure(more);
        fs::create_dir_all(world.store()).unwrap();
        let key = format!("{}\n", "0123456789abcdef".repeat(4));
        fs::write(world.store().join("pseudonym.key"), key).unwrap();
        world
    }

    /// Changes the configuration beside what the organisation says.
    pub(crate) fn configure(&self, more: &str) {
        let says = fs::read_to_string(self.path("own.toml")).unwrap();
        fs::write(self.path("highwater.toml"), format!("{more}\n{says}")).unwrap();
    }

    /// The store, a folder.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A day with these faults.
    pub(crate) fn day(&self, faults: &str) -> Day<'_> {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let mut settings =
            Settings::new(Profile::Folder(self.path("tenant")), i64::try_from(now).unwrap());
        settings.faults = Fault::list(faults).unwrap();
        let running = self.runtime.block_on(Simulator::start(settings)).unwrap();
        fs::write(self.path("ca.pem"), &running.ca_pem).unwrap();
        Day { world: self, running }
    }

    /// Another verb of the binary.
    pub(crate) fn verb(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// A verb, ready to be started.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.folder.path()).args(words).env("NO_COLOR", "1");
        for name in [
            "AZURE_TENANT_ID",
            "AZURE_AUTHORITY_HOST",
            "HTTPS_PROXY",
            "https_proxy",
            "HIGHWATER_AUTH",
            "HIGHWATER_CONFIG",
            "HIGHWATER_STORE",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// The records of runs, the oldest first.
    pub(crate) fn records(&self) -> Vec<Value> {
        let folder = self.store().join(format!("tenant={TENANT}/runs"));
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| json(path)).collect()
    }

    /// Names of the snapshots, the oldest first.
    pub(crate) fn snapshots(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.store().join(format!("tenant={TENANT}"))) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut found: Vec<String> =
            names.filter_map(|name| name.strip_prefix("snapshot=").map(str::to_owned)).collect();
        found.sort();
        found
    }

    /// Whether every snapshot of the store is what its manifest says.
    pub(crate) fn verify_all(&self) {
        for id in self.snapshots() {
            let path = format!("store/tenant={TENANT}/snapshot={id}");
            let output = self.verb(&["verify", &path]);
            assert_eq!(code(&output), 0, "{id}: {}{}", out(&output), err(&output));
        }
    }
}

impl Day<'_> {
    /// `run` at a moment, ready to be started.
    pub(crate) fn command(&self, moment: &str, more: &[&str]) -> Command {
        let mut command = self.world.command(&["run", "--tenant", TENANT, "--ca-file", "ca.pem"]);
        command
            .args(["--auth", "device-code", "--via", &self.running.address.to_string()])
            .args(["--taken-at", moment])
            .args(more)
            .env("GITHUB_TOKEN", "simulated");
        if !more.contains(&"--store") {
            command.args(["--store", "store"]);
        }
        command
    }

    /// `run` at a moment.
    pub(crate) fn run(&self, moment: &str, more: &[&str]) -> Output {
        self.command(moment, more).output().unwrap()
    }

    /// `run` at a moment, started with its output thrown away.
    pub(crate) fn start(&self, moment: &str, more: &[&str]) -> std::process::Child {
        let mut command = self.command(moment, more);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

/// The moment of a day, from the day that the reference tenants stand for.
pub(crate) fn moment(day: u32) -> String {
    let (month, day) = if day < 30 { (11, day + 1) } else { (12, day - 29) };
    format!("2026-{month:02}-{day:02}T06:00:00Z")
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Bytes below a folder.
pub(crate) fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    entries
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => size(&entry.path()),
            false => entry.metadata().unwrap().len(),
        })
        .sum()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The binary under test: the one that was built with the tests, or another of the same source, which a month of days is
/// shorter with.
fn binary() -> std::ffi::OsString {
    std::env::var_os("HIGHWATER_TEST_BINARY")
        .unwrap_or_else(|| env!("CARGO_BIN_EXE_highwater").into())
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
