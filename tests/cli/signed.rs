//! Signed statements and bundles: what is whole passes, and every way to change something is named.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{GOOD, code, err, highwater, import, out};

const AT: [&str; 2] = ["--on", "2026-11-02T08:00:00Z"];

/// A folder with a snapshot, statements, two keys, and a signature by the first.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    import(at, "rudimentary");
    fs::write(at.join("a.toml"), GOOD).unwrap();
    for key in ["ours.key", "theirs.key"] {
        let made = highwater(at, &["attest", "keygen", "--out", key]);
        assert_eq!(code(&made), 0, "{}", err(&made));
    }
    let sign = ["attest", "sign", "--key", "ours.key", "a.toml", AT[0], AT[1]];
    let signed = highwater(at, &sign);
    assert_eq!((code(&signed), out(&signed).as_str()), (0, "a.toml.sig\n"), "{}", err(&signed));
    folder
}

/// What the command says on stderr when it refuses.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = highwater(folder, args);
    assert_eq!(code(&output), 2, "{args:?}: {}{}", out(&output), err(&output));
    assert_eq!(out(&output), "", "{args:?}");
    err(&output)
}

#[test]
fn a_key_is_its_owners_alone_and_never_written_over() {
    let folder = prepared();
    let at = folder.path();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(at.join("ours.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(refused(at, &["attest", "keygen", "--out", "ours.key"]).contains("there already"));
    let mixed = ["attest", "sign", "--key", "ours.key.pub", "a.toml"];
    assert!(refused(at, &mixed).contains("holds no private key"));
    let mixed = ["attest", "verify", "a.toml", "--trusted-key", "ours.key"];
    assert!(refused(at, &mixed).contains("holds a private key"));
}

#[test]
fn who_signed_is_said_and_what_was_changed_is_refused() {
    let folder = prepared();
    let at = folder.path();
    let verify = ["attest", "verify", "a.toml", "--trusted-key", "ours.key.pub"];
    let said = out(&highwater(at, &verify));
    assert!(said.contains("unchanged since; trusted") && said.contains("2026-11-02T08:00:00Z"));
    let theirs = ["attest", "verify", "a.toml", "--trusted-key", "theirs.key.pub"];
    assert!(refused(at, &theirs).contains("which is not trusted"));

    fs::write(at.join("bad.toml"), GOOD.replace("CoE lead", " ")).unwrap();
    let bad = ["attest", "sign", "--key", "ours.key", "bad.toml"];
    assert!(refused(at, &bad).contains("bad.toml:5"), "a file with mistakes is not signed");
    assert!(!at.join("bad.toml.sig").exists());

    fs::write(at.join("a.toml"), GOOD.replace("CoE lead", "CTO")).unwrap();
    for args in [&verify[..], &["score", "store", "--attest", "a.toml"]] {
        assert!(refused(at, args).contains("was changed after it was signed"));
    }
    fs::write(at.join("a.toml.sig"), "{}").unwrap();
    assert!(refused(at, &verify).contains("is no signature"));
    fs::remove_file(at.join("a.toml.sig")).unwrap();
    assert!(refused(at, &verify).contains("is not signed"));
    assert_eq!(code(&highwater(at, &["score", "store", "--attest", "a.toml"])), 0);
    let required = ["score", "store", "--attest", "a.toml", "--require-signature"];
    assert!(refused(at, &required).contains("signatures are required"));
}

#[test]
fn the_scorecard_says_who_vouches() {
    let folder = prepared();
    let at = folder.path();
    let file = |args: &[&str]| {
        let mut all = vec!["score", "store", "--attest", "a.toml", "--format", "json"];
        all.extend(args);
        let scored = highwater(at, &all);
        assert_eq!(code(&scored), 0, "{}", err(&scored));
        let scorecard: Value = serde_json::from_slice(&scored.stdout).unwrap();
        scorecard["statement_files"][0].clone()
    };
    assert_eq!(file(&[])["signature"]["trusted"], false);
    let trusted = file(&["--trusted-key", "ours.key.pub"]);
    assert_eq!(trusted["signature"]["trusted"], true);
    assert_eq!(trusted["signature"]["signed_at"], "2026-11-02T08:00:00Z");
    let config = "[attestations]\ntrusted_keys = [\"ours.key.pub\"]\nrequire_signature = true\n";
    fs::write(at.join("highwater.toml"), config).unwrap();
    assert_eq!(file(&[]), trusted);
    let text = out(&highwater(at, &["score", "store", "--attest", "a.toml"]));
    assert!(text.contains("which is trusted"), "{text}");
    fs::remove_file(at.join("a.toml.sig")).unwrap();
    assert!(refused(at, &["score", "store", "--attest", "a.toml"]).contains("is not signed"));
    let unsigned = out(&highwater(at, &["score", "store", "--format", "json"]));
    assert!(!unsigned.contains("statement_files"), "nothing is said of no file");
}

#[test]
fn another_program_finds_the_signature_good() {
    let folder = prepared();
    let at = folder.path();
    let known = Command::new("openssl").arg("version").output();
    let known = known.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if !known.as_ref().is_ok_and(|version| version.starts_with("OpenSSL 3")) {
        println!(
            "skipped: another_program_finds_the_signature_good, because there is no OpenSSL 3"
        );
        return;
    }
    let text = fs::read_to_string(at.join("a.toml.sig")).unwrap();
    let signature: Value = serde_json::from_str(&text).unwrap();
    let word = |key: &str| signature[key].as_str().unwrap().to_owned();
    let (key, signed_at, sha256) = (word("key"), word("signed_at"), word("sha256"));
    let message =
        format!("highwater signature 1\nkey {key}\nsigned_at {signed_at}\nsha256 {sha256}\n");
    fs::write(at.join("message"), message).unwrap();
    fs::write(at.join("signature.b64"), word("signature") + "\n").unwrap();
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl").args(args).current_dir(at).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    openssl(&["base64", "-d", "-A", "-in", "signature.b64", "-out", "signature"]);
    let verify = "pkeyutl -verify -pubin -inkey ours.key.pub -rawin -in message -sigfile signature";
    openssl(&verify.split(' ').collect::<Vec<_>>());
    // And a key of its making is one of ours.
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "other.key"]);
    openssl(&["pkey", "-in", "other.key", "-pubout", "-out", "other.pub"]);
    let signed = highwater(at, &["attest", "sign", "--key", "other.key", "a.toml"]);
    assert_eq!(code(&signed), 0, "{}", err(&signed));
    let verify = ["attest", "verify", "a.toml", "--trusted-key", "other.pub"];
    assert_eq!(code(&highwater(at, &verify)), 0);
}

