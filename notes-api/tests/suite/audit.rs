//! Who read and changed what: told before anything is answered, with the change or not at all, in chains that show tampering.

use crate::given::{Kept, Place, a_call, a_worker};
use crate::http::Browser;
use crate::notes::{put, save};
use crate::wire::a_complete_call;
use referent_audit::{ChainId, Finding, Link, Verifier};
use referent_notes_api::store::audit::{Act, Deed};
use referent_notes_api::store::notes::Over;
use referent_proto::CallId;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

async fn acts(kept: &Kept, call: CallId) -> Vec<(String, String)> {
    let deeds = kept.store.deeds(format!("call/{call}")).await.unwrap();
    deeds.into_iter().map(|(_, link)| (link.entry.who, link.entry.what)).collect()
}

/// Every link of every chain, and what does not fit.
async fn verified(kept: &Kept) -> (Vec<(ChainId, Link)>, Vec<Finding>) {
    let (mut links, mut findings) = (Vec::new(), Vec::new());
    for (chain, told) in kept.store.chains().await.unwrap() {
        let mut verifier = Verifier::new(chain, &[], &[]);
        let mut last = 0;
        while let page = kept.store.links_after(chain, last).await.unwrap()
            && let Some(end) = page.last()
        {
            last = end.number;
            for link in &page {
                verifier.read(link);
            }
            links.extend(page.into_iter().map(|link| (chain, link)));
        }
        findings.extend(verifier.finish_at(told));
    }
    (links, findings)
}

pub(crate) async fn what_is_read_and_changed_is_told(place: Place) {
    let house = place.house().await;
    let kept = place.store().await;
    let browser = Browser::log_in(&house).await;
    let (_line, job) = a_complete_call(&house, a_worker()).await;
    let (call, path) = (job.key.call, format!("/v1/calls/{}", job.key.call));
    browser.get("/v1/calls").await;
    assert_eq!(acts(&kept, call).await, [], "a list has no word of a call");
    browser.get(&path).await;
    browser.get(&format!("{path}/suppressed")).await;
    drop(browser.listen(&format!("{path}/events")).await);
    browser.get(&format!("{path}/notes")).await;
    browser.get("/v1/metrics/corrections").await;
    browser.post(&format!("{path}/discard"), &serde_json::json!({})).await;
    browser.post(&format!("{path}/discard"), &serde_json::json!({})).await;
    let local = |what: &str| ("local".to_owned(), what.to_owned());
    let expected = [
        "transcript_read",
        "suppressed_read",
        "transcript_read",
        "note_read",
        "transcript_erased",
        "drafts_erased",
        "identifiers_erased",
        "events_erased",
        "figures_erased",
        "call_discarded",
    ];
    let expected = expected.map(local);
    assert_eq!(acts(&kept, call).await, expected, "a repeat changes nothing");
    let (links, findings) = verified(&kept).await;
    assert_eq!(findings, []);
    let others: BTreeSet<&str> = links.iter().map(|(_, link)| link.entry.what.as_str()).collect();
    assert!(others.contains("session_opened") && others.contains("figures_read"), "{others:?}");
    house.stop().await;
}

pub(crate) async fn a_change_is_told_with_it_or_not_at_all(place: Place) {
    let kept = place.store().await;
    let turn = kept.new_call().await;
    assert!(matches!(put(&kept, turn.call, 0, "et").await, Over::Written(1)));
    assert!(matches!(put(&kept, turn.call, 0, "to").await, Over::Conflict(_)));
    assert!(matches!(put(&kept, a_call(), 0, "to").await, Over::Unknown));
    assert!(matches!(save(&kept, turn.call, 0, "one", "et").await, Over::Written(_)));
    assert!(matches!(save(&kept, turn.call, 0, "one", "et").await, Over::Repeated(_)));
    let anna = |what: &str| ("anna".to_owned(), what.to_owned());
    assert_eq!(acts(&kept, turn.call).await, [anna("edit_kept"), anna("note_saved")]);
    let (links, findings) = verified(&kept).await;
    assert_eq!((links.len(), findings), (2, Vec::new()));
}

