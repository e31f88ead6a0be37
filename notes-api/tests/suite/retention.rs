//! What is due goes, with a receipt; what is held stays; and the figures of managers do not change.

use crate::given::{Kept, LEASE, NOON, Place, Turn, a_call, a_worker, begin, said};
use crate::http::Browser;
use crate::notes::{put, save};
use crate::wire;
use referent_notes_api::activity::{Batch, Stretch};
use referent_notes_api::config::RetentionConfig;
use referent_notes_api::retention::sweeper::{Sweeper, Swept};
use referent_notes_api::retention::{Kind, Waits};
use referent_notes_api::shown::export::CallExport;
use referent_notes_api::shown::retention::RetentionView;
use referent_notes_api::store::calls::{Begin, Begun};
use referent_notes_api::store::commands::Discarding;
use referent_notes_api::store::drafts::Wanted;
use referent_notes_api::store::figures::FigureRow;
use referent_notes_api::store::notes::Over;
use referent_notes_api::store::retention::Erasing;
use referent_proto::{AreaSettings, CallId, CallState, CommandId, CommandKind, Retention, Spoken, Track};
use std::path::Path;
use std::process::Command;
use tokio_util::sync::CancellationToken;

const UNSAVED_EDIT_DAYS: u32 = 7;

/// Days of what was said, of drafts, of activity, of the note.
type Days = [Option<u32>; 4];

const USUAL: Days = [Some(30), Some(90), None, None];
const ALL: Days = [Some(30), Some(90), None, Some(400)];

fn area(days: Days) -> AreaSettings {
    let [transcript_days, drafts_days, activity_log_days, note_days] = days;
    let [standard, _] = referent_areas::built_in();
    AreaSettings {
        version: format!("{days:?}"),
        retention: Retention { transcript_days, drafts_days, activity_log_days, note_days },
        ..standard
    }
}

fn days_pass(kept: &Kept, days: i64) {
    kept.seconds_pass(days * 86_400);
}

fn sweeper(kept: &Kept, holder: &str) -> Sweeper {
    Sweeper {
        store: kept.store.clone(),
        clock: kept.clock.clone(),
        config: RetentionConfig::default(),
        holder: holder.to_owned(),
        shutdown: CancellationToken::new(),
    }
}

async fn sweep(kept: &Kept) -> Swept {
    let swept = sweeper(kept, "here").sweep().await.unwrap().expect("nobody else sweeps");
    assert!(swept.is_wiped);
    // The next one is an hour later.
    kept.seconds_pass(3_600);
    swept
}

fn erased(swept: &Swept) -> Vec<Kind> {
    swept.erased.keys().copied().collect()
}

/// A worker's turn with a new call of an area of these terms.
async fn a_call_of(kept: &Kept, days: Days) -> Turn {
    let (call, worker) = (a_call(), a_worker());
    let begin = Begin { area: area(days), ..begin(call, worker, "anna") };
    match kept.store.begin(begin, kept.now()).await.unwrap() {
        Begun::Known(known) => Turn { call, worker, epoch: known.epoch },
        other => panic!("{other:?}"),
    }
}

/// The same, over, with everything that there can be of it: text, draft, activity, an edit, and a note if somebody saved.
async fn a_full_call(kept: &Kept, days: Days, is_saved: bool) -> CallId {
    let turn = a_call_of(kept, days).await;
    kept.settle(&turn, vec![turn.said(Track::Near, 0, 10)]).await;
    kept.hang_up(&turn, 160_000, 160_000, 0).await;
    let (_, job) = kept.settle(&turn, vec![turn.said(Track::Far, 0, 10)]).await;
    kept.write_draft(&job.expect("the draft is due")).await;
    kept.store.draft_shown(turn.call, 1, kept.now()).await.unwrap();
    kept.seconds_pass(40);
    let stretches = vec![Stretch { from_ms: 0, to_ms: 40_000, left: false }];
    let batch = Batch { page: "one".into(), clock_ms: 40_000, came_ms: kept.now(), stretches };
    kept.store.add_activity(turn.call, 1, batch).await.unwrap();
    put(kept, turn.call, 0, "typed").await;
    if is_saved {
        kept.seconds_pass(1);
        save(kept, turn.call, 0, &turn.call.to_string(), "saved").await;
    }
    turn.call
}

async fn kept_of(kept: &Kept, call: CallId) -> RetentionView {
    kept.store.retention(call, kept.now(), UNSAVED_EDIT_DAYS).await.unwrap().unwrap()
}

