//! The power goes while a call's spool is written, synced, read and released: what a reader was given is given again, the
//! same, or was settled; no offset is given twice with different sound; what was said to be durable is there.
//!
//! On a disk that forgets what was not synced, names too, and whose syncs are slow or fail (`support/image`). 150 cuts,
//! or 3,000 with `RUN_SLOW_TESTS=1`, half of them of a spool that is sealed. Prints one line of JSON. Needs root and `/dev/fuse`; where they are not there it says
//! so and passes, but not in CI.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[cfg(test)]
#[path = "support/image.rs"]
mod image;
#[cfg(test)]
#[path = "support/power.rs"]
mod power;

use power::Power;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_agent::permit::{Decided, Decision};
use referent_agent::spool::record::{Begin, Ended, Source, Taken};
use referent_agent::spool::{CallSpool, Item, LEAD_IN, Spool};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Chunk, Direction, GapReason, HangUpReason, Mode, Pcm, SampleOffset, SealedChunk, Settled, Started, Track,
};
use referent_seal::open::{PrivateKey, Run};
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

const CHUNK: u64 = 1_600;
/// A second and a half, so that many segments are begun.
const SEGMENT: u64 = 15 * CHUNK;
const CALL: [u8; 10] = [9; 10];

/// What a reader was given at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// Sound of this run.
    Sound(i16),
    Gap,
}

#[derive(Debug, Default)]
struct Counts {
    cuts: u64,
    sealed_cuts: u64,
    /// Samples that had been given out as sound, were not settled, and are no more.
    lost: u64,
    /// Samples that were given out twice, and not the same.
    reused: u64,
    /// What was said to be durable, and was not.
    broken: Vec<String>,
}

/// What outlives the PC: what the server was given, and what a person was told.
#[derive(Debug, Default)]
struct World {
    given: PerTrack<BTreeMap<u64, Given>>,
    settled: PerTrack<SampleOffset>,
    decided: Decided,
    /// A decision was neither confirmed nor is it sure that it is not on the disk.
    is_decision_open: bool,
    is_ended: bool,
    run: i16,
    /// The server's key, where the spool is sealed, and what opens the runs that it has seen.
    key: Option<PrivateKey>,
    opens: HashMap<[u8; SealedChunk::ENC_BYTES], Run>,
}

impl World {
    fn of(seed: u64) -> Self {
        let key = (seed % 2 == 1).then(|| PrivateKey::generate().unwrap());
        Self { key, ..Self::default() }
    }

    fn spool(&self, root: &Path) -> Spool {
        Spool::open(root.to_owned()).unwrap().sealing_for(self.key.as_ref().map(|key| key.public().clone()))
    }
}

#[test]
fn what_was_given_out_is_given_out_again_the_same_whenever_the_power_goes() {
    let wanted = if std::env::var_os("RUN_SLOW_TESTS").is_some() { 3_000 } else { 150 };
    let folder = tempfile::tempdir().unwrap();
    let mut counts = Counts::default();
    let mut seed = 0;
    while counts.cuts < wanted {
        if !one_call(folder.path(), seed, &mut counts) {
            writeln!(std::io::stdout(), "skipped: only root can mount a disk").unwrap();
            return;
        }
        seed += 1;
    }
    let row = serde_json::json!({ "spool_cuts": counts.cuts, "spool_sealed_cuts": counts.sealed_cuts, "spool_lost": counts.lost, "spool_reused": counts.reused,
        "spool_broken": counts.broken.len() });
    writeln!(std::io::stdout(), "\n{row}").unwrap();
    let sealed = counts.sealed_cuts;
    assert!(sealed * 3 > counts.cuts && sealed * 3 < counts.cuts * 2, "{row}");
    assert_eq!((counts.lost, counts.reused), (0, 0), "{row} {:#?}", counts.broken);
    assert!(counts.broken.is_empty(), "{row} {:#?}", counts.broken);
}

