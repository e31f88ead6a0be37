//! Edits and notes: nothing that a person typed is overwritten, whoever else writes.

use crate::given::{Kept, Place, a_call, sentence, whole};
use referent_notes_api::shown::{EditView, NoteView, SectionTexts};
use referent_notes_api::store::drafts::Held;
use referent_notes_api::store::notes::{NewEdit, NewVersion, Over};
use referent_proto::{CallId, Confirm, DraftSentence, Flag, FlagKind, FlagReason, Spoken};

pub(crate) fn texts(text: &str) -> SectionTexts {
    [("information".to_owned(), Spoken::new(text))].into()
}

pub(crate) async fn put(kept: &Kept, call: CallId, over: i64, text: &str) -> Over<i64, EditView> {
    let edit = NewEdit { over, draft: Some(1), sections: texts(text), by: "anna".to_owned() };
    kept.store.put_edit(call, edit, kept.now()).await.unwrap()
}

fn version(over: i64, save_id: &str, text: &str) -> NewVersion {
    NewVersion {
        over,
        save_id: save_id.to_owned(),
        note: format!("note of {save_id}"),
        edit_revision: None,
        draft: Some(1),
        sections: texts(text),
        confirmed: Vec::new(),
        by: "anna".to_owned(),
    }
}

pub(crate) async fn save(kept: &Kept, call: CallId, over: i64, save_id: &str, text: &str) -> Over<NoteView, NoteView> {
    kept.store.save_note(call, version(over, save_id, text), kept.now()).await.unwrap()
}

