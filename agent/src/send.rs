//! Sends a call from its spool to the pipeline, until the pipeline has it all.
//!
//! In: what the spool has made durable, never sound straight from a device. Out: the messages of `calls.v1`; and, the
//! other way, what is settled (to the spool, which may forget it), credit (to a file that is played), commands.
//!
//! Promised: chunks and gaps of a track go in order, from where the server says, within its credit; the hang-up follows
//! the last of them at once; a call leaves the spool only when the server says that it is complete, or discards it.
//! Whatever goes wrong, the call is tried again, without a bound, because the spool is the only copy: at first soon, at
//! last every 2 s where nobody is reached, and every 10 s where a server refuses; where the server's key for it is gone,
//! every minute and at last every hour, while others are sent.
//! A connection that carries nothing is noticed within 3 s, so that a call goes on within 5 s after the network does
//! (docs/decisions/0021).
//!
//! A command is answered with `Done` when what it asks for is durable, and not before.
//! Not done here: no sound is made, no state is judged.

pub mod turns;
pub(crate) mod pulse;
pub(crate) mod asked;
mod stream;

use crate::backoff::Backoff;
use crate::call::Call;
use crate::identity::{Report, Trouble};
use rand::RngExt as _;
use rand::rngs::StdRng;
use referent_identity::dial::BadAddress;
use referent_identity::{Credentials, Dial};
use referent_proto::{BadMessage, KeyId};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::Endpoint;
use turns::Turns;

/// The shortest and the longest wait that `Elsewhere` may ask for.
const ELSEWHERE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_mins(1));

/// A connection that broke before this time was up may have been too slow for its keep-alive.
const YOUNG: Duration = Duration::from_secs(30);

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the connection.
    pub connect: Duration,
    /// From the connection to the place where sound is wanted from.
    pub greeting: Duration,
    /// For any message, while a call is being sent: quiet is settled every 5 s, and slow text within a minute or so.
    pub silence: Duration,
    /// Between heartbeats.
    pub heartbeat: Duration,
    /// When the transport looks whether a connection still carries.
    pub keep_alive: KeepAlive,
    /// The same after a connection that broke young: the network may only be slow, or lose much.
    pub patient: KeepAlive,
    /// Between tries of a call whose key is gone: the first wait and the longest.
    pub key_gone: (Duration, Duration),
    /// Between looks at the certificate: was it written anew, is it to be renewed.
    pub certificate: Duration,
    /// Between tries of a presence at a pipeline that does not know such a thing.
    pub presence_unknown: Duration,
}

/// When the transport looks whether a connection still carries.
#[derive(Debug, Clone, Copy)]
pub struct KeepAlive {
    /// It pings when it has heard nothing for so long.
    pub after: Duration,
    /// The answer has to come within this time.
    pub within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            greeting: Duration::from_secs(10),
            silence: Duration::from_mins(2),
            heartbeat: Duration::from_secs(2),
            // A call goes on within 5 s after its connection died without a word; 3 s of them go by until that is known.
            keep_alive: KeepAlive { after: Duration::from_secs(1), within: Duration::from_secs(2) },
            patient: KeepAlive { after: Duration::from_secs(2), within: Duration::from_secs(10) },
            key_gone: (Duration::from_mins(1), Duration::from_hours(1)),
            certificate: referent_identity::renew::LOOK_EVERY,
            presence_unknown: Duration::from_mins(5),
        }
    }
}

/// How soon a connection that says nothing is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Brisk,
    Patient,
}

impl Manner {
    /// A connection that said nothing any more soon after it was made: the network may only be slow.
    pub(crate) fn after(is_unreached: bool, lasted: Option<Duration>) -> Self {
        if is_unreached && lasted.is_some_and(|lasted| lasted < YOUNG) { Self::Patient } else { Self::Brisk }
    }
}

/// What all calls, and the presence, share on their way to the pipeline.
#[derive(Debug)]
pub struct Line {
    dial: Dial,
    patient: Dial,
    /// The server has said last that it does not take our certificate.
    is_unauthenticated: AtomicBool,
    limits: Limits,
    chance: Mutex<StdRng>,
    /// Live before backlog.
    pub turns: Turns,
    /// The agent is being stopped.
    pub leaving: CancellationToken,
}

