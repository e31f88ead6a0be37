//! Bytes on disk: one record is one frame, and a frame proves itself.
//!
//! ```text
//! frame = D5 5A | length of body, u32 | CRC-32 of length and body, u32 | body
//! body  = kind, u8 | payload                                        all numbers little endian
//!
//! head     1  JSON: the call's begin, the segment's number, where each track stands, what stands decided, boot clock
//! chunk    2  track u8 | first u64 | samples, s16
//! gap      3  track u8 | first u64 | end u64 | reason u8
//! hang-up  4  JSON: ends, reason, when
//! settled  5  near u64 | far u64
//! decision 6  JSON: what a person decided, where in the call, when
//! sealed   7  track u8 | first u64 | samples u32 | key id, 8 bytes | run u32 | enc, 32 bytes | number u64 | bytes
//! ```
//!
//! A sealed chunk has everything with it that its reader needs beside the private key, so that any one opens alone.
//!
//! In: records, or bytes that may be torn or damaged. Out: the other. Not done here: no file is opened.

use crate::permit::{Decided, Decision};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Chunk, Direction, Gap, GapReason, HangUpReason, KeyId, Mode, Pcm, SampleOffset, SampleSpan, SealedChunk,
    Started, Track,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The first two bytes of a frame: where to look for the next one after damage.
const MARK: [u8; 2] = [0xD5, 0x5A];
/// Bytes before the body.
pub const FRAME_HEAD: usize = 10;
/// The longest body; a chunk of one second has 32,009 bytes.
pub const MAX_BODY: usize = 128 * 1024;

/// No call gets there: 557 years of samples. A place beyond is damage, whatever its checksum says, so that nobody who adds
/// to a place has to fear for the sum.
const FARTHEST: u64 = 1 << 48;

/// What a call is, for the whole of its life. Stands at the head of every segment, so that any segment opens alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The call.
    pub call: CallId,
    /// The call that a false stop ended.
    pub continues: Option<CallId>,
    /// The telephony's id.
    pub external_id: Option<String>,
    /// The case.
    pub case_id: Option<String>,
    /// The department whose settings hold.
    pub area: Option<String>,
    /// How it may be recorded.
    pub mode: Mode,
    /// The law that asks for it, where the mode is `documentation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// Who called whom.
    pub direction: Direction,
    /// When it began, on the wall clock.
    pub started: Started,
    /// The tracks it has.
    pub tracks: Vec<Track>,
    /// Where its sound comes from.
    pub source: Source,
    /// Which boot of the PC it began in.
    pub boot: String,
    /// The boot clock at the call's zero, milliseconds.
    pub boot_ms: u64,
}

/// Where sound comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Microphone and loopback.
    Devices,
    /// A two-channel file.
    Wav {
        /// Where it lies.
        path: PathBuf,
        /// How fast it is played.
        pace: Pace,
    },
}

/// How fast a file is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// As it was spoken.
    RealTime,
    /// As fast as the other end takes it.
    Credit,
}

/// The head of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The call.
    pub begin: Begin,
    /// The segment's number; the first is 0.
    pub number: u64,
    /// Where each track stood when the segment began.
    pub ends: PerTrack<SampleOffset>,
    /// What people had decided by then, so that it stands when the records of it are gone. Absent in version 0.1.
    #[serde(default)]
    pub decided: Decided,
    /// How many runs have sealed its sound by then. Absent where nothing is sealed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub runs: u32,
    /// The boot clock then, milliseconds.
    pub boot_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// What.
    pub decision: Decision,
    /// From where in the call it holds, if it forbids; what permits holds from where it is durable.
    pub at: SampleOffset,
    /// The boot clock, milliseconds.
    pub boot_ms: u64,
    /// The wall clock, milliseconds since 1970.
    pub utc_ms: i64,
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Where each track ends; zero for a track that the call does not have.
    pub ends: PerTrack<SampleOffset>,
    /// Why.
    pub reason: HangUpReason,
    /// Which boot of the PC.
    pub boot: String,
    /// The boot clock, milliseconds.
    pub boot_ms: u64,
    /// The wall clock, milliseconds since 1970.
    pub utc_ms: i64,
}

