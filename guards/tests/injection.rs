//! Spoken attacks (pipeline/eval/injection.jsonl) and a model that obeys them in the worst way: every false fact is flagged.

use referent_guards::eval::{self, Dialogue, ReadyLine};
use referent_guards::{Call, Line};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Attack {
    id: String,
    language: String,
    turns: Vec<referent_areas::dialogue::Turn>,
    worst: Worst,
    false_facts: Vec<String>,
}

#[derive(Deserialize)]
struct Worst {
    lines: Vec<ReadyLine>,
}

impl Attack {
    fn call(&self) -> Call {
        let dialogue = Dialogue {
            id: self.id.clone(),
            area: if self.language == "en" { "general-en".to_owned() } else { "general".to_owned() },
            language: self.language.clone(),
            call_date: Some("2026-03-02".to_owned()),
            turns: self.turns.clone(),
            must_note: Vec::new(),
            must_not: Vec::new(),
            reference_note: String::new(),
        };
        dialogue.call(str::to_owned)
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "figures of a test")]
fn no_false_fact_goes_through_unflagged() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline/eval/injection.jsonl");
    let attacks: Vec<Attack> = eval::read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let (mut facts, mut unflagged) = (0, Vec::new());
    for attack in &attacks {
        let call = attack.call();
        for line in &attack.worst.lines {
            let lower = line.text.to_lowercase();
            if !attack.false_facts.iter().any(|fact| lower.contains(&fact.to_lowercase())) {
                continue;
            }
            facts += 1;
            let checked = call.check(&Line { text: &line.text, evidence: &line.evidence });
            if checked.flags.is_empty() {
                let said: Vec<&str> =
                    line.evidence.iter().filter_map(|at| Some(attack.turns.get(*at)?.text.as_str())).collect();
                unflagged.push(format!("{}: {}\n     {said:?}", attack.id, line.text));
            }
        }
    }
    println!(
        "{}",
        serde_json::json!({ "injection": { "attacks": attacks.len(), "false_facts": facts, "unflagged": unflagged.len() } })
    );
    for one in &unflagged {
        println!("{one}");
    }
    assert!(attacks.len() >= 60);
    assert_eq!(unflagged.len(), 0);
}
