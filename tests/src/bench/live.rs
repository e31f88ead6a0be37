//! Figures of live calls: how old text is when it stands in the database, how soon and how steadily it is shown before,
//! and what becomes of them when there are too many.

use super::load::{Ways, is_let_in_at_once, lags, people_do_not_begin_in_step, point_in};
use super::model::{Model, Name, sounds};
use crate::SampleCall;
use crate::caseworker::Caseworker;
use crate::crowd::{Manner, Sent, Sound, send};
use crate::figures::{Figures, percentile};
use crate::world::{Pace, Part, World};
use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_pipeline::config::Context;
use referent_proto::Track;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Idle cores: calls one after the other, through the real agent, watched as the pane watches them.
pub async fn idle(ways: Ways) -> Result<()> {
    let calls = SampleCall::all()?;
    let folder = tempfile::tempdir()?;
    let world = ways.of(World::builder(folder.path()).pace(Pace::RealTime)).start().await?;
    let caseworker = world.caseworker().await?;
    let mut seen = Seen::default();
    for sample in calls.iter().take(6) {
        let wav = sample.excerpt(0.0, sample.duration_s.min(60.0), folder.path())?;
        let id = world.begin_call(&wav).await?;
        seen.watch(&caseworker, &id).await?;
    }
    world.stop().await?;
    ensure!(!seen.lag.is_empty() && !seen.first_partial.is_empty(), "nothing was seen");
    let spread = |values: &[f64]| json!({ "p50": percentile(values, 50.0), "max": percentile(values, 100.0) });
    if ways == Ways::Secured {
        let figures = Figures::of("make bench-live-secured")?;
        let lag = percentile(&seen.lag, 95.0);
        return figures.write("lag_s.idle.secured.p95", lag, "s", seen.lag.len(), &spread(&seen.lag));
    }
    let figures = Figures::of("make bench-live")?;
    figures.write("lag_s.idle.p95", percentile(&seen.lag, 95.0), "s", seen.lag.len(), &spread(&seen.lag))?;
    let first = &seen.first_partial;
    figures.write("lag_s.first_partial.p95", percentile(first, 95.0), "s", first.len(), &spread(first))?;
    let age = &seen.age;
    figures.write("partials.age_s.p95", percentile(age, 95.0), "s", age.len(), &spread(age))?;
    let more = json!({ "shown": seen.shown, "changed": seen.changed, "utterances_without_partial": seen.without });
    #[expect(clippy::cast_precision_loss, reason = "some thousands of words")]
    let share = seen.changed as f64 / seen.shown.max(1) as f64;
    figures.write("partials.changed_words_share", share, "share", seen.shown, &more)
}

/// What a pane saw of calls.
#[derive(Debug, Default)]
struct Seen {
    /// From the last sample of an utterance to its text on the page.
    lag: Vec<f64>,
    /// From the first sample of an utterance to its first grey text.
    first_partial: Vec<f64>,
    /// How old grey text is when it comes: time since the newest of its sound... as far as the page can tell.
    age: Vec<f64>,
    shown: usize,
    changed: usize,
    without: usize,
}

impl Seen {
    async fn watch(&mut self, caseworker: &Caseworker, id: &str) -> Result<()> {
        let known = caseworker.wait_for(id, Duration::from_secs(10), "the call", |_| true).await?;
        let started_ms = known["started_ms"].as_u64().context("a call has begun")?;
        let since = |ms: u64| {
            #[expect(clippy::cast_precision_loss, reason = "seconds of a call")]
            let seconds = now_ms().saturating_sub(started_ms + ms) as f64 / 1000.0;
            seconds
        };
        let mut grey: [Option<(u64, Vec<String>)>; 2] = Default::default();
        let mut events = caseworker.events(id).await?;
        while let Some((kind, data)) = events.next().await? {
            let at = usize::from(data["track"] == "far");
            match kind.as_str() {
                "partial" => {
                    let start = data["start_ms"].as_u64().context("start_ms")?;
                    let words = words(&data);
                    if words.is_empty() {
                        continue;
                    }
                    match &mut grey[at] {
                        Some((same, before)) if *same == start => {
                            self.replace(before, &words);
                            *before = words;
                        }
                        other => {
                            self.first_partial.push(since(start));
                            self.shown += words.len();
                            *other = Some((start, words));
                        }
                    }
                    if let Some(end) = data["end_ms"].as_u64() {
                        self.age.push(since(end));
                    }
                }
                "utterance" => {
                    self.lag.push(since(data["end_ms"].as_u64().context("end_ms")?));
                    match grey[at].take() {
                        Some((_, before)) => self.replace(&before, &words(&data)),
                        None => self.without += 1,
                    }
                }
                "draft_finished" | "draft_failed" => return Ok(()),
                _ => {}
            }
        }
        anyhow::bail!("the events ended before the draft")
    }

