//! Areas in force: a file that changes, a file that breaks, and what a call that goes on has of it.

use crate::given::{NOON, Place, a_call, a_worker};
use crate::http::Browser;
use crate::wire::Line;
use referent_notes_api::areas::Areas;
use serde_json::Value;
use std::path::Path;

fn text(heading: &str) -> String {
    let fact = "[[must_note]]\nid = \"rent\"\nlabel = \"Husleje\"\nkind = \"amount\"\ncues = [\"husleje*\"]\n\
        [[must_note]]\nid = \"death\"\nlabel = \"Dødsfald\"\nkind = \"date\"\ncues = [\"døde\"]\n";
    format!("language = \"da\"\n[[sections]]\nid = \"reason\"\nheading = \"{heading}\"\n{fact}")
}

const BROKEN: &str = "language = \"de\"\ncolour = 1\n[[sections]]\nid = \"reason\"\nheading = \"A\"\n";

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

/// How an area stands.
fn of<'a>(list: &'a Value, id: &str) -> &'a Value {
    let all = list["areas"].as_array().unwrap();
    all.iter().find(|area| area["id"] == id).unwrap_or(&Value::Null)
}

fn heading(area: &Value) -> &Value {
    &area["settings"]["sections"][0]["heading"]
}

pub(crate) async fn a_changed_file_is_in_force_and_a_broken_one_is_told(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "standard.toml", &text("Første"));
    let house = place.house_with(&format!("areas = \"{}\"\n[timing]\nareas_ms = 20\n", folder.display())).await;
    let browser = Browser::log_in(&house).await;
    let first = browser.get("/v1/areas").await;
    let standard = of(&first, "standard");
    assert_eq!((heading(standard), &standard["problem"]), (&"Første".into(), &Value::Null));
    assert_eq!(standard["in_force_since_ms"], NOON);
    assert_eq!(of(&first, "standard-en")["settings"]["language"], "en", "and what is built in");
    let (call, worker) = (a_call(), a_worker());
    let (line, known) = Line::begin(&house, call, worker).await;
    assert_eq!(known.area.as_ref().unwrap().sections[0].heading, "Første");

    house.clock.advance_ms(1_000);
    write(folder, "standard.toml", &text("Anden"));
    let second = browser.wait_for("/v1/areas", |list| heading(of(list, "standard")) == "Anden").await;
    assert_ne!(of(&second, "standard")["version"], standard["version"]);
    assert_eq!(of(&second, "standard")["in_force_since_ms"], NOON + 1_000);

    house.clock.advance_ms(1_000);
    write(folder, "standard.toml", BROKEN);
    write(folder, "new.toml", BROKEN);
    let third = browser.wait_for("/v1/areas", |list| of(list, "standard")["problem"] != Value::Null).await;
    let standard = of(&third, "standard");
    assert_eq!(heading(standard), "Anden", "the last good one stays");
    assert_eq!(standard["in_force_since_ms"], NOON + 1_000);
    let problem = &standard["problem"];
    assert_eq!((&problem["file"], &problem["kind"]), (&"standard.toml".into(), &"mistakes".into()));
    assert_eq!(problem["since_ms"], NOON + 2_000);
    let lines: Vec<_> = problem["mistakes"].as_array().unwrap().iter().map(|one| (&one["line"], &one["key"])).collect();
    assert_eq!(lines, [(&1.into(), &"language".into()), (&2.into(), &"colour".into())]);
    let third = browser.wait_for("/v1/areas", |list| of(list, "new") != &Value::Null).await;
    assert_eq!((&of(&third, "new")["version"], &of(&third, "new")["settings"]), (&Value::Null, &Value::Null));

    // A call that begins now gets the last good version; one that goes on keeps the one that it began with.
    let (_other, known) = Line::begin(&house, a_call(), a_worker()).await;
    assert_eq!(known.area.unwrap().sections[0].heading, "Anden");
    drop(line);
    let (_again, known) = Line::begin(&house, call, a_worker()).await;
    assert_eq!(known.area.unwrap().sections[0].heading, "Første");

    std::fs::remove_file(folder.join("standard.toml")).unwrap();
    let gone = browser.wait_for("/v1/areas", |list| of(list, "standard")["problem"]["kind"] == "gone").await;
    assert_eq!(heading(of(&gone, "standard")), "Anden");
    write(folder, "standard.toml", &text("Anden"));
    let mended = browser.wait_for("/v1/areas", |list| of(list, "standard")["problem"] == Value::Null).await;
    assert_eq!(of(&mended, "standard")["in_force_since_ms"], NOON + 1_000, "it never was out of force");
    house.stop().await;
}

