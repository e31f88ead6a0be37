//! Saved notes reach the systems that keep them: never lost, never twice under different ids, whatever a receiver does.

use crate::given::{House, Kept, Place};
use crate::http::Browser;
use crate::receiver::{Answer, Got, Receiver};
use crate::rights::{KEY, case_systems};
use referent_notes_api::shown::NoteView;
use referent_notes_api::shown::outbox::{DeliveryDetail, DeliveryState, DeliveryView};
use referent_notes_api::store::notes::{NewVersion, Over};
use referent_notes_api::store::outbox::{Filter, Outcome, is_outstanding};
use referent_notes_api::store::retention::Erasing;
use referent_proto::{CallId, CommandId, Spoken};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
/// More than any wait after a failure.
const LONG_S: i64 = 3_700;
pub(crate) const SECRET: &str = "whsec_MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";
const OLD_SECRET: &str = "whsec_MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=";

/// Files of a configuration, which go with it.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A destination of this name at this address.
    pub(crate) fn destination(&self, name: &str, url: &str, more: &str) -> String {
        let secret = self.write("secret", SECRET);
        format!(
            "[[delivery]]\nname = \"{name}\"\nurl = \"{url}\"\nsecret_files = [\"{}\"]\ntimeout_s = 1\n{more}\n",
            secret.display()
        )
    }
}

