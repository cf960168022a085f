//! `simulate`: a simulated tenant as a server of its own, and `demo`: everything at once against one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use highwater_report::text::{self, Style};
use highwater_simulator::{Fault, Profile, Running, Scale, Settings, Simulator};
use highwater_snapshot::Time;

use crate::args::{Access, Collect, Demo, Evaluation, Global, Report, ReportForm, Simulate};
use crate::config::Config;
use crate::exit::usage_error;
use crate::{color, evaluate, output};

/// Client id of the application that reads simulated tenants.
const CLIENT: &str = "00000000-0000-0000-0000-0000000000e1";

/// What an organisation of the reference tenants would write down itself: configuration, statements, and files that no
/// service has.
type Own =
    (&'static str, &'static str, Option<&'static str>, &'static [(&'static str, &'static str)]);

/// The organisations of the reference tenants.
const ORGANISATIONS: [Own; 5] = [
    (
        "rudimentary",
        include_str!("../../../../fixtures/tenants/rudimentary/highwater.toml"),
        None,
        &[],
    ),
    (
        "repeatable",
        include_str!("../../../../fixtures/tenants/repeatable/highwater.toml"),
        Some(include_str!("../../../../fixtures/tenants/repeatable/attestations.toml")),
        &[
            (
                "tags.csv",
                include_str!("../../../../fixtures/tenants/repeatable/inventory/tags.csv"),
            ),
            (
                "training.csv",
                include_str!("../../../../fixtures/tenants/repeatable/inventory/training.csv"),
            ),
        ],
    ),
    (
        "defined",
        include_str!("../../../../fixtures/tenants/defined/highwater.toml"),
        Some(include_str!("../../../../fixtures/tenants/defined/attestations.toml")),
        &[
            ("tags.csv", include_str!("../../../../fixtures/tenants/defined/inventory/tags.csv")),
            (
                "training.csv",
                include_str!("../../../../fixtures/tenants/defined/inventory/training.csv"),
            ),
        ],
    ),
    (
        "capable",
        include_str!("../../../../fixtures/tenants/capable/highwater.toml"),
        Some(include_str!("../../../../fixtures/tenants/capable/attestations.toml")),
        &[
            ("tags.csv", include_str!("../../../../fixtures/tenants/capable/inventory/tags.csv")),
            (
                "training.csv",
                include_str!("../../../../fixtures/tenants/capable/inventory/training.csv"),
            ),
        ],
    ),
    ("denied", include_str!("../../../../fixtures/tenants/denied/highwater.toml"), None, &[]),
];

/// The moment for which the reference tenants stand.
const MOMENT: &str = "2026-11-01T06:00:00Z";

