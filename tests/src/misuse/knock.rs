//! One try at a door: a connection of a kind, and the first thing that an honest visitor would ask for there.

use super::Answer;
use crate::secured::{Secured, Shown};
use anyhow::{Context as _, Result};
use referent_identity::{Now, Refusal, dial};
use referent_proto::calls::calls_client::CallsClient;
use referent_proto::calls::{self, FromAgent, from_agent, to_agent};
use referent_proto::identity::RenewRequest;
use referent_proto::identity::enrolment_client::EnrolmentClient;
use referent_proto::ingest::ingest_client::IngestClient;
use referent_proto::ingest::{self, FromDrafter, FromPresence, FromWorker, from_drafter, from_presence, from_worker};
use referent_proto::{CallId, PROTOCOL, WorkerId};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion, version};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

/// How long a door may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// A certificate is looked up within some milliseconds.
const LOOKED_UP_WITHIN: Duration = Duration::from_secs(3);

/// What somebody shows when they connect.
#[derive(Debug, Clone)]
pub(super) enum Show {
    /// Nothing, over TLS.
    Nothing,
    /// This, whether the key is its own or not.
    This(Shown),
    /// This, over TLS 1.2.
    OldTls(Shown),
    /// No TLS at all.
    Plain,
}

/// Shows a certificate without asking whether the key is its own.
#[derive(Debug)]
struct Brazen(Arc<CertifiedKey>);

impl ResolvesClientCert for Brazen {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn config(secured: &Secured, shown: Option<&Shown>, old: bool) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(secured.authority.certificate().clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let versions: &[&SupportedProtocolVersion] = if old { &[&version::TLS12] } else { &[&version::TLS13] };
    // Whoever means no good looks at no clock: what is tried is what the server sees.
    let now = Now::new(|| crate::secured::NOON + 3_600_000);
    let builder = ClientConfig::builder_with_details(Arc::clone(&provider), Arc::new(now))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => {
            let key = provider.key_provider.load_private_key(shown.key.clone_key())?;
            builder.with_client_cert_resolver(Arc::new(Brazen(Arc::new(CertifiedKey::new(shown.chain.clone(), key)))))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

async fn channel(secured: &Secured, to: SocketAddr, show: &Show) -> Result<Channel, String> {
    let (scheme, config) = match show {
        Show::Plain => ("http", None),
        Show::Nothing => ("https", Some(config(secured, None, false))),
        Show::This(shown) => ("https", Some(config(secured, Some(shown), false))),
        Show::OldTls(shown) => ("https", Some(config(secured, Some(shown), true))),
    };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{to}")).map_err(|error| error.to_string())?;
    let connected = match config {
        None => endpoint.connect().await,
        Some(config) => dial::connect_with(&endpoint, config.map_err(|error| error.to_string())?).await,
    };
    connected.map_err(|error| match Refusal::among_causes(&error) {
        Some((refusal, _)) => refusal.to_string(),
        None => format!("{error:?}"),
    })
}

fn refused(status: &Status) -> Answer {
    Answer::Refused(format!("{:?}: {}", status.code(), status.message()))
}

async fn in_time<T>(waiting: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(PATIENCE, waiting).await.context("a door that says nothing")
}

pub(super) fn hello(call: CallId) -> calls::Hello {
    calls::Hello {
        protocol: PROTOCOL,
        agent_version: "misuse".into(),
        call: call.bytes().to_vec(),
        mode: calls::Mode::Notice.into(),
        direction: calls::Direction::Incoming.into(),
        started: Some(calls::Started { utc_ms: crate::secured::NOON, utc_offset_s: 3600 }),
        urgency: calls::Urgency::Live.into(),
        tracks: vec![calls::Track::Near.into(), calls::Track::Far.into()],
        ..calls::Hello::default()
    }
}

/// A call that nobody has begun.
pub(super) fn a_call() -> CallId {
    use std::sync::atomic::{AtomicU8, Ordering};
    static NEXT: AtomicU8 = AtomicU8::new(1);
    CallId::new(u64::try_from(crate::secured::NOON).unwrap_or_default(), [NEXT.fetch_add(1, Ordering::SeqCst); 10])
}

fn a_worker() -> Vec<u8> {
    WorkerId::new(u64::try_from(crate::secured::NOON).unwrap_or_default(), [3; 10]).bytes().to_vec()
}

/// Begins a call at the pipeline, as an agent does.
pub(super) async fn begin_a_call(secured: &Secured, show: &Show, call: CallId) -> Result<Answer> {
    in_time(async {
        let channel = match channel(secured, secured.pipeline, show).await {
            Ok(channel) => channel,
            Err(said) => return Ok(Answer::Refused(said)),
        };
        let (up, messages) = mpsc::channel(4);
        up.send(FromAgent { kind: Some(from_agent::Kind::Hello(hello(call))) }).await?;
        let mut down = match CallsClient::new(channel).stream(ReceiverStream::new(messages)).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(refused(&status)),
        };
        Ok(match down.message().await {
            Ok(Some(calls::ToAgent { kind: Some(to_agent::Kind::NotYours(_)) })) => {
                Answer::Refused("not_yours".to_owned())
            }
            Ok(Some(_)) => Answer::LetIn,
            Ok(None) => Answer::Refused("the stream ended".to_owned()),
            Err(status) => refused(&status),
        })
    })
    .await?
}

/// Who a worker says it speaks for.
#[derive(Debug, Clone)]
pub(super) struct Vouched {
    pub(super) identity: String,
    pub(super) certificate: String,
}

impl Vouched {
    /// Whoever holds this.
    pub(super) fn of(shown: &Shown) -> Result<Self> {
        let peer = shown.peer()?;
        Ok(Self { identity: peer.subject.to_string(), certificate: peer.serial })
    }
}

/// A stream of a call at notes-api, as a worker has it.
pub(super) struct Line {
    up: mpsc::Sender<FromWorker>,
    down: tonic::Streaming<ingest::ToWorker>,
}

impl Line {
    /// Waits until it ends; gives how.
    pub(super) async fn end(mut self) -> Result<Answer> {
        let ended = in_time(async {
            loop {
                match self.down.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return Answer::LetIn,
                    Err(status) => return refused(&status),
                }
            }
        });
        let ended = ended.await?;
        drop(self.up);
        Ok(ended)
    }
}

/// Brings a call to notes-api, as a worker does; gives the stream where it was taken.
pub(super) async fn bring_a_call(secured: &Secured, show: &Show, vouched: &Vouched) -> Result<Result<Line, Answer>> {
    in_time(async {
        let channel = match channel(secured, secured.notes.grpc, show).await {
            Ok(channel) => channel,
            Err(said) => return Ok(Err(Answer::Refused(said))),
        };
        let (up, messages) = mpsc::channel(4);
        let began = ingest::Began {
            hello: Some(hello(a_call())),
            identity: vouched.identity.clone(),
            worker: a_worker(),
            certificate: vouched.certificate.clone(),
        };
        up.send(FromWorker { kind: Some(from_worker::Kind::Began(began)) }).await?;
        let mut down = match IngestClient::new(channel).call(ReceiverStream::new(messages)).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(Err(refused(&status))),
        };
        Ok(match down.message().await {
            Ok(Some(_)) => Ok(Line { up, down }),
            Ok(None) => Err(Answer::Refused("the stream ended".to_owned())),
            Err(status) => Err(refused(&status)),
        })
    })
    .await?
}

