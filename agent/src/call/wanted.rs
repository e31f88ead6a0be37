//! How a call begins: from what was asked for to the first record of its spool.
//!
//! In: what a person or the telephony wants, the configuration, a clock and chance. Out: a [`Begin`], or why there is none.
//! Promised: what is wrong with a file is said now and not in the middle of the call. Not done here: nothing is written.

use crate::clock::Clock;
use crate::config::{Config, SoundConfig};
use crate::resample::ImpossibleRate;
use crate::spool::SpoolError;
use crate::spool::record::{Begin, Source};
use crate::wav::{Wav, WavError};
use rand::{Rng, RngExt as _};
use referent_proto::{CallId, Direction};
use std::path::PathBuf;

/// What a person, or the telephony, asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The file to play, where sound comes from files.
    pub wav: Option<PathBuf>,
    /// The case.
    pub case_id: Option<String>,
    /// The department, if not the configured one.
    pub area: Option<String>,
    /// Who called whom.
    pub direction: Option<Direction>,
    /// The telephony's id.
    pub external_id: Option<String>,
    /// The call that ended too early, and that this one goes on with.
    pub continues: Option<CallId>,
}

/// Why a call does not begin.
#[derive(Debug, thiserror::Error)]
pub enum CannotBegin {
    /// One goes on. Hang up first.
    #[error("call {0} goes on; hang up first (`referent-agent stop`)")]
    Busy(CallId),
    /// Name a file that exists.
    #[error(
        "sound.kind is \"wav\" in the configuration, so a call needs a file; name one (`referent-agent start --wav FILE`)"
    )]
    NoWav,
    /// Leave out the file, or configure files.
    #[error(
        "a file is played only with sound.kind = \"wav\" in the configuration; leave it out, or change the configuration"
    )]
    NotFromFiles,
    /// Take another file.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// Take another file.
    #[error(transparent)]
    Rate(#[from] ImpossibleRate),
    /// Make room on the disk, or mend it.
    #[error("the call cannot be kept in state_dir: {0}")]
    Spool(#[from] SpoolError),
    /// The agent is being stopped. Start it again.
    #[error("the agent is stopping; start it again first")]
    Stopping,
}

/// A new call's first record.
pub fn begin(wanted: Wanted, config: &Config, clock: &Clock, rng: &mut impl Rng) -> Result<Begin, CannotBegin> {
    let source = match (&config.sound, wanted.wav) {
        (SoundConfig::Devices { .. }, None) => Source::Devices,
        (SoundConfig::Devices { .. }, Some(_)) => return Err(CannotBegin::NotFromFiles),
        (SoundConfig::Wav { .. }, None) => return Err(CannotBegin::NoWav),
        (SoundConfig::Wav { pace }, Some(path)) => {
            Wav::open(&path)?;
            Source::Wav { path, pace: *pace }
        }
    };
    let started = clock.wall();
    let area = wanted.area.unwrap_or_else(|| config.area.clone());
    let rule = config.rule_of(&area);
    Ok(Begin {
        call: CallId::new(u64::try_from(started.utc_ms).unwrap_or(0), rng.random()),
        continues: wanted.continues,
        external_id: wanted.external_id,
        case_id: wanted.case_id,
        area: Some(area),
        mode: rule.mode,
        legal_basis: rule.legal_basis.clone(),
        direction: wanted.direction.unwrap_or(Direction::Unknown),
        started,
        tracks: config.sound.tracks(),
        source,
        boot: clock.boot().to_owned(),
        boot_ms: clock.boot_ms(),
    })
}
