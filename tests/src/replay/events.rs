//! The file of a replay: one JSON object a line (docs/replay.md).
//!
//! In: text. Out: events in the order of their times, each with its line number; or an error that names the line and says
//! what to do. [`Replay::to_text`] writes what [`Replay::read`] reads.
//!
//! Promised: fields that this version does not know are ignored, kinds that it does not know are refused; what is read
//! could have been lived through by an honest agent (each track without hole, sound only over a connection).

mod lived;

use crate::crowd::Sound;
use anyhow::{Context as _, Result, bail, ensure};
use lived::Lived;
use referent_proto::ids::PerTrack;
use referent_proto::{Chunk, GapReason, HangUpReason, Track};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;
/// Kinds of lines, for whoever mistyped one.
const KINDS: [&str; 8] = ["replay", "connect", "chunk", "chunks", "gap", "break", "worker_dies", "hang_up"];
/// Longer calls than a day are mistyped numbers.
const LONGEST_MS: u64 = 86_400_000;
/// Chunks that one line may stand for: an hour of the usual ones.
const MOST_CHUNKS: u64 = 36_000;
/// Workers that a replay may name.
const WORKERS: usize = 8;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of this format.
    pub version: u32,
    /// The WAV's file name, for people; what is played is named on the command line.
    #[serde(default)]
    pub audio: String,
    /// Where in the WAV the call's zero lies, ms.
    #[serde(default)]
    pub from_ms: u64,
    /// Where in the WAV the call's sound ends, ms; its end, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<u64>,
    /// What the file is kept for, for people. Never a word of the call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Something that happens between an agent and a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The agent connects to this worker, 0 being the first.
    Connect {
        /// Which.
        worker: usize,
    },
    /// Sound is sent.
    Chunk {
        /// Of this track.
        track: Track,
        /// Offset of the first sample.
        first: u64,
        /// 1 to [`Chunk::MAX_SAMPLES`].
        samples: usize,
    },
    /// Sound is said to be missing.
    Gap {
        /// On this track.
        track: Track,
        /// From this offset.
        first: u64,
        /// To before this one.
        end: u64,
        /// Why.
        reason: GapReason,
    },
    /// The connection breaks without a word.
    Break,
    /// The worker is killed, and with it its connections.
    WorkerDies {
        /// Which.
        worker: usize,
    },
    /// The agent says that the call has ended.
    HangUp {
        /// Where the tracks end, in samples.
        ends: PerTrack<u64>,
        /// Why.
        reason: HangUpReason,
    },
}

/// An event and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timed {
    /// Milliseconds after the call's zero.
    pub at_ms: u64,
    /// The line it stands on, from 1; 0 if it was never in a file.
    pub line: usize,
    /// What happens.
    pub what: Event,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Its first line.
    pub head: Head,
    /// The rest, in the order of time.
    pub events: Vec<Timed>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Replay(Head),
    Connect {
        at_ms: u64,
        #[serde(default)]
        worker: usize,
    },
    Chunk {
        at_ms: u64,
        track: Track,
        first: u64,
        samples: usize,
    },
    Chunks {
        at_ms: u64,
        track: Track,
        first: u64,
        samples: usize,
        count: u64,
        every_ms: u64,
    },
    Gap {
        at_ms: u64,
        track: Track,
        first: u64,
        end: u64,
        reason: GapReason,
    },
    Break {
        at_ms: u64,
    },
    WorkerDies {
        at_ms: u64,
        worker: usize,
    },
    HangUp {
        at_ms: u64,
        near_end: u64,
        far_end: u64,
        reason: HangUpReason,
    },
}

#[derive(Deserialize)]
struct Tag {
    kind: Option<String>,
}

impl Replay {
    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        Self::read(&text).with_context(|| path.display().to_string())
    }

    /// Reads its text.
    pub fn read(text: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, first) = lines.next().context("the file is empty; its first line must be of the kind \"replay\"")?;
        let head = match parse(first).context("line 1")? {
            Line::Replay(head) if head.version == 0 || head.version > VERSION => bail!(
                "line 1: version {} is not known here, which reads up to {VERSION}; use the programs that wrote the file",
                head.version
            ),
            Line::Replay(head) => head,
            _ => bail!("line 1: the first line must be of the kind \"replay\", with the version of the format"),
        };
        if let Some(to_ms) = head.to_ms {
            ensure!(head.from_ms < to_ms, "line 1: to_ms must be beyond from_ms");
        }
        let (mut events, mut before) = (Vec::new(), 0);
        for (at, line) in lines {
            let number = at + 1;
            let of_line = events_of(&parse(line).with_context(|| format!("line {number}"))?);
            let of_line = of_line.with_context(|| format!("line {number}"))?;
            let at_ms = of_line.first().map_or(before, |(at_ms, _)| *at_ms);
            ensure!(
                at_ms >= before,
                "line {number}: at_ms {at_ms} is before {before} of a line above; put the lines in the order of time"
            );
            before = at_ms;
            events.extend(of_line.into_iter().map(|(at_ms, what)| Timed { at_ms, line: number, what }));
        }
        // Lines that stand for many chunks run beside each other.
        events.sort_by_key(|timed| timed.at_ms);
        Lived::through(&events)?;
        Ok(Self { head, events })
    }

    /// As text, a chunk a line.
    pub fn to_text(&self) -> Result<String> {
        let mut text = serde_json::to_string(&Line::Replay(self.head.clone()))? + "\n";
        for timed in &self.events {
            text += &serde_json::to_string(&Line::from(*timed))?;
            text.push('\n');
        }
        Ok(text)
    }

    /// Writes the file, and the folders above it.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, self.to_text()?).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// How many workers it names.
    pub fn workers(&self) -> usize {
        let named = self.events.iter().filter_map(|timed| match timed.what {
            Event::Connect { worker } | Event::WorkerDies { worker } => Some(worker + 1),
            _ => None,
        });
        named.max().unwrap_or(1)
    }

    /// There is sound for every chunk.
    pub fn fits(&self, sound: &Sound) -> Result<()> {
        for Timed { line, what, .. } in &self.events {
            if let Event::Chunk { first, samples, .. } = what {
                let (end, there) = (first + *samples as u64, sound.len() as u64);
                ensure!(
                    end <= there,
                    "line {line}: the chunk ends at sample {end}, and the sound has {there}; give the WAV that the file \
                     was made for, or correct from_ms and to_ms of line 1"
                );
            }
        }
        Ok(())
    }
}

