//! notes-api and a pipeline in this process, with certificates and one clock that is turned by hand; and people, machines
//! and impostors who come to them.
//!
//! In: a folder. Out: addresses; identities that were enrolled as everybody is, and such as nobody should have. Not done here:
//! no sound, no recogniser but the scripted one: who may come in is decided before either.

use anyhow::{Context as _, Result, anyhow};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rcgen::{CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use referent_identity::code::GOOD_FOR_MS;
use referent_identity::{Code, Credentials, Holding, Now, Peer, Place, Role, enrol};
use referent_notes_api::ca::command::{self, Command};
use referent_notes_api::ca::{Authority, now_of};
use referent_notes_api::clock::{Chance, Clock};
use referent_notes_api::config::Config;
use referent_notes_api::live::Live;
use referent_notes_api::store::Store;
use referent_notes_api::store::identity::{Grant, Revoke};
use referent_notes_api::{Ready, Surroundings, prometheus};
use referent_pipeline::transcribe::scripted::Scripted;
use referent_proto::WorkerId;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// The clock begins here: 2026-03-02, 12:00 UTC.
pub const NOON: i64 = 1_772_452_800_000;
/// A day, milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// The two servers.
pub struct Secured {
    folder: PathBuf,
    /// Everybody's clock.
    pub clock: Clock,
    /// The authority, as notes-api has it.
    pub authority: Authority,
    /// The database, opened a second time, as the command line does.
    pub store: Store,
    /// Where notes-api listens.
    pub notes: Ready,
    /// Where the pipeline listens.
    pub pipeline: SocketAddr,
    number: AtomicU8,
    config: Config,
    running: Running,
    tracker: TaskTracker,
    shutdown: CancellationToken,
    _shutdown: DropGuard,
}

/// notes-api, as it runs now.
struct Running {
    task: JoinHandle<Result<()>>,
    stop: CancellationToken,
}

impl std::fmt::Debug for Secured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secured({:?}, {})", self.notes, self.pipeline)
    }
}

/// A key and its certificate, as they are shown.
#[derive(Debug)]
pub struct Shown {
    /// The private key.
    pub key: PrivateKeyDer<'static>,
    /// The holder's certificate first.
    pub chain: Vec<CertificateDer<'static>>,
}

impl Clone for Shown {
    fn clone(&self) -> Self {
        Self { key: self.key.clone_key(), chain: self.chain.clone() }
    }
}

impl Shown {
    /// As files in this folder, `certificate.pem` and `key.pem`.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let key = KeyPair::try_from(&self.key)?.serialize_pem();
        referent_identity::private::write(&folder.join("key.pem"), key.as_bytes())?;
        std::fs::write(folder.join("certificate.pem"), referent_identity::files::pem(&self.chain))?;
        Ok(())
    }

    /// Who the certificate says it is.
    pub fn peer(&self) -> Result<Peer> {
        Ok(Peer::of(self.chain.first().context("a certificate")?)?)
    }
}

/// What a certificate that nobody enrolled for looks like.
#[derive(Debug, Clone)]
pub struct Forged {
    /// Its names, as URIs.
    pub names: Vec<String>,
    /// What else its server is called.
    pub hosts: Vec<String>,
    /// From when until when, relative to now.
    pub times_ms: (i64, i64),
    /// What it is for.
    pub uses: Vec<ExtendedKeyUsagePurpose>,
}

impl Forged {
    /// A caseworker's, which would be good.
    pub fn caseworker(name: &str) -> Self {
        Self {
            names: vec![format!("referent://caseworker/{name}")],
            hosts: Vec::new(),
            times_ms: (-DAY_MS, DAY_MS),
            uses: vec![ExtendedKeyUsagePurpose::ClientAuth],
        }
    }

    /// A pipeline's, which would be good.
    pub fn pipeline(name: &str) -> Self {
        Self {
            names: vec![format!("referent://pipeline/{name}")],
            hosts: vec!["127.0.0.1".to_owned()],
            uses: vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
            ..Self::caseworker(name)
        }
    }

    fn params(&self, now_ms: i64) -> Result<CertificateParams> {
        let at = |ms: i64| OffsetDateTime::from_unix_timestamp((now_ms + ms) / 1000);
        let mut params = CertificateParams::new(self.hosts.clone())?;
        for name in &self.names {
            params.subject_alt_names.push(SanType::URI(name.as_str().try_into()?));
        }
        params.distinguished_name = DistinguishedName::new();
        (params.not_before, params.not_after) = (at(self.times_ms.0)?, at(self.times_ms.1)?);
        params.is_ca = IsCa::ExplicitNoCa;
        params.extended_key_usages.clone_from(&self.uses);
        Ok(params)
    }
}

/// An authority that nobody here trusts, or that somebody stole the key of.
#[derive(Debug)]
pub struct Signer {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub certificate: CertificateDer<'static>,
}