async fn export(kept: &Kept, call: CallId) -> CallExport {
    kept.store.export(call, kept.now(), UNSAVED_EDIT_DAYS).await.unwrap().unwrap()
}

async fn figures(kept: &Kept) -> Vec<FigureRow> {
    kept.store.figures((0, i64::MAX), None, None).await.unwrap()
}

async fn acts(kept: &Kept, call: CallId) -> Vec<String> {
    let deeds = kept.store.deeds(format!("call/{call}")).await.unwrap();
    deeds.into_iter().map(|(_, link)| format!("{} {}", link.entry.who, link.entry.what)).collect()
}

fn command() -> CommandId {
    CommandId::from_bytes(&a_call().bytes()).unwrap()
}

pub(crate) async fn what_is_due_goes_with_a_receipt_and_figures_stay(place: Place) {
    let kept = place.store().await;
    let call = a_full_call(&kept, ALL, true).await;
    let before = figures(&kept).await;
    assert_eq!((before[0].batches, before[0].versions, before[0].draft_words), (Some(1), 1, Some(4)), "{before:?}");

    let swept = sweep(&kept).await;
    assert_eq!((swept.looked_at, swept.calls, swept.waiting.len()), (1, 0, 0));
    days_pass(&kept, 29);
    assert_eq!(
        sweep(&kept).await,
        Swept { is_wiped: true, ..Swept::default() },
        "it is looked at when something is due"
    );
    days_pass(&kept, 1);
    let at_ms = kept.now();
    assert_eq!(erased(&sweep(&kept).await), [Kind::Transcript, Kind::Activity, Kind::Events]);
    assert_eq!(figures(&kept).await, before);
    let detail = kept.store.detail(call).await.unwrap().unwrap();
    assert_eq!((detail.utterances.len(), detail.summary.transcript_erased_ms), (0, Some(at_ms)));
    assert_eq!(detail.draft.unwrap().sentences.unwrap().len(), 2, "drafts have more time");
    assert_eq!(detail.summary.case_id.as_deref(), Some("2026-114823"), "a note stands here");
    // Whoever looks at it hears of it, and of nothing that was said.
    let events = kept.store.events_after(call, 0).await.unwrap();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["state"]);
    // What comes of activity now would be counted as all of it.
    let late = Batch { page: "two".into(), clock_ms: 1, came_ms: kept.now(), stretches: Vec::new() };
    kept.store.add_activity(call, 1, late).await.unwrap();

    days_pass(&kept, 60);
    assert_eq!(erased(&sweep(&kept).await), [Kind::Drafts, Kind::Edit, Kind::Events]);
    assert_eq!(figures(&kept).await, before);
    let told = export(&kept, call).await;
    assert_eq!((told.heard.len(), told.edit.is_none(), told.notes.len()), (0, true, 1));
    assert_eq!(told.notes[0].sections["information"].reveal(), "saved");
    let draft = &told.drafts[0].draft;
    assert_eq!(draft.sentences.as_ref().unwrap().len(), 0);
    assert_eq!(draft.origin.as_ref().unwrap().model, "embedded-1", "which model it was is still known");

    days_pass(&kept, 310);
    assert_eq!(erased(&sweep(&kept).await), [Kind::Note, Kind::Identifiers, Kind::Events]);
    assert_eq!(figures(&kept).await, before);
    let told = export(&kept, call).await;
    assert!(told.notes[0].sections.is_empty() && told.call.case_id.is_none() && told.call.note_erased_ms.is_some());
    assert_eq!(told.notes[0].saved_by, "anna");
    let receipts: Vec<String> = told
        .retention
        .receipts
        .iter()
        .map(|it| {
            let days = it.days.map_or_else(|| "-".to_owned(), |days| days.to_string());
            let by_own = if it.area_version.is_some() { "area" } else { "own" };
            format!("{} {:?} {} rows, {days} days, {by_own}", it.kind.name(), it.cause, it.rows)
        })
        .collect();
    insta::allow_duplicates! { insta::assert_snapshot!(receipts.join("\n"), @"
    transcript Retention 2 rows, 30 days, area
    activity Retention 1 rows, 30 days, own
    events Retention 13 rows, - days, own
    drafts Retention 4 rows, 90 days, area
    edit Retention 1 rows, 90 days, area
    events Retention 1 rows, - days, own
    note Retention 1 rows, 400 days, area
    identifiers Retention 1 rows, 400 days, area
    events Retention 1 rows, - days, own
    ") };
    let acts = acts(&kept, call).await;
    assert_eq!(acts.iter().filter(|act| act.starts_with("retention ")).count(), told.retention.receipts.len());
    days_pass(&kept, 5_000);
    assert_eq!(sweep(&kept).await.looked_at, 0, "nothing is left that falls due");
    // Typed after all: it is looked at again.
    assert!(matches!(put(&kept, call, 0, "late").await, Over::Written(1)));
    assert_eq!(sweep(&kept).await.waiting[&Waits::Typed], 1);
    days_pass(&kept, 7);
    assert_eq!(erased(&sweep(&kept).await), [Kind::Edit, Kind::Events]);
}

pub(crate) async fn what_waits_says_for_what(place: Place) {
    let kept = place.store().await;
    let live = a_call_of(&kept, USUAL).await;
    kept.settle(&live, vec![live.said(Track::Far, 0, 5)]).await;
    let typed = a_full_call(&kept, USUAL, false).await;
    let asked = a_full_call(&kept, USUAL, true).await;
    days_pass(&kept, 25);
    put(&kept, typed, 1, "more").await;
    days_pass(&kept, 6);
    let wanted = Wanted { by: "anna".into(), ..Wanted::default() };
    kept.store.draft_again(asked, wanted, kept.now(), LEASE).await.unwrap();
    let swept = sweep(&kept).await;
    assert_eq!(erased(&swept), [Kind::Activity], "which keeps nobody's work");
    let waiting: Vec<_> = swept.waiting.into_iter().collect();
    assert_eq!(waiting, [(Waits::Live, 1), (Waits::Drafting, 1), (Waits::Typed, 1)]);
    let why = kept_of(&kept, live.call).await;
    assert_eq!(why.kept[0].waits, Some(Waits::Live));

    // Its worker is gone; the draft is written; the typing is a week ago.
    kept.store.contact_lost(live.call, live.epoch, kept.now(), 15_000).await.unwrap();
    days_pass(&kept, 1);
    let worker = a_worker();
    let job = kept.store.claim(worker, kept.now(), LEASE).await.unwrap().expect("the draft that was asked for");
    kept.write_draft(&job).await;
    let swept = sweep(&kept).await;
    assert_eq!((swept.calls, swept.waiting.len()), (3, 0), "{swept:?}");
    assert!(kept.store.detail(live.call).await.unwrap().unwrap().utterances.is_empty());
}

pub(crate) async fn a_hold_wins_but_over_an_objection(place: Place) {
    let kept = place.store().await;
    let (call, objected) = (a_full_call(&kept, ALL, true).await, a_full_call(&kept, ALL, true).await);
    let hold = async |call, why: &str| kept.store.set_hold(call, why.into(), "bo".into(), kept.now()).await.unwrap();
    let release =
        async |number| kept.store.release_hold(call, number, "over".into(), "bo".into(), kept.now()).await.unwrap();
    assert_eq!(hold(call, "a complaint").await.unwrap().number, 1);
    assert_eq!(hold(call, "access was refused").await.unwrap().number, 2);
    hold(objected, "a complaint").await.unwrap();
    assert!(hold(a_call(), "nobody").await.is_none());
    let content = async || {
        let CallExport { heard, drafts, edit, notes, call, .. } = export(&kept, call).await;
        (
            heard.len(),
            drafts[0].draft.sentences.as_ref().map(Vec::len),
            edit.is_some(),
            notes[0].sections.len(),
            call.case_id,
        )
    };
    let all = content().await;
    assert_eq!((all.0, all.1, all.2, all.3), (2, Some(2), true, 1));

    days_pass(&kept, 1_000);
    let swept = sweep(&kept).await;
    assert_eq!((swept.erased.len(), swept.waiting[&Waits::Held]), (0, 2));
    let erase = async || kept.store.erase(call, command(), "art. 17".into(), "bo".into(), kept.now()).await.unwrap();
    assert_eq!(erase().await, Erasing::Held);
    let discard = kept.store.discard_unless_held(call, command(), "anna".into(), kept.now()).await.unwrap();
    assert!(matches!(discard, Discarding::Held), "{discard:?}");
    assert_eq!(content().await, all);
    // Said on the PC: its sound is gone, and was never to be kept.
    kept.store.discard(objected, command(), "anna".into(), kept.now()).await.unwrap().unwrap();
    let told = export(&kept, objected).await;
    assert!(told.heard.is_empty() && told.drafts.is_empty() && told.retention.on_hold);
    assert_eq!(told.notes[0].sections.len(), 1, "what a person saved stays under the hold");

    let first = release(1).await.unwrap();
    assert_eq!(release(1).await.unwrap(), first, "a repeat changes nothing");
    assert!(release(3).await.is_none());
    assert_eq!((sweep(&kept).await.erased.len(), content().await), (0, all), "the other one is still on it");
    release(2).await.unwrap();
    assert!(!kept_of(&kept, call).await.on_hold);
    let swept = sweep(&kept).await;
    assert_eq!((swept.calls, swept.waiting[&Waits::Held]), (1, 1));
    assert_eq!(content().await, (0, Some(0), false, 0, None));
    let acts = acts(&kept, call).await;
    let of_holds = acts.iter().filter(|act| act.starts_with("bo ")).map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of_holds, ["bo hold_set", "bo hold_set", "bo hold_released", "bo hold_released"]);
}

