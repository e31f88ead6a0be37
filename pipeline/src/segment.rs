//! Cuts one track into speech and quiet, such that the cuts are a function of the sound.
//!
//! In: samples in order, gaps, the end. Out: [`Cut`]s that tile the track from the settled offset on, without hole or
//! overlap. An utterance is cut at a pause, or after 12 s where speech is least likely; quiet is cut at multiples of
//! 5 s of call time, once it is sure that no speech began before.
//!
//! Promises:
//!   G1  Cuts tile: each begins where the one before ended.
//!   G2  At each cut the detector is reset and warmed on the [`LEAD_IN`] before it, and what follows is judged anew. So
//!       a worker that takes over at any settled offset, given the lead-in, makes exactly the cuts that the one before
//!       it would have made, however the sound is divided into chunks.
//!   G3  At a gap or the end everything pending is cut.
//!   G4  Where a forced cut may go through a word, what is heard on both sides overlaps: the utterance before is heard a
//!       little beyond the cut, the one behind it from a little before. `join` makes each word stand once.
//!
//! Not done here: no clock, no recogniser, no other track. Only the pending sound and the lead-in are held.

use crate::vad::{FRAME, Vad};
use referent_proto::{Pcm, SampleOffset, SampleSpan};

/// What a resumed worker needs from before the settled offset: 2 s (`tests/lead_in.rs` says how much less would do).
pub const LEAD_IN: u64 = 32_000;

/// When speech begins and ends. All durations in frames of 16 ms.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// A frame from this score on is voiced.
    pub voiced: f32,
    /// So many voiced frames, unbroken but for `blink`, are speech.
    pub onset: usize,
    /// So many unvoiced frames in a row end what was not yet speech.
    pub blink: usize,
    /// So many unvoiced frames in a row end an utterance.
    pub hang_over: usize,
    /// The recogniser hears so much before the first voiced frame.
    pub pre_roll: usize,
    /// And so much after the last.
    pub post_roll: usize,
    /// No utterance is heard for longer, from its first voiced frame to its last.
    pub longest: usize,
    /// A forced cut leaves at least so much.
    pub shortest_forced: usize,
    /// Voiced frames on both sides of a cut with fewer frames than this between them may be one word.
    pub breath: usize,
    /// Behind such a cut the recogniser hears so much from before it.
    pub heard_before: usize,
    /// And before such a cut so much from behind it.
    pub heard_after: usize,
    /// Quiet is cut at multiples of so many samples of call time.
    pub quiet: u64,
}

impl Default for Rules {
    /// Chosen on the sample calls: `make bench-wer` holds what they cost.
    fn default() -> Self {
        Self {
            voiced: 0.5,
            onset: 4,
            blink: 3,
            hang_over: 25,
            pre_roll: 16,
            post_roll: 16,
            longest: 750,
            shortest_forced: 375,
            breath: 10,
            heard_before: 62,
            heard_after: 30,
            quiet: 80_000,
        }
    }
}

/// A stretch of the track, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// From the cut before to this one; never empty.
    pub span: SampleSpan,
    /// What is in it.
    pub kind: CutKind,
}

/// What a cut holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CutKind {
    /// Nobody speaks.
    Quiet,
    /// Somebody speaks.
    Speech(Speech),
}

/// Speech with its sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    /// From the first voiced frame to the last, within the cut.
    pub span: SampleSpan,
    /// From the first voiced frame to the last of what the recogniser shall hear; longer than `span` where a forced cut
    /// may go through a word (G4).
    pub voiced: SampleSpan,
    /// Where `pcm` begins: a little before what is voiced, and perhaps before the cut.
    pub heard_from: SampleOffset,
    /// What the recogniser shall hear.
    pub pcm: Pcm,
}

