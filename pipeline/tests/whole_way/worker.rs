//! A worker on a runtime of its own, so that it can die at any instant: nothing of it goes on after `kill`.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_pipeline::config::Config;
use referent_pipeline::transcribe::Recognizer;
use referent_pipeline::transcribe::scripted::Scripted;
use referent_pipeline::{Surroundings, metric, run_with};
use referent_proto::WorkerId;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Worker {
    pub(crate) address: SocketAddr,
    shutdown: CancellationToken,
    runtime: Option<Runtime>,
    running: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Worker {
    /// With the scripted recogniser.
    pub(crate) async fn start(notes_api: SocketAddr) -> Self {
        Self::with(notes_api, vec![Box::new(Scripted), Box::new(Scripted)]).await
    }

    pub(crate) async fn with(notes_api: SocketAddr, recognisers: Vec<Box<dyn Recognizer>>) -> Self {
        Self::configured(notes_api, recognisers, "").await
    }

    /// With the private keys in this folder.
    pub(crate) async fn opening(notes_api: SocketAddr, keys: &Path) -> Self {
        let keys = format!("seal_keys = \"{}\"\n", keys.display());
        Self::configured(notes_api, vec![Box::new(Scripted), Box::new(Scripted)], &keys).await
    }

    /// With a language model at this address, which reads along as often as it can.
    pub(crate) async fn drafting(notes_api: SocketAddr, language_model: SocketAddr) -> Self {
        let drafter = format!(
            "[drafter]\nkind = \"llm\"\n[drafter.llm]\nmodel = \"m\"\nbase_url = \"http://{language_model}/v1\"\nwarm_every_ms = 5\n"
        );
        Self::configured(notes_api, vec![Box::new(Scripted), Box::new(Scripted)], &drafter).await
    }

    async fn configured(notes_api: SocketAddr, recognisers: Vec<Box<dyn Recognizer>>, more: &str) -> Self {
        let text = format!(
            "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"http://{notes_api}\"\n{more}[recogniser]\nkind = \"scripted\"\n"
        );
        let config = Config::parse(&text, |_| None).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shutdown = CancellationToken::new();
        let surroundings = Surroundings {
            worker: WorkerId::from_bytes(&[5; 16]).unwrap(),
            chance: StdRng::seed_from_u64(5),
            now: referent_identity::Now::system(),
            metrics: metric::recorder().handle(),
            shutdown: shutdown.clone(),
        };
        let (is_ready, ready) = tokio::sync::oneshot::channel();
        let running = runtime.spawn(run_with(config, recognisers, 0.001, surroundings, |addresses| {
            is_ready.send(addresses.grpc).unwrap();
        }));
        let address = tokio::time::timeout(Duration::from_secs(30), ready).await.unwrap().unwrap();
        Self { address, shutdown, runtime: Some(runtime), running: Some(running) }
    }

    /// At this instant.
    pub(crate) fn kill(mut self) {
        self.die();
    }

    /// Asks it to stop; gives how it ended.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        let running = self.running.take().unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(15), running).await;
        ended.expect("it stops within 15 s").unwrap().unwrap();
    }

    fn die(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.die();
    }
}
