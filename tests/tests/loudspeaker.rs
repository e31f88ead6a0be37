//! A caseworker without a headset: the microphone catches the citizen from the loudspeaker, in a room. The three real
//! programs, the embedded model.

use anyhow::{Context as _, Result, ensure};
use referent_proto::Track;
use referent_tests::caseworker::sentences;
use referent_tests::word_errors::{common_words, words};
use referent_tests::{SampleCall, World};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);
/// The echo comes so much later, and this much of it.
const DELAY_MS: u64 = 120;
const LOUD: f32 = 0.15;

#[tokio::test(flavor = "multi_thread")]
async fn the_citizens_voice_from_the_loudspeaker_is_marked_and_no_draft_rests_on_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let wav = in_a_room(&sample.wav, folder.path())?;
    let world = World::builder(folder.path()).start().await?;
    let caseworker = world.caseworker().await?;
    let id = world.begin_call(&wav).await?;
    let call = caseworker.wait_for_draft(&id, PATIENCE).await?;
    let said: Vec<Said> = call["utterances"].as_array().context("utterances")?.iter().map(Said::of).collect();

    // What the caseworker says is never marked, nor is the citizen's own track.
    let near_turns = || sample.turns.iter().filter(|turn| turn.track() == Track::Near);
    for one in said.iter().filter(|one| one.echo_of_ms.is_some()) {
        ensure!(one.track == "near", "the far track is no echo of itself");
        for turn in near_turns() {
            let (start, end) = (millis(turn.start_s), millis(turn.end_s));
            ensure!(
                one.end_ms <= start + 200 || one.start_ms + 200 >= end,
                "the turn at {start} ms is the caseworker's own, and marked"
            );
        }
        let delay = one.start_ms.abs_diff(one.echo_of_ms.unwrap_or_default());
        ensure!(delay.abs_diff(DELAY_MS) <= 48, "a delay of {delay} ms");
    }
    // Where only the citizen speaks for a while, the microphone's text of it is marked.
    let alone = |from: u64, to: u64| {
        near_turns().all(|turn| millis(turn.end_s) + 500 < from || millis(turn.start_s) > to + 500)
    };
    let echoes: Vec<&Said> = said.iter().filter(|one| one.track == "near" && alone(one.start_ms, one.end_ms)).collect();
    let marked = echoes.iter().filter(|one| one.echo_of_ms.is_some()).count();
    ensure!(echoes.len() >= 4, "the microphone caught the citizen {} times only", echoes.len());
    ensure!(marked * 10 >= echoes.len() * 9, "{marked} of {} echoes are marked", echoes.len());
    // What the caseworker says is all unmarked. (Where both speak without a pause between, it has words of both.)
    let own: Vec<&str> = said
        .iter()
        .filter(|one| one.track == "near" && one.echo_of_ms.is_none())
        .map(|one| one.text.as_str())
        .collect();
    let (own, true_words) = (words(&own.join(" ")), words(&sample.text_of(Track::Near)));
    let there = common_words(&own, &true_words);
    ensure!(there * 10 >= true_words.len() * 9, "{there} of the caseworker's {} words are there", true_words.len());
    // And the draft has heard it from the citizen only.
    let mut rests = 0;
    for evidence in sentences(&call).flat_map(|sentence| sentence["evidence"].as_array().cloned().unwrap_or_default()) {
        rests += 1;
        let start = evidence["start"].as_u64().context("a start")?;
        let on =
            said.iter().find(|one| one.track == evidence["track"] && one.start == start).context("an utterance")?;
        ensure!(on.echo_of_ms.is_none(), "the draft rests on an echo at {} ms", on.start_ms);
    }
    ensure!(rests > 0, "the draft rests on nothing");
    world.stop().await
}

struct Said {
    track: String,
    start: u64,
    start_ms: u64,
    end_ms: u64,
    text: String,
    echo_of_ms: Option<u64>,
}

impl Said {
    fn of(value: &Value) -> Self {
        let number = |field: &str| value[field].as_u64();
        Self {
            track: value["track"].as_str().unwrap_or_default().to_owned(),
            start: number("start").unwrap_or_default(),
            start_ms: number("start_ms").unwrap_or_default(),
            end_ms: number("end_ms").unwrap_or_default(),
            text: value["text"].as_str().unwrap_or_default().to_owned(),
            echo_of_ms: number("echo_of_ms"),
        }
    }
}

/// The call with the far channel added to the near one, quieter and later, by four ways through a room.
fn in_a_room(wav: &Path, folder: &Path) -> Result<PathBuf> {
    const WAYS: [(u64, f32); 4] = [(0, 1.0), (7, -0.4), (13, 0.3), (29, 0.2)];
    let mut reader = hound::WavReader::open(wav)?;
    let spec = reader.spec();
    ensure!(spec.channels == 2 && spec.bits_per_sample == 16, "two tracks of 16 bits");
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>()?;
    let path = folder.join("in-a-room.wav");
    let mut writer = hound::WavWriter::create(&path, spec)?;
    let frames: Vec<&[i16]> = samples.chunks_exact(2).collect();
    for (at, frame) in frames.iter().enumerate() {
        let mut near = f32::from(frame[0]);
        for (later, gain) in WAYS {
            let later = usize::try_from((DELAY_MS + later) * u64::from(spec.sample_rate) / 1000)?;
            if let Some(far) = at.checked_sub(later).and_then(|at| frames.get(at)) {
                near += LOUD * gain * f32::from(far[1]);
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "clipped")]
        writer.write_sample(near.clamp(-32_768.0, 32_767.0).round() as i16)?;
        writer.write_sample(frame[1])?;
    }
    writer.finalize()?;
    Ok(path)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a short call")]
fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}
