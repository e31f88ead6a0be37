//! Who may be whom, in the database: codes, certificates, revocations.

use crate::given::{Kept, NOON, Place};
use referent_identity::who::Role;
use referent_notes_api::store::identity::{Grant, NewCertificate, Revoke, Shown, Spent, Standing};

const QUARTER_MS: i64 = 15 * 60 * 1000;
const LATER_MS: i64 = NOON + 60 * 86_400_000;

fn grant(role: Role, subject: &str) -> Grant {
    let names = if role == Role::Pipeline { vec!["pipeline.example".to_owned()] } else { Vec::new() };
    Grant { role, subject: subject.parse().unwrap(), names }
}

fn new(serial: &str) -> NewCertificate {
    NewCertificate { serial: serial.to_owned(), expires_ms: LATER_MS, authorities: "first second".to_owned() }
}

fn shown(role: Role, subject: &str, serial: &str) -> Shown {
    Shown { role, subject: subject.to_owned(), serial: serial.to_owned() }
}

async fn keep(kept: &Kept, hash: &str, grant: Grant) {
    kept.store.keep_code(hash.to_owned(), grant, kept.now(), kept.now() + QUARTER_MS).await.unwrap();
}

async fn enrolled(kept: &Kept, role: Role, subject: &str, serial: &str) {
    keep(kept, &format!("code of {serial}"), grant(role, subject)).await;
    let spent = kept.store.spend_code(format!("code of {serial}"), new(serial), kept.now()).await.unwrap();
    assert_eq!(spent, Spent::Grant(grant(role, subject)));
}

async fn standing(kept: &Kept, role: Role, subject: &str, serial: &str) -> Standing {
    kept.store.standing(shown(role, subject, serial), true).await.unwrap()
}

pub(crate) async fn a_code_is_good_once_and_for_a_quarter_of_an_hour(place: Place) {
    let kept = place.store().await;
    keep(&kept, "a", grant(Role::Pipeline, "p1")).await;
    keep(&kept, "b", grant(Role::Caseworker, "anna")).await;
    let spend =
        async |hash: &str, serial: &str| kept.store.spend_code(hash.to_owned(), new(serial), kept.now()).await.unwrap();
    assert_eq!(spend("c", "00").await, Spent::Wrong);
    assert_eq!(spend("a", "01").await, Spent::Grant(grant(Role::Pipeline, "p1")));
    assert_eq!(spend("a", "02").await, Spent::Used);
    kept.seconds_pass(15 * 60 - 1);
    keep(&kept, "d", grant(Role::Caseworker, "bo")).await;
    kept.seconds_pass(1);
    assert_eq!(spend("b", "03").await, Spent::Expired);
    assert_eq!(spend("d", "04").await, Spent::Grant(grant(Role::Caseworker, "bo")));
    let listed = kept.store.certificates(None, kept.now()).await.unwrap();
    let serials: Vec<&str> = listed.iter().map(|line| line.serial.as_str()).collect();
    assert_eq!(serials, ["04", "01"], "only what was issued, by role and name");
    assert_eq!(kept.store.certificates(Some("p1".into()), kept.now()).await.unwrap().len(), 1);
    assert_eq!(kept.store.certificates(None, LATER_MS).await.unwrap(), []);
}

pub(crate) async fn of_two_who_bring_one_code_one_gets_a_certificate(place: Place) {
    let kept = place.store().await;
    keep(&kept, "a", grant(Role::Caseworker, "anna")).await;
    let tries = (0..8).map(|number| kept.store.spend_code("a".to_owned(), new(&format!("0{number}")), kept.now()));
    let spent = futures_util::future::try_join_all(tries).await.unwrap();
    assert_eq!(spent.iter().filter(|spent| matches!(spent, Spent::Grant(_))).count(), 1, "{spent:?}");
    assert_eq!(spent.iter().filter(|spent| **spent == Spent::Used).count(), 7, "{spent:?}");
    assert_eq!(kept.store.certificates(None, kept.now()).await.unwrap().len(), 1);
}

