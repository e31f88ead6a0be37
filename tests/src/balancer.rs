//! A TCP balancer before two workers, which can lose a connection's bytes without closing it, as networks do.
//!
//! In: connections on loopback. Out: the same bytes at the worker that is chosen now. What is cut off stays open on both
//! sides and carries nothing any more: only keep-alive tells.

use anyhow::Result;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

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
    connections: AtomicUsize,
    /// Cancelled: the connections made until then carry nothing any more.
    cut: Mutex<CancellationToken>,
}

impl Balancer {
    /// Before these (`host:port`); the first is chosen.
    pub async fn start(backends: Vec<String>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            backends,
            chosen: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            cut: Mutex::default(),
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

    /// Connections that there are carry nothing any more.
    pub fn cut(&self) {
        let mut cut = self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *cut).cancel();
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn carry(mut client: TcpStream, shared: Arc<Shared>) {
    let cut = shared.cut.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let backend = &shared.backends[shared.chosen.load(Ordering::SeqCst) % shared.backends.len()];
    let Ok(mut server) = TcpStream::connect(backend).await else { return };
    shared.connections.fetch_add(1, Ordering::SeqCst);
    drop(client.set_nodelay(true));
    drop(server.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        () = cut.cancelled() => {
            // Both ends stay open for longer than anybody waits.
            tokio::time::sleep(std::time::Duration::from_mins(3)).await;
        }
    }
}
