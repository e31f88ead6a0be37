//! A way to a server: plain on this machine, or over TLS with the certificate that is held at the moment of connecting.
//!
//! In: an address, and credentials where it begins with `https://`. Out: a gRPC channel. The server has to show a
//! certificate for the name in the address, signed by an authority that is trusted. What TLS said against the last
//! connection is remembered, because a server looks at a client's certificate only when the client thinks it is connected.

use crate::credentials::Credentials;
use crate::refusal::{By, Refusal};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint, Uri};

/// A way to a server. Clones lead to the same one.
#[derive(Debug, Clone)]
pub struct Dial {
    endpoint: Endpoint,
    tls: Option<Arc<Credentials>>,
    last: Last,
}

/// What was said against the last connection.
#[derive(Debug, Clone, Default)]
struct Last(Arc<Mutex<Option<(Refusal, By)>>>);

impl Last {
    fn is(&self, refusal: Option<(Refusal, By)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
    }
}

/// This program has no certificate yet.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("this program has no certificate; enrol it first")]
pub struct NotEnrolled;

/// An address that no connection can be opened to. Correct it.
#[derive(Debug, thiserror::Error)]
pub enum BadAddress {
    /// Not what an address looks like.
    #[error("{0} is no address; write for example https://referent.example:9090")]
    Address(String),
    /// Who would be believed?
    #[error("{0} begins with https:// and there are no certificates for it")]
    NoCredentials(String),
}

impl Dial {
    /// To this address; `shape` sets the limits of the transport.
    pub fn to(
        address: &str,
        tls: Option<Arc<Credentials>>,
        shape: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Result<Self, BadAddress> {
        let bad = || BadAddress::Address(address.to_owned());
        let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| bad())?;
        let is_secure = endpoint.uri().scheme_str() == Some("https");
        if is_secure {
            target(endpoint.uri()).map_err(|_| bad())?;
            if tls.is_none() {
                return Err(BadAddress::NoCredentials(address.to_owned()));
            }
        }
        Ok(Self { endpoint: shape(endpoint), tls: tls.filter(|_| is_secure), last: Last::default() })
    }

    /// The same way with other limits of the transport: what was said against the last connection is one thing for both.
    #[must_use]
    pub fn shaped(&self, shape: impl FnOnce(Endpoint) -> Endpoint) -> Self {
        Self { endpoint: shape(self.endpoint.clone()), tls: self.tls.clone(), last: self.last.clone() }
    }

    /// Connects now.
    pub async fn connect(&self) -> Result<Channel, tonic::transport::Error> {
        match &self.tls {
            None => self.endpoint.connect().await,
            Some(tls) => self.endpoint.connect_with_connector(connector(Arc::clone(tls), self.last.clone())).await,
        }
    }

    /// Connects when it is first needed, and again when the connection broke.
    pub fn connect_lazy(&self) -> Channel {
        match &self.tls {
            None => self.endpoint.connect_lazy(),
            Some(tls) => self.endpoint.connect_with_connector_lazy(connector(Arc::clone(tls), self.last.clone())),
        }
    }

    /// What TLS said against the last connection, and who said it; `None` since one stood, or where it was not TLS.
    pub fn refusal(&self) -> Option<(Refusal, By)> {
        *self.last.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is shown there, where it leads over TLS.
    pub fn credentials(&self) -> Option<&Arc<Credentials>> {
        self.tls.as_ref()
    }

    /// Where it leads.
    pub fn uri(&self) -> &Uri {
        self.endpoint.uri()
    }
}

/// Host, port and the name that the server's certificate has to have.
fn target(uri: &Uri) -> io::Result<(String, u16, ServerName<'static>)> {
    let host = uri.host().ok_or(io::ErrorKind::InvalidInput)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    Ok((host, uri.port_u16().unwrap_or(443), name))
}

type Io = TokioIo<Watched>;
type Connecting = futures_util::future::BoxFuture<'static, io::Result<Io>>;

fn connector(
    credentials: Arc<Credentials>,
    last: Last,
) -> impl tower::Service<Uri, Response = Io, Error = io::Error, Future = Connecting> + Send + 'static {
    tower::service_fn(move |uri: Uri| -> Connecting {
        let (holding, last) = (credentials.current(), last.clone());
        Box::pin(async move {
            let holding = holding.ok_or_else(|| io::Error::other(NotEnrolled))?;
            let opened = open(&uri, Arc::clone(&holding.client)).await;
            last.is(opened.as_ref().err().and_then(|error| Refusal::among_causes(error)));
            Ok(TokioIo::new(Watched { stream: opened?, last }))
        })
    })
}

/// A connection that remembers what TLS says against it.
#[derive(Debug)]
pub struct Watched {
    stream: TlsStream<TcpStream>,
    last: Last,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        if let Err(error) = &read
            && let Some(refusal) = Refusal::among_causes(error)
        {
            self.last.is(Some(refusal));
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A channel whose server is judged by this configuration alone; for the first contact.
pub async fn connect_with(endpoint: &Endpoint, config: Arc<ClientConfig>) -> Result<Channel, tonic::transport::Error> {
    let connector = tower::service_fn(move |uri: Uri| -> Connecting {
        let config = Arc::clone(&config);
        Box::pin(async move {
            let stream = open(&uri, config).await?;
            Ok(TokioIo::new(Watched { stream, last: Last::default() }))
        })
    });
    endpoint.connect_with_connector(connector).await
}

/// A TLS connection to where this leads; for whoever looks at the handshake itself.
pub async fn open(uri: &Uri, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let (host, port, name) = target(uri)?;
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    TlsConnector::from(config).connect(name, stream).await
}
