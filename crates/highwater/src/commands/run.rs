//! `run`: everything that a schedule asks for, and then one line for whoever looks after it.
//!
//! Guarantees that one run of a tenant works at a time, that a run that was killed goes on where it stopped, and that no
//! snapshot goes before a newer one is whole. Judges nothing: collecting, scoring, reporting and comparing are those of
//! the other verbs.

mod job;
mod steps;
mod tell;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use highwater_auth::{Method, validity};
use highwater_report::text::plain;
use highwater_runs::lease::{self, Asker, Lease};
use highwater_runs::lock::{self, Taken};
use highwater_runs::record::NOT_TOLD;
use highwater_runs::telemetry::{self, Telemetry};
use highwater_runs::{Outcome, Record, record};
use highwater_snapshot::Time;

use self::job::Job;
use crate::args::{Global, Run};
use crate::config::Config;
use crate::place::{self, Place};
use crate::{exit, output};

/// Records of earlier runs that a run looks at.
const RECORDS: usize = 3;

/// A run that was killed goes on when it is started again within this time. What is older is another day's evidence.
const GOES_ON: i64 = 24 * Time::HOUR;

/// A lease on object storage ends after this time when nobody renews it.
const LEASE: Duration = Duration::from_secs(90);

/// A run under way.
struct Under<'a> {
    global: &'a Global,
    config: &'a Config,
    job: &'a Job,
    place: &'a Place,
    lease: Option<&'a Lease>,
    telemetry: Option<Telemetry>,
    /// The step that is under way, for telemetry.
    span: Option<telemetry::Step>,
    record: Record,
}

pub(crate) fn run(global: &Global, config: &Config, verb: Run) -> anyhow::Result<ExitCode> {
    let job = Job::of(config, verb)?;
    let runtime = tokio::runtime::Runtime::new().context("no runtime for the network")?;
    let place = Place::open(config, job.collect.store.as_deref(), &job.collect.access)?;
    let holder = format!("since {}, process {}", job.now, std::process::id());
    let _lock = match lock::take(&place.folder, &job.tenant, &holder)? {
        Taken::Ours(lock) => lock,
        Taken::Busy(said) => return busy(global, &job, &said),
    };
    runtime.block_on(async {
        match leased(global, config, &job, &place, holder).await {
            Ok(done) => done,
            // It did not come so far that there is a run.
            Err(error) => Err(early(global, config, &job, &place, error).await),
        }
    })
}

/// Runs with the lease of the store, where the store has one. The outer error is one before the run began.
async fn leased(
    global: &Global,
    config: &Config,
    job: &Job,
    place: &Place,
    holder: String,
) -> anyhow::Result<anyhow::Result<ExitCode>> {
    let Some(remote) = &place.remote else {
        return alone(global, config, job, place, None).await;
    };
    remote.sign_in().await.map_err(|error| exit::sign_in_error(&error))?;
    match lease::take_from_the_dead(remote, &job.tenant, &asker(holder)?).await? {
        Taken::Busy(said) => Ok(busy(global, job, &said)),
        Taken::Ours(lease) => {
            let done = alone(global, config, job, place, Some(&lease)).await;
            lease.release().await;
            done
        }
    }
}

/// Tells of a run that could not begin.
async fn early(
    global: &Global,
    config: &Config,
    job: &Job,
    place: &Place,
    error: anyhow::Error,
) -> anyhow::Error {
    let mut record = new_record(job);
    "prepare".clone_into(&mut record.step);
    let mut under = Under::new(global, config, job, place, record);
    under.ended(&Err(anyhow::anyhow!("{error:#}")), exit::code(&error));
    tell::all(&mut under, None).await;
    // What cannot be said any more is said by the error itself.
    let _ = health(&under).and_then(|(line, _)| Ok(output::write(&line)?));
    error
}

/// How the lease of a store is asked for.
fn asker(holder: String) -> anyhow::Result<Asker> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    Ok(Asker {
        holder,
        mark: random.iter().map(|byte| format!("{byte:02x}")).collect(),
        lifetime: LEASE,
        now: || jiff::Timestamp::now().as_second(),
    })
}

