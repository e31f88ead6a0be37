//! A written call as the job that it would be if every word of it had been heard right: for previews and evaluations.
//!
//! In: turns, an area, a day. Out: a [`DraftJob`], one utterance a turn. Not done here: no draft; pauses and the length of
//! turns are made up.

use crate::dialogue::{Speaker, Turn};
use referent_proto::audio::{SampleOffset, SampleSpan};
use referent_proto::ids::PerTrack;
use referent_proto::{AreaSettings, CallId, Direction, DraftJob, DraftKey, Spoken, Started, Track, Utterance};

/// So fast a person speaks, samples of 16 kHz a character.
const SAMPLES_A_CHARACTER: u64 = 1_000;
/// Between two turns.
const PAUSE: u64 = 8_000;
/// Unless whoever gives the job away wants it back sooner, milliseconds.
const LEASE_MS: u32 = 600_000;

/// The job of a call in which exactly this was said.
pub fn job(turns: &[Turn], area: &AreaSettings, started: Started) -> DraftJob {
    let mut at = PAUSE;
    let mut utterances = Vec::new();
    for turn in turns {
        let length = turn.text.chars().map(|_| SAMPLES_A_CHARACTER).sum();
        let span = SampleSpan::of(SampleOffset(at), length);
        let text = Spoken::new(turn.text.clone());
        let track = turn.speaker.track();
        utterances.push(Utterance { track, span, text, words: Vec::new(), probability: 1.0, echo_of: None });
        at += length + PAUSE;
    }
    DraftJob {
        key: DraftKey { call: CallId::new(1, [0; 10]), draft: 1, attempt: 1 },
        lease_ms: LEASE_MS,
        provisional: false,
        area: area.clone(),
        covers: PerTrack { near: SampleOffset(at), far: SampleOffset(at) },
        utterances,
        started,
        direction: Direction::Unknown,
        wish: Spoken::default(),
    }
}

impl Speaker {
    /// On which track the speaker is heard.
    pub fn track(self) -> Track {
        match self {
            Self::Caseworker => Track::Near,
            Self::Citizen => Track::Far,
        }
    }
}

/// Noon of a day such as `2026-03-09`, as UTC; `None` if it is no day.
pub fn noon_of(date: &str) -> Option<Started> {
    let day: jiff::civil::Date = date.parse().ok()?;
    let days = day.since(jiff::civil::date(1970, 1, 1)).ok()?.get_days();
    Some(Started { utc_ms: i64::from(days) * 86_400_000 + 12 * 3_600_000, utc_offset_s: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue;

    #[test]
    fn a_day_is_noon() {
        let check = |date: &str, expected: Option<i64>| {
            assert_eq!(noon_of(date).map(|started| started.utc_ms), expected, "{date}");
        };
        check("1970-01-01", Some(43_200_000));
        check("2024-02-29", Some(1_709_208_000_000));
        check("2026-03-16", Some(1_773_662_400_000));
        for bad in ["", "2026-03", "2026-13-01", "2026-03-32", "16-03-2026", "2026-03-16-1", "i dag"] {
            check(bad, None);
        }
    }

    #[test]
    fn each_turn_is_an_utterance_after_the_one_before() {
        let sample = dialogue::sample();
        let [area, _] = crate::built_in();
        let job = job(&sample.turns, &area, noon_of("2026-03-16").expect("a day"));
        assert_eq!(job.utterances.len(), sample.turns.len());
        assert!(job.utterances.windows(2).all(|two| two[0].span.end() < two[1].span.start()));
        assert!(job.covers.near >= job.utterances.last().expect("turns").span.end());
    }
}
