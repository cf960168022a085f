//! The same tenant written by four tools: the facts of no two formats contradict each other, and what two of them tell
//! exactly is the same number.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const FORMATS: [&str; 4] = ["api", "powershell", "inventory", "coe"];

/// Least and greatest value of every fact that was told.
fn facts(format: &str, folder: &Path) -> BTreeMap<String, (f64, f64)> {
    let exports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports").join(format);
    let run = |args: &[&str]| {
        let program = Command::new(env!("CARGO_BIN_EXE_highwater"))
            .args(args)
            .current_dir(folder)
            .env_remove("HIGHWATER_CONFIG")
            .env_remove("HIGHWATER_STORE")
            .output()
            .unwrap();
        assert!(program.status.success(), "{format}: {}", String::from_utf8_lossy(&program.stderr));
        String::from_utf8(program.stdout).unwrap()
    };
    let taken_at = ["--taken-at", "2026-11-22T06:00:00Z", "--quiet"];
    let import = ["import", exports.to_str().unwrap(), "--store", format];
    run(&[import.as_slice(), &taken_at].concat());
    let card: Value =
        serde_json::from_str(&run(&["score", format, "--format", "json", "--quiet"])).unwrap();
    let told = |fact: &Value| {
        let range = fact["value"].as_array()?;
        let (least, most) = (range[0].as_f64()?, range[1].as_f64().unwrap_or(f64::INFINITY));
        Some((fact["id"].as_str()?.to_owned(), (least, most)))
    };
    card["facts"].as_array().unwrap().iter().filter_map(told).collect()
}

#[test]
fn four_formats_of_one_tenant_never_contradict_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let told = FORMATS.map(|format| (format, facts(format, folder.path())));
    let mut exact = 0;
    for (format, facts) in &told {
        for (other, others) in &told {
            for (id, (least, most)) in facts {
                let Some((from, to)) = others.get(id) else { continue };
                assert!(
                    *least <= to + 1e-9 && *from <= most + 1e-9,
                    "{id}: {format} says {least} to {most}, {other} {from} to {to}"
                );
                let both = (most - least).abs() < 1e-9 && (to - from).abs() < 1e-9;
                exact += usize::from(both && format != other);
            }
        }
    }
    assert!(exact >= 6, "the formats share facts that they tell exactly: {exact}");
}
