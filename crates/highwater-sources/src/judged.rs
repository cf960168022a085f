//! Judged: requests to Azure, by the vendor's own OpenAPI files and the vendor's own validator.
//!
//! The validator is an npm package that `tests/run.sh` sets up; the files lie beside the checkout. Where either is
//! missing the test says so and judges nothing.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use highwater_http::{Method, Read};
use serde_json::{Value, json};

use crate::declared::reads;

/// Sources whose operations the files beside the checkout describe: not those of secrets and event subscriptions.
const DESCRIBED: &[&str] = &["arg.", "arm.diagnostic_settings", "arm.sentinel"];

fn line(name: &str, read: &Read) -> Value {
    let (method, body) = match &read.method {
        Method::Get => ("GET", Value::Null),
        Method::Post(body) => ("POST", serde_json::from_slice(body).unwrap()),
    };
    json!({ "name": name, "request": { "method": method, "url": read.url.as_str(), "body": body } })
}

/// The findings for exchanges; none where the judge is not here.
fn judge(lines: &[Value]) -> Option<(bool, String)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let files = PathBuf::from(format!("{root}/../shared/reference/openapi"));
    let Some(tools) = std::env::var_os("HIGHWATER_TEST_JUDGES") else {
        println!("skipped: no oav (tests/run.sh sets it up with npm)");
        return None;
    };
    if !files.is_dir() {
        println!("skipped: no OpenAPI files beside the checkout");
        return None;
    }
    let mut node = Command::new("node")
        .arg(format!("{root}/tests/contracts/oav.mjs"))
        .arg(files)
        .env("HIGHWATER_TEST_JUDGES", tools)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = node.stdin.take().unwrap();
    for line in lines {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = node.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn requests_to_azure_are_as_the_vendor_describes_them() {
    let lines: Vec<Value> = reads()
        .iter()
        .filter(|(source, _, _)| DESCRIBED.iter().any(|start| source.id.starts_with(start)))
        .map(|(source, request, read)| line(&format!("{} {}", source.id, request.part), read))
        .collect();
    assert_eq!(lines.len(), 10);
    let Some((passed, said)) = judge(&lines) else { return };
    assert!(passed, "{said}");
    assert!(said.contains(r#"{"judged":10,"wrong":0}"#), "{said}");
}

#[test]
fn the_judge_finds_what_is_wrong() {
    let url = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let body = json!({ "query": 1, "options": { "resultFormat": "rows" } });
    let wrong =
        json!({ "name": "wrong", "request": { "method": "POST", "url": url, "body": body } });
    let elsewhere = json!({ "name": "elsewhere", "request": { "method": "GET", "url": url.replace("2021-03-01", "1999-01-01") } });
    let Some((passed, said)) = judge(&[wrong, elsewhere]) else { return };
    assert!(!passed && said.contains(r#""wrong":2"#), "{said}");
}
