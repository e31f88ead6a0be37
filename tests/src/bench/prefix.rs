//! What it is worth that the language model's server reads along while a call goes on.
//!
//! Calls of four lengths, made of what is said in the sample calls, with a double of a server that takes its time for what
//! it has not read (`reading_server`). The code that lets it read along is the pipeline's own (`draft::warm`), and so is the
//! drafter; only the half minutes between two readings are left out. The hang-up comes just before the next reading would,
//! which is the worst moment. With and without reading along are taken in turn, within one run.

use crate::SampleCall;
use crate::figures::{Extent, Figures, percentile};
use crate::reading_server::{Pace, ReadingServer};
use anyhow::{Context as _, Result, ensure};
use referent_pipeline::config::{DrafterConfig, DrafterKind, LlmConfig};
use referent_pipeline::draft::warm::{Warmer, Warmth};
use referent_pipeline::draft::{self, DraftOut, Drafters};
use referent_proto::call::{AreaSettings, Direction, Section, Started};
use referent_proto::draft::{DraftJob, DraftKey, OriginKind};
use referent_proto::ids::{CallId, PerTrack};
use referent_proto::speech::{Spoken, Utterance};
use referent_proto::{SampleOffset, SampleSpan};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Minutes of the calls.
const LENGTHS: [u32; 4] = [2, 10, 30, 60];
/// Of each length, with reading along and without.
const ROUNDS: usize = 5;
/// Seconds of a call between two readings.
const EVERY: f64 = 30.0;
/// Letters that are spoken in a second.
const SPOKEN: f64 = 15.0;
/// Seconds between two turns.
const BETWEEN: f64 = 0.4;

/// Seconds from the hang-up.
#[derive(Debug, Clone, Copy)]
struct After {
    first: f64,
    whole: f64,
}

/// Measures all lengths.
pub async fn prefix(extent: Extent) -> Result<()> {
    let samples = SampleCall::all()?;
    let (lengths, rounds) = match extent {
        Extent::Whole => (&LENGTHS[..], ROUNDS),
        Extent::Trial => (&LENGTHS[..2], 1),
    };
    let mut rows = Vec::new();
    for &minutes in lengths {
        let (mut cold, mut warm) = (Vec::new(), Vec::new());
        let mut warmed_by = 0.0;
        for round in 0..rounds {
            let job = a_call(&samples, minutes, round);
            let server = ReadingServer::start(Pace::ORDINARY).await?;
            cold.push(draft(&server, &job).await?);
            let server = ReadingServer::start(Pace::ORDINARY).await?;
            read_along(&server, &job).await?;
            let seen = server.seen();
            #[expect(clippy::cast_precision_loss, reason = "bytes of a call")]
            let share = seen.bytes_read as f64 / seen.bytes.max(1) as f64;
            warmed_by = share;
            warm.push(draft(&server, &job).await?);
        }
        let median = |all: &[After], of: fn(&After) -> f64| percentile(&all.iter().map(of).collect::<Vec<_>>(), 50.0);
        let row = Row {
            minutes,
            cold: After { first: median(&cold, |one| one.first), whole: median(&cold, |one| one.whole) },
            warm: After { first: median(&warm, |one| one.first), whole: median(&warm, |one| one.whole) },
        };
        tracing::info!(?row, read_share = warmed_by, "measured");
        rows.push(row);
    }
    write(&rows, rounds, extent)
}

/// The medians of one length.
#[derive(Debug, Clone, Copy)]
struct Row {
    minutes: u32,
    cold: After,
    warm: After,
}

fn write(rows: &[Row], rounds: usize, extent: Extent) -> Result<()> {
    let figures = Figures::of_extent("make bench-prefix", extent)?;
    let (shortest, longest) = (rows.first().context("a length")?, rows.last().context("a length")?);
    let pace = json!({ "reads_tokens_per_s": Pace::ORDINARY.reads, "writes_tokens_per_s": Pace::ORDINARY.writes,
        "bytes_per_token": Pace::ORDINARY.bytes });
    figures.write(
        "prefix.first_sentence_ratio_60_to_2",
        longest.warm.first / shortest.warm.first,
        "ratio",
        rounds,
        &pace,
    )?;
    figures.write("prefix.gain", longest.cold.first / longest.warm.first, "ratio", rounds, &pace)?;
    for row in rows {
        for (name, after) in [("cold", row.cold), ("warm", row.warm)] {
            let key = |what: &str| format!("prefix.{what}_s.{name}.{}min", row.minutes);
            figures.write(&key("first_sentence"), after.first, "s", rounds, &json!({}))?;
            figures.write(&key("whole"), after.whole, "s", rounds, &json!({}))?;
        }
    }
    Ok(())
}