#[test]
fn what_a_failed_sync_lost_is_written_again_and_no_reader_has_it_before() {
    let folder = tempfile::tempdir().unwrap();
    for (failing, seed) in [1, 2, 5].into_iter().flat_map(|failing| (0..8).map(move |seed| (failing, seed))) {
        let at = folder.path().join(format!("{failing}-{seed}"));
        let Some(mut power) = Power::on(&at, seed) else { return };
        let (mut world, mut counts) = (World { run: 1, ..World::of(seed) }, Counts::default());
        let root = at.join("spool");
        let spool = world.spool(&root).begin(begin()).unwrap();
        append(&spool, 1);
        power.syncs_fail(failing);
        // Each sync tries twice: what the first failed try lost is written again, and tried at once.
        while spool.sync().is_err() {
            read(&spool, &mut world, &mut counts);
            assert!(world.given.near.is_empty(), "a reader has what is not durable");
            append(&spool, 1);
        }
        assert_eq!(power.failed_syncs(), failing);
        let ends = spool.ends();
        drop(spool);
        power.cut();
        let spool = found(&root, &mut world, &mut counts).unwrap();
        assert_eq!((spool.ends(), counts.broken), (ends, Vec::new()));
        let sound = world.given.near.values().filter(|given| **given == Given::Sound(1)).count() as u64;
        assert_eq!(sound * CHUNK, ends.near.0, "{failing} {seed}: all of it is sound");
    }
}

/// A call over some cuts; false where no disk can be mounted.
fn one_call(folder: &Path, seed: u64, counts: &mut Counts) -> bool {
    let at = folder.join(seed.to_string());
    let Some(mut power) = Power::on(&at, seed) else { return false };
    let (mut chance, mut world) = (StdRng::seed_from_u64(seed), World::of(seed));
    let root = at.join("spool");
    let before = (counts.lost, counts.reused, counts.broken.len());
    for _ in 0..chance.random_range(1..5) {
        let spool = if world.run == 0 {
            Some(world.spool(&root).begin_with_segments_of(begin(), SEGMENT).unwrap())
        } else {
            found(&root, &mut world, counts)
        };
        let Some(spool) = spool else { break };
        world.run += 1;
        live(&spool, &mut power, &mut chance, &mut world, counts);
        drop(spool);
        power.syncs_fail(0);
        power.sync_takes(Duration::ZERO);
        power.cut();
        counts.cuts += 1;
        counts.sealed_cuts += u64::from(world.key.is_some());
    }
    drop(found(&root, &mut world, counts));
    if before != (counts.lost, counts.reused, counts.broken.len()) {
        counts.broken.push(format!("seed {seed}"));
    }
    true
}

/// What a start finds, held against what the world knows.
fn found(root: &Path, world: &mut World, counts: &mut Counts) -> Option<CallSpool> {
    let left = world.spool(root).left().unwrap();
    let Some(left) = left.into_iter().next() else {
        counts.broken.push(format!("run {}: the call is gone", world.run));
        return None;
    };
    let spool = left.spool;
    if !world.is_decision_open && spool.decided() != world.decided {
        counts.broken.push(format!("run {}: {:?} was decided, not {:?}", world.run, world.decided, spool.decided()));
    }
    (world.decided, world.is_decision_open) = (spool.decided(), false);
    if world.is_ended && spool.ended().is_none() {
        counts.broken.push(format!("run {}: it had ended", world.run));
    }
    world.is_ended = spool.ended().is_some();
    for track in Track::BOTH {
        let newest = world.given[track].keys().next_back().map_or(0, |at| at + CHUNK);
        if spool.earliest(track).0 < newest && !world.is_ended {
            counts.broken.push(format!("run {}: {track} may go on before {newest}", world.run));
        }
    }
    read(&spool, world, counts);
    Some(spool)
}

