//! Drafts: who may write one, and what late sound does.

use crate::given::{Kept, LEASE, Place, a_worker, origin, sentence, whole};
use crate::notes::{put, save};
use referent_notes_api::shown::DraftState;
use referent_notes_api::store::calls::EndedAnswer;
use referent_notes_api::store::drafts::{Held, Wanted, Whole};
use referent_proto::{
    AreaSettings, CallId, Confirm, DraftFailure, DraftKey, DraftSentence, DrafterTrouble, Evidence, Flag, FlagKind,
    FlagReason, Missing, Origin, Record, SampleOffset, Section, Spoken, Track, UncertainWord, What,
};

async fn kinds(kept: &Kept, call: CallId) -> Vec<String> {
    kept.store.events_after(call, 0).await.unwrap().into_iter().map(|event| event.kind).collect()
}

async fn draft(kept: &Kept, call: CallId) -> referent_notes_api::shown::DraftView {
    kept.store.detail(call).await.unwrap().unwrap().draft.expect("a draft")
}

pub(crate) async fn a_hang_up_leases_the_draft_to_the_reporting_worker(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    assert_eq!((job.key.call, job.key.draft, job.key.attempt), (turn.call, 1, 1));
    assert_eq!(job.utterances.len(), 2);
    assert_eq!(job.covers.near, SampleOffset(160_000));
    assert!(!job.provisional);
    // Nobody else gets it, and a repeated hang-up gets no second one.
    assert!(kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().is_none());
    assert!(matches!(kept.hang_up(&turn, 160_000, 160_000, 0).await, EndedAnswer::Known));
    kept.write_draft(&job).await;
    let draft = draft(&kept, turn.call).await;
    assert_eq!((draft.state, draft.number, draft.sentences.unwrap().len()), (DraftState::Ready, 1, 2));
}

pub(crate) async fn a_later_settle_leases_the_draft_at_once(place: Place) {
    let kept = place.store().await;
    let turn = kept.new_call().await;
    kept.settle(&turn, vec![turn.said(Track::Near, 0, 10)]).await;
    assert!(matches!(kept.hang_up(&turn, 160_000, 160_000, 0).await, EndedAnswer::Known));
    let (_, none) = kept.settle(&turn, vec![turn.said(Track::Far, 0, 9)]).await;
    assert!(none.is_none(), "a second is missing");
    kept.seconds_pass(1);
    let (_, job) = kept.settle(&turn, vec![turn.said(Track::Far, 9, 10)]).await;
    let job = job.expect("the job, without a detour");
    assert_eq!(job.utterances.len(), 3);
    assert!(kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().is_none());
    kept.seconds_pass(1);
    kept.write_draft(&job).await;
    let draft = draft(&kept, turn.call).await;
    assert_eq!((draft.first_sentence_ms, draft.whole_ms), (Some(2_000), Some(2_000)), "from the hang-up");
}

