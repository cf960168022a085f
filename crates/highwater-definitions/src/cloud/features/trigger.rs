//! Triggers: class, who may call them, how many runs at a time.

use crate::cloud::CloudFlowFeatures;
use crate::cloud::action::Action;
use crate::cloud::features::Flow;
use crate::json::{Shape, Value};

/// Counts everything about triggers.
pub(super) fn count(flow: &Flow<'_>, features: &mut CloudFlowFeatures) {
    features.trigger_count = flow.triggers.len() as u64;
    if let Some(first) = flow.triggers.first() {
        features.trigger_type = first.type_name.to_lowercase();
        features.trigger_kind = first.kind.as_deref().unwrap_or_default().to_lowercase();
        features.trigger_class = Some(class(first));
    }
    for trigger in &flow.triggers {
        if class(trigger) == "http" {
            let auth = auth(trigger);
            features.http_trigger_count += 1;
            features.http_open_trigger_count += u64::from(is_open(auth));
            features.trigger_auth = features.trigger_auth.or(Some(auth));
        }
        let conditions =
            trigger.value.get("conditions").filter(|list| list.shape() == Shape::Array);
        features.trigger_condition_count +=
            conditions.map_or(0, |list| list.children().count()) as u64;
        let runs = trigger.concurrency("runs");
        let single = trigger.has_option("SingleInstance") || runs == Some(1.0);
        features.trigger_single_count += u64::from(single);
        features.trigger_concurrency_count +=
            u64::from(!single && runs.is_some_and(|runs| runs > 1.0));
    }
}

/// What starts the flow, in one word.
pub(super) fn class(trigger: &Action<'_>) -> &'static str {
    let kind = trigger.kind.as_deref().unwrap_or_default().to_lowercase();
    match trigger.type_name.to_lowercase().as_str() {
        "request" => request_class(&kind),
        "recurrence" | "slidingwindow" => "schedule",
        name if name.ends_with("webhook") || name.ends_with("notification") => "push",
        "openapiconnection" | "apiconnection" | "http" | "serviceprovider" => "poll",
        _ => "other",
    }
}

fn request_class(kind: &str) -> &'static str {
    match kind {
        "" | "http" => "http",
        "powerapp" | "powerappv2" => "app",
        "skills" | "virtualagent" | "copilot" => "agent",
        "button" | "apiconnection" | "geofence" => "manual",
        _ => "other",
    }
}

/// Who may call the trigger's URL. Flows made before the setting carry none: anyone with the URL.
pub(super) fn auth(trigger: &Action<'_>) -> &'static str {
    let told = trigger.input("triggerAuthenticationType").and_then(Value::filled);
    match told.map(|told| told.to_lowercase()).as_deref() {
        None => "all_implicit",
        Some("all") => "all",
        Some("tenant") => "tenant",
        Some("user") => "user",
        Some(_) => "other",
    }
}

pub(super) fn is_open(auth: &str) -> bool {
    matches!(auth, "all" | "all_implicit")
}