impl Signer {
    /// One of its own.
    pub fn foreign() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Self { issuer: Issuer::from_ca_cert_der(&certificate, key)?, certificate })
    }

    /// One that calls itself as this one does, and has another key.
    pub fn posing_as(authority: &CertificateDer<'static>) -> Result<Self> {
        let issuer = Issuer::from_ca_cert_der(authority, KeyPair::generate()?)?;
        Ok(Self { issuer, certificate: authority.clone() })
    }

    /// Somebody who has a certificate, and signs with it as if they might.
    pub fn with(shown: &Shown) -> Result<Self> {
        let key = KeyPair::try_from(&shown.key)?;
        let certificate = shown.chain.first().context("a certificate")?.clone();
        Ok(Self { issuer: Issuer::from_ca_cert_der(&certificate, key)?, certificate })
    }

    /// A certificate of this kind.
    pub fn sign(&self, forged: &Forged, now_ms: i64) -> Result<Shown> {
        let key = KeyPair::generate()?;
        let certificate = forged.params(now_ms)?.signed_by(&key, &self.issuer)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        Ok(Shown { key: PrivateKeyDer::try_from(key.serialize_der()).map_err(|why| anyhow!(why))?, chain })
    }
}

impl Secured {
    /// Both servers, with an authority of notes-api's own.
    pub async fn start(folder: &Path) -> Result<Self> {
        let (clock, chance) = (Clock::manual(NOON), Chance::seeded(7));
        let authority = Authority::init(&folder.join("ca"), clock.now_ms())?;
        let database = format!("sqlite://{}", folder.join("notes.db").display());
        let config = configuration(folder, ["127.0.0.1:0"; 2])?;
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let (notes, running) = run(&config, &clock, chance, &tracker, shutdown.child_token()).await?;
        let store = Store::open(&database, Arc::new(Live::default()), &tracker, &shutdown).await?;
        let mut secured = Self {
            folder: folder.to_owned(),
            clock,
            authority,
            store,
            notes,
            pipeline: "127.0.0.1:0".parse()?,
            number: AtomicU8::new(0),
            config,
            running,
            tracker: tracker.clone(),
            shutdown: shutdown.clone(),
            _shutdown: shutdown.clone().drop_guard(),
        };
        secured.pipeline = secured.start_pipeline(&tracker, shutdown).await?;
        Ok(secured)
    }

    async fn start_pipeline(&self, tracker: &TaskTracker, shutdown: CancellationToken) -> Result<SocketAddr> {
        let folder = self.enrol(Role::Pipeline, "pipeline-1").await?;
        let text = format!(
            "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"https://{}\"\n[recogniser]\nkind = \"scripted\"\n\
             [tls]\nidentity = \"{}\"\n",
            self.notes.grpc,
            folder.display()
        );
        let config = referent_pipeline::config::Config::parse(&text, |_| None).map_err(|why| anyhow!(why))?;
        let surroundings = referent_pipeline::Surroundings {
            worker: WorkerId::new(u64::try_from(NOON)?, [9; 10]),
            chance: StdRng::seed_from_u64(9),
            now: self.now(),
            metrics: referent_pipeline::metric::recorder().handle(),
            shutdown,
        };
        let (tell, told) = oneshot::channel();
        let ready = |addresses: referent_pipeline::Addresses| tell.send(addresses.grpc).unwrap_or_default();
        tracker.spawn(referent_pipeline::run_with(config, vec![Box::new(Scripted)], 0.001, surroundings, ready));
        told.await.context("the pipeline is ready")
    }

    /// What whoever runs the server says on the command line.
    pub async fn command(&self, command: Command) -> Result<String> {
        command::act(command, &self.config, &self.clock, &Chance::seeded(11)).await
    }

    /// notes-api ends, and starts anew where it was.
    pub async fn restart(mut self) -> Result<Self> {
        self.running.stop.cancel();
        self.running.task.await??;
        let enrol = self.notes.enrol.context("there is a door for those who enrol")?;
        self.config = configuration(&self.folder, [self.notes.grpc.to_string(), enrol.to_string()])?;
        let stop = self.shutdown.child_token();
        // No serial number is given twice.
        let chance = Chance::seeded(100 + u64::from(self.number.fetch_add(1, Ordering::SeqCst)));
        (self.notes, self.running) = run(&self.config, &self.clock, chance, &self.tracker, stop).await?;
        self.authority = Authority::open(&self.folder.join("ca"))?;
        Ok(self)
    }

    /// Everybody's clock, for certificates.
    pub fn now(&self) -> Now {
        now_of(&self.clock)
    }

    /// Where programs enrol.
    pub fn enrolment(&self) -> Result<String> {
        Ok(format!("https://{}", self.notes.enrol.context("there is a door for those who enrol")?))
    }

