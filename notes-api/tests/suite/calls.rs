//! Calls: whose they are, what the timer says about them, and that a discarded one is gone.

use crate::given::{Kept, LEASE, Place, a_call, a_worker, said};
use crate::notes::{put, save};
use referent_notes_api::call::Status;
use referent_notes_api::store::calls::{Begun, EndedAnswer};
use referent_notes_api::store::drafts::{Held, Wanted};
use referent_notes_api::store::notes::Over;
use referent_notes_api::store::settles::Settlement;
use referent_notes_api::store::shared::Holders;
use referent_proto::{CallId, CallState, CommandId, CommandKind, Track};
use std::pin::{Pin, pin};
use std::task::Poll;

async fn status(kept: &Kept, call: CallId) -> (Status, Option<String>) {
    let summary = kept.store.summary(call).await.unwrap().expect("a call");
    (summary.status, summary.status_reason)
}

pub(crate) async fn a_call_belongs_to_who_began_it(place: Place) {
    let kept = place.store().await;
    let turn = kept.new_call().await;
    kept.settle(&turn, vec![turn.said(Track::Far, 0, 3)]).await;
    assert!(matches!(kept.begin_as(turn.call, a_worker(), "bo").await, Begun::NotYours));
    let (answers, _) = kept.settle(&turn, vec![turn.said(Track::Far, 3, 4)]).await;
    assert_eq!(answers.len(), 1, "the stranger took nobody's turn");
    let known = kept.begin(turn.call, a_worker()).await;
    assert_eq!((known.epoch.0, known.utterances.len(), known.state), (2, 2, CallState::Live));
    assert_eq!(known.area.area, "standard");
}

pub(crate) async fn silence_is_visible_within_15_seconds(place: Place) {
    let kept = place.store().await;
    let turn = kept.new_call().await;
    assert_eq!(status(&kept, turn.call).await.0, Status::Listening);
    kept.store.contact_lost(turn.call, turn.epoch, kept.now(), 15_000).await.unwrap();
    kept.seconds_pass(14);
    kept.timer_looks().await;
    assert_eq!(status(&kept, turn.call).await.0, Status::Listening, "a reconnection of a few seconds is no news");
    kept.seconds_pass(1);
    kept.timer_looks().await;
    assert_eq!(status(&kept, turn.call).await.0, Status::NoContact);
    let epoch = kept.begin(turn.call, turn.worker).await.epoch;
    assert_eq!(status(&kept, turn.call).await.0, Status::Listening, "and back at once");
    // A late word of the stream that broke changes nothing.
    kept.store.contact_lost(turn.call, turn.epoch, kept.now(), 15_000).await.unwrap();
    assert_ne!(turn.epoch, epoch);
    assert_eq!(kept.store.summary(turn.call).await.unwrap().unwrap().state, CallState::Live);
}

pub(crate) async fn a_hang_up_without_a_worker_is_visible_within_15_seconds(place: Place) {
    let kept = place.store().await;
    let turn = kept.new_call().await;
    kept.settle(&turn, vec![turn.said(Track::Near, 0, 3)]).await;
    kept.hang_up(&turn, 160_000, 160_000, 0).await;
    assert_eq!(status(&kept, turn.call).await, (Status::TextBehind, Some("10".into())), "at once, with the seconds");
    kept.store.contact_lost(turn.call, turn.epoch, kept.now(), 15_000).await.unwrap();
    kept.seconds_pass(15);
    kept.timer_looks().await;
    assert_eq!(status(&kept, turn.call).await, (Status::TranscriptionDown, Some("no_worker".into())));
    kept.begin(turn.call, turn.worker).await;
    assert_eq!(status(&kept, turn.call).await.0, Status::TextBehind);
}

pub(crate) async fn a_draft_without_a_drafter_is_visible_within_15_seconds(place: Place) {
    let kept = place.store().await;
    let (turn, _) = kept.a_complete_call().await;
    assert_eq!(status(&kept, turn.call).await.0, Status::Drafting);
    kept.seconds_pass(11); // The worker has died; its lease runs out.
    kept.timer_looks().await;
    assert_eq!(status(&kept, turn.call).await.0, Status::Drafting);
    kept.seconds_pass(15);
    kept.timer_looks().await;
    assert_eq!(status(&kept, turn.call).await, (Status::TranscriptionDown, Some("no_drafter".into())));
    let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a free job");
    assert_eq!(status(&kept, turn.call).await.0, Status::Drafting);
    kept.write_draft(&job).await;
    assert_eq!(status(&kept, turn.call).await.0, Status::DraftReady);
    save(&kept, turn.call, 0, "save", "text").await;
    assert_eq!(status(&kept, turn.call).await.0, Status::Saved);
}

