//! What the targets of exports share: an import of files that hold what the fuzzer made.
//!
//! Goes through the public door, survey and reading with a writer behind, so that what is fuzzed is what users run.
//! The snapshot is not finished: merging and writing see rows of ours only, and would take all the time.

use std::io::Write as _;
use std::path::Path;

use highwater_import::{Options, read, survey};
use highwater_snapshot::{Pseudonyms, Time, Writer};

/// Reads files by their names; asks no more than that each of them is told of.
///
/// # Panics
/// When a file that was given is not in the report, or more rows and drops are told than records could give.
pub fn import(files: &[(&str, &[u8])], stream_from: u64) {
    let folder = tempfile::tempdir_in(memory()).expect("a temporary folder");
    let given = folder.path().join("files");
    for (name, bytes) in files {
        let path = given.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("room for a folder");
        std::fs::write(path, bytes).expect("room for a file");
    }
    let options = Options {
        tenant: Some("00000000-0000-0000-0000-0000000000aa".to_owned()),
        taken_at: Time::parse("2026-11-01T06:00:00Z"),
        stream_from,
        ..Options::default()
    };
    // What is no import at all (an index that is not valid, say) is refused as a whole.
    let Ok(survey) = survey(&[given], &options) else { return };
    let snapshot = folder.path().join("snapshot");
    let mut writer = Writer::new(&snapshot, survey.subject(), options.config, Pseudonyms::plain())
        .expect("room for a snapshot");
    let Ok(report) = read(&survey, &mut writer) else { return };
    for (name, _) in files {
        // Files of an archive stand under `archive.zip/…`.
        let told = report.files.iter().any(|file| file.path.starts_with(name));
        assert!(told, "{name} is not in the report: {:?}", report.files);
    }
}

/// Files of one archive, as `.zip` bytes: bytes of a real archive are seldom hit by chance.
///
/// # Panics
/// When memory does not suffice.
#[must_use]
pub fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in files {
        if archive.start_file(*name, options).is_ok() {
            archive.write_all(bytes).expect("memory");
        }
    }
    archive.finish().expect("memory").into_inner()
}

/// Parts of an input, cut where a line holds `=== name` alone; what stands before the first is dropped.
#[must_use]
pub fn parts(input: &str) -> Vec<(&str, &[u8])> {
    input
        .split("=== ")
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, content)| (name.trim_end(), content.as_bytes()))
        .collect()
}

/// A folder in memory where there is one: a fuzzer writes thousands of files a second.
fn memory() -> &'static Path {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() { shared } else { Path::new("/tmp") }
}
