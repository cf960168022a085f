//! Notify: whom a run tells, and how.
//!
//! Guarantees that an address of a webhook, which is a secret, reaches no text that this module gives back, that it is
//! asked over https (plain http on loopback alone), and that redirects are not followed. A message that cannot be
//! delivered is a line in the record of the run and nothing more.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use highwater_auth::host;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use url::Url;

use crate::message::Message;
use crate::{Error, Outcome};

/// A webhook is tried so often.
const ATTEMPTS: u32 = 3;
/// Time between two tries.
const PAUSE: Duration = Duration::from_secs(2);
/// A webhook and a command are given so much time.
const PATIENCE: Duration = Duration::from_secs(60);

/// `[notify.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What it is.
    pub kind: Kind,
    /// When it is told.
    #[serde(default)]
    pub on: On,
    /// Address of a webhook.
    url: Option<String>,
    /// Variable in which the address stands: it is a secret.
    url_env: Option<String>,
    /// Folder into which mails are dropped.
    folder: Option<PathBuf>,
    /// Sender of mails.
    from: Option<String>,
    /// Receivers of mails.
    #[serde(default)]
    to: Vec<String>,
    /// Program and arguments; it gets the message as JSON on its standard input.
    command: Option<Command>,
}

/// What a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A web address that takes JSON.
    Webhook,
    /// A workflow of Teams that takes an Adaptive Card.
    Teams,
    /// An incoming webhook of Slack.
    Slack,
    /// A folder from which something else sends mail.
    MailDrop,
    /// A program.
    Command,
}

/// When a channel is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// When something moved, or when runs begin or cease to fail.
    #[default]
    Change,
    /// After every run.
    Always,
    /// When a run failed, or ended below what is required or open.
    Failure,
}

/// A program, with arguments or without.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Command {
    Program(String),
    Words(Vec<String>),
}

impl On {
    /// Whether there is something to say: `changed` against the last snapshot, how this run ended and how the last one
    /// did that came to an end.
    pub fn wants(self, changed: Option<bool>, now: Outcome, before: Option<Outcome>) -> bool {
        match self {
            Self::Always => true,
            Self::Failure => now != Outcome::Ok,
            Self::Change => changed == Some(true) || now != before.unwrap_or(Outcome::Ok),
        }
    }
}

/// A channel that can be used: everything it needs is there.
#[derive(Debug)]
pub struct Ready {
    /// Name of its table.
    pub name: String,
    /// When it is told.
    pub on: On,
    way: Way,
}

/// How a message goes out. Holds secrets: it is never shown.
enum Way {
    Web(Kind, Url),
    Mail { folder: PathBuf, from: String, to: Vec<String> },
    Command(Vec<String>),
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Web(..) => "webhook",
            Self::Mail { .. } => "mail drop",
            Self::Command(_) => "command",
        })
    }
}

