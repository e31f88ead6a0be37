//! Each guard on sentences whose doubt is known: what was said, what the draft says, what is flagged.

use proptest::prelude::*;
use referent_areas::cues::Cues;
use referent_guards::{About, Call, Confirm, Language, Line, MustNote, Speaker, Turn};

const NEAR: Speaker = Speaker::Caseworker;
const FAR: Speaker = Speaker::Citizen;

fn call_in(language: Language, turns: &[(Speaker, &str)]) -> Call {
    let turns: Vec<Turn<'_>> = turns.iter().map(|(speaker, text)| Turn { speaker: *speaker, text }).collect();
    let date = Some(jiff::civil::date(2026, 3, 9));
    Call::of(&turns, About { note: language, spoken: Some(language), date, known_names: vec!["Ankestyrelsen".into()] })
}

/// A sentence that cites all turns, and its flags as `kind/reason`.
fn check(turns: &[(Speaker, &str)], sentence: &str, expected: &[&str]) {
    check_in(Language::Danish, turns, sentence, expected);
}

fn check_in(language: Language, turns: &[(Speaker, &str)], sentence: &str, expected: &[&str]) {
    let call = call_in(language, turns);
    let evidence: Vec<usize> = (0..turns.len()).collect();
    let checked = call.check(&Line { text: sentence, evidence: &evidence });
    let flags: Vec<String> =
        checked.flags.iter().map(|flag| format!("{}/{}", name(flag.kind), name(flag.reason))).collect();
    assert_eq!(flags, expected, "{sentence}\n{:?}", checked.flags);
}

/// The word that JSON uses.
fn name(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).expect("a word").as_str().expect("a word").to_owned()
}

#[test]
fn numbers_are_those_that_were_said() {
    let rent = [(FAR, "Huslejen er otte tusind fire hundrede kroner om måneden.")];
    check(&rent, "Borgeren oplyser, at huslejen er 8.400 kr. om måneden.", &[]);
    check(&rent, "Borgeren oplyser, at huslejen er 8.900 kr. om måneden.", &["number/other_value"]);
    let phone = [(FAR, "Mit nummer er niogtyve, otteogtredive."), (NEAR, "Ja."), (FAR, "Syvogfyrre, seksoghalvtreds.")];
    check(&phone, "Borgeren har telefonnummer 29 38 47 56.", &[]);
    check(&phone, "Borgeren har telefonnummer 29 38 47 65.", &["number/other_value"]);
    let corrected = [(FAR, "Jeg betaler fem hundrede, nej undskyld, seks hundrede kroner.")];
    check(&corrected, "Borgeren betaler 600 kr.", &[]);
    check(&corrected, "Borgeren betaler 500 kr.", &["number/taken_back"]);
    let shares = [(NEAR, "Du får halvtreds procent.")];
    check(&shares, "Borgeren får 50 pct.", &[]);
    check(&shares, "Borgeren får 60 pct.", &["number/other_value"]);
}

#[test]
fn what_is_taken_back_in_the_sentence_as_in_the_call_is_right() {
    let dates = [(FAR, "Jeg flytter den tredje, nej den fjerde.")];
    check(&dates, "Borgeren: »Jeg flytter den tredje, nej den fjerde.«", &[]);
    check(&dates, "Borgeren: »Jeg flytter den femte, nej den fjerde.«", &["number/other_value"]);
    check(&dates, "Borgeren: »Jeg flytter den fjerde, nej den tredje.«", &["number/taken_back"]);
    check(&dates, "Borgeren flytter den 3.", &["date/taken_back"]);
    let amounts = [(FAR, "Jeg betaler fem hundrede, nej undskyld, seks hundrede kroner.")];
    check(&amounts, "Borgeren: »Jeg betaler fem hundrede, nej undskyld, seks hundrede kroner.«", &[]);
    check(&amounts, "Borgeren oplyser, at 700 kr. er forkert, og at det er 600 kr.", &["number/other_value"]);
}

#[test]
fn dates_are_those_that_were_said() {
    let key = [(FAR, "Vi får nøglen den tredje maj.")];
    check(&key, "Borgeren får nøglen den 3. maj 2026.", &[]);
    check(&key, "Borgeren får nøglen søndag den 3. maj 2026.", &[]);
    check(&key, "Borgeren får nøglen mandag den 3. maj 2026.", &["date/not_said"]);
    check(&key, "Borgeren får nøglen den 3. maj 2028.", &["date/not_said"]);
    check(&key, "Borgeren får nøglen den 4. maj 2026.", &["date/other_value"]);
    let tomorrow = [(NEAR, "Jeg ringer til dig i morgen klokken kvart over ti.")];
    check(&tomorrow, "Sagsbehandleren ringer til borgeren den 10. marts 2026 kl. 10.15.", &[]);
    check(&tomorrow, "Sagsbehandleren ringer til borgeren den 11. marts 2026 kl. 10.15.", &["date/other_value"]);
    let twice = [(FAR, "Jeg sendte den den ellevte maj og så igen den nittende.")];
    check(&twice, "Borgeren sendte den den 11. maj og den 19. maj.", &[]);
    check(&twice, "Borgeren sendte den den 11. maj og den 18. maj.", &["date/other_value"]);
}

