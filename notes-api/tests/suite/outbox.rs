//! The outbox and the order of changes, without a network: whoever claims, dies, is late or repeats itself, nothing is lost, nothing
//! gets a second id, and who pulls skips nothing.

use crate::delivery::save;
use crate::given::{Kept, Place};
use crate::http::Browser;
use crate::rights::{KEY, case_systems};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use referent_notes_api::delivery::Cursor;
use referent_notes_api::shown::outbox::{ChangeView, DeliveryState};
use referent_notes_api::store::outbox::{
    Claimed, Ended, Filter, NoteEvent, Outcome, Page, Patience, Terms, Texts, Wants, withdraw,
};
use referent_notes_api::store::retention::Erasing;
use referent_proto::{CallId, CommandId};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::oneshot;

const LEASE_MS: i64 = 45_000;
const NEVER: i64 = i64::MAX / 2;

/// A destination with senders that anything may happen to, and what it has received.
struct World<'k> {
    kept: &'k Kept,
    rng: StdRng,
    destination: String,
    give_up_ms: i64,
    calls: Vec<(CallId, i64)>,
    /// Claimed, and not reported on.
    under_way: Vec<Claimed>,
    saved: BTreeSet<(String, i64)>,
    received: Vec<(String, (String, i64))>,
}

impl World<'_> {
    fn pick(&mut self, of: usize) -> usize {
        usize::try_from(self.rng.next_u64() % u64::try_from(of).unwrap()).unwrap()
    }

    async fn claim(&self) -> Option<Claimed> {
        let terms = Terms { destination: self.destination.clone(), at_once: 4, lease_ms: LEASE_MS, with_text: false };
        self.kept.store.claim_delivery(terms, self.kept.now()).await.unwrap()
    }

    fn receives(&mut self, claimed: &Claimed) {
        self.received.push((claimed.delivery.clone(), (claimed.change.note.clone(), claimed.change.version)));
    }

    async fn report(&mut self, claimed: &Claimed, outcome: Outcome) {
        let of_message = self.rng.next_u64().is_multiple_of(2);
        let ended = Ended { outcome, status: None, took_ms: 1, retry_after_ms: None, of_message };
        let patience = Patience { give_up_ms: self.give_up_ms, random: [self.rng.next_u64(), self.rng.next_u64()] };
        let (name, id) = (self.destination.clone(), claimed.delivery.clone());
        let now_ms = self.kept.now();
        self.kept.store.delivery_ended(name, id, claimed.attempt, ended, patience, now_ms).await.unwrap();
    }

    async fn something_happens(&mut self) {
        match self.pick(20) {
            0..6 => {
                let at = self.pick(self.calls.len());
                let (call, version) = self.calls[at];
                let note = save(self.kept, call, version, "x").await;
                self.calls[at].1 = note.version;
                self.saved.insert((note.id, note.version));
            }
            6..11 => {
                let claimed = self.claim().await;
                self.under_way.extend(claimed);
            }
            11..17 if !self.under_way.is_empty() => {
                let at = self.pick(self.under_way.len());
                let claimed = self.under_way[at].clone();
                match self.pick(6) {
                    // It arrives, and the report as well; sometimes a second one, late.
                    0 | 1 => {
                        self.receives(&claimed);
                        self.report(&claimed, Outcome::Delivered).await;
                        if self.pick(3) > 0 {
                            self.under_way.remove(at);
                        }
                    }
                    // It arrives, and nobody hears of it.
                    2 => {
                        self.receives(&claimed);
                        self.under_way.remove(at);
                    }
                    3 => {
                        self.receives(&claimed);
                        self.report(&claimed, Outcome::Timeout).await;
                        self.under_way.remove(at);
                    }
                    // It does not arrive.
                    4 => {
                        self.report(&claimed, Outcome::Refused).await;
                        self.under_way.remove(at);
                    }
                    _ => {
                        self.report(&claimed, Outcome::Gone).await;
                        self.under_way.remove(at);
                    }
                }
            }
            17 => {
                self.kept
                    .store
                    .enable_destination(self.destination.clone(), "anna".into(), self.kept.now())
                    .await
                    .unwrap();
            }
            18 => {
                let all = self.deliveries(None).await;
                if !all.is_empty() {
                    let id = all[self.pick(all.len())].0.clone();
                    self.kept.store.replay_delivery(id, "anna".into(), self.kept.now()).await.unwrap();
                }
            }
            _ => {
                let seconds = [1, 10, 60, 4000][self.pick(4)];
                self.kept.seconds_pass(seconds);
            }
        }
    }

    async fn deliveries(&self, state: Option<DeliveryState>) -> Vec<(String, DeliveryState)> {
        let filter = Filter { state, destination: Some(self.destination.clone()), after: None };
        let found = self.kept.store.deliveries(filter, 200).await.unwrap().deliveries;
        found.into_iter().map(|one| (one.id, one.state)).collect()
    }

    /// All is well again: whatever waits is delivered.
    async fn all_is_delivered(&mut self) {
        self.under_way.clear();
        for (id, _) in self.deliveries(Some(DeliveryState::Dead)).await {
            self.kept.store.replay_delivery(id, "anna".into(), self.kept.now()).await.unwrap();
        }
        self.kept.store.enable_destination(self.destination.clone(), "anna".into(), self.kept.now()).await.unwrap();
        for _ in 0..1000 {
            while let Some(claimed) = self.claim().await {
                self.receives(&claimed);
                self.report(&claimed, Outcome::Delivered).await;
            }
            let rest = self.deliveries(None).await;
            if rest.iter().all(|(_, state)| *state == DeliveryState::Delivered) {
                return;
            }
            self.kept.seconds_pass(60);
        }
        panic!("not all was delivered: {:?}", self.deliveries(None).await);
    }

    fn holds(&self, seed: u64) {
        let mut ids: BTreeMap<&(String, i64), BTreeSet<&String>> = BTreeMap::new();
        let mut versions: BTreeMap<&String, BTreeSet<&(String, i64)>> = BTreeMap::new();
        let mut firsts: BTreeMap<&String, Vec<i64>> = BTreeMap::new();
        for (id, version) in &self.received {
            if ids.entry(version).or_default().insert(id) {
                firsts.entry(&version.0).or_default().push(version.1);
            }
            versions.entry(id).or_default().insert(version);
        }
        assert_eq!(ids.keys().copied().cloned().collect::<BTreeSet<_>>(), self.saved, "never lost (seed {seed})");
        assert!(ids.values().all(|ids| ids.len() == 1), "a version has one id (seed {seed}): {ids:?}");
        assert!(versions.values().all(|of| of.len() == 1), "an id has one version (seed {seed}): {versions:?}");
        if self.give_up_ms == NEVER {
            assert!(firsts.values().all(|of| of.is_sorted()), "in order (seed {seed}): {firsts:?}");
        }
    }
}

