//! Writer: puts pages on the disk and then their lines into the journal.
//!
//! Guarantees the order "page whole, then its line", for many pages at once: the pages of a batch get their names, and
//! only then its lines are appended and made durable, with one wait for the disk. Pages themselves are not waited for:
//! their lines hold their check, by which a resumed run finds pages that a power cut took. One thread owns the journal.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::Error;
use crate::journal::Line;
use crate::recording::{private, private_folder, text};

/// Pages that may wait for the disk.
const WAITING: usize = 256;
/// Memory in which they may wait, in KiB.
const MEMORY: u32 = 16 << 10;
/// Pages whose lines are made durable together.
const BATCH: usize = 256;
/// A page that is not whole yet; hidden.
const PART: &str = ".part";

/// One thing to keep.
struct Entry {
    /// Name below the folder, and the page.
    page: Option<(String, Bytes)>,
    line: Line,
    /// Its share of the memory in which pages wait.
    _share: Option<OwnedSemaphorePermit>,
}

/// Hands pages to the thread that writes them.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    entries: mpsc::Sender<Entry>,
    memory: Arc<Semaphore>,
}

/// The thread.
#[derive(Debug)]
pub(crate) struct Handle(JoinHandle<Result<(), Error>>);

impl Handle {
    /// Waits until everything is written; all writers must be gone.
    pub(crate) fn join(self) -> Result<(), Error> {
        self.0.join().unwrap_or_else(|_| Err(Error::Writer { reason: "its thread ended".into() }))
    }
}

impl Writer {
    /// Starts the thread that writes.
    pub(crate) fn start(folder: &Path, journal: File) -> Result<(Self, Handle), Error> {
        private_folder(folder)?;
        let (entries, inbox) = mpsc::channel(WAITING);
        let folder = folder.to_owned();
        let thread = std::thread::Builder::new()
            .name("recording".into())
            .spawn(move || write(&folder, journal, inbox))
            .map_err(|error| Error::Writer { reason: error.to_string() })?;
        let memory = Arc::new(Semaphore::new(MEMORY as usize));
        Ok((Self { entries, memory }, Handle(thread)))
    }

    /// Keeps a page or a gap. It is safe some moments later; lines are in the order of the calls.
    pub(crate) async fn keep(
        &self,
        page: Option<(String, Bytes)>,
        line: Line,
    ) -> Result<(), Error> {
        let gone = || Error::Writer { reason: "an earlier page could not be written".into() };
        let share = match &page {
            Some((_, body)) => {
                let size = u32::try_from(body.len() >> 10).unwrap_or(u32::MAX).clamp(1, MEMORY);
                Some(self.memory.clone().acquire_many_owned(size).await.map_err(|_| gone())?)
            }
            None => None,
        };
        self.entries.send(Entry { page, line, _share: share }).await.map_err(|_| gone())
    }
}

fn write(folder: &Path, mut journal: File, mut inbox: mpsc::Receiver<Entry>) -> Result<(), Error> {
    let mut batch = Vec::with_capacity(BATCH);
    while inbox.blocking_recv_many(&mut batch, BATCH) > 0 {
        let mut lines = Vec::with_capacity(batch.len() * 512);
        for Entry { page, line, _share } in batch.drain(..) {
            if let Some((name, body)) = page {
                whole(folder, &name, &body)?;
            }
            lines.extend(text(&line));
        }
        let kept = journal.write_all(&lines).and_then(|()| journal.sync_data());
        kept.map_err(Error::io(folder.join(crate::journal::JOURNAL)))?;
    }
    // What a kill left of a page that was being written.
    let _ = fs::remove_file(folder.join(PART));
    Ok(())
}

/// Writes a page, which gets its name when it is whole.
fn whole(folder: &Path, name: &str, body: &[u8]) -> Result<(), Error> {
    let (path, part) = (folder.join(name), folder.join(PART));
    private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(&part)
        .and_then(|mut file| file.write_all(body))
        .map_err(Error::io(&part))?;
    match fs::rename(&part, &path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), private_folder)?;
            fs::rename(&part, &path).map_err(Error::io(&path))
        }
        named => named.map_err(Error::io(&path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;
    use crate::journal::{JOURNAL, Paged};

    fn line(page: u32) -> Line {
        let chain = Chain { source: "bap.tenant".into(), ..Chain::default() };
        let asked = "GET https://contoso.example/".to_owned();
        let paged = Paged { chain, page, status: 200, evidence: true, asked, ..Paged::default() };
        Line::Page(Box::new(paged))
    }

    #[tokio::test]
    async fn every_page_is_there_when_its_line_is() {
        let folder = tempfile::tempdir().unwrap();
        let journal = File::create(folder.path().join(JOURNAL)).unwrap();
        let (writer, handle) = Writer::start(folder.path(), journal).unwrap();
        for page in 1..=200 {
            let body = Bytes::from(format!("{{\"page\": {page}}}"));
            writer.keep(Some((format!("a/{page}.json"), body)), line(page)).await.unwrap();
        }
        drop(writer);
        handle.join().unwrap();
        let lines = fs::read_to_string(folder.path().join(JOURNAL)).unwrap();
        let pages: Vec<u64> = lines
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["page"]["page"]
                    .as_u64()
                    .unwrap()
            })
            .collect();
        assert_eq!(pages, (1..=200).collect::<Vec<u64>>());
        for page in pages {
            let body = fs::read_to_string(folder.path().join(format!("a/{page}.json"))).unwrap();
            assert_eq!(body, format!("{{\"page\": {page}}}"));
        }
        assert!(!folder.path().join(PART).exists());
    }

    #[tokio::test]
    async fn a_disk_that_does_not_take_it_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let journal = File::create(folder.path().join(JOURNAL)).unwrap();
        // A file stands where a folder should be.
        fs::write(folder.path().join("a"), "").unwrap();
        let (writer, handle) = Writer::start(folder.path(), journal).unwrap();
        let body = Bytes::from_static(b"{}");
        let mut stopped = false;
        for page in 1..=5_000 {
            stopped |=
                writer.keep(Some(("a/1.json".into(), body.clone())), line(page)).await.is_err();
        }
        assert!(stopped, "nobody noticed");
        drop(writer);
        assert!(matches!(handle.join(), Err(Error::Io { .. })));
        assert_eq!(fs::read(folder.path().join(JOURNAL)).unwrap(), b"", "a line without its page");
    }
}