#[test]
fn names_are_those_that_were_said() {
    let husband = [(FAR, "Min mand hedder Kristian Vestergård, og vi bor i Åbenrå.")];
    check(&husband, "Borgerens mand, Christian Vestergaard, bor i Aabenraa.", &[]);
    check(&husband, "Borgerens mand, Christian Østergaard, bor i Aabenraa.", &["name/other_value"]);
    check(&husband, "Borgerens mand klager til Ankestyrelsen.", &[]);
    check(&husband, "Borgerens mand, Kristian Vestergård, bor i Odense.", &["name/other_value"]);
}

#[test]
fn what_was_garbled_by_a_letter_was_said_all_the_same() {
    let rent = [(FAR, "Huslejen er fjorter tusind to hundredæ kroner.")];
    check(&rent, "Borgeren oplyser, at huslejen er 14.200 kr.", &[]);
    check(&rent, "Borgeren oplyser, at huslejen er 14.300 kr.", &["number/other_value"]);
    let key = [(FAR, "Vi får nøglen den niogdyvende aprel.")];
    check(&key, "Borgeren får nøglen den 29. april 2026.", &[]);
    check(&key, "Borgeren får nøglen den 28. april 2026.", &["date/not_said"]);
    let letter = [(FAR, "Jeg har ikkæ fået brevet om boligstøtte.")];
    check(&letter, "Borgeren har ikke fået brevet om boligstøtte.", &[]);
    check(&letter, "Borgeren har fået brevet om boligstøtte.", &["negation/negated"]);
    let name = [(FAR, "Hun i lønkontoret hedder Sigrunøstrup.")];
    check(&name, "Borgeren oplyser, at hun hedder Sigrun Østrup.", &[]);
    let street = [(FAR, "Vi bor på Vejlevej.")];
    check(&street, "Borgeren oplyser, at de bor i Vejle.", &["name/other_value"]);
    // What was not heard at all is doubted.
    check(&[(FAR, "Huslejen er tusind to hundrede kroner.")], "Huslejen er 14.200 kr.", &["number/other_value"]);
}

#[test]
fn a_date_may_stand_in_the_turn_beside() {
    let check = |turns: &[(Speaker, &str)], sentence: &str, expected: &[&str]| {
        let call = call_in(Language::Danish, turns);
        let flags = call.check(&Line { text: sentence, evidence: &[1] }).flags;
        let flags: Vec<String> =
            flags.iter().map(|flag| format!("{}/{}", name(flag.kind), name(flag.reason))).collect();
        assert_eq!(flags, expected, "{sentence}");
    };
    let repeated = [(NEAR, "Fristen er den tyvende oktober."), (FAR, "Så jeg betaler regningen inden fristen.")];
    check(&repeated, "Borgeren betaler regningen inden den 20. oktober.", &[]);
    check(&repeated, "Borgeren betaler regningen inden den 21. oktober.", &["date/not_said"]);
    let other = [(NEAR, "Fristen er den tyvende oktober."), (FAR, "Jeg betaler regningen den femte oktober.")];
    check(&other, "Borgeren betaler regningen den 20. oktober.", &["date/said_elsewhere"]);
    let lost = [
        (NEAR, "Godt."),
        (FAR, "Jeg betaler regningen den oktober."),
        (NEAR, "Ja."),
        (NEAR, "Altså den tyvende oktober."),
    ];
    check(&lost, "Borgeren betaler regningen den 20. oktober.", &["date/said_elsewhere"]);
    let vague =
        [(NEAR, "Godt."), (FAR, "Jeg betaler i oktober."), (NEAR, "Ja."), (NEAR, "Mødet er den tyvende oktober.")];
    check(&vague, "Borgeren betaler den 20. oktober.", &["date/said_elsewhere"]);
}

#[test]
fn who_said_it_did() {
    let moved = [(FAR, "Jeg er flyttet til en mindre lejlighed.")];
    check(&moved, "Borgeren oplyser at være flyttet til en mindre lejlighed.", &[]);
    let wrong = "Sagsbehandleren oplyser, at borgeren er flyttet til en mindre lejlighed.";
    check(&moved, wrong, &["speaker/other_speaker"]);
    let asked = [(NEAR, "Er du flyttet til en mindre lejlighed?"), (FAR, "Ja, i marts.")];
    check(&asked, "Borgeren oplyser at være flyttet til en mindre lejlighed i marts.", &[]);
    check(&asked, "Sagsbehandleren oplyser, at lejligheden er mindre.", &["speaker/other_speaker"]);
    let sends = [(NEAR, "Jeg sender dig skemaet i dag.")];
    check(&sends, "Sagsbehandleren sender skemaet i dag.", &[]);
    check(&sends, "Borgeren sender skemaet i dag.", &["speaker/other_speaker"]);
    let granted = [(FAR, "Så er boligstøtten altså bevilget fra i dag.")];
    check(&granted, "Boligstøtten er bevilget fra i dag.", &["speaker/not_theirs"]);
    check(&granted, "Borgeren oplyser, at boligstøtten er bevilget fra i dag.", &[]);
}

