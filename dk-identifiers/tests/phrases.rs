//! Phrases written by hand: what must be found in each, and nothing besides.

#![expect(clippy::print_stdout, reason = "what was missed is shown by its sentence")]

use referent_dk_identifiers::{Speaker, Turn, find};

#[test]
fn phrases() {
    let (mut missed, mut much) = (0, 0);
    for line in include_str!("phrases.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut texts = Vec::new();
        let mut truths = Vec::new();
        for (turn, raw) in line.split('|').enumerate() {
            let mut text = String::new();
            let mut rest = raw;
            while let Some((before, behind)) = rest.split_once('{') {
                let (inside, after) = behind.split_once('}').unwrap();
                let (kind, words) = inside.split_once(':').unwrap();
                text.push_str(before);
                truths.push((turn, text.len(), text.len() + words.len(), kind.to_owned(), words.to_owned()));
                text.push_str(words);
                rest = after;
            }
            text.push_str(rest);
            texts.push(text);
        }
        let speaker = |at: usize| if at.is_multiple_of(2) { Speaker::Citizen } else { Speaker::Caseworker };
        let turns: Vec<Turn<'_>> =
            texts.iter().enumerate().map(|(at, text)| Turn { speaker: speaker(at), text }).collect();
        let found = find(&turns);
        for (turn, start, end, kind, words) in &truths {
            let open: String = texts[*turn][*start..*end]
                .char_indices()
                .filter(|(at, c)| {
                    c.is_alphanumeric()
                        && !found
                            .iter()
                            .flat_map(|one| &one.passages)
                            .any(|place| place.turn == *turn && (place.start..place.end).contains(&(start + at)))
                })
                .map(|(_, c)| c)
                .collect();
            if !open.is_empty() && open != "s" {
                missed += 1;
                println!("MISS {kind} {words:?} left {open:?} in {line}");
            }
        }
        for one in &found {
            for place in &one.passages {
                if !truths
                    .iter()
                    .any(|(turn, start, end, ..)| *turn == place.turn && *start < place.end && place.start < *end)
                {
                    much += 1;
                    println!("MUCH {:?} {:?} in {line}", one.kind, &texts[place.turn][place.start..place.end]);
                }
            }
        }
    }
    println!("missed {missed}, too much {much}");
    assert_eq!((missed, much), (0, 0));
}
