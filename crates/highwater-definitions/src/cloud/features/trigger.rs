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
    let name = trigger.type_name.as_ref();
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    let ends = |end: &str| {
        name.len() >= end.len()
            && name.is_char_boundary(name.len() - end.len())
            && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
    };
    match () {
        () if is(&"Request") => request_class(trigger.kind.as_deref().unwrap_or_default()),
        () if ["Recurrence", "SlidingWindow"].iter().any(is) => "schedule",
        () if ends("Webhook") || ends("Notification") => "push",
        () if POLLING.iter().any(is) => "poll",
        () => "other",
    }
}

const POLLING: [&str; 4] = ["OpenApiConnection", "ApiConnection", "Http", "ServiceProvider"];

fn request_class(kind: &str) -> &'static str {
    const CLASSES: [(&str, &str); 10] = [
        ("", "http"),
        ("Http", "http"),
        ("PowerApp", "app"),
        ("PowerAppV2", "app"),
        ("Skills", "agent"),
        ("VirtualAgent", "agent"),
        ("Copilot", "agent"),
        ("Button", "manual"),
        ("ApiConnection", "manual"),
        ("Geofence", "manual"),
    ];
    let known = CLASSES.iter().find(|(known, _)| known.eq_ignore_ascii_case(kind));
    known.map_or("other", |(_, class)| class)
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