/// Saves the next version of the call's note.
pub(crate) async fn save(kept: &Kept, call: CallId, over: i64, text: &str) -> NoteView {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let new = NewVersion {
        over,
        save_id: format!("save {number}"),
        note: uuid::Uuid::from_u128(number.into()).to_string(),
        edit_revision: None,
        draft: None,
        sections: [("information".to_owned(), Spoken::new(text))].into(),
        confirmed: Vec::new(),
        by: "anna".to_owned(),
    };
    match kept.store.save_note(call, new, kept.now()).await.unwrap() {
        Over::Written(note) => note,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn all(kept: &Kept) -> Vec<DeliveryView> {
    kept.store.deliveries(Filter::default(), 200).await.unwrap().deliveries
}

async fn detail(kept: &Kept, id: &str) -> DeliveryDetail {
    kept.store.delivery(id.to_owned()).await.unwrap().unwrap()
}

/// Waits until the delivery is in this state and nobody is at it.
pub(crate) async fn wait_for(kept: &Kept, id: &str, state: DeliveryState, attempts: i64) -> DeliveryDetail {
    let begin = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    loop {
        tick.tick().await;
        let seen = detail(kept, id).await;
        if seen.delivery.state == state && seen.delivery.attempts >= attempts {
            return seen;
        }
        assert!(begin.elapsed() < PATIENCE, "seen last: {seen:?}");
    }
}

/// How each attempt ended, with the status.
pub(crate) fn log(of: &DeliveryDetail) -> Vec<(Outcome, Option<i64>)> {
    of.log.iter().map(|attempt| (attempt.outcome, attempt.status)).collect()
}

fn long_passes(house: &House) {
    house.clock.advance_ms(LONG_S * 1000);
}

pub(crate) async fn a_saved_note_is_told_signed_and_without_its_text(place: Place) {
    let (files, receiver) = (Files::new(), Receiver::that([]).await);
    let folder = tempfile::tempdir().unwrap();
    let config = files.destination("esdh", &receiver.url(), "") + &case_systems(folder.path());
    let house = place.house_with(&config).await;
    let kept = place.store().await;
    let turn = kept.new_call().await;
    let note = save(&kept, turn.call, 0, "Borgeren er flyttet til Vejle.").await;

    let got = receiver.wait_for(1).await;
    assert!(got.is_signed_with(SECRET) && !got.is_signed_with(OLD_SECRET));
    assert!(got.headers["content-type"].starts_with("application/cloudevents+json"));
    assert_eq!(got.headers["webhook-timestamp"], (kept.now() / 1000).to_string());
    let expected = json!({
        "specversion": "1.0",
        "id": got.id(),
        "source": "urn:referent:notes-api",
        "type": "dk.referent.note.saved.v1",
        "subject": note.id,
        "time": "2026-03-02T12:00:00.000Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:referent:schema:note.saved.v1",
        "data": {
            "event": "saved",
            "note": note.id,
            "call": turn.call.to_string(),
            "part": 1,
            "version": 1,
            "case_id": "2026-114823",
            "occurred_ms": kept.now(),
            "link": format!("/v1/notes/{}/versions/1", note.id),
        },
    });
    assert_eq!(got.json(), expected);
    assert!(!String::from_utf8_lossy(&got.body).contains("Vejle"));
    let done = wait_for(&kept, got.id(), DeliveryState::Delivered, 1).await;
    assert_eq!(log(&done), [(Outcome::Delivered, Some(204))]);

    // Whoever is told fetches the text by the link, and that is told as a reading.
    let browser = Browser::with_bearer(&house, KEY);
    let version = browser.get(got.json()["data"]["link"].as_str().unwrap()).await;
    let section = json!({"id": "information", "heading": "Oplysninger", "text": "Borgeren er flyttet til Vejle."});
    assert_eq!(version["sections"], json!([section]));
    assert_eq!(
        acts(&kept, &format!("call/{}", turn.call)).await,
        pairs(&[("anna", "note_saved"), ("esdh", "note_read")])
    );
    house.stop().await;
    assert_eq!(receiver.got().len(), 1, "once");
}

pub(crate) async fn a_full_event_has_the_text_and_is_audited(place: Place) {
    let (files, receiver) = (Files::new(), Receiver::that([]).await);
    let more = "content = \"full\"\nsource = \"https://notes.example\"\n";
    let house = place.house_with(&files.destination("esdh", &receiver.url(), more)).await;
    let kept = place.store().await;
    let turn = kept.new_call().await;
    save(&kept, turn.call, 0, "Borgeren er flyttet til Vejle.").await;
    let got = receiver.wait_for(1).await.json();
    assert_eq!(got["source"], "https://notes.example");
    let section = json!({"id": "information", "heading": "Oplysninger", "text": "Borgeren er flyttet til Vejle."});
    assert_eq!(got["data"]["sections"], json!([section]));
    let expected = pairs(&[("anna", "note_saved"), ("destination/esdh", "note_sent")]);
    assert_eq!(acts(&kept, &format!("call/{}", turn.call)).await, expected);
    house.stop().await;
}

/// Who did what, sorted: what two programs tell at the same time has no order.
async fn acts(kept: &Kept, about: &str) -> Vec<(String, String)> {
    let deeds = kept.store.deeds(about.to_owned()).await.unwrap();
    let mut acts: Vec<_> = deeds.into_iter().map(|(_, link)| (link.entry.who, link.entry.what)).collect();
    acts.sort();
    acts
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

pub(crate) async fn whatever_a_receiver_does_the_note_arrives_under_one_id(place: Place) {
    let (files, elsewhere) = (Files::new(), Receiver::that([]).await);
    let script = [
        Answer::Status(500),
        Answer::Hang,
        Answer::Drip,
        Answer::Reset,
        Answer::With(429, "retry-after: 7".to_owned()),
        Answer::With(307, format!("location: {}", elsewhere.url())),
        Answer::Status(401),
        Answer::Garbage,
        Answer::Huge,
    ];
    let receiver = Receiver::that(script).await;
    let house = place.house_with(&files.destination("esdh", &receiver.url(), "")).await;
    let kept = place.store().await;
    let turn = kept.new_call().await;
    save(&kept, turn.call, 0, "Borgeren er flyttet.").await;
    let id = receiver.wait_for(1).await.id().to_owned();
    for attempts in 1..=8 {
        let seen = wait_for(&kept, &id, DeliveryState::Waiting, attempts).await;
        if seen.log.last().unwrap().status == Some(429) {
            let due_ms = seen.delivery.due_ms.unwrap();
            assert!(due_ms >= house.clock.now_ms() + 7_000, "it is asked when it wants to be");
        }
        long_passes(&house);
        receiver.wait_for(usize::try_from(attempts).unwrap() + 1).await;
    }
    let done = wait_for(&kept, &id, DeliveryState::Delivered, 9).await;
    let refused = |status| (Outcome::Refused, Some(status));
    let expected = [
        refused(500),
        (Outcome::Timeout, None),
        (Outcome::Timeout, None),
        (Outcome::Broken, None),
        refused(429),
        (Outcome::Redirected, Some(307)),
        refused(401),
        (Outcome::Broken, None),
        (Outcome::Delivered, Some(200)),
    ];
    assert_eq!(log(&done), expected);
    let got = receiver.got();
    assert!(got.iter().all(|one| one.id() == id && one.body == got[0].body && one.is_signed_with(SECRET)));
    let times: Vec<&String> = got.iter().map(|one| &one.headers["webhook-timestamp"]).collect();
    assert!(times.is_sorted_by(|one, next| one < next), "each attempt has its own time: {times:?}");
    assert_eq!(elsewhere.got().len(), 0, "no redirect is followed");
    house.stop().await;
}

pub(crate) async fn a_410_disables_until_somebody_enables(place: Place) {
    let (files, receiver) = (Files::new(), Receiver::that([Answer::Status(410)]).await);
    let house = place.house_with(&files.destination("esdh", &receiver.url(), "")).await;
    let kept = place.store().await;
    let browser = Browser::log_in(&house).await;
    let (one, two) = (kept.new_call().await, kept.new_call().await);
    save(&kept, one.call, 0, "et").await;
    let first = receiver.wait_for(1).await.id().to_owned();
    let state = browser.wait_for("/v1/destinations", |seen| seen["destinations"][0]["enabled"] == false).await;
    let state = &state["destinations"][0];
    assert_eq!(
        (&state["name"], &state["disabled_why"], &state["waiting"]),
        (&json!("esdh"), &json!("gone"), &json!(1))
    );
    save(&kept, two.call, 0, "to").await;
    // Less than a session lasts.
    for _ in 0..10 {
        long_passes(&house);
    }
    let now_ms = house.clock.now_ms();
    assert!(!kept.store.is_delivery_due("esdh".into(), now_ms).await.unwrap());
    assert!(browser.post("/v1/destinations/nobody/enable", &json!({})).await.0 == 404);
    let (status, state) = browser.post("/v1/destinations/esdh/enable", &json!({})).await;
    assert_eq!((status, &state["enabled"]), (200, &json!(true)));
    receiver.wait_for(3).await;
    for delivery in all(&kept).await {
        wait_for(&kept, &delivery.id, DeliveryState::Delivered, 1).await;
    }
    let got = receiver.got();
    assert_eq!(got.iter().filter(|one| one.id() == first).count(), 2, "the refused one came again");
    let expected = pairs(&[("delivery", "destination_disabled"), ("local", "destination_enabled")]);
    assert_eq!(acts(&kept, "destination/esdh").await, expected);

    // An administrator may do the same.
    assert_eq!(browser.post("/v1/destinations/esdh/disable", &json!({})).await.1["disabled_why"], "administrator");
    let disabled = pairs(&[("local", "destination_disabled")]);
    assert!(acts(&kept, "destination/esdh").await.contains(&disabled[0]));
    house.stop().await;
}

pub(crate) async fn versions_arrive_in_order_and_hold_up_no_other_note(place: Place) {
    // The message is refused, not the destination: other notes go on.
    let (files, receiver) = (Files::new(), Receiver::that([Answer::Status(422), Answer::Status(422)]).await);
    let house = place.house_with(&files.destination("esdh", &receiver.url(), "")).await;
    let kept = place.store().await;
    let (one, two) = (kept.new_call().await, kept.new_call().await);
    let note = save(&kept, one.call, 0, "et").await;
    let first = receiver.wait_for(1).await.id().to_owned();
    wait_for(&kept, &first, DeliveryState::Waiting, 1).await;
    receiver.next_does(Answer::Status(204));
    save(&kept, one.call, 1, "to").await;
    save(&kept, one.call, 2, "tre").await;
    let other = save(&kept, two.call, 0, "en anden").await;
    let begin = Instant::now();
    while !receiver.got().iter().any(|got| got.json()["subject"] == other.id.as_str()) {
        assert!(begin.elapsed() < PATIENCE, "the other note does not wait");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begin = Instant::now();
    while all(&kept).await.iter().any(|one| one.state != DeliveryState::Delivered) {
        long_passes(&house);
        assert!(begin.elapsed() < PATIENCE, "{:?}", all(&kept).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let of_note = |got: &&Got| got.json()["subject"] == note.id.as_str();
    let mut versions: Vec<i64> = receiver.got().iter().filter(of_note).map(Got::version).collect();
    assert!(versions.is_sorted(), "{versions:?}");
    // Whichever the second refusal met came once more.
    versions.dedup();
    assert_eq!(versions, [1, 2, 3]);
    house.stop().await;
}

pub(crate) async fn a_sender_that_dies_sends_again_under_the_same_id(place: Place) {
    let (files, receiver) = (Files::new(), Receiver::that([Answer::Hang]).await);
    let config = files.destination("esdh", &receiver.url(), "timeout_s = 60\n").replace("timeout_s = 1\n", "");
    let house = place.house_with(&config).await;
    let kept = place.store().await;
    let turn = kept.new_call().await;
    save(&kept, turn.call, 0, "et").await;
    let id = receiver.wait_for(1).await.id().to_owned();
    // The receiver has it; nobody has heard that it has.
    house.power_is_cut().await;
    assert_eq!(log(&detail(&kept, &id).await), [(Outcome::Sending, None)]);

    let house = place.house_with(&config).await;
    save(&kept, turn.call, 1, "to").await;
    assert!(!kept.store.is_delivery_due("esdh".into(), house.clock.now_ms() - 1).await.unwrap());
    house.clock.advance_ms(91_000);
    receiver.wait_for(3).await;
    let done = wait_for(&kept, &id, DeliveryState::Delivered, 2).await;
    assert_eq!(log(&done), [(Outcome::Unknown, None), (Outcome::Delivered, Some(204))]);
    let got: Vec<(String, i64)> = receiver.got().iter().map(|got| (got.id().to_owned(), got.version())).collect();
    assert_eq!(got[..2], [(id.clone(), 1), (id, 1)], "the second version waited for the first");
    assert_eq!(got[2].1, 2);
    assert_ne!(got[2].0, got[0].0);
    house.stop().await;
}

pub(crate) async fn secrets_are_rotated_without_a_gap(place: Place) {
    let (files, receiver) = (Files::new(), Receiver::that([]).await);
    let kept = place.store().await;
    let (new, old) = (files.write("new", SECRET), files.write("old", OLD_SECRET));
    let with = |secrets: &[&PathBuf]| {
        let config = files.destination("esdh", &receiver.url(), "");
        let secrets: Vec<String> = secrets.iter().map(|file| format!("\"{}\"", file.display())).collect();
        let begin = config.find("secret_files").unwrap();
        let end = begin + config[begin..].find('\n').unwrap();
        format!("{}secret_files = [{}]{}", &config[..begin], secrets.join(", "), &config[end..])
    };
    for (count, (secrets, by_new, by_old)) in
        [(vec![&old], false, true), (vec![&new, &old], true, true), (vec![&new], true, false)].into_iter().enumerate()
    {
        let house = place.house_with(&with(&secrets)).await;
        let turn = kept.new_call().await;
        save(&kept, turn.call, 0, "et").await;
        let got = receiver.wait_for(count + 1).await;
        assert_eq!((got.is_signed_with(SECRET), got.is_signed_with(OLD_SECRET)), (by_new, by_old));
        wait_for(&kept, got.id(), DeliveryState::Delivered, 1).await;
        house.stop().await;
    }
}

pub(crate) async fn what_is_given_up_stays_listed_and_is_replayed(place: Place) {
    let (files, receiver) = (Files::new(), Receiver::that([Answer::Status(503), Answer::Status(503)]).await);
    let house = place.house_with(&files.destination("esdh", &receiver.url(), "give_up_days = 1\n")).await;
    let kept = place.store().await;
    let turn = kept.new_call().await;
    save(&kept, turn.call, 0, "et").await;
    let id = receiver.wait_for(1).await.id().to_owned();
    wait_for(&kept, &id, DeliveryState::Waiting, 1).await;
    house.clock.advance_ms(86_400_000);
    receiver.wait_for(2).await;
    wait_for(&kept, &id, DeliveryState::Dead, 2).await;
    // Nobody tries it any more: it stays until somebody asks.
    house.clock.advance_ms(86_400_000 * 100);
    assert!(!kept.store.is_delivery_due("esdh".into(), house.clock.now_ms()).await.unwrap());
    let browser = Browser::log_in(&house).await;
    let dead = browser.get("/v1/deliveries?state=dead&destination=esdh").await;
    assert_eq!(dead["deliveries"][0]["id"], id.as_str());
    assert_eq!((&dead["deliveries"][0]["last_status"], &dead["next"]), (&json!(503), &Value::Null));
    assert_eq!(browser.get("/v1/deliveries?state=delivered").await["deliveries"], json!([]));

    receiver.next_does(Answer::Hang);
    let path = format!("/v1/deliveries/{id}/replay");
    let (status, view) = browser.post(&path, &json!({})).await;
    assert_eq!((status, &view["state"]), (202, &json!("waiting")));
    receiver.wait_for(3).await;
    assert_eq!(browser.post(&path, &json!({})).await.1["type"], "urn:referent:problem:under-way");
    wait_for(&kept, &id, DeliveryState::Waiting, 3).await;
    long_passes(&house);
    receiver.wait_for(4).await;
    wait_for(&kept, &id, DeliveryState::Delivered, 4).await;
    // What was delivered may be wanted once more.
    assert_eq!(browser.post(&path, &json!({})).await.0, 202);
    receiver.wait_for(5).await;
    assert!(receiver.got().iter().all(|got| got.id() == id), "always under the same id");
    let one = browser.wait_for(&format!("/v1/deliveries/{id}"), |seen| seen["state"] == "delivered").await;
    assert_eq!(one["log"].as_array().unwrap().len(), 5);
    let replays = acts(&kept, &format!("delivery/{id}")).await;
    assert_eq!(replays.iter().filter(|(_, act)| act == "delivery_replayed").count(), 2, "{replays:?}");
    assert_eq!(browser.post("/v1/deliveries/nothing/replay", &json!({})).await.0, 404);
    house.stop().await;
}

pub(crate) async fn a_note_that_is_erased_is_withdrawn(place: Place) {
    let (files, receiver) = (Files::new(), Receiver::that([Answer::Status(204), Answer::Status(422)]).await);
    let house = place.house_with(&files.destination("esdh", &receiver.url(), "content = \"full\"\n")).await;
    let kept = place.store().await;
    let turn = kept.new_call().await;
    let note = save(&kept, turn.call, 0, "et").await;
    let first = receiver.wait_for(1).await.id().to_owned();
    wait_for(&kept, &first, DeliveryState::Delivered, 1).await;
    let kept = &kept;
    assert!(!outstanding_of(kept, turn.call).await);
    save(kept, turn.call, 1, "to").await;
    let second = receiver.wait_for(2).await.id().to_owned();
    wait_for(kept, &second, DeliveryState::Waiting, 1).await;
    assert!(outstanding_of(kept, turn.call).await);
    // What a caseworker discards is the call; its saved note stays, and is delivered all the same.
    kept.store.discard(turn.call, CommandId::new(1, [9; 10]), "anna".into(), kept.now()).await.unwrap();
    assert!(outstanding_of(kept, turn.call).await);

    for number in 2..4 {
        let command = CommandId::new(number, [9; 10]);
        let erasing = kept.store.erase(turn.call, command, "asked for".into(), "admin".into(), kept.now()).await;
        assert!(matches!(erasing.unwrap(), Erasing::Done(_)));
    }
    long_passes(&house);
    let got = receiver.wait_for(3).await.json();
    assert_eq!((&got["type"], &got["data"]["version"]), (&json!("dk.referent.note.withdrawn.v1"), &json!(2)));
    assert_eq!((&got["data"]["case_id"], &got["data"]["link"]), (&Value::Null, &Value::Null));
    assert_eq!((&got["subject"], &got["data"]["sections"]), (&json!(note.id), &Value::Null));
    let states: Vec<_> = all(kept).await.into_iter().map(|one| (one.event, one.version, one.state)).collect();
    assert_eq!(states.len(), 3, "a repeat changes nothing: {states:?}");
    assert_eq!(detail(kept, &second).await.delivery.state, DeliveryState::Withdrawn);
    let browser = Browser::log_in(&house).await;
    assert_eq!(browser.post(&format!("/v1/deliveries/{second}/replay"), &json!({})).await.0, 410);
    house.stop().await;
    assert_eq!(receiver.got().len(), 3);
}

async fn outstanding_of(kept: &Kept, call: CallId) -> bool {
    kept.store.read(move |tx| Box::pin(is_outstanding(tx, call))).await.unwrap()
}

pub(crate) async fn what_nobody_takes_waits_for_whoever_comes(place: Place) {
    let kept = place.store().await;
    let (files, receiver) = (Files::new(), Receiver::that([]).await);
    let early = kept.new_call().await;
    save(&kept, early.call, 0, "before there was a destination").await;
    let house = place.house_with(&files.destination("esdh", &receiver.url(), "events = [\"saved\"]\n")).await;
    house.stop().await;
    // Nobody sends now: what is saved waits.
    let turn = kept.new_call().await;
    save(&kept, turn.call, 0, "et").await;
    let house = place.house_with("").await;
    let later = kept.new_call().await;
    save(&kept, later.call, 0, "of no destination").await;
    assert_eq!(all(&kept).await.len(), 1, "of a destination that was taken out nothing new is kept");
    house.stop().await;
    let house = place.house_with(&files.destination("esdh", &receiver.url(), "")).await;
    assert_eq!(receiver.wait_for(1).await.json()["data"]["call"], turn.call.to_string());
    house.stop().await;
    assert_eq!(receiver.got().len(), 1);
}
