//! The pipeline's door: what became of the sound comes in, and what is durable of it goes back.
//!
//! In: `ingest.v1` streams of workers. Out: rows through `store`; `Settled`, `Stale`, draft jobs and commands back.
//! Promises:
//!   I1  An answer is sent only after the commit that it speaks of, and in the order of what it answers.
//!   I2  Whatever ends a worker's stream, the call knows at once that nobody brings anything (`contact_lost`).
//!   I3  The hang-up is durable before it is answered, and a draft that falls due by a worker's settle goes to that
//!       worker on the same stream.
//!   I4  Where there are certificates, every stream is a pipeline's, and a stream whose pipeline's or caseworker's
//!       certificate is revoked ends within [`RECHECK`], a presence within 30 s.
//! The wire types end here; this is the only maker of gRPC statuses. Not done here: no judgement about the chain
//! (`referent_proto::judge`, asked inside `store::settles`), no SQL.

mod conversation;
mod drafters;
mod elsewhere;
mod orders;
mod presence;

use crate::areas::Areas;
use crate::ca::Trust;
use crate::ca::enrolment::does_not_stand;
use crate::clock::Clock;
use crate::config::Timing;
use crate::previews::Previews;
use crate::store::drafts::Lease;
use crate::store::identity::{Shown, Standing};
use crate::store::{Store, StoreError};
use referent_identity::incoming::{Ask, incoming};
use referent_identity::{Admission, Guest, Role};
use referent_proto::ingest::ingest_server::{Ingest, IngestServer};
use referent_proto::ingest::{FromDrafter, FromPresence, FromWorker, ToDrafter, ToPresence, ToWorker};
use referent_proto::{BadMessage, MAX_MESSAGE_BYTES};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status, Streaming};

/// Messages that one wake-up of a stream takes together: the settles among them become one transaction.
const BATCH: usize = 64;
/// Answers that may wait for a peer to read them; then the stream waits, and the peer feels it.
const ANSWERS: usize = 64;
/// A peer that does not read its answers for so long is given up.
const PEER_READS_WITHIN: Duration = Duration::from_secs(30);
/// A stream has to say what it is within this time.
const FIRST_MESSAGE_WITHIN: Duration = Duration::from_secs(10);
/// A dead peer is noticed within twice this time.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How often it is looked whether the certificates of a stream that goes on still stand.
pub const RECHECK: Duration = Duration::from_secs(5);
/// With certificates a connection is renewed after this time, and with it what it was opened with; calls go on meanwhile.
const CONNECTION_AGE: Duration = Duration::from_hours(1);
/// But not longer than this; whoever is cut off goes on over a new one.
const CALLS_GO_ON_FOR: Duration = Duration::from_hours(12);
/// Calls on one connection: a pipeline speaks for all its calls through one.
const STREAMS_A_CONNECTION: u32 = 1024;

/// What every stream needs.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) timing: Timing,
    pub(crate) areas: Areas,
    pub(crate) previews: Previews,
    /// The name of this process on the rows of its calls.
    pub(crate) holder: String,
    /// Whom to believe; without it everybody is on this machine.
    pub(crate) trust: Option<Trust>,
    pub(crate) tracker: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

impl Door {
    fn lease(&self) -> Lease {
        Lease { lease_ms: self.timing.lease_ms, no_contact_ms: self.timing.no_contact_ms() }
    }

    fn admission(&self) -> Admission {
        match &self.trust {
            None => Admission::ThisMachine,
            Some(trust) => Admission::Only(Role::Pipeline, trust.credentials.now().clone()),
        }
    }

    /// The worker's certificate, as it is looked up; `None` where there are none. `admission` lets nobody by without one.
    fn worker_of<T>(&self, request: &Request<T>) -> Result<Option<Shown>, Status> {
        if self.trust.is_none() {
            return Ok(None);
        }
        let peer = Guest::of(request).and_then(|guest| guest.peer.as_ref());
        let peer = peer.ok_or_else(|| Status::unauthenticated("no_certificate: this door asks for one"))?;
        Ok(Some(Shown { role: peer.role, subject: peer.subject.to_string(), serial: peer.serial.clone() }))
    }

    /// Whether all of these stand now. Without certificates there is nothing to look up.
    async fn check(&self, shown: &[Shown]) -> Result<(), End> {
        let Some(trust) = &self.trust else { return Ok(()) };
        let is_issued_here = trust.authority.is_some();
        for shown in shown {
            match self.store.standing(shown.clone(), is_issued_here).await? {
                Standing::Good => {}
                bad => return Err(End::Status(does_not_stand(bad, shown.role))),
            }
        }
        Ok(())
    }
}