pub(crate) async fn a_shorter_term_counts_for_older_calls_a_day_later(place: Place) {
    let kept = place.store().await;
    let call = a_full_call(&kept, [Some(100), None, None, None], false).await;
    let put_in_force = async |days: Days| kept.store.put_in_force(area(days), kept.now()).await.unwrap();
    put_in_force([Some(100), None, None, None]).await;
    days_pass(&kept, 20);
    assert!(!erased(&sweep(&kept).await).contains(&Kind::Transcript));
    let due = async || {
        let view = kept_of(&kept, call).await;
        view.kept.iter().find(|it| it.kind == Kind::Transcript).map(|it| it.days.unwrap())
    };
    // A slip of the pen, taken back within the day.
    put_in_force([Some(1), None, None, None]).await;
    kept.seconds_pass(86_400 - 3_601);
    assert_eq!((sweep(&kept).await.calls, due().await), (0, Some(100)));
    put_in_force([Some(200), None, None, None]).await;
    days_pass(&kept, 2);
    assert_eq!(
        (sweep(&kept).await.erased.contains_key(&Kind::Transcript), due().await),
        (false, Some(100)),
        "never longer"
    );
    // And meant.
    put_in_force([Some(21), None, None, None]).await;
    days_pass(&kept, 1);
    assert!(erased(&sweep(&kept).await).contains(&Kind::Transcript));
    let receipt = kept_of(&kept, call).await.receipts.into_iter().find(|it| it.kind == Kind::Transcript).unwrap();
    assert_eq!((receipt.days, receipt.area_version), (Some(21), Some(area([Some(21), None, None, None]).version)));
}