pub(crate) async fn never_lost_and_never_under_two_ids(place: Place) {
    let kept = &place.store().await;
    for seed in 0..8 {
        let destination = format!("seed-{seed}");
        let wants = Wants { destination: destination.clone(), saved: true, withdrawn: true };
        kept.store.keep_destinations(vec![wants], kept.now()).await.unwrap();
        let mut calls = Vec::new();
        for _ in 0..3 {
            calls.push((kept.new_call().await.call, 0));
        }
        let give_up_ms = if seed % 2 == 0 { NEVER } else { 3_600_000 };
        let mut world = World {
            kept,
            rng: StdRng::seed_from_u64(seed),
            destination,
            give_up_ms,
            calls,
            under_way: Vec::new(),
            saved: BTreeSet::new(),
            received: Vec::new(),
        };
        for _ in 0..120 {
            world.something_happens().await;
        }
        world.all_is_delivered().await;
        assert!(world.saved.len() > 5, "something happened (seed {seed})");
        world.holds(seed);
    }
}

pub(crate) async fn of_many_senders_one_has_a_delivery(place: Place) {
    let kept = &place.store().await;
    let wants = Wants { destination: "esdh".into(), saved: true, withdrawn: true };
    kept.store.keep_destinations(vec![wants], kept.now()).await.unwrap();
    for _ in 0..20 {
        let turn = kept.new_call().await;
        save(kept, turn.call, 0, "x").await;
    }
    let claim = || {
        let terms = Terms { destination: "esdh".into(), at_once: 6, lease_ms: LEASE_MS, with_text: false };
        kept.store.claim_delivery(terms, kept.now())
    };
    let claimed = join_all((0..24).map(|_| claim())).await;
    let ids: Vec<String> = claimed.into_iter().filter_map(|one| one.unwrap()).map(|one| one.delivery).collect();
    assert_eq!(ids.len(), 6, "so many at once, over all senders");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 6, "each by one");
    // A destination that fails is asked by one at a time.
    let ended = Ended { outcome: Outcome::Timeout, status: None, took_ms: 1, retry_after_ms: None, of_message: false };
    for id in ids {
        let patience = Patience { give_up_ms: NEVER, random: [0, 0] };
        kept.store.delivery_ended("esdh".into(), id, 1, ended, patience, kept.now()).await.unwrap();
    }
    let claimed = join_all((0..24).map(|_| claim())).await;
    assert_eq!(claimed.into_iter().filter_map(|one| one.unwrap()).count(), 1);
}

