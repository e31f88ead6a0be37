//! Everything runs: notes-api, pipeline and agent as real processes on loopback, with a folder of their own.
//!
//! In: [`World::builder`]'s choices. Out: addresses, a [`Caseworker`] to look through, and parts that can be killed and
//! started again on the same ports. Dropping a world kills what is left of it.

mod configured;
mod enrolled;

use crate::caseworker::Caseworker;
use crate::crowd::Way;
use crate::program::Program;
use anyhow::{Context as _, Result};
use configured::Ports;
use referent_agent::config::Config;
use referent_seal::open::PrivateKey;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One of the three programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Keeps the words.
    NotesApi,
    /// Makes the words.
    Pipeline,
    /// Keeps the sound.
    Agent,
}

/// What notes-api keeps its words in.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file in the world's folder.
    Sqlite,
    /// A database of a server that runs already.
    Postgres(String),
}

/// What hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recogniser {
    /// The embedded model.
    Whisper,
    /// Text that is a function of the segment's place, so that transcripts can be compared letter by letter.
    Scripted,
}

/// How fast a WAV is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As it was spoken.
    RealTime,
    /// As fast as credit allows.
    Credit,
}

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct Builder {
    folder: PathBuf,
    database: Database,
    recogniser: Recogniser,
    recogniser_table: Option<String>,
    balanced: bool,
    pace: Pace,
    http_port: u16,
    drafter: String,
    telemetry: String,
    seals: bool,
    secures: bool,
}

impl Builder {
    /// Which database.
    #[must_use]
    pub fn database(mut self, database: Database) -> Self {
        self.database = database;
        self
    }

    /// In real time, and the agent is started later, behind a balancer.
    #[must_use]
    pub fn balanced(mut self) -> Self {
        (self.balanced, self.pace) = (true, Pace::RealTime);
        self
    }

    /// Without an agent: the test itself sends, as one would.
    #[must_use]
    pub fn without_agent(mut self) -> Self {
        self.balanced = true;
        self
    }

    /// The `[recogniser]` table of the pipeline, word for word.
    #[must_use]
    pub fn recogniser_table(mut self, table: String) -> Self {
        self.recogniser_table = Some(table);
        self
    }

    /// What hears.
    #[must_use]
    pub fn recogniser(mut self, recogniser: Recogniser) -> Self {
        self.recogniser = recogniser;
        self
    }

    /// How fast a WAV is played.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The port of the page; a free one otherwise.
    #[must_use]
    pub fn http_port(mut self, port: u16) -> Self {
        self.http_port = port;
        self
    }

    /// The `[drafter]` table of the pipeline's configuration, as TOML.
    #[must_use]
    pub fn drafter(mut self, toml: &str) -> Self {
        toml.clone_into(&mut self.drafter);
        self
    }

    /// The `[telemetry]` table of all three programs, as TOML with its header.
    #[must_use]
    pub fn telemetry(mut self, table: String) -> Self {
        self.telemetry = table;
        self
    }

    /// The agent seals what it keeps, and the pipeline has the key.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.seals = true;
        self
    }

    /// Every way is secured, and each program enrolled as people do it: the pipeline as `pipeline-1`, the agent as `anna`.
    #[must_use]
    pub fn secured(mut self) -> Self {
        self.secures = true;
        self
    }

    /// Starts the three programs, in the order of who needs whom.
    pub async fn start(self) -> Result<World> {
        std::fs::create_dir_all(&self.folder)?;
        let ports = Ports::free(self.http_port)?;
        let mut world = World { made_of: self, ports, notes_api: None, pipeline: None, agent: None };
        world.write_configurations()?;
        if world.made_of.secures {
            world.command_of("referent-notes-api", "notes-api", &["ca", "init"]).await?;
        }
        world.start(Part::NotesApi).await?;
        if world.made_of.secures {
            world.enrol(Part::Pipeline, "pipeline-1").await?;
        }
        world.start(Part::Pipeline).await?;
        if world.made_of.secures {
            world.enrol(Part::Agent, "anna").await?;
        }
        if !world.made_of.balanced {
            world.start(Part::Agent).await?;
        }
        Ok(world)
    }
}

/// The three programs, and where they keep their things.
#[derive(Debug)]
pub struct World {
    made_of: Builder,
    ports: Ports,
    /// Keeps the words.
    pub notes_api: Option<Program>,
    /// Makes the words.
    pub pipeline: Option<Program>,
    /// Keeps the sound.
    pub agent: Option<Program>,
}

impl World {
    /// A world in this folder: SQLite, the embedded model, as fast as credit allows, unless told otherwise.
    pub fn builder(folder: &Path) -> Builder {
        Builder {
            folder: folder.to_owned(),
            database: Database::Sqlite,
            recogniser: Recogniser::Whisper,
            recogniser_table: None,
            balanced: false,
            pace: Pace::Credit,
            http_port: 0,
            drafter: "kind = \"embedded\"".into(),
            telemetry: String::new(),
            seals: false,
            secures: false,
        }
    }