pub(crate) async fn an_erased_call_has_no_content_and_refuses_all(place: Place) {
    let kept = place.store().await;
    let call = a_full_call(&kept, USUAL, true).await;
    let before = figures(&kept).await;
    let erase =
        async |call| kept.store.erase(call, command(), "art. 17".into(), "bo".into(), kept.now()).await.unwrap();
    let Erasing::Done(receipts) = erase(call).await else { panic!("it is erased") };
    let kinds: Vec<Kind> = receipts.iter().map(|receipt| receipt.kind).collect();
    assert_eq!(kinds, Kind::CONTENT);
    assert!(receipts.iter().all(|it| it.erased_by == "bo" && it.reason.as_deref() == Some("art. 17")), "{receipts:?}");
    kept.seconds_pass(60);
    assert_eq!(erase(call).await, Erasing::Done(receipts), "a repeat tells the same");
    assert_eq!(figures(&kept).await, before, "what became of it is counted as before");

    let told = export(&kept, call).await;
    assert_eq!((told.call.state, told.call.case_id, told.external_id), (CallState::Discarded, None, None));
    assert!(
        told.heard.is_empty() && told.suppressed.is_empty() && told.edit.is_none() && told.notes[0].sections.is_empty()
    );
    assert!(told.drafts.iter().all(|draft| draft.draft.sentences.as_ref().is_some_and(Vec::is_empty)));
    assert!(matches!(put(&kept, call, 0, "x").await, Over::Discarded));
    assert!(matches!(save(&kept, call, 1, "another", "x").await, Over::Discarded));
    let Begun::Discarded(commands) = kept.begin_as(call, a_worker(), "anna").await else { panic!("it is erased") };
    assert!(commands.is_empty(), "a complete call is on no PC");
    let acts = acts(&kept, call).await;
    assert_eq!(acts.iter().filter(|act| *act == "bo call_erased").count(), 1);

    // A PC that still has sound of it is told to erase that; one that goes on is not erased.
    let turn = a_call_of(&kept, USUAL).await;
    kept.settle(&turn, vec![said(turn.epoch, Track::Far, 0, 10, "Hej.")]).await;
    assert_eq!(erase(turn.call).await, Erasing::Live);
    kept.store.contact_lost(turn.call, turn.epoch, kept.now(), 15_000).await.unwrap();
    assert!(matches!(erase(turn.call).await, Erasing::Done(_)));
    let Begun::Discarded(commands) = kept.begin_as(turn.call, a_worker(), "anna").await else { panic!("it is erased") };
    assert_eq!(commands[0].kind, CommandKind::Discard);
    // One to which the citizen had objected loses its note as well, and stays counted as that.
    let call = a_full_call(&kept, USUAL, true).await;
    kept.store.discard(call, command(), "anna".into(), kept.now()).await.unwrap().unwrap();
    assert!(matches!(erase(call).await, Erasing::Done(_)));
    assert!(export(&kept, call).await.notes[0].sections.is_empty());
    assert_eq!(figures(&kept).await.iter().map(|row| row.discarded).sum::<i64>(), 1);
    assert_eq!(erase(a_call()).await, Erasing::Unknown);
}

