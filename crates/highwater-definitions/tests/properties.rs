//! Properties: laws that hold for any input. No panic, no unbounded result, the same answer for the same definition
//! however it is written, and nothing read twice.

use std::time::{Duration, Instant};

use highwater_definitions::limits::{MAX_DEPTH, MAX_FINDINGS};
use highwater_definitions::{
    Analysis, Definition, analyse, cloud_flow, cloud_flows, desktop_flow, desktop_script,
    solution_package, solution_parts, write_json, write_sarif, write_table,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const SEED: &str = include_str!("cases.json");

fn inputs(kinds: &[&str]) -> Vec<String> {
    let document: Value = serde_json::from_str(SEED).expect("the cases are JSON");
    let cases = document["cases"].as_array().expect("a list").iter();
    let fitting = cases.filter(|case| kinds.contains(&case["kind"].as_str().unwrap_or_default()));
    fitting
        .map(|case| case["input"].as_str().map_or_else(|| case["input"].to_string(), str::to_owned))
        .collect()
}

/// Cuts, doubles or overwrites a part of a text.
fn mutated(text: &str, at: usize, length: usize, with: &str, twice: bool) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = at % (characters.len() + 1);
    let end = (at + length).min(characters.len());
    let part: String = characters[at..end].iter().collect();
    let start: String = characters[..at].iter().collect();
    let rest: String = characters[end..].iter().collect();
    if twice { format!("{start}{part}{with}{part}{rest}") } else { format!("{start}{with}{rest}") }
}

fn rendered(analysis: &Analysis) -> Vec<u8> {
    let mut out = Vec::new();
    write_json(analysis, &mut out).expect("memory");
    write_table(analysis, &mut out).expect("memory");
    write_sarif(analysis, "0.0.0", &mut out).expect("memory");
    out
}

/// Actions of random types with random edges among them.
fn graph() -> impl Strategy<Value = Value> {
    let status =
        prop::sample::subsequence(vec!["Succeeded", "Failed", "Skipped", "TIMEDOUT"], 0..=4);
    let edge = (0usize..8, status);
    let kind = prop::sample::select(vec![
        "Scope",
        "Compose",
        "Http",
        "SetVariable",
        "Response",
        "Terminate",
        "If",
    ]);
    prop::collection::vec((kind, prop::collection::vec(edge, 0..3)), 0..8).prop_map(|actions| {
        let mut map = serde_json::Map::new();
        for (at, (kind, edges)) in actions.into_iter().enumerate() {
            let edges =
                edges.into_iter().map(|(from, statuses)| (format!("A{from}"), json!(statuses)));
            let after: serde_json::Map<String, Value> = edges.collect();
            map.insert(format!("A{at}"), json!({"type": kind, "runAfter": after, "inputs": {}}));
        }
        json!({"triggers": {}, "actions": map})
    })
}

