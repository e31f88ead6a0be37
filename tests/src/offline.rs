//! A PC that was without a server for long: its agent's spool is full of calls that have ended.
//!
//! In: a spool's folder, sound, how many calls of which length. Out: the same folder as the agent would have left it, made
//! by the agent's own code, only faster; and afterwards, which part of it never became text. Sealed if there is a key.

use crate::caseworker::Caseworker;
use crate::crowd::{Sound, now_ms};
use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_agent::spool::Spool;
use referent_agent::spool::record::{Begin, Ended, Source};
use referent_proto::{CallId, Chunk, Direction, HangUpReason, Mode, Pcm, SAMPLE_RATE, SampleOffset, Started, Track};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// What an agent writes at once.
const CHUNK: usize = 1_600;
/// What of a minute somebody speaks in; in the rest of it the other side of the screen is looked up, or waited for.
const SPOKEN: Duration = Duration::from_secs(20);

/// The calls of a day.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// So many.
    pub calls: usize,
    /// So many minutes each.
    pub minutes: u64,
}

impl Day {
    /// How long all of them are, in seconds.
    pub fn seconds(self) -> u64 {
        self.calls as u64 * self.minutes * 60
    }
}

/// Writes the calls of a day into the spool; gives their ids. The last of them ended hours ago. Blocks on the disk.
pub fn written(spool: &Path, sounds: &[Sound], day: Day) -> Result<Vec<CallId>> {
    let all = Spool::open(spool.to_owned())?;
    (0..day.calls).map(|number| write_call(&all, &sounds[number % sounds.len()], number, day.minutes)).collect()
}

fn write_call(all: &Spool, sound: &Sound, number: usize, minutes: u64) -> Result<CallId> {
    let began_ms = now_ms().saturating_sub(9 * 3_600_000) + number as u64 * minutes * 60_000;
    let mut name = [0; 10];
    name[..8].copy_from_slice(&(number as u64).to_le_bytes());
    let utc_ms = i64::try_from(began_ms)?;
    let begin = Begin {
        call: CallId::new(began_ms, name),
        continues: None,
        external_id: None,
        case_id: Some(format!("2026-{number}")),
        area: Some("standard".into()),
        mode: Mode::Notice,
        legal_basis: None,
        direction: Direction::Incoming,
        started: Started { utc_ms, utc_offset_s: 3600 },
        tracks: Track::BOTH.to_vec(),
        source: Source::Devices,
        boot: "an earlier boot".into(),
        boot_ms: 1,
    };
    let call = begin.call;
    let spool = all.begin(begin)?;
    let (endless, quiet) = (sound.repeated(usize::MAX / 2), Pcm(vec![0; CHUNK]));
    let minute = usize::try_from(60 * SAMPLE_RATE)?;
    let spoken = usize::try_from(SPOKEN.as_secs() * SAMPLE_RATE)?;
    for at in (0..usize::try_from(minutes)? * minute).step_by(CHUNK) {
        let (in_call, in_minute) = (at / minute * spoken, at % minute);
        for track in Track::BOTH {
            let pcm =
                if in_minute < spoken { endless.chunk(track, in_call + in_minute, CHUNK).pcm } else { quiet.clone() };
            spool.append(Chunk { track, first: SampleOffset(at as u64), pcm }, 1)?;
        }
        if in_minute == 0 {
            spool.sync()?;
        }
    }
    let ended_ms = utc_ms + i64::try_from(minutes * 60_000)?;
    let boot = "an earlier boot".to_owned();
    spool.hang_up(|ends| Ended { ends, reason: HangUpReason::Person, boot, boot_ms: 2, utc_ms: ended_ms })?;
    Ok(call)
}

/// Seconds of the calls that are not there as text or quiet, both tracks together.
pub async fn lost_s(caseworker: &Caseworker, calls: &[CallId], day: Day) -> Result<f64> {
    let lost: Vec<u64> = stream::iter(calls)
        .map(|call| async move {
            let call = caseworker.call(&call.to_string()).await?;
            anyhow::Ok(lost_ms(&call, day.minutes * 60_000))
        })
        .buffered(4)
        .try_collect()
        .await?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a day")]
    Ok(lost.iter().sum::<u64>() as f64 / 1000.0)
}

fn lost_ms(call: &Value, length_ms: u64) -> u64 {
    if call["state"] != "complete" {
        return 2 * length_ms;
    }
    let of = |key: &str| -> u64 {
        let holes = call[key].as_array().into_iter().flatten();
        holes
            .map(|hole| {
                let at = |key: &str| hole[key].as_u64().unwrap_or(0);
                at("end_ms").saturating_sub(at("start_ms"))
            })
            .sum()
    };
    let missing = length_ms.saturating_sub(call["duration_ms"].as_u64().unwrap_or(0));
    2 * missing + of("gaps") + of("not_transcribed")
}

/// Waits until the spool is empty.
pub async fn is_drained(spool: &Path, patience: Duration) -> Result<()> {
    let draining = async {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tick.tick().await;
            if std::fs::read_dir(spool)?.next().is_none() {
                return anyhow::Ok(());
            }
        }
    };
    tokio::time::timeout(patience, draining).await.context("the spool is not empty")?
}
