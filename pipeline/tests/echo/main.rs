//! Echo made of the sample calls is marked, at any level, delay and room; what the caseworker says never is.
//!
//! The three calls at 16 kHz in the normal run, all twelve when `RUN_SLOW_TESTS` is set.

#[expect(dead_code, reason = "shared with other tests")]
#[path = "../support/calls.rs"]
mod calls;

use calls::Side;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use realfft::RealFftPlanner;
use referent_pipeline::echo::{LONGEST_DELAY, compare, echo_of};
use referent_proto::{SampleSpan, Track};
use std::time::Instant;

/// A quarter of a second, as the recogniser is given before and after the speech.
const ROLL: usize = 4_000;

fn of(track: Track) -> Vec<Side> {
    calls::sides(calls::is_slow()).into_iter().filter(|side| side.track == track).collect()
}

fn bounds(span: SampleSpan) -> (usize, usize) {
    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    (at(span.start().0), at(span.end().0))
}

/// What a room answers to a click: the click, and noise that decays by 60 dB in so many seconds, 3 dB quieter in all.
fn room(seconds: f32, chance: &mut StdRng) -> Vec<f32> {
    let mut answer = vec![0.0_f32];
    let mut at = 0.0;
    while at < seconds {
        let early = at < 0.002;
        answer.push(if early { 0.0 } else { noise(chance) * (-6.9 * at / seconds).exp() });
        at += 1.0 / 16_000.0;
    }
    let energy: f32 = answer.iter().map(|sample| sample * sample).sum();
    let scale = (10_f32.powf(-0.3) / energy).sqrt();
    for sample in &mut answer {
        *sample *= scale;
    }
    answer[0] = 1.0;
    answer
}

/// Nearly normal, with a deviation of 1.
fn noise(chance: &mut StdRng) -> f32 {
    (0..12).map(|_| chance.random_range(-0.5_f32..0.5)).sum()
}

