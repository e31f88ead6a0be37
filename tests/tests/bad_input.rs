//! Bad input gets a named error that says what to do, and the process lives.

use anyhow::Result;
use referent_proto::calls;
use referent_tests::program::Program;
use referent_tests::world::models_dir;
use referent_tests::{Part, Recogniser, SampleCall, World};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

/// Writes a WAV header over so many bytes of sound; hound would refuse to write what is refused here.
fn wav(folder: &Path, name: &str, rate: u32, channels: u16, sound: &[u8]) -> Result<PathBuf> {
    let mut bytes = Vec::from(*b"RIFF");
    bytes.extend(u32::try_from(36 + sound.len())?.to_le_bytes());
    bytes.extend(*b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate.wrapping_mul(2 * u32::from(channels))).to_le_bytes());
    bytes.extend((2 * channels).to_le_bytes());
    bytes.extend(16u16.to_le_bytes());
    bytes.extend(*b"data");
    bytes.extend(u32::try_from(sound.len())?.to_le_bytes());
    bytes.extend(sound);
    let path = folder.join(name);
    std::fs::write(&path, bytes)?;
    Ok(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_wav_is_refused_and_the_next_call_works() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).recogniser(Recogniser::Scripted).start().await?;
    let refused = async |path: PathBuf, word: &str| {
        let error = world.begin_call(&path).await.expect_err("it is refused").to_string();
        assert!(error.contains(word), "{}: {error}", path.display());
        assert!(!error.contains("500"), "{}: {error}", path.display());
    };
    let sound = vec![0u8; 64_000];
    refused(wav(folder.path(), "rate.wav", 1, 2, &sound)?, "rate").await;
    refused(wav(folder.path(), "huge-rate.wav", 4_000_000_000, 2, &sound)?, "rate").await;
    refused(wav(folder.path(), "empty.wav", 16_000, 2, &[])?, "empty").await;
    refused(wav(folder.path(), "mono.wav", 16_000, 1, &sound)?, "channel").await;
    let text = folder.path().join("text.wav");
    std::fs::write(&text, "this is not sound")?;
    refused(text, "WAV").await;
    refused(folder.path().join("nowhere.wav"), "nowhere.wav").await;

    let sample = SampleCall::named("boligstoette-flytning")?;
    let id = world.begin_call(&sample.excerpt(0.0, 13.0, folder.path())?).await?;
    world.caseworker().await?.wait_for_draft(&id, Duration::from_mins(1)).await?;
    world.stop().await
}

/// Starts a program on a configuration; gives its one sentence.
async fn start_refused(binary: &str, before: &[&str], folder: &Path, config: &str) -> Result<String> {
    let path = folder.join("config.toml");
    std::fs::write(&path, config)?;
    let path = path.display().to_string();
    let arguments: Vec<&str> = before.iter().copied().chain(["--config", path.as_str()]).collect();
    let error = Program::start(Path::new(binary), &arguments, &folder.join("log")).await.expect_err("it is refused");
    Ok(error.to_string())
}

