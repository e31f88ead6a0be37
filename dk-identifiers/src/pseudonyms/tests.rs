use super::*;
use crate::Speaker;

fn turns<'t>(texts: &[&'t str]) -> Vec<Turn<'t>> {
    let speaker = |at: usize| if at.is_multiple_of(2) { Speaker::Caseworker } else { Speaker::Citizen };
    texts.iter().enumerate().map(|(at, text)| Turn { speaker: speaker(at), text }).collect()
}

#[track_caller]
fn check(mode: Mode, texts: &[&str], expected: &[&str]) -> Pseudonyms {
    let mut pseudonyms = Pseudonyms::new(mode);
    let redacted = pseudonyms.redact(&turns(texts), texts.len());
    assert_eq!(redacted.map(<[String]>::to_vec), Ok(expected.iter().map(|text| (*text).to_owned()).collect()));
    pseudonyms
}

#[track_caller]
fn check_restored(pseudonyms: &Pseudonyms, draft: &str, expected: &str, unknown: &[&str]) {
    let restored = pseudonyms.restore(draft);
    assert_eq!(
        (restored.text.as_str(), restored.unknown.iter().map(String::as_str).collect::<Vec<_>>()),
        (expected, unknown.to_vec())
    );
}

const CALL: [&str; 6] = [
    "Du taler med Hanne. Må jeg få dit CPR-nummer?",
    "Ja, det er 610564-1234, og jeg hedder Mette Sørensen.",
    "Tak, Mette. Det er Mettes adresse, Rosenvej 8, 8600 Silkeborg?",
    "Ja. Min mail er mette punktum s snabel-a gmail punktum com.",
    "Og telefonen?",
    "26 48 71 35. Huslejen er 7.250 kroner fra den 1. marts.",
];

#[test]
fn everything_that_identifies_is_hidden_and_comes_back() {
    let pseudonyms = check(
        Mode::Full,
        &CALL,
        &[
            "Du taler med [PERSON-1]. Må jeg få dit CPR-nummer?",
            "Ja, det er [CPR-1], og jeg hedder [PERSON-2].",
            "Tak, [PERSON-2]. Det er [PERSON-2]s adresse, [ADRESSE-1]?",
            "Ja. Min mail er [MAIL-1].",
            "Og telefonen?",
            "[TELEFON-1]. Huslejen er 7.250 kroner fra den 1. marts.",
        ],
    );
    let check = |draft: &str, expected: &str, unknown: &[&str]| check_restored(&pseudonyms, draft, expected, unknown);
    check("[PERSON-2] bor på [ADRESSE-1].", "Mette Sørensen bor på Rosenvej 8, 8600 Silkeborg.", &[]);
    check("Det er [PERSON-2]s mor.", "Det er Mette Sørensens mor.", &[]);
    check(
        "[person 2], PERSON-2, Person_2, (PERSON-2), **[Name-2]**",
        "Mette Sørensen, Mette Sørensen, Mette Sørensen, Mette Sørensen, **Mette Sørensen**",
        &[],
    );
    check("Ring på [Phone-1] eller [ TELEFON 1 ].", "Ring på 26 48 71 35 eller 26 48 71 35.", &[]);
    check("[CPR-1] og [E-MAIL-1]", "610564-1234 og mette.s@gmail.com", &[]);
    check("[PERSON-7] og [KONTO-1]", "[PERSON-7] og [KONTO-1]", &["[PERSON-7]", "[KONTO-1]"]);
    check("telefon 1 af 3, konto 1, bilag [1,2]", "telefon 1 af 3, konto 1, bilag [1,2]", &[]);
    check("", "", &[]);
}

#[test]
fn an_area_chooses_what_is_hidden() {
    check(
        Mode::Identifiers,
        &CALL,
        &[
            CALL[0],
            "Ja, det er [CPR-1], og jeg hedder Mette Sørensen.",
            CALL[2],
            "Ja. Min mail er [MAIL-1].",
            CALL[4],
            "[TELEFON-1]. Huslejen er 7.250 kroner fra den 1. marts.",
        ],
    );
    check(Mode::None, &CALL, &CALL);
}

#[test]
fn two_of_a_name_are_two_people() {
    let pseudonyms = check(
        Mode::Full,
        &["Jeg hedder Mette Hansen.", "Og min datter hedder Mette Friis.", "Så Mette skal søge?"],
        &["Jeg hedder [PERSON-1].", "Og min datter hedder [PERSON-2].", "Så [PERSON-3] skal søge?"],
    );
    check_restored(&pseudonyms, "[PERSON-3]", "Mette", &[]);
}

#[test]
fn a_number_over_turns_is_one_number() {
    let pseudonyms = check(
        Mode::Full,
        &[
            "Hvad er dit cpr-nummer?",
            "enogtres nul fem fireogtres",
            "ja",
            "tolv fireogtredive",
            "tolv fireogtredive, tak",
        ],
        &["Hvad er dit cpr-nummer?", "[CPR-1]", "ja", "[CPR-1]", "[CPR-1], tak"],
    );
    check_restored(&pseudonyms, "[CPR-1]", "610564-1234", &[]);
}

#[test]
fn what_the_case_knows_is_hidden_from_the_first_turn() {
    let mut pseudonyms = Pseudonyms::new(Mode::Full);
    pseudonyms.know(Kind::Person, "Bo Strand");
    pseudonyms.know(Kind::Cpr, "610564-1234");
    let redacted = pseudonyms.redact(&turns(&["Hej Bo, er det fire sidste 1234?", "Ja, Strand er navnet."]), 2);
    assert_eq!(
        redacted.map(<[String]>::to_vec),
        Ok(vec!["Hej [PERSON-1], er det fire sidste [CPR-1]?".into(), "Ja, [PERSON-1] er navnet.".into()])
    );
}

#[test]
fn a_case_number_is_hidden_where_the_area_says_so() {
    let call = ["Har du et sagsnummer?", "Ja, 482917."];
    check(Mode::Full, &call, &call);
    let mut pseudonyms = Pseudonyms::new(Mode::Identifiers).hiding_cases();
    assert_eq!(pseudonyms.redact(&turns(&call), 2).map(|turns| turns[1].clone()), Ok("Ja, [SAG-1].".into()));
}

#[test]
fn in_doubt_there_is_no_text() {
    let doubt = |text: &str| {
        let table = Table::default();
        verify::doubt(text, &table)
    };
    for text in [
        "det er 610564 1234",
        "det er 1 2 3 4 5 6",
        "nul en nul fem seks fire",
        "en @ tilbage",
        "jens snabelab",
        "0105641234",
    ] {
        assert!(doubt(text).is_some(), "{text}");
    }
    for text in [
        "1.250.000 kroner",
        "fra den 01.09.2023 til den 31.08.2024",
        "klokken 8.30-15.00",
        "i 2022, 2023 og 2024",
        "250000 kroner",
        "12 gange 850 er 10.200 kroner",
        "den 3. maj 2024 klokken 12.30",
    ] {
        assert_eq!(doubt(text), None, "{text}");
    }
}

#[test]
fn brackets_that_were_said_are_no_placeholders() {
    check(Mode::Full, &["der står [CPR-1] i brevet"], &["der står CPR nr. 1 i brevet"]);
}
