//! Certificates over time, on a clock that is turned by hand: renewed at half of their life with a new key, not renewed when
//! they are over or revoked, taken up when somebody enrolled anew, and of another authority when that takes its place.

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_identity::incoming::{Ask, incoming};
use referent_identity::renew::Keeper;
use referent_identity::{Credentials, Dial, Holding, Now, Place, Role, enrol};
use referent_notes_api::ca::command::{Ca, Command, Hurry};
use referent_notes_api::ca::{Authority, now_of};
use referent_notes_api::clock::{Chance, Clock};
use referent_notes_api::config::Config;
use referent_notes_api::live::Live;
use referent_notes_api::store::Store;
use referent_notes_api::store::identity::Revoke;
use referent_notes_api::{Ready, Surroundings, prometheus};
use referent_proto::WorkerId;
use referent_proto::ingest::ingest_client::IngestClient;
use referent_proto::ingest::{DrafterReady, FromDrafter, from_drafter};
use referent_tests::secured::{DAY_MS, Forged, NOON, Secured, Signer, credentials_in, held};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Code, Status};

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_at_half_of_its_life_with_a_new_key() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let secured = Secured::start(folder.path()).await?;
    let place = secured.enrol(Role::Caseworker, "anna").await?;
    let credentials = credentials_in(&place, secured.now())?;
    let (mut keeper, mut chance) = (Keeper::default(), StdRng::seed_from_u64(1));
    let before = held(&place)?.peer()?;

    keeper.look(&credentials, &mut chance).await;
    secured.clock.advance_ms(29 * DAY_MS);
    keeper.look(&credentials, &mut chance).await;
    assert_eq!(held(&place)?.peer()?, before, "its time has not come");
    secured.clock.advance_ms(8 * DAY_MS);
    keeper.look(&credentials, &mut chance).await;
    assert_eq!(credentials.trouble(), None);
    let after = held(&place)?.peer()?;
    assert_eq!((after.role, &after.subject), (before.role, &before.subject));
    assert_ne!(after.serial, before.serial);
    assert_ne!(after.key, before.key, "a new key");
    assert!(after.not_after_ms > before.not_after_ms + 30 * DAY_MS);
    let now_held = credentials.current().context("something is held")?;
    assert_eq!(now_held.peer, after, "and it is in force");
    let mode = std::fs::metadata(place.join("identity.pem"))?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // The next one comes half a life later, and by what was renewed.
    secured.clock.advance_ms(37 * DAY_MS);
    the_server_has_renewed_its_own(&secured).await?;
    keeper.look(&credentials, &mut chance).await;
    assert_eq!(credentials.trouble(), None);
    assert_ne!(held(&place)?.peer()?.serial, after.serial);
    Ok(())
}

