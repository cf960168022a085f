//! `attest keygen`, `sign` and `verify`: who vouches for a file of statements.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use highwater_report::text::plain;
use highwater_snapshot::Time;
use jiff::Timestamp;

use crate::args::Global;
use crate::config::{Config, write_private};
use crate::exit::usage_error;
use crate::sign::{self, PrivateKey};
use crate::testimony::{self, Trust};
use crate::{evaluate, output};

/// Makes a key: the private half for the owner alone, the public half for everybody.
pub(super) fn keygen(out: &Path) -> anyhow::Result<ExitCode> {
    let mut public = out.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    for path in [out, &public] {
        if path.exists() {
            return Err(usage_error(format!(
                "{} is there already, and keys are not written over: name another file",
                path.display()
            )));
        }
    }
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    let (key, text) = PrivateKey::from_seed(&seed).context("no key could be made")?;
    let cannot = |path: &Path, error: std::io::Error| {
        usage_error(format!("cannot write {}: {error}", path.display()))
    };
    write_private(out, &text).map_err(|error| cannot(out, error))?;
    std::fs::write(&public, key.public().pem()).map_err(|error| cannot(&public, error))?;
    output::write(&format!(
        "key {}\nprivate {}  keep it to yourself; whoever has it signs in your name\npublic  {}  give it to everybody who checks your statements\n",
        key.public().id(),
        out.display(),
        public.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the signature of a file of statements beside it. A file with mistakes is not signed.
pub(super) fn sign(
    global: &Global,
    file: Option<&Path>,
    key: &Path,
    on: Option<Time>,
) -> anyhow::Result<ExitCode> {
    let file = testimony::named(file);
    let key = read_key(key)?;
    testimony::check(&file, &evaluate::rules(global)?.rulebook)?;
    let bytes = std::fs::read(&file)
        .map_err(|error| usage_error(format!("cannot read {}: {error}", file.display())))?;
    let signature = key.sign(&bytes, &moment(on).to_string());
    let beside = sign::beside(&file);
    std::fs::write(&beside, signature.to_json()?)
        .map_err(|error| usage_error(format!("cannot write {}: {error}", beside.display())))?;
    output::say(global, &format!("signed by key {}", signature.key));
    output::write(&format!("{}\n", beside.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Says who signed a file; an error where nobody did, or nobody who is trusted.
pub(super) fn verify(
    global: &Global,
    file: Option<&Path>,
    trusted_key: &[PathBuf],
) -> anyhow::Result<ExitCode> {
    let file = testimony::named(file);
    let evaluation =
        crate::args::Evaluation { trusted_key: trusted_key.to_vec(), ..Default::default() };
    let mut trust = Trust::of(&Config::load(global)?, &evaluation)?;
    // Who names keys wants to know whether it was one of these.
    trust.required = !trust.keys.is_empty();
    let bytes = std::fs::read(&file)
        .map_err(|error| usage_error(format!("cannot read {}: {error}", file.display())))?;
    let Some(by) = testimony::signature(&file, &bytes, &trust)? else {
        return Err(usage_error(format!(
            "{} is not signed: there is no {}",
            file.display(),
            sign::beside(&file).display()
        )));
    };
    let trusted = if by.trusted { "trusted" } else { "no trusted key was named to compare with" };
    output::write(&format!(
        "{}: signed by key {} at {}, unchanged since; {trusted}\n",
        plain(&file.display().to_string()),
        by.key,
        by.signed_at
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a private key.
pub(super) fn read_key(path: &Path) -> anyhow::Result<PrivateKey> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage_error(format!("cannot read the key {}: {error}", path.display())))?;
    Ok(PrivateKey::read(path, &text)?)
}

/// The moment that was named, or now, in whole seconds.
pub(super) fn moment(named: Option<Time>) -> Time {
    let time = named.unwrap_or_else(|| Time(Timestamp::now().as_microsecond()));
    Time(time.0 - time.0.rem_euclid(1_000_000))
}
