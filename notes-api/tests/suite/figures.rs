//! Correction figures against a table that was computed by hand.

use crate::given::{Kept, Place};
use crate::notes::texts;
use referent_notes_api::activity::{Batch, Stretch};
use referent_notes_api::corrections::{Outcomes, Percentiles, Sensitivity, of_one};
use referent_notes_api::store::activity::Counted;
use referent_notes_api::store::notes::NewVersion;
use referent_proto::{CallId, Track};

async fn save_from(kept: &Kept, call: CallId, draft: Option<i64>) {
    let version = NewVersion {
        over: 0,
        save_id: format!("save of {call}"),
        note: format!("note of {call}"),
        edit_revision: None,
        draft,
        sections: texts("text"),
        confirmed: Vec::new(),
        by: "anna".to_owned(),
    };
    kept.store.save_note(call, version, kept.now()).await.unwrap();
}

/// A call whose draft is whole `draft_s` after the hang-up, is shown at once, and is saved `save_s` later.
async fn a_call(kept: &Kept, age_ms: u64, draft_s: i64, save_s: Option<i64>) -> CallId {
    let turn = kept.new_call().await;
    kept.settle(&turn, vec![turn.said(Track::Near, 0, 10)]).await;
    kept.hang_up(&turn, 160_000, 160_000, age_ms).await;
    let (_, job) = kept.settle(&turn, vec![turn.said(Track::Far, 0, 10)]).await;
    kept.seconds_pass(draft_s);
    kept.write_draft(&job.expect("the draft is due")).await;
    kept.store.draft_shown(turn.call, 1, kept.now()).await.unwrap();
    if let Some(save_s) = save_s {
        kept.seconds_pass(save_s);
        save_from(kept, turn.call, Some(1)).await;
    }
    turn.call
}

pub(crate) async fn figures_are_those_of_the_table(place: Place) {
    let kept = place.store().await;
    let begin = kept.now();
    // draft after, saved after that:      1 s, 30 s · 2 s, 60 s · 3 s, 119 s · 4 s, 120 s · 5 s, not saved
    for (draft_s, save_s) in [(1, Some(30)), (2, Some(60)), (3, Some(119)), (4, Some(120)), (5, None)] {
        a_call(&kept, 0, draft_s, save_s).await;
    }
    // Saved without having used the draft, though it was there; the draft took 6 s.
    let own = a_call(&kept, 0, 6, None).await;
    save_from(&kept, own, None).await;
    // Hung up an hour before the server heard of it: apart.
    kept.seconds_pass(7200);
    a_call(&kept, 3_600_000, 1, Some(10)).await;
    // Discarded: counted, and nothing else is known of it.
    let gone = a_call(&kept, 0, 1, Some(1)).await;
    let command = referent_proto::CommandId::new(1, [3; 10]);
    kept.store.discard(gone, command, "anna".into(), kept.now()).await.unwrap();

    let found = of_one(&kept.store.figures((begin, i64::MAX), None, None).await.unwrap());
    assert_eq!((found.figures.n, found.offline_at_hang_up.n), (7, 1));
    let expected = Percentiles {
        n: 4,
        p25_s: Some(30.0),
        p50_s: Some(60.0),
        p75_s: Some(119.0),
        p90_s: Some(120.0),
        p95_s: Some(120.0),
    };
    assert_eq!(found.figures.shown_to_saved.percentiles, expected);
    assert_eq!(found.figures.shown_to_saved.share_under_120_s, Some(0.75));
    let expected =
        Percentiles { n: 6, p25_s: Some(2.0), p50_s: Some(3.0), p75_s: Some(5.0), p90_s: Some(6.0), p95_s: Some(6.0) };
    let drafts: Vec<usize> = found.figures.whole_draft_bins.iter().map(|bin| bin.n).collect();
    assert_eq!(drafts, [0, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0]);
    assert_eq!(found.figures.hang_up_to_whole_draft, expected);
    assert_eq!(found.figures.hang_up_to_first_sentence, expected);
    // Nothing of the draft's two sentences is left in the one word that was saved.
    let expected = Outcomes { rewritten: 4, saved_without_draft: 1, unsaved: 1, discarded: 1, ..Outcomes::default() };
    assert_eq!(found.figures.outcomes, expected);
    assert_eq!(found.offline_at_hang_up.shown_to_saved.percentiles.p50_s, Some(10.0));
    assert_eq!(found.offline_at_hang_up.hang_up_to_whole_draft.p50_s, Some(3601.0));

    let of_area = |area: &str| kept.store.figures((begin, i64::MAX), Some([area.to_owned()].into()), None);
    assert_eq!(of_one(&of_area("standard").await.unwrap()).figures.n, 7);
    assert_eq!(of_one(&of_area("pension").await.unwrap()).figures.n, 0);
    let of_person =
        async |owner: &str| of_one(&kept.store.figures((begin, i64::MAX), None, Some(owner.to_owned())).await.unwrap());
    assert_eq!((of_person("anna").await.figures.n, of_person("anna").await.persons), (7, 1));
    assert_eq!(of_person("bo").await.figures.n, 0, "nobody sees another's");
    let before = kept.store.figures((0, begin), None, None).await.unwrap();
    assert_eq!(of_one(&before).figures.n, 0, "a time before the calls");
}