    /// Address of the page and the API.
    pub fn notes_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.notes_http)
    }

    /// Address of the agent's control port.
    pub fn agent_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.agent_http)
    }

    /// Address of the pipeline's metrics.
    pub fn pipeline_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.pipeline_http)
    }

    /// The pipeline's gRPC address, `host:port`.
    pub fn pipeline_grpc(&self) -> String {
        format!("127.0.0.1:{}", self.ports.pipeline_grpc)
    }

    /// The one-time token of the page, if nobody has used it.
    pub fn token(&self) -> Option<String> {
        self.notes_api.as_ref().and_then(|program| program.ready.token.clone())
    }

    /// A caseworker who has just opened the page.
    pub async fn caseworker(&self) -> Result<Caseworker> {
        Caseworker::log_in(&self.notes_url(), &self.token().context("notes-api gave a token")?).await
    }

    /// Waits until a browser has exchanged the token; false if none has within `patience`.
    pub async fn page_is_opened(&self, patience: Duration) -> bool {
        let Ok(http) = http_client() else { return false };
        let opened = async {
            let mut tick = tokio::time::interval(Duration::from_millis(300));
            loop {
                tick.tick().await;
                let Ok(answer) = http.get(format!("{}/metrics", self.notes_url())).send().await else { continue };
                let text = answer.text().await.unwrap_or_default();
                if text.lines().any(|line| line.starts_with("referent_sessions_opened_total") && !line.ends_with(" 0"))
                {
                    return;
                }
            }
        };
        tokio::time::timeout(patience, opened).await.is_ok()
    }

    /// What a part has logged so far.
    pub fn log_of(&self, part: Part) -> Result<String> {
        let name = match part {
            Part::NotesApi => "notes-api",
            Part::Pipeline => "pipeline",
            Part::Agent => "agent",
        };
        Ok(std::fs::read_to_string(self.made_of.folder.join(format!("{name}.log")))?)
    }

    /// Where the agent keeps calls that are not settled.
    pub fn spool(&self) -> PathBuf {
        self.made_of.folder.join("agent/spool")
    }

    /// Where the pipeline has its private keys, if the world is sealed.
    pub fn seal_keys(&self) -> PathBuf {
        self.made_of.folder.join("seal-keys")
    }

    /// Mounts a new private key, and gives what the agents' configuration needs to seal for it.
    pub fn new_seal_key(&self) -> Result<String> {
        let key = PrivateKey::generate()?;
        let file = self.seal_keys().join(format!("{}.key", key.id()));
        std::fs::create_dir_all(self.seal_keys())?;
        std::fs::write(&file, key.reveal().as_str())?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
        Ok(format!("[seal]\nkey_id = \"{}\"\npublic_key = \"{}\"\n\n", key.id(), key.public().to_text()))
    }

    /// Where the agent keeps everything.
    pub fn agent_state(&self) -> PathBuf {
        self.made_of.folder.join("agent")
    }

    /// The SQLite file.
    pub fn database_file(&self) -> PathBuf {
        self.made_of.folder.join("notes.db")
    }

    /// Begins a call with this WAV for both tracks; gives its id.
    pub async fn begin_call(&self, wav: &Path) -> Result<String> {
        let token_file = self.made_of.folder.join("agent/control-token");
        let token = std::fs::read_to_string(&token_file).with_context(|| token_file.display().to_string())?;
        let response = http_client()?
            .post(format!("{}/v1/calls", self.agent_url()))
            .bearer_auth(token.trim())
            .json(&serde_json::json!({ "wav": wav, "case_id": "2026-114823", "direction": "incoming" }))
            .send()
            .await?;
        let status = response.status();
        let body: serde_json::Value = response.json().await?;
        anyhow::ensure!(status.is_success(), "the agent said {status}: {}", body["detail"].as_str().unwrap_or("?"));
        Ok(body["call"].as_str().context("the agent names the call")?.to_owned())
    }

    /// What the agent says of itself.
    pub async fn agent_status(&self) -> Result<serde_json::Value> {
        let token = std::fs::read_to_string(self.agent_state().join("control-token"))?;
        let url = format!("{}/v1/status", self.agent_url());
        Ok(http_client()?.get(url).bearer_auth(token.trim()).send().await?.json().await?)
    }

    /// The running program of a part.
    pub fn program(&mut self, part: Part) -> &mut Option<Program> {
        match part {
            Part::NotesApi => &mut self.notes_api,
            Part::Pipeline => &mut self.pipeline,
            Part::Agent => &mut self.agent,
        }
    }

    /// kill -9.
    pub async fn kill(&mut self, part: Part) -> Result<()> {
        if let Some(mut program) = self.program(part).take() {
            program.kill().await?;
        }
        Ok(())
    }

    /// kill -9 of the process in which the pipeline hears.
    pub fn kill_recogniser(&mut self) -> Result<()> {
        let pipeline = self.program(Part::Pipeline).as_ref().context("the pipeline runs")?;
        for pid in pipeline.children()? {
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).context("a process has a number")?;
            rustix::process::kill_process(pid, rustix::process::Signal::KILL)?;
        }
        Ok(())
    }

    /// Starts a part, on its ports.
    pub async fn start(&mut self, part: Part) -> Result<()> {
        let (binary, name) = match part {
            Part::NotesApi => ("referent-notes-api", "notes-api"),
            Part::Pipeline => ("referent-pipeline", "pipeline"),
            Part::Agent => ("referent-agent", "agent"),
        };
        let config = self.made_of.folder.join(format!("{name}.toml")).display().to_string();
        let arguments: &[&str] = match part {
            Part::NotesApi => &["--config", &config],
            Part::Pipeline => &["serve", "--config", &config],
            Part::Agent => &["run", "--config", &config],
        };
        let program =
            Program::start(Path::new(binary), arguments, &self.made_of.folder.join(format!("{name}.log"))).await?;
        *self.program(part) = Some(program);
        Ok(())
    }

    /// Another worker, with the same configuration on ports of its own.
    pub async fn start_another_pipeline(&self) -> Result<Program> {
        self.start_pipeline_of(Path::new("referent-pipeline"), &models_dir()).await
    }

    /// A worker that is this program and has its models there, with the same configuration on ports of its own.
    pub async fn start_pipeline_of(&self, program: &Path, models: &Path) -> Result<Program> {
        let path = self.made_of.folder.join("another-pipeline.toml");
        let config = std::fs::read_to_string(self.made_of.folder.join("pipeline.toml"))?
            .replace(&format!("127.0.0.1:{}", self.ports.pipeline_http), "127.0.0.1:0")
            .replace(&self.pipeline_grpc(), "127.0.0.1:0")
            .replace(&models_dir().display().to_string(), &models.display().to_string());
        std::fs::write(&path, config)?;
        let arguments = ["serve", "--config", &path.display().to_string()];
        Program::start(program, &arguments, &path.with_extension("log")).await
    }

    /// Starts the agent, which goes to this address (`host:port`) instead of the pipeline's.
    pub async fn start_agent_behind(&mut self, address: &str) -> Result<()> {
        self.send_agent_to(address)?;
        self.start(Part::Agent).await
    }

    /// The same, with a command before the agent's program that runs it elsewhere.
    pub async fn start_agent_behind_in(&mut self, address: &str, elsewhere: &[String]) -> Result<()> {
        self.send_agent_to(address)?;
        let (command, before) = elsewhere.split_first().context("a command")?;
        let program = crate::program::binaries()?.join("referent-agent").display().to_string();
        let config = self.agent_config().display().to_string();
        let own = [program.as_str(), "run", "--config", &config];
        let arguments: Vec<&str> = before.iter().map(String::as_str).chain(own).collect();
        let log = self.made_of.folder.join("agent.log");
        self.agent = Some(Program::start(Path::new(command), &arguments, &log).await?);
        Ok(())
    }

    /// The agent's configuration file.
    pub fn agent_config(&self) -> PathBuf {
        self.made_of.folder.join("agent.toml")
    }

    /// The way that the agent goes by its configuration, for others who send as it does.
    pub fn way(&self) -> Result<Way> {
        let text = std::fs::read_to_string(self.agent_config())?;
        Way::of(&Config::parse(&text).map_err(anyhow::Error::msg)?)
    }

    fn send_agent_to(&self, address: &str) -> Result<()> {
        let own = format!("pipeline = \"http://{}\"", self.pipeline_grpc());
        let config = std::fs::read_to_string(self.agent_config())?;
        std::fs::write(self.agent_config(), config.replace(&own, &format!("pipeline = \"http://{address}\"")))?;
        Ok(())
    }

    /// Stops everything along the flow: the source first.
    pub async fn stop(mut self) -> Result<()> {
        for part in [Part::Agent, Part::Pipeline, Part::NotesApi] {
            if let Some(mut program) = self.program(part).take() {
                program.stop().await.with_context(|| format!("{part:?}"))?;
            }
        }
        Ok(())
    }
}

/// A client with a limit for each request; installs the one TLS provider, which it asks for even on loopback.
pub fn http_client() -> Result<reqwest::Client> {
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?)
}

/// The folder of models of this checkout.
pub fn models_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").canonicalize().unwrap_or_else(|_| "models".into())
}
