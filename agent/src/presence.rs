//! Tells the server that this PC is there and what it does, also between calls, and hears there what is asked of its calls.
//!
//! In: the desk's state. Out: one presence stream for as long as the agent runs: a hello, then the state at every change and
//! every 2 s. A command that comes down is carried out by the desk, and answered with `Done` when it is durable; the server
//! repeats what is not answered.
//!
//! Promised: a connection that carries nothing is given up within 3 s, as a call's is. Where nobody is reached, or a server
//! cannot take it now, it is tried again at last every 2 s; where one refuses, every 10 s; where one does not know such a
//! thing, because it is older, every few minutes. The tries have no bound: the pane is to say what is true whenever it can.
//! No call waits for anything here, and nothing here waits for the disk.
//!
//! Not done here: no state is judged, and no level is told (a call's own heartbeat does that).

use crate::backoff::Backoff;
use crate::desk::Desk;
use crate::send::pulse::Pulse;
use crate::send::{Broken, Line, Manner};
use crate::status::Since;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, OptionFuture};
use referent_proto::calls::calls_client::CallsClient;
use referent_proto::calls::{self as wire, from_presence, to_presence};
use referent_proto::ids::PerTrack;
use referent_proto::{AgentId, AgentState, AgentStateKind, BadMessage, CommandId, PresenceCommand, PresenceHello};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Streaming};

/// Messages on their way to the transport. What does not fit is not kept: the next heartbeat says it better, and a command
/// comes again.
const UP_QUEUE: usize = 8;
/// Commands that wait for the one that is being carried out. What does not fit comes again.
const ASKED: usize = 64;
/// A connection that lasted so long was a good one: the next wait is short again.
const STEADY: Duration = Duration::from_secs(5);

/// Keeps one presence until `shutdown`.
pub(crate) async fn keep(desk: Desk, line: Arc<Line>, agent: AgentId, shutdown: CancellationToken) {
    let presence = Presence { desk, line, agent, since: Since::new(Instant::now()) };
    shutdown.run_until_cancelled(presence.go_on()).await;
    metrics::gauge!("referent_agent_presence").set(0.0);
}

struct Presence {
    desk: Desk,
    line: Arc<Line>,
    agent: AgentId,
    since: Since,
}

type Up = mpsc::Sender<wire::FromPresence>;

impl Presence {
    async fn go_on(mut self) {
        let (mut backoff, mut manner, mut was_there) = (Backoff::default(), Manner::Brisk, true);
        loop {
            let mut accepted = None;
            let broken = self.connection(manner, &mut accepted).await;
            metrics::gauge!("referent_agent_presence").set(0.0);
            let lasted = accepted.map(|accepted: Instant| accepted.elapsed());
            manner = Manner::after(broken.is_unreached(), lasted);
            if broken.is_unauthenticated() {
                self.line.takes_our_certificate(false);
            }
            if lasted.is_some_and(|lasted| lasted >= STEADY) {
                was_there = true;
                backoff.reset();
            }
            let wait = self.wait_after(&broken, &mut backoff);
            // A PC may be without its server all night: said once.
            if std::mem::take(&mut was_there) {
                tracing::warn!(%broken, ?wait, "the server does not see this PC between calls; tried again until it does");
            } else {
                tracing::debug!(%broken, ?wait, "the server does not see this PC yet");
            }
            sleep(wait).await;
        }
    }

    fn wait_after(&self, broken: &Broken, backoff: &mut Backoff) -> Duration {
        match broken.code() {
            Some(Code::Unimplemented) => {
                let wait = self.line.limits().presence_unknown;
                self.line.backoff(&mut Backoff::between(wait, wait))
            }
            Some(code) if code != Code::Unavailable && !broken.is_unreached() => self.line.backoff(backoff),
            _ => self.line.backoff_unreached(backoff),
        }
    }

    /// One connection, to its end.
    async fn connection(&mut self, manner: Manner, accepted: &mut Option<Instant>) -> Broken {
        let patience = self.line.limits().connect + self.line.limits().greeting;
        match timeout(patience, self.open(manner, accepted)).await {
            Ok(Ok((up, down))) => {
                let Err(broken) = self.converse(&up, down).await;
                broken
            }
            Ok(Err(broken)) => broken,
            Err(_) => Broken::Silent(patience),
        }
    }

    async fn open(
        &self,
        manner: Manner,
        accepted: &mut Option<Instant>,
    ) -> Result<(Up, Streaming<wire::ToPresence>), Broken> {
        let channel = self.line.dial(manner).connect().await.map_err(Broken::NoConnection)?;
        *accepted = Some(Instant::now());
        let (up, queue) = mpsc::channel(UP_QUEUE);
        let hello = PresenceHello { agent_version: env!("CARGO_PKG_VERSION").to_owned(), agent: self.agent };
        say(&up, from_presence::Kind::Hello(hello.into()));
        let down = CallsClient::new(channel).presence(ReceiverStream::new(queue)).await?.into_inner();
        Ok((up, down))
    }

    async fn converse(&mut self, up: &Up, mut down: Streaming<wire::ToPresence>) -> Result<Infallible, Broken> {
        let (opened, heartbeat) = (Instant::now(), self.line.limits().heartbeat);
        let (mut pulse, mut seen) = (Pulse::new(heartbeat), AgentStateKind::Idle);
        let mut asked: VecDeque<PresenceCommand> = VecDeque::new();
        let mut is_taken = false;
        let mut doing: Option<BoxFuture<'static, (CommandId, bool)>> = None;
        loop {
            if doing.is_none() {
                doing = asked.pop_front().map(|asked| self.carry_out(asked));
            }
            tokio::select! {
                message = down.message() => {
                    let message = message?.ok_or(Broken::Closed)?;
                    let to_presence::Kind::Command(command) =
                        message.kind.ok_or(BadMessage::UnknownKind("to_presence"))?;
                    let command = PresenceCommand::try_from(command)?;
                    if !asked.contains(&command) && asked.len() < ASKED {
                        asked.push_back(command);
                    }
                }
                Some((command, is_done)) = OptionFuture::from(doing.as_mut()), if doing.is_some() => {
                    doing = None;
                    if is_done {
                        say(up, from_presence::Kind::Done(wire::Done::of(command)));
                    }
                }
                // While it cannot be seen without waiting, it is what it was.
                kind = pulse.beat(|| self.desk.state_kind().unwrap_or(seen)) => {
                    seen = kind;
                    let since_ms = u64::try_from(self.since.is(kind, Instant::now()).as_millis()).unwrap_or(u64::MAX);
                    let state = AgentState { kind, since_ms, level_permille: PerTrack::default() };
                    say(up, from_presence::Kind::AgentState(state.into()));
                    // Whoever does not take it has said so by now.
                    if opened.elapsed() >= heartbeat && !std::mem::replace(&mut is_taken, true) {
                        self.line.takes_our_certificate(true);
                        metrics::gauge!("referent_agent_presence").set(1.0);
                    }
                }
            }
        }
    }

    fn carry_out(&self, asked: PresenceCommand) -> BoxFuture<'static, (CommandId, bool)> {
        let (desk, PresenceCommand { call, command }) = (self.desk.clone(), asked);
        async move { (command.id, desk.carry_out(call, command.kind).await) }.boxed()
    }
}

fn say(up: &Up, kind: from_presence::Kind) {
    up.try_send(wire::FromPresence { kind: Some(kind) }).ok();
}
