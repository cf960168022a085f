//! Speed: cloud flow definitions with all features, in MB/s on one core, beside a recursive walk by `jq` and DuckDB's
//! `json_tree` over the same file in the same run. Peers that are not installed are skipped and said so. Prints
//! figures; asserts nothing about time. Where the system tells it (Linux), time is processor time, so that a busy
//! machine does not blur the figures.
//!
//! `cargo bench -p highwater-definitions --bench definitions [-- MEGABYTES|FILE.ndjson] [alone]`
//!
//! With `-- stream [FLOWS]` instead: tenants of ever more flows (10,000, 100,000 and 1,000,000 unless told), generated
//! and analysed one after the other, with the most memory that each took (Linux). It must not grow.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use highwater_definitions::{cloud_flow, desktop_flow};

const MEGABYTES: usize = 48;
const ROUNDS: u32 = 7;

/// Tenants for the measurement of memory, in flows.
const TENANTS: [usize; 3] = [10_000, 100_000, 1_000_000];

fn main() {
    let number = std::env::args().filter_map(|it| it.parse().ok()).next_back();
    if std::env::args().any(|it| it == "stream") {
        return number.map_or(TENANTS.to_vec(), |it| vec![it]).into_iter().for_each(stream);
    }
    let wanted = number.unwrap_or(MEGABYTES);
    let documents = given().unwrap_or_else(|| generate(wanted << 20));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("flows.ndjson");
    std::fs::write(&file, documents.join("\n")).expect("room for the file");
    let bytes = documents.iter().map(String::len).sum::<usize>();
    println!(
        "{} definitions, {:.1} MB, mean {} bytes",
        documents.len(),
        mega(bytes),
        bytes / documents.len()
    );
    let ours = timed(|| analyse(&file));
    report("all features, one core", bytes, documents.len(), ours, None);
    if std::env::args().any(|it| it == "alone") {
        return;
    }
    report("serde_json::Value, parse only", bytes, documents.len(), timed(|| parse(&file)), None);
    compare("jq recursive walk", bytes, documents.len(), ours, best(|| jq(&file)));
    compare("DuckDB json_tree, one thread", bytes, documents.len(), ours, best(|| duckdb(&file)));
    desktop(wanted.min(16) << 20);
}

/// Analyses a tenant's flows as they come, keeping nothing but sums.
fn stream(flows: usize) {
    forget_peak();
    let mut random = Random(0x5EED);
    let (mut bytes, mut actions, mut largest) = (0, 0, 0);
    let begun = Instant::now();
    for _ in 0..flows {
        let document = any_flow(&mut random);
        bytes += document.len();
        largest = largest.max(document.len());
        actions += cloud_flow(document.as_bytes()).expect("a flow").features.action_count;
    }
    println!(
        "{flows:>9} flows, {actions} actions, {:.0} MB in {:.1} s, largest {:.3} MB: peak memory {}",
        mega(bytes),
        begun.elapsed().as_secs_f64(),
        mega(largest),
        peak().map_or("not told".to_owned(), |peak| format!("{peak:.1} MB"))
    );
}

/// Starts anew what [`peak`] tells; see `proc_pid_clear_refs(5)`.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory held so far, in MB; see `proc_pid_status(5)`.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// Definitions of one's own, one a line, from a file named on the command line.
fn given() -> Option<Vec<String>> {
    let file = std::env::args().skip(1).find(|it| Path::new(it).is_file())?;
    let text = std::fs::read_to_string(file).expect("UTF-8");
    Some(text.lines().map(str::to_owned).collect())
}

fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// Least time of a run over all rounds: what the machine can do when left alone.
fn timed<T>(mut run: impl FnMut() -> T) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let clock = Clock::start(thread_time);
        std::hint::black_box(run());
        clock.elapsed()
    });
    rounds.min().unwrap_or_default()
}

/// Processor time as a function tells it, or wall time where the system does not tell.
struct Clock(Instant, Option<Duration>, fn() -> Option<Duration>);

