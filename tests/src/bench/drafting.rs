//! Figures of drafts: what the guards see, what the embedded drafter leaves out, which words are marked as uncertain.

use super::{checkout, measured_by_test};
use crate::SampleCall;
use crate::figures::Figures;
use crate::word_errors::{only_in_second, words};
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use referent_guards::eval::{Dialogue, read};
use referent_pipeline::config::{DrafterConfig, DrafterKind};
use referent_pipeline::draft::Drafters;
use referent_pipeline::eval::{areas_in, of_drafter};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// How long a draft may take to come after the last sound.
const PATIENCE: Duration = Duration::from_mins(2);

/// Errors planted in drafts that are right, flags on those drafts, and spoken attacks, by the guards' own tests.
pub fn guards() -> Result<()> {
    let row = measured_by_test("referent-guards", "open_set")?;
    let figures = Figures::of("make bench-guards")?;
    let number = |at: &str| row.pointer(at).and_then(Value::as_f64).with_context(|| at.to_owned());
    let count = |at: &str| row.pointer(at).and_then(Value::as_u64).with_context(|| at.to_owned());
    for kind in ["number", "date", "name", "speaker", "negation", "unsupported"] {
        let planted = usize::try_from(count(&format!("/planted/{kind}"))?)?;
        for set in ["mutation", "mutation_noise20", "mutation_by_hand"] {
            figures.write(&format!("{set}.{kind}"), number(&format!("/{set}/{kind}"))?, "", planted, &json!({}))?;
        }
    }
    let drafts = usize::try_from(count("/drafts")?)?;
    for (key, at) in [
        ("flags.false_per_draft.clean", "/false_per_draft/clean"),
        ("flags.false_per_draft.noise20", "/false_per_draft/noise20"),
        ("flags.false_per_draft.by_hand", "/false_per_draft/by_hand"),
    ] {
        figures.write(key, number(at)?, "flags", drafts, &json!({ "sentences": row["sentences"] }))?;
    }
    figures.write("guards.ms_per_draft.p95", number("/ms_per_draft_p95")?, "ms", drafts, &json!({}))?;
    let row = measured_by_test("referent-guards", "injection")?;
    let number = |at: &str| row.pointer(at).and_then(Value::as_f64).with_context(|| at.to_owned());
    let facts = usize::try_from(row["injection"]["false_facts"].as_u64().context("false_facts")?)?;
    figures.write("injection.attacks", number("/injection/attacks")?, "attacks", facts, &row)?;
    figures.write("injection.false_facts_unflagged", number("/injection/unflagged")?, "facts", facts, &json!({}))?;
    // What the model answers, read and put through all of the drafting, by the pipeline's own test.
    let row = &measured_by_test("referent-pipeline", "draft")?["injection_answers"];
    let answers = usize::try_from(row["answers"].as_u64().context("answers")?)?;
    figures.write("injection.escapes", row["escapes"].as_f64().context("escapes")?, "sentences", answers, row)
}

/// Numbers, dates, times and amounts read in both languages, by the reader's own test.
pub fn numbers() -> Result<()> {
    let row = measured_by_test("referent-itn", "figures")?;
    let figures = Figures::of("make bench-numbers")?;
    for language in ["da", "en"] {
        let of = &row["numbers"][language];
        let read = usize::try_from(of["n"].as_u64().context("n")?)?;
        figures.write(
            &format!("numbers.{language}.accuracy"),
            of["accuracy"].as_f64().context("accuracy")?,
            "",
            read,
            of,
        )?;
    }
    Ok(())
}

/// What identifies people, found and put back, by the finder's own test.
pub fn pseudonyms() -> Result<()> {
    let row = measured_by_test("referent-dk-identifiers", "figures")?;
    let of = &row["pseudonyms"];
    let figures = Figures::of("make bench-pseudonyms")?;
    let number = |at: &str| of.pointer(at).and_then(Value::as_f64).with_context(|| at.to_owned());
    let count = |at: &str| of.pointer(at).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    for (key, at, n) in [
        ("cpr.recall_clean", "/cpr/recall_clean", "/cpr/n"),
        ("cpr.recall_noisy", "/cpr/recall_noisy", "/cpr/n"),
        ("contact.recall", "/contact/recall", "/contact/n"),
        ("names.recall", "/names/recall", "/names/n"),
        ("addresses.recall", "/addresses/recall", "/addresses/n"),
        ("over_redaction", "/over_redaction", "/words"),
        ("round_trip", "/round_trip", "/calls_with_leak/n"),
    ] {
        figures.write(&format!("pseudonyms.{key}"), number(at)?, "", count(n), &json!({}))?;
    }
    let calls = count("/calls_with_leak/n");
    figures.write(
        "pseudonyms.calls_with_leak",
        number("/calls_with_leak/share")?,
        "",
        calls,
        &of["calls_with_leak"],
    )?;
    let noisy = &of["calls_with_leak_noisy"];
    figures.write("pseudonyms.calls_with_leak_noisy", number("/calls_with_leak_noisy/share")?, "", calls, noisy)
}

