//! Drafts under leases, against a notes-api that a test plays.

use crate::calls::{said, utterance};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_identity::Dial;
use referent_pipeline::draft::Drafters;
use referent_pipeline::draft::scripted::ScriptedDrafter;
use referent_pipeline::jobs::{self, Jobs};
use referent_proto::draft::{DraftJob, DraftKey};
use referent_proto::ids::{CallId, Track, WorkerId};
use referent_proto::ingest::from_drafter::Kind;
use referent_proto::ingest::ingest_server::{Ingest, IngestServer};
use referent_proto::ingest::{
    DraftStored, FromDrafter, FromPresence, FromWorker, LeaseLost, ToDrafter, ToPresence, ToWorker, to_drafter,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

const PATIENCE: Duration = Duration::from_secs(20);

/// One `DraftJobs` stream, as notes-api has it.
struct Line {
    from: Streaming<FromDrafter>,
    to: mpsc::Sender<Result<ToDrafter, Status>>,
}

impl Line {
    async fn hear(&mut self) -> Kind {
        let message = timeout(PATIENCE, self.from.message()).await.expect("a message in time");
        message.expect("a message").expect("not the end").kind.expect("a kind")
    }

    /// The next message that is no renewal and no call for work.
    async fn hear_about_a_draft(&mut self) -> Kind {
        loop {
            match self.hear().await {
                Kind::Ready(_) | Kind::Renewal(_) => {}
                about => return about,
            }
        }
    }

    /// The places of the next call for work, past everything else.
    async fn hear_places(&mut self, expected: u32) {
        loop {
            if let Kind::Ready(ready) = self.hear().await
                && ready.places == expected
            {
                return;
            }
        }
    }

    async fn say(&self, kind: to_drafter::Kind) {
        self.to.send(Ok(ToDrafter { kind: Some(kind) })).await.expect("a listener");
    }

    async fn stored(&self, key: DraftKey) {
        self.say(to_drafter::Kind::Stored(DraftStored { key: Some(key.into()) })).await;
    }

    async fn lost(&self, key: DraftKey) {
        self.say(to_drafter::Kind::LeaseLost(LeaseLost { key: Some(key.into()) })).await;
    }
}

struct Played(mpsc::Sender<Line>);

type Answers<T> = ReceiverStream<Result<T, Status>>;

#[tonic::async_trait]
impl Ingest for Played {
    type CallStream = Answers<ToWorker>;
    async fn call(&self, _: Request<Streaming<FromWorker>>) -> Result<Response<Answers<ToWorker>>, Status> {
        Err(Status::unimplemented("not played"))
    }

    type DraftJobsStream = Answers<ToDrafter>;
    async fn draft_jobs(
        &self,
        request: Request<Streaming<FromDrafter>>,
    ) -> Result<Response<Answers<ToDrafter>>, Status> {
        let (to, answers) = mpsc::channel(16);
        self.0.send(Line { from: request.into_inner(), to }).await.map_err(|_| Status::aborted("over"))?;
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    type PresenceStream = Answers<ToPresence>;
    async fn presence(&self, _: Request<Streaming<FromPresence>>) -> Result<Response<Answers<ToPresence>>, Status> {
        Err(Status::unimplemented("not played"))
    }
}

/// A worker that drafts by script, and the notes-api it talks to.
struct World {
    jobs: Jobs,
    lines: mpsc::Receiver<Line>,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
    worker: JoinSet<()>,
    listener: Option<TcpListener>,
    served: mpsc::Sender<Line>,
}

impl World {
    /// A worker; its connection is not taken yet.
    async fn alone(script: ScriptedDrafter) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (served, lines) = mpsc::channel(4);
        let (jobs, given) = Jobs::channel();
        let shutdown = CancellationToken::new();
        let notes_api = Dial::to(&format!("http://{address}"), None, |endpoint| endpoint).expect("an address");
        let mut worker = JoinSet::new();
        worker.spawn(jobs::run(
            notes_api,
            WorkerId::new(1, [7; 10]),
            Arc::new(Drafters::scripted(script)),
            given,
            StdRng::seed_from_u64(1),
            shutdown.clone(),
        ));
        Self { jobs, lines, shutdown, tasks: JoinSet::new(), worker, listener: Some(listener), served }
    }

    /// A worker and a notes-api.
    async fn whole(script: ScriptedDrafter) -> Self {
        let mut world = Self::alone(script).await;
        world.serve();
        world
    }

    fn serve(&mut self) {
        let listener = self.listener.take().expect("served once");
        let service = IngestServer::new(Played(self.served.clone()));
        self.tasks.spawn(async move {
            let served = Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener));
            served.await.expect("a server");
        });
    }

    /// The next connection; its first message is a call for no work.
    async fn line(&mut self) -> Line {
        let mut line = timeout(PATIENCE, self.lines.recv()).await.expect("a line in time").expect("a line");
        let Kind::Ready(ready) = line.hear().await else { panic!("ready comes first") };
        assert_eq!((ready.places, ready.worker), (0, WorkerId::new(1, [7; 10]).bytes().to_vec()));
        line
    }

    async fn ends(&mut self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.worker.join_next()).await.expect("it ends").expect("it ran").expect("no panic");
    }
}

fn job(number: u8) -> DraftJob {
    let key = DraftKey { call: CallId::new(number.into(), [number; 10]), draft: 1, attempt: 1 };
    let utterances = [
        utterance(Track::Far, 1.0, 2.0, "Jeg ringer om min pension."),
        utterance(Track::Near, 3.0, 4.0, "Du får svar inden fire uger."),
        utterance(Track::Far, 5.0, 6.0, "Så sender jeg brevet i dag."),
    ];
    DraftJob { key, ..said(utterances) }
}

