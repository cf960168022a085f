//! Emulator: Azurite, the vendor's emulator of Azure storage, started for one test.
//!
//! `HIGHWATER_TEST_AZURITE` names a folder into which npm installed it (`tests/run.sh` does that).

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The account that every emulator has.
pub(crate) const ACCOUNT: &str = "devstoreaccount1";

/// A running emulator with an empty container named `maturity`.
pub(crate) struct Emulator {
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
    child: Child,
}

impl Emulator {
    /// Starts it; none where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let folder = std::env::var_os("HIGHWATER_TEST_AZURITE")?;
        let script = Path::new(&folder).join("node_modules/azurite/dist/src/blob/main.js");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("node")
            .arg(script)
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
            .args([
                "--inMemoryPersistence",
                "--silent",
                "--skipApiVersionCheck",
                "--disableTelemetry",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // Not handed on: Node makes a pipe that it is given non-blocking, for everybody who writes to it.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let emulator = Self { url: format!("http://127.0.0.1:{port}"), child };
        emulator.make_container("maturity");
        Some(emulator)
    }

    /// Makes a container, as soon as the emulator answers.
    fn make_container(&self, name: &str) {
        let begun = Instant::now();
        loop {
            match self.put_container(name) {
                Some(answer) if answer.starts_with("HTTP/1.1 201") => return,
                Some(answer) => panic!("{answer}"),
                None => {
                    assert!(begun.elapsed() < Duration::from_secs(60), "azurite does not answer")
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>
    fn put_container(&self, name: &str) -> Option<String> {
        // The key that the vendor's documentation gives for every emulator. It opens nothing else.
        let key = [
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
            "/K1SZFPTOtr/KBHBeksoGMGw==",
        ]
        .concat();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &STANDARD.decode(key).unwrap());
        let headers = "x-ms-date:Sun, 22 Nov 2026 06:00:00 GMT\nx-ms-version:2021-08-06\n";
        let what = format!("/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container");
        let text = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}{what}");
        let signature = STANDARD.encode(ring::hmac::sign(&key, text.as_bytes()));
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).ok()?;
        let head =
            headers.replacen(':', ": ", 1).replace("version:", "version: ").replace('\n', "\r\n");
        write!(
            stream,
            "PUT /{ACCOUNT}/{name}?restype=container HTTP/1.1\r\nhost: {host}\r\n{head}authorization: SharedKey {ACCOUNT}:{signature}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