/// Files that hold a secret in every kind of place.
fn holding(secret: &str) -> [(&'static str, String); 3] {
    let flow = json!({"properties": {"definition": {
        "triggers": {"T": {"type": "Request", "kind": "Http",
            "inputs": {"headers": {"Authorization": format!("Bearer {secret}")}}}},
        "parameters": {
            "Key (con_Key)": {"type": "String", "defaultValue": secret, "metadata": {"schemaName": "con_ApiKey"}},
            "Other (con_Other)": {"type": "SecureString", "defaultValue": secret}},
        "actions": {
            "Compose_password": {"type": "Compose", "inputs": secret},
            "Call": {"type": "Http", "inputs": {
                "uri": format!("http://user:{secret}@host.example/?code={secret}{secret}&sig={secret}{secret}"),
                "authentication": {"type": "Basic", "password": secret},
                "body": format!("@concat('password={secret}', variables('x'))")}},
            "Set": {"type": "SetVariable",
                "inputs": {"name": "token", "value": format!("{secret}@{{variables('x')}}")}}}}}});
    let script = format!(
        "@INPUT Password : {{ 'Type': 'String', 'DefaultValue': '{secret}' }}\n\
        SET ApiKey TO $'''{secret}'''\n# password: {secret}\n\
        WebAutomation.PopulateTextField.PopulateTextField Control: appmask['Page']['Password'] Text: $'''{secret}'''\n"
    );
    let row = json!({"value": [{"workflowid": "1", "clientdata": flow.to_string()}]});
    [("flow.json", flow.to_string()), ("row.json", row.to_string()), ("script.robin", script)]
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = cloud_flows(&bytes);
        let _ = solution_package(std::io::Cursor::new(&bytes));
        let _ = solution_parts(&[("solution.xml".to_owned(), bytes.clone()), ("customizations.xml".to_owned(), bytes.clone())]);
        let text = String::from_utf8_lossy(&bytes);
        let _ = desktop_flow(&text);
        let _ = desktop_script(Some(&text), None);
        let _ = desktop_script(None, Some(&text));
    }

    #[test]
    fn mutated_flows_are_survived(
        which in any::<prop::sample::Index>(), at in any::<usize>(), length in 0usize..60,
        with in r#"[{}\[\]",:@'a-z0-9\\]{0,8}"#, twice in any::<bool>(),
    ) {
        let inputs = inputs(&["wdl", "wdl-many"]);
        let _ = cloud_flows(mutated(which.get::<String>(&inputs), at, length, &with, twice).as_bytes());
    }

    #[test]
    fn mutated_scripts_keep_their_sums(
        which in any::<prop::sample::Index>(), at in any::<usize>(), length in 0usize..60,
        with in r"[A-Z'%{}\n $#/@:]{0,12}", twice in any::<bool>(),
    ) {
        let script = mutated(which.get::<String>(&inputs(&["robin"])), at, length, &with, twice);
        let it = desktop_flow(&script).features;
        prop_assert_eq!(it.statement_count, it.action_count + it.handler_statement_count + it.disabled_count);
        prop_assert!(it.called_subflow_count + it.uncalled_subflow_count == it.subflow_count);
        prop_assert!(it.on_error_ignored_count <= it.on_error_count && it.on_error_handled_count <= it.on_error_count);
        prop_assert!(it.action_count <= script.lines().count() as u64);
    }

    #[test]
    fn run_after_counts_agree(document in graph()) {
        let it = cloud_flow(document.to_string().as_bytes()).expect("a flow").features;
        prop_assert!(it.swallowed_handler_count <= it.catch_handler_count);
        prop_assert!(it.catch_handler_count <= it.run_after_failed_count);
        prop_assert!(it.catch_handler_count + it.continue_on_error_count <= it.action_count);
        prop_assert!(it.scope_catch_complete_count <= it.scope_catch_count && it.scope_catch_count <= it.scope_count);
        prop_assert_eq!(it.try_catch, it.scope_catch_count > 0);
        prop_assert_eq!(it.container_count + it.leaf_action_count, it.action_count);
        prop_assert!(!it.notify_on_failure);
    }

    #[test]
    fn names_and_order_do_not_matter(document in graph(), renaming in any::<u16>()) {
        let before = cloud_flow(document.to_string().as_bytes()).expect("a flow").features;
        // The other way round, and every name changed: `serde_json` sorts by name.
        let mut text = document.to_string();
        for at in 0..8 {
            text = text.replace(&format!("\"A{at}\""), &format!("\"{}{renaming}\"", (b'z' - at) as char));
        }
        let reordered: Value = serde_json::from_str(&text).expect("still JSON");
        let after = cloud_flow(reordered.to_string().as_bytes()).expect("a flow").features;
        prop_assert_eq!(before, after);
    }

    #[test]
    fn wrapping_does_not_matter(document in graph()) {
        let plain = cloud_flow(document.to_string().as_bytes()).expect("a flow").features;
        let clientdata = json!({"properties": {"definition": document}}).to_string();
        let row = json!({"workflowid": "1", "clientdata": clientdata}).to_string();
        let mut wrapped = cloud_flow(row.as_bytes()).expect("a flow").features;
        prop_assert_eq!(wrapped.form, "properties");
        wrapped.form = plain.form;
        prop_assert_eq!(wrapped, plain);
    }

    #[test]
    fn suspected_secrets_are_shown_in_no_form(
        // Without vowels and `x`, so that no placeholder such as `xxx` or `your` comes about.
        secret in "[BCDFGHK][bcdfghkmnp]{5}[0-9]{4}[BCDFGHbcdfgh0-9]{6,20}", cut in 0usize..400,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in holding(&secret) {
            std::fs::write(folder.path().join(name), &text).expect("room");
            // Broken files too: what is said of them must not quote them.
            let cut: String = text.chars().take(text.chars().count().saturating_sub(cut)).collect();
            std::fs::write(folder.path().join(format!("cut-{name}")), cut).expect("room");
        }
        let files = std::fs::read_dir(folder.path()).expect("a folder");
        let paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        let analysis = analyse(&paths);
        let suspected = |it: &&Definition| it.findings.iter().any(|it| it.rule.id().starts_with("secret/"));
        prop_assert!(analysis.definitions.iter().filter(suspected).count() >= 3, "every whole file holds a suspect");
        let shown = String::from_utf8(rendered(&analysis)).expect("text");
        let debugged = format!("{analysis:?}");
        prop_assert!(!shown.contains(&secret) && !debugged.contains(&secret));
    }

    #[test]
    fn files_of_any_content_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), name in "[a-z]{1,4}\\.(json|txt|robin|zip|xml)") {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(name), bytes).expect("room");
        let analysis = analyse(&[folder.path().to_owned()]);
        let _ = rendered(&analysis);
    }
}

