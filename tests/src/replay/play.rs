//! Plays the events of a file against the workers of a world.
//!
//! In: a checked [`Replay`], its sound, a speed. Out: a call that is complete, and how near to its times the replay came.
//! What happens between the events is what an agent does: heartbeats, no sound beyond the credit, and what the worker
//! asks for again is sent again (R2).

use super::{Event, Replay, Timed};
use crate::crowd::{Line, Manner, Opened, Sound, listening, now_ms};
use crate::program::Program;
use crate::world::{Part, World};
use anyhow::{Context as _, Result, bail, ensure};
use rand::{RngExt as _, SeedableRng as _};
use referent_proto::calls::from_agent;
use referent_proto::ids::PerTrack;
use referent_proto::{CallId, Chunk, Gap, HangUp, SampleOffset, SampleSpan, Track};
use std::time::Duration;
use tokio::time::Instant;
use tonic::transport::Channel;

/// Between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// A full worker is asked so often.
const ASKED: u32 = 30;
/// After the last event the call may need so many more connections.
const TO_THE_END: u32 = 5;

/// A world, and the workers beside its own.
#[derive(Debug)]
pub struct Stage {
    world: World,
    others: Vec<Program>,
}

impl Stage {
    /// With so many workers in all; they are there before the replay begins.
    pub async fn of(world: World, workers: usize) -> Result<Self> {
        let mut others = Vec::new();
        while others.len() + 1 < workers {
            others.push(world.start_another_pipeline().await?);
        }
        Ok(Self { world, others })
    }

    fn address(&self, worker: usize) -> Result<String> {
        match worker.checked_sub(1) {
            None => Ok(self.world.pipeline_grpc()),
            Some(other) => self.others.get(other).and_then(|one| one.ready.grpc.clone()).context("the worker listens"),
        }
    }

    async fn kill(&mut self, worker: usize) -> Result<()> {
        match worker.checked_sub(1) {
            None => self.world.kill(Part::Pipeline).await,
            Some(other) => self.others.get_mut(other).context("there is such a worker")?.kill().await,
        }
    }

    /// Stops what is left.
    pub async fn stop(self) -> Result<()> {
        drop(self.others);
        self.world.stop().await
    }
}

/// How a replay went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The call's id, as the API shows it.
    pub id: String,
    /// By how much the latest event was later than its time.
    pub latest: Duration,
    /// How often it connected.
    pub connections: u32,
    /// Samples that a worker asked for and the file did not send again.
    pub filled: u64,
}

/// The agent's side.
struct Player<'a> {
    call: CallId,
    sound: &'a Sound,
    began: Instant,
    line: Option<Box<Line>>,
    /// The worker that `line` goes to, or went to last.
    worker: usize,
    heartbeat: Instant,
    /// What is known of each track, sent or not: up to there, and which of it is missing.
    known: PerTrack<u64>,
    gaps: Vec<Gap>,
    connections: u32,
    filled: u64,
}

/// Plays it to its end.
pub async fn play(replay: &Replay, sound: &Sound, speed: f64, stage: &mut Stage) -> Result<Played> {
    ensure!((0.01..=100.0).contains(&speed), "speed {speed}; it must be 0.01 to 100 times the file's own");
    let began = Instant::now();
    let chance: [u8; 10] = rand::rngs::StdRng::seed_from_u64(now_ms()).random();
    let mut player = Player {
        call: CallId::new(now_ms(), chance),
        sound,
        began,
        line: None,
        worker: 0,
        heartbeat: began,
        known: PerTrack::default(),
        gaps: Vec::new(),
        connections: 0,
        filled: 0,
    };
    let (mut latest, mut end) = (Duration::ZERO, None);
    for &Timed { at_ms, line, what } in &replay.events {
        let due = began + Duration::from_millis(at_ms).div_f64(speed);
        let happens = async {
            player.wait_until(due).await?;
            player.event(what, stage).await
        };
        happens.await.with_context(|| format!("line {line}, at {at_ms} ms of the call"))?;
        latest = latest.max(due.elapsed());
        if let Event::HangUp { ends, reason } = what {
            let ends = PerTrack { near: SampleOffset(ends.near), far: SampleOffset(ends.far) };
            end.get_or_insert((HangUp { ends, reason, age_ms: 0 }, Instant::now()));
        }
    }
    let (hang_up, at) = end.context("a checked file hangs up")?;
    player.finish(hang_up, at, stage).await?;
    let Player { call, connections, filled, .. } = player;
    Ok(Played { id: call.to_string(), latest, connections, filled })
}

