//! Workers over real gRPC: what they are told, and that nothing they do harms a call or the server.

use crate::given::{House, Place, a_call, a_worker, hang_up, hello, origin, said, sentence, settled};
use crate::http::Browser;
use referent_proto::ingest::ingest_client::IngestClient;
use referent_proto::ingest::{self as wire, FromDrafter, FromWorker, ToDrafter, ToWorker};
use referent_proto::ingest::{from_drafter, from_worker, to_drafter, to_worker};
use referent_proto::{CallId, DraftJob, DraftKey, Epoch, Settled, Track, WorkerId, calls};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn client(house: &House) -> IngestClient<Channel> {
    IngestClient::connect(format!("http://{}", house.ready.grpc)).await.unwrap()
}

/// A worker's stream of one call.
pub(crate) struct Line {
    up: mpsc::Sender<FromWorker>,
    down: Streaming<ToWorker>,
}

impl Line {
    pub(crate) async fn open(house: &House) -> Self {
        let (up, messages) = mpsc::channel(64);
        let down = client(house).await.call(ReceiverStream::new(messages)).await.unwrap().into_inner();
        Self { up, down }
    }

    /// Opens it and begins the call.
    pub(crate) async fn begin(house: &House, call: CallId, worker: WorkerId) -> (Self, wire::Known) {
        let mut line = Self::open(house).await;
        line.began(call, worker, "anna").await;
        match line.next().await {
            Ok(to_worker::Kind::Known(known)) => (line, known),
            other => panic!("{other:?}"),
        }
    }

    async fn began(&self, call: CallId, worker: WorkerId, identity: &str) {
        let hello = Some(hello(call).into());
        let worker = worker.bytes().to_vec();
        self.say(from_worker::Kind::Began(wire::Began {
            hello,
            identity: identity.into(),
            worker,
            certificate: String::new(),
        }))
        .await;
    }

    pub(crate) async fn say(&self, kind: from_worker::Kind) {
        self.up.send(FromWorker { kind: Some(kind) }).await.unwrap();
    }

    /// Settles seconds of a track as an utterance.
    pub(crate) async fn said(&self, epoch: u64, track: Track, from_s: u64, to_s: u64) {
        let settle = said(Epoch(epoch), track, from_s * 16_000, to_s * 16_000, "Borgeren er flyttet.");
        self.say(from_worker::Kind::Settle(settle.into())).await;
    }

    pub(crate) async fn ended(&self, epoch: u64, seconds: u64) {
        let hang_up = Some(hang_up(seconds * 16_000, seconds * 16_000, 0).into());
        self.say(from_worker::Kind::Ended(wire::Ended { epoch, hang_up })).await;
    }

    pub(crate) async fn next(&mut self) -> Result<to_worker::Kind, Status> {
        let message = tokio::time::timeout(PATIENCE, self.down.message()).await.expect("an answer");
        message?.and_then(|message| message.kind).ok_or_else(|| Status::ok("the stream has ended"))
    }

