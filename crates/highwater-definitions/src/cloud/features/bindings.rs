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
        let used = used_parameters(found.definition);
        features.env_var_used_count =
            variables.iter().filter(|(name, _)| used.contains(name)).count() as u64;
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

/// Names in `parameters('…')` in triggers, actions and outputs, lower case.
fn used_parameters(definition: Value<'_>) -> BTreeSet<String> {
    let sections =
        ["triggers", "actions", "outputs"].iter().filter_map(|section| definition.get(section));
    let mut used = BTreeSet::new();
    for value in sections
        .flat_map(|section| (section.index()..section.end()).map(move |at| section.sibling(at)))
    {
        let Some(text) =
            value.text().filter(|text| memchr::memchr(b'@', text.as_bytes()).is_some())
        else {
            continue;
        };
        let names = arguments(&text, "parameters").into_iter();
        used.extend(names.map(|(name, _)| name.replace("''", "'").to_lowercase()));
    }
    used
}
