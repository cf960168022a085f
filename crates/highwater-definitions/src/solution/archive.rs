//! Package: names and contents of a solution, packed, unpacked or given as parts. Guarantees: no name points outside;
//! never more entries, bytes or compression than [`crate::limits`] allow, whatever the archive claims; symbolic links
//! are not followed; one entry in memory at a time. Deliberately not here: what the entries mean.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::error::DefinitionError;
use crate::limits::{
    MAX_DOCUMENT_BYTES, MAX_FOLDER_DEPTH, MAX_PACKAGE_BYTES, MAX_PACKAGE_ENTRIES, MAX_PACKAGE_RATIO,
};

/// Inflated bytes up to which compression does not matter: small texts of one character are no bombs.
const HARMLESS_BYTES: u64 = 64 << 10;

/// Names and contents. Names have `/` as separator.
pub(crate) trait Package {
    /// Every file.
    fn names(&self) -> &[String];
    /// The content of one.
    fn read(&mut self, at: usize) -> Result<Vec<u8>, DefinitionError>;
}

/// A zip archive.
pub(crate) struct ZipPackage<R> {
    archive: ZipArchive<R>,
    names: Vec<String>,
    /// Place in the archive of each name.
    places: Vec<usize>,
}

impl<R: Read + Seek> ZipPackage<R> {
    /// Opens an archive and checks all it claims.
    pub(crate) fn open(mut reader: R, limit: u64) -> Result<Self, DefinitionError> {
        let packed = reader.seek(SeekFrom::End(0)).map_err(|source| not_zip(&source))?;
        reader.seek(SeekFrom::Start(0)).map_err(|source| not_zip(&source))?;
        let mut archive = ZipArchive::new(reader).map_err(|source| not_zip(&source))?;
        check_count(archive.len())?;
        let (mut names, mut places, mut inflated) = (Vec::new(), Vec::new(), 0u64);
        for at in 0..archive.len() {
            let entry = archive.by_index_raw(at).map_err(|source| not_zip(&source))?;
            let name = safe_name(&entry.name().map_err(|source| not_zip(&source))?)?;
            inflated = inflated.saturating_add(entry.size());
            check_inflated(inflated, packed, limit)?;
            if !entry.is_dir() && !entry.is_symlink() && !name.ends_with('/') {
                names.push(name);
                places.push(at);
            }
        }
        Ok(Self { archive, names, places })
    }
}

fn check_count(entries: usize) -> Result<(), DefinitionError> {
    let limit = MAX_PACKAGE_ENTRIES;
    if entries > limit { Err(DefinitionError::TooManyEntries { entries, limit }) } else { Ok(()) }
}

/// Compression is judged by the size of the whole archive: entries may share packed bytes.
fn check_inflated(inflated: u64, packed: u64, limit: u64) -> Result<(), DefinitionError> {
    if inflated > limit {
        return Err(DefinitionError::PackageTooLarge { limit });
    }
    if inflated > HARMLESS_BYTES && inflated / packed.max(1) >= MAX_PACKAGE_RATIO {
        return Err(DefinitionError::Bomb { limit: MAX_PACKAGE_RATIO });
    }
    Ok(())
}

fn not_zip(source: &dyn std::error::Error) -> DefinitionError {
    DefinitionError::NotZip { what: source.to_string() }
}

impl<R: Read + Seek> Package for ZipPackage<R> {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&mut self, at: usize) -> Result<Vec<u8>, DefinitionError> {
        let name = self.names[at].clone();
        let failed = |what: String| DefinitionError::Entry { name: name.clone(), what };
        let mut entry =
            self.archive.by_index(self.places[at]).map_err(|source| failed(source.to_string()))?;
        let claimed = entry.size();
        check_size(&name, claimed)?;
        let mut content = Vec::new();
        // One byte more than claimed tells a lie from the truth.
        let mut bounded = entry.by_ref().take(claimed + 1);
        bounded.read_to_end(&mut content).map_err(|source| failed(source.to_string()))?;
        if content.len() as u64 > claimed {
            return Err(DefinitionError::Bomb { limit: MAX_PACKAGE_RATIO });
        }
        Ok(content)
    }
}

fn check_size(name: &str, bytes: u64) -> Result<(), DefinitionError> {
    let limit = MAX_DOCUMENT_BYTES as u64;
    if bytes > limit {
        Err(DefinitionError::TooLarge { what: format!("`{name}`"), bytes, limit })
    } else {
        Ok(())
    }
}

