use super::*;

fn says(version: &str, days: [Option<u32>; 4]) -> (String, Retention) {
    let [transcript_days, drafts_days, activity_log_days, note_days] = days;
    (version.to_owned(), Retention { transcript_days, drafts_days, activity_log_days, note_days })
}

fn told(term: Option<&Term>) -> String {
    term.map_or_else(
        || "-".to_owned(),
        |term| format!("{} {}", term.days, term.area_version.as_deref().unwrap_or("own")),
    )
}

#[test]
fn the_shortest_term_counts_and_none_makes_it_longer() {
    let check = |versions: &[(String, Retention)], expected: [&str; 4]| {
        let Terms { transcript, drafts, note, activity } = Terms::of(versions);
        let found = [told(Some(&transcript)), told(drafts.as_ref()), told(Some(&activity)), told(note.as_ref())];
        assert_eq!(found, expected, "{versions:?}");
    };
    let silent = says("a", [None; 4]);
    let all = says("b", [Some(20), Some(90), Some(10), Some(400)]);
    let long = says("c", [Some(100), Some(200), Some(365), None]);
    check(&[], ["30 own", "-", "30 own", "-"]);
    check(std::slice::from_ref(&silent), ["30 own", "-", "30 own", "-"]);
    check(std::slice::from_ref(&all), ["20 b", "90 b", "10 b", "400 b"]);
    check(&[silent.clone(), all.clone()], ["20 b", "90 b", "10 b", "400 b"]);
    // Our own 30 days are what a version means that says nothing, and of activity nobody may say more.
    check(std::slice::from_ref(&long), ["100 c", "200 c", "30 own", "-"]);
    check(&[silent, long.clone()], ["30 own", "200 c", "30 own", "-"]);
    check(&[all, long], ["20 b", "90 b", "10 b", "400 b"]);
}

const NOW: i64 = 1_000 * DAY_MS;

/// A call that was over some days ago, of which all is left.
fn over(days: i64) -> Standing {
    let left =
        [Kind::Transcript, Kind::Drafts, Kind::Edit, Kind::Note, Kind::Activity, Kind::Identifiers, Kind::Events];
    Standing {
        over_ms: NOW - days * DAY_MS,
        saved_ms: Some(NOW - days * DAY_MS),
        active_ms: Some(NOW - days * DAY_MS),
        left: left.into(),
        ..Standing::default()
    }
}

/// What is erased, and what is due and waits.
fn check(standing: &Standing, days: [Option<u32>; 4], expected: &[&str]) {
    let fates = fates(standing, &Terms::of(&[says("a", days)]), NOW, 7);
    let due = fates.iter().filter(|fate| fate.is_due(NOW));
    let found: Vec<String> = due
        .map(|fate| match fate.waits {
            None => fate.kind.name().to_owned(),
            Some(waits) => format!("{} {waits:?}", fate.kind.name()),
        })
        .collect();
    assert_eq!(found, expected, "{standing:?} {days:?}");
}

#[test]
fn each_kind_is_due_by_its_own_term() {
    let days = [Some(30), Some(90), Some(20), Some(400)];
    check(&over(19), days, &[]);
    check(&over(20), days, &["activity"]);
    check(&over(30), days, &["transcript", "activity"]);
    check(&over(90), days, &["transcript", "drafts", "edit", "activity"]);
    check(&over(400), days, &["transcript", "drafts", "edit", "note", "activity", "identifiers"]);
    // A note that is not to be erased stays, and with it whose it is.
    check(&over(3_000), [Some(30), Some(90), None, None], &["transcript", "drafts", "edit", "activity"]);
    // Without a term of their own drafts go with the note, or where that stays with what was said.
    check(&over(100), [Some(30), None, None, Some(400)], &["transcript", "activity"]);
    check(
        &over(400),
        [Some(30), None, None, Some(400)],
        &["transcript", "drafts", "edit", "note", "activity", "identifiers"],
    );
    check(&over(30), [Some(30), None, None, None], &["transcript", "drafts", "edit", "activity"]);
    // Where no note was saved, nothing of it keeps the number of the case.
    let unsaved = Standing { saved_ms: None, left: vec![Kind::Drafts, Kind::Identifiers], ..over(90) };
    check(&unsaved, [Some(30), Some(90), None, Some(400)], &["drafts", "identifiers"]);
    check(&Standing { over_ms: NOW - 89 * DAY_MS, ..unsaved }, [Some(30), Some(90), None, Some(400)], &[]);
    // A note that goes before its draft leaves the number of the case to the draft.
    check(&over(50), [Some(30), Some(90), None, Some(40)], &["transcript", "note", "activity"]);
}

#[test]
fn what_is_due_and_still_there_says_why() {
    let days = [Some(30), Some(90), None, None];
    let call = || over(31);
    check(&Standing { is_held: true, is_live: true, ..call() }, days, &["transcript Held", "activity Held"]);
    check(&Standing { is_live: true, ..call() }, days, &["transcript Live", "activity Live"]);
    check(&Standing { is_drafting: true, ..call() }, days, &["transcript Drafting", "activity"]);
    let typed = |ago_ms| Standing { typed_ms: Some(NOW - ago_ms), ..call() };
    check(&typed(7 * DAY_MS - 1), days, &["transcript Typed", "activity"]);
    check(&typed(7 * DAY_MS), days, &["transcript", "activity"]);
    let undelivered = Standing { is_undelivered: true, ..over(400) };
    let expected = ["transcript", "drafts", "edit", "note Undelivered", "activity", "identifiers Undelivered"];
    check(&undelivered, [Some(30), Some(90), Some(20), Some(400)], &expected);
}

#[test]
fn it_is_looked_again_when_the_next_falls_due_or_at_the_next_sweep() {
    let terms = Terms::of(&[says("a", [Some(30), Some(90), None, None])]);
    let next = |standing: &Standing| {
        let fates = fates(standing, &terms, NOW, 7);
        next_look(fates.iter().filter(|fate| !fate.is_over(NOW)), NOW).map(|at| (at - NOW) / DAY_MS)
    };
    assert_eq!(next(&over(10)), Some(20));
    assert_eq!(next(&over(31)), Some(59), "the drafts");
    assert_eq!(next(&Standing { is_held: true, ..over(31) }), Some(0));
    assert_eq!(next(&over(90)), None, "the note stays");
}
