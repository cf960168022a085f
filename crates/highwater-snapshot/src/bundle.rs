//! Bundle: a snapshot as one `.zip` file to hand over.
//!
//! Guarantees that the same snapshot packs to the same bytes, and that unpacking a hostile bundle neither
//! leaves its folder nor fills the disk. Knows nothing of what the files mean.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::Error;
use crate::manifest::Manifest;

/// A bundle may not unpack to more than this many bytes.
const MOST_BYTES: u64 = 64 << 30;
/// One file may not unpack to more than this many times its packed size, beyond the first mebibyte.
const MOST_RATIO: u64 = 200;
/// A bundle may not hold more files than this.
const MOST_FILES: usize = 2_000;

/// Files that a bundle may hold beside the snapshot: results, statements, and the list of them all.
const BESIDE: [&str; 10] = [
    "bundle.json",
    "bundle.json.sig",
    "scorecard.json",
    "report.html",
    "attestations.toml",
    "attestations.toml.sig",
    "attestations.xlsx",
    "attestations.xlsx.sig",
    "attestations.csv",
    "attestations.csv.sig",
];

/// Writes the manifest, every file that it names, and what stands beside them.
pub(crate) fn pack(
    folder: &Path,
    manifest: &Manifest,
    beside: &[(String, Vec<u8>)],
    to: &Path,
) -> Result<(), Error> {
    let file = File::create(to).map_err(Error::io("create", to))?;
    let mut zip = ZipWriter::new(file);
    // Parquet and zstd files do not shrink further.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true)
        .unix_permissions(0o644);
    for name in std::iter::once("manifest.json").chain(manifest.files.keys().map(String::as_str)) {
        let path = folder.join(name);
        let mut source = File::open(&path).map_err(Error::io("read", &path))?;
        zip.start_file(name, options).map_err(|error| Error::invalid(to, error.to_string()))?;
        std::io::copy(&mut source, &mut zip).map_err(Error::io("write", to))?;
    }
    let options = options.compression_method(CompressionMethod::Deflated);
    let mut beside: Vec<_> = beside.iter().collect();
    beside.sort();
    for (name, bytes) in beside {
        check_name(Path::new(name)).map_err(|problem| Error::invalid(to, problem))?;
        zip.start_file(name, options).map_err(|error| Error::invalid(to, error.to_string()))?;
        zip.write_all(bytes).map_err(Error::io("write", to))?;
    }
    zip.finish().map_err(|error| Error::invalid(to, error.to_string()))?;
    Ok(())
}

/// Unpacks into a temporary folder that goes away with the returned value.
pub(crate) fn unpack(from: &Path) -> Result<tempfile::TempDir, Error> {
    let file = File::open(from).map_err(Error::io("read", from))?;
    let refuse = |problem: String| Error::invalid(from, problem);
    let mut zip = ZipArchive::new(file).map_err(|error| {
        refuse(format!("not a bundle ({error}): give a .zip made by `highwater pack`"))
    })?;
    if zip.len() > MOST_FILES {
        return Err(refuse(format!(
            "{} files are more than a bundle may hold ({MOST_FILES})",
            zip.len()
        )));
    }
    let folder = tempfile::tempdir().map_err(Error::io("create a temporary folder for", from))?;
    let mut left = MOST_BYTES;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| refuse(error.to_string()))?;
        let name = entry.name().map_err(|error| refuse(error.to_string()))?.into_owned();
        if name.ends_with('/') {
            continue;
        }
        check_name(Path::new(&name)).map_err(&refuse)?;
        let most =
            left.min(entry.compressed_size().saturating_mul(MOST_RATIO).saturating_add(1 << 20));
        let written = copy_bounded(&mut entry, &folder.path().join(&name), most)?;
        if written > most {
            return Err(refuse(format!(
                "{name} unpacks to more than {most} bytes: the bundle is damaged or hostile"
            )));
        }
        left -= written;
    }
    if !folder.path().join("manifest.json").is_file() {
        return Err(refuse(
            "holds no manifest.json: give a .zip made by `highwater pack`".to_owned(),
        ));
    }
    Ok(folder)
}

/// Refuses names that leave the folder or that no snapshot has.
pub(crate) fn check_name(name: &Path) -> Result<(), String> {
    let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
    let shown = name.display();
    let known = match name.parent().and_then(Path::to_str) {
        Some("") => {
            name == Path::new("manifest.json") || BESIDE.iter().any(|file| Path::new(file) == name)
        }
        Some("tables") => name.extension().is_some_and(|extension| extension == "parquet"),
        Some("raw") => name.to_string_lossy().ends_with(".ndjson.zst"),
        _ => false,
    };
    if plain && known {
        Ok(())
    } else {
        Err(format!("`{shown}` is not a file of a snapshot: nothing was unpacked from it"))
    }
}

/// Copies at most one byte more than `most`, so that the caller sees the excess.
fn copy_bounded(from: &mut impl Read, to: &Path, most: u64) -> Result<u64, Error> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    }
    let mut file = File::create(to).map_err(Error::io("create", to))?;
    let written = std::io::copy(&mut from.take(most.saturating_add(1)), &mut file)
        .map_err(Error::io("unpack", to))?;
    file.flush().map_err(Error::io("unpack", to))?;
    Ok(written)
}
