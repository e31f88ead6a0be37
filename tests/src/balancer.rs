//! A TCP balancer before workers, and the network before them as it is at its worst: slow, standing still, silent, gone.
//!
//! In: connections, and the [`Weather`]. Out: the same bytes, later or never, at the worker that is chosen now. What is cut
//! off stays open on both sides and carries nothing any more: only keep-alive tells.
//! Not done here: no packet is lost or doubled; for that there are namespaces (`network`).

use anyhow::Result;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Pieces of one direction that are on their way; a slow network carries no more.
const ON_THE_WAY: usize = 1_024;
/// Longer than anybody waits for a connection that says nothing.
const FOR_EVER: Duration = Duration::from_mins(15);

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Nothing.
    Clear,
    /// Everything arrives so much later, in both directions.
    Delayed(Duration),
    /// Nothing arrives, and nothing is lost.
    Stalled,
    /// Whoever connects is thrown out.
    Out,
}

/// A running balancer.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    backends: Vec<String>,
    chosen: AtomicUsize,
    /// That were made, to each of them.
    connections: Vec<AtomicUsize>,
    weather: watch::Sender<Weather>,
    /// The connections that were made until something is done to them all.
    until: Mutex<Until>,
}

/// Cancelled, it happens to the connections made until then.
#[derive(Debug, Clone, Default)]
struct Until {
    /// They carry nothing any more.
    cut: CancellationToken,
    /// They are reset.
    reset: CancellationToken,
}

impl Balancer {
    /// Before these (`host:port`); the first is chosen.
    pub async fn start(backends: Vec<String>) -> Result<Self> {
        Self::start_at("127.0.0.1:0", backends).await
    }

    /// The same, at this address.
    pub async fn start_at(address: &str, backends: Vec<String>) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            connections: backends.iter().map(|_| AtomicUsize::new(0)).collect(),
            backends,
            chosen: AtomicUsize::new(0),
            weather: watch::Sender::new(Weather::Clear),
            until: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        #[expect(clippy::disallowed_methods, reason = "ended by Drop, with the test")]
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, Arc::clone(&accepting)));
            }
        });
        Ok(Self { address, shared, serving })
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// New connections go to this one.
    pub fn choose(&self, backend: usize) {
        self.shared.chosen.store(backend, Ordering::SeqCst);
    }

    /// What the network does from now on.
    pub fn weather(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Connections that there are carry nothing any more.
    pub fn cut(&self) {
        self.renew().cut.cancel();
    }

    /// Connections that there are are reset.
    pub fn reset(&self) {
        self.renew().reset.cancel();
    }

    fn renew(&self) -> Until {
        std::mem::take(&mut *self.shared.until.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many connections were made to this one. An agent keeps one beside those of its calls: its presence.
    pub fn connections_to(&self, backend: usize) -> usize {
        self.shared.connections[backend].load(Ordering::SeqCst)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn carry(client: TcpStream, shared: Arc<Shared>) {
    let until = shared.until.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if *shared.weather.borrow() == Weather::Out {
        drop(client.set_zero_linger());
        return;
    }
    let chosen = shared.chosen.load(Ordering::SeqCst) % shared.backends.len();
    let Ok(server) = TcpStream::connect(&shared.backends[chosen]).await else { return };
    shared.connections[chosen].fetch_add(1, Ordering::SeqCst);
    drop(client.set_nodelay(true));
    drop(server.set_nodelay(true));
    tokio::select! {
        () = carry_one_way(&client, &server, &shared.weather) => {}
        () = carry_one_way(&server, &client, &shared.weather) => {}
        () = until.cut.cancelled() => tokio::time::sleep(FOR_EVER).await,
        () = until.reset.cancelled() => {
            drop(client.set_zero_linger());
            drop(server.set_zero_linger());
        }
    }
}

/// Until one of the two ends.
async fn carry_one_way(from: &TcpStream, to: &TcpStream, weather: &watch::Sender<Weather>) {
    let (put, mut take) = mpsc::channel::<(Instant, Vec<u8>)>(ON_THE_WAY);
    let reading = async {
        while let Some(bytes) = read_some(from).await {
            let late = if let Weather::Delayed(late) = *weather.borrow() { late } else { Duration::ZERO };
            if put.send((Instant::now() + late, bytes)).await.is_err() {
                return;
            }
        }
        drop(put);
    };
    let writing = async {
        let mut weather = weather.subscribe();
        while let Some((due, bytes)) = take.recv().await {
            sleep_until(due).await;
            let is_over =
                weather.wait_for(|weather| !matches!(weather, Weather::Stalled | Weather::Out)).await.is_err();
            if is_over || write_all(to, &bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

/// `None` at the end.
async fn read_some(from: &TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        from.readable().await.ok()?;
        match from.try_read(&mut bytes) {
            Ok(0) => return None,
            Ok(length) => {
                bytes.truncate(length);
                return Some(bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
}

async fn write_all(to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
