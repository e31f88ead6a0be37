//! An agent that seals: what it keeps is of no use to a thief, it reaches the pipeline whole, and where the key is gone it is
//! kept until the key is back or somebody gives it up.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;

use agent::{Running, config, wav};
use pipeline::{Heard, Instead, Manner, Pipeline, all_arrived};
use referent_agent::clock::Clock;
use referent_agent::config::Config;
use referent_proto::{CallId, GapReason, Track};
use referent_seal::open::PrivateKey;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn key() -> PrivateKey {
    PrivateKey::generate().unwrap()
}

fn sealing(config: Config, key: &PrivateKey) -> Config {
    Config { seal: Some(key.public().clone()), ..config }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// Where in all files under the folder a marker stands: sixteen bytes, eight samples, of what was said.
fn hits(folder: &Path, markers: &HashSet<[u8; 16]>) -> usize {
    let in_file = |bytes: Vec<u8>| bytes.array_windows::<16>().filter(|window| markers.contains(*window)).count();
    files(folder).iter().map(|file| in_file(std::fs::read(file).unwrap())).sum()
}

/// Bits a byte of the segments are worth: 8 where nothing can be told from them.
#[expect(clippy::cast_precision_loss, reason = "some hundred thousand bytes")]
fn entropy(folder: &Path) -> f64 {
    let mut counts = [0u64; 256];
    for file in files(folder).iter().filter(|file| file.extension().is_some_and(|end| end == "segment")) {
        std::fs::read(file).unwrap().iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    }
    let all: u64 = counts.iter().sum();
    let bits = |count: &u64| {
        let share = *count as f64 / all as f64;
        if *count == 0 { 0.0 } else { -share * share.log2() }
    };
    counts.iter().map(bits).sum()
}

/// A loud sine on one track and soft noise that nobody else has on the other, 8 s.
#[expect(clippy::cast_possible_truncation, reason = "within the range of a sample")]
fn marked(folder: &Path) -> (PathBuf, HashSet<[u8; 16]>) {
    let (noise, frames) = wav(folder, "noise.wav", 8);
    let path = folder.join("marked.wav");
    let mut writer = hound::WavWriter::create(&path, hound::WavReader::open(noise).unwrap().spec()).unwrap();
    let mut tracks = [Vec::new(), Vec::new()];
    for (at, [noise, _]) in (0u32..).zip(frames) {
        let sine = ((f64::from(at) * 0.1).sin() * 30_000.0) as i16;
        for (track, sample) in tracks.iter_mut().zip([sine, noise >> 6]) {
            writer.write_sample(sample).unwrap();
            track.extend_from_slice(&sample.to_le_bytes());
        }
    }
    writer.finalize().unwrap();
    let windows = tracks.iter().flat_map(|track| track.chunks_exact(2).enumerate().map(move |(at, _)| (track, 2 * at)));
    let marker = |(track, at): (&Vec<u8>, usize)| track.get(at..at + 16).map(|window| window.try_into().unwrap());
    (path, windows.filter_map(marker).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_said_is_found_on_the_disk() {
    for is_sealed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (path, markers) = marked(folder.path());
        let pipeline = Pipeline::away(Manner::default()).await;
        let config = config(folder.path(), &pipeline.url(), "credit");
        let config = if is_sealed { sealing(config, &key()) } else { config };
        let state_dir = config.state_dir.clone();
        let agent = Running::start(config, &Clock::system()).await;
        agent.begin(&path).await;
        agent.until("its end", |status| status["call"].is_null()).await;
        let scan = || (hits(&state_dir, &markers), entropy(&state_dir));
        let (running, bits) = scan();
        agent.stop().await;
        let stopped = scan().0;
        if is_sealed {
            assert_eq!((running, stopped), (0, 0), "speech lies on the disk");
            assert!(bits > 7.9, "{bits} bits a byte: something can be told from it");
        } else {
            // 16 s of sound are 256,000 samples: were they not found, the scan would prove nothing.
            assert!(running > 240_000 && stopped == running, "{running} {stopped}");
            assert!(bits < 7.5, "{bits} bits a byte: the measure would tell nothing");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_call_arrives_whole_over_connections_that_break() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 20);
    let (key, pipeline) = (key(), Pipeline::there(Manner::default()).await);
    pipeline.has_keys(&[&key]);
    for chunks in [150, 1, 200] {
        pipeline.next(Instead::BreakAfter(chunks));
    }
    let config = sealing(config(folder.path(), &pipeline.url(), "credit"), &key);
    let agent = Running::start(config, &Clock::system()).await;
    let call = agent.begin(&path).await;
    agent.until_spool_is_empty().await;
    all_arrived(&pipeline, call, &frames);
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    let sealed = pipeline.sealed();
    assert_eq!(sealed.iter().map(|chunk| chunk.samples as usize).sum::<usize>() / 1600, sealed.len());
    assert!(sealed.len() >= 400, "20 s of two tracks, all of it sealed: {}", sealed.len());
    let runs: HashSet<_> = sealed.iter().map(|chunk| (chunk.run, chunk.enc)).collect();
    assert_eq!(runs.len(), 1, "a broken connection is no new run");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_mid_call_is_a_new_run() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 30);
    let clock = Clock::manual("boot");
    let (key, pipeline) = (key(), Pipeline::away(Manner::default()).await);
    pipeline.has_keys(&[&key]);
    let config = sealing(config(folder.path(), &pipeline.url(), "credit"), &key);
    let agent = Running::start(config.clone(), &clock).await;
    let call = agent.begin(&path).await;
    agent.until("10 s", |status| status["call"]["recorded_ms"]["far"] == 10_000).await;
    agent.stop().await;
    clock.advance(60_000_000);
    pipeline.up().await;
    let agent = Running::start(config, &clock).await;
    agent.until_spool_is_empty().await;
    for (track, channel) in [(Track::Near, 0), (Track::Far, 1)] {
        let sound = pipeline.sound(call, track);
        assert_eq!(sound.len(), 29 * 16_000);
        assert!(sound.into_iter().all(|(at, sample)| frames[usize::try_from(at).unwrap()][channel] == sample));
    }
    let sealed = pipeline.sealed();
    let encs: HashSet<_> = sealed.iter().map(|chunk| (chunk.run, chunk.enc)).collect();
    assert_eq!((encs.len(), sealed.iter().map(|chunk| chunk.run).max()), (2, Some(1)));
    let nonces: HashSet<_> = sealed.iter().map(|chunk| (chunk.enc, chunk.track, chunk.number, chunk.first)).collect();
    let once: HashSet<_> = nonces.iter().map(|(enc, track, number, _)| (enc, track, number)).collect();
    assert_eq!(once.len(), nonces.len(), "a number stands for one place only");
    agent.stop().await;
}

/// Connections of this call, with how suspect each says it is.
fn attempts(pipeline: &Pipeline, call: CallId) -> Vec<u32> {
    let hellos = pipeline.hellos().into_iter().filter(|hello| hello.call == call);
    hellos.map(|hello| hello.attempts_without_progress).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_key_is_gone_the_call_is_kept_while_others_go_on_and_sent_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 4);
    let (old, new, pipeline) = (key(), key(), Pipeline::there(Manner::default()).await);
    pipeline.has_keys(&[&new]);
    let configured = config(folder.path(), &pipeline.url(), "credit");
    let agent = Running::start(sealing(configured.clone(), &old), &Clock::system()).await;
    let kept = agent.begin(&path).await;
    let status = agent
        .until("the key missed", |status| {
            status["call"].is_null() && status["spool"]["waiting"][0]["missing_key"] == old.id().to_string()
        })
        .await;
    let waiting = &status["spool"]["waiting"][0];
    assert!(waiting["problem"]["da"].as_str().unwrap().contains("nøglen"), "{waiting}");
    assert!(waiting["problem"]["en"].as_str().unwrap().contains("key"), "{waiting}");
    agent.stop().await;

    // The agents are given the new key: new calls are sent, the old one waits, and is not lost to a restart.
    let agent = Running::start(sealing(configured, &new), &Clock::system()).await;
    let sent = agent.begin(&path).await;
    pipeline.until("the new call", |p| p.hang_up(sent).is_some()).await;
    pipeline.until("some more tries", |p| attempts(p, kept).len() >= 4).await;
    all_arrived(&pipeline, sent, &frames);
    let status = agent.until("one call", |status| status["spool"]["calls"] == 1).await;
    assert_eq!(status["spool"]["waiting"][0]["id"], kept.to_string());
    assert!(
        pipeline.sound(kept, Track::Near).is_empty() && pipeline.gaps(kept).is_empty(),
        "nothing is made up for it"
    );
    assert!(attempts(&pipeline, kept).iter().all(|attempts| *attempts == 0), "it must not become suspect by waiting");

    // The old key is mounted again.
    pipeline.has_keys(&[&new, &old]);
    agent.until_spool_is_empty().await;
    all_arrived(&pipeline, kept, &frames);
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_gives_up_is_a_gap_and_only_what_the_server_cannot_open() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 20);
    let clock = Clock::manual("boot");
    let (gone, here, pipeline) = (key(), key(), Pipeline::away(Manner::default()).await);
    pipeline.has_keys(&[&here]);
    let configured = config(folder.path(), &pipeline.url(), "credit");
    // A call that began under one key and went on, after a restart, under another.
    let agent = Running::start(sealing(configured.clone(), &gone), &clock).await;
    let call = agent.begin(&path).await;
    agent.until("10 s", |status| status["call"]["recorded_ms"]["far"] == 10_000).await;
    let error = agent.control.give_up(call).await.unwrap_err().to_string();
    assert!(error.contains("goes on"), "{error}");
    agent.stop().await;
    let agent = Running::start(sealing(configured, &here), &clock).await;
    agent.until("its end", |status| status["call"].is_null()).await;
    let error = agent.control.give_up(call).await.unwrap_err().to_string();
    assert!(error.contains("has not said"), "what can perhaps be opened is not given up: {error}");
    pipeline.up().await;
    agent.until("the key missed", |status| !status["spool"]["waiting"][0]["missing_key"].is_null()).await;
    assert!(pipeline.sound(call, Track::Near).is_empty());

    assert_eq!(agent.control.give_up(call).await.unwrap(), gone.id());
    agent.until_spool_is_empty().await;
    for (track, channel) in [(Track::Near, 0), (Track::Far, 1)] {
        let missing = |reason| {
            let of = |gap: &referent_proto::Gap| gap.track == track && gap.reason == reason;
            pipeline.gaps(call).iter().filter(|gap| of(gap)).map(|gap| gap.span.samples()).sum::<u64>()
        };
        assert_eq!((missing(GapReason::KeyGone), missing(GapReason::AgentDown)), (160_000, 16_000), "{track}");
        let sound = pipeline.sound(call, track);
        assert_eq!(sound.len(), 9 * 16_000, "the rest is sent");
        assert!(sound.into_iter().all(|(at, sample)| frames[usize::try_from(at).unwrap()][channel] == sample));
    }
    assert!(pipeline.heard().iter().any(|heard| matches!(heard, Heard::HangUp(of, _) if *of == call)));
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    let error = agent.control.give_up(call).await.unwrap_err().to_string();
    assert!(error.contains("does not wait on this PC"), "{error}");
    agent.stop().await;
}

/// Who seals cannot open: the agent asks `referent-seal` for nothing that takes a private key, and names none.
#[test]
fn the_agent_has_no_way_to_open_what_it_sealed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: toml::Table = std::fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let of = |manifest: &toml::Table| manifest["dependencies"]["referent-seal"].clone();
    assert_eq!(of(&manifest), toml::toml! { workspace = true }.into(), "no feature of it, `open` least of all");
    let workspace: toml::Table = std::fs::read_to_string(root.join("../Cargo.toml")).unwrap().parse().unwrap();
    let shared = &workspace["workspace"]["dependencies"]["referent-seal"];
    assert_eq!(shared, &toml::toml! { path = "seal" }.into(), "nor for everybody");
    let seal: toml::Table = std::fs::read_to_string(root.join("../seal/Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(seal["features"], toml::toml! { open = [] }.into(), "and it is not on by default");
    for file in files(&root.join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in ["PrivateKey", "referent_seal::open", "hpke", "ring::aead"] {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
    }
}
