//! Book: all fact and view texts, read and checked.
//!
//! A [`FactBook`] that exists is sound: ids are unique, every text obeys the portable subset
//! (`lint.rs`), reads only tables and earlier views, and gives the columns that its kind demands.
//! What a text reads is derived from the text, never declared twice. Runs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::check::{check_fact, check_view};
use crate::embedded::FILES;
use crate::{Error, Kind};

/// One question, asked of every subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Family and name, such as `dlp.env_covered_share`.
    pub id: String,
    /// How its rows become a value.
    pub kind: Kind,
    /// What it counts or measures, in one sentence.
    pub about: String,
    /// Where its definition departs from the plain reading of `about`, or what it cannot see.
    pub note: Option<String>,
    /// Tables whose rows are the subjects, or decide which rows are.
    pub population: Vec<String>,
    /// Configured lists without which the question makes no sense.
    pub lists: Vec<String>,
    /// Scopes in which subjects can live at all.
    pub scope: Scope,
    /// What rows that were not read could do to the answer.
    pub when_open: WhenOpen,
    /// Most subjects that one row of the population can be.
    pub subjects_per_row: u64,
    /// What it takes to collect the evidence.
    pub collectable: Collectable,
    /// Unit of a measure, such as `days`.
    pub unit: Option<String>,
    /// The query: `subject, label, hit`, or `lo, hi` of a measure.
    pub sql: String,
    /// Tables read, views followed to the end, sorted.
    pub tables: Vec<String>,
    /// Views read, directly or through others, in the order in which they build on each other.
    pub views: Vec<String>,
    /// Tables of which the query asks whether they were read (`tenant_seen`, `env_seen`), sorted.
    pub seen: Vec<String>,
    /// File that holds the text.
    pub file: String,
}

/// A query that several facts share, named like a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Name in SQL.
    pub id: String,
    /// What its rows are.
    pub about: String,
    /// Whether its rows are made once for all facts that are asked together: worth it where the query is
    /// heavy and many facts read it.
    pub kept: bool,
    /// The query.
    pub sql: String,
    /// Tables read, views followed to the end, sorted.
    pub tables: Vec<String>,
    /// Views read, directly or through others, in the order in which they build on each other.
    pub views: Vec<String>,
}

/// Scopes in which the subjects of a fact can live; what is unread elsewhere does not open it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every environment in scope, and the tenant.
    #[default]
    All,
    /// Production environments in scope.
    Production,
    /// The tenant's own rows of tables that also have rows for environments.
    Tenant,
}

/// What rows of the population that were not read could do to an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenOpen {
    /// Each may be `subjects_per_row` more subjects, and changes no other.
    #[default]
    Adds,
    /// Each may be any number of subjects, or change others.
    Many,
    /// The subjects are listed in the text: none is added, but a no may become a yes.
    Fixed,
    /// They could only raise the measure.
    Raises,
    /// They could only lower the measure.
    Lowers,
    /// They could move the measure either way.
    Either,
}

/// What it takes to collect the evidence of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collectable {
    /// A service principal with the listed permissions reads it.
    Api,
    /// Also a list or number that only the organisation knows.
    Config,
    /// Asset tags from the configuration, a kit export or a file.
    Tags,
    /// A usage source: activity feed, kit or usage export.
    Usage,
    /// Expensive reading that is off by default.
    OptIn,
    /// An older snapshot of the same tenant.
    History,
    /// A needed table, column or history depth is unverified: tried, else stated.
    Unverified,
    /// Readable for a part of the population; the rest stays unknown.
    Partial,
    /// Import only.
    Import,
    /// A statement only, until a reader exists.
    Attest,
}

/// All facts and views of one folder or of the program, checked.
#[derive(Clone, Debug)]
pub struct FactBook {
    facts: BTreeMap<String, Fact>,
    views: Vec<View>,
    digest: String,
    questions: BTreeMap<String, String>,
}