/// The drafters of a worker with a language model whose context is long enough, and which may take its time.
fn drafters(server: &ReadingServer) -> Result<Arc<Drafters>> {
    let long = Duration::from_mins(1);
    let llm = LlmConfig {
        base_url: server.base_url(),
        model: "reading-server".into(),
        api_key: None,
        connect: Duration::from_secs(2),
        first: long,
        idle: long,
        total: long,
        context_tokens: 131_072,
        warm_every: Some(Duration::from_millis(1)),
        omit: Vec::new(),
    };
    Ok(Arc::new(Drafters::new(&DrafterConfig { kind: DrafterKind::Llm, llm: Some(llm) })?))
}

/// Lets the server read along, as while the call goes on; each half minute as soon as it has read the last.
async fn read_along(server: &ReadingServer, job: &DraftJob) -> Result<()> {
    let warmer = Warmer::new(drafters(server)?, Some(Duration::from_millis(1)));
    let warming = warmer.for_call(&job.area, job.started, job.direction, Vec::new());
    let mut warming = warming.context("the area's language model is local")?;
    let hung_up = job.covers.near;
    let mut said = job.utterances.iter().peekable();
    let mut readings = 0;
    let mut at = offset(EVERY);
    while at < hung_up {
        while let Some(one) = said.next_if(|one| one.span.end() <= at) {
            warming.hears(one.clone());
        }
        ensure!(warming.next().await == Warmth::Due, "nothing is on its way");
        warming.begin(at, true);
        if warming.is_asking() {
            ensure!(warming.next().await == Warmth::Ended, "the server reads");
            readings += 1;
        }
        at = at + offset(EVERY).0;
    }
    ensure!(server.seen().warmings == readings && readings > 0, "{readings} readings, {:?}", server.seen());
    Ok(())
}

/// Has the draft made, from the hang-up on.
async fn draft(server: &ReadingServer, job: &DraftJob) -> Result<After> {
    let drafters = drafters(server)?;
    let (out, mut outputs) = mpsc::channel(64);
    let hung_up = Instant::now();
    let reading = async {
        let (mut first, mut by) = (None, None);
        while let Some(output) = outputs.recv().await {
            match output {
                DraftOut::Sentence(_) => first = first.or_else(|| Some(hung_up.elapsed().as_secs_f64())),
                DraftOut::Finished { origin, .. } => by = Some((origin.kind, origin.trouble)),
                DraftOut::Failed { .. } => {}
            }
        }
        (first, by)
    };
    let ((), (first, by)) = tokio::join!(draft::run(job.clone(), &drafters, out, CancellationToken::new()), reading);
    ensure!(by == Some((OriginKind::Llm, None)), "the language model did not write it: {by:?}");
    Ok(After { first: first.context("a sentence")?, whole: hung_up.elapsed().as_secs_f64() })
}

/// A call of so many minutes, of what is said in the sample calls, in another order each round; it ends just before the
/// server would read along again.
fn a_call(samples: &[SampleCall], minutes: u32, round: usize) -> DraftJob {
    let ends = f64::from(minutes) * 60.0 - 0.1;
    let turns = samples.iter().cycle().skip(round).flat_map(|sample| &sample.turns).enumerate();
    let (mut at, mut utterances) = (0.0, Vec::new());
    for (number, turn) in turns {
        #[expect(clippy::cast_precision_loss, reason = "letters of a turn")]
        let end = at + turn.text.chars().count() as f64 / SPOKEN;
        if end >= ends {
            break;
        }
        let Some(span) = SampleSpan::new(offset(at), offset(end)) else { continue };
        utterances.push(Utterance {
            track: turn.track(),
            span,
            text: Spoken::new(format!("{} Sag {number}.", turn.text)),
            words: Vec::new(),
            probability: 0.9,
            echo_of: None,
        });
        at = end + BETWEEN;
    }
    let section = |id: &str, heading: &str| Section { id: id.into(), heading: heading.into(), ..Section::default() };
    DraftJob {
        key: DraftKey { call: CallId::new(u64::from(minutes), [7; 10]), draft: 1, attempt: 1 },
        lease_ms: 60_000,
        provisional: false,
        area: AreaSettings {
            area: "standard".into(),
            version: "v".into(),
            language: "da".into(),
            sections: vec![
                section("reason", "Årsag til henvendelse"),
                section("information", "Oplysninger"),
                section("agreed", "Aftalt"),
            ],
            llm_is_local: true,
            ..AreaSettings::default()
        },
        covers: PerTrack { near: offset(ends), far: offset(ends) },
        utterances,
        started: Started { utc_ms: 1_747_039_320_000, utc_offset_s: 7200 },
        direction: Direction::Incoming,
        wish: Spoken::default(),
    }
}

fn offset(seconds: f64) -> SampleOffset {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a call")]
    SampleOffset((seconds * 16_000.0) as u64)
}