/// Cuts one track.
pub struct Segmenter<V> {
    vad: V,
    rules: Rules,
    /// Sound from `sound_from` on, without holes: the lead-in, then what is pending.
    sound: Vec<i16>,
    sound_from: SampleOffset,
    /// The last cut.
    settled: SampleOffset,
    /// Scores of the frames since the last cut; empty until the detector is warm.
    scores: Vec<f32>,
    warm: bool,
    /// Which frames of the lead-in are voiced, the newest last.
    lead: Vec<bool>,
    /// Where the newest hole in the sound ends: nothing is heard across it.
    hole: SampleOffset,
    state: Speaking,
}

/// What the frames since the last cut amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaking {
    /// Nobody.
    No,
    /// A few voiced frames from `first` on: perhaps.
    Perhaps { first: usize, last: usize, voiced: usize },
    /// From `first` on, last heard in `last`.
    Yes { first: usize, last: usize },
}

impl<V: Vad> Segmenter<V> {
    /// Begins at `settled`. Sound is expected from [`LEAD_IN`] before it, or from wherever there is some.
    pub fn resume(vad: V, rules: Rules, settled: SampleOffset) -> Self {
        let from = settled.back(LEAD_IN);
        Self {
            vad,
            rules,
            sound: Vec::new(),
            sound_from: from,
            settled,
            scores: Vec::new(),
            warm: false,
            lead: Vec::new(),
            hole: SampleOffset::ZERO,
            state: Speaking::No,
        }
    }

    /// Everything before is cut.
    pub fn settled(&self) -> SampleOffset {
        self.settled
    }

    /// Everything before has been pushed.
    pub fn received(&self) -> SampleOffset {
        self.sound_from + self.sound.len() as u64
    }

    /// From where to where somebody is speaking, if somebody is; no cut has it yet.
    pub fn speaking(&self) -> Option<SampleSpan> {
        let Speaking::Yes { first, last } = self.state else { return None };
        let begin = self.at(first);
        Some(SampleSpan::of(begin, self.at(last + 1) - begin))
    }

    /// What is being said, with its sound.
    pub fn so_far(&self) -> Option<Speech> {
        let Speaking::Yes { first, last } = self.state else { return None };
        Some(self.speech(first, last, self.at(self.scores.len())))
    }

    /// Takes the sound from `first` on. Where something is missing before it, which only the lead-in may lack, there is
    /// silence.
    pub fn push(&mut self, first: SampleOffset, samples: &[i16]) -> Vec<Cut> {
        self.silence_until(first);
        let known = usize::try_from(self.received().0.saturating_sub(first.0)).unwrap_or(usize::MAX);
        self.sound.extend_from_slice(samples.get(known..).unwrap_or_default());
        self.judge()
    }

    /// A gap up to `end`: everything pending is cut, and the track goes on behind it.
    pub fn gap(&mut self, end: SampleOffset) -> Option<Cut> {
        let cut = self.end();
        self.silence_until(end);
        if end > self.settled {
            self.cut_at(end);
        }
        cut
    }

    /// The track ends, or a gap begins, where the sound does: everything pending is cut.
    pub fn end(&mut self) -> Option<Cut> {
        let end = self.received();
        if end <= self.settled {
            return None;
        }
        let kind = match self.state {
            Speaking::Yes { first, last } => CutKind::Speech(self.speech(first, last, end)),
            Speaking::No | Speaking::Perhaps { .. } => CutKind::Quiet,
        };
        let span = SampleSpan::of(self.settled, end - self.settled);
        self.cut_at(end);
        Some(Cut { span, kind })
    }

    fn silence_until(&mut self, offset: SampleOffset) {
        let missing = offset.0.saturating_sub(self.received().0);
        if missing > LEAD_IN {
            // Older silence would be forgotten at once.
            self.sound.clear();
            self.sound_from = offset.back(LEAD_IN);
        }
        let missing = usize::try_from(offset.0.saturating_sub(self.received().0)).unwrap_or(0);
        if missing > 0 {
            self.hole = offset;
        }
        self.sound.resize(self.sound.len() + missing, 0);
    }

