//! Tells talk about the task from a sentence of a note, and the same words over and over from a sentence.
//!
//! In: a sentence of the model's answer. Out: yes only when it is plain. A note is about the citizen's matter; a sentence
//! in which the writer speaks of itself, of the note or of the instructions belongs to none.
//!
//! Not done here: no judgement whether a sentence is true.

/// How a sentence that is none of a note's begins, in small letters.
const OPENINGS: &[&str] = &[
    "her er udkast",
    "her er et udkast",
    "her er notat",
    "her er journalnotat",
    "her følger",
    "herunder følger",
    "jeg har skrevet",
    "jeg har udarbejdet",
    "jeg har fulgt",
    "jeg håber",
    "jeg kan desværre",
    "lad mig vide",
    "sig til, hvis",
    "bemærk, at udkastet",
    "bemærk: udkastet",
    "udkastet er baseret",
    "udkastet bygger",
    "notatet er baseret",
    "ovenstående",
    "som sprogmodel",
    "som en sprogmodel",
    "som ai",
    "som en ai",
    "here is the",
    "here is a draft",
    "here's the",
    "here is your",
    "below is",
    "i have written",
    "i've written",
    "i have followed",
    "i hope this",
    "let me know",
    "note: this draft",
    "note that this draft",
    "this draft is based",
    "the draft is based",
    "the above",
    "as an ai",
    "as a language model",
    "sure,",
    "sure!",
    "certainly",
    "of course!",
];

/// How a model says no.
const REFUSALS: &[&str] = &[
    "jeg kan ikke hjælpe",
    "jeg kan desværre ikke",
    "jeg må desværre afvise",
    "beklager, men jeg",
    "beklager, jeg kan ikke",
    "det kan jeg ikke hjælpe",
    "i can't help",
    "i can’t help",
    "i cannot help",
    "i can't assist",
    "i can’t assist",
    "i cannot assist",
    "i'm sorry, but",
    "i’m sorry, but",
    "i am sorry, but",
    "i'm unable to",
    "i’m unable to",
    "i am unable to",
    "sorry, but i",
];

/// Words of a sentence that may stand there twice; more often, three in a row are a loop.
const TIMES: usize = 3;

/// True if the sentence speaks of the task.
pub(super) fn is_meta(text: &str) -> bool {
    begins_with_any(text, OPENINGS)
}

/// True if the model says that it will not.
pub(super) fn is_refusal(text: &str) -> bool {
    begins_with_any(text, REFUSALS)
}

fn begins_with_any(text: &str, all: &[&str]) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    all.iter().any(|opening| text.starts_with(opening))
}

/// True if the same three words follow each other more often than any sentence needs.
pub(super) fn loops(text: &str) -> bool {
    let words: Vec<String> = plain_words(text);
    let mut threes: Vec<&[String]> = words.windows(3).collect();
    threes.sort_unstable();
    threes.chunk_by(|a, b| a == b).any(|same| same.len() > TIMES)
        || words.chunk_by(|a, b| a == b).any(|same| same.len() > TIMES)
}

/// The words alone, in small letters: two sentences that have the same say the same.
pub(super) fn plain_words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_about_the_task_is_known_by_how_it_begins() {
        let check = |text: &str, expected: bool| assert_eq!(is_meta(text), expected, "{text}");
        check("Her er udkastet til notatet:", true);
        check("**Here is the draft**", true);
        check("Som AI-sprogmodel har jeg ingen adgang til sagen.", true);
        check("Jeg håber, at dette kan bruges.", true);
        check("Borgeren har sendt et udkast til en aftale.", false);
        check("Borgeren håber på et hurtigt svar.", false);
        check("Sagsbehandleren bemærker, at fristen er den 1. maj.", false);
        check("The above-mentioned contract was sent.", true);
        check("Hereafter the rent is 500 kroner.", false);
    }

    #[test]
    fn a_no_is_a_no() {
        let check = |text: &str, expected: bool| assert_eq!(is_refusal(text), expected, "{text}");
        check("I'm sorry, but I can't help with that.", true);
        check("Jeg kan ikke hjælpe med denne opgave.", true);
        check("Beklager, men jeg må ikke behandle personoplysninger.", true);
        check("Borgeren kan ikke hjælpe sin mor længere.", false);
        check("Sagsbehandleren beklager, at svaret er forsinket.", false);
    }

    #[test]
    fn loops_are_known_by_their_words() {
        let check = |text: &str, expected: bool| assert_eq!(loops(text), expected, "{text}");
        check("Huslejen steg, og huslejen steg igen.", false);
        check("Der er ingen frist og ingen frist og ingen frist og ingen frist og ingen frist.", true);
        check("ja ja ja ja ja", true);
        check("Frist: 1. maj, 1. juni, 1. juli og 1. august.", false);
        check("", false);
    }
}
