//! Archive: a `.zip` of exports, whose files are imported as if they lay in a folder.
//!
//! Solutions and workbooks are archives too and have readers of their own; what is inside an archive is
//! opened once, never an archive in it. Guarantees bounds that no claim of an archive can move: files,
//! bytes of one and of all, and their ratio to what the archive takes. Names that point outside are
//! refused, though nothing is ever written under them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

/// An archive holds at most so many files.
const MOST_FILES: usize = 20_000;
/// One file unpacks to at most so many bytes.
const MOST_BYTES: u64 = 1 << 30;
/// Bytes unpacked for each byte of the archive; small archives may unpack to some megabytes whatever they take.
const MOST_RATIO: u64 = 200;
const SMALL: u64 = 16 << 20;

/// The files of an archive of exports; none where it is a solution, a workbook or no archive.
pub(crate) fn files(path: &Path) -> Option<Result<Vec<String>, String>> {
    let mut start = [0_u8; 4];
    File::open(path).ok()?.read_exact(&mut start).ok()?;
    if start != *b"PK\x03\x04" {
        return None;
    }
    let archive = ZipArchive::new(BufReader::new(File::open(path).ok()?)).ok()?;
    let own = ["solution.xml", "xl/workbook.xml"];
    let is_own = |name: &str| own.iter().any(|known| name.eq_ignore_ascii_case(known));
    if archive.file_names().flatten().any(|name| is_own(&name)) {
        return None;
    }
    Some(listed(&archive))
}

fn listed<R: Read + std::io::Seek>(archive: &ZipArchive<R>) -> Result<Vec<String>, String> {
    if archive.len() > MOST_FILES {
        return Err(format!("the archive holds more than {MOST_FILES} files"));
    }
    let mut names = Vec::new();
    for name in archive.file_names() {
        let name = name.map_err(|error| error.to_string())?;
        let slashed = name.replace('\\', "/");
        let outside = slashed.starts_with('/')
            || slashed.contains(':')
            || slashed.split('/').any(|part| part == "..");
        if outside {
            return Err("a name in the archive points outside".to_owned());
        }
        let hidden = slashed.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
        if !name.ends_with('/') && !hidden {
            names.push(name.into_owned());
        }
    }
    // A package of the old flow export: what stands around its definitions says nothing more.
    if names.iter().any(|name| name == "Microsoft.Flow/flows/manifest.json") {
        names.retain(|name| name.ends_with("/definition.json"));
    }
    names.sort_unstable();
    Ok(names)
}

/// One file of an archive.
pub(crate) fn read(path: &Path, name: &str) -> std::io::Result<Vec<u8>> {
    let taken = std::fs::metadata(path)?.len();
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(other)?;
    let entry = archive.by_name(name).map_err(other)?;
    let bound = MOST_BYTES.min(taken.saturating_mul(MOST_RATIO).max(SMALL));
    let mut bytes = Vec::new();
    entry.take(bound + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bound {
        return Err(other(format!("it unpacks to more than {bound} bytes")));
    }
    Ok(bytes)
}

fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> std::io::Error {
    std::io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;

    fn archive(folder: &Path, files: &[(&str, &[u8])]) -> std::path::PathBuf {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        let path = folder.join("a.zip");
        std::fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
        path
    }

    #[test]
    fn files_are_listed_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let path =
            archive(folder.path(), &[("b/x.json", b"[1]"), ("a.csv", b"a,b"), (".hidden", b"")]);
        assert_eq!(files(&path).unwrap().unwrap(), ["a.csv", "b/x.json"]);
        assert_eq!(read(&path, "b/x.json").unwrap(), b"[1]");
        assert!(read(&path, "c").is_err());
    }

    #[test]
    fn solutions_and_workbooks_have_their_own_readers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["solution.xml", "xl/workbook.xml"] {
            assert!(files(&archive(folder.path(), &[(name, b"x"), ("a.json", b"[]")])).is_none());
        }
        let plain = folder.path().join("a.json");
        std::fs::write(&plain, "[]").unwrap();
        assert!(files(&plain).is_none());
    }

    #[test]
    fn names_that_point_outside_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["../x.json", "a/../../x.json", "/etc/x.json", "C:\\x.json", "a\\..\\x.json"] {
            let path = archive(folder.path(), &[(name, b"[]")]);
            assert!(files(&path).unwrap().unwrap_err().contains("outside"), "{name}");
        }
    }

    #[test]
    fn what_inflates_beyond_bounds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let zeros = vec![b' '; 32 << 20];
        let path = archive(folder.path(), &[("bomb.json", &zeros)]);
        assert!(read(&path, "bomb.json").unwrap_err().to_string().contains("unpacks"));
    }
}