pub(crate) async fn a_provisional_draft_after_a_minute(place: Place) {
    let kept = place.store().await;
    let (silent, typed) = (kept.new_call().await, kept.new_call().await);
    let talked = kept.new_call().await;
    for turn in [&typed, &talked] {
        kept.settle(turn, vec![turn.said(Track::Far, 0, 5)]).await;
    }
    put(&kept, typed.call, 0, "mine").await;
    for turn in [&silent, &typed, &talked] {
        kept.store.contact_lost(turn.call, turn.epoch, kept.now(), 15_000).await.unwrap();
    }
    for _ in 0..59 {
        kept.seconds_pass(1);
        kept.timer_looks().await;
    }
    assert!(kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().is_none(), "not before a minute");
    kept.seconds_pass(1);
    kept.timer_looks().await;
    let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a provisional draft");
    assert_eq!((job.key.call, job.provisional), (talked.call, true));
    let none = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap();
    assert!(none.is_none(), "none where nothing was said or a person types");
    kept.write_draft(&job).await;
    for _ in 0..100 {
        kept.seconds_pass(1);
        kept.timer_looks().await;
    }
    assert_eq!(kept.store.detail(talked.call).await.unwrap().unwrap().draft.unwrap().number, 1, "one is enough");
}

pub(crate) async fn calls_of_a_process_that_is_gone_lose_contact(place: Place) {
    let kept = place.store().await;
    kept.store.still_here("here".into(), kept.now(), 0).await.unwrap();
    let turn = kept.new_call().await;
    let lose =
        async |kept: &Kept| kept.store.orphans_lose_contact(kept.now() - 6_000, kept.now(), 15_000).await.unwrap();
    kept.seconds_pass(5);
    assert_eq!(lose(&kept).await, 0);
    kept.seconds_pass(2);
    assert_eq!(lose(&kept).await, 1);
    kept.seconds_pass(8);
    kept.timer_looks().await;
    assert_eq!(status(&kept, turn.call).await.0, Status::NoContact, "15 s after the process was heard last");
    kept.begin(turn.call, turn.worker).await;
    kept.store.forget_holders(Holders::All).await.unwrap();
    assert_eq!(lose(&kept).await, 1, "a process that says goodbye is gone at once");
}

pub(crate) async fn a_discarded_call_leaves_a_tombstone(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    put(&kept, turn.call, 0, "mine").await;
    let command = CommandId::new(1, [1; 10]);
    let discard = async || kept.store.discard(turn.call, command, "anna".into(), kept.now()).await.unwrap().unwrap();
    let receipt = discard().await;
    assert!(!receipt.note_kept && !receipt.agent_done);

    // Every later write is refused.
    let settled = kept.store.settle(turn.call, turn.worker, vec![turn.said(Track::Far, 10, 11)], kept.now(), LEASE);
    assert_eq!(settled.await.unwrap(), Settlement::Discarded);
    assert!(matches!(kept.hang_up(&turn, 1, 1, 0).await, EndedAnswer::Discarded));
    assert_eq!(kept.store.renew(job.key, kept.now(), LEASE).await.unwrap(), Held::Lost);
    assert!(matches!(put(&kept, turn.call, 1, "x").await, Over::Discarded));
    assert!(matches!(save(&kept, turn.call, 0, "s", "x").await, Over::Discarded));
    assert_eq!(kept.store.draft_again(turn.call, Wanted::default(), kept.now(), LEASE).await.unwrap(), None);
    kept.timer_looks().await;

    // Nothing that was said or typed is left.
    let detail = kept.store.detail(turn.call).await.unwrap().unwrap();
    assert_eq!((detail.summary.state, detail.summary.status), (CallState::Discarded, Status::Discarded));
    assert!(detail.utterances.is_empty() && detail.draft.is_none() && detail.edit.is_none() && detail.note.is_none());
    assert_eq!(detail.summary.case_id, None);
    let events = kept.store.events_after(turn.call, 0).await.unwrap();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["state"]);

    // The agent hears of it until it is done, and the receipt says so.
    let Begun::Discarded(commands) = kept.begin_as(turn.call, a_worker(), "anna").await else { panic!("discarded") };
    assert_eq!((commands[0].id, commands[0].kind), (command, CommandKind::Discard));
    kept.store.command_done(turn.call, command, kept.now()).await.unwrap();
    let again = discard().await;
    assert!(again.agent_done && again.discarded_ms == receipt.discarded_ms);
    let Begun::Discarded(commands) = kept.begin_as(turn.call, a_worker(), "anna").await else { panic!("discarded") };
    assert!(commands.is_empty());

    // A saved note stays.
    let (turn, _) = kept.a_drafted_call().await;
    save(&kept, turn.call, 0, "kept", "text").await;
    let command = CommandId::new(1, [2; 10]);
    let receipt = kept.store.discard(turn.call, command, "anna".into(), kept.now()).await.unwrap().unwrap();
    assert!(receipt.note_kept);
    assert!(kept.store.detail(turn.call).await.unwrap().unwrap().note.is_some());
    assert!(kept.store.discard(a_call(), command, "anna".into(), kept.now()).await.unwrap().is_none());
}