impl Line {
    /// A line to this address, `http://host:port`, or `https://` with credentials.
    pub fn new(
        pipeline: &str,
        tls: Option<Arc<Credentials>>,
        limits: Limits,
        chance: StdRng,
    ) -> Result<Self, BadAddress> {
        let with = |KeepAlive { after, within }| {
            move |endpoint: Endpoint| {
                endpoint.http2_keep_alive_interval(after).keep_alive_timeout(within).keep_alive_while_idle(true)
            }
        };
        let dial = Dial::to(pipeline, tls, |endpoint| endpoint.connect_timeout(limits.connect).tcp_nodelay(true))?;
        let (dial, patient) = (dial.shaped(with(limits.keep_alive)), dial.shaped(with(limits.patient)));
        let (turns, leaving) = (Turns::new(), CancellationToken::new());
        let is_unauthenticated = AtomicBool::new(false);
        Ok(Self { dial, patient, is_unauthenticated, limits, chance: Mutex::new(chance), turns, leaving })
    }

    pub(crate) fn dial(&self, manner: Manner) -> &Dial {
        match manner {
            Manner::Brisk => &self.dial,
            Manner::Patient => &self.patient,
        }
    }

    /// Who this agent is to the server; `None` without TLS.
    pub fn identity(&self) -> Option<Report> {
        let credentials = self.dial.credentials()?;
        let is_unauthenticated = self.is_unauthenticated.load(Ordering::Relaxed);
        Some(Report::of(credentials, Trouble::of(credentials, self.dial.refusal(), is_unauthenticated)))
    }

    /// How long is waited for what.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How a connection ended, as far as it was about who we are.
    fn was_taken(&self, ending: &Result<Ending, Broken>) {
        self.takes_our_certificate(!ending.as_ref().is_err_and(Broken::is_unauthenticated));
    }

    /// The server takes our certificate, or has said that it does not.
    pub(crate) fn takes_our_certificate(&self, takes: bool) {
        self.is_unauthenticated.store(!takes, Ordering::Relaxed);
    }

