//! A server that answers as it is told, remembers what it was asked, and can break in every way.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Seen {
    pub(crate) fn authorization(&self) -> &str {
        self.headers.get("authorization").map_or("", String::as_str)
    }

    /// Value of a query parameter, as it was written.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.target.split_once('?')?.1;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// What a server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A whole answer.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The head of an answer that promises more than comes.
    Truncated(Vec<u8>),
    /// The connection is reset before a byte of the answer.
    Reset,
    /// The connection is reset in the middle of the body.
    ResetInside(Vec<u8>),
    /// Nothing comes, ever.
    Silence,
    /// One byte now and then, for ever.
    Drip(Duration),
    /// A whole answer after a while.
    Late(Duration, Vec<u8>),
}

/// 200 with JSON.
pub(crate) fn json(body: &str) -> Reply {
    with(200, &[], body)
}

/// JSON with a status and further headers.
pub(crate) fn with(status: u16, headers: &[(&'static str, &str)], body: &str) -> Reply {
    let mut all = vec![("content-type", "application/json".to_owned())];
    all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Reply::Answer(status, all, body.as_bytes().to_vec())
}

/// A body of another kind.
pub(crate) fn kind(status: u16, kind: &str, body: &str) -> Reply {
    Reply::Answer(status, vec![("content-type", kind.to_owned())], body.as_bytes().to_vec())
}

/// A running server; stops when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A server that answers its n-th request (counted from 0) with `answer(n, request)`.
    pub(crate) async fn start(
        answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, noted) = (Arc::new(answer), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, noted) = (Arc::clone(&answer), Arc::clone(&noted));
                connections.spawn(async move {
                    let _ = serve(stream, answer.as_ref(), &noted).await;
                });
            }
        });
        Self { address, seen, task }
    }

    pub(crate) fn url(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

async fn serve<F: Fn(usize, &Seen) -> Reply>(
    stream: TcpStream,
    answer: &F,
    noted: &Mutex<Vec<Seen>>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = receive(&mut stream).await? {
        let number = {
            let mut noted = noted.lock().unwrap();
            noted.push(request.clone());
            noted.len() - 1
        };
        let reply = answer(number, &request);
        if !send(stream.get_mut(), reply).await? {
            return Ok(());
        }
    }
    Ok(())
}

async fn receive(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Seen>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let at = Instant::now();
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8(body).unwrap();
    Ok(Some(Seen { method, target, headers, body, at }))
}

/// Whether the connection stays.
async fn send(stream: &mut TcpStream, reply: Reply) -> io::Result<bool> {
    match reply {
        Reply::Answer(status, headers, body) => {
            stream.write_all(head(status, &headers, body.len()).as_bytes()).await?;
            stream.write_all(&body).await?;
            Ok(true)
        }
        Reply::Late(time, body) => {
            tokio::time::sleep(time).await;
            let kind = vec![("content-type", "application/json".to_owned())];
            stream.write_all(head(200, &kind, body.len()).as_bytes()).await?;
            stream.write_all(&body).await?;
            Ok(true)
        }
        Reply::Truncated(body) => {
            promise(stream, &body).await?;
            stream.shutdown().await?;
            Ok(false)
        }
        Reply::ResetInside(body) => {
            promise(stream, &body).await?;
            reset(stream);
            Ok(false)
        }
        Reply::Reset => {
            reset(stream);
            Ok(false)
        }
        Reply::Silence => loop {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        },
        Reply::Drip(pause) => {
            promise(stream, b"[").await?;
            loop {
                tokio::time::sleep(pause).await;
                stream.write_all(b" ").await?;
            }
        }
    }
}

/// A head that promises a megabyte, and what comes of it.
async fn promise(stream: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    let kind = vec![("content-type", "application/json".to_owned())];
    stream.write_all(head(200, &kind, 1 << 20).as_bytes()).await?;
    stream.write_all(body).await?;
    stream.flush().await
}

/// Closing with unsent patience of zero sends a reset instead of a farewell.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

fn head(status: u16, headers: &[(&'static str, String)], length: usize) -> String {
    let mut head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n"
}