fn slow() -> ScriptedDrafter {
    ScriptedDrafter { pause: Duration::from_hours(1), ..ScriptedDrafter::default() }
}

/// Hears the three sentences of a job and its end.
async fn hears_it_all(line: &mut Line, key: DraftKey) {
    for index in 0..3 {
        let Kind::Sentence(sentence) = line.hear_about_a_draft().await else { panic!("sentence {index} comes next") };
        assert_eq!((sentence.index, sentence.key), (index, Some(key.into())));
    }
    let Kind::Finished(finished) = line.hear_about_a_draft().await else { panic!("the end comes last") };
    assert_eq!((finished.sentences, finished.key), (3, Some(key.into())));
}

#[tokio::test]
async fn a_given_job_is_written_at_once_and_forgotten_when_it_is_stored() {
    let mut world = World::whole(ScriptedDrafter::default()).await;
    let mut line = world.line().await;
    line.hear_places(8).await;
    let job = job(1);
    let key = job.key;
    world.jobs.give(job);
    hears_it_all(&mut line, key).await;
    line.stored(key).await;
    drop(line);
    let mut next = world.line().await;
    // Nothing is said again: the first thing is the call for work.
    let Kind::Ready(ready) = next.hear().await else { panic!("nothing is owed") };
    assert_eq!(ready.places, 8);
    world.ends().await;
}

#[tokio::test]
async fn a_job_of_the_stream_takes_a_place_until_its_end_is_said() {
    let mut world = World::whole(ScriptedDrafter::default()).await;
    let mut line = world.line().await;
    line.hear_places(8).await;
    let job = job(1);
    let key = job.key;
    line.say(to_drafter::Kind::Job(job.into())).await;
    hears_it_all(&mut line, key).await;
    line.hear_places(8).await;
    world.ends().await;
}

#[tokio::test]
async fn what_was_not_stored_is_said_again_on_a_new_connection() {
    let mut world = World::whole(ScriptedDrafter::default()).await;
    let mut line = world.line().await;
    let job = job(1);
    let key = job.key;
    world.jobs.give(job);
    hears_it_all(&mut line, key).await;
    for _ in 0..3 {
        drop(line);
        line = world.line().await;
        hears_it_all(&mut line, key).await;
    }
    line.stored(key).await;
    line.hear_places(8).await;
    world.ends().await;
}

#[tokio::test]
async fn a_draft_written_while_nobody_listens_is_said_when_somebody_does() {
    let mut world = World::alone(ScriptedDrafter::default()).await;
    let job = job(1);
    let key = job.key;
    world.jobs.give(job);
    world.serve();
    let mut line = world.line().await;
    hears_it_all(&mut line, key).await;
    line.stored(key).await;
    world.ends().await;
}

#[tokio::test]
async fn a_lease_is_renewed_while_the_draft_is_written() {
    let mut world = World::whole(slow()).await;
    let mut line = world.line().await;
    let job = DraftJob { lease_ms: 600, ..job(1) };
    let key = job.key;
    world.jobs.give(job);
    let began = Instant::now();
    for _ in 0..3 {
        loop {
            match line.hear().await {
                Kind::Ready(_) => {}
                Kind::Renewal(renewal) => break assert_eq!(renewal.key, Some(key.into())),
                _ => panic!("nothing is written yet"),
            }
        }
    }
    // The first may come at once, with the connection.
    assert!(began.elapsed() >= Duration::from_millis(390), "every 200 ms, not more often: {:?}", began.elapsed());
    line.lost(key).await;
    line.hear_places(8).await;
    world.ends().await;
}

#[tokio::test]
async fn a_lost_lease_stops_the_drafting() {
    let mut world = World::whole(slow()).await;
    let mut line = world.line().await;
    line.hear_places(8).await;
    let job = job(1);
    let key = job.key;
    world.jobs.give(job);
    line.hear_places(7).await;
    line.lost(key).await;
    line.hear_places(8).await;
    // Nothing is being written, so that the end does not have to wait.
    let began = Instant::now();
    world.ends().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn more_jobs_than_places_wait_and_are_written_in_turn() {
    let pause = Duration::from_millis(20);
    let mut world = World::whole(ScriptedDrafter { pause, ..ScriptedDrafter::default() }).await;
    let mut line = world.line().await;
    for number in 1..=30 {
        world.jobs.give(job(number));
    }
    let mut ends = 0;
    while ends < 30 {
        if let Kind::Finished(finished) = line.hear_about_a_draft().await {
            ends += 1;
            line.stored(finished.key.expect("a key").try_into().expect("a key")).await;
        }
    }
    line.hear_places(8).await;
    world.ends().await;
}

#[tokio::test]
async fn the_end_of_the_process_waits_for_what_is_being_written() {
    let pause = Duration::from_millis(200);
    let mut world = World::whole(ScriptedDrafter { pause, ..ScriptedDrafter::default() }).await;
    let mut line = world.line().await;
    line.hear_places(8).await;
    let job = job(1);
    let key = job.key;
    world.jobs.give(job);
    line.hear_places(7).await;
    world.shutdown.cancel();
    hears_it_all(&mut line, key).await;
    line.stored(key).await;
    world.ends().await;
}

#[tokio::test]
async fn the_end_of_the_process_does_not_wait_for_ever() {
    let mut world = World::whole(slow()).await;
    let mut line = world.line().await;
    world.jobs.give(job(1));
    line.hear_places(7).await;
    let began = Instant::now();
    world.ends().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