impl FactBook {
    /// The texts that ship with the program.
    ///
    /// # Errors
    /// [`Error::Text`] never happens in a build whose tests passed.
    pub fn embedded() -> Result<Self, Error> {
        Self::from_texts(FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    }

    /// The texts of a folder: `views.toml` and one `.toml` file a family.
    ///
    /// # Errors
    /// [`Error::Read`] when a file cannot be read, [`Error::Text`] with file and line when one is
    /// not written as it must be.
    pub fn from_dir(folder: &Path) -> Result<Self, Error> {
        let read = |path: &Path, source| Error::Read { path: path.to_owned(), source };
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(|error| read(folder, error))? {
            let path = entry.map_err(|error| read(folder, error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".toml") {
                let text = std::fs::read_to_string(&path).map_err(|error| read(&path, error))?;
                files.insert(name.to_owned(), text);
            }
        }
        Self::from_texts(files)
    }

    /// Every fact, by id.
    pub fn facts(&self) -> impl ExactSizeIterator<Item = &Fact> {
        self.facts.values()
    }

    /// The fact of that id.
    pub fn fact(&self, id: &str) -> Option<&Fact> {
        self.facts.get(id)
    }

    /// The fact of that id, or an error that names the closest one.
    ///
    /// # Errors
    /// [`Error::UnknownFact`].
    pub fn expect_fact(&self, id: &str) -> Result<&Fact, Error> {
        self.fact(id).ok_or_else(|| Error::UnknownFact {
            id: id.to_owned(),
            hint: crate::error::hint(id, self.facts.keys().map(String::as_str)),
        })
    }

    /// Every view, in the order in which they build on each other.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// The view of that name.
    pub fn view(&self, id: &str) -> Option<&View> {
        self.views.iter().find(|view| view.id == id)
    }

    /// SHA-256 (hex) over what the texts say: layout, comments and wording of `about` and `note` left out.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What each fact asks, by id, as 16 hexadecimal digits: the fact's own part of [`Self::digest`] and the
    /// views that it reads. Two facts of one id and different digits are different questions.
    pub fn questions(&self) -> &BTreeMap<String, String> {
        &self.questions
    }

    fn from_texts(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let (mut views, mut facts) = (Vec::new(), BTreeMap::new());
        let files: BTreeMap<String, String> = files.into_iter().collect();
        for (name, text) in files.iter().filter(|(name, _)| *name == VIEWS) {
            for entry in parse_file::<ViewFile>(name, text)?.view {
                let view = check_view(&Place { file: name, text }, entry, &views)?;
                views.push(view);
            }
        }
        for (name, text) in files.iter().filter(|(name, _)| *name != VIEWS) {
            for entry in parse_file::<FactFile>(name, text)?.fact {
                let place = Place { file: name, text };
                let at = entry.id.span().start;
                let fact = check_fact(&place, entry, &views)?;
                if facts.insert(fact.id.clone(), fact).is_some() {
                    return Err(place.error(
                        at,
                        "this id is used twice",
                        "give each fact its own id",
                    ));
                }
            }
        }
        let (digest, questions) = digests(&facts, &views);
        Ok(Self { facts, views, digest, questions })
    }
}

/// File name of the shared views.
const VIEWS: &str = "views.toml";

/// A file and its text, to tell lines by offset.
pub(crate) struct Place<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
}

impl Place<'_> {
    /// An error at a byte offset of the file.
    pub(crate) fn error(
        &self,
        at: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Error {
        self.error_below(at, 0, what, fix)
    }

    /// An error some lines below a byte offset of the file.
    pub(crate) fn error_below(
        &self,
        at: usize,
        below: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Error {
        let before = self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        Error::Text {
            file: self.file.to_owned(),
            line: before + below + 1,
            what: what.into(),
            fix: fix.into(),
        }
    }
}

/// One `[[fact]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactEntry {
    pub(crate) id: toml::Spanned<String>,
    pub(crate) kind: Kind,
    pub(crate) about: String,
    pub(crate) note: Option<String>,
    pub(crate) population: Vec<String>,
    #[serde(default)]
    pub(crate) lists: Vec<String>,
    #[serde(default)]
    pub(crate) scope: Scope,
    #[serde(default)]
    pub(crate) when_open: WhenOpen,
    pub(crate) subjects_per_row: Option<u64>,
    pub(crate) collectable: Collectable,
    pub(crate) unit: Option<String>,
    pub(crate) subjects: Option<toml::Spanned<String>>,
    pub(crate) measure: Option<toml::Spanned<String>>,
}

/// One `[[view]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewEntry {
    pub(crate) id: toml::Spanned<String>,
    pub(crate) about: String,
    #[serde(default)]
    pub(crate) kept: bool,
    pub(crate) sql: toml::Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactFile {
    format: toml::Spanned<u32>,
    fact: Vec<FactEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewFile {
    format: toml::Spanned<u32>,
    view: Vec<ViewEntry>,
}

trait Format {
    fn format(&self) -> &toml::Spanned<u32>;
}

impl Format for FactFile {
    fn format(&self) -> &toml::Spanned<u32> {
        &self.format
    }
}

impl Format for ViewFile {
    fn format(&self) -> &toml::Spanned<u32> {
        &self.format
    }
}

fn parse_file<'t, T: Deserialize<'t> + Format>(file: &str, text: &'t str) -> Result<T, Error> {
    let place = Place { file, text };
    let parsed: T = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        place.error(at, error.message(), "docs/facts.md shows the keys of a fact")
    })?;
    let format = parsed.format();
    if *format.get_ref() != 1 {
        let what = format!("format {} is not known", format.get_ref());
        return Err(place.error(format.span().start, what, "this program reads format 1"));
    }
    Ok(parsed)
}

