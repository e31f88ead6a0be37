//! Says of each sentence how much it would be missed in each section of a note.
//!
//! Pure. A weight is a sum of cues (`cues`), of facts (numbers, dates, amounts), and of the place in the call.

use super::cues::{Cues, Weighed, heaviest, sum};
use super::sentences::Sentence;
use referent_proto::ids::Track;

/// From which weight on a sentence says why the citizen called, what was agreed, what is worth knowing.
pub(super) const REASON: i32 = 7;
pub(super) const AGREED: i32 = 4;
pub(super) const INFORMATION: i32 = 4;

/// From which weight on a cue speaks for itself.
const STRONG: i32 = 5;
/// From which weight on nothing else is needed.
const OUTRIGHT: i32 = 6;

/// What one sentence weighs. All zero for noise.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Weight {
    pub(super) reason: i32,
    pub(super) agreed: i32,
    pub(super) information: i32,
    /// Greeting, thanks, small talk, identity check, hold phrase, or nothing at all.
    pub(super) is_noise: bool,
}

/// Weighs all sentences of a call.
pub(super) fn weigh(sentences: &[Sentence], cues: &Cues) -> Vec<Weight> {
    let mut weights: Vec<Weight> = Vec::with_capacity(sentences.len());
    let mut from_citizen = 0;
    for (at, sentence) in sentences.iter().enumerate() {
        if is_noise(sentences, at, cues) {
            weights.push(Weight { is_noise: true, ..Weight::default() });
            continue;
        }
        let mut weight = Weight {
            reason: reason(sentences, at, from_citizen, cues),
            agreed: agreed(sentence, cues),
            information: information(sentence, cues),
            is_noise: false,
        };
        let explains_the_last = at > 0
            && sentences[at - 1].turn == sentence.turn
            && weights[at - 1].information >= INFORMATION
            && sentence.begins_with(&cues.pronouns);
        if explains_the_last && weight.information >= 2 || answers_the_citizen(sentences, at) {
            weight.information += 2;
        }
        from_citizen += usize::from(sentence.track == Track::Far);
        weights.push(weight);
    }
    weights
}

fn is_noise(sentences: &[Sentence], at: usize, cues: &Cues) -> bool {
    let sentence = &sentences[at];
    let plain = &sentence.plain;
    let facts = facts(sentence, cues);
    let is_strong = heaviest(plain, &cues.reason) >= STRONG || heaviest(plain, promises(sentence, cues)) >= STRONG;
    if plain.has_any(&cues.identity) && facts == 0 {
        // A caseworker's "so I need your number" sounds like a request for papers.
        return sentence.track == Track::Near || !is_strong;
    }
    if sentence.is_question && plain.has_any(&cues.opening_questions) {
        return true;
    }
    if is_strong {
        return false;
    }
    let says_a_number_only = facts > 0 && !has_date(sentence, cues) && !has_amount(sentence, cues);
    if says_a_number_only && answers_who_it_is(sentences, at, cues) {
        return true;
    }
    facts == 0 && (plain.words() <= 3 || plain.has_any(&cues.small_talk) || is_introduction(sentence))
}

/// Whether the caseworker has just asked for a number by which people are found.
fn answers_who_it_is(sentences: &[Sentence], at: usize, cues: &Cues) -> bool {
    let turn = sentences[at].turn;
    sentences[..at].iter().rev().find(|before| before.turn < turn).is_some_and(|asked| {
        asked.turn + 1 == turn && asked.track == Track::Near && asked.plain.has_any(&cues.numbers_asked)
    })
}

/// A caseworker's yes or no to a question, with something behind it.
fn answers_the_citizen(sentences: &[Sentence], at: usize) -> bool {
    let sentence = &sentences[at];
    sentence.track == Track::Near
        && sentence.answers.is_some()
        && sentence.plain.words() >= 5
        && at > 0
        && sentences[at - 1].turn < sentence.turn
        && sentences[at - 1].is_question
}

/// "Det er Charlotte Mortensen.": two small words and names.
fn is_introduction(sentence: &Sentence) -> bool {
    let words: Vec<&str> = sentence.text.split_whitespace().collect();
    (3..=5).contains(&words.len()) && words[2..].iter().all(|word| word.starts_with(char::is_uppercase))
}

