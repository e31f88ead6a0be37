//! The two clocks of the agent: boot time, which runs through suspend and measures call time, and one look at the wall
//! clock when a call begins or ends.
//!
//! In: nothing. Out: times, passed on as arguments. Tests bring a clock of their own that they turn by hand.

use crate::system;
use referent_proto::Started;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where times come from. Clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System { boot: Arc<str> },
    Manual { boot: Arc<str>, boot_us: Arc<AtomicU64> },
}

impl Clock {
    /// The PC's clocks.
    pub fn system() -> Self {
        Self(Kind::System { boot: system::boot_id().into() })
    }

    /// A clock that stands still until `advance`.
    pub fn manual(boot: &str) -> Self {
        Self(Kind::Manual { boot: boot.into(), boot_us: Arc::new(AtomicU64::new(1_000_000_000)) })
    }

    /// Turns a manual clock.
    pub fn advance(&self, us: u64) {
        if let Kind::Manual { boot_us, .. } = &self.0 {
            boot_us.fetch_add(us, Ordering::Relaxed);
        }
    }

    /// Which boot of the PC this is; empty where the system does not say.
    pub fn boot(&self) -> &str {
        match &self.0 {
            Kind::System { boot } | Kind::Manual { boot, .. } => boot,
        }
    }

    /// Microseconds since boot, running through suspend. Cheap enough for the audio callback: no system call on Linux.
    pub fn boot_us(&self) -> u64 {
        match &self.0 {
            Kind::System { .. } => system::boot_us(),
            Kind::Manual { boot_us, .. } => boot_us.load(Ordering::Relaxed),
        }
    }

    /// Milliseconds since boot.
    pub fn boot_ms(&self) -> u64 {
        self.boot_us() / 1000
    }

    /// The wall clock, for `started` and for the age of an ended call after a reboot.
    pub fn wall(&self) -> Started {
        match &self.0 {
            Kind::System { .. } => system_wall(),
            Kind::Manual { boot_us, .. } => {
                let ms = i64::try_from(boot_us.load(Ordering::Relaxed) / 1000).unwrap_or(0);
                Started { utc_ms: 1_764_000_000_000 + ms, utc_offset_s: 3600 }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the wall clock comes from")]
fn system_wall() -> Started {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let utc_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let offset = jiff::Timestamp::from_millisecond(utc_ms).map(|now| jiff::tz::TimeZone::system().to_offset(now));
    Started { utc_ms, utc_offset_s: offset.map_or(0, jiff::tz::Offset::seconds) }
}
