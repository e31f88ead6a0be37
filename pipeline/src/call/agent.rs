//! What the agent says, and what becomes of it.
//!
//! In: one message of the agent's. Out: cuts on their way to the recogniser, links and words for notes-api, the end.
//! Not done here: no waiting, and nothing is answered.

use super::{Call, CallError, JUST_NOW_MS};
use crate::notes::ToNotes;
use crate::open::Opened;
use crate::receive::Says;
use crate::transcribe::Class;
use referent_proto::{AgentState, AgentStateKind, HangUp, Track};
use tokio::time::Instant;

impl Call<'_> {
    pub(super) fn agent_says(&mut self, says: Says) -> Result<(), CallError> {
        // After the hang-up heartbeats prove nothing: what is missing of the sound has to come.
        if self.hang_up.is_none() || matches!(says, Says::Chunk(_) | Says::Sealed(_) | Says::Gap(_) | Says::HangUp(_)) {
            self.heard_of_agent = Instant::now();
        }
        match says {
            Says::Chunk(chunk) => {
                let track = chunk.track;
                let ms = chunk.pcm.0.len() as u64 / 16;
                metrics::counter!("referent_sound_ms_total").increment(ms);
                if track == Track::Far {
                    self.loudspeaker.plays(chunk.first, &chunk.pcm.0);
                }
                let links = self.track(track)?.sound(chunk)?;
                self.take(track, links)?;
                self.glimpse(track)
            }
            Says::Sealed(chunk) => {
                let opened = self.opener.open(chunk, &self.shared.keys)?;
                self.agent_says(match opened {
                    Opened::Sound(chunk) => Says::Chunk(chunk),
                    Opened::Damaged(gap) => Says::Gap(gap),
                })
            }
            Says::Gap(gap) => {
                let links = self.track(gap.track)?.gap(gap)?;
                self.take(gap.track, links)
            }
            Says::HangUp(hang_up) => self.hung_up(hang_up),
            Says::State(state) => {
                self.keeps_up(state.kind != AgentStateKind::CatchingUp);
                self.pass_on(state);
                Ok(())
            }
            Says::Done(command) => {
                self.to_notes.push_back(ToNotes::Done(command));
                Ok(())
            }
            Says::Discard => {
                tracing::info!("the citizen objects, says the agent");
                self.to_notes.push_back(ToNotes::Discard);
                Ok(())
            }
        }
    }

    /// Whether what comes was said just now. A call that hung up or was over before it came stays what it is.
    fn keeps_up(&mut self, keeps_up: bool) {
        match self.class {
            Class::Live if !keeps_up => self.class = Class::Behind,
            Class::Behind if keeps_up => {
                self.class = Class::Live;
                self.shared.transcriber.catches_up(self.hello.call);
            }
            _ => {}
        }
    }

    /// A newer heartbeat replaces one that has not left yet.
    fn pass_on(&mut self, state: AgentState) {
        match self.to_notes.iter_mut().find(|message| matches!(message, ToNotes::State(_))) {
            Some(waiting) => *waiting = ToNotes::State(state),
            None => self.to_notes.push_back(ToNotes::State(state)),
        }
    }

    /// K3.
    fn hung_up(&mut self, hang_up: HangUp) -> Result<(), CallError> {
        if self.hang_up.replace(hang_up).is_some() {
            return Ok(());
        }
        self.warming = None; // K8: what is on its way ends, and the draft does not wait behind it.
        tracing::info!(reason = %hang_up.reason, age_ms = hang_up.age_ms, "the agent hung up");
        self.steps.hung_up(&hang_up);
        if hang_up.age_ms < JUST_NOW_MS {
            self.class = Class::HungUp;
            self.shared.transcriber.hurry(self.hello.call);
        }
        self.say(ToNotes::Ended(self.epoch, hang_up));
        for at in 0..self.tracks.len() {
            let track = self.tracks[at].track();
            let links = self.tracks[at].hang_up(hang_up.ends[track])?;
            self.take(track, links)?;
        }
        Ok(())
    }
}