    fn judge(&mut self) -> Vec<Cut> {
        let mut cuts = Vec::new();
        if self.received() < self.settled {
            return cuts;
        }
        if !self.warm {
            self.warm_up();
        }
        while let Some(frame) = self.frame(self.scores.len()) {
            let score = self.vad.score(&frame);
            self.scores.push(score);
            self.state = self.after(score);
            if let Some((end, kind)) = self.decide() {
                cuts.push(Cut { span: SampleSpan::of(self.settled, end - self.settled), kind });
                self.cut_at(end);
                self.warm_up();
            }
        }
        cuts
    }

    fn at(&self, frame: usize) -> SampleOffset {
        self.settled + (frame * FRAME) as u64
    }

    fn index(&self, offset: SampleOffset) -> usize {
        usize::try_from(offset.0.saturating_sub(self.sound_from.0)).unwrap_or(usize::MAX)
    }

    fn frame(&self, number: usize) -> Option<[i16; FRAME]> {
        let from = self.index(self.at(number));
        self.sound.get(from..from + FRAME)?.try_into().ok()
    }

    /// What is known after the newest frame.
    fn after(&self, score: f32) -> Speaking {
        let now = self.scores.len() - 1;
        let voiced = score >= self.rules.voiced;
        match self.state {
            Speaking::No if voiced => Speaking::Perhaps { first: now, last: now, voiced: 1 },
            Speaking::Perhaps { first, voiced: count, .. } if voiced => {
                if count + 1 >= self.rules.onset {
                    Speaking::Yes { first, last: now }
                } else {
                    Speaking::Perhaps { first, last: now, voiced: count + 1 }
                }
            }
            Speaking::Perhaps { last, .. } if now - last >= self.rules.blink => Speaking::No,
            Speaking::Yes { first, .. } if voiced => Speaking::Yes { first, last: now },
            state => state,
        }
    }

    /// Where to cut, if the newest frame decides it.
    fn decide(&self) -> Option<(SampleOffset, CutKind)> {
        let now = self.scores.len() - 1;
        match self.state {
            Speaking::Yes { first, last } if now - last >= self.rules.hang_over => {
                let end = self.at(now + 1);
                Some((end, CutKind::Speech(self.speech(first, last, end))))
            }
            Speaking::Yes { first, .. } if self.heard_frames(first) >= self.rules.longest => {
                // Behind the cut there is what the utterance before it hears of it.
                let latest = now.saturating_sub(self.rules.heard_after).max(first);
                let frame = self.least_likely((first + self.rules.shortest_forced).min(latest), latest);
                Some((self.at(frame + 1), CutKind::Speech(self.forced(first, frame))))
            }
            Speaking::Yes { .. } => None,
            Speaking::No | Speaking::Perhaps { .. } => {
                let mark = SampleOffset((self.settled.0 / self.rules.quiet + 1) * self.rules.quiet);
                let sure_until = match self.state {
                    Speaking::Perhaps { first, .. } => self.at(first),
                    _ => self.at(now + 1),
                };
                (sure_until >= mark).then_some((mark, CutKind::Quiet))
            }
        }
    }

    /// The frame in the middle of the five that are least likely to be speech; the latest of equals.
    fn least_likely(&self, from: usize, to: usize) -> usize {
        let around = |at: usize| -> f32 {
            let near = at.saturating_sub(2)..(at + 3).min(self.scores.len());
            self.scores[near].iter().sum()
        };
        (from..=to).rev().min_by(|&a, &b| around(a).total_cmp(&around(b))).unwrap_or(to)
    }

    /// Speech in frames `first` to `last`, with the sound around it that helps the recogniser and belongs to nobody.
    fn speech(&self, first: usize, last: usize, end: SampleOffset) -> Speech {
        let span = SampleSpan::of(self.at(first), self.at(last + 1).min(end) - self.at(first));
        self.heard(first, span, span.end(), (span.end() + samples(self.rules.post_roll)).min(end))
    }

