//! Tell: whom a run tells what, at its end.
//!
//! Guarantees that a message that cannot be delivered fails nothing: it is named on stderr and in the record.

use highwater_runs::Outcome;
use highwater_runs::message::Message;

use super::Under;
use crate::output;

/// What is written down of a message that went out.
const SENT: &str = "sent";

/// Tells every channel that wants to know; `before` is how the run before this one ended.
pub(super) async fn all(run: &mut Under<'_>, before: Option<Outcome>) {
    if run.job.channels.is_empty() {
        return;
    }
    let message = message(run);
    let ca_file = run.job.collect.access.ca_file.as_deref();
    let http = highwater_auth::tls::client_builder(ca_file).map_err(|error| error.to_string());
    let http = http.and_then(|builder| builder.build().map_err(|error| error.to_string()));
    for channel in &run.job.channels {
        let told = run.record.messages.get(&channel.name);
        if told.is_some_and(|said| said == SENT) {
            continue; // before it was killed
        }
        let said = if !channel.on.wants(run.record.changed, run.record.outcome, before) {
            "nothing to say".to_owned()
        } else {
            let sent = match &http {
                Ok(http) => channel.send(&message, http).await,
                Err(error) => Err(error.clone()),
            };
            match sent {
                Ok(()) => SENT.to_owned(),
                Err(problem) => {
                    let line = format!("[notify.{}] was not told: {problem}", channel.name);
                    tracing::warn!(channel = channel.name, problem, "a message was not delivered");
                    output::say(run.global, &line);
                    problem
                }
            }
        };
        run.record.messages.insert(channel.name.clone(), said);
    }
}

/// What this run has to say.
fn message(run: &Under<'_>) -> Message {
    let record = &run.record;
    let levels: Vec<String> =
        record.levels.iter().map(|(model, level)| format!("{model} {level}")).collect();
    let mut lines = record.headlines.clone();
    let what = match record.outcome {
        Outcome::Failed => {
            lines.clear();
            lines.extend(record.error.clone());
            format!("the run failed at `{}`", record.step)
        }
        Outcome::Below => "below what is required".to_owned(),
        Outcome::Open => "what is required is open".to_owned(),
        _ if record.changed == Some(true) => "something moved".to_owned(),
        _ => "nothing moved".to_owned(),
    };
    let mut title = format!("Highwater: {what}");
    if !levels.is_empty() {
        title.push_str(&format!(" ({})", levels.join(", ")));
    }
    Message {
        format: 1,
        tenant: record.tenant.clone(),
        run: record.run.clone(),
        outcome: record.outcome.word(),
        code: record.code.unwrap_or(1),
        changed: record.changed,
        title,
        lines,
        levels: record.levels.clone(),
        snapshot: record.snapshot.clone(),
        gaps: record.gaps,
    }
}
