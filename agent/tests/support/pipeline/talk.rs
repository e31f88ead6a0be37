//! What the pipeline of the tests says and hears on one connection.
//!
//! In: an agent's messages. Out: what was heard, for the test to ask, and the answers of a pipeline that behaves as its
//! `Manner` says, or does something else `Instead`.

use super::{Heard, Instead, Pipeline, Presences};
use futures_util::Stream;
use referent_proto::calls::calls_server::Calls;
use referent_proto::calls::{self as wire, from_agent, from_presence, to_agent, to_presence};
use referent_proto::ids::PerTrack;
use referent_proto::{AgentState, CallId, CommandId, Gap, HangUp, Hello, PresenceHello, SampleOffset, Settled, Track};
use std::pin::Pin;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

impl Pipeline {
    async fn serve(self, mut up: Streaming<wire::FromAgent>, down: Down) -> Result<(), Status> {
        let hello = match next(&mut up).await? {
            Some(from_agent::Kind::Hello(hello)) => {
                Hello::try_from(hello).map_err(|bad| Status::invalid_argument(bad.to_string()))?
            }
            other => return Err(Status::invalid_argument(format!("{other:?} is no hello"))),
        };
        let instead = self.state().instead.pop_front();
        let call = hello.call;
        self.note(Heard::Hello(hello.clone()));
        let mut break_after = usize::MAX;
        match instead {
            Some(Instead::Elsewhere(retry_after_ms)) => {
                down.say(to_agent::Kind::Elsewhere(wire::Elsewhere { retry_after_ms })).await;
                return Ok(());
            }
            Some(Instead::NotYours) => {
                down.say(to_agent::Kind::NotYours(wire::NotYours {})).await;
                return Ok(());
            }
            Some(Instead::Refuse(why)) => return Err(Status::unavailable(why)),
            Some(Instead::Silence) => {
                while next(&mut up).await?.is_some() {}
                return Ok(());
            }
            Some(Instead::CompleteAtOnce) => {
                down.say(to_agent::Kind::Complete(wire::Complete {})).await;
                while next(&mut up).await?.is_some() {}
                return Ok(());
            }
            Some(Instead::Command(command)) => down.say(to_agent::Kind::Command(command.into())).await,
            Some(Instead::BreakAfter(chunks)) => break_after = chunks,
            None => {}
        }
        let (stream, mut at) = {
            let mut state = self.state();
            let stream = state.streams.entry(call).or_default();
            *stream += 1;
            (*stream, state.settled.entry(call).or_default().to_owned())
        };
        down.say(to_agent::Kind::Welcome(wire::Welcome { mode: hello.mode.into(), area_version: "v".into() })).await;
        let mut expected = PerTrack::default();
        for track in &hello.tracks {
            expected[*track] = at[*track].back(32_000);
            let offset = expected[*track].0;
            down.say(to_agent::Kind::ResumeFrom(wire::ResumeFrom { track: (*track).into(), offset })).await;
            // Nothing is settled anew, so only credit.
            self.credit(&down, *track, at[*track]).await;
        }
        while let Some(kind) = next(&mut up).await? {
            // What a killed agent had under way comes late, beside the stream of the next one.
            if self.state().streams[&call] != stream {
                return Err(Status::aborted("another stream has the call"));
            }
            if std::mem::take(&mut self.state().breaks) {
                return Err(Status::unavailable("broken off"));
            }
            match kind {
                from_agent::Kind::Chunk(chunk) => {
                    let track = Track::from_wire(chunk.track).unwrap();
                    let chunk = match self.open(call, chunk, expected[track]) {
                        Ok(chunk) => chunk,
                        Err(key_id) => {
                            down.say(to_agent::Kind::KeyGone(wire::KeyGone { key_id })).await;
                            return Ok(());
                        }
                    };
                    let (track, span) = (chunk.track, chunk.span());
                    if span.start() != expected[track] {
                        self.complain(format!("{track} {:?} does not follow {:?}", span, expected[track]));
                    }
                    if span.end().0 > at[track].0 + self.state().manner.window {
                        self.complain(format!("{track} {span:?} lies beyond its credit"));
                    }
                    expected[track] = span.end();
                    self.note(Heard::Chunk(call, chunk));
                    break_after -= 1;
                    if break_after == 0 {
                        return Err(Status::unavailable("broken off"));
                    }
                }
                from_agent::Kind::Gap(gap) => {
                    let gap = Gap::try_from(gap).unwrap();
                    if gap.span.start() != expected[gap.track] {
                        self.complain(format!("{gap:?} does not follow {:?}", expected[gap.track]));
                    }
                    expected[gap.track] = gap.span.end();
                    self.note(Heard::Gap(call, gap));
                }
                from_agent::Kind::HangUp(hang_up) => {
                    let hang_up = HangUp::try_from(hang_up).unwrap();
                    if hang_up.ends != expected {
                        self.complain(format!("{hang_up:?} at {expected:?}"));
                    }
                    self.note(Heard::HangUp(call, hang_up));
                    if self.state().manner.completes {
                        for track in &hello.tracks {
                            at[*track] = expected[*track];
                        }
                        self.settle(call, stream, at)?;
                        for track in &hello.tracks {
                            self.allow(&down, *track, at[*track]).await;
                        }
                        down.say(to_agent::Kind::Complete(wire::Complete {})).await;
                    }
                    continue;
                }
                from_agent::Kind::AgentState(_) => self.note(Heard::State(call)),
                from_agent::Kind::Done(done) => self.note(Heard::Done(done.command)),
                from_agent::Kind::Discard(_) => {
                    self.note(Heard::Discard(call));
                    let command = wire::Command {
                        id: CommandId::from_bytes(&call.bytes()).unwrap().to_string(),
                        kind: wire::CommandKind::Discard.into(),
                    };
                    down.say(to_agent::Kind::Command(command)).await;
                }
                from_agent::Kind::Hello(_) => self.complain("a second hello".into()),
            }
            if self.state().manner.settles {
                for track in &hello.tracks {
                    let second = SampleOffset(expected[*track].0 / 16_000 * 16_000);
                    if second > at[*track] {
                        at[*track] = second;
                        self.settle(call, stream, at)?;
                        self.allow(&down, *track, second).await;
                    }
                }
            } else if !self.state().manner.completes {
                // Credit that was opened meanwhile.
                for track in &hello.tracks {
                    self.allow(&down, *track, at[*track]).await;
                }
            }
        }
        Ok(())
    }