impl Channel {
    /// Finds everything that the channel needs; `variable` gives variables of the environment.
    ///
    /// # Errors
    /// [`Error::Notify`] when something is missing or cannot be meant; an address is never part of it.
    pub fn ready(
        &self,
        name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Ready, Error> {
        let wrong = |problem: String| Error::Notify { name: name.to_owned(), problem };
        let way = match self.kind {
            Kind::Webhook | Kind::Teams | Kind::Slack => {
                Way::Web(self.kind, self.address(variable).map_err(wrong)?)
            }
            Kind::MailDrop => {
                let folder = self.folder.clone().ok_or_else(|| {
                    wrong("a mail drop needs `folder`, into which mails are written".to_owned())
                })?;
                let from = self.from.clone().unwrap_or_else(|| "highwater@localhost".to_owned());
                let to = if self.to.is_empty() { vec![from.clone()] } else { self.to.clone() };
                Message::default().mail(&from, &to).map_err(wrong)?;
                Way::Mail { folder, from, to }
            }
            Kind::Command => {
                let words = match &self.command {
                    Some(Command::Program(program)) => vec![program.clone()],
                    Some(Command::Words(words)) => words.clone(),
                    None => Vec::new(),
                };
                if words.first().is_none_or(String::is_empty) {
                    return Err(wrong(
                        "a command needs `command`: a program, or a list of a program and its arguments"
                            .to_owned(),
                    ));
                }
                Way::Command(words)
            }
        };
        Ok(Ready { name: name.to_owned(), on: self.on, way })
    }

    fn address(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Url, String> {
        let text = match (&self.url, &self.url_env) {
            (Some(url), None) => url.clone(),
            (None, Some(name)) => variable(name)
                .filter(|text| !text.trim().is_empty())
                .ok_or_else(|| format!("the variable {name} is not set: put the address in it"))?,
            _ => {
                return Err("give either `url` or `url_env`, the variable that holds it".to_owned());
            }
        };
        // The address is not repeated: who knows it can write to the channel.
        let url =
            Url::parse(text.trim()).map_err(|error| format!("its address is none: {error}"))?;
        match url.scheme() {
            "https" => Ok(url),
            "http" if host::is_loopback(&url) => Ok(url),
            _ => {
                Err("its address must begin with https:// (http:// on this machine alone)"
                    .to_owned())
            }
        }
    }
}

impl Ready {
    /// Sends a message.
    ///
    /// # Errors
    /// What went wrong, in words without secrets.
    pub async fn send(&self, message: &Message, http: &reqwest::Client) -> Result<(), String> {
        match &self.way {
            Way::Web(kind, url) => {
                let body = match kind {
                    Kind::Teams => message.teams(),
                    Kind::Slack => message.slack(),
                    _ => serde_json::to_value(message).unwrap_or_default(),
                };
                post(http, url, &body).await
            }
            Way::Mail { folder, from, to } => {
                let mail = message.mail(from, to)?;
                drop_mail(folder, &format!("{}-{}", message.run, self.name), &mail)
                    .map_err(|error| format!("cannot write into the folder: {error}"))
            }
            Way::Command(words) => {
                let told = tokio::time::timeout(PATIENCE, tell(words, message)).await;
                told.unwrap_or_else(|_| Err("the command did not end within a minute".to_owned()))
            }
        }
    }
}

async fn post(http: &reqwest::Client, url: &Url, body: &serde_json::Value) -> Result<(), String> {
    let mut said = String::new();
    for attempt in 1..=ATTEMPTS {
        if attempt > 1 {
            tokio::time::sleep(PAUSE).await;
        }
        let sent = http.post(url.clone()).json(body).timeout(PATIENCE).send().await;
        said = match sent {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => {
                let status = answer.status();
                let passing = status.is_server_error() || status.as_u16() == 429;
                if !passing {
                    return Err(format!("the service answered {status}"));
                }
                format!("the service answered {status}, {attempt} times")
            }
            Err(error) => causes(&error.without_url()),
        };
    }
    Err(said)
}

/// An error and what caused it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        said = format!("{said}: {cause}");
        next = cause.source();
    }
    said
}

/// Writes a mail under a temporary name and gives it its own when it is whole.
fn drop_mail(folder: &std::path::Path, name: &str, mail: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let part = folder.join(format!(".{name}.part"));
    let mut file = std::fs::File::create(&part)?;
    file.write_all(mail)?;
    file.sync_all()?;
    std::fs::rename(&part, folder.join(format!("{name}.eml")))
}