/// More than its certificate's life has gone by: whoever enrols now sees a new one, or does not believe it.
async fn the_server_has_renewed_its_own(secured: &Secured) -> Result<()> {
    let renewed = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while secured.enrol(Role::Caseworker, "newcomer").await.is_err() {
            tick.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.context("the server renews its own certificate")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_is_not_renewed_and_tried_ever_more_seldom_until_somebody_enrols() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let secured = Secured::start(folder.path()).await?;
    let place = secured.enrol(Role::Caseworker, "anna").await?;
    let credentials = credentials_in(&place, secured.now())?;
    let (mut keeper, mut chance) = (Keeper::default(), StdRng::seed_from_u64(2));
    let before = held(&place)?.peer()?;
    secured.revoke(Revoke::Holder(Role::Caseworker, "anna".parse()?)).await?;
    secured.clock.advance_ms(40 * DAY_MS);
    keeper.look(&credentials, &mut chance).await;
    let trouble = credentials.trouble().context("it is not renewed")?;
    assert!(trouble.contains("revoked"), "{trouble}");
    assert_eq!(held(&place)?.peer()?, before, "and what was held is kept");

    let code = secured.code(Role::Caseworker, "anna").await?;
    enrol::enrol(&secured.enrolment()?, &code, &place, &secured.now()).await?;
    keeper.look(&credentials, &mut chance).await;
    assert_eq!(credentials.trouble(), None);
    assert_eq!(credentials.current().context("something is held")?.peer, held(&place)?.peer()?);
    assert_ne!(held(&place)?.peer()?.serial, before.serial);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_not_renewed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let secured = Secured::start(folder.path()).await?;
    let place = secured.enrol(Role::Caseworker, "anna").await?;
    let before = held(&place)?.peer()?;
    secured.clock.advance_ms(61 * DAY_MS);
    let credentials = credentials_in(&place, secured.now())?;
    Keeper::default().look(&credentials, &mut StdRng::seed_from_u64(3)).await;
    assert_eq!(held(&place)?.peer()?, before);
    // Nor would the server, if it were asked: as one whose clock is wrong would.
    let slow = credentials_in(&place, Now::new(|| NOON + 31 * DAY_MS))?;
    let refused = enrol::renew(&slow).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(held(&place)?.peer()?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_enrols_writes_nothing_unless_all_of_it_came() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let secured = Secured::start(folder.path()).await?;
    let place = folder.path().join("nobody");
    let code = referent_identity::Code::new([99; 10], secured.authority.pin());
    let refused = enrol::enrol(&secured.enrolment()?, &code, &place, &secured.now()).await.unwrap_err().to_string();
    assert!(refused.contains("wrong_code") && refused.contains("have a new one made"), "{refused}");
    let refused = enrol::enrol("https://127.0.0.1:9", &code, &place, &secured.now()).await.unwrap_err().to_string();
    assert!(refused.contains("is not reached"), "{refused}");
    for address in ["http://127.0.0.1:9", "somewhere", "https://"] {
        let refused = enrol::enrol(address, &code, &place, &secured.now()).await.unwrap_err().to_string();
        assert!(refused.contains("is no address"), "{refused}");
    }
    assert!(!place.exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_everybody_may_read_and_a_key_of_another_are_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let secured = Secured::start(folder.path()).await?;
    let (anna, bo) = (secured.enrol(Role::Caseworker, "anna").await?, secured.enrol(Role::Caseworker, "bo").await?);
    let file = anna.join("identity.pem");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644))?;
    let refused = credentials_in(&anna, secured.now()).unwrap_err().to_string();
    assert!(refused.contains("make its mode 0600"), "{refused}");
    let place =
        Place::Files { certificate: file, key: bo.join("identity.pem"), authorities: bo.join("authorities.pem") };
    let refused = referent_identity::Credentials::open(place, secured.now()).map(|held| Arc::strong_count(&held));
    assert!(refused.as_ref().is_err_and(|error| error.to_string().contains("cannot be used")), "{refused:?}");
    let refused = credentials_in(&folder.path().join("nowhere"), secured.now()).unwrap_err().to_string();
    assert!(refused.contains("enrol this program first"), "{refused}");
    Ok(())
}

/// What becomes of a worker that asks for drafts and then says what nobody understands: it is told so if it is heard.
async fn asks_for_drafts(address: &str, worker: &Arc<Credentials>) -> Result<Status> {
    let dial = Dial::to(address, Some(Arc::clone(worker)), |endpoint| endpoint)?;
    let (up, messages) = tokio::sync::mpsc::channel(4);
    let ready = DrafterReady { worker: WorkerId::new(1, [1; 10]).bytes().to_vec(), places: 0 };
    up.send(FromDrafter { kind: Some(from_drafter::Kind::Ready(ready)) }).await?;
    up.send(FromDrafter { kind: None }).await?;
    let mut client = IngestClient::new(dial.connect().await?);
    let answer = match client.draft_jobs(tokio_stream::wrappers::ReceiverStream::new(messages)).await {
        Ok(response) => response.into_inner().message().await.map(drop),
        Err(status) => Err(status),
    };
    answer.err().context("nobody understands that")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_elsewhere_is_believed_and_what_is_revoked_here_is_not() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (clock, elsewhere) = (Clock::manual(NOON), Signer::foreign()?);
    let server = Forged {
        names: vec!["referent://notes-api/notes".into()],
        uses: vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth],
        ..Forged::pipeline("notes")
    };
    elsewhere.sign(&server, NOON)?.write(folder.path())?;
    let authorities = folder.path().join("authorities.pem");
    std::fs::write(&authorities, referent_identity::files::pem([&elsewhere.certificate]))?;
    let database = format!("sqlite://{}", folder.path().join("notes.db").display());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let text = format!(
        "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\ndatabase = \"{database}\"\n[tls]\ncertificate = \"{}\"\n\
         key = \"{}\"\nauthorities = \"{}\"\n",
        file("certificate.pem"),
        file("key.pem"),
        authorities.display()
    );
    let config = Config::parse(Path::new("notes-api.toml"), &text)?;
    let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let around =
        Surroundings { clock: clock.clone(), chance: Chance::seeded(3), metrics: prometheus::recorder().handle() };
    let (tell, told) = tokio::sync::oneshot::channel();
    let ready = |ready: &Ready| tell.send(ready.clone()).unwrap_or_default();
    tracker.spawn(referent_notes_api::run(config, around, ready, shutdown.clone()));
    let address = format!("https://{}", told.await?.grpc);
    let store = Store::open(&database, Arc::new(Live::default()), &tracker, &shutdown).await?;

    let shown = elsewhere.sign(&Forged::pipeline("p1"), NOON)?;
    let trusted = [elsewhere.certificate.clone()];
    let holding = Holding::new(&shown.key, &shown.chain, &trusted, &now_of(&clock))?;
    let worker = Credentials::of(holding, now_of(&clock));
    assert_eq!(asks_for_drafts(&address, &worker).await?.code(), Code::InvalidArgument, "it is heard");
    store.revoke(Revoke::Serial(shown.peer()?.serial), NOON).await?;
    let refused = asks_for_drafts(&address, &worker).await?;
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
    assert!(refused.message().starts_with("revoked"), "{refused:?}");
    shutdown.cancel();
    Ok(())
}

