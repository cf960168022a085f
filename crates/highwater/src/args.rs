//! Arguments: the whole command line in one place. Help, completions and man pages come from it.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use highwater_snapshot::Time;

/// Infers the Power Platform maturity of an organisation from evidence.
///
/// Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 unforeseen, 2 usage or
/// configuration, 3 sign-in failed, 4 gaps leave a required answer open, 5 below what was required.
#[derive(Debug, Parser)]
#[command(name = "highwater", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    /// What every verb takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options of every verb.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Options of every verb")]
pub(crate) struct Global {
    /// Configuration file; `highwater.toml` of this folder when there is one.
    #[arg(long, global = true, value_name = "FILE", env = "HIGHWATER_CONFIG", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Folder with facts and models to use instead of the built-in ones.
    #[arg(long, global = true, value_name = "DIR", env = "HIGHWATER_RULEBOOK", value_hint = ValueHint::DirPath)]
    pub(crate) rulebook: Option<PathBuf>,
    /// Say nothing on stderr but errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more on stderr; repeat for still more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Form of the log lines on stderr.
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Collect a simulated tenant, score it and write its report: everything at once, on this machine
    #[command(after_help = "Example: highwater demo --out highwater-demo")]
    Demo(Demo),
    /// Read a tenant into a new snapshot
    #[command(
        after_help = "Examples: highwater collect --tenant 00000000-0000-0000-0000-000000000000\n          highwater collect --auth device-code --only bap,gov\n          highwater collect --resume"
    )]
    Collect(Box<Collect>),
    /// Do everything that a schedule asks for: collect, score, report, compare, tidy up, tell
    #[command(
        after_help = "Examples: highwater run --tenant 00000000-0000-0000-0000-000000000000 --keep 60\n          highwater run --store az://account/container/highwater --require automation=200 --notify team\n\nA run that was killed goes on by itself when it is started again; of two that are started together one works.\nThe last line of stdout says how it went."
    )]
    Run(Box<Run>),
    /// Show the last runs of a store, how old its results are, and what expires
    #[command(after_help = "Example: highwater status --store highwater-data")]
    Status(Status),
    /// Sign in, ask every source once, and say which grants are missing
    #[command(after_help = "Example: highwater doctor --auth azure-cli")]
    Doctor(Doctor),
    /// Make a snapshot from exported inventory files
    #[command(after_help = "Example: highwater import exports/ --store highwater-data")]
    Import(Import),
    /// Infer the maturity levels of a snapshot
    #[command(
        after_help = "Example: highwater score --attest attestations.toml --require automation=300"
    )]
    Score(Score),
    /// Render a result for its readers
    #[command(
        after_help = "Example: highwater report highwater-data --format html --attest attestations.toml --out reports"
    )]
    Report(Report),
    /// Say what changed between two results, and why
    #[command(after_help = "Example: highwater diff october.json november.json --format json")]
    Diff(Diff),
    /// Show the levels of every snapshot of a store
    #[command(after_help = "Example: highwater history --store highwater-data")]
    History(History),
    /// Find the fewest steps to a level
    #[command(
        after_help = "Examples: highwater plan --model automation\n          highwater plan --model automation --capability secure-govern --target 400 --assume AUT-SG-400-04=met"
    )]
    Plan(Plan),
    /// Follow an indicator or a fact down to the records
    #[command(
        after_help = "Examples: highwater explain AUT-SG-200-01\n          highwater explain dlp.env_covered_share --limit 50"
    )]
    Explain(Explain),
    /// Ask the evidence tables in SQL
    #[command(
        after_help = "Example: highwater sql \"SELECT sku, COUNT(*) AS n FROM environments GROUP BY sku\""
    )]
    Sql(Sql),
    /// List the sources: what is read, where, and what may read it
    #[command(after_help = "Example: highwater sources graph")]
    Sources(Registry),
    /// List the evidence tables and their columns
    #[command(after_help = "Example: highwater tables environments")]
    Tables(Registry),
    /// List the facts
    #[command(after_help = "Example: highwater facts dlp")]
    Facts(Registry),
    /// List the indicators of both models
    #[command(after_help = "Example: highwater indicators AUT-SG --format json")]
    Indicators(Registry),
    /// Statements of people: a form to fill in, a check, and what expires when
    #[command(after_help = "Example: highwater attest init --out attestations.toml")]
    Attest {
        /// What to do with statements.
        #[command(subcommand)]
        verb: AttestVerb,
    },
    /// Check every digest of a snapshot; score a bundle again and compare
    #[command(
        after_help = "Examples: highwater verify highwater-data\n          highwater verify tenant.zip --trusted-key signing.key.pub"
    )]
    Verify(Verify),
    /// Make one `.zip` bundle of a snapshot to hand over
    #[command(
        after_help = "Examples: highwater pack highwater-data --out tenant.zip\n          highwater pack --scorecard --report --attest attestations.toml --sign signing.key"
    )]
    Pack(Pack),
    /// Read flow definitions, desktop-flow scripts and solution packages directly
    #[command(
        after_help = "Example: highwater definitions solutions/ --format sarif > flows.sarif"
    )]
    Definitions(Definitions),
    /// Serve a simulated tenant on this machine
    #[command(
        after_help = "Example: highwater simulate --profile defined --ca-file simulated-ca.pem\n\nThe answer says how to collect from it."
    )]
    Simulate(Simulate),
    /// Print the JSON Schema of the scorecard
    Schema,
    /// Print completions for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write man pages into a folder
    Man {
        /// The folder.
        dir: PathBuf,
    },
}

