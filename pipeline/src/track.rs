//! One track on this worker: from chunks to the links of its chain.
//!
//! In: chunks and gaps as they come, the end of the track when it is known. Out: [`Link`]s, which tile the track from
//! where it was settled, and `Settle`s in their order. Ties together `timeline`, `segment` and `settle`, which are pure.
//!
//! Not done here: no other track, no recogniser, no connection.

use crate::segment::{Cut, CutKind, LEAD_IN, Rules, Segmenter, Speech};
use crate::settle::Line;
use crate::timeline::{Piece, Timeline};
use crate::vad::Vad;
use referent_proto::{Chunk, Epoch, Gap, GapReason, SampleOffset, SampleSpan, Track};

/// Sound may be sent up to so far beyond what is settled: an utterance of 12 s never starves its own cut, and a call
/// holds at most 60 s of each track, 3.8 MB.
pub const WINDOW: u64 = 60 * referent_proto::SAMPLE_RATE;
/// A chunk that straddles the credit is no lie.
const SLACK: u64 = Chunk::MAX_SAMPLES as u64;

/// A stretch of the track that is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nobody speaks.
    Quiet(SampleSpan),
    /// There is no sound.
    Gap(SampleSpan, GapReason),
    /// Somebody speaks.
    Speech {
        /// From the cut before to this one.
        span: SampleSpan,
        /// With its sound.
        speech: Speech,
    },
}

/// What no honest agent sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dishonest {
    /// Sound without credit.
    #[error("sound of the {track} track at {first:?} is beyond the credit, {credit:?}")]
    BeyondCredit {
        /// Which track.
        track: Track,
        /// Where its sound begins.
        first: SampleOffset,
        /// Up to where it may be sent.
        credit: SampleOffset,
    },
    /// Sound after the end.
    #[error("the {track} track ends at {end:?}, and there is sound up to {known:?}")]
    BeyondEnd {
        /// Which track.
        track: Track,
        /// Where the hang-up says it ends.
        end: SampleOffset,
        /// Up to where there is something.
        known: SampleOffset,
    },
}

/// One track.
pub struct TrackWork<V> {
    track: Track,
    timeline: Timeline,
    segmenter: Segmenter<V>,
    line: Line,
    settled: SampleOffset,
    end: Option<SampleOffset>,
}

impl<V: Vad> TrackWork<V> {
    /// Goes on where the track is settled.
    pub fn resume(track: Track, epoch: Epoch, settled: SampleOffset, vad: V, rules: Rules) -> Self {
        Self {
            track,
            timeline: Timeline::resume(settled.back(LEAD_IN), settled),
            segmenter: Segmenter::resume(vad, rules, settled),
            line: Line::resume(epoch, track, settled),
            settled,
            end: None,
        }
    }

    /// Which one it is.
    pub fn track(&self) -> Track {
        self.track
    }

    /// From where sound is needed.
    pub fn resume_from(&self) -> SampleOffset {
        self.settled.back(LEAD_IN)
    }

    /// Up to where sound may be sent.
    pub fn credit(&self) -> SampleOffset {
        self.settled + WINDOW
    }

    /// Everything before is durable.
    pub fn settled(&self) -> SampleOffset {
        self.settled
    }

    /// Takes a chunk.
    pub fn sound(&mut self, chunk: Chunk) -> Result<Vec<Link>, Dishonest> {
        let (track, first, credit) = (self.track, chunk.first, self.credit());
        if first > credit + SLACK {
            return Err(Dishonest::BeyondCredit { track, first, credit });
        }
        let pieces = self.timeline.sound(chunk);
        self.cut(pieces)
    }

    /// Takes a gap.
    pub fn gap(&mut self, gap: Gap) -> Result<Vec<Link>, Dishonest> {
        let pieces = self.timeline.gap(gap);
        self.cut(pieces)
    }

    /// The track ends there; what of it has not come is still on its way.
    pub fn hang_up(&mut self, end: SampleOffset) -> Result<Vec<Link>, Dishonest> {
        self.end = Some(end);
        self.cut(Vec::new())
    }

    /// From where to where somebody is speaking, if somebody is.
    pub fn speaking(&self) -> Option<SampleSpan> {
        self.segmenter.speaking()
    }

    /// What is being said, with its sound.
    pub fn so_far(&self) -> Option<Speech> {
        self.segmenter.so_far()
    }

    /// The chain, for what the links become.
    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// notes-api has it up to there.
    pub fn is_settled(&mut self, offset: SampleOffset) {
        self.settled = self.settled.max(offset);
    }

    /// Everything up to the end has come.
    pub fn has_come(&self) -> bool {
        self.end.is_some_and(|end| self.timeline.known() >= end)
    }

    /// Everything up to the end is durable.
    pub fn is_whole(&self) -> bool {
        self.end.is_some_and(|end| self.settled >= end)
    }

    fn cut(&mut self, pieces: Vec<Piece>) -> Result<Vec<Link>, Dishonest> {
        let mut links = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Sound { first, pcm } => {
                    links.extend(self.segmenter.push(first, &pcm.0).into_iter().map(Link::from));
                }
                Piece::Gap { span, reason } => {
                    // What of a gap lies in the lead-in is settled already.
                    let from = span.start().max(self.segmenter.settled());
                    links.extend(self.segmenter.gap(span.end()).map(Link::from));
                    let span = SampleSpan::new(from, span.end()).filter(|span| !span.is_empty());
                    links.extend(span.map(|span| Link::Gap(span, reason)));
                }
            }
        }
        if let Some(end) = self.end {
            let known = self.timeline.known();
            if known > end && end > self.settled {
                return Err(Dishonest::BeyondEnd { track: self.track, end, known });
            }
            if known >= end {
                links.extend(self.segmenter.end().map(Link::from));
            }
        }
        Ok(links)
    }
}

impl From<Cut> for Link {
    fn from(cut: Cut) -> Self {
        match cut.kind {
            CutKind::Quiet => Self::Quiet(cut.span),
            CutKind::Speech(speech) => Self::Speech { span: cut.span, speech },
        }
    }
}