async fn claim_whole(kept: &Kept) -> Option<Claimed> {
    let terms = Terms { destination: "esdh".into(), at_once: 100, lease_ms: LEASE_MS, with_text: true };
    kept.store.claim_delivery(terms, kept.now()).await.unwrap()
}

/// Between the look at what is next and the lease an erasure may come to its end: then nothing of the note leaves.
pub(crate) async fn what_is_erased_while_it_is_claimed_is_not_sent(place: Place) {
    let kept = &place.store().await;
    let wants = Wants { destination: "esdh".into(), saved: true, withdrawn: true };
    kept.store.keep_destinations(vec![wants], kept.now()).await.unwrap();
    let call = kept.new_call().await.call;
    save(kept, call, 0, "x").await;
    let ((erased, is_erased), (go_on, may_go_on)) = (oneshot::channel(), oneshot::channel::<()>());
    let now_ms = kept.now();
    let erasing = kept.store.write(move |tx| {
        Box::pin(async move {
            withdraw(tx, call, now_ms).await?;
            erased.send(()).unwrap();
            may_go_on.await.unwrap();
            Ok(())
        })
    });
    let (mut erasing, mut claiming) = (pin!(erasing), pin!(claim_whole(kept)));
    tokio::select! {
        biased;
        done = &mut erasing => panic!("{done:?}"),
        erased = is_erased => erased.unwrap(),
    }
    let patience = tokio::time::timeout(Duration::from_millis(300), &mut claiming).await;
    assert!(patience.is_err(), "whoever claims has looked, and waits for the row");
    go_on.send(()).unwrap();
    let (erased, claimed) = tokio::join!(erasing, claiming);
    erased.unwrap();
    let claimed = claimed.expect("that it was erased is to be told");
    assert_eq!((claimed.change.event, claimed.sections), (NoteEvent::Withdrawn, None));
    let deeds = kept.store.deeds(format!("call/{call}")).await.unwrap();
    let acts: Vec<_> = deeds.into_iter().map(|(_, link)| link.entry.what).collect();
    assert_eq!(acts, ["note_saved"], "nobody says that it was sent");
}

/// Both tell of the same call and write the same rows: in another order than one another they would wait for each other.
pub(crate) async fn erasing_and_sending_at_once_do_not_wait_for_each_other(place: Place) {
    const CALLS: u8 = 40;
    let kept = &place.store().await;
    let wants = Wants { destination: "esdh".into(), saved: true, withdrawn: true };
    kept.store.keep_destinations(vec![wants], kept.now()).await.unwrap();
    let mut calls = Vec::new();
    for number in 0..CALLS {
        let call = kept.new_call().await.call;
        save(kept, call, 0, "x").await;
        let command = CommandId::new(1, [number; 10]);
        kept.store.discard(call, command, "anna".into(), kept.now()).await.unwrap();
        calls.push((call, command));
    }
    let erasing = calls.iter().map(|(call, command)| async move {
        let erasing = kept.store.erase(*call, *command, "art. 17".into(), "bo".into(), kept.now()).await.unwrap();
        assert!(matches!(erasing, Erasing::Done(_)), "{erasing:?}");
    });
    let sending = (0..4).map(|_| async {
        let mut claimed = Vec::new();
        while let Some(one) = claim_whole(kept).await {
            claimed.push(one);
        }
        claimed
    });
    let all = async { tokio::join!(join_all(erasing), join_all(sending)) };
    let (_, sent) = tokio::time::timeout(Duration::from_mins(1), all).await.expect("nobody waits for good");
    for one in sent.into_iter().flatten() {
        assert_eq!(one.sections.is_some(), one.change.event == NoteEvent::Saved, "{one:?}");
    }
    for (call, _) in calls {
        let events = pull(kept, Cursor::BEGIN, 200).await.changes.into_iter().filter(|change| change.call == call);
        assert_eq!(events.map(|change| change.event).collect::<Vec<_>>(), [NoteEvent::Withdrawn]);
    }
}

