//! A rulebook: the models that a scoring applies, read, checked and digested.
//!
//! A model is a folder with `model.toml` and one file a capability, so a new model or edition is data
//! alone. The shipped folders are compiled in; a directory of the same shape can be read instead.
//! Every mistake is reported with file, line and what to do; a rulebook with a mistake is not used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use toml::Spanned;

use crate::error::{Error, Problem, line_of};
use crate::model::{Capability, Indicator, Model};

mod check;

/// Files compiled in: `folder/file` and text.
const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// Editions asked for, by model id. A model that is not named is used in its greatest edition.
pub type Pins = BTreeMap<String, String>;

/// The models that a scoring applies, and the order in which their indicators can be decided.
#[derive(Clone, Debug)]
pub struct Rulebook {
    models: Vec<Model>,
    places: Vec<Place>,
    by_id: BTreeMap<String, usize>,
    order: Vec<usize>,
    sha256: String,
}

/// Where an indicator stands: model, capability, position.
#[derive(Clone, Copy, Debug)]
struct Place(usize, usize, usize);

impl Rulebook {
    /// The shipped models.
    ///
    /// # Errors
    /// [`Error::Rulebook`] when a pin names an edition that is not shipped.
    pub fn shipped(pins: &Pins) -> Result<Self, Error> {
        let texts = SHIPPED.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        Self::from_texts(&texts.collect(), pins)
    }

    /// The models of a directory: one folder a model, or a folder of models.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for the file system, [`Error::Rulebook`] for the content.
    pub fn from_dir(dir: &Path, pins: &Pins) -> Result<Self, Error> {
        let mut texts = BTreeMap::new();
        for folder in children(dir)?.into_iter().filter(|path| path.is_dir()) {
            for file in children(&folder)?
                .into_iter()
                .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            {
                let text = fs::read_to_string(&file)
                    .map_err(|source| Error::Unreadable { path: file.clone(), source })?;
                texts.insert(format!("{}/{}", last(&folder), last(&file)), text);
            }
        }
        Self::from_texts(&texts, pins)
    }

    /// The models of texts by `folder/file` name.
    ///
    /// # Errors
    /// [`Error::Rulebook`] with every mistake that was found.
    pub fn from_texts(texts: &BTreeMap<String, String>, pins: &Pins) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut lines = Lines::default();
        let mut editions = Vec::new();
        for folder in texts
            .keys()
            .filter_map(|file| file.split_once('/'))
            .map(|(folder, _)| folder)
            .collect::<BTreeSet<_>>()
        {
            editions.extend(read_model(folder, texts, &mut lines, &mut problems));
        }
        let models = select(editions, pins, &mut problems);
        check::check(&models, &lines, &mut problems);
        if models.is_empty() && problems.is_empty() {
            problems.push(Problem::new(
                "models",
                0,
                "no `<folder>/model.toml` found; name a folder of model folders",
            ));
        }
        problems.sort();
        if problems.is_empty() { Ok(Self::index(models)) } else { Err(Error::Rulebook(problems)) }
    }

    /// The models in order of their first appearance, ids ascending in reverse edition order.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Every capability with its model.
    pub fn capabilities(&self) -> impl Iterator<Item = (&Model, &Capability)> {
        self.models
            .iter()
            .flat_map(|model| model.capabilities.iter().map(move |capability| (model, capability)))
    }

    /// Every indicator in the order of the models.
    pub fn indicators(&self) -> impl Iterator<Item = &Indicator> {
        self.places.iter().map(|place| self.indicator_at(*place))
    }

    /// The indicator with this id.
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.position(id).map(|position| self.at(position))
    }

    /// Model and capability of the indicator with this id.
    pub fn home(&self, id: &str) -> Option<(&Model, &Capability)> {
        let Place(model, capability, _) = *self.places.get(self.position(id)?)?;
        let model = self.models.get(model)?;
        Some((model, model.capabilities.get(capability)?))
    }

    /// Ids of the facts that any rule reads.
    pub fn facts(&self) -> BTreeSet<&str> {
        self.indicators().flat_map(Indicator::facts).collect()
    }

    /// Indicators that read the fact, in the order of the models.
    pub fn readers(&self, fact: &str) -> Vec<&Indicator> {
        self.indicators().filter(|indicator| indicator.facts().contains(&fact)).collect()
    }

    /// Digest of everything that the models say, lower-case hex; layout and comments do not count.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn at(&self, position: usize) -> &Indicator {
        self.indicator_at(self.places[position])
    }

    pub(crate) fn model_at(&self, position: usize) -> &Model {
        &self.models[self.places[position].0]
    }

    /// Positions in an order in which every indicator comes after those that it needs.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    fn indicator_at(&self, Place(model, capability, position): Place) -> &Indicator {
        &self.models[model].capabilities[capability].indicators[position]
    }

    fn index(models: Vec<Model>) -> Self {
        let mut places = Vec::new();
        let mut by_id = BTreeMap::new();
        for (m, model) in models.iter().enumerate() {
            for (c, capability) in model.capabilities.iter().enumerate() {
                for (i, indicator) in capability.indicators.iter().enumerate() {
                    by_id.insert(indicator.id.clone(), places.len());
                    places.push(Place(m, c, i));
                }
            }
        }
        let mut rulebook =
            Self { sha256: digest(&models), models, places, by_id, order: Vec::new() };
        rulebook.order = decidable_order(&rulebook);
        rulebook
    }
}

/// File and line of every indicator, for messages about it.
#[derive(Default)]
pub(crate) struct Lines {
    /// By model folder's `model.toml` label, indicator id: where it stands.
    places: BTreeMap<(String, String, String), (String, usize)>,
    files: BTreeMap<(String, String), String>,
}

