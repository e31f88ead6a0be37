//! Deliveries around a whole program: it is killed, there are two of it, it speaks TLS, and administrators give it commands.

use crate::delivery::{Files, SECRET, all, log, save, wait_for};
use crate::given::Place;
use crate::http::Browser;
use crate::program;
use crate::receiver::Receiver;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use referent_notes_api::shown::outbox::DeliveryState;
use referent_notes_api::store::outbox::{Outcome, Wants};
use reqwest::Method;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const PATIENCE: Duration = Duration::from_secs(30);
const CENTURY_MS: i64 = 100 * 365 * 86_400_000;

/// The program as a process, and somebody who is logged in there.
async fn begin(folder: &Path, config: &str) -> (Child, Browser) {
    let mut child = program::start(folder, config);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let url = format!("http://{}", ready["http"].as_str().unwrap());
    let browser = Browser::log_in_at(url, &ready["token"]).await;
    (child, browser)
}

/// SIGKILL: nothing is tidied up. What it had logged.
fn kill(mut child: Child) -> String {
    child.kill().unwrap();
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    child.wait().unwrap();
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_between_commit_and_sending_loses_no_note() {
    const ROUNDS: u64 = 16;
    let folder = tempfile::tempdir().unwrap();
    let (files, receiver) = (Files::new(), Receiver::that([]).await);
    let delivery = files.destination("esdh", &receiver.url(), "content = \"full\"\n");
    let config = format!("{}{delivery}", program::config(folder.path()));
    let place = Place::sqlite(folder.path());
    let kept = place.store().await;
    let mut rng = StdRng::seed_from_u64(11);
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        calls.push(kept.new_call().await.call);
    }
    let (mut logged, mut committed_unsent) = (String::new(), 0);
    for (round, call) in (0..).zip(&calls) {
        let (child, browser) = begin(folder.path(), &config).await;
        let body = json!({ "save_id": uuid::Uuid::from_u128(round), "sections": { "information": "Borgeren er flyttet til Vejle." } });
        let path = format!("/v1/calls/{call}/notes");
        let saving = browser.over(Method::POST, &path, "\"0\"", &body);
        if round % 2 == 0 {
            // It is killed as soon as it has said that the note is saved.
            assert_eq!(saving.await.0, 201);
            logged += &kill(child);
            let sent = all(&kept).await.into_iter().find(|one| one.call == *call).expect("a row with its note");
            committed_unsent += i32::from(sent.attempts == 0);
        } else {
            // It is killed at any moment of it.
            let moment = Duration::from_micros(rng.next_u64() % 20_000);
            tokio::select! {
                (status, _) = saving => assert_eq!(status, 201),
                () = tokio::time::sleep(moment) => {}
            }
            logged += &kill(child);
        }
    }
    assert!(committed_unsent > 0, "no kill was between a commit and its sending");

    // The clock goes far, so that nothing waits and every lease is over.
    let house = place.house_with(&delivery).await;
    house.clock.advance_ms(CENTURY_MS);
    let browser = Browser::log_in(&house).await;
    let mut saved = BTreeSet::new();
    for call in &calls {
        let versions = browser.get(&format!("/v1/calls/{call}/notes")).await;
        saved.extend(
            versions["versions"].as_array().unwrap().iter().map(|note| note["id"].as_str().unwrap().to_owned()),
        );
    }
    assert!(saved.len() >= calls.len() / 2);
    let begin = Instant::now();
    let ids = loop {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for got in receiver.got() {
            let note = got.json()["subject"].as_str().unwrap().to_owned();
            ids.entry(note).or_default().insert(got.id().to_owned());
        }
        if ids.len() >= saved.len() {
            break ids;
        }
        assert!(begin.elapsed() < PATIENCE, "{} of {} arrived", ids.len(), saved.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    house.stop().await;
    assert_eq!(ids.keys().cloned().collect::<BTreeSet<_>>(), saved, "what was saved arrived, and nothing else");
    assert!(ids.values().all(|ids| ids.len() == 1), "under one id: {ids:?}");
    crate::say(&format!("{committed_unsent} of {} kills were between a commit and its sending", ROUNDS / 2));
    for secret in [SECRET.trim_start_matches("whsec_"), "Vejle"] {
        assert!(!logged.contains(secret), "the log tells nothing");
    }
}

/// On PostgreSQL alone: two programs, one database.
pub(crate) async fn of_two_programs_one_sends(place: Place) {
    const NOTES: usize = 40;
    let (files, receiver) = (Files::new(), Receiver::that([]).await);
    let config = files.destination("esdh", &receiver.url(), "");
    let kept = place.store().await;
    let (one, two) = (place.another_house_with(&config, 31).await, place.another_house_with(&config, 32).await);
    let mut saved = BTreeSet::new();
    for _ in 0..NOTES {
        let turn = kept.new_call().await;
        saved.insert(save(&kept, turn.call, 0, "x").await.id);
    }
    for delivery in all(&kept).await {
        let seen = wait_for(&kept, &delivery.id, DeliveryState::Delivered, 1).await;
        assert_eq!(log(&seen), [(Outcome::Delivered, Some(204))]);
    }
    one.stop().await;
    two.stop().await;
    let got: Vec<String> =
        receiver.got().iter().map(|got| got.json()["subject"].as_str().unwrap().to_owned()).collect();
    assert_eq!(got.len(), NOTES, "each once");
    assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), saved);
}