async fn pull(kept: &Kept, since: Cursor, most: i64) -> Page {
    kept.store.changes_since(since, most, Texts::Without).await.unwrap().expect("a place of this database")
}

fn named(change: &ChangeView) -> (String, i64, NoteEvent) {
    (change.note.clone(), change.version, change.event)
}

pub(crate) async fn who_pulls_while_many_save_skips_nothing(place: Place) {
    const SAVERS: usize = 6;
    const EACH: i64 = 12;
    let kept = &place.store().await;
    let savers = (0..SAVERS).map(|_| async move {
        let turn = kept.new_call().await;
        let mut saved = Vec::new();
        for over in 0..EACH {
            let note = save(kept, turn.call, over, "x").await;
            saved.push((note.id, note.version, NoteEvent::Saved));
        }
        saved
    });
    let reading = async {
        let (mut since, mut seen) = (Cursor::BEGIN, Vec::new());
        while seen.len() < SAVERS * usize::try_from(EACH).unwrap() {
            let most = 1 + i64::try_from(seen.len() % 4).unwrap();
            let page = pull(kept, since, most).await;
            let read = i64::try_from(page.changes.len()).unwrap();
            assert_eq!(page.next.number, since.number + read, "numbers have no hole");
            seen.extend(page.changes.iter().map(named));
            since = page.next;
            tokio::task::yield_now().await;
        }
        (since, seen)
    };
    let both = async { tokio::join!(join_all(savers), reading) };
    let (saved, (since, seen)) = tokio::time::timeout(Duration::from_mins(2), both).await.expect("all are read");
    let saved: BTreeSet<_> = saved.into_iter().flatten().map(|(note, version, _)| (note, version)).collect();
    let once: BTreeSet<_> = seen.iter().map(|(note, version, _)| (note.clone(), *version)).collect();
    assert_eq!((once.len(), &once), (seen.len(), &saved), "each once");
    let page = pull(kept, since, 10).await;
    assert_eq!((page.changes.len(), page.next, page.more), (0, since, false), "where nothing is new one stays");
}

/// A change that takes its number early and is durable late: with a plain sequence whoever saved meanwhile would be seen first,
/// and a puller that has gone on from there would never see this one.
pub(crate) async fn a_slow_transaction_is_not_skipped(place: Place) {
    let kept = &place.store().await;
    let (slow, quick) = (kept.new_call().await.call, kept.new_call().await.call);
    let erased = save(kept, slow, 0, "x").await;
    let since = pull(kept, Cursor::BEGIN, 10).await.next;
    let ((numbered, is_numbered), (go_on, may_go_on)) = (oneshot::channel(), oneshot::channel::<()>());
    let now_ms = kept.now();
    let withdrawing = kept.store.write(move |tx| {
        Box::pin(async move {
            withdraw(tx, slow, now_ms).await?;
            numbered.send(()).unwrap();
            may_go_on.await.unwrap();
            Ok(())
        })
    });
    let saving = save(kept, quick, 0, "y");
    let (mut withdrawing, mut saving) = (pin!(withdrawing), pin!(saving));
    tokio::select! {
        biased;
        done = &mut withdrawing => panic!("{done:?}"),
        numbered = is_numbered => numbered.unwrap(),
    }
    for _ in 0..20 {
        // Whoever saves now goes as far as they can.
        let patience = tokio::time::timeout(Duration::from_millis(20), &mut saving).await;
        assert!(patience.is_err(), "who comes later waits for the one before");
        let page = pull(kept, since, 10).await;
        assert_eq!((page.changes.len(), page.next), (0, since));
    }
    go_on.send(()).unwrap();
    let (withdrawn, saved) = tokio::join!(withdrawing, saving);
    withdrawn.unwrap();
    let seen: Vec<_> = pull(kept, since, 10).await.changes.iter().map(named).collect();
    assert_eq!(seen, [(erased.id, 1, NoteEvent::Withdrawn), (saved.id, 1, NoteEvent::Saved)]);
}