/// The embedded drafter on the open set.
pub async fn eval() -> Result<()> {
    let file = checkout().join("pipeline/eval/dialogues.jsonl");
    let dialogues: Vec<Dialogue> = read(&std::fs::read_to_string(&file)?)?;
    let drafters = Drafters::new(&DrafterConfig { kind: DrafterKind::Embedded, llm: None })?;
    let report = of_drafter(&dialogues, &areas_in(&checkout().join("notes-api/areas"))?, &drafters).await;
    let figures = Figures::of("make eval")?;
    let of = |kind: &str| {
        let wanted = serde_json::from_value(json!(kind)).ok();
        wanted.and_then(|kind| report.flags.get(&kind).copied()).unwrap_or(0)
    };
    let n = report.sentences;
    let rate = |count| report.per_hundred(count);
    let about = serde_json::to_value(&report)?;
    figures.write("eval.embedded.unsupported", rate(of("unsupported")), "per 100 sentences", n, &about)?;
    figures.write("eval.embedded.wrong_number", rate(of("number") + of("date")), "per 100 sentences", n, &json!({}))?;
    figures.write("eval.embedded.evidence_valid", rate(report.evidence_valid), "per 100 sentences", n, &json!({}))?;
    ensure!(report.must_note > 0, "the open set has no facts");
    let (omitted, all) = (f64::from(u32::try_from(report.omitted)?), f64::from(u32::try_from(report.must_note)?));
    figures.write("eval.embedded.omitted", omitted * 100.0 / all, "per 100 facts", report.must_note, &json!({}))
}

/// Words that are marked as uncertain in the sample calls, held against what was said.
pub async fn uncertain() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).start().await?;
    let caseworker = world.caseworker().await?;
    let (mut all, mut marked, mut wrong, mut found) = (0, 0, 0, 0);
    for sample in SampleCall::all()? {
        let id = world.begin_call(&sample.wav).await?;
        let call = caseworker.wait_for_draft(&id, Duration::from_secs_f64(sample.duration_s) + PATIENCE).await?;
        for track in [referent_proto::Track::Near, referent_proto::Track::Far] {
            let heard = heard(&call, track)?;
            let of_heard: Vec<String> = heard.iter().map(|one| one.word.clone()).collect();
            let wrongly = only_in_second(&words(&sample.text_of(track)), &of_heard);
            all += heard.len();
            marked += heard.iter().filter(|word| word.is_marked).count();
            wrong += wrongly.len();
            found += wrongly.iter().filter(|at| heard[**at].is_marked).count();
        }
    }
    world.stop().await?;
    let figures = Figures::of("make bench-uncertain")?;
    #[expect(clippy::cast_precision_loss, reason = "counts of words")]
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    let about = json!({ "words": all, "marked": marked, "wrong": wrong, "wrong_and_marked": found });
    figures.write("uncertain.words_marked_share", share(marked, all), "", all, &about)?;
    figures.write("uncertain.errors_found_share", share(found, wrong), "", wrong, &json!({}))
}

struct Heard {
    word: String,
    is_marked: bool,
}

/// The words of a track, as the transcript has them, and whether the draft marks them.
fn heard(call: &Value, track: referent_proto::Track) -> Result<Vec<Heard>> {
    let track = json!(track);
    let place = |of: &Value| (of["track"].to_string(), of["start"].as_u64());
    let uncertain: HashSet<_> = call["draft"]["uncertain"]
        .as_array()
        .context("uncertain")?
        .iter()
        .map(|one| (place(&one["utterance"]), one["word"].as_u64()))
        .collect();
    let utterances = call["utterances"].as_array().context("utterances")?;
    let mut heard = Vec::new();
    for said in utterances.iter().filter(|said| said["track"] == track && said["echo_of_ms"].is_null()) {
        let text = said["text"].as_str().context("text")?;
        for (at, written) in text.split_whitespace().enumerate() {
            let is_marked = uncertain.contains(&(place(said), Some(at as u64)));
            heard.extend(words(written).into_iter().map(|word| Heard { word, is_marked }));
        }
    }
    Ok(heard)
}
