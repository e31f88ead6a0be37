//! What was said, drafted and typed of a call is looked for, after its time and after an erasure, wherever bytes may lie.
//!
//! A made-up word is spoken, drafted, wished for, typed and saved, under the two ways that a call is erased. Looked at are
//! every file beside SQLite's database, while it is open and when it is closed; every row of PostgreSQL after the sweep's
//! VACUUM, and the files of its tables after a VACUUM FULL; and the log at its loudest. That the word is found before, and
//! that of a call beside it afterwards, shows that the search can find. Not looked at: PostgreSQL's own log of
//! writes and backups, which age out (docs/operating.md, "Keeping and deleting").

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

#[path = "../suite/given.rs"]
#[expect(dead_code, reason = "the suite needs more of it")]
mod given;

#[path = "../../../tests/src/postgres.rs"]
#[expect(unreachable_pub, reason = "the stories' crate has this file as a public module")]
mod postgres;

use given::{Kept, LEASE, Place, Turn, a_call, a_worker, begin, said, sentence, whole};
use referent_notes_api::config::RetentionConfig;
use referent_notes_api::retention::sweeper::Sweeper;
use referent_notes_api::store::calls::{Begin, Begun, EndedAnswer};
use referent_notes_api::store::drafts::{Held, Wanted};
use referent_notes_api::store::notes::{NewEdit, NewVersion, Over};
use referent_notes_api::store::retention::Erasing;
use referent_proto::{AreaSettings, CallId, CommandId, DraftJob, Retention, Spoken, Track};
use std::io::Write as _;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Of the call that is kept until its time is over.
const DUE: &str = "kvistfiskeri7431";
/// Of the call that an administrator erases.
const ERASED: &str = "mosefloejte8862";
/// Of the call beside them, which nothing erases.
const STAYS: &str = "tagrendeorgel5519";

/// A call into which the word comes in every way that there is.
async fn a_call_that_says(kept: &Kept, word: &str, retention: Retention) -> CallId {
    let (call, worker) = (a_call(), a_worker());
    let [standard, _] = referent_areas::built_in();
    let area = AreaSettings { version: word.len().to_string(), retention, ..standard };
    let mut begun = Begin { area, ..begin(call, worker, "anna") };
    begun.hello.case_id = Some(word.to_owned());
    let Begun::Known(known) = kept.store.begin(begun, kept.now()).await.unwrap() else { panic!("it is new") };
    let turn = Turn { call, worker, epoch: known.epoch };
    for part in 0..20 {
        let (from, to) = (part * 160_000, (part + 1) * 160_000);
        for track in Track::BOTH {
            kept.settle(&turn, vec![said(turn.epoch, track, from, to, &format!("Jeg spørger om {word}, {part}."))])
                .await;
        }
    }
    let EndedAnswer::Job(job) = kept.hang_up(&turn, 3_200_000, 3_200_000, 0).await else { panic!("the draft is due") };
    write_draft(kept, &job, word).await;
    let wanted = Wanted { wish: Spoken::new(format!("Nævn {word}.")), by: "anna".into(), ..Wanted::default() };
    kept.store.draft_again(call, wanted, kept.now(), LEASE).await.unwrap();
    let job = kept.store.claim(worker, kept.now(), LEASE).await.unwrap().expect("the draft that was asked for");
    write_draft(kept, &job, word).await;
    type_and_save(kept, call, word).await;
    call
}

async fn write_draft(kept: &Kept, job: &DraftJob, word: &str) {
    let mut written = sentence(job.key, 0);
    written.text = Spoken::new(format!("Borgeren spurgte om {word}."));
    assert_eq!(kept.store.add_sentences(vec![written], kept.now()).await.unwrap(), Held::Yes);
    assert_eq!(kept.store.draft_finished(job.key, whole(), kept.now()).await.unwrap(), Held::Yes);
}

async fn type_and_save(kept: &Kept, call: CallId, word: &str) {
    for revision in 0..20 {
        let sections = [("information".to_owned(), Spoken::new(format!("Om {word}, {revision}.")))].into();
        let edit = NewEdit { over: revision, draft: Some(1), sections, by: "anna".to_owned() };
        assert!(matches!(kept.store.put_edit(call, edit, kept.now()).await.unwrap(), Over::Written(_)));
    }
    let version = NewVersion {
        over: 0,
        save_id: call.to_string(),
        note: format!("note of {call}"),
        edit_revision: None,
        draft: Some(1),
        sections: [("information".to_owned(), Spoken::new(format!("Gemt om {word}.")))].into(),
        confirmed: Vec::new(),
        by: "anna".to_owned(),
    };
    assert!(matches!(kept.store.save_note(call, version, kept.now()).await.unwrap(), Over::Written(_)));
}