/// Some seconds, at the end of which the power goes.
fn live(spool: &CallSpool, power: &mut Power, chance: &mut StdRng, world: &mut World, counts: &mut Counts) {
    for track in Track::BOTH {
        spool.append_gap(track, spool.earliest(track), GapReason::AgentDown, 1).ok();
    }
    for _ in 0..chance.random_range(1..120) {
        match chance.random_range(0..100) {
            0..60 => append(spool, world.run),
            60..80 => drop(spool.sync()),
            80..87 => read(spool, world, counts),
            87..92 => settle(spool, chance, world),
            92..95 => {
                let now = if spool.decided().is_paused { Decision::Resume } else { Decision::Pause };
                decide(spool, now, world);
            }
            95..97 => power.syncs_fail(chance.random_range(1..4)),
            _ => power.syncs_fail(0),
        }
    }
    match chance.random_range(0..4) {
        0 => power.goes(),
        1 => read(spool, world, counts),
        2 => {
            // A sync is on its way when somebody decides; the power goes as soon as it is said to be durable.
            append(spool, world.run);
            power.sync_takes(Duration::from_millis(20));
            std::thread::scope(|scope| {
                scope.spawn(|| spool.sync().ok());
                let now = if spool.decided().is_paused { Decision::Resume } else { Decision::Pause };
                decide(spool, now, world);
                power.goes();
            });
        }
        _ => {
            let end = |ends| Ended { ends, reason: HangUpReason::Person, boot: "boot".into(), boot_ms: 2, utc_ms: 2 };
            // As `feed` does, once more where it failed.
            let is_ended = spool.hang_up(end).is_ok() || spool.hang_up(end).is_ok();
            power.goes();
            world.is_ended |= is_ended;
        }
    }
}

fn append(spool: &CallSpool, run: i16) {
    for track in Track::BOTH {
        let first = spool.earliest(track);
        let pcm = Pcm(vec![run; usize::try_from(CHUNK).unwrap()]);
        spool.append(Chunk { track, first, pcm }, 1).ok();
    }
}

fn decide(spool: &CallSpool, decision: Decision, world: &mut World) {
    let at = spool.ends().near;
    match spool.decide(Taken { decision, at, boot_ms: 1, utc_ms: 1 }) {
        Ok(()) => (world.decided, world.is_decision_open) = (world.decided.and(decision), false),
        Err(_) => world.is_decision_open = true,
    }
}

/// As `send` reads after a new connection.
fn read(spool: &CallSpool, world: &mut World, counts: &mut Counts) {
    let from = PerTrack { near: world.settled.near.back(LEAD_IN), far: world.settled.far.back(LEAD_IN) };
    let mut reader = spool.read_from(from);
    loop {
        let items = reader.read().unwrap();
        if items.is_empty() {
            return;
        }
        for item in items {
            let Some((track, span)) = item.place() else { continue };
            let sound = sound_of(&item, world);
            for at in (span.start().0..span.end().0).step_by(usize::try_from(CHUNK).unwrap()) {
                let spoken = |pcm: &Pcm| Given::Sound(pcm.0[usize::try_from(at - span.start().0).unwrap()]);
                let given = sound.as_ref().map_or(Given::Gap, spoken);
                match (world.given[track].insert(at, given), given) {
                    (Some(Given::Sound(_)), Given::Gap) => counts.lost += CHUNK,
                    (Some(before), now) if before != now => counts.reused += CHUNK,
                    _ => {}
                }
            }
        }
    }
}

/// What can be heard of it, if it is sound; as a pipeline does, with the server's key alone.
fn sound_of(item: &Item, world: &mut World) -> Option<Pcm> {
    match (item, &world.key) {
        (Item::Chunk(chunk), None) => Some(chunk.pcm.clone()),
        (Item::Chunk(chunk), Some(_)) => panic!("sound that anybody can read: {:?}", chunk.span()),
        (Item::Sealed(sealed), Some(key)) => {
            let call = CallId::new(1, CALL);
            let run = world.opens.entry(sealed.enc).or_insert_with(|| key.run(call, sealed.run, &sealed.enc).unwrap());
            Some(run.open(sealed.clone()).unwrap().pcm)
        }
        _ => None,
    }
}

fn settle(spool: &CallSpool, chance: &mut StdRng, world: &mut World) {
    for track in Track::BOTH {
        let newest = world.given[track].keys().next_back().map_or(0, |at| at + CHUNK);
        let behind = chance.random_range(0..10) * CHUNK;
        let offset = SampleOffset(newest.saturating_sub(behind)).max(world.settled[track]);
        world.settled[track] = offset;
        spool.release(Settled { track, offset }).unwrap();
    }
}

fn begin() -> Begin {
    Begin {
        call: CallId::new(1, CALL),
        continues: None,
        external_id: None,
        case_id: None,
        area: None,
        mode: Mode::Notice,
        legal_basis: None,
        direction: Direction::Incoming,
        started: Started { utc_ms: 1, utc_offset_s: 0 },
        tracks: Track::BOTH.to_vec(),
        source: Source::Devices,
        boot: "boot".into(),
        boot_ms: 1,
    }
}
