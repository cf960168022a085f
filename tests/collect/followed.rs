//! Followed: a plan taken step by step on the simulated tenant, until the level rises: a grant is given, a setting is
//! changed, three questions are answered. Each time the tenant is collected and scored anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use highwater_simulator::{Fault, Profile};
use serde_json::{Value, json};

use crate::cloud::{Cloud, code, err, highwater, out, root};
use crate::runs::store;

const POLICIES: &str = "forbidden on graph:*/conditionalAccess/*";

/// The tenant whose administrators follow a plan, and what was collected of it.
struct Followed {
    folder: tempfile::TempDir,
    times: u32,
}

impl Followed {
    fn begin() -> Self {
        let followed = Self { folder: tempfile::tempdir().unwrap(), times: 0 };
        copy(&tenant().join("inventory"), &followed.path("tenant"));
        store(followed.folder.path());
        for own in ["attestations.toml", "highwater.toml"] {
            fs::copy(tenant().join(own), followed.path(own)).unwrap();
        }
        followed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Collects the tenant as it is now, a moment later than before, and gives the snapshot.
    fn collect(&mut self, faults: &str) -> String {
        let cloud = Cloud::with("defined", |settings| {
            settings.profile = Profile::Folder(self.path("tenant"));
            settings.faults = Fault::list(faults).unwrap();
        });
        let moment = format!("2026-11-01T06:{:02}:00Z", self.times);
        self.times += 1;
        let output = cloud.collect_at(self.folder.path(), &moment);
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output).lines().last().unwrap().to_owned()
    }

    fn verb(&self, verb: &[&str], more: &[&str]) -> Value {
        let output = self.command(verb).args(["--format", "json"]).args(more).output().unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        serde_json::from_str(&out(&output)).unwrap()
    }

    fn command(&self, verb: &[&str]) -> Command {
        let mut command = highwater(self.folder.path());
        command.args(verb).args(["--attest", "attestations.toml", "--config", "highwater.toml"]);
        command
    }

    /// The level of a capability that is proven.
    fn proven(&self, snapshot: &str, capability: &str) -> u64 {
        let card = self.verb(&["score", snapshot], &[]);
        let models = card["models"].as_array().unwrap().iter();
        let mut all = models.flat_map(|model| model["capabilities"].as_array().unwrap());
        let found = all.find(|one| one["id"] == capability).unwrap();
        found["level"]["proven"].as_u64().unwrap()
    }

    /// The steps to the next level of a capability, or to the one that is named.
    fn plan(&self, snapshot: &str, model: &str, capability: &str, more: &[&str]) -> Vec<Value> {
        let what = ["plan", snapshot, "--model", model, "--capability", capability];
        let plan = self.verb(&what, more);
        plan["steps"].as_array().unwrap().clone()
    }

    /// Writes a line under `[lists]` of the configuration.
    fn declare(&self, line: &str) {
        let text = fs::read_to_string(self.path("highwater.toml")).unwrap();
        let text = text.replacen("[lists]", &format!("[lists]\n{line}"), 1);
        fs::write(self.path("highwater.toml"), text).unwrap();
    }

    /// Answers the questions of the form that are about these indicators, as its reader would.
    fn state(&self, snapshot: &str, indicators: &[&str]) {
        let output = self.command(&["attest", "init", snapshot]).output().unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        let form = out(&output);
        let mut stated = fs::read_to_string(self.path("attestations.toml")).unwrap();
        for indicator in indicators {
            let asked = form.split("\n\n").find(|part| part.contains(indicator));
            let lines = asked.unwrap().lines().filter_map(|line| line.strip_prefix('#'));
            let own: Vec<&str> = lines.filter(|line| !line.starts_with(' ')).collect();
            let filled = own
                .join("\n")
                .replace("answer = \"\"", "answer = \"fully\"")
                .replace("by = \"\"", "by = \"Platform operations\"")
                .replace("[\"\"]", "[\"https://intranet.contoso.example/operations\"]");
            stated.push_str(&format!("\n{filled}\n"));
        }
        fs::write(self.path("attestations.toml"), stated).unwrap();
    }
}