pub(crate) async fn case_systems_pull_by_page(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let house = place.house_with(&case_systems(folder.path())).await;
    let kept = place.store().await;
    let browser = Browser::with_bearer(&house, KEY);
    let empty = browser.get("/v1/notes").await;
    assert_eq!((&empty["changes"], &empty["more"]), (&json!([]), &json!(false)));
    let path = |since: &serde_json::Value, more: &str| format!("/v1/notes?since={}{more}", since.as_str().unwrap());
    let begin = empty["next"].clone();

    let (one, two) = (kept.new_call().await.call, kept.new_call().await.call);
    let first = save(&kept, one, 0, "Borgeren er flyttet.").await;
    save(&kept, one, 1, "Borgeren er flyttet til Vejle.").await;
    let other = save(&kept, two, 0, "Borgeren spørger om pension.").await;
    let page = browser.get(&path(&begin, "&limit=2")).await;
    assert_eq!((&page["changes"][0]["note"], &page["changes"][1]["version"]), (&json!(first.id), &json!(2)));
    assert_eq!((&page["more"], &page["changes"][0]["sections"]), (&json!(true), &serde_json::Value::Null));
    let acts = async |call: CallId| {
        let deeds = kept.store.deeds(format!("call/{call}")).await.unwrap();
        deeds.into_iter().map(|(_, link)| link.entry.what).collect::<BTreeSet<_>>()
    };
    assert_eq!(acts(one).await, BTreeSet::from(["note_saved".to_owned()]), "no text was read");
    let rest = browser.get(&path(&page["next"], "&sections=true")).await;
    let expected = json!({
        "event": "saved", "note": other.id, "call": two.to_string(), "part": 1, "version": 1, "case_id": "2026-114823",
        "occurred_ms": other.saved_ms, "link": format!("/v1/notes/{}/versions/1", other.id),
        "sections": [{"id": "information", "heading": "Oplysninger", "text": "Borgeren spørger om pension."}],
    });
    assert_eq!(rest["changes"], json!([expected]));
    assert_eq!(acts(two).await, ["note_saved", "note_read"].map(str::to_owned).into());
    let end = browser.get(&path(&rest["next"], "")).await;
    assert_eq!((&end["changes"], &end["next"]), (&json!([]), &rest["next"]));

    assert_eq!(browser.refused("/v1/notes?since=somewhere").await, (400, "urn:referent:problem:malformed".to_owned()));
    // The same place in a database in which something else happened there.
    let mut elsewhere = rest["next"].as_str().unwrap().to_owned();
    let last = if elsewhere.ends_with('A') { "Q" } else { "A" };
    elsewhere.replace_range(elsewhere.len() - 1.., last);
    let refused = browser.refused(&format!("/v1/notes?since={elsewhere}")).await;
    assert_eq!(refused, (409, "urn:referent:problem:no-such-place".to_owned()));
    assert_eq!(browser.refused(&format!("/v1/notes/{}/versions/9", other.id)).await.0, 404);
    for nobody in [Browser::stranger(&house), Browser::log_in(&house).await] {
        assert_eq!(nobody.refused("/v1/notes").await, (401, "urn:referent:problem:no-key".to_owned()));
    }
    assert_eq!(browser.refused("/v1/deliveries").await.0, 401, "a key is no session");
    assert_eq!(Browser::stranger(&house).refused("/v1/deliveries").await.0, 401);

    // What is erased is neither listed nor given any more; that it was is.
    let now_ms = kept.now();
    kept.store.write(move |tx| Box::pin(withdraw(tx, two, now_ms))).await.unwrap();
    let page = browser.get(&path(&rest["next"], "&sections=true")).await;
    assert_eq!((&page["changes"][0]["event"], &page["changes"][0]["note"]), (&json!("withdrawn"), &json!(other.id)));
    assert_eq!(browser.refused(&format!("/v1/notes/{}/versions/1", other.id)).await.0, 404);
    let all = browser.get("/v1/notes?sections=true").await;
    let of_other = |it: &&serde_json::Value| it["note"] == other.id.as_str();
    let left: Vec<_> = all["changes"].as_array().unwrap().iter().filter(of_other).map(|it| &it["event"]).collect();
    assert_eq!(left, ["withdrawn"]);
    house.stop().await;
}