    pub(crate) fn backoff(&self, backoff: &mut Backoff) -> Duration {
        backoff.next(&mut *self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn backoff_unreached(&self, backoff: &mut Backoff) -> Duration {
        backoff.next_unreached(&mut *self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A wait that the server asks for, up to half as long again, so that not all come back at once.
    fn asked_for(&self, wait: Duration) -> Duration {
        let more: f64 = self.chance.lock().unwrap_or_else(PoisonError::into_inner).random();
        let wait = wait.clamp(ELSEWHERE.0, ELSEWHERE.1);
        wait + wait.mul_f64(more / 2.0)
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// All of it is text in the database; the spool has let go of it.
    Complete,
    /// All of it is text in the database, and its sound cannot be erased before the next start.
    NotErased,
    /// Somebody discarded it; the spool has let go of it.
    Discarded,
    /// The server will not take it from this caseworker; it stays in the spool until the next start.
    Refused,
    /// The agent is being stopped; the next one goes on.
    Left,
}

/// How a stream ended, when it did not break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    Discarded,
    Refused,
    Elsewhere(Duration),
    KeyGone(KeyId),
    Left,
}

/// Why a stream broke. In every case: try again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// Nobody is there.
    #[error("the pipeline is not reached: {}", cause(.0))]
    NoConnection(#[source] tonic::transport::Error),
    /// The server ended it with an error.
    #[error("the pipeline says {code:?}: {message}", code = .0.code(), message = .0.message())]
    Status(#[from] tonic::Status),
    /// The server ended it without one.
    #[error("the pipeline ended the stream too early")]
    Closed,
    /// It says nothing.
    #[error("the pipeline said nothing for {0:?}")]
    Silent(Duration),
    /// It says what it may not say.
    #[error("the pipeline sent a message that cannot be: {0}")]
    Bad(#[from] BadMessage),
    /// It says what it may not say now.
    #[error("the pipeline sent {0} at the wrong time")]
    Untimely(&'static str),
    /// The spool cannot be read.
    #[error("the spool cannot be read: {0}")]
    Spool(#[from] io::Error),
}

/// The last of the causes, which is the system's word for it; the transport's own says only that something went wrong.
fn cause(error: &tonic::transport::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl Broken {
    /// No server has said anything about it.
    pub(crate) fn is_unreached(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Silent(_) => true,
            // What the transport says of itself has a cause; what a server says has none.
            Self::Status(status) => std::error::Error::source(status).is_some(),
            Self::Closed | Self::Bad(_) | Self::Untimely(_) | Self::Spool(_) => false,
        }
    }

    /// The server does not take our certificate.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        self.code() == Some(Code::Unauthenticated)
    }

    /// What the server said.
    pub(crate) fn code(&self) -> Option<Code> {
        if let Self::Status(status) = self { Some(status.code()) } else { None }
    }

    fn outcome(&self) -> &'static str {
        match self {
            Self::NoConnection(_) => "no_connection",
            Self::Status(_) => "status",
            Self::Closed => "closed",
            Self::Silent(_) => "silent",
            Self::Bad(_) | Self::Untimely(_) => "bad_message",
            Self::Spool(_) => "spool",
        }
    }
}

/// Sends a call until it is complete, over as many connections as it takes.
#[tracing::instrument(name = "call", skip_all, fields(call = %call.id()))]
pub async fn deliver(call: &Arc<Call>, line: &Line) -> Delivered {
    let mut backoff = Backoff::default();
    let mut key_backoff = Backoff::between(line.limits.key_gone.0, line.limits.key_gone.1);
    let (mut without_progress, mut manner) = (0, Manner::Brisk);
    let mut settled = call.spool().settled();
    loop {
        settled.mark_unchanged();
        let Some(turn) = line.leaving.run_until_cancelled(line.turns.take(call)).await else { return Delivered::Left };
        let connection = stream::run(call, line, manner, without_progress).await;
        drop(turn);
        manner = connection.manner_after();
        let stream::Connection { ending, was_heard, .. } = connection;
        line.was_taken(&ending);
        call.is_away();
        line.turns.is_served(call, false);
        // Nothing was heard of a call whose key is gone: that it comes again must not make it suspect.
        without_progress += u32::from(was_heard && !matches!(ending, Ok(Ending::KeyGone(_))));
        if settled.has_changed().unwrap_or(false) {
            without_progress = 0;
            backoff.reset();
            key_backoff.reset();
        }
        let outcome = ending.as_ref().map_or_else(Broken::outcome, Ending::outcome);
        metrics::counter!("referent_agent_connections_total", "outcome" => outcome).increment(1);
        let wait = match ending {
            Ok(Ending::Complete) => return complete(call, line).await,
            Ok(Ending::Discarded) => {
                line.turns.is_over(call);
                return Delivered::Discarded;
            }
            Ok(Ending::Refused) => {
                line.turns.is_over(call);
                return Delivered::Refused;
            }
            Ok(Ending::Left) => return Delivered::Left,
            Ok(Ending::Elsewhere(wait)) => {
                let wait = line.asked_for(wait);
                tracing::info!(?wait, "the pipeline is full; sound is kept meanwhile");
                wait
            }
            Ok(Ending::KeyGone(key)) => {
                // It has to wait for a person; whoever waits behind it does not.
                line.turns.is_over(call);
                call.is_without_key(Some(key));
                let wait = line.backoff(&mut key_backoff);
                tracing::error!(%key, ?wait, "the server has no key for this call's sound; it is kept and tried again");
                wait
            }
            Err(error) => {
                let is_unreached = error.is_unreached();
                let wait = if is_unreached { line.backoff_unreached(&mut backoff) } else { line.backoff(&mut backoff) };
                tracing::warn!(%error, attempts = backoff.attempts(), ?wait, "the call is kept and tried again");
                wait
            }
        };
        let woken = tokio::time::timeout(wait, call.woken()); // Whether it was, or the wait is over: it is tried again.
        if line.leaving.run_until_cancelled(woken).await.is_none() {
            return Delivered::Left;
        }
    }
}

impl Ending {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Discarded => "discarded",
            Self::Refused => "refused",
            Self::Elsewhere(_) => "elsewhere",
            Self::KeyGone(_) => "key_gone",
            Self::Left => "left",
        }
    }
}

async fn complete(call: &Call, line: &Line) -> Delivered {
    line.turns.is_over(call);
    if let Some(ended) = call.spool().ended() {
        let age = Duration::from_millis(call.age_ms(&ended));
        metrics::histogram!("referent_agent_hang_up_to_complete_seconds").record(age.as_secs_f64());
    }
    metrics::counter!("referent_agent_calls_completed_total").increment(1);
    match erase(call).await {
        Ok(()) => {
            tracing::info!("the call is complete; its sound is erased");
            Delivered::Complete
        }
        Err(error) => {
            tracing::error!(%error, "the call is complete, and its sound is not erased; see to the disk of state_dir");
            Delivered::NotErased
        }
    }
}

/// Erases a call from the disk. A folder may be held for a moment by whoever reads in it, on Windows a virus scanner too, so
/// it is tried five times; what cannot be erased then is found by the next start.
async fn erase(call: &Call) -> io::Result<()> {
    let mut pauses = [100, 300, 1_000, 3_000].map(Duration::from_millis).into_iter();
    loop {
        let spool = call.spool().clone();
        let erased = tokio::task::spawn_blocking(move || spool.release_all()).await.map_err(io::Error::other).flatten();
        match (erased, pauses.next()) {
            (Ok(()), _) => return Ok(()),
            (Err(error), None) => return Err(error),
            (Err(_), Some(pause)) => tokio::time::sleep(pause).await,
        }
    }
}