/// A sound in a room.
#[expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a helper of tests")]
fn sounds_in(room: &[f32], sound: &[i16]) -> Vec<f32> {
    let size = (room.len() + sound.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (there, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let transform = |mut samples: Vec<f32>| {
        samples.resize(size, 0.0);
        let mut spectrum = there.make_output_vec();
        there.process(&mut samples, &mut spectrum).unwrap();
        spectrum
    };
    let mut both = transform(sound.iter().map(|&sample| f32::from(sample)).collect());
    both.iter_mut().zip(transform(room.to_vec())).for_each(|(value, other)| *value *= other);
    let mut samples = back.make_output_vec();
    back.process(&mut both, &mut samples).unwrap();
    samples.iter().take(sound.len()).map(|sample| sample / size as f32).collect()
}

/// Root mean square.
#[expect(clippy::cast_precision_loss, reason = "a helper of tests")]
fn level(sound: &[f32]) -> f32 {
    (sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len() as f32).sqrt()
}

#[expect(clippy::cast_possible_truncation, reason = "clipped")]
fn samples(sound: &[f32]) -> Vec<i16> {
    sound.iter().map(|sample| sample.clamp(-32_768.0, 32_767.0).round() as i16).collect()
}

/// One echo of a far turn: the near sound, and the far sound that belongs to it with its lead.
struct Case<'a> {
    near: Vec<f32>,
    far: &'a [i16],
    lead: usize,
    delay: usize,
}

/// Echoes of every far turn that is long enough, with delays of 20 to 400 ms.
fn echoes<'a>(side: &'a Side, room: &[f32], db: f32, chance: &mut StdRng) -> Vec<Case<'a>> {
    let sound = sounds_in(room, &side.sound);
    let gain = 10_f32.powf(db / 20.0);
    let mut cases = Vec::new();
    for (number, (span, _)) in side.turns.iter().enumerate() {
        let (begin, end) = bounds(*span);
        let delay = [320, 1_600, 3_200, 6_144][number % 4] + chance.random_range(0..256);
        let (from, to) = ((begin + delay).saturating_sub(ROLL), (end + delay + ROLL).min(sound.len()));
        if to < from + 16_000 {
            continue;
        }
        let near = (from..to).map(|at| at.checked_sub(delay).map_or(0.0, |at| sound[at] * gain)).collect();
        let lead = LONGEST_DELAY.min(from);
        cases.push(Case { near, far: &side.sound[from - lead..to], lead, delay });
    }
    cases
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows a table")]
fn echo_is_marked_at_every_level_and_in_every_room() {
    let sides = of(Track::Far);
    let mut chance = StdRng::seed_from_u64(11);
    println!("room | level | noise below it | marked | right delay");
    for seconds in [0.2, 0.4, 0.6] {
        for (db, noise_db) in [(-6.0, 40.0), (-20.0, 40.0), (-40.0, 30.0), (-20.0, 20.0), (-20.0, 10.0)] {
            let (mut all, mut marked, mut timed) = (0_usize, 0_usize, 0_usize);
            for side in &sides {
                let room = room(seconds, &mut chance);
                for mut case in echoes(side, &room, db, &mut chance) {
                    let hiss = level(&case.near) * 10_f32.powf(-noise_db / 20.0);
                    case.near.iter_mut().for_each(|sample| *sample += noise(&mut chance) * hiss);
                    all += 1;
                    if let Some(echo) = echo_of(&samples(&case.near), case.far, case.lead) {
                        marked += 1;
                        timed += usize::from(echo.delay_samples.abs_diff(case.delay) <= 512);
                        assert!((0.0..=1.0).contains(&echo.share));
                    }
                }
            }
            println!("{seconds} s | {db} dB | {noise_db} dB | {marked} of {all} | {timed}");
            if noise_db >= 20.0 {
                assert!(marked * 100 >= all * 95, "{marked} of {all} at {seconds} s, {db} dB, {noise_db} dB");
                assert!(timed * 100 >= marked * 95);
            }
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows figures")]
fn what_the_caseworker_says_is_never_marked() {
    let (nears, fars) = (of(Track::Near), of(Track::Far));
    let (mut all, mut most, mut seconds) = (0_usize, f32::MIN, 0.0_f64);
    let started = Instant::now();
    for side in &nears {
        for (span, text) in &side.turns {
            let (begin, end) = bounds(*span);
            let said = &side.sound[begin.saturating_sub(ROLL)..(end + ROLL).min(side.sound.len())];
            // Against what the citizen said at that time, and against all that this citizen, or any, ever said.
            let own = |other: &&Side| other.call == side.call;
            let at_that_time = fars.iter().filter(own).map(|other| (other, begin));
            let ever = fars.iter().filter(|other| calls::is_slow() || own(other));
            let any = ever.flat_map(|other| other.turns.iter().map(move |(span, _)| (other, bounds(*span).0)));
            for (other, at) in at_that_time.chain(any) {
                let from = at.saturating_sub(ROLL + LONGEST_DELAY);
                let to = (from + LONGEST_DELAY + said.len()).min(other.sound.len());
                all += 1;
                seconds += f64::from(u32::try_from(said.len()).unwrap()) / 16_000.0;
                let Some(evidence) = compare(said, &other.sound[from..to], LONGEST_DELAY) else { continue };
                most = most.max(evidence.share);
                assert_eq!(echo_of(said, &other.sound[from..to], LONGEST_DELAY), None, "{} {text}", side.call);
            }
        }
    }
    let cost = started.elapsed().as_secs_f64() * 1_000.0 / seconds;
    println!("{all} comparisons, none marked; the most that any explains is {most:.2}; about {cost:.1} ms a second");
    assert!(all > 100);
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows a table")]
fn whoever_speaks_over_an_echo_is_not_echo() {
    let (near, far) = (of(Track::Near), of(Track::Far));
    let mut chance = StdRng::seed_from_u64(12);
    println!("the caseworker beside the echo | marked");
    for relative_db in [20.0, 10.0, 0.0, -6.0, -10.0] {
        let (mut all, mut marked) = (0_usize, 0_usize);
        for (side, other) in near.iter().zip(&far) {
            let room = room(0.3, &mut chance);
            for (number, mut case) in echoes(other, &room, -20.0, &mut chance).into_iter().enumerate() {
                let (begin, end) = bounds(side.turns[number % side.turns.len()].0);
                // Half of the time, or no more than a word.
                let longest = if number % 2 == 0 { 6_400 } else { case.near.len() / 2 };
                let said: Vec<f32> =
                    side.sound[begin..end.min(begin + longest)].iter().map(|&sample| f32::from(sample)).collect();
                let gain = level(&case.near) / level(&said) * 10_f32.powf(relative_db / 20.0);
                let at = chance.random_range(0..case.near.len() - said.len());
                case.near[at..].iter_mut().zip(&said).for_each(|(sample, said)| *sample += said * gain);
                all += 1;
                marked += usize::from(echo_of(&samples(&case.near), case.far, case.lead).is_some());
            }
        }
        println!("{relative_db} dB | {marked} of {all}");
        assert!(relative_db < 0.0 || marked == 0, "{marked} of {all} at {relative_db} dB");
    }
}

/// The same sentence at another pitch and speed, as another voice would say it, is another sound.
#[test]
fn the_same_sentence_by_another_voice_is_not_marked() {
    let mut tried = 0;
    for side in of(Track::Far) {
        for (span, text) in &side.turns {
            let (begin, end) = bounds(*span);
            let said = &side.sound[begin.saturating_sub(ROLL)..(end + ROLL).min(side.sound.len())];
            let far: Vec<i16> = std::iter::repeat_n(0, LONGEST_DELAY).chain(said.iter().copied()).collect();
            for percent in [94, 97, 103, 106] {
                let other: Vec<i16> =
                    (0..said.len() * 100 / percent).map(|at| said[(at * percent / 100).min(said.len() - 1)]).collect();
                tried += 1;
                assert_eq!(echo_of(&other, &far, LONGEST_DELAY), None, "{text} at {percent} %");
            }
            assert!(echo_of(said, &far, LONGEST_DELAY).is_some(), "{text} itself");
        }
    }
    assert!(tried > 50);
}

#[test]
fn where_there_is_too_little_to_tell_nothing_is_marked() {
    let sound = syllables(40_000, 3_000);
    assert!(echo_of(&sound, &sound, 0).is_some(), "the sound itself, without a delay");
    assert_eq!(echo_of(&sound[..4_000], &sound, 0), None, "a quarter of a second");
    assert_eq!(echo_of(&[], &[], 0), None);
    assert_eq!(echo_of(&sound, &[], 0), None);
    assert_eq!(echo_of(&sound, &[], LONGEST_DELAY), None);
    assert_eq!(echo_of(&sound, &vec![0; 48_000], LONGEST_DELAY), None, "the citizen was silent");
    assert_eq!(echo_of(&vec![0; 40_000], &sound, 0), None, "nobody is heard");
    assert_eq!(echo_of(&sound, &sound[..5_000], 8_000), None, "far sound that ends before it begins");
}

/// Noise that comes and goes eight times a second, as syllables do; steady noise is no voice.
fn syllables(count: usize, loud: i16) -> Vec<i16> {
    let mut chance = StdRng::seed_from_u64(5);
    let mut sample = |at: usize| if (at / 1_000).is_multiple_of(2) { chance.random_range(-loud..=loud) } else { 0 };
    (0..count).map(&mut sample).collect()
}
