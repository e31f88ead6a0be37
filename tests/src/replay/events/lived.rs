//! Whether an honest agent could have lived through a file.

use super::{Event, Timed};
use anyhow::{Context as _, Result, ensure};
use referent_proto::Track;
use referent_proto::ids::PerTrack;

/// What an agent has lived through.
#[derive(Default)]
pub(super) struct Lived {
    connected: Option<usize>,
    dead: Vec<usize>,
    known: PerTrack<u64>,
    hung_up: bool,
}

impl Lived {
    pub(super) fn through(events: &[Timed]) -> Result<()> {
        let mut lived = Self::default();
        for timed in events {
            lived.event(timed.what).with_context(|| format!("line {}", timed.line))?;
        }
        ensure!(lived.hung_up, "no line of the kind \"hang_up\"; without one the call never ends");
        Ok(())
    }

    fn event(&mut self, event: Event) -> Result<()> {
        let connected = "nobody is connected; put a line of the kind \"connect\" before it";
        match event {
            Event::Connect { worker } => {
                ensure!(self.connected.is_none(), "connected already; put a line of the kind \"break\" before it");
                ensure!(!self.dead.contains(&worker), "worker {worker} is dead; connect to another");
                self.connected = Some(worker);
            }
            Event::Chunk { track, first, samples } => {
                self.connected.context(connected)?;
                self.knows(track, first, first + samples as u64)?;
            }
            Event::Gap { track, first, end, .. } => {
                self.connected.context(connected)?;
                self.knows(track, first, end)?;
            }
            Event::Break => {
                self.connected.take().context(connected)?;
            }
            Event::WorkerDies { worker } => {
                ensure!(!self.dead.contains(&worker), "worker {worker} is dead already");
                self.dead.push(worker);
                self.connected = self.connected.filter(|connected| *connected != worker);
            }
            Event::HangUp { ends, .. } => {
                self.connected.context(connected)?;
                let known = self.known;
                ensure!(
                    ends == known,
                    "the tracks end at {} and {}, and what was sent reaches {} and {}; make them the same",
                    ends.near,
                    ends.far,
                    known.near,
                    known.far
                );
                self.hung_up = true;
            }
        }
        Ok(())
    }

    fn knows(&mut self, track: Track, first: u64, end: u64) -> Result<()> {
        let known = &mut self.known[track];
        ensure!(
            first <= *known,
            "the {track} track goes on at sample {first}, and only {known} are known; put a line of the kind \"gap\" \
             between, with its reason"
        );
        *known = end.max(*known);
        Ok(())
    }
}