/// How to sign in, and where.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct Access {
    /// Directory id or domain of the tenant.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// How to sign in: auto, service-principal, managed-identity, workload-identity, azure-cli, browser, device-code.
    #[arg(long, value_name = "METHOD", default_value = "auto", env = "HIGHWATER_AUTH")]
    pub(crate) auth: highwater_auth::Method,
    /// Cloud: public, gcc, gcc-high, dod, china, or one of `[cloud.NAME]`.
    #[arg(long, value_name = "NAME", env = "HIGHWATER_CLOUD")]
    pub(crate) cloud: Option<String>,
    /// Client id of the application that signs in; otherwise AZURE_CLIENT_ID.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Certificates to trust beside those of the system (PEM).
    #[arg(long, value_name = "FILE", env = "HIGHWATER_CA_FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Address on this machine at which every host is: that of `highwater simulate`.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    pub(crate) via: Option<std::net::SocketAddr>,
    /// Variables that stand for those of the environment; the demo signs in with them.
    #[arg(skip)]
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Access {
    /// As flags that nobody gave: what the environment says.
    pub(crate) fn of_environment() -> anyhow::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let auth = match variable("HIGHWATER_AUTH") {
            Some(word) => word
                .parse()
                .map_err(|error| crate::exit::usage_error(format!("HIGHWATER_AUTH: {error}")))?,
            None => highwater_auth::Method::Auto,
        };
        Ok(Self {
            tenant: None,
            auth,
            cloud: variable("HIGHWATER_CLOUD"),
            client_id: None,
            ca_file: variable("HIGHWATER_CA_FILE").map(PathBuf::from),
            via: None,
            variables: Vec::new(),
        })
    }
}

/// `highwater collect`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Collect {
    /// How to sign in, and where.
    #[command(flatten)]
    pub(crate) access: Access,
    /// Store.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) store: Option<PathBuf>,
    /// Only these sources or families (`bap.environments`, `dv`, `graph`); what they are asked for is always read.
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Not these sources or families.
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Only these environments.
    #[arg(long = "environment", value_name = "ID", value_delimiter = ',')]
    pub(crate) environments: Vec<String>,
    /// Go on with the newest run of this tenant that did not end.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Go by this snapshot of the tenant: environments of which no change is told since are not asked again.
    #[arg(long, value_name = "SNAPSHOT", value_hint = ValueHint::AnyPath)]
    pub(crate) since: Option<PathBuf>,
    /// Requests to spend at most; what is not read is named.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) budget: Option<u64>,
    /// Write every exchange into this file (HAR 1.2), without secrets.
    #[arg(long, value_name = "FILE.har", conflicts_with = "replay", value_hint = ValueHint::FilePath)]
    pub(crate) record: Option<PathBuf>,
    /// Answer every request from this file (HAR 1.2) and ask nobody.
    #[arg(long, value_name = "FILE.har", value_hint = ValueHint::FilePath)]
    pub(crate) replay: Option<PathBuf>,
    /// The moment for which the snapshot stands (RFC 3339); now when left out.
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "resume")]
    pub(crate) taken_at: Option<Time>,
    /// Exported files that belong to the snapshot too: tags, training, an audit log; repeat for several.
    #[arg(long = "with", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) with: Vec<PathBuf>,
    /// Replace a different snapshot of the same moment.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Keep the pages that were read, in a folder that `highwater import` reads; only its owner can.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) keep_pages: Option<PathBuf>,
}