pub(crate) async fn a_broken_file_at_start_has_its_last_good_version_or_stops_the_start(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let kept = place.store().await;
    let open = async || Areas::open(Some(folder), &kept.store, &kept.clock).await.map(|(areas, _)| areas);
    write(folder, "jobs.toml", BROKEN);
    let refused = open().await.unwrap_err().to_string();
    let jobs = folder.join("jobs.toml");
    assert!(refused.starts_with(&format!("{}: line 1: language = \"de\"", jobs.display())), "{refused}");
    assert!(refused.contains("line 2: colour is no key of this version"), "and the other mistake: {refused}");

    write(folder, "jobs.toml", &text("Job"));
    let version = open().await.unwrap().named(Some("jobs")).version;
    kept.seconds_pass(60);
    write(folder, "jobs.toml", BROKEN);
    let areas = open().await.unwrap();
    assert_eq!(areas.named(Some("jobs")).version, version);
    let jobs = areas.all().remove("jobs").unwrap();
    assert_eq!(jobs.in_force.unwrap().since_ms, NOON);
    assert_eq!(jobs.problem.unwrap().since_ms, NOON + 60_000);

    // Which one held last is not which one is newest.
    for heading in ["Anden", "Job"] {
        write(folder, "jobs.toml", &text(heading));
        open().await.unwrap();
    }
    write(folder, "jobs.toml", BROKEN);
    assert_eq!(open().await.unwrap().named(Some("jobs")).version, version);
    let missing = folder.join("nowhere");
    let refused = Areas::open(Some(&missing), &kept.store, &kept.clock).await.err().unwrap();
    assert!(format!("{refused:#}").contains("nowhere\" cannot be read; write the path of a folder"), "{refused:#}");
}

pub(crate) async fn a_file_in_the_place_of_a_built_in_area_keeps_its_version_over_a_restart(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let kept = place.store().await;
    let open = async || Areas::open(Some(folder), &kept.store, &kept.clock).await.map(|(areas, _)| areas);
    write(folder, "standard.toml", &text("Vores"));
    let version = open().await.unwrap().named(None).version;
    write(folder, "standard.toml", BROKEN);
    let areas = open().await.unwrap();
    assert_eq!(areas.named(None).version, version, "not the one that is built in");
    assert_eq!(areas.named(Some("no such area")).version, version);
    assert_eq!(areas.named(Some("standard-en")).language, "en");
}

pub(crate) async fn a_preview_tells_what_the_sample_speaks_of(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "bolig.toml", &text("Årsag"));
    let house = place.house_with(&format!("areas = \"{}\"\n", folder.path().display())).await;
    let browser = Browser::log_in(&house).await;
    let preview = browser.get("/v1/areas/bolig/preview").await;
    let found = preview["spoken_of"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["id"]), (1, &"rent".into()), "the rent is spoken of, a death is not: {found:?}");
    for turn in found[0]["turns"].as_array().unwrap() {
        let at = usize::try_from(turn.as_u64().unwrap()).unwrap();
        assert!(preview["turns"][at]["text"].as_str().unwrap().contains("husleje"));
    }
    assert_eq!(preview["turns"][1]["track"], "far");
    house.stop().await;
}
