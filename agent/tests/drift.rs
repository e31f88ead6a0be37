//! An hour with a device whose clock is not the PC's: where the sound lies at its end.
//!
//! Prints one line of JSON: the worst of it, in milliseconds.

use referent_agent::call_time::{DeviceTrack, Piece, Poured};
use referent_proto::{GapReason, SampleOffset, Track};
use std::io::Write as _;

const HOUR_US: i64 = 3_600_000_000;
/// The device hands over what it has heard so often.
const FRAGMENT_US: i64 = 40_000;
const LOOK_US: i64 = 100_000;

#[test]
fn a_clock_that_runs_away_is_followed() {
    // Uncorrected these would be off by 1.8 s, 0.36 s, 0, 0.36 s and 1.8 s.
    let off_us = [-500, -100, 0, 100, 500].map(|parts_per_million| {
        let off_us = after_an_hour(parts_per_million);
        assert!(off_us.abs() < 50_000, "{off_us} us off after an hour at {parts_per_million} parts per million");
        off_us.abs()
    });
    let worst_us = off_us.into_iter().max().unwrap();
    let row = serde_json::json!({ "drift_us_per_hour": worst_us, "parts_per_million": 500 });
    writeln!(std::io::stdout(), "\n{row}").unwrap();
}

/// How far the end of the sound lies from the hour at which it was heard, in microseconds.
fn after_an_hour(parts_per_million: i64) -> i64 {
    let mut timeline = DeviceTrack::new(Track::Near, 16_000, SampleOffset::ZERO, GapReason::NotStarted);
    let (mut given, mut end) = (0, SampleOffset::ZERO);
    let mut take = |pieces: Vec<Piece>| {
        for piece in pieces {
            match piece {
                Piece::Chunk(chunk) => {
                    assert!(
                        end == SampleOffset::ZERO || chunk.first == end,
                        "one unbroken run: {} after {end}",
                        chunk.first
                    );
                    end = chunk.span().end();
                }
                Piece::GapUpTo(_, up_to, _) => assert_eq!(end, SampleOffset::ZERO, "no gap up to {up_to}"),
            }
        }
        end
    };
    let sound = vec![0.25; 8_000];
    let mut heard_us = 0;
    for look in 1..=HOUR_US / LOOK_US {
        // A busy PC looks up to 90 ms late.
        let now_us = look * LOOK_US + look * 7_919 % 10 * 9_000;
        heard_us = now_us / FRAGMENT_US * FRAGMENT_US;
        let frames = heard_us * 16 * (1_000_000 + parts_per_million) / 1_000_000_000;
        let mono = &sound[..usize::try_from(frames - given).expect("an hour fits")];
        given = frames;
        // What was handed over was handed over up to 3 ms after it was heard.
        let at = |us: i64| u64::try_from(us).expect("an hour fits");
        let newest_us = Some(at(heard_us + look * 104_729 % 3_000));
        let poured = Poured { now_us: at(now_us), first_us: Some(1), newest_us, dropped: 0, mono };
        take(timeline.accept(poured).expect("an hour fits"));
    }
    let end = take(timeline.finish());
    i64::try_from(end.0 * 1000 / 16).expect("an hour fits") - heard_us
}