impl Player<'_> {
    async fn event(&mut self, event: Event, stage: &mut Stage) -> Result<()> {
        match event {
            Event::Connect { worker } => self.connect(worker, stage).await,
            Event::Chunk { track, first, samples } => {
                let end = first + samples as u64;
                self.fill(track, first).await?;
                self.known[track] = self.known[track].max(end);
                self.sound(track, first, end).await
            }
            Event::Gap { track, first, end, reason } => {
                let span = SampleSpan::new(SampleOffset(first), SampleOffset(end)).context("a checked gap")?;
                self.fill(track, first).await?;
                self.known[track] = self.known[track].max(end);
                let gap = Gap { track, span, reason };
                self.gaps.push(gap);
                self.gap(gap).await
            }
            Event::HangUp { ends, reason } => {
                for track in Track::BOTH {
                    self.fill(track, self.known[track]).await?;
                }
                let ends = PerTrack { near: SampleOffset(ends.near), far: SampleOffset(ends.far) };
                self.line()?.say(from_agent::Kind::HangUp(HangUp { ends, reason, age_ms: 0 }.into())).await
            }
            Event::Break => {
                self.line = None;
                Ok(())
            }
            Event::WorkerDies { worker } => {
                if worker == self.worker {
                    self.line = None;
                }
                stage.kill(worker).await
            }
        }
    }

    async fn connect(&mut self, worker: usize, stage: &Stage) -> Result<()> {
        let channel = Channel::from_shared(format!("http://{}", stage.address(worker)?))?.connect().await?;
        for _ in 0..ASKED {
            match Line::open(&channel, self.call, self.began, Manner::LIVE).await? {
                Opened::Line(line) => {
                    (self.line, self.worker) = (Some(line), worker);
                    self.heartbeat = Instant::now();
                    self.connections += 1;
                    return Ok(());
                }
                Opened::Elsewhere(after) => tokio::time::sleep(after).await,
            }
        }
        bail!("worker {worker} lets the call in at none of {ASKED} times")
    }

    /// Lets time go on, and hears and heartbeats meanwhile.
    async fn wait_until(&mut self, due: Instant) -> Result<()> {
        let Some(line) = &mut self.line else {
            tokio::time::sleep_until(due).await;
            return Ok(());
        };
        loop {
            line.hear_until(due.min(self.heartbeat)).await?;
            if Instant::now() >= self.heartbeat {
                self.heartbeat += HEARTBEAT;
                line.say(from_agent::Kind::AgentState(listening().into())).await?;
            } else {
                return Ok(());
            }
        }
    }

    /// R2: sends what lies between what this worker has and `to`, of what is known.
    async fn fill(&mut self, track: Track, to: u64) -> Result<()> {
        loop {
            let at = self.line()?.sent[track].0;
            if at >= to {
                return Ok(());
            }
            let gap = self
                .gaps
                .iter()
                .copied()
                .find(|gap| gap.track == track && gap.span.start().0 <= at && at < gap.span.end().0);
            if let Some(gap) = gap {
                self.gap(gap).await?;
                continue;
            }
            let gaps = self.gaps.iter().filter(|gap| gap.track == track).map(|gap| gap.span.start().0);
            let next_gap = gaps.filter(|start| *start > at).min().unwrap_or(u64::MAX);
            let end = to.min(at + Chunk::SAMPLES as u64).min(next_gap);
            self.filled += end - at;
            self.sound(track, at, end).await?;
        }
    }

    async fn sound(&mut self, track: Track, first: u64, end: u64) -> Result<()> {
        let chunk = self.sound.chunk(track, usize::try_from(first)?, usize::try_from(end - first)?);
        let line = self.line()?;
        while SampleOffset(end) > line.credit[track] {
            line.hear().await?;
        }
        line.sent[track] = line.sent[track].max(SampleOffset(end));
        line.say(from_agent::Kind::Chunk(chunk.into())).await
    }

    async fn gap(&mut self, gap: Gap) -> Result<()> {
        let line = self.line()?;
        line.sent[gap.track] = line.sent[gap.track].max(gap.span.end());
        line.say(from_agent::Kind::Gap(gap.into())).await
    }

    /// Whatever the last event was: until the call is complete.
    async fn finish(&mut self, hang_up: HangUp, at: Instant, stage: &Stage) -> Result<()> {
        for _ in 0..TO_THE_END {
            let ends = self.until_complete().await;
            match ends {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::info!(error = format!("{error:#}"), "connecting again for what is left");
                    self.line = None;
                }
            }
            self.connect(self.worker, stage).await?;
            for track in Track::BOTH {
                self.fill(track, self.known[track]).await?;
            }
            let age_ms = u64::try_from(at.elapsed().as_millis()).unwrap_or(0);
            self.line()?.say(from_agent::Kind::HangUp(HangUp { age_ms, ..hang_up }.into())).await?;
        }
        bail!("the call is not complete after {TO_THE_END} more connections")
    }

    async fn until_complete(&mut self) -> Result<()> {
        let line = self.line()?;
        while !line.complete {
            line.hear().await?;
        }
        Ok(())
    }

    fn line(&mut self) -> Result<&mut Line> {
        self.line.as_deref_mut().context("nobody is connected")
    }
}