/// What one frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// First of every segment.
    Head(Box<Head>),
    /// Sound.
    Chunk(Chunk),
    /// Sound known to be missing.
    Gap(Gap),
    /// Last of a call, but for settled marks.
    HangUp(Ended),
    /// What the other end had made safe; a hint for the next start.
    Settled(PerTrack<SampleOffset>),
    /// Whether the call may be recorded from here.
    Taken(Taken),
    /// Sound that this PC cannot read.
    Sealed(SealedChunk),
}

/// What stands at a place in a segment.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A whole record, and how many bytes it takes.
    Whole(Record, usize),
    /// The bytes end before the frame does.
    Cut,
    /// No frame that proves itself.
    Damaged,
}

/// Adds the record's frame to `out`.
pub fn encode(record: &Record, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&[0; 8]);
    encode_body(record, out);
    let length = u32::try_from(out.len() - start - FRAME_HEAD).unwrap_or(u32::MAX).to_le_bytes();
    let crc = checksum(length, &out[start + FRAME_HEAD..]).to_le_bytes();
    out[start + 2..start + 6].copy_from_slice(&length);
    out[start + 6..start + 10].copy_from_slice(&crc);
}

/// Looks at the beginning of `bytes`.
pub fn decode(bytes: &[u8]) -> Found {
    if bytes.len() < FRAME_HEAD {
        return if MARK.starts_with(&bytes[..bytes.len().min(2)]) { Found::Cut } else { Found::Damaged };
    }
    let number = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    let length = u32::from_le_bytes(number(2)) as usize;
    if bytes[..2] != MARK || length == 0 || length > MAX_BODY {
        return Found::Damaged;
    }
    let Some(body) = bytes.get(FRAME_HEAD..FRAME_HEAD + length) else { return Found::Cut };
    if checksum(number(2), body) != u32::from_le_bytes(number(6)) {
        return Found::Damaged;
    }
    let record = decode_body(body).filter(is_possible);
    record.map_or(Found::Damaged, |record| Found::Whole(record, FRAME_HEAD + length))
}

fn is_possible(record: &Record) -> bool {
    let is_place = |place: SampleOffset| place.0 <= FARTHEST;
    let are_places = |places: &PerTrack<SampleOffset>| is_place(places.near) && is_place(places.far);
    match record {
        Record::Head(head) => are_places(&head.ends) && head.number <= FARTHEST,
        Record::Chunk(chunk) => is_place(chunk.first),
        Record::Gap(gap) => is_place(gap.span.end()),
        Record::HangUp(ended) => are_places(&ended.ends),
        Record::Settled(settled) => are_places(settled),
        Record::Taken(taken) => is_place(taken.at),
        Record::Sealed(chunk) => is_place(chunk.first),
    }
}

/// The distance to the next place where a frame may begin; `bytes.len()` if there is none.
pub fn to_next_mark(bytes: &[u8]) -> usize {
    bytes.windows(2).skip(1).position(|pair| pair == MARK).map_or(bytes.len(), |at| at + 1)
}

fn checksum(length: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(body);
    hasher.finalize()
}

