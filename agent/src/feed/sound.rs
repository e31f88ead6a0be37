//! Where the sound of a call comes from: devices, a file, or nothing, because there is nothing left to record.
//!
//! Promised: while nothing may be recorded no device is open. A file goes on meanwhile, as the conversation does.

use super::StartAt;
use super::device::Device;
use super::player::Player;
use super::writer::{Erased, Writer};
use crate::call::Call;
use crate::config::SoundConfig;
use crate::spool::record::{Pace, Source};
use referent_proto::{GapReason, SampleOffset, Track};
use std::path::Path;
use std::time::Duration;

/// How often the devices are looked at: a chunk's length.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// When to pour again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    After(Duration),
    End,
}

/// Where the sound of a call comes from.
pub(super) enum Sound {
    Devices(Vec<Device>),
    Wav(Box<Player>),
    /// The call goes on without sound, and why.
    Missing(GapReason),
    /// Nothing is left to play: the call ends where its sound ends.
    Over,
}

impl Sound {
    pub(super) fn open(call: &Call, sound: &SoundConfig, at: StartAt) -> Self {
        let begin = call.spool().begin();
        match (&begin.source, sound) {
            (Source::Wav { path, pace }, _) => Self::open_wav(call, path, *pace, at),
            (Source::Devices, SoundConfig::Devices { near, far }) => {
                let picks = [(Track::Near, Some(near)), (Track::Far, far.as_ref())];
                let wanted = picks.into_iter().filter(|(track, _)| begin.tracks.contains(track));
                Self::Devices(wanted.map(|(track, pick)| Device::new(call, track, pick.cloned(), at)).collect())
            }
            // The configuration was changed to files while the call was left.
            (Source::Devices, SoundConfig::Wav { .. }) => Self::Missing(GapReason::NoSource),
        }
    }

    fn open_wav(call: &Call, path: &Path, pace: Pace, at: StartAt) -> Self {
        match Player::open(call, path, pace, at) {
            Ok(player) => Self::Wav(Box::new(player)),
            Err(error) => {
                tracing::error!(%error, "the file cannot be played on; the call ends where its sound ends");
                Self::Over
            }
        }
    }

    /// A file that is played as fast as it is taken waits for the disk anyway.
    pub(super) fn syncs_itself(&self) -> bool {
        matches!(self, Self::Wav(player) if player.pace() == Pace::Credit)
    }

    pub(super) fn pour(&mut self, writer: &mut Writer<'_>) -> Result<Next, Erased> {
        match self {
            Self::Devices(devices) => {
                match writer.call().withheld() {
                    None => devices.iter_mut().try_for_each(|device| device.pour(writer))?,
                    Some(reason) => {
                        devices.iter_mut().try_for_each(|device| device.close(reason, writer))?;
                        writer.withhold(now(writer), reason)?;
                    }
                }
                Ok(Next::After(TICK))
            }
            Self::Wav(player) => player.pour(writer),
            Self::Missing(reason) => {
                writer.withhold(now(writer), *reason)?;
                Ok(Next::After(TICK))
            }
            Self::Over => Ok(Next::End),
        }
    }

    pub(super) fn slept(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        tracing::info!("the PC slept");
        let Self::Devices(devices) = self else { return Ok(()) };
        devices.iter_mut().try_for_each(|device| device.slept(writer))
    }

    pub(super) fn finish(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        match self {
            Self::Devices(devices) => devices.drain(..).try_for_each(|device| device.finish(writer)),
            Self::Wav(player) => player.finish(writer),
            Self::Missing(reason) => writer.withhold_at_once(now(writer), *reason),
            Self::Over => Ok(()),
        }
    }
}

fn now(writer: &Writer<'_>) -> SampleOffset {
    SampleOffset(writer.call().now_us() * 16 / 1000)
}
