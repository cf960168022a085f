//! Cloud: a simulated cloud for one test, and the binary that reads it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use highwater_simulator::{Fault, Profile, Running, Settings, Simulator};
use tokio::runtime::Runtime;

/// The moment for which the reference tenants stand.
const MOMENT: &str = "2026-11-01T06:00:00Z";

/// A simulated cloud and the runtime that serves it.
pub(crate) struct Cloud {
    profile: String,
    running: Running,
    folder: tempfile::TempDir,
    _runtime: Runtime,
}

impl Cloud {
    /// Starts the cloud of a reference tenant, with faults as `--faults` takes them.
    pub(crate) fn start(profile: &str, faults: &str) -> Self {
        Self::with(profile, |settings| settings.faults = Fault::list(faults).unwrap())
    }

    /// Starts the cloud of a reference tenant with other settings.
    pub(crate) fn with(profile: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let runtime = Runtime::new().unwrap();
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let mut settings =
            Settings::new(Profile::named(profile).unwrap(), i64::try_from(now).unwrap());
        change(&mut settings);
        let running = runtime.block_on(Simulator::start(settings)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &running.ca_pem).unwrap();
        Self { profile: profile.to_owned(), running, folder, _runtime: runtime }
    }

    /// What the vendor would not know of all that was asked.
    pub(crate) fn unknown(&self) -> Vec<String> {
        self.running.unknown()
    }

    /// What the vendor would take and the recording knows nothing of.
    pub(crate) fn unrecorded(&self) -> Vec<String> {
        self.running.unrecorded()
    }

    /// Requests that were no reads.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.running.violations()
    }

    /// `collect`, into `<folder>/store`.
    pub(crate) fn collect(&self, folder: &Path, more: &[&str]) -> Output {
        self.command(folder, more).output().unwrap()
    }

    /// `collect` at another moment.
    pub(crate) fn collect_at(&self, folder: &Path, moment: &str) -> Output {
        self.at(folder, moment, &[]).output().unwrap()
    }

    /// `collect`, ready to be started.
    pub(crate) fn command(&self, folder: &Path, more: &[&str]) -> Command {
        self.at(folder, MOMENT, more)
    }

    /// `collect` at a moment, ready to be started.
    pub(crate) fn at(&self, folder: &Path, moment: &str, more: &[&str]) -> Command {
        let mut command = self.verb(folder, "collect", more);
        command.args(["--store", "store"]);
        if !more.contains(&"--resume") {
            command.args(["--taken-at", moment]);
        }
        for name in ["tags.csv", "training.csv"] {
            let file = self.own("inventory").join(name);
            if file.is_file() {
                command.arg("--with").arg(file);
            }
        }
        command
    }

    /// A verb that signs in, ready to be started.
    pub(crate) fn verb(&self, folder: &Path, verb: &str, more: &[&str]) -> Command {
        let via = self.running.address.to_string();
        let mut command = highwater(folder);
        // A configuration in the folder stands for that of the tenant.
        let here = folder.join("highwater.toml");
        let config = if here.is_file() { here } else { self.own("highwater.toml") };
        command
            .args([verb, "--auth", self.method(), "--via", &via, "--tenant", &self.running.tenant])
            .arg("--ca-file")
            .arg(self.folder.path().join("ca.pem"))
            .arg("--config")
            .arg(config)
            .args(more)
            .env("AZURE_CLIENT_ID", "00000000-0000-0000-0000-0000000000e1")
            .env("AZURE_CLIENT_SECRET", "simulated")
            .env("GITHUB_TOKEN", "simulated");
        command
    }

    /// What reached a host that no token may reach.
    pub(crate) fn foreign(&self) -> Vec<String> {
        self.running.foreign().iter().map(|seen| format!("{seen:?}")).collect()
    }

    /// Secrets that were planted in answers.
    pub(crate) fn canaries(&self) -> Vec<String> {
        self.running.canaries().iter().map(ToString::to_string).collect()
    }

    /// How the tenant was signed in to when it was recorded: by a person, or by an application.
    fn method(&self) -> &'static str {
        let index = std::fs::read_to_string(self.own("inventory/highwater-index.json")).unwrap();
        let by_person = index.contains("\"identity\": \"browser\"");
        if by_person { "device-code" } else { "service-principal" }
    }

    /// The scorecard of a snapshot, with what the organisation itself would write down.
    pub(crate) fn score(&self, folder: &Path, snapshot: &str) -> String {
        let mut command = highwater(folder);
        command
            .args(["score", snapshot, "--format", "json", "--config"])
            .arg(self.own("highwater.toml"));
        let statements = self.own("attestations.toml");
        if statements.is_file() {
            command.arg("--attest").arg(statements);
        }
        let output = command.output().unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output)
    }

    /// A file of the tenant.
    pub(crate) fn own(&self, name: &str) -> PathBuf {
        root().join("fixtures/tenants").join(&self.profile).join(name)
    }
}

/// The binary in a folder that holds no configuration.
pub(crate) fn highwater(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("HIGHWATER_CONFIG")
        .env_remove("HIGHWATER_STORE");
    for name in
        ["AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST", "HTTPS_PROXY", "https_proxy", "HIGHWATER_AUTH"]
    {
        command.env_remove(name);
    }
    command
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
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