fn encode_body(record: &Record, out: &mut Vec<u8>) {
    match record {
        Record::Head(head) => json(1, head, out),
        Record::Chunk(chunk) => {
            out.extend_from_slice(&[2, track_code(chunk.track)]);
            out.extend_from_slice(&chunk.first.0.to_le_bytes());
            out.extend(chunk.pcm.0.iter().flat_map(|sample| sample.to_le_bytes()));
        }
        Record::Gap(gap) => {
            out.extend_from_slice(&[3, track_code(gap.track)]);
            out.extend_from_slice(&gap.span.start().0.to_le_bytes());
            out.extend_from_slice(&gap.span.end().0.to_le_bytes());
            out.push(u8::try_from(i32::from(gap.reason)).unwrap_or(0));
        }
        Record::HangUp(ended) => json(4, ended, out),
        Record::Settled(settled) => {
            out.push(5);
            out.extend_from_slice(&settled.near.0.to_le_bytes());
            out.extend_from_slice(&settled.far.0.to_le_bytes());
        }
        Record::Taken(taken) => json(6, taken, out),
        Record::Sealed(chunk) => {
            out.extend_from_slice(&[7, track_code(chunk.track)]);
            out.extend_from_slice(&chunk.first.0.to_le_bytes());
            out.extend_from_slice(&chunk.samples.to_le_bytes());
            out.extend_from_slice(&chunk.key.bytes());
            out.extend_from_slice(&chunk.run.to_le_bytes());
            out.extend_from_slice(&chunk.enc);
            out.extend_from_slice(&chunk.number.to_le_bytes());
            out.extend_from_slice(&chunk.bytes);
        }
    }
}

fn json(kind: u8, value: &impl Serialize, out: &mut Vec<u8>) {
    out.push(kind);
    // These types hold text and numbers only: a failure would leave an empty body, which no reader takes for a record.
    out.extend(serde_json::to_vec(value).unwrap_or_default());
}

fn decode_body(body: &[u8]) -> Option<Record> {
    let (&kind, rest) = body.split_first()?;
    Some(match kind {
        1 => Record::Head(Box::new(serde_json::from_slice(rest).ok()?)),
        2 => {
            let (&track, rest) = rest.split_first()?;
            let (first, pcm) = take_u64(rest)?;
            let pcm = Pcm::from_le_bytes(pcm).filter(|pcm| !pcm.0.is_empty())?;
            Record::Chunk(Chunk { track: track_of(track)?, first: SampleOffset(first), pcm })
        }
        3 => {
            let (&track, rest) = rest.split_first()?;
            let (first, rest) = take_u64(rest)?;
            let (end, rest) = take_u64(rest)?;
            let span = SampleSpan::new(SampleOffset(first), SampleOffset(end)).filter(|span| !span.is_empty())?;
            let reason = GapReason::from_wire(i32::from(*rest.first()?));
            Record::Gap(Gap { track: track_of(track)?, span, reason })
        }
        4 => Record::HangUp(serde_json::from_slice(rest).ok()?),
        5 => {
            let (near, rest) = take_u64(rest)?;
            let (far, _) = take_u64(rest)?;
            Record::Settled(PerTrack { near: SampleOffset(near), far: SampleOffset(far) })
        }
        6 => Record::Taken(serde_json::from_slice(rest).ok()?),
        7 => Record::Sealed(decode_sealed(rest)?),
        _ => return None,
    })
}

/// What was damaged in a way that its frame does not show becomes a gap here, if its place makes no sense, else in the
/// worker that cannot open it.
fn decode_sealed(bytes: &[u8]) -> Option<SealedChunk> {
    let (&track, rest) = bytes.split_first()?;
    let (first, rest) = take_u64(rest)?;
    let (samples, rest) = take_u32(rest)?;
    let (key, rest) = rest.split_first_chunk::<8>()?;
    let (run, rest) = take_u32(rest)?;
    let (enc, rest) = rest.split_first_chunk::<{ SealedChunk::ENC_BYTES }>()?;
    let (number, bytes) = take_u64(rest)?;
    let length = usize::try_from(samples).ok().filter(|length| (1..=Chunk::MAX_SAMPLES).contains(length))?;
    first.checked_add(samples.into())?;
    let (track, key, enc, bytes) = (track_of(track)?, KeyId::from_bytes(*key), *enc, bytes.to_vec());
    let chunk = SealedChunk { track, first: SampleOffset(first), samples, key, run, enc, number, bytes };
    (chunk.bytes.len() == SealedChunk::sealed_bytes(length)).then_some(chunk)
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}

fn take_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

fn track_code(track: Track) -> u8 {
    match track {
        Track::Near => 1,
        Track::Far => 2,
    }
}

fn track_of(code: u8) -> Option<Track> {
    Track::BOTH.into_iter().find(|track| track_code(*track) == code)
}
