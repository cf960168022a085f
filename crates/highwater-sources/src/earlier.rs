//! Earlier: what an earlier run of the same tenant read, as far as a later one may go by it.
//!
//! Owns a hidden folder beside the pages of the run, a file for each source with the records that may be told again.
//! Guarantees that only a place whose records were all handed over is known. Knows no snapshot: whoever has one hands
//! its records over. Decides nothing.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::Error;
use crate::found::{Answer, Found, Place};
use crate::recording::{private, private_folder};
use crate::reuse::{Reading, Then, is_watched};
use crate::source::Source;

/// Name of the folder; hidden, so that an import does not enter it.
const FOLDER: &str = ".earlier";

/// What an earlier run read.
#[derive(Debug)]
pub struct Earlier {
    /// Its snapshot.
    pub(crate) snapshot: String,
    /// What the snapshot is told apart by.
    pub(crate) mark: String,
    folder: PathBuf,
    places: BTreeMap<String, Then>,
}

/// One source in one environment, as an earlier run read it.
#[derive(Clone, Copy, Debug)]
pub struct EarlierPlace<'a> {
    /// Environment.
    pub environment: &'a str,
    /// Whether it was read to its end.
    pub full: bool,
    /// When it was read first, RFC 3339.
    pub observed_at: &'a str,
    /// Requests that it took.
    pub pages: u64,
    /// Records.
    pub records: u64,
}

impl Earlier {
    /// Nothing yet of a snapshot, in the folder of the run that goes by it; `mark` tells the snapshot apart from others.
    ///
    /// # Errors
    /// The folder cannot be made anew.
    pub fn of(run: &Path, snapshot: &str, mark: &str) -> Result<Self, Error> {
        let folder = run.join(FOLDER);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::io(&folder))?;
        }
        private_folder(&folder)?;
        let (snapshot, mark) = (snapshot.to_owned(), mark.to_owned());
        Ok(Self { snapshot, mark, folder, places: BTreeMap::new() })
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &str {
        &self.snapshot
    }

    /// What the snapshot is told apart by, for [`crate::Plan::earlier`].
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Sources whose places are worth handing over, and whether their records are needed.
    pub fn wanted() -> impl Iterator<Item = (&'static str, bool)> {
        let wanted = |source: &&'static Source| {
            source.reuse.is_some() || source.table.is_some() || is_watched(source.id)
        };
        let records = |source: &Source| source.reuse.is_some() || is_watched(source.id);
        crate::sources().filter(wanted).map(move |source| (source.id, records(source)))
    }

    /// Takes over the places of a source; `records` gives so many lines of JSON for each place in its turn as the place
    /// says, or nothing at all where only their number is needed.
    ///
    /// # Errors
    /// A record is missing, or the disk does not take them.
    pub fn add<'a>(
        &mut self,
        id: &str,
        places: impl Iterator<Item = EarlierPlace<'a>>,
        mut records: impl FnMut(&EarlierPlace<'a>) -> std::io::Result<Vec<String>>,
    ) -> Result<(), Error> {
        let Some(source) = crate::source(id) else { return Ok(()) };
        let path = self.file(source.id);
        let wrong = |error| Error::io(&path)(error);
        let file = private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&path)
            .map_err(wrong)?;
        let (mut out, mut from) = (BufWriter::new(file), 0);
        for place in places {
            let lines = records(&place).map_err(wrong)?;
            let Ok(observed_at) = place.observed_at.parse::<Timestamp>() else { continue };
            let then = self.places.entry(place.environment.to_lowercase()).or_default();
            if place.full && is_watched(source.id) {
                watch(source, &lines, then);
            }
            let mut bytes = 0;
            for line in lines.iter().filter(|_| source.reuse.is_some()) {
                out.write_all(line.as_bytes())
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(wrong)?;
                bytes += line.len() as u64 + 1;
            }
            let EarlierPlace { full, pages, records, .. } = place;
            let at = (from, bytes);
            then.readings.insert(source.id, Reading { full, observed_at, pages, records, at });
            from += bytes;
        }
        out.flush().map_err(wrong)
    }

    /// What was known of an environment.
    pub(crate) fn then(&self, environment: &str) -> Option<&Then> {
        self.places.get(&environment.to_lowercase())
    }

    /// The records of a place, a line each.
    pub(crate) fn lines(&self, source: &Source, reading: &Reading) -> Result<Vec<String>, Error> {
        let path = self.file(source.id);
        let (from, bytes) = reading.at;
        let mut text = String::new();
        if bytes > 0 {
            let mut file = File::open(&path).map_err(Error::io(&path))?;
            file.seek(SeekFrom::Start(from)).map_err(Error::io(&path))?;
            file.take(bytes).read_to_string(&mut text).map_err(Error::io(&path))?;
        }
        Ok(text.lines().map(ToOwned::to_owned).collect())
    }

    /// Takes the folder away: its records have been told again where they stand.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        fs::remove_dir_all(&self.folder).map_err(Error::io(&self.folder))
    }

    fn file(&self, source: &str) -> PathBuf {
        self.folder.join(source)
    }
}

