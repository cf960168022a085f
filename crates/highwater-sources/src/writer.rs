//! Writer: puts pages on the disk and then their lines into the journal.
//!
//! Guarantees the order "page whole and durable, then its line", for many pages at once: a batch of pages is written
//! and synced, renamed, and only then its lines are appended and synced. One thread owns the journal.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::Error;
use crate::journal::Line;
use crate::recording::{private, private_folder, sync_folder, text};

/// Pages that may wait for the disk.
const WAITING: usize = 256;
/// Memory in which they may wait, in KiB.
const MEMORY: u32 = 32 << 10;
/// Pages that are made durable together.
const BATCH: usize = 64;
/// Threads that wait for the disk.
const SYNCING: usize = 8;
/// Folder of pages that are not whole yet; hidden.
const PARTS: &str = ".parts";

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
        private_folder(&folder.join(PARTS))?;
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
    let mut known = BTreeSet::new();
    let mut batch = Vec::with_capacity(BATCH);
    while inbox.blocking_recv_many(&mut batch, BATCH) > 0 {
        pages(folder, &batch, &mut known)?;
        let lines: Vec<u8> = batch.iter().flat_map(|entry| text(&entry.line)).collect();
        let kept = journal.write_all(&lines).and_then(|()| journal.sync_data());
        kept.map_err(Error::io(folder.join(crate::journal::JOURNAL)))?;
        batch.clear();
    }
    fs::remove_dir_all(folder.join(PARTS)).map_err(Error::io(folder.join(PARTS)))
}

/// Makes the pages of a batch durable under their names.
fn pages(folder: &Path, batch: &[Entry], known: &mut BTreeSet<PathBuf>) -> Result<(), Error> {
    let pages: Vec<&(String, Bytes)> =
        batch.iter().filter_map(|entry| entry.page.as_ref()).collect();
    let part = |number: usize| folder.join(PARTS).join(number.to_string());
    let numbered: Vec<(usize, &(String, Bytes))> = pages.iter().copied().enumerate().collect();
    std::thread::scope(|scope| {
        let share = numbered.len().div_ceil(SYNCING).max(1);
        let threads: Vec<_> = numbered
            .chunks(share)
            .map(|share| {
                scope.spawn(move || {
                    share.iter().try_for_each(|(number, page)| durable(&part(*number), &page.1))
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Error::Writer { reason: "a thread ended".into() }))
        })
    })?;
    let mut folders = BTreeSet::new();
    for (number, (name, _)) in numbered {
        let path = folder.join(name);
        if let Some(above) = path.parent() {
            made(folder, above, known, &mut folders)?;
            folders.insert(above.to_owned());
        }
        fs::rename(part(number), &path).map_err(Error::io(&path))?;
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

/// Makes a folder below that of the recording, once, and notes those above it, in which its name now stands.
fn made(
    folder: &Path,
    wanted: &Path,
    known: &mut BTreeSet<PathBuf>,
    changed: &mut BTreeSet<PathBuf>,
) -> Result<(), Error> {
    if known.contains(wanted) {
        return Ok(());
    }
    private_folder(wanted)?;
    changed.extend(
        wanted
            .ancestors()
            .skip(1)
            .take_while(|above| above.starts_with(folder))
            .map(Path::to_owned),
    );
    known.insert(wanted.to_owned());
    Ok(())
}

fn durable(path: &Path, body: &[u8]) -> Result<(), Error> {
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(path)
        .map_err(Error::io(path))?;
    file.write_all(body).and_then(|()| file.sync_data()).map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;
    use crate::journal::{JOURNAL, Paged};

    fn line(page: u32) -> Line {
        let chain = Chain { source: "bap.tenant".into(), ..Chain::default() };
        let asked = "GET https://contoso.example/".to_owned();
        Line::Page(Box::new(Paged { chain, page, status: 200, evidence: true, asked, next: None }))
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
        assert!(!folder.path().join(PARTS).exists());
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