pub(crate) async fn of_two_who_sweep_one_does(place: Place) {
    let kept = place.store().await;
    let mut calls = Vec::new();
    for _ in 0..12 {
        calls.push(a_full_call(&kept, USUAL, false).await);
    }
    days_pass(&kept, 200);
    let (one, two) = (sweeper(&kept, "one"), sweeper(&kept, "two"));
    let (first, second) = tokio::join!(one.sweep(), two.sweep());
    let swept: Vec<Swept> = [first.unwrap(), second.unwrap()].into_iter().flatten().collect();
    assert_eq!(swept.len(), 1, "the other one leaves it");
    assert_eq!((swept[0].calls, swept[0].erased[&Kind::Transcript]), (12, 24));
    assert!(two.sweep().await.unwrap().is_none(), "it was done just now");

    // And where both believe that it is theirs, each row goes once.
    let call = a_full_call(&kept, USUAL, false).await;
    days_pass(&kept, 200);
    let look = || kept.store.look_at_retention(call, kept.now(), UNSAVED_EDIT_DAYS);
    let (first, second) = tokio::join!(look(), look());
    let went: i64 = [first.unwrap(), second.unwrap()].iter().flat_map(|look| &look.erased).map(|(_, rows)| rows).sum();
    assert_eq!(went, kept_of(&kept, call).await.receipts.iter().map(|receipt| receipt.rows).sum::<i64>());
}

/// What there is of a call: rows of text, of typed text, of notes; and whether a draft has sentences.
async fn content(kept: &Kept, call: CallId) -> (i64, i64, i64, bool) {
    let told = export(kept, call).await;
    let mut rows = 0;
    for track in Track::BOTH {
        rows += kept.store.chain(call, track).await.unwrap().len();
    }
    let notes = told.notes.iter().filter(|note| !note.sections.is_empty()).count();
    let count = |rows: usize| i64::try_from(rows).unwrap();
    let has_draft = told.drafts.iter().any(|draft| draft.draft.sentences.as_ref().is_some_and(|all| !all.is_empty()));
    (count(rows), i64::from(told.edit.is_some()), count(notes), has_draft)
}

/// A small generator, so that a course can be played again from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

pub(crate) async fn whatever_happens_nothing_held_goes_and_nothing_due_stays_unsaid(place: Place) {
    let kept = place.store().await;
    for seed in 0..8 {
        a_random_course(&kept, seed).await;
    }
}