/// Packs everything; the arguments come on top.
fn pack(at: &Path, to: &str, args: &[&str]) {
    let mut all = vec!["pack", "store", "--scorecard", "--report", "--attest", "a.toml"];
    all.extend(["--out", to, "--trusted-key", "ours.key.pub"]);
    all.extend(AT);
    all.extend(args);
    let packed = highwater(at, &all);
    assert_eq!(code(&packed), 0, "{}", err(&packed));
}

/// What becomes of a file of a bundle; nothing leaves it out.
type Edit<'a> = &'a dyn Fn(&str, Vec<u8>) -> Option<Vec<u8>>;

/// Writes a bundle again, every file as `edit` gives it.
fn rewrite(at: &Path, from: &str, to: &str, edit: Edit<'_>) {
    let mut old = zip::ZipArchive::new(fs::File::open(at.join(from)).unwrap()).unwrap();
    let mut new = zip::ZipWriter::new(fs::File::create(at.join(to)).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for index in 0..old.len() {
        let mut entry = old.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some(bytes) = edit(&name, bytes) {
            new.start_file(name, options).unwrap();
            new.write_all(&bytes).unwrap();
        }
    }
    new.finish().unwrap();
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains(from), "nothing to change");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn a_bundle_is_scored_again_bit_for_bit() {
    let folder = prepared();
    let at = folder.path();
    pack(at, "b.zip", &["--sign", "ours.key"]);
    pack(at, "again.zip", &["--sign", "ours.key"]);
    assert_eq!(fs::read(at.join("b.zip")).unwrap(), fs::read(at.join("again.zip")).unwrap());
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(at.join("b.zip"), elsewhere.path().join("b.zip")).unwrap();
    fs::copy(at.join("ours.key.pub"), elsewhere.path().join("k.pub")).unwrap();
    let verified = highwater(elsewhere.path(), &["verify", "b.zip", "--trusted-key", "k.pub"]);
    let said = out(&verified);
    assert_eq!(code(&verified), 0, "{said}{}", err(&verified));
    assert!(said.contains("the key is trusted"), "{said}");
    assert!(said.contains("scored again, the same byte for byte: scorecard.json, report.html"));
    let theirs = highwater(at, &["verify", "b.zip", "--trusted-key", "theirs.key.pub"]);
    assert_eq!(code(&theirs), 1);
    assert!(out(&theirs).contains("none of those that you trust"), "{}", out(&theirs));
    pack(at, "unsigned.zip", &[]);
    let said = out(&highwater(at, &["verify", "unsigned.zip"]));
    assert!(said.contains("not signed: it is as good as whoever gave it to you"), "{said}");
    let wanted = ["verify", "unsigned.zip", "--trusted-key", "ours.key.pub"];
    assert_eq!(code(&highwater(at, &wanted)), 1);
}

#[test]
fn every_change_of_a_bundle_is_named() {
    let folder = prepared();
    let at = folder.path();
    pack(at, "b.zip", &["--sign", "ours.key"]);
    let named = |what: &str, edit: Edit<'_>| {
        rewrite(at, "b.zip", "changed.zip", edit);
        let verified = highwater(at, &["verify", "changed.zip"]);
        let said = out(&verified) + &err(&verified);
        assert_ne!(code(&verified), 0, "{what}: {said}");
        assert!(said.contains(what), "{what}: {said}");
        assert!(!said.contains("/tmp"), "{said}");
    };
    named("scorecard.json differs from bundle.json", &|name, bytes| {
        let touched = name == "scorecard.json";
        Some(if touched { replaced(&bytes, "\"proven\": 100", "\"proven\": 400") } else { bytes })
    });
    named("attestations.toml is missing", &|name, bytes| {
        (name != "attestations.toml").then_some(bytes)
    });
    named("was changed after it was signed", &|name, bytes| {
        let touched = name == "bundle.json";
        Some(if touched { replaced(&bytes, "\"version\"", " \"version\"") } else { bytes })
    });
    named("nothing says whose it is", &|name, bytes| {
        (!name.starts_with("bundle.json")).then_some(bytes)
    });
}