fn nested(levels: usize) -> String {
    let open = r#"{"S":{"type":"Scope","actions":"#.repeat(levels);
    format!(r#"{{"triggers":{{}},"actions":{open}{{}}{}}}"#, "}}".repeat(levels))
}

#[test]
fn depth_is_bounded_and_said() {
    let flow = cloud_flow(nested(5_000).as_bytes()).unwrap();
    assert_eq!(flow.features.max_depth, u64::from(MAX_DEPTH));
    assert!(flow.findings.iter().any(|finding| finding.rule.id() == "too-deep"));
}

#[test]
fn findings_are_bounded_and_counts_are_not() {
    let secrets: Vec<Value> =
        (0..MAX_FINDINGS * 3).map(|_| json!({"password": "Quiet42River"})).collect();
    let document =
        json!({"triggers": {}, "actions": {"A": {"type": "Http", "inputs": {"body": secrets}}}});
    let flow = cloud_flow(document.to_string().as_bytes()).unwrap();
    assert_eq!(flow.features.secret_suspect_count, MAX_FINDINGS as u64 * 3);
    assert_eq!(flow.findings.len(), MAX_FINDINGS);
}

/// Inputs that would take hours were anything quadratic.
#[test]
fn hostile_inputs_take_linear_time() {
    let chain = |size: usize| {
        let actions = (0..size).map(|at| {
            format!(
                r#""A{at}":{{"type":"Scope","runAfter":{{"A{}":["Failed"]}}}}"#,
                at.wrapping_sub(1)
            )
        });
        format!(r#"{{"triggers":{{}},"actions":{{{}}}}}"#, actions.collect::<Vec<_>>().join(","))
    };
    let checks = |size: usize| {
        let text = r#"{"type":"If","runAfter":{"Z":["Succeeded","Failed"]},"expression":"@actions('Y')","actions":"#;
        let open = format!(r#"{{"Z":{{"type":"Http"}},"A":{text}"#).repeat(size);
        format!(r#"{{"triggers":{{}},"actions":{open}{{}}{}}}"#, "}}".repeat(size))
    };
    type Job = Box<dyn Fn()>;
    let jobs: Vec<(&str, Job)> = vec![
        ("chain", Box::new(move || drop(cloud_flow(chain(40_000).as_bytes()).unwrap()))),
        ("checks", Box::new(move || drop(cloud_flow(checks(3_000).as_bytes()).unwrap()))),
        ("array", Box::new(|| drop(cloud_flows(format!("[{}", "[0,".repeat(90_000)).as_bytes())))),
        ("braces", Box::new(|| drop(desktop_flow(&"SET A TO {\n".repeat(60_000))))),
        (
            "handlers",
            Box::new(|| drop(desktop_flow(&format!("A.B\nON ERROR\n{}", "LOOP\n".repeat(60_000))))),
        ),
        (
            "literals",
            Box::new(|| drop(desktop_flow(&"X.Populate Text: 'Quiet42' ".repeat(20_000)))),
        ),
        ("quotes", Box::new(|| drop(desktop_flow(&"'''\n".repeat(60_001))))),
    ];
    for (name, job) in jobs {
        let begun = Instant::now();
        job();
        assert!(begun.elapsed() < Duration::from_secs(60), "{name} took {:?}", begun.elapsed());
    }
}