/// Writers of all kinds race on one call; the numbers stay 1, 2, 3, …, and a page that asks from anywhere gets the rest.
pub(crate) async fn events_are_numbered_without_a_hole(place: Place) {
    let kept = &place.store().await;
    let turn = &kept.new_call().await;
    let talk = async {
        for second in 0..60 {
            kept.settle(turn, vec![turn.said(Track::Far, second, second + 1)]).await;
        }
    };
    let pause = async {
        for second in 0..60 {
            kept.settle(turn, vec![turn.quiet(Track::Near, second, second + 1)]).await;
        }
    };
    let typing = async {
        for revision in 0..60 {
            put(kept, turn.call, revision, "text").await;
        }
    };
    let reading = async {
        let (mut last, mut seen) = (0, 0);
        while seen < 120 {
            for event in kept.store.events_after(turn.call, last).await.unwrap() {
                assert_eq!(event.sequence, last + 1, "a later number is never visible before an earlier one");
                last = event.sequence;
                seen += usize::from(event.kind != "state");
            }
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_mins(1);
    tokio::time::timeout(patience, Box::pin(async { tokio::join!(talk, pause, typing, reading) }))
        .await
        .expect("all events");
}

/// A page that closes its stream drops a read wherever that stands, and so does a request that times out.
pub(crate) async fn who_goes_away_leaves_no_transaction_open(place: Place) {
    let kept = &place.store().await;
    let turn = kept.new_call().await;
    // As often as there are connections, and more: each of them meets it.
    for (polls, second) in (0..8).flat_map(|polls| (0..40).map(move |second| (polls, u64::from(polls) * 40 + second))) {
        give_up_after(polls, pin!(kept.store.events_after(turn.call, 0))).await;
        // In a transaction that was left open for reading it would fail.
        kept.settle(&turn, vec![turn.said(Track::Far, second, second + 1)]).await;
    }
}

/// Drops a future that is not ready after so many polls.
async fn give_up_after<F: Future>(polls: u32, mut future: Pin<&mut F>) {
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Pending if left > 0 => {
            left -= 1;
            Poll::Pending
        }
        _ => Poll::Ready(()),
    })
    .await;
}

/// SQLite keeps old pages in its log; after a discard neither file holds what was said.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_discarded_is_no_longer_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Place::sqlite(folder.path()).store().await;
    let turn = kept.new_call().await;
    kept.settle(&turn, vec![said(turn.epoch, Track::Far, 0, 10, "rabarberkvadrat")]).await;
    put(&kept, turn.call, 0, "rabarberkvadrat").await;
    let on_disk = || {
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(15).any(|window| window == b"rabarberkvadrat")
        })
    };
    assert!(on_disk());
    kept.store.discard(turn.call, CommandId::new(1, [4; 10]), "anna".into(), kept.now()).await.unwrap();
    assert!(!on_disk());
}