/// Notes what a source that tells of changes told.
fn watch(source: &'static Source, lines: &[String], then: &mut Then) {
    let Some(request) = source.requests.first() else { return };
    let mut found = Found::default();
    let is_list = request.paging != highwater_http::Paging::None;
    let bodies = if is_list { vec![page(lines)] } else { lines.to_vec() };
    for body in bodies {
        let answer = Answer { request, place: Place::default(), key: "", body: body.as_bytes() };
        (source.find)(&answer, &mut found);
    }
    then.prints.insert(source.id, found.print);
    if !found.counts.is_empty() {
        then.counts.get_or_insert_default().extend(found.counts);
    }
}

/// Records as a page of a list.
pub(crate) fn page(lines: &[String]) -> String {
    format!("{{\"value\":[{}]}}", lines.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-11-21T06:00:00Z";

    fn place(environment: &str, records: u64) -> EarlierPlace<'_> {
        EarlierPlace { environment, full: true, observed_at: AT, pages: 1, records }
    }

    #[test]
    fn records_are_told_again_by_place() {
        let run = tempfile::tempdir().unwrap();
        let mut earlier = Earlier::of(run.path(), "2026-11-21T06-00-00Z", "m").unwrap();
        let mut all =
            ["{\"a\":1}", "{\"a\":2}", "{\"b\":\"\u{e4}\"}"].map(String::from).into_iter();
        let places = [place("E1", 2), place("e2", 0), place("e3", 1)];
        earlier
            .add("dv.roles", places.into_iter(), |place| {
                Ok(all.by_ref().take(usize::try_from(place.records).unwrap()).collect())
            })
            .unwrap();
        let source = crate::source("dv.roles").unwrap();
        let of = |environment: &str| {
            let then = earlier.then(environment).unwrap();
            page(&earlier.lines(source, &then.readings["dv.roles"]).unwrap())
        };
        assert_eq!(of("e1"), "{\"value\":[{\"a\":1},{\"a\":2}]}");
        assert_eq!(of("E2"), "{\"value\":[]}");
        assert_eq!(of("e3"), "{\"value\":[{\"b\":\"\u{e4}\"}]}");
        assert!(earlier.then("e4").is_none());
        earlier.clear().unwrap();
        assert!(!run.path().join(FOLDER).exists());
    }

    #[test]
    fn what_tells_of_changes_is_summed_up() {
        let run = tempfile::tempdir().unwrap();
        let told = |id: &str, lines: &[&str]| {
            let mut earlier = Earlier::of(run.path(), "s", "m").unwrap();
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            let places = [place("e1", lines.len() as u64)];
            earlier.add(id, places.into_iter(), |_| Ok(lines.clone())).unwrap();
            earlier.then("e1").unwrap().clone()
        };
        let counts = r#"{"EntityRecordCountCollection": {"Keys": ["bot"], "Values": [4]}}"#;
        let then = told("dv.counts", &[counts]);
        assert_eq!(then.counts, Some([("bot".to_owned(), 4)].into()));
        let flow = |id: &str, modified: &str| {
            format!(r#"{{"workflowid": "{id}", "modifiedon": "{modified}", "statecode": 1}}"#)
        };
        let (one, two) = (flow("f1", AT), flow("f2", AT));
        let print = |told: Then| told.prints["dv.workflows"];
        let both = print(told("dv.workflows", &[&one, &two]));
        assert_eq!(both, print(told("dv.workflows", &[&two, &one])));
        assert_ne!(both, print(told("dv.workflows", &[&one])));
        let later = flow("f2", "2026-11-21T06:00:01Z");
        assert_ne!(both, print(told("dv.workflows", &[&one, &later])));
    }

    #[test]
    fn a_source_hands_its_records_over_only_where_they_are_needed() {
        let wanted: BTreeMap<&str, bool> = Earlier::wanted().collect();
        assert_eq!(wanted.get("dv.roles"), Some(&true));
        assert_eq!(wanted.get("dv.workflows"), Some(&true));
        assert_eq!(wanted.get("dv.sessions"), Some(&false));
        assert_eq!(wanted.get("bap.environments"), None);
    }
}
