//! Bindings: connections and environment variables a definition declares.

use std::collections::BTreeSet;

use crate::cloud::CloudFlowFeatures;
use crate::cloud::expression::arguments;
use crate::cloud::features::Found;
use crate::json::Value;

/// Counts bindings and environment variables; gives the schema names of the latter.
pub(super) fn count(found: &Found<'_>, features: &mut CloudFlowFeatures) -> Vec<String> {
    let bindings = found.bindings.filter(|bindings| bindings.is_object());
    for binding in
        bindings.into_iter().flat_map(Value::children).filter(|binding| binding.is_object())
    {
        count_binding(binding, features);
    }
    let parameters = found.definition.object("parameters").into_iter().flat_map(Value::children);
    let variables: Vec<(String, String)> = parameters.filter_map(variable).collect();
    features.env_var_count = variables.len() as u64;
    if !variables.is_empty() {
        let mut unused: BTreeSet<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
        remove_used(found.definition, &mut unused);
        features.env_var_used_count =
            variables.iter().filter(|(name, _)| !unused.contains(name.as_str())).count() as u64;
    }
    variables.into_iter().map(|(_, schema)| schema).collect::<BTreeSet<_>>().into_iter().collect()
}

fn count_binding(binding: Value<'_>, features: &mut CloudFlowFeatures) {
    const LOGICAL_NAME: &str = "connectionReferenceLogicalName";
    let inner = binding.object("connection").and_then(|connection| connection.get(LOGICAL_NAME));
    let named = [inner, binding.get(LOGICAL_NAME)]
        .into_iter()
        .flatten()
        .any(|name| name.filled().is_some());
    let invoker = ["runtimeSource", "source"].iter().filter_map(|name| binding.string(name));
    features.connection_binding_count += 1;
    features.connection_reference_count += u64::from(named);
    features.connection_embedded_count += u64::from(!named);
    features.connection_invoker_count +=
        u64::from(invoker.into_iter().any(|source| source.eq_ignore_ascii_case("invoker")));
}

/// Name (lower case) and schema name of a parameter that is an environment variable.
fn variable(parameter: Value<'_>) -> Option<(String, String)> {
    let schema = parameter.object("metadata")?.get("schemaName")?.filled()?.into_owned();
    Some((parameter.key().to_lowercase(), schema))
}

/// Removes the names (lower case) that stand in `parameters('…')` in triggers, actions and outputs. Looked for in the
/// text as written first, which is many times faster than string by string; what is left over may stand behind escapes.
fn remove_used(definition: Value<'_>, unused: &mut BTreeSet<&str>) {
    let escaped = unused.iter().any(|name| name.contains(['"', '\\']));
    for section in
        ["triggers", "actions", "outputs"].iter().filter_map(|section| definition.get(section))
    {
        if !escaped {
            remove_named(section.raw(), unused);
        }
        if unused.is_empty() {
            return;
        }
        if escaped || memchr::memmem::find(section.raw().as_bytes(), b"\\u").is_some() {
            let texts =
                (section.index()..section.end()).filter_map(|at| section.sibling(at).text());
            texts.for_each(|text| remove_named(&text, unused));
        }
    }
}

/// Stops as soon as nothing is left to look for.
fn remove_named(text: &str, unused: &mut BTreeSet<&str>) {
    if unused.is_empty() {
        return;
    }
    let mut seen = BTreeSet::new();
    for (name, _) in arguments(text, "parameters") {
        if seen.insert(name) {
            unused.remove(name.replace("''", "'").to_lowercase().as_str());
            if unused.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_found_however_they_are_escaped() {
        let flow = |name: &str, used: &str| {
            let text = format!(
                r#"{{"triggers":{{}},"actions":{{"A":{{"type":"Compose","inputs":"{used}"}}}},
                "parameters":{{"{name}":{{"metadata":{{"schemaName":"con_X"}}}}}}}}"#
            );
            let flow = crate::cloud_flow(text.as_bytes()).unwrap();
            (flow.features.env_var_count, flow.features.env_var_used_count)
        };
        assert_eq!(flow("Plain", "@parameters('plain')"), (1, 1));
        assert_eq!(
            flow("Plain", r"@parameters(\u0027Plain\u0027)".replace(r"\\", r"\").as_str()),
            (1, 1)
        );
        assert_eq!(flow(r#"A \"b\""#, r#"x @{parameters('A \"b\"')}"#), (1, 1));
        assert_eq!(flow("Plain", "parameters of Plain"), (1, 0));
    }
}
