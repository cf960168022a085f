//! Server: TLS connections on loopback, HTTP/1.1 and HTTP/2, until it is told to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::answer::Answer;
use crate::asked::Asked;
use crate::certificate::Authority;
use crate::cloud::Cloud;
use crate::respond::{self, Outgoing};

/// Which side of the simulated world a listener stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The vendors' hosts.
    Vendors,
    /// A host that no token may reach.
    Foreign,
}

/// Longest body of a request that is read.
const MOST_SENT: usize = 4 << 20;

/// Listens, and says where.
pub(crate) async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let told = |source| Error::Listen { address: address.to_string(), source };
    let listener = TcpListener::bind(address).await.map_err(told)?;
    let local = listener.local_addr().map_err(told)?;
    Ok((listener, local))
}

/// The TLS side: a certificate for every host, both protocol versions.
pub(crate) fn acceptor(authority: Arc<Authority>) -> Result<TlsAcceptor, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Certificate(error.to_string()))?
        .with_no_client_auth()
        .with_cert_resolver(authority);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves until told to stop; answers under way are finished.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    cloud: Arc<Cloud>,
    side: Side,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let told = stop.clone();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, acceptor.clone(), cloud.clone(), side, told.clone()));
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(2), all).await;
    connections.abort_all();
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    cloud: Arc<Cloud>,
    side: Side,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request| {
        let cloud = cloud.clone();
        async move {
            match side {
                Side::Vendors => handle(cloud, request).await,
                Side::Foreign => foreign(cloud, request).await,
            }
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stopped| *stopped) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn handle(
    cloud: Arc<Cloud>,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Infallible> {
    let asked = received(request).await;
    let service = asked.service().map_or("unknown", crate::host::Service::name);
    cloud.meter.begin(service, asked.method.as_str(), &asked.path);
    if !cloud.settings.latency.is_zero() {
        tokio::time::sleep(cloud.settings.latency).await;
    }
    let answer = cloud.answer(&asked);
    let status = answer.status;
    let (response, length) = respond::response(answer);
    cloud.meter.end(service, status, length);
    Ok(response)
}

async fn received(request: Request<Incoming>) -> Asked {
    let (parts, body) = request.into_parts();
    let body = http_body_util::Limited::new(body, MOST_SENT)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    Asked::new(parts.method, &parts.uri, parts.headers, body)
}

/// A host of nobody's: notes what it is sent, and whether a token was among it.
pub(crate) async fn foreign(
    cloud: Arc<Cloud>,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Infallible> {
    let asked = received(request).await;
    let with = if asked.headers.contains_key(header::AUTHORIZATION) { "with" } else { "without" };
    cloud.meter.foreign(format!("{} {} {with} a token", asked.method, asked.path));
    let (response, _) = respond::response(Answer::json(json!({"value": []})));
    Ok(response)
}
