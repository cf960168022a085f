//! Reach: how far each source was read in each environment, when, and where its raw records lie.
//!
//! Guarantees that what is said of records is so: they lie in one row without any of another place between
//! them, or nothing is said. A later run goes by it where it takes over what did not change. Holds no record, and says
//! nothing of sources that are asked for anything but an environment.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::coverage::Said;
use crate::manifest::FileEntry;
use crate::snapshot::Snapshot;
use crate::store::{Hashing, lines};
use crate::writer::raw_name;
use crate::{Error, Place, Status, Time};

/// Name of the file inside the folder.
const FILE: &str = "raw/reach.ndjson.zst";

/// One source in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Source id.
    pub source: String,
    /// Environment, lower-case; where there is no record it may be another scope, such as a policy.
    pub scope: String,
    /// How far it was read.
    pub status: Status,
    /// When the oldest part of it was read.
    pub observed_at: Time,
    /// Pages that told it.
    pub pages: u64,
    /// Number of its first record in `raw/<source>.ndjson.zst`, from 1; 0 where there is none.
    pub first: u64,
    /// Records in a row from there.
    pub records: u64,
}

/// Where the records of sources lie, by source and environment.
#[derive(Debug, Default)]
pub(crate) struct Lines(BTreeMap<String, BTreeMap<String, Run>>);

/// Records in a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u64,
    records: u64,
    oldest: Time,
    /// Whether others lie between them.
    torn: bool,
}

/// Records of one source and scope that were written one behind the other.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// The scope in which they were read.
    pub(crate) scope: String,
    /// Whether that is an environment, which was read as a whole.
    pub(crate) in_place: bool,
    /// Number of the first.
    pub(crate) first: u64,
    /// How many there are.
    pub(crate) records: u64,
    /// When the oldest was read.
    pub(crate) oldest: Time,
}

impl Stretch {
    /// A record that was written.
    pub(crate) fn of(scope: &str, place: &Place, no: u64, at: Time) -> Self {
        let in_place = Self::is_in_place(scope, place);
        Self { scope: scope.to_owned(), in_place, first: no, records: 1, oldest: at }
    }

    /// Adds the record that was written next, unless it is of another scope.
    pub(crate) fn add(&mut self, scope: &str, place: &Place, at: Time) -> bool {
        // Two empty texts are not compared: that takes processors long.
        let alike = (self.scope.is_empty() && scope.is_empty()) || self.scope == scope;
        let same = alike && self.in_place == Self::is_in_place(scope, place);
        if same {
            self.records += 1;
            self.oldest = self.oldest.min(at);
        }
        same
    }

    fn is_in_place(scope: &str, place: &Place) -> bool {
        !scope.is_empty() && place.environment.as_deref() == Some(scope)
    }
}

impl Lines {
    /// Notes where records were written, if they were read from an environment as a whole.
    pub(crate) fn add(&mut self, source: &str, stretch: &Stretch) {
        if !stretch.in_place {
            return;
        }
        let Stretch { first, records, oldest, .. } = *stretch;
        let places = self.0.entry(source.to_owned()).or_default();
        let Some(run) = places.get_mut(&stretch.scope) else {
            let run = Run { first, records, oldest, torn: false };
            places.insert(stretch.scope.clone(), run);
            return;
        };
        run.torn |= first != run.first + run.records;
        run.records += records;
        run.oldest = run.oldest.min(oldest);
    }

    /// Places of which something was claimed, in the order of sources and environments.
    fn reaches<'a>(&'a self, said: &'a Said, taken_at: Time) -> impl Iterator<Item = Reach> + 'a {
        let claims = said.claims.iter().filter(|((_, scope), _)| !scope.is_empty());
        claims.filter_map(move |((source, scope), claim)| {
            let run = self.0.get(source).and_then(|places| places.get(scope));
            let oldest = run.map_or(taken_at, |run| run.oldest);
            let told = said.records.get(&(source.clone(), scope.clone())).copied().unwrap_or(0);
            let records = run.map_or(0, |run| run.records);
            let is_whole = records == told && !run.is_some_and(|run| run.torn);
            is_whole.then(|| Reach {
                source: source.clone(),
                scope: scope.clone(),
                status: said.of(source, scope).map_or(claim.status, |(status, ..)| status),
                observed_at: claim.observed_at.unwrap_or(taken_at).min(oldest),
                pages: claim.pages,
                first: run.map_or(0, |run| run.first),
                records,
            })
        })
    }