impl Lines {
    fn of(&self, model: &Model, id: &str) -> (&str, usize) {
        let key = (model.id.clone(), model.edition.clone(), id.to_owned());
        self.places
            .get(&key)
            .map_or_else(|| (self.file(model), 0), |(file, line)| (file.as_str(), *line))
    }

    fn file(&self, model: &Model) -> &str {
        self.files
            .get(&(model.id.clone(), model.edition.clone()))
            .map_or("model.toml", String::as_str)
    }
}

/// A capability's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapabilityFile {
    format: u32,
    indicator: Vec<Spanned<Indicator>>,
}

fn read_model(
    folder: &str,
    texts: &BTreeMap<String, String>,
    lines: &mut Lines,
    problems: &mut Vec<Problem>,
) -> Option<Model> {
    let label = format!("{folder}/model.toml");
    let Some(text) = texts.get(&label) else {
        problems.push(Problem::new(&label, 0, "missing; every model folder needs one"));
        return None;
    };
    let mut model: Model = parse(&label, text, problems)?;
    lines.files.insert((model.id.clone(), model.edition.clone()), label.clone());
    let mut used = BTreeSet::from([label]);
    for capability in &mut model.capabilities {
        let file = format!("{folder}/{}.toml", capability.id);
        match texts.get(&file) {
            Some(text) => {
                let key = (model.id.as_str(), model.edition.as_str());
                capability.indicators = read_indicators(&file, text, key, lines, problems);
            }
            None => {
                problems.push(Problem::new(
                    &file,
                    0,
                    "missing; `model.toml` names this capability",
                ));
            }
        }
        used.insert(file);
    }
    for stray in
        texts.keys().filter(|file| file.starts_with(&format!("{folder}/")) && !used.contains(*file))
    {
        problems.push(Problem::new(
            stray,
            0,
            "`model.toml` names no such capability; add it there or remove the file",
        ));
    }
    Some(model)
}

fn read_indicators(
    file: &str,
    text: &str,
    (model, edition): (&str, &str),
    lines: &mut Lines,
    problems: &mut Vec<Problem>,
) -> Vec<Indicator> {
    let Some(read) = parse::<CapabilityFile>(file, text, problems) else { return Vec::new() };
    if read.format != 1 {
        problems.push(Problem::new(file, 1, "`format` must be 1"));
    }
    let mut indicators = Vec::with_capacity(read.indicator.len());
    for entry in read.indicator {
        let line = line_of(text, entry.span().start);
        let indicator = entry.into_inner();
        let key = (model.to_owned(), edition.to_owned(), indicator.id.clone());
        if let Some((_, first)) = lines.places.insert(key, (file.to_owned(), line)) {
            problems.push(Problem::new(
                file,
                line,
                format!(
                    "{} stands twice, first in line {first}; give it an id of its own",
                    indicator.id
                ),
            ));
        }
        indicators.push(indicator);
    }
    indicators.sort_by(|a, b| (a.level, &a.id).cmp(&(b.level, &b.id)));
    indicators
}

fn parse<T: DeserializeOwned>(file: &str, text: &str, problems: &mut Vec<Problem>) -> Option<T> {
    toml::from_str(text)
        .map_err(|error| {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            problems.push(Problem::new(file, line, error.message().to_owned()));
        })
        .ok()
}

/// One edition a model: the pinned one, else the greatest. Models keep descending id order so that
/// `automation` comes before `adoption`, as the published models do.
fn select(mut editions: Vec<Model>, pins: &Pins, problems: &mut Vec<Problem>) -> Vec<Model> {
    for (id, edition) in pins {
        if !editions.iter().any(|model| model.id == *id && model.edition == *edition) {
            let known: Vec<_> =
                editions.iter().map(|model| format!("{} {}", model.id, model.edition)).collect();
            problems.push(Problem::new(
                "models",
                0,
                format!("no edition {edition} of {id}; known are {}", known.join(", ")),
            ));
        }
    }
    editions.retain(|model| pins.get(&model.id).is_none_or(|edition| *edition == model.edition));
    editions.sort_by(|a, b| (&b.id, &b.edition).cmp(&(&a.id, &a.edition)));
    editions.dedup_by(|older, newer| {
        if older.id == newer.id && older.edition == newer.edition {
            problems.push(Problem::new(
                "models",
                0,
                format!(
                    "edition {} of {} stands in two folders; remove one",
                    older.edition, older.id
                ),
            ));
        }
        older.id == newer.id
    });
    editions
}

fn digest(models: &[Model]) -> String {
    let text = serde_json::to_vec(models).unwrap_or_default();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Depth-first: first what an indicator needs, then the indicator. The rulebook has no cycles.
fn decidable_order(rulebook: &Rulebook) -> Vec<usize> {
    fn place(rulebook: &Rulebook, position: usize, placed: &mut [bool], order: &mut Vec<usize>) {
        if std::mem::replace(&mut placed[position], true) {
            return;
        }
        for needed in
            rulebook.at(position).needs().into_iter().filter_map(|id| rulebook.position(id))
        {
            place(rulebook, needed, placed, order);
        }
        order.push(position);
    }
    let mut placed = vec![false; rulebook.places.len()];
    let mut order = Vec::with_capacity(placed.len());
    for position in 0..placed.len() {
        place(rulebook, position, &mut placed, &mut order);
    }
    order
}

fn children(dir: &Path) -> Result<Vec<std::path::PathBuf>, Error> {
    let unreadable = |source| Error::Unreadable { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn last(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
