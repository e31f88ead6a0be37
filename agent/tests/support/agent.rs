//! The real agent inside the test's process, with short waits and, if wanted, a clock that is turned by hand.

#![expect(dead_code, reason = "each test program uses a part of it")]

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_agent::Surroundings;
use referent_agent::clock::Clock;
use referent_agent::config::Config;
use referent_agent::control::BeginBody;
use referent_agent::control::client::{Agent, CommandError};
use referent_agent::send::{KeepAlive, Limits};
use referent_proto::CallId;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) control: Agent,
    state_dir: PathBuf,
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

/// Waits that a test can bear.
pub(crate) fn limits() -> Limits {
    let short = Duration::from_millis(500);
    Limits {
        connect: short,
        greeting: short,
        silence: Duration::from_secs(5),
        heartbeat: short / 10,
        keep_alive: KeepAlive { after: short, within: short },
        patient: KeepAlive { after: short, within: short },
        key_gone: (short, short),
        certificate: short / 10,
        presence_unknown: short,
    }
}

/// The configuration with sound from files.
pub(crate) fn config(folder: &Path, pipeline: &str, pace: &str) -> Config {
    let text = format!(
        "state_dir = \"{}\"\nhttp = \"127.0.0.1:0\"\npipeline = \"{pipeline}\"\nmode = \"notice\"\n[sound]\nkind = \"wav\"\npace = \"{pace}\"\n",
        folder.join("agent").display()
    );
    Config::parse(&text).unwrap()
}

impl Running {
    pub(crate) async fn start(config: Config, clock: &Clock) -> Self {
        Self::try_start(config, clock).await.unwrap()
    }

    pub(crate) async fn try_start(config: Config, clock: &Clock) -> anyhow::Result<Self> {
        Self::start_with(config, clock, limits()).await
    }

    pub(crate) async fn start_with(config: Config, clock: &Clock, limits: Limits) -> anyhow::Result<Self> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let (state_dir, shutdown) = (config.state_dir.clone(), CancellationToken::new());
        let surroundings =
            Surroundings { clock: clock.clone(), chance: StdRng::seed_from_u64(7), limits, shutdown: shutdown.clone() };
        let (ready, is_ready) = oneshot::channel();
        let task = TaskTracker::new().spawn(referent_agent::run(config, surroundings, move |address| {
            ready.send(address).unwrap();
        }));
        let Ok(address) = is_ready.await else { return Err(task.await.unwrap().unwrap_err()) };
        let control = Agent::of(&state_dir)?;
        Ok(Self { address, control, state_dir, shutdown, task })
    }

    pub(crate) async fn begin(&self, wav: &Path) -> CallId {
        self.try_begin(wav).await.unwrap()
    }

    pub(crate) async fn try_begin(&self, wav: &Path) -> Result<CallId, CommandError> {
        let wav = Some(wav.to_owned());
        self.control.start(&BeginBody { wav, case_id: Some("2026-1".into()), ..BeginBody::default() }).await
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }

    pub(crate) fn folder_of(&self, call: CallId) -> PathBuf {
        self.state_dir.join("spool").join(call.to_string())
    }

    /// Waits until the status fits; the agent tells no one when it changes, so it is asked again and again.
    pub(crate) async fn until(&self, what: &str, fits: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let asking = async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tick.tick().await;
                let status = self.control.status().await.unwrap();
                if fits(&status) {
                    return status;
                }
            }
        };
        let asked = tokio::time::timeout(Duration::from_secs(20), asking).await;
        let Ok(status) = asked else { panic!("{what} did not happen: {:?}", self.control.status().await) };
        status
    }

    pub(crate) async fn until_spool_is_empty(&self) {
        self.until("an empty spool", |status| status["spool"]["calls"] == 0).await;
    }
}

/// Seconds of noise that is the same every time, on two tracks that differ; 16 kHz.
pub(crate) fn wav(folder: &Path, name: &str, seconds: u32) -> (PathBuf, Vec<[i16; 2]>) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path = folder.join(name);
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    let mut seed = 12_345_u32;
    let mut frames = Vec::new();
    for _ in 0..seconds * 16_000 {
        let frame = [0, 1].map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 18) as i16
        });
        for sample in frame {
            writer.write_sample(sample).unwrap();
        }
        frames.push(frame);
    }
    writer.finalize().unwrap();
    (path, frames)
}
