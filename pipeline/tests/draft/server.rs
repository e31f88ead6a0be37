//! A language model's server on loopback that does what it is told, wrong things above all.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// One thing that the server does with a connection, after it has read the request.
#[derive(Clone, Debug)]
pub(crate) enum Do {
    /// Sends this.
    Send(Vec<u8>),
    /// Waits for so long.
    Wait(Duration),
    /// Waits until the test says so.
    WaitForTest,
    /// Sends the same again and again, with pauses.
    Drip(Vec<u8>, Duration),
    /// Does nothing more, and keeps the connection open until the other side closes it.
    Hang,
}

/// The server.
pub(crate) struct Server {
    pub(crate) base_url: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// Lets `WaitForTest` go on.
    pub(crate) go_on: mpsc::Sender<()>,
    /// Says that a client went away while the server was hanging.
    pub(crate) left: mpsc::Receiver<()>,
    /// Ends with the server.
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves everybody in this way.
    pub(crate) async fn that_does(script: Vec<Do>) -> Self {
        Self::that_does_in_turn(vec![script]).await
    }

    /// Serves the first request in the first way, and so on; from then on in the last. Several may come at once.
    pub(crate) async fn that_does_in_turn(scripts: Vec<Vec<Do>>) -> Self {
        Self::that_answers(move |number, _| scripts[number.min(scripts.len() - 1)].clone()).await
    }

    /// Serves each request, whose number is counted from 0, as it is told.
    pub(crate) async fn that_answers(answer: impl Fn(usize, &str) -> Vec<Do> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (go_on, may_go_on) = mpsc::channel(8);
        let may_go_on = Arc::new(tokio::sync::Mutex::new(may_go_on));
        let (leaving, left) = mpsc::channel(8);
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        let serving = async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                let (may_go_on, leaving) = (Arc::clone(&may_go_on), leaving.clone());
                connections.spawn(async move {
                    let Some(request) = read_request(&mut stream).await else { return };
                    let script = {
                        let mut seen = seen.lock().expect("no panic elsewhere");
                        let script = answer(seen.len(), &request);
                        seen.push(request);
                        script
                    };
                    act(&mut stream, &script, &may_go_on, &leaving).await;
                });
            }
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(serving);
        Self { base_url, requests, go_on, left, _tasks: tasks }
    }

    /// What was asked so far: head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic elsewhere").clone()
    }
}

type GoOn = tokio::sync::Mutex<mpsc::Receiver<()>>;

async fn act(stream: &mut TcpStream, script: &[Do], go_on: &GoOn, leaving: &mpsc::Sender<()>) {
    for step in script {
        let sent = match step {
            Do::Send(bytes) => stream.write_all(bytes).await.is_ok() && stream.flush().await.is_ok(),
            Do::Wait(time) => {
                tokio::time::sleep(*time).await;
                true
            }
            Do::WaitForTest => go_on.lock().await.recv().await.is_some(),
            Do::Drip(bytes, pause) => {
                while stream.write_all(bytes).await.is_ok() {
                    tokio::time::sleep(*pause).await;
                }
                false
            }
            Do::Hang => {
                while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {}
                leaving.try_send(()).ok();
                false
            }
        };
        if !sent {
            return;
        }
    }
    stream.shutdown().await.ok();
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(|value| value.trim().to_owned()))
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}

/// An address that takes no connection and refuses none. The queue of connections stays full as long as they live.
pub(crate) async fn nobody_answers() -> (String, Vec<TcpStream>, TcpListener) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    (format!("http://{address}/v1"), waiting, listener)
}

/// A head without a length: the body ends with the connection.
pub(crate) fn head(status: &str, kind: &str) -> Do {
    Do::Send(format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n").into_bytes())
}

/// The head of a stream that says where it ends, so that an early end shows.
pub(crate) fn chunked_head() -> Do {
    Do::Send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec())
}

/// One chunk of such a stream.
pub(crate) fn chunk(bytes: &[u8]) -> Do {
    Do::Send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
}

/// The head of a good stream.
pub(crate) fn stream_head() -> Do {
    head("200 OK", "text/event-stream")
}

/// An event with more of the answer.
pub(crate) fn says(text: &str) -> Vec<u8> {
    event(&json!({ "choices": [{ "delta": { "content": text }, "finish_reason": null }] }))
}

/// An event with the reason for the end.
pub(crate) fn ends(reason: &str) -> Vec<u8> {
    event(&json!({ "choices": [{ "delta": {}, "finish_reason": reason }] }))
}

/// A server-sent event.
pub(crate) fn event(value: &Value) -> Vec<u8> {
    format!("data: {value}\n\n").into_bytes()
}

/// The last event.
pub(crate) fn done() -> Do {
    Do::Send(b"data: [DONE]\n\n".to_vec())
}