pub(crate) async fn doubts_come_through_and_what_became_of_them_is_kept(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    let evidence = Evidence { track: Track::Far, start: SampleOffset::ZERO };
    let flag = |kind, reason| Flag {
        kind,
        start: 0,
        end: 7,
        said: Spoken::new("den tredje maj"),
        reason: Some(reason),
        evidence: vec![evidence],
    };
    let mut sentences = vec![sentence(job.key, 0), sentence(job.key, 1), sentence(job.key, 2)];
    sentences[0].flags = vec![flag(FlagKind::Date, FlagReason::OtherValue), flag(FlagKind::Name, FlagReason::NotSaid)];
    sentences[1].confirm = Some(Confirm::Decision);
    sentences[2].flags = vec![flag(FlagKind::Negation, FlagReason::Negated)];
    kept.store.add_sentences(sentences, kept.now()).await.unwrap();
    let missing =
        Missing { kind: Some(FlagKind::Number), fact: String::new(), said: Spoken::new("firs kroner"), evidence };
    let whole =
        Whole { missing: vec![missing], uncertain: vec![UncertainWord { utterance: evidence, word: 1 }], ..whole() };
    assert_eq!(kept.store.draft_finished(job.key, whole, kept.now()).await.unwrap(), Held::Yes);
    let shown = draft(&kept, turn.call).await;
    let sentences = shown.sentences.unwrap();
    assert_eq!(sentences[0].flags[0].reason, Some(FlagReason::OtherValue));
    assert_eq!((sentences[0].flags.len(), sentences[1].confirm), (2, Some(Confirm::Decision)));
    assert_eq!((shown.missing[0].said.reveal(), shown.uncertain[0].word), ("firs kroner", 1));

    save(&kept, turn.call, 0, "one", "Sætning 0.\nNoget helt andet.").await;
    let became = kept.store.flags_resolved(turn.call, 1).await.unwrap();
    let words: Vec<String> = became.iter().map(|(at, kind, what)| format!("{at} {kind} {what}")).collect();
    assert_eq!(words, ["0 date kept", "0 name kept", "1 decision removed", "2 negation removed"]);
    save(&kept, turn.call, 1, "two", "Sætning 2.").await;
    let became = kept.store.flags_resolved(turn.call, 1).await.unwrap();
    assert_eq!(
        became.iter().map(|(.., what)| what.as_str()).collect::<Vec<_>>(),
        ["removed", "removed", "removed", "kept"]
    );
}