    async fn heed(
        self,
        mut up: Streaming<wire::FromPresence>,
        down: mpsc::Sender<Result<wire::ToPresence, Status>>,
    ) -> Result<(), Status> {
        let mut orders = self.orders.subscribe();
        let mut is_first = true;
        loop {
            let kind = tokio::select! {
                message = up.message() => match message? {
                    Some(message) => message.kind.unwrap(),
                    None => return Ok(()),
                },
                order = orders.recv() => {
                    let kind = Some(to_presence::Kind::Command(order.unwrap()?.into()));
                    down.send(Ok(wire::ToPresence { kind })).await.ok();
                    continue;
                }
            };
            match kind {
                from_presence::Kind::Hello(hello) if is_first => {
                    self.note(Heard::There(PresenceHello::try_from(hello).unwrap().agent));
                }
                from_presence::Kind::AgentState(state) if !is_first => {
                    self.note(Heard::Does(AgentState::try_from(state).unwrap().kind));
                }
                from_presence::Kind::Done(done) if !is_first => self.note(Heard::Done(done.command)),
                other => self.complain(format!("{other:?} on a presence")),
            }
            is_first = false;
        }
    }

    /// Keeps what is settled, if no newer stream has the call.
    fn settle(&self, call: CallId, stream: u64, at: PerTrack<SampleOffset>) -> Result<(), Status> {
        let mut state = self.state();
        if state.streams[&call] != stream {
            return Err(Status::aborted("another stream has the call"));
        }
        state.settled.insert(call, at);
        Ok(())
    }

    async fn allow(&self, down: &Down, track: Track, settled: SampleOffset) {
        down.say(to_agent::Kind::Settled(Settled { track, offset: settled }.into())).await;
        self.credit(down, track, settled).await;
    }

    async fn credit(&self, down: &Down, track: Track, settled: SampleOffset) {
        let up_to = settled.0 + self.state().manner.window;
        down.say(to_agent::Kind::Credit(wire::Credit { track: track.into(), up_to })).await;
    }
}

async fn next(up: &mut Streaming<wire::FromAgent>) -> Result<Option<from_agent::Kind>, Status> {
    Ok(up.message().await?.map(|message| message.kind.unwrap()))
}

/// The way down.
#[derive(Debug)]
struct Down(mpsc::Sender<Result<wire::ToAgent, Status>>);

impl Down {
    async fn say(&self, kind: to_agent::Kind) {
        self.0.send(Ok(wire::ToAgent { kind: Some(kind) })).await.ok();
    }
}

#[tonic::async_trait]
impl Calls for Pipeline {
    type StreamStream = Pin<Box<dyn Stream<Item = Result<wire::ToAgent, Status>> + Send>>;
    type PresenceStream = Pin<Box<dyn Stream<Item = Result<wire::ToPresence, Status>> + Send>>;

    async fn stream(
        &self,
        request: Request<Streaming<wire::FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let (down, answers) = mpsc::channel(64);
        let (pipeline, ends) = (self.clone(), down.clone());
        self.tracker.spawn(async move {
            if let Err(status) = pipeline.serve(request.into_inner(), Down(down)).await {
                ends.send(Err(status)).await.ok();
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    async fn presence(
        &self,
        request: Request<Streaming<wire::FromPresence>>,
    ) -> Result<Response<Self::PresenceStream>, Status> {
        let presences = {
            let mut state = self.state();
            state.presences_tried += 1;
            state.presences.clone()
        };
        self.changed.send_modify(|count| *count += 1);
        match presences {
            Presences::Unknown => return Err(Status::unimplemented("older than presences")),
            Presences::Refused(status) => return Err(status),
            Presences::Taken => {}
        }
        let (down, answers) = mpsc::channel(64);
        let (pipeline, ends) = (self.clone(), down.clone());
        self.tracker.spawn(async move {
            if let Err(status) = pipeline.heed(request.into_inner(), down).await {
                ends.send(Err(status)).await.ok();
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }
}
