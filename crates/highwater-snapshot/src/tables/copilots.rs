//! `copilots`: one row per agent or chatbot.
//!
//! Dataverse table `bot` (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/bot>) and
//! the inventory type `microsoft.copilotstudio/agents`. Classic chatbots are missing from the inventory. Agents of the
//! Microsoft 365 agent builder live in no environment and are left out.
//!
//! Sessions are counted by the service, one record a bot (`$apply=groupby((_bot_conversationtranscriptid_value),
//! aggregate($count as sessions))`); transcripts themselves are never read. The grouped shape is UNVERIFIED.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Conversational support.
pub(crate) static TABLE: Table = Table {
    name: "copilots",
    grain: "one row per agent or chatbot",
    about: "conversational support",
    scope: Scope::Dataverse,
    key: &["environment_id", "bot_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("bot_id").required().business(),
        Column::text("display_name").business(),
        Column::text("state"),
        Column::time("published_at").business(),
        Column::int("sessions_90d").about("transcripts are kept 30 days by default: a lower bound (retention UNVERIFIED); null when not read"),
        Column::time("last_used_at").business(),
    ],
    readings: &[
        Reading { source: "dv.bots", read: dataverse },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "dv.transcripts", read: transcripts },
        Reading { source: "coe.agents", read: inventory },
    ],
    complete: &[&["inventory.query"], &["dv.bots"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("bot_id", record.at("botid").id()),
        cell("display_name", record.at("name").filled()),
        cell("state", state(record)),
        cell("published_at", record.at("publishedon").time()),
    ]);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    if record.at("type").word().as_deref() != Some("microsoft.copilotstudio/agents") {
        return; // another resource
    }
    let (environment, bot) =
        (record.environment("properties.environmentId"), record.at("properties.botId").id());
    if environment.is_none() && bot.is_none() {
        return; // an agent of the Microsoft 365 agent builder: it lives in no environment
    }
    rows.push([
        cell("environment_id", environment),
        cell("bot_id", bot.or_else(|| record.at("name").id())),
        cell("display_name", record.at("properties.displayName").filled()),
        cell("published_at", record.at("properties.lastPublishedAt").time()),
        cell("last_used_at", record.at("properties.lastUsed").time()),
    ]);
}

fn transcripts(record: &Record<'_>, rows: &mut Rows) {
    let sessions = record.at("sessions").int().or_else(|| record.at("n").int());
    if sessions.is_none() {
        return; // a transcript of its own: it is not counted here
    }
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("bot_id", record.at("_bot_conversationtranscriptid_value").id()),
        cell("sessions_90d", sessions),
    ]);
}

fn state(record: &Record<'_>) -> Option<&'static str> {
    match record.at("statecode").int()? {
        0 => Some("active"),
        1 => Some("inactive"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn a_bot_that_was_never_published_has_no_date() {
        let bot = r#"{"botid": "{B1}", "name": "Helper", "statecode": 0, "publishedon": null}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.bots", &place(), bot),
            ["environment_id=e1, bot_id=b1, display_name=Helper, state=active"]
        );
        let wrong = r#"{"botid": "b1", "name": ["Helper"], "statecode": "on", "publishedon": 7}"#;
        assert_eq!(rows_at(&TABLE, "dv.bots", &place(), wrong), ["environment_id=e1, bot_id=b1"]);
    }

    #[test]
    fn agents_without_an_environment_are_no_rows() {
        let agent = r#"{"name": "a", "type": "microsoft.copilotstudio/agents", "properties": {"environmentId": "E1", "botId": "B1",
            "displayName": "Helper", "lastUsed": "2026-11-01T00:00:00Z"}}"#;
        assert_eq!(
            rows(&TABLE, "inventory.query", agent),
            [
                "environment_id=e1, bot_id=b1, display_name=Helper, last_used_at=2026-11-01T00:00:00Z"
            ]
        );
        let lite = r#"{"name": "a", "type": "microsoft.copilotstudio/agents", "properties": {"createdIn": "Copilot Studio Lite"}}"#;
        assert!(rows(&TABLE, "inventory.query", lite).is_empty());
    }

    #[test]
    fn sessions_come_counted() {
        let counted = r#"{"_bot_conversationtranscriptid_value": "B1", "sessions": 12}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.transcripts", &place(), counted),
            ["environment_id=e1, bot_id=b1, sessions_90d=12"]
        );
        let single = r#"{"_bot_conversationtranscriptid_value": "b1", "conversationstarttime": "2026-11-01T00:00:00Z"}"#;
        assert!(rows_at(&TABLE, "dv.transcripts", &place(), single).is_empty());
    }
}