pub(crate) async fn an_echo_keeps_its_mark(place: Place) {
    let kept = place.store().await;
    let turn = kept.new_call().await;
    let mut echo = turn.said(Track::Near, 2, 10);
    if let What::Utterance(utterance) = &mut echo.what {
        utterance.echo_of = Some(SampleOffset(30_080));
    }
    kept.settle(&turn, vec![turn.said(Track::Near, 0, 2), echo]).await;
    kept.settle(&turn, vec![turn.said(Track::Far, 0, 10)]).await;
    let EndedAnswer::Job(job) = kept.hang_up(&turn, 160_000, 160_000, 0).await else { panic!("the job") };
    let marks = |track: Track| job.utterances.iter().filter(move |said| said.track == track).map(|said| said.echo_of);
    assert_eq!(marks(Track::Near).collect::<Vec<_>>(), [None, Some(SampleOffset(30_080))]);
    assert_eq!(marks(Track::Far).collect::<Vec<_>>(), [None]);
    let detail = kept.store.detail(turn.call).await.unwrap().unwrap();
    let shown: Vec<_> = detail.utterances.iter().filter_map(|said| said.echo_of_ms).collect();
    assert_eq!(shown, [1880]);
    let events = kept.store.events_after(turn.call, 0).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.json.contains(r#""echo_of_ms":1880"#)).count(), 1);
}

pub(crate) async fn a_lease_that_runs_out_is_anothers(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    kept.store.add_sentences(vec![sentence(job.key, 0)], kept.now()).await.unwrap();
    kept.seconds_pass(8);
    assert_eq!(kept.store.renew(job.key, kept.now(), LEASE).await.unwrap(), Held::Yes);
    kept.seconds_pass(8);
    assert_eq!(kept.store.expire_leases(kept.now(), LEASE).await.unwrap(), 0, "it was renewed");
    kept.seconds_pass(3);
    assert_eq!(kept.store.expire_leases(kept.now(), LEASE).await.unwrap(), 1);
    assert!(draft(&kept, turn.call).await.sentences.unwrap().is_empty(), "a new attempt begins from nothing");

    let other = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a free job");
    assert_eq!((other.key.draft, other.key.attempt), (1, 2));
    // The first worker wakes up: it may do nothing any more.
    assert_eq!(kept.store.add_sentences(vec![sentence(job.key, 1)], kept.now()).await.unwrap(), Held::Lost);
    assert_eq!(kept.store.renew(job.key, kept.now(), LEASE).await.unwrap(), Held::Lost);
    assert_eq!(kept.store.draft_finished(job.key, whole(), kept.now()).await.unwrap(), Held::Lost);
    let failure = DraftFailure::DrafterFailed;
    assert_eq!(kept.store.draft_failed(job.key, failure).await.unwrap(), Held::Lost);
    kept.write_draft(&other).await;
    let draft = draft(&kept, turn.call).await;
    assert_eq!((draft.number, draft.attempt, draft.state), (1, 2, DraftState::Ready));
}

pub(crate) async fn repeats_change_nothing(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    kept.write_draft(&job).await;
    let before = kinds(&kept, turn.call).await;
    kept.seconds_pass(5);
    let repeated = vec![sentence(job.key, 0), sentence(job.key, 1)];
    assert_eq!(kept.store.add_sentences(repeated, kept.now()).await.unwrap(), Held::Already);
    assert_eq!(kept.store.draft_finished(job.key, whole(), kept.now()).await.unwrap(), Held::Already);
    let failed = kept.store.draft_failed(job.key, DraftFailure::DrafterFailed).await.unwrap();
    assert_eq!(failed, Held::Already);
    assert_eq!(kinds(&kept, turn.call).await, before, "and nobody is told twice");
    let draft = draft(&kept, turn.call).await;
    assert_eq!((draft.state, draft.whole_ms), (DraftState::Ready, Some(0)));
    assert_eq!(before.iter().filter(|kind| *kind == "draft_sentence").count(), 2);
    let unknown = DraftKey { draft: 7, ..job.key };
    assert_eq!(kept.store.renew(unknown, kept.now(), LEASE).await.unwrap(), Held::Lost);
}

pub(crate) async fn a_draft_keeps_the_record_of_how_it_came_about(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    let record = Record {
        model_reported: "gemma-3-12b-it".into(),
        system_fingerprint: "fp_1".into(),
        prompt_hash: "cd".into(),
        guards_version: "1".into(),
        first_token_ms: Some(120),
        first_sentence_ms: None,
        whole_ms: Some(2100),
        tokens_in: Some(3200),
        tokens_out: None,
        requests: 2,
        parts: 3,
        repaired: 1,
    };
    let origin = Origin { trouble: Some(DrafterTrouble::Quota), record, ..origin() };
    assert_eq!(kept.store.draft_finished(job.key, Whole { origin, ..whole() }, kept.now()).await.unwrap(), Held::Yes);
    let origin = draft(&kept, turn.call).await.origin.expect("who wrote it");
    assert_eq!(origin.trouble, Some(DrafterTrouble::Quota));
    let record = origin.record;
    assert_eq!((record.model_reported.as_str(), record.system_fingerprint.as_str()), ("gemma-3-12b-it", "fp_1"));
    assert_eq!((record.prompt_hash.as_str(), record.guards_version.as_str()), ("cd", "1"));
    assert_eq!((record.first_token_ms, record.first_sentence_ms, record.whole_ms), (Some(120), None, Some(2100)));
    assert_eq!((record.tokens_in, record.tokens_out), (Some(3200), None));
    assert_eq!((record.requests, record.parts, record.repaired), (2, 3, 1));
}

pub(crate) async fn a_sentence_without_evidence_is_kept(place: Place) {
    let kept = place.store().await;
    let (turn, job) = kept.a_complete_call().await;
    let flag = Flag {
        kind: FlagKind::Unsupported,
        start: 0,
        end: 9,
        said: Spoken::default(),
        reason: Some(FlagReason::NoEvidence),
        evidence: Vec::new(),
    };
    let without = DraftSentence { evidence: Vec::new(), flags: vec![flag], ..sentence(job.key, 0) };
    assert_eq!(kept.store.add_sentences(vec![without], kept.now()).await.unwrap(), Held::Yes);
    let sentences = draft(&kept, turn.call).await.sentences.expect("the sentences");
    assert!(sentences[0].evidence.is_empty());
    assert_eq!(sentences[0].flags[0].kind, FlagKind::Unsupported);
}

pub(crate) async fn a_draft_that_nobody_finishes_fails(place: Place) {
    let kept = place.store().await;
    let (turn, _) = kept.a_complete_call().await;
    for attempt in 2..=5 {
        kept.seconds_pass(11);
        kept.timer_looks().await;
        let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a free job");
        assert_eq!(job.key.attempt, attempt);
    }
    kept.seconds_pass(11);
    kept.timer_looks().await;
    let draft = draft(&kept, turn.call).await;
    assert_eq!((draft.state, draft.failure), (DraftState::Failed, Some(DraftFailure::DrafterFailed)));
    assert!(kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().is_none());
}

/// A call of twenty seconds that lost contact after ten, got a provisional draft, and came back.
async fn provisional(kept: &Kept) -> crate::given::Turn {
    let mut turn = kept.new_call().await;
    kept.settle(&turn, vec![turn.said(Track::Near, 0, 10), turn.said(Track::Far, 0, 10)]).await;
    kept.store.contact_lost(turn.call, turn.epoch, kept.now(), 15_000).await.unwrap();
    for _ in 0..2 {
        kept.seconds_pass(31);
        kept.timer_looks().await;
    }
    let job = kept.store.claim(turn.worker, kept.now(), LEASE).await.unwrap().expect("a provisional draft is due");
    assert!(job.provisional);
    kept.write_draft(&job).await;
    turn.epoch = kept.begin(turn.call, turn.worker).await.epoch;
    turn
}

/// The rest of that call: two utterances more, and the hang-up.
async fn rest(kept: &Kept, turn: &crate::given::Turn) -> EndedAnswer {
    kept.settle(turn, vec![turn.said(Track::Near, 10, 20), turn.said(Track::Far, 10, 20)]).await;
    kept.hang_up(turn, 320_000, 320_000, 0).await
}

async fn late(kept: &Kept, call: CallId) -> Option<String> {
    let events = kept.store.events_after(call, 0).await.unwrap();
    events.into_iter().find(|event| event.kind == "late").map(|event| event.json)
}

pub(crate) async fn late_sound_makes_the_next_draft(place: Place) {
    let kept = place.store().await;
    let turn = provisional(&kept).await;
    let EndedAnswer::Job(job) = rest(&kept, &turn).await else { panic!("the next draft is due") };
    assert_eq!((job.key.draft, job.provisional, job.utterances.len()), (2, false, 4));
    assert_eq!(late(&kept, turn.call).await, None, "nobody has typed: nobody needs telling");
}

pub(crate) async fn late_sound_is_offered_beside_typed_text(place: Place) {
    let kept = place.store().await;
    let turn = provisional(&kept).await;
    put(&kept, turn.call, 0, "mine").await;
    let EndedAnswer::Job(job) = rest(&kept, &turn).await else { panic!("the next draft is due") };
    assert_eq!(late(&kept, turn.call).await.as_deref(), Some("{\"utterances\":2}"));
    kept.write_draft(&job).await;
    let detail = kept.store.detail(turn.call).await.unwrap().unwrap();
    assert_eq!(detail.edit.unwrap().sections, crate::notes::texts("mine"), "typed text stays");
    assert_eq!(detail.draft.unwrap().number, 2);
}

pub(crate) async fn late_sound_after_a_note_is_only_told(place: Place) {
    let kept = place.store().await;
    let turn = provisional(&kept).await;
    save(&kept, turn.call, 0, "save", "mine").await;
    assert!(matches!(rest(&kept, &turn).await, EndedAnswer::Known), "a saved note asks for no draft");
    assert_eq!(late(&kept, turn.call).await.as_deref(), Some("{\"utterances\":2}"));
    assert_eq!(draft(&kept, turn.call).await.number, 1);
}

pub(crate) async fn another_draft_on_demand(place: Place) {
    let kept = place.store().await;
    let (turn, first) = kept.a_complete_call().await;
    let again = kept.store.draft_again(turn.call, Wanted::default(), kept.now(), LEASE).await.unwrap();
    assert_eq!(again, Some(1), "the one that is being written serves");
    kept.write_draft(&first).await;
    assert_eq!(kept.store.draft_again(turn.call, Wanted::default(), kept.now(), LEASE).await.unwrap(), Some(2));
    let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a free job");
    assert_eq!((job.key.draft, job.key.attempt), (2, 1));
    kept.write_draft(&job).await;
    let draft = draft(&kept, turn.call).await;
    assert_eq!((draft.number, draft.whole_ms), (2, None), "no seconds after hang-up: a person asked");
}

/// An area with one section of its own beside what was agreed.
fn pension() -> AreaSettings {
    let section = |id: &str, heading: &str| Section { id: id.into(), heading: heading.into(), ..Section::default() };
    AreaSettings {
        area: "pension".into(),
        version: "pension-1".into(),
        language: "da".into(),
        sections: vec![section("income", "Indkomst"), section("agreed", "Aftalt")],
        ..AreaSettings::default()
    }
}

async fn sections(kept: &Kept, call: CallId) -> Vec<String> {
    let detail = kept.store.detail(call).await.unwrap().unwrap();
    detail.sections.into_iter().map(|section| section.id).collect()
}

pub(crate) async fn another_draft_under_another_area_with_a_wish(place: Place) {
    let kept = place.store().await;
    let (turn, first) = kept.a_complete_call().await;
    let own = sections(&kept, turn.call).await;
    let wanted = Wanted { area: Some(pension()), wish: Spoken::new("Skriv indkomsten for sig."), ..Wanted::default() };
    let number = kept.store.draft_again(turn.call, wanted, kept.now(), LEASE).await.unwrap();
    assert_eq!(number, Some(2), "what is being written is not what was asked for");
    assert_eq!(kept.store.draft_finished(first.key, whole(), kept.now()).await.unwrap(), Held::Lost);
    let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a job like any other");
    assert_eq!((job.area.area.as_str(), job.wish.reveal()), ("pension", "Skriv indkomsten for sig."));
    assert_eq!(sections(&kept, turn.call).await, ["income", "agreed"]);
    let events = kept.store.events_after(turn.call, 0).await.unwrap();
    let started = events.iter().rfind(|event| event.kind == "draft_started").expect("panes are told");
    assert!(started.json.contains("\"Indkomst\""), "{}", started.json);
    kept.write_draft(&job).await;

    // Once more, as it was: the area stays, the wish was for one draft.
    kept.store.draft_again(turn.call, Wanted::default(), kept.now(), LEASE).await.unwrap();
    let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a job");
    assert_eq!((job.area.area.as_str(), job.wish.reveal()), ("pension", ""));
    kept.write_draft(&job).await;

    // What was typed is shown under whatever area, and no draft changes it.
    put(&kept, turn.call, 0, "mine").await;
    let typed = kept.store.detail(turn.call).await.unwrap().unwrap().edit.expect("an edit");
    let shown = sections(&kept, turn.call).await;
    assert_eq!(shown[..2], ["income", "agreed"]);
    assert!(typed.sections.keys().all(|id| shown.contains(id)), "{shown:?}");
    let wanted = Wanted { area: Some(AreaSettings { version: "pension-2".into(), ..pension() }), ..Wanted::default() };
    kept.store.draft_again(turn.call, wanted, kept.now(), LEASE).await.unwrap();
    let job = kept.store.claim(a_worker(), kept.now(), LEASE).await.unwrap().expect("a job");
    kept.write_draft(&job).await;
    let after = kept.store.detail(turn.call).await.unwrap().unwrap();
    assert_eq!((after.edit.expect("it is there").sections, after.draft.expect("a draft").number), (typed.sections, 4));
    assert!(own.iter().any(|id| id == "agreed"), "{own:?}");
}