async fn tell(words: &[String], message: &Message) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("there is no program")?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot start the command: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        let text = serde_json::to_vec(message).unwrap_or_default();
        // A command that does not read its input is no failure; its exit code tells.
        let _ = input.write_all(&text).await;
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the command ended with {status}")),
        Err(error) => Err(format!("the command was lost: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(text: &str) -> Channel {
        serde_json::from_str(text).unwrap()
    }

    fn problem(text: &str) -> String {
        channel(text).ready("team", |_| None).unwrap_err().to_string()
    }

    #[test]
    fn an_address_is_https_or_here_and_is_never_repeated() {
        let secret = "hooks.contoso.example/T0/canary";
        for scheme in ["http", "ftp"] {
            let said = problem(&format!(r#"{{"kind": "slack", "url": "{scheme}://{secret}"}}"#));
            assert!(said.contains("[notify.team]") && !said.contains("canary"), "{said}");
        }
        let said = problem(r#"{"kind": "teams", "url_env": "TEAMS"}"#);
        assert!(said.contains("TEAMS"), "{said}");
        let https = channel(r#"{"kind": "teams", "url_env": "TEAMS"}"#);
        let ready = https.ready("team", |_| Some(format!("https://{secret}"))).unwrap();
        assert!(!format!("{ready:?}").contains("canary"));
        let here = channel(r#"{"kind": "webhook", "url": "http://127.0.0.1:9/x"}"#);
        assert!(here.ready("team", |_| None).is_ok());
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(problem(r#"{"kind": "mail-drop"}"#).contains("folder"));
        assert!(problem(r#"{"kind": "command"}"#).contains("command"));
        assert!(problem(r#"{"kind": "webhook"}"#).contains("url_env"));
    }

    #[test]
    fn change_is_a_move_or_a_turn() {
        use Outcome::{Failed, Ok};
        assert!(On::Change.wants(Some(true), Ok, Some(Ok)));
        assert!(!On::Change.wants(Some(false), Ok, Some(Ok)));
        assert!(!On::Change.wants(None, Ok, None));
        assert!(On::Change.wants(None, Failed, Some(Ok)));
        assert!(!On::Change.wants(None, Failed, Some(Failed)));
        assert!(On::Change.wants(Some(false), Ok, Some(Failed)));
        assert!(
            On::Failure.wants(None, Outcome::Below, None) && !On::Failure.wants(None, Ok, None)
        );
        assert!(On::Always.wants(Some(false), Ok, Some(Ok)));
    }

    #[tokio::test]
    async fn a_webhook_that_nobody_serves_is_told_without_its_address() {
        let channel = channel(r#"{"kind": "webhook", "url": "http://127.0.0.1:1/canary"}"#);
        let ready = channel.ready("team", |_| None).unwrap();
        let http = highwater_auth::tls::client_builder(None).unwrap().build().unwrap();
        let said = ready.send(&Message::default(), &http).await.unwrap_err();
        assert!(!said.contains("canary") && !said.contains("127.0.0.1:1/"), "{said}");
    }

    #[tokio::test]
    async fn mails_and_commands_get_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let http = highwater_auth::tls::client_builder(None).unwrap().build().unwrap();
        let message = Message { run: "r".into(), title: "it moved".into(), ..Message::default() };
        let text = format!(
            r#"{{"kind": "mail-drop", "folder": {:?}, "to": ["coe@contoso.example"]}}"#,
            folder.path()
        );
        channel(&text).ready("mail", |_| None).unwrap().send(&message, &http).await.unwrap();
        let mail = std::fs::read_to_string(folder.path().join("r-mail.eml")).unwrap();
        assert!(mail.contains("Subject: it moved"), "{mail}");
        if cfg!(unix) {
            let into = folder.path().join("told.json");
            let text = format!(
                r#"{{"kind": "command", "command": ["sh", "-c", "cat > {}"]}}"#,
                into.display()
            );
            channel(&text).ready("own", |_| None).unwrap().send(&message, &http).await.unwrap();
            let told: serde_json::Value =
                serde_json::from_slice(&std::fs::read(into).unwrap()).unwrap();
            assert_eq!(told["title"], "it moved");
            let text = r#"{"kind": "command", "command": ["sh", "-c", "exit 3"]}"#;
            let said = channel(text).ready("own", |_| None).unwrap().send(&message, &http).await;
            assert!(said.unwrap_err().contains('3'));
        }
    }
}