/// A name with `/` as separator, or an error when it points outside.
pub(super) fn safe_name(name: &str) -> Result<String, DefinitionError> {
    let plain = name.replace('\\', "/");
    let drive = plain.as_bytes().get(1) == Some(&b':');
    let climbs = plain.split('/').any(|segment| segment == "..");
    if plain.is_empty() || plain.starts_with('/') || plain.contains('\0') || drive || climbs {
        return Err(DefinitionError::UnsafeName { name: shortened(name) });
    }
    Ok(plain.trim_start_matches("./").to_owned())
}

/// A name fit for a message: no control characters, not too long.
fn shortened(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(120).collect()
}

/// An unpacked folder.
pub(super) struct FolderPackage {
    folder: PathBuf,
    names: Vec<String>,
}

impl FolderPackage {
    /// Lists a folder, in the order of the names.
    pub(super) fn open(folder: &Path) -> Result<Self, DefinitionError> {
        let mut names = Vec::new();
        let mut waiting = vec![(String::new(), 0usize)];
        while let Some((prefix, depth)) = waiting.pop() {
            for (name, kind) in children(&folder.join(&prefix))? {
                let path = format!("{prefix}{name}");
                if kind.is_dir() && depth < MAX_FOLDER_DEPTH && !name.starts_with('.') {
                    waiting.push((path + "/", depth + 1));
                } else if kind.is_file() {
                    names.push(path);
                    check_count(names.len())?;
                }
            }
        }
        names.sort();
        Ok(Self { folder: folder.to_owned(), names })
    }
}

/// Names and kinds in a folder, sorted; names that are no Unicode are left out.
pub(crate) fn children(folder: &Path) -> Result<Vec<(String, fs::FileType)>, DefinitionError> {
    let failed = |source| DefinitionError::Io { path: folder.display().to_string(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) {
            found.push((name, kind));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// The bytes of a file, bounded.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, DefinitionError> {
    let failed = |source| DefinitionError::Io { path: path.display().to_string(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let mut content = Vec::new();
    file.take(MAX_DOCUMENT_BYTES as u64 + 1).read_to_end(&mut content).map_err(failed)?;
    check_size(&path.display().to_string(), content.len() as u64)?;
    Ok(content)
}

impl Package for FolderPackage {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&mut self, at: usize) -> Result<Vec<u8>, DefinitionError> {
        read_file(&self.folder.join(&self.names[at]))
    }
}

/// Parts at hand.
pub(super) struct PartsPackage<'a> {
    names: Vec<String>,
    parts: &'a [(String, Vec<u8>)],
}

impl<'a> PartsPackage<'a> {
    pub(super) fn open(parts: &'a [(String, Vec<u8>)]) -> Result<Self, DefinitionError> {
        check_count(parts.len())?;
        let names = parts.iter().map(|(name, _)| safe_name(name)).collect::<Result<_, _>>()?;
        Ok(Self { names, parts })
    }
}

impl Package for PartsPackage<'_> {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&mut self, at: usize) -> Result<Vec<u8>, DefinitionError> {
        let (name, content) = &self.parts[at];
        check_size(name, content.len() as u64)?;
        Ok(content.clone())
    }
}

/// Opens a solution's archive.
pub(super) fn open_solution<R: Read + Seek>(reader: R) -> Result<ZipPackage<R>, DefinitionError> {
    ZipPackage::open(reader, MAX_PACKAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_point_outside_are_refused() {
        for name in ["../x", "a/../../x", "/x", "\\x", "C:\\x", "a\\..\\x", "", "a\0b"] {
            assert!(matches!(safe_name(name), Err(DefinitionError::UnsafeName { .. })), "{name:?}");
        }
        assert_eq!(safe_name("Other\\Solution.xml").unwrap(), "Other/Solution.xml");
        assert_eq!(safe_name("./a..b/c").unwrap(), "a..b/c");
    }

    #[test]
    fn compression_is_judged_over_the_whole() {
        assert!(check_inflated(HARMLESS_BYTES, 1, MAX_PACKAGE_BYTES).is_ok());
        assert!(matches!(
            check_inflated(1 << 20, 1 << 10, MAX_PACKAGE_BYTES),
            Err(DefinitionError::Bomb { .. })
        ));
        assert!(check_inflated(1 << 20, 1 << 14, MAX_PACKAGE_BYTES).is_ok());
        let large = check_inflated(MAX_PACKAGE_BYTES + 1, u64::MAX, MAX_PACKAGE_BYTES);
        assert!(matches!(large, Err(DefinitionError::PackageTooLarge { .. })));
    }
}