/// An authority, and what it signs.
struct Authority(Issuer<'static, KeyPair>, rcgen::Certificate);

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self(Issuer::from_ca_cert_der(certificate.der(), key).unwrap(), certificate)
    }

    fn sign(&self) -> (KeyPair, rcgen::Certificate) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (key, certificate)
    }

    /// What a server does that believes whom this authority has signed, and nobody else.
    fn door(&self) -> TlsAcceptor {
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut roots = RootCertStore::empty();
        roots.add(self.1.der().clone()).unwrap();
        let clients = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let (key, certificate) = self.sign();
        let config = ServerConfig::builder()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_both_show_who_they_are_or_nothing_is_sent() {
    let (ours, another) = (Authority::new(), Authority::new());
    let door = ours.door();
    let receiver = Receiver::over([], move |stream: TcpStream| {
        let door = door.clone();
        async move { door.accept(stream).await.ok() as Option<TlsStream<TcpStream>> }
    })
    .await;
    let url = receiver.url().replace("http://", "https://");
    let files = Files::new();
    let trusted = files.write("ours.pem", &ours.1.pem()).display().to_string();
    let strange = files.write("another.pem", &another.1.pem()).display().to_string();
    let identity = |name: &str, (key, certificate): (KeyPair, rcgen::Certificate)| {
        files.write(name, &format!("{}{}", key.serialize_pem(), certificate.pem())).display().to_string()
    };
    let (known, unknown) = (identity("known.pem", ours.sign()), identity("unknown.pem", another.sign()));
    let destination = |name: &str, authorities: &str, identity: &str| {
        let more = format!("authorities = \"{authorities}\"\nclient_certificate = \"{identity}\"\n");
        files.destination(name, &url, &more)
    };
    let config = [
        destination("both-known", &trusted, &known),
        destination("server-strange", &strange, &known),
        destination("client-strange", &trusted, &unknown),
    ]
    .concat();
    let folder = tempfile::tempdir().unwrap();
    let place = Place::sqlite(folder.path());
    let house = place.house_with(&config).await;
    let kept = place.store().await;
    let turn = kept.new_call().await;
    save(&kept, turn.call, 0, "x").await;
    for delivery in all(&kept).await {
        let is_well = delivery.destination == "both-known";
        let state = if is_well { DeliveryState::Delivered } else { DeliveryState::Waiting };
        let seen = wait_for(&kept, &delivery.id, state, 1).await;
        let (outcome, status) = log(&seen)[0];
        match &*delivery.destination {
            "both-known" => assert_eq!((outcome, status), (Outcome::Delivered, Some(204))),
            "server-strange" => assert_eq!((outcome, status), (Outcome::NoConnection, None)),
            // With TLS 1.3 a server refuses a client after the handshake.
            _ => assert!(matches!(outcome, Outcome::NoConnection | Outcome::Broken) && status.is_none(), "{outcome:?}"),
        }
    }
    house.stop().await;
    assert_eq!(receiver.got().len(), 1);
}

/// `referent-notes-api deliveries …`: whether it succeeded, and what it said.
fn deliveries(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_referent-notes-api"))
        .arg("--config")
        .arg(folder.join("config.toml"))
        .arg("deliveries")
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_looks_stops_goes_on_and_replays() {
    let folder = tempfile::tempdir().unwrap();
    let act = |arguments: &[&str]| deliveries(folder.path(), arguments);
    let secret = folder.path().join("secret");
    let delivery = format!(
        "[[delivery]]\nname = \"esdh\"\nurl = \"https://127.0.0.1:1/in\"\nsecret_files = [\"{}\"]\n",
        secret.display()
    );
    std::fs::write(folder.path().join("config.toml"), format!("{}{delivery}", program::config(folder.path()))).unwrap();
    let out = secret.display().to_string();
    let (made, said) = act(&["secret", "--out", &out]);
    assert!(made && !said.contains("whsec_"), "{said}");
    let text = std::fs::read_to_string(&secret).unwrap();
    assert!(!act(&["secret", "--out", &out]).0, "what is there is left alone");
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), text);
    assert_eq!(act(&["status"]), (true, "there is no destination\n".to_owned()));
    assert_eq!(act(&["list"]), (true, "none\n".to_owned()));

    let kept = Place::sqlite(folder.path()).store().await;
    let wants = Wants { destination: "esdh".into(), saved: true, withdrawn: true };
    kept.store.keep_destinations(vec![wants], kept.now()).await.unwrap();
    let turn = kept.new_call().await;
    let note = save(&kept, turn.call, 0, "x").await;
    let id = all(&kept).await[0].id.clone();
    let (is_well, said) = act(&["status"]);
    assert!(is_well && said.starts_with("esdh: enabled, 1 waiting, the oldest for "), "{said}");
    let line = format!("2026-03-02T12:00:00Z  {id}  esdh  waiting  saved of note {} version 1, 0 attempts\n", note.id);
    assert_eq!(act(&["list", "--state", "waiting", "--destination", "esdh"]), (true, line));
    assert_eq!(act(&["list", "--state", "dead"]), (true, "none\n".to_owned()));

    assert!(act(&["disable", "esdh"]).0);
    let (is_well, said) = act(&["status"]);
    assert!(!is_well && said.contains("esdh: disabled (administrator), 1 waiting"), "{said}");
    assert!(act(&["enable", "esdh"]).0 && act(&["status"]).0);
    assert!(act(&["replay", &id]).0);
    let deeds = kept.store.deeds(format!("delivery/{id}")).await.unwrap();
    let acts: Vec<_> = deeds.iter().map(|(_, link)| (link.entry.who.as_str(), link.entry.what.as_str())).collect();
    assert_eq!(acts, [("console", "delivery_replayed")]);
    for unknown in [["enable", "nobody"], ["disable", "nobody"], ["replay", "nothing"]] {
        let (done, said) = act(&unknown);
        assert!(!done && said.contains("there is no such"), "{said}");
    }
}
