//! Testimony: a file of statements as it is read for scoring, and who vouches for it.
//!
//! Guarantees that a signature that does not belong to its file stops everything, and that where
//! signatures are required only a trusted one will do. Decides nothing about what a statement is worth.

use std::path::{Path, PathBuf};

use highwater_score::{Attestations, Rulebook, SignedBy, StatementFile};

use crate::args::Evaluation;
use crate::config::Config;
use crate::exit::usage_error;
use crate::sheet;
use crate::sign::{self, PublicKey, Signature};

/// Statements and the file that they stand in; neither where no file was named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Testimony {
    /// The statements.
    pub(crate) statements: Attestations,
    /// Their file.
    pub(crate) files: Vec<StatementFile>,
}

/// Whose signatures count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Keys that are trusted.
    pub(crate) keys: Vec<PublicKey>,
    /// Whether statements without a trusted signature are refused.
    pub(crate) required: bool,
}

impl Trust {
    /// What configuration and arguments say together.
    pub(crate) fn of(config: &Config, evaluation: &Evaluation) -> anyhow::Result<Self> {
        let files = config.attestations.trusted_keys.iter().chain(&evaluation.trusted_key);
        let mut keys = Vec::new();
        for file in files {
            keys.extend(PublicKey::read(file, &text(file, "trusted key")?)?);
        }
        keys.sort();
        keys.dedup();
        let required = config.attestations.require_signature || evaluation.require_signature;
        Ok(Self { keys, required })
    }
}

/// Reads a file of statements and checks the signature beside it, if there is one.
pub(crate) fn read(
    file: Option<&Path>,
    rulebook: &Rulebook,
    trust: &Trust,
) -> anyhow::Result<Testimony> {
    let Some(file) = file else { return Ok(Testimony::default()) };
    let bytes = std::fs::read(file).map_err(|error| {
        usage_error(format!("cannot read {}: {error}; check the path of --attest", file.display()))
    })?;
    let statements = parse(file, &bytes, rulebook)?;
    let signature = signature(file, &bytes, trust)?;
    let files = vec![StatementFile { sha256: sign::digest(&bytes), signature }];
    Ok(Testimony { statements, files })
}

/// Reads a file of statements for its mistakes alone.
pub(crate) fn check(file: &Path, rulebook: &Rulebook) -> anyhow::Result<()> {
    let bytes = std::fs::read(file).map_err(|error| {
        usage_error(format!("cannot read {}: {error}; name a file of statements", file.display()))
    })?;
    parse(file, &bytes, rulebook).map(drop)
}

/// The statements of a file's bytes.
fn parse(file: &Path, bytes: &[u8], rulebook: &Rulebook) -> anyhow::Result<Attestations> {
    if sheet::is_sheet(file) {
        let form = sheet::read(file, bytes)?;
        let name = file.display().to_string();
        return Attestations::read(&name, &form.text, rulebook)
            .map_err(|error| form.told(error).into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        usage_error(format!(
            "{} is not UTF-8 from byte {} on: save it as UTF-8",
            file.display(),
            error.valid_up_to() + 1
        ))
    })?;
    Ok(Attestations::read(&file.display().to_string(), text, rulebook)?)
}

/// The signature beside a file, checked; nothing where there is none and none is required.
pub(crate) fn signature(
    file: &Path,
    bytes: &[u8],
    trust: &Trust,
) -> anyhow::Result<Option<SignedBy>> {
    let beside = sign::beside(file);
    if !beside.is_file() {
        if trust.required {
            return Err(usage_error(format!(
                "{} is not signed, and signatures are required: sign it with `highwater attest sign --key KEY {}`",
                file.display(),
                file.display()
            )));
        }
        return Ok(None);
    }
    let signature = Signature::read(&beside, &text(&beside, "signature")?)?;
    let key = signature.check(&beside, bytes)?;
    let trusted = trust.keys.contains(&key);
    if trust.required && !trusted {
        return Err(usage_error(format!(
            "{} is signed by key {}, which is not trusted: name its public key with --trusted-key, or have the file signed by somebody who is",
            file.display(),
            signature.key
        )));
    }
    Ok(Some(SignedBy { key: signature.key, signed_at: signature.signed_at, trusted }))
}

fn text(file: &Path, what: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(file)
        .map_err(|error| usage_error(format!("cannot read the {what} {}: {error}", file.display())))
}

/// `attestations.toml` of this folder, unless another is named.
pub(crate) fn named(file: Option<&Path>) -> PathBuf {
    file.map_or_else(|| PathBuf::from("attestations.toml"), PathBuf::from)
}
