//! Packs the inventories of the reference tenants into one archive, which the library embeds, so that a built binary
//! needs no folder beside it.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const PROFILES: [&str; 5] = ["rudimentary", "repeatable", "defined", "capable", "denied"];

fn main() -> Result<(), Box<dyn Error>> {
    let tenants =
        PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../fixtures/tenants");
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("tenants.zip");
    let mut archive = ZipWriter::new(File::create(target)?);
    for profile in PROFILES {
        let inventory = tenants.join(profile).join("inventory");
        println!("cargo::rerun-if-changed={}", inventory.display());
        let mut files = Vec::new();
        walk(&inventory, &mut files)?;
        files.sort();
        for file in files {
            let name = file.strip_prefix(&inventory)?.to_string_lossy().replace('\\', "/");
            archive.start_file(format!("{profile}/{name}"), SimpleFileOptions::default())?;
            archive.write_all(&fs::read(&file)?)?;
        }
    }
    archive.finish()?;
    Ok(())
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
