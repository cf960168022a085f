//! Speed and cost of collecting: a made tenant behind a simulated cloud, a real client over HTTPS, a recording on disk.
//!
//! Three parts, each with a simulator and a collector in processes of their own, so that memory is that of one side:
//!
//! - `tenant`: 1,500 environments, 27,000 flows and 12,000 apps, every answer 50 ms late. Wall time against a lower
//!   bound, requests against a minimum, peak memory of the collector.
//! - `serial`: 20 environments of 250 flows against the same reads, strictly one after the other.
//! - `memory`: peak memory with 27,000 and with 1,000,000 flows, without latency and with limits that wait for nothing;
//!   as many flows are asked for their runs in both.
//!
//! **The lower bound** is computed from what was asked, not from what came of it. Every page that was asked for is
//! counted where the limiter counts it: by service, by organisation or subscription where `config/limits.toml` says so,
//! and again by path where a path has limits of its own. A count of n requests takes at least: its window or bucket
//! (`floor((n - 1) / requests) * seconds`, `(n - burst) / per_second`), and `n * latency / concurrent`, because no more
//! than `concurrent` may be under way. No chain of pages takes less than its pages times the latency. The bound is the
//! largest of all these; what binds is printed. Work, sign-in and the order of parents and children are not in it.
//! Where a vendor publishes nothing, `concurrent` is our own figure: the bound without those figures is printed too.
//!
//! **The minimum of requests** is that of the same lists in the largest pages that the vendor gives (Dataverse 5,000
//! rows, Graph 999, the administration hosts what they choose to send), one request for each refusal ("no such table"),
//! and one token for each audience.
//!
//! The import is not part of it, nor the scrubbing of pages before the disk: both are measured in `benches/import.rs`.
//! Asserts nothing about time.
//!
//! `cargo bench -p highwater-sources --bench collect [-- --part tenant --environments 1500 --flows 18 --apps 8 --latency 50]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops at the first surprise"
)]

#[path = "collect/bound.rs"]
mod bound;
#[path = "collect/collector.rs"]
mod collector;
#[path = "collect/minimum.rs"]
mod minimum;
#[path = "collect/simulated.rs"]
mod simulated;

use std::path::PathBuf;

use serde_json::Value;
use simulated::{Cloud, Size};

fn main() {
    match given("--role").as_deref() {
        Some("simulator") => simulated::serve(),
        Some("collector") => collector::run(),
        _ => parts(),
    }
}

fn parts() {
    let part = given("--part").unwrap_or_default();
    let wanted = |name: &str| part.is_empty() || part == name;
    let latency = number("--latency", 50);
    if wanted("tenant") {
        let size = Size {
            environments: number("--environments", 1500),
            flows: number("--flows", 18),
            apps: number("--apps", 8),
            latency,
        };
        tenant(size);
    }
    if wanted("serial") {
        serial(Size { environments: 20, flows: 250, apps: 8, latency });
    }
    if wanted("memory") {
        memory();
    }
}

/// A large tenant with latency.
fn tenant(size: Size) {
    println!("tenant: {size}");
    let folder = scratch("tenant");
    let (told, cloud) = collected(size, &folder, &[]);
    let wall = told["wall_s"].as_f64().unwrap();
    let bounds = &told["bounds"];
    let bound = bounds["all"]["seconds"].as_f64().unwrap();
    println!(
        "  wall {wall:.1} s, lower bound {bound:.1} s ({}): ratio {:.2}",
        bounds["all"]["by"].as_str().unwrap(),
        wall / bound
    );
    println!(
        "  lower bound of what vendors publish alone: {:.1} s ({})",
        bounds["published"]["seconds"].as_f64().unwrap(),
        bounds["published"]["by"].as_str().unwrap()
    );
    for line in bounds["largest"].as_array().unwrap() {
        println!("    {}", line.as_str().unwrap());
    }
    println!(
        "  peak memory of the collector {} MiB, CPU {:.1} s; of the simulator {} MiB, CPU {:.1} s",
        told["peak_mib"],
        told["cpu_s"].as_f64().unwrap(),
        cloud["peak_mib"],
        cloud["cpu_s"].as_f64().unwrap()
    );
    let least = minimum::of(&folder) + told["audiences"].as_u64().unwrap();
    let sent = cloud["requests"].as_u64().unwrap();
    println!(
        "  {sent} requests, at least {least}: ratio {:.3}; by service {}",
        ratio(sent, least),
        cloud["by_service"]
    );
    println!("  answers that were none: {}", cloud["refused"]);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The same reads, side by side and one after the other.
fn serial(size: Size) {
    println!("serial: {size}");
    let folder = scratch("serial");
    let (side, _) = collected(size, &folder, &[]);
    std::fs::remove_dir_all(&folder).unwrap();
    let (one, _) = collected(size, &folder, &["--serial"]);
    std::fs::remove_dir_all(&folder).unwrap();
    let (side, one) = (side["wall_s"].as_f64().unwrap(), one["wall_s"].as_f64().unwrap());
    println!(
        "  side by side {side:.1} s, one after the other {one:.1} s: {:.1} times faster",
        one / side
    );
}

/// Peak memory, small and large.
fn memory() {
    let flows = [18, number("--many", 667)];
    let peaks = flows.map(|flows| {
        let size =
            Size { environments: number("--environments", 1500), flows, apps: 8, latency: 0 };
        println!("memory: {size}");
        let folder = scratch("memory");
        let (told, _) = collected(size, &folder, &["--unlimited", "--most", "5000"]);
        println!(
            "  peak memory of the collector {} MiB; {} pages in {:.1} s",
            told["peak_mib"],
            told["pages"],
            told["wall_s"].as_f64().unwrap()
        );
        std::fs::remove_dir_all(&folder).unwrap();
        told["peak_mib"].as_u64().unwrap()
    });
    println!("  grown by {} MiB", peaks[1].saturating_sub(peaks[0]));
}

/// Collects once; what the collector told, and what the simulator.
fn collected(size: Size, folder: &std::path::Path, extra: &[&str]) -> (Value, Value) {
    let cloud = Cloud::start(size);
    let told = collector::child(&cloud, folder, size.latency, extra);
    (told, cloud.stop())
}

/// A folder of its own: `--folder`, or below the target folder.
fn scratch(name: &str) -> PathBuf {
    let above = given("--folder").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = above.join(format!("highwater-bench-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// The word after an argument.
fn given(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}

/// The number after an argument.
fn number(name: &str, otherwise: usize) -> usize {
    given(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for display")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other.max(1) as f64
}

/// Peak memory of this process in MiB; 0 where the system does not tell.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|told| told.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// CPU seconds of this process; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}