fn batch(page: &str, kept: &Kept, clock_s: i64, stretches: &[(i64, i64)]) -> Batch {
    let stretch = |(from, to): &(i64, i64)| Stretch { from_ms: from * 1_000, to_ms: to * 1_000, left: false };
    let stretches = stretches.iter().map(stretch).collect();
    Batch { page: page.to_owned(), clock_ms: clock_s * 1_000, came_ms: kept.now(), stretches }
}

pub(crate) async fn active_time_is_counted_from_what_pages_tell(place: Place) {
    let kept = place.store().await;
    let begin = kept.now();
    let call = a_call(&kept, 0, 2, None).await;
    // The page was loaded when the draft came. It types for 10 s, rests for 12, types for 8, rests for 40, and saves.
    kept.seconds_pass(30);
    let first = batch("one", &kept, 30, &[(0, 10), (22, 30)]);
    assert_eq!(kept.store.add_activity(call, 1, first.clone()).await.unwrap(), Counted::Yes);
    kept.seconds_pass(40);
    save_from(&kept, call, Some(1)).await;
    let figures = async || of_one(&kept.store.figures((begin, i64::MAX), None, None).await.unwrap()).figures;
    let found = figures().await;
    let Sensitivity { at_5, at_15, at_30, at_60 } = found.active_correction.sensitivity_p50_s;
    assert_eq!([at_5, at_15, at_30, at_60], [Some(18.0), Some(30.0), Some(30.0), Some(70.0)]);
    assert_eq!((found.shown_to_saved.percentiles.p50_s, found.hang_up_to_saved.p50_s), (Some(70.0), Some(72.0)));
    assert_eq!((found.edits.n, found.edits.edit_ratio_p50, found.edits.retained_share_p50), (1, Some(1.0), Some(0.0)));

    // Said again it changes nothing; what another page tells late is counted, and a batch after the save is not.
    kept.seconds_pass(5);
    kept.store.add_activity(call, 1, first).await.unwrap();
    assert_eq!(figures().await, found);
    kept.store.add_activity(call, 1, batch("two", &kept, 1_000, &[(955, 995), (998, 1_000)])).await.unwrap();
    assert_eq!(
        figures().await.active_correction.percentiles.p50_s,
        Some(70.0),
        "the second page was used all the while"
    );

    let nobody = CallId::new(7, [7; 10]);
    assert_eq!(kept.store.add_activity(nobody, 1, batch("one", &kept, 1, &[])).await.unwrap(), Counted::NoCall);
    let command = referent_proto::CommandId::new(1, [4; 10]);
    kept.store.discard(call, command, "anna".into(), kept.now()).await.unwrap();
    assert_eq!(kept.store.add_activity(call, 2, batch("one", &kept, 1, &[])).await.unwrap(), Counted::NoCall);
    assert_eq!(figures().await.active_correction.percentiles.n, 0, "it is erased with the call");
}