fn promises<'a>(sentence: &Sentence, cues: &'a Cues) -> &'a [Weighed] {
    match sentence.track {
        Track::Near => &cues.promised,
        Track::Far => &cues.undertaken,
    }
}

fn reason(sentences: &[Sentence], at: usize, from_citizen: usize, cues: &Cues) -> i32 {
    let sentence = &sentences[at];
    let plain = &sentence.plain;
    let said_outright = heaviest(plain, &cues.reason);
    let is_further = plain.has_any(&cues.further_reason) && plain.has_any(&cues.matters);
    if sentence.track == Track::Near {
        // Only a caseworker who called says why in so many words.
        return if said_outright >= OUTRIGHT && at * 3 < sentences.len() { 2 * said_outright } else { 0 };
    }
    if said_outright == 0 && !is_further {
        return 0;
    }
    let mut weight = sum(plain, &cues.reason);
    weight += if plain.has_any(&cues.matters) { 2 } else { 0 };
    weight += match from_citizen {
        0 => 5,
        1 => 3,
        2 => 1,
        _ => 0,
    };
    if is_further {
        weight += 6;
    } else if at * 2 > sentences.len() {
        weight -= 6;
    }
    weight
}

fn agreed(sentence: &Sentence, cues: &Cues) -> i32 {
    let promised = sum(&sentence.plain, promises(sentence, cues)).min(9);
    // "Jeg sender et skema til Bakkevej 17, bor han der stadig?" promises; "Skal jeg sende den?" does not.
    let only_asks =
        sentence.is_question && (sentence.track == Track::Far || heaviest(&sentence.plain, &cues.promised) < OUTRIGHT);
    if promised == 0 || only_asks {
        return 0;
    }
    promised + facts(sentence, cues).min(3)
}

fn information(sentence: &Sentence, cues: &Cues) -> i32 {
    let mut weight = facts(sentence, cues) + sum(&sentence.plain, &cues.facts);
    weight += i32::from(sentence.plain.has_any(&cues.matters));
    if !sentence.plain.has_any(&cues.small_talk) {
        weight += 2 * i32::from(names_somebody(sentence)) + 2 * i32::from(sentence.plain.has_any(&cues.denials));
    }
    if sentence.is_question {
        weight -= 3;
    }
    weight
}

/// A capital inside the sentence: a person, a place, a firm.
fn names_somebody(sentence: &Sentence) -> bool {
    sentence.text.split_whitespace().skip(1).any(|word| {
        let word = word.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        word.starts_with(char::is_uppercase) && word.chars().nth(1).is_some_and(char::is_alphabetic)
    })
}

/// Points for what can be looked up: amounts, dates, other numbers, addresses, spans of time.
pub(super) fn facts(sentence: &Sentence, cues: &Cues) -> i32 {
    let mut points = 0;
    if has_amount(sentence, cues) {
        points += 5;
    }
    if has_date(sentence, cues) {
        points += 4;
    }
    if points == 0 && (sentence.plain.numbers().next().is_some() || sentence.values.numbers > 0) {
        points += 3;
    }
    if points == 0
        && (sentence.values.times > 0 || has_span(sentence, cues) || sentence.plain.has_any(&cues.relative_times))
    {
        points += 2;
    }
    if points == 0 && sentence.plain.has_any(&cues.weekdays) || sentence.plain.has_any(&cues.rules.months) {
        points += 2;
    }
    if sentence.plain.has_any(&cues.streets)
        && (sentence.plain.numbers().next().is_some() || sentence.values.numbers > 0)
    {
        points += 2;
    }
    points
}

fn has_amount(sentence: &Sentence, cues: &Cues) -> bool {
    sentence.values.amounts > 0
        || sentence.plain.has_any(&cues.money)
            && sentence.plain.iter().any(|word| is_number(word) || cues.number_words.contains(word))
}

fn has_date(sentence: &Sentence, cues: &Cues) -> bool {
    sentence.values.dates > 0 || sentence.plain.has_any(&cues.rules.months) && sentence.plain.numbers().next().is_some()
}

/// "fire uger": a number word that counts something.
fn has_span(sentence: &Sentence, cues: &Cues) -> bool {
    let words: Vec<&str> = sentence.plain.iter().collect();
    words.windows(2).any(|pair| cues.number_words.contains(pair[0]) && cues.spans.contains(pair[1]))
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}
