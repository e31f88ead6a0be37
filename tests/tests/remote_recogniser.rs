//! Recognition elsewhere: a server over whisper writes what the worker's own whisper would, and servers that are away,
//! busy, broken, silent or garbled lose nothing but time.

use anyhow::{Context as _, Result};
use referent_pipeline::config::{ApiKey, Context, RemoteConfig};
use referent_pipeline::transcribe::glossary::Glossary;
use referent_pipeline::transcribe::language::Detect;
use referent_pipeline::transcribe::remote::Remote;
use referent_pipeline::transcribe::{Heard, NotHeard, Request, Transcriber};
use referent_proto::{CallId, Pcm};
use referent_tests::speech_server::{Manner, REFUSED, SpeechServer};
use referent_tests::word_errors::WordErrors;
use referent_tests::{SampleCall, World};
use std::time::Duration;

fn config(servers: &[&SpeechServer]) -> RemoteConfig {
    RemoteConfig {
        urls: servers.iter().map(|server| server.url()).collect(),
        model: "large-v3".into(),
        api_key: Some(ApiKey::new("a key")),
        concurrency: 2,
        connect: Duration::from_millis(500),
        total: Duration::from_millis(700),
    }
}

fn request(call: u8, loudest: i16) -> Request {
    let mut pcm = vec![0; 32_000];
    pcm[16_000] = loudest;
    let call = CallId::new(u64::from(call), [call; 10]);
    Request { call, ..Request::of_sound(Pcm(pcm), "da", Context::Full) }
}

