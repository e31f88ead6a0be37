//! Fetches from a server that plays every trick, and what is in the folder afterwards.

mod server;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use referent_models::Sha256;
use referent_models::fetch::{self, Event, FetchError, Outcome, Patience, Wanted, WrongFile, free_space};
use server::{Answer, Server};
use sha2::Digest as _;
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// Short enough for a test, long enough for a busy machine.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(10),
    idle: Duration::from_secs(10),
    retries: 3,
    pause: Duration::from_millis(1),
    other: Duration::from_secs(10),
    look: Duration::from_millis(5),
};

fn sum(bytes: &[u8]) -> Sha256 {
    let digits = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    Sha256::try_from(digits).expect("64 digits")
}

/// Bytes that do not repeat where a server could be off by a block.
fn weights(n: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..n).map(|_| next()).collect()
}

/// A folder, a server, and a model of these bytes.
struct Scene {
    _folder: TempDir,
    server: Server,
    wanted: Wanted,
    part: PathBuf,
    events: Vec<String>,
}

impl Scene {
    async fn new(body: &[u8], answers: Vec<Answer>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(answers).await;
        let path = folder.path().join("ggml-model.bin");
        let part = folder.path().join("ggml-model.bin.part");
        let wanted = Wanted {
            name: "model".to_owned(),
            url: server.url.clone(),
            path,
            bytes: body.len() as u64,
            sha256: sum(body),
        };
        Self { _folder: folder, server, wanted, part, events: Vec::new() }
    }

    async fn fetch(&mut self) -> Result<Outcome, FetchError> {
        self.fetch_with(WrongFile::Keep, &PATIENCE).await
    }

    async fn fetch_with(&mut self, wrong_file: WrongFile, patience: &Patience) -> Result<Outcome, FetchError> {
        let before = fs::read(&self.wanted.path).ok();
        let (path, events) = (&self.wanted.path, &mut self.events);
        let mut tell = |event: Event<'_>| {
            assert_eq!(fs::read(path).ok(), before, "the place is untouched while it is fetched");
            events.push(match event {
                Event::Begins { at } => format!("begins {at}"),
                Event::Afresh => "afresh".to_owned(),
                Event::Again { .. } => "again".to_owned(),
                Event::Waiting => "waiting".to_owned(),
                Event::Bytes { .. } => return,
            });
        };
        let result = fetch::fetch(&self.wanted, wrong_file, patience, free_space, &mut tell).await;
        if result.is_err() {
            assert_eq!(fs::read(path).ok(), before, "an error leaves the place as it was");
        }
        result
    }

    fn there(&self) -> Vec<u8> {
        fs::read(&self.wanted.path).expect("a file")
    }

    fn left(&self) -> Option<Vec<u8>> {
        fs::read(&self.part).ok()
    }

    /// The `Range` of each request, or "".
    fn ranges(&self) -> Vec<String> {
        let range = |head: &String| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("range: "));
            line.map(|line| line[7..].to_owned()).unwrap_or_default()
        };
        self.server.asked().iter().map(range).collect()
    }
}

#[tokio::test]
async fn a_model_is_fetched_once() {
    let body = weights(100_000);
    let mut scene = Scene::new(&body, vec![Answer::file(&body)]).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!((scene.there(), scene.left()), (body.clone(), None));
    assert_eq!(scene.fetch().await.unwrap(), Outcome::WasThere);
    assert_eq!((scene.ranges(), scene.events), (vec![String::new()], vec!["begins 0".to_owned()]));
}

#[tokio::test]
async fn a_cut_fetch_goes_on_where_it_ended() {
    let body = weights(100_000);
    let answers = vec![Answer::file(&body).cut(30_000), Answer::file(&body).cut(20_000), Answer::file(&body)];
    let mut scene = Scene::new(&body, answers).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!(scene.there(), body);
    assert_eq!(scene.ranges(), ["", "bytes=30000-", "bytes=50000-"]);
}