#[tokio::test]
async fn an_unknown_key_is_named_by_every_program() -> Result<()> {
    for (binary, before) in
        [("referent-notes-api", vec![]), ("referent-pipeline", vec!["serve"]), ("referent-agent", vec!["run"])]
    {
        let folder = tempfile::tempdir()?;
        let said = start_refused(binary, &before, folder.path(), "colour = \"blue\"\n").await?;
        assert!(said.contains("colour"), "{binary}: {said}");
        assert!(said.contains("config.toml"), "{binary}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_taken_port_and_a_foreign_address_are_one_sentence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port();
    let database = format!("sqlite://{}", folder.path().join("notes.db").display());
    let config = |http: &str| format!("http = \"{http}\"\ngrpc = \"127.0.0.1:0\"\ndatabase = \"{database}\"\n");
    let said = start_refused("referent-notes-api", &[], folder.path(), &config(&format!("127.0.0.1:{port}"))).await?;
    assert!(said.contains(&port.to_string()), "{said}");
    let said = start_refused("referent-notes-api", &[], folder.path(), &config("0.0.0.0:0")).await?;
    assert!(said.contains("0.0.0.0") && said.contains("loopback"), "{said}");
    Ok(())
}

/// What is found wrong only after the recogniser's process has been started ends that process too, and says so.
#[tokio::test]
async fn a_detector_that_is_not_there_is_named_and_nothing_stays_behind() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = format!(
        "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"http://127.0.0.1:9\"\n\
         [recogniser]\nkind = \"scripted\"\nvad = \"no-such-detector\"\nmodels_dir = \"{}\"\n",
        models_dir().display()
    );
    let refused = start_refused("referent-pipeline", &["serve"], folder.path(), &config);
    let said = tokio::time::timeout(Duration::from_secs(20), refused).await??;
    assert!(said.contains("no-such-detector"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_truncated_model_is_not_loaded() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let models = folder.path().join("models");
    std::fs::create_dir_all(models.join("demo-da"))?;
    let whole = std::fs::read(models_dir().join("demo-da/ggml-demo-da.bin"))?;
    std::fs::write(models.join("demo-da/ggml-demo-da.bin"), &whole[..whole.len() / 2])?;
    let config = |model: &str| {
        format!(
            "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"http://127.0.0.1:9\"\nlanguage = \"da\"\n[recogniser]\nkind = \"whisper\"\nmodel = \"{model}\"\nmodels_dir = \"{}\"\n[drafter]\nkind = \"embedded\"\n",
            models.display()
        )
    };
    let said = start_refused("referent-pipeline", &["serve"], folder.path(), &config("demo-da")).await?;
    assert!(said.contains("demo-da"), "{said}");
    let said = start_refused("referent-pipeline", &["serve"], folder.path(), &config("tiny")).await?;
    assert!(said.contains("curl"), "a missing model's sentence says how to get it: {said}");
    let said = start_refused("referent-pipeline", &["serve"], folder.path(), &config("no-such-model")).await?;
    assert!(said.contains("no-such-model"), "{said}");
    Ok(())
}

/// Sends one message to `calls.v1.Calls/Stream`; gives the status that ends the stream.
async fn stream_refused(address: &str, message: Raw) -> Result<Status> {
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let mut client = Grpc::new(channel);
    client.ready().await?;
    let path = PathAndQuery::from_static("/calls.v1.Calls/Stream");
    let up = tokio_stream::iter([message]);
    let answer = tokio::time::timeout(Duration::from_secs(20), async {
        let codec = ProstCodec::<Raw, calls::ToAgent>::default();
        let mut down = client.streaming(Request::new(up), path, codec).await?.into_inner();
        while down.message().await?.is_some() {}
        Err::<(), Status>(Status::ok("the stream ended without an error"))
    });
    Ok(answer.await?.expect_err("it is refused"))
}

/// Bytes as field 1 of a message: where `FromAgent` has its hello.
type Raw = Vec<u8>;

#[tokio::test(flavor = "multi_thread")]
async fn what_no_honest_agent_sends_is_refused_and_the_pipeline_lives() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).recogniser(Recogniser::Scripted).start().await?;
    let address = world.pipeline_grpc();
    let pid = world.program(Part::Pipeline).as_ref().and_then(Program::pid);

    let garbage = stream_refused(&address, vec![0xff; 200]).await?;
    assert!(matches!(garbage.code(), Code::Internal | Code::InvalidArgument), "{garbage:?}");

    let huge = stream_refused(&address, vec![0; 50 * 1024 * 1024]).await?;
    assert!(matches!(huge.code(), Code::OutOfRange | Code::ResourceExhausted | Code::Internal), "{huge:?}");

    let future = calls::Hello { protocol: 7, ..calls::Hello::default() };
    let future = stream_refused(&address, prost::Message::encode_to_vec(&future)).await?;
    assert!(future.code() == Code::FailedPrecondition && future.message().contains("protocol 7"), "{future:?}");

    let empty = stream_refused(&address, vec![]).await?;
    assert!(empty.message().contains("from_agent"), "{empty:?}");

    let trackless = calls::Hello { protocol: 1, ..calls::Hello::default() };
    let trackless = stream_refused(&address, prost::Message::encode_to_vec(&trackless)).await?;
    assert!(trackless.code() == Code::InvalidArgument && trackless.message().contains("hello.tracks"), "{trackless:?}");

    let sample = SampleCall::named("boligstoette-flytning")?;
    let id = world.begin_call(&sample.excerpt(0.0, 13.0, folder.path())?).await?;
    world.caseworker().await?.wait_for_draft(&id, Duration::from_mins(1)).await?;
    assert_eq!(world.program(Part::Pipeline).as_ref().and_then(Program::pid), pid, "the process lives");
    world.stop().await
}