async fn hear(transcriber: &Transcriber, call: u8, loudest: i16) -> Result<Heard, NotHeard> {
    let hearing = transcriber.hear(request(call, loudest));
    tokio::time::timeout(Duration::from_mins(1), hearing).await.expect("it is heard in the end")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_heard_elsewhere_becomes_the_same_words() -> Result<()> {
    let server = SpeechServer::whisper().await?;
    let sample = SampleCall::named("feriepenge-bussen")?;
    let (folder, own) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let table = format!(
        "kind = \"remote\"\n[recogniser.remote]\nurls = [\"{}\"]\nmodel = \"demo-da\"\nconcurrency = 2",
        server.url()
    );
    let mut texts = Vec::new();
    for world in [World::builder(folder.path()).recogniser_table(table), World::builder(own.path())] {
        let world = world.start().await?;
        let caseworker = world.caseworker().await?;
        let id = world.begin_call(&sample.wav).await?;
        caseworker.wait_for_draft(&id, Duration::from_mins(2)).await?;
        let mut said = caseworker.transcript(&id).await?;
        said.sort_by_key(|said| (said.track.clone(), said.start_ms));
        texts.push(said.into_iter().map(|said| said.text).collect::<Vec<_>>().join(" "));
        world.stop().await?;
    }
    let [elsewhere, here] = texts.try_into().ok().context("two calls")?;
    let errors = WordErrors::between(&here, &elsewhere);
    assert!(errors.percent() <= 1.0, "{}: {elsewhere} / {here}", errors.percent());
    assert!(server.heard() >= 10 && server.largest() < 1_000_000, "{} of {} bytes", server.heard(), server.largest());
    assert!(server.most_at_once() <= 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_trouble_loses_nothing_but_time() -> Result<()> {
    for manner in [Manner::Busy, Manner::Broken, Manner::Hanging, Manner::Garbled] {
        let server = SpeechServer::scripted(None).await?;
        let transcriber = Transcriber::start(Remote::open(&config(&[&server]))?)?;
        hear(&transcriber, 1, 0).await?;
        server.behave(manner);
        let recovers = async {
            tokio::time::sleep(Duration::from_secs(2)).await; // For so long it is in trouble.
            server.behave(Manner::TextOnly);
        };
        let (heard, beside, ()) = tokio::join!(hear(&transcriber, 2, 0), hear(&transcriber, 3, 0), recovers);
        assert_eq!(heard.with_context(|| format!("{manner:?}"))?.text, beside?.text);
        transcriber.stop().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_waited_for_and_another_takes_over() -> Result<()> {
    let (one, other) = (SpeechServer::scripted(None).await?, SpeechServer::scripted(None).await?);
    let transcriber = Transcriber::start(Remote::open(&config(&[&one, &other]))?)?;
    for call in 0..8 {
        hear(&transcriber, call, 0).await?;
    }
    let address = one.address();
    drop(one);
    let before = other.heard();
    for call in 0..8 {
        hear(&transcriber, call, 0).await?;
    }
    assert_eq!(other.heard() - before, 8);
    drop(other);
    let comes_back = async {
        tokio::time::sleep(Duration::from_secs(2)).await; // For so long there is nobody.
        SpeechServer::again(address).await
    };
    let (heard, back) = tokio::join!(hear(&transcriber, 9, 0), comes_back);
    heard?;
    assert!(back?.heard() >= 1);
    transcriber.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_a_server_refuses_is_given_up_and_only_that_one() -> Result<()> {
    let server = SpeechServer::scripted(None).await?;
    let transcriber = Transcriber::start(Remote::open(&config(&[&server]))?)?;
    let others = async {
        let mut heard = 0;
        for call in 0..100 {
            heard += usize::from(hear(&transcriber, call, 0).await.is_ok());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        heard
    };
    let (refused, others) = tokio::join!(hear(&transcriber, 200, REFUSED), others);
    assert_eq!(refused.map(drop), Err(NotHeard::Failed { code: 400 }));
    assert_eq!(others, 100);
    transcriber.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_finds_the_language_and_only_those_of_the_area_are_believed() -> Result<()> {
    let server = SpeechServer::scripted(None).await?;
    let transcriber = Transcriber::start(Remote::open(&config(&[&server]))?)?;
    let both = || vec!["da".to_owned(), "en".to_owned()];
    let told = |language: &str| vec![Some(language.to_owned())];
    let (none, none_then_danish) = (vec![None], [vec![None], told("da")].concat());
    for (detect, finds, heard_in, asked) in [
        (Detect::No, Some("english"), None, told("da")),
        (Detect::Yes(both()), Some("english"), Some("en"), none.clone()),
        (Detect::Yes(both()), Some("da"), Some("da"), none),
        (Detect::Yes(both()), Some("norwegian"), Some("da"), none_then_danish.clone()),
        (Detect::Yes(both()), None, Some("da"), none_then_danish),
        // The script's text is believed.
        (Detect::IfDoubtful(both()), Some("english"), None, told("da")),
    ] {
        server.finds(finds);
        let heard = transcriber.hear(Request { detect: detect.clone(), ..request(1, 0) }).await?;
        let languages: Vec<_> = server.asked().into_iter().map(|asked| asked.language).collect();
        assert_eq!(languages, asked, "{detect:?}, {finds:?}");
        let twice = languages.len() == 2;
        let detected = heard.detected.map(|detected| (detected.language, detected.again));
        assert_eq!(detected, heard_in.map(|language| (language.to_owned(), twice)), "{detect:?}, {finds:?}");
    }
    transcriber.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_glossary_goes_out_as_whole_words_within_a_bound() -> Result<()> {
    let server = SpeechServer::scripted(None).await?;
    let transcriber = Transcriber::start(Remote::open(&config(&[&server]))?)?;
    let prompt = async |version: &str, words: Vec<String>| -> Result<Option<String>> {
        let glossary = Glossary { area: "barsel".into(), version: version.into(), words };
        transcriber.hear(Request { glossary, ..request(1, 0) }).await?;
        Ok(server.asked().pop().context("a request")?.prompt)
    };
    assert_eq!(prompt("1", vec![]).await?, None);
    let few = vec!["barselsdagpenge".to_owned(), "Udbetaling Danmark".to_owned()];
    assert_eq!(prompt("2", few).await?.as_deref(), Some("barselsdagpenge, Udbetaling Danmark"));
    let many: Vec<String> = (100..200).map(|at| format!("barselsdagpenge{at}")).collect();
    let cut = prompt("3", many.clone()).await?.context("a prompt")?;
    assert!(cut.chars().count() <= 334, "{cut}");
    assert_eq!(cut, many[..16].join(", "));
    transcriber.stop().await;
    Ok(())
}
