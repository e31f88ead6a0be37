//! A PC as it should be, of which a test breaks one thing; and a server that answers as it is told.

use crate::pipeline::{Manner, Pipeline};
use crate::sound_server::{self, SoundServer};
use futures_util::stream::BoxStream;
use referent_identity::Credentials;
use referent_identity::incoming::{Ask, incoming};
use referent_proto::calls as wire;
use referent_proto::calls::calls_server::{Calls, CallsServer};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status, Streaming};

const FILES: &str = "[sound]\nkind = \"wav\"\npace = \"credit\"\n";
pub(crate) const DEVICES: &str = "[sound]\nkind = \"devices\"\n";

/// A PC as it should be; a test breaks one thing of it.
pub(crate) struct Pc {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) settings: String,
    pub(crate) sound: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) sound_server: Option<SoundServer>,
    _pipeline: Pipeline,
}

impl Pc {
    /// With sound from files.
    pub(crate) async fn healthy() -> Self {
        let pipeline = Pipeline::there(Manner::default()).await;
        let folder = tempfile::tempdir().unwrap();
        let settings = format!(
            "state_dir = \"{}\"\nhttp = \"127.0.0.1:0\"\npipeline = \"{}\"\nmode = \"notice\"\n",
            folder.path().join("agent").display(),
            pipeline.url()
        );
        let (sound, arguments) = (FILES.to_owned(), Vec::new());
        Self { folder, settings, sound, arguments, sound_server: None, _pipeline: pipeline }
    }

    /// With these modules in its sound server; `None` where there is none to start.
    pub(crate) async fn with_sound(modules: &[&str]) -> Option<Self> {
        if sound_server::is_skipped() {
            return None;
        }
        let mut pc = Self::healthy().await;
        DEVICES.clone_into(&mut pc.sound);
        pc.sound_server = Some(SoundServer::start(pc.folder.path(), modules).await);
        Some(pc)
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    /// The agent's folder, as the agent makes it.
    pub(crate) fn has_run_before(&self) -> PathBuf {
        let folder = self.state_dir();
        std::fs::create_dir_all(folder.join("spool")).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        folder
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) {
        let is_other = |line: &&str| !line.starts_with(&format!("{key} ="));
        let mut settings = self.settings.lines().filter(is_other).collect::<Vec<_>>().join("\n");
        write!(settings, "\n{key} = \"{value}\"\n").unwrap();
        self.settings = settings;
    }

    pub(crate) fn command(&self) -> Command {
        let file = self.folder.path().join("agent.toml");
        std::fs::write(&file, format!("{}{}", self.settings, self.sound)).unwrap();
        let program = env!("CARGO_BIN_EXE_referent-agent");
        let mut command = match &self.sound_server {
            Some(server) => server.command(program),
            None => Command::new(program),
        };
        command.arg("doctor").arg("--config").arg(file).args(&self.arguments).stdin(Stdio::null());
        command
    }

    /// What the real program finds; its exit code agrees.
    pub(crate) async fn examined(&self) -> Value {
        let output = self.command().arg("--json").output().await.unwrap();
        let diagnosis: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let is_healthy = diagnosis["is_healthy"].as_bool().expect("it says so");
        assert_eq!(output.status.code(), Some(i32::from(!is_healthy)), "{diagnosis}");
        assert_eq!(diagnosis["findings"].as_array().map(Vec::len), Some(16), "{diagnosis}");
        diagnosis
    }

    /// Nothing is wrong.
    pub(crate) async fn is_healthy(&self) -> Value {
        let diagnosis = self.examined().await;
        assert_eq!(complaints(&diagnosis), Vec::<String>::new(), "{diagnosis:#}");
        diagnosis
    }

    /// This check finds a fault that says this, and no other check finds anything.
    pub(crate) async fn has(&self, check: &str, says: &str) {
        let diagnosis = self.examined().await;
        assert_eq!(complaints(&diagnosis), [format!("{check}: fault")], "{diagnosis:#}");
        let finding = finding(&diagnosis, check);
        assert!(finding["seen"]["en"].as_str().unwrap().contains(says), "{finding}");
        for text in ["seen", "remedy"] {
            for language in ["da", "en"] {
                assert!(
                    finding[text][language].as_str().is_some_and(|text| text.len() > 10),
                    "{text} {language}: {finding}"
                );
            }
        }
        // A fault that was planted, and named: counted by `make bench-doctor`.
        let named = serde_json::json!({ format!("{check}: {says}"): "named" });
        drop(writeln!(std::io::stdout(), "\n{named}"));
    }
}

pub(crate) fn finding<'a>(diagnosis: &'a Value, check: &str) -> &'a Value {
    let findings = diagnosis["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["check"] == check).unwrap()
}

/// Faults and warnings.
pub(crate) fn complaints(diagnosis: &Value) -> Vec<String> {
    let findings = diagnosis["findings"].as_array().unwrap().iter();
    let bad = findings.filter(|finding| finding["outcome"] == "fault" || finding["outcome"] == "warning");
    bad.map(|finding| format!("{}: {}", finding["check"].as_str().unwrap(), finding["outcome"].as_str().unwrap()))
        .collect()
}

/// What the PC plays.
pub(crate) const CALLOUT: &str = "load-module module-null-sink sink_name=callout\nset-default-sink callout";
/// A microphone that hums; it has a sink of its own, so that beside it there is always a loopback. After `CALLOUT`:
/// what hums would follow the default sink to another.
pub(crate) const MIC: &str = "load-module module-null-sink sink_name=micsrc rate=48000 channels=1\n\
                              load-module module-remap-source source_name=mic master=micsrc.monitor\n\
                              load-module module-sine sink=micsrc frequency=440\nset-default-source mic";
/// A microphone that hums, without a sink.
pub(crate) const MIC_ALONE: &str = "load-module module-sine-source source_name=mic frequency=440 rate=48000";

/// A server that ends every stream with this code, and believes that it is this time.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) code: Code,
    pub(crate) date: Option<&'static str>,
}

impl Fake {
    pub(crate) async fn serve(self, tracker: &TaskTracker) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder().add_service(CallsServer::new(self));
        tracker.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        url
    }
}

impl Fake {
    /// Over TLS, as whoever these credentials are.
    pub(crate) async fn serve_over(self, tls: Arc<Credentials>, tracker: &TaskTracker) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder().add_service(CallsServer::new(self));
        tracker.spawn(server.serve_with_incoming(incoming(listener, Some((tls, Ask::Always)))));
        url
    }
}

#[tonic::async_trait]
impl Calls for Fake {
    type StreamStream = BoxStream<'static, Result<wire::ToAgent, Status>>;
    type PresenceStream = BoxStream<'static, Result<wire::ToPresence, Status>>;

    async fn stream(
        &self,
        _request: Request<Streaming<wire::FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let end = tokio_stream::once(Err(Status::new(self.code, "planted")));
        let mut response = Response::new(Box::pin(end) as Self::StreamStream);
        if let Some(date) = self.date {
            response.metadata_mut().insert("date", date.parse().unwrap());
        }
        Ok(response)
    }

    async fn presence(
        &self,
        _request: Request<Streaming<wire::FromPresence>>,
    ) -> Result<Response<Self::PresenceStream>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }
}
