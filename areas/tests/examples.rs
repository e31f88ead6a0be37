//! The areas that ship, and what docs/areas.md shows and says, are what the program reads.

use referent_areas::cues::spoken_of;
use referent_areas::{dialogue, parse};
use referent_proto::{AreaSettings, Pseudonyms};
use std::path::Path;

fn at(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn example(name: &str) -> AreaSettings {
    parse(name, &at(&format!("notes-api/areas/{name}.toml"))).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:?}"))
}

const ALL: [&str; 6] = ["barselsdagpenge", "boligstoette", "feriepenge", "general", "general-en", "pension"];

#[test]
fn every_example_is_right_and_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notes-api/areas");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, ALL);
    for name in ALL {
        let area = example(name);
        // The embedded drafter fills these.
        let ids: Vec<&str> = area.sections.iter().map(|section| section.id.as_str()).collect();
        assert_eq!(ids, ["reason", "information", "agreed", "other"], "{name}");
        assert!(area.sections.iter().all(|section| !section.belongs.is_empty()), "{name}");
        assert!(area.must_note.len() >= 5 && area.categories.len() >= 5 && area.glossary.len() >= 8, "{name}");
        assert!(!area.style.tone.is_empty() && !area.instructions.is_empty(), "{name}");
        assert_eq!(area.pseudonyms(), Pseudonyms::Full, "{name}");
        // What recognisers take of Danish.
        assert!(area.glossary.join(", ").chars().count() <= 550, "{name}");
        assert_eq!(area.language, if name == "general-en" { "en" } else { "da" }, "{name}");
    }
}

/// The cues find what was said as it is said: the facts that the sample speaks of, and no other.
#[test]
fn the_cues_find_the_facts_of_the_sample() {
    let sample = dialogue::sample();
    let texts: Vec<&str> = sample.turns.iter().map(|turn| turn.text.as_str()).collect();
    let found = |name: &str| {
        let area = example(name);
        spoken_of(&area.must_note, &texts).iter().map(|found| found.fact.id.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("boligstoette"), "moving_date new_address rent consumption size household income deadline");
    assert_eq!(found("general"), "deadline contact");
    assert_eq!(found("general-en"), "");
}

/// The embedded sample calls speak of these matters in other words.
#[test]
fn the_cues_find_facts_in_the_calls_of_the_demo() {
    let check = |area: &str, call: &str, expected: &[&str]| {
        let call: serde_json::Value = serde_json::from_str(&at(&format!("models/demo-da/calls/{call}.json"))).unwrap();
        let texts: Vec<&str> =
            call["turns"].as_array().unwrap().iter().map(|turn| turn["text"].as_str().unwrap()).collect();
        let area = example(area);
        let found: Vec<&str> = spoken_of(&area.must_note, &texts).iter().map(|found| found.fact.id.as_str()).collect();
        for id in expected {
            assert!(found.contains(id), "{} has no {id}: {found:?}", area.area);
        }
    };
    check("boligstoette", "boligstoette-flytning", &["moving_date", "rent", "size", "deadline"]);
    check("pension", "folkepension-ansoegning", &["from_when", "civil_status", "income", "deadline"]);
    check("pension", "varmetillaeg-datter", &["heating", "wealth", "representative"]);
    check("barselsdagpenge", "barsel-dokumentation", &["birth", "employer", "documentation", "amount", "deadline"]);
    check("feriepenge", "feriepenge-bussen", &["employer", "left", "days", "amount", "deadline"]);
}

/// The document's examples are read, and its table names every key with its range.
#[test]
fn the_document_says_what_the_program_reads() {
    let document = at("docs/areas.md");
    let examples: Vec<&str> =
        document.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 2, "the document shows files");
    for text in examples {
        parse("shown", text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    }
    // What the program names as known keys, of the file and of each table.
    let said = |text: &str| {
        let mistakes = parse("x", text).unwrap_err();
        let unknown = mistakes.iter().find(|mistake| mistake.key.ends_with("nonsense")).unwrap();
        unknown.problem.to_string().split("(here stand: ").nth(1).unwrap().trim_end_matches(')').to_owned()
    };
    let row = |key: &str| {
        let head = format!("| `{key}` |");
        document.lines().find(|line| line.starts_with(&head)).unwrap_or_else(|| panic!("no row for {key}")).to_owned()
    };
    for key in said("nonsense = 1").split(", ").filter(|key| !["style", "limits", "retention"].contains(key)) {
        if !["sections", "categories", "must_note"].contains(&key) {
            row(key);
        }
    }
    for table in ["style", "limits", "retention"] {
        said(&format!("{table} = {{ nonsense = 1 }}")).split(", ").for_each(|key| drop(row(&format!("{table}.{key}"))));
    }
    for table in ["sections", "categories", "must_note"] {
        said(&format!("{table} = [{{ nonsense = 1 }}]"))
            .split(", ")
            .for_each(|key| drop(row(&format!("{table}.{key}"))));
    }
    for key in
        ["limits.most_sentences", "limits.longest_sentence_words", "limits.one_piece_minutes", "retention.drafts_days"]
    {
        let (table, name) = key.split_once('.').unwrap();
        let problem = parse("x", &format!("{table} = {{ {name} = 0 }}")).unwrap_err();
        let problem = problem.iter().find(|mistake| mistake.key == key).unwrap().problem.to_string();
        let range = problem.split("from ").nth(1).unwrap().split(';').next().unwrap().to_owned();
        assert!(row(key).contains(&range), "{key}: {range}: {}", row(key));
    }
}