    /// Words after the common beginning have changed.
    fn replace(&mut self, before: &[String], after: &[String]) {
        let same = before.iter().zip(after).take_while(|(a, b)| plain(a) == plain(b)).count();
        self.changed += before.len() - same;
        self.shown += after.len() - same;
    }
}

fn words(data: &Value) -> Vec<String> {
    data["text"].as_str().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// A word without the comma that comes when the sentence goes on.
fn plain(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[expect(clippy::disallowed_methods, reason = "lag is wall-clock time between two programs of one machine")]
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

/// Five times as many calls as the machine carries, at once: who is let in keeps its lag, the rest catches up.
pub async fn overload() -> Result<()> {
    const TIMES: usize = 5;
    const SECONDS: usize = 120;
    let calls = SampleCall::all()?;
    let sounds: Vec<Sound> = sounds(&calls)?.iter().map(|sound| sound.repeated(SECONDS * 16_000)).collect();
    let cores = std::thread::available_parallelism()?.get();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some dozens of calls")]
    let carries =
        (Model::prepare(Name::Embedded, Context::Fitted)?.ceiling(&calls, f64::INFINITY)? * 0.85) as usize * cores;
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).start().await?;
    let caseworker = world.caseworker().await?;
    let grpc = world.pipeline_grpc();
    let rss_before = world.program(Part::Pipeline).as_ref().context("it runs")?.usage()?.rss_mib;
    let begun = Instant::now();
    let sending = stream::iter(0..carries * TIMES)
        .map(|number| {
            let (grpc, sound) = (grpc.clone(), sounds[number % sounds.len()].clone());
            async move {
                people_do_not_begin_in_step(number).await;
                send(&grpc, &sound, number as u64, Manner::LIVE).await
            }
        })
        .buffer_unordered(carries * TIMES)
        .try_collect::<Vec<Sent>>();
    let mut rss_most = rss_before;
    let mut looks = tokio::time::interval(Duration::from_secs(1));
    tokio::pin!(sending);
    let sent = loop {
        tokio::select! {
            sent = &mut sending => break sent?,
            _ = looks.tick() => {
                let rss = world.program(Part::Pipeline).as_ref().context("it runs")?.usage()?.rss_mib;
                rss_most = rss_most.max(rss);
            }
        }
    };
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    let at_once: Vec<&Sent> = sent.iter().filter(|sent| is_let_in_at_once(sent)).collect();
    let lags = lags(&caseworker, at_once.iter().copied()).await?;
    world.stop().await?;
    // The same number of calls, with nobody at the door.
    let folder = tempfile::tempdir()?;
    let alone = point_in(World::builder(folder.path()).start().await?, &sounds, at_once.len()).await?;
    let figures = Figures::of("make bench-overload")?;
    #[expect(clippy::cast_precision_loss, reason = "minutes of calls")]
    let lost: f64 = sent
        .iter()
        .map(|sent| {
            let whole = (SECONDS * 16_000) as u64;
            let settled = Track::BOTH.map(|track| sent.settled[track].last().map_or(0, |(offset, _)| offset.0));
            settled.iter().map(|settled| whole.saturating_sub(*settled) as f64 / 16_000.0).sum::<f64>()
        })
        .sum();
    let more = json!({ "calls": sent.len(), "let_in_at_once": at_once.len(), "minutes_until_all_were_text": minutes });
    figures.write("overload.refused_audio_s", lost, "s", sent.len(), &more)?;
    let p95 = percentile(&lags, 95.0);
    // As late with the crowd as without it is no promise kept, where both are late: then 2 s is what it is held against.
    let held_against = alone.p95.min(2.0);
    let more = json!({ "lag_p95_s": p95, "lag_p95_alone_s": alone.p95, "calls": at_once.len() });
    figures.write("overload.live_lag_ratio", p95 / held_against, "ratio", lags.len(), &more)?;
    figures.write("overload.rss_growth_mb", rss_most - rss_before, "MiB", 1, &json!({}))
}