/// `highwater run`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// How to collect; `--store` may also be the address of object storage.
    #[command(flatten)]
    pub(crate) collect: Collect,
    /// What goes into the evaluation beside the snapshot.
    #[command(flatten)]
    pub(crate) evaluation: Evaluation,
    /// Ask everything, instead of going by the last good snapshot where nothing changed.
    #[arg(long, conflicts_with = "since")]
    pub(crate) full: bool,
    /// Formats of the report, separated by commas; html when neither this nor `[run]` says otherwise.
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub(crate) format: Vec<ReportForm>,
    /// Folder that gets a copy of the report; it is kept in the store either way.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
    /// Least proven level, by model or by model.capability; exit 5 below it, 4 where gaps leave it open.
    #[arg(long, value_name = "MODEL=LEVEL", value_delimiter = ',')]
    pub(crate) require: Vec<String>,
    /// Snapshots to keep, the newest; without this and --keep-days all of them.
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<usize>,
    /// Days for which snapshots are kept.
    #[arg(long, value_name = "DAYS")]
    pub(crate) keep_days: Option<u32>,
    /// Whom to tell: names of `[notify.NAME]`; all of them when left out.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) notify: Vec<String>,
}

/// `highwater status`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Status {
    /// Store: a folder, or the address of object storage.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) store: Option<PathBuf>,
    /// One tenant of the store; all of them when left out.
    #[arg(long, value_name = "GUID")]
    pub(crate) tenant: Option<String>,
    /// Most runs to show, the newest.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    /// The moment from which ages are counted (RFC 3339); now when left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<Time>,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// `highwater doctor`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Doctor {
    /// How to sign in, and where.
    #[command(flatten)]
    pub(crate) access: Access,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// `highwater demo`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Folder for the store and the report.
    #[arg(long, value_name = "DIR", default_value = "highwater-demo", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// Which reference tenant: rudimentary, repeatable, defined, capable, denied.
    #[arg(long, value_name = "NAME", default_value = "defined")]
    pub(crate) profile: String,
}

/// `highwater simulate`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Simulate {
    /// Reference tenant (rudimentary, repeatable, defined, capable, denied), or a folder with a recording.
    #[arg(long, value_name = "NAME", default_value = "defined", conflicts_with = "scale")]
    pub(crate) profile: String,
    /// A made-up tenant of so many environments instead.
    #[arg(long, value_name = "ENVIRONMENTS", value_parser = clap::value_parser!(u32).range(1..=35_000))]
    pub(crate) scale: Option<u32>,
    /// Faults, separated by `;`; see docs/simulator.md.
    #[arg(long, value_name = "SPEC", default_value = "")]
    pub(crate) faults: String,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    pub(crate) listen: std::net::SocketAddr,
    /// Time that every answer takes, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) latency: u64,
    /// Records of a page at most.
    #[arg(long, value_name = "RECORDS")]
    pub(crate) page_size: Option<usize>,
    /// Decides what is made up and which faults hit.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where to write the certificate that clients have to trust (PEM).
    #[arg(long, value_name = "FILE", default_value = "simulated-ca.pem", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: PathBuf,
}

/// `highwater import`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// Files and folders with exported inventory.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// What files are that content leaves open, and where solutions come from: SOURCE or SOURCE@SCOPE.
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Store folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) store: Option<PathBuf>,
    /// Directory id of the tenant, where the files do not tell it.
    #[arg(long, value_name = "GUID")]
    pub(crate) tenant: Option<String>,
    /// The moment for which the files stand, where they do not tell it (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) taken_at: Option<Time>,
    /// Which number of `03/04/2026` is the day, where no date of the files tells: `dmy` or `mdy`.
    #[arg(long, value_name = "ORDER")]
    pub(crate) date_order: Option<DayPlace>,
    /// Replace a different snapshot of the same moment.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Form of the summary.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// The order of day and month in dates of spreadsheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DayPlace {
    /// `22/11/2026`.
    Dmy,
    /// `11/22/2026`.
    Mdy,
}

/// `highwater score`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Score {
    /// Snapshot folder, bundle (.zip) or store; the default store when left out.
    pub(crate) snapshot: Option<PathBuf>,
    /// Score one model only.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// What goes into the evaluation beside the snapshot.
    #[command(flatten)]
    pub(crate) evaluation: Evaluation,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
    /// Least proven level, by model or by model.capability; exit 5 below it, 4 where gaps leave it open.
    #[arg(long, value_name = "MODEL=LEVEL", value_delimiter = ',')]
    pub(crate) require: Vec<String>,
}

