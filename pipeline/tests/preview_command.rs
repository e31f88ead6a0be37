//! `referent-pipeline preview`, as the person who writes an area meets it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn preview(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_referent-pipeline")).arg("preview").args(arguments).output().unwrap()
}

fn example(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../notes-api/areas");
    folder.join(format!("{name}.toml")).to_str().unwrap().to_owned()
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// What it says when all is well.
fn page(arguments: &[&str]) -> String {
    let output = preview(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The lines that it refuses with.
fn refused(arguments: &[&str]) -> Vec<String> {
    let output = preview(arguments);
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_sample_is_drafted_under_the_areas_sections_with_evidence() {
    let page = page(&["--area", &example("boligstoette")]);
    let part = |name: &str| {
        let all: Vec<&str> = page.split("=== ").collect();
        (*all.iter().find(|part| part.starts_with(name)).unwrap_or_else(|| panic!("{name}: {page}"))).to_owned()
    };
    assert!(part("system").contains("## Oplysninger om bolig og husstand"));
    let call = part("call (pseudonyms: full)");
    assert!(call.contains("[8] Borger: Den nye husleje er 7.850 kroner om måneden"), "{call}");
    for hidden in ["Skovlund", "721284", "Lindevej"] {
        assert!(!call.contains(hidden), "{hidden} would reach the language model: {call}");
    }
    assert!(part("call").contains("mandag den 16. marts 2026"), "the day of the dialogue");
    assert!(part("request").len() > 20);
    let draft = part("draft by embedded");
    let sentences: Vec<&str> = draft.lines().filter(|line| line.starts_with("- ")).collect();
    assert!(sentences.len() >= 4, "{draft}");
    for sentence in sentences {
        // What is to be confirmed is said behind it.
        let sentence = sentence.split(" (").next().unwrap();
        let (_, rests) = sentence.trim_end_matches(']').rsplit_once('[').unwrap();
        for number in rests.split(',') {
            assert!((1..=20).contains(&number.parse::<u32>().unwrap()), "{sentence}");
        }
    }
    let noted = part("must be noted");
    assert!(noted.contains("Husleje (amount): [7,8]"), "{noted}");
    assert!(noted.contains("not spoken of: Formue; "), "{noted}");
}

#[test]
fn a_local_language_model_reads_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = "language = \"da\"\nllm_is_local = true\n[[sections]]\nid = \"reason\"\nheading = \"Alt\"\n";
    let page = page(&["--area", &file(folder.path(), "local.toml", text)]);
    assert!(page.contains("=== call (pseudonyms: none)") && page.contains("jeg hedder Peter Skovlund."), "{page}");
}

#[test]
fn a_dialogue_of_ones_own_is_chosen_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let line = |id: &str, text: &str| {
        format!("{{\"id\": \"{id}\", \"turns\": [{{\"speaker\": \"citizen\", \"text\": \"{text}\"}}]}}\n")
    };
    let calls = file(folder.path(), "calls.jsonl", &(line("a", "Jeg flytter den 1. maj.") + &line("b", "Hej hej.")));
    let area = example("boligstoette");
    let call_of = |more: &[&str]| {
        let arguments = [&["--area", area.as_str(), "--call", calls.as_str()], more].concat();
        page(&arguments)
    };
    assert!(call_of(&[]).contains("[1] Borger: Jeg flytter den 1. maj."));
    let greeting = call_of(&["--id", "b"]);
    assert!(greeting.contains("[1] Borger: Hej hej.") && greeting.contains("=== draft failed: insufficient_content"));
    let said = refused(&["--area", &area, "--call", &calls, "--id", "c"]);
    assert!(said.last().unwrap().contains("has no dialogue \"c\""), "{said:?}");
    let bad = file(folder.path(), "bad.jsonl", &line("a", "x").replace("turns", "talk"));
    let said = refused(&["--area", &area, "--call", &bad]);
    assert!(said.last().unwrap().contains("line 1 is no dialogue"), "{said:?}");
    let day = line("a", "x").replace("\"turns\"", "\"call_date\": \"i dag\", \"turns\"");
    let said = refused(&["--area", &area, "--call", &file(folder.path(), "day.jsonl", &day)]);
    assert!(said.last().unwrap().contains("call_date = \"i dag\" is no day"), "{said:?}");
}

#[test]
fn every_mistake_of_a_file_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let text = "language = \"de\"\ncolour = 1\n[[sections]]\nid = \"a\"\nheading = \"A\"\n";
    let area = file(folder.path(), "jobs.toml", text);
    let said = refused(&["--area", &area]);
    assert!(said[0].starts_with(&format!("{area}: line 1: language = \"de\" is not a language")), "{said:?}");
    assert!(said[1].starts_with(&format!("{area}: line 2: colour is no key")), "{said:?}");
    assert!(said[2].contains("is refused: 2 mistakes"), "{said:?}");
    let said = refused(&["--area", "nowhere.toml"]);
    assert!(said[0].contains("nowhere.toml cannot be read"), "{said:?}");
}

#[test]
fn the_language_model_of_a_configuration_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens on port 1: the draft says that it was asked, and that the embedded drafter stood in.
    let config = "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"http://127.0.0.1:1\"\n\
        [recogniser]\nkind = \"scripted\"\n[drafter]\nkind = \"llm\"\n[drafter.llm]\nbase_url = \"http://127.0.0.1:1/v1\"\n\
        model = \"m\"\n";
    let config = file(folder.path(), "pipeline.toml", config);
    let page = page(&["--area", &example("pension"), "--config", &config]);
    assert!(page.contains("=== draft by embedded (") && page.contains(", llm_unavailable)"), "{page}");
}
