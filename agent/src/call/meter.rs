//! What the user wants to know of a track: how loud it is, and when it last gave sound that was written.
//!
//! In: what the writer of the feed wrote, and what the device says of itself. Out: answers for the status and the heartbeat.
//! Times are microseconds of the boot clock. Not done here: no judgement (`status`).

use super::lock;
use crate::status::Heard;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

/// One track's.
#[derive(Debug)]
pub(super) struct Meter {
    peak_permille: AtomicU16,
    /// When sound was last written, or when it was last allowed to be.
    last_sound_us: AtomicU64,
    /// Sound was written since it was last allowed to be.
    has_sound: AtomicBool,
    last_nonzero_us: AtomicU64,
    is_muted: AtomicBool,
    is_gone: AtomicBool,
    problem: Mutex<Option<String>>,
}

impl Meter {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            peak_permille: AtomicU16::new(0),
            last_sound_us: AtomicU64::new(now_us),
            has_sound: AtomicBool::new(false),
            last_nonzero_us: AtomicU64::new(now_us),
            is_muted: AtomicBool::new(false),
            is_gone: AtomicBool::new(false),
            problem: Mutex::new(None),
        }
    }

    /// Sound may be recorded from now on, and none has been yet.
    pub(super) fn begins(&self, now_us: u64) {
        self.has_sound.store(false, Ordering::Relaxed);
        self.last_sound_us.store(now_us, Ordering::Relaxed);
        self.last_nonzero_us.store(now_us, Ordering::Relaxed);
    }

    /// Sound with this peak was written.
    pub(super) fn wrote(&self, peak: u16, now_us: u64) {
        let permille = u16::try_from(u32::from(peak) * 1000 / 32_768).unwrap_or(1000);
        self.peak_permille.fetch_max(permille, Ordering::Relaxed);
        self.last_sound_us.store(now_us, Ordering::Relaxed);
        self.has_sound.store(true, Ordering::Relaxed);
        if peak > 0 {
            self.last_nonzero_us.store(now_us, Ordering::Relaxed);
        }
    }

    /// There is none, and none is missed.
    pub(super) fn misses_nothing(&self, now_us: u64) {
        self.last_sound_us.store(now_us, Ordering::Relaxed);
    }

    /// When sound was last written.
    pub(super) fn heard(&self, now_us: u64) -> Heard {
        let ago = ago(&self.last_sound_us, now_us);
        if self.has_sound.load(Ordering::Relaxed) { Heard::Ago(ago) } else { Heard::NotYet(ago) }
    }

    /// For how long there was nothing but zeros.
    pub(super) fn all_zero(&self, now_us: u64) -> Duration {
        ago(&self.last_nonzero_us, now_us)
    }

    /// The loudest since the last time, in thousandths of full scale.
    pub(super) fn take_peak(&self) -> u16 {
        self.peak_permille.swap(0, Ordering::Relaxed)
    }

    pub(super) fn set_muted(&self, is_muted: bool) {
        self.is_muted.store(is_muted, Ordering::Relaxed);
    }

    pub(super) fn is_muted(&self) -> bool {
        self.is_muted.load(Ordering::Relaxed)
    }

    pub(super) fn set_gone(&self, is_gone: bool) {
        self.is_gone.store(is_gone, Ordering::Relaxed);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    pub(super) fn set_problem(&self, problem: Option<String>) {
        *lock(&self.problem) = problem;
    }

    pub(super) fn problem(&self) -> Option<String> {
        lock(&self.problem).clone()
    }
}

fn ago(at: &AtomicU64, now_us: u64) -> Duration {
    Duration::from_micros(now_us.saturating_sub(at.load(Ordering::Relaxed)))
}