/// Digest over the meaning of every text, in the order of ids.
fn digests(facts: &BTreeMap<String, Fact>, views: &[View]) -> (String, BTreeMap<String, String>) {
    let shared: BTreeMap<&str, String> = views
        .iter()
        .map(|view| (view.id.as_str(), format!("view {} {}\n", view.id, plain(&view.sql))))
        .collect();
    let mut whole = Sha256::new();
    for text in views.iter().filter_map(|view| shared.get(view.id.as_str())) {
        whole.update(text);
    }
    let mut questions = BTreeMap::new();
    for fact in facts.values() {
        let Fact { id, kind, population, lists, scope, when_open, subjects_per_row, sql, .. } =
            fact;
        let rules =
            format!("{kind:?} {population:?} {lists:?} {scope:?} {when_open:?} {subjects_per_row}");
        let text = format!("fact {id} {rules} {}\n", plain(sql));
        whole.update(&text);
        let mut own = Sha256::new();
        for view in fact.views.iter().filter_map(|view| shared.get(view.as_str())) {
            own.update(view);
        }
        own.update(&text);
        questions.insert(id.clone(), hex(&own.finalize()).chars().take(16).collect());
    }
    (hex(&whole.finalize()), questions)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The query as the parser prints it: one line, one spelling.
fn plain(sql: &str) -> String {
    crate::text::parse(sql).map_or_else(|_| sql.to_owned(), |query| query.to_string())
}

/// Tables and views behind a set of relations: tables sorted, views in the order of `known`.
pub(crate) fn follow(relations: &BTreeSet<String>, known: &[View]) -> (Vec<String>, Vec<String>) {
    let (mut tables, mut views) = (BTreeSet::new(), BTreeSet::new());
    for name in relations {
        match known.iter().find(|view| view.id == *name) {
            Some(view) => {
                views.insert(name.clone());
                views.extend(view.views.iter().cloned());
                tables.extend(view.tables.iter().cloned());
            }
            None => {
                tables.insert(name.clone());
            }
        }
    }
    let ordered = known.iter().map(|view| &view.id).filter(|id| views.contains(*id)).cloned();
    (tables.into_iter().collect(), ordered.collect())
}
