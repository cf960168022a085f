//! Sealed: a network that holds nothing but loopback, in which Microsoft's names lead to the simulated cloud.
//!
//! The binary reads by its built-in hosts and is told of no other way, so that what it does here is what it does in the
//! world. Nothing can leave: there is no other interface. What the names file does not list does not resolve.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::cloud::{code, err, out, root};
use crate::differences;

/// Brings loopback up, serves the cloud on the port of HTTPS, and collects from it.
const SCRIPT: &str = r#"
set -eu
ip link set lo up
mount --bind hosts /etc/hosts
"$BINARY" simulate --profile "$PROFILE" --listen 127.0.0.1:443 --ca-file ca.pem >how.txt 2>cloud.txt &
cloud=$!
tries=0
until [ -s how.txt ] || [ $tries -gt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
cat /proc/net/dev >devices.txt
result=0
"$BINARY" collect "$@" || result=$?
kill -INT $cloud
wait $cloud
exit $result
"#;

/// Regions that export telemetry, as `config/clouds.toml` and the source name them.
const REGIONS: [&str; 20] = [
    "na", "can", "sam", "emea", "oce", "apac", "jpn", "che", "fra", "uae", "ger", "gbr", "ind",
    "kor", "nor", "zaf", "sgp", "swe", "pol", "ita",
];

/// A command in a network and a view of the files of its own; none where this machine does not allow that.
fn unshared() -> Option<Vec<&'static str>> {
    let ways = [vec!["--net", "--mount"], vec!["--user", "--map-root-user", "--net", "--mount"]];
    ways.into_iter().find(|way| {
        let probe = "ip link set lo up && touch hosts && mount --bind hosts /etc/hosts";
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("unshare");
        let tried = command.args(way).args(["sh", "-c", probe]).current_dir(folder.path()).output();
        tried.is_ok_and(|output| output.status.success())
    })
}

/// Every name that the cloud of a reference tenant has.
fn names(tenant: &Path) -> BTreeSet<String> {
    let index = fs::read_to_string(tenant.join("inventory/highwater-index.json")).unwrap();
    let index: Value = serde_json::from_str(&index).unwrap();
    let requests = index["exchanges"].as_array().unwrap().iter();
    let hosts = requests.filter_map(|exchange| {
        let (_, rest) = exchange["request"].as_str()?.split_once("https://")?;
        Some(rest.split(['/', '?', ' ']).next()?.to_owned())
    });
    let regions =
        REGIONS.iter().map(|region| format!("{region}.csanalytics.powerplatform.microsoft.com"));
    let mut names: BTreeSet<String> = hosts.chain(regions).collect();
    names.insert("login.microsoftonline.com".to_owned());
    names
}

/// Collects a reference tenant in a sealed network.
fn collected(way: &[&str], profile: &str, folder: &Path) -> Output {
    let tenant = root().join("fixtures/tenants").join(profile).canonicalize().unwrap();
    let lines: String =
        names(&tenant).into_iter().map(|name| format!("127.0.0.1 {name}\n")).collect();
    fs::write(folder.join("hosts"), format!("127.0.0.1 localhost\n{lines}")).unwrap();
    let mut command = Command::new("unshare");
    command.args(way).args(["sh", "-c", SCRIPT, "sealed", "--auth", "service-principal"]);
    command.args(["--tenant", "00000000-0000-0000-0000-300000000001", "--ca-file", "ca.pem"]);
    command.args(["--store", "store", "--taken-at", "2026-11-01T06:00:00Z", "--config"]);
    command.arg(tenant.join("highwater.toml"));
    for own in ["tags.csv", "training.csv"] {
        command.arg("--with").arg(tenant.join("inventory").join(own));
    }
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("BINARY", env!("CARGO_BIN_EXE_highwater"))
        .env("PROFILE", profile)
        .env("NO_COLOR", "1")
        .env("AZURE_CLIENT_ID", "00000000-0000-0000-0000-0000000000e1")
        .env("AZURE_CLIENT_SECRET", "simulated")
        .output()
        .unwrap()
}

#[test]
fn the_unmodified_binary_reads_by_its_built_in_hosts_and_asks_nobody_else() {
    let Some(way) = unshared() else {
        println!("skipped: no network namespaces (they need root, or user namespaces, and `ip`)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = collected(&way, "defined", folder.path());
    assert_eq!(code(&output), 0, "{}", err(&output));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let devices = read("devices.txt");
    assert_eq!(devices.lines().count(), 3, "more than loopback:\n{devices}");
    // The cloud says what reached it and should not have; it knows every host that it was asked as.
    let said = read("cloud.txt");
    assert!(!said.contains("asked for"), "{said}");
    assert!(
        !err(&output).contains("resolve") && !err(&output).contains("gave up"),
        "{}",
        err(&output)
    );
    // Whatever a name that is not listed would have told is missing in the scorecard.
    let tenant = root().join("fixtures/tenants/defined");
    let mut score = crate::cloud::highwater(folder.path());
    score.args(["score", out(&output).trim(), "--format", "json", "--config"]);
    score.arg(tenant.join("highwater.toml")).arg("--attest").arg(tenant.join("attestations.toml"));
    let scored = score.output().unwrap();
    assert_eq!(code(&scored), 0, "{}", err(&scored));
    let golden = fs::read_to_string(tenant.join("scorecard.json")).unwrap();
    assert_eq!(differences(&golden, &out(&scored)), "");
}
