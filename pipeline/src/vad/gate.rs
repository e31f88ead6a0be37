//! Says how far a frame rises out of the noise of the last seconds.
//!
//! In: frames. Out: 0 for what is as loud as the noise, 1 for what is clearly louder. The loudness is that of the voice
//! band, over six frames, so that a vowel's dip does not count. The noise is what the quietest fifth of the last 6 s
//! stays below: people pause for more than a fifth of the time, and at a cut the 2 s that the detector is warmed on
//! hold at least the pause that ended the utterance.
//!
//! Promised: depends on nothing but the frames since `reset`; no allocation. Digital silence says nothing of the noise,
//! so a pause of a muted microphone does not make the room behind it sound loud. Not done here: no knowledge of what
//! speech sounds like (`gated`).

use super::FRAME;

/// Frames that the loudness is taken over: 96 ms.
const SMOOTHED: usize = 6;
/// Frames that the noise is looked for in: 6 s.
const REMEMBERED: usize = 375;
/// So large a share of them is taken for noise.
const NOISE_SHARE: f32 = 0.2;
/// Quiet frames that are thought to come before the first, so that speech is heard that was going on at the reset.
const IMAGINED: u16 = 4;
/// The gate opens for what is so many decibels above the noise.
const OPENS_DB: f32 = 7.0;
/// And shuts again so many lower.
const STAYS_OPEN_DB: f32 = 3.0;
/// Below so many decibels of full scale all noise is alike.
const QUIETEST_DB: f32 = -62.0;
/// Loudness is counted in so many steps a decibel.
const STEPS_A_DB: f32 = 2.0;
/// Steps from `QUIETEST_DB` to full scale.
const STEPS: usize = 125;
/// Of one pole each at 16 kHz: voices lie above about 180 Hz, and below about 1.8 kHz, where most of hiss is not.
const ABOVE: f32 = 0.07;
const BELOW: f32 = 0.5;

/// Follows the noise of one track.
pub(super) struct Gate {
    low: f32,
    band: f32,
    /// Mean squares of the newest frames, the newest last.
    newest: [f32; SMOOTHED],
    /// Loudness of the frames remembered, in steps; a ring.
    remembered: [u8; REMEMBERED],
    count: usize,
    next: usize,
    /// How many of the remembered and imagined frames have this loudness.
    frames_at: [u16; STEPS],
    is_open: bool,
}

impl Default for Gate {
    fn default() -> Self {
        let mut frames_at = [0; STEPS];
        frames_at[0] = IMAGINED;
        Self {
            low: 0.0,
            band: 0.0,
            newest: [0.0; SMOOTHED],
            remembered: [0; REMEMBERED],
            count: 0,
            next: 0,
            frames_at,
            is_open: false,
        }
    }
}

impl Gate {
    /// Forgets everything heard.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// How far the gate is open for this frame, more than 0 and less than 1; from 0.5 on it is open.
    pub(super) fn open(&mut self, frame: &[i16; FRAME]) -> f32 {
        let silent = frame.iter().all(|sample| *sample == 0);
        let loudness = self.loudness(frame, silent);
        if !silent {
            self.remember(loudness);
        }
        let above = loudness - self.noise();
        let needed = if self.is_open { OPENS_DB - STAYS_OPEN_DB } else { OPENS_DB };
        self.is_open = above >= needed;
        1.0 / (1.0 + (needed - above).exp())
    }

    /// Decibels of full scale of the newest frames' voice band.
    fn loudness(&mut self, frame: &[i16; FRAME], silent: bool) -> f32 {
        let mut sum = 0.0;
        if silent {
            // Left alone, the filter would fade into numbers too small to be fast.
            (self.low, self.band) = (0.0, 0.0);
        } else {
            for &sample in frame {
                let sample = f32::from(sample) / 32768.0;
                self.low += ABOVE * (sample - self.low);
                self.band += BELOW * (sample - self.low - self.band);
                sum += self.band * self.band;
            }
        }
        self.newest.rotate_left(1);
        self.newest[SMOOTHED - 1] = sum;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
        let mean = self.newest.iter().sum::<f32>() / (SMOOTHED * FRAME) as f32;
        10.0 * (mean + 1e-12).log10()
    }

    fn remember(&mut self, loudness: f32) {
        let steps = (loudness - QUIETEST_DB) * STEPS_A_DB;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the steps there are")]
        let step = steps.clamp(0.0, 124.0) as u8;
        if self.count == REMEMBERED {
            self.frames_at[usize::from(self.remembered[self.next])] -= 1;
        } else {
            self.count += 1;
        }
        self.remembered[self.next] = step;
        self.frames_at[usize::from(step)] += 1;
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// Decibels of full scale that the quietest fifth stays below.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred frames")]
    fn noise(&self) -> f32 {
        let quietest = NOISE_SHARE * (self.count + usize::from(IMAGINED)) as f32;
        let mut below = 0.0;
        let step = self.frames_at.iter().position(|&frames| {
            below += f32::from(frames);
            below > quietest
        });
        QUIETEST_DB + step.unwrap_or(STEPS - 1) as f32 / STEPS_A_DB
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tone(amplitude: i16) -> [i16; FRAME] {
        // 500 Hz: eight periods a frame.
        std::array::from_fn(|at| if at / 16 % 2 == 0 { amplitude } else { -amplitude })
    }

    fn after(gate: &mut Gate, amplitude: i16, frames: usize) -> f32 {
        (0..frames).map(|_| gate.open(&tone(amplitude))).last().unwrap_or(0.0)
    }

    #[test]
    fn what_goes_on_becomes_noise_and_what_is_louder_rises_out_of_it() {
        let mut gate = Gate::default();
        assert!(after(&mut gate, 1_000, 10) > 0.9, "at first nothing is known of the noise");
        assert!(after(&mut gate, 1_000, 60) < 0.1, "a second later it is noise");
        assert!(after(&mut gate, 3_000, 6) > 0.9, "9.5 dB more is no noise");
        assert!(after(&mut gate, 1_000, 10) < 0.1, "and behind it there is the noise again");
    }

    #[test]
    fn a_muted_pause_says_nothing_of_the_noise() {
        let mut gate = Gate::default();
        after(&mut gate, 1_000, 60);
        after(&mut gate, 0, 200);
        assert!(after(&mut gate, 1_000, 10) < 0.1);
    }

    proptest! {
        /// The ring and the counts agree, and a reset leaves nothing behind.
        #[test]
        fn a_reset_forgets(before in prop::collection::vec(0_i16..30_000, 0..900), since in prop::collection::vec(0_i16..30_000, 1..500)) {
            let mut used = Gate::default();
            for &amplitude in &before {
                let open = used.open(&tone(amplitude));
                prop_assert!((0.0..=1.0).contains(&open));
                let counted: usize = used.frames_at.iter().map(|&frames| usize::from(frames)).sum();
                prop_assert_eq!(counted, used.count + usize::from(IMAGINED));
            }
            used.reset();
            let mut fresh = Gate::default();
            for &amplitude in &since {
                prop_assert_eq!(used.open(&tone(amplitude)).to_bits(), fresh.open(&tone(amplitude)).to_bits());
            }
        }
    }
}