/// Serves pipelines until shutdown.
pub(crate) async fn serve(door: Door, listener: TcpListener) -> Result<(), tonic::transport::Error> {
    let (shutdown, admission) = (door.shutdown.clone(), door.admission());
    door.tracker.spawn(orders::keep(door.clone()));
    if door.store.engine_name() == "postgresql" {
        door.tracker.spawn(elsewhere::keep(door.clone()));
    }
    let tls = door.trust.as_ref().map(|trust| (Arc::clone(&trust.credentials), Ask::Always));
    let service = IngestServer::new(door)
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let mut server = tonic::transport::Server::builder();
    if tls.is_some() {
        server = server.max_connection_age(CONNECTION_AGE).max_connection_age_grace(CALLS_GO_ON_FOR);
    }
    server
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .max_concurrent_streams(Some(STREAMS_A_CONNECTION))
        .add_service(InterceptedService::new(service, admission))
        .serve_with_incoming_shutdown(incoming(listener, tls), shutdown.cancelled_owned())
        .await
}

#[tonic::async_trait]
impl Ingest for Door {
    type CallStream = ReceiverStream<Result<ToWorker, Status>>;

    async fn call(&self, request: Request<Streaming<FromWorker>>) -> Result<Response<Self::CallStream>, Status> {
        let (down, answers) = mpsc::channel(ANSWERS);
        let traceparent = referent_telemetry::carried(&request);
        let worker = self.worker_of(&request)?;
        self.tracker.spawn(conversation::run(self.clone(), request.into_inner(), Down(down), traceparent, worker));
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    type DraftJobsStream = ReceiverStream<Result<ToDrafter, Status>>;

    async fn draft_jobs(
        &self,
        request: Request<Streaming<FromDrafter>>,
    ) -> Result<Response<Self::DraftJobsStream>, Status> {
        let (down, answers) = mpsc::channel(ANSWERS);
        let worker = self.worker_of(&request)?;
        self.tracker.spawn(drafters::run(self.clone(), request.into_inner(), Down(down), worker));
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    type PresenceStream = ReceiverStream<Result<ToPresence, Status>>;

    async fn presence(
        &self,
        request: Request<Streaming<FromPresence>>,
    ) -> Result<Response<Self::PresenceStream>, Status> {
        let (down, answers) = mpsc::channel(ANSWERS);
        let worker = self.worker_of(&request)?;
        self.tracker.spawn(presence::run(self.clone(), request.into_inner(), Down(down), worker));
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}

/// Why a stream ends here.
#[derive(Debug)]
enum End {
    /// The peer is gone, or ended its side: nothing to say.
    PeerGone,
    /// Everything is said.
    Said,
    /// The peer has to hear this.
    Status(Status),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a stream ends because of the database");
        Self::Status(match error {
            StoreError::Corrupt { .. } => Status::internal("something is wrong on the server; see its log"),
            StoreError::Unavailable(_) | StoreError::Closing => {
                Status::unavailable("the database does not answer; nothing was lost, connect again")
            }
        })
    }
}

impl From<BadMessage> for End {
    fn from(error: BadMessage) -> Self {
        tracing::warn!(%error, "a peer sent what no honest peer sends");
        Self::Status(Status::invalid_argument(error.to_string()))
    }
}

fn going_down() -> End {
    End::Status(Status::unavailable("this server is going down; connect again"))
}

/// The answers of one stream.
struct Down<T>(mpsc::Sender<Result<T, Status>>);

impl<T> Down<T> {
    async fn send(&self, message: T) -> Result<(), End> {
        self.0.send_timeout(Ok(message), PEER_READS_WITHIN).await.map_err(|_| End::PeerGone)
    }

    /// The last word, if there is one; a peer that does not read does not get it.
    fn end(self, end: End) {
        if let End::Status(status) = end {
            drop(self.0.try_send(Err(status)));
        }
    }
}

/// The first message of a stream.
async fn first<T>(up: &mut Streaming<T>) -> Result<T, End> {
    match tokio::time::timeout(FIRST_MESSAGE_WITHIN, up.message()).await {
        Ok(Ok(Some(message))) => Ok(message),
        Ok(Ok(None) | Err(_)) => Err(End::PeerGone),
        Err(_) => Err(End::Status(Status::deadline_exceeded("the stream began without its first message"))),
    }
}