#[test]
fn a_plan_that_is_followed_raises_the_level() {
    let mut tenant = Followed::begin();

    // Nobody granted the reading of conditional access: the plan begins with the grant.
    let blind = tenant.collect(POLICIES);
    let before = tenant.proven(&blind, "secure-govern");
    assert!(before < 300, "{before}");
    let steps = tenant.plan(&blind, "automation", "secure-govern", &["--target", "300"]);
    assert_eq!(kinds(&steps), ["collect"], "{steps:#?}");
    assert!(steps[0]["title"].as_str().unwrap().contains("Policy.Read.All"), "{steps:#?}");
    let seen = tenant.collect("");
    assert_eq!(tenant.proven(&seen, "secure-govern"), 300);

    // A standard has to be assigned and its controls closed, and the step says that this alone will not do.
    let steps = tenant.plan(&seen, "automation", "secure-govern", &[]);
    assert_eq!(kinds(&steps), ["fix"], "{steps:#?}");
    assert_eq!(steps[0]["indicators"], json!(["AUT-SG-400-04"]));
    assert!(steps[0]["detail"].as_str().unwrap().contains("A statement has to go with it"));
    assign_a_standard(&tenant.path("tenant/azure/security.json"));
    let fixed = tenant.collect("");
    assert_eq!(tenant.proven(&fixed, "secure-govern"), 300);
    let steps = tenant.plan(&fixed, "automation", "secure-govern", &[]);
    assert_eq!(kinds(&steps), ["attest"], "{steps:#?}");
    tenant.state(&fixed, &["AUT-SG-400-04"]);

    // Which standard binds the organisation, no service knows.
    let steps = tenant.plan(&fixed, "automation", "secure-govern", &[]);
    assert_eq!(kinds(&steps), ["collect"], "{steps:#?}");
    assert_eq!(
        steps[0]["how"][0]["place"],
        json!(["highwater.toml", "[lists]", "binding_standard"])
    );
    tenant.declare("binding_standard = [\"PCI-DSS\"]");
    let fixed = tenant.collect("");
    assert_eq!(tenant.proven(&fixed, "secure-govern"), 400);

    // What only people know.
    assert_eq!(tenant.proven(&fixed, "admin-and-governance"), 300);
    let steps = tenant.plan(&fixed, "adoption", "admin-and-governance", &[]);
    assert_eq!(kinds(&steps), ["attest"], "{steps:#?}");
    let asked: Vec<&str> =
        steps[0]["indicators"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    tenant.state(&fixed, &asked);
    assert_eq!(tenant.proven(&fixed, "admin-and-governance"), 400);

    // What was followed is what the comparison tells.
    let output = tenant.command(&["diff", &blind, &fixed]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("AUT-SG-400-04"), "{}", out(&output));
}

fn kinds(steps: &[Value]) -> Vec<&str> {
    steps.iter().map(|step| step["kind"].as_str().unwrap()).collect()
}

/// The industry's standard on the automation subscription, as Defender for Cloud reports it.
fn assign_a_standard(file: &Path) {
    let mut answer: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let rows = answer["data"].as_array_mut().unwrap();
    let subscription = rows[0]["subscriptionId"].clone();
    let id = subscription.as_str().unwrap();
    rows.push(json!({
        "id": format!("/subscriptions/{id}/providers/Microsoft.Security/regulatoryComplianceStandards/PCI-DSS-4"),
        "name": "PCI-DSS-4", "type": "microsoft.security/regulatorycompliancestandards",
        "subscriptionId": subscription, "resourceGroup": "",
        "properties": {"state": "Passed", "passedControls": 42, "failedControls": 0, "skippedControls": 0, "unsupportedControls": 3}
    }));
    let count = rows.len();
    answer["totalRecords"] = json!(count);
    answer["count"] = json!(count);
    fs::write(file, answer.to_string()).unwrap();
}

fn tenant() -> PathBuf {
    root().join("fixtures/tenants/defined")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &name) } else { fs::copy(&path, &name).map(drop).unwrap() }
    }
}