/// Says the words, has the time pass and one call erased.
async fn all_that_happens(kept: &Kept, looked_at: impl AsyncFn(&str) -> usize) {
    let kept_for =
        |days| Retention { transcript_days: days, drafts_days: days, activity_log_days: days, note_days: days };
    a_call_that_says(kept, DUE, kept_for(Some(30))).await;
    let erased = a_call_that_says(kept, ERASED, kept_for(None)).await;
    let stays = a_call_that_says(kept, STAYS, kept_for(Some(3_000))).await;
    kept.store.set_hold(stays, "a complaint".into(), "bo".into(), kept.now()).await.unwrap().expect("the call");
    for word in [DUE, ERASED, STAYS] {
        assert!(looked_at(word).await > 0, "{word} is found as long as it is there");
    }
    let command = CommandId::from_bytes(&a_call().bytes()).unwrap();
    let erasing = kept.store.erase(erased, command, "art. 17".into(), "bo".into(), kept.now()).await.unwrap();
    assert!(matches!(erasing, Erasing::Done(_)), "{erasing:?}");
    kept.seconds_pass(31 * 86_400);
    let sweeper = Sweeper {
        store: kept.store.clone(),
        clock: kept.clock.clone(),
        config: RetentionConfig::default(),
        holder: "here".to_owned(),
        shutdown: CancellationToken::new(),
    };
    let swept = sweeper.sweep().await.unwrap().expect("nobody else sweeps");
    assert!(swept.is_wiped && swept.calls > 0, "{swept:?}");
}

/// Its writer goes first: closing waits for that.
async fn close(kept: Kept) {
    let store = kept.store.clone();
    drop(kept);
    tokio::time::timeout(std::time::Duration::from_secs(20), store.close()).await.expect("it closes");
}

/// Files under a folder in which the word stands.
fn files_with(folder: &Path, word: &str) -> usize {
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found += files_with(&path, word);
        } else {
            // A database that runs takes files away while they are looked at; what is gone holds nothing.
            let bytes = match std::fs::read(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                read => read.unwrap(),
            };
            found += usize::from(bytes.windows(word.len()).any(|bytes| bytes == word.as_bytes()));
        }
    }
    found
}

async fn residue_of_sqlite() -> usize {
    let folder = tempfile::tempdir().unwrap();
    let kept = Place::sqlite(folder.path()).store().await;
    all_that_happens(&kept, async |word| files_with(folder.path(), word)).await;
    let found = || files_with(folder.path(), DUE) + files_with(folder.path(), ERASED);
    let while_open = found();
    close(kept).await;
    assert!(files_with(folder.path(), STAYS) > 0, "the call beside them stays");
    while_open + found()
}

/// Rows of all tables in which the word stands.
async fn rows_with(pool: &sqlx::PgPool, word: &str) -> usize {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'")
            .fetch_all(pool)
            .await
            .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    let mut found = 0;
    for table in tables {
        // As an argument: the text of a statement is in the log.
        let counts = format!("SELECT COUNT(*) FROM {table} AS r WHERE strpos(r::text, $1) > 0");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(counts)).bind(word).fetch_one(pool).await.unwrap();
        found += usize::try_from(rows).unwrap();
    }
    found
}

/// `None` where PostgreSQL is not installed.
async fn residue_of_postgresql() -> Option<usize> {
    let cluster = postgres::Cluster::start().unwrap()?;
    let place = Place::postgres(&cluster.url(), "residue").await;
    let kept = place.store().await;
    let (server, _) =
        cluster.url().rsplit_once('/').map(|(server, name)| (server.to_owned(), name.to_owned())).unwrap();
    let pool = sqlx::PgPool::connect(&format!("{server}/residue")).await.unwrap();
    all_that_happens(&kept, async |word| rows_with(&pool, word).await).await;
    let in_rows = rows_with(&pool, DUE).await + rows_with(&pool, ERASED).await;
    assert!(rows_with(&pool, STAYS).await > 0, "the call beside them stays");
    for statement in ["VACUUM FULL", "CHECKPOINT"] {
        sqlx::raw_sql(statement).execute(&pool).await.unwrap();
    }
    let folder: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&pool).await.unwrap();
    let tables = Path::new(&folder).join("base");
    assert!(files_with(&tables, STAYS) > 0, "the call beside them stays");
    close(kept).await;
    Some(in_rows + files_with(&tables, DUE) + files_with(&tables, ERASED))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_call_is_left() {
    let log = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(log.path().join("log")).unwrap();
    // The loudest there is, of us and of what we rest on.
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(file).init();
    let sqlite = residue_of_sqlite().await;
    let postgresql = residue_of_postgresql().await;
    let logged = std::fs::metadata(log.path().join("log")).unwrap().len();
    assert!(logged > 0, "there is a log to look at");
    let in_log: usize = [DUE, ERASED, STAYS].iter().map(|word| files_with(log.path(), word)).sum();
    let row = serde_json::json!({ "sqlite": sqlite, "postgresql": postgresql, "log": in_log, "log_bytes": logged });
    writeln!(std::io::stdout(), "{row}").unwrap();
    assert_eq!((sqlite, postgresql.unwrap_or(0), in_log), (0, 0, 0));
}
