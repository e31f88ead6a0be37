//! Correction figures against a table that was computed by hand.

use crate::given::{Kept, Place};
use crate::notes::texts;
use referent_notes_api::corrections::{Outcomes, Percentiles, corrections};
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
    // Discarded: nowhere.
    let gone = a_call(&kept, 0, 1, Some(1)).await;
    let command = referent_proto::CommandId::new(1, [3; 10]);
    kept.store.discard(gone, command, "anna".into(), kept.now()).await.unwrap();

    let found = corrections(&kept.store.figures(begin, i64::MAX, None).await.unwrap());
    assert_eq!((found.figures.n, found.offline_at_hang_up.n), (6, 1));
    let expected = Percentiles { n: 4, p50_s: Some(60.0), p75_s: Some(119.0), p90_s: Some(120.0) };
    assert_eq!(found.figures.shown_to_saved.percentiles, expected);
    assert_eq!(found.figures.shown_to_saved.share_under_120_s, Some(0.75));
    let expected = Percentiles { n: 6, p50_s: Some(3.0), p75_s: Some(5.0), p90_s: Some(6.0) };
    assert_eq!(found.figures.hang_up_to_whole_draft, expected);
    assert_eq!(found.figures.hang_up_to_first_sentence, expected);
    let expected = Outcomes { saved: 4, saved_without_draft: 1, unsaved: 1, failed: 0 };
    assert_eq!(found.figures.outcomes, expected);
    assert_eq!(found.offline_at_hang_up.shown_to_saved.percentiles.p50_s, Some(10.0));
    assert_eq!(found.offline_at_hang_up.hang_up_to_whole_draft.p50_s, Some(3601.0));

    let of_area = |area: &str| kept.store.figures(begin, i64::MAX, Some(area.to_owned()));
    assert_eq!(corrections(&of_area("standard").await.unwrap()).figures.n, 6);
    assert_eq!(corrections(&of_area("pension").await.unwrap()).figures.n, 0);
    let before = kept.store.figures(0, begin, None).await.unwrap();
    assert_eq!(corrections(&before).figures.n, 0, "a time before the calls");
}
