//! A system that is told of notes, and misbehaves when it is asked to. It believes nothing that it has not verified itself:
//! HMAC is done here by its definition (RFC 2104), apart from the library that signs.

use crate::schema;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const PATIENCE: Duration = Duration::from_secs(30);

/// What it does with a request, once it has read it whole.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Says this, without a body.
    Status(u16),
    /// The same with a header.
    With(u16, String),
    /// Says nothing, and keeps the connection.
    Hang,
    /// Says one byte of its answer, and then another, for as long as anybody listens.
    Drip,
    /// Resets the connection.
    Reset,
    /// Says what is no HTTP.
    Garbage,
    /// Says 200 and a body without an end.
    Huge,
}

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// What it says, which is as the schema in the documents has it.
    pub(crate) fn json(&self) -> Value {
        let event = serde_json::from_slice(&self.body).unwrap();
        schema::fits(&schema::of_events(), &event, "event");
        event
    }

    pub(crate) fn version(&self) -> i64 {
        self.json()["data"]["version"].as_i64().unwrap()
    }

    /// Whether one of the signatures is that of this secret.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.trim().strip_prefix("whsec_").unwrap()).unwrap();
        let mut signed = format!("{}.{}.", self.id(), self.headers["webhook-timestamp"]).into_bytes();
        signed.extend_from_slice(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &signed)));
        self.headers["webhook-signature"].split(' ').any(|signature| signature == expected)
    }
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64, "a longer key would be hashed first");
    let padded = |pad: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36).as_slice(), message].concat());
    Sha256::digest([padded(0x5c).as_slice(), &inner].concat()).to_vec()
}

#[derive(Default)]
struct Kept {
    got: Vec<Got>,
    script: VecDeque<Answer>,
}

/// The running receiver; it goes when it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    _listening: JoinSet<()>,
}

impl Receiver {
    /// One that does these things in turn, and then says 204.
    pub(crate) async fn that(script: impl IntoIterator<Item = Answer>) -> Self {
        Self::over(script, async |stream: TcpStream| Some(stream)).await
    }

    /// The same over what `wrap` makes of a connection.
    pub(crate) async fn over<S, W, F>(script: impl IntoIterator<Item = Answer>, wrap: W) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
        W: Fn(TcpStream) -> F + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Mutex::new(Kept { got: Vec::new(), script: script.into_iter().collect() }));
        let mut listening = JoinSet::new();
        let of_all = Arc::clone(&kept);
        listening.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (wrapped, kept) = (wrap(stream), Arc::clone(&of_all));
                connections.spawn(async move {
                    if let Some(stream) = wrapped.await {
                        serve(stream, &kept).await;
                    }
                });
            }
        });
        Self { address, kept, _listening: listening }
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.locked().got.clone()
    }

    /// What it does next, before anything else that it was told.
    pub(crate) fn next_does(&self, answer: Answer) {
        self.locked().script.push_front(answer);
    }

    /// Waits until so much came in, and gives the last of it.
    pub(crate) async fn wait_for(&self, count: usize) -> Got {
        let begin = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            let got = self.got();
            if got.len() >= count {
                return got[count - 1].clone();
            }
            assert!(begin.elapsed() < PATIENCE, "{} of {count} came in", got.len());
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, kept: &Mutex<Kept>) {
    let Some(got) = read(&mut stream).await else { return };
    let answer = {
        let mut kept = kept.lock().unwrap();
        kept.got.push(got);
        kept.script.pop_front().unwrap_or(Answer::Status(204))
    };
    // Whoever asked may be gone, which is what some cases are about.
    drop(say(&mut stream, answer).await);
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, answer: Answer) -> std::io::Result<()> {
    let head = |status: u16, more: &str| format!("HTTP/1.1 {status} x\r\nconnection: close\r\n{more}\r\n");
    match answer {
        Answer::Status(status) => stream.write_all(head(status, "content-length: 0\r\n").as_bytes()).await?,
        Answer::With(status, header) => {
            stream.write_all(head(status, &format!("content-length: 0\r\n{header}\r\n")).as_bytes()).await?;
        }
        Answer::Hang => std::future::pending().await,
        Answer::Drip => {
            let mut tick = tokio::time::interval(Duration::from_millis(100));
            for byte in head(200, "").bytes().cycle() {
                tick.tick().await;
                stream.write_all(&[byte]).await?;
            }
        }
        Answer::Reset => {}
        Answer::Garbage => stream.write_all(b"\x00\xff204 No Content\r\n\r\n").await?,
        Answer::Huge => {
            stream.write_all(head(200, "").as_bytes()).await?;
            loop {
                stream.write_all(&[b'x'; 8_192]).await?;
            }
        }
    }
    stream.shutdown().await
}

/// A request, whole.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Got> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next(), Some("POST /in HTTP/1.1"));
    let headers: HashMap<String, String> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Got { headers, body: bytes[head + 4..].to_vec() })
}
