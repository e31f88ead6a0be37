//! An HTTP server on loopback that answers as it was told: each request takes the next answer, the last one repeats.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What one request is answered with.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    body: Vec<u8>,
    tag: Option<&'static str>,
    location: Option<String>,
    knows_ranges: bool,
    knows_if_range: bool,
    shifted: usize,
    says_length: bool,
    at: usize,
    then: Then,
}

/// What happens after `at` bytes of the body.
#[derive(Debug, Clone)]
enum Then {
    Cut,
    Hang,
    GoOn(Arc<Semaphore>),
}

impl Answer {
    /// The file, or the range of it that was asked for.
    pub(crate) fn file(body: &[u8]) -> Self {
        Self {
            status: 200,
            body: body.to_vec(),
            tag: None,
            location: None,
            knows_ranges: true,
            knows_if_range: true,
            shifted: 0,
            says_length: true,
            at: usize::MAX,
            then: Then::Cut,
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, knows_ranges: false, ..Self::file(b"") }
    }

    pub(crate) fn to(location: &str) -> Self {
        Self { location: Some(location.to_owned()), ..Self::status(302) }
    }

    /// The connection closes after so many bytes.
    pub(crate) fn cut(self, at: usize) -> Self {
        Self { at, then: Then::Cut, ..self }
    }

    /// Nothing more comes after so many bytes, not even the end.
    pub(crate) fn hang(self, at: usize) -> Self {
        Self { at, then: Then::Hang, ..self }
    }

    /// The rest comes when a permit is added.
    pub(crate) fn hold(self, at: usize, until: &Arc<Semaphore>) -> Self {
        Self { at, then: Then::GoOn(Arc::clone(until)), ..self }
    }

    pub(crate) fn tagged(self, tag: &'static str) -> Self {
        Self { tag: Some(tag), ..self }
    }

    pub(crate) fn without_ranges(self) -> Self {
        Self { knows_ranges: false, ..self }
    }

    /// A range is a range, whatever `If-Range` says.
    pub(crate) fn without_if_range(self) -> Self {
        Self { knows_if_range: false, ..self }
    }

    /// Ranges begin so many bytes after what was asked for.
    pub(crate) fn shifted(self, by: usize) -> Self {
        Self { shifted: by, ..self }
    }

    /// Nothing says how long the answer is; it ends with the connection.
    pub(crate) fn without_length(self) -> Self {
        Self { says_length: false, ..self }
    }

    async fn give(self, head: &str, stream: &mut TcpStream) -> io::Result<()> {
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let size = self.body.len();
        let same = !self.knows_if_range || header("if-range").is_none_or(|tag| Some(tag.as_str()) == self.tag);
        let from = header("range")
            .filter(|_| self.knows_ranges && same)
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let mut lines = vec!["connection: close".to_owned()];
        let (status, body) = match from {
            Some(from) if from >= size => (416, &[][..]),
            Some(from) => {
                let from = (from + self.shifted).min(size - 1);
                lines.push(format!("content-range: bytes {from}-{}/{size}", size - 1));
                (206, &self.body[from..])
            }
            None => (self.status, &self.body[..]),
        };
        if self.says_length {
            lines.push(format!("content-length: {}", body.len()));
        }
        lines.extend(self.tag.map(|tag| format!("etag: {tag}")));
        lines.extend(self.location.as_ref().map(|location| format!("location: {location}")));
        let lines = lines.join("\r\n");
        let answer = format!("HTTP/1.1 {status} x\r\n{lines}\r\n\r\n");
        let (now, later) = body.split_at(self.at.min(body.len()));
        // A server that says nothing at all does not say its status either.
        if !(matches!(self.then, Then::Hang) && self.at == 0) {
            stream.write_all(answer.as_bytes()).await?;
        }
        stream.write_all(now).await?;
        stream.flush().await?;
        match self.then {
            Then::Cut => Ok(()),
            Then::Hang => std::future::pending().await,
            Then::GoOn(until) => {
                until.acquire().await.expect("it is never closed").forget();
                stream.write_all(later).await
            }
        }
    }
}

/// Stops when it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _accepting: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/model.bin", listener.local_addr().expect("its address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, answers.into(), Arc::clone(&asked)));
        Self { url, asked, _accepting: accepting }
    }

    /// The heads of the requests that came.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, mut answers: VecDeque<Answer>, asked: Arc<Mutex<Vec<String>>>) {
    let mut answering = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let answer = answer.expect("at least one answer");
        // Whoever hangs up early is what is tried here.
        answering.spawn(async move { answer.give(&head, &mut stream).await.unwrap_or_default() });
    }
}