pub(crate) fn simulate(global: &Global, verb: &Simulate) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime for the network")?;
    runtime.block_on(async {
        let running = Simulator::start(settings(verb)?).await?;
        write(&verb.ca_file, &running.ca_pem)?;
        output::write(&how(&running, &verb.ca_file))?;
        output::say(global, "serving; Ctrl+C ends it");
        tokio::signal::ctrl_c().await.context("cannot wait for Ctrl+C")?;
        for line in remarks(&running) {
            output::say(global, &line);
        }
        running.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// What reached the cloud and should not have, a line each.
fn remarks(running: &Running) -> Vec<String> {
    let lines = |lines: Vec<String>, what: &str| {
        lines.into_iter().map(|line| format!("asked for {what}: {line}")).collect::<Vec<_>>()
    };
    [
        lines(running.unknown(), "what the vendor does not know"),
        lines(running.violations(), "something that is no read"),
        lines(running.foreign(), "a host that no token may reach"),
    ]
    .concat()
}

fn settings(verb: &Simulate) -> anyhow::Result<Settings> {
    let profile = match verb.scale {
        Some(environments) => Profile::Made(Scale::of(usize::try_from(environments)?)),
        None => Profile::named(&verb.profile)?,
    };
    let mut settings = Settings::new(profile, jiff::Timestamp::now().as_second());
    settings.listen = verb.listen;
    settings.latency = Duration::from_millis(verb.latency);
    settings.page_size = verb.page_size;
    settings.seed = verb.seed;
    settings.faults = Fault::list(&verb.faults)?;
    Ok(settings)
}

/// What to type in order to collect from the simulated tenant.
fn how(running: &Running, ca_file: &Path) -> String {
    format!(
        "AZURE_CLIENT_ID={CLIENT} AZURE_CLIENT_SECRET=simulated GITHUB_TOKEN=simulated highwater collect --tenant {} --via {} --ca-file {}\n",
        running.tenant,
        running.address,
        ca_file.display()
    )
}

pub(crate) fn demo(global: &Global, verb: &Demo) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime for the network")?;
    let profile = Profile::named(&verb.profile)?;
    std::fs::create_dir_all(&verb.out)
        .map_err(|error| usage_error(format!("cannot create {}: {error}", verb.out.display())))?;
    let own = ORGANISATIONS.iter().find(|(name, ..)| *name == verb.profile);
    let config = Config::parse(Path::new("highwater.toml"), own.map_or("", |own| own.1))?;
    let attest = match own.and_then(|own| own.2) {
        None => None,
        Some(text) => {
            let path = verb.out.join("attestations.toml");
            write(&path, text)?;
            Some(path)
        }
    };
    let files = own.map_or_else(Vec::new, |own| own.3.to_vec());
    let files = files
        .into_iter()
        .map(|(name, text)| write(&verb.out.join(name), text).map(|()| verb.out.join(name)))
        .collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let home = runtime.block_on(collected(global, &config, &verb.out, profile, files))?;
    let evaluation = Evaluation { attest, ..Evaluation::default() };
    let scored = evaluate::score(global, &config, Some(&home), &evaluation, None)?;
    output::write(&text::render(
        &scored.scorecard,
        Style { color: color::wanted(), width: color::width() },
    ))?;
    let report = Report {
        result: Some(home),
        format: vec![ReportForm::Html],
        out: verb.out.clone(),
        since: None,
        trend: 12,
        evaluation,
    };
    output::write("\n")?;
    super::report::run(global, &config, &report)
}

/// Starts the cloud, signs in, collects over HTTPS, and stops it again.
async fn collected(
    global: &Global,
    config: &Config,
    out: &Path,
    profile: Profile,
    own: Vec<PathBuf>,
) -> anyhow::Result<PathBuf> {
    let running =
        Simulator::start(Settings::new(profile, jiff::Timestamp::now().as_second())).await?;
    let ca_file = out.join("simulated-ca.pem");
    write(&ca_file, &running.ca_pem)?;
    output::say(
        global,
        &format!(
            "a simulated cloud listens on https://{}; signing in and collecting",
            running.address
        ),
    );
    let verb = Collect {
        access: Access {
            tenant: Some(running.tenant.clone()),
            auth: highwater_auth::Method::ServicePrincipal,
            cloud: None,
            client_id: None,
            ca_file: Some(ca_file),
            via: Some(running.address),
            variables: vec![
                ("AZURE_CLIENT_ID", CLIENT.to_owned()),
                ("AZURE_CLIENT_SECRET", "simulated".to_owned()),
                ("GITHUB_TOKEN", "simulated".to_owned()),
            ],
        },
        store: Some(out.to_owned()),
        only: Vec::new(),
        skip: Vec::new(),
        environments: Vec::new(),
        resume: false,
        since: None,
        budget: None,
        record: None,
        replay: None,
        taken_at: Time::parse(MOMENT),
        with: own,
        replace: true,
        keep_pages: None,
    };
    let home = super::collect::collect(global, config, &verb).await;
    running.stop().await;
    home
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text)
        .map_err(|error| usage_error(format!("cannot write {}: {error}", path.display())))
}