/// Asks notes-api for drafts to write, as a worker does. A worker that is taken hears nothing until there is one.
pub(super) async fn ask_for_drafts(secured: &Secured, show: &Show) -> Result<Answer> {
    in_time(async {
        let channel = match channel(secured, secured.notes.grpc, show).await {
            Ok(channel) => channel,
            Err(said) => return Ok(Answer::Refused(said)),
        };
        let (up, messages) = mpsc::channel(4);
        let ready = ingest::DrafterReady { worker: a_worker(), places: 0 };
        up.send(FromDrafter { kind: Some(from_drafter::Kind::Ready(ready)) }).await?;
        // An unknown kind is answered by whoever listens.
        up.send(FromDrafter { kind: None }).await?;
        let mut down = match IngestClient::new(channel).draft_jobs(ReceiverStream::new(messages)).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(refused(&status)),
        };
        Ok(taken(down.message().await.map(drop)))
    })
    .await?
}

/// Tells notes-api that an agent is there, as a worker does.
pub(super) async fn be_present(secured: &Secured, show: &Show, vouched: &Vouched) -> Result<Answer> {
    in_time(async {
        let channel = match channel(secured, secured.notes.grpc, show).await {
            Ok(channel) => channel,
            Err(said) => return Ok(Answer::Refused(said)),
        };
        let (up, messages) = mpsc::channel(4);
        let Vouched { identity, certificate } = vouched.clone();
        let began = ingest::PresenceBegan { identity, hello: Some(presence_hello()), certificate };
        up.send(FromPresence { kind: Some(from_presence::Kind::Began(began)) }).await?;
        up.send(FromPresence { kind: None }).await?;
        let mut down = match IngestClient::new(channel).presence(ReceiverStream::new(messages)).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(refused(&status)),
        };
        Ok(taken(down.message().await.map(drop)))
    })
    .await?
}

/// Tells the pipeline that it is there, as an agent does.
pub(super) async fn be_there(secured: &Secured, show: &Show) -> Result<Answer> {
    in_time(async {
        let channel = match channel(secured, secured.pipeline, show).await {
            Ok(channel) => channel,
            Err(said) => return Ok(Answer::Refused(said)),
        };
        let (up, messages) = mpsc::channel(4);
        let hello = calls::from_presence::Kind::Hello(presence_hello());
        up.send(calls::FromPresence { kind: Some(hello) }).await?;
        let mut down = match CallsClient::new(channel).presence(ReceiverStream::new(messages)).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(refused(&status)),
        };
        // Whoever is let in hears nothing; whoever is not, why, as soon as notes-api has looked.
        let end = tokio::time::timeout(LOOKED_UP_WITHIN, down.message()).await;
        Ok(match end {
            Ok(answer) => taken(answer.map(drop)),
            Err(_) => Answer::LetIn,
        })
    })
    .await?
}

fn presence_hello() -> calls::PresenceHello {
    calls::PresenceHello { protocol: PROTOCOL, agent: vec![7; 16], ..calls::PresenceHello::default() }
}

/// Asks for another certificate without having one.
pub(super) async fn renew_with_nothing(secured: &Secured, request: Vec<u8>) -> Result<Answer> {
    in_time(async {
        let to = secured.notes.enrol.context("there is a door for those who enrol")?;
        let channel = match channel(secured, to, &Show::Nothing).await {
            Ok(channel) => channel,
            Err(said) => return Ok(Answer::Refused(said)),
        };
        Ok(match EnrolmentClient::new(channel).renew(RenewRequest { request }).await {
            Ok(_) => Answer::LetIn,
            Err(status) => refused(&status),
        })
    })
    .await?
}

/// Whoever is heard is told what was wrong with the message; whoever is not, what is wrong with them.
fn taken(answer: Result<(), Status>) -> Answer {
    match answer {
        Err(status) if status.code() == Code::InvalidArgument => Answer::LetIn,
        Err(status) => refused(&status),
        Ok(()) => Answer::LetIn,
    }
}