impl Clock {
    fn start(time: fn() -> Option<Duration>) -> Self {
        Self(Instant::now(), time(), time)
    }

    fn elapsed(&self) -> Duration {
        match (self.1, self.2()) {
            (Some(begun), Some(now)) => now.saturating_sub(begun),
            _ => self.0.elapsed(),
        }
    }
}

/// Processor time of this thread; see `proc(5)`, `schedstat`: nanoseconds first.
fn thread_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// Processor time of ended children; see `proc_pid_stat(5)`: in hundredths of a second.
fn children_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let ticks =
        fields.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Some(Duration::from_millis(ticks.sum::<u64>() * 10))
}

/// The best of three runs of a peer.
fn best(run: impl Fn() -> Result<Duration, String>) -> Result<Duration, String> {
    let runs: Vec<Result<Duration, String>> = (0..3).map(|_| run()).collect();
    let least = runs.iter().flatten().min().copied();
    least.ok_or_else(|| runs.into_iter().find_map(Result::err).unwrap_or_default())
}

fn report(what: &str, bytes: usize, documents: usize, took: Duration, ratio: Option<f64>) {
    let seconds = took.as_secs_f64();
    let ratio =
        ratio.map(|ratio| format!("  ours is {ratio:.1} times as fast")).unwrap_or_default();
    let (rate, each) = (mega(bytes) / seconds, documents as f64 / seconds);
    println!("{what:32} {seconds:8.3} s {rate:8.1} MB/s {each:9.0} definitions/s{ratio}");
}

fn compare(
    what: &str,
    bytes: usize,
    documents: usize,
    ours: Duration,
    theirs: Result<Duration, String>,
) {
    match theirs {
        Ok(took) => {
            report(what, bytes, documents, took, Some(took.as_secs_f64() / ours.as_secs_f64()));
        }
        Err(why) => println!("{what:32} skipped: {why}"),
    }
}

/// Reads the file line by line and analyses every line.
fn analyse(file: &Path) -> u64 {
    let mut lines = BufReader::with_capacity(1 << 18, File::open(file).expect("the file"));
    let (mut line, mut actions) = (Vec::new(), 0);
    while read_line(&mut lines, &mut line) {
        actions += cloud_flow(&line).expect("a flow").features.action_count;
        line.clear();
    }
    actions
}

/// Reads up to the end of a line; whether there was one.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    loop {
        let buffer = from.fill_buf().expect("the file");
        let end = memchr::memchr(b'\n', buffer);
        let taken = end.unwrap_or(buffer.len());
        line.extend_from_slice(&buffer[..taken]);
        let ended = end.is_some() || buffer.is_empty();
        from.consume(taken + usize::from(end.is_some()));
        if ended {
            return end.is_some() || !line.is_empty();
        }
    }
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b'\n', content).chain([content.len()]);
    ends.scan(0, |start, end| Some(&content[std::mem::replace(start, end + 1)..end]))
}

fn parse(file: &Path) -> usize {
    let content = std::fs::read(file).expect("the file");
    lines(&content).filter(|line| serde_json::from_slice::<serde_json::Value>(line).is_ok()).count()
}