/// Whether who calls with these gets through to who serves with those.
async fn reaches(caller: &Arc<Credentials>, server: &Arc<Credentials>) -> Result<bool> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("https://{}", listener.local_addr()?);
    let mut coming = Box::pin(incoming(listener, Some((Arc::clone(server), Ask::Always))));
    let dial = Dial::to(&address, Some(Arc::clone(caller)), |endpoint| endpoint)?;
    let (came, dialled) = tokio::join!(tokio::time::timeout(Duration::from_secs(5), coming.next()), dial.connect());
    Ok(matches!(came, Ok(Some(Ok(_)))) && dialled.is_ok())
}

/// A PC and a worker, and whoever looks after their certificates.
struct Holders {
    pc: Arc<Credentials>,
    worker: Arc<Credentials>,
    keepers: [Keeper; 2],
    chance: StdRng,
}

impl Holders {
    async fn renew(&mut self) -> Result<()> {
        let before = self.serials()?;
        for (held, keeper) in [&self.pc, &self.worker].into_iter().zip(&mut self.keepers) {
            keeper.look(held, &mut self.chance).await;
            assert_eq!(held.trouble(), None);
        }
        assert!(before.iter().zip(self.serials()?).all(|(before, now)| *before != now), "their time has come");
        Ok(())
    }

    fn serials(&self) -> Result<[String; 2]> {
        let serial = |held: &Arc<Credentials>| held.current().map(|holding| holding.peer.serial.clone());
        let [pc, worker] = [&self.pc, &self.worker].map(serial);
        Ok([pc.context("a PC's")?, worker.context("a worker's")?])
    }