    async fn settled(&mut self) -> Settled {
        match self.next().await {
            Ok(to_worker::Kind::Settled(settled)) => settled.try_into().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn job(&mut self) -> DraftJob {
        match self.next().await {
            Ok(to_worker::Kind::DraftJob(job)) => job.try_into().unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

/// A worker's stream of drafts.
pub(crate) struct Drafter {
    up: mpsc::Sender<FromDrafter>,
    down: Streaming<ToDrafter>,
}

impl Drafter {
    pub(crate) async fn open(house: &House, worker: WorkerId, places: u32) -> Self {
        let (up, messages) = mpsc::channel(64);
        let down = client(house).await.draft_jobs(ReceiverStream::new(messages)).await.unwrap().into_inner();
        let drafter = Self { up, down };
        drafter.ready(worker, places).await;
        drafter
    }

    pub(crate) async fn ready(&self, worker: WorkerId, places: u32) {
        let ready = wire::DrafterReady { worker: worker.bytes().to_vec(), places };
        self.say(from_drafter::Kind::Ready(ready)).await;
    }

    pub(crate) async fn say(&self, kind: from_drafter::Kind) {
        self.up.send(FromDrafter { kind: Some(kind) }).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> to_drafter::Kind {
        let message = tokio::time::timeout(PATIENCE, self.down.message()).await.expect("an answer");
        message.unwrap().and_then(|message| message.kind).expect("a kind")
    }

    /// The job that it is given next.
    pub(crate) async fn given(&mut self) -> DraftJob {
        match self.next().await {
            to_drafter::Kind::Job(job) => job.try_into().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn write(&mut self, key: DraftKey) {
        for index in 0..2 {
            self.say(from_drafter::Kind::Sentence(sentence(key, index).into())).await;
        }
        let finished = wire::DraftFinished {
            key: Some(key.into()),
            origin: Some(origin().into()),
            covers: None,
            sentences: 2,
            lines_not_parsed: 0,
            missing: Vec::new(),
            uncertain: Vec::new(),
        };
        self.say(from_drafter::Kind::Finished(finished)).await;
        let stored = self.next().await;
        assert!(matches!(&stored, to_drafter::Kind::Stored(stored) if stored.key == Some(key.into())), "{stored:?}");
    }
}

/// The job of a call of ten seconds, taken through the wire.
pub(crate) async fn a_complete_call(house: &House, worker: WorkerId) -> (Line, DraftJob) {
    let (mut line, known) = Line::begin(house, a_call(), worker).await;
    for track in Track::BOTH {
        line.said(known.epoch, track, 0, 10).await;
    }
    line.ended(known.epoch, 10).await;
    let both = [line.settled().await, line.settled().await];
    assert_eq!(both, [settled(Track::Near, 10), settled(Track::Far, 10)], "in order");
    let job = line.job().await;
    (line, job)
}

pub(crate) async fn write_draft(house: &House, worker: WorkerId, key: DraftKey) {
    Drafter::open(house, worker, 0).await.write(key).await;
}

pub(crate) async fn a_call_becomes_a_draft_on_one_stream(place: Place) {
    let house = place.house().await;
    let worker = a_worker();
    let (mut line, known) = Line::begin(&house, a_call(), worker).await;
    assert_eq!((known.epoch, known.near_settled, known.area.unwrap().sections.len()), (1, 0, 3));
    // A drafter that waits must not get what belongs to the reporting worker.
    let _idle = Drafter::open(&house, a_worker(), 4).await;

    line.said(1, Track::Near, 0, 4).await;
    assert_eq!(line.settled().await, settled(Track::Near, 4));
    line.said(1, Track::Near, 0, 4).await;
    assert_eq!(line.settled().await, settled(Track::Near, 4), "a repeat gets the same answer");
    line.ended(1, 10).await;
    assert!(matches!(line.next().await, Ok(to_worker::Kind::EndedKnown(_))), "text is missing");
    line.said(1, Track::Near, 4, 10).await;
    line.said(1, Track::Far, 0, 10).await;
    assert_eq!([line.settled().await, line.settled().await], [settled(Track::Near, 10), settled(Track::Far, 10)]);
    let job = line.job().await;
    assert_eq!((job.key.draft, job.key.attempt, job.utterances.len()), (1, 1, 3));

    write_draft(&house, worker, job.key).await;
    let browser = Browser::log_in(&house).await;
    let call = browser.get(&format!("/v1/calls/{}", job.key.call)).await;
    assert_eq!((&call["status"], &call["draft"]["state"]), (&"draft_ready".into(), &"ready".into()));
    assert_eq!(call["draft"]["sentences"].as_array().map(Vec::len), Some(2));
    drop(line);
    house.stop().await;
}

pub(crate) async fn a_zombie_is_stale(place: Place) {
    let house = place.house().await;
    let call = a_call();
    let (mut old, _) = Line::begin(&house, call, a_worker()).await;
    old.said(1, Track::Far, 0, 3).await;
    assert_eq!(old.settled().await, settled(Track::Far, 3));
    let (mut new, known) = Line::begin(&house, call, a_worker()).await;
    assert_eq!((known.epoch, known.far_settled, known.utterances.len()), (2, 48_000, 1));

    old.said(1, Track::Far, 3, 5).await;
    assert!(matches!(old.next().await, Ok(to_worker::Kind::Stale(stale)) if stale.epoch == 2));
    assert_eq!(old.next().await.unwrap_err().code(), Code::Ok, "and its stream ends");
    // The end of the zombie's stream is not the end of contact, and the rightful worker goes on.
    new.said(2, Track::Far, 3, 5).await;
    assert_eq!(new.settled().await, settled(Track::Far, 5));
    let browser = Browser::log_in(&house).await;
    assert_eq!(browser.get(&format!("/v1/calls/{call}")).await["state"], "live");

    // A link that does not join is stale too: that worker does not know where the call stands.
    new.said(2, Track::Far, 6, 7).await;
    assert!(matches!(new.next().await, Ok(to_worker::Kind::Stale(_))));
    let (_third, known) = Line::begin(&house, call, a_worker()).await;
    assert_eq!((known.epoch, known.far_settled), (3, 80_000));
    house.stop().await;
}

pub(crate) async fn a_stranger_is_refused(place: Place) {
    let house = place.house().await;
    let call = a_call();
    let (_line, _) = Line::begin(&house, call, a_worker()).await;
    let mut stranger = Line::open(&house).await;
    stranger.began(call, a_worker(), "bo").await;
    let refused = stranger.next().await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("not yours"), "{refused:?}");
    house.stop().await;
}

pub(crate) async fn a_bad_message_is_named_and_the_server_lives(place: Place) {
    let house = place.house().await;
    let refused = async |kind: from_worker::Kind, word: &str| {
        let mut line = Line::open(&house).await;
        line.say(kind).await;
        let status = line.next().await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().contains(word), "{status:?}");
    };
    refused(from_worker::Kind::Ended(wire::Ended::default()), "must be began").await;
    refused(from_worker::Kind::Began(wire::Began::default()), "began.hello").await;
    let future = calls::Hello { protocol: 7, ..hello(a_call()).into() };
    let began = wire::Began {
        hello: Some(future),
        identity: "anna".into(),
        worker: a_worker().bytes().to_vec(),
        ..wire::Began::default()
    };
    refused(from_worker::Kind::Began(began), "protocol 7").await;
    let began = wire::Began {
        hello: Some(hello(a_call()).into()),
        identity: "anna".into(),
        worker: vec![1],
        ..wire::Began::default()
    };
    refused(from_worker::Kind::Began(began), "began.worker").await;

    let call = a_call();
    let (mut line, _) = Line::begin(&house, call, a_worker()).await;
    line.say(from_worker::Kind::Settle(wire::Settle { epoch: 1, track: 1, to: 5, ..Default::default() })).await;
    let status = line.next().await.unwrap_err();
    assert!(status.message().contains("settle.what"), "{status:?}");

    // 50 MB is more than any message.
    let text = "x".repeat(50_000_000);
    let (mut line, _) = Line::begin(&house, call, a_worker()).await;
    line.say(from_worker::Kind::Partial(wire::Partial { epoch: 2, track: 1, text, ..Default::default() })).await;
    let status = line.next().await.unwrap_err();
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted | Code::Ok), "{status:?}");

    let (mut line, known) = Line::begin(&house, call, a_worker()).await;
    line.said(known.epoch, Track::Near, 0, 1).await;
    assert_eq!(line.settled().await, settled(Track::Near, 1), "the server lives");
    house.stop().await;
}

pub(crate) async fn a_stream_that_breaks_loses_contact(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let call = a_call();
    let path = format!("/v1/calls/{call}");
    let (line, _) = Line::begin(&house, call, a_worker()).await;
    assert_eq!(browser.get(&path).await["state"], "live");
    drop(line);
    browser.wait_for(&path, |call| call["state"] == "out_of_contact").await;
    house.clock.advance_ms(15_000);
    browser.wait_for(&path, |call| call["status"] == "no_contact").await;
    let (_line, _) = Line::begin(&house, call, a_worker()).await;
    assert_eq!(browser.get(&path).await["status"], "listening");
    house.stop().await;
}

pub(crate) async fn a_discard_reaches_the_worker_and_its_drafter(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let worker = a_worker();
    let mut drafter = Drafter::open(&house, worker, 2).await;
    let (mut line, job) = a_complete_call(&house, worker).await;
    let call = job.key.call;
    drafter.say(from_drafter::Kind::Renewal(wire::LeaseRenewal { key: Some(job.key.into()) })).await;
    drafter.say(from_drafter::Kind::Sentence(sentence(job.key, 0).into())).await;
    browser.wait_for(&format!("/v1/calls/{call}"), |call| call["draft"]["sentences"][0]["index"] == 0).await;

    let (status, receipt) = browser.post(&format!("/v1/calls/{call}/discard"), &serde_json::json!({})).await;
    assert_eq!((status, &receipt["agent_done"]), (200, &false.into()));
    assert!(matches!(drafter.next().await, to_drafter::Kind::LeaseLost(lost) if lost.key == Some(job.key.into())));
    let Ok(to_worker::Kind::Command(command)) = line.next().await else { panic!("the agent has to erase") };
    assert_eq!(command.kind, i32::from(calls::CommandKind::Discard));
    assert!(matches!(line.next().await, Ok(to_worker::Kind::Discarded(_))));
    line.say(from_worker::Kind::Done(calls::Done { command: command.id })).await;
    assert_eq!(line.next().await.unwrap_err().code(), Code::Ok);
    let (_, receipt) = browser.post(&format!("/v1/calls/{call}/discard"), &serde_json::json!({})).await;
    assert_eq!(receipt["agent_done"], true);

    // An agent that had no contact meanwhile hears of it when it comes.
    let mut late = Line::open(&house).await;
    late.began(call, a_worker(), "anna").await;
    assert!(matches!(late.next().await, Ok(to_worker::Kind::Discarded(_))));
    house.stop().await;
}

pub(crate) async fn a_pause_asked_for_on_the_pane_reaches_the_worker_once(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let (call, nothing) = (a_call(), serde_json::json!({}));
    let path = format!("/v1/calls/{call}");
    let (status, _) = browser.post(&format!("{path}/pause"), &nothing).await;
    assert_eq!(status, 404);
    let (mut line, known) = Line::begin(&house, call, a_worker()).await;
    let (status, first) = browser.post(&format!("{path}/pause"), &nothing).await;
    let (_, again) = browser.post(&format!("{path}/pause"), &nothing).await;
    assert_eq!((status, &first), (202, &again), "asked for twice, told once");
    let Ok(to_worker::Kind::Command(pause)) = line.next().await else { panic!("the agent is to pause") };
    assert_eq!((pause.kind, &first["command"]), (calls::CommandKind::Pause.into(), &pause.id.clone().into()));
    // Until it is done, whoever takes the call over tells it again.
    drop(line);
    let (mut line, known_again) = Line::begin(&house, call, a_worker()).await;
    assert_eq!((known.commands.len(), known_again.commands.len()), (0, 1));
    line.say(from_worker::Kind::Done(calls::Done { command: pause.id })).await;
    let (_, resumed) = browser.post(&format!("{path}/resume"), &nothing).await;
    let Ok(to_worker::Kind::Command(resume)) = line.next().await else { panic!("the agent is to go on") };
    assert_eq!((resume.kind, &resumed["command"]), (calls::CommandKind::Resume.into(), &resume.id.into()));
    line.ended(known_again.epoch, 0).await;
    browser.wait_for(&path, |call| call["state"] != "live").await;
    let (status, problem) = browser.post(&format!("{path}/pause"), &nothing).await;
    assert_eq!((status, &problem["type"]), (409, &"urn:referent:problem:call-over".into()));
    house.stop().await;
}

pub(crate) async fn an_objection_said_on_the_pc_erases_the_call(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let call = a_call();
    let path = format!("/v1/calls/{call}");
    let (mut line, known) = Line::begin(&house, call, a_worker()).await;
    line.said(known.epoch, Track::Far, 0, 2).await;
    assert!(matches!(line.next().await, Ok(to_worker::Kind::Settled(_))));
    assert_eq!(browser.get(&path).await["utterances"].as_array().unwrap().len(), 1);

    line.say(from_worker::Kind::Discard(calls::Discard {})).await;
    let Ok(to_worker::Kind::Command(command)) = line.next().await else { panic!("the agent is to erase it too") };
    assert_eq!(command.kind, i32::from(calls::CommandKind::Discard));
    assert!(matches!(line.next().await, Ok(to_worker::Kind::Discarded(_))));
    line.say(from_worker::Kind::Done(calls::Done { command: command.id })).await;
    assert_eq!(line.next().await.unwrap_err().code(), Code::Ok);

    let shown = browser.get(&path).await;
    assert_eq!((&shown["state"], shown["utterances"].as_array().map(Vec::len)), (&"discarded".into(), Some(0)));
    let (_, receipt) = browser.post(&format!("{path}/discard"), &serde_json::json!({})).await;
    assert_eq!(receipt["agent_done"], true);
    house.stop().await;
}

pub(crate) async fn a_free_job_goes_to_a_waiting_drafter(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let (line, job) = a_complete_call(&house, a_worker()).await;
    let worker = a_worker();
    let mut drafter = Drafter::open(&house, worker, 1).await;
    drop(line);
    // The reporting worker dies with its job; its lease runs out, and the waiting one gets the next attempt.
    house.clock.advance_ms(11_000);
    let to_drafter::Kind::Job(second) = drafter.next().await else { panic!("the freed job") };
    let second = DraftJob::try_from(second).unwrap();
    assert_eq!((second.key.draft, second.key.attempt), (1, 2));
    drafter.write(second.key).await;

    let mut dead = Drafter::open(&house, a_worker(), 0).await;
    dead.say(from_drafter::Kind::Sentence(sentence(job.key, 5).into())).await;
    assert!(matches!(dead.next().await, to_drafter::Kind::LeaseLost(_)), "a dead man's sentence is refused");

    // "Draft again" waits until the drafter has a place.
    let again = format!("/v1/calls/{}/draft/again", job.key.call);
    let (status, answer) = browser.post(&again, &serde_json::json!({})).await;
    assert_eq!((status, &answer["number"]), (202, &2.into()));
    drafter.ready(worker, 1).await;
    let to_drafter::Kind::Job(third) = drafter.next().await else { panic!("the new job") };
    assert_eq!(DraftJob::try_from(third).unwrap().key.draft, 2);

    // Somebody wants it otherwise: the one under way is void.
    let long = "kort ".repeat(101);
    let (status, problem) = browser.post(&again, &serde_json::json!({ "wish": long })).await;
    assert_eq!(status, 400, "{problem}");
    assert!(!problem["detail"].as_str().unwrap().contains("kort"), "what was typed is not repeated");
    assert_eq!(browser.post(&again, &serde_json::json!({ "area": "findes-ikke" })).await.0, 404);
    let wanted = serde_json::json!({ "area": "standard-en", "wish": "Kort.", "later": 1 });
    assert_eq!(browser.post(&again, &wanted).await, (202, serde_json::json!({ "number": 3 })));
    drafter.ready(worker, 1).await;
    let (mut lost, mut fourth) = (None, None);
    for _ in 0..2 {
        match drafter.next().await {
            to_drafter::Kind::LeaseLost(told) => lost = told.key,
            to_drafter::Kind::Job(job) => fourth = Some(job),
            to_drafter::Kind::Stored(_) => panic!("nothing was written"),
        }
    }
    assert_eq!(lost.map(|key| key.draft), Some(2), "its drafter is told, and aborts its request");
    let fourth = DraftJob::try_from(fourth.expect("the job that was asked for")).unwrap();
    assert_eq!((fourth.key.draft, fourth.area.area.as_str(), fourth.wish.reveal()), (3, "standard-en", "Kort."));
    house.stop().await;
}