/// Counts actions and failure run-afters only: a small part of what is asked of ours.
fn jq(file: &Path) -> Result<Duration, String> {
    let program = r#"[.. | objects | select(has("type") and (has("runAfter") or has("inputs")))] as $actions
        | [($actions | length), ([$actions[] | (.runAfter // {})[] | arrays | select(index("Failed"))] | length)]"#;
    let clock = Clock::start(children_time);
    let status = Command::new("jq").arg("-c").arg(program).arg(file).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(clock.elapsed()),
        Ok(status) => Err(format!("jq ended with {status}")),
        Err(error) => Err(format!("jq does not start ({error})")),
    }
}

/// Counts one key over the whole tree; time as measured inside, without starting Python. Equal lines are read once by
/// its join, so a fair file has none.
fn duckdb(file: &Path) -> Result<Duration, String> {
    let program = "import sys, time, duckdb\n\
        db = duckdb.connect(); db.execute('SET threads = 1'); \
        db.execute('SET enable_progress_bar = false'); begun = time.process_time()\n\
        db.execute(\"SELECT count(*) FROM (SELECT unnest(string_split(content, chr(10))) AS line FROM read_text(?)) f, \
        json_tree(f.line::JSON) t WHERE t.key = 'runAfter'\", [sys.argv[1]]).fetchall()\n\
        print(time.process_time() - begun)";
    let python = std::env::var("HIGHWATER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(&python).arg("-c").arg(program).arg(file).output();
    let output = output.map_err(|error| format!("{python} does not start ({error})"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds: Result<f64, _> = text.trim().parse();
    let why = || {
        let last = String::from_utf8_lossy(&output.stderr)
            .lines()
            .last()
            .unwrap_or("no message")
            .to_owned();
        format!("{python} ended with {}: {last}", output.status)
    };
    seconds.map(Duration::from_secs_f64).map_err(|_| why())
}

fn desktop(bytes: usize) {
    let part = "SET Total TO 1\nBLOCK Work\nON BLOCK ERROR all\n    CALL Log\nEND\n    Excel.WriteToExcel.WriteCell \
        Instance: Book Value: $'''%Total% pieces''' Column: 1 Row: 2\n    IF Total > 3 THEN\n        \
        WebAutomation.Click.Click BrowserInstance: Page Control: appmask['Orders']['Button \\'Save\\'']\n    END\nEND\n";
    let script = part.repeat(bytes / part.len());
    let took = timed(|| desktop_flow(&script));
    println!(
        "desktop script, all features      {:8.3} s {:8.1} MB/s",
        took.as_secs_f64(),
        mega(script.len()) / took.as_secs_f64()
    );
}

/// Flows of many sizes and shapes, minified as in Dataverse, the same in every run.
fn generate(bytes: usize) -> Vec<String> {
    let mut random = Random(0x5EED);
    let mut documents = Vec::new();
    let mut total = 0;
    while total < bytes {
        let document = any_flow(&mut random);
        total += document.len();
        documents.push(document);
    }
    documents
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A flow of 2 to 37 actions at the top.
fn any_flow(random: &mut Random) -> String {
    let actions = 2 + random.below(6) * random.below(8);
    flow(random, actions)
}

fn flow(random: &mut Random, actions: u64) -> String {
    let mut text = String::from(
        r#"{"properties":{"connectionReferences":{"shared_sharepointonline":{"runtimeSource":"embedded","connection":{"connectionReferenceLogicalName":"con_sharepoint"},"api":{"name":"shared_sharepointonline"}}},"definition":{"$schema":"https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#","contentVersion":"1.0.0.0","parameters":{"$connections":{"defaultValue":{},"type":"Object"},"$authentication":{"defaultValue":{},"type":"SecureObject"},"Site (con_Site)":{"defaultValue":"https://contoso.sharepoint.test/sites/orders","type":"String","metadata":{"schemaName":"con_Site"}}},"triggers":{"When_an_item_is_created":{"recurrence":{"interval":3,"frequency":"Minute"},"metadata":{"operationMetadataId":"00000000-0000-0000-0000-000000000001"},"type":"OpenApiConnection","inputs":{"host":{"connectionName":"shared_sharepointonline","operationId":"GetOnNewItems","apiId":"/providers/Microsoft.PowerApps/apis/shared_sharepointonline"},"parameters":{"dataset":"@parameters('Site (con_Site)')","table":"00000000-0000-0000-0000-000000000002"},"authentication":"@parameters('$authentication')"}}},"actions":{"#,
    );
    let mut before = String::new();
    for at in 0..actions {
        if at > 0 {
            text.push(',');
        }
        let name = format!("Step_{at}");
        action(&mut text, random, &name, &before, 0);
        before = name;
    }
    text.push_str(r#"}}},"schemaVersion":"1.0.0.0"}"#);
    text
}

fn action(text: &mut String, random: &mut Random, name: &str, before: &str, depth: u32) {
    let status = if random.below(8) == 0 { r#""Failed","TimedOut""# } else { r#""Succeeded""# };
    let after = if before.is_empty() { String::new() } else { format!("\"{before}\":[{status}]") };
    let start = format!(
        "\"{name}\":{{\"runAfter\":{{{after}}},\"metadata\":{{\"operationMetadataId\":\"00000000-0000-0000-0000-0000000000{:02}\"}},",
        random.below(90) + 10
    );
    text.push_str(&start);
    match random.below(if depth < 4 { 12 } else { 9 }) {
        0..=2 => text.push_str(r#""type":"OpenApiConnection","inputs":{"host":{"connectionName":"shared_sharepointonline","operationId":"PatchItem","apiId":"/providers/Microsoft.PowerApps/apis/shared_sharepointonline"},"parameters":{"dataset":"@parameters('Site (con_Site)')","table":"00000000-0000-0000-0000-000000000002","id":"@triggerOutputs()?['body/ID']","item/Title":"@{triggerOutputs()?['body/Title']} - @{formatDateTime(utcNow(),'yyyy-MM-dd')}","item/Status/Value":"Approved"},"authentication":"@parameters('$authentication')"}"#),
        3 | 4 => text.push_str(r#""type":"OpenApiConnection","inputs":{"host":{"connectionName":"shared_office365","operationId":"SendEmailV2","apiId":"/providers/Microsoft.PowerApps/apis/shared_office365"},"parameters":{"emailMessage/To":"@triggerOutputs()?['body/Author/Email']","emailMessage/Subject":"Your request @{triggerOutputs()?['body/ID']} was changed","emailMessage/Body":"<p class=\"editor-paragraph\">Dear @{triggerOutputs()?['body/Author/DisplayName']},<br><br>your request has been changed by @{outputs('Get_user')?['body/displayName']}.<br>Please open the <a href=\"@{triggerOutputs()?['body/{Link}']}\">order</a> and confirm.</p>","emailMessage/Importance":"Normal"},"authentication":"@parameters('$authentication')"}"#),
        5 => text.push_str(r#""type":"Http","inputs":{"uri":"https://api.contoso.test/v1/orders/@{variables('orderId')}?api-version=2","method":"GET","headers":{"Accept":"application/json","Authorization":"Bearer @{body('Token')?['access_token']}"},"retryPolicy":{"type":"exponential","count":4,"interval":"PT7S"}}"#),
        6 | 7 => text.push_str(r#""type":"Compose","inputs":"@if(equals(length(body('Get_items')?['value']),0),json('null'),first(body('Get_items')?['value'])?['Title'])""#),
        8 => text.push_str(r#""type":"ParseJson","inputs":{"content":"@body('Call')","schema":{"type":"object","properties":{"id":{"type":"string"},"lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"},"count":{"type":"integer"},"price":{"type":"number"}},"required":["sku","count"]}}}}}"#),
        9 => branch(text, random, name, depth, r#""type":"Scope""#),
        10 => branch(text, random, name, depth, r#""type":"Foreach","foreach":"@body('Get_items')?['value']","runtimeConfiguration":{"concurrency":{"repetitions":20}}"#),
        _ => branch(text, random, name, depth, r#""type":"If","expression":{"and":[{"greater":["@variables('count')",0]},{"equals":["@triggerOutputs()?['body/Status/Value']","Open"]}]},"else":{"actions":{}}"#),
    }
    text.push('}');
}

fn branch(text: &mut String, random: &mut Random, name: &str, depth: u32, head: &str) {
    let _ = write!(text, "{head},\"actions\":{{");
    let mut before = String::new();
    for at in 0..1 + random.below(3) {
        if at > 0 {
            text.push(',');
        }
        let inner = format!("{name}_{at}");
        action(text, random, &inner, &before, depth + 1);
        before = inner;
    }
    text.push('}');
}