#[tokio::test]
async fn a_fetch_that_gave_up_is_gone_on_with_by_the_next() {
    let body = weights(100_000);
    let mut answers = vec![Answer::file(&body).cut(40_000)];
    answers.extend(vec![Answer::file(&body).cut(0); 4]);
    answers.push(Answer::file(&body));
    let mut scene = Scene::new(&body, answers).await;
    let error = scene.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::CutOff { .. }) && error.to_string().contains("fetch again"), "{error}");
    assert_eq!(scene.left().unwrap(), body[..40_000]);
    assert_eq!(scene.ranges().len(), 5, "one that brought something, one in vain, and three more");
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!((scene.there(), scene.ranges().last().unwrap().as_str()), (body, "bytes=40000-"));
}

#[tokio::test]
async fn a_part_that_was_whole_before_it_was_renamed_needs_no_server() {
    let body = weights(5_000);
    let mut scene = Scene::new(&body, vec![Answer::status(500)]).await;
    fs::write(&scene.part, &body).unwrap();
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!((scene.there(), scene.left(), scene.ranges().len()), (body, None, 0));
}

#[tokio::test]
async fn a_server_without_ranges_begins_anew() {
    let body = weights(50_000);
    let answers = vec![Answer::file(&body).cut(30_000), Answer::file(&body).without_ranges()];
    let mut scene = Scene::new(&body, answers).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!((scene.there(), scene.events), (body, ["begins 0", "again", "afresh"].map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn a_range_that_was_not_asked_for_is_refused() {
    let body = weights(50_000);
    let answers = vec![Answer::file(&body).cut(30_000), Answer::file(&body).shifted(1)];
    let mut scene = Scene::new(&body, answers).await;
    assert!(matches!(scene.fetch().await, Err(FetchError::Refused { status: 206, .. })));
    assert_eq!(scene.left().unwrap(), body[..30_000]);
}

#[tokio::test]
async fn a_wrong_sum_leaves_nothing() {
    let body = weights(50_000);
    let mut other = body.clone();
    other[49_999] ^= 1;
    let mut scene = Scene::new(&body, vec![Answer::file(&other)]).await;
    let error = scene.fetch().await.unwrap_err();
    let (expected, found) = (sum(&body).to_string(), sum(&other).to_string());
    let said = error.to_string();
    assert!(
        matches!(error, FetchError::WrongSum { .. }) && said.contains(&expected) && said.contains(&found),
        "{said}"
    );
    assert_eq!((scene.left(), scene.ranges().len()), (None, 1));
}

#[tokio::test]
async fn a_damaged_part_is_begun_anew_once() {
    let body = weights(50_000);
    let mut scene = Scene::new(&body, vec![Answer::file(&body)]).await;
    fs::write(&scene.part, vec![0; 20_000]).unwrap();
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!((scene.there(), scene.ranges()), (body.clone(), vec!["bytes=20000-".to_owned(), String::new()]));

    let other = weights(50_001)[1..].to_vec();
    let mut scene = Scene::new(&body, vec![Answer::file(&other).cut(20_000), Answer::file(&other)]).await;
    assert!(matches!(scene.fetch().await, Err(FetchError::WrongSum { .. })));
    assert_eq!((scene.ranges(), scene.left()), (vec![String::new(), "bytes=20000-".to_owned(), String::new()], None));
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_is_never_pieced_together() {
    let body = weights(50_000);
    let old = weights(50_001)[1..].to_vec();
    // With a strong tag, the server itself gives the whole new file.
    let answers = vec![Answer::file(&old).tagged("\"a\"").cut(20_000), Answer::file(&body).tagged("\"b\"")];
    let mut scene = Scene::new(&body, answers).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    let heads = scene.server.asked();
    assert!(heads[1].to_ascii_lowercase().contains("if-range: \"a\""), "{}", heads[1]);
    assert_eq!((scene.there(), heads.len()), (body.clone(), 2));

    // If it is too simple for that, the tag of its range gives it away.
    let answers =
        vec![Answer::file(&old).tagged("\"a\"").cut(20_000), Answer::file(&body).tagged("\"b\"").without_if_range()];
    let mut scene = Scene::new(&body, answers).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!(
        (scene.there(), scene.events),
        (body.clone(), ["begins 0", "again", "afresh", "again"].map(str::to_owned).to_vec())
    );

    // Without one, the sum tells.
    let answers = vec![Answer::file(&old).tagged("W/\"a\"").cut(20_000), Answer::file(&body).tagged("W/\"a\"")];
    let mut scene = Scene::new(&body, answers).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert!(!scene.server.asked()[1].to_ascii_lowercase().contains("if-range"));
    assert_eq!((scene.there(), scene.ranges().len()), (body, 3));
}

#[tokio::test]
async fn a_file_of_another_size_is_refused_before_it_is_fetched() {
    let body = weights(50_000);
    for other in [weights(49_999), weights(50_001)] {
        let mut scene = Scene::new(&body, vec![Answer::file(&other)]).await;
        let error = scene.fetch().await.unwrap_err();
        assert!(matches!(error, FetchError::OtherSize { .. }), "{error}");
        assert_eq!((scene.left(), scene.ranges().len()), (None, 1));
    }
    // A server that does not say it is not read beyond the end.
    let mut scene = Scene::new(&body, vec![Answer::file(&weights(5_000_000)).without_length()]).await;
    let error = scene.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::OtherSize { found, .. } if found < 1_000_000), "{error}");
    assert_eq!(scene.left(), None);
}

#[tokio::test]
async fn an_answer_that_ends_too_early_without_a_word_is_gone_on_with() {
    let body = weights(50_000);
    let answers = vec![Answer::file(&body[..20_000]).without_length(), Answer::file(&body)];
    let mut scene = Scene::new(&body, answers).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!((scene.there(), scene.ranges()), (body, vec![String::new(), "bytes=20000-".to_owned()]));
}

#[tokio::test]
async fn a_status_is_tried_again_only_where_it_can_pass() {
    let body = weights(5_000);
    for (status, tries) in [(404, 1), (401, 1), (403, 1), (410, 1), (304, 1), (500, 4), (503, 4), (429, 4), (408, 4)] {
        let mut scene = Scene::new(&body, vec![Answer::status(status)]).await;
        let error = scene.fetch().await.unwrap_err().to_string();
        assert!(error.contains(&format!("answers {status};")), "{error}");
        assert_eq!((scene.ranges().len(), scene.left()), (tries, None), "{status}");
    }
    let mut scene = Scene::new(&body, vec![Answer::status(500), Answer::status(503), Answer::file(&body)]).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!(scene.there(), body);
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let body = weights(50_000);
    let patience = Patience { idle: Duration::from_millis(200), retries: 1, ..PATIENCE };
    for at in [0, 20_000] {
        let mut scene = Scene::new(&body, vec![Answer::file(&body).hang(at), Answer::file(&body).hang(0)]).await;
        let error = scene.fetch_with(WrongFile::Keep, &patience).await.unwrap_err();
        assert!(matches!(error, FetchError::Unreachable { .. }), "{at}: {error}");
        assert_eq!(scene.left().map_or(0, |part| part.len()), at);
    }
    let answers = vec![Answer::file(&body).hang(20_000), Answer::file(&body).hang(0), Answer::file(&body)];
    let mut scene = Scene::new(&body, answers).await;
    assert_eq!(scene.fetch_with(WrongFile::Keep, &patience).await.unwrap(), Outcome::Fetched);
    assert_eq!(scene.there(), body);
}

#[tokio::test]
async fn nobody_there_is_said() {
    let body = weights(5_000);
    let mut scene = Scene::new(&body, vec![Answer::status(500)]).await;
    // Port 9 of loopback is left to nobody.
    scene.wanted.url = "http://127.0.0.1:9/model.bin".to_owned();
    let error = scene.fetch().await.unwrap_err().to_string();
    assert!(error.contains("http://127.0.0.1:9/model.bin is not reached") && error.contains("HTTPS_PROXY"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_known_before() {
    let body = weights(50_000);
    let mut scene = Scene::new(&body, vec![Answer::file(&body)]).await;
    let error = fetch::fetch(&scene.wanted, WrongFile::Keep, &PATIENCE, |_| Ok(3_000_000), &mut |_| ()).await;
    let error = error.unwrap_err().to_string();
    let folder = scene.wanted.path.parent().unwrap().display().to_string();
    assert!(error.contains("17 MB are needed") && error.contains("3 MB are free"), "{error}");
    assert!(error.contains(&folder) && error.contains("--models-dir"), "{error}");
    assert_eq!((scene.ranges().len(), scene.left()), (0, None));
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched, "the real disk has room");
}

#[tokio::test]
async fn a_wrong_file_is_replaced_only_if_that_is_wanted() {
    let body = weights(50_000);
    for wrong in [b"something else".to_vec(), weights(50_001)[1..].to_vec()] {
        let mut scene = Scene::new(&body, vec![Answer::file(&body)]).await;
        fs::write(&scene.wanted.path, &wrong).unwrap();
        let error = scene.fetch().await.unwrap_err();
        assert!(
            matches!(error, FetchError::WrongFileThere { .. }) && error.to_string().contains("--replace"),
            "{error}"
        );
        assert_eq!((scene.there(), scene.ranges().len(), scene.left()), (wrong, 0, None));
        assert_eq!(scene.fetch_with(WrongFile::Replace, &PATIENCE).await.unwrap(), Outcome::Fetched);
        assert_eq!(scene.there(), body);
    }
}

#[tokio::test]
async fn a_redirect_is_followed_on_this_machine_and_nowhere_unsafe() {
    let body = weights(5_000);
    let target = Server::start(vec![Answer::file(&body)]).await;
    let mut scene = Scene::new(&body, vec![Answer::to(&target.url)]).await;
    assert_eq!(scene.fetch().await.unwrap(), Outcome::Fetched);
    assert_eq!((scene.there(), target.asked().len()), (body.clone(), 1));

    for unsafe_url in ["http://192.0.2.1/model.bin", "http://localhost:9/model.bin"] {
        let mut scene = Scene::new(&body, vec![Answer::to(unsafe_url)]).await;
        let error = scene.fetch().await.unwrap_err();
        assert!(matches!(error, FetchError::Redirected { .. }) && error.to_string().contains("not https"), "{error}");
        assert!(!error.to_string().contains(unsafe_url), "where it leads can hold a key: {error}");
        assert_eq!(scene.ranges().len(), 1);
    }

    let mut scene = Scene::new(&body, vec![Answer::to("/again")]).await;
    let error = scene.fetch().await.unwrap_err();
    assert!(error.to_string().contains("more than five times"), "{error}");
    assert_eq!(scene.ranges().len(), 6);
}

#[tokio::test]
async fn an_unsafe_address_is_not_asked() {
    let body = weights(5_000);
    let mut scene = Scene::new(&body, vec![Answer::file(&body)]).await;
    for url in ["http://example.org/model.bin", "ftp://127.0.0.1/model.bin", "model.bin", ""] {
        scene.wanted.url = url.to_owned();
        assert!(matches!(scene.fetch().await, Err(FetchError::BadAddress { .. })), "{url:?}");
    }
    assert_eq!(scene.left(), None);
}

#[tokio::test]
async fn of_two_at_once_one_fetches_and_the_other_finds_it_done() {
    let body = weights(100_000);
    let gate = Arc::new(Semaphore::new(0));
    let scene = Scene::new(&body, vec![Answer::file(&body).hold(10_000, &gate)]).await;
    let wanted = &scene.wanted;
    // Whoever comes second lets the first go on, so that they certainly meet.
    let one = |gate: Arc<Semaphore>| async move {
        let mut met = false;
        let mut tell = |event: Event<'_>| {
            if matches!(event, Event::Waiting) {
                met = true;
                gate.add_permits(1);
            }
        };
        let outcome = fetch::fetch(wanted, WrongFile::Keep, &PATIENCE, free_space, &mut tell).await;
        (outcome.unwrap(), met)
    };
    let both = tokio::join!(one(Arc::clone(&gate)), one(gate));
    assert_eq!(both, ((Outcome::Fetched, false), (Outcome::WasThere, true)));
    assert_eq!((scene.there(), scene.ranges().len(), scene.left()), (body, 1, None));
}

#[tokio::test]
async fn the_second_goes_on_where_the_first_gave_up_and_does_not_wait_for_ever() {
    let body = weights(50_000);
    let scene = Scene::new(&body, vec![Answer::file(&body)]).await;
    fs::write(&scene.part, &body[..7_000]).unwrap();
    let other = fs::OpenOptions::new().write(true).open(&scene.part).unwrap();
    other.lock().unwrap();

    let patience = Patience { other: Duration::from_millis(50), ..PATIENCE };
    let busy = fetch::fetch(&scene.wanted, WrongFile::Keep, &patience, free_space, &mut |_| ()).await;
    assert!(matches!(busy, Err(FetchError::Busy { .. })), "{busy:?}");

    let mut tell = |event: Event<'_>| {
        if matches!(event, Event::Waiting) {
            other.unlock().unwrap();
        }
    };
    let done = fetch::fetch(&scene.wanted, WrongFile::Keep, &PATIENCE, free_space, &mut tell).await;
    assert_eq!(
        (done.unwrap(), scene.there(), scene.ranges()),
        (Outcome::Fetched, body, vec!["bytes=7000-".to_owned()])
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said() {
    let body = weights(5_000);
    let mut scene = Scene::new(&body, vec![Answer::file(&body)]).await;
    scene.wanted.path = scene.wanted.path.with_file_name("no-such-folder").join("model.bin");
    let error = scene.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::Disk { .. }) && error.to_string().contains("no-such-folder"), "{error}");
}

/// What an earlier fetch, or an accident, left as the part.
#[derive(Debug, Clone)]
enum Left {
    Nothing,
    /// The first bytes, so many of 1000.
    Some(usize),
    /// Other bytes.
    Other(Vec<u8>),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// F1 and F2: wherever it is cut, and whatever lay there, the whole right file comes out.
    #[test]
    fn however_it_is_cut_the_bytes_are_equal(
        body in proptest::collection::vec(any::<u8>(), 1..20_000),
        left in prop_oneof![
            Just(Left::Nothing),
            (0..=1000_usize).prop_map(Left::Some),
            proptest::collection::vec(any::<u8>(), 0..25_000).prop_map(Left::Other),
        ],
        cuts in proptest::collection::vec((0..=1000_usize, any::<bool>(), any::<bool>(), any::<bool>()), 0..12),
    ) {
        let mut answers: Vec<_> = cuts.iter().map(|&(at, ranges, tagged, length)| {
            let answer = Answer::file(&body).cut(body.len() * at / 1000);
            let answer = if ranges { answer } else { answer.without_ranges() };
            let answer = if tagged { answer.tagged("\"a\"") } else { answer };
            if length { answer } else { answer.without_length() }
        }).collect();
        answers.push(Answer::file(&body));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut scene = Scene::new(&body, answers).await;
            match &left {
                Left::Nothing => {}
                Left::Some(n) => fs::write(&scene.part, &body[..body.len() * n / 1000]).unwrap(),
                Left::Other(bytes) => fs::write(&scene.part, bytes).unwrap(),
            }
            let patience = Patience { retries: 100, pause: Duration::ZERO, ..PATIENCE };
            let outcome = scene.fetch_with(WrongFile::Keep, &patience).await;
            prop_assert!(matches!(outcome, Ok(Outcome::Fetched)), "{outcome:?}");
            prop_assert_eq!(scene.there(), body);
            prop_assert_eq!(scene.left(), None);
            Ok(())
        })?;
    }
}