    /// Speech from frame `first` on that goes on behind frame `cut`.
    fn forced(&self, first: usize, cut: usize) -> Speech {
        let is_voiced = |at: &usize| self.scores.get(*at).is_some_and(|score| *score >= self.rules.voiced);
        let last = (first..=cut).rev().find(is_voiced).unwrap_or(cut);
        let end = self.at(cut + 1);
        let behind = cut + 1..(cut + 1 + self.rules.heard_after).min(self.scores.len());
        let goes_on = behind.clone().find(is_voiced).is_some_and(|next| next - last <= self.rules.breath);
        match behind.clone().rev().find(is_voiced) {
            Some(voiced) if goes_on => {
                let span = SampleSpan::of(self.at(first), self.at(last + 1) - self.at(first));
                self.heard(first, span, self.at(voiced + 1), self.at(behind.end))
            }
            _ => self.speech(first, last, end),
        }
    }

    /// The speech of `span`, heard up to `to`, the last voiced frame of which ends at `voiced_to`.
    fn heard(&self, first: usize, span: SampleSpan, voiced_to: SampleOffset, to: SampleOffset) -> Speech {
        let before = self.before(first);
        let (voiced_from, from) = if before > 0 {
            let from = self.settled.back(samples(before)).max(self.hole);
            let frames = self.lead.len() - before;
            let voiced = self.lead[frames..].iter().position(|voiced| *voiced).unwrap_or(0);
            ((self.settled.back(samples(before - voiced))).max(from), from)
        } else {
            // Never into what the utterance before has said.
            let said = self.voiced_before().map_or(SampleOffset::ZERO, |voiced| voiced.min(span.start()));
            (span.start(), span.start().back(samples(self.rules.pre_roll)).max(said))
        };
        let from = from.max(self.sound_from);
        let voiced = SampleSpan::of(voiced_from, voiced_to - voiced_from);
        let pcm = Pcm(self.sound[self.index(from)..self.index(to)].to_vec());
        Speech { span, voiced, heard_from: from, pcm }
    }

    /// How many frames from before the last cut are heard with speech that begins in frame `first` (G4). A cut at a pause
    /// has the whole hang-over before it, so what is told here is told alike by every worker.
    fn before(&self, first: usize) -> usize {
        let unvoiced = self.lead.iter().rev().take_while(|voiced| !**voiced).count();
        let goes_on = unvoiced + first < self.rules.breath;
        let known = self.settled.back(samples(unvoiced + 1)) >= self.hole;
        if goes_on && known { self.rules.heard_before.min(self.lead.len()) } else { 0 }
    }

    /// How many frames an utterance that begins in frame `first` can have by now from its first voiced frame on, what is
    /// heard from before the cut and the pause behind it with it.
    fn heard_frames(&self, first: usize) -> usize {
        match self.before(first) {
            0 => self.scores.len() - first,
            before => before + self.scores.len(),
        }
    }

    /// The end of the last voiced frame of the lead-in, if there is one.
    fn voiced_before(&self) -> Option<SampleOffset> {
        let behind = self.lead.iter().rev().position(|voiced| *voiced)?;
        Some(self.settled.back(samples(behind)))
    }

    /// Forgets what no later cut can need.
    fn cut_at(&mut self, settled: SampleOffset) {
        self.settled = settled;
        self.scores.clear();
        self.state = Speaking::No;
        self.warm = false;
        let keep_from = settled.back(LEAD_IN);
        if keep_from > self.sound_from {
            self.sound.drain(..self.index(keep_from).min(self.sound.len()));
            self.sound_from = keep_from;
        }
    }

    /// G2: the detector knows the lead-in and nothing else. Where the call is younger than that, silence comes before.
    fn warm_up(&mut self) {
        self.vad.reset();
        let lead = &self.sound[..self.index(self.settled)];
        let missing = usize::try_from(LEAD_IN).unwrap_or(0) - lead.len();
        let padded: Vec<i16> = std::iter::repeat_n(0, missing).chain(lead.iter().copied()).collect();
        let frames = padded.as_chunks::<FRAME>().0;
        self.lead = frames.iter().map(|frame| self.vad.score(frame) >= self.rules.voiced).collect();
        self.warm = true;
    }
}

fn samples(frames: usize) -> u64 {
    (frames * FRAME) as u64
}