/// `highwater report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// Snapshot folder, bundle (.zip), store or scorecard (.json); the default store when left out.
    pub(crate) result: Option<PathBuf>,
    /// Formats to write, separated by commas.
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', default_value = "html")]
    pub(crate) format: Vec<ReportForm>,
    /// Folder to write into.
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// Earlier snapshot or scorecard (.json): the report says what changed since.
    #[arg(long, value_name = "EARLIER", value_hint = ValueHint::AnyPath)]
    pub(crate) since: Option<PathBuf>,
    /// Snapshots of a store in the trend, the newest, each of which is scored; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) trend: usize,
    /// What goes into the evaluation beside the snapshot.
    #[command(flatten)]
    pub(crate) evaluation: Evaluation,
}

/// `highwater history`.
#[derive(Debug, ClapArgs)]
pub(crate) struct History {
    /// Store folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) store: Option<PathBuf>,
    /// One tenant of the store; all of them when left out.
    #[arg(long, value_name = "GUID")]
    pub(crate) tenant: Option<String>,
    /// Statements of people; each snapshot is judged as of its own time.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) attest: Option<PathBuf>,
    /// Most snapshots to show, the newest.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) limit: usize,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// `highwater plan`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    /// Snapshot folder, bundle (.zip), store or scorecard (.json); the default store when left out.
    pub(crate) result: Option<PathBuf>,
    /// The model to plan for.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: String,
    /// One capability of it; all of them when left out.
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) capability: Option<String>,
    /// The level to reach; the next one when left out.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) target: Option<u16>,
    /// What if: states to assume, such as AUT-SG-200-01=met or AUT-SG-100-01=refuted.
    #[arg(long, value_name = "ID=STATE", value_delimiter = ',')]
    pub(crate) assume: Vec<String>,
    /// What goes into the evaluation beside the snapshot.
    #[command(flatten)]
    pub(crate) evaluation: Evaluation,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// `highwater diff`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The earlier snapshot, bundle (.zip) or scorecard (.json).
    pub(crate) old: PathBuf,
    /// The later one.
    pub(crate) new: PathBuf,
    /// Statements of people, for both; each is judged as of its own snapshot's time.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) attest: Option<PathBuf>,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// What goes into an evaluation beside the snapshot.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct Evaluation {
    /// Statements of people; `attestations.toml` of this folder is not read unless named.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) attest: Option<PathBuf>,
    /// The moment of evaluation (RFC 3339); the snapshot's own when left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<Time>,
    /// Public key whose signature of the statements is trusted; repeat for several.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) trusted_key: Vec<PathBuf>,
    /// Refuse statements without a trusted signature.
    #[arg(long)]
    pub(crate) require_signature: bool,
}

/// `highwater explain`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// Id of an indicator or a fact.
    pub(crate) id: String,
    /// Snapshot folder, bundle (.zip) or store; the default store when left out.
    pub(crate) snapshot: Option<PathBuf>,
    /// What goes into the evaluation beside the snapshot.
    #[command(flatten)]
    pub(crate) evaluation: Evaluation,
    /// Most subjects to show of each kind.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// `highwater sql`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Sql {
    /// Snapshot (optional) and query.
    #[arg(required = true, num_args = 1..=2, value_names = ["SNAPSHOT", "QUERY"])]
    pub(crate) words: Vec<String>,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "table")]
    pub(crate) format: Grid,
    /// The moment that the table `clock` holds (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<Time>,
}

/// `highwater tables`, `facts` and `indicators`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Registry {
    /// Show only entries whose id starts with this; one entry is shown in full.
    pub(crate) id: Option<String>,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: RegistryForm,
}

