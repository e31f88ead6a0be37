//! The chain in the database: what the pure rule allows is what is written, whoever races.

use crate::given::{Place, a_call, a_worker, said};
use crate::histories::{History, Step, Workers, check_chain};
use futures_util::{StreamExt as _, stream};
use referent_notes_api::store::settles::{SettleAnswer, Settlement};
use referent_proto::{Epoch, SampleOffset, Settle, Spoken, SuppressedReason, Track, Verdict, What, judge};

const HISTORIES: u64 = 1000;
/// At once, so that they share commits as the calls of a busy day do.
const AT_ONCE: usize = 48;

/// One history against the database and the pure rule beside it: each answer and the end must agree.
async fn play(kept: &crate::given::Kept, history: &History) -> Result<(), String> {
    let (call, ids) = (a_call(), [a_worker(), a_worker(), a_worker()]);
    let (mut epoch, mut settled) = (Epoch::default(), [SampleOffset::ZERO; 2]);
    let mut links: [Vec<(u64, u64)>; 2] = Default::default();
    let mut workers = Workers::default();
    for step in &history.0 {
        if let Step::Begin { worker } = step {
            let known = kept.begin(call, ids[*worker]).await;
            if known.epoch <= epoch || [known.settled.near, known.settled.far] != settled {
                return Err(format!("begun with {known:?} after {epoch:?}, {settled:?}"));
            }
            epoch = known.epoch;
            workers.told(*worker, known.epoch, known.settled.near, known.settled.far);
        }
        let Some(message) = workers.message(step) else { continue };
        let (track, span) = (message.track, message.span);
        let settle = said(message.epoch, track, span.start().0, span.end().0, "ja");
        let answer = kept.store.settle(call, ids[0], vec![settle], kept.now(), crate::given::LEASE).await;
        let Ok(Settlement::Answers(answers, None)) = answer else { return Err(format!("{answer:?}")) };
        let at = usize::from(track == Track::Far);
        let expected = match judge(epoch, settled[at], message.epoch, span) {
            Verdict::Commit(offset) => {
                settled[at] = offset;
                links[at].push((span.start().0, span.end().0));
                SettleAnswer::Settled(referent_proto::Settled { track, offset })
            }
            Verdict::Already(offset) => SettleAnswer::Already(referent_proto::Settled { track, offset }),
            Verdict::Stale => SettleAnswer::Stale(epoch),
        };
        if answers != [expected] {
            return Err(format!("{message:?} was answered with {answers:?}, the rule says {expected:?}"));
        }
    }
    for (track, (expected, end)) in Track::BOTH.into_iter().zip(links.into_iter().zip(settled)) {
        let found = links_of(kept, call, track).await;
        check_chain(&found, end.0)?;
        if found != expected {
            return Err(format!("{track}: written {found:?}, the rule says {expected:?}"));
        }
    }
    Ok(())
}

async fn links_of(kept: &crate::given::Kept, call: referent_proto::CallId, track: Track) -> Vec<(u64, u64)> {
    let chain = kept.store.chain(call, track).await.unwrap();
    chain.into_iter().map(|(from, to, _)| (from.cast_unsigned(), to.cast_unsigned())).collect()
}

pub(crate) async fn a_thousand_histories_leave_gapless_tracks(place: Place) {
    let kept = &place.store().await;
    let failed: Vec<_> = stream::iter(0..HISTORIES)
        .map(|seed| async move { (seed, play(kept, &History::of(seed)).await) })
        .buffer_unordered(AT_ONCE)
        .filter(|(_, outcome)| std::future::ready(outcome.is_err()))
        .collect()
        .await;
    assert!(failed.is_empty(), "{} of {HISTORIES}: {:?}", failed.len(), failed.first());
}

/// Several workers of one epoch (the worst that can be: one worker's repeats racing each other) and one of an older.
pub(crate) async fn workers_that_race_leave_one_sequence(place: Place) {
    let kept = &place.store().await;
    let (call, worker) = (a_call(), a_worker());
    let old = kept.begin(call, worker).await.epoch;
    let epoch = kept.begin(call, worker).await.epoch;
    let settles = (0..400u64).map(|number| {
        let (epoch, from, samples) = match number % 8 {
            7 => (old, number / 8, 3),
            lane => (epoch, number / 8 * 2, 1 + lane % 3),
        };
        said(epoch, Track::Near, from, from + samples, "ja")
    });
    stream::iter(settles)
        .for_each_concurrent(16, |settle| async move {
            kept.store.settle(call, worker, vec![settle], kept.now(), crate::given::LEASE).await.unwrap();
        })
        .await;
    let links = links_of(kept, call, Track::Near).await;
    let end = kept.begin(call, worker).await.settled.near.0;
    check_chain(&links, end).unwrap();
    assert!(!links.is_empty(), "somebody came through");
}

/// A settle that can never be written would stop its call for good; PostgreSQL takes no NUL in a text.
pub(crate) async fn nul_and_long_texts_are_kept(place: Place) {
    let kept = place.store().await;
    let turn = kept.new_call().await;
    let long = "ord ".repeat(5_000);
    let nul = said(turn.epoch, Track::Near, 0, 10, "før\0efter");
    let suppressed = Settle {
        what: What::Suppressed { reason: SuppressedReason::Repetition, text: Spoken::new("\0") },
        ..said(turn.epoch, Track::Near, 10, 20, "")
    };
    let (answers, _) = kept.settle(&turn, vec![nul, suppressed, said(turn.epoch, Track::Near, 20, 30, &long)]).await;
    assert!(answers.iter().all(|answer| matches!(answer, SettleAnswer::Settled(_))), "{answers:?}");
    let detail = kept.store.detail(turn.call).await.unwrap().unwrap();
    assert_eq!(detail.utterances[0].text.reveal(), "førefter");
    assert_eq!(detail.utterances[1].text.reveal(), long);
    assert_eq!(detail.suppressed_count, 1);
}
