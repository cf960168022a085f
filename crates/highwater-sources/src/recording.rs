//! Recording: the folder into which a run writes, an import folder with its index.
//!
//! Guarantees that nobody but its owner reads it (0700 and 0600), that a page appears whole or not at all, and that
//! the index is written last and at once. Knows nothing of what pages mean.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::journal::{self, Header, JOURNAL, Line, State, Told};
use crate::plan::Plan;

/// A folder that is written into.
#[derive(Debug)]
pub struct Recording {
    pub(crate) folder: PathBuf,
    pub(crate) header: Header,
    pub(crate) state: State,
    pub(crate) journal: File,
    spent: BTreeMap<&'static str, u64>,
}

impl Recording {
    /// A new recording of what `plan` reads in a cloud.
    ///
    /// # Errors
    /// When the folder holds a recording already, or cannot be written.
    pub fn create(folder: &Path, plan: &Plan, cloud: &str) -> Result<Self, Error> {
        private_folder(folder)?;
        make_private(folder)?;
        let path = folder.join(JOURNAL);
        if path.exists() {
            return Err(Error::Exists { path: folder.to_owned() });
        }
        let header = header(plan, cloud);
        let line = text(&Line::Run(header.clone()));
        replace(&path, |file| file.write_all(&line))?;
        let journal = OpenOptions::new().append(true).open(&path).map_err(Error::io(&path))?;
        sync_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            header,
            state: State::new(),
            journal,
            spent: BTreeMap::new(),
        })
    }

    /// The recording of a run that did not end.
    ///
    /// # Errors
    /// When there is none, when it is of another tenant, identity, cloud or plan, or when it is damaged.
    pub fn resume(folder: &Path, plan: &Plan, cloud: &str) -> Result<Self, Error> {
        let path = folder.join(JOURNAL);
        let Told { header: theirs, state, spent, whole } = journal::state(folder)?;
        let ours = header(plan, cloud);
        let same = [
            ("tenant", &theirs.tenant, &ours.tenant),
            ("kind of identity", &theirs.identity, &ours.identity),
            ("cloud", &theirs.cloud, &ours.cloud),
            ("moment", &theirs.now, &ours.now),
            ("plan", &theirs.plan, &ours.plan),
        ];
        for (what, theirs, ours) in same {
            if theirs != ours {
                let (theirs, ours) = (theirs.clone(), ours.clone());
                return Err(Error::OtherRun { path: folder.to_owned(), what, theirs, ours });
            }
        }
        let mut journal = OpenOptions::new().write(true).open(&path).map_err(Error::io(&path))?;
        journal.set_len(whole).map_err(Error::io(&path))?;
        journal.seek(SeekFrom::End(0)).map_err(Error::io(&path))?;
        let line = text(&Line::Resumed {});
        journal.write_all(&line).and_then(|()| journal.sync_data()).map_err(Error::io(&path))?;
        Ok(Self { folder: folder.to_owned(), header: theirs, state, journal, spent })
    }

    /// The moment of the run whose recording lies in a folder: a resumed run has the same.
    ///
    /// # Errors
    /// When there is no journal, or when it is damaged.
    pub fn moment(folder: &Path) -> Result<String, Error> {
        Ok(journal::read(folder, |_| Ok(()))?.0.now)
    }

    /// Requests that the run has spent already, by service; none where it came to its end and a later one goes on.
    ///
    /// What was under way when it was killed is not in it, and neither are services of which no page was read.
    pub const fn spent(&self) -> &BTreeMap<&'static str, u64> {
        &self.spent
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn header(plan: &Plan, cloud: &str) -> Header {
    Header {
        format: 1,
        tenant: plan.tenant.to_lowercase(),
        identity: plan.identity.word().to_owned(),
        cloud: cloud.to_owned(),
        plan: plan.digest(),
        now: plan.now.clone(),
    }
}

/// A line with its end.
pub(crate) fn text(line: &Line) -> Vec<u8> {
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Makes a folder and those above it, readable by nobody else.
pub(crate) fn private_folder(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Error::io(path))
}

/// Takes a folder that was there before away from everybody else.
fn make_private(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, mode).map_err(Error::io(path))?;
    }
    Ok(())
}

/// The same options for a file that nobody else reads.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes names in a folder as durable as their files.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(Error::io(path))?;
    }
    Ok(())
}

/// Writes a file under a temporary name and gives it its own when it is whole.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), Error> {
    let part = path.with_extension("part");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(&part)
        .map_err(Error::io(&part))?;
    write(&mut file).and_then(|()| file.sync_all()).map_err(Error::io(&part))?;
    fs::rename(&part, path).map_err(Error::io(path))
}
