//! Connections as they come in, each with who is at its other end.
//!
//! In: a listener, and our own credentials where there are any. Out: connections whose handshake is done, and for every
//! request on them a [`Guest`] in its extensions. [`Admission`] stands before a service and lets one role in.
//! Promised: a handshake takes at most 5 s and holds up no other; what fails is closed, logged and counted by its
//! [`Refusal`]. At most [`HANDSHAKES`] are under way; the next waits in the system's queue.

use crate::Now;
use crate::credentials::Credentials;
use crate::refusal::Refusal;
use crate::who::{Peer, Role, Validity};
use futures_util::{Stream, StreamExt as _};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::service::Interceptor;
use tonic::transport::server::{Connected, TcpIncoming};
use tonic::{Request, Status};

/// Handshakes under way at once.
pub const HANDSHAKES: usize = 512;
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// A peer that was refused may read why for so long, and send so many bytes more, which nobody looks at.
const ALERT_WITHIN: Duration = Duration::from_millis(500);
const UNREAD: usize = 64 * 1024;

/// Who is at the other end of a request's connection.
#[derive(Debug, Clone)]
pub struct Guest {
    /// As its certificate says; `None` where there is no TLS, or where none was asked for.
    pub peer: Option<Peer>,
    /// From where.
    pub address: Option<SocketAddr>,
}

impl Guest {
    /// Who sent this request.
    pub fn of<T>(request: &Request<T>) -> Option<&Self> {
        request.extensions().get()
    }

    /// The name and the certificate's serial number; those of the one person on this machine where there is no TLS.
    pub fn identity<T>(request: &Request<T>) -> (String, String) {
        match Self::of(request).and_then(|guest| guest.peer.as_ref()) {
            Some(peer) => (peer.subject.to_string(), peer.serial.clone()),
            None => (LOCAL.to_owned(), String::new()),
        }
    }
}

/// Who everybody is on a machine where the programs speak without TLS.
pub const LOCAL: &str = "local";

/// A certificate is asked of whoever connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Without one no connection stands.
    Always,
    /// Who has none may come in, and is nobody.
    IfThere,
}

/// The connections of this listener: with TLS where there are credentials, else plain.
pub fn incoming(
    listener: TcpListener,
    tls: Option<(Arc<Credentials>, Ask)>,
) -> impl Stream<Item = io::Result<Connection>> {
    TcpIncoming::from(listener)
        .with_nodelay(Some(true))
        .map(move |accepted| {
            let tls = tls.clone();
            async move {
                match (accepted, tls) {
                    (Err(error), _) => Some(Err(error)),
                    (Ok(stream), None) => Some(Ok(Connection::Plain(stream))),
                    (Ok(stream), Some((credentials, ask))) => secured(stream, &credentials, ask).await.map(Ok),
                }
            }
        })
        .buffer_unordered(HANDSHAKES)
        .filter_map(std::future::ready)
}

async fn secured(stream: TcpStream, credentials: &Credentials, ask: Ask) -> Option<Connection> {
    let address = stream.peer_addr().ok();
    let holding = credentials.current()?;
    let config = match ask {
        Ask::Always => Arc::clone(&holding.server),
        Ask::IfThere => Arc::clone(&holding.greeter),
    };
    let accepting = TlsAcceptor::from(config).accept(stream).into_fallible();
    let handshake = tokio::time::timeout(HANDSHAKE_WITHIN, accepting).await;
    let refusal = match handshake {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(Peer::of);
            match shown.transpose() {
                Ok(peer) => return Some(Connection::Tls(Box::new(stream), Guest { peer, address })),
                Err(_) => Refusal::NoIdentity,
            }
        }
        Ok(Err((error, stream))) => {
            let refusal = Refusal::among_causes(&error).map_or(Refusal::Broken, |(refusal, _)| refusal);
            said(refusal, address);
            is_read(stream).await;
            return None;
        }
        Err(_) => Refusal::TooSlow,
    };
    said(refusal, address);
    None
}

fn said(refusal: Refusal, address: Option<SocketAddr>) {
    metrics::counter!("referent_connections_refused_total", "reason" => refusal.name()).increment(1);
    tracing::warn!(reason = %refusal, address = ?address, "a connection is refused");
}

/// Lets the peer read why it was refused: closing at once, with what it has sent unread, would take the alert from it.
async fn is_read(mut stream: TcpStream) {
    let reading = async {
        stream.shutdown().await?;
        let mut unread = [0; 4096];
        for _ in 0..UNREAD / unread.len() {
            if stream.read(&mut unread).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    // Whether it did or not: it is refused.
    drop(tokio::time::timeout(ALERT_WITHIN, reading).await);
}

/// A connection whose other end is known, as far as it can be.
#[derive(Debug)]
pub enum Connection {
    /// Without TLS: on this machine only, says the configuration.
    Plain(TcpStream),
    /// With it.
    Tls(Box<TlsStream<TcpStream>>, Guest),
}

impl Connected for Connection {
    type ConnectInfo = Guest;

    fn connect_info(&self) -> Guest {
        match self {
            Self::Plain(stream) => Guest { peer: None, address: stream.peer_addr().ok() },
            Self::Tls(_, guest) => guest.clone(),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream, _) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream, _) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream, _) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream, _) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream, _) => Pin::new(stream.as_mut()).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream, _) => stream.is_write_vectored(),
        }
    }
}

/// Who may ask for anything at a door: stands before its service.
#[derive(Debug, Clone)]
pub enum Admission {
    /// Everybody who can connect, which is this machine alone: there is no TLS.
    ThisMachine,
    /// Whoever has a certificate of this role that holds at the moment of the request.
    Only(Role, Now),
}

impl Interceptor for Admission {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let Self::Only(role, now) = self else { return Ok(request) };
        let peer = Guest::of(&request).and_then(|guest| guest.peer.as_ref());
        let (reason, why) = match peer {
            None => ("no_certificate", "no_certificate: this door asks for one".to_owned()),
            Some(peer) if peer.role != *role => {
                let (asked, shown) = (role.name(), peer.role.name());
                (
                    "wrong_role",
                    format!("wrong_role: this door is for a {asked}'s certificate, and yours is a {shown}'s"),
                )
            }
            Some(peer) if peer.holds_at(now.ms()) != Validity::Holds => {
                ("expired", "expired: the certificate of this connection is over; connect again".to_owned())
            }
            Some(_) => return Ok(request),
        };
        refused(reason);
        tracing::warn!(reason, "a request is refused");
        Err(Status::unauthenticated(why))
    }
}

/// Counts a request that was refused because of who sent it.
pub fn refused(reason: &'static str) {
    metrics::counter!("referent_identity_refused_total", "reason" => reason).increment(1);
}
