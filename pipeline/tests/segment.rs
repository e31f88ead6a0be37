//! G1 to G4 of the segmenter, on random sound, with a detector that follows loudness alone.

use proptest::prelude::*;
use referent_pipeline::segment::{Cut, CutKind, LEAD_IN, Rules, Segmenter, Speech};
use referent_pipeline::vad::{FRAME, Vad};
use referent_proto::SampleOffset;

/// Voiced when loud; a little reluctant to change its mind, so that its history matters.
#[derive(Default)]
struct Loudness {
    before: f32,
}

impl Vad for Loudness {
    fn reset(&mut self) {
        self.before = 0.0;
    }

    fn score(&mut self, frame: &[i16; FRAME]) -> f32 {
        let now = if frame.iter().any(|sample| sample.unsigned_abs() > 1000) { 1.0 } else { 0.0 };
        self.before = 0.7 * now + 0.3 * self.before;
        self.before
    }
}

/// Alternately quiet and loud, for so many samples each; loud samples all differ, so that a shift shows.
fn sound(stretches: &[usize]) -> Vec<i16> {
    let mut sound: Vec<i16> = Vec::new();
    for (number, &length) in stretches.iter().enumerate() {
        for _ in 0..length {
            let at = i16::try_from(sound.len() % 20_000).unwrap_or(0);
            sound.push(if number % 2 == 0 { 0 } else { 5_000 + at });
        }
    }
    sound
}

fn resume(settled: SampleOffset) -> Segmenter<Loudness> {
    Segmenter::resume(Loudness::default(), Rules::default(), settled)
}

/// All cuts of the sound, pushed in pieces of these lengths, from `settled` on.
fn cuts(sound: &[i16], settled: SampleOffset, pieces: &[usize]) -> Vec<Cut> {
    let mut segmenter = resume(settled);
    let mut cuts = Vec::new();
    let mut at = usize::try_from(settled.back(LEAD_IN).0).unwrap_or(usize::MAX);
    let mut pieces = pieces.iter().cycle();
    while at < sound.len() {
        let end = sound.len().min(at + pieces.next().copied().unwrap_or(1600));
        cuts.extend(segmenter.push(SampleOffset(at as u64), &sound[at..end]));
        at = end;
    }
    cuts.extend(segmenter.end());
    cuts
}

fn stretches() -> impl Strategy<Value = Vec<usize>> {
    // Pauses of up to 7 s; speech of up to 16 s, often short.
    let quiet = prop_oneof![1usize..8_000, 8_000usize..112_000];
    let loud = prop_oneof![1usize..4_000, 4_000usize..64_000, 64_000usize..256_000];
    prop::collection::vec((quiet, loud), 1..8)
        .prop_map(|pairs| pairs.into_iter().flat_map(|(quiet, loud)| [quiet, loud]).collect())
}

/// G1, and what an utterance may be.
#[track_caller]
fn tile(stretches: &[usize]) {
    let sound = sound(stretches);
    let mut next = SampleOffset::ZERO;
    for cut in cuts(&sound, SampleOffset::ZERO, &[1600]) {
        assert_eq!(cut.span.start(), next);
        assert!(!cut.span.is_empty());
        next = cut.span.end();
        match cut.kind {
            CutKind::Quiet => {}
            CutKind::Speech(Speech { span: speech, voiced, heard_from, pcm }) => {
                assert!(cut.span.start() <= speech.start() && speech.end() <= cut.span.end());
                assert!(speech.samples() <= 12 * 16_000 + 2 * FRAME as u64);
                assert!(heard_from <= speech.start());
                let from = usize::try_from(heard_from.0).expect("a short call");
                assert_eq!(&pcm.0[..], &sound[from..from + pcm.0.len()], "the sound of that very place");
                assert!(heard_from + pcm.0.len() as u64 >= speech.end());
                assert!(heard_from <= voiced.start() && voiced.start() <= speech.start());
                assert!(speech.end() <= voiced.end() && voiced.end() <= heard_from + pcm.0.len() as u64);
                assert!(voiced.samples() <= 12 * 16_000, "{voiced:?}");
            }
        }
    }
    assert_eq!(next, SampleOffset(sound.len() as u64));
}

/// Speech that goes on a breath behind a forced cut: the breath counts for what is heard, too.
#[test]
fn nothing_is_heard_for_longer_behind_a_forced_cut() {
    tile(&[1, 94_793, 1_718, 176_128]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// G1, and what an utterance may be.
    #[test]
    fn cuts_tile_and_hold_what_was_said(stretches in stretches()) {
        tile(&stretches);
    }

    /// Loud stretches of a fifth of a second and more are in some utterance.
    #[test]
    fn nobody_who_speaks_is_missed(stretches in stretches()) {
        let sound = sound(&stretches);
        let cuts = cuts(&sound, SampleOffset::ZERO, &[1600]);
        let mut start = 0;
        for (number, &length) in stretches.iter().enumerate() {
            let middle = SampleOffset((start + length / 2) as u64);
            start += length;
            if number % 2 == 1 && length >= 3_200 {
                let heard = cuts.iter().any(|cut| match &cut.kind {
                    CutKind::Quiet => false,
                    CutKind::Speech(Speech { heard_from, pcm, .. }) => {
                        *heard_from <= middle && middle < *heard_from + pcm.0.len() as u64
                    }
                });
                prop_assert!(heard, "{middle:?} of {cuts:?}");
            }
        }
    }

    /// G2: however it is divided, and wherever a worker takes over.
    #[test]
    fn cuts_are_a_function_of_the_sound(
        stretches in stretches(),
        pieces in prop::collection::vec(1usize..20_000, 1..6),
        which in any::<prop::sample::Index>(),
    ) {
        let sound = sound(&stretches);
        let expected = cuts(&sound, SampleOffset::ZERO, &[1600]);
        prop_assert_eq!(&cuts(&sound, SampleOffset::ZERO, &pieces), &expected);
        let number = which.index(expected.len());
        let settled = expected[number].span.end();
        prop_assert_eq!(&cuts(&sound, settled, &pieces)[..], &expected[number + 1..], "from {:?}", settled);
    }

    /// G3: at a gap everything pending is cut, and the track goes on behind it.
    #[test]
    fn a_gap_cuts(before in stretches(), gap in 1u64..400_000, after in stretches()) {
        let (before, after) = (sound(&before), sound(&after));
        let mut segmenter = resume(SampleOffset::ZERO);
        let mut all = segmenter.push(SampleOffset::ZERO, &before);
        let hole = SampleOffset(before.len() as u64);
        all.extend(segmenter.gap(hole + gap));
        prop_assert_eq!(all.last().map_or(SampleOffset::ZERO, |cut| cut.span.end()), hole);
        prop_assert_eq!(segmenter.settled(), hole + gap);
        let mut next = hole + gap;
        let mut behind = segmenter.push(next, &after);
        behind.extend(segmenter.end());
        for cut in behind {
            prop_assert_eq!(cut.span.start(), next);
            next = cut.span.end();
            if let CutKind::Speech(Speech { heard_from, pcm, .. }) = &cut.kind {
                let samples = usize::try_from((hole + gap).0.saturating_sub(heard_from.0)).unwrap();
                let in_gap = pcm.0.iter().take(samples).skip(samples.saturating_sub(usize::try_from(gap).unwrap()));
                prop_assert!(in_gap.into_iter().all(|sample| *sample == 0), "a gap is silent");
            }
        }
        prop_assert_eq!(next, hole + gap + after.len() as u64);
    }
}