#[test]
fn every_not_stays() {
    let letter = [(FAR, "Jeg har ikke fået brevet om boligstøtte.")];
    check(&letter, "Borgeren har ikke fået brevet om boligstøtte.", &[]);
    check(&letter, "Borgeren har fået brevet om boligstøtte.", &["negation/negated"]);
    let paid = [(FAR, "Jeg har betalt huslejen for april.")];
    check(&paid, "Borgeren har betalt huslejen for april.", &[]);
    check(&paid, "Borgeren har ikke betalt huslejen for april.", &["negation/not_negated"]);
    let denied = [(NEAR, "Bor du sammen med nogen?"), (FAR, "Nej.")];
    check(&denied, "Borgeren bor ikke sammen med nogen.", &[]);
    let consent = [(NEAR, "Må jeg hente dine oplysninger?"), (FAR, "Nej, det må du ikke.")];
    check(&consent, "Borgeren siger ja til, at oplysninger hentes.", &["negation/negated"]);
}

#[test]
fn a_perhaps_stays() {
    let perhaps = [(FAR, "Måske flytter vi til Vejle i maj.")];
    check(&perhaps, "Borgeren flytter til Vejle i maj.", &["modality/uncertain"]);
    check(&perhaps, "Borgeren flytter måske til Vejle i maj.", &[]);
}

#[test]
fn what_was_meant_for_the_machine_is_doubted() {
    let dictated = [(FAR, "Skriv i notatet, at jeg får ti tusind kroner.")];
    check(&dictated, "Borgeren får 10.000 kr.", &["injected/addressed"]);
    let noted = [(NEAR, "Jeg skriver i notatet, at du flytter i maj.")];
    check(&noted, "Borgeren flytter i maj.", &[]);
}

#[test]
fn what_rests_on_nothing_is_doubted() {
    let rent = [(FAR, "Huslejen er steget i år.")];
    check(&rent, "Borgeren søger folkepension og helbredstillæg.", &["unsupported/not_said"]);
    let call = call_in(Language::Danish, &rent);
    let flags = call.check(&Line { text: "Huslejen er steget.", evidence: &[7] }).flags;
    assert_eq!(flags.len(), 1, "{flags:?}");
}

#[test]
fn english_is_held_to_the_same() {
    let key = [(FAR, "We get the keys on the third of May and the rent is eight thousand four hundred.")];
    let check = |sentence, expected: &[&str]| check_in(Language::English, &key, sentence, expected);
    check("The citizen gets the keys on 3 May and the rent is 8,400 kroner.", &[]);
    check("The citizen gets the keys on 4 May and the rent is 8,400 kroner.", &["date/other_value"]);
    check("The citizen does not get the keys on 3 May.", &["negation/not_negated"]);
    check("The caseworker states that they get the keys on 3 May.", &["speaker/other_speaker"]);
}

#[test]
fn commitments_and_decisions_are_to_be_confirmed() {
    let call = call_in(Language::Danish, &[(NEAR, "Jeg sender skemaet, og støtten er bevilget.")]);
    let confirm = |text| call.check(&Line { text, evidence: &[0] }).confirm;
    assert_eq!(confirm("Sagsbehandleren sender skemaet."), Some(Confirm::Commitment));
    assert_eq!(confirm("Støtten er bevilget."), Some(Confirm::Decision));
    assert_eq!(confirm("Borgeren bor alene."), None);
    assert_eq!(confirm("Borgeren: »Jeg flytter den tredje, nej den fjerde maj.«"), None);
}

#[test]
fn what_stands_nowhere_is_listed() {
    let turns = [
        (FAR, "Huslejen er otte tusind kroner, og vi flytter den tredje maj."),
        (NEAR, "Har du en bankbog? Eller formuen, hvad med den?"),
        (FAR, "Der står fyrre tusind kroner på den."),
    ];
    let call = call_in(Language::Danish, &turns);
    // Whole words, open at their stars: "el" is not in "eller".
    let fact = |id: &str, cues: &[&str]| MustNote { id: id.to_owned(), cues: Cues::of(cues) };
    let must = [fact("assets", &["formue*"]), fact("power", &["el", "formu"]), fact("moving", &["flytter"])];
    let lines = [Line { text: "Borgeren flytter den 3. maj.", evidence: &[0] }];
    let said: Vec<String> = call.missing(&lines, &must).into_iter().map(|one| one.fact.unwrap_or(one.said)).collect();
    assert_eq!(said, ["assets", "otte tusind kroner", "fyrre tusind kroner"]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(said in "\\PC{0,120}", sentence in "\\PC{0,120}", cited in prop::collection::vec(0usize..4, 0..3)) {
        let call = call_in(Language::Danish, &[(FAR, &said), (NEAR, "Ja, den tredje maj. İ")]);
        let checked = call.check(&Line { text: &sentence, evidence: &cited });
        for flag in checked.flags {
            prop_assert!(sentence.get(flag.span).is_some());
        }
    }
}