async fn a_random_course(kept: &Kept, seed: u64) {
    let mut dice = Dice(seed);
    let days = [USUAL, ALL, [Some(5), None, Some(3), Some(20)], [None; 4]];
    let mut calls = Vec::new();
    for days in days {
        calls.push(a_full_call(kept, days, dice.roll(2) == 0).await);
    }
    for step in 0..40 {
        let call = calls[usize::try_from(dice.roll(4)).unwrap()];
        let at = format!("seed {seed}, step {step}");
        let held = kept_of(kept, call).await.on_hold;
        let before = content(kept, call).await;
        let what = dice.roll(12);
        match what {
            0..3 => days_pass(kept, i64::try_from(dice.roll(30)).unwrap()),
            3 => drop(kept.store.set_hold(call, "why".into(), "bo".into(), kept.now()).await.unwrap()),
            4 => {
                for hold in kept_of(kept, call).await.holds {
                    kept.store.release_hold(call, hold.number, "why".into(), "bo".into(), kept.now()).await.unwrap();
                }
            }
            5 => {
                let over = kept.store.detail(call).await.unwrap().unwrap().edit.map_or(0, |edit| edit.revision);
                put(kept, call, over, "typed").await;
            }
            6 => {
                let over = kept.store.detail(call).await.unwrap().unwrap().note.map_or(0, |note| note.version);
                save(kept, call, over, &format!("{seed} {step}"), "saved").await;
            }
            7 if dice.roll(4) == 0 => {
                kept.store.discard(call, command(), "anna".into(), kept.now()).await.unwrap();
            }
            8 if dice.roll(2) == 0 => {
                kept.store.discard_unless_held(call, command(), "anna".into(), kept.now()).await.unwrap();
            }
            9 if dice.roll(2) == 0 => {
                kept.store.erase(call, command(), "why".into(), "bo".into(), kept.now()).await.unwrap();
            }
            _ => {
                let mut all = Vec::new();
                for call in &calls {
                    all.push((*call, kept_of(kept, *call).await.on_hold, content(kept, *call).await));
                }
                sweep(kept).await;
                for (call, held, before) in all {
                    assert!(!held || content(kept, call).await == before, "{at}: what is held stays");
                    let unsaid = kept_of(kept, call).await.kept.into_iter().find(|it| {
                        it.due_ms.is_some_and(|due_ms| due_ms <= kept.now() - 3_600_000) && it.waits.is_none()
                    });
                    assert_eq!(unsaid, None, "{at}: what is due goes, or says why not");
                }
            }
        }
        if held && matches!(what, 8 | 9) {
            assert_eq!(content(kept, call).await, before, "{at}: what is held stays");
        }
        receipts_say_what_went(kept, call, before, what, &at).await;
    }
}

/// What was there before and is not now stands on receipts, to the row.
async fn receipts_say_what_went(kept: &Kept, call: CallId, before: (i64, i64, i64, bool), what: u64, at: &str) {
    if matches!(what, 5 | 6) {
        return; // Something came.
    }
    let after = content(kept, call).await;
    let now = kept.now() - 3_600_000;
    let receipts = kept_of(kept, call).await.receipts;
    let rows = |kind: Kind| {
        let new = receipts.iter().filter(|it| it.kind == kind && it.erased_ms >= now);
        new.map(|it| it.rows).sum::<i64>()
    };
    if before.0 > after.0 {
        assert_eq!(rows(Kind::Transcript), before.0, "{at}");
    }
    if before.1 > after.1 {
        assert!(rows(Kind::Edit) >= 1, "{at}");
    }
    if before.2 > after.2 {
        assert!(rows(Kind::Note) >= before.2, "{at}");
    }
    assert!(!before.3 || after.3 || rows(Kind::Drafts) >= 2, "{at}");
}

