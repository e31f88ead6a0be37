//! Sound from the PC: the microphone, and what the PC plays.
//!
//! In: which device, by `default` or a part of its name. Out: a tap, a ring that the sound's own thread fills. `Inlet::take`
//! is the only code of ours on that thread: it copies, counts what did not fit, and returns; no allocation, lock, log or
//! wait. The ring holds 4 s; when it is full, sound is dropped and counted, and becomes `Gap{overrun}`.
//!
//! Where a device is wanted that is not there, the system's default takes its place (`Tap::stands_in`); a tap says when a
//! better one has come (`Tap::has_better`). Linux has `pulse` (PipeWire speaks its protocol too); Windows, macOS, and a
//! Linux without sound server, `host`, which is cpal.
//! Not done here: no resampling, no offsets, no decision to open again.

mod host;
#[cfg(target_os = "linux")]
mod pulse;

use crate::clock::Clock;
use referent_proto::Track;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Seconds of sound that a ring holds.
const RING_SECONDS: usize = 4;
/// How often a device is asked to hand over what it has heard, each second.
const TIMES_A_SECOND: u32 = 25;
/// How long a device may take to open.
pub const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// How often it is looked whether a device is still there, and still the best.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Which device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The system's default.
    Default,
    /// The first whose id or name has this in it, upper or lower case; while there is none, the system's default.
    Named(String),
}

/// Why a device gives no sound.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The PC has no sound server, or it does not answer. Try again later.
    #[error("the PC's sound server does not answer: {0}")]
    NoServer(String),
    /// There is no device for this track at all. Try again later: it may be plugged in.
    #[error("there is no sound device for {0}; `referent-agent devices` lists what there is")]
    NoDevice(Track),
    /// It is there and cannot be opened. Try again later.
    #[error("the sound device for {track} cannot be opened: {error}")]
    NotOpened {
        /// For which track.
        track: Track,
        /// Why.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl CaptureError {
    fn not_opened(track: Track, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::NotOpened { track, error: error.into() }
    }
}

/// What the sound's own threads tell of it.
#[derive(Debug)]
struct Said {
    clock: Clock,
    first_us: AtomicU64,
    newest_us: AtomicU64,
    dropped_frames: AtomicU64,
    is_broken: AtomicBool,
    has_better: AtomicBool,
    is_muted: AtomicBool,
}

impl Said {
    fn new(clock: &Clock) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            first_us: AtomicU64::new(0),
            newest_us: AtomicU64::new(0),
            dropped_frames: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
            has_better: AtomicBool::new(false),
            is_muted: AtomicBool::new(false),
        })
    }

    /// Sound came, and none has come for so long.
    #[cfg(target_os = "linux")]
    fn is_late(&self, after: Duration) -> bool {
        let newest_us = self.newest_us.load(Ordering::Acquire);
        newest_us > 0 && self.clock.boot_us().saturating_sub(newest_us) > u64::try_from(after.as_micros()).unwrap_or(0)
    }
}

/// What keeps a device open; it is closed when this is dropped.
enum Running {
    #[cfg(target_os = "linux")]
    Pulse(#[expect(dead_code, reason = "held, not used")] pulse::Open),
    Host(#[expect(dead_code, reason = "held, not used")] host::Open),
}

/// The way into the ring, on the sound's own thread.
struct Inlet {
    ring: Producer<f32>,
    channels: u64,
    said: Arc<Said>,
}

impl Inlet {
    /// Takes so many samples of all channels, the newest of which was heard just now and the first `age` ago.
    fn take(&mut self, count: usize, age: Duration, samples: impl Iterator<Item = f32>) {
        let now_us = self.said.clock.boot_us();
        if self.said.first_us.load(Ordering::Relaxed) == 0 {
            let age_us = u64::try_from(age.as_micros()).unwrap_or(0);
            self.said.first_us.store(now_us.saturating_sub(age_us).max(1), Ordering::Release);
        }
        self.said.newest_us.store(now_us, Ordering::Release);
        match self.ring.write_chunk_uninit(count) {
            Ok(chunk) => {
                chunk.fill_from_iter(samples);
            }
            Err(_) => {
                self.said.dropped_frames.fetch_add(count as u64 / self.channels, Ordering::Release);
            }
        }
    }
}

impl Drop for Inlet {
    /// Nobody fills the ring any more: the tap was closed, or the sound system has given up.
    fn drop(&mut self) {
        self.said.is_broken.store(true, Ordering::Release);
    }
}

/// The device that was opened.
struct Opened {
    id: String,
    rate: u32,
    channels: u16,
    /// It is not the wanted one.
    stands_in: bool,
}

/// An open device.
pub struct Tap {
    ring: Consumer<f32>,
    said: Arc<Said>,
    dropped_seen: u64,
    device: Opened,
    _running: Running,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tap({}, {} Hz, {} channels)", self.device.id, self.device.rate, self.device.channels)
    }
}

/// What a tap held.
#[derive(Debug, Default)]
pub struct Drained {
    /// Sound, channels mixed to one.
    pub mono: Vec<f32>,
    /// Frames dropped after it.
    pub dropped: u64,
    /// The boot clock when the first sample since opening was heard, microseconds.
    pub first_us: Option<u64>,
    /// The boot clock when the device handed over the newest sample, microseconds; perhaps of a newer one than there is.
    pub newest_us: Option<u64>,
}

impl Tap {
    /// Opens the device for a track and lets it run. Blocks for 5 s at most.
    pub fn open(track: Track, pick: &Pick, clock: &Clock) -> Result<Self, CaptureError> {
        #[cfg(target_os = "linux")]
        if pulse::is_there() {
            return pulse::open(track, pick, clock);
        }
        host::open(track, pick, clock)
    }