fn parse(line: &str) -> Result<Line> {
    let tag: Tag = serde_json::from_str(line).map_err(|error| not_json(&error))?;
    let kind = tag.kind.with_context(|| format!("it names no kind; it must be one of {}", KINDS.join(", ")))?;
    ensure!(
        KINDS.contains(&kind.as_str()),
        "the kind {kind:?} is not known here, only {}; correct it, or use the programs that wrote the file",
        KINDS.join(", ")
    );
    serde_json::from_str(line).map_err(|error| not_json(&error)).with_context(|| format!("of the kind {kind:?}"))
}

/// The place that serde names is that in a text of one line.
fn not_json(error: &serde_json::Error) -> anyhow::Error {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    anyhow::anyhow!("{what}, at column {}; correct the line", error.column())
}

/// The events of a line, each with its time. Numbers are bounded first, so that their sums are.
fn events_of(line: &Line) -> Result<Vec<(u64, Event)>> {
    line.is_within_a_day()?;
    let usual = |samples: usize| -> Result<()> {
        ensure!(
            (1..=Chunk::MAX_SAMPLES).contains(&samples),
            "a chunk of {samples} samples; it must have 1 to {}",
            Chunk::MAX_SAMPLES
        );
        Ok(())
    };
    let named = |worker: usize| -> Result<()> {
        ensure!(worker < WORKERS, "worker {worker}; workers are numbered from 0, and there are at most {WORKERS}");
        Ok(())
    };
    Ok(match *line {
        Line::Replay(_) => bail!("a second line of the kind \"replay\"; a file holds one call"),
        Line::Connect { at_ms, worker } => {
            named(worker)?;
            vec![(at_ms, Event::Connect { worker })]
        }
        Line::Chunk { at_ms, track, first, samples } => {
            usual(samples)?;
            vec![(at_ms, Event::Chunk { track, first, samples })]
        }
        Line::Chunks { at_ms, track, first, samples, count, every_ms } => {
            usual(samples)?;
            ensure!((1..=MOST_CHUNKS).contains(&count), "count {count}; it must be 1 to {MOST_CHUNKS}");
            ensure!(every_ms <= LONGEST_MS / MOST_CHUNKS, "every_ms {every_ms} is too long");
            let chunk = |number| Event::Chunk { track, first: first + number * samples as u64, samples };
            (0..count).map(|number| (at_ms + number * every_ms, chunk(number))).collect()
        }
        Line::Gap { at_ms, track, first, end, reason } => {
            ensure!(first < end, "the gap ends at {end} and begins at {first}; it must end after it begins");
            vec![(at_ms, Event::Gap { track, first, end, reason })]
        }
        Line::Break { at_ms } => vec![(at_ms, Event::Break)],
        Line::WorkerDies { at_ms, worker } => {
            named(worker)?;
            vec![(at_ms, Event::WorkerDies { worker })]
        }
        Line::HangUp { at_ms, near_end, far_end, reason } => {
            vec![(at_ms, Event::HangUp { ends: PerTrack { near: near_end, far: far_end }, reason })]
        }
    })
}

impl Line {
    fn is_within_a_day(&self) -> Result<()> {
        let (at_ms, samples) = match *self {
            Self::Replay(_) => (0, 0),
            Self::Connect { at_ms, .. } | Self::Break { at_ms } | Self::WorkerDies { at_ms, .. } => (at_ms, 0),
            Self::Chunk { at_ms, first, .. } | Self::Chunks { at_ms, first, .. } => (at_ms, first),
            Self::Gap { at_ms, end, .. } => (at_ms, end),
            Self::HangUp { at_ms, near_end, far_end, .. } => (at_ms, near_end.max(far_end)),
        };
        ensure!(at_ms <= LONGEST_MS, "at_ms {at_ms} is beyond a day; times are milliseconds of the call");
        ensure!(samples <= LONGEST_MS * 16, "sample {samples} is beyond a day; offsets are samples of 16 kHz");
        Ok(())
    }
}

impl From<Timed> for Line {
    fn from(Timed { at_ms, what, .. }: Timed) -> Self {
        match what {
            Event::Connect { worker } => Self::Connect { at_ms, worker },
            Event::Chunk { track, first, samples } => Self::Chunk { at_ms, track, first, samples },
            Event::Gap { track, first, end, reason } => Self::Gap { at_ms, track, first, end, reason },
            Event::Break => Self::Break { at_ms },
            Event::WorkerDies { worker } => Self::WorkerDies { at_ms, worker },
            Event::HangUp { ends, reason } => Self::HangUp { at_ms, near_end: ends.near, far_end: ends.far, reason },
        }
    }
}

#[cfg(test)]
mod tests;