#[test]
fn a_forged_result_does_not_survive_being_scored_again() {
    let folder = prepared();
    let at = folder.path();
    pack(at, "b.zip", &[]);
    // The forger writes the list anew, and leaves no signature.
    let forged = |victim: &'static str, from: &'static str, to: &'static str| {
        let digests = std::cell::RefCell::new((String::new(), String::new()));
        rewrite(at, "b.zip", "step.zip", &|name, bytes| {
            if name != victim {
                return Some(bytes);
            }
            let changed = replaced(&bytes, from, to);
            *digests.borrow_mut() = (sha256(&bytes), sha256(&changed));
            Some(changed)
        });
        let (old, new) = digests.into_inner();
        rewrite(at, "step.zip", "forged.zip", &|name, bytes| {
            Some(if name == "bundle.json" { replaced(&bytes, &old, &new) } else { bytes })
        });
        let verified = highwater(at, &["verify", "forged.zip"]);
        assert_eq!(code(&verified), 1, "{}", err(&verified));
        out(&verified)
    };
    let said = forged("scorecard.json", "\"proven\": 100", "\"proven\": 400");
    assert!(said.contains("400 in the bundle, 100 scored again"), "{said}");
    assert!(said.contains("level.proven"), "{said}");
    let said = forged("report.html", "<title>", "<title>Excellent: ");
    assert!(said.contains("report.html is not what the evidence gives"), "{said}");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