/// `highwater attest`.
#[derive(Debug, Subcommand)]
pub(crate) enum AttestVerb {
    /// Write a form with the statements that would tell most
    #[command(
        after_help = "Examples: highwater attest init highwater-data --out attestations.toml\n          highwater attest init --format xlsx --out attestations.xlsx"
    )]
    Init {
        /// Snapshot folder, bundle (.zip), store or scorecard (.json); the default store when left out.
        result: Option<PathBuf>,
        /// What goes into the evaluation beside the snapshot.
        #[command(flatten)]
        evaluation: Evaluation,
        /// Most questions to ask.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// File to write, which must not be there yet; stdout when left out.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
        /// Form of the form; told by the ending of the file when left out. A workbook needs --out.
        #[arg(long, value_name = "FORM")]
        format: Option<FormForm>,
    },
    /// Say which statements expire when, and which ones the evidence speaks against
    #[command(after_help = "Example: highwater attest status --attest attestations.toml")]
    Status {
        /// Snapshot folder, bundle (.zip), store or scorecard (.json); the default store when left out.
        result: Option<PathBuf>,
        /// What goes into the evaluation beside the snapshot; today counts when no moment is named.
        #[command(flatten)]
        evaluation: Evaluation,
    },
    /// Check a file of statements
    #[command(after_help = "Example: highwater attest check attestations.toml")]
    Check {
        /// The file.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The moment as of which statements are live (RFC 3339); now when left out.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        as_of: Option<Time>,
    },
    /// Make a key to sign with
    #[command(after_help = "Example: highwater attest keygen --out signing.key")]
    Keygen {
        /// File for the private key, readable by its owner alone; the public one gets `.pub` appended.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: PathBuf,
    },
    /// Sign a file of statements: the signature is written beside it
    #[command(after_help = "Example: highwater attest sign --key signing.key attestations.toml")]
    Sign {
        /// The file; `attestations.toml` when left out.
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
        /// Private key, PEM.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        key: PathBuf,
        /// The moment of signing (RFC 3339); now when left out.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        on: Option<Time>,
    },
    /// Say who signed a file of statements, and whether it is unchanged
    #[command(
        after_help = "Example: highwater attest verify attestations.toml --trusted-key signing.key.pub"
    )]
    Verify {
        /// The file; `attestations.toml` when left out.
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
        /// Public key that is trusted; with any, a signature by another key is an error.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        trusted_key: Vec<PathBuf>,
    },
}

/// `highwater verify`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Verify {
    /// Snapshot folder, bundle (.zip) or store; the default store when left out.
    pub(crate) snapshot: Option<PathBuf>,
    /// Public key that is trusted; with any, a bundle without a signature by one of them is wrong.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) trusted_key: Vec<PathBuf>,
}

/// `highwater pack`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Pack {
    /// Snapshot folder or store; the default store when left out.
    pub(crate) snapshot: Option<PathBuf>,
    /// The bundle to write; named after tenant and moment when left out.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// Enclose the scorecard.
    #[arg(long)]
    pub(crate) scorecard: bool,
    /// Enclose the report, one HTML file.
    #[arg(long)]
    pub(crate) report: bool,
    /// Private key to sign the list of all digests with.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) sign: Option<PathBuf>,
    /// The moment of signing (RFC 3339); now when left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) on: Option<Time>,
    /// What goes into the evaluation beside the snapshot; statements are enclosed.
    #[command(flatten)]
    pub(crate) evaluation: Evaluation,
}

/// `highwater definitions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Definitions {
    /// Files and folders: flow definitions, scripts, packed and unpacked solutions.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Form of the result.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: DefinitionsForm,
}

/// Text for people or JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum ReportForm {
    /// One page to look at.
    Html,
    /// A workbook, with an action plan to fill in.
    Xlsx,
    /// Four flat tables.
    Csv,
    /// One page for a wiki or a comment.
    Md,
    /// Findings for tools that gather them.
    Sarif,
    /// Test cases for pipelines.
    Junit,
    /// Assessment results for governance tools.
    Oscal,
    /// The scorecard itself.
    Json,
}

/// Form of the form of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormForm {
    /// A text file to edit.
    Toml,
    /// A workbook to fill in.
    Xlsx,
    /// A sheet to fill in.
    Csv,
}

/// Form of a query result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Grid {
    /// Aligned columns.
    Table,
    /// Comma-separated values.
    Csv,
    /// An array of objects.
    Json,
}

/// Form of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RegistryForm {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a wiki.
    Markdown,
}

/// Form of an analysis of definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DefinitionsForm {
    /// For people.
    Text,
    /// Every feature.
    Json,
    /// Findings for code scanning.
    Sarif,
}

/// An address of this machine.
fn loopback(text: &str) -> Result<std::net::SocketAddr, String> {
    let address: std::net::SocketAddr = text
        .parse()
        .map_err(|_| "not an address with a port, such as 127.0.0.1:8443".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("not on this machine: only loopback addresses are taken".to_owned())
    }
}

fn moment(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| {
        format!("`{text}` is not a moment in RFC 3339, such as 2026-11-22T06:00:00Z")
    })
}
