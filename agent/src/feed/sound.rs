//! Where the sound of a call comes from: devices, a file, or nothing, because nothing may be recorded.

use super::StartAt;
use super::device::Device;
use super::player::Player;
use super::writer::{Erased, Writer};
use crate::call::Call;
use crate::call_time::Piece;
use crate::config::SoundConfig;
use crate::spool::record::{Pace, Source};
use referent_proto::{GapReason, Mode, SAMPLE_RATE, SampleOffset, Track};
use std::path::Path;
use std::time::Duration;

/// How often the devices are looked at: a chunk's length.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// How often a gap is written down while nothing may be recorded.
const WITHHELD_EVERY: u64 = 5 * SAMPLE_RATE;

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
    /// Nothing may be recorded, or there is nothing left to record.
    Withheld {
        reason: GapReason,
        until: Option<SampleOffset>,
        pace: Pace,
    },
}

impl Sound {
    pub(super) fn open(call: &Call, sound: &SoundConfig, at: StartAt) -> Self {
        let begin = call.spool().begin();
        let withheld = match begin.mode {
            Mode::Record => None,
            Mode::AfterConsent => Some(GapReason::BeforeConsent),
            Mode::NotAllowed => Some(GapReason::NotAllowed),
        };
        let without_end = |reason| Self::Withheld { reason, until: None, pace: Pace::RealTime };
        match (&begin.source, sound, withheld) {
            (Source::Wav { path, pace }, _, withheld) => Self::open_wav(call, path, *pace, at, withheld),
            (Source::Devices, _, Some(reason)) => without_end(reason),
            (Source::Devices, SoundConfig::Devices { near, far }, None) => {
                let picks = [(Track::Near, Some(near)), (Track::Far, far.as_ref())];
                let wanted = picks.into_iter().filter(|(track, _)| begin.tracks.contains(track));
                Self::Devices(wanted.map(|(track, pick)| Device::new(call, track, pick.cloned(), at)).collect())
            }
            // The configuration was changed to files while the call was left.
            (Source::Devices, SoundConfig::Wav { .. }, None) => without_end(GapReason::NoSource),
        }
    }

    fn open_wav(call: &Call, path: &Path, pace: Pace, at: StartAt, withheld: Option<GapReason>) -> Self {
        let nothing = Self::Withheld { reason: GapReason::AgentDown, until: Some(SampleOffset::ZERO), pace };
        match (Player::open(call, path, pace, at), withheld) {
            (Ok(player), Some(reason)) => Self::Withheld { reason, until: Some(player.end()), pace },
            (Ok(player), None) => Self::Wav(Box::new(player)),
            (Err(error), _) => {
                tracing::error!(%error, "the file cannot be played on; the call ends where its sound ends");
                nothing
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
                for device in devices {
                    device.pour(writer)?;
                }
                Ok(Next::After(TICK))
            }
            Self::Wav(player) => player.pour(writer),
            Self::Withheld { reason, until, pace } => {
                let now = SampleOffset(writer.call().now_us() * 16 / 1000);
                let end = if *pace == Pace::Credit { *until } else { until.filter(|until| *until <= now) };
                withhold(writer, end.unwrap_or(now), *reason, if end.is_some() { 0 } else { WITHHELD_EVERY })?;
                Ok(if end.is_some() { Next::End } else { Next::After(TICK) })
            }
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
            Self::Withheld { reason, until, .. } => {
                let now = SampleOffset(writer.call().now_us() * 16 / 1000);
                withhold(writer, until.map_or(now, |until| until.min(now)), *reason, 0)
            }
        }
    }
}

fn withhold(writer: &mut Writer<'_>, end: SampleOffset, reason: GapReason, at_least: u64) -> Result<(), Erased> {
    let ends = writer.call().spool().ends();
    for track in &writer.call().spool().begin().tracks {
        if end.0 >= ends[*track].0 + at_least {
            writer.write(Piece::GapUpTo(*track, end, reason))?;
        }
    }
    Ok(())
}
