//! One call whose recording people permit, forbid and permit again, in any order, with crashes between; and a second
//! opinion on what of it may have been kept.
//!
//! In: a seed. Out: how much sound lay in the spool, how much was permitted, how much of it was not permitted. What is
//! tried is the agent's own: its `Call`, its spool on a disk, its `Writer`. The second opinion knows nothing of theirs: it
//! writes down, decision by decision, from when until when recording was allowed.
//!
//! Not done here: no device; sound is handed over as a device's ring would, some tenths of a second late.

use anyhow::{Context as _, Result};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_agent::call::{Call, CannotDecide};
use referent_agent::call_time::Piece;
use referent_agent::clock::Clock;
use referent_agent::feed::writer::Writer;
use referent_agent::permit::Decision;
use referent_agent::spool::record::{Begin, Source};
use referent_agent::spool::{Item, Spool};
use referent_proto::ids::PerTrack;
use referent_proto::{CallId, Chunk, Direction, HangUpReason, Mode, Pcm, SampleOffset, SampleSpan, Started, Track};
use std::path::Path;

/// Things that happen in a call, at most.
const EVENTS: usize = 24;
const DECISIONS: [Decision; 4] = [Decision::ConsentGiven, Decision::ConsentRefused, Decision::Pause, Decision::Resume];
const MODES: [Mode; 4] = [Mode::Off, Mode::Notice, Mode::Consent, Mode::Documentation];

/// What was found, in samples of one track.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Lay in the spool.
    pub kept: u64,
    /// Was handed over while recording was allowed.
    pub allowed: u64,
    /// Lay in the spool and was heard while recording was not allowed.
    pub violations: u64,
}

/// Plays one call in this folder, which is left empty.
pub fn rehearse(seed: u64, folder: &Path) -> Result<Found> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mode = MODES[chance.random_range(0..MODES.len())];
    let clock = Clock::manual("a boot");
    let spool = Spool::open(folder.to_owned())?;
    let begun = spool.begin(begin(mode, &clock, seed))?;
    let mut call = Call::new(begun, clock.clone());
    let mut opinion = Opinion::new(mode);
    let mut ring: Vec<SampleSpan> = Vec::new();
    for _ in 0..chance.random_range(3..EVENTS) {
        match chance.random_range(0..8) {
            // Somebody speaks.
            0..=2 => {
                let from = now(&call);
                clock.advance(chance.random_range(1..400) * 1_000);
                ring.extend(SampleSpan::new(from, now(&call)).filter(|span| !span.is_empty()));
            }
            // The ring is emptied.
            3..=4 => opinion.found.allowed += pour(&call, &mut ring, &opinion)?,
            5..=6 => {
                let decision = DECISIONS[chance.random_range(0..DECISIONS.len())];
                let before = now(&call);
                match call.decide(decision) {
                    Ok(()) => opinion.decided(decision, before),
                    Err(CannotDecide::Not(_)) => {}
                    Err(error) => return Err(error.into()),
                }
                clock.advance(chance.random_range(0..30) * 1_000);
            }
            // The agent dies, with what was in the ring, and comes back.
            _ => {
                ring.clear();
                drop(call);
                clock.advance(chance.random_range(0..5_000) * 1_000);
                let left = spool.left()?.pop().context("the spool has the call")?;
                call = Call::new(left.spool, clock.clone());
            }
        }
    }
    pour(&call, &mut ring, &opinion)?;
    call.spool().hang_up(|ends| call.end_now(ends, HangUpReason::Person))?;
    let mut found = opinion.found;
    let mut reader = call.spool().read_from(PerTrack::default());
    loop {
        let items = reader.read()?;
        if items.is_empty() {
            break;
        }
        for item in items {
            if let Item::Chunk(chunk) = item {
                found.kept += chunk.span().samples();
                found.violations += opinion.not_allowed(chunk.span());
            }
        }
    }
    call.spool().release_all()?;
    Ok(found)
}

fn begin(mode: Mode, clock: &Clock, seed: u64) -> Begin {
    Begin {
        call: CallId::new(seed, [7; 10]),
        continues: None,
        external_id: None,
        case_id: None,
        area: None,
        mode,
        legal_basis: (mode == Mode::Documentation).then(|| "a law".to_owned()),
        direction: Direction::Unknown,
        started: Started { utc_ms: clock.wall().utc_ms, utc_offset_s: 0 },
        tracks: vec![Track::Near],
        source: Source::Devices,
        boot: clock.boot().to_owned(),
        boot_ms: clock.boot_ms(),
    }
}

fn now(call: &Call) -> SampleOffset {
    SampleOffset(call.now_us() * 16 / 1000)
}

/// Hands over what the ring held, as the feed does; gives how much of it was heard while that was allowed.
fn pour(call: &Call, ring: &mut Vec<SampleSpan>, opinion: &Opinion) -> Result<u64> {
    let mut writer = Writer::new(call);
    let mut allowed = 0;
    for span in ring.drain(..) {
        let samples = usize::try_from(span.samples())?;
        // What lies too near to the last run is not kept by any rule, and would only be logged.
        if span.start() < call.spool().earliest(Track::Near) {
            continue;
        }
        allowed += span.samples() - opinion.not_allowed(span);
        let chunk = Chunk { track: Track::Near, first: span.start(), pcm: Pcm(vec![1; samples]) };
        writer.write(Piece::Chunk(chunk))?;
    }
    if let Some(reason) = call.withheld() {
        writer.withhold(now(call), reason)?;
    }
    Ok(allowed)
}

/// The second opinion.
#[derive(Debug)]
struct Opinion {
    mode: Mode,
    agreed: bool,
    paused: bool,
    /// From when until when recording was allowed; the last one may go on.
    allowed: Vec<(SampleOffset, Option<SampleOffset>)>,
    found: Found,
}

impl Opinion {
    fn new(mode: Mode) -> Self {
        let from_the_beginning = matches!(mode, Mode::Notice | Mode::Documentation);
        let allowed = if from_the_beginning { vec![(SampleOffset::ZERO, None)] } else { Vec::new() };
        Self { mode, agreed: false, paused: false, allowed, found: Found::default() }
    }

    fn is_allowed(&self) -> bool {
        match self.mode {
            Mode::Off => false,
            Mode::Consent => self.agreed && !self.paused,
            Mode::Notice | Mode::Documentation => !self.paused,
        }
    }

    fn decided(&mut self, decision: Decision, at: SampleOffset) {
        let was = self.is_allowed();
        match decision {
            Decision::ConsentGiven => self.agreed = true,
            Decision::ConsentRefused => self.agreed = false,
            Decision::Pause => self.paused = true,
            Decision::Resume => self.paused = false,
        }
        match (was, self.is_allowed()) {
            (false, true) => self.allowed.push((at, None)),
            (true, false) => self.allowed.last_mut().into_iter().for_each(|last| last.1 = Some(at)),
            _ => {}
        }
    }

    /// Samples of this stretch that lie in none where recording was allowed.
    fn not_allowed(&self, span: SampleSpan) -> u64 {
        let shared = self.allowed.iter().map(|&(from, to)| {
            let to = to.unwrap_or(SampleOffset(u64::MAX));
            span.end().min(to).0.saturating_sub(span.start().max(from).0)
        });
        span.samples().saturating_sub(shared.sum())
    }
}
