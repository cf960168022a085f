//! Message: what a run has to say, and the forms in which others take it.
//!
//! Guarantees that a message holds levels, counts and the top lines of a comparison, never a secret, and that what came
//! from a tenant is shown as text: it makes no link and no mention. Sends nothing.

use std::collections::BTreeMap;

use lettre::message::{Mailbox, header::ContentType};
use serde::Serialize;
use serde_json::{Value, json};

/// Lines of a message at most.
pub const LINES: usize = 12;

/// What a run has to say; serialised, it is what a generic webhook and a command get.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Message {
    /// Version of this shape, 1.
    pub format: u32,
    /// Tenant id.
    pub tenant: String,
    /// The run, by its moment.
    pub run: String,
    /// How it ended: `ok`, `open`, `below` or `failed`.
    pub outcome: &'static str,
    /// Its exit code.
    pub code: u8,
    /// Whether anything moved; none where there is nothing to compare with.
    pub changed: Option<bool>,
    /// One line that says it all.
    pub title: String,
    /// What moved, or what went wrong, the most urgent first.
    pub lines: Vec<String>,
    /// Proven level by model.
    pub levels: BTreeMap<String, u16>,
    /// The snapshot that the levels are of.
    pub snapshot: Option<String>,
    /// Sources that were not read in full.
    pub gaps: usize,
}

impl Message {
    /// As text for a mail or a terminal.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\ntenant {}\n", self.title, self.tenant);
        for (model, level) in &self.levels {
            text.push_str(&format!("{model} {level} proven\n"));
        }
        if !self.lines.is_empty() {
            text.push('\n');
        }
        for line in &self.lines {
            text.push_str(&format!("- {line}\n"));
        }
        text
    }

    /// As a message for a workflow of Teams: one Adaptive Card.
    /// <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>
    pub fn teams(&self) -> Value {
        let block = |text: &str, more: Value| {
            let mut block = json!({ "type": "TextBlock", "text": marked(text), "wrap": true });
            if let (Some(block), Value::Object(more)) = (block.as_object_mut(), more) {
                block.extend(more);
            }
            block
        };
        let fact = |title: &str, value: String| json!({ "title": title, "value": value });
        let mut facts: Vec<Value> = self
            .levels
            .iter()
            .map(|(model, level)| fact(&marked(model), format!("{level} proven")))
            .collect();
        facts.push(fact("gaps", self.gaps.to_string()));
        facts.push(fact("tenant", marked(&self.tenant)));
        let mut body = vec![
            block(&self.title, json!({ "weight": "Bolder", "size": "Medium" })),
            json!({ "type": "FactSet", "facts": facts }),
        ];
        body.extend(self.lines.iter().map(|line| block(line, json!({ "spacing": "Small" }))));
        json!({ "type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard", "version": "1.4", "body": body,
            },
        }] })
    }

    /// As blocks of Slack, with a text for where blocks are not shown.
    /// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
    pub fn slack(&self) -> Value {
        let plain = |text: &str| json!({ "type": "plain_text", "text": short(text, 150) });
        let section = |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": short(&text, 3000) } });
        let levels: Vec<String> = self
            .levels
            .iter()
            .map(|(model, level)| format!("{} *{level}*", entities(model)))
            .collect();
        let mut blocks = vec![json!({ "type": "header", "text": plain(&self.title) })];
        if !levels.is_empty() {
            blocks.push(section(levels.join("   ")));
        }
        if !self.lines.is_empty() {
            let lines: Vec<String> =
                self.lines.iter().map(|line| format!("\u{2022} {}", entities(line))).collect();
            blocks.push(section(lines.join("\n")));
        }
        let about = format!("tenant {}, {} gaps", entities(&self.tenant), self.gaps);
        blocks
            .push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": about }] }));
        json!({ "text": entities(&self.title), "blocks": blocks })
    }

    /// As a mail, in the form of RFC 5322.
    ///
    /// # Errors
    /// When an address is none.
    pub fn mail(&self, from: &str, to: &[String]) -> Result<Vec<u8>, String> {
        let mailbox = |address: &str| {
            address
                .parse::<Mailbox>()
                .map_err(|error| format!("`{address}` is no address: {error}"))
        };
        let mut mail = lettre::Message::builder().from(mailbox(from)?).subject(&self.title);
        for address in to {
            mail = mail.to(mailbox(address)?);
        }
        let mail = mail.header(ContentType::TEXT_PLAIN).body(self.text());
        mail.map(|mail| mail.formatted()).map_err(|error| error.to_string())
    }
}

/// Text in which an Adaptive Card sees no mark-up.
fn marked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\[]()*_~`#<>!|".contains(c) {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// Text in which Slack sees no mark-up: the three characters that it wants written as entities.
fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            format: 1,
            tenant: "00000000-0000-0000-0000-000000000101".to_owned(),
            run: "2026-11-22T06-00-00Z".to_owned(),
            outcome: "ok",
            changed: Some(true),
            title: "Highwater: 1 worse; 1 level moved".to_owned(),
            lines: vec!["worse: [click](https://example.invalid) <!channel> & more".to_owned()],
            levels: BTreeMap::from([("automation".to_owned(), 200)]),
            ..Message::default()
        }
    }

    #[test]
    fn a_card_shows_names_as_text() {
        let card = message().teams();
        let attachment = &card["attachments"][0];
        assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
        let body = attachment["content"]["body"].as_array().unwrap();
        let line = body.last().unwrap()["text"].as_str().unwrap();
        assert!(line.contains("\\[click\\]\\(https"), "{line}");
        assert_eq!(body[1]["facts"][0]["value"], "200 proven");
    }

    #[test]
    fn slack_sees_no_mention_and_no_long_header() {
        let mut message = message();
        message.title = "x".repeat(400);
        let said = message.slack();
        assert!(said["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= 150);
        let text = said.to_string();
        assert!(text.contains("&lt;!channel&gt; &amp; more") && !text.contains("<!channel>"));
    }

    #[test]
    fn a_mail_has_its_addresses_and_its_lines() {
        let mail = message().mail("highwater@contoso.example", &["coe@contoso.example".to_owned()]);
        let text = String::from_utf8(mail.unwrap()).unwrap();
        for wanted in [
            "From: highwater@contoso.example",
            "To: coe@contoso.example",
            "Subject: Highwater: 1 worse",
        ] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
        assert!(message().mail("nobody", &[]).is_err());
    }
}