pub(crate) async fn many_at_once_make_whole_chains(place: Place) {
    const EACH: usize = 25;
    let kept = place.store().await;
    let calls: Vec<CallId> = (0..20).map(|_| a_call()).collect();
    let tellers = calls.iter().map(|call| {
        let store = kept.store.clone();
        async move {
            for _ in 0..EACH {
                store.tell(Deed::with_call("anna", Act::TranscriptRead, *call), 1).await.unwrap();
            }
        }
    });
    futures_util::future::join_all(tellers).await;
    let (links, findings) = verified(&kept).await;
    assert_eq!(findings, []);
    assert_eq!(links.len(), calls.len() * EACH);
    for call in calls {
        assert_eq!(acts(&kept, call).await.len(), EACH);
    }
}

/// What the program says on the command line.
fn say(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_referent-notes-api"))
        .arg("--config")
        .arg(folder.join("config.toml"))
        .arg("audit")
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_what_was_tampered_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let place = Place::sqlite(folder.path());
    let config = format!(
        "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\ndatabase = \"sqlite://{}\"\n",
        path("notes.db").display()
    );
    let audit = format!(
        "[audit]\nkey = \"{}\"\ncheckpoints = \"{}\"\nevery_s = 3600\n",
        path("audit.key").display(),
        path("checkpoints").display()
    );
    std::fs::write(path("config.toml"), format!("{config}{audit}")).unwrap();
    let (_, said) = say(folder.path(), &["verify"]);
    assert!(said.contains("audit key --out"), "without a key it says how one is made: {said}");
    let key = path("audit.key").display().to_string();
    let (is_made, said) = say(folder.path(), &["key", "--out", &key]);
    assert!(is_made, "{said}");
    assert!(!say(folder.path(), &["key", "--out", &key]).0, "a key that is there is left alone");

    let house = place.house_with(&audit).await;
    let browser = Browser::log_in(&house).await;
    let (_line, job) = a_complete_call(&house, a_worker()).await;
    let call = job.key.call.to_string();
    for _ in 0..4 {
        browser.get(&format!("/v1/calls/{call}")).await;
    }
    house.stop().await;

    let kept = std::fs::read_to_string(path("checkpoints")).unwrap();
    assert_eq!(kept.lines().count(), 1, "one when it goes: {kept}");
    let (is_whole, said) = say(folder.path(), &["verify"]);
    assert!(is_whole && said.contains("5 entries, held against 1 checkpoints: whole"), "{said}");
    let (_, said) = say(folder.path(), &["of", &call]);
    assert_eq!(said.matches("UTC  local  transcript_read").count(), 4, "{said}");

    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path("notes.db").display())).await.unwrap();
    let change = async |sql: &'static str| sqlx::query(sql).execute(&pool).await.unwrap();
    change("UPDATE audit SET who = 'bo' WHERE number = 3").await;
    let (is_whole, said) = say(folder.path(), &["verify"]);
    assert!(!is_whole && said.contains("entry 3, or the one before it, was altered"), "{said}");
    change("UPDATE audit SET who = 'local' WHERE number = 3").await;
    assert!(say(folder.path(), &["verify"]).0, "as it was");
    // The end is cut off by somebody who knows how it is stored.
    change("DELETE FROM audit WHERE number > 3").await;
    change("UPDATE audit_chains SET links = 3, hash = (SELECT hash FROM audit WHERE number = 3)").await;
    let (is_whole, said) = say(folder.path(), &["verify"]);
    assert!(!is_whole && said.contains("ends at entry 3, and had 5: its end was cut off"), "{said}");
    // All of it.
    change("DELETE FROM audit").await;
    change("DELETE FROM audit_chains").await;
    let (is_whole, said) = say(folder.path(), &["verify"]);
    assert!(!is_whole && said.contains("ends at entry 0, and had 5"), "{said}");
    // A checkpoint that somebody made with a key of their own.
    let other = path("other.key").display().to_string();
    let (_, said) = say(folder.path(), &["key", "--out", &other]);
    let public = said.lines().last().unwrap().to_owned();
    let (is_whole, said) = say(folder.path(), &["verify", "--key", &public]);
    assert!(!is_whole && said.contains("not signed by a key that was named"), "{said}");
}
