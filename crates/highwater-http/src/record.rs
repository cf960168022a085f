//! Recorder: exchanges are written into a HAR file as they happen.
//!
//! Guarantees that secrets are gone before anything reaches the disk, that the file is a whole HAR after every
//! exchange, and that memory does not grow with it. A kill in the middle of an exchange costs that one exchange.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::Error;
use crate::asked::Asked;
use crate::body::Broken;
use crate::har::Entry;
use crate::live::Answer;

/// What stands before the entries, one line.
const HEAD: &str = concat!(
    r#"{"log":{"version":"1.2","creator":{"name":"highwater","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"entries":["#,
    "\n"
);
/// What stands after them.
const FOOT: &str = "\n]}}\n";

/// What is kept of the body of an answer that is JSON; none where it has to be scrubbed like any other text.
pub type Keep = fn(&[u8]) -> Option<Vec<u8>>;

/// A recording that is being written.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    keep: Keep,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    entries: u64,
    /// Where the foot begins.
    end: u64,
    failed: Option<String>,
}

impl Recorder {
    /// Begins a recording, in a file that is not there yet and that nobody else may read.
    ///
    /// # Errors
    /// [`Error::Recording`] if the file is there already or cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let file = new_file(&path).map_err(|error| failed(&path, &error.to_string()))?;
        let mut state = State { file, entries: 0, end: 0, failed: None };
        state.begin().map_err(|error| failed(&path, &error.to_string()))?;
        Ok(Self { path, keep: |_| None, state: Mutex::new(state) })
    }

    /// Goes on with a recording of ours that an earlier run left, or begins one if the file is not there. An exchange
    /// that was being written when that run was killed is dropped.
    ///
    /// # Errors
    /// [`Error::Recording`] if the file is none of ours or cannot be written.
    pub fn resume(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        if !path.exists() {
            return Self::create(path);
        }
        let state = State::rescued(&path).map_err(|error| failed(&path, &error.to_string()))?;
        Ok(Self { path, keep: |_| None, state: Mutex::new(state) })
    }

    /// The same, keeping of the bodies of answers what `keep` says. It knows what the readers of a replay need; that no
    /// secret is left is then its duty.
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// Puts what was written safely on the disk.
    ///
    /// # Errors
    /// [`Error::Recording`] if an exchange could not be written; those before it are in the file.
    pub fn finish(&self) -> Result<(), Error> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = &state.failed {
            return Err(failed(&self.path, reason));
        }
        state.file.sync_all().map_err(|error| failed(&self.path, &error.to_string()))
    }

    /// Writes an exchange. What cannot be written is told by [`Recorder::finish`]; the run goes on.
    pub(crate) fn write(
        &self,
        asked: &Asked,
        result: &Result<Answer, Broken>,
        started: SystemTime,
        took: Duration,
    ) {
        let entry = serde_json::to_string(&Entry::new(asked, result, (started, took), self.keep));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed.is_some() {
            return;
        }
        let written = entry.map_err(std::io::Error::other).and_then(|entry| state.append(&entry));
        if let Err(error) = written {
            tracing::error!(path = %self.path.display(), %error, "the recording cannot be written any more");
            state.failed = Some(error.to_string());
        }
    }
}

impl State {
    fn begin(&mut self) -> std::io::Result<()> {
        self.file.write_all(format!("{}{}", HEAD.trim_end(), FOOT).as_bytes())?;
        self.end = length(HEAD.trim_end().as_bytes());
        Ok(())
    }

    /// The state after the last whole entry of a file, one of which stands on each line after the head.
    fn rescued(path: &Path) -> std::io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut reader = BufReader::new(&mut file);
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        let head = line.trim_ascii_end();
        if !(head.starts_with(b"{\"log\":") && head.ends_with(b"\"entries\":[")) {
            return Err(std::io::Error::other("not a recording of Highwater's"));
        }
        let (mut entries, mut end, mut read) = (0, length(head), length(&line));
        loop {
            line.clear();
            let bytes = reader.read_until(b'\n', &mut line)?;
            let entry = line.trim_ascii_end();
            let entry = entry.strip_suffix(b",").unwrap_or(entry);
            if bytes == 0 || serde_json::from_slice::<Entry>(entry).is_err() {
                break;
            }
            entries += 1;
            end = read + length(entry);
            read += length(&line);
        }
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        file.write_all(FOOT.as_bytes())?;
        Ok(Self { file, entries, end, failed: None })
    }

    /// Writes an entry over the foot, and a new foot, in one go.
    fn append(&mut self, entry: &str) -> std::io::Result<()> {
        let comma = if self.entries == 0 { "" } else { "," };
        let text = format!("{comma}\n{entry}{FOOT}");
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(text.as_bytes())?;
        self.entries += 1;
        self.end += length(text.as_bytes()) - length(FOOT.as_bytes());
        Ok(())
    }
}

fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn length(text: &[u8]) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

fn failed(path: &Path, reason: &str) -> Error {
    Error::Recording { path: path.to_owned(), reason: reason.to_owned() }
}