pub(crate) async fn what_is_revoked_stays_so_and_is_not_renewed(place: Place) {
    let kept = place.store().await;
    enrolled(&kept, Role::Caseworker, "anna", "01").await;
    enrolled(&kept, Role::Caseworker, "anna", "02").await;
    enrolled(&kept, Role::Pipeline, "anna", "03").await;
    let renew = async |serial: &str, next: &str| {
        let old = shown(Role::Caseworker, "anna", serial);
        kept.store.renew_certificate(old, new(next), kept.now()).await.unwrap()
    };
    assert_eq!(renew("01", "04").await, Ok(grant(Role::Caseworker, "anna")));
    assert_eq!(kept.store.revoke(Revoke::Serial("01".into()), kept.now()).await.unwrap(), 1);
    assert_eq!(renew("01", "05").await, Err(Standing::Revoked));
    assert_eq!(standing(&kept, Role::Caseworker, "anna", "01").await, Standing::Revoked);
    assert_eq!(standing(&kept, Role::Caseworker, "anna", "02").await, Standing::Good);
    // Another's serial number, another role: never issued.
    assert_eq!(standing(&kept, Role::Caseworker, "bo", "02").await, Standing::Unknown);
    assert_eq!(standing(&kept, Role::Pipeline, "anna", "02").await, Standing::Unknown);
    assert_eq!(renew("99", "06").await, Err(Standing::Unknown));

    keep(&kept, "waiting", grant(Role::Caseworker, "anna")).await;
    let everything = Revoke::Holder(Role::Caseworker, "anna".parse().unwrap());
    assert_eq!(kept.store.revoke(everything, kept.now()).await.unwrap(), 3);
    for serial in ["01", "02", "04"] {
        assert_eq!(standing(&kept, Role::Caseworker, "anna", serial).await, Standing::Revoked, "{serial}");
        assert_eq!(renew(serial, "07").await, Err(Standing::Revoked), "{serial}");
    }
    assert_eq!(standing(&kept, Role::Pipeline, "anna", "03").await, Standing::Good, "that is somebody else");
    let spent = kept.store.spend_code("waiting".into(), new("08"), kept.now()).await.unwrap();
    assert_eq!(spent, Spent::Wrong, "codes that wait are void, too");

    enrolled(&kept, Role::Caseworker, "anna", "09").await;
    assert_eq!(standing(&kept, Role::Caseworker, "anna", "09").await, Standing::Good, "she may come again");
    assert_eq!(standing(&kept, Role::Caseworker, "anna", "02").await, Standing::Revoked, "what she had stays revoked");
}

pub(crate) async fn certificates_of_an_authority_elsewhere_are_revoked_by_name_or_number(place: Place) {
    let kept = place.store().await;
    let elsewhere = async |subject: &str, serial: &str| {
        kept.store.standing(shown(Role::Caseworker, subject, serial), false).await.unwrap()
    };
    assert_eq!(elsewhere("anna", "aa").await, Standing::Good);
    assert_eq!(kept.store.revoke(Revoke::Serial("aa".into()), kept.now()).await.unwrap(), 0);
    assert_eq!(elsewhere("anna", "aa").await, Standing::Revoked);
    assert_eq!(elsewhere("anna", "bb").await, Standing::Good);
    kept.store.revoke(Revoke::Holder(Role::Caseworker, "anna".parse().unwrap()), kept.now()).await.unwrap();
    assert_eq!(elsewhere("anna", "bb").await, Standing::Revoked);
    assert_eq!(elsewhere("bo", "bb").await, Standing::Good);
}

pub(crate) async fn what_was_taken_from_somebody_they_do_not_give_themselves(place: Place) {
    let kept = place.store().await;
    let own = async |hash: &str| {
        let until_ms = kept.now() + QUARTER_MS;
        kept.store.keep_own_code(hash.to_owned(), "anna".parse().unwrap(), kept.now(), until_ms).await.unwrap()
    };
    assert!(own("a").await);
    let spent = kept.store.spend_code("a".to_owned(), new("01"), kept.now()).await.unwrap();
    assert_eq!(spent, Spent::Grant(grant(Role::Caseworker, "anna")));
    // One PC that was lost is no reason to keep her from the next.
    kept.store.revoke(Revoke::Serial("01".into()), kept.now()).await.unwrap();
    assert!(own("b").await);
    kept.store.revoke(Revoke::Holder(Role::Caseworker, "anna".parse().unwrap()), kept.now()).await.unwrap();
    assert!(!own("c").await);
    let spent = kept.store.spend_code("c".to_owned(), new("02"), kept.now()).await.unwrap();
    assert_eq!(spent, Spent::Wrong, "there is no such code");
}
