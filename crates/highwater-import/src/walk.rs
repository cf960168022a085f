//! Walk: the files of an import, in one order everywhere.
//!
//! Guarantees every file once, sorted by its path relative to what was given, and an end in the face of
//! links that lead in circles. Reads no content.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::index::INDEX;
use crate::{Error, archive};

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
    /// Its name in the archive at `path`, where it lies in one.
    pub(crate) inside: Option<String>,
    /// Why it is not read; none where it is.
    pub(crate) skipped: Option<String>,
    /// The folder of an unpacked solution whose manifest this is: its parts are no files of their own.
    pub(crate) package: Option<PathBuf>,
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
            let path = path.clone();
            let found_here = Found { given: true, ..read(root, name, path, None) };
            found.push(found_here);
        }
    }
    let mut found: Vec<Found> = found.into_iter().flat_map(unpacked).collect();
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
    let manifest = manifest(path);
    for entry in entries {
        let last =
            entry.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let below = if name.is_empty() { last.clone() } else { format!("{name}/{last}") };
        let kind = match std::fs::metadata(&entry) {
            Ok(kind) => kind,
            Err(error) => {
                found.push(skipped(root, below, entry, error.to_string()));
                continue;
            }
        };
        if last.starts_with('.') {
            let reason = "hidden, so not read: give its path to import it";
            found.push(skipped(root, below, entry, reason.into()));
        } else if manifest.is_some() && is_part(&last, kind.is_dir()) {
            continue;
        } else if kind.is_dir() {
            folder(root, &entry, &below, seen, found)?;
        } else if kind.is_file() {
            let real = entry.canonicalize().map_err(Error::io(&entry))?;
            if last == INDEX || seen.insert(real) {
                found.push(read(root, below, entry, None));
            }
        } else {
            let reason = "neither a file nor a folder";
            found.push(skipped(root, below, entry, reason.into()));
        }
    }
    if let Some(manifest) = manifest {
        let below = if name.is_empty() { manifest.into() } else { format!("{name}/{manifest}") };
        found.push(read(root, below, path.join(manifest), Some(path.to_owned())));
    }
    Ok(())
}

/// The files of an archive of exports instead of the archive.
fn unpacked(found: Found) -> Vec<Found> {
    if found.skipped.is_some() || found.package.is_some() {
        return vec![found];
    }
    match archive::files(&found.path) {
        None => vec![found],
        Some(Err(reason)) => vec![Found { skipped: Some(reason), ..found }],
        Some(Ok(names)) => {
            let inside = |name: String| Found {
                name: format!("{}/{name}", found.name),
                inside: Some(name),
                ..found.clone()
            };
            names.into_iter().map(inside).collect()
        }
    }
}

impl Found {
    /// Reads the content into a buffer, which may serve for many files.
    pub(crate) fn read(&self, into: &mut Vec<u8>) -> std::io::Result<()> {
        into.clear();
        match &self.inside {
            Some(name) => *into = archive::read(&self.path, name)?,
            None => {
                File::open(&self.path)?.read_to_end(into)?;
            }
        }
        Ok(())
    }

    /// The end of the name, lower-case.
    pub(crate) fn extension(&self) -> Option<String> {
        let extension = Path::new(&self.name).extension()?;
        Some(extension.to_string_lossy().to_lowercase())
    }
}

fn read(root: usize, name: String, path: PathBuf, package: Option<PathBuf>) -> Found {
    Found { root, name, path, given: false, inside: None, skipped: None, package }
}

fn skipped(root: usize, name: String, path: PathBuf, reason: String) -> Found {
    Found { skipped: Some(reason), ..read(root, name, path, None) }
}

/// Where the manifest of an unpacked solution stands in its folder.
fn manifest(folder: &Path) -> Option<&'static str> {
    ["solution.xml", "Other/Solution.xml"].into_iter().find(|name| folder.join(name).is_file())
}

/// Names in the folder of an unpacked solution that are parts of it, lower case; whatever else lies there is imported
/// as it would be elsewhere.
const PARTS: [&str; 28] = [
    "appmodules",
    "appmodulesitemaps",
    "assets",
    "botcomponents",
    "bots",
    "canvasapps",
    "connectionreferences",
    "connectors",
    "controls",
    "customapis",
    "dashboards",
    "desktopflowbinaries",
    "dvtablesearchs",
    "entities",
    "entityrelationships",
    "environmentvariabledefinitions",
    "formulas",
    "optionsets",
    "other",
    "pluginassemblies",
    "pluginpackages",
    "reports",
    "roles",
    "sdkmessageprocessingsteps",
    "solutionpackages",
    "templates",
    "webresources",
    "workflows",
];

fn is_part(name: &str, is_folder: bool) -> bool {
    let name = name.to_lowercase();
    if is_folder {
        return PARTS.contains(&name.as_str());
    }
    ["solution.xml", "customizations.xml", "[content_types].xml"].contains(&name.as_str())
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