    /// Writes them into the folder of a snapshot; returns its name and what the manifest says of it.
    pub(crate) fn write(
        &self,
        folder: &Path,
        said: &Said,
        taken_at: Time,
    ) -> Result<(String, FileEntry), Error> {
        let path = folder.join(FILE);
        let wrong = |error| Error::io("write", &path)(error);
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        let mut out = zstd::Encoder::new(Hashing::new(BufWriter::new(file)), 1).map_err(wrong)?;
        let mut rows = 0;
        for reach in self.reaches(said, taken_at) {
            let mut line = serde_json::to_vec(&reach)
                .map_err(|error| Error::invalid(&path, error.to_string()))?;
            line.push(b'\n');
            out.write_all(&line).map_err(wrong)?;
            rows += 1;
        }
        let mut hashing = out.finish().map_err(wrong)?;
        hashing.flush().map_err(wrong)?;
        let (bytes, sha256) = hashing.finish();
        Ok((FILE.to_owned(), FileEntry { rows, bytes, sha256 }))
    }
}

impl Snapshot {
    /// How far each source was read in each environment; none where an older program wrote the snapshot.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn reaches(&self) -> Result<Option<Vec<Reach>>, Error> {
        if !self.manifest().files.contains_key(FILE) {
            return Ok(None);
        }
        let path = self.folder().join(FILE);
        let parse = |line: String| {
            serde_json::from_str(&line).map_err(|error| Error::invalid(&path, error.to_string()))
        };
        lines(&path)?
            .map(|line| line.map_err(Error::io("read", &path)).and_then(parse))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The raw records of a source, one line of JSON each, from the first on; none where there is no record of it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn raw_lines(
        &self,
        source: &str,
    ) -> Result<Option<impl Iterator<Item = std::io::Result<String>>>, Error> {
        let name = raw_name(source);
        let there = self.manifest().files.contains_key(&name);
        there.then(|| lines(&self.folder().join(name))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Claim;
    use crate::testing::claim;

    fn of(environment: &str) -> Place {
        Place { environment: Some(environment.into()), ..Place::default() }
    }

    #[test]
    fn a_reading_says_where_its_records_lie_and_how_old_it_is() {
        let (mut lines, mut said) = (Lines::default(), Said::default());
        for (no, (scope, at)) in (1..).zip([("e1", 7), ("e1", 5), ("e2", 9), ("e3", 9), ("e2", 9)])
        {
            lines.add("dv.roles", &Stretch::of(scope, &of(scope), no, Time(at)));
            *said.records.entry(("dv.roles".into(), scope.into())).or_default() += 1;
        }
        lines.add("dv.roles", &Stretch::of("", &of("e9"), 6, Time(1)));
        lines.add("dv.roles", &Stretch::of("p1", &of("e9"), 7, Time(1)));
        for scope in ["e1", "e2", "e3"] {
            said.claim(claim("dv.roles", scope, Status::Full));
        }
        said.claim(Claim { observed_at: Some(Time(3)), ..claim("dv.git", "e1", Status::Denied) });
        said.claim(claim("bap.tenant", "", Status::Full));
        // Its records were read of a policy and not of an environment.
        said.claim(claim("gov.dlp_policy", "p1", Status::Full));
        said.records.insert(("gov.dlp_policy".into(), "p1".into()), 3);
        let told: Vec<Reach> = lines.reaches(&said, Time(10)).collect();
        let brief: Vec<_> = told
            .iter()
            .map(|it| {
                (it.source.as_str(), it.scope.as_str(), it.observed_at.0, it.first, it.records)
            })
            .collect();
        // e2 is torn: nothing is said of it.
        let wanted =
            [("dv.git", "e1", 3, 0, 0), ("dv.roles", "e1", 5, 1, 2), ("dv.roles", "e3", 9, 4, 1)];
        assert_eq!(brief, wanted);
        assert_eq!((told[0].status, told[1].status), (Status::Denied, Status::Full));
    }

    #[test]
    fn of_a_part_of_the_records_nothing_is_said() {
        let (mut lines, mut said) = (Lines::default(), Said::default());
        lines.add("dv.roles", &Stretch::of("e1", &of("e1"), 1, Time(7)));
        lines.add("dv.roles", &Stretch::of("e1", &of("e2"), 2, Time(7)));
        said.records.insert(("dv.roles".into(), "e1".into()), 2);
        said.claim(claim("dv.roles", "e1", Status::Full));
        assert_eq!(lines.reaches(&said, Time(10)).count(), 0);
    }

    #[test]
    fn fewer_records_than_announced_are_no_full_reading() {
        let (mut lines, mut said) = (Lines::default(), Said::default());
        lines.add("dv.roles", &Stretch::of("e1", &of("e1"), 1, Time(7)));
        said.records.insert(("dv.roles".into(), "e1".into()), 1);
        said.claim(Claim { expected: Some(2), ..claim("dv.roles", "e1", Status::Full) });
        let told: Vec<Reach> = lines.reaches(&said, Time(10)).collect();
        assert_eq!(told[0].status, Status::Truncated);
    }
}
