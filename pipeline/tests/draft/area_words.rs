//! What an area says to the language model.

use crate::calls::area;
use referent_pipeline::draft::area_words::area_part;
use referent_proto::{FactKind, Length, Limits, MustNote, Style};

/// An area of the examples that ship.
fn example(name: &str) -> referent_proto::AreaSettings {
    let file = format!("{}/../notes-api/areas/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    referent_areas::parse(name, &std::fs::read_to_string(file).expect("an example")).expect("a right one")
}

#[test]
fn the_words_of_a_whole_area() {
    insta::assert_snapshot!("area_da", area_part(&example("boligstoette")));
    insta::assert_snapshot!("area_en", area_part(&example("general-en")));
}

#[test]
fn an_area_with_nothing_but_headings_gives_nothing_but_headings() {
    assert_eq!(area_part(&area("da")), "## Årsag til henvendelse\n## Oplysninger\n## Aftalt\n");
    assert_eq!(area_part(&area("en")), "## Reason for the call\n## Information\n## Agreed\n");
}

#[test]
fn each_setting_is_a_sentence() {
    let check = |change: fn(&mut referent_proto::AreaSettings), danish: &str, english: &str| {
        for (language, expected) in [("da", danish), ("en", english)] {
            let mut area = area(language);
            let before = area_part(&area);
            change(&mut area);
            assert_eq!(area_part(&area).strip_prefix(&before), Some(format!("\n{expected}\n").as_str()));
        }
    };
    check(
        |area| area.style = Style { length: Length::Short, tone: "Xyz.".into() },
        "Stil: Skriv kort: kun det, som nogen vil lede efter i sagen senere. Xyz.",
        "Style: Write shortly: only what somebody will look for in the case later. Xyz.",
    );
    check(
        |area| area.style.length = Length::Detailed,
        "Stil: Skriv udførligt: tag også samtalens forløb og begrundelserne med.",
        "Style: Write in detail: include the course of the call and the reasons given.",
    );
    check(
        |area| area.limits = Limits { most_sentences: Some(9), ..Limits::default() },
        "Stil: Skriv højst 9 sætninger i alt.",
        "Style: Write at most 9 sentences in all.",
    );
    check(
        |area| area.limits = Limits { longest_sentence_words: Some(20), ..Limits::default() },
        "Stil: Skriv højst 20 ord i en sætning.",
        "Style: Write at most 20 words in a sentence.",
    );
    check(
        |area| area.instructions = "  Kort.\nTo linjer. ".into(),
        "Særligt for denne afdeling:\nKort.\nTo linjer.",
        "For this department:\nKort.\nTo linjer.",
    );
    check(
        |area| area.sections[1].belongs = "Tal\n## og navne.".into(),
        "Det hører til under overskrifterne:\nOplysninger: Tal ## og navne.",
        "What belongs under the headings:\nInformation: Tal ## og navne.",
    );
    let fact =
        |label: &str| MustNote { id: "x".into(), label: label.into(), cues: vec!["x".into()], kind: FactKind::Other };
    let mut noted = area("da");
    noted.must_note = vec![fact("Frist"), fact("Ny\n## adresse")];
    assert!(area_part(&noted).ends_with("så nævn det ikke: Frist; Ny ## adresse.\n"));
}
