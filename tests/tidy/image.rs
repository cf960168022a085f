//! The container image: built and run without a registry where a builder is, and the program itself in an otherwise empty,
//! read-only root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::deploy::{said, skipped, succeeds, wanted};
use super::root;

const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

fn build(binary: &Path) -> Command {
    let mut build = Command::new("bash");
    build.arg(root().join("deploy/container/build.sh")).arg("--binary").arg(binary);
    build
}

/// A static program that says what it may do, where a compiler can make one.
fn stand_in(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("highwater");
    let source = root().join("tests/tidy/deploy/stand-in.c");
    let made =
        Command::new("cc").arg("-static").arg("-o").arg(&program).arg(source).output().ok()?;
    made.status.success().then_some(program)
}

#[test]
fn the_image_holds_one_program_and_certificates_and_runs_as_nobody() {
    let test = "the_image_holds_one_program_and_certificates_and_runs_as_nobody";
    let file = root().join("deploy/container/Containerfile");
    if let Some(hadolint) = wanted("hadolint", test) {
        succeeds(Command::new(hadolint).arg(&file));
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = stand_in(folder.path()) else {
        return skipped(test, "compiler for a static program");
    };
    let Some(buildah) = wanted("buildah", test) else { return };
    let storage = folder.path().join("storage.conf");
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(
        &storage,
        format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
            at("images"),
            at("run")
        ),
    )
    .unwrap();
    let surroundings = [
        ("CONTAINERS_STORAGE_CONF", storage.as_os_str()),
        ("BUILDAH_ISOLATION", "chroot".as_ref()),
    ];
    let built = build(&program).args(["--builder", "buildah"]).envs(surroundings).output().unwrap();
    if !built.status.success() && !rootful() {
        return skipped(test, "right to build an image");
    }
    assert!(built.status.success(), "{}", said(&built));
    let buildah = |words: &[&str]| succeeds(Command::new(&buildah).args(words).envs(surroundings));
    let container = buildah(&["from", "--pull-never", "highwater:local"]).trim().to_owned();
    let ran = buildah(&["run", &container, "--", "/highwater", "run"]);
    let mounted = PathBuf::from(buildah(&["mount", &container]).trim());
    let mut held: Vec<String> = super::files(&mounted, &|_| true)
        .iter()
        .map(|path| path.strip_prefix(&mounted).unwrap().display().to_string())
        .filter(|path| !path.starts_with("dev/") && !path.ends_with("stand-in"))
        .collect();
    buildah(&["umount", &container]);
    buildah(&["rm", &container]);
    held.retain(|path| {
        !["etc/hostname", "etc/hosts", "etc/resolv.conf", "run/.containerenv"]
            .contains(&path.as_str())
    });
    assert_eq!(held, ["etc/ssl/certs/ca-certificates.crt", "highwater"]);
    for line in
        ["user 65532:65532", "argument run", "writes / no, /data yes, /tmp yes", "certificates yes"]
    {
        assert!(ran.contains(line), "{ran}");
    }
}

#[test]
fn a_program_that_wants_a_loader_is_refused() {
    if !Path::new(CERTIFICATES).exists() {
        return skipped("a_program_that_wants_a_loader_is_refused", CERTIFICATES);
    }
    let program = Path::new(env!("CARGO_BIN_EXE_highwater"));
    let refused = build(program).arg("--dry-run").output().unwrap();
    let linked = Command::new("ldd").arg(program).output();
    if linked.is_ok_and(|linked| linked.status.success()) {
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains("linked dynamically"), "{}", said(&refused));
    }
}

/// The libraries that a program wants, as the loader finds them.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let listed = Command::new("ldd").arg(program).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let words = listed.split_whitespace().filter(|word| word.starts_with('/'));
    words.map(PathBuf::from).collect()
}

fn rootful() -> bool {
    Command::new("unshare")
        .args(["--mount", "true"])
        .output()
        .is_ok_and(|tried| tried.status.success())
}

/// Runs the program as nobody in a root that cannot be written, with `/data` and `/tmp` as the only places to write.
fn jailed(jail: &Path, work: &Path, arguments: &[&str]) -> Output {
    let script = "set -e; jail=$1; work=$2; shift 2
        mount --bind \"$jail\" \"$jail\"; mount --bind \"$work/data\" \"$jail/data\"; mount --bind \"$work/tmp\" \"$jail/tmp\"
        for device in null random urandom; do mount --bind /dev/$device \"$jail/dev/$device\"; done
        mount -o remount,ro,bind \"$jail\"
        exec chroot --userspec=65532:65532 \"$jail\" /highwater \"$@\"";
    Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"])
        .args([jail, work])
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SSL_CERT_FILE", CERTIFICATES)
        .env("HIGHWATER_STORE", "/data")
        .output()
        .unwrap()
}

#[test]
fn the_program_needs_nothing_but_what_the_image_holds() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let test = "the_program_needs_nothing_but_what_the_image_holds";
    if !rootful() || !Path::new(CERTIFICATES).exists() {
        return skipped(test, "right to mount, or no certificates");
    }
    let folder =
        tempfile::tempdir_in(Path::new(env!("CARGO_BIN_EXE_highwater")).parent().unwrap()).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (jail, work) = (folder.path().join("jail"), folder.path().join("work"));
    for path in ["data", "tmp", "dev", "etc/ssl/certs"] {
        fs::create_dir_all(jail.join(path)).unwrap();
    }
    // What every container runtime gives.
    for device in ["null", "random", "urandom"] {
        fs::write(jail.join("dev").join(device), "").unwrap();
    }
    for path in ["data", "tmp"] {
        fs::create_dir_all(work.join(path)).unwrap();
        chown(work.join(path), Some(65532), Some(65532)).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_highwater"));
    fs::hard_link(program, jail.join("highwater")).unwrap();
    fs::copy(CERTIFICATES, jail.join("etc/ssl/certs/ca-certificates.crt")).unwrap();
    for library in libraries(program) {
        let inside = jail.join(library.strip_prefix("/").unwrap());
        fs::create_dir_all(inside.parent().unwrap()).unwrap();
        fs::copy(&library, inside).unwrap();
    }
    let ran = jailed(&jail, &work, &["demo", "--out", "/data/demo", "--profile", "rudimentary"]);
    assert!(ran.status.success(), "{}", said(&ran));
    assert!(work.join("data/demo/report.html").exists(), "{}", said(&ran));
    let refused =
        jailed(&jail, &work, &["demo", "--out", "/elsewhere", "--profile", "rudimentary"]);
    assert!(!refused.status.success() && !jail.join("elsewhere").exists(), "{}", said(&refused));
}
