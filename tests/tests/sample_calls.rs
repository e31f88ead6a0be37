//! Each sample call becomes a note: the three real programs, the embedded model, on each database.

use anyhow::Result;
use referent_proto::Track;
use referent_tests::caseworker::sentences;
use referent_tests::postgres::Cluster;
use referent_tests::word_errors::WordErrors;
use referent_tests::{Database, SampleCall, World};
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_call_becomes_a_note_on_sqlite() -> Result<()> {
    every_sample_call_becomes_a_note(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_call_becomes_a_note_on_postgres() -> Result<()> {
    let Some(cluster) = Cluster::start()? else { return Ok(()) };
    every_sample_call_becomes_a_note(Database::Postgres(cluster.url())).await
}

async fn every_sample_call_becomes_a_note(database: Database) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).database(database).start().await?;
    let caseworker = world.caseworker().await?;
    let mut errors = Vec::new();
    let calls = SampleCall::all()?;
    for sample in &calls {
        let id = world.begin_call(&sample.wav).await?;
        let call = caseworker.wait_for_draft(&id, PATIENCE).await?;
        every_turn_is_on_its_track(sample, &call);
        every_draft_sentence_has_evidence(&sample.name, &call);
        assert_eq!(call["gaps"].as_array().map(Vec::len), Some(0), "{}: sound is missing", sample.name);
        assert_eq!(call["not_transcribed"].as_array().map(Vec::len), Some(0), "{}", sample.name);
        for track in Track::BOTH {
            errors.push(WordErrors::between(&sample.text_of(track), &text_of(&call, track)));
        }
        let note = caseworker.save_draft(&call).await?;
        assert_eq!(note["version"], 1, "{}", sample.name);
        assert!(note["correction_ms"].is_number(), "{}: the time from shown to saved is known", sample.name);
    }
    let errors: WordErrors = errors.into_iter().sum();
    // 5.8 % is the same model on the reference turns; `make bench-wer` measures both and holds the difference.
    assert!(errors.percent() <= 7.8, "word error rate over all calls is {:.1} %", errors.percent());
    the_metrics_are_right(&caseworker.get("/v1/metrics/corrections?mine=true").await?, calls.len());
    the_spool_is_empty(&world)?;
    world.stop().await
}

fn text_of(call: &Value, track: Track) -> String {
    let said = call["utterances"].as_array().into_iter().flatten();
    let texts: Vec<&str> =
        said.filter(|said| said["track"] == track.name()).filter_map(|said| said["text"].as_str()).collect();
    texts.join(" ")
}

/// Where somebody speaks for longer than half a second there is text, and on the right track.
fn every_turn_is_on_its_track(sample: &SampleCall, call: &Value) {
    for turn in &sample.turns {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a short call")]
        let middle = ((turn.start_s + turn.end_s) * 500.0) as u64;
        let heard = call["utterances"].as_array().into_iter().flatten().any(|said| {
            said["track"] == turn.track().name()
                && said["start_ms"].as_u64().unwrap_or(u64::MAX) <= middle
                && said["end_ms"].as_u64().unwrap_or(0) + 400 >= middle
        });
        assert!(heard, "{}: the turn at {:.1} s is missing on {}", sample.name, turn.start_s, turn.track());
    }
}

fn every_draft_sentence_has_evidence(name: &str, call: &Value) {
    let said: HashSet<(&str, u64)> = call["utterances"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|said| Some((said["track"].as_str()?, said["start"].as_u64()?)))
        .collect();
    let mut count = 0;
    for sentence in sentences(call) {
        count += 1;
        let evidence = sentence["evidence"].as_array().expect("a list");
        assert!(!evidence.is_empty(), "{name}: a sentence rests on nothing");
        for one in evidence {
            let place = (one["track"].as_str().expect("a track"), one["start"].as_u64().expect("an offset"));
            assert!(said.contains(&place), "{name}: evidence {place:?} is no utterance");
        }
    }
    assert!(count >= 3, "{name}: the draft has {count} sentences");
}

fn the_metrics_are_right(metrics: &Value, calls: usize) {
    assert_eq!(metrics["n"], calls);
    assert_eq!(metrics["shown_to_saved"]["n"], calls);
    assert_eq!(metrics["shown_to_saved"]["share_under_120_s"], 1.0);
    assert_eq!(metrics["hang_up_to_whole_draft"]["n"], calls);
    let saved = ["saved_unchanged", "saved_edited"].map(|one| metrics["outcomes"][one].as_u64().expect("a count"));
    assert_eq!(usize::try_from(saved.iter().sum::<u64>()).ok(), Some(calls), "{metrics}");
}

fn the_spool_is_empty(world: &World) -> Result<()> {
    let left: Vec<_> = std::fs::read_dir(world.spool())?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    assert!(left.is_empty(), "the spool still holds {left:?}");
    Ok(())
}