    /// The PC comes through to the worker, and the worker to notes-api.
    async fn come_through(&self, secured: &Secured) -> Result<()> {
        assert!(reaches(&self.pc, &self.worker).await?, "the PC to the worker");
        let answer = asks_for_drafts(&format!("https://{}", secured.notes.grpc), &self.worker).await?;
        assert_eq!(answer.code(), Code::InvalidArgument, "the worker to notes-api: {answer:?}");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_replaced_and_nobody_is_locked_out() -> Result<()> {
    let (folder, wait) = (tempfile::tempdir()?, Hurry::default());
    let secured = Secured::start(folder.path()).await?;
    let ca = folder.path().join("ca");
    let first = secured.authority.certificate().clone();
    let stolen = folder.path().join("stolen");
    referent_identity::private::write(&stolen.join("ca.key"), &std::fs::read(ca.join("ca.key"))?)?;
    std::fs::write(stolen.join("ca.pem"), referent_identity::files::pem([&first]))?;
    let stolen = Authority::open(&stolen)?;
    // It has a mind of its own about when it renews.
    secured.revoke(Revoke::Holder(Role::Pipeline, "pipeline-1".parse()?)).await?;
    let [pc, worker] = [secured.enrol(Role::Caseworker, "anna").await?, secured.enrol(Role::Pipeline, "p2").await?];
    // A PC that is put into a drawer.
    secured.enrol(Role::Caseworker, "dora").await?;
    let trusted = |place: &Path| referent_identity::files::certificates(&place.join("authorities.pem"));
    let mut holders = Holders {
        pc: credentials_in(&pc, secured.now())?,
        worker: credentials_in(&worker, secured.now())?,
        keepers: [Keeper::default(), Keeper::default()],
        chance: StdRng::seed_from_u64(4),
    };

    // Trust both. Nobody knows the other one yet.
    secured.command(Command::Ca(Ca::Next)).await?;
    let refused = secured.command(Command::Ca(Ca::Turn(wait))).await.unwrap_err().to_string();
    assert!(refused.starts_with("3 certificate(s) would be shut out, of anna, dora, p2;"), "{refused}");
    let secured = secured.restart().await?;
    holders.come_through(&secured).await?;
    secured.clock.advance_ms(37 * DAY_MS);
    holders.renew().await?;
    assert_eq!(trusted(&pc)?.len(), 2);
    secured.enrol(Role::Caseworker, "bo").await?;
    holders.come_through(&secured).await?;
    // Of one in a drawer nobody knows that it is, until its certificate is over.
    let refused = secured.command(Command::Ca(Ca::Turn(wait))).await.unwrap_err().to_string();
    assert!(refused.contains("dora") && refused.contains("in 24 day(s)"), "{refused}");

    // The other one signs.
    secured.clock.advance_ms(24 * DAY_MS);
    secured.command(Command::Ca(Ca::Turn(wait))).await?;
    let secured = secured.restart().await?;
    let second = secured.authority.certificate().clone();
    assert_ne!(first, second);
    assert_eq!(trusted(&pc)?, [first.clone(), second.clone()]);
    holders.come_through(&secured).await?;
    // Who enrols now has a certificate of the second; who is on the old one lets him in.
    let newcomer = credentials_in(&secured.enrol(Role::Caseworker, "carl").await?, secured.now())?;
    assert!(reaches(&newcomer, &holders.worker).await?);
    assert!(reaches(&impostor(&stolen, &secured)?, &holders.worker).await?, "the old key is still good");
    let refused = secured.command(Command::Ca(Ca::Drop(wait))).await.unwrap_err().to_string();
    assert!(refused.contains("shut out, of anna, bo, p2;"), "{refused}");
    secured.clock.advance_ms(14 * DAY_MS);
    holders.renew().await?;
    holders.come_through(&secured).await?;
    assert!(reaches(&newcomer, &holders.worker).await?);

    // The old one is dropped when the last of its certificates is over, and then its key is worth nothing.
    let refused = secured.command(Command::Ca(Ca::Drop(wait))).await.unwrap_err().to_string();
    assert!(refused.contains("of anna, bo, p2;") && refused.contains("in 23 day(s)"), "{refused}");
    secured.clock.advance_ms(23 * DAY_MS);
    secured.command(Command::Ca(Ca::Drop(wait))).await?;
    let secured = secured.restart().await?;
    holders.come_through(&secured).await?;
    secured.clock.advance_ms(15 * DAY_MS);
    holders.renew().await?;
    holders.come_through(&secured).await?;
    assert_eq!([trusted(&pc)?, trusted(&worker)?], [vec![second.clone()], vec![second]]);
    assert!(!reaches(&impostor(&stolen, &secured)?, &holders.worker).await?, "the old key is good for nothing");
    Ok(())
}

/// Who has an authority's key can be anybody, for those who trust it.
fn impostor(authority: &Authority, secured: &Secured) -> Result<Arc<Credentials>> {
    use referent_notes_api::ca::{authority::Issue, request};
    use referent_notes_api::store::identity::Grant;
    let request = enrol::Request::new()?;
    let grant = Grant { role: Role::Caseworker, subject: "anna".parse()?, names: Vec::new() };
    let issue = Issue::from_now([0x41; 16], 60, secured.clock.now_ms());
    let certificate = authority.issue(&grant, &request::key_of(request.der())?, &issue)?;
    let trusted = [authority.certificate().clone(), secured.authority.certificate().clone()];
    Ok(Credentials::of(Holding::new(&request.key()?, &[certificate], &trusted, &secured.now())?, secured.now()))
}