pub(crate) async fn an_administrator_holds_erases_and_exports(place: Place) {
    let house = place.house().await;
    let kept = place.store().await;
    let browser = Browser::log_in(&house).await;
    let worker = a_worker();
    let (_line, job) = wire::a_complete_call(&house, worker).await;
    wire::write_draft(&house, worker, job.key).await;
    let (call, path) = (job.key.call, format!("/v1/calls/{}", job.key.call));
    let why = serde_json::json!({ "reason": "  a complaint " });
    let (status, hold) = browser.post(&format!("{path}/holds"), &why).await;
    assert_eq!((status, &hold["number"], &hold["reason"]), (201, &1.into(), &"a complaint".into()));
    let (status, _) = browser.post(&format!("{path}/holds"), &serde_json::json!({ "reason": " " })).await;
    assert_eq!(status, 400);
    for way in ["erase", "discard"] {
        let (status, problem) = browser.post(&format!("{path}/{way}"), &why).await;
        assert_eq!((status, &problem["type"]), (409, &"urn:referent:problem:on-hold".into()), "{way}");
    }
    let view = browser.get(&format!("{path}/retention")).await;
    assert_eq!((&view["on_hold"], &view["kept"][0]["kind"]), (&true.into(), &"transcript".into()));
    assert_eq!(view["kept"][0]["due_ms"].as_i64(), Some(NOON + 30 * 86_400_000));

    let told = browser.get(&format!("{path}/export")).await;
    assert_eq!((told["heard"].as_array().unwrap().len(), &told["owner"]), (2, &"anna".into()));
    assert_eq!(told["drafts"][0]["sentences"].as_array().unwrap().len(), 2);
    assert_eq!(told["drafts"][0]["origin"]["model"], "embedded-1");
    assert!(told["deeds"].as_array().unwrap().iter().any(|deed| deed["what"] == "hold_set"));
    let (status, _) = browser.post(&format!("{path}/holds/2/release"), &why).await;
    assert_eq!(status, 404);
    let (status, _) = browser.post(&format!("{path}/holds/1/release"), &why).await;
    assert_eq!(status, 200);
    let (status, erased) = browser.post(&format!("{path}/erase"), &why).await;
    assert_eq!((status, &erased["receipts"][0]["kind"]), (200, &"transcript".into()));
    assert_eq!(browser.get(&path).await["state"], "discarded");
    let (live, _) = wire::Line::begin(&house, a_call(), a_worker()).await;
    let newest = browser.get("/v1/calls").await["calls"][0]["id"].as_str().unwrap().to_owned();
    let (status, problem) = browser.post(&format!("/v1/calls/{newest}/erase"), &why).await;
    assert_eq!((status, &problem["type"]), (409, &"urn:referent:problem:call-goes-on".into()));
    drop(live);
    let acts = acts(&kept, call).await;
    for act in ["hold_set", "call_exported", "hold_released", "transcript_erased", "call_erased"] {
        assert!(acts.contains(&format!("local {act}")), "{act}: {acts:?}");
    }
    house.stop().await;
}

/// What the program says on the command line.
fn say(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_referent-notes-api"))
        .arg("--config")
        .arg(folder.join("config.toml"))
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_holds_erases_and_exports() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("notes.db");
    let config = format!(
        "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\ndatabase = \"sqlite://{}\"\n[retention]\nbackup_days = 35\n",
        database.display()
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let kept = Place::sqlite(folder.path()).store().await;
    let call = a_full_call(&kept, USUAL, true).await.to_string();
    let check = |arguments: &[&str], is_done: bool, expected: &str| {
        let (done, said) = say(folder.path(), arguments);
        assert!(done == is_done && said.contains(expected), "{arguments:?}: {said}");
    };
    check(&["hold", "--call", &call, "--reason", "a complaint"], true, "hold 1 is on call");
    check(&["kept", "--call", &call], true, "\"on_hold\": true");
    check(&["erase", "--call", &call, "--reason", "art. 17"], false, "release that first");
    check(&["release", "--call", &call, "--hold", "2", "--reason", "over"], false, "has no hold 2");
    check(&["release", "--call", &call, "--hold", "1", "--reason", "over"], true, "is released");
    check(&["export", "--call", &call], true, "Borgeren er flyttet.");
    check(&["export", "--call", &call], true, "\"what\": \"call_exported\"");
    check(&["erase", "--call", &call, "--reason", "art. 17"], true, "\"cause\": \"erasure\"");
    let (_, said) = say(folder.path(), &["export", "--call", &call]);
    assert!(!said.contains("flyttet") && said.contains("\"backup_days\": 35"), "{said}");
    check(&["export", "--call", &a_call().to_string()], false, "there is no call");
    check(&["hold", "--call", &call, "--reason", ""], false, "write a short one");
}

/// What a person wished of a draft goes with the drafts.
#[tokio::test(flavor = "multi_thread")]
async fn a_wish_goes_with_the_drafts() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Place::sqlite(folder.path()).store().await;
    let call = a_full_call(&kept, USUAL, true).await;
    let wanted = Wanted { wish: Spoken::new("Kort."), by: "anna".into(), ..Wanted::default() };
    kept.store.draft_again(call, wanted, kept.now(), LEASE).await.unwrap();
    let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().unwrap();
    kept.write_draft(&job).await;
    assert!(export(&kept, call).await.drafts.iter().any(|draft| draft.wish.is_some()));
    days_pass(&kept, 91);
    sweep(&kept).await;
    assert!(export(&kept, call).await.drafts.iter().all(|draft| draft.wish.is_none()));
}
