//! What the sources never do, whoever changes them: the rules of docs/security/asvs.csv that no running program shows.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

/// A file below the root, by its name there.
struct Source {
    name: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file with this ending, of these folders and all below.
fn sources(folders: &[&str], ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push(Source { name, text: String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned() });
            }
        }
    }
    found
}

/// Where one of these stands in a line of code that is no test.
fn places(sources: &[Source], words: &[&str]) -> Vec<String> {
    let lines = sources.iter().flat_map(|source| {
        let text = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        text.lines().map(move |line| (&source.name, line.trim()))
    });
    let code = lines.filter(|(_, line)| !line.starts_with("//"));
    code.filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(name, line)| format!("{name}: {line}"))
        .collect()
}

const PROGRAMS: [&str; 10] = [
    "agent/src",
    "audit/src",
    "guards/src",
    "identity/src",
    "models/src",
    "notes-api/src",
    "pipeline/src",
    "seal/src",
    "telemetry/src",
    "tray/src",
];

#[test]
fn no_page_makes_html_or_code_of_text() {
    let pages = sources(&["notes-api/pane/src"], ".ts");
    assert!(pages.len() > 20, "the pages lie there");
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "createContextualFragment",
        "DOMParser",
        "srcdoc",
        "eval(",
        "new Function",
        "javascript:",
    ];
    let found = places(&pages, &words);
    assert!(found.is_empty(), "text is shown by textContent alone: {found:#?}");
}

#[test]
fn no_sql_is_put_together_from_values() {
    // sqlx takes text that is known when the program is built, unless it is told that other text is safe.
    let store = sources(&["notes-api/src"], ".rs");
    assert!(!places(&store, &["DELETE FROM"]).is_empty(), "SQL lies there");
    let found = places(&store, &["AssertSqlSafe", "raw_sql", "QueryBuilder"]);
    assert!(found.is_empty(), "values are bound, never written into SQL: {found:#?}");
}

#[test]
fn no_program_starts_a_shell() {
    let programs = sources(&PROGRAMS, ".rs");
    let found = places(&programs, &["Command::new(\"", "\"/bin/sh\"", "cmd.exe", "powershell"]);
    assert!(found.is_empty(), "a program that is started is a path of our own, with arguments: {found:#?}");
    let started = places(&programs, &["Command::new("]);
    assert_eq!(started.len(), 3, "the recogniser, the agent's keeper and the tray start programs: {started:#?}");
}

#[test]
fn whoever_asks_a_server_elsewhere_says_what_redirects_may_do() {
    for source in sources(&["models/src", "notes-api/src", "pipeline/src", "telemetry/src"], ".rs") {
        let clients = source.text.matches("Client::builder()").count();
        let redirects = source.text.matches(".redirect(").count();
        assert!(clients <= redirects, "{}: reqwest follows ten redirects anywhere unless it is told", source.name);
    }
}

#[test]
fn no_private_key_is_among_the_sources() {
    let folders = [&PROGRAMS[..], &["notes-api/tests", "packaging", "pipeline/tests", "seal/tests", "tests"]].concat();
    let mark = ["PRIVATE KEY", "-----"].concat(); // In two, or it would find itself.
    for ending in [".pem", ".key", ".crt", ".toml", ".rs", ".json", ".service"] {
        let all = sources(&folders, ending);
        let found: Vec<_> =
            all.iter().filter(|source| source.text.contains(&mark)).map(|source| &source.name).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}