/// Says that another run is under way, which is no failure.
fn busy(global: &Global, job: &Job, said: &str) -> anyhow::Result<ExitCode> {
    let said = plain(said);
    output::say(
        global,
        &format!("another run of tenant {} is under way ({said}): nothing to do", job.tenant),
    );
    output::write(&format!("highwater run busy tenant={}\n", job.tenant))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs, with nobody else at it. The outer error is one before the run began.
async fn alone(
    global: &Global,
    config: &Config,
    job: &Job,
    place: &Place,
    lease: Option<&Lease>,
) -> anyhow::Result<anyhow::Result<ExitCode>> {
    highwater_snapshot::recover(&place.folder, &job.tenant, &steps::mark(&job.tenant))?;
    place::records(place, &job.tenant, RECORDS).await?;
    let earlier = record::newest(&place.folder, &job.tenant, record::KEPT)?;
    let before = earlier.iter().find(|it| it.ended.is_some()).map(|it| it.outcome);
    let record = begin(global, job, place, earlier.into_iter().next())?;
    let telemetry = telemetry(config, job, &record)?;
    let mut under = Under { lease, telemetry, ..Under::new(global, config, job, place, record) };
    let done = steps::all(&mut under).await;
    let code = done.as_ref().map_or_else(exit::code, |code| *code);
    under.ended(&done, code);
    tell::all(&mut under, before).await;
    end(&mut under).await?;
    let (line, age) = health(&under)?;
    if let Some(telemetry) = under.telemetry.take() {
        let record = under.record;
        // Exporting waits for others, which must not hold up the tasks that it waits for.
        let ending = move || telemetry.end(&record, age, SystemTime::now());
        tokio::task::spawn_blocking(ending).await?;
    }
    output::write(&line)?;
    Ok(done.map(ExitCode::from))
}

/// Begins to export the run, where somebody takes it.
fn telemetry(config: &Config, job: &Job, record: &Record) -> anyhow::Result<Option<Telemetry>> {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let configured = config.observe.otlp.as_deref();
    let version = env!("CARGO_PKG_VERSION");
    let Some(settings) = telemetry::settings(configured, &variables, version) else {
        return Ok(None);
    };
    let http = highwater_auth::tls::client_builder(job.collect.access.ca_file.as_deref())
        .map_err(|error| exit::usage_error(&error))?
        .build()?;
    Ok(Some(telemetry::start(&settings, record, http, SystemTime::now())?))
}

/// The record of this run: that of the run that was killed, or a new one.
fn begin(
    global: &Global,
    job: &Job,
    place: &Place,
    newest: Option<Record>,
) -> anyhow::Result<Record> {
    if let Some(mut record) = newest.filter(|it| it.outcome == Outcome::Running) {
        if age(&record.started, job.now).is_some_and(|age| (0..=GOES_ON).contains(&age)) {
            record.continued += 1;
            output::say(
                global,
                &format!("going on with the run of {}, which was interrupted", record.started),
            );
            record::write(&place.folder, &record)?;
            return Ok(record);
        }
        record.outcome = Outcome::Interrupted;
        record::write(&place.folder, &record)?;
    }
    let record = new_record(job);
    record::write(&place.folder, &record)?;
    Ok(record)
}

fn new_record(job: &Job) -> Record {
    Record {
        format: 1,
        run: job.now.folder(),
        tenant: job.tenant.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: job.now.to_string(),
        expires: credentials(job),
        ..Record::default()
    }
}

/// When the credential of the sign-in ends: a certificate in a file says it itself; of a client secret only those who
/// made it know, because reading it would take a grant over all applications of the tenant.
fn credentials(job: &Job) -> BTreeMap<String, String> {
    const FILE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
    const SECRET: &str = "AZURE_CLIENT_SECRET";
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let mut ends = BTreeMap::new();
    if matches!(job.collect.access.auth, Method::Auto | Method::ServicePrincipal) {
        let file = given(FILE).and_then(|path| validity::ends(Path::new(&path)));
        ends.extend(file.map(|day| (format!("certificate in {FILE}"), day)));
        let day = || job.secret_expires.clone().unwrap_or_else(|| NOT_TOLD.to_owned());
        ends.extend(given(SECRET).map(|_| (format!("client secret in {SECRET}"), day())));
    }
    ends
}

/// Microseconds from a moment in a record to `now`.
fn age(moment: &str, now: Time) -> Option<i64> {
    Time::parse(moment).map(|moment| now.0 - moment.0)
}

impl<'a> Under<'a> {
    fn new(
        global: &'a Global,
        config: &'a Config,
        job: &'a Job,
        place: &'a Place,
        record: Record,
    ) -> Self {
        Self { global, config, job, place, lease: None, telemetry: None, span: None, record }
    }

    /// Writes down which step begins; a step that fails leaves its name behind.
    fn step(&mut self, name: &'static str) -> anyhow::Result<Instant> {
        name.clone_into(&mut self.record.step);
        record::write(&self.place.folder, &self.record)?;
        tracing::info!(run = self.record.run, step = name, "begins");
        self.span = self.telemetry.as_ref().map(|telemetry| telemetry.step(name));
        Ok(Instant::now())
    }

    /// Writes down how long a step took.
    fn took(&mut self, begun: Instant) {
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(run = self.record.run, step = self.record.step, ms, "ended");
        *self.record.took_ms.entry(self.record.step.clone()).or_default() += ms;
        if let Some(span) = self.span.take() {
            span.end(None);
        }
    }

    /// Writes down how the run ended.
    fn ended(&mut self, done: &anyhow::Result<u8>, code: u8) {
        self.record.error = done.as_ref().err().map(|error| plain(&format!("{error:#}")));
        self.record.outcome = match (done, code) {
            (Err(_), _) => Outcome::Failed,
            (Ok(_), exit::OPEN) => Outcome::Open,
            (Ok(_), exit::BELOW) => Outcome::Below,
            (Ok(_), _) => Outcome::Ok,
        };
        self.record.code = Some(code);
        if let Some(span) = self.span.take() {
            span.end(self.record.error.as_deref());
        }
    }
}

/// Writes the record for good.
async fn end(under: &mut Under<'_>) -> anyhow::Result<()> {
    under.record.ended = Some(under.job.moment()?.to_string());
    let bytes = record::write(&under.place.folder, &under.record)?;
    record::trim(&under.place.folder, &under.job.tenant, record::KEPT)?;
    if let Some(remote) = &under.place.remote {
        let name = format!("tenant={}/runs/{}.json", under.record.tenant, under.record.run);
        if let Err(error) = remote.put(&name, bytes.into()).await {
            output::say(under.global, &format!("the record of the run was not kept: {error}"));
        }
    }
    Ok(())
}

/// The line for schedulers, the last of stdout, and the age of the snapshot that it names, in seconds.
fn health(under: &Under<'_>) -> anyhow::Result<(String, Option<i64>)> {
    let (record, job) = (&under.record, under.job);
    let mut line = format!("highwater run {} tenant={}", record.outcome.word(), record.tenant);
    let shown = match (&record.snapshot, record.outcome) {
        (Some(id), _) => Some(id.clone()),
        (None, _) => under.place.last_good(&record.tenant, None)?.map(|held| held.id),
    };
    if let Some(id) = &shown {
        line.push_str(&format!(" snapshot={id}"));
    }
    for (model, level) in &record.levels {
        line.push_str(&format!(" {model}={level}"));
    }
    if record.outcome == Outcome::Failed {
        let code = record.code.unwrap_or(1);
        line.push_str(&format!(" step={} code={code}", record.step));
    } else {
        line.push_str(&format!(" gaps={}", record.gaps));
    }
    let now = job.moment()?;
    let age = shown.map(|id| ((now.0 - highwater_snapshot::moment(&id).0) / 1_000_000).max(0));
    if let Some(age) = age {
        line.push_str(&format!(" age={age}s"));
    }
    line.push('\n');
    Ok((line, age))
}
