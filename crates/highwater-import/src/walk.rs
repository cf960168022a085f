//! Walk: the files of an import, in one order everywhere.
//!
//! Guarantees every file once, sorted by its path relative to what was given, and an end in the face of
//! links that lead in circles. Reads no content.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::index::INDEX;

/// One file of an import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Which of the given paths it belongs to.
    pub(crate) root: usize,
    /// Path below that, with `/`; the file's name where the file itself was given.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether the file itself was given, not a folder around it.
    pub(crate) given: bool,
    /// Why it is not read; none where it is.
    pub(crate) skipped: Option<String>,
}

/// All files under the given paths, sorted.
pub(crate) fn walk(paths: &[PathBuf]) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (root, path) in paths.iter().enumerate() {
        let kind = std::fs::metadata(path).map_err(Error::io(path))?;
        if kind.is_dir() {
            folder(root, path, "", &mut seen, &mut found)?;
        } else {
            let name = path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            if let Ok(real) = path.canonicalize()
                && !seen.insert(real)
            {
                continue;
            }
            found.push(Found { root, name, path: path.clone(), given: true, skipped: None });
        }
    }
    found.sort_by(|a, b| (&a.name, a.root).cmp(&(&b.name, b.root)));
    Ok(found)
}

fn folder(
    root: usize,
    path: &Path,
    name: &str,
    seen: &mut BTreeSet<PathBuf>,
    found: &mut Vec<Found>,
) -> Result<(), Error> {
    let real = path.canonicalize().map_err(Error::io(path))?;
    if !seen.insert(real) {
        return Ok(()); // a link back into a folder that was walked already
    }
    let mut entries = std::fs::read_dir(path)
        .map_err(Error::io(path))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::io(path))?;
    entries.sort();
    for entry in entries {
        let last =
            entry.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let below = if name.is_empty() { last.clone() } else { format!("{name}/{last}") };
        let kind = std::fs::metadata(&entry);
        let hidden = last.starts_with('.');
        let skipped = match &kind {
            Err(error) => Some(error.to_string()),
            Ok(_) if hidden => Some("hidden, so not read: give its path to import it".into()),
            Ok(kind) if kind.is_dir() => {
                folder(root, &entry, &below, seen, found)?;
                continue;
            }
            Ok(kind) if kind.is_file() => None,
            Ok(_) => Some("neither a file nor a folder".into()),
        };
        if skipped.is_none() && last != INDEX {
            let real = entry.canonicalize().map_err(Error::io(&entry))?;
            if !seen.insert(real) {
                continue;
            }
        }
        found.push(Found { root, name: below, path: entry, given: false, skipped });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/2.json", "b/1.json", "a.json", ".git/x.json"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "[]").unwrap();
        }
        let names: Vec<_> = walk(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> =
            names.iter().map(|file| (file.name.as_str(), file.skipped.is_some())).collect();
        assert_eq!(
            names,
            [(".git", true), ("a.json", false), ("b/1.json", false), ("b/2.json", false)]
        );
    }

    #[test]
    #[cfg(unix)]
    fn links_in_circles_come_to_an_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), "[]").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).unwrap();
        let found = walk(&[folder.path().to_owned(), folder.path().join("a.json")]).unwrap();
        let names: Vec<_> =
            found.iter().map(|file| (file.name.as_str(), file.skipped.is_some())).collect();
        assert_eq!(names, [("a.json", false), ("dangling", true)]);
    }

    #[test]
    fn a_path_that_does_not_exist_is_named() {
        let error = walk(&[PathBuf::from("no/such/folder")]).unwrap_err();
        assert!(error.to_string().contains("no/such/folder"), "{error}");
    }
}
