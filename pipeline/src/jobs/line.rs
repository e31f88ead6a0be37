//! The one `DraftJobs` stream of this process, opened again whenever it ends.
//!
//! In: messages. Out: what notes-api says, and whenever a new connection stands or one broke. It tries for ever, because
//! a pipeline without notes-api has nothing better to do and no person to tell; the waits grow to 5 s and are random, so
//! that all workers do not knock at once when notes-api comes back.

use super::held::Say;
use futures_util::future::BoxFuture;
use rand::RngExt as _;
use rand::rngs::StdRng;
use referent_identity::Dial;
use referent_proto::ids::WorkerId;
use referent_proto::ingest::ingest_client::IngestClient;
use referent_proto::ingest::{DrafterReady, FromDrafter, ToDrafter, from_drafter, to_drafter};
use referent_proto::{BadMessage, DraftJob, DraftKey, MAX_MESSAGE_BYTES};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// Messages on their way into the connection; the rest stays with `Held`.
const ON_THE_WAY: usize = 32;
/// How long opening may take, from the first byte to the answer.
const OPENING: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LAST_WAIT: Duration = Duration::from_secs(5);

/// What notes-api says.
pub(super) enum Heard {
    /// A new connection stands.
    Opened,
    /// It ended; another is being opened.
    Broke,
    /// Write this draft.
    Job(Box<DraftJob>),
    /// The end of this draft is in the database.
    Stored(DraftKey),
    /// This draft is not ours any more.
    Lost(DraftKey),
}

/// The line to notes-api.
pub(super) struct Line {
    notes_api: Dial,
    worker: WorkerId,
    chance: StdRng,
    failures: u32,
    state: State,
}

type Opened = (mpsc::Sender<FromDrafter>, Streaming<ToDrafter>);

enum State {
    Opening(BoxFuture<'static, Result<Opened, Status>>),
    Open(mpsc::Sender<FromDrafter>, Box<Streaming<ToDrafter>>),
}

impl Line {
    /// A line that will be opened by the first `next`.
    pub(super) fn new(notes_api: Dial, worker: WorkerId, chance: StdRng) -> Self {
        let state = State::Opening(open(Duration::ZERO, notes_api.clone(), worker));
        Self { notes_api, worker, chance, failures: 0, state }
    }

    /// Waits for the next thing to happen. Cancelling loses nothing.
    pub(super) async fn next(&mut self) -> Heard {
        loop {
            match &mut self.state {
                State::Opening(opening) => match opening.await {
                    Ok((out, answers)) => {
                        tracing::info!("notes-api takes drafts");
                        self.state = State::Open(out, Box::new(answers));
                        return Heard::Opened;
                    }
                    Err(status) => self.open_again(&status),
                },
                State::Open(_, answers) => match answers.message().await {
                    Ok(Some(message)) => {
                        self.failures = 0;
                        match parse(message) {
                            Ok(heard) => return heard,
                            Err(bad) => tracing::warn!(%bad, "notes-api said something that is not understood"),
                        }
                    }
                    Ok(None) => return self.broke(&Status::unavailable("notes-api ended the stream")),
                    Err(status) => return self.broke(&status),
                },
            }
        }
    }

    fn broke(&mut self, status: &Status) -> Heard {
        self.open_again(status);
        Heard::Broke
    }

    fn open_again(&mut self, status: &Status) {
        let step = FIRST_WAIT.saturating_mul(1 << self.failures.min(10)).min(LAST_WAIT);
        self.failures = self.failures.saturating_add(1);
        let wait = step / 2 + (step / 2).mul_f64(self.chance.random::<f64>());
        tracing::warn!(code = ?status.code(), reason = status.message(), ?wait, "no line to notes-api for drafts; trying again");
        self.state = State::Opening(open(wait, self.notes_api.clone(), self.worker));
    }

    /// The way out, if there is one.
    pub(super) fn out(&self) -> Option<mpsc::Sender<FromDrafter>> {
        match &self.state {
            State::Open(out, _) => Some(out.clone()),
            State::Opening(_) => None,
        }
    }

    /// Says what there is to say, as far as it fits; a message is taken only if it does.
    pub(super) fn say_all(&self, mut next: impl FnMut() -> Option<Say>) {
        let State::Open(out, _) = &self.state else { return };
        while let Ok(place) = out.try_reserve() {
            let Some(say) = next() else { return };
            place.send(FromDrafter { kind: Some(self.kind(say)) });
        }
    }

    fn kind(&self, say: Say) -> from_drafter::Kind {
        match say {
            Say::Ready(places) => ready(self.worker, places),
            Say::Kind(kind) => kind,
        }
    }
}

fn ready(worker: WorkerId, places: u32) -> from_drafter::Kind {
    from_drafter::Kind::Ready(DrafterReady { worker: worker.bytes().to_vec(), places })
}

/// Opens the stream after a wait. The first message asks for nothing yet: what is held from before is said first.
fn open(wait: Duration, notes_api: Dial, worker: WorkerId) -> BoxFuture<'static, Result<Opened, Status>> {
    Box::pin(async move {
        sleep(wait).await;
        let opening = async {
            let channel = notes_api.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let mut client = IngestClient::new(channel)
                .max_decoding_message_size(MAX_MESSAGE_BYTES)
                .max_encoding_message_size(MAX_MESSAGE_BYTES);
            let (out, messages) = mpsc::channel(ON_THE_WAY);
            out.try_send(FromDrafter { kind: Some(ready(worker, 0)) }).ok();
            let answers = client.draft_jobs(ReceiverStream::new(messages)).await?.into_inner();
            Ok((out, answers))
        };
        timeout(OPENING, opening).await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer to DraftJobs")))
    })
}

fn parse(message: ToDrafter) -> Result<Heard, BadMessage> {
    let key = |field, key: Option<referent_proto::ingest::DraftKey>| {
        key.ok_or(BadMessage::Missing(field)).and_then(DraftKey::try_from)
    };
    match message.kind {
        Some(to_drafter::Kind::Job(job)) => Ok(Heard::Job(Box::new(job.try_into()?))),
        Some(to_drafter::Kind::Stored(stored)) => Ok(Heard::Stored(key("draft_stored.key", stored.key)?)),
        Some(to_drafter::Kind::LeaseLost(lost)) => Ok(Heard::Lost(key("lease_lost.key", lost.key)?)),
        None => Err(BadMessage::UnknownKind("to_drafter")),
    }
}
