//! Steps: how a step is taken, as kept in `config/steps.toml`: the setting, where it is found, the command.
//!
//! Looks entries up by fact, by source, or for statements. What has no entry has no answer: nothing is
//! guessed here. Words from a scorecard reach a command only where they can be nothing but a permission.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The entries, compiled in.
const TEXT: &str = include_str!("../../../config/steps.toml");

static STEPS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| toml::from_str::<File>(TEXT).map(|file| file.step).unwrap_or_default());

/// How one step is taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct How {
    /// What is set, granted or made.
    pub setting: String,
    /// Where it is found: what to open, one after the other; empty where no portal has it.
    pub place: Vec<String>,
    /// In which shell or program the command runs, and the command; what stands in angle brackets is for
    /// the reader to fill.
    pub command: Option<(String, String)>,
    /// What to mind.
    pub note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    step: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    facts: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    told: Vec<String>,
    #[serde(default)]
    statements: bool,
    setting: String,
    place: Vec<String>,
    shell: Option<String>,
    command: Option<String>,
    note: Option<String>,
}

/// How what these facts ask is changed, without repetition, in the order of the facts.
pub(crate) fn fixing<'a>(facts: impl IntoIterator<Item = &'a str>) -> Vec<How> {
    let entries = facts.into_iter().filter_map(|fact| {
        STEPS.iter().find(|entry| entry.facts.iter().any(|known| known == fact))
    });
    distinct(entries.map(|entry| entry.how("")))
}

/// How the organisation tells what these facts need to know of it and no service says.
pub(crate) fn telling<'a>(facts: impl IntoIterator<Item = &'a str>) -> Vec<How> {
    let entries = facts
        .into_iter()
        .filter_map(|fact| STEPS.iter().find(|entry| entry.told.iter().any(|known| known == fact)));
    distinct(entries.map(|entry| entry.how("")))
}

/// How these sources, each with its grant, are opened.
pub(crate) fn collecting<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<How> {
    let entries = sources.into_iter().filter_map(|(source, grant)| {
        let entry = STEPS.iter().find(|entry| entry.sources.iter().any(|it| covers(it, source)))?;
        Some(entry.how(permission(grant)))
    });
    distinct(entries)
}

/// How statements are made.
pub(crate) fn stating() -> Vec<How> {
    STEPS.iter().filter(|entry| entry.statements).map(|entry| entry.how("")).collect()
}

impl How {
    /// The way to the place in one line; nothing where there is none.
    pub fn path(&self) -> Option<String> {
        (!self.place.is_empty()).then(|| self.place.join(" › "))
    }

    /// Setting, place, command and note, a line each.
    pub fn lines(&self) -> Vec<String> {
        let path = self.path().map(|path| format!("in {path}"));
        let command = self.command.as_ref().map(|(shell, command)| format!("{shell}: {command}"));
        let rest = [path, command, self.note.clone()];
        std::iter::once(self.setting.clone()).chain(rest.into_iter().flatten()).collect()
    }
}

impl Entry {
    fn how(&self, permission: &str) -> How {
        let fill = |text: &String| text.replace("{permission}", permission);
        let whole = |text: &&String| !permission.is_empty() || !text.contains("{permission}");
        let setting = match permission {
            "" => self.setting.replace("{permission} ", ""),
            _ => fill(&self.setting),
        };
        let command = self.command.as_ref().filter(whole).map(fill);
        How {
            setting,
            place: self.place.clone(),
            command: self.shell.clone().zip(command),
            note: self.note.clone(),
        }
    }
}

/// Whether an entry's name of a source covers the source.
fn covers(entry: &str, source: &str) -> bool {
    entry.strip_suffix('*').map_or(entry == source, |start| source.starts_with(start))
}

/// The first word of a grant, where it can be nothing but a permission such as `Policy.Read.All`.
fn permission(grant: &str) -> &str {
    let word = grant.split([' ', ',', ';']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if word.contains('.') && word.len() < 80 && word.chars().all(plain) { word } else { "" }
}

fn distinct(found: impl Iterator<Item = How>) -> Vec<How> {
    let mut kept: Vec<How> = Vec::new();
    for how in found {
        if !kept.contains(&how) {
            kept.push(how);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_file_is_sound() {
        let file: File = toml::from_str(TEXT).unwrap();
        let mut seen = BTreeSet::new();
        for entry in &file.step {
            let told = entry.told.iter().map(|fact| format!("told: {fact}"));
            let about = entry.facts.iter().chain(&entry.sources).cloned().chain(told);
            assert!(entry.statements || about.clone().next().is_some(), "{}", entry.setting);
            for key in about {
                assert!(seen.insert(key.clone()), "{key} stands twice");
            }
            assert_eq!(entry.shell.is_some(), entry.command.is_some(), "{}", entry.setting);
            let said = !entry.place.is_empty() || entry.command.is_some();
            assert!(said, "{}: neither a place nor a command", entry.setting);
        }
    }

    #[test]
    fn a_grant_fills_its_command_and_nothing_else_does() {
        let how = collecting([("graph.conditional_access", "Policy.Read.All")]);
        assert!(how[0].setting.contains("permission Policy.Read.All of"), "{how:?}");
        assert!(how[0].command.as_ref().is_some_and(|it| it.1.contains("'Policy.Read.All'")));
        for hostile in ["$(rm -rf /)", "a.b'; rm", "Policy.Read.All\u{202e}", "plain", ""] {
            let how = collecting([("graph.conditional_access", hostile)]);
            assert_eq!(how[0].command, None, "{hostile}");
            assert!(how[0].setting.starts_with("Application permission of"), "{how:?}");
        }
        let word = collecting([("graph.users", "User.Read.All (Directory.Read.All as …)")]);
        assert!(word[0].setting.contains("User.Read.All of"));
    }

    #[test]
    fn what_is_not_listed_is_not_guessed() {
        assert!(fixing(["community.member_share"]).is_empty());
        assert!(collecting([("nowhere.else", "Reader")]).is_empty());
        let both = fixing(["dlp.policy_count", "dlp.default_env_covered"]);
        assert_eq!(both.len(), 1, "one setting is told once");
        assert_eq!(stating().len(), 1);
    }
}