    /// A ring for a device of this rate and so many channels: what fills it, and what is read.
    fn ring(rate: u32, channels: u16, said: &Arc<Said>) -> (Inlet, Consumer<f32>) {
        let (ring, consumer) = RingBuffer::new(rate as usize * usize::from(channels) * RING_SECONDS);
        (Inlet { ring, channels: u64::from(channels), said: Arc::clone(said) }, consumer)
    }

    fn new(device: Opened, ring: Consumer<f32>, said: Arc<Said>, running: Running) -> Self {
        Self { ring, said, dropped_seen: 0, device, _running: running }
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.device.rate
    }

    /// The device's id.
    pub fn name(&self) -> &str {
        &self.device.id
    }

    /// It is the system's default in the place of one that is wanted and not there.
    pub fn stands_in(&self) -> bool {
        self.device.stands_in
    }

    /// The device has gone: open another.
    pub fn is_broken(&self) -> bool {
        self.said.is_broken.load(Ordering::Acquire)
    }

    /// Another device is now the one that would be opened.
    pub fn has_better(&self) -> bool {
        self.said.has_better.load(Ordering::Acquire)
    }

    /// It is switched off in the system's settings.
    pub fn is_muted(&self) -> bool {
        self.said.is_muted.load(Ordering::Acquire)
    }

    /// Frames dropped since it was opened.
    pub fn dropped_frames(&self) -> u64 {
        self.said.dropped_frames.load(Ordering::Acquire)
    }

    /// Takes all that is in the ring.
    pub fn drain(&mut self) -> Drained {
        // Read before the ring: what was dropped by now came after what is in it by now.
        let dropped_now = self.dropped_frames();
        let dropped = dropped_now - self.dropped_seen;
        self.dropped_seen = dropped_now;
        let channels = usize::from(self.device.channels);
        let frames = self.ring.slots() / channels;
        let mut mono = Vec::with_capacity(frames);
        if let Ok(chunk) = self.ring.read_chunk(frames * channels) {
            let share = 1.0 / f32::from(self.device.channels);
            let mut sum = 0.0;
            for (at, sample) in chunk.into_iter().enumerate() {
                sum += sample;
                if (at + 1) % channels == 0 {
                    mono.push(sum * share);
                    sum = 0.0;
                }
            }
        }
        // Read after the ring: too late at the worst, and what is too late is not taken for drift.
        let at = |time: &AtomicU64| Some(time.load(Ordering::Acquire)).filter(|us| *us > 0);
        Drained { mono, dropped, first_us: at(&self.said.first_us), newest_us: at(&self.said.newest_us) }
    }
}

/// A line of `referent-agent devices`.
#[derive(Debug, Clone)]
pub struct DeviceLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it can be used for.
    pub tracks: Vec<Track>,
}

/// What the PC has. Blocks for 5 s at most.
pub fn devices() -> Vec<DeviceLine> {
    #[cfg(target_os = "linux")]
    if pulse::is_there() {
        return pulse::devices();
    }
    host::devices()
}

/// Whether `part` is in the id or the name, upper or lower case.
fn fits(part: &str, id: &str, name: &str) -> bool {
    let part = part.to_lowercase();
    id.to_lowercase().contains(&part) || name.to_lowercase().contains(&part)
}
