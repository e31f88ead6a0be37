use super::*;
use proptest::prelude::*;

const SECTION: &str = "[[sections]]\nid = \"a\"\nheading = \"A\"\n";

fn area(lines: &str) -> String {
    format!("language = \"da\"\n{lines}\n{SECTION}")
}

/// The mistakes of a text, each as a person reads it.
#[track_caller]
fn wrong(text: &str) -> Vec<String> {
    parse("jobs", text).expect_err("a mistake").iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_that_says_everything_is_read_whole() {
    let text = r#"
language = "da"
spoken_languages = ["da", "en"]
glossary = ["barselsdagpenge", " Udbetaling  Danmark "]
llm_is_local = false
model = "large-2"
pseudonyms = "none"
pseudonyms_none_reason = "Databehandleraftalen af 1. maj dækker det."
instructions = """
Skriv kort.
Brug datoer, som de blev sagt.
"""

[style]
length = "short"
tone = "Nøgternt,\n uden tillægsord."

[limits]
most_sentences = 20
longest_sentence_words = 30
one_piece_minutes = 45

[retention]
transcript_days = 30
drafts_days = 90
activity_log_days = 180

[[sections]]
id = "reason"
heading = "Henvendelse"
belongs = "Hvorfor borgeren ringer."

[[categories]]
id = "birth"
label = "Fødsel"

[[must_note]]
id = "term"
label = "Termin"
kind = "date"
cues = ["termin*", "forventer at føde"]
"#;
    let area = parse("barsel", text).unwrap();
    assert_eq!(area.area, "barsel");
    assert_eq!(area.glossary, ["barselsdagpenge", "Udbetaling Danmark"]);
    assert_eq!(area.model, "large-2");
    assert_eq!(area.pseudonyms(), Pseudonyms::None);
    assert_eq!(area.style, Style { length: Length::Short, tone: "Nøgternt, uden tillægsord.".into() });
    assert_eq!(area.limits.most_sentences, Some(20));
    assert_eq!(area.limits.longest_sentence_words, Some(30));
    assert_eq!(area.limits.one_piece_minutes, Some(45));
    assert_eq!(area.retention.transcript_days, Some(30));
    assert_eq!(area.retention.drafts_days, Some(90));
    assert_eq!(area.retention.activity_log_days, Some(180));
    assert_eq!(area.sections[0].belongs, "Hvorfor borgeren ringer.");
    assert_eq!(area.categories, [Category { id: "birth".into(), label: "Fødsel".into() }]);
    assert_eq!((area.must_note[0].kind, area.must_note[0].cues.len()), (FactKind::Date, 2));
    assert!(area.instructions.contains("kort.\nBrug"), "its paragraphs stay");
}

#[test]
fn what_is_not_said_is_left_out() {
    let plain = parse("jobs", &area("")).unwrap();
    let expected = AreaSettings {
        area: "jobs".into(),
        version: plain.version.clone(),
        language: "da".into(),
        sections: vec![Section { id: "a".into(), heading: "A".into(), belongs: String::new() }],
        ..AreaSettings::default()
    };
    assert_eq!(plain, expected);
    assert_eq!(plain.pseudonyms(), Pseudonyms::Full);
    assert_eq!(parse("jobs", &area("llm_is_local = true")).unwrap().pseudonyms(), Pseudonyms::None);
}

#[test]
fn each_mistake_names_its_line_its_key_and_the_remedy() {
    let check = |lines: &str, expected: &str| {
        let said = wrong(&area(lines));
        assert!(said.len() == 1 && said[0].starts_with("line 2: ") && said[0].contains(expected), "{lines}: {said:?}");
    };
    check("spoken_languages = [\"da\", \"english\"]", "spoken_languages = \"english\" is no language");
    check("spoken_languages = [\"da\", \"da\"]", "spoken_languages = \"da\" stands there twice");
    check("spoken_languages = []", "spoken_languages = [] is empty");
    check("spoken_languages = \"da\"", "spoken_languages = \"da\" is no list");
    check("glossary = [\"barsel, orlov\"]", "glossary = \"barsel, orlov\" is no word");
    check("glossary = [\" \"]", "is no word");
    check("glossary = [1]", "glossary = 1 is no text");
    check("glossary = [\"Barsel\", \"barsel\"]", "glossary = \"barsel\" stands there twice");
    check(&format!("glossary = [\"{}\"]", "a".repeat(61)), "more than 60 characters");
    let long: Vec<String> = (0..120).map(|at| format!("\"barselsdagpenge{at}\"")).collect();
    check(&format!("glossary = [{}]", long.join(", ")), "has more than 2000 characters");
    check("size = 1", "size is no key of this version; correct or remove it (here stand: language, ");
    check("llm_is_local = \"yes\"", "is neither true nor false");
    check("model = \"gpt 4\"", "model = \"gpt 4\" is no name of a model");
    check("instructions = 3", "instructions = 3 is no text");
    check("instructions = \"a\\u0000b\"", "has control characters");
    check(&format!("instructions = \"{}\"", "a".repeat(2001)), "has 2001 characters; write at most 2000");
    check("pseudonyms = \"some\"", "pseudonyms = \"some\" is none of these; write none, identifiers or full");
    check("pseudonyms = \"none\"", "say in pseudonyms_none_reason why that is right");
    check("pseudonyms_none_reason = \"fordi det er aftalt sådan\"", "is a reason for nothing");
    check("pseudonyms_none_reason = \"-\"\npseudonyms = \"none\"", "is no reason");
    check("style = 1", "style = 1 is no table; write [style]");
    check("style = { length = \"long\" }", "style.length = \"long\" is none of these; write short, normal or detailed");
    check(
        "style = { width = 1 }",
        "style.width is no key of this version; correct or remove it (here stand: length, tone)",
    );
    check("style = { tone = \" \" }", "style.tone = \" \" is empty");
    check("limits = { most_sentences = 2 }", "limits.most_sentences = 2 is no whole number from 3 to 100");
    check("limits = { most_sentences = \"9\" }", "is no whole number");
    check("limits = { longest_sentence_words = 61 }", "from 8 to 60");
    check("limits = { one_piece_minutes = -5 }", "one_piece_minutes = -5 is no whole number from 5 to 240");
    check("retention = { transcript_days = 0 }", "retention.transcript_days = 0 is no whole number from 1 to 3650");
    check("retention = { drafts_days = 9999999999 }", "from 1 to 3650");
    check("categories = [{ id = \"x\", label = \"\" }]", "categories[1].label = \"\" is empty");
    check("categories = [{ id = \"x\" }]", "categories[1].label is missing");
    check("categories = [1]", "categories[1] = 1 is no table");
    check("must_note = [{ id = \"x\", label = \"X\", kind = \"date\", cues = [] }]", "must_note[1].cues = [] is empty");
    check("must_note = [{ id = \"x\", label = \"X\", kind = \"date\" }]", "must_note[1].cues is missing");
    check("must_note = [{ id = \"x\", label = \"X\", cues = [\"dato\"] }]", "must_note[1].kind is missing");
    check(
        "must_note = [{ id = \"x\", label = \"X\", kind = \"day\", cues = [\"dato\"] }]",
        "must_note[1].kind = \"day\" is none",
    );
    let cue = |cue: &str| format!("must_note = [{{ id = \"x\", label = \"X\", kind = \"date\", cues = [\"{cue}\"] }}]");
    for bad in ["*", "a*", "da*to", "hvad?", "", "**dato"] {
        check(&cue(bad), "is no cue");
    }
    for good in ["dato", "*dato*", "den nye adresse*", "5", "cpr-nummer*"] {
        assert!(parse("jobs", &area(&cue(good))).is_ok(), "{good}");
    }
}

#[test]
fn sections_need_ids_and_headings_of_their_own() {
    let check = |text: &str, expected: &str| {
        let said = wrong(text);
        assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
    };
    check(SECTION, "line 1: language is missing");
    check(&format!("language = \"de\"\n{SECTION}"), "line 1: language = \"de\" is not a language");
    check("language = \"da\"\n", "line 1: sections is empty");
    check("language = \"da\"\nsections = []\n", "sections is empty");
    check("language = \"da\"\nsections = 1\n", "sections = 1 is no list of tables");
    check(&area(&SECTION.replace("\"A\"", "\"B\"")), "sections[2].id = \"a\" stands there twice");
    check(&area(&SECTION.replace("\"a\"", "\"b\"")), "sections[2].heading = \"A\" stands there twice");
    check(&area("").replace("\"a\"", "\"A b\""), "sections[1].id = \"A b\" is no id");
    check(&area("").replace("heading", "title").replace("title = \"A\"", ""), "line 3: sections[1].heading is missing");
    let many: String = (0..13)
        .map(|at| SECTION.replace("\"a\"", &format!("\"a{at}\"")).replace("\"A\"", &format!("\"A{at}\"")))
        .collect();
    check(&format!("language = \"da\"\n{many}"), "sections are 13; write at most 12");
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_in_the_order_of_its_lines() {
    let text = "language = \"de\"\ncolour = \"red\"\n[style]\nlength = \"long\"\nwidth = 2\n[limits]\nmost_sentences = 1\n\
        [[sections]]\nid = \"A\"\n[[must_note]]\nid = \"x\"\nlabel = \"X\"\nkind = \"day\"\ncues = [\"*\"]\n";
    let lines: Vec<usize> = parse("jobs", text).unwrap_err().iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [1, 2, 4, 5, 7, 8, 9, 13, 14]);
}

#[test]
fn what_is_no_toml_is_told_line_by_line() {
    let said = wrong("language = \"da\nglossary = [\n[[sections]\nid = = 1\n");
    assert!(said.len() >= 2, "more than the first: {said:?}");
    assert!(said[0].starts_with("line 1: ") && said[0].contains("correct or remove that line"), "{said:?}");
    assert!(said.iter().all(|one| !one.contains('\n')), "{said:?}");
}

#[test]
fn the_version_is_what_the_settings_say() {
    let version = |name: &str, lines: &str| parse(name, &area(lines)).unwrap().version;
    let plain = version("jobs", "");
    assert_eq!(plain.len(), 64);
    assert_eq!(plain, version("jobs", "# a comment changes nothing"));
    assert_eq!(plain, version("jobs", "style = { length = \"normal\" }\nlimits = {}"), "what it is anyway");
    let others = [
        version("other", ""),
        version("jobs", "glossary = [\"barsel\"]"),
        version("jobs", "spoken_languages = [\"da\", \"en\"]"),
        version("jobs", "style = { length = \"short\" }"),
        version("jobs", "style = { tone = \"Venligt.\" }"),
        version("jobs", "limits = { most_sentences = 9 }"),
        version("jobs", "retention = { drafts_days = 9 }"),
        version("jobs", "model = \"m\""),
        version("jobs", "pseudonyms = \"full\""),
        version("jobs", "categories = [{ id = \"x\", label = \"X\" }]"),
    ];
    for (at, other) in others.iter().enumerate() {
        assert!(*other != plain && !others[..at].contains(other), "{at}");
    }
}

proptest! {
    /// A1: whatever stands there, it is read or refused, never a panic, and each mistake is one line.
    #[test]
    fn nothing_makes_it_fall(text in "(?s).{0,200}", lines in prop::collection::vec("[a-z_]{1,12} = [\"\\[\\]{}a-z0-9,= ]{0,20}", 0..6)) {
        for text in [text, area(&lines.join("\n"))] {
            if let Err(mistakes) = parse("x", &text) {
                prop_assert!(!mistakes.is_empty());
                for mistake in mistakes {
                    prop_assert!(mistake.line >= 1 && mistake.line <= text.matches('\n').count() + 1);
                    prop_assert!(!mistake.to_string().contains('\n'));
                }
            }
        }
    }
}