    /// A one-time code for somebody.
    pub async fn code(&self, role: Role, subject: &str) -> Result<Code> {
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        let code = Code::new([number; 10], self.authority.pin());
        let names = if role == Role::Pipeline { vec!["127.0.0.1".to_owned()] } else { Vec::new() };
        let grant = Grant { role, subject: subject.parse()?, names };
        let now_ms = self.clock.now_ms();
        self.store.keep_code(code.hash(), grant, now_ms, now_ms + GOOD_FOR_MS).await?;
        Ok(code)
    }

    /// Enrols somebody, as everybody is; gives the folder.
    pub async fn enrol(&self, role: Role, subject: &str) -> Result<PathBuf> {
        let code = self.code(role, subject).await?;
        let folder = self.folder.join(format!("{subject}-{}", self.number.load(Ordering::SeqCst)));
        enrol::enrol(&self.enrolment()?, &code, &folder, &self.now()).await?;
        Ok(folder)
    }

    /// Enrols somebody; gives what they hold.
    pub async fn enrolled(&self, role: Role, subject: &str) -> Result<Shown> {
        held(&self.enrol(role, subject).await?)
    }

    /// Signed with the authority's own key, past every door.
    pub fn signed(&self, forged: &Forged) -> Result<Shown> {
        let key = KeyPair::from_pem(&std::fs::read_to_string(self.folder.join("ca/ca.key"))?)?;
        let certificate = self.authority.certificate().clone();
        let signer = Signer { issuer: Issuer::from_ca_cert_der(&certificate, key)?, certificate };
        signer.sign(forged, self.clock.now_ms())
    }

    /// The same as the agent and the pipeline hold it.
    pub fn credentials(&self, shown: &Shown) -> Result<Arc<Credentials>> {
        let authorities = [self.authority.certificate().clone()];
        let holding = Holding::new(&shown.key, &shown.chain, &authorities, &self.now())?;
        Ok(Credentials::of(holding, self.now()))
    }

    /// Refuses from now on.
    pub async fn revoke(&self, what: Revoke) -> Result<u64> {
        Ok(self.store.revoke(what, self.clock.now_ms()).await?)
    }
}

fn configuration(folder: &Path, [grpc, enrol]: [impl std::fmt::Display; 2]) -> Result<Config> {
    let (database, ca) = (folder.join("notes.db"), folder.join("ca"));
    let text = format!(
        "http = \"127.0.0.1:0\"\ngrpc = \"{grpc}\"\ndatabase = \"sqlite://{}\"\n[tls]\nca = \"{}\"\n\
         names = [\"127.0.0.1\"]\nenrol = \"{enrol}\"\n",
        database.display(),
        ca.display()
    );
    Ok(Config::parse(Path::new("notes-api.toml"), &text)?)
}

async fn run(
    config: &Config,
    clock: &Clock,
    chance: Chance,
    tracker: &TaskTracker,
    stop: CancellationToken,
) -> Result<(Ready, Running)> {
    let around = Surroundings { clock: clock.clone(), chance, metrics: prometheus::recorder().handle() };
    let (tell, told) = oneshot::channel();
    let ready = |ready: &Ready| drop(tell.send(ready.clone()));
    let task = tracker.spawn(referent_notes_api::run(config.clone(), around, ready, stop.clone()));
    Ok((told.await.context("notes-api is ready")?, Running { task, stop }))
}

/// What lies in a folder that `enrol` has filled.
pub fn held(folder: &Path) -> Result<Shown> {
    let pem = std::fs::read(folder.join("identity.pem"))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    Ok(Shown { key: PrivateKeyDer::from_pem_slice(&pem)?, chain: chain? })
}

/// The credentials of such a folder.
pub fn credentials_in(folder: &Path, now: Now) -> Result<Arc<Credentials>> {
    Ok(Credentials::open(Place::Folder(folder.to_owned()), now)?)
}

/// What this process has refused so far, by reason, as `/metrics` would say it.
pub fn refusals() -> Vec<(String, u64)> {
    static HANDLE: OnceLock<Option<metrics_exporter_prometheus::PrometheusHandle>> = OnceLock::new();
    let handle = HANDLE.get_or_init(|| {
        let recorder = prometheus::recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).is_ok().then_some(handle)
    });
    let Some(handle) = handle else { return Vec::new() };
    let text = handle.render();
    let counted = text.lines().filter_map(|line| {
        let of = ["referent_connections_refused_total{reason=\"", "referent_identity_refused_total{reason=\""];
        let rest = of.into_iter().find_map(|prefix| line.strip_prefix(prefix))?;
        let (reason, count) = rest.split_once("\"} ")?;
        Some((reason.to_owned(), count.parse().ok()?))
    });
    counted.collect()
}
