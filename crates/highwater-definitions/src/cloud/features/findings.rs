//! Findings of a cloud flow: the places behind the counts, in the order of the document.

use crate::cloud::action::Action;
use crate::cloud::features::failure::Failures;
use crate::cloud::features::{Flow, trigger};
use crate::cloud::literal::Suspect;
use crate::cloud::operation::reads_secret;
use crate::cloud::{CloudFlowFeatures, ErrorHandling};
use crate::finding::{Finding, Rule};
use crate::json::{Json, Value};
use crate::limits::MAX_FINDINGS;

type Place<'t> = (Value<'t>, Rule, Option<String>);

/// Everything worth looking at.
pub(super) fn list(
    flow: &Flow<'_>,
    failures: &Failures,
    suspects: &[Suspect<'_>],
    insecure: &[Value<'_>],
    features: &CloudFlowFeatures,
    json: &Json<'_>,
) -> Vec<Finding> {
    let mut places: Vec<Place<'_>> = Vec::new();
    for suspect in suspects.iter().take(MAX_FINDINGS) {
        let variable = suspect.variable.as_ref().map(|name| name.to_string());
        places.extend(
            suspect.rules.list().map(|rule| (suspect.value, Rule::Secret(rule), variable.clone())),
        );
    }
    let action = |at: &u32| flow.actions.list[*at as usize].value;
    places.extend(insecure.iter().map(|value| (*value, Rule::InsecureUrl, None)));
    places.extend(failures.swallowed.iter().map(|at| (action(at), Rule::SwallowedHandler, None)));
    places.extend(failures.incomplete.iter().map(|at| (action(at), Rule::IncompleteCatch, None)));
    places.extend(flow.actions.cut.map(|value| (value, Rule::TooDeep, None)));
    places.extend(of_triggers(flow));
    if features.secret_action_count > features.secret_output_secured_count {
        places.extend(of_secret_reads(flow));
    }
    if features.non_trivial && features.error_handling == ErrorHandling::None {
        let first = flow.actions.list.first().and_then(|action| action.value.parent());
        places.extend(first.map(|value| (value, Rule::NoErrorHandling, None)));
    }
    ordered(places, json)
}

fn of_triggers<'t>(flow: &Flow<'t>) -> impl Iterator<Item = Place<'t>> {
    let open = |trigger: &&Action<'_>| {
        trigger::class(trigger) == "http" && trigger::is_open(trigger::auth(trigger))
    };
    flow.triggers.iter().filter(open).map(|trigger| (trigger.value, Rule::OpenHttpTrigger, None))
}

fn of_secret_reads<'t>(flow: &Flow<'t>) -> impl Iterator<Item = Place<'t>> {
    let visible = flow
        .each()
        .filter(|(action, operation)| reads_secret(action, operation) && !action.secured().1);
    visible.map(|(action, _)| (action.value, Rule::SecretOutputVisible, None))
}

fn ordered(mut places: Vec<Place<'_>>, json: &Json<'_>) -> Vec<Finding> {
    if places.is_empty() {
        return Vec::new();
    }
    places.sort_by_key(|(value, rule, _)| (value.index(), *rule));
    let lines = json.lines();
    let kept = places.into_iter().take(MAX_FINDINGS);
    let finding = |(value, rule, environment_variable): Place<'_>| Finding {
        entry: None,
        line: lines.line(value.offset()),
        pointer: Some(value.pointer()),
        rule,
        environment_variable,
    };
    kept.map(finding).collect()
}