fn written<T: std::fmt::Debug, C: std::fmt::Debug>(over: Over<T, C>) -> T {
    match over {
        Over::Written(value) => value,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn an_edit_is_over_the_revision_that_was_seen(place: Place) {
    let kept = place.store().await;
    let (turn, _) = kept.a_drafted_call().await;
    assert_eq!(written(put(&kept, turn.call, 0, "et").await), 1);
    assert_eq!(written(put(&kept, turn.call, 1, "to").await), 2);
    for over in [0, 1, 3] {
        let Over::Conflict(Some(current)) = put(&kept, turn.call, over, "tabt").await else {
            panic!("over {over} is refused")
        };
        assert_eq!((current.revision, &current.sections), (2, &texts("to")));
    }
    let detail = kept.store.detail(turn.call).await.unwrap().unwrap();
    assert_eq!(detail.edit.unwrap().sections, texts("to"));
    // The draft is another table: no edit touches it.
    assert_eq!(detail.draft.unwrap().sentences.unwrap().len(), 2);
}

pub(crate) async fn a_note_is_saved_once_for_each_save_id(place: Place) {
    let kept = place.store().await;
    let (turn, _) = kept.a_drafted_call().await;
    assert!(kept.store.draft_shown(turn.call, 1, kept.now()).await.unwrap());
    kept.seconds_pass(40);
    assert!(kept.store.draft_shown(turn.call, 1, kept.now()).await.unwrap(), "a second showing does not count");
    kept.seconds_pass(2);
    let first = written(save(&kept, turn.call, 0, "one", "et").await);
    assert_eq!((first.version, first.part, first.correction_ms), (1, 1, Some(42_000)));
    kept.seconds_pass(60);
    let Over::Repeated(again) = save(&kept, turn.call, 0, "one", "something else").await else { panic!("a repeat") };
    assert_eq!((again.version, again.saved_ms, &again.sections), (1, first.saved_ms, &texts("et")));

    let second = written(save(&kept, turn.call, 1, "two", "to").await);
    assert_eq!((second.version, &second.id, second.correction_ms), (2, &first.id, Some(42_000)));
    let Over::Repeated(again) = save(&kept, turn.call, 0, "one", "et").await else { panic!("an old repeat") };
    assert_eq!(again.version, 1, "its own result, not the newest");
    let versions = kept.store.note_versions(turn.call).await.unwrap().unwrap();
    assert_eq!(versions.iter().map(|note| note.version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(versions[0].sections, texts("et"), "a version never changes");
}

/// Of each flag and mark of confirmation one row, and what became of its sentence in the newest save.
pub(crate) async fn what_became_of_flags_and_confirmations_is_kept(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    let flag = |kind| Flag {
        kind,
        start: 0,
        end: 3,
        said: Spoken::new(""),
        reason: Some(FlagReason::NotSaid),
        evidence: Vec::new(),
    };
    let of = |index, text: &str, flags: &[FlagKind], confirm| DraftSentence {
        text: Spoken::new(text),
        flags: flags.iter().copied().map(flag).collect(),
        confirm,
        ..sentence(job.key, index)
    };
    let sentences = vec![
        of(0, "Huslejen er 6.540 kroner om måneden.", &[FlagKind::Number, FlagKind::Name], None),
        of(1, "Borgeren sender kontrakten.", &[], Some(Confirm::Commitment)),
        of(2, "Ansøgningen er bevilget i dag.", &[FlagKind::Speaker], Some(Confirm::Decision)),
        of(3, "Borgeren bor alene.", &[], None),
    ];
    assert_eq!(kept.store.add_sentences(sentences, kept.now()).await.unwrap(), Held::Yes);
    assert_eq!(kept.store.draft_finished(job.key, whole(), kept.now()).await.unwrap(), Held::Yes);

    let check = async |over: i64, text: &str, confirmed: &[i64], expected: &[&str]| {
        let new = NewVersion { confirmed: confirmed.to_vec(), ..version(over, &format!("save {over}"), text) };
        written(kept.store.save_note(turn.call, new, kept.now()).await.unwrap());
        let became = kept.store.flags_resolved(turn.call, 1).await.unwrap();
        let words: Vec<String> = became.iter().map(|(at, kind, what)| format!("{at} {kind} {what}")).collect();
        assert_eq!(words, expected, "{text}");
    };
    check(
        0,
        "Huslejen er 6.450 kroner om måneden.\nBorgeren sender kontrakten.",
        // Sentence 2 was removed all the same; sentence 3 asks for nothing, and there is no sentence 17.
        &[1, 2, 3, 17],
        &["0 number changed", "0 name changed", "1 commitment confirmed", "2 decision removed", "2 speaker removed"],
    )
    .await;
    check(
        1,
        "Borgeren sender kontrakten. Ansøgningen er bevilget i dag.",
        &[2],
        &["0 number removed", "0 name removed", "1 commitment kept", "2 decision confirmed", "2 speaker kept"],
    )
    .await;
}

/// Two windows of one call write over each other's heads, all at once: what was answered with success is there, and
/// whoever was refused was shown what stands there.
pub(crate) async fn two_tabs_lose_nothing(place: Place) {
    let kept = &place.store().await;
    let (turn, _) = kept.a_drafted_call().await;
    let call = turn.call;
    let tab = |name: &'static str| async move {
        let (mut seen, mut stored) = (0, Vec::new());
        for number in 0..20 {
            let text = format!("{name} {number}");
            match put(kept, call, seen, &text).await {
                Over::Written(revision) => {
                    stored.push((revision, text));
                    seen = revision;
                }
                Over::Conflict(current) => seen = current.expect("something stands there").revision,
                other => panic!("{other:?}"),
            }
        }
        stored
    };
    let (one, two) = tokio::join!(tab("one"), tab("two"));
    let mut all: Vec<_> = one.into_iter().chain(two).collect();
    all.sort();
    let revisions: Vec<i64> = all.iter().map(|(revision, _)| *revision).collect();
    assert_eq!(revisions, (1..=i64::try_from(all.len()).unwrap()).collect::<Vec<_>>(), "each revision once");
    let last = kept.store.detail(call).await.unwrap().unwrap().edit.unwrap();
    assert_eq!(last.sections, texts(&all.last().unwrap().1));

    let saves = async |save_id: &'static str| save(kept, call, 0, save_id, save_id).await;
    let (one, two) = tokio::join!(saves("first"), saves("second"));
    let won = [&one, &two].into_iter().filter(|over| matches!(over, Over::Written(_))).count();
    let told = [&one, &two].into_iter().filter(|over| matches!(over, Over::Conflict(Some(_)))).count();
    assert_eq!((won, told), (1, 1));
}

pub(crate) async fn what_belongs_to_no_call_is_refused(place: Place) {
    let kept = place.store().await;
    assert!(matches!(put(&kept, a_call(), 0, "x").await, Over::Unknown));
    assert!(matches!(save(&kept, a_call(), 0, "x", "x").await, Over::Unknown));
    assert!(!kept.store.draft_shown(a_call(), 1, kept.now()).await.unwrap());
    let (one, _) = kept.a_drafted_call().await;
    let (two, _) = kept.a_drafted_call().await;
    written(save(&kept, one.call, 0, "mine", "x").await);
    assert!(matches!(save(&kept, two.call, 0, "mine", "x").await, Over::Taken));
    assert!(!kept.store.draft_shown(one.call, 2, kept.now()).await.unwrap(), "there is no draft 2");
}
