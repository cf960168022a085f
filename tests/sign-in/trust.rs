//! Trust: TLS by the system's store, `SSL_CERT_FILE` and `--ca-file`, and redirects that are not followed.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use highwater_auth::tls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::entra::Entra;

const ADDRESS: &str = "HIGHWATER_TEST_ADDRESS";

/// A server of `localhost` whose certificate an authority of the test signed; its address, and that authority's file.
async fn server(folder: &Path) -> (String, std::path::PathBuf) {
    tls::install();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let path = folder.join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (address, path)
}

async fn status(address: &str, ca_file: Option<&Path>) -> Result<u16, reqwest::Error> {
    let client = tls::client_builder(ca_file).unwrap().no_proxy().build().unwrap();
    Ok(client.get(address).send().await?.status().as_u16())
}

#[tokio::test]
async fn a_certificate_is_trusted_if_its_authority_is() {
    let folder = tempfile::tempdir().unwrap();
    let (address, ca_file) = server(folder.path()).await;
    let error = status(&address, None).await.unwrap_err();
    assert!(error.is_connect(), "{error}");
    assert_eq!(status(&address, Some(&ca_file)).await.unwrap(), 204);
}

/// Runs one of the ignored tests below in a process of its own, because store and proxies are read from the environment.
async fn in_a_process(test: &'static str, variables: Vec<(&'static str, String)>) -> String {
    let child = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env_remove("SSL_CERT_DIR")
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .envs(variables)
            .output()
            .unwrap()
    });
    let output = child.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    text
}

#[tokio::test]
async fn ssl_cert_file_is_honoured() {
    let folder = tempfile::tempdir().unwrap();
    let (address, ca_file) = server(folder.path()).await;
    let ca_file = ca_file.to_str().unwrap().to_owned();
    in_a_process(
        "trust::with_the_file_of_the_environment",
        vec![("SSL_CERT_FILE", ca_file), (ADDRESS, address)],
    )
    .await;
}

#[tokio::test]
#[ignore = "run by ssl_cert_file_is_honoured in a process of its own"]
async fn with_the_file_of_the_environment() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    assert_eq!(status(&address, None).await.unwrap(), 204);
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_but_for_the_hosts_it_leaves_out() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let variables = vec![("HTTPS_PROXY", proxy), ("NO_PROXY", "127.0.0.1".to_owned())];
    let child =
        tokio::spawn(in_a_process("trust::through_the_proxy_of_the_environment", variables));
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut asked = [0; 512];
    let read = stream.read(&mut asked).await.unwrap();
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
    drop(stream);
    assert!(
        asked[..read].starts_with(b"CONNECT proxied.invalid:443"),
        "{}",
        String::from_utf8_lossy(&asked)
    );
    child.await.unwrap();
    let again = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
    assert!(again.is_err(), "the host that the proxy leaves out was asked for there as well");
}

#[tokio::test]
#[ignore = "run by the_proxy_of_the_environment_is_used_but_for_the_hosts_it_leaves_out in a process of its own"]
async fn through_the_proxy_of_the_environment() {
    let client = tls::client_builder(None).unwrap().build().unwrap();
    for address in ["https://proxied.invalid/", "https://127.0.0.1:1/"] {
        assert!(client.get(address).send().await.is_err());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Entra::generous().await;
    let to = elsewhere.address.clone();
    let entra = Entra::start(move |_| (302, vec![("location", to.clone())], String::new())).await;
    assert_eq!(status(&entra.address, None).await.unwrap(), 302);
    assert!(elsewhere.seen().is_empty());
}
