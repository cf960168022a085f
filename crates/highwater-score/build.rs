//! Lists every file of `config/models`, so that a new model or edition is a new folder and no code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let models = here.join("../../config/models");
    println!("cargo::rerun-if-changed={}", models.display());
    let mut list = String::from("&[\n");
    for folder in sorted(&models)?.iter().filter(|path| path.is_dir()) {
        for file in
            sorted(folder)?.iter().filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        {
            println!("cargo::rerun-if-changed={}", file.display());
            let label = format!("{}/{}", name(folder), name(file));
            writeln!(list, "    ({label:?}, include_str!({:?})),", file.display().to_string())
                .map_err(io::Error::other)?;
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("models.rs"), list)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
